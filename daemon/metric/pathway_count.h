/*
 * pathway_count - what a metric counts of the waits of a list, at a day or over a window
 *
 * Pure. The waits that a measure selects are gathered once; every figure at any later day follows
 * exactly, with no row touched, so waits age by themselves. Counts are whole numbers, computed in
 * whole numbers. What cannot be known widens the figure to an interval: rows that were set aside may
 * or may not be on the list, and a stop whose outcome nobody told may or may not have been a
 * completion: the figure counts those that were told, and its interval all that the others may have
 * been. Where as many were not told as told, it is no figure, and its interval alone is judged. A figure
 * that nobody can give is marked, never 0.
 * Source: DESIGN sections 6 ("Counting") and 7.
 */
#ifndef METRIC_PATHWAY_COUNT_H
#define METRIC_PATHWAY_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "metric/pathway_metric.h"
#include "metric/period.h"
#include "metric/waits.h"

/** What is not known of a list. */
struct waits_unknown {
    uint64_t rows; /* set aside: each may be one more open pathway of any wait, or start, or stop */
    uint64_t untold; /* open, and nobody told whether they are counted: each may be, as a row may */
    bool
        mostly; /* as many of them as were told, or more: there is no figure, and its bounds alone are judged */
    bool part; /* a provider's part is missing altogether: nothing can be said */
};

/** A figure, as struct series_version holds it. */
struct metric_figure {
    double value;     /* meaningful when marker is MARKER_NONE; INFINITY: never (clearance-weeks) */
    double low, high; /* where the true value lies; equal to value when it is exact */
    double numerator, denominator; /* NAN: none */
    enum marker marker; /* MARKER_NOT_APPLICABLE: there is none, such as a median of nobody */
    uint64_t untold,
        stops; /* stops whose outcome nobody told, of how many; 0: each was, or none counts */
};

/**
 * The figure for a window: a stock at the end of its last day, a flow over its days. Returns 0 or
 * -ENOMEM.
 */
int pathway_count(const struct pathway_metric *m, const struct waits *w, struct period window,
                  const struct waits_unknown *unknown, struct metric_figure *out_figure);

#endif
