#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* What is served over HTTP: whether the daemon is well, and the door for feeds that are pushed. */

#define FEEDS_PATH "/v1/feeds/"

static void answer_alive(struct pipeline *p, struct http_exchange *x)
{
    (void)p; /* the loop turns */
    http_answer_text(x, 200, "alive");
}

/* No more than a word: who asks here shows no name. waitlistctl says what is wrong. */
static void answer_ready(struct pipeline *p, struct http_exchange *x)
{
    bool is_ready = pipeline_health(p) < 2;

    http_answer_text(x, is_ready ? 200 : 503, is_ready ? "ready" : "not ready");
}

/* Paths stand for themselves: no query, no encoding, no folder. */
static const struct {
    const char *path;
    void (*answer)(struct pipeline *p, struct http_exchange *x);
} pages[] = {
    { "/healthz", answer_alive },
    { "/readyz", answer_ready },
};

static void refuse_method(struct http_exchange *x, const char *allowed)
{
    static const char words[] = "this path takes another method\n";

    http_answer(x, &(struct http_answer){ .status = 405,
                                          .type = "text/plain; charset=utf-8",
                                          .header = "Allow",
                                          .header_value = allowed,
                                          .body = words,
                                          .body_len = sizeof words - 1 });
}

static void on_head(void *arg, struct http_exchange *x, const struct http_head *head)
{
    struct pipeline *p = arg;

    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(head->target, pages[i].path) != 0)
            continue;
        if (strcmp(head->method, "GET") != 0)
            refuse_method(x, "GET");
        else
            pages[i].answer(p, x);
        return;
    }
    const struct feed_setting *feed = strncmp(head->target, FEEDS_PATH, strlen(FEEDS_PATH)) == 0
                                          ? pipeline_feed(p, head->target + strlen(FEEDS_PATH))
                                          : NULL;

    if (!feed || feed->transport != TRANSPORT_PUSH)
        http_answer_text(x, 404, "there is nothing here");
    else if (strcmp(head->method, "POST") != 0)
        refuse_method(x, "POST");
    else
        push_start(p, x, feed, head);
}

static void on_body(void *arg, struct http_exchange *x, const void *bytes, size_t len)
{
    (void)arg;
    push_add(x, bytes, len);
}

static void on_end(void *arg, struct http_exchange *x)
{
    (void)arg;
    push_end(x);
}

static void on_gone(void *arg, struct http_exchange *x)
{
    (void)arg;
    push_gone(x);
}

static struct http_limits limits_of(const struct http_setting *s)
{
    return (struct http_limits){ .connections = (size_t)s->connections,
                                 .per_address = (size_t)s->per_address,
                                 .deadline_ms = s->deadline.count * 1000,
                                 .proxies = (const char *const *)s->proxies.items,
                                 .proxy_count = s->proxies.count };
}

int server_open(struct pipeline *p)
{
    const struct http_setting *s = &p->config->settings->http;
    const struct http_limits limits = limits_of(s);
    const struct http_handler handler = { on_head, on_body, on_end, on_gone, p };

    if (!s->is_on || p->options.once)
        return 0;
    int r = http_server_open(p->base, s->listen, &limits, &handler, &p->server);

    if (r < 0)
        log_error("http", "listen=%s error=\"%s\"", s->listen, strerror(-r));
    else
        log_info("http", "listen=%s port=%d", s->listen, http_server_port(p->server));
    return r;
}

void server_adopt(struct pipeline *p)
{
    const struct http_limits limits = limits_of(&p->config->settings->http);

    if (p->server)
        http_server_limit(p->server, &limits);
    else if (server_open(p) < 0) /* a server that was not there before */
        log_error("http", "nothing is served until a restart");
}

void server_close(struct pipeline *p)
{
    http_server_free(p->server);
    p->server = NULL;
    push_sweep(p);
}
