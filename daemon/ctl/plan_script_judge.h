/*
 * plan_script_judge - whether a date of a plan test went as expected
 *
 * Pure. Each difference is an error at the word of the script that it contradicts: what was expected, and
 * what was found.
 */
#ifndef CTL_PLAN_SCRIPT_JUDGE_H
#define CTL_PLAN_SCRIPT_JUDGE_H

#include <jansson.h>

#include "base/diag.h"
#include "ctl/plan_script.h"

#define PLAN_SCRIPT_DIFFERS "differs" /* code of a difference */
#define PLAN_SCRIPT_SET_ASIDE                                                                      \
    "set-aside" /* of a warning: rows of an accepted file could not be read */

/**
 * stands: the simulation's answer of that date, with everything. messages: an array of all that were told
 * since the step before. Returns how many expectations were not met.
 */
size_t plan_script_judge(const struct plan_script *s, const struct script_step *step,
                         const json_t *stands, const json_t *messages, struct diags *diags);

#endif
