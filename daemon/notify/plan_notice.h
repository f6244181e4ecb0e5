/*
 * plan_notice - what owners are told when a plan is changed, and of its end
 *
 * Pure wording, for notice.h. Of a change: what became softer, what harder, whose it is now, each with what
 * stood before; what concerns the reader alone. Titles and lines are the plan's own words.
 */
#ifndef NOTIFY_PLAN_NOTICE_H
#define NOTIFY_PLAN_NOTICE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/date.h"
#include "base/text.h"
#include "plan/plan.h"

/** Whether a change of a plan is of all of it, so that it concerns everybody who has a role there, and ops: its
 * first or last day, and that it is in rehearsal from now on. */
bool plan_change_is_for_all(const json_t *change);
/** What a version, by its record, did with the mode of the plan. */
enum mode_change { MODE_STAYS, MODE_TO_LIVE, MODE_TO_REHEARSAL };
enum mode_change plan_mode_change(const json_t *record);
/** record: of the audit (plan/plan_ledger.h), with its changes. roles: array of those that the reader holds.
 * Returns how many changes that are news concern them, 0: none (a title, an id, a status are no news alone),
 * nothing is to be said; or -ENOMEM. */
int plan_changed_words(const struct plan *plan, const json_t *record, const json_t *roles,
                       struct text *out_subject, struct text *out_body);
/** The plan's last day is near, or past. Returns 0 or -ENOMEM. */
int plan_ends_words(const struct plan *plan, struct civil_date today, struct text *out_subject,
                    struct text *out_body);

#endif
