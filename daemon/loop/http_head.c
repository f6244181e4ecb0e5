#include "loop/http_head.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define LENGTH_DIGITS_MAX 15

/* ---- bytes ---- */

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* RFC 9110, 5.6.2. */
static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(const char *s)
{
    const char *c = s;

    while (is_token_char(*c))
        c++;
    return c > s && *c == '\0';
}

ssize_t http_head_end(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];

        if (c == '\r') {
            if (i + 1 == len)
                return 0;
            if (bytes[i + 1] != '\n')
                return -EBADMSG;
            if (i == 0) /* no request line */
                return -EBADMSG;
            if (i >= 2 && bytes[i - 1] == '\n')
                return (ssize_t)i + 2;
            i++;
        } else if (is_control(c)) { /* a tab too: readers differ on whether it belongs to a value */
            return -EBADMSG;
        }
    }
    return 0;
}

/* ---- lines ---- */

static int refuse(struct http_head *h, int status, const char *why)
{
    h->why = why;
    return status;
}

/* "METHOD /target HTTP/1.1" */
static int read_request_line(char *line, struct http_head *h)
{
    char *target = strchr(line, ' '), *version = target ? strchr(target + 1, ' ') : NULL;

    if (!version)
        return refuse(h, 400, "the request line has no three parts");
    *target++ = '\0';
    *version++ = '\0';
    h->method = line;
    h->target = target;
    if (!is_token(line) || strlen(line) > 16)
        return refuse(h, 400, "the method is no method");
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
        return refuse(h, 400, "the version is neither HTTP/1.1 nor HTTP/1.0");
    if (target[0] != '/')
        return refuse(h, 400, "the target is no path");
    if (strlen(target) > HTTP_TARGET_MAX_BYTES)
        return refuse(h, 400, "the target is too long");
    for (const char *c = target; *c; c++)
        if (is_control(*c) || (unsigned char)*c >= 0x80)
            return refuse(h, 400, "the target has a byte that no target has");
    return 0;
}

/* "Name: value" */
static int read_field(char *line, struct http_head *h)
{
    char *colon = strchr(line, ':');

    if (!colon)
        return refuse(h, 400, "a field has no colon");
    *colon = '\0';
    if (!is_token(line)) /* also of a folded line, and of a blank before the colon */
        return refuse(h, 400, "a field's name is no name");
    if (h->field_count == HTTP_FIELDS_MAX)
        return refuse(h, 400, "too many fields");
    char *value = colon + 1 + strspn(colon + 1, " ");
    size_t len = strlen(value);

    while (len && value[len - 1] == ' ')
        value[--len] = '\0';
    h->fields[h->field_count++] = (struct http_field){ line, value };
    return 0;
}

/* ---- the body as the head announces it ---- */

static int read_length(struct http_head *h)
{
    const char *value = http_head_field(h, "Content-Length");

    if (!value)
        return 0;
    size_t digits = strspn(value, "0123456789");

    if (http_head_count(h, "Content-Length") > 1)
        return refuse(h, 400, "two lengths");
    if (digits == 0 || value[digits])
        return refuse(h, 400, "the length is not digits alone");
    if (digits > LENGTH_DIGITS_MAX)
        return refuse(h, 400, "the length is too long");
    for (size_t i = 0; i < digits; i++)
        h->length = h->length * 10 + (uint64_t)(value[i] - '0');
    h->has_length = true;
    return 0;
}

static int read_coding(struct http_head *h, bool is_http_1_0)
{
    const char *value = http_head_field(h, "Transfer-Encoding");

    if (!value)
        return 0;
    if (h->has_length)
        return refuse(h, 400, "both a length and a coding");
    if (http_head_count(h, "Transfer-Encoding") > 1 || strcasecmp(value, "chunked") != 0)
        return refuse(h, 400, "a coding other than chunked");
    if (is_http_1_0)
        return refuse(h, 400, "HTTP/1.0 has no codings");
    h->is_chunked = true;
    return 0;
}

static int read_framing(struct http_head *h, bool is_http_1_0)
{
    const char *expect = http_head_field(h, "Expect"), *host = http_head_field(h, "Host");
    bool is_post = strcmp(h->method, "POST") == 0;
    /* Of other methods it is for who answers to say that they are none here. */
    bool has_none = strcmp(h->method, "GET") == 0 || strcmp(h->method, "HEAD") == 0;
    int r = read_length(h);

    if (r == 0)
        r = read_coding(h, is_http_1_0);
    if (r != 0)
        return r;
    if (http_head_count(h, "Host") != 1 || !host[0])
        return refuse(h, 400, "no Host, or several");
    if (http_head_field(h, "Trailer") || http_head_field(h, "Upgrade"))
        return refuse(h, 400, "neither trailers nor upgrades are taken");
    if (expect && (strcasecmp(expect, "100-continue") != 0 || http_head_count(h, "Expect") > 1))
        return refuse(h, 400, "an expectation other than 100-continue");
    if (has_none && (h->is_chunked || h->length > 0))
        return refuse(h, 400, "a body where none belongs");
    if (is_post && !h->is_chunked && !h->has_length)
        return refuse(h, 411, "neither a length nor chunked");
    h->wants_continue = expect && is_post && !is_http_1_0;
    return 0;
}

/* ---- the whole ---- */

int http_head_read(char *bytes, size_t len, struct http_head *h)
{
    char *line = bytes, *end = bytes + len - 2; /* before the empty line */
    bool is_http_1_0 = false;
    int r = 0;

    *h = (struct http_head){ .why = NULL };
    for (bool is_first = true; r == 0 && line < end; is_first = false) {
        char *next = memchr(line, '\r', (size_t)(end - line)); /* a CR is always before a LF */

        *next = '\0';
        if (is_first) {
            is_http_1_0 = next - line >= 3 && strcmp(next - 3, "1.0") == 0;
            r = read_request_line(line, h);
        } else {
            r = read_field(line, h);
        }
        line = next + 2;
    }
    return r == 0 ? read_framing(h, is_http_1_0) : r;
}

const char *http_head_field(const struct http_head *h, const char *name)
{
    for (size_t i = 0; i < h->field_count; i++)
        if (strcasecmp(h->fields[i].name, name) == 0)
            return h->fields[i].value;
    return NULL;
}

size_t http_head_count(const struct http_head *h, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < h->field_count; i++)
        count += strcasecmp(h->fields[i].name, name) == 0;
    return count;
}
