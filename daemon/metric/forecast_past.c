#include "metric/forecast_past.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/auto.h"
#include "metric/wait_queue.h"

#define WEEK   7
#define GOLDEN 0.6180339887498949 /* shares so far apart fill a whole evenly */

void past_release(struct past *p)
{
    free(p->starts);
    free(p->stops);
    free(p->stop_at);
}

static bool is_in(const struct past *p, struct civil_date d)
{
    return date_is_set(d) && d.day >= p->first.day && d.day < p->first.day + (int)p->days;
}

/* ---- who came ---- */

static void count_starts(const struct waits *w, struct past *p)
{
    for (size_t i = 0; i < w->open_days; i++) {
        struct civil_date start = date_add_days(w->first, (int)i);

        if (is_in(p, start))
            p->starts[start.day - p->first.day] += w->open[i];
    }
    for (size_t i = 0; i < w->closed_count; i++)
        if (is_in(p, w->closed[i].start))
            p->starts[w->closed[i].start.day - p->first.day] += w->closed[i].count;
}

/* ---- who left, and on which day ---- */

static int by_day(const void *a, const void *b)
{
    const struct past_stop *x = a, *y = b;

    if (x->day != y->day)
        return (x->day > y->day) - (x->day < y->day);
    return x->start != y->start ? (x->start > y->start) - (x->start < y->start)
                                : (x->end > y->end) - (x->end < y->end);
}

static int add_stop(struct past *p, const struct wait_cell *c, int day, uint64_t count)
{
    if (count == 0)
        return 0;
    if (p->stop_count == p->stop_room) {
        size_t room = p->stop_room > 0 ? p->stop_room * 2 : 256;
        struct past_stop *grown = realloc(p->stops, room * sizeof *grown);

        if (grown == NULL)
            return -ENOMEM;
        p->stops = grown;
        p->stop_room = room;
    }
    p->stops[p->stop_count++] = (struct past_stop){
        .day = day, .start = c->start.day - p->first.day, .end = c->end, .count = count
    };
    return 0;
}

/* The last day on which it was known to wait: of who is gone from a snapshot, that of the one before. */
static struct civil_date known_after(const struct past_source *s, const struct wait_cell *c)
{
    size_t low = 0, high = s->census_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (date_compare(s->censuses[middle], c->stop) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (c->end != WAIT_UNKNOWN || low == 0 || low == s->census_count ||
        date_compare(s->censuses[low], c->stop) != 0)
        return date_add_days(c->stop, -1);
    return s->censuses[low - 1];
}

/* The share of a list's starts on each day of the week, from the first day's on. */
static void weigh_days(const struct past *p, double weights[WEEK])
{
    double sum = 0;

    for (size_t i = 0; i < WEEK; i++)
        weights[i] = 0;
    for (size_t i = 0; i < p->days; i++)
        sum += weights[i % WEEK] += (double)p->starts[i];
    for (size_t i = 0; i < WEEK; i++)
        weights[i] = sum > 0 ? weights[i] / sum : 1;
}

/* Those of a cell over the days on which they may have left; share: where among its days a lone one falls. */
static int spread_stop(const struct past_source *s, struct past *p, const struct wait_cell *c,
                       const double weights[WEEK], double share)
{
    int last = c->stop.day - p->first.day, from = known_after(s, c).day - p->first.day + 1;
    double all = 0, upto = 0;
    uint64_t told = 0;
    int r = 0;

    from = from > c->start.day - p->first.day ? from : c->start.day - p->first.day;
    from = from > 0 ? from : 0;
    for (int day = from; day <= last; day++)
        all += weights[day % WEEK];
    for (int day = from; r == 0 && day <= last; day++) {
        upto += weights[day % WEEK];
        uint64_t n = day == last
                         ? c->count
                         : (uint64_t)((double)c->count * (all > 0 ? upto / all : 0) + share);

        n = n < c->count ? n : c->count;
        r = add_stop(p, c, day, n - told);
        told = n;
    }
    return r;
}

static int by_cell(const void *a, const void *b)
{
    const struct wait_cell *x = a, *y = b;
    int order = date_compare(x->stop, y->stop);

    order = order != 0 ? order : date_compare(x->start, y->start);
    return order != 0 ? order : (x->end > y->end) - (x->end < y->end);
}

/* Who left in the past, in one order, and alike ones together: a list that was loaded gives them in another
 * than one into which they came. malloc'ed, NULL without memory. */
static struct wait_cell *closed_in_order(const struct waits *w, const struct past *p,
                                         size_t *out_count)
{
    struct wait_cell *cells = malloc((w->closed_count + 1) * sizeof *cells);
    size_t count = 0, alike = 0;

    for (size_t i = 0; cells && i < w->closed_count; i++)
        if (is_in(p, w->closed[i].stop))
            cells[count++] = w->closed[i];
    if (count > 0)
        qsort(cells, count, sizeof *cells, by_cell);
    for (size_t i = 0; i < count; i++) {
        if (alike > 0 && by_cell(&cells[alike - 1], &cells[i]) == 0)
            cells[alike - 1].count += cells[i].count;
        else
            cells[alike++] = cells[i];
    }
    *out_count = alike;
    return cells;
}

static int collect_stops(const struct past_source *s, struct past *p)
{
    double weights[WEEK], share = 0;
    size_t count = 0;
    AUTO(auto_free) struct wait_cell *cells = closed_in_order(s->waits, p, &count);
    int r = cells ? 0 : -ENOMEM;

    weigh_days(p, weights);
    for (size_t i = 0; r == 0 && i < count; i++) {
        share = fmod(share + GOLDEN, 1);
        r = spread_stop(s, p, &cells[i], weights, share);
    }
    if (p->stop_count > 0)
        qsort(p->stops, p->stop_count, sizeof *p->stops, by_day);
    return r;
}

/* ---- from where in the queue ---- */

static struct civil_date first_start(const struct waits *w, struct civil_date first)
{
    if (w->open_days > 0 && date_compare(w->first, first) < 0)
        first = w->first;
    for (size_t i = 0; i < w->closed_count; i++)
        if (date_compare(w->closed[i].start, first) < 0)
            first = w->closed[i].start;
    return first;
}

/* The queue before the first day. */
static void fill_queue(const struct waits *w, const struct past *p, struct wait_queue *q)
{
    for (size_t i = 0; i < w->open_days && w->first.day + (int)i < p->first.day; i++)
        if (w->open[i] > 0)
            wait_queue_join(q, (size_t)(w->first.day + (int)i - q->first.day), w->open[i]);
    for (size_t i = 0; i < w->closed_count; i++) {
        const struct wait_cell *c = &w->closed[i];

        if (c->start.day < p->first.day && c->stop.day >= p->first.day)
            wait_queue_join(q, (size_t)(c->start.day - q->first.day), c->count);
    }
}

/* One after the other: who is seen in turn stands at the front each time, also when many are on one day. */
static void place_stops(struct past *p, struct wait_queue *q)
{
    int offset = p->first.day - q->first.day;
    size_t k = 0;

    for (size_t day = 0; day < p->days; day++) {
        p->stop_at[day] = k;
        if (p->starts[day] > 0)
            wait_queue_join(q, (size_t)((int)day + offset), p->starts[day]);
        for (; k < p->stop_count && p->stops[k].day == (int)day; k++) {
            struct past_stop *stop = &p->stops[k];
            size_t at = (size_t)(stop->start + offset);

            stop->ahead = wait_queue_ahead(q, at);
            stop->beside = q->open[at];
            stop->all = q->total;
            wait_queue_leave(q, at, stop->count);
        }
    }
    p->stop_at[p->days] = k;
}

/* ---- how many a week ---- */

static void fit_flows(struct past *p)
{
    double in[PAST_WEEKS_MAX] = { 0 }, out[PAST_WEEKS_MAX] = { 0 };

    for (size_t i = 0; i < p->days; i++)
        in[i / WEEK] += (double)p->starts[i];
    for (size_t i = 0; i < p->stop_count; i++)
        out[p->stops[i].day / WEEK] += (double)p->stops[i].count;
    flow_level_fit(&p->in, in, p->days / WEEK);
    flow_level_fit(&p->out, out, p->days / WEEK);
}

int past_make(const struct past_source *s, struct past *out)
{
    AUTO(wait_queue_release) struct wait_queue q = { .days = 0 };
    size_t weeks = (size_t)(s->known.end.day - s->known.start.day + 1) / WEEK;
    struct civil_date first;
    int r;

    weeks = weeks < PAST_WEEKS_MAX ? weeks : PAST_WEEKS_MAX;
    *out = (struct past){ .days = weeks * WEEK };
    out->first = date_add_days(s->known.end, 1 - (int)out->days);
    out->starts = calloc(out->days, sizeof *out->starts);
    out->stop_at = calloc(out->days + 1, sizeof *out->stop_at);
    if (out->starts == NULL || out->stop_at == NULL)
        return -ENOMEM;
    count_starts(s->waits, out);
    r = collect_stops(s, out);
    first = first_start(s->waits, out->first);
    if (r == 0)
        r = wait_queue_make(&q, first, (size_t)(s->known.end.day - first.day) + 1);
    if (r < 0)
        return r;
    fill_queue(s->waits, out, &q);
    place_stops(out, &q);
    fit_flows(out);
    return 0;
}
