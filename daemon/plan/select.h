/*
 * select - the series that a measure means
 *
 * Pure. A measure names feed, published measure and organisation; breakdown and secondary may be
 * left out: then the series without one is meant, else the only one there is. Several that fit are
 * never guessed among: the measure is grey and says which choices there are.
 */
#ifndef PLAN_SELECT_H
#define PLAN_SELECT_H

#include "metric/series.h"
#include "plan/plan.h"

/**
 * org is the code of m->select.org. *out_series is NULL when nothing or more than one fits, and
 * *out_why then a malloc'ed sentence that says so (NULL otherwise). Returns 0 or -ENOMEM.
 */
int series_select(const struct series_set *set, const struct plan_measure *m, const char *org,
                  const struct series **out_series, char **out_why);

#endif
