#include "loop/http_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "base/address.h"
#include "base/text.h"
#include "loop/http_body.h"

/*
 * A connection, from accept to close:
 *
 *   HEAD ── whole and sound ──► BODY ── whole ──► WAITING ──┐
 *     │                           │                         │ http_answer()
 *     └── refused ────────────────┴─────────────────────────┴──► ANSWERING ── taken ──► LINGERING
 *
 * Everything that a client sends goes through take_input(), which keeps the head, hands the content to
 * the handler and drops what follows. For an answer a request made here, "GET / HTTP/1.1", is put
 * before evhttp, whose callback gives the answer at once. What evhttp writes is moved to the socket's
 * buffer; evhttp is never told that it was written, for it would close before the socket has it. When
 * the last byte has left, our side is shut and what still comes is dropped until the client closes, so
 * that no reset overtakes the answer. A client that shuts its side behind a whole request is answered: its end
 * is kept from evhttp (on_socket_event) until the answer has left, since nothing more can come. The deadline, in every state, shuts the socket: evhttp then reads
 * its end and frees the connection, and with it all that belongs to it (forget()). It is then closed by a
 * reset: a client that still sends would else wait for room that never comes, until the kernel forgets.
 */

#define LINGER_MS     2000
#define ACCEPT_REST_S 1
#define BACKLOG       128
#define OWN_HEAD_MAX  2048 /* evhttp reads what we wrote, and nothing else */

static const char own_get[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char own_head[] = "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

enum state { HEAD, BODY, WAITING, ANSWERING, LINGERING };

struct http_exchange {
    struct http_exchange *next;
    struct http_server *server; /* NULL once that is freed */
    struct bufferevent *socket, *filter;
    struct { /* what the filter wants to hear of the socket */
        bufferevent_data_cb on_read, on_write;
        bufferevent_event_cb on_event;
        void *arg;
    } below;
    struct evbuffer_cb_entry *on_output;
    struct event *deadline, *drained, *answered; /* owned: what libevent defers by itself would hold
                                                    the connection past the end of the loop */
    enum state state;
    bool has_ended;        /* the client's side is shut, and evhttp was not told */
    bool is_settled;       /* its address is known and within the limit */
    bool is_told, is_head; /* the handler knows of it; the method is HEAD */
    char address[INET6_ADDRSTRLEN];
    struct text head;
    struct http_body body;
    void *value; /* the handler's */
    struct http_answer answer;
    struct text type, header, header_value, content; /* what .answer borrows */
};

struct http_server {
    struct event_base *base;
    struct evhttp *evhttp;
    struct evconnlistener *listener;
    struct event *accept_again;
    struct http_limits limits;
    struct http_handler handler;
    struct http_exchange *exchanges;
    size_t count;
    int port;
};

/* ---- the end of a connection ---- */

static void set_deadline(struct http_exchange *x, long ms)
{
    const struct timeval in = { ms / 1000, (ms % 1000) * 1000 };

    if (event_add(x->deadline, &in) < 0)
        (void)shutdown(bufferevent_getfd(x->socket), SHUT_RDWR); /* rather none than without end */
}

static void tell_gone(struct http_exchange *x)
{
    if (x->is_told && x->server)
        x->server->handler.on_gone(x->server->handler.arg, x);
    x->is_told = false;
}

static void detach(struct http_exchange *x)
{
    struct http_exchange **at = &x->server->exchanges;

    tell_gone(x);
    while (*at != x)
        at = &(*at)->next;
    *at = x->next;
    x->server->count--;
    x->server = NULL;
    event_free(x->deadline);
    event_free(x->drained);
    event_free(x->answered);
}

/* The filter's last call. */
static void forget(void *arg)
{
    struct http_exchange *x = arg;
    struct http_server *s = x->server;

    (void)evbuffer_remove_cb_entry(bufferevent_get_output(x->socket), x->on_output);
    if (s) {
        detach(x);
        if (s->count < s->limits.connections)
            (void)evconnlistener_enable(s->listener);
    }
    text_release(&x->head);
    text_release(&x->type);
    text_release(&x->header);
    text_release(&x->header_value);
    text_release(&x->content);
    free(x);
}

/* ---- the socket under the filter ---- */

static void on_socket_read(struct bufferevent *socket, void *arg)
{
    struct http_exchange *x = arg;

    x->below.on_read(socket, x->below.arg);
}

static void on_socket_write(struct bufferevent *socket, void *arg)
{
    struct http_exchange *x = arg;

    x->below.on_write(socket, x->below.arg);
}

/* A half-closed client still listens. Before its request is whole, its end is the end. */
static void on_socket_event(struct bufferevent *socket, short what, void *arg)
{
    struct http_exchange *x = arg;

    if (what == (BEV_EVENT_READING | BEV_EVENT_EOF) && x->server &&
        (x->state == WAITING || x->state == ANSWERING))
        x->has_ended = true;
    else
        x->below.on_event(socket, what, x->below.arg);
}

/* The end of a client that was kept from evhttp, which frees the connection by it. */
static void tell_end(struct http_exchange *x)
{
    x->below.on_event(x->socket, BEV_EVENT_READING | BEV_EVENT_EOF, x->below.arg);
}

static void listen_below(struct http_exchange *x)
{
    bufferevent_getcb(x->socket, &x->below.on_read, &x->below.on_write, &x->below.on_event,
                      &x->below.arg);
    bufferevent_setcb(x->socket, on_socket_read, on_socket_write, on_socket_event, x);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct http_exchange *x = arg;
    const struct linger none = { .l_onoff = 1, .l_linger = 0 };

    (void)fd;
    (void)what;
    (void)setsockopt(bufferevent_getfd(x->socket), SOL_SOCKET, SO_LINGER, &none, sizeof none);
    (void)shutdown(bufferevent_getfd(x->socket), SHUT_RDWR);
    if (x->has_ended)
        tell_end(x); /* its socket is read no more */
}

/* ---- who it is ---- */

static bool is_proxy(const struct http_limits *l, const char *address)
{
    for (size_t i = 0; i < l->proxy_count; i++)
        if (strcmp(l->proxies[i], address) == 0)
            return true;
    return false;
}

/* An IPv4 address inside an IPv6 one is the same client. */
static void read_address(struct http_exchange *x)
{
    static const char mapped[] = "::ffff:";
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    const void *bytes = NULL;

    if (getpeername(bufferevent_getfd(x->socket), (struct sockaddr *)&peer, &len) < 0)
        return; /* gone already */
    if (peer.ss_family == AF_INET)
        bytes = &((struct sockaddr_in *)&peer)->sin_addr;
    else if (peer.ss_family == AF_INET6)
        bytes = &((struct sockaddr_in6 *)&peer)->sin6_addr;
    if (!bytes || !inet_ntop(peer.ss_family, bytes, x->address, sizeof x->address))
        x->address[0] = '\0';
    if (strncmp(x->address, mapped, strlen(mapped)) == 0)
        memmove(x->address, x->address + strlen(mapped), strlen(x->address + strlen(mapped)) + 1);
}

/* At the first sign of life of a connection: evhttp tells its maker no descriptor. Returns whether it
 * may go on. */
static bool settle(struct http_exchange *x)
{
    const struct http_server *s = x->server;
    size_t same = 0;

    if (x->is_settled)
        return true;
    x->is_settled = true;
    read_address(x);
    for (const struct http_exchange *o = s->exchanges; o; o = o->next)
        same += o->is_settled && strcmp(o->address, x->address) == 0;
    if (same > s->limits.per_address && !is_proxy(&s->limits, x->address)) {
        (void)shutdown(bufferevent_getfd(x->socket), SHUT_RDWR);
        return false;
    }
    set_deadline(x, s->limits.deadline_ms);
    return true;
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    struct http_exchange *x = arg;

    if (x->is_settled)
        on_deadline(fd, what, x);
    else
        (void)settle(x);
}

/* ---- what comes ---- */

static void refuse(struct http_exchange *x, int status, const char *why)
{
    http_answer_text(x, status, why);
}

static void end_body(struct http_exchange *x)
{
    const struct http_server *s = x->server;

    if (x->state != BODY || !http_body_is_whole(&x->body))
        return;
    x->state = WAITING;
    (void)event_del(x->deadline); /* from here on the time is ours */
    s->handler.on_end(s->handler.arg, x);
}

static void read_head(struct http_exchange *x, size_t len)
{
    const struct http_server *s = x->server;
    struct http_head head;
    int status = http_head_read(x->head.buf, len, &head);

    if (status != 0) {
        refuse(x, status, head.why);
        return;
    }
    x->is_head = strcmp(head.method, "HEAD") == 0;
    x->body = http_body_of(&head);
    x->state = BODY;
    x->is_told = true;
    s->handler.on_head(s->handler.arg, x, &head);
    if (x->state == BODY && head.wants_continue && !http_body_is_whole(&x->body) &&
        bufferevent_write(x->socket, go_on, strlen(go_on)) < 0)
        refuse(x, 503, "no memory");
}

/* A part of the head, perhaps with the begin of a body. Returns how many of the bytes were taken. */
static size_t take_head(struct http_exchange *x, const char *bytes, size_t len)
{
    size_t before = x->head.len, room = HTTP_HEAD_MAX_BYTES - before;
    ssize_t end;

    if (text_add(&x->head, bytes, len < room ? len : room) < 0) {
        refuse(x, 503, "no memory");
        return len;
    }
    end = http_head_end(x->head.buf, x->head.len);
    if (end > 0) {
        read_head(x, (size_t)end);
        return (size_t)end - before;
    }
    if (end < 0)
        refuse(x, 400, "a byte that no head has");
    else if (x->head.len == HTTP_HEAD_MAX_BYTES)
        refuse(x, 400, "the head is too long");
    return len;
}

static size_t take_body(struct http_exchange *x, const char *bytes, size_t len)
{
    const struct http_server *s = x->server;
    const char *content;
    size_t content_len;
    ssize_t n = http_body_read(&x->body, bytes, len, &content, &content_len);

    if (n < 0) {
        refuse(x, 400, "the body is no chunks");
        return len;
    }
    if (content_len)
        s->handler.on_body(s->handler.arg, x, content, content_len);
    return (size_t)n;
}

/* The filter. evhttp is given nothing by it: see http_answer(). */
static enum bufferevent_filter_result take_input(struct evbuffer *from, struct evbuffer *to,
                                                 ev_ssize_t limit, enum bufferevent_flush_mode mode,
                                                 void *arg)
{
    struct http_exchange *x = arg;

    (void)to;
    (void)limit;
    (void)mode;
    while (x->server && settle(x) && (x->state == HEAD || x->state == BODY)) {
        size_t len = evbuffer_get_contiguous_space(from), taken;
        const char *bytes = (const char *)evbuffer_pullup(from, (ev_ssize_t)len);

        if (len == 0 || !bytes)
            break;
        taken = x->state == HEAD ? take_head(x, bytes, len) : take_body(x, bytes, len);
        (void)evbuffer_drain(from, taken);
        end_body(x);
    }
    (void)evbuffer_drain(from, evbuffer_get_length(from)); /* one request a connection */
    return BEV_NEED_MORE;
}

/* ---- what goes ---- */

/* What evhttp wrote goes to the socket; that it may believe otherwise is said above. */
static enum bufferevent_filter_result give_output(struct evbuffer *from, struct evbuffer *to,
                                                  ev_ssize_t limit,
                                                  enum bufferevent_flush_mode mode, void *arg)
{
    (void)limit;
    (void)mode;
    (void)arg;
    (void)evbuffer_add_buffer(to, from);
    return BEV_NEED_MORE;
}

static void on_output(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
    struct http_exchange *x = arg;

    if (x->server && x->state == ANSWERING && info->n_deleted && evbuffer_get_length(buffer) == 0)
        event_active(x->drained, EV_TIMEOUT, 0);
}

static void on_drained(evutil_socket_t fd, short what, void *arg)
{
    struct http_exchange *x = arg;

    (void)fd;
    (void)what;
    if (x->state != ANSWERING || evbuffer_get_length(bufferevent_get_output(x->socket)) > 0)
        return;
    x->state = LINGERING;
    (void)shutdown(bufferevent_getfd(x->socket), SHUT_WR);
    if (x->has_ended)
        tell_end(x);
    else
        set_deadline(x, LINGER_MS);
}

/* evhttp reads the request that http_answer() made; it may free the connection by that. */
static void on_answered(evutil_socket_t fd, short what, void *arg)
{
    struct http_exchange *x = arg;

    (void)fd;
    (void)what;
    bufferevent_trigger(x->filter, EV_READ, 0);
}

void http_answer(struct http_exchange *x, const struct http_answer *answer)
{
    const char *own = x->is_head ? own_head : own_get;

    assert(x->state != ANSWERING && x->state != LINGERING);
    x->state = ANSWERING;
    x->answer = *answer;
    set_deadline(x, x->server->limits.deadline_ms);
    (void)text_puts(&x->type, answer->type);
    (void)text_puts(&x->header, answer->header ? answer->header : "");
    (void)text_puts(&x->header_value, answer->header ? answer->header_value : "");
    (void)text_add(&x->content, answer->body, answer->body_len);
    if (evbuffer_add(bufferevent_get_input(x->filter), own, strlen(own)) < 0) {
        (void)shutdown(bufferevent_getfd(x->socket), SHUT_RDWR);
        return;
    }
    event_active(x->answered, EV_TIMEOUT, 0);
}

void http_answer_text(struct http_exchange *x, int status, const char *text)
{
    struct text line = TEXT_INIT;

    (void)text_printf(&line, "%s\n", text);
    http_answer(x, &(struct http_answer){ .status = status,
                                          .type = "text/plain; charset=utf-8",
                                          .body = text_str(&line),
                                          .body_len = line.len });
    text_release(&line);
}

static struct http_exchange *exchange_of(const struct http_server *s,
                                         struct evhttp_request *request)
{
    struct evhttp_connection *c = evhttp_request_get_connection(request);
    struct http_exchange *x = s->exchanges;

    while (x && (!c || x->filter != evhttp_connection_get_bufferevent(c)))
        x = x->next;
    return x;
}

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        { 200, "OK" },
        { 202, "Accepted" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 409, "Conflict" },
        { 411, "Length Required" },
        { 413, "Content Too Large" },
        { 415, "Unsupported Media Type" },
        { 422, "Unprocessable Content" },
        { 500, "Internal Server Error" },
        { 503, "Service Unavailable" },
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Other";
}

static void add_headers(struct http_exchange *x, struct evkeyvalq *to)
{
    (void)evhttp_add_header(to, "Content-Type", text_str(&x->type));
    (void)evhttp_add_header(to, "Cache-Control", "no-store");
    (void)evhttp_add_header(to, "X-Content-Type-Options", "nosniff");
    (void)evhttp_add_header(to, "Connection", "close");
    if (x->header.len)
        (void)evhttp_add_header(to, text_str(&x->header), text_str(&x->header_value));
}

/* evhttp has read the request that http_answer() made. */
static void on_request(struct evhttp_request *request, void *arg)
{
    struct http_server *s = arg;
    struct http_exchange *x = exchange_of(s, request);
    struct evbuffer *content = evbuffer_new();

    /* No exchange: without memory for the filter evhttp made a connection of its own. */
    if (!x || x->state != ANSWERING || !content || !text_ok(&x->content) || !text_ok(&x->type) ||
        (!x->is_head && evbuffer_add(content, text_str(&x->content), x->content.len) < 0)) {
        evhttp_send_error(request, 503, NULL);
    } else {
        add_headers(x, evhttp_request_get_output_headers(request));
        evhttp_send_reply(request, x->answer.status, reason_of(x->answer.status), content);
    }
    if (x) /* evhttp enables writing after it has written */
        (void)bufferevent_flush(x->filter, EV_WRITE, BEV_FLUSH);
    if (content)
        evbuffer_free(content);
}

/* ---- accepting ---- */

/* Out of descriptors, or of memory: what waits is accepted when there may be room again. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    (void)arg; /* evhttp's */
    (void)evconnlistener_disable(listener);
}

static void on_accept_again(evutil_socket_t fd, short what, void *arg)
{
    struct http_server *s = arg;

    (void)fd;
    (void)what;
    if (s->count < s->limits.connections)
        (void)evconnlistener_enable(s->listener);
}

/* evhttp's wish for a bufferevent. Given none it makes one without a filter, so that a failure here
 * has to close the door: on_request() answers such a connection with 503. */
static struct bufferevent *make(struct event_base *base, void *arg)
{
    struct http_server *s = arg;
    struct http_exchange *x = calloc(1, sizeof *x);
    const struct timeval at_once = { 0, 0 };

    if (!x)
        goto fail;
    x->server = s;
    x->head = x->type = x->header = x->header_value = x->content = (struct text)TEXT_INIT;
    x->socket = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    x->deadline = evtimer_new(base, on_time, x);
    x->drained = event_new(base, -1, 0, on_drained, x);
    x->answered = event_new(base, -1, 0, on_answered, x);
    if (!x->socket || !x->deadline || !x->drained || !x->answered ||
        event_add(x->deadline, &at_once) < 0)
        goto fail;
    x->on_output = evbuffer_add_cb(bufferevent_get_output(x->socket), on_output, x);
    if (!x->on_output)
        goto fail;
    x->filter = bufferevent_filter_new(x->socket, take_input, give_output, BEV_OPT_CLOSE_ON_FREE,
                                       forget, x);
    if (!x->filter)
        goto fail;
    listen_below(x);
    (void)bufferevent_enable(x->socket, EV_READ | EV_WRITE);
    x->next = s->exchanges;
    s->exchanges = x;
    if (++s->count >= s->limits.connections)
        (void)evconnlistener_disable(s->listener);
    return x->filter;
fail:
    (void)evconnlistener_disable(s->listener);
    if (x) {
        if (x->deadline)
            event_free(x->deadline);
        if (x->drained)
            event_free(x->drained);
        if (x->answered)
            event_free(x->answered);
        if (x->socket)
            bufferevent_free(x->socket);
        free(x);
    }
    return NULL;
}

/* ---- life ---- */

static int open_listener(struct http_server *s, const char *listen)
{
    struct sockaddr_storage address;
    socklen_t bound_len = sizeof address;
    int len = address_parse(listen, &address);

    if (len < 0)
        return len;
    errno = 0;
    s->listener = evconnlistener_new_bind(
        s->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
        BACKLOG, (struct sockaddr *)&address, len);
    if (!s->listener)
        return errno ? -errno : -ENOMEM;
    evconnlistener_set_error_cb(s->listener, on_accept_error);
    if (getsockname(evconnlistener_get_fd(s->listener), (struct sockaddr *)&address, &bound_len) <
        0)
        return -errno;
    s->port = ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                                 : ((struct sockaddr_in6 *)&address)->sin6_port);
    return 0;
}

int http_server_open(struct event_base *base, const char *listen, const struct http_limits *limits,
                     const struct http_handler *handler, struct http_server **out_server)
{
    const struct timeval accept_rest = { ACCEPT_REST_S, 0 };
    struct http_server *s = calloc(1, sizeof *s);
    int r = -ENOMEM;

    if (!s)
        return -ENOMEM;
    s->base = base;
    s->limits = *limits;
    s->handler = *handler;
    s->evhttp = evhttp_new(base);
    s->accept_again = event_new(base, -1, EV_PERSIST, on_accept_again, s);
    if (s->evhttp && s->accept_again && event_add(s->accept_again, &accept_rest) == 0)
        r = open_listener(s, listen);
    if (r < 0) {
        http_server_free(s);
        return r;
    }
    evhttp_set_max_headers_size(s->evhttp, OWN_HEAD_MAX);
    evhttp_set_max_body_size(s->evhttp, 0);
    evhttp_set_allowed_methods(s->evhttp, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_bevcb(s->evhttp, make, s);
    evhttp_set_gencb(s->evhttp, on_request, s);
    if (!evhttp_bind_listener(s->evhttp, s->listener)) {
        http_server_free(s);
        return -ENOMEM;
    }
    *out_server = s;
    return 0;
}

void http_server_free(struct http_server *s)
{
    if (!s)
        return;
    while (s->exchanges)
        detach(s->exchanges);
    if (s->evhttp)
        evhttp_free(s->evhttp); /* and the listener, once that is bound */
    if (s->accept_again)
        event_free(s->accept_again);
    free(s);
}

void http_server_limit(struct http_server *s, const struct http_limits *limits)
{
    s->limits = *limits;
    if (s->count < limits->connections)
        (void)evconnlistener_enable(s->listener);
}

int http_server_port(const struct http_server *s)
{
    return s->port;
}

void http_exchange_set(struct http_exchange *x, void *value)
{
    x->value = value;
}

void *http_exchange_get(const struct http_exchange *x)
{
    return x->value;
}
