#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/text.h"
#include "outbox/retry.h"

/*
 * The sent journal: what became of each message. (1) An outcome (delivered, dead, dropped) is
 * synced here before Redis hears of it. (2) Told-state follows from these records, so it survives
 * the loss of Redis: whose message was taken, given up or dropped counts as told.
 * (3) A dead letter's record holds the frozen message itself, so that a person can have it sent
 * years later. (4) So does the record of a message that becomes due, synced before Redis hears of it:
 * what Redis lost leaves as it was frozen, under its id (pipeline_pending.c).
 */

static int note_day(struct pipeline *p, const json_t *record, const char *receiver,
                    const char *recipient)
{
    AUTO(text_release) struct text key = TEXT_INIT;
    const char *group = json_string_value(json_object_get(record, "group"));
    const char *on = json_string_value(json_object_get(record, "day"));
    struct civil_date day = DATE_NONE;

    if (!group)
        return 0;
    if (!on || date_parse_iso(on, strlen(on), &day) < 0)
        return -EBADMSG;
    (void)text_printf(&key, "%s|%s|day|%s", receiver, recipient, group);
    return text_ok(&key) ? day_keep(&p->sent_days, text_str(&key), day) : -ENOMEM;
}

/* is_taken: by the receiver; else given up, dropped, or another daemon's. */
static int note_tells(struct pipeline *p, const char *receiver, const char *recipient,
                      const struct tell *tells, size_t count, bool is_taken)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++) {
        AUTO(text_release) struct text key = TEXT_INIT;

        (void)text_printf(&key, "%s|%s|%s", receiver, recipient, tells[i].episode);
        r = text_ok(&key) ? told_keep(&p->sent_tells, text_str(&key), &tells[i].told) : -ENOMEM;
        if (r == 0 && is_taken)
            r = told_keep(&p->got_tells, text_str(&key), &tells[i].told);
    }
    return r;
}

static int note_due(struct pipeline *p, const json_t *list)
{
    int r = json_is_array(list) ? 0 : -EBADMSG;

    for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
        struct outbox_item *item = NULL;

        r = outbox_item_of_json(json_array_get(list, i), &item);
        if (r == 0)
            r = released_note(p, item->receiver,
                              json_object_get(json_array_get(list, i), "released"));
        if (r == 0)
            r = pending_add(p, item);
        else
            outbox_item_free(item);
    }
    return r;
}

/* What a digest stands for is done with, also where an older copy of Redis knows it as due. */
static int note_replaced(struct pipeline *p, const char *ids)
{
    static const char replaced[] = "digest";
    char id[ALERT_ID_MAX];
    int r = 0;

    while (r == 0 && outbox_next_replaced(&ids, id))
        r = table_set(&p->sent_ids, id, (void *)(uintptr_t)replaced, NULL);
    return r;
}

/* The frozen data of a message that was due, or given up and due again; NULL: not known, or none. */
static const char *data_of(const struct pipeline *p, const char *id)
{
    const struct outbox_item *item = pending_item(p, id);
    const struct letter *letter = letter_find(p, id);

    return item ? item->json : letter ? letter->item->json : NULL;
}

static int note_message(struct pipeline *p, const json_t *record, uint64_t sequence)
{
    static const char delivered[] = "delivered", dropped[] = "dropped";
    const char *id = json_string_value(json_object_get(record, "delivery_id"));
    const char *receiver = json_string_value(json_object_get(record, "receiver"));
    const char *recipient = json_string_value(json_object_get(record, "recipient"));
    const char *outcome = json_string_value(json_object_get(record, "outcome"));
    AUTO(auto_free) struct tell *tells = NULL;
    size_t count = 0;
    int r = id && receiver && recipient
                ? tells_of_json(json_object_get(record, "tells"), &tells, &count)
                : -EBADMSG;

    if (r < 0)
        return r;
    if (!outcome) {
        r = resend_note(p, receiver, data_of(p, id));
        letters_delivered(p, id, receiver, recipient);
        r = r < 0 ? r : table_set(&p->sent_ids, id, (void *)(uintptr_t)delivered, NULL);
    } else if (strcmp(outcome, "dead") == 0) {
        r = letters_add(p, record, sequence);
    } else {
        letters_remove(p, id);
        r = table_set(&p->sent_ids, id, (void *)(uintptr_t)dropped, NULL);
    }
    if (r == 0)
        r = note_replaced(p, json_string_value(json_object_get(record, "replaces")));
    if (r == 0)
        r = note_tells(p, receiver, recipient, tells, count, !outcome);
    if (r == 0)
        pending_settle(p, id);
    return r == 0 ? note_day(p, record, receiver, recipient) : r;
}

static int note_elsewhere(struct pipeline *p, const json_t *list)
{
    int r = json_is_array(list) ? 0 : -EBADMSG;

    for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
        r = note_message(p, json_array_get(list, i), 0);
    return r;
}

static int note_outcome(struct pipeline *p, const json_t *record, uint64_t sequence)
{
    const json_t *due = json_object_get(record, "due"),
                 *elsewhere = json_object_get(record, "elsewhere");

    const json_t *released = json_object_get(record, "released");

    if (released)
        return released_note(p, json_string_value(json_object_get(record, "receiver")), released);
    if (due || elsewhere)
        return due ? note_due(p, due) : note_elsewhere(p, elsewhere);
    return json_object_get(record, "direct") ? direct_note(p, record)
                                             : note_message(p, record, sequence);
}

int sent_read(void *arg, uint64_t sequence, const char *json, size_t len)
{
    json_t *record = json_parse(json, len, 0, NULL);
    int r = note_outcome(arg, record, sequence);

    json_decref(record);
    return r;
}

/* Nobody may hear of it before audit_sync(), which syncs both. begins: the disk syncs it meanwhile. */
static int sent_write(struct pipeline *p, json_t *record, bool begins)
{
    char at[WALL_TEXT_MAX];
    struct wall_time now = clock_wall(&p->clock);
    uint64_t sequence;
    bool is_dated = json_object_get(record, "at_ms") != NULL; /* adopted: it says when */
    int r =
        record && (is_dated ||
                   (json_object_set_new(record, "at", json_string(wall_format(now, at))) == 0 &&
                    json_object_set_new(record, "at_ms", json_integer((json_int_t)now.ms)) == 0))
            ? arrivals_sync(p)
            : -ENOMEM;
    AUTO(auto_free) char *text = r == 0 ? json_text(record, JSON_COMPACT) : NULL;

    if (r == 0)
        r = text ? journal_write(p->sent, text, strlen(text), &sequence) : -ENOMEM;
    if (r == 0 && begins)
        journal_sync_begin(p->sent);
    if (r == -ENOTRECOVERABLE) {
        log_error("sent", "what the journal holds is known by the next start alone");
        pipeline_stop(p, 1);
    }
    if (r == 0)
        r = pipeline_took_record(p, "sent", note_outcome(p, record, sequence));
    json_decref(record);
    return r;
}

int sent_append(struct pipeline *p, json_t *record)
{
    int r = sent_write(p, record, false);

    return r == 0 ? audit_sync(p) : r;
}

/* What every record says of a message (new reference, or NULL). */
static json_t *record_of(const struct outbox_item *item)
{
    char day[DATE_TEXT_MAX];

    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:o, s:s*}", "delivery_id", item->delivery_id,
                     "receiver", item->receiver, "recipient", item->recipient, "group", item->group,
                     "day", item->group ? date_format(item->day, day) : NULL, "tells",
                     tells_to_json(item->tells, item->tell_count), "replaces", item->replaces);
}

#define DUE_RECORD_BYTES (1u << 20) /* frozen bytes in a record, more or less */

/* Appends the record, if it has anything to say, and begins the next. */
static int flush_due(struct pipeline *p, json_t **list)
{
    json_t *full = *list;

    *list = json_array();
    if (json_array_size(full) > 0)
        return sent_write(p, json_pack("{s:o}", "due", full), true);
    json_decref(full);
    return 0;
}

int sent_due_begin(struct pipeline *p, struct outbox_item *const *items, size_t count)
{
    json_t *list = json_array();
    size_t bytes = 0;
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++) {
        if (pending_item(p, items[i]->delivery_id))
            continue; /* noted before a crash */
        r = json_array_append_new(list, outbox_item_json(items[i])) < 0 ? -ENOMEM : 0;
        bytes += (items[i]->eml ? strlen(items[i]->eml) : 0) +
                 (items[i]->json ? strlen(items[i]->json) : 0);
        if (r == 0 && bytes >= DUE_RECORD_BYTES) {
            r = flush_due(p, &list);
            bytes = 0;
        }
    }
    if (r == 0)
        r = flush_due(p, &list);
    for (size_t i = 0; r == 0 && i < count; i++)
        pending_tried(p, items[i]);
    json_decref(list);
    return r;
}

int sent_due(struct pipeline *p, struct outbox_item *const *items, size_t count)
{
    int r = sent_due_begin(p, items, count);

    return r == 0 ? audit_sync(p) : r;
}

int sent_delivered(struct pipeline *p, const struct outbox_item *item,
                   const struct delivery_result *result)
{
    const struct receiver_setting *r = settings_receiver(p->config->settings, item->receiver);
    char server[NOTIFY_SERVER_MAX] = "";
    json_t *record = record_of(item), *more;

    if (r && r->kind != RECEIVER_SPOOL) /* whose folder concerns nobody else */
        notify_server(r, server);
    more = json_pack("{s:s, s:I, s:s}", "accepted_by", server, "code", (json_int_t)result->code,
                     "answer", result->text);
    if (!more || json_object_update(record, more) < 0) {
        json_decref(record);
        record = NULL;
    }
    json_decref(more);
    return sent_append(p, record);
}

int sent_dead(struct pipeline *p, const struct outbox_item *item, const char *address)
{
    AUTO(auto_free) char *frozen = outbox_item_encode(item);
    json_t *record = record_of(item);
    json_t *more = json_pack("{s:s, s:s, s:I, s:i, s:b, s:s, s:s}", "outcome", "dead", "why",
                             item->why, "code", (json_int_t)item->code, "tries", (int)item->tries,
                             "permanent", (int)(item->last_cause == RETRY_REFUSED_FOR_GOOD),
                             "address", address, "item", frozen ? frozen : "");

    if (!frozen || json_object_update(record, more) < 0) {
        json_decref(record);
        record = NULL;
    }
    json_decref(more);
    return sent_append(p, record);
}

int sent_dropped(struct pipeline *p, const struct outbox_item *item)
{
    json_t *record = record_of(item);

    if (json_object_set_new(record, "outcome", json_string("dropped")) < 0) {
        json_decref(record);
        record = NULL;
    }
    return sent_append(p, record);
}

int sent_elsewhere(struct pipeline *p, json_t *list)
{
    return sent_append(
        p, json_pack("{s:s, s:o}", "told_by", store_led_before(p->store), "elsewhere", list));
}

json_t *sent_entry(const char *delivery_id, const char *receiver, const char *recipient,
                   const struct tell *tells, size_t count)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "delivery_id", delivery_id, "receiver", receiver,
                     "recipient", recipient, "outcome", "elsewhere", "tells",
                     tells_to_json(tells, count));
}
