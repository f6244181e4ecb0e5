#include "loop/http_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A receiver inside is posted to over a connection that was opened ahead, when the exchange before had ended:
 * opening one takes as long as all the rest. Each connection carries one exchange alone, so that a server which
 * answers twice cannot have its second answer taken for that of the next message, whenever it comes.
 *
 * Whatever comes on one that waits (a byte, its end, an error) closes it, and so does the time.
 */

#define AHEAD_MOST 8  /* connections that wait */
#define AHEAD_S    60 /* for so long: what stands between would forget it unseen */

struct http_ahead {
    struct http_ahead *next;
    struct http *http;
    evutil_socket_t fd;
    struct event *event;
    struct sockaddr_storage address;
    socklen_t len;
};

/* Frees it and what watches it; its socket is the caller's. */
static evutil_socket_t ahead_free(struct http_ahead *a)
{
    struct http_ahead **at = &a->http->ahead;
    evutil_socket_t fd = a->fd;

    while (*at && *at != a)
        at = &(*at)->next;
    if (*at)
        *at = a->next;
    if (a->event)
        event_free(a->event);
    free(a);
    return fd;
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)close(ahead_free(arg));
}

static struct http_ahead *ahead_of(const struct http *h, const struct sockaddr *address,
                                   socklen_t len)
{
    struct http_ahead *a = h->ahead;

    while (a && (a->len != len || memcmp(&a->address, address, len) != 0))
        a = a->next;
    return a;
}

/* It stands, and nothing came on it. */
static bool is_silent(evutil_socket_t fd)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    char byte;

    return getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
           recv(fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

curl_socket_t http_ahead_take(struct http *h, const struct sockaddr *address, socklen_t len)
{
    struct http_ahead *a = ahead_of(h, address, len);

    if (!a)
        return CURL_SOCKET_BAD;
    evutil_socket_t fd = ahead_free(a);

    if (is_silent(fd))
        return fd;
    (void)close(fd);
    return CURL_SOCKET_BAD;
}

void http_ahead_open(struct http *h, const struct sockaddr_storage *address, socklen_t len)
{
    const struct timeval most = { AHEAD_S, 0 };
    struct http_ahead *a;
    size_t count = 0;

    for (a = h->ahead; a; a = a->next)
        count++;
    if (count >= AHEAD_MOST || ahead_of(h, (const struct sockaddr *)address, len))
        return;
    a = calloc(1, sizeof *a);
    if (!a)
        return; /* the next post opens its own */
    *a = (struct http_ahead){ .next = h->ahead, .http = h, .address = *address, .len = len };
    h->ahead = a;
    a->fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (a->fd >= 0 &&
        (connect(a->fd, (const struct sockaddr *)address, len) == 0 || errno == EINPROGRESS))
        a->event = event_new(h->base, a->fd, EV_READ, on_end, a);
    if (a->event && event_add(a->event, &most) == 0)
        return;
    evutil_socket_t fd = ahead_free(a);

    if (fd >= 0)
        (void)close(fd);
}

void http_ahead_release(struct http *h)
{
    while (h->ahead)
        (void)close(ahead_free(h->ahead));
}
