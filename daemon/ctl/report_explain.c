#include "ctl/report_explain.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "ctl/report.h"
#include "ctl/report_json.h"
#include "ctl/report_spc.h"

#define STEPS_SAID    12 /* of the newest data periods, in sentences; the JSON has all */
#define ID_PREFIX_MIN 6  /* hexadecimal digits of an id that are enough to name it */

/* What the question may mean. */
struct subject {
    const struct finding *finding; /* NULL: the alert outlived its rule */
    const struct alert *alert;     /* NULL: nothing ever opened */
    const struct episode *episode; /* the one asked for, else the current one */
    char alert_id[ALERT_ID_MAX];
    const struct finding *chart; /* of the same measure; NULL: none is kept */
    const char *instance;
    struct civil_date today;
};

struct tracing {
    json_t *steps;
    struct alert_step last;
    int any, failed;
};

static int id_begins(const char *id, const char *asked)
{
    size_t len = strlen(asked);

    if (len < ID_PREFIX_MIN || len >= ALERT_ID_MAX)
        return 0;
    for (size_t i = 0; i < len; i++)
        if (!isxdigit((unsigned char)asked[i]) || tolower((unsigned char)asked[i]) != id[i])
            return 0;
    return 1;
}

/* The number of alerts that asked may mean; the first is set. */
static size_t find_alert(const struct table *alerts, const char *asked, struct subject *out)
{
    size_t at = 0, hits = 0;
    const char *key;
    void *value;

    while (table_next(alerts, &at, &key, &value)) {
        const struct alert *a = value;
        const struct episode *e = alert_current(a);
        int hit = id_begins(a->id, asked);

        for (size_t i = 0; i < a->episode_count && !hit; i++)
            if (id_begins(a->episodes[i].id, asked)) {
                e = &a->episodes[i];
                hit = 1;
            }
        if (hit && hits++ == 0) {
            out->alert = a;
            out->episode = e;
            memcpy(out->alert_id, a->id, sizeof out->alert_id);
        }
    }
    return hits;
}

/* A measure by its id, or a finding of any rule by the alert id it would have. */
static int find_finding(const char *instance, const struct finding_set *findings, const char *asked,
                        struct subject *out)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->list[i];
        char id[ALERT_ID_MAX];
        int r = alert_id_of(instance, f, id);

        if (r < 0)
            return r;
        if (out->alert ? strcmp(id, out->alert_id) == 0
                       : (f->measure && f->rule == RULE_BEHIND_PLAN &&
                          strcmp(f->measure->id, asked) == 0) ||
                             id_begins(id, asked)) {
            out->finding = f;
            memcpy(out->alert_id, id, sizeof id);
            return 0;
        }
    }
    return 0;
}

static void on_step(void *arg, const struct alert_step *step)
{
    struct tracing *t = arg;
    json_t *o = json_object();

    t->last = *step;
    t->any = 1;
    t->failed |= report_put(o, "period_end", report_date(step->period_end));
    t->failed |= report_put(o, "from", report_text(alert_state_name(step->from)));
    t->failed |= report_put(o, "event", report_text(explain_event_words(step->event)));
    t->failed |= report_put(o, "to", report_text(alert_state_name(step->to)));
    t->failed |= report_put(o, "held", json_boolean(step->held));
    t->failed |= report_put(o, "why", report_text(step->why));
    t->failed |= json_array_append_new(t->steps, o);
}

static int say_subject(json_t *lines, const struct subject *s)
{
    const struct finding *f = s->finding;
    const struct episode *e = s->episode;
    const char *title = f ? f->title : s->alert->title;
    const char *severity = e ? alert_severity_name(e->severity) : NULL;
    char date[DATE_TEXT_MAX];
    int r = 0;

    if (f && f->measure && f->plan)
        r |= explain_say(lines, "%s (measure %s of plan %s, version %ld%s%s).", title ? title : "",
                         f->measure->id, f->plan->id, f->plan->version,
                         f->plan->illustrative ? ", illustrative" : "",
                         f->plan->mode == PLAN_REHEARSAL ? ", in rehearsal" : "");
    else
        r |= explain_say(lines, "%s (%s).", title ? title : "",
                         rule_name(f ? f->rule : s->alert->rule));
    if (!s->alert || !e)
        r |=
            explain_say(lines, "No alert is open, and none was (its id would be %s).", s->alert_id);
    else
        r |= explain_say(lines, "Alert %s, episode %s: %s%s%s (%s), since %s%s%s.", s->alert_id,
                         e->id, alert_state_name(e->state), severity ? ", " : "",
                         severity ? severity : "", alert_state_words(s->alert, e),
                         date_format(e->opened, date), e->held ? ", held" : "",
                         e->restated ? ", restated" : "");
    if (e && e->early)
        r |= explain_say(lines, "It rests on ageing alone, from data of %s: no data bear it out.",
                         date_format(e->projected_from, date));
    if (e && e->flapping)
        r |= explain_say(lines, "It flaps: better news waits until its figures are steady.");
    if (e && date_is_set(e->reopened))
        r |= explain_say(lines, "It had ended, and opened again on %s.",
                         date_format(e->reopened, date));
    if (e && date_is_set(e->closed_on))
        r |= explain_say(lines, "Closed on %s.", date_format(e->closed_on, date));
    if (f && f->owner)
        r |= explain_say(lines, "Owner: %s.", f->owner);
    return r;
}

static int say_steps(json_t *lines, const json_t *steps)
{
    size_t i, count = json_array_size(steps);
    json_t *step;
    int r = 0;

    if (count > STEPS_SAID)
        r |=
            explain_say(lines, "Step by step, the last %d of %zu data periods:", STEPS_SAID, count);
    else if (count > 0)
        r |= explain_say(lines, "Step by step:");
    json_array_foreach(steps, i, step)
    {
        if (i + STEPS_SAID < count)
            continue;
        r |= explain_say(lines, "  %s  %s -> %s on \"%s\"%s: %s",
                         json_string_value(json_object_get(step, "period_end")),
                         json_string_value(json_object_get(step, "from")),
                         json_string_value(json_object_get(step, "to")),
                         json_string_value(json_object_get(step, "event")),
                         json_is_true(json_object_get(step, "held")) ? ", held" : "",
                         json_string_value(json_object_get(step, "why")));
    }
    return r;
}

/* The row that applied to the newest data period. */
static json_t *newest_row(json_t *lines, const struct alert_step *last)
{
    json_t *o = json_object();
    char date[DATE_TEXT_MAX];
    int r = 0;

    r |= report_put(o, "period_end", report_date(last->period_end));
    r |= explain_row(o, last->from, last->event, last->held, last->to, last->why);
    r |= report_put(o, "counted", last->needed ? json_integer(last->counted) : json_null());
    r |= report_put(o, "needed", last->needed ? json_integer(last->needed) : json_null());
    r |= explain_say(lines, "The row that applied on %s: %s, \"%s\", %s -> %s: %s.",
                     date_format(last->period_end, date), alert_state_name(last->from),
                     explain_event_words(last->event), last->held ? "a hold" : "no hold",
                     alert_state_name(last->to), last->why);
    if (last->needed)
        r |= explain_say(lines, "Counted: %ld of %ld data periods %s.", last->counted, last->needed,
                         last->to == ALERT_PENDING ? "behind" : "clear");
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

/* What is stored may stand otherwise than the row says: a hold of now, or what was told. */
static json_t *kept_why(json_t *lines, const struct subject *s, const struct alert_step *last)
{
    struct alert_change change = ALERT_CHANGE_INIT;
    json_t *kept;
    int r = 0;

    if (!s->episode || s->episode != alert_current(s->alert) || s->episode->state == last->to ||
        (last->to == ALERT_INACTIVE && !episode_is_open(s->episode)))
        return json_null();
    if (alert_step(s->instance, s->alert, s->finding, NULL, s->today, s->episode->changed_at,
                   &change) < 0)
        return NULL;
    kept = report_text(change.why);
    r = explain_say(lines, "It is %s all the same: %s.", alert_state_name(s->episode->state),
                    change.why);
    alert_change_release(&change);
    if (r == 0)
        return kept;
    json_decref(kept);
    return NULL;
}

/* The fold again, this time telling each row that applied. */
static int add_steps(json_t *o, json_t *lines, const struct subject *s)
{
    struct tracing t = { .steps = json_array() };
    AUTO(auto_free) struct episode *episodes = NULL;
    json_t *why_not = json_array(), *others = json_array();
    size_t count = 0, i;
    json_t *line;
    int r = !t.steps || !why_not || !others;

    if (r == 0 && s->finding)
        r = alert_fold(s->alert_id, s->alert, s->finding, &episodes, &count, on_step, &t) < 0 ||
            t.failed;
    if (r == 0 && t.any) {
        r |= report_put(o, "row", newest_row(lines, &t.last));
        r |= report_put(o, "kept", kept_why(lines, s, &t.last));
        r |= explain_others(others, why_not, s->finding, &t.last);
    } else {
        r |= report_put(o, "row", json_null());
        r |= report_put(o, "kept", json_null());
    }
    if (r == 0 && json_array_size(why_not) > 0)
        r |= explain_say(lines, "Why not otherwise:");
    json_array_foreach(why_not, i, line) r |= explain_say(lines, "  %s", json_string_value(line));
    if (r == 0)
        r |= say_steps(lines, t.steps);
    r |= report_put(o, "others", others);
    r |= report_put(o, "steps", t.steps);
    r |= report_put(o, "why_not", why_not);
    return r;
}

static json_t *explain_subject(const struct subject *s)
{
    const struct finding *f = s->finding;
    json_t *o = json_object(), *lines = json_array();
    int r = 0;

    if (!o || !lines) {
        json_decref(o);
        json_decref(lines);
        return NULL;
    }
    r |= report_put(o, "alert_id", report_text(s->alert_id));
    r |= report_put(o, "episode_id", report_text(s->episode ? s->episode->id : NULL));
    r |= report_put(o, "rule", report_text(rule_name(f ? f->rule : s->alert->rule)));
    r |= report_put(o, "measure",
                    report_text(f && f->measure ? f->measure->id
                                : s->alert      ? s->alert->measure
                                                : NULL));
    r |= report_put(o, "state",
                    report_text(alert_state_name(s->episode ? s->episode->state : ALERT_INACTIVE)));
    r |= report_put(o, "rag", report_text(f ? rag_name(f->rag) : NULL));
    r |= report_put(o, "lines", json_incref(lines));
    r |= say_subject(lines, s);
    if (f)
        r |= explain_judgement(lines, f) || (s->chart && explain_chart(lines, s->chart));
    else
        r |= explain_say(
            lines, "The plan or the settings no longer have this rule, or it is not true now.");
    r |= add_steps(o, lines, s);
    json_decref(lines);
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

json_t *report_explain(const char *instance, const struct table *alerts,
                       const struct finding_set *findings, const char *alert_or_measure,
                       struct civil_date today)
{
    struct subject s = { .instance = instance, .today = today };
    size_t hits;

    /* A measure's id comes first: people know it, and an id of hexadecimal digits alone is rare. */
    if (find_finding(instance, findings, alert_or_measure, &s) < 0)
        return NULL;
    if (s.finding) {
        s.chart = s.finding->rule == RULE_BEHIND_PLAN
                      ? finding_beside(findings, s.finding, RULE_SPECIAL_CAUSE)
                      : NULL;
        s.alert = table_get(alerts, s.alert_id);
        s.episode = s.alert ? alert_current(s.alert) : NULL;
        return explain_subject(&s);
    }
    hits = find_alert(alerts, alert_or_measure, &s);
    if (hits == 0)
        return json_null();
    if (hits > 1)
        return json_pack("{s:[s]}", "lines", "Several alerts begin like this: give more digits.");
    if (find_finding(instance, findings, alert_or_measure, &s) < 0)
        return NULL;
    return explain_subject(&s);
}
