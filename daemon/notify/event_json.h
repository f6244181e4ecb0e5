/*
 * event_json - a message as one CloudEvents 1.0 object
 *
 * Pure. Structured mode, type uk.waitlistd.alerts.v1. The figures obey the disclosure rule of the
 * mail. Stays under 20 kB: items beyond are counted in data.omitted.
 */
#ifndef NOTIFY_EVENT_JSON_H
#define NOTIFY_EVENT_JSON_H

#include "notify/message.h"

#define EVENT_MAX_BYTES 20000

/** malloc'ed text, or NULL without memory. items: ordered as they are told. */
char *event_json(const struct message_context *context, const struct message_item *const *items,
                 size_t item_count, const char *delivery_id, const char *subject,
                 enum alert_severity severity);

#endif
