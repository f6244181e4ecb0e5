/*
 * list_reference_clocks - of the slow reference: the facts that stand, and the clocks that they make
 *
 * Header only; list_reference.h says what it is.
 */
#ifndef UNIT_PATHWAY_LIST_REFERENCE_CLOCKS_H
#define UNIT_PATHWAY_LIST_REFERENCE_CLOCKS_H

#include "unit/pathway/list_story.h"

#define REF_FACTS    400
#define REF_PATHWAYS 16 /* named "0" to "15" */
#define REF_CENSUSES 8
#define REF_NEVER    1000000

/* What is told apart of who waits: place, commissioner, and two values of the cohort. */
#define REF_DIMENSIONS 4

struct ref_fact {
    int pathway, person;          /* person -1: none */
    int event, date, clock_start; /* clock_start 0: none */
    uint64_t version;
    bool retracted;
    const char *id, *reason, *exception;
    const char *dimensions[REF_DIMENSIONS]; /* NULL: it does not say */
};

struct ref_census {
    int date;
    int start[REF_PATHWAYS];  /* 0: not on it */
    int person[REF_PATHWAYS]; /* -1: its row does not say */
};

struct reference {
    const struct service *service;
    struct ref_fact facts[REF_FACTS];
    int fact_count;
    struct ref_census censuses[REF_CENSUSES]; /* ascending; the last version of each */
    int census_count;
};

static inline const char *ref_text(const char *s)
{
    return s ? s : "";
}

/* Whether fact a, as a report of `event`, stands over b. */
static inline bool ref_stands(const struct ref_fact *a, int date_a, bool gone_a,
                              const struct ref_fact *b, int date_b, bool gone_b, bool bare)
{
    if (a->version != b->version)
        return a->version > b->version;
    if (gone_a != gone_b)
        return gone_a;
    if (date_a != date_b)
        return date_a > date_b;
    if (bare)
        return false;
    int r = strcmp(ref_text(a->reason), ref_text(b->reason));

    return r ? r > 0 : strcmp(ref_text(a->exception), ref_text(b->exception)) > 0;
}

/* What one fact says of an event: its own, or the referral by its clock start. Date 0: nothing. */
struct ref_said {
    int date;
    bool gone, bare;
    const char *id;
};
static inline struct ref_said ref_says(const struct ref_fact *f, int event)
{
    if (f->event == event)
        return (struct ref_said){ event == EVENT_REFERRAL && f->clock_start ? f->clock_start
                                                                            : f->date,
                                  f->retracted, false, ref_text(f->id) };
    if (event == EVENT_REFERRAL && f->clock_start)
        return (struct ref_said){ f->clock_start, false, true, "" };
    return (struct ref_said){ 0, false, false, "" };
}

/* A live fact: no other report of that event under that id stands over it. */
struct ref_live {
    int event, date, exception;
    const char *id, *reason;
};

/* Whether the service counts an event that gives this reason. */
static inline bool ref_counts(const struct service *s, int event, const char *reason)
{
    bool counts = true;

    for (size_t i = 0; reason && i < s->only_count; i++) {
        bool named = s->only[i].event != event;

        for (size_t k = 0; k < s->only[i].reasons.count; k++)
            named |= text_same(s->only[i].reasons.items[k], reason);
        counts &= named;
    }
    return counts;
}

static inline int ref_lives(const struct reference *ref, int pathway, struct ref_live *out)
{
    int n = 0;

    for (int event = 0; event < EVENT_COUNT; event++) {
        for (int i = 0; i < ref->fact_count; i++) {
            const struct ref_fact *f = &ref->facts[i];
            struct ref_said s = ref_says(f, event);
            bool stands = f->pathway == pathway && s.date && !s.gone &&
                          (s.bare || ref_counts(ref->service, event, f->reason));

            for (int k = 0; stands && k < ref->fact_count; k++) {
                const struct ref_fact *g = &ref->facts[k];
                struct ref_said o = ref_says(g, event);

                if (k == i || g->pathway != pathway || !o.date || strcmp(o.id, s.id) != 0)
                    continue;
                struct ref_fact x = *f, y = *g;

                if (s.bare)
                    x.reason = x.exception = NULL;
                if (o.bare)
                    y.reason = y.exception = NULL;
                stands = !ref_stands(&y, o.date, o.gone, &x, s.date, s.gone, false) &&
                         (k > i || ref_stands(&x, s.date, s.gone, &y, o.date, o.gone, false));
            }
            if (stands)
                out[n++] = (struct ref_live){
                    event, s.date, service_exception(ref->service, s.bare ? NULL : f->exception),
                    s.id, s.bare ? "" : ref_text(f->reason)
                };
        }
    }
    return n;
}

/* Of each dimension, what the highest version of all that say it does, whatever became of the event. */
static inline struct group ref_group(const struct reference *ref, int pathway)
{
    const char *values[REF_DIMENSIONS] = { NULL };
    uint64_t versions[REF_DIMENSIONS] = { 0 };
    struct group g = { .service = ref->service->id };

    for (int i = 0; i < ref->fact_count; i++) {
        const struct ref_fact *f = &ref->facts[i];

        for (int d = 0; d < REF_DIMENSIONS; d++) {
            if (f->pathway == pathway && f->dimensions[d] &&
                (!values[d] || f->version > versions[d] ||
                 (f->version == versions[d] && strcmp(f->dimensions[d], values[d]) > 0))) {
                values[d] = f->dimensions[d];
                versions[d] = f->version;
            }
        }
    }
    g.place = values[0];
    g.commissioner = values[1];
    if (values[2])
        g.cohort[g.cohort_count++] = (struct cohort_value){ "age_band", values[2] };
    if (values[3])
        g.cohort[g.cohort_count++] = (struct cohort_value){ "need", values[3] };
    return g;
}

static inline int ref_person(const struct reference *ref, int pathway)
{
    int person = -1;
    uint64_t version = 0;
    uint8_t key[PSEUDONYM_BYTES], best[PSEUDONYM_BYTES];
    char name[16];

    for (int i = 0; ref->service->spell_gap_days >= 0 && i < ref->fact_count; i++) {
        const struct ref_fact *f = &ref->facts[i];

        if (f->pathway != pathway || f->person < 0)
            continue;
        snprintf(name, sizeof name, "P%d", f->person);
        key_of(name, key);
        if (person < 0 || f->version > version ||
            (f->version == version && memcmp(key, best, sizeof key) > 0)) {
            person = f->person;
            version = f->version;
            memcpy(best, key, sizeof key);
        }
    }
    return person;
}

/* ---- clocks ---- */

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
