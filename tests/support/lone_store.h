/*
 * lone_store - a store whose server is not there: its calls go nowhere, or where scripted_redis.h says
 *
 * It belongs to instance "t" and takes every number of the fence. Header only.
 */
#ifndef SUPPORT_LONE_STORE_H
#define SUPPORT_LONE_STORE_H

#include <check.h>

#include "store/store_redis.h"

static inline int lone_store_fence(void *arg, uint64_t number)
{
    (void)arg;
    (void)number;
    return 0;
}

/** For store_free(). */
static inline struct store *lone_store(struct event_base *base)
{
    const struct redis_address nobody = { .socket = "/nonexistent/redis.sock" };
    const struct store_identity identity = { "t", "epoch", "holder", "name", 0, 0 };
    struct store *store =
        store_new(base, &nobody, &identity, (struct store_events){ .fence = lone_store_fence });

    ck_assert_ptr_nonnull(store);
    return store;
}

#endif
