#include "notify/wording.h"

#include <string.h>

/* ---- who deals with it ---- */

const struct ack *wording_ack_of(const struct item_view *v)
{
    const struct workflow *w = v->context->workflow;
    const struct said *said = w ? workflow_of(w, v->item->episode->id) : NULL;

    return said && said->ack.who &&
                   workflow_is_acked(w, v->item->episode, wall_date(v->context->now))
               ? &said->ack
               : NULL;
}

void wording_ack(const struct item_view *v, struct text *out)
{
    const struct ack *ack = wording_ack_of(v);
    char until[WORDING_DATE_MAX];

    if (!ack)
        return;
    wording_clean(out, ack->who, 60, 6);
    (void)text_printf(out, ", until %s: ", wording_date(ack->until, until));
    wording_clean(out, ack->why, 160, 24);
}

/* ---- what to do ---- */

/*
 * What the reader of a message can do. Where a person owns it, that is whom to ask; of what nobody owns, each
 * rule says it.
 */

static const char *of_feed(const struct item_view *v)
{
    switch (v->item->alert->rule) {
    case RULE_FEED_LATE:
        return "ask whoever sends this feed when its file comes; where it is to come later, "
               "\"waitlistctl feed expect\" gives it another day";
    case RULE_COVERAGE_GAP:
        return "ask the provider why its part is missing or cannot be used, and for a whole one";
    case RULE_IMPLAUSIBLE_CHANGE:
        return "ask whoever sends this feed whether the file is right; a held one is decided with "
               "\"waitlistctl feed accept\" or \"feed refuse\", a refused one is sent again, "
               "mended";
    default:
        return NULL;
    }
}

static const char *of_rule(const struct item_view *v)
{
    if (wording_is_incident(v->item))
        return "tell the information governance lead of the organisation that sent the file, who "
               "records it; ask its sender for the list again, without that column; then close "
               "the incident with \"waitlistctl feed purge\"";
    switch (v->item->alert->rule) {
    case RULE_FEED_LATE:
    case RULE_COVERAGE_GAP:
    case RULE_IMPLAUSIBLE_CHANGE:
        return of_feed(v);
    case RULE_DEAD_LETTER:
        return "tell the receiver's people another way, and find out why it takes nothing: "
               "\"waitlistctl outbox ls\" shows what it said";
    case RULE_SELF_CHECK:
        return "\"waitlistctl status\" and the log of waitlistd say more";
    case RULE_BEHIND_PLAN:
    case RULE_SPECIAL_CAUSE:
    case RULE_FORECAST:
    case RULE_GUARD:
    case RULE_ACTION_OVERDUE:
        break;
    }
    return "nobody owns this in the plan: find who should answer for it, and name an owner there";
}

/* Whether the reader is among those who own it. */
static bool is_owner(const struct item_view *v)
{
    const struct message_context *c = v->context;
    char role[PLAN_ROLE_MAX];

    for (const char *at = v->owner; c->role_holder && plan_roles_next(&at, role);) {
        const char *holder = c->role_holder(c->names_arg, role);

        if (holder && c->recipient_name && strcmp(holder, c->recipient_name) == 0)
            return true;
    }
    return false;
}

void wording_next(const struct item_view *v, struct text *out)
{
    switch (v->item->news) {
    case NEWS_CLEARED:
    case NEWS_CORRECTED:
    case NEWS_WITHDRAWN:
        if (!episode_is_open(v->item->episode)) {
            (void)text_puts(out, wording_stands_behind(v)
                                     ? "it is closed, not mended: nothing more is sent of it until "
                                       "a later data period is behind"
                                     : "nothing is asked of you");
            return;
        }
        break;
    default:
        break;
    }
    (void)text_puts(out, !v->owner     ? of_rule(v)
                         : is_owner(v) ? "decide what is done about it, and by when: it is yours"
                                       : "ask the owner what is being done");
}
