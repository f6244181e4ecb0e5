#include "plan/plan_diff.h"

#include <string.h>

#include "base/auto.h"
#include "support/plan_text.h"
#include "support/unit.h"

static struct plan *plan_of(const char *text)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    struct plan *p = NULL;
    int r = plan_text_load(text, NULL, &diags, &p);

    ck_assert_msg(r == 0, "%s%s", text, diags.count ? diags.list[0].text : "");
    return p;
}

#define PLAN_OF(action, measure)                                                                   \
    "plan: {id: p, valid: {from: 2024-04-01, to: 2025-03-31}}\n"                                   \
    "roles: {a: {receivers: [x]}, b: {receivers: [x]}}\n"                                          \
    "priorities: [{id: \"1\", title: T, actions: [{id: \"1.1\", title: A, lead: a, " action        \
    "}]}]\n"                                                                                       \
    "measures: [{id: m, metric: \"published:X\", select: {feed: f, org: O}, owner: a, " measure    \
    "}]\n"

#define OLD                                                                                        \
    PLAN_OF("due: 2024-09",                                                                        \
            "target: {at_least: 60, by: 2025-03}, expect: {2024-06-30: 20}, tolerance: 5")

static const struct {
    const char *why, *before, *after;
    enum change_effect effect;
    enum change_kind kind;
    const char *what, *was, *is; /* NULL: nothing stands there */
} rows[] = {
    { "a lower floor is softer", OLD,
      PLAN_OF("due: 2024-09",
              "target: {at_least: 50, by: 2025-03}, expect: {2024-06-30: 20}, tolerance: 5"),
      EFFECT_SOFTER, CHANGE_LINE, "target", "60", "50" },
    { "a higher floor is harder", OLD,
      PLAN_OF("due: 2024-09",
              "target: {at_least: 70, by: 2025-03}, expect: {2024-06-30: 20}, tolerance: 5"),
      EFFECT_HARDER, CHANGE_LINE, "target", "60", "70" },
    { "a higher ceiling is softer", PLAN_OF("due: 2024-09", "target: {at_most: 10}"),
      PLAN_OF("due: 2024-09", "target: {at_most: 12}"), EFFECT_SOFTER, CHANGE_LINE, "target", "10",
      "12" },
    { "a lower ceiling is harder", PLAN_OF("due: 2024-09", "target: {at_most: 10}"),
      PLAN_OF("due: 2024-09", "target: {at_most: 8}"), EFFECT_HARDER, CHANGE_LINE, "target", "10",
      "8" },
    { "a target to be met later is softer", OLD,
      PLAN_OF("due: 2024-09", "target: {at_least: 60}, expect: {2024-06-30: 20}, tolerance: 5"),
      EFFECT_SOFTER, CHANGE_DATE, "target date", "2025-03-31", NULL },
    { "a lower milestone is softer", OLD,
      PLAN_OF("due: 2024-09",
              "target: {at_least: 60, by: 2025-03}, expect: {2024-06-30: 10}, tolerance: 5"),
      EFFECT_SOFTER, CHANGE_LINE, "line on 2024-06-30", "20", "10" },
    { "a milestone more is harder", OLD,
      PLAN_OF("due: 2024-09", "target: {at_least: 60, by: 2025-03}, expect: {2024-06-30: 20, "
                              "2024-12-31: 40}, tolerance: 5"),
      EFFECT_HARDER, CHANGE_LINE, "line on 2024-12-31", "20", "40" },
    { "a wider tolerance is softer", OLD,
      PLAN_OF("due: 2024-09",
              "target: {at_least: 60, by: 2025-03}, expect: {2024-06-30: 20}, tolerance: 6"),
      EFFECT_SOFTER, CHANGE_LINE, "tolerance", "5", "6" },
    { "more periods before it is told are softer", OLD,
      PLAN_OF("due: 2024-09", "target: {at_least: 60, by: 2025-03}, expect: {2024-06-30: 20}, "
                              "tolerance: 5, for: 2"),
      EFFECT_SOFTER, CHANGE_LINE, "for", "1", "2" },
    { "a larger least number holds more, and is harder", OLD,
      PLAN_OF("due: 2024-09", "target: {at_least: 60, by: 2025-03}, expect: {2024-06-30: 20}, "
                              "tolerance: 5, min_n: 10"),
      EFFECT_HARDER, CHANGE_LINE, "min_n", "0", "10" },
    { "an action due later is softer", OLD,
      PLAN_OF("due: 2024-12",
              "target: {at_least: 60, by: 2025-03}, expect: {2024-06-30: 20}, tolerance: 5"),
      EFFECT_SOFTER, CHANGE_DATE, "due", "2024-09-30", "2024-12-31" },
    { "an action that is ongoing is never due", OLD,
      PLAN_OF("due: ongoing",
              "target: {at_least: 60, by: 2025-03}, expect: {2024-06-30: 20}, tolerance: 5"),
      EFFECT_SOFTER, CHANGE_DATE, "due", "2024-09-30", NULL },
    { "a figure of somebody else", OLD,
      "plan: {id: p, valid: {from: 2024-04-01, to: 2025-03-31}}\n"
      "roles: {a: {receivers: [x]}, b: {receivers: [x]}}\n"
      "priorities: [{id: \"1\", title: T, actions: [{id: \"1.1\", title: A, lead: a, due: "
      "2024-09}]}]\n"
      "measures: [{id: m, metric: \"published:X\", select: {feed: f, org: OTHER}, owner: a, "
      "target: "
      "{at_least: 60, by: 2025-03}, expect: {2024-06-30: 20}, tolerance: 5}]\n",
      EFFECT_NONE, CHANGE_OTHER, "organisation", "O", "OTHER" },
    { "another breakdown is said, though nothing else is other", OLD,
      "plan: {id: p, valid: {from: 2024-04-01, to: 2025-03-31}}\n"
      "roles: {a: {receivers: [x]}, b: {receivers: [x]}}\n"
      "priorities: [{id: \"1\", title: T, actions: [{id: \"1.1\", title: A, lead: a, due: "
      "2024-09}]}]\n"
      "measures: [{id: m, metric: \"published:X\", select: {feed: f, org: O, breakdown: B}, owner: "
      "a, "
      "target: {at_least: 60, by: 2025-03}, expect: {2024-06-30: 20}, tolerance: 5}]\n",
      EFFECT_NONE, CHANGE_OTHER, "breakdown", NULL, "B" },
    { "another owner", OLD,
      "plan: {id: p, valid: {from: 2024-04-01, to: 2025-03-31}}\n"
      "roles: {a: {receivers: [x]}, b: {receivers: [x]}}\n"
      "priorities: [{id: \"1\", title: T, actions: [{id: \"1.1\", title: A, lead: a, due: "
      "2024-09}]}]\n"
      "measures: [{id: m, metric: \"published:X\", select: {feed: f, org: O}, owner: b, target: "
      "{at_least: 60, by: 2025-03}, expect: {2024-06-30: 20}, tolerance: 5}]\n",
      EFFECT_NONE, CHANGE_OWNER, "owner", "a", "b" },
};

static void is_text(const char *why, const char *found, const char *wanted)
{
    ck_assert_msg((found == NULL) == (wanted == NULL) && (!found || strcmp(found, wanted) == 0),
                  "%s: %s, not %s", why, found ? found : "nothing", wanted ? wanted : "nothing");
}

#define SOFT(what, was, is, before, after)                                                         \
    {                                                                                              \
        what, PLAN_OF("due: 2024-09", before), PLAN_OF("due: 2024-09", after), EFFECT_SOFTER,      \
            CHANGE_LINE, what, was, is                                                             \
    }

/* Each softens the plan by one line, and makes it harder the other way round. */
static const struct {
    const char *why, *before, *after;
    enum change_effect effect;
    enum change_kind kind;
    const char *what, *was, *is;
} softer[] = {
    SOFT("clear", NULL, "50", "target: {at_least: 60}", "target: {at_least: 60}, clear: 50"),
    SOFT("clear", NULL, "110", "target: {at_most: 100}", "target: {at_most: 100}, clear: 110"),
    SOFT("clear", "65", NULL, "target: {at_least: 60}, clear: 65", "target: {at_least: 60}"),
    SOFT("spc", "yes", NULL, "target: {at_least: 60}, spc: on", "target: {at_least: 60}"),
    SOFT("spc points", "12", "40", "target: {at_least: 60}, spc: {points: 12}",
         "target: {at_least: 60}, spc: {points: 40}"),
    SOFT("steady_for", "10", "3", "target: {at_least: 60}, steady_for: 10",
         "target: {at_least: 60}, steady_for: 3"),
    SOFT("within", "5", "15", "target: {close_to: 60, within: 5}",
         "target: {close_to: 60, within: 15}"),
};

START_TEST(what_tells_less_is_softer_and_the_other_way_round_harder)
{
    AUTO(plan_release) struct plan *before = plan_of(softer[_i].before);
    AUTO(plan_release) struct plan *after = plan_of(softer[_i].after);

    for (int turn = 0; turn < 2; turn++) {
        AUTO(plan_changes_release) struct plan_changes c = { 0 };
        const struct plan *a = turn ? after : before, *b = turn ? before : after;

        ck_assert_int_eq(plan_diff(a, b, &c), 0);
        ck_assert_msg(c.count == 1, "%s: %zu changes", softer[_i].why, c.count);
        ck_assert_msg(c.list[0].effect == (turn ? EFFECT_HARDER : EFFECT_SOFTER) &&
                          c.list[0].kind == softer[_i].kind,
                      "%s, turn %d: %d", softer[_i].why, turn, (int)c.list[0].effect);
        is_text(softer[_i].why, c.list[0].what, softer[_i].what);
        is_text(softer[_i].why, c.list[0].before, turn ? softer[_i].is : softer[_i].was);
        is_text(softer[_i].why, c.list[0].after, turn ? softer[_i].was : softer[_i].is);
    }
}
END_TEST

START_TEST(a_first_milestone_below_the_target_is_softer)
{
    AUTO(plan_release)
    struct plan *before = plan_of(PLAN_OF("due: 2024-09", "target: {at_least: 60}"));
    AUTO(plan_release)
    struct plan *after =
        plan_of(PLAN_OF("due: 2024-09", "target: {at_least: 60}, expect: {2024-06-30: 40}"));
    AUTO(plan_changes_release) struct plan_changes c = { 0 }, back = { 0 };

    ck_assert_int_eq(plan_diff(before, after, &c), 0);
    ck_assert_uint_eq(c.count, 2);
    ck_assert_str_eq(c.list[0].what, "line on 2024-06-29");
    is_text("nothing is due before it", c.list[0].after, NULL);
    ck_assert_str_eq(c.list[1].what, "line on 2024-06-30");
    is_text("the line falls", c.list[1].before, "60");
    is_text("the line falls", c.list[1].after, "40");
    ck_assert(c.list[0].effect == EFFECT_SOFTER && c.list[1].effect == EFFECT_SOFTER);
    ck_assert_int_eq(plan_diff(after, before, &back), 0);
    ck_assert(back.count == 2 && back.list[0].effect == EFFECT_HARDER &&
              back.list[1].effect == EFFECT_HARDER);
}
END_TEST

START_TEST(one_change_of_a_plan_is_found_with_its_effect)
{
    AUTO(plan_release) struct plan *before = plan_of(rows[_i].before);
    AUTO(plan_release) struct plan *after = plan_of(rows[_i].after);
    AUTO(plan_changes_release) struct plan_changes c = { 0 };

    ck_assert_int_eq(plan_diff(before, after, &c), 0);
    ck_assert_msg(c.count == 1, "%s: %zu changes, %s", rows[_i].why, c.count,
                  c.count ? c.list[c.count - 1].what : "");
    ck_assert_msg(c.list[0].effect == rows[_i].effect && c.list[0].kind == rows[_i].kind, "%s: %s",
                  rows[_i].why, change_kind_name(c.list[0].kind));
    is_text(rows[_i].why, c.list[0].what, rows[_i].what);
    is_text(rows[_i].why, c.list[0].before, rows[_i].was);
    is_text(rows[_i].why, c.list[0].after, rows[_i].is);
}
END_TEST

START_TEST(a_renamed_measure_is_the_same_one)
{
    AUTO(plan_release) struct plan *before = plan_of(OLD);
    AUTO(plan_release)
    struct plan *after = plan_of(
        "plan: {id: p, valid: {from: 2024-04-01, to: 2025-03-31}}\n"
        "roles: {a: {receivers: [x]}, b: {receivers: [x]}}\n"
        "priorities: [{id: \"1\", title: T, actions: [{id: \"1.1\", title: A, lead: a, due: "
        "2024-09}]}]\n"
        "measures: [{id: n, was: m, title: m, metric: \"published:X\", select: {feed: f, org: O}, "
        "owner: a, target: {at_least: 60, by: 2025-03}, expect: {2024-06-30: 20}, tolerance: "
        "5}]\n");
    AUTO(plan_changes_release) struct plan_changes c = { 0 };

    ck_assert_int_eq(plan_diff(before, after, &c), 0);
    ck_assert_uint_eq(c.count, 1);
    ck_assert_str_eq(c.list[0].what, "id");
}
END_TEST

START_TEST(a_plan_does_not_differ_from_itself)
{
    AUTO(plan_release) struct plan *a = plan_of(OLD);
    AUTO(plan_release) struct plan *b = plan_of(OLD);
    AUTO(plan_changes_release) struct plan_changes c = { 0 };

    ck_assert_int_eq(plan_diff(a, b, &c), 0);
    ck_assert_uint_eq(c.count, 0);
}
END_TEST

UNIT_MAIN("plan_diff", UNIT_ROWS(one_change_of_a_plan_is_found_with_its_effect, rows),
          UNIT_ROWS(what_tells_less_is_softer_and_the_other_way_round_harder, softer),
          UNIT_TEST(a_first_milestone_below_the_target_is_softer),
          UNIT_TEST(a_renamed_measure_is_the_same_one),
          UNIT_TEST(a_plan_does_not_differ_from_itself))
