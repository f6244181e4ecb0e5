#include "alert/stepping.h"

#include <assert.h>
#include <string.h>

struct episode *stepping_episode(struct stepping *s, size_t index)
{
    assert(index < s->next.episode_count);
    return &s->next.episodes[index];
}

size_t stepping_open(struct stepping *s)
{
    for (size_t i = s->next.episode_count; i > 0; i--) {
        if (episode_is_open(&s->next.episodes[i - 1]))
            return i - 1;
    }
    return NO_EPISODE;
}

size_t stepping_append(struct stepping *s, const struct episode *e)
{
    assert(s->next.episode_count < s->cap);
    s->next.episodes[s->next.episode_count] = *e;
    return s->next.episode_count++;
}

size_t stepping_same_opening(struct stepping *s, const struct fold_episode *x)
{
    for (size_t i = 0; i < s->next.episode_count; i++) {
        const struct episode *e = &s->next.episodes[i];

        if (date_compare(e->opened, x->e.opened) == 0 || date_compare(e->folded, x->e.opened) == 0)
            return i;
    }
    return NO_EPISODE;
}

/* What a notice leaves the reader believing. */
static bool tells_as_open(enum alert_news news)
{
    return news != NEWS_CLEARED && news != NEWS_WITHDRAWN && news != NEWS_DISCOVERED;
}

void stepping_tell(struct stepping *s, size_t index, enum alert_news news, const char *why)
{
    struct episode *e = stepping_episode(s, index);

    s->why = why;
    if (news == NEWS_WATCHING) {
        if (e->ordinal == 0)
            e->news = news;
        /* Said of a newer episode beside the end of an older one: only the end is told. */
        if (s->news != NEWS_NONE)
            return;
    } else {
        e->news = news;
        e->ordinal++;
        e->told_on = s->today;
        e->by_plan = s->f->plan_changed;
        e->told_open = tells_as_open(news) && episode_is_open(e);
        if (s->news > NEWS_WATCHING) {
            s->ended_news = s->news;
            memcpy(s->ended_of, s->news_of, sizeof s->ended_of);
        }
    }
    s->news = news;
    memcpy(s->news_of, e->id, sizeof s->news_of);
}

void stepping_close(struct stepping *s, size_t index, enum alert_state state, enum alert_news news,
                    const char *why)
{
    struct episode *e = stepping_episode(s, index);
    bool was_told = e->told_open;

    e->state = was_told || state == ALERT_RESOLVED ? state : ALERT_INACTIVE;
    e->closed_on = s->today;
    e->held = false;
    e->flapping = false;
    e->red_on = e->red_from = DATE_NONE;
    e->reminders = 0;
    s->why = why;
    if (was_told)
        stepping_tell(s, index, news, why);
    else if (e->ordinal == 0)
        e->news = NEWS_NONE;
}

void stepping_adopt(struct stepping *s, size_t index, const struct fold_episode *x)
{
    struct episode *e = stepping_episode(s, index);

    e->folded = x->e.folded;
    e->reopened = x->e.reopened;
    e->value = x->e.value;
    e->line = x->e.line;
    e->period_end = x->e.period_end;
    e->count = x->e.count;
    e->restated = x->e.restated || (!e->warned && date_compare(e->folded, e->opened) != 0);
}

static const char why_held[] = "stays, because a hold blocks movement to better";
static const char why_told[] = "stays, because it was told: it ends when it is clear";
static const char why_projected[] =
    "stays, because only newer data make better what ageing made worse";
static const char why_uncovered[] = "stays, because a hold that came later makes nothing worse";

/* Whether it is less bad by figures that replaced others alone: of the period that was told, or of the one
 * that now says how bad it is. No newer period says that anything got better. */
static bool is_restated(const struct stepping *s, const struct episode *e,
                        const struct fold_episode *x)
{
    const struct period_judgement *told =
        date_is_set(e->told_period) ? finding_period(s->f, e->told_period) : NULL;
    const struct period_judgement *now = finding_period(s->f, x->severity_from);

    if (stepping_by_another_rule(s))
        return false;
    if (told != NULL && told->event < e->told_event && period_is_behind(told->event))
        return true;
    return now != NULL && now->restated && now->received.ms > e->changed_at.ms &&
           date_compare(x->severity_from, e->period_end) <= 0;
}

void stepping_advance(struct stepping *s, size_t index, const struct fold_episode *x)
{
    struct episode *e = stepping_episode(s, index);
    enum alert_state state = x->e.state;
    enum alert_severity severity = x->e.severity, told = e->severity;
    bool flapped = e->flapping;
    bool eased = state == ALERT_RECOVERING && e->state == ALERT_FIRING;
    bool worsened = state == ALERT_FIRING && e->state == ALERT_RECOVERING;

    /* A hold that came later only uncovers an older period: that is nothing new, and not worse. */
    bool state_uncovered = x->held_back && date_compare(x->last_behind, e->period_end) < 0;
    bool severity_uncovered = x->held_back && date_compare(x->severity_from, e->period_end) < 0;

    if ((eased && s->held_now) || (worsened && state_uncovered))
        state = e->state;
    if ((severity < told && s->held_now) || (severity > told && severity_uncovered))
        severity = told;
    bool restated = severity < told && is_restated(s, e, x);
    bool aged =
        date_is_set(e->projected_from) && date_compare(x->e.period_end, e->projected_from) <= 0;

    if (aged) {
        state = eased ? e->state : state;
        severity = severity < told ? told : severity;
    } else {
        e->projected_from = DATE_NONE;
    }
    bool less_confirmed = state == ALERT_PENDING && e->state != ALERT_PENDING;

    if (less_confirmed) {
        /* Told as behind: it ends when it is clear, not when it is less than confirmed. */
        state = e->state;
        severity = severity > told ? severity : told;
    }
    e->state = state;
    e->severity = severity;
    e->held = s->f->holds != 0;
    e->flapping = x->e.flapping;
    stepping_adopt(s, index, x);
    s->why = state == x->e.state && severity == x->e.severity ? x->why
             : aged && !less_confirmed                        ? why_projected
             : s->held_now && !less_confirmed                 ? why_held
             : less_confirmed                                 ? why_told
                                                              : why_uncovered;
    if (state == ALERT_PENDING)
        return;
    if (!e->told_open)
        stepping_tell(s, index, NEWS_NEW, x->why);
    else if (severity > told)
        stepping_tell(s, index, NEWS_WORSE, x->why);
    else if (severity < told)
        stepping_tell(s, index, restated ? NEWS_CORRECTED : NEWS_BETTER,
                      restated ? "a restated figure replaces the one that was told" : x->why);
    else if (e->flapping != flapped)
        stepping_tell(s, index, e->flapping ? NEWS_FLAPPING : NEWS_STEADY,
                      e->flapping ? "by restated figures it opened too often: better news waits"
                                  : "steady for as many data periods as the plan asks");
}

void stepping_begin(struct stepping *s, size_t index, const struct fold_episode *x)
{
    struct episode *e = stepping_episode(s, index);

    e->state = x->e.state;
    e->severity = x->e.severity;
    e->closed_on = DATE_NONE;
    e->held = s->f->holds != 0;
    e->flapping = x->e.flapping;
    stepping_adopt(s, index, x);
    stepping_tell(s, index, x->e.state == ALERT_PENDING ? NEWS_WATCHING : NEWS_NEW, x->why);
}

void stepping_keep(struct stepping *s, size_t index, const char *why)
{
    stepping_episode(s, index)->held = true;
    s->why = why;
}

void stepping_discover(struct stepping *s, size_t index, const struct fold_episode *x)
{
    struct episode *e = stepping_episode(s, index);

    e->state = ALERT_RESOLVED;
    e->severity = x->e.severity;
    e->closed_on = s->today;
    stepping_adopt(s, index, x);
    stepping_tell(s, index, NEWS_DISCOVERED,
                  "behind in a period whose figure came after that of a newer one");
}
