#include "plan/plan_fault.h"

#include <assert.h>

#include "yaml/bind.h"

static const struct plan_fault_def faults[PLAN_FAULTS] = {
    [PLAN_UNREADABLE] = { YAML_CODE_UNREADABLE, DIAG_ERROR, "the file cannot be read" },
    [PLAN_YAML] = { YAML_CODE_SYNTAX, DIAG_ERROR, "this is not YAML, or not what a plan takes" },
    [PLAN_UNKNOWN_KEY] = { BIND_CODE_UNKNOWN_KEY, DIAG_ERROR, "there is no such key here" },
    [PLAN_MISSING_KEY] = { BIND_CODE_MISSING_KEY, DIAG_ERROR, "a key that must be there is not" },
    [PLAN_BAD_VALUE] = { BIND_CODE_VALUE, DIAG_ERROR, "a key does not take this value" },
    [PLAN_NOT_ONE_VALUE] = { BIND_CODE_NOT_ONE_VALUE, DIAG_ERROR, "one value is wanted here" },
    [PLAN_NOT_A_LIST] = { BIND_CODE_NOT_A_LIST, DIAG_ERROR, "a list is wanted here" },
    [PLAN_NOT_A_MAPPING] = { BIND_CODE_NOT_A_MAPPING, DIAG_ERROR,
                             "keys with their values are wanted here" },
    [PLAN_NOT_AN_ID] = { "not-an-id", DIAG_ERROR, "an id has other characters, or too many" },
    [PLAN_GIVEN_TWICE] = { "given-twice", DIAG_ERROR, "an id or a day is used already" },
    [PLAN_NO_SUCH_REFERENCE] = { "no-such-reference", DIAG_ERROR,
                                 "nothing of this kind has this id" },
    [PLAN_NOT_A_DATE] = { "not-a-date", DIAG_ERROR, "a date or a month is wanted here" },
    [PLAN_NOT_A_NUMBER] = { "not-a-number", DIAG_ERROR, "a number is wanted here" },
    [PLAN_TITLE_TOO_LONG] = { "title-too-long", DIAG_WARNING, "a title is cut in messages" },
    [PLAN_OUTSIDE_VALIDITY] = { "outside-validity", DIAG_WARNING,
                                "a date lies before the plan begins or after it ends" },
    [PLAN_VALIDITY_ENDS_FIRST] = { "validity-ends-first", DIAG_ERROR,
                                   "the plan ends before it begins" },
    [PLAN_NO_RECEIVERS] = { "no-receivers", DIAG_WARNING, "what a role should hear goes to ops" },
    [PLAN_NO_MEASURES] = { "no-measures", DIAG_WARNING, "nothing is watched" },
    [PLAN_UNKNOWN_METRIC] = { "unknown-metric", DIAG_ERROR, "there is no such metric" },
    [PLAN_METRIC_NOT_BUILT] = { "metric-not-built", DIAG_ERROR, "this metric is not built yet" },
    [PLAN_BAD_WAIT] = { "bad-wait", DIAG_ERROR, "a wait is missing, of no use, or none" },
    [PLAN_NO_SUCH_STAGE] = { "no-such-stage", DIAG_ERROR, "the list's service has no such stage" },
    [PLAN_UNKNOWN_COHORT] = { "unknown-cohort", DIAG_WARNING,
                              "the list's service does not name this column" },
    [PLAN_BAD_COHORT] = { "bad-cohort", DIAG_ERROR, "a cohort is columns and their values" },
    [PLAN_KEY_OF_NO_USE] = { "key-of-no-use", DIAG_ERROR, "this measure has no use for the key" },
    [PLAN_WRONG_PERIOD] = { "wrong-period", DIAG_ERROR,
                            "the metric cannot be counted for this period" },
    [PLAN_NO_STANDARD] = { "no-standard", DIAG_ERROR,
                           "the metric needs the longest wait that is allowed" },
    [PLAN_WRONG_UNIT] = { "wrong-unit", DIAG_ERROR, "the metric is in another unit" },
    [PLAN_FOOTPRINT_NAMED] = { "footprint-named", DIAG_ERROR,
                               "the title says the place, and the figures are another "
                               "footprint's" },
    [PLAN_FOOTPRINT_WIDER] = { "footprint-wider", DIAG_WARNING,
                               "the figures are not those of the plan's place alone" },
    [PLAN_NO_LINE] = { "no-line", DIAG_ERROR, "nothing says what the measure is judged by" },
    [PLAN_BAD_TARGET] = { "bad-target", DIAG_ERROR,
                          "a target is one figure and the side on which it is met" },
    [PLAN_NO_POLARITY] = { "no-polarity", DIAG_ERROR, "nothing says which way is better" },
    [PLAN_POLARITY_CONTRADICTS] = { "polarity-contradicts", DIAG_ERROR,
                                    "polarity and target say different ways" },
    [PLAN_TARGET_ON_WRONG_SIDE] = { "target-on-wrong-side", DIAG_WARNING,
                                    "the metric is better the other way" },
    [PLAN_MILESTONE_PAST_TARGET] = { "milestone-past-target", DIAG_WARNING,
                                     "a milestone is better than the target it leads to" },
    [PLAN_CLEAR_SHORT_OF_TARGET] = { "clear-short-of-target", DIAG_WARNING,
                                     "an alert would end while the target is missed" },
    [PLAN_NOT_A_PERCENTAGE] = { "not-a-percentage", DIAG_WARNING,
                                "a share below 0 or above 100 per cent" },
    [PLAN_NEGATIVE_TOLERANCE] = { "negative-tolerance", DIAG_ERROR,
                                  "a tolerance is a distance, 0 or more" },
    [PLAN_NO_OWNER] = { "no-owner", DIAG_WARNING, "what the measure should say goes to ops" },
    [PLAN_PRIORITY_OF_ACTION] = { "priority-of-action", DIAG_WARNING,
                                  "the measure's action is under another priority" },
};

const struct plan_fault_def *plan_fault_of(enum plan_fault fault)
{
    assert(fault >= 0 && fault < PLAN_FAULTS);
    return &faults[fault];
}
