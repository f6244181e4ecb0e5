#include "metric/spc.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "support/unit.h"

#define POINTS_MAX   32
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct spc_options screened = { SPC_INCREASE, (double)NAN, 0, true };
static const struct spc_options unscreened = { SPC_INCREASE, (double)NAN, 0, false };

static struct spc_chart chart_of(const double *values, size_t n, const struct spc_options *options)
{
    struct spc_chart c = SPC_CHART_INIT;

    ck_assert_int_eq(spc_chart(values, NULL, n, options, &c), 0);
    return c;
}

static void is_near(double value, double wanted, double tolerance)
{
    ck_assert_msg(fabs(value - wanted) <= tolerance, "%.10g, not %.10g", value, wanted);
}

/* ---- worked examples of DOMAIN section 3.2 ---- */

/* Per cent within 18 weeks. */
static const double within_18[] = { 62, 60, 63, 61, 59, 62, 64, 60, 61, 63, 62, 60, 58 };

START_TEST(the_worked_example_has_limits_of_67_22_and_55_61)
{
    AUTO(spc_chart_release) struct spc_chart c = chart_of(within_18, 12, &screened);
    const struct spc_segment *s = c.segments;

    is_near(s->mean, 61.42, 0.005);
    is_near(s->moving_range, 2.182, 0.0005);
    is_near(s->upper, 67.22, 0.005);
    is_near(s->lower, 55.61, 0.005);
    is_near(s->near_upper, 65.29, 0.005);
    is_near(s->near_lower, 57.55, 0.005);
}
END_TEST

static const struct {
    double target;
    enum spc_improvement improvement;
    enum spc_assurance assurance;
} targets[] = {
    { 65, SPC_INCREASE, SPC_HIT_OR_MISS },
    { 92, SPC_INCREASE, SPC_FAIL },
    { 55, SPC_INCREASE, SPC_PASS },
    { 92, SPC_DECREASE, SPC_PASS },
    { 55, SPC_DECREASE, SPC_FAIL },
    { 92, SPC_NEUTRAL, SPC_NO_ASSURANCE },
    { (double)NAN, SPC_INCREASE, SPC_NO_ASSURANCE },
};

START_TEST(the_worked_example_is_assured_by_its_limits_and_the_target)
{
    struct spc_options options = { targets[_i].improvement, targets[_i].target, 0, true };
    AUTO(spc_chart_release) struct spc_chart c = chart_of(within_18, 12, &options);

    ck_assert_int_eq(c.assurance, targets[_i].assurance);
}
END_TEST

START_TEST(four_points_down_and_far_from_the_standard_is_common_cause_in_the_worked_example)
{
    AUTO(spc_chart_release) struct spc_chart c = chart_of(within_18, COUNT(within_18), &screened);

    ck_assert_int_eq(c.points[12].cause, SPC_COMMON_CAUSE);
    ck_assert_int_eq(c.variation, SPC_COMMON);
}
END_TEST

START_TEST(screening_narrows_the_limits_of_the_vignette_and_the_spreadsheet_does_not_screen)
{
    const double values[] = { 1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1 };
    AUTO(spc_chart_release) struct spc_chart with = chart_of(values, COUNT(values), &screened);
    AUTO(spc_chart_release) struct spc_chart without = chart_of(values, COUNT(values), &unscreened);

    is_near(with.segments[0].mean, 1.94, 0.005);
    is_near(with.segments[0].upper, 4.60, 0.005);
    is_near(with.segments[0].lower, -0.72, 0.005);
    is_near(without.segments[0].upper, 6.95, 0.005);
    is_near(without.segments[0].lower, -3.06, 0.005);
    ck_assert_uint_eq(with.segments[0].moving_ranges, 15);
}
END_TEST

/* ---- rules ----------------------------------------------------------------------------------
 * A point is a value and a letter: side of the mean (H above, L below, 0 on it; lower case: beyond
 * the near limit; X above and Y below: outside). What is marked: U and D trend, N and n near above
 * and below, S and s shift, A and B outside, '.' common cause.
 */
static const struct {
    const char *why;
    double values[POINTS_MAX];
    const char *points, *marks;
} rule_rows[] = {
    { "six in a row are no trend", { 1, 2, 3, 4, 5, 6, 6 }, "LLLHHH0", "......." },
    { "seven are, each of them", { 5, 1, 2, 3, 4, 5, 6, 7, 7 }, "HLLL0HHHL", ".UUUUUUU." },
    { "falling", { 7, 6, 5, 4, 3, 2, 1 }, "HHH0LLL", "DDDDDDD" },
    { "an equal value breaks a trend", { 1, 2, 3, 4, 4, 5, 6, 7 }, "LLL00HHH", "........" },
    { "a missing value breaks a trend",
      { 1, 2, 3, 4, 5, (double)NAN, 7, 8, 9, 10 },
      "LLLLL0HHHH",
      ".........." },
    { "where two trends meet, the one that follows has the point",
      { 1, 2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2, 1 },
      "LLL0HHHHH0LLL",
      "UUUUUUDDDDDDD" },
    { "where an equal value parts two rising trends, the package names the point before it falling",
      { 1, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10, 11, 12, 13 },
      "LLLLLL00HHHHHH",
      "UUUUUUDUUUUUUU" },
    { "seven on one side are a shift", { 5, 6, 5, 6, 5, 6, 5, 1 }, "HHHHHHHL", "SSSSSSS." },
    { "six are none", { 5, 6, 5, 6, 5, 6, 1, 1 }, "HHHHHHLL", "........" },
    { "eight are, all of them", { 1, 2, 1, 2, 1, 2, 1, 2 }, "LLLLLLLL", "ssssssss" },
    { "a value on the mean breaks a shift", { 5, 6, 5, 4, 5, 6, 5, 6 }, "HHH0HHHH", "........" },
    { "a missing value breaks a shift",
      { 5, 6, 5, (double)NAN, 5, 6, 5, 6 },
      "HHH0HHHH",
      "........" },
    { "two of three beyond the near limit, and only those", { 9, 6, 9, 1 }, "hHhL", "N.N." },
    { "below", { 1, 1, 4, 6 }, "llLH", "nn.." },
    { "not from both sides", { 9, 1, 9 }, "hlh", "..." },
    { "not with the third on the other side", { 9, 9, 1 }, "hhL", "..." },
    { "not with two values alone", { 9, 9 }, "hh", ".." },
    { "an outside one does not count as near", { 19, 9, 6 }, "XhH", "A.." },
    { "but is on its side", { 9, 9, 19 }, "hhX", "NNA" },
    { "outside goes before a trend", { 1, 2, 3, 4, 5, 6, 17 }, "LLL0HHX", "UUUUUUA" },
    { "below the limit", { 5, -17, 5 }, "HYH", ".B." },
    { "a trend goes before near", { 1, 2, 3, 4, 5, 6, 7 }, "llL0Hhh", "UUUUUUU" },
    { "near goes before a shift", { 5, 9, 9, 5, 6, 5, 6 }, "HhhHHHH", "SNNSSSS" },
};

static struct spc_point point_of(char letter)
{
    struct spc_point p = { .side = strchr("HhX", letter)   ? 1
                                   : strchr("LlY", letter) ? -1
                                                           : 0,
                           .near = letter == 'h' || letter == 'l',
                           .outside = letter == 'X' || letter == 'Y' };

    return p;
}

START_TEST(a_rule_marks_its_points_and_the_first_in_order_is_named)
{
    static const char marks[] = {
        [SPC_COMMON_CAUSE] = '.', [SPC_ABOVE_LIMIT] = 'A', [SPC_BELOW_LIMIT] = 'B',
        [SPC_TREND_UP] = 'U',     [SPC_TREND_DOWN] = 'D',  [SPC_NEAR_ABOVE] = 'N',
        [SPC_NEAR_BELOW] = 'n',   [SPC_SHIFT_ABOVE] = 'S', [SPC_SHIFT_BELOW] = 's',
    };
    size_t n = strlen(rule_rows[_i].points);
    struct spc_point points[POINTS_MAX];
    char marked[POINTS_MAX + 1] = "";

    for (size_t i = 0; i < n; i++)
        points[i] = point_of(rule_rows[_i].points[i]);
    spc_rules(rule_rows[_i].values, n, points);
    for (size_t i = 0; i < n; i++)
        marked[i] = marks[points[i].cause];
    ck_assert_msg(strcmp(marked, rule_rows[_i].marks) == 0, "%s: %s", rule_rows[_i].why, marked);
}
END_TEST

static const struct {
    enum spc_cause cause;
    enum spc_variation more, less, neutral;
} meanings[] = {
    { SPC_COMMON_CAUSE, SPC_COMMON, SPC_COMMON, SPC_COMMON },
    { SPC_ABOVE_LIMIT, SPC_IMPROVEMENT, SPC_CONCERN, SPC_NEUTRAL_HIGH },
    { SPC_BELOW_LIMIT, SPC_CONCERN, SPC_IMPROVEMENT, SPC_NEUTRAL_LOW },
    { SPC_TREND_UP, SPC_IMPROVEMENT, SPC_CONCERN, SPC_NEUTRAL_HIGH },
    { SPC_TREND_DOWN, SPC_CONCERN, SPC_IMPROVEMENT, SPC_NEUTRAL_LOW },
    { SPC_NEAR_ABOVE, SPC_IMPROVEMENT, SPC_CONCERN, SPC_NEUTRAL_HIGH },
    { SPC_NEAR_BELOW, SPC_CONCERN, SPC_IMPROVEMENT, SPC_NEUTRAL_LOW },
    { SPC_SHIFT_ABOVE, SPC_IMPROVEMENT, SPC_CONCERN, SPC_NEUTRAL_HIGH },
    { SPC_SHIFT_BELOW, SPC_CONCERN, SPC_IMPROVEMENT, SPC_NEUTRAL_LOW },
};

START_TEST(a_cause_means_what_the_better_way_makes_of_it)
{
    enum spc_cause cause = meanings[_i].cause;

    ck_assert_int_eq(spc_variation_of(cause, SPC_INCREASE), meanings[_i].more);
    ck_assert_int_eq(spc_variation_of(cause, SPC_DECREASE), meanings[_i].less);
    ck_assert_int_eq(spc_variation_of(cause, SPC_NEUTRAL), meanings[_i].neutral);
}
END_TEST

/* ---- limits ---- */

START_TEST(a_missing_value_has_no_moving_range_and_no_place)
{
    const double values[] = { 1, 2, (double)NAN, 10, 13 };
    AUTO(spc_chart_release) struct spc_chart c = chart_of(values, COUNT(values), &unscreened);

    ck_assert_uint_eq(c.segments[0].moving_ranges, 2);
    is_near(c.segments[0].moving_range, 2, 0);
    is_near(c.segments[0].mean, 6.5, 0);
    ck_assert_uint_eq(c.segments[0].n, 5);
    ck_assert(!c.points[2].in_baseline && !c.points[2].outside && c.points[2].side == 0);
}
END_TEST

START_TEST(no_moving_range_and_no_run_crosses_into_a_segment)
{
    const double values[] = { 1, 2, 3, 4, 5, 16, 17, 18, 19 };
    const bool starts[] = { false, false, false, false, false, true, false, false, false };
    AUTO(spc_chart_release) struct spc_chart c = SPC_CHART_INIT;

    ck_assert_int_eq(spc_chart(values, starts, COUNT(values), &unscreened, &c), 0);
    ck_assert_uint_eq(c.segment_count, 2);
    ck_assert_uint_eq(c.segments[1].first, 5);
    ck_assert_uint_eq(c.segments[1].n, 4);
    ck_assert_uint_eq(c.points[4].segment, 0);
    ck_assert_uint_eq(c.points[5].segment, 1);
    is_near(c.segments[0].mean, 3, 0);
    is_near(c.segments[1].mean, 17.5, 0);
    is_near(c.segments[1].moving_range, 1, 0);
    for (size_t i = 0; i < COUNT(values); i++)
        ck_assert(c.points[i].cause != SPC_TREND_UP);
}
END_TEST

START_TEST(fixed_limits_rest_on_the_first_points_of_each_segment)
{
    const double values[] = { 150, 50, 150, 50, 400, 150, 50, 150, 50, 400 };
    const bool starts[] = { [5] = true, [9] = false };
    struct spc_options options = { SPC_INCREASE, (double)NAN, 4, false };
    AUTO(spc_chart_release) struct spc_chart c = SPC_CHART_INIT;

    ck_assert_int_eq(spc_chart(values, starts, COUNT(values), &options, &c), 0);
    for (size_t k = 0; k < 2; k++) {
        is_near(c.segments[k].mean, 100, 0);
        is_near(c.segments[k].upper, 366, 0);
        ck_assert_uint_eq(c.segments[k].moving_ranges, 3);
        ck_assert(c.points[5 * k + 3].in_baseline && !c.points[5 * k + 4].in_baseline);
        ck_assert_int_eq(c.points[5 * k + 4].cause, SPC_ABOVE_LIMIT);
    }
}
END_TEST

START_TEST(a_value_or_a_target_exactly_on_a_limit_is_not_beyond_it)
{
    const double values[] = { 150, 50, 150, 50, 366, -166, 366.001, -166.001 };
    struct spc_options options = { SPC_INCREASE, 366, 4, false };
    AUTO(spc_chart_release) struct spc_chart c = chart_of(values, COUNT(values), &options);

    ck_assert(!c.points[4].outside && c.points[4].near);
    ck_assert(!c.points[5].outside && c.points[5].near);
    ck_assert(c.points[6].outside && !c.points[6].near);
    ck_assert(c.points[7].outside && !c.points[7].near);
    ck_assert_int_eq(c.assurance, SPC_HIT_OR_MISS);
}
END_TEST

START_TEST(a_moving_range_exactly_on_the_screening_limit_is_left_out)
{
    const double values[] = { 4, 4, 4, 4 };
    struct spc_options options = { SPC_INCREASE, 5, 0, true };
    AUTO(spc_chart_release) struct spc_chart with = chart_of(values, COUNT(values), &options);

    options.screen_outliers = false;
    AUTO(spc_chart_release) struct spc_chart without = chart_of(values, COUNT(values), &options);

    ck_assert_uint_eq(with.segments[0].moving_ranges, 0);
    ck_assert(isnan(with.segments[0].upper) && !with.points[0].outside);
    ck_assert_int_eq(with.assurance, SPC_HIT_OR_MISS);
    ck_assert_uint_eq(without.segments[0].moving_ranges, 3);
    is_near(without.segments[0].upper, 4, 0);
    ck_assert_int_eq(without.assurance, SPC_FAIL);
}
END_TEST

START_TEST(the_variation_is_that_of_the_last_point)
{
    double values[] = { 150, 50, 150, 50, 900, 100 };
    struct spc_options options = { SPC_DECREASE, (double)NAN, 4, false };
    AUTO(spc_chart_release) struct spc_chart back = chart_of(values, COUNT(values), &options);
    AUTO(spc_chart_release) struct spc_chart high = chart_of(values, COUNT(values) - 1, &options);

    ck_assert_int_eq(back.variation, SPC_COMMON);
    ck_assert_int_eq(high.variation, SPC_CONCERN);
}
END_TEST

START_TEST(one_value_has_a_mean_and_no_limits_and_none_has_no_chart)
{
    const double values[] = { 7 };
    AUTO(spc_chart_release) struct spc_chart c = chart_of(values, 1, &unscreened);
    struct spc_chart none;

    is_near(c.segments[0].mean, 7, 0);
    ck_assert(isnan(c.segments[0].upper) && c.variation == SPC_COMMON);
    ck_assert_int_eq(spc_chart(values, NULL, 0, &unscreened, &none), -ENODATA);
}
END_TEST

/* Few different values, so that runs, trends and equal neighbours are frequent; some are missing. */
static double any_value(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    unsigned n = (unsigned)(*state >> 40) % 23;

    return n == 22 ? (double)NAN : n == 21 ? 90 : n / 2;
}

START_TEST(the_newest_point_says_alone_what_it_says_in_the_chart)
{
    double values[40], ranges[40];
    size_t marked = 0;

    for (unsigned seed = 1; seed <= 500; seed++) {
        const struct spc_options options = { seed % 2 ? SPC_INCREASE : SPC_DECREASE, 5,
                                             seed % 5 ? 0 : seed % 20, seed % 7 > 0 };
        uint64_t state = seed;

        for (size_t i = 0; i < COUNT(values); i++)
            values[i] = any_value(&state) + (seed % 3 == 0 ? (double)i : 0);
        spc_ranges(values, COUNT(values), ranges);
        for (size_t n = 1; n <= COUNT(values); n++) {
            AUTO(spc_chart_release) struct spc_chart c = chart_of(values, n, &options);

            ck_assert_int_eq(spc_newest(values, ranges, n, &options), c.variation);
            marked += c.variation != SPC_COMMON;
        }
    }
    ck_assert_uint_gt(marked, 1000);
}
END_TEST

/* Above the mean for nine points, and falling all the while: the trend is named, and it is the better. */
START_TEST(within_a_shift_a_trend_back_to_the_mean_is_what_the_newest_point_says)
{
    const double values[] = { 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 14, 13, 12, 11, 10, 9, 8, 7, 6 };
    const struct spc_options options = { SPC_DECREASE, NAN, 0, false };
    AUTO(spc_chart_release) struct spc_chart c = chart_of(values, COUNT(values), &options);
    double ranges[COUNT(values)];

    spc_ranges(values, COUNT(values), ranges);
    ck_assert_int_eq(c.points[COUNT(values) - 1].cause, SPC_TREND_DOWN);
    ck_assert_int_eq(spc_newest(values, ranges, COUNT(values), &options), SPC_IMPROVEMENT);
}
END_TEST

UNIT_MAIN(
    "spc", UNIT_TEST(the_worked_example_has_limits_of_67_22_and_55_61),
    UNIT_ROWS(the_worked_example_is_assured_by_its_limits_and_the_target, targets),
    UNIT_TEST(four_points_down_and_far_from_the_standard_is_common_cause_in_the_worked_example),
    UNIT_TEST(screening_narrows_the_limits_of_the_vignette_and_the_spreadsheet_does_not_screen),
    UNIT_ROWS(a_rule_marks_its_points_and_the_first_in_order_is_named, rule_rows),
    UNIT_ROWS(a_cause_means_what_the_better_way_makes_of_it, meanings),
    UNIT_TEST(a_missing_value_has_no_moving_range_and_no_place),
    UNIT_TEST(no_moving_range_and_no_run_crosses_into_a_segment),
    UNIT_TEST(fixed_limits_rest_on_the_first_points_of_each_segment),
    UNIT_TEST(a_value_or_a_target_exactly_on_a_limit_is_not_beyond_it),
    UNIT_TEST(a_moving_range_exactly_on_the_screening_limit_is_left_out),
    UNIT_TEST(the_variation_is_that_of_the_last_point),
    UNIT_TEST(the_newest_point_says_alone_what_it_says_in_the_chart),
    UNIT_TEST(within_a_shift_a_trend_back_to_the_mean_is_what_the_newest_point_says),
    UNIT_TEST(one_value_has_a_mean_and_no_limits_and_none_has_no_chart))
