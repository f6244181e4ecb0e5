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

#define READ_BYTES     (64u << 10)
#define INBOX_FIRST_MS 1000
#define INBOX_LAST_MS  30000
#define FAILURES_TOLD  3 /* F17 of RELIABILITY: alert after 3 */

/* ---- one file ---- */

/* What the first, streaming pass found. */
struct first_pass {
    struct receipt receipt;
    char refusal[512];
    struct pipeline *pipeline;
    const char *feed;
    const struct format *format;
    struct table organisations; /* codes of accepted rows */
    struct civil_date received; /* local date */
};

/* Hashes and archives the bytes as they came. */
static int keep_bytes(int fd, struct archive_file *file, struct digest *digest)
{
    AUTO(auto_free) char *buffer = malloc(READ_BYTES);
    int r = buffer ? 0 : -ENOMEM;

    while (r == 0) {
        ssize_t n = read(fd, buffer, READ_BYTES);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        digest_add(digest, buffer, (size_t)n);
        r = archive_write(file, buffer, (size_t)n);
    }
    return r;
}

static int on_record(void *arg, const struct record *r)
{
    struct first_pass *pass = arg;
    const char *code = settings_org_code(pass->pipeline->config->settings, r->org);

    if (r->marker != MARKER_NOT_SUBMITTED && !apply_lies_ahead(r, pass->received) &&
        (!date_is_set(pass->receipt.newest) ||
         date_compare(r->period_end, pass->receipt.newest) > 0))
        pass->receipt.newest = r->period_end;
    return table_has(&pass->organisations, code)
               ? 0
               : table_set(&pass->organisations, code, pass, NULL);
}

/* Why a file that can be read is held for a person, or NULL; malloc'ed. Sets *out_held. */
static char *why_held(const struct first_pass *pass, const struct parse_result *result,
                      bool *out_held)
{
    const struct receipt *before =
        receipt_in_force(pass->pipeline, pass->feed, result->part[0] ? result->part : NULL);
    struct text why = TEXT_INIT;
    char change[160];

    *out_held = true;
    if (result->held && strcmp(result->held, "set-aside") == 0 && result->set_aside_kinds)
        (void)text_printf(&why, "%lu of %lu rows would be set aside (mostly %s)",
                          result->rows - result->accepted, result->rows,
                          result->set_aside[0].reason);
    else if (result->held)
        (void)text_puts(&why, "it has a header and no rows");
    else if (before && before->shape && !format_is_partial(pass->format) &&
             shape_is_implausible(before->shape, pass->receipt.shape, change))
        (void)text_printf(&why, "%s (%s)", change, before->name);
    else
        *out_held = false;
    return text_take(&why);
}

/* The outcome of a file that was read to its end. */
static int judge_file(struct first_pass *pass, const struct parser *parser)
{
    const struct parse_result *result = parser_result(parser);
    struct receipt *r = &pass->receipt;
    bool is_held = false;

    r->part = result->part[0] ? strdup(result->part) : NULL;
    if (result->refused) {
        (void)parser_refusal(parser, pass->refusal);
        r->outcome = RECEIPT_REFUSED;
        r->why = strdup(result->refusal);
        return r->why && (r->part || !result->part[0]) ? 0 : -ENOMEM;
    }
    r->shape = malloc(sizeof *r->shape);
    if (!r->shape || shape_of(result->rows, &pass->organisations, r->shape) < 0)
        return -ENOMEM;
    r->why = why_held(pass, result, &is_held);
    r->outcome = is_held ? RECEIPT_HELD : RECEIPT_ACCEPTED;
    return (is_held && !r->why) || (result->part[0] && !r->part) ? -ENOMEM : 0;
}

/* Keeps the file, then checks the structure of what was kept. */
static int read_file(struct first_pass *pass, const char *name, int fd)
{
    const struct format *format = pass->format;
    struct archive_file *file = NULL;
    struct digest *digest = digest_new();
    struct parser *parser = parser_new(format, name, (struct parse_sink){ on_record, NULL, pass });
    AUTO(text_release) struct text member = TEXT_INIT;
    char sha[SHA256_TEXT_MAX] = "";
    int r = digest && parser ? archive_begin(pass->pipeline->archive, &file) : -ENOMEM;

    if (r == 0)
        r = keep_bytes(fd, file, digest);
    if (r == 0)
        r = content_parse(archive_descriptor(file), parser, &member);
    if (r == 0)
        r = judge_file(pass, parser);
    if (r == 0) {
        digest_end(digest, sha);
        digest = NULL;
        pass->receipt.sha256 = strdup(sha);
        pass->receipt.edition = format_edition(format, name);
        if (pass->receipt.edition == 0)
            pass->receipt.edition = format_edition(format, text_str(&member));
        if (pass->receipt.outcome == RECEIPT_REFUSED)
            archive_abort(file);
        else
            r = archive_commit(file, sha);
        file = NULL;
        r = r == 0 && !pass->receipt.sha256 ? -ENOMEM : r;
    }
    archive_abort(file);
    digest_free(digest);
    parser_free(parser);
    table_release(&pass->organisations, NULL);
    return r;
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

/* Its number, its birth (where the file system knows it: numbers are given anew) and its last
 * writing. Not the change time: the inbox renames a file before it removes it. */
static char *identity_of(int fd)
{
    struct statx st;
    struct text t = TEXT_INIT;

    if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_MTIME | STATX_BTIME, &st) < 0)
        return NULL;
    if (!(st.stx_mask & STATX_BTIME))
        st.stx_btime = st.stx_mtime;
    (void)text_printf(&t, "%" PRIu64 " %" PRId64 ".%09" PRIu32 " %" PRId64 ".%09" PRIu32,
                      (uint64_t)st.stx_ino, (int64_t)st.stx_btime.tv_sec, st.stx_btime.tv_nsec,
                      (int64_t)st.stx_mtime.tv_sec, st.stx_mtime.tv_nsec);
    return text_take(&t);
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

static void on_offer(void *arg, struct inbox *inbox, const char *name, int fd)
{
    struct feed_inbox *f = arg;
    struct pipeline *p = f->pipeline;
    const struct feed_setting *feed = pipeline_feed(p, f->feed);
    const struct format *format = feed ? format_set_find(p->config->formats, feed->format) : NULL;
    struct first_pass pass = {
        .format = format,
        .pipeline = p,
        .feed = f->feed,
        .received = wall_date(pipeline_wall(p)),
        .receipt = { .newest = DATE_NONE },
    };
    struct receipt *r = &pass.receipt;

    if (p->stopping || disk_rests(p) || store_is_full(p->store)) {
        inbox_leave(inbox, name);
        return;
    }
    int result = format ? mapping_keep(p, format) : -ENOENT;

    if (result == 0)
        result = read_file(&pass, name, fd);

    if (result == 0) {
        r->feed = strdup(f->feed);
        r->name = strdup(name);
        r->format_digest = strdup(format_digest(format));
        r->at = pipeline_wall(p);
        r->file = identity_of(fd);
        if (!r->feed || !r->name || !r->format_digest || !r->file)
            result = -ENOMEM;
    }
    if (result == 0 && receipt_is_known(p, r)) {
        log_info("intake", "feed=%s file=\"%s\" was received before the last end", f->feed, name);
        receipt_release(r);
        take_from_inbox(f, name);
        return;
    }
    if (result == 0 && r->outcome == RECEIPT_REFUSED)
        result = quarantine_keep(p, r->sha256, fd);
    if (result < 0) {
        receipt_release(r);
        not_taken(f, name, "error", result);
        return;
    }
    result = receipt_append(p, r); /* durable: only now may the file go */
    if (result < 0) {
        not_taken(f, name, "journal", result);
        if (!disk_error_is_full(result)) /* what the journal holds is known by reading it again */
            pipeline_stop(p, 1);
        return;
    }
    r = p->receipts.list[p->receipts.count - 1];
    if (r->outcome == RECEIPT_REFUSED)
        log_warning("intake", "feed=%s refused %s", f->feed, pass.refusal);
    else if (r->outcome == RECEIPT_HELD)
        log_warning("intake", "feed=%s file=\"%s\" held: %s", f->feed, name, r->why);
    else
        log_info("intake", "feed=%s file=\"%s\" received sha256=%.12s", f->feed, name, r->sha256);
    disk_is_well(p);
    f->failures = 0;
    take_from_inbox(f, name);
    pipeline_wake(p);
}

/* ---- the inboxes ---- */

static int open_inbox(struct pipeline *p, struct feed_inbox *f)
{
    return inbox_open(p->options.once ? NULL : p->base, pipeline_feed(p, f->feed)->inbox, on_offer,
                      waiting_on_file, f, &f->inbox);
}

/* An inbox that cannot be opened stops neither the others nor the start; it is tried again. */
static void note_inboxes(struct pipeline *p)
{
    const struct feed_inbox *first = NULL;
    size_t shut = 0;

    for (size_t i = 0; i < p->inbox_count; i++)
        if (!p->inboxes[i].inbox) {
            first = first ? first : &p->inboxes[i];
            shut++;
        }
    p->inbox_trouble[0] = '\0';
    if (shut == 1)
        (void)snprintf(p->inbox_trouble, sizeof p->inbox_trouble,
                       "the inbox of feed %s cannot be opened", first->feed);
    else if (shut)
        (void)snprintf(p->inbox_trouble, sizeof p->inbox_trouble,
                       "the inboxes of %zu feeds cannot be opened, %s first", shut, first->feed);
    if (shut)
        p->inbox_retry_at.ms = clock_mono(&p->clock).ms + p->inbox_wait_ms;
}

static void open_again(struct pipeline *p)
{
    if (!p->inbox_trouble[0] || clock_mono(&p->clock).ms < p->inbox_retry_at.ms)
        return;
    for (size_t i = 0; i < p->inbox_count; i++) {
        struct feed_inbox *f = &p->inboxes[i];

        if (f->inbox || open_inbox(p, f) < 0)
            continue;
        log_info("intake", "feed=%s inbox opened", f->feed);
        (void)inbox_scan_now(f->inbox);
    }
    p->inbox_wait_ms = p->inbox_wait_ms < INBOX_LAST_MS / 2 ? p->inbox_wait_ms * 2 : INBOX_LAST_MS;
    note_inboxes(p);
}

void intake_tick(struct pipeline *p)
{
    open_again(p);
    disk_tick(p);
    for (size_t i = 0; i < p->inbox_count; i++) {
        struct feed_inbox *f = &p->inboxes[i];
        size_t skipped = f->inbox ? inbox_skipped(f->inbox) : 0;

        waiting_tick(f);
        if (skipped > f->skipped)
            log_warning("intake",
                        "feed=%s names passed over: %zu (hidden, temporary, or not allowed)",
                        f->feed, skipped);
        f->skipped = skipped;
    }
}

int intake_open(struct pipeline *p)
{
    const struct settings *s = p->config->settings;

    p->inboxes = calloc(s->feed_count + 1, sizeof *p->inboxes);
    if (!p->inboxes)
        return -ENOMEM;
    for (size_t i = 0; i < s->feed_count; i++) {
        struct feed_inbox *f = &p->inboxes[p->inbox_count];

        f->pipeline = p;
        f->feed = strdup(s->feeds[i].id);
        if (!f->feed)
            return -ENOMEM;
        p->inbox_count++;
        int r = open_inbox(p, f);

        if (r < 0)
            log_error("intake", "feed=%s inbox=\"%s\" error=\"%s\": tried again until it opens",
                      f->feed, s->feeds[i].inbox, strerror(-r));
    }
    p->inbox_wait_ms = INBOX_FIRST_MS;
    note_inboxes(p);
    return 0;
}

void intake_scan(struct pipeline *p)
{
    for (size_t i = 0; i < p->inbox_count; i++) {
        int r = p->inboxes[i].inbox ? inbox_scan_now(p->inboxes[i].inbox) : 0;

        if (r < 0)
            log_error("intake", "feed=%s scan=\"%s\"", p->inboxes[i].feed, strerror(-r));
    }
}

void intake_look_again(struct pipeline *p)
{
    for (size_t i = 0; i < p->inbox_count; i++)
        if (p->inboxes[i].inbox)
            inbox_look_again(p->inboxes[i].inbox);
}

void intake_close(struct pipeline *p)
{
    for (size_t i = 0; i < p->inbox_count; i++) {
        inbox_close(p->inboxes[i].inbox);
        free(p->inboxes[i].feed);
    }
    free(p->inboxes);
    table_release(&p->waiting_lists, waiting_list_free);
    table_release(&p->waiting_files, waiting_file_free);
    p->inboxes = NULL;
    p->inbox_count = 0;
}
