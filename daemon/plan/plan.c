#include "plan/plan.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "plan/plan_yaml.h"

static void action_release(struct plan_action *a)
{
    free(a->id);
    free(a->title);
    free(a->lead);
    free(a->accountable);
    free(a->forum);
    free(a->weakness.id);
    free(a->weakness.judgement);
    free(a->delivery.note);
}

void figure_ref_free(struct figure_ref *ref)
{
    if (!ref)
        return;
    free(ref->title);
    free(ref->published);
    free(ref->select.feed);
    free(ref->select.breakdown);
    free(ref->select.org);
    free(ref->select.secondary);
    free(ref->footprint_of);
    free(ref);
}

void plan_measure_release(struct plan_measure *m)
{
    free(m->id);
    free(m->first_id);
    free(m->title);
    free(m->footprint_of);
    measure_standard_release(&m->standard);
    plan_ladder_release(&m->escalate);
    free(m->published);
    free(m->select.feed);
    free(m->select.breakdown);
    free(m->select.org);
    free(m->select.secondary);
    list_measure_free(m->list);
    plan_spc_free(m->spc);
    free(m->forecast);
    if (m->single)
        plan_measure_release(m->single);
    free(m->single);
    for (size_t i = 0; i < m->expect_count; i++)
        free(m->expect[i].note);
    free(m->expect);
    free(m->rule.law);
    free(m->rule.comparator_title);
    figure_ref_free(m->rule.comparator);
    figure_ref_free(m->compare);
    free(m->baseline.note);
    free(m->survey.wording);
    text_list_release(&m->guards);
    free(m->action);
    free(m->owner);
    *m = (struct plan_measure){ 0 };
}

void plan_free(struct plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->role_count; i++) {
        free(p->roles[i].id);
        text_list_release(&p->roles[i].receivers);
    }
    for (size_t i = 0; i < p->forum_count; i++)
        plan_forum_release(&p->forums[i]);
    free(p->forums);
    plan_ladder_release(&p->escalate);
    free(p->author);
    free(p->source);
    free(p->approval.reference);
    free(p->approval.by);
    for (size_t i = 0; i < p->priority_count; i++) {
        free(p->priorities[i].id);
        free(p->priorities[i].title);
        plan_ladder_release(&p->priorities[i].escalate);
    }
    for (size_t i = 0; i < p->action_count; i++)
        action_release(&p->actions[i]);
    for (size_t i = 0; i < p->measure_count; i++)
        plan_measure_release(&p->measures[i]);
    free(p->roles);
    free(p->priorities);
    free(p->actions);
    free(p->measures);
    free(p->path);
    free(p->id);
    free(p->place);
    free(p->place_title);
    free(p->title);
    free(p);
}

const char *plan_place_title(const struct plan *p)
{
    return p->place_title ? p->place_title : p->place;
}

const struct plan_measure *plan_measure_find(const struct plan *p, const char *id)
{
    assert(p && id);
    for (size_t i = 0; i < p->measure_count; i++)
        if (strcmp(p->measures[i].id, id) == 0)
            return &p->measures[i];
    return NULL;
}

const struct plan_action *plan_action_find(const struct plan *p, const char *id)
{
    assert(p && id);
    for (size_t i = 0; i < p->action_count; i++)
        if (strcmp(p->actions[i].id, id) == 0)
            return &p->actions[i];
    return NULL;
}

bool plan_roles_next(const char **at, char out_role[PLAN_ROLE_MAX])
{
    if (!*at || !**at)
        return false;
    int len = (int)strcspn(*at, ",");

    (void)snprintf(out_role, PLAN_ROLE_MAX, "%.*s", len, *at);
    *at += len;
    *at += strspn(*at, ", ");
    return true;
}

const struct plan_role *plan_role_find(const struct plan *p, const char *id)
{
    assert(p && id);
    for (size_t i = 0; i < p->role_count; i++)
        if (strcmp(p->roles[i].id, id) == 0)
            return &p->roles[i];
    return NULL;
}

const char *polarity_name(enum polarity p)
{
    static const char *const names[] = { "higher", "lower", "close" };

    return names[p];
}

const char *measure_source(const struct plan_measure *m)
{
    return m->list ? m->list->list : m->select.feed;
}

const char *measure_figure(const struct plan_measure *m)
{
    return m->list ? m->list->text : m->published;
}

const char *measure_org(const struct plan_measure *m)
{
    if (!m->list)
        return m->select.org;
    return m->list->provider ? m->list->provider : "all";
}

const struct plan_measure *measure_charted(const struct plan_measure *m)
{
    return m->single ? m->single : m;
}

const char *measure_method(const struct plan_measure *m)
{
    const struct metric_def *def;

    if (m->of_feed)
        return "counted";
    if (!m->list)
        return m->manual ? "manual" : "published";
    def = metric_def_of(m->list->metric.id);
    return def->takes & TAKES_METHOD ? wait_method_name(m->list->metric.method) : def->method;
}

struct civil_date measure_target_day(const struct plan_measure *m)
{
    if (date_is_set(m->target_by) || m->expect_count == 0)
        return m->target_by;
    return m->expect[m->expect_count - 1].date;
}

struct civil_date measure_last_date(const struct plan_measure *m)
{
    struct civil_date last = m->expect_count ? m->expect[m->expect_count - 1].date : m->target_by;
    bool is_earlier = date_is_set(m->target_by) && date_compare(m->target_by, last) < 0;

    return is_earlier ? m->target_by : last;
}

bool measure_is_stock(const struct plan_measure *m)
{
    if (m->list)
        return metric_def_of(m->list->metric.id)->kind == METRIC_STOCK;
    return m->of_feed && m->of_feed->kind == METRIC_STOCK;
}

/* How old a feed is is known exactly on every day. */
bool measure_acts_on_projected(const struct plan_measure *m)
{
    return m->list ? m->list->act_on_projected : m->of_feed != NULL;
}

bool measure_is_longest(const struct plan_measure *m)
{
    return m->list && m->list->metric.id == METRIC_LONGEST_WAIT;
}

/* ---- the digest of a measure ---- */

/* Each value behind its length, so that no two measures share a text. */
static void add_text(struct text *t, const char *key, const char *value)
{
    if (value)
        (void)text_printf(t, "%s %zu:%s\n", key, strlen(value), value);
    else
        (void)text_printf(t, "%s -\n", key);
}

static void add_number(struct text *t, const char *key, bool given, double value)
{
    char number[32];

    add_text(t, key, given ? text_number(value, number) : NULL);
}

static void add_date(struct text *t, const char *key, struct civil_date d)
{
    char date[DATE_TEXT_MAX];

    add_text(t, key, date_is_set(d) ? date_format(d, date) : NULL);
}

/* What older plans do not say adds nothing, so that their alerts go on under the rule they had. */
static void add_rule(struct text *t, const struct plan_measure *m)
{
    const struct target_rule *rule = &m->rule;

    if (m->linear)
        add_text(t, "interpolation", "linear");
    if (rule->kind == TARGET_CLOSE_TO)
        add_number(t, "within", true, rule->within);
    if (m->survey.every.count > 0) {
        add_number(t, "every", true, (double)m->survey.every.count);
        add_number(t, "every_unit", true, m->survey.every.unit);
    }
    if (m->has_target || rule->kind == TARGET_NONE)
        return; /* how the figure came about judges nothing */
    add_number(t, "kind", true, rule->kind);
    add_number(t, rule->change_is_share ? "change_share" : "change", true, rule->change);
    add_number(t, "periods", true, (double)rule->periods);
    add_date(t, "baseline", m->baseline.date);
    if (rule->comparator) {
        add_text(t, "comparator", rule->comparator->published);
        add_text(t, "comparator_feed", rule->comparator->select.feed);
        add_text(t, "comparator_org", rule->comparator->select.org);
        add_text(t, "comparator_breakdown", rule->comparator->select.breakdown);
        add_text(t, "comparator_secondary", rule->comparator->select.secondary);
        add_date(t, "frozen", rule->comparator->frozen);
    }
}

int plan_measure_digest(struct plan_measure *m)
{
    AUTO(text_release) struct text t = TEXT_INIT;

    add_text(&t, "published", measure_figure(m));
    add_text(&t, "feed", measure_source(m));
    add_text(&t, "breakdown", m->select.breakdown);
    add_text(&t, "org", measure_org(m));
    add_text(&t, "secondary", m->select.secondary);
    if (m->list)
        add_text(&t, "act_on", m->list->act_on_projected ? "projected" : "data");
    add_text(&t, "polarity", polarity_name((enum polarity)m->polarity));
    add_number(&t, "target", m->has_target, m->target);
    add_date(&t, "by", m->target_by);
    add_number(&t, "tolerance", true, m->tolerance);
    add_number(&t, "clear", m->has_clear, m->clear);
    add_number(&t, "for", true, (double)m->for_periods);
    add_number(&t, "clear_for", true, (double)m->clear_for);
    add_number(&t, "min_n", true, m->min_n);
    add_rule(&t, m);
    for (size_t i = 0; i < m->expect_count; i++) {
        add_date(&t, "on", m->expect[i].date);
        add_number(&t, "expect", true, m->expect[i].value);
    }
    return text_ok(&t) ? sha256_hex(t.buf, t.len, m->digest) : -ENOMEM;
}
