/*
 * list_plausible - whether one provider's part of a snapshot may be believed
 *
 * A file of several providers looks whole when the part of one of them was cut off or filled with one
 * date: its people would count as seen, or as new. Pure. Source: DESIGN section 5, "Held", for each part.
 */
#ifndef PATHWAY_LIST_PLAUSIBLE_H
#define PATHWAY_LIST_PLAUSIBLE_H

#include "base/text.h"
#include "pathway/pathway_list.h"

/** Of fewer who wait a part may shrink as it likes. */
#define SHRUNK_LEAST 5

/** Asked between the beginning of a snapshot and its end; rows: of this provider. Whether a person must
 * decide; then *why gets the words, a count and a date at most. */
bool list_is_implausible(const struct pathway_list *l, const char *provider, unsigned long rows,
                         struct text *why);

#endif
