#include "notify/deliver_private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/auto.h"
#include "notify/mime.h"

static void attempt_free(struct attempt *a)
{
    struct attempt **at = &a->deliverer->attempts;

    while (*at && *at != a)
        at = &(*at)->next;
    if (*at)
        *at = a->next;
    if (a->later)
        event_free(a->later);
    email_release(a);
    free(a);
}

void attempt_finish(struct attempt *a, const struct delivery_result *result)
{
    struct delivery_result told = *result;
    delivery_done *done = a->done;
    void *arg = a->arg;

    attempt_free(a);
    done(arg, &told); /* may start another attempt or free the deliverer */
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
    struct attempt *a = arg;

    (void)fd;
    (void)what;
    attempt_finish(a, &a->result);
}

static void on_webhook(void *arg, const struct http_result *r)
{
    struct delivery_result result = webhook_judge(r);

    attempt_finish(arg, &result);
}

/* The outcome is known now; it is told from the loop. */
int attempt_finish_later(struct attempt *a, enum delivery_outcome outcome, const char *text)
{
    a->result.outcome = outcome;
    (void)snprintf(a->result.text, sizeof a->result.text, "%s", text);
    a->later = event_new(http_base(a->deliverer->http), -1, 0, on_later, a);
    if (!a->later)
        return -ENOMEM;
    event_active(a->later, EV_TIMEOUT, 0);
    return 0;
}

int attempt_fail_later(struct attempt *a, const char *what, int error)
{
    char text[160];

    (void)snprintf(text, sizeof text, "%s: %s", what, strerror(-error));
    return attempt_finish_later(a, DELIVERY_CONNECTION_FAILED, text);
}

/* ---- spool and webhook --------------------------------------------------------------------- */

static int try_spool(struct attempt *a, const struct receiver_setting *receiver,
                     const struct delivery *delivery)
{
    int r = spool_write(receiver->dir, delivery);

    if (r == -EINVAL || r == -ENOMEM)
        return r;
    return r < 0 ? attempt_fail_later(a, "the spool folder cannot be written", r)
                 : attempt_finish_later(a, DELIVERED, "written");
}

static int try_webhook(struct attempt *a, const struct receiver_setting *receiver,
                       const struct delivery *delivery)
{
    AUTO(secret_release) char *secrets = NULL;
    AUTO(text_release) struct text signature = TEXT_INIT;
    AUTO(text_release) struct text signature_header = TEXT_INIT;
    char timestamp[24], id_header[96], timestamp_header[48];
    const struct clock real = CLOCK_REAL;
    int r;

    if (!delivery->json || strlen(delivery->delivery_id) > 64)
        return -EINVAL;
    if (!receiver->secret_file)
        return attempt_finish_later(a, DELIVERY_CONNECTION_FAILED,
                                    "no secret_file: a webhook is always signed");
    r = secret_file_read(receiver->secret_file, &secrets);
    if (r < 0)
        return attempt_fail_later(a, "the secret file cannot be read", r);
    (void)snprintf(timestamp, sizeof timestamp, "%lld", (long long)(clock_wall(&real).ms / 1000));
    r = webhook_sign(secrets, delivery->delivery_id, timestamp, delivery->json, delivery->json_len,
                     &signature);
    if (r == -EINVAL)
        return attempt_finish_later(a, DELIVERY_CONNECTION_FAILED,
                                    "the secret file holds no whsec_ secret of at least 24 bytes");
    if (r == 0)
        r = text_printf(&signature_header, "webhook-signature: %s", text_str(&signature));
    if (r < 0)
        return r;
    (void)snprintf(id_header, sizeof id_header, "webhook-id: %s", delivery->delivery_id);
    (void)snprintf(timestamp_header, sizeof timestamp_header, "webhook-timestamp: %s", timestamp);

    const char *const headers[] = { "Content-Type: application/cloudevents+json; charset=utf-8",
                                    id_header, timestamp_header, text_str(&signature_header),
                                    NULL };
    const struct http_post post = {
        .url = receiver->url,
        .headers = headers,
        .body = delivery->json,
        .body_len = delivery->json_len,
        .allow_private = receiver->allow_private,
        .ca_file = receiver->ca_file,
    };

    return http_post(a->deliverer->http, &post, on_webhook, a);
}

/* ---- life -------------------------------------------------------------------------------- */

struct deliverer *deliverer_new(struct http *http, const struct clock *clock)
{
    struct deliverer *d = calloc(1, sizeof *d);

    assert(http && clock);
    if (d)
        d->http = http;
    return d;
}

void deliverer_mute(struct deliverer *d)
{
    d->is_mute = true;
}

int deliver_try(struct deliverer *d, const struct receiver_setting *receiver,
                const struct delivery *delivery, delivery_done *done, void *arg)
{
    struct attempt *a;
    int r = -EINVAL;

    assert(d && receiver && delivery && delivery->delivery_id && done);
    a = calloc(1, sizeof *a);
    if (!a)
        return -ENOMEM;
    *a = (struct attempt){ .next = d->attempts, .deliverer = d, .done = done, .arg = arg };
    d->attempts = a;
    if (d->is_mute) {
        r = attempt_finish_later(a, DELIVERED, "simulated");
        if (r < 0)
            attempt_free(a);
        return r;
    }
    switch ((enum receiver_kind)receiver->kind) {
    case RECEIVER_SPOOL:
        r = try_spool(a, receiver, delivery);
        break;
    case RECEIVER_WEBHOOK:
        r = try_webhook(a, receiver, delivery);
        break;
    case RECEIVER_EMAIL:
        r = email_try(a, receiver, delivery);
        break;
    }
    if (r < 0)
        attempt_free(a);
    return r;
}

void deliverer_free(struct deliverer *d)
{
    if (!d)
        return;
    while (d->attempts) {
        struct attempt *a = d->attempts;

        http_cancel(d->http, on_webhook, a);
        email_cancel(a);
        attempt_free(a);
    }
    tokens_release(d);
    free(d);
}
