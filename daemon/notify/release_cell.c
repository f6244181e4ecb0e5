#include "notify/release_cell.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "metric/period.h"

#define DAYS_A_WEEK  7
#define DAYS_A_MONTH 30.4375

int release_days(struct span wait)
{
    return wait.unit == SPAN_WEEKS    ? (int)wait.count * DAYS_A_WEEK
           : wait.unit == SPAN_MONTHS ? (int)round((double)wait.count * DAYS_A_MONTH)
                                      : (int)wait.count;
}

static bool is_stock(const struct pathway_metric *m)
{
    return metric_def_of(m->id)->kind == METRIC_STOCK;
}

/* The figure, its wait shorter by so many days. */
static void add_figure(struct text *out, const struct list_measure *l, int aged)
{
    const char *rest = strchr(l->text, ' ');

    if (aged == 0)
        (void)text_puts(out, l->text);
    else if (l->metric.wait.count == 0)
        (void)text_printf(out, "%s aged=%d", l->text, aged);
    else
        (void)text_printf(out, "%s:%dd%s", metric_def_of(l->metric.id)->id,
                          release_days(l->metric.wait) - aged, rest ? rest : "");
}

char *release_key(const struct plan_measure *m, struct civil_date start, struct civil_date end,
                  int aged)
{
    struct text key = TEXT_INIT;
    char from[DATE_TEXT_MAX], to[DATE_TEXT_MAX];
    struct period days = { start, end };

    if (!m->list) {
        (void)text_printf(&key, "=%s|%s|%s|%s|%s", measure_source(m),
                          measure_org(m) ? measure_org(m) : "", date_format(start, from),
                          date_format(end, to), measure_figure(m));
        if (m->select.breakdown || m->select.secondary)
            (void)text_printf(&key, "|%s|%s", m->select.breakdown ? m->select.breakdown : "",
                              m->select.secondary ? m->select.secondary : "");
        return text_take(&key);
    }
    if (is_stock(&m->list->metric))
        days.start = end;
    else if (m->list->window.count > 0)
        days = period_window(days, m->list->window);
    (void)text_printf(&key, "%s|%s|%s|%s|", m->list->list, measure_org(m),
                      date_format(days.start, from), date_format(days.end, to));
    add_figure(&key, m->list, aged);
    return text_take(&key);
}

void release_cell_free(struct release_cell *c)
{
    free(c->family);
    for (size_t i = 0; i < c->side_count; i++) {
        free(c->sides[i].name);
        free(c->sides[i].value);
    }
    *c = (struct release_cell){ 0 };
}

static int add_side(struct release_cell *c, const char *name, const char *value)
{
    struct cell_side *s = &c->sides[c->side_count];

    if (c->side_count == CELL_SIDES_MAX)
        return -EBADMSG;
    c->side_count++;
    *s = (struct cell_side){ strdup(name), strdup(value) };
    return s->name && s->value ? 0 : -ENOMEM;
}

static bool begins_with(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

/* What the figure says behind its metric: "place=dudley". */
static int read_part(struct release_cell *c, const char *name, const char *value, char *family,
                     size_t room)
{
    size_t len = strlen(family);

    if (strcmp(name, "standard") == 0)
        return metric_wait_parse(value, &c->metric.standard) < 0 ? -EBADMSG : 0;
    if (strcmp(name, "share") == 0)
        c->metric.share = strtod(value, NULL);
    if (strcmp(name, "unit") == 0)
        c->metric.unit = strcmp(value, "percent") == 0 ? UNIT_PERCENT
                         : strcmp(value, "weeks") == 0 ? UNIT_WEEKS
                         : strcmp(value, "days") == 0  ? UNIT_DAYS
                                                       : UNIT_COUNT;
    if (strcmp(name, "stage") == 0 || strcmp(name, "exceptions") == 0)
        (void)snprintf(family + len, room - len, "|%s=%s", name, value);
    if (strcmp(name, "place") == 0 || strcmp(name, "commissioner") == 0 ||
        begins_with(name, "cohort."))
        return add_side(c, name, value);
    return 0;
}

static int read_figure(struct release_cell *c, char *text, char *family, size_t room)
{
    char *state = NULL, *word = strtok_r(text, " ", &state);
    int r = word && pathway_metric_parse(word, &c->metric) == METRIC_FINE ? 0 : -EBADMSG;

    while (r == 0 && (word = strtok_r(NULL, " ", &state))) {
        char *value = strchr(word, '=');

        if (!value)
            return -EBADMSG;
        *value++ = '\0';
        r = read_part(c, word, value, family, room);
    }
    return r;
}

/* The next of the parts between bars; NULL: there is none. */
static char *next_part(char **at)
{
    char *part = *at, *bar = strchr(part, '|');

    if (!bar)
        return NULL;
    *bar = '\0';
    *at = bar + 1;
    return part;
}

int release_cell_parse(const char *key, struct release_cell *out_cell)
{
    AUTO(release_cell_free) struct release_cell c = { 0 };
    AUTO(auto_free) char *copy = strdup(key);
    char family[256], *at = copy;

    if (!copy)
        return -ENOMEM;
    char *list = next_part(&at), *org = list ? next_part(&at) : NULL,
         *start = org ? next_part(&at) : NULL, *end = start ? next_part(&at) : NULL;

    if (!end || date_parse_iso(start, strlen(start), &c.start) < 0 ||
        date_parse_iso(end, strlen(end), &c.end) < 0)
        return -EBADMSG;
    (void)snprintf(family, sizeof family, "%s", list);
    int r = read_figure(&c, at, family, sizeof family);

    if (r == 0 && strcmp(org, "all") != 0)
        r = add_side(&c, "provider", org);
    if (r == 0 && !(c.family = strdup(family)))
        r = -ENOMEM;
    if (r < 0)
        return r;
    c.is_stock = is_stock(&c.metric);
    *out_cell = c;
    c = (struct release_cell){ 0 };
    return 0;
}

static const char *side_of(const struct release_cell *c, const char *name)
{
    for (size_t i = 0; i < c->side_count; i++)
        if (strcmp(c->sides[i].name, name) == 0)
            return c->sides[i].value;
    return NULL;
}

bool release_is_of_same(const struct release_cell *a, const struct release_cell *b)
{
    bool same = a->side_count == b->side_count && strcmp(a->family, b->family) == 0;

    for (size_t i = 0; same && i < a->side_count; i++) {
        const char *value = side_of(b, a->sides[i].name);

        same = value && strcmp(value, a->sides[i].value) == 0;
    }
    return same;
}

bool release_is_same_figure(const struct release_cell *a, const struct release_cell *b)
{
    return a->metric.id == b->metric.id && a->metric.unit == b->metric.unit &&
           release_days(a->metric.wait) == release_days(b->metric.wait) &&
           a->start.day == b->start.day && a->end.day == b->end.day && release_is_of_same(a, b);
}
