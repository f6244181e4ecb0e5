#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "store/json_read.h"

/*
 * What an instance received and was told by people, again, on its dates: `waitlistctl backtest` over the
 * stored history. The journals and the archive of the instance are read, which may run meanwhile, and
 * nothing of them is changed; what is needed is copied when its date comes. The journal of arrivals is read
 * before that of receipts: a file that is settled between the two comes twice in a row, which changes nothing.
 *
 * A receipt counts on the date on which it was received. One of a file that was brought in as history (backfill) counts on the last day on
 * which its newest period was in time: the end of the period and the grace. Of what people did, decisions on
 * files are receipts; awaited dates (feed expect) and charts begun anew (spc rebase) come again too.
 */

struct past {
    struct civil_date on;
    uint64_t sequence; /* in the journal that it is from */
    bool is_act;
    json_t *record;
    uint64_t now;  /* a receipt's number in the simulation; 0: not yet */
    json_t *bytes; /* of a file that had arrived and was not archived; NULL: the archive has them */
};

struct history {
    const struct pipeline *pipeline;
    char *state;
    struct archive *archive; /* NULL: nothing was ever received */
    struct past *list;       /* by date; receipts in order of receipt before acts */
    size_t count, cap, next;
};

static const char *text_of(const json_t *record, const char *key)
{
    return json_string_value(json_object_get(record, key));
}

/* ---- reading it ---- */

static struct civil_date received_on(const struct pipeline *p, const json_t *record)
{
    const struct wall_time at = { json_integer_value(json_object_get(record, "at_ms")) };
    const char *newest = text_of(record, "newest"), *feed = text_of(record, "feed");
    const struct feed_setting *f = feed ? pipeline_feed(p, feed) : NULL;
    struct civil_date end = DATE_NONE;

    if (!json_is_true(json_object_get(record, "backfill")) || !f || f->cadence == CADENCE_DATES ||
        !newest || date_parse_iso(newest, strlen(newest), &end) < 0)
        return wall_date(at);
    const struct feed_schedule schedule = feed_schedule_of(p->config->settings, f);
    const struct feed_due due = feed_due(&schedule, DATE_NONE, date_add_days(end, -1), DATE_NONE);

    return date_is_set(due.due) ? due.due : wall_date(at);
}

static void release(struct past *past)
{
    json_decref(past->record);
    json_decref(past->bytes);
}

/* Takes the record and the bytes. */
static int add(struct history *h, struct past past)
{
    if (h->count == h->cap) {
        size_t cap = h->cap ? h->cap * 2 : 64;
        struct past *list = realloc(h->list, cap * sizeof *list);

        if (!list) {
            release(&past);
            return -ENOMEM;
        }
        h->list = list;
        h->cap = cap;
    }
    h->list[h->count++] = past;
    return 0;
}

static int add_receipt(struct history *h, uint64_t sequence, const char *json, size_t len,
                       json_t *bytes)
{
    json_t *record = json_parse(json, len, 0, NULL);

    return record ? add(h, (struct past){ .on = received_on(h->pipeline, record),
                                          .sequence = sequence,
                                          .record = record,
                                          .bytes = json_incref(bytes) })
                  : -ENOMEM;
}

static int read_receipt(void *arg, uint64_t sequence, const char *json, size_t len)
{
    return add_receipt(arg, sequence, json, len, NULL);
}

static int read_arrival(void *arg, uint64_t sequence, const char *json, size_t len)
{
    json_t *j = json_parse(json, len, 0, NULL), *bytes = json_object_get(j, "bytes");
    const char *receipt = j ? text_of(j, "receipt") : NULL;
    uint64_t number;
    int r = receipt && json_is_string(bytes) ? json_read_count(j, "number", &number) : -EBADMSG;

    (void)sequence;
    if (r == 0)
        r = add_receipt(arg, number, receipt, strlen(receipt), bytes);
    json_decref(j);
    return r;
}

static int read_act(void *arg, uint64_t sequence, const char *json, size_t len)
{
    static const char *const acts[] = { "feed-expect", "spc-rebase", "spc-unrebase" };
    struct history *h = arg;
    json_t *record = json_parse(json, len, 0, NULL);
    const char *act = record ? text_of(record, "act") : NULL;

    for (size_t i = 0; act && i < sizeof acts / sizeof acts[0]; i++)
        if (strcmp(act, acts[i]) == 0) {
            const struct wall_time at = { json_integer_value(json_object_get(record, "at_ms")) };

            return add(h, (struct past){ .on = wall_date(at),
                                         .sequence = sequence,
                                         .is_act = true,
                                         .record = record });
        }
    json_decref(record);
    return 0;
}

static int by_date(const void *a, const void *b)
{
    const struct past *x = a, *y = b;
    int order = date_compare(x->on, y->on);

    if (order == 0)
        order = x->is_act - y->is_act;
    return order ? order : x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static int walk(const char *state, const char *name, journal_reader *reader, struct history *h)
{
    AUTO(auto_free) char *path = path_join(state, name);
    int r = path ? journal_walk(path, reader, h) : -ENOMEM;

    if (r < 0 && r != -ENOENT)
        log_error("history", "file=\"%s\" error=\"%s\"", path ? path : name, strerror(-r));
    return r;
}

int history_open(struct pipeline *p, const char *state, struct history **out)
{
    struct history *h = calloc(1, sizeof *h);
    AUTO(auto_free) char *archive = path_join(state, "archive");
    int r = h && archive ? 0 : -ENOMEM;

    if (r == 0) {
        h->pipeline = p;
        h->state = strdup(state);
        r = h->state ? walk(state, "journal/arrivals", read_arrival, h) : -ENOMEM;
    }
    if (r == 0 || r == -ENOENT) /* an older instance has none */
        r = walk(state, "journal/received", read_receipt, h);
    if (r == 0)
        r = walk(state, "journal/audit", read_act, h);
    if (r == 0)
        r = archive_open_reading(archive, &h->archive);
    if (r == -ENOENT)
        log_error("history", "state=\"%s\": no instance has run there", state);
    if (r < 0) {
        history_free(h);
        return r;
    }
    if (h->count)
        qsort(h->list, h->count, sizeof *h->list, by_date);
    *out = h;
    return 0;
}

void history_free(struct history *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->count; i++)
        release(&h->list[i]);
    archive_close(h->archive);
    free(h->list);
    free(h->state);
    free(h);
}

/* ---- its dates come ---- */

#define PART_BYTES (64 << 10)

/* Into our archive; one that the instance has no more is missing here as it is there. */
static int copy_archived(struct pipeline *p, const struct history *h, const char *sha256)
{
    AUTO(fd_close) int from = sha256 ? archive_read(h->archive, sha256) : -ENOENT;
    AUTO(fd_close) int there = sha256 ? archive_read(p->archive, sha256) : -ENOENT;
    struct archive_file *file = NULL;
    char copied[SHA256_TEXT_MAX];
    ssize_t n = 0;

    if (from == -ENOENT || from == -EINVAL || there >= 0)
        return 0;
    int r = from < 0 ? from : archive_begin(p->archive, &file);
    AUTO(auto_free) char *part = malloc(PART_BYTES);

    if (r == 0 && !part)
        r = -ENOMEM;
    while (r == 0 && (n = read(from, part, PART_BYTES)) > 0)
        r = archive_write(file, part, (size_t)n);
    if (r == 0 && n < 0)
        r = -errno;
    if (file && r < 0)
        archive_abort(file);
    return r < 0 ? r : archive_commit(file, copied);
}

/* A file that had arrived and was not archived. */
static int archive_arrival(struct pipeline *p, const json_t *bytes)
{
    struct archive_file *file = NULL;
    char sha256[SHA256_TEXT_MAX];
    int r = archive_begin(p->archive, &file);

    if (r == 0)
        r = archive_write(file, json_string_value(bytes), json_string_length(bytes));
    if (r == 0)
        return archive_commit(file, sha256);
    archive_abort(file);
    return r;
}

static int copy_files(struct pipeline *p, const struct history *h, const struct past *past)
{
    const json_t *record = past->record;
    const char *archived = text_of(record, "archived"), *renamed = text_of(record, "renamed");
    int r = past->bytes ? archive_arrival(p, past->bytes)
                        : copy_archived(p, h, archived ? archived : text_of(record, "sha256"));

    if (r == 0)
        r = copy_archived(p, h, text_of(record, "format_digest"));
    if (r == 0 && renamed)
        r = renamed_copy(p, h->state, renamed);
    return r;
}

/* A decision names its file by number, which is another here. Returns 0; -ENOENT: its file comes later, or
 * never. */
static int renumber(const struct history *h, json_t *record)
{
    uint64_t decides = (uint64_t)json_integer_value(json_object_get(record, "decides"));

    if (!decides)
        return 0;
    for (size_t i = 0; i < h->next; i++)
        if (!h->list[i].is_act && h->list[i].sequence == decides && h->list[i].now)
            return json_object_set_new(record, "decides",
                                       json_integer((json_int_t)h->list[i].now)) < 0
                       ? -ENOMEM
                       : 0;
    return -ENOENT;
}

static int receive(struct pipeline *p, const struct history *h, struct past *past)
{
    int64_t at = json_integer_value(json_object_get(past->record, "at_ms"));
    bool is_of_day = date_compare(wall_date((struct wall_time){ at }), past->on) == 0;
    int r = renumber(h, past->record);

    if (r < 0)
        return r == -ENOENT ? 0 : r;
    if (!is_of_day)
        at = wall_of_date(past->on).ms + (int64_t)CLOCK_NOON_HOURS * 3600 * 1000;
    if (json_object_set_new(past->record, "at_ms", json_integer(at)) < 0)
        return -ENOMEM;
    r = copy_files(p, h, past);
    AUTO(auto_free) char *text = r == 0 ? json_text(past->record, JSON_COMPACT) : NULL;

    if (r == 0)
        r = text ? journal_append(p->received, text, strlen(text), &past->now) : -ENOMEM;
    return r < 0 ? r
                 : pipeline_took_record(p, "received",
                                        receipt_read(p, past->now, text, strlen(text)));
}

static int act_again(struct pipeline *p, const struct past *past)
{
    int r = audit_append(p, json_deep_copy(past->record));

    return r == 0 ? act_take(p, past->record) : r;
}

int history_receive(struct pipeline *p, struct history *h, struct civil_date date)
{
    int r = 0;

    for (; r == 0 && h->next < h->count && date_compare(h->list[h->next].on, date) <= 0; h->next++)
        r = h->list[h->next].is_act ? act_again(p, &h->list[h->next])
                                    : receive(p, h, &h->list[h->next]);
    return r;
}
