/*
 * The condition machine: its table of transitions. fold.c takes a finding's periods through it.
 *
 * (1) Only a behind period moves to worse. (2) With a hold nothing moves to better.
 * (3) A period without a usable figure moves nothing and counts nowhere. (4) Ageing moves to worse or
 * nowhere, and its end says nothing of the figure. step_early.c applies its rows.
 */
#include "alert/alert.h"

#include <assert.h>
#include <stddef.h>

/* With a hold or without: the same. */
#define EITHER(from, event, to, why)                                                               \
    { from, event, false, to, why },                                                               \
    {                                                                                              \
        from, event, true, to, why                                                                 \
    }

#define HELD_WHY    "stays, because a hold blocks movement to better"
#define UNKNOWN_WHY "stays, because missing data is not better data"
#define NOT_DUE_WHY "stays, because the plan expects nothing of this period yet"
#define OVER_WHY    "stays, because the end of a projection says nothing of the figure"
#define AGED_WHY    "ageing alone brings it behind the line: an early warning"

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
    EITHER(ALERT_INACTIVE, PERIOD_PROJECTED, ALERT_EARLY, AGED_WHY),
    EITHER(ALERT_INACTIVE, PERIOD_PROJECTION_OVER, ALERT_INACTIVE, OVER_WHY),

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
    EITHER(ALERT_PENDING, PERIOD_PROJECTED, ALERT_PENDING,
           "stays, because the data say so already and wait to be confirmed"),
    EITHER(ALERT_PENDING, PERIOD_PROJECTION_OVER, ALERT_PENDING, OVER_WHY),

    EITHER(ALERT_FIRING, PERIOD_UNKNOWN, ALERT_FIRING, UNKNOWN_WHY),
    EITHER(ALERT_FIRING, PERIOD_NOT_DUE, ALERT_FIRING, NOT_DUE_WHY),
    { ALERT_FIRING, PERIOD_CLEAR, false, ALERT_RECOVERING, "past the clear line" },
    { ALERT_FIRING, PERIOD_CLEAR, true, ALERT_FIRING, HELD_WHY },
    EITHER(ALERT_FIRING, PERIOD_BETWEEN, ALERT_FIRING,
           "stays, because it is not past the clear line"),
    EITHER(ALERT_FIRING, PERIOD_AMBER, ALERT_FIRING, "stays behind the line, within tolerance"),
    EITHER(ALERT_FIRING, PERIOD_RED, ALERT_FIRING, "stays behind the line"),
    EITHER(ALERT_FIRING, PERIOD_PROJECTED, ALERT_FIRING,
           "stays behind the line by its data; ageing adds nothing"),
    EITHER(ALERT_FIRING, PERIOD_PROJECTION_OVER, ALERT_FIRING, OVER_WHY),

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
    EITHER(ALERT_RECOVERING, PERIOD_PROJECTED, ALERT_RECOVERING,
           "stays, because only data tell whether it recovers"),
    EITHER(ALERT_RECOVERING, PERIOD_PROJECTION_OVER, ALERT_RECOVERING, OVER_WHY),

    EITHER(ALERT_RESOLVED, PERIOD_UNKNOWN, ALERT_RESOLVED,
           "stays, because only a period behind the line opens an alert"),
    EITHER(ALERT_RESOLVED, PERIOD_NOT_DUE, ALERT_RESOLVED, NOT_DUE_WHY),
    EITHER(ALERT_RESOLVED, PERIOD_CLEAR, ALERT_RESOLVED,
           "stays, because it is not behind the line"),
    EITHER(ALERT_RESOLVED, PERIOD_BETWEEN, ALERT_RESOLVED,
           "stays, because it is not behind the line"),
    EITHER(ALERT_RESOLVED, PERIOD_AMBER, ALERT_PENDING,
           "behind the line after it was resolved: one crossing may be noise"),
    EITHER(ALERT_RESOLVED, PERIOD_RED, ALERT_PENDING,
           "behind the line after it was resolved: one crossing may be noise"),
    EITHER(ALERT_RESOLVED, PERIOD_PROJECTED, ALERT_EARLY, AGED_WHY),
    EITHER(ALERT_RESOLVED, PERIOD_PROJECTION_OVER, ALERT_RESOLVED, OVER_WHY),

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
    EITHER(ALERT_RETRACTED, PERIOD_PROJECTED, ALERT_EARLY, AGED_WHY),
    EITHER(ALERT_RETRACTED, PERIOD_PROJECTION_OVER, ALERT_RETRACTED, OVER_WHY),

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
    EITHER(ALERT_WITHDRAWN, PERIOD_PROJECTED, ALERT_EARLY, AGED_WHY),
    EITHER(ALERT_WITHDRAWN, PERIOD_PROJECTION_OVER, ALERT_WITHDRAWN, OVER_WHY),

    EITHER(ALERT_EARLY, PERIOD_UNKNOWN, ALERT_EARLY, UNKNOWN_WHY),
    EITHER(ALERT_EARLY, PERIOD_NOT_DUE, ALERT_EARLY, NOT_DUE_WHY),
    { ALERT_EARLY, PERIOD_CLEAR, false, ALERT_RESOLVED,
      "the data do not bear the early warning out" },
    { ALERT_EARLY, PERIOD_CLEAR, true, ALERT_EARLY, HELD_WHY },
    { ALERT_EARLY, PERIOD_BETWEEN, false, ALERT_RESOLVED,
      "the data do not bear the early warning out" },
    { ALERT_EARLY, PERIOD_BETWEEN, true, ALERT_EARLY, HELD_WHY },
    EITHER(ALERT_EARLY, PERIOD_AMBER, ALERT_FIRING, "the data bear the early warning out"),
    EITHER(ALERT_EARLY, PERIOD_RED, ALERT_FIRING, "the data bear the early warning out"),
    EITHER(ALERT_EARLY, PERIOD_PROJECTED, ALERT_EARLY,
           "stays, because ageing still brings it behind the line"),
    EITHER(ALERT_EARLY, PERIOD_PROJECTION_OVER, ALERT_WITHDRAWN,
           "two cadences without data: it is no longer projected, and nobody knows how it stands"),
};

#define TRANSITION_COUNT (sizeof transitions / sizeof transitions[0])

const struct transition *alert_transitions(size_t *out_count)
{
    *out_count = TRANSITION_COUNT;
    return transitions;
}

const struct transition *alert_transition(enum alert_state from, enum period_event event, bool held)
{
    static const struct transition
        *found[ALERT_STATES][PERIOD_EVENTS][2]; /* NULL: not looked for */
    const struct transition **t = &found[from][event][held];

    if (*t != NULL)
        return *t;
    *t = transitions;
    while ((*t)->from != from || (*t)->event != event || (*t)->held != held) {
        (*t)++;
        assert(*t < transitions + TRANSITION_COUNT);
    }
    return *t;
}
