#include "pathway/wait.h"

#include <assert.h>
#include <errno.h>

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
