/*
 * plan_lint - whether a measure's lines make sense together
 *
 * Errors are what cannot have been meant; warnings what may well not have been.
 */
#include <assert.h>

#include "base/text.h"
#include "plan/plan_yaml.h"

#define PERCENT_MAX 100

/* Whether a is better than b. */
static bool better(const struct plan_measure *m, double a, double b)
{
    return m->polarity == POLARITY_HIGHER ? a > b : a < b;
}

static void lint_line(struct plan_reading *r, const struct measure_reading *reading)
{
    if (!reading->target && !reading->expect)
        plan_complain(r, reading->node, PLAN_NO_LINE,
                      "add \"target: {at_least: NUMBER}\" or \"expect: {DATE: NUMBER}\"",
                      "measure: neither target nor expect: there is no line to judge it by");
    else if (!reading->target && yaml_kind(reading->expect) == YAML_MAPPING &&
             yaml_count(reading->expect) == 0)
        plan_complain(
            r, reading->expect, PLAN_NO_LINE, NULL,
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
    if (m->has_target && m->has_clear && m->expect_count == 0 && better(m, m->target, m->clear))
        plan_complain(r, yaml_get(reading->node, "clear"), PLAN_CLEAR_SHORT_OF_TARGET,
                      "leave clear out, or set it at or past the target",
                      "measure: the clear line %s is worse than the target %s",
                      text_number(m->clear, number), text_number(m->target, target));
}

static void lint_percent(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct plan_measure *m = &reading->m;
    char number[32];

    if (m->unit != UNIT_PERCENT)
        return;
    if (m->has_target && (m->target > PERCENT_MAX || m->target < 0))
        plan_complain(r, reading->target_value, PLAN_NOT_A_PERCENTAGE, NULL,
                      "measure: a target of %s percent", text_number(m->target, number));
    for (size_t i = 0; i < m->expect_count; i++)
        if (m->expect[i].value > PERCENT_MAX || m->expect[i].value < 0)
            plan_complain(r, reading->expect_values[i], PLAN_NOT_A_PERCENTAGE, NULL,
                          "measure: a milestone of %s percent",
                          text_number(m->expect[i].value, number));
}

/* What the catalogue calls better: a plan may have its reason, but a slip is likelier. */
static void lint_better(struct plan_reading *r, const struct measure_reading *reading)
{
    enum metric_better better_by_nature = plan_list_better(reading);
    bool lower = reading->m.polarity == POLARITY_LOWER;

    if (better_by_nature == BETTER_UNSAID || lower == (better_by_nature == BETTER_LOWER))
        return;
    plan_complain(r, reading->target_value ? reading->target_value : reading->node,
                  PLAN_TARGET_ON_WRONG_SIDE,
                  lower ? "a floor is \"at_least\"" : "a ceiling is \"at_most\"",
                  "measure: %s is better when it is %s",
                  metric_def_of(reading->m.list->metric.id)->id, lower ? "higher" : "lower");
}

void plan_lint_measure(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct plan_measure *m = &reading->m;
    char number[32];

    assert(r && reading);
    lint_line(r, reading);
    lint_target(r, reading);
    lint_percent(r, reading);
    lint_better(r, reading);
    if (m->title)
        plan_check_title(r, m->title, yaml_get(reading->node, "title"));
    if (m->tolerance < 0)
        plan_complain(r, yaml_get(reading->node, "tolerance"), PLAN_NEGATIVE_TOLERANCE,
                      "it is a distance from the line, 0 or more; polarity says on which side",
                      "measure: tolerance %s is negative", text_number(m->tolerance, number));
    if (!m->owner && !m->action)
        plan_complain(r, reading->node, PLAN_NO_OWNER, "add \"owner: ROLE\" or \"action: ID\"",
                      "measure: nobody owns it: what it should say goes to ops");
}
