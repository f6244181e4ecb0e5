#include "pipeline_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "parse/parser.h"

#define READ_BYTES         (64u << 10)
#define DISK_WAIT_FIRST_MS 1000
#define DISK_WAIT_LAST_MS  60000
#define RESCAN_MS          31000 /* by then an inbox has offered again what was left */
#define INBOX_FIRST_MS     1000
#define INBOX_LAST_MS      30000
#define WAITING_NAMED      3 /* files named in a message; the others are counted */

static const char *const outcome_words[] = { "accepted", "held", "refused" };

/* ---- receipts and their journal ---- */

static void receipt_release(struct receipt *r)
{
    free(r->feed);
    free(r->name);
    free(r->sha256);
    free(r->format_digest);
    free(r->why);
    free(r->part);
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

/* Takes the receipt. */
static int receipt_list_add(struct receipt_list *l, struct receipt *r)
{
    struct receipt *kept = malloc(sizeof *kept);

    if (kept && l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 32;
        struct receipt **list = realloc(l->list, cap * sizeof *list);

        if (list) {
            l->list = list;
            l->cap = cap;
        }
    }
    if (!kept || l->count == l->cap) {
        free(kept);
        receipt_release(r);
        return -ENOMEM;
    }
    *kept = *r;
    l->list[l->count++] = kept;
    return 0;
}

static char *dup_string(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s ? strdup(s) : NULL;
}

static void note_time(struct pipeline *p, struct wall_time at)
{
    if (at.ms > p->last_time.ms)
        p->last_time = at;
}

int receipt_read(void *arg, uint64_t sequence, const char *json, size_t len)
{
    struct pipeline *p = arg;
    json_t *j = json_loadb(json, len, 0, NULL);
    const char *outcome = json_string_value(json_object_get(j, "outcome"));
    struct receipt r = { .sequence = sequence };
    int result = -EBADMSG;

    for (int i = 0; outcome && i < 3; i++)
        if (strcmp(outcome, outcome_words[i]) == 0) {
            r.outcome = (enum receipt_outcome)i;
            result = 0;
        }
    r.feed = dup_string(j, "feed");
    r.name = dup_string(j, "name");
    r.sha256 = dup_string(j, "sha256");
    r.format_digest = dup_string(j, "format_digest");
    r.why = dup_string(j, "why");
    r.part = dup_string(j, "part");
    r.at.ms = json_integer_value(json_object_get(j, "at_ms"));
    r.edition = (int)json_integer_value(json_object_get(j, "edition"));
    json_decref(j);
    if (!r.feed || !r.name || !r.sha256 || !r.format_digest)
        result = -EBADMSG;
    if (result < 0) {
        receipt_release(&r);
        return result;
    }
    note_time(p, r.at);
    return receipt_list_add(&p->receipts, &r);
}

/* Appends to the received journal, then to the list. Takes the receipt. */
static int receipt_append(struct pipeline *p, struct receipt *r)
{
    char at[WALL_TEXT_MAX];
    json_t *j =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s*, s:s?, s:s, s:I, s:i}", "outcome",
                  outcome_words[r->outcome], "feed", r->feed, "name", r->name, "sha256", r->sha256,
                  "format_digest", r->format_digest, "part", r->part, "why", r->why, "at",
                  wall_format(r->at, at), "at_ms", (json_int_t)r->at.ms, "edition", r->edition);
    AUTO(auto_free) char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
    int result = text ? journal_append(p->received, text, strlen(text), &r->sequence) : -ENOMEM;

    json_decref(j);
    if (result < 0) {
        receipt_release(r);
        return result;
    }
    note_time(p, r->at);
    return receipt_list_add(&p->receipts, r);
}

/* ---- a full disk ---- */

bool disk_error_is_full(int error)
{
    return error == -ENOSPC || error == -EDQUOT;
}

bool disk_rests(const struct pipeline *p)
{
    return p->disk_trouble[0] && clock_mono(&p->clock).ms < p->disk_retry_at.ms;
}

void disk_is_full(struct pipeline *p, const char *what, int error)
{
    bool is_known = p->disk_trouble[0] != '\0';

    p->disk_wait_ms = !is_known                                 ? DISK_WAIT_FIRST_MS
                      : p->disk_wait_ms < DISK_WAIT_LAST_MS / 2 ? p->disk_wait_ms * 2
                                                                : DISK_WAIT_LAST_MS;
    p->disk_retry_at.ms = clock_mono(&p->clock).ms + p->disk_wait_ms;
    (void)snprintf(p->disk_trouble, sizeof p->disk_trouble, "%s: %s", what, strerror(-error));
    if (!is_known)
        log_error("disk", "%s; tried again until there is room", p->disk_trouble);
}

void disk_is_well(struct pipeline *p)
{
    if (p->disk_trouble[0])
        log_info("disk", "there is room again");
    p->disk_trouble[0] = '\0';
}

/* A file that could not be taken may be gone by now: an inbox that offers nothing proves it. */
static void disk_tick(struct pipeline *p)
{
    if (p->disk_trouble[0] && clock_mono(&p->clock).ms > p->disk_retry_at.ms + RESCAN_MS)
        disk_is_well(p);
}

/* ---- one file ---- */

/* What the first, streaming pass found. */
struct first_pass {
    struct receipt receipt;
    char refusal[512];
};

/* Reads the whole file once: structure check, hash, archive. */
static int read_file(struct pipeline *p, const struct format *format, const char *name, int fd,
                     struct first_pass *out)
{
    struct archive_file *file = NULL;
    struct digest *digest = digest_new();
    struct parser *parser = parser_new(format, name, (struct parse_sink){ 0 });
    AUTO(auto_free) char *buffer = malloc(READ_BYTES);
    char sha[SHA256_TEXT_MAX] = "";
    int r = digest && parser && buffer ? archive_begin(p->archive, &file) : -ENOMEM;

    while (r == 0) {
        ssize_t n = read(fd, buffer, READ_BYTES);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            r = n < 0 ? -errno : 0;
            break;
        }
        digest_add(digest, buffer, (size_t)n);
        r = archive_write(file, buffer, (size_t)n);
        if (r == 0)
            r = parser_push(parser, buffer, (size_t)n);
    }
    if (r == 0)
        r = parser_finish(parser);
    if (r == 0) {
        const struct parse_result *result = parser_result(parser);

        digest_end(digest, sha);
        digest = NULL;
        out->receipt.outcome = result->refused ? RECEIPT_REFUSED
                               : result->held  ? RECEIPT_HELD
                                               : RECEIPT_ACCEPTED;
        if (result->refused) {
            (void)parser_refusal(parser, out->refusal);
            archive_abort(file);
        } else {
            r = archive_commit(file, sha);
        }
        file = NULL;
        out->receipt.sha256 = strdup(sha);
        out->receipt.why = result->refused ? strdup(result->refusal) : NULL;
        out->receipt.part = result->part[0] ? strdup(result->part) : NULL;
        if (!result->refused && result->held) {
            struct text why = TEXT_INIT;
            unsigned long aside = result->rows - result->accepted;

            if (strcmp(result->held, "set-aside") == 0 && result->set_aside_kinds)
                (void)text_printf(&why, "%lu of %lu rows would be set aside (mostly %s)", aside,
                                  result->rows, result->set_aside[0].reason);
            else
                (void)text_puts(&why, result->held);
            out->receipt.why = text_take(&why);
        }
        if (!out->receipt.sha256 || (out->receipt.outcome != RECEIPT_ACCEPTED && !out->receipt.why))
            r = -ENOMEM;
    }
    archive_abort(file);
    digest_free(digest);
    parser_free(parser);
    return r;
}

/* A refused file moves to quarantine (0700), named by its hash. */
static int quarantine(struct pipeline *p, const char *sha256, int fd)
{
    AUTO(text_release) struct text folder = TEXT_INIT;
    AUTO(text_release) struct text path = TEXT_INIT;
    AUTO(auto_free) char *buffer = malloc(READ_BYTES);

    (void)text_printf(&folder, "%s/quarantine", p->config->settings->state);
    (void)text_printf(&path, "%s/%s", text_str(&folder), sha256);
    if (!buffer || !text_ok(&folder) || !text_ok(&path))
        return -ENOMEM;
    int r = folder_make(text_str(&folder));
    int out =
        r == 0 ? open(text_str(&path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)
               : -1;

    if (r == 0 && out < 0)
        r = -errno;
    if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
        r = -errno;
    while (r == 0) {
        ssize_t n = read(fd, buffer, READ_BYTES);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            r = n < 0 ? -errno : 0;
            break;
        }
        r = file_write_all(out, buffer, (size_t)n);
    }
    if (r == 0 && fsync(out) < 0)
        r = -errno;
    if (out >= 0)
        close(out);
    return r == 0 ? folder_sync(text_str(&folder)) : r;
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
}

static void forget_waiting(struct feed_inbox *f, const char *name);

static void on_offer(void *arg, struct inbox *inbox, const char *name, int fd)
{
    struct feed_inbox *f = arg;
    struct pipeline *p = f->pipeline;
    const struct feed_setting *feed = pipeline_feed(p, f->feed);
    const struct format *format = feed ? format_set_find(p->config->formats, feed->format) : NULL;
    struct first_pass pass = { 0 };
    struct receipt *r = &pass.receipt;

    if (p->stopping || disk_rests(p)) {
        inbox_leave(inbox, name);
        return;
    }
    int result = format ? read_file(p, format, name, fd, &pass) : -ENOENT;

    if (result == 0) {
        r->feed = strdup(f->feed);
        r->name = strdup(name);
        r->format_digest = strdup(format_digest(format));
        r->at = clock_wall(&p->clock);
        r->edition = format_edition(format, name);
        if (!r->feed || !r->name || !r->format_digest)
            result = -ENOMEM;
    }
    if (result == 0 && r->outcome == RECEIPT_REFUSED)
        result = quarantine(p, r->sha256, fd);
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
    forget_waiting(f, name);
    result = inbox_taken(inbox, name);
    if (result < 0)
        log_warning("intake", "feed=%s file=\"%s\" was received and cannot be removed: %s", f->feed,
                    name, result == -ESTALE ? "it has changed" : strerror(-result));
    pipeline_wake(p);
}

/* ---- files that wait ---- */

struct waiting_name {
    char *name, *why;
};

/* Every file of one feed that lies there without proof of its end. */
struct waiting_list {
    struct waiting_name *list;
    size_t count, cap;
};

static void waiting_list_free(void *value)
{
    struct waiting_list *l = value;

    if (!l)
        return;
    for (size_t i = 0; i < l->count; i++) {
        free(l->list[i].name);
        free(l->list[i].why);
    }
    free(l->list);
    free(l);
}

void waiting_file_free(void *value)
{
    struct waiting_file *w = value;

    if (!w)
        return;
    free(w->path);
    free(w->words);
    free(w);
}

/* "3 files wait in the inbox: a.csv (why); b.csv (why); ..." */
static char *waiting_words(const struct waiting_list *l)
{
    struct text t = TEXT_INIT;

    if (l->count == 1) {
        (void)text_printf(&t, "%s waits in the inbox: %s", l->list[0].name, l->list[0].why);
        return text_take(&t);
    }
    (void)text_printf(&t, "%zu files wait in the inbox: ", l->count);
    for (size_t i = 0; i < l->count && i < WAITING_NAMED; i++)
        (void)text_printf(&t, "%s%s (%s)", i ? "; " : "", l->list[i].name, l->list[i].why);
    if (l->count > WAITING_NAMED)
        (void)text_printf(&t, "; and %zu more", l->count - WAITING_NAMED);
    return text_take(&t);
}

/* What evaluation is shown of a feed's files that wait, after the list changed. Without memory it
 * is shown what it was. */
static void show_waiting(struct feed_inbox *f)
{
    struct pipeline *p = f->pipeline;
    const struct waiting_list *l = table_get(&p->waiting_lists, f->feed);

    p->need_evaluate = true;
    pipeline_wake(p);
    if (!l || l->count == 0) {
        waiting_file_free(table_remove(&p->waiting_files, f->feed));
        return;
    }
    struct waiting_file *w = calloc(1, sizeof *w);
    void *old = NULL;

    if (!w)
        return;
    w->path = path_join(inbox_folder(f->inbox), l->list[0].name);
    w->words = waiting_words(l);
    if (!w->path || !w->words || table_set(&p->waiting_files, f->feed, w, &old) < 0)
        waiting_file_free(w);
    waiting_file_free(old);
}

static size_t find_waiting(const struct waiting_list *l, const char *name)
{
    size_t i = 0;

    while (i < l->count && strcmp(l->list[i].name, name) != 0)
        i++;
    return i;
}

static void remove_waiting(struct waiting_list *l, size_t i)
{
    free(l->list[i].name);
    free(l->list[i].why);
    memmove(l->list + i, l->list + i + 1, (--l->count - i) * sizeof *l->list);
}

static void forget_waiting(struct feed_inbox *f, const char *name)
{
    struct waiting_list *l = table_get(&f->pipeline->waiting_lists, f->feed);
    size_t i = l ? find_waiting(l, name) : 0;

    if (!l || i == l->count)
        return;
    remove_waiting(l, i);
    show_waiting(f);
}

static int add_waiting(struct feed_inbox *f, const char *name, const char *why)
{
    struct waiting_list *l = table_get(&f->pipeline->waiting_lists, f->feed);

    if (!l) {
        l = calloc(1, sizeof *l);
        if (!l || table_set(&f->pipeline->waiting_lists, f->feed, l, NULL) < 0) {
            free(l);
            return -ENOMEM;
        }
    }
    size_t i = find_waiting(l, name);

    if (i == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 4;
        struct waiting_name *list = realloc(l->list, cap * sizeof *list);

        if (!list)
            return -ENOMEM;
        l->list = list;
        l->cap = cap;
    }
    struct waiting_name w = { strdup(name), strdup(why) };

    if (!w.name || !w.why) {
        free(w.name);
        free(w.why);
        return -ENOMEM;
    }
    if (i < l->count)
        remove_waiting(l, i);
    l->list[l->count++] = w;
    return 0;
}

static void on_waiting(void *arg, struct inbox *inbox, const char *name, const char *why)
{
    struct feed_inbox *f = arg;

    (void)inbox;
    log_warning("intake", "feed=%s file=\"%s\" waits: %s", f->feed, name, why);
    if (add_waiting(f, name, why) < 0)
        log_error("intake", "feed=%s no memory to tell of a file that waits", f->feed);
    show_waiting(f);
}

/* What somebody took away, or put right under another name, waits no longer. */
static void waiting_tick(struct feed_inbox *f)
{
    struct waiting_list *l = table_get(&f->pipeline->waiting_lists, f->feed);
    size_t before = l ? l->count : 0;

    for (size_t i = 0; l && f->inbox && i < l->count;) {
        AUTO(auto_free) char *path = path_join(inbox_folder(f->inbox), l->list[i].name);
        struct stat st;

        if (path && lstat(path, &st) < 0 && errno == ENOENT)
            remove_waiting(l, i);
        else
            i++;
    }
    if (l && l->count != before)
        show_waiting(f);
}

/* ---- the inboxes ---- */

static int open_inbox(struct pipeline *p, struct feed_inbox *f)
{
    return inbox_open(p->options.once ? NULL : p->base, pipeline_feed(p, f->feed)->inbox, on_offer,
                      on_waiting, f, &f->inbox);
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
