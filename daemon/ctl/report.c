#include "ctl/report.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "ctl/report_json.h"

#define CLOSED_LISTED_DAYS 30 /* the contract: episodes closed in the last 30 days are listed */

/* Ends a report: the finished tree, or NULL when any part of it failed. */
static json_t *finish(json_t *tree, int failed)
{
    if (!failed)
        return tree;
    json_decref(tree);
    return NULL;
}

/* ---- measures ---------------------------------------------------------------------------------
 */

/* What ageing makes of the newest data today; null where nothing is projected. */
static json_t *projected_object(const struct ageing *a)
{
    json_t *o = json_object();
    int r = 0;

    if (a->state == AGEING_NONE || a->state == AGEING_OVER) {
        json_decref(o);
        return json_null();
    }
    r |= report_put(o, "from", report_date(a->data_date));
    r |= report_put(o, "value", report_value(&a->version));
    r |= report_put(o, "expected", report_number(a->judged.line));
    r |= report_put(o, "rag", report_text(rag_name(a->judged.rag)));
    r |= report_put(o, "behind_since", report_date(a->since));
    return finish(o, r);
}

/* The keys that every measure has, in the order of the contract. */
static json_t *measure_object(const struct finding *f)
{
    const struct plan_measure *m = f->measure;
    const struct series_point *point = finding_newest_point(f);
    const struct series_version *v = point ? series_current(point) : NULL;
    int restated = point && series_point_restated(point);
    json_t *o = json_object();
    int r = 0;

    if (!o)
        return NULL;
    r |= report_put(o, "id", report_text(m->id));
    r |= report_put(o, "title", report_text(m->title));
    r |= report_put(o, "value", report_value(v));
    r |= report_put(o, "marker", report_marker(v));
    r |= report_put(o, "unit", report_text(unit_name(finding_unit(f))));
    r |= report_put(o, "numerator", v ? report_number(v->numerator) : json_null());
    r |= report_put(o, "denominator", v ? report_number(v->denominator) : json_null());
    r |= report_put(o, "period_start", point ? report_date(point->period_start) : json_null());
    r |= report_put(o, "period_end", point ? report_date(point->period_end) : json_null());
    r |= report_put(o, "status", report_text(report_status(v, restated)));
    r |= report_put(o, "method", report_text(measure_method(m)));
    r |= report_put(o, "rag", report_text(rag_name(f->rag)));
    r |= report_put(o, "target", report_number(f->target));
    r |= report_put(o, "expected", report_number(f->line));
    r |= report_put(o, "as_of", v ? report_time(v->as_of) : json_null());
    r |= report_put(o, "restated", json_boolean(restated));
    r |= report_put(o, "held", json_boolean(f->holds != 0));
    return finish(o, r);
}

json_t *report_measures(const struct finding_set *findings, const char *only_id)
{
    json_t *list = json_array();
    int r = 0;

    for (size_t i = 0; list && i < findings->count; i++) {
        const struct finding *f = &findings->list[i];

        if (f->rule != RULE_BEHIND_PLAN || !f->measure)
            continue;
        if (!only_id || strcmp(f->measure->id, only_id) == 0)
            r |= json_array_append_new(list, measure_object(f));
    }
    return finish(list, r);
}

static json_t *version_object(const struct series_version *v, int is_current)
{
    json_t *o = json_object();
    int r = 0;

    if (!o)
        return NULL;
    r |= report_put(o, "value", report_value(v));
    r |= report_put(o, "marker", report_marker(v));
    r |= report_put(o, "numerator", report_number(v->numerator));
    r |= report_put(o, "denominator", report_number(v->denominator));
    r |= report_put(o, "status", report_text(publication_name(v->status)));
    r |= report_put(o, "edition", v->edition ? json_integer(v->edition) : json_null());
    r |= report_put(o, "as_of", report_time(v->as_of));
    r |= report_put(o, "source", report_text(v->source));
    r |= report_put(o, "receipt", v->receipt ? json_integer((json_int_t)v->receipt) : json_null());
    r |= report_put(o, "current", json_boolean(is_current));
    return finish(o, r);
}

static json_t *point_object(const struct series_point *p, const struct period_judgement *judged)
{
    const struct series_version *v = series_current(p);
    int restated = series_point_restated(p), r = 0;
    json_t *o = json_object(), *versions = json_array();

    for (size_t i = 0; versions && i < p->version_count; i++)
        r |= json_array_append_new(versions, version_object(&p->versions[i], i == p->current));
    if (!o) {
        json_decref(versions);
        return NULL;
    }
    r |= report_put(o, "period_start", report_date(p->period_start));
    r |= report_put(o, "period_end", report_date(p->period_end));
    r |= report_put(o, "value", report_value(v));
    r |= report_put(o, "marker", report_marker(v));
    r |= report_put(o, "status", report_text(report_status(v, restated)));
    r |= report_put(o, "rag", report_text(judged ? rag_name(judged->rag) : NULL));
    r |= report_put(o, "expected", judged ? report_number(judged->line) : json_null());
    r |= report_put(o, "held", json_boolean(judged && judged->holds != 0));
    r |= report_put(o, "restated", json_boolean(restated));
    r |= report_put(o, "versions", versions);
    return finish(o, r);
}

/* Where the true figure lies, and of how many stops nobody told the outcome. */
static int put_bounds(json_t *o, const struct series_version *v)
{
    int r = 0;

    r |= report_put(o, "low", v ? report_number(v->low) : json_null());
    r |= report_put(o, "high", v ? report_number(v->high) : json_null());
    r |= report_put(o, "untold", v ? json_integer((json_int_t)v->untold) : json_null());
    return r | report_put(o, "stops",
                          v && v->untold ? json_integer((json_int_t)v->stops) : json_null());
}

/* Every period of the series, also those before the plan, which are not judged. */
static json_t *measure_history(const struct finding *f)
{
    json_t *list = json_array();
    int r = 0;

    for (size_t i = 0; list && f->series && i < f->series->point_count; i++) {
        const struct series_point *p = &f->series->points[i];
        const struct period_judgement *judged = NULL;

        for (size_t k = 0; !judged && k < f->history_count; k++)
            if (date_compare(f->history[k].end, p->period_end) == 0 &&
                date_compare(f->history[k].start, p->period_start) == 0)
                judged = &f->history[k];
        r |= json_array_append_new(list, point_object(p, judged));
    }
    return finish(list, r);
}

/* Somebody else's figure, printed beside under its own name. */
static json_t *compare_object(const struct finding *f)
{
    const struct figure_ref *ref = f->measure->compare;
    const struct series_point *p = f->compared_point;
    json_t *o = json_object();
    int r = 0;

    r |= report_put(o, "title", report_text(ref->title));
    r |= report_put(o, "org", report_text(ref->select.org));
    r |= report_put(o, "footprint", report_text(footprint_name((enum footprint)ref->footprint)));
    r |= report_put(o, "value", p ? report_value(series_current(p)) : json_null());
    r |= report_put(o, "period_end", p ? report_date(p->period_end) : json_null());
    return finish(o, r);
}

json_t *report_measure(const struct finding_set *findings, const char *id)
{
    char holds[HOLD_WORDS_MAX];

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->list[i];

        if (f->rule != RULE_BEHIND_PLAN || !f->measure || strcmp(f->measure->id, id) != 0)
            continue;
        json_t *o = measure_object(f);
        int r = 0;

        if (!o)
            return NULL;
        r |= report_put(o, "plan", report_text(f->plan ? f->plan->id : NULL));
        r |= report_put(o, "feed", report_text(f->feed));
        r |=
            report_put(o, "org", report_text(f->series ? f->series->org : measure_org(f->measure)));
        r |= report_put(o, "holds", report_text(f->holds ? hold_words(f->holds, holds) : NULL));
        r |= report_put(o, "missing", report_text(f->missing_why));
        r |= report_put(o, "footprint",
                        report_text(footprint_name((enum footprint)f->measure->footprint)));
        r |= report_put(o, "footprint_of", report_text(f->measure->footprint_of));
        r |= report_put(o, "joined_org", report_text(f->joined_org));
        r |= report_put(o, "joined_until", report_date(f->joined_until));
        r |= report_put(o, "plan_expired", json_boolean(f->plan_expired));
        r |= report_put(o, "history", measure_history(f));
        if (f->measure->compare)
            r |= report_put(o, "compare", compare_object(f));
        if (f->measure->list) {
            const struct series_point *point = finding_newest_point(f);

            r |= put_bounds(o, point ? series_current(point) : NULL);
            r |= report_put(o, "list", report_text(f->measure->list->list));
            r |= report_put(o, "projected", projected_object(&f->ageing));
        }
        return finish(o, r);
    }
    return json_null();
}

/* ---- alerts -----------------------------------------------------------------------------------
 */

struct listed {
    const struct alert *alert;
    const struct episode *episode;
};

static int is_listed(const struct episode *e, struct civil_date today)
{
    if (e->state == ALERT_INACTIVE)
        return 0;
    if (episode_is_open(e))
        return 1;
    if (e->ordinal == 0)
        return 0; /* began and ended before anybody was told: history at the first import */
    return date_is_set(e->closed_on) && today.day - e->closed_on.day <= CLOSED_LISTED_DAYS;
}

/* Open red, open amber, pending, closed. */
static int urgency(const struct episode *e)
{
    if (!episode_is_open(e))
        return 3;
    if (e->state == ALERT_PENDING)
        return 2;
    return e->severity == SEVERITY_RED ? 0 : 1;
}

static int compare_listed(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    const char *x_title = x->alert->title ? x->alert->title : "";
    const char *y_title = y->alert->title ? y->alert->title : "";
    int order = urgency(x->episode) - urgency(y->episode);

    if (order == 0)
        order = strcmp(x_title, y_title);
    if (order == 0)
        order = strcmp(x->alert->id, y->alert->id);
    return order ? order : date_compare(x->episode->opened, y->episode->opened);
}

/* Whether it is of a plan that nobody acts on yet. */
static int is_rehearsed(const struct alert *a, const struct finding_set *findings)
{
    for (size_t i = 0; a->plan && i < findings->count; i++) {
        const struct plan *plan = findings->list[i].plan;

        if (plan && strcmp(plan->id, a->plan) == 0)
            return plan->mode == PLAN_REHEARSAL;
    }
    return 0;
}

static json_t *alert_object(const struct listed *l, const struct finding_set *findings)
{
    const struct alert *a = l->alert;
    const struct episode *e = l->episode;
    json_t *o = json_object();
    int r = 0;

    if (!o)
        return NULL;
    r |= report_put(o, "alert_id", report_text(a->id));
    r |= report_put(o, "episode_id", report_text(e->id));
    r |= report_put(o, "rule", report_text(rule_name(a->rule)));
    r |= report_put(o, "measure", report_text(a->measure));
    r |= report_put(o, "severity", report_text(alert_severity_name(e->severity)));
    r |= report_put(o, "state", report_text(alert_state_name(e->state)));
    r |= report_put(o, "held", json_boolean(e->held));
    r |= report_put(o, "restated", json_boolean(e->restated));
    r |= report_put(o, "since", report_date(e->opened));
    r |= report_put(o, "value", report_number(e->value));
    r |= report_put(o, "threshold", report_number(e->line));
    r |= report_put(o, "action", report_text(a->action));
    r |= report_put(o, "owner", report_text(a->owner));
    r |= report_put(o, "title", report_text(a->title));
    if (is_rehearsed(a, findings))
        r |= report_put(o, "rehearsal", json_true());
    return finish(o, r);
}

json_t *report_alerts(const struct table *alerts, const struct finding_set *findings,
                      struct civil_date today)
{
    size_t at = 0, count = 0, filled = 0;
    const char *key;
    void *value;
    int r = 0;

    while (table_next(alerts, &at, &key, &value))
        count += ((const struct alert *)value)->episode_count;
    AUTO(auto_free) struct listed *listed = calloc(count ? count : 1, sizeof *listed);
    json_t *list = json_array();

    if (!listed || !list)
        return finish(list, 1);
    at = 0;
    while (table_next(alerts, &at, &key, &value)) {
        const struct alert *a = value;

        for (size_t i = 0; i < a->episode_count; i++)
            if (is_listed(&a->episodes[i], today))
                listed[filled++] = (struct listed){ a, &a->episodes[i] };
    }
    qsort(listed, filled, sizeof *listed, compare_listed);
    for (size_t i = 0; i < filled; i++)
        r |= json_array_append_new(list, alert_object(&listed[i], findings));
    return finish(list, r);
}

/* ---- feeds ------------------------------------------------------------------------------------
 */

/* Rows of the newest file that took effect which are in no count. */
static json_t *left_out_object(const struct feed_report *f)
{
    json_t *o = f->left_out.is_known ? json_object() : NULL;
    int r = 0;

    if (!f->left_out.is_known)
        return json_null();
    r |= report_put(o, "receipt", json_integer((json_int_t)f->left_out.receipt));
    r |= report_put(o, "rows", json_integer((json_int_t)f->left_out.rows));
    r |= report_put(o, "set_aside", json_integer((json_int_t)f->left_out.set_aside));
    r |= report_put(o, "service",
                    f->list ? json_integer((json_int_t)f->left_out.service) : json_null());
    r |= report_put(o, "provider",
                    f->list ? json_integer((json_int_t)f->left_out.provider) : json_null());
    return finish(o, r);
}

static json_t *feed_object(const struct feed_report *f)
{
    const struct feed_state *s = f->state;
    json_t *o = json_object(), *gaps = json_array(), *waits = json_array();
    int r = 0;

    for (size_t i = 0; gaps && i < s->gap_count; i++) {
        json_t *gap = json_object();

        r |= report_put(gap, "provider", report_text(s->gaps[i].provider));
        r |= report_put(gap, "period_end", report_date(s->gaps[i].period_end));
        r |= report_put(gap, "why", report_text(s->gaps[i].words));
        r |= json_array_append_new(gaps, gap);
    }
    for (size_t i = 0; waits && i < f->wait_count; i++) {
        const struct wait_report *w = &f->waits[i];
        json_t *wait = json_object();

        r |= report_put(wait, "receipt", json_integer((json_int_t)w->receipt));
        r |= report_put(wait, "held", json_boolean(w->held));
        r |= report_put(wait, "since", report_date(w->since));
        r |= report_put(wait, "why", report_text(w->why));
        r |= json_array_append_new(waits, wait);
    }
    if (!o) {
        json_decref(gaps);
        json_decref(waits);
        return NULL;
    }
    r |= report_put(o, "id", report_text(s->id));
    r |= report_put(o, "title", report_text(s->title));
    r |= report_put(o, "kind", report_text(f->kind));
    r |= report_put(o, "format", report_text(f->format));
    r |= report_put(o, "newest_period_end", report_date(s->newest_period_end));
    r |= report_put(o, "awaited", report_date(s->due.awaited));
    r |= report_put(o, "due", report_date(s->due.due));
    r |= report_put(o, "late", json_boolean(s->late));
    r |= report_put(o, "last_received", report_time(f->last_received));
    r |= report_put(o, "last_outcome", report_text(f->last_outcome));
    r |= report_put(o, "last_outcome_at", report_time(f->last_outcome_at));
    r |= report_put(o, "files", json_integer((json_int_t)f->files));
    r |= report_put(o, "gaps", gaps);
    r |= report_put(o, "incomplete", report_text(s->incomplete));
    r |= report_put(o, "held_file", report_text(s->held_file_why));
    r |= report_put(o, "waits", waits);
    r |= report_put(o, "left_out", left_out_object(f));
    r |= report_put(o, "list", f->list ? json_incref(f->list) : json_null());
    return finish(o, r);
}

json_t *report_feeds(const struct feed_report *feeds, size_t count)
{
    json_t *list = json_array();
    int r = 0;

    for (size_t i = 0; list && i < count; i++)
        r |= json_array_append_new(list, feed_object(&feeds[i]));
    return finish(list, r);
}
