/*
 * pipeline - passes each stage's result to the next; gathers, decides, acts
 *
 *     inbox -> archive, journal -> records -> series -> findings -> alerts -> messages -> receivers
 *
 * The only module that knows the whole chain. One loop, one thing at a time: a receipt is applied,
 * then (after the whole batch) one evaluation, then one composition; deliveries run beside. What
 * Redis took is adopted in memory only after it said so; when an outcome is unknown the books are
 * loaded again, and the same decisions fall again with the same ids.
 */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <stdbool.h>

#include "base/clock.h"
#include "config.h"

struct event_base;
struct pipeline;

struct pipeline_options {
    const char *config_path, *datadir;
    bool once;
    bool at_given; /* --at: the clock starts at .at */
    struct wall_time at;
    bool has_history;  /* of a simulation: what the instance received comes again */
    bool is_past;      /* of a simulation: the instance at the end of the date of .at */
    bool is_simulated; /* --simulate: it stands still there until it is told the next date */
};

/**
 * Opens state, journals and the control socket, starts Redis. Takes config (also on failure).
 * Returns 0 or an exit status: 1 (said in the log), 2 (--at is before the date last evaluated), 78.
 */
int pipeline_open(struct event_base *base, struct config *config,
                  const struct pipeline_options *options, struct pipeline **out_pipeline);
/** Runs until a signal, or with --once until everything due was tried. Returns the exit status. */
int pipeline_run(struct pipeline *p);
void pipeline_close(struct pipeline *p);

#endif
