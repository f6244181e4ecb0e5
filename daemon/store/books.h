/*
 * books - what the daemon knows, in memory
 *
 * A plain value: the ledger of files, each feed's book, series, alerts, who was told what, messages
 * due. Redis holds the same; the daemon is its only writer, loads the books whole when it connects
 * and adopts a change only after Redis took it.
 */
#ifndef STORE_BOOKS_H
#define STORE_BOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "alert/alert.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/table.h"
#include "metric/series.h"
#include "outbox/composer.h"
#include "pathway/pathway_list.h"
#include "plan/evaluate.h"
#include "store/feed_book.h"
#include "store/outbox_item.h"

struct ledger_entry {
    struct wall_time received;
    uint64_t receipt; /* sequence in the received journal */
    char *feed;
};

struct stored_alert {
    struct alert alert;
    unsigned long revision;
};

/** What a provider has on a list. */
struct stored_list {
    char *name;           /* "list id:provider" */
    const char *provider; /* in .name */
    struct pathway_list *state;
    uint64_t generation; /* in Redis; 0: none yet */
    uint64_t era;        /* see pipeline_lists.c */
    uint64_t era_stored; /* as Redis has it */
    bool is_anew;        /* of this era is nothing in Redis yet: the generation is older */
    size_t overlaid;     /* pathways in the overlay of the generation */
    struct civil_date first_event; /* the earliest date of an event; DATE_NONE: none */
    uint64_t set_aside;            /* rows of the last snapshot that could not be counted */
    struct civil_date
        *censuses; /* of the snapshots taken, ascending; those of the last three years */
    size_t census_count;
    char digest[SHA256_TEXT_MAX]; /* of the state in force; "": not asked since that changed */
};
#define STORED_CENSUSES_MAX 1100 /* daily ones for three years */

struct books {
    struct table ledger; /* "feed|sha256:format digest" -> struct ledger_entry * */
    struct table feeds;  /* id -> struct feed_book * */
    struct series_set series;
    struct table lists;    /* "list id:provider" -> struct stored_list * */
    struct table alerts;   /* alert id -> struct stored_alert * */
    struct table told;     /* "receiver|recipient|episode" -> struct told *;
                            "receiver|recipient|day|group" -> (day number) */
    struct table days;     /* the latter: -> struct civil_date * */
    struct table released; /* "receiver|cell" -> struct release_entry *: what was shown to whom */
    struct outbox_item **outbox;
    size_t outbox_count;
    struct table outbox_ids; /* delivery id -> struct outbox_item * of .outbox */
    struct table
        dead; /* delivery id -> char *: Redis's copy of this dead letter, "" when it is ours */
    char *journals; /* how far the journals reached, as Redis was told last; NULL: never */
};

#define BOOKS_INIT                                                                                 \
    {                                                                                              \
        TABLE_INIT, TABLE_INIT, SERIES_SET_INIT, TABLE_INIT, TABLE_INIT, TABLE_INIT, TABLE_INIT,   \
            TABLE_INIT, NULL, 0, TABLE_INIT, TABLE_INIT, NULL                                      \
    }

void books_release(struct books *b);

/** Finds or makes. NULL without memory. */
struct feed_book *books_feed(struct books *b, const char *id);
/** Finds. NULL: none. */
struct stored_list *books_list(const struct books *b, const char *list, const char *provider);
/** Finds or makes, with no state. NULL without memory. */
struct stored_list *books_add_list(struct books *b, const char *list, const char *provider);
void books_drop_lists(struct books *b);
/** Notes the census of a snapshot. Returns 0 or -ENOMEM. */
int stored_list_census(struct stored_list *l, struct civil_date census);
/** The dates as text, "2026-03-31 2026-04-30", and back: 0, -EBADMSG or -ENOMEM. */
int stored_list_censuses(const struct stored_list *l, struct text *out);
int stored_list_censuses_parse(struct stored_list *l, const char *text, size_t len);
/** Another state is in force. */
void stored_list_changed(struct stored_list *l);
/** The digest of the state in force, which is computed once; is_in_force: the state is that, and not on its way to
 * the next. Returns 0 or -errno, as list_digest(). */
int stored_list_digest(struct stored_list *l, bool is_in_force, char out[SHA256_TEXT_MAX]);
/** An alert as Redis now holds it. Takes what alert owns (empty after) when it returns 0; else -ENOMEM.
 */
int books_adopt_alert(struct books *b, struct alert *alert, unsigned long revision);
/** malloc'ed "feed|sha256:digest", or NULL: one file dropped into two inboxes is two files. */
char *ledger_key(const char *feed, const char *sha256, const char *format_digest);
int books_add_ledger(struct books *b, const char *key, const char *feed, struct wall_time received,
                     uint64_t receipt);
char *ledger_entry_encode(const struct ledger_entry *e);
int ledger_entry_decode(const char *json, size_t len, struct ledger_entry **out_entry);

/** Keeps what was told (a copy) unless the table knows of a later notice. Returns 0 or -ENOMEM. */
int told_keep(struct table *t, const char *key, const struct told *told);
/** Keeps the day of the newest day's message. Returns 0 or -ENOMEM. */
int day_keep(struct table *t, const char *key, struct civil_date day);

/** Redis has a copy of a dead letter. Returns 0 or -ENOMEM. */
int books_note_dead(struct books *b, const char *delivery_id, const char *entry);
/** Takes the item. */
int books_add_outbox(struct books *b, struct outbox_item *item);
void books_remove_outbox(struct books *b, struct outbox_item *item);
/** The message due of this id, or NULL. */
struct outbox_item *books_outbox_item(const struct books *b, const char *delivery_id);

#endif
