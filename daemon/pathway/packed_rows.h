/*
 * packed_rows - the rows of a snapshot in memory, from its archive's writing to its list
 *
 * A file takes effect once its receipt is durable. Its rows, kept here meanwhile, need not be read from the
 * archive again, and what most of them repeat is looked up once. The archive stays the record: a row given
 * here is equal, field by field, to what pathway_archive reads of it (a test shows it), so that whoever finds
 * no packed rows reads those. Rows lie in lanes, each in their order: what takes one lane needs nothing of the others.
 * Memory is bounded, and goes as rows are taken. Pure.
 */
#ifndef PATHWAY_PACKED_ROWS_H
#define PATHWAY_PACKED_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "parse/pathway_record.h"

struct packed_rows;

/** Of the rows of a lane: the first that is no event. */
struct packed_first {
    unsigned long line; /* + 1; 0: there is none */
    struct civil_date census;
};

/** lanes: at least 1. most: bytes, of the rows and of their words. NULL without memory. */
struct packed_rows *packed_rows_new(size_t lanes, size_t most);
/** Adds a record made under a key to a lane. Returns 0; -ENOMEM; -EFBIG more than may be kept. After an error what
 * was added is of no use. */
int packed_rows_add(struct packed_rows *p, size_t lane, const struct pathway_record *r);
size_t packed_rows_lanes(const struct packed_rows *p);
struct packed_first packed_rows_first(const struct packed_rows *p, size_t lane);
/** The next rows of a lane, at most so many, in the order in which they were added, each with its .group, whose words
 * packed_rows_group() adds; they are gone from here afterwards, their texts live until packed_rows_free(). Of several
 * lanes, threads may take at once. Returns how many; fewer than most: none is left. */
size_t packed_rows_take(struct packed_rows *p, size_t lane, size_t most,
                        struct pathway_record *out_rows);
/** What the .group of a row says: its service, commissioner, place, stage and cohort. */
void packed_rows_group(const struct packed_rows *p, struct pathway_record *row);
void packed_rows_free(struct packed_rows *p); /* accepts NULL */

#endif
