#include "pipeline_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/digest.h"
#include "base/log.h"
#include "notify/notice.h"
#include "outbox/retry.h"

/*
 * The direct notice: what ops and fallback hear when Redis is unusable, without Redis. (1) An outage
 * is one from its beginning until Redis has been usable for as long as it takes to call it one; its
 * beginning is in the sent journal before anybody is told, so that a restart goes on with it. (2)
 * Each recipient is told once of an outage, then at most once a day; each message has an id of its
 * own that a restart finds again, and in the sent journal which were delivered. (3) Whoever was told
 * that it began is told that it is over.
 */

#define DAY_MS (24LL * 3600 * 1000)

struct direct {
    struct direct *next;
    struct pipeline *pipeline;
    struct outbox_item item; /* owns its texts; never in Redis */
    bool is_over;            /* it says that the outage is over */
    bool is_flying, is_given_up;
    struct mono_time next_try;
};

static void direct_free(struct direct *d)
{
    free(d->item.delivery_id);
    free(d->item.receiver);
    free(d->item.recipient);
    free(d->item.subject);
    free(d->item.eml);
    free(d->item.json);
    free(d);
}

/* Removes what is not under way: all, or what says that the outage began. */
static void forget(struct pipeline *p, bool all)
{
    for (struct direct **at = &p->directs; *at;) {
        struct direct *d = *at;

        if (d->is_flying || (!all && d->is_over)) {
            at = &d->next;
            continue;
        }
        *at = d->next;
        direct_free(d);
    }
}

void direct_release(struct pipeline *p)
{
    while (p->directs) {
        struct direct *d = p->directs;

        p->directs = d->next;
        direct_free(d);
    }
}

/* ---- the outage, in the sent journal ---- */

int direct_note(struct pipeline *p, const json_t *record)
{
    json_int_t since = json_integer_value(json_object_get(record, "since_ms"));

    p->outage_since.ms = since;
    return since >= 0 ? 0 : -EBADMSG;
}

/* since .ms 0: it is over. */
static int journal_outage(struct pipeline *p, struct wall_time since)
{
    json_t *record = json_pack("{s:s, s:I}", "direct", since.ms ? "outage" : "over", "since_ms",
                               (json_int_t)since.ms);

    return sent_append(p, record);
}

/* ---- messages ---- */

/* H(instance, "redis", since, which, receiver, recipient); which: the day of the outage, or "over". */
static int id_of(const struct pipeline *p, const char *which, const char *receiver,
                 const char *recipient, char out[ALERT_ID_MAX])
{
    char since[24];
    const char *const parts[] = {
        p->config->settings->instance, "redis", since, which, receiver, recipient
    };

    (void)snprintf(since, sizeof since, "%" PRId64, p->outage_since.ms);
    return alert_hash(parts, sizeof parts / sizeof parts[0], out);
}

static bool is_made(const struct pipeline *p, const char *id)
{
    for (const struct direct *d = p->directs; d; d = d->next)
        if (strcmp(d->item.delivery_id, id) == 0)
            return true;
    return table_has(&p->sent_ids, id);
}

static int make(struct pipeline *p, const struct composer_recipient *to, const char *id, bool over)
{
    const struct receiver_setting *r = settings_receiver(p->config->settings, to->receiver);
    struct message m = { 0 };
    struct direct *d = calloc(1, sizeof *d);
    const struct notice notice = {
        .kind = over ? NOTICE_REDIS_USABLE : NOTICE_REDIS_UNUSABLE,
        .instance = p->config->settings->instance,
        .receiver = to->receiver,
        .recipient = to->recipient,
        .from = r ? r->from : NULL,
        .delivery_id = id,
        .why = p->trouble[0] ? p->trouble : checks_redis_state(p),
        .since = p->outage_since,
        .now = clock_wall(&p->clock),
        .form = message_form_of(r ? r->kind : RECEIVER_SPOOL),
    };
    int result = d && r
                     ? notice_compose(&notice, receiver_takes_mail(r), receiver_takes_data(r), &m)
                     : -ENOMEM;

    if (result < 0) {
        free(d);
        return result;
    }
    d->pipeline = p;
    d->is_over = over;
    d->item.delivery_id = strdup(id);
    d->item.receiver = strdup(to->receiver);
    d->item.recipient = strdup(to->recipient);
    d->item.subject = m.subject;
    d->item.eml = m.eml;
    d->item.json = m.json;
    m = (struct message){ 0 };
    if (!d->item.delivery_id || !d->item.receiver || !d->item.recipient) {
        direct_free(d);
        return -ENOMEM;
    }
    d->next = p->directs;
    p->directs = d;
    return 0;
}

/* The days of the outage that a recipient was told of: whether of any. */
static bool was_told(const struct pipeline *p, const struct composer_recipient *to, int64_t days)
{
    char which[24], id[ALERT_ID_MAX];

    for (int64_t day = days; day >= 0; day--) {
        (void)snprintf(which, sizeof which, "%" PRId64, day);
        if (id_of(p, which, to->receiver, to->recipient, id) == 0 && table_has(&p->sent_ids, id))
            return true;
    }
    return false;
}

static int64_t days_of_outage(const struct pipeline *p)
{
    int64_t ms = clock_wall(&p->clock).ms - p->outage_since.ms;

    return ms > 0 ? ms / DAY_MS : 0;
}

static int make_all(struct pipeline *p, bool over)
{
    struct composer_recipient who[COMPOSER_RECIPIENTS_MAX];
    size_t n = operators_of(p, who, COMPOSER_RECIPIENTS_MAX);
    int64_t days = days_of_outage(p);
    char which[24] = "over", id[ALERT_ID_MAX];
    int r = 0;

    if (!over)
        (void)snprintf(which, sizeof which, "%" PRId64, days);
    for (size_t i = 0; r == 0 && i < n; i++) {
        if (over && !was_told(p, &who[i], days))
            continue;
        r = id_of(p, which, who[i].receiver, who[i].recipient, id);
        if (r == 0 && !is_made(p, id))
            r = make(p, &who[i], id, over);
        if (r == -EINVAL) {
            log_error("direct", "receiver=%s its address is refused", who[i].receiver);
            r = 0;
        }
    }
    return r;
}

/* ---- attempts ---- */

static void on_attempt(void *arg, const struct delivery_result *result)
{
    struct direct *d = arg;
    struct pipeline *p = d->pipeline;
    uint32_t random = 0;

    d->is_flying = false;
    if (result->outcome == DELIVERED) {
        log_info("direct", "delivery=%s receiver=%s delivered", d->item.delivery_id,
                 d->item.receiver);
        if (sent_delivered(p, &d->item, result) < 0)
            log_error("direct", "delivery=%s the sent journal failed", d->item.delivery_id);
        d->is_given_up = true; /* nothing more to do */
        return;
    }
    (void)random_bytes(&random, sizeof random);
    struct retry_decision next =
        retry_decide(deliver_cause(result->outcome), d->item.tries, result->retry_after_s, random);

    log_warning("direct", "delivery=%s receiver=%s outcome=%s %s try=%u", d->item.delivery_id,
                d->item.receiver, delivery_outcome_name(result->outcome), result->text, next.tries);
    d->item.tries = next.tries;
    d->is_given_up = next.give_up;
    d->next_try.ms = clock_mono(&p->clock).ms + next.wait_ms;
}

static void try_all(struct pipeline *p)
{
    int64_t now = clock_mono(&p->clock).ms;

    for (struct direct *d = p->directs; d; d = d->next) {
        const struct receiver_setting *r = settings_receiver(p->config->settings, d->item.receiver);
        const struct delivery delivery = { .delivery_id = d->item.delivery_id,
                                           .recipient = d->item.recipient,
                                           .eml = d->item.eml,
                                           .json = d->item.json,
                                           .eml_len = d->item.eml ? strlen(d->item.eml) : 0,
                                           .json_len = d->item.json ? strlen(d->item.json) : 0 };

        if (!r || d->is_flying || d->is_given_up || d->next_try.ms > now)
            continue;
        d->is_flying = deliver_try(p->deliverer, r, &delivery, on_attempt, d) == 0;
        if (!d->is_flying)
            d->next_try.ms = now + RETRY_PROBE_S * 1000LL;
    }
}

/* ---- each second ---- */

/* To a standby another daemon's lease is no trouble. */
static bool is_usable(const struct pipeline *p)
{
    if (store_leader(p->store))
        return true;
    return p->loaded && store_is_ready(p->store) && !store_is_full(p->store) && !p->trouble[0];
}

static bool all_is_said(const struct pipeline *p)
{
    for (const struct direct *d = p->directs; d; d = d->next)
        if (d->is_flying || !d->is_given_up)
            return false;
    return true;
}

static int go_on(struct pipeline *p, bool usable, int64_t lasted_ms)
{
    bool is_long = lasted_ms >= p->config->settings->redis.notice_after.count * 1000LL;
    int r = 0;

    if (!usable && is_long && !p->outage_since.ms) {
        log_error("direct", "Redis is unusable: ops and fallback are told without it");
        r = journal_outage(p, (struct wall_time){ clock_wall(&p->clock).ms - lasted_ms });
    }
    if (r == 0 && !usable && is_long)
        r = make_all(p, false);
    if (r == 0 && usable && is_long && p->outage_since.ms) {
        forget(p, false); /* that it began is told to nobody any more */
        r = make_all(p, true);
        if (r == 0 && all_is_said(p)) {
            r = journal_outage(p, (struct wall_time){ 0 });
            forget(p, true);
        }
    }
    return r;
}

void direct_tick(struct pipeline *p)
{
    bool usable = is_usable(p);
    int64_t now = clock_mono(&p->clock).ms;

    if (!p->redis_since.ms || usable != p->redis_was_usable)
        p->redis_since.ms = now;
    p->redis_was_usable = usable;
    int r = p->options.once ? 0 : go_on(p, usable, now - p->redis_since.ms);

    if (r < 0 && !p->said_direct)
        log_error("direct", "error=\"%s\"", strerror(-r));
    p->said_direct = r < 0;
    try_all(p);
}
