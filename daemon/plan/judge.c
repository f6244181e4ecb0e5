/* The RAG rule of DESIGN section 4 for one version of one period. */
#include "plan/evaluate.h"

#include <assert.h>
#include <math.h>

/* 60 - 5 and a published 55 must meet although neither is exact in binary. */
#define JUDGE_EPSILON 1e-9

/* Where the true value lies, from the worse end to the better one. */
struct judged_range {
    double worst, best;
    double printed; /* what the tolerance is measured on */
};

static bool at_or_better(int polarity, double value, double line)
{
    double slack;

    if (isinf(value))
        return (value > 0) == (polarity == POLARITY_HIGHER);
    slack = JUDGE_EPSILON * fmax(1.0, fmax(fabs(value), fabs(line)));
    return polarity == POLARITY_HIGHER ? value >= line - slack : value <= line + slack;
}

double measure_line(const struct plan_measure *m, struct civil_date period_end)
{
    double line = NAN;

    assert(m != NULL);
    if (m->expect_count == 0)
        return m->has_target ? m->target : NAN;
    for (size_t i = 0; i < m->expect_count; i++) {
        if (date_compare(m->expect[i].date, period_end) > 0)
            break;
        line = m->expect[i].value;
    }
    return line;
}

/* Whether the version says anything about the size of the figure. */
static bool range_of(const struct plan_measure *m, const struct series_version *v,
                     struct judged_range *out_range)
{
    double low = v->low, high = v->high;

    if (v->marker == MARKER_NONE) {
        if (isnan(v->value))
            return false;
        /* A version without an interval is exact. */
        if (isnan(low) || isnan(high) || low > high)
            low = high = v->value;
    } else if (v->marker != MARKER_SUPPRESSED || !isfinite(low) || !isfinite(high) || low > high) {
        return false;
    }
    out_range->worst = m->polarity == POLARITY_HIGHER ? low : high;
    out_range->best = m->polarity == POLARITY_HIGHER ? high : low;
    /* Withheld within bounds: red only when even the better end is beyond the tolerance. */
    out_range->printed = v->marker == MARKER_NONE ? v->value : out_range->best;
    return true;
}

/* The last milestone, or the day by which the target was to be met. */
static bool final_date_reached(const struct plan_measure *m, struct civil_date end)
{
    if (m->expect_count > 0 && date_compare(end, m->expect[m->expect_count - 1].date) >= 0)
        return true;
    return date_is_set(m->target_by) && date_compare(end, m->target_by) >= 0;
}

static void judge_behind(const struct plan_measure *m, const struct judged_range *range,
                         struct period_judgement *j)
{
    double edge = m->polarity == POLARITY_HIGHER ? j->line - m->tolerance : j->line + m->tolerance;

    if (!final_date_reached(m, j->end) && at_or_better(m->polarity, range->printed, edge)) {
        j->event = PERIOD_AMBER;
        j->rag = RAG_AMBER;
    } else {
        j->event = PERIOD_RED;
        j->rag = RAG_RED;
    }
}

static void judge_met(const struct plan_measure *m, const struct judged_range *range,
                      struct period_judgement *j)
{
    bool target_met =
        m->expect_count > 0 && m->has_target && at_or_better(m->polarity, range->worst, m->target);
    double clear = m->has_clear ? m->clear : j->line;

    j->rag = target_met ? RAG_BLUE : RAG_GREEN;
    j->event = at_or_better(m->polarity, range->worst, clear) ? PERIOD_CLEAR : PERIOD_BETWEEN;
}

struct period_judgement measure_judge(const struct plan_measure *m, const struct series_version *v,
                                      struct civil_date period_start, struct civil_date period_end)
{
    struct period_judgement j = {
        .start = period_start,
        .end = period_end,
        .event = PERIOD_UNKNOWN,
        .rag = RAG_GREY,
        .version = v,
    };
    struct judged_range range = { NAN, NAN, NAN };

    assert(m != NULL && v != NULL);
    j.line = measure_line(m, period_end);
    if (isnan(j.line)) {
        if (m->expect_count > 0)
            j.event = PERIOD_NOT_DUE;
        return j;
    }
    if (v->gap) {
        j.holds = HOLD_GAP;
        return j;
    }
    if (!range_of(m, v, &range)) {
        j.holds = HOLD_NO_VALUE;
        return j;
    }
    if (at_or_better(m->polarity, range.worst, j.line)) {
        judge_met(m, &range, &j);
    } else if (!at_or_better(m->polarity, range.best, j.line)) {
        judge_behind(m, &range, &j);
    } else {
        /* Withheld and undecided is simply no value; a printed figure is too near the line. */
        j.holds =
            v->marker == MARKER_NONE ? HOLD_INDETERMINATE : HOLD_NO_VALUE | HOLD_INDETERMINATE;
        return j;
    }
    if (m->min_n > 0 && !isnan(v->denominator) && v->denominator < m->min_n)
        j.holds |= HOLD_MIN_N;
    return j;
}
