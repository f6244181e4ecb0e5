/*
 * cmd_compute - waitlistctl compute waits|rtt-published|nhs-numbers FILE
 *
 * Offline: runs the functions that the daemon runs over lists given in a file, so that anybody can
 * check a figure against a calculation of their own. Reads JSON lines (waits) or CSV with a header,
 * "-" is standard input; writes one line an input line, in order. The content of a line never
 * appears in an error.
 */
#ifndef CTL_CMD_COMPUTE_H
#define CTL_CMD_COMPUTE_H

/**
 * argv[0] is "compute". Returns the exit code: 0; 1 when a line could not be computed (it is named on
 * standard error, the others are printed all the same); 2 usage.
 */
int cmd_compute(int argc, char **argv);

#endif
