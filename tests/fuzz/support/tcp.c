#include "fuzz/support/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/support/fuzz.h"

static void drop(struct tcp_server *s)
{
    if (s->on_read)
        event_free(s->on_read);
    s->on_read = NULL;
    if (s->fd >= 0)
        (void)close(s->fd);
    s->fd = -1;
    s->is_open = false;
    (void)event_del(s->pump);
}

static void pump(evutil_socket_t fd, short what, void *arg)
{
    struct tcp_server *s = arg;
    size_t left = s->out.len - s->sent, n = left < s->portion ? left : s->portion;

    (void)fd;
    (void)what;
    if (s->fd < 0)
        return;
    if (n > 0) {
        if (send(s->fd, s->out.buf + s->sent, n, MSG_NOSIGNAL) != (ssize_t)n) {
            drop(s);
            return;
        }
        s->has_said = true;
        s->sent += n;
    }
    if (s->sent < s->out.len) {
        const struct timeval soon = { 0, 0 };

        (void)event_add(s->pump, &soon);
    } else if (s->is_closing) {
        /* What is still to be heard is read: a close would reset what was said with it. */
        (void)shutdown(s->fd, SHUT_WR);
        s->is_open = false;
    }
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
    struct tcp_server *s = arg;
    char bytes[4096];
    ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

    (void)what;
    if (n <= 0) {
        drop(s);
        return;
    }
    if (!s->is_open)
        return;
    (void)text_add(&s->heard, bytes, (size_t)n);
    s->on_heard(s);
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
    struct tcp_server *s = arg;
    int fd = accept(listener, NULL, NULL), yes = 1;

    (void)what;
    if (fd < 0)
        return;
    if (s->fd >= 0) { /* opened ahead, for what comes next */
        (void)close(fd);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    s->fd = fd;
    s->is_open = true;
    s->on_read = event_new(s->base, fd, EV_READ | EV_PERSIST, on_read, s);
    FUZZ_CHECK(s->on_read && event_add(s->on_read, NULL) == 0, "no memory");
    if (s->on_client)
        s->on_client(s);
}

void tcp_start(struct tcp_server *s, struct event_base *base)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;

    s->base = base;
    s->fd = -1;
    s->heard = s->out = (struct text)TEXT_INIT;
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    FUZZ_CHECK(s->listener >= 0 &&
                   bind(s->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
                   listen(s->listener, 16) == 0 &&
                   getsockname(s->listener, (struct sockaddr *)&address, &len) == 0,
               "no server");
    s->port = ntohs(address.sin_port);
    s->on_accept = event_new(base, s->listener, EV_READ | EV_PERSIST, on_accept, s);
    s->pump = evtimer_new(base, pump, s);
    FUZZ_CHECK(s->on_accept && s->pump && event_add(s->on_accept, NULL) == 0, "no memory");
}

void tcp_stop(struct tcp_server *s)
{
    drop(s);
    event_free(s->on_accept);
    event_free(s->pump);
    (void)close(s->listener);
    text_release(&s->heard);
    text_release(&s->out);
}

void tcp_reset(struct tcp_server *s, size_t portion)
{
    drop(s);
    for (int fd; (fd = accept(s->listener, NULL, NULL)) >= 0;)
        (void)close(fd); /* the last client opened it ahead */
    text_clear(&s->heard);
    text_clear(&s->out);
    s->sent = 0;
    s->portion = portion;
    s->is_closing = s->has_said = false;
}

void tcp_say(struct tcp_server *s, const char *bytes, size_t len)
{
    FUZZ_CHECK(text_add(&s->out, bytes, len) == 0, "no memory");
    event_active(s->pump, EV_TIMEOUT, 0);
}

void tcp_close(struct tcp_server *s)
{
    s->is_closing = true;
    event_active(s->pump, EV_TIMEOUT, 0);
}
