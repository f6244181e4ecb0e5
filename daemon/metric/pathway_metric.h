/*
 * pathway_metric - the metrics that rest on pathways: which there are, and how each is counted
 *
 * Pure. The catalogue is one table; plan.yaml, plan.yaml(5) and pathway_count.c follow it. A metric
 * is written as its id, with its parameter after a colon: "open-over:18w", "median-wait",
 * "breaching-within:28d". A stock is counted at the end of one day; a flow over the days of a period
 * or window. Source: DESIGN section 7, DOMAIN section 2; queueing as metric/queueing.h.
 */
#ifndef METRIC_PATHWAY_METRIC_H
#define METRIC_PATHWAY_METRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "parse/record.h"

enum pathway_metric_id {
    METRIC_OPEN,
    METRIC_OPEN_OVER,
    METRIC_OPEN_WITHIN,
    METRIC_MEDIAN_WAIT,
    METRIC_P90_WAIT,
    METRIC_P92_WAIT,
    METRIC_MEAN_WAIT,
    METRIC_LONGEST_WAIT,
    METRIC_COMPLETED_WITHIN,
    METRIC_COMPLETED,
    METRIC_REFERRALS,
    METRIC_FIRST_CONTACTS,
    METRIC_CLOCK_STOPS,
    METRIC_REMOVALS_UNSEEN,
    METRIC_NET_CHANGE,
    METRIC_BREACHING_WITHIN,
    METRIC_CLEARANCE_WEEKS,
    METRIC_LOAD,
    METRIC_TARGET_QUEUE,
    METRIC_RELIEF_CAPACITY,
    METRIC_PRESSURE,
    METRIC_SHORTFALL,
};
#define PATHWAY_METRICS 22

enum metric_kind { METRIC_STOCK, METRIC_FLOW };
enum metric_parameter { PARAMETER_NONE, PARAMETER_WAIT, PARAMETER_DAYS };
enum metric_better { BETTER_UNSAID, BETTER_HIGHER, BETTER_LOWER };

enum metric_takes {
    TAKES_STANDARD = 1, /* needs `standard:`, the longest wait that is allowed */
    TAKES_SHARE = 2,    /* and may ask for another `share:` of the list within it */
    TAKES_METHOD = 4,   /* a percentile */
};

/** How a percentile is taken; printed wherever the figure is. */
enum wait_method {
    METHOD_LINEAR,       /* patient-level, between order statistics at p(n - 1): type 7 */
    METHOD_NEAREST_RANK, /* patient-level: the smallest wait that at least p of the list do not exceed */
    METHOD_BAND_LINEAR, /* from weekly bands, as NHS England publishes RTT; capped in ">104 weeks" */
};

/** A row of the catalogue. */
struct metric_def {
    const char *id;
    enum metric_kind kind;
    enum metric_parameter parameter;
    enum unit unit, other_unit; /* other_unit: what `unit:` may ask instead, or UNIT_UNKNOWN */
    enum metric_better better;
    unsigned takes;     /* enum metric_takes flags */
    const char *method; /* in a word or two, for explain and reports */
    const char *definition;
};

/** The catalogue, in the order of enum pathway_metric_id. */
const struct metric_def *metric_def_of(enum pathway_metric_id id);

/** A metric as a measure watches it. */
struct pathway_metric {
    enum pathway_metric_id id;
    struct span wait;     /* of PARAMETER_WAIT and PARAMETER_DAYS; count 0: none */
    struct span standard; /* the longest wait that is allowed; count 0: none given */
    double share;         /* per cent of the list that should wait no longer than the standard */
    enum wait_method method;
    enum unit unit;
};

#define METRIC_SHARE_DEFAULT 92.0 /* the national referral to treatment standard */
#define METRIC_WAIT_MAX_DAYS 7305 /* 20 years: longer is a slip of the pen */

enum metric_problem {
    METRIC_FINE,
    METRIC_UNKNOWN,      /* no such id */
    METRIC_NO_PARAMETER, /* one is missing */
    METRIC_ONE_TOO_MANY, /* it takes none */
    METRIC_NO_SPAN,      /* neither days, weeks nor months */
    METRIC_NOT_IN_DAYS,  /* breaching-within looks ahead in days or weeks */
};

/** Reads "open-over:18w"; the rest of *out_metric gets its defaults. Left alone on a problem. */
enum metric_problem pathway_metric_parse(const char *text, struct pathway_metric *out_metric);
/** Reads a wait of 1 day to 20 years in days, weeks or months. Returns 0 or -EINVAL. */
int metric_wait_parse(const char *text, struct span *out_wait);
/** "linear", "nearest-rank", "band-linear". */
const char *wait_method_name(enum wait_method method);

#define METRIC_TEXT_MAX 128
/** The canonical text: everything that decides the figure, so that two measures with one text are one
 * series. "open-over:126d", "median-wait method=nearest-rank unit=weeks". Returns out. */
const char *pathway_metric_text(const struct pathway_metric *m, char out[METRIC_TEXT_MAX]);

#endif
