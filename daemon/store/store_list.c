#include "store/store_list.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "store/command.h"
#include "store/store_private.h"

/* ---- changing ---- */

int store_stage_lists(struct store *s, const struct list_blobs *parts, size_t part_count,
                      store_done *done, void *arg)
{
    struct command c = store_command(s, "stage_lists");
    size_t blobs = 0;

    for (size_t i = 0; i < part_count; i++) {
        const struct list_blobs *part = &parts[i];

        command_add(&c, part->name);
        command_add_printf(&c, "%" PRIu64, part->generation);
        command_add_printf(&c, "%zu", part->first_bucket);
        command_add_printf(&c, "%zu", part->count);
        for (size_t k = 0; k < part->count; k++)
            command_add_len(&c, part->blobs[k].at, part->blobs[k].len);
        blobs += part->count;
    }
    assert(blobs <= STAGE_BLOBS_MAX);
    return store_send(s, &c, done, arg);
}

static void add_feed(struct command *c, const struct list_commit *commit)
{
    command_add(c, commit->book->id);
    command_add_owned(c, feed_book_encode(commit->book));
    command_add_printf(c, "%" PRIu64, commit->expected);
    command_add(c, commit->entry ? commit->ledger_key : "");
    if (commit->entry)
        command_add_owned(c, ledger_entry_encode(commit->entry));
    else
        command_add(c, "");
}

static void add_lists(struct command *c, const struct list_commit *commit)
{
    command_add_printf(c, "%zu", commit->change_count);
    for (size_t i = 0; i < commit->change_count; i++) {
        const struct list_part_state *change = &commit->changes[i];

        command_add(c, change->name);
        command_add_printf(c, "%" PRIu64, change->expected);
        command_add_printf(c, "%zu", change->field_count);
        for (size_t k = 0; k < change->field_count; k++) {
            command_add(c, change->fields[k].name);
            command_add_len(c, change->fields[k].value.at, change->fields[k].value.len);
        }
    }
    store_add_cells(c, commit->cells, commit->cell_count);
}

int store_commit_list(struct store *s, const struct list_commit *commit, store_done *done,
                      void *arg)
{
    struct command c = store_command(s, "commit_list");

    add_feed(&c, commit);
    add_lists(&c, commit);
    return store_send(s, &c, done, arg);
}

int store_commit_events(struct store *s, const struct list_commit *commit,
                        const struct overlay_entry *entries, size_t count, store_done *done,
                        void *arg)
{
    struct command c = store_command(s, "commit_events");

    assert(count <= OVERLAY_ENTRIES_MAX);
    add_feed(&c, commit);
    command_add_printf(&c, "%zu", count);
    for (size_t i = 0; i < count; i++) {
        command_add(&c, entries[i].name);
        command_add_printf(&c, "%u", entries[i].bucket);
        command_add_len(&c, entries[i].pathway.at, entries[i].pathway.len);
        command_add_len(&c, entries[i].facts.at, entries[i].facts.len);
    }
    add_lists(&c, commit);
    return store_send(s, &c, done, arg);
}

/* ---- reading ---- */

#define READ_WINDOW 32 /* blobs asked for at a time */

struct list_load {
    struct store *store;
    char *name;
    struct list_reader reader;
    store_done *done;
    void *arg;
    uint64_t generation;
    size_t buckets, asked, in_flight;
    bool is_overlay; /* the overlay is being asked for; else the blobs */
    int error;
};

static void load_end(struct list_load *l)
{
    store_done *done = l->done;
    void *arg = l->arg;
    int error = l->error;

    free(l->name);
    free(l);
    done(arg, error);
}

static void ask(struct list_load *l);

static struct bytes bytes_of(const redisReply *reply)
{
    return (struct bytes){ reply->str, reply->len };
}

static int reply_error(enum redis_error error)
{
    return error == REDIS_OK_REPLY ? 0 : error == REDIS_NOT_SENT ? -ENOTCONN : -EIO;
}

/* Pairs of a HASH, to one of the reader's functions. */
static int each_field(const redisReply *reply, struct list_load *l,
                      int (*take)(struct list_load *l, const redisReply *name,
                                  const redisReply *value))
{
    int r = reply->type == REDIS_REPLY_ARRAY && reply->elements % 2 == 0 ? 0 : -EBADMSG;

    for (size_t i = 0; r == 0 && i < reply->elements; i += 2) {
        const redisReply *name = reply->element[i], *value = reply->element[i + 1];

        r = name->type == REDIS_REPLY_STRING && value->type == REDIS_REPLY_STRING
                ? take(l, name, value)
                : -EBADMSG;
    }
    return r;
}

static int take_overlaid(struct list_load *l, const redisReply *name, const redisReply *value)
{
    return l->reader.overlaid(l->reader.arg, bytes_of(name), bytes_of(value));
}

static int take_field(struct list_load *l, const redisReply *name, const redisReply *value)
{
    if (strcmp(name->str, "generation") == 0)
        l->generation = strtoull(value->str, NULL, 10);
    if (strcmp(name->str, "buckets") == 0)
        l->buckets = strtoull(value->str, NULL, 10);
    return l->reader.field(l->reader.arg, name->str, bytes_of(value));
}

static void on_part(void *arg, enum redis_error error, const redisReply *reply)
{
    struct list_load *l = arg;
    int r = reply_error(error);

    l->in_flight--;
    if (r == 0 && l->error == 0 && l->is_overlay)
        r = each_field(reply, l, take_overlaid);
    else if (r == 0 && l->error == 0)
        r = reply->type == REDIS_REPLY_STRING ? l->reader.blob(l->reader.arg, bytes_of(reply))
                                              : -EBADMSG;
    if (l->error == 0)
        l->error = r;
    ask(l);
}

/* Asks for parts as long as the window has room; blobs to their end, then the overlay. */
static void ask(struct list_load *l)
{
    for (;;) {
        size_t count = l->is_overlay ? OVERLAY_BUCKETS : l->buckets;

        if (l->error == 0 && l->asked == count && l->in_flight == 0 && !l->is_overlay) {
            l->is_overlay = true;
            l->asked = 0;
            continue;
        }
        if (l->error < 0 || l->asked == count || l->in_flight == READ_WINDOW)
            break;
        struct command c = { 0 };

        command_add(&c, l->is_overlay ? "HGETALL" : "GET");
        command_add_printf(&c, "%slist:%s:%c%" PRIu64 ":%zu", l->store->prefix, l->name,
                           l->is_overlay ? 'o' : 'g', l->generation, l->asked++);
        l->error =
            c.error ? c.error
                    : redis_call(l->store->redis, (int)c.count, c.argv, c.lengths, 0, on_part, l);
        l->in_flight += l->error == 0;
        command_release(&c);
    }
    if (l->in_flight == 0)
        load_end(l);
}

static void on_cur(void *arg, enum redis_error error, const redisReply *reply)
{
    struct list_load *l = arg;

    l->error = reply_error(error);
    if (l->error == 0)
        l->error = each_field(reply, l, take_field);
    if (l->error < 0 || l->generation == 0)
        load_end(l);
    else
        ask(l);
}

int store_load_list(struct store *s, const char *name, struct list_reader reader, store_done *done,
                    void *arg)
{
    struct list_load *l = calloc(1, sizeof *l);
    struct command c = { 0 };
    int r = l ? 0 : -ENOMEM;

    if (r == 0) {
        *l = (struct list_load){ .store = s, .reader = reader, .done = done, .arg = arg };
        l->name = strdup(name);
        command_add(&c, "HGETALL");
        command_add_printf(&c, "%slist:%s:cur", s->prefix, name);
        r = !l->name ? -ENOMEM : c.error;
    }
    if (r == 0)
        r = redis_call(s->redis, (int)c.count, c.argv, c.lengths, 0, on_cur, l);
    command_release(&c);
    if (r < 0 && l) {
        free(l->name);
        free(l);
    }
    return r;
}

/* ---- sweeping: SCAN finds the names, the library removes those that are not in force ---- */

#define SCAN_COUNT "500"

struct list_sweep {
    struct store *store;
    store_done *done;
    void *arg;
    char *cursor;
};

static void sweep_end(struct list_sweep *w, int result)
{
    store_done *done = w->done;
    void *arg = w->arg;

    free(w->cursor);
    free(w);
    done(arg, result);
}

static int scan(struct list_sweep *w);

static void go_on(struct list_sweep *w, int r)
{
    if (r == 0 && strcmp(w->cursor, "0") != 0) {
        r = scan(w);
        if (r == 0)
            return;
    }
    sweep_end(w, r);
}

static void on_swept(void *arg, enum redis_error error, const redisReply *reply)
{
    (void)reply;
    go_on(arg, reply_error(error));
}

static int sweep_names(struct list_sweep *w, const redisReply *names)
{
    AUTO(auto_free) const char **words = calloc(names->elements, sizeof *words);
    AUTO(auto_free) size_t *lengths = calloc(names->elements, sizeof *lengths);

    if (!words || !lengths)
        return -ENOMEM;
    for (size_t i = 0; i < names->elements; i++) {
        if (names->element[i]->type != REDIS_REPLY_STRING)
            return -EBADMSG;
        words[i] = names->element[i]->str;
        lengths[i] = names->element[i]->len;
    }
    return store_call(w->store, "sweep_lists", words, lengths, names->elements, on_swept, w);
}

static void on_scanned(void *arg, enum redis_error error, const redisReply *reply)
{
    struct list_sweep *w = arg;
    int r = reply_error(error);

    if (r == 0 && (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
                   reply->element[0]->type != REDIS_REPLY_STRING ||
                   reply->element[1]->type != REDIS_REPLY_ARRAY))
        r = -EBADMSG;
    if (r == 0) {
        free(w->cursor);
        w->cursor = strdup(reply->element[0]->str);
        r = w->cursor ? 0 : -ENOMEM;
    }
    if (r == 0 && reply->element[1]->elements > 0) {
        r = sweep_names(w, reply->element[1]);
        if (r == 0)
            return;
    }
    go_on(w, r);
}

static int scan(struct list_sweep *w)
{
    struct command c = { 0 };

    command_add(&c, "SCAN");
    command_add(&c, w->cursor);
    command_add(&c, "MATCH");
    command_add_printf(&c, "%slist:*", w->store->prefix);
    command_add(&c, "COUNT");
    command_add(&c, SCAN_COUNT);
    int r = c.error
                ? c.error
                : redis_call(w->store->redis, (int)c.count, c.argv, c.lengths, 0, on_scanned, w);

    command_release(&c);
    return r;
}

int store_sweep_lists(struct store *s, store_done *done, void *arg)
{
    struct list_sweep *w = calloc(1, sizeof *w);
    int r = w ? 0 : -ENOMEM;

    if (r == 0) {
        *w = (struct list_sweep){ s, done, arg, strdup("0") };
        r = w->cursor ? scan(w) : -ENOMEM;
    }
    if (r < 0 && w) {
        free(w->cursor);
        free(w);
    }
    return r;
}
