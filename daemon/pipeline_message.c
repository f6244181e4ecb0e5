#include "pipeline_compose_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "notify/message.h"

void composed_release(struct composed *c)
{
    outbox_item_free(c->item);
    free(c->replaced);
    for (size_t i = 0; i < c->update_count; i++) {
        free(c->updates[i].field);
        free(c->updates[i].value);
    }
    free(c->updates);
}

/* ---- names that a message shows ---- */

static const char *org_title(void *arg, const char *code)
{
    return settings_org_title(((const struct pipeline *)arg)->config->settings, code);
}

static bool published(void *arg, const char *feed)
{
    const struct pipeline *p = arg;
    const struct feed_setting *f = pipeline_feed(p, feed);

    return f && format_is_published(format_set_find(p->config->formats, f->format));
}

static const char *feed_title(void *arg, const char *id)
{
    const struct feed_setting *f = pipeline_feed(arg, id);

    return f ? f->title : NULL;
}

static const char *feed_contact(void *arg, const char *id)
{
    const struct feed_setting *f = pipeline_feed(arg, id);

    return f ? f->contact : NULL;
}

static const char *feed_list(void *arg, const char *id)
{
    const struct feed_setting *f = pipeline_feed(arg, id);

    return f ? f->into : NULL;
}

static const char *role_holder(void *arg, const char *role)
{
    const struct pipeline *p = arg;
    const struct person *people[1];

    return settings_holders(p->config->settings, role, pipeline_today(p), people, 1)
               ? people[0]->name
               : NULL;
}

void message_context_of(struct pipeline *p, const struct receiver_setting *receiver,
                        struct message_context *out)
{
    *out = (struct message_context){ .instance = p->config->settings->instance,
                                     .receiver = receiver->id,
                                     .findings = &p->findings,
                                     .workflow = &p->workflow,
                                     .workdays = &p->config->settings->workdays,
                                     .from = receiver->from,
                                     .now = clock_wall(&p->clock),
                                     .form = message_form_of(receiver->kind),
                                     .profile = receiver_profile(receiver, pipeline_today(p)),
                                     .org_title = org_title,
                                     .org_title_arg = p,
                                     .feed_title = feed_title,
                                     .role_holder = role_holder,
                                     .feed_contact = feed_contact,
                                     .feed_list = feed_list,
                                     .names_arg = p,
                                     .feed_is_published = published,
                                     .feed_is_published_arg = p,
                                     .list_figure = measures_beside };
}

/* ---- told-state ---- */

int composed_tells(struct composed *c, const char *recipient, const char *episode,
                   const struct told *told)
{
    struct told_update *u = &c->updates[c->update_count++];
    struct text field = TEXT_INIT;

    (void)text_printf(&field, "%s|%s", recipient, episode);
    u->field = text_take(&field);
    u->told = *told;
    u->day = DATE_NONE;
    u->value = told_encode(&u->told);
    return u->field && u->value ? 0 : -ENOMEM;
}

int composed_of_day(struct composed *c, const char *recipient, const char *group,
                    struct civil_date day)
{
    char text[DATE_TEXT_MAX];
    struct told_update *u = &c->updates[c->update_count++];
    struct text field = TEXT_INIT;

    (void)text_printf(&field, "%s|day|%s", recipient, group);
    u->field = text_take(&field);
    u->value = strdup(date_format(day, text));
    u->day = day;
    return u->field && u->value ? 0 : -ENOMEM;
}

/* ---- the message ---- */

/* What goes with a baseline: that it was told, and what is over. Returns 0 or -errno. */
static int tell_baseline(const struct composition *c, struct composed *out)
{
    const struct told notice = { c->baseline->ordinal, SEVERITY_NONE, false };
    int r = composed_tells(out, c->recipient, c->baseline->id, &notice);

    for (size_t i = 0; r == 0 && i < c->settled_count; i++) {
        const struct episode *e = c->settled[i].episode;
        const struct told over = { e->ordinal, e->severity, false };

        r = composed_tells(out, c->recipient, e->id, &over);
    }
    return r;
}

static const struct plan *plan_of(const struct pipeline *p, const struct alert *a)
{
    for (size_t i = 0; a->plan && i < p->config->plan_count; i++)
        if (strcmp(p->config->plans[i]->id, a->plan) == 0)
            return p->config->plans[i];
    return NULL;
}

/* What the message says, and the told-state that goes with it. Returns 0 or -errno. */
static int list_items(const struct pipeline *p, const struct composition *c,
                      struct message_item *items, struct composed *out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < c->item_count; i++) {
        const struct composed_item *from = &c->items[i];
        const struct told told = { from->episode->ordinal, from->episode->severity,
                                   episode_is_open(from->episode) };

        items[i] = (struct message_item){ .alert = from->alert,
                                          .episode = from->episode,
                                          .finding = from->finding,
                                          .plan = plan_of(p, from->alert),
                                          .news = from->news,
                                          .came_and_went = from->came_and_went };
        r = notice_id_of(from->episode->id, from->episode->ordinal, items[i].notice_id);
        if (r == 0)
            r = composed_tells(out, c->recipient, from->episode->id, &told);
    }
    return r == 0 && c->baseline ? tell_baseline(c, out) : r;
}

/* The words, for a receiver of that kind. Returns as message_compose(). */
static int word(struct pipeline *p, const struct composition *c, const struct message_item *items,
                struct release *release, struct measures_ageing *waits, struct message *out)
{
    const struct receiver_setting *receiver = settings_receiver(p->config->settings, c->receiver);
    AUTO(text_release) struct text others = TEXT_INIT;
    AUTO(text_release) struct text unreached = TEXT_INIT;
    char notice[ALERT_ID_MAX] = "";
    int r = compose_others(p, c, &others, &unreached);

    if (r == 0 && c->baseline)
        r = notice_id_of(c->baseline->id, c->baseline->ordinal, notice);
    if (r < 0)
        return r;
    const struct message_baseline baseline = {
        .notice_id = notice,
        .thread = c->baseline ? c->baseline->id : NULL,
        .is_first = c->baseline && c->baseline->is_first,
        .measures = c->baseline ? c->baseline->measures : 0,
        .unknown = c->baseline ? c->baseline->unknown : 0,
    };
    struct message_context context;

    message_context_of(p, receiver, &context);
    context.recipient = c->recipient;
    context.recipient_name = c->recipient_name;
    context.plan = c->plan;
    context.priority = c->priority;
    context.items = items;
    context.item_count = c->item_count;
    context.baseline = c->baseline ? &baseline : NULL;
    context.silenced = c->silenced;
    context.unchanged = c->unchanged;
    context.also_told = text_str(&others);
    context.not_reached = text_str(&unreached);
    context.release = release;
    context.backlog_messages = c->backlog.messages;
    context.backlog_notices = (const char(*)[ALERT_ID_MAX])c->backlog.notices;
    context.backlog_notice_count = c->backlog.notice_count;
    context.is_illustrative = c->backlog.is_illustrative;
    context.is_rehearsal = c->backlog.is_rehearsal;
    context.list_figure_arg = waits;
    return message_compose(&context, receiver_takes_mail(receiver), receiver_takes_data(receiver),
                           out);
}

/* What is due: the words, which it takes, and whom they tell of what. Returns 0 or -ENOMEM. */
static int fill_item(struct pipeline *p, const struct composition *c, struct message *m,
                     struct composed *out)
{
    struct outbox_item *item = out->item;

    item->delivery_id = strdup(m->delivery_id);
    item->receiver = strdup(c->receiver);
    item->recipient = strdup(c->recipient);
    item->group = strdup(c->group);
    item->day = pipeline_today(p);
    item->eml = m->eml;
    item->json = m->json;
    item->subject = m->subject;
    m->eml = m->json = m->subject = NULL;
    item->severity = m->severity;
    item->composed = clock_wall(&p->clock);
    item->since = clock_mono(&p->clock);
    item->tells = calloc(out->update_count, sizeof *item->tells);
    for (size_t i = 0; item->tells && i < out->update_count; i++) {
        const struct told_update *u = &out->updates[i];
        struct tell *tell = &item->tells[item->tell_count];

        if (date_is_set(u->day) || u->is_release)
            continue;
        (void)snprintf(tell->episode, sizeof tell->episode, "%s", strrchr(u->field, '|') + 1);
        tell->told = u->told;
        item->tell_count++;
    }
    return item->tells && item->delivery_id && item->receiver && item->recipient && item->group
               ? 0
               : -ENOMEM;
}

int compose_message(struct pipeline *p, const struct composition *c, struct composed *out)
{
    AUTO(auto_free) struct message_item *items = calloc(c->item_count + 1, sizeof *items);
    struct message m = { 0 };

    out->updates = calloc(c->item_count + c->settled_count + 2, sizeof *out->updates);
    out->item = calloc(1, sizeof *out->item);
    if (!items || !out->updates || !out->item)
        return -ENOMEM;
    struct release *release = NULL;
    struct measures_ageing *waits = measures_ageing_new(p);
    json_t *released = NULL;
    int r = waits ? list_items(p, c, items, out) : -ENOMEM;

    if (r == 0)
        r = composed_of_day(out, c->recipient, c->group, pipeline_today(p));
    if (r == 0)
        r = release_open(&p->books.released, c->receiver, &p->findings, &release);
    if (r == 0)
        r = word(p, c, items, release, waits, &m);
    if (r == 0 && m.chart_error < 0)
        log_warning("compose",
                    "delivery=%s its chart cannot be made, and it goes without: error=\"%s\"",
                    m.delivery_id, strerror(-m.chart_error));
    if (r == 0)
        released = release_added(release, &r);
    if (r == 0)
        r = fill_item(p, c, &m, out);
    if (r == 0 && released)
        r = composed_shows(out, released);
    json_decref(released);
    release_free(release);
    measures_ageing_free(waits);
    message_release(&m);
    return r;
}
