/*
 * span - a length of time as settings and plans write it: 45d, 10wd, 18w, 3m, 15min, 12h, 30s
 *
 * Pure. A month is a calendar month, so "3m" and "13w" are different lines (DESIGN section 6).
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

enum span_unit { SPAN_DAYS, SPAN_WORKING_DAYS, SPAN_WEEKS, SPAN_MONTHS, SPAN_SECONDS };

struct span {
    long count; /* in .unit; minutes and hours are given in seconds */
    enum span_unit unit;
};

/** Reads one span. Returns 0 or -EINVAL. */
int span_parse(const char *text, struct span *out_span);

#endif
