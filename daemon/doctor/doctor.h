/*
 * doctor - whether what the daemon rests on is as it must be: folders, credentials, receivers, Redis, clock
 *
 * EDGE. Looks with the rights of the process that it runs in and changes nothing: no message is delivered,
 * a relay is asked up to RCPT, a webhook is connected to and no more. It blocks, so the daemon has a process
 * of its own run it (pipeline_doctor.c). Its time is bounded by DOCTOR_REACH_S for all servers together.
 * What it finds are lines: a level, which check, of what, in words, and one command that mends it. No
 * secret and no byte of a feed is in any of them.
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>

#include "base/date.h"

#define DOCTOR_REACH_S 15 /* for all servers together: each is asked in a thread */

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor_question {
    const char *config, *datadir;
    struct civil_date today; /* of the daemon; DATE_NONE: the machine's */
    bool is_running;         /* the daemon runs: its embedded Redis must answer */
};

/** {level, check, subject, what, mend} as one line (new reference, or NULL); mend NULL: nothing to mend. */
json_t *doctor_line(enum doctor_level level, const char *check, const char *subject,
                    const char *mend, const char *what);
/**
 * Looks at everything. Sets the time zone of the process to that of the settings.
 *
 * @out_lines         an array of doctor_line(), to release also after a failure
 * @out_is_unreadable the settings cannot be taken
 * @out_is_hanging    a thread has not ended: leave the process by _exit()
 * Returns 0 or -ENOMEM.
 */
int doctor_look(const struct doctor_question *q, json_t **out_lines, bool *out_is_unreadable,
                bool *out_is_hanging);
/** What was found as waitlistctl shows it: {checks, ok, warn, fail}. Takes lines. NULL without memory. */
json_t *doctor_report(json_t *lines);

#endif
