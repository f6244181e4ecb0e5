/* Tables for people. Declared in output.h. */
#include "ctl/output.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

#define GAP       "  "
#define GAP_WIDTH 2

int output_escaped(struct text *out, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;

    for (; *s; s++) {
        if (*s < 0x20 || *s == 0x7f)
            text_printf(out, "\\x%02x", *s);
        else if (*s == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f)
            text_printf(out, "\\u00%02x", *++s);
        else
            text_putc(out, (char)*s);
    }
    return out->error;
}

/* Two decimals are enough for people; a share of 57/140 has no end. JSON and CSV have it all. */
static int put_rounded(struct text *out, double value)
{
    double rounded = round(value * 100) / 100;
    char number[32];

    return text_puts(out, text_number(rounded != 0 ? rounded : value, number));
}

int output_cell(struct text *out, const json_t *value)
{
    if (!value || json_is_null(value))
        return text_puts(out, "-");
    if (json_is_boolean(value))
        return text_puts(out, json_is_true(value) ? "yes" : "no");
    if (json_is_string(value))
        return output_escaped(out, json_string_value(value));
    if (json_is_real(value))
        return put_rounded(out, json_real_value(value));
    return output_json(out, value, false);
}

enum output_colour output_colour_of(const char *word)
{
    static const struct {
        const char *word;
        enum output_colour colour;
    } words[] = {
        { "red", COLOUR_RED },   { "amber", COLOUR_AMBER }, { "green", COLOUR_GREEN },
        { "blue", COLOUR_BLUE }, { "grey", COLOUR_GREY },
    };

    for (size_t i = 0; word && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(word, words[i].word) == 0)
            return words[i].colour;
    return COLOUR_NONE;
}

void output_table_init(struct output_table *t, const struct output_column *columns, size_t count)
{
    memset(t, 0, sizeof *t);
    t->columns = columns;
    t->column_count = count;
}

static int grow(struct output_table *t)
{
    size_t cap = t->cell_cap ? t->cell_cap * 2 : 64;
    char **cells = realloc(t->cells, cap * sizeof *cells);

    if (!cells)
        return -ENOMEM;
    t->cells = cells;
    enum output_colour *colours = realloc(t->colours, cap * sizeof *colours);

    if (!colours)
        return -ENOMEM;
    t->colours = colours;
    t->cell_cap = cap;
    return 0;
}

void output_table_add_text(struct output_table *t, const struct text *cell,
                           enum output_colour colour)
{
    if (!text_ok(cell) && t->error == 0)
        t->error = cell->error;
    output_table_add(t, text_str(cell), colour);
}

void output_table_add(struct output_table *t, const char *cell, enum output_colour colour)
{
    AUTO(text_release) struct text escaped = TEXT_INIT;
    char *copy;

    if (t->error)
        return;
    (void)output_escaped(&escaped, cell);
    copy = text_ok(&escaped) && escaped.len == 0 ? strdup("") : text_take(&escaped);
    if (!copy || (t->cell_count == t->cell_cap && grow(t) < 0)) {
        free(copy);
        t->error = -ENOMEM;
        return;
    }
    t->cells[t->cell_count] = copy;
    t->colours[t->cell_count++] = colour;
}

/* Characters, taken as one column each: names in these feeds are Latin. */
static size_t width_of(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

/* Bytes of the first `width` characters. */
static size_t bytes_of(const char *s, size_t width)
{
    size_t i = 0;

    for (; s[i]; i++)
        if (((unsigned char)s[i] & 0xc0) != 0x80 && width-- == 0)
            break;
    return i;
}

/* Takes width from the columns that may be cut, the widest first, until the table fits. */
static void fit(const struct output_table *t, size_t *widths, size_t limit)
{
    size_t total = GAP_WIDTH * (t->column_count - 1);

    for (size_t c = 0; c < t->column_count; c++)
        total += widths[c];
    while (limit > 0 && total > limit) {
        size_t widest = t->column_count;

        for (size_t c = 0; c < t->column_count; c++)
            if (t->columns[c].narrow && widths[c] > t->columns[c].narrow &&
                (widest == t->column_count || widths[c] > widths[widest]))
                widest = c;
        if (widest == t->column_count)
            return;
        widths[widest]--;
        total--;
    }
}

static void print_cell(struct text *out, const char *cell, size_t width, bool right, bool last,
                       const char *sequence)
{
    size_t have = width_of(cell), pad = have < width ? width - have : 0;

    for (size_t i = 0; right && i < pad; i++)
        text_putc(out, ' ');
    if (sequence)
        text_puts(out, sequence);
    if (have > width) {
        text_add(out, cell, bytes_of(cell, width - 1));
        text_puts(out, "\xe2\x80\xa6"); /* … */
    } else {
        text_puts(out, cell);
    }
    if (sequence)
        text_puts(out, "\x1b[0m");
    for (size_t i = 0; !right && !last && i < pad; i++)
        text_putc(out, ' ');
}

int output_table_print(const struct output_table *t, size_t width, bool colour, struct text *out)
{
    static const char *const sequences[] = { NULL,       "\x1b[31m", "\x1b[33m",
                                             "\x1b[32m", "\x1b[34m", "\x1b[2m" };
    AUTO(auto_free) size_t *widths = calloc(t->column_count, sizeof *widths);

    if (!widths || t->error)
        return -ENOMEM;
    for (size_t c = 0; c < t->column_count; c++)
        widths[c] = width_of(t->columns[c].title);
    for (size_t i = 0; i < t->cell_count; i++) {
        size_t w = width_of(t->cells[i]), *column = &widths[i % t->column_count];

        if (w > *column)
            *column = w;
    }
    fit(t, widths, width);
    for (size_t c = 0; c < t->column_count; c++) {
        print_cell(out, t->columns[c].title, widths[c], t->columns[c].right,
                   c + 1 == t->column_count, colour ? "\x1b[1m" : NULL);
        text_puts(out, c + 1 < t->column_count ? GAP : "\n");
    }
    for (size_t i = 0; i < t->cell_count; i++) {
        size_t c = i % t->column_count;

        print_cell(out, t->cells[i], widths[c], t->columns[c].right, c + 1 == t->column_count,
                   colour ? sequences[t->colours[i]] : NULL);
        text_puts(out, c + 1 < t->column_count ? GAP : "\n");
    }
    return out->error;
}

void output_table_release(struct output_table *t)
{
    for (size_t i = 0; i < t->cell_count; i++)
        free(t->cells[i]);
    free(t->cells);
    free(t->colours);
    memset(t, 0, sizeof *t);
}
