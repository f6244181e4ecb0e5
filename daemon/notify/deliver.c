#include "notify/deliver_private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

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

/* ---- spool --------------------------------------------------------------------- */

static int try_spool(struct attempt *a, const struct receiver_setting *receiver,
                     const struct delivery *delivery)
{
    int r = spool_write(receiver->dir, delivery);

    if (r == -EINVAL || r == -ENOMEM)
        return r;
    return r < 0 ? attempt_fail_later(a, "the spool folder cannot be written", r)
                 : attempt_finish_later(a, DELIVERED, "written");
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
        r = webhook_try(a, receiver, delivery);
        break;
    case RECEIVER_TEAMS:
        r = teams_try(a, receiver, delivery);
        break;
    case RECEIVER_ALERTMANAGER:
        r = alertmanager_try(a, receiver, delivery);
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

        post_cancel(a);
        email_cancel(a);
        attempt_free(a);
    }
    tokens_release(d);
    free(d);
}
