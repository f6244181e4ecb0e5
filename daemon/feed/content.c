#include "feed/content.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "feed/zipped.h"

#define READ_BYTES (64u << 10)

static ssize_t read_at(int fd, void *bytes, size_t size, off_t at)
{
    ssize_t n;

    do
        n = pread(fd, bytes, size, at);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

static int push_zipped(int fd, struct parser *p, char *buffer, struct text *out_member)
{
    struct zipped_refusal why;
    struct zipped *z = NULL;
    ssize_t n = zipped_open(fd, &z, &why);
    int r = n == 0 && out_member ? text_puts(out_member, zipped_name(z)) : 0;

    while (n >= 0 && r == 0 && !parser_result(p)->refused) {
        n = zipped_read(z, buffer, READ_BYTES, &why);
        if (n <= 0)
            break;
        r = parser_push(p, buffer, (size_t)n);
    }
    zipped_close(z);
    if (n == -EBADMSG)
        parser_refuse(p, why.reason, why.sentence);
    else if (n < 0)
        r = (int)n;
    return r;
}

int content_parse(int fd, struct parser *p, struct text *out_member)
{
    AUTO(auto_free) char *buffer = malloc(READ_BYTES);
    ssize_t n = buffer ? read_at(fd, buffer, READ_BYTES, 0) : -ENOMEM;
    int r = n < 0 ? (int)n : 0;

    if (r == 0 && zipped_is(buffer, (size_t)n)) {
        r = push_zipped(fd, p, buffer, out_member);
        return r ? r : parser_finish(p);
    }
    for (off_t at = 0; r == 0 && n > 0 && !parser_result(p)->refused;) {
        r = parser_push(p, buffer, (size_t)n);
        at += n;
        n = r == 0 ? read_at(fd, buffer, READ_BYTES, at) : 0;
    }
    if (r == 0 && n < 0)
        r = (int)n;
    return r ? r : parser_finish(p);
}
