/*
 * cmd_plan_diff - waitlistctl plan diff OLD NEW [-o table|json|ndjson|csv]
 *
 * Offline: what a new version of a plan changes, what is softer first (plan/plan_diff.h). Both files
 * are read as plan check reads them without settings; a plan with errors is not compared.
 */
#ifndef CTL_CMD_PLAN_DIFF_H
#define CTL_CMD_PLAN_DIFF_H

/** argv[0] is the command's own word ("diff"). Returns the exit code: 0, also with changes; 2 usage; 78 when
 * a plan cannot be taken, whose faults are on standard error. */
int cmd_plan_diff(int argc, char **argv);

#endif
