/*
 * cmd_plan_live - waitlistctl plan check FILE --live
 *
 * Sends a plan to the running daemon, which checks it against its own settings and says of each measure how many
 * of the last periods of its series could be judged. Nothing of the daemon changes.
 */
#ifndef CTL_CMD_PLAN_LIVE_H
#define CTL_CMD_PLAN_LIVE_H

#include "ctl/output.h"

/** config: settings of the daemon to ask; socket: its socket instead, or NULL. Prints what was found; returns
 * the exit code: 0 (warnings do not fail), 3 unreachable, 78 with errors. */
int plan_check_live(const char *file, const char *config, const char *socket,
                    enum output_kind kind);

#endif
