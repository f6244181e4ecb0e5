/*
 * target_words - what a plan promises of a measure, in words
 *
 * Pure. The promise as the plan says it, not the figure that follows from it: "20 % less than the baseline of
 * 31 March 2024", "nobody waits longer than 52 weeks". Without a figure of anybody that no plan prints.
 */
#ifndef PLAN_TARGET_WORDS_H
#define PLAN_TARGET_WORDS_H

#include "base/text.h"
#include "plan/plan.h"

/** Adds the target without its end; nothing where there is none. Returns 0 or the text's error. */
int target_words(const struct plan_measure *m, enum unit unit, struct text *out);
/** "18 weeks", "1 month". Returns out. */
const char *target_wait(struct span wait, char out[32]);

#endif
