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
    uint64_t came; /* pathways that were never there before; */
    uint64_t ran;  /* of these, whose clock ran at the census before, or is not known; */
    uint64_t alike,
        aged; /* of these, with the clock start of one that is gone, each of one of its own; and
                             where that was REKEYED_AGED_DAYS or more before that census */
    struct civil_date census; /* the one before */
    bool is_again;            /* it is this one as well */
};

/** Fewer tell nothing. */
#define REKEYED_LEAST 5
/** Who is entered late has a clock of the last few weeks, and so has who is seen soon: by chance they are alike. */
#define REKEYED_AGED_DAYS 28

/**
 * Pairs those who are gone, each once, with those that came; puts both in an order of its own. open and census of
 * *counts are set, the rest 0; sets them but is_again. Whether most of the keys are gone and most of those came
 * again under others; or a fifth of all did; or of those gone a fifth, with clocks that ran for long.
 */
bool keys_are_others(struct keyed_start *gone, size_t gone_count, struct keyed_start *came,
                     size_t came_count, struct rekeying *counts);
/** The same of who is open in a list and the rows of its snapshot, between its beginning and its end. Always sets
 * *out_counts; where fewer than REKEYED_LEAST were open, open and census alone. Returns 1, 0, or -ENOMEM. */
int list_is_rekeyed(const struct pathway_list *l, struct rekeying *out_counts);

#endif
