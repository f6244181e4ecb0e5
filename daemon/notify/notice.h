/*
 * notice - a short message that tells of no alert, as frozen bytes
 *
 * Pure wording. For what must be said without Redis: that it is unusable, and that it is usable again;
 * of a plan: that it was changed, that it ends (plan_notice.h), what a forum it reports to asks for (forum_notice.h);
 * that an internal profile is to be reviewed (review_notice.h); the digest of a week (weekly_notice.h); a test, that
 * of each day, and a sign of life, which say nothing. Plain text alone, but of a digest; the JSON is a CloudEvent of a
 * type of its own. No clock is read.
 */
#ifndef NOTIFY_NOTICE_H
#define NOTIFY_NOTICE_H

#include "notify/message.h"

enum notice_kind {
    NOTICE_REDIS_UNUSABLE,
    NOTICE_REDIS_USABLE,
    NOTICE_PLAN_CHANGED,
    NOTICE_PLAN_ENDS,
    NOTICE_FORUM_ASKS,
    NOTICE_FORUM_MISSES,
    NOTICE_REVIEW,
    NOTICE_DIGEST,
    NOTICE_TEST,
    NOTICE_DAILY_TEST,
    NOTICE_HEARTBEAT
};

struct notice {
    enum notice_kind kind;
    const char *instance, *receiver, *recipient;
    const char *from;        /* mail sender, or NULL: waitlistd@instance */
    const char *delivery_id; /* the caller's, stable for one outage, reminder and recipient */
    const char *
        why; /* what Redis, or the connection, said last; may be "". Of a test: who asked for it; of that of a day: from when on it comes */
    struct wall_time since, now;
    enum message_form form;            /* of its data */
    const char *plan, *subject, *body; /* of a plan: its id, and the words; else NULL */
    const char *html;                  /* the same words with tables, or NULL */
    const char *recipient_name;        /* or NULL */
};

/** eml and json as asked. Returns 0, -ENOMEM, or -EINVAL for an address that is refused. */
int notice_compose(const struct notice *n, bool want_eml, bool want_json,
                   struct message *out_message);

#endif
