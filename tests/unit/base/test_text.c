#include "base/text.h"

#include <errno.h>
#include <string.h>

#include "support/unit.h"

static const struct {
    double value;
    const char *text;
} number_rows[] = {
    { 20, "20" },
    { 43.5, "43.5" },
    { 0.1, "0.1" },
    { -0.0, "0" },
    { 24.9710514126911, "24.9710514126911" },
    { 1e9, "1000000000" },
    { 910534, "910534" },
    { 1.0 / 3, "0.3333333333333333" },
    { 123456789012.0, "123456789012" },
    { 0, "0" },
    { -7, "-7" },
    { 999999999999999.0, "999999999999999" },
    { -999999999999999.0, "-999999999999999" },
    { 1e15, "1e+15" },
};

START_TEST(a_number_prints_as_the_shortest_text_that_reads_back)
{
    char out[32];

    ck_assert_str_eq(text_number(number_rows[_i].value, out), number_rows[_i].text);
    ck_assert(strtod(out, NULL) == number_rows[_i].value);
}
END_TEST

static const struct {
    const char *a, *b;
    bool same;
} same_rows[] = {
    { "Black Country", "BLACK  COUNTRY ", true },
    { " a b", "a b", true },
    { "ab", "a b", false },
    { "", "  ", true },
    { "a", "ab", false },
    { "a b", "a bc", false },
    { "x\ty", "X y", true },
};

START_TEST(names_are_compared_with_case_and_blanks_folded)
{
    ck_assert_msg(text_same(same_rows[_i].a, same_rows[_i].b) == same_rows[_i].same, "%s|%s",
                  same_rows[_i].a, same_rows[_i].b);
    char *a = text_folded(same_rows[_i].a), *b = text_folded(same_rows[_i].b);

    ck_assert_int_eq(strcmp(a, b) == 0, same_rows[_i].same);
    free(a);
    free(b);
}
END_TEST

static const struct {
    const char *pattern, *text;
    bool like;
} like_rows[] = {
    { "(A) *", "(A) Audiology", true },
    { "*QF", "TotalQF", true },
    { "*QF", "TotalQFs", false },
    { "", "", true },
    { "*", "", true },
    { "a?c", "ABC", true },
    { "a*b*c", "aXXbYYc", true },
    { "a*b*c", "aXXbYY", false },
};

START_TEST(a_pattern_matches_as_a_glob_without_case)
{
    ck_assert_msg(text_like(like_rows[_i].pattern, like_rows[_i].text) == like_rows[_i].like,
                  "%s %s", like_rows[_i].pattern, like_rows[_i].text);
}
END_TEST

static const struct {
    const char *bytes;
    bool valid;
} utf8_rows[] = {
    { "plain", true },
    { "\xc3\xa9", true },
    { "\xe2\x82\xac", true },
    { "\xf0\x9f\x98\x80", true },
    { "\xa0", false },
    { "\xc0\xaf", false },
    { "\xed\xa0\x80", false },
    { "\xe2\x82", false },
    { "\xf4\x90\x80\x80", false },
    { "a\xffz", false },
};

START_TEST(utf8_is_told_from_other_bytes)
{
    ck_assert_int_eq(text_is_utf8(utf8_rows[_i].bytes, strlen(utf8_rows[_i].bytes)),
                     utf8_rows[_i].valid);
}
END_TEST

START_TEST(past_its_ceiling_a_text_stays_as_it_was_and_says_so)
{
    struct text t = TEXT_INIT;

    t.max = 8;
    ck_assert_int_eq(text_puts(&t, "12345678"), 0);
    ck_assert_int_eq(text_putc(&t, '9'), -EFBIG);
    ck_assert(!text_ok(&t));
    ck_assert_ptr_null(text_take(&t));
    text_release(&t);
}
END_TEST

UNIT_MAIN("text", UNIT_ROWS(a_number_prints_as_the_shortest_text_that_reads_back, number_rows),
          UNIT_ROWS(names_are_compared_with_case_and_blanks_folded, same_rows),
          UNIT_ROWS(a_pattern_matches_as_a_glob_without_case, like_rows),
          UNIT_ROWS(utf8_is_told_from_other_bytes, utf8_rows),
          UNIT_TEST(past_its_ceiling_a_text_stays_as_it_was_and_says_so))
