/*
 * plan_spc - `spc:` of a measure in plan.yaml
 *
 * A control chart wants flows in single periods that do not overlap. A rolling measure of a list is
 * charted by its single periods; one that is published for rolling periods only cannot be, which is an
 * error; a stock of a list carries over from day to day, so that its chart signals for ever: a warning.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "metric/spc.h"
#include "plan/plan_yaml.h"

#define POINTS_MIN   SPC_RUN_POINTS
#define POINTS_MAX   60
#define BASELINE_MIN 0

struct spc_reading {
    int limits;
    long baseline, points;
    yaml_node *rebase;
};

#define SPC(field) BIND_FIELD(struct spc_reading, field)

static const char *const limit_words[] = { "screened", "unscreened", NULL };

static const struct bind_key spc_keys[] = {
    { "limits", BIND_CHOICE, SPC(limits), "screened", 0, 0, limit_words, 0,
      "screened: moving ranges that are outliers are left out, once; unscreened: none is, as in "
      "NHS "
      "England's spreadsheet" },
    { "baseline", BIND_INTEGER, SPC(baseline), "0", BASELINE_MIN, 120, NULL, 0,
      "mean and limits rest on so many first periods since the chart began; 0: on all" },
    { "points", BIND_INTEGER, SPC(points), "12", POINTS_MIN, POINTS_MAX, NULL, 0,
      "with fewer figures the limits are trial ones, and nothing is told of a special cause" },
    { "rebase", BIND_NODE, SPC(rebase), NULL, 0, 0, NULL, 0,
      "where a definition changed, so that the chart begins anew: {DATE: WHY}" },
    BIND_END,
};

void plan_spc_free(struct plan_spc *spc)
{
    for (size_t i = 0; spc && i < spc->rebase_count; i++)
        free(spc->rebases[i].why);
    if (spc)
        free(spc->rebases);
    free(spc);
}

static int by_date(const void *a, const void *b)
{
    return date_compare(((const struct plan_rebase *)a)->date,
                        ((const struct plan_rebase *)b)->date);
}

static int read_rebases(struct plan_reading *r, yaml_node *rebase, struct plan_spc *spc)
{
    size_t count = yaml_count(rebase);

    if (yaml_is_nothing(rebase))
        return 0;
    if (yaml_kind(rebase) != YAML_MAPPING) {
        plan_complain(r, rebase, PLAN_NOT_A_MAPPING,
                      "for example {2024-04-01: telephone contacts count since then}",
                      "spc: rebase is not a mapping from dates to reasons");
        return 0;
    }
    spc->rebases = calloc(count + 1, sizeof *spc->rebases);
    if (!spc->rebases)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        yaml_node *key = NULL, *value = yaml_pair(rebase, i, &key);
        const char *why = yaml_kind(value) == YAML_SCALAR ? yaml_text(value) : NULL;
        struct civil_date date;

        if (date_parse_iso(yaml_text(key), strlen(yaml_text(key)), &date) < 0) {
            plan_not_a_date(r, key, "spc: rebase:", "for example 2024-04-01");
            continue;
        }
        if (!why || !why[0]) {
            plan_complain(r, key, PLAN_NO_REASON, "say what changed",
                          "spc: rebase: no reason is given");
            continue;
        }
        spc->rebases[spc->rebase_count] = (struct plan_rebase){ date, strdup(why) };
        if (!spc->rebases[spc->rebase_count++].why)
            return -ENOMEM;
    }
    qsort(spc->rebases, spc->rebase_count, sizeof *spc->rebases, by_date);
    return 0;
}

static int read_spc(struct plan_reading *r, yaml_node *node, struct plan_spc *spc)
{
    struct spc_reading reading = { .points = 12 };
    int result = 0;

    if (yaml_kind(node) == YAML_MAPPING)
        result = bind_mapping(r->y, node, "spc", spc_keys, &reading, r->diags);
    spc->screens = reading.limits == 0;
    spc->baseline = reading.baseline;
    spc->points = reading.points;
    return result == -ENOMEM ? result : read_rebases(r, reading.rebase, spc);
}

static void lint(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct plan_measure *m = &reading->m;
    const struct plan_context *c = r->context;

    if (reading->metric_is_good && metric_def_of(m->list->metric.id)->kind == METRIC_STOCK)
        plan_complain(
            r, reading->spc, PLAN_SPC_ON_STOCK,
            "chart a flow: referrals, completed, net-change or completed-within",
            "spc: %s is a stock, each figure of which carries over from the one before: its "
            "chart signals for ever",
            metric_def_of(m->list->metric.id)->id);
    if (m->published && m->select.feed && c && c->is_rolling &&
        c->is_rolling(c->is_rolling_arg, m->select.feed, m->published))
        plan_complain(r, reading->spc, PLAN_SPC_ON_ROLLING,
                      "leave it out, or chart a measure of single periods",
                      "spc: %s is published for rolling periods only, which overlap", m->published);
}

/* Of a rolling measure the single periods are charted. */
static int add_single(struct plan_measure *m)
{
    if (!m->list || m->list->window.count == 0)
        return 0;
    m->single = calloc(1, sizeof *m->single);
    if (!m->single)
        return -ENOMEM;
    m->single->unit = m->unit;
    m->single->polarity = m->polarity;
    m->single->list = plan_list_single(m->list);
    return m->single->list && list_measure_name(m->single->list) == 0 ? 0 : -ENOMEM;
}

int plan_spc_read(struct plan_reading *r, struct measure_reading *reading)
{
    const char *text =
        reading->spc && yaml_kind(reading->spc) == YAML_SCALAR ? yaml_text(reading->spc) : NULL;
    struct plan_measure *m = &reading->m;

    if (yaml_is_nothing(reading->spc) || (text && plan_switch(text) == 0))
        return 0;
    if (yaml_kind(reading->spc) != YAML_MAPPING && (!text || plan_switch(text) < 0)) {
        plan_complain(r, reading->spc, PLAN_BAD_VALUE,
                      "write \"spc: on\" or {limits: unscreened, points: 12}",
                      "measure: spc says neither that a chart is kept nor how");
        return 0;
    }
    m->spc = calloc(1, sizeof *m->spc);
    if (!m->spc)
        return -ENOMEM;
    lint(r, reading);
    int result = read_spc(r, reading->spc, m->spc);

    return result == 0 && (reading->metric_is_good || m->published) ? add_single(m) : result;
}
