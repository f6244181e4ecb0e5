/*
 * feed_book - what the daemon knows of one feed, from the receipts applied so far
 *
 * A plain value: age, coverage, which table brought what, and the files that wait for a person. It
 * follows from the receipts alone, in their order, so applying them again gives the same book.
 */
#ifndef STORE_FEED_BOOK_H
#define STORE_FEED_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/table.h"
#include "plan/evaluate.h"

/** A provider missing from the newest edition of one part (table, band) of a period. */
struct feed_gap {
    char *provider, *part;
    char *measure; /* NULL: missing altogether; else this one figure of the organisation */
    bool
        absent; /* the figure is no longer in the table; else it is a total that blanks contradict */
    int flaw;   /* enum list_flaw: the part of a list came, and this is wrong with it */
    char *words; /* of a flaw */
    struct civil_date period_end;
};

/** A table (and band) of a feed, and the newest period of which it brought figures. */
struct feed_part {
    char *part;
    struct civil_date newest;
};

/** A file that was held or refused, until a person decides or a later file takes its place. */
#define WAITING_UNKNOWN 0 /* the receipt of a file that only a daemon before us had */
struct waiting_receipt {
    uint64_t receipt;
    char *why;     /* a sentence without its end: which file, what was found */
    char *part;    /* its table and band; NULL: unknown */
    bool held;     /* else refused: it says nothing newer than what is in force */
    bool incident; /* refused because it holds identifiers: only a person ends that */
    bool unread;   /* accepted, and its bytes cannot be read: no later file says what it said */
    struct civil_date since;  /* local date of receipt */
    struct civil_date newest; /* end of its newest period; DATE_NONE: unknown */
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
    char
        *kept; /* the organisation codes that became series, sorted, "*": all; NULL: no file yet. Of
                   a feed into a list: by which rules and for which measures it was counted */
    uint64_t era;                  /* of the list that it writes, see pipeline_lists.c; 0: none */
    struct waiting_receipt *waits; /* files that nobody decided on, in order of receipt */
    size_t wait_count;
    char *last_outcome; /* words of the newest receipt, or NULL */
    struct wall_time last_outcome_at;
};

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
/** What is wrong with a provider's part of a list, in words (NULL: nothing); replaces what was known of the
 * same flaw in that period, or, of events (upto), in any. Returns 0 or -ENOMEM. */
int feed_book_flaw(struct feed_book *b, const char *provider, enum list_flaw flaw,
                   struct civil_date period_end, bool upto, const char *words);
/** Remembers which part brings a watched figure. Returns 0 or -ENOMEM. */
int feed_book_saw(struct feed_book *b, const char *measure_id, const char *part);
/** Notes the newest period of a part. Returns 0 or -ENOMEM. */
int feed_book_part(struct feed_book *b, const char *part, struct civil_date newest);
/** Whether the part brought a newer period than this one since. */
bool feed_book_has_newer(const struct feed_book *b, const char *part, struct civil_date period_end);
/** A file waits for a person; replaces what is known of the same receipt (but files of receipt
 * WAITING_UNKNOWN wait each for itself). Copies the strings. Returns 0 or -ENOMEM. */
int feed_book_wait(struct feed_book *b, const struct waiting_receipt *w);
/** A person decided on it: it waits no longer. */
void feed_book_decided(struct feed_book *b, uint64_t receipt);
/**
 * A file of this part, received as number receipt and reaching to newest, takes effect. It takes the
 * place of what was received before it: of refused files always, of held ones of the same part (or
 * of none known) that reach no further.
 */
void feed_book_supersede(struct feed_book *b, uint64_t receipt, const char *part,
                         struct civil_date newest);
/** How many files wait, incidents (which are told apart) left out. */
size_t feed_book_waits(const struct feed_book *b);
/** The newest of them, or NULL. */
const struct waiting_receipt *feed_book_newest_wait(const struct feed_book *b);
bool feed_book_holds_file(const struct feed_book *b);
/** Removes every contradicted total of one part and period: the file about to be applied says anew.
 */
void feed_book_clear_totals(struct feed_book *b, const char *part, struct civil_date period_end);

#endif
