/*
 * scripted_redis - in the place of the connection: answers as the test's script has them
 *
 * For what a real server never says, or once in a thousand runs: the store is asked about it without
 * a loop, call by call. The connection itself is tested in test_redis.c, the library of functions by
 * the scenarios, both with a real server. Header only, for one file of a program: it defines what
 * loop/redis.h declares. Include it after failing.h, whose failures it leaves out of its own work.
 *
 *   scripted_say("HGETALL wl:{t}:feeds", "*0\r\n");   the newest line that a command begins with counts
 *   scripted_fail("FCALL claim", REDIS_OUTCOME_UNKNOWN);
 *   scripted_refuse("GET", -ENOMEM);                  redis_call() returns that
 *   scripted_answer();                                answers the oldest call; false: none is waiting
 */
#ifndef SUPPORT_SCRIPTED_REDIS_H
#define SUPPORT_SCRIPTED_REDIS_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop/redis.h"

#define SCRIPTED_LINES 64
#define SCRIPTED_CALLS 2400
#define SCRIPTED_WORDS 4096

struct redis {
    struct redis_events events;
    bool is_ready;
};

struct scripted_line {
    const char *command; /* borrowed */
    const char *resp;    /* of an answer, also of an error; borrowed */
    enum redis_error error;
    int refused; /* -errno, or 0 */
};

struct scripted_call {
    char words[SCRIPTED_WORDS]; /* the first of them, with blanks between */
    redis_done *done;
    void *arg;
    enum redis_error error;
    redisReply *reply;
};

static struct {
    struct redis connection;
    struct scripted_line lines[SCRIPTED_LINES];
    size_t line_count;
    struct scripted_call calls[SCRIPTED_CALLS];
    size_t made, answered; /* calls in all */
    bool is_full;
    char reset[128]; /* why the store wants another connection; "": it does not */
} scripted;

static inline struct scripted_line *scripted_line(const char *command)
{
    struct scripted_line *line = &scripted.lines[scripted.line_count++];

    if (scripted.line_count > SCRIPTED_LINES)
        abort(); /* check's own words would need memory */
    *line = (struct scripted_line){ .command = command, .error = REDIS_OK_REPLY };
    return line;
}

static inline void scripted_say(const char *command, const char *resp)
{
    struct scripted_line *line = scripted_line(command);

    line->resp = resp;
    line->error = resp[0] == '-' ? REDIS_ERROR_REPLY : REDIS_OK_REPLY;
}

static inline void scripted_fail(const char *command, enum redis_error error)
{
    scripted_line(command)->error = error;
}

static inline void scripted_refuse(const char *command, int error)
{
    scripted_line(command)->refused = error;
}

static inline redisReply *scripted_reply(const char *resp)
{
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;

    ck_assert_int_eq(redisReaderFeed(reader, resp, strlen(resp)), REDIS_OK);
    ck_assert_int_eq(redisReaderGetReply(reader, &reply), REDIS_OK);
    ck_assert_msg(reply != NULL, "not a whole answer: %s", resp);
    redisReaderFree(reader);
    return reply;
}

/* Takes the call apart and looks for its answer; nothing in here fails. */
static inline int scripted_take(int argc, const char *const *argv, const size_t *lengths,
                                redis_done *done, void *arg)
{
    struct scripted_call *call = &scripted.calls[scripted.made];
    size_t len = 0;

    ck_assert_uint_lt(scripted.made, SCRIPTED_CALLS);
    *call = (struct scripted_call){ .done = done, .arg = arg, .error = REDIS_OUTCOME_UNKNOWN };
    for (int i = 0; i < argc && len < sizeof call->words; i++)
        len += (size_t)snprintf(call->words + len, sizeof call->words - len, "%s%.*s", i ? " " : "",
                                (int)lengths[i], argv[i]);
    for (size_t i = scripted.line_count; i-- > 0;) {
        const struct scripted_line *line = &scripted.lines[i];

        if (strncmp(call->words, line->command, strlen(line->command)) != 0)
            continue;
        if (line->refused)
            return line->refused;
        call->error = line->error;
        call->reply = line->resp ? scripted_reply(line->resp) : NULL;
        break;
    }
    scripted.made++;
    return 0;
}

#ifdef SUPPORT_FAILING_H
#define SCRIPTED_UNDISTURBED(statement)                                                            \
    do {                                                                                           \
        const char *calls = failing.calls;                                                         \
        failing.calls = NULL;                                                                      \
        statement;                                                                                 \
        failing.calls = calls;                                                                     \
    } while (0)
#else
#define SCRIPTED_UNDISTURBED(statement) statement
#endif

int redis_call(struct redis *r, int argc, const char *const *argv, const size_t *argv_len,
               unsigned deadline_ms, redis_done *done, void *arg)
{
    int result;

    (void)r;
    (void)deadline_ms;
    SCRIPTED_UNDISTURBED(result = scripted_take(argc, argv, argv_len, done, arg));
    return result;
}

/* Whether the oldest call was answered; false: none is waiting. */
static inline bool scripted_answer(void)
{
    struct scripted_call *call = &scripted.calls[scripted.answered];

    if (scripted.answered == scripted.made)
        return false;
    scripted.answered++;
    call->done(call->arg, call->error, call->reply);
    SCRIPTED_UNDISTURBED(freeReplyObject(call->reply));
    return true;
}

static inline void scripted_answer_all(void)
{
    while (scripted_answer())
        ;
}

/* The newest call begins so. */
static inline bool scripted_asked(const char *command)
{
    return scripted.made > 0 &&
           strncmp(scripted.calls[scripted.made - 1].words, command, strlen(command)) == 0;
}

/* A fresh server. What an earlier test left unanswered is gone. */
static inline void scripted_begin(void)
{
    memset(&scripted, 0, sizeof scripted);
}

/* The rest of the connection. */
struct redis *redis_new(struct event_base *base, const struct redis_address *address,
                        struct redis_events events)
{
    (void)base;
    if (!address->socket && !address->host) {
        errno = EINVAL;
        return NULL;
    }
    scripted.connection = (struct redis){ .events = events, .is_ready = true };
    return &scripted.connection;
}

void redis_free(struct redis *r)
{
    for (; r && scripted.answered < scripted.made; scripted.answered++) {
        struct scripted_call *call = &scripted.calls[scripted.answered];

        call->done(call->arg, REDIS_OUTCOME_UNKNOWN, NULL);
        freeReplyObject(call->reply);
    }
}

bool redis_is_ready(const struct redis *r)
{
    return r->is_ready;
}

const char *redis_state(const struct redis *r)
{
    return r->is_ready ? "ready" : "connecting";
}

bool redis_is_full(const struct redis *r)
{
    (void)r;
    return scripted.is_full;
}

void redis_flush(struct redis *r)
{
    (void)r; /* every call leaves at once */
}

void redis_reset(struct redis *r, const char *why)
{
    r->is_ready = false;
    (void)snprintf(scripted.reset, sizeof scripted.reset, "%s", why);
}

#endif
