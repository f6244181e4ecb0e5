/*
 * report_json - how values become JSON in every report
 *
 * Pure helpers shared by report.c and report_explain.c. Absent is null, never 0 and never "".
 * Each returns a new reference, or NULL without memory.
 */
#ifndef CTL_REPORT_JSON_H
#define CTL_REPORT_JSON_H

#include <jansson.h>

#include "base/clock.h"
#include "plan/finding.h"

/** A number; null when not finite. Whole numbers are JSON integers, so that 20 prints as 20. */
json_t *report_number(double value);
/** A string; null for NULL. Invalid UTF-8 (which no parser lets through) becomes "?". */
json_t *report_text(const char *text);
json_t *report_date(struct civil_date date);
/** RFC 3339 with offset; null for .ms 0. */
json_t *report_time(struct wall_time w);
/** The version's number; null when a marker stands in its place or there is no version. */
json_t *report_value(const struct series_version *v);
/** Why no number stands there: the version's marker, or "never" of weeks until nobody waits where the list grows;
 * null where a number does, or there is no version. */
json_t *report_marker(const struct series_version *v);
/** Sets key to value and takes it; false when either is NULL or memory is short. */
int report_put(json_t *object, const char *key, json_t *value);
/** final (also where the publisher says nothing), provisional or restated, of the version in force; restated: it replaced another value. */
const char *report_status(const struct series_version *v, int restated);

#endif
