/* The RAG rule of DESIGN section 4 for one version of one period. */
#include "plan/evaluate.h"

#include <assert.h>
#include <math.h>

/* 60 - 5 and a published 55 must meet although neither is exact in binary. */
#define JUDGE_EPSILON 1e-9

/* Where the true figure lies. */
struct judged_range {
    double low, high;
    double printed;     /* what the tolerance is measured on */
    bool by_better_end; /* then its better end is: no number says where in the range it lies */
    bool is_withheld;
};

/* How far the figure is on the wrong side of a line: 0 or less is at it or better. */
struct excess {
    double best, worst, printed;
};

/* Whether the version says anything about the size of the figure. */
static bool range_of(const struct series_version *v, struct judged_range *out_range)
{
    double low = v->low, high = v->high;

    if (v->marker == MARKER_NONE) {
        if (isnan(v->value))
            return false;
        /* A version without an interval is exact. */
        if (isnan(low) || isnan(high) || low > high)
            low = high = v->value;
    } else if (v->marker == MARKER_NOT_APPLICABLE || !isfinite(low) || !isfinite(high) ||
               low > high) {
        return false;
    }
    *out_range = (struct judged_range){ low, high, v->value, v->marker != MARKER_NONE || v->untold,
                                        v->marker != MARKER_NONE };
    return true;
}

/* Whether a figure that nobody can see may count as better. One that was not submitted never does, and of one
 * that was withheld only bounds that tell more than that it is a count, or a share. What is worse at any
 * bound is worse all the same: missing data must never look like improvement. */
static bool may_be_met(const struct plan_measure *m, const struct judged_range *range,
                       enum marker marker, const struct plan_line *line)
{
    if (marker != MARKER_SUPPRESSED)
        return marker == MARKER_NONE;
    return m->polarity == POLARITY_HIGHER ? line->high > 0
                                          : range->low > 0 || range->high < 100; /* per cent */
}

/* What lies in the slack of binary fractions about 0 is 0. */
static double tidied(double excess, double value, double line)
{
    double size;

    /* Far from 0, as most are; what is not finite is not told by this. */
    if (fabs(excess) > JUDGE_EPSILON * (1 + fabs(value) + fabs(line)))
        return excess;
    size = fmax(1.0, fmax(isfinite(value) ? fabs(value) : 0, fabs(line)));

    return fabs(excess) <= JUDGE_EPSILON * size ? 0 : excess;
}

/* Whether the figure, wherever it lies, is at a line or better. */
static bool is_met(const struct plan_measure *m, const struct judged_range *range,
                   const struct plan_line *line)
{
    double worst;

    switch ((enum polarity)m->polarity) {
    case POLARITY_HIGHER:
        worst = line->high - range->low;
        break;
    case POLARITY_LOWER:
        worst = range->high - line->low;
        break;
    default:
        worst = fmax(fabs(range->low - line->high), fabs(range->high - line->low)) - m->rule.within;
    }
    return tidied(worst, range->printed, line->value) <= 0;
}

static struct excess excess_over(const struct plan_measure *m, const struct judged_range *range,
                                 const struct plan_line *line)
{
    /* "Never" and an unbounded interval leave infinities, which compare as they should. */
    double low = range->low - line->high, high = range->high - line->low;
    struct excess e;

    switch ((enum polarity)m->polarity) {
    case POLARITY_HIGHER:
        e = (struct excess){ -high, -low, 0 };
        break;
    case POLARITY_LOWER:
        e = (struct excess){ low, high, 0 };
        break;
    default:
        e.worst = fmax(fabs(low), fabs(high)) - m->rule.within;
        e.best = (low <= 0 && high >= 0 ? 0 : fmin(fabs(low), fabs(high))) - m->rule.within;
    }
    bool is_exact = e.best == e.worst;

    e.best = tidied(e.best, range->printed, line->value);
    e.worst = is_exact ? e.best : tidied(e.worst, range->printed, line->value);
    e.printed = range->by_better_end ? e.best : measure_behind_by(m, range->printed, line->value);
    return e;
}

static void judge_behind(const struct plan_measure *m, const struct judged_range *range,
                         const struct excess *by, struct period_judgement *j)
{
    struct civil_date last = measure_last_date(m);
    bool is_over = date_is_set(last) && date_compare(j->end, last) >= 0;
    bool within = tidied(by->printed - m->tolerance, range->printed, j->line) <= 0;

    if (!is_over && within) {
        j->event = PERIOD_AMBER;
        j->rag = RAG_AMBER;
    } else {
        j->event = PERIOD_RED;
        j->rag = RAG_RED;
    }
}

static void judge_met(const struct plan_measure *m, const struct judged_range *range,
                      const struct line_source *from, struct period_judgement *j)
{
    struct plan_line clear = { m->clear, m->clear, m->clear };

    j->rag = RAG_GREEN;
    if (m->expect_count > 0) {
        struct plan_line target = measure_target(m, from, j->end);

        if (!isnan(target.value) && is_met(m, range, &target))
            j->rag = RAG_BLUE;
    }
    j->event = !m->has_clear || is_met(m, range, &clear) ? PERIOD_CLEAR : PERIOD_BETWEEN;
}

void measure_judge(const struct plan_measure *m, const struct line_source *from,
                   const struct series_version *v, struct civil_date period_start,
                   struct civil_date period_end, struct period_judgement *out_judgement)
{
    struct period_judgement *j = out_judgement;
    struct judged_range range;
    struct plan_line line;
    struct excess by;

    assert(m != NULL && v != NULL && j != NULL);
    line = measure_line(m, from, period_end);
    *j = (struct period_judgement){
        .start = period_start,
        .end = period_end,
        .event = PERIOD_UNKNOWN,
        .rag = RAG_GREY,
        .line = line.value,
        .version = v,
    };
    if (isnan(line.value)) {
        if (m->expect_count > 0)
            j->event = PERIOD_NOT_DUE;
        else if (m->rule.kind != TARGET_NONE)
            j->holds = HOLD_NO_LINE;
        return;
    }
    if (v->gap) {
        j->holds = HOLD_GAP;
        return;
    }
    if (!range_of(v, &range)) {
        j->holds = HOLD_NO_VALUE;
        return;
    }
    by = excess_over(m, &range, &line);
    if (by.worst <= 0 && !may_be_met(m, &range, v->marker, &line)) {
        j->holds = HOLD_NO_VALUE;
        return;
    }
    if (by.worst <= 0) {
        judge_met(m, &range, from, j);
    } else if (by.best > 0) {
        judge_behind(m, &range, &by, j);
    } else {
        /* Withheld and undecided is simply no value; a printed figure is too near the line. */
        j->holds = range.is_withheld ? HOLD_NO_VALUE | HOLD_INDETERMINATE : HOLD_INDETERMINATE;
        return;
    }
    /* Of a survey that does not say how many answered nothing is taken as better. */
    if (m->min_n > 0 &&
        (v->denominator < m->min_n || (m->survey.every.count > 0 && isnan(v->denominator))))
        j->holds |= HOLD_MIN_N;
}
