/*
 * message - what one recipient is told, as frozen bytes
 *
 * Pure wording: findings and alerts to text. The same facts become plain text, HTML, JSON
 * (CloudEvents 1.0). Wording is fixed; every string from outside is escaped for its surface. Body
 * order: new, worse, better, cleared, corrected, then "n unchanged". No clock is read: `now` is
 * given.
 */
#ifndef NOTIFY_MESSAGE_H
#define NOTIFY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "alert/alert.h"
#include "alert/workflow.h"
#include "base/clock.h"
#include "base/text.h"
#include "notify/release.h"
#include "plan/finding.h"
#include "settings/settings.h"

/** One alert in a message. */
struct message_item {
    const struct alert *alert;
    const struct episode *episode;
    const struct finding *finding; /* NULL when the rule ended */
    const struct plan *plan;       /* of its alert; NULL: the message's, or none */
    enum alert_news news;          /* relative to what this receiver was last told */
    char notice_id[ALERT_ID_MAX];  /* of the newest notice told by this message */
    bool came_and_went;            /* it began and ended while the message waited */
};

/** In what form a message's data are given. */
enum message_form {
    FORM_EVENT,  /* one CloudEvent (event_json.h) */
    FORM_CARD,   /* an Adaptive Card for a channel of people (card_json.h) */
    FORM_ALERTS, /* alerts of an Alertmanager, as deliver.c completes them (alerts_json.h) */
};

/** The form that a kind of receiver takes. */
enum message_form message_form_of(int receiver_kind);

/** How a plan, or what is new of it, stands: told once, its items being what is behind already. */
struct message_baseline {
    const char *notice_id;
    const char *thread; /* id of its thread where it has no items */
    bool is_first;      /* the recipient hears of the plan for the first time */
    size_t measures;
    size_t unknown; /* of these: nobody knows how they stand */
};

struct message_context {
    const char *instance;
    const char *receiver,
        *recipient; /* recipient: mail address, URL's host or folder name: who it is for */
    const char *recipient_name;         /* or NULL */
    const struct plan *plan;            /* of the group, or NULL for feed alerts */
    size_t priority;                    /* index into plan->priorities; ignored without plan */
    const struct finding_set *findings; /* all of now, or NULL: how linked actions go */
    const struct message_item *items;
    size_t item_count;                       /* 0 only of a baseline */
    const struct message_baseline *baseline; /* NULL: it tells of changes */
    size_t silenced;         /* open alerts of the group that a silence keeps from being told */
    size_t unchanged;        /* open alerts of the group that this message does not repeat */
    const char *also_told;   /* "A Person, ops": the others told of the same; "" or NULL: none */
    const char *not_reached; /* likewise, whose message was given up or waits for too long */
    const struct workflow *workflow; /* what people said of alerts, or NULL */
    const struct workdays *workdays; /* by which it goes further; NULL: weekends alone */
    const char *from;                /* mail sender, or NULL: waitlistd@instance */
    struct wall_time now;
    enum message_form form;  /* of its data */
    enum profile profile;    /* how its figures are shown */
    struct release *release; /* what its audience was shown, to which it adds; NULL: not kept */
    /* A digest of messages that waited (DESIGN section 10); 0: none. */
    size_t backlog_messages;
    const char (*backlog_notices)[ALERT_ID_MAX]; /* all that it tells: its delivery id's parts */
    size_t backlog_notice_count;
    bool is_illustrative, is_rehearsal; /* a plan among them is */
    /** Title of an organisation code; never NULL. */
    const char *(*org_title)(void *arg, const char *code);
    void *org_title_arg;
    /** Title of a feed, and who holds a role now, or NULL; each may be NULL. */
    const char *(*feed_title)(void *arg, const char *feed);
    const char *(*role_holder)(void *arg, const char *role);
    /** Whom to ask when a feed is late, and which list it writes, or NULL; likewise. */
    const char *(*feed_contact)(void *arg, const char *feed);
    const char *(*feed_list)(void *arg, const char *feed);
    void *names_arg;
    /** Whether a feed's figures are published already (then shown as published), else partner
     * control applies. */
    bool (*feed_is_published)(void *arg, const char *feed);
    void *feed_is_published_arg;
    /** What would be counted of a list for a measure that counts the same waits as one of the plan, over some
     * days: 0; -ENODATA where it is not known; -ENOMEM. NULL: nothing is. */
    int (*list_figure)(void *arg, const struct plan_measure *of, const struct plan_measure *m,
                       struct period days, struct series_version *out_version);
    void *list_figure_arg;
};

struct message {
    char delivery_id[ALERT_ID_MAX];
    enum alert_severity severity; /* the worst of its items' news; SEVERITY_RED is sent at once */
    char *subject;                /* at most 60 characters */
    char *eml;       /* the whole mail: headers and MIME body, CRLF; NULL unless asked for */
    char *json;      /* the whole of its data in the form asked for; NULL unless asked for */
    int chart_error; /* 0, or -errno: the mail went without its picture */
};

/** Whether it tells of a plan that nobody acts on yet: said in the subject, in the body and in the data. */
bool message_is_rehearsal(const struct message_context *context);
/** Of a baseline: the measures among its items that are behind plan. */
size_t message_behind(const struct message_context *context);
/** "3 measures behind plan: <priority>" */
void message_heading(const struct message_context *context, struct text *out);
/** Composes; eml and json as asked. Returns 0, -ENOMEM, or -EINVAL for an address that is refused
 * (CR, LF, NUL, blanks). */
int message_compose(const struct message_context *context, bool want_eml, bool want_json,
                    struct message *out_message);
void message_release(struct message *m);

#endif
