#include "pipeline_evidence.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/text.h"
#include "ctl/report.h"
#include "ctl/report_json.h"
#include "notify/figure.h"

/*
 * The evidence of what was known when, and who acted: answered by a simulation of the past (pipeline_past.c) for
 * `waitlistctl evidence`. "evidence" reads its journals, which end with the last date, and says what happened and on
 * which dates figures may have become others; "evidence-figures" says how the measures stand, in a simulation of
 * each such date. To a partner no figure of a waiting list is told: which one may be told beside all that messages
 * showed is the ledger's to say, and no ledger has what packs showed. Their colours are those that messages tell.
 */

static const char *const keys[] = {
    "at",          "kind", "plan",       "plan_version", "measure",   "feed",        "alert_id",
    "episode_id",  "rule", "state",      "severity",     "rag",       "held",        "value",
    "unit",        "line", "period_end", "receiver",     "recipient", "accepted_by", "answer",
    "delivery_id", "who",  "text",       "record",       "at_ms"
};

/* ---- events ---- */

void evidence_put(struct evidence *e, json_t *event, const char *key, json_t *value)
{
    if (!event)
        json_decref(value);
    else if (report_put(event, key, value))
        e->error = -ENOMEM;
}

void evidence_say(struct evidence *e, json_t *event, const char *format, ...)
{
    AUTO(text_release) struct text words = TEXT_INIT;
    va_list ap;

    va_start(ap, format);
    (void)text_vprintf(&words, format, ap);
    va_end(ap);
    evidence_put(e, event, "text", text_ok(&words) ? report_text(text_str(&words)) : NULL);
}

static bool is_in_range(const struct evidence *e, int64_t at_ms)
{
    const struct civil_date on = wall_date((struct wall_time){ at_ms });

    return date_compare(e->from, on) <= 0 && date_compare(on, e->to) <= 0;
}

json_t *evidence_event(struct evidence *e, int64_t at_ms, const char *kind, const char *journal,
                       uint64_t record)
{
    json_t *event = is_in_range(e, at_ms) ? json_object() : NULL;

    if (!event)
        return NULL;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        evidence_put(e, event, keys[i], json_null());
    evidence_put(e, event, "at", report_time((struct wall_time){ at_ms }));
    evidence_put(e, event, "at_ms", json_integer((json_int_t)at_ms));
    evidence_put(e, event, "kind", report_text(kind));
    if (journal)
        evidence_put(e, event, "record",
                     json_sprintf("%s %llu", journal, (unsigned long long)record));
    if (json_array_append_new(e->events, event) < 0) {
        e->error = -ENOMEM;
        return NULL;
    }
    return event;
}

void evidence_date(struct evidence *e, int64_t at_ms)
{
    char date[DATE_TEXT_MAX];

    if (is_in_range(e, at_ms) &&
        table_set(&e->dates, date_format(wall_date((struct wall_time){ at_ms }), date), e, NULL) <
            0)
        e->error = -ENOMEM;
}

/* ---- whom it is about ---- */

static int add(struct table *t, const char *id)
{
    return id && *id ? table_set(t, id, t, NULL) : 0;
}

/* A measure with what its figures and alerts rest on. */
static int add_measure(struct evidence *e, const struct plan *plan, const struct plan_measure *m)
{
    const struct settings *s = e->pipeline->config->settings;
    int r = add(&e->plans, plan->id);

    if (r == 0)
        r = table_set(&e->measures, m->id, (void *)(uintptr_t)m, NULL);
    if (r == 0)
        r = add(&e->actions, m->action);
    if (r == 0 && !m->list)
        r = add(&e->feeds, m->of_feed ? m->select.org : m->select.feed);
    for (size_t i = 0; r == 0 && m->list && i < s->feed_count; i++)
        if (s->feeds[i].into && strcmp(s->feeds[i].into, m->list->list) == 0)
            r = add(&e->feeds, s->feeds[i].id);
    return r;
}

/* Of a plan's measures those wanted; NULL: all. */
static int add_measures(struct evidence *e, const struct plan *plan, const char *id)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < plan->measure_count; i++)
        if (!id || strcmp(plan->measures[i].id, id) == 0)
            r = add_measure(e, plan, &plan->measures[i]);
    return r;
}

static int add_alert(struct evidence *e, const char *id)
{
    void *value;
    int r = 0;

    for (size_t at = 0; r == 0 && table_next(&e->pipeline->books.alerts, &at, NULL, &value);) {
        const struct alert *a = &((const struct stored_alert *)value)->alert;

        if (strlen(id) < WORKFLOW_ID_DIGITS_MIN || strncmp(a->id, id, strlen(id)) != 0)
            continue;
        if (e->alert)
            return -EEXIST;
        e->alert = a->id;
        for (size_t i = 0; r == 0 && a->measure && i < e->pipeline->config->plan_count; i++)
            if (strcmp(e->pipeline->config->plans[i]->id, a->plan ? a->plan : "") == 0)
                r = add_measures(e, e->pipeline->config->plans[i], a->measure);
        if (r == 0)
            r = add(&e->plans, a->plan);
        if (r == 0)
            r = add(&e->feeds, a->feed);
        if (r == 0)
            r = add(&e->actions, a->action);
    }
    return r;
}

static int find_scope(struct evidence *e, const json_t *asked)
{
    const char *measure = json_string_value(json_object_get(asked, "measure"));
    const char *alert = json_string_value(json_object_get(asked, "alert"));
    const char *place = json_string_value(json_object_get(asked, "place"));
    const struct config *c = e->pipeline->config;
    int r = alert ? add_alert(e, alert) : 0;

    for (size_t i = 0; r == 0 && i < c->plan_count; i++) {
        if (measure)
            r = add_measures(e, c->plans[i], measure);
        else if (place && c->plans[i]->place && strcmp(c->plans[i]->place, place) == 0)
            r = add_measures(e, c->plans[i], NULL);
    }
    return r < 0 ? r : table_count(&e->measures) || e->alert ? 0 : -ENOENT;
}

bool evidence_withholds(const struct evidence *e, const char *measure)
{
    const struct plan_measure *m = measure ? table_get(&e->measures, measure) : NULL;

    return !e->is_exact && measure &&
           !(m && (m->of_feed || (!m->list && now_is_published(e->pipeline, m->select.feed))));
}

/* ---- how the measures stand ---- */

static json_t *figure_object(const struct evidence *e, const struct finding *f)
{
    const struct period_judgement *j = f->history_count ? &f->history[f->history_count - 1] : NULL;
    const struct series_version *v = j ? j->version : NULL;
    const struct figure_kind kind = { .unit = finding_unit(f),
                                      .is_longest = measure_is_longest(f->measure) };
    const bool is_shown = !evidence_withholds(e, f->measure->id);
    const bool is_veiled = !is_shown && figure_veiled(f->measure, f->line, kind);
    json_t *o = json_object();
    int r = 0;

    r |= report_put(o, "id", report_text(f->measure->id));
    r |= report_put(o, "title", report_text(f->measure->title));
    r |= report_put(o, "plan", report_text(f->plan->id));
    r |= report_put(o, "plan_version", json_integer(f->plan->version));
    r |= report_put(o, "feed", report_text(f->feed));
    r |= report_put(o, "value", is_shown ? report_value(v) : json_null());
    r |= report_put(o, "marker", is_shown ? report_marker(v) : json_null());
    r |= report_put(o, "unit", report_text(unit_name(kind.unit)));
    r |= report_put(o, "period_end", j ? report_date(j->end) : json_null());
    r |= report_put(o, "status", v ? report_text(report_status(v, j->restated)) : json_null());
    r |= report_put(o, "restated", json_boolean(j && j->restated));
    r |= report_put(o, "rag",
                    report_text(rag_name(is_veiled && f->rag == RAG_AMBER ? RAG_RED : f->rag)));
    r |= report_put(o, "line",
                    !is_shown && figure_line_hidden(f->line, kind) ? json_null()
                                                                   : report_number(f->line));
    r |= report_put(o, "held", json_boolean(f->holds != 0));
    r |= report_put(o, "shown", json_boolean(is_shown));
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

/* How an action stands, under the same keys. */
static json_t *action_object(const struct finding *f)
{
    static const char *const none[] = { "value", "marker", "unit", "period_end" };
    AUTO(text_release) struct text id = TEXT_INIT;
    json_t *o = json_object();
    int r = text_printf(&id, "action %s", f->action->id);

    r |= report_put(o, "id", report_text(text_str(&id)));
    r |= report_put(o, "title", report_text(f->action->title));
    r |= report_put(o, "plan", report_text(f->plan->id));
    r |= report_put(o, "plan_version", json_integer(f->plan->version));
    r |= report_put(o, "feed", report_text(f->feed));
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        r |= report_put(o, none[i], json_null());
    r |= report_put(o, "status", report_text(report_action_status(f->delivery.status)));
    r |= report_put(o, "restated", json_false());
    r |= report_put(o, "rag", report_text(rag_name(f->delivery.rag)));
    r |= report_put(o, "line", json_null());
    r |= report_put(o, "held", json_boolean(f->holds != 0));
    r |= report_put(o, "shown", json_true());
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

static bool is_in_scope(const struct evidence *e, const struct finding *f)
{
    if (f->rule == RULE_BEHIND_PLAN)
        return table_has(&e->measures, f->measure->id);
    return f->rule == RULE_ACTION_OVERDUE && table_has(&e->plans, f->plan->id) &&
           table_has(&e->actions, f->action->id);
}

static json_t *figures_of(const struct evidence *e)
{
    const struct finding_set *all = &e->pipeline->findings;
    json_t *list = json_array();

    for (size_t i = 0; list && i < all->count; i++) {
        const struct finding *f = &all->list[i];

        if (is_in_scope(e, f) &&
            json_array_append_new(list, f->measure ? figure_object(e, f) : action_object(f)) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* ---- the answer ---- */

static json_t *ids_of(const struct table *t)
{
    json_t *list = json_array();
    const char *id;

    for (size_t at = 0; list && table_next(t, &at, &id, NULL);)
        if (json_array_append_new(list, json_string(id)) < 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *pack_of(struct evidence *e)
{
    const char *instance = e->pipeline->config->settings->instance;
    json_t *o = json_object();
    int r = 0;

    r |= report_put(o, "instance", report_text(instance));
    r |= report_put(o, "from", report_date(e->from));
    r |= report_put(o, "to", report_date(e->to));
    r |= report_put(o, "profile", report_text(e->is_exact ? "exact" : "partner"));
    r |= report_put(o, "alert_id", report_text(e->alert));
    r |= report_put(o, "measures", ids_of(&e->measures));
    r |= report_put(o, "feeds", ids_of(&e->feeds));
    r |= report_put(o, "dates", ids_of(&e->dates));
    r |= report_put(o, "plans", json_incref(e->versions));
    r |= report_put(o, "events", json_incref(e->events));
    r |= report_put(o, "sources", json_incref(e->sources));
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

static void release_json(void *value)
{
    json_decref(value);
}

static void release(struct evidence *e)
{
    json_decref(e->events);
    json_decref(e->sources);
    json_decref(e->versions);
    table_release(&e->plans, NULL);
    table_release(&e->measures, NULL);
    table_release(&e->feeds, NULL);
    table_release(&e->actions, NULL);
    table_release(&e->dates, NULL);
    table_release(&e->evaluated_dates, NULL);
    table_release(&e->episodes, release_json);
    table_release(&e->due, release_json);
    table_release(&e->notices, release_json);
    table_release(&e->told, NULL);
    table_release(&e->digest_ids, NULL);
    json_decref(e->digests);
}

static bool read_date(const json_t *asked, const char *key, struct civil_date *out)
{
    const char *text = json_string_value(json_object_get(asked, key));

    return text && date_parse_iso(text, strlen(text), out) == 0;
}

void evidence_answer(struct pipeline *p, struct ctl_request *request)
{
    const json_t *asked = ctl_request_json(request);
    const char *profile = json_string_value(json_object_get(asked, "profile"));
    const bool wants_figures = strcmp(ctl_request_command(request), "evidence-figures") == 0;
    struct evidence e = { .pipeline = p,
                          .evaluated = DATE_NONE,
                          .is_exact = profile && strcmp(profile, "exact") == 0,
                          .events = json_array(),
                          .digests = json_array(),
                          .sources = json_array(),
                          .versions = json_array() };
    json_t *result = NULL;
    int r = e.events && e.sources && e.versions ? find_scope(&e, asked) : -ENOMEM;

    if (r == 0 && !wants_figures)
        r = read_date(asked, "from", &e.from) && read_date(asked, "to", &e.to) ? evidence_read(&e)
                                                                               : -EINVAL;
    if (r == 0)
        result = wants_figures ? figures_of(&e) : pack_of(&e);
    if (result)
        ctl_reply(request, result);
    else if (r == -ENOENT)
        ctl_reply(request, json_null());
    else
        ctl_fail(request, 1, "%s",
                 r == -EEXIST ? "more than one alert begins so" : strerror(r < 0 ? -r : ENOMEM));
    release(&e);
}
