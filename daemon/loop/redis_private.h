/*
 * redis_private - what the three parts of the Redis connection share
 *
 * redis.c          the connection: made, watched, lost, made again
 * redis_command.c  commands in flight, the greeting, what answers mean
 * redis_reply.c    replies checked while the library makes them
 * Nothing outside these three includes this.
 */
#ifndef LOOP_REDIS_PRIVATE_H
#define LOOP_REDIS_PRIVATE_H

#include <stdint.h>

#include <event2/event.h>
#include <hiredis/async.h>

#include "loop/redis.h"

#define WHY_MAX       128
#define REDIS_IDLE_MS 5000 /* a connection that said nothing for so long is asked */

struct command {
    struct command *previous, *next; /* in flight, oldest first */
    struct redis *redis;
    redis_done *done; /* NULL: told already; only the library still knows the command */
    void *arg;
    int64_t due_ms; /* monotonic */
    bool is_ours;   /* AUTH and PING: not counted, and their answer is not the caller's */
};

struct redis {
    struct event_base *base;
    struct redis_events events;
    char *socket, *host, *user, *password;
    int port;

    redisAsyncContext *context;        /* NULL: none, or freed by the library */
    redisReplyObjectFunctions *create; /* the library's own, wrapped by ours */
    struct event *read, *write;        /* of the context's socket */
    struct event *retry;               /* next attempt, or next PING of the greeting */
    struct event *deadline;            /* connect, or the earliest command */
    struct event *idle;
    struct event *later; /* what must not run inside the call that caused it */

    struct command *first, *last;
    size_t in_flight;
    int64_t deadline_ms; /* when the deadline timer goes off; 0: not set */
    unsigned attempts;
    unsigned depth;
    bool is_ready, was_ready;  /* was_ready: `lost` is owed */
    bool is_dropping, is_told; /* is_told: this outage has been logged */
    bool is_freed;
    bool has_traffic; /* a reply came since the last idle check */
    char why[WHY_MAX];
    char state[WHY_MAX];
    /* "refused: NOPERM" of the last answer to a caller, or "". A new connection alone does not end
     * it: a server that takes no writes answers PING all the same. */
    char refusal[WHY_MAX];
};

/* ---- redis.c ---- */
int64_t redis_now_ms(void); /* monotonic */
void redis_set_timer(struct event *timer, int64_t ms);
/** Makes the deadline timer go off at due_ms, or earlier if it is set so. */
void redis_set_deadline(struct redis *r, int64_t due_ms);
void redis_set_state(struct redis *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** Why the connection goes; only the first reason of an outage is kept, since it is the cause. */
void redis_set_why(struct redis *r, const char *why);

/* ---- redis_command.c ---- */
void redis_tell_all_unknown(struct redis *r);
/** Without a connection: commands that the library forgot (it does not say that it had no memory to
 * note a callback) end as unknown. A callback may free the value. */
void redis_end_orphans(struct redis *r);
/** AUTH if needed, then PING; sets is_ready, or the state that says why not. */
void redis_greet(struct redis *r);
void redis_greet_again(struct redis *r);
void redis_ping_idle(struct redis *r);

/* ---- redis_reply.c ---- */
/** Has every reply of the new context checked. */
void redis_check_replies(struct redis *r);

#endif
