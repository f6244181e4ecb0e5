/*
 * list_rename - the same pathways and persons under another key of pseudonyms
 *
 * What is known of each stays as it is: nobody starts, stops or is counted anew. Of purged pathways only a
 * part of their old key is kept, so that a correction of one is no longer recognised as too old.
 * Source: DESIGN section 5, "Rotation and re-keying".
 */
#ifndef PATHWAY_LIST_RENAME_H
#define PATHWAY_LIST_RENAME_H

#include "pathway/pathway_list.h"

/** What one identifier becomes under the key before, and under the key now: a pathway's, a person's, or that
 * of an event. */
struct renamed {
    uint8_t before[PSEUDONYM_BYTES], now[PSEUDONYM_BYTES];
};

/** Puts them in order by .before, each once. Returns how many are left. */
size_t renamed_settle(struct renamed *list, size_t count);

/** Renames what the list knows by .before; list: as renamed_settle() leaves it. One whose new name the list
 * knows already stays. Not between the beginning of a snapshot and its end. Sets
 * *out_count to how many got another name: then the
 * list is to be packed anew. Returns 0 or -ENOMEM. */
int list_rename(struct pathway_list *l, const struct renamed *list, size_t count,
                size_t *out_count);

#endif
