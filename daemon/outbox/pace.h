/*
 * pace - how many messages a receiver is given in a minute
 *
 * Pure. A sliding window: never more than so many begin within any 60 seconds, however many wait.
 * A relay that is flooded blocks the sender, and then nobody is told anything. Source: DESIGN
 * section 10 (email: at most 20 a minute).
 */
#ifndef OUTBOX_PACE_H
#define OUTBOX_PACE_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/table.h"

#define PACE_WINDOW_MS 60000
#define PACE_RATE_MAX  600

/** paces: receiver -> what began lately (free each with pace_free). Whether one more may begin now.
 * rate: at most so many a minute, 1 to PACE_RATE_MAX. */
bool pace_allows(const struct table *paces, const char *receiver, unsigned rate,
                 struct mono_time now);
/** One begins now. Returns 0 or -ENOMEM. */
int pace_note(struct table *paces, const char *receiver, struct mono_time now);
void pace_free(void *pace);

#endif
