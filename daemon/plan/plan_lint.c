/*
 * plan_lint - whether a measure's lines make sense together
 *
 * Errors are what cannot have been meant; warnings what may well not have been.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plan/plan_yaml.h"

#define PERCENT_MAX 100
#define HINT_MAX    120
/* Devon printed a comparator of 30.8 beside 3.99: a slip of the point or the column (DOMAIN 1.2, A). */
#define IMPLAUSIBLE_FACTOR 5

/* Whether a is better than b. */
static bool better(const struct plan_measure *m, double a, double b)
{
    switch ((enum polarity)m->polarity) {
    case POLARITY_HIGHER:
        return a > b;
    case POLARITY_LOWER:
        return a < b;
    case POLARITY_CLOSE:
        break;
    }
    return false; /* neither side is the better one */
}

static void lint_line(struct plan_reading *r, const struct measure_reading *reading)
{
    if (reading->m.standard.is_line)
        return;
    if (!reading->target && !reading->expect)
        plan_complain(r, reading->node, PLAN_NO_LINE,
                      "add \"target: {at_least: NUMBER}\" or \"expect: {DATE: NUMBER}\"",
                      "measure: neither target nor expect: there is no line to judge it by");
    else if (!reading->target && yaml_kind(reading->expect) == YAML_MAPPING &&
             yaml_count(reading->expect) == 0)
        plan_complain(
            r, reading->expect, PLAN_NO_LINE, "write {DATE: NUMBER}",
            "measure: expect is empty and there is no target: there is no line to judge it by");
}

static void lint_target(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct plan_measure *m = &reading->m;
    char number[32], target[32], date[DATE_TEXT_MAX];

    if (date_is_set(m->target_by))
        plan_check_validity(r, "a target date", m->target_by, reading->target_by);
    for (size_t i = 0; m->has_target && i < m->expect_count; i++) {
        if (!better(m, m->expect[i].value, m->target))
            continue;
        plan_complain(r, reading->target_value, PLAN_MILESTONE_PAST_TARGET,
                      "a target is what the milestones lead to",
                      "%s already exceeds the target: %s on %s, target %s",
                      i + 1 == m->expect_count ? "the last milestone" : "a milestone",
                      text_number(m->expect[i].value, number), date_format(m->expect[i].date, date),
                      text_number(m->target, target));
        break;
    }
    if (date_is_set(m->target_by) && m->expect_count > 0 &&
        date_compare(m->expect[m->expect_count - 1].date, m->target_by) > 0)
        plan_complain(r, reading->target_by, PLAN_TARGET_DATE_TOO_EARLY,
                      "the target is met by the last milestone, or after it",
                      "measure: the target is to be met before the milestone of %s",
                      date_format(m->expect[m->expect_count - 1].date, date));
}

/* A clear line that is worse than every line holds nothing back. */
static void lint_clear(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct plan_measure *m = &reading->m;
    char clear[32], target[32];
    bool is_worse = m->has_clear && m->has_target && better(m, m->target, m->clear);

    for (size_t i = 0; is_worse && i < m->expect_count; i++)
        is_worse = better(m, m->expect[i].value, m->clear);
    if (is_worse)
        plan_complain(r, yaml_get(reading->node, "clear"), PLAN_CLEAR_SHORT_OF_TARGET,
                      "leave it out, or set it at or past the target",
                      "measure: the clear line %s is worse than the target %s",
                      text_number(m->clear, clear), text_number(m->target, target));
}

/* ---- figures that are likely slips ---- */

/* The lines of a measure in the order of their dates, the target last. */
struct lines {
    const struct measure_reading *reading;
    size_t count;
};

static double line_value(const struct lines *l, size_t i)
{
    const struct plan_measure *m = &l->reading->m;

    return i < m->expect_count ? m->expect[i].value : m->target;
}

/* The number itself, where a milestone has a note beside it. */
static yaml_node *line_node(const struct lines *l, size_t i)
{
    const struct measure_reading *reading = l->reading;
    yaml_node *at = i < reading->m.expect_count ? reading->expect_values[i] : reading->target_value;

    return yaml_kind(at) == YAML_MAPPING ? yaml_get(at, "value") : at;
}

static const char *line_name(const struct lines *l, size_t i)
{
    return i < l->reading->m.expect_count ? "milestone" : "target";
}

static struct lines lines_of(const struct measure_reading *reading)
{
    const struct plan_measure *m = &reading->m;

    return (struct lines){ reading, m->expect_count + (m->has_target && reading->target_value) };
}

/* 0.6 among 20, 40: a share written as a fraction. */
static bool is_fraction(const struct lines *l, size_t at)
{
    double value = line_value(l, at), greatest = 0;

    for (size_t i = 0; i < l->count; i++)
        greatest = i != at && line_value(l, i) > greatest ? line_value(l, i) : greatest;
    return value > 0 && value < 1 &&
           (greatest >= 10 || (l->count == 1 && l->reading->m.unit == UNIT_PERCENT));
}

/* Far from the line before and from the line after, on one side of both. */
static bool is_spike(const struct lines *l, size_t at)
{
    if (at == 0 || at + 1 >= l->count)
        return false;
    double value = line_value(l, at), before = line_value(l, at - 1), after = line_value(l, at + 1);

    return before > 0 && after > 0 && value > 0 &&
           ((value > before * IMPLAUSIBLE_FACTOR && value > after * IMPLAUSIBLE_FACTOR) ||
            (value * IMPLAUSIBLE_FACTOR < before && value * IMPLAUSIBLE_FACTOR < after));
}

static void lint_figures(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct lines lines = lines_of(reading);
    char number[32], meant[32], hint[HINT_MAX];

    for (size_t i = 0; i < lines.count; i++) {
        double value = line_value(&lines, i);

        if (is_fraction(&lines, i)) {
            (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?",
                           text_number(value * 100, meant));
            plan_complain(r, line_node(&lines, i), PLAN_FRACTION, hint,
                          "measure: a %s of %s among percentages", line_name(&lines, i),
                          text_number(value, number));
        } else if (is_spike(&lines, i)) {
            /* The point one place further, where that lies among its neighbours. */
            double shifted = value > line_value(&lines, i - 1) ? value / 10 : value * 10;

            (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", text_number(shifted, meant));
            plan_complain(r, line_node(&lines, i), PLAN_IMPLAUSIBLE, hint,
                          "measure: a %s of %s is far from the lines before and after it",
                          line_name(&lines, i), text_number(value, number));
        }
    }
}

static void lint_tolerance(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct plan_measure *m = &reading->m;
    const struct lines lines = lines_of(reading);
    yaml_node *at = yaml_get(reading->node, "tolerance");
    char number[32], hint[HINT_MAX];
    double greatest = 0;

    if (m->tolerance < 0) {
        (void)snprintf(
            hint, sizeof hint,
            "did you mean \"%s\"? it is a distance from the line; polarity says on which side",
            text_number(-m->tolerance, number));
        plan_complain(r, at, PLAN_NEGATIVE_TOLERANCE, hint, "measure: tolerance %s is negative",
                      text_number(m->tolerance, number));
        return;
    }
    for (size_t i = 0; i < lines.count; i++)
        greatest = line_value(&lines, i) > greatest ? line_value(&lines, i) : greatest;
    /* No figure is below 0, and no share above 100. */
    if (greatest > 0 && (m->polarity == POLARITY_HIGHER
                             ? m->tolerance >= greatest
                             : m->polarity == POLARITY_LOWER && m->unit == UNIT_PERCENT &&
                                   greatest + m->tolerance >= PERCENT_MAX))
        plan_complain(r, at, PLAN_TOLERANCE_TOO_WIDE,
                      "it is in the measure's unit; what is behind by more is red",
                      "measure: with a tolerance of %s nothing is ever red",
                      text_number(m->tolerance, number));
}

#define SHARE_APART 5 /* a share does not change by such a factor; the project's own default */

static void lint_baseline(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct plan_measure *m = &reading->m;
    double from = m->baseline.value, to = m->target;
    char number[32], target[32], date[DATE_TEXT_MAX];
    bool is_share = m->unit == UNIT_PERCENT || m->unit == UNIT_RATE;

    if (!date_is_set(m->baseline.date))
        return;
    if (m->expect_count > 0 && date_compare(m->expect[0].date, m->baseline.date) <= 0)
        plan_complain(r, yaml_get(reading->baseline, "date"), PLAN_OUTSIDE_VALIDITY,
                      "a baseline is of before the plan",
                      "baseline: a milestone comes before it, on %s",
                      date_format(m->expect[0].date, date));
    if (!m->baseline.has_value || !m->has_target || m->polarity == POLARITY_CLOSE)
        return;
    (void)text_number(from, number);
    (void)text_number(to, target);
    if (m->rule.kind != TARGET_STABILISE && !better(m, to, from))
        plan_complain(r, reading->target_value, PLAN_TARGET_SHORT_OF_BASELINE,
                      "look at polarity, and at the figures",
                      "measure: the target %s is no better than the baseline %s", target, number);
    else if (is_share && fmax(from, to) > SHARE_APART * fmin(from, to) && fmin(from, to) > 0)
        plan_complain(r, yaml_get(reading->baseline, "value"), PLAN_BASELINE_IMPLAUSIBLE,
                      "look for a slip of the pen, or two different measures",
                      "measure: a baseline of %s beside a target of %s", number, target);
}

static void lint_rule(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct plan_measure *m = &reading->m;

    if (m->linear && m->expect_count < 2)
        plan_complain(r, yaml_get(reading->node, "interpolation"), PLAN_LINEAR_OF_ONE,
                      "add a milestone, or leave interpolation out",
                      "measure: %zu milestone%s: there is nothing to draw a line between",
                      m->expect_count, m->expect_count == 1 ? "" : "s");
    if (m->rule.law && m->tolerance > 0 && m->expect_count == 0)
        plan_complain(r, yaml_get(reading->node, "tolerance"), PLAN_LAW_WITH_TOLERANCE,
                      "leave it out, or add milestones that lead to what the law asks",
                      "measure: what misses the law would be amber");
    if (m->has_clear && m->polarity == POLARITY_CLOSE)
        plan_complain(r, yaml_get(reading->node, "clear"), PLAN_KEY_OF_NO_USE, "leave it out",
                      "measure: clear is a figure on one side, and close_to has two");
    if (m->polarity == POLARITY_CLOSE && m->rule.kind != TARGET_CLOSE_TO)
        plan_complain(r, yaml_get(reading->node, "polarity"), PLAN_BAD_TARGET,
                      "add \"target: {close_to: 95, within: 2}\"",
                      "measure: how close is close enough is not said");
}

static void lint_percent(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct plan_measure *m = &reading->m;
    char number[32];

    if (m->unit != UNIT_PERCENT)
        return;
    if (m->has_target && (m->target > PERCENT_MAX || m->target < 0))
        plan_complain(r, reading->target_value, PLAN_NOT_A_PERCENTAGE,
                      "a share is between 0 and 100", "measure: a target of %s percent",
                      text_number(m->target, number));
    for (size_t i = 0; i < m->expect_count; i++)
        if (m->expect[i].value > PERCENT_MAX || m->expect[i].value < 0)
            plan_complain(r, reading->expect_values[i], PLAN_NOT_A_PERCENTAGE,
                          "a share is between 0 and 100", "measure: a milestone of %s percent",
                          text_number(m->expect[i].value, number));
}

/* The key of the target's side; the measure where its polarity says it. */
static yaml_node *better_key(const struct measure_reading *reading, const char *side)
{
    yaml_node *key = NULL;

    for (size_t i = 0; i < yaml_count(reading->target); i++) {
        (void)yaml_pair(reading->target, i, &key);
        if (yaml_text(key) && strcmp(yaml_text(key), side) == 0)
            return key;
    }
    return reading->node;
}

/* What the catalogue calls better: a plan may have its reason, but a slip is likelier. */
static void lint_better(struct plan_reading *r, const struct measure_reading *reading)
{
    enum metric_better better_by_nature = plan_list_better(reading);
    bool lower = reading->m.polarity == POLARITY_LOWER;

    if (better_by_nature == BETTER_UNSAID || reading->m.polarity == POLARITY_CLOSE ||
        lower == (better_by_nature == BETTER_LOWER))
        return;
    plan_complain(r, better_key(reading, lower ? "at_most" : "at_least"), PLAN_TARGET_ON_WRONG_SIDE,
                  lower ? "did you mean \"at_least\"?" : "did you mean \"at_most\"?",
                  "measure: %s is better when it is %s",
                  metric_def_of(reading->m.list->metric.id)->id, lower ? "higher" : "lower");
}

#define COUNT_SHOWN_MIN 5 /* DESIGN section 10, partner */

/* Whether messages hide its small numbers: those of a list, and of a feed that is known not to be published. */
static bool is_controlled(const struct plan_reading *r, const struct plan_measure *m)
{
    const struct plan_context *c = r->context;

    if (m->list)
        return true;
    return m->published && m->select.feed && c && c->is_published &&
           !c->is_published(c->is_published_arg, m->select.feed);
}

/* Of people: whoever is told the line and that it is crossed knows how few they are. That none is asked for
 * is no secret. */
static void lint_few(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct lines lines = lines_of(reading);
    char number[32];

    if (reading->m.unit != UNIT_COUNT || !is_controlled(r, &reading->m))
        return;
    for (size_t i = 0; i < lines.count; i++) {
        double value = line_value(&lines, i);

        if (value > 0 && value < COUNT_SHOWN_MIN)
            plan_complain(r, line_node(&lines, i), PLAN_LINE_OF_FEW,
                          "messages say \"under 5\", and neither amber nor red; ask for none, or "
                          "for a share",
                          "measure: a %s of %s: a line under 5 cannot be told without giving small "
                          "numbers away",
                          line_name(&lines, i), text_number(value, number));
    }
}

/* Only where data are at hand. */
static void lint_periods(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct plan_context *c = r->context;
    const struct plan_measure *m = &reading->m;
    bool is_named = reading->metric_is_good ? m->list->text != NULL
                                            : m->published && m->select.feed && m->select.org;
    int judged = is_named && c && c->judged ? c->judged(c->judged_arg, m) : -1;

    if (judged < 0)
        return;
    plan_complain(
        r, reading->node, judged < PERIODS_ENOUGH ? PLAN_FEW_PERIODS : PLAN_PERIODS_JUDGED,
        judged < PERIODS_ENOUGH ? "waitlistctl series find shows what is known better" : NULL,
        "measure: %d of the last %d periods of its series could be judged", judged,
        PERIODS_LOOKED_AT);
}

void plan_lint_measure(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct plan_measure *m = &reading->m;

    assert(r && reading);
    lint_line(r, reading);
    lint_target(r, reading);
    lint_clear(r, reading);
    lint_figures(r, reading);
    lint_tolerance(r, reading);
    lint_baseline(r, reading);
    lint_rule(r, reading);
    lint_percent(r, reading);
    lint_better(r, reading);
    lint_few(r, reading);
    lint_periods(r, reading);
    if (m->title)
        plan_check_title(r, m->title, yaml_get(reading->node, "title"));
    if (!m->owner && !m->action)
        plan_complain(r, reading->node, PLAN_NO_OWNER, "add \"owner: ROLE\" or \"action: ID\"",
                      "measure: nobody owns it: what it should say goes to ops");
}
