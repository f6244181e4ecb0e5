/*
 * seam - a preload that counts the calls of one program and can kill it, or fail one, at the n-th
 *
 * No part of any program: tests/support/seam.py builds it, sets the environment and reads the
 * report. It counts in the process that it was loaded into, never in a child, and is thread-safe.
 *
 *   SEAM_REPORT=FILE  counts, kept in the file while the program runs (a kill loses none):
 *                     records of a 24-byte name and a 64-bit count; and one "rule-N" a rule, how
 *                     often it struck. FILE.crash: the frames of a crash, innermost first;
 *                     FILE.struck: those of the first allocation that a rule struck
 *   SEAM_TRACE=FILE   one line a call, in order: name, first path or command, second path or length
 *   SEAM_STACKS=FILE  the number of each allocation that is the first from its chain of callers, and
 *                     where in the program those callers go on, innermost first
 *   SEAM_RULES=RULE;RULE…   each "ACTION NAMES N [ERRNO] [@PART]"
 *       ACTION  kill (SIGKILL before the call), fail, short (half of a write, one byte of a read)
 *       NAMES   names of the table in seam.c, or its groups, with commas
 *       N       counts what NAMES match, from 1; "N+" also everything after it
 *       ERRNO   a number; for allocations none is needed
 *       PART    counts only calls on a path that has this text in it; for allocations: only those
 *               made by what returns to this place in the program (as SEAM_STACKS has it: 0x…)
 */
#ifndef SEAM_H
#define SEAM_H

#include <stdbool.h>
#include <stddef.h>

enum seam_name {
    SEAM_OPEN,
    SEAM_READ,
    SEAM_PREAD,
    SEAM_WRITE,
    SEAM_PWRITE,
    SEAM_FSYNC,
    SEAM_FDATASYNC,
    SEAM_SYNC_FILE_RANGE,
    SEAM_FTRUNCATE,
    SEAM_RENAME,
    SEAM_UNLINK,
    SEAM_MKDIR,
    SEAM_LINK,
    SEAM_CLOSE,
    SEAM_SOCKET,
    SEAM_CONNECT,
    SEAM_ACCEPT,
    SEAM_SEND,
    SEAM_RECV,
    SEAM_CLOCK,
    SEAM_REDIS_BEFORE,
    SEAM_REDIS_SENT,
    SEAM_REDIS_REPLIED,
    SEAM_REDIS_TAKEN,
    SEAM_ALLOC,
    SEAM_NAMES
};

/** What a rule makes of a call. */
struct seam_verdict {
    int error; /* fail with this errno; 0: go on */
    bool is_short;
};

/** Counts one call; does not return where a rule kills. first, second: for the trace, or NULL. */
struct seam_verdict seam_hit(enum seam_name name, const char *first, const char *second);
/** Whether anybody looks at paths: the trace, or a rule with a PART. */
bool seam_is_traced(void);
/** Bytes were written to a descriptor, all of them or not: for the boundary "after send". */
void seam_redis_wrote(int fd, bool whole);

/** The next definition of a function, looked up once. */
#define SEAM_REAL(function, result, ...)                                                           \
    static result (*real)(__VA_ARGS__);                                                            \
    if (!real)                                                                                     \
    real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #function)

#endif
