#include "plan/control_chart.h"

#include <math.h>
#include <string.h>

#include "base/auto.h"
#include "support/unit.h"

/* Months of one year and the next, from January 2023 on. */
#define MONTHS 36

struct story {
    struct series_version versions[MONTHS];
    struct series_point points[MONTHS];
    struct series series;
    struct plan_spc spc;
    struct plan_measure measure;
};

static struct civil_date month_start(int month)
{
    struct civil_date d;

    ck_assert_int_eq(date_from_ymd(2023, 1, 1, &d), 0);
    return date_add_months(d, month);
}

/* Figures of consecutive months; NAN: withheld; INFINITY: no such period came. */
static void tell(struct story *s, const double *values, size_t n)
{
    *s = (struct story){ .spc = { .screens = true, .points = 7 },
                         .measure = { .polarity = POLARITY_HIGHER,
                                      .has_target = true,
                                      .target = 65,
                                      .target_by = DATE_NONE } };
    s->series.points = s->points;
    s->measure.spc = &s->spc;
    for (size_t i = 0; i < n; i++) {
        if (isinf(values[i]))
            continue;
        struct series_version *v = &s->versions[s->series.point_count];

        double value = isnan(values[i]) ? 60.3 : values[i]; /* as if its bounds told it */

        *v = (struct series_version){ .value = value, .low = value, .high = value };
        v->marker = isnan(values[i]) ? MARKER_SUPPRESSED : MARKER_NONE;
        s->points[s->series.point_count++] =
            (struct series_point){ .period_start = month_start((int)i),
                                   .period_end = date_add_days(month_start((int)i + 1), -1),
                                   .versions = v,
                                   .version_count = 1 };
    }
}

static void chart_with(const struct story *s, const struct chart_break *breaks, size_t count,
                       struct control_chart *out)
{
    const struct chart_input in = { .measure = &s->measure,
                                    .series = &s->series,
                                    .target = s->measure.target,
                                    .joined_until = DATE_NONE,
                                    .breaks = breaks,
                                    .break_count = count };

    ck_assert_int_eq(control_chart_make(&in, out), 0);
}

static const double worked[] = { 62, 60, 63, 61, 59, 62, 64, 60, 61, 63, 62, 60, 58 };

START_TEST(the_worked_example_of_XmR_has_its_limits_and_no_special_cause)
{
    static const struct {
        double target;
        enum spc_assurance assurance;
    } rows[] = { { 65, SPC_HIT_OR_MISS }, { 92, SPC_FAIL }, { 55, SPC_PASS } };
    AUTO(control_chart_release) struct control_chart c, next;
    struct story s;

    tell(&s, worked, 12);
    chart_with(&s, NULL, 0, &c);
    ck_assert_int_eq(c.state, CHART_GOOD);
    ck_assert_double_eq_tol(c.spc.segments[0].mean, 61.42, 0.005);
    ck_assert_double_eq_tol(c.spc.segments[0].moving_range, 2.182, 0.0005);
    ck_assert_double_eq_tol(c.spc.segments[0].upper, 67.22, 0.005);
    ck_assert_double_eq_tol(c.spc.segments[0].lower, 55.61, 0.005);
    ck_assert_double_eq_tol(c.spc.segments[0].near_upper, 65.29, 0.005);
    ck_assert_double_eq_tol(c.spc.segments[0].near_lower, 57.55, 0.005);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO(control_chart_release) struct control_chart at;

        s.measure.target = rows[i].target;
        chart_with(&s, NULL, 0, &at);
        ck_assert_int_eq(at.spc.assurance, rows[i].assurance);
    }
    tell(&s, worked, 13); /* 4 points down and far from 92: chance explains it */
    chart_with(&s, NULL, 0, &next);
    ck_assert_int_eq(next.spc.variation, SPC_COMMON);
    ck_assert(!date_is_set(next.opened));
}
END_TEST

START_TEST(limits_without_screening_are_those_of_the_spreadsheet)
{
    static const double values[] = { 1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1 };
    AUTO(control_chart_release) struct control_chart screened, plain;
    struct story s;

    tell(&s, values, sizeof values / sizeof values[0]);
    chart_with(&s, NULL, 0, &screened);
    ck_assert_double_eq_tol(screened.spc.segments[0].upper, 4.60, 0.01);
    s.spc.screens = false;
    chart_with(&s, NULL, 0, &plain);
    ck_assert_double_eq_tol(plain.spc.segments[0].upper, 6.95, 0.01);
    ck_assert_double_eq_tol(plain.spc.segments[0].lower, -3.06, 0.01);
}
END_TEST

/* Seven below the mean of what was before; the fourth of them as given. */
static void shifted(double fourth, struct story *s)
{
    double values[23];

    for (size_t i = 0; i < 16; i++)
        values[i] = i % 2 ? 61 : 63;
    for (size_t i = 16; i < 23; i++)
        values[i] = i % 2 ? 60.2 : 60.4;
    values[19] = fourth;
    tell(s, values, 23);
    s->spc.baseline = 16;
}

START_TEST(a_withheld_or_absent_figure_breaks_a_run_and_is_not_bridged)
{
    AUTO(control_chart_release) struct control_chart whole, withheld, absent;
    struct story s;

    shifted(60.3, &s);
    chart_with(&s, NULL, 0, &whole);
    ck_assert_int_eq(whole.spc.points[22].cause, SPC_SHIFT_BELOW);
    ck_assert_int_eq(whole.spc.variation, SPC_CONCERN);
    shifted(NAN, &s);
    chart_with(&s, NULL, 0, &withheld);
    ck_assert_int_eq(withheld.spc.points[22].cause, SPC_COMMON_CAUSE);
    shifted(INFINITY, &s);
    chart_with(&s, NULL, 0, &absent);
    ck_assert_int_eq(absent.spc.points[absent.n - 1].cause, SPC_COMMON_CAUSE);
    ck_assert_uint_eq(absent.n, 23);
    ck_assert_ptr_null(absent.points[19].version);
}
END_TEST

START_TEST(a_signal_goes_on_while_nothing_is_known_after_it)
{
    AUTO(control_chart_release) struct control_chart c;
    double values[24];
    struct story s;

    for (size_t i = 0; i < 24; i++)
        values[i] = i == 22 ? 20 : i == 23 ? NAN : worked[i % 12];
    tell(&s, values, 24);
    chart_with(&s, NULL, 0, &c);
    ck_assert_int_eq(c.spc.points[22].cause, SPC_BELOW_LIMIT);
    ck_assert_int_eq(date_compare(c.opened, s.points[22].period_end), 0);
    ck_assert_uint_eq(c.missing_after, 1);
}
END_TEST

START_TEST(a_signal_began_before_a_period_of_which_nothing_is_known)
{
    AUTO(control_chart_release) struct control_chart c;
    double values[25];
    struct story s;

    for (size_t i = 0; i < 25; i++)
        values[i] = i == 22 || i == 24 ? 20 : i == 23 ? NAN : worked[i % 12];
    tell(&s, values, 25);
    s.spc.baseline = 20;
    chart_with(&s, NULL, 0, &c);
    ck_assert_int_eq(date_compare(c.opened, s.points[22].period_end), 0);
}
END_TEST

START_TEST(a_chart_begins_anew_where_it_is_told_to_and_nowhere_else)
{
    AUTO(control_chart_release) struct control_chart none, act, recorded;
    double values[24];
    struct story s;
    struct plan_rebase recorded_break = { month_start(12), (char *)"telephone contacts count" };
    const struct chart_break asked = { date_add_days(month_start(12), 10), "somebody",
                                       "a new team" };

    for (size_t i = 0; i < 24; i++)
        values[i] = i < 12 ? worked[i] : worked[i - 12] + 20;
    tell(&s, values, 24);
    chart_with(&s, NULL, 0, &none);
    ck_assert_uint_eq(none.spc.segment_count, 1);
    chart_with(&s, &asked, 1, &act);
    ck_assert_uint_eq(act.spc.segment_count, 2);
    ck_assert_uint_eq(act.spc.segments[1].first, 12);
    ck_assert_double_eq_tol(act.spc.segments[1].mean, 81.42, 0.005);
    s.spc.rebases = &recorded_break;
    s.spc.rebase_count = 1;
    chart_with(&s, NULL, 0, &recorded);
    ck_assert_uint_eq(recorded.spc.segments[1].first, 12);
}
END_TEST

START_TEST(rolling_periods_overlap_and_are_not_charted)
{
    AUTO(control_chart_release) struct control_chart c;
    struct story s;

    tell(&s, worked, 12);
    for (size_t i = 0; i < 12; i++)
        s.points[i].period_start = date_add_months(s.points[i].period_start, -2);
    chart_with(&s, NULL, 0, &c);
    ck_assert_int_eq(c.state, CHART_ROLLING);
}
END_TEST

START_TEST(of_months_and_their_quarters_the_months_are_charted)
{
    AUTO(control_chart_release) struct control_chart c;
    struct story s;

    tell(&s, worked, 12);
    for (size_t i = 9; i < 12; i++) { /* the last three rolling too: theirs is not one length */
        s.points[i + 3] = s.points[i];
        s.points[i + 3].period_start = date_add_months(s.points[i].period_start, -2);
    }
    s.series.point_count = 15;
    chart_with(&s, NULL, 0, &c);
    ck_assert_int_eq(c.state, CHART_GOOD);
    ck_assert_uint_eq(c.n, 12);
}
END_TEST

START_TEST(with_too_few_figures_nothing_is_told)
{
    AUTO(control_chart_release) struct control_chart c;
    double values[10];
    struct story s;

    for (size_t i = 0; i < 10; i++)
        values[i] = i == 9 ? 20 : worked[i];
    tell(&s, values, 10);
    s.spc.points = 12;
    chart_with(&s, NULL, 0, &c);
    ck_assert_int_eq(c.spc.points[9].cause, SPC_BELOW_LIMIT);
    ck_assert(c.is_trial && !date_is_set(c.opened));
}
END_TEST

static bool third_is_incomplete(void *arg, struct civil_date end)
{
    return date_compare(end, *(struct civil_date *)arg) == 0;
}

START_TEST(a_figure_that_lacks_a_provider_is_missing)
{
    AUTO(control_chart_release) struct control_chart c;
    struct story s;

    tell(&s, worked, 12);
    const struct chart_input in = { .measure = &s.measure,
                                    .series = &s.series,
                                    .target = s.measure.target,
                                    .joined_until = DATE_NONE,
                                    .is_incomplete = third_is_incomplete,
                                    .arg = &s.points[2].period_end };

    ck_assert_int_eq(control_chart_make(&in, &c), 0);
    ck_assert(isnan(c.points[2].value) && !isnan(c.points[3].value));
}
END_TEST

START_TEST(who_took_over_begins_a_chart_anew)
{
    AUTO(control_chart_release) struct control_chart c;
    struct story old, new;

    tell(&old, worked, 6);
    tell(&new, worked, 12);
    const struct chart_input in = { .measure = &new.measure,
                                    .series = &new.series,
                                    .target = new.measure.target,
                                    .before = &old.series,
                                    .joined_until = old.points[5].period_end };

    ck_assert_int_eq(control_chart_make(&in, &c), 0);
    ck_assert_uint_eq(c.n, 12);
    ck_assert_uint_eq(c.spc.segment_count, 2);
    ck_assert_uint_eq(c.spc.segments[1].first, 6);
}
END_TEST

START_TEST(a_census_that_is_skipped_is_a_gap_wherever_it_lies)
{
    static const int days[] = { 0, 7, 14, 35, 42, 49 }; /* the longest step is the middle one */
    AUTO(control_chart_release) struct control_chart c;
    struct story s;

    tell(&s, worked, sizeof days / sizeof days[0]);
    for (size_t i = 0; i < s.series.point_count; i++)
        s.points[i].period_start = s.points[i].period_end = date_add_days(month_start(0), days[i]);
    chart_with(&s, NULL, 0, &c);
    ck_assert_uint_eq(c.n, 7);
    ck_assert(c.points[3].version == NULL && isnan(c.points[3].value));
    ck_assert_int_eq(c.points[3].start.day, s.points[2].period_end.day + 1);
    ck_assert_int_eq(c.points[3].end.day, s.points[3].period_end.day - 1);
}
END_TEST

UNIT_MAIN("control_chart", UNIT_TEST(the_worked_example_of_XmR_has_its_limits_and_no_special_cause),
          UNIT_TEST(limits_without_screening_are_those_of_the_spreadsheet),
          UNIT_TEST(a_withheld_or_absent_figure_breaks_a_run_and_is_not_bridged),
          UNIT_TEST(a_signal_goes_on_while_nothing_is_known_after_it),
          UNIT_TEST(a_signal_began_before_a_period_of_which_nothing_is_known),
          UNIT_TEST(a_chart_begins_anew_where_it_is_told_to_and_nowhere_else),
          UNIT_TEST(rolling_periods_overlap_and_are_not_charted),
          UNIT_TEST(of_months_and_their_quarters_the_months_are_charted),
          UNIT_TEST(with_too_few_figures_nothing_is_told),
          UNIT_TEST(a_figure_that_lacks_a_provider_is_missing),
          UNIT_TEST(who_took_over_begins_a_chart_anew),
          UNIT_TEST(a_census_that_is_skipped_is_a_gap_wherever_it_lies))
