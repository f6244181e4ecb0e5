#include "pipeline_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"
#include "notify/message.h"

/*
 * One evaluation: books and plans to findings, findings to alerts, what changed to Redis, then
 * adopted. The local date evaluated is journalled before any of its Redis calls.
 */

/* ---- evaluation ---- */

static const char *org_code(void *arg, const char *printed)
{
    const struct pipeline *p = arg;

    return settings_org_code(p->config->settings, printed);
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

static int make_findings(struct pipeline *p, struct civil_date today)
{
    struct feed_states states = { 0 };
    struct finding_set findings = { 0 };
    int r = feed_states_of(p, &states);

    if (r == 0) {
        const struct evaluation_input in = {
            .plans = (const struct plan *const *)p->config->plans,
            .plan_count = p->config->plan_count,
            .series = &p->books.series,
            .feeds = states.list,
            .feed_count = states.count,
            .today = today,
            .org_code = org_code,
            .org_code_arg = p,
        };

        r = evaluate(&in, &findings);
    }
    feed_states_release(&states);
    if (r < 0)
        return r;
    judge_forget(p);
    p->findings = findings;
    p->finding_ids = calloc(findings.count + 1, sizeof *p->finding_ids);
    if (!p->finding_ids)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < findings.count; i++)
        r = alert_id_of(p->config->settings->instance, &findings.list[i], p->finding_ids[i]);
    return r;
}

static char *audit_of(const struct alert_change *c, struct wall_time now)
{
    const struct episode *e =
        c->episode < c->next.episode_count ? &c->next.episodes[c->episode] : NULL;
    const struct episode *ended =
        c->ended_news != NEWS_NONE ? &c->next.episodes[c->ended_episode] : NULL;
    char at[WALL_TEXT_MAX];
    json_t *j = json_pack(
        "{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?}", "at", wall_format(now, at), "alert",
        c->next.id, "episode", e ? e->id : NULL, "state", e ? alert_state_name(e->state) : NULL,
        "news", alert_news_name(c->news), "why", c->why, "ended_episode", ended ? ended->id : NULL,
        "ended_state", ended ? alert_state_name(ended->state) : NULL);
    char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

    json_decref(j);
    return text;
}

/*
 * After a rebuild the ordinals begin anew: a state that was sent keeps its number, and a new notice
 * never takes the number of one that was sent.
 */
static void number_notices(const struct pipeline *p, struct alert_change *c)
{
    for (size_t i = 0; i < c->next.episode_count; i++) {
        struct episode *e = &c->next.episodes[i];
        const struct told *sent = table_get(&p->ordinals, e->id);
        bool is_news = (c->news > NEWS_WATCHING && i == c->episode) ||
                       (c->ended_news > NEWS_WATCHING && i == c->ended_episode);

        bool was_sent = sent && sent->open == episode_is_open(e) && sent->severity == e->severity;
        bool ended_unsaid = sent && sent->open && !episode_is_open(e); /* in the rebuild itself */

        if (!sent || e->ordinal > sent->ordinal)
            continue;
        if (was_sent)
            e->ordinal = sent->ordinal;
        else if (is_news || ended_unsaid)
            e->ordinal = sent->ordinal + 1;
        else if (e->ordinal == 0)
            e->ordinal = sent->ordinal;
    }
}

/* Stores one change; it stays in p->changes until all took effect. Takes the change. */
static int store_change(struct pipeline *p, struct alert_change *c, struct wall_time now)
{
    const struct stored_alert *stored = table_get(&p->books.alerts, c->next.id);
    AUTO(auto_free) char *audit = audit_of(c, now);
    const struct episode *e =
        c->episode < c->next.episode_count ? &c->next.episodes[c->episode] : NULL;

    number_notices(p, c);
    p->changes[p->change_count++] = *c;
    if (!audit)
        return -ENOMEM;
    if (c->news != NEWS_NONE && e)
        log_info("alert", "rule=%s measure=%s feed=%s state=%s news=%s why=\"%s\"",
                 rule_name(c->next.rule), c->next.measure ? c->next.measure : "-",
                 c->next.feed ? c->next.feed : "-", alert_state_name(e->state),
                 alert_news_name(c->news), c->why ? c->why : "");
    batch_add(p, store_transition(p->store, &c->next, stored ? stored->revision : 0, audit,
                                  batch_done, p));
    return 0;
}

static bool has_finding(const struct pipeline *p, const char *alert_id)
{
    for (size_t i = 0; i < p->findings.count; i++)
        if (strcmp(p->finding_ids[i], alert_id) == 0)
            return true;
    return false;
}

/*
 * A feed or action rule that is no longer true gives no finding: the machine is shown one without
 * history, so that it clears the alert; a rule whose measure, feed or action is gone is withdrawn.
 */
static int step_without_finding(struct pipeline *p, const struct stored_alert *stored,
                                struct civil_date today, struct wall_time now,
                                struct alert_change *c)
{
    const struct alert *a = &stored->alert;
    struct finding gone = { .rule = a->rule, .instant = true, .line = NAN };
    bool exists = false;

    if (a->rule == RULE_BEHIND_PLAN)
        return alert_end(a, today, now, c);
    for (size_t i = 0; a->plan && i < p->config->plan_count; i++)
        if (strcmp(p->config->plans[i]->id, a->plan) == 0) {
            gone.plan = p->config->plans[i];
            gone.action = a->action ? plan_action_find(gone.plan, a->action) : NULL;
            exists = gone.action != NULL;
        }
    if (a->feed && pipeline_feed(p, a->feed)) {
        gone.feed = a->feed;
        gone.provider = a->provider ? a->provider : "";
        exists = true;
    }
    if (!exists)
        return alert_end(a, today, now, c);
    gone.title = a->title;
    gone.owner = a->owner;
    return alert_step(p->config->settings->instance, a, &gone, today, now, c);
}

static int step_all(struct pipeline *p, struct civil_date today, struct wall_time now)
{
    const char *id;
    void *value;
    int r = 0;

    p->changes = calloc(p->findings.count + table_count(&p->books.alerts) + 1, sizeof *p->changes);
    if (!p->changes)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < p->findings.count; i++) {
        const struct stored_alert *stored = table_get(&p->books.alerts, p->finding_ids[i]);
        struct alert_change c = { 0 };

        r = alert_step(p->config->settings->instance, stored ? &stored->alert : NULL,
                       &p->findings.list[i], today, now, &c);
        if (r == 0 && c.changed)
            r = store_change(p, &c, now);
        else
            alert_change_release(&c);
    }
    for (size_t at = 0; r == 0 && table_next(&p->books.alerts, &at, &id, &value);) {
        struct alert_change c = { 0 };

        if (has_finding(p, id))
            continue;
        r = step_without_finding(p, value, today, now, &c);
        if (r == 0 && c.changed)
            r = store_change(p, &c, now);
        else
            alert_change_release(&c);
    }
    return r;
}

static void finish_evaluation(struct pipeline *p)
{
    for (size_t i = 0; i < p->change_count; i++) {
        struct alert_change *c = &p->changes[i];
        struct stored_alert *stored = table_get(&p->books.alerts, c->next.id);

        if (!stored) {
            stored = calloc(1, sizeof *stored);
            if (!stored || table_set(&p->books.alerts, c->next.id, stored, NULL) < 0) {
                free(stored);
                pipeline_stop(p, 1);
                break;
            }
        }
        alert_release(&stored->alert);
        stored->alert = c->next; /* moved */
        stored->revision++;
        c->next = (struct alert){ 0 };
    }
    judge_abort(p);
    p->findings_of = p->evaluating;
    p->evaluated_at = clock_wall(&p->clock);
    p->need_compose = true;
}

void judge_start(struct pipeline *p)
{
    struct civil_date today = pipeline_today(p);
    struct wall_time now = clock_wall(&p->clock);
    int r = audit_evaluated(p, today);

    p->evaluating = today;
    p->need_evaluate = false;
    if (r == 0)
        r = make_findings(p, today);
    batch_begin(p, finish_evaluation);
    for (size_t i = 0; r == 0 && i < p->findings.count; i++)
        if (p->findings.list[i].rule == RULE_BEHIND_PLAN)
            r = show_now(p, &p->findings.list[i]);
    if (r == 0)
        hide_gone(p);
    if (r == 0)
        r = step_all(p, today, now);
    if (r < 0) {
        log_error("evaluate", "error=\"%s\"", strerror(-r));
        p->batch.failed = true;
    }
    batch_end(p);
}
