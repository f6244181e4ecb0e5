#include "plan/target_words.h"

#include "base/auto.h"

#include "support/plan_text.h"
#include "support/unit.h"

#define PLAN                                                                                       \
    "plan: {id: p, version: 1, place: dudley, valid: {from: 2024-04-01, to: 2026-03-31}}\n"        \
    "measures:\n  - id: m\n    metric: \"%s\"\n    select: %s\n    polarity: %s\n"                 \
    "    unit: %s\n    target: %s\n%s"
#define FEED "{feed: f, org: RNA}"
#define LIST "{list: l}"

static const struct {
    const char *metric, *select, *polarity, *unit, *target, *more, *words;
} kinds[] = {
    { "published:x", FEED, "higher", "percent", "{at_least: 60, by: 2025-03}", "",
      "at least 60 % by 31 March 2025" },
    { "published:x", FEED, "lower", "days", "{at_most: 42}", "", "at most 42 days" },
    { "published:x", FEED, "lower", "count", "{reduce_by: 20%}",
      "    baseline: {date: 2024-03-31}\n", "20 % less than the baseline of 31 March 2024" },
    { "published:x", FEED, "higher", "percent", "{increase_by: 5}",
      "    baseline: {date: 2024-03-31, value: 40}\n",
      "5 percentage points more than the baseline of 31 March 2024" },
    { "published:x", FEED, "lower", "count", "{stabilise: baseline}",
      "    baseline: {date: 2024-03-31}\n", "no worse than the baseline of 31 March 2024" },
    { "published:x", FEED, "lower", "count", "{stabilise: slope, over: 8}", "",
      "level or better over 8 data periods" },
    { "published:x", FEED, "close", "percent", "{close_to: 95, within: 2}", "",
      "at most 2 % away from 95 %" },
    { "published:x", FEED, "higher", "percent", "{comparator: {org: England}}", "",
      "no worse than England, as last published" },
    { "published:x", FEED, "higher", "percent", "{statutory: SI 2014/1530}", "",
      "at least 100 % (the law: SI 2014/1530)" },
    { "open-over:52w", LIST, "lower", "count", "{none_over: 52w}", "",
      "nobody waits longer than 52 weeks" },
    { "p92-wait", LIST, "lower", "days", "{percentile: 92, within: 18w}", "",
      "92 % wait no longer than 18 weeks" },
};

START_TEST(a_target_says_what_the_plan_promises_and_not_the_figure_that_follows)
{
    AUTO(text_release) struct text text = TEXT_INIT;
    AUTO(text_release) struct text words = TEXT_INIT;
    AUTO(diags_release) struct diags found = DIAGS_INIT;
    AUTO(plan_release) struct plan *plan = NULL;

    text_printf(&text, PLAN, kinds[_i].metric, kinds[_i].select, kinds[_i].polarity, kinds[_i].unit,
                kinds[_i].target, kinds[_i].more);
    if (plan_text_load(text_str(&text), NULL, &found, &plan) < 0)
        diags_print(&found, stderr);
    ck_assert_ptr_nonnull(plan);
    ck_assert_int_eq(target_words(&plan->measures[0], plan->measures[0].unit, &words), 0);
    ck_assert_str_eq(text_str(&words), kinds[_i].words);
}
END_TEST

UNIT_MAIN("target_words",
          UNIT_ROWS(a_target_says_what_the_plan_promises_and_not_the_figure_that_follows, kinds))
