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

static void stored_list_free(void *value)
{
    struct stored_list *l = value;

    if (!l)
        return;
    list_free(l->state);
    free(l->censuses);
    free(l->name);
    free(l);
}

void books_drop_lists(struct books *b)
{
    table_release(&b->lists, stored_list_free);
}

void books_release(struct books *b)
{
    books_drop_lists(b);
    table_release(&b->ledger, ledger_entry_free);
    table_release(&b->feeds, feed_book_free);
    series_set_release(&b->series);
    table_release(&b->alerts, stored_alert_free);
    table_release(&b->told, free);
    table_release(&b->days, free);
    table_release(&b->released, free);
    for (size_t i = 0; i < b->outbox_count; i++)
        outbox_item_free(b->outbox[i]);
    free(b->outbox);
    table_release(&b->outbox_ids, NULL);
    table_release(&b->dead, free);
    free(b->journals);
    *b = (struct books)BOOKS_INIT;
}

/* ---- lists ---- */

#define LIST_NAME_MAX 192 /* an id of at most 64 bytes, ':' and a provider's code */

struct stored_list *books_list(const struct books *b, const char *list, const char *provider)
{
    char name[LIST_NAME_MAX];

    (void)snprintf(name, sizeof name, "%s:%s", list, provider);
    return table_get(&b->lists, name);
}

struct stored_list *books_add_list(struct books *b, const char *list, const char *provider)
{
    struct stored_list *l = books_list(b, list, provider);

    if (l)
        return l;
    l = calloc(1, sizeof *l);
    if (!l || asprintf(&l->name, "%s:%s", list, provider) < 0 ||
        table_set(&b->lists, l->name, l, NULL) < 0) {
        stored_list_free(l);
        return NULL;
    }
    l->provider = l->name + strlen(list) + 1;
    l->first_event = DATE_NONE;
    return l;
}

int stored_list_census(struct stored_list *l, struct civil_date census)
{
    size_t at = l->census_count;

    while (at > 0 && date_compare(l->censuses[at - 1], census) > 0)
        at--;
    if (at > 0 && date_compare(l->censuses[at - 1], census) == 0)
        return 0;
    if (l->census_count == STORED_CENSUSES_MAX) { /* the oldest makes room */
        if (at == 0)
            return 0;
        memmove(l->censuses, l->censuses + 1, --at * sizeof *l->censuses);
        l->censuses[at] = census;
        return 0;
    }
    struct civil_date *grown = realloc(l->censuses, (l->census_count + 1) * sizeof *grown);

    if (!grown)
        return -ENOMEM;
    l->censuses = grown;
    memmove(grown + at + 1, grown + at, (l->census_count++ - at) * sizeof *grown);
    grown[at] = census;
    return 0;
}

void stored_list_changed(struct stored_list *l)
{
    l->digest[0] = '\0';
}

int stored_list_digest(struct stored_list *l, bool is_in_force, char out[SHA256_TEXT_MAX])
{
    if (!l->digest[0]) {
        int r = list_digest(l->state, out);

        if (r == 0 && is_in_force)
            memcpy(l->digest, out, SHA256_TEXT_MAX);
        return r;
    }
    memcpy(out, l->digest, SHA256_TEXT_MAX);
    return 0;
}

int stored_list_censuses(const struct stored_list *l, struct text *out)
{
    char date[DATE_TEXT_MAX];
    int r = 0;

    for (size_t i = 0; r == 0 && i < l->census_count; i++)
        r = text_printf(out, "%s%s", i ? " " : "", date_format(l->censuses[i], date));
    return r;
}

int stored_list_censuses_parse(struct stored_list *l, const char *text, size_t len)
{
    const size_t each = DATE_TEXT_MAX; /* with the blank after it */
    int r = 0;

    for (size_t at = 0; r == 0 && at < len; at += each) {
        struct civil_date census;

        if (len - at < each - 1 || (at + each - 1 < len && text[at + each - 1] != ' ') ||
            date_parse_iso(text + at, each - 1, &census) < 0)
            return -EBADMSG;
        r = stored_list_census(l, census);
    }
    return r;
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
