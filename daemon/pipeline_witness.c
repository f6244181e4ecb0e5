#include "pipeline_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"

/*
 * A journal cannot show its own end: cut after a whole record, or brought back from an older copy, it
 * looks as it did then, and so does the chain of the audit. So Redis is told how far each journal
 * reaches, and the SHA-256 of the newest audit record. (1) It is told after the records are synced, so
 * it never knows more than the journals held. (2) After each load the two are compared; a gap is written
 * into the audit itself, since the mark in Redis goes on with the journals. (3) What Redis knows beyond
 * the received journal is taken over (pipeline_takeover.c), beyond the sent journal written into it:
 * no file is lost for it, and nothing told again.
 */

#define AGAIN_MS    30000 /* a mark that Redis did not take */
#define FILE_DIGITS 16    /* of a file's SHA-256: enough to tell it from another */

struct marks {
    char epoch[33];
    struct reach reach;
    char file[FILE_DIGITS + 1]; /* what the newest receipt is about */
    char link[SHA256_TEXT_MAX];
};

struct reach witness_reach(const struct pipeline *p)
{
    return (struct reach){ receipts_last(p), journal_last(p->sent), journal_last(p->audit) };
}

static const char *file_of(const struct pipeline *p, uint64_t receipt)
{
    const struct receipt *r = receipt_find(p, receipt);

    return r ? r->sha256 : "-";
}

static void marks_text(const struct pipeline *p, char out[MARKS_MAX])
{
    struct reach now = witness_reach(p);

    (void)snprintf(out, MARKS_MAX,
                   "%s received %" PRIu64 " %.*s sent %" PRIu64 " audit %" PRIu64 " %s", p->epoch,
                   now.received, FILE_DIGITS, file_of(p, now.received), now.sent, now.audit,
                   p->audit_link);
}

/* Marks of nothing where Redis holds none of our journals. */
static void marks_read(const struct pipeline *p, struct marks *out)
{
    if (p->books.journals &&
        sscanf(p->books.journals,
               "%32s received %" SCNu64 " %16s sent %" SCNu64 " audit %" SCNu64 " %64s", out->epoch,
               &out->reach.received, out->file, &out->reach.sent, &out->reach.audit,
               out->link) == 6 &&
        strcmp(out->epoch, p->epoch) == 0)
        return;
    *out = (struct marks){ .file = "" };
}

/* The newest receipt of ours that Redis has applied: it may be newer than the mark. */
static uint64_t newest_applied(const struct pipeline *p)
{
    uint64_t newest = 0;
    void *value;

    for (size_t at = 0; table_next(&p->books.feeds, &at, NULL, &value);) {
        const struct feed_book *b = value;

        if (b->receipt > newest)
            newest = b->receipt;
    }
    return newest;
}

__attribute__((format(printf, 2, 3))) static void add(char words[GAP_WORDS_MAX], const char *format,
                                                      ...)
{
    size_t n = strlen(words);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(words + n, GAP_WORDS_MAX - n, format, args);
    va_end(args);
}

/* What to call the journal that ends too early. */
static void add_end(char words[GAP_WORDS_MAX], const char *journal, uint64_t known, uint64_t last)
{
    if (known > last)
        add(words,
            "%sthe %s journal ended at record %" PRIu64 ", Redis knows of %" PRIu64
            ": it was cut, or is an older copy",
            words[0] ? "; " : "", journal, last, known);
}

static void add_other(char words[GAP_WORDS_MAX], const char *journal, uint64_t known)
{
    add(words,
        "%srecord %" PRIu64
        " of the %s journal is not the one that Redis knows: it was changed, or "
        "the end was cut",
        words[0] ? "; " : "", known, journal);
}

static int note_gap(struct pipeline *p, const char *words)
{
    int r;

    if (!words[0] || strcmp(words, p->gap) == 0)
        return 0;
    (void)snprintf(p->gap, sizeof p->gap, "%s", words);
    log_error("journal", "%s", words);
    r = audit_alerts(p, json_pack("{s:s}", "gap", words), NULL);
    if (!disk_error_is_full(r))
        return r;
    disk_is_full(p, "the audit journal cannot be written", r);
    return 0;
}

/* As far back as we remember. */
static bool is_audit_other(const struct pipeline *p, const struct marks *known)
{
    uint64_t last = journal_last(p->audit), at = known->reach.audit;

    return at && at <= last && last - at < AUDIT_LINKS &&
           strcmp(known->link, p->audit_links[at % AUDIT_LINKS]) != 0;
}

static bool is_receipt_other(const struct pipeline *p, const struct marks *known)
{
    uint64_t at = known->reach.received;

    return at && known->file[0] && at <= receipts_last(p) &&
           strncmp(known->file, file_of(p, at), FILE_DIGITS) != 0;
}

int witness_compare(struct pipeline *p)
{
    struct reach reach = p->is_compared ? witness_reach(p) : p->reach;
    struct marks known;
    char words[GAP_WORDS_MAX] = "";

    (void)snprintf(p->witnessed, sizeof p->witnessed, "%s",
                   p->books.journals ? p->books.journals : "");
    if (store_other_epoch(p->store))
        return 0;
    p->is_compared = true;
    marks_read(p, &known);
    if (newest_applied(p) > known.reach.received) { /* it was applied after the mark was set */
        known.reach.received = newest_applied(p);
        known.file[0] = '\0';
    }
    add_end(words, "audit", known.reach.audit, reach.audit);
    if (!words[0] && is_audit_other(p, &known))
        add_other(words, "audit", known.reach.audit);
    add_end(words, "received", known.reach.received, reach.received);
    add_end(words, "sent", known.reach.sent, reach.sent);
    if (known.reach.received > reach.received) {
        p->need_takeover = true;
    } else if (is_receipt_other(p, &known)) {
        add_other(words, "received", known.reach.received);
        p->need_takeover = true;
    }
    int r = known.reach.sent > reach.sent ? takeover_told(p) : 0;

    return r == 0 ? note_gap(p, words) : r;
}

int witness_read(struct pipeline *p, const json_t *record)
{
    (void)snprintf(p->gap, sizeof p->gap, "%s", json_string_value(json_object_get(record, "gap")));
    return 0;
}

static void on_witnessed(void *arg, int result)
{
    struct pipeline *p = arg;

    p->is_witnessing = false;
    if (result == 0)
        memcpy(p->witnessed, p->witnessing, sizeof p->witnessed);
    else
        p->witness_at.ms = clock_mono(&p->clock).ms + AGAIN_MS;
    pipeline_wake(p);
}

void witness_tell(struct pipeline *p)
{
    if (p->is_witnessing || clock_mono(&p->clock).ms < p->witness_at.ms)
        return;
    marks_text(p, p->witnessing);
    if (strcmp(p->witnessing, p->witnessed) != 0)
        p->is_witnessing = store_witness(p->store, p->witnessing, on_witnessed, p) == 0;
}
