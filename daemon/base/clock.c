#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct mono_time clock_mono(const struct clock *c)
{
    struct timespec ts;

    (void)c;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (struct mono_time){ (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 };
}

struct wall_time clock_wall(const struct clock *c)
{
    struct timespec ts;

    if (c->is_stopped)
        return c->start;
    if (c->is_set)
        return (struct wall_time){ c->start.ms + (clock_mono(c).ms - c->started.ms) };
    clock_gettime(CLOCK_REALTIME, &ts);
    return (struct wall_time){ (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 };
}

struct civil_date clock_today(const struct clock *c)
{
    return wall_date(clock_wall(c));
}

void clock_set(struct clock *c, struct wall_time from)
{
    c->is_set = 1;
    c->is_stopped = 0;
    c->start = from;
    c->started = clock_mono(c);
}

void clock_stop(struct clock *c, struct wall_time at)
{
    clock_set(c, at);
    c->is_stopped = 1;
}

static struct tm local_tm(struct wall_time w)
{
    int64_t seconds = w.ms / 1000 - (w.ms % 1000 < 0);
    time_t t = (time_t)seconds;
    struct tm tm = { 0 };

    localtime_r(&t, &tm);
    return tm;
}

struct civil_date wall_date(struct wall_time w)
{
    struct tm tm = local_tm(w);
    struct civil_date d = DATE_NONE;

    (void)date_from_ymd(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, &d);
    return d;
}

struct moment wall_moment(struct wall_time w)
{
    struct tm tm = local_tm(w);
    struct moment m = { DATE_NONE, tm.tm_hour * 60 + tm.tm_min };

    (void)date_from_ymd(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, &m.date);
    return m;
}

static int local_to_wall(struct civil_date d, int hour, int minute, struct wall_time *out)
{
    int y, m, day;

    date_to_ymd(d, &y, &m, &day);
    struct tm tm = { .tm_year = y - 1900,
                     .tm_mon = m - 1,
                     .tm_mday = day,
                     .tm_hour = hour,
                     .tm_min = minute,
                     .tm_isdst = -1 };
    time_t t = mktime(&tm);

    if (t == (time_t)-1)
        return -EINVAL;
    out->ms = (int64_t)t * 1000;
    return 0;
}

struct wall_time wall_of_date(struct civil_date d)
{
    struct wall_time w = { 0 };

    (void)local_to_wall(d, 0, 0, &w);
    return w;
}

struct wall_time wall_of_moment(struct moment m)
{
    struct wall_time w = { 0 };

    (void)local_to_wall(m.date, m.minute / 60, m.minute % 60, &w);
    return w;
}

int clock_parse_at(const char *text, struct wall_time *out)
{
    struct civil_date d;
    size_t len = strlen(text);
    int hour = CLOCK_NOON_HOURS, minute = 0;

    if (len != 10 && len != 16)
        return -EINVAL;
    if (date_parse_iso(text, 10, &d) < 0)
        return -EINVAL;
    if (len == 16) {
        const char *t = text + 10;

        if (t[0] != 'T' || t[3] != ':' || strspn(t + 1, "0123456789") != 2 ||
            strspn(t + 4, "0123456789") != 2)
            return -EINVAL;
        hour = (t[1] - '0') * 10 + t[2] - '0';
        minute = (t[4] - '0') * 10 + t[5] - '0';
        if (hour > 23 || minute > 59)
            return -EINVAL;
    }
    return local_to_wall(d, hour, minute, out);
}

const char *wall_format(struct wall_time w, char out[WALL_TEXT_MAX])
{
    struct tm tm = local_tm(w);
    char offset[8];

    strftime(out, WALL_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
    strftime(offset, sizeof offset, "%z", &tm);
    size_t n = strlen(out);

    (void)snprintf(out + n, WALL_TEXT_MAX - n, "%.3s:%.2s", offset, offset + 3);
    return out;
}

const char *wall_format_utc(struct wall_time w, char out[WALL_TEXT_MAX])
{
    time_t t = (time_t)(w.ms / 1000);
    struct tm tm;

    gmtime_r(&t, &tm);
    strftime(out, WALL_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
    size_t n = strlen(out);

    (void)snprintf(out + n, WALL_TEXT_MAX - n, ".%03dZ", (int)(w.ms % 1000));
    return out;
}
