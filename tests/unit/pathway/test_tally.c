#include "pathway/tally.h"

#include <errno.h>
#include <stdio.h>

#include "support/failing.h"
#include "support/unit.h"

static uint32_t group_of(struct tally *t, const struct group *g)
{
    uint32_t id = UINT32_MAX;

    ck_assert_int_eq(tally_group(t, g, &id), 0);
    return id;
}

/* What differs in one field only, or could be mistaken for another when texts are joined. */
static const struct group groups[] = {
    { .service = NULL },
    { .service = "" },
    { .service = "wheels" },
    { .commissioner = "wheels" },
    { .place = "wheels" },
    { .stage = "wheels" },
    { .service = "a", .commissioner = "bc" },
    { .service = "ab", .commissioner = "c" },
    { .service = "abc" },
    { .service = "abc", .cohort = { { "need", "high" } }, .cohort_count = 1 },
    { .service = "abc", .cohort = { { "need", "low" } }, .cohort_count = 1 },
    { .service = "abc", .cohort = { { "age", "5" }, { "need", "low" } }, .cohort_count = 2 },
};
#define GROUPS (sizeof groups / sizeof groups[0])

START_TEST(groups_that_differ_in_one_text_are_counted_apart)
{
    struct tally *t = tally_new();

    for (uint32_t i = 0; i < GROUPS; i++)
        ck_assert_uint_eq(group_of(t, &groups[i]), i);
    for (uint32_t i = 0; i < GROUPS; i++)
        ck_assert_uint_eq(group_of(t, &groups[i]), i);
    ck_assert_uint_eq(tally_group_count(t), GROUPS);
    const struct group g = tally_group_at(t, 11);

    ck_assert_str_eq(g.service, "abc");
    ck_assert_ptr_null(g.place);
    ck_assert_uint_eq(g.cohort_count, 2);
    ck_assert_str_eq(g.cohort[1].name, "need");
    ck_assert_str_eq(g.cohort[1].value, "low");
    tally_free(t);
}
END_TEST

START_TEST(a_group_keeps_its_texts_when_the_record_is_gone)
{
    struct tally *t = tally_new();
    char text[] = "wheels";
    uint32_t id = group_of(t, &(struct group){ .service = text });

    text[0] = 'X';
    ck_assert_str_eq(tally_group_at(t, id).service, "wheels");
    tally_free(t);
}
END_TEST

/* Every field of a cell tells it apart. */
static const struct tally_cell cells[] = {
    { 0, 10, 20, 0, 1, 0 }, { 1, 10, 20, 0, 1, 0 }, { 0, 11, 20, 0, 1, 0 }, { 0, 10, 21, 0, 1, 0 },
    { 0, 10, 20, 1, 1, 0 }, { 0, 10, 20, 0, 2, 0 }, { 0, 10, 20, 0, 1, 1 }, { 0, 10, 0, 0, 0, 0 },
};
#define CELLS (sizeof cells / sizeof cells[0])

START_TEST(cells_that_differ_in_one_field_are_counted_apart)
{
    struct tally *t = tally_new();

    (void)group_of(t, &groups[0]);
    (void)group_of(t, &groups[2]);
    for (size_t i = 0; i < CELLS; i++)
        ck_assert_int_eq(tally_move(t, &cells[i], (int64_t)i + 1), 0);
    ck_assert_uint_eq(tally_count(t), CELLS);
    for (size_t i = 0; i < CELLS; i++)
        ck_assert_uint_eq(tally_get(t, &cells[i]), i + 1);
    tally_free(t);
}
END_TEST

START_TEST(a_cell_that_went_to_0_is_none_and_comes_back)
{
    struct tally *t = tally_new();
    struct tally_cell cell;
    uint64_t count;
    size_t at = 0;

    (void)group_of(t, &groups[0]);
    ck_assert_uint_eq(tally_get(t, &cells[0]), 0);
    ck_assert_int_eq(tally_move(t, &cells[0], 2), 0);
    ck_assert_int_eq(tally_move(t, &cells[0], -2), 0);
    ck_assert_uint_eq(tally_count(t), 0);
    ck_assert(!tally_next(t, &at, &cell, &count));
    ck_assert_int_eq(tally_move(t, &cells[0], 1), 0);
    ck_assert_uint_eq(tally_get(t, &cells[0]), 1);
    tally_free(t);
}
END_TEST

/* As a list moves through the years: cells come and go, the sum stays. */
START_TEST(counts_hold_while_many_cells_come_and_go)
{
    struct tally *t = tally_new();
    struct tally_cell cell;
    uint64_t count, sum = 0;
    size_t at = 0, seen = 0;

    (void)group_of(t, &groups[0]);
    for (uint16_t day = 1; day < 60000; day++) {
        ck_assert_int_eq(tally_move(t, &(struct tally_cell){ .start = day }, 3), 0);
        if (day > 1000)
            ck_assert_int_eq(
                tally_move(t, &(struct tally_cell){ .start = (uint16_t)(day - 1000) }, -3), 0);
    }
    for (; tally_next(t, &at, &cell, &count); seen++) {
        ck_assert_uint_ge(cell.start, 59000);
        sum += count;
    }
    ck_assert_uint_eq(seen, 1000);
    ck_assert_uint_eq(sum, 3000);
    ck_assert_uint_eq(tally_count(t), 1000);
    tally_clear(t);
    ck_assert_uint_eq(tally_count(t), 0);
    ck_assert_uint_eq(tally_get(t, &cell), 0);
    ck_assert_uint_eq(tally_group_count(t), 1);
    tally_free(t);
}
END_TEST

START_TEST(without_memory_nothing_is_moved)
{
    struct tally *t = tally_new();
    uint32_t id = 7;

    (void)group_of(t, &groups[0]);
    failing_begin(FAILING_ALLOCATIONS, 1, 1, ENOMEM);
    int r = tally_move(t, &cells[0], 1);

    if (failing_end() == 1) {
        ck_assert_int_eq(r, -ENOMEM);
        ck_assert_uint_eq(tally_get(t, &cells[0]), 0);
        for (long n = 1;; n++) {
            failing_begin(FAILING_ALLOCATIONS, n, 1, ENOMEM);
            r = tally_group(t, &groups[2], &id);
            if (failing_end() == 0)
                break;
            ck_assert_int_eq(r, -ENOMEM);
            ck_assert_uint_eq(tally_group_count(t), 1);
        }
        ck_assert_uint_eq(id, 1);
    }
    tally_free(t);
}
END_TEST

UNIT_MAIN("tally", UNIT_TEST(groups_that_differ_in_one_text_are_counted_apart),
          UNIT_TEST(a_group_keeps_its_texts_when_the_record_is_gone),
          UNIT_TEST(cells_that_differ_in_one_field_are_counted_apart),
          UNIT_TEST(a_cell_that_went_to_0_is_none_and_comes_back),
          UNIT_TEST(counts_hold_while_many_cells_come_and_go),
          UNIT_TEST(without_memory_nothing_is_moved))
