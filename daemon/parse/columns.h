/*
 * columns - one layout bound to the header of one file
 *
 * Finds out whether a row is the header of a layout, and if so which column gives what. Columns are
 * found by name, never by position; only unnamed label columns are found by where they stand, left
 * of the values. Private to parse/.
 */
#ifndef PARSE_COLUMNS_H
#define PARSE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "parse/csv.h"
#include "parse/layout.h"
#include "parse/pathway_layout.h"
#include "parse/value.h"

/** What stood above the header: texts of cells that were not blank, in file order. */
struct banner {
    struct names texts;
    struct names above; /* every cell of the last row, single-spaced; "" for a blank */
};

/** A row that may be the header: names single-spaced, in valid UTF-8. */
struct header {
    char **names;
    char **groups; /* as many, NULL without: the text above, also from the left over blanks */
    size_t count;  /* without blank names at the end */
    long replaced_utf8;
};

enum column_use { COLUMN_DROPPED, COLUMN_DESCRIPTIVE, COLUMN_MAPPED };

struct value_column {
    size_t at;
    const char *name;              /* in the header */
    enum unit unit;                /* by the header's name; UNIT_UNKNOWN when the row must say */
    long qualifier;                /* column, or -1 */
    char *texts[ROLE_COUNT];       /* what the header gives for roles that come from it */
    struct date_span period;       /* PERIOD_HEADER, PERIOD_GROUP */
    const struct code_rule *codes; /* its texts stand for numbers; NULL: it holds numbers */
    unsigned blanks;               /* bit per rule of the layout that speaks of this column */
};

/** Columns of one part of a source, in the order in which they are looked at. */
struct bound_part {
    size_t *at;
    size_t count;
};

struct bound_source {
    const struct source *source;
    struct bound_part *parts;
    size_t part_count; /* parts of which the file has a column */
    char *constant;    /* SOURCE_TEXT, SOURCE_BANNER; NULL: none */
};

/** A slot of a pathway layout. */
struct bound_slot {
    const struct slot *slot;
    struct bound_source from;
};

enum { BOUND_START = ROLE_COUNT, BOUND_END, BOUND_IDENTIFIER, BOUND_COUNT };

struct columns {
    const struct layout *layout;
    struct header header;
    struct value_column *values;
    size_t value_count;
    struct bound_source sources[BOUND_COUNT];
    enum column_use *use; /* per column of the header */
    long *blank_columns;  /* per rule of blanks: the column that it looks at, or -1 */
    bool has_period;      /* PERIOD_BANNER: a month was found */
    struct date_span period;

    /* Of a pathway layout. */
    struct bound_slot *slots; /* as its own, then those of cohort columns found by pattern */
    size_t slot_count;
    struct bound_cohort {
        char *name;
        size_t slot;
    } cohort[COHORT_MAX]; /* sorted by name */
    size_t cohort_count;
};

/** Why no layout took a row: the nearest layout and the first column it lacked. */
struct near_miss {
    const struct layout *layout;
    const char *column;
    size_t found;
    unsigned long line;
};

/** Whether a text matches one of the patterns. */
bool names_like(const struct names *patterns, const char *text);

/** Keeps the first texts of a row. Returns 0 or -ENOMEM. */
int banner_add(struct banner *b, const struct csv_row *row);
/** Whether one of the texts matches one of the patterns; true without patterns. */
bool banner_like(const struct banner *b, const struct names *patterns);
void banner_release(struct banner *b);

/** What a row of names is: a line of a table, or the members of the objects so far, each of which may leave
 * out what may be blank. */
enum name_row { NAMES_OF_TABLE, NAMES_OF_MEMBERS };

/**
 * Tries each layout of the format on a row. Returns 1 with *out_columns filled, 0 if the row is no
 * header (near is kept up to date), -E2BIG for too many cohort columns, or -ENOMEM.
 */
int columns_bind(const struct format *f, const struct csv_row *row, enum name_row kind,
                 const struct banner *banner, struct columns *out_columns, struct near_miss *near);
void columns_release(struct columns *c);

/* ---- between columns.c and columns_pathway.c ---- */

/** Binds the columns that a source names. Returns 0 or -ENOMEM. */
int source_bind(struct columns *c, const struct source *s, enum column_use use,
                struct bound_source *out);
/** Finds what a source says for every row. Returns 0 or -ENOMEM. */
int source_bind_constant(struct bound_source *b, const struct banner *banner);
void bound_source_release(struct bound_source *b);
/** Claims a column; a lesser use never replaces a greater one. */
void columns_claim(struct columns *c, size_t at, enum column_use use);

/** Binds the slots of a pathway layout. Returns 0, -E2BIG or -ENOMEM. */
int slots_bind(struct columns *c, const struct banner *banner);
/** The name of a column that a row needs and the file has not, or NULL. */
const char *slots_lack(const struct columns *c);
void slots_release(struct columns *c);
/** Whether a cell under these names may be blank in any row: they are of no more than who the referral is about. */
bool slots_may_be_blank(const struct pathway_layout *p, const struct names *names);
/** A mapped column as people may be told of it, which is as the mapping names it: a header is the sender's
 * text. One that only a pattern of the cohort found is called by the pattern. */
const char *slots_column_said(const struct columns *c, size_t at);

#endif
