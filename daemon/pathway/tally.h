/*
 * tally - counts of clocks by group, start, stop and outcome: all that a metric is computed from
 *
 * One tally belongs to one list and provider. A cell that is open ages by itself: its wait at any date
 * is that date minus its start, so no cell is touched at midnight. A date in the past counts as open
 * what started by then and either still runs or stopped after it. Counts are absolute; a change moves
 * -old +new. Holds no key of a pathway or person. Pure; owns the texts of its groups.
 * Source: DESIGN section 6, "State kept".
 */
#ifndef PATHWAY_TALLY_H
#define PATHWAY_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/date.h"
#include "parse/pathway_record.h"

/** A day of a cell: days since 1970-01-01, 1 to 65534 (2149); TALLY_OPEN where the clock runs. */
#define TALLY_OPEN 0

static inline struct civil_date tally_date(uint16_t day)
{
    return day == TALLY_OPEN ? DATE_NONE : (struct civil_date){ day };
}
static inline bool tally_holds_day(struct civil_date d)
{
    return d.day >= 1 && d.day < UINT16_MAX;
}

struct tally_cell {
    uint32_t group;       /* tally_group_at */
    uint16_t start, stop; /* days; stop TALLY_OPEN while it runs */
    uint8_t clock;   /* 0 the pathway's own, else the stage's number in its service, or TALLY_STAGE,
                      TALLY_UNREFERRED */
    uint8_t outcome; /* enum pathway_outcome */
    uint8_t exception; /* of the service; 0 none */
};
/** The clock of a snapshot's current stage where the service does not declare that stage. */
#define TALLY_STAGE 255
/** Of a pathway whose events tell of no referral, as when a file of referrals was lost: from some time before its
 * first event to its end it may have been on the list. In no count; makes counts bounds. */
#define TALLY_UNREFERRED 254
/** How long before: the days that a monthly file brings. In earlier periods, which were judged, nobody knows who
 * else is missing. */
#define UNREFERRED_BEFORE_DAYS 31

/** Who waits for what: NULL where the feed does not say. stage: as the last snapshot says; of the
 * pathway, so the same for each of its clocks. */
struct group {
    const char *service, *commissioner, *place, *stage;
    struct cohort_value cohort[COHORT_MAX]; /* sorted by name */
    size_t cohort_count;
};
#define GROUPS_MAX ((1u << 24) - 1)

struct tally;

/** NULL without memory. */
struct tally *tally_new(void);
void tally_free(struct tally *t);

/** The number of a group, made when new; texts are copied. Numbers are given from 0 on and stay.
 * Returns 0, -ENOMEM, or -EFBIG where there are GROUPS_MAX. */
int tally_group(struct tally *t, const struct group *group, uint32_t *out_id);
/** Its texts are borrowed for as long as the tally. id < tally_group_count(). */
struct group tally_group_at(const struct tally *t, uint32_t id);
struct group_set;
const struct group_set *tally_groups(const struct tally *t);
size_t tally_group_count(const struct tally *t);

/** Adds to a cell, or takes from it. Returns 0 or -ENOMEM; never fails where by is below 0 or the cell
 * exists. A count below 0, or of 2^32 pathways, is our mistake. */
int tally_move(struct tally *t, const struct tally_cell *cell, int64_t by);
/** 0 where there is none. */
uint64_t tally_get(const struct tally *t, const struct tally_cell *cell);
/** Cells that are not 0. */
size_t tally_count(const struct tally *t);
/** for (size_t at = 0; tally_next(t, &at, &cell, &count);) in no order. */
bool tally_next(const struct tally *t, size_t *at, struct tally_cell *out_cell,
                uint64_t *out_count);
/** All counts 0; the groups stay. */
void tally_clear(struct tally *t);

#endif
