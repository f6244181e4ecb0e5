/*
 * Rows of a snapshot whose clock stopped by its census, and the older rows of their pathways
 */
#include "pathway/list_ended.h"

#include "unit/pathway/list_story.h"

/* A row of the census of 2 March that waits since January. */
static void waits(struct pathway_list *l, const char *pathway, uint64_t version)
{
    struct pathway_record r = { .clock_start = date_of("2025-01-06"),
                                .stage_start = DATE_NONE,
                                .version = version,
                                .has_version = true };

    key_of(pathway, r.pathway);
    ck_assert_int_eq(list_snapshot_row(l, &r), LIST_TAKEN);
}

static void has_ended(struct ended *e, const char *pathway, uint64_t version)
{
    struct pathway_record r = { .version = version, .has_version = true, .event = "clock-stop" };

    key_of(pathway, r.pathway);
    ck_assert_int_eq(ended_note(e, &r), 0);
}

static struct pathway_list *begun(void)
{
    struct pathway_list *l = story_new("RNA");

    ck_assert_int_eq(
        list_snapshot_begin(l, date_of("2025-03-02"), date_of(RECEIVED), LIST_FIRST_STANDS), 0);
    return l;
}

static void end(struct pathway_list *l)
{
    struct list_change change = LIST_CHANGE_INIT;

    ck_assert_int_eq(list_snapshot_end(l, &change), 0);
}

START_TEST(a_row_that_ended_stands_over_an_older_one_of_its_pathway_and_no_newer_one)
{
    struct pathway_list *l = begun();
    struct ended e = { NULL, 0, 0 };

    has_ended(&e, "before", 2);
    waits(l, "before", 1);
    waits(l, "newer", 3);
    has_ended(&e, "newer", 2);
    waits(l, "equal", 2);
    has_ended(&e, "equal", 2);
    waits(l, "twice", 1);
    waits(l, "twice", 4);
    has_ended(&e, "twice", 3);
    has_ended(&e, "twice", 5);
    has_ended(&e, "alone", 9);
    waits(l, "untouched", 1);
    ck_assert_uint_eq(ended_apply(&e, l), 3);
    end(l);
    CHECK_COUNTS(l, "pathway 2025-01-06 open\n"
                    "pathway 2025-01-06 open\n"
                    "pathway 2025-01-06 open\n");
    ended_release(&e);
    list_free(l);
}
END_TEST

START_TEST(whose_a_pathway_is_stays_with_the_rows_that_are_left)
{
    struct pathway_list *l = story_new("mental-health");
    struct ended e = { NULL, 0, 0 };

    ck_assert_int_eq(
        list_snapshot_begin(l, date_of("2025-03-02"), date_of(RECEIVED), LIST_FIRST_STANDS), 0);
    for (int i = 0; i < 3; i++) {
        char name[2] = { (char)('A' + i), '\0' };
        struct pathway_record r = { .clock_start = date_of("2025-01-06"),
                                    .stage_start = DATE_NONE,
                                    .has_person = true,
                                    .version = 1,
                                    .has_version = true };

        key_of(name, r.pathway);
        key_of(i == 0 ? "P" : "Q", r.person);
        ck_assert_int_eq(list_snapshot_row(l, &r), LIST_TAKEN);
    }
    has_ended(&e, "A", 2);
    ck_assert_uint_eq(ended_apply(&e, l), 1);
    end(l);
    CHECK_COUNTS(l, "pathway 2025-01-06 open\n"); /* B and C: one spell of Q */
    ended_release(&e);
    list_free(l);
}
END_TEST

START_TEST(without_rows_that_ended_nothing_is_dropped)
{
    struct pathway_list *l = begun();
    struct ended e = { NULL, 0, 0 };

    waits(l, "A", 1);
    ck_assert_uint_eq(ended_apply(&e, l), 0);
    end(l);
    CHECK_COUNTS(l, "pathway 2025-01-06 open\n");
    list_free(l);
}
END_TEST

UNIT_MAIN("list_ended",
          UNIT_TEST(a_row_that_ended_stands_over_an_older_one_of_its_pathway_and_no_newer_one),
          UNIT_TEST(whose_a_pathway_is_stays_with_the_rows_that_are_left),
          UNIT_TEST(without_rows_that_ended_nothing_is_dropped))
