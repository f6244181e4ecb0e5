/*
 * list_reference_facts - of the slow reference: the facts that stand, and whose they are
 *
 * Header only; list_reference.h says what it is.
 */
#ifndef UNIT_PATHWAY_LIST_REFERENCE_FACTS_H
#define UNIT_PATHWAY_LIST_REFERENCE_FACTS_H

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

#endif
