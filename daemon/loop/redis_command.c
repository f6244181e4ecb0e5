#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop/redis_private.h"

#define IN_FLIGHT_MAX     10000
#define GREET_DEADLINE_MS 5000
#define GREET_AGAIN_MS    100
#define IDLE_DEADLINE_MS  10000 /* with REDIS_IDLE_MS: a black hole shows within 15 s */

/* ---- what answers mean --------------------------------------------------------------------- */

/* The code of an error reply: its first word when that is in capitals, else "ERR". */
static const char *code_of(const redisReply *reply, char out_code[32])
{
    size_t len = 0;

    while (len < 31 && len < reply->len && reply->str[len] >= 'A' && reply->str[len] <= 'Z')
        len++;
    memcpy(out_code, reply->str, len);
    out_code[len] = '\0';
    if (len == 0 || (len < reply->len && reply->str[len] != ' '))
        strcpy(out_code, "ERR");
    return out_code;
}

/* Answers that say something about the server or our rights rather than about one command. */
static bool is_refusal(const char *code)
{
    static const char *const refusals[] = {
        "NOAUTH",   "WRONGPASS",  "NOPERM",     "OOM",     "MISCONF",
        "READONLY", "MASTERDOWN", "NOREPLICAS", "LOADING", "BUSY",
    };

    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (strcmp(code, refusals[i]) == 0)
            return true;
    }
    return false;
}

static void note_refusal(struct redis *r, const redisReply *reply)
{
    char code[32];

    if (reply->type != REDIS_REPLY_ERROR) {
        r->refusal[0] = '\0';
        return;
    }
    if (is_refusal(code_of(reply, code)))
        (void)snprintf(r->refusal, sizeof r->refusal, "refused: %s", code);
    if (strcmp(code, "NOAUTH") == 0)
        redis_reset(r, "NOAUTH"); /* the rights changed under us: greet anew */
}

/* ---- commands in flight ---------------------------------------------------------------------- */

static void unlink_command(struct command *c)
{
    struct redis *r = c->redis;

    if (c->previous)
        c->previous->next = c->next;
    else
        r->first = c->next;
    if (c->next)
        c->next->previous = c->previous;
    else
        r->last = c->previous;
    c->previous = c->next = NULL;
    if (!c->is_ours)
        r->in_flight--;
}

/* Tells its owner, once; the command itself stays with the library until its callback. */
static void tell(struct command *c, enum redis_error error, const redisReply *reply)
{
    redis_done *done = c->done;

    unlink_command(c);
    c->done = NULL;
    done(c->arg, error, reply);
}

void redis_tell_all_unknown(struct redis *r)
{
    while (r->first)
        tell(r->first, REDIS_OUTCOME_UNKNOWN, NULL);
}

void redis_end_orphans(struct redis *r)
{
    struct command *c;

    while (!r->context && (c = r->first)) {
        tell(c, REDIS_OUTCOME_UNKNOWN, NULL);
        free(c);
    }
}

/* ---- sending --------------------------------------------------------------------------------- */

static void on_reply(redisAsyncContext *context, void *bytes, void *arg)
{
    struct command *c = arg;
    struct redis *r = c->redis;
    const redisReply *reply = r->is_dropping ? NULL : bytes;

    if (!reply && r->is_ready) {
        /* Nothing more may be asked of this connection, not even by the callbacks below. */
        r->is_ready = false;
        redis_set_why(r, context->errstr ? context->errstr : context->c.errstr);
    }
    r->has_traffic = true;
    if (!c->done) {
        free(c);
        return;
    }
    if (reply && !c->is_ours)
        note_refusal(r, reply);
    if (reply && !c->is_ours && reply->type != REDIS_REPLY_ERROR)
        r->attempts = 0; /* of use to its owner: the next loss is tried again soon */
    tell(c,
         !reply                             ? REDIS_OUTCOME_UNKNOWN
         : reply->type == REDIS_REPLY_ERROR ? REDIS_ERROR_REPLY
                                            : REDIS_OK_REPLY,
         reply);
    free(c);
}

static int send_command(struct redis *r, int argc, const char *const *argv, const size_t *argv_len,
                        unsigned deadline_ms, redis_done *done, void *arg, bool is_ours)
{
    struct command *c = calloc(1, sizeof *c);

    if (!c)
        return -ENOMEM;
    c->redis = r;
    c->done = done;
    c->arg = arg;
    c->due_ms = redis_now_ms() + deadline_ms;
    c->is_ours = is_ours;
    /* The library's parameter lacks a const; it only reads. */
    if (redisAsyncCommandArgv(r->context, on_reply, c, argc, (const char **)(uintptr_t)argv,
                              argv_len) != REDIS_OK) {
        free(c);
        return -ENOTCONN;
    }
    c->previous = r->last;
    if (r->last)
        r->last->next = c;
    else
        r->first = c;
    r->last = c;
    if (!is_ours)
        r->in_flight++;
    redis_set_deadline(r, c->due_ms);
    return 0;
}

static int send_ours(struct redis *r, int argc, const char *const *argv, unsigned deadline_ms,
                     redis_done *done)
{
    size_t lengths[3];

    assert(argc <= 3);
    for (int i = 0; i < argc; i++)
        lengths[i] = strlen(argv[i]);
    return send_command(r, argc, argv, lengths, deadline_ms, done, r, true);
}

static void ping(struct redis *r, unsigned deadline_ms, redis_done *done)
{
    static const char *const argv[] = { "PING" };

    if (send_ours(r, 1, argv, deadline_ms, done) < 0)
        redis_reset(r, "cannot send");
}

int redis_call(struct redis *r, int argc, const char *const *argv, const size_t *argv_len,
               unsigned deadline_ms, redis_done *done, void *arg)
{
    assert(r && argc > 0 && argv && argv_len && done);
    if (r->is_freed || !redis_is_ready(r))
        return -ENOTCONN;
    if (r->in_flight >= IN_FLIGHT_MAX)
        return -EBUSY;
    return send_command(r, argc, argv, argv_len, deadline_ms ? deadline_ms : REDIS_DEADLINE_MS,
                        done, arg, false);
}

/* The write event stays: it takes the rest, and says what failed, from the loop. */
void redis_flush(struct redis *r)
{
    int is_all;

    if (!r->is_freed && redis_is_ready(r))
        (void)redisBufferWrite(&r->context->c, &is_all);
}

/* ---- greeting -------------------------------------------------------------------------------- */

/* Not welcome: said in the state, and tried again as any lost connection is. */
static void refuse(struct redis *r, const redisReply *reply)
{
    char code[32], why[64];

    (void)snprintf(why, sizeof why, "refused: %s", code_of(reply, code));
    redis_set_state(r, "%s", why);
    redis_reset(r, why);
}

static void on_ping(void *arg, enum redis_error error, const redisReply *reply)
{
    struct redis *r = arg;
    char code[32];

    if (!reply)
        return; /* the connection is going; on_cleanup() goes on */
    if (error == REDIS_ERROR_REPLY) {
        code_of(reply, code);
        if (strcmp(code, "LOADING") != 0 && strcmp(code, "BUSY") != 0) {
            refuse(r, reply);
            return;
        }
        redis_set_state(r, "%s", code[0] == 'L' ? "loading" : "busy");
        redis_set_timer(r->retry, GREET_AGAIN_MS);
        return;
    }
    if (reply->type != REDIS_REPLY_STATUS || strcmp(reply->str, "PONG") != 0) {
        redis_reset(r, "the answer to PING is not PONG");
        return;
    }
    /* A PONG does not reset the attempts: a server that answers it and nothing else is not to be
     * connected ten times a second. */
    r->is_ready = r->was_ready = true;
    r->is_told = false;
    r->why[0] = '\0';
    redis_set_state(r, "ready");
    redis_set_timer(r->idle, REDIS_IDLE_MS);
    if (r->events.ready)
        r->events.ready(r->events.arg);
}

static void on_auth(void *arg, enum redis_error error, const redisReply *reply)
{
    struct redis *r = arg;

    if (!reply)
        return;
    if (error == REDIS_ERROR_REPLY)
        refuse(r, reply);
    else if (reply->type != REDIS_REPLY_STATUS || strcmp(reply->str, "OK") != 0)
        redis_reset(r, "the answer to AUTH is not OK");
    else
        ping(r, GREET_DEADLINE_MS, on_ping);
}

void redis_greet(struct redis *r)
{
    const char *named[] = { "AUTH", r->user, r->password };
    const char *plain[] = { "AUTH", r->password };
    int sent;

    if (!r->password) {
        ping(r, GREET_DEADLINE_MS, on_ping);
        return;
    }
    sent = r->user ? send_ours(r, 3, named, GREET_DEADLINE_MS, on_auth)
                   : send_ours(r, 2, plain, GREET_DEADLINE_MS, on_auth);
    if (sent < 0)
        redis_reset(r, "cannot send");
}

void redis_greet_again(struct redis *r)
{
    ping(r, GREET_DEADLINE_MS, on_ping);
}

static void on_idle_answer(void *arg, enum redis_error error, const redisReply *reply)
{
    struct redis *r = arg;

    /* Any answer shows that somebody is there; none ends the connection by its deadline. */
    (void)error;
    if (reply)
        r->attempts = 0; /* it lived for REDIS_IDLE_MS */
}

void redis_ping_idle(struct redis *r)
{
    ping(r, IDLE_DEADLINE_MS, on_idle_answer);
}
