/*
 * Taking back what a file reported: nothing of it is left, whatever came between, before and after.
 */
#include "unit/pathway/list_history.h"

#define SEEDS  400
#define CHUNKS 4

static const char chunks[CHUNKS];

/* ---- any file ---- */

static struct pathway_record fact_record(const struct ref_fact *f, struct told *t,
                                         char names[2][16], char dates[2][DATE_TEXT_MAX])
{
    fact_told(f, t, names, dates);
    return record_of(t);
}

static void take_back(struct pathway_list *l, const struct ref_fact *f, struct list_change *change)
{
    struct told t;
    char names[2][16], dates[2][DATE_TEXT_MAX];
    struct pathway_record r = fact_record(f, &t, names, dates);

    ck_assert_int_eq(list_take_back(l, &r, date_of(RECEIVED), change), 0);
}

/* What a list is: its state, and what is counted of it now and after a restart. */
struct seen {
    char digest[SHA256_TEXT_MAX], *counts, *loaded;
    struct list_counts of;
};

static struct seen see(struct pathway_list *l, const char *service)
{
    struct seen s = { .counts = counts_text(l) };

    ck_assert_int_eq(list_digest(l, s.digest), 0);
    list_counts(l, &s.of);
    l = restarted(l, service);
    s.loaded = counts_text(l);
    list_free(l);
    return s;
}

static void unsee(struct seen *s)
{
    free(s->counts);
    free(s->loaded);
}

/* kept: facts [0, kept) stay; the others are of the file that is taken back. All of one service. */
static struct seen with_and_without(uint64_t *state, const struct reference *ref, int kept,
                                    const char *service, bool without)
{
    struct pathway_list *l = story_new(service);
    struct list_change change = LIST_CHANGE_INIT;
    int order[REF_FACTS], count = without ? kept : ref->fact_count;

    for (int i = 0; i < count; i++)
        order[i] = i;
    shuffle(state, order, count);
    if (ref->census_count)
        tell_census(l, &ref->censuses[0], false, state);
    for (int i = 0; i < count; i++) {
        tell_fact(l, &ref->facts[order[i]], &change);
        if (!without && one_in(state, 30))
            l = restarted(l, service);
    }
    for (int i = 0; !without && i < count; i++)
        if (order[i] >= kept)
            take_back(l, &ref->facts[order[i]], &change);
    for (int i = 0; !without && i < count; i++) /* told again: what the file had stood over */
        if (order[i] < kept)
            tell_fact(l, &ref->facts[order[i]], &change);
    list_reaches(l, date_of("2025-12-31")); /* days that are known stay known */
    ck_assert_int_eq(list_events_end(l, &change), 0);
    return see(l, service);
}

static void one_file_taken_back(uint64_t seed)
{
    static struct reference ref;
    uint64_t state = seed + 90000;
    int service = (int)(seed % SERVICES);

    invent_history(&state, service, &ref);
    if (seed % 3 == 0 && service < 4)
        invent_censuses(&state, &ref);
    int kept = pick(&state, ref.fact_count);
    struct seen with = with_and_without(&state, &ref, kept, services[service].service, false);
    struct seen never = with_and_without(&state, &ref, kept, services[service].service, true);

    ck_assert_msg(strcmp(with.counts, never.counts) == 0, "seed %lu: taken back\n%snever told\n%s",
                  seed, with.counts, never.counts);
    ck_assert_msg(strcmp(with.digest, never.digest) == 0, "seed %lu: another state", seed);
    ck_assert_str_eq(with.loaded, never.counts);
    ck_assert_int_eq(with.of.pathways, never.of.pathways);
    ck_assert_int_eq(with.of.facts, never.of.facts);
    ck_assert_int_eq(with.of.disagreeing, never.of.disagreeing);
    ck_assert_int_eq(with.of.without_start, never.of.without_start);
    unsee(&with);
    unsee(&never);
}

START_TEST(a_file_that_is_taken_back_leaves_the_state_as_if_it_had_never_been)
{
    for (uint64_t seed = (uint64_t)_i * (SEEDS / CHUNKS);
         seed < (uint64_t)(_i + 1) * (SEEDS / CHUNKS); seed++)
        one_file_taken_back(seed);
}
END_TEST

/* ---- by example ---- */

static void back(struct pathway_list *l, struct told t)
{
    struct list_change change = LIST_CHANGE_INIT;
    struct pathway_record r = record_of(&t);

    ck_assert_int_eq(list_take_back(l, &r, date_of(RECEIVED), &change), 0);
    ck_assert_int_eq(list_events_end(l, &change), 0);
}

static void counts_are(struct pathway_list *l, const char *expected)
{
    char *counts = counts_text(l);

    ck_assert_str_eq(counts, expected);
    free(counts);
}

START_TEST(a_place_and_a_cohort_that_only_the_taken_back_record_said_are_said_by_nobody)
{
    struct pathway_list *l = story_new("RNA");
    struct told moved = TOLD("A", "first-contact", "2025-02-03", 7, .place = "south",
                             .commissioner = "QUA", .cohort = { { "age_band", "5-10" } });

    (void)TELL(l, "A", "referral", "2025-01-06", 1, .cohort = { { "need", "high" } });
    (void)tell(l, moved);
    back(l, moved);
    counts_are(l, "pathway 2025-01-06 open need=high\n");
    list_free(l);
}
END_TEST

START_TEST(what_another_record_said_later_is_not_taken_back)
{
    struct pathway_list *l = story_new("RNA");
    struct told first = TOLD("A", "referral", "2025-01-06", 1, .place = "south",
                             .cohort = { { "age_band", "5-10" }, { "need", "high" } });

    (void)tell(l, first);
    (void)TELL(l, "A", "referral", "2025-01-08", 2, .place = "north",
               .cohort = { { "age_band", "5-10" } });
    back(l, first);
    counts_are(l, "pathway 2025-01-08 open in north age_band=5-10\n");
    list_free(l);
}
END_TEST

START_TEST(a_pathway_of_which_nothing_is_left_is_gone_and_the_list_is_written_anew)
{
    struct pathway_list *l = story_new("RNA");
    struct told only = TOLD("A", "referral", "2025-01-06", 1, .place = "south");
    struct pathway_record r = record_of(&only);
    struct list_change change = LIST_CHANGE_INIT;
    uint8_t key[PSEUDONYM_BYTES];

    (void)tell(l, only);
    ck_assert_int_eq(list_take_back(l, &r, date_of(RECEIVED), &change), 0);
    ck_assert_int_eq(list_events_end(l, &change), 0);
    key_of("A", key);
    ck_assert(!list_has(l, key));
    ck_assert(change.rewrite);
    ck_assert_int_eq(change.from.day, date_of("2025-01-06").day);
    counts_are(l, "");
    list_free(l);
}
END_TEST

START_TEST(a_person_taken_back_parts_a_spell_and_the_step_to_too_many_pathways_is_undone)
{
    struct pathway_list *with = story_new("mental-health"), *never = story_new("mental-health");
    char name[16], digest[SHA256_TEXT_MAX], other[SHA256_TEXT_MAX];
    struct list_change change = LIST_CHANGE_INIT;

    for (int i = 0; i <= 64; i++) { /* more than one person has: each counts by itself */
        struct told t = TOLD(name, "referral", "2025-01-06", 1, .person = "P");

        snprintf(name, sizeof name, "%d", i);
        (void)tell(with, t);
        if (i < 64)
            (void)tell(never, t);
    }
    struct told last = TOLD("64", "referral", "2025-01-06", 1, .person = "P");

    back(with, last);
    ck_assert_int_eq(list_events_end(never, &change), 0);
    counts_are(never, "first-contact 2025-01-06 open\npathway 2025-01-06 open\n");
    char *counts = counts_text(never);

    counts_are(with, counts);
    free(counts);
    ck_assert_int_eq(list_digest(with, digest), 0);
    ck_assert_int_eq(list_digest(never, other), 0);
    ck_assert_str_eq(digest, other);
    list_free(with);
    list_free(never);
}
END_TEST

UNIT_MAIN("list_take_back",
          UNIT_ROWS(a_file_that_is_taken_back_leaves_the_state_as_if_it_had_never_been, chunks),
          UNIT_TEST(a_place_and_a_cohort_that_only_the_taken_back_record_said_are_said_by_nobody),
          UNIT_TEST(what_another_record_said_later_is_not_taken_back),
          UNIT_TEST(a_pathway_of_which_nothing_is_left_is_gone_and_the_list_is_written_anew),
          UNIT_TEST(a_person_taken_back_parts_a_spell_and_the_step_to_too_many_pathways_is_undone))
