/*
 * One whole row at a time (declared in csv.h): nearly all rows hold neither control characters nor a
 * line end in quotes, and lie in one portion. What is unusual goes the slow way, byte by byte, which
 * says what a row is; tests and a fuzz target hold both against each other.
 */
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "parse/csv.h"

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define WORD       sizeof(uint64_t)

/* Marks at least the first byte that is zero; what it marks behind that may be wrong. */
static uint64_t first_zero(uint64_t word)
{
    return (word - EACH(1)) & ~word;
}

/* Not nothing if a byte is below a blank. */
static uint64_t any_control(uint64_t word)
{
    return (word - EACH(' ')) & ~word & EACH(0x80);
}

/* The first delimiter or quote; a delimiter stands behind the row. */
static char *find_special(char *s, uint64_t delimiters)
{
    for (;; s += WORD) {
        uint64_t word;

        memcpy(&word, s, sizeof word);
        word = le64toh(word);
        uint64_t marks =
            (first_zero(word ^ delimiters) | first_zero(word ^ EACH('"'))) & EACH(0x80);

        if (marks)
            return s + (unsigned)__builtin_ctzll(marks) / 8;
    }
}

/* A quote inside a cell is a character like others. */
static char *find_plain(char *s, uint64_t delimiters)
{
    while (*s == '"')
        s = find_special(s + 1, delimiters);
    return s;
}

/* Copies the row, with room behind it for a word of delimiters (a tab is a control character: such files
 * go the slow way). Returns whether nothing in it needs
 * the slow way, or -ENOMEM. */
static int copy_row(struct csv *c, const unsigned char *s, size_t len)
{
    uint64_t high = 0, control = 0, word;

    if (c->whole_cap < len + 2 * WORD) {
        size_t cap = 2 * len + 64;
        char *more = realloc(c->whole, cap);

        if (!more)
            return -ENOMEM;
        c->whole = more;
        c->whole_cap = cap;
    }
    memcpy(c->whole, s, len);
    memset(c->whole + len, c->delimiter, 2 * WORD);
    for (size_t i = 0; i < len; i += WORD) {
        memcpy(&word, c->whole + i, sizeof word);
        high |= word;
        control |= any_control(word);
    }
    c->has_high = (high & EACH(0x80)) != 0;
    return !control;
}

/* A quoted cell, in place; cell stands behind the quote, end at the row's end. Returns what follows the
 * closing quote, NULL if there is none. */
static char *unquote(char *cell, const char *end, unsigned *out_len)
{
    char *to = cell, *from = cell;

    for (;;) {
        char *quote = from < end ? memchr(from, '"', (size_t)(end - from)) : NULL;

        if (!quote)
            return NULL;
        if (to != from)
            memmove(to, from, (size_t)(quote - from));
        to += quote - from;
        if (quote[1] != '"') {
            *out_len = (unsigned)(to - cell);
            return quote + 1;
        }
        *to++ = '"';
        from = quote + 2;
    }
}

/* Splits the copied row. Returns how many cells, 0 for the slow way, or -ENOMEM. */
static long split(struct csv *c, size_t len)
{
    const uint64_t delimiters = EACH((unsigned char)c->delimiter);
    const char delimiter = c->delimiter;
    char *cell = c->whole, *const end = cell + len;

    for (size_t count = 0;; count++) {
        char *at = find_special(cell, delimiters);
        unsigned length = (unsigned)(at - cell);

        if (count == c->cap) {
            c->count = count;
            if (count == PARSE_COLUMNS_MAX)
                return 0;
            if (csv_reserve_cells(c) < 0)
                return -ENOMEM;
        }
        if (*at == '"') {
            bool is_quoted = at == cell;

            at = is_quoted ? unquote(++cell, end, &length) : find_plain(at, delimiters);
            if (!at || *at != delimiter)
                return 0;
            if (!is_quoted)
                length = (unsigned)(at - cell);
        }
        c->cells[count] = cell;
        c->lengths[count] = length;
        cell[length] = '\0';
        if (at == end)
            return (long)count + 1;
        cell = at + 1;
    }
}

size_t csv_take_whole(struct csv *c, const unsigned char *s, size_t len, int *out_r)
{
    const unsigned char *line_end = memchr(s, '\n', len);
    size_t bytes = line_end ? (size_t)(line_end - s) : 0;
    size_t row_len = bytes - (bytes && s[bytes - 1] == '\r');

    if (!line_end || row_len > PARSE_FIELD_MAX_BYTES || row_len > PARSE_ROW_MAX_BYTES / 2)
        return 0;
    long cells = copy_row(c, s, row_len);

    if (cells == 1)
        cells = split(c, row_len);
    if (cells > 0) {
        struct csv_row row = { c->cells, c->lengths, (size_t)cells, c->line, true, c->has_high };

        c->row_line = c->line++;
        *out_r = c->row(c->arg, &row);
        c->offset += bytes + 1;
        c->column = 1;
        c->at_line_end = true;
        c->after_cr = false;
    } else if (cells < 0) {
        *out_r = -ENOMEM;
    }
    c->count = 0;
    c->has_high = false;
    return cells > 0 ? bytes + 1 : 0;
}
