#include "loop/sd.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#define STATUS_MAX_BYTES 512

struct sd_watchdog {
    struct event *timer;
    bool (*is_well)(void *arg);
    void *arg;
    uint64_t interval_us;
};

/* The last status told: healing reports its progress often, and each telling is a system call. */
static char last_status[STATUS_MAX_BYTES];

/* One line, whatever the text holds: a newline would begin another assignment. */
static void one_line(char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            *s = ' ';
}

static void remember(const char *status)
{
    snprintf(last_status, sizeof last_status, "%s", status);
    one_line(last_status);
}

static int tell_with_status(const char *assignment, const char *status)
{
    if (!status)
        return sd_notify(0, assignment);
    remember(status);
    return sd_notifyf(0, "%s\nSTATUS=%s", assignment, last_status);
}

int sd_tell_ready(const char *status)
{
    return tell_with_status("READY=1", status);
}

int sd_tell_stopping(const char *status)
{
    return tell_with_status("STOPPING=1", status);
}

int sd_tell_status(const char *format, ...)
{
    char text[STATUS_MAX_BYTES];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    one_line(text);
    if (strcmp(text, last_status) == 0)
        return 0;
    remember(text);
    return sd_notifyf(0, "STATUS=%s", last_status);
}

int sd_tell_reloading(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
        return -errno;
    return sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                      (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

int sd_tell_extend(unsigned seconds)
{
    return sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRIu64, (uint64_t)seconds * 1000000);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct sd_watchdog *w = arg;

    (void)fd;
    (void)what;
    if (!w->is_well || w->is_well(w->arg))
        (void)sd_notify(0, "WATCHDOG=1");
}

int sd_watchdog_start(struct event_base *base, bool (*is_well)(void *arg), void *arg,
                      struct sd_watchdog **out_watchdog)
{
    uint64_t limit_us = 0;
    int r;

    assert(base && out_watchdog);
    r = sd_watchdog_enabled(0, &limit_us);
    if (r < 0)
        return -EINVAL;
    if (r == 0 || limit_us < 2) {
        *out_watchdog = NULL;
        return 0;
    }
    struct sd_watchdog *w = calloc(1, sizeof *w);

    if (!w)
        return -ENOMEM;
    w->is_well = is_well;
    w->arg = arg;
    w->interval_us = limit_us / 2;
    w->timer = event_new(base, -1, EV_PERSIST, on_timer, w);
    struct timeval every = { .tv_sec = (time_t)(w->interval_us / 1000000),
                             .tv_usec = (suseconds_t)(w->interval_us % 1000000) };

    if (!w->timer || event_add(w->timer, &every) < 0) {
        sd_watchdog_stop(w);
        return -ENOMEM;
    }
    on_timer(-1, 0, w); /* the first at once: the start may have used up most of an interval */
    *out_watchdog = w;
    return 0;
}

uint64_t sd_watchdog_interval_us(const struct sd_watchdog *w)
{
    return w ? w->interval_us : 0;
}

void sd_watchdog_stop(struct sd_watchdog *w)
{
    if (!w)
        return;
    if (w->timer)
        event_free(w->timer);
    free(w);
}
