/*
 * wait_queue - who waits, by start day, with a place for each: how many have waited longer
 *
 * Pure values in memory. Finding a place and adding cost the logarithm of the days (a Fenwick tree).
 * Those of one start day share its places in no order.
 */
#ifndef METRIC_WAIT_QUEUE_H
#define METRIC_WAIT_QUEUE_H

#include "metric/waits.h"

struct wait_queue {
    struct civil_date first;
    size_t days, top; /* top: the largest power of two in .days */
    uint64_t *open;   /* by start day, from .first on */
    uint64_t *sums;
    uint64_t total;
};

/** An empty one for start days from first on; wait_queue_release(). days > 0. Returns 0 or -ENOMEM. */
int wait_queue_make(struct wait_queue *q, struct civil_date first, size_t days);
void wait_queue_release(struct wait_queue *q);
void wait_queue_clear(struct wait_queue *q);
/** at: days after .first, below .days. */
void wait_queue_join(struct wait_queue *q, size_t at, uint64_t n);
/** n: no more than wait there. */
void wait_queue_leave(struct wait_queue *q, size_t at, uint64_t n);
/** How many started before a day. */
uint64_t wait_queue_ahead(const struct wait_queue *q, size_t at);
/** The start day of who stands behind so many; place < .total. */
size_t wait_queue_at(const struct wait_queue *q, uint64_t place);

#endif
