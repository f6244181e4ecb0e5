#include "pipeline_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "feed/push_auth.h"
#include "feed/spool.h"
#include "parse/parser.h"

/*
 * A file that is posted. Its bytes lie in a spool until the last has come and the sender is known; then
 * it is taken like any other, and the answer waits until its receipt is durable. Whatever ends that
 * before leaves nothing behind, and the sender, without an answer or with 503, sends it again.
 *
 * A push lives as long as its exchange or its taking, whichever ends last.
 */

#define KEY_MAX       255 /* characters of an Idempotency-Key */
#define RETRY_AFTER_S "10"
#define MIB           (UINT64_C(1) << 20)

struct push {
    struct push *next;
    struct pipeline *pipeline;
    struct http_exchange *exchange; /* NULL: the client is gone */
    bool is_answered, is_taking;
    char *feed, *name;
    uint64_t max_bytes;
    struct push_auth *auth;
    struct spool *spool;
    char key[SHA256_TEXT_MAX]; /* "": none */
};

/* ---- answers ---- */

static void answer_with(struct push *u, int status, const char *header, const char *value,
                        json_t *body)
{
    AUTO(auto_free) char *text = json_text(body, JSON_COMPACT);

    json_decref(body);
    if (!u->exchange || u->is_answered)
        return;
    u->is_answered = true;
    if (!text)
        http_answer_text(u->exchange, 503, "no memory");
    else
        http_answer(u->exchange, &(struct http_answer){ .status = status,
                                                        .type = "application/json",
                                                        .header = header,
                                                        .header_value = value,
                                                        .body = text,
                                                        .body_len = strlen(text) });
}

static json_t *error_of(const char *reason, const char *sentence)
{
    return json_pack("{s:{s:s, s:s}}", "error", "reason", reason, "sentence", sentence);
}

static void refuse(struct push *u, int status, const char *reason, const char *sentence)
{
    answer_with(u, status, status == 401 ? "WWW-Authenticate" : NULL, "Bearer",
                error_of(reason, sentence));
}

static void ask_again(struct push *u, const char *sentence)
{
    answer_with(u, 503, "Retry-After", RETRY_AFTER_S, error_of("later", sentence));
}

/* ---- the receipt, as its sender sees it ---- */

static const char *outcome_of(const struct receipt *r, const struct receipt *same)
{
    static const char *const words[] = {
        [RECEIPT_ACCEPTED] = "accepted", [RECEIPT_HELD] = "held", [RECEIPT_REFUSED] = "refused"
    };

    return same ? "duplicate" : words[r->outcome];
}

static json_t *receipt_json(const struct receipt *r, const struct receipt *same)
{
    char at[WALL_TEXT_MAX];
    json_t *j = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s*}", "receipt", (json_int_t)r->sequence,
                          "feed", r->feed, "outcome", outcome_of(r, same), "sha256", r->sha256,
                          "at", wall_format(r->at, at), "why", r->why);

    if (j && r->shape)
        (void)json_object_set_new(j, "rows", json_integer((json_int_t)r->shape->rows));
    if (j && same)
        (void)json_object_set_new(j, "same_as", json_integer((json_int_t)same->sequence));
    return j;
}

/* Where a refused file is wrong; never what stands there. */
static json_t *refusal_json(const struct parse_result *parsed)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:I}", "reason",
                     parsed->refusal_reason ? parsed->refusal_reason : "refused", "sentence",
                     parsed->refusal, "line", (json_int_t)parsed->refusal_line, "column",
                     (json_int_t)parsed->refusal_column, "offset",
                     (json_int_t)parsed->refusal_offset);
}

static json_t *set_aside_json(const struct parse_result *parsed)
{
    json_t *j = json_object();

    for (size_t i = 0; j && i < parsed->set_aside_kinds; i++)
        (void)json_object_set_new(j, parsed->set_aside[i].reason,
                                  json_integer((json_int_t)parsed->set_aside[i].count));
    return j;
}

/* Refused stays refused, however often it is asked; whatever else was said before is 200. */
static int status_of(const struct take_report *report, const struct receipt *same)
{
    if (report->receipt->outcome == RECEIPT_REFUSED)
        return 422;
    return report->result == TAKE_REPEATED || same ? 200 : 202;
}

static void on_taken(void *arg, const char *name, const struct take_report *report)
{
    struct push *u = arg;
    const struct receipt *r = report->receipt;
    const struct receipt *same =
        r->outcome == RECEIPT_ACCEPTED ? receipt_same(u->pipeline, r) : NULL;

    (void)name;
    u->is_taking = false;
    if (report->result == TAKE_CONFLICT) {
        refuse(u, 409, "idempotency-key", "this key came with another body before");
        return;
    }
    json_t *j = receipt_json(r, same);

    if (j && r->outcome == RECEIPT_REFUSED)
        (void)json_object_set_new(j, "error", refusal_json(report->parsed));
    else if (j && report->parsed->set_aside_kinds)
        (void)json_object_set_new(j, "set_aside", set_aside_json(report->parsed));
    answer_with(u, status_of(report, same), NULL, NULL, j);
}

static void on_left(void *arg, const char *name, int error)
{
    struct push *u = arg;

    (void)name;
    u->is_taking = false;
    ask_again(u, error ? "it could not be kept" : "no files are taken just now");
}

static void on_go_on(void *arg)
{
    push_sweep(((struct push *)arg)->pipeline);
}

/* ---- life ---- */

static void push_free(struct push *u)
{
    push_auth_free(u->auth);
    spool_free(u->spool);
    free(u->feed);
    free(u->name);
    free(u);
}

void push_sweep(struct pipeline *p)
{
    for (struct push **at = &p->pushes; *at;) {
        struct push *u = *at;

        if (u->exchange || u->is_taking) {
            at = &u->next;
            continue;
        }
        *at = u->next;
        push_free(u);
    }
}

void push_gone(struct http_exchange *x)
{
    struct push *u = http_exchange_get(x);

    if (!u)
        return;
    u->exchange = NULL; /* what is being taken goes on: its end was proven */
    push_sweep(u->pipeline);
}

/* ---- what comes ---- */

/* What a body may be; which it is says its content, as of a file of an inbox. */
static const char *const types[] = { "text/csv", "application/x-ndjson", "application/json" };

/* "text/csv; charset=utf-8" */
static bool type_is_read(const char *value)
{
    size_t len = value ? strcspn(value, "; ") : 0;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (len == strlen(types[i]) && strncasecmp(value, types[i], len) == 0)
            return true;
    return false;
}

/* A request that its sender may repeat: by its own key, else by the id under which it was signed. */
static int read_key(struct push *u, const struct http_head *head)
{
    const char *name = "Idempotency-Key", *key = http_head_field(head, name);

    if (!key) {
        name = "webhook-id";
        key = http_head_field(head, name);
    }
    if (!key)
        return 0;
    if (http_head_count(head, name) > 1 || !key[0] || strlen(key) > KEY_MAX)
        return -EINVAL;
    return sha256_hex(key, strlen(key), u->key);
}

static void count_refused(struct pipeline *p, const char *feed, const char *why)
{
    /* Said at powers of two: whoever tries for ever does not fill the log. */
    p->push_refusals++;
    if ((p->push_refusals & (p->push_refusals - 1)) == 0)
        log_warning("push", "feed=%s refused: %s (%zu so far)", feed, why, p->push_refusals);
}

static struct push *push_new(struct pipeline *p, struct http_exchange *x,
                             const struct feed_setting *feed)
{
    struct push *u = calloc(1, sizeof *u);
    struct text name = TEXT_INIT;

    if (!u)
        return NULL;
    (void)text_printf(&name, "push-%zu-%" PRId64, ++p->push_count, pipeline_wall(p).ms);
    *u = (struct push){ .next = p->pushes,
                        .pipeline = p,
                        .exchange = x,
                        .feed = strdup(feed->id),
                        .name = text_take(&name),
                        .max_bytes = (uint64_t)feed->max_mb * MIB };
    if (!u->feed || !u->name) {
        push_free(u);
        return NULL;
    }
    p->pushes = u;
    http_exchange_set(x, u);
    return u;
}

/* Whether the sender is one of this feed; answered if not. */
static bool is_welcome(struct push *u, const struct feed_setting *feed,
                       const struct http_head *head)
{
    const char *why = NULL;
    int r = push_auth_new(feed->token_file, feed->secret_file, head,
                          clock_wall(&u->pipeline->clock), &u->auth, &why);

    if (r == -EACCES) {
        count_refused(u->pipeline, u->feed, why);
        refuse(u, 401, "unauthorized", why);
    } else if (r < 0) {
        log_error("push", "feed=%s credentials error=\"%s\"", u->feed, strerror(-r));
        ask_again(u, "who may push cannot be read just now");
    }
    return r == 0;
}

void push_start(struct pipeline *p, struct http_exchange *x, const struct feed_setting *feed,
                const struct http_head *head)
{
    struct push *u = push_new(p, x, feed);
    AUTO(auto_free) char *folder = path_join(p->config->settings->state, "spool");

    if (!u || !folder) {
        http_answer_text(x, 503, "no memory");
        if (u)
            u->is_answered = true;
        return;
    }
    if (!is_welcome(u, feed, head))
        return;
    int r = read_key(u, head);

    if (r == -EINVAL) {
        refuse(u, 400, "idempotency-key", "one Idempotency-Key of 1 to 255 characters");
    } else if (!type_is_read(http_head_field(head, "Content-Type"))) {
        refuse(u, 415, "content-type",
               "text/csv, application/x-ndjson or application/json is taken");
    } else if (http_head_field(head, "Content-Encoding")) {
        refuse(u, 415, "content-encoding", "no coding is taken: send the file as it is");
    } else if (head->has_length && head->length > u->max_bytes) {
        refuse(u, 413, "too-large", "the file is larger than max_mb of this feed");
    } else if (r < 0 || !take_is_open(p)) {
        ask_again(u, "no files are taken just now");
    } else if ((r = spool_new(folder, head->has_length ? head->length : 0, &u->spool)) < 0) {
        log_error("push", "feed=%s folder=\"%s\" error=\"%s\"", u->feed, folder, strerror(-r));
        ask_again(u, "it cannot be kept just now");
    }
}

void push_add(struct http_exchange *x, const void *bytes, size_t len)
{
    struct push *u = http_exchange_get(x);
    int r = spool_add(u->spool, bytes, len, u->max_bytes);

    if (r == 0) {
        push_auth_add(u->auth, bytes, len);
        return;
    }
    if (r == -EMSGSIZE) {
        refuse(u, 413, "too-large", "the file is larger than max_mb of this feed");
        return;
    }
    if (disk_error_is_full(r))
        disk_is_full(u->pipeline, "files that are pushed are not taken", r);
    else
        log_error("push", "feed=%s spool error=\"%s\"", u->feed, strerror(-r));
    ask_again(u, "it cannot be kept just now");
}

void push_end(struct http_exchange *x)
{
    static const struct take_source source = { on_taken, on_left, on_go_on };
    struct push *u = http_exchange_get(x);
    char sha256[SHA256_TEXT_MAX];
    const char *why = NULL;
    int r = push_auth_end(u->auth, &why);

    if (r == -EACCES) {
        count_refused(u->pipeline, u->feed, why);
        refuse(u, 401, "unauthorized", why);
        return;
    }
    if (r == 0)
        r = spool_end(u->spool, sha256);
    if (r < 0) {
        ask_again(u, "it cannot be kept just now");
        return;
    }
    u->is_taking = true;
    take_offer(u->pipeline, &(struct take_offer){ .source = &source,
                                                  .arg = u,
                                                  .feed = u->feed,
                                                  .name = u->name,
                                                  .fd = r,
                                                  .key = u->key[0] ? u->key : NULL });
}
