#include "parse/value.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/unit.h"

static const struct {
    const char *cell;
    int result;
    double number;
    bool percent;
} numbers[] = {
    { "0", 0, 0, false },
    { " 12 ", 0, 12, false },
    { "-3.5", 0, -3.5, false },
    { "+4", 0, 4, false },
    { "-0", 0, 0, false },
    { ".5", 0, 0.5, false },
    { "5.", 0, 5, false },
    { "1,528", 0, 1528, false },
    { "12,345,678.9", 0, 12345678.9, false },
    { "0.50%", 0, 0.5, true },
    { "47.7 %", 0, 47.7, true },
    { "43.000000000000", 0, 43, false },
    { "1e+05", 0, 100000, false },
    { "\xC2\xA0"
      "7\xC2\xA0",
      0, 7, false }, /* no-break spaces */
    { "", -EINVAL, 0, false },
    { "%", -EINVAL, 0, false },
    { "-", -EINVAL, 0, false },
    { ".", -EINVAL, 0, false },
    { "1,52", -EINVAL, 0, false },
    { "1528,000", -EINVAL, 0, false },
    { ",528", -EINVAL, 0, false },
    { "1,528,", -EINVAL, 0, false },
    { "1.5,000", -EINVAL, 0, false },
    { "inf", -EINVAL, 0, false },
    { "nan", -EINVAL, 0, false },
    { "0x1F", -EINVAL, 0, false },
    { "1e", -EINVAL, 0, false },
    { "1e9999", -EINVAL, 0, false },
    { "1e999", -EINVAL, 0, false },
    { "1 528", -EINVAL, 0, false },
    { "12a", -EINVAL, 0, false },
    { "--1", -EINVAL, 0, false },
    { "1234567890123456789012345678901234567890123456789012345678901234567890", -EINVAL, 0, false },
};

START_TEST(a_number_is_a_plain_decimal_and_nothing_else)
{
    double v = NAN;
    bool percent = false;
    int r = value_number(numbers[_i].cell, &v, &percent);

    ck_assert_msg(r == numbers[_i].result, "\"%s\": %d", numbers[_i].cell, r);
    if (r < 0) {
        ck_assert_msg(isnan(v), "output touched on failure");
        return;
    }
    ck_assert_msg(v == numbers[_i].number && !signbit(v) == !signbit(numbers[_i].number),
                  "\"%s\": %g", numbers[_i].cell, v);
    ck_assert_int_eq(percent, numbers[_i].percent);
}
END_TEST

static const struct {
    const char *why, *cell, *start, *end; /* start NULL: no date */
} dates[] = {
    { "ISO", "2023-04-01", "2023-04-01", "2023-04-01" },
    { "ISO with time and offset", "2023-04-01T00:00:00+01:00", "2023-04-01", "2023-04-01" },
    { "ISO with Z", "2023-04-01T06:10:00.000Z", "2023-04-01", "2023-04-01" },
    { "an evening of summer in UTC", "2024-07-01T23:30:00Z", "2024-07-02", "2024-07-02" },
    { "an hour before it", "2024-07-01T22:59:59.9Z", "2024-07-01", "2024-07-01" },
    { "an evening of winter in UTC", "2024-12-01T23:30:00Z", "2024-12-01", "2024-12-01" },
    { "the last evening before summer time", "2024-03-30T23:30:00Z", "2024-03-30", "2024-03-30" },
    { "the first evening of summer time", "2024-03-31T23:30:00Z", "2024-04-01", "2024-04-01" },
    { "the last evening of summer time", "2024-10-26T23:30Z", "2024-10-27", "2024-10-27" },
    { "the evening after it", "2024-10-27T23:30Z", "2024-10-27", "2024-10-27" },
    { "an evening as it is in London", "2024-07-01T23:30:00+01:00", "2024-07-01", "2024-07-01" },
    { "an offset without a colon", "2024-07-01T00:30:00+0200", "2024-06-30", "2024-06-30" },
    { "an offset to the west", "2024-12-01T20:00:00-05", "2024-12-02", "2024-12-02" },
    { "an evening without an offset", "2024-07-01T23:30:00", "2024-07-01", "2024-07-01" },
    { "the end of a day is the next", "2024-07-01T24:00:00", "2024-07-02", "2024-07-02" },
    { "and of a year, day first", "31/12/2024 24:00", "2025-01-01", "2025-01-01" },
    { "after the end of a day", "2024-07-01T24:01", NULL, NULL },
    { "no such time", "2024-07-01T99:99", NULL, NULL },
    { "no such minute", "2024-07-01T10:60:00Z", NULL, NULL },
    { "no such second", "2024-07-01T10:30:61", NULL, NULL },
    { "no such offset", "2024-07-01T10:30:00+1", NULL, NULL },
    { "two offsets", "2024-07-01T10:30:00ZZ", NULL, NULL },
    { "day first", "01/04/2024", "2024-04-01", "2024-04-01" },
    { "day first, with a time", "01/04/2024 00:00", "2024-04-01", "2024-04-01" },
    { "day first though the other order exists", "03/04/2024", "2024-04-03", "2024-04-03" },
    { "one digit", "1/6/2024", "2024-06-01", "2024-06-01" },
    { "dashes", "01-04-2025", "2025-04-01", "2025-04-01" },
    { "year of two digits", "01/06/24", "2024-06-01", "2024-06-01" },
    { "no separators", "20250630", "2025-06-30", "2025-06-30" },
    { "month in letters", "1 April 2023", "2023-04-01", "2023-04-01" },
    { "short month in letters", "01-Apr-2023", "2023-04-01", "2023-04-01" },
    { "spreadsheet serial", "44835", "2022-10-01", "2022-10-01" },
    { "open end", "31/12/9999", "9999-12-31", "9999-12-31" },
    { "month and year", "Apr-23", "2023-04-01", "2023-04-30" },
    { "long month and year", "February 2024", "2024-02-01", "2024-02-29" },
    { "month as six digits", "202503", "2025-03-01", "2025-03-31" },
    { "month as ISO", "2025-03", "2025-03-01", "2025-03-31" },
    { "a year", "2024", "2024-01-01", "2024-12-31" },
    { "month first is never read", "04/13/2024", NULL, NULL },
    { "month first in letters neither", "April 1, 2023", NULL, NULL },
    { "31 February", "31/02/2025", NULL, NULL },
    { "month 13", "2025-13-01", NULL, NULL },
    { "an academic year is no month", "202425", NULL, NULL },
    { "a small count", "8123", "8123-01-01", "8123-12-31" },
    { "a large count", "144835", NULL, NULL },
    { "a word", "England", NULL, NULL },
    { "blank", "  ", NULL, NULL },
    { "a date and more", "01/04/2024 (revised)", NULL, NULL },
};

START_TEST(a_date_is_read_day_first)
{
    struct date_span s;
    char text[DATE_TEXT_MAX];
    int r = value_date(dates[_i].cell, &s);

    ck_assert_msg((r == 0) == (dates[_i].start != NULL), "%s: %d", dates[_i].why, r);
    if (r < 0)
        return;
    ck_assert_msg(strcmp(date_format(s.start, text), dates[_i].start) == 0, "%s: %s", dates[_i].why,
                  text);
    ck_assert_msg(strcmp(date_format(s.end, text), dates[_i].end) == 0, "%s: %s", dates[_i].why,
                  text);
}
END_TEST

static const struct {
    const char *cell;
    int first_month;
    const char *start, *end;
} years[] = {
    { "2024", 1, "2024-01-01", "2024-12-31" },
    { "202425", 9, "2024-09-01", "2025-08-31" },
    { "2024/25", 4, "2024-04-01", "2025-03-31" },
    { "2023-24", 9, "2023-09-01", "2024-08-31" },
    { "199900", 9, "1999-09-01", "2000-08-31" },
    { "202426", 9, NULL, NULL },
    { "24", 1, NULL, NULL },
    { "2024x", 1, NULL, NULL },
    { "", 1, NULL, NULL },
    { "2024/2025", 9, "2024-09-01", "2025-08-31" },
    { "9999", 4, NULL, NULL }, /* it would end in a year of five digits */
};

START_TEST(a_year_begins_in_the_month_of_its_kind)
{
    struct date_span s;
    char text[DATE_TEXT_MAX];
    int r = value_year_from(years[_i].cell, years[_i].first_month, &s);

    ck_assert_msg((r == 0) == (years[_i].start != NULL), "%s: %d", years[_i].cell, r);
    if (r < 0)
        return;
    ck_assert_str_eq(date_format(s.start, text), years[_i].start);
    ck_assert_str_eq(date_format(s.end, text), years[_i].end);
}
END_TEST

static const struct {
    const char *text, *start;
} banners[] = {
    { "Total waiting list by service, January 2023", "2023-01-01" },
    { "As at May-24 (provisional)", "2024-05-01" },
    { "People may wait 2023 days", NULL },
    { "Total waiting list by service", NULL },
    { "March 2022 to April 2023", "2022-03-01" },
    { "", NULL },
};

START_TEST(a_month_is_found_in_a_banner)
{
    struct date_span s;
    char text[DATE_TEXT_MAX];
    int r = value_find_month(banners[_i].text, &s);

    ck_assert_msg((r == 0) == (banners[_i].start != NULL), "%s: %d", banners[_i].text, r);
    if (r == 0)
        ck_assert_str_eq(date_format(s.start, text), banners[_i].start);
}
END_TEST

static const struct {
    const char *cell, *start, *end;
} months[] = {
    { "April-June 2023", "2023-04-01", "2023-06-30" },
    { "Apr to Jun 2023", "2023-04-01", "2023-06-30" },
    { "Apr\xE2\x80\x93Jun 2023", "2023-04-01", "2023-06-30" }, /* an en dash */
    { "Nov 2023 - Jan 2024", "2023-11-01", "2024-01-31" },
    { "November-January 2024", "2023-11-01", "2024-01-31" },
    { "Q1 2023/24", "2023-04-01", "2023-06-30" },
    { "2023-24 Q4", "2024-01-01", "2024-03-31" },
    { "Quarter 3, 2023/2024", "2023-10-01", "2023-12-31" },
    { "202324 Q2", "2023-07-01", "2023-09-30" },
    { "Q1 199900", "1999-04-01", "1999-06-30" },
    { "Q1 2023", NULL, NULL }, /* of which kind of year? */
    { "Q5 2023/24", NULL, NULL },
    { "Q1 2023/25", NULL, NULL },
    { "April 2023 - June 2024", NULL, NULL },
    { "June 2023 - April 2023", NULL, NULL },
    { "April-June", NULL, NULL },
    { "April-May-June 2023", NULL, NULL },
    { "to 2023", NULL, NULL },
    { "", NULL, NULL },
    { "April 2023 to June 2023 and more", NULL, NULL },
};

START_TEST(a_quarter_is_read_only_when_its_year_is_plain)
{
    struct date_span s;
    char text[DATE_TEXT_MAX];
    int r = value_months(months[_i].cell, &s);

    ck_assert_msg((r == 0) == (months[_i].start != NULL), "%s: %d", months[_i].cell, r);
    if (r < 0)
        return;
    ck_assert_str_eq(date_format(s.start, text), months[_i].start);
    ck_assert_str_eq(date_format(s.end, text), months[_i].end);
}
END_TEST

static const struct {
    const char *text, *start, *end;
} groups[] = {
    { "2024", "2024-01-01", "2024-12-31" },
    { "20243", "2024-01-01", "2024-12-31" }, /* not a spreadsheet's day 20243 */
    { "20243,9", "2024-01-01", "2024-12-31" },
    { "2024 [note 3]", "2024-01-01", "2024-12-31" },
    { " 2024 (provisional)", "2024-01-01", "2024-12-31" },
    { "2024r", "2024-01-01", "2024-12-31" },
    { "March 2024", "2024-03-01", "2024-03-31" },
    { "2024-03-05", "2024-03-05", "2024-03-05" },
    { "202403", "2024-03-01", "2024-03-31" },
    { "202425", NULL, NULL },
    { "2023/24", NULL, NULL },
    { "2024 to date", NULL, NULL },
    { "Region", NULL, NULL },
    { "", NULL, NULL },
};

START_TEST(a_year_over_columns_may_carry_a_mark_of_a_note)
{
    struct date_span s;
    char text[DATE_TEXT_MAX];
    int r = value_group_date(groups[_i].text, &s);

    ck_assert_msg((r == 0) == (groups[_i].start != NULL), "%s: %d", groups[_i].text, r);
    if (r < 0)
        return;
    ck_assert_str_eq(date_format(s.start, text), groups[_i].start);
    ck_assert_str_eq(date_format(s.end, text), groups[_i].end);
}
END_TEST

static const struct {
    const char *text, *without;
} notes[] = {
    { "Appeals registered4", "Appeals registered" },
    { "Total Appealable Decisions1,9", "Total Appealable Decisions" },
    { "England Total4, 9 ", "England Total" },
    { "People waiting (all)2", "People waiting (all)" },
    { "Total [note 12]", "Total" },
    { "E08000027", "E08000027" },
    { "RNA1", "RNA1" },
    { "332", "332" },
    { "Children aged 5", "Children aged 5" },
    { "In 2023,24", "In 2023,24" },
    { "Over 18", "Over 18" },
    { "", "" },
};

START_TEST(a_mark_of_a_note_is_no_part_of_a_name)
{
    char text[64];

    (void)snprintf(text, sizeof text, "%s", notes[_i].text);
    value_drop_notes(text);
    ck_assert_str_eq(text, notes[_i].without);
}
END_TEST

START_TEST(blanks_of_every_kind_are_trimmed_and_made_one)
{
    char out[64];
    size_t len;
    const char *s = value_trim(" \xC2\xA0\t x y \xE2\x80\x83\r", &len);

    ck_assert_uint_eq(len, 3);
    ck_assert(strncmp(s, "x y", 3) == 0);
    ck_assert_str_eq(value_single_space(" (CYP)\xC2\xA0 \n Audiology ", out, sizeof out),
                     "(CYP) Audiology");
    ck_assert(value_is_blank(" \xC2\xA0"));
    ck_assert(!value_is_blank("0"));
    ck_assert_str_eq(value_single_space("abcdef", out, 4), "abc");
}
END_TEST

START_TEST(bytes_that_are_no_utf8_are_replaced_one_by_one)
{
    struct text t = TEXT_INIT;

    ck_assert_int_eq(value_add_utf8(&t,
                                    "a\xA0"
                                    "b\xC3",
                                    4),
                     2);
    ck_assert_str_eq(text_str(&t), "a\xEF\xBF\xBD"
                                   "b\xEF\xBF\xBD");
    ck_assert(text_is_utf8(t.buf, t.len));
    text_release(&t);
}
END_TEST

static const struct {
    const char *why, *text;
    uint64_t version; /* 0: none */
} versions[] = {
    { "a number", "123", 123 },
    { "a day", "2025-07-03", 20250703000000 },
    { "the clock of London", "2025-07-03T06:10", 20250703061000 },
    { "with a blank", "03/07/2025 06:10:59", 20250703061059 },
    { "a fraction is not told apart", "2025-07-03T06:10:59.25", 20250703061059 },
    { "with an offset: as London's clocks showed", "2025-07-03T05:10Z", 20250703061000 },
    { "east of it", "2025-07-03T07:10:30.5+02:00", 20250703061030 },
    { "in winter", "2025-01-03T06:10+0000", 20250103061000 },
    { "the day before", "2025-01-03T00:30+01:00", 20250102233000 },
    { "the day after", "2025-07-03T23:30Z", 20250704003000 },
    { "the last second of summer", "2024-10-27T00:59:59Z", 20241027015959 },
    { "the first second of winter", "2024-10-27T01:00Z", 20241027015960 },
    { "of the first time of the hour", "2024-10-27T01:30+01:00", 20241027013000 },
    { "ten past in its second time", "2024-10-27T01:10+00:00", 20241027016560 },
    { "the same, said on the day before", "2024-10-26T20:10-05:00", 20241027016560 },
    { "its last second", "2024-10-27T01:59:59Z", 20241027019559 },
    { "and the next", "2024-10-27T02:00Z", 20241027020000 },
    { "the hour that March leaves out", "2024-03-31T01:00Z", 20240331020000 },
    { "no time", "2025-07-03T6", 0 },
    { "no day", "2025-02-30T06:10Z", 0 },
};

START_TEST(a_version_is_a_number_or_the_time_that_london_had)
{
    uint64_t version = 0;
    int r = value_version(versions[_i].text, &version);

    ck_assert_msg(r == (versions[_i].version ? 0 : -EINVAL) && version == versions[_i].version,
                  "%s: %d, %lu", versions[_i].why, r, version);
}
END_TEST

START_TEST(versions_with_an_offset_are_in_the_order_of_their_times_through_both_clock_changes)
{
    static const char *const days[] = { "2024-03-30", "2024-03-31", "2024-10-26", "2024-10-27" };
    char text[40];

    for (size_t d = 0; d < sizeof days / sizeof days[0]; d++) {
        uint64_t before = 0, utc, other;

        for (int minute = 0; minute < 1440; minute++) {
            (void)snprintf(text, sizeof text, "%sT%02d:%02d:59Z", days[d], minute / 60,
                           minute % 60);
            ck_assert_int_eq(value_version(text, &utc), 0);
            ck_assert_msg(utc > before, "%s", text);
            before = utc;
            if (minute >= 1380)
                continue;
            (void)snprintf(text, sizeof text, "%sT%02d:%02d:59+01:00", days[d], minute / 60 + 1,
                           minute % 60);
            ck_assert_int_eq(value_version(text, &other), 0);
            ck_assert_msg(other == utc, "%s", text);
        }
    }
}
END_TEST

UNIT_MAIN(
    "value", UNIT_ROWS(a_number_is_a_plain_decimal_and_nothing_else, numbers),
    UNIT_ROWS(a_date_is_read_day_first, dates),
    UNIT_ROWS(a_year_begins_in_the_month_of_its_kind, years),
    UNIT_ROWS(a_month_is_found_in_a_banner, banners),
    UNIT_ROWS(a_quarter_is_read_only_when_its_year_is_plain, months),
    UNIT_ROWS(a_year_over_columns_may_carry_a_mark_of_a_note, groups),
    UNIT_ROWS(a_mark_of_a_note_is_no_part_of_a_name, notes),
    UNIT_TEST(blanks_of_every_kind_are_trimmed_and_made_one),
    UNIT_TEST(bytes_that_are_no_utf8_are_replaced_one_by_one),
    UNIT_ROWS(a_version_is_a_number_or_the_time_that_london_had, versions),
    UNIT_TEST(versions_with_an_offset_are_in_the_order_of_their_times_through_both_clock_changes))
