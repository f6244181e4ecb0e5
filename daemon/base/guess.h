/*
 * guess - what a mistyped date, number or wait may have been meant to be
 *
 * Pure. For hints ("did you mean ...?") only: nothing is ever read by a guess. A text that could be
 * two things is not guessed at.
 */
#ifndef BASE_GUESS_H
#define BASE_GUESS_H

#include <stdbool.h>
#include <stddef.h>

#define GUESS_MAX 40

/** "31/03/2025", "31.3.2025", "2025/3/31", "31 March 2025", "2025-02-30" (its month's last day) as
 * YYYY-MM-DD; "Mar 2025", "2025/3" as YYYY-MM. Writes out and returns true, or false. */
bool guess_date(const char *text, char out[GUESS_MAX]);
/** "60%", "1,200", "60 per cent" without what is no number. */
bool guess_number(const char *text, char out[GUESS_MAX]);
/** "18 weeks", "18wk", "18W", "18" (weeks are not guessed at: false) as "18w". */
bool guess_wait(const char *text, char out[GUESS_MAX]);

#endif
