#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "outbox/digest.h"

/*
 * What waited for a receiver that was away leaves as one message a recipient, when the receiver is
 * tried again. (1) One Redis function puts the digest in the place of the messages it stands for,
 * all or nothing. (2) A message that may have arrived, or was refused, is left as it is: the one is
 * repeated under its id, the other would spoil the rest. (3) So is one that tells of something the
 * books do not know, and a notice, which tells of no alert.
 */

#define DIGEST_MESSAGES_MAX 100 /* one call of Redis stays short; the rest joins the next one */
#define DIGEST_NOTICES_MAX  2000

struct known {
    const struct alert *alert;
    const struct episode *episode;
};

/* Every episode: id -> struct known *, in *out_list. */
static int known_episodes(const struct pipeline *p, struct table *out, struct known **out_list)
{
    struct known *list;
    size_t count = 1;
    void *value;
    int r = 0;

    for (size_t at = 0; table_next(&p->books.alerts, &at, NULL, &value);)
        count += ((const struct stored_alert *)value)->alert.episode_count;
    list = calloc(count, sizeof *list);
    *out_list = list;
    if (!list)
        return -ENOMEM;
    for (size_t at = 0; table_next(&p->books.alerts, &at, NULL, &value);) {
        const struct alert *a = &((const struct stored_alert *)value)->alert;

        for (size_t i = 0; r == 0 && i < a->episode_count; i++) {
            *list = (struct known){ a, &a->episodes[i] };
            r = table_set(out, a->episodes[i].id, list++, NULL);
        }
    }
    return r;
}

static bool may_join(const struct pipeline *p, const struct outbox_item *item)
{
    return item->tell_count > 0 && item->tries == 0 && !item->unknown &&
           !deliver_outcome(p, item->delivery_id) && !table_has(&p->flying, item->delivery_id) &&
           !table_has(&p->dropped, item->delivery_id);
}

static bool is_for(const struct outbox_item *item, const struct outbox_item *as)
{
    return strcmp(item->receiver, as->receiver) == 0 && strcmp(item->recipient, as->recipient) == 0;
}

static bool was_away(const struct outbox_item *item)
{
    return item->last_cause == RETRY_CONNECTION || item->last_cause == RETRY_LOGIN;
}

/* A message that waits with another for a receiver that was away and is to be tried now. */
static const struct outbox_item *backlog_of(const struct pipeline *p)
{
    bool any = false;

    for (size_t i = 0; !any && i < p->books.outbox_count; i++)
        any = was_away(p->books.outbox[i]);
    for (size_t i = 0; any && i < p->books.outbox_count; i++) {
        const struct outbox_item *item = p->books.outbox[i];
        bool away = false;
        size_t count = 0;

        if (!may_join(p, item) || !deliver_receiver_is_free(p, item->receiver))
            continue;
        for (size_t k = 0; k < p->books.outbox_count; k++) {
            const struct outbox_item *other = p->books.outbox[k];

            away |= strcmp(other->receiver, item->receiver) == 0 && was_away(other);
            count += is_for(other, item) && may_join(p, other);
        }
        if (away && count > 1)
            return item;
    }
    return NULL;
}

struct gathered {
    struct outbox_item **items;
    size_t item_count;
    struct waiting_notice *notices;
    size_t notice_count;
};

static void gather(struct gathered *g, struct outbox_item *item, const struct table *known)
{
    size_t before = g->notice_count;

    if (before + item->tell_count > DIGEST_NOTICES_MAX && g->item_count > 1)
        return;
    for (size_t i = 0; i < item->tell_count; i++) {
        const struct known *k = table_get(known, item->tells[i].episode);

        if (!k) {
            g->notice_count = before;
            return;
        }
        g->notices[g->notice_count++] =
            (struct waiting_notice){ k->alert, k->episode, item->tells[i].told.ordinal };
    }
    g->items[g->item_count++] = item;
}

static int gather_all(const struct pipeline *p, const struct outbox_item *first,
                      const struct table *known, struct gathered *out)
{
    size_t notices = 1;

    for (size_t i = 0; i < p->books.outbox_count; i++)
        notices += p->books.outbox[i]->tell_count;
    out->items = calloc(p->books.outbox_count, sizeof(struct outbox_item *));
    out->notices = calloc(notices, sizeof *out->notices);
    if (!out->items || !out->notices)
        return -ENOMEM;
    for (size_t i = 0; i < p->books.outbox_count && out->item_count < DIGEST_MESSAGES_MAX; i++)
        if (is_for(p->books.outbox[i], first) && may_join(p, p->books.outbox[i]))
            gather(out, p->books.outbox[i], known);
    return 0;
}

/* The name that goes with a mail address, as people.yaml has it; or NULL. */
static const char *name_of(const struct pipeline *p, const char *recipient)
{
    const struct settings *s = p->config->settings;

    for (size_t i = 0; i < s->person_count; i++)
        if (s->people[i].mail && strcmp(s->people[i].mail, recipient) == 0)
            return s->people[i].name;
    return NULL;
}

static int digest_of(struct pipeline *p, const struct outbox_item *first, struct gathered *g,
                     struct composition *out)
{
    AUTO(auto_free) const char **ids = calloc(p->findings.count + 1, sizeof *ids);

    if (!ids)
        return -ENOMEM;
    for (size_t i = 0; i < p->findings.count; i++)
        ids[i] = p->finding_ids[i];
    const struct digest_input in = {
        .receiver = first->receiver,
        .recipient = first->recipient,
        .recipient_name = name_of(p, first->recipient),
        .is_lead = first->group && strcmp(first->group, COMPOSER_LEAD) == 0,
        .messages = g->item_count,
        .notices = g->notices,
        .notice_count = g->notice_count,
        .got = &p->got_tells,
        .plans = (const struct plan *const *)p->config->plans,
        .plan_count = p->config->plan_count,
        .findings = &p->findings,
        .finding_ids = ids,
    };

    return digest_compose(&in, out);
}

bool digest_start(struct pipeline *p)
{
    const struct outbox_item *first = backlog_of(p);
    struct table known = TABLE_INIT;
    struct composition composition = { 0 };
    struct gathered g = { 0 };
    AUTO(auto_free) struct known *list = NULL;
    bool started = false;
    int r;

    if (!first || !settings_receiver(p->config->settings, first->receiver))
        return false;
    r = known_episodes(p, &known, &list);
    if (r == 0)
        r = gather_all(p, first, &known, &g);
    if (r == 0 && g.item_count > 1 && g.notice_count > 0)
        r = digest_of(p, first, &g, &composition);
    if (r == 0 && composition.item_count > 0) {
        compose_digest(p, &composition, g.items, g.item_count);
        g.items = NULL;
        started = true;
    }
    if (r < 0) /* they leave one by one */
        log_error("outbox", "receiver=%s error=\"%s\": no digest", first->receiver, strerror(-r));
    composition_release(&composition);
    table_release(&known, NULL);
    free(g.items);
    free(g.notices);
    return started;
}
