/*
 * file - the few durable things done with files
 *
 * Thin wrappers over system calls: whole writes, folders made and synced, a file replaced in one
 * step. Retries what was interrupted (EINTR) and nothing else; a failed sync is never tried again,
 * because the kernel may have dropped the bytes and forgotten the error. Never logs.
 * Each function returns 0 or -errno unless it says otherwise; everything given is borrowed.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/text.h"

/** Writes all of it, or fails. */
int file_write_all(int fd, const void *bytes, size_t len);
/** The same at an offset; the file's position stays. */
int file_write_all_at(int fd, const void *bytes, size_t len, off_t offset);
/** Appends the rest of an open file. -EFBIG past out_text->max. */
int file_read_rest(int fd, struct text *out_text);
/** Reads a whole regular file of at most max_bytes (-EFBIG); -EINVAL for anything but a regular
 * file. */
int file_read(const char *path, size_t max_bytes, struct text *out_text);

/** Writes a file under a temporary name, syncs it, renames it, syncs the folder: whole or not at
 * all. */
int file_replace_at(int folder_fd, const char *name, const void *bytes, size_t len, mode_t mode);
int file_replace(const char *path, const void *bytes, size_t len, mode_t mode);

/** Syncs an open file or folder. -ENOTRECOVERABLE when that fails: nobody knows what reached the disk,
 * and a second sync may succeed without it, so it is never tried again (F19 of RELIABILITY). */
int file_sync(int fd);

/** Makes a folder and those above it where missing (mode 0700), each synced into its parent.
 * -ENOTDIR where a file is in the way. */
int folder_make(const char *path);
/** Syncs a folder's entries. */
int folder_sync(const char *path);
/** The same for the folder that holds this path. */
int folder_sync_parent(const char *path);

/** "folder/name", malloc'ed; NULL without memory. */
char *path_join(const char *folder, const char *name);

/** Closes if 0 or more, and keeps errno; for AUTO(fd_close) int fd = -1; */
void fd_close(int *fd);

#endif
