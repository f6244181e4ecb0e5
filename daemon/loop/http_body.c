#include "loop/http_body.h"

#include <errno.h>
#include <string.h>

#define SIZE_DIGITS_MAX 8 /* a chunk below 4 GiB */

struct http_body http_body_of(const struct http_head *h)
{
    struct http_body b = { .state = HTTP_BODY_WHOLE, .is_chunked = h->is_chunked };

    if (h->is_chunked) {
        b.state = HTTP_BODY_SIZE;
    } else if (h->has_length && h->length > 0) {
        b.state = HTTP_BODY_CONTENT;
        b.left = h->length;
    }
    return b;
}

bool http_body_is_whole(const struct http_body *b)
{
    return b->state == HTTP_BODY_WHOLE;
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    char small = (char)(c >= 'A' && c <= 'F' ? c + 'a' - 'A' : c);
    const char *at = memchr(digits, small, 16);

    return at ? (int)(at - digits) : -1;
}

static int read_size(struct http_body *b, char c)
{
    int digit = digit_of(c);

    if (digit >= 0 && b->digits < SIZE_DIGITS_MAX) {
        b->left = b->left * 16 + (uint64_t)digit;
        b->digits++;
        return 0;
    }
    if (c != '\r' || b->digits == 0)
        return -EBADMSG;
    b->state = HTTP_BODY_SIZE_LF;
    return 0;
}

/* One byte that is not content. */
static int read_frame(struct http_body *b, char c)
{
    static const struct {
        char wanted;
        enum http_body_state next;
    } frame[] = {
        [HTTP_BODY_SIZE_LF] = { '\n', HTTP_BODY_CONTENT },
        [HTTP_BODY_AFTER_CR] = { '\r', HTTP_BODY_AFTER_LF },
        [HTTP_BODY_AFTER_LF] = { '\n', HTTP_BODY_SIZE },
        [HTTP_BODY_LAST_CR] = { '\r', HTTP_BODY_LAST_LF },
        [HTTP_BODY_LAST_LF] = { '\n', HTTP_BODY_WHOLE },
    };

    if (b->state == HTTP_BODY_SIZE)
        return read_size(b, c);
    if (c != frame[b->state].wanted)
        return -EBADMSG;
    b->state =
        b->state == HTTP_BODY_SIZE_LF && b->left == 0 ? HTTP_BODY_LAST_CR : frame[b->state].next;
    if (b->state == HTTP_BODY_SIZE)
        b->digits = 0;
    return 0;
}

ssize_t http_body_read(struct http_body *b, const char *bytes, size_t len, const char **out_content,
                       size_t *out_len)
{
    size_t i = 0;

    *out_content = bytes;
    *out_len = 0;
    while (i < len && b->state != HTTP_BODY_CONTENT && b->state != HTTP_BODY_WHOLE)
        if (read_frame(b, bytes[i++]) < 0)
            return -EBADMSG;
    if (b->state != HTTP_BODY_CONTENT || i == len)
        return (ssize_t)i;
    *out_content = bytes + i;
    *out_len = len - i < b->left ? len - i : (size_t)b->left;
    b->left -= *out_len;
    if (b->left == 0)
        b->state = b->is_chunked ? HTTP_BODY_AFTER_CR : HTTP_BODY_WHOLE;
    return (ssize_t)(i + *out_len);
}
