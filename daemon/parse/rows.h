/*
 * rows - one data row, read by bound columns, to records
 *
 * Decides for each row whether it is data, a footnote or blank, and whether it is accepted or set
 * aside and why. Holds the texts of the current row and what is carried down from earlier rows.
 * Private to parse/.
 */
#ifndef PARSE_ROWS_H
#define PARSE_ROWS_H

#include <stdbool.h>

#include "base/text.h"
#include "parse/columns.h"
#include "parse/record.h"

enum row_verdict { ROW_BLANK, ROW_FOOTNOTE, ROW_ACCEPTED, ROW_SET_ASIDE };

struct cell_value {
    double number;
    enum marker marker;
    bool percent;
};

struct row_reader {
    const struct format *format;
    const struct columns *columns;
    struct text texts[BOUND_COUNT];   /* of the current row */
    struct text carried[BOUND_COUNT]; /* last text seen, for sources that carry */
    bool has[BOUND_COUNT], has_carried[BOUND_COUNT];
    bool unknown[BOUND_COUNT]; /* only_mapped: a text that the map does not know */
    struct text clean;         /* scratch */
    struct cell_value *values; /* as many as columns->value_count */
    bool after_blank;          /* a blank row came since the last row with figures */
    unsigned long replaced_utf8;
    /* What stands for the whole row once it is accepted. */
    struct date_span period;
    enum publication_status status;
    enum unit unit;
    double numerator, denominator;
    unsigned long line;
};

/** columns and format are borrowed. Returns 0 or -ENOMEM. */
int row_reader_init(struct row_reader *r, const struct format *f, const struct columns *c);
void row_reader_release(struct row_reader *r);

/** Reads one row. reason (static) and column (borrowed, may be NULL) are set for ROW_SET_ASIDE.
 *  Returns 0 or -ENOMEM. */
int row_read(struct row_reader *r, const struct csv_row *row, enum row_verdict *out_verdict,
             const char **out_reason, const char **out_column);

/* ---- between rows.c and row_text.c ---- */

/** The cell, or "" right of the row's end. */
const char *row_cell(const struct csv_row *row, size_t at);
/** The entry of a map for a text, compared folded, or NULL. */
const struct word_map *word_find(const struct word_map *map, size_t count, const char *text);
/**
 * The text of one source: the first cell of each part that says something, joined. absent: texts that
 * count as blank; clean: scratch. Returns 1 with the text in to, 0 if there is none, or -ENOMEM;
 * unknown is set when only_mapped and the map does not know it.
 */
int source_text(const struct bound_source *b, const struct names *absent, const struct csv_row *row,
                struct text *clean, struct text *to, bool *unknown);
/** Fills r->texts and r->has from a row. Returns 0 or -ENOMEM. */
int row_texts(struct row_reader *r, const struct csv_row *row);

/** The record of one value of the row just accepted; its strings live until the next row_read. */
void row_record(const struct row_reader *r, size_t value, struct record *out_record);

#endif
