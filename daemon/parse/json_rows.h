/*
 * json_rows - NDJSON, or a JSON array of objects, to rows of cells, streaming
 *
 * The second source of rows beside csv: the names of members are the columns, and a row looks to the
 * formats as one of CSV. A member that is absent or null is a blank cell; the members of an object in an
 * object are columns called outer.inner; an array is blank. In NDJSON an object ends with its line, so
 * that a broken one spoils no other; in an array a broken object refuses the whole. Pure, bounded by the
 * ceilings of csv; refusals as those of csv.
 */
#ifndef PARSE_JSON_ROWS_H
#define PARSE_JSON_ROWS_H

#include "base/table.h"
#include "parse/csv.h"

struct json_rows {
    /** names and row return 0 to go on; anything else ends the parse and is returned by json_rows_push. */
    int (*names)(void *arg,
                 const struct csv_row *row); /* all so far, before the row that adds some;
                                                           a column keeps its place */
    int (*row)(void *arg, const struct csv_row *row);
    void (*broken)(void *arg, unsigned long line); /* a line of NDJSON that is no object */
    void *arg;
    struct csv_refusal refusal;
    /* Private from here. */
    enum { BETWEEN_OBJECTS, IN_OBJECT, IN_BROKEN_LINE, AFTER_ARRAY } state;
    bool is_array, needs_comma, has_row, in_string, escaped, has_high, at_line_end;
    unsigned depth;
    unsigned long line, column, offset, row_line, row_column, row_offset;
    struct text object;
    struct table columns; /* name to place + 1 */
    struct text bytes;    /* the cells of the row */
    const char **cells;
    unsigned *lengths;
    const void **values;
    size_t count, cap;
};

/** Whether a file that begins so is JSON: 1, 0, or -1 when more bytes are needed to know. */
int json_rows_begin(const char *bytes, size_t len);

void json_rows_init(struct json_rows *j, int (*names)(void *, const struct csv_row *),
                    int (*row)(void *, const struct csv_row *),
                    void (*broken)(void *, unsigned long), void *arg);
/** As csv_push() and csv_finish(). */
int json_rows_push(struct json_rows *j, const void *bytes, size_t len);
int json_rows_finish(struct json_rows *j);
/** Whether the end is proven: by a line end, or by the bracket that closes the array. */
bool json_rows_is_ended(const struct json_rows *j);
void json_rows_release(struct json_rows *j);

#endif
