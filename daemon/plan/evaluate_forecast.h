/*
 * evaluate_forecast - whether a measure is likely to miss its next milestone, or too many will pass a line
 *
 * Pure. An instant finding of RULE_FORECAST: amber, a warning while it can still be acted on. Where the
 * chance lies just above the plan's, an open one stays: the next file may turn it again.
 */
#ifndef PLAN_EVALUATE_FORECAST_H
#define PLAN_EVALUATE_FORECAST_H

#include "plan/finding.h"
#include "plan/outlook.h"

#define FORECAST_CHANCE_MARGIN 10 /* per cent above the plan's chance before an open one ends */

/** behind: the measure judged against its plan; it has .forecast. Returns 0 or -ENOMEM; *f is the set's
 * either way. */
int evaluate_forecast(const struct outlook_source *source, const struct finding *behind,
                      struct civil_date today, struct finding *f);

#endif
