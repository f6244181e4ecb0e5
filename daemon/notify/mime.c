#include "notify/mime.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/digest.h"

#define LINE_MAX_CHARS 76 /* RFC 2045 6.7, RFC 2047 2 */
#define ENCODED_WORD_BYTES                                                                         \
    39 /* 52 base64 characters; "=?UTF-8?B?...?=" is 64, after a short name */
#define ADDRESS_MAX 254

static bool plain(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
            return false;
    return true;
}

void mime_header(struct text *out, const char *name, const char *value)
{
    assert(plain(name) && plain(value));
    (void)text_printf(out, "%s: %s\r\n", name, value);
}

/* Bytes of the character that begins at s; a stray continuation byte counts as one. */
static size_t character_bytes(const char *s)
{
    size_t n = 1;

    while (((unsigned char)s[n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* Encoded words, each a whole number of characters, one a line. */
static void encoded_words(struct text *out, const char *s)
{
    bool first = true;

    while (*s) {
        char chunk[ENCODED_WORD_BYTES + 1];
        size_t n = 0;

        while (s[n]) {
            size_t more = character_bytes(s + n);

            if (n + more > ENCODED_WORD_BYTES)
                break;
            n += more;
        }
        if (n == 0)
            n = ENCODED_WORD_BYTES < strlen(s) ? ENCODED_WORD_BYTES : strlen(s); /* not UTF-8 */
        for (size_t i = 0; i < n; i++)
            chunk[i] = (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? ' ' : s[i];

        AUTO(auto_free) char *encoded = base64_encode(chunk, n);

        if (!encoded) {
            out->error = -ENOMEM;
            return;
        }
        (void)text_printf(out, "%s=?UTF-8?B?%s?=", first ? "" : "\r\n ", encoded);
        first = false;
        s += n;
    }
}

/* Plain ASCII folded at blanks so that no line is longer than it may be. */
static bool foldable(const char *s, size_t column)
{
    for (; *s; s++) {
        if (*s == ' ')
            column = 0;
        if (++column > LINE_MAX_CHARS - 2)
            return false;
    }
    return true;
}

static void folded(struct text *out, const char *s, size_t column)
{
    while (*s) {
        size_t n = 1 + strcspn(s + 1, " "); /* a blank, when it begins with one, and a word */

        if (*s == ' ' && column + n > LINE_MAX_CHARS) {
            (void)text_puts(out, "\r\n");
            column = 0;
        }
        (void)text_add(out, s, n);
        column += n;
        s += n;
    }
}

void mime_header_text(struct text *out, const char *name, const char *value)
{
    size_t column = strlen(name) + 2;
    bool blanks_at_ends = *value == ' ' || (*value && value[strlen(value) - 1] == ' ');

    assert(plain(name));
    (void)text_printf(out, "%s: ", name);
    /* "=?" would be read as an encoded word; blanks in a row or at an end would be lost in folding.
     */
    if (plain(value) && !strstr(value, "=?") && !strstr(value, "  ") && !blanks_at_ends &&
        foldable(value, column))
        folded(out, value, column);
    else
        encoded_words(out, value);
    (void)text_puts(out, "\r\n");
}

/* A display name: a quoted string, or encoded words, on lines of its own. */
static void phrase(struct text *out, const char *s)
{
    if (!plain(s) || strstr(s, "=?") || strlen(s) > 60) {
        encoded_words(out, s);
        return;
    }
    (void)text_putc(out, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            (void)text_putc(out, '\\');
        (void)text_putc(out, *s);
    }
    (void)text_putc(out, '"');
}

void mime_header_mailbox(struct text *out, const char *name, const char *display,
                         const char *address)
{
    assert(plain(name) && mime_address_ok(address));
    (void)text_printf(out, "%s: ", name);
    if (display && *display) {
        phrase(out, display);
        (void)text_puts(out, "\r\n ");
    }
    (void)text_printf(out, "<%s>\r\n", address);
}

void mime_header_group(struct text *out, const char *name, const char *display)
{
    assert(plain(name));
    (void)text_printf(out, "%s: ", name);
    phrase(out, *display ? display : "-");
    (void)text_puts(out, ":;\r\n");
}

bool mime_address_ok(const char *address)
{
    const char *at = strchr(address, '@');

    if (!at || at == address || !at[1] || strchr(at + 1, '@') || strlen(address) > ADDRESS_MAX)
        return false;
    for (const char *s = address; *s; s++)
        if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f || strchr("<>\"(),:;\\[]", *s))
            return false;
    return true;
}

void mime_quoted_printable(struct text *out, const char *s)
{
    size_t column = 0;

    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        char unit[4] = { (char)c };
        /* A leading dot or "From " would tempt servers; a blank at the end of a line would be lost.
         */
        bool literal =
            (c >= 0x21 && c <= 0x7e && c != '=' && !(column == 0 && (c == '.' || c == 'F'))) ||
            (c == ' ' && s[1] != '\n' && s[1] != '\0');

        if (c == '\n') {
            (void)text_puts(out, "\r\n");
            column = 0;
            continue;
        }
        if (!literal)
            (void)snprintf(unit, sizeof unit, "=%02X", c);
        if (column + strlen(unit) > LINE_MAX_CHARS - 1) {
            (void)text_puts(out, "=\r\n");
            column = 0;
            s--; /* again: what begins a line may need encoding */
            continue;
        }
        (void)text_puts(out, unit);
        column += strlen(unit);
    }
}

void mime_domain(const char *instance, char out[64])
{
    size_t n = 0;

    for (; n < 63 && instance[n]; n++) {
        char c = instance[n];
        bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        out[n] = kept ? c : '-';
    }
    out[n] = '\0';
    if (n == 0)
        (void)snprintf(out, 64, "waitlistd");
}

const char *mime_date(struct wall_time now, char out[64])
{
    static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
    int64_t seconds = now.ms / 1000 - (now.ms % 1000 < 0),
            day = seconds / 86400 - (seconds % 86400 < 0);
    int of_day = (int)(seconds - day * 86400), year, month, month_day;
    struct civil_date date = { (int32_t)day };

    date_to_ymd(date, &year, &month, &month_day);
    (void)snprintf(out, 64, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[date_weekday(date)],
                   month_day, date_month_name(month, true), year, of_day / 3600, of_day / 60 % 60,
                   of_day % 60);
    return out;
}

void mime_part(struct text *out, const char *boundary, const char *type, const char *body)
{
    (void)text_printf(out,
                      "--%s\r\nContent-Type: %s; charset=utf-8\r\n"
                      "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
                      boundary, type);
    mime_quoted_printable(out, body);
    (void)text_puts(out, "\r\n");
}
