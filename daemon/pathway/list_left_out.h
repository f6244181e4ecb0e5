/*
 * list_left_out - whether more of a file is left out of its list than of the files before it
 *
 * New patients come under the new code of a service, or under that of a site: their rows are of no part of the
 * list, nobody who waited is missing, and the list shortens with everyone seen. A share that was left out from
 * the first file on is how the feed is; one that rises holds the file. Each column counts for itself. Pure.
 * Source: DESIGN section 5, "Held".
 */
#ifndef PATHWAY_LIST_LEFT_OUT_H
#define PATHWAY_LIST_LEFT_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/** In the words of every hold for codes that are not of the list. */
#define NOT_ON_THIS_LIST "not on this list"

/** Of events fewer rows, those of the files before among them, tell nothing: a file may be one row. */
#define LEFT_OUT_LEAST 5

enum left_out_column { LEFT_OUT_SERVICE, LEFT_OUT_PROVIDER, LEFT_OUT_COLUMNS };

/** Accepted rows of a file, and those of them that are left out for their code in a column; of a row with both
 * the service counts. */
struct left_out {
    unsigned long rows, of[LEFT_OUT_COLUMNS];
};

/**
 * files: the one in question first, then those in force before it, the newest first; count at least 1. is_whole:
 * each says everything, as a snapshot does, and is compared with the least share of those before. Else the newest
 * few, however many, are compared with all before them together, since a file may be of one row. Beyond the share
 * of rows that may be set aside, chance is allowed for. Returns whether a person must decide: then *why gets the
 * words, no count under 5.
 */
bool left_out_is_implausible(const struct left_out *files, size_t count, bool is_whole,
                             struct text *why);

#endif
