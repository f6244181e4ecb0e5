/*
 * store_private - what the files of the store in Redis share
 *
 * store_connect.c: connecting, the lease. store_load.c: the books, read whole. store_redis.c: changing
 * them; store_list.c: both for waiting lists. store_sweep.c, store_drop.c: forgetting ids of messages,
 * removing every key. store_check.c: Redis's settings.
 */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include "store/command.h"
#include "store/store_redis.h"

struct event;

struct store {
    struct redis *redis;
    struct store_events events;
    char *prefix; /* "wl:{instance}:" */
    char *epoch;
    char *lease;       /* "HOLDER NAME": what the lease key holds while we lead */
    size_t holder_len; /* of HOLDER */
    int64_t lease_ms;  /* 0: the server is ours alone */
    uint64_t number;   /* the newest fence number ever used from here */
    char token[40];    /* "NUMBER:nonce": of our turn to lead */
    bool ready;        /* connected, library loaded, we lead */
    bool dropping; /* a removal of every key was begun and not ended: gone on with before ready */
    char *leader;  /* the name of the daemon that leads; NULL: not known to be another */
    char *other_epoch;         /* the books are of this state folder; NULL: of ours */
    bool has_let_leader_first; /* Redis was found empty while another daemon led */
    char *led_before;          /* the name of the daemon that led before us, or NULL */
    int64_t lease_until;       /* CLOCK_BOOTTIME in ms: also while the process is stopped */
    bool is_extending;
    struct event *timer; /* extends the lease; or looks for its end */
    struct load *load;
    struct drop *drop;
    char why[220]; /* which key is not as it should be, and what would do; "": none known */
};
#define STORE_REBUILD_HINT "; waitlistctl rebuild removes and refills our keys"

/* ---- store_load.c ---- */
void load_free(struct load *l);

/* ---- store_redis.c ---- */
/** A call of a function of the library, to which its arguments are added. */
struct command store_command(struct store *s, const char *function);
/** Adds cells: their number, at most STORE_SLICE_MAX, and each. */
void store_add_cells(struct command *c, const struct series_change *cells, size_t count);
/** Sends what was built and releases it. */
int store_send(struct store *s, struct command *c, store_done *done, void *arg);
/** Calls a function of the library that takes the prefix, the epoch, the token and more words. Returns as
 * redis_call(). */
int store_call(struct store *s, const char *function, const char *const *words,
               const size_t *lengths, size_t count, redis_done *done, void *arg);

/** The result of an error reply. */
int store_refusal(struct store *s, const redisReply *reply);

/* ---- store_connect.c ---- */
/** Redis refused a write of ours: nothing more is sent until it is known who leads. */
void lease_is_lost(struct store *s, const char *why);

/* ---- store_drop.c ---- */
void drop_free(struct store *s);

#endif
