#include "metric/pathway_select.h"

#include <errno.h>

#include "base/auto.h"
#include "support/unit.h"

static struct tally *tally;
static struct services *services;

static void add(const char *place, const char *band, const char *stage, int clock, int start,
                int stop, int outcome, int exception, int count)
{
    struct group g = {
        "mental-health", "QUA", place, stage, { { "age_band", band } }, band != NULL
    };
    struct tally_cell cell = { .start = (uint16_t)start,
                               .stop = (uint16_t)stop,
                               .clock = (uint8_t)clock,
                               .outcome = (uint8_t)outcome,
                               .exception = (uint8_t)exception };

    ck_assert_int_eq(tally_group(tally, &g, &cell.group), 0);
    ck_assert_int_eq(tally_move(tally, &cell, count), 0);
}

static void setup(void)
{
    struct diags diags = DIAGS_INIT;

    ck_assert_int_eq(services_load("config/services.yaml", &diags, &services), 0);
    diags_release(&diags);
    tally = tally_new();
    ck_assert_ptr_nonnull(tally);
    add("Dudley", "0-17", NULL, 0, 20000, TALLY_OPEN, OUTCOME_OPEN, 0, 3);
    add("Dudley", "18-25", NULL, 0, 20010, TALLY_OPEN, OUTCOME_OPEN, 1, 5);
    add("Walsall", "0-17", NULL, 0, 20020, TALLY_OPEN, OUTCOME_OPEN, 0, 7);
    add("Walsall", "0-17", NULL, 1, 20030, TALLY_OPEN, OUTCOME_OPEN, 0, 11);
    add("Walsall", "0-17", "triage", TALLY_STAGE, 20040, TALLY_OPEN, OUTCOME_OPEN, 0, 13);
    add("Walsall", NULL, "triage", TALLY_STAGE, 20040, TALLY_OPEN, OUTCOME_OPEN, 0, 17);
    add("Walsall", NULL, "panel", TALLY_STAGE, 20040, TALLY_OPEN, OUTCOME_OPEN, 0, 19);
}

static void teardown(void)
{
    tally_free(tally);
    services_free(services);
}

static struct selection_found found; /* by open_of() */

static double open_of(const struct pathway_selection *s, int clock, size_t *groups)
{
    struct pathway_metric m = { .id = METRIC_OPEN, .unit = UNIT_COUNT };
    struct civil_date day = { 20100 };
    struct waits w = WAITS_INIT;
    struct metric_figure f;

    found = (struct selection_found){ 0 };
    ck_assert_int_eq(selection_gather(s, clock, tally, day, NULL, &w, &found), 0);
    *groups = found.groups;
    ck_assert_int_eq(pathway_count(&m, &w, (struct period){ day, day }, NULL, &f), 0);
    waits_release(&w);
    return f.value;
}

static const struct cohort_value young = { "AGE_BAND", "0-17" }, old = { "age_band", "80+" };

static const struct {
    const char *why;
    struct pathway_selection s;
    int clock;
    double open;
    bool fits;
} selections[] = {
    { "all of the pathways' own clock", { .place = NULL }, 0, 15, true },
    { "a place, however it is written", { .place = " dudley" }, 0, 8, true },
    { "a cohort", { .cohort = &young, .cohort_count = 1 }, 0, 10, true },
    { "both", { .place = "Walsall", .cohort = &young, .cohort_count = 1 }, 0, 7, true },
    { "without the excused", { .place = "Dudley", .without_exceptions = true }, 0, 3, true },
    { "the clock of a stage", { .place = NULL }, 1, 11, true },
    { "a clock that nobody is on", { .place = NULL }, 2, 0, true },
    { "a stage as the snapshot prints it", { .stage = "Triage" }, TALLY_STAGE, 30, true },
    { "a place that no row names", { .place = "Dudly" }, 0, 0, false },
    { "a cohort that no row has", { .cohort = &old, .cohort_count = 1 }, 0, 0, false },
    { "another commissioner", { .commissioner = "QHL" }, 0, 0, false },
};

START_TEST(what_is_selected_is_counted_and_what_no_row_ever_named_is_known_as_such)
{
    size_t groups;

    setup();
    double open = open_of(&selections[_i].s, selections[_i].clock, &groups);

    ck_assert_msg(open == selections[_i].open, "%s: %g", selections[_i].why, open);
    ck_assert_msg((groups > 0) == selections[_i].fits, "%s: %zu groups", selections[_i].why,
                  groups);
    teardown();
}
END_TEST

static const struct {
    const char *why;
    struct pathway_selection s;
    int clock;
    uint64_t told, untold;
} blanks[] = {
    { "nothing is asked for", { .place = NULL }, 0, 38, 0 },
    { "a cohort that is blank", { .cohort = &young, .cohort_count = 1 }, 0, 10, 23 },
    { "a commissioner that is blank", { .commissioner = "QUA" }, 0, 15, 23 },
    { "both", { .commissioner = "QUA", .cohort = &old, .cohort_count = 1 }, 0, 0, 23 },
    { "of another place it is not asked", { .place = "Walsall", .commissioner = "QUA" }, 0, 7, 0 },
    { "a stage that is blank", { .stage = "triage" }, TALLY_STAGE, 30, 38 },
};

START_TEST(who_waits_and_is_not_told_apart_is_counted_as_such)
{
    const struct group blank = { .service = "mental-health", .place = "Dudley" };
    struct tally_cell cell = { .start = 20000, .stop = TALLY_OPEN };
    size_t groups;

    setup();
    ck_assert_int_eq(tally_group(tally, &blank, &cell.group), 0);
    ck_assert_int_eq(tally_move(tally, &cell, 23), 0);
    cell.stop = 20050; /* no more on the day that is asked for */
    ck_assert_int_eq(tally_move(tally, &cell, 29), 0);
    (void)open_of(&blanks[_i].s, blanks[_i].clock, &groups);
    ck_assert_msg(found.told == blanks[_i].told && found.untold == blanks[_i].untold,
                  "%s: %lu told, %lu not", blanks[_i].why, (unsigned long)found.told,
                  (unsigned long)found.untold);
    teardown();
}
END_TEST

static const struct {
    const char *service, *stage;
    enum pathway_metric_id metric;
    int clock;
} clocks[] = {
    { "mental-health", NULL, METRIC_OPEN, 0 },
    { "mental-health", "first-contact", METRIC_OPEN, 1 },
    { "mental-health", "first-contact..care-plan", METRIC_OPEN, 3 },
    { "mental-health", "diagnosis", METRIC_OPEN, -ENOENT },
    { "mental-health", NULL, METRIC_FIRST_CONTACTS, 1 },
    { "wheelchair", NULL, METRIC_FIRST_CONTACTS, -ENOENT },
    { "650", "triage", METRIC_OPEN, TALLY_STAGE },
    { "650", NULL, METRIC_OPEN, 0 },
};

START_TEST(a_stage_is_a_clock_of_its_service)
{
    setup();
    const struct pathway_selection s = { .stage = clocks[_i].stage };

    ck_assert_int_eq(
        selection_clock(service_of(services, clocks[_i].service), &s, clocks[_i].metric),
        clocks[_i].clock);
    teardown();
}
END_TEST

static const struct {
    int outcome;
    double completed_low, completed_high, unseen_low;
} outcomes[] = {
    { OUTCOME_COMPLETED, 1, 1, 0 },      { OUTCOME_UNKNOWN, 0, 1, 0 },
    { OUTCOME_STOPPED, 0, 0, 0 },        { OUTCOME_REMOVED, 0, 0, 0 },
    { OUTCOME_REMOVED_UNSEEN, 0, 0, 1 }, { OUTCOME_TRANSFERRED, 0, 0, 0 },
    { OUTCOME_EXCLUDED, 0, 0, 0 },       { OUTCOME_SUPERSEDED, 0, 0, 0 },
};

START_TEST(only_a_completion_completes_and_an_unknown_end_may_have_been_one)
{
    const struct pathway_selection all = { .place = NULL };
    struct period days = { { 20050 }, { 20060 } };
    struct pathway_metric m = { .id = METRIC_COMPLETED, .unit = UNIT_COUNT };
    struct waits w = WAITS_INIT;
    struct metric_figure f;

    setup();
    add(NULL, NULL, NULL, 0, 20000, 20055, outcomes[_i].outcome, 0, 1);
    ck_assert_int_eq(selection_gather(&all, 0, tally, DATE_NONE, NULL, &w, &found), 0);
    ck_assert_int_eq(pathway_count(&m, &w, days, NULL, &f), 0);
    ck_assert_double_eq(f.low, outcomes[_i].completed_low);
    ck_assert_double_eq(f.high, outcomes[_i].completed_high);
    m.id = METRIC_REMOVALS_UNSEEN;
    ck_assert_int_eq(pathway_count(&m, &w, days, NULL, &f), 0);
    ck_assert_double_eq(f.low, outcomes[_i].unseen_low);
    m.id = METRIC_CLOCK_STOPS;
    ck_assert_int_eq(pathway_count(&m, &w, days, NULL, &f), 0);
    ck_assert_double_eq(f.low, 1);
    waits_release(&w);
    teardown();
}
END_TEST

START_TEST(a_clock_that_nothing_ever_completed_is_not_told)
{
    setup();
    add(NULL, NULL, NULL, 0, 20000, 20055, OUTCOME_COMPLETED, 0, 1);
    add(NULL, NULL, NULL, 1, 20000, 20055, OUTCOME_UNKNOWN, 0, 1);
    ck_assert_uint_gt(selection_completed(0, tally), 0);
    ck_assert_uint_eq(selection_completed(1, tally), 0);
    add(NULL, NULL, NULL, 1, 20000, 20055, OUTCOME_COMPLETED, 0, 1);
    ck_assert_uint_gt(selection_completed(1, tally), 0);
    teardown();
}
END_TEST

UNIT_MAIN("pathway_select", UNIT_ROWS(who_waits_and_is_not_told_apart_is_counted_as_such, blanks),
          UNIT_ROWS(what_is_selected_is_counted_and_what_no_row_ever_named_is_known_as_such,
                    selections),
          UNIT_ROWS(a_stage_is_a_clock_of_its_service, clocks),
          UNIT_TEST(a_clock_that_nothing_ever_completed_is_not_told),
          UNIT_ROWS(only_a_completion_completes_and_an_unknown_end_may_have_been_one, outcomes))
