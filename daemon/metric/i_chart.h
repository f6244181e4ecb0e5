/*
 * i_chart - the individuals chart of the textbooks, with its runs analysis
 *
 * Pure. A second opinion on spc.h: limits are the mean and three times the mean moving range / 1.128,
 * so 2.6596 and not 2.66 mean moving ranges, and runs are judged by their number and their longest
 * against what chance brings. A missing value is NAN, and no moving range reaches over it.
 * Source: qicharts2 0.8.1, method "anhoej" (tests/data/oracles/spc).
 */
#ifndef METRIC_I_CHART_H
#define METRIC_I_CHART_H

#include <stdbool.h>
#include <stddef.h>

struct i_chart {
    double centre, lower, upper; /* NAN where there are none */
    size_t observed;             /* values, missing ones among them */
    size_t useful;               /* neither missing nor exactly on the centre line */
    /* The rest holds where useful > 0. */
    size_t longest_run, longest_run_max; /* useful values in a row on one side; Schilling 2012 */
    size_t crossings, crossings_min;     /* of the centre line; 5 % quantile, Chen 2010 */
    bool runs_signal;
};

/** freeze: centre and limits rest on so many first values; 0: on all. screened: moving ranges of
 * 3.267 times their mean or more are left out, once. Returns 0 or -ENOMEM. */
int i_chart(const double *values, size_t n, size_t freeze, bool screened,
            struct i_chart *out_chart);
/** Strictly beyond a limit; false where either is missing. */
bool i_chart_signal(const struct i_chart *chart, double value);

#endif
