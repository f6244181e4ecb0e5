/*
 * cmd_evidence - waitlistctl evidence --measure ID|--alert ID|--place CODE --from DATE --to DATE
 *
 * What was known when, and who acted, of a measure, an alert, or all measures of a place: asked of simulations of the
 * past (ctl/simulator.h), one of the last date for what happened, and one of each date on which figures may have become
 * others for how they then stood. Printed, or written as a pack (ctl/evidence_pack.h) into a folder. The same journals
 * give the same bytes.
 */
#ifndef CTL_CMD_EVIDENCE_H
#define CTL_CMD_EVIDENCE_H

#include "ctl/output.h"

/** argv[0] is "evidence". Returns an exit status of waitlistctl. */
int cmd_evidence(int argc, char **argv, const char *config, enum output_kind kind);

#endif
