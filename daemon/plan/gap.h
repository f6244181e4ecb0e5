/*
 * gap - how far a measure is from its plan, and what it takes to get there
 *
 * Pure. Of every measure: its figure against the line now, the next step of the plan that is still to
 * come, and the pace that this asks beside the pace of late. Of a waiting list that figures tell the
 * flows of: how many must leave it each week until that step, if as many join as of late and those who
 * waited longest are seen first. An indicator, no promise: it does not mix priorities, and stops that
 * are no care (validation, withdrawals) count as stops; those seen are given apart where known.
 * Source: DESIGN section 7, DOMAIN 2.1 (shortfall) and 4 (queueing), all in people and weeks.
 */
#ifndef PLAN_GAP_H
#define PLAN_GAP_H

#include "plan/finding.h"
#include "plan/outlook.h"

#define GAP_FLOW_WEEKS   13 /* of late: at most so many; as few as FORECAST_WEEKS_MIN */
#define GAP_PACE_FIGURES 6  /* of late: the newest so many figures of a series; as few as 3 */

/** A list's flows, in people a week; NAN where not known. */
struct gap_flow {
    const char *why_not; /* static: why nothing is known; NULL: the rest is */
    struct civil_date data_date, by;
    double weeks; /* from the data to .by */
    double demand, stops, seen;
    double needed, extra; /* to be at the step by then; NAN: the metric does not say */
    double load;
    double may_wait; /* how many may wait if the share is to be in time, at this demand */
    double keeps;    /* stops a week that keep it so, once no more wait than that */
};

struct gap {
    const struct finding *finding;
    const struct series_point *point; /* its newest figure; NULL: none */
    double value;                     /* NAN: none, or withheld */
    double behind_by;                 /* of the line now; below 0: better than it; NAN */
    struct civil_date next_date;      /* the next step after today; DATE_NONE: none is to come */
    double next_line, to_next;        /* to_next: as .behind_by */
    double pace_needed, pace_lately;  /* in the measure's unit a month; NAN: not known */
    bool is_of_list;
    struct gap_flow flow; /* of a list */
};

/** f: a finding of RULE_BEHIND_PLAN. waits: NULL: nothing is known of lists. Returns 0 or -ENOMEM. */
int gap_make(const struct finding *f, const struct outlook_source *waits, struct civil_date today,
             struct gap *out_gap);

#endif
