/* The alert as JSON for the store: stable keys, numbers that read back exactly, NAN as null. */
#include "alert/alert.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json_text.h"

#define DOUBLE_DIGITS 17 /* enough for every double to read back as itself */

static void json_release(json_t **j)
{
    json_decref(*j);
}

static json_t *text_or_null(const char *s)
{
    return s != NULL ? json_string(s) : json_null();
}

static json_t *number_or_null(double d)
{
    return isfinite(d) ? json_real(d) : json_null();
}

static json_t *date_or_null(struct civil_date d)
{
    char text[DATE_TEXT_MAX];

    return date_is_set(d) ? json_string(date_format(d, text)) : json_null();
}

/* Of what is, or was, red. */
static int add_red(json_t *j, const struct episode *e)
{
    if (!date_is_set(e->red_on) && e->steps == 0)
        return 0;
    return json_object_set_new(j, "red",
                               json_pack("{s:o, s:o, s:i, s:i}", "on", date_or_null(e->red_on),
                                         "from", date_or_null(e->red_from), "steps", (int)e->steps,
                                         "reminders", (int)e->reminders));
}

static json_t *episode_json(const struct episode *e)
{
    json_t *j = json_pack(
        "{s:s, s:o, s:o, s:s, s:o, s:I, s:s, s:o, s:b, s:b, s:o, s:o, s:o, s:I, s:I,"
        " s:o, s:b, s:b, s:o, s:i, s:o, s:o, s:b, s:b, s:b, s:o, s:b}",
        "id", e->id, "opened", date_or_null(e->opened), "folded", date_or_null(e->folded), "state",
        alert_state_name(e->state), "severity", text_or_null(alert_severity_name(e->severity)),
        "ordinal", (json_int_t)e->ordinal, "news", alert_news_name(e->news), "closed_on",
        date_or_null(e->closed_on), "held", (int)e->held, "restated", (int)e->restated, "value",
        number_or_null(e->value), "line", number_or_null(e->line), "period_end",
        date_or_null(e->period_end), "count", (json_int_t)e->count, "changed_at_ms",
        (json_int_t)e->changed_at.ms, "reopened", date_or_null(e->reopened), "flapping",
        (int)e->flapping, "told_open", (int)e->told_open, "told_period",
        date_or_null(e->told_period), "told_event", (int)e->told_event, "told_value",
        number_or_null(e->told_value), "told_on", date_or_null(e->told_on), "early", (int)e->early,
        "warned", (int)e->warned, "by_time", (int)e->by_time, "projected_from",
        date_or_null(e->projected_from), "by_plan", (int)e->by_plan);

    if (j && (!e->by_person || json_object_set_new(j, "by_person", json_true()) == 0) &&
        add_red(j, e) == 0)
        return j;
    json_decref(j);
    return NULL;
}

/* Few alerts were opened by ageing. */
static int add_warnings(json_t *j, const struct alert *a)
{
    json_t *list = a->warning_count > 0 ? json_array() : NULL;

    if (a->warning_count == 0)
        return 0;
    for (size_t i = 0; i < a->warning_count; i++)
        if (json_array_append_new(list, date_or_null(a->warnings[i])) < 0) {
            json_decref(list);
            return -1;
        }
    return json_object_set_new(j, "warnings", list);
}

json_t *alert_json(const struct alert *a)
{
    json_t *episodes = json_array(), *j;

    assert(a != NULL);
    for (size_t i = 0; i < a->episode_count; i++) {
        if (json_array_append_new(episodes, episode_json(&a->episodes[i])) < 0) {
            json_decref(episodes);
            return NULL;
        }
    }
    j = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:s, s:o}", "id", a->id,
                  "rule", rule_name(a->rule), "plan", text_or_null(a->plan), "measure",
                  text_or_null(a->measure), "feed", text_or_null(a->feed), "provider",
                  text_or_null(a->provider), "action", text_or_null(a->action), "owner",
                  text_or_null(a->owner), "title", text_or_null(a->title), "receiver",
                  text_or_null(a->receiver), "priority", (json_int_t)a->priority, "rule_digest",
                  a->rule_digest, "episodes", episodes);
    if (j && add_warnings(j, a) == 0)
        return j;
    json_decref(j);
    return NULL;
}

char *alert_encode(const struct alert *a)
{
    AUTO(json_release) json_t *root = alert_json(a);

    return root != NULL ? json_text(root, JSON_COMPACT | JSON_REAL_PRECISION(DOUBLE_DIGITS)) : NULL;
}

/* ---- reading back: each returns false where the value is of another kind ---- */

static bool read_fixed(const json_t *object, const char *key, char *out, size_t size)
{
    const json_t *j = json_object_get(object, key);

    if (!json_is_string(j) || json_string_length(j) >= size)
        return false;
    memcpy(out, json_string_value(j), json_string_length(j) + 1);
    return true;
}

static bool read_text(const json_t *object, const char *key, char **out, bool *no_memory)
{
    const json_t *j = json_object_get(object, key);

    if (json_is_null(j))
        return true;
    if (!json_is_string(j))
        return false;
    *out = strdup(json_string_value(j));
    *no_memory |= *out == NULL;
    return true;
}

static bool read_number(const json_t *object, const char *key, double *out)
{
    const json_t *j = json_object_get(object, key);

    *out = json_is_number(j) ? json_number_value(j) : NAN;
    return json_is_number(j) || json_is_null(j);
}

static bool read_integer(const json_t *object, const char *key, int64_t min, int64_t max,
                         int64_t *out)
{
    const json_t *j = json_object_get(object, key);

    if (!json_is_integer(j) || json_integer_value(j) < min || json_integer_value(j) > max)
        return false;
    *out = json_integer_value(j);
    return true;
}

static bool read_bool(const json_t *object, const char *key, bool *out)
{
    const json_t *j = json_object_get(object, key);

    *out = json_is_true(j);
    return json_is_boolean(j);
}

static bool read_date(const json_t *object, const char *key, struct civil_date *out)
{
    const json_t *j = json_object_get(object, key);

    *out = DATE_NONE;
    if (json_is_null(j))
        return true;
    return json_is_string(j) &&
           date_parse_iso(json_string_value(j), json_string_length(j), out) == 0;
}

/* The index of a word among names; count when it is none of them. */
static const char *rule_word(int i)
{
    return rule_name((enum rule)i);
}
static const char *state_word(int i)
{
    return alert_state_name((enum alert_state)i);
}
static const char *news_word(int i)
{
    return alert_news_name((enum alert_news)i);
}

static bool read_word(const json_t *object, const char *key, const char *(*word)(int), int count,
                      int *out)
{
    const char *text = json_string_value(json_object_get(object, key));

    for (int i = 0; text != NULL && i < count; i++) {
        if (strcmp(word(i), text) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool read_severity(const json_t *object, enum alert_severity *out)
{
    const json_t *j = json_object_get(object, "severity");
    const char *text = json_string_value(j);

    *out = SEVERITY_NONE;
    if (json_is_null(j))
        return true;
    for (int s = SEVERITY_AMBER; text != NULL && s <= SEVERITY_RED; s++) {
        if (strcmp(alert_severity_name((enum alert_severity)s), text) == 0) {
            *out = (enum alert_severity)s;
            return true;
        }
    }
    return false;
}

/* Of an alert stored before anything aged: nothing had. */
static bool read_aged(const json_t *j, struct episode *e)
{
    e->projected_from = DATE_NONE;
    if (json_object_get(j, "early") == NULL)
        return true;
    if (!read_bool(j, "early", &e->early) || !read_bool(j, "warned", &e->warned))
        return false;
    /* Of one stored before it was told apart who opened it first: whoever did so last. */
    e->by_time = e->warned;
    if (json_object_get(j, "by_time") != NULL && !read_bool(j, "by_time", &e->by_time))
        return false;
    return read_date(j, "projected_from", &e->projected_from);
}

/* Of an alert stored before plans were applied: by a figure, as far as is known. */
static bool read_by_plan(const json_t *j, struct episode *e)
{
    return json_object_get(j, "by_plan") == NULL || read_bool(j, "by_plan", &e->by_plan);
}

/* Few alerts are closed by a person. */
static bool read_by_person(const json_t *j, struct episode *e)
{
    return json_object_get(j, "by_person") == NULL || read_bool(j, "by_person", &e->by_person);
}

static bool read_red(const json_t *j, struct episode *e)
{
    const json_t *red = json_object_get(j, "red");
    int64_t steps = 0, reminders = 0;
    bool ok;

    e->red_on = e->red_from = DATE_NONE;
    if (red == NULL)
        return true;
    ok = read_date(red, "on", &e->red_on) && read_date(red, "from", &e->red_from) &&
         read_integer(red, "steps", 0, INT32_MAX, &steps) &&
         read_integer(red, "reminders", 0, INT32_MAX, &reminders);
    e->steps = (unsigned)steps;
    e->reminders = (unsigned)reminders;
    return ok;
}

/* What was told, of an alert stored before it was kept: by its state. */
static bool read_told(const json_t *j, struct episode *e)
{
    int64_t event = PERIOD_UNKNOWN;
    bool ok;

    e->reopened = e->told_period = e->told_on = DATE_NONE;
    e->told_value = NAN;
    e->told_open = e->ordinal > 0 && episode_is_active(e);
    if (json_object_get(j, "told_open") == NULL)
        return true;
    ok = read_date(j, "reopened", &e->reopened) && read_bool(j, "flapping", &e->flapping) &&
         read_bool(j, "told_open", &e->told_open) && read_date(j, "told_period", &e->told_period) &&
         read_integer(j, "told_event", PERIOD_UNKNOWN, PERIOD_RED, &event) &&
         read_number(j, "told_value", &e->told_value);
    e->told_event = (enum period_event)event;
    return ok && read_date(j, "told_on", &e->told_on);
}

static bool read_episode(const json_t *j, struct episode *e)
{
    int state = 0, news = 0;
    int64_t ordinal = 0, count = 0, changed_at = 0;
    bool ok = json_is_object(j) && read_fixed(j, "id", e->id, sizeof e->id) &&
              read_date(j, "opened", &e->opened) && read_date(j, "folded", &e->folded) &&
              read_word(j, "state", state_word, ALERT_STATES, &state) &&
              read_severity(j, &e->severity) &&
              read_integer(j, "ordinal", 0, UINT32_MAX, &ordinal) &&
              read_word(j, "news", news_word, NEWS_COUNT, &news) &&
              read_date(j, "closed_on", &e->closed_on) && read_bool(j, "held", &e->held) &&
              read_bool(j, "restated", &e->restated) && read_number(j, "value", &e->value) &&
              read_number(j, "line", &e->line) && read_date(j, "period_end", &e->period_end) &&
              read_integer(j, "count", 0, UINT32_MAX, &count) &&
              read_integer(j, "changed_at_ms", INT64_MIN, INT64_MAX, &changed_at);

    e->state = (enum alert_state)state;
    e->news = (enum alert_news)news;
    e->ordinal = (unsigned)ordinal;
    e->count = (unsigned long)count;
    e->changed_at.ms = changed_at;
    return ok && read_told(j, e) && read_aged(j, e) && read_by_plan(j, e) && read_by_person(j, e) &&
           read_red(j, e);
}

static int read_warnings(const json_t *list, struct alert *a)
{
    size_t count = json_array_size(list);

    if (list != NULL && (!json_is_array(list) || count > ALERT_FLAP_OPENINGS))
        return -EINVAL;
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (text == NULL || date_parse_iso(text, strlen(text), &a->warnings[i]) < 0)
            return -EINVAL;
    }
    a->warning_count = count;
    return 0;
}

static int read_episodes(const json_t *list, struct alert *a)
{
    if (!json_is_array(list))
        return -EINVAL;
    a->episodes = calloc(json_array_size(list) + 1, sizeof *a->episodes);
    if (a->episodes == NULL)
        return -ENOMEM;
    a->episode_count = json_array_size(list);
    for (size_t i = 0; i < a->episode_count; i++) {
        if (!read_episode(json_array_get(list, i), &a->episodes[i]))
            return -EINVAL;
    }
    return 0;
}

int alert_decode(const char *json, size_t len, struct alert *out_alert)
{
    AUTO(json_release) json_t *root = json_parse(json, len, JSON_REJECT_DUPLICATES, NULL);
    struct alert a = ALERT_INIT;
    bool no_memory = false;
    int64_t priority = 0;
    int rule = 0, r = -EINVAL;

    if (json_is_object(root) && read_fixed(root, "id", a.id, sizeof a.id) &&
        read_word(root, "rule", rule_word, RULES, &rule) &&
        read_text(root, "plan", &a.plan, &no_memory) &&
        read_text(root, "measure", &a.measure, &no_memory) &&
        read_text(root, "feed", &a.feed, &no_memory) &&
        read_text(root, "provider", &a.provider, &no_memory) &&
        read_text(root, "action", &a.action, &no_memory) &&
        read_text(root, "owner", &a.owner, &no_memory) &&
        read_text(root, "title", &a.title, &no_memory) &&
        /* Alerts stored before there were dead letters have no receiver. */
        (json_object_get(root, "receiver") == NULL ||
         read_text(root, "receiver", &a.receiver, &no_memory)) &&
        read_integer(root, "priority", 0, INT32_MAX, &priority) &&
        read_fixed(root, "rule_digest", a.rule_digest, sizeof a.rule_digest))
        r = no_memory ? -ENOMEM : read_episodes(json_object_get(root, "episodes"), &a);
    if (r == 0)
        r = read_warnings(json_object_get(root, "warnings"), &a);
    a.rule = (enum rule)rule;
    a.priority = (size_t)priority;
    if (r < 0)
        alert_release(&a);
    else
        *out_alert = a;
    return r;
}
