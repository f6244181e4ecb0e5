#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/log.h"

/*
 * What people decide on files that wait. An accepted file takes effect as of the decision, with the
 * rank of the day it came: against files received since, it is the older one. A refused one is set
 * aside for good. Each decision becomes a receipt of its own, after its act: what follows from the
 * receipts, in their order, is then also what a rebuild follows. Purging erases raw bytes.
 */

void decision_free(void *value)
{
    struct decision *d = value;

    if (d)
        free(d->why);
    free(d);
}

/* ---- which file is meant ---- */

static bool is_same_file(const struct receipt *a, const struct receipt *b)
{
    return !a->decides && !b->decides && strcmp(a->feed, b->feed) == 0 &&
           strcmp(a->sha256, b->sha256) == 0 && strcmp(a->format_digest, b->format_digest) == 0;
}

/* Whether it waits, as far as the receipts know; the books know of a file that became unreadable. */
static bool waits(const struct pipeline *p, const struct receipt *r)
{
    const struct feed_book *b = table_get(&p->books.feeds, r->feed);

    for (size_t i = 0; b && i < b->wait_count; i++)
        if (b->waits[i].receipt == r->sequence)
            return true;
    return false;
}

static bool is_open(const struct pipeline *p, const struct receipt *r)
{
    if (r->decides)
        return false;
    return waits(p, r) || (r->outcome != RECEIPT_ACCEPTED && !r->decided);
}

/* By number: the first receipt of the same bytes, of which the later ones are duplicates; or itself,
 * when it waits. */
static const struct receipt *by_number(const struct pipeline *p, uint64_t number)
{
    const struct receipt *r = receipt_find(p, number);

    if (!r || r->decides || r->outcome == RECEIPT_REFUSED || waits(p, r))
        return r;
    for (size_t i = 0; i < p->receipts.count; i++)
        if (is_same_file(p->receipts.list[i], r))
            return p->receipts.list[i];
    return r;
}

/* The receipt that a number or a file's name means. A name means the one file that waits, or the
 * newest of that name. Returns 0, or -ENOENT, -EEXIST with the words. */
static int find_file(const struct pipeline *p, const char *text, const struct receipt **out,
                     char why[ACT_WHY_MAX])
{
    const struct receipt *newest = NULL, *open = NULL;
    char *end = NULL;
    uint64_t number = text[0] >= '0' && text[0] <= '9' ? strtoull(text, &end, 10) : 0;

    if (number && *end == '\0' && (*out = by_number(p, number)))
        return 0;
    for (size_t i = 0; i < p->receipts.count; i++) {
        const struct receipt *r = p->receipts.list[i];

        if (r->decides || strcmp(r->name, text) != 0)
            continue;
        newest = r;
        if (!is_open(p, r))
            continue;
        if (open && !is_same_file(open, r)) {
            (void)snprintf(why, ACT_WHY_MAX,
                           "several files of this name wait, receipts %llu and %llu: name the "
                           "receipt",
                           (unsigned long long)open->sequence, (unsigned long long)r->sequence);
            return -EEXIST;
        }
        open = open ? open : r;
    }
    newest = open ? open : newest;
    if (newest) {
        *out = by_number(p, newest->sequence);
        return 0;
    }
    (void)snprintf(why, ACT_WHY_MAX,
                   "no receipt has this number or file name; see waitlistctl "
                   "feeds");
    return -ENOENT;
}

/* Sets what the record needs beside what was asked. */
static int describe(json_t *act, const struct receipt *r)
{
    int result = json_object_set_new(act, "receipt", json_integer((json_int_t)r->sequence));

    result |= json_object_set_new(act, "feed", json_string(r->feed));
    result |= json_object_set_new(act, "name", json_string(r->name));
    result |= json_object_set_new(act, "sha256", json_string(r->sha256));
    return result < 0 ? -ENOMEM : 0;
}

static int find_asked(struct pipeline *p, json_t *act, const struct receipt **out,
                      char why[ACT_WHY_MAX])
{
    const char *file = json_string_value(json_object_get(act, "file"));
    const char *reason = json_string_value(json_object_get(act, "why"));

    if (!file || !*file) {
        (void)snprintf(why, ACT_WHY_MAX, "which receipt, or which file?");
        return -EINVAL;
    }
    if (!reason || !*reason) {
        (void)snprintf(why, ACT_WHY_MAX, "--why wants the reason: it goes into the audit");
        return -EINVAL;
    }
    return find_file(p, file, out, why);
}

/* ---- accept, refuse ---- */

int decide_check(struct pipeline *p, json_t *act, bool accept, char why[ACT_WHY_MAX])
{
    const struct receipt *r = NULL;
    int result = find_asked(p, act, &r, why);

    if (result < 0)
        return result;
    unsigned long long n = r->sequence;

    if (!is_open(p, r)) {
        (void)snprintf(why, ACT_WHY_MAX, "receipt %llu (%.80s) does not wait: it was %s", n,
                       r->name,
                       r->decides                                ? "a decision itself"
                       : !r->decided                             ? "accepted"
                       : r->decided->outcome == RECEIPT_ACCEPTED ? "accepted by a person"
                                                                 : "refused by a person");
        return -EEXIST;
    }
    if (accept && r->outcome == RECEIPT_REFUSED) {
        (void)snprintf(why, ACT_WHY_MAX,
                       "receipt %llu (%.80s) cannot be read and so not be accepted: mend it and "
                       "send it again",
                       n, r->name);
        return -EINVAL;
    }
    return describe(act, r);
}

int decide_take(struct pipeline *p, const json_t *act, bool accept)
{
    const char *why = json_string_value(json_object_get(act, "why"));
    json_int_t number = json_integer_value(json_object_get(act, "receipt"));
    struct decision *d = calloc(1, sizeof *d);
    void *old = NULL;
    char key[24];
    int r = d ? 0 : -ENOMEM;

    (void)snprintf(key, sizeof key, "%lld", (long long)number);
    if (r == 0 && (number <= 0 || !why))
        r = -EBADMSG;
    if (r == 0) {
        d->accept = accept;
        d->at.ms = json_integer_value(json_object_get(act, "at_ms"));
        d->why = strdup(why);
        r = d->why ? table_set(&p->decisions, key, d, &old) : -ENOMEM;
    }
    decision_free(r < 0 ? (void *)d : old);
    return r;
}

static int append(struct pipeline *p, const struct receipt *file, enum receipt_outcome outcome,
                  const char *why, struct wall_time at)
{
    struct receipt r = {
        .decides = file->sequence,
        .outcome = outcome,
        .feed = strdup(file->feed),
        .name = strdup(file->name),
        .sha256 = strdup(file->sha256),
        .format_digest = strdup(file->format_digest),
        .why = strdup(why),
        .part = file->part ? strdup(file->part) : NULL,
        .archived = file->archived ? strdup(file->archived) : NULL,
        .at = at,
        .edition = file->edition,
        .newest = file->newest,
    };

    if (r.feed && r.name && r.sha256 && r.format_digest && r.why && (r.part || !file->part) &&
        (r.archived || !file->archived))
        return receipt_append(p, &r);
    receipt_release(&r);
    return -ENOMEM;
}

/* ---- what is held only when it is to take effect ---- */

/* A file of a list that was accepted as it came, and that waits for a person. What cannot be read back waits to
 * be read. */
static const struct receipt *held_since(const struct pipeline *p, const struct waiting_receipt *w)
{
    const struct receipt *r = w->held && !w->unread ? receipt_find(p, w->receipt) : NULL;

    return r && !r->decides && !r->decided && r->outcome == RECEIPT_ACCEPTED ? r : NULL;
}

/* Until the journal says it the feed's book alone knows: a full disk, or an end, may come between. */
static int journal_holds(struct pipeline *p)
{
    const struct settings *s = p->config->settings;
    int r = 0;

    for (size_t i = 0; r == 0 && i < s->feed_count; i++) {
        const struct feed_book *b =
            s->feeds[i].into ? table_get(&p->books.feeds, s->feeds[i].id) : NULL;

        for (size_t k = 0; b && r == 0 && k < b->wait_count; k++) {
            const struct receipt *file = held_since(p, &b->waits[k]);
            AUTO(auto_free) char *why = file ? apply_held_why(b->waits[k].why) : NULL;

            if (file)
                r = why ? append(p, file, RECEIPT_HELD, why, pipeline_wall(p)) : -ENOMEM;
        }
    }
    return r;
}

int decide_pending(struct pipeline *p)
{
    const char *number;
    void *value;
    int r = 0;

    if (disk_rests(p))
        return 0;
    if (!p->need_takeover) /* else the numbers in the books are another daemon's */
        r = journal_holds(p);
    for (size_t at = 0; r == 0 && table_next(&p->decisions, &at, &number, &value);) {
        const struct decision *d = value;
        const struct receipt *file = receipt_find(p, strtoull(number, NULL, 10));

        if (!file || (file->decided && file->decided->at.ms == d->at.ms))
            continue;
        r = append(p, file, d->accept ? RECEIPT_ACCEPTED : RECEIPT_REFUSED, d->why, d->at);
        if (r == 0)
            disk_is_well(p);
    }
    if (disk_error_is_full(r)) {
        disk_is_full(p, "what was decided on a file cannot be journalled", r);
        r = 0;
    }
    if (r < 0)
        log_error("decide", "error=\"%s\": the next start takes it up again", strerror(-r));
    return r;
}

/* ---- purge ---- */

/* Whether the archived bytes are needed: in force, or waiting for a decision, under any receipt but
 * this one. */
static const struct receipt *needed_by(const struct pipeline *p, const struct receipt *but)
{
    for (size_t i = 0; i < p->receipts.count; i++) {
        const struct receipt *r = p->receipts.list[i];
        bool is_needed = receipt_is_in_force(p, r) || (r->outcome == RECEIPT_HELD && !r->decides &&
                                                       !r->decided && !is_same_file(r, but));

        if (is_needed && strcmp(receipt_archived(r), receipt_archived(but)) == 0)
            return r;
    }
    return NULL;
}

int decide_check_purge(struct pipeline *p, json_t *act, char why[ACT_WHY_MAX])
{
    const struct receipt *r = NULL, *needed;
    int result = find_asked(p, act, &r, why);

    if (result < 0)
        return result;
    needed = r->outcome == RECEIPT_REFUSED ? NULL : needed_by(p, r);
    if (needed) {
        (void)snprintf(why, ACT_WHY_MAX,
                       "the bytes of receipt %llu (%.80s) are %s under receipt %llu: only what was "
                       "held or refused is purged",
                       (unsigned long long)r->sequence, r->name,
                       needed->outcome == RECEIPT_ACCEPTED ? "in force" : "waiting",
                       (unsigned long long)needed->sequence);
        return -EEXIST;
    }
    return describe(act, r);
}

int decide_take_purge(struct pipeline *p, const json_t *act)
{
    const char *sha256 = json_string_value(json_object_get(act, "sha256"));
    json_int_t number = json_integer_value(json_object_get(act, "receipt"));
    const struct receipt *r = receipt_find(p, (uint64_t)number);
    int result = sha256 && r ? quarantine_erase(p, sha256) : -EBADMSG;

    /* A refused file never was in the archive; what came again since, and is in force, stays. */
    if (result >= 0 && r->outcome != RECEIPT_REFUSED && !needed_by(p, r))
        result = archive_erase(p->archive, receipt_archived(r));
    arrivals_empty(p);
    if (result >= 0 && !r->decided)
        result = decide_take(p, act, false); /* what is gone cannot be accepted any more */
    return result < 0 ? result : 0;
}
