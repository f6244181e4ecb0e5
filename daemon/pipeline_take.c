#include "pipeline_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "feed/content.h"
#include "parse/parser.h"

/*
 * From an inbox to a receipt. Invariants: (1) the bytes that are hashed are archived, and the archived
 * ones are parsed; (2) a file goes from its inbox only after its receipt is durable: whatever ends
 * the taking before that leaves it there, and no temporary; (3) one turn of the loop reads one
 * portion of one file: whatever its size, the watchdog, the lease and people are served meanwhile;
 * (4) files are taken in the order in which they were offered, one of an inbox at a time.
 */

#define FAILURES_TOLD 3 /* F17 of RELIABILITY: alert after 3 */

/* One file on its way. */
struct taking {
    struct taking *next;
    struct feed_inbox *inbox;
    char *name;
    int fd; /* our own: the offered one is borrowed */
    struct receipt receipt;
    char refusal[512];
    const struct format *format; /* of the configuration: a reload ends the taking */
    struct archive_file *file;   /* NULL: not begun */
    struct digest *digest;
    struct parser *parser;
    struct content *content;    /* of the bytes kept; NULL: they are not all kept */
    struct table organisations; /* codes of accepted rows */
    struct civil_date received; /* local date */
};

static void taking_free(struct taking *t)
{
    if (!t)
        return;
    content_free(t->content);
    parser_free(t->parser);
    digest_free(t->digest);
    archive_abort(t->file);
    table_release(&t->organisations, NULL);
    receipt_release(&t->receipt);
    fd_close(&t->fd);
    free(t->name);
    free(t);
}

/* ---- what the first pass finds ---- */

static int on_record(void *arg, const struct record *r)
{
    struct taking *t = arg;
    const char *code = settings_org_code(t->inbox->pipeline->config->settings, r->org);

    if (r->marker != MARKER_NOT_SUBMITTED && !apply_lies_ahead(r, t->received) &&
        (!date_is_set(t->receipt.newest) || date_compare(r->period_end, t->receipt.newest) > 0))
        t->receipt.newest = r->period_end;
    return table_has(&t->organisations, code) ? 0 : table_set(&t->organisations, code, t, NULL);
}

/* Why a file that can be read is held for a person, or NULL; malloc'ed. Sets *out_held. */
static char *why_held(const struct taking *t, const struct parse_result *result, bool *out_held)
{
    const struct receipt *before =
        receipt_in_force(t->inbox->pipeline, t->inbox->feed, result->part[0] ? result->part : NULL);
    struct text why = TEXT_INIT;
    char change[160];

    *out_held = true;
    if (result->held && strcmp(result->held, "set-aside") == 0 && result->set_aside_kinds)
        (void)text_printf(&why, "%lu of %lu rows would be set aside (mostly %s)",
                          result->rows - result->accepted, result->rows,
                          result->set_aside[0].reason);
    else if (result->held)
        (void)text_puts(&why, "it has a header and no rows");
    else if (before && before->shape && !format_is_partial(t->format) &&
             shape_is_implausible(before->shape, t->receipt.shape, change))
        (void)text_printf(&why, "%s (%s)", change, before->name);
    else
        *out_held = false;
    return text_take(&why);
}

/* The outcome of a file that was read to its end. */
static int judge_file(struct taking *t)
{
    const struct parse_result *result = parser_result(t->parser);
    struct receipt *r = &t->receipt;
    bool is_held = false;

    r->part = result->part[0] ? strdup(result->part) : NULL;
    if (result->refused) {
        (void)parser_refusal(t->parser, t->refusal);
        r->outcome = RECEIPT_REFUSED;
        r->why = strdup(result->refusal);
        return r->why && (r->part || !result->part[0]) ? 0 : -ENOMEM;
    }
    r->shape = malloc(sizeof *r->shape);
    if (!r->shape || shape_of(result->rows, &t->organisations, r->shape) < 0)
        return -ENOMEM;
    r->why = why_held(t, result, &is_held);
    r->outcome = is_held ? RECEIPT_HELD : RECEIPT_ACCEPTED;
    return (is_held && !r->why) || (result->part[0] && !r->part) ? -ENOMEM : 0;
}

/* ---- reading ---- */

static int begin(struct taking *t)
{
    struct pipeline *p = t->inbox->pipeline;
    const struct feed_setting *feed = pipeline_feed(p, t->inbox->feed);

    t->format = feed ? format_set_find(p->config->formats, feed->format) : NULL;
    t->received = wall_date(pipeline_wall(p));
    if (!t->format)
        return -ENOENT;
    int r = mapping_keep(p, t->format);

    if (r < 0)
        return r;
    t->digest = digest_new();
    t->parser =
        parser_new(t->format, t->name, (struct parse_sink){ .record = on_record, .arg = t });
    return t->digest && t->parser ? archive_begin(p->archive, &t->file) : -ENOMEM;
}

/* Hashes and archives the next bytes as they came; after the last they are parsed from there. */
static int keep_block(struct taking *t)
{
    char block[CONTENT_BLOCK];
    ssize_t n;

    do
        n = read(t->fd, block, sizeof block);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    if (n == 0)
        return content_new(archive_descriptor(t->file), t->parser, &t->content);
    digest_add(t->digest, block, (size_t)n);
    return archive_write(t->file, block, (size_t)n);
}

static int read_portion(struct taking *t, bool *out_is_done)
{
    int r = t->file ? 0 : begin(t);

    *out_is_done = false;
    for (size_t done = 0; r == 0 && done < PORTION_BYTES && !*out_is_done; done += CONTENT_BLOCK)
        r = t->content ? content_step(t->content, out_is_done) : keep_block(t);
    return r;
}

/* ---- a file that was read to its end ---- */

/* Its number, its birth (where the file system knows it: numbers are given anew) and its last
 * writing. Not the change time: the inbox renames a file before it removes it. */
static char *identity_of(int fd)
{
    struct statx st;
    struct text words = TEXT_INIT;

    if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_MTIME | STATX_BTIME, &st) < 0)
        return NULL;
    if (!(st.stx_mask & STATX_BTIME))
        st.stx_btime = st.stx_mtime;
    (void)text_printf(&words, "%" PRIu64 " %" PRId64 ".%09" PRIu32 " %" PRId64 ".%09" PRIu32,
                      (uint64_t)st.stx_ino, (int64_t)st.stx_btime.tv_sec, st.stx_btime.tv_nsec,
                      (int64_t)st.stx_mtime.tv_sec, st.stx_mtime.tv_nsec);
    return text_take(&words);
}

/* What the receipt says, but for its time and number; the archive has the bytes of what it keeps. */
static int describe(struct taking *t)
{
    struct receipt *r = &t->receipt;
    char sha[SHA256_TEXT_MAX] = "";
    int result = judge_file(t);

    if (result < 0)
        return result;
    digest_end(t->digest, sha);
    t->digest = NULL;
    r->edition = format_edition(t->format, t->name);
    if (r->edition == 0)
        r->edition = format_edition(t->format, content_member(t->content));
    r->sha256 = strdup(sha);
    r->feed = strdup(t->inbox->feed);
    r->name = strdup(t->name);
    r->format_digest = strdup(format_digest(t->format));
    r->file = identity_of(t->fd);
    if (!r->sha256 || !r->feed || !r->name || !r->format_digest || !r->file)
        return -ENOMEM;
    content_free(t->content); /* it reads from what goes now */
    t->content = NULL;
    if (r->outcome != RECEIPT_REFUSED) {
        result = archive_commit(t->file, sha);
        t->file = NULL;
    }
    return result;
}

/* A file that could not be taken stays and is offered again. */
static void not_taken(struct feed_inbox *f, const char *name, const char *step, int error)
{
    struct pipeline *p = f->pipeline;
    char what[96];

    inbox_leave(f->inbox, name);
    if (disk_error_is_full(error)) {
        (void)snprintf(what, sizeof what, "files of feed %s are not taken", f->feed);
        disk_is_full(p, what, error);
        return;
    }
    log_error("intake", "feed=%s file=\"%s\" %s=\"%s\"", f->feed, name, step, strerror(-error));
    p->intake_failed = true;
    if (error == -ENOTRECOVERABLE) {
        pipeline_stop(p, 1);
        return;
    }
    /* A person is told when it happens again and again; the file stays and is tried on. */
    if (++f->failures == FAILURES_TOLD) {
        AUTO(text_release) struct text why = TEXT_INIT;

        (void)text_printf(&why, "it cannot be read or kept: %s", strerror(-error));
        waiting_on_file(f, f->inbox, name, text_str(&why));
    }
}

static void take_from_inbox(struct feed_inbox *f, const char *name)
{
    int r;

    waiting_forget(f, name);
    r = inbox_taken(f->inbox, name);
    if (r < 0)
        log_warning("intake", "feed=%s file=\"%s\" was received and cannot be removed: %s", f->feed,
                    name, r == -ESTALE ? "it has changed" : strerror(-r));
}

/* Makes the receipt durable and says it. Whatever fails leaves the file in the inbox. */
static void receive(struct taking *t)
{
    struct feed_inbox *f = t->inbox;
    struct pipeline *p = f->pipeline;
    struct receipt *r = &t->receipt;
    int result = describe(t);

    if (result == 0 && receipt_is_known(p, r)) {
        log_info("intake", "feed=%s file=\"%s\" was received before the last end", f->feed,
                 t->name);
        take_from_inbox(f, t->name);
        return;
    }
    if (result == 0 && r->outcome == RECEIPT_REFUSED) {
        result = quarantine_keep(p, r->sha256, t->file);
        t->file = NULL;
    }
    if (result < 0) {
        not_taken(f, t->name, "error", result);
        return;
    }
    r->at = pipeline_wall(p);
    result = receipt_append(p, r); /* durable: only now may the file go */
    *r = (struct receipt){ 0 };    /* it is the list's, or freed */
    if (result < 0) {
        not_taken(f, t->name, "journal", result);
        if (!disk_error_is_full(result)) /* what the journal holds is known by reading it again */
            pipeline_stop(p, 1);
        return;
    }
    r = p->receipts.list[p->receipts.count - 1];
    if (r->outcome == RECEIPT_REFUSED)
        log_warning("intake", "feed=%s refused %s", f->feed, t->refusal);
    else if (r->outcome == RECEIPT_HELD)
        log_warning("intake", "feed=%s file=\"%s\" held: %s", f->feed, t->name, r->why);
    else
        log_info("intake", "feed=%s file=\"%s\" received sha256=%.12s", f->feed, t->name,
                 r->sha256);
    disk_is_well(p);
    f->failures = 0;
    take_from_inbox(f, t->name);
}

/* ---- turn by turn ---- */

/* From a timer that is due at once: between two of them the loop looks at everything else. */
static void next_turn(struct pipeline *p)
{
    const struct timeval now = { 0, 0 };

    if (p->takings && !p->stopping && event_add(p->take_turn, &now) < 0) {
        log_error("intake", "no memory to go on");
        pipeline_stop(p, 1); /* the files stay: the next start takes them up again */
    }
}

static bool may_take(const struct pipeline *p)
{
    return !p->stopping && !disk_rests(p) && !store_is_full(p->store);
}

void take_on_offer(void *arg, struct inbox *inbox, const char *name, int fd)
{
    struct feed_inbox *f = arg;
    struct pipeline *p = f->pipeline;
    struct taking **end = &p->takings;

    if (!may_take(p)) {
        inbox_leave(inbox, name);
        return;
    }
    struct taking *t = calloc(1, sizeof *t);
    int r = -ENOMEM;

    if (t) {
        *t = (struct taking){ .inbox = f, .receipt.newest = DATE_NONE };
        t->name = strdup(name);
        t->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        r = t->fd < 0 ? -errno : t->name ? 0 : -ENOMEM;
    }
    if (r < 0) {
        taking_free(t);
        not_taken(f, name, "error", r);
        return;
    }
    while (*end)
        end = &(*end)->next;
    *end = t;
    next_turn(p);
}

void take_on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct pipeline *p = arg;
    struct taking *t = p->takings;
    struct inbox *inbox = t->inbox->inbox;
    bool is_done = false;

    (void)fd;
    (void)what;
    if (!t->file && !may_take(p)) {
        inbox_leave(inbox, t->name);
        is_done = true;
    } else {
        int r = read_portion(t, &is_done);

        if (r < 0)
            not_taken(t->inbox, t->name, "error", r);
        else if (is_done)
            receive(t);
        is_done |= r < 0;
    }
    if (is_done) {
        p->takings = t->next;
        taking_free(t);
        inbox_go_on(inbox);
        pipeline_wake(p);
    }
    next_turn(p);
}

bool take_is_busy(const struct pipeline *p)
{
    return p->takings != NULL;
}

void take_abort(struct pipeline *p)
{
    if (p->take_turn)
        (void)event_del(p->take_turn);
    while (p->takings) {
        struct taking *t = p->takings;

        p->takings = t->next;
        taking_free(t);
    }
}
