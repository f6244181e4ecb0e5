#include "plan/line.h"

#include <math.h>
#include <string.h>

#include "plan/evaluate.h"
#include "support/date_of.h"
#include "support/unit.h"

/* ---- a series of months ---- */

#define MONTHS_MAX 12

struct months {
    struct series series;
    struct series_point points[MONTHS_MAX];
    struct series_version versions[MONTHS_MAX];
};

/* NAN: withheld. */
static void add_month(struct months *s, const char *end, double value, double half_width)
{
    size_t i = s->series.point_count++;
    int year, month, day;

    s->versions[i] = (struct series_version){
        .value = value,
        .low = value - half_width,
        .high = value + half_width,
        .numerator = NAN,
        .denominator = NAN,
        .marker = isnan(value) ? MARKER_SUPPRESSED : MARKER_NONE,
    };
    date_to_ymd(date_of(end), &year, &month, &day);
    s->points[i] = (struct series_point){ .period_start = date_add_days(date_of(end), 1 - day),
                                          .period_end = date_of(end),
                                          .versions = &s->versions[i],
                                          .version_count = 1 };
    s->series.points = s->points;
}

static struct plan_measure measure_of(enum polarity polarity, enum target_kind kind)
{
    return (struct plan_measure){ .polarity = polarity,
                                  .rule = { .kind = kind },
                                  .baseline = { .date = DATE_NONE },
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

/* ---- targets that follow from a baseline ---- */

START_TEST(a_baseline_without_a_figure_is_that_of_the_period_which_ends_on_its_date)
{
    struct plan_measure m = measure_of(POLARITY_LOWER, TARGET_CHANGE);
    struct months own = { 0 };
    struct line_source from = { &own.series, NULL };

    add_month(&own, "2024-03-31", 200, 0);
    add_month(&own, "2024-04-30", 190, 0);
    m.baseline.date = date_of("2024-03-31");
    m.rule.change = -20;
    ck_assert_double_eq(measure_target(&m, &from, date_of("2024-06-30")).value, 180);
    m.rule.change_is_share = true;
    ck_assert_double_eq(measure_target(&m, &from, date_of("2024-06-30")).value, 160);
    m.rule.kind = TARGET_STABILISE;
    ck_assert_double_eq(measure_line(&m, &from, date_of("2024-06-30")).value, 200);
    m.baseline.date = date_of("2024-02-29");
    ck_assert(isnan(measure_line(&m, &from, date_of("2024-06-30")).value));
    ck_assert(isnan(measure_line(&m, NULL, date_of("2024-06-30")).value));
}
END_TEST

START_TEST(without_the_figure_that_its_line_rests_on_nothing_is_judged)
{
    struct plan_measure m = measure_of(POLARITY_LOWER, TARGET_STABILISE);
    struct months own = { 0 };
    struct line_source from = { &own.series, NULL };
    struct series_version v = exactly(10);
    struct period_judgement j;

    add_month(&own, "2024-03-31", NAN, 0);
    m.baseline.date = date_of("2024-03-31");
    measure_judge(&m, &from, &v, date_of("2024-04-01"), date_of("2024-04-30"), &j);
    ck_assert_int_eq(j.event, PERIOD_UNKNOWN);
    ck_assert_int_eq(j.rag, RAG_GREY);
    ck_assert_uint_eq(j.holds, HOLD_NO_LINE);
}
END_TEST

START_TEST(a_line_that_rests_on_a_rounded_figure_is_an_interval)
{
    struct plan_measure m = measure_of(POLARITY_LOWER, TARGET_STABILISE);
    struct months own = { 0 };
    struct line_source from = { &own.series, NULL };
    static const struct {
        double value;
        enum period_event event;
    } rows[] = { { 97, PERIOD_CLEAR }, { 100, PERIOD_UNKNOWN }, { 103, PERIOD_RED } };

    add_month(&own, "2024-03-31", 100, 2.5);
    m.baseline.date = date_of("2024-03-31");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct series_version v = exactly(rows[i].value);
        struct period_judgement j;

        measure_judge(&m, &from, &v, date_of("2024-04-01"), date_of("2024-04-30"), &j);
        ck_assert_int_eq(j.event, rows[i].event);
    }
}
END_TEST

/* ---- comparators ---- */

START_TEST(a_floating_comparator_follows_and_a_frozen_one_stays)
{
    struct plan_measure m = measure_of(POLARITY_HIGHER, TARGET_COMPARATOR);
    struct figure_ref england = { .frozen = DATE_NONE };
    struct months other = { 0 };
    struct line_source from = { NULL, &other.series };

    add_month(&other, "2024-03-31", 50, 0);
    add_month(&other, "2024-04-30", 52, 0);
    add_month(&other, "2024-05-31", NAN, 0); /* withheld: the newest that is known counts */
    m.rule.comparator = &england;
    ck_assert_double_eq(measure_line(&m, &from, date_of("2024-03-31")).value, 50);
    ck_assert_double_eq(measure_line(&m, &from, date_of("2024-05-31")).value, 52);
    ck_assert(isnan(measure_line(&m, &from, date_of("2024-02-29")).value));
    england.frozen = date_of("2024-03-31");
    ck_assert_double_eq(measure_line(&m, &from, date_of("2024-05-31")).value, 50);
    england.frozen = date_of("2024-05-31");
    ck_assert(isnan(measure_line(&m, &from, date_of("2024-05-31")).value));
}
END_TEST

/* ---- a level trend ---- */

START_TEST(the_level_line_is_the_figure_with_which_the_trend_has_no_slope)
{
    struct plan_measure m = measure_of(POLARITY_LOWER, TARGET_LEVEL);
    static const char *const ends[] = { "2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30",
                                        "2024-05-31" };
    static const double figures[] = { 100, 104, 99, 103, 102 };
    struct months own = { 0 };
    struct line_source from = { &own.series, NULL };
    double line, mean_x = 0, slope = 0;

    for (size_t i = 0; i < 5; i++)
        add_month(&own, ends[i], figures[i], 0);
    m.rule.periods = 6;
    line = measure_line(&m, &from, date_of("2024-06-30")).value;
    for (size_t i = 0; i < 5; i++)
        mean_x += own.points[i].period_end.day / 6.0;
    mean_x += date_of("2024-06-30").day / 6.0;
    for (size_t i = 0; i < 5; i++)
        slope += (own.points[i].period_end.day - mean_x) * figures[i];
    slope += (date_of("2024-06-30").day - mean_x) * line;
    ck_assert_double_eq_tol(slope, 0, 1e-6);
    m.rule.periods = 7; /* more than there are */
    ck_assert(isnan(measure_line(&m, &from, date_of("2024-06-30")).value));
}
END_TEST

/* ---- milestones ---- */

static struct milestone milestones[] = { { { 0 }, 25, NULL },
                                         { { 0 }, 30, NULL },
                                         { { 0 }, 25, NULL } };

static const struct {
    const char *end;
    double step, linear; /* NAN: none */
} between_rows[] = {
    { "2023-07-30", NAN, NAN }, { "2023-07-31", 25, 25 }, { "2023-08-10", 25, 26 },
    { "2023-09-19", 30, 30 },   { "2023-09-29", 30, 29 }, { "2023-11-08", 25, 25 },
    { "2024-11-08", 25, 25 },
};

START_TEST(between_milestones_the_line_is_a_step_or_where_asked_straight)
{
    struct plan_measure m = measure_of(POLARITY_LOWER, TARGET_NONE);
    struct civil_date end = date_of(between_rows[_i].end);

    milestones[0].date = date_of("2023-07-31");
    milestones[1].date = date_of("2023-09-19"); /* 50 days later, and worse: plans do so */
    milestones[2].date = date_of("2023-11-08"); /* again 50 */
    m.expect = milestones;
    m.expect_count = 3;
    for (int linear = 0; linear < 2; linear++) {
        double line, want = linear ? between_rows[_i].linear : between_rows[_i].step;

        m.linear = linear;
        line = measure_line(&m, NULL, end).value;
        ck_assert_msg(isnan(want) ? isnan(line) : line == want, "%s %s: %g", between_rows[_i].end,
                      linear ? "linear" : "step", line);
    }
}
END_TEST

/* ---- close to a figure ---- */

static const struct {
    const char *why;
    double low, high;
    enum period_event event;
    enum rag rag;
} close_rows[] = {
    { "at it", 95, 95, PERIOD_CLEAR, RAG_GREEN },
    { "within, above", 97, 97, PERIOD_CLEAR, RAG_GREEN },
    { "within, below", 93, 93, PERIOD_CLEAR, RAG_GREEN },
    { "above, within the tolerance", 99, 99, PERIOD_AMBER, RAG_AMBER },
    { "below, within the tolerance", 90, 90, PERIOD_AMBER, RAG_AMBER },
    { "far above", 101, 101, PERIOD_RED, RAG_RED },
    { "far below", 80, 80, PERIOD_RED, RAG_RED },
    { "an interval about the edge", 92, 94, PERIOD_UNKNOWN, RAG_GREY },
    { "an interval within", 93.5, 96.5, PERIOD_CLEAR, RAG_GREEN },
    { "an interval over both edges", 90, 100, PERIOD_UNKNOWN, RAG_GREY },
};

/* Milestones 40 on 31 March and 50 on 30 June, or as many lower ones; a target by 30 June or 30 September. */
static const struct {
    const char *why;
    enum polarity polarity;
    double first, last, target;
    const char *by, *end;
    double line;
} by_rows[] = {
    { "before the date the milestone stands", POLARITY_HIGHER, 40, 50, 60, "2024-09-30",
      "2024-09-29", 50 },
    { "from the date on the target", POLARITY_HIGHER, 40, 50, 60, "2024-09-30", "2024-09-30", 60 },
    { "and after it", POLARITY_HIGHER, 40, 50, 60, "2024-09-30", "2025-03-31", 60 },
    { "on the last milestone's own date", POLARITY_HIGHER, 40, 50, 60, "2024-06-30", "2024-06-30",
      60 },
    { "without a date the milestone stands", POLARITY_HIGHER, 40, 50, 60, NULL, "2025-03-31", 50 },
    { "a milestone past the target stands", POLARITY_HIGHER, 40, 70, 60, "2024-09-30", "2024-09-30",
      70 },
    { "lower is better", POLARITY_LOWER, 70, 60, 50, "2024-09-30", "2024-09-30", 50 },
    { "lower, a milestone past the target", POLARITY_LOWER, 70, 40, 50, "2024-09-30", "2024-09-30",
      40 },
    { "close to a figure", POLARITY_CLOSE, 40, 70, 60, "2024-09-30", "2024-09-30", 60 },
    { "a target that is not known", POLARITY_HIGHER, 40, 50, NAN, "2024-09-30", "2024-09-30", NAN },
};

START_TEST(from_the_targets_date_on_a_milestone_short_of_it_is_no_line)
{
    struct plan_measure m = measure_of(by_rows[_i].polarity, TARGET_THRESHOLD);
    struct milestone expect[] = { { .date = date_of("2024-03-31"), .value = by_rows[_i].first },
                                  { .date = date_of("2024-06-30"), .value = by_rows[_i].last } };
    double line;

    m.expect = expect;
    m.expect_count = 2;
    m.has_target = !isnan(by_rows[_i].target);
    m.target = by_rows[_i].target;
    if (!m.has_target)
        m.rule.kind = TARGET_STABILISE;
    if (by_rows[_i].by)
        m.target_by = date_of(by_rows[_i].by);
    line = measure_line(&m, NULL, date_of(by_rows[_i].end)).value;
    ck_assert_msg(isnan(by_rows[_i].line) ? isnan(line) : line == by_rows[_i].line, "%s: %g",
                  by_rows[_i].why, line);
}
END_TEST

START_TEST(close_to_a_figure_is_judged_on_both_sides)
{
    struct plan_measure m = measure_of(POLARITY_CLOSE, TARGET_CLOSE_TO);
    struct series_version v = exactly((close_rows[_i].low + close_rows[_i].high) / 2);
    struct period_judgement j;

    m.has_target = true;
    m.target = 95;
    m.rule.within = 2;
    m.tolerance = 3;
    v.low = close_rows[_i].low;
    v.high = close_rows[_i].high;
    measure_judge(&m, NULL, &v, date_of("2024-04-01"), date_of("2024-04-30"), &j);
    ck_assert_msg(j.event == close_rows[_i].event, "%s: event %d", close_rows[_i].why,
                  (int)j.event);
    ck_assert_msg(j.rag == close_rows[_i].rag, "%s: %s", close_rows[_i].why, rag_name(j.rag));
    ck_assert_double_eq(j.line, 95);
}
END_TEST

UNIT_MAIN("line",
          UNIT_TEST(a_baseline_without_a_figure_is_that_of_the_period_which_ends_on_its_date),
          UNIT_TEST(without_the_figure_that_its_line_rests_on_nothing_is_judged),
          UNIT_TEST(a_line_that_rests_on_a_rounded_figure_is_an_interval),
          UNIT_TEST(a_floating_comparator_follows_and_a_frozen_one_stays),
          UNIT_TEST(the_level_line_is_the_figure_with_which_the_trend_has_no_slope),
          UNIT_ROWS(between_milestones_the_line_is_a_step_or_where_asked_straight, between_rows),
          UNIT_ROWS(from_the_targets_date_on_a_milestone_short_of_it_is_no_line, by_rows),
          UNIT_ROWS(close_to_a_figure_is_judged_on_both_sides, close_rows))
