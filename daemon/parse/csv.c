#include "parse/csv.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_START, CELL_PLAIN, CELL_QUOTED, CELL_QUOTE_SEEN };

static void refuse(struct csv *c, const char *reason, unsigned long line, unsigned long column,
                   unsigned long offset, const char *sentence)
{
    if (c->refusal.reason)
        return;
    c->refusal.reason = reason;
    c->refusal.line = line;
    c->refusal.column = column;
    c->refusal.offset = offset;
    (void)snprintf(c->refusal.sentence, sizeof c->refusal.sentence, "%s", sentence);
}

static void refuse_here(struct csv *c, const char *reason, const char *sentence)
{
    refuse(c, reason, c->line, c->column, c->offset, sentence);
}

void csv_init(struct csv *c, char delimiter, int (*row)(void *, const struct csv_row *), void *arg)
{
    memset(c, 0, sizeof *c);
    c->delimiter = delimiter;
    c->row = row;
    c->arg = arg;
    c->bytes = (struct text)TEXT_INIT;
    /* Room for the NUL of each cell, and for the byte that finds the row too long. */
    c->bytes.max = PARSE_ROW_MAX_BYTES + PARSE_COLUMNS_MAX + 2;
    c->line = c->column = c->row_line = 1;
}

void csv_release(struct csv *c)
{
    text_release(&c->bytes);
    free(c->starts);
    free(c->cells);
    free(c->lengths);
    free(c->whole);
    free(c->marks);
    c->lengths = NULL;
    c->whole = NULL;
    c->marks = NULL;
    c->whole_cap = 0;
    c->starts = NULL;
    c->cells = NULL;
    c->cap = c->count = 0;
}

/* ---- what kind of file it is ---- */

static bool head_is(const struct csv *c, const char *magic, size_t len)
{
    return c->head_len >= len && memcmp(c->head, magic, len) == 0;
}

static bool zip_holds_workbook(const struct csv *c)
{
    /* Office Open XML and OpenDocument put one of these first; 30 bytes of header precede the name.
     */
    static const char *const first[] = { "[Content_Types].xml", "_rels/", "xl/", "docProps/",
                                         "mimetype" };

    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        size_t len = strlen(first[i]);

        if (c->head_len >= 30 + len && memcmp(c->head + 30, first[i], len) == 0)
            return true;
    }
    return false;
}

static bool head_is_utf16(const struct csv *c)
{
    const unsigned char *h = c->head;

    if (head_is(c, "\xFF\xFE", 2) || head_is(c, "\xFE\xFF", 2))
        return true;
    if (c->head_len < 4)
        return false;
    return (h[0] && !h[1] && h[2] && !h[3]) || (!h[0] && h[1] && !h[2] && h[3]);
}

/* Returns how many bytes of the head are a mark to skip. */
static size_t judge_head(struct csv *c)
{
    c->head_done = true;
    if (head_is_utf16(c))
        refuse_here(c, "utf-16", "this file is UTF-16; save it as UTF-8");
    else if (head_is(c, "\x1F\x8B", 2))
        refuse_here(c, "gzip", "this file is compressed with gzip; unpack it first");
    else if (head_is(c, "\xD0\xCF\x11\xE0", 4))
        refuse_here(c, "workbook", CSV_WORKBOOK_SENTENCE);
    else if (head_is(c, "PK\x03\x04", 4) || head_is(c, "PK\x05\x06", 4))
        refuse_here(c, zip_holds_workbook(c) ? "workbook" : "zip",
                    zip_holds_workbook(c) ? CSV_WORKBOOK_SENTENCE
                                          : "a zip archive stands where a data file should; unpack "
                                            "it and put that into the folder");
    return head_is(c, "\xEF\xBB\xBF", 3) ? 3 : 0;
}

/* ---- rows ---- */

int csv_reserve_cells(struct csv *c)
{
    if (c->count < c->cap)
        return 0;
    size_t cap = c->cap ? c->cap * 2 : 64;

    cap = cap < PARSE_COLUMNS_MAX ? cap : PARSE_COLUMNS_MAX;
    size_t *starts = realloc(c->starts, cap * sizeof *starts);

    if (!starts)
        return -ENOMEM;
    c->starts = starts;
    const char **cells = realloc(c->cells, cap * sizeof *cells);

    if (!cells)
        return -ENOMEM;
    c->cells = cells;
    unsigned *lengths = realloc(c->lengths, cap * sizeof *lengths);

    if (!lengths)
        return -ENOMEM;
    c->lengths = lengths;
    c->cap = cap;
    return 0;
}

static int end_cell(struct csv *c)
{
    if (c->count >= PARSE_COLUMNS_MAX) {
        refuse_here(c, "columns", "a row has more than 4096 columns");
        return 0;
    }
    if (csv_reserve_cells(c) < 0 || text_putc(&c->bytes, '\0') < 0)
        return -ENOMEM;
    c->starts[c->count++] = c->field_start;
    c->field_start = c->bytes.len;
    c->state = CELL_START;
    return 0;
}

static int end_row(struct csv *c, bool ended)
{
    int r = end_cell(c);

    if (r < 0 || c->refusal.reason)
        return r;
    for (size_t i = 0; i < c->count; i++) {
        size_t end = i + 1 < c->count ? c->starts[i + 1] : c->bytes.len;

        c->cells[i] = c->bytes.buf + c->starts[i];
        c->lengths[i] = (unsigned)(end - c->starts[i] - 1);
    }
    struct csv_row row = { c->cells, c->lengths, c->count, c->row_line, ended, c->has_high };

    r = c->row(c->arg, &row);
    text_clear(&c->bytes);
    c->count = 0;
    c->field_start = 0;
    c->has_high = false;
    c->at_line_end = ended;
    return r;
}

static size_t characters_in(const char *bytes, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)bytes[i] & 0xC0) != 0x80;
    return count;
}

/*
 * Adds a run of ordinary bytes to the cell; it begins at c->offset and at this column. A refusal is
 * at the first byte too many, in whatever portions the file comes. Returns 0 or -ENOMEM.
 */
static int add_run(struct csv *c, unsigned long column, const char *bytes, size_t len)
{
    size_t field = PARSE_FIELD_MAX_BYTES - (c->bytes.len - c->field_start);
    size_t row = c->bytes.len < PARSE_ROW_MAX_BYTES ? PARSE_ROW_MAX_BYTES - c->bytes.len : 0;
    size_t room = field < row ? field : row;

    if (len > room) {
        refuse(c, "field-size", c->line, column + characters_in(bytes, room), c->offset + room,
               field <= row ? "a field is longer than 1 MiB" : "a row is longer than 16 MiB");
        return 0;
    }
    return text_add(&c->bytes, bytes, len) < 0 ? -ENOMEM : 0;
}

static void count_line(struct csv *c)
{
    c->line++;
    c->column = 1;
}

/* One byte that means something. */
static int take(struct csv *c, unsigned char b)
{
    bool quoted = c->state == CELL_QUOTED;
    bool second_half = c->after_cr && b == '\n'; /* of a CRLF whose CR was counted */
    char ch = (char)b;
    int r = 0;

    c->after_cr = false;
    if (b == '\0') {
        refuse_here(c, "nul", "a NUL byte: this is no text file, or it is damaged");
        return 0;
    }
    if (quoted) {
        if (b == '"')
            c->state = CELL_QUOTE_SEEN;
        else
            r = add_run(c, c->column, &ch, 1);
    } else if (b == '\n' || b == '\r') {
        if (!second_half)
            r = end_row(c, true);
    } else if (ch == c->delimiter) {
        r = end_cell(c);
    } else if (b == '"' && c->state == CELL_START) {
        c->state = CELL_QUOTED;
        c->quote_line = c->line;
        c->quote_column = c->column;
        c->quote_offset = c->offset;
    } else if (b == '"' && c->state == CELL_QUOTE_SEEN) {
        r = add_run(c, c->column, &ch, 1);
        c->state = CELL_QUOTED;
    } else {
        r = add_run(c, c->column, &ch, 1);
        c->state = CELL_PLAIN;
    }
    if (b == '\r' || b == '\n') {
        if (!second_half)
            count_line(c);
        c->after_cr = b == '\r';
    } else if ((b & 0xC0) != 0x80) {
        c->column++;
    }
    if (b != '\r' && b != '\n')
        c->at_line_end = false;
    c->offset++;
    return r;
}

static bool is_plain(const struct csv *c, unsigned char b)
{
    return b >= ' ' && b != '"' && (char)b != c->delimiter;
}

/* The length of a run without special bytes, so that ordinary text is copied at once. */
static size_t run_length(struct csv *c, const unsigned char *s, size_t len)
{
    size_t n = 0, characters = 0;
    bool high = false;

    for (; n < len && is_plain(c, s[n]); n++) {
        high |= s[n] >= 0x80;
        characters += (s[n] & 0xC0) != 0x80;
    }
    c->column += characters;
    c->has_high |= high;
    return n;
}

static int scan(struct csv *c, const unsigned char *s, size_t len)
{
    size_t i = 0;
    int r = 0;

    while (i < len && r == 0 && !c->refusal.reason) {
        if (c->count == 0 && c->bytes.len == 0 && c->state == CELL_START &&
            !(c->after_cr && s[i] == '\n')) {
            size_t taken = csv_take_whole(c, s + i, len - i, &r);

            i += taken;
            if (taken || r != 0)
                continue;
            c->row_line = c->line;
        }
        unsigned long column = c->column;
        size_t n = run_length(c, s + i, len - i);

        if (n == 0) {
            r = take(c, s[i++]);
            continue;
        }
        if (c->state == CELL_START || c->state == CELL_QUOTE_SEEN)
            c->state = CELL_PLAIN;
        c->after_cr = false;
        c->at_line_end = false;
        r = add_run(c, column, (const char *)s + i, n);
        c->offset += n;
        i += n;
    }
    return r;
}

static int start(struct csv *c)
{
    size_t skip = judge_head(c);

    c->offset = skip;
    return c->refusal.reason ? 0 : scan(c, c->head + skip, c->head_len - skip);
}

int csv_push(struct csv *c, const void *bytes, size_t len)
{
    const unsigned char *s = bytes;
    int r = 0;

    assert(c && (bytes || !len));
    if (c->refusal.reason)
        return 0;
    if (!c->head_done) {
        size_t n = CSV_HEAD_BYTES - c->head_len;

        n = n < len ? n : len;
        if (n)
            memcpy(c->head + c->head_len, s, n);
        c->head_len += n;
        s += n;
        len -= n;
        if (c->head_len == CSV_HEAD_BYTES)
            r = start(c);
    }
    return r || c->refusal.reason ? r : scan(c, s, len);
}

int csv_finish(struct csv *c)
{
    int r = 0;

    if (c->refusal.reason)
        return 0;
    if (!c->head_done)
        r = start(c);
    if (r || c->refusal.reason)
        return r;
    if (c->state == CELL_QUOTED) {
        refuse(c, "open-quote", c->quote_line, c->quote_column, c->quote_offset,
               "a quoted cell that begins here is never closed: the file is cut or damaged");
        return 0;
    }
    if (c->count || c->bytes.len || c->state != CELL_START)
        r = end_row(c, false);
    return r;
}

bool csv_ends_with_newline(const struct csv *c)
{
    return c->at_line_end;
}
