/* The dates of value.h: a cell is split into groups of digits and letters, then read day first. */
#include "parse/value.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Spreadsheets count days from 1899-12-30; the range keeps counts from passing for dates. */
#define SERIAL_EPOCH_DAY (-25569)
#define SERIAL_FIRST     20000 /* 1954 */
#define SERIAL_LAST      80000 /* 2119 */

static size_t digits_in(const char *s)
{
    return strspn(s, "0123456789");
}

struct date_words {
    int number[4];    /* -1 for a word */
    size_t digits[4]; /* of the number */
    int month;        /* named by a word, or 0 */
    size_t month_at, count;
    char separator;
};

/* Splits into at most four groups of digits or letters between single separators. */
static int split(const char *s, size_t len, struct date_words *out)
{
    size_t i = 0;

    memset(out, 0, sizeof *out);
    while (i < len) {
        size_t from = i;

        if (out->count == 4)
            return -EINVAL;
        if (isdigit((unsigned char)s[i])) {
            int v = 0;

            for (; i < len && isdigit((unsigned char)s[i]); i++) {
                if (i - from >= 8)
                    return -EINVAL;
                v = v * 10 + (s[i] - '0');
            }
            out->number[out->count] = v;
            out->digits[out->count] = i - from;
        } else if (isalpha((unsigned char)s[i])) {
            while (i < len && isalpha((unsigned char)s[i]))
                i++;
            int month = date_month_of_name(s + from, i - from);

            if (!month || out->month)
                return -EINVAL;
            out->month = month;
            out->month_at = out->count;
            out->number[out->count] = -1;
        } else {
            return -EINVAL;
        }
        out->count++;
        if (i == len)
            break;
        if (!strchr("/-. ,", s[i]))
            return -EINVAL;
        if (s[i] == ',' && i + 1 < len && s[i + 1] == ' ')
            i++;
        out->separator = s[i++];
        if (i == len)
            return -EINVAL;
    }
    return out->count ? 0 : -EINVAL;
}

static int day_span(int year, int month, int day, struct date_span *out)
{
    struct civil_date d;

    if (date_from_ymd(year, month, day, &d) < 0)
        return -EINVAL;
    *out = (struct date_span){ d, d, GRAIN_DAY };
    return 0;
}

int value_month_span(int year, int month, struct date_span *out_span)
{
    struct civil_date first;

    if (date_from_ymd(year, month, 1, &first) < 0)
        return -EINVAL;
    *out_span = (struct date_span){ first, date_month_end(first), GRAIN_MONTH };
    return 0;
}

static int year_span(int year, struct date_span *out)
{
    struct civil_date first, last;

    if (year < 1900 || date_from_ymd(year, 1, 1, &first) < 0 ||
        date_from_ymd(year, 12, 31, &last) < 0)
        return -EINVAL;
    *out = (struct date_span){ first, last, GRAIN_YEAR };
    return 0;
}

/* A year of two or four digits; -1 for another count. */
static int year_of(int number, size_t digits)
{
    return digits == 4 ? number : digits == 2 ? 2000 + number : -1;
}

static int one_group(const struct date_words *w, struct date_span *out)
{
    int n = w->number[0];

    switch (w->digits[0]) {
    case 4:
        return year_span(n, out);
    case 5:
        if (n < SERIAL_FIRST || n > SERIAL_LAST)
            return -EINVAL;
        *out = (struct date_span){ { SERIAL_EPOCH_DAY + n }, { SERIAL_EPOCH_DAY + n }, GRAIN_DAY };
        return 0;
    case 6:
        return n / 100 < 1900 ? -EINVAL : value_month_span(n / 100, n % 100, out);
    case 8:
        return n / 10000 < 1900 ? -EINVAL : day_span(n / 10000, n / 100 % 100, n % 100, out);
    default:
        return -EINVAL;
    }
}

static int two_groups(const struct date_words *w, struct date_span *out)
{
    if (w->month) {
        size_t y = 1 - w->month_at;
        int year = year_of(w->number[y], w->digits[y]);

        return year < 0 ? -EINVAL : value_month_span(year, w->month, out);
    }
    if (w->separator == '-' && w->digits[0] == 4 && w->digits[1] == 2)
        return value_month_span(w->number[0], w->number[1], out);
    if (w->digits[0] <= 2 && w->digits[1] == 4 && w->separator != '.')
        return value_month_span(w->number[1], w->number[0], out);
    return -EINVAL;
}

static int three_groups(const struct date_words *w, struct date_span *out)
{
    if (w->month) {
        if (w->month_at != 1 || w->digits[0] > 2) /* day first: "April 1, 2023" is not read */
            return -EINVAL;
        int year = year_of(w->number[2], w->digits[2]);

        return year < 0 ? -EINVAL : day_span(year, w->month, w->number[0], out);
    }
    if (w->digits[0] == 4 && w->digits[1] <= 2 && w->digits[2] <= 2)
        return day_span(w->number[0], w->number[1], w->number[2], out);
    int year = year_of(w->number[2], w->digits[2]);

    if (year < 0 || w->digits[0] > 2 || w->digits[1] > 2)
        return -EINVAL;
    return day_span(year, w->number[1], w->number[0], out);
}

/* ---- a time of day behind it ---- */

#define MINUTES_A_DAY (24 * 60)

/* The next two digits, up to a most; -1: others. */
static int two_digits(const char **s, int most)
{
    int n;

    if (!isdigit((unsigned char)(*s)[0]) || !isdigit((unsigned char)(*s)[1]))
        return -1;
    n = ((*s)[0] - '0') * 10 + (*s)[1] - '0';
    *s += 2;
    return n <= most ? n : -1;
}

int value_offset(const char *s, const char *end, int *out_offset)
{
    int sign = *s == '-' ? -1 : 1, hours, minutes = 0;

    *out_offset = s == end ? VALUE_NO_OFFSET : 0;
    if (s == end || (*s == 'Z' && s + 1 == end))
        return 0;
    if (*s != '+' && *s != '-')
        return -EINVAL;
    s++;
    hours = two_digits(&s, 14);
    if (s != end) {
        s += *s == ':';
        minutes = two_digits(&s, 59);
    }
    *out_offset = sign * (hours * 60 + minutes);
    return hours < 0 || minutes < 0 || s != end ? -EINVAL : 0;
}

/* "23:30", "23:30:59.5", up to 24:00, which is the next day's midnight; then the offset. */
static int read_time(const char *s, const char *end, int *out_minutes, int *out_offset)
{
    int hour = two_digits(&s, 24), minute = *s == ':' ? (s++, two_digits(&s, 59)) : -1, second = 0;
    bool is_past = false;

    if (hour < 0 || minute < 0)
        return -EINVAL;
    if (s < end && *s == ':') {
        s++;
        second = two_digits(&s, 60);
        if (second >= 0 && s < end && *s == '.')
            for (s++; s < end && isdigit((unsigned char)*s); s++)
                is_past |= *s != '0';
    }
    if (second < 0 || (hour == 24 && (minute > 0 || second > 0 || is_past)))
        return -EINVAL;
    *out_minutes = hour * 60 + minute;
    return value_offset(s, end, out_offset);
}

static int last_sunday(int year, int month)
{
    struct civil_date d;

    (void)date_from_ymd(year, month, 31, &d); /* March and October have one */
    return d.day - (date_weekday(d) + 1) % 7;
}

/* An hour from 01:00 UTC on the last Sunday of March to that of October. By rule, so that a file reads the same
 * wherever it is read. */
int value_london_ahead(struct civil_date day, int minutes)
{
    int year, month, of_month;

    date_to_ymd(day, &year, &month, &of_month);
    /* Minutes before or after these Sundays: of all time they would not fit into an int. */
    int since_march = (day.day - last_sunday(year, 3)) * MINUTES_A_DAY + minutes,
        since_october = (day.day - last_sunday(year, 10)) * MINUTES_A_DAY + minutes;

    return since_march >= 60 && since_october < 60 ? 60 : 0;
}

/* The day that it was in London, of a day and time with an offset; else the day as it stands. */
static void move_to_local(int minutes, int offset, struct date_span *span)
{
    int days;

    if (span->grain != GRAIN_DAY)
        return;
    if (offset != VALUE_NO_OFFSET) {
        minutes -= offset;
        minutes += value_london_ahead(span->start, minutes);
    }
    days = minutes < 0 ? -1 : minutes / MINUTES_A_DAY;
    span->start = span->end = date_add_days(span->start, days);
}

/* The length without a time of day: "2023-04-01T00:00:00+01:00", "01/04/2023 00:00". */
static size_t without_time(const char *s, size_t len)
{
    for (size_t i = 8; i + 5 < len; i++) {
        if ((s[i] == 'T' || s[i] == ' ') && isdigit((unsigned char)s[i + 1]) &&
            isdigit((unsigned char)s[i + 2]) && s[i + 3] == ':' &&
            strspn(s + i + 1, "0123456789:.+-Z") >= len - i - 1)
            return i;
    }
    return len;
}

static int read_day(const char *s, size_t len, struct date_span *out_span)
{
    struct date_words w;

    if (split(s, len, &w) < 0)
        return -EINVAL;
    if (w.count == 1)
        return w.month ? -EINVAL : one_group(&w, out_span);
    if (w.count == 2)
        return two_groups(&w, out_span);
    return w.count == 3 ? three_groups(&w, out_span) : -EINVAL;
}

int value_date(const char *cell, struct date_span *out_span)
{
    struct date_span span;
    int minutes = 0, offset = VALUE_NO_OFFSET;
    size_t len;
    const char *s = value_trim(cell, &len);

    if (len < 4 || len > 40)
        return -EINVAL;
    size_t day = without_time(s, len);

    if ((day < len && read_time(s + day + 1, s + len, &minutes, &offset) < 0) ||
        read_day(s, day, &span) < 0)
        return -EINVAL;
    move_to_local(minutes, offset, &span);
    *out_span = span;
    return 0;
}

int value_find_month(const char *text, struct date_span *out_span)
{
    for (const char *s = text; *s;) {
        size_t word = 0;

        while (isalpha((unsigned char)s[word]))
            word++;
        if (!word) {
            s++;
            continue;
        }
        int month = word >= 3 ? date_month_of_name(s, word) : 0;
        const char *after = s + word;
        size_t gap = strspn(after, " -'"), digits = digits_in(after + gap);

        if (month && gap && (digits == 4 || digits == 2)) {
            int year = year_of(atoi(after + gap), digits);

            if (year >= 1900 && value_month_span(year, month, out_span) == 0)
                return 0;
        }
        s = after;
    }
    return -ENOENT;
}

int value_year_from(const char *cell, int first_month, struct date_span *out_span)
{
    size_t len;
    const char *s = value_trim(cell, &len);
    size_t first = digits_in(s);
    int year, second = -1;
    struct civil_date start, next;

    if (first > len)
        first = len;
    if (first == 6 && len == 6) {
        year = atoi(s) / 100;
        second = atoi(s) % 100;
        /* atoi read six digits: their first four are the year, the last two the year it ends in. */
    } else if (first == 4 && len == 4) {
        year = atoi(s);
    } else if (first == 4 && (s[4] == '/' || s[4] == '-') && digits_in(s + 5) == len - 5 &&
               (len == 7 || len == 9)) {
        year = atoi(s);
        second = atoi(s + 5) % 100;
    } else {
        return -EINVAL;
    }
    if (year < 1900 || (second >= 0 && second != (year + 1) % 100) ||
        date_from_ymd(year, first_month, 1, &start) < 0 ||
        date_from_ymd(year + 1, first_month, 1, &next) < 0)
        return -EINVAL;
    *out_span = (struct date_span){ start, date_add_days(next, -1), GRAIN_YEAR };
    return 0;
}
