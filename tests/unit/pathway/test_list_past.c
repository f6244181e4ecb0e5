/*
 * Pages whose clock begins anew with each review, by snapshots that say when the last one was.
 */
#include "pathway/list_rename.h"
#include "unit/pathway/list_history.h"

#define PAGES "local-offer"

#define CHECK_PAGES(l, expected)                                                                   \
    do {                                                                                           \
        CHECK_COUNTS(l, expected);                                                                 \
        l = restarted(l, PAGES);                                                                   \
        CHECK_COUNTS(l, expected);                                                                 \
    } while (0)

static struct pathway_list *reviewed_once(void)
{
    struct pathway_list *l = story_new(PAGES);

    CENSUS(l, "2024-07-31", ROW("A", "2023-03-01"), ROW("B", "2023-04-01"));
    CENSUS(l, "2024-08-31", ROW("A", "2024-08-10"), ROW("B", "2023-04-01"));
    return l;
}

START_TEST(a_review_between_two_censuses_completes_the_clock_that_ran_and_begins_another)
{
    struct pathway_list *l = reviewed_once();

    CHECK_PAGES(l, "pathway 2023-03-01 2024-08-10 completed\npathway 2023-04-01 open\n"
                   "pathway 2024-08-10 open\n");
    CENSUS(l, "2024-09-30", ROW("A", "2024-09-05"), ROW("B", "2024-09-06"));
    CHECK_PAGES(l, "pathway 2023-03-01 2024-08-10 completed\n"
                   "pathway 2023-04-01 2024-09-06 completed\n"
                   "pathway 2024-08-10 2024-09-05 completed\n"
                   "pathway 2024-09-05 open\npathway 2024-09-06 open\n");
    CENSUS_OF_NOBODY(l, "2024-10-31");
    CHECK_PAGES(l,
                "pathway 2023-03-01 2024-08-10 completed\n"
                "pathway 2023-04-01 2024-09-06 completed\n"
                "pathway 2024-08-10 2024-09-05 completed\n"
                "pathway 2024-09-05 2024-10-31 unknown\npathway 2024-09-06 2024-10-31 unknown\n");
    list_free(l);
}
END_TEST

START_TEST(the_same_census_again_takes_back_the_reviews_that_it_showed)
{
    struct pathway_list *l = reviewed_once(), *never = story_new(PAGES);
    char a[SHA256_TEXT_MAX], b[SHA256_TEXT_MAX];

    CENSUS(l, "2024-08-31", ROW("A", "2023-03-01"), ROW("B", "2024-08-12"));
    CHECK_PAGES(l, "pathway 2023-03-01 open\npathway 2023-04-01 2024-08-12 completed\n"
                   "pathway 2024-08-12 open\n");
    CENSUS(never, "2024-07-31", ROW("A", "2023-03-01"), ROW("B", "2023-04-01"));
    CENSUS(never, "2024-08-31", ROW("A", "2023-03-01"), ROW("B", "2024-08-12"));
    ck_assert_int_eq(list_digest(l, a), 0);
    ck_assert_int_eq(list_digest(never, b), 0);
    ck_assert_str_eq(a, b);
    list_free(l);
    list_free(never);
}
END_TEST

START_TEST(a_start_that_was_over_at_the_census_before_is_a_correction_and_completes_nothing)
{
    struct pathway_list *l = reviewed_once();

    CENSUS(l, "2024-09-30", ROW("A", "2024-08-10"), ROW("B", "2024-08-31"));
    CHECK_PAGES(l, "pathway 2023-03-01 2024-08-10 completed\npathway 2024-08-10 open\n"
                   "pathway 2024-08-31 open\n");
    list_free(l);
}
END_TEST

static const struct {
    const char *start, *counts;
} corrected[] = {
    { "2024-08-08", "pathway 2023-03-01 2024-08-08 completed\npathway 2024-08-08 open\n" },
    { "2023-03-01", "pathway 2023-03-01 open\n" },
    { "2023-02-01", "pathway 2023-02-01 open\n" },
};
START_TEST(an_earlier_start_takes_back_the_clocks_that_began_after_it)
{
    struct pathway_list *l = reviewed_once();

    CENSUS(l, "2024-09-30", ROW("A", corrected[_i].start));
    CENSUS(l, "2024-10-31", ROW("A", corrected[_i].start));
    char *counts = counts_text(l);
    char *own = strstr(counts, "pathway 2023-04-01 2024-09-30 unknown\n");

    ck_assert_ptr_nonnull(own); /* B's, which is gone */
    memmove(own, strchr(own, '\n') + 1, strlen(strchr(own, '\n')));
    ck_assert_str_eq(counts, corrected[_i].counts);
    free(counts);
    list_free(l);
}
END_TEST

START_TEST(a_page_that_waits_on_keeps_the_count_of_reviews_of_long_ago)
{
    struct pathway_list *l = reviewed_once();
    struct list_change change = CENSUS(l, "2026-01-31", ROW("A", "2024-08-10"));

    ck_assert(change.rewrite);
    CHECK_PAGES(l, "pathway 2023-03-01 2024-08-10 completed\n"
                   "pathway 2023-04-01 2026-01-31 unknown\npathway 2024-08-10 open\n");
    CENSUS(l, "2026-02-28", ROW("A", "2026-02-10"));
    CHECK_PAGES(l, "pathway 2023-03-01 2024-08-10 completed\n"
                   "pathway 2023-04-01 2026-01-31 unknown\n"
                   "pathway 2024-08-10 2026-02-10 completed\npathway 2026-02-10 open\n");
    list_free(l);
}
END_TEST

START_TEST(a_review_by_events_that_a_later_census_shows_as_well_counts_once)
{
    struct pathway_list *l = story_new(PAGES);

    CENSUS(l, "2024-07-31", ROW("A", "2023-03-01"));
    TELL(l, "A", "review-meeting", "2024-08-10", 1);
    CHECK_PAGES(l, "pathway 2023-03-01 2024-08-10 completed\npathway 2024-08-10 open\n");
    CENSUS(l, "2024-08-31", ROW("A", "2024-08-10"));
    CHECK_PAGES(l, "pathway 2023-03-01 2024-08-10 completed\npathway 2024-08-10 open\n");
    list_free(l);
}
END_TEST

START_TEST(under_another_key_the_reviews_are_what_they_were)
{
    struct pathway_list *l = reviewed_once();
    struct renamed list[1];
    size_t count;

    key_of("A", list[0].before);
    key_of("new A", list[0].now);
    ck_assert_int_eq(list_rename(l, list, renamed_settle(list, 1), &count), 0);
    CENSUS(l, "2024-09-30", ROW("new A", "2024-09-10"), ROW("B", "2023-04-01"));
    CHECK_PAGES(l, "pathway 2023-03-01 2024-08-10 completed\npathway 2023-04-01 open\n"
                   "pathway 2024-08-10 2024-09-10 completed\npathway 2024-09-10 open\n");
    list_free(l);
}
END_TEST

START_TEST(beside_pages_a_pathway_of_another_service_whose_start_moves_later_completes_nothing)
{
    struct pathway_list *l = story_new(NULL);
    struct list_change change = LIST_CHANGE_INIT;

    for (int k = 0; k < 2; k++) {
        const char *census = k ? "2024-08-28" : "2024-07-28";
        const char *start = k ? "2024-08-10" : "2024-07-10";

        ck_assert_int_eq(
            list_snapshot_begin(l, date_of(census), date_of(RECEIVED), LIST_FIRST_STANDS), 0);
        for (int i = 0; i < 2; i++) {
            struct pathway_record r = { .clock_start = date_of(start),
                                        .stage_start = DATE_NONE,
                                        .census = date_of(census),
                                        .service = i ? "RNA" : PAGES };

            key_of(i ? "A" : "B", r.pathway);
            ck_assert_int_eq(list_snapshot_row(l, &r), LIST_TAKEN);
        }
        ck_assert_int_eq(list_snapshot_end(l, &change), 0);
    }
    CHECK_COUNTS(l, "pathway 2024-07-10 2024-08-10 completed\n"
                    "pathway 2024-08-10 open\npathway 2024-08-10 open\n");
    list_free(l);
}
END_TEST

UNIT_MAIN(
    "list_past",
    UNIT_TEST(a_review_between_two_censuses_completes_the_clock_that_ran_and_begins_another),
    UNIT_TEST(the_same_census_again_takes_back_the_reviews_that_it_showed),
    UNIT_TEST(a_start_that_was_over_at_the_census_before_is_a_correction_and_completes_nothing),
    UNIT_ROWS(an_earlier_start_takes_back_the_clocks_that_began_after_it, corrected),
    UNIT_TEST(a_page_that_waits_on_keeps_the_count_of_reviews_of_long_ago),
    UNIT_TEST(a_review_by_events_that_a_later_census_shows_as_well_counts_once),
    UNIT_TEST(under_another_key_the_reviews_are_what_they_were),
    UNIT_TEST(beside_pages_a_pathway_of_another_service_whose_start_moves_later_completes_nothing))
