/*
 * relay - rows that one thread makes of a large file while the loop takes them
 *
 * Reading a file, opening it up into rows and hashing identifiers is half of the work on it, keeping the
 * rows is the other half; each has a processor. Rows are copied into a few batches that go round, so memory
 * is bounded and whoever is ahead waits. Invariants: (1) what the maker works on (parser, reader, digest,
 * descriptor) is the thread's alone from the first relay_take() until that said done or failed, or
 * relay_free(); (2) rows are taken in the order in which they were made, all that were made before an error
 * too; (3) relay_free() ends the thread wherever it is, after the step at hand. The thread makes no call but
 * the maker's, and signals stay with the loop's thread.
 */
#ifndef FEED_RELAY_H
#define FEED_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "parse/pathway_record.h"

#define RELAY_LEAST ((size_t)1 << 20) /* bytes of a file that is worth a thread */

struct relay;

/** make is called over and over, by the thread, until it sets *out_is_done or returns other than 0; it
 * gives its rows to relay_put(). arg is borrowed until relay_free(). NULL without memory. */
struct relay *relay_new(int (*make)(void *arg, bool *out_is_done), void *arg);
/** What the loop does before it waits for rows: help is called with the maker's arg, by its own thread, and returns
 * whether it did something, in a moment. Before the first relay_take(). */
void relay_help(struct relay *r, bool (*help)(void *arg));
/** What the loop does with a row before it takes it: finish is called with the arg of relay_take(), and may change it.
 * Returns 0, or what then relay_take() returns. Before the first relay_take(). */
void relay_finish(struct relay *r, int (*finish)(void *arg, struct pathway_record *record));
/** For the maker: copies a row, once there is room. Its key is not kept. Returns 0, -ENOMEM, or -ECANCELED
 * when nobody takes rows any more. */
int relay_put(struct relay *r, const struct pathway_record *record);
/**
 * For the loop: gives the rows that are ready to `record`, waits a few milliseconds where there are none.
 * *out_is_done: all were, and the thread has ended. Returns 0; what record returned; what make returned,
 * after its last row; -errno where no thread can be had. Not to be called again after other than 0 or done.
 */
int relay_take(struct relay *r, int (*record)(void *arg, const struct pathway_record *record),
               void *arg, bool *out_is_done);
/** Ends the thread; rows that were not taken are forgotten. Accepts NULL. */
void relay_free(struct relay *r);

#endif
