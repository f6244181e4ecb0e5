#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"

/*
 * Messages due, as the sent journal knows them: the frozen bytes of each stand there, synced, before
 * Redis hears of it, until a record of its outcome follows. (1) What Redis lost (all of it, the stream
 * alone, the last second) becomes due again as it was frozen, under its id: a receiver that may have
 * got it already sees the same message once more (RELIABILITY, I3). (2) Of what this process did not
 * follow from the start nobody knows whether an attempt was under way: it is repeated as it is, and
 * joins no digest. (3) A digest takes the place of what it stands for, here and again in a Redis that
 * still holds that. (4) What Redis holds and the journal does not (its disk was full, or another
 * daemon composed it) is written into the journal.
 */

#define PENDING_SLICE 200 /* messages put back at a time */

static void item_free(void *value)
{
    outbox_item_free(value);
}

void pending_release(struct pipeline *p)
{
    table_release(&p->pending, item_free);
}

int pending_add(struct pipeline *p, struct outbox_item *item)
{
    const char *ids = item->replaces;
    char id[ALERT_ID_MAX];
    void *old = NULL;

    if (!item->eml && !item->json) { /* journalled before the bytes were */
        outbox_item_free(item);
        return 0;
    }
    item->unknown = true;                  /* until pending_tried() says better */
    while (outbox_next_replaced(&ids, id)) /* before it is kept: a record may name itself */
        pending_settle(p, id);
    if (table_set(&p->pending, item->delivery_id, item, &old) < 0) {
        outbox_item_free(item);
        return -ENOMEM;
    }
    outbox_item_free(old);
    return 0;
}

void pending_settle(struct pipeline *p, const char *delivery_id)
{
    outbox_item_free(table_remove(&p->pending, delivery_id));
}

struct outbox_item *pending_item(const struct pipeline *p, const char *delivery_id)
{
    return table_get(&p->pending, delivery_id);
}

void pending_tried(struct pipeline *p, const struct outbox_item *item)
{
    struct outbox_item *kept = pending_item(p, item->delivery_id);

    if (kept)
        outbox_tries_copy(kept, item);
}

/* ---- Redis is behind ---- */

static bool is_lost(const struct pipeline *p, const char *id)
{
    return !books_outbox_item(&p->books, id) && !deliver_outcome(p, id) &&
           !letter_find(p, id) && /* those come back by pipeline_letters.c */
           !table_has(&p->books.dead, id);
}

/* What a digest stands for and is due in Redis all the same. */
static int find_replaced(const struct pipeline *p, struct due_again *out)
{
    const char *ids = out->item->replaces;
    size_t most = ids ? strlen(ids) / 2 + 1 : 0;
    char id[ALERT_ID_MAX];

    out->replaced = most ? calloc(most, sizeof(struct outbox_item *)) : NULL;
    if (most && !out->replaced)
        return -ENOMEM;
    while (outbox_next_replaced(&ids, id)) {
        struct outbox_item *item = books_outbox_item(&p->books, id);

        if (item && !deliver_outcome(p, id) && !table_has(&p->flying, id))
            out->replaced[out->replaced_count++] = item;
    }
    return 0;
}

static int copy_lost(struct pipeline *p, const struct outbox_item *kept, struct due_again *out)
{
    int r = outbox_item_copy(kept, &out->item);

    if (r < 0)
        return r;
    outbox_tries_copy(out->item, kept);
    deliver_adopt_item(p, out->item);
    return find_replaced(p, out);
}

bool pending_heal(struct pipeline *p)
{
    struct due_again *list = NULL;
    const char *id;
    void *kept;
    size_t count = 0;
    int r = 0;

    for (size_t at = 0;
         r == 0 && count < PENDING_SLICE && table_next(&p->pending, &at, &id, &kept);) {
        if (!is_lost(p, id))
            continue;
        if (!list)
            list = calloc(PENDING_SLICE, sizeof *list);
        r = list ? copy_lost(p, kept, &list[count]) : -ENOMEM;
        count += list && list[count].item;
    }
    if (r == 0 && count == 0)
        return false;
    log_warning("heal", "messages=%zu due, that Redis lost, are due again as they were frozen",
                count);
    compose_again(p, list, count, r);
    return true;
}

/* ---- Redis is ahead ---- */

int pending_journal(struct pipeline *p)
{
    struct outbox_item **list = calloc(p->books.outbox_count + 1, sizeof *list);
    size_t count = 0;

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < p->books.outbox_count; i++) {
        struct outbox_item *item = p->books.outbox[i];

        if (!deliver_outcome(p, item->delivery_id) && !letter_find(p, item->delivery_id))
            list[count++] = item;
    }
    int r = sent_due(p, list, count);

    free(list);
    return r;
}
