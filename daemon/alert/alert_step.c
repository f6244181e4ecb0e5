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
    return r == RULE_COVERAGE_GAP || r == RULE_IMPLAUSIBLE_CHANGE || r == RULE_DEAD_LETTER ||
           r == RULE_SELF_CHECK || r == RULE_SPECIAL_CAUSE || r == RULE_FORECAST;
}

/* What is wrong with a feed is said again on each day on which it is still so (DESIGN section 5):
   after days on which nobody looked, once. */
static bool is_due_again(const struct stepping *s, const struct episode *e)
{
    static const bool repeated[] = {
        [RULE_FEED_LATE] = true, [RULE_COVERAGE_GAP] = true, [RULE_IMPLAUSIBLE_CHANGE] = true
    };

    return (size_t)s->f->rule < sizeof repeated / sizeof repeated[0] && repeated[s->f->rule] &&
           (!date_is_set(e->told_on) || date_compare(e->told_on, s->today) < 0);
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
    if (spreads && e->ordinal == ordinal)
        stepping_tell(s, index, NEWS_WORSE, why);
    else if (e->ordinal == ordinal && is_due_again(s, e))
        stepping_tell(s, index, NEWS_REMINDER, "still so on another day");
}

static int step_instant(struct stepping *s)
{
    const struct fold_episode *x = s->fold_count > 0 ? &s->folds[0] : NULL;
    size_t index = stepping_open(s);

    if (x == NULL) {
        if (index != NO_EPISODE && s->held_now)
            stepping_keep(s, index, "stays, because a hold blocks movement to better");
        else if (index != NO_EPISODE)
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

#define EPISODE_NUMBERS 27

/* All that an evaluation may change in an episode, but when it changed. */
static void episode_numbers(const struct episode *e, double out[EPISODE_NUMBERS])
{
    const double numbers[EPISODE_NUMBERS] = {
        e->folded.day,     e->state,
        e->severity,       e->ordinal,
        e->news,           e->closed_on.day,
        e->reopened.day,   e->held,
        e->restated,       e->flapping,
        e->value,          e->line,
        e->period_end.day, e->told_period.day,
        e->told_event,     e->told_value,
        (double)e->count,  e->told_open,
        e->early,          e->warned,
        e->by_time,        e->projected_from.day,
        e->by_person,      e->red_on.day,
        e->red_from.day,   e->steps,
        e->reminders,
    };

    memcpy(out, numbers, sizeof numbers);
}

static bool same_episode(const struct episode *a, const struct episode *b)
{
    double x[EPISODE_NUMBERS], y[EPISODE_NUMBERS];

    episode_numbers(a, x);
    episode_numbers(b, y);
    for (size_t i = 0; i < EPISODE_NUMBERS; i++) {
        if (x[i] != y[i] && !(isnan(x[i]) && isnan(y[i])))
            return false;
    }
    return true;
}

static bool same_subject(const struct alert *a, const struct alert *b)
{
    const char *const x[] = { a->rule_digest, a->plan,  a->measure, a->feed,    a->provider,
                              a->action,      a->owner, a->title,   a->receiver };
    const char *const y[] = { b->rule_digest, b->plan,  b->measure, b->feed,    b->provider,
                              b->action,      b->owner, b->title,   b->receiver };

    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) {
        if ((x[i] == NULL) != (y[i] == NULL) || (x[i] != NULL && strcmp(x[i], y[i]) != 0))
            return false;
    }
    return a->priority == b->priority;
}

/* likely: where it was before. */
static size_t index_of(const struct alert *a, const char *episode_id, size_t likely)
{
    if (likely < a->episode_count && strcmp(a->episodes[likely].id, episode_id) == 0)
        return likely;
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

    bool is_ordered = true;

    for (size_t i = 1; i < s->next.episode_count && is_ordered; i++)
        is_ordered = compare_episodes(&s->next.episodes[i - 1], &s->next.episodes[i]) <= 0;
    if (!is_ordered) /* mostly they are */
        qsort(s->next.episodes, s->next.episode_count, sizeof *s->next.episodes, compare_episodes);
    for (size_t i = 0; i < s->next.episode_count; i++) {
        struct episode *e = &s->next.episodes[i];
        size_t before = s->stored != NULL ? index_of(s->stored, e->id, i) : NO_EPISODE;

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
    c.episode = s->news != NEWS_NONE         ? index_of(&s->next, s->news_of, 0)
                : last_changed != NO_EPISODE ? last_changed
                : s->next.episode_count > 0  ? s->next.episode_count - 1
                                             : 0;
    if (s->ended_news != NEWS_NONE)
        c.ended_episode = index_of(&s->next, s->ended_of, 0);
    c.next = s->next;
    s->next = (struct alert)ALERT_INIT;
    *out_change = c;
}

static int stepping_init(struct stepping *s, const struct alert *stored)
{
    s->why = "nothing changed";
    s->stored = stored;
    return stored != NULL ? alert_copy(stored, &s->next) : 0;
}

/* Each episode of the fold may be appended, one more after folding on, and an early warning. */
static int stepping_room(struct stepping *s)
{
    struct episode *roomy;

    s->cap = s->next.episode_count + s->fold_count + 2;
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
               const struct insistence *insistence, struct civil_date today, struct wall_time now,
               struct alert_change *out_change)
{
    struct stepping s = { .f = f, .today = today, .next = ALERT_INIT };
    const struct fold_trace newest = { .call = note_newest, .arg = &s, .newest_alone = true };
    int r;

    assert(instance != NULL && f != NULL && date_is_set(today) && out_change != NULL);
    s.held_now = f->holds_now != 0;
    r = stepping_init(&s, stored);
    if (r == 0)
        r = describe(&s.next, f);
    if (r == 0 && stored == NULL)
        r = alert_id_of(instance, f, s.next.id);
    if (r == 0)
        r = fold_run(s.next.id, stored, f, NULL, &s.folds, &s.fold_count, &newest, &s.came_late);
    if (r == 0)
        r = stepping_room(&s);
    if (r == 0)
        r = f->instant ? step_instant(&s) : step_series(&s);
    if (r == 0 && insistence != NULL)
        step_insist(&s, insistence);
    if (r == 0)
        settle(&s, now, out_change);
    free(s.folds);
    free(s.continued);
    alert_release(&s.next);
    return r;
}

static int end_open(const struct alert *stored, bool by_person, struct civil_date today,
                    struct wall_time now, struct alert_change *out_change)
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
    if (open != NO_EPISODE) {
        stepping_close(&s, open, ALERT_WITHDRAWN, NEWS_WITHDRAWN,
                       by_person ? "a person closed it" : "the rule ended");
        stepping_episode(&s, open)->by_person = by_person;
    }
    settle(&s, now, out_change);
    alert_release(&s.next);
    return 0;
}

int alert_end(const struct alert *stored, struct civil_date today, struct wall_time now,
              struct alert_change *out_change)
{
    return end_open(stored, false, today, now, out_change);
}

int alert_close(const struct alert *stored, struct civil_date today, struct wall_time now,
                struct alert_change *out_change)
{
    return end_open(stored, true, today, now, out_change);
}
