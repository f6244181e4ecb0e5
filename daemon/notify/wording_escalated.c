#include "notify/wording.h"

#include "plan/plan_escalate.h"

/* To whom an item went further because it stayed red, since when it is told as red, and by which step. */

static void add_step(const struct plan_step *step, const char *roles, struct text *out)
{
    wording_clean(out, roles, 60, 5);
    (void)text_puts(out, " (after ");
    if (step->periods)
        (void)text_printf(out, "%ld data period%s", step->periods, step->periods == 1 ? "" : "s");
    if (step->working_days)
        (void)text_printf(out, "%s%ld working day%s", step->periods ? " or " : "",
                          step->working_days, step->working_days == 1 ? "" : "s");
    (void)text_puts(out, " in red)");
}

void wording_escalated(const struct item_view *v, struct text *out)
{
    const struct episode *e = v->item->episode;
    const struct finding *f = v->item->finding;
    const struct plan_ladder *l =
        f && f->plan && v->measure && e->steps ? plan_ladder_of(f->plan, v->measure) : NULL;
    char date[WORDING_DATE_MAX];
    bool any = false;

    for (size_t i = 0; l && episode_is_active(e) && i < l->count && i < e->steps; i++) {
        const char *roles = plan_step_role(f->plan, v->measure, &l->steps[i]);

        if (!roles)
            continue;
        (void)text_puts(out, any ? ", then to " : "to ");
        add_step(&l->steps[i], roles, out);
        any = true;
    }
    if (any && date_is_set(e->red_on))
        (void)text_printf(out, "; it is told as red since %s", wording_date(e->red_on, date));
    if (any)
        (void)text_puts(out, ".");
}
