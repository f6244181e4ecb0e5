/*
 * The boundaries of one Redis command: before it is sent, after its bytes are on the socket, when
 * its reply came and the program does not know, and after the program took it.
 */
#include "seam.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/async.h>

void *__libc_malloc(size_t size);
void __libc_free(void *p);

struct call {
    redisCallbackFn *done;
    void *arg;
    char name[48];
};

/* Touched by the loop's thread only. */
static struct {
    int fd;
    size_t count;
    char names[64][48];
} unsent = { .fd = -1 };

void seam_redis_wrote(int fd, bool whole)
{
    size_t count = unsent.count;

    if (fd != unsent.fd || !whole || count == 0)
        return;
    unsent.count = 0;
    for (size_t i = 0; i < count; i++)
        (void)seam_hit(SEAM_REDIS_SENT, i < 64 ? unsent.names[i] : "", NULL);
}

static void on_reply(redisAsyncContext *context, void *reply, void *arg)
{
    struct call *c = arg;
    struct call call = *c;

    __libc_free(c);
    if (reply)
        (void)seam_hit(SEAM_REDIS_REPLIED, call.name, NULL);
    if (call.done)
        call.done(context, reply, call.arg);
    if (reply)
        (void)seam_hit(SEAM_REDIS_TAKEN, call.name, NULL);
}

int redisAsyncCommandArgv(redisAsyncContext *context, redisCallbackFn *done, void *arg, int argc,
                          const char **argv, const size_t *lengths)
{
    SEAM_REAL(redisAsyncCommandArgv, int, redisAsyncContext *, redisCallbackFn *, void *, int,
              const char **, const size_t *);
    struct call *c = __libc_malloc(sizeof *c);
    int r;

    if (!c)
        abort();
    c->done = done;
    c->arg = arg;
    (void)snprintf(c->name, sizeof c->name, "%.20s%s%.20s", argv[0], argc > 1 ? " " : "",
                   argc > 1 ? argv[1] : "");
    (void)seam_hit(SEAM_REDIS_BEFORE, c->name, NULL);
    if (unsent.fd != context->c.fd) {
        unsent.fd = context->c.fd;
        unsent.count = 0;
    }
    if (unsent.count < 64)
        memcpy(unsent.names[unsent.count], c->name, sizeof c->name);
    r = real(context, on_reply, c, argc, argv, lengths);
    if (r == REDIS_OK)
        unsent.count++;
    else
        __libc_free(c);
    return r;
}
