/*
 * exchange - our HTTP and mail client against a server made of the input: one transfer at a time
 */
#ifndef FUZZ_EXCHANGE_H
#define FUZZ_EXCHANGE_H

#include "fuzz/support/tcp.h"
#include "loop/http.h"

extern struct tcp_server exchange_server;

/** Begins the next one, whose answers go out in such portions; at the first the server starts, which
 * hears by these. Returns the client. */
struct http *exchange_begin(size_t portion, void (*on_client)(struct tcp_server *s),
                            void (*on_heard)(struct tcp_server *s));
/** For http_post() and smtp_send(). */
void exchange_done(void *arg, const struct http_result *result);
/** Turns the loop until it ended, exactly once; result: what the start of the transfer returned. */
struct http_result exchange_end(int result);

#endif
