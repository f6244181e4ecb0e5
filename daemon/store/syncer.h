/*
 * syncer - a thread that has the disk sync a file while its owner works on
 *
 * The thread is made when it is first needed and stays: making one each time costs more than a sync of a fast disk.
 * What it has not taken up when its owner wants the outcome, the owner does itself.
 */
#ifndef STORE_SYNCER_H
#define STORE_SYNCER_H

#include <stdbool.h>

struct syncer;

/** fdatasync(). Returns 0 or -errno. */
int syncer_now(int fd);
/** Begins it; fd stays open until syncer_end(). *s: NULL at first. False: there is no thread, and nothing was begun. */
bool syncer_begin(struct syncer **s, int fd);
/** Waits for what was begun. Returns 0 or -errno of the sync. */
int syncer_end(struct syncer *s);
/** Nothing is under way. Accepts NULL. */
void syncer_free(struct syncer *s);

#endif
