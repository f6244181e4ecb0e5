/*
 * evaluate_guard - a headline must not improve while what guards it worsens
 *
 * Each data period of the headline is compared with the one `guard_over` before it; the guard's
 * figures are the newest known at the ends of the two. An interval improves only where its worse
 * end is better than the better end of the other, and the guard must worsen by more than its own
 * tolerance. Where a figure is not known the period is unknown, never fine.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plan/evaluate_beside.h"

/* By how much the figure became better at least; NAN: one of the two is not known. */
static double improved_by(const struct plan_measure *m, const struct period_judgement *before,
                          const struct period_judgement *now, double line)
{
    struct plan_line a = line_of_version(before->version), b = line_of_version(now->version);

    if (isnan(a.value) || isnan(b.value))
        return NAN;
    switch ((enum polarity)m->polarity) {
    case POLARITY_HIGHER:
        return b.low - a.high;
    case POLARITY_LOWER:
        return a.low - b.high;
    case POLARITY_CLOSE:
        break;
    }
    return measure_behind_by(m, a.value, line) - measure_behind_by(m, b.value, line);
}

/* By how much it became worse at least. */
static double worsened_by(const struct plan_measure *m, const struct period_judgement *before,
                          const struct period_judgement *now, double line)
{
    return improved_by(m, now, before, line);
}

/* The newest judged period that ends on or before a date, or NULL. */
static const struct period_judgement *judged_upto(const struct finding *f, struct civil_date upto)
{
    for (size_t i = f->history_count; i > 0; i--)
        if (date_compare(f->history[i - 1].end, upto) <= 0)
            return &f->history[i - 1];
    return NULL;
}

/* Makes *event worse: masking before unknown before clear. */
static bool judge_guard(const struct finding *headline, const struct finding *guard,
                        const struct period_judgement *before, const struct period_judgement *now,
                        struct period_judgement *out)
{
    const struct period_judgement *a = judged_upto(guard, before->end);
    const struct period_judgement *b = judged_upto(guard, now->end);
    double better, worse;

    if (a == NULL || b == NULL || a == b) {
        if (out->event == PERIOD_CLEAR)
            out->event = PERIOD_UNKNOWN;
        return false;
    }
    better = improved_by(headline->measure, before, now, headline->line);
    worse = worsened_by(guard->measure, a, b, guard->line);
    out->holds |= a->holds | b->holds;
    if (better > 0 && worse > guard->measure->tolerance) {
        out->event = PERIOD_AMBER;
        return true;
    }
    if ((isnan(better) || isnan(worse)) && out->event == PERIOD_CLEAR)
        out->event = PERIOD_UNKNOWN;
    return false;
}

static const struct finding *finding_of(const struct finding *measures, const struct plan *p,
                                        const char *id)
{
    size_t i = 0;

    while (i < p->measure_count && strcmp(p->measures[i].id, id) != 0)
        i++;
    assert(i < p->measure_count); /* the plan was checked */
    return &measures[i];
}

static int say_masking(const struct finding *guard, const struct period_judgement *before,
                       const struct period_judgement *now, struct finding *f)
{
    struct text detail = TEXT_INIT;
    char from[32], to[32];

    text_printf(&detail,
                "it improved from the period to %s to that to %s, while what guards it worsened: "
                "%s",
                finding_date(before->end, from), finding_date(now->end, to), guard->measure->title);
    free(f->detail);
    f->detail = text_take(&detail);
    return f->detail != NULL ? 0 : -ENOMEM;
}

/* Each period of the headline; the newest one's words stay. */
static int judge_periods(const struct finding *measures, const struct finding *headline,
                         struct finding *f)
{
    const struct plan_measure *m = headline->measure;
    size_t over = (size_t)m->guard_over;
    int r = 0;

    for (size_t i = 0; i < headline->history_count && r == 0; i++) {
        const struct period_judgement *now = &headline->history[i];
        struct period_judgement *out = &f->history[f->history_count++];

        *out = *now;
        out->line = NAN;
        out->event = i < over ? PERIOD_UNKNOWN : PERIOD_CLEAR;
        if (i >= over)
            out->holds |= headline->history[i - over].holds;
        free(f->detail);
        f->detail = NULL;
        for (size_t k = 0; k < m->guards.count && i >= over && r == 0; k++) {
            const struct finding *guard = finding_of(measures, f->plan, m->guards.items[k]);

            if (judge_guard(headline, guard, &headline->history[i - over], now, out))
                r = say_masking(guard, &headline->history[i - over], now, f);
        }
        out->rag = out->event == PERIOD_AMBER   ? RAG_AMBER
                   : out->event == PERIOD_CLEAR ? RAG_GREEN
                                                : RAG_GREY;
    }
    return r;
}

int evaluate_guard(const struct finding *measures, const struct finding *headline,
                   struct finding *f)
{
    const struct plan_measure *m = headline->measure;
    const struct period_judgement *last;
    int r;

    f->rule = RULE_GUARD;
    f->plan = headline->plan;
    f->measure = m;
    f->action = headline->action;
    f->owner = headline->owner;
    f->series = headline->series;
    f->line = f->target = NAN;
    f->plan_expired = headline->plan_expired;
    f->title = strdup(m->title);
    f->history = calloc(headline->history_count + 1, sizeof *f->history);
    if (f->title == NULL || f->history == NULL)
        return -ENOMEM;
    r = judge_periods(measures, headline, f);
    f->holds_now = headline->holds_now;
    for (size_t k = 0; k < m->guards.count; k++)
        f->holds_now |= finding_of(measures, f->plan, m->guards.items[k])->holds_now;
    last = f->history_count > 0 ? &f->history[f->history_count - 1] : NULL;
    f->rag = last != NULL ? last->rag : RAG_GREY;
    f->holds = f->holds_now | (last != NULL ? last->holds : HOLD_NO_VALUE);
    return r;
}
