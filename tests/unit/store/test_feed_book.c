/*
 * A feed's book by itself: which gap is which, what stands in Redis in a form that cannot be read, and
 * each allocation failing once.
 */
#include "store/feed_book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/failing.h"
#include "support/unit.h"

static const struct civil_date april = { 19843 }, may = { 19874 };

static struct feed_book *book_new(void)
{
    struct feed_book *b = feed_book_fresh("f", 3);

    ck_assert_ptr_nonnull(b);
    ck_assert_uint_eq(b->stored, 3);
    return b;
}

/* ---- gaps ----------------------------------------------------------------------------------- */

static const struct {
    const char *provider, *part, *measure;
    struct civil_date end;
} gaps[] = {
    { "TAJ", "t", NULL, { 19843 } }, { "RNA", "t", NULL, { 19843 } },
    { "TAJ", "u", NULL, { 19843 } }, { "TAJ", "t", "m", { 19843 } },
    { "TAJ", "t", "n", { 19843 } },  { "TAJ", "t", NULL, { 19874 } },
    { "TAJ", "u", "m", { 19843 } },  { "TAJ", "t", "m", { 19874 } },
};
#define GAPS (sizeof gaps / sizeof gaps[0])

static void open_gaps(struct feed_book *b)
{
    for (size_t i = 0; i < GAPS; i++)
        ck_assert_int_eq(
            feed_book_gap(b, gaps[i].provider, gaps[i].part, gaps[i].measure, gaps[i].end, true),
            0);
}

START_TEST(a_flaw_of_a_list_stands_for_its_period_and_is_encoded)
{
    struct feed_book *b = feed_book_fresh("f", 0), *copy = NULL;
    const struct civil_date june = { 19904 };

    ck_assert_int_eq(feed_book_gap(b, "TAJ", "", NULL, may, true), 0);
    ck_assert_int_eq(feed_book_flaw(b, "TAJ", FLAW_PLACES, may, false, "one"), 0);
    ck_assert_int_eq(feed_book_flaw(b, "TAJ", FLAW_PLACES, may, false, "two"), 0);
    ck_assert_int_eq(feed_book_flaw(b, "TAJ", FLAW_TWICE, may, false, "three"), 0);
    ck_assert_int_eq(feed_book_flaw(b, "TAJ", FLAW_PLACES, june, false, "four"), 0);
    ck_assert_int_eq(feed_book_copy(b, &copy), 0);
    ck_assert_uint_eq(copy->gap_count, 4);
    ck_assert_str_eq(copy->gaps[1].words, "two");
    ck_assert_int_eq(copy->gaps[2].flaw, FLAW_TWICE);
    /* The provider came after all; one flaw is over, of events everywhere. */
    ck_assert_int_eq(feed_book_gap(copy, "TAJ", "", NULL, may, false), 0);
    ck_assert_int_eq(feed_book_flaw(copy, "TAJ", FLAW_TWICE, may, false, NULL), 0);
    ck_assert_uint_eq(copy->gap_count, 2);
    ck_assert_int_eq(feed_book_flaw(copy, "TAJ", FLAW_PLACES, june, true, NULL), 0);
    ck_assert_uint_eq(copy->gap_count, 0);
    feed_book_free(b);
    feed_book_free(copy);
}
END_TEST

START_TEST(a_gap_is_one_of_a_provider_a_table_a_figure_and_a_period)
{
    struct feed_book *b = book_new();

    open_gaps(b);
    open_gaps(b); /* each is there already */
    ck_assert_uint_eq(b->gap_count, GAPS);
    for (size_t i = 0; i < GAPS; i++) {
        ck_assert_int_eq(
            feed_book_gap(b, gaps[i].provider, gaps[i].part, gaps[i].measure, gaps[i].end, false),
            0);
        ck_assert_uint_eq(b->gap_count, GAPS - 1 - i);
    }
    feed_book_free(b);
}
END_TEST

START_TEST(a_file_says_anew_which_totals_of_its_table_and_period_are_contradicted)
{
    struct feed_book *b = book_new();

    open_gaps(b);
    feed_book_clear_totals(b, "t", april);
    ck_assert_uint_eq(b->gap_count, GAPS - 2);
    for (size_t i = 0; i < b->gap_count; i++)
        ck_assert(!b->gaps[i].measure || strcmp(b->gaps[i].part, "t") != 0 ||
                  date_compare(b->gaps[i].period_end, april) != 0);
    feed_book_free(b);
}
END_TEST

START_TEST(a_figure_is_absent_unless_its_provider_is_missing_altogether)
{
    struct feed_book *b = book_new();

    open_gaps(b);
    ck_assert_int_eq(feed_book_absent(b, "TAJ", "t", "x", april), 0);
    ck_assert_int_eq(feed_book_absent(b, "TAJ", "u", "x", april), 0);
    ck_assert_uint_eq(b->gap_count, GAPS); /* said already */
    ck_assert_int_eq(feed_book_absent(b, "TAJ", "u", "x", may), 0);
    ck_assert_int_eq(feed_book_absent(b, "TAJ", "u", "m", may), 0);
    ck_assert_int_eq(feed_book_absent(b, "RL4", "t", "m", april), 0);
    ck_assert_uint_eq(b->gap_count, GAPS + 3);
    for (size_t i = 0; i < b->gap_count; i++)
        ck_assert_int_eq(b->gaps[i].absent, i >= GAPS);
    feed_book_free(b);
}
END_TEST

START_TEST(the_newest_period_of_each_table_is_kept)
{
    struct feed_book *b = book_new();

    ck_assert_int_eq(feed_book_part(b, "t", april), 0);
    ck_assert_int_eq(feed_book_part(b, "u", april), 0);
    ck_assert_int_eq(feed_book_part(b, "u", may), 0);
    ck_assert_int_eq(feed_book_part(b, "u", april), 0);
    ck_assert_uint_eq(b->part_count, 2);
    ck_assert(!feed_book_has_newer(b, "t", april) && feed_book_has_newer(b, "u", april));
    ck_assert(!feed_book_has_newer(b, "u", may) && !feed_book_has_newer(b, "v", april));
    feed_book_free(b);
}
END_TEST

/* ---- files that wait ------------------------------------------------------------------------ */

static int wait_for_person(struct feed_book *b, uint64_t receipt, bool held, const char *part,
                           struct civil_date newest)
{
    const struct waiting_receipt w = { .receipt = receipt,
                                       .why = (char *)(uintptr_t) "why",
                                       .part = (char *)(uintptr_t)part,
                                       .held = held,
                                       .since = april,
                                       .newest = newest };

    return feed_book_wait(b, &w);
}

START_TEST(what_a_later_file_takes_the_place_of)
{
    static const struct {
        bool held;
        const char *part;
        struct civil_date newest, later;
        bool stays;
    } rows[] = {
        { false, NULL, { 19874 }, { 19843 }, false }, /* refused: it says nothing newer */
        { true, "t", { 19843 }, { 19843 }, false },   { true, "", { 19843 }, { 19843 }, false },
        { true, NULL, { 19843 }, { 19843 }, false },  { true, "u", { 19843 }, { 19843 }, true },
        { true, "t", { 19874 }, { 19843 }, true },    { true, "t", { 19843 }, DATE_NONE, true },
        { true, "t", DATE_NONE, { 19843 }, false },   { true, "t", DATE_NONE, DATE_NONE, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct feed_book *b = book_new();

        ck_assert_ptr_null(feed_book_newest_wait(b));
        ck_assert_int_eq(wait_for_person(b, 5, rows[i].held, rows[i].part, rows[i].newest), 0);
        ck_assert_int_eq(feed_book_holds_file(b), rows[i].held);
        feed_book_supersede(b, 5, "t", rows[i].later); /* not one received before it */
        ck_assert_uint_eq(b->wait_count, 1);
        feed_book_supersede(b, 6, "t", rows[i].later);
        ck_assert_msg(b->wait_count == rows[i].stays, "row %zu", i);
        feed_book_free(b);
    }
}
END_TEST

START_TEST(a_flaw_is_one_of_a_provider_and_no_gap)
{
    struct feed_book *b = book_new();

    ck_assert_int_eq(feed_book_flaw(b, "TAJ", FLAW_TWICE, april, false, "one"), 0);
    ck_assert_int_eq(feed_book_flaw(b, "RNA", FLAW_TWICE, april, false, "two"), 0);
    ck_assert_int_eq(feed_book_gap(b, "TAJ", "", NULL, april, true), 0);
    ck_assert_uint_eq(b->gap_count, 3);
    ck_assert_int_eq(feed_book_flaw(b, "TAJ", FLAW_TWICE, april, false, NULL), 0);
    ck_assert_int_eq(feed_book_gap(b, "TAJ", "", NULL, april, false), 0);
    ck_assert_uint_eq(b->gap_count, 1);
    ck_assert_str_eq(b->gaps[0].words, "two");
    feed_book_free(b);
}
END_TEST

START_TEST(a_file_with_identifiers_waits_for_nothing_and_no_file_takes_its_place)
{
    const struct waiting_receipt w = { .receipt = 5,
                                       .why = (char *)(uintptr_t) "why",
                                       .incident = true,
                                       .since = april,
                                       .newest = DATE_NONE };
    struct feed_book *b = book_new();

    ck_assert_int_eq(feed_book_wait(b, &w), 0);
    ck_assert(!feed_book_newest_wait(b) && feed_book_waits(b) == 0);
    feed_book_supersede(b, 6, "t", may);
    ck_assert_uint_eq(b->wait_count, 1);
    ck_assert_int_eq(wait_for_person(b, 4, true, "t", april), 0);
    ck_assert(feed_book_waits(b) == 1 && feed_book_newest_wait(b)->receipt == 4);
    feed_book_free(b);
}
END_TEST

START_TEST(files_wait_in_the_order_of_their_receipt_each_once)
{
    struct feed_book *b = book_new();

    for (uint64_t n = 7; n > 4; n--)
        ck_assert_int_eq(wait_for_person(b, n, true, "t", april), 0);
    ck_assert_int_eq(wait_for_person(b, 6, true, "t", may), 0);
    for (int i = 0; i < 2; i++) /* of another daemon: each for itself */
        ck_assert_int_eq(wait_for_person(b, WAITING_UNKNOWN, true, NULL, april), 0);
    ck_assert_uint_eq(b->wait_count, 5);
    ck_assert_uint_eq(feed_book_newest_wait(b)->receipt, 7);
    ck_assert(b->waits[3].receipt == 6 && date_compare(b->waits[3].newest, may) == 0);
    feed_book_decided(b, 6);
    ck_assert_uint_eq(b->wait_count, 4);
    feed_book_free(b);
}
END_TEST

/* ---- what cannot be read --------------------------------------------------------------------- */

static const char *const unreadable[] = {
    "",
    "[]",
    "{}",
    "{\"id\":\"\"}",
    "{\"id\":1}",
    "{\"id\":\"f\",\"newest_period_end\":\"x\"}",
    "{\"id\":\"f\",\"last_received\":\"x\"}",
    "{\"id\":\"f\",\"last_outcome_at\":\"x\"}",
    "{\"id\":\"f\",\"files\":-1}",
    "{\"id\":\"f\",\"receipt\":-1}",
    "{\"id\":\"f\",\"gaps\":[1]}",
    "{\"id\":\"f\",\"gaps\":[{\"provider\":\"TAJ\"}]}",
    "{\"id\":\"f\",\"gaps\":[{\"provider\":\"TAJ\",\"part\":\"t\",\"period_end\":\"x\"}]}",
    "{\"id\":\"f\",\"parts\":{\"t\":\"x\",\"u\":\"2024-04-30\"}}",
    "{\"id\":\"f\",\"seen\":{\"m\":1,\"n\":\"t\"}}",
    "{\"id\":\"f\",\"waits\":[1]}",
    "{\"id\":\"f\",\"waits\":[{\"why\":\"w\",\"receipt\":\"x\"}]}",
    "{\"id\":\"f\",\"waits\":[{\"why\":\"w\",\"since\":\"x\"}]}",
    "{\"id\":\"f\",\"waits\":[{\"why\":\"w\",\"newest\":\"x\"}]}",
};

START_TEST(a_book_that_cannot_be_read_is_none)
{
    struct feed_book *b = NULL;

    ck_assert_int_eq(feed_book_decode(unreadable[_i], strlen(unreadable[_i]), &b), -EBADMSG);
    ck_assert_ptr_null(b);
}
END_TEST

START_TEST(a_book_of_an_earlier_version_lacks_what_was_not_kept_then)
{
    static const char json[] =
        "{\"id\":\"f\",\"gaps\":[{\"provider\":\"TAJ\",\"part\":\"t\"},{\"provider\":\"TAJ\","
        "\"part\":\"t\"}],\"waits\":[{\"why\":\"w\",\"receipt\":1}]}";
    struct feed_book *b = NULL;

    ck_assert_int_eq(feed_book_decode(json, strlen(json), &b), 0);
    ck_assert(b->gap_count == 1 && !b->gaps[0].absent); /* one gap said twice is one */
    ck_assert(b->wait_count == 1 && !b->waits[0].held);
    ck_assert(!date_is_set(b->newest_period_end) && !b->kept && !b->last_outcome);
    feed_book_free(b);
}
END_TEST

/* ---- without memory -------------------------------------------------------------------------- */

static int add_gap(struct feed_book *b)
{
    return feed_book_gap(b, "RL4", "t", "m", april, true);
}

static int add_missing(struct feed_book *b)
{
    return feed_book_gap(b, "RL4", "t", NULL, april, true);
}

static int add_absent(struct feed_book *b)
{
    return feed_book_absent(b, "RL4", "t", "m", april);
}

static int add_flaw(struct feed_book *b)
{
    return feed_book_flaw(b, "RL4", FLAW_TWICE, april, false, "words");
}

static int add_seen(struct feed_book *b)
{
    return feed_book_saw(b, "m", "t");
}

static int add_part(struct feed_book *b)
{
    return feed_book_part(b, "t", april);
}

static int add_wait(struct feed_book *b)
{
    return wait_for_person(b, 9, true, "t", april);
}

static int add_wait_without_part(struct feed_book *b)
{
    return wait_for_person(b, 9, true, NULL, april);
}

static int (*const additions[])(struct feed_book *b) = {
    add_flaw, add_gap, add_missing, add_absent, add_seen, add_part, add_wait, add_wait_without_part,
};

START_TEST(what_memory_has_no_room_for_is_not_half_added_and_a_copy_is_whole)
{
    struct feed_book *b = book_new();
    int r = -ENOMEM;

    for (long n = 1; r != 0; n++) {
        char *before = feed_book_encode(b);

        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        r = additions[_i](b);
        bool failed = failing_end() > 0;
        char *after = feed_book_encode(b);

        ck_assert_msg(r == (failed ? -ENOMEM : 0), "allocation %ld: %d", n, r);
        ck_assert_int_eq(strcmp(before, after) != 0, r == 0);
        free(before);
        free(after);
    }
    ck_assert_int_eq(additions[_i](b), 0); /* a second time, beside what is there */
    char *whole = feed_book_encode(b);

    r = -ENOMEM;
    for (long n = 1; r != 0; n++) {
        struct feed_book *copy = NULL;

        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        r = feed_book_copy(b, &copy);
        bool failed = failing_end() > 0;

        ck_assert_msg((r == 0) == !failed, "allocation %ld: %d", n, r);
        if (r == 0) {
            char *again = feed_book_encode(copy);

            ck_assert_str_eq(again, whole);
            ck_assert_uint_eq(copy->stored, 3);
            free(again);
            feed_book_free(copy);
        }
    }
    free(whole);
    feed_book_free(b);
}
END_TEST

START_TEST(a_fresh_book_without_memory_is_none)
{
    struct feed_book *b = NULL;

    for (long n = 1; !b; n++) {
        failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
        b = feed_book_fresh("f", 3);
        bool failed = failing_end() > 0;

        ck_assert_int_eq(b == NULL, failed);
    }
    feed_book_free(b);
    feed_book_free(NULL);
}
END_TEST

UNIT_MAIN("feed_book", UNIT_TEST(a_flaw_is_one_of_a_provider_and_no_gap),
          UNIT_TEST(a_file_with_identifiers_waits_for_nothing_and_no_file_takes_its_place),
          UNIT_TEST(a_flaw_of_a_list_stands_for_its_period_and_is_encoded),
          UNIT_TEST(a_gap_is_one_of_a_provider_a_table_a_figure_and_a_period),
          UNIT_TEST(a_file_says_anew_which_totals_of_its_table_and_period_are_contradicted),
          UNIT_TEST(a_figure_is_absent_unless_its_provider_is_missing_altogether),
          UNIT_TEST(the_newest_period_of_each_table_is_kept),
          UNIT_TEST(what_a_later_file_takes_the_place_of),
          UNIT_TEST(files_wait_in_the_order_of_their_receipt_each_once),
          UNIT_ROWS(a_book_that_cannot_be_read_is_none, unreadable),
          UNIT_TEST(a_book_of_an_earlier_version_lacks_what_was_not_kept_then),
          UNIT_ROWS(what_memory_has_no_room_for_is_not_half_added_and_a_copy_is_whole, additions),
          UNIT_TEST(a_fresh_book_without_memory_is_none))
