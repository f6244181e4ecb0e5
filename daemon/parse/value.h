/*
 * value - what one cell says: a number, a date, or neither
 *
 * Pure. Numbers are plain decimals only (never inf, nan or hexadecimal). Dates are always day
 * first, never month first; a text names a day, a month or a year and becomes the span of its days.
 */
#ifndef PARSE_VALUE_H
#define PARSE_VALUE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/date.h"
#include "base/text.h"

enum date_grain { GRAIN_DAY, GRAIN_MONTH, GRAIN_YEAR };

struct date_span {
    struct civil_date start, end; /* first and last day */
    enum date_grain grain;
};

/** The cell without blanks at its ends; no-break and other Unicode blanks count. Borrowed,
 *  not terminated. */
const char *value_trim(const char *cell, size_t *out_len);
/** Whether nothing but blanks is in the cell. */
bool value_is_blank(const char *cell);
/** Copies at most size - 1 bytes: trimmed, each run of blanks made one blank. Returns out. */
char *value_single_space(const char *text, char *out, size_t size);

/** Adds a text with each byte that is no UTF-8 replaced by U+FFFD. Returns how many were,
 *  or -ENOMEM. */
long value_add_utf8(struct text *to, const char *text, size_t len);

/**
 * Reads a number: sign, digits, well-formed groups of thousands ("1,528"), decimals, an exponent, a
 * trailing percent sign (the number stays as written: "0.50%" is 0.5).
 * Returns 0 or -EINVAL. out_percent may be NULL.
 */
int value_number(const char *cell, double *out_number, bool *out_percent);

/**
 * Reads a day, month or year: 2023-04-01 (also with time and offset), 1/4/2023, 01-04-2023,
 * 01/06/24, 20230401, 1 April 2023, 01-Apr-2023, 202304, 2023-04, Apr-23, April 2023, 2023, and
 * spreadsheet serial days (44835). Two-digit years are 2000 to 2099. Returns 0 or -EINVAL (no such
 * day; no date).
 */
int value_date(const char *cell, struct date_span *out_span);

/** Reads one day as value_date() does, of the years 1900 to 2100 or 9999 (which stands for "no end").
 * Returns 0 or -EINVAL. */
int value_day(const char *text, size_t len, struct civil_date *out_day);

/** Reads true, yes, y, 1 or false, no, n, 0. Returns whether it was one of them. */
bool value_flag(const char *text, bool *out_flag);

#define VALUE_NO_OFFSET INT_MAX
/** What ends a time at `end`: "Z", "+01:00", "+0100", "+01" in minutes east, or nothing (VALUE_NO_OFFSET).
 * Returns 0, or -EINVAL for other text. */
int value_offset(const char *s, const char *end, int *out_offset);
/** Minutes by which London is ahead of UTC, so many UTC minutes after the day began. */
int value_london_ahead(struct civil_date day, int minutes);

/**
 * Reads the version of a report: digits as a number, or a day, with or without a time, as its digits:
 * 2025-03-03T06:10 is 20250303061000. A time with an offset is that which the clocks of London showed; those of
 * the hour that they show twice in October stand behind those of its first time: 20241027T01:10+00:00 is
 * 20241027016560. Returns 0 or -EINVAL.
 */
int value_version(const char *text, uint64_t *out_version);

/** Finds the first "January 2023" or "Jan-23" inside a text. Returns 0 or -ENOENT. */
int value_find_month(const char *text, struct date_span *out_span);

/** Reads a run of months: "April-June 2023", "Nov 2023 to Jan 2024", and the quarters of a financial
 * year that begins in April: "Q1 2023/24", "2023-24 Quarter 1". At most 12 months. Returns 0 or
 * -EINVAL; "Q1 2023" is none: it does not say of which kind of year. */
int value_months(const char *cell, struct date_span *out_span);

/** Reads what stands over a group of columns: as value_date(), and a calendar year with marks of notes:
 * "2024", "20243", "2024 [note 3]", "2024 (provisional)", "2024r". Returns 0 or -EINVAL. */
int value_group_date(const char *text, struct date_span *out_span);

/** Drops marks of notes from the end of a text in place: "Appeals registered4", "England Total4,9",
 * "Total [note 2]". A code (no small letter and no blank: E08000027) stays as it is. */
void value_drop_notes(char *text);

/** The span of a calendar month. Returns 0 or -EINVAL. */
int value_month_span(int year, int month, struct date_span *out_span);

/** Reads "2024", "202425", "2024/25" or "2024-25" as a year that begins on the first of a month. */
int value_year_from(const char *cell, int first_month, struct date_span *out_span);

#endif
