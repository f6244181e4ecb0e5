#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"
#include "outbox/retry.h"

/*
 * Delivering frozen messages. Invariants: (1) a delivery id is under way at most once, whatever
 * becomes of the books meanwhile; (2) what a receiver took is in the sent journal, synced, before
 * Redis hears of it, and is never sent again; (3) the sent journal holds what was told, so that
 * told-state survives the loss of Redis; (4) an outcome that Redis would not take is only marked
 * again, the receiver is not asked again; (5) no message waits behind another that failed.
 */

#define DEAD_AFTER_MS (120LL * 3600 * 1000) /* DESIGN section 10: dead letter after 120 h */
#define MARK_AGAIN_MS 30000

/* ---- the sent journal ---- */

static int keep_day(struct pipeline *p, const char *receiver, const char *recipient,
                    const char *group, struct civil_date day)
{
    AUTO(text_release) struct text key = TEXT_INIT;

    if (!group)
        return 0;
    (void)text_printf(&key, "%s|%s|day|%s", receiver, recipient, group);
    return text_ok(&key) ? day_keep(&p->sent_days, text_str(&key), day) : -ENOMEM;
}

static int note_sent(struct pipeline *p, const char *delivery_id, const char *receiver,
                     const char *recipient, const struct tell *tells, size_t count)
{
    int r = table_set(&p->sent_ids, delivery_id, p, NULL);

    for (size_t i = 0; r == 0 && i < count; i++) {
        AUTO(text_release) struct text key = TEXT_INIT;

        (void)text_printf(&key, "%s|%s|%s", receiver, recipient, tells[i].episode);
        r = text_ok(&key) ? told_keep(&p->sent_tells, text_str(&key), &tells[i].told) : -ENOMEM;
    }
    return r;
}

int sent_read(void *arg, uint64_t sequence, const char *json, size_t len)
{
    struct pipeline *p = arg;
    json_t *j = json_loadb(json, len, 0, NULL);
    const char *id = json_string_value(json_object_get(j, "delivery_id"));
    const char *receiver = json_string_value(json_object_get(j, "receiver"));
    const char *recipient = json_string_value(json_object_get(j, "recipient"));
    AUTO(auto_free) struct tell *tells = NULL;
    const char *group = json_string_value(json_object_get(j, "group"));
    const char *on = json_string_value(json_object_get(j, "day"));
    struct civil_date day = DATE_NONE;
    size_t count = 0;
    int r = id && receiver && recipient ? tells_of_json(json_object_get(j, "tells"), &tells, &count)
                                        : -EBADMSG;

    (void)sequence;
    if (r == 0 && group && (!on || date_parse_iso(on, strlen(on), &day) < 0))
        r = -EBADMSG;
    if (r == 0)
        r = note_sent(p, id, receiver, recipient, tells, count);
    if (r == 0)
        r = keep_day(p, receiver, recipient, group, day);
    json_decref(j);
    return r;
}

/* ---- attempts ---- */

/* One attempt; the item may be gone (books loaded again) when it ends, so it is found by its id. */
struct attempt {
    struct pipeline *pipeline;
    char delivery_id[ALERT_ID_MAX];
    char *receiver, *recipient, *group; /* group may be NULL */
    struct civil_date day;
    struct tell *tells;
    size_t tell_count;
};

static void attempt_free(void *value)
{
    struct attempt *a = value;

    if (!a)
        return;
    free(a->receiver);
    free(a->recipient);
    free(a->group);
    free(a->tells);
    free(a);
}

static struct attempt *attempt_new(struct pipeline *p, const struct outbox_item *item)
{
    struct attempt *a = calloc(1, sizeof *a);

    if (!a)
        return NULL;
    a->pipeline = p;
    (void)snprintf(a->delivery_id, sizeof a->delivery_id, "%s", item->delivery_id);
    a->receiver = strdup(item->receiver);
    a->recipient = strdup(item->recipient);
    a->group = item->group ? strdup(item->group) : NULL;
    a->day = item->day;
    a->tells = calloc(item->tell_count + 1, sizeof *a->tells);
    if (a->tells && item->tell_count)
        memcpy(a->tells, item->tells, item->tell_count * sizeof *a->tells);
    a->tell_count = item->tell_count;
    if (!a->receiver || !a->recipient || !a->tells || !a->group != !item->group ||
        table_set(&p->flying, a->delivery_id, a, NULL) < 0) {
        attempt_free(a);
        return NULL;
    }
    return a;
}

/* It has landed: the id may be tried again. */
static void attempt_end(struct attempt *a)
{
    struct pipeline *p = a->pipeline;

    (void)table_remove(&p->flying, a->delivery_id);
    attempt_free(a);
    pipeline_wake(p);
}

void deliver_abort(struct pipeline *p)
{
    table_release(&p->flying, attempt_free);
}

static struct outbox_item *item_of(const struct pipeline *p, const char *delivery_id)
{
    for (size_t i = 0; i < p->books.outbox_count; i++)
        if (strcmp(p->books.outbox[i]->delivery_id, delivery_id) == 0)
            return p->books.outbox[i];
    return NULL;
}

static void on_told(void *arg, int result)
{
    struct attempt *a = arg;
    struct pipeline *p = a->pipeline;
    struct outbox_item *item = item_of(p, a->delivery_id);

    if (result == 0 && item) {
        books_remove_outbox(&p->books, item);
    } else if (item) { /* delivered or given up, and Redis does not know: told again later */
        item->next_try.ms = clock_mono(&p->clock).ms + MARK_AGAIN_MS;
        log_warning("deliver", "delivery=%s its outcome was not taken by Redis, again in %d s",
                    item->delivery_id, MARK_AGAIN_MS / 1000);
    }
    attempt_end(a);
}

/* Marks the outcome in Redis. Ends the attempt. */
static void mark(struct attempt *a, struct outbox_item *item)
{
    struct pipeline *p = a->pipeline;
    int r = store_told(p->store, item, item->dead_json != NULL,
                       item->dead_json ? item->dead_json : "", on_told, a);

    if (r < 0) {
        item->next_try.ms = clock_mono(&p->clock).ms + MARK_AGAIN_MS;
        attempt_end(a);
    }
}

static int journal_sent(const struct attempt *a)
{
    struct pipeline *p = a->pipeline;
    char at[WALL_TEXT_MAX];
    struct wall_time now = clock_wall(&p->clock);
    char day[DATE_TEXT_MAX];
    json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s?, s:s?, s:o}", "delivery_id",
                          a->delivery_id, "receiver", a->receiver, "recipient", a->recipient, "at",
                          wall_format(now, at), "at_ms", (json_int_t)now.ms, "group", a->group,
                          "day", a->group ? date_format(a->day, day) : NULL, "tells",
                          tells_to_json(a->tells, a->tell_count));
    AUTO(auto_free) char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
    uint64_t sequence;
    int r = text ? journal_append(p->sent, text, strlen(text), &sequence) : -ENOMEM;

    json_decref(j);
    if (r == 0)
        r = note_sent(p, a->delivery_id, a->receiver, a->recipient, a->tells, a->tell_count);
    return r == 0 ? keep_day(p, a->receiver, a->recipient, a->group, a->day) : r;
}

static char *dead_letter(const struct outbox_item *item, const struct delivery_result *result)
{
    json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:i}", "delivery_id", item->delivery_id, "receiver",
                          item->receiver, "recipient", item->recipient, "why", result->text, "code",
                          (int)result->code);
    char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

    json_decref(j);
    return text;
}

static void rest(struct pipeline *p, const char *receiver, int64_t wait_ms)
{
    struct mono_time *until = malloc(sizeof *until);
    void *old = NULL;

    if (!until)
        return;
    until->ms = clock_mono(&p->clock).ms + wait_ms;
    if (table_set(&p->resting, receiver, until, &old) < 0)
        free(until);
    free(old);
}

static void on_delivered(struct attempt *a, struct outbox_item *item)
{
    struct pipeline *p = a->pipeline;

    log_info("deliver", "delivery=%s receiver=%s delivered", a->delivery_id, a->receiver);
    if (journal_sent(a) < 0) {
        /* It went out and we could not write that down: stop, at most one copy more under its id. */
        log_error("deliver", "delivery=%s the sent journal failed", a->delivery_id);
        pipeline_stop(p, 1);
        attempt_end(a);
    } else if (item) {
        mark(a, item);
    } else { /* the books were loaded again meanwhile: marked when it is due there */
        attempt_end(a);
    }
}

static void on_attempt(void *arg, const struct delivery_result *result)
{
    static const enum retry_cause causes[] = {
        [DELIVERY_CONNECTION_FAILED] = RETRY_CONNECTION,
        [DELIVERY_REFUSED] = RETRY_REFUSED,
        [DELIVERY_REFUSED_FOR_GOOD] = RETRY_REFUSED_FOR_GOOD,
        [DELIVERY_UNKNOWN] = RETRY_UNKNOWN,
    };
    struct attempt *a = arg;
    struct pipeline *p = a->pipeline;
    struct outbox_item *item = item_of(p, a->delivery_id);
    uint32_t random = 0;

    if (item)
        item->tried = true;
    if (result->outcome == DELIVERED || !item) {
        if (result->outcome == DELIVERED)
            on_delivered(a, item);
        else
            attempt_end(a);
        return;
    }
    (void)random_bytes(&random, sizeof random);
    struct retry_decision d =
        retry_decide(causes[result->outcome], item->tries, result->retry_after_s, random);
    bool too_old = clock_wall(&p->clock).ms - item->composed.ms > DEAD_AFTER_MS;

    log_warning("deliver", "delivery=%s receiver=%s outcome=%s code=%ld %s try=%u next=%llds",
                item->delivery_id, item->receiver, delivery_outcome_name(result->outcome),
                result->code, result->text, d.tries, (long long)(d.wait_ms / 1000));
    item->tries = d.tries;
    item->last_try = clock_mono(&p->clock);
    item->next_try.ms = item->last_try.ms + d.wait_ms;
    if (d.receiver_rests)
        rest(p, item->receiver, d.wait_ms);
    if (d.give_up || too_old) {
        item->dead_json = dead_letter(item, result);
        log_error("deliver", "delivery=%s receiver=%s given up", item->delivery_id, item->receiver);
        mark(a, item);
        return;
    }
    attempt_end(a);
}

static bool receiver_is_busy(const struct pipeline *p, const char *receiver)
{
    void *value;

    for (size_t at = 0; table_next(&p->flying, &at, NULL, &value);)
        if (strcmp(((const struct attempt *)value)->receiver, receiver) == 0)
            return true;
    return false;
}

static void try_item(struct pipeline *p, struct outbox_item *item)
{
    const struct receiver_setting *receiver =
        settings_receiver(p->config->settings, item->receiver);
    struct attempt *a = attempt_new(p, item);

    if (!a) {
        item->next_try.ms = clock_mono(&p->clock).ms + MARK_AGAIN_MS;
        return;
    }
    if (item->dead_json || table_has(&p->sent_ids, item->delivery_id)) {
        item->tried = true; /* its outcome is known; only Redis has to hear of it */
        mark(a, item);
        return;
    }
    struct delivery_result failed = { .outcome = DELIVERY_CONNECTION_FAILED };

    if (!receiver) {
        (void)snprintf(failed.text, sizeof failed.text, "the receiver is no longer configured");
        on_attempt(a, &failed);
        return;
    }
    const struct delivery delivery = { .delivery_id = item->delivery_id,
                                       .recipient = item->recipient,
                                       .eml = item->eml,
                                       .json = item->json,
                                       .eml_len = item->eml ? strlen(item->eml) : 0,
                                       .json_len = item->json ? strlen(item->json) : 0 };
    int r = deliver_try(p->deliverer, receiver, &delivery, on_attempt, a);

    if (r < 0) {
        /* -EINVAL: this message can never go there (the receiver's kind changed); others can. */
        failed.outcome = r == -EINVAL ? DELIVERY_REFUSED_FOR_GOOD : DELIVERY_CONNECTION_FAILED;
        (void)snprintf(failed.text, sizeof failed.text, "%s", strerror(-r));
        on_attempt(a, &failed);
    }
}

/* The receiver's message that was not tried for the longest time: a failed one goes to the end. */
static struct outbox_item *next_item(const struct pipeline *p, int64_t now)
{
    struct outbox_item *best = NULL;

    for (size_t i = 0; i < p->books.outbox_count; i++) {
        struct outbox_item *item = p->books.outbox[i];
        const struct mono_time *until = table_get(&p->resting, item->receiver);
        bool settled = item->dead_json || table_has(&p->sent_ids, item->delivery_id);

        if (item->next_try.ms > now || (!settled && until && until->ms > now) ||
            (p->options.once && item->tried) || table_has(&p->flying, item->delivery_id) ||
            receiver_is_busy(p, item->receiver))
            continue;
        if (!best || item->last_try.ms < best->last_try.ms)
            best = item;
    }
    return best;
}

void deliver_due(struct pipeline *p)
{
    struct outbox_item *item;

    while (!p->stopping && (item = next_item(p, clock_mono(&p->clock).ms)) != NULL)
        try_item(p, item);
}

size_t deliver_pending(const struct pipeline *p)
{
    return p->books.outbox_count;
}

bool deliver_tried_all(const struct pipeline *p)
{
    if (table_count(&p->flying))
        return false;
    for (size_t i = 0; i < p->books.outbox_count; i++) {
        const struct outbox_item *item = p->books.outbox[i];
        const struct mono_time *until = table_get(&p->resting, item->receiver);

        /* A receiver that did not answer once is not asked again in this run. */
        if (!item->tried && !until)
            return false;
    }
    return true;
}
