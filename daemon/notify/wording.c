#include "notify/wording.h"

#include <assert.h>
#include <string.h>

#include "plan/evaluate.h"

/* The words of an item that stand everywhere: its state, its news, how bad it is, its title. */

static bool is_degree(enum alert_news news)
{
    return news == NEWS_WORSE || news == NEWS_BETTER;
}

enum alert_news wording_news_told(const struct item_view *v)
{
    return v->is_veiled && is_degree(v->item->news) ? NEWS_REMINDER : v->item->news;
}

enum alert_severity wording_severity_told(const struct item_view *v)
{
    enum alert_severity severity = v->item->episode->severity;

    return v->is_veiled && severity == SEVERITY_AMBER ? SEVERITY_RED : severity;
}

const char *wording_severity(const struct item_view *v)
{
    return v->is_veiled || !episode_is_open(v->item->episode)
               ? NULL
               : alert_severity_name(v->item->episode->severity);
}

const char *wording_news(enum alert_news news)
{
    static const char *const words[] = {
        [NEWS_NONE] = "Unchanged",
        [NEWS_WATCHING] = "Watching",
        [NEWS_NEW] = "New",
        [NEWS_WORSE] = "Worse",
        [NEWS_BETTER] = "Better",
        [NEWS_CLEARED] = "Cleared",
        [NEWS_CORRECTED] = "Corrected",
        [NEWS_WITHDRAWN] = "Withdrawn",
        [NEWS_DISCOVERED] = "Discovered late",
        [NEWS_FLAPPING] = "Flapping",
        [NEWS_STEADY] = "Steady",
        [NEWS_REMINDER] = "Still so",
        [NEWS_ESCALATED] = "Escalated",
    };

    assert((size_t)news < sizeof words / sizeof words[0]);
    return words[news];
}

bool wording_is_incident(const struct message_item *item)
{
    const struct alert *a = item->alert;

    return a->rule == RULE_IMPLAUSIBLE_CHANGE && a->provider &&
           strcmp(a->provider, FEED_INCIDENT) == 0;
}

bool wording_is_warning(const struct message_item *item)
{
    enum rule rule = item->alert->rule;

    return rule == RULE_FORECAST || rule == RULE_SPECIAL_CAUSE || item->episode->early;
}

bool wording_projection_over(const struct message_item *item)
{
    return item->news == NEWS_WITHDRAWN && item->episode->early && item->finding != NULL &&
           item->finding->ageing.state == AGEING_OVER;
}

const char *wording_state(const struct item_view *v)
{
    /* per rule: as long as it is open, once it has ended, where it is said again */
    static const struct state_words {
        const char *open, *ended, *again;
    } of_rules[] = {
        [RULE_BEHIND_PLAN] = { "Behind plan", "Back on plan", "Still behind plan" },
        [RULE_FEED_LATE] = { "Feed late", "Feed no longer late", "Feed still late" },
        [RULE_COVERAGE_GAP] = { "Data incomplete", "Data complete again", "Data still incomplete" },
        [RULE_IMPLAUSIBLE_CHANGE] = { "File not taken", "File no longer waits",
                                      "File still not taken" },
        [RULE_ACTION_OVERDUE] = { "Overdue", "No longer overdue", "Still overdue" },
        [RULE_FORECAST] = { "Forecast", "Forecast no longer so", "Forecast still so" },
        [RULE_SPECIAL_CAUSE] = { "Special cause", "No longer a special cause",
                                 "Still a special cause" },
        [RULE_DEAD_LETTER] = { "Given up", "Delivered again", "Still given up" },
        [RULE_SELF_CHECK] = { "The monitor needs help", "The monitor is well again",
                              "The monitor still needs help" },
        [RULE_GUARD] = { "Masking", "No longer masking", "Still masking" },
    };
    static const struct state_words of_incident = { "NHS numbers in a file", "Incident closed",
                                                    "Incident still open" };
    const struct message_item *item = v->item;
    enum rule rule = item->alert->rule;
    const struct episode *e = item->episode;

    assert((size_t)rule < sizeof of_rules / sizeof of_rules[0]);

    const struct state_words *words = wording_is_incident(item) ? &of_incident : &of_rules[rule];

    if (e->early && episode_is_active(e))
        return e->state == ALERT_EARLY                  ? "Early warning"
               : wording_news_told(v) == NEWS_REMINDER  ? "Still behind plan, projected"
               : wording_news_told(v) == NEWS_ESCALATED ? "Escalated, projected"
                                                        : "Behind plan, projected";
    switch (wording_news_told(v)) {
    case NEWS_CLEARED:
        return e->early ? "Warning not borne out" : words->ended;
    case NEWS_CORRECTED:
        return episode_is_open(item->episode) ? "Corrected, behind plan" : "Corrected";
    case NEWS_DISCOVERED:
        return "Was behind plan";
    case NEWS_FLAPPING:
        return "To and fro, behind plan";
    case NEWS_STEADY:
        return "Steady, behind plan";
    case NEWS_WITHDRAWN:
        if (wording_projection_over(item))
            return "No longer projected";
        if (item->episode->by_person)
            return wording_stands_behind(v) ? "Closed, still behind plan" : "Closed";
        return item->finding != NULL ? "Plan changed" : "No longer watched";
    case NEWS_REMINDER:
        return e->state == ALERT_RECOVERING ? "Recovering" : words->again;
    case NEWS_ESCALATED:
        return "Escalated, behind plan";
    case NEWS_WORSE:
        return rule == RULE_BEHIND_PLAN ? "Worse, behind plan" : words->open;
    case NEWS_BETTER:
        if (rule == RULE_BEHIND_PLAN)
            return item->episode->state == ALERT_RECOVERING ? "Recovering" : "Better, behind plan";
        return words->open;
    case NEWS_NONE:
    case NEWS_WATCHING:
    case NEWS_NEW:
        break;
    }
    if (rule == RULE_BEHIND_PLAN && item->episode->state == ALERT_RECOVERING)
        return "Recovering";
    return words->open;
}

const char *wording_feed(const struct item_view *v)
{
    const struct message_context *c = v->context;
    const char *title = c->feed_title ? c->feed_title(c->names_arg, v->feed) : NULL;

    return title && *title ? title : v->feed;
}

void wording_title(const struct item_view *v, struct text *out)
{
    bool says_late = v->item->alert->rule == RULE_FEED_LATE && v->feed;

    wording_clean(out, says_late ? wording_feed(v) : v->title, 150, 18);
}
