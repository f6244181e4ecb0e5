/*
 * list_identity - whether a snapshot's pathways are those of the one before, under other keys
 *
 * A provider that changes its numbers sends everybody anew: each pathway seems to have been seen, and as
 * many to have begun, with the clocks of those before. Pure. Source: DESIGN section 5, "Rotation and
 * re-keying".
 */
#ifndef PATHWAY_LIST_IDENTITY_H
#define PATHWAY_LIST_IDENTITY_H

#include "pathway/pathway_list.h"

/** A pathway as both sides know it. */
struct keyed_start {
    uint8_t key[PSEUDONYM_BYTES];
    struct civil_date start; /* DATE_NONE: not known */
};

struct rekeying {
    uint64_t open; /* before */
    uint64_t gone; /* of them */
    uint64_t
        alike; /* pathways that were not there before, each with the clock start of one that is gone */
};

/** Fewer tell nothing. */
#define REKEYED_LEAST 5

/** Compares two sets; both are put in the order of their keys. Whether most of the keys are gone, and most
 * of those came again under others. Always sets *out_counts. */
bool keys_are_others(struct keyed_start *before, size_t before_count, struct keyed_start *after,
                     size_t after_count, struct rekeying *out_counts);
/** The same of who is open in a list and the rows of its snapshot, between its beginning and its end. Returns
 * 1, 0, or -ENOMEM. */
int list_is_rekeyed(const struct pathway_list *l, struct rekeying *out_counts);

#endif
