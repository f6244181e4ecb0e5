#include "base/workdays.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WEEKEND_BEGINS 5 /* Saturday, as date_weekday() counts */

/* Where a date stands in the list, or would stand. */
static size_t place_of(const struct workdays *w, struct civil_date d)
{
    size_t low = 0, high = w->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (date_compare(w->holidays[middle], d) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_holiday(const struct workdays *w, struct civil_date d)
{
    size_t at = w ? place_of(w, d) : 0;

    return w && at < w->count && date_compare(w->holidays[at], d) == 0;
}

int workdays_add(struct workdays *w, struct civil_date holiday)
{
    size_t at = place_of(w, holiday);
    struct civil_date *grown;

    if (is_holiday(w, holiday))
        return -EEXIST;
    grown = reallocarray(w->holidays, w->count + 1, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    memmove(grown + at + 1, grown + at, (w->count - at) * sizeof *grown);
    grown[at] = holiday;
    w->holidays = grown;
    w->count++;
    return 0;
}

void workdays_release(struct workdays *w)
{
    free(w->holidays);
    *w = (struct workdays){ .until = DATE_NONE };
}

bool workdays_is_working(const struct workdays *w, struct civil_date d)
{
    return date_weekday(d) < WEEKEND_BEGINS && !is_holiday(w, d);
}

/* So many working days from a date, in steps of one day: 1 or -1. */
static struct civil_date step(const struct workdays *w, struct civil_date d, int n, int direction)
{
    assert(n >= 0);
    while (n > 0) {
        d = date_add_days(d, direction);
        if (workdays_is_working(w, d))
            n--;
    }
    return d;
}

struct civil_date workdays_after(const struct workdays *w, struct civil_date d, int n)
{
    return step(w, d, n, 1);
}

struct civil_date workdays_before(const struct workdays *w, struct civil_date d, int n)
{
    return step(w, d, n, -1);
}

struct civil_date workdays_from(const struct workdays *w, struct civil_date d)
{
    return workdays_is_working(w, d) ? d : step(w, d, 1, 1);
}

int workdays_between(const struct workdays *w, struct civil_date after, struct civil_date upto)
{
    int n = 0;

    for (struct civil_date d = date_add_days(after, 1); date_compare(d, upto) <= 0;
         d = date_add_days(d, 1))
        n += workdays_is_working(w, d);
    return n;
}

enum workdays_state workdays_state(const struct workdays *w, struct civil_date today)
{
    if (!w || !date_is_set(w->until))
        return WORKDAYS_KNOWN;
    if (date_compare(today, w->until) > 0)
        return WORKDAYS_ENDED;
    return date_compare(date_add_months(today, WORKDAYS_WARN_MONTHS), w->until) >= 0
               ? WORKDAYS_END_SOON
               : WORKDAYS_KNOWN;
}
