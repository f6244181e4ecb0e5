/*
 * plan_fault - what may be wrong with a plan, each with a code for ever
 *
 * One table: the code that `plan check -o json` gives, how grave it is, and what is meant
 * (plan.yaml(5) lists them). A message is made by plan_complain(), which takes the row.
 */
#ifndef PLAN_PLAN_FAULT_H
#define PLAN_PLAN_FAULT_H

#include "base/diag.h"

enum plan_fault {
    /* of any YAML file: said by yaml/ */
    PLAN_UNREADABLE,
    PLAN_YAML,
    PLAN_UNKNOWN_KEY,
    PLAN_MISSING_KEY,
    PLAN_BAD_VALUE,
    PLAN_NOT_ONE_VALUE,
    PLAN_NOT_A_LIST,
    PLAN_NOT_A_MAPPING,
    /* of ids and dates */
    PLAN_NOT_AN_ID,
    PLAN_GIVEN_TWICE,
    PLAN_NO_SUCH_REFERENCE,
    PLAN_NOT_A_DATE,
    PLAN_NOT_A_NUMBER,
    PLAN_TITLE_TOO_LONG,
    PLAN_OUTSIDE_VALIDITY,
    PLAN_VALIDITY_ENDS_FIRST,
    /* of the plan */
    PLAN_PLACE_UNKNOWN,
    PLAN_NO_RECEIVERS,
    PLAN_NO_MEASURES,
    PLAN_PAPERS_AFTER_MEETING,
    PLAN_ROLE_NOT_HELD,
    PLAN_ROLE_GAP,
    /* of a measure's metric */
    PLAN_UNKNOWN_METRIC,
    PLAN_BAD_WAIT,
    PLAN_NO_SUCH_STAGE,
    PLAN_UNKNOWN_COHORT,
    PLAN_BAD_COHORT,
    PLAN_KEY_OF_NO_USE,
    PLAN_WRONG_PERIOD,
    PLAN_NO_STANDARD,
    PLAN_WRONG_UNIT,
    PLAN_HAS_NO_STANDARD,
    PLAN_STANDARD_OF_ANOTHER,
    PLAN_FOOTPRINT_NAMED,
    PLAN_FOOTPRINT_WIDER,
    /* of its control chart */
    PLAN_SPC_ON_STOCK,
    PLAN_SPC_ON_ROLLING,
    PLAN_NO_REASON,
    PLAN_NO_MILESTONE,
    /* of its lines */
    PLAN_NO_LINE,
    PLAN_BAD_TARGET,
    PLAN_NO_POLARITY,
    PLAN_POLARITY_CONTRADICTS,
    PLAN_TARGET_ON_WRONG_SIDE,
    PLAN_MILESTONE_PAST_TARGET,
    PLAN_CLEAR_SHORT_OF_TARGET,
    PLAN_NOT_A_PERCENTAGE,
    PLAN_TARGET_DATE_TOO_EARLY,
    PLAN_FRACTION,
    PLAN_IMPLAUSIBLE,
    PLAN_NEGATIVE_TOLERANCE,
    PLAN_TOLERANCE_TOO_WIDE,
    PLAN_NO_OWNER,
    PLAN_PRIORITY_OF_ACTION,
    PLAN_TARGET_OF_OTHER_METRIC,
    PLAN_NO_BASELINE,
    PLAN_TARGET_SHORT_OF_BASELINE,
    PLAN_BASELINE_IMPLAUSIBLE,
    PLAN_BAD_COMPARISON,
    PLAN_BAD_GUARD,
    PLAN_LINEAR_OF_ONE,
    PLAN_SURVEY_WITHOUT_N,
    PLAN_LAW_WITH_TOLERANCE,
    PLAN_LINE_OF_FEW,
    PLAN_REHEARSAL_UNREAD,
    PLAN_PERIODS_JUDGED,
    PLAN_FEW_PERIODS,
    PLAN_FAULTS
};

struct plan_fault_def {
    const char *code;
    enum diag_level level;
    const char *meaning;
};

const struct plan_fault_def *plan_fault_of(enum plan_fault fault);

#endif
