#include "notify/wording.h"

#include <stdio.h>
#include <string.h>

/* Strings from outside made fit to be told, and what is measured and cut of them. */

/* Length of the valid UTF-8 character at s, 0 if none begins there. Sets its code point. */
static size_t character_at(const char *s, unsigned *out_code)
{
    const unsigned char *u = (const unsigned char *)s;
    size_t n = u[0] < 0x80   ? 1
               : u[0] < 0xc2 ? 0
               : u[0] < 0xe0 ? 2
               : u[0] < 0xf0 ? 3
               : u[0] < 0xf5 ? 4
                             : 0;
    unsigned code = n == 1 ? u[0] : u[0] & (0x7fu >> n);

    for (size_t i = 1; i < n; i++) {
        if ((u[i] & 0xc0) != 0x80)
            return 0;
        code = (code << 6) | (u[i] & 0x3f);
    }
    if ((n == 3 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) ||
        (n == 4 && (code < 0x10000 || code > 0x10ffff)))
        return 0;
    *out_code = code;
    return n;
}

/* Control, line and direction characters: they could forge a line or turn a sentence round. */
static bool unprintable(unsigned code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
           code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xfeff || code == 0xfffe || code == 0xffff;
}

void wording_clean(struct text *out, const char *s, size_t max_characters, size_t max_words)
{
    size_t characters = 0, words = 0, word_start = out->len, begin = out->len;
    bool in_word = false, wanted = false; /* wanted: a blank before the next word */

    for (s = s ? s : ""; *s;) {
        unsigned code = 0;
        size_t n = character_at(s, &code);
        bool blank = n > 0 && (code == ' ' || code == 0xa0 || unprintable(code));

        if (blank) {
            wanted = out->len > begin;
            in_word = false;
            s += n;
            continue;
        }
        if (!in_word) {
            if (words == max_words)
                break;
            words++;
            in_word = true;
            word_start = out->len;
            if (wanted) {
                (void)text_putc(out, ' ');
                characters++;
            }
            wanted = false;
        }
        if (characters >= max_characters)
            break;
        if (n > 0)
            (void)text_add(out, s, n);
        else
            (void)text_puts(out, "\xef\xbf\xbd");
        characters++;
        s += n > 0 ? n : 1;
    }
    if (!*s || !text_ok(out))
        return;
    /* Cut: back to the last whole word, unless there is only one. */
    if (in_word && word_start > begin) {
        out->len = word_start;
        out->buf[out->len] = '\0';
    }
    (void)text_puts(out, "...");
}

size_t wording_characters(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

size_t wording_words(const char *s)
{
    size_t words = 0;
    bool in_word = false;

    for (; *s; s++) {
        bool blank = *s == ' ' || *s == '\n' || *s == '\t' || *s == '\r';

        words += !blank && !in_word;
        in_word = !blank;
    }
    return words;
}

const char *wording_date(struct civil_date d, char out[WORDING_DATE_MAX])
{
    int year, month, day;

    out[0] = '\0';
    if (!date_is_set(d))
        return out;
    date_to_ymd(d, &year, &month, &day);
    (void)snprintf(out, WORDING_DATE_MAX, "%d %s %d", day, date_month_name(month, false), year);
    return out;
}

void wording_shorten(struct text *t, size_t max)
{
    size_t end = 0, seen = 0, at;

    if (!text_ok(t) || wording_characters(text_str(t)) <= max)
        return;
    for (at = 0; at < t->len; at++) {
        bool starts = ((unsigned char)t->buf[at] & 0xc0) != 0x80;

        if (starts && seen == max)
            break;
        seen += starts;
        if (starts && t->buf[at] == ' ')
            end = at;
    }
    if (at < t->len && t->buf[at] == ' ')
        end = at;
    t->len = end > 0 ? end : at;
    while (t->len > 0 && strchr(" ,;:-(&/", t->buf[t->len - 1]))
        t->len--;
    t->buf[t->len] = '\0';
}
