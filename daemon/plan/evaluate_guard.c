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

/* What guards the headline, while its periods go by. */
struct guard {
    const struct finding *finding;
    size_t before, now; /* so many of its periods end up to the ends of the two that are compared */
};

#define FETCH_AHEAD 8 /* periods */

static void fetch_version(const struct finding *f, size_t at)
{
    if (at + FETCH_AHEAD < f->history_count)
        series_fetch(f->history[at + FETCH_AHEAD].version);
}

/* The newest judged period that ends on or before a date, or NULL. *n: as of an earlier date. */
static const struct period_judgement *judged_upto(const struct finding *f, struct civil_date upto,
                                                  size_t *n)
{
    while (*n < f->history_count && date_compare(f->history[*n].end, upto) <= 0)
        (*n)++;
    return *n > 0 ? &f->history[*n - 1] : NULL;
}

/* Makes *event worse: masking before unknown before clear. */
static bool judge_guard(const struct finding *headline, struct guard *g,
                        const struct period_judgement *before, const struct period_judgement *now,
                        struct period_judgement *out)
{
    const struct finding *guard = g->finding;
    const struct period_judgement *a = judged_upto(guard, before->end, &g->before);
    const struct period_judgement *b = judged_upto(guard, now->end, &g->now);
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
    f->detail = text_take(&detail);
    return f->detail != NULL ? 0 : -ENOMEM;
}

/* The judged period so many before the newest. */
static const struct period_judgement *last_of(const struct finding *f, size_t before)
{
    assert(before < f->history_count);
    return &f->history[f->history_count - 1 - before];
}

/* Each period of the headline. *out_masked: what guards it and worsened, in the newest one; or NULL. */
static int judge_periods(const struct finding *measures, const struct finding *headline,
                         struct finding *f, const struct finding **out_masked)
{
    const struct plan_measure *m = headline->measure;
    size_t over = (size_t)m->guard_over;
    struct guard *guards = calloc(m->guards.count, sizeof *guards);

    *out_masked = NULL;
    if (guards == NULL)
        return -ENOMEM;
    for (size_t k = 0; k < m->guards.count; k++)
        guards[k].finding = finding_of(measures, f->plan, m->guards.items[k]);
    for (size_t i = 0; i < headline->history_count; i++) {
        const struct period_judgement *now = &headline->history[i];
        struct period_judgement *out = &f->history[f->history_count++];

        fetch_version(headline, i);
        for (size_t k = 0; k < m->guards.count; k++)
            fetch_version(guards[k].finding, guards[k].now);

        *out = *now;
        out->line = NAN;
        out->event = i < over ? PERIOD_UNKNOWN : PERIOD_CLEAR;
        if (i >= over)
            out->holds |= headline->history[i - over].holds;
        *out_masked = NULL;
        for (size_t k = 0; k < m->guards.count && i >= over; k++)
            if (judge_guard(headline, &guards[k], &headline->history[i - over], now, out))
                *out_masked = guards[k].finding;
        out->rag = out->event == PERIOD_AMBER   ? RAG_AMBER
                   : out->event == PERIOD_CLEAR ? RAG_GREEN
                                                : RAG_GREY;
    }
    free(guards);
    return 0;
}

int evaluate_guard(const struct finding *measures, const struct finding *headline,
                   struct finding *f)
{
    const struct plan_measure *m = headline->measure;
    const struct finding *masked = NULL;
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
    f->history = malloc((headline->history_count + 1) * sizeof *f->history);
    if (f->title == NULL || f->history == NULL)
        return -ENOMEM;
    r = judge_periods(measures, headline, f, &masked);
    if (r == 0 && masked != NULL)
        r = say_masking(masked, last_of(headline, (size_t)m->guard_over), last_of(headline, 0), f);
    f->holds_now = headline->holds_now;
    for (size_t k = 0; k < m->guards.count; k++)
        f->holds_now |= finding_of(measures, f->plan, m->guards.items[k])->holds_now;
    last = f->history_count > 0 ? &f->history[f->history_count - 1] : NULL;
    f->rag = last != NULL ? last->rag : RAG_GREY;
    f->holds = f->holds_now | (last != NULL ? last->holds : HOLD_NO_VALUE);
    return r;
}
