#include "parse/json_rows.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"

int json_rows_begin(const char *bytes, size_t len)
{
    size_t i = len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

    if (len < 3 && len && memcmp(bytes, "\xEF\xBB\xBF", len) == 0)
        return -1;
    while (i < len && strchr(" \t\r\n", bytes[i]) && bytes[i])
        i++;
    if (i == len)
        return -1;
    char first = bytes[i];

    if (first != '{' && first != '[')
        return 0;
    for (i++; i < len && strchr(" \t\r\n", bytes[i]) && bytes[i];)
        i++;
    if (i == len)
        return -1;
    return first == '{' ? bytes[i] == '"' || bytes[i] == '}' : bytes[i] == '{' || bytes[i] == ']';
}

void json_rows_init(struct json_rows *j, int (*names)(void *, const struct csv_row *),
                    int (*row)(void *, const struct csv_row *),
                    void (*broken)(void *, unsigned long), void *arg)
{
    memset(j, 0, sizeof *j);
    j->names = names;
    j->row = row;
    j->broken = broken;
    j->arg = arg;
    j->object = (struct text)TEXT_INIT;
    j->object.max = PARSE_ROW_MAX_BYTES;
    j->bytes = (struct text)TEXT_INIT;
    j->columns = (struct table)TABLE_INIT;
    j->line = j->column = 1;
}

void json_rows_release(struct json_rows *j)
{
    text_release(&j->object);
    text_release(&j->bytes);
    table_release(&j->columns, NULL);
    free(j->cells);
    free(j->lengths);
    free(j->values);
}

/* A refusal is no error of the call: the caller looks at .refusal. */
static int refuse(struct json_rows *j, const char *reason, const char *sentence, bool at_object)
{
    j->refusal.reason = reason;
    j->refusal.line = at_object ? j->row_line : j->line;
    j->refusal.column = at_object ? j->row_column : j->column;
    j->refusal.offset = at_object ? j->row_offset : j->offset;
    (void)snprintf(j->refusal.sentence, sizeof j->refusal.sentence, "%s", sentence);
    return 0;
}

/* ---- one object ---- */

static int grow(struct json_rows *j)
{
    size_t cap = j->cap ? j->cap * 2 : 32;
    const char **cells = realloc(j->cells, cap * sizeof *cells);

    if (cells)
        j->cells = cells;
    unsigned *lengths = realloc(j->lengths, cap * sizeof *lengths);

    if (lengths)
        j->lengths = lengths;
    const void **values = realloc(j->values, cap * sizeof *values);

    if (values)
        j->values = values;
    if (!cells || !lengths || !values)
        return -ENOMEM;
    j->cap = cap;
    return 0;
}

/* Puts a member's value under its column, which may be new. Returns 0 or -ENOMEM. */
static int place(struct json_rows *j, const char *name, const json_t *value)
{
    size_t at = (size_t)(uintptr_t)table_get(&j->columns, name);

    if (at) {
        j->values[at - 1] = value;
        return 0;
    }
    if (j->count == PARSE_COLUMNS_MAX)
        return refuse(j, "columns", "there are more than 4096 columns", true);
    if (j->count == j->cap && grow(j) < 0)
        return -ENOMEM;
    if (table_set(&j->columns, name, (void *)(uintptr_t)(j->count + 1), NULL) < 0)
        return -ENOMEM;
    j->values[j->count++] = value;
    return 0;
}

static int place_inner(struct json_rows *j, const char *outer, const json_t *object)
{
    const char *name;
    json_t *value;
    int r = 0;

    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        struct text both = TEXT_INIT;

        r = text_printf(&both, "%s.%s", outer, name);
        if (r == 0)
            r = place(j, text_str(&both), value);
        text_release(&both);
        if (r < 0)
            return -ENOMEM;
    }
    return 0;
}

static int add_value(struct text *to, const json_t *value)
{
    char number[32];

    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        return text_add(to, json_string_value(value), json_string_length(value));
    case JSON_INTEGER:
        return text_printf(to, "%lld", (long long)json_integer_value(value));
    case JSON_REAL:
        return text_puts(to, text_number(json_real_value(value), number));
    case JSON_TRUE:
        return text_puts(to, "true");
    case JSON_FALSE:
        return text_puts(to, "false");
    default:
        return 0; /* null, or more than a cell holds */
    }
}

static int give(struct json_rows *j, int (*to)(void *, const struct csv_row *))
{
    struct csv_row row = { .cells = j->cells,
                           .lengths = j->lengths,
                           .count = j->count,
                           .line = j->row_line,
                           .ended = true,
                           .has_high = j->has_high };
    const char *at = j->bytes.buf;

    for (size_t i = 0; i < j->count; i++) {
        j->cells[i] = at;
        j->lengths[i] = (unsigned)strlen(at);
        at += j->lengths[i] + 1;
    }
    return to(j->arg, &row);
}

static int give_names(struct json_rows *j)
{
    const char *name;
    void *value;

    text_clear(&j->bytes);
    for (size_t i = 0; table_next(&j->columns, &i, &name, &value);) {
        if (text_add(&j->bytes, name, strlen(name) + 1) < 0)
            return -ENOMEM;
    }
    return give(j, j->names);
}

static int give_row(struct json_rows *j)
{
    text_clear(&j->bytes);
    for (size_t i = 0; i < j->count; i++) {
        if (add_value(&j->bytes, j->values[i]) < 0 || text_putc(&j->bytes, '\0') < 0)
            return -ENOMEM;
    }
    return give(j, j->row);
}

static int take_members(struct json_rows *j, const json_t *object)
{
    size_t before = j->count;
    const char *name;
    json_t *value;
    int r = 0;

    for (size_t i = 0; i < j->count; i++)
        j->values[i] = NULL;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        r = json_is_object(value) ? place_inner(j, name, value) : place(j, name, value);
        if (r < 0)
            return r;
    }
    if (j->refusal.reason)
        return 0;
    if (j->count == 0) {
        j->broken(j->arg, j->row_line);
        return 0;
    }
    if (j->count > before)
        r = give_names(j);
    return r == 0 ? give_row(j) : r;
}

static int end_object(struct json_rows *j)
{
    json_t *object = json_parse(j->object.buf, j->object.len, JSON_REJECT_DUPLICATES, NULL);
    int r = 0;

    if (!object && errno == ENOMEM)
        return -ENOMEM;
    if (object)
        r = take_members(j, object);
    else if (j->is_array)
        r = refuse(j, "json", "this object is no JSON: the file is cut or damaged", true);
    else
        j->broken(j->arg, j->row_line);
    json_decref(object);
    text_clear(&j->object);
    j->has_high = false;
    return r;
}

/* ---- bytes ---- */

static void begin_object(struct json_rows *j)
{
    j->state = IN_OBJECT;
    j->depth = 0;
    j->in_string = j->escaped = false;
    j->row_line = j->line;
    j->row_column = j->column;
    j->row_offset = j->offset;
}

/* A byte between objects. */
static int take_between(struct json_rows *j, char b)
{
    if (b == ' ' || b == '\t' || b == '\r' || b == '\n')
        return 0;
    if (b == '[' && !j->is_array && !j->has_row && j->state == BETWEEN_OBJECTS) {
        j->is_array = true;
        return 0;
    }
    if (j->is_array && b == ']' && j->state == BETWEEN_OBJECTS) {
        j->state = AFTER_ARRAY;
        return 0;
    }
    if (j->is_array && b == ',' && j->needs_comma) {
        j->needs_comma = false;
        return 0;
    }
    if (b == '{' && !j->needs_comma && j->state == BETWEEN_OBJECTS) {
        begin_object(j);
        return 1; /* it is the object's first byte */
    }
    if (j->is_array)
        return refuse(j, "json", "no object stands here: the file is damaged", false);
    j->state = IN_BROKEN_LINE;
    j->has_row = true;
    j->broken(j->arg, j->line);
    return 0;
}

/* A byte of an object. */
static int take_inside(struct json_rows *j, char b)
{
    if (b == '\n' && !j->is_array) {
        j->state = BETWEEN_OBJECTS;
        j->has_row = true;
        return end_object(j); /* cut by its line: no JSON */
    }
    if (j->object.len >= PARSE_ROW_MAX_BYTES)
        return refuse(j, "field-size", "a row is longer than 16 MiB", false);
    if (text_putc(&j->object, b) < 0)
        return -ENOMEM;
    j->has_high |= (unsigned char)b >= 0x80;
    if (j->in_string) {
        j->in_string = j->escaped || b != '"';
        j->escaped = !j->escaped && b == '\\';
        return 0;
    }
    j->in_string = b == '"';
    if (b == '{' || b == '[')
        j->depth++;
    if ((b == '}' || b == ']') && j->depth-- == 1) {
        j->state = BETWEEN_OBJECTS;
        j->needs_comma = j->is_array;
        j->has_row = true;
        return end_object(j);
    }
    return 0;
}

static int take(struct json_rows *j, char b)
{
    int r = 0;

    if (b == '\0')
        return refuse(j, "nul", "a NUL byte: this is no text file, or it is damaged", false);
    if (j->state == BETWEEN_OBJECTS || j->state == AFTER_ARRAY)
        r = take_between(j, b);
    else if (j->state == IN_BROKEN_LINE && b == '\n')
        j->state = BETWEEN_OBJECTS;
    if (r == 1 || (r == 0 && j->state == IN_OBJECT && !j->refusal.reason))
        r = take_inside(j, b);
    return r;
}

static void count(struct json_rows *j, char b)
{
    j->offset++;
    j->at_line_end = b == '\n';
    if (b == '\n') {
        j->line++;
        j->column = 1;
    } else if (((unsigned char)b & 0xC0) != 0x80) {
        j->column++;
    }
}

int json_rows_push(struct json_rows *j, const void *bytes, size_t len)
{
    const char *s = bytes;
    int r = 0;

    for (size_t i = 0; i < len && r == 0 && !j->refusal.reason; i++) {
        bool is_mark = j->offset < 3 && s[i] == "\xEF\xBB\xBF"[j->offset] && !j->has_row;

        if (!is_mark)
            r = take(j, s[i]);
        if (r == 0 && !j->refusal.reason)
            count(j, s[i]);
    }
    return r;
}

int json_rows_finish(struct json_rows *j)
{
    if (j->refusal.reason)
        return 0;
    if (j->is_array && j->state != AFTER_ARRAY)
        return refuse(j, "json", "the array is never closed: the file is cut", false);
    if (j->state != IN_OBJECT)
        return 0;
    j->state = BETWEEN_OBJECTS;
    return end_object(j);
}

bool json_rows_is_ended(const struct json_rows *j)
{
    return j->is_array ? j->state == AFTER_ARRAY : j->at_line_end;
}
