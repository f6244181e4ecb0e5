#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/log.h"
#include "feed/content.h"
#include "feed/inbox_file.h"
#include "feed/spool.h"

/*
 * Files that are fetched. What comes lies in a spool until its end is proven, and is then taken like any
 * other; the marks under which its server knows it (ETag, Last-Modified) stand in its receipt, so that
 * they are never known before the file is durable, and outlive a restart. Whatever else comes (a page, a
 * refusal, a cut body) changes nothing: the old figures stay, the feed becomes late in its time, and at
 * the third failure in a row a person is told.
 */

#define FAILURES_TOLD  3
#define RETRY_FIRST_MS 60000
#define MIB            (UINT64_C(1) << 20)

struct pull {
    struct pull *next;
    struct pipeline *pipeline;
    char *feed, *name;
    char url[SHA256_TEXT_MAX];    /* digest: an address may hold a credential */
    char etag[256], modified[64]; /* of the content that is known, if newer than its receipt */
    char known[SHA256_TEXT_MAX];  /* that content; "": none */
    struct mono_time next_at;
    bool is_asked, is_fetching, is_taking;
    uint64_t max_bytes;
    struct spool *spool; /* of what is being fetched or taken */
    int error;           /* of the spool; 0: none */
    unsigned failures;   /* in a row */
};

static void rest(struct pull *u, int64_t ms)
{
    u->next_at.ms = clock_mono(&u->pipeline->clock).ms + ms;
}

static int64_t every_ms(const struct pull *u)
{
    const struct feed_setting *f = pipeline_feed(u->pipeline, u->feed);

    return (f ? f->every.count : 3600) * INT64_C(1000);
}

/* ---- what became of it ---- */

static void succeeded(struct pull *u)
{
    if (u->failures >= FAILURES_TOLD)
        waiting_show(u->pipeline, u->feed, NULL, NULL);
    u->failures = 0;
    rest(u, every_ms(u));
}

/* Tried again after a minute, two, four, ..., but no more seldom than the feed is looked for. */
static void failed(struct pull *u, const char *why, long retry_after_s)
{
    int64_t wait_ms = RETRY_FIRST_MS, most_ms = every_ms(u);

    for (unsigned i = 0; i < u->failures && wait_ms < most_ms; i++)
        wait_ms *= 2;
    wait_ms = wait_ms < most_ms ? wait_ms : most_ms;
    if (wait_ms < retry_after_s * 1000)
        wait_ms = retry_after_s * 1000;
    rest(u, wait_ms);
    if (u->pipeline->options.once) {
        log_error("pull", "feed=%s not fetched: %s", u->feed, why);
        u->pipeline->intake_failed = true;
    } else {
        log_warning("pull", "feed=%s not fetched: %s next=%llds", u->feed, why,
                    (long long)(wait_ms / 1000));
    }
    if (++u->failures < FAILURES_TOLD)
        return;
    AUTO(text_release) struct text words = TEXT_INIT;

    if (u->failures == FAILURES_TOLD && text_printf(&words, "it cannot be fetched: %s", why) == 0)
        waiting_show(u->pipeline, u->feed, NULL, text_str(&words));
}

static void drop(struct pull *u)
{
    spool_free(u->spool);
    u->spool = NULL;
}

static void on_taken(void *arg, const char *name, const struct take_report *report)
{
    struct pull *u = arg;

    (void)name;
    (void)report; /* refused or held: told as of any file, and not better for being fetched again */
    succeeded(u);
}

static void on_left(void *arg, const char *name, int error)
{
    struct pull *u = arg;

    (void)name;
    failed(u, error ? "it could not be kept" : "no files are taken just now", 0);
}

static void on_go_on(void *arg)
{
    struct pull *u = arg;

    u->is_taking = false;
    drop(u);
}

/* ---- what came ---- */

/* The file that is known already, by its receipt and under today's mapping, or NULL. */
static const struct receipt *known_receipt(const struct pull *u)
{
    struct pipeline *p = u->pipeline;
    const struct feed_setting *feed = pipeline_feed(p, u->feed);
    const struct format *format = feed ? format_set_find(p->config->formats, feed->format) : NULL;
    const struct receipt *r = receipt_newest(p, u->feed);

    return r && format && r->url && strcmp(r->url, u->url) == 0 &&
                   strcmp(r->format_digest, format_digest(format)) == 0
               ? r
               : NULL;
}

static void take(struct pull *u, const struct http_reply *reply)
{
    static const struct take_source source = { on_taken, on_left, on_go_on };
    const struct receipt *known = known_receipt(u);
    char sha256[SHA256_TEXT_MAX];
    int fd = spool_end(u->spool, sha256);

    if (fd < 0) {
        failed(u, "it could not be kept", 0);
        drop(u);
        return;
    }
    if (known && strcmp(known->sha256, sha256) == 0) { /* as good as 304 */
        (void)snprintf(u->known, sizeof u->known, "%s", sha256);
        (void)snprintf(u->etag, sizeof u->etag, "%s", reply->etag);
        (void)snprintf(u->modified, sizeof u->modified, "%s", reply->modified);
        succeeded(u);
        drop(u);
        return;
    }
    u->is_taking = true;
    take_offer(u->pipeline, &(struct take_offer){
                                .source = &source,
                                .arg = u,
                                .feed = u->feed,
                                .name = u->name,
                                .fd = fd,
                                .etag = reply->etag[0] ? reply->etag : NULL,
                                .modified = reply->modified[0] ? reply->modified : NULL,
                                .url = u->url,
                            });
}

/* Why what came is not the file; "" if it is. */
static void judge(const struct pull *u, const struct http_result *r, char out_why[160])
{
    size_t len = 0;
    const char *head = u->spool ? spool_head(u->spool, &len) : "";
    const char *page = r->code == 200 ? content_is_page(head, len) : NULL;

    out_why[0] = '\0';
    if (page)
        (void)snprintf(out_why, 160, "%s", page);
    else if (u->error == -EMSGSIZE)
        (void)snprintf(out_why, 160, "it is larger than max_mb");
    else if (u->error)
        (void)snprintf(out_why, 160, "it cannot be kept: %s", strerror(-u->error));
    else if (r->reply->is_coded)
        (void)snprintf(out_why, 160, "it comes in a coding that was not asked for");
    else if (r->code == 304)
        (void)snprintf(out_why, 160, "HTTP 304 to one who has nothing of it");
    else if (r->code >= 300 && r->code < 400)
        (void)snprintf(out_why, 160, "HTTP %ld: a redirect is not followed", r->code);
    else if (r->code != 0 && r->code != 200)
        (void)snprintf(out_why, 160, "HTTP %ld", r->code);
    else if (r->curl_code != 0)
        (void)snprintf(out_why, 160, "%s", r->error);
    else if (!r->reply->is_whole)
        (void)snprintf(out_why, 160, "its end is not proven: neither a length nor chunks");
}

static void on_done(void *arg, const struct http_result *r)
{
    struct pull *u = arg;
    char why[160];

    u->is_fetching = false;
    if (r->code == 304 && known_receipt(u)) {
        succeeded(u);
    } else {
        judge(u, r, why);
        if (!why[0]) {
            take(u, r->reply);
            pipeline_wake(u->pipeline);
            return;
        }
        if (disk_error_is_full(u->error))
            disk_is_full(u->pipeline, "files that are fetched are not taken", u->error);
        failed(u, why, r->retry_after_s);
    }
    drop(u);
    pipeline_wake(u->pipeline);
}

static int on_bytes(void *arg, const void *bytes, size_t len)
{
    struct pull *u = arg;

    u->error = spool_add(u->spool, bytes, len, u->max_bytes);
    return u->error;
}

/* ---- asking ---- */

/* Only what is known is asked for as "changed since". */
static int add_marks(const struct pull *u, struct text *out_etag, struct text *out_modified)
{
    const struct receipt *known = known_receipt(u);
    bool is_newer = known && strcmp(known->sha256, u->known) == 0;
    const char *etag = is_newer ? u->etag : known && known->etag ? known->etag : "";
    const char *modified = is_newer ? u->modified : known && known->modified ? known->modified : "";
    int r = 0;

    if (etag[0])
        r = text_printf(out_etag, "If-None-Match: %s", etag);
    if (r == 0 && modified[0])
        r = text_printf(out_modified, "If-Modified-Since: %s", modified);
    return r;
}

static int fetch(struct pull *u, const struct feed_setting *f)
{
    struct pipeline *p = u->pipeline;
    AUTO(text_release) struct text etag = TEXT_INIT;
    AUTO(text_release) struct text modified = TEXT_INIT;
    AUTO(auto_free) char *folder = path_join(p->config->settings->state, "spool");
    const char *headers[4] = { "Accept: text/csv, */*;q=0.1" };
    size_t count = 1;
    int r = folder ? spool_new(folder, 0, &u->spool) : -ENOMEM;

    if (r == 0)
        r = add_marks(u, &etag, &modified);
    if (r < 0)
        return r;
    if (etag.len)
        headers[count++] = text_str(&etag);
    if (modified.len)
        headers[count++] = text_str(&modified);
    u->error = 0;
    return http_get(p->http,
                    &(struct http_get){ .url = f->url,
                                        .headers = headers,
                                        .allow_private = f->allow_private,
                                        .ca_file = f->ca_file,
                                        .write = on_bytes },
                    on_done, u);
}

void pull_tick(struct pipeline *p)
{
    for (struct pull *u = p->pulls; u; u = u->next) {
        const struct feed_setting *f = pipeline_feed(p, u->feed);
        bool is_due = p->options.once ? !u->is_asked : clock_mono(&p->clock).ms >= u->next_at.ms;

        if (!f || u->is_fetching || u->is_taking || !is_due || !take_is_open(p))
            continue;
        int r = fetch(u, f);

        u->is_asked = true;
        u->is_fetching = r == 0;
        if (r == 0)
            continue;
        if (disk_error_is_full(r))
            disk_is_full(p, "files that are fetched are not taken", r);
        failed(u, strerror(-r), 0);
        drop(u);
    }
}

bool pull_is_busy(const struct pipeline *p)
{
    for (const struct pull *u = p->pulls; u; u = u->next)
        if (!u->is_asked || u->is_fetching || u->is_taking)
            return true;
    return false;
}

/* ---- life ---- */

/* The last part of the path, where a format may read an edition from it. */
static char *name_of(const char *url)
{
    const char *path = strstr(url, "://");
    const char *end = url + strcspn(url, "?#"), *slash = NULL;

    for (const char *c = path ? path + 3 : url; c < end; c++)
        if (*c == '/')
            slash = c;
    char *name = slash ? strndup(slash + 1, (size_t)(end - slash - 1)) : strdup("pulled");

    if (name && !inbox_name_is_sound(name)) {
        free(name);
        name = strdup("pulled");
    }
    return name;
}

static void pull_free(struct pull *u)
{
    drop(u);
    free(u->feed);
    free(u->name);
    free(u);
}

static struct pull *pull_new(struct pipeline *p, const struct feed_setting *f)
{
    struct pull *u = calloc(1, sizeof *u);

    if (!u)
        return NULL;
    *u = (struct pull){ .next = p->pulls,
                        .pipeline = p,
                        .feed = strdup(f->id),
                        .name = name_of(f->url),
                        .max_bytes = (uint64_t)f->max_mb * MIB };
    if (u->feed && u->name && sha256_hex(f->url, strlen(f->url), u->url) == 0)
        return u;
    pull_free(u);
    return NULL;
}

int pull_open(struct pipeline *p)
{
    const struct settings *s = p->config->settings;

    for (size_t i = 0; i < s->feed_count; i++) {
        if (s->feeds[i].transport != TRANSPORT_PULL)
            continue;
        struct pull *u = pull_new(p, &s->feeds[i]);

        if (!u) {
            pull_close(p);
            return -ENOMEM;
        }
        p->pulls = u;
    }
    return 0;
}

void pull_close(struct pipeline *p)
{
    while (p->pulls) {
        struct pull *u = p->pulls;

        p->pulls = u->next;
        if (u->is_fetching)
            http_cancel(p->http, on_done, u);
        pull_free(u);
    }
}
