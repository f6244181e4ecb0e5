#include "notify/deliver_private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/auto.h"
#include "notify/mime.h"

/* One attempt. Ends through finish(), which is never called from inside deliver_try(). */
struct attempt {
    struct attempt *next;
    struct deliverer *deliverer;
    struct event *later; /* when the outcome is known at once */
    struct delivery_result result;
    delivery_done *done;
    void *arg;
};

struct deliverer {
    struct http *http;
    struct attempt *attempts;
    bool is_mute;
};

static void attempt_free(struct attempt *a)
{
    struct attempt **at = &a->deliverer->attempts;

    while (*at && *at != a)
        at = &(*at)->next;
    if (*at)
        *at = a->next;
    if (a->later)
        event_free(a->later);
    free(a);
}

static void finish(struct attempt *a, const struct delivery_result *result)
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
    finish(a, &a->result);
}

static void on_webhook(void *arg, const struct http_result *r)
{
    struct delivery_result result = webhook_judge(r);

    finish(arg, &result);
}

static void on_email(void *arg, const struct http_result *r)
{
    struct delivery_result result = email_judge(r);

    finish(arg, &result);
}

/* The outcome is known now; it is told from the loop. */
static int finish_later(struct attempt *a, enum delivery_outcome outcome, const char *text)
{
    a->result.outcome = outcome;
    (void)snprintf(a->result.text, sizeof a->result.text, "%s", text);
    a->later = event_new(http_base(a->deliverer->http), -1, 0, on_later, a);
    if (!a->later)
        return -ENOMEM;
    event_active(a->later, EV_TIMEOUT, 0);
    return 0;
}

static int fail_later(struct attempt *a, const char *what, int error)
{
    char text[160];

    (void)snprintf(text, sizeof text, "%s: %s", what, strerror(-error));
    return finish_later(a, DELIVERY_CONNECTION_FAILED, text);
}

/* ---- the three kinds --------------------------------------------------------------------- */

static int try_spool(struct attempt *a, const struct receiver_setting *receiver,
                     const struct delivery *delivery)
{
    int r = spool_write(receiver->dir, delivery);

    if (r == -EINVAL || r == -ENOMEM)
        return r;
    return r < 0 ? fail_later(a, "the spool folder cannot be written", r)
                 : finish_later(a, DELIVERED, "written");
}

static void secret_release(char **secret)
{
    secret_wipe(*secret);
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
        return finish_later(a, DELIVERY_CONNECTION_FAILED,
                            "no secret_file: a webhook is always signed");
    r = secret_file_read(receiver->secret_file, &secrets);
    if (r < 0)
        return fail_later(a, "the secret file cannot be read", r);
    (void)snprintf(timestamp, sizeof timestamp, "%lld", (long long)(clock_wall(&real).ms / 1000));
    r = webhook_sign(secrets, delivery->delivery_id, timestamp, delivery->json, delivery->json_len,
                     &signature);
    if (r == -EINVAL)
        return finish_later(a, DELIVERY_CONNECTION_FAILED,
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

/* The sender when the settings name none: the one that stands in the frozen mail. */
static int sender_of(const struct delivery *delivery, char out[256])
{
    static const char start[] = "From: ";
    const char *open, *close;

    if (delivery->eml_len < sizeof start || memcmp(delivery->eml, start, sizeof start - 1) != 0)
        return -EINVAL;
    open = memchr(delivery->eml, '<', delivery->eml_len);
    close = open ? memchr(open, '>', delivery->eml_len - (size_t)(open - delivery->eml)) : NULL;
    if (!close || close - open - 1 >= 256)
        return -EINVAL;
    memcpy(out, open + 1, (size_t)(close - open - 1));
    out[close - open - 1] = '\0';
    return 0;
}

/* "tls: implicit" over an smtp:// address means smtps://. */
static int relay_url(const struct receiver_setting *receiver, struct text *out)
{
    if (receiver->tls == SMTP_TLS_IMPLICIT && strncmp(receiver->smtp, "smtp://", 7) == 0)
        return text_printf(out, "smtps://%s", receiver->smtp + 7);
    return text_puts(out, receiver->smtp);
}

static int try_email(struct attempt *a, const struct receiver_setting *receiver,
                     const struct delivery *delivery)
{
    AUTO(secret_release) char *password = NULL;
    AUTO(text_release) struct text url = TEXT_INIT;
    char sender[256];
    int r = 0;

    if (!delivery->eml || !receiver->smtp)
        return -EINVAL;
    if (receiver->from)
        (void)snprintf(sender, sizeof sender, "%s", receiver->from);
    else
        r = sender_of(delivery, sender);
    if (r < 0)
        return r;
    if (!mime_address_ok(delivery->recipient) || !mime_address_ok(sender))
        return finish_later(a, DELIVERY_REFUSED_FOR_GOOD,
                            "the address is not a plain mail address");
    if (receiver->password_file) {
        r = secret_file_read(receiver->password_file, &password);
        if (r < 0)
            return fail_later(a, "the password file cannot be read", r);
        password[strcspn(password, "\r\n")] = '\0';
    }
    r = relay_url(receiver, &url);
    if (r < 0)
        return r;
    const struct smtp_send mail = {
        .url = text_str(&url),
        .from = sender,
        .to = delivery->recipient,
        .message = delivery->eml,
        .message_len = delivery->eml_len,
        .require_tls = receiver->tls != SMTP_TLS_OFF,
        .user = receiver->user,
        .password = password,
        .ca_file = receiver->ca_file,
    };

    return smtp_send(a->deliverer->http, &mail, on_email, a);
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
        r = finish_later(a, DELIVERED, "simulated");
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
        r = try_email(a, receiver, delivery);
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
        http_cancel(d->http, on_email, a);
        attempt_free(a);
    }
    free(d);
}
