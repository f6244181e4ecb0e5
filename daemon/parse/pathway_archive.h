/*
 * pathway_archive - pathway records as canonical CSV, and back
 *
 * What is kept of a pathway file: the accepted rows, declared columns only, under pseudonyms; never the
 * bytes that came. One line a record in the order of the file, so that the same file under the same key
 * gives the same bytes. What is read back is equal, field by field, to what was written (a test shows
 * it). Pure: the bytes go to and come from the caller.
 */
#ifndef PARSE_PATHWAY_ARCHIVE_H
#define PARSE_PATHWAY_ARCHIVE_H

#include "base/text.h"
#include "parse/pathway_record.h"

#define ARCHIVE_DAYS 512 /* texts of days that are kept: lists repeat those of two years */

struct pathway_writer {
    /** Takes bytes in the order of the archive; a non-zero return is passed on. */
    int (*put)(void *arg, const void *bytes, size_t len);
    void *arg;
    struct text pending; /* not yet put */
    struct text scratch;
    struct archive_day {
        struct civil_date day;
        char text[DATE_TEXT_MAX];
    } days[ARCHIVE_DAYS]; /* each at the place of its number */
};

void pathway_writer_init(struct pathway_writer *w, int (*put)(void *, const void *, size_t),
                         void *arg);
/** Adds a record made under a key. Returns 0, -ENOMEM, or what put returned. */
int pathway_writer_add(struct pathway_writer *w, const struct pathway_record *r);
/** Puts what is pending; of no record the header alone. Returns as pathway_writer_add. */
int pathway_writer_end(struct pathway_writer *w);
void pathway_writer_release(struct pathway_writer *w);

struct pathway_archive; /* a reader */

/** record gets each record, borrowed for the call; a non-zero return ends the reading and is passed on.
 * NULL without memory. */
struct pathway_archive *pathway_archive_new(int (*record)(void *, const struct pathway_record *),
                                            void *arg);
/** Bytes in any portions. Returns 0, -ENOMEM, -EBADMSG (no such archive, or damaged), or what record
 * returned. */
int pathway_archive_push(struct pathway_archive *a, const void *bytes, size_t len);
/** Returns as pathway_archive_push. An archive that does not end with a line end is damaged. */
int pathway_archive_finish(struct pathway_archive *a);
void pathway_archive_free(struct pathway_archive *a);

#endif
