#include "metric/i_chart.h"

#include <math.h>

#include "support/unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct i_chart chart_of(const double *values, size_t n, size_t freeze, bool screened)
{
    struct i_chart c;

    ck_assert_int_eq(i_chart(values, n, freeze, screened, &c), 0);
    return c;
}

START_TEST(a_value_on_the_centre_line_or_missing_is_not_useful_and_does_not_break_a_run)
{
    const double values[] = { 7, 5, 7, (double)NAN, 7, 3, 3, 5, 3 };
    struct i_chart c = chart_of(values, COUNT(values), 0, false);

    ck_assert_double_eq(c.centre, 5);
    ck_assert_uint_eq(c.observed, 9);
    ck_assert_uint_eq(c.useful, 6);
    ck_assert_uint_eq(c.longest_run, 3);
    ck_assert_uint_eq(c.crossings, 1);
}
END_TEST

START_TEST(no_moving_range_reaches_over_a_missing_value_and_none_is_a_signal)
{
    const double values[] = { 1, 2, (double)NAN, 50, 53 };
    struct i_chart c = chart_of(values, COUNT(values), 0, false);

    ck_assert_double_eq_tol(c.upper - c.centre, 3 * 2 / 1.128, 1e-12);
    ck_assert(!i_chart_signal(&c, values[2]));
}
END_TEST

START_TEST(values_that_never_vary_have_no_limits_once_screened_and_no_run)
{
    const double values[] = { 4, 4, 4, 4 };
    struct i_chart screened = chart_of(values, COUNT(values), 0, true);
    struct i_chart plain = chart_of(values, COUNT(values), 0, false);

    ck_assert(isnan(screened.upper) && !i_chart_signal(&screened, 400));
    ck_assert_double_eq(plain.upper, 4);
    ck_assert(!i_chart_signal(&plain, 4) && i_chart_signal(&plain, 4.01));
    ck_assert(plain.useful == 0 && !plain.runs_signal);
}
END_TEST

START_TEST(frozen_limits_rest_on_the_first_values_and_later_ones_are_held_against_them)
{
    const double values[] = { 10, 12, 10, 12, 90 };
    struct i_chart c = chart_of(values, COUNT(values), 4, false);

    ck_assert_double_eq(c.centre, 11);
    ck_assert(i_chart_signal(&c, 90) && !i_chart_signal(&c, 12));
    ck_assert_uint_eq(c.observed, 5);
}
END_TEST

/* Alternating values, then values that keep to one side for long. */
START_TEST(too_long_a_run_or_too_few_crossings_is_a_signal)
{
    double values[24];

    for (size_t i = 0; i < 24; i++)
        values[i] = i % 2 == 0 ? 1 : 3;
    struct i_chart c = chart_of(values, 24, 0, false);

    ck_assert(!c.runs_signal);
    ck_assert_uint_eq(c.longest_run_max, 8); /* round(log2(24)) + 3 */
    ck_assert_uint_eq(c.crossings_min, 8);   /* 5 % quantile of 23 tosses of a coin */
    for (size_t i = 0; i < 24; i++)
        values[i] = i < 10 ? 1 : i < 14 ? 3 - 2 * (double)(i % 2) : i < 22 ? 3 : 1;
    c = chart_of(values, 24, 0, false);
    ck_assert(c.runs_signal);
}
END_TEST

UNIT_MAIN("i_chart",
          UNIT_TEST(a_value_on_the_centre_line_or_missing_is_not_useful_and_does_not_break_a_run),
          UNIT_TEST(no_moving_range_reaches_over_a_missing_value_and_none_is_a_signal),
          UNIT_TEST(values_that_never_vary_have_no_limits_once_screened_and_no_run),
          UNIT_TEST(frozen_limits_rest_on_the_first_values_and_later_ones_are_held_against_them),
          UNIT_TEST(too_long_a_run_or_too_few_crossings_is_a_signal))
