#include "pipeline_compose_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json_text.h"
#include "base/log.h"
#include "notify/weekly_notice.h"
#include "outbox/weekly.h"

/*
 * The digest of each week: a lead gets the whole of what they lead, and the age of every feed, from a day and a
 * time on, within their hours. (1) Its id follows from the week and from whom it is for, so that a week has one of
 * each, whatever restarts. (2) It tells how things stand once all of today is judged and what is new is told.
 * (3) It is the mail of its day: it goes on the first on which its reader has no other. Whoever has one on each day of
 * the week has none: they know that the monitor lives. (4) What it shows is in the release ledger before anybody is
 * shown it.
 * (5) One that was given up goes to fallback and ops, as what an alert's message told does.
 */

struct reader {
    struct composer_recipient to;
    bool *leads; /* of the plans of the configuration, by position */
    const char *instead_of,
        *instead_address; /* whom it was for, of one that was given up; or NULL */
};

struct readers {
    struct reader *list;
    size_t count;
};

static void readers_release(struct readers *all)
{
    for (size_t i = 0; i < all->count; i++)
        free(all->list[i].leads);
    free(all->list);
}

/* ---- who gets one ---- */

/* Returns NULL without memory. */
static struct reader *append(const struct pipeline *p, const struct composer_recipient *to,
                             struct readers *all)
{
    struct reader *grown = realloc(all->list, (all->count + 1) * sizeof *grown);

    if (!grown)
        return NULL;
    all->list = grown;
    grown[all->count] =
        (struct reader){ .to = *to, .leads = calloc(p->config->plan_count + 1, sizeof(bool)) };
    return grown[all->count].leads ? &grown[all->count++] : NULL;
}

static int add_reader(const struct pipeline *p, const struct composer_recipient *to, size_t plan,
                      struct readers *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->list[i].to.recipient, to->recipient) == 0) {
            all->list[i].leads[plan] = true;
            return 0;
        }
    struct reader *reader = append(p, to, all);

    if (!reader)
        return -ENOMEM;
    reader->leads[plan] = true;
    return 0;
}

/* Persons who hold a role, by mail: a fixed address, ops and machines are told of alerts. */
static int add_role(const struct pipeline *p, size_t plan, const char *roles, struct readers *all)
{
    struct composer_recipient to[COMPOSER_RECIPIENTS_MAX];
    size_t n = role_recipients(p, p->config->plans[plan], roles, to, COMPOSER_RECIPIENTS_MAX);
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++)
        if (to[i].is_lead && to[i].recipient_name)
            r = add_reader(p, &to[i], plan, all);
    return r;
}

/* One that has ended is judged on until another version is in force. */
static bool has_begun(const struct plan *plan, struct civil_date today)
{
    return !date_is_set(plan->valid_from) || date_compare(plan->valid_from, today) <= 0;
}

static int find_readers(const struct pipeline *p, struct readers *all)
{
    int r = 0;

    for (size_t i = 0; i < p->config->plan_count; i++) {
        const struct plan *plan = p->config->plans[i];

        if (!has_begun(plan, pipeline_today(p)))
            continue;
        for (size_t k = 0; r == 0 && k < plan->measure_count; k++)
            if (plan->measures[k].owner)
                r = add_role(p, i, plan->measures[k].owner, all);
        for (size_t k = 0; r == 0 && k < plan->action_count; k++) {
            r = add_role(p, i, plan->actions[k].lead, all);
            if (r == 0 && plan->actions[k].accountable)
                r = add_role(p, i, plan->actions[k].accountable, all);
        }
    }
    return r;
}

int weekly_id(const struct pipeline *p, struct civil_date week, const char *recipient,
              char out[ALERT_ID_MAX])
{
    char name[WEEKLY_NAME_MAX];
    const char *const parts[] = { p->config->settings->instance, "digest", recipient,
                                  weekly_name(week, name) };

    return alert_hash(parts, sizeof parts / sizeof parts[0], out);
}

/* Likewise; of one that was given up with the receiver and the recipient where it goes instead. */
static int id_of(const struct pipeline *p, struct civil_date week, const struct reader *reader,
                 char out[ALERT_ID_MAX])
{
    char name[WEEKLY_NAME_MAX];
    const char *const parts[] = { p->config->settings->instance, "digest",
                                  reader->instead_address,       weekly_name(week, name),
                                  reader->to.receiver,           reader->to.recipient };

    return reader->instead_address ? alert_hash(parts, sizeof parts / sizeof parts[0], out)
                                   : weekly_id(p, week, reader->to.recipient, out);
}

/* The plans that are live, of one whom a digest was for. */
static int add_instead_of(const struct pipeline *p, size_t at, const struct composer_recipient *to,
                          struct readers *all)
{
    struct reader *reader = append(p, to, all);

    if (!reader)
        return -ENOMEM;
    const struct composer_recipient *for_whom = &all->list[at].to;

    reader->instead_address = for_whom->recipient;
    reader->instead_of = for_whom->recipient_name ? for_whom->recipient_name : for_whom->recipient;
    for (size_t i = 0; i < p->config->plan_count; i++)
        reader->leads[i] = all->list[at].leads[i] && p->config->plans[i]->mode != PLAN_REHEARSAL;
    return 0;
}

/* Fallback and ops, for whomever it was given up. Nothing of a plan in rehearsal. */
static int add_operators(const struct pipeline *p, struct civil_date week, struct readers *all)
{
    struct composer_recipient to[COMPOSER_RECIPIENTS_MAX];
    size_t n = operators_of(p, to, COMPOSER_RECIPIENTS_MAX), count = all->count;
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++) {
        const struct letter *l = NULL;
        char id[ALERT_ID_MAX];
        bool is_live = false;

        r = id_of(p, week, &all->list[i], id);
        if (r == 0)
            l = letter_find(p, id);
        for (size_t k = 0; k < p->config->plan_count; k++)
            is_live |= all->list[i].leads[k] && p->config->plans[k]->mode != PLAN_REHEARSAL;
        for (size_t k = 0; r == 0 && l && !l->is_due_again && is_live && k < n; k++)
            if (strcmp(to[k].receiver, l->item->receiver) != 0 ||
                strcmp(to[k].recipient, l->item->recipient) != 0)
                r = add_instead_of(p, i, &to[k], all);
    }
    return r;
}

/* ---- what it tells ---- */

struct told_facts {
    struct weekly_measure *measures;
    struct weekly_feed *feeds;
    struct weekly_alert *alerts;
    struct feed_states states; /* of which the titles are */
    struct weekly_facts of;
};

static void told_facts_release(struct told_facts *t)
{
    free(t->measures);
    free(t->feeds);
    free(t->alerts);
    feed_states_release(&t->states);
}

static const struct finding *finding_of(const struct pipeline *p, const struct plan_measure *m)
{
    for (size_t i = 0; i < p->findings.count; i++)
        if (p->findings.list[i].rule == RULE_BEHIND_PLAN && p->findings.list[i].measure == m)
            return &p->findings.list[i];
    return NULL;
}

static int list_measures(const struct pipeline *p, const struct reader *reader,
                         struct told_facts *out)
{
    size_t room = 1;

    for (size_t i = 0; i < p->config->plan_count; i++)
        room += p->config->plans[i]->measure_count;
    out->measures = calloc(room, sizeof *out->measures);
    if (!out->measures)
        return -ENOMEM;
    for (size_t i = 0; i < p->config->plan_count; i++) {
        const struct plan *plan = p->config->plans[i];

        for (size_t k = 0; reader->leads[i] && k < plan->measure_count; k++)
            out->measures[out->of.measure_count++] =
                (struct weekly_measure){ .plan = plan,
                                         .measure = &plan->measures[k],
                                         .finding = finding_of(p, &plan->measures[k]) };
    }
    out->of.measures = out->measures;
    return 0;
}

#define WEEK_DAYS 7

/* The last day within a week on which a feed was late, or a file or a provider of it missing, and is told as over. */
static struct civil_date lapsed_until(const struct pipeline *p, const char *feed)
{
    struct civil_date until = DATE_NONE;
    void *value;

    for (size_t at = 0; table_next(&p->books.alerts, &at, NULL, &value);) {
        const struct alert *a = &((struct stored_alert *)value)->alert;
        bool is_of_feed = a->feed && strcmp(a->feed, feed) == 0 && a->rule != RULE_ACTION_OVERDUE &&
                          !rule_is_of_measure(a->rule) &&
                          !(a->provider && strcmp(a->provider, FEED_INCIDENT) == 0);

        for (size_t i = 0; is_of_feed && i < a->episode_count; i++) {
            const struct episode *e = &a->episodes[i];

            if (date_is_set(e->closed_on) &&
                pipeline_today(p).day - e->closed_on.day <= WEEK_DAYS &&
                e->state != ALERT_RETRACTED &&
                (!date_is_set(until) || date_compare(e->closed_on, until) > 0))
                until = e->closed_on;
        }
    }
    return until;
}

static int list_feeds(const struct pipeline *p, struct told_facts *out)
{
    int r = feed_states_of(p, &out->states);

    out->feeds = calloc(out->states.count + 1, sizeof *out->feeds);
    if (r < 0 || !out->feeds)
        return -ENOMEM;
    for (size_t i = 0; i < out->states.count; i++) {
        const struct feed_state *s = &out->states.list[i];
        struct weekly_feed *f = &out->feeds[i];

        *f = (struct weekly_feed){ .title = s->title,
                                   .newest = s->newest_period_end,
                                   .due = s->due.due,
                                   .is_late = s->late,
                                   .waits = s->file_is_held || s->held_file_why || s->incident_why,
                                   .has_gap = s->incomplete != NULL,
                                   .until = lapsed_until(p, s->id),
                                   .is_moved = s->is_moved,
                                   .due_unmoved = s->due_unmoved };
        for (size_t k = 0; k < s->gap_count; k++)
            f->has_gap |= !s->gaps[k].superseded;
    }
    out->of.feeds = out->feeds;
    out->of.feed_count = out->states.count;
    return 0;
}

/* Whether the digest speaks of what an alert is of. The monitor is everybody's, an incident no lead's business;
 * its feed is said to wait. */
static bool concerns(const struct pipeline *p, const struct reader *reader, const struct alert *a,
                     const struct plan **out_plan)
{
    *out_plan = NULL;
    for (size_t i = 0; a->plan && i < p->config->plan_count; i++)
        if (strcmp(p->config->plans[i]->id, a->plan) == 0) {
            *out_plan = p->config->plans[i];
            return reader->leads[i];
        }
    return !a->plan && !(a->feed && a->provider && strcmp(a->provider, FEED_INCIDENT) == 0);
}

static void count_alert(const struct pipeline *p, const struct alert *a, const struct plan *plan,
                        struct told_facts *out)
{
    out->of.open++;
    out->of.silenced += workflow_silenced(&p->workflow, a, pipeline_today(p)) != NULL;
    if (a->rule == RULE_ACTION_OVERDUE || !(a->measure || a->feed))
        out->alerts[out->of.alert_count++] = (struct weekly_alert){ a, alert_current(a), plan };
    for (size_t i = 0; a->measure && i < out->of.measure_count; i++) {
        struct weekly_measure *m = &out->measures[i];

        if (strcmp(m->measure->id, a->measure) != 0 || strcmp(m->plan->id, a->plan) != 0)
            continue;
        if (a->rule == RULE_BEHIND_PLAN && !alert_current(a)->early)
            m->is_firing = true;
        else
            m->is_warned = true;
    }
}

static int gather(const struct pipeline *p, const struct reader *reader, struct told_facts *out)
{
    int r = list_measures(p, reader, out);
    const struct plan *plan;
    void *value;

    if (r == 0)
        r = list_feeds(p, out);
    out->alerts = calloc(table_count(&p->books.alerts) + 1, sizeof *out->alerts);
    if (!out->alerts)
        return -ENOMEM;
    for (size_t at = 0; r == 0 && table_next(&p->books.alerts, &at, NULL, &value);) {
        const struct alert *a = &((struct stored_alert *)value)->alert;
        const struct episode *e = alert_current(a);

        if (e && episode_is_open(e) && concerns(p, reader, a, &plan))
            count_alert(p, a, plan, out);
    }
    out->of.alerts = out->alerts;
    out->of.instead_of = reader->instead_of;
    out->of.today = pipeline_today(p);
    return r;
}

/* ---- one digest ---- */

static int word(struct pipeline *p, const struct reader *reader, struct release *release,
                struct text *subject, struct surfaces *out)
{
    AUTO(told_facts_release) struct told_facts facts = { 0 };
    struct message_context context;
    int r = gather(p, reader, &facts);

    message_context_of(p, settings_receiver(p->config->settings, reader->to.receiver), &context);
    context.recipient = reader->to.recipient;
    context.recipient_name = reader->to.recipient_name;
    context.release = release;
    return r == 0 ? weekly_words(&context, &facts.of, subject, out) : r;
}

/* What it shows is frozen with it. */
static int freeze_released(const struct release *release, struct outbox_item *item)
{
    int r = 0;
    json_t *released = release_added(release, &r);

    if (r == 0 && released) {
        item->released = json_text(released, JSON_COMPACT);
        r = item->released ? 0 : -ENOMEM;
    }
    json_decref(released);
    return r;
}

static int freeze(struct pipeline *p, const struct reader *reader, const char *id,
                  struct outbox_item **out)
{
    AUTO(text_release) struct text subject = TEXT_INIT;
    AUTO(surfaces_release) struct surfaces words = SURFACES_INIT;
    struct release *release = NULL;
    int r = release_open(&p->books.released, reader->to.receiver, &p->findings, &release);

    if (r == 0)
        r = word(p, reader, release, &subject, &words);
    if (r == 0) {
        const struct notice notice = { .kind = NOTICE_DIGEST,
                                       .delivery_id = id,
                                       .why = "",
                                       .subject = text_str(&subject),
                                       .body = text_str(&words.plain),
                                       .html = text_str(&words.html) };

        r = freeze_notice(p, &notice, &reader->to, out);
    }
    if (r == 0)
        r = freeze_released(release, *out);
    release_free(release);
    return r;
}

/* Returns whether a batch is under way. */
static bool make_due(struct pipeline *p, const struct reader *reader, const char *id)
{
    struct due_again *list = calloc(1, sizeof *list);
    int r = list ? freeze(p, reader, id, &list->item) : -ENOMEM;

    if (r == -EINVAL) {
        log_error("weekly", "receiver=%s its address is refused", reader->to.receiver);
        free(list);
        return false;
    }
    if (list)
        list->is_first = true;
    return freeze_make_due(p, list, list && list->item, NULL, NULL, r);
}

/* ---- whose is next ---- */

/* The instance began with the first of its feeds. */
static struct civil_date first_day(const struct pipeline *p)
{
    struct civil_date first = DATE_NONE;
    void *value;

    for (size_t at = 0; table_next(&p->configured, &at, NULL, &value);) {
        const struct civil_date *day = value;

        if (!date_is_set(first) || date_compare(*day, first) < 0)
            first = *day;
    }
    return first;
}

static struct civil_date week_due(const struct pipeline *p)
{
    const struct digest_setting *d = &p->config->settings->digest;
    struct civil_date week;

    if (d->is_off || p->options.once || p->simulation || pipeline_clock_is_back(p) ||
        p->need_evaluate || p->need_compose || p->findings_of.day != pipeline_today(p).day ||
        disk_rests(p))
        return DATE_NONE;
    week = weekly_due(d->on, d->at, wall_moment(clock_wall(&p->clock)), first_day(p));
    if (date_compare(p->weekly.looked, pipeline_today(p)) == 0 &&
        date_compare(p->weekly.of, week) == 0 &&
        (p->weekly.opens.ms == 0 || clock_wall(&p->clock).ms < p->weekly.opens.ms))
        return DATE_NONE;
    return week;
}

static bool tell_next(struct pipeline *p, const struct readers *all, struct civil_date week)
{
    struct wall_time opens = { 0 };
    char id[ALERT_ID_MAX];

    for (size_t i = 0; i < all->count; i++) {
        const struct composer_recipient *to = &all->list[i].to;

        if (id_of(p, week, &all->list[i], id) < 0 || freeze_is_known(p, id))
            continue;
        if (to->opens_at.ms == 0) {
            if (!freeze_day_is_spent(p, to) && make_due(p, &all->list[i], id))
                return true;
        } else if (opens.ms == 0 || to->opens_at.ms < opens.ms) {
            opens = to->opens_at;
        }
    }
    if (!disk_rests(p)) {
        p->weekly.looked = pipeline_today(p);
        p->weekly.of = week;
        p->weekly.opens = opens;
    }
    return false;
}

bool weekly_tell(struct pipeline *p)
{
    struct civil_date week = week_due(p);
    AUTO(readers_release) struct readers all = { 0 };

    if (!date_is_set(week))
        return false;
    if (find_readers(p, &all) < 0 || add_operators(p, week, &all) < 0) {
        log_error("weekly", "error=\"%s\": told later", strerror(ENOMEM));
        return false;
    }
    return tell_next(p, &all, week);
}
