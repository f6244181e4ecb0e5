#include <assert.h>
#include <errno.h>
#include <string.h>

#include "pathway/list_internal.h"

void bytes_u16(struct text *t, uint16_t value)
{
    (void)text_putc(t, (char)(value & 0xff));
    (void)text_putc(t, (char)(value >> 8));
}

void bytes_u64(struct text *t, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        (void)text_putc(t, (char)(value >> (8 * i) & 0xff));
}

void bytes_varint(struct text *t, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        (void)text_putc(t, (char)((value & 0x7f) | 0x80));
    (void)text_putc(t, (char)value);
}

void bytes_text(struct text *t, const char *text)
{
    bytes_varint(t, text ? strlen(text) + 1 : 0);
    (void)text_puts(t, text ? text : "");
}

static bool sum_of(const void *bytes, size_t len, uint8_t *out, size_t out_len)
{
    char hex[SHA256_TEXT_MAX];

    if (sha256_hex(bytes, len, hex) < 0)
        return false;
    for (size_t i = 0; i < out_len; i++) {
        int high = hex[2 * i], low = hex[2 * i + 1];

        out[i] = (uint8_t)((high <= '9' ? high - '0' : high - 'a' + 10) << 4 |
                           (low <= '9' ? low - '0' : low - 'a' + 10));
    }
    return true;
}

int bytes_seal(struct text *t, size_t from, size_t len)
{
    uint8_t sum[SHA256_BYTES];

    if (!text_ok(t))
        return t->error;
    if (!sum_of(t->buf + from, t->len - from, sum, len))
        return -ENOMEM;
    return text_add(t, sum, len);
}

bool bytes_open(struct bytes *b, const void *bytes, size_t len, size_t seal_len)
{
    uint8_t sum[SHA256_BYTES];

    if (len < seal_len || !sum_of(bytes, len - seal_len, sum, seal_len) ||
        memcmp((const uint8_t *)bytes + len - seal_len, sum, seal_len) != 0)
        return false;
    *b = (struct bytes){ bytes, (const uint8_t *)bytes + len - seal_len, false };
    return true;
}

static size_t left(const struct bytes *b)
{
    return (size_t)(b->end - b->at);
}

void bytes_take_raw(struct bytes *b, void *out, size_t len)
{
    if (b->bad || left(b) < len) {
        memset(out, 0, len);
        b->bad = true;
        return;
    }
    memcpy(out, b->at, len);
    b->at += len;
}

uint8_t bytes_take(struct bytes *b)
{
    uint8_t v;

    bytes_take_raw(b, &v, 1);
    return v;
}

uint16_t bytes_take_u16(struct bytes *b)
{
    uint8_t v[2];

    bytes_take_raw(b, v, sizeof v);
    return (uint16_t)(v[0] | v[1] << 8);
}

uint64_t bytes_take_u64(struct bytes *b)
{
    uint8_t v[8];
    uint64_t value = 0;

    bytes_take_raw(b, v, sizeof v);
    for (int i = 7; i >= 0; i--)
        value = value << 8 | v[i];
    return value;
}

uint64_t bytes_take_varint(struct bytes *b)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = bytes_take(b);

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        /* Neither an empty last byte nor bits beyond the word: one number has one form. */
        b->bad |= (byte == 0 && shift > 0) || (shift == 63 && byte > 1);
        return b->bad ? 0 : value;
    }
    b->bad = true;
    return 0;
}

size_t bytes_take_count(struct bytes *b)
{
    uint64_t count = bytes_take_varint(b);

    if (count > left(b)) {
        b->bad = true;
        return 0;
    }
    return (size_t)count;
}

const char *bytes_take_text(struct bytes *b, char out[PATHWAY_TEXT_MAX + 1])
{
    uint64_t size = bytes_take_varint(b);

    if (size > PATHWAY_TEXT_MAX + 1)
        b->bad = true;
    if (b->bad || size == 0)
        return NULL;
    bytes_take_raw(b, out, (size_t)size - 1);
    out[size - 1] = '\0';
    b->bad |= strlen(out) != size - 1;
    return out;
}

/* ---- what is packed ---- */

bool packed_open(struct bytes *b, const void *bytes, size_t len, size_t seal, char tag)
{
    return bytes_open(b, bytes, len, seal) && bytes_take(b) == (uint8_t)tag &&
           bytes_take(b) == PACKED_VERSION;
}

int packed_closed(const struct bytes *b, int r)
{
    if (r < 0)
        return r;
    return b->bad || b->at != b->end ? -EBADMSG : 0;
}

bool packed_is_day(uint16_t day)
{
    return tally_holds_day((struct civil_date){ day });
}
