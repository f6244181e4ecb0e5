/*
 * store_list - what a provider has on a waiting list, in Redis
 *
 * Opaque here: packed pathways in blobs, those that changed since in an overlay, and fields that say
 * how it stands. A generation is staged blob by blob, seen by nobody; one call then brings it into
 * force together with the feed's book and the ledger, all or nothing, fenced as every change. What a
 * crash left staged is swept. Source: DESIGN section 13.
 *
 * Results as in store_redis.h. Names are "list id:provider".
 */
#ifndef STORE_STORE_LIST_H
#define STORE_STORE_LIST_H

#include "store/store_redis.h"

#define STAGE_BLOBS_MAX     128 /* blobs a call, and about so many bytes: keeps one call below 5 ms */
#define STAGE_BYTES_MAX     ((size_t)1 << 20)
#define OVERLAY_ENTRIES_MAX 1000 /* entries of one commit: likewise */
#define OVERLAY_BUCKETS     64   /* hashes that the overlay of a generation is spread over */

struct bytes {
    const void *at;
    size_t len;
};

/** Blobs first_bucket and following of a generation that is not in force. */
struct list_blobs {
    const char *name;
    uint64_t generation;
    size_t first_bucket;
    const struct bytes *blobs;
    size_t count;
};
/** Those of several parts, at most STAGE_BLOBS_MAX blobs: Redis syncs once a call. */
int store_stage_lists(struct store *s, const struct list_blobs *parts, size_t part_count,
                      store_done *done, void *arg);

struct list_field {
    const char *name;
    struct bytes value;
};

/** How one provider's part of a list stands after a file; "generation" is one of the fields, and
 * "buckets": how many blobs it has. */
struct list_part_state {
    const char *name;
    uint64_t expected; /* the generation in force before (0: none), else -ESTALE */
    const struct list_field *fields;
    size_t field_count; /* 1 to 100 */
};

/** One pathway that changed, in the overlay of the generation in force. */
struct overlay_entry {
    const char *name;
    unsigned bucket; /* below OVERLAY_BUCKETS */
    struct bytes pathway, facts;
};

/** The feed whose file it was: as store_commit_feed(). Cells: the last slice of what is counted of the
 * list, as store_commit_series(). */
struct list_commit {
    const struct feed_book *book;
    uint64_t expected;
    const char *ledger_key;
    const struct ledger_entry *entry;
    const struct list_part_state *changes;
    size_t change_count;
    const struct series_change *cells;
    size_t cell_count; /* at most STORE_SLICE_MAX */
};

int store_commit_list(struct store *s, const struct list_commit *c, store_done *done, void *arg);
int store_commit_events(struct store *s, const struct list_commit *c,
                        const struct overlay_entry *entries, size_t count, store_done *done,
                        void *arg);

/** What a list is read into: its fields, its blobs in order, then its overlay; all borrowed. Each
 * returns 0 or -errno, which ends the reading. */
struct list_reader {
    int (*field)(void *arg, const char *name, struct bytes value);
    int (*blob)(void *arg, struct bytes blob);
    int (*overlaid)(void *arg, struct bytes pathway, struct bytes facts);
    void *arg;
};

/** Reads one provider's part of a list; nothing where Redis has none. done gets 0; -EBADMSG for what
 * cannot be what was stored, or what the reader returned; -EIO. */
int store_load_list(struct store *s, const char *name, struct list_reader reader, store_done *done,
                    void *arg);
/** Removes generations of any list that are not in force. Not while one is being staged. */
int store_sweep_lists(struct store *s, store_done *done, void *arg);

#endif
