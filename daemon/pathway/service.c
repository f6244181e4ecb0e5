#include "pathway/service.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "parse/pathway_record.h"
#include "pathway/service_internal.h"

_Static_assert(EVENT_COUNT <= 32, "events are bits of a word");

static const char *const outcome_names[] = {
    [OUTCOME_OPEN] = "open",
    [OUTCOME_COMPLETED] = "completed",
    [OUTCOME_UNKNOWN] = "unknown",
    [OUTCOME_STOPPED] = "stopped",
    [OUTCOME_REMOVED] = "removed",
    [OUTCOME_REMOVED_UNSEEN] = "removed-unseen",
    [OUTCOME_TRANSFERRED] = "transferred",
    [OUTCOME_EXCLUDED] = "excluded",
    [OUTCOME_SUPERSEDED] = "superseded",
    [OUTCOME_MOVED] = "moved",
};

const char *pathway_outcome_name(enum pathway_outcome outcome)
{
    assert(outcome < OUTCOME_COUNT);
    return outcome_names[outcome];
}

int pathway_event_of(const char *name)
{
    assert(name);
    for (int i = 0; i < EVENT_COUNT; i++) {
        if (strcmp(pathway_event_names[i], name) == 0)
            return i;
    }
    return -ENOENT;
}

/* What stands for every service that is not declared: referral to clock stop. */
static struct clock_end undeclared_ends[] = {
    { EVENT_REMOVAL, { NULL, 0 }, OUTCOME_REMOVED },
    { EVENT_TRANSFER, { NULL, 0 }, OUTCOME_TRANSFERRED },
};
static char undeclared_clock[] = PATHWAY_CLOCK;
static struct clock_rule undeclared_clocks[] = {
    { .id = undeclared_clock,
      .from = EVENT_BIT(EVENT_REFERRAL),
      .to = EVENT_BIT(EVENT_CLOCK_STOP),
      .kind = CLOCK_FIRST },
};
static const struct service undeclared = {
    .spell_gap_days = -1,
    .clocks = undeclared_clocks,
    .clock_count = 1,
    .ends = undeclared_ends,
    .end_count = sizeof undeclared_ends / sizeof undeclared_ends[0],
};

size_t services_count(const struct services *s)
{
    return s->count;
}

const struct service *services_at(const struct services *s, size_t index)
{
    assert(index < s->count);
    return &s->list[index];
}

const struct service *service_of(const struct services *s, const char *id)
{
    for (size_t i = 0; s && id && i < s->count; i++) {
        if (text_same(s->list[i].id, id))
            return &s->list[i];
    }
    return &undeclared;
}

bool service_is_declared(const struct service *s)
{
    return s != &undeclared;
}

/* "A..B": the first clock that A starts and B stops. */
static int clock_between(const struct service *s, const char *dots, const char *stage)
{
    char from[PATHWAY_TEXT_MAX + 1];
    size_t len = (size_t)(dots - stage);

    if (len >= sizeof from)
        return -ENOENT;
    memcpy(from, stage, len);
    from[len] = '\0';
    int a = pathway_event_of(from), b = pathway_event_of(dots + 2);

    for (size_t i = 0; a >= 0 && b >= 0 && i < s->clock_count; i++) {
        if ((s->clocks[i].from & EVENT_BIT(a)) && (s->clocks[i].to & EVENT_BIT(b)))
            return (int)i;
    }
    return -ENOENT;
}

int service_clock(const struct service *s, const char *stage)
{
    const char *dots = strstr(stage, "..");

    if (dots)
        return clock_between(s, dots, stage);
    for (size_t i = 0; i < s->clock_count; i++) {
        if (text_same(s->clocks[i].id, stage))
            return (int)i;
    }
    return -ENOENT;
}

bool service_counts(const struct service *s, int event, const char *reason)
{
    for (size_t i = 0; reason && i < s->only_count; i++) {
        if (s->only[i].event == event && !text_list_has(&s->only[i].reasons, reason))
            return false;
    }
    return true;
}

int service_exception(const struct service *s, const char *text)
{
    if (!text || !text[strspn(text, " ")])
        return EXCEPTION_NONE;
    for (size_t i = 0; i < s->exceptions.count; i++) {
        if (text_same(s->exceptions.items[i], text))
            return (int)i + 1;
    }
    return EXCEPTION_OTHER;
}

const char *service_exception_name(const struct service *s, int exception)
{
    if (exception == EXCEPTION_NONE)
        return NULL;
    return (size_t)exception <= s->exceptions.count ? s->exceptions.items[exception - 1] : "other";
}
