#include "plan/gap.h"

#include <assert.h>
#include <errno.h>
#include <math.h>

#include "metric/pathway_count.h"
#include "metric/queueing.h"
#include "metric/wait_summary.h"
#include "pathway/wait.h"

#define WEEK         7
#define DAYS_A_MONTH (365.25 / 12)
#define PACE_FIGURES 3
#define PEOPLE_MAX   9e15 /* whole numbers are exact so far */
#define UNKNOWN_LIST "nothing is known of its list"
#define UNKNOWN_FLOW "who joined and who left is known of fewer than 8 weeks"

/* ---- the plan ---- */

static void find_next(const struct plan_measure *m, const struct line_source *from,
                      struct civil_date today, struct gap *g)
{
    g->next_date = DATE_NONE;
    g->next_line = NAN;
    for (size_t i = 0; i < m->expect_count; i++)
        if (date_compare(m->expect[i].date, today) > 0) {
            g->next_date = m->expect[i].date;
            g->next_line = m->expect[i].value;
            return;
        }
    if (date_is_set(m->target_by) && date_compare(m->target_by, today) > 0) {
        g->next_date = m->target_by;
        g->next_line = measure_target(m, from, m->target_by).value;
    }
}

/* ---- the pace ---- */

/* The slope of the straight line of least squares, by month. */
static double pace_of(const struct series *s)
{
    double x[GAP_PACE_FIGURES], y[GAP_PACE_FIGURES], mean_x = 0, mean_y = 0, xy = 0, xx = 0;
    size_t n = 0;

    for (size_t i = s ? s->point_count : 0; i > 0 && n < GAP_PACE_FIGURES; i--) {
        const struct series_point *p = &s->points[i - 1];
        double value = line_of_version(series_current(p)).value;

        if (isnan(value) || (n > 0 && x[n - 1] == p->period_end.day))
            continue;
        x[n] = p->period_end.day;
        y[n++] = value;
    }
    if (n < PACE_FIGURES)
        return NAN;
    for (size_t i = 0; i < n; i++) {
        mean_x += x[i] / (double)n;
        mean_y += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        xy += (x[i] - mean_x) * (y[i] - mean_y);
        xx += (x[i] - mean_x) * (x[i] - mean_x);
    }
    return xy / xx * DAYS_A_MONTH;
}

static void find_pace(const struct plan_measure *m, struct gap *g)
{
    g->pace_lately = pace_of(g->finding->series);
    if (!date_is_set(g->next_date) || isnan(g->to_next) || m->polarity == POLARITY_CLOSE)
        return;
    double months = (g->next_date.day - g->point->period_end.day) / DAYS_A_MONTH;

    g->pace_needed = g->to_next > 0 ? (g->next_line - g->value) / months : 0;
}

/* ---- the list ---- */

static int count(const struct outlook_look *look, enum pathway_metric_id id, struct span wait,
                 struct period window, struct metric_figure *out)
{
    const struct pathway_metric m = { .id = id, .wait = wait, .unit = UNIT_COUNT };

    return pathway_count(&m, look->waits, window, &look->unknown, out);
}

static int find_flow(const struct outlook_look *look, struct gap_flow *f)
{
    const struct span none = { 0, SPAN_DAYS };
    int weeks = date_is_set(look->known.start)
                    ? (look->known.end.day - look->known.start.day + 1) / WEEK
                    : 0;
    struct metric_figure starts, stops, seen;

    weeks = weeks < GAP_FLOW_WEEKS ? weeks : GAP_FLOW_WEEKS;
    if (weeks < FORECAST_WEEKS_MIN) {
        f->why_not = UNKNOWN_FLOW;
        return 0;
    }
    struct period late = { date_add_days(look->known.end, 1 - weeks * WEEK), look->known.end };
    int r = count(look, METRIC_REFERRALS, none, late, &starts);

    if (r == 0)
        r = count(look, METRIC_CLOCK_STOPS, none, late, &stops);
    if (r == 0)
        r = count(look, METRIC_COMPLETED, none, late, &seen);
    if (r < 0)
        return r;
    f->demand = starts.value / weeks;
    f->stops = stops.value / weeks;
    f->seen = seen.low == seen.high ? seen.value / weeks : NAN;
    f->load = f->stops > 0 ? queue_load(f->demand, f->stops) : NAN;
    return 0;
}

/* The list at a day to come, if nobody left it and as many joined as of late. */
struct grown {
    double total, over;
};

static double weeks_of(struct span wait, struct civil_date on)
{
    return (on.day - wait_last_start_over(on, wait).day - 1) / (double)WEEK;
}

static int grow(const struct outlook_look *look, const struct gap_flow *f, struct span wait,
                struct grown *out)
{
    const struct span none = { 0, SPAN_DAYS };
    struct period then = { f->by, f->by };
    struct metric_figure total, over = { .value = 0 };
    int r = count(look, METRIC_OPEN, none, then, &total);

    if (r == 0 && wait.count > 0)
        r = count(look, METRIC_OPEN_OVER, wait, then, &over);
    if (r < 0)
        return r;
    out->total = total.value + f->demand * f->weeks;
    out->over = over.value;
    if (wait.count > 0)
        out->over += f->demand * fmax(0, f->weeks - weeks_of(wait, f->by));
    return 0;
}

/* What the measure asks of the list: so many per cent of it within a wait. */
struct asked {
    struct span wait; /* count 0: none */
    double share;     /* NAN: it asks a number of people */
};

static struct asked asked_of(const struct plan_measure *m, double line)
{
    const struct pathway_metric *metric = &m->list->metric;
    double days = line * (metric->unit == UNIT_WEEKS ? WEEK : 1);
    struct asked a = { outlook_line(m), NAN };

    switch (metric->id) {
    case METRIC_OPEN_WITHIN:
    case METRIC_OPEN_OVER:
        if (metric->unit == UNIT_PERCENT)
            a.share = metric->id == METRIC_OPEN_WITHIN ? line : 100 - line;
        return a;
    case METRIC_SHORTFALL:
        a.share = metric->share;
        return a;
    case METRIC_MEDIAN_WAIT:
    case METRIC_P90_WAIT:
    case METRIC_P92_WAIT:
        a.share = metric->id == METRIC_MEDIAN_WAIT ? 50 : metric->id == METRIC_P90_WAIT ? 90 : 92;
        break;
    case METRIC_LONGEST_WAIT:
        a.share = 100;
        break;
    default:
        return a;
    }
    a.wait = (struct span){ days >= 1 && days < METRIC_WAIT_MAX_DAYS ? (long)days : 0, SPAN_DAYS };
    return a;
}

/* How many must leave until the day; NAN: the metric does not say. */
static double must_leave(const struct plan_measure *m, double line, const struct asked *a,
                         const struct grown *then, double demand)
{
    const struct pathway_metric *metric = &m->list->metric;
    double weeks_a_unit = metric->unit == UNIT_WEEKS ? 1 : 1.0 / WEEK, short_of = NAN;

    if (!isnan(a->share) && a->share > 0 && a->wait.count > 0 && then->total < PEOPLE_MAX)
        short_of = (double)wait_shortfall((uint64_t)ceil(then->total), (uint64_t)ceil(then->over),
                                          a->share);
    switch (metric->id) {
    case METRIC_OPEN:
        return then->total - line;
    case METRIC_OPEN_OVER:
        return isnan(a->share) ? then->over - line : short_of;
    case METRIC_OPEN_WITHIN:
        return short_of;
    case METRIC_SHORTFALL:
        return short_of - line;
    case METRIC_MEDIAN_WAIT:
    case METRIC_P90_WAIT:
    case METRIC_P92_WAIT:
    case METRIC_LONGEST_WAIT:
        return short_of;
    case METRIC_MEAN_WAIT: /* Little's law */
        return then->total - demand * line * weeks_a_unit;
    default:
        return NAN;
    }
}

/* Of metrics that are themselves flows: so many a week; NAN: the metric does not say. */
static double needed_flow(const struct gap *g, double line, const struct outlook_look *look)
{
    const struct list_measure *l = g->finding->measure->list;
    const struct gap_flow *f = &g->flow;
    struct period window, p;
    uint64_t size = 0;

    for (size_t i = 0; i < look->waits->open_days; i++)
        size += look->waits->open[i];
    switch (l->metric.id) {
    case METRIC_LOAD:
        return line > 0 ? f->demand / line : NAN;
    case METRIC_CLEARANCE_WEEKS:
        return line > 0 ? f->demand + (double)size / line : NAN;
    case METRIC_COMPLETED:
    case METRIC_FIRST_CONTACTS:
    case METRIC_CLOCK_STOPS:
        if (!g->point || g->finding->measure->polarity != POLARITY_HIGHER)
            return NAN;
        p = (struct period){ g->point->period_start, g->point->period_end };
        window = period_window(p, l->window);
        return line * WEEK / (window.end.day - window.start.day + 1);
    default:
        return NAN;
    }
}

/* What would keep the share in time for good: DOMAIN 4, with the factor of the share. */
static void find_balance(const struct asked *a, struct gap_flow *f)
{
    if (isnan(a->share) || a->wait.count == 0 || a->share >= 100 || a->share <= 0)
        return;
    double factor = queue_factor_of(a->share / 100), weeks = weeks_of(a->wait, f->data_date);

    f->may_wait = queue_target_size(f->demand, weeks, factor);
    f->keeps = queue_target_capacity(f->demand, weeks, factor, 1, 1);
}

static int find_needed(struct gap *g, const struct outlook_look *look, double line)
{
    const struct plan_measure *m = g->finding->measure;
    const struct asked asked = asked_of(m, line);
    struct gap_flow *f = &g->flow;
    struct grown then;
    int r = grow(look, f, asked.wait, &then);

    if (r < 0)
        return r;
    f->needed = needed_flow(g, line, look);
    if (isnan(f->needed))
        f->needed = must_leave(m, line, &asked, &then, f->demand) / f->weeks;
    if (!isnan(f->needed)) {
        bool is_completion = m->list->metric.id == METRIC_COMPLETED;
        double now = is_completion ? f->seen : f->stops;

        f->needed = fmax(0, f->needed);
        f->extra = isnan(now) ? NAN : fmax(0, f->needed - now);
    }
    find_balance(&asked, f);
    return 0;
}

static int find_list(struct gap *g, const struct outlook_source *waits, double line)
{
    struct gap_flow *f = &g->flow;
    struct outlook_look look;
    int r = waits ? waits->look(waits->arg, g->finding->measure, &look) : -ENODATA;

    if (r == -ENOMEM)
        return r;
    if (r < 0 || look.unknown.part) {
        f->why_not = UNKNOWN_LIST;
        return 0;
    }
    f->data_date = look.known.end;
    r = find_flow(&look, f);
    if (r < 0 || f->why_not)
        return r;
    f->by = date_is_set(g->next_date)
                ? g->next_date
                : date_add_days(f->data_date, (int)QUEUE_WEEKS_TO_TARGET * WEEK);
    f->weeks = (f->by.day - f->data_date.day) / (double)WEEK;
    if (f->weeks <= 0 || isnan(line))
        return 0;
    return find_needed(g, &look, line);
}

/* ---- both ---- */

static double figure_of(const struct series_point *p)
{
    return p ? line_of_version(series_current(p)).value : NAN;
}

int gap_make(const struct finding *f, const struct outlook_source *waits, struct civil_date today,
             struct gap *out_gap)
{
    const struct plan_measure *m = f->measure;
    struct gap g = { .finding = f,
                     .point = finding_newest_point(f),
                     .behind_by = NAN,
                     .to_next = NAN,
                     .pace_needed = NAN,
                     .pace_lately = NAN,
                     .is_of_list = m->list != NULL,
                     .flow = { .data_date = DATE_NONE,
                               .by = DATE_NONE,
                               .weeks = NAN,
                               .demand = NAN,
                               .stops = NAN,
                               .seen = NAN,
                               .needed = NAN,
                               .extra = NAN,
                               .load = NAN,
                               .may_wait = NAN,
                               .keeps = NAN } };
    int r = 0;

    assert(f->rule == RULE_BEHIND_PLAN && out_gap != NULL);
    find_next(m, &f->line_from, today, &g);
    g.value = figure_of(g.point);
    if (!isnan(g.value) && !isnan(f->line))
        g.behind_by = measure_behind_by(m, g.value, f->line);
    if (!isnan(g.value) && !isnan(g.next_line))
        g.to_next = measure_behind_by(m, g.value, g.next_line);
    find_pace(m, &g);
    if (m->list)
        r = find_list(&g, waits, date_is_set(g.next_date) ? g.next_line : f->target);
    if (r == 0)
        *out_gap = g;
    return r;
}
