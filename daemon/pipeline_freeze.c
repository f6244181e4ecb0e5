#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/log.h"

/* Notices that stand for no alert, frozen as messages are, so that they go the same way to a receiver. */

bool freeze_is_known(const struct pipeline *p, const char *id)
{
    return table_has(&p->sent_ids, id) || pending_item(p, id) || letter_find(p, id);
}

bool freeze_is_waiting(const struct pipeline *p, const struct wall_time *until)
{
    return clock_wall(&p->clock).ms < until->ms;
}

bool freeze_waits(const struct pipeline *p, struct wall_time *until, struct wall_time opens_at)
{
    if (p->options.once || p->simulation)
        opens_at.ms = 0;
    if (opens_at.ms == 0 || until->ms == 0)
        *until = opens_at;
    if (freeze_is_waiting(p, until))
        return true;
    until->ms = 0;
    return false;
}

int freeze_notice(struct pipeline *p, const struct notice *words,
                  const struct composer_recipient *to, struct outbox_item **out_item)
{
    const struct receiver_setting *r = settings_receiver(p->config->settings, to->receiver);
    struct notice notice = *words;
    struct message m = { 0 };
    struct outbox_item *item = calloc(1, sizeof *item);

    notice.instance = p->config->settings->instance;
    notice.receiver = to->receiver;
    notice.recipient = to->recipient;
    notice.recipient_name = to->recipient_name;
    notice.from = r->from;
    notice.form = message_form_of(r->kind);
    notice.since = notice.now = clock_wall(&p->clock);
    int result = item ? notice_compose(&notice, receiver_takes_mail(r), receiver_takes_data(r), &m)
                      : -ENOMEM;

    if (result < 0) {
        free(item);
        return result;
    }
    item->delivery_id = strdup(words->delivery_id);
    item->receiver = strdup(to->receiver);
    item->recipient = strdup(to->recipient);
    item->subject = m.subject;
    item->eml = m.eml;
    item->json = m.json;
    item->day = to->is_lead ? pipeline_today(p) : DATE_NONE;
    item->group = to->is_lead ? strdup(COMPOSER_LEAD) : NULL;
    item->composed = notice.now;
    item->since = clock_mono(&p->clock);
    *out_item = item;
    return item->delivery_id && item->receiver && item->recipient && (item->group || !to->is_lead)
               ? 0
               : -ENOMEM;
}

bool freeze_day_is_spent(const struct pipeline *p, const struct composer_recipient *to)
{
    AUTO(text_release) struct text key = TEXT_INIT;

    if (!to->is_lead)
        return false;
    (void)text_printf(&key, "%s|%s|day|" COMPOSER_LEAD, to->receiver, to->recipient);
    const struct civil_date *day = text_ok(&key) ? table_get(&p->books.days, text_str(&key)) : NULL;

    return !text_ok(&key) || (day && date_compare(*day, pipeline_today(p)) >= 0);
}

bool freeze_make_due(struct pipeline *p, struct due_again *list, size_t count, json_t *marker,
                     int (*take)(struct pipeline *p, const json_t *marker), int r)
{
    AUTO(auto_free) struct outbox_item **items = calloc(count + 1, sizeof *items);

    if (!items || (take && !marker))
        r = r < 0 ? r : -ENOMEM;
    for (size_t i = 0; items && i < count; i++)
        items[i] = list[i].item;
    if (r == 0)
        r = sent_due(p, items, count);
    if (r == 0 && take)
        r = audit_append(p, json_incref(marker));
    if (r == 0 && take)
        r = pipeline_took_record(p, "audit", take(p, marker));
    json_decref(marker);
    if (r == 0 && count > 0) {
        compose_again(p, list, count, 0);
        return true;
    }
    for (size_t i = 0; list && i < count; i++)
        outbox_item_free(list[i].item);
    free(list);
    if (disk_error_is_full(r))
        disk_is_full(p, "notices cannot be journalled", r);
    else if (r < 0)
        log_error("notice", "error=\"%s\": whom it concerns is told later", strerror(-r));
    return false;
}
