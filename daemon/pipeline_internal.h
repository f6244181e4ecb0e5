/*
 * pipeline_internal - what the files of the pipeline share
 *
 * The order of work   pipeline.c; opening, closing: _open; SIGHUP: _reload; Redis calls that belong
 *                     together, what fails and is tried again: _batch
 * A file comes        _intake the inboxes, _http and _push what is posted, _pull what is fetched,
 *                     _take a file to a receipt, _receipts the received journal,
 *                     _waiting files without proof of their end, _disk a full disk, _quarantine raw
 *                     bytes of refused files, _retention what is kept for a time
 * A receipt counts    _apply, with _apply_read, _apply_kept, _apply_book; _mapping which mapping
 *                     reads it; _feeds how each feed stands
 * It is judged        _judge books to findings and alerts, _now the hashes now:<measure>, _checks
 *                     what may be wrong with the daemon itself
 * People are told     _compose alerts to messages, _deliver messages to receivers, _sent the sent
 *                     journal, _pending what is due as that journal knows it, _digest what waited,
 *                     as one message, _letters messages given up,
 *                     _direct what is told without Redis
 * Redis is made good  _heal as the journals know it, _rebuild the same on command, _lease the fence
 *                     number, _takeover the books of a daemon before us, _witness whether a
 *                     journal lost its end
 * People act and ask  _audit the audit journal, _acts what they do, _decide accept, refuse, purge,
 *                     _outbox messages due, _ctl answers to waitlistctl, _status how the daemon is
 */
#ifndef PIPELINE_INTERNAL_H
#define PIPELINE_INTERNAL_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/text.h"
#include "ctl/ctl_server.h"
#include "feed/inbox.h"
#include "loop/embedded_redis.h"
#include "loop/http.h"
#include "loop/http_server.h"
#include "loop/sd.h"
#include "notify/deliver.h"
#include "outbox/pace.h"
#include "parse/shape.h"
#include "pipeline.h"
#include "store/archive.h"
#include "store/books.h"
#include "store/journal.h"
#include "store/store_redis.h"

enum receipt_outcome { RECEIPT_ACCEPTED, RECEIPT_HELD, RECEIPT_REFUSED };

/**
 * One line of the received journal: what came, and what became of it; or what a person decided on a
 * file that was held or refused, which is a receipt of its own, so that the order of the journal is
 * the order in which everything took effect.
 */
struct receipt {
    uint64_t sequence;
    uint64_t decides; /* the receipt on which a person decided; 0: a file came */
    enum receipt_outcome outcome;
    char *feed, *name, *sha256, *format_digest;
    char *archived; /* SHA-256 of what the archive has of it, a pathway file's canonical rows; NULL:
                       the file itself */
    bool incident;  /* refused because it holds identifiers: its raw bytes go soon */
    char *why, *part; /* why: held, refused or decided; part: which table, NULL unknown */
    struct wall_time at;
    int edition;              /* vN of the file's name, 0 none */
    struct file_shape *shape; /* of an accepted or held file; NULL unknown */
    struct civil_date newest; /* end of the newest period of which it has a figure; DATE_NONE */
    const struct receipt *decided; /* the newest decision on this file, or NULL */
    char *file; /* which file it was, as the disk tells files apart; NULL unknown */
    char *key;  /* of a file pushed: digest of what its sender called this request, or NULL */
    char *etag, *modified, *url; /* of a file pulled: its marks there, or NULL; digest of the url */
};

struct receipt_list {
    struct receipt **list; /* each stays where it is while it is applied */
    size_t count, cap;
};

/** Redis calls that belong together: when all took effect, finish() adopts them. */
struct batch {
    size_t in_flight;
    bool failed, open; /* open: more calls are being added */
    bool has_calls;
    void (*finish)(struct pipeline *p);
    bool (*more)(struct pipeline *p); /* of a paced batch: adds a call; false when all are added */
};

/** An alert as the audit knows it. */
struct journalled_alert {
    unsigned long revision;
    json_t *state;
};

/** A message given up: nobody got it. A person has it sent again, or drops it. */
struct letter {
    struct outbox_item *item; /* frozen */
    char *record;             /* of the sent journal, as JSON: Redis's copy of it */
    uint64_t sequence;        /* of that record */
    struct wall_time at;
    char why[OUTBOX_WHY_MAX];
    long code;
    unsigned tries;
    char address[SHA256_TEXT_MAX]; /* digest of the webhook's url then; "" for other kinds */
    bool is_answered;  /* its receiver has since taken a message for the same recipient */
    bool is_due_again; /* a person decided so, at .decided_at */
    struct wall_time decided_at;
};

struct feed_inbox {
    struct pipeline *pipeline;
    char *feed;
    struct inbox *inbox;
    size_t skipped;    /* names passed over, as last said */
    unsigned failures; /* files that could not be taken since one was */
};

/** A person said when the awaited file of a feed will come: its due date until it did. */
struct expected_file {
    struct civil_date awaited, by;
};

struct waiting_request {
    struct ctl_request *request;
    struct mono_time until;
};

#define AUDIT_LINKS   256
#define GAP_WORDS_MAX 320
#define MARKS_MAX     256

/** Sequence numbers of the newest records. */
struct reach {
    uint64_t received, sent, audit;
};

struct pipeline {
    struct event_base *base;
    struct pipeline_options options;
    struct config *config;
    struct clock clock;
    int lock_fd;

    struct journal *received, *sent, *audit;
    struct archive *archive;
    struct table mappings;        /* digests of the mapping files that this run has put there */
    struct receipt_list receipts; /* all, in order of receipt */
    struct table
        sent_ids; /* delivery id -> "delivered", "dropped", "digest", as the sent journal says */
    struct table sent_tells; /* "receiver|recipient|episode" -> struct told *, likewise */
    struct table got_tells;  /* the same of messages that were taken, not given up or dropped */
    struct table pending;    /* delivery id -> struct outbox_item *: due without an outcome yet */
    struct table sent_days;  /* "receiver|recipient|day|group" -> struct civil_date * */
    struct table letters;    /* delivery id -> struct letter *: given up, likewise */
    struct table dropped;    /* delivery id -> not NULL: a person gave it up, as the audit says */
    struct table hurried;    /* delivery id -> struct wall_time *: a person wanted it tried then */
    struct table flying;     /* delivery id -> struct attempt *: under way now */
    char epoch[33];          /* names this state folder in Redis, for ever; in the audit journal */
    struct table configured; /* feed -> struct civil_date *: first configured, as the audit says */
    struct table expected;   /* feed -> struct expected_file *: the newest, as the audit says */
    struct table journalled; /* alert id -> struct journalled_alert *: the newest state */
    bool
        journals_are_behind; /* the disk was full: Redis knows alerts, or messages, that they lack */
    struct retention *retention; /* the day's run under way, or NULL */
    struct civil_date purged_on; /* the date of the last run; DATE_NONE: none since the start */
    struct table decisions;      /* receipt -> struct decision *: the newest, as the audit says */
    char audit_link[SHA256_TEXT_MAX]; /* SHA-256 of the newest audit record, "" before the first */
    char audit_links[AUDIT_LINKS][SHA256_TEXT_MAX]; /* of the newest so many, by sequence number */
    char gap[GAP_WORDS_MAX];    /* what a journal lacks that Redis knows of, as the audit says */
    struct reach reach;         /* of the journals at the start; of .is_compared, not looked at */
    bool is_compared;           /* with Redis, once in this run */
    char witnessed[MARKS_MAX];  /* how far the journals reach, as Redis was told last */
    char witnessing[MARKS_MAX]; /* the same, on its way */
    bool is_witnessing;
    struct mono_time witness_at;    /* not before */
    struct civil_date evaluated_on; /* the newest date in the audit journal; DATE_NONE: none */
    struct wall_time last_time;     /* the newest time in any journal */

    bool is_new; /* this state folder began with this run */
    struct embedded_redis *redis_server;
    char aside[ASIDE_NAME_MAX]; /* damaged files of Redis that were set aside lie there; "": none */
    char *redis_password;
    struct store *store;
    int fence_fd;          /* state/fence */
    uint64_t fence_number; /* the newest ever used from this state folder */
    struct table lacks;    /* ledger keys of files that only a daemon before us had */
    uint64_t receipt_base; /* added to receipts' numbers in series: above those taken over */
    char redis_wrong[320]; /* which of Redis's settings, and why; "": none known */
    struct mono_time redis_check_at;
    bool is_checking_redis;
    bool need_takeover; /* the books that were loaded are of another state folder */
    struct http *http;
    struct deliverer *deliverer;
    struct ctl_server *ctl;
    struct http_server *server; /* NULL: nothing is served */
    struct push *pushes;        /* being sent or taken */
    struct pull *pulls;         /* one a feed that is pulled */
    size_t push_count, push_refusals;
    struct sd_watchdog *watchdog;

    struct books books;
    bool loaded, loading;
    bool need_heal;          /* what Redis holds was not yet compared with the journals */
    struct healing *healing; /* alerts being put back */
    size_t healing_count;
    bool rebuild_wanted;              /* by a person, and the keys were not removed yet */
    int rebuild;                      /* enum rebuild_stage */
    size_t replay_total, replay_done; /* receipts to apply since the load, and applied */
    size_t apply_from;                /* all receipts before this one are applied */
    struct batch batch;
    struct apply *apply; /* the receipt being applied, or NULL */

    struct table waiting_files; /* feed -> struct waiting_file * */
    struct feed_inbox *inboxes;
    size_t inbox_count;
    struct taking *takings; /* offered files, the first being read */

    struct finding_set findings;
    char (*finding_ids)[ALERT_ID_MAX];
    struct alert_change *changes; /* of the evaluation being stored */
    size_t change_count;
    struct table now_shown;       /* measure -> what now:<measure> holds (char *) */
    struct civil_date evaluating; /* local date of the evaluation under way */
    struct wall_time evaluating_at;
    size_t storing_at;             /* how many of its calls were made */
    struct civil_date findings_of; /* local date of .findings; DATE_NONE: none yet */
    bool need_evaluate, need_compose;
    struct wall_time evaluated_at;

    struct composing *composing;   /* messages being stored, or NULL */
    size_t waiting_groups;         /* whose news waits for the next day's message */
    struct table resting;          /* receiver -> struct mono_time *: not before */
    struct table paces;            /* receiver -> what it was given lately */
    struct wall_time outage_since; /* Redis unusable, on record; .ms 0: no outage */
    struct mono_time redis_since;  /* it is usable, or not, since */
    bool redis_was_usable, said_direct;
    struct direct *directs;      /* messages that go out without Redis */
    size_t letters_in_flight;    /* calls about dead letters that Redis has not answered */
    struct mono_time letters_at; /* no such call before */

    struct waiting_request *waiting;
    size_t waiting_count;
    struct event *take_turn, *apply_turn; /* go on with .takings, .apply */
    struct event *tick, *wake, *on_term, *on_int, *on_hup;
    struct wall_time started;
    struct mono_time opened;
    bool advancing, again, stopping, said_evaluated;
    int exit_status;
    char reload_error[160];          /* "" or why the last reload was refused */
    bool is_reload_told;             /* as of the last tick */
    struct mono_time reload_told_at; /* then, if it was not mended, ops are told */

    /* What goes wrong and is tried again: pipeline.c, for the files pipeline_intake.c. Each text is
     * "" or says the trouble in STATUS= and health until it is over. */
    char trouble[240];         /* what made the books be loaded again */
    struct mono_time retry_at; /* they are not loaded before */
    int64_t retry_wait_ms;     /* 0: all work was done since the last failure */
    struct event *retry;
    bool is_full;               /* Redis takes no changes; what is due leaves all the same */
    struct mono_time change_at; /* then nothing is changed before */
    int batch_error;            /* of the first call of the batch that failed; 0: not known */
    bool is_load_stale;         /* what is being loaded is of an older configuration */
    bool said_clock_back;       /* in the log */
    bool intake_failed; /* a file could not be taken in this run, though the disk had room */
    char disk_trouble[128], inbox_trouble[128];
    struct mono_time disk_retry_at, inbox_retry_at; /* nothing is written, opened before */
    int64_t disk_wait_ms, inbox_wait_ms;
    struct table waiting_lists; /* feed -> every file that waits, struct waiting_list * */
};

/* ---- pipeline_disk.c ---- */
/** No space (-ENOSPC, -EDQUOT) for what is named: files stay where they are, tried again later. */
void disk_is_full(struct pipeline *p, const char *what, int error);
bool disk_error_is_full(int error);
/** Whether a full disk is not to be tried yet. */
bool disk_rests(const struct pipeline *p);
void disk_is_well(struct pipeline *p);
/** A file that could not be taken may be gone by now: an inbox that offers nothing proves it. */
void disk_tick(struct pipeline *p);

/* ---- pipeline.c ---- */
/** Whether the clock shows a date before the last one evaluated. */
bool pipeline_clock_is_back(const struct pipeline *p);
/** Goes on with whatever is due next; safe to call from any callback. */
void pipeline_advance(struct pipeline *p);
/** Schedules pipeline_advance from the loop. */
void pipeline_wake(struct pipeline *p);
void pipeline_stop(struct pipeline *p, int exit_status);
/** A record stands in a journal, and taking it in gave r, which is given back. A failure ends the run:
 * going on would write the record a second time. */
int pipeline_took_record(struct pipeline *p, const char *journal, int r);
/** The later of the clock's date and the date last evaluated: the daemon's day never goes back,
 * whatever the clock does. */
struct civil_date pipeline_today(const struct pipeline *p);
/** When a file was received: the clock's time, or the start of pipeline_today() while the clock is
 * back, lest every figure of it lie ahead of its receipt. */
struct wall_time pipeline_wall(const struct pipeline *p);
const struct feed_setting *pipeline_feed(const struct pipeline *p, const char *id);
/** What is in memory, or on its way there, is not what this configuration needs. */
void pipeline_load_again(struct pipeline *p, const char *why);
/* The loop's and the store's callbacks. */
void pipeline_store_ready(void *arg);
void pipeline_store_lost(void *arg, const char *why);
void pipeline_store_standby(void *arg);
void pipeline_on_tick(evutil_socket_t fd, short what, void *arg);
void pipeline_on_wake(evutil_socket_t fd, short what, void *arg);
void pipeline_on_signal(evutil_socket_t fd, short what, void *arg);

/* ---- pipeline_reload.c ---- */
/** SIGHUP: reads settings and plans; the last good ones stay in force when these are refused. */
void pipeline_on_hangup(evutil_socket_t fd, short what, void *arg);
/** Makes the folders of the spool receivers; logs what it cannot make. Returns 0 or -errno. */
int spools_make(const struct settings *s);

/* ---- pipeline_batch.c ---- */
void batch_begin(struct pipeline *p, void (*finish)(struct pipeline *p));
/** The same for any number of calls: more() is asked for one after the other, never with more than a
 * few thousand in flight, and the batch ends by itself when there are none left. */
void batch_run(struct pipeline *p, bool (*more)(struct pipeline *p),
               void (*finish)(struct pipeline *p));
/** What is in flight belongs to nobody any more: no callback of this batch has an effect. */
void batch_forget(struct pipeline *p);
/** store_done for every call of a batch; pass the pipeline as argument. */
void batch_done(void *arg, int result);
/** Counts a call just made: r is its return value. */
void batch_add(struct pipeline *p, int r);
/** It cannot be made whole: r is -errno. */
void batch_fail(struct pipeline *p, int r);
/** No more calls: runs finish at once when none is in flight. */
void batch_end(struct pipeline *p);
/** Drops the work under way: the books are loaded again. */
void pipeline_abandon(struct pipeline *p);
/** The books are loaded again, at first soon, then ever less often: what fails for ever must not
 * keep the machine busy, nor fill the log. error: -errno, or 0 when it is not known. */
void pipeline_try_later(struct pipeline *p, const char *what, int error);
/** Redis took no change for want of room, and none is tried again yet. */
bool pipeline_changes_rest(const struct pipeline *p);
/** All work is done. A batch that finished proves less: one may succeed and the next fail, for
 * ever. */
void pipeline_all_is_well(struct pipeline *p);

/* ---- pipeline_audit.c ---- */
/* The audit journal. Each record names in "prev" the SHA-256 of the record before it, so that a
 * record changed, removed or moved is found when it is read. */
int audit_read(void *arg, uint64_t sequence, const char *json, size_t len); /* journal_reader */
/** Appends and syncs. Takes record (NULL: -ENOMEM). Returns 0 or -errno. */
int audit_append(struct pipeline *p, json_t *record);
/** The name of this state folder, drawn once: what Redis holds under another name is not ours. */
int audit_ensure_epoch(struct pipeline *p);
/** An evaluation about to be stored: its local date, and every alert that it changes with the
 * revision it will have (p->changes). Nothing when the date is there and no alert changed. Returns 0
 * or -errno. */
int audit_evaluated(struct pipeline *p, struct civil_date today);
/** Appends a record about alerts: entries of heal_entry(). Takes record, borrows alerts. */
int audit_alerts(struct pipeline *p, json_t *record, json_t *alerts);
/** When a feed was first configured: its first period is awaited from then. A disk that is full for
 * now says so in STATUS= and stops nothing; returns any other failure. */
int audit_configured(struct pipeline *p, const char *feed);

/** Every record, the oldest first, as waitlistctl shows it (new reference, or NULL). */
json_t *audit_list(const struct pipeline *p);

/* ---- pipeline_heal.c ---- */
/** After a load, before anything is told: Redis as the journals know it. */
void heal_start(struct pipeline *p);
void heal_abort(struct pipeline *p);
void heal_release(struct pipeline *p);
/** The newest state of an alert, as the audit has it. Returns 0 or -errno. */
int heal_note(struct pipeline *p, const json_t *entry);
/** An alert as the audit keeps it (new reference, or NULL). */
json_t *heal_entry(const struct alert *a, unsigned long revision);
/** What Redis knows of alerts and the audit does not. Returns 0 or -errno. */
int heal_audit(struct pipeline *p);

/* ---- pipeline_rebuild.c ---- */
#define REBUILD_WORDS_MAX 64
/** Begins what a person asked for; true while keys are being removed. */
bool rebuild_start(struct pipeline *p);
/** The books were loaded: how many receipts are to be applied. */
void rebuild_loaded(struct pipeline *p);
/** One more receipt was applied. */
void rebuild_applied(struct pipeline *p);
/** All work is done. */
void rebuild_settled(struct pipeline *p);
/** How far it is, for STATUS=; false and "" when nothing is being rebuilt. */
bool rebuild_words(const struct pipeline *p, char out_words[REBUILD_WORDS_MAX]);
/** The same for waitlistctl (new reference): stage, done, total; or null. */
json_t *rebuild_report(const struct pipeline *p);

/* ---- pipeline_checks.c ---- */
#define CHECKS_MAX      5
#define CHECK_WORDS_MAX 400
/** Each second, and at once after a connection: looks at Redis's settings when it is time. */
void checks_tick(struct pipeline *p);
void checks_connected(struct pipeline *p);
/** How Redis is, in words; of one that cannot start, what a person must do. */
const char *checks_redis_state(const struct pipeline *p);
/** What is wrong with the daemon itself, for evaluation; words holds the texts. Returns the number. */
size_t checks_of(const struct pipeline *p, struct self_check out_checks[CHECKS_MAX],
                 char words[CHECKS_MAX][CHECK_WORDS_MAX]);

/* ---- pipeline_witness.c ---- */
/** How far the journals reach now. */
struct reach witness_reach(const struct pipeline *p);
/** After a load: whether a journal lacks what Redis knows of. What is found is journalled and said.
 * Returns 0 or -errno. */
int witness_compare(struct pipeline *p);
/** A gap as the audit has it. */
int witness_read(struct pipeline *p, const json_t *record);
/** Tells Redis how far the journals reach, where that is news. Stops no other work. */
void witness_tell(struct pipeline *p);

/* ---- pipeline_takeover.c ---- */
#define FEED_ID_MAX 128
/** The books just loaded are another state folder's: makes them ours. */
void takeover_start(struct pipeline *p);
/** What Redis knows to be told, and the sent journal not, into the sent journal. Returns 0 or -errno. */
int takeover_told(struct pipeline *p);
/** A takeover as the audit has it. Returns 0 or -errno. */
int takeover_read(struct pipeline *p, const json_t *record);
/** How many files of a feed (NULL: of all) a daemon before us had and we never received;
 * *out_lost: the figures of some of them are no longer in Redis either. */
size_t takeover_lacks(const struct pipeline *p, const char *feed, bool *out_lost);

/* ---- pipeline_lease.c ---- */
#define LEASE_HOLDER_MAX 160
#define LEASE_NAME_MAX   256
/** Reads the newest fence number. Returns 0 or -errno. */
int lease_open(struct pipeline *p);
/** store_events.fence: keeps it before it is used. */
int lease_fence(void *arg, uint64_t number);
/** Who we are to other daemons on the same Redis, and for people. Returns 0 or -errno. */
int lease_holder(const struct pipeline *p, char out_holder[LEASE_HOLDER_MAX],
                 char out_name[LEASE_NAME_MAX]);
/** The last thing of a clean stop: another daemon leads at once. Turns the loop for at most 1 s. */
void lease_release(struct pipeline *p);

/* ---- pipeline_acts.c ---- */
#define ACT_WHY_MAX 320
/** Whether a command of waitlistctl is an act. */
bool act_is_known(const char *name);
/** Checks, journals and does it, and answers. */
void act_answer(struct pipeline *p, struct ctl_request *request);
/** The effect of an act read back from the audit. Returns 0 or -errno. */
int act_take(struct pipeline *p, const json_t *record);

/* ---- pipeline_decide.c ---- */
/** What a person decided on a file that waits; its effect is a receipt. */
struct decision {
    bool accept;
    char *why;
    struct wall_time at;
};
/** Adds to the act the receipt that "file" (a number or a file's name) means. */
int decide_check(struct pipeline *p, json_t *act, bool accept, char why[ACT_WHY_MAX]);
int decide_check_purge(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int decide_take(struct pipeline *p, const json_t *act, bool accept);
int decide_take_purge(struct pipeline *p, const json_t *act);
/** Journals a receipt for each decision that has none. A full disk says so in STATUS= and stops
 * nothing; returns any other failure. */
int decide_pending(struct pipeline *p);
void decision_free(void *value);

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
void retention_abort(struct pipeline *p);

/* ---- pipeline_intake.c ---- */
int intake_open(struct pipeline *p);
/** Each second: tries again what could not be opened, forgets what no longer waits. */
void intake_tick(struct pipeline *p);
void intake_scan(struct pipeline *p);
/** Offers again soon what was left in the inboxes. */
void intake_look_again(struct pipeline *p);
void intake_close(struct pipeline *p);

/* ---- pipeline_take.c ---- */
#define PORTION_BYTES (256u << 10) /* of a file, read in one turn of the loop */
enum take_result {
    TAKE_RECEIVED, /* its receipt is durable */
    TAKE_KNOWN,    /* this very file was received before the last end */
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
    bool is_on_disk;                         /* the same file may be offered again after a crash */
    const char *key, *etag, *modified, *url; /* of the receipt; or NULL */
};
void take_offer(struct pipeline *p, const struct take_offer *offer);
/** Whether files are taken now: what is offered while they are not is left at once. */
bool take_is_open(const struct pipeline *p);
void take_on_turn(evutil_socket_t fd, short what, void *arg);
/** Whether files that were offered are neither received nor left. */
bool take_is_busy(const struct pipeline *p);
/** What this source offered is forgotten without a word. */
void take_forget(struct pipeline *p, const void *source_arg);
/** All are left with their sources; what was read of them is gone. */
void take_abort(struct pipeline *p);

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

/* ---- pipeline_receipts.c ---- */
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
/** The first accepted receipt of the same bytes, feed and mapping before this one, or NULL. */
const struct receipt *receipt_same(const struct pipeline *p, const struct receipt *r);
void receipt_release(struct receipt *r);
/** The name under which the archive has what is read of it. */
const char *receipt_archived(const struct receipt *r);
/** By its number, or NULL. */
struct receipt *receipt_find(const struct pipeline *p, uint64_t sequence);
/** The file of a receipt: itself, or the one decided on. */
const struct receipt *receipt_file(const struct pipeline *p, const struct receipt *r);
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
/** Whether a record is of a period that was not over when it was received, give or take a month. */
bool apply_lies_ahead(const struct record *r, struct civil_date received);
/** Feeds that keep more organisations than their books know of are applied again from the archive.
 *  Call after the books were loaded. Returns 0 or -ENOMEM. */
int apply_backfill(struct pipeline *p);

/* ---- pipeline_judge.c ---- */
void judge_start(struct pipeline *p);
void judge_abort(struct pipeline *p);
/** Forgets findings (they borrow from the plan) before the configuration changes. */
void judge_forget(struct pipeline *p);

/* ---- pipeline_feeds.c ---- */
/** Feed states for evaluation and display; malloc'ed, borrowed parts. Returns 0 or -ENOMEM. */
struct feed_states {
    struct feed_state *list;
    size_t count;
    struct coverage_gap **gaps;
    const char ***providers; /* codes that each feed must cover */
    char **words;            /* what waits, for each feed, or NULL */
};
int feed_states_of(const struct pipeline *p, struct feed_states *out_states);
void feed_states_release(struct feed_states *s);

/* ---- pipeline_now.c ---- */
/** now:<measure> of a finding, where it changed: adds to the open batch. Returns 0 or -ENOMEM. */
int show_now(struct pipeline *p, const struct finding *f);
/** A measure that left the plan leaves now: too. */
void hide_gone(struct pipeline *p);

/* ---- pipeline_compose.c ---- */
/** Alerts to messages due; a failure fails the batch. */
void compose_start(struct pipeline *p);
void compose_abort(struct pipeline *p);
/** The recipients of routes fallback and ops; returns their number. Borrows from the settings. */
size_t operators_of(const struct pipeline *p, struct composer_recipient *out, size_t max);
/** A digest that takes the place of messages of the books, in a batch. Takes the list replaced. */
void compose_digest(struct pipeline *p, const struct composition *composition,
                    struct outbox_item **replaced, size_t count);
/** Messages that Redis lost become due again as they were frozen; takes the items. replaced: of each
 * digest, the messages of the books that it stands for; ended by NULL; takes the lists. r: an error so
 * far, which fails the batch. */
struct due_again {
    struct outbox_item *item;
    struct outbox_item **replaced; /* or NULL */
    size_t replaced_count;
};
void compose_again(struct pipeline *p, struct due_again *list, size_t count, int r);

/* ---- pipeline_deliver.c ---- */
/** Starts an attempt for every receiver that is free and has something due. */
void deliver_due(struct pipeline *p);
/** What became of a message, as the sent journal says: "delivered", "dead", "dropped"; NULL: due. */
const char *deliver_outcome(const struct pipeline *p, const char *delivery_id);
/** Messages that are due now and not delivered. */
size_t deliver_pending(const struct pipeline *p);
/** Whether every message was tried in this run (--once). */
bool deliver_tried_all(const struct pipeline *p);
/** What came out of Redis meets this process: times on its clock. Call after a load. */
void deliver_adopt(struct pipeline *p);
/** The same for one message that is about to be in the books. */
void deliver_adopt_item(struct pipeline *p, struct outbox_item *item);
/** Each second: what waits for too long is told elsewhere too. */
void deliver_tick(struct pipeline *p);
/** Episodes whose message was given up, or is red and undelivered for 30 minutes: fallback and ops
 *  are told of them too. Returns 0 or -ENOMEM. */
int deliver_escalated(struct pipeline *p, struct table *out_episodes);
/** Whether such a message, of this episode for this recipient, was given up or waits for too long. */
bool deliver_is_unreached(const struct pipeline *p, const char *receiver, const char *recipient,
                          const char *episode);
/** Attempts that will never call back: at the end. */
void deliver_abort(struct pipeline *p);
#define MARK_AGAIN_MS 30000 /* an outcome that Redis did not take is told to it again */

/** Whether an attempt may begin there now: configured or not, it neither rests nor is busy. */
bool deliver_receiver_is_free(const struct pipeline *p, const char *receiver);

/* ---- pipeline_digest.c ---- */
/** What waited for one recipient of a receiver that was away becomes one message. Returns whether a
 *  batch was started. */
bool digest_start(struct pipeline *p);

/* ---- pipeline_outbox.c ---- */
/** Messages due and dead, as waitlistctl shows them (new reference, or NULL). */
json_t *outbox_list(const struct pipeline *p);
/* Acts of people: rows of the table in pipeline_acts.c. */
int outbox_check_retry(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int outbox_check_drop(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX]);
int outbox_take_retry(struct pipeline *p, const json_t *act);
int outbox_take_drop(struct pipeline *p, const json_t *act);

/* ---- pipeline_sent.c ---- */
/** What another daemon told, into our own sent journal: an array of sent_entry(). Takes it (NULL:
 * -ENOMEM). Returns 0 or -errno. */
int sent_elsewhere(struct pipeline *p, json_t *list);
/** New reference, or NULL. */
json_t *sent_entry(const char *delivery_id, const char *receiver, const char *recipient,
                   const struct tell *tells, size_t count);
int sent_read(void *arg, uint64_t sequence, const char *json, size_t len); /* journal_reader */
/** Messages about to become due, as they are frozen, so that the loss of Redis loses none of them;
 * nothing for those that it has. Returns 0 or -errno. */
int sent_due(struct pipeline *p, struct outbox_item *const *items, size_t count);
/** What became of a message: appended, synced, remembered. Returns 0 or -errno. */
int sent_delivered(struct pipeline *p, const struct outbox_item *item);
/** address: as letter_address() has it. */
int sent_dead(struct pipeline *p, const struct outbox_item *item, const char *address);
int sent_dropped(struct pipeline *p, const struct outbox_item *item);
/** Any other record. Takes it (NULL: -ENOMEM). */
int sent_append(struct pipeline *p, json_t *record);

/* ---- pipeline_pending.c ---- */
/** A message that became due, as the sent journal has it. Takes it. Returns 0 or -ENOMEM. */
int pending_add(struct pipeline *p, struct outbox_item *item);
/** It has an outcome. */
void pending_settle(struct pipeline *p, const char *delivery_id);
/** Or NULL. */
struct outbox_item *pending_item(const struct pipeline *p, const char *delivery_id);
/** What is known of its tries, for the case that Redis loses it. */
void pending_tried(struct pipeline *p, const struct outbox_item *item);
/** Makes due again what Redis lost, some of it; false when it lacks nothing. */
bool pending_heal(struct pipeline *p);
/** What Redis holds as due and the sent journal does not. Returns 0 or -errno. */
int pending_journal(struct pipeline *p);
void pending_release(struct pipeline *p);

/* ---- pipeline_direct.c ---- */
/** Each second: when Redis is unusable for too long, ops and fallback are told without it. */
void direct_tick(struct pipeline *p);
/** A record of the sent journal about an outage. Returns 0 or -EBADMSG. */
int direct_note(struct pipeline *p, const json_t *record);
/** Call when no attempt will call back any more. */
void direct_release(struct pipeline *p);

/* ---- pipeline_letters.c ---- */
struct letter *letter_find(const struct pipeline *p, const char *delivery_id); /* or NULL */
/** A record of the sent journal: given up. Returns 0, -EBADMSG or -ENOMEM. */
int letters_add(struct pipeline *p, const json_t *record, uint64_t sequence);
void letters_remove(struct pipeline *p, const char *delivery_id);
/** A receiver took a message, perhaps one that had been given up. */
void letters_delivered(struct pipeline *p, const char *delivery_id, const char *receiver,
                       const char *recipient);
/** Messages given up that no person decided upon. */
size_t letters_count(const struct pipeline *p);
/** Digest of where its receiver is, "" for other than webhooks. Returns 0 or -errno. */
int letter_address(const struct pipeline *p, const struct outbox_item *item,
                   char out[SHA256_TEXT_MAX]);
/** Whether this address answered 410 (gone): nothing is posted there until a person decides upon
 *  that letter, or the address changes. */
bool letters_receiver_is_off(const struct pipeline *p, const struct receiver_setting *r);
/** Adds their episodes. Returns 0 or -ENOMEM. */
int letters_escalated(const struct pipeline *p, struct table *out_episodes);
struct receiver_states {
    struct receiver_state *list;
    size_t count;
};
/** Receivers with dead letters, for evaluation; borrows. Returns 0 or -ENOMEM. */
int receiver_states_of(const struct pipeline *p, struct receiver_states *out_states);
void receiver_states_release(struct receiver_states *s);
/** Tells Redis of what people decided, and of letters that it lost. Call when the books are loaded. */
void letters_settle(struct pipeline *p);
void letters_release(struct pipeline *p);

/* ---- pipeline_ctl.c ---- */
void ctl_answer(void *arg, struct ctl_request *request); /* ctl_handle */
void ctl_settle_waiting(struct pipeline *p);
/** The alerts as a table on standard output (the demo). */
void ctl_print_alerts(struct pipeline *p);

/* ---- pipeline_status.c ---- */
#define STATUS_LINE_MAX 256
/** As Nagios has it: 0 ok, 1 warning, 2 critical. */
int pipeline_health(const struct pipeline *p);
/** One line for STATUS= and `waitlistctl status`. */
void pipeline_status_line(const struct pipeline *p, char out_line[STATUS_LINE_MAX]);
/** What `waitlistctl status` and `health` show (new reference, or NULL). */
json_t *status_report(const struct pipeline *p);
json_t *health_report(const struct pipeline *p);

#endif
