#include "parse/pattern.h"

#include <string.h>

#include "support/unit.h"

static const struct {
    const char *why, *pattern, *text;
    bool digits;
    const char *found; /* NULL: no match */
} rows[] = {
    { "what stands at the place", "*waiting {} week*", "Number waiting >1-2 weeks (8-14 days)",
      false, ">1-2" },
    { "case and blanks fold", "*waiting {} week*", "NUMBER  WAITING 0-1  WEEKS", false, "0-1" },
    { "an en dash is a dash", "waiting {} weeks",
      "Waiting >4\xE2\x80\x93"
      "12 weeks",
      false, ">4-12" },
    { "the shortest that fits", "*_v{}.*", "MHSDS Data_v2.trimmed.csv", true, "2" },
    { "digits only", "*_v{}.*", "MHSDS Data_vX.csv", true, NULL },
    { "digits further on", "*_v{}.*", "a_vb_v12.csv", true, "12" },
    { "no place: a glob", "total*", "Total waiting list", false, "" },
    { "no match", "*over {} week*", "Waiting 0-1 weeks", false, NULL },
    { "nothing at the place", "a{}b", "ab", false, NULL },
    { "a place at the end", "v{}", "v3", true, "3" },
};

START_TEST(a_pattern_yields_what_stands_at_its_place)
{
    char out[PATTERN_TEXT_MAX];
    bool hit = pattern_find(rows[_i].pattern, rows[_i].text, rows[_i].digits, out);

    ck_assert_msg(hit == (rows[_i].found != NULL), "%s", rows[_i].why);
    if (hit)
        ck_assert_msg(strcmp(out, rows[_i].found) == 0, "%s: \"%s\"", rows[_i].why, out);
}
END_TEST

START_TEST(the_first_rule_that_matches_gives_the_text)
{
    char over[] = "*waiting over {} week*", give[] = ">{}", any[] = "*waiting {} week*";
    char to[] = " to ", dash[] = "-", total[] = "total*", word[] = "total";
    char *from_list[] = { to }, *to_list[] = { dash };
    struct pattern_rule rules[] = {
        { total, word, NULL, NULL, 0 },
        { over, give, from_list, to_list, 1 },
        { any, NULL, NULL, NULL, 0 },
    };
    char out[PATTERN_TEXT_MAX];

    ck_assert(pattern_apply(rules, 3, "Total waiting list", out));
    ck_assert_str_eq(out, "total");
    ck_assert(pattern_apply(rules, 3, "Number waiting over 52 weeks (over 365 days)", out));
    ck_assert_str_eq(out, ">52");
    ck_assert(pattern_apply(rules, 3, "Number waiting over 52 to 104 weeks", out));
    ck_assert_str_eq(out, ">52-104");
    ck_assert(pattern_apply(rules, 3, "Number waiting >104 weeks", out));
    ck_assert_str_eq(out, ">104");
    ck_assert(!pattern_apply(rules, 3, "Blanks indicate nothing", out));
}
END_TEST

START_TEST(a_long_text_is_looked_at_no_further_than_its_ceiling)
{
    static char text[100000];
    char out[PATTERN_TEXT_MAX];

    memset(text, 'a', sizeof text - 1);
    ck_assert(!pattern_find("*b{}c", text, false, out));
    ck_assert(pattern_find("a{}a", text, false, out));
    ck_assert_uint_lt(strlen(out), PATTERN_TEXT_MAX);
}
END_TEST

START_TEST(a_pattern_has_at_most_one_place)
{
    ck_assert(pattern_is_formed("a{}b"));
    ck_assert(pattern_is_formed("a*"));
    ck_assert(!pattern_is_formed("{}{}"));
    ck_assert(!pattern_is_formed(""));
}
END_TEST

UNIT_MAIN("pattern", UNIT_ROWS(a_pattern_yields_what_stands_at_its_place, rows),
          UNIT_TEST(the_first_rule_that_matches_gives_the_text),
          UNIT_TEST(a_long_text_is_looked_at_no_further_than_its_ceiling),
          UNIT_TEST(a_pattern_has_at_most_one_place))
