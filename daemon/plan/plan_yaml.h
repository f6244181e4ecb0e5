/*
 * plan_yaml - what the readers of plan.yaml share
 *
 * For plan_yaml.c (the plan, its roles, priorities and actions), plan_measure.c (its measures),
 * plan_check.c and plan_lint.c only; everybody else uses plan.h. What is wrong with a plan goes to
 * the diags, located, and the reading goes on; a function returns an error only when memory is
 * short.
 */
#ifndef PLAN_PLAN_YAML_H
#define PLAN_PLAN_YAML_H

#include "base/table.h"
#include "plan/plan.h"
#include "plan/plan_fault.h"

#define PLAN_TITLE_MAX_CHARS 120 /* longer ones are cut in subjects and tables: a warning */

/** Ids that may be referred to; NULL list: not known, so not checked. */
struct plan_ids {
    const char **list; /* borrowed texts, own array */
    size_t count;
};

struct plan_reading {
    const struct yaml *y;
    struct diags *diags;
    struct plan *plan;
    struct plan_ids feeds, receivers, roles, priorities, actions, forums;
    const struct plan_list *lists;             /* NULL: not known */
    const struct footprint_source *footprints; /* NULL: not known */
    const struct plan_context *context;        /* NULL: nothing is known */
};

/** A message at a node, as grave as the fault is; hint may be NULL. A hint that is a replacement of what is
 * underlined is written: did you mean "X"? */
void plan_complain(struct plan_reading *r, yaml_node *at, enum plan_fault fault, const char *hint,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));

/** Ids of one kind and the node at which each was first given. */
struct plan_seen {
    struct table nodes; /* id -> yaml_node * */
};

#define PLAN_SEEN_INIT                                                                             \
    {                                                                                              \
        TABLE_INIT                                                                                 \
    }

/** Complains where the id was given before, naming the first's line. Returns 0 or -ENOMEM. */
int plan_id_seen(struct plan_reading *r, struct plan_seen *seen, const char *what, const char *id,
                 yaml_node *at);
void plan_seen_release(struct plan_seen *seen);

/** Complains (with "did you mean") where id names nothing known. at: the node that refers. */
void plan_check_reference(struct plan_reading *r, const struct plan_ids *known, const char *what,
                          const char *id, yaml_node *at);
/** Roles as one text for plan_roles_next(), each once, and complains of those that are none; *out_roles stays
 * where there are none. at: their node, or NULL. Returns 0 or -ENOMEM. */
int plan_join_roles(struct plan_reading *r, const char *key, const struct text_list *roles,
                    yaml_node *at, char **out_roles);
/** Whether it is 1 to 64 letters, digits, '-', '_' or '.'; complains when not. */
bool plan_check_id(struct plan_reading *r, const char *what, const char *id, yaml_node *at);
void plan_check_title(struct plan_reading *r, const char *title, yaml_node *at);
/** Reads YYYY-MM-DD, or YYYY-MM as the month's last day. Returns 0 or -EINVAL, saying nothing. */
int plan_day_or_month(const char *text, struct civil_date *out_date);
/** Complains: `what "TEXT" is not a date`, with what may be meant, else the example. */
void plan_not_a_date(struct plan_reading *r, yaml_node *at, const char *what, const char *example);
/** Complains (warning) when a date lies outside the plan's validity. */
void plan_check_validity(struct plan_reading *r, const char *what, struct civil_date d,
                         yaml_node *at);
/** 1 for "on", "yes", "true"; 0 for their opposites; -1 for any other text. */
int plan_switch(const char *text);
/** Whether the node is a sequence; complains when it is something else. Nothing is an empty list.
 */
bool plan_is_list(struct plan_reading *r, const char *what, yaml_node *n);

/* ---- plan_forum.c: approval, forums, weakness, delivery. Each returns 0 or -ENOMEM. ---- */

int plan_read_approval(struct plan_reading *r, yaml_node *node);
int plan_read_forums(struct plan_reading *r, yaml_node *forums);
int plan_read_weakness(struct plan_reading *r, yaml_node *node, struct plan_weakness *out);
int plan_read_delivery(struct plan_reading *r, yaml_node *node, struct plan_delivery *out);
void plan_forum_release(struct plan_forum *f);
/** Complains (warning) of a role that nobody holds for some of the plan's days. */
void plan_check_holders(struct plan_reading *r, const char *role, yaml_node *key);

/** One measure while it is read: the value, and the nodes that messages point at. */
struct measure_reading {
    struct plan_measure m;
    char *metric, *priority; /* as written; owned */
    struct text_list was, owners;
    int polarity, unit, period, method, act_on; /* as chosen, -1: left out */
    double share;
    bool metric_is_good; /* of a list measure: its metric was understood */
    yaml_node *node;     /* the whole measure */
    yaml_node *select, *target, *expect, *window, *standard, *spc, *forecast, *baseline, *compare,
        *survey, *escalate;
    yaml_node *target_value, *target_by;
    const char *target_key;    /* which key says the figure; NULL: none */
    int target_implies;        /* enum polarity; -1: it does not say which way is better */
    bool target_is_bad;        /* complained of: it is not settled */
    int interpolation;         /* as chosen */
    yaml_node **expect_values; /* of m.expect[i]; own array */
};

/** Complains of lines that make no sense together: what loads and judges, but not as meant. */
void plan_lint_measure(struct plan_reading *r, const struct measure_reading *reading);

/** Finds whose figures the measure shows, and complains where they are not those of the plan's place. Returns
 * 0 or -ENOMEM. */
int plan_footprint(struct plan_reading *r, struct measure_reading *reading);

/* ---- plan_target.c: the target. ---- */

/** Reads it as it is written. Returns 0 or -ENOMEM. */
int plan_target_read(struct plan_reading *r, struct measure_reading *reading);
/** Makes a figure of what the plan alone decides; the unit is known. */
void plan_target_settle(struct plan_reading *r, struct measure_reading *reading);

/* ---- plan_beside.c: what a measure says beside its line. Each returns 0 or -ENOMEM. ---- */

int plan_baseline(struct plan_reading *r, struct measure_reading *reading);
int plan_comparator(struct plan_reading *r, struct measure_reading *reading, yaml_node *at);
int plan_compare(struct plan_reading *r, struct measure_reading *reading);
int plan_survey(struct plan_reading *r, struct measure_reading *reading);
int plan_check_guards(struct plan_reading *r, yaml_node *measures);
/** Finds whose figures the reference shows; complains where they are called the place's. */
int plan_footprint_of_ref(struct plan_reading *r, struct figure_ref *ref, yaml_node *at);
void figure_ref_free(struct figure_ref *ref);

/* ---- plan_list.c: measures that count a waiting list. Each returns 0 or -ENOMEM. ---- */

/** Reads `metric:`; *out_is_one: it is one of the catalogue of lists, good or not. */
int plan_list_metric(struct plan_reading *r, struct measure_reading *reading, bool *out_is_one);
/** The catalogue's ids, for "did you mean". Returns how many were written. */
size_t plan_list_metric_names(const char **out, size_t room);
int plan_list_select(struct plan_reading *r, struct measure_reading *reading);
/** The keys beside them; only where the metric is good. */
void plan_list_settle(struct plan_reading *r, struct measure_reading *reading);
/** The keys of list measures that a published one must not have. */
void plan_list_refuse(struct plan_reading *r, const struct measure_reading *reading);
/** Which way is better by the catalogue. */
enum metric_better plan_list_better(const struct measure_reading *reading);
/** Reads `spc:`, once all else of the measure is known. Returns 0 or -ENOMEM. */
int plan_spc_read(struct plan_reading *r, struct measure_reading *reading);
void plan_spc_free(struct plan_spc *spc);
/** A copy without the rolling window; NULL without memory. */
struct list_measure *plan_list_single(const struct list_measure *l);
/** Reads `forecast:`, likewise. */
int plan_forecast_read(struct plan_reading *r, struct measure_reading *reading);

void list_measure_free(struct list_measure *l);

/** Reads `standard:` where it names one of standards.yaml, after target and expect. Returns 0 or -ENOMEM. */
int plan_standard_read(struct plan_reading *r, struct measure_reading *reading);
/** Whether it is no wait. */
bool plan_standard_is_named(const struct measure_reading *reading);
void measure_standard_release(struct measure_standard *s);

/** Reads `measures:` into the plan, which has its roles and actions already. Returns 0 or -ENOMEM.
 */
int plan_read_measures(struct plan_reading *r, yaml_node *measures);
/** Releases one measure's texts; half-built is fine. */
void plan_measure_release(struct plan_measure *m);
/** SHA-256 of the canonical text of everything that changes a judgement. Returns 0 or -ENOMEM. */
int plan_measure_digest(struct plan_measure *m);

#endif
