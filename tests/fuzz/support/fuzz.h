/*
 * fuzz - what every fuzz target shares
 *
 * A target is one file of tests/fuzz that defines fuzz_one(): it reads the bytes it is given and
 * checks a property of the code under test beyond "it did not crash". It is built twice: by clang
 * with libFuzzer, which makes inputs (make fuzz), and with replay.c, which feeds the kept corpus
 * through it (make check, make sanitize). A failed property prints a sentence and aborts; so does an
 * input that takes more than FUZZ_CPU_MS of processor time. Input is generated, never a person's.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/text.h"

#define FUZZ_CPU_MS                                                                                \
    1000 /* RELIABILITY section 3: no input over 1 s; waits for others not counted */

/** The target. bytes holds len bytes and is not terminated. */
void fuzz_one(const char *bytes, size_t len);
/** libFuzzer's entry: fuzz_one() under the limits. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/** Unless it holds: prints the place and the sentence (printf), then aborts. */
#define FUZZ_CHECK(condition, ...)                                                                 \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fuzz_fail(__FILE__, __LINE__, #condition, __VA_ARGS__);                                \
    } while (0)
void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((noreturn, format(printf, 4, 5)));

/** The first byte taken off the input; 0 when none is left. */
unsigned char fuzz_byte(const char **bytes, size_t *len);
/**
 * The next part of the input: up to a line of "====" (taken off), or all of it. Several files fit
 * into one input so.
 */
size_t fuzz_part(const char **bytes, size_t *len, const char **out_part);

/** A folder of this process in memory or under TMPDIR, removed at the end. */
const char *fuzz_folder(void);
/** Writes a file in it, whole; returns its path, which lives as long as the process. */
const char *fuzz_file(const char *name, const void *bytes, size_t len);

/**
 * What every refusal owes: at least one error; each message with a file, a sentence of one line
 * without control characters, and, where it has a line, a column and an excerpt of one line.
 */
void fuzz_check_refusal(const struct diags *diags);
/** The messages as printed, for comparing two runs; malloc'ed. */
char *fuzz_messages(const struct diags *diags);

#endif
