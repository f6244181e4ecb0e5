/*
 * composer - desired minus told: which messages are due to whom
 *
 * Pure. Desired is the state of every episode; told is what each recipient of each receiver was
 * last told of it. The difference, grouped by recipient and plan priority, becomes one message a
 * group. What concerns red leaves at once; the rest goes into the day's message, at most one a day
 * and group (machines, that is webhooks, are told everything at once). What concerns a lead, whatever
 * plan or priority it is of, is one mail: at most one a day unless something turned red, and within their
 * hours alone (timing.h). Whoever was told that an
 * episode began is told that it ended; what began and ended untold stays untold, unless it was
 * discovered late. A person may ask to be spared reminders, and for a time what would be new: workflow.h. Who hears of a plan, or of a part of it, for the first time is told once how things
 * stand (a baseline), whatever the priorities: of what was before nothing else is told.
 */
#ifndef OUTBOX_COMPOSER_H
#define OUTBOX_COMPOSER_H

#include <stdbool.h>
#include <stddef.h>

#include "alert/alert.h"
#include "alert/workflow.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/table.h"
#include "plan/finding.h"

/** What a recipient of a receiver was last told of an episode. */
struct told {
    unsigned ordinal;
    enum alert_severity severity;
    bool open; /* it was told as open */
};

/** One who is to be told of an alert. Strings are borrowed for the length of composer_run(). */
struct composer_recipient {
    const char *receiver, *recipient, *recipient_name; /* name may be NULL */
    bool at_once;                                      /* a machine: no day's message */
    bool is_lead; /* told of all that concerns them by one mail, at most one a day */
    struct wall_time
        opens_at; /* outside their hours: when these begin; .ms 0: they may be told now */
    struct wall_time shut_since; /* where they have hours: when those before ended; .ms 0: none */
};
/** Of the day's mail to a lead, and the mail to a plan's author about its rehearsal. */
#define COMPOSER_LEAD           "mail"
#define COMPOSER_LEAD_REHEARSAL "mail/rehearsal"
#define COMPOSER_RECIPIENTS_MAX 64

/** How a plan stands, owed to one to whom it, or a part of it, is new. */
struct composer_baseline {
    const struct plan *plan;
    struct composer_recipient who;
    char id[ALERT_ID_MAX]; /* the plan's: its notices are told like those of an episode */
    unsigned ordinal;      /* of this notice */
    unsigned told;         /* of the newest that he was told; 0: none */
    bool is_first;         /* he hears of the plan for the first time */
    size_t measures;       /* new to him */
    size_t unknown;        /* of these, without a figure to judge */
};

struct composer_input {
    const struct alert *const *alerts;
    size_t alert_count;
    const struct finding_set *findings;
    const char *const *finding_ids; /* alert id of each finding, by position */
    const struct plan *const *plans;
    size_t plan_count;
    const struct table *told; /* "receiver|recipient|episode" -> struct told * */
    const struct table *days; /* "receiver|recipient|day|group" -> struct civil_date *: the day's
                                 message went out */
    struct civil_date today;
    bool is_any_time; /* nobody's hours are heeded */
    /** Who is told of an alert; returns the number written. */
    size_t (*recipients)(void *arg, const struct alert *alert, struct composer_recipient *out,
                         size_t max);
    /** Whether a receiver still exists and is a machine: 1 machine, 0 people, -1 gone. */
    int (*receiver_kind)(void *arg, const char *receiver);
    /** Says of one who was told before, and is not told of the alert any more, how they are told: completes
     * what follows the recipient; NULL: nothing to add. */
    void (*complete)(void *arg, struct composer_recipient *who);
    const struct composer_baseline *baselines; /* owed */
    size_t baseline_count;
    /** Whether an alert is of what is new to whom this baseline is owed; is_untold: he was told nothing of
     * it. Returns 1, 0 or -ENOMEM. */
    int (*is_new)(void *arg, const struct composer_baseline *b, const struct alert *alert,
                  bool is_untold);
    void *recipients_arg;            /* for all of these */
    const struct workflow *workflow; /* what people asked to be spared; NULL: nothing */
};

struct composed_item {
    const struct alert *alert;
    const struct episode *episode;
    const struct finding *finding; /* NULL when the rule ended */
    enum alert_news
        news; /* relative to what was told; NEWS_NONE for one that a daily message repeats */
    unsigned
        told_ordinal;   /* notices told_ordinal + 1 .. episode->ordinal are told by this message */
    bool came_and_went; /* it began and ended before anything of it was delivered, or might be */
};

/** What a digest stands for; .messages 0: no digest. */
struct composed_backlog {
    size_t messages;               /* that waited and are replaced by it */
    char (*notices)[ALERT_ID_MAX]; /* the ids of what they told, each once; malloc'ed */
    size_t notice_count;
    bool is_illustrative, is_rehearsal; /* a plan among them is */
};

struct composition {
    char *receiver, *recipient, *recipient_name;
    char *
        group; /* "plan/priority", "plan/baseline", "feeds", "delivery", "monitor"; COMPOSER_LEAD */
    const struct plan *plan;     /* or NULL */
    size_t priority;             /* its number of priorities: all of it, or several */
    struct composed_item *items; /* new, worse, better, cleared, corrected; red before amber */
    size_t item_count;
    size_t unchanged; /* open episodes of the group already told */
    size_t silenced;  /* of which a silence keeps the news */
    struct composed_backlog backlog;
    const struct composer_baseline *baseline; /* which it is, borrowed; NULL: none */
    struct composed_item *settled;            /* what is over, and goes with a baseline untold */
    size_t settled_count;
};

struct composition_list {
    struct composition *list;
    size_t count;
    size_t waiting;            /* groups whose news waits for the next day's message */
    size_t shut;               /* likewise, for the hours of their recipients */
    struct wall_time opens_at; /* when the first of these begin; .ms 0: none */
};

/** What is news of an episode to one who was told t (NULL: nothing). */
enum alert_news composer_news(enum rule rule, const struct episode *e, const struct told *t);
/** What is news of an episode that has ended, to one who was never told that it began. */
enum alert_news composer_news_of_both(const struct episode *e);
/** Order of telling: new, worse, better, cleared, corrected; red before amber. */
void composer_order(struct composed_item *items, size_t count);
/** Returns 0 or -ENOMEM. */
int composer_run(const struct composer_input *in, struct composition_list *out_list);
void composition_release(struct composition *c);
void composition_list_release(struct composition_list *l);

#endif
