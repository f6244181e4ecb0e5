/*
 * redis - one connection to Redis on the libevent loop: an own hiredis adapter
 *
 * Invariants: (1) every command ends in exactly one callback: a reply, or an error that says
 * whether the outcome is known; (2) a command that got no reply in its deadline closes the
 * connection and everything in flight ends as unknown; (3) no callback runs inside redis_call();
 * (4) after a disconnect the connection is tried again after 0.1 to 30 s with jitter, for ever.
 * Reply rules of RELIABILITY section 7: a type is checked before a field is read; the reply belongs
 * to the library and lives for the length of the callback.
 */
#ifndef LOOP_REDIS_H
#define LOOP_REDIS_H

#include <stdbool.h>
#include <stddef.h>

#include <hiredis/hiredis.h>

struct event_base;
struct redis;

enum redis_error {
    REDIS_OK_REPLY,    /* reply is set and no error */
    REDIS_ERROR_REPLY, /* reply is an error: the command had no effect (our functions check before
                          they write) */
    REDIS_NOT_SENT,    /* not connected: no effect */
    REDIS_OUTCOME_UNKNOWN, /* sent, and no reply came */
};

#define REDIS_DEADLINE_MS 15000

typedef void redis_done(void *arg, enum redis_error error, const redisReply *reply);

struct redis_address {
    const char *socket; /* unix socket, or NULL */
    const char *host;   /* numeric address when socket is NULL */
    int port;
    const char *user, *password; /* AUTH, or NULL */
};

struct redis_events {
    void (*ready)(void *arg);                 /* connected, authenticated, not LOADING */
    void (*lost)(void *arg, const char *why); /* after all callbacks of commands in flight */
    void *arg;
};

/**
 * Starts to connect, from the loop. Copies the address. NULL with errno ENOMEM, or EINVAL for an
 * address that is neither a socket path of at most 107 bytes nor numeric ("localhost" is
 * 127.0.0.1).
 */
struct redis *redis_new(struct event_base *base, const struct redis_address *address,
                        struct redis_events events);
/** Commands in flight end with REDIS_OUTCOME_UNKNOWN from inside this call. Allowed in any
 * callback; accepts NULL. */
void redis_free(struct redis *r);
bool redis_is_ready(const struct redis *r);
/** Words for STATUS=: "ready", "connecting", "loading", "busy", "refused: NOAUTH" (also when ready,
 * after such an answer). */
const char *redis_state(const struct redis *r);
/** The last answer was that nothing can be written for want of memory or disk (OOM, MISCONF). */
bool redis_is_full(const struct redis *r);

/** Sends one command, argv form. deadline_ms 0: REDIS_DEADLINE_MS. Returns 0 (the callback will
 * come), -ENOTCONN, -ENOMEM, -EBUSY (over 10,000 in flight). */
int redis_call(struct redis *r, int argc, const char *const *argv, const size_t *argv_len,
               unsigned deadline_ms, redis_done *done, void *arg);
/** What was asked leaves now, as far as the socket takes it, and not when the loop turns. */
void redis_flush(struct redis *r);
/** Drops the connection and starts over (after a reply that cannot be). Callbacks and `lost` come
 * later, from the loop. */
void redis_reset(struct redis *r, const char *why);

#endif
