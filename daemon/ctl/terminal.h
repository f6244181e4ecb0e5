/*
 * terminal - how standard output is shown
 */
#ifndef CTL_TERMINAL_H
#define CTL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/** In characters; 0: standard output is no terminal. */
size_t terminal_width(void);
/** On a terminal that is not dumb, and without NO_COLOR. */
bool terminal_wants_colour(void);

#endif
