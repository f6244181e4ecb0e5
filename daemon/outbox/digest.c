#include "outbox/digest.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"

static const struct plan *plan_of(const struct digest_input *in, const struct alert *a)
{
    for (size_t i = 0; a->plan && i < in->plan_count; i++)
        if (strcmp(in->plans[i]->id, a->plan) == 0)
            return in->plans[i];
    return NULL;
}

static const struct finding *finding_of(const struct digest_input *in, const struct alert *a)
{
    for (size_t i = 0; i < in->findings->count; i++)
        if (strcmp(in->finding_ids[i], a->id) == 0)
            return &in->findings->list[i];
    return NULL;
}

static bool is_listed(const struct composition *c, const struct episode *e)
{
    for (size_t i = 0; i < c->item_count; i++)
        if (strcmp(c->items[i].episode->id, e->id) == 0)
            return true;
    return false;
}

static int add_episode(const struct digest_input *in, const struct waiting_notice *n,
                       struct composition *c)
{
    AUTO(text_release) struct text key = TEXT_INIT;
    struct composed_item *item = &c->items[c->item_count];

    (void)text_printf(&key, "%s|%s|%s", in->receiver, in->recipient, n->episode->id);
    if (!text_ok(&key))
        return -ENOMEM;
    const struct told *got = table_get(in->got, text_str(&key));

    *item = (struct composed_item){
        .alert = n->alert,
        .episode = n->episode,
        .finding = finding_of(in, n->alert),
        .news = composer_news(n->alert->rule, n->episode, got),
        .told_ordinal = got ? got->ordinal : 0,
    };
    if (item->news == NEWS_NONE && !episode_is_open(n->episode)) {
        item->came_and_went = true;
        item->news = composer_news_of_both(n->episode);
    }
    c->item_count++;
    return 0;
}

static int add_notice(struct composed_backlog *b, const char *episode, unsigned ordinal)
{
    char *id = b->notices[b->notice_count];
    int r = notice_id_of(episode, ordinal, id);

    if (r < 0)
        return r;
    for (size_t i = 0; i < b->notice_count; i++)
        if (strcmp(b->notices[i], id) == 0)
            return 0;
    b->notice_count++;
    return 0;
}

/* The plan and priority that all of it belongs to; none when it is of several. */
static int set_group(const struct digest_input *in, struct composition *c)
{
    const struct alert *first = in->notices[0].alert;
    AUTO(text_release) struct text group = TEXT_INIT;
    bool is_one = true;

    for (size_t i = 0; i < in->notice_count; i++) {
        const struct plan *plan = plan_of(in, in->notices[i].alert);

        is_one &= plan == plan_of(in, first) && in->notices[i].alert->priority == first->priority;
        c->backlog.is_illustrative |= plan && plan->illustrative;
        c->backlog.is_rehearsal |= plan && plan->mode == PLAN_REHEARSAL;
    }
    if (is_one && plan_of(in, first)) {
        c->plan = plan_of(in, first);
        c->priority = first->priority;
    }
    if (in->is_lead)
        (void)text_puts(&group, COMPOSER_LEAD);
    else if (c->plan)
        (void)text_printf(&group, "%s/%zu", c->plan->id, c->priority);
    else
        (void)text_puts(&group, "backlog");
    c->group = text_take(&group);
    return c->group ? 0 : -ENOMEM;
}

int digest_compose(const struct digest_input *in, struct composition *out)
{
    struct composition c = { .backlog.messages = in->messages };
    int r = 0;

    assert(in->messages >= 2 && in->notice_count >= 1);
    c.receiver = strdup(in->receiver);
    c.recipient = strdup(in->recipient);
    c.recipient_name = in->recipient_name ? strdup(in->recipient_name) : NULL;
    c.items = calloc(in->notice_count, sizeof *c.items);
    c.backlog.notices = calloc(2 * in->notice_count, sizeof *c.backlog.notices);
    if (!c.receiver || !c.recipient || (in->recipient_name && !c.recipient_name) || !c.items ||
        !c.backlog.notices)
        r = -ENOMEM;
    for (size_t i = 0; r == 0 && i < in->notice_count; i++) {
        const struct waiting_notice *n = &in->notices[i];

        r = add_notice(&c.backlog, n->episode->id, n->ordinal);
        if (r == 0)
            r = add_notice(&c.backlog, n->episode->id, n->episode->ordinal);
        if (r == 0 && !is_listed(&c, n->episode))
            r = add_episode(in, n, &c);
    }
    if (r == 0)
        r = set_group(in, &c);
    if (r < 0) {
        composition_release(&c);
        return r;
    }
    composer_order(c.items, c.item_count);
    *out = c;
    return 0;
}
