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

/*
 * What fires at an Alertmanager is sent again, as it was last taken there: it forgets what fires when it
 * restarts, and ends what it does not hear of. (1) What was taken is known from the sent journal alone, in the
 * frozen words: a figure is shown as it was told. (2) Nothing else is sent to a receiver while this is under
 * way, nor this while anything else is, so that an end is never followed by what was before it. (3) It is no
 * message: it has no id, spends no try and tells nothing new.
 */

struct resend {
    struct resend *next;
    struct pipeline *pipeline;
    char *receiver;
    bool is_flying, has_failed;
    struct mono_time at; /* not before */
};

#define AGAIN_S 60 /* after one that was not taken, or sooner */

/* ---- what fires ---- */

static const char *label_of(const json_t *alert, const char *name)
{
    return json_string_value(json_object_get(json_object_get(alert, "labels"), name));
}

/* What is kept fires no more, where it is that which ended: an end of another severity is none of it. */
static int note_end(struct pipeline *p, const char *key, const json_t *end)
{
    const char *kept = table_get(&p->firing, key);
    json_t *alert = kept ? json_parse(kept, strlen(kept), 0, NULL) : NULL;
    const char *was = label_of(alert, "severity"), *is = label_of(end, "severity");
    bool is_same = was && is && strcmp(was, is) == 0;

    if (kept && !alert)
        return -ENOMEM;
    json_decref(alert);
    if (is_same)
        free(table_remove(&p->firing, key));
    return 0;
}

static int note_alert(struct pipeline *p, const char *receiver, const json_t *alert)
{
    const char *id = label_of(alert, "alert_id");
    AUTO(text_release) struct text key = TEXT_INIT;
    void *old = NULL;

    if (!id)
        return 0;
    if (text_printf(&key, "%s|%s", receiver, id) < 0)
        return -ENOMEM;
    if (json_integer_value(json_object_get(alert, "lasts_s")) == 0)
        return note_end(p, text_str(&key), alert);
    char *text = json_text(alert, JSON_COMPACT);
    int r = text ? table_set(&p->firing, text_str(&key), text, &old) : -ENOMEM;

    free(r < 0 ? text : old);
    return r;
}

int resend_note(struct pipeline *p, const char *receiver, const char *alerts)
{
    json_t *list;
    int r = 0;

    if (!alerts || alerts[0] != '[') /* an event or a card */
        return 0;
    list = json_parse(alerts, strlen(alerts), 0, NULL);
    if (!list)
        return errno == ENOMEM ? -ENOMEM : -EBADMSG;
    for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
        r = note_alert(p, receiver, json_array_get(list, i));
    json_decref(list);
    return r;
}

/* ---- sending it again ---- */

static struct resend *resend_of(struct pipeline *p, const char *receiver)
{
    struct resend *r = p->resends;

    while (r && strcmp(r->receiver, receiver) != 0)
        r = r->next;
    if (r)
        return r;
    r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    *r = (struct resend){ .next = p->resends, .pipeline = p, .receiver = strdup(receiver) };
    if (!r->receiver) {
        free(r);
        return NULL;
    }
    return p->resends = r;
}

bool resend_is_flying(const struct pipeline *p, const char *receiver)
{
    const struct resend *r = p->resends;

    while (r && strcmp(r->receiver, receiver) != 0)
        r = r->next;
    return r && r->is_flying;
}

void resend_release(struct pipeline *p)
{
    while (p->resends) {
        struct resend *r = p->resends;

        p->resends = r->next;
        free(r->receiver);
        free(r);
    }
    table_release(&p->firing, free);
}

static void wait_for(struct resend *r, int64_t seconds)
{
    r->at.ms = clock_mono(&r->pipeline->clock).ms + seconds * 1000;
}

static void on_resent(void *arg, const struct delivery_result *result)
{
    struct resend *r = arg;
    const struct receiver_setting *receiver =
        settings_receiver(r->pipeline->config->settings, r->receiver);
    int64_t every = receiver ? receiver->resend.count : AGAIN_S;
    bool failed = result->outcome != DELIVERED;

    if (failed && !r->has_failed)
        log_warning("resend", "receiver=%s what fires was not taken: %s", r->receiver,
                    result->text);
    if (!failed && r->has_failed)
        log_info("resend", "receiver=%s what fires was taken again", r->receiver);
    r->has_failed = failed;
    r->is_flying = false;
    wait_for(r, failed && every > AGAIN_S ? AGAIN_S : every);
    pipeline_wake(r->pipeline);
}

/* All that fires there, as one array; "" of no length where nothing does. */
static int gather(const struct pipeline *p, const char *receiver, struct text *out)
{
    size_t len = strlen(receiver);
    const char *key;
    void *value;

    for (size_t at = 0; table_next(&p->firing, &at, &key, &value);)
        if (strncmp(key, receiver, len) == 0 && key[len] == '|')
            (void)text_printf(out, "%c%s", out->len ? ',' : '[', (const char *)value);
    if (out->len)
        (void)text_putc(out, ']');
    return text_ok(out) ? 0 : -ENOMEM;
}

static void send_again(struct pipeline *p, const struct receiver_setting *receiver)
{
    struct resend *r = resend_of(p, receiver->id);
    AUTO(text_release) struct text alerts = TEXT_INIT;

    if (!r || r->is_flying || r->at.ms > clock_mono(&p->clock).ms ||
        !deliver_receiver_is_free(p, receiver->id))
        return;
    wait_for(r, receiver->resend.count);
    if (gather(p, receiver->id, &alerts) < 0 || !alerts.len)
        return;
    const struct delivery delivery = { .delivery_id = "resend",
                                       .recipient = receiver->id,
                                       .json = text_str(&alerts),
                                       .json_len = alerts.len };

    r->is_flying = deliver_try(p->deliverer, receiver, &delivery, on_resent, r) == 0;
}

void resend_tick(struct pipeline *p)
{
    const struct settings *s = p->config->settings;

    if (p->stopping || p->simulation || p->options.once || !p->loaded || !store_may_send(p->store))
        return;
    for (size_t i = 0; i < s->receiver_count; i++)
        if (s->receivers[i].kind == RECEIVER_ALERTMANAGER)
            send_again(p, &s->receivers[i]);
}
