/*
 * Connections that are opened ahead: which are given to a post.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/http_private.h"
#include "support/unit.h"

static struct http *http;
static struct event_base *base;
static struct sockaddr_storage address;
static int listener;

static void begin(void)
{
    struct sockaddr_in inside = { .sin_family = AF_INET };
    socklen_t len = sizeof inside;

    base = event_base_new();
    http = http_new(base);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert(base && http && listener >= 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&inside, len), 0);
    ck_assert_int_eq(listen(listener, 32), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&inside, &len), 0);
    inside.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memset(&address, 0, sizeof address);
    memcpy(&address, &inside, sizeof inside);
}

static void end(void)
{
    http_free(http);
    event_base_free(base);
    (void)close(listener);
}

static curl_socket_t take(void)
{
    return http_ahead_take(http, (struct sockaddr *)&address, sizeof(struct sockaddr_in));
}

/* The server's end of one that is opened now. */
static int opened(void)
{
    http_ahead_open(http, &address, sizeof(struct sockaddr_in));
    return accept(listener, NULL, NULL);
}

START_TEST(one_that_waits_is_given_once)
{
    begin();
    int server = opened();
    curl_socket_t given = take();

    ck_assert_int_ge(given, 0);
    ck_assert_int_eq(write(given, "x", 1), 1);
    ck_assert_int_eq(read(server, &(char){ 0 }, 1), 1);
    ck_assert_int_eq(take(), CURL_SOCKET_BAD);
    (void)close(given);
    (void)close(server);
    end();
}
END_TEST

START_TEST(one_is_opened_where_none_waits_and_of_another_address_none_is_given)
{
    struct pollfd another = { .fd = -1, .events = POLLIN };

    begin();
    int server = opened();
    struct sockaddr_in elsewhere = *(struct sockaddr_in *)&address;

    another.fd = listener;
    http_ahead_open(http, &address, sizeof(struct sockaddr_in));
    ck_assert_int_eq(poll(&another, 1, 0), 0);
    elsewhere.sin_port ^= 1;
    ck_assert_int_eq(http_ahead_take(http, (struct sockaddr *)&elsewhere, sizeof elsewhere),
                     CURL_SOCKET_BAD);
    (void)close(server);
    end();
}
END_TEST

START_TEST(of_many_receivers_not_each_has_one_that_waits)
{
    struct sockaddr_in *to = (struct sockaddr_in *)&address;
    int given = 0;

    begin();
    for (uint32_t n = 0; n < 20; n++) {
        to->sin_addr.s_addr = htonl(INADDR_LOOPBACK + n);
        http_ahead_open(http, &address, sizeof *to);
    }
    for (uint32_t n = 0; n < 20; n++) {
        to->sin_addr.s_addr = htonl(INADDR_LOOPBACK + n);
        curl_socket_t fd = take();

        if (fd != CURL_SOCKET_BAD && close(fd) == 0)
            given++;
    }
    ck_assert_int_gt(given, 0);
    ck_assert_int_lt(given, 20);
    end();
}
END_TEST

/* Before the loop has seen it. */
START_TEST(one_on_which_a_byte_came_is_not_given_but_closed)
{
    int unread = 1;
    char byte;

    begin();
    int server = opened();

    ck_assert_int_eq(write(server, "x", 1), 1);
    while (unread > 0) /* by the other end's kernel */
        ck_assert_int_eq(ioctl(server, SIOCOUTQ, &unread), 0);
    ck_assert_int_eq(take(), CURL_SOCKET_BAD);
    ck_assert_int_le(read(server, &byte, 1), 0);
    (void)close(server);
    end();
}
END_TEST

START_TEST(the_loop_closes_one_on_which_anything_comes)
{
    char byte;

    begin();
    int server = opened();

    ck_assert_int_eq(write(server, "x", 1), 1);
    (void)event_base_loop(base, EVLOOP_ONCE);
    ck_assert_int_le(read(server, &byte, 1), 0);
    (void)close(server);
    end();
}
END_TEST

static int note_end(const struct event_base *of, const struct event *e, void *arg)
{
    struct timeval at, now;
    long *left = arg;

    (void)event_base_gettimeofday_cached((struct event_base *)(uintptr_t)of, &now);
    if (event_pending(e, EV_READ | EV_TIMEOUT, &at) == (EV_READ | EV_TIMEOUT))
        *left = at.tv_sec - now.tv_sec;
    return 0;
}

START_TEST(one_that_nobody_takes_is_closed_within_a_minute_or_two)
{
    long left = 0;

    begin();
    int server = opened();

    ck_assert_int_eq(event_base_foreach_event(base, note_end, &left), 0);
    ck_assert_int_gt(left, 0);
    ck_assert_int_le(left, 120);
    (void)close(server);
    end();
}
END_TEST

UNIT_MAIN("http_ahead", UNIT_TEST(one_that_waits_is_given_once),
          UNIT_TEST(one_is_opened_where_none_waits_and_of_another_address_none_is_given),
          UNIT_TEST(of_many_receivers_not_each_has_one_that_waits),
          UNIT_TEST(one_on_which_a_byte_came_is_not_given_but_closed),
          UNIT_TEST(the_loop_closes_one_on_which_anything_comes),
          UNIT_TEST(one_that_nobody_takes_is_closed_within_a_minute_or_two))
