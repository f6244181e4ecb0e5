/*
 * pipeline_files - a file comes, and its receipt counts: see the map in pipeline_internal.h
 */
#ifndef PIPELINE_FILES_H
#define PIPELINE_FILES_H

#include "pipeline_state.h"

/* ---- pipeline_disk.c ---- */
/** No space (-ENOSPC, -EDQUOT) for what is named: files stay where they are, tried again later. */
void disk_is_full(struct pipeline *p, const char *what, int error);
bool disk_error_is_full(int error);
/** Whether a full disk is not to be tried yet. */
bool disk_rests(const struct pipeline *p);
void disk_is_well(struct pipeline *p);
/** A file that could not be taken may be gone by now: an inbox that offers nothing proves it. */
void disk_tick(struct pipeline *p);

/* ---- pipeline_quarantine.c ---- */
/** Keeps the raw bytes of a refused file (0700), named by their hash: those that were read. Takes the
 * file. Returns 0 or -errno. */
int quarantine_keep(struct pipeline *p, const char *sha256, struct archive_file *file);
/** Erases them; 1 when there were none. Returns 0 or -errno. */
int quarantine_erase(struct pipeline *p, const char *sha256);

/* ---- pipeline_retention.c ---- */
/** Goes on with what is kept only for a time, once on each local date. */
void retention_step(struct pipeline *p);
bool retention_is_done(const struct pipeline *p);
/** Each second: raw bytes of files that held identifiers go when their time is over. */
void retention_incidents(struct pipeline *p);
void retention_abort(struct pipeline *p);

/* ---- pipeline_intake.c ---- */
int intake_open(struct pipeline *p);
/** Each second: tries again what could not be opened, forgets what no longer waits. */
void intake_tick(struct pipeline *p);
void intake_scan(struct pipeline *p);
/** Offers again soon what was left in the inboxes. */
void intake_look_again(struct pipeline *p);
void intake_close(struct pipeline *p);

/* ---- pipeline_identity.c ---- */
/** Opens what feeds of pathways need, where these settings have any; says itself what is wrong. Returns 0
 * or -errno. */
int identity_open(struct pipeline *p, const struct settings *s);
void identity_close(struct pipeline *p);

/* ---- pipeline_renamed.c ---- */
struct renamed;
/** The table that a receipt names; malloc'ed. Returns 0; -EBADMSG it does not open under this key; -ENOENT;
 * -errno. */
int renamed_load(const struct pipeline *p, const char *digest, struct renamed **out,
                 size_t *out_count);
/** After the receipts were read and the keys opened: every table opens under today's key. Returns 0 or
 * -errno. */
int renamed_open(struct pipeline *p);
/** A table of another state folder becomes ours, as it is sealed; nothing where it has none. Returns 0 or -errno. */
int renamed_copy(const struct pipeline *p, const char *state, const char *digest);

/* ---- pipeline_take.c ---- */
#define PORTION_BYTES (256u << 10) /* of a file, read in one turn of the loop */
enum take_result {
    TAKE_RECEIVED, /* its receipt is durable */
    TAKE_KNOWN,    /* this very file was received before the last end, or, of history, its bytes */
    TAKE_REPEATED, /* its key and its bytes are those of a receipt: that one */
    TAKE_CONFLICT, /* its key is that of a receipt of other bytes: that one */
};
struct take_report {
    enum take_result result;
    const struct receipt *receipt;
    const struct parse_result *parsed; /* as this reading of it went */
    const char *refusal;               /* located, of a refused file; else "" */
};
/** What brings files: an inbox, a push, a pull. One of the first two for each offer, then go_on,
 * when the taking is over and another may be offered. */
struct take_source {
    void (*taken)(void *arg, const char *name, const struct take_report *report);
    /** It stays with its source. error: -errno (said already), or 0: not now. */
    void (*left)(void *arg, const char *name, int error);
    void (*go_on)(void *arg);
};
/** A file whose end is proven. Everything is borrowed for the call. */
struct take_offer {
    const struct take_source *source;
    void *arg;
    const char *feed, *name;
    int fd;                                  /* at its start */
    bool is_history;                         /* of the past: known bytes are not received again */
    bool is_on_disk;                         /* the same file may be offered again after a crash */
    const char *key, *etag, *modified, *url; /* of the receipt; or NULL */
};
void take_offer(struct pipeline *p, const struct take_offer *offer);
/** Whether files are taken now: what is offered while they are not is left at once. */
bool take_is_open(const struct pipeline *p);
void take_on_turn(evutil_socket_t fd, short what, void *arg);
/** What people are shown of a file's name: of pathways nothing, for a name may be a person's. */
const char *take_shown_name(const struct pipeline *p, const char *feed, const char *name);
/** Whether files that were offered are neither received nor left. */
bool take_is_busy(const struct pipeline *p);
/** What this source offered is forgotten without a word. */
void take_forget(struct pipeline *p, const void *source_arg);
/** All are left with their sources; what was read of them is gone. */
void take_abort(struct pipeline *p);

/* ---- pipeline_packed.c ---- */
struct packed_rows;
/** The rows of a file that was received now; takes them. NULL: there are none. */
void packed_keep(struct pipeline *p, struct packed_rows *rows, const struct receipt *file);
/** The rows of this file, the caller's from now on; NULL: read the archive. */
struct packed_rows *packed_take(struct pipeline *p, const struct receipt *file);
void packed_forget(struct pipeline *p);

/* ---- pipeline_http.c ---- */
/** Where the settings ask for it. Returns 0 or -errno. */
int server_open(struct pipeline *p);
/** Other settings are in force. */
void server_adopt(struct pipeline *p);
void server_close(struct pipeline *p);

/* ---- pipeline_push.c ---- */
/** A sound head of a post to this feed: answers, or takes the body. */
void push_start(struct pipeline *p, struct http_exchange *x, const struct feed_setting *feed,
                const struct http_head *head);
void push_add(struct http_exchange *x, const void *bytes, size_t len);
void push_end(struct http_exchange *x);
/** Also for an exchange that is no push. */
void push_gone(struct http_exchange *x);
/** Frees what neither a client nor a taking needs. */
void push_sweep(struct pipeline *p);

/* ---- pipeline_pull.c ---- */
/** Returns 0 or -ENOMEM. */
int pull_open(struct pipeline *p);
/** Each second: fetches what is due. */
void pull_tick(struct pipeline *p);
/** Whether a feed has not been asked for since the start, or is being fetched or taken (--once). */
bool pull_is_busy(const struct pipeline *p);
/** What is being fetched is dropped. Call when nothing is being taken. */
void pull_close(struct pipeline *p);

/* ---- pipeline_backfill.c ---- */
/** Takes the file of history that is named, and answers with what became of it; ends the backfill. */
void backfill_answer(struct pipeline *p, struct ctl_request *request);
/** Whether one is under way, so that nothing in between is judged, let alone told. */
bool backfill_is_on(const struct pipeline *p);

/* ---- pipeline_arrivals.c ---- */
/** Reads what the last run did not settle, after archive and received journal. Returns 0 or -errno. */
int arrivals_open(struct pipeline *p, const char *journals);
/** Settles what it can. */
void arrivals_close(struct pipeline *p);
/** Appends a receipt with its file's bytes; the file is one that the archive has deferred. Nobody may hear of it before
 * arrivals_sync(). Sets the number of the receipt. Returns 0; -ENOMEM also for bytes that are not UTF-8; -errno. */
int arrivals_add(struct pipeline *p, const char *receipt, const char *bytes, size_t len,
                 uint64_t *out_sequence);
/** What arrivals_add() wrote is on the disk when it returns 0; else the run ends. Before its sender hears of it, any
 * other journal has a record that rests on it, or a call of it leaves for Redis. */
int arrivals_sync(struct pipeline *p);
/** Archive and received journal get what they lack. Returns 0 or -errno: the rest is tried again. */
int arrivals_settle(struct pipeline *p);
/** When nothing else is to be done. */
void arrivals_idle(struct pipeline *p);
/** Each second. */
void arrivals_tick(struct pipeline *p);
/** No row is to be in the journal any more: now, or as soon as it can be settled. */
void arrivals_empty(struct pipeline *p);

/* ---- pipeline_receipts.c ---- */
/** The number of the newest receipt; 0: none. */
uint64_t receipts_last(const struct pipeline *p);
int receipt_read(void *arg, uint64_t sequence, const char *json, size_t len); /* journal_reader */
/** Appends to the received journal, then to the list. Takes what the receipt holds. */
int receipt_append(struct pipeline *p, struct receipt *r);
/** Whether this very file was received before: a crash, or a folder that may not be written to,
 * left it where it was. The same content delivered anew is another file. */
bool receipt_is_known(const struct pipeline *p, const struct receipt *r);
/** The receipt of the last 24 hours with this one's feed and key, or NULL. */
const struct receipt *receipt_with_key(const struct pipeline *p, const struct receipt *r);
/** The newest receipt of a file of this feed, or NULL. */
const struct receipt *receipt_newest(const struct pipeline *p, const char *feed);
/** The newest accepted receipt of the same bytes, feed and mapping before this one, of which this one is
 * a duplicate; NULL: none, or another file of the feed's part was accepted since. */
const struct receipt *receipt_same(const struct pipeline *p, const struct receipt *r);
/** Whether the same bytes were accepted before, and another file of the part since, so that what they say is
 * said anew. Of figures, and of snapshots unless a later census came since. Never of events and sets: the
 * versions in them say what stands, in whatever order they come. */
bool receipt_is_superseded(const struct pipeline *p, const struct receipt *r);
/** Whether any receipt is of its bytes, feed and mapping. */
bool receipt_has_bytes(const struct pipeline *p, const struct receipt *r);
/** Whether no receipt before this one is of the same bytes, feed and mapping. */
bool receipt_is_first(const struct pipeline *p, const struct receipt *r);
/** "accepted", "held", "refused". */
const char *receipt_outcome_name(enum receipt_outcome outcome);
void receipt_release(struct receipt *r);
/** The name under which the archive has what is read of it. */
const char *receipt_archived(const struct receipt *r);
/** By its number, or NULL. */
struct receipt *receipt_find(const struct pipeline *p, uint64_t sequence);
/** The file of a receipt: itself, or the one decided on. */
const struct receipt *receipt_file(const struct pipeline *p, const struct receipt *r);
/** Whether the step brought its file into force, and nobody refused the file since. */
bool receipt_is_in_force(const struct pipeline *p, const struct receipt *r);
/** Whether the step says of a file, accepted as it came, that it was held when it was to take effect; the file's
 * own receipt then says so too. */
bool receipt_is_hold(const struct receipt *r);
/** The file of this part (NULL: any) that took effect last, or NULL. */
const struct receipt *receipt_in_force(const struct pipeline *p, const char *feed,
                                       const char *part);
void receipt_list_release(struct receipt_list *l);

/* ---- pipeline_waiting.c ---- */
/** What evaluation is shown of a feed's files that lie in its inbox without proof of their end. */
struct waiting_file {
    char *path, *words; /* path: NULL, it does not lie in an inbox */
};
/** What evaluation is shown of a feed for which something waits: while the file of this path lies there
 * (NULL: until it is shown otherwise). words NULL: nothing waits. */
void waiting_show(struct pipeline *p, const char *feed, const char *path, const char *words);
void waiting_on_file(void *arg, struct inbox *inbox, const char *name, const char *why);
/** The file of this name was taken. */
void waiting_forget(struct feed_inbox *f, const char *name);
/** What somebody took away, or put right under another name, waits no longer. */
void waiting_tick(struct feed_inbox *f);
void waiting_file_free(void *value);
void waiting_list_free(void *value);

/* ---- pipeline_mapping.c ---- */
/** Keeps a mapping file in the archive, durably, once a run. Returns 0 or -errno. */
int mapping_keep(struct pipeline *p, const struct format *format);
/** The mapping that read a receipt's file: today's, or the kept one of the receipt's digest, then
 * also in *out_owned for the caller to free; today's where none is kept (said in the log).
 * Returns 0 or -errno. */
int mapping_of(struct pipeline *p, const struct receipt *r, const struct format **out_format,
               struct format **out_owned);

/* ---- pipeline_apply.c ---- */
/** Whether a receipt was not applied yet, and its feed is configured. */
bool receipt_is_due(const struct pipeline *p, const struct receipt *r);
/** The oldest receipt not yet applied, or NULL. */
const struct receipt *apply_next(const struct pipeline *p);
void apply_start(struct pipeline *p, const struct receipt *r);
void apply_on_turn(evutil_socket_t fd, short what, void *arg);
void apply_abort(struct pipeline *p);
/** What people read of a held or refused file, and what to type. Returns 0 or -ENOMEM. */
int apply_waiting_words(const struct receipt *r, struct text *out);
/** The reason alone, of such words about a held file; malloc'ed, or NULL. */
char *apply_held_why(const char *words);
/** Whether a record is of a period that was not over when it was received, give or take a month. */
bool apply_lies_ahead(const struct record *r, struct civil_date received);
/** Feeds that keep more organisations than their books know of are applied again from the archive.
 *  Call after the books were loaded. Returns 0 or -ENOMEM. */
int apply_backfill(struct pipeline *p);
/** Every receipt of a feed is applied again. Returns 0 or -ENOMEM. */
int apply_afresh(struct pipeline *p, const struct feed_setting *feed);

/* ---- pipeline_feeds.c ---- */
/** Feed states for evaluation and display; malloc'ed, borrowed parts. Returns 0 or -ENOMEM. */
/** When files of a feed are due. Borrows its dates and the settings' working days. */
struct feed_schedule feed_schedule_of(const struct settings *settings,
                                      const struct feed_setting *f);
struct feed_states {
    struct feed_state *list;
    size_t count;
    struct coverage_gap **gaps;
    const char ***providers; /* codes that each feed must cover */
    char **words;            /* what waits, for each feed, or NULL */
    char **incidents;        /* files that held identifiers, likewise */
    char **texts;            /* others that are borrowed from here */
    size_t text_count;
};
int feed_states_of(const struct pipeline *p, struct feed_states *out_states);
void feed_states_release(struct feed_states *s);
/** Whether all its publication dates are past and nothing more is awaited, so that it is never late. */
bool feed_is_unawaited(const struct pipeline *p, const struct feed_setting *f);

#endif
