#include "pipeline_plans.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "ctl/report_diff.h"
#include "ctl/report_json.h"
#include "pipeline_internal.h"
#include "plan/plan_diff.h"

/*
 * What another version of a plan changes, and what it would do today: the same functions judge by it that
 * judge by what is in force, over the same series, and nothing of it is kept.
 */

/* ---- what changes, and whom it concerns ---- */

static int add_role(json_t *roles, const char *role)
{
    size_t i;
    json_t *have;

    json_array_foreach(roles, i, have)
    {
        if (strcmp(json_string_value(have), role) == 0)
            return 0;
    }
    return json_array_append_new(roles, json_string(role));
}

static int add_each(json_t *to, const char *roles)
{
    char role[PLAN_ROLE_MAX];
    int r = 0;

    for (const char *at = roles; r == 0 && plan_roles_next(&at, role);)
        r = add_role(to, role);
    return r;
}

/* The owner of a measure or the lead of an action, and who is accountable for it; a role itself. */
static int add_owners(json_t *roles, const struct plan *plan, const struct plan_change *c)
{
    bool is_measure = strcmp(c->subject, "measure") == 0;
    const struct plan_measure *m = is_measure ? plan_measure_find(plan, c->id) : NULL;
    const struct plan_action *a = is_measure ? NULL
                                  : strcmp(c->subject, "action") == 0
                                      ? plan_action_find(plan, c->id)
                                      : NULL;

    if (m && m->action)
        a = plan_action_find(plan, m->action);
    if (strcmp(c->subject, "role") == 0)
        return plan_role_find(plan, c->id) ? add_role(roles, c->id) : 0;
    int r = add_each(roles, m ? m->owner : a ? a->lead : NULL);

    return r | add_each(roles, a ? a->accountable : NULL);
}

/* As the version after calls it, else the one before; NULL: it has none. */
static const char *title_of(const struct plan *before, const struct plan *after,
                            const struct plan_change *c)
{
    const struct plan *const plans[] = { after, before };

    for (size_t i = 0; i < 2; i++) {
        const struct plan_measure *m =
            strcmp(c->subject, "measure") == 0 ? plan_measure_find(plans[i], c->id) : NULL;
        const struct plan_action *a =
            strcmp(c->subject, "action") == 0 ? plan_action_find(plans[i], c->id) : NULL;

        if (m || a)
            return m ? m->title : a->title;
    }
    return NULL;
}

/* A measure that has another id now is found by the old one in the version before. */
static json_t *roles_of(const struct plan *before, const struct plan *after,
                        const struct plan_change *c)
{
    json_t *roles = json_array();
    struct plan_change was = *c;
    const struct plan_measure *m = plan_measure_find(after, c->id);
    int r = roles ? add_owners(roles, after, c) : -1;

    for (size_t i = 0; m && i < before->measure_count; i++)
        if (strcmp(before->measures[i].first_id, m->first_id) == 0)
            was.id = before->measures[i].id;
    if (r == 0)
        r = add_owners(roles, before, &was);
    if (r == 0)
        return roles;
    json_decref(roles);
    return NULL;
}

json_t *plans_changes(const struct plan *before, const struct plan *after)
{
    AUTO(plan_changes_release) struct plan_changes changes = { 0 };
    json_t *list = json_array();
    int r = plan_diff(before, after, &changes) < 0 || !list ? -1 : 0;

    for (size_t i = 0; r == 0 && i < changes.count; i++) {
        json_t *one = report_change(&changes.list[i]);

        r = one ? report_put(one, "title", report_text(title_of(before, after, &changes.list[i])))
                : -1;
        if (r == 0)
            r = report_put(one, "roles", roles_of(before, after, &changes.list[i]));
        r = r == 0 ? json_array_append_new(list, one) : (json_decref(one), -1);
    }
    if (r == 0)
        return list;
    json_decref(list);
    return NULL;
}

/* ---- what it would do ---- */

static const char *stands(const struct alert *a)
{
    const struct episode *e = a ? alert_current(a) : NULL;

    return e && episode_is_active(e) ? alert_severity_name(e->severity) : NULL;
}

/* "opens", "ends", or the colour that it turns; NULL: it stays. */
static const char *effect_of(const char *before, const char *after)
{
    if (!before || !after)
        return before ? "ends" : after ? "opens" : NULL;
    return strcmp(before, after) != 0 ? "turns" : NULL;
}

static json_t *effect_object(const char *what, const char *rule, const char *id, const char *title,
                             const char *before, const char *after)
{
    json_t *o = json_object();
    int r = report_put(o, "what", report_text(what));

    r |= report_put(o, "rule", report_text(rule));
    r |= report_put(o, "id", report_text(id));
    r |= report_put(o, "title", report_text(title));
    r |= report_put(o, "before", report_text(before));
    r |= report_put(o, "after", report_text(after));
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

static int add_alert(const struct pipeline *p, const struct alert_change *c, json_t *list)
{
    const struct stored_alert *stored = table_get(&p->books.alerts, c->next.id);
    const char *before = stands(stored ? &stored->alert : NULL), *after = stands(&c->next);
    const char *what = effect_of(before, after);
    const struct alert *a = &c->next;
    const char *id = a->measure ? a->measure : a->action ? a->action : a->feed;

    if (!what || !a->plan)
        return 0;
    return json_array_append_new(
        list, effect_object(what, rule_name(a->rule), id, a->title, before, after));
}

static const struct finding *behind_plan_of(const struct finding_set *findings,
                                            const struct plan_measure *m)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->list[i];

        if (f->rule == RULE_BEHIND_PLAN && strcmp(f->measure->first_id, m->first_id) == 0)
            return f;
    }
    return NULL;
}

/* A measure of which there is no figure yet is grey, whatever it will be. */
static int add_colour(const struct finding *f, const struct finding_set *now, json_t *list)
{
    const struct finding *was = behind_plan_of(now, f->measure);
    const char *before = was ? rag_name(was->rag) : NULL, *after = rag_name(f->rag);

    if (before && strcmp(before, after) == 0)
        return 0;
    return json_array_append_new(
        list, effect_object("colour", NULL, f->measure->id, f->title, before, after));
}

/* Alerts first: they are what people hear of. */
static json_t *effect_list(const struct pipeline *p, const struct plan *after,
                           const struct finding_set *findings, const struct alert_change *changes,
                           size_t count)
{
    json_t *list = json_array();
    int r = list ? 0 : -1;

    for (size_t i = 0; r == 0 && i < count; i++)
        r = add_alert(p, &changes[i], list);
    for (size_t i = 0; r == 0 && i < findings->count; i++)
        if (findings->list[i].rule == RULE_BEHIND_PLAN && findings->list[i].plan == after)
            r = add_colour(&findings->list[i], &p->findings, list);
    if (r == 0)
        return list;
    json_decref(list);
    return NULL;
}

json_t *plans_effect(struct pipeline *p, size_t i, const struct plan *after)
{
    const struct config *c = p->config;
    AUTO(auto_free) const struct plan **plans = calloc(c->plan_count + 1, sizeof *plans);
    struct finding_set findings = { 0 };
    struct alert_change *changes = NULL;
    size_t count = 0;
    json_t *list = NULL;

    if (!plans || !p->loaded || !date_is_set(p->findings_of))
        return plans ? json_null() : NULL;
    for (size_t k = 0; k < c->plan_count; k++)
        plans[k] = k == i ? after : c->plans[k];
    if (judge_as_if(p, plans, c->plan_count, &findings, &changes, &count) == 0)
        list = effect_list(p, after, &findings, changes, count);
    for (size_t k = 0; k < count; k++)
        alert_change_release(&changes[k]);
    free(changes);
    finding_set_release(&findings);
    return list;
}

/* ---- plan diff NEW ---- */

void plans_answer_diff(struct pipeline *p, struct ctl_request *request)
{
    const json_t *asked = ctl_request_json(request);
    const json_t *text = json_object_get(asked, "text");
    const char *file = json_string_value(json_object_get(asked, "file"));
    struct diags diags = DIAGS_INIT;
    struct plan *plan = NULL;
    json_t *changes = NULL, *effect = NULL;
    int r = json_is_string(text) && file ? plans_parse(p, p->config, file, json_string_value(text),
                                                       json_string_length(text), &diags, &plan)
                                         : -EINVAL;
    size_t i = r == 0 ? plans_index(p->config, plan->id) : 0;

    if (r == 0 && i < p->config->plan_count) {
        changes = plans_changes(p->config->plans[i], plan);
        effect = plans_effect(p, i, plan);
    }
    if (r == -EINVAL)
        ctl_fail(request, 78, "the plan has errors, by the settings of the daemon: %s",
                 diags.count ? diags.list[0].text : "no text");
    else if (r == 0 && i == p->config->plan_count)
        ctl_fail(request, 1, "no plan in force has the id \"%.64s\"", plan->id);
    else if (!changes || !effect)
        ctl_fail(request, 1, "out of memory");
    else
        ctl_reply(request,
                  json_pack("{s:s, s:I, s:I, s:O, s:O}", "plan", plan->id, "version_before",
                            (json_int_t)p->config->plans[i]->version, "version",
                            (json_int_t)plan->version, "changes", changes, "effect", effect));
    json_decref(changes);
    json_decref(effect);
    diags_release(&diags);
    plan_free(plan);
}

/* ---- what an evaluation owes to a change ---- */

bool plans_are_unjudged(const struct pipeline *p)
{
    void *value;

    for (size_t at = 0; table_next(&p->plan_ledger, &at, NULL, &value);)
        if (json_array_size(((const struct plan_book *)value)->unjudged) > 0)
            return true;
    return false;
}

/* A figure that came after the change may be why as well. */
static bool owes_to_plan(const struct finding *f, const struct plan_book *b)
{
    const char *id = f->measure ? f->measure->id : f->action ? f->action->id : NULL;
    const json_t *change = plan_book_unjudged(b, id);
    const struct period_judgement *newest =
        f->history_count ? &f->history[f->history_count - 1] : NULL;

    return change && (f->instant || !newest ||
                      newest->received.ms <= json_integer_value(json_object_get(change, "at_ms")));
}

void plans_mark_findings(const struct pipeline *p, struct finding_set *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *f = &findings->list[i];

        f->plan_changed = f->plan && owes_to_plan(f, plan_book_find(&p->plan_ledger, f->plan->id));
    }
}

/* ---- plan show ---- */

/* What a person wants of a record: who, when, why. */
static json_t *version_object(const json_t *record)
{
    static const char *const keys[] = { "act",    "version", "digest",      "at",         "who",
                                        "reason", "file",    "approved_by", "approved_at" };
    json_t *o = record ? json_object() : json_null();
    int r = o ? 0 : -1;

    for (size_t i = 0; record && r == 0 && i < sizeof keys / sizeof keys[0]; i++) {
        json_t *value = json_object_get(record, keys[i]);

        r = value ? json_object_set(o, keys[i], value)
                  : json_object_set_new(o, keys[i], json_null());
    }
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *versions_array(const json_t *records)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < json_array_size(records); i++)
        if (json_array_append_new(list, version_object(json_array_get(records, i))) < 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static int report_one(const struct pipeline *p, size_t i, json_t *o)
{
    const struct plan *plan = p->config->plans[i], *file = p->config->unapplied[i];
    const struct plan_book *b = plan_book_find(&p->plan_ledger, plan->id);
    struct civil_date today = pipeline_today(p);
    const json_t *pending = plan_book_pending(b, today);
    bool expired = date_is_set(plan->valid_to) && date_compare(today, plan->valid_to) > 0;
    int r = report_put(o, "expired", json_boolean(expired));

    r |= report_put(o, "ruled_by", report_text(b && b->is_applied ? "apply" : "file"));
    r |= report_put(o, "in_force", version_object(b ? b->in_force : NULL));
    r |= report_put(o, "before", b ? versions_array(b->before) : json_array());
    r |= report_put(o, "unapplied_file", report_text(file ? file->path : NULL));
    r |= report_put(o, "pending", version_object(pending));
    r |= report_put(o, "pending_until",
                    report_date(pending ? plan_book_pending_until(b) : DATE_NONE));
    r |= report_put(o, "softened", b ? json_incref(b->softened) : json_array());
    return r;
}

int plans_report(const struct pipeline *p, json_t *list)
{
    int r = 0;

    for (size_t i = 0; i < p->config->plan_count && i < json_array_size(list); i++)
        r |= report_one(p, i, json_array_get(list, i));
    return r ? -ENOMEM : 0;
}
