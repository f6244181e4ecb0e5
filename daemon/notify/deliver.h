/*
 * deliver - one attempt to hand a frozen message to its receiver
 *
 * Edge. Spool: two files written whole (temporary name, fsync, rename, fsync of the folder), file
 * name = delivery id; writing the same id again is the same file. Webhook: POST of the JSON with
 * Standard Webhooks headers. Teams: POST of a card to an address that is a secret. Alertmanager: POST of
 * alerts, each with its end by the machine's time. Email: SMTP by libcurl, one recipient a transaction. Every
 * attempt ends in exactly one callback, never from inside deliver_try().
 */
#ifndef NOTIFY_DELIVER_H
#define NOTIFY_DELIVER_H

#include "base/clock.h"
#include "loop/http.h"
#include "settings/settings.h"

enum delivery_outcome {
    DELIVERED,
    DELIVERY_CONNECTION_FAILED, /* the receiver's fault: spends no try of the message */
    DELIVERY_LOGIN_REFUSED,     /* likewise: the relay does not take our name and password */
    DELIVERY_REFUSED,           /* the message's fault, may pass later */
    DELIVERY_REFUSED_FOR_GOOD,  /* permanent */
    DELIVERY_UNKNOWN,           /* sent, and no answer came: may have arrived */
};

struct delivery_result {
    enum delivery_outcome outcome;
    long code;          /* HTTP or SMTP status, 0: none */
    long retry_after_s; /* 1 to 3600, or 0: none given */
    char text[160];     /* for log and outbox ls; no secret, no content */
};

typedef void delivery_done(void *arg, const struct delivery_result *result);

struct delivery {
    const char *delivery_id, *recipient;
    const char *eml, *json; /* frozen bytes; the one the receiver needs, spool both */
    size_t eml_len, json_len;
};

/*
 * Outcomes. Spool: a folder that cannot be written is a connection failure. Webhook, teams, alertmanager: 2xx delivered;
 * 410 refused for good; 429, 502, 503, 504 connection failed, with Retry-After (the receiver's
 * state, no fault of the message); every other status refused; no answer: unknown once the body was
 * sent, else connection failed. Email: 250 to the final dot delivered, whatever follows; a reply
 * before MAIL, and 421, 454 at any point, connection failed (the relay's state); 530, 534, 535, 538
 * login refused, and so is a token endpoint that answers 400, 401 or 403 (any other failure of it is a
 * connection failure); else 4xx refused, 5xx for good, and likewise an address that is none or lies outside
 * the receiver's domains; no answer: unknown after the final dot, else connection failed.
 *
 * The webhook timestamp and Retry-After use the machine's time even where --at sets the clock: a
 * receiver compares them with its own.
 */
struct deliverer; /* holds the HTTP/SMTP client */
/** Borrows both; free it before the http. NULL without memory. */
struct deliverer *deliverer_new(struct http *http, const struct clock *clock);
/** From now on every attempt ends as delivered, and nothing leaves: a simulation. */
void deliverer_mute(struct deliverer *d);
/** All strings are copied as needed. Returns 0 (the callback will come) or -errno (it will not). */
int deliver_try(struct deliverer *d, const struct receiver_setting *receiver,
                const struct delivery *delivery, delivery_done *done, void *arg);
/** Attempts under way end without a callback. */
void deliverer_free(struct deliverer *d);

const char *delivery_outcome_name(enum delivery_outcome o);

#endif
