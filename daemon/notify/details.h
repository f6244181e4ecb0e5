/*
 * details - what stands beside the figure of an item: the tables of a mail, the fields of an event
 *
 * Pure. The points before, the counts that a share rests on, who waits how long, who joins and leaves, what
 * is short of the line, who passes it soon, and how the linked action goes. What does not exist of a measure
 * is not there: a published series has no list. Every figure is asked for of the release ledger, and gives way
 * to the figures of measures (told.h).
 */
#ifndef NOTIFY_DETAILS_H
#define NOTIFY_DETAILS_H

#include "notify/history.h"

#define DETAILS_ITEMS_MAX   3 /* of a message, the first so many items have details */
#define DETAILS_FIGURES_MAX 12
#define DETAILS_LABEL_MAX   112

struct detail_figure {
    const char *key;               /* "over-52w", "joined": as events have it */
    char label[DETAILS_LABEL_MAX]; /* as mails have it, with its method where there are several */
    struct civil_date start, end;  /* the days that it is of; of a stock both are its day */
    struct told_figure told;
};

struct detail_action {
    const struct plan_action *action;       /* NULL: none is linked */
    const struct action_delivery *delivery; /* as it was reported; NULL: not known */
};

struct details {
    struct history history;
    struct detail_figure figures[DETAILS_FIGURES_MAX];
    size_t figure_count;
    struct detail_action action;
};

/** Of an item among the first DETAILS_ITEMS_MAX, once each item of its message has asked for its own figure.
 * Returns 0 or -ENOMEM. */
int details_of(const struct item_view *v, struct details *out_details);
/** "not started", "in progress", "complete". */
const char *details_status(int status);

#endif
