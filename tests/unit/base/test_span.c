#include "base/span.h"

#include <errno.h>

#include "support/unit.h"

static const struct {
    const char *text;
    int result;
    long count;
    enum span_unit unit;
} span_rows[] = {
    { "45d", 0, 45, SPAN_DAYS },
    { "10wd", 0, 10, SPAN_WORKING_DAYS },
    { "18w", 0, 18, SPAN_WEEKS },
    { "3m", 0, 3, SPAN_MONTHS },
    { "15min", 0, 900, SPAN_SECONDS },
    { "30s", 0, 30, SPAN_SECONDS },
    { "12h", 0, 43200, SPAN_SECONDS },
    { "0d", 0, 0, SPAN_DAYS },
    { "d", -EINVAL, 0, SPAN_DAYS },
    { "", -EINVAL, 0, SPAN_DAYS },
    { "4 d", -EINVAL, 0, SPAN_DAYS },
    { "4days", -EINVAL, 0, SPAN_DAYS },
    { "+4d", -EINVAL, 0, SPAN_DAYS },
    { "4D", -EINVAL, 0, SPAN_DAYS },
    { "99999999999999999999d", -EINVAL, 0, SPAN_DAYS },
    { "1000000000h", -EINVAL, 0, SPAN_DAYS },
};

START_TEST(lengths_of_time_are_read_exactly)
{
    struct span s = { 0, SPAN_DAYS };
    int r = span_parse(span_rows[_i].text, &s);

    ck_assert_msg(r == span_rows[_i].result, "%s: %d", span_rows[_i].text, r);
    ck_assert_int_eq(s.count, span_rows[_i].count);
    ck_assert_int_eq(s.unit, span_rows[_i].unit);
}
END_TEST

UNIT_MAIN("span", UNIT_ROWS(lengths_of_time_are_read_exactly, span_rows))
