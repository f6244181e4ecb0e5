#include "store/books.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "base/text.h"
#include "store/json_read.h"

static void ledger_entry_free(void *value)
{
    struct ledger_entry *e = value;

    if (e)
        free(e->feed);
    free(e);
}

static void stored_alert_free(void *value)
{
    struct stored_alert *a = value;

    if (a)
        alert_release(&a->alert);
    free(a);
}

void books_release(struct books *b)
{
    table_release(&b->ledger, ledger_entry_free);
    table_release(&b->feeds, feed_book_free);
    series_set_release(&b->series);
    table_release(&b->alerts, stored_alert_free);
    table_release(&b->told, free);
    table_release(&b->days, free);
    for (size_t i = 0; i < b->outbox_count; i++)
        outbox_item_free(b->outbox[i]);
    free(b->outbox);
    table_release(&b->outbox_ids, NULL);
    table_release(&b->dead, free);
    free(b->journals);
    *b = (struct books)BOOKS_INIT;
}

/* ---- feeds ---- */

int books_adopt_alert(struct books *b, struct alert *alert, unsigned long revision)
{
    struct stored_alert *stored = table_get(&b->alerts, alert->id);

    if (!stored) {
        stored = calloc(1, sizeof *stored);
        if (!stored || table_set(&b->alerts, alert->id, stored, NULL) < 0) {
            free(stored);
            return -ENOMEM;
        }
    }
    alert_release(&stored->alert);
    stored->alert = *alert;
    stored->revision = revision;
    *alert = (struct alert){ 0 };
    return 0;
}

struct feed_book *books_feed(struct books *b, const char *id)
{
    struct feed_book *book = table_get(&b->feeds, id);

    if (book)
        return book;
    book = feed_book_fresh(id, 0);
    if (book && table_set(&b->feeds, id, book, NULL) < 0) {
        feed_book_free(book);
        return NULL;
    }
    return book;
}

/* ---- ledger ---- */

char *ledger_key(const char *feed, const char *sha256, const char *format_digest)
{
    struct text t = TEXT_INIT;

    (void)text_printf(&t, "%s|%s:%s", feed, sha256, format_digest);
    return text_take(&t);
}

int books_add_ledger(struct books *b, const char *key, const char *feed, struct wall_time received,
                     uint64_t receipt)
{
    struct ledger_entry *e = calloc(1, sizeof *e);
    void *old = NULL;

    if (!e)
        return -ENOMEM;
    e->received = received;
    e->receipt = receipt;
    e->feed = strdup(feed);
    if (!e->feed || table_set(&b->ledger, key, e, &old) < 0) {
        ledger_entry_free(e);
        return -ENOMEM;
    }
    ledger_entry_free(old);
    return 0;
}

char *ledger_entry_encode(const struct ledger_entry *e)
{
    return json_print(json_pack("{s:s, s:I, s:I}", "feed", e->feed, "received",
                                (json_int_t)e->received.ms, "receipt", (json_int_t)e->receipt));
}

int ledger_entry_decode(const char *json, size_t len, struct ledger_entry **out)
{
    json_t *j = json_parse(json, len, 0, NULL);
    struct ledger_entry *e = j ? calloc(1, sizeof *e) : NULL;
    int r = e ? json_read_text(j, "feed", &e->feed) : -EBADMSG;

    if (r == 0)
        r = json_read_time(j, "received", &e->received);
    if (r == 0)
        r = e->feed ? json_read_count(j, "receipt", &e->receipt) : -EBADMSG;
    json_decref(j);
    if (r < 0) {
        ledger_entry_free(e);
        return r;
    }
    *out = e;
    return 0;
}

/* ---- outbox ---- */

int told_keep(struct table *t, const char *key, const struct told *told)
{
    struct told *kept = table_get(t, key);

    if (kept) {
        if (told->ordinal >= kept->ordinal)
            *kept = *told;
        return 0;
    }
    kept = malloc(sizeof *kept);
    if (!kept)
        return -ENOMEM;
    *kept = *told;
    int r = table_set(t, key, kept, NULL);

    if (r < 0)
        free(kept);
    return r;
}

int day_keep(struct table *t, const char *key, struct civil_date day)
{
    struct civil_date *kept = malloc(sizeof *kept);
    void *old = NULL;

    if (!kept)
        return -ENOMEM;
    *kept = day;
    int r = table_set(t, key, kept, &old);

    free(r < 0 ? (void *)kept : old);
    return r;
}

int books_note_dead(struct books *b, const char *delivery_id, const char *entry)
{
    char *copy = strdup(entry);
    void *old = NULL;
    int r = copy ? table_set(&b->dead, delivery_id, copy, &old) : -ENOMEM;

    free(r < 0 ? copy : old);
    return r;
}

int books_add_outbox(struct books *b, struct outbox_item *item)
{
    struct outbox_item **list = realloc(b->outbox, (b->outbox_count + 1) * sizeof *list);

    if (list)
        b->outbox = list;
    if (!list || table_set(&b->outbox_ids, item->delivery_id, item, NULL) < 0) {
        outbox_item_free(item);
        return -ENOMEM;
    }
    list[b->outbox_count++] = item;
    return 0;
}

struct outbox_item *books_outbox_item(const struct books *b, const char *delivery_id)
{
    return table_get(&b->outbox_ids, delivery_id);
}

void books_remove_outbox(struct books *b, struct outbox_item *item)
{
    for (size_t i = 0; i < b->outbox_count; i++)
        if (b->outbox[i] == item) {
            memmove(&b->outbox[i], &b->outbox[i + 1],
                    (b->outbox_count - i - 1) * sizeof *b->outbox);
            b->outbox_count--;
            (void)table_remove(&b->outbox_ids, item->delivery_id);
            outbox_item_free(item);
            return;
        }
}
