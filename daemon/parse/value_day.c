/* One day, and the version of a report (declared in value.h). */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "parse/value.h"

#define YEAR_FIRST 1900
#define YEAR_LAST  2100
#define YEAR_OPEN  9999

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : -1;
}

/* A number of two digits; anything else is negative. */
static int two_digits(const char *s)
{
    int tens = digit(s[0]), ones = digit(s[1]);

    return tens < 0 || ones < 0 ? -10000 : tens * 10 + ones;
}

static bool is_year(int year)
{
    return (year >= YEAR_FIRST && year <= YEAR_LAST) || year == YEAR_OPEN;
}

/* 2025-03-31 and 31/03/2025, which are nearly all. */
static int usual_day(const char *s, struct civil_date *out)
{
    int year, month, day;

    if (s[4] == '-' && s[7] == '-') {
        year = two_digits(s) * 100 + two_digits(s + 2);
        month = two_digits(s + 5);
        day = two_digits(s + 8);
    } else if (s[2] == '/' && s[5] == '/') {
        day = two_digits(s);
        month = two_digits(s + 3);
        year = two_digits(s + 6) * 100 + two_digits(s + 8);
    } else {
        return -EINVAL;
    }
    return is_year(year) ? date_from_ymd(year, month, day, out) : -EINVAL;
}

int value_day(const char *text, size_t len, struct civil_date *out_day)
{
    struct date_span span;
    int year, month, day;

    if (len == 10 && usual_day(text, out_day) == 0)
        return 0;
    if (value_date(text, &span) < 0 || span.grain != GRAIN_DAY)
        return -EINVAL;
    date_to_ymd(span.start, &year, &month, &day);
    if (!is_year(year))
        return -EINVAL;
    *out_day = span.start;
    return 0;
}

bool value_flag(const char *text, bool *out_flag)
{
    static const char *const words[] = { "false", "no", "n", "0", "true", "yes", "y", "1" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text_same(words[i], text)) {
            *out_flag = i >= 4;
            return true;
        }
    }
    return false;
}

#define MINUTES_A_DAY (24 * 60)

/* What stands behind a time: fractions of a second, which no version tells apart, and an offset. */
static int offset_after(const char *s)
{
    int offset;

    if (*s == '.')
        for (s++; digit(*s) >= 0;)
            s++;
    return value_offset(s, s + strlen(s), &offset) == 0 ? offset : VALUE_NO_OFFSET;
}

/* "06:10" or "06:10:59" and what follows, which may be an offset. Returns -EINVAL for other text. */
static int read_clock(const char *s, int *out_minutes, int *out_second, int *out_offset)
{
    int hour = two_digits(s), minute, second = 0;

    if (hour < 0 || hour > 23 || s[2] != ':')
        return -EINVAL;
    minute = two_digits(s + 3);
    if (minute < 0 || minute > 59)
        return -EINVAL;
    if (s[5] == ':')
        second = two_digits(s + 6);
    if (second < 0 || second > 60)
        return -EINVAL;
    *out_minutes = hour * 60 + minute;
    *out_second = second;
    *out_offset = offset_after(s + (s[5] == ':' ? 8 : 5));
    return 0;
}

static uint64_t clock_digits(int minutes, int second)
{
    return (uint64_t)(minutes / 60 * 10000 + minutes % 60 * 100 + second);
}

/* The day and time that it was in London. The last Sunday of October has the hour from one to two twice: the
 * digits of the second one, its seconds counted on, lie between 01:59:59 and 02:00:00. */
static uint64_t move_to_london(int minutes, int second, int offset, struct civil_date *day)
{
    minutes -= offset;
    int ahead = value_london_ahead(*day, minutes);
    bool is_second = ahead == 0 && value_london_ahead(*day, minutes - 60) > 0;
    int local = minutes + ahead, days = local < 0 ? -1 : local / MINUTES_A_DAY;

    *day = date_add_days(*day, days);
    local -= days * MINUTES_A_DAY;
    if (!is_second)
        return clock_digits(local, second);
    return clock_digits(60 + 59, 60) + (uint64_t)(local % 60 * 60 + second);
}

static int digits_as_number(const char *s, uint64_t *out)
{
    uint64_t v = 0;

    for (; *s; s++) {
        uint64_t d = (uint64_t)digit(*s);

        if (v > (UINT64_MAX - d) / 10)
            return -EINVAL;
        v = v * 10 + d;
    }
    *out = v;
    return 0;
}

int value_version(const char *text, uint64_t *out_version)
{
    char date[32];
    struct civil_date d;
    uint64_t time = 0;
    int year, month, day, minutes, second, offset;

    if (*text && text[strspn(text, "0123456789")] == '\0')
        return digits_as_number(text, out_version);
    size_t n = strcspn(text, "T");

    if (!text[n] && strchr(text, ':'))
        n = strcspn(text, " ");
    if (n >= sizeof date)
        return -EINVAL;
    memcpy(date, text, n);
    date[n] = '\0';
    if (value_day(date, n, &d) < 0 ||
        (text[n] && read_clock(text + n + 1, &minutes, &second, &offset) < 0))
        return -EINVAL;
    if (text[n])
        time = offset == VALUE_NO_OFFSET ? clock_digits(minutes, second)
                                         : move_to_london(minutes, second, offset, &d);
    date_to_ymd(d, &year, &month, &day);
    *out_version = (uint64_t)(year * 10000 + month * 100 + day) * 1000000 + time;
    return 0;
}
