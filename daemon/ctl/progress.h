/*
 * progress - a bar on a terminal for work that takes long
 */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

/** Draws it over the last one on standard error, where that is a terminal: what is done, how much of it. */
void progress_show(const char *what, long long done, long long total);
/** Takes it away. */
void progress_end(void);

#endif
