#include "metric/pathway_count.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "pathway/wait.h"
#include "support/date_of.h"
#include "support/unit.h"

static struct pathway_metric metric_of(const char *text)
{
    struct pathway_metric m;

    ck_assert_msg(pathway_metric_parse(text, &m) == METRIC_FINE, "%s", text);
    if (metric_def_of(m.id)->takes & TAKES_STANDARD)
        m.standard = (struct span){ 18, SPAN_WEEKS };
    return m;
}

static struct metric_figure count_at(const struct pathway_metric *m, const struct waits *w,
                                     struct civil_date day, uint64_t set_aside)
{
    struct waits_unknown unknown = { .rows = set_aside };
    struct metric_figure f;

    ck_assert_int_eq(pathway_count(m, w, (struct period){ day, day }, &unknown, &f), 0);
    return f;
}

static double value_at(const char *metric, const struct waits *w, struct civil_date day)
{
    struct pathway_metric m = metric_of(metric);

    return count_at(&m, w, day, 0).value;
}

/* One open pathway each, so many days before the census. */
static void add_open(struct waits *w, struct civil_date census, const int *days, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(waits_add(w, &(struct wait_cell){ date_add_days(census, -days[i]),
                                                           DATE_NONE, WAIT_COMPLETED, 1 }),
                         0);
}

static const struct {
    const char *metric;
    int days;
    double value;
} edges[] = {
    { "open-over:18w", 126, 0 },       { "open-over:18w", 127, 1 },
    { "open-over:52w", 364, 0 },       { "open-over:52w", 365, 1 },
    { "open-within:18w", 126, 100 },   { "open-within:18w", 127, 0 },
    { "breaching-within:1d", 126, 1 }, { "breaching-within:1d", 125, 0 },
    { "breaching-within:1d", 127, 0 },
};

START_TEST(day_126_is_within_18_weeks_and_127_beyond_day_365_is_over_52_weeks)
{
    struct waits w = WAITS_INIT;
    struct civil_date census = date_of("2025-03-31");

    add_open(&w, census, &edges[_i].days, 1);
    ck_assert_double_eq(value_at(edges[_i].metric, &w, census), edges[_i].value);
    waits_release(&w);
}
END_TEST

static const struct {
    const char *why, *start, *day;
    bool over;
} months[] = {
    { "the same day three months later is within", "2025-01-15", "2025-04-15", false },
    { "the day after it is over", "2025-01-15", "2025-04-16", true },
    { "13 weeks are over while three months are not", "2025-01-15", "2025-04-15", false },
    { "30 November reaches the last of February", "2024-11-30", "2025-02-28", false },
    { "and is over on the first of March", "2024-11-30", "2025-03-01", true },
};

START_TEST(three_months_are_calendar_months)
{
    struct waits w = WAITS_INIT;
    struct civil_date start = date_of(months[_i].start), day = date_of(months[_i].day);

    ck_assert_int_eq(waits_add(&w, &(struct wait_cell){ start, DATE_NONE, WAIT_COMPLETED, 1 }), 0);
    ck_assert_msg(value_at("open-over:3m", &w, day) == months[_i].over, "%s", months[_i].why);
    waits_release(&w);
}
END_TEST

/* ---- a brute reference: every pathway by itself ---- */

#define PEOPLE 400

static uint64_t dice_state;

static unsigned dice(unsigned n)
{
    dice_state = dice_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(dice_state >> 33) % n;
}

struct person {
    struct civil_date start, stop;
    enum wait_end end;
};

static void people_invent(struct person *people, struct waits *w, uint64_t seed)
{
    struct civil_date from = date_of("2023-06-01");

    dice_state = seed;
    for (size_t i = 0; i < PEOPLE; i++) {
        struct person *p = &people[i];

        p->start = date_add_days(from, (int)dice(700));
        p->stop = dice(3) == 0 ? DATE_NONE : date_add_days(p->start, (int)dice(500));
        p->end = (enum wait_end)dice(WAIT_UNKNOWN); /* known */
        ck_assert_int_eq(waits_add(w, &(struct wait_cell){ p->start, p->stop, p->end, 1 }), 0);
    }
}

static bool is_open_at(const struct person *p, struct civil_date day)
{
    return p->start.day <= day.day && (!date_is_set(p->stop) || p->stop.day > day.day);
}

START_TEST(breaching_within_is_exact_against_brute_force)
{
    struct person people[PEOPLE];
    struct waits w = WAITS_INIT;
    static const char *const standards[] = { "18w", "126d", "3m", "52w", "1m" };

    people_invent(people, &w, (uint64_t)_i);
    for (int at = 0; at < 900; at += 37) {
        struct civil_date day = date_add_days(date_of("2023-06-01"), at);
        int ahead = 1 + (int)dice(60);
        struct pathway_metric m = metric_of("breaching-within:1d");
        unsigned expected = 0;

        m.wait.count = ahead;
        ck_assert_int_eq(metric_wait_parse(standards[dice(5)], &m.standard), 0);
        for (size_t i = 0; i < PEOPLE; i++)
            expected += is_open_at(&people[i], day) &&
                        !wait_is_over(people[i].start, day, m.standard) &&
                        wait_is_over(people[i].start, date_add_days(day, ahead), m.standard);
        ck_assert_double_eq(count_at(&m, &w, day, 0).value, expected);
    }
    waits_release(&w);
}
END_TEST

START_TEST(every_count_is_what_brute_force_counts)
{
    struct person people[PEOPLE];
    struct waits w = WAITS_INIT;

    people_invent(people, &w, 1000 + (uint64_t)_i);
    for (int at = 0; at < 1300; at += 53) {
        struct civil_date from = date_add_days(date_of("2023-06-01"), at);
        struct period window = { from, date_add_days(from, (int)dice(90)) };
        double open = 0, over = 0, starts = 0, stops = 0, completed = 0, within = 0, unseen = 0;
        static const char *const ids[] = {
            "open",      "open-over:18w",        "referrals",       "clock-stops",
            "completed", "completed-within:18w", "removals-unseen", "net-change"
        };

        for (size_t i = 0; i < PEOPLE; i++) {
            const struct person *p = &people[i];
            bool stopped = date_is_set(p->stop) && p->stop.day >= window.start.day &&
                           p->stop.day <= window.end.day;

            open += is_open_at(p, window.end);
            over += is_open_at(p, window.end) && window.end.day - p->start.day > 126;
            starts += p->start.day >= window.start.day && p->start.day <= window.end.day;
            stops += stopped;
            completed += stopped && p->end == WAIT_COMPLETED;
            within += stopped && p->end == WAIT_COMPLETED && p->stop.day - p->start.day <= 126;
            unseen += stopped && p->end == WAIT_UNSEEN;
        }
        const double expected[] = { open,      over,
                                    starts,    stops,
                                    completed, completed > 0 ? 100 * within / completed : NAN,
                                    unseen,    starts - stops };

        for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
            struct pathway_metric m = metric_of(ids[i]);
            struct metric_figure f;

            ck_assert_int_eq(pathway_count(&m, &w, window, NULL, &f), 0);
            if (isnan(expected[i]))
                ck_assert_int_eq(f.marker, MARKER_NOT_APPLICABLE);
            else
                ck_assert_msg(f.value == expected[i] && f.low == f.high, "%s: %g, not %g", ids[i],
                              f.value, expected[i]);
        }
    }
    waits_release(&w);
}
END_TEST

/* ---- methods ---- */

static const struct {
    const char *metric;
    enum wait_method method;
    enum unit unit;
    double value;
} percentiles[] = {
    /* of 10, 20, ... 100 days */
    { "median-wait", METHOD_LINEAR, UNIT_DAYS, 55 },
    { "median-wait", METHOD_NEAREST_RANK, UNIT_DAYS, 50 },
    { "p90-wait", METHOD_LINEAR, UNIT_DAYS, 91 },
    { "p90-wait", METHOD_NEAREST_RANK, UNIT_DAYS, 90 },
    { "p92-wait", METHOD_LINEAR, UNIT_DAYS, 92.8 },
    { "p92-wait", METHOD_NEAREST_RANK, UNIT_DAYS, 100 },
    { "median-wait", METHOD_LINEAR, UNIT_WEEKS, 55.0 / 7 },
    { "mean-wait", METHOD_LINEAR, UNIT_DAYS, 55 },
    { "longest-wait", METHOD_LINEAR, UNIT_DAYS, 100 },
    /* the fifth of ten lies at the end of its week, ">7 to 8 weeks" */
    { "median-wait", METHOD_BAND_LINEAR, UNIT_WEEKS, NAN },
};

START_TEST(a_percentile_is_by_the_method_that_is_asked)
{
    static const int days[] = { 10, 20, 30, 40, 50, 60, 70, 80, 90, 100 };
    struct civil_date census = date_of("2025-03-31");
    struct waits w = WAITS_INIT;
    struct pathway_metric m = metric_of(percentiles[_i].metric);
    struct metric_figure f;

    add_open(&w, census, days, 10);
    m.method = percentiles[_i].method;
    m.unit = percentiles[_i].unit;
    f = count_at(&m, &w, census, 0);
    if (isnan(percentiles[_i].value))
        ck_assert_double_eq_tol(f.value, 8, 1e-12);
    else
        ck_assert_double_eq_tol(f.value, percentiles[_i].value, 1e-12);
    ck_assert_double_eq(f.denominator, 10);
    waits_release(&w);
}
END_TEST

START_TEST(in_the_open_band_the_published_figure_is_a_floor)
{
    static const int days[] = { 800, 800, 800 };
    struct civil_date census = date_of("2025-03-31");
    struct waits w = WAITS_INIT;
    struct pathway_metric m = metric_of("median-wait");
    struct metric_figure f;

    add_open(&w, census, days, 3);
    m.method = METHOD_BAND_LINEAR;
    m.unit = UNIT_WEEKS;
    f = count_at(&m, &w, census, 0);
    ck_assert_double_eq(f.low, 104);
    ck_assert(isinf(f.high));
    waits_release(&w);
}
END_TEST

/* ---- what is not known ---- */

START_TEST(a_median_of_nobody_is_not_applicable_and_never_0)
{
    static const char *const ids[] = { "median-wait",          "mean-wait",
                                       "longest-wait",         "open-within:18w",
                                       "completed-within:18w", "pressure" };
    struct waits w = WAITS_INIT;

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct pathway_metric m = metric_of(ids[i]);
        struct metric_figure f = count_at(&m, &w, date_of("2025-03-31"), 0);

        ck_assert_msg(f.marker == MARKER_NOT_APPLICABLE && isnan(f.value), "%s", ids[i]);
    }
    ck_assert_double_eq(value_at("open", &w, date_of("2025-03-31")), 0);
    ck_assert_double_eq(value_at("open-over:18w", &w, date_of("2025-03-31")), 0);
}
END_TEST

static const struct {
    const char *metric;
    double low, high;
} set_aside[] = {
    /* of 10, 20, ... 100 days and two rows set aside, which may be any wait or nobody's */
    { "open", 10, 12 },
    { "open-over:7w", 6, 8 },
    { "open-within:7w", 100 * 4.0 / 12, 50 },
    { "median-wait", 45, 65 },
    { "longest-wait", 100, INFINITY },
    { "mean-wait", 550.0 / 12, INFINITY },
    { "p92-wait", 91.2, INFINITY },
};

static const struct {
    const char *metric;
    enum wait_end end;
    double low, high;
} fewer[] = {
    /* three stops of the week, one start, and two rows set aside, which may be of those who stopped */
    { "clock-stops", WAIT_UNKNOWN, 1, 5 },
    { "clock-stops", WAIT_COMPLETED, 3, 5 },
    { "load", WAIT_UNKNOWN, 1.0 / 5, 3 },
    { "load", WAIT_COMPLETED, 1.0 / 5, 1 },
};

START_TEST(a_row_set_aside_may_be_one_that_a_snapshot_has_no_more)
{
    struct period week = { date_of("2025-03-24"), date_of("2025-03-30") };
    struct wait_cell stops = { date_of("2025-01-06"), week.end, fewer[_i].end, 3 };
    struct wait_cell start = { week.start, DATE_NONE, WAIT_LEFT, 1 };
    const struct waits_unknown unknown = { .rows = 2 };
    struct pathway_metric m = metric_of(fewer[_i].metric);
    struct waits w = WAITS_INIT;
    struct metric_figure f;

    ck_assert_int_eq(waits_add(&w, &stops), 0);
    ck_assert_int_eq(waits_add(&w, &start), 0);
    ck_assert_int_eq(pathway_count(&m, &w, week, &unknown, &f), 0);
    ck_assert_msg(fabs(f.low - fewer[_i].low) < 1e-9 && fabs(f.high - fewer[_i].high) < 1e-9,
                  "%s: %g to %g", fewer[_i].metric, f.low, f.high);
    waits_release(&w);
}
END_TEST

START_TEST(a_row_set_aside_widens_the_figure_to_an_interval)
{
    static const int days[] = { 10, 20, 30, 40, 50, 60, 70, 80, 90, 100 };
    struct civil_date census = date_of("2025-03-31");
    struct waits w = WAITS_INIT;
    struct pathway_metric m = metric_of(set_aside[_i].metric);
    struct metric_figure f;

    add_open(&w, census, days, 10);
    f = count_at(&m, &w, census, 2);
    ck_assert_msg(fabs(f.low - set_aside[_i].low) < 1e-9, "%s: low %g", set_aside[_i].metric,
                  f.low);
    ck_assert_msg(f.high == set_aside[_i].high || fabs(f.high - set_aside[_i].high) < 1e-9,
                  "%s: high %g", set_aside[_i].metric, f.high);
    ck_assert(f.low <= f.value && f.value <= f.high);
    waits_release(&w);
}
END_TEST

START_TEST(with_a_part_that_is_missing_nothing_is_computed)
{
    static const int days[] = { 10, 20 };
    struct civil_date census = date_of("2025-03-31");
    struct waits_unknown unknown = { .part = true };
    struct waits w = WAITS_INIT;

    add_open(&w, census, days, 2);
    for (int i = 0; i < PATHWAY_METRICS; i++) {
        const struct metric_def *def = metric_def_of((enum pathway_metric_id)i);
        struct pathway_metric m = { .id = (enum pathway_metric_id)i, .unit = def->unit };
        struct metric_figure f;

        ck_assert_int_eq(pathway_count(&m, &w, (struct period){ census, census }, &unknown, &f), 0);
        ck_assert_msg(f.marker == MARKER_NOT_SUBMITTED && isnan(f.value), "%s", def->id);
    }
    waits_release(&w);
}
END_TEST

START_TEST(a_stop_that_nobody_explained_may_have_been_a_completion_or_not)
{
    struct waits w = WAITS_INIT;
    struct civil_date stop = date_of("2025-03-15");
    struct period march = { date_of("2025-03-01"), date_of("2025-03-31") };
    const struct wait_cell cells[] = {
        { date_add_days(stop, -20), stop, WAIT_COMPLETED, 6 },
        { date_add_days(stop, -200), stop, WAIT_COMPLETED, 2 },
        { date_add_days(stop, -20), stop, WAIT_UNKNOWN, 1 },
        { date_add_days(stop, -200), stop, WAIT_UNKNOWN, 1 },
        { date_add_days(stop, -200), stop, WAIT_LEFT, 5 },
    };
    struct pathway_metric m = metric_of("completed-within:18w");
    struct metric_figure f;

    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(waits_add(&w, &cells[i]), 0);
    ck_assert_int_eq(pathway_count(&m, &w, march, NULL, &f), 0);
    ck_assert_double_eq(f.value, 75);
    ck_assert_double_eq_tol(f.low, 100 * 6.0 / 9, 1e-9);
    ck_assert_double_eq_tol(f.high, 100 * 7.0 / 9, 1e-9);
    ck_assert(f.marker == MARKER_NONE && f.untold == 2 && f.stops == 15);
    m = metric_of("completed");
    ck_assert_int_eq(pathway_count(&m, &w, march, NULL, &f), 0);
    ck_assert_double_eq(f.low, 8);
    ck_assert_double_eq(f.high, 10);
    ck_assert_double_eq(f.value, 8);
    m = metric_of("clock-stops");
    ck_assert_int_eq(pathway_count(&m, &w, march, NULL, &f), 0);
    ck_assert_double_eq(f.low, 15);
    ck_assert_double_eq(f.high, 15);
    ck_assert_uint_eq(f.untold, 0);
    waits_release(&w);
}
END_TEST

/* Of ten stops so many were told to be completions; low NAN: no bounds either. */
static const struct {
    const char *metric;
    uint64_t completed;
    double value, low, high;
} told[] = {
    { "completed", 6, 6, 6, 10 },
    { "completed", 5, NAN, 5, 10 },
    { "completed", 0, NAN, 0, 10 },
    { "removals-unseen", 6, 0, 0, 4 },
    { "removals-unseen", 5, NAN, 0, 5 },
    { "first-contacts", 5, NAN, 5, 10 },
    { "completed-within:18w", 6, 100, 60, 100 },
    { "completed-within:18w", 5, NAN, 50, 100 },
    { "completed-within:18w", 0, NAN, NAN, NAN },
};

static void same_or_none(double is, double wanted, const char *metric)
{
    ck_assert_msg(isnan(wanted) ? isnan(is) : fabs(is - wanted) < 1e-9, "%s: %g, not %g", metric,
                  is, wanted);
}

START_TEST(a_figure_of_stops_most_of_which_nobody_explained_is_bounds_and_no_number)
{
    struct waits w = WAITS_INIT;
    struct civil_date stop = date_of("2025-03-15");
    struct period march = { date_of("2025-03-01"), date_of("2025-03-31") };
    struct pathway_metric m = metric_of(told[_i].metric);
    uint64_t unknown = 10 - told[_i].completed;
    struct metric_figure f;

    if (told[_i].completed > 0)
        ck_assert_int_eq(waits_add(&w, &(struct wait_cell){ date_add_days(stop, -20), stop,
                                                            WAIT_COMPLETED, told[_i].completed }),
                         0);
    ck_assert_int_eq(waits_add(&w, &(struct wait_cell){ date_add_days(stop, -200), stop,
                                                        WAIT_UNKNOWN, unknown }),
                     0);
    ck_assert_int_eq(pathway_count(&m, &w, march, NULL, &f), 0);
    same_or_none(f.value, told[_i].value, told[_i].metric);
    same_or_none(f.low, told[_i].low, told[_i].metric);
    same_or_none(f.high, told[_i].high, told[_i].metric);
    ck_assert_int_eq(f.marker, isnan(told[_i].value) ? MARKER_NOT_SUBMITTED : MARKER_NONE);
    ck_assert(f.untold == unknown && f.stops == 10);
    waits_release(&w);
}
END_TEST

START_TEST(a_list_that_never_clears_is_beyond_every_line)
{
    struct waits w = WAITS_INIT;
    struct period week = { date_of("2025-03-24"), date_of("2025-03-30") };
    struct pathway_metric m = metric_of("clearance-weeks");
    struct metric_figure f;
    int days[] = { 2, 3, 4, 100 };

    add_open(&w, week.end, days, 4);
    ck_assert_int_eq(waits_add(&w, &(struct wait_cell){ date_add_days(week.start, -9), week.start,
                                                        WAIT_COMPLETED, 2 }),
                     0);
    ck_assert_int_eq(pathway_count(&m, &w, week, NULL, &f), 0);
    ck_assert_int_eq(f.marker, MARKER_NONE);
    ck_assert(isinf(f.value) && f.value > 0);
    /* Five stops a week against three starts: four people in two weeks. */
    ck_assert_int_eq(waits_add(&w, &(struct wait_cell){ date_add_days(week.start, -9), week.start,
                                                        WAIT_COMPLETED, 3 }),
                     0);
    ck_assert_int_eq(pathway_count(&m, &w, week, NULL, &f), 0);
    ck_assert_double_eq_tol(f.value, 2, 1e-12);
    m = metric_of("load");
    ck_assert_int_eq(pathway_count(&m, &w, week, NULL, &f), 0);
    ck_assert_double_eq_tol(f.value, 0.6, 1e-12);
    waits_release(&w);
}
END_TEST

/* ---- ageing ---- */

/* The midnights of both clock changes of 2025 in London: 30 March and 26 October. */
static const struct {
    const char *day;
    double over, within, median, breaching;
} midnights[] = {
    { "2025-03-29", 0, 100, 125, 1 },
    { "2025-03-30", 0, 100, 126, 1 },
    { "2025-03-31", 1, 50, 127, 0 },
    { "2025-04-01", 1, 50, 128, 0 },
};

START_TEST(a_list_lives_through_four_midnights_with_the_clock_changes_and_ages_a_day_each)
{
    static const char *const last_within[] = { "2025-03-30", "2025-10-26" };

    for (size_t k = 0; k < 2; k++) {
        struct waits w = WAITS_INIT;
        struct civil_date changed = date_of(last_within[k]);
        struct civil_date day = date_add_days(changed, _i - 1);

        ck_assert_int_eq(waits_add(&w, &(struct wait_cell){ date_add_days(changed, -126), DATE_NONE,
                                                            WAIT_COMPLETED, 1 }),
                         0);
        ck_assert_int_eq(waits_add(&w, &(struct wait_cell){ date_add_days(changed, -10), DATE_NONE,
                                                            WAIT_COMPLETED, 1 }),
                         0);
        ck_assert_double_eq(value_at("open-over:18w", &w, day), midnights[_i].over);
        ck_assert_double_eq(value_at("open-within:18w", &w, day), midnights[_i].within);
        ck_assert_double_eq(value_at("longest-wait", &w, day), midnights[_i].median);
        ck_assert_double_eq(value_at("median-wait", &w, day), midnights[_i].median - 58);
        ck_assert_double_eq(value_at("breaching-within:2d", &w, day), midnights[_i].breaching);
        waits_release(&w);
    }
}
END_TEST

UNIT_MAIN("pathway_count",
          UNIT_ROWS(day_126_is_within_18_weeks_and_127_beyond_day_365_is_over_52_weeks, edges),
          UNIT_ROWS(three_months_are_calendar_months, months),
          { breaching_within_is_exact_against_brute_force, 40 },
          { every_count_is_what_brute_force_counts, 40 },
          UNIT_ROWS(a_percentile_is_by_the_method_that_is_asked, percentiles),
          UNIT_TEST(in_the_open_band_the_published_figure_is_a_floor),
          UNIT_TEST(a_median_of_nobody_is_not_applicable_and_never_0),
          UNIT_ROWS(a_row_set_aside_may_be_one_that_a_snapshot_has_no_more, fewer),
          UNIT_ROWS(a_row_set_aside_widens_the_figure_to_an_interval, set_aside),
          UNIT_TEST(with_a_part_that_is_missing_nothing_is_computed),
          UNIT_TEST(a_stop_that_nobody_explained_may_have_been_a_completion_or_not),
          UNIT_ROWS(a_figure_of_stops_most_of_which_nobody_explained_is_bounds_and_no_number, told),
          UNIT_TEST(a_list_that_never_clears_is_beyond_every_line),
          UNIT_ROWS(a_list_lives_through_four_midnights_with_the_clock_changes_and_ages_a_day_each,
                    midnights))
