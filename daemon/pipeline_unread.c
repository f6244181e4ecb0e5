#include "pipeline_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"

/*
 * Files of waiting lists that the archive has no more as they were: each waits in its feed's book, which holds
 * the list's measures and tells ops. (1) What could not be read is not tried again by a load, which else would
 * follow on itself. (2) After a pause, which grows, the archive is read again, a portion a second, and where
 * its bytes are as their name says the lists are loaded and this one is made anew.
 */

#define PAUSE_LEAST_MS 2000
#define PAUSE_MOST_MS  (5 * 60 * 1000)

#define LOOK_BYTES (4u << 20)

struct unread {
    struct table receipts; /* number, as text, of steps that could not be read -> the error */
    struct table mended;   /* lists to be made anew */
    struct mono_time next; /* when to look again */
    int64_t pause;
    uint64_t receipt;      /* looked at last */
    struct digest *digest; /* of what is looked at; NULL: nothing is */
    int fd;
};

static const char *number(uint64_t receipt, char out[24])
{
    (void)snprintf(out, 24, "%" PRIu64, receipt);
    return out;
}

static void end_look(struct unread *u)
{
    digest_free(u->digest);
    u->digest = NULL;
    fd_close(&u->fd);
}

int unread_open(struct pipeline *p)
{
    p->unread = calloc(1, sizeof *p->unread);
    if (!p->unread)
        return -ENOMEM;
    p->unread->fd = -1;
    p->unread->pause = PAUSE_LEAST_MS;
    return 0;
}

void unread_close(struct pipeline *p)
{
    if (!p->unread)
        return;
    end_look(p->unread);
    table_release(&p->unread->receipts, NULL);
    table_release(&p->unread->mended, NULL);
    free(p->unread);
    p->unread = NULL;
}

int unread_note(struct pipeline *p, uint64_t receipt, int error)
{
    char key[24];

    return table_set(&p->unread->receipts, number(receipt, key), (void *)(intptr_t)error, NULL);
}

int unread_error(const struct pipeline *p, uint64_t receipt)
{
    char key[24];

    return (int)(intptr_t)table_get(&p->unread->receipts, number(receipt, key));
}

bool unread_takes_mended(struct pipeline *p, const char *list)
{
    return table_remove(&p->unread->mended, list) != NULL;
}

/* ---- looking again ---- */

/* The receipt after the one looked at last, else the first, whose file waits to be read; its feed. */
static const struct feed_setting *find_next(const struct pipeline *p, uint64_t *out_receipt)
{
    const struct settings *s = p->config->settings;
    const struct feed_setting *first = NULL, *next = NULL;
    uint64_t first_at = UINT64_MAX, next_at = UINT64_MAX;

    for (size_t i = 0; i < s->feed_count; i++) {
        const struct feed_book *b = table_get(&p->books.feeds, s->feeds[i].id);

        for (size_t k = 0; s->feeds[i].into && b && k < b->wait_count; k++) {
            uint64_t at = b->waits[k].receipt;

            if (!b->waits[k].unread || !receipt_find(p, at))
                continue;
            if (at < first_at) {
                first_at = at;
                first = &s->feeds[i];
            }
            if (at > p->unread->receipt && at < next_at) {
                next_at = at;
                next = &s->feeds[i];
            }
        }
    }
    *out_receipt = next ? next_at : first_at;
    return next ? next : first;
}

static void look_later(struct pipeline *p)
{
    struct unread *u = p->unread;

    end_look(u);
    u->next.ms = clock_mono(&p->clock).ms + u->pause;
    u->pause = 2 * u->pause < PAUSE_MOST_MS ? 2 * u->pause : PAUSE_MOST_MS;
}

static void begin_look(struct pipeline *p)
{
    struct unread *u = p->unread;
    const struct feed_setting *feed = find_next(p, &u->receipt);

    if (!feed) {
        u->receipt = 0;
        u->pause = PAUSE_LEAST_MS;
        return;
    }
    u->fd = archive_read(p->archive, receipt_archived(receipt_find(p, u->receipt)));
    u->digest = u->fd >= 0 ? digest_new() : NULL;
    if (!u->digest)
        look_later(p);
}

/* To the end of the file: whether its bytes are those of its name. */
static void end_reading(struct pipeline *p)
{
    struct unread *u = p->unread;
    const struct receipt *r = receipt_find(p, u->receipt);
    const struct feed_setting *feed = r ? pipeline_feed(p, r->feed) : NULL;
    char found[SHA256_TEXT_MAX], key[24];

    digest_end(u->digest, found);
    u->digest = NULL;
    look_later(p);
    if (!feed || !feed->into || strcmp(found, receipt_archived(r)) != 0)
        return;
    if (table_set(&u->mended, feed->into, u, NULL) < 0)
        return; /* looked at again */
    (void)table_remove(&u->receipts, number(u->receipt, key));
    log_info("unread", "feed=%s file=\"%s\" can be read again", r->feed, r->name);
    pipeline_load_again(p, "a file can be read again: its list is made anew");
}

void unread_tick(struct pipeline *p)
{
    struct unread *u = p->unread;
    char block[16384];
    ssize_t n = 1;

    if (!p->loaded || p->apply || p->stopping)
        return;
    if (!u->digest && clock_mono(&p->clock).ms >= u->next.ms)
        begin_look(p);
    for (size_t done = 0; u->digest && n > 0 && done < LOOK_BYTES; done += (size_t)n) {
        n = read(u->fd, block, sizeof block);
        if (n > 0)
            digest_add(u->digest, block, (size_t)n);
    }
    if (n < 0)
        look_later(p);
    else if (n == 0)
        end_reading(p);
}
