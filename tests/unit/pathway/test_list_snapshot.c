/*
 * Censuses of a list: who is open, who is gone, who came back (rules 2 to 4), and what is then only
 * counted (rule 6).
 */
#include "unit/pathway/list_story.h"

START_TEST(two_snapshots_give_starts_and_stops)
{
    struct pathway_list *l = story_new("RNA");

    CENSUS(l, "2025-03-02", ROW("A", "2025-01-06"), ROW("B", "2025-02-03"));
    CHECK_COUNTS(l, "pathway 2025-01-06 open\npathway 2025-02-03 open\n");
    struct list_change change =
        CENSUS(l, "2025-03-09", ROW("B", "2025-02-03"), ROW("C", "2025-03-03"));

    CHECK_COUNTS(l, "pathway 2025-01-06 2025-03-09 unknown\n"
                    "pathway 2025-02-03 open\n"
                    "pathway 2025-03-03 open\n");
    ck_assert_uint_eq(change.started, 1);
    ck_assert_uint_eq(change.stopped, 1);
    ck_assert_uint_eq(change.returned, 0);
    ck_assert_int_eq(change.from.day, date_of("2025-03-03").day);
    ck_assert(change.rewrite);
    ck_assert_int_eq(list_census(l).day, date_of("2025-03-09").day);
    list_free(l);
}
END_TEST

START_TEST(an_unchanged_census_changes_no_count)
{
    struct pathway_list *l = story_new("RNA");

    CENSUS(l, "2025-03-02", ROW("A", "2025-01-06"), ROW("B", "2025-02-03"));
    struct list_change change =
        CENSUS(l, "2025-03-09", ROW("B", "2025-02-03"), ROW("A", "2025-01-06"));

    ck_assert(!date_is_set(change.from));
    CHECK_COUNTS(l, "pathway 2025-01-06 open\npathway 2025-02-03 open\n");
    list_free(l);
}
END_TEST

START_TEST(a_pathway_that_comes_back_is_the_same_and_its_stop_is_taken_back)
{
    struct pathway_list *l = story_new("RNA");

    CENSUS(l, "2025-03-02", ROW("A", "2025-01-06"), ROW("B", "2025-02-03"));
    CENSUS(l, "2025-03-09", ROW("B", "2025-02-03"));
    struct list_change change =
        CENSUS(l, "2025-03-16", ROW("A", "2025-01-06"), ROW("B", "2025-02-03"));

    CHECK_COUNTS(l, "pathway 2025-01-06 open\npathway 2025-02-03 open\n");
    ck_assert_uint_eq(change.returned, 1);
    ck_assert_uint_eq(change.started, 0);
    ck_assert_int_eq(change.from.day, date_of("2025-03-09").day); /* the stop that was counted */
    list_free(l);
}
END_TEST

START_TEST(the_same_census_again_is_as_if_the_first_had_never_been)
{
    struct pathway_list *l = story_new("RNA"), *m = story_new("RNA");
    char a[SHA256_TEXT_MAX], b[SHA256_TEXT_MAX];

    for (int i = 0; i < 2; i++) {
        struct pathway_list *each = i ? m : l;

        CENSUS(each, "2025-03-02", ROW("A", "2025-01-06"), ROW("B", "2025-02-03"),
               ROW("G", "2025-01-20"));
        CENSUS(each, "2025-03-09", ROW("A", "2025-01-06"), ROW("B", "2025-02-03"));
    }
    /* B dropped, C new, A with another start, G brought back: all a mistake. */
    CENSUS(l, "2025-03-16", ROW("A", "2025-01-13"), ROW("C", "2025-03-03"), ROW("G", "2025-01-20"));
    CENSUS(l, "2025-03-16", ROW("B", "2025-02-03"));
    CENSUS(m, "2025-03-16", ROW("B", "2025-02-03"));
    CHECK_COUNTS(l, "pathway 2025-01-06 2025-03-16 unknown\n"
                    "pathway 2025-01-20 2025-03-09 unknown\n"
                    "pathway 2025-02-03 open\n");
    ck_assert_int_eq(list_digest(l, a), 0);
    ck_assert_int_eq(list_digest(m, b), 0);
    ck_assert_str_eq(a, b);
    list_free(l);
    list_free(m);
}
END_TEST

START_TEST(an_older_census_is_refused_and_one_to_come_too)
{
    struct pathway_list *l = story_new("RNA");
    struct civil_date received = date_of("2025-03-10");

    CENSUS(l, "2025-03-09", ROW("A", "2025-01-06"));
    ck_assert_int_eq(list_snapshot_begin(l, date_of("2025-03-02"), received, LIST_FIRST_STANDS),
                     -ESTALE);
    ck_assert_int_eq(list_snapshot_begin(l, date_of("2025-03-11"), received, LIST_FIRST_STANDS),
                     -ERANGE);
    ck_assert_int_eq(list_snapshot_begin(l, DATE_NONE, received, LIST_FIRST_STANDS), -ERANGE);
    CHECK_COUNTS(l, "pathway 2025-01-06 open\n");
    list_free(l);
}
END_TEST

START_TEST(rows_that_are_given_up_leave_the_list_as_it_was)
{
    struct pathway_list *l = story_new("RNA");
    struct pathway_record r = { .clock_start = date_of("2025-03-03"), .stage_start = DATE_NONE };
    const uint8_t *key;
    struct civil_date start;
    size_t at = 0;

    CENSUS(l, "2025-03-02", ROW("A", "2025-01-06"));
    ck_assert_int_eq(
        list_snapshot_begin(l, date_of("2025-03-09"), date_of(RECEIVED), LIST_FIRST_STANDS), 0);
    key_of("B", r.pathway);
    ck_assert_int_eq(list_snapshot_row(l, &r), LIST_TAKEN);
    ck_assert(list_staged_next(l, &at, &key, &start)); /* for whoever decides */
    ck_assert_mem_eq(key, r.pathway, sizeof r.pathway);
    ck_assert(!list_staged_next(l, &at, &key, &start));
    list_snapshot_abandon(l);
    CHECK_COUNTS(l, "pathway 2025-01-06 open\n");
    ck_assert(!list_has(l, r.pathway));
    ck_assert_int_eq(list_census(l).day, date_of("2025-03-02").day);
    list_free(l);
}
END_TEST

static const struct {
    const char *why, *first, *second;
    uint64_t first_version, second_version;
    enum list_duplicates duplicates;
    const char *counts;
} doubles[] = {
    { "the first", "2025-01-06", "2025-02-03", 0, 0, LIST_FIRST_STANDS,
      "pathway 2025-01-06 open\n" },
    { "the last", "2025-01-06", "2025-02-03", 0, 0, LIST_LAST_STANDS, "pathway 2025-02-03 open\n" },
    { "the higher version", "2025-01-06", "2025-02-03", 1, 2, LIST_FIRST_STANDS,
      "pathway 2025-02-03 open\n" },
    { "the higher version first", "2025-01-06", "2025-02-03", 2, 1, LIST_LAST_STANDS,
      "pathway 2025-01-06 open\n" },
};

START_TEST(of_two_rows_of_one_pathway_one_stands)
{
    struct pathway_list *l = story_new("RNA");
    struct list_change change = LIST_CHANGE_INIT;
    struct pathway_record r = { .clock_start = date_of(doubles[_i].first),
                                .stage_start = DATE_NONE,
                                .has_version = true,
                                .version = doubles[_i].first_version };

    key_of("A", r.pathway);
    ck_assert_int_eq(
        list_snapshot_begin(l, date_of("2025-03-02"), date_of(RECEIVED), doubles[_i].duplicates),
        0);
    ck_assert_int_eq(list_snapshot_row(l, &r), LIST_TAKEN);
    r.clock_start = date_of(doubles[_i].second);
    r.version = doubles[_i].second_version;
    ck_assert_int_eq(list_snapshot_row(l, &r), LIST_TAKEN);
    ck_assert_int_eq(list_snapshot_end(l, &change), 0);
    ck_assert_uint_eq(change.duplicates, 1);
    CHECK_COUNTS(l, doubles[_i].counts);
    list_free(l);
}
END_TEST

START_TEST(many_rows_in_any_order_are_the_same_list)
{
    struct pathway_list *l = story_new("RNA"), *m = story_new("RNA");
    static struct row rows[3000];
    static char names[3000][16];
    char a[SHA256_TEXT_MAX], b[SHA256_TEXT_MAX];

    for (int i = 0; i < 3000; i++) {
        snprintf(names[i], sizeof names[i], "%d", i);
        rows[i] = (struct row){ .pathway = names[i], .start = "2025-01-06" };
    }
    (void)census_rows(l, "2025-03-02", rows, 3000);
    for (int i = 0; i < 1500; i++) {
        struct row swapped = rows[i];

        rows[i] = rows[2999 - i];
        rows[2999 - i] = swapped;
    }
    (void)census_rows(m, "2025-03-02", rows, 3000);
    ck_assert_int_eq(list_digest(l, a), 0);
    ck_assert_int_eq(list_digest(m, b), 0);
    ck_assert_str_eq(a, b);
    ck_assert_uint_eq(open_over(l, "2025-03-02", 0), 3000);
    const uint8_t *key, *last = NULL;
    struct civil_date start, stop;
    size_t at = 0, n = 0;

    for (; list_next(l, &at, &key, &start, &stop); n++) {
        ck_assert(!last || memcmp(last, key, PSEUDONYM_BYTES) < 0);
        last = key;
    }
    ck_assert_uint_eq(n, 3000);
    list_free(l);
    list_free(m);
}
END_TEST

START_TEST(a_row_with_a_bad_date_never_looks_like_a_person_seen)
{
    struct pathway_list *l = story_new("RNA");

    CENSUS(l, "2025-03-02", ROW("A", "2025-01-06"), ROW("B", "2025-02-03"));
    struct list_change change =
        CENSUS(l, "2025-03-09", ROW("A", "1900-01-01"), ROW("B", NULL), ROW("C", NULL));

    CHECK_COUNTS(l, "pathway 2025-01-06 open\npathway 2025-02-03 open\n");
    ck_assert_uint_eq(change.verdicts[LIST_OUT_OF_RANGE], 1);
    ck_assert_uint_eq(change.verdicts[LIST_NO_START], 2);
    ck_assert_uint_eq(change.stopped, 0);
    ck_assert_uint_eq(change.started, 0);
    list_free(l);
}
END_TEST

START_TEST(a_row_moves_to_the_stage_that_the_snapshot_names)
{
    struct pathway_list *l = story_new("wheelchair");

    CENSUS(l, "2025-03-02",
           ROW("A", "2025-01-06", .stage = "decision", .stage_start = "2025-01-06"),
           ROW("B", "2025-01-13", .stage = "triage", .stage_start = "2025-02-03"),
           ROW("C", "2025-01-20"));
    CHECK_COUNTS(l, "decision 2025-01-06 open\n"
                    "pathway 2025-01-06 open\n"
                    "pathway 2025-01-13 open\n"
                    "pathway 2025-01-20 open\n"
                    "triage 2025-02-03 open\n");
    struct list_change change = CENSUS(
        l, "2025-03-09", ROW("A", "2025-01-06", .stage = "delivery", .stage_start = "2025-03-03"));

    CHECK_COUNTS(l, "delivery 2025-03-03 open\n"
                    "pathway 2025-01-06 open\n"
                    "pathway 2025-01-13 2025-03-09 unknown\n"
                    "pathway 2025-01-20 2025-03-09 unknown\n"
                    "triage 2025-02-03 2025-03-09 unknown\n");
    ck_assert_int_eq(change.from.day, date_of("2025-01-06").day); /* the stage that is over */
    list_free(l);
}
END_TEST

/* NICE QS51: who waits for the first contact waits for the start of the assessment as well. */
START_TEST(what_can_only_follow_the_named_stage_is_waited_for_as_well)
{
    struct pathway_list *l = story_new("neurodevelopmental");

    CENSUS(l, "2025-03-02", ROW("A", "2025-01-06", .stage = "first-contact"),
           ROW("B", "2025-01-13", .stage = "contact-to-assessment", .stage_start = "2025-02-03"),
           ROW("C", "2025-01-20", .stage = "diagnosis", .stage_start = "2025-02-10"));
    CHECK_COUNTS(l, "assessment 2025-01-06 open\n"
                    "assessment 2025-01-13 open\n"
                    "contact-to-assessment 2025-02-03 open\n"
                    "diagnosis 2025-02-10 open\n"
                    "first-contact 2025-01-06 open\n"
                    "pathway 2025-01-06 open\n"
                    "pathway 2025-01-13 open\n"
                    "pathway 2025-01-20 open\n");
    TELL(l, "B", "assessment-start", "2025-03-05", 1);
    TELL(l, "A", "first-contact", "2025-03-04", 1);
    CHECK_COUNTS(l, "assessment 2025-01-06 open\n"
                    "assessment 2025-01-13 2025-03-05 completed\n"
                    "contact-to-assessment 2025-02-03 2025-03-05 completed\n"
                    "contact-to-assessment 2025-03-04 open\n"
                    "diagnosis 2025-02-10 open\n"
                    "diagnosis 2025-03-05 open\n"
                    "first-contact 2025-01-06 2025-03-04 completed\n"
                    "pathway 2025-01-06 open\n"
                    "pathway 2025-01-13 open\n"
                    "pathway 2025-01-20 open\n");
    list_free(l);
}
END_TEST

START_TEST(of_whom_no_row_and_no_event_tells_the_stage_is_known)
{
    struct pathway_list *l = story_new("wheelchair");
    uint64_t counts[8] = { 0 }, sum = 0;

    CENSUS(l, "2025-03-02", ROW("A", "2025-01-06"), ROW("B", "2025-01-13", .stage = "triage"),
           ROW("C", "2025-01-20", .stage = "decision"), ROW("D", "2025-01-20", .stage = "delivery"),
           ROW("E", "2025-01-20", .stage = "delivery", .stage_start = "2025-02-03"),
           ROW("F", "2025-01-20"));
    TELL(l, "F", "prescription", "2025-02-10", 1);
    ck_assert_uint_le(tally_group_count(list_tally(l)), 8);
    list_stage_untold(l, counts);
    for (int i = 0; i < 8; i++)
        sum += counts[i];
    ck_assert_uint_eq(sum, 3); /* A, B, D: it is at the delivery since a day that nobody told */
    list_free(l);
}
END_TEST

START_TEST(who_may_have_ended_a_stage_without_an_event_is_counted)
{
    struct pathway_list *l = story_new("wheelchair");
    int decision = service_clock(service_of(story_services(), "wheelchair"), "decision");
    int delivery = service_clock(service_of(story_services(), "wheelchair"), "delivery");

    CENSUS(l, "2025-03-02", ROW("A", "2025-01-06"), ROW("B", "2025-01-13", .stage = "decision"),
           ROW("C", "2025-01-20", .stage = "delivery"), ROW("D", "2025-01-20"));
    ck_assert_uint_eq(list_ended_untold(l, decision), 3); /* B waits for it */
    ck_assert_uint_eq(list_ended_untold(l, delivery), 2); /* so does C, and B before that */
    TELL(l, "A", "prescription", "2025-02-10", 1);
    ck_assert_uint_eq(list_ended_untold(l, decision), 2);
    CENSUS(l, "2025-03-09", ROW("C", "2025-01-20", .stage = "delivery"), ROW("D", "2025-01-20"));
    ck_assert_uint_eq(list_ended_untold(l, decision), 3); /* B, who is gone */
    ck_assert_uint_eq(list_ended_untold(l, delivery), 2);
    list_free(l);
}
END_TEST

START_TEST(a_mere_change_of_group_counts_from_its_census)
{
    struct pathway_list *l = story_new("RNA");

    CENSUS(l, "2025-03-02", ROW("A", "2025-01-06", .stage = "triage"));
    struct list_change change = CENSUS(l, "2025-03-09", ROW("A", "2025-01-06", .stage = "waiting"));

    ck_assert_int_eq(change.from.day, date_of("2025-03-09").day);
    list_free(l);
}
END_TEST

/* ---- with events ---- */

START_TEST(a_stops_feed_gives_the_missing_pathway_its_date_and_outcome)
{
    struct pathway_list *l = story_new("RNA");

    CENSUS(l, "2025-03-02", ROW("A", "2025-01-06"), ROW("B", "2025-02-03"), ROW("C", "2025-02-10"));
    CENSUS(l, "2025-03-09", ROW("C", "2025-02-10"));
    TELL(l, "A", "clock-stop", "2025-03-04", 1);
    TELL(l, "B", "removal", "2025-03-09", 1);
    CHECK_COUNTS(l, "pathway 2025-01-06 2025-03-04 completed\n"
                    "pathway 2025-02-03 2025-03-09 removed-unseen\n"
                    "pathway 2025-02-10 open\n");
    ck_assert_uint_eq(counts_of(l).disagreeing, 0);
    list_free(l);
}
END_TEST

START_TEST(an_earlier_event_that_disagrees_is_counted_and_moves_nothing)
{
    struct pathway_list *l = story_new("RNA");

    TELL(l, "A", "referral", "2025-01-06", 1);
    TELL(l, "A", "clock-stop", "2025-02-17", 1); /* the census says: open on 2 March */
    TELL(l, "B", "referral", "2025-01-13", 1);   /* and knows nothing of B */
    TELL(l, "C", "referral", "2025-01-20", 1);   /* C had stopped by then, as it says */
    TELL(l, "C", "clock-stop", "2025-02-24", 1);
    CENSUS(l, "2025-03-02", ROW("A", "2025-01-06"));
    CHECK_COUNTS(l, "pathway 2025-01-06 open\n"
                    "pathway 2025-01-20 2025-02-24 completed\n");
    ck_assert_uint_eq(counts_of(l).disagreeing, 2);
    struct list_change change = LIST_CHANGE_INIT;

    tell_change(l, TOLD("A", "clock-stop", "2025-02-24", 2, ), &change); /* no better */
    ck_assert(!date_is_set(change.from));
    ck_assert_uint_eq(counts_of(l).disagreeing, 2);
    tell_change(l, TOLD("A", "clock-stop", "2025-03-03", 3, ), &change); /* since then */
    CHECK_COUNTS(l, "pathway 2025-01-06 2025-03-03 completed\n"
                    "pathway 2025-01-20 2025-02-24 completed\n");
    ck_assert_uint_eq(counts_of(l).disagreeing, 1);
    list_free(l);
}
END_TEST

START_TEST(a_stop_that_an_earlier_census_contradicts_does_not_date_the_missing_pathway)
{
    struct pathway_list *l = story_new("RNA");

    CENSUS(l, "2025-03-02", ROW("A", "2025-01-06"));
    CENSUS_OF_NOBODY(l, "2025-03-09");
    TELL(l, "A", "clock-stop", "2025-03-02", 1);
    CHECK_COUNTS(l, "pathway 2025-01-06 2025-03-09 unknown\n");
    ck_assert_uint_eq(counts_of(l).disagreeing, 1);
    TELL(l, "A", "clock-stop", "2025-03-10", 2); /* it was gone before */
    CHECK_COUNTS(l, "pathway 2025-01-06 2025-03-09 unknown\n");
    ck_assert_uint_eq(counts_of(l).disagreeing, 1);
    TELL(l, "A", "clock-stop", "2025-03-03", 3);
    CHECK_COUNTS(l, "pathway 2025-01-06 2025-03-03 completed\n");
    ck_assert_uint_eq(counts_of(l).disagreeing, 0);
    list_free(l);
}
END_TEST

START_TEST(later_events_apply_on_top_of_the_snapshot)
{
    struct pathway_list *l = story_new("wheelchair");

    CENSUS(l, "2025-03-02",
           ROW("A", "2025-01-06", .stage = "decision", .stage_start = "2025-01-06"));
    TELL(l, "B", "referral", "2025-03-03", 1);
    TELL(l, "A", "prescription", "2025-03-05", 1);
    CHECK_COUNTS(l, "decision 2025-01-06 2025-03-05 completed\n"
                    "decision 2025-03-03 open\n"
                    "delivery 2025-03-05 open\n"
                    "pathway 2025-01-06 open\n"
                    "pathway 2025-03-03 open\n");
    /* The next census has neither: B, which it should know, is not counted. */
    CENSUS(l, "2025-03-09", ROW("C", "2025-03-07"));
    CHECK_COUNTS(l, "decision 2025-01-06 2025-03-05 completed\n"
                    "delivery 2025-03-05 2025-03-09 unknown\n"
                    "pathway 2025-01-06 2025-03-09 unknown\n"
                    "pathway 2025-03-07 open\n");
    ck_assert_uint_eq(counts_of(l).disagreeing, 1);
    list_free(l);
}
END_TEST

START_TEST(the_stage_that_the_snapshot_names_stands_over_earlier_events_of_it)
{
    struct pathway_list *l = story_new("wheelchair");

    TELL(l, "A", "prescription", "2025-02-10", 1); /* the census says: decided on the 3rd */
    CENSUS(l, "2025-03-02",
           ROW("A", "2025-01-06", .stage = "delivery", .stage_start = "2025-02-03"));
    CHECK_COUNTS(l, "decision 2025-01-06 2025-02-10 completed\n"
                    "delivery 2025-02-03 open\n"
                    "pathway 2025-01-06 open\n");
    TELL(l, "A", "equipment", "2025-03-05", 1);
    CHECK_COUNTS(l, "decision 2025-01-06 2025-02-10 completed\n"
                    "delivery 2025-02-03 2025-03-05 completed\n"
                    "pathway 2025-01-06 2025-03-05 completed\n");
    list_free(l);
}
END_TEST

START_TEST(another_clock_start_than_the_snapshots_disagrees_and_moves_nothing)
{
    struct pathway_list *l = story_new("RNA");

    CENSUS(l, "2025-03-02", ROW("A", "2025-01-06"));
    TELL(l, "A", "referral", "2025-01-13", 1);
    CHECK_COUNTS(l, "pathway 2025-01-06 open\n");
    ck_assert_uint_eq(counts_of(l).disagreeing, 1);
    TELL(l, "A", "referral", "2025-01-06", 2);
    ck_assert_uint_eq(counts_of(l).disagreeing, 0);
    list_free(l);
}
END_TEST

START_TEST(a_pathway_reopened_after_the_census_waits_again)
{
    struct pathway_list *l = story_new("RNA");

    CENSUS(l, "2025-03-02", ROW("A", "2025-01-06"));
    CENSUS_OF_NOBODY(l, "2025-03-09");
    TELL(l, "A", "reopened", "2025-03-09", 1); /* by then it was not open */
    CHECK_COUNTS(l, "pathway 2025-01-06 2025-03-09 unknown\n");
    TELL(l, "A", "reopened", "2025-03-12", 2);
    CHECK_COUNTS(l, "pathway 2025-01-06 open\n");
    list_free(l);
}
END_TEST

/* ---- what is then only counted ---- */

START_TEST(fifteen_months_after_the_stop_a_pathway_is_only_counted_and_a_correction_too_old)
{
    struct pathway_list *l = story_new("RNA");
    struct list_change change = LIST_CHANGE_INIT;

    tell_change(l, TOLD("A", "referral", "2024-01-08", 1, ), &change);
    tell_change(l, TOLD("A", "clock-stop", "2024-02-29", 1, ), &change);
    tell_change(l, TOLD("B", "referral", "2024-01-08", 1, ), &change);
    tell_change(l, TOLD("B", "clock-stop", "2024-03-01", 1, ), &change);
    tell_change(l, TOLD("C", "referral", "2024-01-08", 1, ), &change); /* still waits */
    tell_change(l, TOLD("D", "referral", "2025-05-31", 1, ), &change);
    ck_assert_int_eq(list_events_end(l, &change), 0);
    ck_assert_uint_eq(change.purged, 0); /* A is 15 months old today, no more */
    ck_assert(!change.rewrite);
    tell_change(l, TOLD("D", "referral", "2025-06-01", 2, ), &change);
    ck_assert_int_eq(list_events_end(l, &change), 0);
    ck_assert_uint_eq(change.purged, 1);
    ck_assert(change.rewrite);
    CHECK_COUNTS(l, "pathway 2024-01-08 2024-02-29 completed\n"
                    "pathway 2024-01-08 2024-03-01 completed\n"
                    "pathway 2024-01-08 open\n"
                    "pathway 2025-06-01 open\n");
    ck_assert_uint_eq(counts_of(l).pathways, 3);
    ck_assert_uint_eq(counts_of(l).forgotten, 1);
    ck_assert_int_eq(tell_change(l, TOLD("A", "clock-stop", "2024-02-26", 2, ), &change),
                     LIST_TOO_OLD);
    ck_assert_int_eq(tell_change(l, TOLD("A", "referral", "2024-01-08", 1, ), &change),
                     LIST_TOO_OLD); /* told again from the beginning */
    ck_assert_int_eq(tell_change(l, TOLD("B", "clock-stop", "2024-02-26", 2, ), &change),
                     LIST_TAKEN);
    ck_assert_int_eq(tell_change(l, TOLD("E", "referral", "2023-01-02", 1, ), &change),
                     LIST_TAKEN); /* late news of one never known is no correction */
    ck_assert_uint_eq(counts_of(l).too_old, 2);
    CHECK_COUNTS(l, "pathway 2023-01-02 open\n"
                    "pathway 2024-01-08 2024-02-26 completed\n"
                    "pathway 2024-01-08 2024-02-29 completed\n"
                    "pathway 2024-01-08 open\n"
                    "pathway 2025-06-01 open\n");
    list_free(l);
}
END_TEST

static const struct {
    unsigned months;
    const char *not_yet, *then; /* days up to which the list knows */
} keeps[] = { { 1, "2024-04-30", "2024-05-01" },
              { 15, "2025-06-30", "2025-07-01" },
              { 18, "2025-09-30", "2025-10-01" } };

START_TEST(a_pathway_is_kept_for_as_many_months_as_is_said)
{
    struct pathway_list *l = story_new("RNA");
    struct list_change change = LIST_CHANGE_INIT;

    list_keep(l, keeps[_i].months);
    tell_change(l, TOLD("A", "referral", "2024-01-08", 1, ), &change);
    tell_change(l, TOLD("A", "clock-stop", "2024-03-31", 1, ), &change);
    tell_change(l, TOLD("B", "referral", keeps[_i].not_yet, 1, ), &change);
    ck_assert_int_eq(list_events_end(l, &change), 0);
    ck_assert_uint_eq(change.purged, 0);
    tell_change(l, TOLD("B", "referral", keeps[_i].then, 2, ), &change);
    ck_assert_int_eq(list_events_end(l, &change), 0);
    ck_assert_uint_eq(change.purged, 1);
    list_free(l);
}
END_TEST

START_TEST(a_pathway_gone_from_snapshots_is_only_counted_15_months_later)
{
    struct pathway_list *l = story_new("RNA");

    CENSUS(l, "2024-01-07", ROW("A", "2023-12-04"), ROW("B", "2023-12-11"));
    CENSUS(l, "2024-01-14", ROW("B", "2023-12-11"));
    struct list_change change = CENSUS(l, "2025-05-04", ROW("B", "2023-12-11"));

    ck_assert_uint_eq(change.purged, 1);
    ck_assert_uint_eq(counts_of(l).pathways, 1);
    CHECK_COUNTS(l, "pathway 2023-12-04 2024-01-14 unknown\n"
                    "pathway 2023-12-11 open\n");
    CENSUS(l, "2025-05-11", ROW("B", "2023-12-11"));
    CHECK_COUNTS(l, "pathway 2023-12-04 2024-01-14 unknown\n"
                    "pathway 2023-12-11 open\n");
    list_free(l);
}
END_TEST

START_TEST(an_old_spell_goes_and_the_persons_new_one_stays)
{
    struct pathway_list *l = story_new("mental-health");
    struct list_change change = LIST_CHANGE_INIT;

    TELL(l, "A", "referral", "2023-01-09", 1, .person = "P");
    TELL(l, "A", "clock-stop", "2023-03-06", 1, .person = "P");
    TELL(l, "B", "referral", "2025-03-03", 1, .person = "P");
    ck_assert_int_eq(list_events_end(l, &change), 0);
    ck_assert_uint_eq(change.purged, 1);
    TELL(l, "C", "referral", "2025-03-10", 1, .person = "P"); /* joins B still */
    CHECK_COUNTS(l, "first-contact 2023-01-09 2023-03-11 stopped\n"
                    "first-contact 2025-03-03 open\n"
                    "pathway 2023-01-09 2023-03-11 stopped\n"
                    "pathway 2025-03-03 open\n");
    list_free(l);
}
END_TEST

START_TEST(a_plan_whose_reviews_go_on_is_kept)
{
    struct pathway_list *l = story_new("ehc-plan");
    struct list_change change = LIST_CHANGE_INIT;

    TELL(l, "A", "referral", "2022-01-03", 1);
    TELL(l, "A", "plan-issued", "2022-05-02", 1);
    TELL(l, "B", "referral", "2025-03-03", 1);
    ck_assert_int_eq(list_events_end(l, &change), 0);
    ck_assert_uint_eq(change.purged, 0);
    ck_assert_int_eq(TELL(l, "A", "review-meeting", "2025-03-10", 1), LIST_TAKEN);
    list_free(l);
}
END_TEST

UNIT_MAIN(
    "list_snapshot", UNIT_TEST(two_snapshots_give_starts_and_stops),
    UNIT_TEST(an_unchanged_census_changes_no_count),
    UNIT_TEST(a_pathway_that_comes_back_is_the_same_and_its_stop_is_taken_back),
    UNIT_TEST(the_same_census_again_is_as_if_the_first_had_never_been),
    UNIT_TEST(an_older_census_is_refused_and_one_to_come_too),
    UNIT_TEST(rows_that_are_given_up_leave_the_list_as_it_was),
    UNIT_ROWS(of_two_rows_of_one_pathway_one_stands, doubles),
    UNIT_TEST(many_rows_in_any_order_are_the_same_list),
    UNIT_TEST(a_row_with_a_bad_date_never_looks_like_a_person_seen),
    UNIT_TEST(a_row_moves_to_the_stage_that_the_snapshot_names),
    UNIT_TEST(what_can_only_follow_the_named_stage_is_waited_for_as_well),
    UNIT_TEST(of_whom_no_row_and_no_event_tells_the_stage_is_known),
    UNIT_TEST(who_may_have_ended_a_stage_without_an_event_is_counted),
    UNIT_TEST(a_mere_change_of_group_counts_from_its_census),
    UNIT_TEST(a_stops_feed_gives_the_missing_pathway_its_date_and_outcome),
    UNIT_TEST(an_earlier_event_that_disagrees_is_counted_and_moves_nothing),
    UNIT_TEST(a_stop_that_an_earlier_census_contradicts_does_not_date_the_missing_pathway),
    UNIT_TEST(later_events_apply_on_top_of_the_snapshot),
    UNIT_TEST(the_stage_that_the_snapshot_names_stands_over_earlier_events_of_it),
    UNIT_TEST(another_clock_start_than_the_snapshots_disagrees_and_moves_nothing),
    UNIT_TEST(a_pathway_reopened_after_the_census_waits_again),
    UNIT_TEST(fifteen_months_after_the_stop_a_pathway_is_only_counted_and_a_correction_too_old),
    UNIT_ROWS(a_pathway_is_kept_for_as_many_months_as_is_said, keeps),
    UNIT_TEST(a_pathway_gone_from_snapshots_is_only_counted_15_months_later),
    UNIT_TEST(an_old_spell_goes_and_the_persons_new_one_stays),
    UNIT_TEST(a_plan_whose_reviews_go_on_is_kept))
