#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <jansson.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"
#include "ctl/ctl_protocol.h"
#include "notify/notice.h"

/*
 * `notify test R`: a message marked as a test, to one recipient of a receiver, as alerts are delivered: the
 * same settings, secrets, connection and pace. It goes past Redis, is tried once, and stands for no alert; who
 * asked is in the audit before it leaves. Whoever asked is told which server took it, or why none did.
 */

#define ANSWER_WITHIN_S (CTL_CLIENT_WAIT_S - 10)

struct notify_test {
    struct notify_test *next;
    struct pipeline *pipeline;
    struct ctl_request *request;    /* NULL: answered */
    struct event *late;             /* the answer does not wait for ever */
    json_t *record;                 /* of the audit; what became of it is added for the answer */
    char server[NOTIFY_SERVER_MAX]; /* who takes it: no path, which may be a secret */
};

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static void test_free(struct notify_test *t)
{
    struct notify_test **at = &t->pipeline->tests;

    while (*at && *at != t)
        at = &(*at)->next;
    if (*at)
        *at = t->next;
    if (t->late)
        event_free(t->late);
    json_decref(t->record);
    free(t);
}

void notify_close(struct pipeline *p)
{
    while (p->tests) {
        if (p->tests->request)
            ctl_fail(p->tests->request, 1, "the daemon stops");
        test_free(p->tests);
    }
}

/* ---- where it goes ---- */

/* The path and the query of a webhook's address may be its key. */
void notify_server(const struct receiver_setting *r, char out[NOTIFY_SERVER_MAX])
{
    const char *url = r->kind == RECEIVER_EMAIL ? r->smtp
                      : r->url                  ? r->url
                      : r->url_file             ? "the channel's workflow"
                                                : r->dir;
    const char *host = r->kind == RECEIVER_SPOOL ? NULL : strstr(url, "://");
    size_t len = host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : strlen(url);

    (void)snprintf(out, NOTIFY_SERVER_MAX, "%.*s",
                   (int)(len < NOTIFY_SERVER_MAX ? len : NOTIFY_SERVER_MAX - 1), url);
}

/* ---- the answer ---- */

static void on_late(evutil_socket_t fd, short what, void *arg)
{
    struct notify_test *t = arg;

    (void)fd;
    (void)what;
    ctl_fail(t->request, 1,
             "%s has not answered within %d seconds: the log will say what became of it", t->server,
             ANSWER_WITHIN_S);
    t->request = NULL;
}

static void on_tested(void *arg, const struct delivery_result *result)
{
    struct notify_test *t = arg;
    bool is_taken = result->outcome == DELIVERED;
    const char *outcome = delivery_outcome_name(result->outcome);

    log_info("notify", "test=%s receiver=%s outcome=%s code=%ld %s",
             text_of(t->record, "delivery_id"), text_of(t->record, "receiver"), outcome,
             result->code, result->text);
    if (t->request && !is_taken)
        ctl_fail(t->request, 1, "not accepted by %s for %s (%s): %s", t->server,
                 text_of(t->record, "recipient"), outcome, result->text);
    else if (t->request &&
             (json_object_set_new(t->record, "accepted_by", json_string(t->server)) < 0 ||
              json_object_set_new(t->record, "code", json_integer(result->code)) < 0 ||
              json_object_set_new(t->record, "answer", json_string(result->text)) < 0))
        ctl_fail(t->request, 1, "out of memory");
    else if (t->request)
        ctl_reply(t->request, json_incref(t->record));
    test_free(t);
}

/* ---- the message ---- */

/* H(instance, "test", when, receiver, recipient, the audit so far): no two are alike. */
static int name_it(const struct pipeline *p, json_t *record)
{
    char at[24], id[ALERT_ID_MAX];
    const char *const parts[] = {
        p->config->settings->instance, "test",       at, text_of(record, "receiver"),
        text_of(record, "recipient"),  p->audit_link
    };

    (void)snprintf(at, sizeof at, "%lld", (long long)clock_wall(&p->clock).ms);
    int r = alert_hash(parts, sizeof parts / sizeof parts[0], id);

    return r < 0                                                             ? r
           : json_object_set_new(record, "delivery_id", json_string(id)) < 0 ? -ENOMEM
                                                                             : 0;
}

static int compose(const struct pipeline *p, const struct receiver_setting *r, const json_t *record,
                   struct message *out)
{
    const struct notice notice = { .kind = NOTICE_TEST,
                                   .instance = p->config->settings->instance,
                                   .receiver = r->id,
                                   .recipient = text_of(record, "recipient"),
                                   .from = r->from,
                                   .delivery_id = text_of(record, "delivery_id"),
                                   .why = text_of(record, "who"),
                                   .since = clock_wall(&p->clock),
                                   .now = clock_wall(&p->clock),
                                   .form = message_form_of(r->kind) };

    return notice_compose(&notice, receiver_takes_mail(r), receiver_takes_data(r), out);
}

static int send_it(struct notify_test *t, const struct receiver_setting *r, const struct message *m)
{
    const struct delivery delivery = { .delivery_id = m->delivery_id,
                                       .recipient = text_of(t->record, "recipient"),
                                       .eml = m->eml,
                                       .json = m->json,
                                       .eml_len = m->eml ? strlen(m->eml) : 0,
                                       .json_len = m->json ? strlen(m->json) : 0 };
    const struct timeval within = { .tv_sec = ANSWER_WITHIN_S };

    t->late = event_new(t->pipeline->base, -1, 0, on_late, t);
    if (!t->late || event_add(t->late, &within) < 0)
        return -ENOMEM;
    return deliver_try(t->pipeline->deliverer, r, &delivery, on_tested, t);
}

/* Takes the record: it is in the audit. */
static void begin(struct pipeline *p, struct ctl_request *request, const struct receiver_setting *r,
                  json_t *record)
{
    AUTO(message_release) struct message m = { 0 };
    struct notify_test *t = calloc(1, sizeof *t);
    int result = t ? compose(p, r, record, &m) : -ENOMEM;

    if (!t) {
        json_decref(record);
        ctl_fail(request, 1, "out of memory");
        return;
    }
    *t = (struct notify_test){
        .next = p->tests, .pipeline = p, .request = request, .record = record
    };
    p->tests = t;
    notify_server(r, t->server);
    if (result == 0)
        result = send_it(t, r, &m);
    if (result == 0)
        return;
    ctl_fail(request, 1, "not sent: %s",
             result == -EINVAL ? "the recipient's or sender's address is no plain mail address"
                               : strerror(-result));
    test_free(t);
}

/* ---- the request ---- */

/* Whether it may be sent now; answers where not. */
static bool may_send(struct pipeline *p, const struct receiver_setting *r, const char *recipient,
                     struct ctl_request *request)
{
    if (store_leader(p->store))
        ctl_fail(request, 1, "standby: %s leads: ask that one", store_leader(p->store));
    else if (!r)
        ctl_fail(request, 1, "no receiver has this id");
    else if (!recipient)
        ctl_fail(request, 1, "the receiver has no to:, and nobody holds a role that uses it");
    else if (r->kind == RECEIVER_EMAIL &&
             !pace_allows(&p->paces, r->id, (unsigned)r->rate, clock_mono(&p->clock)))
        ctl_fail(request, 1, "the receiver was given %ld mails in this minute: ask again", r->rate);
    else
        return true;
    return false;
}

void notify_test_answer(struct pipeline *p, struct ctl_request *request)
{
    const char *id = json_string_value(json_object_get(ctl_request_json(request), "receiver"));
    const struct receiver_setting *r = id ? settings_receiver(p->config->settings, id) : NULL;
    const char *recipient = r ? config_recipient(p->config, r, pipeline_today(p)) : NULL;

    if (!may_send(p, r, recipient, request))
        return;
    json_t *record = act_record(p, request);
    int result = record ? json_object_set_new(record, "recipient", json_string(recipient)) : -1;

    result = result < 0 ? -ENOMEM : name_it(p, record);
    if (result == 0)
        result = pace_note(&p->paces, r->id, clock_mono(&p->clock));
    if (result == 0)
        result = audit_append(p, json_deep_copy(record));
    if (result < 0) {
        json_decref(record);
        ctl_fail(request, 1, "not sent: the audit journal cannot be written: %s",
                 strerror(-result));
        return;
    }
    log_info("act", "act=notify-test who=%s", text_of(record, "who"));
    begin(p, request, r, record);
}
