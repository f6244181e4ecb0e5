/*
 * record - one value cell of a published or local aggregate feed
 *
 * What every aggregate format becomes: a measure of an organisation over a period. Absent is not
 * zero: a cell without a number carries a marker that says why. Strings are borrowed from the
 * parser for the length of the sink call and are NUL-terminated; NULL means "the layout has none".
 */
#ifndef PARSE_RECORD_H
#define PARSE_RECORD_H

#include <stdbool.h>

#include "base/date.h"

enum marker {
    MARKER_NONE,           /* the cell holds a number */
    MARKER_SUPPRESSED,     /* withheld for disclosure control: some number, not shown */
    MARKER_NOT_SUBMITTED,  /* nobody sent one: unknown */
    MARKER_NOT_APPLICABLE, /* the measure does not exist here */
};

enum publication_status { PUBLICATION_NONE, PUBLICATION_PROVISIONAL, PUBLICATION_FINAL };

enum unit { UNIT_UNKNOWN, UNIT_COUNT, UNIT_PERCENT, UNIT_DAYS, UNIT_WEEKS, UNIT_RATE };

struct record {
    const char *measure;      /* the publisher's id, or the header text trimmed and single-spaced */
    const char *measure_name; /* its title where the file prints one beside the id, or NULL */
    const char *breakdown;    /* or NULL */
    const char *org;          /* the publisher's code, else its name as printed */
    const char *org_name;     /* the printed name where a code stands beside it, or NULL */
    const char *secondary;    /* or NULL */
    const char *note;         /* free text of the row, or NULL */
    const char *rank; /* or NULL: of rows with one key, which stands (duplicate: by COLUMN) */
    struct civil_date period_start, period_end;
    double value;     /* meaningful when marker is MARKER_NONE */
    double low, high; /* the interval the true value lies in (rounding, bounded suppression);
                         low == high == value when exact; -INFINITY and INFINITY when unbounded */
    double numerator, denominator; /* NAN: not given */
    enum marker marker;
    enum publication_status status;
    enum unit unit;
    unsigned long line; /* 1-based physical line of its row in the file */
};

/** "suppressed", "not-submitted", "not-applicable"; NULL for MARKER_NONE. */
const char *marker_name(enum marker m);
/** Reads marker_name's words. Returns 0 or -EINVAL. */
int marker_parse(const char *text, enum marker *out_marker);
/** "provisional", "final"; NULL for PUBLICATION_NONE. */
const char *publication_name(enum publication_status s);
/** "count", "percent", "days", "weeks", "rate"; NULL for UNIT_UNKNOWN. */
const char *unit_name(enum unit u);
int unit_parse(const char *text, enum unit *out_unit);

#endif
