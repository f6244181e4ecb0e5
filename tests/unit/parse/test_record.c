#include "parse/record.h"

#include <errno.h>

#include "support/unit.h"

START_TEST(every_marker_and_unit_reads_back)
{
    for (int i = MARKER_SUPPRESSED; i <= MARKER_NOT_APPLICABLE; i++) {
        enum marker m = MARKER_NONE;

        ck_assert_int_eq(marker_parse(marker_name((enum marker)i), &m), 0);
        ck_assert_int_eq(m, i);
    }
    for (int i = UNIT_COUNT; i <= UNIT_RATE; i++) {
        enum unit u = UNIT_UNKNOWN;

        ck_assert_int_eq(unit_parse(unit_name((enum unit)i), &u), 0);
        ck_assert_int_eq(u, i);
    }
}
END_TEST

START_TEST(none_has_no_name_and_other_words_are_refused)
{
    enum marker m = MARKER_SUPPRESSED;
    enum unit u = UNIT_DAYS;

    ck_assert_ptr_null(marker_name(MARKER_NONE));
    ck_assert_ptr_null(unit_name(UNIT_UNKNOWN));
    ck_assert_ptr_null(publication_name(PUBLICATION_NONE));
    ck_assert_str_eq(publication_name(PUBLICATION_FINAL), "final");
    ck_assert_str_eq(publication_name(PUBLICATION_PROVISIONAL), "provisional");
    ck_assert_int_eq(marker_parse("missing", &m), -EINVAL);
    ck_assert_int_eq(unit_parse("", &u), -EINVAL);
    ck_assert_int_eq(m, MARKER_SUPPRESSED);
    ck_assert_int_eq(u, UNIT_DAYS);
}
END_TEST

UNIT_MAIN("record", UNIT_TEST(every_marker_and_unit_reads_back),
          UNIT_TEST(none_has_no_name_and_other_words_are_refused))
