/*
 * evaluate_feed - what is wrong with a feed today, as findings
 *
 * Pure. Each finding is instant: one entry while the thing is so, none while it is not. They belong
 * to ops (no owner) and to no plan.
 */
#ifndef PLAN_EVALUATE_FEED_H
#define PLAN_EVALUATE_FEED_H

#include "plan/evaluate.h"

size_t feed_findings_at_most(const struct feed_state *feed);
/** Appends to a set that has room for feed_findings_at_most(). Returns 0 or -ENOMEM. */
int evaluate_feed(const struct feed_state *feed, struct civil_date today, struct finding_set *s);
/** Gives an instant finding its one entry. Returns 0 or -ENOMEM. */
int finding_now(struct finding *f, enum period_event event, struct civil_date end);

#endif
