#include "feed/content.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed/zipped.h"

#define BLOCKS 8 /* that may wait to be hashed */

/* Blocks go round: those from number `hashed` up to `read` wait to be hashed, in their order, by whoever comes to
 * it; number `read` is the one to be read next. What changes is changed under the lock alone. */
struct hashing {
    struct digest *digest; /* of who set .is_busy */
    char blocks[BLOCKS][CONTENT_BLOCK];
    size_t lengths[BLOCKS];
    pthread_mutex_t lock;
    pthread_cond_t is_done; /* a block was hashed */
    size_t read, hashed;
    bool is_busy; /* somebody hashes the first that waits */
};

struct content {
    int fd;
    struct parser *parser;
    struct hashing *hashing; /* of a plain file; NULL: nobody asks */
    bool is_begun;
    off_t at;              /* in a plain file */
    struct zipped *zipped; /* NULL: a plain file */
    const char *bytes;     /* of the step */
    char block[CONTENT_BLOCK];
};

/* ---- hashing ---- */

/* The first block that waits. False: none does, or another thread is at it. */
static bool hash_one(struct hashing *h)
{
    (void)pthread_mutex_lock(&h->lock);
    bool is_ours = h->hashed < h->read && !h->is_busy;
    size_t at = h->hashed % BLOCKS;

    h->is_busy |= is_ours;
    (void)pthread_mutex_unlock(&h->lock);
    if (!is_ours)
        return false;
    digest_add(h->digest, h->blocks[at], h->lengths[at]);
    (void)pthread_mutex_lock(&h->lock);
    h->hashed++;
    h->is_busy = false;
    (void)pthread_cond_signal(&h->is_done);
    (void)pthread_mutex_unlock(&h->lock);
    return true;
}

/* Until no more than so many wait. */
static void hash_down_to(struct hashing *h, size_t most)
{
    bool is_down = false;

    while (!is_down) {
        (void)pthread_mutex_lock(&h->lock);
        is_down = h->read - h->hashed <= most;
        if (!is_down && h->is_busy)
            (void)pthread_cond_wait(&h->is_done, &h->lock);
        (void)pthread_mutex_unlock(&h->lock);
        if (!is_down)
            (void)hash_one(h);
    }
}

/* Where the next block is read to. */
static char *room(struct hashing *h)
{
    hash_down_to(h, BLOCKS - 1);
    return h->blocks[h->read % BLOCKS]; /* `read` is changed by this thread alone */
}

static void was_read(struct hashing *h, size_t len)
{
    h->lengths[h->read % BLOCKS] = len;
    (void)pthread_mutex_lock(&h->lock);
    h->read++;
    (void)pthread_mutex_unlock(&h->lock);
}

bool content_help(struct content *c)
{
    return c->hashing && hash_one(c->hashing);
}

int content_hash(struct content *c, struct digest *digest)
{
    struct hashing *h = malloc(sizeof *h);

    if (!h)
        return -ENOMEM;
    h->digest = digest;
    h->read = h->hashed = 0;
    h->is_busy = false;
    (void)pthread_mutex_init(&h->lock, NULL);
    (void)pthread_cond_init(&h->is_done, NULL);
    c->hashing = h;
    return 0;
}

static void hashing_free(struct hashing *h)
{
    if (!h)
        return;
    (void)pthread_cond_destroy(&h->is_done);
    (void)pthread_mutex_destroy(&h->lock);
    free(h);
}

/* ---- reading ---- */

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
    char *block = c->hashing ? room(c->hashing) : c->block;

    c->bytes = block;
    if (c->zipped)
        return refused(c, zipped_read(c->zipped, block, CONTENT_BLOCK, &why), &why);
    ssize_t n = read_at(c->fd, block, CONTENT_BLOCK, c->at);

    if (n > 0 && !c->is_begun && zipped_is(block, (size_t)n)) {
        c->is_begun = true;
        n = refused(c, zipped_open(c->fd, &c->zipped, &why), &why);
        return n == 0 && c->zipped ? next_block(c) : n;
    }
    const char *page = n > 0 && !c->is_begun ? content_is_page(block, (size_t)n) : NULL;

    c->is_begun = true;
    if (page) {
        parser_refuse(c->parser, "page", page);
        return 0;
    }
    if (n > 0) {
        c->at += n;
        if (c->hashing)
            was_read(c->hashing, (size_t)n);
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
    c->hashing = NULL;
    c->is_begun = false;
    c->at = 0;
    c->zipped = NULL;
    *out_content = c;
    return 0;
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
        return parser_push(c->parser, c->bytes, (size_t)n);
    if (c->hashing)
        hash_down_to(c->hashing, 0);
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
    hashing_free(c->hashing);
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
