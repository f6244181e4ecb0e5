/*
 * forecast - where a waiting list will stand: what is certain if nobody is seen, and what is likely
 *
 * Pure. The certain part follows from the clocks alone, exactly. The likely part is a seeded bootstrap: on
 * each path the coming weeks are lived as weeks of the past were, day by day, so that days of the week and the
 * noise of the weeks stay, but with as many who join and as many who are seen as the path takes demand and capacity
 * to be: drawn from what the weeks known tell of their level now, and drifting on from week to week as they did
 * (metric/flow_level.h). Where more than a year is known some paths live about the same weeks of last year
 * instead, by as much more as the list grew since. Who is seen is drawn by his place in the queue, so that a list
 * that is seen in turn stays so. Nobody tells the model which of this a list does; how wide the fan is was tried on
 * lists that it does not know, at each horizon (test_forecast.c, test_forecast_fresh.c, test_forecast_ramps.c). The
 * same input and seed give the same figures. What a list lives through that its past never showed, no path knows.
 */
#ifndef METRIC_FORECAST_H
#define METRIC_FORECAST_H

#include <stddef.h>
#include <stdint.h>

#include "metric/pathway_count.h"

#define FORECAST_WEEKS_MIN 8   /* of known flows; with fewer nothing is likely */
#define FORECAST_DAYS_MAX  366 /* ahead */
#define FORECAST_PATHS     400

/** One coming day, if nobody is seen and nobody joins. */
struct forecast_day {
    struct civil_date day;
    uint64_t crossing; /* whose wait passes the line on this day */
    uint64_t over;     /* over it at its end */
};

/** The coming days after `from`. out_days: room for count. Returns 0 or -ENOMEM. */
int forecast_exact(const struct waits *w, struct civil_date from, struct span line, size_t count,
                   struct forecast_day *out_days);

struct forecast_input {
    const struct waits *waits;
    const struct pathway_metric *metric;
    struct period known; /* of these days starts and stops are known; the last is the data's */
    const struct period
        *windows; /* that the figure is wanted for; ascending, ending after .known */
    size_t window_count;
    const struct civil_date
        *censuses; /* of snapshots, ascending; none where each stop's day is told */
    size_t census_count;
    size_t paths; /* 0: FORECAST_PATHS */
    uint64_t seed;
};

/** The figure of a window on every path; those without one are left out. */
struct forecast_fan {
    double *values; /* ascending */
    size_t count;
};

/**
 * *out_fans: malloc'ed, one a window; forecast_fans_free(). Returns 0; -ENODATA with fewer than
 * FORECAST_WEEKS_MIN weeks known; -ERANGE where a window ends beyond FORECAST_DAYS_MAX; -ENOMEM.
 */
int forecast_likely(const struct forecast_input *in, struct forecast_fan **out_fans);
void forecast_fans_free(struct forecast_fan *fans, size_t count);
/** The value that a share (0 to 1) of the paths does not exceed; NAN where none has a figure. */
double forecast_quantile(const struct forecast_fan *fan, double share);

#endif
