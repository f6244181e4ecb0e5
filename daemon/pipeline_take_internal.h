/*
 * pipeline_take_internal - what the files that take a file in share
 *
 * pipeline_take.c: turn by turn from an inbox to a receipt. pipeline_take_pathway.c: what is different of
 * a file of pathways, of which only pseudonymised rows are kept.
 */
#ifndef PIPELINE_TAKE_INTERNAL_H
#define PIPELINE_TAKE_INTERNAL_H

#include "feed/content.h"
#include "feed/relay.h"
#include "parse/parser.h"
#include "parse/pathway_archive.h"
#include "pathway/packed_rows.h"
#include "pipeline_internal.h"

/* One file on its way. */
struct taking {
    struct taking *next;
    struct pipeline *pipeline;
    const struct take_source *source;
    void *arg; /* the source's */
    bool is_on_disk;
    char *feed, *name;
    int fd; /* our own: the offered one is borrowed */
    struct receipt receipt;
    char refusal[512];
    const struct format *format; /* of the configuration: a reload ends the taking */
    struct archive_file *file;   /* its bytes as they came; NULL: not kept, or not yet */
    struct digest *digest;       /* of these */
    struct parser *parser;
    struct content *content; /* being parsed; NULL: not yet, or no longer */
    struct relay *relay;     /* parser and content are its thread's; NULL: the loop's */
    struct keyed_digest
        *people; /* of a file that is read by a thread: its persons are named by the loop */
    struct table organisations; /* codes of accepted rows */
    struct civil_date received; /* local date */
    bool has_begun;

    /* Of pathways. */
    bool is_pathway;
    bool is_refused;                 /* it was read to its end: now its bytes are kept */
    const struct list_setting *list; /* that it goes into; of the configuration */
    struct table
        printed; /* providers, as its rows name them -> place among the list's, from 1 on */
    struct archive_file *canonical; /* its rows, pseudonymised */
    struct pathway_writer writer;   /* of these */
    struct packed_rows
        *packed;             /* the same rows in memory; NULL: they are too many, or no snapshot */
    struct renamed *renamed; /* what its pseudonyms were under the key before */
    size_t renamed_count, renamed_cap;
    bool is_set;
    bool lacks_submission;    /* a row names none */
    struct table submissions; /* of a set: keys, see feed/submissions.h */
};

/** Prepares the first pass. Returns 0 or -errno. */
int take_pathway_begin(struct taking *t);
/** For relay_take(); arg: the taking. */
int take_pathway_row(void *arg, const struct pathway_record *row);
/** Goes on after the last byte was parsed: a file that is refused has its bytes kept before its receipt.
 * Sets *out_is_done where nothing is left to do. Returns 0 or -errno. */
int take_pathway_parsed(struct taking *t, bool *out_is_done);
/** Why an accepted file is held for a person; malloc'ed, NULL: it is not, or without memory (then
 * *out_held). before: the file in force before it, or NULL. */
char *take_pathway_why_held(const struct taking *t, const struct receipt *before, bool *out_held);
/** What of the list the file is, for its receipt: "" several providers, else the one; of a set the table
 * before it; malloc'ed. */
char *take_pathway_part(const struct taking *t);
/** What its receipt says beside the outcome. Returns 0 or -ENOMEM. */
int take_pathway_describe(struct taking *t);
/** The rows become durable, under the name that the receipt then holds. Returns 0 or -errno. */
int take_pathway_keep(struct taking *t);
/** A name that says nothing of what people called the file. malloc'ed, or NULL. */
char *take_pathway_name(const struct taking *t, const char *sha256);

/** For struct parser_options; arg: the taking. */
int renamed_note(void *arg, const uint8_t before[PSEUDONYM_BYTES],
                 const uint8_t now[PSEUDONYM_BYTES]);
/** What was noted becomes durable, under the name that the receipt then holds. Returns 0 or -errno. */
int renamed_keep(struct taking *t);

#endif
