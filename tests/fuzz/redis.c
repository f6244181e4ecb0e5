/*
 * redis - what a Redis server says, through our own adapter: every command ends in exactly one
 * callback, `lost` comes once for each `ready`, a reply has the fields of its type; and the same
 * bytes in other portions give the same results
 *
 * The server is the other end of a unix socket on the same loop. It answers PING properly, so that
 * the adapter is ready; then COMMANDS commands are sent and the input is what it answers. It closes
 * after the last byte.
 * Input: a byte for the size of the portions, then the server's bytes.
 */
#include "loop/redis.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz/support/fuzz.h"

#define COMMANDS  3
#define TURNS_MAX 100000
#define GREETING  "+PONG\r\n"

static struct event_base *base;
static int listener = -1;
static char path[128];

struct talk {
    int ended[COMMANDS]; /* callbacks of each command */
    int ready, lost;
    struct text said;
};

static void stop(void)
{
    (void)close(listener);
    event_base_free(base);
}

static void start(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    (void)snprintf(path, sizeof path, "%s/redis.sock", fuzz_folder());
    memcpy(address.sun_path, path, strlen(path) + 1);
    base = event_base_new();
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    FUZZ_CHECK(base && listener >= 0 &&
                   bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
                   listen(listener, 16) == 0,
               "no server");
    (void)atexit(stop);
}

/* What every reader of ours may rely on. */
static void tell_reply(struct text *out, const redisReply *r)
{
    (void)text_printf(out, " %d", r->type);
    switch (r->type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
        FUZZ_CHECK(r->str && r->str[r->len] == '\0', "a text without its end");
        (void)text_printf(out, ":%zu:", r->len);
        (void)text_add(out, r->str, r->len);
        break;
    case REDIS_REPLY_INTEGER:
        (void)text_printf(out, ":%lld", r->integer);
        break;
    case REDIS_REPLY_ARRAY:
        (void)text_printf(out, "[%zu", r->elements);
        for (size_t i = 0; i < r->elements; i++) {
            FUZZ_CHECK(r->element[i], "an element that is none");
            tell_reply(out, r->element[i]);
        }
        (void)text_putc(out, ']');
        break;
    case REDIS_REPLY_NIL:
        break;
    default:
        FUZZ_CHECK(false, "a reply of type %d", r->type);
    }
}

static struct talk *current;

static void on_reply(void *arg, enum redis_error error, const redisReply *reply)
{
    int which = (int)((int *)arg - current->ended);

    FUZZ_CHECK(++current->ended[which] == 1, "command %d ended twice", which);
    FUZZ_CHECK((reply != NULL) == (error == REDIS_OK_REPLY || error == REDIS_ERROR_REPLY),
               "error %d, reply %p", (int)error, (const void *)reply);
    FUZZ_CHECK(!reply || (reply->type == REDIS_REPLY_ERROR) == (error == REDIS_ERROR_REPLY),
               "an error that is none");
    FUZZ_CHECK(which == 0 || current->ended[which - 1], "answers out of order");
    (void)text_printf(&current->said, "\n%d: %d", which, (int)error);
    if (reply)
        tell_reply(&current->said, reply);
}

static void on_ready(void *arg)
{
    ((struct talk *)arg)->ready++;
}

static void on_lost(void *arg, const char *why)
{
    struct talk *t = arg;

    FUZZ_CHECK(why && why[0], "lost without a word");
    FUZZ_CHECK(++t->lost <= t->ready, "lost more often than ready");
    for (int i = 0; i < COMMANDS; i++)
        FUZZ_CHECK(t->ended[i] == 1, "lost before command %d ended", i);
}

static void turn(void)
{
    (void)event_base_loop(base, EVLOOP_NONBLOCK);
}

static bool is_over(const struct talk *t)
{
    return t->lost > 0;
}

/* Takes what was asked, so that nothing stays in the socket. */
static void swallow(int fd)
{
    char bytes[1024];

    while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
}

static struct redis *connect_ready(struct talk *t, int *out_fd)
{
    const struct redis_address address = { .socket = path };
    struct redis *r = redis_new(base, &address, (struct redis_events){ on_ready, on_lost, t });

    FUZZ_CHECK(r, "no adapter");
    for (int old; (old = accept(listener, NULL, NULL)) >= 0;) /* a second attempt of the last run */
        (void)close(old);
    turn();
    *out_fd = accept(listener, NULL, NULL);
    FUZZ_CHECK(*out_fd >= 0 && send(*out_fd, GREETING, strlen(GREETING), MSG_NOSIGNAL) > 0,
               "no connection");
    for (int i = 0; i < TURNS_MAX && !t->ready; i++)
        turn();
    FUZZ_CHECK(t->ready == 1 && redis_is_ready(r), "not ready: %s", redis_state(r));
    return r;
}

static char *run(const char *bytes, size_t len, size_t portion)
{
    static const char *const argv[] = { "GET", "key" };
    static const size_t lengths[] = { 3, 3 };
    struct talk t = { .said = TEXT_INIT };
    int fd = -1;

    current = &t;
    struct redis *r = connect_ready(&t, &fd);

    for (int i = 0; i < COMMANDS; i++)
        FUZZ_CHECK(redis_call(r, 2, argv, lengths, 0, on_reply, &t.ended[i]) == 0, "not sent");
    turn();
    swallow(fd);
    for (size_t at = 0; at < len && !is_over(&t); at += portion) {
        size_t n = portion < len - at ? portion : len - at;

        if (send(fd, bytes + at, n, MSG_NOSIGNAL) < 0)
            break;
        turn();
        swallow(fd);
    }
    (void)close(fd);
    for (int i = 0; i < TURNS_MAX && !is_over(&t); i++)
        turn();
    FUZZ_CHECK(is_over(&t), "the end of the connection was not noticed");
    redis_free(r);
    turn();
    for (int i = 0; i < COMMANDS; i++)
        FUZZ_CHECK(t.ended[i] == 1, "command %d never ended", i);
    (void)text_puts(&t.said, "");
    FUZZ_CHECK(text_ok(&t.said), "no memory");
    return text_take(&t.said);
}

void fuzz_one(const char *bytes, size_t len)
{
    size_t portion = fuzz_byte(&bytes, &len) + 1u;

    if (listener < 0)
        start();
    char *whole = run(bytes, len, len ? len : 1), *parts = run(bytes, len, portion);

    FUZZ_CHECK(strcmp(whole, parts) == 0, "in portions of %zu it says otherwise:%s\n--%s", portion,
               whole, parts);
    free(whole);
    free(parts);
}
