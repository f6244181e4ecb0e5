/*
 * alert - what the daemon remembers about a finding: the condition machine
 *
 * Pure. The condition is a fold of the judged data periods through one table of transitions, every
 * state with every event, each row with its reason; so evaluating twice, or in another batching,
 * gives the same state. What is stored is the outcome and what was told. Movement towards better
 * is blocked by any hold; movement towards worse never is.
 *
 * INACTIVE -> PENDING (`for` distinct data periods) -> FIRING (amber, red) -> RECOVERING (past the
 * clear line) -> RESOLVED (after `clear_for`); RESOLVED opens again as the same episode within
 * `reopen_within` data periods. RETRACTED: a restatement shows that it never was. WITHDRAWN: the
 * rule ended.
 *
 * Ageing: what time alone brings behind the line, without new data, is EARLY, an early warning, told at
 * once and amber (or FIRING, where the plan acts on projections). Data make it a breach or end it; ageing
 * never makes anything better and counts nowhere; after two cadences without data it is WITHDRAWN.
 *
 * Damping: an alert that opens for the ALERT_FLAP_OPENINGS-th time within ALERT_FLAP_PERIODS data
 * periods flaps, and is told so once. Until its figures have kept one side for `steady_for` data
 * periods it moves to nothing better (not resolved, not from red to amber); to worse it moves as
 * ever, so no red is hidden. Then the net state is told. Openings by ageing alone count for themselves: who
 * flaps so ends only once so many data periods in a row, none of which ageing brought behind, kept one side.
 */
#ifndef ALERT_ALERT_H
#define ALERT_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/alert_key.h"
#include "base/clock.h"
#include "base/workdays.h"
#include "plan/finding.h"

enum alert_state {
    ALERT_INACTIVE,
    ALERT_PENDING,
    ALERT_FIRING,
    ALERT_RECOVERING,
    ALERT_RESOLVED,
    ALERT_RETRACTED,
    ALERT_WITHDRAWN,
    ALERT_EARLY,
};
#define ALERT_STATES 8
enum alert_severity { SEVERITY_NONE, SEVERITY_AMBER, SEVERITY_RED };

/** What changed, as it is told. The first two are never told ("watching"). */
enum alert_news {
    NEWS_NONE,
    NEWS_WATCHING,
    NEWS_NEW,
    NEWS_WORSE,
    NEWS_BETTER,
    NEWS_CLEARED,
    NEWS_CORRECTED, /* it never was; or, of an open one, a told figure was restated */
    NEWS_WITHDRAWN,
    NEWS_DISCOVERED, /* opened and closed in periods told as fine: a restatement, a late file */
    NEWS_FLAPPING,   /* flaps, and no other news says so */
    NEWS_STEADY,     /* flaps no more, and no other news says so */
    NEWS_REMINDER,  /* of a feed: still so, on another day; of what stays red: after so many days */
    NEWS_ESCALATED, /* red for so long that it goes further */
};
#define NEWS_COUNT (NEWS_ESCALATED + 1)

/* From this opening on, within so many data periods with a usable figure, an alert flaps. */
#define ALERT_FLAP_OPENINGS 3
#define ALERT_FLAP_PERIODS  12
/* A told figure that a restatement moves by more than the measure's tolerance is told as corrected;
   without a tolerance by more than this, in the measure's unit: less is not shown either (DESIGN
   section 10: re-rendered when moved by 5 or more). */
#define ALERT_CORRECTION_STEP 5.0
/* An older period whose figure came at least so much later than that of a newer one was discovered
   late; files that come closer together are one delivery, whose order says nothing. */
#define ALERT_LATE_AFTER_MS (60 * 60 * INT64_C(1000))
/* A discovery is news for so many days after the figure came. */
#define ALERT_DISCOVERY_DAYS 7

/** A row of the table that applied: for explain. why is static text. */
struct alert_step {
    struct civil_date period_end;
    enum alert_state from, to;
    enum period_event event;
    bool held;
    const char *why;
    /* Data periods counted towards `for` (PENDING) or the end (RECOVERING), of so many; else 0. */
    long counted, needed;
};
typedef void alert_trace(void *arg, const struct alert_step *step);

/** An episode: one opening of an alert, from its first crossing to its end. */
struct episode {
    char id[ALERT_ID_MAX];
    struct civil_date opened; /* end of the opening data period: `since` */
    struct civil_date folded; /* where today's figures put the opening; differs from .opened after a
                                 restatement */
    enum alert_state state;
    enum alert_severity severity;
    unsigned ordinal;            /* transitions told so far; the newest notice's number */
    enum alert_news news;        /* what that notice says */
    struct civil_date told_on;   /* local date of that notice; DATE_NONE: not known */
    struct civil_date closed_on; /* local date of the closing evaluation; DATE_NONE while open */
    struct civil_date reopened;  /* the period that opened it again; DATE_NONE: opened once */
    bool held, restated;
    bool flapping;  /* better news waits until it is steady */
    bool told_open; /* the newest notice told it as open */
    bool by_plan;   /* that notice owes to a change of the plan, not to a figure */
    struct civil_date
        red_on; /* the local date since which it is told as red; DATE_NONE: it is not */
    struct civil_date red_from; /* the data period by which it was; DATE_NONE: none */
    unsigned steps;             /* of its ladder that were taken: see insist.h */
    unsigned reminders;         /* since the newest other news */
    bool by_person; /* WITHDRAWN: a person closed it, whatever its figures said by then */
    bool
        early; /* ageing opened it, and no period of data has borne it out (also of an ended one) */
    bool warned; /* ageing opened it, perhaps again, whatever came of it */
    bool
        by_time; /* .opened is the day on which ageing alone brought it behind, and ends no period */
    struct civil_date
        projected_from;            /* date of the data by whose ageing it last moved; DATE_NONE */
    double value, line;            /* as last judged; NAN: none */
    struct civil_date period_end;  /* last judged */
    struct civil_date told_period; /* of the figure in the newest notice; DATE_NONE: none */
    enum period_event told_event;  /* how that figure was judged */
    double told_value;             /* that figure; NAN: withheld */
    unsigned long count;           /* held files: grows with each that begins to wait */
    struct wall_time changed_at;
};

struct alert {
    char id[ALERT_ID_MAX];
    enum rule rule;
    char *plan, *measure, *feed, *provider, *action, *owner, *title,
        *receiver; /* any may be NULL */
    size_t priority;
    char rule_digest[SHA256_TEXT_MAX]; /* the measure's digest at the last judgement; "" for feed
                                          and action rules */
    struct episode *episodes;          /* ascending by opening; the last is current */
    size_t episode_count;
    struct civil_date
        warnings[ALERT_FLAP_OPENINGS]; /* dates of the data on whose ageing the newest early
                                          warnings rest, since it was steady; the oldest first */
    size_t warning_count;
};

/** When what stays red is told again; all borrowed. */
struct insistence {
    const struct workdays *workdays; /* by which ladders count; NULL: weekends alone */
    const int *remind_days; /* without news for so many days, then for so many more; the last goes
                                        on */
    size_t remind_count;    /* 0: no reminders */
};

/** What one evaluation does to one alert. Owns .next. */
struct alert_change {
    bool changed;         /* anything to store */
    enum alert_news news; /* to be told, or NEWS_NONE */
    const char *why;      /* the row's reason; static */
    struct alert next;    /* the alert as it will be; adopt by moving */
    size_t episode;       /* index of the episode that changed */
    /* An older episode that ended in the same step, when the newer one is told as well: whoever was
       told that it began is told that it ended. Its notice is its own (ordinal, news). */
    enum alert_news ended_news; /* NEWS_NONE: no such episode */
    size_t ended_episode;
    /* The row that applied to the newest period, after counting; only when .judged. */
    bool judged;
    struct alert_step newest;
};

#define ALERT_CHANGE_INIT                                                                          \
    {                                                                                              \
        .changed = false                                                                           \
    }
#define ALERT_INIT                                                                                 \
    {                                                                                              \
        .id = ""                                                                                   \
    }

/** Folds a finding's periods. stored (NULL: nothing) says only which periods ended in RETRACTED or
 * WITHDRAWN. out_episodes: those that the fold knows, ascending; malloc'ed. trace may be NULL.
 * Returns 0 or -ENOMEM. */
int alert_fold(const char *alert_id, const struct alert *stored, const struct finding *f,
               struct episode **out_episodes, size_t *out_count, alert_trace *trace,
               void *trace_arg);
/**
 * Compares the fold with what is stored (stored NULL: nothing yet) and says what changed. Pure.
 * insistence: what is told again because time passes; NULL: nothing. now is stamped on what changed. Without a change out_change->next is empty. Returns 0 or -ENOMEM.
 */
int alert_step(const char *instance, const struct alert *stored, const struct finding *f,
               const struct insistence *insistence, struct civil_date today, struct wall_time now,
               struct alert_change *out_change);
/** The same for a stored alert that no finding speaks of any more: WITHDRAWN if open (INACTIVE if
 * it was only watched). */
int alert_end(const struct alert *stored, struct civil_date today, struct wall_time now,
              struct alert_change *out_change);
/** The same for one that a person closed: the data periods up to its newest count no more. The next one that
 * is behind opens another episode. */
int alert_close(const struct alert *stored, struct civil_date today, struct wall_time now,
                struct alert_change *out_change);
void alert_change_release(struct alert_change *c);
void alert_release(struct alert *a);
int alert_copy(const struct alert *a, struct alert *out_copy);

const struct episode *alert_current(const struct alert *a); /* NULL: never opened */
bool episode_is_open(const struct episode *e);              /* PENDING, FIRING, RECOVERING, EARLY */
/** Open, and worth telling of: not merely watched. */
bool episode_is_active(const struct episode *e);
const char *
alert_state_name(enum alert_state s); /* "PENDING" ... as DESIGN section 9 prints them */
const char *alert_severity_name(enum alert_severity s); /* "amber", "red"; NULL for none */
/** For people: "watching", "behind plan", "recovering", "back on plan", "corrected", "withdrawn";
 * feeds and actions have their own ("late", "incomplete", "held", "overdue"). */
const char *alert_state_words(const struct alert *a, const struct episode *e);
const char *alert_news_name(enum alert_news n); /* "new", "worse", ... */

/** JSON for the store, and back. Encode returns malloc'ed text or NULL; decode 0, -EINVAL or
 * -ENOMEM. */
char *alert_encode(const struct alert *a);
/** The same as a value; NULL without memory. */
struct json_t *alert_json(const struct alert *a);
int alert_decode(const char *json, size_t len, struct alert *out_alert);

/** The table, for the test that walks it: every state x event has exactly one row. */
struct transition {
    enum alert_state from;
    enum period_event event;
    bool held;           /* a hold stands */
    enum alert_state to; /* before `for` and `clear_for` are counted */
    const char *why;
};
const struct transition *alert_transitions(size_t *out_count);
/** The one row of a state, an event and a hold. */
const struct transition *alert_transition(enum alert_state from, enum period_event event,
                                          bool held);

#endif
