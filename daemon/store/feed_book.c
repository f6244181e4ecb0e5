#include "store/feed_book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "store/json_read.h"

/* ---- making, releasing ---- */

static void gap_release(struct feed_gap *g)
{
    free(g->provider);
    free(g->part);
    free(g->measure);
    free(g->words);
}

static void wait_release(struct waiting_receipt *w)
{
    free(w->why);
    free(w->part);
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
    for (size_t i = 0; i < b->wait_count; i++)
        wait_release(&b->waits[i]);
    free(b->waits);
    free(b->kept);
    free(b->id);
    free(b->last_outcome);
    free(b);
}

static struct feed_book *feed_book_new(const char *id)
{
    struct feed_book *b = calloc(1, sizeof *b);

    if (!b)
        return NULL;
    b->newest_period_end = DATE_NONE;
    b->id = strdup(id);
    if (!b->id) {
        free(b);
        return NULL;
    }
    return b;
}

struct feed_book *feed_book_fresh(const char *id, uint64_t stored)
{
    struct feed_book *b = feed_book_new(id);

    if (b)
        b->stored = stored;
    return b;
}

static bool same_measure(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* A copy of a gap, texts included. */
static int add_gap(struct feed_book *b, const struct feed_gap *gap)
{
    struct feed_gap *gaps = realloc(b->gaps, (b->gap_count + 1) * sizeof *gaps);
    struct feed_gap g = *gap;

    if (!gaps)
        return -ENOMEM;
    b->gaps = gaps;
    g.provider = strdup(gap->provider);
    g.part = strdup(gap->part);
    g.measure = gap->measure ? strdup(gap->measure) : NULL;
    g.words = gap->words ? strdup(gap->words) : NULL;
    if (!g.provider || !g.part || (gap->measure && !g.measure) || (gap->words && !g.words)) {
        gap_release(&g);
        return -ENOMEM;
    }
    gaps[b->gap_count++] = g;
    return 0;
}

int feed_book_gap(struct feed_book *b, const char *provider, const char *part, const char *measure,
                  struct civil_date period_end, bool missing)
{
    for (size_t i = 0; i < b->gap_count; i++) {
        struct feed_gap *g = &b->gaps[i];

        if (g->flaw || strcmp(g->provider, provider) != 0 || strcmp(g->part, part) != 0 ||
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
    return add_gap(b, &(struct feed_gap){ .provider = (char *)(uintptr_t)provider,
                                          .part = (char *)(uintptr_t)part,
                                          .measure = (char *)(uintptr_t)measure,
                                          .period_end = period_end });
}

int feed_book_flaw(struct feed_book *b, const char *provider, enum list_flaw flaw,
                   struct civil_date period_end, bool upto, const char *words)
{
    for (size_t i = b->gap_count; i-- > 0;) {
        struct feed_gap *g = &b->gaps[i];

        if ((enum list_flaw)g->flaw != flaw || strcmp(g->provider, provider) != 0 ||
            (!upto && date_compare(g->period_end, period_end) != 0))
            continue;
        gap_release(g);
        b->gaps[i] = b->gaps[--b->gap_count];
    }
    return !words ? 0
                  : add_gap(b, &(struct feed_gap){ .provider = (char *)(uintptr_t)provider,
                                                   .part = (char *)(uintptr_t) "",
                                                   .flaw = flaw,
                                                   .words = (char *)(uintptr_t)words,
                                                   .period_end = period_end });
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

/* ---- files that wait for a person ---- */

static void remove_wait(struct feed_book *b, size_t i)
{
    wait_release(&b->waits[i]);
    memmove(b->waits + i, b->waits + i + 1, (--b->wait_count - i) * sizeof *b->waits);
}

int feed_book_wait(struct feed_book *b, const struct waiting_receipt *w)
{
    struct waiting_receipt copy = *w;
    struct waiting_receipt *waits = realloc(b->waits, (b->wait_count + 1) * sizeof *waits);

    if (waits)
        b->waits = waits;
    copy.why = strdup(w->why);
    copy.part = w->part && *w->part ? strdup(w->part) : NULL;
    if (!waits || !copy.why || (w->part && *w->part && !copy.part)) {
        wait_release(&copy);
        return -ENOMEM;
    }
    if (w->receipt != WAITING_UNKNOWN)
        feed_book_decided(b, w->receipt);
    size_t at = b->wait_count;

    while (at > 0 && waits[at - 1].receipt > w->receipt)
        at--;
    memmove(waits + at + 1, waits + at, (b->wait_count++ - at) * sizeof *waits);
    waits[at] = copy;
    return 0;
}

void feed_book_decided(struct feed_book *b, uint64_t receipt)
{
    for (size_t i = b->wait_count; i-- > 0;)
        if (b->waits[i].receipt == receipt)
            remove_wait(b, i);
}

void feed_book_supersede(struct feed_book *b, uint64_t receipt, const char *part,
                         struct civil_date newest)
{
    for (size_t i = b->wait_count; i-- > 0;) {
        const struct waiting_receipt *w = &b->waits[i];
        bool same_part = !w->part || strcmp(w->part, part) == 0;
        bool reaches_further =
            date_is_set(w->newest) && (!date_is_set(newest) || date_compare(w->newest, newest) > 0);

        if (w->receipt < receipt && !w->incident && !w->unread &&
            (!w->held || (same_part && !reaches_further)))
            remove_wait(b, i);
    }
}

const struct waiting_receipt *feed_book_newest_wait(const struct feed_book *b)
{
    for (size_t i = b->wait_count; i-- > 0;)
        if (!b->waits[i].incident)
            return &b->waits[i];
    return NULL;
}

size_t feed_book_waits(const struct feed_book *b)
{
    size_t count = 0;

    for (size_t i = 0; i < b->wait_count; i++)
        count += !b->waits[i].incident;
    return count;
}

bool feed_book_holds_file(const struct feed_book *b)
{
    for (size_t i = 0; i < b->wait_count; i++)
        if (b->waits[i].held)
            return true;
    return false;
}

/* ---- to JSON and back ---- */

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
                              json_pack("{s:s, s:s, s:s?, s:b, s:i, s:s?, s:o}", "provider",
                                        b->gaps[i].provider, "part", b->gaps[i].part, "measure",
                                        b->gaps[i].measure, "absent", (int)b->gaps[i].absent,
                                        "flaw", b->gaps[i].flaw, "words", b->gaps[i].words,
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

static json_t *waits_of(const struct feed_book *b)
{
    json_t *waits = json_array();

    for (size_t i = 0; waits && i < b->wait_count; i++) {
        const struct waiting_receipt *w = &b->waits[i];

        json_array_append_new(
            waits, json_pack("{s:I, s:s, s:s?, s:b, s:b, s:b, s:o, s:o}", "receipt",
                             (json_int_t)w->receipt, "why", w->why, "part", w->part, "held",
                             (int)w->held, "incident", (int)w->incident, "unread", (int)w->unread,
                             "since", json_date(w->since), "newest", json_date(w->newest)));
    }
    return waits;
}

char *feed_book_encode(const struct feed_book *b)
{
    return json_print(json_pack(
        "{s:s, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:s?, s:I, s:o, s:s?, s:I}", "id", b->id,
        "newest_period_end", json_date(b->newest_period_end), "last_received",
        (json_int_t)b->last_received.ms, "files", (json_int_t)b->files, "receipt",
        (json_int_t)b->receipt, "gaps", gaps_of(b), "parts", parts_of(b), "seen", seen_of(b),
        "kept", b->kept, "era", (json_int_t)b->era, "waits", waits_of(b), "last_outcome",
        b->last_outcome, "last_outcome_at", (json_int_t)b->last_outcome_at.ms));
}

static int read_gaps(struct feed_book *b, const json_t *gaps)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < json_array_size(gaps); i++) {
        const json_t *g = json_array_get(gaps, i);
        const char *provider = json_string_value(json_object_get(g, "provider"));
        const char *part = json_string_value(json_object_get(g, "part"));

        const char *words = json_string_value(json_object_get(g, "words"));
        enum list_flaw flaw = (enum list_flaw)json_integer_value(json_object_get(g, "flaw"));
        struct civil_date period_end;
        size_t before = b->gap_count;

        r = provider && part ? json_read_date(g, "period_end", &period_end) : -EBADMSG;
        if (r == 0 && words)
            r = feed_book_flaw(b, provider, flaw, period_end, false, words);
        else if (r == 0)
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

static int read_waits(struct feed_book *b, const json_t *waits)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < json_array_size(waits); i++) {
        const json_t *j = json_array_get(waits, i);
        const char *why = json_string_value(json_object_get(j, "why"));
        const char *part = json_string_value(json_object_get(j, "part"));
        struct waiting_receipt w = { .why = (char *)(uintptr_t)why,
                                     .part = (char *)(uintptr_t)part,
                                     .held = json_is_true(json_object_get(j, "held")),
                                     .incident = json_is_true(json_object_get(j, "incident")),
                                     .unread = json_is_true(json_object_get(j, "unread")) };

        if (!why || json_read_count(j, "receipt", &w.receipt) < 0 ||
            json_read_date(j, "since", &w.since) < 0 || json_read_date(j, "newest", &w.newest) < 0)
            return -EBADMSG;
        r = feed_book_wait(b, &w);
    }
    return r;
}

static int read_book(struct feed_book *b, const json_t *j)
{
    uint64_t files = 0;
    int r;

    if (json_read_text(j, "kept", &b->kept) < 0 ||
        json_read_text(j, "last_outcome", &b->last_outcome) < 0)
        return -ENOMEM;
    if (json_read_date(j, "newest_period_end", &b->newest_period_end) < 0 ||
        json_read_time(j, "last_received", &b->last_received) < 0 ||
        json_read_time(j, "last_outcome_at", &b->last_outcome_at) < 0 ||
        json_read_count(j, "files", &files) < 0 || json_read_count(j, "receipt", &b->receipt) < 0)
        return -EBADMSG;
    b->era = (uint64_t)json_integer_value(json_object_get(j, "era"));
    b->stored = b->receipt;
    b->files = (unsigned long)files;
    r = read_gaps(b, json_object_get(j, "gaps"));
    if (r == 0)
        r = read_waits(b, json_object_get(j, "waits"));
    if (r == 0)
        r = read_parts(b, json_object_get(j, "parts"));
    return r == 0 ? read_seen(b, json_object_get(j, "seen")) : r;
}

int feed_book_decode(const char *json, size_t len, struct feed_book **out)
{
    json_t *j = json_parse(json, len, 0, NULL);
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

/* ---- copying ---- */

static int copy_text(const char *from, char **to)
{
    *to = from ? strdup(from) : NULL;
    return from && !*to ? -ENOMEM : 0;
}

/* What a book has any number of. */
static int copy_lists(const struct feed_book *from, struct feed_book *to)
{
    const char *measure;
    void *part;
    int r = 0;

    for (size_t i = 0; r == 0 && i < from->gap_count; i++)
        r = add_gap(to, &from->gaps[i]);
    for (size_t i = 0; r == 0 && i < from->part_count; i++)
        r = feed_book_part(to, from->parts[i].part, from->parts[i].newest);
    for (size_t at = 0; r == 0 && table_next(&from->seen, &at, &measure, &part);)
        r = feed_book_saw(to, measure, part);
    for (size_t i = 0; r == 0 && i < from->wait_count; i++)
        r = feed_book_wait(to, &from->waits[i]);
    return r;
}

int feed_book_copy(const struct feed_book *b, struct feed_book **out)
{
    struct feed_book *copy = feed_book_fresh(b->id, b->stored);
    int r = copy ? 0 : -ENOMEM;

    if (r < 0)
        return r;
    copy->newest_period_end = b->newest_period_end;
    copy->last_received = b->last_received;
    copy->files = b->files;
    copy->receipt = b->receipt;
    copy->era = b->era;
    copy->last_outcome_at = b->last_outcome_at;
    r = copy_text(b->kept, &copy->kept);
    if (r == 0)
        r = copy_text(b->last_outcome, &copy->last_outcome);
    if (r == 0)
        r = copy_lists(b, copy);
    if (r < 0) {
        feed_book_free(copy);
        return r;
    }
    *out = copy;
    return 0;
}
