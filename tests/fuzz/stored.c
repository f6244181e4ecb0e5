/*
 * stored - what is read back from Redis: refused, or accepted with every number in its range; and
 * what was accepted is written so that it reads back the same
 *
 * Input: a letter for the kind (the table below), then the JSON.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "store/books.h"

static void check_told(const struct told *t)
{
    FUZZ_CHECK(t->severity == SEVERITY_NONE || t->severity == SEVERITY_AMBER ||
                   t->severity == SEVERITY_RED,
               "told with severity %d", (int)t->severity);
}

/* Each: reads, checks what it holds, writes; NULL: refused. */

static char *again_told(const char *json, size_t len)
{
    struct told t = { 0 };

    if (told_decode(json, len, &t) < 0)
        return NULL;
    check_told(&t);
    return told_encode(&t);
}

static char *again_book(const char *json, size_t len)
{
    struct feed_book *b = NULL;

    if (feed_book_decode(json, len, &b) < 0)
        return NULL;
    FUZZ_CHECK(b->id && b->id[0], "a book of no feed");
    FUZZ_CHECK(b->receipt <= INT64_MAX && b->stored == b->receipt, "a receipt without a number");
    FUZZ_CHECK(b->files <= INT64_MAX, "fewer files than none");
    for (size_t i = 0; i < b->wait_count; i++)
        FUZZ_CHECK(b->waits[i].why && (i == 0 || b->waits[i - 1].receipt < b->waits[i].receipt),
                   "files that wait out of order");
    char *text = feed_book_encode(b);

    feed_book_free(b);
    return text;
}

static char *again_ledger(const char *json, size_t len)
{
    struct ledger_entry *e = NULL;
    struct books books = BOOKS_INIT;

    if (ledger_entry_decode(json, len, &e) < 0)
        return NULL;
    FUZZ_CHECK(e->feed && e->receipt <= INT64_MAX, "an entry without a feed or a receipt");
    char *text = ledger_entry_encode(e);

    FUZZ_CHECK(table_set(&books.ledger, "x", e, NULL) == 0, "no memory");
    books_release(&books);
    return text;
}

static char *again_message(const char *json, size_t len)
{
    struct outbox_item *i = NULL;

    if (outbox_item_decode(json, len, &i) < 0)
        return NULL;
    FUZZ_CHECK(i->delivery_id[0] && i->receiver[0], "a message to nobody");
    FUZZ_CHECK(strlen(i->delivery_id) < ALERT_ID_MAX, "an id that fits nowhere");
    FUZZ_CHECK((int)i->severity >= SEVERITY_NONE && (int)i->severity <= SEVERITY_RED, "severity %d",
               (int)i->severity);
    for (size_t n = 0; n < i->tell_count; n++) {
        FUZZ_CHECK(i->tells[n].episode[0], "it tells of no episode");
        check_told(&i->tells[n].told);
    }
    char *text = outbox_item_encode(i);

    outbox_item_free(i);
    return text;
}

static char *again_version(const char *json, size_t len)
{
    struct series_version v;

    if (series_version_decode(json, len, &v) < 0)
        return NULL;
    FUZZ_CHECK(v.edition >= 0 && v.receipt <= INT64_MAX, "an edition or receipt below 0");
    FUZZ_CHECK(v.marker != MARKER_NONE ||
                   ((isfinite(v.value) || (v.value > 0 && v.low == v.value)) && v.low <= v.value &&
                    v.value <= v.high),
               "a figure that is no number, or outside its interval");
    return series_version_encode(&v);
}

static char *again_alert(const char *json, size_t len)
{
    struct alert a = ALERT_INIT;

    if (alert_decode(json, len, &a) < 0)
        return NULL;
    for (size_t i = 0; i < a.episode_count; i++) {
        const struct episode *e = &a.episodes[i];

        FUZZ_CHECK(alert_state_name(e->state) && alert_news_name(e->news), "no state, no news");
        FUZZ_CHECK(alert_state_words(&a, e), "a state without words");
    }
    char *text = alert_encode(&a);

    alert_release(&a);
    return text;
}

static const struct {
    char letter;
    char *(*again)(const char *json, size_t len);
} kinds[] = {
    { 'a', again_alert },   { 'b', again_book }, { 'l', again_ledger },
    { 'o', again_message }, { 't', again_told }, { 'v', again_version },
};

void fuzz_one(const char *bytes, size_t len)
{
    char letter = (char)fuzz_byte(&bytes, &len);

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].letter != letter)
            continue;
        char *once = kinds[i].again(bytes, len);
        char *twice = once ? kinds[i].again(once, strlen(once)) : NULL;

        FUZZ_CHECK(!once || twice, "what was written is refused: %s", once);
        FUZZ_CHECK(!once || strcmp(once, twice) == 0, "it reads back otherwise:\n%s\n%s", once,
                   twice);
        free(once);
        free(twice);
    }
}
