/*
 * loop - runs an event loop until something is so, instead of sleeping
 *
 * ck_assert(loop_until(base, is_ready, value)); stops the test after LOOP_PATIENCE_MS of trying.
 */
#ifndef SUPPORT_LOOP_H
#define SUPPORT_LOOP_H

#include <event2/event.h>
#include <stdbool.h>
#include <time.h>

#define LOOP_PATIENCE_MS 20000

static inline void loop_wake(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
}

static inline long long loop_now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/** Turns the loop until is_so(arg), at most for ms. Returns is_so(arg). */
static inline bool loop_until_for(struct event_base *base, bool (*is_so)(void *), void *arg, int ms)
{
    long long until = loop_now_ms() + ms;
    struct timeval tick = { 0, 10000 };
    struct event *wake = event_new(base, -1, EV_PERSIST, loop_wake, NULL);

    if (!wake || event_add(wake, &tick) < 0)
        return false;
    while (!is_so(arg) && loop_now_ms() < until)
        (void)event_base_loop(base, EVLOOP_ONCE);
    event_free(wake);
    return is_so(arg);
}

static inline bool loop_until(struct event_base *base, bool (*is_so)(void *), void *arg)
{
    return loop_until_for(base, is_so, arg, LOOP_PATIENCE_MS);
}

#endif
