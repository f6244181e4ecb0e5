#include "pathway/wait.h"

#include <assert.h>
#include <errno.h>

#define MONTH_ENDS_DIFFER_DAYS 3 /* 28 and 31 */

int wait_days(struct civil_date start, struct civil_date end)
{
    assert(date_is_set(start) && date_is_set(end));
    return date_compare(end, start) < 0 ? -ERANGE : end.day - start.day;
}

bool wait_is_open(struct civil_date start, struct civil_date stop, struct civil_date census)
{
    return date_compare(start, census) <= 0 &&
           (!date_is_set(stop) || date_compare(stop, census) > 0);
}

/* The last day within the span. */
static struct civil_date last_day_within(struct civil_date start, struct span span)
{
    assert(wait_span_is_usable(span));
    if (span.unit == SPAN_MONTHS)
        return date_add_months(start, (int)span.count);
    return date_add_days(start, (int)span.count * (span.unit == SPAN_WEEKS ? WAIT_DAYS_A_WEEK : 1));
}

bool wait_is_over(struct civil_date start, struct civil_date day, struct span span)
{
    return date_compare(day, last_day_within(start, span)) > 0;
}

struct civil_date wait_last_start_over(struct civil_date day, struct span span)
{
    struct civil_date start;

    assert(wait_span_is_usable(span));
    if (span.unit != SPAN_MONTHS)
        return date_add_days(day, day.day - last_day_within(day, span).day - 1);
    /* A month's last days all end on its successor's last one: at most three days either way. */
    start = date_add_days(date_add_months(day, -(int)span.count), MONTH_ENDS_DIFFER_DAYS);
    while (!wait_is_over(start, day, span))
        start = date_add_days(start, -1);
    return start;
}

int wait_week_band(int days)
{
    assert(days >= 0);
    return days == 0 ? 0 : (days - 1) / WAIT_DAYS_A_WEEK;
}

int wait_published_band(int days)
{
    int band = wait_week_band(days);

    return band < WAIT_BANDS - 1 ? band : WAIT_BANDS - 1;
}
