/*
 * retry - when a message is tried again, and when it is given up
 *
 * Pure policy. A connection failure belongs to the receiver: one probe each five minutes, or when
 * the server said (Retry-After), and it spends none of the message's tries. A refusal belongs to
 * the message: eight tries with jittered, doubling waits, or as long as the server asked. A
 * permanent refusal, or the eighth, is a dead letter. Source: DESIGN section 10.
 */
#ifndef OUTBOX_RETRY_H
#define OUTBOX_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define RETRY_TRIES_MAX 8
#define RETRY_PROBE_S   300
#define RETRY_FIRST_S   30
#define RETRY_LONGEST_S 3600

enum retry_cause { RETRY_CONNECTION, RETRY_REFUSED, RETRY_REFUSED_FOR_GOOD, RETRY_UNKNOWN };

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
