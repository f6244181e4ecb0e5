/*
 * pathway_row - one row, read by the slots of a pathway layout, to what it says of a pathway
 *
 * Decides whether the row is accepted or set aside and why, makes the pseudonyms, and counts NHS
 * numbers in every column, the dropped ones too. Private to parse/: pathway_row.c judges the row,
 * pathway_slot.c reads its cells, pathway_identity.c makes the pseudonyms and counts the NHS numbers.
 */
#ifndef PARSE_PATHWAY_ROW_H
#define PARSE_PATHWAY_ROW_H

#include "base/digest.h"
#include "base/text.h"
#include "parse/columns.h"
#include "parse/parser.h"
#include "parse/rows.h"

/** Of one column of the header: its cells that are not blank, and NHS numbers among them. */
struct column_tally {
    unsigned long values, hits;
};

/** What one slot of the current row says. */
struct slot_value {
    const char *text; /* in the row or in .copy; NULL: nothing */
    size_t len;
    struct text copy;
    struct civil_date date;
    bool is_plain; /* one column whose cell can be taken as it stands */
    bool unknown;  /* only_mapped: a text that the map does not know */
};

/** Why a row is set aside: neither holds content. */
struct row_fault {
    const char *reason, *column; /* NULL reason: no fault yet; the first one stands */
};

struct pathway_reader {
    const struct format *format;
    const struct columns *columns;
    struct parser_options options;
    struct keyed_digest *digest;   /* NULL: no key */
    struct keyed_digest *previous; /* NULL: no key before it */
    struct slot_value *values;     /* as columns->slots */
    size_t value_count;
    size_t *read; /* the slots that say something, in order */
    size_t read_count;
    struct text clean, parts;   /* scratch; the parts of the key */
    struct text person;         /* those of the person's, where they are left */
    struct column_tally *tally; /* as the header */
    size_t tally_count;
    bool *is_exempt; /* as the header: a lone NHS number there is no fault */
    bool *is_kept;   /* as the header: its text stands in the record as it is, no pseudonym */
    unsigned long chance_hits, replaced_utf8;
    /* The row just accepted. */
    struct pathway_record record;
    bool is_left_out;  /* it speaks of no open pathway */
    size_t next_event; /* of the layout's, to be looked at; snapshots: 1 once given */
    char event_id[2 * PSEUDONYM_BYTES + 1];
};

/** Returns 0 or -ENOMEM. What it refers to is borrowed. */
int pathway_reader_init(struct pathway_reader *r, const struct format *f, const struct columns *c,
                        const struct parser_options *options);
/** The header got more columns: binds anew and keeps what was counted. Returns 0 or -ENOMEM. */
int pathway_reader_rebind(struct pathway_reader *r, const struct columns *c);
void pathway_reader_release(struct pathway_reader *r);

/** Reads one row; as row_read(). A row may be accepted and say nothing. */
int pathway_row_read(struct pathway_reader *r, const struct csv_row *row,
                     enum row_verdict *out_verdict, const char **out_reason,
                     const char **out_column);
/** The next thing the row says. Returns 1 with a record that lives until the next call, 0 at the end,
 * or -ENOMEM. */
int pathway_row_next(struct pathway_reader *r, const struct pathway_record **out_record);

/* ---- pathway_slot.c ---- */
/** The column that a slot reads first, as people may be told of it; else its canonical name, or NULL. */
const char *pathway_column_of(const struct pathway_reader *r, size_t slot);
/** Reads and judges the slots of a row into r->values. Returns 0 or -ENOMEM. */
int pathway_slots_read(struct pathway_reader *r, const struct csv_row *row,
                       struct row_fault *fault);

/* ---- pathway_identity.c ---- */
/** The pseudonyms of the row; without a key the pathway's key columns in r->record.key, and of the
 * person nothing. Return 0 or -ENOMEM. */
int pathway_person(struct pathway_reader *r);
int pathway_pseudonym(struct pathway_reader *r);
/** Under a key an event's own id is a pseudonym as well: it may be a local number. 0 or -ENOMEM. */
int pathway_event_name(struct pathway_reader *r, const char *id);
/** Marks the columns where a chance hit is no fault: declared local numbers, and NHS numbers that are
 * asked for by who only counts; and those whose text is kept, which is searched for one. */
void pathway_mark(struct pathway_reader *r);
/** Counts every column's values and NHS numbers; one in a mapped column sets the row aside. */
void pathway_tally(struct pathway_reader *r, const struct csv_row *row, struct row_fault *fault);

/** Finds the columns that hold NHS numbers. */
void pathway_identifiers(const struct pathway_reader *r, struct parse_result *out);

#endif
