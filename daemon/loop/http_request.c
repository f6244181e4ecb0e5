#include "loop/http_private.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "loop/http_address.h"

#define CONNECT_TIMEOUT_MS 5000
#define HTTP_PREFIX        "HTTP/"
#define LEFT_OPEN          "HTTP/1.1 "

/* ---- the head of the answer ---- */

size_t http_count_reply(char *bytes, size_t size, size_t count, void *arg)
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

static bool is_field(const char *line, size_t len, const char *name)
{
    return len >= strlen(name) && strncasecmp(line, name, strlen(name)) == 0;
}

static bool says(const char *line, size_t len, const char *word)
{
    for (; len >= strlen(word); line++, len--)
        if (strncasecmp(line, word, strlen(word)) == 0)
            return true;
    return false;
}

size_t http_read_header(char *bytes, size_t size, size_t count, void *arg)
{
    static const char name[] = "Retry-After:";
    struct http_transfer *t = arg;
    size_t len = size * count;

    if (http_is_status_line(bytes, len)) {
        t->status = status_of(bytes, len);
        t->retry_after[0] = '\0'; /* of an interim answer */
        t->is_left_open =
            len > sizeof LEFT_OPEN - 1 && memcmp(bytes, LEFT_OPEN, sizeof LEFT_OPEN - 1) == 0;
    }
    if (is_field(bytes, len, "Connection:") && says(bytes, len, "close"))
        t->is_left_open = false;
    if (is_field(bytes, len, name)) {
        size_t n = len - (sizeof name - 1);

        /* Longer than any number or date that means something: as good as absent. */
        if (n >= sizeof t->retry_after)
            n = 0;
        memcpy(t->retry_after, bytes + sizeof name - 1, n);
        t->retry_after[n] = '\0';
    }
    return http_count_reply(bytes, size, count, arg);
}

/* ---- the request ---- */

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_transfer *t = arg;

    (void)purpose;
    if (!t->allow_private && !t->is_proxied &&
        !http_address_is_public(&address->addr, address->addrlen)) {
        t->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    if (t->takes_ahead) {
        t->address_len = address->addrlen;
        memcpy(&t->address, (const void *)&address->addr, address->addrlen);
        t->ahead = http_ahead_take(t->http, &address->addr, address->addrlen);
        if (t->ahead != CURL_SOCKET_BAD)
            return t->ahead;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
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

int http_prepare(struct http_transfer *t, const struct http_request *q, long timeout_ms)
{
    int r = 0;

    t->allow_private = q->allow_private;
    for (size_t i = 0; r == 0 && q->headers && q->headers[i]; i++)
        r = http_add_header(t, q->headers[i]);
    if (r < 0)
        return r;
    CURLcode c =
        transfer_common(t, q->url, q->allow_private ? "https,http" : "https", q->ca_file,
                        q->connect_timeout_ms > 0 ? q->connect_timeout_ms : CONNECT_TIMEOUT_MS,
                        q->timeout_ms > 0 ? q->timeout_ms : timeout_ms);

    t->is_proxied = http_is_proxied(t->http, q->url);
    if (t->is_proxied) {
        TRANSFER_SET(t, c, CURLOPT_PROXY, t->http->proxy);
        TRANSFER_SET(t, c, CURLOPT_NOPROXY, "");
        TRANSFER_SET(t, c, CURLOPT_HTTPPROXYTUNNEL, 1L);
        /* What the receiver is told is not for the proxy. */
        TRANSFER_SET(t, c, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    }
    TRANSFER_SET(t, c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    TRANSFER_SET(t, c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    TRANSFER_SET(t, c, CURLOPT_OPENSOCKETDATA, t);
    TRANSFER_SET(t, c, CURLOPT_HTTPHEADER, t->list);
    TRANSFER_SET(t, c, CURLOPT_USERAGENT, "waitlistd");
    return http_errno_of(c);
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
