#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"

/*
 * The books in Redis are of another state folder: its daemon led before. Ids are the same on both
 * sides where the feeds are, so its books are taken over as they stand, and nothing is told anew.
 * (1) Before anything changes in Redis, what was told is written into our own sent journal, and the
 * takeover into our audit; states of alerts follow as always (pipeline_heal.c). (2) Our receipts that
 * its ledger knows count as applied; the first that it does not know and all after it are applied now,
 * with numbers above all of its own, since they came later than what stands. (3) Files that it had
 * and we have not: their figures stand in Redis and are right; but they are not in our archive. That
 * is said until they are put into the inbox; were Redis lost before, the feed's measures hold
 * (RELIABILITY: missing data never looks like improvement). (4) A received journal that lost its end, or
 * is an older copy, makes us such another daemon to ourselves: the numbers of its next files are of
 * files that Redis knows, which would never count.
 */

/* ---- files that only the other one had ---- */

/* Whether we ever received this content for this feed. */
static bool is_received(const struct pipeline *p, const char *feed, const char *sha256)
{
    for (size_t i = 0; i < p->receipts.count; i++)
        if (strcmp(p->receipts.list[i]->feed, feed) == 0 &&
            strncmp(p->receipts.list[i]->sha256, sha256, strlen(p->receipts.list[i]->sha256)) == 0)
            return true;
    return false;
}

/* key: of the ledger, "feed|sha256:format digest". */
static bool split_key(const char *key, char feed[FEED_ID_MAX], const char **out_sha256)
{
    size_t len = strcspn(key, "|");

    if (!key[len] || len >= FEED_ID_MAX)
        return false;
    memcpy(feed, key, len);
    feed[len] = '\0';
    *out_sha256 = key + len + 1;
    return true;
}

size_t takeover_lacks(const struct pipeline *p, const char *feed, bool *out_lost)
{
    const char *key, *sha256;
    char of[FEED_ID_MAX];
    size_t n = 0;

    *out_lost = false;
    for (size_t at = 0; table_next(&p->lacks, &at, &key, NULL);) {
        if (!split_key(key, of, &sha256) || (feed && strcmp(of, feed) != 0) ||
            is_received(p, of, sha256))
            continue;
        n++;
        *out_lost |= p->loaded && !table_has(&p->books.ledger, key);
    }
    return n;
}

int takeover_read(struct pipeline *p, const json_t *record)
{
    const json_t *lacks = json_object_get(record, "lacks");
    json_int_t base = json_integer_value(json_object_get(record, "base"));
    int r = 0;

    if (base > 0 && (uint64_t)base > p->receipt_base)
        p->receipt_base = (uint64_t)base;
    for (size_t i = 0; r == 0 && i < json_array_size(lacks); i++) {
        const char *key = json_string_value(json_array_get(lacks, i));

        r = key ? table_set(&p->lacks, key, p, NULL) : -EBADMSG;
    }
    return r;
}

static int list_lacks(const struct pipeline *p, json_t *out)
{
    const char *key, *sha256;
    char feed[FEED_ID_MAX];

    for (size_t at = 0; table_next(&p->books.ledger, &at, &key, NULL);)
        if (split_key(key, feed, &sha256) && !is_received(p, feed, sha256) &&
            json_array_append_new(out, json_string(key)) < 0)
            return -ENOMEM;
    return 0;
}

/* ---- what was told ---- */

/* Goes past a part of a key and the sign after it; NULL where another part stands there. */
static const char *after(const char *key, const char *part)
{
    size_t len = strlen(part);

    return key && strncmp(key, part, len) == 0 && key[len] == '|' ? key + len + 1 : NULL;
}

/* Whether a message due tells it: then it was not told yet. Needs no memory: "no" would be journalled. */
static bool is_due(const struct pipeline *p, const char *key)
{
    for (size_t i = 0; i < p->books.outbox_count; i++) {
        const struct outbox_item *item = p->books.outbox[i];
        const char *episode = after(after(key, item->receiver), item->recipient);

        for (size_t j = 0; episode && j < item->tell_count; j++)
            if (strcmp(episode, item->tells[j].episode) == 0)
                return true;
    }
    return false;
}

#define ELSEWHERE_SLICE 500 /* entries of a record */

/* Takes entry (NULL: -ENOMEM). */
static int add_elsewhere(struct pipeline *p, json_t **list, json_t *entry)
{
    if (json_array_append_new(*list, entry) < 0)
        return -ENOMEM;
    if (json_array_size(*list) < ELSEWHERE_SLICE)
        return 0;
    json_t *full = *list;

    *list = json_array();
    return sent_elsewhere(p, full);
}

/* key: "receiver|recipient|episode". A recipient is an address or a receiver's id: no '|'. */
static int add_told(struct pipeline *p, json_t **list, const char *key, const struct told *told)
{
    const char *recipient = strchr(key, '|'), *episode = strrchr(key, '|');
    struct tell tell = { .told = *told };
    char id[ALERT_ID_MAX + sizeof "adopted-"];

    if (!recipient || episode == recipient || strlen(episode + 1) >= sizeof tell.episode)
        return 0; /* none of ours */
    AUTO(auto_free) char *to = strndup(key, (size_t)(recipient - key));
    AUTO(auto_free) char *who = strndup(recipient + 1, (size_t)(episode - recipient - 1));

    if (!to || !who)
        return -ENOMEM;
    (void)snprintf(tell.episode, sizeof tell.episode, "%s", episode + 1);
    (void)snprintf(id, sizeof id, "adopted-%s", tell.episode); /* no message of ours */
    return add_elsewhere(p, list, sent_entry(id, to, who, &tell, 1));
}

/* Whether all that a message of ours tells was told, by whom leads no more. Returns 1, 0 or -ENOMEM. */
static int is_told(const struct pipeline *p, const struct outbox_item *item)
{
    for (size_t i = 0; i < item->tell_count; i++) {
        AUTO(text_release) struct text key = TEXT_INIT;

        (void)text_printf(&key, "%s|%s|%s", item->receiver, item->recipient,
                          item->tells[i].episode);
        if (!text_ok(&key))
            return -ENOMEM;
        const struct told *told = table_get(&p->books.told, text_str(&key));

        if (!told || told->ordinal < item->tells[i].told.ordinal)
            return 0;
    }
    return 1;
}

/* Messages that were due when we led last, and had their outcome since. */
static int settle_pending(struct pipeline *p, json_t **list)
{
    const char *id;
    void *value;
    int r = 0;

    for (size_t at = 0; r == 0 && table_next(&p->pending, &at, &id, &value);) {
        const struct outbox_item *item = value;

        if (books_outbox_item(&p->books, id) || table_has(&p->books.dead, id))
            continue;
        r = is_told(p, item);
        if (r > 0)
            r = add_elsewhere(
                p, list,
                sent_entry(id, item->receiver, item->recipient, item->tells, item->tell_count));
    }
    return r;
}

int takeover_told(struct pipeline *p)
{
    json_t *list = json_array();
    const char *key;
    void *value;
    int r = settle_pending(p, &list);

    for (size_t at = 0; r == 0 && table_next(&p->books.told, &at, &key, &value);) {
        const struct told *told = value, *ours = table_get(&p->sent_tells, key);

        if ((!ours || ours->ordinal < told->ordinal) && !is_due(p, key))
            r = add_told(p, &list, key, told);
    }
    if (r == 0 && json_array_size(list) > 0) {
        r = sent_elsewhere(p, list);
        list = NULL;
    }
    json_decref(list);
    return r == 0 ? released_adopt(p) : r;
}

/* ---- the books ---- */

static uint64_t newest_number(const struct pipeline *p)
{
    uint64_t newest = p->receipt_base;
    void *value;

    for (size_t at = 0; table_next(&p->books.series.by_key, &at, NULL, &value);) {
        const struct series *s = value;

        for (size_t i = 0; i < s->point_count; i++)
            for (size_t j = 0; j < s->points[i].version_count; j++)
                if (s->points[i].versions[j].receipt > newest)
                    newest = s->points[i].versions[j].receipt;
    }
    return newest;
}

/* The newest of our receipts that counts as applied, or 0: from the first on that its ledger does not
 * know (refused files are in no ledger, and count when a known one follows). */
static uint64_t applied_of(const struct pipeline *p, const char *feed)
{
    uint64_t applied = 0;

    for (size_t i = 0; i < p->receipts.count; i++) {
        const struct receipt *r = p->receipts.list[i];

        if (strcmp(r->feed, feed) != 0 || r->outcome == RECEIPT_REFUSED)
            continue;
        AUTO(auto_free) char *key = ledger_key(r->feed, r->sha256, r->format_digest);

        if (!key || !table_has(&p->books.ledger, key))
            break;
        applied = r->sequence;
    }
    return applied;
}

#define ONLY_THERE "; only the daemon that led before has it: put it into the inbox"

/* The words of a file that waits, without what to type, which names its receipt. */
static size_t bare_len(const char *words)
{
    static const char *const ends[] = { "; decide with waitlistctl feed accept",
                                        "; once that is mended, waitlistctl feed accept",
                                        "; its raw bytes are erased within a day", ONLY_THERE };

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (strstr(words, ends[i]))
            return (size_t)(strstr(words, ends[i]) - words);
    return strlen(words);
}

static bool say_the_same(const char *a, const char *b)
{
    size_t len = bare_len(a);

    return len == bare_len(b) && memcmp(a, b, len) == 0;
}

/* Our newest receipt below `below` with the same name and reason, or NULL; words: of that receipt. */
static const struct receipt *receipt_of_wait(const struct pipeline *p, const char *feed,
                                             const struct waiting_receipt *w, uint64_t below,
                                             struct text *words)
{
    for (size_t i = p->receipts.count; i-- > 0;) {
        const struct receipt *r = p->receipts.list[i];

        if (r->sequence >= below || r->outcome == RECEIPT_ACCEPTED || r->decides || !r->why ||
            strcmp(r->feed, feed) != 0)
            continue;
        text_clear(words);
        if (apply_waiting_words(r, words) < 0 || say_the_same(text_str(words), w->why))
            return r;
    }
    text_clear(words);
    (void)text_printf(words, "%.*s" ONLY_THERE, (int)bare_len(w->why), w->why);
    return NULL;
}

/* A file that waits for a person, by our number and with what to type here; of files that say the same
 * each has its own. One that we never had: WAITING_UNKNOWN. Returns 0 or -ENOMEM. */
static int number_wait(const struct pipeline *p, struct feed_book *b, size_t i)
{
    AUTO(text_release) struct text words = TEXT_INIT;
    struct waiting_receipt *w = &b->waits[i];
    uint64_t below = UINT64_MAX;

    for (size_t j = i + 1; j < b->wait_count; j++)
        if (say_the_same(b->waits[j].why, w->why) && b->waits[j].receipt < below)
            below = b->waits[j].receipt;
    const struct receipt *r = receipt_of_wait(p, b->id, w, below, &words);
    char *why = text_take(&words);

    if (!why)
        return -ENOMEM;
    free(w->why);
    w->why = why;
    w->receipt = r ? r->sequence : WAITING_UNKNOWN;
    return 0;
}

/* The newest first, and only then by their new words. */
static int number_waits(const struct pipeline *p, struct feed_book *b)
{
    int r = 0;

    for (size_t i = b->wait_count; r == 0 && i-- > 0;)
        r = number_wait(p, b, i);
    return r;
}

static void finish_takeover(struct pipeline *p)
{
    log_info("takeover", "done: files=%zu of ours are applied now", p->replay_total);
    store_taken_over(p->store);
    p->need_takeover = false;
    if (lists_check(p) < 0) /* by our numbers of receipts */
        pipeline_stop(p, 1);
    rebuild_loaded(p);
}

static int send_takeover(struct pipeline *p)
{
    AUTO(auto_free)
    const struct feed_book **books = calloc(table_count(&p->books.feeds) + 1, sizeof *books);
    void *value;
    size_t n = 0;
    int r = books ? 0 : -ENOMEM;

    for (size_t at = 0; r == 0 && table_next(&p->books.feeds, &at, NULL, &value);) {
        struct feed_book *b = value;

        b->receipt = b->stored = applied_of(p, b->id);
        r = number_waits(p, b);
        books[n++] = b;
    }
    if (r < 0)
        return r;
    rebuild_loaded(p);
    batch_add(p, store_take_over(p->store, books, n, batch_done, p));
    return 0;
}

static int journal_takeover(struct pipeline *p)
{
    const char *other = store_other_epoch(p->store);
    json_t *lacks = json_array();
    uint64_t base = newest_number(p);
    int r = lacks ? list_lacks(p, lacks) : -ENOMEM;
    size_t n = json_array_size(lacks);

    if (n)
        log_error("takeover",
                  "files=%zu that \"%s\" took are not in this archive: their figures stand in "
                  "Redis alone; put these files into the inboxes",
                  n, store_led_before(p->store));
    json_t *record =
        r == 0 ? json_pack("{s:s, s:s, s:I, s:O}", "taken_over", other ? other : p->epoch, "from",
                           store_led_before(p->store), "base", (json_int_t)base, "lacks", lacks)
               : NULL;

    if (r == 0)
        r = record ? takeover_read(p, record) : -ENOMEM;
    if (r == 0)
        r = audit_alerts(p, record, NULL);
    else
        json_decref(record);
    json_decref(lacks);
    return r;
}

void takeover_start(struct pipeline *p)
{
    int r = takeover_told(p);

    log_warning("takeover", "from=\"%s\" its books are taken over", store_led_before(p->store));
    if (r == 0)
        r = journal_takeover(p);
    batch_begin(p, finish_takeover);
    if (r == 0)
        r = send_takeover(p);
    if (r < 0)
        batch_fail(p, r);
    batch_end(p);
}
