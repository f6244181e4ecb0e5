/*
 * figure - a number as an audience may see it
 *
 * Pure. The one place where messages decide whether a figure is shown, rounded or hidden. Figures
 * of published feeds are shown as published; others under the partner profile (DESIGN section 10):
 * a count under 5 is "*", else the nearest 5; a percentage is whole, and only where its
 * denominator, when known, is at least 10 and its numerator, when known, at least 5; anything else
 * is whole, and only over at least 8, when known.
 */
#ifndef NOTIFY_FIGURE_H
#define NOTIFY_FIGURE_H

#include <stdbool.h>

#include "metric/series.h"

#define FIGURE_MAX 48

/** Sets the number that may be shown. False: there is none, or it is hidden; message_figure() has
 * the words. */
bool figure_shown(const struct series_version *v, enum unit unit, bool published,
                  double *out_value);
/** "23%", "1,145", "57 days". */
const char *figure_amount(double value, enum unit unit, char out[FIGURE_MAX]);
/** A difference: "5 percentage points", "200", "1 day". */
const char *figure_difference(double difference, enum unit unit, char out[FIGURE_MAX + 32]);

#endif
