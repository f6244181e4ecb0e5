/*
 * store_redis - the books in Redis: loads them whole, changes them by the function library
 *
 * Keys as DESIGN section 13. Every change is one call of a function that checks before it writes
 * and changes all or nothing; its callback says whether it took effect. After a callback with a
 * negative result other than -EEXIST the caller no longer knows what Redis holds: it loads again.
 * Every function checks the epoch first, so that a Redis emptied or swapped while running is noticed
 * at the next write and heals.
 *
 * Results: 0; -EEXIST the same was there already (no change); -ESTALE somebody else changed it;
 * -ENOSPC Redis takes no more for want of memory or disk; -EPROTOTYPE a key is of another type than ours;
 * -EIO another error reply or unknown outcome; -ENOTCONN nothing was sent. A load also -EBADMSG: what a
 * key holds is none of ours.
 */
#ifndef STORE_STORE_REDIS_H
#define STORE_STORE_REDIS_H

#include "loop/redis.h"
#include "store/books.h"

struct event_base;
struct store;

struct store_events {
    /* Connected, the function library loaded, the lease ours: load the books now. */
    void (*ready)(void *arg);
    void (*lost)(void *arg, const char *why);
    /* Another daemon leads (store_leader()), or no longer. */
    void (*standby)(void *arg);
    /* A fence number about to be used: keeps it durably. Returns 0 or -errno, then it is not used. */
    int (*fence)(void *arg, uint64_t number);
    void *arg;
};

typedef void store_done(void *arg, int result);

/** Whose store it is. All borrowed for the call. */
struct store_identity {
    const char *instance;
    const char *epoch;    /* names the state folder (32 hex digits, for ever) */
    const char *holder;   /* this state folder on this machine, no blanks: no copy has the same */
    const char *name;     /* for people */
    int64_t lease_ms;     /* 0: the server is ours alone */
    uint64_t last_number; /* the newest fence number ever given to events.fence, or 0 */
};

/**
 * Starts to connect. Of the daemons on one Redis one leads: it holds a lease, and its fence token is
 * compared by every function that writes; ready() comes when that is we. The others write nothing and
 * look for the end of the lease. An instance in Redis without an epoch becomes ours at once; one
 * with another epoch has to be taken over (store_other_epoch). NULL without memory, or with errno
 * EINVAL for the address.
 */
struct store *store_new(struct event_base *base, const struct redis_address *address,
                        const struct store_identity *identity, struct store_events events);
/** The name of the daemon that leads, while it is another; else NULL. */
const char *store_leader(const struct store *s);
/** The epoch of the state folder whose books Redis holds, when it is not ours: they may be loaded, and
 * nothing may be changed before store_take_over(). Else NULL. */
const char *store_other_epoch(const struct store *s);
/** The name of the daemon that led before us; "" when none did. */
const char *store_led_before(const struct store *s);
/** The books of another state folder become ours; books: of the feeds, receipts by our numbers. Call
 * store_taken_over() when it took effect. */
int store_take_over(struct store *s, const struct feed_book *const *books, size_t count,
                    store_done *done, void *arg);
void store_taken_over(struct store *s);
/** Whether something may be sent out now: a third of the lease is left. That Redis still knows us as
 * the leader says the answer of store_attempt(), which comes before each attempt. */
bool store_may_send(const struct store *s);
/** A clean stop: gives the lease back, so that another daemon leads at once. done always comes when
 * it returns 0. */
int store_release(struct store *s, store_done *done, void *arg);
void store_free(struct store *s);
bool store_is_ready(const struct store *s);
/** The calls made so far leave now, and not when the loop turns. */
void store_flush(struct store *s);
/** A result that is not 0, for people: what is wrong, and what would do. Borrowed. */
const char *store_words(const struct store *s, int result);
const char *store_state(const struct store *s);
/** Redis takes no writes for want of memory or disk: nothing more should be accepted meanwhile. */
bool store_is_full(const struct store *s);
/** Drops the connection and starts over; ready() comes again. */
void store_reset(struct store *s, const char *why);

#define STORE_SETTINGS 4
/** The settings on which durability rests (RELIABILITY section 2, end). */
extern const struct store_setting {
    const char *name, *wanted, *why;
} store_settings[STORE_SETTINGS];
/** wrong: what is not as it must be, in words; "" when all is. result: 0, or -EIO when it is not known. */
typedef void store_checked(void *arg, int result, const char *wrong);
/** Asks for the settings on which durability rests. Returns 0 when the callback will come. */
int store_check_settings(struct store *s, store_checked *done, void *arg);

/** Reads everything into *out_books, which the caller released before. receivers: whose told-state.
 */
int store_load(struct store *s, const char *const *receivers, size_t receiver_count,
               struct books *out_books, store_done *done, void *arg);

/**
 * Removes every key of the instance but the few that say whose it is: in slices, so that Redis
 * answers others meanwhile. A removal that was cut off is ended at the next connect, before ready().
 */
int store_drop(struct store *s, store_done *done, void *arg);

/** One cell of a file as judged. All borrowed for the call. */
struct series_change {
    const struct series *series; /* its key and parts */
    struct civil_date period_start, period_end;
    const struct series_version *version;
    bool current; /* it is the version in force now */
};
#define STORE_SLICE_MAX 400 /* cells a call: keeps one call below 5 ms */

int store_commit_series(struct store *s, const struct series_change *changes, size_t count,
                        store_done *done, void *arg);
/**
 * A feed's book after one more receipt. expected: the newest receipt that Redis must know of before
 * (0: none), else -ESTALE. ledger_key NULL: the receipt changed nothing else.
 */
int store_commit_feed(struct store *s, const struct feed_book *book, uint64_t expected,
                      const char *ledger_key, const struct ledger_entry *entry, store_done *done,
                      void *arg);
/** expected: the revision that Redis holds (0: none), else -ESTALE. */
int store_transition(struct store *s, const struct alert *next, unsigned long expected,
                     unsigned long revision, const char *audit_json, store_done *done, void *arg);
/** fields, values: told:<receiver> entries ("recipient|episode" or "recipient|day|group").
 *  The stream id is written into item->stream_id (the item must live until the callback). */
int store_enqueue(struct store *s, struct outbox_item *item, const char *const *fields,
                  const char *const *values, size_t count, store_done *done, void *arg);
/** The same for a message that was due and that Redis lost: with the record of its tries. -EEXIST also
 * when Redis knows its outcome. */
int store_put_back(struct store *s, struct outbox_item *item, const char *const *fields,
                   const char *const *values, size_t count, store_done *done, void *arg);
/** The same for a digest: it takes the place of the count messages in replaced, all or nothing. */
int store_digest(struct store *s, struct outbox_item *item, struct outbox_item *const *replaced,
                 size_t replaced_count, const char *const *fields, const char *const *values,
                 size_t count, store_done *done, void *arg);
/** Told-state as the sent journal has it: count triples of receiver, field, value as in
 * store_enqueue(). */
int store_retold(struct store *s, const char *const *words, size_t count, store_done *done,
                 void *arg);
/** An attempt begins: until its outcome is recorded a crash leaves that unknown. */
int store_attempt(struct store *s, const char *delivery_id, const char *receiver, store_done *done,
                  void *arg);
/** The record of the item's tries after one that failed. */
int store_tried(struct store *s, const struct outbox_item *item, store_done *done, void *arg);
/** The outcome: "delivered", "dropped", or "dead" with what readers see of the dead letter. */
int store_told(struct store *s, const struct outbox_item *item, const char *outcome,
               const char *dead_json, store_done *done, void *arg);
/** A dead letter becomes due again (its stream id is written into it) or is dropped. */
int store_letter(struct store *s, struct outbox_item *item, bool dropped, store_done *done,
                 void *arg);
/** How far the journals reach; text, kept with the books (books.journals). */
int store_witness(struct store *s, const char *marks, store_done *done, void *arg);
/** Forgets the ids of finished messages, in portions. done once, after the last of them. */
int store_sweep(struct store *s, store_done *done, void *arg);
/** now:<measure>: names and values; count 0 removes it. */
int store_now(struct store *s, const char *measure, const char *const *names,
              const char *const *values, size_t count, store_done *done, void *arg);

#endif
