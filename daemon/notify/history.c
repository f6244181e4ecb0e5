#include "notify/history.h"

#include <math.h>
#include <stdio.h>

#include "base/auto.h"
#include "plan/control_chart.h"
#include "plan/line.h"

/* ---- figures and lines ---- */

static void set_line(const struct item_view *v, struct history_point *p, double line)
{
    if (isnan(line))
        return;
    if (figure_line_hidden(line, v->kind)) {
        (void)snprintf(p->line_text, sizeof p->line_text, FIGURE_LINE_HIDDEN);
        return;
    }
    p->line = line;
    (void)figure_amount(line, v->kind.unit, p->line_text);
    p->is_behind = p->told.has_value && measure_behind_by(v->measure, p->told.value, line) > 0;
}

/* The point that the item tells of says what the item says. */
static void set_own(const struct item_view *v, struct history_point *p)
{
    (void)snprintf(p->told.figure, sizeof p->told.figure, "%.*s", FIGURE_MAX - 1, v->figure);
    p->told.has_value = v->has_value;
    p->told.value = v->value;
}

static struct history_point *add(const struct item_view *v, struct history *h,
                                 struct civil_date start, struct civil_date end,
                                 const struct series_version *version)
{
    struct history_point *p = &h->points[h->count++];

    *p = (struct history_point){
        .start = start, .end = end, .line = NAN, .mean = NAN, .lower = NAN, .upper = NAN
    };
    told_figure(v->context, v->measure, v->kind, (struct period){ start, end }, version, false,
                &p->told);
    if (version && version == v->version)
        set_own(v, p);
    return p;
}

static size_t first_of(size_t count)
{
    return count > HISTORY_MAX ? count - HISTORY_MAX : 0;
}

static void add_judged(const struct item_view *v, const struct finding *f, struct history *h)
{
    for (size_t i = first_of(f->history_count); i < f->history_count; i++) {
        const struct period_judgement *j = &f->history[i];

        set_line(v, add(v, h, j->start, j->end, j->version), j->line);
    }
}

/* ---- the chart ---- */

static void mark(struct history *h, const struct spc_chart *spc, size_t first)
{
    for (size_t i = 0; i < h->count; i++) {
        const struct spc_point *point = &spc->points[first + i];
        const struct spc_segment *s = &spc->segments[point->segment];

        h->points[i].mark = point->cause;
        h->points[i].mean = s->mean;
        h->points[i].lower = s->lower;
        h->points[i].upper = s->upper;
    }
}

/* As if what is shown were all there is. */
static void mark_of_shown(struct history *h, const struct control_chart *c, size_t first)
{
    double values[HISTORY_MAX];
    AUTO(spc_chart_release) struct spc_chart spc = SPC_CHART_INIT;

    for (size_t i = 0; i < h->count; i++)
        values[i] = h->points[i].told.has_value ? h->points[i].told.value : NAN;
    if (spc_chart(values, c->starts ? c->starts + first : NULL, h->count, &c->options, &spc) == 0)
        mark(h, &spc, 0);
}

static void add_charted(const struct item_view *v, const struct control_chart *c, struct history *h)
{
    size_t first = first_of(c->n);
    const struct plan_measure *charted = measure_charted(v->measure);

    for (size_t i = first; i < c->n; i++) {
        const struct chart_point *p = &c->points[i];
        struct item_view of = *v;

        of.measure = charted;
        (void)add(&of, h, p->start, p->end, p->version);
    }
    if (v->kind.published)
        mark(h, &c->spc, first);
    else
        mark_of_shown(h, c, first);
}

void history_of(const struct item_view *v, struct history *out)
{
    const struct finding *f = v->item->finding;

    out->count = 0;
    if (!f || !v->measure)
        return;
    if (v->item->alert->rule == RULE_SPECIAL_CAUSE && f->chart && f->chart->state == CHART_GOOD)
        add_charted(v, f->chart, out);
    else if (v->item->alert->rule == RULE_BEHIND_PLAN)
        add_judged(v, f, out);
}
