/*
 * simulation - what makes of a configuration one that touches nothing of its owner's
 *
 * `waitlistctl plan test` and `backtest` start a private waitlistd that runs by the settings of a live one:
 * the same feeds, people, places and receivers, the same engine. Its state, Redis, control socket and
 * inboxes lie in a folder of its own, its receivers take messages and hand nothing on, it serves and
 * fetches nothing, and its clock stands still until it is told the next date. `--known DATE` has one that begins
 * with the instance's own journals up to a date, and answers what was known then.
 */
#ifndef SIMULATION_H
#define SIMULATION_H

#include <stdbool.h>

#include "settings/settings.h"

/** Of waitlistd --simulate. Strings are borrowed for as long as the program runs. */
struct simulation_options {
    const char *folder; /* absolute; NULL: no simulation */
    const char *plan;   /* judged in the place of the settings' plans; NULL: those */
    bool is_live;       /* a plan in rehearsal is judged and told as if it were live */
    bool has_history;   /* what the instance received is received again, on its dates */
    bool is_past;       /* it is the instance itself at the end of a date, by its journals */
};

/** Turns settings as read into those of a simulation. *out_state: the state folder of the settings as they
 * were (malloc'ed). Returns 0 or -ENOMEM. */
int simulation_of_settings(struct settings *s, const struct simulation_options *o,
                           char **out_state);

#endif
