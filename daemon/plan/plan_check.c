/*
 * plan_check - the checks that every section of plan.yaml uses
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/guess.h"
#include "base/text.h"
#include "plan/plan_yaml.h"

#define ID_MAX_CHARS  64
#define HINT_MAX      160
#define YEARS_MEANT   3  /* a date so many years outside the plan may be a slip of the year */
#define IDS_NAMED_MAX 12 /* in the hint that lists what there is */

void plan_complain(struct plan_reading *r, yaml_node *at, enum plan_fault fault, const char *hint,
                   const char *format, ...)
{
    const struct plan_fault_def *def = plan_fault_of(fault);
    va_list ap;

    va_start(ap, format);
    yaml_vcomplain(r->y, at, r->diags, def->level, def->code, hint, format, ap);
    va_end(ap);
}

bool plan_check_id(struct plan_reading *r, const char *what, const char *id, yaml_node *at)
{
    size_t len = strlen(id);
    size_t good = 0;

    while (good < len && (isalnum((unsigned char)id[good]) || strchr("-_.", id[good])))
        good++;
    if (len > 0 && len <= ID_MAX_CHARS && good == len)
        return true;
    plan_complain(r, at, PLAN_NOT_AN_ID,
                  "letters, digits, \"-\", \"_\" and \".\" make an id, up to 64 of them",
                  "%s: \"%.80s\" is not an id", what, id);
    return false;
}

int plan_id_seen(struct plan_reading *r, struct plan_seen *seen, const char *what, const char *id,
                 yaml_node *at)
{
    yaml_node *first = table_get(&seen->nodes, id);
    char hint[HINT_MAX];

    if (first) {
        (void)snprintf(hint, sizeof hint, "each has its own: did you mean \"%.60s-2\"?", id);
        plan_complain(r, at, PLAN_GIVEN_TWICE, hint, "%s \"%s\" is given twice; first at line %u",
                      what, id, yaml_line(first));
        return 0;
    }
    return table_set(&seen->nodes, id, (void *)at, NULL);
}

void plan_seen_release(struct plan_seen *seen)
{
    table_release(&seen->nodes, NULL);
}

void plan_check_reference(struct plan_reading *r, const struct plan_ids *known, const char *what,
                          const char *id, yaml_node *at)
{
    AUTO(text_release) struct text hint = TEXT_INIT;
    const char *near;

    if (!known->list)
        return;
    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->list[i], id) == 0)
            return;
    near = diag_nearest(id, known->list, known->count);
    if (near) {
        (void)text_printf(&hint, "did you mean \"%s\"?", near);
    } else if (known->count == 0) {
        (void)text_printf(&hint, "there is no %s at all", what);
    } else {
        (void)text_puts(&hint, "there are: ");
        for (size_t i = 0; i < known->count && i < IDS_NAMED_MAX; i++)
            (void)text_printf(&hint, "%s%s", i ? ", " : "", known->list[i]);
        if (known->count > IDS_NAMED_MAX)
            (void)text_puts(&hint, ", ...");
    }
    plan_complain(r, at, PLAN_NO_SUCH_REFERENCE, text_str(&hint), "no such %s: \"%s\"", what, id);
}

int plan_join_roles(struct plan_reading *r, const char *key, const struct text_list *roles,
                    yaml_node *at, char **out_roles)
{
    bool is_list = yaml_kind(at) == YAML_SEQUENCE;
    struct text joined = TEXT_INIT;

    if (is_list && roles->count == 0)
        (void)plan_check_id(r, key, "", at);
    for (size_t i = 0; i < roles->count; i++) {
        bool is_again = false;

        plan_check_reference(r, &r->roles, "role", roles->items[i],
                             is_list ? yaml_item(at, i) : at);
        for (size_t k = 0; k < i && !is_again; k++)
            is_again = strcmp(roles->items[k], roles->items[i]) == 0;
        if (!is_again)
            (void)text_printf(&joined, "%s%s", i ? ", " : "", roles->items[i]);
    }
    if (roles->count == 0)
        return 0;
    *out_roles = text_take(&joined);
    return *out_roles ? 0 : -ENOMEM;
}

void plan_check_title(struct plan_reading *r, const char *title, yaml_node *at)
{
    size_t characters = 0;

    for (const char *s = title; *s; s++)
        characters += (*s & 0xc0) != 0x80;
    if (characters > PLAN_TITLE_MAX_CHARS)
        plan_complain(r, at, PLAN_TITLE_TOO_LONG, "say it shorter",
                      "a title of %zu characters: more than %d are cut in messages", characters,
                      PLAN_TITLE_MAX_CHARS);
}

int plan_day_or_month(const char *text, struct civil_date *out_date)
{
    size_t len = strlen(text);
    char first[DATE_TEXT_MAX];
    struct civil_date d;
    int r;

    if (len != 7)
        return date_parse_iso(text, len, out_date);
    (void)snprintf(first, sizeof first, "%s-01", text);
    r = date_parse_iso(first, strlen(first), &d);
    if (r == 0)
        *out_date = date_month_end(d);
    return r;
}

static bool lies_within(const struct plan *p, struct civil_date d)
{
    return (!date_is_set(p->valid_from) || date_compare(d, p->valid_from) >= 0) &&
           (!date_is_set(p->valid_to) || date_compare(d, p->valid_to) <= 0);
}

/* The same day of another year, where just one lies within the plan. */
static bool year_meant(const struct plan *p, struct civil_date d, struct civil_date *out)
{
    size_t found = 0;

    for (int years = -YEARS_MEANT; years <= YEARS_MEANT; years++) {
        struct civil_date other = date_add_months(d, years * 12);

        if (years != 0 && lies_within(p, other)) {
            *out = other;
            found++;
        }
    }
    return found == 1;
}

void plan_check_validity(struct plan_reading *r, const char *what, struct civil_date d,
                         yaml_node *at)
{
    const struct plan *p = r->plan;
    char date[DATE_TEXT_MAX], edge[DATE_TEXT_MAX], hint[HINT_MAX] = "move it, or the plan's dates";
    struct civil_date meant;

    if (lies_within(p, d))
        return;
    if (year_meant(p, d, &meant))
        (void)snprintf(hint, sizeof hint, "did you mean \"%.*s\"?",
                       (int)(yaml_text(at) ? strlen(yaml_text(at)) : DATE_TEXT_MAX),
                       date_format(meant, date));
    if (date_is_set(p->valid_to) && date_compare(d, p->valid_to) > 0)
        plan_complain(r, at, PLAN_OUTSIDE_VALIDITY, hint, "%s of %s: the plan ends on %s", what,
                      date_format(d, date), date_format(p->valid_to, edge));
    else
        plan_complain(r, at, PLAN_OUTSIDE_VALIDITY, hint, "%s of %s: the plan begins on %s", what,
                      date_format(d, date), date_format(p->valid_from, edge));
}

void plan_not_a_date(struct plan_reading *r, yaml_node *at, const char *what, const char *example)
{
    char meant[GUESS_MAX], hint[HINT_MAX];
    const char *text = yaml_text(at);
    bool is_guessed = text && guess_date(text, meant);

    if (is_guessed)
        (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", meant);
    plan_complain(r, at, PLAN_NOT_A_DATE, is_guessed ? hint : example, "%s \"%.40s\" is not a date",
                  what, text ? text : "");
}

bool plan_is_list(struct plan_reading *r, const char *what, yaml_node *n)
{
    if (yaml_is_nothing(n))
        return false;
    if (yaml_kind(n) == YAML_SEQUENCE)
        return true;
    plan_complain(r, n, PLAN_NOT_A_LIST, "begin each with \"- \"", "%s: this is not a list", what);
    return false;
}

int plan_switch(const char *text)
{
    static const char *const words[] = { "off", "on", "no", "yes", "false", "true" };

    for (int i = 0; i < 6; i++)
        if (strcmp(text, words[i]) == 0)
            return i % 2;
    return -1;
}
