#include "alert/alert.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "unit/alert/story.h"

static const struct story stories[] = {
    { "crosses, worsens, eases, clears",
      1,
      1,
      0,
      0,
      { { "CA", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 1 },
        { "CAR", 0, NULL, ALERT_FIRING, NEWS_WORSE, NEWS_NONE, 2, 1 },
        { "CARA", 0, NULL, ALERT_FIRING, NEWS_BETTER, NEWS_NONE, 3, 1 },
        { "CARAC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 4, 1 },
        { "CARACC", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 4, 1 } } },
    { "is watched before it is told",
      2,
      2,
      0,
      0,
      { { "R", 0, NULL, ALERT_PENDING, NEWS_WATCHING, NEWS_NONE, 0, 0 },
        { "RR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "RRC", 0, NULL, ALERT_RECOVERING, NEWS_NONE, NEWS_NONE, 1, 0 },
        { "RRCC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 } } },
    { "a mere crossing ends without a word",
      2,
      1,
      0,
      0,
      { { "R", 0, NULL, ALERT_PENDING, NEWS_WATCHING, NEWS_NONE, 0, 0 },
        { "RC", 0, NULL, ALERT_INACTIVE, NEWS_NONE, NEWS_NONE, 0, 0 },
        { "RCR", 0, NULL, ALERT_PENDING, NEWS_WATCHING, NEWS_NONE, 0, 2 } } },
    { "opened and closed before anybody looked: kept, not told",
      1,
      1,
      0,
      0,
      { { "RC", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 0, 0 },
        { "RCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 2 } } },
    { "only the open one of a history is told",
      1,
      1,
      0,
      0,
      { { "RCARCA", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 5 } } },
    { "ended and begun in one batch: both are told",
      1,
      1,
      0,
      0,
      { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "RCA", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_CLEARED, 1, 2 } } },
    { "ended, and the next one watched: the end is told",
      2,
      1,
      0,
      0,
      { { "RR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "RRCR", 0, NULL, ALERT_PENDING, NEWS_CLEARED, NEWS_NONE, 0, 3 } } },
    { "a restatement shows that it never was",
      1,
      1,
      0,
      0,
      { { "CR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 1 },
        { "CC*", 0, NULL, ALERT_RETRACTED, NEWS_CORRECTED, NEWS_NONE, 2, 1 },
        { "CR*", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 3, 1 } } },
    { "a watched crossing is corrected without a word",
      2,
      1,
      0,
      0,
      { { "CR", 0, NULL, ALERT_PENDING, NEWS_WATCHING, NEWS_NONE, 0, 1 },
        { "CC*", 0, NULL, ALERT_INACTIVE, NEWS_NONE, NEWS_NONE, 0, 1 } } },
    { "an opening withheld since is no correction",
      1,
      1,
      0,
      0,
      { { "CR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 1 },
        { "C?*", 0, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 1, 1 },
        { "C?*C", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 1 } } },
    { "an opening restated to clear while a hold stands on it is no correction",
      1,
      1,
      0,
      0,
      { { "CR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 1 },
        { "Cc*", 0, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 1, 1 },
        { "CC*", 0, NULL, ALERT_RETRACTED, NEWS_CORRECTED, NEWS_NONE, 2, 1 } } },
    { "a later opening by a restatement is the same episode",
      1,
      1,
      0,
      0,
      { { "RRR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "C*RR", 0, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 1, 0 },
        { "C*RRA", 0, NULL, ALERT_FIRING, NEWS_BETTER, NEWS_NONE, 2, 0 },
        { "C*RRAC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 3, 0 } } },
    { "an earlier opening by a restatement is the same episode",
      1,
      1,
      0,
      0,
      { { "CR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 1 },
        { "R*R", 0, NULL, ALERT_FIRING, NEWS_CORRECTED, NEWS_NONE, 2, 1 },
        { "R*RC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 3, 1 } } },
    { "corrected, and newly crossed later: both are told",
      1,
      1,
      0,
      0,
      { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "C*CR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_CORRECTED, 1, 2 } } },
    { "a restatement that worsens is told",
      1,
      1,
      0,
      0,
      { { "CA", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 1 },
        { "CR*", 0, NULL, ALERT_FIRING, NEWS_WORSE, NEWS_NONE, 2, 1 } } },
    { "a restatement that makes it less bad is corrected, and no better news",
      1,
      1,
      0,
      0,
      { { "CR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 1 },
        { "CA*", 0, NULL, ALERT_FIRING, NEWS_CORRECTED, NEWS_NONE, 2, 1 },
        { "CA*A", 0, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 2, 1 } } },
    { "the same with a newer period no better than the restated one",
      1,
      1,
      0,
      0,
      { { "CR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 1 },
        { "CA*A", 0, NULL, ALERT_FIRING, NEWS_CORRECTED, NEWS_NONE, 2, 1 } } },
    { "the same of a period that was not the one told",
      1,
      1,
      0,
      0,
      { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "RR", 0, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 1, 0 },
        { "RA*", 0, NULL, ALERT_FIRING, NEWS_CORRECTED, NEWS_NONE, 2, 0 } } },
    { "less confirmed than told: it stays told",
      2,
      1,
      0,
      0,
      { { "RR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "R?*", 0, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 1, 0 } } },
    { "a softer rule withdraws, it does not clear",
      1,
      1,
      0,
      0,
      { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "C", 0, "d2", ALERT_WITHDRAWN, NEWS_WITHDRAWN, NEWS_NONE, 2, 0 } } },
    { "a softer rule that clears a period judged before withdraws too",
      1,
      1,
      0,
      0,
      { { "RA", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "RC", 0, "d2", ALERT_WITHDRAWN, NEWS_WITHDRAWN, NEWS_NONE, 2, 0 } } },
    { "a changed rule by which it is still behind goes on",
      1,
      1,
      0,
      0,
      { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "A", 0, "d2", ALERT_FIRING, NEWS_BETTER, NEWS_NONE, 2, 0 } } },
    { "a late feed resolves nothing, and the worse is still told",
      1,
      1,
      0,
      0,
      { { "A", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "AC", LATE, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 1, 0 },
        { "ACR", LATE, NULL, ALERT_FIRING, NEWS_WORSE, NEWS_NONE, 2, 0 },
        { "ACRA", LATE, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 2, 0 },
        { "ACRC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 3, 0 } } },
    { "a late feed keeps red red",
      1,
      1,
      0,
      0,
      { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "RA", LATE, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 1, 0 },
        { "RA", 0, NULL, ALERT_FIRING, NEWS_BETTER, NEWS_NONE, 2, 0 } } },
    { "a late feed does not correct",
      1,
      1,
      0,
      0,
      { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "C*", LATE, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 1, 0 },
        { "C*", 0, NULL, ALERT_RETRACTED, NEWS_CORRECTED, NEWS_NONE, 2, 0 } } },
    { "a late feed still opens",
      1,
      1,
      0,
      0,
      { { "R", LATE, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 } } },
    { "a feed that becomes late does not undo what is resolved",
      1,
      1,
      0,
      0,
      { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "RC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
        { "RC", LATE, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 2, 0 } } },
    { "a hold that comes later does not undo what is resolved",
      1,
      1,
      0,
      0,
      { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "RC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
        { "Rc", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 2, 0 },
        { "Rcr", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 3, 0 } } },
    { "a hold that comes later makes nothing worse",
      1,
      1,
      0,
      0,
      { { "RA", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "Ra", 0, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 1, 0 },
        { "Rar", 0, NULL, ALERT_FIRING, NEWS_WORSE, NEWS_NONE, 2, 0 } } },
    { "the figure that closed it becomes behind: it opens again",
      1,
      1,
      0,
      0,
      { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "RC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
        { "RR*", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 3, 0 } } },
    { "the figure that closed it is withheld: it stays closed",
      1,
      1,
      0,
      0,
      { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "RC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
        { "R?*", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 2, 0 } } },
    { "no figure at all resolves nothing",
      1,
      1,
      0,
      0,
      { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
        { "", 0, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 1, 0 } } },
};

START_TEST(an_alert_lives_as_its_story_says)
{
    story_run(&stories[_i]);
}
END_TEST

START_TEST(a_measure_that_was_never_behind_stores_nothing)
{
    struct periods p;
    struct alert_change c;

    periods_init(&p, 1, 1, "CCB?");
    ck_assert_int_eq(step(NULL, &p.finding, 0, &c), 0);
    ck_assert(!c.changed && c.news == NEWS_NONE && c.next.episode_count == 0);
    alert_change_release(&c);
}
END_TEST

START_TEST(a_figure_restated_by_little_is_stored_and_not_told)
{
    struct periods p;
    struct alert stored = ALERT_INIT;
    struct alert_change c;

    periods_init(&p, 1, 1, "CR");
    ck_assert_int_eq(step(NULL, &p.finding, 0, &c), 0);
    ck_assert(!c.next.episodes[0].restated);
    ck_assert_str_eq(c.next.title, "Helped within 4 weeks");
    ck_assert_str_eq(c.next.owner, "camhs-lead");
    ck_assert_str_eq(c.next.rule_digest, "d1");
    adopt(&stored, &c);
    periods_set(&p, "CR*");
    p.versions[1].value = PERIOD_RED + ALERT_CORRECTION_STEP;
    ck_assert_int_eq(step(&stored, &p.finding, 7, &c), 0);
    ck_assert(c.changed && c.news == NEWS_NONE);
    ck_assert(c.next.episodes[0].restated);
    ck_assert_double_eq(c.next.episodes[0].value, PERIOD_RED + ALERT_CORRECTION_STEP);
    ck_assert_uint_eq(c.next.episodes[0].ordinal, 1);
    ck_assert_int_eq(c.next.episodes[0].changed_at.ms, NOW(7).ms);
    adopt(&stored, &c);
    alert_release(&stored);
}
END_TEST

START_TEST(a_rule_that_ended_withdraws_what_is_open)
{
    struct periods p;
    struct alert stored = ALERT_INIT;
    struct alert_change c;

    periods_init(&p, 1, 1, "CR");
    ck_assert_int_eq(step(NULL, &p.finding, 0, &c), 0);
    adopt(&stored, &c);
    ck_assert_int_eq(alert_end(&stored, month_end(5), NOW(1), &c), 0);
    ck_assert(c.changed);
    ck_assert_int_eq(c.news, NEWS_WITHDRAWN);
    ck_assert_int_eq(c.next.episodes[0].state, ALERT_WITHDRAWN);
    ck_assert_int_eq(c.next.episodes[0].closed_on.day, month_end(5).day);
    ck_assert_uint_eq(c.next.episodes[0].ordinal, 2);
    adopt(&stored, &c);
    ck_assert_int_eq(alert_end(&stored, month_end(6), NOW(2), &c), 0);
    ck_assert(!c.changed);
    alert_change_release(&c);
    /* The rule is back: the same opening, the same id. */
    ck_assert_int_eq(step(&stored, &p.finding, 3, &c), 0);
    ck_assert_int_eq(c.news, NEWS_NEW);
    ck_assert_uint_eq(c.next.episode_count, 1);
    ck_assert(!date_is_set(c.next.episodes[0].closed_on));
    adopt(&stored, &c);
    alert_release(&stored);
}
END_TEST

START_TEST(a_plan_that_begins_later_carries_the_episode_on)
{
    struct periods p;
    struct alert stored = ALERT_INIT;
    struct alert_change c;
    char id[ALERT_ID_MAX];

    periods_init(&p, 1, 1, "CRR");
    ck_assert_int_eq(step(NULL, &p.finding, 0, &c), 0);
    adopt(&stored, &c);
    memcpy(id, stored.episodes[0].id, sizeof id);
    /* The new plan judges the fourth month only. */
    periods_set(&p, "CRRR");
    p.finding.history += 3;
    p.finding.history_count = 1;
    strcpy(p.measure.digest, "d2");
    ck_assert_int_eq(step(&stored, &p.finding, 1, &c), 0);
    ck_assert_int_eq(c.news, NEWS_NONE);
    ck_assert_uint_eq(c.next.episode_count, 1);
    ck_assert_str_eq(c.next.episodes[0].id, id);
    adopt(&stored, &c);
    periods_set(&p, "CRRRC");
    p.finding.history += 3;
    p.finding.history_count = 2;
    ck_assert_int_eq(step(&stored, &p.finding, 2, &c), 0);
    ck_assert_int_eq(c.news, NEWS_CLEARED);
    ck_assert_str_eq(c.next.episodes[0].id, id);
    adopt(&stored, &c);
    alert_release(&stored);
}
END_TEST

/* ---- instant rules ---- */

struct instant_stage {
    int month; /* of the one entry; -1: not true now */
    enum period_event event;
    enum alert_state state;
    enum alert_news news, ended;
    size_t episodes;
};

static const struct {
    const char *why;
    enum rule rule;
    struct instant_stage stages[5];
    size_t count;
} instants[] = {
    { "late, then received, then late again",
      RULE_FEED_LATE,
      { { 3, PERIOD_RED, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1 },
        { -1, 0, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 1 },
        { 4, PERIOD_RED, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 2 } },
      3 },
    { "the next period is late as well: one ended, one began",
      RULE_FEED_LATE,
      { { 3, PERIOD_RED, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1 },
        { 4, PERIOD_RED, ALERT_FIRING, NEWS_NEW, NEWS_CLEARED, 2 } },
      2 },
    { "a gap spreads to a newer period: one episode, told as worse",
      RULE_COVERAGE_GAP,
      { { 3, PERIOD_RED, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1 },
        { 4, PERIOD_RED, ALERT_FIRING, NEWS_WORSE, NEWS_NONE, 1 },
        { 3, PERIOD_RED, ALERT_FIRING, NEWS_REMINDER, NEWS_NONE, 1 },
        { -1, 0, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 1 },
        { 3, PERIOD_RED, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1 } },
      5 },
    { "a held file is one episode until it is decided",
      RULE_IMPLAUSIBLE_CHANGE,
      { { 3, PERIOD_RED, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1 },
        { 4, PERIOD_RED, ALERT_FIRING, NEWS_REMINDER, NEWS_NONE, 1 },
        { -1, 0, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 1 } },
      3 },
    { "what is late is said again on each day, once",
      RULE_FEED_LATE,
      { { 3, PERIOD_RED, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1 },
        { 3, PERIOD_RED, ALERT_FIRING, NEWS_REMINDER, NEWS_NONE, 1 },
        { 3, PERIOD_RED, ALERT_FIRING, NEWS_REMINDER, NEWS_NONE, 1 },
        { -1, 0, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 1 } },
      4 },
    { "an action is not said again",
      RULE_ACTION_OVERDUE,
      { { 3, PERIOD_RED, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1 },
        { 3, PERIOD_RED, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 1 } },
      2 },
    { "an action becomes overdue by more",
      RULE_ACTION_OVERDUE,
      { { 3, PERIOD_AMBER, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1 },
        { 3, PERIOD_RED, ALERT_FIRING, NEWS_WORSE, NEWS_NONE, 1 },
        { -1, 0, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 1 } },
      3 },
};

START_TEST(an_instant_alert_lives_as_its_story_says)
{
    static char action_id[] = "1.1";
    struct periods p;
    struct plan_action action = { .id = action_id };
    struct alert stored = ALERT_INIT;
    bool any = false;

    periods_init(&p, 1, 1, "");
    for (size_t n = 0; n < instants[_i].count; n++) {
        const struct instant_stage *x = &instants[_i].stages[n];
        struct period_judgement now = { .event = x->event, .line = NAN };
        struct finding f = {
            .rule = instants[_i].rule,
            .plan = &p.plan,
            .action = &action,
            .feed = "cyp4ww",
            .provider = "",
            .title = p.finding.title,
            .instant = true,
            .line = NAN,
        };
        struct alert_change c;

        if (x->month >= 0) {
            now.start = now.end = month_end(x->month);
            f.history = &now;
            f.history_count = 1;
        }
        for (int again = 0; again < 2; again++) {
            ck_assert_int_eq(step(any ? &stored : NULL, &f, (int)n, &c), 0);
            const struct alert *a = c.changed ? &c.next : &stored;

            ck_assert_msg(alert_current(a)->state == x->state, "%s, stage %zu", instants[_i].why,
                          n);
            ck_assert_msg(c.news == (again ? NEWS_NONE : x->news), "%s, stage %zu: %s",
                          instants[_i].why, n, alert_news_name(c.news));
            ck_assert_msg(c.ended_news == (again ? NEWS_NONE : x->ended), "%s, stage %zu",
                          instants[_i].why, n);
            ck_assert_msg(a->episode_count == x->episodes, "%s, stage %zu: %zu episodes",
                          instants[_i].why, n, a->episode_count);
            ck_assert(!again || !c.changed);
            any |= c.changed;
            adopt(&stored, &c);
        }
    }
    alert_release(&stored);
}
END_TEST

START_TEST(one_more_that_waits_is_worse_and_one_less_is_not)
{
    static const struct {
        enum rule rule;
        unsigned long count;
        int month;
        enum period_event event;
        enum alert_news news;
    } stages[][4] = {
        { { RULE_IMPLAUSIBLE_CHANGE, 1, 3, PERIOD_AMBER, NEWS_NEW },
          { RULE_IMPLAUSIBLE_CHANGE, 2, 4, PERIOD_AMBER, NEWS_WORSE },
          { RULE_IMPLAUSIBLE_CHANGE, 1, 4, PERIOD_AMBER, NEWS_NONE },
          { RULE_IMPLAUSIBLE_CHANGE, 2, 4, PERIOD_RED, NEWS_WORSE } },
        { { RULE_DEAD_LETTER, 1, 3, PERIOD_RED, NEWS_NEW },
          { RULE_DEAD_LETTER, 2, 3, PERIOD_RED, NEWS_WORSE },
          { RULE_DEAD_LETTER, 2, 3, PERIOD_RED, NEWS_NONE },
          { RULE_DEAD_LETTER, 3, 5, PERIOD_RED, NEWS_WORSE } },
    };
    static char title[] = "waits";

    for (size_t k = 0; k < sizeof stages / sizeof stages[0]; k++) {
        struct alert stored = ALERT_INIT;

        for (int n = 0; n < 4; n++) {
            struct period_judgement now = { .start = month_end(stages[k][n].month),
                                            .end = month_end(stages[k][n].month),
                                            .event = stages[k][n].event,
                                            .line = NAN,
                                            .count = stages[k][n].count };
            struct finding f = { .rule = stages[k][n].rule,
                                 .feed = "cyp4ww",
                                 .provider = "",
                                 .receiver = "mail",
                                 .title = title,
                                 .instant = true,
                                 .line = NAN,
                                 .history = &now,
                                 .history_count = 1 };
            struct alert_change c;
            unsigned before = n > 0 ? alert_current(&stored)->ordinal : 0;

            ck_assert_int_eq(step(n > 0 ? &stored : NULL, &f, 0, &c), 0); /* all on one day */
            ck_assert_msg(c.news == stages[k][n].news, "%zu, stage %d: %s", k, n,
                          alert_news_name(c.news));
            adopt(&stored, &c);
            /* Spread and reddened at once: told once. */
            ck_assert_uint_eq(alert_current(&stored)->ordinal,
                              before + (stages[k][n].news != NEWS_NONE));
        }
        alert_release(&stored);
    }
}
END_TEST

START_TEST(a_feed_alert_of_which_no_day_is_kept_is_said_again)
{
    static char title[] = "late";
    struct period_judgement now = { .end = month_end(3), .event = PERIOD_RED, .line = NAN };
    struct finding f = { .rule = RULE_FEED_LATE,
                         .feed = "cyp4ww",
                         .provider = "",
                         .title = title,
                         .instant = true,
                         .line = NAN,
                         .history = &now,
                         .history_count = 1 };
    struct alert stored = ALERT_INIT;
    struct alert_change c;

    ck_assert_int_eq(step(NULL, &f, 0, &c), 0);
    adopt(&stored, &c);
    stored.episodes[0].told_on = DATE_NONE;
    ck_assert_int_eq(step(&stored, &f, 0, &c), 0);
    ck_assert_int_eq(c.news, NEWS_REMINDER);
    adopt(&stored, &c);
    alert_release(&stored);
}
END_TEST

START_TEST(a_stored_alert_without_episodes_takes_a_new_title)
{
    struct periods p;
    struct alert stored = ALERT_INIT;
    struct alert_change c;

    periods_init(&p, 1, 1, "C");
    ck_assert_int_eq(alert_id_of("black-country", &p.finding, stored.id), 0);
    ck_assert_ptr_null(alert_current(&stored));
    strcpy(stored.rule_digest, p.measure.digest);
    ck_assert_int_eq(step(&stored, &p.finding, 0, &c), 0);
    ck_assert(c.changed && c.news == NEWS_NONE);
    ck_assert_str_eq(c.next.title, p.finding.title);
    alert_change_release(&c);
    alert_change_release(NULL);
    alert_release(NULL);
}
END_TEST

START_TEST(what_is_not_so_and_never_was_stores_nothing)
{
    struct finding f = {
        .rule = RULE_FEED_LATE, .feed = "cyp4ww", .provider = "", .instant = true
    };
    struct alert_change c;

    ck_assert_int_eq(step(NULL, &f, 0, &c), 0);
    ck_assert(!c.changed);
    alert_change_release(&c);
}
END_TEST

/* ---- properties over random figures ---- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void draw(uint32_t *seed, char *s, size_t from, size_t to)
{
    static const char letters[] = "RRAACCCBrac?";

    for (size_t i = from; i < to; i++)
        s[i] = letters[next_random(seed) % (sizeof letters - 1)];
    s[to] = '\0';
}

START_TEST(any_batching_of_periods_gives_the_same_alert)
{
    AUTO(auto_free) struct periods *p = malloc(sizeof *p);
    uint32_t seed = 7;

    for (int run = 0; run < 3000; run++) {
        struct alert once = ALERT_INIT, batched = ALERT_INIT;
        struct alert_change c;
        char s[21], part[21];
        size_t len = 1 + next_random(&seed) % 20, at = 0;
        bool any = false;

        draw(&seed, s, 0, len);
        periods_init(p, 1 + (long)(next_random(&seed) % 3), 1 + (long)(next_random(&seed) % 3), s);
        ck_assert_int_eq(step(NULL, &p->finding, 0, &c), 0);
        adopt(&once, &c);
        while (at < len) {
            at += 1 + next_random(&seed) % 3;
            at = at < len ? at : len;
            memcpy(part, s, at);
            part[at] = '\0';
            periods_set(p, part);
            ck_assert_int_eq(step(any ? &batched : NULL, &p->finding, 0, &c), 0);
            any |= c.changed;
            adopt(&batched, &c);
        }
        /* What was only watched and went back is remembered by the one that saw it. */
        size_t k = 0;

        for (size_t i = 0; i < batched.episode_count; i++) {
            const struct episode *e = &batched.episodes[i];

            if (e->state == ALERT_INACTIVE)
                continue;
            ck_assert_msg(k < once.episode_count, "%s: too many", s);
            ck_assert_msg(strcmp(e->id, once.episodes[k].id) == 0, "%s: opening %zu", s, k);
            ck_assert_msg(e->state == once.episodes[k].state, "%s: %s", s,
                          alert_state_name(e->state));
            ck_assert_msg(e->severity == once.episodes[k].severity, "%s: severity", s);
            k++;
        }
        ck_assert_msg(k == once.episode_count, "%s: %zu of %zu", s, k, once.episode_count);
        alert_release(&once);
        alert_release(&batched);
    }
}
END_TEST

static int badness(const struct episode *e)
{
    if (e == NULL || !episode_is_open(e))
        return 0;
    return e->state == ALERT_PENDING ? 1 : e->state == ALERT_RECOVERING ? 2 : 2 + (int)e->severity;
}

/* What must hold of any stored alert, whatever the figures did. */
static void check_invariants(const struct alert *a, const char *s)
{
    size_t open = 0;

    for (size_t i = 0; i < a->episode_count; i++) {
        const struct episode *e = &a->episodes[i];

        open += episode_is_open(e);
        ck_assert(!episode_is_open(e) || i + 1 == a->episode_count);
        ck_assert(date_is_set(e->closed_on) != episode_is_open(e));
        /* Whoever was told that it began was told that it ended. */
        if (!episode_is_open(e) && e->ordinal > 0)
            ck_assert_msg(e->news >= NEWS_CLEARED, "%s: ended as %s", s, alert_news_name(e->news));
        if (e->state == ALERT_FIRING || e->state == ALERT_RECOVERING)
            ck_assert_msg(e->ordinal > 0, "%s: behind plan and never told", s);
        for (size_t k = 0; k < i; k++)
            ck_assert_msg(strcmp(a->episodes[k].id, e->id) != 0, "%s: one id twice", s);
    }
    ck_assert_msg(open <= 1, "%s: %zu open", s, open);
}

START_TEST(restatements_and_holds_in_any_order_keep_the_invariants)
{
    AUTO(auto_free) struct periods *p = malloc(sizeof *p);
    uint32_t seed = 99;

    for (int run = 0; run < 1500; run++) {
        struct alert stored = ALERT_INIT;
        long clear_for = 1 + (long)(next_random(&seed) % 2);
        char s[25] = "";
        size_t len = 0;
        bool any = false;

        periods_init(p, 1 + (long)(next_random(&seed) % 2), clear_for, "");
        for (int n = 0; n < 10; n++) {
            struct alert_change c;
            size_t grown = len + next_random(&seed) % 3;
            int before = any ? badness(alert_current(&stored)) : 0;

            draw(&seed, s, len, grown);
            len = grown;
            if (len > 0 && next_random(&seed) % 2 == 0)
                s[next_random(&seed) % len] = "RAC?"[next_random(&seed) % 4];
            p->finding.holds_now = next_random(&seed) % 3 == 0 ? HOLD_FEED_LATE : 0;
            periods_set(p, s);
            ck_assert_int_eq(step(any ? &stored : NULL, &p->finding, n, &c), 0);
            any |= c.changed;
            adopt(&stored, &c);
            check_invariants(&stored, s);
            const struct episode *e = any ? alert_current(&stored) : NULL;

            /* A mere crossing that nobody was told of may lapse under a hold of now. */
            if (p->finding.holds_now != 0 && before > 1)
                ck_assert_msg(badness(e) >= before, "%s: better under a hold", s);
            size_t clear = 0;

            while (clear < len && s[len - 1 - clear] == 'C')
                clear++;
            if ((long)clear >= clear_for && p->finding.holds_now == 0)
                ck_assert_msg(badness(e) == 0, "%s: clear, yet %s", s, alert_state_name(e->state));
            if (len > 0 && s[len - 1] == 'R')
                ck_assert_msg(badness(e) > 0, "%s: behind, yet nothing is open", s);
            if (any) {
                ck_assert_int_eq(step(&stored, &p->finding, n, &c), 0);
                ck_assert_msg(!c.changed, "%s: evaluating twice: %s", s, c.why);
                alert_change_release(&c);
            }
        }
        alert_release(&stored);
    }
}
END_TEST

UNIT_MAIN("alert_step", UNIT_ROWS(an_alert_lives_as_its_story_says, stories),
          UNIT_TEST(a_measure_that_was_never_behind_stores_nothing),
          UNIT_TEST(a_figure_restated_by_little_is_stored_and_not_told),
          UNIT_TEST(a_rule_that_ended_withdraws_what_is_open),
          UNIT_TEST(a_plan_that_begins_later_carries_the_episode_on),
          UNIT_ROWS(an_instant_alert_lives_as_its_story_says, instants),
          UNIT_TEST(one_more_that_waits_is_worse_and_one_less_is_not),
          UNIT_TEST(a_feed_alert_of_which_no_day_is_kept_is_said_again),
          UNIT_TEST(a_stored_alert_without_episodes_takes_a_new_title),
          UNIT_TEST(what_is_not_so_and_never_was_stores_nothing),
          UNIT_TEST(any_batching_of_periods_gives_the_same_alert),
          UNIT_TEST(restatements_and_holds_in_any_order_keep_the_invariants))
