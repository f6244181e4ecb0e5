/*
 * compute_spc - the computations "spc" and "rules": input, charts and their JSON
 *
 * Words and refusals are those of NHSRplotthedots, so that figures can be held against its.
 */
#ifndef CTL_COMPUTE_SPC_H
#define CTL_COMPUTE_SPC_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/date.h"
#include "metric/spc.h"

struct spc_input {
    struct civil_date *dates;
    double *values; /* NAN for null */
    bool *starts;   /* a segment starts here */
    size_t n;
    struct spc_options options;
};

extern const char *const spc_cause_names[];
extern const char *const spc_variation_names[];

/** New reference, or NULL without memory. */
json_t *spc_chart_json(const struct spc_chart *chart, const struct spc_input *input);

/** Whether the package fails on a segment: it does at a missing value in seven points whose known
 * steps all go one way, or of which it knows no step; whether they are a trend is neither true nor
 * false to it. */
bool spc_trend_is_undecided(const double *values, size_t n);

/** A list of numbers and, as NAN, nulls. False for anything else. */
bool spc_read_values(const json_t *list, double *out_values);

/** The list or object; where r tells that an entry was lost, NULL, and it is released. */
json_t *spc_whole(json_t *list, int r);

/** {"id":…, "result":…} for a line. Takes the result; NULL if that is NULL. */
json_t *spc_answer(const json_t *line, json_t *result);
/** The result where the package fails: {"error":true}. */
json_t *spc_refused(void);

#endif
