/*
 * outlook - how a list measure will stand: who passes its line, and whether it meets its milestones
 *
 * Pure. The days to come are exact, as if nobody were seen; the milestones are likely, as if the recent
 * weeks went on (metric/forecast.h). Only measures of a waiting list have one: a published figure says
 * nothing of who waits. Source: DESIGN sections 8, 9.
 */
#ifndef PLAN_OUTLOOK_H
#define PLAN_OUTLOOK_H

#include "metric/forecast_kept.h"
#include "plan/line.h"
#include "plan/plan.h"

#define OUTLOOK_MILESTONES 4

/** What is known of the waits that a measure counts; borrowed. */
struct outlook_look {
    const struct waits *waits;
    struct period known; /* of these days starts and stops are known; the last is the data's */
    const struct civil_date
        *censuses; /* of its snapshots, ascending; who is gone from one left since the
                                        * one before, on a day that nobody told */
    size_t census_count;
    struct waits_unknown unknown;
};

struct outlook_source {
    /** Returns 0, -ENODATA where nothing is known of the measure's list, or -ENOMEM. */
    int (*look)(void *arg, const struct plan_measure *m, struct outlook_look *out_look);
    void *arg;
    struct forecast_kept *kept; /* what was computed before; NULL: nothing is kept */
};

struct outlook_milestone {
    struct civil_date date; /* of the plan */
    struct period window;   /* that the figure is of */
    double line;            /* NAN: none */
    struct forecast_fan fan;
    double chance; /* per cent of the paths that meet the line; NAN: nothing is likely */
};

struct outlook {
    bool is_known; /* else nothing is known of the list */
    struct civil_date data_date;
    struct span line;          /* the wait that is passed; count 0: the measure has none */
    struct forecast_day *days; /* from the day after the data on */
    size_t day_count;
    uint64_t
        set_aside; /* rows that may be anybody, and people of whom nobody told: each may pass it as well */
    struct outlook_milestone milestones[OUTLOOK_MILESTONES];
    size_t milestone_count;
};

/** upto: the last of the exact days. *out_outlook is the caller's to release. Returns 0 or -ENOMEM. */
int outlook_make(const struct outlook_source *source, const struct plan_measure *m,
                 const struct line_source *from, struct civil_date upto,
                 struct outlook *out_outlook);
void outlook_release(struct outlook *o);
/** The wait that a measure counts people beyond; count 0: none. */
struct span outlook_line(const struct plan_measure *m);
/** How many pass the line after one day, up to another. */
uint64_t outlook_crossing(const struct outlook *o, struct civil_date after, struct civil_date upto);

#endif
