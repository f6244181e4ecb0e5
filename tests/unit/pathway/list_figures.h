/*
 * list_figures - figures of a list against the reference's, which looks at every clock by itself
 *
 * Stocks at the end of a window and flows over it, of every clock, of all and of what a measure selects.
 * A stop that nobody explained may have been a completion, or a person removed unseen. Header only.
 */
#ifndef UNIT_PATHWAY_LIST_FIGURES_H
#define UNIT_PATHWAY_LIST_FIGURES_H

#include <math.h>

#include "metric/pathway_select.h"
#include "unit/pathway/list_reference.h"

#define FIGURE_LINE_DAYS 28 /* the wait of these metrics */

/* What is known of one window, by looking at each. */
struct ref_figures {
    int waits[REF_PATHWAYS * 40], open; /* days waited of those who wait at its end, ascending */
    int over, starts, stops, completed, within, unseen, unknown, breaching;
};

static inline int wait_compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static inline bool ref_selected(const struct ref_cell *c, int clock,
                                const struct pathway_selection *s)
{
    return c->clock == clock && !(s->without_exceptions && c->exception) &&
           (!s->place || strcmp(ref_text(c->group.place), s->place) == 0);
}

static inline void ref_figures_of(const struct ref_cells *cells, int clock,
                                  const struct pathway_selection *s, struct period window,
                                  struct ref_figures *out)
{
    int first = window.start.day, last = window.end.day;

    *out = (struct ref_figures){ .open = 0 };
    for (int i = 0; i < cells->count; i++) {
        const struct ref_cell *c = &cells->list[i];

        if (!ref_selected(c, clock, s))
            continue;
        out->starts += c->start >= first && c->start <= last;
        if (c->start <= last && c->stop > last) {
            int days = last - c->start;

            out->waits[out->open++] = days;
            out->over += days > FIGURE_LINE_DAYS;
            out->breaching += days <= FIGURE_LINE_DAYS && days + 7 > FIGURE_LINE_DAYS;
        }
        if (c->stop < first || c->stop > last)
            continue;
        out->stops++;
        out->unseen += c->outcome == OUTCOME_REMOVED_UNSEEN;
        out->unknown += c->outcome == OUTCOME_UNKNOWN;
        out->completed += c->outcome == OUTCOME_COMPLETED;
        out->within += c->outcome == OUTCOME_COMPLETED && c->stop - c->start <= FIGURE_LINE_DAYS;
    }
    qsort(out->waits, (size_t)out->open, sizeof out->waits[0], wait_compare);
}

/* Linear at p(n - 1), type 7. */
static inline double ref_percentile(const struct ref_figures *f, int per_cent)
{
    if (f->open == 0)
        return NAN;
    double at = (f->open - 1) * per_cent / 100.0;
    int low = (int)floor(at), high = low + 1 < f->open ? low + 1 : low;

    return f->waits[low] + (at - low) * (f->waits[high] - f->waits[low]);
}

static inline double ref_mean(const struct ref_figures *f)
{
    double sum = 0;

    for (int i = 0; i < f->open; i++)
        sum += f->waits[i];
    return f->open ? sum / f->open : NAN;
}

static inline double ref_share(int part, int whole)
{
    return whole ? 100.0 * part / whole : NAN;
}

struct ref_expected {
    const char *metric;
    double low, high; /* NAN: there is none */
    bool is_untold;   /* of as many stops as were explained, or more, nobody told the outcome */
};

static inline void figure_is(const struct ref_expected *e, const struct waits *w,
                             struct period window, const char *where)
{
    struct pathway_metric m;
    struct metric_figure f;
    const struct waits_unknown nothing = { .rows = 0 };

    ck_assert_msg(pathway_metric_parse(e->metric, &m) == METRIC_FINE, "%s", e->metric);
    if (metric_def_of(m.id)->takes & TAKES_STANDARD)
        m.standard = (struct span){ FIGURE_LINE_DAYS, SPAN_DAYS };
    if (m.unit == UNIT_WEEKS)
        m.unit = UNIT_DAYS;
    ck_assert_int_eq(pathway_count(&m, w, window, &nothing, &f), 0);
    if (isnan(e->low)) {
        ck_assert_msg(f.marker == MARKER_NOT_APPLICABLE, "%s: %s is %g, not none", where, e->metric,
                      f.value);
        return;
    }
    ck_assert_msg(isnan(f.value) == e->is_untold &&
                      f.marker == (e->is_untold ? MARKER_NOT_SUBMITTED : MARKER_NONE) &&
                      fabs(f.low - e->low) < 1e-9 && fabs(f.high - e->high) < 1e-9,
                  "%s: %s is %g to %g, not %g to %g", where, e->metric, f.low, f.high, e->low,
                  e->high);
}

static inline void figures_of_window(const struct ref_cells *cells, const struct tally *t,
                                     int clock, const struct pathway_selection *s,
                                     struct period window, const char *where)
{
    static struct ref_figures f;
    struct waits w = WAITS_INIT;
    struct selection_found found = { 0 };

    ref_figures_of(cells, clock, s, window, &f);
    bool is_untold = f.unknown > 0 && f.unknown >= f.stops - f.unknown;
    const struct ref_expected expected[] = {
        { "open", f.open, f.open, false },
        { "open-over:28d", f.over, f.over, false },
        { "open-within:28d", ref_share(f.open - f.over, f.open), ref_share(f.open - f.over, f.open),
          false },
        { "median-wait", ref_percentile(&f, 50), ref_percentile(&f, 50), false },
        { "p92-wait", ref_percentile(&f, 92), ref_percentile(&f, 92), false },
        { "mean-wait", ref_mean(&f), ref_mean(&f), false },
        { "longest-wait", ref_percentile(&f, 100), ref_percentile(&f, 100), false },
        { "breaching-within:7d", f.breaching, f.breaching, false },
        { "referrals", f.starts, f.starts, false },
        { "clock-stops", f.stops, f.stops, false },
        { "net-change", f.starts - f.stops, f.starts - f.stops, false },
        { "completed", f.completed, f.completed + f.unknown, is_untold },
        { "removals-unseen", f.unseen, f.unseen + f.unknown, is_untold },
    };

    ck_assert_int_eq(selection_gather(s, clock, t, DATE_NONE, NULL, &w, &found), 0);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        figure_is(&expected[i], &w, window, where);
    if (f.unknown == 0) {
        double share = ref_share(f.within, f.completed);

        figure_is(&(struct ref_expected){ "completed-within:28d", share, share, false }, &w, window,
                  where);
    }
    waits_release(&w);
}

/* Of every clock, fortnight by fortnight from first on. */
static inline void figures_agree(const struct reference *ref, const struct ref_cells *cells,
                                 const struct pathway_list *l, struct civil_date first,
                                 const char *where)
{
    static const struct pathway_selection selections[] = { { .place = NULL },
                                                           { .place = "north" },
                                                           { .without_exceptions = true } };

    for (int clock = 0; clock < (int)ref->service->clock_count; clock++) {
        for (size_t s = 0; s < sizeof selections / sizeof selections[0]; s++) {
            for (int days = 0; days <= 112; days += 14) {
                struct civil_date start = date_add_days(first, days);

                figures_of_window(cells, list_tally(l), clock, &selections[s],
                                  (struct period){ start, date_add_days(start, 13) }, where);
            }
        }
    }
}

#endif
