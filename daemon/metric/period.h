/*
 * period - the periods that a measure is counted in, and rolling windows
 *
 * Pure calendar arithmetic on civil dates. A declared period is a day, a week that ends on a Sunday,
 * a calendar month, quarter or year; a census is the one day on which a list was counted. A rolling
 * window of a period ends with it and reaches back over its own length, so that windows of months
 * begin on the first of one. Source: DESIGN sections 6 and 7.
 */
#ifndef METRIC_PERIOD_H
#define METRIC_PERIOD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/date.h"
#include "base/span.h"

enum period_kind {
    PERIOD_CENSUS,
    PERIOD_DAY,
    PERIOD_WEEK,
    PERIOD_MONTH,
    PERIOD_QUARTER,
    PERIOD_YEAR,
};
#define PERIOD_KINDS 6

/** Both days belong to it. */
struct period {
    struct civil_date start, end;
};

/** What a list is known to hold. */
struct list_coverage {
    struct civil_date from; /* the first census, else the first event date */
    struct civil_date upto; /* newest census, else the newest event date; DATE_NONE: nothing yet */
    const struct civil_date *censuses; /* ascending; none where no feed brings snapshots */
    size_t census_count;
};

/** "census", "day", "week", "month", "quarter", "year". */
const char *period_kind_name(enum period_kind kind);
/** The period that a day lies in. */
struct period period_of(enum period_kind kind, struct civil_date day);
struct period period_next(enum period_kind kind, struct period p);
/** The days counted for a period: itself (count 0), or the rolling window that ends with it. span:
 * days, weeks or months. */
struct period period_window(struct period p, struct span window);

/**
 * The complete periods of a list that end on or after a day (DATE_NONE: all), ascending. A stock is
 * complete once the list is known to the period's end; a flow only where its whole window is known,
 * from the day after the first census on: who came and went before is in no snapshot. A flow has no
 * periods of PERIOD_CENSUS.
 * *out_list: malloc'ed, NULL when there is none. Returns 0 or -ENOMEM.
 */
int periods_complete(const struct list_coverage *list, enum period_kind kind, struct span window,
                     bool is_stock, struct civil_date ending_from, struct period **out_list,
                     size_t *out_count);

#endif
