/*
 * folder - a temporary folder for one test
 *
 * char path[FOLDER_MAX]; folder_begin(path); ... folder_end(path);
 * folder_end() removes everything below it. file_begin() and file_end() do the same for one file of a
 * given text. Header only.
 */
#ifndef SUPPORT_FOLDER_H
#define SUPPORT_FOLDER_H

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MAX 64

static inline int folder_remove_one(const char *path, const struct stat *st, int what,
                                    struct FTW *at)
{
    (void)st;
    (void)what;
    (void)at;
    return remove(path);
}

static inline void folder_begin(char path[FOLDER_MAX])
{
    (void)snprintf(path, FOLDER_MAX, "/tmp/waitlistd-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
}

/** Writes a file of that folder anew. */
static inline void folder_put(const char *path, const char *name, const char *text)
{
    char file[FOLDER_MAX + 64];

    (void)snprintf(file, sizeof file, "%s/%s", path, name);
    FILE *f = fopen(file, "w");

    ck_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static inline void folder_end(const char *path)
{
    ck_assert_int_eq(nftw(path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/** A file of this text, outside every folder of a test. */
static inline void file_begin(char path[FOLDER_MAX], const char *text)
{
    (void)snprintf(path, FOLDER_MAX, "/tmp/waitlistd-test-XXXXXX");
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(close(fd), 0);
}

static inline void file_end(const char *path)
{
    ck_assert_int_eq(unlink(path), 0);
}

#endif
