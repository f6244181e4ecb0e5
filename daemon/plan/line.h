/*
 * line - what a plan expects of a figure for one period
 *
 * Pure. A line is a milestone, a target, or follows from figures: of the measure itself (a baseline
 * without a figure, a level trend) or of somebody else (a comparator). Where it follows from a
 * figure that is not known, there is no line, and nothing is judged. Source: DESIGN sections 4, 8.
 */
#ifndef PLAN_LINE_H
#define PLAN_LINE_H

#include "metric/series.h"
#include "plan/plan.h"

/** The series that a line may rest on beside the plan; each may be NULL. */
struct line_source {
    const struct series *own; /* the measure's, for a baseline without a figure and a trend */
    const struct series *comparator; /* of its target */
};

/** A line and, where it rests on a rounded figure, the interval that it lies in. */
struct plan_line {
    double value, low, high; /* NAN: none */
};

/** The target in force for a period that ends on this date. */
struct plan_line measure_target(const struct plan_measure *m, const struct line_source *from,
                                struct civil_date period_end);
/** The line in force on a date: that of the milestones (the latest on or before it; linear: between
 * it and the next), else (no expect) the target; none before the first. */
struct plan_line measure_line(const struct plan_measure *m, const struct line_source *from,
                              struct civil_date period_end);
/** How far a figure is on the wrong side of a line, in the measure's unit; 0 or less: it is not. */
double measure_behind_by(const struct plan_measure *m, double value, double line);
/** The newest point that ends on or before a date and holds a figure; NULL: none. */
const struct series_point *series_newest_figure(const struct series *s, struct civil_date upto);
/** What a version says of a line that rests on it. */
struct plan_line line_of_version(const struct series_version *v);

#endif
