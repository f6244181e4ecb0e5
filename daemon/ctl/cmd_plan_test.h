/*
 * cmd_plan_test - waitlistctl plan test FILE: scripted feeds, expected states and messages
 *
 * Every local date from the first to the last of the script (ctl/plan_script.h) is evaluated by a
 * simulation (ctl/simulator.h). No daemon is needed.
 */
#ifndef CTL_CMD_PLAN_TEST_H
#define CTL_CMD_PLAN_TEST_H

/** argv[0] is "test". Returns 0: all as expected; 1: not; 2 usage; 78: a file is wrong. */
int cmd_plan_test(int argc, char **argv);

#endif
