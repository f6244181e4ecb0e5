/*
 * csv - bytes to rows of cells, streaming
 *
 * RFC 4180 as publishers practise it: a byte order mark, CRLF, LF or CR, quoted cells with doubled
 * quotes and line ends inside, a last row without a line end. Pure; memory is bounded by the named
 * ceilings, which are enforced before more is stored. What is no delimited text in UTF-8 (NUL,
 * UTF-16, gzip, zip, a workbook, a quote still open at the end) is refused with its place; the
 * sentence never repeats content. After a refusal further bytes are ignored.
 */
#ifndef PARSE_CSV_H
#define PARSE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "parse/limits.h"

#define CSV_WORKBOOK_SENTENCE                                                                      \
    "this is a spreadsheet workbook; save this sheet as CSV into that folder"

#define CSV_HEAD_BYTES 64 /* looked at before the first row, to know what kind of file it is */

/** Borrowed for the length of the callback. A blank line is a row of one empty cell. */
struct csv_row {
    const char *const *cells; /* NUL-terminated, without quotes */
    const unsigned *lengths;  /* of the cells, in bytes */
    size_t count;
    unsigned long line; /* 1-based physical line on which the row begins */
    bool ended;         /* by a line end; false only for an unterminated last row */
    bool has_high;      /* holds a byte above 0x7F, so UTF-8 is worth checking */
};

struct csv_refusal {
    const char *reason; /* a word, NULL when nothing was refused */
    char sentence[192];
    unsigned long line, column; /* 1-based; the column counts characters */
    unsigned long offset;       /* bytes from the start of the file */
};

struct csv {
    char delimiter;
    /** A non-zero return ends the parse and is returned by csv_push. */
    int (*row)(void *arg, const struct csv_row *row);
    void *arg;

    struct csv_refusal refusal;
    /* Private from here. */
    unsigned char head[CSV_HEAD_BYTES];
    size_t head_len;
    bool head_done;
    int state;
    bool after_cr, has_high, at_line_end;
    struct text bytes; /* the cells of the row, each ended by a NUL */
    size_t *starts;
    const char **cells;
    unsigned *lengths;
    size_t count, cap, field_start;
    char *whole;     /* a row that is read at once (csv_whole.c) */
    uint64_t *marks; /* a bit for each byte of it that is a delimiter or a quote */
    size_t whole_cap;
    unsigned long offset, line, column, row_line;
    unsigned long quote_line, quote_column, quote_offset;
};

void csv_init(struct csv *c, char delimiter, int (*row)(void *, const struct csv_row *), void *arg);
/** Returns 0 (also when refused: see .refusal), the callback's non-zero value, or -ENOMEM. */
int csv_push(struct csv *c, const void *bytes, size_t len);
/** Ends the file: delivers an unterminated last row. Returns as csv_push. */
int csv_finish(struct csv *c);
/** Whether the last byte seen was a line end outside quotes. */
bool csv_ends_with_newline(const struct csv *c);
void csv_release(struct csv *c);

/* ---- between csv.c and csv_whole.c ---- */

/** Room for one cell more. Returns 0 or -ENOMEM. */
int csv_reserve_cells(struct csv *c);
/**
 * Reads one row at once where a row begins at s, its line end is among the bytes and nothing in it
 * needs the slow way. Returns the bytes taken, 0 when the slow way is to be gone; *out_r is what the
 * callback returned, or -ENOMEM.
 */
size_t csv_take_whole(struct csv *c, const unsigned char *s, size_t len, int *out_r);

#endif
