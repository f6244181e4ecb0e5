#include "outbox/pace.h"

#include "support/unit.h"

#define RATE 3

static struct mono_time at(int64_t ms)
{
    return (struct mono_time){ ms };
}

START_TEST(no_more_than_the_rate_begin_within_any_minute)
{
    struct table paces = TABLE_INIT;
    int64_t begun[100];
    size_t count = 0;

    /* Always something waits: as many begin as may. */
    for (int64_t ms = 0; ms < 10LL * PACE_WINDOW_MS; ms += 700)
        while (pace_allows(&paces, "mail", RATE, at(ms))) {
            ck_assert_uint_lt(count, 100);
            begun[count++] = ms;
            ck_assert_int_eq(pace_note(&paces, "mail", at(ms)), 0);
        }
    for (size_t i = RATE; i < count; i++)
        ck_assert_int_ge(begun[i] - begun[i - RATE], PACE_WINDOW_MS);
    ck_assert_uint_ge(count, 9 * RATE); /* and none waits for longer than it must */
    table_release(&paces, pace_free);
}
END_TEST

START_TEST(each_receiver_has_its_own_pace)
{
    struct table paces = TABLE_INIT;

    ck_assert_int_eq(pace_note(&paces, "mail", at(1)), 0);
    ck_assert(!pace_allows(&paces, "mail", 1, at(2)));
    ck_assert(pace_allows(&paces, "mail", 2, at(2)));
    ck_assert(pace_allows(&paces, "other", 1, at(2)));
    table_release(&paces, pace_free);
}
END_TEST

START_TEST(the_ring_is_long_enough_for_the_highest_rate)
{
    struct table paces = TABLE_INIT;

    for (int i = 0; i < 3 * PACE_RATE_MAX; i++) {
        int64_t ms = i / PACE_RATE_MAX * (int64_t)PACE_WINDOW_MS;

        ck_assert(pace_allows(&paces, "mail", PACE_RATE_MAX, at(ms)));
        ck_assert_int_eq(pace_note(&paces, "mail", at(ms)), 0);
    }
    ck_assert(!pace_allows(&paces, "mail", PACE_RATE_MAX, at(3LL * PACE_WINDOW_MS - 1)));
    table_release(&paces, pace_free);
}
END_TEST

UNIT_MAIN("pace", UNIT_TEST(no_more_than_the_rate_begin_within_any_minute),
          UNIT_TEST(each_receiver_has_its_own_pace),
          UNIT_TEST(the_ring_is_long_enough_for_the_highest_rate))
