/*
 * digest - many messages that waited for one recipient, as one
 *
 * Pure. When a receiver comes back, what waited for a recipient leaves as one message: each episode
 * once, as it stands now, against what the recipient really got before. Nothing that was due
 * vanishes: an episode that began and ended meanwhile is told with both dates, one that moved and
 * came back as unchanged. The digest's id comes from all the notices that it stands for.
 */
#ifndef OUTBOX_DIGEST_H
#define OUTBOX_DIGEST_H

#include "outbox/composer.h"

/** One notice that waits: an episode of an alert, as it stood when its message was frozen. */
struct waiting_notice {
    const struct alert *alert;
    const struct episode *episode; /* as it stands now */
    unsigned ordinal;              /* of the notice */
};

struct digest_input {
    const char *receiver, *recipient, *recipient_name; /* name may be NULL */
    bool is_lead;                                      /* as composer_recipient has it */
    size_t messages;                                   /* at least 2 */
    const struct waiting_notice *notices;
    size_t notice_count;     /* at least 1 */
    const struct table *got; /* "receiver|recipient|episode" -> struct told *: really delivered */
    const struct plan *const *plans;
    size_t plan_count;
    const struct finding_set *findings;
    const char *const *finding_ids; /* alert id of each finding, by position */
};

/** Its items borrow from the input. Returns 0 or -ENOMEM. */
int digest_compose(const struct digest_input *in, struct composition *out_composition);

#endif
