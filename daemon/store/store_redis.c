#include "store/store_private.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "base/log.h"
#include "store/command.h"

/* What waits for a reply. */
struct call {
    store_done *done;
    void *arg;
    char **out_text; /* a string reply goes here */
    struct store *store;
};

static bool has_code(const redisReply *reply, const char *code)
{
    size_t len = strlen(code);

    return reply->len > len && strncmp(reply->str, code, len) == 0 && reply->str[len] == ' ';
}

int store_refusal(struct store *s, const redisReply *reply)
{
    const char *script = strstr(reply->str, "script: ");

    if (strstr(reply->str, "STALE") || strstr(reply->str, "FENCED"))
        return -ESTALE;
    if (has_code(reply, "OOM") || has_code(reply, "MISCONF"))
        return -ENOSPC;
    if (!has_code(reply, "WRONGTYPE"))
        return -EIO;
    script = script ? script + strlen("script: ") : "a call";
    (void)snprintf(s->why, sizeof s->why,
                   "a key that %.*s changes is of another type than ours" STORE_REBUILD_HINT,
                   (int)strcspn(script, ", "), script);
    return -EPROTOTYPE;
}

const char *store_words(const struct store *s, int result)
{
    switch (-result) {
    case ENOSPC:
        return "Redis is full";
    case EIO:
        return "Redis refused it, or gave no answer";
    case ESTALE:
        return "Redis holds other books than were read";
    case ENOTCONN:
        return "Redis is away";
    case EPROTOTYPE:
    case EBADMSG:
        return s->why[0] ? s->why : strerror(-result);
    default:
        return strerror(-result);
    }
}

static void on_reply(void *arg, enum redis_error error, const redisReply *reply)
{
    struct call *call = arg;
    int result = -EIO;

    if (error == REDIS_NOT_SENT) {
        result = -ENOTCONN;
    } else if (error == REDIS_ERROR_REPLY) {
        result = store_refusal(call->store, reply);
        log_error("redis", "reply=\"%s\"", reply->str);
        if (result == -ESTALE)
            lease_is_lost(call->store, reply->str);
    } else if (error == REDIS_OK_REPLY) {
        result = 0;
        if (reply->type == REDIS_REPLY_STATUS && strcmp(reply->str, "DUPLICATE") == 0)
            result = -EEXIST;
        if (reply->type == REDIS_REPLY_STRING && call->out_text) {
            *call->out_text = strndup(reply->str, reply->len);
            result = *call->out_text ? 0 : -ENOMEM; /* a message in Redis that nobody here knows */
        }
    }
    call->done(call->arg, result);
    free(call);
}

/* Sends what was built and releases it. */
static int send_command(struct store *s, struct command *c, char **out_text, store_done *done,
                        void *arg)
{
    struct call *call = c->error ? NULL : calloc(1, sizeof *call);
    int r = c->error ? c->error : call ? 0 : -ENOMEM;

    if (r == 0) {
        *call = (struct call){ done, arg, out_text, s };
        r = redis_call(s->redis, (int)c->count, c->argv, c->lengths, 0, on_reply, call);
        if (r < 0)
            free(call);
    }
    command_release(c);
    return r;
}

struct command store_command(struct store *s, const char *function)
{
    struct command c = { 0 };

    command_add(&c, "FCALL");
    command_add(&c, function);
    command_add(&c, "1");
    command_add(&c, s->prefix);
    command_add(&c, s->epoch);
    command_add(&c, s->token);
    return c;
}

int store_send(struct store *s, struct command *c, store_done *done, void *arg)
{
    return send_command(s, c, NULL, done, arg);
}

int store_call(struct store *s, const char *function, const char *const *words,
               const size_t *lengths, size_t count, redis_done *done, void *arg)
{
    struct command c = store_command(s, function);

    for (size_t i = 0; i < count; i++)
        command_add_len(&c, words[i], lengths[i]);
    int r = c.error ? c.error : redis_call(s->redis, (int)c.count, c.argv, c.lengths, 0, done, arg);

    command_release(&c);
    return r;
}

static char *describe_series(const struct series *s)
{
    json_t *j = json_pack("{s:s, s:s, s:s?, s:s, s:s?, s:s?}", "feed", s->feed, "measure",
                          s->measure, "breakdown", s->breakdown, "org", s->org, "secondary",
                          s->secondary, "unit", unit_name(s->unit));
    char *text = j ? json_text(j, JSON_COMPACT) : NULL;

    json_decref(j);
    return text;
}

void store_add_cells(struct command *c, const struct series_change *cells, size_t count)
{
    assert(count <= STORE_SLICE_MAX);
    command_add_printf(c, "%zu", count);
    for (size_t i = 0; i < count; i++) {
        char start[DATE_TEXT_MAX], end[DATE_TEXT_MAX];

        command_add(c, cells[i].series->key);
        command_add_owned(c, describe_series(cells[i].series));
        command_add_printf(c, "%s/%s", date_format(cells[i].period_start, start),
                           date_format(cells[i].period_end, end));
        command_add_owned(c, series_version_encode(cells[i].version));
        command_add(c, cells[i].current ? "1" : "0");
    }
}

int store_commit_series(struct store *s, const struct series_change *changes, size_t count,
                        store_done *done, void *arg)
{
    struct command c = store_command(s, "commit_series");

    store_add_cells(&c, changes, count);
    return store_send(s, &c, done, arg);
}

int store_commit_feed(struct store *s, const struct feed_book *book, uint64_t expected,
                      const char *key, const struct ledger_entry *entry, store_done *done,
                      void *arg)
{
    struct command c = store_command(s, "commit_feed");

    command_add(&c, book->id);
    command_add_owned(&c, feed_book_encode(book));
    command_add_printf(&c, "%" PRIu64, expected);
    command_add(&c, entry ? key : "");
    if (entry)
        command_add_owned(&c, ledger_entry_encode(entry));
    return store_send(s, &c, done, arg);
}

int store_transition(struct store *s, const struct alert *next, unsigned long expected,
                     unsigned long revision, const char *audit_json, store_done *done, void *arg)
{
    struct command c = store_command(s, "transition");
    const struct episode *e = alert_current(next);

    command_add(&c, next->id);
    command_add_printf(&c, "%lu", expected);
    command_add_printf(&c, "%lu", revision);
    command_add_owned(&c, alert_encode(next));
    command_add(&c, e && episode_is_open(e) ? "1" : "0");
    command_add(&c, audit_json);
    for (size_t i = 0; i < next->episode_count; i++) {
        command_add_printf(&c, "%d", (int)next->episodes[i].opened.day);
        command_add(&c, next->episodes[i].id);
    }
    return store_send(s, &c, done, arg);
}

/* A message that becomes due, and its told-state. */
static struct command message_call(struct store *s, const char *function,
                                   const struct outbox_item *item, const char *const *fields,
                                   const char *const *values, size_t count)
{
    struct command c = store_command(s, function);

    command_add(&c, item->delivery_id);
    command_add(&c, item->receiver);
    command_add_owned(&c, outbox_item_encode(item));
    command_add_printf(&c, "%zu", count);
    for (size_t i = 0; i < count; i++) {
        command_add(&c, fields[i]);
        command_add(&c, values[i]);
    }
    return c;
}

int store_enqueue(struct store *s, struct outbox_item *item, const char *const *fields,
                  const char *const *values, size_t count, store_done *done, void *arg)
{
    struct command c = message_call(s, "enqueue", item, fields, values, count);

    return send_command(s, &c, &item->stream_id, done, arg);
}

int store_put_back(struct store *s, struct outbox_item *item, const char *const *fields,
                   const char *const *values, size_t count, store_done *done, void *arg)
{
    struct command c = message_call(s, "put_back", item, fields, values, count);

    command_add_owned(&c, outbox_tries_encode(item));
    return send_command(s, &c, &item->stream_id, done, arg);
}

int store_digest(struct store *s, struct outbox_item *item, struct outbox_item *const *replaced,
                 size_t replaced_count, const char *const *fields, const char *const *values,
                 size_t count, store_done *done, void *arg)
{
    struct command c = store_command(s, "digest");

    command_add(&c, item->delivery_id);
    command_add(&c, item->receiver);
    command_add_owned(&c, outbox_item_encode(item));
    command_add_printf(&c, "%zu", replaced_count);
    for (size_t i = 0; i < replaced_count; i++) {
        command_add(&c, replaced[i]->stream_id);
        command_add(&c, replaced[i]->delivery_id);
    }
    command_add_printf(&c, "%zu", count);
    for (size_t i = 0; i < count; i++) {
        command_add(&c, fields[i]);
        command_add(&c, values[i]);
    }
    return send_command(s, &c, &item->stream_id, done, arg);
}

int store_retold(struct store *s, const char *const *words, size_t count, store_done *done,
                 void *arg)
{
    struct command c = store_command(s, "retold");

    for (size_t i = 0; i < 3 * count; i++)
        command_add(&c, words[i]);
    return store_send(s, &c, done, arg);
}

int store_attempt(struct store *s, const char *delivery_id, const char *receiver, store_done *done,
                  void *arg)
{
    struct command c = store_command(s, "attempt");

    command_add(&c, delivery_id);
    command_add(&c, receiver);
    return store_send(s, &c, done, arg);
}

int store_tried(struct store *s, const struct outbox_item *item, store_done *done, void *arg)
{
    struct command c = store_command(s, "tried");

    command_add(&c, item->delivery_id);
    command_add(&c, item->receiver);
    command_add_owned(&c, outbox_tries_encode(item));
    return store_send(s, &c, done, arg);
}

int store_told(struct store *s, const struct outbox_item *item, const char *outcome,
               const char *dead_json, store_done *done, void *arg)
{
    struct command c = store_command(s, "told");

    command_add(&c, item->stream_id);
    command_add(&c, item->delivery_id);
    command_add(&c, item->receiver);
    command_add(&c, outcome);
    command_add(&c, dead_json);
    return store_send(s, &c, done, arg);
}

int store_letter(struct store *s, struct outbox_item *item, bool dropped, store_done *done,
                 void *arg)
{
    struct command c = store_command(s, "letter");

    command_add(&c, item->delivery_id);
    command_add(&c, item->receiver);
    if (dropped)
        command_add(&c, "");
    else
        command_add_owned(&c, outbox_item_encode(item));
    return send_command(s, &c, &item->stream_id, done, arg);
}

int store_witness(struct store *s, const char *marks, store_done *done, void *arg)
{
    struct command c = store_command(s, "witness");

    command_add(&c, marks);
    return store_send(s, &c, done, arg);
}

int store_now(struct store *s, const char *measure, const char *const *names,
              const char *const *values, size_t count, store_done *done, void *arg)
{
    struct command c = store_command(s, "now");

    command_add(&c, measure);
    for (size_t i = 0; i < count; i++) {
        command_add(&c, names[i]);
        command_add(&c, values[i]);
    }
    return store_send(s, &c, done, arg);
}

int store_take_over(struct store *s, const struct feed_book *const *books, size_t count,
                    store_done *done, void *arg)
{
    struct command c = store_command(s, "take_over");

    command_add(&c, s->epoch);
    command_add(&c, s->other_epoch ? s->other_epoch : s->epoch);
    for (size_t i = 0; i < count; i++) {
        command_add(&c, books[i]->id);
        command_add_owned(&c, feed_book_encode(books[i]));
    }
    return store_send(s, &c, done, arg);
}
