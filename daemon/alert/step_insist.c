/*
 * What is told again of an alert that is red and stays so, because time passes.
 *
 * (1) A ladder's step (plan/plan_escalate.h) is taken once in an episode, also when it was amber meanwhile:
 * by the data periods in red since it was first told as red, and by working days since then. Of what was red
 * before anybody was told, only the newest period counts: nothing escalates the day it is first told of. A late
 * feed's step is no news to those who hear of it already: whoever stands on it is told then that it began.
 * (2) A reminder comes when there was no news for so many days, then for so many more. Whoever asked to be
 * spared it is spared by workflow.h; a step taken is no reminder. (3) Each is a told transition with an
 * ordinal of its own, so that it is told once whatever crashes. In rehearsal nothing goes further.
 */
#include <string.h>

#include "alert/stepping.h"
#include "plan/plan_escalate.h"

/* What is wrong with a feed is said again each day already. */
static bool is_reminded(enum rule rule)
{
    return rule != RULE_FEED_LATE && rule != RULE_COVERAGE_GAP && rule != RULE_IMPLAUSIBLE_CHANGE;
}

static bool is_told_now(const struct stepping *s, const struct episode *e)
{
    return s->news > NEWS_WATCHING && strcmp(s->news_of, e->id) == 0;
}

static long periods_in_red(const struct finding *f, struct civil_date from)
{
    long n = 0;

    for (size_t i = 0; i < f->history_count; i++)
        n += f->history[i].event == PERIOD_RED && date_is_set(from) &&
             date_compare(f->history[i].end, from) >= 0;
    return n;
}

/* How many steps are due, at least those taken; *out_any: somebody stands on one that is new. */
static unsigned steps_due(const struct stepping *s, const struct episode *e,
                          const struct workdays *workdays, bool *out_any)
{
    const struct finding *f = s->f;
    unsigned steps = e->steps;

    if (f->rule == RULE_FEED_LATE)
        return steps || plan_step_is_due(plan_feed_step(), 0,
                                         workdays_between(workdays, e->red_on, s->today));
    if (f->rule != RULE_BEHIND_PLAN || f->measure == NULL)
        return steps;
    const struct plan_ladder *l = plan_ladder_of(f->plan, f->measure);
    long periods = periods_in_red(f, e->red_from);
    long days = workdays_between(workdays, e->red_on, s->today);

    while (steps < l->count && plan_step_is_due(&l->steps[steps], periods, days)) {
        *out_any |= plan_step_role(f->plan, f->measure, &l->steps[steps]) != NULL;
        steps++;
    }
    return steps;
}

static bool is_due_for_reminder(const struct stepping *s, const struct episode *e,
                                const struct insistence *how)
{
    size_t at = e->reminders;

    if (how->remind_count == 0 || !is_reminded(s->f->rule) || !date_is_set(e->told_on))
        return false;
    if (at >= how->remind_count)
        at = how->remind_count - 1;
    return s->today.day - e->told_on.day >= how->remind_days[at];
}

void step_insist(struct stepping *s, const struct insistence *how)
{
    size_t index = stepping_open(s);
    struct episode *e = index != NO_EPISODE ? stepping_episode(s, index) : NULL;
    bool any = false;
    unsigned steps;

    if (e == NULL)
        return;
    if (e->severity != SEVERITY_RED || !e->told_open ||
        (s->f->plan != NULL && s->f->plan->mode == PLAN_REHEARSAL)) {
        e->red_on = e->red_from = DATE_NONE;
        e->reminders = 0;
        return;
    }
    if (!date_is_set(e->red_on)) {
        e->red_on = s->today;
        e->red_from = e->period_end;
    }
    if (is_told_now(s, e) && e->news != NEWS_REMINDER)
        e->reminders = 0;
    if (e->state != ALERT_FIRING ||
        s->ended_news != NEWS_NONE) /* one that ended is told beside it */
        return;
    steps = steps_due(s, e, how->workdays, &any);
    if (steps > e->steps) {
        e->steps = steps;
        if (any && !is_told_now(s, e)) {
            e->reminders = 0;
            stepping_tell(s, index, NEWS_ESCALATED, "red for as long as the plan lets it be");
            return;
        }
    }
    if (!is_told_now(s, e) && is_due_for_reminder(s, e, how)) {
        e->reminders++;
        stepping_tell(s, index, NEWS_REMINDER, "red for as many days without news");
    }
}
