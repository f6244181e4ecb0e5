#include "base/date.h"

#include <errno.h>
#include <string.h>

#include "support/date_of.h"
#include "support/unit.h"

static const struct {
    const char *text;
    int result, day;
} iso_rows[] = {
    { "1970-01-01", 0, 0 },       { "2025-03-31", 0, 20178 },   { "2000-02-29", 0, 11016 },
    { "1900-02-29", -EINVAL, 0 }, { "2025-02-31", -EINVAL, 0 }, { "2025-13-01", -EINVAL, 0 },
    { "2025-3-31", -EINVAL, 0 },  { "2025/03/31", -EINVAL, 0 }, { "0000-01-01", -EINVAL, 0 },
    { "9999-12-31", 0, 2932896 }, { "2025-03-3x", -EINVAL, 0 },
};

START_TEST(iso_dates_are_read_exactly)
{
    struct civil_date d = DATE_NONE;
    int r = date_parse_iso(iso_rows[_i].text, strlen(iso_rows[_i].text), &d);

    ck_assert_msg(r == iso_rows[_i].result, "%s: %d", iso_rows[_i].text, r);
    if (r == 0)
        ck_assert_int_eq(d.day, iso_rows[_i].day);
}
END_TEST

START_TEST(every_day_of_400_years_prints_and_reads_back)
{
    struct civil_date d = date_of("1800-01-01"), end = date_of("2200-01-01");
    char text[DATE_TEXT_MAX];

    for (; date_compare(d, end) < 0; d = date_add_days(d, 1))
        ck_assert_int_eq(date_of(date_format(d, text)).day, d.day);
}
END_TEST

static const struct {
    const char *from;
    int months;
    const char *to;
} month_rows[] = {
    { "2024-01-31", 1, "2024-02-29" },   { "2025-01-31", 1, "2025-02-28" },
    { "2024-12-31", 1, "2025-01-31" },   { "2024-03-31", -1, "2024-02-29" },
    { "2024-01-15", -13, "2022-12-15" },
};

START_TEST(a_month_later_is_the_same_day_or_the_months_last)
{
    struct civil_date d = date_add_months(date_of(month_rows[_i].from), month_rows[_i].months);

    ck_assert_int_eq(d.day, date_of(month_rows[_i].to).day);
}
END_TEST

START_TEST(months_are_known_by_their_names)
{
    ck_assert_int_eq(date_month_of_name("sept", 4), 9);
    ck_assert_int_eq(date_month_of_name("January", 7), 1);
    ck_assert_int_eq(date_month_of_name("FEB", 3), 2);
    ck_assert_int_eq(date_month_of_name("Janu", 4), 0);
}
END_TEST

UNIT_MAIN("date", UNIT_ROWS(iso_dates_are_read_exactly, iso_rows),
          UNIT_TEST(every_day_of_400_years_prints_and_reads_back),
          UNIT_ROWS(a_month_later_is_the_same_day_or_the_months_last, month_rows),
          UNIT_TEST(months_are_known_by_their_names))
