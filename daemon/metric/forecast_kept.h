/*
 * forecast_kept - forecasts that need not be computed again, since nothing that they rest on changed
 *
 * Pure values in memory. A forecast is known by a digest of all of its input (the waits, the metric, the days,
 * the seed), so there is nothing to tell it when files come, plans change or days pass: another input is another
 * forecast. What one turn (one evaluation) did not ask for is forgotten at its end.
 */
#ifndef METRIC_FORECAST_KEPT_H
#define METRIC_FORECAST_KEPT_H

#include "metric/forecast.h"

struct forecast_kept;

/** NULL without memory. */
struct forecast_kept *forecast_kept_new(void);
void forecast_kept_free(struct forecast_kept *k);
/** As forecast_likely(), with the same answer. Here and below k NULL keeps nothing. */
int forecast_likely_kept(struct forecast_kept *k, const struct forecast_input *in,
                         struct forecast_fan **out_fans);
/** Forgets what was not asked for since the last call. */
void forecast_kept_turn(struct forecast_kept *k);
/** How many were computed, and how many are kept now. */
size_t forecast_kept_computed(const struct forecast_kept *k);
size_t forecast_kept_count(const struct forecast_kept *k);

#endif
