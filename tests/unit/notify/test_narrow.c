#include "notify/narrow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

#define UNKNOWNS 4

static const double one[UNKNOWNS][UNKNOWNS] = {
    { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 }, { 0, 0, 0, 1 }
};
static const double all[UNKNOWNS] = { 1, 1, 1, 1 };

/* A total, its parts as they are shown, and whether one of the last two parts is told by them. */
static const struct {
    const char *why;
    double total, first,
        second; /* as shown: the nearest 5, 5 from 5 on; 0: not shown; -1: under 5 */
    bool keeps;
} rows[] = {
    { "a total alone", 20, 0, 0, true },
    { "a total and one part", 20, 10, 0, true },
    { "a part that leaves others at least two each", 20, 10, -1, false },
    { "5 and 5 leave 0 to 2", 5, 5, 0, false },
    { "10 and 5 leave 1 to 7", 10, 5, 0, true },
    { "10 and 10 leave 0 to 4", 10, 10, 0, true },
    { "parts without the total", 0, 10, 5, true },
};

static void shown(struct narrow *n, const double *factors, double figure)
{
    if (figure < 0)
        ck_assert_int_eq(narrow_add(n, factors, 0, 4), 0);
    else if (figure > 0)
        ck_assert_int_eq(narrow_add(n, factors, fmax(5, figure - 2), figure + 2), 0);
}

START_TEST(a_total_and_its_parts_leave_few_as_they_are_or_do_not)
{
    struct narrow *n = narrow_new(UNKNOWNS, NARROW_STEPS);
    bool keeps = true;

    ck_assert_ptr_nonnull(n);
    shown(n, all, rows[_i].total);
    shown(n, one[0], rows[_i].first);
    shown(n, one[1], rows[_i].second);
    shown(n, one[2], rows[_i].second); /* there are two like that */
    ck_assert_int_eq(narrow_add(n, one[3], 0, 0), 0);
    for (size_t i = 0; i < UNKNOWNS; i++)
        keeps &= narrow_keeps_few(n, one[i]);
    ck_assert_msg(keeps == rows[_i].keeps, "%s", rows[_i].why);
    narrow_free(n);
}
END_TEST

START_TEST(rows_that_go_again_tell_nothing)
{
    struct narrow *n = narrow_new(UNKNOWNS, NARROW_STEPS);
    size_t before = narrow_rows(n);

    shown(n, all, 5);
    shown(n, one[0], 5);
    ck_assert(!narrow_keeps_few(n, one[1]));
    narrow_cut(n, before);
    ck_assert(narrow_keeps_few(n, one[1]));
    narrow_free(n);
}
END_TEST

START_TEST(an_example_is_found_step_by_step_where_there_is_no_time_for_a_search)
{
    static const double share[UNKNOWNS] = { 55, -45, -45, -45 }; /* of all 45 in a hundred */
    struct narrow *n = narrow_new(UNKNOWNS, 0);

    shown(n, all, 40);
    ck_assert_int_eq(narrow_add(n, share, -20, 20), 0);
    for (int few = 1; few <= 4; few++)
        ck_assert_int_eq(narrow_can(n, one[3], few, few), NARROW_YES);
    ck_assert_int_eq(narrow_can(n, one[0], 1, 4), NARROW_NO);
    narrow_free(n);
}
END_TEST

/* ---- against every combination there is ---- */

#define MOST 9 /* of each count */

static double pick(unsigned *seed, unsigned upto)
{
    *seed = *seed * 1103515245u + 12345u;
    return (double)((*seed >> 16) % upto);
}

struct made_row {
    double factors[UNKNOWNS], low, high;
};

static bool holds(const struct made_row *r, const int *counts)
{
    double sum = 0;

    for (size_t i = 0; i < UNKNOWNS; i++)
        sum += r->factors[i] * counts[i];
    return sum >= r->low - 1e-9 && sum <= r->high + 1e-9;
}

/* Whether some counts hold every row, by looking at all. */
static bool exists(const struct made_row *made, size_t count)
{
    int c[UNKNOWNS];

    for (int at = 0; at < 10000; at++) {
        bool is_good = true;

        c[0] = at % 10;
        c[1] = at / 10 % 10;
        c[2] = at / 100 % 10;
        c[3] = at / 1000;
        for (size_t i = 0; is_good && i < count; i++)
            is_good = holds(&made[i], c);
        if (is_good)
            return true;
    }
    return false;
}

static void compare(unsigned seed)
{
    struct made_row made[8];
    struct narrow *n = narrow_new(UNKNOWNS, NARROW_STEPS);
    size_t count = 0;

    for (; count < UNKNOWNS; count++) { /* each from 0 to MOST */
        memcpy(made[count].factors, one[count], sizeof one[count]);
        made[count].low = 0;
        made[count].high = MOST;
    }
    for (; count < 7; count++) {
        double from = pick(&seed, 20);

        for (size_t i = 0; i < UNKNOWNS; i++)
            made[count].factors[i] = pick(&seed, 4) - (count == 6 ? 1.5 : 0);
        made[count].low = from - (count == 6 ? 15 : 0);
        made[count].high = made[count].low + pick(&seed, 5);
    }
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(narrow_add(n, made[i].factors, made[i].low, made[i].high), 0);
    for (int value = 0; value <= MOST; value++) {
        made[count] = (struct made_row){ { 0, 1, 0, 0 }, value, value };
        ck_assert_int_eq(narrow_can(n, one[1], value, value),
                         exists(made, count + 1) ? NARROW_YES : NARROW_NO);
    }
    narrow_free(n);
}

START_TEST(what_can_be_is_what_a_look_at_every_combination_finds)
{
    for (unsigned seed = 1; seed <= 60; seed++)
        compare(seed);
}
END_TEST

UNIT_MAIN("narrow", UNIT_ROWS(a_total_and_its_parts_leave_few_as_they_are_or_do_not, rows),
          UNIT_TEST(an_example_is_found_step_by_step_where_there_is_no_time_for_a_search),
          UNIT_TEST(rows_that_go_again_tell_nothing),
          UNIT_TEST(what_can_be_is_what_a_look_at_every_combination_finds))
