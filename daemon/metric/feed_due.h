/*
 * feed_due - when the next file of a feed is due
 *
 * Pure calendar arithmetic (DESIGN section 4, "Due"): the end of the period after the newest
 * accepted one, plus grace. Before any file: the first period that ends after the feed's `from:`,
 * else after the day the feed was first configured. With a list of publication dates: the first
 * date after the newest receipt, plus grace; before any file, the first date on or after the
 * reference.
 */
#ifndef METRIC_FEED_DUE_H
#define METRIC_FEED_DUE_H

#include "base/workdays.h"

enum due_cadence { DUE_DATES, DUE_DAILY, DUE_WEEKLY, DUE_MONTHLY, DUE_QUARTERLY, DUE_YEARLY };

struct feed_schedule {
    enum due_cadence cadence;       /* weekly periods end on Sundays, yearly on 31 December */
    const struct civil_date *dates; /* DUE_DATES, ascending */
    size_t date_count;
    int grace_days;
    bool grace_is_working_days;
    const struct workdays *workdays; /* by which they are counted; NULL: weekends alone */
};

struct feed_due {
    struct civil_date awaited; /* end of the period awaited, or the publication date; DATE_NONE:
                                  nothing more is due */
    struct civil_date due;     /* last day on which it is in time; late from the day after */
};

/** The end of the period that data of a day are of. One file a week meets a weekly cadence whatever its weekday:
 * a day is of the Sunday next to it. With a list of dates it is of the first publication on or after it; a day
 * after the last of them, or further before the first than the second is after that, is its own. */
struct civil_date feed_period_end(const struct feed_schedule *s, struct civil_date d);

/** newest_period_end: DATE_NONE before any file. reference: `from:`, else the day first configured.
 *  last_received: local date of the newest accepted file (DUE_DATES only), or DATE_NONE. */
struct feed_due feed_due(const struct feed_schedule *s, struct civil_date newest_period_end,
                         struct civil_date reference, struct civil_date last_received);

/** Cadences that have wholly gone by without data: of periods, from the data's own date on (a census of
 * Sunday the 1st, weekly, today Monday the 9th: 1); of a list of dates, those after the newest receipt
 * that have passed. 0 to SILENT_CADENCES_COUNTED. */
int feed_silent_cadences(const struct feed_schedule *s, struct civil_date data_date,
                         struct civil_date last_received, struct civil_date today);
#define SILENT_CADENCES_COUNTED 9 /* more are not told apart */

#endif
