#include "fuzz/support/exchange.h"

#include <stdlib.h>

#include "fuzz/support/fuzz.h"

struct tcp_server exchange_server;

static struct event_base *base;
static struct http *http;
static int ended;
static struct http_result outcome;

static void stop(void)
{
    http_free(http);
    tcp_stop(&exchange_server);
    event_base_free(base);
}

static void start(void)
{
    base = event_base_new();
    FUZZ_CHECK(base, "no loop");
    tcp_start(&exchange_server, base);
    (void)atexit(stop);
}

struct http *exchange_begin(size_t portion, void (*on_client)(struct tcp_server *s),
                            void (*on_heard)(struct tcp_server *s))
{
    if (!base)
        start();
    /* No connection of the transfer before: what its server still says would be heard on it. */
    http_free(http);
    http = http_new(base);
    FUZZ_CHECK(http, "no client");
    exchange_server.on_client = on_client;
    exchange_server.on_heard = on_heard;
    tcp_reset(&exchange_server, portion);
    ended = 0;
    return http;
}

void exchange_done(void *arg, const struct http_result *result)
{
    (void)arg;
    FUZZ_CHECK(++ended == 1, "ended twice");
    outcome = *result;
    (void)event_base_loopbreak(base);
}

struct http_result exchange_end(int result)
{
    FUZZ_CHECK(result == 0, "not started");
    while (!ended)
        (void)event_base_loop(base, EVLOOP_ONCE);
    FUZZ_CHECK(http_busy(http) == 0, "something goes on");
    return outcome;
}
