/*
 * backtest - what a plan would have said over past dates, counted
 *
 * Pure: takes what each date of a simulation brought, in order, and makes the report. A rule fires from the
 * date on which its alert is worth telling of until the date on which it no longer is; dates before the
 * first of the test only set what stands then.
 */
#ifndef CTL_BACKTEST_H
#define CTL_BACKTEST_H

#include <jansson.h>

#include "base/date.h"
#include "base/text.h"
#include "ctl/output.h"

struct backtest {
    struct civil_date from, to;
    json_t *rules;    /* alert id -> a rule of the report */
    json_t *messages; /* "owner|receiver" -> a row of the report, with the messages of each week */
};

/** Returns 0 or -ENOMEM. */
int backtest_init(struct backtest *b, struct civil_date from, struct civil_date to);
/** A date's answer of the simulation (borrowed). Returns 0 or -ENOMEM. */
int backtest_add(struct backtest *b, struct civil_date date, const json_t *brought);
/** {"from", "to", "rules", "messages"}: new reference, or NULL without memory. Ends the counting. */
json_t *backtest_report(struct backtest *b);
void backtest_release(struct backtest *b);

/** The report as rows of rules, then of messages; table: two tables. width: 0 unlimited. Returns 0 or
 * -errno. */
int backtest_print(const json_t *report, enum output_kind kind, size_t width, bool colour,
                   struct text *out);

#endif
