#include "plan/line.h"

#include <assert.h>
#include <math.h>

static const struct plan_line no_line = { NAN, NAN, NAN };

static struct plan_line exactly(double value)
{
    return (struct plan_line){ value, value, value };
}

struct plan_line line_of_version(const struct series_version *v)
{
    if (v->gap || v->marker != MARKER_NONE || !isfinite(v->value))
        return no_line;
    if (isnan(v->low) || isnan(v->high) || v->low > v->high)
        return exactly(v->value);
    return (struct plan_line){ v->value, v->low, v->high };
}

/* How many points end on or before a date. */
static size_t count_upto(const struct series *s, struct civil_date upto)
{
    size_t low = 0, high = s->point_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (date_compare(s->points[middle].period_end, upto) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct plan_line line_of_point(const struct series_point *p)
{
    return line_of_version(series_current(p));
}

/* The figure of the period that ends on a date; of two such periods, the shorter one. */
static struct plan_line figure_on(const struct series *s, struct civil_date end)
{
    size_t n = s != NULL ? count_upto(s, end) : 0;

    if (n == 0 || date_compare(s->points[n - 1].period_end, end) != 0)
        return no_line;
    return line_of_point(&s->points[n - 1]);
}

const struct series_point *series_newest_figure(const struct series *s, struct civil_date upto)
{
    for (size_t n = s != NULL ? count_upto(s, upto) : 0; n > 0; n--)
        if (!isnan(line_of_point(&s->points[n - 1]).value))
            return &s->points[n - 1];
    return NULL;
}

static struct plan_line baseline_of(const struct plan_measure *m, const struct series *own)
{
    if (m->baseline.has_value)
        return exactly(m->baseline.value);
    return date_is_set(m->baseline.date) ? figure_on(own, m->baseline.date) : no_line;
}

static struct plan_line changed(struct plan_line from, const struct target_rule *rule)
{
    double factor = rule->change_is_share ? 1 + rule->change / 100 : 1;
    double step = rule->change_is_share ? 0 : rule->change;

    return (struct plan_line){ from.value * factor + step, from.low * factor + step,
                               from.high * factor + step };
}

static struct plan_line comparator_of(const struct figure_ref *ref, const struct series *s,
                                      struct civil_date period_end)
{
    const struct series_point *p;

    if (date_is_set(ref->frozen))
        return figure_on(s, ref->frozen);
    p = series_newest_figure(s, period_end);
    return p != NULL ? line_of_point(p) : no_line;
}

#define TREND_PERIODS_MAX 60 /* what plan.yaml may ask for */

/*
 * The figure with which the straight line of least squares through it and the figures before it is
 * level. Its slope is the sum of (x - mean x) y over that of the squares, so with the others given
 * it is level for just one y, and steeper for a greater one.
 */
static struct plan_line level_of(const struct series *s, struct civil_date end, size_t periods)
{
    struct plan_line y[TREND_PERIODS_MAX], level = { 0, 0, 0 };
    double x[TREND_PERIODS_MAX], sum = end.day, last = end.day;
    size_t count = 0, n = s != NULL ? count_upto(s, date_add_days(end, -1)) : 0;

    assert(periods >= 3 && periods <= TREND_PERIODS_MAX);
    for (; n > 0 && count + 1 < periods; n--) {
        const struct series_point *p = &s->points[n - 1];
        struct plan_line figure = line_of_point(p);

        if (isnan(figure.value) || (count > 0 && x[count - 1] == p->period_end.day))
            continue;
        x[count] = p->period_end.day;
        y[count] = figure;
        sum += x[count++];
    }
    if (count + 1 < periods)
        return no_line;
    for (size_t i = 0; i < count; i++) {
        double mean = sum / (double)(count + 1);
        double weight = -(x[i] - mean) / (last - mean);

        level.value += weight * y[i].value;
        level.low += weight * (weight > 0 ? y[i].low : y[i].high);
        level.high += weight * (weight > 0 ? y[i].high : y[i].low);
    }
    return level;
}

struct plan_line measure_target(const struct plan_measure *m, const struct line_source *from,
                                struct civil_date period_end)
{
    static const struct line_source nothing = { NULL, NULL };

    assert(m != NULL);
    if (from == NULL)
        from = &nothing;
    if (m->has_target)
        return exactly(m->target);
    switch ((enum target_kind)m->rule.kind) {
    case TARGET_CHANGE:
        return changed(baseline_of(m, from->own), &m->rule);
    case TARGET_STABILISE:
        return baseline_of(m, from->own);
    case TARGET_COMPARATOR:
        return comparator_of(m->rule.comparator, from->comparator, period_end);
    case TARGET_LEVEL:
        return level_of(from->own, period_end, (size_t)m->rule.periods);
    case TARGET_NONE:
    case TARGET_THRESHOLD:
    case TARGET_NONE_OVER:
    case TARGET_PERCENTILE:
    case TARGET_CLOSE_TO:
        break;
    }
    return no_line;
}

/* Between two milestones, by days. */
static double between(const struct milestone *a, const struct milestone *b, struct civil_date on)
{
    double share = (double)(on.day - a->date.day) / (double)(b->date.day - a->date.day);

    return a->value + share * (b->value - a->value);
}

/* The milestone in force, or where asked what lies between it and the next. */
static struct plan_line milestone_line(const struct plan_measure *m, struct civil_date period_end)
{
    size_t n = m->expect_count;

    while (n > 0 && date_compare(m->expect[n - 1].date, period_end) > 0)
        n--;
    if (n == 0)
        return no_line;
    if (m->linear && n < m->expect_count)
        return exactly(between(&m->expect[n - 1], &m->expect[n], period_end));
    return exactly(m->expect[n - 1].value);
}

/* From the day by which the target was to be met a milestone short of it is no line any more. */
static bool is_short(const struct plan_measure *m, const struct plan_line *milestone,
                     const struct plan_line *target)
{
    return isnan(milestone->value) || m->polarity == POLARITY_CLOSE ||
           isnan(target->value) || /* and nothing is met by a line that is not known */
           measure_behind_by(m, milestone->value, target->value) > 0;
}

struct plan_line measure_line(const struct plan_measure *m, const struct line_source *from,
                              struct civil_date period_end)
{
    struct plan_line line, target;

    assert(m != NULL);
    if (m->expect_count == 0)
        return measure_target(m, from, period_end);
    line = milestone_line(m, period_end);
    if (!date_is_set(m->target_by) || date_compare(period_end, m->target_by) < 0)
        return line;
    target = measure_target(m, from, period_end);
    return is_short(m, &line, &target) ? target : line;
}

double measure_behind_by(const struct plan_measure *m, double value, double line)
{
    switch ((enum polarity)m->polarity) {
    case POLARITY_HIGHER:
        return line - value;
    case POLARITY_LOWER:
        return value - line;
    case POLARITY_CLOSE:
        break;
    }
    return fabs(value - line) - m->rule.within;
}
