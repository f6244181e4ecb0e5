#include "parse/value.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- blanks ---- */

/* Bytes of the blank that begins at s, 0 if it is none. */
static size_t blank_at(const char *s)
{
    const unsigned char *u = (const unsigned char *)s;

    if (isspace(u[0]))
        return 1;
    if (u[0] == 0xC2 && (u[1] == 0xA0 || u[1] == 0x85))
        return 2;
    if (u[0] == 0xE2 && u[1] == 0x80 && ((u[2] >= 0x80 && u[2] <= 0x8A) || u[2] == 0xAF))
        return 3;
    if (u[0] == 0xE3 && u[1] == 0x80 && u[2] == 0x80)
        return 3;
    return 0;
}

const char *value_trim(const char *cell, size_t *out_len)
{
    size_t n;

    while ((n = blank_at(cell)))
        cell += n;
    size_t len = strlen(cell);

    /* Most cells end in something else: look back only over bytes that can belong to a blank. */
    while (len) {
        size_t back = isspace((unsigned char)cell[len - 1]) ? 1 : 0;

        if (!back && len >= 2 && blank_at(cell + len - 2) == 2)
            back = 2;
        if (!back && len >= 3 && blank_at(cell + len - 3) == 3)
            back = 3;
        if (!back)
            break;
        len -= back;
    }
    *out_len = len;
    return cell;
}

bool value_is_blank(const char *cell)
{
    size_t n;

    while ((n = blank_at(cell)))
        cell += n;
    return *cell == '\0';
}

char *value_single_space(const char *text, char *out, size_t size)
{
    size_t to = 0;
    bool gap = false;

    for (size_t n; *text;) {
        n = blank_at(text);
        if (n) {
            gap = true;
            text += n;
            continue;
        }
        if (to + 2 + gap > size)
            break;
        if (gap && to)
            out[to++] = ' ';
        gap = false;
        out[to++] = *text++;
    }
    out[to] = '\0';
    return out;
}

/* ---- text ---- */

/* The length of the character that begins at s, 0 if its bytes are no UTF-8. */
static size_t character_at(const char *s, size_t len)
{
    unsigned char first = (unsigned char)*s;
    size_t n = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

    return n <= len && text_is_utf8(s, n) ? n : 0;
}

long value_add_utf8(struct text *to, const char *text, size_t len)
{
    long replaced = 0;

    for (size_t i = 0; i < len;) {
        size_t n = character_at(text + i, len - i);

        if (n == 0)
            replaced++;
        if (text_add(to, n ? text + i : "\xEF\xBF\xBD", n ? n : 3) < 0)
            return -ENOMEM;
        i += n ? n : 1;
    }
    return replaced;
}

/* ---- numbers ---- */

/* Digits with groups of thousands: the groups after the first hold exactly three. */
static bool groups_are_formed(const char *s, size_t len)
{
    size_t first = strcspn(s, ",");

    if (first == 0 || first > 3)
        return false;
    for (size_t i = first; i < len; i += 4) {
        if (s[i] != ',' || i + 4 > len)
            return false;
        for (size_t k = 1; k <= 3; k++) {
            if (!isdigit((unsigned char)s[i + k]))
                return false;
        }
    }
    return true;
}

static size_t digits_at(const char *s)
{
    size_t n = 0;

    while (isdigit((unsigned char)s[n]))
        n++;
    return n;
}

int value_number(const char *cell, double *out_number, bool *out_percent)
{
    char text[64];
    size_t len, to = 0;
    const char *s = value_trim(cell, &len);
    bool percent = len && s[len - 1] == '%';

    if (percent) {
        len--;
        while (len && s[len - 1] == ' ')
            len--;
    }
    if (len == 0 || len >= sizeof text)
        return -EINVAL;
    size_t whole = strspn(s + (*s == '-' || *s == '+'), "0123456789,") + (*s == '-' || *s == '+');

    if (whole > len)
        whole = len;
    size_t sign = *s == '-' || *s == '+';

    if (memchr(s + sign, ',', whole - sign) && !groups_are_formed(s + sign, whole - sign))
        return -EINVAL;
    for (size_t i = 0; i < len; i++) {
        if (i >= whole || s[i] != ',')
            text[to++] = s[i];
    }
    text[to] = '\0';
    const char *p = text + sign;
    size_t before = digits_at(p), after = 0;

    p += before;
    if (*p == '.') {
        after = digits_at(++p);
        p += after;
    }
    if (before + after == 0)
        return -EINVAL;
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '-' || *p == '+';
        size_t exponent = digits_at(p);

        if (exponent == 0 || exponent > 3)
            return -EINVAL;
        p += exponent;
    }
    if (*p)
        return -EINVAL;
    double v = strtod(text, NULL);

    if (!isfinite(v))
        return -EINVAL;
    *out_number = v == 0 ? 0 : v; /* no negative zero */
    if (out_percent)
        *out_percent = percent;
    return 0;
}
