#include "ctl/output.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>

#include "base/auto.h"
#include "base/table.h"

static const char *const kind_names[] = { "table", "json", "ndjson", "csv" };

int output_kind_parse(const char *text, enum output_kind *out_kind)
{
    for (size_t i = 0; i < sizeof kind_names / sizeof kind_names[0]; i++)
        if (strcmp(text, kind_names[i]) == 0) {
            *out_kind = (enum output_kind)i;
            return 0;
        }
    return -EINVAL;
}

const char *output_kind_name(enum output_kind kind)
{
    return kind_names[kind];
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

static void json_quoted(struct text *out, const char *string, size_t len)
{
    const unsigned char *s = (const unsigned char *)string;

    text_putc(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '"' || s[i] == '\\')
            text_printf(out, "\\%c", s[i]);
        else if (s[i] == '\n')
            text_puts(out, "\\n");
        else if (s[i] == '\t')
            text_puts(out, "\\t");
        else if (s[i] < 0x20 || s[i] == 0x7f)
            text_printf(out, "\\u%04x", s[i]);
        else if (s[i] == 0xc2 && i + 1 < len && s[i + 1] >= 0x80 && s[i + 1] <= 0x9f)
            text_printf(out, "\\u%04x", s[++i]); /* C1: a terminal obeys those too */
        else
            text_putc(out, (char)s[i]);
    }
    text_putc(out, '"');
}

static void json_scalar(struct text *out, const json_t *v)
{
    char number[32];

    if (json_is_string(v))
        json_quoted(out, json_string_value(v), json_string_length(v));
    else if (json_is_integer(v))
        text_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (json_is_real(v))
        text_puts(out, text_number(json_real_value(v), number));
    else
        text_puts(out, json_is_true(v) ? "true" : json_is_false(v) ? "false" : "null");
}

static void new_line(struct text *out, bool pretty, int depth)
{
    if (!pretty)
        return;
    text_putc(out, '\n');
    for (int i = 0; i < depth; i++)
        text_puts(out, "  ");
}

/* depth bounds the recursion. */
static void json_value(struct text *out, const json_t *v, bool pretty, int depth)
{
    bool is_object = json_is_object(v);
    size_t count = is_object ? json_object_size(v) : json_array_size(v), i = 0;

    if (!is_object && !json_is_array(v)) {
        json_scalar(out, v);
        return;
    }
    if (depth >= OUTPUT_DEPTH_MAX) {
        text_puts(out, "null");
        return;
    }
    text_putc(out, is_object ? '{' : '[');
    if (is_object) {
        const char *key;
        json_t *member;

        json_object_foreach((json_t *)(uintptr_t)v, key, member)
        {
            new_line(out, pretty, depth + 1);
            json_quoted(out, key, strlen(key));
            text_puts(out, ": ");
            json_value(out, member, pretty, depth + 1);
            if (++i < count)
                text_puts(out, pretty ? "," : ", ");
        }
    } else {
        for (; i < count; i++) {
            new_line(out, pretty, depth + 1);
            json_value(out, json_array_get(v, i), pretty, depth + 1);
            if (i + 1 < count)
                text_puts(out, pretty ? "," : ", ");
        }
    }
    if (count > 0)
        new_line(out, pretty, depth);
    text_putc(out, is_object ? '}' : ']');
}

int output_json(struct text *out, const json_t *value, bool pretty)
{
    json_value(out, value, pretty, 0);
    return out->error;
}

int output_ndjson(struct text *out, const json_t *value)
{
    if (!json_is_array(value)) {
        json_value(out, value, false, 0);
        text_putc(out, '\n');
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        json_value(out, json_array_get(value, i), false, 0);
        text_putc(out, '\n');
    }
    return out->error;
}

/* ---- CSV --------------------------------------------------------------------------------------
 */

/* A number with a sign is a number; "-cmd" and "+1+1" are what a spreadsheet would calculate. */
static bool is_plain_number(const char *s)
{
    char *end;

    if (*s == '-')
        s++;
    if (!isdigit((unsigned char)*s))
        return false;
    for (const char *p = s; *p; p++)
        if (!isdigit((unsigned char)*p) && *p != '.' && *p != 'e' && *p != '-' && *p != '+')
            return false;
    (void)strtod(s, &end);
    return *end == '\0';
}

void output_csv_cell(struct text *out, const char *cell)
{
    bool calculates = *cell && strchr("=+-@\t\r", *cell) && !is_plain_number(cell);
    bool quoted = strpbrk(cell, ",\"\n\r") != NULL;

    if (quoted)
        text_putc(out, '"');
    if (calculates)
        text_putc(out, '\'');
    for (; *cell; cell++) {
        if (*cell == '"')
            text_putc(out, '"');
        text_putc(out, *cell);
    }
    if (quoted)
        text_putc(out, '"');
}

static void csv_value(struct text *out, const json_t *v)
{
    AUTO(text_release) struct text nested = TEXT_INIT;

    if (!v || json_is_null(v))
        return;
    if (json_is_string(v)) {
        output_csv_cell(out, json_string_value(v));
        return;
    }
    json_value(&nested, v, false, 0);
    if (nested.error)
        out->error = nested.error;
    output_csv_cell(out, text_str(&nested));
}

/* The keys of every row, in order of first appearance. */
static int csv_keys(const json_t *rows, struct table *keys)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const char *key;
        json_t *member;

        json_object_foreach(json_array_get(rows, i), key,
                            member) if (!table_has(keys, key) &&
                                        table_set(keys, key, keys, NULL) < 0) return -ENOMEM;
    }
    return 0;
}

int output_csv(struct text *out, const json_t *value)
{
    struct table keys = TABLE_INIT;
    json_t *rows =
        json_is_array(value) ? json_incref((json_t *)(uintptr_t)value) : json_pack("[O]", value);
    size_t at = 0;
    const char *key;
    void *unused;
    int r = rows ? csv_keys(rows, &keys) : -ENOMEM;

    for (bool first = true; r == 0 && table_next(&keys, &at, &key, &unused); first = false) {
        if (!first)
            text_putc(out, ',');
        output_csv_cell(out, key);
    }
    if (r == 0 && table_count(&keys) > 0)
        text_putc(out, '\n');
    for (size_t i = 0; r == 0 && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);

        if (!json_is_object(row)) {
            csv_value(out, row);
        } else {
            at = 0;
            for (bool first = true; table_next(&keys, &at, &key, &unused); first = false) {
                if (!first)
                    text_putc(out, ',');
                csv_value(out, json_object_get(row, key));
            }
        }
        text_putc(out, '\n');
    }
    table_release(&keys, NULL);
    json_decref(rows);
    return r < 0 ? r : out->error;
}
