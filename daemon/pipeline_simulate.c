#include "pipeline_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "alert/alert.h"
#include "base/auto.h"
#include "base/log.h"
#include "ctl/report.h"
#include "ctl/report_json.h"

/*
 * waitlistd --simulate: one date after another, each given by the command "simulate". All else is the
 * daemon as it always runs. A date's files are taken, its receipts applied, then one evaluation is made,
 * its messages are composed and taken by receivers that hand nothing on; the answer says what changed.
 */

struct simulation {
    struct ctl_request *request; /* of the date under way, or NULL */
    bool wants_all;
    bool has_begun;
    struct history *history; /* or NULL */
    json_t *messages;        /* of the date under way */
    uint64_t told_of;        /* the newest receipt that an answer had */
};

int simulate_open(struct pipeline *p)
{
    struct simulation *s;

    if (!p->options.is_simulated)
        return 0;
    s = calloc(1, sizeof *s);
    p->simulation = s;
    if (!s)
        return -ENOMEM;
    s->messages = json_array();
    if (!s->messages)
        return -ENOMEM;
    s->has_begun = p->options.is_past;
    if (p->options.is_past)
        past_say_lost(p);
    return p->options.has_history ? history_open(p, p->config->live_state, &s->history) : 0;
}

void simulate_close(struct pipeline *p)
{
    struct simulation *s = p->simulation;

    if (!s)
        return;
    if (s->request)
        ctl_fail(s->request, 1, "the simulation ends");
    history_free(s->history);
    json_decref(s->messages);
    free(s);
    p->simulation = NULL;
}

bool simulate_waits(const struct pipeline *p)
{
    return !p->simulation->has_begun;
}

void simulate_answer(struct pipeline *p, struct ctl_request *request)
{
    struct simulation *s = p->simulation;
    const char *text = json_string_value(json_object_get(ctl_request_json(request), "date"));
    struct wall_time at;
    int r;

    if (!text || strlen(text) != DATE_TEXT_MAX - 1 || clock_parse_at(text, &at) < 0 ||
        at.ms < clock_wall(&p->clock).ms || s->request) {
        ctl_fail(request, 2, "simulate wants a date, not before the last one, one at a time");
        return;
    }
    s->request = request;
    s->wants_all = json_is_true(json_object_get(ctl_request_json(request), "all"));
    s->has_begun = true;
    clock_stop(&p->clock, at);
    r = s->history ? history_receive(p, s->history, wall_date(at)) : 0;
    if (r < 0) {
        s->request = NULL;
        ctl_fail(request, 1, "what was received on %s cannot be received again: %s", text,
                 strerror(-r));
        return;
    }
    intake_scan(p);
    pipeline_wake(p);
}

/* ---- what a date brought ---- */

static const struct finding *finding_of(const struct pipeline *p, const char *alert_id)
{
    for (size_t i = 0; i < p->findings.count; i++)
        if (strcmp(p->finding_ids[i], alert_id) == 0)
            return &p->findings.list[i];
    return NULL;
}

/* Whether what is new today about a measure are other figures of periods that had one already. */
static bool is_by_restatement(const struct finding *f, struct civil_date today)
{
    bool is_restated = false;

    for (size_t i = 0; f && i < f->history_count; i++) {
        const struct period_judgement *j = &f->history[i];

        if (j->version && date_compare(wall_date(j->first_received), today) == 0)
            return false;
        is_restated |=
            j->version && j->restated && date_compare(wall_date(j->received), today) == 0;
    }
    return is_restated;
}

static json_t *alert_object(const struct pipeline *p, const struct alert *a,
                            const struct episode *e)
{
    const struct finding *f = finding_of(p, a->id);
    const char *severity = alert_severity_name(e->severity);
    json_t *o = json_object();
    int r = 0;

    r |= report_put(o, "alert_id", report_text(a->id));
    r |= report_put(o, "episode_id", report_text(e->id));
    r |= report_put(o, "rule", report_text(rule_name(a->rule)));
    r |= report_put(o, "plan", report_text(a->plan));
    r |= report_put(o, "measure", report_text(a->measure));
    r |= report_put(o, "feed", report_text(a->feed));
    r |= report_put(o, "provider", report_text(a->provider));
    r |= report_put(o, "action", report_text(a->action));
    r |= report_put(o, "title", report_text(a->title));
    r |= report_put(o, "owner", report_text(a->owner));
    r |= report_put(o, "state", report_text(alert_state_words(a, e)));
    r |= report_put(o, "severity", report_text(severity));
    r |= report_put(o, "held", json_boolean(e->held));
    r |= report_put(o, "open", json_boolean(episode_is_open(e)));
    r |= report_put(o, "fires", json_boolean(episode_is_active(e)));
    r |= report_put(o, "since", report_date(e->opened));
    r |= report_put(o, "by_restatement", json_boolean(is_by_restatement(f, p->findings_of)));
    r |= report_put(o, "corrected", json_boolean(e->state == ALERT_RETRACTED));
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

/* What this date changed; or, of all, the current episode of each alert. */
static json_t *alerts_of(const struct pipeline *p, bool all)
{
    json_t *list = json_array();
    int r = list ? 0 : -1;
    void *value;

    for (size_t at = 0; r == 0 && table_next(&p->books.alerts, &at, NULL, &value);) {
        const struct alert *a = &((const struct stored_alert *)value)->alert;

        for (size_t i = 0; r == 0 && i < a->episode_count; i++)
            if (all ? i + 1 == a->episode_count : a->episodes[i].changed_at.ms == p->clock.start.ms)
                r = json_array_append_new(list, alert_object(p, a, &a->episodes[i]));
    }
    if (r == 0)
        return list;
    json_decref(list);
    return NULL;
}

/* What each plan watches, whether it ever fired or not. */
static json_t *rules_of(const struct pipeline *p)
{
    json_t *list = json_array();
    int r = list ? 0 : -1;

    for (size_t i = 0; r == 0 && i < p->findings.count; i++) {
        const struct finding *f = &p->findings.list[i];
        json_t *o = f->plan ? json_object() : NULL;

        if (!f->plan)
            continue;
        r |= report_put(o, "alert_id", report_text(p->finding_ids[i]));
        r |= report_put(o, "rule", report_text(rule_name(f->rule)));
        r |= report_put(o, "plan", report_text(f->plan->id));
        r |= report_put(o, "measure", report_text(f->measure ? f->measure->id : NULL));
        r |= report_put(o, "feed", report_text(f->feed));
        r |= report_put(o, "action", report_text(f->action ? f->action->id : NULL));
        r |= report_put(o, "title", report_text(f->title));
        r |= report_put(o, "owner", report_text(f->owner));
        r |= json_array_append_new(list, o);
    }
    if (r == 0)
        return list;
    json_decref(list);
    return NULL;
}

/* The files that came with this date, and what became of each. */
static json_t *files_of(struct pipeline *p)
{
    json_t *list = json_array();
    uint64_t after = p->simulation->told_of;
    int r = list ? 0 : -1;

    for (size_t i = 0; r == 0 && i < p->receipts.count; i++) {
        const struct receipt *of = p->receipts.list[i];
        json_t *o = of->sequence > after && !of->decides ? json_object() : NULL;

        p->simulation->told_of = of->sequence;
        if (of->sequence <= after || of->decides)
            continue;
        r |= report_put(o, "feed", report_text(of->feed));
        r |= report_put(o, "sha256", report_text(of->sha256));
        r |= report_put(o, "outcome", report_text(receipt_outcome_name(of->outcome)));
        r |= report_put(o, "why", report_text(of->why));
        r |= report_put(o, "set_aside", json_integer((json_int_t)of->set_aside));
        r |= json_array_append_new(list, o);
    }
    if (r == 0)
        return list;
    json_decref(list);
    return NULL;
}

static bool is_settled(const struct pipeline *p)
{
    return p->simulation->request && !take_is_busy(p) && deliver_tried_all(p) &&
           date_compare(p->findings_of, pipeline_today(p)) == 0;
}

void simulate_settle(struct pipeline *p)
{
    struct simulation *s = p->simulation;
    struct ctl_request *request = s->request;
    json_t *result = json_object();
    int r = 0;

    if (!is_settled(p)) {
        json_decref(result);
        return;
    }
    r |= report_put(result, "date", report_date(p->findings_of));
    r |= report_put(result, "alerts", alerts_of(p, s->wants_all));
    r |= report_put(result, "measures",
                    s->wants_all ? report_measures(&p->findings, NULL) : json_null());
    r |= report_put(result, "rules", s->wants_all ? rules_of(p) : json_null());
    r |= report_put(result, "files", files_of(p));
    r |= report_put(result, "messages", s->messages);
    s->messages = json_array();
    s->request = NULL;
    if (r == 0 && s->messages) {
        ctl_reply(request, result);
        return;
    }
    json_decref(result);
    ctl_fail(request, 1, "out of memory");
    pipeline_stop(p, 1);
}

/* ---- messages ---- */

/* The roles whose alerts a message tells of, each once; ops where an alert has none. */
static json_t *owners_of(const struct pipeline *p, const struct outbox_item *message)
{
    struct table owners = TABLE_INIT;
    json_t *list = json_array();
    int r = list ? 0 : -1;
    void *value;

    for (size_t at = 0; r == 0 && table_next(&p->books.alerts, &at, NULL, &value);) {
        const struct alert *a = &((const struct stored_alert *)value)->alert;
        const char *owner = a->owner ? a->owner : "ops";
        bool is_told = false;

        for (size_t i = 0; i < a->episode_count; i++)
            for (size_t k = 0; k < message->tell_count; k++)
                is_told |= strcmp(a->episodes[i].id, message->tells[k].episode) == 0;
        if (!is_told || table_has(&owners, owner))
            continue;
        r = table_set(&owners, owner, message->tells, NULL);
        if (r == 0)
            r = json_array_append_new(list, json_string(owner));
    }
    table_release(&owners, NULL);
    if (r == 0)
        return list;
    json_decref(list);
    return NULL;
}

void simulate_note(struct pipeline *p, const struct outbox_item *message)
{
    json_t *o = json_object();
    int r = 0;

    r |= report_put(o, "receiver", report_text(message->receiver));
    r |= report_put(o, "recipient", report_text(message->recipient));
    r |= report_put(o, "subject", report_text(message->subject));
    r |= report_put(o, "severity", report_text(alert_severity_name(message->severity)));
    r |= report_put(o, "owners", owners_of(p, message));
    if (r == 0)
        r = json_array_append_new(p->simulation->messages, o);
    else
        json_decref(o);
    if (r < 0) {
        log_error("simulate", "no memory for a message");
        pipeline_stop(p, 1);
    }
}
