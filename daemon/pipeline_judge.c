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

/* ---- feed states ---- */

static struct feed_schedule schedule_of(const struct feed_setting *f)
{
    static const enum due_cadence cadences[] = {
        [CADENCE_DATES] = DUE_DATES,         [CADENCE_DAILY] = DUE_DAILY,
        [CADENCE_WEEKLY] = DUE_WEEKLY,       [CADENCE_MONTHLY] = DUE_MONTHLY,
        [CADENCE_QUARTERLY] = DUE_QUARTERLY, [CADENCE_YEARLY] = DUE_YEARLY,
    };
    struct feed_schedule s = { .cadence = cadences[f->cadence],
                               .dates = f->publication_dates,
                               .date_count = f->publication_date_count };

    s.grace_is_working_days = f->grace.unit == SPAN_WORKING_DAYS;
    s.grace_days = (int)(f->grace.unit == SPAN_WEEKS ? f->grace.count * 7 : f->grace.count);
    return s;
}

int feed_states_of(const struct pipeline *p, struct feed_states *out)
{
    const struct settings *s = p->config->settings;
    struct civil_date today = pipeline_today(p);

    out->count = 0;
    out->list = calloc(s->feed_count + 1, sizeof *out->list);
    out->gaps = calloc(s->feed_count + 1, sizeof *out->gaps);
    out->providers = calloc(s->feed_count + 1, sizeof *out->providers);
    if (!out->list || !out->gaps || !out->providers) {
        feed_states_release(out);
        return -ENOMEM;
    }
    for (size_t i = 0; i < s->feed_count; i++) {
        const struct feed_setting *f = &s->feeds[i];
        const struct feed_book *b = table_get(&p->books.feeds, f->id);
        const struct civil_date *configured = table_get(&p->configured, f->id);
        struct feed_state *state = &out->list[out->count++];
        struct feed_schedule schedule = schedule_of(f);
        struct civil_date reference = date_is_set(f->from) ? f->from
                                      : configured         ? *configured
                                                           : today;
        struct civil_date received =
            b && b->last_received.ms ? wall_date(b->last_received) : DATE_NONE;

        state->id = f->id;
        state->title = f->title ? f->title : f->id;
        state->newest_period_end = b ? b->newest_period_end : DATE_NONE;
        state->due = feed_due(&schedule, state->newest_period_end, reference, received);
        state->late = date_is_set(state->due.due) && date_compare(today, state->due.due) > 0;
        const struct waiting_file *w = table_get(&p->waiting_files, f->id);

        state->held_file_why = b && b->waiting_why               ? b->waiting_why
                               : w && access(w->path, F_OK) == 0 ? w->words
                                                                 : NULL;
        state->file_is_held = b && b->waiting_why && b->file_is_held;
        state->waiting_since = b ? b->waiting_since : DATE_NONE;
        state->waiting_count = (b ? b->waiting_count : 0) + (w != NULL);
        out->providers[i] = calloc(f->providers.count + 1, sizeof **out->providers);
        if (!out->providers[i]) {
            feed_states_release(out);
            return -ENOMEM;
        }
        for (size_t j = 0; j < f->providers.count; j++)
            out->providers[i][j] = settings_org_code(s, f->providers.items[j]);
        state->providers = out->providers[i];
        state->provider_count = f->providers.count;
        if (!b || b->gap_count == 0)
            continue;
        out->gaps[i] = calloc(b->gap_count, sizeof **out->gaps);
        if (!out->gaps[i]) {
            feed_states_release(out);
            return -ENOMEM;
        }
        for (size_t j = 0; j < b->gap_count; j++)
            out->gaps[i][j] = (struct coverage_gap){
                .provider = b->gaps[j].provider,
                .period_end = b->gaps[j].period_end,
                .measure = b->gaps[j].measure,
                .absent = b->gaps[j].absent,
                .superseded = feed_book_has_newer(b, b->gaps[j].part, b->gaps[j].period_end),
            };
        state->gaps = out->gaps[i];
        state->gap_count = b->gap_count;
    }
    return 0;
}

void feed_states_release(struct feed_states *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->gaps)
            free(s->gaps[i]);
        if (s->providers)
            free(s->providers[i]);
    }
    free(s->gaps);
    free(s->providers);
    free(s->list);
    *s = (struct feed_states){ 0 };
}

/* ---- now:<measure> ---- */

#define NOW_FIELDS 12

static bool feed_is_published(const struct pipeline *p, const char *id)
{
    const struct feed_setting *f = id ? pipeline_feed(p, id) : NULL;
    const struct format *format = f ? format_set_find(p->config->formats, f->format) : NULL;

    return format && format_is_published(format);
}

static const char *status_word(const struct finding *f, const struct series_version *v)
{
    if (v->status == PUBLICATION_FINAL)
        return "final";
    if (f->history_count && f->history[f->history_count - 1].restated)
        return "restated";
    return v->status == PUBLICATION_PROVISIONAL ? "provisional" : "final";
}

/* Fills name, value pairs; returns their number. buffers hold the numbers' texts. */
static size_t now_fields(const struct pipeline *p, const struct finding *f, const char **names,
                         const char **values, char buffers[NOW_FIELDS][64])
{
    const struct plan_measure *m = f->measure;
    const struct period_judgement *j = f->history_count ? &f->history[f->history_count - 1] : NULL;
    const struct series_version *v = j ? j->version : NULL;
    enum unit unit = f->series ? f->series->unit : UNIT_UNKNOWN;
    char date[DATE_TEXT_MAX], at[WALL_TEXT_MAX];
    size_t n = 0;

#define FIELD(name, ...)                                                                           \
    do {                                                                                           \
        names[n] = name;                                                                           \
        (void)snprintf(buffers[n], sizeof buffers[n], __VA_ARGS__);                                \
        values[n] = buffers[n];                                                                    \
        n++;                                                                                       \
    } while (0)

    if (v) {
        char figure[48], number[32];

        if (v->marker != MARKER_NONE)
            FIELD("value", "%s", v->marker == MARKER_SUPPRESSED ? "*" : "");
        else if (feed_is_published(p, f->feed))
            FIELD("value", "%s", text_number(v->value, number));
        else
            FIELD("value", "%s", disclose_partner(v, unit, figure));
        if (v->marker != MARKER_NONE)
            FIELD("marker", "%s", marker_name(v->marker));
        FIELD("as_of", "%s", wall_format(v->as_of, at));
        FIELD("status", "%s", status_word(f, v));
        char start[DATE_TEXT_MAX];

        FIELD("period", "%s/%s", date_format(j->start, start), date_format(j->end, date));
    } else {
        FIELD("value", "%s", "");
    }
    FIELD("unit", "%s", unit_name(unit) ? unit_name(unit) : "");
    FIELD("method", "published");
    FIELD("rag", "%s", rag_name(f->rag));
    char number[32];

    FIELD("target", "%s", m->has_target ? text_number(m->target, number) : "");
    FIELD("expected", "%s", isnan(f->line) ? "" : text_number(f->line, number));
    FIELD("held", "%s", f->holds ? "true" : "false");
#undef FIELD
    return n;
}

static int show_now(struct pipeline *p, const struct finding *f)
{
    const char *names[NOW_FIELDS], *values[NOW_FIELDS];
    char buffers[NOW_FIELDS][64];
    size_t n = now_fields(p, f, names, values, buffers);
    struct text shown = TEXT_INIT;

    for (size_t i = 0; i < n; i++)
        (void)text_printf(&shown, "%s=%s\n", names[i], values[i]);
    char *text = text_take(&shown);
    const char *before = table_get(&p->now_shown, f->measure->id);
    void *old = NULL;

    if (!text)
        return -ENOMEM;
    if (before && strcmp(before, text) == 0) {
        free(text);
        return 0;
    }
    if (table_set(&p->now_shown, f->measure->id, text, &old) < 0) {
        free(text);
        return -ENOMEM;
    }
    free(old);
    batch_add(p, store_now(p->store, f->measure->id, names, values, n, batch_done, p));
    return 0;
}

/* A measure that left the plan leaves now: too. */
static void hide_gone(struct pipeline *p)
{
    const char *id;
    void *text;

    for (size_t at = 0; table_next(&p->now_shown, &at, &id, &text);) {
        bool found = false;

        for (size_t i = 0; i < p->findings.count && !found; i++)
            found = p->findings.list[i].rule == RULE_BEHIND_PLAN &&
                    strcmp(p->findings.list[i].measure->id, id) == 0;
        if (found)
            continue;
        batch_add(p, store_now(p->store, id, NULL, NULL, 0, batch_done, p));
        free(table_remove(&p->now_shown, id));
    }
}

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

static int journal_date(struct pipeline *p, struct civil_date today)
{
    char date[DATE_TEXT_MAX], at[WALL_TEXT_MAX];
    struct wall_time now = clock_wall(&p->clock);

    if (date_is_set(p->evaluated_on) && date_compare(p->evaluated_on, today) >= 0)
        return 0;
    json_t *j = json_pack("{s:s, s:s, s:I}", "evaluated", date_format(today, date), "at",
                          wall_format(now, at), "at_ms", (json_int_t)now.ms);
    AUTO(auto_free) char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
    uint64_t sequence;
    int r = text ? journal_append(p->audit, text, strlen(text), &sequence) : -ENOMEM;

    json_decref(j);
    if (r == 0)
        p->evaluated_on = today;
    return r;
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
    int r = journal_date(p, today);

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
