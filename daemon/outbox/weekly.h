/*
 * weekly - which week's digest is due
 *
 * Pure calendar arithmetic. A week is that of ISO 8601, Monday to Sunday; its digest is due from a day and a time
 * of it up to that moment of the next, so that whoever's hours begin later, after a weekend or a bank holiday, has it
 * then. It is never made up for once the next is due. Source: DESIGN section 9, "Grouping".
 */
#ifndef OUTBOX_WEEKLY_H
#define OUTBOX_WEEKLY_H

#include <stdbool.h>

#include "base/date.h"
#include "base/hours.h"

#define WEEKLY_NAME_MAX 32

/** The Monday of the week whose digest is due now; DATE_NONE: none. on: 0 Monday to 6 Sunday; at: "hh:mm";
 * first: the date on which the instance began: that week and those before have none. */
struct civil_date weekly_due(int on, const char *at, struct moment now, struct civil_date first);
/** "2024-W24" of a Monday. Returns out. */
const char *weekly_name(struct civil_date monday, char out[WEEKLY_NAME_MAX]);

#endif
