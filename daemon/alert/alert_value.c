/* The alert as a value: its names, copies and release. */
#include "alert/alert.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct episode *alert_current(const struct alert *a)
{
    return a->episode_count > 0 ? &a->episodes[a->episode_count - 1] : NULL;
}

bool episode_is_open(const struct episode *e)
{
    return e->state == ALERT_PENDING || episode_is_active(e);
}

bool episode_is_active(const struct episode *e)
{
    return e->state == ALERT_FIRING || e->state == ALERT_RECOVERING || e->state == ALERT_EARLY;
}

const char *alert_state_name(enum alert_state s)
{
    static const char *const names[ALERT_STATES] = {
        [ALERT_INACTIVE] = "INACTIVE",   [ALERT_PENDING] = "PENDING",
        [ALERT_FIRING] = "FIRING",       [ALERT_RECOVERING] = "RECOVERING",
        [ALERT_RESOLVED] = "RESOLVED",   [ALERT_RETRACTED] = "RETRACTED",
        [ALERT_WITHDRAWN] = "WITHDRAWN", [ALERT_EARLY] = "EARLY",
    };

    assert((size_t)s < ALERT_STATES);
    return names[s];
}

const char *alert_severity_name(enum alert_severity s)
{
    return s == SEVERITY_RED ? "red" : s == SEVERITY_AMBER ? "amber" : NULL;
}

const char *alert_news_name(enum alert_news n)
{
    static const char *const names[] = {
        [NEWS_NONE] = "none",
        [NEWS_WATCHING] = "watching",
        [NEWS_NEW] = "new",
        [NEWS_WORSE] = "worse",
        [NEWS_BETTER] = "better",
        [NEWS_CLEARED] = "cleared",
        [NEWS_CORRECTED] = "corrected",
        [NEWS_WITHDRAWN] = "withdrawn",
        [NEWS_DISCOVERED] = "discovered-late",
        [NEWS_FLAPPING] = "flapping",
        [NEWS_STEADY] = "steady",
        [NEWS_REMINDER] = "reminder",
        [NEWS_ESCALATED] = "escalated",
    };

    assert((size_t)n < sizeof names / sizeof names[0]);
    return names[n];
}

const char *alert_state_words(const struct alert *a, const struct episode *e)
{
    /* What a rule calls true and no longer true; NULL: the words of a measure. */
    static const struct {
        const char *firing, *resolved;
    } by_rule[] = {
        [RULE_BEHIND_PLAN] = { "behind plan", "back on plan" },
        [RULE_FEED_LATE] = { "late", "received" },
        [RULE_COVERAGE_GAP] = { "incomplete", "complete" },
        [RULE_IMPLAUSIBLE_CHANGE] = { "held", "decided" },
        [RULE_ACTION_OVERDUE] = { "overdue", "no longer overdue" },
        [RULE_FORECAST] = { "likely to miss", "no longer likely to miss" },
        [RULE_SPECIAL_CAUSE] = { "special cause", "no longer a special cause" },
        [RULE_DEAD_LETTER] = { "given up", "taken again" },
        [RULE_SELF_CHECK] = { "wrong", "right again" },
        [RULE_GUARD] = { "masking", "no longer masking" },
    };

    assert((size_t)a->rule < sizeof by_rule / sizeof by_rule[0]);
    switch (e->state) {
    case ALERT_PENDING:
        return "watching";
    case ALERT_FIRING:
        return by_rule[a->rule].firing;
    case ALERT_RECOVERING:
        return "recovering";
    case ALERT_RESOLVED:
        return by_rule[a->rule].resolved;
    case ALERT_RETRACTED:
        return "corrected";
    case ALERT_WITHDRAWN:
        return "withdrawn";
    case ALERT_EARLY:
        return "early warning";
    case ALERT_INACTIVE:
        break;
    }
    return "not confirmed";
}

void alert_release(struct alert *a)
{
    if (a == NULL)
        return;
    free(a->plan);
    free(a->measure);
    free(a->feed);
    free(a->provider);
    free(a->action);
    free(a->owner);
    free(a->title);
    free(a->receiver);
    free(a->episodes);
    *a = (struct alert)ALERT_INIT;
}

void alert_change_release(struct alert_change *c)
{
    if (c == NULL)
        return;
    alert_release(&c->next);
    *c = (struct alert_change)ALERT_CHANGE_INIT;
}

int alert_copy(const struct alert *a, struct alert *out_copy)
{
    struct alert copy = *a;
    const char *const from[] = { a->plan,   a->measure, a->feed,  a->provider,
                                 a->action, a->owner,   a->title, a->receiver };
    char **const to[] = { &copy.plan,   &copy.measure, &copy.feed,  &copy.provider,
                          &copy.action, &copy.owner,   &copy.title, &copy.receiver };
    bool failed = false;

    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
        *to[i] = from[i] != NULL ? strdup(from[i]) : NULL;
        failed |= from[i] != NULL && *to[i] == NULL;
    }
    copy.episodes = calloc(a->episode_count + 1, sizeof *copy.episodes);
    if (copy.episodes == NULL || failed) {
        copy.episode_count = 0;
        alert_release(&copy);
        return -ENOMEM;
    }
    for (size_t i = 0; i < a->episode_count; i++)
        copy.episodes[i] = a->episodes[i];
    *out_copy = copy;
    return 0;
}
