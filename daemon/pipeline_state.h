/*
 * pipeline_state - all that the daemon holds while it runs, for the files of the pipeline alone
 */
#ifndef PIPELINE_STATE_H
#define PIPELINE_STATE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/text.h"
#include "alert/workflow.h"
#include "ctl/ctl_server.h"
#include "feed/inbox.h"
#include "loop/embedded_redis.h"
#include "loop/http.h"
#include "loop/http_server.h"
#include "loop/sd.h"
#include "notify/deliver.h"
#include "outbox/pace.h"
#include "parse/shape.h"
#include "pathway/list_left_out.h"
#include "pipeline.h"
#include "store/archive.h"
#include "store/books.h"
#include "store/journal.h"
#include "store/store_redis.h"

enum receipt_outcome { RECEIPT_ACCEPTED, RECEIPT_HELD, RECEIPT_REFUSED };

/**
 * One line of the received journal: what came, and what became of it; or what a person decided on a
 * file that was held or refused, or that an accepted file was held when it was to take effect. These are
 * receipts of their own, so that the order of the journal is the order in which everything took effect.
 */
struct receipt {
    uint64_t sequence;
    uint64_t decides; /* the receipt that was decided on, or held; 0: a file came */
    enum receipt_outcome outcome;
    char *feed, *name, *sha256, *format_digest;
    char *archived; /* SHA-256 of what the archive has of it, a pathway file's canonical rows; NULL:
                       the file itself */
    char *
        renamed; /* digest of what its pseudonyms were under the key before, see pipeline_identity.c;
                       NULL: it was read with one key */
    unsigned long set_aside; /* rows that could not be read */
    bool knows_left_out;
    struct left_out left_out; /* of a list, of the rows that could be read; .rows says .shape */
    bool incident;            /* refused because it holds identifiers: its raw bytes go soon */
    bool has_identifiers;     /* refused otherwise, and some cell of it is one: likewise */
    bool is_history;          /* of the past, given by feed backfill */
    bool is_erased;           /* they went, as this run knows */
    char *why, *part;         /* why: held, refused or decided; part: which table, NULL unknown */
    struct wall_time at;
    int edition;              /* vN of the file's name, 0 none */
    struct file_shape *shape; /* of an accepted or held file; NULL unknown */
    struct civil_date newest; /* end of the newest period of which it has a figure; DATE_NONE */
    const struct receipt *decided; /* the newest decision on this file, or NULL */
    char *file; /* which file it was, as the disk tells files apart; NULL unknown */
    char *set;  /* of a set: its table and its submissions, see feed/submissions.h; NULL */
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
    bool is_ahead; /* the books hold what it changes already: the next batch joins it */
    size_t most;   /* of a paced batch: so many in flight */
    bool rests;    /* of a paced batch: its next call is being made */
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
    bool is_permanent;             /* refused for good, not given up after a time */
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

struct simulation;

/** The sign of life for a monitor outside. */
struct heartbeat {
    bool is_flying;
    size_t read;           /* bytes of the answer */
    struct mono_time next; /* not before */
    struct wall_time last; /* that was taken; .ms 0: none */
    char failed[160];      /* "" or why the newest was not */
};

struct waiting_request {
    struct ctl_request *request;
    struct mono_time until, most; /* most: while the daemon is at work */
};

#define AUDIT_LINKS   256
#define GAP_WORDS_MAX 320
#define MARKS_MAX     256

/** Sequence numbers of the newest records. */
struct reach {
    uint64_t received, sent, audit;
};

#define ACT_WHY_MAX 320 /* why an act of a person is refused */

struct pipeline {
    struct event_base *base;
    struct pipeline_options options;
    struct config *config;
    struct clock clock;
    int lock_fd;

    struct journal *received, *sent, *audit;
    struct arrivals *arrivals; /* received, and not yet in .received and .archive */
    struct archive *archive;
    struct archive *raw; /* the quarantine: raw bytes of pathway files; NULL: no feed brings any */
    struct table mappings;        /* digests of the mapping files that this run has put there */
    struct receipt_list receipts; /* all, in order of receipt */
    struct table
        sent_ids; /* delivery id -> "delivered", "dropped", "digest", as the sent journal says */
    struct table sent_tells;  /* "receiver|recipient|episode" -> struct told *, likewise */
    struct table got_tells;   /* the same of messages that were taken, not given up or dropped */
    struct table pending;     /* delivery id -> struct outbox_item *: due without an outcome yet */
    struct table sent_days;   /* "receiver|recipient|day|group" -> struct civil_date * */
    struct table released;    /* "receiver|cell" -> struct release_entry *, likewise */
    struct table letters;     /* delivery id -> struct letter *: given up, likewise */
    struct table dropped;     /* delivery id -> not NULL: a person gave it up, as the audit says */
    struct table hurried;     /* delivery id -> struct wall_time *: a person wanted it tried then */
    struct table flying;      /* delivery id -> struct attempt *: under way now */
    char epoch[33];           /* names this state folder in Redis, for ever; in the audit journal */
    struct table configured;  /* feed -> struct civil_date *: first configured, as the audit says */
    struct table expected;    /* feed -> struct expected_file *: the newest, as the audit says */
    struct table plan_ledger; /* plan -> struct plan_book *: its versions, as the audit says */
    bool plans_are_behind;    /* one could not be journalled, or not come into force, yet */
    char plan_trouble[240];   /* "" or which applied version cannot be read */
    struct table modes;       /* plan -> bits, see pipeline_golive.c, as the audit says */
    struct table known;   /* "plan|receiver|recipient" -> struct known *: what each was told of */
    bool has_met;         /* the audit says what was known when it began to keep that */
    struct table rebases; /* "plan|measure" -> struct rebases *: of charts, as the audit says */
    struct workflow workflow; /* what people said of alerts, as the audit says */
    struct table
        reviewed; /* what was told of internal profiles: "receiver|date|stage", as the audit says */
    struct table asked; /* what forums were told of, see alert/forum_due.h, as the audit says */
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
    struct list_loading *list_loading; /* of waiting lists, after the rest of the books */
    bool need_sweep, sweeping;         /* generations of lists that are not in force */
    struct pathway_key *pathway_key;   /* of the pseudonyms; NULL: no feed brings pathways */
    struct pathway_key *previous_key;  /* the one before, while files are read with both; or NULL */
    struct unread *unread;             /* files that the archive has no more as they were */
    bool need_heal;                    /* what Redis holds was not yet compared with the journals */
    struct healing *healing;           /* alerts being put back */
    size_t healing_count;
    bool rebuild_wanted;              /* by a person, and the keys were not removed yet */
    int rebuild;                      /* enum rebuild_stage */
    size_t replay_total, replay_done; /* receipts to apply since the load, and applied */
    uint64_t loaded_upto;             /* the newest receipt of before the load */
    size_t apply_from;                /* all receipts before this one are applied */
    struct batch batch;
    struct apply *apply; /* the receipt being applied, or NULL */

    struct table waiting_files; /* feed -> struct waiting_file * */
    struct feed_inbox *inboxes;
    size_t inbox_count;
    struct taking *takings;          /* offered files, the first being read */
    struct packed_rows *packed;      /* of the snapshot taken in last, or NULL */
    char packed_of[SHA256_TEXT_MAX]; /* its name in the archive */

    struct forecast_kept *forecasts; /* of the last evaluations */
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

    struct composing *composing; /* messages being stored, or NULL */
    size_t waiting_groups;       /* whose news waits for the next day's message */
    size_t shut_groups;          /* likewise, for the hours of their recipients */
    struct wall_time opens_at;   /* when the first of these begin; .ms 0: none waits */
    struct wall_time plan_notices_at,
        forum_notices_at;          /* likewise, of notices; .ms 0: none waits */
    struct table resting;          /* receiver -> struct mono_time *: not before */
    struct table paces;            /* receiver -> what it was given lately */
    struct wall_time outage_since; /* Redis unusable, on record; .ms 0: no outage */
    struct mono_time redis_since;  /* it is usable, or not, since */
    bool redis_was_usable, said_direct;
    struct direct *directs;    /* messages that go out without Redis */
    struct notify_test *tests; /* on their way */
    struct table
        firing; /* "receiver|alert id" -> what an Alertmanager was last told fires, as JSON */
    struct resend *resends;       /* when it is sent again */
    struct doctoring *doctorings; /* the first may be under way */
    struct heartbeat heartbeat;
    struct civil_date daily_tested; /* the day whose tests are due or done, as this run knows */
    char daily_late[240];           /* "" or receivers that have not taken theirs, since when */
    struct {
        struct civil_date looked, of; /* whoever may read it that day has the digest of this week */
        struct wall_time opens;       /* then others may; .ms 0: nobody else */
    } weekly;
    size_t letters_in_flight;    /* calls about dead letters that Redis has not answered */
    struct mono_time letters_at; /* no such call before */

    struct simulation *simulation; /* NULL: real */
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
    struct mono_time backfill_until; /* a backfill is under way: nothing is judged before */
    struct mono_time backfill_most;  /* nor, whatever comes, after this */
    char trouble[240];               /* what made the books be loaded again */
    struct mono_time retry_at;       /* they are not loaded before */
    int64_t retry_wait_ms;           /* 0: all work was done since the last failure */
    struct event *retry;
    bool is_full;               /* Redis takes no changes; what is due leaves all the same */
    struct mono_time change_at; /* then nothing is changed before */
    int batch_error;            /* of the first call of the batch that failed; 0: not known */
    bool is_load_stale;         /* what is being loaded is of an older configuration */
    bool said_clock_back;       /* in the log */
    struct table unheld;        /* "receiver|role" that reach nobody: said in the log */
    bool
        intake_failed; /* in this run a file was not fetched, or not taken despite room on the disk */
    char disk_trouble[128], inbox_trouble[128];
    struct mono_time disk_retry_at, inbox_retry_at; /* nothing is written, opened before */
    int64_t disk_wait_ms, inbox_wait_ms;
    struct table waiting_lists; /* feed -> every file that waits, struct waiting_list * */
};

#endif
