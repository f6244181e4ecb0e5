#include "metric/feed_due.h"

#include <string.h>

#include "support/date_of.h"
#include "support/unit.h"

static const struct {
    const char *why;
    enum due_cadence cadence;
    const char *newest, *reference;
    int grace;
    bool working;
    const char *awaited, *due;
} period_rows[] = {
    { "the month after May", DUE_MONTHLY, "2024-05-31", NULL, 45, false, "2024-06-30",
      "2024-08-14" },
    { "February of a leap year", DUE_MONTHLY, "2024-01-31", NULL, 0, false, "2024-02-29",
      "2024-02-29" },
    { "over the end of a year", DUE_MONTHLY, "2024-12-31", NULL, 1, false, "2025-01-31",
      "2025-02-01" },
    { "a newest period that ends in mid-month", DUE_MONTHLY, "2024-05-15", NULL, 0, false,
      "2024-05-31", "2024-05-31" },
    { "before any file, from mid-month", DUE_MONTHLY, NULL, "2024-05-15", 0, false, "2024-05-31",
      "2024-05-31" },
    { "before any file, a period that ends on the day itself does not end after it", DUE_MONTHLY,
      NULL, "2024-05-31", 0, false, "2024-06-30", "2024-06-30" },
    { "with a file, the reference no longer counts", DUE_MONTHLY, "2024-05-31", "2030-01-01", 0,
      false, "2024-06-30", "2024-06-30" },
    { "neither file nor reference", DUE_MONTHLY, NULL, NULL, 9, false, NULL, NULL },
    { "the next day", DUE_DAILY, "2024-02-28", NULL, 2, false, "2024-02-29", "2024-03-02" },
    { "from a Sunday to the next", DUE_WEEKLY, "2024-06-02", NULL, 0, false, "2024-06-09",
      "2024-06-09" },
    { "a census of a Friday is that of its week", DUE_WEEKLY, "2024-06-07", NULL, 0, false,
      "2024-06-16", "2024-06-16" },
    { "a Thursday as well", DUE_WEEKLY, "2024-06-06", NULL, 0, false, "2024-06-16", "2024-06-16" },
    { "a Wednesday is of the week before", DUE_WEEKLY, "2024-06-05", NULL, 0, false, "2024-06-09",
      "2024-06-09" },
    { "a Monday is of the week before", DUE_WEEKLY, "2024-06-03", NULL, 0, false, "2024-06-09",
      "2024-06-09" },
    { "from a Monday to its Sunday", DUE_WEEKLY, NULL, "2024-06-03", 0, false, "2024-06-09",
      "2024-06-09" },
    { "from a Saturday to the day after", DUE_WEEKLY, NULL, "2024-06-08", 0, false, "2024-06-09",
      "2024-06-09" },
    { "the quarter after March", DUE_QUARTERLY, "2024-03-31", NULL, 0, false, "2024-06-30",
      "2024-06-30" },
    { "the quarter that December ends", DUE_QUARTERLY, "2024-09-30", NULL, 0, false, "2024-12-31",
      "2024-12-31" },
    { "the quarter over the end of a year", DUE_QUARTERLY, "2024-12-31", NULL, 0, false,
      "2025-03-31", "2025-03-31" },
    { "a reference in the first month of a quarter", DUE_QUARTERLY, NULL, "2024-07-31", 0, false,
      "2024-09-30", "2024-09-30" },
    { "a reference in the last month of a quarter", DUE_QUARTERLY, NULL, "2024-09-29", 0, false,
      "2024-09-30", "2024-09-30" },
    { "the year after 2023", DUE_YEARLY, "2023-12-31", NULL, 180, false, "2024-12-31",
      "2025-06-29" },
    { "a reference on the last day of a year", DUE_YEARLY, NULL, "2024-12-31", 0, false,
      "2025-12-31", "2025-12-31" },
    { "a reference on New Year's Day", DUE_YEARLY, NULL, "2024-01-01", 0, false, "2024-12-31",
      "2024-12-31" },
    { "ten working days from a Sunday", DUE_MONTHLY, "2024-05-31", NULL, 10, true, "2024-06-30",
      "2024-07-12" },
    { "ten working days from a Wednesday cross two weekends", DUE_MONTHLY, "2024-06-30", NULL, 10,
      true, "2024-07-31", "2024-08-14" },
    { "no working days leave a Sunday a Sunday", DUE_MONTHLY, "2024-05-31", NULL, 0, true,
      "2024-06-30", "2024-06-30" },
};

START_TEST(the_period_after_the_newest_is_awaited_and_due_after_its_grace)
{
    struct feed_schedule s = { .cadence = period_rows[_i].cadence,
                               .grace_days = period_rows[_i].grace,
                               .grace_is_working_days = period_rows[_i].working };
    struct feed_due d = feed_due(&s, date_of(period_rows[_i].newest),
                                 date_of(period_rows[_i].reference), date_of("2024-01-01"));
    char text[DATE_TEXT_MAX];

    ck_assert_msg(d.awaited.day == date_of(period_rows[_i].awaited).day, "%s: awaited %s",
                  period_rows[_i].why, date_format(d.awaited, text));
    ck_assert_msg(d.due.day == date_of(period_rows[_i].due).day, "%s: due %s", period_rows[_i].why,
                  date_format(d.due, text));
}
END_TEST

static const struct {
    const char *why, *reference, *received;
    int grace;
    bool working;
    const char *awaited, *due;
} list_rows[] = {
    { "the first after the newest receipt", NULL, "2024-06-20", 2, true, "2024-07-11",
      "2024-07-15" },
    { "a file on the day is that publication", NULL, "2024-06-13", 0, false, "2024-07-11",
      "2024-07-11" },
    { "before any file, the first after the reference", "2024-06-01", NULL, 1, false, "2024-06-13",
      "2024-06-14" },
    { "before any file, the day of reference counts", "2024-06-13", NULL, 0, false, "2024-06-13",
      "2024-06-13" },
    { "after the last date nothing more is due", NULL, "2024-08-08", 5, false, NULL, NULL },
    { "the receipt counts, not the reference", "2024-08-01", "2024-06-01", 0, false, "2024-06-13",
      "2024-06-13" },
    { "neither receipt nor reference", NULL, NULL, 0, false, NULL, NULL },
};

START_TEST(with_a_list_of_dates_the_next_publication_is_awaited)
{
    const struct civil_date dates[] = { date_of("2024-06-13"), date_of("2024-07-11"),
                                        date_of("2024-08-08") };
    struct feed_schedule s = { .cadence = DUE_DATES,
                               .dates = dates,
                               .date_count = 3,
                               .grace_days = list_rows[_i].grace,
                               .grace_is_working_days = list_rows[_i].working };
    struct feed_due d = feed_due(&s, date_of("2024-05-31"), date_of(list_rows[_i].reference),
                                 date_of(list_rows[_i].received));
    char text[DATE_TEXT_MAX];

    ck_assert_msg(d.awaited.day == date_of(list_rows[_i].awaited).day, "%s: awaited %s",
                  list_rows[_i].why, date_format(d.awaited, text));
    ck_assert_msg(d.due.day == date_of(list_rows[_i].due).day, "%s: due %s", list_rows[_i].why,
                  date_format(d.due, text));
}
END_TEST

START_TEST(a_grace_in_working_days_steps_over_bank_holidays)
{
    struct civil_date good_friday = date_of("2026-04-03");
    const struct workdays easter = { &good_friday, 1, date_of("2026-12-31") };
    struct feed_schedule s = {
        .cadence = DUE_MONTHLY, .grace_days = 3, .grace_is_working_days = true, .workdays = &easter
    };
    struct feed_due d = feed_due(&s, date_of("2026-02-28"), DATE_NONE, DATE_NONE);

    ck_assert_int_eq(d.due.day, date_of("2026-04-06").day); /* 1 and 2 April, Friday is none */
    s.grace_is_working_days = false;
    d = feed_due(&s, date_of("2026-02-28"), DATE_NONE, DATE_NONE);
    ck_assert_int_eq(d.due.day, date_of("2026-04-03").day);
}
END_TEST

START_TEST(an_empty_list_of_dates_awaits_nothing)
{
    struct feed_schedule s = { .cadence = DUE_DATES };
    struct feed_due d = feed_due(&s, DATE_NONE, date_of("2024-01-01"), DATE_NONE);

    ck_assert(!date_is_set(d.awaited) && !date_is_set(d.due));
}
END_TEST

START_TEST(a_day_is_of_the_period_that_holds_it_or_of_the_sunday_next_to_it)
{
    static const struct {
        enum due_cadence cadence;
        const char *day, *end;
    } days[] = {
        { DUE_DATES, "2024-06-05", "2024-06-05" },     { DUE_DAILY, "2024-06-05", "2024-06-05" },
        { DUE_WEEKLY, "2024-06-05", "2024-06-02" },    { DUE_WEEKLY, "2024-06-06", "2024-06-09" },
        { DUE_WEEKLY, "2024-06-09", "2024-06-09" },    { DUE_WEEKLY, "2024-06-10", "2024-06-09" },
        { DUE_MONTHLY, "2024-06-28", "2024-06-30" },   { DUE_MONTHLY, "2024-06-30", "2024-06-30" },
        { DUE_QUARTERLY, "2024-04-01", "2024-06-30" }, { DUE_YEARLY, "2024-12-31", "2024-12-31" },
    };

    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        ck_assert_int_eq(feed_period_end(&(struct feed_schedule){ .cadence = days[i].cadence },
                                         date_of(days[i].day))
                             .day,
                         date_of(days[i].end).day);
}
END_TEST

START_TEST(a_day_is_of_the_publication_that_follows_it)
{
    const struct civil_date dates[] = { date_of("2024-06-12"), date_of("2024-06-19"),
                                        date_of("2024-07-03") };
    const struct feed_schedule three = { .cadence = DUE_DATES, .dates = dates, .date_count = 3 },
                               one = { .cadence = DUE_DATES, .dates = dates, .date_count = 1 };
    static const struct {
        const char *day, *end, *end_of_one;
    } days[] = {
        { "2024-06-05", "2024-06-05", "2024-06-05" }, { "2024-06-06", "2024-06-12", "2024-06-06" },
        { "2024-06-12", "2024-06-12", "2024-06-12" }, { "2024-06-13", "2024-06-19", "2024-06-13" },
        { "2024-06-20", "2024-07-03", "2024-06-20" }, { "2024-07-04", "2024-07-04", "2024-07-04" },
    };

    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        ck_assert_int_eq(feed_period_end(&three, date_of(days[i].day)).day,
                         date_of(days[i].end).day);
        ck_assert_int_eq(feed_period_end(&one, date_of(days[i].day)).day,
                         date_of(days[i].end_of_one).day);
    }
}
END_TEST

static const struct {
    enum due_cadence cadence;
    int longest;
} cadence_rows[] = { { DUE_DAILY, 1 },
                     { DUE_WEEKLY, 10 },
                     { DUE_MONTHLY, 31 },
                     { DUE_QUARTERLY, 92 },
                     { DUE_YEARLY, 366 } };

START_TEST(every_day_of_30_years_awaits_an_end_after_it_that_awaits_the_next)
{
    struct feed_schedule s = { .cadence = cadence_rows[_i].cadence };

    for (struct civil_date d = date_of("2000-01-01"), end = date_of("2030-01-01");
         date_compare(d, end) < 0; d = date_add_days(d, 1)) {
        struct feed_due first = feed_due(&s, d, DATE_NONE, DATE_NONE);
        struct feed_due before =
            feed_due(&s, DATE_NONE, date_add_days(first.awaited, -1), DATE_NONE);

        ck_assert_int_gt(first.awaited.day, d.day);
        ck_assert_int_le(first.awaited.day - d.day, cadence_rows[_i].longest);
        ck_assert_int_eq(before.awaited.day, first.awaited.day); /* no period end lies between */
    }
}
END_TEST

static const char *const two_dates[] = { "2025-05-08", "2025-06-12" };

static const struct {
    const char *why;
    enum due_cadence cadence;
    const char *data, *received, *today;
    int silent;
} silent_rows[] = {
    { "the day of the data", DUE_WEEKLY, "2025-03-02", NULL, "2025-03-02", 0 },
    { "the next census is of today", DUE_WEEKLY, "2025-03-02", NULL, "2025-03-09", 0 },
    { "one week is over", DUE_WEEKLY, "2025-03-02", NULL, "2025-03-10", 1 },
    { "the second is not", DUE_WEEKLY, "2025-03-02", NULL, "2025-03-16", 1 },
    { "the second is", DUE_WEEKLY, "2025-03-02", NULL, "2025-03-17", 2 },
    { "days", DUE_DAILY, "2025-03-29", NULL, "2025-04-01", 2 },
    { "the end of a month to the end of the next", DUE_MONTHLY, "2025-02-28", NULL, "2025-03-31",
      0 },
    { "and after it", DUE_MONTHLY, "2025-02-28", NULL, "2025-04-01", 1 },
    { "two months", DUE_MONTHLY, "2025-02-28", NULL, "2025-05-01", 2 },
    { "from the middle of a month", DUE_MONTHLY, "2025-01-15", NULL, "2025-03-16", 2 },
    { "quarters", DUE_QUARTERLY, "2024-12-31", NULL, "2025-07-01", 2 },
    { "years", DUE_YEARLY, "2023-12-31", NULL, "2025-12-31", 1 },
    { "no more than can be told apart", DUE_DAILY, "2020-01-01", NULL, "2025-01-01",
      SILENT_CADENCES_COUNTED },
    { "the day of a publication", DUE_DATES, "2025-03-31", "2025-04-10", "2025-05-08", 0 },
    { "one that passed", DUE_DATES, "2025-03-31", "2025-04-10", "2025-05-09", 1 },
    { "two that passed", DUE_DATES, "2025-03-31", "2025-04-10", "2025-06-13", 2 },
    { "one was received", DUE_DATES, "2025-03-31", "2025-05-08", "2025-06-13", 1 },
};

START_TEST(cadences_without_data_are_counted_from_the_data)
{
    struct civil_date dates[2] = { date_of(two_dates[0]), date_of(two_dates[1]) };
    struct feed_schedule s = { .cadence = silent_rows[_i].cadence,
                               .dates = dates,
                               .date_count = 2 };
    int silent =
        feed_silent_cadences(&s, date_of(silent_rows[_i].data), date_of(silent_rows[_i].received),
                             date_of(silent_rows[_i].today));

    ck_assert_msg(silent == silent_rows[_i].silent, "%s: %d", silent_rows[_i].why, silent);
}
END_TEST

UNIT_MAIN("feed_due",
          UNIT_ROWS(the_period_after_the_newest_is_awaited_and_due_after_its_grace, period_rows),
          UNIT_ROWS(with_a_list_of_dates_the_next_publication_is_awaited, list_rows),
          UNIT_TEST(a_grace_in_working_days_steps_over_bank_holidays),
          UNIT_TEST(an_empty_list_of_dates_awaits_nothing),
          UNIT_TEST(a_day_is_of_the_period_that_holds_it_or_of_the_sunday_next_to_it),
          UNIT_TEST(a_day_is_of_the_publication_that_follows_it),
          UNIT_ROWS(every_day_of_30_years_awaits_an_end_after_it_that_awaits_the_next,
                    cadence_rows),
          UNIT_ROWS(cadences_without_data_are_counted_from_the_data, silent_rows))
