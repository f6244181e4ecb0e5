#include "plan/evaluate.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "plan/control_chart.h"
#include "support/date_of.h"
#include "support/unit.h"

/* ---- one period judged ---- */

static struct plan_measure measure_of(int polarity)
{
    return (struct plan_measure){ .polarity = polarity,
                                  .has_target = true,
                                  .target = 60,
                                  .target_by = DATE_NONE,
                                  .for_periods = 1,
                                  .clear_for = 1 };
}

static struct series_version exactly(double value)
{
    return (struct series_version){
        .value = value, .low = value, .high = value, .numerator = NAN, .denominator = NAN
    };
}

static const struct {
    const char *why;
    int polarity;
    double tolerance, clear; /* clear NAN: none given */
    const char *by;          /* the target's date */
    double value, low, high;
    const char *end;
    enum period_event event;
    enum rag rag;
    unsigned holds;
} target_rows[] = {
    { "at the line", POLARITY_HIGHER, 5, NAN, NULL, 60, 60, 60, "2024-06-30", PERIOD_CLEAR,
      RAG_GREEN, 0 },
    { "better", POLARITY_HIGHER, 5, NAN, NULL, 61, 61, 61, "2024-06-30", PERIOD_CLEAR, RAG_GREEN,
      0 },
    { "within tolerance", POLARITY_HIGHER, 5, NAN, NULL, 57, 57, 57, "2024-06-30", PERIOD_AMBER,
      RAG_AMBER, 0 },
    { "at the tolerance", POLARITY_HIGHER, 5, NAN, NULL, 55, 55, 55, "2024-06-30", PERIOD_AMBER,
      RAG_AMBER, 0 },
    { "at the tolerance, inexact", POLARITY_HIGHER, 59.7, NAN, NULL, 60 - 59.7, 0.3, 0.3,
      "2024-06-30", PERIOD_AMBER, RAG_AMBER, 0 },
    { "beyond", POLARITY_HIGHER, 5, NAN, NULL, 54.9, 54.9, 54.9, "2024-06-30", PERIOD_RED, RAG_RED,
      0 },
    { "never is behind every line", POLARITY_LOWER, 5, NAN, NULL, INFINITY, INFINITY, INFINITY,
      "2024-06-30", PERIOD_RED, RAG_RED, 0 },
    { "no tolerance", POLARITY_HIGHER, 0, NAN, NULL, 59.9, 59.9, 59.9, "2024-06-30", PERIOD_RED,
      RAG_RED, 0 },
    { "lower is better", POLARITY_LOWER, 5, NAN, NULL, 59, 59, 59, "2024-06-30", PERIOD_CLEAR,
      RAG_GREEN, 0 },
    { "lower, within", POLARITY_LOWER, 5, NAN, NULL, 65, 65, 65, "2024-06-30", PERIOD_AMBER,
      RAG_AMBER, 0 },
    { "lower, beyond", POLARITY_LOWER, 5, NAN, NULL, 66, 66, 66, "2024-06-30", PERIOD_RED, RAG_RED,
      0 },
    { "the day before the target's date", POLARITY_HIGHER, 5, NAN, "2024-06-30", 57, 57, 57,
      "2024-06-29", PERIOD_AMBER, RAG_AMBER, 0 },
    { "on the target's date no tolerance is left", POLARITY_HIGHER, 5, NAN, "2024-06-30", 57, 57,
      57, "2024-06-30", PERIOD_RED, RAG_RED, 0 },
    { "the line inside the interval", POLARITY_HIGHER, 5, NAN, NULL, 60.2, 59.7, 60.7, "2024-06-30",
      PERIOD_UNKNOWN, RAG_GREY, HOLD_INDETERMINATE },
    { "the line at the worse end", POLARITY_HIGHER, 5, NAN, NULL, 60.5, 60, 61, "2024-06-30",
      PERIOD_CLEAR, RAG_GREEN, 0 },
    { "the whole interval behind", POLARITY_HIGHER, 5, NAN, NULL, 55, 54.5, 55.5, "2024-06-30",
      PERIOD_AMBER, RAG_AMBER, 0 },
    { "lower, the line inside", POLARITY_LOWER, 5, NAN, NULL, 59.8, 59.3, 60.3, "2024-06-30",
      PERIOD_UNKNOWN, RAG_GREY, HOLD_INDETERMINATE },
    { "unbounded", POLARITY_HIGHER, 5, NAN, NULL, 60, -INFINITY, INFINITY, "2024-06-30",
      PERIOD_UNKNOWN, RAG_GREY, HOLD_INDETERMINATE },
    { "not past the clear line", POLARITY_HIGHER, 5, 65, NULL, 62, 62, 62, "2024-06-30",
      PERIOD_BETWEEN, RAG_GREEN, 0 },
    { "at the clear line", POLARITY_HIGHER, 5, 65, NULL, 65, 65, 65, "2024-06-30", PERIOD_CLEAR,
      RAG_GREEN, 0 },
    { "the clear line inside the interval", POLARITY_HIGHER, 5, 65, NULL, 65, 64, 66, "2024-06-30",
      PERIOD_BETWEEN, RAG_GREEN, 0 },
    { "lower, not past the clear line", POLARITY_LOWER, 5, 50, NULL, 55, 55, 55, "2024-06-30",
      PERIOD_BETWEEN, RAG_GREEN, 0 },
};

START_TEST(a_figure_is_judged_against_the_target)
{
    struct plan_measure m = measure_of(target_rows[_i].polarity);
    struct series_version v = exactly(target_rows[_i].value);
    struct period_judgement j;

    m.tolerance = target_rows[_i].tolerance;
    m.has_clear = !isnan(target_rows[_i].clear);
    m.clear = target_rows[_i].clear;
    m.target_by = date_of(target_rows[_i].by);
    v.low = target_rows[_i].low;
    v.high = target_rows[_i].high;
    measure_judge(&m, NULL, &v, date_of("2024-06-01"), date_of(target_rows[_i].end), &j);
    ck_assert_msg(j.event == target_rows[_i].event, "%s: event %d", target_rows[_i].why,
                  (int)j.event);
    ck_assert_msg(j.rag == target_rows[_i].rag, "%s: %s", target_rows[_i].why, rag_name(j.rag));
    ck_assert_msg(j.holds == target_rows[_i].holds, "%s: holds %u", target_rows[_i].why, j.holds);
    ck_assert_double_eq(j.line, 60);
    ck_assert_ptr_eq(j.version, &v);
}
END_TEST

/* DESIGN section 4: expect {2024-06-30: 20, 2025-03-31: 60}, target 60, tolerance 5. */
static struct milestone sample_expect[] = { { { 0 }, 20, NULL }, { { 0 }, 60, NULL } };

static const struct {
    const char *end;
    double value, line; /* line NAN: none */
    enum period_event event;
    enum rag rag;
} expect_rows[] = {
    { "2024-06-29", 3, NAN, PERIOD_NOT_DUE, RAG_GREY },
    { "2024-06-30", 20, 20, PERIOD_CLEAR, RAG_GREEN },
    { "2024-06-30", 15, 20, PERIOD_AMBER, RAG_AMBER },
    { "2024-06-30", 14, 20, PERIOD_RED, RAG_RED },
    { "2025-03-30", 19, 20, PERIOD_AMBER, RAG_AMBER },
    { "2025-03-30", 60, 20, PERIOD_CLEAR, RAG_BLUE },
    { "2025-03-31", 59, 60, PERIOD_RED, RAG_RED },
    { "2025-03-31", 60, 60, PERIOD_CLEAR, RAG_BLUE },
    { "2026-01-31", 59, 60, PERIOD_RED, RAG_RED },
};

START_TEST(a_figure_is_judged_against_the_latest_milestone)
{
    struct plan_measure m = measure_of(POLARITY_HIGHER);
    struct series_version v = exactly(expect_rows[_i].value);
    struct civil_date end = date_of(expect_rows[_i].end);
    struct period_judgement j;

    sample_expect[0].date = date_of("2024-06-30");
    sample_expect[1].date = date_of("2025-03-31");
    m.expect = sample_expect;
    m.expect_count = 2;
    m.tolerance = 5;
    measure_judge(&m, NULL, &v, end, end, &j);
    ck_assert_msg(j.event == expect_rows[_i].event, "%s: event %d", expect_rows[_i].end,
                  (int)j.event);
    ck_assert_msg(j.rag == expect_rows[_i].rag, "%s: %s", expect_rows[_i].end, rag_name(j.rag));
    if (isnan(expect_rows[_i].line))
        ck_assert(isnan(j.line) && isnan(measure_line(&m, NULL, end).value));
    else
        ck_assert_double_eq(j.line, expect_rows[_i].line);
}
END_TEST

static const struct {
    const char *why;
    enum marker marker;
    double low, high, denominator, min_n, value;
    bool gap;
    enum period_event event;
    unsigned holds;
} absent_rows[] = {
    { "not submitted", MARKER_NOT_SUBMITTED, NAN, NAN, NAN, 0, NAN, false, PERIOD_UNKNOWN,
      HOLD_NO_VALUE },
    { "not applicable", MARKER_NOT_APPLICABLE, 0, 0, NAN, 0, 0, false, PERIOD_UNKNOWN,
      HOLD_NO_VALUE },
    { "suppressed, unbounded", MARKER_SUPPRESSED, -INFINITY, INFINITY, NAN, 0, 0, false,
      PERIOD_UNKNOWN, HOLD_NO_VALUE },
    { "suppressed within bounds that decide", MARKER_SUPPRESSED, 0, 4, NAN, 0, NAN, false,
      PERIOD_RED, 0 },
    { "suppressed within bounds that do not", MARKER_SUPPRESSED, 0, 100, NAN, 0, NAN, false,
      PERIOD_UNKNOWN, HOLD_NO_VALUE | HOLD_INDETERMINATE },
    { "a number that is none", MARKER_NONE, NAN, NAN, NAN, 0, NAN, false, PERIOD_UNKNOWN,
      HOLD_NO_VALUE },
    { "zero over blank parts", MARKER_NOT_SUBMITTED, NAN, NAN, NAN, 0, 0, true, PERIOD_UNKNOWN,
      HOLD_GAP },
    { "clear, small numbers", MARKER_NONE, 80, 80, 9, 10, 80, false, PERIOD_CLEAR, HOLD_MIN_N },
    { "behind, small numbers", MARKER_NONE, 10, 10, 9, 10, 10, false, PERIOD_RED, HOLD_MIN_N },
    { "numbers large enough", MARKER_NONE, 80, 80, 10, 10, 80, false, PERIOD_CLEAR, 0 },
    { "unknown numbers", MARKER_NONE, 80, 80, NAN, 10, 80, false, PERIOD_CLEAR, 0 },
};

START_TEST(a_missing_figure_is_unknown_and_a_small_one_held)
{
    struct plan_measure m = measure_of(POLARITY_HIGHER);
    struct series_version v = exactly(absent_rows[_i].value);
    struct period_judgement j;

    m.min_n = absent_rows[_i].min_n;
    v.marker = absent_rows[_i].marker;
    v.low = absent_rows[_i].low;
    v.high = absent_rows[_i].high;
    v.denominator = absent_rows[_i].denominator;
    v.gap = absent_rows[_i].gap;
    measure_judge(&m, NULL, &v, date_of("2024-06-01"), date_of("2024-06-30"), &j);
    ck_assert_msg(j.event == absent_rows[_i].event, "%s: event %d", absent_rows[_i].why,
                  (int)j.event);
    ck_assert_msg(j.holds == absent_rows[_i].holds, "%s: holds %u", absent_rows[_i].why, j.holds);
    ck_assert((j.event == PERIOD_UNKNOWN) == (j.rag == RAG_GREY));
}
END_TEST

/* Line 60, tolerance 5. Of stops whose outcome nobody told the number, where there is one, is as little
 * known as its bounds. */
static const struct {
    const char *why;
    double value, low, high;
    enum period_event event;
    unsigned holds;
} untold_rows[] = {
    { "the better end is within the tolerance", 45, 45, 58, PERIOD_AMBER, 0 },
    { "all of it is beyond", 45, 45, 54, PERIOD_RED, 0 },
    { "all of it is beyond, no number", NAN, 45, 54, PERIOD_RED, 0 },
    { "the line is inside", 50, 45, 61, PERIOD_UNKNOWN, HOLD_INDETERMINATE },
    { "the line is inside, no number", NAN, 45, 61, PERIOD_UNKNOWN,
      HOLD_NO_VALUE | HOLD_INDETERMINATE },
    { "all of it is better, no number", NAN, 60, 61, PERIOD_UNKNOWN, HOLD_NO_VALUE },
};

START_TEST(a_figure_whose_outcomes_were_not_told_is_judged_by_its_bounds)
{
    struct plan_measure m = measure_of(POLARITY_HIGHER);
    struct series_version v = exactly(untold_rows[_i].value);
    struct period_judgement j;

    m.tolerance = 5;
    v.marker = isnan(v.value) ? MARKER_NOT_SUBMITTED : MARKER_NONE;
    v.low = untold_rows[_i].low;
    v.high = untold_rows[_i].high;
    v.untold = 10;
    v.stops = 50;
    measure_judge(&m, NULL, &v, date_of("2024-06-01"), date_of("2024-06-30"), &j);
    ck_assert_msg(j.event == untold_rows[_i].event && j.holds == untold_rows[_i].holds,
                  "%s: event %d, holds %u", untold_rows[_i].why, (int)j.event, j.holds);
}
END_TEST

/* A line that any number meets, or bounds that do, say nothing where there is no number. */
static const struct {
    const char *why;
    enum polarity polarity;
    enum marker marker;
    double line, low, high;
    enum period_event event;
} nobody_rows[] = {
    { "at least 0, none submitted", POLARITY_HIGHER, MARKER_NOT_SUBMITTED, 0, 0, 40,
      PERIOD_UNKNOWN },
    { "at most 50, none submitted", POLARITY_LOWER, MARKER_NOT_SUBMITTED, 50, 0, 40,
      PERIOD_UNKNOWN },
    { "at most 30, none submitted and all more", POLARITY_LOWER, MARKER_NOT_SUBMITTED, 30, 31, 40,
      PERIOD_RED },
    { "at least 0, withheld", POLARITY_HIGHER, MARKER_SUPPRESSED, 0, 0, 4, PERIOD_UNKNOWN },
    { "at most 4, withheld and under 5", POLARITY_LOWER, MARKER_SUPPRESSED, 4, 0, 4, PERIOD_CLEAR },
    { "at least 1, withheld and not 0", POLARITY_HIGHER, MARKER_SUPPRESSED, 1, 1, 4, PERIOD_CLEAR },
    { "at most 100, withheld and any share", POLARITY_LOWER, MARKER_SUPPRESSED, 100, 0, 100,
      PERIOD_UNKNOWN },
    { "at least 0, a number", POLARITY_HIGHER, MARKER_NONE, 0, 0, 4, PERIOD_CLEAR },
};

START_TEST(what_nobody_sent_never_meets_a_target_and_bounds_that_tell_nothing_do_not)
{
    struct plan_measure m = measure_of(nobody_rows[_i].polarity);
    struct series_version v = exactly(nobody_rows[_i].marker == MARKER_NONE ? 2 : NAN);
    struct period_judgement j;

    m.target = nobody_rows[_i].line;
    v.marker = nobody_rows[_i].marker;
    v.low = nobody_rows[_i].low;
    v.high = nobody_rows[_i].high;
    measure_judge(&m, NULL, &v, date_of("2024-06-01"), date_of("2024-06-30"), &j);
    ck_assert_msg(j.event == nobody_rows[_i].event, "%s: event %d", nobody_rows[_i].why,
                  (int)j.event);
    if (j.event == PERIOD_UNKNOWN)
        ck_assert(j.rag == RAG_GREY && j.holds == HOLD_NO_VALUE);
}
END_TEST

/* ---- a plan evaluated ---- */

struct world {
    struct plan plan;
    const struct plan *plans[1];
    struct plan_measure measure;
    struct plan_action actions[2];
    struct series_set series;
    struct feed_state feed;
    struct coverage_gap gaps[3];
    const char *providers[2];
    struct evaluation_input in;
    struct finding_set found;
};

static char text_plan[] = "dudley", text_measure[] = "cyp-4w",
            text_title[] = "Helped within 4 weeks", text_published[] = "MRS08b",
            text_feed[] = "cyp4ww", text_provider[] = "Provider",
            text_org[] = "Black Country Healthcare", text_lead[] = "camhs-lead",
            text_action[] = "1.1", text_complete[] = "1.2",
            text_action_title[] = "Second assessment team";

static const char *code_of(void *arg, const char *printed)
{
    (void)arg;
    return text_same(printed, text_org) ? "TAJ" : printed;
}

static void world_init(struct world *w, const char *today)
{
    memset(w, 0, sizeof *w);
    w->measure = measure_of(POLARITY_HIGHER);
    w->measure.id = w->measure.first_id = text_measure;
    w->measure.title = text_title;
    w->measure.published = text_published;
    w->measure.select.feed = text_feed;
    w->measure.select.breakdown = text_provider;
    w->measure.select.org = text_org;
    w->measure.owner = text_lead;
    w->measure.action = text_action;
    w->actions[0] = (struct plan_action){ .id = text_action,
                                          .title = text_action_title,
                                          .lead = text_lead,
                                          .due = date_of("2024-09-30") };
    w->actions[1] = (struct plan_action){ .id = text_complete,
                                          .title = text_action_title,
                                          .lead = text_lead,
                                          .due = date_of("2020-01-31"),
                                          .status = ACTION_COMPLETE };
    w->plan = (struct plan){ .id = text_plan,
                             .valid_from = date_of("2024-04-01"),
                             .valid_to = date_of("2025-03-31"),
                             .measures = &w->measure,
                             .measure_count = 1,
                             .actions = w->actions,
                             .action_count = 2 };
    w->plans[0] = &w->plan;
    w->feed = (struct feed_state){ .id = text_feed,
                                   .waiting_since = DATE_NONE,
                                   .title = "Four weeks",
                                   .gaps = w->gaps,
                                   .newest_period_end = date_of("2024-06-30"),
                                   .due = { date_of("2024-07-31"), date_of("2024-09-14") } };
    w->in = (struct evaluation_input){ .plans = w->plans,
                                       .plan_count = 1,
                                       .series = &w->series,
                                       .feeds = &w->feed,
                                       .feed_count = 1,
                                       .today = date_of(today),
                                       .org_code = code_of };
}

static void offer(struct world *w, const char *breakdown, const char *org, const char *secondary,
                  const char *start, const char *end, double value)
{
    static uint64_t receipt;
    struct record r = {
        .measure = text_published, .breakdown = breakdown, .org = org, .secondary = secondary
    };
    struct series_version v = exactly(value);
    struct series *s = series_open(&w->series, text_feed, &r, org);

    v.receipt = ++receipt;
    ck_assert_ptr_nonnull(s);
    ck_assert_int_ge(series_offer(s, date_of(start), date_of(end), &v), 0);
}

static const struct finding *run(struct world *w)
{
    finding_set_release(&w->found);
    ck_assert_int_eq(evaluate(&w->in, &w->found), 0);
    ck_assert_uint_ge(w->found.count, 1);
    return &w->found.list[0];
}

static void world_release(struct world *w)
{
    finding_set_release(&w->found);
    series_set_release(&w->series);
}

static bool is_of(const struct finding *f, enum rule rule, const char *provider)
{
    return f->rule == rule && (provider == NULL || strcmp(f->provider, provider) == 0);
}

static bool has(const struct world *w, enum rule rule)
{
    bool found = false;

    for (size_t i = 0; i < w->found.count; i++)
        found |= is_of(&w->found.list[i], rule, NULL);
    return found;
}

/* The first of a rule, which must be there. */
static const struct finding *find(const struct world *w, enum rule rule, const char *provider)
{
    size_t i = 0;

    while (i < w->found.count && !is_of(&w->found.list[i], rule, provider))
        i++;
    ck_assert_msg(i < w->found.count, "no finding of %s", rule_name(rule));
    return &w->found.list[i];
}

START_TEST(every_period_from_the_plans_first_day_is_judged_and_the_last_before_it)
{
    struct world w;

    world_init(&w, "2024-08-15");
    offer(&w, "Provider", "TAJ", NULL, "2024-02-01", "2024-02-29", 2);
    offer(&w, "Provider", "TAJ", NULL, "2024-03-01", "2024-03-31", 1);
    offer(&w, "provider ", "taj", NULL, "2024-06-01", "2024-06-30", 70);
    offer(&w, "Provider", "TAJ", NULL, "2024-04-01", "2024-04-30", 50);
    const struct finding *f = run(&w);

    ck_assert_uint_eq(f->history_count, 3);
    ck_assert_int_eq(f->history[0].end.day, date_of("2024-03-31").day);
    ck_assert_int_eq(f->history[1].end.day, date_of("2024-04-30").day);
    ck_assert_int_eq(f->history[1].event, PERIOD_RED);
    ck_assert_int_eq(f->history[2].event, PERIOD_CLEAR);
    ck_assert_int_eq(f->rag, RAG_GREEN);
    ck_assert_uint_eq(f->holds, 0);
    ck_assert_double_eq(f->line, 60);
    ck_assert_str_eq(f->title, text_title);
    ck_assert_str_eq(f->owner, text_lead);
    ck_assert_ptr_eq(f->action, &w.actions[0]);
    ck_assert_ptr_null(f->missing_why);
    ck_assert(!f->plan_expired && !f->instant);
    world_release(&w);
}
END_TEST

START_TEST(a_restated_figure_is_judged_anew_and_marked)
{
    struct world w;

    world_init(&w, "2024-08-15");
    offer(&w, "Provider", "TAJ", NULL, "2024-04-01", "2024-04-30", 50);
    ck_assert(!run(&w)->history[0].restated);
    offer(&w, "Provider", "TAJ", NULL, "2024-04-01", "2024-04-30", 70);
    const struct finding *f = run(&w);

    ck_assert_uint_eq(f->history_count, 1);
    ck_assert(f->history[0].restated);
    ck_assert_int_eq(f->rag, RAG_GREEN);
    world_release(&w);
}
END_TEST

START_TEST(of_periods_that_end_on_one_day_the_shorter_stands)
{
    struct world w;

    world_init(&w, "2024-08-15");
    offer(&w, "Provider", "TAJ", NULL, "2024-04-01", "2024-06-30", 10);
    offer(&w, "Provider", "TAJ", NULL, "2024-06-01", "2024-06-30", 70);
    const struct finding *f = run(&w);

    ck_assert_uint_eq(f->history_count, 1);
    ck_assert_int_eq(f->rag, RAG_GREEN);
    world_release(&w);
}
END_TEST

START_TEST(a_plan_is_judged_from_its_first_day_and_after_its_last)
{
    struct world w;

    world_init(&w, "2024-03-31");
    offer(&w, "Provider", "TAJ", NULL, "2024-04-01", "2024-04-30", 50);
    const struct finding *f = run(&w);

    ck_assert_int_eq(f->rag, RAG_GREY);
    ck_assert_uint_eq(f->history_count, 0);
    ck_assert_str_eq(f->missing_why, "the plan is not in force before 1 April 2024");
    ck_assert(!has(&w, RULE_ACTION_OVERDUE));
    w.in.today = date_of("2024-04-01");
    ck_assert_int_eq(run(&w)->rag, RAG_RED);
    w.in.today = date_of("2025-04-01");
    f = run(&w);
    ck_assert(f->plan_expired);
    ck_assert_int_eq(f->rag, RAG_RED);
    world_release(&w);
}
END_TEST

START_TEST(without_a_series_the_measure_is_grey_and_says_why)
{
    struct world w;
    const struct finding *f;

    world_init(&w, "2024-08-15");
    f = run(&w);
    ck_assert_ptr_null(f->series);
    ck_assert_int_eq(f->rag, RAG_GREY);
    ck_assert(f->holds & HOLD_NO_VALUE);
    ck_assert_str_eq(f->missing_why, "feed cyp4ww has brought no figure of \"MRS08b\" yet");
    offer(&w, "Provider", "RXT", NULL, "2024-04-01", "2024-04-30", 50);
    ck_assert_ptr_nonnull(strstr(run(&w)->missing_why, "but not for Black Country Healthcare"));
    offer(&w, "Provider", "TAJ", NULL, "2024-03-01", "2024-03-31", 50);
    f = run(&w);
    ck_assert_ptr_nonnull(f->series);
    ck_assert_ptr_null(f->missing_why); /* older than the plan, and still the newest figure known */
    ck_assert_int_eq(f->rag, RAG_RED);
    world_release(&w);
}
END_TEST

START_TEST(what_select_leaves_out_means_none_or_the_only_one)
{
    struct world w;
    const struct finding *f;

    world_init(&w, "2024-08-15");
    w.measure.select.breakdown = NULL;
    offer(&w, "Provider", "TAJ", "0-1", "2024-04-01", "2024-04-30", 50);
    f = run(&w);
    ck_assert_ptr_nonnull(f->series);
    offer(&w, "CCG", "TAJ", "0-1", "2024-04-01", "2024-04-30", 50);
    f = run(&w);
    ck_assert_ptr_null(f->series);
    ck_assert_ptr_nonnull(strstr(f->missing_why, "2 series fit"));
    ck_assert_ptr_nonnull(strstr(f->missing_why, "\"Provider\""));
    ck_assert_ptr_nonnull(strstr(f->missing_why, "\"CCG\""));
    w.measure.select.breakdown = text_provider;
    ck_assert_ptr_nonnull(run(&w)->series);
    w.measure.select.breakdown = NULL;
    offer(&w, NULL, "TAJ", "total", "2024-04-01", "2024-04-30", 50);
    f = run(&w);
    ck_assert_ptr_nonnull(f->series);
    ck_assert_str_eq(f->series->secondary, "total");
    world_release(&w);
}
END_TEST

/* TAJ took over from the old trust in June. */
static const char *before_taj(void *arg, const char *org, size_t n, struct civil_date *out_last)
{
    (void)arg;
    *out_last = date_of("2024-05-31");
    return strcmp(org, "TAJ") == 0 && n == 0 ? "OLD" : NULL;
}

START_TEST(who_took_over_has_the_figures_of_before_up_to_the_break)
{
    struct world w;
    const struct finding *f;

    world_init(&w, "2024-08-15");
    w.in.org_before = before_taj;
    offer(&w, "Provider", "OLD", NULL, "2024-04-01", "2024-04-30", 50);
    offer(&w, "Provider", "OLD", NULL, "2024-05-01", "2024-05-31", 51);
    offer(&w, "Provider", "OLD", NULL, "2024-06-01", "2024-06-30", 52); /* it still printed one */
    f = run(&w);
    ck_assert_uint_eq(f->history_count, 2); /* the other has none yet: its history is not lost */
    ck_assert_str_eq(f->series->org, "OLD");
    offer(&w, "Provider", "TAJ", NULL, "2024-05-01", "2024-05-31", 9); /* before it took over */
    offer(&w, "Provider", "TAJ", NULL, "2024-06-01", "2024-06-30", 70);
    f = run(&w);
    ck_assert_uint_eq(f->history_count, 3);
    ck_assert(f->history[1].version->value == 51);
    ck_assert(f->history[2].version->value == 70);
    ck_assert_str_eq(f->series->org, "TAJ");
    ck_assert_str_eq(f->joined_org, "OLD");
    ck_assert_int_eq(f->joined_until.day, date_of("2024-05-31").day);
    w.in.org_before = NULL;
    f = run(&w);
    ck_assert_uint_eq(f->history_count, 2);
    ck_assert_ptr_null(f->joined_org);
    world_release(&w);
}
END_TEST

START_TEST(the_feeds_troubles_hold_its_measures)
{
    struct world w;
    const struct finding *f;

    world_init(&w, "2024-10-15");
    offer(&w, "Provider", "TAJ", NULL, "2024-04-01", "2024-04-30", 70);
    offer(&w, "Provider", "TAJ", NULL, "2024-06-01", "2024-06-30", 70);
    w.feed.late = true;
    w.feed.held_file_why = "x.csv was refused"; /* says nothing newer: only a held file holds */
    f = run(&w);
    ck_assert_uint_eq(f->holds, HOLD_FEED_LATE);
    w.feed.held_file_why = "rows down 91 % against the file before";
    w.feed.file_is_held = true;
    f = run(&w);
    ck_assert_uint_eq(f->holds, HOLD_FEED_LATE | HOLD_FILE_HELD);
    ck_assert_uint_eq(f->holds_now, HOLD_FEED_LATE | HOLD_FILE_HELD);
    ck_assert_uint_eq(f->history[1].holds, 0); /* of now, never of a period */
    w.feed.late = false;
    w.feed.held_file_why = NULL;
    w.feed.file_is_held = false;
    w.gaps[0] = (struct coverage_gap){ .provider = "RXT", .period_end = date_of("2024-04-30") };
    w.feed.gap_count = 1;
    f = run(&w);
    ck_assert_uint_eq(f->history[0].holds, HOLD_COVERAGE);
    ck_assert_uint_eq(f->history[1].holds, 0);
    ck_assert_uint_eq(f->holds, 0);
    /* Its own figure of July is what is missing: there is no such period, and yet it holds. */
    w.gaps[0] = (struct coverage_gap){ .provider = "TAJ", .period_end = date_of("2024-07-31") };
    f = run(&w);
    ck_assert_uint_eq(f->history_count, 2);
    ck_assert_uint_eq(f->holds, HOLD_COVERAGE);
    ck_assert_uint_eq(f->holds_now, HOLD_COVERAGE);
    world_release(&w);
}
END_TEST

START_TEST(a_period_that_lacks_a_provider_is_missing_from_the_chart_too)
{
    struct plan_spc spc = { .screens = true, .points = 2 };
    const struct finding *chart;
    struct world w;

    world_init(&w, "2024-08-15");
    w.measure.spc = &spc;
    offer(&w, "Provider", "TAJ", NULL, "2024-04-01", "2024-04-30", 70);
    offer(&w, "Provider", "TAJ", NULL, "2024-05-01", "2024-05-31", 70);
    w.gaps[0] = (struct coverage_gap){ .provider = "RXT", .period_end = date_of("2024-04-30") };
    w.feed.gap_count = 1;
    chart = finding_beside(&w.found, run(&w), RULE_SPECIAL_CAUSE);
    ck_assert_ptr_nonnull(chart);
    ck_assert(isnan(chart->chart->points[0].value) && chart->chart->points[1].value == 70);
    world_release(&w);
}
END_TEST

START_TEST(a_newest_period_without_a_figure_is_grey_with_its_line)
{
    struct world w;
    struct series *s;

    world_init(&w, "2024-08-15");
    offer(&w, "Provider", "TAJ", NULL, "2024-04-01", "2024-04-30", 70);
    offer(&w, "Provider", "TAJ", NULL, "2024-05-01", "2024-05-31", 0);
    s = (struct series *)run(&w)->series;
    s->points[1].versions[0].marker = MARKER_SUPPRESSED;
    s->points[1].versions[0].high = INFINITY;
    const struct finding *f = run(&w);

    ck_assert_int_eq(f->rag, RAG_GREY);
    ck_assert_uint_eq(f->holds, HOLD_NO_VALUE);
    ck_assert_double_eq(f->line, 60);
    ck_assert_ptr_null(f->missing_why);
    world_release(&w);
}
END_TEST

static const struct {
    const char *why, *today;
    bool overdue;
    enum rag rag;
} overdue_rows[] = {
    { "its last day is in time", "2024-09-30", false, RAG_GREEN },
    { "the day after is not", "2024-10-01", true, RAG_AMBER },
    { "30 days", "2024-10-30", true, RAG_AMBER },
    { "31 days", "2024-10-31", true, RAG_RED },
};

START_TEST(an_action_is_overdue_after_its_last_day)
{
    struct world w;

    world_init(&w, overdue_rows[_i].today);
    run(&w);
    const struct finding *f = find(&w, RULE_ACTION_OVERDUE, NULL);

    ck_assert_ptr_eq(f->action, &w.actions[0]);
    ck_assert_msg(finding_holds_true(f) == overdue_rows[_i].overdue, "%s", overdue_rows[_i].why);
    ck_assert_msg(f->rag == overdue_rows[_i].rag, "%s: %s", overdue_rows[_i].why, rag_name(f->rag));
    if (overdue_rows[_i].overdue)
        ck_assert_int_eq(f->history[0].end.day, date_of("2024-09-30").day);
    ck_assert(!finding_holds_true(&f[1])); /* complete is never overdue */
    ck_assert_str_eq(f->title, "Action 1.1: Second assessment team");
    ck_assert_str_eq(f->owner, text_lead);
    world_release(&w);
}
END_TEST

/* A row of the actions format: the plan is the organisation, the action the second breakdown. */
static void report(struct world *w, const char *kind, const char *day, double word,
                   enum marker marker)
{
    const struct record r = { .measure = kind, .org = text_plan, .secondary = text_action };
    struct series_version v = exactly(word);
    struct series *s = series_open(&w->series, text_feed, &r, text_plan);

    v.marker = marker;
    ck_assert_ptr_nonnull(s);
    ck_assert_int_ge(series_offer(s, date_of(day), date_of(day), &v), 0);
}

static const struct {
    const char *why;
    const char *rag_day, *status_day; /* NULL: not reported */
    double rag, status;
    enum marker rag_marker, status_marker;
    const char *planned_day; /* NULL: the plan says no colour; else amber, with a note */
    bool overdue;
    enum rag delivery;
    int delivered; /* enum action_status */
    const char *said;
} delivery_rows[] = {
    { "nobody said: what the plan shows of an overdue one", NULL, NULL, 0, 0, 0, 0, NULL, true,
      RAG_AMBER, ACTION_NOT_STARTED, NULL },
    { "its lead's colour stands beside its being overdue", "2024-10-01", NULL, 2, 0, 0, 0, NULL,
      true, RAG_GREEN, ACTION_NOT_STARTED, "2024-10-01" },
    { "each word has its number", "2024-10-01", "2024-10-01", 4, 1, 0, 0, NULL, true, RAG_RED,
      ACTION_IN_PROGRESS, "2024-10-01" },
    { "reported complete is not overdue, and blue", NULL, "2024-10-01", 0, 2, 0, 0, NULL, false,
      RAG_BLUE, ACTION_COMPLETE, NULL },
    { "given up is not overdue", NULL, "2024-10-01", 0, NAN, 0, MARKER_NOT_APPLICABLE, NULL, false,
      RAG_GREY, ACTION_NOT_STARTED, NULL },
    { "a report of tomorrow is none yet", "2024-10-16", "2024-10-16", 1, 2, 0, 0, NULL, true,
      RAG_AMBER, ACTION_NOT_STARTED, NULL },
    { "a word that is none", "2024-10-01", "2024-10-01", 9, 9, 0, 0, NULL, true, RAG_AMBER,
      ACTION_NOT_STARTED, "2024-10-01" },
    { "the plan's own colour", NULL, "2024-10-01", 0, 2, 0, 0, "2024-09-01", false, RAG_AMBER,
      ACTION_COMPLETE, "2024-09-01" },
    { "a newer report stands over it", "2024-09-02", "2024-10-01", 2, 2, 0, 0, "2024-09-01", false,
      RAG_GREEN, ACTION_COMPLETE, "2024-09-02" },
    { "an older one does not", "2024-08-31", "2024-10-01", 2, 2, 0, 0, "2024-09-01", false,
      RAG_AMBER, ACTION_COMPLETE, "2024-09-01" },
    { "a newer report of no colour takes it away", "2024-10-02", "2024-10-02", NAN, 2,
      MARKER_NOT_SUBMITTED, 0, "2024-09-01", false, RAG_BLUE, ACTION_COMPLETE, "2024-10-02" },
};

START_TEST(an_action_is_delivered_as_its_lead_last_reported_it_else_as_the_plan_says)
{
    static char note[] = "recruitment";
    struct world w;

    world_init(&w, "2024-10-15");
    if (delivery_rows[_i].planned_day != NULL)
        w.actions[0].delivery =
            (struct plan_delivery){ true, RAG_AMBER, date_of(delivery_rows[_i].planned_day), note };
    if (delivery_rows[_i].rag_day != NULL)
        report(&w, "action-rag", delivery_rows[_i].rag_day, delivery_rows[_i].rag,
               delivery_rows[_i].rag_marker);
    if (delivery_rows[_i].status_day != NULL)
        report(&w, "action-status", delivery_rows[_i].status_day, delivery_rows[_i].status,
               delivery_rows[_i].status_marker);
    run(&w);
    const struct finding *f = find(&w, RULE_ACTION_OVERDUE, NULL);
    const struct action_delivery *d = &f->delivery;

    ck_assert_msg(finding_holds_true(f) == delivery_rows[_i].overdue, "%s", delivery_rows[_i].why);
    ck_assert_msg(d->rag == delivery_rows[_i].delivery, "%s: %s", delivery_rows[_i].why,
                  rag_name(d->rag));
    ck_assert_msg(d->status == delivery_rows[_i].delivered, "%s", delivery_rows[_i].why);
    ck_assert_msg(d->said.day == date_of(delivery_rows[_i].said).day, "%s", delivery_rows[_i].why);
    ck_assert_msg((d->note != NULL) ==
                      (delivery_rows[_i].planned_day != NULL &&
                       text_same(delivery_rows[_i].planned_day, delivery_rows[_i].said)),
                  "%s", delivery_rows[_i].why);
    ck_assert_int_eq(f[1].delivery.rag, RAG_BLUE); /* the report is of the other action */
    world_release(&w);
}
END_TEST

START_TEST(a_feed_that_is_not_late_says_whether_its_file_came_or_a_person_gave_it_time)
{
    struct world w;

    world_init(&w, "2024-10-15");
    w.feed.newest_period_end = date_of("2024-06-30");
    run(&w);
    ck_assert_str_eq(
        find(&w, RULE_FEED_LATE, "")->detail,
        "its newest data are to 30 June 2024; the next file is due by 14 September 2024");
    w.feed.is_moved = true;
    run(&w);
    ck_assert_str_eq(find(&w, RULE_FEED_LATE, "")->detail,
                     "nothing has come for the period to 31 July 2024: a person gave it until 14 "
                     "September 2024");
    w.feed.is_moved = false;
    w.feed.newest_period_end = DATE_NONE;
    run(&w);
    ck_assert_str_eq(find(&w, RULE_FEED_LATE, "")->detail,
                     "no file has come yet; one is due by 14 September 2024");
    world_release(&w);
}
END_TEST

START_TEST(a_feeds_troubles_are_findings_of_their_own)
{
    struct world w;
    const struct finding *f;

    world_init(&w, "2024-10-15");
    w.providers[0] = "TAJ";
    w.providers[1] = "RXT";
    w.feed.providers = w.providers;
    w.feed.provider_count = 2;
    run(&w);
    ck_assert(!finding_holds_true(find(&w, RULE_FEED_LATE, "")));
    ck_assert(!finding_holds_true(find(&w, RULE_IMPLAUSIBLE_CHANGE, "")));
    ck_assert(!finding_holds_true(find(&w, RULE_COVERAGE_GAP, "RXT")));
    w.feed.late = true;
    w.feed.held_file_why = "header only";
    w.gaps[0] = (struct coverage_gap){ .provider = "TAJ", .period_end = date_of("2024-06-30") };
    w.gaps[1] = (struct coverage_gap){ .provider = "NEW", .period_end = date_of("2024-06-30") };
    w.gaps[2] = (struct coverage_gap){ .provider = "TAJ", .period_end = date_of("2024-05-31") };
    w.feed.gap_count = 3;
    run(&w);
    ck_assert(finding_holds_true(find(&w, RULE_COVERAGE_GAP, "NEW")));
    w.gaps[1].superseded = true; /* the same table brought a newer period */
    run(&w);
    f = find(&w, RULE_FEED_LATE, "");
    ck_assert_str_eq(f->title, "Feed Four weeks is late");
    ck_assert_str_eq(f->detail,
                     "nothing received for the period to 31 July 2024; due by 14 September 2024");
    ck_assert_int_eq(f->history[0].end.day, date_of("2024-07-31").day);
    ck_assert_int_eq(f->rag, RAG_RED);
    ck_assert_ptr_null(f->owner);
    ck_assert_ptr_null(f->plan);
    f = find(&w, RULE_COVERAGE_GAP, "TAJ");
    ck_assert_str_eq(f->detail,
                     "TAJ is missing from the period to 30 June 2024 and from 1 earlier");
    ck_assert_int_eq(f->history[0].end.day, date_of("2024-06-30").day);
    ck_assert(!finding_holds_true(find(&w, RULE_COVERAGE_GAP, "NEW")));
    ck_assert(!finding_holds_true(find(&w, RULE_COVERAGE_GAP, "RXT")));
    w.feed.waiting_since = date_of("2024-10-14");
    w.feed.waiting_mark = 2;
    run(&w);
    f = find(&w, RULE_IMPLAUSIBLE_CHANGE, "");
    ck_assert_str_eq(f->detail, "header only");
    ck_assert_int_eq(f->history[0].end.day, date_of("2024-10-14").day);
    ck_assert_uint_eq(f->history[0].count, 2);
    w.feed.waiting_since = DATE_NONE;
    run(&w);
    f = find(&w, RULE_IMPLAUSIBLE_CHANGE, "");
    ck_assert_int_eq(f->history[0].end.day, date_of("2024-10-15").day);
    world_release(&w);
}
END_TEST

START_TEST(the_same_inputs_give_the_same_findings_in_the_same_order)
{
    struct world w;
    struct finding_set again = { NULL, 0 };

    world_init(&w, "2024-10-15");
    offer(&w, "Provider", "TAJ", NULL, "2024-04-01", "2024-04-30", 50);
    w.feed.late = true;
    run(&w);
    ck_assert_int_eq(evaluate(&w.in, &again), 0);
    ck_assert_uint_eq(again.count, w.found.count);
    for (size_t i = 0; i < again.count; i++) {
        ck_assert_int_eq(again.list[i].rule, w.found.list[i].rule);
        ck_assert_str_eq(again.list[i].title, w.found.list[i].title);
        ck_assert_int_eq(again.list[i].rag, w.found.list[i].rag);
        ck_assert_uint_eq(again.list[i].history_count, w.found.list[i].history_count);
    }
    static const enum rule order[] = { RULE_BEHIND_PLAN, RULE_ACTION_OVERDUE, RULE_ACTION_OVERDUE,
                                       RULE_FEED_LATE, RULE_IMPLAUSIBLE_CHANGE };

    ck_assert_uint_eq(again.count, sizeof order / sizeof order[0]);
    for (size_t i = 0; i < again.count; i++)
        ck_assert_int_eq(again.list[i].rule, order[i]);
    finding_set_release(&again);
    world_release(&w);
}
END_TEST

static char text_guard[] = "cyp-52w", text_guard_published[] = "MRS09e";

static void offer_guard(struct world *w, const char *start, const char *end, double value)
{
    const struct record r = { .measure = text_guard_published,
                              .breakdown = text_provider,
                              .org = "TAJ" };
    const struct series_version v = exactly(value);
    struct series *s = series_open(&w->series, text_feed, &r, "TAJ");

    ck_assert_ptr_nonnull(s);
    ck_assert_int_ge(series_offer(s, date_of(start), date_of(end), &v), 0);
}

START_TEST(a_measure_that_improves_while_its_guard_worsens_is_masking_and_a_gap_is_not_fine)
{
    static const struct {
        double before, now;
        enum period_event event;
    } rows[] = {
        { 100, 120, PERIOD_AMBER },
        { 100, 110, PERIOD_CLEAR }, /* by no more than its tolerance */
        { 100, 90, PERIOD_CLEAR },
        { 100, NAN, PERIOD_UNKNOWN },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct plan_measure measures[2];
        char *guards[] = { text_guard };
        const struct finding *f;
        struct world w;

        world_init(&w, "2024-07-01");
        measures[0] = measures[1] = w.measure;
        measures[0].guards = (struct text_list){ guards, 1 };
        measures[0].guard_over = 1;
        measures[1].id = measures[1].first_id = text_guard;
        measures[1].published = text_guard_published;
        measures[1].polarity = POLARITY_LOWER;
        measures[1].tolerance = 10;
        w.plan.measures = measures;
        w.plan.measure_count = 2;
        offer(&w, "Provider", "TAJ", NULL, "2024-05-01", "2024-05-31", 50);
        offer(&w, "Provider", "TAJ", NULL, "2024-06-01", "2024-06-30", 60);
        offer_guard(&w, "2024-05-01", "2024-05-31", rows[i].before);
        if (!isnan(rows[i].now))
            offer_guard(&w, "2024-06-01", "2024-06-30", rows[i].now);
        ck_assert_int_eq(evaluate(&w.in, &w.found), 0);
        f = &w.found.list[2];
        ck_assert_int_eq(f->rule, RULE_GUARD);
        ck_assert_uint_eq(f->history_count, 2);
        ck_assert_int_eq(f->history[0].event, PERIOD_UNKNOWN);
        ck_assert_int_eq(f->history[1].event, rows[i].event);
        ck_assert((f->detail != NULL) == (rows[i].event == PERIOD_AMBER));
        world_release(&w);
    }
}
END_TEST

START_TEST(a_wave_of_a_survey_is_never_carried_over)
{
    static const struct {
        const char *today;
        bool stands;
    } rows[] = { { "2024-09-30", true }, { "2024-10-01", false } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;

        world_init(&w, rows[i].today);
        w.measure.survey.every = (struct span){ 3, SPAN_MONTHS };
        offer(&w, "Provider", "TAJ", NULL, "2024-06-01", "2024-06-30", 70);
        ck_assert_int_eq(evaluate(&w.in, &w.found), 0);
        ck_assert_int_eq(w.found.list[0].rag, rows[i].stands ? RAG_GREEN : RAG_GREY);
        ck_assert(!(w.found.list[0].holds_now & HOLD_WAVE_OVER) == rows[i].stands);
        ck_assert((w.found.list[0].missing_why == NULL) == rows[i].stands);
        world_release(&w);
    }
}
END_TEST

START_TEST(a_wave_that_does_not_say_how_many_answered_is_held)
{
    static const struct {
        bool is_survey;
        double n;
        unsigned holds;
    } rows[] = {
        { true, NAN, HOLD_MIN_N },
        { true, 29, HOLD_MIN_N },
        { true, 30, 0 },
        { false, NAN, 0 }, /* others are published without it */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct plan_measure m = measure_of(POLARITY_HIGHER);
        struct series_version v = exactly(80);
        struct period_judgement j;

        m.min_n = 30;
        m.survey.every = (struct span){ rows[i].is_survey ? 6 : 0, SPAN_MONTHS };
        v.denominator = rows[i].n;
        measure_judge(&m, NULL, &v, date_of("2024-06-01"), date_of("2024-06-30"), &j);
        ck_assert_int_eq(j.event, PERIOD_CLEAR);
        ck_assert_uint_eq(j.holds, rows[i].holds);
    }
}
END_TEST

START_TEST(holds_are_named_in_words)
{
    char words[HOLD_WORDS_MAX];

    ck_assert_str_eq(hold_words(0, words), "");
    ck_assert_str_eq(hold_words(HOLD_FEED_LATE | HOLD_NO_VALUE, words), "feed late, no value");
    ck_assert_uint_gt(strlen(hold_words(127, words)), 80);
    ck_assert_str_eq(rag_name(RAG_GREY), "grey");
    ck_assert_str_eq(rule_name(RULE_ACTION_OVERDUE), "action-overdue");
}
END_TEST

UNIT_MAIN(
    "evaluate", UNIT_ROWS(a_figure_is_judged_against_the_target, target_rows),
    UNIT_ROWS(a_figure_is_judged_against_the_latest_milestone, expect_rows),
    UNIT_ROWS(a_missing_figure_is_unknown_and_a_small_one_held, absent_rows),
    UNIT_ROWS(a_figure_whose_outcomes_were_not_told_is_judged_by_its_bounds, untold_rows),
    UNIT_ROWS(what_nobody_sent_never_meets_a_target_and_bounds_that_tell_nothing_do_not,
              nobody_rows),
    UNIT_TEST(every_period_from_the_plans_first_day_is_judged_and_the_last_before_it),
    UNIT_TEST(a_restated_figure_is_judged_anew_and_marked),
    UNIT_TEST(of_periods_that_end_on_one_day_the_shorter_stands),
    UNIT_TEST(a_plan_is_judged_from_its_first_day_and_after_its_last),
    UNIT_TEST(without_a_series_the_measure_is_grey_and_says_why),
    UNIT_TEST(what_select_leaves_out_means_none_or_the_only_one),
    UNIT_TEST(who_took_over_has_the_figures_of_before_up_to_the_break),
    UNIT_TEST(the_feeds_troubles_hold_its_measures),
    UNIT_TEST(a_period_that_lacks_a_provider_is_missing_from_the_chart_too),
    UNIT_TEST(a_newest_period_without_a_figure_is_grey_with_its_line),
    UNIT_ROWS(an_action_is_overdue_after_its_last_day, overdue_rows),
    UNIT_ROWS(an_action_is_delivered_as_its_lead_last_reported_it_else_as_the_plan_says,
              delivery_rows),
    UNIT_TEST(a_feed_that_is_not_late_says_whether_its_file_came_or_a_person_gave_it_time),
    UNIT_TEST(a_feeds_troubles_are_findings_of_their_own),
    UNIT_TEST(the_same_inputs_give_the_same_findings_in_the_same_order),
    UNIT_TEST(a_measure_that_improves_while_its_guard_worsens_is_masking_and_a_gap_is_not_fine),
    UNIT_TEST(a_wave_of_a_survey_is_never_carried_over),
    UNIT_TEST(a_wave_that_does_not_say_how_many_answered_is_held),
    UNIT_TEST(holds_are_named_in_words))
