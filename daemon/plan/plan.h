/*
 * plan - one place's action plan: priorities, actions, measures, roles
 *
 * A read-only value made by plan_yaml.c from plan.yaml (plan.yaml(5) lists every key), checked
 * whole in one pass. The plan names roles, never people. Ids are text: "1.10" is not "1.1".
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/date.h"
#include "base/diag.h"
#include "base/digest.h"
#include "base/workdays.h"
#include "metric/feed_metric.h"
#include "metric/pathway_metric.h"
#include "metric/pathway_select.h"
#include "metric/period.h"
#include "parse/record.h"
#include "plan/footprint.h"
#include "plan/plan_escalate.h"
#include "plan/standard.h"
#include "yaml/bind.h"

enum plan_mode { PLAN_LIVE, PLAN_REHEARSAL };
/** Which way is better; close: the nearer to the line, on either side. */
enum polarity { POLARITY_HIGHER, POLARITY_LOWER, POLARITY_CLOSE };
/** How a measure or an action stands; grey: not known. */
enum rag { RAG_GREY, RAG_BLUE, RAG_GREEN, RAG_AMBER, RAG_RED };
enum action_status { ACTION_NOT_STARTED, ACTION_IN_PROGRESS, ACTION_COMPLETE };

struct milestone {
    struct civil_date date;
    double value;
    char *note; /* or NULL */
};

/** What an action is to put right: a weakness of a statement of action or an inspection. */
struct plan_weakness {
    char *id, *judgement;   /* NULL: none; not judged */
    struct civil_date date; /* of the judgement; DATE_NONE: not said */
};

/** How its lead sees an action go: apart from how measures stand. */
struct plan_delivery {
    bool is_said;
    enum rag rag; /* GREY: not said, or said to be unknown */
    struct civil_date date;
    char *note; /* or NULL */
};

struct plan_action {
    char *id, *title, *lead,
        *accountable;      /* roles, see plan_roles_next(); accountable may be NULL */
    struct civil_date due; /* last day in time: the month's last day where the plan gives a month;
                              DATE_NONE: ongoing */
    int status;            /* enum action_status */
    size_t priority;       /* index into plan.priorities */
    char *forum;           /* id, or NULL */
    struct plan_weakness weakness;
    struct plan_delivery delivery;
};

struct plan_priority {
    char *id, *title;
    struct plan_ladder escalate; /* of its measures; see plan_ladder_of() */
};

struct plan_role {
    char *id;
    struct text_list receivers;
};

struct plan_meeting {
    struct civil_date on, papers; /* the last day for papers, see plan_meeting_papers() */
    bool papers_are_said;         /* by the meeting itself */
};

/** A body that the plan reports to. */
struct plan_forum {
    char *id, *title;
    struct plan_meeting *meetings; /* ascending */
    size_t meeting_count;
    long
        papers_working_days; /* before a meeting that says no day of its own; 0: .papers as it is */
    long ask_working_days;   /* before papers are due commentaries are asked for; 0: they are not */
};

/** Where the plan was agreed; .reference NULL: not said. */
struct plan_approval {
    char *reference, *by;
    struct civil_date date;
};

struct plan_cohort {
    char *name, *value;
};

/** What is counted of a waiting list. */
struct list_measure {
    struct pathway_metric metric;
    char *list; /* id, as the settings declare it */
    char *provider, *place, *commissioner,
        *stage;                 /* any may be NULL: all; the pathway's own clock */
    struct plan_cohort *cohort; /* ascending by name */
    size_t cohort_count;
    bool without_exceptions;
    enum period_kind period;
    struct span window;    /* rolling, of a flow; count 0: the period itself */
    bool act_on_projected; /* ageing makes a breach at once, not an early warning */
    char *text;            /* all that decides the figure: the measure part of its series' key */
};

/** How the plan says its target. Each but the last three gives a figure that the plan alone decides. */
enum target_kind {
    TARGET_NONE,
    TARGET_THRESHOLD,  /* at_least, at_most: a share, a count, the size of a list */
    TARGET_NONE_OVER,  /* nobody waits longer than a wait */
    TARGET_PERCENTILE, /* so many per cent wait no longer than a wait */
    TARGET_CLOSE_TO,   /* within a distance of a figure, on either side */
    TARGET_CHANGE,     /* better than the baseline by an amount or a share of it */
    TARGET_COMPARATOR, /* no worse than another's published figure */
    TARGET_STABILISE,  /* no worse than the baseline */
    TARGET_LEVEL,      /* the trend of the newest periods is level or better */
};

/** A published figure: which series of which feed. */
struct figure_select {
    char *feed, *breakdown, *org,
        *secondary; /* breakdown, secondary NULL: any, if only one exists */
};

/** Somebody else's published figure, to judge by or to print beside. */
struct figure_ref {
    char *title;     /* as messages call it */
    char *published; /* the feed's measure */
    struct figure_select select;
    struct civil_date frozen; /* the end of the one period that counts; DATE_NONE: the newest */
    int footprint;            /* enum footprint */
    char *footprint_of;       /* or NULL: not known */
};

/** Where a measure stood before the plan. */
struct plan_baseline {
    struct civil_date date; /* DATE_NONE: no baseline */
    bool has_value;         /* else the figure of the measure's own period that ends on the date */
    double value;
    char *note; /* or NULL */
};

/** What the target says beside its figure and date. */
struct target_rule {
    int kind;             /* enum target_kind */
    char *law;            /* where the law says it: a miss is of the law; NULL: the plan's own */
    double within;        /* TARGET_CLOSE_TO: at most so far from the line is met */
    double change;        /* TARGET_CHANGE: added to the baseline, in its unit or per cent of it */
    bool change_is_share; /* per cent of the baseline */
    struct span wait;     /* TARGET_NONE_OVER, TARGET_PERCENTILE: as written */
    double percentile;    /* TARGET_PERCENTILE */
    long periods;         /* TARGET_LEVEL: how many data periods make the trend */
    struct figure_ref *comparator; /* TARGET_COMPARATOR; NULL: its figure was typed in (.target) */
    char *comparator_title;        /* of a figure typed in */
};

/** A survey: a figure stands for its wave alone. */
struct plan_survey {
    struct span every; /* after so long without a new wave nothing is known; count 0: no survey */
    char *wording;     /* the version of the question; other wordings are other series */
};

/** Where the plan says that a definition changed: charts begin anew there. */
struct plan_rebase {
    struct civil_date date;
    char *why;
};

/** How a measure is charted (plan/control_chart.h). */
struct plan_spc {
    bool screens;                /* moving ranges that are outliers are left out of the limits */
    long baseline;               /* limits rest on so many first points of a segment; 0: on all */
    long points;                 /* with fewer figures in a segment nothing is told of its marks */
    struct plan_rebase *rebases; /* ascending by date */
    size_t rebase_count;
};

/** The standard of standards.yaml that a measure names. */
struct measure_standard {
    char *id, *title; /* NULL: none is named */
    int kind;         /* enum line_of */
    struct span wait; /* count 0: it allows any */
    struct standard_line *lines;
    size_t line_count;
    bool is_line; /* the plan has no line of its own: .expect is the standard's */
};

/** When a measure's outlook is told (plan/outlook.h). */
struct plan_forecast {
    double chance;      /* per cent: with less of meeting the next milestone */
    struct span within; /* days or weeks ahead: */
    bool has_at_most;
    long at_most; /* when more than so many will pass the measure's wait, if nobody is seen */
};

struct plan_measure {
    char *id, *first_id; /* first_id: the oldest name (`was:`), so that an alert keeps its id */
    char *title;
    char *published;             /* the feed's measure, from metric "published:X"; NULL: .list */
    bool manual;                 /* .published is a figure that people report ("manual:X") */
    struct figure_select select; /* of a published one */
    /** .published is a figure of how the feed comes, .select.org the feed itself; NULL: what it says. */
    const struct feed_metric *of_feed;
    struct list_measure *list;      /* a metric of a waiting list; NULL: published */
    struct plan_forecast *forecast; /* NULL: none is told */
    struct plan_spc *spc;           /* how it is charted; NULL: not */
    struct plan_measure *single; /* of a charted one over a rolling window: the same without it */
    int polarity;                /* enum polarity */
    bool has_target;             /* .target is known from the plan alone */
    double target;
    struct target_rule rule;
    struct plan_baseline baseline;
    struct plan_survey survey;
    struct figure_ref *compare;  /* a published figure of a wider footprint, printed beside; NULL */
    struct text_list guards;     /* ids of measures that must not worsen while this one improves */
    long guard_over;             /* data periods that such a change is looked for over, 1 or more */
    struct civil_date target_by; /* `by:` of the target, the month's last day where a month is
                                    given; DATE_NONE: none */
    enum unit unit;              /* `unit:`; UNIT_UNKNOWN: as published */
    double tolerance;            /* in the measure's unit, 0 or more */
    bool has_clear;
    double clear;                /* the clear line, when given */
    long for_periods, clear_for; /* distinct data periods, 1 or more */
    long reopen_within;          /* data periods after its end; 0: each opening is a new episode */
    long steady_for;             /* data periods; 0: never damped */
    double min_n;                /* 0: none */
    struct milestone *expect;    /* ascending by date */
    size_t expect_count;
    bool tells_none;    /* who is told "fewer than 5" of it is told 0 as 0 */
    bool linear;        /* between two milestones the line is straight, else it is a step */
    char *action;       /* id, or NULL */
    char *owner;        /* roles: `owner:`, else the action's lead; NULL: nobody, told to ops */
    size_t priority;    /* of its action, else its `priority:`, else 0 */
    int footprint;      /* enum footprint */
    char *footprint_of; /* whose figures they are, as people call it; NULL: not known */
    bool is_wider;      /* they are not those of the plan's place alone */
    struct measure_standard standard;
    struct plan_ladder escalate;  /* its own; see plan_ladder_of() */
    char digest[SHA256_TEXT_MAX]; /* of everything that changes a judgement */
};

struct plan {
    char *path, *id, *place, *title;
    char *place_title; /* as people call the place; NULL: no places file knows it */
    char *source;      /* its bytes as read, NUL-terminated */
    size_t source_len;
    char source_digest[SHA256_TEXT_MAX]; /* of these */
    long version;
    int mode;         /* enum plan_mode, as it stands: what the file says, or live by go-live */
    int written_mode; /* as the file says */
    char *author;     /* role that reads what a rehearsal would tell; NULL: nobody */
    struct civil_date valid_from, valid_to; /* DATE_NONE: open */
    bool illustrative; /* `illustrative: true`: said wherever the plan is named */
    struct plan_approval approval;
    struct plan_ladder escalate; /* of all its measures; see plan_ladder_of() */
    struct plan_forum *forums;
    size_t forum_count;
    struct plan_role *roles;
    size_t role_count;
    struct plan_priority *priorities;
    size_t priority_count;
    struct plan_action *actions;
    size_t action_count;
    struct plan_measure *measures;
    size_t measure_count;
};

/** A list of the settings, as a plan may refer to it. */
struct plan_list {
    const char *id; /* NULL ends an array of them */
    const struct service *service;
    const struct text_list *providers;
    bool by_snapshot; /* a feed brings snapshots of it */
};

#define PERIODS_LOOKED_AT 12
#define PERIODS_ENOUGH    9 /* of those: with fewer a measure is too often not known */

enum role_holding { ROLE_HELD, ROLE_NOT_HELD, ROLE_GAP };

/** Who holds the roles, as people.yaml says. */
struct plan_holders {
    /** Whether somebody holds a role on each day between two (DATE_NONE: open), else the first gap:
     * *out_to is DATE_NONE where it does not end. */
    enum role_holding (*gap)(const void *arg, const char *role, struct civil_date from,
                             struct civil_date to, struct civil_date *out_from,
                             struct civil_date *out_to);
    const void *arg;
};

/** What a plan may refer to; any may be NULL (then the reference is not checked).
 * NULL-terminated ids. */
struct plan_context {
    const char *const *feeds;
    const char *const *receivers;
    const struct plan_list *lists;
    const struct footprint_source *footprints;
    const struct standards *standards;
    const struct plan_holders *holders;
    /** Whether a feed publishes this measure for rolling periods only; may be NULL. */
    bool (*is_rolling)(const void *arg, const char *feed, const char *measure);
    const void *is_rolling_arg;
    /** Whether what a feed brings is published, so that nothing of it is hidden; may be NULL. */
    bool (*is_published)(const void *arg, const char *feed);
    const void *is_published_arg;
    /** The list of which this measure under this feed's id is a figure, which nobody publishes: what a plan of
     * another day had counted, and nothing keeps up to date. NULL: of none. May be NULL. */
    const char *(*list_behind)(const void *arg, const char *feed, const char *measure);
    const void *list_behind_arg;
    /** How many of the last PERIODS_LOOKED_AT periods of a measure's series could be judged; below 0: nothing is
     * known of it. NULL where no data are at hand. */
    int (*judged)(void *arg, const struct plan_measure *m);
    void *judged_arg;
};

/** Returns 0; -EINVAL with every semantic error of one pass in diags (warnings do not fail). */
int plan_load(const char *path, const struct plan_context *context, struct diags *diags,
              struct plan **out_plan);
/** The same of bytes that are no file; path: how messages, and the plan, name them. */
int plan_parse(const char *path, const char *text, size_t len, const struct plan_context *context,
               struct diags *diags, struct plan **out_plan);
void plan_free(struct plan *p);

/** The plan's place as people call it, else its id. */
const char *plan_place_title(const struct plan *p);
const struct plan_measure *plan_measure_find(const struct plan *p, const char *id);
const struct plan_action *plan_action_find(const struct plan *p, const char *id);
const struct plan_role *plan_role_find(const struct plan *p, const char *id);
#define PLAN_ROLE_MAX 65
/** for (const char *at = roles; plan_roles_next(&at, role);) each of a lead or an owner, which is one role or, of
 * those who do it together, several: "camhs-lead, council-lead". roles may be NULL. */
bool plan_roles_next(const char **at, char out_role[PLAN_ROLE_MAX]);

/** Whose line a miss of the measure is of. */
enum line_of measure_line_of(const struct plan_measure *m);
/** What the standard it names asks on a day; NULL: nothing, or it names none. */
const struct standard_line *measure_standard_on(const struct plan_measure *m, struct civil_date on);

const struct plan_forum *plan_forum_find(const struct plan *p, const char *id);
/** Its next meeting, today's too; NULL: none is known. */
const struct plan_meeting *plan_forum_next(const struct plan_forum *f, struct civil_date today);
/** The last day on which papers of a meeting are taken. */
struct civil_date plan_meeting_papers(const struct plan_forum *f, const struct plan_meeting *m,
                                      const struct workdays *workdays);
/** "higher", "lower", "close". */
const char *polarity_name(enum polarity p);
/** How the series of a measure is named: its feed or list, its figure, its organisation. A list measure
 * of all providers has the organisation "all". */
const char *measure_source(const struct plan_measure *m);
const char *measure_figure(const struct plan_measure *m);
const char *measure_org(const struct plan_measure *m);
/** What is charted: itself, or the same of single periods. */
const struct plan_measure *measure_charted(const struct plan_measure *m);
/** "published", "manual", or how the catalogue of list metrics says that it is counted. */
const char *measure_method(const struct plan_measure *m);
/** The day by which the target is to be met: as it says, else that of the last milestone; DATE_NONE. */
struct civil_date measure_target_day(const struct plan_measure *m);
/** The last milestone, or the day by which the target is to be met: from it on whatever is behind is red, and the
 * tolerance counts no more; DATE_NONE. */
struct civil_date measure_last_date(const struct plan_measure *m);
/** Whether time alone changes it: a stock of a list, a feed's age. */
bool measure_is_stock(const struct plan_measure *m);
/** Whether such a figure of a day without new data is acted on like one of data. */
bool measure_acts_on_projected(const struct plan_measure *m);
/** Whether it is the longest wait: a figure of one person. */
bool measure_is_longest(const struct plan_measure *m);
/** What a list measure counts, borrowing from it; cohort is storage that out_selection borrows too. */
/** Writes .text, in place of what it was, from the rest; malloc'ed. Returns 0 or -ENOMEM. */
int list_measure_name(struct list_measure *l);
/** Whether the measure part of a series' key is a list measure's text: no publisher names a measure like that. */
bool list_measure_is_text(const char *measure);
void list_measure_selection(const struct list_measure *l, struct cohort_value cohort[COHORT_MAX],
                            struct pathway_selection *out_selection);

#endif
