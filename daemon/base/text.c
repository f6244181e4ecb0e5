#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local unsigned long losses;

unsigned long text_losses(void)
{
    return losses;
}

static int reserve(struct text *t, size_t extra)
{
    if (t->error)
        return t->error;
    if (extra > t->max || t->len > t->max - extra)
        return t->error = -EFBIG;
    size_t need = t->len + extra + 1;

    if (need <= t->cap)
        return 0;
    size_t cap = t->cap ? t->cap : 64;

    while (cap < need)
        cap *= 2;
    char *buf = realloc(t->buf, cap);

    if (!buf) {
        losses++;
        return t->error = -ENOMEM;
    }
    t->buf = buf;
    t->cap = cap;
    return 0;
}

/* Whether len more bytes and the NUL fit into what is there: then nothing can fail. */
static bool has_room(const struct text *t, size_t len)
{
    return t->error == 0 && len < t->cap - t->len && len <= t->max - t->len;
}

int text_add(struct text *t, const void *bytes, size_t len)
{
    int r = has_room(t, len) ? 0 : reserve(t, len);

    if (r < 0)
        return r;
    if (len)
        memcpy(t->buf + t->len, bytes, len);
    t->len += len;
    t->buf[t->len] = '\0';
    return 0;
}

int text_puts(struct text *t, const char *s)
{
    return text_add(t, s, strlen(s));
}

int text_putc(struct text *t, char c)
{
    if (!has_room(t, 1))
        return text_add(t, &c, 1);
    t->buf[t->len++] = c;
    t->buf[t->len] = '\0';
    return 0;
}

size_t text_digits(uint64_t number, char out[TEXT_DIGITS_MAX])
{
    char digits[TEXT_DIGITS_MAX], *end = digits + sizeof digits, *first = end;

    do
        *--first = (char)('0' + number % 10);
    while (number /= 10);
    memcpy(out, first, (size_t)(end - first));
    return (size_t)(end - first);
}

int text_put_number(struct text *t, uint64_t number)
{
    char digits[TEXT_DIGITS_MAX];

    return text_add(t, digits, text_digits(number, digits));
}

char *text_room(struct text *t, size_t len)
{
    return has_room(t, len) || reserve(t, len) == 0 ? t->buf + t->len : NULL;
}

void text_grown(struct text *t, const char *end)
{
    t->len = (size_t)(end - t->buf);
    t->buf[t->len] = '\0';
}

int text_vprintf(struct text *t, const char *format, va_list ap)
{
    va_list again;

    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, again);

    va_end(again);
    if (n < 0)
        return t->error = -EINVAL;
    int r = reserve(t, (size_t)n);

    if (r < 0)
        return r;
    (void)vsnprintf(t->buf + t->len, (size_t)n + 1, format, ap);
    t->len += (size_t)n;
    return 0;
}

int text_printf(struct text *t, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    int r = text_vprintf(t, format, ap);

    va_end(ap);
    return r;
}

const char *text_str(const struct text *t)
{
    return t->buf ? t->buf : "";
}

bool text_ok(const struct text *t)
{
    return t->error == 0;
}

void text_clear(struct text *t)
{
    t->len = 0;
    t->error = 0;
    if (t->buf)
        t->buf[0] = '\0';
}

void text_release(struct text *t)
{
    free(t->buf);
    *t = (struct text){ NULL, 0, 0, t->max, 0 };
}

char *text_take(struct text *t)
{
    if (!t->error && !t->buf)
        (void)reserve(t, 0);
    char *s = t->error ? NULL : t->buf;

    if (s)
        s[t->len] = '\0';
    else
        free(t->buf);
    *t = (struct text){ NULL, 0, 0, t->max, 0 };
    return s;
}

void text_single_space(char *s)
{
    char *to = s, *start = s;
    bool gap = false;

    for (; *s; s++) {
        if (isspace((unsigned char)*s)) {
            gap = true;
            continue;
        }
        if (gap && to > start)
            *to++ = ' ';
        gap = false;
        *to++ = *s;
    }
    *to = '\0';
}

bool text_fold_into(const char *s, char *out, size_t size)
{
    size_t n = 0;
    bool gap = false;

    for (; *s; s++) {
        if (isspace((unsigned char)*s)) {
            gap = n > 0;
            continue;
        }
        if (n + gap + 1 >= size)
            return false;
        if (gap)
            out[n++] = ' ';
        gap = false;
        out[n++] = (char)tolower((unsigned char)*s);
    }
    if (size == 0)
        return false;
    out[n] = '\0';
    return true;
}

void text_fold(char *s)
{
    (void)text_fold_into(s, s, strlen(s) + 1);
}

char *text_folded(const char *s)
{
    char *copy = strdup(s);

    if (copy)
        text_fold(copy);
    return copy;
}

/* As isspace() and tolower() of the C locale, without a call for each letter. */
static inline bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* A blank that neither stands before another nor ends the text counts as one. */
static inline const char *past_blanks(const char *s)
{
    while (is_blank(*s) && (is_blank(s[1]) || !s[1]))
        s++;
    return s;
}

bool text_same(const char *a, const char *b)
{
    while (is_blank(*a))
        a++;
    while (is_blank(*b))
        b++;
    for (;; a++, b++) {
        a = past_blanks(a);
        b = past_blanks(b);
        char ca = is_blank(*a) ? ' ' : lower(*a), cb = is_blank(*b) ? ' ' : lower(*b);

        if (ca != cb)
            return false;
        if (!ca)
            return true;
    }
}

/* Of a whole number, as nearly all are: what the way below gives too, by far more work. */
static const char *whole_number(double value, char out[32])
{
    size_t sign = value < 0;

    out[0] = '-';
    out[sign + text_digits((uint64_t)fabs(value), out + sign)] = '\0';
    return out;
}

const char *text_number(double value, char out[32])
{
    if (fabs(value) < 1e15 && value == trunc(value))
        return whole_number(value, out);
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(out, 32, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    /* No exponent for the magnitudes that feeds carry; JSON and people read plain digits. */
    if (strchr(out, 'e') && fabs(value) >= 1 && fabs(value) < 1e15)
        (void)snprintf(out, 32, "%.0f", value);
    if (strcmp(out, "-0") == 0)
        (void)snprintf(out, 32, "0");
    return out;
}

bool text_like(const char *p, const char *s)
{
    const char *star = NULL, *mark = NULL;

    while (*s) {
        if (*p == '*') {
            star = p++;
            mark = s;
        } else if (*p && (*p == '?' || tolower((unsigned char)*p) == tolower((unsigned char)*s))) {
            p++;
            s++;
        } else if (star) {
            p = star + 1;
            s = ++mark;
        } else {
            return false;
        }
    }
    while (*p == '*')
        p++;
    return *p == '\0';
}

bool text_is_utf8(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text, *end = s + len;

    while (s < end) {
        if (*s < 0x80) {
            s++;
            continue;
        }
        int n = *s >= 0xf0 && *s <= 0xf4  ? 3
                : *s >= 0xe0 && *s < 0xf0 ? 2
                : *s >= 0xc2 && *s < 0xe0 ? 1
                                          : 0;

        if (n == 0 || end - s <= n)
            return false;
        if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
            (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
            return false;
        for (int i = 1; i <= n; i++)
            if ((s[i] & 0xc0) != 0x80)
                return false;
        s += n + 1;
    }
    return true;
}
