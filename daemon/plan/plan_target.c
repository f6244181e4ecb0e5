/*
 * plan_target - the target of a measure, in each way that plans write one
 *
 * Read first as it is written (exactly one figure, and which way is better by it), settled once the
 * metric and its unit are known: what the plan alone decides becomes a figure, the rest a rule that
 * line.c follows. Source: DESIGN section 8, DOMAIN 1.3.
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

#define TREND_PERIODS 6 /* the project's own default, no rule of the field */
#define FORMS                                                                                      \
    "one of at_least, at_most, none_over, percentile, close_to, reduce_by, increase_by, "          \
    "comparator, stabilise"

struct target_reading {
    double at_least, at_most, percentile, close_to;
    yaml_node *none_over, *within, *reduce_by, *increase_by, *comparator, *by;
    int stabilise;
    long over;
    char *law;
};

static const char *const stabilised[] = { "baseline", "slope", NULL };

#define TARGET(field) BIND_FIELD(struct target_reading, field)

static const struct bind_key target_keys[] = {
    { "at_least", BIND_NUMBER, TARGET(at_least), NULL, 0, 0, NULL, 0,
      "met by this figure or a higher one" },
    { "at_most", BIND_NUMBER, TARGET(at_most), NULL, 0, 0, NULL, 0,
      "met by this figure or a lower one: a share, a count, the size of a list" },
    { "none_over", BIND_NODE, TARGET(none_over), NULL, 0, 0, NULL, 0,
      "nobody waits longer than this wait (52w)" },
    { "percentile", BIND_NUMBER, TARGET(percentile), NULL, 1, 99.9, NULL, 0,
      "so many per cent of the list wait no longer than `within:` (18w)" },
    { "close_to", BIND_NUMBER, TARGET(close_to), NULL, 0, 0, NULL, 0,
      "met by a figure at most `within:` away from this one, on either side" },
    { "within", BIND_NODE, TARGET(within), NULL, 0, 0, NULL, 0,
      "the wait of a percentile, or the distance of close_to" },
    { "reduce_by", BIND_NODE, TARGET(reduce_by), NULL, 0, 0, NULL, 0,
      "so much less than the baseline, in the measure's unit (120) or of it (20%)" },
    { "increase_by", BIND_NODE, TARGET(increase_by), NULL, 0, 0, NULL, 0,
      "so much more than the baseline, in the measure's unit or of it" },
    { "comparator", BIND_NODE, TARGET(comparator), NULL, 0, 0, NULL, 0,
      "no worse than another's published figure: {org: England}, with `period:` frozen at it" },
    { "stabilise", BIND_CHOICE, TARGET(stabilise), NULL, 0, 0, stabilised, 0,
      "baseline: no worse than it; slope: no trend to the worse over the newest data periods" },
    { "over", BIND_INTEGER, TARGET(over), NULL, 3, 60, NULL, 0,
      "of slope: how many data periods make the trend; 6 when left out" },
    { "statutory", BIND_TEXT, TARGET(law), NULL, 0, 0, NULL, 0,
      "where the law says so: a miss is one of the law; alone it means 100 per cent" },
    { "by", BIND_NODE, TARGET(by), NULL, 0, 0, NULL, 0,
      "the day, or the month, until which to be within tolerance is amber" },
    BIND_END,
};

/* What says the figure, in the order of target_forms. */
enum {
    AT_LEAST,
    AT_MOST,
    NONE_OVER,
    PERCENTILE,
    CLOSE_TO,
    REDUCE_BY,
    INCREASE_BY,
    COMPARATOR,
    STABILISE
};

static const struct {
    const char *key;
    enum target_kind kind;
    int better; /* enum polarity; -1: it does not say */
} target_forms[] = {
    [AT_LEAST] = { "at_least", TARGET_THRESHOLD, POLARITY_HIGHER },
    [AT_MOST] = { "at_most", TARGET_THRESHOLD, POLARITY_LOWER },
    [NONE_OVER] = { "none_over", TARGET_NONE_OVER, POLARITY_LOWER },
    [PERCENTILE] = { "percentile", TARGET_PERCENTILE, POLARITY_LOWER },
    [CLOSE_TO] = { "close_to", TARGET_CLOSE_TO, POLARITY_CLOSE },
    [REDUCE_BY] = { "reduce_by", TARGET_CHANGE, POLARITY_LOWER },
    [INCREASE_BY] = { "increase_by", TARGET_CHANGE, POLARITY_HIGHER },
    [COMPARATOR] = { "comparator", TARGET_COMPARATOR, -1 },
    [STABILISE] = { "stabilise", TARGET_STABILISE, -1 },
};
#define TARGET_FORMS (sizeof target_forms / sizeof target_forms[0])

/* A number, or with a sign of per cent behind it a share; complains when it is neither. */
static bool read_amount(struct plan_reading *r, yaml_node *n, double *out, bool *out_is_share)
{
    const char *text = yaml_text(n);
    char *end = NULL;

    *out_is_share = false;
    if (text && text[0] && strspn(text, ".0123456789") > 0)
        *out = strtod(text, &end);
    if (end && *end == '%') {
        *out_is_share = true;
        end++;
    }
    if (end && *end == '\0' && isfinite(*out) && *out > 0 && !(*out_is_share && *out > 100))
        return true;
    plan_complain(r, n, PLAN_NOT_A_NUMBER, "for example 120, or 20% of the baseline",
                  "target: \"%.40s\" is no amount over 0, nor a share of up to 100%%",
                  text ? text : "");
    return false;
}

static bool read_wait(struct plan_reading *r, yaml_node *n, struct span *out)
{
    const char *text = yaml_text(n);
    char meant[GUESS_MAX], hint[80] = "a wait is written 18w, 126d or 3m (calendar months)";

    if (text && metric_wait_parse(text, out) == 0)
        return true;
    if (text && guess_wait(text, meant))
        (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", meant);
    plan_complain(r, n, PLAN_BAD_WAIT, hint, "target: \"%.40s\" is no wait", text ? text : "");
    return false;
}

/* Takes what the one form that was given says. Returns 0 or -ENOMEM. */
static int take_form(struct plan_reading *r, struct measure_reading *reading,
                     const struct target_reading *t, size_t form)
{
    struct plan_measure *m = &reading->m;
    struct target_rule *rule = &m->rule;
    double amount;

    rule->kind = target_forms[form].kind;
    reading->target_implies = target_forms[form].better;
    reading->target_key = target_forms[form].key;
    switch (form) {
    case AT_LEAST:
    case AT_MOST:
        m->has_target = true;
        m->target = form == AT_LEAST ? t->at_least : t->at_most;
        return 0;
    case CLOSE_TO:
        m->has_target = true;
        m->target = t->close_to;
        return 0;
    case NONE_OVER:
        if (reading->metric_is_good && m->list->metric.id == METRIC_OPEN_WITHIN)
            reading->target_implies = POLARITY_HIGHER;
        reading->target_is_bad |= !read_wait(r, t->none_over, &rule->wait);
        return 0;
    case PERCENTILE:
        rule->percentile = t->percentile;
        return 0;
    case COMPARATOR:
        return plan_comparator(r, reading, t->comparator);
    case STABILISE:
        if (t->stabilise == 1)
            rule->kind = TARGET_LEVEL;
        rule->periods = t->over > 0 ? t->over : TREND_PERIODS;
        return 0;
    default:
        if (!read_amount(r, reading->target_value, &amount, &rule->change_is_share))
            reading->target_is_bad = true;
        else
            rule->change = form == REDUCE_BY ? -amount : amount;
        return 0;
    }
}

/* `within:` goes with two forms, and means another thing with each; `over:` with one. */
static void take_within(struct plan_reading *r, struct measure_reading *reading,
                        const struct target_reading *t)
{
    struct target_rule *rule = &reading->m.rule;
    bool share;

    if (t->over > 0 && rule->kind != TARGET_LEVEL)
        plan_complain(r, yaml_get(reading->target, "over"), PLAN_KEY_OF_NO_USE, "leave it out",
                      "target: over is for \"stabilise: slope\"");
    if (rule->kind != TARGET_CLOSE_TO && rule->kind != TARGET_PERCENTILE) {
        if (!yaml_is_nothing(t->within))
            plan_complain(r, t->within, PLAN_KEY_OF_NO_USE, "leave it out",
                          "target: within is for percentile and close_to");
        return;
    }
    if (yaml_is_nothing(t->within)) {
        plan_complain(r, reading->target, PLAN_BAD_TARGET,
                      rule->kind == TARGET_PERCENTILE ? "for example {percentile: 92, within: 18w}"
                                                      : "for example {close_to: 95, within: 2}",
                      "target: %s needs \"within\"", reading->target_key);
        reading->target_is_bad = true;
    } else if (rule->kind == TARGET_PERCENTILE) {
        reading->target_is_bad |= !read_wait(r, t->within, &rule->wait);
    } else {
        reading->target_is_bad |= !read_amount(r, t->within, &rule->within, &share);
    }
}

/* The one form that is given, or TARGET_FORMS after saying that none is, or several are. */
static size_t find_form(struct plan_reading *r, struct measure_reading *reading, bool is_law,
                        bool said)
{
    size_t found = TARGET_FORMS;

    for (size_t i = 0; i < TARGET_FORMS; i++) {
        yaml_node *at = yaml_get(reading->target, target_forms[i].key);

        if (yaml_is_nothing(at))
            continue;
        if (found < TARGET_FORMS) {
            plan_complain(r, reading->target, PLAN_BAD_TARGET,
                          "write {at_least: 60} or {at_most: 60}",
                          "measure: the target has two figures: %s and %s", target_forms[found].key,
                          target_forms[i].key);
            return TARGET_FORMS;
        }
        found = i;
        reading->target_value = at;
    }
    if (found == TARGET_FORMS && !is_law && !said)
        plan_complain(r, reading->target, PLAN_BAD_TARGET, FORMS,
                      "measure: the target has no figure");
    return found;
}

static void complain_of_bare_target(struct plan_reading *r, const struct measure_reading *reading)
{
    static const char *const sides[] = { "at_least", "at_most" }; /* in the order of polarities */
    const char *text = yaml_text(reading->target);
    char meant[GUESS_MAX], hint[80] = "write {at_least: 60} or {at_most: 60}";

    if (text && reading->polarity >= 0 &&
        (size_t)reading->polarity < sizeof sides / sizeof sides[0] && guess_number(text, meant))
        (void)snprintf(hint, sizeof hint, "did you mean \"{%s: %s}\"?", sides[reading->polarity],
                       meant);
    plan_complain(r, reading->target, PLAN_BAD_TARGET, hint,
                  "measure: the target does not say on which side it is met");
}

int plan_target_read(struct plan_reading *r, struct measure_reading *reading)
{
    AUTO(auto_free) char *law = NULL;
    struct target_reading t = { .stabilise = -1 };
    size_t form;
    int bound;

    reading->m.target_by = DATE_NONE;
    reading->target_implies = -1;
    if (!reading->target)
        return 0;
    if (yaml_kind(reading->target) != YAML_MAPPING) {
        complain_of_bare_target(r, reading);
        return 0;
    }
    bound = bind_mapping(r->y, reading->target, "target", target_keys, &t, r->diags);
    law = t.law;
    if (bound == -ENOMEM)
        return bound;
    /* After an error its figure may be under the key that was complained of. */
    form = find_form(r, reading, law != NULL, bound == -EINVAL);
    reading->target_is_bad = bound < 0;
    if (form == TARGET_FORMS && law) {
        reading->target_value = yaml_get(reading->target, "statutory");
        t.at_least = 100;
        form = AT_LEAST;
    }
    if (form < TARGET_FORMS && take_form(r, reading, &t, form) < 0)
        return -ENOMEM;
    if (form < TARGET_FORMS)
        take_within(r, reading, &t);
    reading->m.has_target &= !reading->target_is_bad;
    reading->target_by = t.by;
    reading->m.rule.law = law;
    law = NULL;
    if (t.by && (!yaml_text(t.by) || plan_day_or_month(yaml_text(t.by), &reading->m.target_by) < 0))
        plan_not_a_date(r, t.by, "target: by", "for example 2025-03-31 or 2025-03");
    return 0;
}

/* ---- once the metric and its unit are known ---- */

/* A wait in the unit of the measure. False: months have no fixed number of days. */
static bool wait_in(const struct span *wait, enum unit unit, double *out)
{
    double days = wait->unit == SPAN_WEEKS ? (double)wait->count * 7 : (double)wait->count;

    if (wait->unit == SPAN_MONTHS)
        return false;
    *out = unit == UNIT_WEEKS ? days / 7 : days;
    return true;
}

static void set_wait(struct plan_reading *r, struct measure_reading *reading)
{
    struct plan_measure *m = &reading->m;
    bool is_length = m->unit == UNIT_DAYS || m->unit == UNIT_WEEKS;

    if (!is_length)
        plan_complain(r, reading->target_value, PLAN_WRONG_UNIT,
                      "say \"unit: days\" or \"unit: weeks\", in which the feed gives it",
                      "target: %s is a length of time, and the measure is not said to be one",
                      reading->target_key);
    else if (!wait_in(&m->rule.wait, m->unit, &m->target))
        plan_complain(r, reading->target_value, PLAN_BAD_WAIT, "for example 13w or 91d",
                      "target: months have no fixed number of %s", unit_name(m->unit));
    else
        m->has_target = true;
}

static bool same_wait(const struct span *a, const struct span *b)
{
    double x = 0, y = 0;

    if (a->unit == SPAN_MONTHS || b->unit == SPAN_MONTHS)
        return a->unit == b->unit && a->count == b->count;
    return wait_in(a, UNIT_DAYS, &x) && wait_in(b, UNIT_DAYS, &y) && x == y;
}

/* Who waits longer is counted, has a share, or is the one who waits longest. */
static void settle_none_over(struct plan_reading *r, struct measure_reading *reading)
{
    struct plan_measure *m = &reading->m;
    const struct pathway_metric *metric = m->list ? &m->list->metric : NULL;
    bool over = metric && metric->id == METRIC_OPEN_OVER;
    bool within = metric && metric->id == METRIC_OPEN_WITHIN && m->unit == UNIT_PERCENT;

    if (metric ? metric->id == METRIC_LONGEST_WAIT
               : m->unit == UNIT_DAYS || m->unit == UNIT_WEEKS) {
        set_wait(r, reading);
        return;
    }
    if (metric && !over && !within) {
        plan_complain(r, reading->target_value, PLAN_TARGET_OF_OTHER_METRIC,
                      "watch open-over:52w, the share open-within:52w, or longest-wait",
                      "target: none_over says nothing of %s", metric_def_of(metric->id)->id);
        return;
    }
    if (metric && !same_wait(&metric->wait, &m->rule.wait)) {
        plan_complain(r, reading->target_value, PLAN_TARGET_OF_OTHER_METRIC,
                      "write the same wait in metric and target",
                      "target: none_over is another wait than that of the metric");
        return;
    }
    m->has_target = true;
    m->target = within ? 100 : 0;
}

static void settle_percentile(struct plan_reading *r, struct measure_reading *reading)
{
    const struct plan_measure *m = &reading->m;
    static const struct {
        enum pathway_metric_id id;
        double percentile;
    } rows[] = { { METRIC_MEDIAN_WAIT, 50 }, { METRIC_P90_WAIT, 90 }, { METRIC_P92_WAIT, 92 } };
    bool fits = !m->list;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && !fits; i++)
        fits = m->list->metric.id == rows[i].id && m->rule.percentile == rows[i].percentile;
    if (fits)
        set_wait(r, reading);
    else
        plan_complain(r, reading->target_value, PLAN_TARGET_OF_OTHER_METRIC,
                      "percentile 50 is of median-wait, 90 of p90-wait, 92 of p92-wait",
                      "target: %s is not that percentile", metric_def_of(m->list->metric.id)->id);
}

/* From a baseline: a figure now where the plan gives one, else when it is judged. */
static void settle_baseline(struct plan_reading *r, struct measure_reading *reading)
{
    struct plan_measure *m = &reading->m;
    double from = m->baseline.value;

    if (!date_is_set(m->baseline.date)) {
        if (!reading->baseline)
            plan_complain(r, reading->target_value, PLAN_NO_BASELINE,
                          "add \"baseline: {date: 2024-03-31, value: 1300}\"",
                          "target: %s is measured from a baseline, and there is none",
                          reading->target_key);
        return;
    }
    if (!m->baseline.has_value)
        return;
    m->has_target = true;
    if (m->rule.kind == TARGET_STABILISE)
        m->target = from;
    else
        m->target =
            m->rule.change_is_share ? from * (1 + m->rule.change / 100) : from + m->rule.change;
}

void plan_target_settle(struct plan_reading *r, struct measure_reading *reading)
{
    if (reading->target_is_bad || (reading->m.list && !reading->metric_is_good))
        return;
    switch ((enum target_kind)reading->m.rule.kind) {
    case TARGET_NONE_OVER:
        settle_none_over(r, reading);
        return;
    case TARGET_PERCENTILE:
        settle_percentile(r, reading);
        return;
    case TARGET_CHANGE:
    case TARGET_STABILISE:
        settle_baseline(r, reading);
        return;
    case TARGET_NONE:
    case TARGET_THRESHOLD:
    case TARGET_CLOSE_TO:
    case TARGET_COMPARATOR:
    case TARGET_LEVEL:
        return;
    }
}
