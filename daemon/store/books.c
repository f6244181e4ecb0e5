#include "store/books.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
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
    table_release(&b->dead, NULL);
    *b = (struct books)BOOKS_INIT;
}

/* ---- feeds ---- */

static void gap_release(struct feed_gap *g)
{
    free(g->provider);
    free(g->part);
    free(g->measure);
}

void feed_book_free(void *value)
{
    struct feed_book *b = value;

    if (!b)
        return;
    for (size_t i = 0; i < b->gap_count; i++)
        gap_release(&b->gaps[i]);
    free(b->gaps);
    for (size_t i = 0; i < b->part_count; i++)
        free(b->parts[i].part);
    free(b->parts);
    table_release(&b->seen, free);
    free(b->kept);
    free(b->waiting_part);
    free(b->id);
    free(b->waiting_why);
    free(b->last_outcome);
    free(b);
}

static struct feed_book *feed_book_new(const char *id)
{
    struct feed_book *b = calloc(1, sizeof *b);

    if (!b)
        return NULL;
    b->newest_period_end = DATE_NONE;
    b->waiting_since = DATE_NONE;
    b->id = strdup(id);
    if (!b->id) {
        free(b);
        return NULL;
    }
    return b;
}

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

struct feed_book *feed_book_fresh(const char *id, uint64_t stored)
{
    struct feed_book *b = feed_book_new(id);

    if (b)
        b->stored = stored;
    return b;
}

struct feed_book *books_feed(struct books *b, const char *id)
{
    struct feed_book *book = table_get(&b->feeds, id);

    if (book)
        return book;
    book = feed_book_new(id);
    if (book && table_set(&b->feeds, id, book, NULL) < 0) {
        feed_book_free(book);
        return NULL;
    }
    return book;
}

static bool same_measure(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

int feed_book_gap(struct feed_book *b, const char *provider, const char *part, const char *measure,
                  struct civil_date period_end, bool missing)
{
    for (size_t i = 0; i < b->gap_count; i++) {
        struct feed_gap *g = &b->gaps[i];

        if (strcmp(g->provider, provider) != 0 || strcmp(g->part, part) != 0 ||
            !same_measure(g->measure, measure) || date_compare(g->period_end, period_end) != 0)
            continue;
        if (!missing) {
            gap_release(g);
            b->gaps[i] = b->gaps[--b->gap_count];
        }
        return 0;
    }
    if (!missing)
        return 0;
    struct feed_gap *gaps = realloc(b->gaps, (b->gap_count + 1) * sizeof *gaps);

    if (!gaps)
        return -ENOMEM;
    b->gaps = gaps;
    struct feed_gap g = { .provider = strdup(provider),
                          .part = strdup(part),
                          .measure = measure ? strdup(measure) : NULL,
                          .period_end = period_end };

    if (!g.provider || !g.part || (measure && !g.measure)) {
        gap_release(&g);
        return -ENOMEM;
    }
    gaps[b->gap_count++] = g;
    return 0;
}

void feed_book_clear_totals(struct feed_book *b, const char *part, struct civil_date period_end)
{
    for (size_t i = b->gap_count; i-- > 0;)
        if (b->gaps[i].measure && strcmp(b->gaps[i].part, part) == 0 &&
            date_compare(b->gaps[i].period_end, period_end) == 0) {
            gap_release(&b->gaps[i]);
            b->gaps[i] = b->gaps[--b->gap_count];
        }
}

int feed_book_absent(struct feed_book *b, const char *org, const char *part, const char *measure,
                     struct civil_date period_end)
{
    for (size_t i = 0; i < b->gap_count; i++)
        if (!b->gaps[i].measure && strcmp(b->gaps[i].provider, org) == 0 &&
            strcmp(b->gaps[i].part, part) == 0 &&
            date_compare(b->gaps[i].period_end, period_end) == 0)
            return 0; /* missing altogether: said already */
    int r = feed_book_gap(b, org, part, measure, period_end, true);

    for (size_t i = 0; r == 0 && i < b->gap_count; i++)
        if (b->gaps[i].measure && strcmp(b->gaps[i].provider, org) == 0 &&
            strcmp(b->gaps[i].part, part) == 0 && strcmp(b->gaps[i].measure, measure) == 0 &&
            date_compare(b->gaps[i].period_end, period_end) == 0)
            b->gaps[i].absent = true;
    return r;
}

int feed_book_saw(struct feed_book *b, const char *measure_id, const char *part)
{
    char *copy = strdup(part);
    void *old = NULL;
    int r = copy ? table_set(&b->seen, measure_id, copy, &old) : -ENOMEM;

    free(r < 0 ? copy : old);
    return r;
}

int feed_book_part(struct feed_book *b, const char *part, struct civil_date newest)
{
    for (size_t i = 0; i < b->part_count; i++)
        if (strcmp(b->parts[i].part, part) == 0) {
            if (date_compare(newest, b->parts[i].newest) > 0)
                b->parts[i].newest = newest;
            return 0;
        }
    struct feed_part *parts = realloc(b->parts, (b->part_count + 1) * sizeof *parts);

    if (!parts)
        return -ENOMEM;
    b->parts = parts;
    parts[b->part_count] = (struct feed_part){ strdup(part), newest };
    return parts[b->part_count].part ? (b->part_count++, 0) : -ENOMEM;
}

bool feed_book_has_newer(const struct feed_book *b, const char *part, struct civil_date period_end)
{
    for (size_t i = 0; i < b->part_count; i++)
        if (strcmp(b->parts[i].part, part) == 0)
            return date_compare(b->parts[i].newest, period_end) > 0;
    return false;
}

int feed_book_wait(struct feed_book *b, const char *why, const char *part, bool held,
                   struct civil_date on)
{
    struct text words = TEXT_INIT;

    b->waiting_count++;
    if (b->waiting_count > 1)
        (void)text_printf(&words, "%lu files, the newest: ", b->waiting_count);
    (void)text_puts(&words, why);
    char *text = text_take(&words), *copy = held && part && *part ? strdup(part) : NULL;

    if (!text || (held && part && *part && !copy)) {
        free(text);
        free(copy);
        return -ENOMEM;
    }
    free(b->waiting_why);
    b->waiting_why = text;
    if (held || !b->file_is_held) { /* a refused file beside a held one does not let that one go */
        free(b->waiting_part);
        b->waiting_part = copy;
    } else {
        free(copy);
    }
    b->file_is_held |= held;
    b->waiting_since = on;
    return 0;
}

void feed_book_supersede(struct feed_book *b, const char *part)
{
    if (b->file_is_held && b->waiting_part && strcmp(b->waiting_part, part) != 0)
        return;
    free(b->waiting_why);
    free(b->waiting_part);
    b->waiting_why = b->waiting_part = NULL;
    b->file_is_held = false;
    b->waiting_count = 0;
    b->waiting_since = DATE_NONE;
}

static json_t *json_date(struct civil_date d)
{
    char text[DATE_TEXT_MAX];

    return date_is_set(d) ? json_string(date_format(d, text)) : json_null();
}

static json_t *gaps_of(const struct feed_book *b)
{
    json_t *gaps = json_array();

    for (size_t i = 0; gaps && i < b->gap_count; i++)
        json_array_append_new(gaps,
                              json_pack("{s:s, s:s, s:s?, s:b, s:o}", "provider",
                                        b->gaps[i].provider, "part", b->gaps[i].part, "measure",
                                        b->gaps[i].measure, "absent", (int)b->gaps[i].absent,
                                        "period_end", json_date(b->gaps[i].period_end)));
    return gaps;
}

static json_t *parts_of(const struct feed_book *b)
{
    json_t *parts = json_object();

    for (size_t i = 0; parts && i < b->part_count; i++)
        json_object_set_new(parts, b->parts[i].part, json_date(b->parts[i].newest));
    return parts;
}

static json_t *seen_of(const struct feed_book *b)
{
    json_t *seen = json_object();
    const char *id;
    void *part;

    for (size_t at = 0; seen && table_next(&b->seen, &at, &id, &part);)
        json_object_set_new(seen, id, json_string(part));
    return seen;
}

char *feed_book_encode(const struct feed_book *b)
{
    return json_print(json_pack(
        "{s:s, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:s?, s:s?, s:b, s:s?, s:I, s:o, s:s?, s:I}",
        "id", b->id, "newest_period_end", json_date(b->newest_period_end), "last_received",
        (json_int_t)b->last_received.ms, "files", (json_int_t)b->files, "receipt",
        (json_int_t)b->receipt, "gaps", gaps_of(b), "parts", parts_of(b), "seen", seen_of(b),
        "kept", b->kept, "waiting_why", b->waiting_why, "file_is_held", (int)b->file_is_held,
        "waiting_part", b->waiting_part, "waiting_count", (json_int_t)b->waiting_count,
        "waiting_since", json_date(b->waiting_since), "last_outcome", b->last_outcome,
        "last_outcome_at", (json_int_t)b->last_outcome_at.ms));
}

static int read_gaps(struct feed_book *b, const json_t *gaps)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < json_array_size(gaps); i++) {
        const json_t *g = json_array_get(gaps, i);
        const char *provider = json_string_value(json_object_get(g, "provider"));
        const char *part = json_string_value(json_object_get(g, "part"));

        struct civil_date period_end;
        size_t before = b->gap_count;

        r = provider && part ? json_read_date(g, "period_end", &period_end) : -EBADMSG;
        if (r == 0)
            r = feed_book_gap(b, provider, part, json_string_value(json_object_get(g, "measure")),
                              period_end, true);
        if (r == 0 && b->gap_count > before)
            b->gaps[before].absent = json_is_true(json_object_get(g, "absent"));
    }
    return r;
}

static int read_parts(struct feed_book *b, json_t *parts)
{
    const char *part;
    json_t *newest;
    int r = 0;

    json_object_foreach(parts, part, newest)
    {
        struct civil_date d;

        if (r == 0)
            r = json_read_date(parts, part, &d);
        if (r == 0)
            r = feed_book_part(b, part, d);
    }
    return r;
}

static int read_seen(struct feed_book *b, json_t *seen)
{
    const char *measure;
    json_t *part;
    int r = 0;

    json_object_foreach(seen, measure, part)
    {
        if (r == 0)
            r = json_is_string(part) ? feed_book_saw(b, measure, json_string_value(part))
                                     : -EBADMSG;
    }
    return r;
}

static int read_book(struct feed_book *b, const json_t *j)
{
    uint64_t files = 0, waiting = 0;
    int r;

    b->kept = json_dup(json_object_get(j, "kept"));
    b->waiting_why = json_dup(json_object_get(j, "waiting_why"));
    b->file_is_held = json_is_true(json_object_get(j, "file_is_held"));
    b->waiting_part = json_dup(json_object_get(j, "waiting_part"));
    b->last_outcome = json_dup(json_object_get(j, "last_outcome"));
    if (json_read_date(j, "newest_period_end", &b->newest_period_end) < 0 ||
        json_read_date(j, "waiting_since", &b->waiting_since) < 0 ||
        json_read_time(j, "last_received", &b->last_received) < 0 ||
        json_read_time(j, "last_outcome_at", &b->last_outcome_at) < 0 ||
        json_read_count(j, "files", &files) < 0 || json_read_count(j, "receipt", &b->receipt) < 0 ||
        json_read_count(j, "waiting_count", &waiting) < 0)
        return -EBADMSG;
    b->stored = b->receipt;
    b->files = (unsigned long)files;
    b->waiting_count = (unsigned long)waiting;
    r = read_gaps(b, json_object_get(j, "gaps"));
    if (r == 0)
        r = read_parts(b, json_object_get(j, "parts"));
    return r == 0 ? read_seen(b, json_object_get(j, "seen")) : r;
}

int feed_book_decode(const char *json, size_t len, struct feed_book **out)
{
    json_t *j = json_loadb(json, len, 0, NULL);
    const char *id = json_string_value(json_object_get(j, "id"));
    struct feed_book *b = id && *id ? feed_book_new(id) : NULL;
    int r = b ? read_book(b, j) : id && *id ? -ENOMEM : -EBADMSG;

    json_decref(j);
    if (r < 0) {
        feed_book_free(b);
        return r;
    }
    *out = b;
    return 0;
}

int feed_book_copy(const struct feed_book *b, struct feed_book **out)
{
    AUTO(auto_free) char *json = feed_book_encode(b);

    int r = json ? feed_book_decode(json, strlen(json), out) : -ENOMEM;

    if (r == 0)
        (*out)->stored = b->stored;
    return r;
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
    json_t *j = json_loadb(json, len, 0, NULL);
    struct ledger_entry *e = j ? calloc(1, sizeof *e) : NULL;
    int r = e ? json_read_time(j, "received", &e->received) : -EBADMSG;

    if (e)
        e->feed = json_dup(json_object_get(j, "feed"));
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

int books_add_outbox(struct books *b, struct outbox_item *item)
{
    struct outbox_item **list = realloc(b->outbox, (b->outbox_count + 1) * sizeof *list);

    if (!list) {
        outbox_item_free(item);
        return -ENOMEM;
    }
    b->outbox = list;
    list[b->outbox_count++] = item;
    return 0;
}

void books_remove_outbox(struct books *b, struct outbox_item *item)
{
    for (size_t i = 0; i < b->outbox_count; i++)
        if (b->outbox[i] == item) {
            memmove(&b->outbox[i], &b->outbox[i + 1],
                    (b->outbox_count - i - 1) * sizeof *b->outbox);
            b->outbox_count--;
            outbox_item_free(item);
            return;
        }
}
