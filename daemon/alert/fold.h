/*
 * fold - judged periods to episodes
 *
 * What alert_fold() computes, with what alert_step() needs beside it. Private to alert/.
 */
#ifndef ALERT_FOLD_H
#define ALERT_FOLD_H

#include "alert/alert.h"

struct fold_episode {
    struct episode e;
    struct civil_date last_behind;   /* newest period behind; never before .e.opened */
    struct civil_date severity_from; /* the period that last set its severity */
    bool held_back; /* its newest usable period would have moved it to better but for a hold, or
                       because it flaps */
    bool opening_restated;                 /* the figure of its opening period replaced another */
    const struct period_judgement *newest; /* usable of its periods; NULL: none since the seed */
    const char *why;                       /* the row that put it where it is; static */
};

/** Who is told of which rows applied. */
struct fold_trace {
    alert_trace *call; /* NULL: nobody */
    void *arg;
    bool newest_alone; /* the row of the newest period, not each */
};

/**
 * As alert_fold(). seed may be NULL; else the fold begins inside this open episode, after its
 * opening period (.folded), and the first of out_episodes is what became of it. out_came_late (may be NULL):
 * whether the figure of any period came ALERT_LATE_AFTER_MS after that of a newer one, or later.
 */
int fold_run(const char *alert_id, const struct alert *stored, const struct finding *f,
             const struct episode *seed, struct fold_episode **out_episodes, size_t *out_count,
             const struct fold_trace *trace, bool *out_came_late);
/** Whether a period says where the value is. */
bool period_is_judged(enum period_event event);
/** Whether it says that the value is behind the line. */
bool period_is_behind(enum period_event event);

#endif
