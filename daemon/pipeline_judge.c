#include "pipeline_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/text.h"
#include "notify/message.h"

/*
 * One evaluation: books and plans to findings, findings to alerts, what changed to Redis, and what is
 * to be told of it. The local date evaluated, and every alert as it will be, is journalled before any of
 * its Redis calls; each message before the call that makes it due. So both journals hold what is told,
 * and the calls need not wait for each other: they leave together, and Redis syncs once. Where it takes
 * one of them and not the other, the books are loaded again and healed by the journals.
 */

/* ---- evaluation ---- */

static const char *org_code(void *arg, const char *printed)
{
    const struct pipeline *p = arg;

    return settings_org_code(p->config->settings, printed);
}

static const char *org_before(void *arg, const char *org, size_t n, struct civil_date *out_last)
{
    const struct pipeline *p = arg;

    return settings_org_before(p->config->settings, org, n, out_last);
}

void judge_forget(struct pipeline *p)
{
    finding_set_release(&p->findings);
    free(p->finding_ids);
    p->finding_ids = NULL;
    p->findings_of = DATE_NONE;
}

void judge_abort(struct pipeline *p)
{
    for (size_t i = 0; i < p->change_count; i++)
        alert_change_release(&p->changes[i]);
    free(p->changes);
    p->changes = NULL;
    p->change_count = 0;
}

/* By these plans. Returns 0 or -ENOMEM. */
static int find_all(struct pipeline *p, const struct plan *const *plans, size_t plan_count,
                    struct civil_date today, struct finding_set *out_findings)
{
    struct feed_states states = { 0 };
    struct receiver_states receivers = { 0 };
    struct self_check checks[CHECKS_MAX];
    char words[CHECKS_MAX][CHECK_WORDS_MAX];
    struct measures_ageing *ageing = measures_ageing_new(p);
    const struct ageing_source source = { measures_ageing_data, measures_ageing_figure, ageing };
    const struct outlook_source outlook = { measures_look, ageing, p->forecasts };
    int r = ageing ? feed_states_of(p, &states) : -ENOMEM;

    if (r == 0)
        r = receiver_states_of(p, &receivers);
    if (r == 0) {
        const struct evaluation_input in = {
            .plans = plans,
            .plan_count = plan_count,
            .series = &p->books.series,
            .feeds = states.list,
            .feed_count = states.count,
            .receivers = receivers.list,
            .receiver_count = receivers.count,
            .checks = checks,
            .check_count = checks_of(p, checks, words),
            .ageing = &source,
            .outlook = &outlook,
            .today = today,
            .chart_breaks = spc_breaks,
            .chart_breaks_arg = p,
            .org_code = org_code,
            .org_before = org_before,
            .org_code_arg = p,
        };

        r = evaluate(&in, out_findings);
    }
    measures_ageing_free(ageing);
    feed_states_release(&states);
    receiver_states_release(&receivers);
    return r;
}

/* The alert that each finding is of; malloc'ed. NULL without memory. */
static char (*ids_of(const struct pipeline *p, const struct finding_set *findings))[ALERT_ID_MAX]
{
    char(*ids)[ALERT_ID_MAX] = calloc(findings->count + 1, sizeof *ids);

    for (size_t i = 0; ids && i < findings->count; i++)
        if (alert_id_of(p->config->settings->instance, &findings->list[i], ids[i]) < 0) {
            free(ids);
            return NULL;
        }
    return ids;
}

static const struct plan *const *plans_of(const struct pipeline *p)
{
    return (const struct plan *const *)p->config->plans;
}

static int make_findings(struct pipeline *p, struct civil_date today)
{
    struct finding_set findings = { 0 };
    int r = find_all(p, plans_of(p), p->config->plan_count, today, &findings);

    if (r < 0)
        return r;
    judge_forget(p);
    p->findings = findings;
    plans_mark_findings(p, &p->findings);
    p->finding_ids = ids_of(p, &p->findings);
    return p->finding_ids ? 0 : -ENOMEM;
}

static char *audit_of(const struct alert_change *c, struct wall_time now)
{
    const struct episode *e =
        c->episode < c->next.episode_count ? &c->next.episodes[c->episode] : NULL;
    const struct episode *ended =
        c->ended_news != NEWS_NONE ? &c->next.episodes[c->ended_episode] : NULL;
    char at[WALL_TEXT_MAX];
    json_t *j = json_pack(
        "{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:b}", "at", wall_format(now, at), "alert",
        c->next.id, "episode", e ? e->id : NULL, "state", e ? alert_state_name(e->state) : NULL,
        "news", alert_news_name(c->news), "why", c->why, "ended_episode", ended ? ended->id : NULL,
        "ended_state", ended ? alert_state_name(ended->state) : NULL, "flapping", e && e->flapping);
    char *text = j ? json_text(j, JSON_COMPACT) : NULL;

    json_decref(j);
    return text;
}

/* Stores one change; it stays in p->changes until all took effect. */
static int store_change(struct pipeline *p, const struct alert_change *c, struct wall_time now)
{
    const struct stored_alert *stored = table_get(&p->books.alerts, c->next.id);
    unsigned long revision = stored ? stored->revision : 0;
    AUTO(auto_free) char *audit = audit_of(c, now);
    const struct episode *e =
        c->episode < c->next.episode_count ? &c->next.episodes[c->episode] : NULL;

    if (!audit)
        return -ENOMEM;
    if (c->news != NEWS_NONE && e)
        log_info("alert", "rule=%s measure=%s feed=%s state=%s news=%s why=\"%s\"",
                 rule_name(c->next.rule), c->next.measure ? c->next.measure : "-",
                 c->next.feed ? c->next.feed : "-", alert_state_name(e->state),
                 alert_news_name(c->news), c->why ? c->why : "");
    batch_add(p,
              store_transition(p->store, &c->next, revision, revision + 1, audit, batch_done, p));
    return 0;
}

/* What is stepped: by which plans, and what became of it. */
struct stepped {
    const struct plan *const *plans;
    size_t plan_count;
    const struct finding_set *findings;
    const char (*ids)[ALERT_ID_MAX];
    struct alert_change *changes;
    size_t count;
};

/* Takes the change. */
static void keep_change(struct stepped *s, struct alert_change *c)
{
    if (c->changed)
        s->changes[s->count++] = *c;
    else
        alert_change_release(c);
}

static bool has_finding(const struct stepped *s, const char *alert_id)
{
    for (size_t i = 0; i < s->findings->count; i++)
        if (strcmp(s->ids[i], alert_id) == 0)
            return true;
    return false;
}

/*
 * A feed or action rule that is no longer true gives no finding: the machine is shown one without
 * history, so that it clears the alert; a rule whose measure, feed or action is gone is withdrawn.
 */
static int step_without_finding(struct pipeline *p, const struct stepped *s,
                                const struct stored_alert *stored, struct civil_date today,
                                struct wall_time now, struct alert_change *c)
{
    const struct alert *a = &stored->alert;
    struct finding gone = { .rule = a->rule, .instant = true, .line = NAN };
    bool exists = false;

    if (rule_is_of_measure(a->rule))
        return alert_end(a, today, now, c);
    for (size_t i = 0; a->plan && i < s->plan_count; i++)
        if (strcmp(s->plans[i]->id, a->plan) == 0) {
            gone.plan = s->plans[i];
            gone.action = a->action ? plan_action_find(gone.plan, a->action) : NULL;
            exists = gone.action != NULL;
        }
    if (a->feed && pipeline_feed(p, a->feed)) {
        gone.feed = a->feed;
        gone.provider = a->provider ? a->provider : "";
        exists = true;
    }
    if (a->receiver) {
        gone.receiver = a->receiver;
        exists = true;
    }
    if (a->rule == RULE_SELF_CHECK) {
        gone.provider = a->provider;
        exists = true;
    }
    if (!exists)
        return alert_end(a, today, now, c);
    gone.title = a->title;
    gone.owner = a->owner;
    return alert_step(p->config->settings->instance, a, &gone, NULL, today, now, c);
}

/* Whether a person closed what is open of it. */
static bool is_closed_by_person(const struct pipeline *p, const struct stored_alert *stored)
{
    const struct episode *e = stored ? alert_current(&stored->alert) : NULL;

    return e && episode_is_active(e) && workflow_closes(&p->workflow, e);
}

/* Returns 0 or -ENOMEM; either way .changes holds .count of them. */
static int step_all(struct pipeline *p, struct stepped *s, struct civil_date today,
                    struct wall_time now)
{
    const struct settings *settings = p->config->settings;
    const struct insistence insistence = { &settings->workdays, settings->remind_days,
                                           settings->remind_count };
    const char *id;
    void *value;
    int r = 0;

    s->changes = calloc(s->findings->count + table_count(&p->books.alerts) + 1, sizeof *s->changes);
    if (!s->changes)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < s->findings->count; i++) {
        const struct stored_alert *stored = table_get(&p->books.alerts, s->ids[i]);
        struct alert_change c = { 0 };

        r = is_closed_by_person(p, stored)
                ? alert_close(&stored->alert, today, now, &c)
                : alert_step(settings->instance, stored ? &stored->alert : NULL,
                             &s->findings->list[i], &insistence, today, now, &c);
        if (r == 0)
            keep_change(s, &c);
    }
    for (size_t at = 0; r == 0 && table_next(&p->books.alerts, &at, &id, &value);) {
        struct alert_change c = { 0 };

        if (has_finding(s, id))
            continue;
        r = step_without_finding(p, s, value, today, now, &c);
        if (r == 0)
            keep_change(s, &c);
    }
    return r;
}

static int step_by_plans(struct pipeline *p, struct civil_date today, struct wall_time now)
{
    struct stepped s = { .plans = plans_of(p),
                         .plan_count = p->config->plan_count,
                         .findings = &p->findings,
                         .ids = (const char(*)[ALERT_ID_MAX])p->finding_ids };
    int r = step_all(p, &s, today, now);

    p->changes = s.changes;
    p->change_count = s.count;
    return r;
}

int judge_as_if(struct pipeline *p, const struct plan *const *plans, size_t plan_count,
                struct finding_set *out_findings, struct alert_change **out_changes,
                size_t *out_count)
{
    struct stepped s = { .plans = plans, .plan_count = plan_count, .findings = out_findings };
    struct civil_date today = pipeline_today(p);
    int r = find_all(p, plans, plan_count, today, out_findings);
    char(*ids)[ALERT_ID_MAX] = r == 0 ? ids_of(p, out_findings) : NULL;

    if (r == 0 && !ids)
        r = -ENOMEM;
    s.ids = (const char(*)[ALERT_ID_MAX])ids;
    if (r == 0)
        r = step_all(p, &s, today, clock_wall(&p->clock));
    free(ids);
    *out_changes = s.changes;
    *out_count = s.count;
    return r;
}

/* Every change was sent: what is told follows from it. Returns 0 or -ENOMEM. */
static int adopt_changes(struct pipeline *p)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < p->change_count; i++) {
        struct alert *next = &p->changes[i].next;
        const struct stored_alert *stored = table_get(&p->books.alerts, next->id);

        r = books_adopt_alert(&p->books, next, stored ? stored->revision + 1 : 1);
    }
    judge_abort(p);
    return r;
}

static void finish_evaluation(struct pipeline *p)
{
    p->findings_of = p->evaluating;
    p->evaluated_at = clock_wall(&p->clock);
    compose_finish(p);
}

/* A full disk stops no alert: what Redis then knows alone is written down once there is room. */
static int journal_evaluation(struct pipeline *p, struct civil_date today)
{
    int r = audit_evaluated(p, today);

    if (!disk_error_is_full(r))
        return r;
    disk_is_full(p, "the audit journal cannot be written", r);
    p->journals_are_behind = true;
    return 0;
}

/* The next messages of an evaluation whose changes were sent. */
static bool tell_next(struct pipeline *p)
{
    int r = p->composing ? 0 : adopt_changes(p);

    if (r == 0 && !p->composing)
        r = compose_prepare(p);
    if (r < 0)
        batch_fail(p, r);
    return r == 0 && compose_more(p);
}

/* The next call of an evaluation: what now: shows of each finding, what it shows no more, then each
 * change, then messages. */
static bool store_next(struct pipeline *p)
{
    size_t at = p->storing_at++;
    int r = 0;

    if (at < p->findings.count) {
        if (p->findings.list[at].rule == RULE_BEHIND_PLAN)
            r = show_now(p, &p->findings.list[at]);
    } else if (at == p->findings.count) {
        hide_gone(p);
    } else if (at - p->findings.count - 1 < p->change_count) {
        r = store_change(p, &p->changes[at - p->findings.count - 1], p->evaluating_at);
    } else {
        return tell_next(p);
    }
    if (r < 0)
        batch_fail(p, r);
    return true;
}

void judge_start(struct pipeline *p)
{
    struct civil_date today = pipeline_today(p);
    struct wall_time now = clock_wall(&p->clock);
    int r;

    p->evaluating = today;
    p->need_evaluate = false;
    r = golive_note(p);
    if (r == 0)
        r = make_findings(p, today);
    if (r == 0)
        forecast_kept_turn(p->forecasts);
    if (r == 0)
        r = step_by_plans(p, today, now);
    if (r == 0)
        r = journal_evaluation(p, today);
    if (r < 0) {
        log_error("evaluate", "error=\"%s\"", strerror(-r));
        batch_begin(p, finish_evaluation);
        batch_fail(p, r);
        batch_end(p);
        return;
    }
    p->storing_at = 0;
    p->evaluating_at = now;
    batch_run(p, store_next, finish_evaluation);
}
