/*
 * list_history - invented histories of a list, each from a seed, and the list they are told to
 *
 * Header only.
 */
#ifndef UNIT_PATHWAY_LIST_HISTORY_H
#define UNIT_PATHWAY_LIST_HISTORY_H

#include "unit/pathway/list_reference.h"

#define FACTS_MAX 90

static inline uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline int pick(uint64_t *state, int count)
{
    return (int)(next_random(state) % (uint64_t)count);
}

static inline bool one_in(uint64_t *state, int n)
{
    return pick(state, n) == 0;
}

/* What may happen in a service, with the events of clocks more often than others. */
static const struct {
    const char *service;
    int events[13], count;
} services[] = {
#define E(x) EVENT_##x
    { "RNA",
      { E(REFERRAL), E(REFERRAL), E(CLOCK_STOP), E(CLOCK_STOP), E(FIRST_CONTACT), E(REMOVAL),
        E(TRANSFER), E(REOPENED) },
      8 },
    { "mental-health",
      { E(REFERRAL), E(REFERRAL), E(REFERRAL), E(FIRST_CONTACT), E(OUTCOME_BASELINE), E(CARE_PLAN),
        E(CLOCK_STOP), E(CLOCK_STOP), E(REMOVAL), E(REOPENED) },
      10 },
    { "neurodevelopmental",
      { E(REFERRAL), E(REFERRAL), E(FIRST_CONTACT), E(ASSESSMENT_START), E(DIAGNOSIS), E(REMOVAL),
        E(CLOCK_STOP), E(REOPENED) },
      8 },
    { "wheelchair",
      { E(REFERRAL), E(REFERRAL), E(PRESCRIPTION), E(EQUIPMENT), E(CLOSED_NO_EQUIPMENT),
        E(REMOVAL) },
      6 },
    { "ehc-plan",
      { E(REFERRAL), E(REFERRAL), E(ADVICE_REQUESTED), E(ADVICE_RECEIVED), E(ASSESS_DECISION),
        E(NOT_TO_ISSUE), E(PLAN_ISSUED), E(REVIEW_MEETING), E(REVIEW_MEETING), E(REVIEW_DECISION),
        E(AMENDED_PLAN), E(REMOVAL), E(REOPENED) },
      13 },
    { "local-offer", { E(REFERRAL), E(REVIEW_MEETING), E(REVIEW_MEETING), E(REMOVAL) }, 4 },
#undef E
};
#define SERVICES (int)(sizeof services / sizeof services[0])

static inline const char *one_of(uint64_t *state, const char *const *texts, int count)
{
    return texts[pick(state, count)];
}

static inline struct ref_fact invent(uint64_t *state, int service, int first_day)
{
    static const char *const ids[] = { NULL, NULL, "1", "2" };
    static const char *const reasons[] = { NULL,        NULL,    "refused",   "refused",
                                           "no-change", "moved", "telephone", "video" };
    static const char *const exceptions[] = { NULL, NULL, NULL, "absent-from-area", "holiday" };
    static const char *const dimensions[REF_DIMENSIONS][6] = {
        { "north", "north", "south", NULL, NULL, NULL },
        { "26A", "92G", NULL, NULL, NULL, NULL },
        { "0-4", "5-10", "11-17", NULL, NULL, NULL },
        { "high", NULL, NULL, NULL, NULL, NULL },
    };
    bool spells = service_of(story_services(), services[service].service)->spell_gap_days >= 0;

    bool says = !one_in(state, 3); /* as a contact that says nothing of who waits for what */
    struct ref_fact f = {
        .pathway = pick(state, 9),
        .person = one_in(state, 8) ? -1 : pick(state, 3),
        .event = services[service].events[pick(state, services[service].count)],
        .date = first_day + pick(state, 60),
        .clock_start = one_in(state, 12) ? first_day + pick(state, 60) : 0,
        .version = (uint64_t)pick(state, 4) + 20250101000000,
        .retracted = one_in(state, 7),
        .id = one_of(state, ids, 4),
        .reason = one_of(state, reasons, 8),
        .exception = spells ? NULL : one_of(state, exceptions, 5),
    };

    for (int d = 0; says && d < REF_DIMENSIONS; d++)
        f.dimensions[d] = one_of(state, dimensions[d], 6);
    return f;
}

/* A person's two spells, and the late referral that bridges them: in every history of such a service, of
 * somebody with other referrals or of nobody else. */
static inline void invent_bridge(uint64_t *state, struct reference *ref, int first_day)
{
    static const struct {
        int pathway, event, day;
    } steps[] = {
        { 10, EVENT_REFERRAL, 0 },    { 10, EVENT_CLOCK_STOP, 10 }, { 11, EVENT_REFERRAL, 30 },
        { 11, EVENT_CLOCK_STOP, 50 }, { 12, EVENT_REFERRAL, 14 },   { 12, EVENT_CLOCK_STOP, 26 },
    };

    int person = one_in(state, 3) ? 1 : 3;

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        ref->facts[ref->fact_count++] = (struct ref_fact){ .pathway = steps[i].pathway,
                                                           .person = person,
                                                           .event = steps[i].event,
                                                           .date = first_day + steps[i].day,
                                                           .version = 1 };
}

static inline void invent_history(uint64_t *state, int service, struct reference *out_ref)
{
    int first_day = date_of("2025-01-01").day;

    out_ref->fact_count = out_ref->census_count = 0;
    out_ref->service = service_of(story_services(), services[service].service);
    if (out_ref->service->spell_gap_days >= 0)
        invent_bridge(state, out_ref, first_day);
    for (int i = 20 + pick(state, FACTS_MAX - 20); i > 0; i--)
        out_ref->facts[out_ref->fact_count++] = invent(state, service, first_day);
}

/* The texts stand in names and dates for as long as what is told. */
static inline void fact_told(const struct ref_fact *f, struct told *out_told, char names[2][16],
                             char dates[2][DATE_TEXT_MAX])
{
    const char *const *d = f->dimensions;
    struct told t = { .pathway = names[0],
                      .event = pathway_event_names[f->event],
                      .date = date_format((struct civil_date){ f->date }, dates[0]),
                      .version = f->version,
                      .person = f->person < 0 ? NULL : names[1],
                      .id = f->id,
                      .reason = f->reason,
                      .exception = f->exception,
                      .place = d[0],
                      .commissioner = d[1],
                      .retracted = f->retracted };
    int cohorts = 0;

    snprintf(names[0], sizeof names[0], "%d", f->pathway);
    snprintf(names[1], sizeof names[1], "P%d", f->person);
    if (f->clock_start)
        t.clock_start = date_format((struct civil_date){ f->clock_start }, dates[1]);
    if (d[2])
        t.cohort[cohorts++] = (struct cohort_value){ "age_band", d[2] };
    if (d[3])
        t.cohort[cohorts++] = (struct cohort_value){ "need", d[3] };
    *out_told = t;
}

static inline void tell_fact(struct pathway_list *l, const struct ref_fact *f,
                             struct list_change *change)
{
    struct told t;
    char names[2][16], dates[2][DATE_TEXT_MAX];

    fact_told(f, &t, names, dates);
    int verdict = tell_change(l, t, change);

    ck_assert_int_ge(verdict, 0);
    ck_assert_int_le(verdict, LIST_OLDER);
}

/* Packed and loaded again, as after a restart; every list_pack_pathway() that is due laid over. */
static inline struct pathway_list *restarted(struct pathway_list *l, const char *service)
{
    struct pathway_list *fresh = story_new(service);
    struct text t = TEXT_INIT;
    unsigned bits = 2;

    ck_assert_int_eq(list_pack_book(l, &t), 0);
    ck_assert_int_eq(list_unpack_book(fresh, t.buf, t.len), 0);
    text_clear(&t);
    ck_assert_int_eq(list_pack_counted(l, &t), 0);
    ck_assert_int_eq(list_unpack_counted(fresh, t.buf, t.len), 0);
    for (uint32_t bucket = 4; bucket-- > 0;) {
        size_t pathways = 0;

        text_clear(&t);
        ck_assert_int_eq(list_pack(l, bucket, bits, &t, &pathways), 0);
        if (pathways)
            ck_assert_int_eq(list_unpack(fresh, t.buf, t.len), 0);
    }
    ck_assert_int_eq(list_loaded(fresh), 0);
    text_release(&t);
    list_free(l);
    return fresh;
}

static inline void shuffle(uint64_t *state, int *order, int count)
{
    for (int i = count - 1; i > 0; i--) {
        int k = pick(state, i + 1), swapped = order[i];

        order[i] = order[k];
        order[k] = swapped;
    }
}

static inline void invent_censuses(uint64_t *state, struct reference *ref)
{
    int day = date_of("2025-01-10").day;

    ref->census_count = 1 + pick(state, 5);
    for (int i = 0; i < ref->census_count; i++) {
        struct ref_census *c = &ref->censuses[i];

        c->date = day += 1 + pick(state, 14);
        for (int p = 0; p < REF_PATHWAYS; p++) {
            int before = i ? ref->censuses[i - 1].start[p] : 0;

            c->start[p] = 0;
            if (!one_in(state, before ? 4 : 2))
                c->start[p] = before && !one_in(state, 6) ? before : c->date - pick(state, 40);
            c->person[p] = one_in(state, 4) ? -1 : one_in(state, 6) ? pick(state, 3) : p % 3;
            if (p >= 9 && p < 13)
                c->start[p] = 0; /* some that no census ever knows */
        }
    }
}

static inline void tell_census(struct pathway_list *l, const struct ref_census *c, bool wrong,
                               uint64_t *state)
{
    struct row rows[REF_PATHWAYS];
    char names[REF_PATHWAYS][16], people[REF_PATHWAYS][16], dates[REF_PATHWAYS][DATE_TEXT_MAX],
        census[DATE_TEXT_MAX];
    size_t n = 0;

    for (int p = 0; p < REF_PATHWAYS; p++) {
        int start = c->start[p], person = c->person[p];

        if (wrong && one_in(state, 2))
            start = start ? 0 : c->date - 3;
        if (wrong && one_in(state, 2))
            person = pick(state, 4) - 1;
        if (!start)
            continue;
        snprintf(names[n], sizeof names[n], "%d", p);
        snprintf(people[n], sizeof people[n], "P%d", person);
        rows[n] = (struct row){ .pathway = names[n],
                                .start = date_format((struct civil_date){ start }, dates[n]),
                                .person = person < 0 ? NULL : people[n] };
        n++;
    }
    for (size_t i = n; i > 1; i--) {
        size_t k = (size_t)pick(state, (int)i);
        struct row swapped = rows[i - 1];

        rows[i - 1] = rows[k];
        rows[k] = swapped;
    }
    (void)census_rows(l, date_format((struct civil_date){ c->date }, census), rows, n);
}

#endif
