/*
 * hours - the hours of working days at which people are written to
 *
 * Pure calendar arithmetic: reads no clock, does no I/O, allocates nothing. "08:00-18:00" is from eight
 * o'clock on and no longer at six, on working days; "all" is always. Which days are worked says
 * workdays.h. Source: DESIGN section 9 (leads' hours, 08:00 to 18:00 on working days).
 */
#ifndef BASE_HOURS_H
#define BASE_HOURS_H

#include <stdbool.h>

#include "base/workdays.h"

#define HOURS_OF_LEADS "08:00-18:00"

struct hours {
    bool is_set;
    bool is_always;
    int from, to; /* minutes after local midnight, from < to */
};

/** A local date and a minute of that day. */
struct moment {
    struct civil_date date;
    int minute;
};

/** Reads "hh:mm-hh:mm" or "all". Returns 0 or -EINVAL. */
int hours_parse(const char *text, struct hours *out_hours);
bool hours_allow(const struct hours *h, struct moment now, const struct workdays *w);
/** When they begin next, at a moment at which they do not allow it. False: not within a year. */
bool hours_begin(const struct hours *h, struct moment now, const struct workdays *w,
                 struct moment *out_begin);
/** When those ended that came last before the ones at or after now. False: not within a year. */
bool hours_ended(const struct hours *h, struct moment now, const struct workdays *w,
                 struct moment *out_end);

#endif
