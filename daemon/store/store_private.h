/*
 * store_private - what the files of the store in Redis share
 */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include "store/store_redis.h"

struct store {
    struct redis *redis;
    struct store_events events;
    char *prefix; /* "wl:{instance}:" */
    char *epoch;
    bool ready;    /* connected, library loaded, the instance is ours */
    bool foreign;  /* it holds the books of another state folder */
    bool dropping; /* a removal of every key was begun and not ended: gone on with before ready */
    struct load *load;
    struct drop *drop;
};

/* ---- store_redis.c ---- */
/** Calls a function of the library that takes the prefix, the epoch and more words. Returns as
 * redis_call(). */
int store_call(struct store *s, const char *function, const char *const *words,
               const size_t *lengths, size_t count, redis_done *done, void *arg);

/* ---- store_drop.c ---- */
void drop_free(struct store *s);

#endif
