#include "ctl/backtest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "ctl/report_json.h"

#define DAYS_A_WEEK 7

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s ? s : "";
}

static struct civil_date date_of(const json_t *o, const char *key)
{
    const char *s = text_of(o, key);
    struct civil_date d = DATE_NONE;

    (void)date_parse_iso(s, strlen(s), &d);
    return d;
}

static int add_to(json_t *o, const char *key, json_int_t more)
{
    return json_object_set_new(o, key,
                               json_integer(json_integer_value(json_object_get(o, key)) + more));
}

int backtest_init(struct backtest *b, struct civil_date from, struct civil_date to)
{
    *b = (struct backtest){ from, to, json_object(), json_object() };
    return b->rules && b->messages ? 0 : -ENOMEM;
}

void backtest_release(struct backtest *b)
{
    json_decref(b->rules);
    json_decref(b->messages);
    *b = (struct backtest){ .rules = NULL };
}

/* ---- rules ---- */

/* The rule of an alert, made where it is the first time that it is heard of; NULL without memory. */
static json_t *rule_of(struct backtest *b, const json_t *alert)
{
    static const char *const copied[] = { "rule",     "plan",   "measure", "feed",
                                          "provider", "action", "title",   "owner" };
    static const char *const counted[] = { "episodes", "days", "restatement_only", "corrected" };
    const char *id = text_of(alert, "alert_id");
    json_t *rule = json_object_get(b->rules, id), *value;
    int r = 0;

    if (rule)
        return rule;
    rule = json_object();
    for (size_t i = 0; i < sizeof copied / sizeof copied[0]; i++) {
        value = json_object_get(alert, copied[i]);
        r |= json_object_set_new(rule, copied[i], value ? json_incref(value) : json_null());
    }
    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++)
        r |= json_object_set_new(rule, counted[i], json_integer(0));
    r |= json_object_set_new(rule, "when", json_array());
    r |= json_object_set_new(b->rules, id, rule);
    return r < 0 ? NULL : rule;
}

/* The time during which this episode fires and of which no end is known, or NULL. */
static json_t *firing_of(const json_t *rule, const char *episode)
{
    const json_t *when = json_object_get(rule, "when");

    for (size_t i = json_array_size(when); i-- > 0;) {
        json_t *firing = json_array_get(when, i);

        if (strcmp(text_of(firing, "episode_id"), episode) == 0)
            return json_is_null(json_object_get(firing, "ended")) ? firing : NULL;
    }
    return NULL;
}

static int begin_firing(struct backtest *b, json_t *rule, struct civil_date date,
                        const json_t *alert)
{
    bool is_before = date_compare(date, b->from) < 0;
    bool is_restated = json_is_true(json_object_get(alert, "by_restatement"));
    json_t *firing = json_object(), *since = json_object_get(alert, "since");
    int r = 0;

    r |= report_put(firing, "episode_id", report_text(text_of(alert, "episode_id")));
    r |= report_put(firing, "opened", is_before ? json_null() : report_date(date));
    r |= report_put(firing, "ended", json_null());
    r |= report_put(firing, "ended_as", json_null());
    r |= report_put(firing, "days", json_integer(0));
    r |= report_put(firing, "since", since ? json_incref(since) : json_null());
    r |= report_put(firing, "severity", report_text(text_of(alert, "severity")));
    r |= report_put(firing, "by_restatement", json_boolean(!is_before && is_restated));
    r |= json_array_append_new(json_object_get(rule, "when"), firing);
    if (!is_before) {
        r |= add_to(rule, "episodes", 1);
        r |= add_to(rule, "restatement_only", is_restated);
    }
    return r < 0 ? -ENOMEM : 0;
}

/* until: the first day on which it fires no more. */
static int count_days(const struct backtest *b, json_t *rule, json_t *firing,
                      struct civil_date until)
{
    struct civil_date opened = date_of(firing, "opened");
    struct civil_date first = date_is_set(opened) ? opened : b->from;
    int days = date_compare(until, first) > 0 ? until.day - first.day : 0;

    return json_object_set_new(firing, "days", json_integer(days)) | add_to(rule, "days", days);
}

static int add_alert(struct backtest *b, struct civil_date date, const json_t *alert)
{
    bool fires = json_is_true(json_object_get(alert, "fires"));
    json_t *rule = rule_of(b, alert);
    json_t *firing = rule ? firing_of(rule, text_of(alert, "episode_id")) : NULL;
    int r = 0;

    if (!rule)
        return -ENOMEM;
    if (fires && !firing)
        return begin_firing(b, rule, date, alert);
    if (fires && strcmp(text_of(alert, "severity"), "red") == 0)
        r |= report_put(firing, "severity", report_text("red"));
    if (fires || !firing)
        return r < 0 ? -ENOMEM : 0;
    if (json_is_null(json_object_get(firing, "opened")) && date_compare(date, b->from) < 0)
        return json_array_clear(json_object_get(rule, "when")); /* over before the test */
    r |= report_put(firing, "ended", report_date(date));
    r |= report_put(firing, "ended_as", report_text(text_of(alert, "state")));
    r |= add_to(rule, "corrected", json_is_true(json_object_get(alert, "corrected")));
    r |= count_days(b, rule, firing, date);
    return r < 0 ? -ENOMEM : 0;
}

/* ---- messages ---- */

static int add_message_of(struct backtest *b, struct civil_date date, const char *owner,
                          const char *receiver)
{
    AUTO(text_release) struct text key = TEXT_INIT;
    char week[DATE_TEXT_MAX];
    json_t *row;
    int r = text_printf(&key, "%s|%s", owner, receiver);

    if (r < 0)
        return r;
    row = json_object_get(b->messages, text_str(&key));
    if (!row) {
        row = json_pack("{s:s, s:s, s:i, s:n, s:n, s:{}}", "owner", owner, "receiver", receiver,
                        "messages", 0, "per_week", "most_in_a_week", "weeks");
        if (json_object_set_new(b->messages, text_str(&key), row) < 0)
            return -ENOMEM;
    }
    (void)date_format(date_add_days(date, -date_weekday(date)), week);
    return add_to(row, "messages", 1) < 0 || add_to(json_object_get(row, "weeks"), week, 1) < 0
               ? -ENOMEM
               : 0;
}

static int add_message(struct backtest *b, struct civil_date date, const json_t *message)
{
    const json_t *owners = json_object_get(message, "owners");
    int r = 0;

    for (size_t i = 0; r == 0 && i < json_array_size(owners); i++)
        r = add_message_of(b, date, json_string_value(json_array_get(owners, i)),
                           text_of(message, "receiver"));
    return r;
}

int backtest_add(struct backtest *b, struct civil_date date, const json_t *brought)
{
    const json_t *alerts = json_object_get(brought, "alerts"),
                 *rules = json_object_get(brought, "rules"),
                 *messages = json_object_get(brought, "messages");
    int r = 0;

    for (size_t i = 0; r == 0 && i < json_array_size(rules); i++)
        r = rule_of(b, json_array_get(rules, i)) ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < json_array_size(alerts); i++)
        r = add_alert(b, date, json_array_get(alerts, i));
    for (size_t i = 0; r == 0 && date_compare(date, b->from) >= 0 && i < json_array_size(messages);
         i++)
        r = add_message(b, date, json_array_get(messages, i));
    return r;
}

/* ---- the report ---- */

static int end_rule(const struct backtest *b, json_t *rule)
{
    const json_t *when = json_object_get(rule, "when");
    bool is_open = false, was_open = false;
    int r = 0;

    for (size_t i = 0; i < json_array_size(when); i++) {
        json_t *firing = json_array_get(when, i);

        was_open |= json_is_null(json_object_get(firing, "opened"));
        if (!json_is_null(json_object_get(firing, "ended")))
            continue;
        is_open = true;
        r |= count_days(b, rule, firing, date_add_days(b->to, 1));
    }
    r |= json_object_set_new(rule, "open_before", json_boolean(was_open));
    r |= json_object_set_new(rule, "open_at_end", json_boolean(is_open));
    return r < 0 ? -ENOMEM : 0;
}

static int end_messages(const struct backtest *b, json_t *row)
{
    double weeks = (b->to.day - b->from.day + 1) / (double)DAYS_A_WEEK;
    json_int_t most = 0, count = json_integer_value(json_object_get(row, "messages"));
    const char *week;
    json_t *value;

    json_object_foreach(json_object_get(row, "weeks"), week, value)
    {
        if (json_integer_value(value) > most)
            most = json_integer_value(value);
    }
    return json_object_del(row, "weeks") < 0 ||
                   json_object_set_new(row, "most_in_a_week", json_integer(most)) < 0 ||
                   json_object_set_new(row, "per_week", json_real((double)count / weeks)) < 0
               ? -ENOMEM
               : 0;
}

json_t *backtest_report(struct backtest *b)
{
    json_t *rules = json_array(), *messages = json_array(), *report = json_object(), *value;
    const char *key;
    int r = 0;

    json_object_foreach(b->rules, key, value)
    {
        r |= end_rule(b, value);
        r |= json_array_append(rules, value);
    }
    json_object_foreach(b->messages, key, value)
    {
        r |= end_messages(b, value);
        r |= json_array_append(messages, value);
    }
    r |= report_put(report, "from", report_date(b->from));
    r |= report_put(report, "to", report_date(b->to));
    r |= report_put(report, "rules", rules);
    r |= report_put(report, "messages", messages);
    if (r == 0)
        return report;
    json_decref(report);
    return NULL;
}
