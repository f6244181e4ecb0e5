/*
 * wait - how long a pathway has waited
 *
 * Pure calendar arithmetic on civil dates: reads no clock, allocates nothing, and no day is ever 23
 * hours long. The day of the clock start is day 0. Source: DESIGN section 6, "Counting"; DOMAIN
 * section 2.0 (the community health services bands print 85 to 126 days as "12 to 18 weeks", so
 * day 126 is within 18 weeks and day 127 is the first beyond).
 */
#ifndef PATHWAY_WAIT_H
#define PATHWAY_WAIT_H

#include <stdbool.h>

#include "base/date.h"
#include "base/span.h"

#define WAIT_DAYS_A_WEEK 7
#define WAIT_BANDS       105 /* weekly bands 0 to 103, and 104: 729 days and more */

/** Whole days from clock start to census or stop date: 0 or more, or -ERANGE where end comes first. */
int wait_days(struct civil_date start, struct civil_date end);
/** Whether the pathway waits at the end of the census day. stop: DATE_NONE while the clock runs. */
bool wait_is_open(struct civil_date start, struct civil_date stop, struct civil_date census);
/** A wait that a standard may name: days, weeks or calendar months ("18w", "126d", "3m"). */
static inline bool wait_span_is_usable(struct span s)
{
    return s.unit == SPAN_DAYS || s.unit == SPAN_WEEKS || s.unit == SPAN_MONTHS;
}
/** Whether a wait that began on start is longer than the span on a day. 18w: from day 127 on; 3m:
 * from the day after the same day three months later. */
bool wait_is_over(struct civil_date start, struct civil_date day, struct span span);
/** The latest clock start that is over the span on a day: all earlier ones are too. */
struct civil_date wait_last_start_over(struct civil_date day, struct span span);
/** Weekly band of a wait: 0 to 7 days are band 0, 8 to 14 band 1, 120 to 126 band 17. days >= 0. */
int wait_week_band(int days);
/** The same with every wait over 104 weeks in band 104. */
int wait_published_band(int days);

#endif
