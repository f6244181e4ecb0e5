/*
 * forecast_past - what the recent past of a list tells a forecast: who came each day, and who left from where
 *
 * Pure values in memory. A place in the queue is kept with its whole, so that it can be found again in
 * another queue. Who is gone from a snapshot left on a day since the one before that nobody told: those days are
 * shared out as the starts of the list fall on the days of the week, so that a day between two snapshots is
 * one like any other.
 */
#ifndef METRIC_FORECAST_PAST_H
#define METRIC_FORECAST_PAST_H

#include "metric/flow_level.h"
#include "metric/period.h"
#include "metric/waits.h"

#define PAST_WEEKS_MAX FLOW_WEEKS_MAX

/** So many who started on one day and left on one day. */
struct past_stop {
    int day, start; /* indexes of days, 0 the oldest; a start may lie before it */
    uint64_t ahead, beside,
        all; /* when they left: who had waited longer; just as long; who waited */
    enum wait_end end;
    uint64_t count;
};

struct past {
    struct civil_date first;
    size_t days; /* whole weeks; the last is the data's */
    uint64_t *starts;
    struct past_stop *stops; /* by day, then start */
    size_t stop_count, stop_room;
    size_t *stop_at; /* the first of a day; one more entry ends the last */
    struct flow_level in, out;
};

struct past_source {
    const struct waits *waits;
    struct period known;
    const struct civil_date *censuses; /* ascending; none where all days are told */
    size_t census_count;
};

/** *out is past_release()'s in any case. Returns 0 or -ENOMEM. */
int past_make(const struct past_source *source, struct past *out);
void past_release(struct past *p);

#endif
