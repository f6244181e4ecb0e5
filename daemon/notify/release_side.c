#include "notify/release_side.h"

#include <math.h>

#include "plan/line.h"

#define EDGE                                                                                       \
    1e-6 /* what is on one side of a line alone is so far from it, where it is no whole number */
#define ALIKE 1e-9 /* as plan/judge.c takes two binary fractions for one number */

static const struct side_range anywhere = { -INFINITY, INFINITY };

/* At most the line, or at least: as it is met. */
static bool is_met(double value, double line, bool is_floor)
{
    double slack = ALIKE * (1 + fabs(line));

    return is_floor ? value >= line - slack : value <= line + slack;
}

static struct side_range beside(double value, double line, bool is_floor, bool is_whole)
{
    struct side_range r = anywhere;
    bool met = is_met(value, line, is_floor);

    if (isnan(line) || isnan(value))
        return r;
    if (is_floor && met)
        r.low = is_whole ? ceil(line) : line;
    else if (is_floor)
        r.high = is_whole ? ceil(line) - 1 : line - EDGE;
    else if (met)
        r.high = is_whole ? floor(line) : line;
    else
        r.low = is_whole ? floor(line) + 1 : line + EDGE;
    return r;
}

static struct side_range both(struct side_range a, struct side_range b)
{
    return (struct side_range){ fmax(a.low, b.low), fmin(a.high, b.high) };
}

/* Of a line with so much room on the side of those that are behind. */
static struct side_range with_room(const struct plan_measure *m, double value, double line,
                                   double room, bool is_whole)
{
    switch ((enum polarity)m->polarity) {
    case POLARITY_HIGHER:
        return beside(value, line - room, true, is_whole);
    case POLARITY_LOWER:
        return beside(value, line + room, false, is_whole);
    default:
        room += m->rule.within;
        return both(beside(value, line - room, true, is_whole),
                    beside(value, line + room, false, is_whole));
    }
}

struct side_range side_of_line(const struct plan_measure *m, double value, double line,
                               bool is_whole)
{
    return with_room(m, value, line, 0, is_whole);
}

bool side_differs(const struct plan_measure *m, double a, double b, double line)
{
    const struct side_range of = side_of_line(m, a, line, false);

    return b < of.low || b > of.high;
}

static bool is_judged(const struct period_judgement *j)
{
    switch (j->event) {
    case PERIOD_CLEAR:
    case PERIOD_BETWEEN:
    case PERIOD_AMBER:
    case PERIOD_RED:
    case PERIOD_PROJECTED:
        return true;
    case PERIOD_UNKNOWN:
    case PERIOD_NOT_DUE:
    case PERIOD_PROJECTION_OVER:
        break;
    }
    return false;
}

/* Behind a line that is not told, where more is worse: somebody there is. */
static struct side_range of_hidden(const struct plan_measure *m, double value, double line)
{
    struct side_range r = anywhere;

    if (m->polarity == POLARITY_LOWER && value > line)
        r.low = 1;
    return r;
}

struct side_range side_of_judged(const struct finding *f, const struct period_judgement *j,
                                 double value, struct figure_kind kind, bool is_whole)
{
    const struct plan_measure *m = f->measure;
    struct side_range r = anywhere;
    double target = m->expect_count ? measure_target(m, &f->line_from, j->end).value : NAN;

    if (!is_judged(j) || isnan(j->line) || isnan(value))
        return r;
    if (figure_line_hidden(j->line, kind))
        r = of_hidden(m, value, j->line);
    else
        r = side_of_line(m, value, j->line, is_whole);
    if (!isnan(target) && !figure_line_hidden(target, kind))
        r = both(r, side_of_line(m, value, target, is_whole));
    if (figure_veiled(m, j->line, kind))
        return r;
    if (m->tolerance > 0)
        r = both(r, with_room(m, value, j->line, m->tolerance, is_whole));
    if (m->has_clear)
        r = both(r, side_of_line(m, value, m->clear, is_whole));
    return r;
}
