#include "feed/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed/zipped.h"

struct content {
    int fd;
    struct parser *parser;
    struct digest *digest; /* of a plain file; NULL: nobody asks */
    bool is_begun;
    off_t at;              /* in a plain file */
    struct zipped *zipped; /* NULL: a plain file */
    char block[CONTENT_BLOCK];
};

static ssize_t read_at(int fd, void *bytes, size_t size, off_t at)
{
    ssize_t n;

    do
        n = pread(fd, bytes, size, at);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

const char *content_is_page(const char *head, size_t len)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t at =
        len >= sizeof mark - 1 && memcmp(head, mark, sizeof mark - 1) == 0 ? sizeof mark - 1 : 0;

    while (at < len && strchr(" \t\r\n", head[at]) && head[at])
        at++;
    return at < len && head[at] == '<' ? "this is a web page or another marked-up text, not a "
                                         "table; perhaps a page to log in at"
                                       : NULL;
}

/* -EBADMSG from a zip is a refusal, in words. */
static ssize_t refused(struct content *c, ssize_t n, const struct zipped_refusal *why)
{
    if (n != -EBADMSG)
        return n;
    parser_refuse(c->parser, why->reason, why->sentence);
    return 0;
}

static ssize_t next_block(struct content *c)
{
    struct zipped_refusal why;
    ssize_t n;

    if (c->zipped)
        return refused(c, zipped_read(c->zipped, c->block, sizeof c->block, &why), &why);
    n = read_at(c->fd, c->block, sizeof c->block, c->at);
    if (n > 0 && !c->is_begun && zipped_is(c->block, (size_t)n)) {
        c->is_begun = true;
        n = refused(c, zipped_open(c->fd, &c->zipped, &why), &why);
        return n == 0 && c->zipped ? next_block(c) : n;
    }
    const char *page = n > 0 && !c->is_begun ? content_is_page(c->block, (size_t)n) : NULL;

    c->is_begun = true;
    if (page) {
        parser_refuse(c->parser, "page", page);
        return 0;
    }
    if (n > 0) {
        c->at += n;
        if (c->digest)
            digest_add(c->digest, c->block, (size_t)n);
    }
    return n;
}

int content_new(int fd, struct parser *p, struct content **out_content)
{
    struct content *c = malloc(sizeof *c);

    if (!c)
        return -ENOMEM;
    c->fd = fd;
    c->parser = p;
    c->digest = NULL;
    c->is_begun = false;
    c->at = 0;
    c->zipped = NULL;
    *out_content = c;
    return 0;
}

void content_hash(struct content *c, struct digest *digest)
{
    c->digest = digest;
}

int content_is_zipped(int fd)
{
    char head[8];
    ssize_t n = read_at(fd, head, sizeof head, 0);

    return n < 0 ? (int)n : zipped_is(head, (size_t)n);
}

int content_step(struct content *c, bool *out_is_done)
{
    ssize_t n = parser_result(c->parser)->refused ? 0 : next_block(c);

    *out_is_done = false;
    if (n < 0)
        return (int)n;
    if (n > 0)
        return parser_push(c->parser, c->block, (size_t)n);
    *out_is_done = true;
    return parser_finish(c->parser);
}

const char *content_member(const struct content *c)
{
    return c->zipped ? zipped_name(c->zipped) : "";
}

void content_free(struct content *c)
{
    if (!c)
        return;
    zipped_close(c->zipped);
    free(c);
}

int content_parse(int fd, struct parser *p, struct text *out_member)
{
    struct content *c = NULL;
    bool is_done = false;
    int r = content_new(fd, p, &c);

    while (r == 0 && !is_done)
        r = content_step(c, &is_done);
    if (r == 0 && out_member)
        r = text_puts(out_member, content_member(c));
    content_free(c);
    return r;
}
