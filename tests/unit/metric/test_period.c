#include "metric/period.h"

#include <string.h>

#include "support/date_of.h"
#include "support/unit.h"

static void check_period(struct period p, const char *start, const char *end)
{
    char from[DATE_TEXT_MAX], to[DATE_TEXT_MAX];

    ck_assert_str_eq(date_format(p.start, from), start);
    ck_assert_str_eq(date_format(p.end, to), end);
}

static const struct {
    enum period_kind kind;
    const char *day, *start, *end;
} periods[] = {
    { PERIOD_CENSUS, "2025-03-19", "2025-03-19", "2025-03-19" },
    { PERIOD_DAY, "2025-03-30", "2025-03-30", "2025-03-30" },
    { PERIOD_WEEK, "2025-03-30", "2025-03-24", "2025-03-30" }, /* a Sunday */
    { PERIOD_WEEK, "2025-03-31", "2025-03-31", "2025-04-06" },
    { PERIOD_MONTH, "2024-02-29", "2024-02-01", "2024-02-29" },
    { PERIOD_QUARTER, "2025-05-31", "2025-04-01", "2025-06-30" },
    { PERIOD_QUARTER, "2025-12-01", "2025-10-01", "2025-12-31" },
    { PERIOD_YEAR, "2025-07-01", "2025-01-01", "2025-12-31" },
};

START_TEST(a_day_lies_in_its_week_ending_sunday_month_quarter_and_year)
{
    check_period(period_of(periods[_i].kind, date_of(periods[_i].day)), periods[_i].start,
                 periods[_i].end);
}
END_TEST

START_TEST(periods_follow_each_other_without_a_gap)
{
    for (int kind = PERIOD_DAY; kind <= PERIOD_YEAR; kind++) {
        struct period p = period_of((enum period_kind)kind, date_of("2023-12-29"));

        for (int i = 0; i < 400; i++) {
            struct period next = period_next((enum period_kind)kind, p);

            ck_assert_int_eq(next.start.day, p.end.day + 1);
            ck_assert_int_ge(next.end.day, next.start.day);
            p = next;
        }
    }
}
END_TEST

static const struct {
    const char *end;
    struct span window;
    const char *start;
} windows[] = {
    { "2025-03-31", { 0, SPAN_DAYS }, "2025-03-01" },
    { "2025-03-31", { 12, SPAN_MONTHS }, "2024-04-01" },
    { "2025-02-28", { 3, SPAN_MONTHS }, "2024-12-01" },
    { "2024-02-29", { 12, SPAN_MONTHS }, "2023-03-01" },
    { "2025-03-31", { 13, SPAN_WEEKS }, "2024-12-31" },
    { "2025-03-31", { 1, SPAN_DAYS }, "2025-03-31" },
};

START_TEST(a_rolling_window_ends_with_its_period_and_spans_its_own_length)
{
    struct period p = period_of(PERIOD_MONTH, date_of(windows[_i].end));

    check_period(period_window(p, windows[_i].window), windows[_i].start, windows[_i].end);
}
END_TEST

static const struct civil_date no_censuses[1];

/* Of a list from 10 March to 12 June 2025. */
static const struct {
    const char *why;
    enum period_kind kind;
    struct span window;
    bool is_stock, by_events;
    const char *from;
    size_t count;
    const char *first_end, *last_end;
} completes[] = {
    { "a stock at the end of each whole month known",
      PERIOD_MONTH,
      { 0, SPAN_DAYS },
      true,
      false,
      NULL,
      3,
      "2025-03-31",
      "2025-05-31" },
    { "a flow of a snapshot-fed list has its first whole month in April",
      PERIOD_MONTH,
      { 0, SPAN_DAYS },
      false,
      false,
      NULL,
      2,
      "2025-04-30",
      "2025-05-31" },
    { "a rolling flow waits until its whole window is known",
      PERIOD_MONTH,
      { 2, SPAN_MONTHS },
      false,
      false,
      NULL,
      1,
      "2025-05-31",
      "2025-05-31" },
    { "a week that ends after the newest event is not complete",
      PERIOD_WEEK,
      { 0, SPAN_DAYS },
      true,
      true,
      "2025-06-01",
      2,
      "2025-06-01",
      "2025-06-08" },
    { "events are known from their first day on",
      PERIOD_DAY,
      { 0, SPAN_DAYS },
      false,
      true,
      NULL,
      95,
      "2025-03-10",
      "2025-06-12" },
    { "the first census says nothing of its own day's flow",
      PERIOD_DAY,
      { 0, SPAN_DAYS },
      false,
      false,
      NULL,
      94,
      "2025-03-11",
      "2025-06-12" },
    { "a stock of each census",
      PERIOD_CENSUS,
      { 0, SPAN_DAYS },
      true,
      false,
      NULL,
      3,
      "2025-03-10",
      "2025-06-12" },
    { "from a census on",
      PERIOD_CENSUS,
      { 0, SPAN_DAYS },
      true,
      false,
      "2025-05-01",
      1,
      "2025-06-12",
      "2025-06-12" },
    { "a flow has no census", PERIOD_CENSUS, { 0, SPAN_DAYS }, false, false, NULL, 0, NULL, NULL },
};

START_TEST(a_period_is_complete_only_when_the_list_is_known_for_all_of_it)
{
    struct civil_date censuses[] = { date_of("2025-03-10"), date_of("2025-04-14"),
                                     date_of("2025-06-12") };
    struct list_coverage list = { censuses[0], censuses[2], censuses, 3 };
    struct period *found;
    size_t count;
    char text[DATE_TEXT_MAX];

    if (completes[_i].by_events)
        list.censuses = no_censuses, list.census_count = 0;
    ck_assert_int_eq(periods_complete(&list, completes[_i].kind, completes[_i].window,
                                      completes[_i].is_stock,
                                      completes[_i].from ? date_of(completes[_i].from) : DATE_NONE,
                                      &found, &count),
                     0);
    ck_assert_msg(count == completes[_i].count, "%s: %zu", completes[_i].why, count);
    if (count > 0) {
        ck_assert_str_eq(date_format(found[0].end, text), completes[_i].first_end);
        ck_assert_str_eq(date_format(found[count - 1].end, text), completes[_i].last_end);
    }
    free(found);
}
END_TEST

START_TEST(a_list_without_data_has_no_periods)
{
    struct list_coverage list = { DATE_NONE, DATE_NONE, NULL, 0 };
    struct period *found;
    size_t count = 9;

    ck_assert_int_eq(periods_complete(&list, PERIOD_MONTH, (struct span){ 0, SPAN_DAYS }, true,
                                      DATE_NONE, &found, &count),
                     0);
    ck_assert_uint_eq(count, 0);
    ck_assert_ptr_null(found);
}
END_TEST

UNIT_MAIN("period", UNIT_ROWS(a_day_lies_in_its_week_ending_sunday_month_quarter_and_year, periods),
          UNIT_TEST(periods_follow_each_other_without_a_gap),
          UNIT_ROWS(a_rolling_window_ends_with_its_period_and_spans_its_own_length, windows),
          UNIT_ROWS(a_period_is_complete_only_when_the_list_is_known_for_all_of_it, completes),
          UNIT_TEST(a_list_without_data_has_no_periods))
