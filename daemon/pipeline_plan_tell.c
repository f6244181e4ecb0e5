#include "pipeline_plans.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/log.h"
#include "notify/notice.h"
#include "notify/plan_notice.h"
#include "pipeline_internal.h"

/*
 * Owners are told that their plan was changed, and of its end. (1) One notice for each who is concerned, which
 * names what concerns them; ops where nobody has the role. (2) Its delivery id follows from what it tells
 * of and to whom, so a crash on the way leaves it told once. (3) The notices are in the sent journal before
 * the audit says that all were told, and Redis hears of them last: what it lacks is put back from there.
 */

struct reader {
    struct composer_recipient to;
    json_t *roles; /* that brought them here */
};

struct readers {
    struct reader list[COMPOSER_RECIPIENTS_MAX];
    size_t count;
};

static void readers_release(struct readers *r)
{
    for (size_t i = 0; i < r->count; i++)
        json_decref(r->list[i].roles);
}

static struct reader *reader_of(struct readers *all, const struct composer_recipient *to)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->list[i].to.receiver, to->receiver) == 0 &&
            strcmp(all->list[i].to.recipient, to->recipient) == 0)
            return &all->list[i];
    if (all->count == COMPOSER_RECIPIENTS_MAX)
        return NULL;
    all->list[all->count] = (struct reader){ *to, json_array() };
    return &all->list[all->count++];
}

/* Those of a role, or of nobody's: ops. Returns 0 or -ENOMEM. */
static int add_readers(const struct pipeline *p, const struct plan *plan, const char *role,
                       struct readers *all)
{
    struct composer_recipient to[COMPOSER_RECIPIENTS_MAX];
    size_t n = role_recipients(p, plan, role, to, COMPOSER_RECIPIENTS_MAX);

    for (size_t i = 0; i < n; i++) {
        struct reader *r = reader_of(all, &to[i]);

        if (!r)
            log_error("plan", "plan=%s: more than %d recipients, one left out", plan->id,
                      COMPOSER_RECIPIENTS_MAX);
        else if (!r->roles || (role && json_array_append_new(r->roles, json_string(role)) < 0))
            return -ENOMEM;
    }
    return 0;
}

/* ---- one notice ---- */

struct words {
    enum notice_kind kind;
    struct text subject, body;
};

static int freeze(struct pipeline *p, const struct plan *plan, const struct words *w,
                  const struct composer_recipient *to, const char *id, struct outbox_item **out)
{
    const struct notice notice = { .kind = w->kind,
                                   .delivery_id = id,
                                   .why = "",
                                   .plan = plan->id,
                                   .subject = text_str(&w->subject),
                                   .body = text_str(&w->body) };

    return freeze_notice(p, &notice, to, out);
}

/* H(instance, what, plan, which, receiver, recipient) */
static int id_of(const struct pipeline *p, const struct plan *plan, enum notice_kind kind,
                 const char *which, const struct composer_recipient *to, char out[ALERT_ID_MAX])
{
    const char *const parts[] = { p->config->settings->instance,
                                  kind == NOTICE_PLAN_CHANGED ? "plan-changed" : "plan-ends",
                                  plan->id,
                                  which,
                                  to->receiver,
                                  to->recipient };

    return alert_hash(parts, sizeof parts / sizeof parts[0], out);
}

/* Adds what the reader is to be told to the list, unless it was before. Returns 0 or -errno. */
static int add_notice(struct pipeline *p, const struct plan *plan, const struct words *w,
                      const char *which, const struct composer_recipient *to,
                      struct due_again *list, size_t *count)
{
    char id[ALERT_ID_MAX];
    int r = id_of(p, plan, w->kind, which, to, id);

    if (r < 0 || freeze_is_known(p, id))
        return r;
    r = freeze(p, plan, w, to, id, &list[*count].item);
    if (r == -EINVAL) {
        log_error("plan", "receiver=%s its address is refused", to->receiver);
        return 0;
    }
    *count += list[*count].item != NULL;
    return r;
}

static bool waits(struct pipeline *p, const struct readers *all)
{
    struct wall_time opens_at = { 0 };

    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].to.opens_at.ms > opens_at.ms)
            opens_at = all->list[i].to.opens_at;
    return freeze_waits(p, &p->plan_notices_at, opens_at);
}

static int take_marker(struct pipeline *p, const json_t *marker)
{
    return plan_ledger_take(&p->plan_ledger, marker);
}

/* ---- it was changed ---- */

/* Whoever has a measure or an action in the plan, and ops. */
static int add_everybody(const struct pipeline *p, const struct plan *plan, struct readers *all)
{
    int r = plan->mode == PLAN_REHEARSAL ? 0 : add_readers(p, plan, NULL, all);

    for (size_t i = 0; r == 0 && i < plan->action_count; i++) {
        r = add_readers(p, plan, plan->actions[i].lead, all);
        if (r == 0 && plan->actions[i].accountable)
            r = add_readers(p, plan, plan->actions[i].accountable, all);
    }
    for (size_t i = 0; r == 0 && i < plan->measure_count; i++)
        if (plan->measures[i].owner)
            r = add_readers(p, plan, plan->measures[i].owner, all);
    return r;
}

static int add_roles(const struct pipeline *p, const struct plan *plan, const json_t *record,
                     struct readers *all)
{
    AUTO(auto_free) const char **seen = NULL;
    const json_t *changes = json_object_get(record, "changes");
    size_t count = 0, i, k;
    json_t *change, *role;
    bool is_for_all = false;
    int r = 0;

    json_array_foreach(changes, i, change)
    {
        count += json_array_size(json_object_get(change, "roles"));
        is_for_all |= plan_change_is_for_all(change);
    }
    if (is_for_all)
        r = add_everybody(p, plan, all);
    seen = calloc(count + 1, sizeof *seen);
    if (!seen)
        return -ENOMEM;
    count = 0;
    json_array_foreach(changes, i, change)
    {
        json_array_foreach(json_object_get(change, "roles"), k, role)
        {
            const char *name = json_string_value(role);
            size_t at = 0;

            while (at < count && strcmp(seen[at], name) != 0)
                at++;
            if (at < count || r < 0)
                continue;
            seen[count++] = name;
            r = add_readers(p, plan, name, all);
        }
    }
    return r;
}

/* The mode of the plan before the oldest of the changes, by which that is told: what puts it into rehearsal is told
 * to everybody once more. */
static enum plan_mode mode_then(const struct plan *plan, const json_t *untold)
{
    enum plan_mode mode = (enum plan_mode)plan->mode;

    for (size_t i = json_array_size(untold); i-- > 0;) {
        enum mode_change change = plan_mode_change(json_array_get(untold, i));

        if (change != MODE_STAYS)
            mode = change == MODE_TO_REHEARSAL ? PLAN_LIVE : PLAN_REHEARSAL;
    }
    return mode;
}

/* A version that lets a plan go live is told by the baseline that each gets of it: of those before it they were
 * told nothing. */
static bool tell_change(struct pipeline *p, const struct plan *in_force, const struct plan_book *b)
{
    const json_t *record = json_array_get(b->untold, 0);
    AUTO(readers_release) struct readers all = { .count = 0 };
    struct due_again *list = calloc(COMPOSER_RECIPIENTS_MAX, sizeof *list);
    struct plan then = *in_force;
    const struct plan *plan = &then;
    char which[24];
    size_t count = 0;
    int r = list ? 0 : -ENOMEM;

    then.mode = mode_then(in_force, b->untold);
    if (r == 0 && plan_mode_change(record) != MODE_TO_LIVE)
        r = add_roles(p, plan, record, &all);
    if (r == 0 && waits(p, &all)) {
        free(list);
        return false;
    }
    (void)snprintf(which, sizeof which, "%ld", b->told + 1);
    for (size_t i = 0; r == 0 && i < all.count; i++) {
        struct words w = { NOTICE_PLAN_CHANGED, TEXT_INIT, TEXT_INIT };

        r = plan_changed_words(plan, record, all.list[i].roles, &w.subject, &w.body);
        if (r > 0)
            r = add_notice(p, plan, &w, which, &all.list[i].to, list, &count);
        text_release(&w.subject);
        text_release(&w.body);
    }
    return freeze_make_due(p, list, count,
                           json_pack("{s:s, s:I, s:I}", "plan_told", plan->id, "change",
                                     (json_int_t)b->told + 1, "at_ms",
                                     (json_int_t)clock_wall(&p->clock).ms),
                           take_marker, r);
}

/* ---- it ends ---- */

/* Whoever is accountable for its actions, else their leads; and ops. */
static int add_accountable(const struct pipeline *p, const struct plan *plan, struct readers *all)
{
    bool any = false;
    int r = plan->mode == PLAN_REHEARSAL ? 0 : add_readers(p, plan, NULL, all);

    for (size_t i = 0; i < plan->action_count; i++)
        any |= plan->actions[i].accountable != NULL;
    for (size_t i = 0; r == 0 && i < plan->action_count; i++) {
        const char *role = any ? plan->actions[i].accountable : plan->actions[i].lead;

        if (role)
            r = add_readers(p, plan, role, all);
    }
    return r;
}

static bool tell_end(struct pipeline *p, const struct plan *plan, const struct plan_book *b,
                     int days)
{
    AUTO(readers_release) struct readers all = { .count = 0 };
    struct words w = { NOTICE_PLAN_ENDS, TEXT_INIT, TEXT_INIT };
    struct due_again *list = calloc(COMPOSER_RECIPIENTS_MAX, sizeof *list);
    char which[64], date[DATE_TEXT_MAX];
    int len;
    size_t count = 0;
    int r = list ? add_accountable(p, plan, &all) : -ENOMEM;

    if (r == 0 && waits(p, &all)) {
        free(list);
        return false;
    }

    len = snprintf(which, sizeof which, "%s|%d", date_format(plan->valid_to, date), days);
    if (b->ends_moved)
        (void)snprintf(which + len, sizeof which - (size_t)len, "|%ld", b->ends_moved);
    if (r == 0)
        r = plan_ends_words(plan, pipeline_today(p), &w.subject, &w.body);
    for (size_t i = 0; r == 0 && i < all.count; i++)
        r = add_notice(p, plan, &w, which, &all.list[i].to, list, &count);
    text_release(&w.subject);
    text_release(&w.body);
    return freeze_make_due(p, list, count,
                           json_pack("{s:s, s:s, s:i, s:I}", "plan_told", plan->id, "expiry", date,
                                     "days", days, "at_ms", (json_int_t)clock_wall(&p->clock).ms),
                           take_marker, r);
}

/* The next of one plan. Returns 1: a batch is under way, 0: something was done without one, -1: nothing is to
 * be told, or not now. */
static int tell_next_of(struct pipeline *p, const struct plan *plan)
{
    const struct plan_book *b = plan_book_find(&p->plan_ledger, plan->id);
    int days = plan_book_expiry_due(b, plan->valid_to, pipeline_today(p));

    if (!b || (json_array_size(b->untold) == 0 && days < 0))
        return -1;
    long told = b->told;

    if (json_array_size(b->untold) > 0)
        return tell_change(p, plan, b) ? 1 : b->told > told ? 0 : -1;
    if (tell_end(p, plan, b, days))
        return 1;
    return plan_book_expiry_due(b, plan->valid_to, pipeline_today(p)) == days ? -1 : 0;
}

bool plans_tell(struct pipeline *p)
{
    int r = -1;

    if (freeze_is_waiting(p, &p->plan_notices_at))
        return false;
    for (size_t i = 0; i < p->config->plan_count && !disk_rests(p); i++) {
        do
            r = tell_next_of(p, p->config->plans[i]);
        while (r == 0);
        if (r > 0)
            return true;
    }
    return false;
}
