#include "metric/queueing.h"

#include <errno.h>
#include <math.h>

#include "support/unit.h"

static void is_near(double value, double wanted, double tolerance)
{
    ck_assert_msg(fabs(value - wanted) <= tolerance, "%.10g, not %.10g", value, wanted);
}

/* DOMAIN section 4: 30 referrals and 27 removals a week, target 52 weeks, 1200 waiting for a mean of
 * 63 weeks. */

START_TEST(the_worked_queue_needs_61_15_a_week_to_come_down_in_26_weeks)
{
    double target_size = queue_target_size(30, 52, QUEUE_FACTOR);

    is_near(queue_load(30, 27), 1.11, 0.005);
    is_near(queue_target_mean_wait(52, QUEUE_FACTOR), 13, 0);
    is_near(target_size, 390, 0);
    ck_assert(queue_is_too_big(1200, target_size));
    is_near(queue_relief_capacity(30, 1200, target_size, QUEUE_WEEKS_TO_TARGET, 0, 0), 61.15,
            0.005);
}
END_TEST

START_TEST(the_worked_queue_once_at_its_size_needs_30_08_a_week)
{
    ck_assert(!queue_is_too_big(780, 390));
    is_near(queue_target_capacity(30, 52, QUEUE_FACTOR, 1, 1), 30.08, 0.005);
}
END_TEST

START_TEST(the_worked_queue_is_under_a_pressure_of_2_42_and_an_urgent_one_of_12)
{
    is_near(queue_pressure(63, 52), 2.42, 0.005);
    is_near(queue_pressure(24, 4), 12, 0);
}
END_TEST

START_TEST(the_factor_follows_from_the_share_to_be_seen_in_time)
{
    is_near(queue_factor_of(0.92), 2.526, 0.0005);
    is_near(queue_factor_of(0.95), 2.996, 0.0005);
    is_near(queue_target_mean_wait(18, queue_factor_of(0.92)), 7.13, 0.005);
    is_near(queue_target_size(20, 18, queue_factor_of(0.92)), 143, 0.5);
    is_near(queue_target_size(20, 18, QUEUE_FACTOR), 90, 0);
}
END_TEST

START_TEST(an_estimated_demand_is_raised_by_two_standard_errors_unless_that_is_more_than_all)
{
    is_near(queue_relief_capacity(30, 0, 0, 26, 14400, 1), 60, 1e-9);
    is_near(queue_relief_capacity(30, 0, 0, 26, 100, 1), 30, 0);
}
END_TEST

START_TEST(a_list_that_grows_or_stands_still_never_clears)
{
    double weeks = -1;

    ck_assert_int_eq(queue_clearance_weeks(1200, 30, 27, &weeks), -ERANGE);
    ck_assert_int_eq(queue_clearance_weeks(1200, 30, 30, &weeks), -ERANGE);
    ck_assert_int_eq(queue_clearance_weeks(1200, (double)NAN, 30, &weeks), -ERANGE);
    is_near(weeks, -1, 0);
    ck_assert_int_eq(queue_clearance_weeks(1200, 30, 40, &weeks), 0);
    is_near(weeks, 120, 0);
}
END_TEST

UNIT_MAIN(
    "queueing", UNIT_TEST(the_worked_queue_needs_61_15_a_week_to_come_down_in_26_weeks),
    UNIT_TEST(the_worked_queue_once_at_its_size_needs_30_08_a_week),
    UNIT_TEST(the_worked_queue_is_under_a_pressure_of_2_42_and_an_urgent_one_of_12),
    UNIT_TEST(the_factor_follows_from_the_share_to_be_seen_in_time),
    UNIT_TEST(an_estimated_demand_is_raised_by_two_standard_errors_unless_that_is_more_than_all),
    UNIT_TEST(a_list_that_grows_or_stands_still_never_clears))
