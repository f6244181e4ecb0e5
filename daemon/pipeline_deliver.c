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
 * Delivering frozen messages: a queue for each receiver, one attempt in flight in each.
 *
 * Invariants: (1) a delivery id is under way at most once, whatever becomes of the books meanwhile;
 * (2) what a receiver took is in the sent journal, synced, before Redis hears of it, and is never
 * sent again; (3) the sent journal holds what was told, so that told-state survives the loss of
 * Redis; (4) an outcome that Redis would not take is only marked again, the receiver is not asked
 * again; (5) no message waits behind another that failed; (6) Redis knows of an attempt before it
 * begins, so that after a crash the one message whose outcome is unknown is repeated as it is;
 * (7) refusals, the next try and the time of composing outlive this process.
 */

#define DEAD_AFTER_MS     (120LL * 3600 * 1000) /* DESIGN section 10: dead letter after 120 h */
#define ESCALATE_AFTER_MS (30LL * 60 * 1000)    /* a red notice goes also to fallback and ops */

/* ---- attempts ---- */

/* One attempt; the item may be gone (books loaded again) when it ends, so it is found by its id. */
struct attempt {
    struct pipeline *pipeline;
    char delivery_id[ALERT_ID_MAX];
    struct outbox_item *message; /* outline */
};

static void attempt_free(void *value)
{
    struct attempt *a = value;

    outbox_item_free(a->message);
    free(a);
}

static struct attempt *attempt_new(struct pipeline *p, const struct outbox_item *item)
{
    struct attempt *a = calloc(1, sizeof *a);

    if (!a)
        return NULL;
    a->pipeline = p;
    (void)snprintf(a->delivery_id, sizeof a->delivery_id, "%s", item->delivery_id);
    if (outbox_item_outline(item, &a->message) < 0 ||
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

const char *deliver_outcome(const struct pipeline *p, const char *delivery_id)
{
    const struct letter *l = letter_find(p, delivery_id);

    return l && !l->is_due_again ? "dead" : table_get(&p->sent_ids, delivery_id);
}

static int64_t age_ms(const struct pipeline *p, const struct outbox_item *item)
{
    return clock_mono(&p->clock).ms - item->since.ms;
}

/* ---- Redis hears of an outcome ---- */

static void on_told(void *arg, int result)
{
    struct attempt *a = arg;
    struct pipeline *p = a->pipeline;
    struct outbox_item *item = books_outbox_item(&p->books, a->delivery_id);

    if (result == 0 && item) {
        if (letter_find(p, a->delivery_id) && books_note_dead(&p->books, a->delivery_id, "") < 0)
            pipeline_stop(p, 1);
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
    const struct letter *l = letter_find(p, item->delivery_id);
    int r = store_told(p->store, item, deliver_outcome(p, item->delivery_id), l ? l->record : "",
                       on_told, a);

    if (r < 0) {
        item->next_try.ms = clock_mono(&p->clock).ms + MARK_AGAIN_MS;
        attempt_end(a);
    }
}

static void on_tried(void *arg, int result)
{
    struct attempt *a = arg;

    if (result < 0) /* said again after the next try; a crash before it counts one refusal less */
        log_warning("deliver", "delivery=%s Redis did not take the record of its tries",
                    a->delivery_id);
    attempt_end(a);
}

/* ---- giving up ---- */

/* To the sent journal; Redis hears of it when the item is looked at next. Returns 0 or -errno. */
static int give_up(struct pipeline *p, struct outbox_item *item)
{
    char address[SHA256_TEXT_MAX];
    int r = letter_address(p, item, address);

    if (r == 0)
        r = sent_dead(p, item, address);
    if (r == 0) {
        log_error("deliver", "delivery=%s receiver=%s given up: %s", item->delivery_id,
                  item->receiver, item->why);
        return 0;
    }
    log_error("deliver", "delivery=%s the sent journal failed: %s", item->delivery_id,
              strerror(-r));
    item->next_try.ms = clock_mono(&p->clock).ms + MARK_AGAIN_MS;
    return r;
}

static bool receiver_rests(const struct pipeline *p, const char *receiver, int64_t now)
{
    const struct mono_time *until = table_get(&p->resting, receiver);

    return until && until->ms > now;
}

/* Messages behind the one that is tried, too, do not wait for ever; each was tried, or its receiver
 * was, after it was loaded. */
static void expire(struct pipeline *p)
{
    int64_t now = clock_mono(&p->clock).ms;

    for (size_t i = 0; i < p->books.outbox_count; i++) {
        struct outbox_item *item = p->books.outbox[i];

        if (age_ms(p, item) <= DEAD_AFTER_MS || item->next_try.ms <= now ||
            table_has(&p->flying, item->delivery_id) || deliver_outcome(p, item->delivery_id) ||
            !(item->tried || receiver_rests(p, item->receiver, now)))
            continue;
        if (!item->why[0])
            (void)snprintf(item->why, sizeof item->why, "its receiver was away for 120 h");
        if (give_up(p, item) == 0)
            item->next_try.ms = now;
    }
}

/* ---- attempts end ---- */

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

static void on_delivered(struct attempt *a, struct outbox_item *item,
                         const struct delivery_result *result)
{
    struct pipeline *p = a->pipeline;

    log_info("deliver", "delivery=%s receiver=%s delivered", a->delivery_id, a->message->receiver);
    free(table_remove(&p->resting, a->message->receiver));
    if (p->simulation)
        simulate_note(p, a->message);
    if (sent_delivered(p, a->message, result) < 0) {
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

enum retry_cause deliver_cause(enum delivery_outcome outcome)
{
    static const enum retry_cause causes[] = {
        [DELIVERY_CONNECTION_FAILED] = RETRY_CONNECTION,
        [DELIVERY_LOGIN_REFUSED] = RETRY_LOGIN,
        [DELIVERY_REFUSED] = RETRY_REFUSED,
        [DELIVERY_REFUSED_FOR_GOOD] = RETRY_REFUSED_FOR_GOOD,
        [DELIVERY_UNKNOWN] = RETRY_UNKNOWN,
    };

    return causes[outcome];
}

static void note_failure(struct pipeline *p, struct outbox_item *item,
                         const struct delivery_result *result, const struct retry_decision *d)
{
    item->tries = d->tries;
    item->last_cause = deliver_cause(result->outcome);
    item->unknown |= result->outcome == DELIVERY_UNKNOWN;
    item->code = result->code;
    (void)snprintf(item->why, sizeof item->why, "%s", result->text);
    item->last_try = clock_mono(&p->clock);
    item->next_try.ms = item->last_try.ms + d->wait_ms;
    item->last_at = clock_wall(&p->clock);
    item->next_at.ms = item->last_at.ms + d->wait_ms;
    if (d->receiver_rests)
        rest(p, item->receiver, d->wait_ms);
    pending_tried(p, item);
}

static void on_attempt(void *arg, const struct delivery_result *result)
{
    struct attempt *a = arg;
    struct pipeline *p = a->pipeline;
    struct outbox_item *item = books_outbox_item(&p->books, a->delivery_id);
    uint32_t random = 0;

    if (item)
        item->tried = true;
    if (result->outcome == DELIVERED || !item) {
        if (result->outcome == DELIVERED)
            on_delivered(a, item, result);
        else
            attempt_end(a);
        return;
    }
    (void)random_bytes(&random, sizeof random);
    struct retry_decision d =
        retry_decide(deliver_cause(result->outcome), item->tries, result->retry_after_s, random);

    log_warning("deliver", "delivery=%s receiver=%s outcome=%s code=%ld %s try=%u next=%llds",
                item->delivery_id, item->receiver, delivery_outcome_name(result->outcome),
                result->code, result->text, d.tries, (long long)(d.wait_ms / 1000));
    note_failure(p, item, result, &d);
    if ((d.give_up || age_ms(p, item) > DEAD_AFTER_MS) && give_up(p, item) == 0)
        mark(a, item);
    else if (store_tried(p->store, item, on_tried, a) < 0)
        attempt_end(a);
}

/* ---- attempts begin ---- */

static bool receiver_is_busy(const struct pipeline *p, const char *receiver)
{
    void *value;

    for (size_t at = 0; table_next(&p->flying, &at, NULL, &value);)
        if (strcmp(((const struct attempt *)value)->message->receiver, receiver) == 0)
            return true;
    return resend_is_flying(p, receiver);
}

bool deliver_receiver_is_free(const struct pipeline *p, const char *receiver)
{
    return !receiver_rests(p, receiver, clock_mono(&p->clock).ms) && !receiver_is_busy(p, receiver);
}

static void offer(struct attempt *a, struct outbox_item *item)
{
    struct pipeline *p = a->pipeline;
    const struct receiver_setting *receiver =
        settings_receiver(p->config->settings, item->receiver);
    struct delivery_result failed = { .outcome = DELIVERY_CONNECTION_FAILED };

    if (!receiver) {
        (void)snprintf(failed.text, sizeof failed.text, "the receiver is no longer configured");
        on_attempt(a, &failed);
        return;
    }
    if (letters_receiver_is_off(p, receiver)) {
        failed.outcome = DELIVERY_REFUSED_FOR_GOOD;
        (void)snprintf(failed.text, sizeof failed.text,
                       "the endpoint is off since it answered 410 (gone)");
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

/* Redis knows of the attempt: it begins. */
static void on_noted(void *arg, int result)
{
    struct attempt *a = arg;
    struct pipeline *p = a->pipeline;
    struct outbox_item *item = books_outbox_item(&p->books, a->delivery_id);

    bool leads = store_may_send(p->store); /* also when this answer was read late */

    if (result == 0 && item && !p->stopping && leads) {
        offer(a, item);
        return;
    }
    if (item && leads)
        item->next_try.ms = clock_mono(&p->clock).ms + MARK_AGAIN_MS;
    attempt_end(a);
}

/* Redis hears of the attempt; where it cannot, the attempt ends. Returns 0 or -errno. */
static int note_attempt(struct attempt *a)
{
    struct pipeline *p = a->pipeline;
    int r = pace_note(&p->paces, a->message->receiver, clock_mono(&p->clock));

    if (r == 0)
        r = store_attempt(p->store, a->delivery_id, a->message->receiver, on_noted, a);
    if (r < 0)
        attempt_end(a);
    return r;
}

static void try_item(struct pipeline *p, struct outbox_item *item)
{
    struct attempt *a = attempt_new(p, item);

    if (!a) {
        item->next_try.ms = clock_mono(&p->clock).ms + MARK_AGAIN_MS;
        return;
    }
    if (deliver_outcome(p, item->delivery_id)) {
        item->tried = true; /* only Redis has to hear of it */
        mark(a, item);
        return;
    }
    if (note_attempt(a) < 0)
        item->next_try.ms = clock_mono(&p->clock).ms + MARK_AGAIN_MS;
}

/* Whether a receiver may be given one more message now. */
static bool is_in_pace(const struct pipeline *p, const struct outbox_item *item,
                       struct mono_time now)
{
    const struct receiver_setting *r = settings_receiver(p->config->settings, item->receiver);

    /* A simulation has no minutes. */
    return p->simulation || !r || r->kind != RECEIVER_EMAIL ||
           pace_allows(&p->paces, item->receiver, (unsigned)r->rate, now);
}

/* The receiver's message that was not tried for the longest time: a failed one goes to the end. */
static struct outbox_item *next_item(const struct pipeline *p, struct mono_time now)
{
    struct outbox_item *best = NULL;

    for (size_t i = 0; i < p->books.outbox_count; i++) {
        struct outbox_item *item = p->books.outbox[i];
        bool settled = deliver_outcome(p, item->delivery_id) != NULL;

        if (item->next_try.ms > now.ms ||
            (!settled &&
             (receiver_rests(p, item->receiver, now.ms) || !is_in_pace(p, item, now))) ||
            (p->options.once && item->tried) || table_has(&p->flying, item->delivery_id) ||
            receiver_is_busy(p, item->receiver))
            continue;
        if (!best || item->last_try.ms < best->last_try.ms)
            best = item;
    }
    return best;
}

void deliver_with(struct pipeline *p, const struct outbox_item *item)
{
    struct attempt *a;

    if (p->stopping || !store_may_send(p->store) || table_has(&p->flying, item->delivery_id) ||
        deliver_outcome(p, item->delivery_id) || !deliver_receiver_is_free(p, item->receiver) ||
        !is_in_pace(p, item, clock_mono(&p->clock)))
        return;
    for (size_t i = 0; i < p->books.outbox_count; i++)
        if (strcmp(p->books.outbox[i]->receiver, item->receiver) == 0)
            return;
    a = attempt_new(p, item);
    if (a)
        (void)note_attempt(a); /* else deliver_due() begins it */
}

/* What a person dropped is in the sent journal before Redis hears of it. */
static void drop_all(struct pipeline *p)
{
    for (size_t i = 0; table_count(&p->dropped) && i < p->books.outbox_count; i++) {
        struct outbox_item *item = p->books.outbox[i];

        if (!table_has(&p->dropped, item->delivery_id) ||
            table_has(&p->flying, item->delivery_id) || deliver_outcome(p, item->delivery_id))
            continue;
        int r = sent_dropped(p, item);

        if (r < 0)
            log_error("deliver", "delivery=%s the sent journal failed: %s", item->delivery_id,
                      strerror(-r));
        item->next_try.ms = clock_mono(&p->clock).ms + (r < 0 ? MARK_AGAIN_MS : 0);
    }
}

void deliver_due(struct pipeline *p)
{
    struct outbox_item *item;

    letters_settle(p);
    drop_all(p);
    expire(p);
    while (!p->stopping && store_may_send(p->store) &&
           (item = next_item(p, clock_mono(&p->clock))) != NULL)
        try_item(p, item);
}

size_t deliver_pending(const struct pipeline *p)
{
    size_t count = 0;

    for (size_t i = 0; i < p->books.outbox_count; i++) /* of the others only Redis has to hear */
        count += !deliver_outcome(p, p->books.outbox[i]->delivery_id);
    return count;
}

bool deliver_tried_all(const struct pipeline *p)
{
    if (table_count(&p->flying) || p->letters_in_flight)
        return false;
    for (size_t i = 0; i < p->books.outbox_count; i++) {
        const struct outbox_item *item = p->books.outbox[i];

        /* A receiver that did not answer once is not asked again in this run. */
        if (!item->tried && !table_has(&p->resting, item->receiver))
            return false;
    }
    return true;
}

/* ---- what was known before this process, or before the books were loaded again ---- */

void deliver_adopt_item(struct pipeline *p, struct outbox_item *item)
{
    struct mono_time now = clock_mono(&p->clock);
    struct wall_time wall = clock_wall(&p->clock);
    const struct wall_time *hurried = table_get(&p->hurried, item->delivery_id);
    int64_t age = wall.ms - item->composed.ms, wait = item->next_at.ms - wall.ms;

    item->since.ms = now.ms - (age > 0 ? age : 0);
    item->unknown |= item->was_flying && !table_has(&p->flying, item->delivery_id);
    item->last_try.ms = item->last_at.ms ? 1 : 0;
    if (item->next_at.ms == 0 || wait <= 0 || p->options.once ||
        (hurried && hurried->ms >= item->last_at.ms))
        return;
    /* A clock that was set back does not put off a try for longer than it may last. */
    wait = wait > RETRY_LONGEST_S * 1000LL ? RETRY_LONGEST_S * 1000LL : wait;
    item->next_try.ms = now.ms + wait;
    if (item->last_cause == RETRY_CONNECTION || item->last_cause == RETRY_LOGIN)
        rest(p, item->receiver, wait);
}

void deliver_adopt(struct pipeline *p)
{
    for (size_t i = 0; i < p->books.outbox_count; i++) {
        deliver_adopt_item(p, p->books.outbox[i]);
        pending_tried(p, p->books.outbox[i]);
    }
}

/* ---- what waits for too long ---- */

static bool is_overdue(const struct pipeline *p, const struct outbox_item *item)
{
    if (age_ms(p, item) < ESCALATE_AFTER_MS || deliver_outcome(p, item->delivery_id))
        return false;
    for (size_t i = 0; i < item->tell_count; i++)
        if (item->tells[i].told.open && item->tells[i].told.severity == SEVERITY_RED)
            return true;
    return false;
}

int deliver_escalated(struct pipeline *p, struct table *out_episodes)
{
    int r = letters_escalated(p, out_episodes);

    for (size_t i = 0; i < p->books.outbox_count; i++) {
        struct outbox_item *item = p->books.outbox[i];

        if (!is_overdue(p, item))
            continue;
        item->is_escalated = true;
        for (size_t k = 0; r == 0 && k < item->tell_count; k++)
            if (item->tells[k].told.open && item->tells[k].told.severity == SEVERITY_RED)
                r = table_set(out_episodes, item->tells[k].episode, item, NULL);
    }
    return r;
}

static bool tells_of(const struct outbox_item *item, const char *receiver, const char *recipient,
                     const char *episode)
{
    if (strcmp(item->receiver, receiver) != 0 || strcmp(item->recipient, recipient) != 0)
        return false;
    for (size_t i = 0; i < item->tell_count; i++)
        if (strcmp(item->tells[i].episode, episode) == 0)
            return true;
    return false;
}

bool deliver_is_unreached(const struct pipeline *p, const char *receiver, const char *recipient,
                          const char *episode)
{
    void *value;

    for (size_t at = 0; table_next(&p->letters, &at, NULL, &value);) {
        const struct letter *l = value;

        if (!l->is_due_again && tells_of(l->item, receiver, recipient, episode))
            return true;
    }
    for (size_t i = 0; i < p->books.outbox_count; i++)
        if (is_overdue(p, p->books.outbox[i]) &&
            tells_of(p->books.outbox[i], receiver, recipient, episode))
            return true;
    return false;
}

void deliver_tick(struct pipeline *p)
{
    for (size_t i = 0; p->loaded && i < p->books.outbox_count; i++)
        if (!p->books.outbox[i]->is_escalated && is_overdue(p, p->books.outbox[i]))
            p->need_compose = true;
}
