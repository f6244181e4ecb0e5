#include "pipeline_internal.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/log.h"
#include "ctl/report_json.h"
#include "notify/notice.h"

/*
 * The sign of life for a monitor outside, which speaks up when none comes. It is given only while the daemon
 * does what it is for: this day is evaluated, with nothing left to take in, Redis has answered a moment ago and
 * has room, this daemon leads, and the journals can be written. While anything of that is not so nothing is
 * said, and what is due is given once all is well; that one was not taken is for the monitor to notice.
 */

#define AGAIN_MS   (60 * 1000) /* after one that was not taken, or sooner */
#define TIMEOUT_MS (30 * 1000)

/* Why none is given now; NULL: all is well. */
static const char *why_withheld(const struct pipeline *p)
{
    if (!p->loaded || !store_is_ready(p->store))
        return "Redis is away, or being read";
    if (!store_may_send(p->store))
        return "Redis does not answer, or another daemon leads";
    if (store_is_full(p->store))
        return "Redis is full";
    if (p->trouble[0])
        return "a write to Redis failed";
    if (p->disk_trouble[0])
        return "the disk is full";
    if (!date_is_set(p->findings_of) || date_compare(p->findings_of, pipeline_today(p)) != 0 ||
        p->need_evaluate || p->apply)
        return "today is not evaluated yet";
    return NULL;
}

static void note(struct pipeline *p, bool is_taken, const char *text)
{
    const struct heartbeat_setting *h = &p->config->settings->heartbeat;
    int64_t wait_ms = h->every.count * 1000LL;
    struct heartbeat *beat = &p->heartbeat;

    beat->is_flying = false;
    if (is_taken) {
        if (beat->failed[0])
            log_info("heartbeat", "taken again");
        beat->failed[0] = '\0';
        beat->last = clock_wall(&p->clock);
    } else {
        if (!beat->failed[0])
            log_warning("heartbeat", "not taken: %s", text);
        (void)snprintf(beat->failed, sizeof beat->failed, "%s", text);
        wait_ms = wait_ms < AGAIN_MS ? wait_ms : AGAIN_MS;
    }
    beat->next.ms = clock_mono(&p->clock).ms + wait_ms;
}

/* ---- GET ---- */

/* The status alone decides; of a body without end no more is read. */
static int ignore_body(void *arg, const void *bytes, size_t len)
{
    struct pipeline *p = arg;

    (void)bytes;
    p->heartbeat.read += len;
    return p->heartbeat.read > HTTP_REPLY_MAX_BYTES;
}

static void on_answer(void *arg, const struct http_result *r)
{
    char text[64];

    (void)snprintf(text, sizeof text, "HTTP %ld", r->code);
    note(arg, r->code / 100 == 2, r->code ? text : r->error ? r->error : "no answer");
}

static int get(struct pipeline *p, const struct heartbeat_setting *h)
{
    static const char *const no_headers[] = { NULL };
    const struct http_get get = { .url = h->url,
                                  .headers = no_headers,
                                  .allow_private = h->allow_private,
                                  .ca_file = h->ca_file,
                                  .timeout_ms = TIMEOUT_MS,
                                  .write = ignore_body };

    return http_get(p->http, &get, on_answer, p);
}

/* ---- POST, as events are ---- */

static void on_delivered(void *arg, const struct delivery_result *result)
{
    note(arg, result->outcome == DELIVERED, result->text);
}

static int post(struct pipeline *p, const struct heartbeat_setting *h)
{
    const struct receiver_setting *r = settings_receiver(p->config->settings, h->receiver);
    AUTO(message_release) struct message m = { 0 };
    struct wall_time now = clock_wall(&p->clock);
    char at[24], id[ALERT_ID_MAX];
    const char *const parts[] = { p->config->settings->instance, "heartbeat", at };

    (void)snprintf(at, sizeof at, "%lld", (long long)now.ms);
    const struct notice notice = { .kind = NOTICE_HEARTBEAT,
                                   .instance = p->config->settings->instance,
                                   .receiver = h->receiver,
                                   .recipient = h->receiver,
                                   .delivery_id = id,
                                   .why = "",
                                   .since = p->evaluated_at,
                                   .now = now };
    int result = alert_hash(parts, sizeof parts / sizeof parts[0], id);

    if (result == 0)
        result = notice_compose(&notice, false, true, &m);
    if (result < 0)
        return result;
    const struct delivery delivery = {
        .delivery_id = id, .recipient = h->receiver, .json = m.json, .json_len = strlen(m.json)
    };

    return deliver_try(p->deliverer, r, &delivery, on_delivered, p);
}

/* ---- each second ---- */

static bool is_asked_for(const struct pipeline *p)
{
    const struct heartbeat_setting *h = &p->config->settings->heartbeat;

    return (h->url || h->receiver) && !p->options.once && !p->simulation;
}

void heartbeat_tick(struct pipeline *p)
{
    const struct heartbeat_setting *h = &p->config->settings->heartbeat;

    if (!is_asked_for(p) || p->heartbeat.is_flying ||
        clock_mono(&p->clock).ms < p->heartbeat.next.ms || why_withheld(p))
        return;
    p->heartbeat.is_flying = true;
    p->heartbeat.read = 0;
    int r = h->url ? get(p, h) : post(p, h);

    if (r < 0)
        note(p, false, strerror(-r));
}

json_t *heartbeat_report(const struct pipeline *p)
{
    const struct heartbeat *beat = &p->heartbeat;
    char at[WALL_TEXT_MAX];

    if (!is_asked_for(p))
        return json_null();
    return json_pack("{s:s?, s:s?, s:s?}", "last",
                     beat->last.ms ? wall_format(beat->last, at) : NULL, "withheld",
                     why_withheld(p), "failed", beat->failed[0] ? beat->failed : NULL);
}
