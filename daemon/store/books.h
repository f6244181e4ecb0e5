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
#include "base/table.h"
#include "metric/series.h"
#include "outbox/composer.h"
#include "plan/evaluate.h"
#include "store/outbox_item.h"

/** A provider missing from the newest edition of one part (table, band) of a period. */
struct feed_gap {
    char *provider, *part;
    char *measure; /* NULL: missing altogether; else this one figure of the organisation */
    bool
        absent; /* the figure is no longer in the table; else it is a total that blanks contradict */
    struct civil_date period_end;
};

/** A table (and band) of a feed, and the newest period of which it brought figures. */
struct feed_part {
    char *part;
    struct civil_date newest;
};

struct feed_book {
    char *id;
    struct civil_date newest_period_end; /* of accepted files; DATE_NONE: none yet */
    struct wall_time last_received; /* newest accepted file, duplicates excluded; .ms 0: none */
    unsigned long files;
    uint64_t receipt; /* newest receipt applied: sequence in the received journal */
    uint64_t stored;  /* the same as Redis has it; differs while a feed is applied again */
    struct feed_gap *gaps;
    size_t gap_count;
    struct feed_part *parts; /* tables and bands */
    size_t part_count;
    struct table seen; /* watched figure (plan measure id) -> the part that brought it (char *) */
    char *kept; /* the organisation codes that became series, sorted, "*": all; NULL: no file yet */
    char *waiting_why; /* a file was held or refused since the last accepted one: why; NULL: none */
    bool file_is_held; /* it was held: it may say something newer than what is in force */
    char *waiting_part; /* the held file's table; NULL: unknown, any accepted file supersedes it */
    unsigned long waiting_count;     /* files held or refused since the last accepted one */
    struct civil_date waiting_since; /* local date of the newest of them */
    char *last_outcome;              /* words of the newest receipt, or NULL */
    struct wall_time last_outcome_at;
};

struct ledger_entry {
    struct wall_time received;
    uint64_t receipt; /* sequence in the received journal */
    char *feed;
};

struct stored_alert {
    struct alert alert;
    unsigned long revision;
};

struct books {
    struct table ledger; /* "feed|sha256:format digest" -> struct ledger_entry * */
    struct table feeds;  /* id -> struct feed_book * */
    struct series_set series;
    struct table alerts; /* alert id -> struct stored_alert * */
    struct table told;   /* "receiver|recipient|episode" -> struct told *;
                            "receiver|recipient|day|group" -> (day number) */
    struct table days;   /* the latter: -> struct civil_date * */
    struct outbox_item **outbox;
    size_t outbox_count;
    struct table dead; /* delivery id -> not NULL: Redis has a copy of this dead letter */
};

#define BOOKS_INIT                                                                                 \
    {                                                                                              \
        TABLE_INIT, TABLE_INIT, SERIES_SET_INIT, TABLE_INIT, TABLE_INIT, TABLE_INIT, NULL, 0,      \
            TABLE_INIT                                                                             \
    }

void books_release(struct books *b);

/** Finds or makes. NULL without memory. */
struct feed_book *books_feed(struct books *b, const char *id);
/** An alert as Redis now holds it. Takes what alert owns (empty after) when it returns 0; else -ENOMEM.
 */
int books_adopt_alert(struct books *b, struct alert *alert, unsigned long revision);
/** A book before its first receipt, of which Redis holds one already (stored). NULL without memory. */
struct feed_book *feed_book_fresh(const char *id, uint64_t stored);
void feed_book_free(void *book);
int feed_book_copy(const struct feed_book *b, struct feed_book **out_copy);
char *feed_book_encode(const struct feed_book *b);
int feed_book_decode(const char *json, size_t len, struct feed_book **out_book);
/** Adds or removes the gap of a provider (measure NULL), or of one total, in one part and period.
 * Returns 0 or -ENOMEM. */
int feed_book_gap(struct feed_book *b, const char *provider, const char *part, const char *measure,
                  struct civil_date period_end, bool missing);
/** A watched figure that its table no longer brings. Returns 0 or -ENOMEM. */
int feed_book_absent(struct feed_book *b, const char *org, const char *part, const char *measure,
                     struct civil_date period_end);
/** Remembers which part brings a watched figure. Returns 0 or -ENOMEM. */
int feed_book_saw(struct feed_book *b, const char *measure_id, const char *part);
/** Notes the newest period of a part. Returns 0 or -ENOMEM. */
int feed_book_part(struct feed_book *b, const char *part, struct civil_date newest);
/** Whether the part brought a newer period than this one since. */
bool feed_book_has_newer(const struct feed_book *b, const char *part, struct civil_date period_end);
/** A file was held or refused: why, which table (NULL unknown), when. Returns 0 or -ENOMEM. */
int feed_book_wait(struct feed_book *b, const char *why, const char *part, bool held,
                   struct civil_date on);
/** An accepted file of this part supersedes what waits: refused files always, held ones of the same part. */
void feed_book_supersede(struct feed_book *b, const char *part);
/** Removes every contradicted total of one part and period: the file about to be applied says anew.
 */
void feed_book_clear_totals(struct feed_book *b, const char *part, struct civil_date period_end);

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

/** Takes the item. */
int books_add_outbox(struct books *b, struct outbox_item *item);
void books_remove_outbox(struct books *b, struct outbox_item *item);

#endif
