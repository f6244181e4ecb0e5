#include "metric/pathway_count.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric/published_wait.h"
#include "metric/queueing.h"
#include "metric/wait_summary.h"
#include "pathway/wait.h"

/* ---- the list at the end of a day ---- */

struct open_list {
    struct wait_count *waits; /* ascending by days */
    size_t count;
    uint64_t total;
};

static void open_list_release(struct open_list *l)
{
    free(l->waits);
}

/* Adds the closed ones that were still open then; by_wait: counts by days waited. */
static void add_still_open(const struct waits *w, struct civil_date day, uint64_t *by_wait)
{
    if (!date_is_set(w->last_stop) || date_compare(w->last_stop, day) <= 0)
        return;
    for (size_t i = 0; i < w->closed_count; i++) {
        const struct wait_cell *c = &w->closed[i];

        if (wait_is_open(c->start, c->stop, day))
            by_wait[wait_days(c->start, day)] += c->count;
    }
}

static struct civil_date earliest_start(const struct waits *w)
{
    struct civil_date first = DATE_NONE;
    size_t empty = 0; /* days before the first open one: room that .open has grown by */

    while (empty < w->open_days && w->open[empty] == 0)
        empty++;
    if (empty < w->open_days)
        first = date_add_days(w->first, (int)empty);
    for (size_t i = 0; i < w->closed_count; i++)
        if (!date_is_set(first) || date_compare(w->closed[i].start, first) < 0)
            first = w->closed[i].start;
    return first;
}

static int list_open(const struct waits *w, struct civil_date day, struct open_list *out)
{
    struct civil_date first = earliest_start(w);
    size_t longest;
    uint64_t *by_wait;

    *out = (struct open_list){ NULL, 0, 0 };
    if (!date_is_set(first) || date_compare(first, day) > 0)
        return 0;
    longest = (size_t)(day.day - first.day);
    by_wait = calloc(longest + 1, sizeof *by_wait);
    out->waits = calloc(longest + 1, sizeof *out->waits);
    if (by_wait == NULL || out->waits == NULL) {
        free(by_wait);
        free(out->waits);
        return -ENOMEM;
    }
    for (size_t i = 0; i < w->open_days; i++) {
        int wait = day.day - w->first.day - (int)i;

        if (w->open[i] > 0 && wait >= 0)
            by_wait[wait] += w->open[i];
    }
    add_still_open(w, day, by_wait);
    for (size_t d = 0; d <= longest; d++) {
        if (by_wait[d] == 0)
            continue;
        out->waits[out->count++] = (struct wait_count){ (int)d, by_wait[d] };
        out->total += by_wait[d];
    }
    free(by_wait);
    return 0;
}

static struct civil_date start_of(const struct wait_count *c, struct civil_date day)
{
    return date_add_days(day, -c->days);
}

static uint64_t count_over(const struct open_list *l, struct civil_date day, struct span wait)
{
    struct civil_date last = wait_last_start_over(day, wait);
    uint64_t over = 0;

    for (size_t i = 0; i < l->count; i++)
        if (date_compare(start_of(&l->waits[i], day), last) <= 0)
            over += l->waits[i].count;
    return over;
}

/* Within the standard at the end of the day, and over it so many days later. */
static uint64_t count_breaching(const struct open_list *l, struct civil_date day,
                                struct span standard, struct span ahead)
{
    struct civil_date then = period_window((struct period){ day, day }, ahead).start;

    /* A window of so many days that ends today begins so many less one ago. */
    then = date_add_days(day, day.day - then.day + 1);
    uint64_t now = count_over(l, day, standard);
    struct civil_date last = wait_last_start_over(then, standard);
    uint64_t later = 0;

    for (size_t i = 0; i < l->count; i++)
        if (date_compare(start_of(&l->waits[i], day), last) <= 0)
            later += l->waits[i].count;
    return later - now;
}

/* ---- figures ---- */

static struct metric_figure exactly(double value)
{
    return (struct metric_figure){ value, value, value, NAN, NAN, MARKER_NONE, 0, 0 };
}

static struct metric_figure marked(enum marker marker)
{
    return (struct metric_figure){ NAN, NAN, NAN, NAN, NAN, marker, 0, 0 };
}

static struct metric_figure between(double value, double low, double high)
{
    return (struct metric_figure){ value, low, high, NAN, NAN, MARKER_NONE, 0, 0 };
}

static struct metric_figure count_of(uint64_t sure, uint64_t perhaps)
{
    return between((double)sure, (double)sure, (double)(sure + perhaps));
}

static double per_cent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : NAN;
}

/* A part of a whole, as a share or as a number. perhaps_in, perhaps_out: of those whose belonging is
 * not known, how many would be part of it and how many would not. */
static struct metric_figure part_of(const struct pathway_metric *m, uint64_t in, uint64_t out,
                                    uint64_t perhaps_in, uint64_t perhaps_out)
{
    double whole = (double)(in + out);
    struct metric_figure f;

    if (m->unit != UNIT_PERCENT) {
        f = count_of(in, perhaps_in);
    } else if (in + out + perhaps_in + perhaps_out == 0) {
        return marked(MARKER_NOT_APPLICABLE);
    } else {
        double low =
            in + out + perhaps_out > 0 ? per_cent((double)in, whole + (double)perhaps_out) : 100;
        double high = in + out + perhaps_in > 0
                          ? per_cent((double)(in + perhaps_in), whole + (double)perhaps_in)
                          : 0;

        f = in + out > 0 ? between(per_cent((double)in, whole), low, high)
                         : between((low + high) / 2, low, high);
    }
    f.numerator = (double)in;
    f.denominator = whole;
    return f;
}

static double in_unit(const struct pathway_metric *m, double days)
{
    return m->unit == UNIT_WEEKS ? days / WAIT_DAYS_A_WEEK : days;
}

/* ---- waits of the open list ---- */

/* From weekly bands; in the open band the figure is a floor. */
static struct metric_figure band_percentile(const struct pathway_metric *m,
                                            const struct open_list *l, int per_cent_of)
{
    uint64_t bands[WAIT_BANDS] = { 0 };
    double weeks;
    uint64_t in_bands;

    for (size_t i = 0; i < l->count; i++)
        bands[wait_published_band(l->waits[i].days)] += l->waits[i].count;
    weeks = published_wait(bands, WAIT_BANDS, per_cent_of, PUBLISHED_NOW, NULL);
    if (isnan(weeks))
        return marked(MARKER_NOT_APPLICABLE);
    weeks = m->unit == UNIT_WEEKS ? weeks : weeks * WAIT_DAYS_A_WEEK;
    in_bands = l->total - bands[WAIT_BANDS - 1];
    return 100 * in_bands < (uint64_t)per_cent_of * l->total ? between(weeks, weeks, INFINITY)
                                                             : exactly(weeks);
}

/* The same with so many more that have waited 0 days, or for ever. */
static int percentile_bounds(const struct open_list *l, uint64_t more, int per_cent_of,
                             enum percentile_method method, double *out_low, double *out_high)
{
    struct wait_count *list = calloc(l->count + 1, sizeof *list);
    bool has_zero = l->count > 0 && l->waits[0].days == 0;

    if (list == NULL)
        return -ENOMEM;
    list[0] = (struct wait_count){ 0, more };
    memcpy(list + !has_zero, l->waits, l->count * sizeof *list);
    if (has_zero)
        list[0].count += more;
    *out_low = wait_percentile(list, l->count + !has_zero, per_cent_of, method);
    memcpy(list, l->waits, l->count * sizeof *list);
    list[l->count] = (struct wait_count){ INT32_MAX, more };
    *out_high = wait_percentile(list, l->count + 1, per_cent_of, method);
    /* Beyond the known list, or on the way from its last to one that is not known. */
    if (l->count == 0 || *out_high > l->waits[l->count - 1].days)
        *out_high = INFINITY;
    free(list);
    return 0;
}

static int percentile(const struct pathway_metric *m, const struct open_list *l, int per_cent_of,
                      uint64_t more, struct metric_figure *out)
{
    enum percentile_method method =
        m->method == METHOD_NEAREST_RANK ? PERCENTILE_NEAREST : PERCENTILE_LINEAR;
    double low = NAN, high = NAN;
    int r = 0;

    if (l->total == 0) {
        *out = marked(more > 0 ? MARKER_NOT_SUBMITTED : MARKER_NOT_APPLICABLE);
        return 0;
    }
    if (m->method == METHOD_BAND_LINEAR) {
        /* A published figure has no bounds to widen: with anything unknown there is none. */
        *out = more > 0 ? marked(MARKER_NOT_SUBMITTED) : band_percentile(m, l, per_cent_of);
        out->denominator = (double)l->total;
        return 0;
    }
    *out = exactly(in_unit(m, wait_percentile(l->waits, l->count, per_cent_of, method)));
    if (more > 0) {
        r = percentile_bounds(l, more, per_cent_of, method, &low, &high);
        out->low = in_unit(m, low);
        out->high = in_unit(m, high);
    }
    out->denominator = (double)l->total;
    return r;
}

static struct metric_figure mean_or_longest(const struct pathway_metric *m,
                                            const struct open_list *l, uint64_t more)
{
    bool mean = m->id != METRIC_LONGEST_WAIT;
    struct metric_figure f;

    if (l->total == 0)
        return marked(more > 0 ? MARKER_NOT_SUBMITTED : MARKER_NOT_APPLICABLE);
    f = exactly(
        in_unit(m, mean ? wait_mean(l->waits, l->count) : (double)l->waits[l->count - 1].days));
    if (more > 0) {
        if (mean)
            f.low = f.value * (double)l->total / (double)(l->total + more);
        f.high = INFINITY;
    }
    f.denominator = (double)l->total;
    if (!mean) /* it rests on these */
        f.numerator = (double)l->waits[l->count - 1].count;
    return f;
}

/* ---- flows ---- */

struct flow {
    uint64_t starts, stops;
    uint64_t by_end[WAIT_UNKNOWN + 1];
    uint64_t within[WAIT_UNKNOWN + 1]; /* of those, after no longer than the metric's wait */
};

static bool is_inside(struct civil_date d, struct period window)
{
    return date_compare(d, window.start) >= 0 && date_compare(d, window.end) <= 0;
}

static struct flow flow_of(const struct pathway_metric *m, const struct waits *w,
                           struct period window)
{
    struct flow f = { 0 };

    for (int day = window.start.day; day <= window.end.day; day++) {
        int at = day - w->first.day;

        if (w->open_days > 0 && day >= w->first.day && (size_t)at < w->open_days)
            f.starts += w->open[at];
    }
    for (size_t i = 0; i < w->closed_count; i++) {
        const struct wait_cell *c = &w->closed[i];

        if (is_inside(c->start, window))
            f.starts += c->count;
        if (!is_inside(c->stop, window))
            continue;
        f.stops += c->count;
        f.by_end[c->end] += c->count;
        if (m->wait.count > 0 && !wait_is_over(c->start, c->stop, m->wait))
            f.within[c->end] += c->count;
    }
    return f;
}

/* Says of how many nobody told the outcome. Where they are no minority the figure is none: what was told
 * speaks for few of them, and the bounds alone are judged. */
static struct metric_figure as_told(struct metric_figure f, const struct flow *flow)
{
    f.untold = flow->by_end[WAIT_UNKNOWN];
    f.stops = f.untold > 0 ? flow->stops : 0;
    if (f.marker == MARKER_NONE && f.low < f.high && 2 * f.untold >= flow->stops && f.untold > 0) {
        f.value = NAN;
        f.marker = MARKER_NOT_SUBMITTED;
    }
    return f;
}

static struct metric_figure completed_within(const struct pathway_metric *m, const struct flow *f,
                                             uint64_t more)
{
    uint64_t in = f->within[WAIT_COMPLETED], perhaps = f->within[WAIT_UNKNOWN];

    if (m->unit == UNIT_PERCENT && f->by_end[WAIT_COMPLETED] == 0 &&
        f->by_end[WAIT_UNKNOWN] + more > 0)
        return marked(MARKER_NOT_SUBMITTED); /* a share of possibly nobody */
    return part_of(m, in, f->by_end[WAIT_COMPLETED] - in, perhaps + more,
                   f->by_end[WAIT_UNKNOWN] - perhaps + more);
}

static struct metric_figure net_change(const struct flow *f, uint64_t more)
{
    double value = (double)f->starts - (double)f->stops;

    return between(value, value - (double)more, value + (double)more);
}

/* ---- queueing ---- */

struct queue {
    double size, starts, stops, weeks;
    double mean_days; /* NAN: nobody waits */
};

static double standard_weeks(const struct pathway_metric *m)
{
    const double weeks_a_month = 365.25 / 12 / WAIT_DAYS_A_WEEK;
    double count = (double)m->standard.count;

    return m->standard.unit == SPAN_WEEKS    ? count
           : m->standard.unit == SPAN_MONTHS ? count * weeks_a_month
                                             : count / WAIT_DAYS_A_WEEK;
}

/* NAN: there is none. */
static double queue_figure(const struct pathway_metric *m, const struct queue *q)
{
    double demand = q->starts / q->weeks, capacity = q->stops / q->weeks, weeks;
    double factor = queue_factor_of(m->share / 100);
    double target;

    switch (m->id) {
    case METRIC_CLEARANCE_WEEKS:
        return queue_clearance_weeks(q->size, demand, capacity, &weeks) < 0 ? INFINITY : weeks;
    case METRIC_LOAD:
        return capacity > 0 ? queue_load(demand, capacity) : demand > 0 ? INFINITY : NAN;
    case METRIC_TARGET_QUEUE:
        return queue_target_size(demand, standard_weeks(m), factor);
    case METRIC_RELIEF_CAPACITY:
        target = queue_target_size(demand, standard_weeks(m), factor);
        return queue_is_too_big(q->size, target)
                   ? queue_relief_capacity(demand, q->size, target, QUEUE_WEEKS_TO_TARGET,
                                           q->starts, 1)
                   : NAN;
    default:
        assert(!"not a figure of queueing");
        return NAN;
    }
}

/* Stops that may be none: of these a snapshot says only that it has them no more, and a row that was set
 * aside may be one of them. */
static uint64_t doubtful_stops(const struct flow *f, uint64_t more)
{
    return more < f->by_end[WAIT_UNKNOWN] ? more : f->by_end[WAIT_UNKNOWN];
}

/* At every corner of what is not known: each row set aside may be a start, a stop, no stop or wait on. */
static struct metric_figure queue_count(const struct pathway_metric *m, const struct queue *known,
                                        uint64_t more, uint64_t fewer_stops)
{
    const double stops[] = { 0, (double)more, -(double)fewer_stops };
    double value = queue_figure(m, known);
    struct metric_figure f = exactly(value);

    if (isnan(value))
        return marked(more > 0 ? MARKER_NOT_SUBMITTED : MARKER_NOT_APPLICABLE);
    for (int corner = 1; corner < 12 && more > 0; corner++) {
        struct queue q = *known;
        double at;

        q.size += corner & 1 ? (double)more : 0;
        q.starts += corner & 2 ? (double)more : 0;
        q.stops += stops[corner / 4];
        at = queue_figure(m, &q);
        f.low = fmin(f.low, at);
        f.high = fmax(f.high, at);
    }
    f.numerator = known->starts;
    f.denominator = known->size;
    return f;
}

static int queue_metric(const struct pathway_metric *m, const struct waits *w, struct period window,
                        uint64_t more, struct metric_figure *out)
{
    struct flow flow = flow_of(m, w, window);
    struct open_list l;
    int r = list_open(w, window.end, &l);
    struct queue q = { (double)l.total, (double)flow.starts, (double)flow.stops,
                       (double)(window.end.day - window.start.day + 1) / WAIT_DAYS_A_WEEK, NAN };

    if (r < 0)
        return r;
    *out = queue_count(m, &q, more, doubtful_stops(&flow, more));
    open_list_release(&l);
    return 0;
}

/* ---- the whole ---- */

static int stock(const struct pathway_metric *m, const struct waits *w, struct civil_date day,
                 uint64_t more, struct metric_figure *out)
{
    struct open_list l;
    uint64_t over;
    int r = list_open(w, day, &l);

    if (r < 0)
        return r;
    switch (m->id) {
    case METRIC_OPEN:
        *out = count_of(l.total, more);
        break;
    case METRIC_OPEN_OVER:
    case METRIC_OPEN_WITHIN:
        over = count_over(&l, day, m->wait);
        *out = m->id == METRIC_OPEN_OVER ? part_of(m, over, l.total - over, more, more)
                                         : part_of(m, l.total - over, over, more, more);
        break;
    case METRIC_MEDIAN_WAIT:
        r = percentile(m, &l, 50, more, out);
        break;
    case METRIC_P90_WAIT:
        r = percentile(m, &l, 90, more, out);
        break;
    case METRIC_P92_WAIT:
        r = percentile(m, &l, 92, more, out);
        break;
    case METRIC_MEAN_WAIT:
    case METRIC_LONGEST_WAIT:
        *out = mean_or_longest(m, &l, more);
        break;
    case METRIC_BREACHING_WITHIN:
        *out = count_of(count_breaching(&l, day, m->standard, m->wait), more);
        out->denominator = (double)l.total;
        break;
    case METRIC_PRESSURE:
        *out = mean_or_longest(m, &l, more);
        if (out->marker == MARKER_NONE) {
            double each = queue_pressure(1.0 / WAIT_DAYS_A_WEEK, standard_weeks(m));

            *out = between(out->value * each, out->low * each, out->high * each);
            out->denominator = (double)l.total;
        }
        break;
    case METRIC_SHORTFALL:
        over = count_over(&l, day, m->standard);
        *out = between((double)wait_shortfall(l.total, over, m->share),
                       (double)wait_shortfall(l.total + more, over, m->share),
                       (double)wait_shortfall(l.total + more, over + more, m->share));
        out->numerator = (double)over;
        out->denominator = (double)l.total;
        break;
    default:
        assert(!"not a stock");
    }
    open_list_release(&l);
    return r;
}

static int flow(const struct pathway_metric *m, const struct waits *w, struct period window,
                uint64_t more, struct metric_figure *out)
{
    struct flow f = flow_of(m, w, window);

    switch (m->id) {
    case METRIC_COMPLETED_WITHIN:
        *out = as_told(completed_within(m, &f, more), &f);
        return 0;
    case METRIC_COMPLETED:
    case METRIC_FIRST_CONTACTS:
        *out = as_told(count_of(f.by_end[WAIT_COMPLETED], f.by_end[WAIT_UNKNOWN] + more), &f);
        return 0;
    case METRIC_REFERRALS:
        *out = count_of(f.starts, more);
        return 0;
    case METRIC_CLOCK_STOPS:
        *out = between((double)f.stops, (double)(f.stops - doubtful_stops(&f, more)),
                       (double)(f.stops + more));
        return 0;
    case METRIC_REMOVALS_UNSEEN:
        *out = as_told(count_of(f.by_end[WAIT_UNSEEN], f.by_end[WAIT_UNKNOWN] + more), &f);
        return 0;
    case METRIC_NET_CHANGE:
        *out = net_change(&f, more);
        return 0;
    default:
        return queue_metric(m, w, window, more, out);
    }
}

int pathway_count(const struct pathway_metric *m, const struct waits *w, struct period window,
                  const struct waits_unknown *unknown, struct metric_figure *out_figure)
{
    struct metric_figure f;
    int r;

    assert(m != NULL && w != NULL && date_is_set(window.end) && out_figure != NULL);
    if (unknown != NULL && unknown->part) {
        *out_figure = marked(MARKER_NOT_SUBMITTED);
        return 0;
    }
    uint64_t more = unknown != NULL ? unknown->rows + unknown->untold : 0;

    r = metric_def_of(m->id)->kind == METRIC_STOCK ? stock(m, w, window.end, more, &f)
                                                   : flow(m, w, window, more, &f);
    if (r < 0)
        return r;
    if (unknown != NULL && unknown->mostly && f.marker == MARKER_NONE) {
        f.value = NAN;
        f.marker = MARKER_NOT_SUBMITTED;
    }
    *out_figure = f;
    return 0;
}
