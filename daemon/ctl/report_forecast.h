/*
 * report_forecast - the outlook of a measure as JSON: only one of a list has any
 *
 * Pure. Exact figures: the control socket is internal.
 */
#ifndef CTL_REPORT_FORECAST_H
#define CTL_REPORT_FORECAST_H

#include <jansson.h>

#include "plan/finding.h"
#include "plan/outlook.h"

/** f: the measure judged. Keys: id, title, plan, unit, words, data_date, line, set_aside, days (day, crossing,
 * over), milestones (date, window_start, window_end, expected, p10, p25, p50, p75, p90, chance). NULL without
 * memory. */
json_t *report_forecast(const struct finding *f, const struct outlook *o);

#endif
