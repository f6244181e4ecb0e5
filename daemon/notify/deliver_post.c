#include "notify/deliver_private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"

/*
 * What is posted: events to webhooks, cards to a channel's workflow, alerts to an Alertmanager. The frozen
 * bytes leave as they are, but for an alert's end, which is reckoned from the time of the try.
 */

static void on_webhook(void *arg, const struct http_result *r)
{
    struct delivery_result result = webhook_judge(r);

    attempt_finish(arg, &result);
}

void post_cancel(struct attempt *a)
{
    http_cancel(a->deliverer->http, on_webhook, a);
}

/* ---- webhook ---- */

int webhook_try(struct attempt *a, const struct receiver_setting *receiver,
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

/* ---- teams ---- */

int teams_try(struct attempt *a, const struct receiver_setting *receiver,
              const struct delivery *delivery)
{
    static const char *const headers[] = { "Content-Type: application/json; charset=utf-8", NULL };
    AUTO(secret_release) char *url = NULL;
    int r;

    if (!delivery->json || !receiver->url_file)
        return -EINVAL;
    r = secret_file_read(receiver->url_file, &url);
    if (r < 0)
        return attempt_fail_later(a, "the url file cannot be read", r);
    url[strcspn(url, "\r\n")] = '\0';
    const struct http_post post = {
        .url = url,
        .headers = headers,
        .body = delivery->json,
        .body_len = delivery->json_len,
        .allow_private = receiver->allow_private,
        .ca_file = receiver->ca_file,
    };

    r = http_post(a->deliverer->http, &post, on_webhook, a);
    return r == -EINVAL ? attempt_fail_later(a, "the url file holds no address", r) : r;
}

/* ---- alertmanager ---- */

#define ALERTS_PATH "/api/v2/alerts"

/* lasts_s becomes endsAt, by the machine's time. A beginning that a clock set ahead put after it is moved: the
 * two are of one form, so that their texts compare as the times do. */
static int complete(json_t *alert, struct wall_time now)
{
    char latest[WALL_TEXT_MAX], end[WALL_TEXT_MAX];
    const json_t *lasts = json_object_get(alert, "lasts_s");
    const char *start = json_string_value(json_object_get(alert, "startsAt"));
    const struct wall_time before = { now.ms - 1000 },
                           ends = { now.ms + json_integer_value(lasts) * 1000 };

    if (!json_is_integer(lasts) || !start)
        return -EINVAL;
    if (strcmp(start, wall_format_utc(before, latest)) > 0 &&
        json_object_set_new(alert, "startsAt", json_string(latest)) < 0)
        return -ENOMEM;
    if (json_object_del(alert, "lasts_s") < 0 ||
        json_object_set_new(alert, "endsAt", json_string(wall_format_utc(ends, end))) < 0)
        return -ENOMEM;
    return 0;
}

/* The frozen alerts as they are sent now. Returns 0, -EINVAL for what is none, or -ENOMEM. */
static int alerts_now(const struct delivery *delivery, char **out)
{
    const struct clock real = CLOCK_REAL;
    json_t *list = json_parse(delivery->json, delivery->json_len, 0, NULL);
    int r = json_is_array(list) ? 0 : errno == ENOMEM ? -ENOMEM : -EINVAL;

    for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
        r = complete(json_array_get(list, i), clock_wall(&real));
    if (r == 0) {
        *out = json_text(list, JSON_COMPACT);
        r = *out ? 0 : -ENOMEM;
    }
    json_decref(list);
    return r;
}

int alertmanager_try(struct attempt *a, const struct receiver_setting *receiver,
                     const struct delivery *delivery)
{
    static const char *const headers[] = { "Content-Type: application/json", NULL };
    AUTO(auto_free) char *alerts = NULL;
    AUTO(text_release) struct text url = TEXT_INIT;
    size_t len = receiver->url ? strlen(receiver->url) : 0;
    int r = delivery->json && len ? alerts_now(delivery, &alerts) : -EINVAL;

    if (r < 0)
        return r;
    while (len && receiver->url[len - 1] == '/')
        len--;
    r = text_printf(&url, "%.*s" ALERTS_PATH, (int)len, receiver->url);
    if (r < 0)
        return r;
    const struct http_post post = {
        .url = text_str(&url),
        .headers = headers,
        .body = alerts,
        .body_len = strlen(alerts),
        .allow_private = receiver->allow_private,
        .ca_file = receiver->ca_file,
    };

    return http_post(a->deliverer->http, &post, on_webhook, a);
}
