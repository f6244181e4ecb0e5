/*
 * retry - when a message is tried again, and when it is given up
 *
 * Pure policy. A connection failure belongs to the receiver: one probe each five minutes, or when
 * the server said (Retry-After), and it spends none of the message's tries. A refusal belongs to
 * the message: eight tries with jittered, doubling waits, or as long as the server asked. A
 * permanent refusal, or the eighth, is a dead letter. A refused login is the receiver's, and tried
 * once each fifteen minutes, since a relay locks out who insists (RELIABILITY M8). Source: DESIGN
 * section 10.
 */
#ifndef OUTBOX_RETRY_H
#define OUTBOX_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define RETRY_TRIES_MAX 8
#define RETRY_PROBE_S   300
#define RETRY_LOGIN_S   900
#define RETRY_FIRST_S   30
#define RETRY_LONGEST_S 3600

/** The numbers are kept in Redis. */
enum retry_cause {
    RETRY_NONE = 0,
    RETRY_CONNECTION = 1,
    RETRY_LOGIN = 2,
    RETRY_REFUSED = 3,
    RETRY_REFUSED_FOR_GOOD = 4,
    RETRY_UNKNOWN = 5, /* sent, and no answer came */
};

struct retry_decision {
    bool give_up;
    unsigned tries;      /* refusals so far, this one included */
    int64_t wait_ms;     /* until the next try */
    bool receiver_rests; /* the whole receiver waits, not only this message */
};

/** tries: refusals before this one. retry_after_s: as the server asked, 0 none. random: any 32
 * random bits. */
struct retry_decision retry_decide(enum retry_cause cause, unsigned tries, long retry_after_s,
                                   uint32_t random);

#endif
