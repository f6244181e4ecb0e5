/* What an evaluation changes in what is stored: the frame, and the instant rules. */
#include "alert/alert.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alert/stepping.h"

/* ---- feeds and actions: true now, or not ---- */

/* While it is true these go on as one episode: a newer missing period or another held file is more
   of the same, and to close the older one would say that it was mended. */
static bool one_while_true(enum rule r)
{
    return r == RULE_COVERAGE_GAP || r == RULE_IMPLAUSIBLE_CHANGE || r == RULE_DEAD_LETTER;
}

/* The same condition goes on. */
static void instant_goes_on(struct stepping *s, size_t index, const struct fold_episode *x)
{
    const struct episode *e = stepping_episode(s, index);
    unsigned ordinal = e->ordinal;
    bool spreads =
        (s->f->rule == RULE_COVERAGE_GAP && date_compare(x->e.period_end, e->period_end) > 0) ||
        x->e.count > e->count;
    const char *why =
        s->f->rule == RULE_COVERAGE_GAP ? "missing from a newer period too" : "one more waits";
    struct fold_episode same = *x;

    same.e.folded = e->opened;
    stepping_advance(s, index, &same);
    if (spreads && stepping_episode(s, index)->ordinal == ordinal)
        stepping_tell(s, index, NEWS_WORSE, why);
}

static int step_instant(struct stepping *s)
{
    const struct fold_episode *x = s->fold_count > 0 ? &s->folds[0] : NULL;
    size_t index = stepping_open(s);

    if (x == NULL) {
        if (index != NO_EPISODE)
            stepping_close(s, index, ALERT_RESOLVED, NEWS_CLEARED, "no longer so");
        return 0;
    }
    if (index != NO_EPISODE) {
        if (one_while_true(s->f->rule) ||
            date_compare(stepping_episode(s, index)->opened, x->e.opened) == 0) {
            instant_goes_on(s, index, x);
            return 0;
        }
        stepping_close(s, index, ALERT_RESOLVED, NEWS_CLEARED, "no longer so; the next one is");
    }
    index = stepping_same_opening(s, x);
    if (index == NO_EPISODE)
        index = stepping_append(s, &x->e);
    stepping_begin(s, index, x);
    return 0;
}

/* ---- what the alert is about ---- */

static int set_text(char **to, const char *from)
{
    char *copy = from != NULL ? strdup(from) : NULL;

    if (from != NULL && copy == NULL)
        return -ENOMEM;
    free(*to);
    *to = copy;
    return 0;
}

static int describe(struct alert *a, const struct finding *f)
{
    int r = 0;

    a->rule = f->rule;
    a->priority = f->measure != NULL  ? f->measure->priority
                  : f->action != NULL ? f->action->priority
                                      : 0;
    a->rule_digest[0] = '\0';
    if (f->measure != NULL)
        memcpy(a->rule_digest, f->measure->digest, sizeof a->rule_digest);
    r |= set_text(&a->plan, f->plan != NULL ? f->plan->id : NULL);
    r |= set_text(&a->measure, f->measure != NULL ? f->measure->id : NULL);
    r |= set_text(&a->feed, f->feed);
    r |= set_text(&a->provider, f->provider);
    r |= set_text(&a->action, f->action != NULL ? f->action->id : NULL);
    r |= set_text(&a->owner, f->owner);
    r |= set_text(&a->title, f->title);
    r |= set_text(&a->receiver, f->receiver);
    return r < 0 ? -ENOMEM : 0;
}

/* ---- what differs ---- */

static bool same_number(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* All but when it changed. */
static bool same_episode(const struct episode *a, const struct episode *b)
{
    return strcmp(a->id, b->id) == 0 && a->opened.day == b->opened.day &&
           a->folded.day == b->folded.day && a->state == b->state && a->severity == b->severity &&
           a->ordinal == b->ordinal && a->news == b->news && a->closed_on.day == b->closed_on.day &&
           a->reopened.day == b->reopened.day && a->held == b->held && a->restated == b->restated &&
           a->flapping == b->flapping && a->told_open == b->told_open &&
           same_number(a->value, b->value) && same_number(a->line, b->line) &&
           a->period_end.day == b->period_end.day && a->told_period.day == b->told_period.day &&
           a->told_event == b->told_event && same_number(a->told_value, b->told_value) &&
           a->count == b->count;
}

static bool same_subject(const struct alert *a, const struct alert *b)
{
    return a->rule == b->rule && a->priority == b->priority &&
           strcmp(a->rule_digest, b->rule_digest) == 0 && same_text(a->plan, b->plan) &&
           same_text(a->measure, b->measure) && same_text(a->feed, b->feed) &&
           same_text(a->provider, b->provider) && same_text(a->action, b->action) &&
           same_text(a->owner, b->owner) && same_text(a->title, b->title) &&
           same_text(a->receiver, b->receiver);
}

static size_t index_of(const struct alert *a, const char *episode_id)
{
    for (size_t i = 0; i < a->episode_count; i++) {
        if (strcmp(a->episodes[i].id, episode_id) == 0)
            return i;
    }
    return NO_EPISODE;
}

/* By opening; an open one is current, wherever a restatement puts its opening. */
static int compare_episodes(const void *a, const void *b)
{
    const struct episode *x = a, *y = b;

    if (episode_is_open(x) != episode_is_open(y))
        return episode_is_open(x) ? 1 : -1;
    return date_compare(x->opened, y->opened);
}

/* Orders, stamps what differs, and hands over. */
static void settle(struct stepping *s, struct wall_time now, struct alert_change *out_change)
{
    struct alert_change c = ALERT_CHANGE_INIT;
    size_t last_changed = NO_EPISODE;

    qsort(s->next.episodes, s->next.episode_count, sizeof *s->next.episodes, compare_episodes);
    for (size_t i = 0; i < s->next.episode_count; i++) {
        struct episode *e = &s->next.episodes[i];
        size_t before = s->stored != NULL ? index_of(s->stored, e->id) : NO_EPISODE;

        if (before != NO_EPISODE && same_episode(&s->stored->episodes[before], e))
            continue;
        e->changed_at = now;
        last_changed = i;
    }
    c.why = s->why;
    c.judged = s->judged;
    c.newest = s->newest;
    c.changed =
        last_changed != NO_EPISODE || (s->stored != NULL && !same_subject(s->stored, &s->next));
    if (!c.changed) {
        assert(s->news == NEWS_NONE);
        *out_change = c;
        return;
    }
    c.news = s->news;
    c.ended_news = s->ended_news;
    c.episode = s->news != NEWS_NONE         ? index_of(&s->next, s->news_of)
                : last_changed != NO_EPISODE ? last_changed
                : s->next.episode_count > 0  ? s->next.episode_count - 1
                                             : 0;
    if (s->ended_news != NEWS_NONE)
        c.ended_episode = index_of(&s->next, s->ended_of);
    c.next = s->next;
    s->next = (struct alert)ALERT_INIT;
    *out_change = c;
}

static int stepping_init(struct stepping *s, const struct alert *stored)
{
    struct episode *roomy;
    int r = 0;

    s->why = "nothing changed";
    s->stored = stored;
    if (stored != NULL)
        r = alert_copy(stored, &s->next);
    if (r < 0)
        return r;
    /* Each episode of the fold may be appended, and one more after folding on. */
    s->cap = s->next.episode_count + s->f->history_count + 1;
    roomy = realloc(s->next.episodes, s->cap * sizeof *roomy);
    if (roomy == NULL)
        return -ENOMEM;
    s->next.episodes = roomy;
    return 0;
}

static void note_newest(void *arg, const struct alert_step *step)
{
    struct stepping *s = arg;

    s->judged = true;
    s->newest = *step;
}

int alert_step(const char *instance, const struct alert *stored, const struct finding *f,
               struct civil_date today, struct wall_time now, struct alert_change *out_change)
{
    struct stepping s = { .f = f, .today = today, .next = ALERT_INIT };
    int r;

    assert(instance != NULL && f != NULL && date_is_set(today) && out_change != NULL);
    s.held_now = f->holds_now != 0;
    r = stepping_init(&s, stored);
    if (r == 0)
        r = describe(&s.next, f);
    if (r == 0 && stored == NULL)
        r = alert_id_of(instance, f, s.next.id);
    if (r == 0)
        r = fold_run(s.next.id, stored, f, NULL, &s.folds, &s.fold_count, note_newest, &s);
    if (r == 0)
        r = f->instant ? step_instant(&s) : step_series(&s);
    if (r == 0)
        settle(&s, now, out_change);
    free(s.folds);
    free(s.continued);
    alert_release(&s.next);
    return r;
}

int alert_end(const struct alert *stored, struct civil_date today, struct wall_time now,
              struct alert_change *out_change)
{
    static const struct finding nothing; /* no periods: nothing is said */
    struct stepping s = { .f = &nothing, .today = today, .next = ALERT_INIT };
    size_t open;
    int r;

    assert(stored != NULL && out_change != NULL);
    r = stepping_init(&s, stored);
    if (r < 0)
        return r;
    open = stepping_open(&s);
    if (open != NO_EPISODE)
        stepping_close(&s, open, ALERT_WITHDRAWN, NEWS_WITHDRAWN, "the rule ended");
    settle(&s, now, out_change);
    alert_release(&s.next);
    return 0;
}
