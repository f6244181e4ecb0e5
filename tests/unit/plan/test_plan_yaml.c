#include "plan/plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "support/date_of.h"
#include "support/plan_text.h"
#include "support/unit.h"

static const char *const feeds[] = { "cyp4ww", "chs", NULL };
static const char *const receivers[] = { "spool", "hook", NULL };
static const struct plan_context context = { .feeds = feeds, .receivers = receivers };

static int load_text(const char *text, struct diags *diags, struct plan **out)
{
    return plan_text_load(text, &context, diags, out);
}

/* ---- what loads ---- */

START_TEST(the_smallest_plan_of_the_design_loads_as_printed)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;

    ck_assert_int_eq(plan_load("tests/data/plans/smallest.yaml", &context, &diags, &p), 0);
    ck_assert_uint_eq(diags.errors + diags.warnings, 0);
    ck_assert_str_eq(p->id, "dudley");
    ck_assert_str_eq(p->place, "dudley");
    ck_assert_str_eq(p->title, "dudley");
    ck_assert_int_eq(p->version, 1);
    ck_assert_int_eq(p->mode, PLAN_LIVE);
    ck_assert(!p->illustrative);
    ck_assert_int_eq(p->valid_from.day, date_of("2024-04-01").day);
    ck_assert_int_eq(p->valid_to.day, date_of("2025-03-31").day);
    ck_assert_uint_eq(p->role_count, 1);
    ck_assert_uint_eq(plan_role_find(p, "camhs-lead")->receivers.count, 2);
    ck_assert_uint_eq(p->priority_count, 1);
    ck_assert_str_eq(p->priorities[0].title, "Children wait less time for help");

    const struct plan_action *a = plan_action_find(p, "1.1");

    ck_assert_str_eq(a->title, "Second assessment team");
    ck_assert_str_eq(a->lead, "camhs-lead");
    ck_assert_ptr_null(a->accountable);
    ck_assert_int_eq(a->due.day, date_of("2024-09-30").day);
    ck_assert_int_eq(a->status, ACTION_NOT_STARTED);

    const struct plan_measure *m = plan_measure_find(p, "cyp-4w");

    ck_assert_uint_eq(p->measure_count, 1);
    ck_assert_str_eq(m->first_id, "cyp-4w");
    ck_assert_str_eq(m->title, "Children helped within 4 weeks, Black Country Healthcare");
    ck_assert_str_eq(m->published, "MRS08b");
    ck_assert_str_eq(m->select.feed, "cyp4ww");
    ck_assert_str_eq(m->select.breakdown, "Provider");
    ck_assert_str_eq(m->select.org, "TAJ");
    ck_assert_ptr_null(m->select.secondary);
    ck_assert_int_eq(m->polarity, POLARITY_HIGHER);
    ck_assert(m->has_target && m->target == 60 && !date_is_set(m->target_by));
    ck_assert(m->tolerance == 5 && !m->has_clear && m->min_n == 0);
    ck_assert(m->for_periods == 1 && m->clear_for == 1);
    ck_assert(m->reopen_within == 1 && m->steady_for == 3);
    ck_assert_uint_eq(m->expect_count, 2);
    ck_assert(m->expect[0].date.day == date_of("2024-06-30").day && m->expect[0].value == 20);
    ck_assert(m->expect[1].date.day == date_of("2025-03-31").day && m->expect[1].value == 60);
    ck_assert_str_eq(m->action, "1.1");
    ck_assert_str_eq(m->owner, "camhs-lead"); /* the action's lead */
    ck_assert_int_eq(m->unit, UNIT_UNKNOWN);
    ck_assert_uint_eq(strlen(m->digest), SHA256_TEXT_MAX - 1);
}
END_TEST

START_TEST(an_unknown_id_is_found_nowhere)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;

    ck_assert_int_eq(plan_load("tests/data/plans/smallest.yaml", NULL, &diags, &p), 0);
    ck_assert_ptr_null(plan_measure_find(p, "CYP-4W"));
    ck_assert_ptr_null(plan_action_find(p, "1.10"));
    ck_assert_ptr_null(plan_role_find(p, ""));
}
END_TEST

START_TEST(every_key_is_taken_to_its_place)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;

    ck_assert_int_eq(plan_load("tests/data/plans/every-key.yaml", &context, &diags, &p), 0);
    ck_assert_uint_eq(diags.errors + diags.warnings, 0);
    ck_assert_str_eq(p->title, "Dudley SEND plan");
    ck_assert(p->illustrative);
    ck_assert_int_eq(p->mode, PLAN_REHEARSAL);
    ck_assert_str_eq(p->author, "ehc-lead");
    ck_assert_int_eq(p->version, 7);

    /* Ids are text: 1.1 and 1.10 are two actions. */
    ck_assert_int_eq(plan_action_find(p, "1.1")->status, ACTION_COMPLETE);
    ck_assert_int_eq(plan_action_find(p, "1.10")->status, ACTION_IN_PROGRESS);
    ck_assert_str_eq(plan_action_find(p, "1.1")->accountable, "director");
    ck_assert_int_eq(plan_action_find(p, "1.1")->due.day, date_of("2024-02-29").day);
    ck_assert(!date_is_set(plan_action_find(p, "1.10")->due)); /* ongoing */
    ck_assert_uint_eq(plan_action_find(p, "2.1.4/5")->priority, 1);

    const struct plan_action *a = plan_action_find(p, "1.1");
    const struct plan_forum *f = plan_forum_find(p, "board");

    ck_assert_str_eq(p->approval.reference, "Minute 14, SEND board");
    ck_assert_int_eq(p->approval.date.day, date_of("2024-03-20").day);
    ck_assert_str_eq(a->forum, "board");
    ck_assert_str_eq(a->weakness.id, "W3/4");
    ck_assert_str_eq(a->weakness.judgement, "insufficient progress");
    ck_assert(a->delivery.is_said && a->delivery.rag == RAG_BLUE);
    ck_assert(!plan_action_find(p, "2.1.4/5")->delivery.is_said);
    ck_assert_uint_eq(f->meeting_count, 2); /* by date; papers as said, else five days before */
    ck_assert_int_eq(f->meetings[0].papers.day, date_of("2024-06-10").day);
    ck_assert_int_eq(f->meetings[1].papers.day, date_of("2024-09-14").day);
    ck_assert_ptr_eq(plan_forum_next(f, date_of("2024-06-20")), &f->meetings[0]);
    ck_assert_ptr_eq(plan_forum_next(f, date_of("2024-06-21")), &f->meetings[1]);
    ck_assert_ptr_null(plan_forum_next(f, date_of("2024-09-20")));

    const struct plan_measure *m = plan_measure_find(p, "wheelchairs-18w");

    ck_assert_str_eq(m->first_id, "wheelchairs"); /* the oldest name */
    ck_assert_str_eq(m->published, "(CYP) Wheelchair: equipment");
    ck_assert_str_eq(m->select.secondary, ">12-18");
    ck_assert_str_eq(m->owner, "director"); /* said, so not the action's lead */
    ck_assert_uint_eq(m->priority, 1);
    ck_assert_int_eq(m->polarity, POLARITY_LOWER); /* from at_most */
    ck_assert_int_eq(m->unit, UNIT_COUNT);
    ck_assert_int_eq(m->target_by.day, date_of("2025-03-31").day);
    ck_assert(m->has_clear && m->clear == 25.5);
    ck_assert(m->reopen_within == 2 && m->steady_for == 4);
    ck_assert(m->for_periods == 2 && m->clear_for == 3 && m->min_n == 10 && m->tolerance == 2.5);
    ck_assert_uint_eq(m->expect_count, 3); /* by date, whatever their order in the file */
    ck_assert_int_eq(m->expect[0].date.day, date_of("2024-06-30").day);
    ck_assert_int_eq(m->expect[1].date.day, date_of("2024-09-30").day);
    ck_assert_int_eq(m->expect[2].date.day, date_of("2025-02-28").day);
    ck_assert(m->expect[0].value == 60 && m->expect[1].value == 45 && m->expect[2].value == 30);
    ck_assert_str_eq(m->expect[1].note, "second workshop open");
    ck_assert_ptr_null(m->expect[0].note);

    const struct plan_measure *own = plan_measure_find(p, "ehc-20w");

    ck_assert_ptr_null(own->action);
    ck_assert_uint_eq(own->priority, 1); /* its own, since it has no action */
    ck_assert(!own->has_target && own->expect_count == 1 && own->polarity == POLARITY_HIGHER);
}
END_TEST

START_TEST(the_example_plan_says_in_its_first_line_that_it_is_illustrative_and_loads)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;
    char line[256] = "";
    FILE *f = fopen("config/plan.yaml", "r");

    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    fclose(f);
    text_fold(line);
    ck_assert_ptr_nonnull(strstr(line, "illustrative"));
    ck_assert_int_eq(plan_load("config/plan.yaml", NULL, &diags, &p), 0);
    ck_assert_uint_eq(diags.errors + diags.warnings, 0);
    ck_assert(p->illustrative);
}
END_TEST

START_TEST(the_example_plan_shows_what_people_report_and_how_a_plan_is_agreed)
{
    static const char *const reported[] = { "ehc-quality", "local-offer", "parents-involved" };
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;

    ck_assert_int_eq(plan_load("config/plan.yaml", NULL, &diags, &p), 0);
    for (size_t i = 0; i < sizeof reported / sizeof reported[0]; i++) {
        const struct plan_measure *m = plan_measure_find(p, reported[i]);

        ck_assert_msg(m && m->manual, "%s", reported[i]);
    }
    const struct plan_measure *survey = plan_measure_find(p, "parents-involved");
    const struct plan_action *a = plan_action_find(p, "2.1");

    ck_assert(survey->survey.every.count > 0 && survey->survey.wording && survey->min_n > 0);
    ck_assert(plan_measure_find(p, "ehc-quality")->guards.count == 1);
    ck_assert(p->approval.reference && plan_forum_find(p, a->forum)->meeting_count == 3);
    ck_assert(a->weakness.id && a->delivery.is_said && a->delivery.note);
}
END_TEST

/* ---- digests ---- */

#define MEASURE_OF(lines)                                                                          \
    "plan: {id: p}\n"                                                                              \
    "roles: {lead: {receivers: [spool]}, other: {receivers: [spool]}}\n"                           \
    "measures:\n"                                                                                  \
    "  - id: m\n"                                                                                  \
    "    metric: published:X\n"                                                                    \
    "    owner: lead\n" lines

#define USUAL                                                                                      \
    "    select: {feed: chs, org: A}\n"                                                            \
    "    target: {at_least: 60}\n"

static void digest_of(const char *text, char out[SHA256_TEXT_MAX])
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;

    ck_assert_msg(load_text(text, &diags, &p) == 0, "%s%s", text,
                  diags.count ? diags.list[0].text : "");
    memcpy(out, p->measures[0].digest, SHA256_TEXT_MAX);
}

static const struct {
    const char *why, *text;
    bool same;
} digest_rows[] = {
    { "the same, written out",
      MEASURE_OF(USUAL "    polarity: higher\n    tolerance: 0.0\n    for: 1\n"), true },
    { "another title", MEASURE_OF(USUAL "    title: Other\n"), true },
    { "a unit", MEASURE_OF(USUAL "    unit: percent\n"), true },
    { "an old name", MEASURE_OF(USUAL "    was: [n]\n"), true },
    { "another target", MEASURE_OF("    select: {feed: chs, org: A}\n    target: {at_least: 61}\n"),
      false },
    { "a date for it",
      MEASURE_OF("    select: {feed: chs, org: A}\n    target: {at_least: 60, by: 2024-09}\n"),
      false },
    { "another feed",
      MEASURE_OF("    select: {feed: cyp4ww, org: A}\n    target: {at_least: 60}\n"), false },
    { "another organisation",
      MEASURE_OF("    select: {feed: chs, org: B}\n    target: {at_least: 60}\n"), false },
    { "a breakdown",
      MEASURE_OF("    select: {feed: chs, org: A, breakdown: B}\n    target: {at_least: 60}\n"),
      false },
    { "the same text as secondary",
      MEASURE_OF("    select: {feed: chs, org: A, secondary: B}\n    target: {at_least: 60}\n"),
      false },
    { "a tolerance", MEASURE_OF(USUAL "    tolerance: 1\n"), false },
    { "a clear line", MEASURE_OF(USUAL "    clear: 62\n"), false },
    { "a clear line that equals the target", MEASURE_OF(USUAL "    clear: 60\n"), false },
    { "two periods", MEASURE_OF(USUAL "    for: 2\n"), false },
    { "two periods to clear", MEASURE_OF(USUAL "    clear_for: 2\n"), false },
    { "a least number", MEASURE_OF(USUAL "    min_n: 5\n"), false },
    { "a milestone", MEASURE_OF(USUAL "    expect: {2024-06-30: 20}\n"), false },
};

START_TEST(the_digest_changes_with_what_changes_a_judgement_and_with_nothing_else)
{
    char usual[SHA256_TEXT_MAX], other[SHA256_TEXT_MAX];

    digest_of(MEASURE_OF(USUAL), usual);
    digest_of(digest_rows[_i].text, other);
    ck_assert_msg((strcmp(usual, other) == 0) == digest_rows[_i].same, "%s", digest_rows[_i].why);
}
END_TEST

START_TEST(a_note_or_the_order_of_milestones_changes_no_digest)
{
    char a[SHA256_TEXT_MAX], b[SHA256_TEXT_MAX], c[SHA256_TEXT_MAX];

    digest_of(MEASURE_OF(USUAL "    expect: {2024-06-30: 20, 2024-09: 30}\n"), a);
    digest_of(MEASURE_OF(USUAL "    expect: {2024-09-30: {value: 30, note: why}, 2024-06: 20}\n"),
              b);
    digest_of(MEASURE_OF(USUAL "    expect: {2024-06-30: 30, 2024-09: 20}\n"), c);
    ck_assert_str_eq(a, b);
    ck_assert_str_ne(a, c);
}
END_TEST

START_TEST(those_who_lead_together_are_several_roles_each_once)
{
    static const char text[] =
        "plan: {id: p}\nroles: {a: {receivers: [spool]}, b: {receivers: [hook]}}\npriorities:\n"
        "  - id: 1\n    title: A\n    actions: [{id: 1.1, title: A, lead: [b, a, b], due: "
        "ongoing}]\n"
        "measures:\n"
        "  - {id: m, metric: published:X, action: 1.1, select: {feed: chs, org: A}, target: "
        "{at_least: 1}}\n"
        "  - {id: n, metric: published:Y, owner: [a], action: 1.1, select: {feed: chs, org: A}, "
        "target: {at_least: 1}}\n";
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;
    char role[PLAN_ROLE_MAX];

    ck_assert_int_eq(load_text(text, &diags, &p), 0);
    ck_assert_str_eq(plan_measure_find(p, "m")->owner, "b, a");
    ck_assert_str_eq(plan_measure_find(p, "n")->owner, "a");

    const char *at = plan_action_find(p, "1.1")->lead;

    ck_assert(plan_roles_next(&at, role));
    ck_assert_str_eq(role, "b");
    ck_assert(plan_roles_next(&at, role));
    ck_assert_str_eq(role, "a");
    ck_assert(!plan_roles_next(&at, role));
    at = NULL;
    ck_assert(!plan_roles_next(&at, role));
}
END_TEST

/* ---- what does not load ---- */

static const struct {
    unsigned line, column;
    enum diag_level level;
    const char *text, *hint;
} six[] = {
    { 9, 58, DIAG_ERROR, "no such role: \"camhs-leed\"", "did you mean \"camhs-lead\"?" },
    { 10, 66, DIAG_ERROR, "action: due \"2024-13\" is not a date", "2024-09" },
    { 16, 15, DIAG_ERROR, "polarity lower contradicts the target at_least",
      "did you mean \"higher\"?" },
    { 18, 5, DIAG_ERROR, "unknown key \"tolerence\"", "did you mean \"tolerance\"?" },
    { 19, 13, DIAG_ERROR, "no such action: \"1.2\"", "did you mean \"1.1\"?" },
    { 22, 13, DIAG_ERROR, "names no measure that people report", "manual:" },
};

static const struct diag *diag_at(const struct diags *d, unsigned line, unsigned column)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->list[i].line == line && d->list[i].column == column)
            return &d->list[i];
    return NULL;
}

START_TEST(six_errors_are_six_messages_each_at_its_line_and_column)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    struct plan *p = NULL;

    ck_assert_int_eq(plan_load("tests/data/plans/six-errors.yaml", &context, &diags, &p), -EINVAL);
    ck_assert_ptr_null(p);
    ck_assert_uint_eq(diags.errors, 6);
    ck_assert_uint_eq(diags.warnings, 0);
    for (size_t i = 0; i < sizeof six / sizeof six[0]; i++) {
        const struct diag *d = diag_at(&diags, six[i].line, six[i].column);

        ck_assert_msg(d != NULL, "nothing at %u:%u", six[i].line, six[i].column);
        ck_assert_int_eq(d->level, six[i].level);
        ck_assert_msg(strstr(d->text, six[i].text) != NULL, "%s", d->text);
        ck_assert_msg(d->hint && strstr(d->hint, six[i].hint), "%s: %s", d->text, d->hint);
        ck_assert_ptr_nonnull(d->excerpt);
    }
}
END_TEST

START_TEST(an_error_among_the_warnings_fails_and_warnings_alone_do_not)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;

    ck_assert_int_eq(load_text("plan: {id: p}\nroles: {a: {}}\n", &diags, &p), 0);
    ck_assert_uint_eq(diags.warnings, 2); /* no receivers, no measures */
    ck_assert_uint_eq(diags.errors, 0);
    ck_assert_ptr_nonnull(p);
}
END_TEST

START_TEST(a_clear_line_between_milestone_and_target_is_no_fault)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;

    ck_assert_int_eq(
        load_text(MEASURE_OF(USUAL "    expect: {2024-06: 20}\n    clear: 25\n"), &diags, &p), 0);
    ck_assert_uint_eq(diags.warnings, 0);
}
END_TEST

START_TEST(errors_told_before_do_not_fail_a_plan)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;

    diag_add(&diags, DIAG_ERROR, NULL, NULL, "of another file");
    ck_assert_int_eq(plan_load("tests/data/plans/smallest.yaml", &context, &diags, &p), 0);
    ck_assert_ptr_nonnull(p);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_said)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    struct plan *p = NULL;

    ck_assert_int_eq(plan_load("tests/data/plans/none.yaml", &context, &diags, &p), -ENOENT);
    ck_assert_uint_eq(diags.errors, 1);
}
END_TEST

/* The lines given to MEASURE_OF begin at line 7; those after USUAL at line 9. */
static const struct {
    const char *why, *text;
    unsigned line, column;
    enum diag_level level;
    const char *says, *hint;
} fault_rows[] = {
    { "nothing at all", "", 1, 0, DIAG_ERROR, "\"plan\" is missing", NULL },
    { "a list for the whole", "- a\n", 1, 1, DIAG_ERROR, "not a mapping", NULL },
    { "a section misspelt", "plan: {id: p}\nmesures: []\n", 2, 1, DIAG_ERROR,
      "unknown key \"mesures\"", "did you mean \"measures\"?" },
    { "no id", "plan: {version: 1}\n", 1, 7, DIAG_ERROR, "\"id\" is missing", NULL },
    { "a version of none", "plan: {id: p, version: 0}\n", 1, 24, DIAG_ERROR, "not between", NULL },
    { "a mode that is none", "plan: {id: p, mode: rehearsel}\n", 1, 21, DIAG_ERROR, "rehearsel",
      "did you mean \"rehearsal\"?" },
    { "a rehearsal that nobody reads",
      "plan: {id: p, mode: rehearsal}\nroles: {a: {receivers: [spool]}}\nmeasures:\n  - {id: m, "
      "metric: "
      "published:X, owner: a, select: {feed: chs, org: A}, target: {at_least: 60}}\n",
      1, 21, DIAG_WARNING, "nobody reads this rehearsal", "author: ROLE" },
    { "an end before the beginning", "plan: {id: p, valid: {from: 2024-04-01, to: 2024-03-31}}\n",
      1, 45, DIAG_ERROR, "the last day is before the first", NULL },
    { "another thing on expiry", "plan: {id: p, on_expiry: stop}\n", 1, 26, DIAG_ERROR,
      "keep-watching", NULL },
    { "a receiver that is none", "plan: {id: p}\nroles:\n  a: {receivers: [spool, hok]}\n", 3, 26,
      DIAG_ERROR, "no such receiver: \"hok\"", "did you mean \"hook\"?" },
    { "one receiver that is none", "plan: {id: p}\nroles: {a: {receivers: zzzzzz}}\n", 2, 24,
      DIAG_ERROR, "no such receiver: \"zzzzzz\"", "there are: spool, hook" },
    { "roles as a list", "plan: {id: p}\nroles: [a]\n", 2, 8, DIAG_ERROR, "not a mapping", NULL },
    { "a role's id with a slash", "plan: {id: p}\nroles: {a/b: {receivers: [spool]}}\n", 2, 9,
      DIAG_ERROR, "\"a/b\" is not an id", NULL },
    { "a role's id with a blank", "plan: {id: p}\nroles: {a b: {receivers: [spool]}}\n", 2, 9,
      DIAG_ERROR, "\"a b\" is not an id", NULL },
    { "priorities as a mapping", "plan: {id: p}\npriorities: {id: \"1\"}\n", 2, 13, DIAG_ERROR,
      "not a list", NULL },
    { "an action given twice",
      "plan: {id: p}\nroles: {a: {receivers: [spool]}}\npriorities:\n  - id: 1\n    title: A\n"
      "    actions:\n      - {id: 1.1, title: A, lead: a, due: ongoing}\n  - id: 2\n    title: B\n"
      "    actions:\n      - {id: 1.1, title: B, lead: a, due: ongoing}\n",
      11, 14, DIAG_ERROR, "action \"1.1\" is given twice; first at line 7", NULL },
    { "a priority given twice",
      "plan: {id: p}\npriorities:\n  - {id: 1, title: A}\n  - {id: 1, title: B}\n", 4, 10,
      DIAG_ERROR, "priority \"1\" is given twice; first at line 3", NULL },
    { "an action without a date",
      "plan: {id: p}\nroles: {a: {receivers: [spool]}}\npriorities:\n  - id: 1\n    title: A\n"
      "    actions: [{id: 1.1, title: A, lead: a}]\n",
      6, 15, DIAG_ERROR, "\"due\" is missing", "ongoing" },
    { "one of two leads that is no role",
      "plan: {id: p}\nroles: {lead: {receivers: [spool]}}\npriorities:\n  - id: 1\n    title: A\n"
      "    actions: [{id: 1.1, title: A, lead: [lead, leed], due: ongoing}]\n",
      6, 48, DIAG_ERROR, "no such role: \"leed\"", "did you mean \"lead\"?" },
    { "no lead in a list of leads",
      "plan: {id: p}\nroles: {lead: {receivers: [spool]}}\npriorities:\n  - id: 1\n    title: A\n"
      "    actions: [{id: 1.1, title: A, lead: [], due: ongoing}]\n",
      6, 41, DIAG_ERROR, "is not an id", NULL },
    { "a title split by its comma",
      "plan: {id: p}\nroles: {a: {receivers: [spool]}}\npriorities:\n  - id: 1\n    title: A\n"
      "    actions:\n      - {id: 1.1, title: Team, second, lead: a, due: ongoing}\n",
      7, 32, DIAG_ERROR, "unknown key \"second\"", "a comma split this text: quote it" },
    { "a measure given twice",
      MEASURE_OF(USUAL "  - {id: m, metric: published:X, owner: lead, select: {feed: chs, org: A}, "
                       "target: {at_most: 1}}\n"),
      9, 10, DIAG_ERROR, "measure \"m\" is given twice; first at line 4", NULL },
    { "an old name that is another's",
      MEASURE_OF(USUAL "  - {id: n, was: m, metric: published:X, owner: lead, "
                       "select: {feed: chs, org: A}, target: {at_most: 1}}\n"),
      9, 18, DIAG_ERROR, "measure \"m\" is given twice; first at line 4", NULL },
    { "a feed that is none",
      MEASURE_OF("    select: {feed: cyp4w, org: A}\n    target: {at_least: 1}\n"), 7, 20,
      DIAG_ERROR, "no such feed: \"cyp4w\"", "did you mean \"cyp4ww\"?" },
    { "no organisation", MEASURE_OF("    select: {feed: chs}\n    target: {at_least: 1}\n"), 7, 13,
      DIAG_ERROR, "\"org\" is missing", NULL },
    { "no select", MEASURE_OF("    target: {at_least: 1}\n"), 4, 5, DIAG_ERROR,
      "\"select\" is missing", NULL },
    { "no line", MEASURE_OF("    select: {feed: chs, org: A}\n"), 4, 5, DIAG_ERROR,
      "neither target nor expect", "at_least" },
    { "an empty line",
      MEASURE_OF("    select: {feed: chs, org: A}\n    polarity: lower\n    expect: {}\n"), 9, 13,
      DIAG_ERROR, "expect is empty", NULL },
    { "a bare target", MEASURE_OF("    select: {feed: chs, org: A}\n    target: 60\n"), 8, 13,
      DIAG_ERROR, "on which side", "{at_least: 60}" },
    { "a target of two figures",
      MEASURE_OF("    select: {feed: chs, org: A}\n    target: {at_least: 1, at_most: 2}\n"), 8, 13,
      DIAG_ERROR, "two figures", NULL },
    { "a target of none",
      MEASURE_OF("    select: {feed: chs, org: A}\n    target: {by: 2024-09}\n"), 8, 13, DIAG_ERROR,
      "no figure", NULL },
    { "a target with a unit",
      MEASURE_OF("    select: {feed: chs, org: A}\n    target: {at_least: 60%}\n"), 8, 24,
      DIAG_ERROR, "not a number", NULL },
    { "a target date that is none",
      MEASURE_OF("    select: {feed: chs, org: A}\n    target: {at_least: 60, by: soon}\n"), 8, 32,
      DIAG_ERROR, "by \"soon\" is not a date", NULL },
    { "at most where higher is better",
      MEASURE_OF(
          "    select: {feed: chs, org: A}\n    target: {at_most: 60}\n    polarity: higher\n"),
      9, 15, DIAG_ERROR, "contradicts the target at_most", "did you mean \"lower\"?" },
    { "milestones alone do not say which way is better",
      MEASURE_OF("    select: {feed: chs, org: A}\n    expect: {2024-06-30: 1}\n"), 4, 5,
      DIAG_ERROR, "which way is better", "polarity" },
    { "a negative tolerance", MEASURE_OF(USUAL "    tolerance: -5\n"), 9, 16, DIAG_ERROR,
      "tolerance -5 is negative", "distance" },
    { "no period at all", MEASURE_OF(USUAL "    for: 0\n"), 9, 10, DIAG_ERROR, "not between",
      NULL },
    { "no period to clear", MEASURE_OF(USUAL "    clear_for: 0\n"), 9, 16, DIAG_ERROR,
      "not between", NULL },
    { "half a period", MEASURE_OF(USUAL "    for: 1.5\n"), 9, 10, DIAG_ERROR, "not a whole number",
      NULL },
    { "a milestone that is no date", MEASURE_OF(USUAL "    expect: {2024-02-30: 1}\n"), 9, 14,
      DIAG_ERROR, "\"2024-02-30\" is not a date", NULL },
    { "a milestone that is no number", MEASURE_OF(USUAL "    expect: {2024-06: many}\n"), 9, 23,
      DIAG_ERROR, "\"many\" is not a number", NULL },
    { "a milestone that is infinite", MEASURE_OF(USUAL "    expect: {2024-06: 1e999}\n"), 9, 23,
      DIAG_ERROR, "\"1e999\" is not a number", NULL },
    { "a milestone that is empty", MEASURE_OF(USUAL "    expect: {2024-06: }\n"), 9, 14, DIAG_ERROR,
      "is not a number", NULL },
    { "a milestone without its value", MEASURE_OF(USUAL "    expect: {2024-06: {note: why}}\n"), 9,
      23, DIAG_ERROR, "\"value\" is missing", NULL },
    { "one day, written twice", MEASURE_OF(USUAL "    expect: {2024-06: 1, 2024-06-30: 2}\n"), 9,
      26, DIAG_ERROR, "2024-06-30 is given twice", NULL },
    { "expect as a list", MEASURE_OF(USUAL "    expect: [1, 2]\n"), 9, 13, DIAG_ERROR,
      "not a mapping from dates", NULL },
    { "a priority that is none", MEASURE_OF(USUAL "    priority: 9\n"), 9, 15, DIAG_ERROR,
      "no such priority: \"9\"", "there is no priority at all" },
    { "a unit that is none", MEASURE_OF(USUAL "    unit: percentage\n"), 9, 11, DIAG_ERROR,
      "percentage", "did you mean \"percent\"?" },
    { "a milestone after the end",
      "plan: {id: p, valid: {from: 2024-04-01, to: 2025-03-31}}\nroles: {lead: {receivers: "
      "[spool]}}\n"
      "measures:\n  - id: m\n    metric: published:X\n    owner: lead\n" USUAL
      "    expect: {2025-04-30: 1}\n",
      9, 14, DIAG_WARNING, "the plan ends on 2025-03-31", NULL },
    { "a milestone before the beginning",
      "plan: {id: p, valid: {from: 2024-04-01}}\nroles: {lead: {receivers: [spool]}}\n"
      "measures:\n  - id: m\n    metric: published:X\n    owner: lead\n" USUAL
      "    expect: {2024-03-31: 1}\n",
      9, 14, DIAG_WARNING, "the plan begins on 2024-04-01", NULL },
    { "a target softer than its last milestone", MEASURE_OF(USUAL "    expect: {2024-06-30: 61}\n"),
      8, 24, DIAG_WARNING, "the last milestone already exceeds the target: 61 on 2024-06-30",
      NULL },
    { "a clear line worse than the target", MEASURE_OF(USUAL "    clear: 59\n"), 9, 12,
      DIAG_WARNING, "the clear line 59 is worse than the target 60", NULL },
    { "more than all",
      MEASURE_OF(
          "    select: {feed: chs, org: A}\n    unit: percent\n    target: {at_least: 101}\n"),
      9, 24, DIAG_WARNING, "a target of 101 percent", NULL },
    { "nobody's",
      "plan: {id: p}\nmeasures:\n  - {id: m, metric: published:X, select: {feed: chs, org: A}, "
      "target: {at_least: 1}}\n",
      3, 5, DIAG_WARNING, "nobody owns it", "owner" },
};

START_TEST(a_fault_is_told_at_its_place_with_what_would_do)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;
    int r = load_text(fault_rows[_i].text, &diags, &p);
    const struct diag *d = NULL;

    /* Rows about the plan's head have no measures, which is a warning beside their error. */
    for (size_t i = 0; i < diags.count && !d; i++)
        if (diags.list[i].level == fault_rows[_i].level)
            d = &diags.list[i];
    ck_assert_msg(d != NULL, "%s: nothing said", fault_rows[_i].why);
    ck_assert_msg((d->level == DIAG_ERROR ? diags.errors : diags.errors + diags.warnings) == 1,
                  "%s: %zu errors, %zu warnings: %s", fault_rows[_i].why, diags.errors,
                  diags.warnings, d->text);
    ck_assert_msg(strstr(d->text, fault_rows[_i].says) != NULL, "%s: %s", fault_rows[_i].why,
                  d->text);
    ck_assert_msg(d->line == fault_rows[_i].line, "%s: at %u:%u", fault_rows[_i].why, d->line,
                  d->column);
    if (fault_rows[_i].column)
        ck_assert_msg(d->column == fault_rows[_i].column, "%s: at %u:%u", fault_rows[_i].why,
                      d->line, d->column);
    if (fault_rows[_i].hint)
        ck_assert_msg(d->hint && strstr(d->hint, fault_rows[_i].hint), "%s: %s", fault_rows[_i].why,
                      d->hint);
    ck_assert_msg((r == 0) == (d->level == DIAG_WARNING), "%s: returned %d", fault_rows[_i].why, r);
    ck_assert_msg((p != NULL) == (r == 0), "%s", fault_rows[_i].why);
}
END_TEST

static bool x_is_rolling(const void *arg, const char *feed, const char *measure)
{
    (void)arg;
    return strcmp(feed, "chs") == 0 && strcmp(measure, "X") == 0;
}

START_TEST(a_chart_of_a_measure_that_is_published_for_rolling_periods_is_refused)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    struct plan_context rolling = context;
    struct plan *p = NULL;

    rolling.is_rolling = x_is_rolling;
    ck_assert_int_eq(plan_text_load(MEASURE_OF(USUAL "    spc: on\n"), &rolling, &diags, &p),
                     -EINVAL);
    ck_assert_uint_eq(diags.count, 1);
    ck_assert_str_eq(diags.list[0].code, "spc-on-rolling");
    ck_assert(diags.list[0].line == 9 && diags.list[0].column == 10);
}
END_TEST

static bool x_is_published(const void *arg, const char *feed)
{
    ck_assert_str_eq(feed, "chs");
    return *(const bool *)arg;
}

#define FEW(unit)                                                                                  \
    MEASURE_OF("    select: {feed: chs, org: A}\n    unit: " unit "\n    target: {at_most: 3}\n")

static const struct {
    const char *why, *text;
    bool is_published, is_warned;
} few_rows[] = {
    { "few of a feed that nobody publishes", FEW("count"), false, true },
    { "few that are published", FEW("count"), true, false },
    { "a share", FEW("percent"), false, false },
};

START_TEST(a_line_of_few_is_warned_of_where_the_feed_is_not_published)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(plan_release) struct plan *p = NULL;
    struct plan_context known = context;

    known.is_published = x_is_published;
    known.is_published_arg = &few_rows[_i].is_published;
    ck_assert_msg(plan_text_load(few_rows[_i].text, &known, &diags, &p) == 0, "%s: %s",
                  few_rows[_i].why, diags.count ? diags.list[0].text : "");
    ck_assert_msg(diags.count == (few_rows[_i].is_warned ? 1 : 0), "%s", few_rows[_i].why);
    if (few_rows[_i].is_warned) {
        ck_assert_str_eq(diags.list[0].code, "line-of-few");
        ck_assert(diags.list[0].line == 9 && diags.list[0].column == 23);
    }
}
END_TEST

static const struct {
    const char *metric, *says, *hint;
} metric_rows[] = {
    { "\"published:\"", "names no published measure", "published:MRS08b" },
    { "published", "names no published measure", "published:MRS08b" },
    { "covrage", "is not known", "did you mean \"coverage\"?" },
    { "\"manual:\"", "names no measure that people report", "manual:parents-confident" },
    { "opne", "is not known", "did you mean \"open\"?" },
    { "publishd:MRS08b", "is not known", "did you mean \"published:MRS08b\"?" },
    { "MRS08b", "is not known", "write \"published:MRS08b\"" },
};

START_TEST(a_metric_that_is_not_published_is_refused_by_name)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(text_release) struct text t = TEXT_INIT;
    struct plan *p = NULL;

    (void)text_printf(&t,
                      "plan: {id: p}\nroles: {lead: {receivers: [spool]}}\nmeasures:\n  - id: m\n"
                      "    metric: %s\n    owner: lead\n" USUAL,
                      metric_rows[_i].metric);
    ck_assert_int_eq(load_text(text_str(&t), &diags, &p), -EINVAL);
    ck_assert_uint_eq(diags.errors, 1);
    ck_assert_uint_eq(diags.list[0].line, 5);
    ck_assert_uint_eq(diags.list[0].column, 13);
    ck_assert_msg(strstr(diags.list[0].text, metric_rows[_i].says) != NULL, "%s",
                  diags.list[0].text);
    if (metric_rows[_i].hint)
        ck_assert_msg(strstr(diags.list[0].hint, metric_rows[_i].hint) != NULL, "%s",
                      diags.list[0].hint);
}
END_TEST

static const struct {
    const char *why, *keys, *says; /* says: NULL: it is taken */
} feed_metrics[] = {
    { "the feed alone", "metric: coverage\n    select: {feed: cyp4ww}", NULL },
    { "no organisation", "metric: coverage\n    select: {feed: cyp4ww, org: TAJ}",
      "unknown key \"org\"" },
    { "no wait", "metric: feed-age:4w\n    select: {feed: cyp4ww}", "feed-age takes no wait" },
    { "no list", "metric: set-aside-rate\n    select: {list: l}", "unknown key \"list\"" },
    { "no period of its own", "metric: feed-age\n    select: {feed: cyp4ww}\n    period: day",
      "period" },
};

START_TEST(a_metric_of_a_feed_takes_the_feed_and_nothing_else)
{
    AUTO(diags_release) struct diags diags = DIAGS_INIT;
    AUTO(text_release) struct text t = TEXT_INIT;
    struct plan *p = NULL;

    (void)text_printf(&t,
                      "plan: {id: p}\nroles: {lead: {receivers: [spool]}}\nmeasures:\n  - id: m\n"
                      "    %s\n    expect: {2024-06: 10}\n    owner: lead\n",
                      feed_metrics[_i].keys);
    int r = load_text(text_str(&t), &diags, &p);

    ck_assert_msg(r == (feed_metrics[_i].says ? -EINVAL : 0), "%s: %d", feed_metrics[_i].why, r);
    ck_assert_msg(!feed_metrics[_i].says || strstr(diags.list[0].text, feed_metrics[_i].says), "%s",
                  diags.count ? diags.list[0].text : "nothing said");
    if (p) { /* and which way is better, without a target */
        ck_assert_ptr_eq(p->measures[0].of_feed, feed_metric_of(FEED_METRIC_COVERAGE));
        ck_assert_str_eq(measure_org(&p->measures[0]), "cyp4ww");
        ck_assert_int_eq(p->measures[0].polarity, POLARITY_HIGHER);
    }
    plan_free(p);
}
END_TEST

/* A plan cut anywhere is taken whole, or refused with a place; never a crash, never half a plan. */
START_TEST(a_plan_cut_anywhere_is_refused_with_a_place_or_is_a_plan)
{
    char whole[8192];
    FILE *f = fopen("tests/data/plans/every-key.yaml", "r");

    ck_assert_ptr_nonnull(f);
    size_t len = fread(whole, 1, sizeof whole - 1, f);

    fclose(f);
    for (size_t cut = 0; cut <= len; cut += 3) {
        AUTO(diags_release) struct diags diags = DIAGS_INIT;
        AUTO(plan_release) struct plan *p = NULL;
        char text[sizeof whole];

        memcpy(text, whole, cut);
        text[cut] = '\0';
        int r = load_text(text, &diags, &p);

        ck_assert_msg(r == 0 || r == -EINVAL, "cut at %zu: %d", cut, r);
        ck_assert((r == 0) == (p != NULL) && (r == 0) == (diags.errors == 0));
        if (r < 0)
            ck_assert_uint_ge(diags.list[0].line, 1);
    }
}
END_TEST

UNIT_MAIN("plan_yaml", UNIT_TEST(the_smallest_plan_of_the_design_loads_as_printed),
          UNIT_TEST(an_unknown_id_is_found_nowhere), UNIT_TEST(every_key_is_taken_to_its_place),
          UNIT_TEST(the_example_plan_says_in_its_first_line_that_it_is_illustrative_and_loads),
          UNIT_TEST(the_example_plan_shows_what_people_report_and_how_a_plan_is_agreed),
          UNIT_ROWS(the_digest_changes_with_what_changes_a_judgement_and_with_nothing_else,
                    digest_rows),
          UNIT_TEST(a_note_or_the_order_of_milestones_changes_no_digest),
          UNIT_TEST(those_who_lead_together_are_several_roles_each_once),
          UNIT_TEST(six_errors_are_six_messages_each_at_its_line_and_column),
          UNIT_TEST(an_error_among_the_warnings_fails_and_warnings_alone_do_not),
          UNIT_TEST(a_clear_line_between_milestone_and_target_is_no_fault),
          UNIT_TEST(errors_told_before_do_not_fail_a_plan),
          UNIT_TEST(a_file_that_is_not_there_is_said),
          UNIT_ROWS(a_fault_is_told_at_its_place_with_what_would_do, fault_rows),
          UNIT_TEST(a_chart_of_a_measure_that_is_published_for_rolling_periods_is_refused),
          UNIT_ROWS(a_line_of_few_is_warned_of_where_the_feed_is_not_published, few_rows),
          UNIT_ROWS(a_metric_that_is_not_published_is_refused_by_name, metric_rows),
          UNIT_ROWS(a_metric_of_a_feed_takes_the_feed_and_nothing_else, feed_metrics),
          UNIT_TEST(a_plan_cut_anywhere_is_refused_with_a_place_or_is_a_plan))
