/*
 * finding - a measure, feed or action judged
 *
 * The value that evaluation hands to the alert machine and to every display. Strings are borrowed
 * from the plan, settings and series for as long as those live; a finding set is remade at each
 * evaluation.
 */
#ifndef PLAN_FINDING_H
#define PLAN_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/date.h"
#include "metric/series.h"
#include "plan/line.h"
#include "plan/plan.h"

/** Why movement towards better is blocked; flags. */
enum hold {
    HOLD_FEED_LATE = 1,     /* the feed is past its due time */
    HOLD_COVERAGE = 2,      /* a provider the feed must cover is missing from this period */
    HOLD_FILE_HELD = 4,     /* a file of the feed waits for a person's decision */
    HOLD_INDETERMINATE = 8, /* the line lies inside the interval of the value */
    HOLD_NO_VALUE = 16,     /* suppressed, not submitted, or no figure at all */
    HOLD_MIN_N = 32,        /* the denominator is below min_n */
    HOLD_GAP = 64,          /* a published total of 0 over parts that nobody submitted */
    HOLD_PLACES = 128,     /* of too many on the list the place is not known; measures of a place */
    HOLD_TWICE = 256,      /* two organisations report the same pathways */
    HOLD_NO_LINE = 512,    /* what the line rests on has no figure: a baseline, comparator, trend */
    HOLD_WAVE_OVER = 1024, /* a survey, and no wave of it for longer than it stands */
};
#define HOLD_WORDS_MAX 224 /* all of them, as hold_words() writes them */

/** One data period judged: what the alert machine consumes, oldest first. */
enum period_event {
    PERIOD_UNKNOWN, /* no usable figure, or indeterminate: stays */
    PERIOD_NOT_DUE, /* before the first milestone */
    PERIOD_CLEAR,   /* at or better than the clear line */
    PERIOD_BETWEEN, /* not behind, but not past the clear line */
    PERIOD_AMBER,   /* behind, within tolerance */
    PERIOD_RED,     /* behind, beyond tolerance or the last milestone passed unmet */
    /* Not of a data period: what time alone does to the newest data (struct ageing). */
    PERIOD_PROJECTED,       /* ageing brings it behind the line */
    PERIOD_PROJECTION_OVER, /* too long without data: nothing is projected any more */
};
#define PERIOD_EVENTS 8

struct period_judgement {
    struct civil_date start, end;
    enum period_event event;
    enum rag rag;
    double line;    /* NAN: none */
    unsigned holds; /* enum hold flags of this period: with any, a move to better does not happen */
    bool restated;  /* the figure in force replaced another */
    struct wall_time received;            /* when a file first said this figure */
    struct wall_time first_received;      /* when a file first said any figure of this period */
    const struct series_version *version; /* NULL for rules that judge no series */
    unsigned long count; /* rules that judge no series: how many (files that wait); else 0 */
};

/** After so many cadences without data nothing is projected: only the feed's own alert speaks. */
#define PROJECTED_CADENCES 2

enum ageing_state {
    AGEING_NONE,   /* not a stock of a list, or its data are of today */
    AGEING_FINE,   /* projected, and not behind */
    AGEING_BEHIND, /* projected, and behind */
    AGEING_OVER,   /* no longer projected */
};

/** A stock of a list today, projected from its newest data as if nobody was seen since. */
struct ageing {
    enum ageing_state state;
    struct civil_date data_date;    /* of the newest data */
    struct civil_date since;        /* AGEING_BEHIND: the day on which it fell behind */
    struct series_version version;  /* the projected figure; of AGEING_FINE, AGEING_BEHIND */
    struct period_judgement judged; /* of today; .version is not set */
};

enum rule {
    RULE_BEHIND_PLAN,
    RULE_FEED_LATE,
    RULE_COVERAGE_GAP,
    RULE_IMPLAUSIBLE_CHANGE, /* a file held for a person */
    RULE_ACTION_OVERDUE,
    RULE_DEAD_LETTER,   /* messages that a receiver did not take were given up */
    RULE_SELF_CHECK,    /* something is wrong with the daemon itself */
    RULE_GUARD,         /* a measure improves while one that guards it worsens: masking */
    RULE_SPECIAL_CAUSE, /* its control chart shows a change for the worse */
    RULE_FORECAST,      /* it is likely to miss a milestone, or too many will pass a line */
};
#define RULES (RULE_FORECAST + 1)

/** How an action stands: as its lead reported it through a feed, else as the plan says. */
struct action_delivery {
    int status;             /* enum action_status */
    enum rag rag;           /* GREY: nobody said, and it is neither complete nor overdue */
    struct civil_date said; /* the day of which the colour was said; DATE_NONE: not known */
    const char *note;       /* why it has the plan's colour, borrowed from the plan; or NULL */
    bool is_given_up;       /* reported as not applicable: never overdue */
};

struct finding {
    enum rule rule;
    const struct plan *plan;            /* NULL for feed rules */
    const struct plan_measure *measure; /* RULE_BEHIND_PLAN, RULE_GUARD, RULE_SPECIAL_CAUSE */
    const struct plan_action *action;   /* the measure's action, or the overdue one; may be NULL */
    const char *feed;                   /* of the measure, or the late one; may be NULL */
    const char *provider; /* feed rules; "" when the whole feed is meant; of RULE_SELF_CHECK
                                           which check */
    const char *receiver; /* RULE_DEAD_LETTER; else NULL */
    char *title;          /* one line; owned by the set */
    char *detail;         /* feed rules: a sentence that says what is missing; owned, or NULL */
    const char *owner;    /* role id; NULL: ops */

    const struct series *series; /* or NULL: no such series yet */
    const char *joined_org; /* whose figures stand before .joined_until, or NULL: it took over */
    struct civil_date joined_until; /* the last day of those */
    const char *missing_why; /* static or owned by the set: why there is no figure; NULL when there
                                is one */
    char *missing_text; /* what .missing_why points to when it was made for this finding; owned, or
                           NULL */
    struct period_judgement *history; /* ascending by .end, one for each end; owned by the set. Feed
                                         and action rules have 0 or 1 */
    size_t history_count;
    bool instant; /* feed and action rules: the one history entry is what is true now; none = not
                     true now */

    enum rag rag;       /* of the newest period, as displayed */
    unsigned holds;     /* of the newest period and of now (feed late, file held) */
    unsigned holds_now; /* the part of .holds that is true now and of no judged period: feed late,
                           file held, a gap in a period that this series has not got */
    double line;        /* the line in force for the newest period; NAN: none */
    double target;      /* the target in force then; NAN: none, or what it rests on has no figure */
    struct line_source line_from;              /* what line and target rest on beside the plan */
    const struct series *compared;             /* of measure->compare, or NULL */
    const struct series_point *compared_point; /* its newest period up to the measure's own */
    bool plan_expired;
    bool
        plan_changed; /* its plan says otherwise of it than when it was judged last, and no figure came since */
    struct ageing ageing;
    struct control_chart *chart;     /* RULE_SPECIAL_CAUSE; owned by the set; else NULL */
    struct action_delivery delivery; /* RULE_ACTION_OVERDUE */
};

struct finding_set {
    struct finding *list;
    size_t count;
};

const char *rag_name(enum rag r);   /* "blue", "green", "amber", "red", "grey" */
const char *rule_name(enum rule r); /* "behind-plan", ... */
/** A measure's unit: the plan's where it says one, else the publisher's. */
enum unit finding_unit(const struct finding *f);
/** The hold flags as words separated by ", "; "" for none. */
const char *hold_words(unsigned holds, char out[HOLD_WORDS_MAX]);
/** Whether the rule judges a measure of a plan, so that it ends with the measure. */
bool rule_is_of_measure(enum rule r);
/** The finding of another rule of the same measure of the same plan; NULL: none. */
const struct finding *finding_beside(const struct finding_set *s, const struct finding *f,
                                     enum rule r);
/** How many of its judged periods end on or before a date. */
size_t finding_upto(const struct finding *f, struct civil_date upto);
/** Its judged period that ends on a date, or NULL. */
const struct period_judgement *finding_period(const struct finding *f, struct civil_date end);
/** Whether it says that something is the case: a measure always does, an instant finding only with
 * its one entry. */
static inline bool finding_holds_true(const struct finding *f)
{
    return !f->instant || f->history_count > 0;
}
/** The newest judged period of a finding, or NULL. */
const struct period_judgement *finding_newest(const struct finding *f);
/** The point of that period in the finding's series, or the series' newest point; NULL without a
 * series. */
const struct series_point *finding_newest_point(const struct finding *f);
/** The finding that judges the measure of an id; NULL: none. */
const struct finding *finding_of_measure(const struct finding_set *s, const char *id);
/** A date as people read it, "31 March 2025"; "" for DATE_NONE. Returns out. */
const char *finding_date(struct civil_date d, char out[32]);
void finding_set_release(struct finding_set *s);

#endif
