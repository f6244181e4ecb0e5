/*
 * body_details - the tables of a mail below its words: history, figures beside, the linked action
 *
 * Pure. Each only where there is something to be in it.
 */
#ifndef NOTIFY_BODY_DETAILS_H
#define NOTIFY_BODY_DETAILS_H

#include "notify/details.h"
#include "notify/surfaces.h"

/** Those of one item. headed: its title stands above them, as there are others. */
void body_details(struct surfaces *s, const struct item_view *v, bool headed);

#endif
