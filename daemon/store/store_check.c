#include "store/store_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

/* Whether Redis is set up so that it keeps what it acknowledged (RELIABILITY section 2, end). */

const struct store_setting store_settings[STORE_SETTINGS] = {
    { "appendonly", "yes", "nothing is written to its disk" },
    { "appendfsync", "always", "its last second may be lost" },
    { "maxmemory-policy", "noeviction", "keys may be thrown away" },
    { "no-appendfsync-on-rewrite", "no", "seconds may be lost while it rewrites its file" },
};

struct check {
    store_checked *done;
    void *arg;
};

static const redisReply *value_of(const redisReply *reply, const char *name)
{
    for (size_t i = 0; i + 1 < reply->elements; i += 2)
        if (reply->element[i]->type == REDIS_REPLY_STRING &&
            reply->element[i + 1]->type == REDIS_REPLY_STRING &&
            strcmp(reply->element[i]->str, name) == 0)
            return reply->element[i + 1];
    return NULL;
}

static void compare(const redisReply *reply, struct text *out_wrong)
{
    for (size_t i = 0; i < STORE_SETTINGS; i++) {
        const redisReply *value = value_of(reply, store_settings[i].name);

        if (value && strcmp(value->str, store_settings[i].wanted) != 0)
            (void)text_printf(out_wrong, "%s%s is %.40s, not %s: %s", out_wrong->len ? "; " : "",
                              store_settings[i].name, value->str, store_settings[i].wanted,
                              store_settings[i].why);
    }
}

static void on_settings(void *arg, enum redis_error error, const redisReply *reply)
{
    static bool said;
    struct check *check = arg;
    struct text wrong = TEXT_INIT;
    int result = error == REDIS_OK_REPLY && reply->type == REDIS_REPLY_ARRAY ? 0 : -EIO;

    if (error == REDIS_ERROR_REPLY && !said) { /* its user may not ask */
        log_warning("redis", "its settings cannot be checked: %s", reply->str);
        said = true;
    }
    if (result == 0)
        compare(reply, &wrong);
    if (!text_ok(&wrong))
        result = -ENOMEM;
    check->done(check->arg, result, text_str(&wrong));
    text_release(&wrong);
    free(check);
}

int store_check_settings(struct store *s, store_checked *done, void *arg)
{
    const char *argv[2 + STORE_SETTINGS] = { "CONFIG", "GET" };
    size_t lengths[2 + STORE_SETTINGS] = { 6, 3 };
    struct check *check = malloc(sizeof *check);

    if (!check)
        return -ENOMEM;
    *check = (struct check){ .done = done, .arg = arg };
    for (size_t i = 0; i < STORE_SETTINGS; i++) {
        argv[2 + i] = store_settings[i].name;
        lengths[2 + i] = strlen(store_settings[i].name);
    }
    int r = redis_call(s->redis, (int)(2 + STORE_SETTINGS), argv, lengths, 0, on_settings, check);

    if (r < 0)
        free(check);
    return r;
}
