/*
 * tcp - the other end of a connection on loopback, on the same event loop, one client at a time
 *
 * What it says goes out a portion a turn of the loop; what it hears is kept and told.
 */
#ifndef FUZZ_TCP_H
#define FUZZ_TCP_H

#include <event2/event.h>

#include "base/text.h"

struct tcp_server {
    struct event_base *base;
    int port;
    size_t portion;         /* bytes a turn */
    struct text heard;      /* of this client */
    bool is_open, has_said; /* a client is there; a byte was sent to it */
    /** A client came (may be NULL), or said more. */
    void (*on_client)(struct tcp_server *s);
    void (*on_heard)(struct tcp_server *s);
    /* Private from here. */
    int listener, fd;
    struct event *on_accept, *on_read, *pump;
    struct text out;
    size_t sent;
    bool is_closing;
};

/** Listens on a free port of 127.0.0.1; fails the run where it cannot. */
void tcp_start(struct tcp_server *s, struct event_base *base);
void tcp_stop(struct tcp_server *s);
/** Before a new client: forgets the last one. */
void tcp_reset(struct tcp_server *s, size_t portion);
void tcp_say(struct tcp_server *s, const char *bytes, size_t len);
/** Closes once everything is said. */
void tcp_close(struct tcp_server *s);

#endif
