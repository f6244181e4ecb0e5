#include "store/store_private.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"

#include "waitlistd_lua.h"

/*
 * Connecting, and who leads. (1) While another daemon holds the lease nothing is written, not even
 * the function library. (2) A fence number is above both the one stored in Redis and the newest ever
 * used from here, and kept durably before it is used; the token also holds a nonce, so that no two
 * turns to lead share one, whatever became of the counter in Redis. (3) The lease ends by our own
 * clock, counted from before the command that extended it was sent, also while the process or the
 * machine stood still; so a daemon that woke too late sees that first. (4) A write that comes too
 * late all the same is refused by the functions themselves, which compare the token.
 */

#define LOOKS_PER_LEASE 5    /* of a standby: a lease that was given back is seen so soon */
#define PRIVATE_LOOK_MS 5000 /* a server of our own: whether it still holds our books */

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void set_timer(struct store *s, int64_t ms)
{
    const struct timeval in = { ms / 1000, ms % 1000 * 1000 };

    if (event_add(s->timer, &in) < 0)
        redis_reset(s->redis, "no memory for a timer");
}

static void set_text(char **field, const char *text, size_t len)
{
    free(*field);
    *field = text ? strndup(text, len) : NULL;
}

static bool is_text(const redisReply *r)
{
    return r->type == REDIS_REPLY_STRING;
}

/* ---- the lease ------------------------------------------------------------------------------- */

/* One extension on its way. */
struct extension {
    struct store *store;
    int64_t sent_at;
    store_done *done;
    void *arg;
};

static int64_t look_again_ms(const struct store *s)
{
    return s->lease_ms == 0 ? PRIVATE_LOOK_MS : s->lease_ms / 3;
}

/* since: from before the command was sent; a reply read late extends nothing. */
static void hold(struct store *s, int64_t since)
{
    s->lease_until = since + (s->lease_ms == 0 ? INT32_MAX : s->lease_ms);
}

static void on_extended(void *arg, enum redis_error error, const redisReply *reply)
{
    struct extension *x = arg;
    struct store *s = x->store;

    s->is_extending = false;
    if (error == REDIS_OK_REPLY)
        hold(s, x->sent_at);
    else if (error == REDIS_ERROR_REPLY &&
             (strstr(reply->str, "FENCED") || strstr(reply->str, "STALE")))
        lease_is_lost(s, reply->str);
    free(x);
}

static int extend(struct store *s)
{
    char ms[24];
    int len = snprintf(ms, sizeof ms, "%" PRId64, s->lease_ms);
    const char *words[] = { s->lease, ms };
    const size_t lengths[] = { strlen(s->lease), (size_t)len };
    const char *function = s->lease_ms == 0 ? "confirm" : "extend";
    struct extension *x = s->is_extending ? NULL : malloc(sizeof *x);

    if (!x)
        return s->is_extending ? -EBUSY : -ENOMEM;
    *x = (struct extension){ .store = s, .sent_at = now_ms() };
    int r = store_call(s, function, words, lengths, 2, on_extended, x);

    if (r < 0)
        free(x);
    else
        s->is_extending = true;
    return r;
}

bool store_may_send(const struct store *s)
{
    return s->ready && s->lease_until - now_ms() >= s->lease_ms / 3;
}

void lease_is_lost(struct store *s, const char *why)
{
    s->ready = false;
    s->lease_until = 0;
    log_warning("redis", "lease: %s", why);
    redis_reset(s->redis, why);
}

static void on_released(void *arg, enum redis_error error, const redisReply *reply)
{
    struct extension *x = arg;

    (void)reply;
    x->done(x->arg, error == REDIS_OK_REPLY ? 0 : -EIO);
    free(x);
}

int store_release(struct store *s, store_done *done, void *arg)
{
    const char *words[] = { s->lease };
    const size_t lengths[] = { strlen(s->lease) };
    struct extension *x = s->ready && s->lease_ms > 0 ? malloc(sizeof *x) : NULL;

    if (!x)
        return -ENOTCONN;
    *x = (struct extension){ s, 0, done, arg };
    int r = store_call(s, "release", words, lengths, 1, on_released, x);

    if (r < 0)
        free(x);
    return r;
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void become_ready(struct store *s)
{
    s->ready = true;
    set_timer(s, look_again_ms(s));
    if (s->events.ready)
        s->events.ready(s->events.arg);
}

static void on_drop_ended(void *arg, int result)
{
    struct store *s = arg;

    if (result == 0)
        become_ready(s);
    else
        redis_reset(s->redis, "the removal of the keys could not be ended");
}

static void note_leader(struct store *s, const char *lease, size_t len)
{
    const char *blank = lease ? memchr(lease, ' ', len) : NULL;
    const char *name = blank ? blank + 1 : lease;
    size_t name_len = lease ? len - (size_t)(name - lease) : 0;
    bool is_new =
        !s->leader != !lease ||
        (lease && (strlen(s->leader) != name_len || memcmp(s->leader, name, name_len) != 0));

    if (!is_new)
        return;
    set_text(&s->leader, name, name_len);
    if (s->events.standby)
        s->events.standby(s->events.arg);
}

static void load_library(struct store *s);

/* A lease without an end is nobody's: whoever leads gives it one. */
static void on_time_left(void *arg, enum redis_error error, const redisReply *reply)
{
    struct store *s = arg;

    if (error == REDIS_ERROR_REPLY)
        redis_reset(s->redis, "the lease could not be read");
    if (error != REDIS_OK_REPLY)
        return;
    int64_t left = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0,
            look = s->lease_ms / LOOKS_PER_LEASE;

    if (left < 0)
        load_library(s);
    else
        set_timer(s, left + 1 < look ? left + 1 : look);
}

/* Another daemon leads: it is looked at again a few times in the length of a lease. */
static void stand_by(struct store *s, const redisReply *lease)
{
    char key[160];
    int len = snprintf(key, sizeof key, "%slease", s->prefix);
    const char *argv[] = { "PTTL", key };
    const size_t lengths[] = { 4, (size_t)len };

    note_leader(s, lease->str, lease->len);
    s->has_let_leader_first = false;
    if (redis_call(s->redis, 2, argv, lengths, 0, on_time_left, s) < 0)
        redis_reset(s->redis, "the lease could not be asked for");
}

static void ask_for_lease(struct store *s);

static void lead(struct store *s, const redisReply *reply)
{
    const redisReply *epoch = reply->element[1], *before = reply->element[3];
    bool is_ours = strcmp(epoch->str, s->epoch) == 0;

    note_leader(s, NULL, 0);
    s->has_let_leader_first = false;
    s->dropping = strcmp(reply->element[2]->str, "1") == 0;
    set_text(&s->led_before, before->str, before->len);
    set_text(&s->other_epoch, is_ours ? NULL : epoch->str, epoch->len);
    if (!is_ours)
        log_warning("redis", "the books in Redis are of another state folder, led by \"%s\"",
                    before->str);
    if (!s->dropping)
        become_ready(s);
    else if (store_drop(s, on_drop_ended, s) < 0)
        redis_reset(s->redis, "the removal of the keys could not go on");
}

static void on_claimed(void *arg, enum redis_error error, const redisReply *reply)
{
    struct store *s = arg;
    bool is_good = error == REDIS_OK_REPLY && reply->type == REDIS_REPLY_ARRAY;

    if (error != REDIS_OK_REPLY && error != REDIS_ERROR_REPLY)
        return;
    for (size_t i = 0; is_good && i < reply->elements; i++)
        is_good = is_text(reply->element[i]);
    if (is_good && reply->elements == 2 && strcmp(reply->element[0]->str, "held") == 0)
        stand_by(s, reply->element[1]);
    else if (is_good && reply->elements == 2 && strcmp(reply->element[0]->str, "behind") == 0)
        ask_for_lease(s); /* another daemon took a number meanwhile */
    else if (is_good && reply->elements == 4)
        lead(s, reply);
    else
        redis_reset(s->redis, "the instance could not be claimed");
}

/* The next number: kept here before Redis hears of it. */
static int next_token(struct store *s, const redisReply *stored)
{
    unsigned char nonce[8];
    uint64_t theirs = is_text(stored) ? strtoull(stored->str, NULL, 10) : 0;
    uint64_t number = (theirs > s->number ? theirs : s->number) + 1;
    int r = random_bytes(nonce, sizeof nonce);

    if (r == 0)
        r = s->events.fence(s->events.arg, number);
    if (r < 0)
        return r;
    s->number = number;
    int len = snprintf(s->token, sizeof s->token, "%" PRIu64 ":", number);

    for (size_t i = 0; i < sizeof nonce; i++)
        len += snprintf(s->token + len, 3, "%02x", nonce[i]);
    return 0;
}

static void on_fence(void *arg, enum redis_error error, const redisReply *reply)
{
    struct store *s = arg;
    char ms[24];

    if (error != REDIS_OK_REPLY) {
        if (error == REDIS_ERROR_REPLY)
            redis_reset(s->redis, "the fence could not be read");
        return;
    }
    /* Emptied while another daemon led: that one comes back first, since it knows what it told. */
    if (!is_text(reply) && s->leader && !s->has_let_leader_first) {
        s->has_let_leader_first = true;
        set_timer(s, s->lease_ms + s->lease_ms / 5);
        return;
    }
    int r = next_token(s, reply);
    int len = snprintf(ms, sizeof ms, "%" PRId64, s->lease_ms);
    const char *name = s->lease + s->holder_len + 1;
    const char *words[] = { s->lease, name, ms };
    const size_t lengths[] = { s->holder_len, strlen(name), (size_t)len };

    hold(s, now_ms());
    if (r == 0)
        r = store_call(s, "claim", words, lengths, 3, on_claimed, s);
    if (r < 0) {
        log_error("redis", "lease error=\"%s\"", strerror(-r));
        redis_reset(s->redis, "the lease could not be asked for");
    }
}

static void ask_for_lease(struct store *s)
{
    char key[160];
    int len = snprintf(key, sizeof key, "%sfence", s->prefix);
    const char *argv[] = { "GET", key };
    const size_t lengths[] = { 3, (size_t)len };

    if (redis_call(s->redis, 2, argv, lengths, 0, on_fence, s) < 0)
        redis_reset(s->redis, "the fence could not be asked for");
}

static void refuse_library(struct store *s, const char *why)
{
    log_error("redis", "function-library=refused reply=\"%s\"", why);
    redis_reset(s->redis, "the function library was refused");
}

/* Whether our library stands in an answer, however deep: lists within lists. */
static bool has_library(const redisReply *r)
{
    if (is_text(r))
        return r->len == sizeof waitlistd_lua - 1 && memcmp(r->str, waitlistd_lua, r->len) == 0;
    for (size_t i = 0; r->type == REDIS_REPLY_ARRAY && i < r->elements; i++)
        if (has_library(r->element[i]))
            return true;
    return false;
}

static void on_listed(void *arg, enum redis_error error, const redisReply *reply)
{
    struct store *s = arg;

    if (error == REDIS_ERROR_REPLY)
        refuse_library(s, reply->str);
    else if (error == REDIS_OK_REPLY && !has_library(reply))
        refuse_library(s, "Redis is full and holds another library, or none");
    else if (error == REDIS_OK_REPLY)
        ask_for_lease(s);
}

/* A full Redis takes no library, and perhaps has it: then what is due can leave. */
static void look_for_library(struct store *s)
{
    const char *argv[] = { "FUNCTION", "LIST", "LIBRARYNAME", "waitlistd", "WITHCODE" };
    const size_t lengths[] = { 8, 4, 11, 9, 8 };

    if (redis_call(s->redis, 5, argv, lengths, 0, on_listed, s) < 0)
        redis_reset(s->redis, "the function library could not be asked for");
}

static void on_library(void *arg, enum redis_error error, const redisReply *reply)
{
    struct store *s = arg;

    if (error == REDIS_OK_REPLY)
        ask_for_lease(s);
    else if (error == REDIS_ERROR_REPLY && store_refusal(s, reply) == -ENOSPC)
        look_for_library(s);
    else if (error == REDIS_ERROR_REPLY)
        refuse_library(s, reply->str);
}

static void load_library(struct store *s)
{
    const char *argv[] = { "FUNCTION", "LOAD", "REPLACE", waitlistd_lua };
    size_t lengths[] = { 8, 4, 7, sizeof waitlistd_lua - 1 };

    if (redis_call(s->redis, 4, argv, lengths, 0, on_library, s) < 0)
        redis_reset(s->redis, "the function library could not be sent");
}

static void on_lease(void *arg, enum redis_error error, const redisReply *reply)
{
    struct store *s = arg;

    if (error == REDIS_ERROR_REPLY)
        redis_reset(s->redis, "the lease could not be read");
    if (error != REDIS_OK_REPLY)
        return;
    if (is_text(reply) && (reply->len <= s->holder_len || reply->str[s->holder_len] != ' ' ||
                           memcmp(reply->str, s->lease, s->holder_len) != 0))
        stand_by(s, reply);
    else
        load_library(s);
}

/* Before anything is written: whether another daemon leads. */
static void look(struct store *s)
{
    char key[160];
    int len = snprintf(key, sizeof key, "%slease", s->prefix);
    const char *argv[] = { "GET", key };
    const size_t lengths[] = { 3, (size_t)len };

    if (s->lease_ms == 0)
        load_library(s);
    else if (redis_call(s->redis, 2, argv, lengths, 0, on_lease, s) < 0)
        redis_reset(s->redis, "the lease could not be asked for");
}

static void on_ready(void *arg)
{
    look(arg);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct store *s = arg;

    (void)fd;
    (void)what;
    if (s->ready) {
        (void)extend(s); /* one under way, or a connection that ends, does too */
        set_timer(s, look_again_ms(s));
    } else if (redis_is_ready(s->redis)) {
        look(s);
    }
}

static void on_lost(void *arg, const char *why)
{
    struct store *s = arg;

    s->ready = false;
    (void)event_del(s->timer);
    if (s->events.lost)
        s->events.lost(s->events.arg, why);
}

/* ---- opening, closing, asking ---------------------------------------------------------------- */

struct store *store_new(struct event_base *base, const struct redis_address *address,
                        const struct store_identity *identity, struct store_events events)
{
    struct store *s = calloc(1, sizeof *s);
    struct text prefix = TEXT_INIT, lease = TEXT_INIT;

    if (!s)
        return NULL;
    assert(events.fence && !strchr(identity->holder, ' '));
    s->events = events;
    s->lease_ms = identity->lease_ms;
    s->number = identity->last_number;
    s->holder_len = strlen(identity->holder);
    (void)text_printf(&prefix, "wl:{%s}:", identity->instance);
    s->prefix = text_take(&prefix);
    (void)text_printf(&lease, "%s %s", identity->holder, identity->name);
    s->lease = text_take(&lease);
    s->epoch = strdup(identity->epoch);
    s->timer = event_new(base, -1, 0, on_timer, s);
    errno = ENOMEM;
    if (s->prefix && s->epoch && s->lease && s->timer)
        s->redis = redis_new(base, address, (struct redis_events){ on_ready, on_lost, s });
    if (s->redis)
        return s;
    int error = errno;

    store_free(s);
    errno = error;
    return NULL;
}

bool store_is_ready(const struct store *s)
{
    return s->ready;
}

void store_flush(struct store *s)
{
    redis_flush(s->redis);
}

const char *store_leader(const struct store *s)
{
    return redis_is_ready(s->redis) ? s->leader : NULL;
}

const char *store_other_epoch(const struct store *s)
{
    return s->other_epoch;
}

const char *store_led_before(const struct store *s)
{
    return s->led_before ? s->led_before : "";
}

void store_taken_over(struct store *s)
{
    set_text(&s->other_epoch, NULL, 0);
}

const char *store_state(const struct store *s)
{
    return s->leader && redis_is_ready(s->redis) ? "another daemon leads" : redis_state(s->redis);
}

bool store_is_full(const struct store *s)
{
    return redis_is_full(s->redis);
}

void store_reset(struct store *s, const char *why)
{
    s->ready = false;
    redis_reset(s->redis, why);
}

void store_free(struct store *s)
{
    if (!s)
        return;
    s->events = (struct store_events){ 0 };
    redis_free(s->redis);
    load_free(s->load);
    drop_free(s);
    if (s->timer)
        event_free(s->timer);
    free(s->prefix);
    free(s->epoch);
    free(s->lease);
    free(s->leader);
    free(s->other_epoch);
    free(s->led_before);
    free(s);
}
