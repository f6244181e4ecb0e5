#include "plan/standard.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "plan/evaluate.h"
#include "plan/plan.h"
#include "support/date_of.h"
#include "support/folder.h"
#include "support/unit.h"

static void release(struct standards **s)
{
    standards_free(*s);
}

static int with_file(const char *text, int (*load)(const char *, void *), void *arg)
{
    char path[FOLDER_MAX];

    file_begin(path, text);
    int r = load(path, arg);

    file_end(path);
    return r;
}

struct loaded {
    struct diags diags;
    struct standards *standards;
    struct plan *plan;
};

static int load_standards(const char *path, void *arg)
{
    struct loaded *l = arg;

    return standards_load(path, &l->diags, &l->standards);
}

static int load_plan(const char *path, void *arg)
{
    struct loaded *l = arg;
    const struct plan_context context = { .standards = l->standards };

    return plan_load(path, &context, &l->diags, &l->plan);
}

static void loaded_release(struct loaded *l)
{
    diags_release(&l->diags);
    standards_free(l->standards);
    plan_free(l->plan);
}

START_TEST(the_shipped_standards_load_each_with_its_source_and_confidence)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(release) struct standards *s = NULL;

    ck_assert_int_eq(standards_load("config/standards.yaml", &diags, &s), 0);
    ck_assert_uint_eq(diags.count, 0);
    ck_assert_uint_ge(s->count, 10);
    ck_assert_int_eq(standard_find(s, "ehc-20w")->kind, LINE_OF_LAW);
    ck_assert_int_eq(standard_find(s, "wheelchair-18w")->kind, LINE_OF_STANDARD);
    ck_assert(standard_find(s, "wheelchair-18w")->lines[0].value == 92);
    ck_assert_int_eq(standard_find(s, "rtt-18w")->confidence, CONFIDENCE_SECONDARY);
    ck_assert_int_eq(standard_find(s, "autism-3m")->kind, LINE_OF_GUIDANCE);
    ck_assert_ptr_null(standard_find(s, "none"));
}
END_TEST

START_TEST(no_shipped_standard_is_of_adhd)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(release) struct standards *s = NULL;

    ck_assert_int_eq(standards_load("config/standards.yaml", &diags, &s), 0);
    for (size_t i = 0; i < s->count; i++) {
        ck_assert_ptr_null(standard_none_of(s, s->list[i].id));
        ck_assert_ptr_null(standard_none_of(s, s->list[i].title));
        ck_assert_ptr_null(standard_none_of(s, s->list[i].definition));
    }
    ck_assert_ptr_nonnull(standard_none_of(s, "Children waiting for an ADHD assessment"));
    ck_assert_ptr_null(standard_none_of(s, "Children waiting for a wheelchair"));
}
END_TEST

#define STANDARDS                                                                                  \
    "standards:\n"                                                                                 \
    "  - {id: fast, title: fast, kind: national, definition: d, source: s, confidence: "           \
    "verified,\n"                                                                                  \
    "     wait: 18w, lines: [{from: 2024-01-01, at_least: 50}, {from: 2024-07-01, at_least: "      \
    "80}]}\n"                                                                                      \
    "  - {id: act, title: the act, kind: law, definition: d, source: s, confidence: verified,\n"   \
    "     lines: [{from: 2014-09-01, at_most: 0}]}\n"                                              \
    "none:\n  - {words: [unruled], why: nobody set one}\n"

#define PLAN_OF(lines)                                                                             \
    "plan: {id: p}\nroles: {lead: {receivers: [spool]}}\nmeasures:\n"                              \
    "  - {id: m, metric: \"published:X\", owner: lead, select: {feed: f, org: A}" lines "}\n"

static const struct {
    const char *why, *plan;
    enum line_of whose;
    const char *end;
    double line; /* NAN-free: -1 for none */
} rows[] = {
    { "a plan's own target", PLAN_OF(", target: {at_least: 60}"), LINE_OF_PLAN, "2024-09-30", 60 },
    { "a target beside a standard is the plan's",
      PLAN_OF(", target: {at_least: 60}, standard: fast"), LINE_OF_PLAN, "2024-09-30", 60 },
    { "before the standard there is no line", PLAN_OF(", standard: fast"), LINE_OF_STANDARD,
      "2023-12-31", -1 },
    { "the standard's first line", PLAN_OF(", standard: fast"), LINE_OF_STANDARD, "2024-06-30",
      50 },
    { "and its next, from its date", PLAN_OF(", standard: fast"), LINE_OF_STANDARD, "2024-07-01",
      80 },
    { "the law", PLAN_OF(", standard: act"), LINE_OF_LAW, "2024-07-01", 0 },
};

START_TEST(a_measure_without_a_line_of_its_own_is_judged_by_its_standard_as_of_the_day)
{
    AUTO(loaded_release) struct loaded l = { .diags = DIAGS_INIT };

    ck_assert_int_eq(with_file(STANDARDS, load_standards, &l), 0);
    ck_assert_msg(with_file(rows[_i].plan, load_plan, &l) == 0, "%s: %s", rows[_i].why,
                  l.diags.count ? l.diags.list[0].text : "");
    const struct plan_measure *m = &l.plan->measures[0];
    double line = measure_line(m, NULL, date_of(rows[_i].end)).value;

    ck_assert_msg(measure_line_of(m) == rows[_i].whose, "%s: of the %s", rows[_i].why,
                  line_of_name(measure_line_of(m)));
    ck_assert_msg(rows[_i].line < 0 ? line != line : line == rows[_i].line, "%s: %g", rows[_i].why,
                  line);
}
END_TEST

START_TEST(what_a_standard_asks_on_a_day_is_known_beside_the_plans_own_line)
{
    AUTO(loaded_release) struct loaded l = { .diags = DIAGS_INIT };

    ck_assert_int_eq(with_file(STANDARDS, load_standards, &l), 0);
    ck_assert_int_eq(with_file(PLAN_OF(", target: {at_least: 60}, standard: fast"), load_plan, &l),
                     0);
    ck_assert_ptr_null(measure_standard_on(&l.plan->measures[0], date_of("2023-12-31")));
    ck_assert(measure_standard_on(&l.plan->measures[0], date_of("2024-01-01"))->value == 50);
    ck_assert(measure_standard_on(&l.plan->measures[0], date_of("2025-01-01"))->value == 80);
}
END_TEST

START_TEST(polarity_follows_the_side_of_the_standard)
{
    AUTO(loaded_release) struct loaded l = { .diags = DIAGS_INIT };

    ck_assert_int_eq(with_file(STANDARDS, load_standards, &l), 0);
    ck_assert_int_eq(with_file(PLAN_OF(", standard: act"), load_plan, &l), 0);
    ck_assert_int_eq(l.plan->measures[0].polarity, POLARITY_LOWER);
}
END_TEST

static const struct {
    const char *why, *plan, *code, *hint;
} refused[] = {
    { "a standard misspelt", PLAN_OF(", standard: fasst"), "no-such-reference",
      "did you mean \"fast\"?" },
    { "what has none", PLAN_OF(", title: Unruled waits, standard: fast"), "has-no-standard",
      "leave it out" },
    { "a wait for a published figure", PLAN_OF(", target: {at_least: 1}, standard: 18w"),
      "key-of-no-use", "leave it out" },
};

START_TEST(a_measure_names_a_standard_that_there_is_or_is_refused)
{
    AUTO(loaded_release) struct loaded l = { .diags = DIAGS_INIT };

    ck_assert_int_eq(with_file(STANDARDS, load_standards, &l), 0);
    ck_assert_int_eq(with_file(refused[_i].plan, load_plan, &l), -EINVAL);
    ck_assert_msg(strcmp(l.diags.list[0].code, refused[_i].code) == 0, "%s: %s: %s",
                  refused[_i].why, l.diags.list[0].code, l.diags.list[0].text);
    ck_assert_str_eq(l.diags.list[0].hint, refused[_i].hint);
}
END_TEST

#define ONE "{id: a, title: t, kind: law, definition: d, source: s, confidence: verified"

static const struct {
    const char *text, *says;
} faults[] = {
    { "standards: x\n", "not a list" },
    { "standards: [" ONE "}]\n", "asks for nothing" },
    { "standards: [" ONE ", wait: 6w}, " ONE ", wait: 6w}]\n", "given twice" },
    { "standards: [" ONE ", lines: [{from: 2024-01-01}]}]\n", "one figure is wanted" },
    { "standards: [" ONE ", lines: [{from: 2024-01-01, at_least: 1, at_most: 2}]}]\n",
      "one figure" },
    { "standards: [" ONE ", lines: [{from: 2024-02-01, at_least: 1}, {from: 2024-01-01, at_least: "
      "2}]}]\n",
      "oldest comes first" },
    { "standards: [" ONE ", lines: [{from: 2024-02-01, at_least: 1}, {from: 2024-03-01, at_most: "
      "2}]}]\n",
      "of one side" },
    { "standards: [{id: a, title: t, kind: rule, definition: d, source: s, confidence: verified, "
      "wait: 6w}]\n",
      "national, law, guidance" },
    { "standards: [{id: a, title: t, kind: law, definition: d, confidence: verified, wait: 6w}]\n",
      "\"source\" is missing" },
    { "standards: []\nnone: [{words: [x]}]\n", "\"why\" is missing" },
};

START_TEST(a_fault_of_the_file_is_told_at_its_place)
{
    AUTO(loaded_release) struct loaded l = { .diags = DIAGS_INIT };

    ck_assert_int_eq(with_file(faults[_i].text, load_standards, &l), -EINVAL);
    ck_assert_ptr_null(l.standards);
    ck_assert_uint_ge(l.diags.count, 1);
    ck_assert_msg(strstr(l.diags.list[0].text, faults[_i].says) != NULL, "%s",
                  l.diags.list[0].text);
    ck_assert_uint_ge(l.diags.list[0].column, 1);
}
END_TEST

UNIT_MAIN("standard", UNIT_TEST(the_shipped_standards_load_each_with_its_source_and_confidence),
          UNIT_TEST(no_shipped_standard_is_of_adhd),
          UNIT_ROWS(a_measure_without_a_line_of_its_own_is_judged_by_its_standard_as_of_the_day,
                    rows),
          UNIT_TEST(what_a_standard_asks_on_a_day_is_known_beside_the_plans_own_line),
          UNIT_TEST(polarity_follows_the_side_of_the_standard),
          UNIT_ROWS(a_measure_names_a_standard_that_there_is_or_is_refused, refused),
          UNIT_ROWS(a_fault_of_the_file_is_told_at_its_place, faults))
