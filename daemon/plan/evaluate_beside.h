/*
 * evaluate_beside - what is found of a measure beside its own line
 *
 * Pure. The figures of others that it is judged by or printed beside, whether it masks another, and
 * how its actions stand. Source: DESIGN section 8.
 */
#ifndef PLAN_EVALUATE_BESIDE_H
#define PLAN_EVALUATE_BESIDE_H

#include "plan/evaluate.h"

/** The series of a reference, or NULL where nothing or more than one fits. Returns 0 or -ENOMEM. */
int evaluate_ref(const struct evaluation_input *in, const struct figure_ref *ref,
                 const struct series **out_series);
/** Of a survey: says that no wave stands any more, where none does. Returns 0 or -ENOMEM. */
int evaluate_survey(const struct evaluation_input *in, struct finding *f);
/** Whether a measure improved while one that guards it worsened: of the findings of the plan's
 * measures, which were made, from `measures` on. Returns 0 or -ENOMEM. */
int evaluate_guard(const struct finding *measures, const struct finding *headline,
                   struct finding *f);
/** An action: how it stands, and whether it is overdue. Returns 0 or -ENOMEM. */
int evaluate_action(const struct evaluation_input *in, const struct plan *p,
                    const struct plan_action *a, struct finding *f);

#endif
