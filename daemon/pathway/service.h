/*
 * service - which events start and stop the clocks of a service: services.yaml
 *
 * A service has the clock of its pathways (clock 0) and one for each stage, since a fast first contact
 * can hide a slow second wait. What is written there is data: a service is declared without C. One that
 * is not declared (a bare treatment function code) has a clock from referral to clock stop and no
 * stages. Read once, then read-only; whoever is given a service borrows it from its services.
 * Source: DESIGN sections 5 (events) and 6; DOMAIN section 2, as services.yaml says of each.
 */
#ifndef PATHWAY_SERVICE_H
#define PATHWAY_SERVICE_H

#include <stdint.h>

#include "base/diag.h"
#include "yaml/bind.h"

/** In the order of pathway_event_names. */
enum pathway_event {
    EVENT_REFERRAL,
    EVENT_FIRST_CONTACT,
    EVENT_OUTCOME_BASELINE,
    EVENT_CARE_PLAN,
    EVENT_ASSESSMENT_START,
    EVENT_DIAGNOSIS,
    EVENT_PRESCRIPTION,
    EVENT_EQUIPMENT,
    EVENT_CLOSED_NO_EQUIPMENT,
    EVENT_ADVICE_REQUESTED,
    EVENT_ADVICE_RECEIVED,
    EVENT_ASSESS_DECISION,
    EVENT_NOT_TO_ISSUE,
    EVENT_PLAN_ISSUED,
    EVENT_REVIEW_MEETING,
    EVENT_REVIEW_DECISION,
    EVENT_AMENDED_PLAN,
    EVENT_CLOCK_STOP,
    EVENT_REMOVAL,
    EVENT_TRANSFER,
    EVENT_REOPENED,
    EVENT_COUNT
};
#define EVENT_BIT(event) (1u << (event))

/** How a clock ended. Only OUTCOME_COMPLETED is in the denominator of a completed-within measure. */
enum pathway_outcome {
    OUTCOME_OPEN,      /* it runs */
    OUTCOME_COMPLETED, /* what it waits for happened */
    OUTCOME_UNKNOWN, /* gone from the next snapshot, or the pathway went on without it being recorded */
    OUTCOME_STOPPED,        /* ended without what it waits for: discharged, declined */
    OUTCOME_REMOVED,        /* removed after a first contact */
    OUTCOME_REMOVED_UNSEEN, /* removed before any */
    OUTCOME_TRANSFERRED,
    OUTCOME_EXCLUDED, /* what was waited for is not due: closed without equipment, no plan to issue */
    OUTCOME_SUPERSEDED, /* the same clock began anew */
    OUTCOME_MOVED,      /* it runs on at another provider of the list */
    OUTCOME_COUNT
};
/** "open", "completed", "removed-unseen", ... */
const char *pathway_outcome_name(enum pathway_outcome outcome);
/** The event of a name as pathway_event_names lists it; -ENOENT. */
int pathway_event_of(const char *name);

enum clock_kind {
    CLOCK_FIRST, /* one clock, from the first of its start events */
    CLOCK_EACH,  /* each start event begins it anew; what it waits for has to come after that */
    CLOCK_PAIRED /* one clock for each event_id: a request and its answer carry the same */
};

/** What ends a clock without what it waits for. */
struct clock_end {
    int event;                /* enum pathway_event */
    struct text_list reasons; /* folded comparison; empty: whatever the reason */
    int outcome;              /* enum pathway_outcome */
};

/* Of an event that gives a reason, those that count. */
struct event_only {
    int event;                /* enum pathway_event */
    struct text_list reasons; /* folded comparison */
};

struct clock_rule {
    char *id, *title, *source;
    uint32_t from, to; /* bits of events */
    int kind;          /* enum clock_kind */
    bool latest;       /* all of `to` are needed and the latest stops it; else the first does */
    bool beyond;       /* it may run after the pathway's own clock was completed */
    char *line;        /* the longest wait of the source, "18w"; NULL: none. 13w and 3m differ */
    struct clock_end *ends; /* beside those of the service */
    size_t end_count;
};

struct service {
    char *id, *title, *source;
    long spell_gap_days;       /* referrals of one person this close are one spell; -1: no spells */
    struct clock_rule *clocks; /* [0]: the pathway's own */
    size_t clock_count;
    struct clock_end *ends; /* removal and transfer are always among them */
    size_t end_count;
    struct event_only *only; /* what its sources do not count is as if nobody had reported it */
    size_t only_count;
    struct text_list exceptions; /* codes by which a late wait is excused; the clock runs on */
    struct text_list cohorts;    /* columns that a feed of it should bring; a note for people */
};

/** Exceptions are counted by number: 0 none, then as the service lists them. */
#define EXCEPTION_NONE  0
#define EXCEPTION_OTHER 15 /* one that the service does not list: it excuses nothing */
#define EXCEPTIONS_MAX  14
#define CLOCKS_MAX      32

struct services;

/** Returns 0; -EINVAL with located messages; -ENOMEM. path: config/services.yaml. */
int services_load(const char *path, struct diags *diags, struct services **out_services);
/** The same from memory; name is used in messages. */
int services_parse(const char *name, const char *text, size_t len, struct diags *diags,
                   struct services **out_services);
void services_free(struct services *s);
size_t services_count(const struct services *s);
const struct service *services_at(const struct services *s, size_t index);
/** The service of an id (case and blanks folded), or the one that stands for all that are not declared.
 * services or id NULL: the latter. Never NULL. */
const struct service *service_of(const struct services *s, const char *id);
/** Whether the service is declared. */
bool service_is_declared(const struct service *s);

/** The number of the clock with this id ("decision"), or with "A..B" the first clock from event A to
 * event B ("referral..first-contact"); -ENOENT. */
int service_clock(const struct service *s, const char *stage);
/** Whether an event with this reason counts. reason NULL: it gives none, and is what its feed says it is. */
bool service_counts(const struct service *s, int event, const char *reason);

/** The number of an exception's code; text NULL or blank: EXCEPTION_NONE. */
int service_exception(const struct service *s, const char *text);
/** Its code; "other"; NULL for EXCEPTION_NONE. */
const char *service_exception_name(const struct service *s, int exception);

#endif
