#include "plan/plan_diff.h"

#include <jansson.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "support/plan_text.h"
#include "support/unit.h"

/*
 * Every key of a plan, as the schema has it, with what a change of it is called and its effect. A key that is
 * in the schema and not here fails: so no key can make a plan softer without a word.
 */

#define SCHEMA "config/schema/plan.schema.json"

#define BASE                                                                                       \
    "roles: {a: {receivers: [x, y]}, b: {receivers: [x]}}\n"                                       \
    "forums: {fo: {title: F, meets: [2024-09-10]}, fp: {title: G}}\n"
#define HEAD      "plan: {id: p, valid: {from: 2024-04-01, to: 2025-03-31}}\n"
#define ACTION(x) "{id: \"1.1\", title: A, lead: a, due: 2024-09" x "}"
#define PRIORITIES                                                                                 \
    "priorities: [{id: \"1\", title: T, actions: [" ACTION("") "]}, {id: \"2\", title: U}]\n"
#define GUARD                                                                                      \
    "  - {id: g, metric: \"published:G\", select: {feed: f, org: O}, owner: a, target: {at_most: " \
    "9}}\n"
#define M    HEAD BASE PRIORITIES "measures:\n" GUARD "  - {"
#define PUB  M "id: m, owner: a, metric: \"published:X\", select: {feed: f, org: O}, "
#define LIST M "id: m, owner: a, select: {list: l}, "
#define LAST "}\n"

/* Each: where it stands, what is before and after it there. */
static const char of_plan[] = "plan: {id: p, %s}\n" BASE PRIORITIES "measures:\n" GUARD;
static const char of_action[] = HEAD BASE
    "priorities: [{id: \"1\", title: T, actions: [{id: \"1.1\", title: A, lead: a, %s}]}]\n"
    "measures:\n" GUARD;
static const char of_whole_action[] =
    HEAD BASE "priorities: [{id: \"1\", title: T, actions: [{%s}]}]\nmeasures:\n" GUARD;
static const char of_priority[] = HEAD BASE "priorities: [%s]\nmeasures:\n" GUARD;
static const char of_escalated[] =
    HEAD BASE "priorities: [{id: \"1\", title: T%s}]\nmeasures:\n" GUARD;
static const char of_role[] =
    HEAD "roles: {a: {receivers: [x]}%s}\n" PRIORITIES "measures:\n" GUARD;
static const char of_forum[] =
    HEAD "roles: {a: {receivers: [x]}}\nforums: {%s}\n" PRIORITIES "measures:\n" GUARD;
static const char of_measure[] = PUB "%s" LAST;
static const char of_list[] = LIST "%s" LAST;
static const char of_bare[] = M "%s" LAST;
static const char of_measures[] = HEAD BASE PRIORITIES "measures:\n" GUARD "%s";

#define WHOLE     "metric: \"published:X\", select: {feed: f, org: O}, owner: a, target: {at_least: 60}"
#define LEAST     "target: {at_least: 60}"
#define SELECT(x) "id: m, owner: a, metric: \"published:X\", select: {" x "}, " LEAST
#define WAITS(x)                                                                                   \
    "id: m, owner: a, metric: \"open-over:52w\", select: {list: l" x "}, target: {at_most: 5}"
#define COMPARED(x) LEAST ", compare: {" x "}"
#define BASELINE(x) "target: {at_least: 60}, baseline: {" x "}"

static const struct {
    const char *key, *place; /* place NULL: .before says why it can change nothing */
    const char *before, *after;
    enum change_effect effect;
    const char *what;
} rows[] = {
    { "root_keys.plan", NULL, "see plan_keys", NULL, EFFECT_NONE, NULL },
    { "root_keys.measures", of_measures, "  - {id: m, " WHOLE "}\n", "", EFFECT_SOFTER, "measure" },
    { "root_keys.roles", of_role, ", b: {receivers: [x]}", "", EFFECT_NONE, "role" },
    { "root_keys.forums", of_forum, "fo: {title: F}", "fo: {title: F}, fp: {title: G}", EFFECT_NONE,
      "forum" },
    { "root_keys.escalate", of_measures,
      "  - {id: m, " WHOLE "}\nescalate: [{periods: 2, to: b}]\n",
      "  - {id: m, " WHOLE "}\nescalate: [{periods: 3, to: b}]\n", EFFECT_SOFTER, "escalate" },
    { "root_keys.priorities", of_priority, "{id: \"1\", title: T}",
      "{id: \"1\", title: T}, {id: \"2\", title: U}", EFFECT_NONE, "priority" },

    { "plan_keys.id", NULL, "another id is another plan", NULL, EFFECT_NONE, NULL },
    { "plan_keys.version", of_plan, "version: 1", "version: 2", EFFECT_NONE, "version" },
    { "plan_keys.place", of_plan, "place: here", "place: there", EFFECT_NONE, "place" },
    { "plan_keys.title", of_plan, "title: Old", "title: New", EFFECT_NONE, "title" },
    { "plan_keys.mode", of_plan, "author: a, mode: live", "author: a, mode: rehearsal",
      EFFECT_SOFTER, "mode" },
    { "plan_keys.author", of_plan, "author: a", "author: b", EFFECT_NONE, "author" },
    { "plan_keys.illustrative", of_plan, "illustrative: true", "illustrative: false", EFFECT_NONE,
      "illustrative" },
    { "plan_keys.valid", of_plan, "version: 1", "valid: {to: 2025-03-31}", EFFECT_SOFTER,
      "valid to" },
    { "plan_keys.approval", of_plan, "approval: {reference: R}", "version: 1", EFFECT_NONE,
      "approval" },
    { "plan_keys.on_expiry", NULL, "it has one value", NULL, EFFECT_NONE, NULL },
    { "validity_keys.from", of_plan, "valid: {from: 2024-04-01}", "valid: {from: 2024-05-01}",
      EFFECT_SOFTER, "valid from" },
    { "validity_keys.to", of_plan, "valid: {to: 2025-03-31}", "valid: {to: 2025-01-31}",
      EFFECT_SOFTER, "valid to" },
    { "approval_keys.reference", of_plan, "approval: {reference: R}", "approval: {reference: S}",
      EFFECT_NONE, "approval" },
    { "approval_keys.by", of_plan, "approval: {reference: R, by: X}",
      "approval: {reference: R, by: Y}", EFFECT_NONE, "approved by" },
    { "approval_keys.date", of_plan, "approval: {reference: R, date: 2024-01-01}",
      "approval: {reference: R, date: 2024-01-02}", EFFECT_NONE, "approval date" },

    { "role_keys.receivers", of_role, ", b: {receivers: [x, y]}", ", b: {receivers: [x]}",
      EFFECT_SOFTER, "receivers" },
    { "forum_keys.title", of_forum, "fo: {title: F}", "fo: {title: G}", EFFECT_NONE, "title" },
    { "forum_keys.papers_days", of_forum, "fo: {title: F, papers_days: 7, meets: [2024-09-10]}",
      "fo: {title: F, papers_days: 8, meets: [2024-09-10]}", EFFECT_NONE, "meetings" },
    { "forum_keys.papers_working_days", of_forum,
      "fo: {title: F, papers_working_days: 7, meets: [2024-09-10]}",
      "fo: {title: F, papers_working_days: 8, meets: [2024-09-10]}", EFFECT_NONE, "meetings" },
    { "forum_keys.ask_working_days", of_forum, "fo: {title: F, meets: [2024-09-10]}",
      "fo: {title: F, ask_working_days: 0, meets: [2024-09-10]}", EFFECT_SOFTER,
      "ask_working_days" },
    { "forum_keys.meets", of_forum, "fo: {title: F, meets: [2024-09-10]}", "fo: {title: F}",
      EFFECT_NONE, "meetings" },
    { "meeting_keys.on", of_forum, "fo: {title: F, meets: [{on: 2024-09-10}]}",
      "fo: {title: F, meets: [{on: 2024-09-11}]}", EFFECT_NONE, "meetings" },
    { "meeting_keys.papers", of_forum,
      "fo: {title: F, meets: [{on: 2024-09-10, papers: 2024-09-01}]}",
      "fo: {title: F, meets: [{on: 2024-09-10, papers: 2024-09-02}]}", EFFECT_NONE, "meetings" },
    { "priority_keys.id", of_priority, "{id: \"1\", title: T}", "{id: \"2\", title: T}",
      EFFECT_NONE, "priority" },
    { "priority_keys.title", of_priority, "{id: \"1\", title: T}", "{id: \"1\", title: U}",
      EFFECT_NONE, "title" },
    { "priority_keys.actions", of_priority, "{id: \"1\", title: T, actions: [" ACTION("") "]}",
      "{id: \"1\", title: T}", EFFECT_SOFTER, "action" },

    { "priority_keys.escalate", of_escalated, "", ", escalate: []", EFFECT_SOFTER, "escalate" },

    { "action_keys.id", of_whole_action, "id: \"1.1\", title: A, lead: a, due: 2024-09",
      "id: \"1.2\", title: A, lead: a, due: 2024-09", EFFECT_SOFTER, "action" },
    { "action_keys.title", of_whole_action, "id: \"1.1\", title: A, lead: a, due: 2024-09",
      "id: \"1.1\", title: B, lead: a, due: 2024-09", EFFECT_NONE, "title" },
    { "action_keys.lead", of_whole_action, "id: \"1.1\", title: A, lead: a, due: 2024-09",
      "id: \"1.1\", title: A, lead: b, due: 2024-09", EFFECT_NONE, "lead" },
    { "action_keys.accountable", of_action, "due: 2024-09, accountable: a", "due: 2024-09",
      EFFECT_NONE, "accountable" },
    { "action_keys.forum", of_action, "due: 2024-09, forum: fo", "due: 2024-09", EFFECT_NONE,
      "forum" },
    { "action_keys.weakness", of_action, "due: 2024-09, weakness: {id: W}", "due: 2024-09",
      EFFECT_NONE, "weakness" },
    { "action_keys.delivery", of_action, "due: 2024-09, delivery: {rag: red}", "due: 2024-09",
      EFFECT_SOFTER, "delivery" },
    { "action_keys.due", of_action, "due: 2024-09", "due: 2024-12", EFFECT_SOFTER, "due" },
    { "action_keys.status", of_action, "due: 2024-09, status: in-progress",
      "due: 2024-09, status: complete", EFFECT_NONE, "status" },
    { "weakness_keys.id", of_action, "due: 2024-09, weakness: {id: W}",
      "due: 2024-09, weakness: {id: V}", EFFECT_NONE, "weakness" },
    { "weakness_keys.judgement", of_action, "due: 2024-09, weakness: {id: W, judgement: bad}",
      "due: 2024-09, weakness: {id: W, judgement: good}", EFFECT_NONE, "judgement" },
    { "weakness_keys.date", of_action, "due: 2024-09, weakness: {id: W, date: 2024-05-01}",
      "due: 2024-09, weakness: {id: W, date: 2024-05-02}", EFFECT_NONE, "judgement date" },
    { "delivery_keys.rag", of_action, "due: 2024-09, delivery: {rag: red}",
      "due: 2024-09, delivery: {rag: amber}", EFFECT_SOFTER, "delivery" },
    { "delivery_keys.date", of_action, "due: 2024-09, delivery: {rag: red, date: 2024-05-01}",
      "due: 2024-09, delivery: {rag: red, date: 2024-05-02}", EFFECT_NONE, "delivery date" },
    { "delivery_keys.note", of_action, "due: 2024-09, delivery: {rag: red, note: N}",
      "due: 2024-09, delivery: {rag: red, note: O}", EFFECT_NONE, "delivery note" },

    { "measure_keys.escalate", of_measure, LEAST ", escalate: [{periods: 2}, {periods: 4, to: b}]",
      LEAST ", escalate: [{periods: 2}]", EFFECT_SOFTER, "escalate" },
    { "step_keys.periods", of_measure, LEAST ", escalate: [{periods: 4, to: b}]",
      LEAST ", escalate: [{periods: 3, to: b}]", EFFECT_HARDER, "escalate" },
    { "step_keys.working_days", of_measure, LEAST ", escalate: [{working_days: 20, to: b}]",
      LEAST ", escalate: [{working_days: 30, to: b}]", EFFECT_SOFTER, "escalate" },
    { "step_keys.to", of_measure, LEAST ", escalate: [{periods: 4, to: b}]",
      LEAST ", escalate: [{periods: 4, to: a}]", EFFECT_NONE, "escalate" },
    { "measure_keys.id", of_bare, "id: m, " WHOLE, "id: n, was: m, " WHOLE, EFFECT_NONE, "id" },
    { "measure_keys.title", of_measure, LEAST ", title: A", LEAST ", title: B", EFFECT_NONE,
      "title" },
    { "measure_keys.metric", of_bare, "id: m, " WHOLE,
      "id: m, metric: \"manual:X\", select: {feed: f, org: O}, owner: a, " LEAST, EFFECT_NONE,
      "method" },
    { "measure_keys.select", of_bare, SELECT("feed: f, org: O"), SELECT("feed: g, org: O"),
      EFFECT_NONE, "source" },
    { "measure_keys.period", of_list, "metric: referrals, period: month, target: {at_most: 5}",
      "metric: referrals, period: week, target: {at_most: 5}", EFFECT_NONE, "figure" },
    { "measure_keys.window", of_list, "metric: \"completed-within:18w\", target: {at_least: 5}",
      "metric: \"completed-within:18w\", window: 12m, target: {at_least: 5}", EFFECT_NONE,
      "figure" },
    { "measure_keys.standard", of_list, "metric: shortfall, standard: 18w, target: {at_most: 5}",
      "metric: shortfall, standard: 26w, target: {at_most: 5}", EFFECT_SOFTER, "wait allowed" },
    { "measure_keys.share", of_list, "metric: shortfall, standard: 18w, target: {at_most: 5}",
      "metric: shortfall, standard: 18w, share: 50, target: {at_most: 5}", EFFECT_SOFTER, "share" },
    { "measure_keys.method", of_list, "metric: p92-wait, target: {at_most: 50}",
      "metric: p92-wait, method: nearest-rank, target: {at_most: 50}", EFFECT_NONE, "figure" },
    { "measure_keys.act_on", of_list,
      "metric: \"open-over:52w\", act_on: projected, target: {at_most: 5}",
      "metric: \"open-over:52w\", target: {at_most: 5}", EFFECT_SOFTER, "act_on projected" },
    { "measure_keys.polarity", of_measure, LEAST, "target: {at_most: 60}", EFFECT_SOFTER,
      "polarity" },
    { "measure_keys.baseline", of_measure, BASELINE("date: 2024-03-31, value: 50"), LEAST,
      EFFECT_NONE, "baseline" },
    { "measure_keys.target", of_measure, LEAST, "target: {at_least: 50}", EFFECT_SOFTER, "target" },
    { "measure_keys.tolerance", of_measure, LEAST, LEAST ", tolerance: 5", EFFECT_SOFTER,
      "tolerance" },
    { "measure_keys.clear", of_measure, LEAST, LEAST ", clear: 50", EFFECT_SOFTER, "clear" },
    { "measure_keys.for", of_measure, LEAST, LEAST ", for: 2", EFFECT_SOFTER, "for" },
    { "measure_keys.clear_for", of_measure, LEAST ", clear_for: 2", LEAST, EFFECT_SOFTER,
      "clear_for" },
    { "measure_keys.reopen_within", of_measure, LEAST, LEAST ", reopen_within: 4", EFFECT_NONE,
      "reopen_within" },
    { "measure_keys.steady_for", of_measure, LEAST, LEAST ", steady_for: 0", EFFECT_SOFTER,
      "steady_for" },
    { "measure_keys.min_n", of_measure, LEAST ", min_n: 20", LEAST, EFFECT_SOFTER, "min_n" },
    { "measure_keys.expect", of_measure, LEAST ", expect: {2024-06-30: 40}",
      LEAST ", expect: {2024-06-30: 30}", EFFECT_SOFTER, "line on 2024-06-30" },
    { "measure_keys.interpolation", of_measure,
      LEAST ", expect: {2024-06-30: 40, 2024-12-31: 60}, interpolation: linear",
      LEAST ", expect: {2024-06-30: 40, 2024-12-31: 60}", EFFECT_SOFTER, "line on 2024-09-30" },
    { "measure_keys.forecast", of_list, "metric: open, target: {at_most: 5}, forecast: on",
      "metric: open, target: {at_most: 5}", EFFECT_SOFTER, "forecast" },
    { "measure_keys.spc", of_measure, LEAST ", spc: on", LEAST, EFFECT_SOFTER, "spc" },
    { "measure_keys.tell_none", of_list, "metric: open, target: {at_most: 5}",
      "metric: open, target: {at_most: 5}, tell_none: true", EFFECT_NONE, "tell_none" },
    { "measure_keys.guard", of_measure, LEAST ", guard: [g]", LEAST, EFFECT_SOFTER, "guard" },
    { "measure_keys.guard_over", of_measure, LEAST ", guard: [g]",
      LEAST ", guard: [g], guard_over: 3", EFFECT_NONE, "guard_over" },
    { "measure_keys.compare", of_measure, COMPARED("org: E"), LEAST, EFFECT_NONE, "compared with" },
    { "measure_keys.survey", of_measure, LEAST ", survey: {every: 6m}", LEAST, EFFECT_SOFTER,
      "a survey every" },
    { "measure_keys.action", of_measure, LEAST ", action: \"1.1\"", LEAST, EFFECT_NONE, "action" },
    { "measure_keys.owner", of_bare,
      "id: m, metric: \"published:X\", select: {feed: f, org: O}, owner: a, " LEAST,
      "id: m, metric: \"published:X\", select: {feed: f, org: O}, owner: b, " LEAST, EFFECT_NONE,
      "owner" },
    { "measure_keys.priority", of_measure, LEAST ", priority: \"1\"", LEAST ", priority: \"2\"",
      EFFECT_NONE, "priority" },
    { "measure_keys.unit", of_measure, LEAST ", unit: percent", LEAST, EFFECT_NONE, "unit" },
    { "measure_keys.was", of_measure, LEAST, LEAST ", was: [old]", EFFECT_NONE, "was" },

    { "select_keys.feed", of_bare, SELECT("feed: f, org: O"), SELECT("feed: g, org: O"),
      EFFECT_NONE, "source" },
    { "select_keys.org", of_bare, SELECT("feed: f, org: O"), SELECT("feed: f, org: P"), EFFECT_NONE,
      "organisation" },
    { "select_keys.breakdown", of_bare, SELECT("feed: f, org: O"),
      SELECT("feed: f, org: O, breakdown: B"), EFFECT_NONE, "breakdown" },
    { "select_keys.secondary", of_bare, SELECT("feed: f, org: O"),
      SELECT("feed: f, org: O, secondary: S"), EFFECT_NONE, "secondary" },
    { "feed_select_keys.feed", of_bare,
      "id: m, owner: a, metric: coverage, select: {feed: f}, target: {at_least: 90}",
      "id: m, owner: a, metric: coverage, select: {feed: g}, target: {at_least: 90}", EFFECT_NONE,
      "source" },
    { "list_select_keys.list", of_bare, WAITS(""),
      "id: m, owner: a, metric: \"open-over:52w\", select: {list: k}, target: {at_most: 5}",
      EFFECT_NONE, "source" },
    { "list_select_keys.provider", of_bare, WAITS(""), WAITS(", provider: P"), EFFECT_NONE,
      "organisation" },
    { "list_select_keys.place", of_bare, WAITS(""), WAITS(", place: Q"), EFFECT_NONE, "figure" },
    { "list_select_keys.commissioner", of_bare, WAITS(""), WAITS(", commissioner: R"), EFFECT_NONE,
      "figure" },
    { "list_select_keys.stage", of_bare, WAITS(""), WAITS(", stage: s"), EFFECT_NONE, "figure" },
    { "list_select_keys.cohort", of_bare, WAITS(""), WAITS(", cohort: {age_band: 0-4}"),
      EFFECT_NONE, "figure" },
    { "list_select_keys.exceptions", of_bare, WAITS(""), WAITS(", exceptions: without"),
      EFFECT_SOFTER, "waits with an exception" },

    { "target_keys.at_least", of_measure, LEAST, "target: {at_least: 50}", EFFECT_SOFTER,
      "target" },
    { "target_keys.at_most", of_measure, "target: {at_most: 50}", "target: {at_most: 60}",
      EFFECT_SOFTER, "target" },
    { "target_keys.none_over", of_list, "metric: longest-wait, target: {none_over: 52w}",
      "metric: longest-wait, target: {none_over: 104w}", EFFECT_SOFTER, "target" },
    { "target_keys.percentile", of_measure, "unit: weeks, target: {percentile: 92, within: 18w}",
      "unit: weeks, target: {percentile: 50, within: 18w}", EFFECT_SOFTER, "percentile" },
    { "target_keys.close_to", of_measure, "target: {close_to: 50, within: 5}",
      "target: {close_to: 60, within: 5}", EFFECT_NONE, "target" },
    { "target_keys.within", of_measure, "target: {close_to: 50, within: 5}",
      "target: {close_to: 50, within: 15}", EFFECT_SOFTER, "within" },
    { "target_keys.reduce_by", of_measure,
      "baseline: {date: 2024-03-31, value: 100}, target: {reduce_by: 20%}",
      "baseline: {date: 2024-03-31, value: 100}, target: {reduce_by: 10%}", EFFECT_SOFTER,
      "target" },
    { "target_keys.increase_by", of_measure,
      "baseline: {date: 2024-03-31}, target: {increase_by: 20}",
      "baseline: {date: 2024-03-31}, target: {increase_by: 10}", EFFECT_SOFTER, "change" },
    { "target_keys.comparator", of_measure, "polarity: higher, target: {comparator: {org: E}}",
      "polarity: higher, target: {comparator: {org: F}}", EFFECT_NONE, "comparator" },
    { "target_keys.stabilise", of_measure,
      "polarity: lower, baseline: {date: 2024-03-31}, target: {stabilise: baseline}",
      "polarity: lower, baseline: {date: 2024-03-31}, target: {stabilise: slope}", EFFECT_NONE,
      "promise" },
    { "target_keys.over", of_measure, "polarity: lower, target: {stabilise: slope, over: 6}",
      "polarity: lower, target: {stabilise: slope, over: 24}", EFFECT_SOFTER,
      "periods of the trend" },
    { "target_keys.statutory", of_measure, "target: {at_least: 100, statutory: R}",
      "target: {at_least: 100}", EFFECT_SOFTER, "a line of the law" },
    { "target_keys.by", of_measure, "target: {at_least: 60, by: 2024-09}",
      "target: {at_least: 60, by: 2024-12}", EFFECT_SOFTER, "target date" },

    { "baseline_keys.date", of_measure, BASELINE("date: 2024-03-31"), BASELINE("date: 2024-02-29"),
      EFFECT_NONE, "baseline" },
    { "baseline_keys.value", of_measure, BASELINE("date: 2024-03-31, value: 50"),
      BASELINE("date: 2024-03-31, value: 40"), EFFECT_NONE, "baseline" },
    { "baseline_keys.note", of_measure, BASELINE("date: 2024-03-31, note: N"),
      BASELINE("date: 2024-03-31, note: O"), EFFECT_NONE, "baseline note" },
    { "milestone_keys.value", of_measure, LEAST ", expect: {2024-06-30: {value: 40}}",
      LEAST ", expect: {2024-06-30: {value: 30}}", EFFECT_SOFTER, "line on 2024-06-30" },
    { "milestone_keys.note", of_measure, LEAST ", expect: {2024-06-30: {value: 40, note: N}}",
      LEAST ", expect: {2024-06-30: {value: 40, note: O}}", EFFECT_NONE, "note on 2024-06-30" },

    { "comparator_keys.title", of_measure, COMPARED("org: E, title: A"),
      COMPARED("org: E, title: B"), EFFECT_NONE, "compared with" },
    { "comparator_keys.org", of_measure, COMPARED("org: E"), COMPARED("org: F"), EFFECT_NONE,
      "compared with" },
    { "comparator_keys.feed", of_measure, COMPARED("org: E"), COMPARED("org: E, feed: g"),
      EFFECT_NONE, "compared with" },
    { "comparator_keys.metric", of_measure, COMPARED("org: E"),
      COMPARED("org: E, metric: \"published:Y\""), EFFECT_NONE, "compared with" },
    { "comparator_keys.breakdown", of_measure, COMPARED("org: E"), COMPARED("org: E, breakdown: B"),
      EFFECT_NONE, "compared with" },
    { "comparator_keys.secondary", of_measure, COMPARED("org: E"), COMPARED("org: E, secondary: S"),
      EFFECT_NONE, "compared with" },
    { "comparator_keys.period", of_measure,
      "polarity: higher, target: {comparator: {org: E, period: 2024-03-31}}",
      "polarity: higher, target: {comparator: {org: E}}", EFFECT_NONE, "comparator" },
    { "comparator_keys.value", of_measure,
      "polarity: higher, target: {comparator: {title: E, value: 60}}",
      "polarity: higher, target: {comparator: {title: E, value: 50}}", EFFECT_SOFTER, "target" },
    { "survey_keys.every", of_measure, LEAST ", survey: {every: 6m}",
      LEAST ", survey: {every: 24m}", EFFECT_SOFTER, "a survey every" },
    { "survey_keys.wording", of_measure, LEAST ", survey: {every: 6m, wording: v1}",
      LEAST ", survey: {every: 6m, wording: v2}", EFFECT_NONE, "survey wording" },
    { "forecast_keys.chance", of_list, "metric: open, target: {at_most: 5}, forecast: {chance: 50}",
      "metric: open, target: {at_most: 5}, forecast: {chance: 10}", EFFECT_SOFTER,
      "forecast chance" },
    { "forecast_keys.within", of_list,
      "metric: \"open-over:52w\", target: {at_most: 5}, forecast: {within: 56d, at_most: 5}",
      "metric: \"open-over:52w\", target: {at_most: 5}, forecast: {within: 7d, at_most: 5}",
      EFFECT_SOFTER, "forecast within" },
    { "forecast_keys.at_most", of_list,
      "metric: \"open-over:52w\", target: {at_most: 5}, forecast: {at_most: 5}",
      "metric: \"open-over:52w\", target: {at_most: 5}, forecast: {at_most: 50}", EFFECT_SOFTER,
      "forecast at_most" },
    { "spc_keys.limits", of_measure, LEAST ", spc: {limits: screened}",
      LEAST ", spc: {limits: unscreened}", EFFECT_SOFTER, "spc limits" },
    { "spc_keys.baseline", of_measure, LEAST ", spc: on", LEAST ", spc: {baseline: 20}",
      EFFECT_NONE, "spc baseline" },
    { "spc_keys.points", of_measure, LEAST ", spc: {points: 12}", LEAST ", spc: {points: 40}",
      EFFECT_SOFTER, "spc points" },
    { "spc_keys.rebase", of_measure, LEAST ", spc: {rebase: {2024-05-31: A}}",
      LEAST ", spc: {rebase: {2024-06-30: A}}", EFFECT_NONE, "spc rebase" },
};
#define ROWS (sizeof rows / sizeof rows[0])

static struct plan *plan_of(const char *place, const char *words)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(text_release) struct text text = TEXT_INIT;
    struct plan *p = NULL;
    const char *at = strstr(place, "%s");

    ck_assert_ptr_nonnull(at);
    (void)text_printf(&text, "%.*s", (int)(at - place), place);
    (void)text_printf(&text, "%s%s", words, at + strlen("%s"));
    int r = plan_text_load(text_str(&text), NULL, &diags, &p);

    ck_assert_msg(r == 0, "%s: %s", text_str(&text), diags.count ? diags.list[0].text : "");
    return p;
}

static void check(size_t row, const struct plan *before, const struct plan *after,
                  enum change_effect effect)
{
    AUTO(plan_changes_release) struct plan_changes c = { 0 };
    bool is_said = false;

    ck_assert_int_eq(plan_diff(before, after, &c), 0);
    for (size_t i = 0; i < c.count; i++)
        is_said |= strcmp(c.list[i].what, rows[row].what) == 0 && c.list[i].effect == effect &&
                   (c.list[i].before || c.list[i].after || c.list[i].kind == CHANGE_ADDED);
    ck_assert_msg(is_said, "%s: no %s \"%s\", of %zu changes", rows[row].key,
                  effect == EFFECT_NONE ? "change" : change_effect_name(effect), rows[row].what,
                  c.count);
}

START_TEST(a_change_of_each_key_is_said_with_its_effect)
{
    static const enum change_effect back[] = {
        [EFFECT_SOFTER] = EFFECT_HARDER, [EFFECT_NONE] = EFFECT_NONE
    };
    /* What ends tells nothing more; what is new promises nothing yet, and either polarity may be the easier. */
    static const char *const one_way[] = { "measure", "action", "polarity" };

    if (!rows[_i].place)
        return;
    AUTO(plan_release) struct plan *before = plan_of(rows[_i].place, rows[_i].before);
    AUTO(plan_release) struct plan *after = plan_of(rows[_i].place, rows[_i].after);
    enum change_effect effect = back[rows[_i].effect];

    check((size_t)_i, before, after, rows[_i].effect);
    for (size_t i = 0; i < sizeof one_way / sizeof one_way[0]; i++)
        if (strcmp(rows[_i].what, one_way[i]) == 0)
            return;
    check((size_t)_i, after, before, effect);
}
END_TEST

static bool is_row(const char *key)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].key, key) == 0)
            return true;
    return false;
}

START_TEST(no_key_of_the_schema_is_without_an_effect_here)
{
    json_t *schema = json_load_file(SCHEMA, 0, NULL), *definition, *property;
    const char *table, *key;
    size_t count = 0;

    ck_assert_ptr_nonnull(schema);
    json_object_foreach(json_object_get(schema, "definitions"), table, definition)
    {
        json_object_foreach(json_object_get(definition, "properties"), key, property)
        {
            AUTO(text_release) struct text name = TEXT_INIT;

            (void)text_printf(&name, "%s.%s", table, key);
            ck_assert_msg(is_row(text_str(&name)),
                          "%s: what does plan diff say when it changes? Add a row",
                          text_str(&name));
            count++;
        }
    }
    ck_assert_uint_eq(count, ROWS);
    json_decref(schema);
}
END_TEST

UNIT_MAIN("plan_diff_keys", UNIT_ROWS(a_change_of_each_key_is_said_with_its_effect, rows),
          UNIT_TEST(no_key_of_the_schema_is_without_an_effect_here))
