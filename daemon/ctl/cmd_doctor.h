/*
 * cmd_doctor - `waitlistctl doctor` where no daemon answers: what can be looked at without it
 */
#ifndef CTL_CMD_DOCTOR_H
#define CTL_CMD_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>

/**
 * Looks with the rights of who asks; the first line says that no daemon answers, and why.
 *
 * @out_report  as the daemon's answer; also where the settings cannot be taken; NULL without memory
 * Returns the exit status: 3, or 78 where the settings cannot be taken. By then nothing may be cleaned up
 * that a thread left behind may use: *out_is_hanging says that the process is to end by _exit().
 */
int cmd_doctor(const char *config, const char *why, json_t **out_report, bool *out_is_hanging);

#endif
