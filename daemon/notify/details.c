#include "notify/details.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/outlook.h"
#include "plan/target_words.h"

#define AHEAD_DAYS 28 /* who passes the line within, where the plan does not say */

const char *details_status(int status)
{
    static const char *const words[] = {
        [ACTION_NOT_STARTED] = "not started",
        [ACTION_IN_PROGRESS] = "in progress",
        [ACTION_COMPLETE] = "complete",
    };

    return status >= 0 && (size_t)status < sizeof words / sizeof words[0] ? words[status]
                                                                          : "not known";
}

/* ---- of a waiting list ---- */

/* What is counted of the list beside the measure, of whom the measure counts. */
struct wanted {
    const char *key;
    struct pathway_metric metric;
    struct period days;
    char label[DETAILS_LABEL_MAX];
};

static struct detail_figure *add_row(struct details *d, const char *key, struct period days)
{
    struct detail_figure *row = &d->figures[d->figure_count++];

    *row = (struct detail_figure){ .key = key, .start = days.start, .end = days.end };
    return row;
}

/* The measure itself, with another metric. *out_list borrows all but its text, which is the caller's to free. */
static int beside(const struct plan_measure *m, const struct pathway_metric *metric,
                  struct plan_measure *out_measure, struct list_measure *out_list)
{
    *out_list = *m->list;
    out_list->metric = *metric;
    out_list->window.count = 0;
    out_list->text = NULL;
    *out_measure =
        (struct plan_measure){ .id = m->id, .list = out_list, .unit = out_list->metric.unit };
    return list_measure_name(out_list);
}

static int add_wanted(const struct item_view *v, const struct wanted *w, struct details *d)
{
    const struct message_context *c = v->context;
    struct figure_kind kind = { .unit = w->metric.unit, .profile = v->kind.profile };
    struct plan_measure m;
    struct list_measure list;
    struct series_version version;
    int r = beside(v->measure, &w->metric, &m, &list);

    if (r == 0 && strcmp(list.text, v->measure->list->text) == 0)
        r = -ENODATA; /* what the item tells */
    if (r == 0)
        r = c->list_figure(c->list_figure_arg, v->measure, &m, w->days, &version);
    if (r == 0 && (version.marker != MARKER_NONE || isnan(version.value)))
        r = -ENODATA;
    if (r == 0) {
        struct detail_figure *row = add_row(d, w->key, w->days);

        (void)snprintf(row->label, sizeof row->label, "%s", w->label);
        told_figure(c, &m, kind, w->days, &version, true, &row->told);
    }
    free(list.text);
    return r == -ENOMEM ? r : 0;
}

static struct wanted want(const char *key, enum pathway_metric_id id, struct period days)
{
    const struct metric_def *def = metric_def_of(id);
    struct wanted w = { .key = key, .metric = { .id = id, .unit = def->unit }, .days = days };

    w.metric.share = METRIC_SHARE_DEFAULT;
    if (def->kind == METRIC_STOCK)
        w.days.start = days.end;
    return w;
}

/* ---- what a share rests on ---- */

static int add_parts(const struct item_view *v, struct period own, struct details *d)
{
    const struct pathway_metric *m = &v->measure->list->metric;
    bool is_flow = metric_def_of(m->id)->kind == METRIC_FLOW;
    bool is_share = m->unit == UNIT_PERCENT;
    struct wanted whole = want(is_share ? "denominator" : "open",
                               is_flow && is_share ? METRIC_COMPLETED : METRIC_OPEN, own);
    char wait[32];
    int r = 0;

    (void)snprintf(whole.label, sizeof whole.label, "%s%s",
                   is_flow && is_share ? "Completed" : "On the list",
                   is_share ? " (denominator)" : "");
    if (is_share) {
        struct wanted part = want("numerator", m->id, own);

        part.metric.wait = m->wait;
        part.metric.unit = UNIT_COUNT;
        (void)snprintf(part.label, sizeof part.label, "%s %s (numerator)",
                       m->id == METRIC_OPEN_OVER ? "Over"
                       : is_flow                 ? "Completed within"
                                                 : "Within",
                       target_wait(m->wait, wait));
        r = add_wanted(v, &part, d);
    }
    return r == 0 ? add_wanted(v, &whole, d) : r;
}

/* ---- how long they wait ---- */

static int add_over(const struct item_view *v, struct period own, struct details *d)
{
    static const struct {
        const char *key;
        long weeks;
    } rows[] = { { "over-18w", 18 }, { "over-52w", 52 }, { "over-104w", 104 } };
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof rows / sizeof rows[0]; i++) {
        struct wanted w = want(rows[i].key, METRIC_OPEN_OVER, own);

        w.metric.wait = (struct span){ rows[i].weeks, SPAN_WEEKS };
        (void)snprintf(w.label, sizeof w.label, "Over %ld weeks", rows[i].weeks);
        r = add_wanted(v, &w, d);
    }
    return r;
}

static int add_percentiles(const struct item_view *v, struct period own, struct details *d)
{
    static const struct {
        const char *key, *label;
        enum pathway_metric_id id;
    } rows[] = { { "median", "Median wait", METRIC_MEDIAN_WAIT },
                 { "p92", "92nd percentile wait", METRIC_P92_WAIT } };
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof rows / sizeof rows[0]; i++) {
        struct wanted w = want(rows[i].key, rows[i].id, own);

        (void)snprintf(w.label, sizeof w.label, "%s (%s, %s)", rows[i].label,
                       metric_def_of(rows[i].id)->method, wait_method_name(w.metric.method));
        r = add_wanted(v, &w, d);
    }
    return r;
}

/* ---- who joins and leaves ---- */

/* Of what is shown of the two, and of nothing else: it tells no more than they do. */
static void add_net(const struct item_view *v, const struct detail_figure *joined,
                    const struct detail_figure *left, struct details *d)
{
    double net = joined->told.value - left->told.value;
    struct detail_figure *row;

    if (!joined->told.has_value || !left->told.has_value)
        return;
    row = add_row(d, "net", (struct period){ joined->start, joined->end });
    (void)snprintf(row->label, sizeof row->label, "Net change%s",
                   v->kind.published ? "" : " (of these two as rounded)");
    row->told.has_value = true;
    row->told.value = net;
    (void)snprintf(row->told.figure, sizeof row->told.figure, "%s%.0f", net > 0 ? "+" : "", net);
}

static int add_flows(const struct item_view *v, struct period days, struct details *d)
{
    struct wanted joined = want("joined", METRIC_REFERRALS, days),
                  left = want("left", METRIC_CLOCK_STOPS, days);
    size_t first = d->figure_count;
    int r;

    (void)snprintf(joined.label, sizeof joined.label, "Joined (clocks started)");
    (void)snprintf(left.label, sizeof left.label, "Left (clocks stopped)");
    r = add_wanted(v, &joined, d);
    if (r == 0)
        r = add_wanted(v, &left, d);
    if (d->figure_count == first + 2)
        add_net(v, &d->figures[first], &d->figures[first + 1], d);
    return r;
}

/* Those of a flow, or those since the figure before. */
static struct period flow_days(const struct item_view *v, struct period own)
{
    const struct finding *f = v->item->finding;
    struct period days = { DATE_NONE, own.end };

    if (metric_def_of(v->measure->list->metric.id)->kind == METRIC_FLOW)
        return own;
    for (size_t i = 0; i < f->history_count; i++)
        if (date_compare(f->history[i].end, own.end) < 0)
            days.start = date_add_days(f->history[i].end, 1);
    return days;
}

/* ---- the line ---- */

static int add_shortfall(const struct item_view *v, struct period own, struct details *d)
{
    const struct pathway_metric *m = &v->measure->list->metric;
    struct wanted w = want("shortfall", METRIC_SHORTFALL, own);
    char wait[32];

    if (isnan(v->line) || m->unit != UNIT_PERCENT || v->line <= 0 || v->line >= 100 ||
        (m->id != METRIC_OPEN_WITHIN && m->id != METRIC_OPEN_OVER))
        return 0;
    w.metric.standard = m->wait;
    w.metric.share = m->id == METRIC_OPEN_WITHIN ? v->line : 100 - v->line;
    (void)snprintf(w.label, sizeof w.label, "Short of the line: to leave, of those over %s",
                   target_wait(m->wait, wait));
    return add_wanted(v, &w, d);
}

static int add_breaching(const struct item_view *v, struct period own, struct details *d)
{
    const struct plan_measure *m = v->measure;
    struct wanted w = want("breaching", METRIC_BREACHING_WITHIN, own);
    char line[32], ahead[32];

    w.metric.standard = outlook_line(m);
    if (w.metric.standard.count == 0)
        return 0;
    w.metric.wait = m->forecast ? m->forecast->within : (struct span){ AHEAD_DAYS, SPAN_DAYS };
    (void)snprintf(w.label, sizeof w.label, "Will pass %s within %s, if nobody is seen",
                   target_wait(w.metric.standard, line), target_wait(w.metric.wait, ahead));
    return add_wanted(v, &w, d);
}

static int add_of_list(const struct item_view *v, struct details *d)
{
    bool is_projected = date_is_set(v->projected_from);
    struct civil_date end = is_projected ? v->projected_from : v->end;
    struct civil_date start = date_is_set(v->window_start) ? v->window_start : v->start;
    struct period own = { is_projected ? end : start, end };
    int r = 0;

    if (!v->context->list_figure || !date_is_set(end))
        return 0;
    struct period flow = flow_days(v, own);

    /* Percentiles last: they speak of every line that was asked for. */
    r = add_parts(v, own, d);
    if (r == 0)
        r = add_over(v, own, d);
    if (r == 0)
        r = add_shortfall(v, own, d);
    if (r == 0)
        r = add_breaching(v, own, d);
    if (r == 0 && date_is_set(flow.start))
        r = add_flows(v, flow, d);
    return r == 0 ? add_percentiles(v, own, d) : r;
}

/* ---- of what is published ---- */

static void add_published(struct details *d, const struct item_view *v, const char *key,
                          const char *label, double value)
{
    struct detail_figure *row = add_row(d, key, (struct period){ v->start, v->end });

    (void)snprintf(row->label, sizeof row->label, "%s", label);
    row->told.has_value = true;
    row->told.value = value;
    (void)figure_amount(value, UNIT_COUNT, row->told.figure);
}

/* Its parts, where the publisher gives them. */
static void add_published_parts(const struct item_view *v, struct details *d)
{
    const struct series_version *version = v->version;

    if (!v->has_value || !version || isnan(version->numerator) || isnan(version->denominator))
        return;
    add_published(d, v, "numerator", "Numerator", version->numerator);
    add_published(d, v, "denominator", "Denominator", version->denominator);
    if (v->kind.unit != UNIT_PERCENT || isnan(v->line))
        return;
    double at_line = v->line / 100 * version->denominator;
    double more = v->measure->polarity == POLARITY_HIGHER  ? at_line - version->numerator
                  : v->measure->polarity == POLARITY_LOWER ? version->numerator - at_line
                                                           : 0;

    more = ceil(round(more * 1e6) / 1e6);
    if (more > 0)
        add_published(d, v, "shortfall", "Short of the line, of the numerator", more);
}

/* ---- all ---- */

static void link_action(const struct item_view *v, struct detail_action *out)
{
    const struct finding_set *all = v->context->findings;

    out->action = v->action;
    for (size_t i = 0; v->action && all && i < all->count; i++)
        if (all->list[i].rule == RULE_ACTION_OVERDUE && all->list[i].action == v->action)
            out->delivery = &all->list[i].delivery;
}

int details_of(const struct item_view *v, struct details *out)
{
    enum rule rule = v->item->alert->rule;
    int r = 0;

    out->figure_count = 0;
    out->action = (struct detail_action){ NULL, NULL };
    history_of(v, &out->history);
    link_action(v, &out->action);
    if (!v->item->finding || !v->measure ||
        (rule != RULE_BEHIND_PLAN && rule != RULE_SPECIAL_CAUSE))
        return 0;
    if (v->list)
        r = add_of_list(v, out);
    else if (v->kind.published)
        add_published_parts(v, out);
    return r;
}
