#include "pipeline_compose_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"

void compose_abort(struct pipeline *p)
{
    struct composing *c = p->composing;

    for (size_t i = 0; c && i < c->count; i++)
        composed_release(&c->list[i]);
    if (c) {
        free(c->list);
        free(c->baselines.list);
        table_release(&c->escalated, NULL);
        composition_list_release(&c->compositions);
    }
    free(c);
    p->composing = NULL;
}

static int adopt_update(struct pipeline *p, const char *receiver, const struct told_update *u)
{
    AUTO(text_release) struct text key = TEXT_INIT;

    if (u->is_release)
        return release_keep(&p->books.released, receiver, strchr(u->field, '|') + 1, &u->entry);
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

void compose_finish(struct pipeline *p)
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
        r = composed_tells(out, item->recipient, item->tells[i].episode, &item->tells[i].told);
        if (r == 0)
            r = keep_update(p, out);
    }
    if (r == 0 && item->group) {
        r = composed_of_day(out, item->recipient, item->group, item->day);
        if (r == 0)
            r = keep_update(p, out);
    }
    return r;
}

void compose_again(struct pipeline *p, struct due_again *list, size_t count, int r)
{
    struct composing *c = calloc(1, sizeof *c);

    batch_begin(p, compose_finish);
    p->composing = c;
    if (c)
        c->list = calloc(count + 1, sizeof *c->list);
    for (size_t i = 0; i < count; i++) {
        struct composed one = { .item = list[i].item,
                                .replaced = list[i].replaced,
                                .replaced_count = list[i].replaced_count,
                                .is_again = true,
                                .is_first = list[i].is_first };

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
        if (r == 0 && c->list[i].is_first)
            r = composed_shows_frozen(&c->list[i]);
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
        r = sent_due_begin(p, items, c->count - from);
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

    batch_begin(p, compose_finish);
    p->composing = c;
    if (c)
        c->list = calloc(1, sizeof *c->list);
    if (c && c->list) {
        c->list[0] = (struct composed){ .replaced = replaced, .replaced_count = count };
        r = compose_message(p, composition, &c->list[c->count++]);
        if (r == 0)
            r = composed_shown(p, &c->list[0]);
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

static int compare_alerts(const void *a, const void *b)
{
    const struct alert *const *x = a, *const *y = b;

    return strcmp((*x)->id, (*y)->id);
}

/* By their ids: in which order messages are composed decides what the later ones may show beside the earlier,
 * and does not hang on chance. */
static int list_alerts(const struct pipeline *p, const struct alert ***out_list, size_t *out_count)
{
    const struct alert **list = calloc(table_count(&p->books.alerts) + 1, sizeof *list);
    void *value;
    size_t n = 0;

    if (!list)
        return -ENOMEM;
    for (size_t at = 0; table_next(&p->books.alerts, &at, NULL, &value);)
        list[n++] = &((struct stored_alert *)value)->alert;
    qsort(list, n, sizeof *list, compare_alerts);
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
    if (r == 0)
        r = known_settle(p, &p->composing->baselines);
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
            .recipients = compose_recipients,
            .receiver_kind = compose_receiver_kind,
            .complete = compose_complete,
            .is_any_time = p->options.once || p->simulation,
            .baselines = p->composing->baselines.list,
            .baseline_count = p->composing->baselines.count,
            .is_new = known_is_new,
            .recipients_arg = p,
            .workflow = &p->workflow,
        };

        r = composer_run(&in, out);
        p->waiting_groups = out->waiting;
        p->shut_groups = out->shut;
        p->opens_at = out->opens_at;
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
        r = compose_message(p, &c->compositions.list[c->count], &c->list[c->count]);
        if (r == 0)
            r = composed_shown(p, &c->list[c->count]);
        c->count++;
    }
    if (r == 0)
        r = journal_due(p, from);
    for (size_t i = from; r == 0 && i < c->count; i++)
        r = send_composed(p, &c->list[i]);
    /* Of more than a slice none is in the books before all are. */
    for (size_t i = 0; r == 0 && from == 0 && c->count == c->compositions.count && i < c->count;
         i++)
        deliver_with(p, c->list[i].item);
    return r;
}

bool compose_more(struct pipeline *p)
{
    const struct composing *c = p->composing;

    if (c->count == c->compositions.count)
        return false;
    int r = compose_slice(p);

    if (r < 0)
        batch_fail(p, r);
    return true;
}

int compose_prepare(struct pipeline *p)
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
    if (r < 0)
        log_error("compose", "error=\"%s\"", strerror(-r));
    return r;
}

void compose_tick(struct pipeline *p)
{
    if (!p->loaded || p->opens_at.ms == 0 || clock_wall(&p->clock).ms < p->opens_at.ms)
        return;
    p->opens_at.ms = 0;
    p->need_compose = true;
}

void compose_start(struct pipeline *p)
{
    int r = compose_prepare(p);

    if (r == 0) {
        batch_run(p, compose_more, compose_finish);
        return;
    }
    batch_begin(p, compose_finish);
    batch_fail(p, r);
    batch_end(p);
}
