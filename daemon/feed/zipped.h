/*
 * zipped - the one data file of a zip archive, as a stream of bytes (libzip)
 *
 * Some publishers deliver a zip that holds one file, often inside a folder. Nothing is unpacked to
 * disk and memory is bounded whatever the archive says: its list of entries is measured before it
 * is read, and the data are counted while they come. Folders, and what a Mac adds (__MACOSX, ._NAME,
 * .DS_Store), are no data files. Refused, each with a sentence that says what to do: no file, several,
 * encrypted, a workbook, a method that libzip lacks, too large, grown too much (a bomb), damaged (its
 * check sum), cut, and bytes before, between or after what the archive lists.
 */
#ifndef FEED_ZIPPED_H
#define FEED_ZIPPED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ZIPPED_BYTES_MAX  (256u << 20) /* of the data file, unpacked; published ones reach 175 MB */
#define ZIPPED_RATIO_MAX  200          /* unpacked to packed; published files reach 40 */
#define ZIPPED_RATIO_FREE (1u << 20)   /* so many bytes may grow from anything */
#define ZIPPED_LIST_MAX   (64u << 10)  /* bytes of the list of entries */

struct zipped;

struct zipped_refusal {
    const char *reason; /* "zip" or "workbook" */
    char sentence[192];
};

/** Whether a file that begins with these bytes is a zip archive. */
bool zipped_is(const void *head, size_t len);
/** Whether a zip archive of this size has its end: the last record stands where the file ends. */
bool zipped_has_end(int fd, off_t size);

/** Opens the archive for reading its data file. fd is borrowed until zipped_close() (its position
 * moves). Returns 0; -EBADMSG with *out_refusal filled; -errno. */
int zipped_open(int fd, struct zipped **out_zipped, struct zipped_refusal *out_refusal);
/** The name of the data file, without folders; borrowed. */
const char *zipped_name(const struct zipped *z);
/** Bytes read, 0 at the end of an undamaged file, -EBADMSG with *out_refusal, or -errno. */
ssize_t zipped_read(struct zipped *z, void *bytes, size_t size, struct zipped_refusal *out_refusal);
void zipped_close(struct zipped *z);

#endif
