#include "metric/spc.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/auto.h"
#include "metric/mean.h"

/* No rule looks further back to say what the newest point is: where a run is longer, so is its part. */
#define NEWEST_POINTS (SPC_RUN_POINTS + 2)

void spc_ranges(const double *values, size_t n, double *out_ranges)
{
    assert(values && out_ranges && n > 0);
    out_ranges[0] = NAN;
    for (size_t i = 1; i < n; i++)
        out_ranges[i] = fabs(values[i] - values[i - 1]);
}

static bool any_from(const double *ranges, size_t n, double limit)
{
    for (size_t i = 0; i < n; i++)
        if (ranges[i] >= limit)
            return true;
    return false;
}

/* How many first points of n mean and limits rest on. */
static size_t fixed_of(size_t n, const struct spc_options *options)
{
    return options->fix_after > 0 && options->fix_after < n ? options->fix_after : n;
}

/* After the mean. ranges: the segment's; between two segments there is none. */
static void set_limits(struct spc_segment *s, const double *ranges,
                       const struct spc_options *options)
{
    size_t steps = fixed_of(s->n, options) - 1;

    ranges++;
    s->moving_range_all = mean_of(ranges, steps, &s->moving_ranges);
    s->screen_limit = SPC_SCREEN_FACTOR * s->moving_range_all;
    s->moving_range = s->moving_range_all;
    if (options->screen_outliers && any_from(ranges, steps, s->screen_limit))
        s->moving_range = mean_below(ranges, steps, s->screen_limit, &s->moving_ranges);
    s->lower = s->mean - SPC_LIMIT_FACTOR * s->moving_range;
    s->upper = s->mean + SPC_LIMIT_FACTOR * s->moving_range;
    s->near_lower = s->mean - SPC_NEAR_FACTOR * s->moving_range;
    s->near_upper = s->mean + SPC_NEAR_FACTOR * s->moving_range;
}

static signed char side_of(const struct spc_segment *s, double value)
{
    return (signed char)((value > s->mean) - (value < s->mean));
}

/* Every comparison with NAN is false: a missing value or limit marks nothing. */
static void set_point(struct spc_point *p, const struct spc_segment *s, double value, bool is_fixed)
{
    p->in_baseline = is_fixed && !isnan(value);
    p->side = side_of(s, value);
    p->outside = value > s->upper || value < s->lower;
    p->near = !p->outside && (value > s->near_upper || value < s->near_lower);
}

static enum spc_assurance assurance_of(const struct spc_segment *last,
                                       const struct spc_options *options)
{
    bool more_is_better = options->improvement == SPC_INCREASE;

    if (isnan(options->target) || options->improvement == SPC_NEUTRAL)
        return SPC_NO_ASSURANCE;
    if (options->target > last->upper)
        return more_is_better ? SPC_FAIL : SPC_PASS;
    if (options->target < last->lower)
        return more_is_better ? SPC_PASS : SPC_FAIL;
    return SPC_HIT_OR_MISS;
}

/* Whether the newest points are a shift. */
static bool is_shift(const struct spc_segment *s, const double *values)
{
    int side = side_of(s, values[s->n - 1]);
    size_t i = 1;

    while (i < s->n && i < SPC_RUN_POINTS && side_of(s, values[s->n - 1 - i]) == side)
        i++;
    return side != 0 && i == SPC_RUN_POINTS;
}

/* Whether they are a trend towards the mean: of a shift nothing else can point the other way. */
static bool is_trend_back(const struct spc_segment *s, const double *values)
{
    int back = -side_of(s, values[s->n - 1]);
    size_t i = s->n - 1;

    while (i > 0 && (values[i] - values[i - 1]) * back > 0)
        i--;
    return s->n - 1 - i >= SPC_RUN_POINTS - 1;
}

enum spc_variation spc_newest(const double *values, const double *ranges, size_t n,
                              const struct spc_options *options)
{
    struct spc_point points[NEWEST_POINTS] = { 0 };
    struct spc_segment s = { .n = n };
    size_t first = n > NEWEST_POINTS ? n - NEWEST_POINTS : 0;

    assert(values && ranges && options && n > 0);
    s.mean = mean_of(values, fixed_of(n, options), NULL);
    if (is_shift(&s, values) && !is_trend_back(&s, values))
        return spc_variation_of(side_of(&s, values[n - 1]) > 0 ? SPC_SHIFT_ABOVE : SPC_SHIFT_BELOW,
                                options->improvement);
    set_limits(&s, ranges, options);
    for (size_t i = first; i < n; i++)
        set_point(&points[i - first], &s, values[i], false);
    spc_rules(values + first, n - first, points);
    return spc_variation_of(points[n - first - 1].cause, options->improvement);
}

static size_t count_segments(const bool *starts, size_t n)
{
    size_t count = 1;

    for (size_t i = 1; starts && i < n; i++)
        count += starts[i];
    return count;
}

static void cut_segments(const bool *starts, struct spc_chart *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (i == 0 || (starts && starts[i]))
            c->segments[c->segment_count++].first = i;
        c->segments[c->segment_count - 1].n++;
        c->points[i].segment = (unsigned)c->segment_count - 1;
    }
}

int spc_chart(const double *values, const bool *starts, size_t n, const struct spc_options *options,
              struct spc_chart *out_chart)
{
    AUTO(spc_chart_release) struct spc_chart c = SPC_CHART_INIT;
    AUTO(auto_free) double *ranges = NULL;

    assert(values && options && out_chart);
    if (n == 0)
        return -ENODATA;
    c.points = calloc(n, sizeof *c.points);
    c.segments = calloc(count_segments(starts, n), sizeof *c.segments);
    ranges = malloc(n * sizeof *ranges);
    if (!c.points || !c.segments || !ranges)
        return -ENOMEM;
    c.n = n;
    cut_segments(starts, &c);
    spc_ranges(values, n, ranges);
    for (size_t k = 0; k < c.segment_count; k++) {
        struct spc_segment *s = &c.segments[k];

        s->mean = mean_of(values + s->first, fixed_of(s->n, options), NULL);
        set_limits(s, ranges + s->first, options);
        for (size_t i = 0; i < s->n; i++)
            set_point(&c.points[s->first + i], s, values[s->first + i],
                      options->fix_after == 0 || i < options->fix_after);
        spc_rules(values + s->first, s->n, c.points + s->first);
    }
    c.variation = spc_variation_of(c.points[n - 1].cause, options->improvement);
    c.assurance = assurance_of(&c.segments[c.segment_count - 1], options);
    *out_chart = c;
    c = (struct spc_chart)SPC_CHART_INIT;
    return 0;
}

void spc_chart_release(struct spc_chart *chart)
{
    if (!chart)
        return;
    free(chart->points);
    free(chart->segments);
    *chart = (struct spc_chart)SPC_CHART_INIT;
}
