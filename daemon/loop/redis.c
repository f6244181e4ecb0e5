#include "loop/redis.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "loop/redis_private.h"

/*
 * How a connection lives:
 *
 *   connect ──► greet (AUTH, PING) ──► ready ──► dropping ──► gone ──► wait ──► connect
 *                   │ LOADING, BUSY: PING again after 100 ms
 *
 * The library frees its context itself, at several places. Its cleanup hook is called exactly once
 * on each of those paths, after the callbacks of everything in flight; on_cleanup() is therefore
 * the one place where the pointer is cleared and the next attempt is set.
 * The value itself may be freed from inside a callback: `depth` counts our frames on the stack, and
 * the last one to leave frees it.
 */

#define CONNECT_DEADLINE_MS 5000
#define RETRY_FIRST_MS      100
#define RETRY_LAST_MS       30000
#define REPLY_MAX_BYTES     (512u << 20)

/* ---- time ------------------------------------------------------------------------------------ */

int64_t redis_now_ms(void)
{
    struct clock real = CLOCK_REAL;

    return clock_mono(&real).ms;
}

void redis_set_timer(struct event *timer, int64_t ms)
{
    struct timeval in = { .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000 };

    /* A timer that cannot be set would leave the connection dead for ever. */
    if (event_add(timer, &in) < 0)
        abort();
}

static int64_t retry_ms(unsigned attempts)
{
    int64_t longest = RETRY_FIRST_MS;
    uint32_t chance = 0;

    while (attempts-- > 0 && longest < RETRY_LAST_MS)
        longest *= 2;
    if (longest > RETRY_LAST_MS)
        longest = RETRY_LAST_MS;
    (void)random_bytes(&chance, sizeof chance); /* without chance: the shortest wait */
    return RETRY_FIRST_MS + (longest - RETRY_FIRST_MS) / 2 +
           (longest - RETRY_FIRST_MS) / 2 * (chance % 1024) / 1023;
}

void redis_set_deadline(struct redis *r, int64_t due_ms)
{
    int64_t now = redis_now_ms();

    if (r->deadline_ms != 0 && r->deadline_ms <= due_ms)
        return;
    r->deadline_ms = due_ms;
    redis_set_timer(r->deadline, due_ms > now ? due_ms - now : 0);
}

/* ---- words ----------------------------------------------------------------------------------- */

void redis_set_state(struct redis *r, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(r->state, sizeof r->state, format, ap);
    va_end(ap);
}

/* Only the first reason of an outage is its cause. */
void redis_set_why(struct redis *r, const char *why)
{
    if (r->why[0] == '\0')
        (void)snprintf(r->why, sizeof r->why, "%s", why && why[0] ? why : "connection lost");
}

/* ---- frames on the stack --------------------------------------------------------------------- */

static void release(struct redis *r)
{
    struct event *timers[] = { r->retry, r->deadline, r->idle, r->later };

    assert(!r->context && !r->first);
    for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
        if (timers[i])
            event_free(timers[i]);
    }
    if (r->password)
        explicit_bzero(r->password, strlen(r->password));
    free(r->socket);
    free(r->host);
    free(r->user);
    free(r->password);
    free(r);
}

static void enter(struct redis *r)
{
    r->depth++;
}

static void leave(struct redis *r)
{
    assert(r->depth > 0);
    if (--r->depth == 0 && r->is_freed && !r->context)
        release(r);
}

/* ---- hooks of the library -------------------------------------------------------------------- */

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct redis *r = arg;

    (void)fd;
    (void)what;
    enter(r);
    if (r->context->c.reader->len > REPLY_MAX_BYTES)
        redis_reset(r, "a reply is larger than any of ours");
    else
        redisAsyncHandleRead(r->context);
    leave(r);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct redis *r = arg;

    (void)fd;
    (void)what;
    enter(r);
    redisAsyncHandleWrite(r->context);
    leave(r);
}

static void on_add_read(void *arg)
{
    struct redis *r = arg;

    if (!r->is_dropping && event_add(r->read, NULL) < 0)
        redis_reset(r, "out of memory");
}

static void on_del_read(void *arg)
{
    (void)event_del(((struct redis *)arg)->read);
}

static void on_add_write(void *arg)
{
    struct redis *r = arg;

    if (!r->is_dropping && event_add(r->write, NULL) < 0)
        redis_reset(r, "out of memory");
}

static void on_del_write(void *arg)
{
    (void)event_del(((struct redis *)arg)->write);
}

#define TOLD_AFTER_ATTEMPTS 3 /* a server of our own needs a moment to start */

/* No connection: says so once an outage, and sets the next attempt. */
static void wait_and_retry(struct redis *r, const char *state)
{
    if (state != r->state)
        redis_set_state(r, "%s", state);
    if (!r->is_told && r->attempts >= TOLD_AFTER_ATTEMPTS) {
        log_warning("redis", "error=\"%s\" tried again until it answers", r->why);
        r->is_told = true;
    }
    redis_set_timer(r->retry, retry_ms(r->attempts));
    if (r->attempts < UINT_MAX)
        r->attempts++;
}

/* The context is about to be freed: every callback has been run. */
static void on_cleanup(void *arg)
{
    struct redis *r = arg;

    bool was_refused =
        strncmp(r->state, "refused", 7) == 0 && r->context->c.flags & REDIS_CONNECTED;

    redis_set_why(r, r->context->errstr);
    if (!(r->context->c.flags & REDIS_CONNECTED))
        r->refusal[0] = '\0'; /* whoever answers next may be another */
    event_free(r->read);
    event_free(r->write);
    r->read = r->write = NULL;
    r->context = NULL;
    r->is_ready = r->is_dropping = false;
    (void)event_del(r->deadline);
    (void)event_del(r->retry);
    (void)event_del(r->idle);
    r->deadline_ms = 0;
    if (r->is_freed)
        return;
    wait_and_retry(r, was_refused ? r->state : "connecting");
    if (r->was_ready || r->first)
        event_active(r->later, EV_TIMEOUT, 0);
    if (!r->was_ready)
        r->why[0] = '\0';
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void on_connect(const redisAsyncContext *context, int status)
{
    struct redis *r = context->ev.data;

    if (status != REDIS_OK || r->is_dropping)
        return; /* the library frees the context next and calls on_cleanup() */
    if (r->host)
        (void)redisEnableKeepAlive(&r->context->c); /* without it our own PING still notices */
    redis_greet(r);
}

static int attach(struct redis *r)
{
    redisAsyncContext *context = r->context;

    r->read = event_new(r->base, context->c.fd, EV_READ | EV_PERSIST, on_readable, r);
    r->write = event_new(r->base, context->c.fd, EV_WRITE | EV_PERSIST, on_writable, r);
    if (!r->read || !r->write)
        return -ENOMEM;
    redis_check_replies(r);
    context->ev.data = r;
    context->ev.addRead = on_add_read;
    context->ev.delRead = on_del_read;
    context->ev.addWrite = on_add_write;
    context->ev.delWrite = on_del_write;
    context->ev.cleanup = on_cleanup;
    (void)redisAsyncSetConnectCallback(context, on_connect);
    return 0;
}

/* A context that never was attached: the library calls no hook for it. */
static void discard(struct redis *r)
{
    redisAsyncContext *context = r->context;

    if (r->read)
        event_free(r->read);
    if (r->write)
        event_free(r->write);
    r->read = r->write = NULL;
    r->context = NULL;
    redisAsyncFree(context);
}

static int connect_now(struct redis *r)
{
    r->context = r->socket ? redisAsyncConnectUnix(r->socket) : redisAsyncConnect(r->host, r->port);
    if (!r->context)
        return -ENOMEM;
    if (r->context->err) {
        redis_set_why(r, r->context->errstr);
        discard(r);
        return -ENOTCONN;
    }
    if (attach(r) < 0) {
        discard(r);
        return -ENOMEM;
    }
    redis_set_deadline(r, redis_now_ms() + CONNECT_DEADLINE_MS);
    return 0;
}

static void connect_or_wait(struct redis *r)
{
    int result = connect_now(r);

    if (result == 0)
        return;
    redis_set_why(r, strerror(-result));
    wait_and_retry(r, "connecting");
    r->why[0] = '\0';
}

/* ---- timers ---------------------------------------------------------------------------------- */

static void drop(struct redis *r)
{
    redis_tell_all_unknown(r);
    /* A callback may have freed the value, and the context with it. */
    if (r->context)
        redisAsyncFree(r->context);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
    struct redis *r = arg;

    (void)fd;
    (void)what;
    enter(r);
    if (r->context && !r->is_dropping)
        redis_greet_again(r); /* it was loading */
    else {
        redis_end_orphans(r);
        if (!r->context && !r->is_freed)
            connect_or_wait(r);
    }
    leave(r);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct redis *r = arg;
    int64_t now = redis_now_ms(), next = INT64_MAX;

    (void)fd;
    (void)what;
    r->deadline_ms = 0;
    if (!r->context || r->is_dropping)
        return;
    if (!(r->context->c.flags & REDIS_CONNECTED)) {
        redis_reset(r, "no connection in 5 s");
        return;
    }
    for (const struct command *c = r->first; c; c = c->next) {
        if (c->due_ms <= now) {
            redis_reset(r, "no answer in time");
            return;
        }
        if (c->due_ms < next)
            next = c->due_ms;
    }
    if (next != INT64_MAX)
        redis_set_deadline(r, next);
}

static void on_idle(evutil_socket_t fd, short what, void *arg)
{
    struct redis *r = arg;

    (void)fd;
    (void)what;
    if (!r->is_ready)
        return;
    if (!r->has_traffic && !r->first)
        redis_ping_idle(r);
    r->has_traffic = false;
    redis_set_timer(r->idle, REDIS_IDLE_MS);
}

static void tell_lost(struct redis *r)
{
    char why[WHY_MAX];

    if (!r->was_ready || r->is_ready || r->is_freed)
        return;
    memcpy(why, r->why, sizeof why);
    r->was_ready = false;
    r->why[0] = '\0';
    if (r->events.lost)
        r->events.lost(r->events.arg, why);
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
    struct redis *r = arg;

    (void)fd;
    (void)what;
    enter(r);
    if (r->is_dropping) {
        drop(r); /* on_cleanup() asks for another turn if `lost` is owed */
    } else {
        redis_end_orphans(r);
        tell_lost(r);
    }
    leave(r);
}

/* ---- the public face ------------------------------------------------------------------------- */

static bool address_is_sound(const struct redis_address *a, const char **out_host)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    if (a->socket)
        return a->socket[0] && strlen(a->socket) < sizeof((struct sockaddr_un *)NULL)->sun_path;
    if (!a->host || a->port < 1 || a->port > 65535)
        return false;
    /* A name would be resolved by the library, which blocks the loop. */
    *out_host = strcasecmp(a->host, "localhost") == 0 ? "127.0.0.1" : a->host;
    return inet_pton(AF_INET, *out_host, bytes) == 1 || inet_pton(AF_INET6, *out_host, bytes) == 1;
}

static bool copy_of(const char *s, char **out_copy)
{
    *out_copy = s ? strdup(s) : NULL;
    return !s || *out_copy;
}

struct redis *redis_new(struct event_base *base, const struct redis_address *address,
                        struct redis_events events)
{
    const char *host = NULL;
    struct redis *r;

    assert(base && address);
    if (!address_is_sound(address, &host)) {
        errno = EINVAL;
        return NULL;
    }
    r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->base = base;
    r->events = events;
    r->port = address->port;
    r->retry = evtimer_new(base, on_retry, r);
    r->deadline = evtimer_new(base, on_deadline, r);
    r->idle = evtimer_new(base, on_idle, r);
    r->later = evtimer_new(base, on_later, r);
    redis_set_state(r, "connecting");
    if (!copy_of(address->socket, &r->socket) || !copy_of(host, &r->host) ||
        !copy_of(address->user, &r->user) || !copy_of(address->password, &r->password) ||
        !r->retry || !r->deadline || !r->idle || !r->later) {
        release(r);
        errno = ENOMEM;
        return NULL;
    }
    redis_set_timer(r->retry, 0); /* the first attempt runs from the loop, as all others do */
    return r;
}

void redis_free(struct redis *r)
{
    if (!r || r->is_freed)
        return;
    enter(r);
    r->is_freed = true;
    r->is_ready = false;
    r->events = (struct redis_events){ 0 };
    (void)event_del(r->retry);
    (void)event_del(r->deadline);
    (void)event_del(r->idle);
    (void)event_del(r->later);
    drop(r); /* from inside one of its callbacks the library only notes it, and frees on its way out
              */
    leave(r);
}

bool redis_is_ready(const struct redis *r)
{
    return r->is_ready && !r->is_dropping;
}

const char *redis_state(const struct redis *r)
{
    bool is_greeted = r->is_ready || strcmp(r->state, "connecting") == 0;

    return r->refusal[0] && is_greeted ? r->refusal : r->state;
}

bool redis_is_full(const struct redis *r)
{
    return strcmp(r->refusal, "refused: OOM") == 0 || strcmp(r->refusal, "refused: MISCONF") == 0;
}

void redis_reset(struct redis *r, const char *why)
{
    if (r->is_freed || !r->context || r->is_dropping)
        return;
    redis_set_why(r, why);
    r->is_dropping = true;
    r->is_ready = false;
    if (strncmp(r->state, "refused", 7) != 0)
        redis_set_state(r, "connecting");
    (void)event_del(r->read);
    (void)event_del(r->write);
    /* From the loop: the caller may be in the middle of something that the callbacks would touch.
     */
    event_active(r->later, EV_TIMEOUT, 0);
}
