#include "outbox/retry.h"

struct retry_decision retry_decide(enum retry_cause cause, unsigned tries, long retry_after_s,
                                   uint32_t random)
{
    struct retry_decision d = { .tries = tries };

    if (cause == RETRY_CONNECTION || cause == RETRY_LOGIN) {
        int64_t wait_s = retry_after_s > RETRY_LONGEST_S ? RETRY_LONGEST_S : retry_after_s;
        int64_t usual_s = cause == RETRY_LOGIN ? RETRY_LOGIN_S : RETRY_PROBE_S;

        d.wait_ms = (cause == RETRY_CONNECTION && wait_s > 0 ? wait_s : usual_s) * 1000;
        d.receiver_rests = true;
        return d;
    }
    d.tries = tries + 1;
    if (cause == RETRY_REFUSED_FOR_GOOD || d.tries >= RETRY_TRIES_MAX) {
        d.give_up = true;
        return d;
    }
    int64_t wait_ms = (int64_t)RETRY_FIRST_S * 1000;

    for (unsigned i = 0; i < tries && wait_ms < (int64_t)RETRY_LONGEST_S * 1000; i++)
        wait_ms *= 2;
    if (wait_ms > (int64_t)RETRY_LONGEST_S * 1000)
        wait_ms = (int64_t)RETRY_LONGEST_S * 1000;
    /* Between half and the whole, so that many messages do not come back in one instant. */
    d.wait_ms = wait_ms / 2 + (int64_t)(random % (uint32_t)(wait_ms / 2 + 1));
    if (retry_after_s > 0)
        d.wait_ms =
            (int64_t)(retry_after_s > RETRY_LONGEST_S ? RETRY_LONGEST_S : retry_after_s) * 1000;
    return d;
}
