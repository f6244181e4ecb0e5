#include "plan/plan.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "support/plan_text.h"
#include "support/unit.h"

static const char *const feeds[] = { "sen2", "local", NULL };

static struct footprint_of place(void *arg, const char *printed)
{
    (void)arg;
    return text_same(printed, "dudley")
               ? (struct footprint_of){ FOOTPRINT_PLACE, "dudley", "Dudley" }
               : (struct footprint_of){ FOOTPRINT_UNKNOWN, NULL, NULL };
}

static struct footprint_of organisation(void *arg, const char *printed)
{
    (void)arg;
    return text_same(printed, "England")
               ? (struct footprint_of){ FOOTPRINT_ENGLAND, "England", "England" }
               : (struct footprint_of){ FOOTPRINT_PLACE, "dudley", "Dudley" };
}

static const struct footprint_source footprints = { place, organisation, NULL, true };
static const struct plan_context context = { .feeds = feeds, .footprints = &footprints };

static int load_text(const char *text, struct diags *diags, struct plan **out)
{
    return plan_text_load(text, &context, diags, out);
}

#define HEAD                                                                                       \
    "plan: {id: dudley}\n"                                                                         \
    "roles: {lead: {receivers: [spool]}}\n"                                                        \
    "measures:\n"                                                                                  \
    "  - id: m\n"                                                                                  \
    "    owner: lead\n"
#define PUBLISHED                                                                                  \
    HEAD "    metric: published:X\n"                                                               \
         "    select: {feed: sen2, org: E08000027}\n"
#define LISTED(metric) HEAD "    metric: " metric "\n    select: {list: a, place: dudley}\n"
#define SURVEYED                                                                                   \
    HEAD "    metric: manual:confident\n"                                                          \
         "    select: {feed: local, org: dudley}\n"

/* ---- what loads ---- */

static const struct {
    const char *why, *text;
    enum target_kind kind;
    bool known;
    double target; /* where it is known from the plan alone */
    enum polarity polarity;
} rows[] = {
    { "a share", PUBLISHED "    target: {at_least: 60}\n", TARGET_THRESHOLD, true, 60,
      POLARITY_HIGHER },
    { "a count", PUBLISHED "    unit: count\n    target: {at_most: 300}\n", TARGET_THRESHOLD, true,
      300, POLARITY_LOWER },
    { "nobody over a wait, of a list", LISTED("open-over:52w") "    target: {none_over: 52w}\n",
      TARGET_NONE_OVER, true, 0, POLARITY_LOWER },
    { "the same wait in days", LISTED("open-over:52w") "    target: {none_over: 364d}\n",
      TARGET_NONE_OVER, true, 0, POLARITY_LOWER },
    { "everybody within it", LISTED("open-within:52w") "    target: {none_over: 52w}\n",
      TARGET_NONE_OVER, true, 100, POLARITY_HIGHER },
    { "the longest wait", LISTED("longest-wait") "    target: {none_over: 52w}\n", TARGET_NONE_OVER,
      true, 364, POLARITY_LOWER },
    { "nobody over a wait, published", PUBLISHED "    target: {none_over: 104w}\n",
      TARGET_NONE_OVER, true, 0, POLARITY_LOWER },
    { "a percentile", LISTED("p92-wait") "    target: {percentile: 92, within: 18w}\n",
      TARGET_PERCENTILE, true, 126, POLARITY_LOWER },
    { "in weeks",
      LISTED("median-wait") "    unit: weeks\n    target: {percentile: 50, within: 63d}\n",
      TARGET_PERCENTILE, true, 9, POLARITY_LOWER },
    { "a published percentile",
      PUBLISHED "    unit: weeks\n    target: {percentile: 92, within: 18w}\n", TARGET_PERCENTILE,
      true, 18, POLARITY_LOWER },
    { "close to a figure", PUBLISHED "    target: {close_to: 95, within: 2}\n", TARGET_CLOSE_TO,
      true, 95, POLARITY_CLOSE },
    { "less than a baseline",
      PUBLISHED "    baseline: {date: 2024-03, value: 1300}\n    target: {reduce_by: 300}\n",
      TARGET_CHANGE, true, 1000, POLARITY_LOWER },
    { "a fifth less",
      PUBLISHED "    baseline: {date: 2024-03, value: 1300}\n    target: {reduce_by: 20%}\n",
      TARGET_CHANGE, true, 1040, POLARITY_LOWER },
    { "more than a baseline",
      PUBLISHED "    baseline: {date: 2024-03, value: 40}\n    target: {increase_by: 10}\n",
      TARGET_CHANGE, true, 50, POLARITY_HIGHER },
    { "than a baseline of the series",
      PUBLISHED "    baseline: {date: 2024-03}\n    target: {reduce_by: 20%}\n", TARGET_CHANGE,
      false, 0, POLARITY_LOWER },
    { "no worse than a baseline",
      PUBLISHED "    polarity: lower\n    baseline: {date: 2024-03, value: 7}\n"
                "    target: {stabilise: baseline}\n",
      TARGET_STABILISE, true, 7, POLARITY_LOWER },
    { "no trend to the worse", LISTED("open") "    target: {stabilise: slope, over: 8}\n",
      TARGET_LEVEL, false, 0, POLARITY_LOWER },
    { "a comparator that floats",
      PUBLISHED "    polarity: higher\n    target: {comparator: {org: England}}\n",
      TARGET_COMPARATOR, false, 0, POLARITY_HIGHER },
    { "a comparator of a vintage",
      PUBLISHED "    polarity: higher\n    target: {comparator: {org: England, period: 2022-12}}\n",
      TARGET_COMPARATOR, false, 0, POLARITY_HIGHER },
    { "a comparator typed in",
      PUBLISHED "    polarity: lower\n"
                "    target: {comparator: {title: England 2021/22, value: 12.1}}\n",
      TARGET_COMPARATOR, true, 12.1, POLARITY_LOWER },
    { "what the law says", PUBLISHED "    target: {statutory: \"SI 2014/1530, reg 13(2)\"}\n",
      TARGET_THRESHOLD, true, 100, POLARITY_HIGHER },
    { "what the law says, with a figure",
      PUBLISHED "    target: {at_most: 0, statutory: \"a regulation\"}\n", TARGET_THRESHOLD, true,
      0, POLARITY_LOWER },
};

START_TEST(a_target_is_read_in_each_of_its_forms)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;

    ck_assert_msg(load_text(rows[_i].text, &diags, &p) == 0, "%s: %s", rows[_i].why,
                  diags.count ? diags.list[0].text : "");
    ck_assert_msg(diags.warnings == 0, "%s: %s", rows[_i].why,
                  diags.count ? diags.list[0].text : "");

    const struct plan_measure *m = &p->measures[0];

    ck_assert_msg(m->rule.kind == (int)rows[_i].kind, "%s: %d", rows[_i].why, m->rule.kind);
    ck_assert_msg(m->has_target == rows[_i].known, "%s", rows[_i].why);
    if (m->has_target)
        ck_assert_double_eq_tol(m->target, rows[_i].target, 1e-9);
    ck_assert_msg(m->polarity == (int)rows[_i].polarity, "%s: %d", rows[_i].why, m->polarity);
}
END_TEST

START_TEST(what_stands_beside_the_line_is_taken_to_its_place)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;

    ck_assert_int_eq(
        load_text(SURVEYED "    min_n: 30\n"
                           "    target: {at_least: 70, statutory: \"a regulation\"}\n"
                           "    survey: {every: 6m, wording: \"2\"}\n"
                           "    expect: {2024-06: {value: 50, note: first wave}, 2025-06: 70}\n"
                           "    interpolation: linear\n"
                           "    guard: [n]\n"
                           "    guard_over: 2\n"
                           "    compare: {feed: sen2, metric: \"published:Y\", org: England}\n"
                           "  - {id: n, owner: lead, metric: published:X, target: {at_most: 5},\n"
                           "     select: {feed: sen2, org: E08000027}}\n",
                  &diags, &p),
        0);
    ck_assert_uint_eq(diags.warnings, 0);

    const struct plan_measure *m = &p->measures[0];

    ck_assert(m->manual && m->linear && m->guard_over == 2);
    ck_assert_str_eq(measure_method(m), "manual");
    ck_assert_str_eq(m->published, "confident");
    ck_assert_str_eq(m->select.secondary, "2"); /* the wording is the series */
    ck_assert(m->survey.every.count == 6 && m->survey.every.unit == SPAN_MONTHS);
    ck_assert_str_eq(m->guards.items[0], "n");
    ck_assert_str_eq(m->compare->published, "Y");
    ck_assert_str_eq(m->compare->title, "England");
    ck_assert_int_eq(m->compare->footprint, FOOTPRINT_ENGLAND);
    ck_assert_str_eq(m->rule.law, "a regulation");
    ck_assert_str_eq(m->expect[0].note, "first wave");
}
END_TEST

/* ---- what does not, or not as meant: lines given to PUBLISHED begin at line 8 ---- */

static const struct {
    const char *why, *text;
    unsigned line, column;
    const char *code, *says, *hint;
} faults[] = {
    { "none over another wait", LISTED("open-over:52w") "    target: {none_over: 18w}\n", 8, 25,
      "target-of-other-metric", "another wait", "the same wait" },
    { "none over of a median", LISTED("median-wait") "    target: {none_over: 18w}\n", 8, 25,
      "target-of-other-metric", "says nothing of median-wait", "open-over:52w" },
    { "another percentile", LISTED("p90-wait") "    target: {percentile: 92, within: 18w}\n", 8, 26,
      "target-of-other-metric", "p90-wait is not that percentile", "90 of p90-wait" },
    { "a percentile of a share", PUBLISHED "    target: {percentile: 92, within: 18w}\n", 8, 26,
      "wrong-unit", "a length of time", "unit: days" },
    { "a percentile of months", LISTED("p92-wait") "    target: {percentile: 92, within: 3m}\n", 8,
      26, "bad-wait", "months have no fixed number of days", "13w" },
    { "no wait", LISTED("open-over:52w") "    target: {none_over: 52}\n", 8, 25, "bad-wait",
      "\"52\" is no wait", "18w" },
    { "a percentile without a wait", LISTED("p92-wait") "    target: {percentile: 92}\n", 8, 13,
      "bad-target", "percentile needs \"within\"", "within: 18w" },
    { "close without a distance", PUBLISHED "    target: {close_to: 95}\n", 8, 13, "bad-target",
      "close_to needs \"within\"", "within: 2" },
    { "a distance of no use", PUBLISHED "    target: {at_least: 95, within: 2}\n", 8, 36,
      "key-of-no-use", "percentile and close_to", "leave it out" },
    { "a length of no use", PUBLISHED "    target: {at_least: 95, over: 6}\n", 8, 34,
      "key-of-no-use", "stabilise: slope", "leave it out" },
    { "two forms", PUBLISHED "    target: {at_least: 95, none_over: 2w}\n", 8, 13, "bad-target",
      "two figures: at_least and none_over", NULL },
    { "a form misspelt", PUBLISHED "    target: {non_over: 2w}\n", 8, 14, "unknown-key", "non_over",
      "none_over" },
    { "no baseline", PUBLISHED "    target: {reduce_by: 20%}\n", 8, 25, "no-baseline",
      "there is none", "baseline: {" },
    { "more than all of it",
      PUBLISHED "    baseline: {date: 2024-03, value: 7}\n    target: {reduce_by: 120%}\n", 9, 25,
      "not-a-number", "share of up to 100%", "20%" },
    { "a baseline without a date",
      PUBLISHED "    baseline: {value: 7}\n    target: {reduce_by: 2}\n", 8, 15, "missing-key",
      "\"date\" is missing", NULL },
    { "a baseline of no date",
      PUBLISHED "    baseline: {date: spring, value: 7}\n    target: {at_most: 2}\n", 8, 22,
      "not-a-date", "not a date", "2024-03" },
    { "a target short of the baseline",
      PUBLISHED "    baseline: {date: 2024-03, value: 7}\n    target: {at_most: 9}\n", 9, 23,
      "target-short-of-baseline", "no better than the baseline 7", "polarity" },
    { "a slip of the pen",
      PUBLISHED "    unit: percent\n    baseline: {date: 2024-03, value: 30.8}\n"
                "    target: {at_most: 3.99}\n",
      9, 38, "baseline-implausible", "30.8 beside a target of 3.99", "slip of the pen" },
    { "a baseline after a milestone",
      PUBLISHED "    baseline: {date: 2024-07, value: 70}\n    target: {at_most: 9}\n"
                "    expect: {2024-06: 60}\n",
      8, 22, "outside-validity", "a milestone comes before it", "before the plan" },
    { "polarity of a comparator", PUBLISHED "    target: {comparator: {org: England}}\n", 4, 5,
      "no-polarity", "which way is better", "polarity: higher" },
    { "compared with itself",
      PUBLISHED "    polarity: lower\n    target: {comparator: {org: E08000027}}\n", 9, 32,
      "bad-comparison", "with itself", "England" },
    { "a comparator of nobody",
      PUBLISHED "    polarity: lower\n    target: {comparator: {value: 12.1}}\n", 9, 26,
      "bad-comparison", "is not said", "title: England 2021/22" },
    { "a comparison without an organisation",
      PUBLISHED "    target: {at_most: 9}\n    compare: {title: England}\n", 9, 14,
      "bad-comparison", "needs an organisation", "org: England" },
    { "a comparison called the place's",
      PUBLISHED "    target: {at_most: 9}\n    compare: {title: Dudley, org: England}\n", 9, 35,
      "footprint-named", "the figure is that of England", "whose figure" },
    { "a comparison of a list without a feed",
      LISTED("open") "    target: {at_most: 9}\n    compare: {org: England}\n", 9, 14,
      "bad-comparison", "needs a feed", "feed: ID" },
    { "a comparison of a list",
      LISTED("open") "    target: {at_most: 9}\n    compare: {feed: sen2, metric: open, org: E}\n",
      9, 35, "bad-comparison", "only a published figure", "published:" },
    { "a comparison of a vintage",
      PUBLISHED "    target: {at_most: 9}\n    compare: {org: England, period: 2022-12}\n", 9, 37,
      "key-of-no-use", "period is of a comparator", "leave it out" },
    { "a guard of none", PUBLISHED "    target: {at_most: 9}\n    guard: [wheelchairs]\n", 9, 13,
      "no-such-reference", "no such measure", NULL },
    { "a guard of itself", PUBLISHED "    target: {at_most: 9}\n    guard: m\n", 9, 12, "bad-guard",
      "it guards itself", "pay for its progress" },
    { "a straight line of one",
      PUBLISHED "    target: {at_most: 9}\n    expect: {2024-06: 10}\n    interpolation: linear\n",
      10, 20, "linear-of-one", "1 milestone:", "add a milestone" },
    { "a survey of a few", SURVEYED "    target: {at_least: 9}\n    survey: {every: 6m}\n", 9, 13,
      "survey-without-n", "answers of a few", "min_n: 30" },
    { "a survey for ever",
      SURVEYED "    target: {at_least: 9}\n    min_n: 3\n    survey: {every: often}\n", 10, 21,
      "bad-wait", "no length of time", "6m" },
    { "a survey of a list", LISTED("open") "    target: {at_most: 9}\n    survey: {every: 6m}\n", 9,
      13, "key-of-no-use", "no survey", "leave it out" },
    { "a wording of another series",
      HEAD "    metric: manual:c\n    select: {feed: local, org: dudley, secondary: \"1\"}\n"
           "    target: {at_least: 9}\n    min_n: 3\n    survey: {every: 6m, wording: \"2\"}\n",
      10, 34, "bad-comparison", "another wording", "secondary" },
    { "a law with a tolerance",
      PUBLISHED "    target: {statutory: a regulation}\n    tolerance: 5\n", 9, 16,
      "law-with-tolerance", "would be amber", "milestones" },
    { "clear on one of two sides",
      PUBLISHED "    target: {close_to: 95, within: 2}\n    clear: 96\n", 9, 12, "key-of-no-use",
      "two", "leave it out" },
    { "close to what", PUBLISHED "    polarity: close\n    expect: {2024-06: 10}\n", 8, 15,
      "bad-target", "close enough is not said", "close_to: 95" },
    { "close and at least", PUBLISHED "    polarity: close\n    target: {at_least: 10}\n", 8, 15,
      "polarity-contradicts", "polarity close contradicts the target at_least", "higher" },
};

START_TEST(what_is_wrong_with_a_target_is_said_at_its_place_with_what_would_do)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;
    const struct diag *d = NULL;

    int r = load_text(faults[_i].text, &diags, &p);

    for (size_t i = 0; i < diags.count && !d; i++)
        if (diags.list[i].line == faults[_i].line && diags.list[i].column == faults[_i].column &&
            strstr(diags.list[i].text, faults[_i].says))
            d = &diags.list[i];
    ck_assert_msg(d != NULL, "%s: not at its place: %s (%u:%u)", faults[_i].why,
                  diags.count ? diags.list[0].text : "nothing",
                  diags.count ? diags.list[0].line : 0, diags.count ? diags.list[0].column : 0);
    ck_assert_msg(strcmp(d->code, faults[_i].code) == 0, "%s: %s", faults[_i].why, d->code);
    ck_assert_ptr_nonnull(d->excerpt);
    if (faults[_i].hint)
        ck_assert_msg(d->hint && strstr(d->hint, faults[_i].hint), "%s: %s", faults[_i].why,
                      d->hint ? d->hint : "no hint");
    ck_assert_msg((r == 0) == (d->level == DIAG_WARNING), "%s: %d", faults[_i].why, r);
}
END_TEST

/* ---- digests: an alert goes on under the rule it had ---- */

static void digest_of(const char *text, char out[SHA256_TEXT_MAX])
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;

    ck_assert_msg(load_text(text, &diags, &p) == 0, "%s%s", text,
                  diags.count ? diags.list[0].text : "");
    memcpy(out, p->measures[0].digest, SHA256_TEXT_MAX);
}

static const struct {
    const char *why, *one, *other;
    bool same;
} digests[] = {
    { "how a figure came about judges nothing", PUBLISHED "    target: {at_most: 1000}\n",
      PUBLISHED "    baseline: {date: 2024-03, value: 1300}\n    target: {reduce_by: 300}\n",
      true },
    { "what is printed beside judges nothing", PUBLISHED "    target: {at_most: 9}\n",
      PUBLISHED "    target: {at_most: 9}\n    compare: {org: England}\n", true },
    { "another vintage",
      PUBLISHED "    polarity: lower\n    target: {comparator: {org: England}}\n",
      PUBLISHED "    polarity: lower\n    target: {comparator: {org: England, period: 2022-12}}\n",
      false },
    { "another amount", PUBLISHED "    baseline: {date: 2024-03}\n    target: {reduce_by: 20}\n",
      PUBLISHED "    baseline: {date: 2024-03}\n    target: {reduce_by: 20%}\n", false },
    { "another distance", PUBLISHED "    target: {close_to: 95, within: 2}\n",
      PUBLISHED "    target: {close_to: 95, within: 3}\n", false },
    { "another line between milestones",
      PUBLISHED "    target: {at_most: 1}\n    expect: {2024-06: 9, 2025-06: 5}\n",
      PUBLISHED "    target: {at_most: 1}\n    expect: {2024-06: 9, 2025-06: 5}\n"
                "    interpolation: linear\n",
      false },
    { "another trend", LISTED("open") "    target: {stabilise: slope}\n",
      LISTED("open") "    target: {stabilise: slope, over: 8}\n", false },
};

START_TEST(a_digest_changes_with_a_rule_that_judges_otherwise)
{
    char one[SHA256_TEXT_MAX], other[SHA256_TEXT_MAX];

    digest_of(digests[_i].one, one);
    digest_of(digests[_i].other, other);
    ck_assert_msg((strcmp(one, other) == 0) == digests[_i].same, "%s", digests[_i].why);
}
END_TEST

static const struct {
    const char *head;
    bool declares, warns;
} places[] = {
    { "plan: {id: p, place: dudley}\n", true, false },
    { "plan: {id: p, place: Dudly}\n", true, true },
    { "plan: {id: halesowen}\n", true, true },         /* its id is its place */
    { "plan: {id: p, place: Dudly}\n", false, false }, /* no place is declared at all */
};

START_TEST(a_plan_of_a_place_that_is_not_declared_is_warned_of)
{
    const struct footprint_source source = { place, organisation, NULL, places[_i].declares };
    const struct plan_context where = { .footprints = &source };
    AUTO(diags_release) struct diags found = DIAGS_INIT;
    AUTO(text_release) struct text text = TEXT_INIT;
    struct plan *p = NULL;
    size_t warned = 0;

    text_printf(&text,
                "%smeasures:\n  - {id: m, metric: open, select: {list: a}, "
                "target: {at_most: 9}, owner: lead}\nroles: {lead: {receivers: [s]}}\n",
                places[_i].head);
    ck_assert_int_eq(plan_text_load(text_str(&text), &where, &found, &p), 0);
    for (size_t i = 0; i < found.count; i++)
        warned += strcmp(found.list[i].code, "place-unknown") == 0 &&
                  found.list[i].level == DIAG_WARNING && found.list[i].line == 1;
    ck_assert_uint_eq(warned, places[_i].warns);
    plan_free(p);
}
END_TEST

UNIT_MAIN("plan_target", UNIT_ROWS(a_target_is_read_in_each_of_its_forms, rows),
          UNIT_TEST(what_stands_beside_the_line_is_taken_to_its_place),
          UNIT_ROWS(what_is_wrong_with_a_target_is_said_at_its_place_with_what_would_do, faults),
          UNIT_ROWS(a_plan_of_a_place_that_is_not_declared_is_warned_of, places),
          UNIT_ROWS(a_digest_changes_with_a_rule_that_judges_otherwise, digests))
