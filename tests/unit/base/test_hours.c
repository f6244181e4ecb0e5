#include "base/hours.h"

#include "support/unit.h"

/* 2024-06-07 is a Friday. */
static struct civil_date day(int d)
{
    struct civil_date date;

    ck_assert_int_eq(date_from_ymd(2024, 6, d, &date), 0);
    return date;
}

static struct hours of(const char *text)
{
    struct hours h = { 0 };

    ck_assert_int_eq(hours_parse(text, &h), 0);
    ck_assert(h.is_set);
    return h;
}

static const char *const refused[] = {
    "",
    "08:00",
    "08:00-8:00",
    "8:00-18:00",
    "18:00-08:00",
    "08:00-08:00",
    "08:00 18:00",
    "08:60-18:00",
    "08:00-24:01",
    "08:00-18:00 ",
    "always",
    "0800--18000",
};

START_TEST(what_is_no_span_of_a_day_is_refused)
{
    struct hours h;

    ck_assert_int_lt(hours_parse(refused[_i], &h), 0);
}
END_TEST

START_TEST(they_begin_with_their_first_minute_and_are_over_with_their_last_on_working_days_alone)
{
    static const struct {
        int day, minute;
        bool allowed;
    } rows[] = {
        { 7, 8 * 60 - 1, false }, { 7, 8 * 60, true },   { 7, 18 * 60 - 1, true },
        { 7, 18 * 60, false },    { 8, 12 * 60, false }, { 9, 12 * 60, false },
        { 10, 12 * 60, true },    { 7, 0, false },
    };
    const struct hours h = of(HOURS_OF_LEADS), all = of("all"), whole = of("00:00-24:00");

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct moment now = { day(rows[i].day), rows[i].minute };

        ck_assert_msg(hours_allow(&h, now, NULL) == rows[i].allowed, "row %zu", i);
        ck_assert(hours_allow(&all, now, NULL));
    }
    ck_assert(hours_allow(&whole, (struct moment){ day(7), 24 * 60 - 1 }, NULL));
}
END_TEST

START_TEST(they_begin_next_on_the_next_working_day_over_weekends_and_holidays)
{
    static const struct {
        int day, minute, begins;
        bool is_holiday; /* the Monday */
    } rows[] = {
        { 7, 0, 7, false },        { 7, 18 * 60, 10, false }, { 8, 9 * 60, 10, false },
        { 9, 23 * 60, 10, false }, { 7, 18 * 60, 11, true },  { 10, 12 * 60, 11, true },
        { 6, 20 * 60, 7, false },
    };
    const struct hours h = of(HOURS_OF_LEADS), all = of("all");
    struct civil_date monday = day(10);
    const struct workdays bank_holiday = { &monday, 1, day(30) };
    struct moment at;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct moment now = { day(rows[i].day), rows[i].minute };

        ck_assert(hours_begin(&h, now, rows[i].is_holiday ? &bank_holiday : NULL, &at));
        ck_assert_msg(date_compare(at.date, day(rows[i].begins)) == 0 && at.minute == 8 * 60,
                      "row %zu", i);
    }
    ck_assert(!hours_begin(&all, (struct moment){ day(7), 0 }, NULL, &at));
}
END_TEST

START_TEST(the_hours_that_ended_last_are_those_of_the_working_day_before)
{
    static const struct {
        int day, minute, ended;
    } rows[] = {
        { 10, 7 * 60, 7 }, { 10, 12 * 60, 7 }, { 10, 18 * 60, 10 },
        { 9, 20 * 60, 7 }, { 7, 9 * 60, 6 },
    };
    const struct hours h = of(HOURS_OF_LEADS), all = of("all");
    struct moment at;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert(hours_ended(&h, (struct moment){ day(rows[i].day), rows[i].minute }, NULL, &at));
        ck_assert_msg(date_compare(at.date, day(rows[i].ended)) == 0 && at.minute == 18 * 60,
                      "row %zu", i);
    }
    ck_assert(!hours_ended(&all, (struct moment){ day(7), 0 }, NULL, &at));
}
END_TEST

UNIT_MAIN(
    "hours", UNIT_ROWS(what_is_no_span_of_a_day_is_refused, refused),
    UNIT_TEST(
        they_begin_with_their_first_minute_and_are_over_with_their_last_on_working_days_alone),
    UNIT_TEST(they_begin_next_on_the_next_working_day_over_weekends_and_holidays),
    UNIT_TEST(the_hours_that_ended_last_are_those_of_the_working_day_before))
