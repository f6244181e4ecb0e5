/*
 * alerts_json - a message as alerts of an Alertmanager
 *
 * Pure. An array of objects with labels, annotations and startsAt, and lasts_s in the place of endsAt: seconds
 * from when it is sent until it ends unless it is sent again; 0: it is over. The sender completes it by the
 * machine's time (deliver.h), which an Alertmanager compares with its own.
 *
 * The labels name an alert for ever: alertname (the rule), instance, alert_id, plan or feed, and severity, by
 * which alerts are routed. A change of severity is therefore the end of one and the beginning of another. What
 * changes (figures, words, owner) is in the annotations. All items are in it: who is not told of an end would
 * take it for firing.
 */
#ifndef NOTIFY_ALERTS_JSON_H
#define NOTIFY_ALERTS_JSON_H

#include "notify/message.h"

/* That nothing is heard must not look like an end: a daemon that is gone is a heartbeat's business. */
#define ALERTS_LAST_S (7L * 86400)

/** malloc'ed text, or NULL without memory. */
char *alerts_json(const struct message_context *context, const struct message_item *const *items,
                  size_t item_count);
/** Of what is no alert of ours. severity, plan: or NULL. */
char *alerts_json_of_notice(const char *instance, const char *name, const char *severity,
                            const char *plan, const char *summary, struct wall_time since,
                            long lasts_s);

#endif
