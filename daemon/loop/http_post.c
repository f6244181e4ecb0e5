#include "loop/http_private.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define POST_TIMEOUT_MS 30000

static size_t give_body(char *into, size_t size, size_t count, void *arg)
{
    struct http_transfer *t = arg;
    size_t room = size * count, left = t->body_len - t->body_sent;
    size_t n = left < room ? left : room;

    memcpy(into, t->body + t->body_sent, n);
    t->body_sent += n;
    /* Given to curl is taken as sent: an answer that does not come then leaves the outcome open. */
    if (t->body_sent == t->body_len)
        t->body_read_whole = true;
    return n;
}

static int rewind_body(void *arg, curl_off_t offset, int origin)
{
    struct http_transfer *t = arg;

    if (origin != SEEK_SET || offset < 0 || (size_t)offset > t->body_len)
        return CURL_SEEKFUNC_FAIL;
    t->body_sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* A body that its caller reads; counted like one that nobody does. */
static size_t give_reply(char *bytes, size_t size, size_t count, void *arg)
{
    struct http_transfer *t = arg;
    size_t len = http_count_reply(bytes, size, count, t);

    return len && t->write(t->arg, bytes, len) == 0 ? len : 0;
}

static CURLcode post_options(struct http_transfer *t)
{
    CURLcode r = CURLE_OK;

    TRANSFER_SET(t, r, CURLOPT_POST, 1L);
    TRANSFER_SET(t, r, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_len);
    TRANSFER_SET(t, r, CURLOPT_READFUNCTION, give_body);
    TRANSFER_SET(t, r, CURLOPT_READDATA, t);
    TRANSFER_SET(t, r, CURLOPT_SEEKFUNCTION, rewind_body);
    TRANSFER_SET(t, r, CURLOPT_SEEKDATA, t);
    TRANSFER_SET(t, r, CURLOPT_WRITEFUNCTION, t->write ? give_reply : http_count_reply);
    TRANSFER_SET(t, r, CURLOPT_WRITEDATA, t);
    TRANSFER_SET(t, r, CURLOPT_HEADERFUNCTION, http_read_header);
    TRANSFER_SET(t, r, CURLOPT_HEADERDATA, t);
    return r;
}

/* curl's own way of being given a connection that stands. */
static int say_whether_connected(void *arg, curl_socket_t fd, curlsocktype purpose)
{
    const struct http_transfer *t = arg;

    (void)purpose;
    return fd == t->ahead ? CURL_SOCKOPT_ALREADY_CONNECTED : CURL_SOCKOPT_OK;
}

/* Nothing of a request lives in a connection that was opened ahead but the address, which nobody checked: none
 * is given to a request that checks, nor to a proxy's. */
static CURLcode take_ahead(struct http_transfer *t)
{
    CURLcode r = CURLE_OK;

    t->takes_ahead = t->allow_private && !t->is_proxied;
    TRANSFER_SET(t, r, CURLOPT_SOCKOPTFUNCTION, say_whether_connected);
    TRANSFER_SET(t, r, CURLOPT_SOCKOPTDATA, t);
    return r;
}

/* Its server may have closed what nobody used while the request was under way: no fault of the message's. One
 * that took the request and then failed is told of it twice, under one id. */
bool http_post_again(struct http_transfer *t, CURLcode code)
{
    if (t->ahead == CURL_SOCKET_BAD || t->status != 0 || t->reply_bytes > 0 ||
        (code != CURLE_SEND_ERROR && code != CURLE_RECV_ERROR && code != CURLE_GOT_NOTHING))
        return false;
    t->ahead = CURL_SOCKET_BAD;
    t->takes_ahead = false;
    t->body_sent = 0;
    t->body_read_whole = false;
    return true;
}

int http_post(struct http *h, const struct http_post *post, http_done *done, void *arg)
{
    struct http_transfer *t;
    int r;

    assert(h && post && post->url && done);
    assert(post->body || post->body_len == 0);
    t = transfer_new(h, post->body ? post->body : "", post->body_len, done, arg);
    if (!t)
        return -ENOMEM;
    t->write = post->write;
    /* "Expect: 100-continue" would cost a second with receivers that do not know it. */
    r = http_add_header(t, "Expect:");
    if (r == 0)
        r = http_prepare(t,
                         &(struct http_request){ post->url, post->headers, post->allow_private,
                                                 post->ca_file, post->connect_timeout_ms,
                                                 post->timeout_ms },
                         POST_TIMEOUT_MS);
    if (r == 0)
        r = http_errno_of(post_options(t));
    if (r == 0)
        r = http_errno_of(take_ahead(t));
    if (r < 0) {
        transfer_free(t);
        return r;
    }
    return http_start(t);
}
