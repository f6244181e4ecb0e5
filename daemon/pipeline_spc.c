#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/text.h"
#include "ctl/report_spc.h"

/*
 * Where people had control charts begin anew. Only a named person does so: each is an act, in the audit
 * before it counts, and read from there at each start, so that it outlives Redis. A chart is named by its
 * plan and the first id of its measure.
 */

struct rebases {
    struct chart_break *list; /* in the order of the acts */
    size_t count;
};

static void rebases_free(void *value)
{
    struct rebases *all = value;

    for (size_t i = 0; i < all->count; i++) {
        free((char *)all->list[i].who);
        free((char *)all->list[i].why);
    }
    free(all->list);
    free(all);
}

void spc_release(struct pipeline *p)
{
    table_release(&p->rebases, rebases_free);
}

static int key_of(const char *plan, const char *first_id, struct text *out)
{
    return text_printf(out, "%s|%s", plan, first_id);
}

static struct rebases *rebases_of(const struct pipeline *p, const char *plan, const char *first_id)
{
    AUTO(text_release) struct text key = TEXT_INIT;

    return key_of(plan, first_id, &key) < 0 ? NULL : table_get(&p->rebases, text_str(&key));
}

size_t spc_breaks(void *arg, const struct plan *plan, const struct plan_measure *m,
                  const struct chart_break **out_breaks)
{
    const struct rebases *all = rebases_of(arg, plan->id, m->first_id);

    *out_breaks = all ? all->list : NULL;
    return all ? all->count : 0;
}

/* ---- the acts ---- */

static const char *text_of(const json_t *act, const char *key)
{
    return json_string_value(json_object_get(act, key));
}

/* The charted measure; where several plans have one of this id, none. */
static const struct plan_measure *find_charted(const struct pipeline *p, const char *id,
                                               const struct plan **out_plan, size_t *out_hits)
{
    const struct plan_measure *found = NULL;

    *out_hits = 0;
    for (size_t i = 0; id && i < p->config->plan_count; i++) {
        const struct plan_measure *m = plan_measure_find(p->config->plans[i], id);

        if (!m || !m->spc)
            continue;
        found = m;
        *out_plan = p->config->plans[i];
        ++*out_hits;
    }
    return *out_hits == 1 ? found : NULL;
}

static int read_day(const json_t *act, struct civil_date *out)
{
    const char *at = text_of(act, "at_date");

    return at ? date_parse_iso(at, strlen(at), out) : -EINVAL;
}

static size_t find_break(const struct rebases *all, struct civil_date at)
{
    size_t i = 0;

    while (all && i < all->count && date_compare(all->list[i].at, at) != 0)
        i++;
    return i;
}

static int check(struct pipeline *p, json_t *act, bool adds, char why[ACT_WHY_MAX])
{
    const struct plan *plan = NULL;
    size_t hits;
    const struct plan_measure *m = find_charted(p, text_of(act, "measure"), &plan, &hits);
    const char *given = text_of(act, "why");
    struct civil_date at;

    if (!m) {
        (void)snprintf(why, ACT_WHY_MAX, "%s",
                       hits ? "several plans chart a measure of this id"
                            : "no plan charts a measure of this id: it needs \"spc: on\"");
        return -ENOENT;
    }
    if (read_day(act, &at) < 0 || date_compare(at, pipeline_today(p)) > 0) {
        (void)snprintf(why, ACT_WHY_MAX, "--at wants a date, YYYY-MM-DD, not after today");
        return -EINVAL;
    }
    if (!given || !given[0]) {
        (void)snprintf(why, ACT_WHY_MAX, "--why wants a reason");
        return -EINVAL;
    }
    const struct rebases *all = rebases_of(p, plan->id, m->first_id);
    bool there = all && find_break(all, at) < all->count;

    if (there == adds) {
        (void)snprintf(why, ACT_WHY_MAX,
                       adds ? "its chart begins anew there already"
                            : "nobody had its chart begin anew there");
        return adds ? -EEXIST : -ENOENT;
    }
    return json_object_set_new(act, "plan", json_string(plan->id)) |
                   json_object_set_new(act, "first_id", json_string(m->first_id))
               ? -ENOMEM
               : 0;
}

int spc_check_rebase(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    return check(p, act, true, why);
}

int spc_check_unrebase(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    return check(p, act, false, why);
}

static struct rebases *rebases_make(struct pipeline *p, const char *plan, const char *first_id)
{
    struct rebases *all = rebases_of(p, plan, first_id);
    AUTO(text_release) struct text key = TEXT_INIT;

    if (all)
        return all;
    all = calloc(1, sizeof *all);
    if (all && key_of(plan, first_id, &key) == 0 &&
        table_set(&p->rebases, text_str(&key), all, NULL) == 0)
        return all;
    free(all);
    return NULL;
}

static int add_break(struct rebases *all, struct civil_date at, const char *who, const char *why)
{
    struct chart_break *list = realloc(all->list, (all->count + 1) * sizeof *list);
    char *by = strdup(who), *reason = strdup(why);

    if (list)
        all->list = list;
    if (!list || !by || !reason) {
        free(by);
        free(reason);
        return -ENOMEM;
    }
    list[all->count++] = (struct chart_break){ at, by, reason };
    return 0;
}

static void remove_break(struct rebases *all, size_t i)
{
    if (i >= all->count)
        return;
    free((char *)all->list[i].who);
    free((char *)all->list[i].why);
    memmove(&all->list[i], &all->list[i + 1], (all->count - i - 1) * sizeof *all->list);
    all->count--;
}

static int take(struct pipeline *p, const json_t *act, bool adds)
{
    const char *plan = text_of(act, "plan"), *first_id = text_of(act, "first_id");
    const char *who = text_of(act, "who"), *why = text_of(act, "why");
    struct civil_date at;

    if (!plan || !first_id || !who || !why || read_day(act, &at) < 0)
        return -EBADMSG;
    struct rebases *all = rebases_make(p, plan, first_id);
    int r = !all ? -ENOMEM : adds ? add_break(all, at, who, why) : 0;

    if (r == 0 && !adds)
        remove_break(all, find_break(all, at));
    p->need_evaluate = true;
    return r;
}

int spc_take_rebase(struct pipeline *p, const json_t *act)
{
    return take(p, act, true);
}

int spc_take_unrebase(struct pipeline *p, const json_t *act)
{
    return take(p, act, false);
}

json_t *spc_report(const struct pipeline *p, const char *id)
{
    const struct chart_break *breaks = NULL;
    size_t count = 0;

    for (size_t i = 0; i < p->findings.count; i++) {
        const struct finding *f = &p->findings.list[i];

        if (f->rule == RULE_SPECIAL_CAUSE && strcmp(f->measure->id, id) == 0) {
            count = spc_breaks((void *)(uintptr_t)p, f->plan, f->measure, &breaks);
            break;
        }
    }
    return report_spc(&p->findings, id, breaks, count);
}
