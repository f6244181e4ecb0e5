#include "outbox/retry.h"

#include "support/unit.h"

START_TEST(a_connection_failure_spends_no_try_and_rests_the_receiver)
{
    for (unsigned tries = 0; tries < 8; tries++) {
        struct retry_decision d = retry_decide(RETRY_CONNECTION, tries, 0, 7);

        ck_assert(!d.give_up);
        ck_assert(d.receiver_rests);
        ck_assert_uint_eq(d.tries, tries);
        ck_assert_int_eq(d.wait_ms, 300000);
    }
}
END_TEST

START_TEST(the_eighth_refusal_gives_the_message_up)
{
    unsigned tries = 0;
    int n = 0;

    for (;;) {
        struct retry_decision d = retry_decide(RETRY_REFUSED, tries, 0, 12345);

        n++;
        if (d.give_up)
            break;
        ck_assert(!d.receiver_rests);
        ck_assert_uint_eq(d.tries, tries + 1);
        tries = d.tries;
    }
    ck_assert_int_eq(n, 8); /* DESIGN section 10; the header's own figure would prove nothing */
}
END_TEST

START_TEST(a_permanent_refusal_is_given_up_at_once)
{
    ck_assert(retry_decide(RETRY_REFUSED_FOR_GOOD, 0, 60, 0).give_up);
}
END_TEST

START_TEST(waits_double_with_jitter_between_half_and_whole)
{
    int64_t whole = (int64_t)RETRY_FIRST_S * 1000;

    for (unsigned tries = 0; tries < 7; tries++, whole *= 2) {
        int64_t most = whole > RETRY_LONGEST_S * 1000LL ? RETRY_LONGEST_S * 1000LL : whole;

        ck_assert_int_ge(retry_decide(RETRY_REFUSED, tries, 0, 0).wait_ms, most / 2);
        ck_assert_int_le(retry_decide(RETRY_REFUSED, tries, 0, UINT32_MAX).wait_ms, most);
    }
}
END_TEST

START_TEST(the_server_is_heeded_up_to_an_hour)
{
    ck_assert_int_eq(retry_decide(RETRY_REFUSED, 0, 120, 0).wait_ms, 120000);
    ck_assert_int_eq(retry_decide(RETRY_REFUSED, 0, 1000000000, 0).wait_ms, 3600000);
    ck_assert_int_eq(retry_decide(RETRY_CONNECTION, 0, 7, 0).wait_ms, 7000);
    ck_assert_int_eq(retry_decide(RETRY_CONNECTION, 0, 1000000000, 0).wait_ms, 3600000);
}
END_TEST

START_TEST(a_refused_login_is_tried_once_in_fifteen_minutes_whatever_the_relay_says)
{
    for (long asked = 0; asked < 100; asked += 50) {
        struct retry_decision d = retry_decide(RETRY_LOGIN, 3, asked, 7);

        ck_assert_int_eq(d.wait_ms, 15 * 60 * 1000);
        ck_assert(d.receiver_rests && !d.give_up);
        ck_assert_uint_eq(d.tries, 3);
    }
}
END_TEST

UNIT_MAIN("retry",
          UNIT_TEST(a_refused_login_is_tried_once_in_fifteen_minutes_whatever_the_relay_says),
          UNIT_TEST(a_connection_failure_spends_no_try_and_rests_the_receiver),
          UNIT_TEST(the_eighth_refusal_gives_the_message_up),
          UNIT_TEST(a_permanent_refusal_is_given_up_at_once),
          UNIT_TEST(waits_double_with_jitter_between_half_and_whole),
          UNIT_TEST(the_server_is_heeded_up_to_an_hour))
