/*
 * archive - accepted files, and the mapping files that read them, by SHA-256 of their content
 *
 * STATE/archive/ab/abcdef....; written under a temporary name while hashing, synced, renamed, the
 * folder synced: a name is always a whole file. Keeping the same content twice is a no-op. What is
 * written is synced as it grows, so that the last sync is short whatever the file's size.
 * Leftover temporary files are removed at opening, and the names of the folders that are there are synced.
 *
 * A small file may be deferred: read back under its hash as any other, from memory, and not yet on the disk. Whoever
 * defers it has made its bytes durable elsewhere, and settles the archive later.
 */
#ifndef STORE_ARCHIVE_H
#define STORE_ARCHIVE_H

#include <stddef.h>

#include "base/digest.h"

struct archive;
struct archive_file; /* one being written */

int archive_open(const char *folder, struct archive **out_archive);
/** The archive of another daemon, to be read alone: nothing is made, removed or written there. Returns 0
 * or -errno. */
int archive_open_reading(const char *folder, struct archive **out_archive);
/** What this archive has not is read from another daemon's, of which nothing is changed. Returns 0 or -errno. */
int archive_lay_over(struct archive *a, const char *folder);
void archive_close(struct archive *a);
int archive_begin(struct archive *a, struct archive_file **out_file);
/** The same, in memory until it is larger than ARCHIVE_SMALL: it may be deferred. It has no descriptor. */
int archive_begin_small(struct archive *a, struct archive_file **out_file);
#define ARCHIVE_SMALL (16u << 10)
int archive_write(struct archive_file *f, const void *bytes, size_t len);
/** For reading back what was written; borrowed. */
int archive_descriptor(const struct archive_file *f);
/** Makes it durable under its hash. Frees f. Returns 0 or -errno. */
int archive_commit(struct archive_file *f, char out_sha256[SHA256_TEXT_MAX]);
/** The same, durable only once the archive is settled, where it is small; else archive_commit(). */
int archive_defer(struct archive_file *f, char out_sha256[SHA256_TEXT_MAX]);
/** What was deferred under this hash; borrowed until the archive is settled. NULL: nothing was. */
const char *archive_deferred(const struct archive *a, const char *sha256, size_t *out_len);
/** Makes durable what was deferred, the oldest first. Returns 0 or -errno: what is left stays deferred. */
int archive_settle(struct archive *a);
/** Begins, writes and commits what is in memory. Returns 0 or -errno. */
int archive_keep(struct archive *a, const void *bytes, size_t len,
                 char out_sha256[SHA256_TEXT_MAX]);
/** Makes it durable outside the archive, as folder/name, in place of what is there; the folder is on
 * the same disk. Frees f. Returns 0 or -errno. */
int archive_divert(struct archive_file *f, const char *folder, const char *name);
void archive_abort(struct archive_file *f);
/** Removes a file for good, and syncs that. Returns 0, 1 when there was none, or -errno. */
int archive_erase(struct archive *a, const char *sha256);
/** Opens for reading: a descriptor or -errno. */
int archive_read(struct archive *a, const char *sha256);

#endif
