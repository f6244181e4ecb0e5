/*
 * evaluate_chart - what a measure's control chart says today, as a finding
 *
 * Pure. An instant finding of RULE_SPECIAL_CAUSE: one entry while the newest figure is a change for the
 * worse that chance does not explain, none while it is not. It is amber: a signal to look, not a breach.
 * What holds the measure holds this too; a period without a figure ends nothing.
 */
#ifndef PLAN_EVALUATE_CHART_H
#define PLAN_EVALUATE_CHART_H

#include "plan/control_chart.h"
#include "plan/finding.h"

/** behind: the measure judged against its plan. Returns 0 or -ENOMEM; *f is the set's either way. */
int evaluate_chart(const struct chart_input *in, const struct finding *behind, struct finding *f);

#endif
