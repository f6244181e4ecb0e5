#include "store/books.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"

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

void outbox_item_free(struct outbox_item *i)
{
    if (!i)
        return;
    free(i->stream_id);
    free(i->delivery_id);
    free(i->receiver);
    free(i->recipient);
    free(i->group);
    free(i->eml);
    free(i->json);
    free(i->tells);
    free(i->dead_json);
    free(i);
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

/*
 * Reading back. What is left out, or null, is none; what is there must be of its kind and in its
 * range, since half a truth about what came and what was told would hide a feed or an alert.
 */

static int read_date(const json_t *object, const char *key, struct civil_date *out)
{
    const json_t *j = json_object_get(object, key);
    const char *s = json_string_value(j);

    *out = DATE_NONE;
    if (!j || json_is_null(j))
        return 0;
    return s && date_parse_iso(s, strlen(s), out) == 0 ? 0 : -EBADMSG;
}

static int read_whole(const json_t *object, const char *key, json_int_t min, json_int_t max,
                      json_int_t *out)
{
    const json_t *j = json_object_get(object, key);

    *out = json_integer_value(j);
    if (!j || json_is_null(j)) {
        *out = min > 0 ? min : 0;
        return 0;
    }
    return json_is_integer(j) && *out >= min && *out <= max ? 0 : -EBADMSG;
}

static int read_count(const json_t *object, const char *key, uint64_t *out)
{
    json_int_t n = 0;
    int r = read_whole(object, key, 0, INT64_MAX, &n);

    *out = (uint64_t)n;
    return r;
}

static int read_time(const json_t *object, const char *key, struct wall_time *out)
{
    json_int_t ms = 0;
    int r = read_whole(object, key, INT64_MIN, INT64_MAX, &ms);

    out->ms = ms;
    return r;
}

static int read_severity(const json_t *object, enum alert_severity *out)
{
    json_int_t n = 0;
    int r = read_whole(object, "severity", SEVERITY_NONE, SEVERITY_RED, &n);

    *out = (enum alert_severity)n;
    return r;
}

static char *dup_of_json(const json_t *j)
{
    const char *s = json_string_value(j);

    return s ? strdup(s) : NULL;
}

static char *dump_and_free(json_t *j)
{
    char *s = j ? json_dumps(j, JSON_COMPACT) : NULL;

    json_decref(j);
    return s;
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
    return dump_and_free(json_pack(
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

        r = provider && part ? read_date(g, "period_end", &period_end) : -EBADMSG;
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
            r = read_date(parts, part, &d);
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

    b->kept = dup_of_json(json_object_get(j, "kept"));
    b->waiting_why = dup_of_json(json_object_get(j, "waiting_why"));
    b->file_is_held = json_is_true(json_object_get(j, "file_is_held"));
    b->waiting_part = dup_of_json(json_object_get(j, "waiting_part"));
    b->last_outcome = dup_of_json(json_object_get(j, "last_outcome"));
    if (read_date(j, "newest_period_end", &b->newest_period_end) < 0 ||
        read_date(j, "waiting_since", &b->waiting_since) < 0 ||
        read_time(j, "last_received", &b->last_received) < 0 ||
        read_time(j, "last_outcome_at", &b->last_outcome_at) < 0 ||
        read_count(j, "files", &files) < 0 || read_count(j, "receipt", &b->receipt) < 0 ||
        read_count(j, "waiting_count", &waiting) < 0)
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
    return dump_and_free(json_pack("{s:s, s:I, s:I}", "feed", e->feed, "received",
                                   (json_int_t)e->received.ms, "receipt", (json_int_t)e->receipt));
}

int ledger_entry_decode(const char *json, size_t len, struct ledger_entry **out)
{
    json_t *j = json_loadb(json, len, 0, NULL);
    struct ledger_entry *e = j ? calloc(1, sizeof *e) : NULL;
    int r = e ? read_time(j, "received", &e->received) : -EBADMSG;

    if (e)
        e->feed = dup_of_json(json_object_get(j, "feed"));
    if (r == 0)
        r = e->feed ? read_count(j, "receipt", &e->receipt) : -EBADMSG;
    json_decref(j);
    if (r < 0) {
        ledger_entry_free(e);
        return r;
    }
    *out = e;
    return 0;
}

/* ---- told ---- */

char *told_encode(const struct told *t)
{
    return dump_and_free(json_pack("{s:I, s:i, s:b}", "ordinal", (json_int_t)t->ordinal, "severity",
                                   (int)t->severity, "open", (int)t->open));
}

/* All three are there: a severity left out would be told as none, and a red one never again. */
static int read_told(const json_t *j, struct told *out)
{
    struct told told = { .open = json_is_true(json_object_get(j, "open")) };
    json_int_t ordinal = 0;

    if (!json_is_integer(json_object_get(j, "ordinal")) ||
        !json_is_integer(json_object_get(j, "severity")) ||
        !json_is_boolean(json_object_get(j, "open")) ||
        read_whole(j, "ordinal", 0, UINT32_MAX, &ordinal) < 0 ||
        read_severity(j, &told.severity) < 0)
        return -EBADMSG;
    told.ordinal = (unsigned)ordinal;
    *out = told;
    return 0;
}

int told_decode(const char *json, size_t len, struct told *out)
{
    json_t *j = json_loadb(json, len, 0, NULL);
    int r = read_told(j, out);

    json_decref(j);
    return r;
}

/* ---- outbox ---- */

json_t *tells_to_json(const struct tell *tells, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < count; i++)
        json_array_append_new(list, json_pack("{s:s, s:I, s:i, s:b}", "episode", tells[i].episode,
                                              "ordinal", (json_int_t)tells[i].told.ordinal,
                                              "severity", (int)tells[i].told.severity, "open",
                                              (int)tells[i].told.open));
    return list;
}

int tells_of_json(const json_t *list, struct tell **out_tells, size_t *out_count)
{
    size_t count = json_array_size(list);
    struct tell *tells = calloc(count + 1, sizeof *tells);
    int r = !tells ? -ENOMEM : !list || json_is_null(list) || json_is_array(list) ? 0 : -EBADMSG;

    for (size_t i = 0; r == 0 && i < count; i++) {
        const json_t *j = json_array_get(list, i);
        const char *episode = json_string_value(json_object_get(j, "episode"));
        size_t len = episode ? strlen(episode) : 0;

        r = len > 0 && len < sizeof tells[i].episode ? read_told(j, &tells[i].told) : -EBADMSG;
        if (r == 0)
            memcpy(tells[i].episode, episode, len + 1);
    }
    if (r < 0) {
        free(tells);
        return r;
    }
    *out_tells = tells;
    *out_count = count;
    return 0;
}

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

static int day_of_json(const json_t *j, struct civil_date *out_day)
{
    const char *text = json_string_value(j);

    return text ? date_parse_iso(text, strlen(text), out_day) : -EBADMSG;
}

char *outbox_item_encode(const struct outbox_item *i)
{
    char day[DATE_TEXT_MAX];

    return dump_and_free(json_pack(
        "{s:s, s:s, s:s, s:s?, s:s?, s:i, s:I, s:s?, s:s?, s:o}", "delivery_id", i->delivery_id,
        "receiver", i->receiver, "recipient", i->recipient, "eml", i->eml, "json", i->json,
        "severity", (int)i->severity, "composed", (json_int_t)i->composed.ms, "group", i->group,
        "day", i->group ? date_format(i->day, day) : NULL, "tells",
        tells_to_json(i->tells, i->tell_count)));
}

static bool is_id(const char *s)
{
    return s && s[0] && strlen(s) < ALERT_ID_MAX;
}

int outbox_item_decode(const char *json, size_t len, struct outbox_item **out)
{
    json_t *j = json_loadb(json, len, 0, NULL);
    struct outbox_item *i = j ? calloc(1, sizeof *i) : NULL;
    int r = i ? tells_of_json(json_object_get(j, "tells"), &i->tells, &i->tell_count) : -EBADMSG;

    if (i) {
        i->delivery_id = dup_of_json(json_object_get(j, "delivery_id"));
        i->receiver = dup_of_json(json_object_get(j, "receiver"));
        i->recipient = dup_of_json(json_object_get(j, "recipient"));
        i->eml = dup_of_json(json_object_get(j, "eml"));
        i->json = dup_of_json(json_object_get(j, "json"));
        if (r == 0)
            r = read_severity(j, &i->severity);
        if (r == 0)
            r = read_time(j, "composed", &i->composed);
        i->group = dup_of_json(json_object_get(j, "group"));
        if (r == 0 && i->group)
            r = day_of_json(json_object_get(j, "day"), &i->day);
    }
    json_decref(j);
    if (r < 0 || !i->receiver || !i->recipient || !is_id(i->delivery_id)) {
        outbox_item_free(i);
        return r < 0 ? r : -EBADMSG;
    }
    *out = i;
    return 0;
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
