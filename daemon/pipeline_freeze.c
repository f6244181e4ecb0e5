#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Notices that stand for no alert, frozen as messages are, so that they go the same way to a receiver. */

bool freeze_is_known(const struct pipeline *p, const char *id)
{
    return table_has(&p->sent_ids, id) || pending_item(p, id) || letter_find(p, id);
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
    item->day = DATE_NONE;
    item->composed = notice.now;
    item->since = clock_mono(&p->clock);
    *out_item = item;
    return item->delivery_id && item->receiver && item->recipient ? 0 : -ENOMEM;
}
