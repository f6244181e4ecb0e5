#include "pipeline_internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/text.h"
#include "ctl/report_explain.h"
#include "outbox/told_index.h"
#include "parse/nhs_number.h"

/*
 * Who deals with an alert: what people say of alerts, as acts, and where it shows. What follows from it is
 * in alert/workflow.h; the composer and the judge ask there.
 */

#define TEXT_MOST         2000 /* bytes of a note or a reason */
#define ENDED_LISTED_DAYS 30

static const char *text_of(const json_t *act, const char *key)
{
    return json_string_value(json_object_get(act, key));
}

static int refuse(char why[ACT_WHY_MAX], int error, const char *words)
{
    (void)snprintf(why, ACT_WHY_MAX, "%s", words);
    return error;
}

/* ---- what an act says ---- */

/* What people write stands in the audit for ever: nothing that may be a patient's number. */
static int check_text(const json_t *act, const char *key, char why[ACT_WHY_MAX])
{
    const char *text = text_of(act, key);

    if (!text || !text[strspn(text, " ")]) {
        (void)snprintf(why, ACT_WHY_MAX, "--%s wants a text", key);
        return -EINVAL;
    }
    if (strlen(text) > TEXT_MOST) {
        (void)snprintf(why, ACT_WHY_MAX, "--%s is longer than %d bytes", key, TEXT_MOST);
        return -EINVAL;
    }
    for (const char *c = text; *c; c++)
        if (iscntrl((unsigned char)*c)) {
            (void)snprintf(why, ACT_WHY_MAX, "--%s wants one line", key);
            return -EINVAL;
        }
    if (nhs_number_is_within(text, strlen(text))) {
        (void)snprintf(why, ACT_WHY_MAX,
                       "--%s holds what may be an NHS number: the audit keeps it for ever", key);
        return -EINVAL;
    }
    return 0;
}

static int set_day(json_t *act, const char *key, struct civil_date day)
{
    char text[DATE_TEXT_MAX];

    return json_object_set_new(act, key, json_string(date_format(day, text))) < 0 ? -ENOMEM : 0;
}

/* --until, the last day, from today to so many days on; without it after_days from now. */
static int check_until(const struct pipeline *p, json_t *act, int after_days, int most,
                       char why[ACT_WHY_MAX])
{
    const char *text = text_of(act, "until");
    struct civil_date today = pipeline_today(p), until = date_add_days(today, after_days);

    if (text && date_parse_iso(text, strlen(text), &until) < 0)
        return refuse(why, -EINVAL, "--until wants a date, YYYY-MM-DD");
    if (date_compare(until, today) < 0 || until.day - today.day > most) {
        (void)snprintf(why, ACT_WHY_MAX, "--until wants a date from today to %d days from now",
                       most);
        return -EINVAL;
    }
    int r = set_day(act, "on", today);

    return r < 0 ? r : set_day(act, "until", until);
}

/* ---- which alert ---- */

static bool id_begins(const char *id, const char *asked)
{
    size_t len = strlen(asked);

    return len >= WORKFLOW_ID_DIGITS_MIN && strncmp(id, asked, len) == 0;
}

/* The current episode if the alert, or it, is asked for; or NULL. */
static const struct episode *asked_episode(const struct alert *a, const char *asked)
{
    const struct episode *e = alert_current(a);

    if (!e)
        return NULL;
    if (id_begins(a->id, asked) || id_begins(e->id, asked))
        return e;
    return a->measure && strcmp(a->measure, asked) == 0 && episode_is_active(e) ? e : NULL;
}

/* Adds alert and episode to the act. Returns 0 or -errno (said). */
static int find_asked(const struct pipeline *p, json_t *act, const struct alert **out_alert,
                      const struct episode **out_episode, char why[ACT_WHY_MAX])
{
    const char *asked = text_of(act, "id");
    size_t hits = 0;
    void *value;

    if (!p->loaded)
        return refuse(why, -ENOTCONN, "which alerts there are is not known: Redis is away");
    for (size_t at = 0; asked && table_next(&p->books.alerts, &at, NULL, &value);) {
        const struct alert *a = &((const struct stored_alert *)value)->alert;
        const struct episode *e = asked_episode(a, asked);

        if (!e)
            continue;
        hits++;
        *out_alert = a;
        *out_episode = e;
    }
    if (hits == 0)
        return refuse(why, -ENOENT,
                      "no alert has an id that begins like this, and no measure of "
                      "this id has one open");
    if (hits > 1)
        return refuse(why, -ENOENT, "several alerts are called so: give more digits of the id");
    return json_object_set_new(act, "alert", json_string((*out_alert)->id)) |
                   json_object_set_new(act, "episode", json_string((*out_episode)->id))
               ? -ENOMEM
               : 0;
}

/* The same, of one that is open. */
static int find_open(const struct pipeline *p, json_t *act, const struct alert **out_alert,
                     const struct episode **out_episode, char why[ACT_WHY_MAX])
{
    int r = find_asked(p, act, out_alert, out_episode, why);

    if (r == 0 && !episode_is_active(*out_episode))
        return refuse(why, -ENOENT, "this alert is not open");
    return r;
}

/* ---- ack, unack, note, commentary, close ---- */

int workflow_check_ack(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    const struct alert *a;
    const struct episode *e;
    int r = find_open(p, act, &a, &e, why);

    if (r == 0)
        r = check_text(act, "why", why);
    if (r == 0)
        r = check_until(p, act, ACK_DAYS, ACK_DAYS_MAX, why);
    if (r == 0) {
        enum alert_severity severity = e->severity == SEVERITY_RED ? SEVERITY_RED : SEVERITY_AMBER;

        r = json_object_set_new(act, "severity", json_string(alert_severity_name(severity))) < 0
                ? -ENOMEM
                : 0;
    }
    return r;
}

int workflow_check_unack(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    const struct alert *a;
    const struct episode *e;
    int r = find_asked(p, act, &a, &e, why);
    const struct said *s = r == 0 ? workflow_of(&p->workflow, e->id) : NULL;

    if (r == 0 && (!s || !s->ack.who))
        return refuse(why, -ENOENT, "nobody acknowledged it");
    return r;
}

int workflow_check_words(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    const struct alert *a;
    const struct episode *e;
    int r = find_asked(p, act, &a, &e, why);

    return r < 0 ? r : check_text(act, "text", why);
}

/* What time or a feed alone says is so until it is no more. */
static bool is_of_data(const struct pipeline *p, const struct alert *a)
{
    for (size_t i = 0; i < p->findings.count; i++)
        if (strcmp(p->finding_ids[i], a->id) == 0)
            return !p->findings.list[i].instant;
    return false;
}

int workflow_check_close(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    const struct alert *a;
    const struct episode *e;
    int r = find_open(p, act, &a, &e, why);

    if (r == 0)
        r = check_text(act, "why", why);
    if (r < 0)
        return r;
    if (!is_of_data(p, a) || e->early)
        return refuse(why, -EINVAL,
                      "only what a figure opened can be closed: this one ends when it "
                      "is so no more; see ack, silence and feed expect");
    return 0;
}

int workflow_take_act(struct pipeline *p, const json_t *act)
{
    int r = workflow_take(&p->workflow, act);

    p->need_evaluate = true; /* what is told may change */
    return r;
}

/* ---- silences ---- */

static bool is_person(const struct person *person, const char *name)
{
    return strcmp(person->id, name) == 0 || (person->name && strcmp(person->name, name) == 0);
}

/* Whether one of that name holds one of these roles today. */
static bool holds_role(const struct pipeline *p, const char *roles, const char *name)
{
    const struct person *people[16];
    char role[PLAN_ROLE_MAX];

    for (const char *at = roles; plan_roles_next(&at, role);) {
        size_t n = settings_holders(p->config->settings, role, pipeline_today(p), people, 16);

        for (size_t i = 0; i < n; i++)
            if (is_person(people[i], name))
                return true;
    }
    return false;
}

/* A longer silence names an accountable officer: one of those of the plans, where they name any. */
static int check_approval(const struct pipeline *p, const json_t *act, char why[ACT_WHY_MAX])
{
    const char *name = text_of(act, "approved_by");
    bool is_known = false, is_named = false;

    if (!name || !name[0])
        return refuse(why, -EPERM,
                      "longer than 14 days wants --approved-by, an accountable officer");
    for (size_t i = 0; i < p->config->plan_count; i++)
        for (size_t k = 0; k < p->config->plans[i]->action_count; k++) {
            const char *roles = p->config->plans[i]->actions[k].accountable;

            is_named |= roles != NULL;
            is_known |= roles && holds_role(p, roles, name);
        }
    if (is_named && !is_known)
        return refuse(
            why, -EPERM,
            "--approved-by names nobody who is accountable for an action of a plan today");
    return 0;
}

/* How many open alerts it is about now. */
static size_t count_matched(const struct pipeline *p, const struct match *m)
{
    size_t count = 0;
    void *value;

    for (size_t at = 0; table_next(&p->books.alerts, &at, NULL, &value);) {
        const struct alert *a = &((const struct stored_alert *)value)->alert;
        const struct episode *e = alert_current(a);

        count += e && episode_is_active(e) && match_fits(m, a);
    }
    return count;
}

int workflow_check_silence(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    const char *words = text_of(act, "match");
    struct match m = { 0 };
    char wrong[WORKFLOW_WHY_MAX];
    struct civil_date until;
    int r = match_parse(words ? words : "", &m, wrong);

    if (r < 0)
        return r == -EINVAL ? refuse(why, r, wrong) : r;
    r = silence_check_names(p, &m, why);
    if (r == 0)
        r = check_text(act, "why", why);
    if (r == 0)
        r = text_of(act, "until") ? check_until(p, act, 0, SILENCE_DAYS_APPROVED, why)
                                  : refuse(why, -EINVAL, "--until wants a date, YYYY-MM-DD");
    if (r == 0 && date_parse_iso(text_of(act, "until"), DATE_TEXT_MAX - 1, &until) == 0 &&
        until.day - pipeline_today(p).day > SILENCE_DAYS_MAX)
        r = check_approval(p, act, why);
    if (r == 0)
        r = json_object_set_new(act, "silence",
                                json_integer((json_int_t)p->workflow.silence_count + 1)) |
                    json_object_set_new(act, "open_alerts",
                                        json_integer((json_int_t)count_matched(p, &m)))
                ? -ENOMEM
                : 0;
    match_release(&m);
    return r;
}

int workflow_check_silence_end(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    const char *asked = text_of(act, "id");
    char *end = NULL;
    long number = asked ? strtol(asked, &end, 10) : 0;
    const struct silence *s =
        asked && *asked && !*end ? workflow_silence(&p->workflow, number) : NULL;

    if (!s)
        return refuse(why, -ENOENT, "no silence has this number: see silence ls");
    if (!silence_is_active(s, pipeline_today(p)))
        return refuse(why, -EALREADY, "it has ended");
    if (json_object_set_new(act, "silence", json_integer(number)) < 0)
        return -ENOMEM;
    return set_day(act, "on", pipeline_today(p));
}

static json_t *day_json(struct civil_date day)
{
    char text[DATE_TEXT_MAX];

    return date_is_set(day) ? json_string(date_format(day, text)) : json_null();
}

static json_t *silence_json(const struct pipeline *p, const struct silence *s)
{
    bool is_active = silence_is_active(s, pipeline_today(p));

    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:o, s:o, s:s?, s:s?, s:I}", "silence",
                     (json_int_t)s->number, "state", is_active ? "active" : "ended", "match",
                     s->words, "author", s->author, "why", s->reason, "from", day_json(s->from),
                     "until", day_json(s->ended_by ? s->ended : s->until), "approved_by",
                     s->approved_by, "ended_by", s->ended_by, "open_alerts",
                     (json_int_t)(is_active ? count_matched(p, &s->match) : 0));
}

json_t *workflow_silences(const struct pipeline *p)
{
    json_t *list = json_array();
    int r = list ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < p->workflow.silence_count; i++) {
        const struct silence *s = &p->workflow.silences[i];
        struct civil_date end = s->ended_by ? s->ended : s->until;

        if (pipeline_today(p).day - end.day <= ENDED_LISTED_DAYS)
            r = json_array_append_new(list, silence_json(p, s)) < 0 ? -ENOMEM : 0;
    }
    if (r == 0)
        return list;
    json_decref(list);
    return NULL;
}

/* Whether anybody was told that it began: a notice of it may be held back still. */
static bool is_told(const struct told_index *index, const struct episode *e)
{
    for (size_t i = told_index_find(index, e->id);
         i < index->count && strcmp(index->rows[i].episode, e->id) == 0; i++)
        if (index->rows[i].told->open)
            return true;
    return false;
}

static json_t *matched_json(const struct told_index *index, const struct alert *a,
                            const struct episode *e)
{
    return json_pack("{s:s, s:s, s:s?, s:s?, s:s, s:s?, s:s?, s:b}", "alert_id", a->id, "rule",
                     rule_name(a->rule), "measure", a->measure, "severity",
                     alert_severity_name(e->severity), "state", alert_state_name(e->state), "title",
                     a->title, "owner", a->owner, "told", (int)is_told(index, e));
}

void workflow_answer_preview(struct pipeline *p, struct ctl_request *request)
{
    const char *words = text_of(ctl_request_json(request), "match");
    struct match m = { 0 };
    char wrong[WORKFLOW_WHY_MAX] = "", why[ACT_WHY_MAX] = "";
    int r = match_parse(words ? words : "", &m, wrong);
    struct told_index index = { 0 };
    json_t *list = json_array();
    void *value;

    if (r == 0)
        r = silence_check_names(p, &m, why);
    if (r == 0)
        r = list ? told_index_make(&p->books.told, &index) : -ENOMEM;
    for (size_t at = 0; r == 0 && table_next(&p->books.alerts, &at, NULL, &value);) {
        const struct alert *a = &((const struct stored_alert *)value)->alert;
        const struct episode *e = alert_current(a);

        if (e && episode_is_active(e) && match_fits(&m, a))
            r = json_array_append_new(list, matched_json(&index, a, e)) < 0 ? -ENOMEM : 0;
    }
    match_release(&m);
    free(index.rows);
    if (r == 0) {
        ctl_reply(request, list);
        return;
    }
    json_decref(list);
    ctl_fail(request, r == -EINVAL ? 2 : 1, "%s",
             r == -EINVAL   ? wrong
             : r == -ENOENT ? why
                            : "out of memory");
}

/* ---- where it shows ---- */

static const struct alert *alert_of(const struct pipeline *p, const char *id)
{
    const struct stored_alert *stored = id ? table_get(&p->books.alerts, id) : NULL;

    return stored ? &stored->alert : NULL;
}

static const struct episode *episode_of(const struct alert *a, const char *id)
{
    for (size_t i = 0; a && id && i < a->episode_count; i++)
        if (strcmp(a->episodes[i].id, id) == 0)
            return &a->episodes[i];
    return NULL;
}

static json_t *ack_json(const struct said *s)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:s}", "who", s->ack.who, "why", s->ack.why, "on",
                     day_json(s->ack.on), "until", day_json(s->ack.until), "severity",
                     alert_severity_name(s->ack.severity));
}

static json_t *notes_json(const struct said *s)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < s->note_count; i++) {
        const struct note *n = &s->notes[i];
        char at[WALL_TEXT_MAX];

        if (json_array_append_new(list,
                                  json_pack("{s:s, s:s, s:s, s:s}", "at", wall_format(n->at, at),
                                            "kind", n->is_commentary ? "commentary" : "note", "who",
                                            n->who, "text", n->text)) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* What people said of an episode, into an object that names it; nothing where they said nothing. Returns 0
 * or not. */
static int add_said(const struct pipeline *p, json_t *o)
{
    const struct alert *a = alert_of(p, text_of(o, "alert_id"));
    const struct episode *e = episode_of(a, text_of(o, "episode_id"));
    const struct said *s = e ? workflow_of(&p->workflow, e->id) : NULL;
    const struct silence *silence =
        e && episode_is_open(e) ? workflow_silenced(&p->workflow, a, pipeline_today(p)) : NULL;
    int r = 0;

    if (s && s->ack.who && workflow_is_acked(&p->workflow, e, pipeline_today(p)))
        r |= json_object_set_new(o, "acked", json_boolean(episode_is_open(e)));
    if (s && s->ack.who)
        r |= json_object_set_new(o, "ack", ack_json(s));
    if (s && s->note_count)
        r |= json_object_set_new(o, "notes", notes_json(s));
    if (s && s->closed_by)
        r |= json_object_set_new(o, "closed_by", json_string(s->closed_by));
    if (silence)
        r |= json_object_set_new(o, "silenced", json_true()) |
             json_object_set_new(o, "silence", json_integer((json_int_t)silence->number));
    return r;
}

json_t *workflow_add_to_alerts(const struct pipeline *p, json_t *alerts)
{
    int r = 0;

    for (size_t i = 0; i < json_array_size(alerts); i++)
        r |= add_said(p, json_array_get(alerts, i));
    if (r == 0)
        return alerts;
    json_decref(alerts);
    return NULL;
}

/* The same in words. */
static int say_said(const struct pipeline *p, json_t *lines, const struct said *s, bool acked)
{
    char on[DATE_TEXT_MAX], until[DATE_TEXT_MAX], at[WALL_TEXT_MAX];
    int r = 0;

    if (s->ack.who)
        r |= explain_say(lines, "Acknowledged by %s on %s until %s%s: %s", s->ack.who,
                         date_format(s->ack.on, on), date_format(s->ack.until, until),
                         acked                                               ? ""
                         : date_compare(pipeline_today(p), s->ack.until) > 0 ? " (over)"
                                                                             : " (worse since)",
                         s->ack.why);
    for (size_t i = 0; i < s->note_count; i++)
        r |= explain_say(lines, "%s of %s, %s: %s",
                         s->notes[i].is_commentary ? "Commentary" : "Note", s->notes[i].who,
                         wall_format(s->notes[i].at, at), s->notes[i].text);
    if (s->closed_by)
        r |= explain_say(lines, "Closed by %s: %s", s->closed_by, s->closed_why);
    return r;
}

json_t *workflow_add_to_explain(const struct pipeline *p, json_t *o)
{
    const struct alert *a = alert_of(p, text_of(o, "alert_id"));
    const struct episode *e = episode_of(a, text_of(o, "episode_id"));
    const struct said *s = e ? workflow_of(&p->workflow, e->id) : NULL;
    const struct silence *silence =
        e && episode_is_open(e) ? workflow_silenced(&p->workflow, a, pipeline_today(p)) : NULL;
    json_t *lines = json_object_get(o, "lines");
    char until[DATE_TEXT_MAX];
    int r = 0;

    if (!e)
        return o;
    r = add_said(p, o);
    if (s)
        r |= say_said(p, lines, s, json_is_true(json_object_get(o, "acked")));
    if (silence)
        r |= explain_say(lines, "Silenced until %s by %s (silence %ld, %s): %s",
                         date_format(silence->until, until), silence->author, silence->number,
                         silence->words, silence->reason);
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}
