/*
 * layout - what a mapping file says, as the engine holds it
 *
 * Private to parse/: the loader (format.c, layout.c) fills these, the engine (columns.c, cells.c,
 * parser.c) reads them. A format has one or more layouts; the first whose header test a row of the
 * file passes is the one that reads it. Everything is owned by the format.
 */
#ifndef PARSE_LAYOUT_H
#define PARSE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/digest.h"
#include "parse/format.h"
#include "parse/pattern.h"
#include "parse/record.h"
#include "yaml/yaml.h"

/** Texts owned one by one. */
struct names {
    char **items;
    size_t count;
};

struct marker_word {
    char *word; /* folded; "" is a blank cell */
    enum marker marker;
};

struct word_map {
    char *from; /* folded */
    char *to;   /* NULL: no value */
};

/** Where one part of a record comes from. */
enum source_kind {
    SOURCE_NONE,
    SOURCE_COLUMNS, /* the first of the named columns whose cell is not blank */
    SOURCE_TEXT,    /* the same for every record */
    SOURCE_HEADER,  /* the header of the value's column */
    SOURCE_GROUP,   /* what the line above the header says over the value's column */
    SOURCE_BANNER,  /* a capture from the lines above the header */
};

struct source {
    enum source_kind kind;
    struct names *parts; /* each a list of columns; more than one are joined */
    size_t part_count;
    char *separator;
    long before_values; /* > 0: else the unnamed column this many places left of the values */
    char *text;
    struct capture *capture; /* finds the text in a cell, header, group or banner; NULL: the whole
                                (a banner always has one) */
    struct word_map *map;
    size_t map_count;
    struct names null_for_org;
    bool carry;       /* a blank repeats the row above */
    bool required;    /* a row without it is set aside */
    bool drop_notes;  /* "Total4,9" is "Total" */
    bool only_mapped; /* a row whose text the map does not know is set aside */
};

struct capture {
    char *name;
    struct pattern_rule *rules;
    size_t count;
};

enum role {
    ROLE_MEASURE,
    ROLE_MEASURE_NAME,
    ROLE_BREAKDOWN,
    ROLE_ORG,
    ROLE_ORG_NAME,
    ROLE_SECONDARY,
    ROLE_STATUS,
    ROLE_UNIT,
    ROLE_NUMERATOR,
    ROLE_DENOMINATOR,
    ROLE_NOTE,
    ROLE_RANK, /* of several rows with one key the one ranked highest stands */
    ROLE_COUNT,
};

extern const char *const role_names[ROLE_COUNT];

enum period_rule {
    PERIOD_DATES,  /* .start and .end name days */
    PERIOD_SINGLE, /* .start names a month, year or day */
    PERIOD_TIME,   /* .start is a year, .identifier says of what kind */
    PERIOD_HEADER, /* the value's column is headed by a date: its month */
    PERIOD_GROUP,  /* the group of the value's column is a date: its year, month or day */
    PERIOD_BANNER, /* a month named above the header */
};

/** Whether each value's column says its own period. */
static inline bool period_is_over(enum period_rule rule)
{
    return rule == PERIOD_HEADER || rule == PERIOD_GROUP;
}

struct period_source {
    enum period_rule rule;
    struct source start, end, identifier;
    struct names banner; /* PERIOD_BANNER: globs of the line that names it; none: any line */
};

/** Texts that stand for numbers in some value columns, such as a state. */
struct code_word {
    char *word; /* folded */
    double number;
};

struct code_rule {
    struct names like; /* patterns of the columns' names */
    struct code_word *words;
    size_t count;
};

/** What a blank means in some value columns of some rows. */
struct blank_rule {
    struct names column, is; /* the rows: the column (by aliases) holds one of these texts */
    struct names like;       /* patterns of the value columns; none: all */
    enum marker marker;
};

#define BLANK_RULES_MAX 32

enum values_rule { VALUES_COLUMN, VALUES_LIKE, VALUES_DATES, VALUES_REST };

struct layout {
    char *id;
    /* The header test: every part must hold. */
    struct names *required; /* each a list of aliases */
    size_t required_count;
    struct names without, like, banner;
    long like_at_least, dates_at_least;

    enum values_rule values;
    struct names value_columns, value_like, ignore;
    char *qualifier; /* pattern "{}QF" over the value's header, or NULL */
    struct code_rule *codes;
    size_t code_count;
    struct blank_rule *blanks;
    size_t blank_count;
    bool groups; /* the line above the header names groups of columns */

    struct source roles[ROLE_COUNT];
    struct period_source period;
    struct names footnotes;
    bool has_footnotes, pad_short_rows, covers_providers;
    struct pathway_layout
        *pathway; /* of a pathway format: then roles, values and period are empty */
};

struct unit_rule {
    char *like;
    enum unit unit;
};

/** Half widths of the interval a rounded figure stands for, by unit; NAN: exact. */
struct rounding_rule {
    struct names breakdown; /* globs; a record without breakdown is "" */
    double half_width[UNIT_RATE + 1];
};

struct year_kind {
    char *identifier; /* folded */
    int first_month;
};

struct format {
    char *id, *title;
    char digest[SHA256_TEXT_MAX];
    char *source; /* the mapping file's bytes */
    size_t source_len;
    enum record_kind records;
    bool published, partial;
    char delimiter;
    struct names rolling; /* measures of which only rolling periods are published */
    struct names edition, key, local_id, absent, set_tables;
    size_t key_fields[8]; /* of a pathway format: enum pathway_field, in order */
    size_t key_field_count;
    char *duplicate; /* "first", "last", or "by COLUMN" */
    long header_within;
    struct marker_word *markers, *qualifiers;
    size_t marker_count, qualifier_count;
    struct word_map *status;
    size_t status_count;
    struct {
        bool is_set;
        double low, high;
    } suppressed[UNIT_RATE + 1];
    struct rounding_rule *rounding;
    size_t rounding_count;
    struct unit_rule *units;
    size_t unit_count;
    enum unit unit;
    struct year_kind *years;
    size_t year_count;
    struct capture *captures;
    size_t capture_count;
    struct layout *layouts;
    size_t layout_count;
};

/** What the loaders share: one document, its messages, and whether memory ran out. */
struct load {
    const struct yaml *yaml;
    struct diags *diags;
    struct format *format;
    int error; /* -ENOMEM once */
};

/** Keys that a source written as a mapping may have, NULL-terminated. */
extern const char *const source_keys[];
/** A scalar or sequence names columns; a mapping, of the keys given, says it in full. */
void source_load(struct load *l, yaml_node *node, const char *const *keys, struct source *out);
void source_release(struct source *s);

/** Reads the list under "layouts". Errors are said in load->diags. */
void layouts_load(struct load *l, yaml_node *list);
void layout_release(struct layout *layout);

/* ---- small readers shared by format.c and layout.c ---- */

/** A copy, or NULL (with the error kept in l). */
char *load_copy(struct load *l, const char *text);
/** Complains about every key that is not in keys (NULL-terminated), with "did you mean". */
void load_known_keys(struct load *l, yaml_node *mapping, const char *what, const char *const *keys);
/** One scalar or a sequence of scalars. */
void load_names(struct load *l, yaml_node *node, const char *what, bool fold, struct names *out);
bool load_flag(struct load *l, yaml_node *node, bool fallback);
long load_count(struct load *l, yaml_node *node, long fallback, long least, long most);
/** A number. NAN after a complaint. */
double load_number(struct load *l, yaml_node *node);
/** A mapping of texts; an empty value means "no value". */
void load_map(struct load *l, yaml_node *node, struct word_map **out_map, size_t *out_count);
/** Zeroed memory for count items of size, or NULL (error kept). */
void *load_alloc(struct load *l, size_t count, size_t size);
void names_release(struct names *n);
void maps_free(struct word_map *map, size_t count);

#endif
