/*
 * diag_json - located messages as JSON, for editors and scripts
 *
 * Pure. An array in the order of file and place, each element with severity (error, warning, note), code
 * (plan.yaml(5) lists those of a plan; "invalid" where a rule has none), file, line, column, message and hint;
 * line and column count from 1, 0 where the file as a whole is meant; file and hint may be null.
 */
#ifndef CTL_DIAG_JSON_H
#define CTL_DIAG_JSON_H

#include <jansson.h>

#include "base/diag.h"

/** A new reference, or NULL without memory. When more was found than kept, a last note says how much. */
json_t *diag_json(const struct diags *d);

#endif
