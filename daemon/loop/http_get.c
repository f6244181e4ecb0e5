#include "loop/http_private.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define GET_TIMEOUT_MS (10 * 60 * 1000)

/* ---- the head of the answer ---- */

/* The value of "Name: value\r\n", without blanks around it, or false. */
static bool value_of(const char *line, size_t len, const char *name, char *out, size_t size)
{
    size_t n = strlen(name);

    if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
        return false;
    line += n + 1;
    len -= n + 1;
    while (len && strchr(" \t", *line)) {
        line++;
        len--;
    }
    while (len && strchr(" \t\r\n", line[len - 1]))
        len--;
    /* Longer than any that means something: as good as absent. */
    if (len >= size || memchr(line, '\0', len))
        len = 0;
    memcpy(out, line, len);
    out[len] = '\0';
    return true;
}

static void read_field(struct http_transfer *t, const char *line, size_t len)
{
    struct http_reply *r = &t->reply;
    char value[64];

    (void)value_of(line, len, "ETag", r->etag, sizeof r->etag);
    (void)value_of(line, len, "Last-Modified", r->modified, sizeof r->modified);
    t->lengths += value_of(line, len, "Content-Length", value, sizeof value);
    if (value_of(line, len, "Content-Encoding", value, sizeof value))
        r->is_coded |= strcasecmp(value, "identity") != 0;
    if (value_of(line, len, "Transfer-Encoding", value, sizeof value)) {
        t->is_chunked = strcasecmp(value, "chunked") == 0 && !t->has_coding;
        t->has_coding = true;
    }
}

static size_t read_line(char *bytes, size_t size, size_t count, void *arg)
{
    struct http_transfer *t = arg;
    size_t len = size * count;

    if (http_is_status_line(bytes, len)) { /* of an interim answer so far, perhaps */
        t->reply = (struct http_reply){ .is_coded = false };
        t->lengths = 0;
        t->is_chunked = t->has_coding = false;
    } else {
        read_field(t, bytes, len);
    }
    return http_read_header(bytes, size, count, arg);
}

/* ---- its body ---- */

static size_t give(char *bytes, size_t size, size_t count, void *arg)
{
    struct http_transfer *t = arg;
    size_t len = size * count;

    if (t->status != 200) { /* what is said beside a refusal is counted, and read to a ceiling */
        t->reply_bytes += len;
        return t->reply_bytes > HTTP_REPLY_MAX_BYTES ? 0 : len;
    }
    if (t->reply.is_coded)
        return 0;
    return t->write(t->arg, bytes, len) == 0 ? len : 0;
}

/* A body without a length ends like one that was cut. */
void http_judge_get(struct http_transfer *t)
{
    t->reply.is_whole = t->result.curl_code == CURLE_OK && t->result.code == 200 &&
                        (t->has_coding ? t->is_chunked && t->lengths == 0 : t->lengths == 1);
    t->result.reply = &t->reply;
}

/* ---- the request ---- */

static CURLcode get_options(struct http_transfer *t)
{
    CURLcode r = CURLE_OK;

    TRANSFER_SET(t, r, CURLOPT_HTTPGET, 1L);
    TRANSFER_SET(t, r, CURLOPT_WRITEFUNCTION, give);
    TRANSFER_SET(t, r, CURLOPT_WRITEDATA, t);
    TRANSFER_SET(t, r, CURLOPT_HEADERFUNCTION, read_line);
    TRANSFER_SET(t, r, CURLOPT_HEADERDATA, t);
    return r;
}

int http_get(struct http *h, const struct http_get *get, http_done *done, void *arg)
{
    assert(h && get && get->url && get->write && done);
    struct http_transfer *t = transfer_new(h, "", 0, done, arg);
    int r = 0;

    if (!t)
        return -ENOMEM;
    t->is_get = true;
    t->write = get->write;
    r = http_prepare(t,
                     &(struct http_request){ get->url, get->headers, get->allow_private,
                                             get->ca_file, get->connect_timeout_ms,
                                             get->timeout_ms },
                     GET_TIMEOUT_MS);
    if (r == 0)
        r = http_errno_of(get_options(t));
    if (r < 0) {
        transfer_free(t);
        return r;
    }
    return http_start(t);
}
