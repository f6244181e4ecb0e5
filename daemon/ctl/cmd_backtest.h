/*
 * cmd_backtest - waitlistctl backtest PLAN --from DATE --to DATE [--feeds DIR]
 *
 * Every local date between the two is evaluated by a simulation (ctl/simulator.h), and the day before the
 * first, which sets what stands then. Its files are those that the instance received (archive and received
 * journal of its state folder), or with --feeds those of DIR/YYYY-MM-DD/FEED/, received on that date.
 */
#ifndef CTL_CMD_BACKTEST_H
#define CTL_CMD_BACKTEST_H

#include "ctl/output.h"

/** argv[0] is "backtest". config, kind: as given before it. Returns the exit status. */
int cmd_backtest(int argc, char **argv, const char *config, enum output_kind kind);

#endif
