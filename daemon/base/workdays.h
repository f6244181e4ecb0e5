/*
 * workdays - the working days of England and Wales: neither a weekend nor a bank holiday
 *
 * Pure calendar arithmetic over a list of bank holidays that the caller read (config/bank-holidays.yaml).
 * The list is known up to a day; after it only weekends are stepped over, so that a deadline comes early
 * rather than never: workdays_state() says when somebody must bring the next years. Every argument is
 * borrowed; NULL for the calendar: weekends alone.
 */
#ifndef BASE_WORKDAYS_H
#define BASE_WORKDAYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/date.h"

struct workdays {
    struct civil_date *holidays; /* owned, ascending */
    size_t count;
    struct civil_date until; /* the last day of which the list knows; DATE_NONE: there is no list */
};

#define WORKDAYS_WARN_MONTHS 6 /* before the list ends (DESIGN section 9) */

enum workdays_state { WORKDAYS_KNOWN, WORKDAYS_END_SOON, WORKDAYS_ENDED };

/** Adds a bank holiday in its order. Returns 0, -EEXIST (it is there), -ENOMEM. */
int workdays_add(struct workdays *w, struct civil_date holiday);
void workdays_release(struct workdays *w);

bool workdays_is_working(const struct workdays *w, struct civil_date d);
/** The n-th working day after a date; 0: the date itself, whatever day it is. */
struct civil_date workdays_after(const struct workdays *w, struct civil_date d, int n);
/** The n-th working day before a date; 0: the date itself. */
struct civil_date workdays_before(const struct workdays *w, struct civil_date d, int n);
/** The date itself, or the next working day after it. */
struct civil_date workdays_from(const struct workdays *w, struct civil_date d);
/** Working days after a date, up to another and with it; 0 where it is not later. */
int workdays_between(const struct workdays *w, struct civil_date after, struct civil_date upto);
/** Whether somebody must bring a longer list: soon, from WORKDAYS_WARN_MONTHS before its last day; ended,
 * from the day after it. Known where there is no list. */
enum workdays_state workdays_state(const struct workdays *w, struct civil_date today);

#endif
