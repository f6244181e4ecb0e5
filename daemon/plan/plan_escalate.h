/*
 * plan_escalate - to whom it goes further when a measure stays red
 *
 * A ladder of steps, which a plan gives for all, for a priority or for a measure; the nearest one counts.
 * Without any: after two data periods in red the action's accountable officer. A step is due when the measure has been red in so
 * many data periods, or for so many working days, whichever comes first, since it was first told as red.
 * Pure: it knows no clock and nobody's name. Source: DESIGN section 9, "Workflow"; DOMAIN 2, "escalation
 * ladder: lead, senior responsible officer, forum". A feed that stays late goes further too.
 */
#ifndef PLAN_PLAN_ESCALATE_H
#define PLAN_PLAN_ESCALATE_H

#include <stdbool.h>
#include <stddef.h>

struct plan;
struct plan_measure;
struct plan_reading;
struct yaml_node;
struct text;

#define ESCALATE_PERIODS       2 /* of the default ladder */
#define ESCALATE_ACCOUNTABLE   "accountable"
#define ESCALATE_STEPS_MAX     6
#define ESCALATE_PERIODS_MAX   24
#define ESCALATE_WORKDAYS_MAX  260
#define ESCALATE_FEED_WORKDAYS 10 /* of being told as late */

struct plan_step {
    long periods;      /* data periods in red; 0: they do not count */
    long working_days; /* in red; 0: they do not count */
    char *to;          /* a role, or ESCALATE_ACCOUNTABLE */
};

struct plan_ladder {
    bool is_said; /* the plan gives it, perhaps without any step */
    struct plan_step *steps;
    size_t count;
};

/** The ladder of a measure. Borrowed from the plan, or the default one. */
const struct plan_ladder *plan_ladder_of(const struct plan *p, const struct plan_measure *m);
/** The role of a step for a measure; NULL: its action has no accountable officer, so nobody. */
const char *plan_step_role(const struct plan *p, const struct plan_measure *m,
                           const struct plan_step *step);
/** The one step of a feed that is late. */
const struct plan_step *plan_feed_step(void);
/** Who hears of it then, of a measure that waits for the feed: its action's accountable officer; NULL: nobody, as where
 * its ladder has no step. */
const char *plan_feed_role(const struct plan *p, const struct plan_measure *m);
bool plan_step_is_due(const struct plan_step *step, long periods, long working_days);
/** "accountable after 2 data periods or 20 working days; chief after 4 data periods"; "nobody". */
void plan_ladder_words(const struct plan_ladder *l, struct text *out);

/** Reads `escalate:`; complains of what it does not understand. Returns 0 or -ENOMEM. */
int plan_read_ladder(struct plan_reading *r, const struct yaml_node *node, struct plan_ladder *out);
void plan_ladder_release(struct plan_ladder *l);

#endif
