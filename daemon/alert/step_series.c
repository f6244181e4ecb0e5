/*
 * A measure's fold compared with what is stored.
 *
 * The fold says what is true by today's figures; what is stored says what was true and told. The
 * differences are the news. Four rules keep a hold or a restatement from speaking falsely:
 * (1) a told episode goes on as long as the condition stands, whatever the figures now say of its
 * opening; (2) a hold lets nothing move to better, and by itself makes nothing worse; (3) whoever
 * was told that it began is told that it ended, and how; (4) what was told and is shown to be
 * otherwise is corrected once (corrections.c).
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "alert/stepping.h"

static const char why_held[] = "stays, because a hold blocks movement to better";
static const char why_other_rule[] = "by the changed rule it is not behind";

/* Whether the fold's episode lies over the periods of the stored one. */
static bool overlaps(const struct episode *e, const struct fold_episode *x)
{
    struct civil_date from = date_compare(e->opened, e->folded) < 0 ? e->opened : e->folded;

    return date_compare(x->e.opened, e->period_end) <= 0 && date_compare(x->last_behind, from) >= 0;
}

/* Whether the figures say nothing of the period that opened it, or only with a hold. */
static bool opening_is_open_to_doubt(const struct finding *f, const struct episode *e)
{
    const struct period_judgement *p = finding_period(f, e->folded);

    /* None: before the plan in force, or no figure any more. */
    if (p == NULL || p->event == PERIOD_UNKNOWN)
        return true;
    return p->holds != 0 && p->event != PERIOD_AMBER && p->event != PERIOD_RED;
}

/* The fold's episode that the open one is, or NULL. */
static const struct fold_episode *match(const struct stepping *s, const struct episode *e)
{
    const struct fold_episode *found = NULL;

    for (size_t i = 0; i < s->fold_count; i++) {
        if (date_compare(s->folds[i].e.opened, e->folded) == 0)
            return &s->folds[i];
    }
    /* Untold: nobody knows of it, so its id need not be carried on. In doubt: folded on from
     * itself. */
    if (e->ordinal == 0 || opening_is_open_to_doubt(s->f, e))
        return NULL;
    for (size_t i = 0; i < s->fold_count; i++) {
        if (overlaps(e, &s->folds[i]))
            found = &s->folds[i];
    }
    return found;
}

/* The episode that is open by today's figures, or NULL. */
static const struct fold_episode *fold_now_open(const struct stepping *s)
{
    const struct fold_episode *list = s->continued != NULL ? s->continued : s->folds;
    size_t count = s->continued != NULL ? s->continued_count : s->fold_count;

    return count > 0 && episode_is_open(&list[count - 1].e) ? &list[count - 1] : NULL;
}

/*
 * The fold knows nothing of a stored open episode. Where the figures do not prove that it never
 * was (withheld since, or the plan now begins later), fold on from it instead.
 */
static int fold_on(struct stepping *s, const struct episode *e, const struct fold_episode **out_x)
{
    static const struct fold_trace nobody;
    int r =
        fold_run(s->next.id, s->stored, s->f, e, &s->continued, &s->continued_count, &nobody, NULL);

    if (r < 0)
        return r;
    /* None: it was only watched, and went back. */
    *out_x = s->continued_count > 0 && date_compare(s->continued[0].e.opened, e->folded) == 0
                 ? &s->continued[0]
                 : NULL;
    return 0;
}

bool stepping_by_another_rule(const struct stepping *s)
{
    return strcmp(s->stored->rule_digest, s->next.rule_digest) != 0;
}

/* Its opening was not behind after all. */
static void step_disproved(struct stepping *s, size_t index)
{
    if (stepping_by_another_rule(s)) {
        stepping_close(s, index, ALERT_WITHDRAWN, NEWS_WITHDRAWN, why_other_rule);
    } else if (s->held_now && stepping_episode(s, index)->told_open) {
        const struct fold_episode *now_open = fold_now_open(s);

        if (now_open != NULL)
            stepping_advance(s, index, now_open);
        else
            stepping_keep(s, index, why_held);
    } else {
        stepping_episode(s, index)->restated = true;
        stepping_close(s, index, ALERT_RETRACTED, NEWS_CORRECTED,
                       "a restated figure shows that it was not behind");
    }
}

static void step_open(struct stepping *s, size_t index, const struct fold_episode *x)
{
    const struct fold_episode *now_open = fold_now_open(s);

    if (episode_is_open(&x->e)) {
        stepping_advance(s, index, x);
        return;
    }
    assert(x->e.state == ALERT_RESOLVED);
    if (stepping_by_another_rule(s) &&
        date_compare(x->e.period_end, stepping_episode(s, index)->period_end) <= 0) {
        /* The periods are those judged before: the line moved, not the value. */
        stepping_close(s, index, ALERT_WITHDRAWN, NEWS_WITHDRAWN, why_other_rule);
    } else if (s->held_now && stepping_episode(s, index)->told_open) {
        /* Clear by its figures, but not while the feed is late or a file waits. */
        if (now_open != NULL)
            stepping_advance(s, index, now_open);
        else
            stepping_keep(s, index, why_held);
    } else {
        stepping_adopt(s, index, x);
        stepping_episode(s, index)->severity = x->e.severity;
        stepping_close(s, index, ALERT_RESOLVED, NEWS_CLEARED, x->why);
    }
}

/* The fold has one open, and none that is stored stands for it. */
static void step_opening(struct stepping *s, const struct fold_episode *x)
{
    size_t index = stepping_same_opening(s, x);
    const struct episode *e;

    for (size_t i = 0; i < s->next.episode_count && index == NO_EPISODE; i++) {
        e = stepping_episode(s, i);
        if (e->state == ALERT_RESOLVED && overlaps(e, x))
            index = i;
    }
    if (index == NO_EPISODE) {
        stepping_begin(s, stepping_append(s, &x->e), x);
        return;
    }
    e = stepping_episode(s, index);
    /* Told as ended: only a period behind, from the closing one on, opens it again. A hold or the
       loss of the figure that closed it does not. */
    if (e->state == ALERT_RESOLVED && date_compare(x->last_behind, e->period_end) < 0) {
        s->why = "stays, because only a period behind the line opens an alert";
        return;
    }
    stepping_begin(s, index, x);
}

/* The newest stored episode that tells of the fold's, or NO_EPISODE. */
static size_t find_known(struct stepping *s, const struct fold_episode *x, size_t stored)
{
    size_t found = NO_EPISODE;

    for (size_t i = 0; i < stored; i++) {
        const struct episode *e = stepping_episode(s, i);

        if (e->state != ALERT_RETRACTED && e->state != ALERT_INACTIVE && overlaps(e, x))
            found = i;
    }
    return found;
}

/* Opened and closed before anybody looked: kept, told to nobody, unless it was discovered late. */
static void step_history(struct stepping *s)
{
    size_t stored = s->next.episode_count;

    for (size_t i = 0; i < s->fold_count; i++) {
        const struct fold_episode *x = &s->folds[i];
        size_t index = find_known(s, x, stored);
        const struct episode *known = index != NO_EPISODE ? stepping_episode(s, index) : NULL;
        const struct period_judgement *late;

        if (episode_is_open(&x->e) || (known != NULL && episode_is_open(known)))
            continue;
        late = corrections_discover(s, x, known);
        if (index == NO_EPISODE)
            index = stepping_same_opening(s, x);
        if (index == NO_EPISODE) {
            index = stepping_append(s, &x->e);
            stepping_episode(s, index)->closed_on = s->today;
            if (s->news == NEWS_NONE)
                s->why = x->why;
        }
        if (late != NULL)
            corrections_tell_discovered(s, index, x, late);
    }
}

/* Told as ended, and by figures that came since it never was. */
static void step_disproved_ended(struct stepping *s)
{
    for (size_t i = 0; i < s->next.episode_count; i++) {
        struct episode *e = stepping_episode(s, i);
        bool stands = e->state != ALERT_RESOLVED || e->ordinal == 0 || e->early;

        for (size_t k = 0; k < s->fold_count && !stands; k++)
            stands = overlaps(e, &s->folds[k]);
        if (stands || stepping_by_another_rule(s) || !corrections_disprove(s, e))
            continue;
        e->state = ALERT_RETRACTED;
        e->restated = true;
        stepping_tell(s, i, NEWS_CORRECTED, "a restated figure shows that it was not behind");
    }
}

/* What was told of the open one: remembered, or corrected. */
static void step_told(struct stepping *s)
{
    size_t open = stepping_open(s);
    const struct episode *e = open != NO_EPISODE ? stepping_episode(s, open) : NULL;

    if (e == NULL || !e->told_open || e->early) /* a projected figure is no figure to correct */
        return;
    for (size_t i = 0; s->stored != NULL && i < s->stored->episode_count; i++) {
        const struct episode *before = &s->stored->episodes[i];

        if (strcmp(before->id, e->id) != 0 || before->ordinal != e->ordinal)
            continue;
        if (stepping_by_another_rule(s))
            break; /* judged otherwise, not restated */
        if (!corrections_tell_earlier(s, open, before))
            corrections_tell(s, open);
        return;
    }
    corrections_note(s, open);
}

int step_series(struct stepping *s)
{
    size_t open = stepping_open(s);
    const struct fold_episode *x, *now_open;
    int r;

    if (open != NO_EPISODE && stepping_episode(s, open)->early) {
        step_early(s, open, fold_now_open(s));
    } else if (open != NO_EPISODE) {
        const struct episode *e = stepping_episode(s, open);
        bool disproved = false;

        x = match(s, e);
        if (x == NULL) {
            disproved = !opening_is_open_to_doubt(s->f, e);
            if (!disproved) {
                r = fold_on(s, e, &x);
                if (r < 0)
                    return r;
            }
        }
        if (disproved)
            step_disproved(s, open);
        else if (x != NULL)
            step_open(s, open, x);
        else
            stepping_close(s, open, ALERT_INACTIVE, NEWS_NONE, "went back before it was confirmed");
    }
    if (s->stored != NULL)
        step_disproved_ended(s);
    step_history(s);
    now_open = fold_now_open(s);
    if (now_open != NULL && stepping_open(s) == NO_EPISODE)
        step_opening(s, now_open);
    r = step_ageing(s);
    if (r == 0)
        step_told(s);
    return r;
}
