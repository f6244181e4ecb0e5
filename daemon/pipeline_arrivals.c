#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "store/json_read.h"

/*
 * The journal of arrivals: receipt and rows of a small pathway file in one record, so that one sync makes both
 * durable and its sender hears of it. Invariants: (1) until the record stands, nobody is told that the file was
 * taken; (2) its receipt is in the list at once, under the number that it will have in the received journal, and
 * its bytes are read from the archive, which has deferred them; (3) settling makes file and receipt durable where
 * they belong, in their order, and does so before any other receipt is written, when nothing else is to be done,
 * or within a second; (4) what a run did not settle the next one takes up, before anything is applied; (5) the
 * journal is emptied once it is large, at a clean stop, and by a person's purge: it is no second archive.
 */

#define ARRIVALS_MOST       64
#define ARRIVALS_BYTES_MOST (1 << 20) /* of the journal, before it is emptied */

struct arrivals {
    struct journal *journal;
    char *receipts[ARRIVALS_MOST]; /* not yet in the received journal, the oldest first */
    size_t count;
    bool is_failing;     /* they could not be settled: tried again each second */
    bool is_to_be_empty; /* what the journal holds is to go, whatever its size */
};

/* ---- settling ---- */

static int settle_receipts(struct pipeline *p)
{
    struct arrivals *a = p->arrivals;
    uint64_t sequence;
    size_t done = 0;
    int r = 0;

    while (r == 0 && done < a->count) {
        r = journal_append(p->received, a->receipts[done], strlen(a->receipts[done]), &sequence);
        if (r == 0)
            free(a->receipts[done++]);
    }
    a->count -= done;
    memmove(a->receipts, a->receipts + done, a->count * sizeof *a->receipts);
    return r;
}

int arrivals_settle(struct pipeline *p)
{
    struct arrivals *a = p->arrivals;
    int r = arrivals_sync(p);

    if (r == 0)
        r = archive_settle(p->archive);
    if (r == 0)
        r = settle_receipts(p);
    if (r == 0 && journal_size(a->journal) >= (a->is_to_be_empty ? 1 : ARRIVALS_BYTES_MOST))
        r = journal_clear(a->journal);
    a->is_to_be_empty &= r < 0;
    if (r == -ENOTRECOVERABLE)
        pipeline_stop(p, 1); /* what the journals hold is known by reading them again */
    return r;
}

static bool is_settled(const struct arrivals *a)
{
    return a->count == 0 && !(a->is_to_be_empty && journal_size(a->journal) > 0);
}

/* Said once each time. */
static void settle(struct pipeline *p)
{
    struct arrivals *a = p->arrivals;
    int r = is_settled(a) ? 0 : arrivals_settle(p);

    if (disk_error_is_full(r)) {
        disk_is_full(p, "files that were taken are not archived", r);
    } else if (r < 0 && !a->is_failing) {
        log_error("arrivals", "files=%zu not archived yet: %s", a->count, strerror(-r));
        p->intake_failed = true;
    }
    a->is_failing = r < 0;
}

void arrivals_idle(struct pipeline *p)
{
    if (!p->arrivals->is_failing)
        settle(p);
}

void arrivals_tick(struct pipeline *p)
{
    if (!disk_rests(p))
        settle(p);
}

void arrivals_empty(struct pipeline *p)
{
    p->arrivals->is_to_be_empty = true;
    settle(p);
}

/* ---- one more ---- */

int arrivals_add(struct pipeline *p, const char *receipt, const char *bytes, size_t len,
                 uint64_t *out_sequence)
{
    struct arrivals *a = p->arrivals;
    uint64_t number = receipts_last(p) + 1, sequence;
    int r = a->count == ARRIVALS_MOST ? arrivals_settle(p) : 0;

    if (r < 0)
        return r;
    json_t *j = json_pack("{s:I, s:s, s:s%}", "number", (json_int_t)number, "receipt", receipt,
                          "bytes", bytes, len);
    AUTO(auto_free) char *text = j ? json_text(j, JSON_COMPACT) : NULL;
    char *kept = strdup(receipt);

    json_decref(j);
    r = text && kept ? journal_write(a->journal, text, strlen(text), &sequence) : -ENOMEM;
    if (r < 0) {
        free(kept);
        return r;
    }
    journal_sync_begin(a->journal);
    a->receipts[a->count++] = kept;
    *out_sequence = number;
    return 0;
}

int arrivals_sync(struct pipeline *p)
{
    int r = p->arrivals ? journal_sync(p->arrivals->journal, NULL) : 0;

    if (r < 0)
        pipeline_stop(p, 1); /* what it holds is known by reading it again */
    return r;
}

/* ---- a start ---- */

/* The archive defers it again, as when it came. */
static int defer_again(struct pipeline *p, const char *bytes, size_t len)
{
    char sha256[SHA256_TEXT_MAX];
    struct archive_file *file = NULL;
    int r = archive_begin_small(p->archive, &file);

    if (r == 0)
        r = archive_write(file, bytes, len);
    if (r == 0)
        return archive_defer(file, sha256);
    archive_abort(file);
    return r;
}

static int take_up(struct pipeline *p, const json_t *j)
{
    struct arrivals *a = p->arrivals;
    const char *receipt = json_string_value(json_object_get(j, "receipt"));
    const json_t *bytes = json_object_get(j, "bytes");
    uint64_t number;
    int r = receipt && json_is_string(bytes) ? json_read_count(j, "number", &number) : -EBADMSG;

    if (r < 0 || number <= journal_last(p->received)) /* it was settled */
        return r;
    if (a->count == ARRIVALS_MOST)
        return -EBADMSG;
    r = defer_again(p, json_string_value(bytes), json_string_length(bytes));
    if (r == 0)
        r = receipt_read(p, receipts_last(p) + 1, receipt, strlen(receipt));
    if (r == 0)
        a->receipts[a->count] = strdup(receipt);
    if (r == 0 && !a->receipts[a->count])
        r = -ENOMEM;
    a->count += r == 0;
    return r;
}

static int on_arrival(void *arg, uint64_t sequence, const char *json, size_t len)
{
    json_t *j = json_parse(json, len, 0, NULL);
    int r = j ? take_up(arg, j) : -EBADMSG;

    (void)sequence;
    json_decref(j);
    return r;
}

int arrivals_open(struct pipeline *p, const char *journals)
{
    AUTO(auto_free) char *path = path_join(journals, "arrivals");

    p->arrivals = calloc(1, sizeof *p->arrivals);
    if (!path || !p->arrivals)
        return -ENOMEM;
    int r = journal_open(path, on_arrival, p, &p->arrivals->journal);

    if (r == 0 && p->arrivals->count)
        log_info("arrivals", "files=%zu of before are being archived", p->arrivals->count);
    return r;
}

void arrivals_close(struct pipeline *p)
{
    struct arrivals *a = p->arrivals;

    if (!a)
        return;
    a->is_to_be_empty = true;
    if (a->journal && arrivals_settle(p) < 0)
        log_warning("arrivals", "files=%zu are archived by the next start", a->count);
    for (size_t i = 0; i < a->count; i++)
        free(a->receipts[i]);
    journal_close(a->journal);
    free(a);
    p->arrivals = NULL;
}
