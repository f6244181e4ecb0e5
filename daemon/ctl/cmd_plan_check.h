/*
 * cmd_plan_check - waitlistctl plan check FILE [--settings FILE | --live]
 *
 * Offline: reads a plan as the daemon would and says what is wrong, each fault at its line and
 * column. With settings, the feeds and receivers that the plan names must be declared there.
 */
#ifndef CTL_CMD_PLAN_CHECK_H
#define CTL_CMD_PLAN_CHECK_H

/**
 * argv[0] is the command's own word ("check"), its arguments follow; config, socket: the daemon that --live
 * asks (cmd_plan_live.h). Messages go to standard error,
 * one line of summary to standard output. Returns the exit code: 0 (warnings do not fail), 2 usage,
 * 78 when the plan or the settings cannot be taken.
 */
int cmd_plan_check(int argc, char **argv, const char *config, const char *socket);

#endif
