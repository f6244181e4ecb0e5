/*
 * story - an alert's life, stage by stage
 *
 * Each stage gives the figures as they then stand (periods.h) and what must come of them.
 */
#ifndef UNIT_ALERT_STORY_H
#define UNIT_ALERT_STORY_H

#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "unit/alert/periods.h"

#define NOW(n) ((struct wall_time){ 1700000000000 + (n) })

/* One step of a story: the figures as they stand, and what must come of them. */
struct stage {
    const char *periods;
    unsigned holds_now;
    const char *digest; /* of the rule; NULL: as before */
    enum alert_state state;
    enum alert_news news, ended; /* ended: of an older episode in the same step */
    unsigned ordinal;
    int opened; /* month; of the current episode; FLAPS added: it flaps */
};

#define LATE HOLD_FEED_LATE

#define STAGES_MAX 10
#define FLAPS      1000

struct story {
    const char *why;
    long for_periods, clear_for, reopen_within, steady_for;
    struct stage stages[STAGES_MAX]; /* ends with a NULL */
};

static inline int step(const struct alert *stored, const struct finding *f, int n,
                       struct alert_change *c)
{
    *c = (struct alert_change)ALERT_CHANGE_INIT;
    return alert_step("black-country", stored, f, NULL, date_add_days(month_end(PERIODS_MAX), n),
                      NOW(n), c);
}

/* Adopts a change as the daemon does, by moving. */
static inline void adopt(struct alert *stored, struct alert_change *c)
{
    if (c->changed) {
        alert_release(stored);
        *stored = c->next;
        c->next = (struct alert)ALERT_INIT;
    }
    alert_change_release(c);
}

static inline void check_stage(const char *why, size_t n, const struct stage *x,
                               const struct alert *stored, const struct alert_change *c)
{
    const struct alert *a = c->changed ? &c->next : stored;
    const struct episode *e = alert_current(a);

    ck_assert_msg(e != NULL, "%s, stage %zu: no episode", why, n);
    ck_assert_msg(e->state == x->state, "%s, stage %zu: %s (%s)", why, n,
                  alert_state_name(e->state), c->why);
    ck_assert_msg(c->news == x->news, "%s, stage %zu: news %s", why, n, alert_news_name(c->news));
    ck_assert_msg(c->ended_news == x->ended, "%s, stage %zu: ended %s", why, n,
                  alert_news_name(c->ended_news));
    ck_assert_msg(e->flapping == (x->opened >= FLAPS), "%s, stage %zu: flapping", why, n);
    ck_assert_msg(e->ordinal == x->ordinal, "%s, stage %zu: ordinal %u", why, n, e->ordinal);
    ck_assert_msg(e->opened.day == month_end(x->opened % FLAPS).day, "%s, stage %zu: opened", why,
                  n);
    ck_assert_msg(date_is_set(e->closed_on) == !episode_is_open(e), "%s, stage %zu: closed_on", why,
                  n);
    if (c->changed && c->news > NEWS_WATCHING)
        ck_assert_int_eq(a->episodes[c->episode].news, c->news);
    if (c->ended_news != NEWS_NONE) {
        ck_assert_int_eq(a->episodes[c->ended_episode].news, c->ended_news);
        ck_assert(!episode_is_open(&a->episodes[c->ended_episode]));
    }
}

static inline void story_run(const struct story *story)
{
    AUTO(auto_free) struct periods *p = malloc(sizeof *p);
    struct alert stored = ALERT_INIT;
    bool any = false;

    periods_init(p, story->for_periods, story->clear_for, "");
    p->measure.reopen_within = story->reopen_within;
    p->measure.steady_for = story->steady_for;
    for (size_t n = 0; n < STAGES_MAX && story->stages[n].periods != NULL; n++) {
        const struct stage *x = &story->stages[n];
        struct alert_change c;

        p->finding.holds_now = x->holds_now;
        periods_set(p, x->periods);
        if (x->digest != NULL)
            strcpy(p->measure.digest, x->digest);
        ck_assert_int_eq(step(any ? &stored : NULL, &p->finding, (int)n, &c), 0);
        check_stage(story->why, n, x, &stored, &c);
        any |= c.changed;
        adopt(&stored, &c);
        /* Evaluating twice is evaluating once. */
        ck_assert_int_eq(step(&stored, &p->finding, (int)n + 1, &c), 0);
        ck_assert_msg(!c.changed && c.news == NEWS_NONE, "%s, stage %zu: again: %s", story->why, n,
                      c.why);
        alert_change_release(&c);
    }
    alert_release(&stored);
}

#endif
