/*
 * show_internal - the layouts of show.c and the cells that they share
 *
 * Each layout returns 0 or -errno of text; an answer of another shape prints less, and does no harm.
 */
#ifndef CTL_SHOW_INTERNAL_H
#define CTL_SHOW_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "ctl/output.h"
#include "ctl/show.h"

#define COUNT(a)  (sizeof(a) / sizeof(a)[0])
#define ID_DIGITS 8 /* of an alert id: enough for `explain`, which takes 6 or more */

struct view {
    size_t width;
    bool colour;
    struct text *out;
};

/* ---- show_cells.c ---- */

/** The text under a key, "-" for none; borrowed. */
const char *show_string(const json_t *o, const char *key);
void show_add_key(struct output_table *t, const json_t *o, const char *key);
void show_add_coloured(struct output_table *t, const json_t *o, const char *key);
/** "43.5%", or the marker's word, or "-". */
void show_add_figure(struct output_table *t, const json_t *o, const char *key);
/** Id, title, value, plan's line, target and RAG: six columns of a measure. */
void show_add_judged(struct output_table *t, const json_t *measure);
/** "held, restated". */
void show_add_marks(struct output_table *t, const json_t *o);
/** The first digits of an id. */
void show_add_beginning(struct output_table *t, const json_t *o, const char *key);
/** Prints the table and releases it. */
int show_print(struct output_table *t, const struct view *v);
/** "red 2, amber 1", "a, b": what nests in a status stays on its line. */
void show_inline(struct text *out, const json_t *value);
/** One line for each key but one (NULL: for each). */
int show_keys(const json_t *object, const char *except, const struct view *v);

/* ---- show_measure.c ---- */

int show_measures(const json_t *list, const struct view *v);
int show_measure(const json_t *measure, const struct view *v);
int show_spc(const json_t *chart, const struct view *v);
int show_forecast(const json_t *forecast, const struct view *v);
int show_series(const json_t *list, const struct view *v);

/* ---- show_alert.c ---- */

int show_alerts(const json_t *list, const struct view *v);
int show_silences(const json_t *list, const struct view *v);
int show_matched(const json_t *list, const struct view *v);
int show_outbox(const json_t *list, const struct view *v);
/** `render`: the first message as its server would get it, mail or event. */
int show_rendered(const json_t *list, const struct view *v);
/** `notify test`: who took it. */
int show_tested(const json_t *record, const struct view *v);

/* ---- show_doctor.c ---- */

int show_doctor(const json_t *report, const struct view *v);

/* ---- show_plan.c ---- */

int show_plans(const json_t *list, const struct view *v);
int show_gap(const json_t *list, const struct view *v);

/* ---- show_diff.c ---- */

/** What a version of a plan changes, as a table. */
int show_changes(const json_t *list, const struct view *v);
/** The same with what it does to alerts: `plan diff NEW`. */
int show_diff(const json_t *result, const struct view *v);
/** What became of `plan apply`, `rollback`, `approve`. */
int show_plan_act(const json_t *record, const struct view *v);
/** Which version is in force, what waits, and every softening. */
int show_plan_versions(const json_t *plan, const struct view *v);

#endif
