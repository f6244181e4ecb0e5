/*
 * What ageing does to an alert: early warnings, and what data make of them.
 *
 * (1) A projected figure moves to worse or nowhere, and counts nowhere. (2) Only data end an early
 * warning as cleared, and only data that ageing does not bring behind again. (3) The end of the
 * projection withdraws what rests on it alone, whatever holds: nothing is called better by it. (4) What
 * warns too often ends only once it is steady.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "alert/stepping.h"

static const char why_acts[] =
    "ageing alone brings it behind the line, and the plan acts on projections";
static const char why_borne_out[] = "the data bear the early warning out";
static const char why_not_yet[] = "stays, because more data periods must confirm it";
static const char why_behind_again[] =
    "stays, because ageing brings these figures behind the line again";
static const char why_damped[] = "stays, because it flaps: better news waits until it is steady";
static const char why_other_rule[] = "by the changed rule it is not behind";

static void note_row(struct stepping *s, struct civil_date end, enum alert_state from,
                     const struct transition *row, enum alert_state to, const char *why)
{
    s->judged = true;
    s->newest = (struct alert_step){
        .period_end = end,
        .from = from,
        .to = to,
        .event = row->event,
        .held = row->held,
        .why = why,
    };
    s->why = why;
}

/* ---- to and fro ---- */

/* Whether this opening by ageing is one too many. */
static bool warns_too_often(struct stepping *s)
{
    struct alert *a = &s->next;
    long periods = 0;

    if (s->f->measure->steady_for == 0)
        return false;
    if (a->warning_count == ALERT_FLAP_OPENINGS)
        memmove(a->warnings, a->warnings + 1, (ALERT_FLAP_OPENINGS - 1) * sizeof a->warnings[0]);
    else
        a->warning_count++;
    a->warnings[a->warning_count - 1] = s->f->ageing.data_date;
    for (size_t i = 0; i < s->f->history_count; i++)
        periods += period_is_judged(s->f->history[i].event) &&
                   date_compare(s->f->history[i].end, a->warnings[0]) > 0;
    return a->warning_count == ALERT_FLAP_OPENINGS && periods < ALERT_FLAP_PERIODS;
}

/* Whether the data periods since those that ageing brought behind kept one side for long enough. */
static bool is_steady(const struct stepping *s, const struct episode *e)
{
    const struct finding *f = s->f;
    enum period_event side = PERIOD_UNKNOWN;
    long steady = 0;

    for (size_t i = f->history_count; i-- > 0;) {
        const struct period_judgement *p = &f->history[i];

        if (date_is_set(e->projected_from) && date_compare(p->end, e->projected_from) <= 0)
            break;
        if (!period_is_judged(p->event) || p->holds != 0)
            continue;
        if (side != PERIOD_UNKNOWN && p->event != side)
            break;
        side = p->event;
        steady++;
    }
    return steady >= f->measure->steady_for;
}

/* ---- what data say ---- */

/* The newest figure since the data that were projected; without one the newest period since then. */
static const struct period_judgement *newest_since(const struct finding *f, struct civil_date from)
{
    const struct period_judgement *found = NULL;

    for (size_t i = f->history_count; i-- > 0;) {
        const struct period_judgement *p = &f->history[i];

        if (date_is_set(from) && date_compare(p->end, from) <= 0)
            break;
        if (period_is_judged(p->event))
            return p;
        if (found == NULL)
            found = p;
    }
    return found;
}

/* A breach: the data say the same. */
static void bear_out(struct stepping *s, size_t index, const struct fold_episode *x)
{
    struct episode *e = stepping_episode(s, index);
    bool was_warning = e->state == ALERT_EARLY;
    unsigned ordinal = e->ordinal;

    e->early = false;
    e->flapping = false; /* as a warning; of the breach its own figures say it */
    e->projected_from = DATE_NONE;
    if (was_warning)
        e->state = ALERT_FIRING;
    stepping_advance(s, index, x);
    if (was_warning && e->ordinal == ordinal && e->state == ALERT_FIRING)
        stepping_tell(s, index, NEWS_WORSE, why_borne_out);
    s->why = why_borne_out;
}

static void take_figure(struct episode *e, const struct period_judgement *p)
{
    if (!period_is_judged(p->event))
        return;
    e->value = p->version != NULL && p->version->marker == MARKER_NONE ? p->version->value : NAN;
    e->line = p->line;
    e->period_end = p->end;
}

void step_early(struct stepping *s, size_t index, const struct fold_episode *now_open)
{
    struct episode *e = stepping_episode(s, index);
    const struct ageing *ageing = &s->f->ageing;
    const struct period_judgement *p = newest_since(s->f, e->projected_from);
    bool held = s->held_now || (p != NULL && p->holds != 0);
    const struct transition *row =
        alert_transition(ALERT_EARLY, p != NULL ? p->event : PERIOD_UNKNOWN, held);
    enum alert_state to = row->to;
    const char *why = row->why;

    e->held = s->f->holds != 0;
    if (now_open != NULL && now_open->e.state != ALERT_PENDING) {
        bear_out(s, index, now_open);
        if (p != NULL)
            note_row(s, p->end, ALERT_EARLY, row, e->state, why_borne_out);
        return;
    }
    if (to == ALERT_FIRING || (to == ALERT_RESOLVED && ageing->state == AGEING_BEHIND)) {
        why = to == ALERT_FIRING ? why_not_yet : why_behind_again;
        to = ALERT_EARLY;
    } else if (to == ALERT_RESOLVED && e->flapping && !is_steady(s, e)) {
        why = why_damped;
        to = ALERT_EARLY;
    }
    if (p != NULL) {
        take_figure(e, p);
        note_row(s, p->end, ALERT_EARLY, row, to, why);
    }
    if (to == ALERT_RESOLVED && e->flapping)
        s->next.warning_count = 0;
    if (to == ALERT_RESOLVED)
        stepping_close(s, index, ALERT_RESOLVED, NEWS_CLEARED, why);
    else if (stepping_by_another_rule(s) && ageing->state == AGEING_FINE)
        stepping_close(s, index, ALERT_WITHDRAWN, NEWS_WITHDRAWN, why_other_rule);
}

/* ---- what time says ---- */

/* The alert's newest episode, ended so lately that behind again it is the same. */
static size_t find_resumed(struct stepping *s)
{
    const struct episode *e;
    long since_ended = 1; /* the period that would open it again */

    if (s->next.episode_count == 0)
        return NO_EPISODE;
    e = stepping_episode(s, s->next.episode_count - 1);
    if (e->state != ALERT_RESOLVED || e->ordinal == 0)
        return NO_EPISODE;
    for (size_t i = 0; i < s->f->history_count; i++)
        since_ended += period_is_judged(s->f->history[i].event) &&
                       date_compare(s->f->history[i].end, e->period_end) > 0;
    return since_ended <= s->f->measure->reopen_within ? s->next.episode_count - 1 : NO_EPISODE;
}

static int new_episode(struct stepping *s, size_t *out_index)
{
    struct civil_date since = s->f->ageing.since;
    struct fold_episode x = {
        .e = { .opened = since,
               .folded = since,
               .closed_on = DATE_NONE,
               .told_on = DATE_NONE,
               .red_on = DATE_NONE,
               .red_from = DATE_NONE,
               .reopened = DATE_NONE,
               .told_period = DATE_NONE,
               .told_value = NAN,
               .period_end = DATE_NONE },
    };
    int r = 0;

    *out_index = stepping_same_opening(s, &x);
    if (*out_index == NO_EPISODE)
        r = episode_id_of(s->next.id, since, x.e.id);
    if (r == 0 && *out_index == NO_EPISODE)
        *out_index = stepping_append(s, &x.e);
    return r;
}

/* An early warning is amber, however far it goes. */
static enum alert_severity projected_severity(const struct ageing *a, enum alert_state state)
{
    return state == ALERT_FIRING && a->judged.event == PERIOD_RED ? SEVERITY_RED : SEVERITY_AMBER;
}

/* Takes what is projected: its figure is only of an episode that rests on it. */
static void take_projected(struct episode *e, const struct ageing *a)
{
    e->projected_from = a->data_date;
    if (!e->early)
        return;
    e->value = a->version.marker == MARKER_NONE ? a->version.value : NAN;
    e->line = a->judged.line;
}

static int open_early(struct stepping *s, enum alert_state to, const char *why)
{
    size_t index = find_resumed(s);
    bool is_resumed = index != NO_EPISODE;
    const struct period_judgement *last = newest_since(s->f, DATE_NONE);
    struct episode *e;
    int r = 0;

    if (!is_resumed)
        r = new_episode(s, &index);
    if (r < 0)
        return r;
    e = stepping_episode(s, index);
    if (is_resumed) /* who opened it first opened it */
        e->reopened = s->f->ageing.since;
    else
        e->by_time = true;
    e->state = to;
    e->severity = projected_severity(&s->f->ageing, to);
    e->early = e->warned = true;
    e->flapping = warns_too_often(s);
    e->closed_on = DATE_NONE;
    e->held = s->f->holds != 0;
    if (last != NULL && period_is_judged(last->event))
        e->period_end = last->end;
    take_projected(e, &s->f->ageing);
    stepping_tell(s, index, NEWS_NEW, why);
    return 0;
}

/* An open one: worse, or as it was. */
static void age_open(struct stepping *s, size_t index, enum alert_state to, const char *why)
{
    const struct ageing *a = &s->f->ageing;
    struct episode *e = stepping_episode(s, index);
    enum alert_severity severity = projected_severity(a, to), was = e->severity;
    bool untold = e->state == ALERT_PENDING && to == ALERT_FIRING;
    bool breaks = e->state == ALERT_EARLY && to == ALERT_FIRING;

    if (!e->early && !measure_acts_on_projected(s->f->measure))
        return; /* the data say more than their ageing */
    if (untold) {
        e->early = e->warned = true;
        e->flapping = warns_too_often(s);
    }
    if (to != ALERT_EARLY) /* what was told as a breach is no mere warning again */
        e->state = to;
    e->severity = severity > was ? severity : was;
    if (e->early || e->severity > was)
        take_projected(e, a);
    if (untold)
        stepping_tell(s, index, NEWS_NEW, why);
    else if (breaks || e->severity > was)
        stepping_tell(s, index, NEWS_WORSE, why);
}

int step_ageing(struct stepping *s)
{
    const struct ageing *a = &s->f->ageing;
    bool behind = a->state == AGEING_BEHIND, over = a->state == AGEING_OVER;
    size_t open = stepping_open(s), count = s->next.episode_count;
    const struct episode *e = open != NO_EPISODE ? stepping_episode(s, open)
                              : count > 0        ? stepping_episode(s, count - 1)
                                                 : NULL;
    /* A breach that ageing alone made is the early warning's row. */
    enum alert_state from = e == NULL                        ? ALERT_INACTIVE
                            : open != NO_EPISODE && e->early ? ALERT_EARLY
                                                             : e->state;
    const char *why = s->why;
    const struct transition *row;
    enum alert_state to;
    int r = 0;

    if (!behind && !over)
        return 0;
    row = alert_transition(from, behind ? PERIOD_PROJECTED : PERIOD_PROJECTION_OVER,
                           s->f->holds != 0);
    to = row->to;
    if (behind && measure_acts_on_projected(s->f->measure) && to != ALERT_FIRING) {
        to = ALERT_FIRING;
        note_row(s, s->today, from, row, to, why_acts);
    } else {
        note_row(s, s->today, from, row, to, row->why);
    }
    if (to == from && from != ALERT_EARLY)
        s->why = why; /* what the data did is the news */
    if (behind && open == NO_EPISODE)
        r = open_early(s, to, s->newest.why);
    else if (behind)
        age_open(s, open, to, s->newest.why);
    else if (open != NO_EPISODE && to == ALERT_WITHDRAWN)
        stepping_close(s, open, ALERT_WITHDRAWN, NEWS_WITHDRAWN, row->why);
    return r;
}
