/*
 * notice - a short message about the daemon itself, as frozen bytes
 *
 * Pure wording. For what must be said without alerts and without Redis: that it is unusable, and
 * that it is usable again. Plain text alone; the JSON is a CloudEvent of a type of its own. No clock
 * is read.
 */
#ifndef NOTIFY_NOTICE_H
#define NOTIFY_NOTICE_H

#include "notify/message.h"

enum notice_kind { NOTICE_REDIS_UNUSABLE, NOTICE_REDIS_USABLE };

struct notice {
    enum notice_kind kind;
    const char *instance, *receiver, *recipient;
    const char *from;        /* mail sender, or NULL: waitlistd@instance */
    const char *delivery_id; /* the caller's, stable for one outage, reminder and recipient */
    const char *why;         /* what Redis, or the connection, said last; may be "" */
    struct wall_time since, now;
};

/** eml and json as asked. Returns 0, -ENOMEM, or -EINVAL for an address that is refused. */
int notice_compose(const struct notice *n, bool want_eml, bool want_json,
                   struct message *out_message);

#endif
