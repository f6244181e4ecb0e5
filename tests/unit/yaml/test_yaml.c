#include "yaml/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "support/unit.h"

static struct yaml *parse(const char *text)
{
    struct diags diags = DIAGS_INIT;
    struct yaml *y = NULL;
    int r = yaml_parse("t.yaml", text, strlen(text), &diags, &y);

    if (r != 0)
        diags_print(&diags, stderr);
    ck_assert_msg(r == 0 && y != NULL, "%s: %d", text, r);
    ck_assert_uint_eq(diags.count, 0);
    diags_release(&diags);
    return y;
}

/* What diags_print says, malloc'ed. */
static char *printed(const struct diags *diags)
{
    char *out = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&out, &len);

    ck_assert_ptr_nonnull(f);
    diags_print(diags, f);
    fclose(f);
    return out;
}

START_TEST(a_document_keeps_order_kinds_and_text)
{
    struct yaml *y = parse("id: 1.10\nlist:\n  - 0E1\n  - {a: \"x: y\", b: }\nempty:\n");
    yaml_node *root = yaml_root(y), *key = NULL;

    ck_assert_int_eq(yaml_kind(root), YAML_MAPPING);
    ck_assert_uint_eq(yaml_count(root), 3);
    ck_assert_str_eq(yaml_text(yaml_get(root, "id")), "1.10");
    ck_assert_ptr_nonnull(yaml_pair(root, 1, &key));
    ck_assert_str_eq(yaml_text(key), "list");
    yaml_node *list = yaml_get(root, "list"), *flow = yaml_item(list, 1);

    ck_assert_uint_eq(yaml_count(list), 2);
    ck_assert_str_eq(yaml_text(yaml_item(list, 0)), "0E1");
    ck_assert(yaml_is_flow(flow) && !yaml_is_flow(list));
    ck_assert_str_eq(yaml_text(yaml_get(flow, "a")), "x: y");
    ck_assert(yaml_is_quoted(yaml_get(flow, "a")));
    ck_assert_str_eq(yaml_text(yaml_get(flow, "b")), "");
    ck_assert_str_eq(yaml_text(yaml_get(root, "empty")), "");
    ck_assert_uint_eq(yaml_line(yaml_get(root, "empty")), 5);
    ck_assert_ptr_null(yaml_get(root, "none"));
    ck_assert_ptr_null(yaml_item(list, 2));
    ck_assert_ptr_null(yaml_text(list));
    yaml_free(y);
}
END_TEST

static const struct {
    const char *text;
    bool nothing;
} nothing_rows[] = {
    { "a:\n", true },       { "a: ~\n", true },       { "a: null\n", true }, { "a: NULL\n", true },
    { "a: \"\"\n", false }, { "a: 'null'\n", false }, { "a: 0\n", false },   { "a: []\n", false },
    { "a: no\n", false },   { "b: 1\n", true },
};

START_TEST(nothing_is_an_unquoted_empty_value_tilde_or_null)
{
    struct yaml *y = parse(nothing_rows[_i].text);

    ck_assert_msg(yaml_is_nothing(yaml_get(yaml_root(y), "a")) == nothing_rows[_i].nothing, "%s",
                  nothing_rows[_i].text);
    yaml_free(y);
}
END_TEST

START_TEST(a_missing_node_is_accepted_everywhere)
{
    ck_assert_int_eq(yaml_kind(NULL), YAML_NONE);
    ck_assert_ptr_null(yaml_text(NULL));
    ck_assert_ptr_null(yaml_get(NULL, "a"));
    ck_assert_ptr_null(yaml_item(NULL, 0));
    ck_assert_ptr_null(yaml_pair(NULL, 0, NULL));
    ck_assert_uint_eq(yaml_count(NULL), 0);
    yaml_free(NULL);
}
END_TEST

START_TEST(an_empty_document_has_no_root)
{
    struct yaml *empty = parse(""), *comment = parse("# only a comment\n");

    ck_assert_ptr_null(yaml_root(empty));
    ck_assert_ptr_null(yaml_root(comment));
    yaml_free(empty);
    yaml_free(comment);
}
END_TEST

/* Every refused text, where, and the words that must be in the message or its hint. */
static const struct {
    const char *why, *text;
    unsigned line, column;
    const char *says, *hint;
} refused_rows[] = {
    { "duplicate keys give both lines", "a: 1\nb: 2\na: 3\n", 3, 1, "first at line 1", NULL },
    { "duplicates in a flow mapping", "x: {k: 1, k: 2}\n", 1, 11, "\"k\" is given twice", NULL },
    { "a quoted key equals the plain one", "a: 1\n\"a\": 2\n", 2, 1, "given twice", NULL },
    { "anchor", "a: &x 1\n", 1, 7, "anchors", "write the value out" },
    { "alias", "a: &x 1\nb: *x\n", 2, 5, "aliases", "write the value out" },
    { "merge key", "a:\n  <<: {b: 1}\n", 2, 3, "merge keys", "write the keys out" },
    { "tag", "a: !!int 1\n", 1, 10, "tags", "quotes" },
    { "two documents", "a: 1\n---\nb: 2\n", 2, 1, "second document", NULL },
    { "a key that is a list", "? [a]\n: 1\n", 1, 3, "a key must be text", NULL },
    { "tab as indentation", "a:\n\tb: 1\n", 2, 1, "tab", "spaces" },
    { "bracket never closed", "a: [1, 2\nb: 3\n", 3, 1, "closing bracket", "line 1, column 4" },
    { "text with a colon", "a: b: c\n", 1, 5, "mapping", "quotes" },
    { "text with an at sign", "a: @x\n", 1, 4, "'@'", "quotes" },
    { "quote never closed", "a: \"x\n", 1, 5, "closing quote", NULL },
    { "NUL written as an escape", "a: \"x\\0y\"\n", 1, 4, "NUL", NULL },
    { "a block of text on its own line", "a:\n  |\n  b\n   c\n   d\n", 2, 3, "line of its own",
      "line above" },
    { "a block of text after a blank", " >\n a\n  b\n", 1, 2, "line of its own", "line above" },
    { "broken UTF-8", "a: 1\nb: caf\xe9 x\n", 2, 7, "not UTF-8", "UTF-8" },
    { "UTF-8 cut short", "a: caf\xc3", 1, 7, "not UTF-8", NULL },
    { "UTF-16",
      "\xff\xfe"
      "a: 1",
      0, 0, "UTF-16", "UTF-8" },
};

START_TEST(what_is_refused_is_located_and_explained)
{
    struct diags diags = DIAGS_INIT;
    struct yaml *y = NULL;
    const char *why = refused_rows[_i].why;
    bool found = false;
    int r = yaml_parse("t.yaml", refused_rows[_i].text, strlen(refused_rows[_i].text), &diags, &y);

    ck_assert_msg(r == -EINVAL, "%s: returned %d", why, r);
    ck_assert_ptr_null(y);
    for (size_t i = 0; i < diags.count; i++) {
        const struct diag *d = &diags.list[i];

        found = found ||
                (d->line == refused_rows[_i].line && d->column == refused_rows[_i].column &&
                 strstr(d->text, refused_rows[_i].says) &&
                 (!refused_rows[_i].hint || (d->hint && strstr(d->hint, refused_rows[_i].hint))));
    }
    char *all = printed(&diags);

    ck_assert_msg(found, "%s: said\n%s", why, all);
    free(all);
    diags_release(&diags);
}
END_TEST

START_TEST(a_message_underlines_the_text_it_is_about)
{
    static const char *const expected = "t.yaml:2:8: error: no such thing as \"sch\xc3\xb6n\"\n"
                                        "    2 | \xc3\xa9: {x: \"sch\xc3\xb6n\", y: 1}\n"
                                        "      |        ^~~~~~~\n"
                                        "      hint: try another\n";
    struct yaml *y = parse("a: 1\n\xc3\xa9: {x: \"sch\xc3\xb6n\", y: 1}\n");
    yaml_node *n = yaml_get(yaml_get(yaml_root(y), "\xc3\xa9"), "x");
    struct diags diags = DIAGS_INIT;

    yaml_complain(y, n, &diags, DIAG_ERROR, "try another", "no such thing as \"%s\"", yaml_text(n));
    char *all = printed(&diags);

    ck_assert_str_eq(all, expected);
    free(all);
    diags_release(&diags);
    yaml_free(y);
}
END_TEST

START_TEST(lines_that_end_in_any_way_are_counted_alike)
{
    static const char *const texts[] = { "a: 1\nb: 2\nb: 3\n", "a: 1\r\nb: 2\r\nb: 3\r\n",
                                         "a: 1\rb: 2\rb: 3\r",
                                         "\xef\xbb\xbf"
                                         "a: 1\nb: 2\nb: 3" };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct diags diags = DIAGS_INIT;
        struct yaml *y = NULL;

        ck_assert_int_eq(yaml_parse("t", texts[i], strlen(texts[i]), &diags, &y), -EINVAL);
        ck_assert_uint_eq(diags.count, 1);
        ck_assert_uint_eq(diags.list[0].line, 3);
        ck_assert_uint_eq(diags.list[0].column, 1);
        ck_assert_str_eq(diags.list[0].excerpt, "b: 3");
        diags_release(&diags);
    }
}
END_TEST

static int parse_nested(unsigned depth)
{
    struct text t = TEXT_INIT;
    struct diags diags = DIAGS_INIT;
    struct yaml *y = NULL;

    for (unsigned i = 0; i < depth; i++)
        (void)text_putc(&t, '[');
    (void)text_putc(&t, 'x');
    for (unsigned i = 0; i < depth; i++)
        (void)text_putc(&t, ']');
    int r = yaml_parse("t", text_str(&t), t.len, &diags, &y);

    ck_assert_uint_eq(diags.errors, r == 0 ? 0 : 1);
    text_release(&t);
    diags_release(&diags);
    yaml_free(y);
    return r;
}

START_TEST(depth_and_size_have_ceilings)
{
    struct diags diags = DIAGS_INIT;
    struct yaml *y = NULL;
    size_t len = (4u << 20) + 1;
    char *large = malloc(len);

    ck_assert_int_eq(parse_nested(32), 0);
    ck_assert_int_eq(parse_nested(33), -EINVAL);
    ck_assert_int_eq(parse_nested(5000), -EINVAL);
    ck_assert_ptr_nonnull(large);
    memset(large, '#', len);
    ck_assert_int_eq(yaml_parse("t", large, len, &diags, &y), -EFBIG);
    ck_assert_int_eq(yaml_parse("t", large, len - 1, &diags, &y), 0);
    ck_assert_uint_eq(diags.errors, 1);
    yaml_free(y);
    free(large);
    diags_release(&diags);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_said_by_name)
{
    struct diags diags = DIAGS_INIT;
    struct yaml *y = NULL;

    ck_assert_int_eq(yaml_load("tests/data/settings/no-such-file.yaml", &diags, &y), -ENOENT);
    ck_assert_int_eq(yaml_load("tests/data", &diags, &y), -EINVAL);
    ck_assert_uint_eq(diags.errors, 2);
    ck_assert_str_eq(diags.list[0].file, "tests/data/settings/no-such-file.yaml");
    diags_release(&diags);
}
END_TEST

START_TEST(nothing_is_written_to_standard_error)
{
    char path[] = "/tmp/test_yaml.XXXXXX", buf[16];
    int file = mkstemp(path), saved = dup(STDERR_FILENO);

    ck_assert(file >= 0 && saved >= 0);
    unlink(path);
    fflush(stderr);
    dup2(file, STDERR_FILENO);
    for (size_t i = 0; i < sizeof refused_rows / sizeof refused_rows[0]; i++) {
        struct diags diags = DIAGS_INIT;
        struct yaml *y = NULL;

        (void)yaml_parse("t", refused_rows[i].text, strlen(refused_rows[i].text), &diags, &y);
        diags_release(&diags);
    }
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    ck_assert_int_eq(pread(file, buf, sizeof buf, 0), 0);
    close(file);
}
END_TEST

/* Cuts and flipped bytes of a real settings text: refused with a message, or accepted without one.
 */
START_TEST(any_damage_is_either_refused_with_a_message_or_accepted_without)
{
    static const char sample[] = "instance: bc\nfeeds:\n  - {id: a, keep: [x, \"y z\"]} # c\n"
                                 "text: |\n  one\n  two\nq: 'it''s'\n";
    const size_t len = sizeof sample - 1;
    char copy[sizeof sample];

    for (size_t at = 0; at < len; at++) {
        for (int how = 0; how < 9; how++) {
            struct diags diags = DIAGS_INIT;
            struct yaml *y = NULL;

            memcpy(copy, sample, sizeof copy);
            if (how < 8)
                copy[at] = (char)(copy[at] ^ (1 << how));
            int r = yaml_parse("t", copy, how < 8 ? len : at, &diags, &y);

            ck_assert_msg((r == 0) == (diags.errors == 0), "byte %zu, damage %d: %d", at, how, r);
            ck_assert((r == 0) == (y != NULL));
            yaml_free(y);
            diags_release(&diags);
        }
    }
}
END_TEST

UNIT_MAIN("yaml", UNIT_TEST(a_document_keeps_order_kinds_and_text),
          UNIT_ROWS(nothing_is_an_unquoted_empty_value_tilde_or_null, nothing_rows),
          UNIT_TEST(a_missing_node_is_accepted_everywhere),
          UNIT_TEST(an_empty_document_has_no_root),
          UNIT_ROWS(what_is_refused_is_located_and_explained, refused_rows),
          UNIT_TEST(a_message_underlines_the_text_it_is_about),
          UNIT_TEST(lines_that_end_in_any_way_are_counted_alike),
          UNIT_TEST(depth_and_size_have_ceilings),
          UNIT_TEST(a_file_that_cannot_be_read_is_said_by_name),
          UNIT_TEST(nothing_is_written_to_standard_error),
          UNIT_TEST(any_damage_is_either_refused_with_a_message_or_accepted_without))
