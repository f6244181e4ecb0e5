#include "store/store_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The ids of finished messages go in portions: one call looks at a few hundred. */

struct sweep {
    struct store *store;
    store_done *done;
    void *arg;
    char *cursor;
};

static void sweep_end(struct sweep *w, int result)
{
    store_done *done = w->done;
    void *arg = w->arg;

    free(w->cursor);
    free(w);
    done(arg, result);
}

static int portion(struct sweep *w);

static void on_portion(void *arg, enum redis_error error, const redisReply *reply)
{
    struct sweep *w = arg;
    int r = 0;

    if (error != REDIS_OK_REPLY || reply->type != REDIS_REPLY_STRING)
        r = error == REDIS_NOT_SENT ? -ENOTCONN : -EIO;
    if (r == 0) {
        free(w->cursor);
        w->cursor = strndup(reply->str, reply->len);
        r = w->cursor ? 0 : -ENOMEM;
    }
    if (r == 0 && strcmp(w->cursor, "0") != 0) {
        r = portion(w);
        if (r == 0)
            return;
    }
    sweep_end(w, r);
}

static int portion(struct sweep *w)
{
    const char *words[] = { w->cursor };
    const size_t lengths[] = { strlen(w->cursor) };

    return store_call(w->store, "sweep", words, lengths, 1, on_portion, w);
}

int store_sweep(struct store *s, store_done *done, void *arg)
{
    struct sweep *w = calloc(1, sizeof *w);
    int r = w ? 0 : -ENOMEM;

    if (r == 0) {
        *w = (struct sweep){ s, done, arg, strdup("0") };
        r = w->cursor ? portion(w) : -ENOMEM;
    }
    if (r < 0 && w) {
        free(w->cursor);
        free(w);
    }
    return r;
}
