/*
 * Spells of snapshots: the referrals of one person that a census names, and those that events know beside it.
 */
#include "pathway/list_rename.h"
#include "unit/pathway/list_history.h"

#define MENTAL                  "mental-health"
#define SPELLS_OF_A_PLACEHOLDER 65 /* rows: one more than a person may have */

/* All that snapshots say, twice, told without a change, and loaded anew. */
#define CHECK_SPELLS(l, expected)                                                                  \
    do {                                                                                           \
        CHECK_COUNTS(l, expected);                                                                 \
        l = restarted(l, MENTAL);                                                                  \
        CHECK_COUNTS(l, expected);                                                                 \
    } while (0)

START_TEST(overlapping_referrals_of_one_person_in_a_snapshot_are_one_spell_with_the_first_clock)
{
    struct pathway_list *l = story_new(MENTAL);

    CENSUS(l, "2024-09-01", ROW("A", "2024-07-01", .person = "X"),
           ROW("B", "2024-08-01", .person = "X"), ROW("C", "2024-08-05", .person = "Y"),
           ROW("D", "2024-08-06"), ROW("E", "2024-08-06"));
    CHECK_SPELLS(l, "pathway 2024-07-01 open\npathway 2024-08-05 open\n"
                    "pathway 2024-08-06 open\npathway 2024-08-06 open\n");
    list_free(l);
}
END_TEST

START_TEST(
    the_first_referral_gone_stops_no_spell_while_another_runs_and_the_clock_starts_where_it_did)
{
    struct pathway_list *l = story_new(MENTAL);

    CENSUS(l, "2024-09-01", ROW("A", "2024-07-01", .person = "X"),
           ROW("B", "2024-08-01", .person = "X"));
    struct list_change change = CENSUS(l, "2024-09-08", ROW("B", "2024-08-01", .person = "X"));

    ck_assert_msg(!date_is_set(change.from), "nothing that is counted changed");
    CHECK_SPELLS(l, "pathway 2024-07-01 open\n");
    CENSUS_OF_NOBODY(l, "2024-09-15");
    CHECK_SPELLS(l, "pathway 2024-07-01 2024-09-15 unknown\n");
    list_free(l);
}
END_TEST

/* The referral is gone from the census of 8 September. */
static const struct {
    const char *next, *counts;
} follow[] = {
    { "2024-09-05", "pathway 2024-07-01 open\n" },
    { "2024-09-13", "pathway 2024-07-01 open\n" },
    { "2024-09-14", "pathway 2024-07-01 2024-09-08 unknown\npathway 2024-09-14 open\n" },
};
START_TEST(a_referral_up_to_5_days_after_one_that_is_gone_goes_on_with_its_clock)
{
    struct pathway_list *l = story_new(MENTAL);

    CENSUS(l, "2024-09-01", ROW("A", "2024-07-01", .person = "X"));
    CENSUS_OF_NOBODY(l, "2024-09-08");
    CHECK_SPELLS(l, "pathway 2024-07-01 2024-09-08 unknown\n"); /* on no list at that census */
    CENSUS(l, "2024-09-15", ROW("B", follow[_i].next, .person = "X"));
    CHECK_SPELLS(l, follow[_i].counts);
    list_free(l);
}
END_TEST

START_TEST(a_row_that_does_not_say_whose_it_is_leaves_it_as_it_was)
{
    struct pathway_list *l = story_new(MENTAL);

    CENSUS(l, "2024-09-01", ROW("A", "2024-07-01", .person = "X"),
           ROW("B", "2024-08-01", .person = "X"));
    CENSUS(l, "2024-09-08", ROW("A", "2024-07-01"), ROW("B", "2024-08-01"));
    CHECK_SPELLS(l, "pathway 2024-07-01 open\n");
    list_free(l);
}
END_TEST

START_TEST(the_same_census_again_forgets_whose_it_said_its_rows_were)
{
    struct pathway_list *l = story_new(MENTAL);

    CENSUS(l, "2024-09-01", ROW("A", "2024-07-01"), ROW("B", "2024-08-01", .person = "X"));
    CENSUS(l, "2024-09-08", ROW("A", "2024-07-01", .person = "X"), ROW("B", "2024-08-01"));
    CHECK_SPELLS(l, "pathway 2024-07-01 open\n");
    CENSUS(l, "2024-09-08", ROW("A", "2024-07-01"), ROW("B", "2024-08-01", .person = "Y"));
    CHECK_SPELLS(l, "pathway 2024-07-01 open\npathway 2024-08-01 open\n");
    list_free(l);
}
END_TEST

START_TEST(a_service_without_spells_keeps_nobodys_person)
{
    struct pathway_list *l = story_new("wheelchair"), *m = story_new("wheelchair");
    char with[SHA256_TEXT_MAX], without[SHA256_TEXT_MAX];

    CENSUS(l, "2024-09-01", ROW("A", "2024-07-01", .person = "X"),
           ROW("B", "2024-08-01", .person = "X"));
    CENSUS(m, "2024-09-01", ROW("A", "2024-07-01"), ROW("B", "2024-08-01"));
    CHECK_COUNTS(l, "pathway 2024-07-01 open\npathway 2024-08-01 open\n");
    ck_assert_int_eq(list_digest(l, with), 0);
    ck_assert_int_eq(list_digest(m, without), 0);
    ck_assert_str_eq(with, without);
    list_free(l);
    list_free(m);
}
END_TEST

/* ---- beside events ---- */

START_TEST(a_referral_of_events_and_one_of_a_snapshot_are_one_spell_and_its_events_stop_it)
{
    struct pathway_list *l = story_new(MENTAL);

    TELL(l, "A", "referral", "2024-07-01", 1, .person = "X");
    TELL(l, "A", "clock-stop", "2024-08-10", 1, .person = "X");
    CENSUS(l, "2024-09-01", ROW("B", "2024-08-15", .person = "X"));
    CHECK_SPELLS(l, "pathway 2024-07-01 open\n");
    TELL(l, "A", "first-contact", "2024-08-01", 1);
    TELL(l, "B", "outcome-baseline", "2024-09-03", 1);
    TELL(l, "B", "care-plan", "2024-09-05", 1);
    CHECK_SPELLS(l, "baseline 2024-08-01 2024-09-03 completed\n"
                    "care-plan 2024-08-01 2024-09-05 completed\n"
                    "first-contact 2024-07-01 2024-08-01 completed\n"
                    "pathway 2024-07-01 2024-09-05 completed\n");
    list_free(l);
}
END_TEST

START_TEST(an_event_tells_whose_a_listed_pathway_is_where_its_row_does_not)
{
    struct pathway_list *l = story_new(MENTAL);

    CENSUS(l, "2024-09-01", ROW("A", "2024-07-01", .person = "X"), ROW("B", "2024-08-01"));
    CHECK_SPELLS(l, "pathway 2024-07-01 open\npathway 2024-08-01 open\n");
    TELL(l, "B", "first-contact", "2024-09-02", 1, .person = "X");
    CHECK_SPELLS(l, "baseline 2024-09-02 open\ncare-plan 2024-09-02 open\n"
                    "first-contact 2024-07-01 2024-09-02 completed\npathway 2024-07-01 open\n");
    list_free(l);
}
END_TEST

START_TEST(a_referral_that_runs_by_events_and_is_not_on_the_census_of_its_person_moves_no_count)
{
    struct pathway_list *l = story_new(MENTAL);

    TELL(l, "A", "referral", "2024-07-01", 1, .person = "X");
    CENSUS(l, "2024-09-01", ROW("B", "2024-08-15", .person = "X"));
    CHECK_SPELLS(l, "pathway 2024-08-15 open\n");
    ck_assert_uint_eq(counts_of(l).disagreeing, 1);
    list_free(l);
}
END_TEST

START_TEST(a_spell_that_ended_just_before_a_census_is_not_contradicted_by_it)
{
    struct pathway_list *l = story_new(MENTAL);

    TELL(l, "A", "referral", "2024-07-01", 1, .person = "X");
    TELL(l, "A", "clock-stop", "2024-08-30", 1, .person = "X");
    CENSUS(l, "2024-09-01", ROW("B", "2024-08-15", .person = "Y"));
    CHECK_SPELLS(l, "first-contact 2024-07-01 2024-09-04 stopped\n"
                    "pathway 2024-07-01 2024-09-04 stopped\npathway 2024-08-15 open\n");
    ck_assert_uint_eq(counts_of(l).disagreeing, 0);
    list_free(l);
}
END_TEST

START_TEST(more_pathways_than_a_person_has_are_each_counted_by_itself_with_events_and_without)
{
    struct pathway_list *l = story_new(MENTAL);
    struct row rows[SPELLS_OF_A_PLACEHOLDER];
    char names[SPELLS_OF_A_PLACEHOLDER][16];

    for (int i = 0; i < SPELLS_OF_A_PLACEHOLDER; i++) {
        snprintf(names[i], sizeof names[i], "R%d", i);
        rows[i] = (struct row){ .pathway = names[i], .start = "2024-08-01", .person = "unknown" };
    }
    (void)census_rows(l, "2024-09-01", rows, SPELLS_OF_A_PLACEHOLDER - 1);
    ck_assert_uint_eq(open_over(l, "2024-09-01", 0), 1);
    TELL(l, "Z", "referral", "2024-08-02", 1, .person = "unknown");
    ck_assert_uint_eq(open_over(l, "2024-09-01", 0), SPELLS_OF_A_PLACEHOLDER - 1);
    (void)census_rows(l, "2024-09-08", rows, SPELLS_OF_A_PLACEHOLDER);
    ck_assert_uint_eq(open_over(l, "2024-09-08", 0), SPELLS_OF_A_PLACEHOLDER);
    list_free(l);
}
END_TEST

/* ---- stages, transfers, keys, what is only counted, bytes ---- */

START_TEST(of_a_spell_the_first_referral_that_is_open_names_the_stage)
{
    struct pathway_list *l = story_new(MENTAL);
    uint64_t counts[4] = { 0 };

    CENSUS(l, "2024-09-01", ROW("A", "2024-07-01", "baseline", "2024-08-20", .person = "X"),
           ROW("B", "2024-08-01", .person = "X"));
    CHECK_SPELLS(l, "baseline 2024-08-20 open\npathway 2024-07-01 open\n");
    list_stage_untold(l, counts);
    ck_assert_uint_eq(counts[0] + counts[1] + counts[2] + counts[3], 0);
    CENSUS(l, "2024-09-08", ROW("B", "2024-08-01", .person = "X"));
    CHECK_SPELLS(l, "pathway 2024-07-01 open\n");
    list_stage_untold(l, counts);
    ck_assert_uint_eq(counts[0] + counts[1] + counts[2] + counts[3], 1);
    list_free(l);
}
END_TEST

START_TEST(a_spell_whose_referral_goes_to_another_provider_moved_and_one_with_another_runs_on)
{
    struct pathway_list *from = story_new(MENTAL), *to = story_new(MENTAL);
    struct list_change change = LIST_CHANGE_INIT;

    CENSUS(from, "2024-09-01", ROW("A", "2024-07-01", .person = "X"),
           ROW("B", "2024-07-02", .person = "Y"), ROW("C", "2024-07-03", .person = "Y"));
    CENSUS(from, "2024-09-08", ROW("C", "2024-07-03", .person = "Y"));
    CENSUS(to, "2024-09-08", ROW("A", "2024-07-01", .person = "X"),
           ROW("B", "2024-07-02", .person = "Y"));
    ck_assert_int_eq(list_mark_moved(from, (const struct pathway_list *const[]){ to }, 1,
                                     date_of("2024-09-08"), &change),
                     1);
    CHECK_SPELLS(from, "pathway 2024-07-01 2024-09-08 moved\npathway 2024-07-02 open\n");
    list_free(from);
    list_free(to);
}
END_TEST

START_TEST(under_another_key_the_spells_of_snapshots_are_what_they_were)
{
    static const char *const names[] = { "A", "B", "X" };
    struct pathway_list *l = story_new(MENTAL), *m = story_new(MENTAL);
    struct renamed list[3];
    char renamed[SHA256_TEXT_MAX], told[SHA256_TEXT_MAX], now[16];
    size_t count;

    for (size_t i = 0; i < 3; i++) {
        snprintf(now, sizeof now, "new %s", names[i]);
        key_of(names[i], list[i].before);
        key_of(now, list[i].now);
    }
    CENSUS(l, "2024-09-01", ROW("A", "2024-07-01", .person = "X"), ROW("B", "2024-08-01"));
    CENSUS(l, "2024-09-08", ROW("B", "2024-08-01", .person = "X"));
    CENSUS(m, "2024-09-01", ROW("new A", "2024-07-01", .person = "new X"),
           ROW("new B", "2024-08-01"));
    CENSUS(m, "2024-09-08", ROW("new B", "2024-08-01", .person = "new X"));
    ck_assert_int_eq(list_rename(l, list, renamed_settle(list, 3), &count), 0);
    ck_assert_int_eq(list_digest(l, renamed), 0);
    ck_assert_int_eq(list_digest(m, told), 0);
    ck_assert_str_eq(renamed, told);
    CENSUS(l, "2024-09-15", ROW("new C", "2024-09-10", .person = "new X"));
    CHECK_SPELLS(l, "pathway 2024-07-01 open\n");
    list_free(l);
    list_free(m);
}
END_TEST

START_TEST(referrals_of_one_spell_are_purged_together_and_then_only_counted)
{
    struct pathway_list *l = story_new(MENTAL);

    CENSUS(l, "2024-09-01", ROW("A", "2024-07-01", .person = "X"),
           ROW("B", "2024-08-01", .person = "X"));
    CENSUS(l, "2024-10-01", ROW("B", "2024-08-01", .person = "X"));
    CENSUS(l, "2026-03-01", ROW("B", "2024-08-01", .person = "X"));
    ck_assert_uint_eq(counts_of(l).pathways, 2); /* B waits, and its clock is A's */
    CENSUS_OF_NOBODY(l, "2026-04-01");
    CENSUS_OF_NOBODY(l, "2027-08-01");
    ck_assert_uint_eq(counts_of(l).pathways, 0);
    CHECK_SPELLS(l, "pathway 2024-07-01 2026-04-01 unknown\n");
    list_free(l);
}
END_TEST

static size_t packed_bytes(struct pathway_list *l)
{
    unsigned bits = list_bucket_bits(l);
    struct text t = TEXT_INIT;
    size_t bytes = 0, pathways;

    for (uint32_t b = 0; b < 1u << bits; b++) {
        text_clear(&t);
        ck_assert_int_eq(list_pack(l, b, bits, &t, &pathways), 0);
        bytes += t.len;
    }
    text_release(&t);
    return bytes;
}

static struct pathway_list *many_rows(const char *service)
{
    struct pathway_list *l = story_new(service);
    struct list_change change = LIST_CHANGE_INIT;
    struct pathway_record r = { .clock_start = date_of("2024-08-01"),
                                .stage_start = DATE_NONE,
                                .census = date_of("2024-09-01"),
                                .event_date = DATE_NONE,
                                .has_person = true };

    ck_assert_int_eq(
        list_snapshot_begin(l, date_of("2024-09-01"), date_of(RECEIVED), LIST_FIRST_STANDS), 0);
    for (uint32_t i = 0; i < 20000; i++) {
        memcpy(r.pathway, &(uint32_t){ i * 2654435761u }, 4);
        memcpy(r.person, &(uint32_t){ i * 2246822519u + 1 }, 4);
        ck_assert_int_eq(list_snapshot_row(l, &r), LIST_TAKEN);
    }
    ck_assert_int_eq(list_snapshot_end(l, &change), 0);
    return l;
}

START_TEST(whose_a_pathway_is_takes_17_bytes_more_and_nothing_where_no_spells_are_formed)
{
    struct pathway_list *spells = many_rows(MENTAL), *none = many_rows("wheelchair");

    ck_assert_uint_le(packed_bytes(spells), 20000 * 43.2);
    ck_assert_uint_le(packed_bytes(none), 20000 * 26.1);
    list_free(spells);
    list_free(none);
}
END_TEST

UNIT_MAIN(
    "list_spells",
    UNIT_TEST(overlapping_referrals_of_one_person_in_a_snapshot_are_one_spell_with_the_first_clock),
    UNIT_TEST(
        the_first_referral_gone_stops_no_spell_while_another_runs_and_the_clock_starts_where_it_did),
    UNIT_ROWS(a_referral_up_to_5_days_after_one_that_is_gone_goes_on_with_its_clock, follow),
    UNIT_TEST(a_row_that_does_not_say_whose_it_is_leaves_it_as_it_was),
    UNIT_TEST(the_same_census_again_forgets_whose_it_said_its_rows_were),
    UNIT_TEST(a_service_without_spells_keeps_nobodys_person),
    UNIT_TEST(a_referral_of_events_and_one_of_a_snapshot_are_one_spell_and_its_events_stop_it),
    UNIT_TEST(an_event_tells_whose_a_listed_pathway_is_where_its_row_does_not),
    UNIT_TEST(a_referral_that_runs_by_events_and_is_not_on_the_census_of_its_person_moves_no_count),
    UNIT_TEST(a_spell_that_ended_just_before_a_census_is_not_contradicted_by_it),
    UNIT_TEST(more_pathways_than_a_person_has_are_each_counted_by_itself_with_events_and_without),
    UNIT_TEST(of_a_spell_the_first_referral_that_is_open_names_the_stage),
    UNIT_TEST(a_spell_whose_referral_goes_to_another_provider_moved_and_one_with_another_runs_on),
    UNIT_TEST(under_another_key_the_spells_of_snapshots_are_what_they_were),
    UNIT_TEST(referrals_of_one_spell_are_purged_together_and_then_only_counted),
    UNIT_TEST(whose_a_pathway_is_takes_17_bytes_more_and_nothing_where_no_spells_are_formed))
