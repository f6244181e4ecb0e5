#include "outbox/weekly.h"

#include <stdio.h>

#define DAYS_OF_WEEK 7

static int minute_of(const char *at)
{
    return ((at[0] - '0') * 10 + at[1] - '0') * 60 + (at[3] - '0') * 10 + at[4] - '0';
}

struct civil_date weekly_due(int on, const char *at, struct moment now, struct civil_date first)
{
    int days = (date_weekday(now.date) - on + DAYS_OF_WEEK) % DAYS_OF_WEEK; /* since it is due */

    if (days == 0 && now.minute < minute_of(at))
        days = DAYS_OF_WEEK; /* that of the week before still is */
    struct civil_date monday = date_add_days(now.date, -days - on);

    return date_is_set(first) && date_compare(first, monday) < 0 ? monday : DATE_NONE;
}

const char *weekly_name(struct civil_date monday, char out[WEEKLY_NAME_MAX])
{
    struct civil_date thursday = date_add_days(monday, 3), first; /* of whose year the week is */
    int year, month, day;

    date_to_ymd(thursday, &year, &month, &day);
    (void)date_from_ymd(year, 1, 1, &first);
    (void)snprintf(out, WEEKLY_NAME_MAX, "%04d-W%02d", year,
                   (thursday.day - first.day) / DAYS_OF_WEEK + 1);
    return out;
}
