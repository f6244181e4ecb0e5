/*
 * clock - what time it is, real or set
 *
 * Three times that must not be mixed are three types: the civil (local) date, wall time (UTC) and
 * monotonic time. A clock "set" by --at starts at that local time and runs on with the machine's
 * monotonic clock; in a simulation it stands still between two dates.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include "base/date.h"
#include "base/hours.h"

struct wall_time {
    int64_t ms; /* milliseconds since 1970-01-01T00:00:00Z */
};
struct mono_time {
    int64_t ms;
};

struct clock {
    int is_set;             /* 0: the machine's clock */
    int is_stopped;         /* it shows .start until it is set again */
    struct wall_time start; /* wall time at .started, when set */
    struct mono_time started;
};

#define CLOCK_REAL       ((struct clock){ 0 })
#define WALL_TEXT_MAX    32 /* RFC 3339 with offset */
#define CLOCK_NOON_HOURS 12

struct mono_time clock_mono(const struct clock *c);
struct wall_time clock_wall(const struct clock *c);
/** The local civil date, in the process's time zone (TZ). */
struct civil_date clock_today(const struct clock *c);

/** Makes the clock run on from this wall time. */
void clock_set(struct clock *c, struct wall_time from);
/** Makes the clock stand still at this wall time. */
void clock_stop(struct clock *c, struct wall_time at);
/** Reads YYYY-MM-DD (12:00) or YYYY-MM-DDThh:mm as local time. Returns 0 or -EINVAL. */
int clock_parse_at(const char *text, struct wall_time *out_wall);

/** The local civil date of a wall time. */
struct civil_date wall_date(struct wall_time w);
/** The local civil date of a wall time, and the minute of that day. */
struct moment wall_moment(struct wall_time w);
/** Local midnight that begins a civil date. */
struct wall_time wall_of_date(struct civil_date d);
/** The wall time of a local moment. */
struct wall_time wall_of_moment(struct moment m);
/** Writes RFC 3339 local time with offset, e.g. 2025-03-31T09:00:00+01:00. */
const char *wall_format(struct wall_time w, char out_text[WALL_TEXT_MAX]);
/** Writes RFC 3339 in UTC with Z and milliseconds. */
const char *wall_format_utc(struct wall_time w, char out_text[WALL_TEXT_MAX]);

#endif
