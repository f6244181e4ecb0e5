/*
 * diag - located messages, collected
 *
 * A message says where (file, line, column), what was found, and what would do. A parser collects
 * as many as one pass can find; the caller prints them. Owns copies of everything it is given.
 * The excerpt is the line of a configuration file; feeds never give one, since a row's content
 * must not appear in a message. Control characters of what was found are shown escaped, so that a
 * crafted file can neither forge a message nor steer the terminal.
 *
 *     plan.yaml:14:11: error: threshold "18w" is in weeks; median-wait is in days
 *        14 |   breach: 18w
 *           |           ^~~
 *           hint: for example "126d"
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

/** Where: 1-based line and column (in characters), 0 = unknown; length of the underlined text. */
struct diag_place {
    const char *file;
    unsigned line, column, length;
    const char *excerpt; /* the whole line, no line end, or NULL */
    size_t excerpt_len;
};

struct diag {
    enum diag_level level;
    const char *code; /* names the rule, for ever; static text, NULL: none */
    char *file;
    unsigned line, column, length;
    char *text, *hint, *excerpt; /* hint and excerpt may be NULL */
};

#define DIAGS_MAX 100 /* more are counted, not kept */

struct diags {
    struct diag *list;
    size_t count, cap;
    size_t errors, warnings; /* all, kept or not */
};

#define DIAGS_INIT                                                                                 \
    {                                                                                              \
        NULL, 0, 0, 0, 0                                                                           \
    }

/** hint may be NULL. Never fails visibly: without memory the message is counted only. */
void diag_add(struct diags *d, enum diag_level level, const struct diag_place *place,
              const char *hint, const char *format, ...) __attribute__((format(printf, 5, 6)));
/** code: static text or NULL. */
void diag_vadd(struct diags *d, enum diag_level level, const char *code,
               const struct diag_place *place, const char *hint, const char *format, va_list ap);
/** Its messages in the order of their file and place, in an array of .count that the caller frees; NULL
 * without memory, or when there is none. */
const struct diag **diags_in_order(const struct diags *d);
/** "error", "warning" or "note". */
const char *diag_level_name(enum diag_level level);
/** Prints every message in the order of its file and line. */
void diags_print(const struct diags *d, FILE *to);
void diags_release(struct diags *d);

/**
 * The candidate nearest to a mistyped word, for "did you mean", or NULL if none is near
 * (optimal-string-alignment distance of at most a third of its length, at least 1).
 */
const char *diag_nearest(const char *word, const char *const *candidates, size_t count);

#endif
