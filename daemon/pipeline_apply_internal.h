/*
 * pipeline_apply_internal - what the files that apply a receipt share
 *
 * pipeline_apply.c: the kinds of receipt, and their order of commits. pipeline_apply_kept.c: which
 * organisations become series. pipeline_apply_read.c: the archived bytes to cells, judged against
 * what is stored. pipeline_apply_book.c: what the feed's book says after the file.
 * pipeline_apply_list.c: both for a pathway file, which goes into a list, with pipeline_apply_rows.c,
 * pipeline_apply_stage.c, pipeline_apply_left_out.c and pipeline_apply_listbook.c; pipeline_measures.c: what
 * plans count of that list, as cells.
 * pipeline_feed_figures.c: what they count of the feed itself. pipeline_apply_set.c: which files are read,
 * of sets.
 */
#ifndef PIPELINE_APPLY_INTERNAL_H
#define PIPELINE_APPLY_INTERNAL_H

#include "base/text.h"
#include "parse/format.h"
#include "pipeline_internal.h"

/* One cell that the file says, and what judging it against the series found. */
struct cell {
    struct series *series;
    struct civil_date start, end;
    struct series_version version;
    enum series_outcome outcome;
    char *rank; /* `duplicate: by COLUMN`: of rows with one key the highest stands; NULL: none */
};

/* What the organisations under a total sent: for a published 0 over blank parts. */
struct parts {
    unsigned blank, figures; /* figures: above 0, or withheld */
};

struct list_apply;

struct apply {
    struct pipeline *pipeline;
    const struct receipt *receipt; /* the step of the journal being applied */
    const struct receipt *file;    /* the file it is about: itself, or the one decided on */
    const struct feed_setting *feed;
    struct feed_book *book;     /* as it will be */
    struct format *kept_format; /* the mapping of then, where it is not today's */
    int fd;                     /* the archived file; -1: none is read */
    struct parser *parser;
    struct content *content; /* NULL: it is not being read */
    struct list_apply *into; /* of a pathway file; NULL: it does not take effect, or is another */
    struct cell *cells;
    size_t cell_count, cell_cap;
    size_t said_count;       /* cells that the file says; those behind are of the feed itself */
    struct table cell_index; /* "series|start|end" -> position + 1 */
    struct table kept;       /* organisation codes that become series */
    struct table periods;    /* "start|end" -> self when some cell holds a figure, else NULL */
    struct table ends;       /* "end" -> self: periods of which the file holds figures */
    struct table present;    /* "organisation|end" -> self: it sent a figure for that period */
    struct table parts;      /* "parent|measure|secondary|start|end" -> struct parts * */
    struct table concerned;  /* provider, or organisation with a parent: code -> its parent or "" */
    struct text last_org, last_name, last_code; /* as printed, and the code they mean */
    struct civil_date last_start, last_end;     /* of the record before, when noted with a figure */
    struct series_change *changes;
    size_t change_count; /* to be stored: fewer than .changed when a crash came after some slices */
    size_t sliced;       /* of these: go ahead of the ledger entry; the others with it */
    size_t changed;      /* figures that the file changed, this time or before the crash */
    struct civil_date newest, received; /* newest period with a figure; local date of receipt */
    unsigned long future;               /* cells of periods that lie ahead: left out */
    uint64_t expected;                  /* the newest receipt applied before this one */
    char part[96];                      /* which table and band of the edition this is */
    bool restated, covers, keeps_first;
    bool is_spoilt;  /* a pathway file that could not be read to its end */
    bool counts;     /* it takes effect: nobody decides on it first */
    bool is_again;   /* bytes applied before and superseded since: an edition that goes back */
    bool says_anew;  /* it changes what is in force */
    bool is_partial; /* what the file does not hold stands as it was */
};

/** Which organisations become series today, into the apply and its book. Returns 0 or -ENOMEM. */
int apply_set_kept(struct apply *a);
/** Opens the archived file for apply_read(). The format is borrowed until its end. Returns 0; -ENOENT
 * the archive lacks it; -errno. */
int apply_read_begin(struct apply *a, const struct format *format);
/** The next portion of the file to cells; *out_is_done after the last. Returns 0; -EBADMSG the mapping
 * refuses or holds it; -errno. */
int apply_read(struct apply *a, bool *out_is_done);
void apply_read_end(struct apply *a);
/** Marks totals that blanks contradict, and lists the cells that change a series. 0 or -ENOMEM. */
int apply_find_changes(struct apply *a);
/** The feed's book after this file: age, coverage, words. Returns 0 or -ENOMEM. */
int apply_update_book(struct apply *a);
/** Whether provider i of those that the feed must cover has figures in that period; out_code: its name
 * then. Returns 1, 0, -ENOENT where it has not begun yet, or -ENOMEM. */
int apply_covers(const struct apply *a, size_t i, struct civil_date end, const char **out_code);
/** Whether a file received later spoke of this period already: a held file was accepted late. */
bool apply_is_followed(const struct apply *a, struct civil_date end);
/** Adds a cell that the file says, with the rank of its receipt; of two of one period the one with the
 * higher rank stands (NULL: the later one). Returns 0 or -ENOMEM. */
int apply_add_cell(struct apply *a, struct series *series, struct civil_date start,
                   struct civil_date end, const struct series_version *figure, const char *rank);

/** Opens the archived rows of a pathway file for apply_list_read(). Returns as apply_read_begin(). */
int apply_list_begin(struct apply *a);
/** The next portion into the list in memory; *out_is_done after the last. Returns 0; -EBADMSG this
 * program does not read the rows; -EKEYREJECTED the list is as it was, a person decides; -errno. After any
 * other failure the lists are to be loaded again. */
int apply_list_read(struct apply *a, bool *out_is_done);
/** Whether the list in memory is not as Redis has it, though the file does not count. */
bool apply_list_is_ahead(const struct apply *a);
/** The rows of a snapshot that were read are forgotten. */
void apply_list_forget(struct apply *a);
/** Whether nothing is read: the file waits for others of its set, or none of its rows count. */
bool apply_list_is_idle(const struct apply *a);
/** Why a person decides; until apply_list_free(). */
const char *apply_list_why(const struct apply *a);
/** As apply_covers(), of the newest census; -ENOENT also for one that is not on the list. */
int apply_list_covers(const struct apply *a, size_t i, const char **out_code);
/** The feed's book after the file. Returns 0 or -ENOMEM. */
int apply_list_book(struct apply *a);
/** Stages what is to be written anew, some of it in each apply_list_stage(), then goes on with
 * apply_send_slices(). Returns 0 or -ENOMEM. */
int apply_list_commit(struct apply *a);
/** Between apply_list_commit() and apply_send_slices(). */
bool apply_list_is_staged(const struct apply *a);
/** For a turn of the loop, while it is: the next few blobs. The apply may have ended when it returns. */
void apply_list_stage(struct apply *a);
/** Adds the call that brings all that is left into force to the open batch. Returns as store_commit_list(). */
int apply_list_send(struct apply *a, const char *ledger_key, const struct ledger_entry *entry);
/** Redis took it. */
void apply_list_adopt(struct apply *a);
void apply_list_free(struct list_apply *l); /* accepts NULL */
/** Periods that end on that day or later may be counted otherwise after the file; DATE_NONE: all. */
struct civil_date apply_list_from(const struct apply *a);
/** The same for what is counted at one day: no census before the newest two is counted otherwise. */
struct civil_date apply_list_stocks_from(const struct apply *a);
/** What the plans count of the list, from that day on, as cells. Returns 0 or -ENOMEM. */
int measures_find(struct apply *a);
/** What plans count of how the feed comes, as cells: pipeline_feed_figures.c. Returns 0 or -ENOMEM. */
int feed_figures_find(struct apply *a);
/** The cells that changed go to their series, then the rest into force; of a list, the last slice of
 * cells in one call with it: a posted event is told a sync of Redis sooner. */
void apply_send_slices(struct apply *a);

/** Replaces a malloc'ed text. Returns 0 or -ENOMEM. */
int apply_set_words(char **field, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
