/*
 * plan_measure - the measures of plan.yaml
 *
 * Each is read into a plan_measure and checked on its own; what is wrong is located. The checks of
 * sense (a line that cannot be met, a date outside the plan) are in plan_lint.c.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/guess.h"
#include "base/text.h"
#include "plan/plan_yaml.h"

static const char *const polarities[] = { "higher", "lower", "close", NULL };
/* In the order of enum unit, which begins with UNIT_UNKNOWN. */
static const char *const units[] = { "count", "percent", "days", "weeks", "rate", NULL };
/* In the order of enum period_kind, enum wait_method. */
static const char *const periods[] = { "census", "day", "week", "month", "quarter", "year", NULL };
static const char *const methods[] = { "linear", "nearest-rank", "band-linear", NULL };
static const char *const acted_on[] = { "data", "projected", NULL };
static const char *const interpolations[] = { "step", "linear", NULL };

#define MEASURE(field) BIND_FIELD(struct measure_reading, field)

static const struct bind_key measure_keys[] = {
    { "id", BIND_ID, MEASURE(m.id), NULL, 0, 0, NULL, 1, "names the measure in alerts, for ever" },
    { "title", BIND_TEXT, MEASURE(m.title), NULL, 0, 0, NULL, 0,
      "what it measures and whose it is; the id when left out" },
    { "metric", BIND_TEXT, MEASURE(metric), NULL, 0, 0, NULL, 1,
      "\"published:MEASURE\", the measure as the feed's publisher names it, \"manual:MEASURE\", "
      "one "
      "that people report through a feed of their own, or a metric of a waiting list, such as "
      "\"open-over:18w\"" },
    { "select", BIND_NODE, MEASURE(select), NULL, 0, 0, NULL, 1,
      "which of the feed's figures: {feed: ID, breakdown: TEXT, org: CODE, secondary: TEXT}; or "
      "which of the list's waits: {list: ID, provider: CODE, place: TEXT, stage: ID}" },
    { "period", BIND_CHOICE, MEASURE(period), NULL, 0, 0, periods, 0,
      "of a list: the days that one figure stands for; census for what is counted at one day of a "
      "list with snapshots, else month" },
    { "window", BIND_NODE, MEASURE(window), NULL, 0, 0, NULL, 0,
      "of a list: counted over so long a time up to the period's end (12m), not the period alone" },
    { "standard", BIND_NODE, MEASURE(standard), NULL, 0, 0, NULL, 0,
      "an id of standards.yaml, whose line holds where the plan has none; or, of a list, the "
      "longest "
      "wait that is allowed, for metrics that judge waits by it" },
    { "share", BIND_NUMBER, MEASURE(share), NULL, 50, 99.9, NULL, 0,
      "of a list: how many per cent of it should wait no longer than the standard; 92 when left "
      "out" },
    { "method", BIND_CHOICE, MEASURE(method), NULL, 0, 0, methods, 0,
      "of a list: how a percentile is taken; linear when left out" },
    { "act_on", BIND_CHOICE, MEASURE(act_on), NULL, 0, 0, acted_on, 0,
      "of a list: projected makes a breach of what ageing alone brings behind the line; data, when "
      "left out, warns early and waits for a period of data" },
    { "polarity", BIND_CHOICE, MEASURE(polarity), NULL, 0, 0, polarities, 0,
      "which way is better; known from the target when left out" },
    { "baseline", BIND_NODE, MEASURE(baseline), NULL, 0, 0, NULL, 0,
      "where it stood before the plan: {date: DATE, value: NUMBER, note: TEXT}" },
    { "target", BIND_NODE, MEASURE(target), NULL, 0, 0, NULL, 0,
      "the line in the end: {at_least: NUMBER, by: DATE}, {at_most: NUMBER, by: DATE} or another "
      "form (see target)" },
    { "tolerance", BIND_NUMBER, MEASURE(m.tolerance), "0", 0, 0, NULL, 0,
      "in the measure's unit: behind by at most this is amber, by more red" },
    { "clear", BIND_NUMBER, MEASURE(m.clear), NULL, 0, 0, NULL, 0,
      "the figure at which an alert ends; the line itself when left out" },
    { "for", BIND_INTEGER, MEASURE(m.for_periods), "1", 1, 60, NULL, 0,
      "data periods behind before it is told" },
    { "clear_for", BIND_INTEGER, MEASURE(m.clear_for), "1", 1, 60, NULL, 0,
      "data periods past the clear line before it ends" },
    { "reopen_within", BIND_INTEGER, MEASURE(m.reopen_within), "1", 0, 60, NULL, 0,
      "behind again within so many data periods after its end, the same alert goes on; 0: each is "
      "a new one" },
    { "steady_for", BIND_INTEGER, MEASURE(m.steady_for), "3", 0, 60, NULL, 0,
      "data periods on one side before better news of a flapping alert is told; 0: never waits" },
    { "min_n", BIND_NUMBER, MEASURE(m.min_n), "0", 0, 1e9, NULL, 0,
      "with a smaller denominator, or of a survey without one, the figure is not judged better" },
    { "expect", BIND_NODE, MEASURE(expect), NULL, 0, 0, NULL, 0,
      "milestones: {DATE: NUMBER} or {DATE: {value: NUMBER, note: TEXT}}; each holds from its "
      "date" },
    { "forecast", BIND_NODE, MEASURE(forecast), NULL, 0, 0, NULL, 0,
      "of a list: told when the next milestone is likely to be missed, or too many will pass a "
      "wait: on, "
      "or {chance: 50, within: 28d, at_most: 5}" },
    { "spc", BIND_NODE, MEASURE(spc), NULL, 0, 0, NULL, 0,
      "a control chart is kept and special causes are told: on, or {limits: screened, points: "
      "12}" },
    { "interpolation", BIND_CHOICE, MEASURE(interpolation), "step", 0, 0, interpolations, 0,
      "linear: between two milestones the line is straight; step: each holds until the next" },
    { "tell_none", BIND_BOOL, MEASURE(m.tells_none), "false", 0, 0, NULL, 0,
      "of a count of people: an internal audience is told that it is 0, else only that it is fewer "
      "than 5" },
    { "guard", BIND_TEXTS, MEASURE(m.guards), NULL, 0, 0, NULL, 0,
      "measures that must not worsen while this one improves, by their ids" },
    { "guard_over", BIND_INTEGER, MEASURE(m.guard_over), "1", 1, 60, NULL, 0,
      "data periods over which such a change is looked for" },
    { "compare", BIND_NODE, MEASURE(compare), NULL, 0, 0, NULL, 0,
      "another's published figure, printed beside and never judged by: {org: England}" },
    { "survey", BIND_NODE, MEASURE(survey), NULL, 0, 0, NULL, 0,
      "of a survey: {every: 6m, wording: TEXT}; a wave's figure is never carried over" },
    { "escalate", BIND_NODE, MEASURE(escalate), NULL, 0, 0, NULL, 0,
      "who is told when it stays red; the priority's or the plan's when left out" },
    { "action", BIND_ITEM, MEASURE(m.action), NULL, 0, 0, NULL, 0,
      "the action that should move it: cited in every message" },
    { "owner", BIND_TEXTS, MEASURE(owners), NULL, 0, 0, NULL, 0,
      "the role that is told, or a list of them; the action's lead when left out" },
    { "priority", BIND_ITEM, MEASURE(priority), NULL, 0, 0, NULL, 0,
      "the priority it belongs to; its action's when it has one" },
    { "unit", BIND_CHOICE, MEASURE(unit), NULL, 0, 0, units, 0,
      "where the feed does not say it, or says it wrongly" },
    { "was", BIND_TEXTS, MEASURE(was), NULL, 0, 0, NULL, 0,
      "earlier ids, oldest first, so that its alerts and their history go on" },
    BIND_END,
};

#define SELECT(field) BIND_FIELD(struct plan_measure, select.field)

static const struct bind_key select_keys[] = {
    { "feed", BIND_ID, SELECT(feed), NULL, 0, 0, NULL, 1, "a feed of the settings, by its id" },
    { "breakdown", BIND_TEXT, SELECT(breakdown), NULL, 0, 0, NULL, 0,
      "as the publisher prints it; needed where the feed has several" },
    { "org", BIND_TEXT, SELECT(org), NULL, 0, 0, NULL, 1,
      "the organisation's code, for example org: TAJ" },
    { "secondary", BIND_TEXT, SELECT(secondary), NULL, 0, 0, NULL, 0,
      "the second breakdown, such as a wait band; needed where the feed has several" },
    BIND_END,
};

static const struct bind_key feed_select_keys[] = {
    { "feed", BIND_ID, SELECT(feed), NULL, 0, 0, NULL, 1, "a feed of the settings, by its id" },
    BIND_END,
};

/* ---- metric ---- */

static const char *nearest_metric(const char *kind)
{
    const char *known[PATHWAY_METRICS + FEED_METRICS + 2] = { "published", "manual" };
    size_t count = 2 + plan_list_metric_names(known + 2, PATHWAY_METRICS);

    for (size_t i = 0; i < FEED_METRICS; i++)
        known[count++] = feed_metric_of((enum feed_metric_id)i)->name;
    return diag_nearest(kind, known, count);
}

static int read_metric(struct plan_reading *r, struct measure_reading *reading)
{
    const char *colon = strchr(reading->metric, ':');
    AUTO(auto_free)
    char *kind = strndup(reading->metric,
                         colon ? (size_t)(colon - reading->metric) : strlen(reading->metric));
    AUTO(auto_free) char *name = strdup(colon ? colon + 1 : "");
    AUTO(text_release) struct text hint = TEXT_INIT;
    yaml_node *at = yaml_get(reading->node, "metric");
    const char *near;
    bool of_list;
    int result;

    if (!kind || !name)
        return -ENOMEM;
    text_single_space(reading->metric);
    result = plan_list_metric(r, reading, &of_list);
    if (result < 0 || of_list)
        return result;
    text_single_space(kind);
    text_single_space(name);
    bool manual = strcmp(kind, "manual") == 0, named = manual || strcmp(kind, "published") == 0;

    if (named && name[0]) {
        reading->m.published = name;
        reading->m.manual = manual;
        name = NULL; /* taken */
    } else if (named) {
        plan_complain(r, at, PLAN_UNKNOWN_METRIC,
                      manual ? "for example \"manual:parents-confident\""
                             : "for example \"published:MRS08b\"",
                      manual ? "measure: metric names no measure that people report"
                             : "measure: metric names no published measure");
    } else if (feed_metric_find(kind)) {
        if (colon)
            plan_complain(r, at, PLAN_BAD_WAIT, NULL, "measure: metric %s takes no wait", kind);
        reading->m.of_feed = feed_metric_find(kind);
        reading->m.published = kind;
        kind = NULL; /* taken */
    } else {
        near = nearest_metric(kind);
        if (near)
            (void)text_printf(&hint, "did you mean \"%s%s\"?", near, colon ? colon : "");
        else
            (void)text_printf(&hint, "write \"published:%s\"", reading->metric);
        plan_complain(r, at, PLAN_UNKNOWN_METRIC, text_str(&hint),
                      "measure: metric \"%.80s\" is not known", reading->metric);
    }
    return 0;
}

/* ---- select, target, expect ---- */

/* Of the feed itself: it stands for the organisation. */
static int read_feed_select(struct plan_reading *r, struct measure_reading *reading)
{
    struct figure_select *s = &reading->m.select;
    int bound =
        bind_mapping(r->y, reading->select, "select", feed_select_keys, &reading->m, r->diags);

    if (bound == -ENOMEM || !s->feed)
        return bound == -ENOMEM ? bound : 0;
    s->org = strdup(s->feed);
    return s->org ? 0 : -ENOMEM;
}

/* The measure of a list that is meant by a published name, or what one looks like. */
static void add_list_metric(struct text *hint, const char *published)
{
    if (list_measure_is_text(published))
        (void)text_printf(hint, "\"%.*s\"", (int)strcspn(published, " "), published);
    else
        (void)text_puts(hint, "the list's own, such as \"open-over:18w\",");
}

/* A figure of a list is published by nobody: it would be read as it once was counted, and never age. */
static void check_published(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct plan_context *c = r->context;
    const struct plan_measure *m = &reading->m;
    bool is_named = m->published && !m->of_feed && m->select.feed && c && c->list_behind;
    const char *list =
        is_named ? c->list_behind(c->list_behind_arg, m->select.feed, m->published) : NULL;
    AUTO(text_release) struct text hint = TEXT_INIT;

    if (!list)
        return;
    (void)text_puts(&hint, "write metric: ");
    add_list_metric(&hint, m->published);
    (void)text_printf(&hint, " with select: {list: %s}", list);
    plan_complain(r, yaml_get(reading->node, "metric"), PLAN_UNKNOWN_METRIC, text_str(&hint),
                  "measure: feed \"%s\" publishes no figures: they are counted of list \"%s\"",
                  m->select.feed, list);
}

static int read_select(struct plan_reading *r, struct measure_reading *reading)
{
    int bound;

    if (reading->m.list)
        return plan_list_select(r, reading);
    if (!reading->select)
        return 0; /* said to be missing */
    if (!reading->m.published && yaml_get(reading->select, "list"))
        return 0; /* of a list, but its metric is none: said */
    bound = reading->m.of_feed
                ? read_feed_select(r, reading)
                : bind_mapping(r->y, reading->select, "select", select_keys, &reading->m, r->diags);
    if (reading->m.select.feed)
        plan_check_reference(r, &r->feeds, "feed", reading->m.select.feed,
                             yaml_get(reading->select, "feed"));
    check_published(r, reading);
    return bound == -ENOMEM ? bound : 0;
}

struct milestone_reading {
    double value;
    char *note;
};

static const struct bind_key milestone_keys[] = {
    { "value", BIND_NUMBER, BIND_FIELD(struct milestone_reading, value), NULL, 0, 0, NULL, 1,
      "the figure the plan expects from that day" },
    { "note", BIND_TEXT, BIND_FIELD(struct milestone_reading, note), NULL, 0, 0, NULL, 0,
      "why this figure then: shown beside it" },
    BIND_END,
};

/* A milestone without a note is a bare number, which no table of keys can read. */
static bool read_bare_number(struct plan_reading *r, yaml_node *n, double *out)
{
    const char *text = yaml_text(n);
    char *end = NULL;

    /* Only digits and their signs: strtod would also take "inf", "nan" and hexadecimal. */
    if (text && text[0] && strspn(text, "+-.0123456789eE") == strlen(text))
        *out = strtod(text, &end);
    if (end && *end == '\0' && isfinite(*out))
        return true;
    char meant[GUESS_MAX], hint[80] = "a number, or {value: NUMBER, note: TEXT}";

    if (text && guess_number(text, meant))
        (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", meant);
    plan_complain(r, n, PLAN_NOT_A_NUMBER, hint, "expect: \"%.40s\" is not a number",
                  text ? text : "");
    return false;
}

/* Reads one pair; *out_ok tells whether it is a milestone. */
static int read_milestone(struct plan_reading *r, yaml_node *key, yaml_node *value,
                          struct milestone *out, bool *out_ok)
{
    struct milestone_reading m = { 0, NULL };
    int bound = 0;

    *out_ok = false;
    if (plan_day_or_month(yaml_text(key), &out->date) < 0) {
        plan_not_a_date(r, key, "expect:", "for example 2024-06-30, or 2024-06 for its last day");
        return 0;
    }
    if (yaml_kind(value) == YAML_MAPPING) {
        bound = bind_mapping(r->y, value, "milestone", milestone_keys, &m, r->diags);
        *out_ok = bound == 0;
    } else {
        *out_ok = read_bare_number(r, value, &m.value);
    }
    if (*out_ok) {
        out->value = m.value;
        out->note = m.note;
    } else {
        free(m.note);
    }
    return bound == -ENOMEM ? bound : 0;
}

/* In its place by date. The same day twice ("2024-09" and "2024-09-30") is an error. */
static void place_milestone(struct plan_reading *r, struct measure_reading *reading,
                            const struct milestone *new, yaml_node *key, yaml_node *value)
{
    struct plan_measure *m = &reading->m;
    size_t at = m->expect_count;
    char date[DATE_TEXT_MAX];

    while (at > 0 && date_compare(m->expect[at - 1].date, new->date) > 0)
        at--;
    if (at > 0 && date_compare(m->expect[at - 1].date, new->date) == 0) {
        plan_complain(r, key, PLAN_GIVEN_TWICE, "leave one of them out",
                      "expect: %s is given twice", date_format(new->date, date));
        free(new->note);
        return;
    }
    memmove(&m->expect[at + 1], &m->expect[at], (m->expect_count - at) * sizeof m->expect[0]);
    memmove(&reading->expect_values[at + 1], &reading->expect_values[at],
            (m->expect_count - at) * sizeof reading->expect_values[0]);
    m->expect[at] = *new;
    reading->expect_values[at] = value;
    m->expect_count++;
    plan_check_validity(r, "a milestone", new->date, key);
}

static int read_expect(struct plan_reading *r, struct measure_reading *reading)
{
    size_t count = yaml_count(reading->expect);

    if (!reading->expect)
        return 0;
    if (yaml_kind(reading->expect) != YAML_MAPPING) {
        plan_complain(r, reading->expect, PLAN_NOT_A_MAPPING, "for example {2024-06-30: 20}",
                      "measure: expect is not a mapping from dates to figures");
        return 0;
    }
    reading->m.expect = calloc(count ? count : 1, sizeof *reading->m.expect);
    reading->expect_values = calloc(count ? count : 1, sizeof *reading->expect_values);
    if (!reading->m.expect || !reading->expect_values)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct milestone m = { DATE_NONE, 0, NULL };
        yaml_node *key = NULL, *value = yaml_pair(reading->expect, i, &key);
        bool ok;

        if (read_milestone(r, key, value, &m, &ok) < 0)
            return -ENOMEM;
        if (ok)
            place_milestone(r, reading, &m, key, value);
    }
    return 0;
}

/* ---- one measure ---- */

/* Which way is better: as said, else as the target implies. */
static void settle_polarity(struct plan_reading *r, struct measure_reading *reading)
{
    enum metric_better better = plan_list_better(reading);
    int implied = reading->target_implies;

    if (reading->polarity >= 0)
        reading->m.polarity = reading->polarity;
    else if (implied >= 0)
        reading->m.polarity = implied;
    else if (better != BETTER_UNSAID)
        reading->m.polarity = better == BETTER_LOWER ? POLARITY_LOWER : POLARITY_HIGHER;
    else if (reading->expect || reading->target_key)
        plan_complain(r, reading->node, PLAN_NO_POLARITY,
                      "add \"polarity: higher\" or \"polarity: lower\"",
                      "measure: nothing says which way is better");
    if (reading->polarity < 0 || implied < 0 || reading->polarity == implied)
        return;
    plan_complain(r, yaml_get(reading->node, "polarity"), PLAN_POLARITY_CONTRADICTS,
                  implied == POLARITY_LOWER ? "did you mean \"lower\"? a floor is \"at_least\""
                  : implied == POLARITY_HIGHER
                      ? "did you mean \"higher\"? a ceiling is \"at_most\""
                      : "did you mean \"close\"? close_to is met on both sides",
                  "measure: polarity %s contradicts the target %s", polarities[reading->polarity],
                  reading->target_key);
}

static int settle_owner(struct plan_reading *r, struct measure_reading *reading)
{
    struct plan_measure *m = &reading->m;
    const struct plan *p = r->plan;

    if (reading->priority) {
        plan_check_reference(r, &r->priorities, "priority", reading->priority,
                             yaml_get(reading->node, "priority"));
        for (size_t i = 0; i < p->priority_count; i++)
            if (p->priorities[i].id && strcmp(p->priorities[i].id, reading->priority) == 0)
                m->priority = i;
    }
    if (plan_join_roles(r, "owner", &reading->owners, yaml_get(reading->node, "owner"), &m->owner) <
        0)
        return -ENOMEM;
    if (m->action)
        plan_check_reference(r, &r->actions, "action", m->action,
                             yaml_get(reading->node, "action"));
    for (size_t i = 0; m->action && i < p->action_count; i++) {
        const struct plan_action *a = &p->actions[i];

        if (!a->id || strcmp(a->id, m->action) != 0)
            continue;
        if (reading->priority && m->priority != a->priority)
            plan_complain(r, yaml_get(reading->node, "priority"), PLAN_PRIORITY_OF_ACTION,
                          "leave it out",
                          "measure: its action is under another priority, which counts");
        m->priority = a->priority;
        if (!m->owner && a->lead && !(m->owner = strdup(a->lead)))
            return -ENOMEM;
        break;
    }
    return 0;
}

static int settle_names(struct plan_reading *r, struct measure_reading *reading,
                        struct plan_seen *seen)
{
    struct plan_measure *m = &reading->m;
    yaml_node *was = yaml_get(reading->node, "was");
    int result;

    if (!m->id)
        return 0;
    result = plan_id_seen(r, seen, "measure", m->id, yaml_get(reading->node, "id"));
    for (size_t i = 0; result == 0 && i < reading->was.count; i++) {
        yaml_node *at = yaml_kind(was) == YAML_SEQUENCE ? yaml_item(was, i) : was;

        if (plan_check_id(r, "was", reading->was.items[i], at))
            result = plan_id_seen(r, seen, "measure", reading->was.items[i], at);
    }
    m->first_id = strdup(reading->was.count ? reading->was.items[0] : m->id);
    if (!m->title)
        m->title = strdup(m->id);
    return m->first_id && m->title ? result : -ENOMEM;
}

static void reading_release(struct measure_reading *reading)
{
    bind_release(measure_keys,
                 reading); /* the measure's own texts too, unless they were moved on */
    plan_measure_release(&reading->m);
    free(reading->expect_values);
}

static int read_measure(struct plan_reading *r, yaml_node *node, struct plan_seen *seen)
{
    AUTO(reading_release)
    struct measure_reading reading = { .m = { .baseline = { .date = DATE_NONE },
                                              .target_by = DATE_NONE },
                                       .polarity = -1,
                                       .target_implies = -1,
                                       .unit = -1,
                                       .period = -1,
                                       .method = -1,
                                       .act_on = -1,
                                       .node = node };
    struct plan_measure *m = &reading.m;
    int result = bind_mapping(r->y, node, "measure", measure_keys, &reading, r->diags);

    if (result == -ENOMEM)
        return result;
    m->has_clear = !yaml_is_nothing(yaml_get(node, "clear"));
    m->linear = reading.interpolation == 1;
    m->unit = reading.unit < 0 ? UNIT_UNKNOWN : (enum unit)(reading.unit + 1);
    result = reading.metric ? read_metric(r, &reading) : 0;
    if (result == 0)
        result = read_select(r, &reading);
    if (result == 0)
        result = plan_survey(r, &reading);
    if (result == 0)
        result = plan_baseline(r, &reading);
    if (result == 0)
        result = plan_target_read(r, &reading);
    if (result == 0)
        result = plan_compare(r, &reading);
    if (result == 0)
        result = read_expect(r, &reading);
    if (result == 0)
        result = plan_standard_read(r, &reading);
    if (result == 0)
        result = settle_owner(r, &reading);
    if (result == 0)
        result = settle_names(r, &reading, seen);
    if (result < 0)
        return result;
    settle_polarity(r, &reading);
    if (reading.metric_is_good)
        plan_list_settle(r, &reading);
    else if (m->published)
        plan_list_refuse(r, &reading);
    if (reading.metric_is_good && list_measure_name(m->list) < 0)
        return -ENOMEM;
    plan_target_settle(r, &reading);
    if (plan_read_ladder(r, reading.escalate, &reading.m.escalate) < 0)
        return -ENOMEM;
    if (plan_spc_read(r, &reading) < 0 || plan_forecast_read(r, &reading) < 0)
        return -ENOMEM;
    plan_lint_measure(r, &reading);
    if (plan_footprint(r, &reading) < 0)
        return -ENOMEM;
    result = plan_measure_digest(m);
    if (result == 0) {
        r->plan->measures[r->plan->measure_count++] = *m;
        *m = (struct plan_measure){ 0 };
    }
    return result;
}

int plan_read_measures(struct plan_reading *r, yaml_node *measures)
{
    AUTO(plan_seen_release) struct plan_seen seen = PLAN_SEEN_INIT;
    size_t count = plan_is_list(r, "measures", measures) ? yaml_count(measures) : 0;
    int result = 0;

    if (yaml_is_nothing(measures) || (yaml_kind(measures) == YAML_SEQUENCE && count == 0))
        plan_complain(r, measures, PLAN_NO_MEASURES, "add \"measures:\", a list",
                      "the plan has no measures: nothing is watched");
    r->plan->measures = calloc(count ? count : 1, sizeof *r->plan->measures);
    if (!r->plan->measures)
        return -ENOMEM;
    for (size_t i = 0; result == 0 && i < count; i++)
        result = read_measure(r, yaml_item(measures, i), &seen);
    return result == 0 ? plan_check_guards(r, measures) : result;
}
