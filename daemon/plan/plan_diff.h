/*
 * plan_diff - what a new version of a plan changes
 *
 * Pure. Softer is what makes a miss less likely to be told: a worse line, a later date, a wider
 * tolerance, an easier end, a rule, a receiver or a measure left out, a better colour that a lead gives to the
 * work, a plan that holds for a shorter time or goes into rehearsal. What cannot be put into an order, such as
 * another baseline, is neither, and said with what stood before and after. What is softer comes first, then what is harder, then the rest, each in the
 * order of the plan. A measure that was renamed (`was:`) is the same one. Source: DESIGN section 8.
 */
#ifndef PLAN_PLAN_DIFF_H
#define PLAN_PLAN_DIFF_H

#include "plan/plan.h"

enum change_effect { EFFECT_SOFTER, EFFECT_HARDER, EFFECT_NONE };
enum change_kind {
    CHANGE_REMOVED,
    CHANGE_ADDED,
    CHANGE_LINE, /* a target, a milestone, a tolerance: what it is judged by */
    CHANGE_DATE,
    CHANGE_OWNER,
    CHANGE_OTHER
};

struct plan_change {
    enum change_effect effect;
    enum change_kind kind;
    const char *subject;  /* "plan", "measure", "action", "role", "forum", "priority" */
    char *id, *what;      /* of the subject; what of it, in a word or two */
    char *before, *after; /* as written in the plan; NULL: nothing stood there */
};

struct plan_changes {
    struct plan_change *list;
    size_t count, cap;
};

/** Returns 0 or -ENOMEM. *out is to be released either way; it begins as zeros. */
int plan_diff(const struct plan *before, const struct plan *after, struct plan_changes *out);
void plan_changes_release(struct plan_changes *c);
/** "softer", "harder"; NULL for neither. */
const char *change_effect_name(enum change_effect e);
const char *change_kind_name(enum change_kind k);

#endif
