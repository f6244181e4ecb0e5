#include "pipeline_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/log.h"
#include "base/text.h"
#include "ctl/ctl_protocol.h"
#include "ctl/report.h"
#include "ctl/show.h"
#include "parse/parser.h"

#define FIRST_EVALUATION_WAIT_MS 10000
#define AT_WORK_WAIT_MS          (CTL_CLIENT_WAIT_S - 10) * 1000 /* more, where there is nothing to show */

static const char *const kind_words[] = { "aggregate", "snapshot", "events", "set" };

/* The files of a feed that wait; malloc'ed, strings borrowed. NULL without memory. */
static struct wait_report *waits_of(const struct feed_book *b)
{
    struct wait_report *waits = calloc(b->wait_count + 1, sizeof *waits);

    for (size_t i = 0; waits && i < b->wait_count; i++)
        waits[i] = (struct wait_report){ b->waits[i].receipt, b->waits[i].why, b->waits[i].held,
                                         b->waits[i].since };
    return waits;
}

static void tell_left_out(const struct pipeline *p, const char *feed, struct feed_report *out)
{
    const struct receipt *r = receipt_in_force(p, feed, NULL);

    if (!r || !r->shape)
        return;
    out->left_out.is_known = true;
    out->left_out.receipt = r->sequence;
    out->left_out.rows = r->shape->rows;
    out->left_out.set_aside = r->set_aside;
    out->left_out.service = r->left_out.of[LEFT_OUT_SERVICE];
    out->left_out.provider = r->left_out.of[LEFT_OUT_PROVIDER];
}

static json_t *feeds_of(struct pipeline *p)
{
    struct feed_states states = { 0 };
    const struct settings *s = p->config->settings;
    struct feed_report *reports = calloc(s->feed_count + 1, sizeof *reports);
    json_t *result = NULL;
    bool has_memory = true;

    if (reports && feed_states_of(p, &states) == 0) {
        for (size_t i = 0; i < states.count; i++) {
            const struct feed_book *b = table_get(&p->books.feeds, s->feeds[i].id);

            reports[i] = (struct feed_report){ .state = &states.list[i],
                                               .kind = kind_words[s->feeds[i].kind],
                                               .format = s->feeds[i].format };
            if (s->feeds[i].into) {
                reports[i].list = lists_report(p, s->feeds[i].into);
                has_memory &= reports[i].list != NULL;
            }
            if (!b)
                continue;
            reports[i].last_received = b->last_received;
            reports[i].files = b->files;
            reports[i].last_outcome = b->last_outcome;
            reports[i].last_outcome_at = b->last_outcome_at;
            reports[i].waits = waits_of(b);
            reports[i].wait_count = b->wait_count;
            tell_left_out(p, s->feeds[i].id, &reports[i]);
            has_memory &= reports[i].waits != NULL;
        }
        if (has_memory)
            result = report_feeds(reports, states.count);
    }
    for (size_t i = 0; reports && i < states.count; i++) {
        free((void *)(uintptr_t)reports[i].waits);
        json_decref(reports[i].list);
    }
    feed_states_release(&states);
    free(reports);
    return result;
}

/* The alerts alone, as the reports take them: id -> struct alert *. */
static int alerts_of(const struct pipeline *p, struct table *out)
{
    const char *id;
    void *value;
    int r = 0;

    for (size_t at = 0; r == 0 && table_next(&p->books.alerts, &at, &id, &value);)
        r = table_set(out, id, &((struct stored_alert *)value)->alert, NULL);
    return r;
}

static json_t *plans_of(struct pipeline *p)
{
    json_t *list = report_plans((const struct plan *const *)p->config->plans, p->config->plan_count,
                                &p->findings);

    if (!list || plans_report(p, list) == 0)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *result_of(struct pipeline *p, const char *command, const char *id)
{
    struct table alerts = TABLE_INIT;
    json_t *result = NULL;

    if (alerts_of(p, &alerts) < 0)
        result = NULL;
    else if (strcmp(command, "feeds") == 0)
        result = feeds_of(p);
    else if (strcmp(command, "measures") == 0)
        result = report_measures(&p->findings, NULL);
    else if (strcmp(command, "measure") == 0)
        result = about_report(p, id);
    else if (strcmp(command, "alerts") == 0)
        result = workflow_add_to_alerts(p, report_alerts(&alerts, &p->findings, pipeline_today(p)));
    else if (strcmp(command, "forecast") == 0)
        result = forecast_report(p, id);
    else if (strcmp(command, "series-find") == 0)
        result = series_find_report(p, id);
    else if (strcmp(command, "plan-gap") == 0)
        result = gap_report(p, id);
    else if (strcmp(command, "spc-show") == 0)
        result = spc_report(p, id);
    else if (strcmp(command, "outbox-ls") == 0)
        result = outbox_list(p);
    else if (strcmp(command, "explain") == 0)
        result = workflow_add_to_explain(p, report_explain(p->config->settings->instance, &alerts,
                                                           &p->findings, id, pipeline_today(p)));
    else if (strcmp(command, "silence-ls") == 0)
        result = workflow_silences(p);
    else
        result = plans_of(p);
    table_release(&alerts, NULL);
    return result;
}

static bool is_settled(const struct pipeline *p)
{
    if (store_leader(p->store))
        return true; /* another daemon knows */
    return date_is_set(p->findings_of) && date_compare(p->findings_of, pipeline_today(p)) == 0 &&
           !p->need_evaluate && !p->apply && p->change_count == 0 && !p->composing &&
           (!p->loaded || !apply_next(p));
}

/* Nothing stands that could be shown, and what brings it about is under way. */
static bool is_at_work(const struct pipeline *p)
{
    return !date_is_set(p->findings_of) && p->loaded && store_is_ready(p->store) &&
           !p->trouble[0] &&
           (p->apply || p->batch.in_flight || p->need_evaluate || p->change_count || apply_next(p));
}

static void fail_unevaluated(const struct pipeline *p, struct ctl_request *request)
{
    size_t files = p->apply != NULL;

    for (size_t i = p->apply_from; i < p->receipts.count; i++)
        files += receipt_is_due(p, p->receipts.list[i]);
    if (is_at_work(p) && files > 0)
        ctl_fail(request, 1,
                 "nothing was evaluated yet: %zu files are still to take effect: ask again", files);
    else if (is_at_work(p))
        ctl_fail(request, 1, "nothing was evaluated yet: %s: ask again",
                 backfill_is_on(p) ? "a backfill is under way" : "it is being done");
    else
        ctl_fail(request, 1, "nothing was evaluated yet: %s%s", p->trouble[0] ? "" : "Redis is ",
                 p->trouble[0] ? p->trouble : checks_redis_state(p));
}

static void answer_now(struct pipeline *p, struct ctl_request *request)
{
    const char *command = ctl_request_command(request);
    const char *id = json_string_value(json_object_get(ctl_request_json(request), "id"));

    char words[REBUILD_WORDS_MAX];

    if (store_leader(p->store)) {
        ctl_fail(request, 1, "standby: %s leads", store_leader(p->store));
        return;
    }
    if (!date_is_set(p->findings_of) && rebuild_words(p, words)) {
        ctl_fail(request, 1, "%s", words);
        return;
    }
    if (!date_is_set(p->findings_of)) {
        fail_unevaluated(p, request);
        return;
    }
    if (strcmp(command, "outbox-ls") == 0 &&
        !p->loaded) { /* an empty list would say: nothing is due */
        ctl_fail(request, 1, "which messages are due is not known: Redis is %s",
                 checks_redis_state(p));
        return;
    }
    if (strcmp(command, "plan-diff") == 0) {
        plans_answer_diff(p, request);
        return;
    }
    if (strcmp(command, "silence-preview") == 0) {
        workflow_answer_preview(p, request);
        return;
    }
    if (strncmp(command, "evidence", 8) == 0) {
        evidence_answer(p, request);
        return;
    }
    if (strcmp(command, "render") == 0) {
        render_answer(p, request);
        return;
    }
    const char *text = json_string_value(json_object_get(ctl_request_json(request), "text"));
    json_t *result = strcmp(command, "plan-check") == 0
                         ? plan_check_report(p, id ? id : "plan", text ? text : "")
                         : result_of(p, command, id ? id : "");

    if (result)
        ctl_reply(request, result);
    else
        ctl_fail(request, 1, "out of memory");
}

void ctl_settle_waiting(struct pipeline *p)
{
    int64_t now = clock_mono(&p->clock).ms;
    size_t kept = 0;

    for (size_t i = 0; i < p->waiting_count; i++) {
        struct waiting_request w = p->waiting[i];

        if (is_settled(p) || p->stopping || w.most.ms <= now ||
            (w.until.ms <= now && !is_at_work(p)))
            answer_now(p, w.request);
        else
            p->waiting[kept++] = w;
    }
    p->waiting_count = kept;
}

static gid_t group_of(const char *name)
{
    gid_t gid;
    int r = settings_group(name, &gid);

    if (name && r < 0)
        log_warning("control", "group=%s: there is none: its members may not ask", name);
    return r < 0 ? CTL_NO_GROUP : gid;
}

void ctl_allow(struct pipeline *p)
{
    const struct settings *s = p->config->settings;
    const struct ctl_groups groups = { group_of(s->control_operators),
                                       group_of(s->control_readers) };
    int r = ctl_server_allow(p->ctl, &groups);

    if (r < 0)
        log_warning("control", "socket=\"%s\" error=\"%s\"", s->control, strerror(-r));
}

static bool is_among(const char *command, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], command) == 0)
            return true;
    return false;
}

void ctl_answer(void *arg, struct ctl_request *request)
{
    struct pipeline *p = arg;
    const char *command = ctl_request_command(request);
    json_t *result = NULL;
    static const char *const at_once[] = { "status", "health", "audit" };
    static const char *const waits[] = {
        "feeds",      "measures", "measure",    "alerts",         "explain",   "plan-show",
        "outbox-ls",  "spc-show", "forecast",   "plan-gap",       "plan-diff", "series-find",
        "plan-check", "render",   "silence-ls", "silence-preview"
    };

    static const char *const of_past[] = { "evidence", "evidence-figures" };

    bool is_waited_for = is_among(command, waits, sizeof waits / sizeof waits[0]) ||
                         (p->options.is_past && is_among(command, of_past, 2));

    /* Whatever is no question may change something. */
    if (!ctl_request_may_act(request) && !is_waited_for &&
        !is_among(command, at_once, sizeof at_once / sizeof at_once[0])) {
        ctl_fail(request, 1, "you may ask, not act: that is for the operators of control:");
        return;
    }
    if (strcmp(command, "status") == 0) {
        result = status_report(p);
    } else if (strcmp(command, "health") == 0) {
        result = health_report(p);
    } else if (strcmp(command, "audit") == 0) {
        result = audit_list(p);
    } else if (p->simulation && strcmp(command, "simulate") == 0) {
        simulate_answer(p, request);
        return;
    } else if (strcmp(command, "feed-backfill") == 0) {
        backfill_answer(p, request);
        return;
    } else if (strcmp(command, "notify-test") == 0) {
        notify_test_answer(p, request);
        return;
    } else if (strcmp(command, "doctor") == 0) {
        doctor_answer(p, request);
        return;
    } else if (act_is_known(command)) {
        act_answer(p, request);
        return;
    } else {
        if (!is_waited_for) {
            ctl_fail(request, 2, "no such command: %s", command);
            return;
        }
        if (is_settled(p)) {
            answer_now(p, request);
            return;
        }
        struct waiting_request *list = realloc(p->waiting, (p->waiting_count + 1) * sizeof *list);

        if (list) {
            p->waiting = list;
            int64_t now = clock_mono(&p->clock).ms;

            if (p->options.is_past) /* it is asked once, and has all to do before */
                now += (int64_t)CTL_PAST_WAIT_S * 1000;

            list[p->waiting_count++] = (struct waiting_request){ request,
                                                                 { now + FIRST_EVALUATION_WAIT_MS },
                                                                 { now + AT_WORK_WAIT_MS } };
            pipeline_wake(p); /* a new day is judged for whoever asks, not at the next tick */
            return;
        }
    }
    if (result)
        ctl_reply(request, result);
    else
        ctl_fail(request, 1, "out of memory");
}

void ctl_print_alerts(struct pipeline *p)
{
    struct text out = TEXT_INIT;
    json_t *alerts = result_of(p, "alerts", "");
    bool terminal = isatty(STDOUT_FILENO);

    if (alerts && show_result("alerts", alerts, 0, terminal && !getenv("NO_COLOR"), &out) == 0)
        (void)fputs(text_str(&out), stdout);
    (void)fflush(stdout);
    json_decref(alerts);
    text_release(&out);
}
