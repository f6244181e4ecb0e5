/*
 * evaluate - series and plan to findings
 *
 * A pure function of (series, feed states, plan, local date): the same inputs give the same
 * findings in the same order. Judges every data period of a measure's series that the plan is
 * valid for, so that a late or restated period is judged as it would have been in its time.
 * Source of the RAG rule: DESIGN section 4.
 */
#ifndef PLAN_EVALUATE_H
#define PLAN_EVALUATE_H

#include "plan/control_chart.h"
#include "plan/finding.h"
#include "plan/outlook.h"
#include "plan/line.h"
#include "plan/plan.h"
#include "metric/feed_due.h"

/** What is wrong with a provider's part of a waiting list, though it came. */
enum list_flaw {
    FLAW_NONE,
    FLAW_PLACES, /* too many have no known place: measures of a place hold */
    FLAW_TWICE,  /* two organisations report the same pathways */
    FLAW_SET,    /* a table of a set is missing: none of it is in force */
};

struct coverage_gap {
    /* Missing; or, with .measure, the organisation whose total is contradicted. */
    const char *provider;
    struct civil_date period_end;
    /* NULL: the provider is missing altogether, and every measure of the feed holds. */
    const char *measure;
    bool absent;       /* .measure is no longer in the table: its measures hold */
    bool superseded;   /* the same table brought a newer period since: no longer spoken of */
    int flaw;          /* enum list_flaw; FLAW_NONE: as .measure says */
    const char *words; /* of a flaw: one sentence without its end */
};

/** In place of the provider of an alert: a file of the feed held identifiers. */
#define FEED_INCIDENT "identifiers"

/** What is known of a feed today. */
struct feed_state {
    const char *id, *title;
    const char *list; /* that it writes into; NULL: an aggregate feed */
    struct feed_due due;
    bool late;                           /* today is after .due.due */
    bool is_moved;                       /* a person moved .due.due, */
    struct civil_date due_unmoved;       /* which was this */
    struct civil_date newest_period_end; /* DATE_NONE before any file */
    const struct coverage_gap *gaps; /* providers missing from the current edition of a period */
    size_t gap_count;
    const char *incomplete; /* sets of which tables are missing; NULL: none */
    /* Files that wait for a person, or were refused: why; NULL: none. */
    const char *held_file_why;
    unsigned long waiting_mark;      /* grows with each file that begins to wait */
    struct civil_date waiting_since; /* local date of the newest; DATE_NONE: not known */
    /* It may say something newer than what is in force: the feed's measures hold. */
    bool file_is_held;
    /* Files refused because they held identifiers, of a feed that writes a list: which, and what to
     * type; NULL: none. */
    const char *incident_why;
    unsigned long incident_mark;
    struct civil_date incident_since;
    /* That the feed must cover; may be NULL: then a gap that was filled has no finding. */
    const char *const *providers;
    size_t provider_count;
};

/** Messages for a receiver that were given up, so that nobody got them. */
struct receiver_state {
    const char *id;
    unsigned long count;     /* those that told of more than dead letters */
    struct civil_date since; /* local date of the first */
    const char *why;         /* of the newest: what the receiver answered */
    const char *subject;     /* of the newest; NULL: not known */
};

/** Something wrong with the daemon itself. */
struct self_check {
    const char *id; /* names the check, for ever */
    const char *title, *detail;
};

/** How the stocks of waiting lists age. Each returns 0, -ENODATA where nothing is known of the measure's
 * list, or -ENOMEM. */
struct ageing_source {
    /** The date of the newest data that the measure is counted from, of several parts the oldest, and how
     * many cadences have gone by since without any (feed_silent_cadences), of several parts the most. */
    int (*data)(void *arg, const struct plan_measure *m, struct civil_date *out_data_date,
                int *out_silent_cadences);
    /** The figure at the end of a day after it, if nobody was seen since (pathway_count). */
    int (*figure)(void *arg, const struct plan_measure *m, struct civil_date day,
                  struct series_version *out_version);
    void *arg;
};

struct evaluation_input {
    const struct plan *const *plans;
    size_t plan_count;
    const struct series_set *series;
    const struct feed_state *feeds;
    size_t feed_count;
    const struct receiver_state *receivers; /* those with dead letters alone */
    size_t receiver_count;
    const struct self_check *checks; /* those that failed alone */
    size_t check_count;
    struct civil_date today;
    const struct ageing_source *ageing;   /* NULL: nothing ages */
    const struct outlook_source *outlook; /* NULL: nothing is forecast */
    /** Where people had the chart of a measure begin anew; borrowed. NULL: nowhere. */
    size_t (*chart_breaks)(void *arg, const struct plan *p, const struct plan_measure *m,
                           const struct chart_break **out_breaks);
    void *chart_breaks_arg;
    /** Maps a printed organisation to its code (settings_org_code); never NULL. */
    const char *(*org_code)(void *arg, const char *printed);
    /** The n-th organisation that a code took over from, and its last day (settings_org_before); NULL: nobody
     * took over from anybody. */
    const char *(*org_before)(void *arg, const char *org, size_t n, struct civil_date *out_last);
    void *org_code_arg; /* of both */
};

/**
 * Findings in the order: plans in order, their measures, what each masks and its chart, their actions; then feeds
 * (late, provider by provider, held file); then receivers with dead letters, then
 * self-checks that failed. An action that is not overdue and a feed that is in
 * time, complete and not held give an instant finding with an empty history, so that an alert that
 * was open ends as cleared; finding_holds_true() tells them apart. Returns 0 or -ENOMEM.
 */
int evaluate(const struct evaluation_input *in, struct finding_set *out_findings);

/** Judges one version for a period that ends on this date. from: NULL: the plan alone. */
void measure_judge(const struct plan_measure *m, const struct line_source *from,
                   const struct series_version *v, struct civil_date period_start,
                   struct civil_date period_end, struct period_judgement *out_judgement);

#endif
