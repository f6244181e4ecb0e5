#include "metric/spc.h"

/* Each rule marks over what the one before it marked: the last that holds is named. */

/*
 * Marks the runs of so many steps that are one and not 0. Most runs are short and end where chance has
 * it, so the loop branches on the long ones alone.
 */
struct run {
    int step;
    size_t length; /* steps so far */
};

static bool run_is_long(struct run *r, int step, size_t least)
{
    r->length = (r->length & -(size_t)(step == r->step)) + 1;
    r->step = step;
    return r->length >= least && step != 0;
}

static void mark_shifts(size_t n, struct spc_point *points)
{
    struct run run = { 0, 0 };

    for (size_t i = 0; i < n; i++) {
        if (!run_is_long(&run, points[i].side, SPC_RUN_POINTS))
            continue;
        for (size_t k = run.length == SPC_RUN_POINTS ? i + 1 - run.length : i; k <= i; k++)
            points[k].cause = run.step > 0 ? SPC_SHIFT_ABOVE : SPC_SHIFT_BELOW;
    }
}

static void mark_near(size_t n, struct spc_point *points)
{
    for (size_t first = 0; first + 3 <= n; first++) {
        struct spc_point *p = points + first;

        if (p[0].near + p[1].near + p[2].near < 2 || p[0].side == 0 || p[0].side != p[1].side ||
            p[0].side != p[2].side)
            continue;
        for (size_t i = 0; i < 3; i++)
            if (p[i].near)
                p[i].cause = p[i].side > 0 ? SPC_NEAR_ABOVE : SPC_NEAR_BELOW;
    }
}

/* From the value before to this one; 0 where either is missing. */
static int step_to(const double *values, size_t i)
{
    return (values[i] > values[i - 1]) - (values[i] < values[i - 1]);
}

static bool is_trend(const struct spc_point *p)
{
    return p->cause == SPC_TREND_UP || p->cause == SPC_TREND_DOWN;
}

static void mark_trends(const double *values, size_t n, struct spc_point *points)
{
    struct run run = { 0, 0 };
    bool is_any = false;

    for (size_t i = 1; i < n; i++) {
        if (!run_is_long(&run, step_to(values, i), SPC_RUN_POINTS - 1))
            continue;
        for (size_t k = run.length == SPC_RUN_POINTS - 1 ? i - run.length : i; k <= i; k++)
            points[k].cause = SPC_TREND_UP;
        is_any = true;
    }
    if (!is_any)
        return;
    /* A point is named by the step that leads on to a marked one, else by the step that led to it:
     * where two trends meet, by the one that follows. The package takes what does not rise for
     * falling, which names the last point of a rising trend so where an equal value parts it from
     * the next; kept, since figures are to agree with it. */
    for (size_t i = 0; i < n; i++) {
        bool leads_on = i + 1 < n && is_trend(&points[i + 1]);

        if (is_trend(&points[i]) && step_to(values, leads_on ? i + 1 : i) <= 0)
            points[i].cause = SPC_TREND_DOWN;
    }
}

void spc_rules(const double *values, size_t n, struct spc_point *points)
{
    for (size_t i = 0; i < n; i++)
        points[i].cause = SPC_COMMON_CAUSE;
    mark_shifts(n, points);
    mark_near(n, points);
    mark_trends(values, n, points);
    for (size_t i = 0; i < n; i++)
        if (points[i].outside)
            points[i].cause = points[i].side > 0 ? SPC_ABOVE_LIMIT : SPC_BELOW_LIMIT;
}

int spc_cause_direction(enum spc_cause cause)
{
    static const signed char directions[] = {
        [SPC_COMMON_CAUSE] = 0, [SPC_ABOVE_LIMIT] = 1, [SPC_BELOW_LIMIT] = -1,
        [SPC_TREND_UP] = 1,     [SPC_TREND_DOWN] = -1, [SPC_NEAR_ABOVE] = 1,
        [SPC_NEAR_BELOW] = -1,  [SPC_SHIFT_ABOVE] = 1, [SPC_SHIFT_BELOW] = -1,
    };

    return directions[cause];
}

enum spc_variation spc_variation_of(enum spc_cause cause, enum spc_improvement improvement)
{
    int direction = spc_cause_direction(cause);

    if (direction == 0)
        return SPC_COMMON;
    if (improvement == SPC_NEUTRAL)
        return direction > 0 ? SPC_NEUTRAL_HIGH : SPC_NEUTRAL_LOW;
    return direction == (int)improvement ? SPC_IMPROVEMENT : SPC_CONCERN;
}
