/*
 * report - the daemon's state as the JSON that waitlistctl prints
 *
 * Pure: values to jansson trees with stable keys (DESIGN section 12 and the man page). Exact
 * figures: the control socket is internal. Every function returns a new reference, or NULL without
 * memory.
 */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include <jansson.h>

#include "alert/alert.h"
#include "base/table.h"
#include "plan/evaluate.h"

/** A file that waits for a person. */
struct wait_report {
    uint64_t receipt;
    const char *why;
    bool held; /* else it was refused */
    struct civil_date since;
};

struct feed_report {
    const struct feed_state *state;
    const char *kind, *format;
    struct wall_time last_received; /* .ms 0: never */
    unsigned long files;            /* accepted */
    const char *last_outcome;       /* words of the newest receipt: "accepted", "duplicate of DATE",
                                       "refused: ...", "held: ...", or NULL */
    struct wall_time last_outcome_at;
    const struct wait_report *waits;
    size_t wait_count;
    struct {
        bool is_known;
        uint64_t receipt;
        unsigned long rows, set_aside, service,
            provider; /* the last two: of a list, under other codes */
    } left_out;       /* of the newest file that took effect */
    json_t *list;     /* how the list stands that it writes: id, parts; borrowed; NULL: none */
};

/** Array; only_id NULL: all. Keys: id, title, value, marker, unit, numerator, denominator,
 * period_start, period_end, status (final|provisional|restated|projected), method, rag, target,
 * expected, as_of, restated, held. */
json_t *report_measures(const struct finding_set *findings, const char *only_id);
/** One measure as an object: the keys above and plan, feed, org, holds (words), history (array of
 * periods with every version). NULL result (json_null) when unknown. */
json_t *report_measure(const struct finding_set *findings, const char *id);
/** alerts: alert id -> struct alert *. Array of open episodes and those closed in the last 30 days.
 *  Keys: alert_id, episode_id, rule, measure, severity, state, held, restated, since, value,
 * threshold, action, owner, title; of a plan in rehearsal also rehearsal (true). */
json_t *report_alerts(const struct table *alerts, const struct finding_set *findings,
                      struct civil_date today);
json_t *report_feeds(const struct feed_report *feeds, size_t count);
/** "not started", "in progress", ...: of enum action_status. */
const char *report_action_status(int status);
json_t *report_plans(const struct plan *const *plans, size_t count,
                     const struct finding_set *findings);
/** alert_or_measure: an alert id (or its first 6 or more digits), an episode id, or a measure id.
 * {"lines": [text...], ...} for people and machines: what was judged, the row of the table that
 * applied to the newest data period, why no other row applied, each step before it; also for a
 * measure without alert. json_null when unknown.
 */
json_t *report_explain(const char *instance, const struct table *alerts,
                       const struct finding_set *findings, const char *alert_or_measure,
                       struct civil_date today);

#endif
