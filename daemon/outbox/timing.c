#include "outbox/timing.h"

enum timing timing_of(const struct due *d)
{
    if (d->is_shut)
        return TIMING_HOURS;
    return d->is_at_once || d->turned_red || !d->day_is_spent ? TIMING_NOW : TIMING_TOMORROW;
}
