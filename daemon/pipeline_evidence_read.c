#include "pipeline_evidence.h"

#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/json_text.h"
#include "ctl/report_json.h"

static const char *text_of(const json_t *record, const char *key)
{
    return json_string_value(json_object_get(record, key));
}

static int64_t time_of(const json_t *record)
{
    return json_integer_value(json_object_get(record, "at_ms"));
}

static const char *or_nobody(const char *text)
{
    return text ? text : "";
}

/* ---- the audit: alerts ---- */

/* A word of an episode's state that partners may see: amber beside a line under 5 would tell how few. */
static const char *severity_shown(const struct evidence *e, const json_t *state,
                                  const json_t *episode)
{
    const char *severity = text_of(episode, "severity");

    return severity && strcmp(severity, "amber") == 0 &&
                   evidence_withholds(e, text_of(state, "measure"))
               ? "red"
               : severity;
}

static bool is_alert_in_scope(const struct evidence *e, const json_t *state)
{
    const char *id = text_of(state, "id"), *measure = text_of(state, "measure");
    const char *feed = text_of(state, "feed"), *action = text_of(state, "action");

    if (e->alert)
        return id && strcmp(id, e->alert) == 0;
    if (measure)
        return table_has(&e->measures, measure);
    return (feed && table_has(&e->feeds, feed)) ||
           (!feed && action && table_has(&e->actions, action));
}

static bool is_same(const json_t *a, const json_t *b, const char *key)
{
    const json_t *x = json_object_get(a, key), *y = json_object_get(b, key);

    return x && y && json_equal(x, y);
}

/* What people call that: the kind of the event. */
static const char *kind_of(const json_t *before, const json_t *now)
{
    static const struct {
        const char *state, *kind;
    } rows[] = { { "RETRACTED", "restatement" },
                 { "RESOLVED", "recovery" },
                 { "RECOVERING", "recovery" },
                 { "WITHDRAWN", "alert" } };
    const char *state = text_of(now, "state"), *news = or_nobody(text_of(now, "news"));

    if (before && !is_same(before, now, "ordinal") && strcmp(news, "reminder") == 0)
        return "reminder";
    if (before && !is_same(before, now, "ordinal") && strcmp(news, "escalated") == 0)
        return "escalation";
    if (before && is_same(before, now, "state") && is_same(before, now, "severity") &&
        !is_same(before, now, "held"))
        return "hold";
    for (size_t i = 0; state && i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].state, state) == 0)
            return rows[i].kind;
    return "alert";
}

/* A forecast's title says how many: to whom no figure is told, the measure's. */
static const char *title_of(const struct evidence *e, const json_t *state)
{
    const char *measure = text_of(state, "measure");
    const struct plan_measure *m = measure ? table_get(&e->measures, measure) : NULL;

    return !evidence_withholds(e, measure) ? or_nobody(text_of(state, "title"))
           : m                             ? m->title
                                           : or_nobody(measure);
}

static void on_episode(struct evidence *e, const json_t *state, json_t *now, int64_t at,
                       uint64_t record)
{
    const char *id = text_of(now, "id");
    const json_t *before = id ? table_get(&e->episodes, id) : NULL;
    void *old = NULL;

    if (!id || (before && is_same(before, now, "state") && is_same(before, now, "severity") &&
                is_same(before, now, "held") && is_same(before, now, "ordinal")))
        return;
    json_t *event = evidence_event(e, at, kind_of(before, now), "audit", record);
    const bool is_shown = !evidence_withholds(e, text_of(state, "measure"));

    evidence_put(e, event, "plan", report_text(text_of(state, "plan")));
    evidence_put(e, event, "measure", report_text(text_of(state, "measure")));
    evidence_put(e, event, "feed", report_text(text_of(state, "feed")));
    evidence_put(e, event, "alert_id", report_text(text_of(state, "id")));
    evidence_put(e, event, "episode_id", report_text(id));
    evidence_put(e, event, "rule", report_text(text_of(state, "rule")));
    evidence_put(e, event, "state", report_text(text_of(now, "state")));
    evidence_put(e, event, "severity", report_text(severity_shown(e, state, now)));
    evidence_put(e, event, "held", json_incref(json_object_get(now, "held")));
    if (is_shown) {
        evidence_put(e, event, "value", json_incref(json_object_get(now, "value")));
        evidence_put(e, event, "line", json_incref(json_object_get(now, "line")));
    }
    evidence_put(e, event, "period_end", json_incref(json_object_get(now, "period_end")));
    evidence_say(e, event, "%s", title_of(e, state));
    evidence_date(e, at);
    if (event && !(before && is_same(before, now, "ordinal")))
        evidence_notice(e, id, json_integer_value(json_object_get(now, "ordinal")), event);
    if (table_set(&e->episodes, id, json_incref(now), &old) < 0) {
        json_decref(now);
        e->error = -ENOMEM;
    }
    json_decref(old);
}

static void on_alerts(struct evidence *e, const json_t *record, uint64_t sequence)
{
    const json_t *entry, *alerts = json_object_get(record, "alerts");
    size_t i, k;
    json_t *episode;

    json_array_foreach(alerts, i, entry)
    {
        const json_t *state = json_object_get(entry, "state");

        if (!is_alert_in_scope(e, state))
            continue;
        json_array_foreach(json_object_get(state, "episodes"), k, episode)
        {
            on_episode(e, state, episode, time_of(record), sequence);
        }
    }
}

/* ---- the audit: dates, plans ---- */

static void on_evaluated(struct evidence *e, const json_t *record, uint64_t sequence)
{
    const char *text = text_of(record, "evaluated");
    char last[DATE_TEXT_MAX], first[DATE_TEXT_MAX];
    struct civil_date date;

    if (!text || date_parse_iso(text, strlen(text), &date) < 0)
        return;
    if (date_is_set(e->evaluated) && date.day - e->evaluated.day > 1)
        evidence_say(
            e, evidence_event(e, time_of(record), "gap", "audit", sequence),
            "Nothing was evaluated from %s to %s: the daemon did not run, or Redis was away",
            date_format(date_add_days(e->evaluated, 1), first),
            date_format(date_add_days(date, -1), last));
    e->evaluated = date;
    if (date_compare(e->from, date) > 0 || date_compare(date, e->to) > 0)
        return;
    if (table_count(&e->evaluated_dates) == 0) /* how it stood at first */
        evidence_date(e, wall_of_date(date).ms);
    if (table_set(&e->evaluated_dates, text, e, NULL) < 0)
        e->error = -ENOMEM;
}

/* Of a date that was not evaluated nothing was known that the next one does not say. */
static void drop_unlived(struct evidence *e)
{
    const char *date;

    for (size_t at = 0; table_next(&e->dates, &at, &date, NULL);)
        if (!table_has(&e->evaluated_dates, date)) {
            (void)table_remove(&e->dates, date);
            at = 0;
        }
}

/* A version came into force: its text goes with the pack, unless another one followed it before the first date. */
static void keep_version(struct evidence *e, const json_t *record)
{
    const char *plan = text_of(record, "plan");
    AUTO(text_release) struct text bytes = TEXT_INIT;
    const struct civil_date on = wall_date((struct wall_time){ time_of(record) });

    for (size_t i = json_array_size(e->versions); date_compare(on, e->from) < 0 && i-- > 0;)
        if (strcmp(text_of(json_array_get(e->versions, i), "plan"), plan) == 0)
            (void)json_array_remove(e->versions, i);
    int r = plans_bytes(e->pipeline, text_of(record, "digest"), &bytes);
    json_t *version =
        json_pack("{s:s, s:O, s:O, s:o, s:o}", "plan", plan, "version",
                  json_object_get(record, "version"), "digest", json_object_get(record, "digest"),
                  "since", report_time((struct wall_time){ time_of(record) }), "text",
                  r == 0 ? json_stringn(text_str(&bytes), bytes.len) : json_null());

    if (!version || json_array_append_new(e->versions, version) < 0)
        e->error = -ENOMEM;
}

static void on_plan(struct evidence *e, const json_t *record, uint64_t sequence, const char *how)
{
    const char *plan = text_of(record, "plan"), *reason = text_of(record, "reason");
    const bool waits = json_is_true(json_object_get(record, "second")) &&
                       strcmp(or_nobody(text_of(record, "act")), "plan-approve") != 0;

    if (!plan || !table_has(&e->plans, plan) || !text_of(record, "digest"))
        return;
    json_t *event = evidence_event(e, time_of(record), "plan", "audit", sequence);

    evidence_put(e, event, "plan", report_text(plan));
    evidence_put(e, event, "plan_version", json_incref(json_object_get(record, "version")));
    evidence_put(e, event, "who", report_text(text_of(record, "who")));
    evidence_say(e, event, "Version %lld %s%s%s%s",
                 (long long)json_integer_value(json_object_get(record, "version")), how,
                 waits ? ", and waits for a second person" : "", reason ? ": " : "",
                 or_nobody(reason));
    evidence_date(e, time_of(record));
    if (!waits)
        keep_version(e, record);
}

/* ---- the audit: what people did ---- */

static bool is_of_alert(const struct evidence *e, const json_t *act)
{
    const char *episode = text_of(act, "episode");

    return episode && table_has(&e->episodes, episode);
}

static bool is_of_feed(const struct evidence *e, const json_t *act)
{
    const char *feed = text_of(act, "feed");

    return feed && table_has(&e->feeds, feed);
}

static bool is_of_measure(const struct evidence *e, const json_t *act)
{
    const char *measure = text_of(act, "measure");

    return measure && table_has(&e->measures, measure);
}

static bool names(const struct table *ids, const char *match, const char *key)
{
    const char *id;

    for (size_t at = 0; table_next(ids, &at, &id, NULL);) {
        AUTO(text_release) struct text word = TEXT_INIT;
        const char *found;

        (void)text_printf(&word, "%s=%s", key, id);
        for (found = strstr(match, text_str(&word)); found;
             found = strstr(found + 1, text_str(&word)))
            if ((found == match || found[-1] == ' ') && strchr(" ", found[word.len]))
                return true;
    }
    return false;
}

/* A silence of the end is of the same number; both are told where its words name what the pack is about. */
static bool is_of_silence(const struct evidence *e, const json_t *act)
{
    const char *match = text_of(act, "match");

    return !match || strstr(match, "rule=") || strstr(match, "provider=") ||
           strstr(match, "alert=") || names(&e->measures, match, "measure") ||
           names(&e->plans, match, "plan") || names(&e->feeds, match, "feed") ||
           names(&e->actions, match, "action");
}

static const struct act_kind {
    const char *act, *kind, *words;
    bool (*is_in_scope)(const struct evidence *e, const json_t *act);
} act_kinds[] = {
    { "ack", "ack", "Acknowledged", is_of_alert },
    { "unack", "ack", "Acknowledgement taken back", is_of_alert },
    { "note", "note", "Note", is_of_alert },
    { "commentary", "commentary", "Commentary", is_of_alert },
    { "close", "alert", "Closed by a person", is_of_alert },
    { "silence-add", "silence", "Silence begun", is_of_silence },
    { "silence-end", "silence", "Silence ended", is_of_silence },
    { "feed-expect", "feed due", "The awaited file will come later", is_of_feed },
    { "spc-rebase", "chart", "The control chart begins anew", is_of_measure },
    { "spc-unrebase", "chart", "That is taken back", is_of_measure },
};

static void on_act(struct evidence *e, const json_t *record, uint64_t sequence)
{
    static const char *const words[] = { "match", "until", "by", "at_date", "why", "text" };
    const char *act = text_of(record, "act");
    const struct act_kind *kind = NULL;

    for (size_t i = 0; i < sizeof act_kinds / sizeof act_kinds[0]; i++)
        if (strcmp(act_kinds[i].act, act) == 0 && act_kinds[i].is_in_scope(e, record))
            kind = &act_kinds[i];
    if (!kind)
        return;
    AUTO(text_release) struct text said = TEXT_INIT;
    json_t *event = evidence_event(e, time_of(record), kind->kind, "audit", sequence);

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (text_of(record, words[i]))
            (void)text_printf(&said, "%s%s%s", said.len ? "; " : ": ",
                              i == 1   ? "until "
                              : i == 2 ? "by "
                                       : "",
                              text_of(record, words[i]));
    evidence_put(e, event, "who", report_text(text_of(record, "who")));
    evidence_put(e, event, "feed", report_text(text_of(record, "feed")));
    evidence_put(e, event, "measure", report_text(text_of(record, "measure")));
    evidence_put(e, event, "alert_id", report_text(text_of(record, "alert")));
    evidence_put(e, event, "episode_id", report_text(text_of(record, "episode")));
    evidence_say(e, event, "%s%s", kind->words, text_str(&said));
    evidence_date(e, time_of(record));
}

static int read_audit(void *arg, uint64_t sequence, const char *json, size_t len)
{
    static const struct {
        const char *act, *how;
    } plan_acts[] = { { "plan-apply", "was applied" },
                      { "plan-approve", "was approved" },
                      { "plan-rollback", "came back" } };
    struct evidence *e = arg;
    json_t *record = json_parse(json, len, 0, NULL);
    const char *act = text_of(record, "act");

    if (!record)
        return -ENOMEM;
    if (text_of(record, "gap"))
        evidence_say(e, evidence_event(e, time_of(record), "gap", "audit", sequence),
                     "A journal lacked what Redis knew of");
    on_evaluated(e, record, sequence);
    on_alerts(e, record, sequence);
    for (size_t i = 0; act && i < sizeof plan_acts / sizeof plan_acts[0]; i++)
        if (strcmp(act, plan_acts[i].act) == 0)
            on_plan(e, record, sequence, plan_acts[i].how);
    if (act)
        on_act(e, record, sequence);
    else if (text_of(record, "plan"))
        on_plan(e, record, sequence, "was read from its file");
    json_decref(record);
    return e->error;
}

/* ---- files ---- */

/* Its period was awaited until a day that nothing had come by. */
static void on_overdue(struct evidence *e, const struct feed_setting *f, struct feed_due due,
                       struct civil_date until, struct civil_date *last)
{
    char awaited[DATE_TEXT_MAX];

    if (!date_is_set(due.due) || date_compare(due.due, until) >= 0 ||
        (date_is_set(*last) && date_compare(*last, due.awaited) == 0))
        return;
    *last = due.awaited;
    json_t *event =
        evidence_event(e, wall_of_date(date_add_days(due.due, 1)).ms - 1, "feed due", NULL, 0);

    evidence_put(e, event, "feed", report_text(f->id));
    evidence_put(e, event, "period_end", report_date(due.awaited));
    evidence_say(e, event, "The file for the period to %s was due and had not come",
                 date_format(due.awaited, awaited));
}

static void on_receipt(struct evidence *e, const struct receipt *r, bool is_list)
{
    static const char *const words[] = { "was taken", "was held for a person", "was refused" };
    json_t *event = evidence_event(e, r->at.ms, "received", "received", r->sequence);
    const struct receipt *of = r->decides ? receipt_find(e->pipeline, r->decides) : r;
    char newest[DATE_TEXT_MAX] = "";

    if (!of)
        of = r;
    if (date_is_set(of->newest))
        (void)date_format(of->newest, newest);
    evidence_put(e, event, "feed", report_text(r->feed));
    evidence_put(e, event, "period_end",
                 date_is_set(of->newest) ? report_date(of->newest) : json_null());
    evidence_say(e, event, "File %s %s%s%s%s", or_nobody(of->name),
                 r->decides ? "by a decision " : "", words[r->outcome],
                 !is_list && r->why && *r->why ? ": " : "", is_list ? "" : or_nobody(r->why));
    evidence_date(e, r->at.ms);
    if (!r->decides && date_compare(wall_date(r->at), e->to) <= 0 &&
        json_array_append_new(e->sources,
                              json_pack("{s:s, s:s, s:s, s:o, s:s}", "feed", r->feed, "name",
                                        or_nobody(r->name), "sha256", or_nobody(r->sha256),
                                        "received", report_time(r->at), "outcome",
                                        receipt_outcome_name(r->outcome))) < 0)
        e->error = -ENOMEM;
}

static void read_feed(struct evidence *e, const struct feed_setting *f)
{
    const struct pipeline *p = e->pipeline;
    const struct feed_schedule schedule = feed_schedule_of(p->config->settings, f);
    const struct civil_date *configured = table_get(&p->configured, f->id);
    const struct civil_date reference = date_is_set(f->from) ? f->from
                                        : configured         ? *configured
                                                             : e->from;
    struct civil_date newest = DATE_NONE, received = DATE_NONE, overdue = DATE_NONE;

    for (size_t i = 0; i < p->receipts.count; i++) {
        const struct receipt *r = p->receipts.list[i];
        const struct receipt *of = r->decides ? receipt_find(p, r->decides) : r;

        if (strcmp(r->feed, f->id) != 0)
            continue;
        if (r->outcome == RECEIPT_ACCEPTED && of) {
            on_overdue(e, f, feed_due(&schedule, newest, reference, received), wall_date(r->at),
                       &overdue);
            received = wall_date(r->at);
            if (date_is_set(of->newest) &&
                (!date_is_set(newest) || date_compare(of->newest, newest) > 0))
                newest = of->newest;
        }
        on_receipt(e, r, f->into != NULL);
    }
    on_overdue(e, f, feed_due(&schedule, newest, reference, received), date_add_days(e->to, 1),
               &overdue);
}

/* ---- figures that became others ---- */

static void on_version(struct evidence *e, const struct finding *f,
                       const struct series_point *point, const struct series_version *v)
{
    json_t *event = evidence_event(e, v->as_of.ms, "restatement", "received", v->receipt);
    char end[DATE_TEXT_MAX];

    evidence_put(e, event, "plan", report_text(f->plan->id));
    evidence_put(e, event, "measure", report_text(f->measure->id));
    evidence_put(e, event, "feed", report_text(f->feed));
    evidence_put(e, event, "period_end", report_date(point->period_end));
    if (!evidence_withholds(e, f->measure->id))
        evidence_put(e, event, "value", report_value(v));
    evidence_say(e, event, "The figure of the period to %s was restated",
                 date_format(point->period_end, end));
}

static void read_point(struct evidence *e, const struct finding *f,
                       const struct series_point *point)
{
    for (size_t i = 1; i < point->version_count; i++)
        if (series_effect(f->series, point->period_start, point->period_end, &point->versions[i]) ==
            SERIES_RESTATED)
            on_version(e, f, point, &point->versions[i]);
}

static void read_series(struct evidence *e)
{
    const struct finding_set *all = &e->pipeline->findings;

    for (size_t n = 0; n < all->count; n++) {
        const struct finding *f = &all->list[n];

        if (f->rule != RULE_BEHIND_PLAN || !f->series || !table_has(&e->measures, f->measure->id))
            continue;
        for (size_t k = 0; k < f->series->point_count; k++)
            read_point(e, f, &f->series->points[k]);
    }
}

/* ---- all of it ---- */

static int walk(struct evidence *e, const char *name, journal_reader *reader)
{
    AUTO(auto_free) char *path = path_join(e->pipeline->config->settings->state, name);

    return path ? journal_walk(path, reader, e) : -ENOMEM;
}

int evidence_read(struct evidence *e)
{
    const struct settings *s = e->pipeline->config->settings;
    int r = walk(e, "journal/audit", read_audit); /* first: it says which episodes are in scope */

    if (r == 0)
        r = walk(e, "journal/sent", evidence_sent);
    if (r == 0)
        evidence_digests(e);
    for (size_t i = 0; r == 0 && i < s->feed_count; i++)
        if (table_has(&e->feeds, s->feeds[i].id))
            read_feed(e, &s->feeds[i]);
    read_series(e);
    if (date_is_set(e->evaluated)) /* and at last */
        evidence_date(e, wall_of_date(e->evaluated).ms);
    drop_unlived(e);
    return r < 0 ? r : e->error;
}
