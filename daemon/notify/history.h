/*
 * history - the newest points of what an item is about, as its audience may see them
 *
 * Pure. The figures of the periods before, each as the release ledger allows, beside the line that the plan
 * had for it. What is marked follows from what is shown and from nothing else, unless the figures are
 * published: so that neither a table nor a chart of it tells more than its figures do.
 */
#ifndef NOTIFY_HISTORY_H
#define NOTIFY_HISTORY_H

#include "metric/spc.h"
#include "notify/told.h"

#define HISTORY_MAX  24
#define HISTORY_TOLD 6 /* DESIGN section 10: of these a mail has the newest so many as a table */

struct history_point {
    struct civil_date start, end; /* data period */
    struct told_figure told;      /* of one without a value "no figure", "*", "10 to 25" */
    double line;                  /* the plan's line of the period; NAN: none, or hidden */
    char line_text[FIGURE_MAX];   /* "" for none; "under 5" */
    bool is_behind;               /* what is shown is on the wrong side of .line */
    /* Of a special cause alone: the control chart. */
    enum spc_cause mark;
    double mean, lower, upper; /* of its segment; NAN: none */
};

struct history {
    struct history_point points[HISTORY_MAX]; /* ascending by .end */
    size_t count;                             /* 0: the item is about no figures */
};

/** The newest points; the last is the newest period, whether the item tells of that or of an earlier one. */
void history_of(const struct item_view *v, struct history *out_history);

#endif
