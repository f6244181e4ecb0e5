#include "store/store_private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/text.h"
#include "notify/release.h"
#include "store/command.h"

/* A key of its own to be read: the versions of a series, or an alert. */
struct load_ask {
    char *name;
    bool is_alert;
};

/* The books, read whole: one command for each key, those of series and alerts in windows. */
struct load {
    struct store *store;
    struct books *books;
    store_done *done;
    void *arg;
    size_t waiting;        /* commands of this load in flight, plus one while more are being sent */
    struct load_ask *asks; /* the next at .asked */
    size_t ask_count, ask_cap, asked, asking;
    int error;
};

#define LOAD_WINDOW 500 /* of those keys asked for at a time: the connection takes 10,000 in all */

/* One reply of a load: which reader takes it, and for what name. */
struct load_call {
    struct load *load;
    int (*read)(struct load *load, const char *name, const redisReply *reply);
    char *name, *key;
};

static void call_free(struct load_call *call)
{
    free(call->name);
    free(call->key);
    free(call);
}

void load_free(struct load *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->ask_count; i++)
        free(l->asks[i].name);
    free(l->asks);
    free(l);
}

static void load_settle(struct load *l)
{
    if (--l->waiting > 0)
        return;
    store_done *done = l->done;
    void *arg = l->arg;
    int error = l->error;

    l->store->load = NULL;
    load_free(l);
    done(arg, error);
}

static void on_load_reply(void *arg, enum redis_error error, const redisReply *reply)
{
    struct load_call *call = arg;
    struct load *l = call->load;

    int r = error == REDIS_OK_REPLY      ? call->read(l, call->name, reply)
            : error == REDIS_ERROR_REPLY ? store_refusal(l->store, reply)
                                         : -EIO;

    if (r < 0 && l->error == 0) {
        if (r == -EPROTOTYPE || r == -EBADMSG)
            (void)snprintf(l->store->why, sizeof l->store->why,
                           "the key %.80s %s" STORE_REBUILD_HINT, call->key,
                           r == -EBADMSG ? "does not hold what it should"
                                         : "is of another type than ours");
        log_error("redis", "load of \"%s\": %s%s%s", call->key, store_words(l->store, r),
                  error == REDIS_ERROR_REPLY ? ": " : "",
                  error == REDIS_ERROR_REPLY ? reply->str : "");
        l->error = r; /* the first is kept: a later good answer does not mend it */
    }
    call_free(call);
    load_settle(l);
}

static void load_send(struct load *l, struct command *c,
                      int (*read)(struct load *, const char *, const redisReply *),
                      const char *name)
{
    struct load_call *call = c->error ? NULL : calloc(1, sizeof *call);
    int r = c->error ? c->error : call ? 0 : -ENOMEM;

    if (r == 0) {
        *call = (struct load_call){ l, read, strdup(name), strdup(c->argv[1]) };
        r = call->name && call->key ? redis_call(l->store->redis, (int)c->count, c->argv,
                                                 c->lengths, 0, on_load_reply, call)
                                    : -ENOMEM;
        if (r == 0)
            l->waiting++;
        else
            call_free(call);
    }
    if (r < 0 && l->error == 0)
        l->error = r;
    command_release(c);
}

static void load_key(struct load *l, const char *command, const char *key,
                     int (*read)(struct load *, const char *, const redisReply *), const char *name)
{
    struct command c = { 0 };

    command_add(&c, command);
    command_add_printf(&c, "%s%s", l->store->prefix, key);
    if (strcmp(command, "XRANGE") == 0) {
        command_add(&c, "-");
        command_add(&c, "+");
    }
    load_send(l, &c, read, name);
}

/* Walks a flat array of field, value strings. Returns 0, the reader's error, or -EBADMSG. */
static int each_pair(const redisReply *reply, void *arg,
                     int (*take)(void *arg, const redisReply *field, const redisReply *value))
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements % 2 != 0)
        return -EBADMSG;
    for (size_t i = 0; i < reply->elements; i += 2) {
        const redisReply *f = reply->element[i], *v = reply->element[i + 1];

        if (f->type != REDIS_REPLY_STRING || v->type != REDIS_REPLY_STRING)
            return -EBADMSG;
        int r = take(arg, f, v);

        if (r < 0)
            return r;
    }
    return 0;
}

static int take_meta(void *arg, const redisReply *field, const redisReply *value)
{
    struct load *l = arg;

    if (strcmp(field->str, "journals") != 0)
        return 0;
    free(l->books->journals);
    l->books->journals = strndup(value->str, value->len);
    return l->books->journals ? 0 : -ENOMEM;
}

static int read_meta(struct load *l, const char *name, const redisReply *reply)
{
    (void)name;
    return each_pair(reply, l, take_meta);
}

static int take_ledger(void *arg, const redisReply *field, const redisReply *value)
{
    struct load *l = arg;
    struct ledger_entry *e = NULL;
    int r = ledger_entry_decode(value->str, value->len, &e);

    return r < 0 ? r : table_set(&l->books->ledger, field->str, e, NULL);
}

static int read_ledger(struct load *l, const char *name, const redisReply *reply)
{
    (void)name;
    return each_pair(reply, l, take_ledger);
}

static int take_feed(void *arg, const redisReply *field, const redisReply *value)
{
    struct load *l = arg;
    struct feed_book *b = NULL;
    int r = feed_book_decode(value->str, value->len, &b);

    return r < 0 ? r : table_set(&l->books->feeds, field->str, b, NULL);
}

static int read_feeds(struct load *l, const char *name, const redisReply *reply)
{
    (void)name;
    return each_pair(reply, l, take_feed);
}

static const redisReply *field_of(const redisReply *fields, const char *name)
{
    for (size_t i = 0; fields->type == REDIS_REPLY_ARRAY && i + 1 < fields->elements; i += 2)
        if (fields->element[i]->type == REDIS_REPLY_STRING &&
            fields->element[i + 1]->type == REDIS_REPLY_STRING &&
            strcmp(fields->element[i]->str, name) == 0)
            return fields->element[i + 1];
    return NULL;
}

/* The fields of entry i of an XRANGE reply, and its id. */
static const redisReply *stream_entry(const redisReply *reply, size_t i, const redisReply **out_id)
{
    const redisReply *e = reply->element[i];

    if (e->type != REDIS_REPLY_ARRAY || e->elements != 2 ||
        e->element[0]->type != REDIS_REPLY_STRING || e->element[1]->type != REDIS_REPLY_ARRAY)
        return NULL;
    *out_id = e->element[0];
    return e->element[1];
}

static int read_versions(struct load *l, const char *name, const redisReply *reply);
static int read_alert(struct load *l, const char *name, const redisReply *reply);

/* The current figures are for readers: that the key is a HASH is all that matters here. */
static int read_current(struct load *l, const char *name, const redisReply *reply)
{
    (void)l;
    (void)name;
    return reply->type == REDIS_REPLY_INTEGER ? 0 : -EBADMSG;
}

static void ask_for_current(struct load *l, const char *name)
{
    AUTO(text_release) struct text key = TEXT_INIT;

    (void)text_printf(&key, "series:%s", name);
    if (text_ok(&key))
        load_key(l, "HLEN", text_str(&key), read_current, name);
    else
        l->error = -ENOMEM;
}

static void ask_more(struct load *l)
{
    while (l->error == 0 && l->asked < l->ask_count && l->asking < LOAD_WINDOW) {
        AUTO(text_release) struct text key = TEXT_INIT;
        const struct load_ask *ask = &l->asks[l->asked++];

        (void)text_printf(&key, ask->is_alert ? "alert:%s" : "series:%s:versions", ask->name);
        if (!text_ok(&key)) {
            l->error = -ENOMEM;
            return;
        }
        l->asking++;
        if (ask->is_alert) {
            load_key(l, "HGETALL", text_str(&key), read_alert, ask->name);
        } else {
            ask_for_current(l, ask->name);
            load_key(l, "XRANGE", text_str(&key), read_versions, ask->name);
        }
    }
}

static void answered(struct load *l)
{
    l->asking--;
    ask_more(l);
}

static int remember(struct load *l, const char *name, bool is_alert)
{
    if (l->ask_count == l->ask_cap) {
        size_t cap = l->ask_cap ? l->ask_cap * 2 : 256;
        struct load_ask *asks = realloc(l->asks, cap * sizeof *asks);

        if (!asks)
            return -ENOMEM;
        l->asks = asks;
        l->ask_cap = cap;
    }
    l->asks[l->ask_count] = (struct load_ask){ strdup(name), is_alert };
    if (!l->asks[l->ask_count].name)
        return -ENOMEM;
    l->ask_count++;
    return 0;
}

static int read_versions(struct load *l, const char *name, const redisReply *reply)
{
    struct series *series = series_find(&l->books->series, name);

    answered(l);
    /* One without versions was never written: somebody removed them, and no figure must vanish so. */
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0 || !series)
        return -EBADMSG;
    for (size_t i = 0; i < reply->elements; i++) {
        const redisReply *id, *fields = stream_entry(reply, i, &id);
        const redisReply *period = fields ? field_of(fields, "period") : NULL;
        const redisReply *version = fields ? field_of(fields, "version") : NULL;
        struct series_version v;
        struct civil_date start, end;

        if (!period || !version || period->len != 21 ||
            date_parse_iso(period->str, 10, &start) < 0 ||
            date_parse_iso(period->str + 11, 10, &end) < 0)
            return -EBADMSG;
        int r = series_version_decode(version->str, version->len, &v);

        if (r == 0)
            r = series_offer(series, start, end, &v);
        if (r < 0)
            return r;
    }
    return 0;
}

static int take_series(void *arg, const redisReply *field, const redisReply *value)
{
    struct load *l = arg;
    json_t *j = json_parse(value->str, value->len, 0, NULL);
    struct record r = { 0 };
    const char *feed = json_string_value(json_object_get(j, "feed"));
    const char *unit = json_string_value(json_object_get(j, "unit"));
    int result = -EBADMSG;

    r.measure = json_string_value(json_object_get(j, "measure"));
    r.breakdown = json_string_value(json_object_get(j, "breakdown"));
    r.org = json_string_value(json_object_get(j, "org"));
    r.secondary = json_string_value(json_object_get(j, "secondary"));
    if (unit && unit_parse(unit, &r.unit) < 0)
        r.unit = UNIT_UNKNOWN;
    if (feed && r.measure && r.org) {
        const struct series *s = series_open(&l->books->series, feed, &r, r.org);

        result = !s ? -ENOMEM : strcmp(s->key, field->str) == 0 ? 0 : -EBADMSG;
        if (result == 0)
            result = remember(l, s->key, false);
    }
    json_decref(j);
    return result;
}

static int read_series(struct load *l, const char *name, const redisReply *reply)
{
    (void)name;
    int r = each_pair(reply, l, take_series);

    if (r == 0)
        ask_more(l);
    return r;
}

static int read_alert(struct load *l, const char *name, const redisReply *reply)
{
    const redisReply *state = field_of(reply, "state"), *revision = field_of(reply, "revision");
    struct stored_alert *a = state && revision ? calloc(1, sizeof *a) : NULL;

    answered(l);
    if (!a)
        return state && revision ? -ENOMEM : -EBADMSG;
    int r = alert_decode(state->str, state->len, &a->alert);

    if (r < 0) {
        free(a);
        return r;
    }
    a->revision = strtoul(revision->str, NULL, 10);
    return table_set(&l->books->alerts, name, a, NULL);
}

static int read_alert_ids(struct load *l, const char *name, const redisReply *reply)
{
    (void)name;
    if (reply->type != REDIS_REPLY_ARRAY)
        return -EBADMSG;
    for (size_t i = 0; i < reply->elements; i++) {
        if (reply->element[i]->type != REDIS_REPLY_STRING)
            return -EBADMSG;
        int r = remember(l, reply->element[i]->str, true);

        if (r < 0)
            return r;
    }
    ask_more(l);
    return 0;
}

struct told_reader {
    struct load *load;
    const char *receiver;
};

static int take_told(void *arg, const redisReply *field, const redisReply *value)
{
    struct told_reader *t = arg;
    AUTO(text_release) struct text key = TEXT_INIT;
    struct told told;
    struct civil_date day;

    (void)text_printf(&key, "%s|%s", t->receiver, field->str);
    if (!text_ok(&key))
        return -ENOMEM;
    if (strstr(field->str, "|day|")) {
        struct civil_date *copy = malloc(sizeof *copy);

        if (!copy)
            return -ENOMEM;
        if (date_parse_iso(value->str, value->len, &day) < 0) {
            free(copy);
            return -EBADMSG;
        }
        *copy = day;
        return table_set(&t->load->books->days, text_str(&key), copy, NULL);
    }
    if (told_decode(value->str, value->len, &told) < 0)
        return -EBADMSG;
    struct told *copy = malloc(sizeof *copy);

    if (!copy)
        return -ENOMEM;
    *copy = told;
    return table_set(&t->load->books->told, text_str(&key), copy, NULL);
}

static int read_told(struct load *l, const char *name, const redisReply *reply)
{
    struct told_reader t = { l, name };

    return each_pair(reply, &t, take_told);
}

static int read_outbox(struct load *l, const char *name, const redisReply *reply)
{
    (void)name;
    if (reply->type != REDIS_REPLY_ARRAY)
        return -EBADMSG;
    for (size_t i = 0; i < reply->elements; i++) {
        const redisReply *id, *fields = stream_entry(reply, i, &id);
        const redisReply *text = fields ? field_of(fields, "item") : NULL;
        struct outbox_item *item = NULL;
        int r = text ? outbox_item_decode(text->str, text->len, &item) : -EBADMSG;

        if (r < 0)
            return r;
        item->stream_id = strdup(id->str);
        r = item->stream_id ? books_add_outbox(l->books, item) : -ENOMEM;
        if (r < 0)
            return r;
    }
    return 0;
}

/* Of a message that is no longer due nothing is to be known. */
static int take_tries(void *arg, const redisReply *field, const redisReply *value)
{
    const struct load *l = arg;
    struct outbox_item *item = books_outbox_item(l->books, field->str);

    int r = item ? outbox_tries_decode(value->str, value->len, item) : 0;

    if (r == -EBADMSG)
        log_error("redis", "delivery=%s the record of its tries cannot be read: tried afresh",
                  field->str);
    return r == -ENOMEM ? r : 0;
}

static int read_tries(struct load *l, const char *name, const redisReply *reply)
{
    (void)name;
    return each_pair(reply, l, take_tries);
}

static int take_flying(void *arg, const redisReply *field, const redisReply *value)
{
    const struct load *l = arg;
    struct outbox_item *item = books_outbox_item(l->books, value->str);

    (void)field;
    if (item)
        item->was_flying = true;
    return 0;
}

/* Which dead letters Redis has a copy of. */
static int take_dead(void *arg, const redisReply *field, const redisReply *value)
{
    struct load *l = arg;

    return books_note_dead(l->books, field->str, value->str);
}

static int read_dead(struct load *l, const char *name, const redisReply *reply)
{
    (void)name;
    return each_pair(reply, l, take_dead);
}

/* field: "receiver|cell". */
static int take_released(void *arg, const redisReply *field, const redisReply *value)
{
    struct load *l = arg;
    json_t *j = json_parse(value->str, value->len, 0, NULL);
    const char *cell = strchr(field->str, '|');
    AUTO(auto_free) char *receiver = cell ? strndup(field->str, (size_t)(cell - field->str)) : NULL;
    struct release_entry e;
    int r = j && cell ? release_entry_of_json(j, &e) : -EBADMSG;

    if (r == 0)
        r = receiver ? release_keep(&l->books->released, receiver, cell + 1, &e) : -ENOMEM;
    json_decref(j);
    return r;
}

static int read_released(struct load *l, const char *name, const redisReply *reply)
{
    (void)name;
    return each_pair(reply, l, take_released);
}

static int read_flying(struct load *l, const char *name, const redisReply *reply)
{
    (void)name;
    return each_pair(reply, l, take_flying);
}

int store_load(struct store *s, const char *const *receivers, size_t receiver_count,
               struct books *books, store_done *done, void *arg)
{
    assert(!s->load);
    struct load *l = calloc(1, sizeof *l);

    if (!l)
        return -ENOMEM;
    *l = (struct load){ .store = s, .books = books, .done = done, .arg = arg, .waiting = 1 };
    s->load = l;
    s->why[0] = '\0';
    load_key(l, "HGETALL", "meta", read_meta, "");
    load_key(l, "HGETALL", "ledger", read_ledger, "");
    load_key(l, "HGETALL", "feeds", read_feeds, "");
    load_key(l, "HGETALL", "series", read_series, "");
    load_key(l, "SMEMBERS", "alerts", read_alert_ids, "");
    load_key(l, "XRANGE", "outbox", read_outbox, "");
    load_key(l, "HGETALL", "outbox:tries", read_tries, ""); /* answered after the outbox */
    load_key(l, "HGETALL", "outbox:flying", read_flying, "");
    load_key(l, "HGETALL", "dead", read_dead, "");
    load_key(l, "HGETALL", "released", read_released, "");
    for (size_t i = 0; i < receiver_count; i++) {
        AUTO(text_release) struct text key = TEXT_INIT;

        if (text_printf(&key, "told:%s", receivers[i]) == 0)
            load_key(l, "HGETALL", text_str(&key), read_told, receivers[i]);
        else if (l->error == 0)
            l->error = -ENOMEM; /* and not a receiver that was told nothing */
    }
    if (l->waiting == 1) { /* nothing could be sent */
        int r = l->error;

        s->load = NULL;
        load_free(l);
        return r;
    }
    l->waiting--;
    return 0;
}
