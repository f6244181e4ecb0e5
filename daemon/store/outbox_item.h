/*
 * outbox_item - a frozen message, and how far its delivery is
 *
 * A plain value. What was frozen never changes; the record of its tries is kept beside it in Redis,
 * so that a restart forgets neither the refusals, nor when it is tried next, nor that an outcome is
 * unknown. Monotonic times are of this process: deliver_adopt() makes them from the wall times kept.
 */
#ifndef STORE_OUTBOX_ITEM_H
#define STORE_OUTBOX_ITEM_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "alert/alert.h"
#include "base/clock.h"
#include "outbox/composer.h"
#include "outbox/retry.h"

#define OUTBOX_WHY_MAX 160

/** What a message tells of one episode: kept with it, and journalled when it was sent. */
struct tell {
    char episode[ALERT_ID_MAX];
    struct told told;
};

struct outbox_item {
    /* frozen */
    char *delivery_id, *receiver, *recipient, *subject, *eml, *json;
    enum alert_severity severity;
    char *group;               /* whose day's message it is: composition.group; or NULL */
    struct civil_date day;     /* of which day */
    struct wall_time composed; /* first; a digest has that of its oldest message */
    struct tell *tells;
    size_t tell_count;
    char
        *replaces; /* of a digest: the ids of the messages it stands for, blanks between; or NULL */
    char *released; /* what it shows of figures, JSON: {cell: struct release_entry}; or NULL */
    /* the record of its tries */
    unsigned tries;              /* refusals */
    enum retry_cause last_cause; /* of the last attempt; RETRY_NONE: none */
    struct wall_time last_at;    /* of the last attempt that failed; .ms 0: none */
    struct wall_time next_at;    /* not before */
    bool unknown;                /* an attempt may have arrived: repeated as it is, for ever */
    char why[OUTBOX_WHY_MAX];    /* of the last failure, "" none; no secret, no content */
    long code;
    /* of this process */
    char *stream_id;
    struct mono_time since;    /* .composed, on this clock */
    struct mono_time next_try; /* not before */
    struct mono_time last_try; /* .ms 0: never; the longest untried goes first */
    bool was_flying;           /* as loaded: an attempt began and its outcome was not recorded */
    bool tried;                /* in this run */
    bool is_escalated;         /* fallback and ops were told of it */
};

void outbox_item_free(struct outbox_item *i);
/** The frozen part as JSON; malloc'ed, or NULL without memory. */
char *outbox_item_encode(const struct outbox_item *i);
/** Returns 0, -ENOMEM or -EBADMSG. */
int outbox_item_decode(const char *json, size_t len, struct outbox_item **out_item);
/** The same as a JSON value (new reference, or NULL), and back. */
json_t *outbox_item_json(const struct outbox_item *i);
int outbox_item_of_json(const json_t *json, struct outbox_item **out_item);
/** A copy of the frozen part without its bytes (eml, json): which message it is and what it tells. */
int outbox_item_outline(const struct outbox_item *i, struct outbox_item **out_copy);
/** A copy of the frozen part alone. */
int outbox_item_copy(const struct outbox_item *i, struct outbox_item **out_copy);
/** The next id of .replaces; *ids begins there and goes on. False: there is none. */
bool outbox_next_replaced(const char **ids, char out_id[ALERT_ID_MAX]);
/** The record of its tries becomes that of another. */
void outbox_tries_copy(struct outbox_item *to, const struct outbox_item *from);
/** The record of its tries as JSON; malloc'ed, or NULL. */
char *outbox_tries_encode(const struct outbox_item *i);
/** Reads it back into the item. Returns 0, -ENOMEM or -EBADMSG. */
int outbox_tries_decode(const char *json, size_t len, struct outbox_item *i);

char *told_encode(const struct told *t);
int told_decode(const char *json, size_t len, struct told *out_told);

/** What a message tells, as a JSON array (new reference, or NULL), and back (malloc'ed; 0,
 * -EBADMSG or -ENOMEM). */
json_t *tells_to_json(const struct tell *tells, size_t count);
int tells_of_json(const json_t *list, struct tell **out_tells, size_t *out_count);

#endif
