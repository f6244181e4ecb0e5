/*
 * http_server - requests over HTTP on the loop: evhttp behind a filter that reads the bytes first
 *
 * One request a connection. The filter judges the raw head (http_head), takes the body off in
 * portions, and lets evhttp see a request only when its answer is known: so no byte of a client is
 * read twice, memory does not grow with what is sent, and evhttp never owes an answer. A body that is
 * cut short is told as gone, never as whole.
 *
 * Limits: connections, connections of one address (but of listed proxies), and an absolute time for
 * a request to come and for an answer to be taken, whatever drips in meanwhile. At its ceiling of
 * connections, and when no descriptor is left, the server stops accepting until one is free.
 * Rules of RELIABILITY section 7, "libevent and evhttp".
 */
#ifndef LOOP_HTTP_SERVER_H
#define LOOP_HTTP_SERVER_H

#include "loop/http_head.h"

struct event_base;
struct http_server;
struct http_exchange; /* one request and its answer */

/**
 * on_head comes first, with a sound head (borrowed for the call); then, unless it answered, on_body
 * for each part of the content and on_end when the body was whole, at once for a request without
 * one. Each may call http_answer(), then or later; after that only on_gone follows. on_gone comes
 * exactly once for each on_head, when the exchange is over or its client went away: what it is given
 * is no more afterwards.
 */
struct http_handler {
    void (*on_head)(void *arg, struct http_exchange *x, const struct http_head *head);
    void (*on_body)(void *arg, struct http_exchange *x, const void *bytes, size_t len);
    void (*on_end)(void *arg, struct http_exchange *x);
    void (*on_gone)(void *arg, struct http_exchange *x);
    void *arg;
};

struct http_limits {
    size_t connections, per_address;
    long deadline_ms;
    const char *const *proxies; /* numeric addresses that per_address does not count */
    size_t proxy_count;
};

/** Listens on "address:port" ("[::1]:8710" for IPv6; port 0: a free one). What limits borrows is
 * borrowed until http_server_free(). Returns 0 or -errno. */
int http_server_open(struct event_base *base, const char *listen, const struct http_limits *limits,
                     const struct http_handler *handler, struct http_server **out_server);
/** Ends every connection, each told as gone; accepts NULL. */
void http_server_free(struct http_server *s);
/** Other limits from now on, borrowed in the same way. */
void http_server_limit(struct http_server *s, const struct http_limits *limits);
/** The port that it listens on. */
int http_server_port(const struct http_server *s);

struct http_answer {
    int status;
    const char *type;                  /* of the body */
    const char *header, *header_value; /* one more, or NULL */
    const void *body;
    size_t body_len;
};
/** Once for an exchange; copies what it is given. */
void http_answer(struct http_exchange *x, const struct http_answer *answer);
/** The same with a line of text. */
void http_answer_text(struct http_exchange *x, int status, const char *text);
/** What a handler keeps with an exchange; NULL at first. */
void http_exchange_set(struct http_exchange *x, void *value);
void *http_exchange_get(const struct http_exchange *x);

#endif
