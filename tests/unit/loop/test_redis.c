/*
 * The adapter against a scripted server on the same loop: what a real one never, or rarely, says.
 * A real redis-server is asked in test_embedded_redis.c.
 */
#include "loop/redis.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <signal.h>
#include <string.h>
#include <sys/un.h>

#include "base/log.h"
#include "support/folder.h"
#include "support/loop.h"
#include "support/unit.h"

/* ---- the scripted server ------------------------------------------------------------------- */

struct script {
    const char *ping, *auth, *other; /* what it says; NULL: nothing */
    size_t other_len;                /* 0: strlen */
    bool bytewise;                   /* one byte a turn of the loop */
    bool close_after;                /* the answer to a command that is neither */
    const char *greeting;            /* said at once, unasked */
};

struct fake {
    struct event_base *base;
    struct evconnlistener *listener;
    struct bufferevent *client; /* the newest */
    struct event *drip;
    struct evbuffer *held; /* bytes still to drip */
    struct script script;
    char folder[FOLDER_MAX], path[FOLDER_MAX + 8];
    int connections, commands, pings;
    char last_auth[64];
};

static void fake_drop(struct fake *f)
{
    if (f->client)
        bufferevent_free(f->client);
    f->client = NULL;
}

static void fake_drip(evutil_socket_t fd, short what, void *arg)
{
    struct fake *f = arg;
    struct timeval soon = { 0, 100 };

    (void)fd;
    (void)what;
    if (!f->client)
        return;
    char byte;

    if (evbuffer_remove(f->held, &byte, 1) == 1)
        (void)bufferevent_write(f->client, &byte, 1);
    if (evbuffer_get_length(f->held) > 0)
        (void)event_add(f->drip, &soon);
}

static void fake_flushed(struct bufferevent *client, void *arg)
{
    (void)client;
    fake_drop(arg);
}

static void fake_say(struct fake *f, const char *bytes, size_t len)
{
    if (f->script.bytewise) {
        (void)evbuffer_add(f->held, bytes, len);
        event_active(f->drip, EV_TIMEOUT, 0);
    } else {
        (void)bufferevent_write(f->client, bytes, len);
    }
}

/* One whole command off the front: its first two words. False: not all of it is there. */
static bool fake_take(struct evbuffer *in, char words[2][64])
{
    size_t len = evbuffer_get_length(in);
    const char *at = (const char *)evbuffer_pullup(in, -1), *start = at, *end = at + len;
    long argc;
    char *next;

    if (len < 4 || *at != '*' || !memchr(at, '\n', len))
        return false;
    argc = strtol(at + 1, &next, 10);
    at = next + 2;
    for (long i = 0; i < argc; i++) {
        if (at >= end || *at != '$' || !memchr(at, '\n', (size_t)(end - at)))
            return false;
        long bytes = strtol(at + 1, &next, 10);

        at = next + 2;
        if (end - at < bytes + 2)
            return false;
        if (i < 2)
            (void)snprintf(words[i], 64, "%.*s", (int)(bytes < 63 ? bytes : 63), at);
        at += bytes + 2;
    }
    (void)evbuffer_drain(in, (size_t)(at - start));
    return true;
}

static void fake_read(struct bufferevent *client, void *arg)
{
    struct fake *f = arg;
    char words[2][64] = { "", "" };

    while (f->client == client && fake_take(bufferevent_get_input(client), words)) {
        const char *answer = f->script.other;
        size_t len = answer && f->script.other_len ? f->script.other_len
                     : answer                      ? strlen(answer)
                                                   : 0;

        if (strcmp(words[0], "PING") == 0 || strcmp(words[0], "AUTH") == 0) {
            f->pings += words[0][0] == 'P';
            if (words[0][0] == 'A')
                memcpy(f->last_auth, words[1], sizeof f->last_auth);
            answer = words[0][0] == 'P' ? f->script.ping : f->script.auth;
            if (answer)
                fake_say(f, answer, strlen(answer));
            continue;
        }
        f->commands++;
        if (answer)
            fake_say(f, answer, len);
        if (!f->script.close_after)
            continue;
        if (answer)
            bufferevent_setcb(client, NULL, fake_flushed, NULL, f);
        else
            fake_drop(f);
        return;
    }
}

static void fake_event(struct bufferevent *client, short what, void *arg)
{
    struct fake *f = arg;

    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
        if (client == f->client)
            f->client = NULL;
        bufferevent_free(client);
    }
}

static void fake_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
                        int peer_len, void *arg)
{
    struct fake *f = arg;

    (void)listener;
    (void)peer;
    (void)peer_len;
    fake_drop(f);
    f->connections++;
    f->client = bufferevent_socket_new(f->base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(f->client, fake_read, NULL, fake_event, f);
    (void)bufferevent_enable(f->client, EV_READ | EV_WRITE);
    if (f->script.greeting)
        fake_say(f, f->script.greeting, strlen(f->script.greeting));
}

static void fake_listen(struct fake *f)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };

    memcpy(at.sun_path, f->path, strlen(f->path) + 1);
    (void)unlink(f->path);
    f->listener = evconnlistener_new_bind(f->base, fake_accept, f, LEV_OPT_CLOSE_ON_FREE, 16,
                                          (struct sockaddr *)&at, sizeof at);
    ck_assert_ptr_nonnull(f->listener);
}

/* ---- the adapter under test and what it told us -------------------------------------------- */

struct told {
    int ready, lost;
    char why[128];
    int answers[4];   /* by enum redis_error */
    int order_broken; /* a callback came out of turn, or inside redis_call() */
    int lost_after;   /* answers told before `lost` */
    long next;
    bool is_calling;
    char text[64]; /* of the last reply */
    int type;
    size_t elements;
};

struct ground {
    struct fake fake;
    struct told told;
    struct redis *redis;
    int wanted; /* for the conditions below */
};

static int answered(const struct told *t)
{
    return t->answers[0] + t->answers[1] + t->answers[2] + t->answers[3];
}

static void on_ready(void *arg)
{
    ((struct ground *)arg)->told.ready++;
}

static void on_lost(void *arg, const char *why)
{
    struct told *t = &((struct ground *)arg)->told;

    t->lost++;
    t->lost_after = answered(t);
    (void)snprintf(t->why, sizeof t->why, "%s", why);
}

struct asked {
    struct ground *ground;
    long number;
};

static void on_answer(void *arg, enum redis_error error, const redisReply *reply)
{
    struct asked *asked = arg;
    struct told *t = &asked->ground->told;

    t->answers[error]++;
    t->order_broken += t->is_calling || asked->number != t->next;
    /* Nothing may be asked of a connection that is going. */
    t->order_broken += error == REDIS_OUTCOME_UNKNOWN && asked->ground->redis &&
                       redis_is_ready(asked->ground->redis);
    t->order_broken += (reply != NULL) != (error == REDIS_OK_REPLY || error == REDIS_ERROR_REPLY);
    t->next++;
    if (reply) {
        t->type = reply->type;
        t->elements = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
        if (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS ||
            reply->type == REDIS_REPLY_ERROR)
            (void)snprintf(t->text, sizeof t->text, "%s", reply->str);
    }
    free(asked);
}

static int ask_within(struct ground *g, unsigned deadline_ms)
{
    static const char *const argv[] = { "GET", "k" };
    static const size_t lengths[] = { 3, 1 };
    struct asked *asked = malloc(sizeof *asked);

    ck_assert_ptr_nonnull(asked);
    *asked = (struct asked){ g, g->wanted++ };
    g->told.is_calling = true;
    int r = redis_call(g->redis, 2, argv, lengths, deadline_ms, on_answer, asked);

    g->told.is_calling = false;
    if (r < 0) {
        g->wanted--;
        free(asked);
    }
    return r;
}

static int ask(struct ground *g)
{
    return ask_within(g, 0);
}

static bool is_ready(void *arg)
{
    return redis_is_ready(((struct ground *)arg)->redis);
}

static bool all_answered(void *arg)
{
    struct ground *g = arg;

    return answered(&g->told) >= g->wanted;
}

static bool was_lost(void *arg)
{
    return ((struct ground *)arg)->told.lost > 0;
}

static bool is_ready_again(void *arg)
{
    return ((struct ground *)arg)->told.ready >= 2;
}

static void ground_begin_as(struct ground *g, struct script script, const char *user,
                            const char *password)
{
    memset(g, 0, sizeof *g);
    (void)signal(SIGPIPE, SIG_IGN);
    log_set_level(LOG_LEVEL_ERROR);
    g->fake.base = event_base_new();
    ck_assert_ptr_nonnull(g->fake.base);
    g->fake.script = script;
    g->fake.held = evbuffer_new();
    g->fake.drip = evtimer_new(g->fake.base, fake_drip, &g->fake);
    folder_begin(g->fake.folder);
    (void)snprintf(g->fake.path, sizeof g->fake.path, "%s/sock", g->fake.folder);
    fake_listen(&g->fake);
    struct redis_address address = { .socket = g->fake.path, .user = user, .password = password };

    g->redis = redis_new(g->fake.base, &address, (struct redis_events){ on_ready, on_lost, g });
    ck_assert_ptr_nonnull(g->redis);
}

static void ground_begin(struct ground *g, struct script script)
{
    ground_begin_as(g, script, NULL, NULL);
}

static void ground_end(struct ground *g)
{
    redis_free(g->redis);
    ck_assert_int_eq(answered(&g->told), g->wanted);
    ck_assert_int_eq(g->told.order_broken, 0);
    fake_drop(&g->fake);
    if (g->fake.listener)
        evconnlistener_free(g->fake.listener);
    event_free(g->fake.drip);
    evbuffer_free(g->fake.held);
    folder_end(g->fake.folder);
    event_base_free(g->fake.base);
}

#define PONG .ping = "+PONG\r\n"

/* ---- tests --------------------------------------------------------------------------------- */

static const struct {
    const char *why;
    struct script script;
    int type;
    const char *text;
} replies[] = {
    { "status", { PONG, .other = "+OK\r\n" }, REDIS_REPLY_STATUS, "OK" },
    { "string", { PONG, .other = "$5\r\nhello\r\n" }, REDIS_REPLY_STRING, "hello" },
    { "nil", { PONG, .other = "$-1\r\n" }, REDIS_REPLY_NIL, "" },
    { "integer", { PONG, .other = ":-7\r\n" }, REDIS_REPLY_INTEGER, "" },
    { "error",
      { PONG, .other = "-WRONGTYPE Operation\r\n" },
      REDIS_REPLY_ERROR,
      "WRONGTYPE Operation" },
    { "array", { PONG, .other = "*2\r\n$1\r\na\r\n*1\r\n:1\r\n" }, REDIS_REPLY_ARRAY, "" },
    { "nil array", { PONG, .other = "*-1\r\n" }, REDIS_REPLY_NIL, "" },
    { "one byte at a time",
      { PONG, .other = "$5\r\nhello\r\n", .bytewise = true },
      REDIS_REPLY_STRING,
      "hello" },
    { "array, one byte at a time",
      { PONG, .other = "*2\r\n$1\r\na\r\n*1\r\n:1\r\n", .bytewise = true },
      REDIS_REPLY_ARRAY,
      "" },
};

START_TEST(a_reply_is_handed_on_with_its_type)
{
    struct ground g;

    ground_begin(&g, replies[_i].script);
    ck_assert_int_eq(ask(&g), -ENOTCONN);
    ck_assert_str_eq(redis_state(g.redis), "connecting");
    ck_assert(loop_until(g.fake.base, is_ready, &g));
    ck_assert_str_eq(redis_state(g.redis), "ready");
    ck_assert_int_eq(g.told.ready, 1);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(ask(&g), 0);
    ck_assert(loop_until(g.fake.base, all_answered, &g));
    ck_assert_int_eq(
        g.told.answers[replies[_i].type == REDIS_REPLY_ERROR ? REDIS_ERROR_REPLY : REDIS_OK_REPLY],
        3);
    ck_assert_msg(g.told.type == replies[_i].type, "%s: type %d", replies[_i].why, g.told.type);
    ck_assert_str_eq(g.told.text, replies[_i].text);
    ck_assert_int_eq(g.told.lost, 0);
    ground_end(&g);
}
END_TEST

/* Everything here ends as "unknown", never as a reply, and the connection is made anew. */
static const struct {
    const char *why;
    struct script script;
} breaks[] = {
    { "closed without an answer", { PONG, .close_after = true } },
    { "closed in mid reply", { PONG, .other = "$5\r\nhel", .close_after = true } },
    { "closed after the length", { PONG, .other = "$5\r\n", .close_after = true } },
    { "closed in an array", { PONG, .other = "*2\r\n:1\r\n", .close_after = true } },
    { "garbage", { PONG, .other = "HTTP/1.1 400 Bad Request\r\n\r\n" } },
    { "a type of RESP3", { PONG, .other = "%1\r\n+a\r\n+b\r\n" } },
    { "binary junk", { PONG, .other = "\x00\x01\x02\x03", .other_len = 4 } },
    { "deep nesting",
      { PONG,
        .other = "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n" } },
    { "an array of 2 thousand million", { PONG, .other = "*2000000000\r\n" } },
    { "a length past any number", { PONG, .other = "*99999999999999999999\r\n" } },
    { "a negative length", { PONG, .other = "$-7\r\n" } },
    { "an integer past any number", { PONG, .other = ":99999999999999999999\r\n" } },
};

START_TEST(a_broken_reply_means_unknown_and_a_new_connection)
{
    struct ground g;

    ground_begin(&g, breaks[_i].script);
    ck_assert(loop_until(g.fake.base, is_ready, &g));
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(ask(&g), 0);
    /* At once, not by the deadline of a command. */
    ck_assert_msg(loop_until_for(g.fake.base, was_lost, &g, 5000), "%s", breaks[_i].why);
    ck_assert_msg(g.told.answers[REDIS_OUTCOME_UNKNOWN] == 3, "%s: %d unknown", breaks[_i].why,
                  g.told.answers[REDIS_OUTCOME_UNKNOWN]);
    ck_assert_int_eq(g.told.lost_after, 3);
    ck_assert_str_ne(g.told.why, "");
    ck_assert_int_eq(ask(&g), -ENOTCONN);
    ck_assert(loop_until(g.fake.base, is_ready_again, &g));
    ck_assert_int_eq(g.fake.connections, 2);
    ck_assert_int_eq(g.told.lost, 1);
    ground_end(&g);
}
END_TEST

/* R2: cut after every byte of the answers to two commands. */
START_TEST(a_reply_cut_at_any_byte_counts_only_when_it_was_whole)
{
    static const char both[] = "*2\r\n$1\r\na\r\n:12\r\n";
    size_t len = sizeof both - 1;

    for (size_t cut = 0; cut <= len; cut++) {
        struct ground g;
        struct script script = { PONG, .other = cut ? both : NULL, .other_len = cut,
                                 .close_after = true };

        ground_begin(&g, script);
        ck_assert(loop_until(g.fake.base, is_ready, &g));
        ck_assert_int_eq(ask(&g), 0);
        ck_assert_int_eq(ask(&g), 0);
        ck_assert(loop_until(g.fake.base, was_lost, &g));
        ck_assert_msg(g.told.answers[REDIS_OK_REPLY] == (cut == len), "cut at %zu", cut);
        ck_assert_msg(g.told.answers[REDIS_OUTCOME_UNKNOWN] == 1 + (cut != len), "cut at %zu", cut);
        ground_end(&g);
    }
}
END_TEST

START_TEST(no_reply_in_the_deadline_ends_all_in_flight_as_unknown)
{
    struct ground g;
    long long began;

    ground_begin(&g, (struct script){ PONG });
    ck_assert(loop_until(g.fake.base, is_ready, &g));
    began = loop_now_ms();
    ck_assert_int_eq(ask_within(&g, 10000), 0);
    ck_assert_int_eq(ask_within(&g, 150), 0);
    ck_assert_int_eq(ask_within(&g, 0), 0);
    ck_assert(loop_until(g.fake.base, was_lost, &g));
    ck_assert_int_eq(g.told.answers[REDIS_OUTCOME_UNKNOWN], 3);
    ck_assert_str_eq(g.told.why, "no answer in time");
    ck_assert_int_ge(loop_now_ms() - began, 150);
    ck_assert_int_lt(loop_now_ms() - began, 5000);
    ck_assert(loop_until(g.fake.base, is_ready_again, &g));
    ground_end(&g);
}
END_TEST

START_TEST(an_answer_nobody_asked_for_breaks_the_connection_not_the_process)
{
    static const char *const extras[] = { "+OK\r\n+OK\r\n",         ":1\r\n:2\r\n",
                                          "$1\r\na\r\n$1\r\nb\r\n", "*0\r\n*0\r\n",
                                          "$-1\r\n$-1\r\n",         "+OK\r\n-ERR out\r\n" };

    for (size_t i = 0; i < sizeof extras / sizeof extras[0]; i++) {
        struct ground g;

        ground_begin(&g, (struct script){ PONG, .other = extras[i] });
        ck_assert(loop_until(g.fake.base, is_ready, &g));
        ck_assert_int_eq(ask(&g), 0);
        ck_assert_msg(loop_until(g.fake.base, was_lost, &g), "%s", extras[i]);
        ck_assert_int_eq(g.told.answers[REDIS_OK_REPLY], 1);
        ground_end(&g);
    }
}
END_TEST

static bool has_state(void *arg)
{
    struct ground *g = arg;

    return strcmp(redis_state(g->redis), g->told.text) == 0;
}

static const struct {
    const char *why;
    struct script script;
    const char *password, *state;
} greetings[] = {
    { "loading",
      { .ping = "-LOADING Redis is loading the dataset in memory\r\n" },
      NULL,
      "loading" },
    { "busy", { .ping = "-BUSY Redis is busy running a script.\r\n" }, NULL, "busy" },
    { "password wanted",
      { .ping = "-NOAUTH Authentication required.\r\n" },
      NULL,
      "refused: NOAUTH" },
    { "wrong password",
      { PONG, .auth = "-WRONGPASS invalid username-password pair\r\n" },
      "x",
      "refused: WRONGPASS" },
    { "no right",
      { .ping = "-NOPERM this user has no permissions to run the 'ping' command\r\n",
        .auth = "+OK\r\n" },
      "x",
      "refused: NOPERM" },
    { "no password set",
      { PONG, .auth = "-ERR AUTH <password> called without any password\r\n" },
      "x",
      "refused: ERR" },
    { "not Redis", { .ping = "+HELLO\r\n" }, NULL, "connecting" },
    { "PONG of another type", { .ping = "$4\r\nPONG\r\n" }, NULL, "connecting" },
    { "speaks first", { PONG, .greeting = "220 mail ready\r\n" }, NULL, "connecting" },
    { "greets with a reply", { PONG, .greeting = "+OK\r\n" }, NULL, "connecting" },
};

/* Said in the state; tried again; ready as soon as the server welcomes us. */
START_TEST(a_server_that_does_not_welcome_us_is_asked_again)
{
    struct ground g;

    ground_begin_as(&g, greetings[_i].script, NULL, greetings[_i].password);
    (void)snprintf(g.told.text, sizeof g.told.text, "%s", greetings[_i].state);
    ck_assert_msg(loop_until(g.fake.base, has_state, &g), "%s: %s", greetings[_i].why,
                  redis_state(g.redis));
    for (int pings = g.fake.connections + g.fake.pings;
         g.fake.connections + g.fake.pings < pings + 2;)
        (void)event_base_loop(g.fake.base, EVLOOP_ONCE);
    ck_assert_int_eq(g.told.ready, 0);
    ck_assert_int_eq(ask(&g), -ENOTCONN);
    g.fake.script = (struct script){ PONG, .auth = "+OK\r\n", .other = "+OK\r\n" };
    ck_assert_msg(loop_until(g.fake.base, is_ready, &g), "%s", greetings[_i].why);
    ck_assert_int_eq(g.told.ready, 1);
    ck_assert_int_eq(g.told.lost, 0);
    ground_end(&g);
}
END_TEST

START_TEST(the_user_is_named_when_there_is_one)
{
    struct ground g;

    ground_begin_as(&g, (struct script){ PONG, .auth = "+OK\r\n" }, "waitlistd", "secret");
    ck_assert(loop_until(g.fake.base, is_ready, &g));
    ck_assert_str_eq(g.fake.last_auth, "waitlistd");
    ground_end(&g);
    ground_begin_as(&g, (struct script){ PONG, .auth = "+OK\r\n" }, NULL, "secret");
    ck_assert(loop_until(g.fake.base, is_ready, &g));
    ck_assert_str_eq(g.fake.last_auth, "secret");
    ground_end(&g);
}
END_TEST

static const struct {
    const char *answer, *state;
} refusals[] = {
    { "-NOPERM this user has no permissions to run the 'set' command\r\n", "refused: NOPERM" },
    { "-OOM command not allowed when used memory > 'maxmemory'.\r\n", "refused: OOM" },
    { "-MISCONF Errors writing to the AOF file: No space left on device\r\n", "refused: MISCONF" },
    { "-READONLY You can't write against a read only replica.\r\n", "refused: READONLY" },
    { "-MASTERDOWN Link with MASTER is down\r\n", "refused: MASTERDOWN" },
    { "-NOREPLICAS Not enough good replicas to write.\r\n", "refused: NOREPLICAS" },
    { "-WRONGTYPE Operation against a key\r\n", "ready" },
    { "-NOSCRIPT No matching script. Please use EVAL.\r\n", "ready" },
};

START_TEST(a_refusal_of_the_whole_server_is_told_in_the_state_until_it_passes)
{
    struct ground g;

    ground_begin(&g, (struct script){ PONG, .other = refusals[_i].answer });
    ck_assert(loop_until(g.fake.base, is_ready, &g));
    ck_assert_int_eq(ask(&g), 0);
    ck_assert(loop_until(g.fake.base, all_answered, &g));
    ck_assert_int_eq(g.told.answers[REDIS_ERROR_REPLY], 1);
    ck_assert_str_eq(redis_state(g.redis), refusals[_i].state);
    g.fake.script.other = "+OK\r\n";
    ck_assert_int_eq(ask(&g), 0);
    ck_assert(loop_until(g.fake.base, all_answered, &g));
    ck_assert_str_eq(redis_state(g.redis), "ready");
    ck_assert_int_eq(g.told.lost, 0);
    ground_end(&g);
}
END_TEST

/* A server that takes no writes answers PING all the same. */
START_TEST(a_refusal_outlives_a_new_greeting_and_ends_with_the_first_answer_that_is_none)
{
    struct ground g;

    ground_begin(&g, (struct script){ PONG, .other = "-OOM command not allowed\r\n" });
    ck_assert(loop_until(g.fake.base, is_ready, &g));
    ck_assert_int_eq(ask(&g), 0);
    ck_assert(loop_until(g.fake.base, all_answered, &g));
    ck_assert(redis_is_full(g.redis));
    redis_reset(g.redis, "to begin anew");
    ck_assert(loop_until(g.fake.base, is_ready_again, &g));
    ck_assert_str_eq(redis_state(g.redis), "refused: OOM");
    ck_assert(redis_is_full(g.redis));
    g.fake.script.other = "+OK\r\n";
    ck_assert_int_eq(ask(&g), 0);
    ck_assert(loop_until(g.fake.base, all_answered, &g));
    ck_assert(!redis_is_full(g.redis));
    ck_assert_str_eq(redis_state(g.redis), "ready");
    ground_end(&g);
}
END_TEST

START_TEST(a_server_that_is_not_there_is_tried_until_it_is)
{
    struct ground g;

    ground_begin(&g, (struct script){ PONG });
    evconnlistener_free(g.fake.listener);
    g.fake.listener = NULL;
    ck_assert(!loop_until_for(g.fake.base, is_ready, &g, 300));
    ck_assert_str_eq(redis_state(g.redis), "connecting");
    ck_assert_int_eq(g.told.lost, 0);
    fake_listen(&g.fake);
    ck_assert(loop_until(g.fake.base, is_ready, &g));
    ground_end(&g);
}
END_TEST

static void on_answer_reset(void *arg, enum redis_error error, const redisReply *reply)
{
    struct asked *asked = arg;
    struct redis *redis = asked->ground->redis;

    redis_reset(redis, "this cannot be");
    asked->ground->told.order_broken += redis_is_ready(redis);
    on_answer(arg, error, reply);
}

static int ask_with(struct ground *g, redis_done *done)
{
    static const char *const argv[] = { "GET", "k" };
    static const size_t lengths[] = { 3, 1 };
    struct asked *asked = malloc(sizeof *asked);

    ck_assert_ptr_nonnull(asked);
    *asked = (struct asked){ g, g->wanted++ };
    return redis_call(g->redis, 2, argv, lengths, 0, done, asked);
}

START_TEST(a_reset_from_a_callback_ends_the_rest_as_unknown)
{
    struct ground g;

    ground_begin(&g, (struct script){ PONG, .other = "+OK\r\n" });
    ck_assert(loop_until(g.fake.base, is_ready, &g));
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(ask_with(&g, i == 0 ? on_answer_reset : on_answer), 0);
    ck_assert(loop_until(g.fake.base, was_lost, &g));
    ck_assert_int_eq(g.told.answers[REDIS_OK_REPLY], 1);
    ck_assert_int_eq(g.told.answers[REDIS_OUTCOME_UNKNOWN], 2);
    ck_assert_str_eq(g.told.why, "this cannot be");
    ck_assert(loop_until(g.fake.base, is_ready_again, &g));
    ground_end(&g);
}
END_TEST

static void on_answer_free(void *arg, enum redis_error error, const redisReply *reply)
{
    struct ground *g = ((struct asked *)arg)->ground;
    struct redis *redis = g->redis;

    g->redis = NULL;
    on_answer(arg, error, reply);
    redis_free(redis);
    /* The header: what was in flight has ended when redis_free() returns. */
    g->told.order_broken += answered(&g->told) != g->wanted;
}

static void on_lost_free(void *arg, const char *why)
{
    struct ground *g = arg;

    on_lost(arg, why);
    redis_free(g->redis);
    g->redis = NULL;
}

static const struct {
    const char *why;
    struct script script;
    int ok;
} frees[] = {
    { "in the callback of a reply", { PONG, .other = "+OK\r\n" }, 1 },
    { "in the callback of a lost connection", { PONG, .close_after = true }, 0 },
    { "in the callback of a broken reply", { PONG, .other = "?" }, 0 },
    { "in the callback of an unasked reply", { PONG, .other = "+OK\r\n+OK\r\n+OK\r\n+OK\r\n" }, 1 },
};

START_TEST(the_connection_may_be_freed_from_inside_a_callback)
{
    struct ground g;

    ground_begin(&g, frees[_i].script);
    ck_assert(loop_until(g.fake.base, is_ready, &g));
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(ask_with(&g, i == 0 ? on_answer_free : on_answer), 0);
    ck_assert_msg(loop_until(g.fake.base, all_answered, &g), "%s", frees[_i].why);
    ck_assert_int_eq(g.told.answers[REDIS_OK_REPLY], frees[_i].ok);
    ck_assert_int_eq(g.told.answers[REDIS_OUTCOME_UNKNOWN], 3 - frees[_i].ok);
    ck_assert_int_eq(g.told.lost, 0);
    ground_end(&g);
}
END_TEST

START_TEST(it_may_be_freed_when_lost_and_when_a_deadline_passes)
{
    struct ground g;
    struct redis_address address;

    for (int i = 0; i < 2; i++) {
        ground_begin(&g, (struct script){ PONG, .close_after = i == 0 });
        redis_free(g.redis);
        address = (struct redis_address){ .socket = g.fake.path };
        g.redis = redis_new(g.fake.base, &address,
                            (struct redis_events){ on_ready, i == 0 ? on_lost_free : on_lost, &g });
        ck_assert(loop_until(g.fake.base, is_ready, &g));
        if (i == 0) {
            ck_assert_int_eq(ask(&g), 0);
            ck_assert(loop_until(g.fake.base, was_lost, &g));
        } else {
            ck_assert_int_eq(ask_within(&g, 50), 0);
            ck_assert_int_eq(ask_with(&g, on_answer), 0);
            ck_assert_int_eq(ask_with(&g, on_answer_free), 0);
            ck_assert(loop_until(g.fake.base, all_answered, &g));
        }
        ck_assert_ptr_null(g.redis);
        ground_end(&g);
    }
}
END_TEST

static const struct {
    const char *why, *socket, *host;
    int port;
    bool taken;
} addresses[] = {
    { "a name", NULL, "redis.example.nhs.uk", 6379, false },
    { "nothing", NULL, NULL, 0, false },
    { "an empty path", "", NULL, 0, false },
    { "a port past the last", NULL, "127.0.0.1", 65536, false },
    { "a path too long for a socket",
      "/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/"
      "0123456789/x",
      NULL, 0, true },
    { "a path of 108 bytes",
      "/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/"
      "0123456789/12345678",
      NULL, 0, false },
    { "IPv4", NULL, "127.0.0.1", 6379, true },
    { "IPv6", NULL, "::1", 6379, true },
    { "localhost", NULL, "localhost", 6379, true },
};

START_TEST(an_address_is_a_path_or_a_number_never_a_name)
{
    struct event_base *base = event_base_new();
    struct redis_address address = { addresses[_i].socket, addresses[_i].host, addresses[_i].port,
                                     NULL, NULL };
    struct redis *redis = redis_new(base, &address, (struct redis_events){ 0 });

    ck_assert_msg((redis != NULL) == addresses[_i].taken, "%s", addresses[_i].why);
    if (!redis)
        ck_assert_int_eq(errno, EINVAL);
    redis_free(redis);
    event_base_free(base);
}
END_TEST

START_TEST(ten_thousand_commands_may_be_in_flight_and_no_more)
{
    struct ground g;

    ground_begin(&g, (struct script){ PONG });
    ck_assert(loop_until(g.fake.base, is_ready, &g));
    for (int i = 0; i < 10000; i++)
        ck_assert_int_eq(ask(&g), 0);
    ck_assert_int_eq(ask(&g), -EBUSY);
    ground_end(&g); /* each ends as unknown inside redis_free() */
    ck_assert_int_eq(g.told.answers[REDIS_OUTCOME_UNKNOWN], 10000);
}
END_TEST

UNIT_MAIN("redis", UNIT_ROWS(a_reply_is_handed_on_with_its_type, replies),
          UNIT_ROWS(a_broken_reply_means_unknown_and_a_new_connection, breaks),
          UNIT_TEST(a_reply_cut_at_any_byte_counts_only_when_it_was_whole),
          UNIT_TEST(no_reply_in_the_deadline_ends_all_in_flight_as_unknown),
          UNIT_TEST(an_answer_nobody_asked_for_breaks_the_connection_not_the_process),
          UNIT_ROWS(a_server_that_does_not_welcome_us_is_asked_again, greetings),
          UNIT_TEST(the_user_is_named_when_there_is_one),
          UNIT_ROWS(a_refusal_of_the_whole_server_is_told_in_the_state_until_it_passes, refusals),
          UNIT_TEST(a_refusal_outlives_a_new_greeting_and_ends_with_the_first_answer_that_is_none),
          UNIT_TEST(a_server_that_is_not_there_is_tried_until_it_is),
          UNIT_TEST(a_reset_from_a_callback_ends_the_rest_as_unknown),
          UNIT_ROWS(the_connection_may_be_freed_from_inside_a_callback, frees),
          UNIT_TEST(it_may_be_freed_when_lost_and_when_a_deadline_passes),
          UNIT_ROWS(an_address_is_a_path_or_a_number_never_a_name, addresses),
          UNIT_TEST(ten_thousand_commands_may_be_in_flight_and_no_more))
