#include "metric/forecast.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "pathway/wait.h"

#define WEEK        7
#define BLOCK_DAYS  (4 * WEEK)
#define TWO_PI      6.283185307179586
#define DRIFT       0.06 /* standard deviation, as a share, of a path's demand and of its capacity */
#define SEASONS     0.35 /* of the paths live last year's same weeks, where a whole year is known */
#define EVERY_PLACE 4096 /* a place in the queue is kept as so many parts of it */

/* ---- what is certain ---- */

/* Of those who wait now. */
static uint64_t count_started(const struct waits *w, struct civil_date from, struct civil_date upto)
{
    uint64_t n = 0;

    for (size_t i = 0; i < w->open_days; i++) {
        int day = w->first.day + (int)i;

        if (day > from.day && day <= upto.day)
            n += w->open[i];
    }
    return n;
}

int forecast_exact(const struct waits *w, struct civil_date from, struct span line, size_t count,
                   struct forecast_day *out_days)
{
    assert(w != NULL && out_days != NULL && date_is_set(from));
    struct civil_date last = wait_last_start_over(from, line);
    uint64_t over = count_started(w, (struct civil_date){ INT32_MIN }, last);

    for (size_t i = 0; i < count; i++) {
        struct civil_date day = date_add_days(from, (int)i + 1);
        struct civil_date next = wait_last_start_over(day, line);
        uint64_t crossing = count_started(w, last, next);

        over += crossing;
        out_days[i] = (struct forecast_day){ day, crossing, over };
        last = next;
    }
    return 0;
}

/* ---- chance ---- */

static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u; /* splitmix64 */

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* From 0 up to below 1. */
static double draw_share(uint64_t *state)
{
    return (double)(draw(state) >> 11) / 9007199254740992.0;
}

static double draw_normal(uint64_t *state)
{
    double a = 1 - draw_share(state), b = draw_share(state);

    return sqrt(-2 * log(a)) * cos(TWO_PI * b);
}

/* A whole number that is this one on average. */
static uint64_t draw_about(uint64_t *state, double n)
{
    double whole = floor(n);

    return (uint64_t)whole + (draw_share(state) < n - whole);
}

/* ---- the recent past, day by day ---- */

struct past_stop {
    int day;        /* index of the day, 0 the oldest */
    unsigned place; /* so many parts of the queue waited longer */
    enum wait_end end;
    uint64_t count;
};

struct past {
    struct civil_date first;
    size_t days; /* whole weeks; the last is the data's */
    uint64_t *starts;
    struct past_stop *stops; /* by day */
    size_t stop_count;
    size_t *stop_at; /* the first of a day; one more entry ends the last */
};

static void past_release(struct past *p)
{
    free(p->starts);
    free(p->stops);
    free(p->stop_at);
}

static bool is_in(const struct past *p, struct civil_date d)
{
    return date_is_set(d) && d.day >= p->first.day && d.day < p->first.day + (int)p->days;
}

static int by_day(const void *a, const void *b)
{
    const struct past_stop *x = a, *y = b;

    return x->day != y->day ? (x->day > y->day) - (x->day < y->day)
                            : (x->place > y->place) - (x->place < y->place);
}

static void count_past_starts(const struct waits *w, struct past *p)
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

/* The queue before the first day, by start day from `first` on. */
static void fill_queue(const struct waits *w, const struct past *p, struct civil_date first,
                       uint64_t *queue)
{
    for (size_t i = 0; i < w->open_days; i++)
        if (w->first.day + (int)i < p->first.day)
            queue[w->first.day + (int)i - first.day] += w->open[i];
    for (size_t i = 0; i < w->closed_count; i++) {
        const struct wait_cell *c = &w->closed[i];

        if (c->start.day < p->first.day && c->stop.day >= p->first.day)
            queue[c->start.day - first.day] += c->count;
    }
}

/* How many started before each day. */
static void sum_queue(const uint64_t *queue, size_t days, uint64_t *started_before)
{
    started_before[0] = 0;
    for (size_t i = 0; i < days; i++)
        started_before[i + 1] = started_before[i] + queue[i];
}

static unsigned place_of(const uint64_t *started_before, size_t days, int at)
{
    size_t from = (size_t)at < days ? (size_t)at : days;
    size_t upto = from < days ? from + 1 : days;
    double ahead = ((double)started_before[from] + (double)started_before[upto]) / 2;
    double all = (double)started_before[days];

    return all > 0 ? (unsigned)(ahead / all * (EVERY_PLACE - 1)) : 0;
}

static struct civil_date first_start(const struct waits *w)
{
    struct civil_date first = w->open_days > 0 ? w->first : DATE_NONE;

    for (size_t i = 0; i < w->closed_count; i++)
        if (!date_is_set(first) || date_compare(w->closed[i].start, first) < 0)
            first = w->closed[i].start;
    return first;
}

/* Who stopped, with the start day in place of where he stood. */
static void collect_stops(const struct waits *w, struct past *p, struct civil_date first)
{
    for (size_t i = 0; i < w->closed_count; i++) {
        const struct wait_cell *c = &w->closed[i];

        if (is_in(p, c->stop))
            p->stops[p->stop_count++] =
                (struct past_stop){ c->stop.day - p->first.day,
                                    (unsigned)(c->start.day - first.day), c->end, c->count };
    }
    qsort(p->stops, p->stop_count, sizeof *p->stops, by_day);
}

/* Where in the queue each of them stood when his day began. By the week it would be too far behind: who is
 * seen in turn on a Friday then seems to pass all those who were seen since Monday. */
static int place_stops(const struct waits *w, struct past *p)
{
    struct civil_date first = first_start(w);
    int upto = p->first.day + (int)p->days;
    size_t span = date_is_set(first) && first.day < upto ? (size_t)(upto - first.day) : 0, k = 0;
    AUTO(auto_free) uint64_t *queue = calloc(span + 2, sizeof *queue);
    AUTO(auto_free) uint64_t *before = calloc(span + 2, sizeof *before);

    p->stops = calloc(w->closed_count + 1, sizeof *p->stops);
    if (queue == NULL || before == NULL || p->stops == NULL)
        return -ENOMEM;
    if (span == 0)
        return 0;
    fill_queue(w, p, first, queue);
    collect_stops(w, p, first);
    for (int day = 0; day < (int)p->days; day++) {
        int today = p->first.day + day - first.day;

        if (today < 0)
            continue; /* nobody had started */

        sum_queue(queue, span, before);
        for (; k < p->stop_count && p->stops[k].day == day; k++) {
            struct past_stop *stop = &p->stops[k];
            unsigned start = stop->place;

            stop->place = place_of(before, span, (int)start);
            queue[start] -= stop->count;
        }
        queue[today] += p->starts[day];
    }
    return 0;
}

static int past_make(const struct waits *w, struct period known, struct past *out)
{
    size_t weeks = (size_t)(known.end.day - known.start.day + 1) / WEEK, k = 0;
    int r;

    weeks = weeks < FORECAST_WEEKS_MAX ? weeks : FORECAST_WEEKS_MAX;
    out->days = weeks * WEEK;
    out->first = date_add_days(known.end, 1 - (int)out->days);
    out->starts = calloc(out->days, sizeof *out->starts);
    out->stop_at = calloc(out->days + 1, sizeof *out->stop_at);
    if (out->starts == NULL || out->stop_at == NULL)
        return -ENOMEM;
    count_past_starts(w, out);
    r = place_stops(w, out);
    for (size_t d = 0; d <= out->days; d++) {
        while (k < out->stop_count && out->stops[k].day < (int)d)
            k++;
        out->stop_at[d] = k;
    }
    return r;
}

/* ---- one path ---- */

/* The queue by start day, with sums that make a place in it quick to find (Fenwick). */
struct queue {
    struct civil_date first;
    size_t days, top; /* top: the largest power of two in .days */
    uint64_t *open, *sums;
    uint64_t total;
};

struct path {
    const struct forecast_input *in;
    const struct past *past;
    struct queue queue;
    struct waits waits; /* .open is the queue's; .closed: what is seen in a window */
    size_t closed_before;
    uint64_t state;
    size_t back;    /* days that it looks back */
    bool is_season; /* it lives the same weeks of last year, one after the other */
    double demand, capacity;
};

static void queue_add(struct queue *q, size_t at, uint64_t n, bool take)
{
    q->open[at] += take ? -n : n;
    q->total += take ? -n : n;
    for (size_t i = at + 1; i <= q->days; i += i & -i)
        q->sums[i] += take ? -n : n;
}

/* The start day of who stands behind so many. */
static size_t queue_find(const struct queue *q, uint64_t place)
{
    size_t at = 0;

    for (size_t step = q->top; step > 0; step /= 2)
        if (at + step <= q->days && q->sums[at + step] <= place) {
            at += step;
            place -= q->sums[at];
        }
    return at;
}

static void queue_fill(struct queue *q, const struct waits *w)
{
    memset(q->open, 0, q->days * sizeof *q->open);
    memset(q->sums, 0, (q->days + 1) * sizeof *q->sums);
    q->total = 0;
    for (size_t i = 0; i < w->open_days; i++) {
        size_t at = (size_t)(w->first.day + (int)i - q->first.day);

        if (w->open[i] > 0 && at < q->days)
            queue_add(q, at, w->open[i], false);
    }
}

static int queue_make(struct queue *q, const struct forecast_input *in)
{
    const struct waits *w = in->waits;
    struct civil_date first = w->open_days > 0 ? w->first : in->known.end;
    struct civil_date last = in->windows[in->window_count - 1].end;

    q->first = date_compare(first, in->known.end) < 0 ? first : in->known.end;
    q->days = (size_t)(last.day - q->first.day) + 1;
    for (q->top = 1; q->top * 2 <= q->days; q->top *= 2)
        ;
    q->open = calloc(q->days, sizeof *q->open);
    q->sums = calloc(q->days + 1, sizeof *q->sums);
    return q->open != NULL && q->sums != NULL ? 0 : -ENOMEM;
}

/* Seen on this day, from about the place in the queue where such a one stood in the past. */
static int see(struct path *p, struct civil_date day, const struct past_stop *like, bool is_kept)
{
    struct queue *q = &p->queue;
    uint64_t n = draw_about(&p->state, (double)like->count * p->capacity);

    for (; n > 0 && q->total > 0; n--) {
        double share = ((double)like->place + draw_share(&p->state)) / EVERY_PLACE;
        size_t at = queue_find(q, (uint64_t)(share * (double)q->total));
        struct wait_cell seen = { date_add_days(q->first, (int)at), day, like->end, 1 };

        queue_add(q, at, 1, true);
        if (is_kept && waits_add(&p->waits, &seen) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int live_day(struct path *p, struct civil_date day, size_t like, bool is_kept)
{
    uint64_t n = draw_about(&p->state, (double)p->past->starts[like] * p->demand);
    int r = 0;

    if (n > 0)
        queue_add(&p->queue, (size_t)(day.day - p->queue.first.day), n, false);
    for (size_t i = p->past->stop_at[like]; r == 0 && i < p->past->stop_at[like + 1]; i++)
        r = see(p, day, &p->past->stops[i], is_kept);
    return r;
}

static void path_begin(struct path *p)
{
    static const size_t weeks[] = { FORECAST_WEEKS_MIN, 13, 26, FORECAST_WEEKS_MAX };
    size_t choices = 1;

    while (choices < 4 && weeks[choices] * WEEK <= p->past->days)
        choices++;
    p->back = weeks[draw(&p->state) % choices] * WEEK;
    p->is_season = p->past->days == FORECAST_WEEKS_MAX * WEEK && draw_share(&p->state) < SEASONS;
    p->demand = exp(DRIFT * draw_normal(&p->state));
    p->capacity = exp(DRIFT * draw_normal(&p->state));
    queue_fill(&p->queue, p->in->waits);
    p->waits.closed_count = p->closed_before;
    p->waits.last_stop = DATE_NONE;
}

/* A day of the past from which four weeks can be lived: on the same day of the week as the day after it. */
static size_t draw_block(struct path *p)
{
    size_t blocks = (p->back - BLOCK_DAYS) / WEEK + 1;

    return p->past->days - p->back + draw(&p->state) % blocks * WEEK;
}

static int figure_of(struct path *p, struct period window, double *out)
{
    struct metric_figure figure;
    struct waits now = p->waits;
    int r;

    now.open = p->queue.open;
    now.open_days = p->queue.days;
    now.first = p->queue.first;
    for (size_t i = 0; i < now.closed_count; i++)
        if (!date_is_set(now.last_stop) || date_compare(now.closed[i].stop, now.last_stop) > 0)
            now.last_stop = now.closed[i].stop;
    r = pathway_count(p->in->metric, &now, window, NULL, &figure);
    *out = r == 0 && figure.marker == MARKER_NONE ? figure.value : NAN;
    return r;
}

static int path_live(struct path *p, struct forecast_fan *fans)
{
    const struct forecast_input *in = p->in;
    bool is_flow = metric_def_of(in->metric->id)->kind == METRIC_FLOW;
    size_t like = 0, left = 0, next = 0;
    int r = 0;

    path_begin(p);
    for (struct civil_date day = date_add_days(in->known.end, 1); r == 0 && next < in->window_count;
         day = date_add_days(day, 1)) {
        double value;

        if (left == 0) {
            like = p->is_season ? 0 : draw_block(p);
            left = p->is_season ? p->past->days : BLOCK_DAYS;
        }
        r = live_day(p, day, like++, is_flow);
        left--;
        for (; r == 0 && next < in->window_count && date_compare(in->windows[next].end, day) == 0;
             next++) {
            r = figure_of(p, in->windows[next], &value);
            if (r == 0 && !isnan(value))
                fans[next].values[fans[next].count++] = value;
        }
    }
    return r;
}

/* ---- all paths ---- */

/* Of flows, what a window that has begun already saw. */
static int keep_recent(struct path *p)
{
    const struct waits *w = p->in->waits;
    bool is_flow = metric_def_of(p->in->metric->id)->kind == METRIC_FLOW;
    int r = 0;

    for (size_t i = 0; is_flow && r == 0 && i < w->closed_count; i++)
        if (date_compare(w->closed[i].stop, p->in->windows[0].start) >= 0 ||
            date_compare(w->closed[i].start, p->in->windows[0].start) >= 0)
            r = waits_add(&p->waits, &w->closed[i]);
    p->closed_before = p->waits.closed_count;
    return r;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static struct forecast_fan *fans_make(size_t count, size_t paths)
{
    struct forecast_fan *fans = calloc(count, sizeof *fans);
    bool failed = fans == NULL;

    for (size_t i = 0; !failed && i < count; i++) {
        fans[i].values = calloc(paths, sizeof *fans[i].values);
        failed = fans[i].values == NULL;
    }
    if (!failed)
        return fans;
    forecast_fans_free(fans, fans != NULL ? count : 0);
    return NULL;
}

int forecast_likely(const struct forecast_input *in, struct forecast_fan **out_fans)
{
    size_t paths = in->paths > 0 ? in->paths : FORECAST_PATHS;
    AUTO(past_release) struct past past = { .days = 0 };
    struct path p = { .in = in, .past = &past, .waits = WAITS_INIT, .state = in->seed };
    struct forecast_fan *fans;
    int r;

    assert(in->waits != NULL && in->metric != NULL && in->window_count > 0);
    if (!date_is_set(in->known.start) ||
        in->known.end.day - in->known.start.day + 1 < FORECAST_WEEKS_MIN * WEEK)
        return -ENODATA;
    if (in->windows[in->window_count - 1].end.day - in->known.end.day > FORECAST_DAYS_MAX)
        return -ERANGE;
    fans = fans_make(in->window_count, paths);
    r = fans != NULL ? past_make(in->waits, in->known, &past) : -ENOMEM;
    if (r == 0)
        r = queue_make(&p.queue, in);
    if (r == 0)
        r = keep_recent(&p);
    for (size_t i = 0; r == 0 && i < paths; i++)
        r = path_live(&p, fans);
    for (size_t i = 0; r == 0 && i < in->window_count; i++)
        qsort(fans[i].values, fans[i].count, sizeof *fans[i].values, by_value);
    free(p.queue.open);
    free(p.queue.sums);
    waits_release(&p.waits);
    if (r == 0)
        *out_fans = fans;
    else
        forecast_fans_free(fans, fans != NULL ? in->window_count : 0);
    return r;
}

void forecast_fans_free(struct forecast_fan *fans, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(fans[i].values);
    free(fans);
}

double forecast_quantile(const struct forecast_fan *fan, double share)
{
    double at = share * (double)(fan->count - 1);
    size_t below = (size_t)at;

    if (fan->count == 0)
        return NAN;
    if (below + 1 >= fan->count || !isfinite(fan->values[below + 1]))
        return fan->values[below];
    return fan->values[below] +
           (at - (double)below) * (fan->values[below + 1] - fan->values[below]);
}
