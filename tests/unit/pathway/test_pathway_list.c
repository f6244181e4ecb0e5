/*
 * Events of one pathway and what is counted of it: registers (rule 1), spells (rule 5). The clocks of each
 * service are in test_list_clock.
 */
#include "unit/pathway/list_story.h"

/* ---- registers ---- */

START_TEST(a_referral_waits_and_a_clock_stop_ends_it)
{
    struct pathway_list *l = story_new("RNA");

    CHECK_COUNTS(l, "");
    ck_assert_int_eq(TELL(l, "A", "referral", "2025-01-06", 1), LIST_TAKEN);
    CHECK_COUNTS(l, "pathway 2025-01-06 open\n");
    ck_assert_int_eq(TELL(l, "A", "clock-stop", "2025-02-01", 2), LIST_TAKEN);
    CHECK_COUNTS(l, "pathway 2025-01-06 2025-02-01 completed\n");
    list_free(l);
}
END_TEST

START_TEST(day_126_is_within_18_weeks_and_day_127_beyond)
{
    struct pathway_list *l = story_new("RNA");

    TELL(l, "A", "referral", "2025-01-01", 1);
    ck_assert_uint_eq(open_over(l, "2025-05-07", 126), 0); /* day 126 */
    ck_assert_uint_eq(open_over(l, "2025-05-08", 126), 1); /* day 127, no file needed */
    list_free(l);
}
END_TEST

START_TEST(day_365_is_over_52_weeks)
{
    struct pathway_list *l = story_new("RNA");

    TELL(l, "A", "referral", "2025-01-01", 1);
    ck_assert_uint_eq(open_over(l, "2025-12-31", 364), 0); /* day 364 */
    ck_assert_uint_eq(open_over(l, "2026-01-01", 364), 1); /* day 365 */
    list_free(l);
}
END_TEST

START_TEST(a_correction_to_an_earlier_date_counts_from_there)
{
    struct pathway_list *l = story_new("RNA");
    struct list_change start = LIST_CHANGE_INIT, stop = LIST_CHANGE_INIT;

    TELL(l, "A", "referral", "2025-03-03", 1);
    TELL(l, "A", "clock-stop", "2025-06-02", 1);
    tell_change(l, TOLD("A", "referral", "2025-01-06", 2, ), &start);
    CHECK_COUNTS(l, "pathway 2025-01-06 2025-06-02 completed\n");
    ck_assert_int_eq(start.from.day, date_of("2025-01-06").day);
    tell_change(l, TOLD("A", "clock-stop", "2025-04-07", 2, ), &stop);
    CHECK_COUNTS(l, "pathway 2025-01-06 2025-04-07 completed\n");
    ck_assert_int_eq(stop.from.day, date_of("2025-04-07").day); /* nothing differs before */
    list_free(l);
}
END_TEST

START_TEST(a_first_contact_corrected_to_did_not_attend_is_taken_back)
{
    struct pathway_list *l = story_new("wheelchair");

    TELL(l, "A", "referral", "2025-01-06", 1);
    TELL(l, "A", "prescription", "2025-02-03", 1, .id = "c1");
    TELL(l, "A", "prescription", "2025-03-10", 1, .id = "c2");
    CHECK_COUNTS(l, "decision 2025-01-06 2025-02-03 completed\n"
                    "delivery 2025-02-03 open\n"
                    "pathway 2025-01-06 open\n");
    /* The minimum over live occurrences is derived, so the next one counts. */
    TELL(l, "A", "prescription", "2025-02-03", 2, .id = "c1", .retracted = true);
    CHECK_COUNTS(l, "decision 2025-01-06 2025-03-10 completed\n"
                    "delivery 2025-03-10 open\n"
                    "pathway 2025-01-06 open\n");
    TELL(l, "A", "prescription", "2025-03-10", 2, .id = "c2", .retracted = true);
    CHECK_COUNTS(l, "decision 2025-01-06 open\n"
                    "pathway 2025-01-06 open\n");
    list_free(l);
}
END_TEST

START_TEST(a_first_contact_that_did_not_take_place_leaves_the_wait_for_it_open)
{
    struct pathway_list *l = story_new("neurodevelopmental");

    TELL(l, "A", "referral", "2025-01-06", 1);
    TELL(l, "A", "first-contact", "2025-02-03", 1);
    TELL(l, "A", "first-contact", "2025-02-03", 2, .retracted = true);
    CHECK_COUNTS(l, "assessment 2025-01-06 open\n"
                    "first-contact 2025-01-06 open\n"
                    "pathway 2025-01-06 open\n");
    list_free(l);
}
END_TEST

START_TEST(the_highest_version_stands_in_whatever_order)
{
    struct pathway_list *l = story_new("RNA");

    TELL(l, "A", "referral", "2025-01-20", 3);
    ck_assert_int_eq(TELL(l, "A", "referral", "2025-01-06", 2), LIST_OLDER);
    ck_assert_int_eq(TELL(l, "A", "referral", "2025-01-20", 3), LIST_SAME);
    CHECK_COUNTS(l, "pathway 2025-01-20 open\n");
    list_free(l);
}
END_TEST

START_TEST(of_equal_versions_the_greater_bytes_stand)
{
    struct pathway_list *l = story_new("RNA"), *m = story_new("RNA");
    char a[SHA256_TEXT_MAX], b[SHA256_TEXT_MAX];

    TELL(l, "A", "referral", "2025-01-20", 1);
    ck_assert_int_eq(TELL(l, "A", "referral", "2025-01-06", 1), LIST_OLDER);
    TELL(m, "A", "referral", "2025-01-06", 1);
    ck_assert_int_eq(TELL(m, "A", "referral", "2025-01-20", 1), LIST_TAKEN);
    ck_assert_int_eq(list_digest(l, a), 0);
    ck_assert_int_eq(list_digest(m, b), 0);
    ck_assert_str_eq(a, b);
    /* A report and its withdrawal under one version: it is withdrawn. */
    TELL(l, "A", "clock-stop", "2025-03-03", 5, .retracted = true);
    TELL(l, "A", "clock-stop", "2025-04-07", 5);
    CHECK_COUNTS(l, "pathway 2025-01-20 open\n");
    list_free(l);
    list_free(m);
}
END_TEST

START_TEST(an_event_before_its_referral_waits_for_it)
{
    struct pathway_list *l = story_new("RNA");

    TELL(l, "A", "clock-stop", "2025-02-03", 1);
    CHECK_COUNTS(l, "");
    ck_assert_uint_eq(counts_of(l).without_start, 1);
    TELL(l, "A", "referral", "2025-01-06", 1);
    CHECK_COUNTS(l, "pathway 2025-01-06 2025-02-03 completed\n");
    ck_assert_uint_eq(counts_of(l).without_start, 0);
    list_free(l);
}
END_TEST

START_TEST(a_row_that_brings_its_clock_start_reports_the_referral)
{
    struct pathway_list *l = story_new("RNA");

    TELL(l, "A", "clock-stop", "2025-02-03", 4, .clock_start = "2025-01-06");
    CHECK_COUNTS(l, "pathway 2025-01-06 2025-02-03 completed\n");
    ck_assert_int_eq(TELL(l, "A", "referral", "2025-01-13", 3), LIST_OLDER);
    TELL(l, "B", "referral", "2025-02-03", 1, .clock_start = "2025-01-20"); /* its own date */
    CHECK_COUNTS(l, "pathway 2025-01-06 2025-02-03 completed\n"
                    "pathway 2025-01-20 open\n");
    list_free(l);
}
END_TEST

START_TEST(a_stop_before_the_start_stops_nothing)
{
    struct pathway_list *l = story_new("RNA");

    TELL(l, "A", "referral", "2025-02-03", 1);
    TELL(l, "A", "clock-stop", "2025-01-06", 1);
    TELL(l, "A", "removal", "2025-01-06", 1);
    CHECK_COUNTS(l, "pathway 2025-02-03 open\n");
    list_free(l);
}
END_TEST

START_TEST(a_correction_of_the_place_moves_the_count)
{
    struct pathway_list *l = story_new("RNA");

    TELL(l, "A", "referral", "2025-02-03", 2, .place = "north");
    CHECK_COUNTS(l, "pathway 2025-02-03 open in north\n");
    TELL(l, "A", "clock-stop", "2025-03-03", 1, .place = "south"); /* an older report */
    CHECK_COUNTS(l, "pathway 2025-02-03 2025-03-03 completed in north\n");
    TELL(l, "A", "clock-stop", "2025-03-03", 3, .place = "south");
    CHECK_COUNTS(l, "pathway 2025-02-03 2025-03-03 completed in south\n");
    list_free(l);
}
END_TEST

static const struct {
    const char *why, *event, *date, *clock_start;
    int verdict;
} refused[] = {
    { "no date", "referral", NULL, NULL, LIST_OUT_OF_RANGE },
    { "after the day the file came", "referral", "2025-07-02", NULL, LIST_OUT_OF_RANGE },
    { "on that day", "referral", "2025-07-01", NULL, LIST_TAKEN },
    { "a placeholder", "referral", "1900-01-01", NULL, LIST_OUT_OF_RANGE },
    { "a clock start to come", "clock-stop", "2025-06-02", "2025-08-04", LIST_OUT_OF_RANGE },
    { "no such event", "seen", "2025-06-02", NULL, LIST_UNKNOWN_EVENT },
};

/* ---- who waits for what ---- */

START_TEST(an_event_that_says_nothing_of_who_waits_leaves_what_the_referral_told)
{
    struct pathway_list *l = story_new(NULL), *m = story_new(NULL);
    struct told referral =
        TOLD("A", "referral", "2025-01-06", 1, .service = "wheelchair", .commissioner = "26A",
             .place = "north", .cohort = { { "age_band", "0-4" }, { "need", "high" } });
    struct told contact = TOLD("A", "prescription", "2025-02-03", 1);
    struct told stop = TOLD("A", "equipment", "2025-03-03", 9);
    const char *expected =
        "decision 2025-01-06 2025-02-03 completed in north for 26A age_band=0-4 need=high\n"
        "delivery 2025-02-03 2025-03-03 completed in north for 26A age_band=0-4 need=high\n"
        "pathway 2025-01-06 2025-03-03 completed in north for 26A age_band=0-4 need=high\n";
    char a[SHA256_TEXT_MAX], b[SHA256_TEXT_MAX];

    tell(l, referral); /* then one of the same version, and one of a higher */
    tell(l, contact);
    tell(l, stop);
    CHECK_COUNTS(l, expected);
    tell(m, stop);
    tell(m, contact);
    tell(m, referral);
    CHECK_COUNTS(m, expected);
    ck_assert_int_eq(list_digest(l, a), 0);
    ck_assert_int_eq(list_digest(m, b), 0);
    ck_assert_str_eq(a, b);
    list_free(l);
    list_free(m);
}
END_TEST

START_TEST(what_a_record_says_blanks_out_nothing_that_it_does_not)
{
    struct pathway_list *l = story_new("RNA");

    TELL(l, "A", "referral", "2025-01-06", 2, .commissioner = "26A", .place = "north",
         .cohort = { { "age_band", "0-4" }, { "need", "high" } });
    TELL(l, "A", "first-contact", "2025-01-20", 5, .place = "south",
         .cohort = { { "age_band", "5-10" } });
    CHECK_COUNTS(l, "pathway 2025-01-06 open in south for 26A age_band=5-10 need=high\n");
    /* Between the two: over what the older said, under what the newer does. */
    TELL(l, "A", "care-plan", "2025-02-03", 3, .commissioner = "92G", .place = "east",
         .cohort = { { "age_band", "11-17" }, { "need", "low" } });
    CHECK_COUNTS(l, "pathway 2025-01-06 open in south for 92G age_band=5-10 need=low\n");
    ck_assert_int_eq(TELL(l, "A", "referral", "2025-01-06", 2, .commissioner = "10X",
                          .cohort = { { "need", "specialist" } }),
                     LIST_SAME);
    CHECK_COUNTS(l, "pathway 2025-01-06 open in south for 92G age_band=5-10 need=low\n");
    list_free(l);
}
END_TEST

START_TEST(what_nobody_said_is_filled_in_by_an_older_record)
{
    struct pathway_list *l = story_new("RNA");

    TELL(l, "A", "referral", "2025-01-06", 5, .place = "north");
    ck_assert_int_eq(TELL(l, "A", "referral", "2025-01-06", 1, .place = "south",
                          .commissioner = "26A", .cohort = { { "need", "low" } }),
                     LIST_TAKEN);
    CHECK_COUNTS(l, "pathway 2025-01-06 open in north for 26A need=low\n");
    list_free(l);
}
END_TEST

START_TEST(of_one_version_each_says_who_waits_by_the_greater_bytes)
{
    struct pathway_list *l = story_new("RNA");

    TELL(l, "A", "referral", "2025-01-06", 1, .place = "north", .commissioner = "92G");
    TELL(l, "A", "first-contact", "2025-01-20", 1, .place = "south", .commissioner = "26A");
    CHECK_COUNTS(l, "pathway 2025-01-06 open in south for 92G\n");
    list_free(l);
}
END_TEST

START_TEST(of_more_cohort_values_than_are_kept_the_same_stand_in_any_order)
{
    struct pathway_list *l = story_new("RNA"), *m = story_new("RNA");
    struct told early = TOLD("A", "referral", "2025-01-06", 1), late = early;
    static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i" };
    char a[SHA256_TEXT_MAX], b[SHA256_TEXT_MAX];

    late.event = "first-contact";
    late.version = 2;
    for (size_t i = 0; i < COHORT_MAX; i++) {
        early.cohort[i] = (struct cohort_value){ names[i], "1" };
        late.cohort[i] = (struct cohort_value){ names[i + 1], "2" };
    }
    tell(l, early);
    tell(l, late);
    tell(m, late);
    tell(m, early);
    CHECK_COUNTS(l, "pathway 2025-01-06 open a=1 b=2 c=2 d=2 e=2 f=2 g=2 h=2\n");
    ck_assert_int_eq(list_digest(l, a), 0);
    ck_assert_int_eq(list_digest(m, b), 0);
    ck_assert_str_eq(a, b);
    list_free(l);
    list_free(m);
}
END_TEST

START_TEST(who_says_no_service_is_of_the_one_that_another_told_whatever_the_lists_is)
{
    struct pathway_list *l = story_new("wheelchair");

    TELL(l, "A", "first-contact", "2025-01-20", 5);
    ck_assert_uint_eq(counts_of(l).without_start, 1);
    TELL(l, "A", "referral", "2025-01-06", 0, .service = "RNA");
    CHECK_COUNTS(l, "pathway 2025-01-06 open\n"); /* of wheelchairs, there would be a decision */
    TELL(l, "B", "referral", "2025-01-06", 1);
    CHECK_COUNTS(l, "decision 2025-01-06 open\n"
                    "pathway 2025-01-06 open\n"
                    "pathway 2025-01-06 open\n");
    list_free(l);
}
END_TEST

START_TEST(a_person_is_known_from_a_contact_without_a_service_too)
{
    struct pathway_list *l = story_new(NULL);

    TELL(l, "A", "care-plan", "2025-01-20", 5, .person = "P");
    TELL(l, "A", "referral", "2025-01-06", 1, .service = "mental-health");
    TELL(l, "B", "referral", "2025-01-08", 1, .service = "mental-health", .person = "P");
    CHECK_COUNTS(l, "first-contact 2025-01-06 open\n"
                    "pathway 2025-01-06 open\n"); /* one spell */
    list_free(l);
}
END_TEST

START_TEST(a_date_that_cannot_be_moves_no_count)
{
    struct pathway_list *l = story_new("RNA");
    struct list_change change = LIST_CHANGE_INIT;
    struct told t =
        TOLD("A", refused[_i].event, refused[_i].date, 1, .clock_start = refused[_i].clock_start);
    struct pathway_record r = record_of(&t);
    int verdict = list_event(l, &r, date_of("2025-07-01"), &change);

    ck_assert_msg(verdict == refused[_i].verdict, "%s: %d", refused[_i].why, verdict);
    ck_assert_uint_eq(change.verdicts[verdict], 1);
    ck_assert_uint_eq(tally_count(list_tally(l)), verdict == LIST_TAKEN);
    ck_assert(date_is_set(list_watermark(l)) == (verdict == LIST_TAKEN));
    list_free(l);
}
END_TEST

/* ---- spells ---- */

#define MH_OPEN(start)                                                                             \
    "first-contact " start " open\n"                                                               \
    "pathway " start " open\n"

START_TEST(referrals_up_to_5_days_apart_are_one_spell)
{
    struct pathway_list *l = story_new("mental-health");

    TELL(l, "A", "referral", "2025-01-06", 1, .person = "P");
    TELL(l, "A", "clock-stop", "2025-02-03", 1, .person = "P");
    TELL(l, "B", "referral", "2025-02-08", 1, .person = "P");
    CHECK_COUNTS(l, MH_OPEN("2025-01-06"));
    TELL(l, "B", "referral", "2025-02-09", 2, .person = "P"); /* 6 days */
    CHECK_COUNTS(l, "first-contact 2025-01-06 2025-02-08 stopped\n"
                    "first-contact 2025-02-09 open\n"
                    "pathway 2025-01-06 2025-02-08 stopped\n"
                    "pathway 2025-02-09 open\n");
    list_free(l);
}
END_TEST

START_TEST(a_late_referral_bridges_two_spells)
{
    struct pathway_list *l = story_new("mental-health");

    TELL(l, "A", "referral", "2025-01-06", 1, .person = "P");
    TELL(l, "A", "clock-stop", "2025-02-03", 1, .person = "P");
    TELL(l, "C", "referral", "2025-03-03", 1, .person = "P");
    TELL(l, "C", "first-contact", "2025-03-10", 1, .person = "P");
    CHECK_COUNTS(l, "baseline 2025-03-10 open\n"
                    "care-plan 2025-03-10 open\n"
                    "first-contact 2025-01-06 2025-02-08 stopped\n"
                    "first-contact 2025-03-03 2025-03-10 completed\n"
                    "pathway 2025-01-06 2025-02-08 stopped\n"
                    "pathway 2025-03-03 open\n");
    TELL(l, "B", "referral", "2025-02-06", 1, .person = "P", .clock_start = NULL);
    TELL(l, "B", "clock-stop", "2025-02-26", 1, .person = "P");
    CHECK_COUNTS(l, "baseline 2025-03-10 open\n"
                    "care-plan 2025-03-10 open\n"
                    "first-contact 2025-01-06 2025-03-10 completed\n"
                    "pathway 2025-01-06 open\n");
    /* It was another person's: the two are apart again. */
    TELL(l, "B", "clock-stop", "2025-02-26", 2, .person = "Q");
    CHECK_COUNTS(l, "baseline 2025-03-10 open\n"
                    "care-plan 2025-03-10 open\n"
                    "first-contact 2025-01-06 2025-02-08 stopped\n"
                    "first-contact 2025-02-06 2025-03-03 stopped\n"
                    "first-contact 2025-03-03 2025-03-10 completed\n"
                    "pathway 2025-01-06 2025-02-08 stopped\n"
                    "pathway 2025-02-06 2025-03-03 stopped\n"
                    "pathway 2025-03-03 open\n");
    list_free(l);
}
END_TEST

START_TEST(a_spell_stops_with_the_latest_over_its_referrals)
{
    struct pathway_list *l = story_new("mental-health");

    TELL(l, "A", "referral", "2025-01-06", 1, .person = "P");
    TELL(l, "B", "referral", "2025-01-20", 1, .person = "P");
    TELL(l, "A", "first-contact", "2025-01-13", 1, .person = "P");
    TELL(l, "B", "outcome-baseline", "2025-02-03", 1, .person = "P");
    TELL(l, "B", "care-plan", "2025-02-10", 1, .person = "P");
    CHECK_COUNTS(l, "baseline 2025-01-13 2025-02-03 completed\n"
                    "care-plan 2025-01-13 2025-02-10 completed\n"
                    "first-contact 2025-01-06 2025-01-13 completed\n"
                    "pathway 2025-01-06 2025-02-10 completed\n");
    list_free(l);
}
END_TEST

START_TEST(nobody_elses_referral_and_none_without_a_person_is_in_a_spell)
{
    struct pathway_list *l = story_new("mental-health");

    TELL(l, "A", "referral", "2025-01-06", 1, .person = "P");
    TELL(l, "B", "referral", "2025-01-06", 1, .person = "Q");
    TELL(l, "C", "referral", "2025-01-06", 1);
    TELL(l, "D", "referral", "2025-01-06", 1);
    struct tally_cell c;
    uint64_t count = 0;

    for (size_t at = 0; tally_next(list_tally(l), &at, &c, &count);)
        ck_assert_uint_eq(count, 4);
    list_free(l);
}
END_TEST

START_TEST(a_placeholder_for_a_person_is_no_person)
{
    struct pathway_list *l = story_new("mental-health");
    char name[16];

    for (int i = 0; i < 66; i++) {
        snprintf(name, sizeof name, "%d", i);
        TELL(l, name, "referral", "2025-01-06", 1, .person = "unknown");
        struct tally_cell c;
        uint64_t count = 0;

        for (size_t at = 0; tally_next(list_tally(l), &at, &c, &count);)
            ck_assert_uint_eq(count, i < 64 ? 1 : (unsigned)i + 1);
    }
    /* And back: two of them were somebody's. */
    TELL(l, "0", "referral", "2025-01-06", 2, .person = "P");
    TELL(l, "1", "referral", "2025-01-06", 2, .person = "Q");
    ck_assert_uint_eq(open_over(l, "2025-02-03", 0), 3);
    list_free(l);
}
END_TEST

START_TEST(a_pathway_is_touched_once_and_only_by_what_changes_it)
{
    struct pathway_list *l = story_new("RNA");
    const uint8_t *key;
    size_t at = 0, touched = 0;

    TELL(l, "A", "referral", "2025-01-06", 1);
    TELL(l, "A", "clock-stop", "2025-02-03", 1);
    TELL(l, "B", "referral", "2025-01-06", 1);
    TELL(l, "B", "referral", "2025-01-06", 1);
    while (list_touched_next(l, &at, &key))
        touched++;
    ck_assert_uint_eq(touched, 2);
    list_touched_clear(l);
    at = 0;
    ck_assert(!list_touched_next(l, &at, &key));
    ck_assert_int_eq(TELL(l, "B", "referral", "2025-01-06", 1), LIST_SAME);
    ck_assert(!list_touched_next(l, &at, &key));
    ck_assert_int_eq(TELL(l, "B", "referral", "2025-01-06", 2), LIST_TAKEN);
    ck_assert(list_touched_next(l, &at, &key));
    list_free(l);
}
END_TEST

UNIT_MAIN("pathway_list", UNIT_TEST(a_referral_waits_and_a_clock_stop_ends_it),
          UNIT_TEST(day_126_is_within_18_weeks_and_day_127_beyond),
          UNIT_TEST(day_365_is_over_52_weeks),
          UNIT_TEST(a_correction_to_an_earlier_date_counts_from_there),
          UNIT_TEST(a_first_contact_corrected_to_did_not_attend_is_taken_back),
          UNIT_TEST(a_first_contact_that_did_not_take_place_leaves_the_wait_for_it_open),
          UNIT_TEST(the_highest_version_stands_in_whatever_order),
          UNIT_TEST(of_equal_versions_the_greater_bytes_stand),
          UNIT_TEST(an_event_before_its_referral_waits_for_it),
          UNIT_TEST(a_row_that_brings_its_clock_start_reports_the_referral),
          UNIT_TEST(a_stop_before_the_start_stops_nothing),
          UNIT_TEST(a_correction_of_the_place_moves_the_count),
          UNIT_TEST(an_event_that_says_nothing_of_who_waits_leaves_what_the_referral_told),
          UNIT_TEST(what_a_record_says_blanks_out_nothing_that_it_does_not),
          UNIT_TEST(what_nobody_said_is_filled_in_by_an_older_record),
          UNIT_TEST(of_one_version_each_says_who_waits_by_the_greater_bytes),
          UNIT_TEST(of_more_cohort_values_than_are_kept_the_same_stand_in_any_order),
          UNIT_TEST(who_says_no_service_is_of_the_one_that_another_told_whatever_the_lists_is),
          UNIT_TEST(a_person_is_known_from_a_contact_without_a_service_too),
          UNIT_ROWS(a_date_that_cannot_be_moves_no_count, refused),
          UNIT_TEST(referrals_up_to_5_days_apart_are_one_spell),
          UNIT_TEST(a_late_referral_bridges_two_spells),
          UNIT_TEST(a_spell_stops_with_the_latest_over_its_referrals),
          UNIT_TEST(nobody_elses_referral_and_none_without_a_person_is_in_a_spell),
          UNIT_TEST(a_placeholder_for_a_person_is_no_person),
          UNIT_TEST(a_pathway_is_touched_once_and_only_by_what_changes_it))
