#include "base/json_text.h"

#include <stdlib.h>
#include <string.h>

#include "support/failing.h"
#include "support/unit.h"

static const struct {
    const char *text;
    size_t flags;
} rows[] = {
    { "{}", JSON_COMPACT },
    { "[]", JSON_COMPACT },
    { "[{},[],null,true,false]", JSON_COMPACT },
    { "{\"z\":1,\"a\":{\"b\":[1,2,[3]]},\"m\":\"\"}", JSON_COMPACT },
    { "[0,-1,9223372036854775807,-9223372036854775808]", JSON_COMPACT },
    { "[0.1,1e300,-2.5,1.0,0.30000000000000004]", JSON_COMPACT },
    { "[0.1,1e300,-2.5,1.0,0.30000000000000004]", JSON_COMPACT | JSON_REAL_PRECISION(15) },
    { "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f \"]", JSON_COMPACT },
    { "[\"\\n\", \"a\\n\", \"\\nb\", \"a\\nb\", \"\\n\\n\"]", JSON_COMPACT },
    { "[\"caf\\u00e9 \\u2013 \\ud83d\\ude00\"]", JSON_COMPACT },
    { "{\"a \\\"key\\\"\\n\":{\"caf\\u00e9\":1}}", JSON_COMPACT },
    { "[\"caf\\u00e9\"]", JSON_COMPACT | JSON_ENSURE_ASCII },
    { "{\"b\":1,\"a\":2}", JSON_COMPACT | JSON_SORT_KEYS },
    { "{\"b\":1,\"a\":[2]}", 0 },
    { "{\"b\":1,\"a\":[2]}", JSON_INDENT(2) },
};

START_TEST(a_text_is_the_one_that_the_library_prints)
{
    json_t *value = json_loads(rows[_i].text, 0, NULL);

    ck_assert_msg(value, "%s", rows[_i].text);
    char *wanted = json_dumps(value, rows[_i].flags), *text = json_text(value, rows[_i].flags);

    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, wanted);
    free(text);
    free(wanted);
    json_decref(value);
}
END_TEST

START_TEST(what_is_no_object_and_no_array_has_no_text)
{
    json_t *word = json_string("word");

    ck_assert_ptr_null(json_text(NULL, JSON_COMPACT));
    ck_assert_ptr_null(json_text(word, JSON_COMPACT));
    json_decref(word);
}
END_TEST

START_TEST(a_text_with_a_zero_byte_keeps_it)
{
    json_t *list = json_array();
    char *text;

    ck_assert_int_eq(json_array_append_new(list, json_stringn("a\0b", 3)), 0);
    text = json_text(list, JSON_COMPACT);
    ck_assert_str_eq(text, "[\"a\\u0000b\"]");
    free(text);
    json_decref(list);
}
END_TEST

START_TEST(without_memory_there_is_no_text_and_with_it_there_is_again)
{
    json_t *list = json_array();
    char *text = NULL;
    long n = 0;

    for (int i = 0; i < 99; i++)
        ck_assert_int_eq(json_array_append_new(list, json_pack("{s:f, s:s}", "a", 0.5, "b", "c\n")),
                         0);
    for (bool failed = true; failed && n < 999; n++) {
        failing_begin(FAILING_ALLOCATIONS, n + 1, 1, ENOMEM);
        text = json_text(list, JSON_COMPACT);
        failed = failing_end() == 1;
        ck_assert_msg(!text == failed, "allocation %ld", n + 1);
    }
    ck_assert_uint_eq(strlen(text), 2 + 99 * strlen("{\"a\":0.5,\"b\":\"c\\n\"}") + 98);
    free(text);
    json_decref(list);
}
END_TEST

UNIT_MAIN("json_text", UNIT_ROWS(a_text_is_the_one_that_the_library_prints, rows),
          UNIT_TEST(what_is_no_object_and_no_array_has_no_text),
          UNIT_TEST(a_text_with_a_zero_byte_keeps_it),
          UNIT_TEST(without_memory_there_is_no_text_and_with_it_there_is_again))
