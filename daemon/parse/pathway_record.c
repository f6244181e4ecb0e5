#include "parse/pathway_record.h"

#include <ctype.h>

const char *const pathway_event_names[] = {
    "referral",
    "first-contact",
    "outcome-baseline",
    "care-plan",
    "assessment-start",
    "diagnosis",
    "prescription",
    "equipment",
    "closed-no-equipment",
    "advice-requested",
    "advice-received",
    "assess-decision",
    "not-to-issue",
    "plan-issued",
    "review-meeting",
    "review-decision",
    "amended-plan",
    "clock-stop",
    "removal",
    "transfer",
    "reopened",
    NULL,
};

static bool is_event(const char *name, const char *text)
{
    while (*name && *text) {
        char c = *text == ' ' || *text == '_' ? '-' : (char)tolower((unsigned char)*text);

        if (c != *name)
            return false;
        name++;
        text++;
    }
    return !*name && !*text;
}

const char *pathway_event_find(const char *text)
{
    for (size_t i = 0; pathway_event_names[i]; i++) {
        if (is_event(pathway_event_names[i], text))
            return pathway_event_names[i];
    }
    return NULL;
}
