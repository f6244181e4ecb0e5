#include "loop/http_private.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "loop/http_address.h"

#define POST_CONNECT_TIMEOUT_MS 5000
#define POST_TIMEOUT_MS         30000
#define HTTP_PREFIX             "HTTP/"

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

/* The status decides; the reply is only counted, and the transfer ends at the ceiling. */
static size_t count_reply(char *bytes, size_t size, size_t count, void *arg)
{
    struct http_transfer *t = arg;

    (void)bytes;
    t->reply_bytes += size * count;
    return t->reply_bytes > HTTP_REPLY_MAX_BYTES ? 0 : size * count;
}

/*
 * The code of "HTTP/1.1 503 text": a version, a blank, three digits; 0 for anything else. curl takes
 * whatever else begins with "HTTP/" for 200, and a message lost in a broken proxy for delivered.
 */
static long status_of(const char *line, size_t len)
{
    size_t at = sizeof HTTP_PREFIX - 1;
    long status = 0;
    int digits = 0;

    while (at < len && (isdigit((unsigned char)line[at]) || line[at] == '.'))
        at++;
    if (at == sizeof HTTP_PREFIX - 1 || at >= len || line[at] != ' ')
        return 0;
    for (at++; at < len && isdigit((unsigned char)line[at]); at++, digits++)
        if (digits < 3)
            status = status * 10 + (line[at] - '0');
    return digits == 3 && at < len && strchr(" \r\n", line[at]) ? status : 0;
}

bool http_is_status_line(const char *line, size_t len)
{
    return len >= sizeof HTTP_PREFIX - 1 && memcmp(line, HTTP_PREFIX, sizeof HTTP_PREFIX - 1) == 0;
}

size_t http_read_header(char *bytes, size_t size, size_t count, void *arg)
{
    static const char name[] = "Retry-After:";
    struct http_transfer *t = arg;
    size_t len = size * count;

    if (http_is_status_line(bytes, len)) {
        t->status = status_of(bytes, len);
        t->retry_after[0] = '\0'; /* of an interim answer */
    }
    if (len >= sizeof name - 1 && strncasecmp(bytes, name, sizeof name - 1) == 0) {
        size_t n = len - (sizeof name - 1);

        /* Longer than any number or date that means something: as good as absent. */
        if (n >= sizeof t->retry_after)
            n = 0;
        memcpy(t->retry_after, bytes + sizeof name - 1, n);
        t->retry_after[n] = '\0';
    }
    return count_reply(bytes, size, count, arg);
}

curl_socket_t http_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_transfer *t = arg;

    (void)purpose;
    if (!t->allow_private && !http_address_is_public(&address->addr, address->addrlen)) {
        t->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static CURLcode post_options(struct http_transfer *t, const struct http_post *post)
{
    CURLcode r = transfer_common(
        t, post->url, post->allow_private ? "https,http" : "https", post->ca_file,
        post->connect_timeout_ms > 0 ? post->connect_timeout_ms : POST_CONNECT_TIMEOUT_MS,
        post->timeout_ms > 0 ? post->timeout_ms : POST_TIMEOUT_MS);

#define SET(option, value)                                                                         \
    do {                                                                                           \
        if (r == CURLE_OK)                                                                         \
            r = curl_easy_setopt(t->easy, option, value);                                          \
    } while (0)
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_len);
    SET(CURLOPT_READFUNCTION, give_body);
    SET(CURLOPT_READDATA, t);
    SET(CURLOPT_SEEKFUNCTION, rewind_body);
    SET(CURLOPT_SEEKDATA, t);
    SET(CURLOPT_WRITEFUNCTION, count_reply);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_HEADERFUNCTION, http_read_header);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_OPENSOCKETFUNCTION, http_open_socket);
    SET(CURLOPT_OPENSOCKETDATA, t);
    SET(CURLOPT_HTTPHEADER, t->list);
    SET(CURLOPT_USERAGENT, "waitlistd");
#undef SET
    return r;
}

int http_add_header(struct http_transfer *t, const char *header)
{
    struct curl_slist *longer;

    if (strpbrk(header, "\r\n"))
        return -EINVAL;
    longer = curl_slist_append(t->list, header);
    if (!longer)
        return -ENOMEM;
    t->list = longer;
    return 0;
}

int http_errno_of(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return 0;
    case CURLE_OUT_OF_MEMORY:
        return -ENOMEM;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return -EINVAL;
    default:
        return -EIO;
    }
}

int http_start(struct http_transfer *t)
{
    struct http *h = t->http;

    transfer_append(&h->posts, t);
    if (curl_multi_add_handle(h->multi, t->easy) == CURLM_OK)
        return 0;
    transfer_remove(&h->posts, t);
    transfer_free(t);
    return -ENOMEM;
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
    t->allow_private = post->allow_private;
    /* "Expect: 100-continue" would cost a second with receivers that do not know it. */
    r = http_add_header(t, "Expect:");
    for (size_t i = 0; r == 0 && post->headers && post->headers[i]; i++)
        r = http_add_header(t, post->headers[i]);
    if (r == 0)
        r = http_errno_of(post_options(t, post));
    if (r < 0) {
        transfer_free(t);
        return r;
    }
    return http_start(t);
}
