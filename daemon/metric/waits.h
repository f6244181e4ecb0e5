/*
 * waits - the waits of one clock, gathered so that they can be counted at any day
 *
 * Pure values in memory. Those whose clock runs are kept by start day alone: at a later day their wait
 * is that day less the start, so nothing is touched at midnight. Source: DESIGN section 6, "State kept".
 */
#ifndef METRIC_WAITS_H
#define METRIC_WAITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/date.h"

/** How a clock stopped. */
enum wait_end {
    WAIT_COMPLETED, /* what the clock waits for happened */
    WAIT_UNSEEN,    /* left the list without being seen */
    WAIT_LEFT,      /* left it otherwise: transferred, closed without a completion */
    WAIT_UNKNOWN,   /* gone from a snapshot, and nobody said why */
};

/** So many waits that are alike. */
struct wait_cell {
    struct civil_date start, stop; /* stop DATE_NONE: the clock runs */
    enum wait_end end;             /* of a stopped one */
    uint64_t count;
};

/** The waits of one clock that a measure selects. */
struct waits {
    uint64_t *open;   /* by start day, from .first on */
    size_t open_days; /* days in .open */
    struct civil_date first;
    struct wait_cell *closed;
    size_t closed_count, closed_room;
    struct civil_date last_stop; /* newest stop; DATE_NONE: none */
};

#define WAITS_INIT                                                                                 \
    {                                                                                              \
        .first = { INT32_MIN }, .last_stop = { INT32_MIN }                                         \
    }

/** Adds waits, in any order. Returns 0 or -ENOMEM. */
int waits_add(struct waits *w, const struct wait_cell *cell);
/** How many ran on some day from `from` to `to`; of a clock that stopped on a day it counts as one on which it
 * ran. */
uint64_t waits_within(const struct waits *w, struct civil_date from, struct civil_date to);
void waits_release(struct waits *w);

#endif
