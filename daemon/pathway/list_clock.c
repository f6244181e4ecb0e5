/*
 * list_clock - the clocks of one pathway or spell, from its live facts
 *
 * Facts are sorted by date, so "the first" is the first met. Dates before the start of a clock stop
 * nothing: such a clock goes on, and is seen.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "pathway/list_internal.h"

int cells_add(struct cells *c, const struct tally_cell *cell)
{
    int r = list_grow(&c->list, &c->cap, c->count, sizeof *c->list);

    if (r == 0)
        c->list[c->count++] = *cell;
    return r;
}

int lives_put(struct lives *v, const struct live *live)
{
    int r = list_grow(&v->list, &v->cap, v->count, sizeof *v->list);

    if (r == 0)
        v->list[v->count++] = *live;
    return r;
}

int lives_add(const struct pathway_list *l, uint32_t pathway, const struct service *service,
              struct lives *out_lives)
{
    int r = 0;

    for (uint32_t i = l->evented[pathway].facts; r == 0 && i != NONE; i = l->facts[i].next) {
        const struct fact *f = &l->facts[i];
        const char *exception = codes_text(&l->exceptions, f->exception);

        if ((f->event & FACT_RETRACTED) ||
            !service_counts(service, f->event, codes_text(&l->reasons, f->reason)))
            continue;
        r = lives_put(out_lives,
                      &(struct live){ .date = f->date,
                                      .event = f->event & FACT_EVENT_MASK,
                                      .exception = (uint8_t)service_exception(service, exception),
                                      .reason = f->reason,
                                      .occurrence = f->occurrence });
    }
    return r;
}

/* Reasons stand last: their numbers depend on the order files came in, and with all else equal only
 * whether one of them ends a clock matters, which does not depend on which is first. */
static int live_compare(const void *a, const void *b)
{
    const struct live *x = a, *y = b;

    if (x->date != y->date)
        return x->date - y->date;
    if (x->event != y->event)
        return x->event - y->event;
    if (x->exception != y->exception)
        return y->exception - x->exception; /* one that has any first */
    if (x->occurrence != y->occurrence)
        return x->occurrence < y->occurrence ? -1 : 1;
    return (x->reason > y->reason) - (x->reason < y->reason);
}

void lives_sort(struct lives *v)
{
    if (v->count > 1)
        qsort(v->list, v->count, sizeof *v->list, live_compare);
}

/* The first fact of these events on `from` or later; NULL none. */
static const struct live *first_of(const struct lives *v, uint32_t events, uint16_t from)
{
    for (size_t i = 0; i < v->count; i++) {
        if ((events & EVENT_BIT(v->list[i].event)) && v->list[i].date >= from)
            return &v->list[i];
    }
    return NULL;
}

uint16_t lives_start(const struct lives *v, const struct service *service)
{
    const struct live *f = first_of(v, service->clocks[0].from, 0);

    return f ? f->date : 0;
}

uint16_t lives_reopened(const struct lives *v)
{
    uint16_t last = 0;

    for (size_t i = 0; i < v->count; i++) {
        if (v->list[i].event == EVENT_REOPENED)
            last = v->list[i].date;
    }
    return last;
}

static uint16_t later(uint16_t a, uint16_t b)
{
    return a > b ? a : b;
}

/* ---- ends ---- */

static bool is_end(const struct clock_end *end, const struct live *f, const struct codes *reasons)
{
    if (end->event != f->event)
        return false;
    return end->reasons.count == 0 ||
           (f->reason && text_list_has(&end->reasons, codes_text(reasons, f->reason)));
}

/* The first fact that is one of the ends, on `from` or later; on one day the first of the list. */
static struct ending first_end(const struct lives *v, const struct clock_frame *f,
                               const struct clock_end *ends, size_t count, uint16_t from)
{
    struct ending e = { 0, OUTCOME_OPEN, EXCEPTION_NONE };
    size_t best = count;

    for (size_t i = 0; i < v->count; i++) {
        const struct live *fact = &v->list[i];

        if (fact->date < from)
            continue;
        if (e.date && fact->date > e.date)
            break;
        for (size_t k = 0; k < best; k++) {
            if (is_end(&ends[k], fact, f->reasons)) {
                best = k;
                e = (struct ending){ fact->date, (uint8_t)ends[k].outcome, fact->exception };
                break;
            }
        }
    }
    return e;
}

struct ending lives_ending(const struct lives *v, const struct clock_frame *f, uint16_t start)
{
    /* Reopened on the day it ended: it goes on. */
    uint16_t gone = later(lives_reopened(v), f->open_at);
    struct ending e = first_end(v, f, f->service->ends, f->service->end_count,
                                later(start, gone ? (uint16_t)(gone + 1) : 0));
    const struct live *seen = first_of(v, EVENT_BIT(EVENT_FIRST_CONTACT), start);

    if (e.outcome == OUTCOME_REMOVED && (!seen || seen->date > e.date))
        e.outcome = OUTCOME_REMOVED_UNSEEN;
    return e;
}

/* ---- one clock ---- */

/* One clock of a rule, while its stop is looked for. */
struct running {
    uint16_t start, stop;
    uint8_t start_exception, stop_exception, outcome;
};

/* An exception reported with a start excuses this clock, unless that event ends another: then it is
 * that one's. */
static struct running begin(const struct service *s, const struct live *start)
{
    bool ends_another = false;

    for (size_t i = 0; i < s->clock_count; i++)
        ends_another |= (s->clocks[i].to & EVENT_BIT(start->event)) != 0;
    return (struct running){ .start = start->date,
                             .start_exception = ends_another ? EXCEPTION_NONE : start->exception };
}

/* Stops it there, unless it stopped before, or on that day by what it waits for. */
static void stop_at(struct running *c, uint16_t day, uint8_t outcome, uint8_t exception)
{
    if (!day || (c->outcome != OUTCOME_OPEN && c->stop <= day))
        return;
    c->stop = day;
    c->outcome = outcome;
    c->stop_exception = exception;
}

/* All of the events are needed; the latest of their first dates counts. */
static const struct live *latest_of(const struct lives *v, uint32_t events, uint16_t from)
{
    const struct live *last = NULL;

    for (int e = 0; e < EVENT_COUNT; e++) {
        const struct live *f = events & EVENT_BIT(e) ? first_of(v, EVENT_BIT(e), from) : NULL;

        if ((events & EVENT_BIT(e)) && !f)
            return NULL;
        if (f && (!last || f->date > last->date))
            last = f;
    }
    return last;
}

static int emit(const struct clock_frame *f, size_t clock, const struct running *c,
                struct cells *out_cells)
{
    return cells_add(out_cells,
                     &(struct tally_cell){ .group = f->group,
                                           .start = c->start,
                                           .stop = c->stop,
                                           .clock = (uint8_t)clock,
                                           .outcome = c->outcome,
                                           .exception = c->stop_exception ? c->stop_exception
                                                                          : c->start_exception });
}

/* What all clocks of one pathway share, once its own is known. */
struct whole {
    const struct lives *v;
    const struct clock_frame *f;
    struct ending ending; /* of the pathway */
    uint16_t completed;   /* the day its own clock was completed; 0: not */
    uint16_t later;       /* the day that what it waited for came though it had ended; 0: not */
    struct cells *cells;
};

/* A plan that a tribunal orders after a refusal: the clock of the request stays stopped, and reviews of the
 * plan have clocks as those of any other. */
static uint16_t came_later(const struct whole *w, uint16_t start)
{
    const struct clock_rule *own = &w->f->service->clocks[0];
    uint16_t ended = w->ending.date;

    if (!ended || own->kind != CLOCK_FIRST)
        return 0;
    const struct live *f = own->latest
                               ? latest_of(w->v, own->to, start)
                               : first_of(w->v, own->to, later(start, (uint16_t)(ended + 1)));

    return f && f->date > ended ? f->date : 0;
}

/* The end of the pathway for a clock that began then. False: it has ended before. */
static bool end_for(const struct whole *w, const struct clock_rule *rule, uint16_t start,
                    struct ending *out_ending)
{
    *out_ending = w->ending;
    if (!w->ending.date || start <= w->ending.date)
        return true;
    if (!rule->beyond || !w->later || start < w->later)
        return false;
    *out_ending = lives_ending(w->v, w->f, w->later);
    return !out_ending->date || start <= out_ending->date;
}

/* Ends the clock with the pathway and adds its cell, unless it began after that. */
static int finish(const struct whole *w, size_t clock, struct running *c)
{
    const struct clock_rule *rule = &w->f->service->clocks[clock];
    struct ending own = first_end(w->v, w->f, rule->ends, rule->end_count, c->start), ending;

    if (!end_for(w, rule, c->start, &ending))
        return 0;
    stop_at(c, own.date, own.outcome, own.exception);
    stop_at(c, ending.date, ending.outcome, ending.exception);
    if (clock > 0 && w->completed && !rule->beyond) {
        if (c->start > w->completed)
            return 0;
        stop_at(c, w->completed, OUTCOME_UNKNOWN, EXCEPTION_NONE);
    }
    return emit(w->f, clock, c, w->cells);
}

static int clock_first(const struct whole *w, size_t clock)
{
    const struct clock_rule *rule = &w->f->service->clocks[clock];
    const struct live *start = first_of(w->v, rule->from, 0);

    if (!start)
        return 0;
    struct running c = begin(w->f->service, start);
    const struct live *stop;

    if (rule->latest) {
        stop = latest_of(w->v, rule->to, c.start);
        if (stop && clock == 0 && stop->date <= w->f->open_at)
            stop = NULL;
    } else {
        uint16_t gone = clock == 0 ? later(lives_reopened(w->v), w->f->open_at) : 0;

        stop = first_of(w->v, rule->to, later(c.start, gone ? (uint16_t)(gone + 1) : 0));
    }
    if (stop)
        stop_at(&c, stop->date, OUTCOME_COMPLETED, stop->exception);
    return finish(w, clock, &c);
}

int clocks_unreferred(const struct lives *v, const struct clock_frame *f, struct cells *out_cells)
{
    const struct clock_rule *own = &f->service->clocks[0];

    if (v->count == 0)
        return 0;
    uint16_t first = v->list[0].date;
    struct running c = { .start = first > UNREFERRED_BEFORE_DAYS
                                      ? (uint16_t)(first - UNREFERRED_BEFORE_DAYS)
                                      : 1 };
    const struct live *stop =
        own->latest ? latest_of(v, own->to, first) : first_of(v, own->to, first);
    const struct ending ending = lives_ending(v, f, first);

    if (stop)
        stop_at(&c, stop->date, OUTCOME_COMPLETED, stop->exception);
    stop_at(&c, ending.date, ending.outcome, ending.exception);
    return emit(f, TALLY_UNREFERRED, &c, out_cells);
}

static int clock_each(const struct whole *w, size_t clock)
{
    const struct clock_rule *rule = &w->f->service->clocks[clock];
    const struct live *start = first_of(w->v, rule->from, 0);
    int r = 0;

    while (start && r == 0) {
        struct running c = begin(w->f->service, start);
        uint16_t next_day = (uint16_t)(c.start + 1);
        const struct live *next = first_of(w->v, rule->from, next_day);
        /* What begins it does not stop it on the same day. */
        const struct live *stop = first_of(w->v, rule->to & ~rule->from, c.start);
        const struct live *again = first_of(w->v, rule->to & rule->from, next_day);

        if (stop)
            stop_at(&c, stop->date, OUTCOME_COMPLETED, stop->exception);
        if (again)
            stop_at(&c, again->date, OUTCOME_COMPLETED, again->exception);
        if (next)
            stop_at(&c, next->date, OUTCOME_SUPERSEDED, EXCEPTION_NONE);
        r = finish(w, clock, &c);
        start = next;
    }
    return r;
}

static const struct live *first_paired(const struct lives *v, uint32_t events, uint64_t occurrence,
                                       uint16_t from)
{
    for (size_t i = 0; i < v->count; i++) {
        const struct live *f = &v->list[i];

        if ((events & EVENT_BIT(f->event)) && f->occurrence == occurrence && f->date >= from)
            return f;
    }
    return NULL;
}

static int clock_paired(const struct whole *w, size_t clock)
{
    const struct clock_rule *rule = &w->f->service->clocks[clock];
    int r = 0;

    for (size_t i = 0; r == 0 && i < w->v->count; i++) {
        const struct live *start = &w->v->list[i];

        if (!(rule->from & EVENT_BIT(start->event)) ||
            first_paired(w->v, rule->from, start->occurrence, 0) != start)
            continue;
        struct running c = begin(w->f->service, start);
        const struct live *stop = first_paired(w->v, rule->to, start->occurrence, c.start);

        if (stop)
            stop_at(&c, stop->date, OUTCOME_COMPLETED, stop->exception);
        r = finish(w, clock, &c);
    }
    return r;
}

int clocks_of(const struct lives *v, const struct clock_frame *f, struct cells *out_cells)
{
    static int (*const kinds[])(const struct whole *w, size_t clock) = {
        [CLOCK_FIRST] = clock_first,
        [CLOCK_EACH] = clock_each,
        [CLOCK_PAIRED] = clock_paired,
    };
    struct whole w = { .v = v, .f = f, .cells = out_cells };
    uint16_t start = lives_start(v, f->service);
    size_t own = out_cells->count;
    int r = 0;

    if (!start)
        return 0;
    w.ending = f->ending ? *f->ending : lives_ending(v, f, start);
    w.later = came_later(&w, start);
    for (size_t i = 0; r == 0 && i < f->service->clock_count; i++) {
        r = kinds[f->service->clocks[i].kind](&w, i);
        if (i == 0 && f->service->clocks[0].kind == CLOCK_FIRST && out_cells->count > own &&
            out_cells->list[own].outcome == OUTCOME_COMPLETED)
            w.completed = out_cells->list[own].stop;
    }
    return r;
}
