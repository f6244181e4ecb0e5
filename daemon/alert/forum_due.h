/*
 * forum_due - what a forum is to be told of measures that are red when its papers are due
 *
 * Pure. A plan's action reports to a forum, which meets on dates; papers are due before. From so many
 * working days before that day on, the lead of each measure that is red, and whose action reports there, is
 * asked for a commentary, once for each meeting; on the day (or the next on which anybody looks, until the
 * meeting) the accountable officer is told of those that were asked for on a day before and are missing. A
 * commentary counts from the day after the meeting before on; of the first meeting, any of the episode.
 * What is asked for on the first of these days may wait for the next, so that a lead has one mail a day.
 * Source: DESIGN section 9, "Workflow" and "Grouping", and section 8, "forums with dates and paper deadlines".
 */
#ifndef ALERT_FORUM_DUE_H
#define ALERT_FORUM_DUE_H

#include "alert/alert.h"
#include "alert/workflow.h"

enum forum_news { FORUM_ASKS, FORUM_MISSES };
#define FORUM_NEWS_COUNT 2
const char *forum_news_name(enum forum_news n); /* "asks", "misses" */

/** One measure that is red; all borrowed from plan and alerts. */
struct forum_item {
    const struct alert *alert;
    const struct episode *episode;
    const struct plan_measure *measure;
    const char *roles; /* the lead's who is asked, or the officer's who is told; NULL: ops */
};

/** What is due of one meeting. */
struct forum_due {
    const struct plan *plan;
    const struct plan_forum *forum;
    const struct plan_meeting *meeting;
    struct civil_date papers;
    enum forum_news news;
    struct forum_item *items; /* owned */
    size_t count;             /* 0: nothing is due */
};

struct forum_input {
    const struct plan *plan;
    const struct alert *const *alerts;
    size_t alert_count;
    const struct workflow *workflow;
    const struct table
        *asked; /* forum_key() -> struct civil_date *: the day on which it was told */
    const struct workdays *workdays;
    struct civil_date today;
    bool is_pressing; /* only what may not wait for another day */
};

#define FORUM_KEY_MAX 256
/** Names what was told of an episode. Returns 0, or -ERANGE where it is too long. */
int forum_key(const char *plan, const char *forum, struct civil_date meeting, enum forum_news news,
              const char *episode, char out_key[FORUM_KEY_MAX]);
/** The first meeting of which something is due; .count 0: none. Returns 0 or -ENOMEM. */
int forum_due_next(const struct forum_input *in, struct forum_due *out_due);
void forum_due_release(struct forum_due *due);

#endif
