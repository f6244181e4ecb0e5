/* The plans as JSON: `waitlistctl plan show`. Declared in report.h. */
#include "ctl/report.h"

#include <string.h>

#include "ctl/report_json.h"

static const char *const mode_words[] = { "live", "rehearsal" };
static const char *const status_words[] = { "not-started", "in-progress", "complete" };

static json_t *finish(json_t *tree, int failed)
{
    if (!failed)
        return tree;
    json_decref(tree);
    return NULL;
}

static const struct finding *finding_of(const struct finding_set *findings, const struct plan *plan,
                                        const struct plan_measure *m)
{
    for (size_t i = 0; findings && i < findings->count; i++)
        if (findings->list[i].plan == plan && findings->list[i].measure == m)
            return &findings->list[i];
    return NULL;
}

static const struct finding *finding_of_action(const struct finding_set *findings,
                                               const struct plan_action *action)
{
    for (size_t i = 0; findings && i < findings->count; i++)
        if (findings->list[i].rule == RULE_ACTION_OVERDUE && findings->list[i].action == action)
            return &findings->list[i];
    return NULL;
}

/* The worst of its measures; one that is not known is worse than one that is well. NULL: it has
   none, or they were not evaluated yet. */
static const char *performance_of(const struct finding_set *findings,
                                  const struct plan_action *action)
{
    static const int rank[] = {
        [RAG_BLUE] = 0, [RAG_GREEN] = 1, [RAG_GREY] = 2, [RAG_AMBER] = 3, [RAG_RED] = 4
    };
    const struct finding *worst = NULL;

    for (size_t i = 0; findings && i < findings->count; i++) {
        const struct finding *f = &findings->list[i];

        if (f->rule == RULE_BEHIND_PLAN && f->action == action &&
            (!worst || rank[f->rag] > rank[worst->rag]))
            worst = f;
    }
    return worst ? rag_name(worst->rag) : NULL;
}

const char *report_action_status(int status)
{
    return status_words[status];
}

static json_t *weakness_object(const struct plan_weakness *w)
{
    json_t *o = w->id ? json_object() : json_null();
    int r = 0;

    if (!o || !w->id)
        return o;
    r |= report_put(o, "id", report_text(w->id));
    r |= report_put(o, "judgement", report_text(w->judgement));
    r |= report_put(o, "date", report_date(w->date));
    return finish(o, r);
}

/* d NULL: not evaluated yet. */
static json_t *delivery_object(const struct action_delivery *d)
{
    json_t *o = d ? json_object() : json_null();
    int r = 0;

    if (!o || !d)
        return o;
    r |= report_put(o, "rag", report_text(rag_name(d->rag)));
    r |= report_put(o, "date", report_date(d->said));
    r |= report_put(o, "note", report_text(d->note));
    return finish(o, r);
}

static json_t *approval_object(const struct plan_approval *a)
{
    json_t *o = a->reference ? json_object() : json_null();
    int r = 0;

    if (!o || !a->reference)
        return o;
    r |= report_put(o, "reference", report_text(a->reference));
    r |= report_put(o, "by", report_text(a->by));
    r |= report_put(o, "date", report_date(a->date));
    return finish(o, r);
}

static json_t *meeting_object(const struct plan_meeting *m)
{
    json_t *o = json_object();
    int r = report_put(o, "on", report_date(m->on));

    r |= report_put(o, "papers", report_date(m->papers));
    return finish(o, r);
}

static json_t *forum_object(const struct plan_forum *f)
{
    json_t *o = json_object(), *meetings = json_array();
    int r = 0;

    for (size_t i = 0; meetings && i < f->meeting_count; i++)
        r |= json_array_append_new(meetings, meeting_object(&f->meetings[i]));
    r |= report_put(o, "id", report_text(f->id));
    r |= report_put(o, "title", report_text(f->title));
    r |= report_put(o, "meetings", meetings);
    return finish(o, r);
}

static json_t *forum_array(const struct plan *p)
{
    json_t *list = json_array();
    int r = 0;

    for (size_t i = 0; list && i < p->forum_count; i++)
        r |= json_array_append_new(list, forum_object(&p->forums[i]));
    return finish(list, r);
}

static json_t *action_object(const struct plan_action *a, const struct finding_set *findings)
{
    const struct finding *f = finding_of_action(findings, a);
    json_t *o = json_object();
    int r = 0;

    if (!o)
        return NULL;
    r |= report_put(o, "id", report_text(a->id));
    r |= report_put(o, "title", report_text(a->title));
    r |= report_put(o, "lead", report_text(a->lead));
    r |= report_put(o, "accountable", report_text(a->accountable));
    r |= report_put(o, "due", report_date(a->due));
    r |= report_put(o, "status",
                    report_text(report_action_status(f ? f->delivery.status : a->status)));
    r |= report_put(o, "forum", report_text(a->forum));
    r |= report_put(o, "weakness", weakness_object(&a->weakness));
    r |= report_put(o, "delivery", delivery_object(f ? &f->delivery : NULL));
    r |= report_put(o, "performance", report_text(performance_of(findings, a)));
    r |= report_put(o, "overdue", json_boolean(f && finding_holds_true(f)));
    return finish(o, r);
}

static json_t *priority_object(const struct plan *p, size_t index,
                               const struct finding_set *findings)
{
    json_t *o = json_object(), *actions = json_array();
    int r = 0;

    for (size_t i = 0; actions && i < p->action_count; i++)
        if (p->actions[i].priority == index)
            r |= json_array_append_new(actions, action_object(&p->actions[i], findings));
    if (!o) {
        json_decref(actions);
        return NULL;
    }
    r |= report_put(o, "id", report_text(p->priorities[index].id));
    r |= report_put(o, "title", report_text(p->priorities[index].title));
    r |= report_put(o, "actions", actions);
    return finish(o, r);
}

static json_t *select_object(const struct plan_measure *m)
{
    json_t *o = json_object();
    int r = 0;

    if (!o)
        return NULL;
    r |= report_put(o, "feed", report_text(m->select.feed));
    r |= report_put(o, "list", report_text(m->list ? m->list->list : NULL));
    r |= report_put(o, "breakdown", report_text(m->select.breakdown));
    r |= report_put(o, "org", report_text(measure_org(m)));
    r |= report_put(o, "secondary", report_text(m->select.secondary));
    return finish(o, r);
}

static json_t *expect_array(const struct plan_measure *m)
{
    json_t *list = json_array();
    int r = 0;

    for (size_t i = 0; list && i < m->expect_count; i++) {
        json_t *o = json_object();

        r |= report_put(o, "date", report_date(m->expect[i].date));
        r |= report_put(o, "value", report_number(m->expect[i].value));
        r |= report_put(o, "note", report_text(m->expect[i].note));
        r |= json_array_append_new(list, o);
    }
    return finish(list, r);
}

static json_t *measure_object(const struct plan *p, const struct plan_measure *m,
                              const struct finding *f)
{
    const struct series_point *point = f ? finding_newest_point(f) : NULL;
    json_t *o = json_object();
    int r = 0;

    if (!o)
        return NULL;
    r |= report_put(o, "id", report_text(m->id));
    r |= report_put(o, "title", report_text(m->title));
    r |= report_put(o, "priority",
                    m->priority < p->priority_count ? report_text(p->priorities[m->priority].id)
                                                    : json_null());
    r |= report_put(o, "published", report_text(m->published));
    r |= report_put(o, "metric", report_text(m->list ? m->list->text : NULL));
    r |= report_put(o, "method", report_text(measure_method(m)));
    r |= report_put(o, "select", select_object(m));
    r |= report_put(o, "unit",
                    report_text(unit_name(
                        m->unit != UNIT_UNKNOWN || !f || !f->series ? m->unit : f->series->unit)));
    r |= report_put(o, "polarity", report_text(polarity_name((enum polarity)m->polarity)));
    r |= report_put(o, "target", m->has_target ? report_number(m->target) : json_null());
    r |= report_put(o, "tolerance", report_number(m->tolerance));
    r |= report_put(o, "clear", m->has_clear ? report_number(m->clear) : json_null());
    r |= report_put(o, "for", json_integer(m->for_periods));
    r |= report_put(o, "clear_for", json_integer(m->clear_for));
    r |= report_put(o, "expect", expect_array(m));
    r |= report_put(o, "standard", report_text(m->standard.id));
    r |= report_put(o, "line_of", report_text(line_of_name(measure_line_of(m))));
    r |= report_put(o, "action", report_text(m->action));
    r |= report_put(o, "owner", report_text(m->owner));
    r |= report_put(o, "value", report_value(point ? series_current(point) : NULL));
    r |= report_put(o, "expected", f ? report_number(f->line) : json_null());
    r |= report_put(o, "rag", report_text(f ? rag_name(f->rag) : NULL));
    return finish(o, r);
}

static json_t *plan_object(const struct plan *p, const struct finding_set *findings)
{
    json_t *o = json_object(), *priorities = json_array(), *measures = json_array();
    int r = 0;

    for (size_t i = 0; priorities && i < p->priority_count; i++)
        r |= json_array_append_new(priorities, priority_object(p, i, findings));
    for (size_t i = 0; measures && i < p->measure_count; i++)
        r |= json_array_append_new(
            measures, measure_object(p, &p->measures[i], finding_of(findings, p, &p->measures[i])));
    if (!o) {
        json_decref(priorities);
        json_decref(measures);
        return NULL;
    }
    r |= report_put(o, "id", report_text(p->id));
    r |= report_put(o, "place", report_text(p->place));
    r |= report_put(o, "title", report_text(p->title));
    r |= report_put(o, "version", json_integer(p->version));
    r |= report_put(o, "mode", report_text(mode_words[p->mode]));
    r |= report_put(o, "illustrative", json_boolean(p->illustrative));
    r |= report_put(o, "valid_from", report_date(p->valid_from));
    r |= report_put(o, "valid_to", report_date(p->valid_to));
    r |= report_put(o, "approval", approval_object(&p->approval));
    r |= report_put(o, "forums", forum_array(p));
    r |= report_put(o, "path", report_text(p->path));
    r |= report_put(o, "priorities", priorities);
    r |= report_put(o, "measures", measures);
    return finish(o, r);
}

json_t *report_plans(const struct plan *const *plans, size_t count,
                     const struct finding_set *findings)
{
    json_t *list = json_array();
    int r = 0;

    for (size_t i = 0; list && i < count; i++)
        r |= json_array_append_new(list, plan_object(plans[i], findings));
    return finish(list, r);
}
