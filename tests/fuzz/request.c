/*
 * request - the raw bytes of a request, as our filter reads them and as evhttp does
 *
 * What the filter takes, evhttp either refuses or reads alike: method, target, every field in its
 * order, and the same bytes as the body, to the last. In other portions the filter's verdict and the
 * body are the same. What is taken has one Host, and one length or chunks. Input: a byte for the size of
 * the portions, then the request.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>

#include "fuzz/support/fuzz.h"
#include "loop/http_body.h"
#include "loop/http_head.h"

static struct event_base *base;
static struct evhttp *evhttp;
static int port;

/* What the filter made of it. */
struct reading {
    struct text raw; /* the head, with NULs put into it */
    struct http_head head;
    struct text body;
    size_t head_len, total; /* total: of the whole request; 0: not whole, or refused */
    int status;             /* 0: taken so far */
};

static struct reading *wanted; /* by the callback below */
static int heard;

/* ---- evhttp's reading ---- */

static const char *method_name(enum evhttp_cmd_type type)
{
    switch (type) {
    case EVHTTP_REQ_GET:
        return "GET";
    case EVHTTP_REQ_POST:
        return "POST";
    case EVHTTP_REQ_HEAD:
        return "HEAD";
    case EVHTTP_REQ_PUT:
        return "PUT";
    case EVHTTP_REQ_DELETE:
        return "DELETE";
    case EVHTTP_REQ_OPTIONS:
        return "OPTIONS";
    case EVHTTP_REQ_TRACE:
        return "TRACE";
    case EVHTTP_REQ_PATCH:
        return "PATCH";
    default:
        return "CONNECT";
    }
}

static void on_request(struct evhttp_request *q, void *arg)
{
    struct evbuffer *body = evhttp_request_get_input_buffer(q);
    struct evkeyval *field;
    size_t i = 0;

    (void)arg;
    FUZZ_CHECK(++heard == 1, "evhttp read a second request out of one");
    if (evhttp_request_get_uri(q)) { /* else evhttp refuses it, through here */
        const struct http_head *h = &wanted->head;

        FUZZ_CHECK(strcmp(method_name(evhttp_request_get_command(q)), h->method) == 0,
                   "the method");
        FUZZ_CHECK(strcmp(evhttp_request_get_uri(q), h->target) == 0, "the target");
        for (field = evhttp_request_get_input_headers(q)->tqh_first; field;
             field = field->next.tqe_next, i++) {
            FUZZ_CHECK(i < h->field_count, "evhttp reads more fields");
            FUZZ_CHECK(strcmp(field->key, h->fields[i].name) == 0, "a field's name");
            FUZZ_CHECK(strcmp(field->value, h->fields[i].value) == 0, "a field's value: \"%s\"",
                       field->value);
        }
        FUZZ_CHECK(i == h->field_count, "evhttp reads fewer fields");
        FUZZ_CHECK(evbuffer_get_length(body) == wanted->body.len, "a body of %zu bytes, not %zu",
                   evbuffer_get_length(body), wanted->body.len);
        FUZZ_CHECK(wanted->body.len == 0 ||
                       memcmp(evbuffer_pullup(body, -1), wanted->body.buf, wanted->body.len) == 0,
                   "other bytes in the body");
    }
    evhttp_send_reply(q, 200, "OK", NULL);
}

static void stop(void)
{
    evhttp_free(evhttp);
    event_base_free(base);
}

static void start(void)
{
    struct sockaddr_in in;
    socklen_t len = sizeof in;

    base = event_base_new();
    evhttp = base ? evhttp_new(base) : NULL;
    struct evhttp_bound_socket *bound =
        evhttp ? evhttp_bind_socket_with_handle(evhttp, "127.0.0.1", 0) : NULL;

    FUZZ_CHECK(
        bound && getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&in, &len) == 0,
        "no server");
    port = ntohs(in.sin_port);
    evhttp_set_allowed_methods(evhttp, 0xffff);
    evhttp_set_gencb(evhttp, on_request, NULL);
    (void)atexit(stop);
}

/* The request goes to evhttp as it stands; returns once it has answered or closed. */
static void ask_evhttp(struct reading *r, const char *bytes)
{
    const struct sockaddr_in in = { .sin_family = AF_INET,
                                    .sin_port = htons((uint16_t)port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct linger at_once = { 1, 0 };
    char answer[4096];
    size_t got = 0;
    ssize_t n;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    FUZZ_CHECK(fd >= 0 && connect(fd, (const struct sockaddr *)&in, sizeof in) == 0,
               "no connection");
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    FUZZ_CHECK(send(fd, bytes, r->total, MSG_NOSIGNAL) == (ssize_t)r->total, "not sent");
    (void)shutdown(fd, SHUT_WR);
    wanted = r;
    heard = 0;
    do {
        (void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
        n = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
        got += n > 0 ? (size_t)n : 0;
    } while (n > 0 || (n < 0 && got == 0));
    FUZZ_CHECK(heard == 1 || got > 0, "evhttp waits for more than the whole request");
    (void)close(fd);
    (void)event_base_loop(base, EVLOOP_NONBLOCK);
}

/* ---- the filter's reading ---- */

static void read_request(struct reading *r, const char *bytes, size_t len, size_t portion)
{
    ssize_t end = 0;
    size_t have = 0;

    *r = (struct reading){ .raw = TEXT_INIT, .body = TEXT_INIT };
    while (end == 0 && have < len && have < HTTP_HEAD_MAX_BYTES) {
        have = have + portion < len ? have + portion : len;
        end = http_head_end(bytes, have);
    }
    if (end <= 0) {
        r->status = end < 0 ? 400 : 0;
        return;
    }
    r->head_len = (size_t)end;
    FUZZ_CHECK(text_add(&r->raw, bytes, r->head_len) == 0, "no memory");
    r->status = http_head_read(r->raw.buf, r->head_len, &r->head);
    FUZZ_CHECK((r->status == 0) == !r->head.why, "a verdict of %d without words", r->status);
    if (r->status != 0)
        return;
    struct http_body body = http_body_of(&r->head);
    size_t at = r->head_len;

    while (!http_body_is_whole(&body) && at < len) {
        size_t n = len - at < portion ? len - at : portion, content_len;
        const char *content;
        ssize_t taken = http_body_read(&body, bytes + at, n, &content, &content_len);

        if (taken < 0) {
            r->status = 400;
            return;
        }
        FUZZ_CHECK(taken > 0 && (size_t)taken <= n, "%zd of %zu bytes taken", taken, n);
        FUZZ_CHECK(content_len == 0 ||
                       (content >= bytes + at && content + content_len <= bytes + at + taken),
                   "content that was not taken");
        FUZZ_CHECK(text_add(&r->body, content, content_len) == 0, "no memory");
        at += (size_t)taken;
    }
    if (http_body_is_whole(&body))
        r->total = at;
}

/* Lines that begin with this name and a colon, whatever our reader says. */
static size_t lines_of(const char *bytes, size_t len, const char *name)
{
    size_t n = strlen(name), count = 0;

    for (size_t i = 0; i + 2 + n < len; i++)
        count += bytes[i] == '\r' && bytes[i + 1] == '\n' &&
                 strncasecmp(bytes + i + 2, name, n) == 0 && bytes[i + 2 + n] == ':';
    return count;
}

static void check_taken(const struct reading *r, const char *bytes)
{
    size_t lengths = lines_of(bytes, r->head_len, "content-length");
    size_t codings = lines_of(bytes, r->head_len, "transfer-encoding");

    FUZZ_CHECK(lines_of(bytes, r->head_len, "host") == 1, "not one Host");
    FUZZ_CHECK(lengths + codings <= 1, "%zu lengths and %zu codings", lengths, codings);
    FUZZ_CHECK(r->head.has_length == (lengths == 1) && r->head.is_chunked == (codings == 1),
               "a length or coding that is not there");
    FUZZ_CHECK(strcmp(r->head.method, "POST") != 0 || lengths + codings == 1,
               "a post without an end");
    FUZZ_CHECK(!memchr(bytes, '\0', r->head_len), "a NUL");
    for (size_t i = 0; i < r->head_len; i++)
        FUZZ_CHECK(bytes[i] != '\n' || (i && bytes[i - 1] == '\r'), "a bare line feed");
}

static bool is_known_method(const char *method)
{
    static const char *const known[] = { "GET",    "POST",    "HEAD",  "PUT",
                                         "DELETE", "OPTIONS", "TRACE", "PATCH" };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(method, known[i]) == 0)
            return true;
    return false;
}

static void forget(struct reading *r)
{
    text_release(&r->raw);
    text_release(&r->body);
}

void fuzz_one(const char *bytes, size_t len)
{
    size_t portion = fuzz_byte(&bytes, &len) + 1u;
    struct reading whole, parts;

    if (!base)
        start();
    read_request(&whole, bytes, len, len ? len : 1);
    read_request(&parts, bytes, len, portion);
    FUZZ_CHECK(whole.status == parts.status && whole.head_len == parts.head_len &&
                   whole.total == parts.total && whole.body.len == parts.body.len,
               "verdict %d, in portions of %zu %d", whole.status, portion, parts.status);
    FUZZ_CHECK(whole.body.len == 0 || memcmp(whole.body.buf, parts.body.buf, whole.body.len) == 0,
               "another body in portions");
    if (whole.status == 0 && whole.head_len) {
        check_taken(&whole, bytes);
        if (whole.total && is_known_method(whole.head.method))
            ask_evhttp(&whole, bytes);
    }
    forget(&whole);
    forget(&parts);
}
