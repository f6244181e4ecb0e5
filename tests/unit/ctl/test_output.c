#include "ctl/output.h"

#include <string.h>

#include "ctl/show.h"
#include "support/unit.h"

static json_t *json_of(const char *text)
{
    json_error_t error;
    json_t *v = json_loads(text, JSON_DECODE_ANY, &error);

    ck_assert_msg(v != NULL, "%s: %s", text, error.text);
    return v;
}

static const struct {
    const char *in, *out;
} json_rows[] = {
    { "null", "null" },
    { "[1, 2.5, 20.0, 0.1, 24.9710514126911]", "[1, 2.5, 20, 0.1, 24.9710514126911]" },
    { "{\"b\": true, \"a\": [], \"c\": {}}", "{\"b\": true, \"a\": [], \"c\": {}}" },
    { "[\"q\\\"\\\\ \\n\\t\\u001b\\u007f\\u009b\\u00e9\"]",
      "[\"q\\\"\\\\ \\n\\t\\u001b\\u007f\\u009b\xc3\xa9\"]" },
};

START_TEST(json_prints_short_numbers_and_no_control_character)
{
    struct text out = TEXT_INIT;
    json_t *v = json_of(json_rows[_i].in);

    ck_assert_int_eq(output_json(&out, v, false), 0);
    ck_assert_str_eq(text_str(&out), json_rows[_i].out);
    json_t *again = json_of(text_str(&out));

    /* 20.0 and 20 are two types to jansson, so the second round decides. */
    struct text second = TEXT_INIT;

    output_json(&second, again, false);
    ck_assert_str_eq(text_str(&second), text_str(&out));
    text_release(&out);
    text_release(&second);
    json_decref(v);
    json_decref(again);
}
END_TEST

START_TEST(a_table_shows_a_number_to_two_decimals_and_never_0_for_what_is_not_0)
{
    static const struct {
        double value;
        const char *shown;
    } rows[] = {
        { 4000.0 / 140, "28.57" }, { 46.6, "46.6" }, { -0.125, "-0.13" }, { 60, "60" }, { 0, "0" },
        { 0.001, "0.001" }
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text t = TEXT_INIT;
        json_t *value = json_real(rows[i].value);

        ck_assert_int_eq(output_cell(&t, value), 0);
        ck_assert_str_eq(text_str(&t), rows[i].shown);
        json_decref(value);
        text_release(&t);
    }
}
END_TEST

START_TEST(deep_json_ends_at_the_bound)
{
    struct text out = TEXT_INIT;
    json_t *v = json_array();

    for (int i = 0; i < 1000; i++)
        v = json_pack("[o]", v);
    ck_assert_int_eq(output_json(&out, v, true), 0);
    ck_assert_ptr_nonnull(strstr(text_str(&out), "null"));
    ck_assert_uint_lt(out.len, 8192);
    text_release(&out);
    json_decref(v);
}
END_TEST

START_TEST(ndjson_is_one_object_a_line)
{
    struct text out = TEXT_INIT;
    json_t *v = json_of("[{\"a\": 1}, {\"a\": \"x\\ny\"}]");

    ck_assert_int_eq(output_ndjson(&out, v), 0);
    ck_assert_str_eq(text_str(&out), "{\"a\": 1}\n{\"a\": \"x\\ny\"}\n");
    text_release(&out);
    json_decref(v);
}
END_TEST

static const struct {
    const char *why, *in, *out;
} csv_rows[] = {
    { "keys in order of first appearance", "[{\"b\":1,\"a\":null},{\"c\":true}]",
      "b,a,c\n1,,\n,,true\n" },
    { "an object is one row", "{\"a\":1.5,\"b\":[1,{\"x\":2}]}",
      "a,b\n1.5,\"[1, {\"\"x\"\": 2}]\"\n" },
    { "no rows", "[]", "" },
    { "commas, quotes and line ends are quoted", "[{\"a\":\"x,\\\"y\\\"\\nz\"}]",
      "a\n\"x,\"\"y\"\"\nz\"\n" },
    { "formulas get an apostrophe",
      "[{\"a\":\"=1+1\",\"b\":\"+44\",\"c\":\"-x\",\"d\":\"@SUM(A1)\",\"e\":\"\\tx\",\"f\":"
      "\"\\rx\"}]",
      "a,b,c,d,e,f\n'=1+1,'+44,'-x,'@SUM(A1),'\tx,\"'\rx\"\n" },
    { "negative numbers do not", "[{\"a\":-5,\"b\":\"-5.25\",\"c\":-1e30}]",
      "a,b,c\n-5,-5.25,-1e+30\n" },
    { "what only begins like a number does", "[{\"a\":\"-5-cmd\",\"b\":\"-5+5\"}]",
      "a,b\n'-5-cmd,'-5+5\n" },
};

START_TEST(csv_is_safe_to_open)
{
    struct text out = TEXT_INIT;
    json_t *v = json_of(csv_rows[_i].in);

    ck_assert_int_eq(output_csv(&out, v), 0);
    ck_assert_msg(strcmp(text_str(&out), csv_rows[_i].out) == 0, "%s: %s", csv_rows[_i].why,
                  text_str(&out));
    text_release(&out);
    json_decref(v);
}
END_TEST

static const struct output_column two[] = { { "ID", false, 0 }, { "TITLE", false, 8 } };

START_TEST(tables_align_and_cut_at_the_width)
{
    struct output_table t;
    struct text out = TEXT_INIT;

    output_table_init(&t, two, 2);
    output_table_add(&t, "a", COLOUR_NONE);
    output_table_add(&t, "Children \xc3\xa9t\xc3\xa9 waiting", COLOUR_NONE);
    output_table_add(&t, "long-id", COLOUR_RED);
    output_table_add(&t, "short", COLOUR_NONE);
    ck_assert_int_eq(output_table_print(&t, 0, false, &out), 0);
    ck_assert_str_eq(text_str(&out), "ID       TITLE\n"
                                     "a        Children \xc3\xa9t\xc3\xa9 waiting\n"
                                     "long-id  short\n");
    text_clear(&out);
    ck_assert_int_eq(output_table_print(&t, 20, true, &out), 0);
    ck_assert_str_eq(text_str(&out), "\x1b[1mID\x1b[0m       \x1b[1mTITLE\x1b[0m\n"
                                     "a        Children \xc3\xa9\xe2\x80\xa6\n"
                                     "\x1b[31mlong-id\x1b[0m  short\n");
    text_clear(&out);
    ck_assert_int_eq(output_table_print(&t, 5, false, &out), 0);
    ck_assert_ptr_nonnull(strstr(text_str(&out), "long-id  short\n"));
    ck_assert_ptr_nonnull(strstr(text_str(&out), "a        Childre\xe2\x80\xa6\n"));
    output_table_release(&t);
    text_release(&out);
}
END_TEST

static const struct {
    const char *why, *command, *result;
    const char *has[4];
} show_rows[] = {
    { "a status prints its keys in order, whatever they are",
      "status",
      "{\"instance\":\"bc\",\"redis_state\":\"ready\",\"alerts_open\":{\"red\":2,\"amber\":1},"
      "\"plans\":[\"a\",\"b\"],\"feeds_late\":[],\"new\":null}",
      { "instance     bc\nredis state  ready\nalerts open  red 2, amber 1\n", "plans        a; b\n",
        "feeds late   none\n", "new          -\n" } },
    { "control characters are shown, not obeyed",
      "alerts",
      "[{\"alert_id\":\"0123456789abcdef0123456789abcdef\",\"rule\":\"behind-plan\",\"state\":"
      "\"FIRING\","
      "\"severity\":\"red\",\"title\":\"T\\u001b[2J\\nX\\u009b\",\"value\":5,\"threshold\":20,"
      "\"since\":\"2024-06-30\",\"owner\":null,\"held\":true,\"restated\":true}]",
      { "behind plan", "T\\x1b[2J\\x0aX\\u009b", "5 / 20", "held, restated  01234567\n" } },
    { "a late feed is late, not behind plan",
      "alerts",
      "[{\"alert_id\":\"0123456789ab\",\"rule\":\"feed-late\",\"state\":\"FIRING\",\"severity\":"
      "\"red\","
      "\"title\":\"Feed x is late\",\"value\":null,\"threshold\":null,\"since\":\"2024-06-30\"}]",
      { "\nlate ", "Feed x is late", NULL } },
    { "silence is said", "alerts", "[]", { "no alerts open", NULL } },
    { "a percentage carries its sign, a marker stands for the value",
      "measures",
      "[{\"id\":\"a\",\"value\":43.5,\"unit\":\"percent\",\"expected\":50,\"rag\":\"amber\"},"
      "{\"id\":\"b\",\"value\":null,\"marker\":\"not-submitted\",\"unit\":\"count\",\"rag\":"
      "\"grey\"}]",
      { "43.5%", "50%", "not-submitted", "grey" } },
    { "health is one line",
      "health",
      "{\"code\":2,\"text\":\"Redis away\\nfor long\"}",
      { "WAITLISTD CRITICAL - Redis away\\x0afor long\n", NULL } },
    { "a health code of no meaning is unknown",
      "health",
      "{\"code\":9,\"text\":\"x\"}",
      { "WAITLISTD UNKNOWN - x\n", NULL } },
    { "explain prints its lines",
      "explain",
      "{\"lines\":[\"one\",\"two\"]}",
      { "one\ntwo\n", NULL } },
    { "a measure prints keys and history",
      "measure",
      "{\"id\":\"a\",\"rag\":\"red\",\"history\":[{\"period_end\":\"2024-06-30\",\"value\":5,"
      "\"versions\":[{},{}]}]}",
      { "id       a\n", "2024-06-30      5", "VERSIONS", NULL } },
    { "feeds say why they are not well",
      "feeds",
      "[{\"id\":\"f\",\"late\":true},{\"id\":\"g\",\"late\":false,\"gaps\":[{\"provider\":\"TAJ\"}]"
      "},"
      "{\"id\":\"h\",\"late\":false,\"gaps\":[],\"held_file\":\"rows down 80 %\"},{\"id\":\"i\"}]",
      { "late", "incomplete", "file held", "in time" } },
    { "an illustrative plan says so",
      "plan-show",
      "[{\"id\":\"d\",\"version\":3,\"illustrative\":true,\"priorities\":[{\"id\":\"1\",\"title\":"
      "\"Less waiting\","
      "\"actions\":[{\"id\":\"1.1\",\"status\":\"in-progress\",\"overdue\":true,"
      "\"delivery\":{\"rag\":\"green\"},\"performance\":\"red\"}]}],\"measures\":[]}]",
      { "Plan d, version 3", "ILLUSTRATIVE", "Priority 1: Less waiting\n",
        "overdue  green     red\n" } },
};

START_TEST(answers_are_shown_for_people)
{
    struct text out = TEXT_INIT;
    json_t *v = json_of(show_rows[_i].result);

    ck_assert_int_eq(show_result(show_rows[_i].command, v, 0, false, &out), 0);
    for (int i = 0; i < 4 && show_rows[_i].has[i]; i++)
        ck_assert_msg(strstr(text_str(&out), show_rows[_i].has[i]) != NULL, "%s: no \"%s\" in\n%s",
                      show_rows[_i].why, show_rows[_i].has[i], text_str(&out));
    text_release(&out);
    json_decref(v);
}
END_TEST

/* A daemon of another version may send anything: nothing of it may crash the client. */
START_TEST(answers_of_another_shape_do_no_harm)
{
    static const char *const commands[] = { "status", "health",  "feeds",     "measures", "measure",
                                            "alerts", "explain", "plan-show", "other" };
    static const char *const shapes[] = {
        "null",
        "[]",
        "{}",
        "7",
        "[[]]",
        "[null]",
        "[7, \"x\"]",
        "{\"lines\": 7}",
        "{\"history\": [1, {\"versions\": {}}]}",
        "[{\"priorities\": [{\"actions\": [3]}], \"measures\": 3}]",
        "{\"a\": [{\"b\": {\"c\": [1]}}]}",
        "[{\"title\": 7, \"rule\": [], \"state\": {}}]",
    };

    for (size_t c = 0; c < sizeof commands / sizeof commands[0]; c++)
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
            struct text out = TEXT_INIT;
            json_t *v = json_of(shapes[s]);

            ck_assert_msg(show_result(commands[c], v, 40, true, &out) == 0, "%s %s", commands[c],
                          shapes[s]);
            text_clear(&out);
            ck_assert_int_eq(output_csv(&out, v), 0);
            text_release(&out);
            json_decref(v);
        }
}
END_TEST

UNIT_MAIN("output", UNIT_ROWS(json_prints_short_numbers_and_no_control_character, json_rows),
          UNIT_TEST(a_table_shows_a_number_to_two_decimals_and_never_0_for_what_is_not_0),
          UNIT_TEST(deep_json_ends_at_the_bound), UNIT_TEST(ndjson_is_one_object_a_line),
          UNIT_ROWS(csv_is_safe_to_open, csv_rows), UNIT_TEST(tables_align_and_cut_at_the_width),
          UNIT_ROWS(answers_are_shown_for_people, show_rows),
          UNIT_TEST(answers_of_another_shape_do_no_harm))
