/*
 * report_spc - a measure's control chart as JSON and as sentences
 *
 * Pure. Exact figures: the control socket is internal.
 */
#ifndef CTL_REPORT_SPC_H
#define CTL_REPORT_SPC_H

#include <jansson.h>

#include "plan/control_chart.h"
#include "plan/finding.h"

/** An object; keys: id, title, plan, unit, chart (good, empty, rolling), words, variation, assurance, mark,
 * since, held, holds, target, values, points_wanted, limits, baseline, mean, lower, upper, breaks (at, who,
 * why), points (period_start, period_end, value, marker, segment, mean, lower, upper, near_lower, near_upper,
 * mark). json_null when no such measure is charted. NULL without memory. */
json_t *report_spc(const struct finding_set *findings, const char *measure,
                   const struct chart_break *breaks, size_t break_count);
/** What the chart of such a finding says. Returns 0, or not without memory. */
int explain_chart(json_t *lines, const struct finding *f);

#endif
