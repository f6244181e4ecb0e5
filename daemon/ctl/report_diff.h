/*
 * report_diff - what a new version of a plan changes, as JSON
 */
#ifndef CTL_REPORT_DIFF_H
#define CTL_REPORT_DIFF_H

#include <jansson.h>

#include "plan/plan_diff.h"

/** effect, change, subject, id, what, before, after; a new reference, or NULL without memory. */
json_t *report_change(const struct plan_change *c);
/** An array of these. */
json_t *report_changes(const struct plan_changes *changes);

#endif
