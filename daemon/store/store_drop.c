#include "store/store_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/*
 * Removing every key of the instance. (1) The marks go first, and a flag is set, in one call: from
 * then on no half of the books passes for the whole, and whoever connects next goes on with the
 * removal. (2) The rest goes in slices, found by SCAN below the prefix; never FLUSHALL: the server may
 * hold other people's keys. (3) The flag is taken away last.
 */

#define SCAN_COUNT "500" /* keys looked at by one SCAN */

struct drop {
    struct store *store;
    store_done *done;
    void *arg;
    char *cursor;
    size_t removed;
};

void drop_free(struct store *s)
{
    if (s->drop)
        free(s->drop->cursor);
    free(s->drop);
    s->drop = NULL;
}

static void drop_end(struct drop *d, int result)
{
    struct store *s = d->store;
    store_done *done = d->done;
    void *arg = d->arg;

    if (result == 0)
        log_info("redis", "removed=%zu keys", d->removed);
    drop_free(s);
    done(arg, result);
}

static int result_of(enum redis_error error)
{
    return error == REDIS_OK_REPLY ? 0 : error == REDIS_NOT_SENT ? -ENOTCONN : -EIO;
}

static void scan(struct drop *d);

static void on_ended(void *arg, enum redis_error error, const redisReply *reply)
{
    struct drop *d = arg;

    (void)reply;
    d->store->dropping = error != REDIS_OK_REPLY;
    drop_end(d, result_of(error));
}

static void go_on(struct drop *d)
{
    if (strcmp(d->cursor, "0") != 0) {
        scan(d);
        return;
    }
    int r = store_call(d->store, "drop_end", NULL, NULL, 0, on_ended, d);

    if (r < 0)
        drop_end(d, r);
}

static void on_removed(void *arg, enum redis_error error, const redisReply *reply)
{
    struct drop *d = arg;

    if (error != REDIS_OK_REPLY) {
        drop_end(d, result_of(error));
        return;
    }
    if (reply->type == REDIS_REPLY_INTEGER && reply->integer > 0)
        d->removed += (size_t)reply->integer;
    go_on(d);
}

/* One slice of names: removed by the library, which checks each of them. */
static int remove_names(struct drop *d, const redisReply *names)
{
    const char **words = calloc(names->elements + 1, sizeof *words);
    size_t *lengths = calloc(names->elements + 1, sizeof *lengths);
    int r = words && lengths ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < names->elements; i++) {
        if (names->element[i]->type != REDIS_REPLY_STRING)
            r = -EBADMSG;
        words[i] = names->element[i]->str;
        lengths[i] = names->element[i]->len;
    }
    if (r == 0)
        r = store_call(d->store, "drop_keys", words, lengths, names->elements, on_removed, d);
    free(words);
    free(lengths);
    return r;
}

static void on_scanned(void *arg, enum redis_error error, const redisReply *reply)
{
    struct drop *d = arg;
    int r = result_of(error);

    if (r == 0 && (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
                   reply->element[0]->type != REDIS_REPLY_STRING ||
                   reply->element[1]->type != REDIS_REPLY_ARRAY))
        r = -EBADMSG;
    if (r == 0) {
        free(d->cursor);
        d->cursor = strndup(reply->element[0]->str, reply->element[0]->len);
        r = d->cursor ? 0 : -ENOMEM;
    }
    if (r == 0 && reply->element[1]->elements > 0)
        r = remove_names(d, reply->element[1]);
    else if (r == 0)
        go_on(d);
    if (r < 0)
        drop_end(d, r);
}

static void scan(struct drop *d)
{
    char pattern[256];
    int len = snprintf(pattern, sizeof pattern, "%s*", d->store->prefix);
    const char *argv[] = { "SCAN", d->cursor, "MATCH", pattern, "COUNT", SCAN_COUNT };
    size_t lengths[] = { 4, strlen(d->cursor), 5, (size_t)len, 5, sizeof SCAN_COUNT - 1 };
    int r = redis_call(d->store->redis, 6, argv, lengths, 0, on_scanned, d);

    if (r < 0)
        drop_end(d, r);
}

static void on_begun(void *arg, enum redis_error error, const redisReply *reply)
{
    struct drop *d = arg;

    (void)reply;
    if (error == REDIS_OK_REPLY)
        scan(d);
    else
        drop_end(d, result_of(error));
}

int store_drop(struct store *s, store_done *done, void *arg)
{
    struct drop *d = s->drop ? NULL : calloc(1, sizeof *d);
    int r = s->drop ? -EBUSY : d ? 0 : -ENOMEM;

    if (r < 0)
        return r;
    *d = (struct drop){ .store = s, .done = done, .arg = arg, .cursor = strdup("0") };
    s->drop = d;
    r = d->cursor ? store_call(s, "drop_begin", NULL, NULL, 0, on_begun, d) : -ENOMEM;
    if (r < 0)
        drop_free(s);
    return r;
}
