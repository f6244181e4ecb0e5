#include "loop/http_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <event2/event.h>

#include "support/unit.h"

/* What the handler of these tests has heard. */
struct heard {
    struct event_base *base;
    struct http_exchange *whole;
    int gone;
};

static void on_head(void *arg, struct http_exchange *x, const struct http_head *head)
{
    (void)arg;
    (void)x;
    (void)head;
}

static void on_body(void *arg, struct http_exchange *x, const void *bytes, size_t len)
{
    (void)arg;
    (void)x;
    (void)bytes;
    (void)len;
}

static void on_end(void *arg, struct http_exchange *x)
{
    struct heard *h = arg;

    h->whole = x;
    (void)event_base_loopbreak(h->base);
}

static void on_gone(void *arg, struct http_exchange *x)
{
    struct heard *h = arg;

    (void)x;
    h->gone++;
}

/* A client that has said all of its request; it waits no longer than ten seconds for anything. */
static int client_of(const struct http_server *s)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    const struct timeval patience = { 10, 0 };
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)http_server_port(s)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    ck_assert_int_eq(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
    return fd;
}

/* The answer is given, and the loop does not turn any more. What would be held then is memory: the sanitizer
 * build finds it. */
START_TEST(an_answer_that_cannot_leave_any_more_holds_no_connection)
{
    struct heard heard = { .base = event_base_new() };
    const struct http_handler handler = { on_head, on_body, on_end, on_gone, &heard };
    const struct http_limits limits = { .connections = 8, .per_address = 8, .deadline_ms = 10000 };
    struct http_server *s;
    char byte;

    ck_assert_int_eq(http_server_open(heard.base, "127.0.0.1:0", &limits, &handler, &s), 0);
    int client = client_of(s);

    (void)event_base_dispatch(heard.base);
    ck_assert_ptr_nonnull(heard.whole);
    http_answer_text(heard.whole, 200, "late");
    http_server_free(s);
    ck_assert_int_eq(heard.gone, 1);
    event_base_free(heard.base); /* libevent frees there what was still in its hands */
    errno = 0;
    ck_assert_int_le(recv(client, &byte, 1, 0), 0);
    ck_assert_msg(errno != EAGAIN, "the connection is held");
    close(client);
}
END_TEST

START_TEST(a_client_that_shut_its_side_behind_its_request_is_answered_and_then_let_go)
{
    struct heard heard = { .base = event_base_new() };
    const struct http_handler handler = { on_head, on_body, on_end, on_gone, &heard };
    const struct http_limits limits = { .connections = 8, .per_address = 8, .deadline_ms = 10000 };
    char answer[1024] = "";
    size_t len = 0;
    struct http_server *s;

    ck_assert_int_eq(http_server_open(heard.base, "127.0.0.1:0", &limits, &handler, &s), 0);
    int client = client_of(s);

    (void)event_base_dispatch(heard.base);
    ck_assert_ptr_nonnull(heard.whole);
    ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
    (void)event_base_loop(heard.base, EVLOOP_ONCE); /* its end is heard */
    ck_assert_int_eq(heard.gone, 0);
    http_answer_text(heard.whole, 200, "late");
    while (!heard.gone)
        (void)event_base_loop(heard.base, EVLOOP_ONCE);
    for (ssize_t n = 1; n > 0 && len + 1 < sizeof answer; len += (size_t)(n > 0 ? n : 0)) {
        n = recv(client, answer + len, sizeof answer - 1 - len, 0);
        ck_assert_int_ge(n, 0);
    }
    ck_assert_msg(strstr(answer, "200 OK") && strstr(answer, "late"), "%s", answer);
    close(client);
    http_server_free(s);
    event_base_free(heard.base);
}
END_TEST

UNIT_MAIN("http_server", UNIT_TEST(an_answer_that_cannot_leave_any_more_holds_no_connection),
          UNIT_TEST(a_client_that_shut_its_side_behind_its_request_is_answered_and_then_let_go))
