/*
 * pipeline_apply_list_internal - a pathway file on its way into a list
 *
 * pipeline_apply_list.c: its rows, into the list in memory. pipeline_apply_rows.c: packed rows, by two threads.
 * pipeline_apply_stage.c: from there into Redis.
 * pipeline_apply_left_out.c: whether more of it is left out than of the files before.
 * pipeline_apply_listbook.c: which periods it changes, and what the feed's book says of it.
 */
#ifndef PIPELINE_APPLY_LIST_INTERNAL_H
#define PIPELINE_APPLY_LIST_INTERNAL_H

#include "base/helper.h"
#include "base/text.h"
#include "feed/relay.h"
#include "parse/pathway_archive.h"
#include "pathway/list_elsewhere.h"
#include "pathway/list_ended.h"
#include "pathway/packed_rows.h"
#include "pipeline_apply_internal.h"
#include "pipeline_apply_set.h"
#include "store/store_list.h"

#define PART_FIELDS 12 /* that a part says of itself */

/* One part of the list, while a file is applied. */
struct part {
    struct stored_list *stored;
    struct list_change change;
    struct civil_date before;   /* to which day it was known; DATE_NONE: not at all */
    struct civil_date reaches;  /* of a set: end of the newest period that it tells of */
    unsigned long rows;         /* of the file */
    struct civil_date newest;   /* of these */
    struct ended ended;         /* rows of pathways that are not of the list any more */
    struct elsewhere elsewhere; /* its pathways that the file names under codes not of the list */
    bool has_begun;             /* a snapshot */
    bool is_older;              /* the list has a later census: nothing of the file counts */
    bool is_moved;         /* its pathways came from, or went to, another organisation's part */
    bool is_marked;        /* which of its pathways went to other parts is told otherwise now */
    bool is_renamed;       /* its people have other pseudonyms now, by a change of our own key */
    bool is_rekeyed;       /* its people came under other keys */
    bool is_staged;        /* a new generation */
    unsigned bits;         /* of its buckets */
    uint32_t bucket;       /* the next to be staged */
    size_t blobs, touched; /* of the new generation; pathways for the overlay */
    struct text book, censuses;
    char numbers[PART_FIELDS][24], dates[PART_FIELDS][DATE_TEXT_MAX];
    struct list_field fields[PART_FIELDS];
};

struct list_apply {
    const struct list_setting *list;
    struct pathway_archive *reader;
    struct relay *relay; /* reader, digest and file are its thread's; NULL: the loop's */
    struct packed_rows
        *packed;              /* of the file being read, instead of the archive's bytes; or NULL */
    struct row_lanes *lanes;  /* of these */
    struct helper *helper;    /* of a file of many rows; or NULL */
    struct digest *digest;    /* of the bytes read so far, where they are not fresh; or NULL */
    struct readings readings; /* of the archive, one after the other */
    size_t reading;
    enum list_duplicates duplicates;
    struct part *parts; /* in the order of the list's providers */
    size_t part_count;
    struct table by_provider;   /* as rows name it -> its part */
    unsigned long rows, others; /* others: of services and providers that are not on the list */
    size_t staging;             /* the part being staged */
    struct load *load;          /* the next call of it; NULL: nothing is staged */
    struct text why;            /* the file is held for a person */
};

static inline bool apply_is_snapshot(const struct apply *a)
{
    return a->feed->kind == FEED_SNAPSHOT;
}

/** A snapshot's part begins, if it did not, with the census of its first row. Returns 0 or -errno. */
int apply_begin_part(struct apply *a, struct part *part, struct civil_date census);
/** A row that is of the part. By either thread, where the part has begun. Returns 0 or -errno. */
int apply_part_row(struct apply *a, struct part *part, const struct pathway_record *row);

/** Rows that are in memory, .packed, from now on. Returns 0 or -ENOMEM. */
int apply_lanes_open(struct list_apply *l);
/** Takes the next of them: on_row is called with those that are no part's, parts take theirs, both threads at once.
 * Returns 0; -errno; what on_row returned. *out_is_done: none is left. */
int apply_lanes_take(struct apply *a, int (*on_row)(void *arg, const struct pathway_record *row),
                     bool *out_is_done);
void apply_lanes_close(struct list_apply *l);

void apply_load_free(struct load *load); /* accepts NULL */

/** Whether a person must decide, since more rows than before come under codes that are not of the list: of nothing
 * that a person decided already. Returns 1: the words are in .why; 0; or -ENOMEM. */
int apply_check_left_out(struct apply *a);

#endif
