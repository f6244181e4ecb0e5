/*
 * weekly_notice - the digest of a week: the whole plan as a table, other alerts, and the age of every feed
 *
 * Pure. Whoever reads it needs nothing else. What is not known, late, held or silenced is in its first sentence,
 * whose numbers are those of the tables; "all clear" is said only where every measure has a figure on plan, every
 * plan is in force, every feed has its data in time by its own calendar and is awaited again, and no alert is open,
 * also none of an action or of the monitor itself; what was late or not complete during the week is said all the same
 * (DESIGN section 9, "Grouping"). Figures are as their audience may see
 * them: asked for of the release ledger, of what is behind plan before the rest.
 */
#ifndef NOTIFY_WEEKLY_NOTICE_H
#define NOTIFY_WEEKLY_NOTICE_H

#include "notify/message.h"
#include "notify/surfaces.h"
#include "plan/finding.h"

/** How a measure stands, in one word. */
enum weekly_state {
    WEEKLY_ON_PLAN,
    WEEKLY_BEHIND,
    WEEKLY_WARNED,   /* not behind, and an early warning or another alert of it is open */
    WEEKLY_WATCHING, /* it has no line yet */
    WEEKLY_HELD,     /* by its figure it is not behind, which is not complete */
    WEEKLY_UNKNOWN
};
#define WEEKLY_STATES (WEEKLY_UNKNOWN + 1)

struct weekly_measure {
    const struct plan *plan;
    const struct plan_measure *measure;
    const struct finding *finding; /* NULL: it was not judged */
    bool is_firing, is_warned;     /* an alert that it is behind plan is open; another of it is */
};

struct weekly_feed {
    const char *title;
    struct civil_date newest,
        due; /* DATE_NONE: no data yet; no further date is known: it is never late */
    bool is_late, waits, has_gap; /* a file waits for a person; a provider's data are missing */
    struct civil_date until; /* it was so within a week before: up to this day; DATE_NONE: no */
    bool is_moved;           /* a person gave it until .due, */
    struct civil_date due_unmoved; /* and its calendar until then */
};

/** An open alert that no row of the other tables shows: of an action, or of the monitor itself. */
struct weekly_alert {
    const struct alert *alert;
    const struct episode *episode;
    const struct plan *plan; /* NULL: of the monitor */
};

/** All borrowed; measures in the order of their plans. */
struct weekly_facts {
    const struct weekly_measure *measures;
    size_t measure_count;
    const struct weekly_feed *feeds;
    size_t feed_count;
    const struct weekly_alert *alerts;
    size_t alert_count;
    size_t open,
        silenced; /* alerts of these plans and feeds, and how many of them a silence hides */
    struct civil_date today;
    const char *instead_of; /* whom it was for and did not reach; NULL: its reader */
};

struct weekly_counts {
    size_t measures, of[WEEKLY_STATES];
    size_t held;      /* whatever they are */
    size_t rehearsed; /* measures of a plan in rehearsal */
    size_t expired;   /* plans */
    size_t feeds, late, waiting, without_data;
    size_t unawaited;  /* feeds of which no further date is known */
    size_t overrun;    /* past their own date, and given longer by a person */
    size_t overdue;    /* actions */
    size_t of_monitor; /* alerts of the monitor itself */
    size_t mended;     /* that are in time and complete, and were not all week */
    size_t open, silenced;
};

enum weekly_state weekly_state_of(const struct weekly_measure *m);
void weekly_count(const struct weekly_facts *facts, struct weekly_counts *out_counts);
bool weekly_is_clear(const struct weekly_counts *c);
/** Returns 0 or -ENOMEM. */
int weekly_words(const struct message_context *context, const struct weekly_facts *facts,
                 struct text *out_subject, struct surfaces *out);

#endif
