/*
 * ageing - what time alone does to a stock of a waiting list
 *
 * Pure. Between two files people go on waiting: a figure is projected from the newest data as if
 * nobody was seen since, judged by the line of the day, and never taken for data. It counts nowhere,
 * makes nothing better, and ends after PROJECTED_CADENCES cadences without data.
 * Source: DESIGN section 9, "HOLD".
 */
#ifndef PLAN_AGEING_H
#define PLAN_AGEING_H

#include "plan/evaluate.h"

/** Fills f->ageing; f->measure is set. Returns 0 or -ENOMEM. */
int evaluate_ageing(const struct evaluation_input *in, struct finding *f);

#endif
