#include "pipeline_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

/*
 * Whether there is what the words of a silence name: one that is misspelt would keep nothing from being told, and
 * whoever gave it would think that it does.
 */

struct names {
    const char **list; /* owned; the texts are not */
    size_t count, max;
    bool is_full; /* no memory */
};

static void add(struct names *n, const char *name)
{
    if (!name || !*name || n->is_full)
        return;
    if (n->count == n->max) {
        const char **grown = reallocarray(n->list, n->max * 2 + 16, sizeof *grown);

        n->is_full = !grown;
        if (!grown)
            return;
        n->list = grown;
        n->max = n->max * 2 + 16;
    }
    n->list[n->count++] = name;
}

static void add_all(struct names *n, const struct text_list *of)
{
    for (size_t i = 0; i < of->count; i++)
        add(n, of->items[i]);
}

static void of_plan(struct names *n, const struct plan *plan, enum match_key key)
{
    if (key == MATCH_PLAN)
        add(n, plan->id);
    for (size_t i = 0; key == MATCH_MEASURE && i < plan->measure_count; i++)
        add(n, plan->measures[i].id);
    for (size_t i = 0; key == MATCH_ACTION && i < plan->action_count; i++)
        add(n, plan->actions[i].id);
}

static void of_settings(struct names *n, const struct settings *s, enum match_key key)
{
    for (size_t i = 0; i < s->feed_count; i++) {
        if (key == MATCH_FEED)
            add(n, s->feeds[i].id);
        if (key == MATCH_PROVIDER)
            add_all(n, &s->feeds[i].providers);
    }
    for (size_t i = 0; key == MATCH_PROVIDER && i < s->list_count; i++)
        add_all(n, &s->lists[i].providers);
}

/* Also what a plan or the settings have no more. */
static void of_alert(struct names *n, const struct alert *a, enum match_key key)
{
    const char *const texts[MATCH_KEYS] = {
        [MATCH_ALERT] = a->id,  [MATCH_PLAN] = a->plan,     [MATCH_MEASURE] = a->measure,
        [MATCH_FEED] = a->feed, [MATCH_ACTION] = a->action, [MATCH_PROVIDER] = a->provider,
    };

    add(n, texts[key]);
}

static bool is_among(const struct names *n, const char *word, enum match_key key)
{
    for (size_t i = 0; i < n->count; i++)
        if (key == MATCH_ALERT ? strncmp(n->list[i], word, strlen(word)) == 0
                               : strcmp(n->list[i], word) == 0)
            return true;
    return false;
}

static int refuse_word(const struct names *n, const char *word, enum match_key key,
                       char why[ACT_WHY_MAX])
{
    const char *near = key == MATCH_ALERT ? NULL : diag_nearest(word, n->list, n->count);

    (void)snprintf(why, ACT_WHY_MAX, "there is no %s %.40s%s%.40s%s", match_key_name(key), word,
                   near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return -ENOENT;
}

int silence_check_names(const struct pipeline *p, const struct match *m, char why[ACT_WHY_MAX])
{
    int r = 0;
    void *value;

    for (enum match_key key = 0; r == 0 && key < MATCH_KEYS; key++) {
        struct names n = { 0 };

        if (!m->of[key] || key == MATCH_RULE || (key == MATCH_ALERT && !p->loaded))
            continue;
        for (size_t i = 0; i < p->config->plan_count; i++)
            of_plan(&n, p->config->plans[i], key);
        of_settings(&n, p->config->settings, key);
        for (size_t at = 0; table_next(&p->books.alerts, &at, NULL, &value);)
            of_alert(&n, &((const struct stored_alert *)value)->alert, key);
        if (n.is_full)
            r = -ENOMEM;
        else if (!is_among(&n, m->of[key], key))
            r = refuse_word(&n, m->of[key], key, why);
        free(n.list);
    }
    return r;
}
