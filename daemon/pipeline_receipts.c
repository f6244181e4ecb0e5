#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "store/json_read.h"

#define KEY_KEPT_MS (24 * 3600 * INT64_C(1000)) /* DESIGN 5: a key is known for 24 hours */

static const char *const outcome_words[] = { "accepted", "held", "refused" };

const char *receipt_outcome_name(enum receipt_outcome outcome)
{
    return outcome_words[outcome];
}

void receipt_release(struct receipt *r)
{
    free(r->feed);
    free(r->name);
    free(r->sha256);
    free(r->format_digest);
    free(r->archived);
    free(r->renamed);
    free(r->why);
    free(r->part);
    free(r->file);
    free(r->set);
    free(r->key);
    free(r->etag);
    free(r->modified);
    free(r->url);
    free(r->shape);
}

const char *receipt_archived(const struct receipt *r)
{
    return r->archived ? r->archived : r->sha256;
}

void receipt_list_release(struct receipt_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        receipt_release(l->list[i]);
        free(l->list[i]);
    }
    free(l->list);
    *l = (struct receipt_list){ 0 };
}

struct receipt *receipt_find(const struct pipeline *p, uint64_t sequence)
{
    size_t low = 0, high = p->receipts.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (p->receipts.list[middle]->sequence < sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->receipts.count && p->receipts.list[low]->sequence == sequence
               ? p->receipts.list[low]
               : NULL;
}

uint64_t receipts_last(const struct pipeline *p)
{
    return p->receipts.count ? p->receipts.list[p->receipts.count - 1]->sequence : 0;
}

const struct receipt *receipt_file(const struct pipeline *p, const struct receipt *r)
{
    return r->decides ? receipt_find(p, r->decides) : r;
}

bool receipt_is_in_force(const struct pipeline *p, const struct receipt *r)
{
    const struct receipt *decided = receipt_file(p, r)->decided;

    return r->outcome == RECEIPT_ACCEPTED && (!decided || decided->outcome == RECEIPT_ACCEPTED);
}

const struct receipt *receipt_in_force(const struct pipeline *p, const char *feed, const char *part)
{
    for (size_t i = p->receipts.count; i-- > 0;) {
        const struct receipt *r = p->receipts.list[i];

        if (receipt_is_in_force(p, r) && strcmp(r->feed, feed) == 0 &&
            (!part || (r->part && strcmp(r->part, part) == 0)))
            return receipt_file(p, r);
    }
    return NULL;
}

bool receipt_is_hold(const struct receipt *r)
{
    return r->decides && r->outcome == RECEIPT_HELD;
}

/* What a record says of the file of before. Returns 0 or -ENOMEM. */
static int tell_file(struct receipt *file, const struct receipt *r)
{
    if (!receipt_is_hold(r)) {
        file->decided = r;
        return 0;
    }
    char *why = strdup(r->why ? r->why : "");

    if (!why)
        return -ENOMEM;
    free(file->why);
    file->why = why;
    file->outcome = RECEIPT_HELD;
    return 0;
}

/* Takes the receipt. */
static int receipt_list_add(struct pipeline *p, struct receipt *r)
{
    struct receipt_list *l = &p->receipts;
    struct receipt *file = r->decides ? receipt_find(p, r->decides) : NULL;
    struct receipt *kept = malloc(sizeof *kept);

    if (kept && l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 32;
        struct receipt **list = realloc(l->list, cap * sizeof *list);

        if (list) {
            l->list = list;
            l->cap = cap;
        }
    }
    if (kept)
        *kept = *r;
    if (!kept || l->count == l->cap || (r->decides && !file) ||
        (file && tell_file(file, kept) < 0)) {
        free(kept);
        receipt_release(r);
        return r->decides && !file ? -EBADMSG : -ENOMEM;
    }
    l->list[l->count++] = kept;
    return 0;
}

static void note_time(struct pipeline *p, struct wall_time at)
{
    if (at.ms > p->last_time.ms)
        p->last_time = at;
}

/* Records of before files had a shape have none. Returns 0, -EBADMSG or -ENOMEM. */
static int read_shape(const json_t *j, struct receipt *r)
{
    const char *marks = json_string_value(json_object_get(j, "marks"));
    const char *newest = json_string_value(json_object_get(j, "newest"));

    r->newest = DATE_NONE;
    if (newest && date_parse_iso(newest, strlen(newest), &r->newest) < 0)
        return -EBADMSG;
    if (!marks)
        return 0;
    r->shape = calloc(1, sizeof *r->shape);
    if (!r->shape)
        return -ENOMEM;
    r->shape->rows = (unsigned long)json_integer_value(json_object_get(j, "rows"));
    r->shape->organisations =
        (unsigned long)json_integer_value(json_object_get(j, "organisations"));
    return shape_marks_parse(marks, r->shape) < 0 ? -EBADMSG : 0;
}

static int write_shape(json_t *j, const struct receipt *r)
{
    char marks[SHAPE_TEXT_MAX], newest[DATE_TEXT_MAX];
    int result = 0;

    if (date_is_set(r->newest))
        result |= json_object_set_new(j, "newest", json_string(date_format(r->newest, newest)));
    if (r->shape) {
        shape_marks_text(r->shape, marks);
        result |= json_object_set_new(j, "rows", json_integer((json_int_t)r->shape->rows));
        result |= json_object_set_new(j, "organisations",
                                      json_integer((json_int_t)r->shape->organisations));
        result |= json_object_set_new(j, "marks", json_string(marks));
    }
    if (r->decides)
        result |= json_object_set_new(j, "decides", json_integer((json_int_t)r->decides));
    if (r->set_aside)
        result |= json_object_set_new(j, "set_aside", json_integer((json_int_t)r->set_aside));
    if (r->knows_left_out)
        result |= json_object_set_new(
            j, "left_out",
            json_pack("{s:I, s:I}", "service", (json_int_t)r->left_out.of[LEFT_OUT_SERVICE],
                      "provider", (json_int_t)r->left_out.of[LEFT_OUT_PROVIDER]));
    if (r->is_history)
        result |= json_object_set_new(j, "backfill", json_true());
    if (r->incident)
        result |= json_object_set_new(j, "incident", json_true());
    if (r->has_identifiers)
        result |= json_object_set_new(j, "identifiers", json_true());
    return result < 0 ? -ENOMEM : 0;
}

/* Records of before it was counted have none. */
static void read_left_out(const json_t *j, struct receipt *r)
{
    const json_t *left_out = json_object_get(j, "left_out");
    unsigned long *of = r->left_out.of;

    r->knows_left_out = left_out;
    of[LEFT_OUT_SERVICE] = (unsigned long)json_integer_value(json_object_get(left_out, "service"));
    of[LEFT_OUT_PROVIDER] =
        (unsigned long)json_integer_value(json_object_get(left_out, "provider"));
}

/* Its texts; an accepted file has no reason, and not every file a part. Returns 0, -EBADMSG or
 * -ENOMEM. */
static int read_texts(const json_t *j, struct receipt *r)
{
    const struct {
        const char *key;
        char **text;
        bool is_needed;
    } rows[] = {
        { "feed", &r->feed, true },          { "name", &r->name, true },
        { "sha256", &r->sha256, true },      { "format_digest", &r->format_digest, true },
        { "why", &r->why, false },           { "part", &r->part, false },
        { "file", &r->file, false },         { "archived", &r->archived, false },
        { "key", &r->key, false },           { "etag", &r->etag, false },
        { "modified", &r->modified, false }, { "url", &r->url, false },
        { "renamed", &r->renamed, false },   { "set", &r->set, false },
    };
    int result = 0;

    for (size_t i = 0; result == 0 && i < sizeof rows / sizeof rows[0]; i++) {
        result = json_read_text(j, rows[i].key, rows[i].text);
        if (result == 0 && rows[i].is_needed && !*rows[i].text)
            result = -EBADMSG;
    }
    return result;
}

static int read_receipt(const json_t *j, struct receipt *r)
{
    const char *outcome = json_string_value(json_object_get(j, "outcome"));
    json_int_t edition = json_integer_value(json_object_get(j, "edition"));
    int result = -EBADMSG;

    for (int i = 0; outcome && i < 3; i++)
        if (strcmp(outcome, outcome_words[i]) == 0) {
            r->outcome = (enum receipt_outcome)i;
            result = 0;
        }
    /* An edition below 0, or cut to another number, would outrank wrongly. */
    if (edition < 0 || edition > INT32_MAX)
        result = -EBADMSG;
    r->edition = (int)edition;
    r->at.ms = json_integer_value(json_object_get(j, "at_ms"));
    r->decides = (uint64_t)json_integer_value(json_object_get(j, "decides"));
    r->set_aside = (unsigned long)json_integer_value(json_object_get(j, "set_aside"));
    r->is_history = json_is_true(json_object_get(j, "backfill"));
    r->incident = json_is_true(json_object_get(j, "incident"));
    r->has_identifiers = json_is_true(json_object_get(j, "identifiers"));
    read_left_out(j, r);
    if (result == 0)
        result = read_shape(j, r);
    return result == 0 ? read_texts(j, r) : result;
}

int receipt_read(void *arg, uint64_t sequence, const char *json, size_t len)
{
    struct pipeline *p = arg;
    json_t *j = json_parse(json, len, 0, NULL);
    struct receipt r = { .sequence = sequence };
    int result = read_receipt(j, &r);

    json_decref(j);
    if (result < 0) {
        receipt_release(&r);
        return result;
    }
    note_time(p, r.at);
    return receipt_list_add(p, &r);
}

bool receipt_is_known(const struct pipeline *p, const struct receipt *r)
{
    for (size_t i = p->receipts.count; i-- > 0;) {
        const struct receipt *known = p->receipts.list[i];

        if (known->file && r->file && strcmp(known->file, r->file) == 0 &&
            strcmp(known->feed, r->feed) == 0 && strcmp(known->name, r->name) == 0 &&
            strcmp(known->sha256, r->sha256) == 0)
            return true;
    }
    return false;
}

const struct receipt *receipt_with_key(const struct pipeline *p, const struct receipt *r)
{
    int64_t oldest = pipeline_wall(p).ms - KEY_KEPT_MS;

    for (size_t i = r->key ? p->receipts.count : 0; i-- > 0;) {
        const struct receipt *known = p->receipts.list[i];

        if (known->at.ms < oldest)
            return NULL; /* they are in order of receipt */
        if (known->key && strcmp(known->key, r->key) == 0 && strcmp(known->feed, r->feed) == 0)
            return known;
    }
    return NULL;
}

const struct receipt *receipt_newest(const struct pipeline *p, const char *feed)
{
    for (size_t i = p->receipts.count; i-- > 0;) {
        const struct receipt *r = p->receipts.list[i];

        if (!r->decides && strcmp(r->feed, feed) == 0)
            return r;
    }
    return NULL;
}

static bool is_same_bytes(const struct receipt *a, const struct receipt *b)
{
    return strcmp(a->feed, b->feed) == 0 && strcmp(a->sha256, b->sha256) == 0 &&
           strcmp(a->format_digest, b->format_digest) == 0;
}

/* Whether both write snapshots into one list. */
static bool is_of_list(const struct pipeline *p, const struct receipt *a, const struct receipt *b)
{
    const struct feed_setting *f = pipeline_feed(p, a->feed), *g = pipeline_feed(p, b->feed);

    return f && g && f->kind == FEED_SNAPSHOT && g->kind == FEED_SNAPSHOT &&
           strcmp(f->into, g->into) == 0;
}

/* Whether what it says may stand where that of another file stood. A snapshot of several providers names
 * none as its part, and may be of any. */
static bool is_of_part(const struct pipeline *p, const struct receipt *a, const struct receipt *b)
{
    bool is_list = is_of_list(p, a, b);

    if (!is_list && strcmp(a->feed, b->feed) != 0)
        return false;
    return !a->part || !b->part || strcmp(a->part, b->part) == 0 ||
           (is_list && (!*a->part || !*b->part));
}

bool receipt_has_bytes(const struct pipeline *p, const struct receipt *r)
{
    for (size_t i = p->receipts.count; i-- > 0;)
        if (is_same_bytes(p->receipts.list[i], r))
            return true;
    return false;
}

bool receipt_is_first(const struct pipeline *p, const struct receipt *r)
{
    for (size_t i = 0; i < p->receipts.count && p->receipts.list[i]->sequence < r->sequence; i++)
        if (is_same_bytes(p->receipts.list[i], r))
            return false;
    return true;
}

/* What became of bytes since they were accepted. */
struct since {
    bool is_followed; /* another file of the part was accepted */
    bool is_outdated; /* one of a later census */
};

/* The newest receipt of the same bytes that was accepted before this one, or NULL. */
static const struct receipt *same_before(const struct pipeline *p, const struct receipt *r,
                                         struct since *out)
{
    *out = (struct since){ false, false };
    for (size_t i = p->receipts.count; i-- > 0;) {
        const struct receipt *known = p->receipts.list[i];

        if (known->sequence >= r->sequence || known->outcome != RECEIPT_ACCEPTED)
            continue;
        if (is_same_bytes(known, r))
            return known;
        if (!is_of_part(p, known, r))
            continue;
        out->is_followed = true;
        out->is_outdated |=
            is_of_list(p, known, r) && date_compare(receipt_file(p, known)->newest, r->newest) > 0;
    }
    return NULL;
}

bool receipt_is_superseded(const struct pipeline *p, const struct receipt *r)
{
    const struct feed_setting *f = pipeline_feed(p, r->feed);
    struct since since;

    return f && (f->kind == FEED_AGGREGATE || f->kind == FEED_SNAPSHOT) &&
           same_before(p, r, &since) && since.is_followed && !since.is_outdated;
}

const struct receipt *receipt_same(const struct pipeline *p, const struct receipt *r)
{
    const struct receipt *known = r, *same = NULL;
    struct since since;

    /* A duplicate of a duplicate: back to the one that took effect. */
    while (known && !receipt_is_superseded(p, known)) {
        known = same_before(p, known, &since);
        same = known ? known : same;
    }
    return same;
}

/* With its bytes, where the archive has deferred them. */
static int append(struct pipeline *p, struct receipt *r, const char *text)
{
    size_t len;
    const char *bytes = r->archived ? archive_deferred(p->archive, r->archived, &len) : NULL;

    if (bytes && text_is_utf8(bytes, len))
        return arrivals_add(p, text, bytes, len, &r->sequence);
    int result = arrivals_settle(p);

    return result == 0 ? journal_append(p->received, text, strlen(text), &r->sequence) : result;
}

int receipt_append(struct pipeline *p, struct receipt *r)
{
    char at[WALL_TEXT_MAX];
    json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s*, s:s?, s:s, s:I, s:i, s:s*, "
                          "s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*}",
                          "outcome", receipt_outcome_name(r->outcome), "feed", r->feed, "name",
                          r->name, "sha256", r->sha256, "format_digest", r->format_digest, "part",
                          r->part, "why", r->why, "at", wall_format(r->at, at), "at_ms",
                          (json_int_t)r->at.ms, "edition", r->edition, "file", r->file, "archived",
                          r->archived, "key", r->key, "etag", r->etag, "modified", r->modified,
                          "url", r->url, "renamed", r->renamed, "set", r->set);
    AUTO(auto_free)
    char *text = j && write_shape(j, r) == 0 ? json_text(j, JSON_COMPACT) : NULL;
    int result = text ? append(p, r, text) : -ENOMEM;

    json_decref(j);
    if (result < 0) {
        receipt_release(r);
        return result;
    }
    note_time(p, r->at);
    return pipeline_took_record(p, "received", receipt_list_add(p, r));
}
