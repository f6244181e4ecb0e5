#include "metric/mean.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "support/unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static double tenths[8000];

/* Whether sums are kept in more digits than a double has: not under valgrind. */
static bool has_extended_sums(void)
{
    volatile long double one = 1;

    return one + (long double)DBL_EPSILON / 4 != one;
}

static const size_t lengths[] = { 1, 3, 7, 24, 730, 8000 };

/* Or a value on the mean would lie above or below it. */
START_TEST(the_mean_of_equal_values_is_that_value_to_the_last_bit)
{
    for (size_t i = 0; i < lengths[_i]; i++)
        tenths[i] = 0.1;
    ck_assert(mean_of(tenths, lengths[_i], NULL) == 0.1);
}
END_TEST

START_TEST(the_mean_is_the_number_nearest_to_it_where_plain_sums_are_a_bit_off)
{
    const double values[] = { 73.11, 82.14, 40.13, 88.7, 68.87, 22.34,
                              1.62,  3.6,   2.55,  7.1,  54.45, 52.76 };

    ck_assert_double_eq_tol(mean_of(values, COUNT(values), NULL), 41.4475,
                            has_extended_sums() ? 1e-18 : 1e-14);
}
END_TEST

START_TEST(missing_values_are_left_out_and_nothing_has_no_mean)
{
    const double values[] = { (double)NAN, 4, (double)NAN, 5, (double)NAN };
    size_t used = 9;

    ck_assert(mean_of(values, COUNT(values), &used) == 4.5);
    ck_assert_uint_eq(used, 2);
    ck_assert(isnan(mean_of(values, 1, &used)));
    ck_assert_uint_eq(used, 0);
}
END_TEST

UNIT_MAIN("mean", UNIT_ROWS(the_mean_of_equal_values_is_that_value_to_the_last_bit, lengths),
          UNIT_TEST(the_mean_is_the_number_nearest_to_it_where_plain_sums_are_a_bit_off),
          UNIT_TEST(missing_values_are_left_out_and_nothing_has_no_mean))
