/*
 * list_elsewhere - pathways of a list that a snapshot names under a code that is not of the list
 *
 * A provider renames a service, or sends the code of a site for its own: such rows are left out, and who is in
 * them would count as seen. While they are few (the share of rows that may be set aside) their pathways stay
 * as they were, as those of other rows that cannot be taken do; when they are more a person decides. Pure.
 * Source: DESIGN section 5, "Held".
 */
#ifndef PATHWAY_LIST_ELSEWHERE_H
#define PATHWAY_LIST_ELSEWHERE_H

#include "base/text.h"
#include "pathway/pathway_list.h"

struct elsewhere {
    uint8_t *keys; /* one after the other */
    size_t count, cap;
};

void elsewhere_release(struct elsewhere *e);
/** A row that is left out names this pathway: kept if it was open at the last census. 0 or -ENOMEM. */
int elsewhere_note(struct elsewhere *e, const struct pathway_list *l,
                   const uint8_t key[PSEUDONYM_BYTES]);
/** After the last row, before the end of the snapshot: each pathway is left once, and none that has a row of
 * its own. Returns 0 or -ENOMEM. */
int elsewhere_settle(struct elsewhere *e, const struct pathway_list *l);
/** Whether there are so many that a person must decide; then *why gets the words. */
bool elsewhere_is_implausible(const struct elsewhere *e, const struct pathway_list *l,
                              const char *provider, struct text *why);
/** They stay open in the snapshot that has begun. Returns 0 or -ENOMEM. */
int elsewhere_keep(const struct elsewhere *e, struct pathway_list *l);

#endif
