/*
 * release_side - between which lines the news tells that a figure lies
 *
 * Pure. Whatever a message shows, its reader knows how each measure stands: behind plan there is news, red or amber,
 * better or worse, and silence says of all others that they are not; a digest says all of it. So a figure that is
 * hidden is known to lie on its side of the plan's line, of the line with its tolerance, of the clear line and of the
 * target that a milestone leads to. No side is told of a line that is itself hidden (figure_line_hidden()): one that
 * is behind "under 5" is at least 1; nor, where that is veiled (figure_veiled()), of the others.
 */
#ifndef NOTIFY_RELEASE_SIDE_H
#define NOTIFY_RELEASE_SIDE_H

#include <stdbool.h>

#include "notify/figure.h"
#include "plan/finding.h"

/** Both belong to it; infinite: no line is told there. */
struct side_range {
    double low, high;
};

/** On which side of one line a value lies, as a measure's news has it: at the line is not behind it. is_whole: it
 * counts. line NAN: none. */
struct side_range side_of_line(const struct plan_measure *m, double value, double line,
                               bool is_whole);
/** Whether two values lie on different sides of a line. */
bool side_differs(const struct plan_measure *m, double a, double b, double line);
/** What is known of a value that was judged so: nothing where it was not. */
struct side_range side_of_judged(const struct finding *f, const struct period_judgement *j,
                                 double value, struct figure_kind kind, bool is_whole);

#endif
