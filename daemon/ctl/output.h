/*
 * output - JSON results for people and for machines: table, json, ndjson, csv
 *
 * Pure: values to text. Numbers print as the shortest decimal that reads back the same. Nothing
 * that a feed or a plan holds can move the cursor or start a formula: tables show control
 * characters escaped, CSV cells that a spreadsheet would calculate get an apostrophe.
 */
#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

#define OUTPUT_DEPTH_MAX 32 /* deeper JSON prints as null; the daemon sends at most 5 levels */

enum output_kind { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_NDJSON, OUTPUT_CSV };

/** Reads "table", "json", "ndjson", "csv". Returns 0 or -EINVAL. */
int output_kind_parse(const char *text, enum output_kind *out_kind);
const char *output_kind_name(enum output_kind kind);

/** Indented by two spaces, or on one line; no line end. Each function below returns 0 or -errno of
 * text. */
int output_json(struct text *out, const json_t *value, bool pretty);
/** An array: one element a line; anything else: one line. */
int output_ndjson(struct text *out, const json_t *value);
/**
 * RFC 4180 with LF. An array of objects: a header of all keys in order of first appearance, then a
 * row each; an object: a header and one row. Nested values are compact JSON, null is empty.
 */
int output_csv(struct text *out, const json_t *value);

/** One cell of it, quoted where it must be. */
void output_csv_cell(struct text *out, const char *cell);

/** Text with control characters (also C1) as \xNN or \u00NN, and nothing else changed. */
int output_escaped(struct text *out, const char *text);
/** A scalar as a table shows it: "-" for null, "yes" and "no", a number to two decimals; nested values
 * as compact JSON. */
int output_cell(struct text *out, const json_t *value);

enum output_colour {
    COLOUR_NONE,
    COLOUR_RED,
    COLOUR_AMBER,
    COLOUR_GREEN,
    COLOUR_BLUE,
    COLOUR_GREY
};

/* A table for people: cells are added row by row. */
struct output_column {
    const char *title;
    bool right;    /* numbers */
    size_t narrow; /* may be cut to this width when the terminal is narrow; 0: never cut */
};
struct output_table {
    const struct output_column *columns;
    size_t column_count;
    char **cells; /* row after row; owned */
    enum output_colour *colours;
    size_t cell_count, cell_cap;
    int error;
};

void output_table_init(struct output_table *t, const struct output_column *columns, size_t count);
/** Copies and escapes; rows are complete when every column has its cell. */
void output_table_add(struct output_table *t, const char *cell, enum output_colour colour);
/** A text that could not be written whole fails the table: no figure is shown as none. */
void output_table_add_text(struct output_table *t, const struct text *cell,
                           enum output_colour colour);
/** width: of the terminal in characters, 0 = unlimited. colour: use escape sequences. */
int output_table_print(const struct output_table *t, size_t width, bool colour, struct text *out);
void output_table_release(struct output_table *t);

/** The colour of a RAG word or severity; COLOUR_NONE for any other. */
enum output_colour output_colour_of(const char *word);

#endif
