#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"

#define INBOX_FIRST_MS 1000
#define INBOX_LAST_MS  30000

#define FAILURES_TOLD 3 /* F17 of RELIABILITY: alert after 3 */

/* ---- files of an inbox, as a source ---- */

static void on_taken(void *arg, const char *name, const struct take_report *report)
{
    struct feed_inbox *f = arg;

    if (report->result == TAKE_RECEIVED)
        f->failures = 0;
    waiting_forget(f, name);
    int r = inbox_taken(f->inbox, name);

    if (r < 0)
        log_warning("intake", "feed=%s file=\"%s\" was received and cannot be removed: %s", f->feed,
                    name, r == -ESTALE ? "it has changed" : strerror(-r));
}

static void on_left(void *arg, const char *name, int error)
{
    struct feed_inbox *f = arg;

    inbox_leave(f->inbox, name);
    if (error == 0 || disk_error_is_full(error) || error == -ENOTRECOVERABLE)
        return;
    /* A person is told when it happens again and again; the file stays and is tried on. */
    if (++f->failures == FAILURES_TOLD) {
        AUTO(text_release) struct text why = TEXT_INIT;

        (void)text_printf(&why, "it cannot be read or kept: %s", strerror(-error));
        waiting_on_file(f, f->inbox, name, text_str(&why));
    }
}

static void on_go_on(void *arg)
{
    inbox_go_on(((struct feed_inbox *)arg)->inbox);
}

static void on_offer(void *arg, struct inbox *inbox, const char *name, int fd)
{
    static const struct take_source source = { on_taken, on_left, on_go_on };
    struct feed_inbox *f = arg;

    (void)inbox; /* f->inbox */
    take_offer(f->pipeline, &(struct take_offer){ .source = &source,
                                                  .arg = f,
                                                  .feed = f->feed,
                                                  .name = name,
                                                  .fd = fd,
                                                  .is_on_disk = true });
}

/* ---- inboxes ---- */

static int open_inbox(struct pipeline *p, struct feed_inbox *f)
{
    return inbox_open(p->options.once || p->simulation ? NULL : p->base,
                      pipeline_feed(p, f->feed)->inbox, on_offer, waiting_on_file, f, &f->inbox);
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

        if (s->feeds[i].transport != TRANSPORT_INBOX)
            continue;
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
    take_abort(p);
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
