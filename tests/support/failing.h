/*
 * failing - calls of the C library that fail on demand, in this program and from here on
 *
 * failing_begin("pwrite ftruncate", 1, 2, ENOSPC) makes the first two of such calls fail; failing_end()
 * says how many did. Allocations are asked for as "malloc", "calloc" and "realloc": the program's own
 * malloc fails; under a sanitizer or valgrind, which bring their own, none does. Header only, for one
 * file of a program.
 */
#ifndef SUPPORT_FAILING_H
#define SUPPORT_FAILING_H

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#define FAILING_ALLOCATIONS "malloc calloc realloc"

static struct {
    const char *calls; /* names with blanks between; NULL: none fails */
    long first, last;  /* of them, counted from 1 */
    int error;
    _Atomic long seen, failed; /* a journal syncs in two threads */
} failing;

static inline void failing_begin(const char *calls, long first, long times, int error)
{
    failing.first = first;
    failing.last = first + times - 1;
    failing.error = error;
    failing.seen = failing.failed = 0;
    failing.calls = calls;
}

/** Returns how many calls failed. */
static inline long failing_end(void)
{
    failing.calls = NULL;
    return failing.failed;
}

/* No call of the C library that may itself fail here. */
static bool failing_now(const char *name)
{
    size_t len = strlen(name);

    for (const char *at = failing.calls; at; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, name, len) != 0 || (at[len] != '\0' && at[len] != ' '))
            continue;
        long n = ++failing.seen;

        if (n < failing.first || n > failing.last)
            return false;
        failing.failed++;
        errno = failing.error;
        return true;
    }
    return false;
}

#if !defined(__SANITIZE_ADDRESS__)
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size)
{
    return failing_now("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return failing_now("calloc") ? NULL : __libc_calloc(count, size);
}

void *realloc(void *p, size_t size)
{
    return failing_now("realloc") ? NULL : __libc_realloc(p, size);
}
#endif

/* The name is given to the linker only: the headers may have an inline function of it. */
#define FAILING_SYMBOL(result, name, symbol, params, args)                                         \
    result failing_##name params __asm__(symbol);                                                  \
    result failing_##name params                                                                   \
    {                                                                                              \
        result(*next) params;                                                                      \
                                                                                                   \
        if (failing_now(#name))                                                                    \
            return -1;                                                                             \
        *(void **)&next = dlsym(RTLD_NEXT, symbol);                                                \
        return next args;                                                                          \
    }
#define FAILING_CALL(name, params, args) FAILING_SYMBOL(int, name, #name, params, args)
#ifdef __USE_FILE_OFFSET64
#define FAILING_WIDE(result, name, params, args)                                                   \
    FAILING_SYMBOL(result, name, #name "64", params, args)
#else
#define FAILING_WIDE(result, name, params, args) FAILING_SYMBOL(result, name, #name, params, args)
#endif

FAILING_CALL(fsync, (int fd), (fd))
FAILING_CALL(fdatasync, (int fd), (fd))
FAILING_CALL(sync_file_range, (int fd, off_t at, off_t len, unsigned flags), (fd, at, len, flags))
FAILING_CALL(flock, (int fd, int how), (fd, how))
FAILING_CALL(mkdirat, (int folder, const char *name, mode_t mode), (folder, name, mode))
FAILING_CALL(unlinkat, (int folder, const char *name, int flags), (folder, name, flags))
FAILING_CALL(renameat, (int from, const char *old, int to, const char *new), (from, old, to, new))
FAILING_WIDE(int, ftruncate, (int fd, off_t len), (fd, len))
FAILING_WIDE(int, fstat, (int fd, struct stat *st), (fd, st))
/* The last argument stands in the same place for a call that has none. */
FAILING_WIDE(int, open, (const char *path, int flags, mode_t mode), (path, flags, mode))
FAILING_WIDE(int, openat, (int folder, const char *name, int flags, mode_t mode),
             (folder, name, flags, mode))
FAILING_WIDE(ssize_t, pread, (int fd, void *buf, size_t len, off_t at), (fd, buf, len, at))
FAILING_WIDE(ssize_t, pwrite, (int fd, const void *buf, size_t len, off_t at), (fd, buf, len, at))

#endif
