/*
 * release_system - what follows, together, from figures of one family that somebody was shown
 *
 * Pure. Figures of one list and clock add up: a total and its parts, who waits over a line and within it,
 * a percentage and what it is of, a percentile and who waits longer, starts less stops and the list before
 * and after. The system has an unknown count for each way in which the figures tell people apart (places,
 * providers, cohorts, waits between two lines; days; starts and stops), and a row for each figure. Safe is
 * what leaves each count that they speak of, and each that is left between two of them, all of the
 * values 1, 2, 3 and 4, or none (notify/narrow.h), unless it is known to be more; also for one who takes the places or cohorts that he
 * knows of for all there are, and starts and stops for all that changes a list. Values that the news rules out by itself,
 * with what is known to be few, no figure rules out: those are not counted.
 * Source: DESIGN section 10, DOMAIN section 5 (differencing, secondary suppression).
 */
#ifndef NOTIFY_RELEASE_SYSTEM_H
#define NOTIFY_RELEASE_SYSTEM_H

#include "notify/release_cell.h"

enum statement_kind {
    STATEMENT_SHOWN, /* the figure lies between .low and .high, in its unit */
    STATEMENT_FEW,   /* it is hidden: whom it counts, or the part of a share, are under 5 */
    STATEMENT_REST,  /* likewise the rest of a share */
    STATEMENT_KNOWN, /* that it exists */
    STATEMENT_SIDE,  /* the news tells that it lies between .low and .high, shown or not */
};

struct statement {
    const struct release_cell *cell;
    enum statement_kind kind;
    double low, high;
    bool is_rounded;    /* a share of rounded parts */
    double part, whole; /* the exact counts that it is about; NAN: not known */
};

/** Whether statements of one family leave every count as it is: 1 or 0, which is also where that could not be
 * found out in so many steps (notify/narrow.h); or -ENOMEM. */
int release_is_safe(const struct statement *list, size_t count, size_t steps);
/** Whether figures of two cells can be added up: of one family, of the same days, or of days that touch. */
bool release_is_beside(const struct release_cell *a, const struct release_cell *b);

#endif
