#include "metric/forecast.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "metric/chance.h"
#include "metric/forecast_past.h"
#include "metric/wait_queue.h"
#include "pathway/wait.h"

#define WEEK       7
#define SEASONS    0.35 /* of the paths live last year's weeks, where more than a year is known */
#define SHIFT      2    /* weeks by which a season comes earlier or later than last year */
#define TIMES_MOST 4    /* that a week may hold of a week of the past */
#define TRIES      50

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

/* ---- one path ---- */

struct path {
    const struct forecast_input *in;
    const struct past *past;
    struct wait_queue queue;
    struct waits waits; /* .open is the queue's; .closed: what is seen in a window */
    size_t closed_before;
    uint64_t state;
    bool is_season;              /* it lives the weeks of last year, one after the other */
    double demand, demand_drift; /* a week, now; how far it drifts in one, a standard deviation */
    double capacity, capacity_drift;
    double joining, seen; /* of this week, for each one of the week that it is like */
};

static int queue_make(struct wait_queue *q, const struct forecast_input *in)
{
    const struct waits *w = in->waits;
    struct civil_date first = w->open_days > 0 ? w->first : in->known.end;
    struct civil_date last = in->windows[in->window_count - 1].end;

    first = date_compare(first, in->known.end) < 0 ? first : in->known.end;
    return wait_queue_make(q, first, (size_t)(last.day - first.day) + 1);
}

static void queue_fill(struct wait_queue *q, const struct waits *w)
{
    wait_queue_clear(q);
    for (size_t i = 0; i < w->open_days; i++) {
        size_t at = (size_t)(w->first.day + (int)i - q->first.day);

        if (w->open[i] > 0 && at < q->days)
            wait_queue_join(q, at, w->open[i]);
    }
}

/* Seen on this day, from about the place in the queue where such ones stood in the past. */
static int see(struct path *p, struct civil_date day, const struct past_stop *like, bool is_kept)
{
    struct wait_queue *q = &p->queue;
    uint64_t n = chance_about(&p->state, (double)like->count * p->seen);

    for (uint64_t k = 0; k < n && q->total > 0; k++) {
        double beside = like->beside > k ? (double)(like->beside - k) : 1;
        double all = like->all > k ? (double)(like->all - k) : 1;
        double place = ((double)like->ahead + chance_share(&p->state) * beside) / all;
        uint64_t ahead = (uint64_t)(place * (double)q->total);
        size_t at = wait_queue_at(q, ahead < q->total ? ahead : q->total - 1);
        struct wait_cell seen = { date_add_days(q->first, (int)at), day, like->end, 1 };

        wait_queue_leave(q, at, 1);
        if (is_kept && waits_add(&p->waits, &seen) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int live_day(struct path *p, struct civil_date day, size_t like, bool is_kept)
{
    uint64_t n = chance_about(&p->state, (double)p->past->starts[like] * p->joining);
    int r = 0;

    if (n > 0)
        wait_queue_join(&p->queue, (size_t)(day.day - p->queue.first.day), n);
    for (size_t i = p->past->stop_at[like]; r == 0 && i < p->past->stop_at[like + 1]; i++)
        r = see(p, day, &p->past->stops[i], is_kept);
    return r;
}

static void path_begin(struct path *p)
{
    const struct flow_level *in = &p->past->in, *out = &p->past->out;

    p->is_season = !isnan(in->growth) && chance_share(&p->state) < SEASONS;
    if (p->is_season) {
        p->joining = exp(in->growth + in->growth_spread * chance_normal(&p->state));
        p->seen = exp(out->growth + out->growth_spread * chance_normal(&p->state));
    } else {
        p->demand = flow_level_draw(in, &p->state, &p->demand_drift);
        p->capacity = flow_level_draw(out, &p->state, &p->capacity_drift);
    }
    queue_fill(&p->queue, p->in->waits);
    p->waits.closed_count = p->closed_before;
    p->waits.last_stop = DATE_NONE;
}

/* About the same week of last year: a season or a holiday does not come on the same day. */
static size_t season_week(struct path *p, size_t ahead)
{
    size_t weeks = p->past->days / WEEK;
    size_t week =
        weeks - FLOW_YEAR + ahead % FLOW_YEAR + chance_draw(&p->state) % (2 * SHIFT + 1) - SHIFT;

    return week < weeks ? week : weeks - 1;
}

/* How a flow stands to what it was in a week of the past, by all that is known of that today. */
static double to_week(const struct flow_level *f, double now, size_t week)
{
    return f->then[week] > 0 ? now / f->then[week] : 1;
}

/* Any week of the past, with as many as there are now; none from when the list was much smaller: what a few did
 * would be done by many. */
static size_t drawn_week(struct path *p)
{
    size_t like = 0;

    p->demand = fmax(0, p->demand + p->demand_drift * chance_normal(&p->state));
    p->capacity = fmax(0, p->capacity + p->capacity_drift * chance_normal(&p->state));
    for (int i = 0; i < TRIES; i++) {
        like = chance_draw(&p->state) % (p->past->days / WEEK);
        p->joining = to_week(&p->past->in, p->demand, like);
        p->seen = to_week(&p->past->out, p->capacity, like);
        if (p->joining <= TIMES_MOST && p->seen <= TIMES_MOST)
            break;
    }
    return like;
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
    size_t like = 0, ahead = 0, next = 0;
    int r = 0;

    path_begin(p);
    for (struct civil_date day = date_add_days(in->known.end, 1); r == 0 && next < in->window_count;
         day = date_add_days(day, 1)) {
        double value;

        if (ahead % WEEK == 0)
            like = WEEK * (p->is_season ? season_week(p, ahead / WEEK) : drawn_week(p));
        r = live_day(p, day, like + ahead % WEEK, is_flow);
        ahead++;
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
    const struct past_source source = { in->waits, in->known, in->censuses, in->census_count };
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
    r = fans != NULL ? past_make(&source, &past) : -ENOMEM;
    if (r == 0)
        r = queue_make(&p.queue, in);
    if (r == 0)
        r = keep_recent(&p);
    for (size_t i = 0; r == 0 && i < paths; i++)
        r = path_live(&p, fans);
    for (size_t i = 0; r == 0 && i < in->window_count; i++)
        qsort(fans[i].values, fans[i].count, sizeof *fans[i].values, by_value);
    wait_queue_release(&p.queue);
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
