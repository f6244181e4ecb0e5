#include "metric/flow_level.h"

#include <math.h>

#include "metric/chance.h"
#include "support/unit.h"

#define WEEKS 65

static uint64_t dice_state;

/* As a normal distribution would. */
static double about(double mean, double spread)
{
    return mean + spread * chance_normal(&dice_state);
}

static double level_of(const struct flow_level *f)
{
    double sum = 0;

    for (size_t i = 0; i < FLOW_GUESSES; i++)
        sum += f->guesses[i].weight * f->guesses[i].level;
    return sum;
}

/* A standard deviation. */
static double drift_of(const struct flow_level *f)
{
    double sum = 0;

    for (size_t i = 0; i < FLOW_GUESSES; i++)
        sum += f->guesses[i].weight * f->guesses[i].drift * f->guesses[i].drift;
    return sqrt(sum);
}

START_TEST(a_flow_that_stood_still_is_at_its_mean_and_hardly_drifts)
{
    struct flow_level f;
    double counts[WEEKS];

    dice_state = 3;
    for (size_t i = 0; i < WEEKS; i++)
        counts[i] = about(400, 10);
    flow_level_fit(&f, counts, WEEKS);
    ck_assert_double_eq_tol(level_of(&f), 400, 5);
    ck_assert_double_le(drift_of(&f), 3);
    ck_assert_double_eq_tol(f.then[0], 400, 5);
}
END_TEST

START_TEST(a_flow_that_stepped_is_where_it_is_now_and_was_where_it_was)
{
    struct flow_level f;
    double counts[WEEKS];

    dice_state = 4;
    for (size_t i = 0; i < WEEKS; i++)
        counts[i] = about(i < 45 ? 100 : 130, 5);
    flow_level_fit(&f, counts, WEEKS);
    ck_assert_double_eq_tol(level_of(&f), 130, 5);
    ck_assert_double_eq_tol(f.then[30], 100, 5);
    ck_assert_double_eq_tol(f.then[60], 130, 5);
    ck_assert_double_ge(drift_of(&f), 2); /* it may step again */
}
END_TEST

#define FLOWS 300

/* Of flows that drift by as much as the model knows, and of some that stand still. */
START_TEST(what_is_drawn_for_the_level_and_its_drift_covers_what_comes_four_times_in_five)
{
    size_t covered = 0, told = 0;

    dice_state = 5;
    for (size_t n = 0; n < FLOWS; n++) {
        double counts[WEEKS], level = 100, drift = n % 3 == 0 ? 0 : n % 3 == 1 ? 0.8 : 2.5;
        size_t weeks = n % 2 ? WEEKS : 10, below = 0;
        struct flow_level f;

        for (size_t i = 0; i < weeks; i++, level += about(0, drift))
            counts[i] = about(level, 10);
        for (size_t i = 0; i < 8; i++)
            level += about(0, drift);
        flow_level_fit(&f, counts, weeks);
        for (size_t i = 0; i < 200; i++) {
            double drawn_drift, drawn = flow_level_draw(&f, &dice_state, &drawn_drift);

            below += about(drawn, 3 * drawn_drift) < level; /* nine weeks on */
        }
        covered += below >= 20 && below <= 180;
        told++;
    }
    double share = (double)covered / (double)told;

    ck_assert_msg(share >= 0.75 && share <= 0.87, "%.3f", share);
}
END_TEST

START_TEST(a_flow_of_nobody_stays_one_of_nobody_and_none_falls_below_it)
{
    struct flow_level f;
    double counts[WEEKS] = { 0 }, drift;

    flow_level_fit(&f, counts, WEEKS);
    ck_assert_double_eq(flow_level_draw(&f, &dice_state, &drift), 0);
    ck_assert_double_eq(drift, 0);
    ck_assert_double_eq(f.then[3], 0);
    ck_assert_double_eq(f.growth, 0);
    counts[0] = 3;
    counts[20] = 1;
    flow_level_fit(&f, counts, WEEKS);
    for (size_t i = 0; i < 500; i++)
        ck_assert_double_ge(flow_level_draw(&f, &dice_state, &drift), 0);
}
END_TEST

START_TEST(how_it_grew_is_told_by_the_same_weeks_of_two_years_and_only_as_far_as_it_is_no_noise)
{
    struct flow_level f;
    double counts[WEEKS];

    for (size_t i = 0; i < WEEKS; i++) /* a wave each year, and a tenth more in the second */
        counts[i] = (i < FLOW_YEAR ? 1000 : 1100) * (1 + 0.4 * sin(6.2831853 * (double)i / 52));
    flow_level_fit(&f, counts, WEEKS);
    ck_assert_double_eq_tol(f.growth, log(1.1), 0.06);
    ck_assert_double_le(f.growth_spread, 0.1);
    flow_level_fit(&f, counts + 6, WEEKS - 6);
    ck_assert(isnan(f.growth));        /* seven weeks of both years */
    for (size_t i = 0; i < WEEKS; i++) /* twice as many, but they come as they come */
        counts[i] = i % 2 ? 0 : i < FLOW_YEAR ? 8 : 16;
    flow_level_fit(&f, counts, WEEKS);
    ck_assert_double_ge(f.growth, 0);
    ck_assert_double_le(f.growth, 0.15);
    ck_assert_double_ge(f.growth_spread, 0.06);
}
END_TEST

UNIT_MAIN(
    "flow level", UNIT_TEST(a_flow_that_stood_still_is_at_its_mean_and_hardly_drifts),
    UNIT_TEST(a_flow_that_stepped_is_where_it_is_now_and_was_where_it_was),
    UNIT_TEST(what_is_drawn_for_the_level_and_its_drift_covers_what_comes_four_times_in_five),
    UNIT_TEST(a_flow_of_nobody_stays_one_of_nobody_and_none_falls_below_it),
    UNIT_TEST(how_it_grew_is_told_by_the_same_weeks_of_two_years_and_only_as_far_as_it_is_no_noise))
