/*
 * report_explain - sentences that say why a judgement is what it is, and why it is no other
 *
 * Pure. Used by report_explain() of report.h, which finds what is meant and runs the fold again.
 * Sentences are added to a JSON array of strings; each function returns 0 or non-zero without
 * memory.
 */
#ifndef CTL_REPORT_EXPLAIN_H
#define CTL_REPORT_EXPLAIN_H

#include <jansson.h>

#include "alert/alert.h"
#include "plan/finding.h"

/** Adds one formatted sentence. */
int explain_say(json_t *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** What was judged: the newest figure, its line, tolerance, polarity, interval and holds. */
int explain_judgement(json_t *lines, const struct finding *f);
/** Puts the keys of a row of the table: from, event, hold, to, why. */
int explain_row(json_t *o, enum alert_state from, enum period_event event, bool held,
                enum alert_state to, const char *why);
/**
 * Every other row of the table in the state of this step, with "why_not"; and, as sentences, those
 * that differ in the event alone or whose hold alone would have changed the outcome.
 */
int explain_others(json_t *others, json_t *lines, const struct finding *f,
                   const struct alert_step *last);
/** "clear", "between", "amber", "red", "not due", "no usable figure". */
const char *explain_event_words(enum period_event event);

#endif
