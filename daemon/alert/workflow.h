/*
 * workflow - who is dealing with an alert, and what people said of it
 *
 * Pure. A fold of what people did, as the audit has it: acknowledgements, notes, commentaries, closings
 * and silences. It never changes what is true (alert.h), nor says who is told; it says which messages a
 * person asked to be spared: an acknowledgement puts off reminders and nothing else; a silence holds back
 * reminders and what would be told as new. Whatever gets worse, better or ends is told to whoever was told
 * that it began (DESIGN section 9, "Workflow"), and what goes further because it stays red is told as ever.
 * What was held back is news once the silence is over.
 *
 * An acknowledgement, a note and a closing are of one episode: the next one is new. Every record is taken
 * in the order of the audit; a later one of a kind replaces the earlier, notes collect.
 */
#ifndef ALERT_WORKFLOW_H
#define ALERT_WORKFLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "alert/alert.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/table.h"

struct json_t;

#define ACK_DAYS               14 /* when nobody says until when */
#define ACK_DAYS_MAX           90
#define SILENCE_DAYS_MAX       14
#define SILENCE_DAYS_APPROVED  90 /* with the accountable officer named */
#define WORKFLOW_WHY_MAX       160
#define WORKFLOW_ID_DIGITS_MIN 6 /* of an alert's id that are enough to name it */

/** Whom a silence is about: every word given must fit. */
enum match_key {
    MATCH_ALERT, /* the beginning of an alert's id */
    MATCH_PLAN,
    MATCH_MEASURE,
    MATCH_FEED,
    MATCH_PROVIDER,
    MATCH_RULE,
    MATCH_ACTION,
};
#define MATCH_KEYS (MATCH_ACTION + 1)
struct match {
    char *of[MATCH_KEYS]; /* owned; NULL: any */
};

struct ack {
    char *who, *why; /* who NULL: none stands */
    struct civil_date on, until;
    enum alert_severity severity; /* when it was given */
};

struct note {
    bool is_commentary; /* for the forum, by the lead; else a note among those who work on it */
    char *who, *text;
    struct wall_time at;
};

/** What people said of one episode. */
struct said {
    char alert[ALERT_ID_MAX];
    struct ack ack;
    struct note *notes; /* the oldest first */
    size_t note_count;
    char *closed_by, *closed_why; /* or NULL */
};

struct silence {
    long number;
    char *words; /* of the match, as given */
    struct match match;
    char *author, *reason, *approved_by; /* approved_by NULL: nobody had to */
    struct civil_date from, until;       /* both days included */
    char *ended_by;                      /* or NULL */
    struct civil_date ended;             /* the day on which a person ended it; DATE_NONE */
};

struct workflow {
    struct table said; /* episode -> struct said * */
    struct silence *silences;
    size_t silence_count;
};
#define WORKFLOW_INIT                                                                              \
    {                                                                                              \
        .said = TABLE_INIT                                                                         \
    }

/** Takes an act of the audit: ack, unack, note, commentary, close, silence-add, silence-end. Returns 0,
 * -EBADMSG (nothing changed) or -ENOMEM. */
int workflow_take(struct workflow *w, const struct json_t *act);
void workflow_release(struct workflow *w);

/** Of an episode; NULL: nobody said anything. */
const struct said *workflow_of(const struct workflow *w, const char *episode);
/** Whether it is acknowledged on a day, and is no worse than it was then. */
bool workflow_is_acked(const struct workflow *w, const struct episode *e, struct civil_date today);
/** Whether a person closed this opening of it, and it was not done yet. */
bool workflow_closes(const struct workflow *w, const struct episode *e);
/** A silence by its number, or NULL. */
const struct silence *workflow_silence(const struct workflow *w, long number);
bool silence_is_active(const struct silence *s, struct civil_date today);
/** The silence that is about an alert on a day, the one that lasts longest; NULL: none. */
const struct silence *workflow_silenced(const struct workflow *w, const struct alert *a,
                                        struct civil_date today);
/** Whether somebody asked that this news of an episode be not told today. */
bool workflow_withholds(const struct workflow *w, const struct alert *a, const struct episode *e,
                        enum alert_news news, struct civil_date today);

/** Reads "measure=cyp-4w rule=behind-plan"; out_why says what is wrong with it. Returns 0, -EINVAL or
 * -ENOMEM. */
int match_parse(const char *words, struct match *out_match, char out_why[WORKFLOW_WHY_MAX]);
/** "measure", "plan", ... */
const char *match_key_name(enum match_key key);
/** What the daemon says of itself (self-check, dead letters) is never matched. */
bool match_fits(const struct match *m, const struct alert *a);
void match_release(struct match *m);

#endif
