#include "plan/plan_escalate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plan/plan_yaml.h"

static const struct bind_key step_keys[] = {
    { "periods", BIND_INTEGER, BIND_FIELD(struct plan_step, periods), NULL, 1, ESCALATE_PERIODS_MAX,
      NULL, 0, "once it was red in so many data periods" },
    { "working_days", BIND_INTEGER, BIND_FIELD(struct plan_step, working_days), NULL, 1,
      ESCALATE_WORKDAYS_MAX, NULL, 0, "once it was red for so many working days" },
    { "to", BIND_ID, BIND_FIELD(struct plan_step, to), ESCALATE_ACCOUNTABLE, 0, 0, NULL, 0,
      "the role that is told then; accountable: that of the measure's action" },
    BIND_END,
};

static int read_step(struct plan_reading *r, yaml_node *node, struct plan_ladder *l)
{
    struct plan_step *step = &l->steps[l->count++];
    int bound = bind_mapping(r->y, node, "escalate", step_keys, step, r->diags);

    if (bound < 0)
        return bound == -ENOMEM ? bound : 0;
    if (!step->periods && !step->working_days)
        plan_complain(r, node, PLAN_BAD_VALUE, "for example {periods: 2, to: accountable}",
                      "escalate: a step says after how many periods or working_days in red");
    if (strcmp(step->to, ESCALATE_ACCOUNTABLE) != 0)
        plan_check_reference(r, &r->roles, "role", step->to, yaml_get(node, "to"));
    return 0;
}

int plan_read_ladder(struct plan_reading *r, yaml_node *node, struct plan_ladder *out)
{
    size_t count;
    int result = 0;

    if (yaml_is_nothing(node) || !plan_is_list(r, "escalate", node))
        return 0;
    count = yaml_count(node);
    if (count > ESCALATE_STEPS_MAX) {
        plan_complain(r, node, PLAN_BAD_VALUE, NULL, "escalate: at most %d steps",
                      ESCALATE_STEPS_MAX);
        return 0;
    }
    out->is_said = true;
    out->steps = calloc(count + 1, sizeof *out->steps);
    if (!out->steps)
        return -ENOMEM;
    for (size_t i = 0; result == 0 && i < count; i++)
        result = read_step(r, yaml_item(node, i), out);
    return result;
}

void plan_ladder_release(struct plan_ladder *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->steps[i].to);
    free(l->steps);
    *l = (struct plan_ladder){ 0 };
}

static char accountable[] = ESCALATE_ACCOUNTABLE;

const struct plan_ladder *plan_ladder_of(const struct plan *p, const struct plan_measure *m)
{
    static struct plan_step step = { ESCALATE_PERIODS, 0, accountable };
    static const struct plan_ladder usual = { false, &step, 1 };

    if (m->escalate.is_said)
        return &m->escalate;
    if (m->priority < p->priority_count && p->priorities[m->priority].escalate.is_said)
        return &p->priorities[m->priority].escalate;
    return p->escalate.is_said ? &p->escalate : &usual;
}

const char *plan_step_role(const struct plan *p, const struct plan_measure *m,
                           const struct plan_step *step)
{
    if (strcmp(step->to, ESCALATE_ACCOUNTABLE) != 0 || plan_role_find(p, step->to))
        return step->to;
    const struct plan_action *a = m->action ? plan_action_find(p, m->action) : NULL;

    return a ? a->accountable : NULL;
}

const struct plan_step *plan_feed_step(void)
{
    static const struct plan_step step = { 0, ESCALATE_FEED_WORKDAYS, accountable };

    return &step;
}

const char *plan_feed_role(const struct plan *p, const struct plan_measure *m)
{
    return plan_ladder_of(p, m)->count ? plan_step_role(p, m, plan_feed_step()) : NULL;
}

bool plan_step_is_due(const struct plan_step *step, long periods, long working_days)
{
    return (step->periods && periods >= step->periods) ||
           (step->working_days && working_days >= step->working_days);
}

void plan_ladder_words(const struct plan_ladder *l, struct text *out)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct plan_step *s = &l->steps[i];

        (void)text_printf(out, "%s%s after ", i ? "; " : "", s->to);
        if (s->periods)
            (void)text_printf(out, "%ld data period%s", s->periods, s->periods == 1 ? "" : "s");
        if (s->working_days)
            (void)text_printf(out, "%s%ld working day%s", s->periods ? " or " : "", s->working_days,
                              s->working_days == 1 ? "" : "s");
    }
    if (l->count == 0)
        (void)text_puts(out, "nobody");
}
