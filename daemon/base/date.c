#include "base/date.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const month_names[] = { "January",   "February", "March",    "April",
                                           "May",       "June",     "July",     "August",
                                           "September", "October",  "November", "December" };
static const char *const month_short[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static int days_in_month(int y, int m)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

    return m == 2 && leap ? 29 : days[m - 1];
}

/* Days from civil by eras of 400 years that begin on 1 March. */
int date_from_ymd(int y, int m, int d, struct civil_date *out)
{
    if (y < 1 || y > 9999 || m < 1 || m > 12 || d < 1 || d > days_in_month(y, m))
        return -EINVAL;
    int yy = m <= 2 ? y - 1 : y;
    int era = yy / 400;
    int yoe = yy - era * 400;
    int doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    out->day = era * 146097 + doe - 719468;
    return 0;
}

void date_to_ymd(struct civil_date date, int *y, int *m, int *d)
{
    int z = date.day + 719468;
    int era = z / 146097;
    int doe = z - era * 146097;
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (5 * doy + 2) / 153;

    *d = doy - (153 * mp + 2) / 5 + 1;
    *m = mp < 10 ? mp + 3 : mp - 9;
    *y = yoe + era * 400 + (*m <= 2);
}

int date_parse_iso(const char *s, size_t len, struct civil_date *out)
{
    if (len != 10 || s[4] != '-' || s[7] != '-')
        return -EINVAL;
    for (size_t i = 0; i < len; i++)
        if (i != 4 && i != 7 && !isdigit((unsigned char)s[i]))
            return -EINVAL;
    int y = (s[0] - '0') * 1000 + (s[1] - '0') * 100 + (s[2] - '0') * 10 + (s[3] - '0');

    return date_from_ymd(y, (s[5] - '0') * 10 + s[6] - '0', (s[8] - '0') * 10 + s[9] - '0', out);
}

static void two_digits(char *out, int number)
{
    out[0] = (char)('0' + number / 10);
    out[1] = (char)('0' + number % 10);
}

const char *date_format(struct civil_date date, char out[DATE_TEXT_MAX])
{
    int y, m, d;

    out[0] = '\0';
    if (!date_is_set(date))
        return out;
    date_to_ymd(date, &y, &m, &d);
    if (y < 0 || y > 9999)
        return out;
    two_digits(out, y / 100);
    two_digits(out + 2, y % 100);
    out[4] = out[7] = '-';
    two_digits(out + 5, m);
    two_digits(out + 8, d);
    out[10] = '\0';
    return out;
}

int date_month_of_name(const char *s, size_t len)
{
    for (int i = 0; i < 12; i++) {
        if (len == strlen(month_names[i]) && strncasecmp(s, month_names[i], len) == 0)
            return i + 1;
        if (len == 3 && strncasecmp(s, month_short[i], 3) == 0)
            return i + 1;
    }
    return len == 4 && strncasecmp(s, "sept", 4) == 0 ? 9 : 0;
}

const char *date_month_name(int month, bool short_form)
{
    if (month < 1 || month > 12)
        return "";
    return short_form ? month_short[month - 1] : month_names[month - 1];
}

struct civil_date date_add_months(struct civil_date date, int months)
{
    int y, m, d;
    struct civil_date out = date;

    date_to_ymd(date, &y, &m, &d);
    int index = y * 12 + (m - 1) + months;

    y = index / 12;
    m = index % 12 + 1;
    if (d > days_in_month(y, m))
        d = days_in_month(y, m);
    (void)date_from_ymd(y, m, d, &out);
    return out;
}

struct civil_date date_month_start(struct civil_date date)
{
    int y, m, d;

    date_to_ymd(date, &y, &m, &d);
    return date_add_days(date, 1 - d);
}

struct civil_date date_month_end(struct civil_date date)
{
    int y, m, d;

    date_to_ymd(date, &y, &m, &d);
    return date_add_days(date, days_in_month(y, m) - d);
}

int date_weekday(struct civil_date date)
{
    int w = (date.day + 3) % 7; /* 1970-01-01 was a Thursday */

    return w < 0 ? w + 7 : w;
}
