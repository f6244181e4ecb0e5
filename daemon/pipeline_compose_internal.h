/*
 * pipeline_compose_internal - what the files that make messages of alerts share
 *
 * pipeline_compose.c: which messages, their batches, and the books. pipeline_recipients.c: who is told.
 * pipeline_message.c: one message as it is frozen, and what was told by it. pipeline_released.c: what it shows.
 */
#ifndef PIPELINE_COMPOSE_INTERNAL_H
#define PIPELINE_COMPOSE_INTERNAL_H

#include "base/text.h"
#include "notify/release.h"
#include "outbox/composer.h"
#include "pipeline_internal.h"

/* Told-state that goes with one message. */
struct told_update {
    char *field, *value; /* as Redis holds them: "recipient|episode" */
    struct told told;
    struct civil_date day; /* set: the day of a day's message in place of told */
    bool is_release;       /* .field is "released|cell": what was shown of it, in place of told */
    struct release_entry entry;
};

struct composed {
    struct outbox_item *item;
    struct told_update *updates;
    size_t update_count;
    struct outbox_item **replaced; /* by a digest; of the books */
    size_t replaced_count;
    bool is_again; /* it was due before, or is put there as if it was */
    bool is_first; /* it was not: what it shows is new */
};

/** Owed just now; borrows from configuration and pipeline. */
struct baselines {
    struct composer_baseline *list;
    size_t count;
};

struct composing {
    struct baselines baselines;
    struct composed *list;
    size_t count;
    struct composition_list compositions; /* of which the first .count are in the list */
    struct table escalated;               /* episodes that fallback and ops are told of too */
};

/* ---- pipeline_recipients.c ---- */
/** The owner of what an alert speaks of; feed alerts go to ops and to everyone whose measures wait for
 * that feed. For the composer; arg: the pipeline. */
size_t compose_recipients(void *arg, const struct alert *alert, struct composer_recipient *out,
                          size_t max);
/** For the composer: 1 a webhook, 0 another receiver, -1 none of that name. */
int compose_receiver_kind(void *arg, const char *id);
/** For the composer: how one is told who no longer is by a role or a route. */
void compose_complete(void *arg, struct composer_recipient *who);
/** Who else is told of what this message tells, and who should have been and was not reached.
 * Returns 0 or -ENOMEM. */
int compose_others(const struct pipeline *p, const struct composition *c, struct text *out_told,
                   struct text *out_unreached);

/* ---- pipeline_known.c ---- */
/** What is new to whom goes into the audit; which baselines are owed. Returns 0 or -errno. */
int known_settle(struct pipeline *p, struct baselines *out);
/** For the composer; arg: the pipeline. Returns 1, 0 or -ENOMEM. */
int known_is_new(void *arg, const struct composer_baseline *b, const struct alert *alert,
                 bool is_untold);

/* ---- pipeline_message.c ---- */
/** Freezes a message into an empty .item and .updates. Returns 0 or -errno. */
int compose_message(struct pipeline *p, const struct composition *c, struct composed *out);
/** Add to .updates, which has room, what a recipient is told of an episode; the day of a day's message.
 * Return 0 or -ENOMEM. */
int composed_tells(struct composed *c, const char *recipient, const char *episode,
                   const struct told *told);
int composed_of_day(struct composed *c, const char *recipient, const char *group,
                    struct civil_date day);
/** Adds to .updates what a message shows of figures, {cell: entry}. Returns 0 or -ENOMEM. */
int composed_shows(struct composed *c, const json_t *released);
/** The same of what its item has frozen of them. Returns 0 or -errno. */
int composed_shows_frozen(struct composed *c);
/** That goes into the books at once, so that the next message knows of it; they are loaded again if Redis does
 * not take it. Returns 0 or -ENOMEM. */
int composed_shown(struct pipeline *p, const struct composed *c);
void composed_release(struct composed *c);
/** What messages through a receiver have in common: names, profile, what people said. All borrowed. */
void message_context_of(struct pipeline *p, const struct receiver_setting *receiver,
                        struct message_context *out_context);

#endif
