/*
 * helper - a second thread that shares work of independent portions with the one that has it
 *
 * For what is much, and falls into portions that touch nothing of each other. Invariants: (1) every portion is
 * done once, by either thread, and all are when helper_share() returns; (2) they are begun in their order, so that
 * what it returns is what one thread alone would return; (3) whoever is slow to wake is not waited for: the
 * other does his portions. Signals stay with the thread that made it.
 */
#ifndef BASE_HELPER_H
#define BASE_HELPER_H

#include <stddef.h>

struct helper;

/** NULL without memory or thread. */
struct helper *helper_new(void);
/**
 * Calls work for each portion below count. helper: NULL, this thread alone. Returns 0, or what the first portion that
 * failed, by its number, returned other than 0: no later one is begun then.
 */
int helper_share(struct helper *helper, size_t count, int (*work)(void *arg, size_t portion),
                 void *arg);
/** Ends the thread. Accepts NULL. */
void helper_free(struct helper *helper);

#endif
