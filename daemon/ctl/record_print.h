/*
 * record_print - records as lines of JSON, one JSON array, CSV or a plain table
 *
 * Streams: keeps no record. Keys and their order are a contract (waitlistctl(1)). Numbers print as
 * the shortest decimal that reads back the same, whole numbers without a decimal point.
 */
#ifndef CTL_RECORD_PRINT_H
#define CTL_RECORD_PRINT_H

#include <stdio.h>

#include "base/text.h"
#include "ctl/output.h"
#include "parse/parser.h"
#include "parse/record.h"

struct record_printer {
    enum output_kind kind;
    const char *source; /* the format's id; borrowed */
    bool is_pathways;
    FILE *to;
    unsigned long count;
    struct text line;
};

void record_printer_init(struct record_printer *p, enum output_kind kind, const struct format *f,
                         FILE *to);
/** Returns 0, -ENOMEM, or a positive errno when writing fails. */
int record_print(struct record_printer *p, const struct record *record);
int pathway_print(struct record_printer *p, const struct pathway_record *record);
/** Ends the output and releases the printer. Returns 0 or -EIO. */
int record_printer_end(struct record_printer *p);

/** Of the rows of a list: how many are of it, and how many are not since another of their pathway stands. */
struct list_summary {
    unsigned long records, left_out;
};
/** One object: format, rows, accepted, set_aside, records, periods, organisations; of a list (else NULL) left_out
 * as well. Returns 0 or -EIO. */
int summary_print(const char *format, const struct parse_result *result,
                  const struct list_summary *list, FILE *to);

#endif
