#include "pipeline_compose_internal.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/text.h"

struct audience {
    const struct pipeline *pipeline;
    const char *
        except; /* a receiver that is spoken of, or NULL: only those whom it reaches are told by it */
    bool rehearsing; /* a plan in rehearsal reaches spools only, */
    bool by_author;  /* and its author by mail */
    struct composer_recipient *out;
    size_t count, max;
};

/* Whether they are written to at this moment, and when else. */
static void set_hours(const struct pipeline *p, const struct hours *hours,
                      struct composer_recipient *who)
{
    const struct moment now = wall_moment(clock_wall(&p->clock));
    const struct workdays *w = &p->config->settings->workdays;
    struct moment at;

    if (hours->is_always)
        return;
    if (hours_ended(hours, now, w, &at))
        who->shut_since = wall_of_moment(at);
    if (!hours_allow(hours, now, w) && hours_begin(hours, now, w, &at))
        who->opens_at = wall_of_moment(at);
}

/* One who is told by two ways has the hours of that which is open, and is a lead by either. */
static void join(struct composer_recipient *to, const struct composer_recipient *by)
{
    to->is_lead |= by->is_lead;
    if (by->opens_at.ms < to->opens_at.ms)
        to->opens_at = by->opens_at;
    if (by->shut_since.ms == 0)
        to->shut_since = by->shut_since;
}

/* person: who it is, or NULL; is_lead: by a role, not by a route. */
static void add_recipient(struct audience *a, const struct receiver_setting *r,
                          const char *recipient, const struct person *person, bool is_lead)
{
    struct composer_recipient who = { .receiver = r->id,
                                      .recipient = recipient,
                                      .recipient_name = person ? person->name : NULL,
                                      .at_once = receiver_is_machine(r),
                                      .is_lead = is_lead && r->kind == RECEIVER_EMAIL };

    set_hours(a->pipeline, receiver_hours(r, person, is_lead), &who);
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->out[i].receiver, r->id) == 0 && strcmp(a->out[i].recipient, recipient) == 0) {
            join(&a->out[i], &who);
            return;
        }
    if (a->count == a->max)
        log_error("compose", "receiver=%s: more than %zu recipients of one alert, one left out",
                  r->id, a->max);
    else
        a->out[a->count++] = who;
}

/* A holder and, while what is for the holder is refused for good, the deputy as well. */
static void add_holder(struct audience *a, const struct receiver_setting *r, const char *role,
                       const struct person *holder)
{
    const struct person *deputy = letters_bounced(a->pipeline, r->id, holder->mail)
                                      ? settings_deputy(a->pipeline->config->settings, role, holder,
                                                        pipeline_today(a->pipeline))
                                      : NULL;

    add_recipient(a, r, holder->mail, holder, true);
    if (deputy)
        add_recipient(a, r, deputy->mail, deputy, true);
}

/* In the log, once for each time that it comes about. */
static void say_unheld(const struct pipeline *p, const char *receiver, const char *role,
                       bool is_unheld)
{
    struct table *said = (struct table *)(uintptr_t)&p->unheld; /* no state but the log's */
    AUTO(text_release) struct text key = TEXT_INIT;

    (void)text_printf(&key, "%s|%s", receiver, role);
    if (!is_unheld) {
        (void)table_remove(said, text_str(&key));
        return;
    }
    if (table_has(said, text_str(&key)))
        return;
    (void)table_set(said, text_str(&key), said, NULL); /* without memory it is said again */
    log_warning("compose",
                "receiver=%s role=%s: nobody holds the role and the receiver has no to:", receiver,
                role);
}

/* An email receiver writes to each holder of the role; its `to:` when there is none. */
static void add_receiver(struct audience *a, const char *id, const char *role)
{
    const struct settings *s = a->pipeline->config->settings;
    const struct receiver_setting *r = settings_receiver(s, id);
    const struct person *people[16];

    if (a->rehearsing && r->kind != RECEIVER_SPOOL && !(a->by_author && r->kind == RECEIVER_EMAIL))
        return;
    if (r->kind != RECEIVER_EMAIL) {
        if (!a->except || strcmp(id, a->except) != 0)
            add_recipient(a, r, r->id, NULL, role != NULL);
        return;
    }
    size_t n = role ? settings_holders(s, role, pipeline_today(a->pipeline), people, 16) : 0;

    for (size_t i = 0; i < n; i++)
        add_holder(a, r, role, people[i]);
    if (n == 0 && r->to)
        add_recipient(a, r, r->to, NULL, role != NULL);
    say_unheld(a->pipeline, id, role ? role : "-", n == 0 && !r->to);
}

/* Each of those who lead together. */
static void add_role(struct audience *a, const struct plan *plan, const char *roles)
{
    char role[PLAN_ROLE_MAX];

    for (const char *at = roles; plan_roles_next(&at, role);) {
        const struct plan_role *r = plan_role_find(plan, role);

        for (size_t i = 0; r && i < r->receivers.count; i++)
            add_receiver(a, r->receivers.items[i], role);
    }
}

/* Of a plan in rehearsal: its author, and the spools of whoever would be told. */
static void add_rehearsed(struct audience *a, const struct plan *plan, const char *role)
{
    a->rehearsing = a->by_author = true;
    add_role(a, plan, plan->author);
    a->by_author = false;
    add_role(a, plan, role);
    a->rehearsing = false;
}

/* Those to whom it went further because it stayed red: each step taken stays until it ends. */
static void add_escalated(struct audience *a, const struct plan *plan, const struct alert *alert)
{
    const struct episode *e = alert_current(alert);
    const struct plan_measure *m =
        e && e->steps && alert->measure ? plan_measure_find(plan, alert->measure) : NULL;
    const struct plan_ladder *l = m ? plan_ladder_of(plan, m) : NULL;

    for (size_t i = 0; l && i < l->count && i < e->steps; i++)
        add_role(a, plan, plan_step_role(plan, m, &l->steps[i]));
}

/* Whoever leads what waits for a feed, and whoever is accountable for it once the feed was late for long. */
static void add_waiting(struct audience *a, const struct plan *plan, const struct plan_measure *m,
                        const struct alert *alert)
{
    const struct episode *e = alert_current(alert);

    add_role(a, plan, m->owner);
    if (e && e->steps)
        add_role(a, plan, plan_feed_role(plan, m));
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

size_t role_recipients(const struct pipeline *p, const struct plan *plan, const char *role,
                       struct composer_recipient *out, size_t max)
{
    struct audience a = { .pipeline = p, .out = out, .max = max };

    if (plan->mode == PLAN_REHEARSAL)
        add_rehearsed(&a, plan, role);
    else if (role)
        add_role(&a, plan, role);
    if (plan->mode != PLAN_REHEARSAL && a.count == 0)
        add_route(&a, &p->config->settings->routes.ops);
    return a.count;
}

/* Whether the figures of a measure come from a feed, or from the list that it writes. */
static bool waits_for(const struct pipeline *p, const struct plan_measure *m, const char *feed)
{
    const struct feed_setting *f = pipeline_feed(p, feed);

    return m->list ? f && f->into && strcmp(f->into, m->list->list) == 0
                   : strcmp(m->select.feed, feed) == 0;
}

size_t compose_recipients(void *arg, const struct alert *alert, struct composer_recipient *out,
                          size_t max)
{
    const struct pipeline *p = arg;
    struct audience a = { .pipeline = p, .out = out, .max = max };

    if (alert->rule == RULE_DEAD_LETTER) {
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

        if (alert->plan && strcmp(alert->plan, plan->id) == 0) {
            if (plan->mode == PLAN_REHEARSAL) {
                add_rehearsed(&a, plan, alert->owner);
                return a.count; /* never on to ops or fallback */
            }
            add_role(&a, plan, alert->owner);
            add_escalated(&a, plan, alert);
        }
        if (alert->plan || !alert->feed || plan->mode == PLAN_REHEARSAL)
            continue;
        for (size_t j = 0; j < plan->measure_count; j++)
            if (waits_for(p, &plan->measures[j], alert->feed))
                add_waiting(&a, plan, &plan->measures[j], alert);
    }
    if (is_escalated(p, alert))
        add_operators(&a);
    if (a.count == 0)
        add_route(&a, &p->config->settings->routes.ops);
    if (a.count == 0)
        add_route(&a, &p->config->settings->routes.fallback);
    return a.count;
}

int compose_receiver_kind(void *arg, const char *id)
{
    const struct pipeline *p = arg;
    const struct receiver_setting *r = settings_receiver(p->config->settings, id);

    return r ? receiver_is_machine(r) : -1;
}

void compose_complete(void *arg, struct composer_recipient *who)
{
    const struct pipeline *p = arg;
    const struct settings *s = p->config->settings;
    const struct receiver_setting *r = settings_receiver(s, who->receiver);
    const struct person *person = NULL;

    for (size_t i = 0; i < s->person_count; i++)
        if (strcmp(s->people[i].mail, who->recipient) == 0)
            person = &s->people[i];
    who->is_lead = person && r->kind == RECEIVER_EMAIL;
    set_hours(p, receiver_hours(r, person, person != NULL), who);
}

/* The role by which a holder is told of what these roles own; NULL: none. */
static const char *role_of(const struct pipeline *p, const char *roles,
                           const struct composer_recipient *who, char role[PLAN_ROLE_MAX])
{
    const struct person *people[16];

    for (const char *at = roles; plan_roles_next(&at, role);)
        for (size_t i = settings_holders(p->config->settings, role, pipeline_today(p), people, 16);
             i-- > 0;)
            if (people[i]->mail && strcmp(people[i]->mail, who->recipient) == 0)
                return role;
    return NULL;
}

/* By name where people.yaml has one, with the role, else by receiver; each once. Returns 0 or -ENOMEM. */
static int add_other(struct table *named, const struct pipeline *p, const char *roles,
                     const struct composer_recipient *who, struct text *out)
{
    char room[PLAN_ROLE_MAX];
    const char *name = who->recipient_name ? who->recipient_name : who->receiver;

    if (table_has(named, name))
        return 0;
    (void)text_printf(out, "%s%s", out->len ? ", " : "", name);
    if (who->recipient_name) {
        const char *role = role_of(p, roles, who, room);

        (void)text_printf(out, " (%s%sby %s)", role ? role : "", role ? ", " : "", who->receiver);
    }
    return text_ok(out) ? table_set(named, name, named, NULL) : -ENOMEM;
}

int compose_others(const struct pipeline *p, const struct composition *c, struct text *out_told,
                   struct text *out_unreached)
{
    struct composer_recipient who[COMPOSER_RECIPIENTS_MAX];
    struct table named = TABLE_INIT;
    int r = 0;

    /* Whoever was not reached of one thing is not named as told of another. */
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < c->item_count; i++) {
            size_t n = compose_recipients((void *)(uintptr_t)p, c->items[i].alert, who,
                                          COMPOSER_RECIPIENTS_MAX);

            for (size_t j = 0; r == 0 && j < n; j++) {
                bool is_unreached = deliver_is_unreached(p, who[j].receiver, who[j].recipient,
                                                         c->items[i].episode->id);

                if (strcmp(who[j].receiver, c->receiver) == 0 &&
                    strcmp(who[j].recipient, c->recipient) == 0)
                    continue;
                if (is_unreached == (pass == 0))
                    r = add_other(&named, p, c->items[i].alert->owner, &who[j],
                                  pass == 0 ? out_unreached : out_told);
            }
        }
    table_release(&named, NULL);
    return r;
}
