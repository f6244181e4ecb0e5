#include "outbox/composer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "outbox/timing.h"
#include "outbox/told_index.h"

#define DISCOVERED_TOLD_DAYS 31

/* A group while it is gathered. */
struct gathering {
    struct composition c;
    size_t cap;
    bool red, at_once, is_lead;
    struct wall_time opens_at; /* of the first of its items that may be told; .ms 0: now */
};

struct gatherings {
    struct gathering *list;
    size_t count, cap;
};

static const struct plan *plan_of(const struct composer_input *in, const struct alert *a)
{
    for (size_t i = 0; a->plan && i < in->plan_count; i++)
        if (strcmp(in->plans[i]->id, a->plan) == 0)
            return in->plans[i];
    return NULL;
}

static const struct finding *finding_of(const struct composer_input *in, const struct alert *a)
{
    for (size_t i = 0; i < in->findings->count; i++)
        if (strcmp(in->finding_ids[i], a->id) == 0)
            return &in->findings->list[i];
    return NULL;
}

void composition_release(struct composition *c)
{
    free(c->receiver);
    free(c->recipient);
    free(c->recipient_name);
    free(c->group);
    free(c->items);
    free(c->settled);
    free(c->backlog.notices);
    *c = (struct composition){ 0 };
}

/* The gathering of a recipient and group; made when missing. NULL without memory. */
static struct gathering *gathering_of(struct gatherings *all, const struct composer_recipient *r,
                                      const char *group, const struct plan *plan, size_t priority)
{
    for (size_t i = 0; i < all->count; i++) {
        struct composition *c = &all->list[i].c;

        if (strcmp(c->receiver, r->receiver) == 0 && strcmp(c->recipient, r->recipient) == 0 &&
            strcmp(c->group, group) == 0)
            return &all->list[i];
    }
    if (all->count == all->cap) {
        size_t cap = all->cap ? all->cap * 2 : 8;
        struct gathering *list = realloc(all->list, cap * sizeof *list);

        if (!list)
            return NULL;
        all->list = list;
        all->cap = cap;
    }
    struct gathering g = { 0 };

    g.c.receiver = strdup(r->receiver);
    g.c.recipient = strdup(r->recipient);
    g.c.recipient_name = r->recipient_name ? strdup(r->recipient_name) : NULL;
    g.c.group = strdup(group);
    g.c.plan = plan;
    g.c.priority = priority;
    g.at_once = r->at_once;
    g.is_lead = r->is_lead;
    g.opens_at = r->opens_at;
    if (!g.c.receiver || !g.c.recipient || !g.c.group ||
        (r->recipient_name && !g.c.recipient_name)) {
        composition_release(&g.c);
        return NULL;
    }
    all->list[all->count] = g;
    return &all->list[all->count++];
}

/* What is over, and is told for what it was: discovered late, or corrected after its end. */
static enum alert_news news_of_past(const struct episode *e, const struct told *t)
{
    if (e->news == NEWS_DISCOVERED && (!t || e->ordinal > t->ordinal))
        return NEWS_DISCOVERED;
    return t && e->ordinal > t->ordinal && e->state == ALERT_RETRACTED ? NEWS_CORRECTED : NEWS_NONE;
}

enum alert_news composer_news(enum rule rule, const struct episode *e, const struct told *t)
{
    bool open = episode_is_active(e);

    if (!t || !t->open)
        return !open                           ? news_of_past(e, t)
               : t && e->ordinal <= t->ordinal ? NEWS_NONE
               : e->news == NEWS_ESCALATED     ? NEWS_ESCALATED
                                               : NEWS_NEW;
    if (!open)
        switch (e->state) {
        case ALERT_RESOLVED:
            return NEWS_CLEARED;
        case ALERT_RETRACTED:
            return NEWS_CORRECTED;
        case ALERT_WITHDRAWN:
            return NEWS_WITHDRAWN;
        default:
            return NEWS_NONE;
        }
    /* A gap that spread, one more file that waits, or an early warning that data bear out is worse at
       the same severity. */
    bool spread = (rule != RULE_BEHIND_PLAN || (e->warned && !e->early)) &&
                  e->ordinal > t->ordinal && e->news == NEWS_WORSE;

    /* State and severity do not show these. */
    bool says_itself = e->news == NEWS_CORRECTED || e->news == NEWS_FLAPPING ||
                       e->news == NEWS_STEADY || e->news == NEWS_REMINDER ||
                       e->news == NEWS_ESCALATED;

    if (e->severity > t->severity || spread)
        return NEWS_WORSE;
    if (e->severity < t->severity) /* a figure that replaced another is no improvement */
        return e->news == NEWS_CORRECTED && e->ordinal > t->ordinal ? NEWS_CORRECTED : NEWS_BETTER;
    return says_itself && e->ordinal > t->ordinal ? e->news : NEWS_NONE;
}

enum alert_news composer_news_of_both(const struct episode *e)
{
    switch (e->state) {
    case ALERT_RETRACTED:
        return NEWS_CORRECTED;
    case ALERT_WITHDRAWN:
        return NEWS_WITHDRAWN;
    default:
        return NEWS_CLEARED;
    }
}

/* ---- baselines ---- */

static bool is_for(const struct composer_baseline *b, const struct composer_recipient *r)
{
    return strcmp(b->who.receiver, r->receiver) == 0 && strcmp(b->who.recipient, r->recipient) == 0;
}

/* The baseline that tells this recipient of an alert; NULL: none does. Returns 0 or -ENOMEM. */
static int baseline_of(const struct composer_input *in, const struct composer_recipient *r,
                       const struct alert *a, const struct told *t,
                       const struct composer_baseline **out)
{
    *out = NULL;
    for (size_t i = 0; !*out && i < in->baseline_count; i++) {
        const struct composer_baseline *b = &in->baselines[i];
        int is_new = 0;

        if (!is_for(b, r))
            continue;
        if (!a->plan)
            is_new = a->feed && b->is_first && !t;
        else if (strcmp(a->plan, b->plan->id) == 0)
            is_new = in->is_new(in->recipients_arg, b, a, !t);
        if (is_new < 0)
            return is_new;
        if (is_new)
            *out = b;
    }
    return 0;
}

static struct gathering *gathering_of_baseline(struct gatherings *all,
                                               const struct composer_baseline *b)
{
    AUTO(text_release) struct text group = TEXT_INIT;

    (void)text_printf(&group, "%s/baseline", b->plan->id);
    struct gathering *g = text_ok(&group) ? gathering_of(all, &b->who, text_str(&group), b->plan,
                                                         b->plan->priority_count)
                                          : NULL;

    if (g) {
        g->c.baseline = b;
        g->at_once = true;
    }
    return g;
}

/* What is over goes with it untold. */
static int add_settled(struct composition *c, struct composed_item item)
{
    struct composed_item *grown =
        reallocarray(c->settled, c->settled_count + 1, sizeof *c->settled);

    if (!grown)
        return -ENOMEM;
    c->settled = grown;
    c->settled[c->settled_count++] = item;
    return 0;
}

static int add_item(struct gathering *g, struct composed_item item)
{
    if (g->c.item_count == g->cap) {
        size_t cap = g->cap ? g->cap * 2 : 4;
        struct composed_item *items = realloc(g->c.items, cap * sizeof *items);

        if (!items)
            return -ENOMEM;
        g->c.items = items;
        g->cap = cap;
    }
    g->c.items[g->c.item_count++] = item;
    return 0;
}

/* It waits for hours as long as all of it does: what is told by way of ops has none. */
static void heed_hours(struct gathering *g, const struct composer_recipient *r)
{
    if (g->c.item_count == 0 || r->opens_at.ms < g->opens_at.ms)
        g->opens_at = r->opens_at;
}

/* The gathering in which a recipient is told of an alert. NULL without memory. */
static struct gathering *gathering_for(const struct composer_input *in, struct gatherings *all,
                                       const struct composer_recipient *r, const struct alert *a)
{
    AUTO(text_release) struct text group = TEXT_INIT;
    const struct plan *plan = plan_of(in, a);

    if (r->is_lead)
        (void)text_puts(&group, plan && plan->mode == PLAN_REHEARSAL ? COMPOSER_LEAD_REHEARSAL
                                                                     : COMPOSER_LEAD);
    else if (plan)
        (void)text_printf(&group, "%s/%zu", plan->id, a->priority);
    else
        (void)text_puts(&group, a->rule == RULE_DEAD_LETTER  ? "delivery"
                                : a->rule == RULE_SELF_CHECK ? "monitor"
                                                             : "feeds");
    return text_ok(&group) ? gathering_of(all, r, text_str(&group), plan, a->priority) : NULL;
}

#define LEAD_HEARS_AGAIN 7 /* of a feed's daily reminders one in so many */

/* What is wrong with a feed is said each day to those who can mend it. A lead, who waits for it, knows already,
 * and hears of it once a week while it stays so. */
static bool is_spared(const struct composer_recipient *r, const struct alert *a,
                      const struct episode *e, const struct told *t, enum alert_news news)
{
    bool is_of_feed = a->rule == RULE_FEED_LATE || a->rule == RULE_COVERAGE_GAP ||
                      a->rule == RULE_IMPLAUSIBLE_CHANGE;

    return news == NEWS_REMINDER && r->is_lead && is_of_feed && t &&
           e->ordinal - t->ordinal < LEAD_HEARS_AGAIN;
}

/* Whether the news leaves at once: of a lead's what turned red, of others' whatever concerns red. */
static bool is_red(const struct composer_recipient *r, const struct episode *e,
                   const struct told *t, enum alert_news news)
{
    if (news == NEWS_REMINDER) /* which turns nothing red */
        return false;
    if (!r->is_lead)
        return e->severity == SEVERITY_RED || (t && t->severity == SEVERITY_RED);
    return episode_is_active(e) && e->severity == SEVERITY_RED &&
           (!t || !t->open || t->severity != SEVERITY_RED);
}

static int gather_episode(const struct composer_input *in, struct gatherings *all,
                          const struct composer_recipient *r, const struct alert *a,
                          const struct episode *e)
{
    AUTO(text_release) struct text key = TEXT_INIT;

    (void)text_printf(&key, "%s|%s|%s", r->receiver, r->recipient, e->id);
    if (!text_ok(&key))
        return -ENOMEM;
    const struct told *t = table_get(in->told, text_str(&key));
    enum alert_news news = composer_news(a->rule, e, t);
    bool open = episode_is_active(e);

    if (news == NEWS_NONE && !open)
        return 0;
    const struct composer_baseline *b = NULL;

    if (baseline_of(in, r, a, t, &b) < 0)
        return -ENOMEM;
    struct gathering *g = b ? gathering_of_baseline(all, b) : gathering_for(in, all, r, a);
    struct composed_item item = { a, e, finding_of(in, a), news, t ? t->ordinal : 0, false };

    if (!g)
        return -ENOMEM;
    if (b && !open)
        return add_settled(&g->c, item);
    if (b) {
        item.news = NEWS_NEW;
        return add_item(g, item);
    }
    bool withheld = in->workflow && workflow_withholds(in->workflow, a, e, news, in->today);

    if (withheld && workflow_silenced(in->workflow, a, in->today)) {
        g->c.silenced++;
        return 0;
    }
    if (withheld && news == NEWS_NEW) /* news once the silence is over */
        return 0;
    if (withheld || news == NEWS_NONE || is_spared(r, a, e, t, news)) {
        g->c.unchanged++;
        return 0;
    }
    g->red |= is_red(r, e, t, news);
    heed_hours(g, r);
    return add_item(g, item);
}

/* ---- who was told of an episode ---- */

/* That of a row among these, or NULL. */
static const struct composer_recipient *among(const struct told_row *row,
                                              const struct composer_recipient *who, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t receiver = strlen(who[i].receiver), recipient = strlen(who[i].recipient);

        if (strncmp(row->key, who[i].receiver, receiver) == 0 && row->key[receiver] == '|' &&
            strncmp(row->key + receiver + 1, who[i].recipient, recipient) == 0 &&
            row->key[receiver + 1 + recipient] == '|')
            return &who[i];
    }
    return NULL;
}

/* Tells the recipient of a row, who is not told of the alert any more, of an episode that has ended. */
static int gather_row(const struct composer_input *in, struct gatherings *all,
                      const struct told_row *row, const struct alert *a, const struct episode *e)
{
    const char *middle = strchr(row->key, '|');
    AUTO(auto_free) char *receiver = strndup(row->key, (size_t)(middle - row->key));
    AUTO(auto_free)
    char *recipient = strndup(middle + 1, (size_t)(row->episode - 1 - (middle + 1)));
    int kind = receiver ? in->receiver_kind(in->recipients_arg, receiver) : -1;

    if (!receiver || !recipient)
        return -ENOMEM;
    struct composer_recipient who = { .receiver = receiver,
                                      .recipient = recipient,
                                      .at_once = kind == 1 };

    if (kind >= 0 && in->complete)
        in->complete(in->recipients_arg, &who);
    return kind < 0 ? 0 : gather_episode(in, all, &who, a, e);
}

/* Whoever was told that an episode began is told that it ended, also when the role has passed on; of a
 * plan put back into rehearsal only who is told of that. */
static int gather_told(const struct composer_input *in, const struct told_index *index,
                       struct gatherings *all, const struct alert *a, const struct episode *e,
                       const struct composer_recipient *who, size_t n)
{
    const struct plan *plan = plan_of(in, a);
    bool is_rehearsed = plan && plan->mode == PLAN_REHEARSAL;
    int r = 0;

    for (size_t i = told_index_find(index, e->id);
         r == 0 && i < index->count && strcmp(index->rows[i].episode, e->id) == 0; i++) {
        const struct composer_recipient *one = among(&index->rows[i], who, n);

        if (!index->rows[i].told->open && e->state != ALERT_RETRACTED)
            continue;
        if (one)
            r = gather_episode(in, all, one, a, e);
        else if (!is_rehearsed)
            r = gather_row(in, all, &index->rows[i], a, e);
    }
    return r;
}

/* Whether it ended since then: by newer data, or because a restatement shows that it never was. What had
 * ended before, and is shown so now, is news to those alone who were told of it. */
static bool ended_since(const struct episode *e, struct wall_time shut)
{
    if (e->changed_at.ms < shut.ms)
        return false;
    return e->state == ALERT_RESOLVED ||
           (e->state == ALERT_RETRACTED && date_compare(e->closed_on, wall_date(shut)) >= 0);
}

/* What turned red and was over before the hours of a lead began was kept from them: it is told with both
 * dates. */
static int gather_missed(const struct composer_input *in, struct gatherings *all,
                         const struct composer_recipient *r, const struct alert *a,
                         const struct episode *e)
{
    AUTO(text_release) struct text key = TEXT_INIT;
    const struct composer_baseline *b = NULL;

    if (r->shut_since.ms == 0 || e->severity != SEVERITY_RED || e->early ||
        !ended_since(e, r->shut_since))
        return 0;
    (void)text_printf(&key, "%s|%s|%s", r->receiver, r->recipient, e->id);
    if (!text_ok(&key) || baseline_of(in, r, a, NULL, &b) < 0)
        return -ENOMEM;
    if (b || table_has(in->told, text_str(&key)) ||
        (in->workflow && workflow_withholds(in->workflow, a, e, NEWS_NEW, in->today)))
        return 0;
    struct gathering *g = gathering_for(in, all, r, a);
    const struct composed_item item = { .alert = a,
                                        .episode = e,
                                        .finding = finding_of(in, a),
                                        .news = composer_news_of_both(e),
                                        .came_and_went = true };

    if (!g)
        return -ENOMEM;
    heed_hours(g, r);
    return add_item(g, item);
}

/* Who is told of an episode that is over. */
static int gather_ended(const struct composer_input *in, const struct told_index *index,
                        struct gatherings *all, const struct alert *a, const struct episode *e,
                        const struct composer_recipient *who, size_t n)
{
    int r = gather_told(in, index, all, a, e, who, n);

    for (size_t j = 0; r == 0 && j < n; j++)
        r = gather_missed(in, all, &who[j], a, e);
    return r;
}

/* ---- composing ---- */

static int news_rank(enum alert_news n)
{
    static const enum alert_news order[] = { NEWS_NEW,        NEWS_WORSE,     NEWS_ESCALATED,
                                             NEWS_BETTER,     NEWS_CLEARED,   NEWS_CORRECTED,
                                             NEWS_DISCOVERED, NEWS_WITHDRAWN, NEWS_FLAPPING,
                                             NEWS_STEADY,     NEWS_REMINDER };

    for (int i = 0; i < (int)(sizeof order / sizeof order[0]); i++)
        if (order[i] == n)
            return i;
    return 99;
}

static int by_news(const void *a, const void *b)
{
    const struct composed_item *x = a, *y = b;
    int r = news_rank(x->news) - news_rank(y->news);

    if (r == 0)
        r = (int)y->episode->severity - (int)x->episode->severity;
    return r ? r : strcmp(x->episode->id, y->episode->id);
}

void composer_order(struct composed_item *items, size_t count)
{
    if (count)
        qsort(items, count, sizeof *items, by_news);
}

/* Whether the day's message of this group has gone out today. Returns 1, 0 or -ENOMEM. */
static int day_is_spent(const struct composer_input *in, const struct composition *c)
{
    AUTO(text_release) struct text key = TEXT_INIT;

    (void)text_printf(&key, "%s|%s|day|%s", c->receiver, c->recipient, c->group);
    if (!text_ok(&key))
        return -ENOMEM;
    const struct civil_date *day = table_get(in->days, text_str(&key));

    return day && date_compare(*day, in->today) >= 0;
}

/* ---- which of them leave now ---- */

static bool is_for_same(const struct composition *a, const struct composition *b)
{
    return strcmp(a->receiver, b->receiver) == 0 && strcmp(a->recipient, b->recipient) == 0;
}

/* The plan and the priority that all of a lead's mail is of; none where it is of several. */
static void set_plan(const struct composer_input *in, struct composition *c)
{
    for (size_t i = 0; i < c->item_count; i++) {
        const struct plan *plan = plan_of(in, c->items[i].alert);
        size_t priority = c->items[i].alert->priority;

        c->backlog.is_illustrative |= plan && plan->illustrative;
        c->backlog.is_rehearsal |= plan && plan->mode == PLAN_REHEARSAL;
        if (i == 0) {
            c->plan = plan;
            c->priority = priority;
        } else if (c->plan != plan) {
            c->plan = NULL;
        } else if (plan && c->priority != priority) {
            c->priority = plan->priority_count;
        }
    }
}

/* A baseline is the lead's mail of that day. Returns 0 or -ENOMEM. */
static int settle_lead(const struct composer_input *in, struct composition *c)
{
    char *group;

    if (!c->baseline) {
        set_plan(in, c);
        return 0;
    }
    group = strdup(c->plan->mode == PLAN_REHEARSAL ? COMPOSER_LEAD_REHEARSAL : COMPOSER_LEAD);
    if (!group)
        return -ENOMEM;
    free(c->group);
    c->group = group;
    return 0;
}

/* Returns enum timing, or -ENOMEM. */
static int when(const struct composer_input *in, const struct gathering *g,
                const struct composition_list *list)
{
    int spent = day_is_spent(in, &g->c);

    if (spent < 0)
        return spent;
    for (size_t i = 0; g->is_lead && i < list->count; i++)
        spent |= is_for_same(&list->list[i], &g->c) && strcmp(list->list[i].group, g->c.group) == 0;
    const struct due due = { .is_shut = g->opens_at.ms != 0 && !in->is_any_time,
                             .is_at_once = g->at_once,
                             .turned_red = g->red,
                             .day_is_spent = spent != 0 };

    return (int)timing_of(&due);
}

/* Moves one to the list, unless it waits. Returns 0 or -ENOMEM. */
static int emit(const struct composer_input *in, struct gathering *g, struct composition_list *list)
{
    int timing;

    if (g->c.item_count == 0 && !g->c.baseline)
        return 0;
    timing = when(in, g, list);
    if (timing < 0)
        return timing;
    if (timing == TIMING_TOMORROW) {
        list->waiting++;
        return 0;
    }
    if (timing == TIMING_HOURS) {
        list->shut++;
        if (list->opens_at.ms == 0 || g->opens_at.ms < list->opens_at.ms)
            list->opens_at = g->opens_at;
        return 0;
    }
    if (g->is_lead && settle_lead(in, &g->c) < 0)
        return -ENOMEM;
    composer_order(g->c.items, g->c.item_count);
    list->list[list->count++] = g->c; /* moved */
    g->c = (struct composition){ 0 };
    return 0;
}

/* Baselines first: with one the lead's day is spent. */
static int emit_all(const struct composer_input *in, struct gatherings *all,
                    struct composition_list *list)
{
    int r = 0;

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; r == 0 && i < all->count; i++)
            if ((all->list[i].is_lead && all->list[i].c.baseline != NULL) == (pass == 0))
                r = emit(in, &all->list[i], list);
    return r;
}

int composer_run(const struct composer_input *in, struct composition_list *out)
{
    struct gatherings all = { 0 };
    struct composition_list list = { 0 };
    struct told_index told = { 0 };
    int r = told_index_make(in->told, &told);

    for (size_t i = 0; r == 0 && i < in->alert_count; i++) {
        struct composer_recipient who[COMPOSER_RECIPIENTS_MAX];
        const struct alert *a = in->alerts[i];
        size_t n = in->recipients(in->recipients_arg, a, who, COMPOSER_RECIPIENTS_MAX);

        for (size_t k = 0; r == 0 && k < a->episode_count; k++) {
            const struct episode *e = &a->episodes[k];

            /* One who came later is not told of what was over before. */
            bool discovered = e->news == NEWS_DISCOVERED && date_is_set(e->closed_on) &&
                              in->today.day - e->closed_on.day <= DISCOVERED_TOLD_DAYS;

            if (episode_is_open(e) || discovered)
                for (size_t j = 0; r == 0 && j < n; j++)
                    r = gather_episode(in, &all, &who[j], a, e);
            else
                r = gather_ended(in, &told, &all, a, e, who, n);
        }
    }
    for (size_t i = 0; r == 0 && i < in->baseline_count; i++) /* also that nothing is behind */
        r = gathering_of_baseline(&all, &in->baselines[i]) ? 0 : -ENOMEM;
    if (r == 0 && all.count) {
        list.list = calloc(all.count, sizeof *list.list);
        r = list.list ? 0 : -ENOMEM;
    }
    if (r == 0)
        r = emit_all(in, &all, &list);
    for (size_t i = 0; i < all.count; i++)
        composition_release(&all.list[i].c);
    free(all.list);
    free(told.rows);
    if (r < 0) {
        composition_list_release(&list);
        return r;
    }
    *out = list;
    return 0;
}

void composition_list_release(struct composition_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        composition_release(&l->list[i]);
    free(l->list);
    *l = (struct composition_list){ 0 };
}
