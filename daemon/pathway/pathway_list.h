/*
 * pathway_list - who waits on one list with one provider: state from snapshots and events
 *
 * Rules, which tests cite by number (DESIGN section 6):
 *  (1) A fact is a register keyed by pathway, event and occurrence; the highest version stands, ties by
 *      the bytes of the rest. Dates are values, never an order. So any order, batching and repetition of
 *      the same events gives the same state. Service, commissioner, place and each cohort value are a
 *      register each: a record that does not say one says nothing of it.
 *  (2) A snapshot decides who is open at its census. An event dated by then that disagrees is kept and
 *      counted, and moves no count; later events apply on top.
 *  (3) A pathway missing from the next snapshot stopped at that census, outcome unknown, unless an event
 *      since the census before gives date and outcome. One that comes back is the same pathway: its stop
 *      is taken back.
 *  (4) The same census again replaces the earlier one, as if that had never been.
 *      Of the stages that begin with a pathway a snapshot speaks only where it names one: the others are
 *      counted when an event ended them.
 *  (5) Spells are a view: recomputed for one person from all live facts, and all that the snapshots say of
 *      the person's referrals, whenever one changes. One that a snapshot knows ends with its last referral.
 *  (6) A pathway whose clocks all stopped more than 15 months ago (list_keep()) is then only counted; a later event of
 *      it is set aside as too old and counted.
 *  (7) Gone from the census of one provider and come to another's of the same day: it moved, and waits on.
 *
 * Pure: no clock, no I/O. Only pseudonyms come in. Owns everything; records are borrowed for the call.
 * After -ENOMEM from a call that changes the list it is of no further use: free it and load it again.
 */
#ifndef PATHWAY_PATHWAY_LIST_H
#define PATHWAY_PATHWAY_LIST_H

#include "base/digest.h"
#include "base/text.h"
#include "parse/pathway_record.h"
#include "pathway/service.h"
#include "pathway/tally.h"

#define LIST_KEPT_MONTHS 15 /* after the last stop, unless list_keep() says otherwise */

struct pathway_list;

/** services are borrowed for as long as the list. service: of rows that name none; NULL: undeclared.
 * NULL without memory. */
struct pathway_list *list_new(const struct services *services, const char *service);
void list_free(struct pathway_list *l);
/** For how many months after their last stop pathways are kept (rule 6): 1 or more, the same for as long as the
 * list lives, packed or not. Said before its first row. */
void list_keep(struct pathway_list *l, unsigned months);

/** What became of a row. All but the first three are counted in the change and move nothing. */
enum list_verdict {
    LIST_TAKEN,        /* it changed the state */
    LIST_SAME,         /* known already */
    LIST_OLDER,        /* a higher version of the fact is known */
    LIST_NO_START,     /* a row of a snapshot without a clock start */
    LIST_OUT_OF_RANGE, /* a date before 1970-01-02, after 2149, or after the day the file came */
    LIST_UNKNOWN_EVENT,
    LIST_TOO_OLD,        /* rule 6 */
    LIST_TOO_MANY_CODES, /* more groups or reasons than can be told apart */
    LIST_ELSEWHERE,      /* under a code that is not of the list (list_elsewhere.h) */
    LIST_VERDICTS
};
/** For receipts: "no-clock-start", "out-of-range", "too-old", ... */
const char *list_verdict_name(enum list_verdict verdict);

/** What one file did. Add up over its rows: LIST_CHANGE_INIT first. */
struct list_change {
    /** The earliest day of which a count may differ now; DATE_NONE: none. A pathway that a snapshot only
     * puts into another group (a stage, an age band) differs from that census on: groups are as the last
     * snapshot says, so of an earlier census only what it said itself is right. */
    struct civil_date from;
    bool rewrite; /* packed buckets are to be written anew; else only what was touched */
    uint64_t verdicts[LIST_VERDICTS];
    uint64_t duplicates; /* rows of a snapshot whose pathway had another row in it */
    uint64_t started, stopped,
        returned; /* pathways new in the snapshot, gone from it, back in it */
    uint64_t purged;
};
#define LIST_CHANGE_INIT                                                                           \
    {                                                                                              \
        .from = DATE_NONE                                                                          \
    }

/* ---- a snapshot: begin, its rows, end ---- */

/** Which row of a pathway stands within one snapshot; a higher version always does. */
enum list_duplicates { LIST_FIRST_STANDS, LIST_LAST_STANDS };

/** received: the day the file came (a rebuild gives the same). Returns 0; -ESTALE where the list has a
 * later census; -ERANGE for a census out of range. */
int list_snapshot_begin(struct pathway_list *l, struct civil_date census,
                        struct civil_date received, enum list_duplicates duplicates);
/** Returns an enum list_verdict, or -ENOMEM. Of a row whose group list_snapshot_knows(), the words of the group are
 * not looked at. */
int list_snapshot_row(struct pathway_list *l, const struct pathway_record *row);
/** That row comes soon: what of it lies far off in memory is on its way. Changes nothing. */
void list_snapshot_soon(const struct pathway_list *l, const struct pathway_record *row);
/** Whether a row with the same .group came before. */
bool list_snapshot_knows(const struct pathway_list *l, const struct pathway_record *row);
/** A pathway that the snapshot names, though its row is not taken: it stays as it was. 0 or -ENOMEM. */
int list_snapshot_still_open(struct pathway_list *l, const uint8_t key[PSEUDONYM_BYTES]);
/** The rows become the list's. Linear in rows and pathways kept. Returns 0 or -ENOMEM. */
int list_snapshot_end(struct pathway_list *l, struct list_change *out_change);
/** The rows are forgotten; the list is as before the beginning. */
void list_snapshot_abandon(struct pathway_list *l);

/** Rule 7, after one of these lists was given that census: looks through those that were gone from this one on
 * that day, whether one of `others`, the other providers' parts of the list, has them since. In any order
 * of the files of one census the same comes out. Returns 1 where it changed what is counted, 0, or -ENOMEM. */
int list_mark_moved(struct pathway_list *l, const struct pathway_list *const *others, size_t count,
                    struct civil_date census, struct list_change *change);

/* ---- events ---- */

/** Touches the pathway of the record alone, or the spells of its person. A record with a clock start
 * reports the referral as well. received as above. Returns an enum list_verdict, or -ENOMEM. */
int list_event(struct pathway_list *l, const struct pathway_record *event,
               struct civil_date received, struct list_change *change);
/** What the record reported is taken back: each register that stands as the record said it knows nothing
 * from now on, and a pathway of which nothing is left is gone at the end of the file. What a register said
 * before the record did is not kept: tell again who else spoke of it. The watermark stays. Returns 0 or
 * -ENOMEM. */
int list_take_back(struct pathway_list *l, const struct pathway_record *event,
                   struct civil_date received, struct list_change *change);
/** Its events are known to the end of this day, also where the last days had none. */
void list_reaches(struct pathway_list *l, struct civil_date day);
/** After the last event of a file. Returns 0 or -ENOMEM. */
int list_events_end(struct pathway_list *l, struct list_change *change);

/* ---- asking ---- */

/** For as long as the list; changes with it. */
const struct tally *list_tally(const struct pathway_list *l);
/** By group, how many are open at the census of whose stage nothing is known: the row names none, one that the
 * service does not declare, or no start of it, and no event told of them. counts: tally_group_count() of
 * list_tally(). Nobody, where the service has no stages. */
void list_stage_untold(const struct pathway_list *l, uint64_t *counts);
/** How many of the snapshots' pathways no event tells of, and may have ended this stage by what rows say: those
 * who are gone, whose stage no row names, and who are at one that does not lie before its end. */
uint64_t list_ended_untold(const struct pathway_list *l, int clock);
/** Of the last snapshot; DATE_NONE before any. */
struct civil_date list_census(const struct pathway_list *l);
/** The latest event date or census taken. */
struct civil_date list_watermark(const struct pathway_list *l);

struct list_counts {
    uint64_t pathways;      /* kept */
    uint64_t by_snapshot;   /* of these, known from snapshots */
    uint64_t by_events;     /* with facts */
    uint64_t facts;         /* registers, retracted ones too */
    uint64_t disagreeing;   /* pathways with facts that a snapshot contradicts (rule 2) */
    uint64_t without_start; /* pathways with events and no clock start: TALLY_UNREFERRED */
    uint64_t too_old;       /* events set aside so far (rule 6) */
    uint64_t forgotten;     /* pathways purged so far (rule 6) */
};
void list_counts(const struct pathway_list *l, struct list_counts *out_counts);

/** for (size_t at = 0; list_next(l, &at, &key, &start, &stop);) pathways of the last snapshot, by key;
 * stop DATE_NONE where open at its census. key is borrowed until the list changes. */
bool list_next(const struct pathway_list *l, size_t *at, const uint8_t **out_key,
               struct civil_date *out_start, struct civil_date *out_stop);
/** The same over the rows between begin and end, in the order they came, duplicates included. */
bool list_staged_next(const struct pathway_list *l, size_t *at, const uint8_t **out_key,
                      struct civil_date *out_start);
/** How many were open at the last census. */
uint64_t list_count_open(const struct pathway_list *l);
/** Whether the pathway was open at the last census; then *out_start (may be NULL) is its clock start. */
bool list_has_open(const struct pathway_list *l, const uint8_t key[PSEUDONYM_BYTES],
                   struct civil_date *out_start);
/** Whether the pathway's clock is one that begins anew each time (a page that is reviewed). */
bool list_begins_anew(const struct pathway_list *l, const uint8_t key[PSEUDONYM_BYTES]);
/** Whether the pathway is kept. */
bool list_has(const struct pathway_list *l, const uint8_t key[PSEUDONYM_BYTES]);

/** SHA-256 of the state in one canonical form: equal for equal facts and snapshots. -ENOMEM. */
int list_digest(struct pathway_list *l, char out_hex[SHA256_TEXT_MAX]);

/* ---- packed, for the store ----
 *
 * A list is packed as: the book (names, censuses, counters: small, with every commit), what is only
 * counted (the cells of purged pathways: changes with .rewrite), buckets of about 512 pathways sorted by
 * key, and single pathways with facts for what events touched since the buckets were written. Each
 * packed text ends with a check sum; a cut or changed one is refused. Numbers are little-endian.
 *
 * Loading: list_new, list_unpack_book, list_unpack_counted, list_unpack for each bucket in any order,
 * list_unpack_pathway for the touched ones, list_loaded. Each returns 0, -ENOMEM, or -EBADMSG: then the
 * list is of no further use.
 */
#define LIST_BUCKET_PATHWAYS 512
/** How many leading bits of a key choose its bucket, so that one holds about LIST_BUCKET_PATHWAYS. */
unsigned list_bucket_bits(const struct pathway_list *l);
/** 0 to 2^bits - 1. */
uint32_t list_bucket(const uint8_t key[PSEUDONYM_BYTES], unsigned bits);

/** Each adds to out_packed. Returns 0 or -ENOMEM. */
int list_pack_book(const struct pathway_list *l, struct text *out_packed);
int list_pack_counted(const struct pathway_list *l, struct text *out_packed);
/** *out_pathways: how many are in it; 0 leaves the text empty. */
int list_pack(struct pathway_list *l, uint32_t bucket, unsigned bits, struct text *out_packed,
              size_t *out_pathways);
/** The facts of one pathway; -ENOENT where it has none. */
int list_pack_pathway(const struct pathway_list *l, const uint8_t key[PSEUDONYM_BYTES],
                      struct text *out_packed);
/** for (size_t at = 0; list_touched_next(l, &at, &key);) pathways whose facts changed since the last
 * clear, each once. */
bool list_touched_next(const struct pathway_list *l, size_t *at, const uint8_t **out_key);
void list_touched_clear(struct pathway_list *l);

int list_unpack_book(struct pathway_list *l, const void *bytes, size_t len);
int list_unpack_counted(struct pathway_list *l, const void *bytes, size_t len);
int list_unpack(struct pathway_list *l, const void *bytes, size_t len);
/** Replaces the facts of that pathway. */
int list_unpack_pathway(struct pathway_list *l, const void *bytes, size_t len);
/** Counts anew. -EBADMSG also where a bucket or a touched pathway is missing: the book is of the same
 * commit as the last of them. */
int list_loaded(struct pathway_list *l);

#endif
