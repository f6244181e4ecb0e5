#include "pipeline_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"
#include "notify/message.h"
#include "outbox/composer.h"

/* Told-state that goes with one message. */
struct told_update {
    char *field, *value; /* as Redis holds them: "recipient|episode" */
    struct told told;
    struct civil_date day; /* set: the day of a day's message in place of told */
};

struct composed {
    struct outbox_item *item;
    struct told_update *updates;
    size_t update_count;
    struct outbox_item **replaced; /* by a digest; of the books */
    size_t replaced_count;
    bool is_again; /* it was due before */
};

struct composing {
    struct composed *list;
    size_t count;
    struct composition_list compositions; /* of which the first .count are in the list */
    struct table escalated;               /* episodes that fallback and ops are told of too */
};

static void composed_release(struct composed *c)
{
    outbox_item_free(c->item);
    free(c->replaced);
    for (size_t i = 0; i < c->update_count; i++) {
        free(c->updates[i].field);
        free(c->updates[i].value);
    }
    free(c->updates);
}

void compose_abort(struct pipeline *p)
{
    struct composing *c = p->composing;

    for (size_t i = 0; c && i < c->count; i++)
        composed_release(&c->list[i]);
    if (c) {
        free(c->list);
        table_release(&c->escalated, NULL);
        composition_list_release(&c->compositions);
    }
    free(c);
    p->composing = NULL;
}

/* ---- who is told ---- */

struct audience {
    const struct pipeline *pipeline;
    const char *except; /* a receiver that is not told, or NULL */
    bool rehearsing;    /* a plan in rehearsal reaches spools only */
    struct composer_recipient *out;
    size_t count, max;
};

static void add_recipient(struct audience *a, const struct receiver_setting *r,
                          const char *recipient, const char *name)
{
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->out[i].receiver, r->id) == 0 && strcmp(a->out[i].recipient, recipient) == 0)
            return;
    if (a->count == a->max)
        log_error("compose", "receiver=%s: more than %zu recipients of one alert, one left out",
                  r->id, a->max);
    else
        a->out[a->count++] =
            (struct composer_recipient){ r->id, recipient, name, r->kind == RECEIVER_WEBHOOK };
}

/* An email receiver writes to each holder of the role; its `to:` when there is none. */
static void add_receiver(struct audience *a, const char *id, const char *role)
{
    const struct settings *s = a->pipeline->config->settings;
    const struct receiver_setting *r = settings_receiver(s, id);
    const struct person *people[16];

    if ((a->rehearsing && r->kind != RECEIVER_SPOOL) || (a->except && strcmp(id, a->except) == 0))
        return;
    if (r->kind != RECEIVER_EMAIL) {
        add_recipient(a, r, r->id, NULL);
        return;
    }
    size_t n = role ? settings_holders(s, role, pipeline_today(a->pipeline), people, 16) : 0;

    for (size_t i = 0; i < n; i++)
        add_recipient(a, r, people[i]->mail, people[i]->name);
    if (n == 0 && r->to)
        add_recipient(a, r, r->to, NULL);
    else if (n == 0)
        log_warning("compose",
                    "receiver=%s role=%s: nobody holds the role and the receiver has no to:", id,
                    role ? role : "-");
}

static void add_role(struct audience *a, const struct plan *plan, const char *role)
{
    const struct plan_role *r = role ? plan_role_find(plan, role) : NULL;

    for (size_t i = 0; r && i < r->receivers.count; i++)
        add_receiver(a, r->receivers.items[i], role);
}

static void add_route(struct audience *a, const struct text_list *route)
{
    for (size_t i = 0; i < route->count; i++)
        add_receiver(a, route->items[i], NULL);
}

/* A message of this alert was given up, or is red and undelivered for 30 minutes. */
static bool is_escalated(const struct pipeline *p, const struct alert *alert)
{
    for (size_t i = 0; i < alert->episode_count; i++)
        if (episode_is_open(&alert->episodes[i]) &&
            table_has(&p->composing->escalated, alert->episodes[i].id))
            return true;
    return false;
}

static void add_operators(struct audience *a)
{
    add_route(a, &a->pipeline->config->settings->routes.fallback);
    add_route(a, &a->pipeline->config->settings->routes.ops);
}

size_t operators_of(const struct pipeline *p, struct composer_recipient *out, size_t max)
{
    struct audience a = { .pipeline = p, .out = out, .max = max };

    add_operators(&a);
    return a.count;
}

/* Whether the figures of a measure come from a feed, or from the list that it writes. */
static bool waits_for(const struct pipeline *p, const struct plan_measure *m, const char *feed)
{
    const struct feed_setting *f = pipeline_feed(p, feed);

    return m->list ? f && f->into && strcmp(f->into, m->list->list) == 0
                   : strcmp(m->select.feed, feed) == 0;
}

/* The owner of what an alert speaks of; feed alerts go to ops and to everyone whose measures wait
 * for that feed. */
static size_t recipients_of(void *arg, const struct alert *alert, struct composer_recipient *out,
                            size_t max)
{
    const struct pipeline *p = arg;
    struct audience a = { .pipeline = p, .out = out, .max = max };

    if (alert->rule == RULE_DEAD_LETTER) { /* not by the receiver that it speaks of */
        a.except = alert->receiver;
        add_operators(&a);
        return a.count;
    }
    if (alert->feed && alert->rule != RULE_BEHIND_PLAN && alert->rule != RULE_ACTION_OVERDUE)
        add_route(&a, &p->config->settings->routes.ops);
    if (alert->provider && strcmp(alert->provider, FEED_INCIDENT) == 0) { /* no lead's business */
        add_route(&a, &p->config->settings->routes.governance);
        return a.count;
    }
    for (size_t i = 0; i < p->config->plan_count; i++) {
        const struct plan *plan = p->config->plans[i];

        a.rehearsing = plan->mode == PLAN_REHEARSAL;
        if (alert->plan && strcmp(alert->plan, plan->id) == 0) {
            add_role(&a, plan, alert->owner);
            if (a.rehearsing)
                return a.count; /* never on to ops or fallback */
        }
        if (alert->plan || !alert->feed)
            continue;
        for (size_t j = 0; j < plan->measure_count; j++)
            if (waits_for(p, &plan->measures[j], alert->feed))
                add_role(&a, plan, plan->measures[j].owner);
    }
    a.rehearsing = false;
    if (is_escalated(p, alert))
        add_operators(&a);
    if (a.count == 0)
        add_route(&a, &p->config->settings->routes.ops);
    if (a.count == 0)
        add_route(&a, &p->config->settings->routes.fallback);
    return a.count;
}

/* ---- composing ---- */

static int receiver_kind(void *arg, const char *id)
{
    const struct pipeline *p = arg;
    const struct receiver_setting *r = settings_receiver(p->config->settings, id);

    return r ? r->kind == RECEIVER_WEBHOOK : -1;
}

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

static const char *role_holder(void *arg, const char *role)
{
    const struct pipeline *p = arg;
    const struct person *people[1];

    return settings_holders(p->config->settings, role, pipeline_today(p), people, 1)
               ? people[0]->name
               : NULL;
}

/* By name where people.yaml has one, else by receiver; each once. Returns 0 or -ENOMEM. */
static int add_other(struct table *named, const struct composer_recipient *who, struct text *out)
{
    const char *name = who->recipient_name ? who->recipient_name : who->receiver;

    if (table_has(named, name))
        return 0;
    (void)text_printf(out, "%s%s", out->len ? ", " : "", name);
    return text_ok(out) ? table_set(named, name, named, NULL) : -ENOMEM;
}

/* Who else is told of what this message tells, and who should have been and was not reached. */
static int others_of(const struct pipeline *p, const struct composition *c, struct text *out_told,
                     struct text *out_unreached)
{
    struct composer_recipient who[COMPOSER_RECIPIENTS_MAX];
    struct table named = TABLE_INIT;
    int r = 0;

    /* Whoever was not reached of one thing is not named as told of another. */
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < c->item_count; i++) {
            size_t n = recipients_of((void *)(uintptr_t)p, c->items[i].alert, who,
                                     COMPOSER_RECIPIENTS_MAX);

            for (size_t j = 0; r == 0 && j < n; j++) {
                bool is_unreached = deliver_is_unreached(p, who[j].receiver, who[j].recipient,
                                                         c->items[i].episode->id);

                if (strcmp(who[j].receiver, c->receiver) == 0 &&
                    strcmp(who[j].recipient, c->recipient) == 0)
                    continue;
                if (is_unreached == (pass == 0))
                    r = add_other(&named, &who[j], pass == 0 ? out_unreached : out_told);
            }
        }
    table_release(&named, NULL);
    return r;
}

static int add_told(struct composed *c, const char *recipient, const char *episode,
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

static int add_day(struct composed *c, const char *recipient, const char *group,
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

static int compose_one(struct pipeline *p, const struct composition *c, struct composed *out)
{
    AUTO(auto_free) struct message_item *items = calloc(c->item_count, sizeof *items);
    AUTO(text_release) struct text others = TEXT_INIT;
    AUTO(text_release) struct text unreached = TEXT_INIT;
    const struct receiver_setting *receiver = settings_receiver(p->config->settings, c->receiver);
    struct message m = { 0 };
    int r = items ? others_of(p, c, &others, &unreached) : -ENOMEM;

    out->updates = calloc(c->item_count + 1, sizeof *out->updates);
    out->item = calloc(1, sizeof *out->item);
    if (!out->updates || !out->item)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < c->item_count; i++) {
        const struct composed_item *from = &c->items[i];

        items[i] = (struct message_item){ .alert = from->alert,
                                          .episode = from->episode,
                                          .finding = from->finding,
                                          .news = from->news,
                                          .came_and_went = from->came_and_went };
        r = notice_id_of(from->episode->id, from->episode->ordinal, items[i].notice_id);
        const struct told told = { from->episode->ordinal, from->episode->severity,
                                   episode_is_open(from->episode) };

        if (r == 0)
            r = add_told(out, c->recipient, from->episode->id, &told);
    }
    if (r == 0)
        r = add_day(out, c->recipient, c->group, pipeline_today(p));
    if (r == 0) {
        const struct message_context context = {
            .instance = p->config->settings->instance,
            .receiver = c->receiver,
            .recipient = c->recipient,
            .recipient_name = c->recipient_name,
            .plan = c->plan,
            .priority = c->priority,
            .items = items,
            .item_count = c->item_count,
            .unchanged = c->unchanged,
            .also_told = text_str(&others),
            .not_reached = text_str(&unreached),
            .from = receiver->from,
            .now = clock_wall(&p->clock),
            .backlog_messages = c->backlog.messages,
            .backlog_notices = (const char(*)[ALERT_ID_MAX])c->backlog.notices,
            .backlog_notice_count = c->backlog.notice_count,
            .is_illustrative = c->backlog.is_illustrative,
            .is_rehearsal = c->backlog.is_rehearsal,
            .org_title = org_title,
            .org_title_arg = p,
            .feed_title = feed_title,
            .role_holder = role_holder,
            .names_arg = p,
            .feed_is_published = published,
            .feed_is_published_arg = p,
        };

        r = message_compose(&context, receiver->kind != RECEIVER_WEBHOOK,
                            receiver->kind != RECEIVER_EMAIL, &m);
    }
    if (r == 0) {
        struct outbox_item *item = out->item;

        item->delivery_id = strdup(m.delivery_id);
        item->receiver = strdup(c->receiver);
        item->recipient = strdup(c->recipient);
        item->group = strdup(c->group);
        item->day = pipeline_today(p);
        item->eml = m.eml;
        item->json = m.json;
        item->subject = m.subject;
        m.eml = m.json = m.subject = NULL;
        item->severity = m.severity;
        item->composed = clock_wall(&p->clock);
        item->since = clock_mono(&p->clock);
        item->tells = calloc(c->item_count, sizeof *item->tells);
        for (size_t i = 0; item->tells && i < c->item_count; i++) {
            struct tell *tell = &item->tells[item->tell_count++];

            (void)snprintf(tell->episode, sizeof tell->episode, "%s", c->items[i].episode->id);
            tell->told = out->updates[i].told;
        }
        if (!item->tells)
            r = -ENOMEM;
        if (!item->delivery_id || !item->receiver || !item->recipient || !item->group)
            r = -ENOMEM;
    }
    message_release(&m);
    return r;
}

static int adopt_update(struct pipeline *p, const char *receiver, const struct told_update *u)
{
    AUTO(text_release) struct text key = TEXT_INIT;

    (void)text_printf(&key, "%s|%s", receiver, u->field);
    if (!text_ok(&key))
        return -ENOMEM;
    return date_is_set(u->day) ? day_keep(&p->books.days, text_str(&key), u->day)
                               : told_keep(&p->books.told, text_str(&key), &u->told);
}

/* Redis took a message, or knew of it before. Returns 0 or -errno. */
static int adopt_composed(struct pipeline *p, struct composed *one)
{
    struct outbox_item *item = one->item;
    int r = 0;

    for (size_t j = 0; r == 0 && j < one->update_count; j++)
        r = adopt_update(p, item->receiver, &one->updates[j]);
    for (size_t i = 0; r == 0 && i < one->replaced_count; i++)
        books_remove_outbox(&p->books, one->replaced[i]);
    if (r < 0)
        return r;
    if (!item->stream_id) /* it has an outcome there, which our journal lacks */
        return sent_elsewhere(
            p, json_pack("[o]", sent_entry(item->delivery_id, item->receiver, item->recipient,
                                           item->tells, item->tell_count)));
    log_info("outbox", "delivery=%s receiver=%s due", item->delivery_id, item->receiver);
    one->item = NULL;
    return books_add_outbox(&p->books, item);
}

static void finish_composing(struct pipeline *p)
{
    struct composing *c = p->composing;
    int r = 0;

    for (size_t i = 0; r == 0 && i < c->count; i++)
        r = adopt_composed(p, &c->list[i]);
    compose_abort(p);
    if (r < 0)
        pipeline_stop(p, 1);
}

/* The message and its told-state to Redis, in the open batch. Returns 0 or -ENOMEM. */
static int send_composed(struct pipeline *p, const struct composed *one)
{
    AUTO(auto_free) const char **fields = calloc(one->update_count + 1, sizeof *fields);
    AUTO(auto_free) const char **values = calloc(one->update_count + 1, sizeof *values);
    size_t n = one->update_count;
    int r;

    if (!fields || !values)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        fields[i] = one->updates[i].field;
        values[i] = one->updates[i].value;
    }
    if (one->replaced_count)
        r = store_digest(p->store, one->item, one->replaced, one->replaced_count, fields, values, n,
                         batch_done, p);
    else if (one->is_again)
        r = store_put_back(p->store, one->item, fields, values, n, batch_done, p);
    else
        r = store_enqueue(p->store, one->item, fields, values, n, batch_done, p);
    batch_add(p, r);
    return 0;
}

/* ---- what was due before ---- */

/* Whether the books know of a later notice: that stays. Returns 1, 0 or -ENOMEM. */
static int is_told_later(const struct pipeline *p, const char *receiver,
                         const struct told_update *u)
{
    AUTO(text_release) struct text key = TEXT_INIT;

    (void)text_printf(&key, "%s|%s", receiver, u->field);
    if (!text_ok(&key))
        return -ENOMEM;
    const struct told *told = table_get(&p->books.told, text_str(&key));
    const struct civil_date *day = table_get(&p->books.days, text_str(&key));

    return date_is_set(u->day) ? day && date_compare(*day, u->day) > 0
                               : told && told->ordinal > u->told.ordinal;
}

/* The last update is kept, and in the books at once, which are loaded again if Redis does not take
 * it; or forgotten. */
static int keep_update(struct pipeline *p, struct composed *out)
{
    struct told_update *u = &out->updates[out->update_count - 1];
    int later = is_told_later(p, out->item->receiver, u);

    if (later <= 0)
        return later < 0 ? later : adopt_update(p, out->item->receiver, u);
    free(u->field);
    free(u->value);
    out->update_count--;
    return 0;
}

/* A frozen message once more, with the told-state that went with it. */
static int freeze_again(struct pipeline *p, struct composed *out)
{
    const struct outbox_item *item = out->item;
    int r = 0;

    out->updates = calloc(item->tell_count + 1, sizeof *out->updates);
    if (!out->updates)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < item->tell_count; i++) {
        r = add_told(out, item->recipient, item->tells[i].episode, &item->tells[i].told);
        if (r == 0)
            r = keep_update(p, out);
    }
    if (r == 0 && item->group) {
        r = add_day(out, item->recipient, item->group, item->day);
        if (r == 0)
            r = keep_update(p, out);
    }
    return r;
}

void compose_again(struct pipeline *p, struct due_again *list, size_t count, int r)
{
    struct composing *c = calloc(1, sizeof *c);

    batch_begin(p, finish_composing);
    p->composing = c;
    if (c)
        c->list = calloc(count + 1, sizeof *c->list);
    for (size_t i = 0; i < count; i++) {
        struct composed one = { .item = list[i].item,
                                .replaced = list[i].replaced,
                                .replaced_count = list[i].replaced_count,
                                .is_again = true };

        if (c && c->list)
            c->list[c->count++] = one;
        else
            composed_release(&one);
    }
    free(list);
    if (!c || !c->list)
        r = -ENOMEM;
    for (size_t i = 0; r == 0 && i < count; i++) {
        r = freeze_again(p, &c->list[i]);
        if (r == 0)
            r = send_composed(p, &c->list[i]);
    }
    if (r < 0)
        batch_fail(p, r);
    batch_end(p);
}

/* ---- a digest ---- */

/* It is as old, and as bad, as the worst of what it stands for, which it names. */
static int inherit(struct outbox_item *item, struct outbox_item *const *replaced, size_t count)
{
    struct text ids = TEXT_INIT;

    for (size_t i = 0; i < count; i++) {
        if (replaced[i]->composed.ms < item->composed.ms) {
            item->composed = replaced[i]->composed;
            item->since = replaced[i]->since;
        }
        if (replaced[i]->severity > item->severity)
            item->severity = replaced[i]->severity;
        item->is_escalated |= replaced[i]->is_escalated;
        (void)text_printf(&ids, "%s%s%s%s", i ? " " : "", replaced[i]->delivery_id,
                          replaced[i]->replaces ? " " : "",
                          replaced[i]->replaces ? replaced[i]->replaces : "");
    }
    item->replaces = text_take(&ids);
    return item->replaces ? 0 : -ENOMEM;
}

/* What the messages of a composing from `from` on tell whom. A full disk stops no message: once there
 * is room, what is due still is written down. */
static int journal_due(struct pipeline *p, size_t from)
{
    const struct composing *c = p->composing;
    AUTO(auto_free) struct outbox_item **items = calloc(c->count + 1, sizeof *items);
    int r = items ? 0 : -ENOMEM;

    for (size_t i = from; r == 0 && i < c->count; i++)
        items[i - from] = c->list[i].item;
    if (r == 0)
        r = sent_due(p, items, c->count - from);
    if (!disk_error_is_full(r))
        return r;
    disk_is_full(p, "the sent journal cannot be written", r);
    p->journals_are_behind = true;
    return 0;
}

void compose_digest(struct pipeline *p, const struct composition *composition,
                    struct outbox_item **replaced, size_t count)
{
    struct composing *c = calloc(1, sizeof *c);
    int r = c ? 0 : -ENOMEM;

    batch_begin(p, finish_composing);
    p->composing = c;
    if (c)
        c->list = calloc(1, sizeof *c->list);
    if (c && c->list) {
        c->list[0] = (struct composed){ .replaced = replaced, .replaced_count = count };
        r = compose_one(p, composition, &c->list[c->count++]);
    } else {
        free(replaced);
        r = -ENOMEM;
    }
    if (r == 0)
        r = inherit(c->list[0].item, replaced, count);
    if (r == 0)
        r = journal_due(p, 0);
    if (r == 0) {
        log_info("outbox", "receiver=%s %zu messages that waited become one", composition->receiver,
                 count);
        r = send_composed(p, &c->list[0]);
    }
    if (r < 0)
        batch_fail(p, r);
    batch_end(p);
}

/* ---- what the alerts say ---- */

static int list_alerts(const struct pipeline *p, const struct alert ***out_list, size_t *out_count)
{
    const struct alert **list = calloc(table_count(&p->books.alerts) + 1, sizeof *list);
    void *value;
    size_t n = 0;

    if (!list)
        return -ENOMEM;
    for (size_t at = 0; table_next(&p->books.alerts, &at, NULL, &value);)
        list[n++] = &((struct stored_alert *)value)->alert;
    *out_list = list;
    *out_count = n;
    return 0;
}

static int find_compositions(struct pipeline *p, struct composition_list *out)
{
    const struct alert **alerts = NULL;
    AUTO(auto_free) const char **ids = calloc(p->findings.count + 1, sizeof *ids);
    size_t alert_count = 0;
    int r = ids ? list_alerts(p, &alerts, &alert_count) : -ENOMEM;

    for (size_t i = 0; r == 0 && i < p->findings.count; i++)
        ids[i] = p->finding_ids[i];
    if (r == 0) {
        const struct composer_input in = {
            .alerts = alerts,
            .alert_count = alert_count,
            .findings = &p->findings,
            .finding_ids = ids,
            .plans = (const struct plan *const *)p->config->plans,
            .plan_count = p->config->plan_count,
            .told = &p->books.told,
            .days = &p->books.days,
            .today = pipeline_today(p),
            .recipients = recipients_of,
            .receiver_kind = receiver_kind,
            .recipients_arg = p,
        };

        r = composer_run(&in, out);
        p->waiting_groups = out->waiting;
    }
    free(alerts);
    return r;
}

#define COMPOSE_SLICE 50 /* messages frozen and journalled at a time */

/* Freezes a slice, journals it, sends it. Returns 0 or -errno. */
static int compose_slice(struct pipeline *p)
{
    struct composing *c = p->composing;
    size_t from = c->count;
    int r = 0;

    while (r == 0 && c->count < c->compositions.count && c->count < from + COMPOSE_SLICE) {
        r = compose_one(p, &c->compositions.list[c->count], &c->list[c->count]);
        c->count++;
    }
    if (r == 0)
        r = journal_due(p, from);
    for (size_t i = from; r == 0 && i < c->count; i++)
        r = send_composed(p, &c->list[i]);
    return r;
}

static bool compose_more(struct pipeline *p)
{
    const struct composing *c = p->composing;

    if (c->count == c->compositions.count)
        return false;
    int r = compose_slice(p);

    if (r < 0)
        batch_fail(p, r);
    return true;
}

void compose_start(struct pipeline *p)
{
    struct composing *c = calloc(1, sizeof *c);
    int r = c ? 0 : -ENOMEM;

    p->need_compose = false;
    p->composing = c;
    if (r == 0)
        r = deliver_escalated(p, &c->escalated);
    if (r == 0)
        r = find_compositions(p, &c->compositions);
    if (r == 0) {
        c->list = calloc(c->compositions.count + 1, sizeof *c->list);
        r = c->list ? 0 : -ENOMEM;
    }
    if (r == 0) {
        batch_run(p, compose_more, finish_composing);
        return;
    }
    log_error("compose", "error=\"%s\"", strerror(-r));
    batch_begin(p, finish_composing);
    batch_fail(p, r);
    batch_end(p);
}
