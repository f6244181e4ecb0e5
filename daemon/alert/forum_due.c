#include "alert/forum_due.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *forum_news_name(enum forum_news n)
{
    return n == FORUM_ASKS ? "asks" : "misses";
}

int forum_key(const char *plan, const char *forum, struct civil_date meeting, enum forum_news news,
              const char *episode, char out_key[FORUM_KEY_MAX])
{
    char date[DATE_TEXT_MAX];
    int n = snprintf(out_key, FORUM_KEY_MAX, "%s|%s|%s|%s|%s", plan, forum,
                     date_format(meeting, date), forum_news_name(news), episode);

    return n < FORUM_KEY_MAX ? 0 : -ERANGE;
}

void forum_due_release(struct forum_due *due)
{
    free(due->items);
    due->items = NULL;
    due->count = 0;
}

/* The day on which this news of an episode was told; DATE_NONE: it was not. */
static struct civil_date told_on(const struct forum_input *in, const struct forum_due *due,
                                 enum forum_news news, const char *episode)
{
    char key[FORUM_KEY_MAX];

    if (forum_key(in->plan->id, due->forum->id, due->meeting->on, news, episode, key) < 0)
        return in->today; /* an id as long as no plan has: not told for ever */
    const struct civil_date *day = table_get(in->asked, key);

    return day ? *day : DATE_NONE;
}

/* Since which day a commentary counts for the meeting. */
static struct civil_date counts_from(const struct forum_due *due)
{
    struct civil_date from = { 0 };

    for (size_t i = 0; i < due->forum->meeting_count; i++)
        if (date_compare(due->forum->meetings[i].on, due->meeting->on) < 0)
            from = date_add_days(due->forum->meetings[i].on, 1);
    return from;
}

static bool has_commentary(const struct forum_input *in, const struct forum_due *due,
                           const char *episode)
{
    const struct said *s = workflow_of(in->workflow, episode);
    struct civil_date from = counts_from(due), asked = told_on(in, due, FORUM_ASKS, episode);

    if (date_is_set(asked) && date_compare(asked, from) < 0)
        from = asked; /* who was asked before the other meeting answers this one too */

    for (size_t i = 0; s && i < s->note_count; i++)
        if (s->notes[i].is_commentary && date_compare(wall_date(s->notes[i].at), from) >= 0)
            return true;
    return false;
}

/* The open episode of a measure that is red and reports there; NULL: none. */
static const struct episode *red_of(const struct forum_input *in, const struct forum_due *due,
                                    const struct alert *a, struct forum_item *out)
{
    const struct episode *e = alert_current(a);

    if (a->rule != RULE_BEHIND_PLAN || !a->plan || strcmp(a->plan, in->plan->id) != 0 || !e ||
        e->state != ALERT_FIRING || e->severity != SEVERITY_RED || !a->measure)
        return NULL;
    const struct plan_measure *m = plan_measure_find(in->plan, a->measure);
    const struct plan_action *action =
        m && m->action ? plan_action_find(in->plan, m->action) : NULL;

    if (!action || !action->forum || strcmp(action->forum, due->forum->id) != 0)
        return NULL;
    *out = (struct forum_item){ a, e, m,
                                due->news == FORUM_ASKS ? m->owner
                                : action->accountable   ? action->accountable
                                                        : m->owner };
    return e;
}

static bool is_due(const struct forum_input *in, const struct forum_due *due,
                   const struct episode *e)
{
    struct civil_date asked = told_on(in, due, FORUM_ASKS, e->id);

    if (has_commentary(in, due, e->id))
        return false;
    if (due->news == FORUM_ASKS)
        return !date_is_set(asked);
    return date_is_set(asked) && date_compare(asked, in->today) < 0 &&
           !date_is_set(told_on(in, due, FORUM_MISSES, e->id));
}

static int gather(const struct forum_input *in, struct forum_due *due)
{
    due->items = calloc(in->alert_count + 1, sizeof *due->items);
    if (!due->items)
        return -ENOMEM;
    for (size_t i = 0; i < in->alert_count; i++) {
        struct forum_item item;
        const struct episode *e = red_of(in, due, in->alerts[i], &item);

        if (e && is_due(in, due, e))
            due->items[due->count++] = item;
    }
    return 0;
}

/* Whether this is the time for such news of a meeting. */
static bool is_time(const struct forum_input *in, const struct forum_due *due)
{
    struct civil_date asks =
        workdays_before(in->workdays, due->papers, (int)due->forum->ask_working_days);

    if (in->is_pressing)
        asks = date_add_days(asks, 1);
    if (due->news == FORUM_ASKS)
        return date_compare(in->today, asks) >= 0 && date_compare(in->today, due->papers) <= 0;
    return date_compare(in->today, due->papers) >= 0 &&
           date_compare(in->today, due->meeting->on) <= 0;
}

int forum_due_next(const struct forum_input *in, struct forum_due *out)
{
    int r = 0;

    *out = (struct forum_due){ .plan = in->plan };
    for (size_t i = 0; i < in->plan->forum_count; i++)
        for (size_t k = 0;
             in->plan->forums[i].ask_working_days && k < in->plan->forums[i].meeting_count; k++)
            for (int news = 0; news < FORUM_NEWS_COUNT; news++) {
                const struct plan_forum *f = &in->plan->forums[i];

                *out = (struct forum_due){ .plan = in->plan,
                                           .forum = f,
                                           .meeting = &f->meetings[k],
                                           .papers = plan_meeting_papers(f, &f->meetings[k],
                                                                         in->workdays),
                                           .news = (enum forum_news)news };
                if (is_time(in, out))
                    r = gather(in, out);
                if (r < 0 || out->count)
                    return r;
                forum_due_release(out);
            }
    return 0;
}
