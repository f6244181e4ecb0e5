/*
 * parser - bytes of one delimited file to records, by a format
 *
 * Streaming: bytes are pushed in any portions; memory is bounded by the widest row allowed.
 * Pure: no I/O, no clock. A file is accepted or refused as a whole; within an accepted file a row
 * is accepted or set aside (line, column name, reason; never its content). A refusal is one located
 * message. Because a refusal may come late, a caller that must publish nothing of a refused file
 * parses twice, or keeps the records until parser_finish().
 */
#ifndef PARSE_PARSER_H
#define PARSE_PARSER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/date.h"
#include "parse/format.h"
#include "parse/limits.h"
#include "parse/pathway_record.h"
#include "parse/record.h"

struct parse_sink {
    /** Each record, in file order; a non-zero return stops the parse and is returned by
     * parser_push. NULL: ignored. Aggregate formats call record, pathway formats pathway; a row of
     * events may give several, or none. */
    int (*record)(void *arg, const struct record *record);
    int (*pathway)(void *arg, const struct pathway_record *record);
    /** Each row set aside: 1-based line, column name (or NULL), reason word such as "bad-number".
     * NULL: ignored. */
    void (*set_aside)(void *arg, unsigned long line, const char *column, const char *reason);
    void *arg;
};

/** What happens when a column turns out to hold NHS numbers (parse_result.identifiers). */
enum identifier_policy {
    IDENTIFIERS_REFUSE, /* the file is refused: "identifiers" */
    IDENTIFIERS_NOTE,   /* said in the result only: for counting in memory */
};

struct parser_options {
    /** Makes pseudonyms of pathways and persons; borrowed until parser_free(). NULL: none are made,
     * and each record carries the parts of its key instead. */
    const void *key;
    size_t key_len;
    /** Pseudonyms of persons are left to parser_name_person(), for another thread. Not with .previous_key. */
    bool leaves_people;
    enum identifier_policy identifiers;
    /** Columns of local numbers beside the format's local_id; borrowed until parser_free(). */
    const char *const *local_id;
    size_t local_id_count;
    struct civil_date census; /* of a snapshot whose layout names none; DATE_NONE: not known */
    /** The day on which the file came: an event of a later one has not happened, and its row is set aside.
     * DATE_NONE: not judged. */
    struct civil_date received;
    /** The place that a row's words mean (each may be NULL), which must live until parser_free(); NULL:
     * unknown. Without it a record has the first of them as it stands. */
    const char *(*place)(void *arg, const char *printed, const char *practice, const char *lsoa);
    void *place_arg;
    /** The key before .key, as long as it, or NULL: then each pseudonym that is made is also given as it was
     * under that one. Returns 0 or -ENOMEM. */
    const void *previous_key;
    int (*renamed)(void *arg, const uint8_t before[PSEUDONYM_BYTES],
                   const uint8_t now[PSEUDONYM_BYTES]);
    void *renamed_arg;
};

struct set_aside_count {
    const char *reason; /* static text */
    unsigned long count;
};

/** A column of which at least half the values (of 20 or more) are NHS numbers. */
struct identifier_column {
    char column
        [64]; /* column "NHS number" where the mapping names it or it is a usual name; else column 7 */
    const char *count; /* band of the values that are: "10 to 99", ... */
    bool is_mapped;    /* a declared column, not one that is dropped anyway */
};

#define IDENTIFIER_COLUMNS_MAX 8

struct parse_result {
    bool refused;
    char refusal[256]; /* one sentence when refused; never a row's content */
    const char
        *refusal_reason; /* a word: "empty", "header", "nul", "utf-16", "open-quote", "columns",
                            "field-size", "gzip", "workbook", "zip"; NULL when accepted */
    unsigned long refusal_line, refusal_column;
    unsigned long refusal_offset; /* byte offset */

    const char *held;   /* why an accepted file would wait for a person: "header-only", "set-aside"
                           (over 1 %); NULL */
    unsigned long rows; /* data rows after header, banners, footnotes = accepted + all set aside */
    unsigned long accepted;      /* rows */
    unsigned long records;       /* value cells of accepted rows */
    unsigned long replaced_utf8; /* descriptive values in which invalid UTF-8 was replaced */
    struct set_aside_count set_aside[24];
    size_t set_aside_kinds;
    const char *layout;     /* id of the layout that matched, or NULL */
    char part[96];          /* what of the publication this is: the layout, or "layout/band"; "" */
    bool covers_providers;  /* whether a provider absent from this layout is a gap */
    bool ends_with_newline; /* the last byte was a line end: the end of the file is proven at a
                               record */
    char (*periods)[DATE_TEXT_MAX * 2]; /* distinct "start/end", sorted; owned by the parser */
    size_t period_count;
    unsigned long organisations; /* distinct org values; of pathways the providers */

    /* Pathway formats only. Dates are DATE_NONE where no accepted row has one. */
    struct civil_date first_census, last_census;
    struct civil_date first_clock_start, last_clock_start; /* equal: all start on one day */
    struct civil_date first_event, last_event;
    struct identifier_column identifiers[IDENTIFIER_COLUMNS_MAX];
    size_t identifier_columns;
    unsigned long chance_hits; /* lone NHS numbers in cells that are dropped anyway */
};

struct parser;

/** name: how the file is called in messages (borrowed). NULL without memory. */
struct parser *parser_new(const struct format *format, const char *name, struct parse_sink sink);
/** For pathway formats; before the first byte. Without it: no key, refuse, no census. Returns 0 or
 * -ENOMEM. */
int parser_configure(struct parser *p, const struct parser_options *options);
/** Returns 0 also when refused (the rest is ignored); the sink's non-zero value; -ENOMEM. */
int parser_push(struct parser *p, const void *bytes, size_t len);
/** Refuses the file for a reason that its caller found (an archive that cannot be opened); one
 * sentence, copied; reason is static. The rest is ignored. */
void parser_refuse(struct parser *p, const char *reason, const char *sentence);
/** Refuses pathways that no one file can be of: a snapshot of several censuses, one (or a table of a set) of a
 * day after that on which it came (parser_options.received). Once the file has ended. */
void parser_judge_census(struct parser *p);
/** Ends the file. Returns as parser_push. */
int parser_finish(struct parser *p);
/** Valid after parser_finish() until parser_free(). */
const struct parse_result *parser_result(const struct parser *p);
/** The refusal as "name:line:column: error: sentence", one line. out must hold 512 bytes. */
const char *parser_refusal(const struct parser *p, char out[512]);
void parser_free(struct parser *p);

struct keyed_digest;
/** The pseudonym of the person of a record that has only its .person_parts, under the same key. Returns 0 or
 * -ENOMEM. */
int parser_name_person(struct keyed_digest *key, struct pathway_record *record);

#endif
