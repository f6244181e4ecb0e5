/*
 * list_plausible - whether one provider's part of a snapshot may be believed
 *
 * A file of several providers looks whole when the part of one of them was cut off or filled with one
 * date: its people would count as seen, or as new. An export that moves every date by a day, or a month,
 * looks as plausible as the one before: only who was known before tells. Pure. Source: DESIGN section 5,
 * "Held", for each part.
 */
#ifndef PATHWAY_LIST_PLAUSIBLE_H
#define PATHWAY_LIST_PLAUSIBLE_H

#include "base/text.h"
#include "pathway/list_identity.h"
#include "pathway/pathway_list.h"

/** Of fewer who wait a part may shrink as it likes. */
#define SHRUNK_LEAST 5
/** Fewer may be gone, or come. */
#define GONE_LEAST 5
/** Fewer clocks may be put right. */
#define SHIFTED_LEAST 5

/** "all of the", "nearly all of the", "most of the", "about half of the", "some of the": of people or rows; no number is told. part is at most whole. */
void people_share(struct text *out, uint64_t part, uint64_t whole);
/** "all of those", "some of those". */
void people_of_those(struct text *out, uint64_t part, uint64_t whole);

struct shift {
    uint64_t known; /* rows of pathways that were open before, both with a clock start */
    uint64_t moved; /* of them, by the number of days by which most of those that moved did */
    int32_t days;   /* that number; below 0: earlier */
    uint64_t later; /* of those known, by whatever number of days: each waits less than it did */
};

/** Between the beginning of a snapshot and its end: whether a large share of the clocks moved by one number of
 * days, or began again later. Returns 1, 0 or -ENOMEM; sets *out. */
int list_is_shifted(const struct pathway_list *l, struct shift *out);

/** Asked between the beginning of a snapshot and its end; rows: of this provider;
 * counts: of list_is_rekeyed(). Returns 1 where a person must decide: then *why gets the words, counts and a date at most; 0; or -ENOMEM. */
int list_is_implausible(const struct pathway_list *l, const char *provider, unsigned long rows,
                        const struct rekeying *counts, struct text *why);

#endif
