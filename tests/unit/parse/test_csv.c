#include "parse/csv.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "support/unit.h"

/* Rows are written as "[a|b]" after their line number, so that one string says it all. */
static int write_row(void *arg, const struct csv_row *row)
{
    struct text *t = arg;

    (void)text_printf(t, "%lu%s[", row->line, row->ended ? "" : "!");
    for (size_t i = 0; i < row->count; i++) {
        ck_assert_uint_eq(row->lengths[i], strlen(row->cells[i]));
        (void)text_printf(t, "%s%s", i ? "|" : "", row->cells[i]);
    }
    return text_putc(t, row->has_high ? '^' : ']');
}

static void run(const char *bytes, size_t len, size_t portion, struct text *out,
                struct csv_refusal *refusal, bool *newline)
{
    struct csv c;

    csv_init(&c, ',', write_row, out);
    for (size_t i = 0; i < len; i += portion)
        ck_assert_int_eq(csv_push(&c, bytes + i, portion < len - i ? portion : len - i), 0);
    ck_assert_int_eq(csv_finish(&c), 0);
    *refusal = c.refusal;
    *newline = csv_ends_with_newline(&c);
    csv_release(&c);
}

static const struct {
    const char *why, *bytes, *rows;
} good[] = {
    { "plain", "a,b\nc,d\n", "1[a|b]2[c|d]" },
    { "no line end at the end", "a,b\nc,d", "1[a|b]2![c|d]" },
    { "CRLF", "a,b\r\nc\r\n", "1[a|b]2[c]" },
    { "CR alone", "a\rb\r", "1[a]2[b]" },
    { "mark and quoted first header", "\xEF\xBB\xBF\"a\",b\n", "1[a|b]" },
    { "quoted comma", "\"a,b\",c\n", "1[a,b|c]" },
    { "doubled quote", "\"a\"\"b\"\n", "1[a\"b]" },
    { "line end inside quotes", "\"a\nb\",c\nd\n", "1[a\nb|c]3[d]" },
    { "CRLF inside quotes is one line", "\"a\r\nb\"\nd\n", "1[a\r\nb]3[d]" },
    { "quoted empty", "\"\",\"\"\n", "1[|]" },
    { "empty cells", ",,\n", "1[||]" },
    { "a blank line is a row of one empty cell", "a\n\nb\n", "1[a]2[]3[b]" },
    { "quote inside a plain cell is itself", "a\"b,c\n", "1[a\"b|c]" },
    { "text after a closing quote is kept", "\"a\"b,c\n", "1[ab|c]" },
    { "tab is text", "a\tb\n", "1[a\tb]" },
    { "nothing", "", "" },
    { "only a mark", "\xEF\xBB\xBF", "" },
    { "an open last cell", "a,", "1![a|]" },
    { "closing quote at the end", "\"a\"", "1![a]" },
    { "cells longer than a word, quotes in all places, a byte above 0x7F",
      "name,a rather long remark that goes on and on,\"said \"\"not, before\"\" May\",\"\"\"\"\r\n"
      "\"a\"\"\",b\"\",\",\",12345678,1234567,\xC3\xBC\n"
      "x,\"y\"\"\n\"\"z\",\n",
      "1[name|a rather long remark that goes on and on|said \"not, before\" May|\"]"
      "2[a\"|b\"\"|,|12345678|1234567|\xC3\xBC^3[x|y\"\n\"z|]" },
    { "a byte above 0x7F marks its row alone", "a,b\nc,caf\xC3\xA9\nlonger than a word,d\n",
      "1[a|b]2[c|caf\xC3\xA9^3[longer than a word|d]" },
};

START_TEST(rows_are_the_same_at_every_portion)
{
    size_t len = strlen(good[_i].bytes);

    for (size_t portion = 1; portion <= len + 1; portion++) {
        struct text out = TEXT_INIT;
        struct csv_refusal refusal;
        bool newline;

        run(good[_i].bytes, len, portion, &out, &refusal, &newline);
        ck_assert_msg(!refusal.reason && strcmp(text_str(&out), good[_i].rows) == 0,
                      "%s in portions of %zu: %s", good[_i].why, portion, text_str(&out));
        bool expected = len && strchr("\r\n", good[_i].bytes[len - 1]) != NULL;

        ck_assert_msg(newline == expected, "%s: newline %d", good[_i].why, newline);
        text_release(&out);
    }
}
END_TEST

static const struct {
    const char *why, *bytes;
    size_t len;
    const char *reason;
    unsigned long line, column, offset;
} bad[] = {
    { "NUL", "a,b\nc,\0d\n", 9, "nul", 2, 3, 6 },
    { "NUL in quotes", "\"a\0\"", 4, "nul", 1, 3, 2 },
    { "NUL after a wide character", "\xC3\xA9\0", 3, "nul", 1, 2, 2 },
    { "UTF-16 with a mark",
      "\xFF\xFE"
      "a\0",
      4, "utf-16", 1, 1, 0 },
    { "UTF-16, big end first", "\xFE\xFF\0a", 4, "utf-16", 1, 1, 0 },
    { "UTF-16 without a mark", "a\0b\0", 4, "utf-16", 1, 1, 0 },
    { "gzip", "\x1F\x8B\x08\0", 4, "gzip", 1, 1, 0 },
    { "old workbook", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8, "workbook", 1, 1, 0 },
    { "workbook",
      "PK\3\4"
      "--------------------------[Content_Types].xml",
      49, "workbook", 1, 1, 0 },
    { "spreadsheet",
      "PK\3\4"
      "--------------------------mimetypeapp",
      41, "workbook", 1, 1, 0 },
    { "zip",
      "PK\3\4"
      "--------------------------data.csv",
      38, "zip", 1, 1, 0 },
    { "open quote", "a,b\nc,\"d\ne\n", 11, "open-quote", 2, 3, 6 },
};

START_TEST(what_is_no_delimited_text_is_refused_with_its_place)
{
    for (size_t portion = 1; portion <= bad[_i].len; portion++) {
        struct text out = TEXT_INIT;
        struct csv_refusal r;
        bool newline;

        run(bad[_i].bytes, bad[_i].len, portion, &out, &r, &newline);
        ck_assert_msg(r.reason && strcmp(r.reason, bad[_i].reason) == 0, "%s: %s", bad[_i].why,
                      r.reason ? r.reason : "accepted");
        ck_assert_msg(r.line == bad[_i].line && r.column == bad[_i].column &&
                          r.offset == bad[_i].offset,
                      "%s: %lu:%lu @%lu", bad[_i].why, r.line, r.column, r.offset);
        text_release(&out);
    }
}
END_TEST

static int count_row(void *arg, const struct csv_row *row)
{
    *(size_t *)arg += row->count;
    return 0;
}

/* Pushes n copies of a portion; returns the reason of the refusal. */
static const char *push_many(const char *portion, size_t copies, size_t *out_bytes, size_t *out_cap)
{
    static struct csv c;
    size_t cells = 0, len = strlen(portion);

    csv_init(&c, ',', count_row, &cells);
    *out_bytes = 0;
    for (size_t i = 0; i < copies && !c.refusal.reason; i++) {
        ck_assert_int_eq(csv_push(&c, portion, len), 0);
        *out_bytes += len;
    }
    ck_assert_int_eq(csv_finish(&c), 0);
    *out_cap = c.bytes.cap;
    csv_release(&c);
    return c.refusal.reason ? c.refusal.reason : "";
}

START_TEST(a_row_of_a_million_columns_is_refused_early)
{
    size_t bytes, cap;

    ck_assert_str_eq(push_many("1,", 1000000, &bytes, &cap), "columns");
    ck_assert_uint_le(bytes, 2 * PARSE_COLUMNS_MAX + 256);
    ck_assert_uint_le(cap, 1 << 16);
}
END_TEST

START_TEST(a_field_of_fifty_megabytes_is_refused_after_one)
{
    static char portion[65537];
    size_t bytes, cap;

    memset(portion, 'x', sizeof portion - 1);
    ck_assert_str_eq(push_many(portion, 800, &bytes, &cap), "field-size");
    ck_assert_uint_le(bytes, PARSE_FIELD_MAX_BYTES + 2 * sizeof portion);
    ck_assert_uint_le(cap, 4 * PARSE_FIELD_MAX_BYTES);
    portion[0] = '"'; /* and inside quotes */
    portion[1] = 'x';
    ck_assert_str_eq(push_many(portion, 1, &bytes, &cap), "open-quote");
}
END_TEST

START_TEST(the_longest_field_and_the_widest_row_are_taken)
{
    struct csv c;
    size_t cells = 0;
    struct text row = TEXT_INIT;

    for (size_t i = 1; i < PARSE_COLUMNS_MAX; i++)
        (void)text_putc(&row, ',');
    for (size_t i = 0; i < PARSE_FIELD_MAX_BYTES; i++)
        (void)text_putc(&row, 'x');
    (void)text_putc(&row, '\n');
    csv_init(&c, ',', count_row, &cells);
    ck_assert_int_eq(csv_push(&c, row.buf, row.len), 0);
    ck_assert_int_eq(csv_finish(&c), 0);
    ck_assert_msg(!c.refusal.reason, "%s", c.refusal.reason);
    ck_assert_uint_eq(cells, PARSE_COLUMNS_MAX);
    csv_release(&c);
    text_release(&row);
}
END_TEST

START_TEST(many_long_fields_in_one_row_are_refused)
{
    static char portion[PARSE_FIELD_MAX_BYTES + 1];
    size_t bytes, cap;

    memset(portion, 'x', sizeof portion - 2);
    portion[sizeof portion - 2] = ',';
    ck_assert_str_eq(push_many(portion, 100, &bytes, &cap), "field-size");
    ck_assert_uint_le(bytes, PARSE_ROW_MAX_BYTES + 2 * sizeof portion);
}
END_TEST

START_TEST(a_long_field_is_refused_at_its_first_byte_too_many_at_every_portion)
{
    static char file[PARSE_FIELD_MAX_BYTES + 100];
    const size_t portions[] = { sizeof file, 65536, 1000, 7, 1 };

    memset(file, 'x', sizeof file);
    memcpy(file, "a\nb,\xC3\xA9", 6); /* its first character is two bytes */
    for (size_t i = 0; i < sizeof portions / sizeof portions[0]; i++) {
        struct text out = TEXT_INIT;
        struct csv_refusal r;
        bool newline;

        run(file, sizeof file, portions[i], &out, &r, &newline);
        ck_assert_str_eq(r.reason, "field-size");
        ck_assert_msg(r.line == 2 && r.column == 2 + PARSE_FIELD_MAX_BYTES &&
                          r.offset == 4 + PARSE_FIELD_MAX_BYTES,
                      "portions of %zu: %lu:%lu @%lu", portions[i], r.line, r.column, r.offset);
        text_release(&out);
    }
}
END_TEST

static int stop_at_second(void *arg, const struct csv_row *row)
{
    (void)row;
    return ++*(int *)arg == 2 ? 77 : 0;
}

START_TEST(the_callback_can_stop_the_parse)
{
    struct csv c;
    int rows = 0;

    csv_init(&c, ',', stop_at_second, &rows);
    int r = csv_push(&c, "a\nb\nc\nd\n", 8);

    if (r == 0) /* short input is held until its kind is known */
        r = csv_finish(&c);
    ck_assert_int_eq(r, 77);
    ck_assert_int_eq(rows, 2);
    csv_release(&c);
}
END_TEST

UNIT_MAIN("csv", UNIT_ROWS(rows_are_the_same_at_every_portion, good),
          UNIT_ROWS(what_is_no_delimited_text_is_refused_with_its_place, bad),
          UNIT_TEST(a_row_of_a_million_columns_is_refused_early),
          UNIT_TEST(a_field_of_fifty_megabytes_is_refused_after_one),
          UNIT_TEST(the_longest_field_and_the_widest_row_are_taken),
          UNIT_TEST(many_long_fields_in_one_row_are_refused),
          UNIT_TEST(a_long_field_is_refused_at_its_first_byte_too_many_at_every_portion),
          UNIT_TEST(the_callback_can_stop_the_parse))
