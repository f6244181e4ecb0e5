#include "notify/chart_item.h"

#include <math.h>
#include <stdio.h>

#include "notify/history.h"
#include "plan/control_chart.h"

#define AHEAD_DAYS 366 /* of the plan's milestones, beyond the newest figure; the next one always */

_Static_assert(HISTORY_MAX <= CHART_FIGURES_MAX, "each point of a history can be drawn");

/* ---- figures ---- */

static enum chart_mark mark_of(const struct item_view *v, enum spc_cause cause)
{
    switch (spc_variation_of(cause, v->item->finding->chart->options.improvement)) {
    case SPC_CONCERN:
        return CHART_WORSE;
    case SPC_IMPROVEMENT:
        return CHART_BETTER;
    case SPC_NEUTRAL_HIGH:
    case SPC_NEUTRAL_LOW:
        return CHART_CHANGED;
    case SPC_COMMON:
        break;
    }
    return CHART_UNMARKED;
}

static void add_figure(struct chart_drawing *d, const struct history_point *p)
{
    struct chart_figure *f = &d->figures[d->count++];

    *f =
        (struct chart_figure){ .end = p->end,
                               .value = p->told.has_value && isfinite(p->told.value) ? p->told.value
                                                                                     : NAN,
                               .low = p->told.low,
                               .high = p->told.high };
    f->is_hidden = *p->told.figure == '*';
    (void)snprintf(f->words, sizeof f->words, "%s", p->told.figure);
}

static bool is_same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* A segment is as long as what it rests on stays the same. */
static void add_limits(struct chart_drawing *d, const struct history_point *p)
{
    struct chart_limits *l = d->limit_count ? &d->limits[d->limit_count - 1] : NULL;

    if (l && is_same(l->mean, p->mean) && is_same(l->lower, p->lower) &&
        is_same(l->upper, p->upper)) {
        l->n++;
        return;
    }
    if (l)
        d->figures[d->count - 1].begins = true;
    d->limits[d->limit_count++] =
        (struct chart_limits){ d->count - 1, 1, p->mean, p->lower, p->upper };
}

/* ---- the plan ---- */

static void add_line(struct chart_drawing *d, struct civil_date date, double value,
                     bool is_milestone)
{
    if (d->milestone_count < CHART_MILESTONES_MAX)
        d->milestones[d->milestone_count++] = (struct chart_milestone){ date, value, is_milestone };
}

static bool has_hidden_line(const struct item_view *v)
{
    for (size_t i = 0; i < v->measure->expect_count; i++)
        if (figure_line_hidden(v->measure->expect[i].value, v->kind))
            return true;
    return false;
}

/* From what was in force at the first figure, by the milestones since, to those that come. */
static void add_milestones(struct chart_drawing *d, const struct item_view *v,
                           const struct history_point *first, struct civil_date last)
{
    const struct plan_measure *m = v->measure;
    bool has_next = false;

    if (isfinite(first->line))
        add_line(d, first->end, first->line, false);
    for (size_t i = 0; i < m->expect_count; i++) {
        struct civil_date date = m->expect[i].date;

        if (date_compare(date, first->end) <= 0 || (has_next && date.day > last.day + AHEAD_DAYS))
            continue;
        add_line(d, date, m->expect[i].value, true);
        has_next |= date_compare(date, last) > 0;
    }
    d->is_linear = m->linear;
}

/* A plan without milestones: its line, wherever it changes. */
static void add_steps(struct chart_drawing *d, const struct history *h)
{
    for (size_t i = 0; i < h->count; i++) {
        double line = h->points[i].line;

        if (isfinite(line) &&
            (!d->milestone_count || d->milestones[d->milestone_count - 1].value != line))
            add_line(d, h->points[i].end, line, false);
    }
}

void chart_of_item(const struct item_view *v, struct chart_drawing *out)
{
    struct history h;

    *out = (struct chart_drawing){ .unit = v->kind.unit,
                                   .is_xmr = v->item->alert->rule == RULE_SPECIAL_CAUSE };
    history_of(v, &h);
    for (size_t i = 0; i < h.count; i++) {
        add_figure(out, &h.points[i]);
        if (out->is_xmr) {
            add_limits(out, &h.points[i]);
            out->figures[i].mark = mark_of(v, h.points[i].mark);
        }
    }
    if (h.count == 0 || out->is_xmr)
        return;
    if (v->measure->expect_count && !has_hidden_line(v))
        add_milestones(out, v, &h.points[0], h.points[h.count - 1].end);
    else if (!v->measure->expect_count)
        add_steps(out, &h);
}
