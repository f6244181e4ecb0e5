#include "pipeline_compose_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "ctl/report_json.h"

/*
 * The message that a receiver would get of one alert now, by the composer's own path, for a person to look
 * at. Nothing is journalled or sent, Redis hears nothing, and what was told stays as it was. Who has heard
 * all of it already is shown what one would get who has heard nothing.
 */

#define ID_DIGITS_MIN 8 /* of an alert's id */

struct rendering {
    struct pipeline *p;
    const struct alert *alert;
    const char *receiver;
    struct composition_list all; /* whoever they are for */
    bool is_told;                /* its recipients have heard all of it */
};

static bool id_begins(const char *id, const char *asked)
{
    size_t len = strlen(asked);

    return len >= ID_DIGITS_MIN && strncasecmp(id, asked, len) == 0;
}

/* By its id's first digits, or the one of a measure that says it is behind plan. */
static const struct alert *find(const struct pipeline *p, const char *asked)
{
    const struct alert *found = NULL;
    void *value;

    for (size_t at = 0; table_next(&p->books.alerts, &at, NULL, &value);) {
        const struct alert *a = &((struct stored_alert *)value)->alert;

        if (id_begins(a->id, asked) ||
            (a->rule == RULE_BEHIND_PLAN && a->measure && strcmp(a->measure, asked) == 0)) {
            if (found)
                return NULL;
            found = a;
        }
    }
    return found;
}

static const struct composition *next_for(const struct rendering *r, size_t *at)
{
    while (*at < r->all.count) {
        const struct composition *c = &r->all.list[(*at)++];

        if (strcmp(c->receiver, r->receiver) == 0)
            return c;
    }
    return NULL;
}

static int compose(struct rendering *r, const struct table *told)
{
    struct pipeline *p = r->p;
    struct table days = TABLE_INIT; /* an amber one waits for no other day */
    AUTO(auto_free) const char **ids = calloc(p->findings.count + 1, sizeof *ids);
    const struct composer_input in = {
        .alerts = &r->alert,
        .alert_count = 1,
        .findings = &p->findings,
        .finding_ids = ids,
        .plans = (const struct plan *const *)p->config->plans,
        .plan_count = p->config->plan_count,
        .told = told,
        .days = &days,
        .today = pipeline_today(p),
        .recipients = compose_recipients,
        .receiver_kind = compose_receiver_kind,
        .complete = compose_complete,
        .is_any_time = true,
        .recipients_arg = p,
    };

    if (!ids)
        return -ENOMEM;
    for (size_t i = 0; i < p->findings.count; i++)
        ids[i] = p->finding_ids[i];
    composition_list_release(&r->all);
    return composer_run(&in, &r->all);
}

static json_t *row_of(const struct rendering *r, const struct composed *one)
{
    const struct outbox_item *item = one->item;
    json_t *o = json_object();
    int bad = 0;

    bad |= report_put(o, "alert_id", report_text(r->alert->id));
    bad |= report_put(o, "receiver", report_text(item->receiver));
    bad |= report_put(o, "recipient", report_text(item->recipient));
    bad |= report_put(o, "delivery_id", report_text(item->delivery_id));
    bad |= report_put(o, "subject", report_text(item->subject));
    bad |= report_put(o, "told", json_boolean(r->is_told));
    bad |= report_put(o, "eml", report_text(item->eml));
    bad |= report_put(o, "event", report_text(item->json));
    if (bad == 0)
        return o;
    json_decref(o);
    return NULL;
}

static int add_row(const struct rendering *r, const struct composition *c, json_t *list)
{
    struct composed one = { 0 };
    int result = compose_message(r->p, c, &one);

    if (result == 0 && json_array_append_new(list, row_of(r, &one)) < 0)
        result = -ENOMEM;
    composed_release(&one);
    return result;
}

/* Those who are told of it, in the place of who is not. */
static void fail_other(const struct rendering *r, struct ctl_request *request)
{
    struct composer_recipient who[COMPOSER_RECIPIENTS_MAX];
    size_t n = compose_recipients(r->p, r->alert, who, COMPOSER_RECIPIENTS_MAX);
    AUTO(text_release) struct text others = TEXT_INIT;

    for (size_t i = 0; i < n; i++) {
        bool is_said = false;

        for (size_t k = 0; k < i; k++)
            is_said |= strcmp(who[k].receiver, who[i].receiver) == 0;
        if (strcmp(who[i].receiver, r->receiver) == 0) {
            ctl_fail(request, 1,
                     "there is nothing to tell of it: nobody is told of what came and went, "
                     "or has not begun");
            return;
        }
        if (!is_said)
            (void)text_printf(&others, "%s%s", others.len ? ", " : "", who[i].receiver);
    }
    ctl_fail(request, 1, "receiver %s is not told of it: %s", r->receiver,
             others.len ? text_str(&others) : "nobody is");
}

static void render(struct rendering *r, struct ctl_request *request)
{
    struct table nothing = TABLE_INIT;
    json_t *list = json_array();
    size_t at = 0;
    int result = list ? compose(r, &r->p->books.told) : -ENOMEM;

    if (result == 0 && !next_for(r, &at)) {
        r->is_told = true;
        result = compose(r, &nothing);
    }
    at = 0;
    for (const struct composition *c; result == 0 && (c = next_for(r, &at));)
        result = add_row(r, c, list);
    if (result < 0)
        ctl_fail(request, 1, "it cannot be composed: %s", strerror(-result));
    else if (json_array_size(list) == 0)
        fail_other(r, request);
    else
        ctl_reply(request, json_incref(list));
    json_decref(list);
    composition_list_release(&r->all);
}

void render_answer(struct pipeline *p, struct ctl_request *request)
{
    const json_t *asked = ctl_request_json(request);
    const char *id = json_string_value(json_object_get(asked, "id"));
    const char *receiver = json_string_value(json_object_get(asked, "receiver"));
    struct rendering r = { .p = p, .receiver = receiver ? receiver : "" };
    struct composing composing = { .count = 0 };

    if (!p->loaded || p->composing) {
        ctl_fail(request, 1, "messages are being made just now: ask again");
        return;
    }
    r.alert = find(p, id ? id : "");
    if (!r.alert || !settings_receiver(p->config->settings, r.receiver)) {
        ctl_fail(request, 1,
                 r.alert ? "no receiver has this id" : "no alert, or more than one, is called so");
        return;
    }
    deliver_tick(p); /* what is overdue is told elsewhere too, whether or not we look at it */
    if (deliver_escalated(p, &composing.escalated) < 0) {
        table_release(&composing.escalated, NULL);
        ctl_fail(request, 1, "out of memory");
        return;
    }
    p->composing = &composing;
    render(&r, request);
    p->composing = NULL;
    table_release(&composing.escalated, NULL);
}
