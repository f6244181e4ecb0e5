/*
 * list_reference_clocks - of the slow reference: the clocks that the facts that stand make
 *
 * Header only; list_reference.h says what it is.
 */
#ifndef UNIT_PATHWAY_LIST_REFERENCE_CLOCKS_H
#define UNIT_PATHWAY_LIST_REFERENCE_CLOCKS_H

#include "unit/pathway/list_reference_facts.h"

struct ref_cell {
    int clock, start, stop, outcome, exception; /* stop REF_NEVER: open */
    struct group group;
};
struct ref_cells {
    struct ref_cell list[REF_PATHWAYS * 40];
    int count;
};

static inline bool ref_in(uint32_t events, int event)
{
    return (events & EVENT_BIT(event)) != 0;
}

/* The day of the earliest of these events on `from` or later; id NULL: any. */
static inline int ref_first(const struct ref_live *v, int n, uint32_t events, int from,
                            const char *id)
{
    int day = REF_NEVER;

    for (int i = 0; i < n; i++) {
        if (ref_in(events, v[i].event) && v[i].date >= from && v[i].date < day &&
            (!id || strcmp(v[i].id, id) == 0))
            day = v[i].date;
    }
    return day;
}

static inline int ref_exception(const struct ref_live *v, int n, uint32_t events, int day,
                                const char *id)
{
    for (int e = 0; e < EVENT_COUNT; e++) {
        int worst = 0;
        bool any = false;

        for (int i = 0; i < n; i++) {
            if (v[i].event != e || !ref_in(events, e) || v[i].date != day ||
                (id && strcmp(v[i].id, id) != 0))
                continue;
            any = true;
            if (v[i].exception > worst)
                worst = v[i].exception;
        }
        if (any)
            return worst;
    }
    return 0;
}

struct ref_end {
    int day, outcome, exception;
};

static inline struct ref_end ref_end_of(const struct ref_live *v, int n,
                                        const struct clock_end *ends, size_t count, int from)
{
    struct ref_end best = { REF_NEVER, OUTCOME_OPEN, 0 };
    size_t by = count; /* of one day the end that is listed first */

    for (size_t k = 0; k < count; k++) {
        for (int i = 0; i < n; i++) {
            bool reason = ends[k].reasons.count == 0;

            for (size_t j = 0; j < ends[k].reasons.count; j++)
                reason |= text_same(ends[k].reasons.items[j], v[i].reason);
            if (v[i].event != ends[k].event || !reason || v[i].date < from || v[i].date > best.day)
                continue;
            if (v[i].date < best.day) {
                best = (struct ref_end){ v[i].date, ends[k].outcome, v[i].exception };
                by = k;
            } else if (by == k && v[i].exception > best.exception) {
                best.exception = v[i].exception;
            }
        }
    }
    return best;
}

static inline int ref_reopened(const struct ref_live *v, int n)
{
    int day = 0;

    for (int i = 0; i < n; i++) {
        if (v[i].event == EVENT_REOPENED && v[i].date > day)
            day = v[i].date;
    }
    return day;
}

static inline struct ref_end ref_ending(const struct reference *ref, const struct ref_live *v,
                                        int n, int start, int open_at)
{
    int reopened = ref_reopened(v, n), from = start;

    if (reopened >= from)
        from = reopened + 1;
    if (open_at >= from)
        from = open_at + 1;
    struct ref_end e = ref_end_of(v, n, ref->service->ends, ref->service->end_count, from);

    if (e.outcome == OUTCOME_REMOVED &&
        ref_first(v, n, EVENT_BIT(EVENT_FIRST_CONTACT), start, NULL) > e.day)
        e.outcome = OUTCOME_REMOVED_UNSEEN;
    return e;
}

/* The first of what may stop a clock, by day, then in this order. */
static inline void ref_stop(struct ref_cell *c, int day, int outcome, int exception)
{
    if (day < c->stop) {
        c->stop = day;
        c->outcome = outcome;
        c->exception = exception;
    }
}

struct ref_clocks {
    const struct reference *ref;
    const struct ref_live *v;
    int n, open_at;
    struct ref_end ending;
    struct group group;
    int completed; /* of clock 0 */
    struct ref_cells *out;
    int later;             /* the day that what clock 0 waits for came after the ending */
    struct ref_end second; /* the ending after that */
};

/* Of the first event that starts the clock, unless that ends another. */
static inline int ref_start_exception(const struct ref_clocks *k, uint32_t from, int day,
                                      const char *id)
{
    uint32_t enders = 0;

    for (size_t i = 0; i < k->ref->service->clock_count; i++)
        enders |= k->ref->service->clocks[i].to;
    for (int e = 0; e < EVENT_COUNT; e++) {
        for (int i = 0; ref_in(from, e) && i < k->n; i++) {
            if (k->v[i].event == e && k->v[i].date == day && (!id || strcmp(k->v[i].id, id) == 0))
                return ref_in(enders, e) ? 0 : ref_exception(k->v, k->n, EVENT_BIT(e), day, id);
        }
    }
    return 0;
}

static inline void ref_clock(struct ref_clocks *k, int clock, int start, const char *id)
{
    const struct clock_rule *rule = &k->ref->service->clocks[clock];
    struct ref_cell c = { clock, start, REF_NEVER, OUTCOME_OPEN, 0, k->group };
    int stop = REF_NEVER, from = start;

    bool in_second = start > k->ending.day;
    struct ref_end ending = in_second ? k->second : k->ending;

    if (in_second && (!rule->beyond || start < k->later || start > ending.day))
        return;
    if (rule->kind == CLOCK_FIRST && clock == 0) {
        int gone = ref_reopened(k->v, k->n);

        if (rule->latest)
            gone = 0;
        if (k->open_at > gone)
            gone = k->open_at;
        if (!rule->latest && gone >= from)
            from = gone + 1;
    }
    if (rule->latest) {
        stop = 0;
        for (int e = 0; e < EVENT_COUNT; e++) {
            int day = ref_in(rule->to, e) ? ref_first(k->v, k->n, EVENT_BIT(e), from, NULL) : 0;

            stop = day > stop ? day : stop;
        }
        if (clock == 0 && stop <= k->open_at)
            stop = REF_NEVER;
    } else if (rule->kind == CLOCK_EACH) {
        int other = ref_first(k->v, k->n, rule->to & ~rule->from, start, NULL);
        int same = ref_first(k->v, k->n, rule->to & rule->from, start + 1, NULL);

        stop = other < same ? other : same;
    } else {
        stop = ref_first(k->v, k->n, rule->to, from, id);
    }
    ref_stop(&c, stop, OUTCOME_COMPLETED, ref_exception(k->v, k->n, rule->to, stop, id));
    if (rule->kind == CLOCK_EACH)
        ref_stop(&c, ref_first(k->v, k->n, rule->from, start + 1, NULL), OUTCOME_SUPERSEDED, 0);
    struct ref_end own = ref_end_of(k->v, k->n, rule->ends, rule->end_count, start);

    ref_stop(&c, own.day, own.outcome, own.exception);
    ref_stop(&c, ending.day, ending.outcome, ending.exception);
    if (clock > 0 && !rule->beyond) {
        if (start > k->completed)
            return;
        ref_stop(&c, k->completed, OUTCOME_UNKNOWN, 0);
    }
    if (clock == 0 && c.outcome == OUTCOME_COMPLETED && rule->kind == CLOCK_FIRST)
        k->completed = c.stop;
    if (!c.exception)
        c.exception = ref_start_exception(k, rule->from, start, id);
    k->out->list[k->out->count++] = c;
}

static inline bool ref_first_of_its_id(const struct ref_live *v, int n, int at, uint32_t from)
{
    for (int i = 0; i < n; i++) {
        if (i != at && ref_in(from, v[i].event) && strcmp(v[i].id, v[at].id) == 0 &&
            (v[i].date < v[at].date || (v[i].date == v[at].date && i < at)))
            return false;
    }
    return true;
}

static inline void ref_all_clocks(struct ref_clocks *k)
{
    const struct clock_rule *own = &k->ref->service->clocks[0];

    k->completed = k->later = REF_NEVER;
    if (ref_first(k->v, k->n, own->from, 0, NULL) == REF_NEVER)
        return;
    if (own->kind == CLOCK_FIRST &&
        k->ending.day != REF_NEVER) /* none that may run on is of `latest` */
        k->later = ref_first(k->v, k->n, own->to, k->ending.day + 1, NULL);
    if (k->later != REF_NEVER)
        k->second = ref_ending(k->ref, k->v, k->n, k->later, k->open_at);
    for (size_t c = 0; c < k->ref->service->clock_count; c++) {
        const struct clock_rule *rule = &k->ref->service->clocks[c];

        if (rule->kind == CLOCK_PAIRED) {
            for (int i = 0; i < k->n; i++) {
                if (ref_in(rule->from, k->v[i].event) &&
                    ref_first_of_its_id(k->v, k->n, i, rule->from))
                    ref_clock(k, (int)c, k->v[i].date, k->v[i].id);
            }
            continue;
        }
        int day = ref_first(k->v, k->n, rule->from, 0, NULL);

        while (day != REF_NEVER) {
            ref_clock(k, (int)c, day, NULL);
            day = rule->kind == CLOCK_EACH ? ref_first(k->v, k->n, rule->from, day + 1, NULL)
                                           : REF_NEVER;
        }
    }
}

#endif
