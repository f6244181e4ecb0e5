#include "plan/control_chart.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

/* ---- which points: of one length, that do not overlap ---- */

#define SHORTEST_MONTH 28
#define MONTH_LENGTH   1000 /* of a length in whole months; else it is in days */
#define LENGTHS_MAX    8    /* that one series is published for */

static int whole_months(struct civil_date start, struct civil_date end, int otherwise)
{
    int from_year, from_month, to_year, to_month, day;

    date_to_ymd(start, &from_year, &from_month, &day);
    if (day != 1 || date_compare(end, date_month_end(end)) != 0)
        return otherwise;
    date_to_ymd(end, &to_year, &to_month, &day);
    return MONTH_LENGTH * ((to_year - from_year) * 12 + to_month - from_month + 1);
}

static inline int length_of(struct civil_date start, struct civil_date end)
{
    int days = end.day - start.day + 1;

    return days < SHORTEST_MONTH ? days : whole_months(start, end, days);
}

/* How many points have this length; 0 where any two of them overlap. */
static size_t points_of_length(const struct series *s, int length)
{
    struct civil_date upto = DATE_NONE;
    size_t n = 0;

    for (size_t i = 0; i < s->point_count; i++) {
        const struct series_point *p = &s->points[i];

        if (length_of(p->period_start, p->period_end) != length)
            continue;
        if (date_is_set(upto) && date_compare(p->period_start, upto) <= 0)
            return 0;
        upto = p->period_end;
        n++;
    }
    return n;
}

/* The length that most points have, of two the shorter; 0: every length overlaps. */
static int choose_length(const struct series *s)
{
    int tried[LENGTHS_MAX], best = 0;
    size_t count = 0, most = 0;

    for (size_t i = 0; i < s->point_count && most < s->point_count && count < LENGTHS_MAX; i++) {
        int length = length_of(s->points[i].period_start, s->points[i].period_end);
        bool known = false;

        for (size_t k = 0; k < count; k++)
            known |= tried[k] == length;
        if (known)
            continue;
        tried[count++] = length;
        size_t n = points_of_length(s, length);

        if (n > most || (n == most && n > 0 && length < best)) {
            most = n;
            best = length;
        }
    }
    return best;
}

static double value_of(const struct chart_input *in, const struct series_version *v,
                       struct civil_date end)
{
    if (v->marker != MARKER_NONE || v->gap || !isfinite(v->value))
        return NAN;
    return in->is_incomplete != NULL && in->is_incomplete(in->arg, end) ? NAN : v->value;
}

static void add_points(struct control_chart *c, const struct chart_input *in,
                       const struct series *s, int length, bool is_before)
{
    for (size_t i = 0; i < s->point_count; i++) {
        const struct series_point *p = &s->points[i];
        const struct series_version *v = series_current(p);
        bool joined = in->before != NULL && date_compare(p->period_end, in->joined_until) <= 0;

        if (length_of(p->period_start, p->period_end) != length || joined != is_before)
            continue;
        c->points[c->n++] = (struct chart_point){ p->period_start, p->period_end, v,
                                                  value_of(in, v, p->period_end) };
    }
}

/* ---- days of which nothing was told ---- */

static int by_number(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

static int step_from(const struct control_chart *c, size_t i)
{
    return c->points[i + 1].end.day - c->points[i].end.day;
}

/* Days from one end to the next that still are one step. Single days (a census) have no length of their
 * own: half as much again as they usually lie apart. Returns 0 or -ENOMEM. */
static int widest_step(const struct control_chart *c, int length, int *out_widest)
{
    size_t n = c->n > 0 ? c->n - 1 : 0;
    bool is_sorted = true;

    *out_widest = 0;
    if (length != 1 || n == 0)
        return 0;
    for (size_t i = 1; i < n && is_sorted; i++)
        is_sorted = step_from(c, i) >= step_from(c, i - 1);
    int usual = step_from(c, n / 2); /* a figure a day is sorted */

    if (!is_sorted) {
        AUTO(auto_free) int *steps = malloc(n * sizeof *steps);

        if (steps == NULL)
            return -ENOMEM;
        for (size_t i = 0; i < n; i++)
            steps[i] = step_from(c, i);
        qsort(steps, n, sizeof *steps, by_number);
        usual = steps[n / 2];
    }
    *out_widest = usual + usual / 2;
    return 0;
}

/* Whether a period is missing before the i-th point. */
static bool is_gap(const struct control_chart *c, size_t i, int length, int widest)
{
    const struct chart_point *p = &c->points[i];

    if (i == 0)
        return false;
    return length == 1 ? p->end.day - p[-1].end.day > widest : p->start.day - p[-1].end.day > 1;
}

/* Where a period is missing between two points one without a value stands for it. */
static int add_gaps(struct control_chart *c, int length)
{
    size_t gaps = 0, n = 0;
    int widest, r = widest_step(c, length, &widest);

    if (r < 0)
        return r;
    for (size_t i = 1; i < c->n; i++)
        gaps += is_gap(c, i, length, widest);
    if (gaps == 0) /* mostly none is */
        return 0;
    struct chart_point *all = malloc((c->n + gaps) * sizeof *all);

    if (all == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < c->n; i++) {
        const struct chart_point *p = &c->points[i];

        if (is_gap(c, i, length, widest))
            all[n++] = (struct chart_point){ date_add_days(p[-1].end, 1),
                                             date_add_days(p->start, -1), NULL, NAN };
        all[n++] = *p;
    }
    free(c->points);
    c->points = all;
    c->n = n;
    return 0;
}

/* ---- where it begins anew ---- */

static void start_at(struct control_chart *c, struct civil_date at)
{
    for (size_t i = 0; i < c->n; i++)
        if (date_compare(c->points[i].end, at) >= 0) {
            c->starts[i] = true;
            return;
        }
}

static void set_starts(struct control_chart *c, const struct chart_input *in)
{
    const struct plan_spc *spc = in->measure->spc;

    for (size_t i = 0; i < spc->rebase_count; i++)
        start_at(c, spc->rebases[i].date);
    for (size_t i = 0; i < in->break_count; i++)
        start_at(c, in->breaks[i].at);
    if (in->before != NULL)
        start_at(c, date_add_days(in->joined_until, 1));
}

/* ---- what it says ---- */

static struct spc_options options_of(const struct plan_measure *m, double target)
{
    return (struct spc_options){
        .improvement = m->polarity == POLARITY_HIGHER  ? SPC_INCREASE
                       : m->polarity == POLARITY_LOWER ? SPC_DECREASE
                                                       : SPC_NEUTRAL,
        .target = target,
        .fix_after = (size_t)m->spc->baseline,
        .screen_outliers = m->spc->screens,
    };
}

static size_t values_from(const double *values, size_t first, size_t n)
{
    size_t count = 0;

    for (size_t i = first; i < n; i++)
        count += !isnan(values[i]);
    return count;
}

/* Since when, period by period, the newest point was a change for the worse. ranges: of all values. */
static void find_opening(struct control_chart *c, const double *values, const double *ranges,
                         long least)
{
    size_t first = c->n, count = 0;

    c->opened = DATE_NONE;
    for (size_t n = c->n; n > 0; n--) {
        if (n <= first) {
            first = c->spc.segments[c->spc.points[n - 1].segment].first;
            count = values_from(values, first, n);
        }
        if (isnan(values[n - 1]))
            continue; /* nothing is known of it, also not that it was over */
        if (count-- < (size_t)least)
            return;
        enum spc_variation then =
            n == c->n ? c->spc.variation
                      : spc_newest(values + first, ranges + first, n - first, &c->options);

        if (then == SPC_COMMON || then == SPC_IMPROVEMENT)
            return;
        c->opened = c->points[n - 1].end;
    }
}

static int draw(struct control_chart *c, const struct plan_measure *m, double target)
{
    AUTO(auto_free) double *values = malloc((2 * c->n + 1) * sizeof *values);
    size_t all = c->n;

    if (values == NULL)
        return -ENOMEM;
    double *ranges = values + all;

    for (size_t i = 0; i < c->n; i++)
        values[i] = c->points[i].value;
    while (c->n > 0 && isnan(values[c->n - 1]))
        c->n--;
    c->missing_after = all - c->n;
    if (c->n == 0) {
        c->state = CHART_EMPTY;
        return 0;
    }
    c->options = options_of(m, target);
    spc_ranges(values, c->n, ranges);
    int r = spc_chart(values, c->starts, c->n, &c->options, &c->spc);

    if (r < 0)
        return r;
    c->segment_values = values_from(values, c->spc.segments[c->spc.segment_count - 1].first, c->n);
    c->is_trial = c->segment_values < (size_t)m->spc->points;
    find_opening(c, values, ranges, m->spc->points);
    return 0;
}

int control_chart_make(const struct chart_input *in, struct control_chart *out_chart)
{
    AUTO(control_chart_release)
    struct control_chart c = { .state = CHART_EMPTY, .opened = DATE_NONE };
    const struct series *newest = in->series != NULL ? in->series : in->before;
    size_t room = (in->series != NULL ? in->series->point_count : 0) +
                  (in->before != NULL ? in->before->point_count : 0);

    assert(in->measure != NULL && in->measure->spc != NULL && out_chart != NULL);
    int length = newest != NULL && newest->point_count > 0 ? choose_length(newest) : 0;

    if (length == 0) {
        c.state = room > 0 ? CHART_ROLLING : CHART_EMPTY;
    } else {
        c.points = malloc((room + 1) * sizeof *c.points);
        if (c.points == NULL)
            return -ENOMEM;
        if (in->before != NULL)
            add_points(&c, in, in->before, length, true);
        if (in->series != NULL && in->series != in->before)
            add_points(&c, in, in->series, length, false);
        int r = add_gaps(&c, length);

        c.starts = calloc(c.n + 1, sizeof *c.starts);
        if (r < 0 || c.starts == NULL)
            return -ENOMEM;
        c.state = CHART_GOOD;
        set_starts(&c, in);
        r = draw(&c, in->measure, in->target);
        if (r < 0)
            return r;
    }
    *out_chart = c;
    c = (struct control_chart){ .state = CHART_EMPTY };
    return 0;
}

void control_chart_release(struct control_chart *c)
{
    if (c == NULL)
        return;
    free(c->points);
    free(c->starts);
    spc_chart_release(&c->spc);
    *c = (struct control_chart){ .state = CHART_EMPTY };
}

/* ---- words ---- */

const char *chart_cause_words(enum spc_cause cause)
{
    static const char *const words[] = {
        [SPC_COMMON_CAUSE] = "",
        [SPC_ABOVE_LIMIT] = "a figure above the upper process limit",
        [SPC_BELOW_LIMIT] = "a figure below the lower process limit",
        [SPC_TREND_UP] = "seven or more figures in a row, each higher than the one before",
        [SPC_TREND_DOWN] = "seven or more figures in a row, each lower than the one before",
        [SPC_NEAR_ABOVE] = "two of three figures in a row close to the upper process limit",
        [SPC_NEAR_BELOW] = "two of three figures in a row close to the lower process limit",
        [SPC_SHIFT_ABOVE] = "seven or more figures in a row above the mean",
        [SPC_SHIFT_BELOW] = "seven or more figures in a row below the mean",
    };

    assert((size_t)cause < sizeof words / sizeof words[0]);
    return words[cause];
}

const char *chart_cause_name(enum spc_cause cause)
{
    static const char *const names[] = {
        [SPC_COMMON_CAUSE] = NULL,         [SPC_ABOVE_LIMIT] = "above-limit",
        [SPC_BELOW_LIMIT] = "below-limit", [SPC_TREND_UP] = "trend-up",
        [SPC_TREND_DOWN] = "trend-down",   [SPC_NEAR_ABOVE] = "near-above",
        [SPC_NEAR_BELOW] = "near-below",   [SPC_SHIFT_ABOVE] = "shift-above",
        [SPC_SHIFT_BELOW] = "shift-below",
    };

    assert((size_t)cause < sizeof names / sizeof names[0]);
    return names[cause];
}

const char *chart_variation_name(enum spc_variation v)
{
    static const char *const names[] = {
        [SPC_COMMON] = "common-cause",     [SPC_IMPROVEMENT] = "improvement",
        [SPC_CONCERN] = "concern",         [SPC_NEUTRAL_HIGH] = "neutral-high",
        [SPC_NEUTRAL_LOW] = "neutral-low",
    };

    assert((size_t)v < sizeof names / sizeof names[0]);
    return names[v];
}

const char *chart_assurance_name(enum spc_assurance a)
{
    static const char *const names[] = { [SPC_NO_ASSURANCE] = NULL,
                                         [SPC_HIT_OR_MISS] = "hit-or-miss",
                                         [SPC_PASS] = "pass",
                                         [SPC_FAIL] = "fail" };

    assert((size_t)a < sizeof names / sizeof names[0]);
    return names[a];
}

const char *chart_words(const struct control_chart *c)
{
    if (c->state == CHART_ROLLING)
        return "no chart: its periods overlap, and none of a single length is published";
    if (c->state == CHART_EMPTY)
        return "no chart: there is no figure yet";
    if (c->is_trial)
        return "too few figures for a chart that tells anything";
    switch (c->spc.variation) {
    case SPC_CONCERN:
        return "a change for the worse that chance does not explain";
    case SPC_IMPROVEMENT:
        return "a change for the better that chance does not explain";
    case SPC_NEUTRAL_HIGH:
    case SPC_NEUTRAL_LOW:
        return "a change that chance does not explain";
    case SPC_COMMON:
        break;
    }
    return "no more than chance explains";
}
