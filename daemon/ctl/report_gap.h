/*
 * report_gap - how far each measure is from its plan, as JSON
 *
 * Pure. Exact figures: the control socket is internal.
 */
#ifndef CTL_REPORT_GAP_H
#define CTL_REPORT_GAP_H

#include <jansson.h>

#include "plan/gap.h"

/** One measure, as flat as a row of CSV; waitlistctl(1) lists the keys. NULL without memory. */
json_t *report_gap(const struct gap *g);

#endif
