/*
 * plan_ledger - which version of each plan is in force, and how it came to be
 *
 * Pure: a fold of the records of the audit, so that it outlives a restart, Redis, and a rebuild. Per
 * plan: the version in force, those before it (for a rollback), one that waits for a second person,
 * every softening for ever, and what its owners are still to be told.
 *
 * Records (the audit's own, or acts of people), each with at, at_ms:
 *   plan        ID; digest, version, changes: the plan file was read first, or was edited
 *   act         plan-apply, plan-rollback: plan, digest, version, reason, who, uid, changes;
 *               second: true waits for plan-approve: plan, digest, who, uid
 *   plan_told   ID; change: how many changes its owners were told of; or expiry: DATE, days: N
 *   planned     ID; rehearsal: false, or the act plan-go-live: owners hear of its end from then on
 *
 * Which rules: the plan file, until a person applies a plan of its id; from then on what was applied.
 */
#ifndef PLAN_PLAN_LEDGER_H
#define PLAN_PLAN_LEDGER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/date.h"
#include "base/table.h"

#define PLAN_PENDING_DAYS 14         /* so long a plan waits for a second person */
#define PLAN_END_MOVED    "valid to" /* as plan_diff calls that change */

struct plan_book {
    json_t *in_force;   /* the record that brought it into force; of a plan that waited, with
                            approved_by, approved_at */
    json_t *before;     /* array of such records: the versions before, the oldest first */
    json_t *pending;    /* the act that waits for a second person, or NULL */
    json_t *softened;   /* array: every softening, the oldest first */
    json_t *untold;     /* array of records: changes that owners are to be told of */
    json_t *unjudged;   /* likewise: that nothing was evaluated by yet */
    bool is_applied;    /* by a person: the plan file does not rule any more */
    long changes, told; /* how many changes came into force; of how many the owners were told */
    struct civil_date expiry_of; /* the plan's last day of the newest notice; DATE_NONE: none */
    int expiry_days;             /* which notice that was: days before it, 0 its end */
    long ends_moved;             /* how many changes moved it: the same date again is news again */
};

/** Takes what a record says of plans: of another kind nothing. ledger: plan id -> struct plan_book *.
 * Returns 0, -EBADMSG or -ENOMEM. */
int plan_ledger_take(struct table *ledger, const json_t *record);
/** Something was evaluated by every plan in force. */
void plan_ledger_judged(struct table *ledger);
void plan_ledger_release(struct table *ledger);
/** NULL: nothing is known of such a plan. */
const struct plan_book *plan_book_find(const struct table *ledger, const char *plan);
/** The digest in force; NULL: none. */
const char *plan_book_digest(const struct plan_book *b);
/** What waits for a second person on a day, or NULL. */
const json_t *plan_book_pending(const struct plan_book *b, struct civil_date today);
/** The last day on which that may be approved. */
struct civil_date plan_book_pending_until(const struct plan_book *b);
/** The version before the one in force, which a rollback goes back to; NULL: none. */
const json_t *plan_book_before(const struct plan_book *b);
/**
 * Which notice of a plan's end is due: 90, 30 or 7 days before its last day, 0 after it; the nearest alone,
 * whatever was missed before, and when the version came into force; -1: none, or it was told.
 */
int plan_book_expiry_due(const struct plan_book *b, struct civil_date valid_to,
                         struct civil_date today);
/** The newest change of this measure or action that nothing was evaluated by yet: its record, or NULL. */
const json_t *plan_book_unjudged(const struct plan_book *b, const char *id);

#endif
