#include "yaml/bind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "support/unit.h"

static const char *const colours[] = { "red", "amber", "green", NULL };

struct thing {
    char *title, *id, *dir;
    bool on;
    long count;
    double share;
    struct civil_date from;
    struct span grace;
    struct text_list keep;
    int colour;
    yaml_node *select;
};

static const struct bind_key thing_keys[] = {
    { "id", BIND_ID, BIND_FIELD(struct thing, id), NULL, 0, 0, NULL, 1, "the name of the thing" },
    { "title", BIND_TEXT, BIND_FIELD(struct thing, title), NULL, 0, 0, NULL, 0, "" },
    { "dir", BIND_TEXT, BIND_FIELD(struct thing, dir), "./here", 0, 0, NULL, 0, "" },
    { "on", BIND_BOOL, BIND_FIELD(struct thing, on), "true", 0, 0, NULL, 0, "" },
    { "count", BIND_INTEGER, BIND_FIELD(struct thing, count), "3", 1, 10, NULL, 0, "" },
    { "share", BIND_NUMBER, BIND_FIELD(struct thing, share), "0.5", 0, 1, NULL, 0, "" },
    { "from", BIND_DATE, BIND_FIELD(struct thing, from), NULL, 0, 0, NULL, 0, "" },
    { "grace", BIND_DURATION, BIND_FIELD(struct thing, grace), "0d", 0, 0, NULL, 0, "" },
    { "keep", BIND_TEXTS, BIND_FIELD(struct thing, keep), NULL, 0, 0, NULL, 0, "" },
    { "colour", BIND_CHOICE, BIND_FIELD(struct thing, colour), "green", 0, 0, colours, 0, "" },
    { "select", BIND_NODE, BIND_FIELD(struct thing, select), NULL, 0, 0, NULL, 0, "" },
    BIND_END,
};

struct bound {
    struct yaml *y;
    struct thing thing;
    struct diags diags;
    int result;
};

static struct bound bind(const char *text)
{
    struct bound b = { .diags = DIAGS_INIT };
    int r = yaml_parse("t.yaml", text, strlen(text), &b.diags, &b.y);

    ck_assert_msg(r == 0, "%s: %d", text, r);
    b.result = bind_mapping(b.y, yaml_root(b.y), "thing", thing_keys, &b.thing, &b.diags);
    return b;
}

static void bound_release(struct bound *b)
{
    bind_release(thing_keys, &b->thing);
    diags_release(&b->diags);
    yaml_free(b->y);
}

START_TEST(every_type_is_read)
{
    struct bound b = bind("{id: \"1.10\", title: 'A: b', dir: x, on: no, count: 10, share: 1e-1, "
                          "from: 2024-02-29, grace: 10wd, keep: [QUA, \"a, b\"], colour: red, "
                          "select: {x: 1}}");
    struct civil_date leap = DATE_NONE;

    ck_assert_int_eq(b.result, 0);
    ck_assert_uint_eq(b.diags.count, 0);
    ck_assert_str_eq(b.thing.id, "1.10");
    ck_assert_str_eq(b.thing.title, "A: b");
    ck_assert_str_eq(b.thing.dir, "x");
    ck_assert(!b.thing.on);
    ck_assert_int_eq(b.thing.count, 10);
    ck_assert(b.thing.share > 0.0999 && b.thing.share < 0.1001);
    ck_assert_int_eq(date_from_ymd(2024, 2, 29, &leap), 0);
    ck_assert_int_eq(date_compare(b.thing.from, leap), 0);
    ck_assert_int_eq(b.thing.grace.count, 10);
    ck_assert_int_eq(b.thing.grace.unit, SPAN_WORKING_DAYS);
    ck_assert_uint_eq(b.thing.keep.count, 2);
    ck_assert(text_list_has(&b.thing.keep, " qua") && text_list_has(&b.thing.keep, "A,  b"));
    ck_assert(!text_list_has(&b.thing.keep, "QU"));
    ck_assert_int_eq(b.thing.colour, 0);
    ck_assert_str_eq(yaml_text(yaml_get(b.thing.select, "x")), "1");
    bound_release(&b);
}
END_TEST

static const char *const left_out_rows[] = {
    "id: x\n",
    "{id: x, title: ~, dir: null, on: , count: ~, share: , from: null, grace: ~, keep: , colour: "
    "~, "
    "select: ~}",
};

START_TEST(what_is_left_out_or_nothing_takes_its_default)
{
    struct bound b = bind(left_out_rows[_i]);

    ck_assert_int_eq(b.result, 0);
    ck_assert_ptr_null(b.thing.title);
    ck_assert_str_eq(b.thing.dir, "./here");
    ck_assert(b.thing.on);
    ck_assert_int_eq(b.thing.count, 3);
    ck_assert(b.thing.share == 0.5);
    ck_assert(!date_is_set(b.thing.from));
    ck_assert_int_eq(b.thing.grace.unit, SPAN_DAYS);
    ck_assert_uint_eq(b.thing.keep.count, 0);
    ck_assert_int_eq(b.thing.colour, 2);
    ck_assert_ptr_null(b.thing.select);
    bound_release(&b);
}
END_TEST

START_TEST(one_scalar_is_a_list_of_one)
{
    struct bound b = bind("{id: x, keep: QUA}");

    ck_assert_int_eq(b.result, 0);
    ck_assert_uint_eq(b.thing.keep.count, 1);
    ck_assert_str_eq(b.thing.keep.items[0], "QUA");
    bound_release(&b);
}
END_TEST

/* Refused values: the place, and words of the message and of the hint. */
static const struct {
    const char *text;
    unsigned line, column;
    const char *says, *hint;
} refused_rows[] = {
    { "title: x\n", 1, 1, "\"id\" is missing", "the name of the thing" },
    { "id:\ntitle: x\n", 1, 1, "id has no value", NULL },
    { "id: \"\"\n", 1, 5, "is not an id of 1 to 64", NULL },
    { "id: a b\n", 1, 5, "is not an id", "letters, digits" },
    { "id: x\ntitel: y\n", 2, 1, "unknown key \"titel\"", "did you mean \"title\"?" },
    { "id: x\nzzzzzz: y\n", 2, 1, "unknown key", "keys here: id, title" },
    { "{id: x, title: Children, young people}", 1, 26, "unknown key \"young people\"",
      "a comma split this text: quote it" },
    { "{id: x, title: Children, titel}", 1, 26, "unknown key",
      "a comma split this text: quote it" },
    { "{id: x, titel: \"\"}", 1, 9, "unknown key", "did you mean \"title\"?" },
    { "id: x\nzzzzzz:\n", 2, 1, "unknown key", "keys here" },
    { "{id: x, count: 11}", 1, 16, "is not between 1 and 10", NULL },
    { "{id: x, count: 1.5}", 1, 16, "whole number", NULL },
    { "{id: x, count: 010}", 1, 16, "begins with 0", "did you mean \"10\"?" },
    { "{id: x, count: +007}", 1, 16, "begins with 0", "did you mean \"7\"?" },
    { "{id: x, count: 99999999999999999999}", 1, 16, "whole number", NULL },
    { "{id: x, share: 0x1p-1}", 1, 16, "not a number", NULL },
    { "{id: x, share: nan}", 1, 16, "not a number", NULL },
    { "{id: x, share: 1.2.3}", 1, 16, "not a number", NULL },
    { "{id: x, on: maybe}", 1, 13, "neither true nor false", NULL },
    { "{id: x, from: 2025-02-30}", 1, 15, "is not a date", "did you mean \"2025-02-28\"?" },
    { "{id: x, grace: 45}", 1, 16, "is not a length of time", "45d" },
    { "{id: x, grace: -1d}", 1, 16, "is not a length of time", "45d" },
    { "{id: x, colour: gren}", 1, 17, "none of: red, amber, green", "did you mean \"green\"?" },
    { "{id: x, title: [a]}", 1, 16, "one value, not a list", NULL },
    { "{id: x, title: {a: b}}", 1, 16, "one value, not a mapping", NULL },
    { "{id: x, title: \"a\\rb\"}", 1, 16, "control character", NULL },
    { "{id: x, keep: {a: b}}", 1, 15, "is a list, not a mapping", NULL },
    { "{id: x, keep: [a, [b]]}", 1, 19, "not text", NULL },
    { "- a\n", 1, 1, "not a mapping", "key: value" },
};

START_TEST(a_wrong_value_is_located_and_explained)
{
    struct bound b = bind(refused_rows[_i].text);
    const struct diag *d = b.diags.list;

    ck_assert_msg(b.result == -EINVAL, "%s: %d", refused_rows[_i].text, b.result);
    ck_assert_msg(b.diags.count == 1, "%s: %zu messages", refused_rows[_i].text, b.diags.count);
    ck_assert_msg(d->line == refused_rows[_i].line && d->column == refused_rows[_i].column,
                  "%s: at %u:%u", refused_rows[_i].text, d->line, d->column);
    ck_assert_msg(strstr(d->text, refused_rows[_i].says), "%s: %s", refused_rows[_i].text, d->text);
    if (refused_rows[_i].hint)
        ck_assert_msg(d->hint && strstr(d->hint, refused_rows[_i].hint), "%s: hint %s",
                      refused_rows[_i].text, d->hint);
    bound_release(&b);
}
END_TEST

START_TEST(every_error_of_one_pass_is_reported)
{
    struct bound b = bind("titel: x\ncount: 99\ngrace: soon\ncolour: blue\nkeep: [a, ~, [b]]\n");

    ck_assert_int_eq(b.result, -EINVAL);
    ck_assert_uint_eq(b.diags.errors, 7);
    bound_release(&b);
}
END_TEST

UNIT_MAIN("bind", UNIT_TEST(every_type_is_read),
          UNIT_ROWS(what_is_left_out_or_nothing_takes_its_default, left_out_rows),
          UNIT_TEST(one_scalar_is_a_list_of_one),
          UNIT_ROWS(a_wrong_value_is_located_and_explained, refused_rows),
          UNIT_TEST(every_error_of_one_pass_is_reported))
