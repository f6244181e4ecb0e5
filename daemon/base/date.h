/*
 * date - civil (calendar) dates
 *
 * A civil date is a day number: no time of day, no time zone, so no day is ever 23 hours long.
 * Pure arithmetic: reads no clock, allocates nothing. Proleptic Gregorian calendar, years 1 to
 * 9999.
 */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Days since 1970-01-01. DATE_NONE means "no date"; it compares equal only to itself. */
struct civil_date {
    int32_t day;
};

#define DATE_NONE     ((struct civil_date){ INT32_MIN })
#define DATE_TEXT_MAX 11 /* "2025-03-31" and its NUL */

/** Returns 0; -EINVAL where the calendar has no such day (31 February, month 13, year 0). */
int date_from_ymd(int year, int month, int day, struct civil_date *out_date);
void date_to_ymd(struct civil_date date, int *out_year, int *out_month, int *out_day);

/** Reads exactly YYYY-MM-DD. Returns 0 or -EINVAL. */
int date_parse_iso(const char *text, size_t len, struct civil_date *out_date);

/** Writes YYYY-MM-DD, or "" for DATE_NONE. Returns its argument, for use in a call. */
const char *date_format(struct civil_date date, char out_text[DATE_TEXT_MAX]);

/** The English month of a folded name ("jan", "january", ...), 1 to 12; 0 if it is none. */
int date_month_of_name(const char *text, size_t len);
/** "January" for 1, "Jan" with short_form. */
const char *date_month_name(int month, bool short_form);

static inline bool date_is_set(struct civil_date d)
{
    return d.day != INT32_MIN;
}
static inline int date_compare(struct civil_date a, struct civil_date b)
{
    return a.day < b.day ? -1 : a.day > b.day;
}
static inline struct civil_date date_add_days(struct civil_date d, int days)
{
    return (struct civil_date){ d.day + days };
}
/** Adds calendar months; a day that the month lacks becomes its last day (31 January + 1 = 28/29
 * February). */
struct civil_date date_add_months(struct civil_date d, int months);
struct civil_date date_month_start(struct civil_date d);
struct civil_date date_month_end(struct civil_date d);
/** 0 = Monday ... 6 = Sunday. */
int date_weekday(struct civil_date d);

#endif
