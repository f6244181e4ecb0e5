/*
 * The fold of a finding's periods through the table of alert.c.
 *
 * (1) Only a behind period moves to worse. (2) With a hold nothing moves to better. (3) A period
 * without a usable figure moves nothing and counts nowhere. (4) What flaps moves to better only
 * once it is steady.
 */
#include "alert/fold.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FOLD_ROOM   8 /* episodes at first */
#define FETCH_AHEAD 8 /* periods */

/* What counting makes of a row. */
static const char why_fires_at_once[] = "behind the line in as many data periods as the plan asks";
static const char why_instant[] = "it is so now: late, incomplete, held or overdue";
static const char why_not_yet[] = "stays, because more data periods must confirm it";
static const char why_clear_not_yet[] = "stays, because more clear data periods must confirm it";
static const char why_clears_at_once[] =
    "past the clear line in as many data periods as the plan asks";
static const char why_reopens[] = "behind the line again soon after it ended: the same alert";
static const char why_stays_ended[] = "went back before it was confirmed: it stays ended";
static const char why_flaps[] = "opened too often: better news waits until it is steady";
static const char why_damped[] = "stays, because it flaps: better news waits until it is steady";
static const char why_retracted[] = "a restated figure shows that it was not behind";
static const char why_withdrawn[] = "its rule ended after this period";
static const char why_closed[] = "a person closed it after this period";

bool period_is_judged(enum period_event event)
{
    return event != PERIOD_UNKNOWN && event != PERIOD_NOT_DUE;
}

bool period_is_behind(enum period_event event)
{
    return event == PERIOD_AMBER || event == PERIOD_RED;
}

static bool is_open(enum alert_state s)
{
    return s == ALERT_PENDING || s == ALERT_FIRING || s == ALERT_RECOVERING;
}

struct fold {
    const char *alert_id;
    const struct alert *stored;
    long for_periods, clear_for, reopen_within, steady_for;
    bool instant; /* a feed or action rule */
    struct fold_episode *list;
    size_t count, cap;
    enum alert_state state;
    long behind, clear; /* data periods counted towards for, clear_for */

    bool resumed;              /* the crossing goes on with an episode that had ended */
    struct civil_date crossed; /* the period that began it */
    long since_ended;          /* data periods after the one that ended it */

    long judged;                        /* data periods so far */
    long openings[ALERT_FLAP_OPENINGS]; /* the newest, as numbers of .judged; oldest first */
    size_t opening_count;               /* since it was steady */
    enum period_event side;             /* of the newest judged period */
    long steady;                        /* so many data periods on that side, without a hold */
    struct civil_date marked;           /* stored ends up to here are in .state */
    bool has_marks;                     /* some are stored */
    bool came_late;                     /* a figure, after that of a newer period */
    int64_t latest;                     /* when the figures so far came, in ms */
};

static struct fold_episode *fold_last(struct fold *fold)
{
    assert(fold->count > 0);
    return &fold->list[fold->count - 1];
}

/* ---- openings ---- */

/* Room for one more. */
static int fold_room(struct fold *fold)
{
    size_t cap = fold->cap > 0 ? 2 * fold->cap : FOLD_ROOM;
    struct fold_episode *list;

    if (fold->count < fold->cap)
        return 0;
    list = realloc(fold->list, cap * sizeof *list);
    if (list == NULL)
        return -ENOMEM;
    fold->list = list;
    fold->cap = cap;
    return 0;
}

static int fold_cross(struct fold *fold, const struct period_judgement *p)
{
    struct fold_episode *next;
    int r;

    fold->behind = 0;
    fold->crossed = p->end;
    fold->resumed = fold->state == ALERT_RESOLVED && fold->since_ended <= fold->reopen_within;
    if (fold->resumed) {
        fold_last(fold)->e.severity = SEVERITY_NONE;
        return 0;
    }
    r = fold_room(fold);
    if (r < 0)
        return r;
    next = &fold->list[fold->count++];
    *next = (struct fold_episode){
        .e = { .opened = p->end,
               .folded = p->end,
               .closed_on = DATE_NONE,
               .reopened = DATE_NONE,
               .told_period = DATE_NONE,
               .red_on = DATE_NONE,
               .red_from = DATE_NONE,
               .projected_from = DATE_NONE,
               .value = NAN,
               .line = NAN,
               .told_value = NAN },
    };
    return 0;
}

/* The ids of those that are left: most are stored, in the same order. */
static int fold_name(struct fold *fold)
{
    size_t stored = fold->stored != NULL ? fold->stored->episode_count : 0;
    int r = 0;

    for (size_t i = 0; i < fold->count && r == 0; i++) {
        struct episode *e = &fold->list[i].e;

        if (e->id[0] != '\0')
            continue;
        if (i < stored && date_compare(fold->stored->episodes[i].opened, e->opened) == 0)
            memcpy(e->id, fold->stored->episodes[i].id, sizeof e->id);
        else
            r = episode_id_of(fold->alert_id, e->opened, e->id);
    }
    return r;
}

/* Whether this opening is one too many. */
static bool fold_flaps(struct fold *fold)
{
    if (fold->steady_for == 0)
        return false;
    if (fold->opening_count == ALERT_FLAP_OPENINGS)
        memmove(fold->openings, fold->openings + 1,
                (ALERT_FLAP_OPENINGS - 1) * sizeof fold->openings[0]);
    else
        fold->opening_count++;
    fold->openings[fold->opening_count - 1] = fold->judged;
    return fold->opening_count == ALERT_FLAP_OPENINGS &&
           fold->judged - fold->openings[0] < ALERT_FLAP_PERIODS;
}

static void fold_opened(struct fold *fold, const char **why)
{
    struct fold_episode *x = fold_last(fold);

    if (fold->resumed) {
        x->e.reopened = fold->crossed;
        *why = why_reopens;
    }
    if (fold_flaps(fold)) {
        x->e.flapping = true;
        fold->steady = fold->steady > 0; /* from here on */
        *why = why_flaps;
    }
}

/* ---- one period ---- */

static long clear_needed(struct fold *fold)
{
    bool damped = fold_last(fold)->e.flapping && fold->steady_for > fold->clear_for;

    return damped ? fold->steady_for : fold->clear_for;
}

static enum alert_state fold_behind(struct fold *fold, const struct transition *row,
                                    const char **why)
{
    fold->clear = 0;
    if (fold->state == ALERT_FIRING || fold->state == ALERT_RECOVERING)
        return row->to;
    fold->behind++;
    if (fold->behind >= fold->for_periods) {
        *why = fold->instant ? why_instant : why_fires_at_once;
        return ALERT_FIRING;
    }
    if (fold->state == ALERT_PENDING)
        *why = why_not_yet;
    return ALERT_PENDING;
}

static enum alert_state fold_clear(struct fold *fold, const char **why)
{
    fold->clear++;
    if (fold->clear >= clear_needed(fold)) {
        if (fold->state == ALERT_FIRING)
            *why = why_clears_at_once;
        return ALERT_RESOLVED;
    }
    if (fold->clear >= fold->clear_for)
        *why = why_damped;
    else if (fold->state == ALERT_RECOVERING)
        *why = why_clear_not_yet;
    return ALERT_RECOVERING;
}

/* The row's target, after counting. */
static enum alert_state fold_count(struct fold *fold, const struct transition *row,
                                   const char **why)
{
    *why = row->why;
    if (period_is_behind(row->event))
        return fold_behind(fold, row, why);
    if (fold->state == ALERT_PENDING && row->to == ALERT_INACTIVE && fold->resumed) {
        *why = why_stays_ended;
        return ALERT_RESOLVED;
    }
    if (row->event == PERIOD_BETWEEN)
        fold->clear = 0;
    if (row->event != PERIOD_CLEAR || row->held ||
        (fold->state != ALERT_FIRING && fold->state != ALERT_RECOVERING))
        return row->to;
    return fold_clear(fold, why);
}

/* What a usable period leaves in the episode that it belongs to. */
static void fold_note(struct fold_episode *x, const struct period_judgement *p, const char **why)
{
    enum alert_severity severity = p->event == PERIOD_RED ? SEVERITY_RED : SEVERITY_AMBER;
    bool held = p->holds != 0;

    x->held_back = held && !period_is_behind(p->event);
    if (period_is_behind(p->event)) {
        x->last_behind = p->end;
        if (severity < x->e.severity && (held || x->e.flapping)) {
            x->held_back = true;
            *why = held ? *why : why_damped;
        } else {
            x->e.severity = severity;
            x->severity_from = p->end;
        }
    }
    x->why = *why;
    /* Of a figure that replaced another, either the opening one or the newest. */
    if (date_compare(p->end, x->e.opened) == 0)
        x->opening_restated = p->restated;
    x->newest = p;
}

/* What the newest usable period says, once it is known which that is. */
static void fold_say(struct fold_episode *x)
{
    const struct period_judgement *p = x->newest;

    if (p == NULL)
        return;
    x->e.restated = p->restated || x->opening_restated;
    x->e.value = p->version != NULL && p->version->marker == MARKER_NONE ? p->version->value : NAN;
    x->e.line = p->line;
    x->e.period_end = p->end;
    x->e.count = p->count;
}

static void fold_tally(struct fold *fold, const struct period_judgement *p)
{
    if (!period_is_judged(p->event))
        return;
    fold->judged++;
    fold->since_ended++;
    if (p->event != fold->side)
        fold->steady = 0;
    fold->side = p->event;
    if (p->holds == 0)
        fold->steady++;
}

/* The episode after this period. */
static void fold_settle(struct fold *fold, const struct period_judgement *p, enum alert_state to,
                        const char **why)
{
    struct fold_episode *x = fold_last(fold);
    bool was_told = fold->state == ALERT_FIRING || fold->state == ALERT_RECOVERING;

    if (to == ALERT_FIRING && !was_told) {
        fold_opened(fold, why);
    } else if (x->e.flapping && (to == ALERT_RESOLVED || fold->steady >= fold->steady_for)) {
        x->e.flapping = false;
        fold->opening_count = 0;
    }
    if (to == ALERT_RESOLVED && was_told)
        fold->since_ended = 0;
    x->e.state = to;
    if (period_is_judged(p->event))
        fold_note(x, p, why);
    if (to == ALERT_INACTIVE)
        fold->count--; /* only watched: nothing was, nothing ended */
}

static bool is_mark(enum alert_state s)
{
    return s == ALERT_RETRACTED || s == ALERT_WITHDRAWN;
}

static bool has_marks(const struct alert *stored)
{
    for (size_t i = 0; stored != NULL && i < stored->episode_count; i++)
        if (is_mark(stored->episodes[i].state))
            return true;
    return false;
}

/* What is stored says that the alert was corrected, or its rule ended, with this period. */
static enum alert_state fold_mark(struct fold *fold, struct civil_date end, enum alert_state to,
                                  const char **why)
{
    struct civil_date from = fold->marked;

    fold->marked = end;
    if (!fold->has_marks || is_open(to) || to == ALERT_RESOLVED)
        return to;
    for (size_t i = fold->stored->episode_count; i-- > 0;) {
        const struct episode *e = &fold->stored->episodes[i];
        bool retracted = e->state == ALERT_RETRACTED;
        struct civil_date at = retracted ? e->folded : e->period_end;

        if (!is_mark(e->state) || date_compare(at, end) > 0 || date_compare(at, from) <= 0)
            continue;
        *why = retracted ? why_retracted : why_withdrawn;
        return e->state;
    }
    return to;
}

/* Whether a person closed what is open by then, with this period as its newest. */
static bool fold_is_closed(const struct fold *fold, struct civil_date end)
{
    for (size_t i = 0; fold->has_marks && i < fold->stored->episode_count; i++) {
        const struct episode *e = &fold->stored->episodes[i];

        if (e->state == ALERT_WITHDRAWN && e->by_person && date_compare(e->period_end, end) == 0)
            return true;
    }
    return false;
}

static int fold_period(struct fold *fold, const struct period_judgement *p,
                       const struct fold_trace *trace)
{
    const struct transition *row = alert_transition(fold->state, p->event, p->holds != 0);
    enum alert_state from = fold->state, to;
    const char *why;
    int r = 0;

    fold->came_late |= p->first_received.ms + ALERT_LATE_AFTER_MS <= fold->latest;
    if (p->received.ms > fold->latest)
        fold->latest = p->received.ms;
    fold_tally(fold, p);
    if (!is_open(from) && period_is_behind(p->event))
        r = fold_cross(fold, p);
    if (r < 0)
        return r;
    to = fold_count(fold, row, &why);
    if (is_open(to) && fold_is_closed(fold, p->end)) {
        to = ALERT_WITHDRAWN;
        why = why_closed;
    }
    if (is_open(from) || is_open(to))
        fold_settle(fold, p, to, &why);
    to = fold_mark(fold, p->end, to, &why);
    fold->state = to;
    if (trace == NULL)
        return 0;
    struct alert_step step = {
        .period_end = p->end,
        .from = from,
        .to = to,
        .event = p->event,
        .held = p->holds != 0,
        .why = why,
    };

    if (to == ALERT_PENDING) {
        step.counted = fold->behind;
        step.needed = fold->for_periods;
    } else if (to == ALERT_RECOVERING) {
        step.counted = fold->clear;
        step.needed = clear_needed(fold);
    }
    trace->call(trace->arg, &step);
    return 0;
}

/* ---- the whole ---- */

/* Its clear periods are counted again as the fold passes them, so it begins as FIRING. */
static void fold_seed(struct fold *fold, const struct episode *seed)
{
    struct fold_episode *x = &fold->list[fold->count++];

    fold->state = seed->told_open ? ALERT_FIRING : ALERT_PENDING;
    fold->resumed = seed->ordinal > 0;
    fold->crossed = seed->folded;
    fold->behind = 1;
    *x = (struct fold_episode){
        .e = *seed,
        .last_behind = seed->folded,
        .severity_from = seed->folded,
        .why = alert_transition(ALERT_FIRING, PERIOD_UNKNOWN, false)->why,
    };
    x->e.opened = seed->folded;
    x->e.state = fold->state;
}

static void fold_rule(struct fold *fold, const struct finding *f)
{
    fold->for_periods = fold->clear_for = 1;
    fold->instant = f->instant;
    if (f->instant)
        return;
    assert(f->measure != NULL);
    fold->for_periods = f->measure->for_periods;
    fold->clear_for = f->measure->clear_for;
    fold->reopen_within = f->measure->reopen_within;
    fold->steady_for = f->measure->steady_for;
}

int fold_run(const char *alert_id, const struct alert *stored, const struct finding *f,
             const struct episode *seed, struct fold_episode **out_episodes, size_t *out_count,
             const struct fold_trace *trace, bool *out_came_late)
{
    struct fold fold = {
        .alert_id = alert_id, .stored = stored, .marked = { INT32_MIN }, .latest = INT64_MIN
    };
    int r;

    assert(alert_id != NULL && f != NULL);
    fold.has_marks = has_marks(stored);
    fold_rule(&fold, f);
    r = fold_room(&fold);
    if (r < 0)
        return r;
    if (seed != NULL)
        fold_seed(&fold, seed);
    for (size_t i = 0; i < f->history_count && r == 0; i++) {
        if (seed != NULL && date_compare(f->history[i].end, seed->folded) <= 0)
            continue;
        assert(i == 0 || date_compare(f->history[i - 1].end, f->history[i].end) < 0);
        bool told = trace->call != NULL && (!trace->newest_alone || i + 1 == f->history_count);

        if (i + FETCH_AHEAD < f->history_count) /* of many measures they are not at hand */
            __builtin_prefetch(&f->history[i + FETCH_AHEAD]);
        r = fold_period(&fold, &f->history[i], told ? trace : NULL);
    }
    for (size_t i = 0; i < fold.count; i++)
        fold_say(&fold.list[i]);
    if (r == 0)
        r = fold_name(&fold);
    if (r < 0) {
        free(fold.list);
        return r;
    }
    if (is_open(fold.state))
        fold_last(&fold)->e.held = f->holds != 0;
    *out_episodes = fold.list;
    *out_count = fold.count;
    if (out_came_late != NULL)
        *out_came_late = fold.came_late;
    return 0;
}

int alert_fold(const char *alert_id, const struct alert *stored, const struct finding *f,
               struct episode **out_episodes, size_t *out_count, alert_trace *trace,
               void *trace_arg)
{
    const struct fold_trace each = { .call = trace, .arg = trace_arg };
    struct fold_episode *list = NULL;
    struct episode *episodes;
    size_t count = 0;
    int r = fold_run(alert_id, stored, f, NULL, &list, &count, &each, NULL);

    if (r < 0)
        return r;
    episodes = calloc(count + 1, sizeof *episodes);
    for (size_t i = 0; i < count && episodes != NULL; i++)
        episodes[i] = list[i].e;
    free(list);
    if (episodes == NULL)
        return -ENOMEM;
    *out_episodes = episodes;
    *out_count = count;
    return 0;
}
