/*
 * body_rest - what a mail says of several things together
 *
 * Pure. A lead's mail may be of several priorities and plans: each item says which it is of. What has no room
 * before the table is counted there by kind, so that the whole adds up.
 */
#ifndef NOTIFY_BODY_REST_H
#define NOTIFY_BODY_REST_H

#include "notify/wording.h"

/** Of a mail about several priorities, or plans: which this item is of. Else nothing. */
void body_plan_of_item(const struct item_view *v, struct text *out);
/** Whether it is of one priority of a plan, or of nobody's plan. */
bool body_is_of_group(const struct message_context *c);
/** "The other 13 are in the table below: 3 new red, 9 new amber, 1 cleared." items: these, in their order. */
void body_rest(const struct message_context *c, const struct message_item *const *items,
               size_t count, struct text *out);
/** As many words as that takes at most, of all items. */
size_t body_rest_words(const struct message_context *c, const struct message_item *const *items,
                       size_t count);

#endif
