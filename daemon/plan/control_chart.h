/*
 * control_chart - the points of a measure as an XmR chart wants them, and what it says of them
 *
 * Pure. A chart stands on periods of one length that do not overlap, on data alone and never on what is
 * projected. A figure that is withheld, incomplete or was never told is missing: it breaks runs and is
 * not bridged. The chart begins anew where a person or a recorded change of definition says so, and
 * where another organisation took over; nothing else rebases it.
 * Source: DESIGN section 7, DOMAIN 3.2; metric/spc.h has the arithmetic.
 */
#ifndef PLAN_CONTROL_CHART_H
#define PLAN_CONTROL_CHART_H

#include "metric/series.h"
#include "metric/spc.h"
#include "plan/plan.h"

struct chart_point {
    struct civil_date start, end;
    const struct series_version *version; /* NULL: nothing was ever told of these days */
    double value;                         /* NAN: missing */
};

enum chart_state {
    CHART_GOOD,
    CHART_EMPTY,   /* no figure */
    CHART_ROLLING, /* its periods overlap, and no single ones are published */
};

struct control_chart {
    enum chart_state state;
    struct chart_point *points; /* ascending; the last has a value, of CHART_GOOD */
    bool *starts;               /* a segment starts with the point */
    size_t n;
    size_t missing_after; /* points without a value after the last that has one */
    struct spc_options options;
    struct spc_chart spc;
    size_t segment_values; /* of the last segment */
    bool is_trial;         /* they are fewer than the plan asks: nothing is told of its marks */
    struct civil_date
        opened; /* DATE_NONE, or the end of the period from which on, period by period, the
                                 newest point then was a change for the worse, or of a measure
                                 to be kept close to its line any change */
};

/** Where a chart begins anew: with the first period that ends on or after the day. */
struct chart_break {
    struct civil_date at;
    const char *who; /* NULL: the plan records it */
    const char *why;
};

struct chart_input {
    const struct plan_measure *measure; /* has .spc */
    const struct series *series;        /* of single periods; NULL: none yet */
    const struct series *before; /* of whom it took over, up to .joined_until; NULL: nobody */
    struct civil_date joined_until;
    double target; /* in force now; NAN: none */
    const struct chart_break *breaks;
    size_t break_count;
    /** Whether a period's figure lacks something, so that it stands for nothing; may be NULL. */
    bool (*is_incomplete)(void *arg, struct civil_date end);
    void *arg;
};

/** The chart is the caller's to release. Returns 0 or -ENOMEM. */
int control_chart_make(const struct chart_input *in, struct control_chart *out_chart);
void control_chart_release(struct control_chart *c);

/** "a figure above the upper process limit"; "" for common cause. */
const char *chart_cause_words(enum spc_cause cause);
/** "above-limit", "trend-down", ...; NULL for common cause. */
const char *chart_cause_name(enum spc_cause cause);
/** "common-cause", "improvement", "concern", ... */
const char *chart_variation_name(enum spc_variation v);
/** "hit-or-miss", "pass", "fail"; NULL: none. */
const char *chart_assurance_name(enum spc_assurance a);
/** What the newest point says, in a sentence without figures and without its end. */
const char *chart_words(const struct control_chart *c);

#endif
