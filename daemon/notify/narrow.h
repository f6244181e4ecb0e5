/*
 * narrow - how far whole numbers that nobody is shown can be told from sums that somebody is
 *
 * Pure. A system is a number of unknown counts, none below 0, and rows: sums of them, each with a
 * factor, that lie between two bounds. Whether a sum can be a value is answered by an example: counts
 * that fulfil every row. Where one is found, nobody who knows the rows alone can rule the value out,
 * however he reckons. The search is exact and bounded: what it cannot settle in its steps it says.
 * Source: DESIGN section 10 ("nobody can narrow a count to fewer values than {1, 2, 3, 4}").
 */
#ifndef NOTIFY_NARROW_H
#define NOTIFY_NARROW_H

#include <stdbool.h>
#include <stddef.h>

#define NARROW_STEPS     3000 /* of one question */
#define NARROW_STEPS_FEW 200  /* where an answer is worth less than the time */
#define NARROW_MOST      1e6  /* a count is no larger */

struct narrow;

enum narrow_answer { NARROW_NO, NARROW_YES, NARROW_UNSETTLED };

/** A system of so many unknown counts without a row; steps: of one question, at most. NULL without memory. */
struct narrow *narrow_new(size_t unknowns, size_t steps);
void narrow_free(struct narrow *n);
/** Adds a row; factors: one for each unknown. low may be -INFINITY, high INFINITY. Returns 0 or -ENOMEM. */
int narrow_add(struct narrow *n, const double *factors, double low, double high);
/** The newest rows go again, until so many are left. */
void narrow_cut(struct narrow *n, size_t rows);
size_t narrow_rows(const struct narrow *n);
/** Whether the counts can be such that every row holds, and this sum lies between the bounds too; factors
 * NULL: every row alone. */
enum narrow_answer narrow_can(struct narrow *n, const double *factors, double low, double high);
/** Whether the rows leave the sum all of the values 1, 2, 3 and 4, or none of them. What is not settled is
 * taken for told: false. */
bool narrow_keeps_few(struct narrow *n, const double *factors);
/** Whether an answer lacked memory: none of them counts. */
bool narrow_lacked_memory(const struct narrow *n);

#endif
