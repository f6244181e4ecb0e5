/*
 * list_ended - rows of a snapshot whose clock stopped by its census, against older rows of their pathways
 *
 * A week is resubmitted row by row: of a pathway that waited by submission 2 and had ended by submission 3 both
 * rows may stand in one file, and the one with the higher version says that it is not of the list. A row that
 * ended says nothing else: it opens no pathway and ends none that has no older row. Pure.
 * Source: FEEDS 2.1, "keep max(submission), max(row) of a key".
 */
#ifndef PATHWAY_LIST_ENDED_H
#define PATHWAY_LIST_ENDED_H

#include "pathway/pathway_list.h"

struct ended_row {
    uint8_t key[PSEUDONYM_BYTES];
    uint64_t version;
};

struct ended {
    struct ended_row *rows;
    size_t count, cap;
};

void ended_release(struct ended *e);
/** A row whose clock stopped by the census. Returns 0 or -ENOMEM. */
int ended_note(struct ended *e, const struct pathway_record *row);
/** After the last row, before the end of the snapshot that has begun: the rows over which one of these stands
 * are forgotten. Returns how many. */
uint64_t ended_apply(struct ended *e, struct pathway_list *l);

#endif
