#include "metric/wait_queue.h"

#include <stdlib.h>

#include "metric/chance.h"
#include "support/unit.h"

#define DAYS 37

static uint64_t ahead_of(const uint64_t open[DAYS], size_t at)
{
    uint64_t n = 0;

    for (size_t i = 0; i < at; i++)
        n += open[i];
    return n;
}

static size_t start_of(const uint64_t open[DAYS], uint64_t place)
{
    size_t at = 0;

    for (; place >= open[at]; at++)
        place -= open[at];
    return at;
}

START_TEST(a_place_and_who_is_ahead_are_those_of_a_plain_count)
{
    uint64_t open[DAYS] = { 0 }, total = 0, state = 7;
    struct wait_queue q;

    ck_assert_int_eq(wait_queue_make(&q, (struct civil_date){ 100 }, DAYS), 0);
    for (int turn = 0; turn < 2000; turn++) {
        size_t at = chance_draw(&state) % DAYS;
        uint64_t n = chance_draw(&state) % 4;

        if (open[at] < n || turn % 3) {
            wait_queue_join(&q, at, n);
            open[at] += n;
            total += n;
        } else {
            wait_queue_leave(&q, at, n);
            open[at] -= n;
            total -= n;
        }
        at = chance_draw(&state) % DAYS;
        ck_assert_uint_eq(q.total, total);
        ck_assert_uint_eq(wait_queue_ahead(&q, at), ahead_of(open, at));
        if (total > 0) {
            uint64_t place = chance_draw(&state) % total;

            ck_assert_uint_eq(wait_queue_at(&q, place), start_of(open, place));
        }
    }
    wait_queue_clear(&q);
    ck_assert_uint_eq(q.total, 0);
    ck_assert_uint_eq(wait_queue_ahead(&q, DAYS - 1), 0);
    wait_queue_release(&q);
}
END_TEST

START_TEST(what_is_drawn_is_the_same_for_the_same_seed_and_has_the_mean_that_it_says)
{
    uint64_t one = 3, two = 3;
    double share = 0, normal = 0, square = 0, about = 0;

    for (int i = 0; i < 20000; i++) {
        double s = chance_share(&one), z = chance_normal(&one);
        uint64_t n = chance_about(&one, 2.3);

        ck_assert(s >= 0 && s < 1 && (n == 2 || n == 3));
        share += s;
        normal += z;
        square += z * z;
        about += (double)n;
        ck_assert_double_eq(chance_share(&two), s);
        ck_assert_double_eq(chance_normal(&two), z);
        ck_assert_uint_eq(chance_about(&two, 2.3), n);
    }
    ck_assert_double_eq_tol(share / 20000, 0.5, 0.01);
    ck_assert_double_eq_tol(normal / 20000, 0, 0.03);
    ck_assert_double_eq_tol(square / 20000, 1, 0.05);
    ck_assert_double_eq_tol(about / 20000, 2.3, 0.02);
}
END_TEST

UNIT_MAIN("wait_queue", UNIT_TEST(a_place_and_who_is_ahead_are_those_of_a_plain_count),
          UNIT_TEST(what_is_drawn_is_the_same_for_the_same_seed_and_has_the_mean_that_it_says))
