/*
 * Invented histories from 1,000 seeds: whatever the order, the batches and the repetitions, the state is
 * one and the counts are those of the slow reference (rules 1 to 5). By default every tenth seed;
 * WAITLIST_FULL=1 all.
 */
#include "unit/pathway/list_figures.h"
#include "unit/pathway/list_history.h"

#define SEEDS  1000
#define CHUNKS 10 /* test cases, so that one finds the seed */
#define ORDERS 4
#define SPELLS 1 /* of services: mental-health */

/* The figures of measures too: of a list that came out one state, by one order. */
static void figures_are_the_references(const struct reference *ref, const struct pathway_list *l,
                                       uint64_t seed)
{
    static struct ref_cells cells;
    char where[32];
    int disagreeing;

    snprintf(where, sizeof where, "seed %lu", seed);
    ref_count(ref, &cells, &disagreeing);
    figures_agree(ref, &cells, l, date_of("2024-12-20"), where);
}

/* ---- events alone ---- */

static struct pathway_list *live(uint64_t *state, const struct reference *ref, const char *service,
                                 bool in_order)
{
    struct pathway_list *l = story_new(service);
    struct list_change change = LIST_CHANGE_INIT;
    int order[2 * REF_FACTS], count = ref->fact_count;

    for (int i = 0; i < count; i++)
        order[i] = i;
    for (int i = 0; !in_order && i < ref->fact_count / 3; i++)
        order[count++] = pick(state, ref->fact_count); /* told again */
    if (!in_order)
        shuffle(state, order, count);
    for (int i = 0; i < count; i++) {
        tell_fact(l, &ref->facts[order[i]], &change);
        if (!in_order && one_in(state, 10))
            ck_assert_int_eq(list_events_end(l, &change), 0);
        if (!in_order && one_in(state, 30))
            l = restarted(l, service);
    }
    ck_assert_int_eq(list_events_end(l, &change), 0);
    return l;
}

static void one_history(uint64_t seed)
{
    static struct reference ref;
    uint64_t state = seed;
    int service = (int)(seed % SERVICES), disagreeing;
    char first[SHA256_TEXT_MAX] = "", digest[SHA256_TEXT_MAX];

    invent_history(&state, service, &ref);
    char *expected = ref_counts_text(&ref, &disagreeing);

    for (int order = 0; order < ORDERS; order++) {
        struct pathway_list *l = live(&state, &ref, services[service].service, order == 0);
        char *counts = counts_text(l);

        ck_assert_msg(strcmp(counts, expected) == 0,
                      "seed %lu, order %d: the list\n%sthe reference\n%s", seed, order, counts,
                      expected);
        ck_assert_int_eq(list_digest(l, digest), 0);
        ck_assert_msg(order == 0 || strcmp(digest, first) == 0, "seed %lu, order %d: another state",
                      seed, order);
        memcpy(first, digest, sizeof first);
        if (order == ORDERS - 1)
            figures_are_the_references(&ref, l, seed);
        free(counts);
        list_free(l);
    }
    free(expected);
}

static void each_seed(int chunk, void (*run)(uint64_t seed))
{
    bool full = getenv("WAITLIST_FULL") != NULL;

    for (uint64_t seed = (uint64_t)chunk * (SEEDS / CHUNKS);
         seed < (uint64_t)(chunk + 1) * (SEEDS / CHUNKS); seed++) {
        if (full || seed % 10 == (seed / 10) % 10)
            run(seed);
    }
}

START_TEST(
    any_order_batching_and_repetition_of_events_gives_one_state_and_the_counts_of_the_reference)
{
    each_seed(_i, one_history);
}
END_TEST

/* ---- what the histories are about ---- */

static bool is_retraction(const struct ref_fact *f)
{
    return f->retracted;
}

static bool is_bridge(const struct ref_fact *f)
{
    return f->pathway == 12; /* invent_bridge() */
}

/* The text of the counts, and in *out_own how many clocks of pathways (or spells) there are, without the
 * facts that leave. malloc'ed. */
static char *counted_without(const struct reference *ref, bool (*leaves)(const struct ref_fact *),
                             int *out_own)
{
    static struct reference rest;
    static struct ref_cells cells;
    int disagreeing;

    rest = *ref;
    rest.fact_count = 0;
    for (int i = 0; i < ref->fact_count; i++)
        if (!leaves || !leaves(&ref->facts[i]))
            rest.facts[rest.fact_count++] = ref->facts[i];
    ref_count(&rest, &cells, &disagreeing);
    *out_own = 0;
    for (int i = 0; i < cells.count; i++)
        *out_own += cells.list[i].clock == 0;
    return ref_counts_text(&rest, &disagreeing);
}

/* Two reports of one event of one pathway, of one version, that say different dates. */
static bool has_equal_versions(const struct reference *ref)
{
    for (int i = 0; i < ref->fact_count; i++)
        for (int k = 0; k < i; k++) {
            const struct ref_fact *a = &ref->facts[i], *b = &ref->facts[k];

            if (a->pathway == b->pathway && a->event == b->event && a->version == b->version &&
                a->date != b->date && strcmp(ref_text(a->id), ref_text(b->id)) == 0)
                return true;
        }
    return false;
}

START_TEST(the_histories_have_retractions_equal_versions_and_late_referrals_that_bridge_two_spells)
{
    static struct reference ref;
    int seeds = 0, retracted = 0, equal = 0, spells = 0, bridged = 0, own, without;

    for (uint64_t seed = 0; seed < SEEDS; seed += 7, seeds++) { /* every service in turn */
        uint64_t state = seed;

        invent_history(&state, (int)(seed % SERVICES), &ref);
        char *all = counted_without(&ref, NULL, &own);
        char *unretracted = counted_without(&ref, is_retraction, &without);

        retracted += strcmp(all, unretracted) != 0;
        equal += has_equal_versions(&ref);
        free(unretracted);
        if (ref.service->spell_gap_days >= 0) {
            free(counted_without(&ref, is_bridge, &without));
            spells++;
            bridged += own < without; /* two spells are one by it */
        }
        free(all);
    }
    ck_assert_int_ge(spells, seeds / SERVICES);
    ck_assert_msg(bridged * 2 > spells, "bridged: %d of %d", bridged, spells);
    ck_assert_msg(retracted * 4 > seeds * 3, "retractions move the counts of %d", retracted);
    ck_assert_msg(equal * 4 > seeds * 3, "equal versions in %d", equal);
}
END_TEST

/* ---- events and censuses ---- */

/* The censuses come in their order, events at any time, some more than once; a census may be sent
 * wrongly first and then again. */
static struct pathway_list *live_both(uint64_t *state, const struct reference *ref,
                                      const char *service)
{
    struct pathway_list *l = story_new(service);
    struct list_change change = LIST_CHANGE_INIT;
    int order[REF_FACTS], told = 0, census = 0;

    for (int i = 0; i < ref->fact_count; i++)
        order[i] = i;
    shuffle(state, order, ref->fact_count);
    while (told < ref->fact_count || census < ref->census_count) {
        if (census < ref->census_count && (told == ref->fact_count || one_in(state, 12))) {
            for (int wrong = pick(state, 3); wrong > 0; wrong--)
                tell_census(l, &ref->censuses[census], true, state);
            tell_census(l, &ref->censuses[census++], false, state);
            if (one_in(state, 3))
                l = restarted(l, service);
        } else if (told < ref->fact_count) {
            tell_fact(l, &ref->facts[order[told++]], &change);
        }
    }
    ck_assert_int_eq(list_events_end(l, &change), 0);
    return l;
}

static void history_under_censuses(uint64_t seed, int service, bool events)
{
    static struct reference ref;
    uint64_t state = seed + 5000;
    int disagreeing;
    char first[SHA256_TEXT_MAX] = "", digest[SHA256_TEXT_MAX];

    invent_history(&state, service, &ref);
    invent_censuses(&state, &ref);
    if (!events)
        ref.fact_count = 0;
    char *expected = ref_counts_text(&ref, &disagreeing);

    for (int order = 0; order < ORDERS; order++) {
        struct pathway_list *l = live_both(&state, &ref, services[service].service);
        char *counts = counts_text(l);

        ck_assert_msg(strcmp(counts, expected) == 0,
                      "seed %lu, order %d: the list\n%sthe reference\n%s", seed, order, counts,
                      expected);
        ck_assert_int_eq(list_digest(l, digest), 0);
        ck_assert_msg(order == 0 || strcmp(digest, first) == 0, "seed %lu, order %d: another state",
                      seed, order);
        memcpy(first, digest, sizeof first);
        if (order == ORDERS - 1)
            figures_are_the_references(&ref, l, seed);
        free(counts);
        list_free(l);
    }
    free(expected);
}

static void one_history_under_censuses(uint64_t seed)
{
    history_under_censuses(seed, (int)(seed % 5), true); /* those whose pathways start once */
}

static void one_history_of_spells(uint64_t seed)
{
    history_under_censuses(seed, SPELLS, seed % 2);
}

START_TEST(events_at_any_time_between_censuses_that_may_be_sent_again_give_one_state)
{
    each_seed(_i, one_history_under_censuses);
}
END_TEST

START_TEST(spells_of_snapshots_alone_and_with_events_are_those_of_the_reference)
{
    each_seed(_i, one_history_of_spells);
}
END_TEST

static const char chunks[CHUNKS];

UNIT_MAIN(
    "list_seeds",
    UNIT_TEST(
        the_histories_have_retractions_equal_versions_and_late_referrals_that_bridge_two_spells),
    UNIT_ROWS(
        any_order_batching_and_repetition_of_events_gives_one_state_and_the_counts_of_the_reference,
        chunks),
    UNIT_ROWS(events_at_any_time_between_censuses_that_may_be_sent_again_give_one_state, chunks),
    UNIT_ROWS(spells_of_snapshots_alone_and_with_events_are_those_of_the_reference, chunks))
