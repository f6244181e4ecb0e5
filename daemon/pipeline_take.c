#include "pipeline_take_internal.h"

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
#include "pathway/list_plausible.h"

/*
 * From a file whose end is proven to a receipt, whatever brought it. Invariants: (1) the bytes that are
 * hashed are archived, and the archived ones are parsed; (2) its source hears "taken" only after its
 * receipt is durable: whatever ends the taking before that leaves the file with its source, and no
 * temporary; (3) one turn of the loop reads one portion of one file: whatever its size, the watchdog,
 * the lease and people are served meanwhile; (4) files are taken in the order in which they were
 * offered.
 */

static void taking_free(struct taking *t)
{
    if (!t)
        return;
    relay_free(t->relay); /* its thread works on what goes now */
    content_free(t->content);
    parser_free(t->parser);
    keyed_digest_free(t->people);
    digest_free(t->digest);
    archive_abort(t->file);
    pathway_writer_release(&t->writer);
    packed_rows_free(t->packed);
    free(t->renamed);
    archive_abort(t->canonical);
    table_release(&t->organisations, NULL);
    table_release(&t->printed, NULL);
    table_release(&t->submissions, NULL);
    receipt_release(&t->receipt);
    fd_close(&t->fd);
    free(t->feed);
    free(t->name);
    free(t);
}

/* ---- what the first pass finds ---- */

static int on_record(void *arg, const struct record *r)
{
    struct taking *t = arg;
    const char *code = settings_org_code(t->pipeline->config->settings, r->org);

    if (r->marker != MARKER_NOT_SUBMITTED && !apply_lies_ahead(r, t->received) &&
        (!date_is_set(t->receipt.newest) || date_compare(r->period_end, t->receipt.newest) > 0))
        t->receipt.newest = r->period_end;
    return table_has(&t->organisations, code) ? 0 : table_set(&t->organisations, code, t, NULL);
}

/* Why a file that can be read is held for a person, or NULL; malloc'ed. Sets *out_held. */
static char *why_held(const struct taking *t, const struct parse_result *result, bool *out_held)
{
    const char *part = t->receipt.part && t->receipt.part[0] ? t->receipt.part : NULL;
    const struct receipt *before = receipt_in_force(t->pipeline, t->feed, part);
    struct text why = TEXT_INIT;
    char change[160];

    *out_held = true;
    bool is_set_aside =
        result->held && strcmp(result->held, "set-aside") == 0 && result->set_aside_kinds;

    if (is_set_aside && t->is_pathway) { /* rows are people: no number */
        people_share(&why, result->rows - result->accepted, result->rows);
        (void)text_printf(&why, " rows would be set aside (mostly %s)",
                          result->set_aside[0].reason);
    } else if (is_set_aside) {
        (void)text_printf(&why, "%lu of %lu rows would be set aside (mostly %s)",
                          result->rows - result->accepted, result->rows,
                          result->set_aside[0].reason);
    } else if (result->held) {
        (void)text_puts(&why, "it has a header and no rows");
    } else if (t->is_pathway) {
        return take_pathway_why_held(t, before, out_held);
    } else if (before && before->shape && !format_is_partial(t->format) &&
               shape_is_implausible(before->shape, t->receipt.shape, change)) {
        (void)text_printf(&why, "%s (%s)", change, before->name);
    } else {
        *out_held = false;
    }
    return text_take(&why);
}

/* The outcome of a file that was read to its end. */
static int judge_file(struct taking *t)
{
    const struct parse_result *result = parser_result(t->parser);
    struct receipt *r = &t->receipt;
    bool is_held = false;

    r->set_aside = result->rows - result->accepted;
    r->part = t->is_pathway ? take_pathway_part(t) : result->part[0] ? strdup(result->part) : NULL;
    if (!r->part && (t->is_pathway || result->part[0]))
        return -ENOMEM;
    if (t->is_pathway && take_pathway_describe(t) < 0)
        return -ENOMEM;
    if (result->refused) {
        (void)parser_refusal(t->parser, t->refusal);
        r->outcome = RECEIPT_REFUSED;
        r->why = strdup(result->refusal);
        return r->why ? 0 : -ENOMEM;
    }
    r->shape = malloc(sizeof *r->shape);
    if (!r->shape || shape_of(result->rows, &t->organisations, r->shape) < 0)
        return -ENOMEM;
    r->why = why_held(t, result, &is_held);
    r->outcome = is_held ? RECEIPT_HELD : RECEIPT_ACCEPTED;
    return is_held && !r->why ? -ENOMEM : 0;
}

/* ---- reading ---- */

static int begin(struct taking *t)
{
    struct pipeline *p = t->pipeline;
    const struct feed_setting *feed = pipeline_feed(p, t->feed);

    t->format = feed ? format_set_find(p->config->formats, feed->format) : NULL;
    t->received = wall_date(pipeline_wall(p));
    if (!t->format)
        return -ENOENT;
    int r = mapping_keep(p, t->format);

    if (r < 0)
        return r;
    t->has_begun = true;
    t->is_pathway = feed->kind != FEED_AGGREGATE;
    t->is_set = feed->kind == FEED_SET;
    t->digest = digest_new();
    if (t->is_pathway)
        return t->digest ? take_pathway_begin(t) : -ENOMEM;
    t->parser =
        parser_new(t->format, t->name, (struct parse_sink){ .record = on_record, .arg = t });
    return t->digest && t->parser ? archive_begin(p->archive, &t->file) : -ENOMEM;
}

/* Hashes and keeps the next bytes as they came; after the last they are parsed from there, unless they
 * were already. */
static int keep_block(struct taking *t, bool *out_is_done)
{
    char block[CONTENT_BLOCK];
    ssize_t n;

    do
        n = read(t->fd, block, sizeof block);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    *out_is_done = n == 0 && t->is_refused;
    if (n == 0)
        return t->is_refused ? 0 : content_new(archive_descriptor(t->file), t->parser, &t->content);
    digest_add(t->digest, block, (size_t)n);
    return archive_write(t->file, block, (size_t)n);
}

/* The rows that the thread has ready. */
static int take_rows(struct taking *t, bool *out_is_done)
{
    int r = relay_take(t->relay, take_pathway_row, t, out_is_done);

    if (r == 0 && *out_is_done) {
        relay_free(t->relay);
        t->relay = NULL;
    }
    return r;
}

static int read_portion(struct taking *t, bool *out_is_done)
{
    int r = t->has_begun ? 0 : begin(t);

    *out_is_done = false;
    for (size_t done = 0; r == 0 && done < PORTION_BYTES && !*out_is_done;) {
        bool was_parsed = t->content;

        done += t->relay ? PORTION_BYTES : CONTENT_BLOCK;
        r = t->relay     ? take_rows(t, out_is_done)
            : was_parsed ? content_step(t->content, out_is_done)
                         : keep_block(t, out_is_done);
        if (r == 0 && was_parsed && *out_is_done && t->is_pathway)
            r = take_pathway_parsed(t, out_is_done);
    }
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

/* What the receipt says, but for its time and number. */
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
    if (r->edition == 0 && t->content)
        r->edition = format_edition(t->format, content_member(t->content));
    r->sha256 = strdup(sha);
    r->feed = strdup(t->feed);
    r->name = t->is_pathway ? take_pathway_name(t, sha) : strdup(t->name);
    r->format_digest = strdup(format_digest(t->format));
    r->file = t->is_on_disk ? identity_of(t->fd) : NULL;
    if (!r->sha256 || !r->feed || !r->name || !r->format_digest || (t->is_on_disk && !r->file))
        return -ENOMEM;
    return 0;
}

/* The archive has the bytes of what it keeps. */
static int keep(struct taking *t)
{
    char sha[SHA256_TEXT_MAX];
    int result = 0;

    content_free(t->content); /* it reads from what goes now */
    t->content = NULL;
    if (t->receipt.outcome == RECEIPT_REFUSED)
        return 0;
    if (t->is_pathway)
        return take_pathway_keep(t);
    result = archive_commit(t->file, sha);
    t->file = NULL;
    return result;
}

/* A file that could not be taken stays with its source. */
static void not_taken(struct taking *t, const char *step, int error)
{
    struct pipeline *p = t->pipeline;
    char what[96];

    if (disk_error_is_full(error)) {
        (void)snprintf(what, sizeof what, "files of feed %s are not taken", t->feed);
        disk_is_full(p, what, error);
    } else {
        log_error("intake", "feed=%s file=\"%s\" %s=\"%s\"", t->feed,
                  take_shown_name(p, t->feed, t->name), step, strerror(-error));
        p->intake_failed = true;
        if (error == -ENOTRECOVERABLE)
            pipeline_stop(p, 1);
    }
    t->source->left(t->arg, t->name, error);
}

static void taken(struct taking *t, enum take_result result, const struct receipt *r)
{
    const struct take_report report = {
        .result = result, .receipt = r, .parsed = parser_result(t->parser), .refusal = t->refusal
    };

    t->source->taken(t->arg, t->name, &report);
}

/* Whether its sender had an answer to it before; says it again. */
static bool was_answered(struct taking *t)
{
    const struct receipt *r = receipt_with_key(t->pipeline, &t->receipt);

    if (!r)
        return false;
    taken(t, strcmp(r->sha256, t->receipt.sha256) == 0 ? TAKE_REPEATED : TAKE_CONFLICT, r);
    return true;
}

static void say_received(const struct taking *t, const struct receipt *r)
{
    if (r->outcome == RECEIPT_REFUSED)
        log_warning("intake", "feed=%s refused %s", r->feed, t->refusal);
    else if (r->outcome == RECEIPT_HELD)
        log_warning("intake", "feed=%s file=\"%s\" held: %s", r->feed, r->name, r->why);
    else
        log_info("intake", "feed=%s file=\"%s\" received sha256=%.12s", r->feed, r->name,
                 r->sha256);
}

/* Makes the receipt durable and says it. Whatever fails leaves the file with its source. */
static void receive(struct taking *t)
{
    struct pipeline *p = t->pipeline;
    struct receipt *r = &t->receipt;
    int result = describe(t);

    if (result == 0 && was_answered(t))
        return;
    if (result == 0)
        result = keep(t);
    if (result == 0 && (receipt_is_known(p, r) || (r->is_history && receipt_has_bytes(p, r)))) {
        log_info("intake", "feed=%s file=\"%s\" was received before the last end", t->feed,
                 r->name);
        taken(t, TAKE_KNOWN, r);
        return;
    }
    if (result == 0 && r->outcome == RECEIPT_REFUSED) {
        result = quarantine_keep(p, r->sha256, t->file);
        t->file = NULL;
    }
    if (result < 0) {
        not_taken(t, "error", result);
        return;
    }
    r->at = pipeline_wall(p);
    result = receipt_append(p, r);
    *r = (struct receipt){ 0 }; /* it is the list's, or freed */
    if (result == 0) {
        r = p->receipts.list[p->receipts.count - 1];
        if (t->packed)
            packed_keep(p, t->packed, r);
        t->packed = NULL;
        pipeline_apply_ahead(p);   /* while the disk syncs it */
        result = arrivals_sync(p); /* durable: only now may the file go */
    }
    if (result < 0) {
        not_taken(t, "journal", result);
        if (!disk_error_is_full(result)) /* what the journal holds is known by reading it again */
            pipeline_stop(p, 1);
        return;
    }
    say_received(t, r);
    disk_is_well(p);
    taken(t, TAKE_RECEIVED, r);
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

bool take_is_open(const struct pipeline *p)
{
    return !p->stopping && !disk_rests(p) && !p->is_full && !store_is_full(p->store);
}

/* What its source knows of it. Returns 0 or -errno. */
static int take_over(struct taking *t, const struct take_offer *o)
{
    struct receipt *r = &t->receipt;
    const struct {
        const char *from;
        char **to;
    } texts[] = {
        { o->feed, &t->feed }, { o->name, &t->name },         { o->key, &r->key },
        { o->etag, &r->etag }, { o->modified, &r->modified }, { o->url, &r->url },
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].from && !(*texts[i].to = strdup(texts[i].from)))
            return -ENOMEM;
    t->fd = fcntl(o->fd, F_DUPFD_CLOEXEC, 0);
    return t->fd < 0 ? -errno : 0;
}

void take_offer(struct pipeline *p, const struct take_offer *o)
{
    struct taking **end = &p->takings;

    if (!take_is_open(p)) {
        o->source->left(o->arg, o->name, 0);
        return;
    }
    struct taking *t = calloc(1, sizeof *t);

    if (!t) {
        o->source->left(o->arg, o->name, -ENOMEM);
        return;
    }
    *t = (struct taking){ .pipeline = p,
                          .source = o->source,
                          .arg = o->arg,
                          .is_on_disk = o->is_on_disk,
                          .receipt.is_history = o->is_history,
                          .fd = -1,
                          .receipt.newest = DATE_NONE };
    int r = take_over(t, o);

    if (r < 0) {
        log_error("intake", "feed=%s file=\"%s\" error=\"%s\"", o->feed,
                  take_shown_name(p, o->feed, o->name), strerror(-r));
        p->intake_failed = true;
        taking_free(t);
        o->source->left(o->arg, o->name, r);
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
    bool is_done = false;

    (void)fd;
    (void)what;
    if (!t->has_begun && !take_is_open(p)) {
        t->source->left(t->arg, t->name, 0);
        is_done = true;
    } else {
        int r = read_portion(t, &is_done);

        if (r < 0)
            not_taken(t, "error", r);
        else if (is_done)
            receive(t);
        is_done |= r < 0;
    }
    if (is_done) {
        const struct take_source *source = t->source;
        void *source_arg = t->arg;

        p->takings = t->next;
        taking_free(t);
        source->go_on(source_arg);
        pipeline_wake(p);
    }
    next_turn(p);
}

bool take_is_busy(const struct pipeline *p)
{
    return p->takings != NULL;
}

void take_forget(struct pipeline *p, const void *source_arg)
{
    for (struct taking **at = &p->takings; *at;) {
        struct taking *t = *at;

        if (t->arg != source_arg) {
            at = &t->next;
            continue;
        }
        *at = t->next;
        taking_free(t);
    }
    if (!p->takings)
        (void)event_del(p->take_turn);
}

void take_abort(struct pipeline *p)
{
    if (p->take_turn)
        (void)event_del(p->take_turn);
    while (p->takings) {
        struct taking *t = p->takings;

        p->takings = t->next;
        t->source->left(t->arg, t->name, 0);
        taking_free(t);
    }
}
