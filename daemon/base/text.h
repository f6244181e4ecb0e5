/*
 * text - growable bytes with a ceiling
 *
 * Always NUL-terminated once anything was added; may hold NULs inside. Grows by doubling up to
 * .max bytes (TEXT_MAX_BYTES by default). After a failed add the text is marked failed and further
 * adds do nothing, so a caller may add many times and check once with text_ok().
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_MAX_BYTES (64u << 20)

struct text {
    char *buf;
    size_t len, cap, max;
    int error; /* 0, -ENOMEM or -EFBIG: the first failure */
};

#define TEXT_INIT                                                                                  \
    {                                                                                              \
        NULL, 0, 0, TEXT_MAX_BYTES, 0                                                              \
    }

/** Each returns 0, -ENOMEM, or -EFBIG past the ceiling. */
int text_add(struct text *t, const void *bytes, size_t len);
int text_puts(struct text *t, const char *s);
int text_putc(struct text *t, char c);
/** In digits. */
int text_put_number(struct text *t, uint64_t number);
/** Room for so many bytes behind those that are there, for whoever writes them itself and says then with
 * text_grown() where they end. NULL as after a failed add. */
char *text_room(struct text *t, size_t len);
void text_grown(struct text *t, const char *end);
int text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
int text_vprintf(struct text *t, const char *format, va_list ap);

/** The bytes so far as a string; "" when empty. Never NULL. */
const char *text_str(const struct text *t);
bool text_ok(const struct text *t);
/** How often memory ran out for any text so far. Whoever makes one text out of many others compares
 * before and after: a part that was lost in between shows nowhere else. */
unsigned long text_losses(void);
void text_clear(struct text *t);
void text_release(struct text *t);
/** Hands the buffer to the caller, who frees it; NULL if an add failed. The text is empty
 * afterwards. */
char *text_take(struct text *t);

/* ---- small helpers on plain strings ---- */

/** Case and runs of blanks folded, ends trimmed, in place: how names are compared everywhere. ASCII
 * only. */
void text_fold(char *s);
/** The same into out (which may be s) of size bytes. False where it does not fit: out is then of no use.
 */
bool text_fold_into(const char *s, char *out, size_t size);
/** The same into a new string, or NULL without memory. */
char *text_folded(const char *s);
/** Equal after folding. */
bool text_same(const char *a, const char *b);
/** Blanks at the ends trimmed, runs of blanks made one, in place; case kept. */
void text_single_space(char *s);
/** A whole number in digits, without a NUL. Returns how many. */
#define TEXT_DIGITS_MAX 20
size_t text_digits(uint64_t number, char out[TEXT_DIGITS_MAX]);
/** Shortest decimal text that reads back as the same double: "20", "43.5". Returns out. */
const char *text_number(double value, char out[32]);
/** Glob with '*' and '?' only, case folded, linear time. */
bool text_like(const char *pattern, const char *s);
/** Whether the bytes are valid UTF-8 (no surrogates, no overlong forms, up to U+10FFFF). */
bool text_is_utf8(const char *s, size_t len);

#endif
