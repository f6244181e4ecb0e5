/*
 * show - the daemon's answers as text for people
 *
 * Pure. One layout for each command of waitlistctl; every string from outside is escaped. Unknown
 * keys of a future daemon are shown where the layout is a list of keys, and ignored in tables.
 */
#ifndef CTL_SHOW_H
#define CTL_SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/**
 * command: as in ctl_protocol.h. width: of the terminal in characters, 0 = unlimited.
 * Returns 0 or -errno of text.
 */
int show_result(const char *command, const json_t *result, size_t width, bool colour,
                struct text *out);
/** "behind plan", "late", ...: the words of DESIGN section 9 for a state of a rule. */
const char *show_state_words(const char *rule, const char *state);

#endif
