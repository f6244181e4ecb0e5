/*
 * mean - the arithmetic mean, to the last bit as R computes it
 *
 * Pure. A limit is compared with a value, so its last bit can decide what a tie is: the sum runs in
 * extended precision and is then corrected by the mean of what it leaves over.
 * Source: R 4.2.2, mean.default (src/main/summary.c).
 */
#ifndef METRIC_MEAN_H
#define METRIC_MEAN_H

#include <stddef.h>

/** Of finite values: NAN are left out; NAN where nothing is left. out_used (may be NULL): how many counted. */
double mean_of(const double *values, size_t n, size_t *out_used);
/** The same of those below a limit alone. */
double mean_below(const double *values, size_t n, double limit, size_t *out_used);

#endif
