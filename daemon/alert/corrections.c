/*
 * What was told and is shown to be otherwise: figures that a restatement changed, an ended episode
 * that never was, and a breach in an older period that became known after newer ones were fine.
 */
#include <assert.h>
#include <math.h>

#include "alert/stepping.h"

#define MS_A_DAY (24 * 60 * 60 * INT64_C(1000))

static double figure_of(const struct period_judgement *p)
{
    return p->version->marker == MARKER_NONE ? p->version->value : NAN;
}

void corrections_note(struct stepping *s, size_t index)
{
    struct episode *e = stepping_episode(s, index);
    const struct period_judgement *p = finding_period(s->f, e->period_end);

    assert(p != NULL); /* what is told was judged just now */
    e->told_period = e->period_end;
    e->told_value = figure_of(p);
    e->told_event = p->event;
}

/* From worse to better: clear, between, amber, red, as the enumeration has them. */
static bool is_better(enum period_event a, enum period_event b)
{
    return a < b;
}

static bool moved(const struct plan_measure *m, double line, double told, double now, bool *better)
{
    double step = m->tolerance > 0 ? m->tolerance : ALERT_CORRECTION_STEP;

    if (isnan(told) || isnan(now) || fabs(now - told) <= step)
        return false;
    *better = measure_behind_by(m, now, line) < measure_behind_by(m, told, line);
    return true;
}

/* Whether this figure came after that of a newer period; history that was given did not. */
static bool came_late(const struct finding *f, const struct period_judgement *p)
{
    if (p->version && p->version->history != HISTORY_NONE)
        return false;
    for (const struct period_judgement *q = p + 1; q < f->history + f->history_count; q++) {
        if (q->first_received.ms + ALERT_LATE_AFTER_MS <= p->received.ms)
            return true;
    }
    return false;
}

/* Whether the figure came so lately that it is news. The day of UTC tells for all but the closest. */
static bool came_lately(const struct stepping *s, const struct period_judgement *p)
{
    if (s->today.day - p->received.ms / MS_A_DAY > ALERT_DISCOVERY_DAYS + 1)
        return false;
    return s->today.day - wall_date(p->received).day <= ALERT_DISCOVERY_DAYS;
}

/* A behind period from `from`, before `before`, whose figure came after that of a newer period. */
static const struct period_judgement *find_late(const struct stepping *s, struct civil_date from,
                                                struct civil_date before)
{
    const struct finding *f = s->f;
    size_t end;

    if (!s->came_late) /* mostly none did */
        return NULL;
    end = finding_upto(f, date_add_days(before, -1));
    for (size_t i = finding_upto(f, date_add_days(from, -1)); i < end; i++) {
        const struct period_judgement *p = &f->history[i];

        if (period_is_behind(p->event) && came_lately(s, p) && came_late(f, p))
            return p;
    }
    return NULL;
}

bool corrections_tell_earlier(struct stepping *s, size_t index, const struct episode *before)
{
    struct episode *e = stepping_episode(s, index);
    const struct period_judgement *p = find_late(s, e->folded, before->folded);

    if (p == NULL)
        return false;
    stepping_tell(s, index, NEWS_CORRECTED, "by a figure that came late it began earlier");
    e->told_period = p->end;
    e->told_value = figure_of(p);
    e->told_event = p->event;
    return true;
}

void corrections_tell(struct stepping *s, size_t index)
{
    const struct episode *e = stepping_episode(s, index);
    const struct period_judgement *p =
        date_is_set(e->told_period) ? finding_period(s->f, e->told_period) : NULL;
    bool better = false;

    if (p == NULL || !period_is_judged(p->event))
        return;
    if (p->event != e->told_event)
        better = is_better(p->event, e->told_event);
    else if (!moved(s->f->measure, p->line, e->told_value, figure_of(p), &better))
        return;
    /* A hold blocks what sounds better; the worse is told under any. */
    if (better && (s->held_now || p->holds != 0))
        return;
    stepping_tell(s, index, NEWS_CORRECTED, "a restated figure replaces the one that was told");
    stepping_episode(s, index)->told_value = figure_of(p);
    stepping_episode(s, index)->told_event = p->event;
}

bool corrections_disprove(const struct stepping *s, const struct episode *e)
{
    const struct period_judgement *p = finding_period(s->f, e->folded);

    return p != NULL && period_is_judged(p->event) && !period_is_behind(p->event) &&
           p->holds == 0 && !s->held_now && p->restated && p->received.ms > e->changed_at.ms;
}

const struct period_judgement *corrections_discover(const struct stepping *s,
                                                    const struct fold_episode *x,
                                                    const struct episode *known)
{
    struct civil_date end = date_add_days(x->last_behind, 1), after;
    const struct period_judgement *p =
        find_late(s, x->e.opened, known != NULL ? known->folded : end);

    if (p != NULL || known == NULL)
        return p;
    /* The period that resolved it was not behind: one that is so now is news as well. */
    after =
        known->state == ALERT_RESOLVED ? known->period_end : date_add_days(known->period_end, 1);
    return find_late(s, after, end);
}

void corrections_tell_discovered(struct stepping *s, size_t index, const struct fold_episode *x,
                                 const struct period_judgement *late)
{
    struct episode *e = stepping_episode(s, index);

    stepping_discover(s, index, x);
    e->told_period = late->end;
    e->told_value = figure_of(late);
    e->told_event = late->event;
}
