/*
 * The condition machine: the table of transitions, and the fold of a finding's periods through it.
 *
 * (1) Only a behind period moves to worse. (2) With a hold nothing moves to better.
 * (3) A period without a usable figure moves nothing and counts nowhere.
 */
#include "alert/alert.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "alert/fold.h"

/* A closed episode that opens again within so many days keeps its id; 0: each opening is a new one.
 */
#define REOPEN_WINDOW_DAYS 0

/* With a hold or without: the same. */
#define EITHER(from, event, to, why)                                                               \
    { from, event, false, to, why },                                                               \
    {                                                                                              \
        from, event, true, to, why                                                                 \
    }

#define HELD_WHY    "stays, because a hold blocks movement to better"
#define UNKNOWN_WHY "stays, because missing data is not better data"
#define NOT_DUE_WHY "stays, because the plan expects nothing of this period yet"

static const struct transition transitions[] = {
    /* from, event, (held,) to, why */
    EITHER(ALERT_INACTIVE, PERIOD_UNKNOWN, ALERT_INACTIVE,
           "stays, because there is no usable figure to judge"),
    EITHER(ALERT_INACTIVE, PERIOD_NOT_DUE, ALERT_INACTIVE, NOT_DUE_WHY),
    EITHER(ALERT_INACTIVE, PERIOD_CLEAR, ALERT_INACTIVE,
           "stays, because it is not behind the line"),
    EITHER(ALERT_INACTIVE, PERIOD_BETWEEN, ALERT_INACTIVE,
           "stays, because it is not behind the line"),
    EITHER(ALERT_INACTIVE, PERIOD_AMBER, ALERT_PENDING,
           "behind the line, within tolerance: one crossing may be noise"),
    EITHER(ALERT_INACTIVE, PERIOD_RED, ALERT_PENDING, "behind the line: one crossing may be noise"),

    EITHER(ALERT_PENDING, PERIOD_UNKNOWN, ALERT_PENDING, UNKNOWN_WHY),
    { ALERT_PENDING, PERIOD_NOT_DUE, false, ALERT_INACTIVE,
      "the plan expects nothing of this period" },
    { ALERT_PENDING, PERIOD_NOT_DUE, true, ALERT_PENDING, HELD_WHY },
    { ALERT_PENDING, PERIOD_CLEAR, false, ALERT_INACTIVE, "went back before it was confirmed" },
    { ALERT_PENDING, PERIOD_CLEAR, true, ALERT_PENDING, HELD_WHY },
    { ALERT_PENDING, PERIOD_BETWEEN, false, ALERT_INACTIVE, "went back before it was confirmed" },
    { ALERT_PENDING, PERIOD_BETWEEN, true, ALERT_PENDING, HELD_WHY },
    EITHER(ALERT_PENDING, PERIOD_AMBER, ALERT_FIRING,
           "behind in as many data periods as the plan asks"),
    EITHER(ALERT_PENDING, PERIOD_RED, ALERT_FIRING,
           "behind in as many data periods as the plan asks"),

    EITHER(ALERT_FIRING, PERIOD_UNKNOWN, ALERT_FIRING, UNKNOWN_WHY),
    EITHER(ALERT_FIRING, PERIOD_NOT_DUE, ALERT_FIRING, NOT_DUE_WHY),
    { ALERT_FIRING, PERIOD_CLEAR, false, ALERT_RECOVERING, "past the clear line" },
    { ALERT_FIRING, PERIOD_CLEAR, true, ALERT_FIRING, HELD_WHY },
    EITHER(ALERT_FIRING, PERIOD_BETWEEN, ALERT_FIRING,
           "stays, because it is not past the clear line"),
    EITHER(ALERT_FIRING, PERIOD_AMBER, ALERT_FIRING, "stays behind the line, within tolerance"),
    EITHER(ALERT_FIRING, PERIOD_RED, ALERT_FIRING, "stays behind the line"),

    EITHER(ALERT_RECOVERING, PERIOD_UNKNOWN, ALERT_RECOVERING, UNKNOWN_WHY),
    EITHER(ALERT_RECOVERING, PERIOD_NOT_DUE, ALERT_RECOVERING, NOT_DUE_WHY),
    { ALERT_RECOVERING, PERIOD_CLEAR, false, ALERT_RESOLVED,
      "clear in as many data periods as the plan asks" },
    { ALERT_RECOVERING, PERIOD_CLEAR, true, ALERT_RECOVERING, HELD_WHY },
    /* It is not behind, so it does not fire; it confirms nothing, so the count of clear periods
       restarts. */
    EITHER(ALERT_RECOVERING, PERIOD_BETWEEN, ALERT_RECOVERING,
           "stays, because it fell back from the clear line: the count restarts"),
    EITHER(ALERT_RECOVERING, PERIOD_AMBER, ALERT_FIRING,
           "behind the line again before it was confirmed as clear"),
    EITHER(ALERT_RECOVERING, PERIOD_RED, ALERT_FIRING,
           "behind the line again before it was confirmed as clear"),

    EITHER(ALERT_RESOLVED, PERIOD_UNKNOWN, ALERT_RESOLVED,
           "stays, because only a period behind the line opens an alert"),
    EITHER(ALERT_RESOLVED, PERIOD_NOT_DUE, ALERT_RESOLVED, NOT_DUE_WHY),
    EITHER(ALERT_RESOLVED, PERIOD_CLEAR, ALERT_RESOLVED,
           "stays, because it is not behind the line"),
    EITHER(ALERT_RESOLVED, PERIOD_BETWEEN, ALERT_RESOLVED,
           "stays, because it is not behind the line"),
    EITHER(ALERT_RESOLVED, PERIOD_AMBER, ALERT_PENDING,
           "behind the line after it was resolved: a new episode"),
    EITHER(ALERT_RESOLVED, PERIOD_RED, ALERT_PENDING,
           "behind the line after it was resolved: a new episode"),

    EITHER(ALERT_RETRACTED, PERIOD_UNKNOWN, ALERT_RETRACTED,
           "stays, because only a period behind the line opens an alert"),
    EITHER(ALERT_RETRACTED, PERIOD_NOT_DUE, ALERT_RETRACTED, NOT_DUE_WHY),
    EITHER(ALERT_RETRACTED, PERIOD_CLEAR, ALERT_RETRACTED,
           "stays, because it is not behind the line"),
    EITHER(ALERT_RETRACTED, PERIOD_BETWEEN, ALERT_RETRACTED,
           "stays, because it is not behind the line"),
    EITHER(ALERT_RETRACTED, PERIOD_AMBER, ALERT_PENDING,
           "behind the line after it was corrected: a new opening"),
    EITHER(ALERT_RETRACTED, PERIOD_RED, ALERT_PENDING,
           "behind the line after it was corrected: a new opening"),

    EITHER(ALERT_WITHDRAWN, PERIOD_UNKNOWN, ALERT_WITHDRAWN,
           "stays, because only a period behind the line opens an alert"),
    EITHER(ALERT_WITHDRAWN, PERIOD_NOT_DUE, ALERT_WITHDRAWN, NOT_DUE_WHY),
    EITHER(ALERT_WITHDRAWN, PERIOD_CLEAR, ALERT_WITHDRAWN,
           "stays, because it is not behind the line"),
    EITHER(ALERT_WITHDRAWN, PERIOD_BETWEEN, ALERT_WITHDRAWN,
           "stays, because it is not behind the line"),
    EITHER(ALERT_WITHDRAWN, PERIOD_AMBER, ALERT_PENDING,
           "behind the line of a rule that is back: a new opening"),
    EITHER(ALERT_WITHDRAWN, PERIOD_RED, ALERT_PENDING,
           "behind the line of a rule that is back: a new opening"),
};

#define TRANSITION_COUNT (sizeof transitions / sizeof transitions[0])

/* What counting makes of a row. */
static const char why_fires_at_once[] = "behind the line in as many data periods as the plan asks";
static const char why_instant[] = "it is so now: late, incomplete, held or overdue";
static const char why_not_yet[] = "stays, because more data periods must confirm it";
static const char why_clear_not_yet[] = "stays, because more clear data periods must confirm it";
static const char why_clears_at_once[] =
    "past the clear line in as many data periods as the plan asks";

const struct transition *alert_transitions(size_t *out_count)
{
    *out_count = TRANSITION_COUNT;
    return transitions;
}

static const struct transition *transition_find(enum alert_state from, enum period_event event,
                                                bool held)
{
    for (size_t i = 0; i < TRANSITION_COUNT; i++) {
        const struct transition *t = &transitions[i];

        if (t->from == from && t->event == event && t->held == held)
            return t;
    }
    assert(!"a state and an event without a row");
    return NULL;
}

bool period_is_judged(enum period_event event)
{
    return event != PERIOD_UNKNOWN && event != PERIOD_NOT_DUE;
}

static bool is_behind(enum period_event event)
{
    return event == PERIOD_AMBER || event == PERIOD_RED;
}

static bool is_open(enum alert_state s)
{
    return s == ALERT_PENDING || s == ALERT_FIRING || s == ALERT_RECOVERING;
}

/* ---- the fold ---- */

struct fold {
    const char *alert_id;
    long for_periods, clear_for;
    struct fold_episode *list; /* room for one a period */
    size_t count;
    enum alert_state state;
    long behind, clear; /* data periods counted towards for, clear_for */
    bool instant;       /* a feed or action rule */
};

static int fold_open(struct fold *fold, const struct period_judgement *p)
{
    struct fold_episode *last = fold->count > 0 ? &fold->list[fold->count - 1] : NULL;

    fold->behind = 0;
    if (fold->state == ALERT_RESOLVED && last != NULL &&
        p->end.day - last->e.period_end.day <= REOPEN_WINDOW_DAYS)
        return 0;
    struct fold_episode *next = &fold->list[fold->count++];

    *next = (struct fold_episode){
        .e = { .opened = p->end,
               .folded = p->end,
               .closed_on = DATE_NONE,
               .value = NAN,
               .line = NAN },
    };
    return episode_id_of(fold->alert_id, p->end, next->e.id);
}

/* The row's target, after counting. */
static enum alert_state fold_count(struct fold *fold, const struct transition *row,
                                   const char **out_why)
{
    *out_why = row->why;
    if (is_behind(row->event)) {
        fold->clear = 0;
        if (fold->state == ALERT_FIRING || fold->state == ALERT_RECOVERING)
            return row->to;
        fold->behind++;
        if (fold->behind >= fold->for_periods) {
            *out_why = fold->instant ? why_instant : why_fires_at_once;
            return ALERT_FIRING;
        }
        if (fold->state == ALERT_PENDING)
            *out_why = why_not_yet;
        return ALERT_PENDING;
    }
    if (row->event == PERIOD_BETWEEN)
        fold->clear = 0;
    if (row->event != PERIOD_CLEAR || row->held ||
        (fold->state != ALERT_FIRING && fold->state != ALERT_RECOVERING))
        return row->to;
    fold->clear++;
    if (fold->clear >= fold->clear_for) {
        if (fold->state == ALERT_FIRING)
            *out_why = why_clears_at_once;
        return ALERT_RESOLVED;
    }
    if (fold->state == ALERT_RECOVERING)
        *out_why = why_clear_not_yet;
    return ALERT_RECOVERING;
}

/* What a usable period leaves in the episode that it belongs to. */
static void fold_note(struct fold_episode *x, const struct period_judgement *p, const char *why)
{
    enum alert_severity severity = p->event == PERIOD_RED ? SEVERITY_RED : SEVERITY_AMBER;
    bool held = p->holds != 0;

    x->why = why;
    x->held_back = held && !is_behind(p->event);
    if (is_behind(p->event)) {
        x->last_behind = p->end;
        if (held && severity < x->e.severity) {
            x->held_back = true;
        } else {
            x->e.severity = severity;
            x->severity_from = p->end;
        }
    }
    /* Of a figure that replaced another, either the opening one or the newest. */
    if (date_compare(p->end, x->e.opened) == 0)
        x->opening_restated = p->restated;
    x->e.restated = p->restated || x->opening_restated;
    x->e.value = p->version != NULL && p->version->marker == MARKER_NONE ? p->version->value : NAN;
    x->e.line = p->line;
    x->e.period_end = p->end;
    x->e.count = p->count;
}

static int fold_period(struct fold *fold, const struct period_judgement *p, alert_trace *trace,
                       void *trace_arg)
{
    const struct transition *row = transition_find(fold->state, p->event, p->holds != 0);
    enum alert_state from = fold->state, to;
    const char *why;
    int r = 0;

    if (!is_open(from) && is_behind(p->event))
        r = fold_open(fold, p);
    if (r < 0)
        return r;
    to = fold_count(fold, row, &why);
    if (is_open(from) || is_open(to)) {
        assert(fold->count > 0);
        struct fold_episode *x = &fold->list[fold->count - 1];

        x->e.state = to;
        if (period_is_judged(p->event))
            fold_note(x, p, why);
        if (to == ALERT_INACTIVE)
            fold->count--; /* only watched: nothing was, nothing ended */
    }
    fold->state = to;
    if (trace != NULL)
        trace(trace_arg, &(struct alert_step){
                             .period_end = p->end,
                             .from = from,
                             .to = to,
                             .event = p->event,
                             .held = p->holds != 0,
                             .why = why,
                         });
    return 0;
}

/* Its clear periods are counted again as the fold passes them, so it begins as FIRING. */
static void fold_seed(struct fold *fold, const struct episode *seed)
{
    struct fold_episode *x = &fold->list[fold->count++];

    fold->state = seed->ordinal > 0 ? ALERT_FIRING : ALERT_PENDING;
    fold->behind = 1;
    *x = (struct fold_episode){
        .e = *seed,
        .last_behind = seed->folded,
        .severity_from = seed->folded,
        .why = UNKNOWN_WHY,
    };
    x->e.opened = seed->folded;
    x->e.state = fold->state;
}

int fold_run(const char *alert_id, const struct finding *f, const struct episode *seed,
             struct fold_episode **out_episodes, size_t *out_count, alert_trace *trace,
             void *trace_arg)
{
    struct fold fold = { .alert_id = alert_id, .for_periods = 1, .clear_for = 1 };
    int r = 0;

    assert(alert_id != NULL && f != NULL);
    fold.instant = f->instant;
    if (!f->instant) {
        assert(f->measure != NULL);
        fold.for_periods = f->measure->for_periods;
        fold.clear_for = f->measure->clear_for;
    }
    fold.list = calloc(f->history_count + 1, sizeof *fold.list);
    if (fold.list == NULL)
        return -ENOMEM;
    if (seed != NULL)
        fold_seed(&fold, seed);
    for (size_t i = 0; i < f->history_count && r == 0; i++) {
        if (seed != NULL && date_compare(f->history[i].end, seed->folded) <= 0)
            continue;
        assert(i == 0 || date_compare(f->history[i - 1].end, f->history[i].end) < 0);
        r = fold_period(&fold, &f->history[i], trace, trace_arg);
    }
    if (r < 0) {
        free(fold.list);
        return r;
    }
    if (fold.count > 0 && is_open(fold.state))
        fold.list[fold.count - 1].e.held = f->holds != 0;
    *out_episodes = fold.list;
    *out_count = fold.count;
    return 0;
}

int alert_fold(const char *alert_id, const struct finding *f, struct episode **out_episodes,
               size_t *out_count, alert_trace *trace, void *trace_arg)
{
    struct fold_episode *list = NULL;
    struct episode *episodes;
    size_t count = 0;
    int r = fold_run(alert_id, f, NULL, &list, &count, trace, trace_arg);

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
