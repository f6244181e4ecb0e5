/*
 * card_json - a message as an Adaptive Card, for a channel of people
 *
 * Pure. What a Teams workflow takes: one message with one card of version 1.4. It says of each alert what its
 * mail says, in the same words. All of it is in text runs, which show no mark-up and follow no link that a
 * name from outside might hold. Stays under 25 kB (the workflow takes 28): items beyond are counted.
 */
#ifndef NOTIFY_CARD_JSON_H
#define NOTIFY_CARD_JSON_H

#include "notify/message.h"

#define CARD_MAX_BYTES 25000

/** malloc'ed text, or NULL without memory. items: ordered as they are told. */
char *card_json(const struct message_context *context, const struct message_item *const *items,
                size_t item_count, const char *subject);
/** Of what is no alert. */
char *card_json_of_notice(const char *subject, const char *body);

#endif
