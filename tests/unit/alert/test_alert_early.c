#include "unit/alert/story.h"

/* Early warnings: what ageing does to an alert between files, and what data make of it. */

/* One evaluation: the data, and what their ageing does ("-", "F", "A", "R", "O" as in periods_age, since
 * so many days after the newest data). */
struct turn {
    const char *periods;
    char aged;
    int days;
    unsigned holds_now;
    const char *digest; /* of the rule; NULL: as before */
    enum alert_state state;
    enum alert_severity severity;
    enum alert_news news;
    bool early;
    const char *why; /* begins so; NULL: not looked at */
};

#define NO_ALERT ((enum alert_state)99)
#define TURNS    8

static const struct {
    const char *name;
    long for_periods, clear_for;
    bool acts;
    struct turn turns[TURNS];
} lives[] = {
    { "ageing warns early, at once and amber, however red; data make it a breach",
      1,
      1,
      false,
      { { "C", 'F', 0, 0, NULL, NO_ALERT, 0, NEWS_NONE, false, NULL },
        { "C", 'R', 9, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NEW, true, "ageing alone" },
        { "C", 'R', 9, LATE, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NONE, true, NULL },
        { "CR", '-', 0, 0, NULL, ALERT_FIRING, SEVERITY_RED, NEWS_WORSE, false, "the data bear" },
        { "CRC", '-', 0, 0, NULL, ALERT_RESOLVED, SEVERITY_RED, NEWS_CLEARED, false, NULL } } },
    { "an amber breach is told too: a warning was only a warning",
      1,
      1,
      false,
      { { "C", 'A', 9, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NEW, true, NULL },
        { "CA", '-', 0, 0, NULL, ALERT_FIRING, SEVERITY_AMBER, NEWS_WORSE, false,
          "the data bear" } } },
    { "data that do not bear it out end it",
      1,
      1,
      false,
      { { "C", 'A', 9, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NEW, true, NULL },
        { "CC", '-', 0, 0, NULL, ALERT_RESOLVED, SEVERITY_AMBER, NEWS_CLEARED, true,
          "the data do not bear" },
        { "CC", 'F', 0, 0, NULL, ALERT_RESOLVED, SEVERITY_AMBER, NEWS_NONE, true, NULL } } },
    { "between the lines is not behind either",
      1,
      1,
      false,
      { { "C", 'A', 9, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NEW, true, NULL },
        { "CB", 'F', 0, 0, NULL, ALERT_RESOLVED, SEVERITY_AMBER, NEWS_CLEARED, true, NULL } } },
    { "data that ageing brings behind again do not end it",
      1,
      1,
      false,
      { { "C", 'A', 9, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NEW, true, NULL },
        { "CC", 'A', 4, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NONE, true, "stays" },
        { "CCC", '-', 0, 0, NULL, ALERT_RESOLVED, SEVERITY_AMBER, NEWS_CLEARED, true, NULL } } },
    { "ageing never makes it better: a line that falls below the projection ends nothing",
      1,
      1,
      false,
      { { "C", 'A', 9, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NEW, true, NULL },
        { "C", 'F', 0, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NONE, true, NULL },
        { "C", '-', 0, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NONE, true, NULL } } },
    { "no hold lets data end it, and no missing figure",
      1,
      1,
      false,
      { { "C", 'A', 9, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NEW, true, NULL },
        { "Cc", '-', 0, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NONE, true, "stays" },
        { "CcC", '-', 0, LATE, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NONE, true, "stays" },
        { "CcC?", '-', 0, LATE, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NONE, true, "stays" },
        { "CcCC", '-', 0, 0, NULL, ALERT_RESOLVED, SEVERITY_AMBER, NEWS_CLEARED, true, NULL } } },
    { "after two silent cadences it is withdrawn, though the feed is late; it begins anew with new "
      "data",
      1,
      1,
      false,
      { { "C", 'A', 9, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NEW, true, NULL },
        { "C", 'O', 0, LATE, NULL, ALERT_WITHDRAWN, SEVERITY_AMBER, NEWS_WITHDRAWN, true,
          "two cadences without data" },
        { "C", 'O', 0, LATE, NULL, ALERT_WITHDRAWN, SEVERITY_AMBER, NEWS_NONE, true, NULL },
        { "CC", 'A', 9, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NEW, true, NULL } } },
    { "the end of a projection says nothing of a breach that data made",
      1,
      1,
      false,
      { { "R", 'R', 9, 0, NULL, ALERT_FIRING, SEVERITY_RED, NEWS_NEW, false, NULL },
        { "R", 'O', 0, LATE, NULL, ALERT_FIRING, SEVERITY_RED, NEWS_NONE, false, NULL } } },
    { "ageing counts nowhere: neither towards `for`",
      2,
      1,
      false,
      { { "C", 'R', 9, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NEW, true, NULL },
        { "CR", 'R', 5, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NONE, true, "stays" },
        { "CRR", '-', 0, 0, NULL, ALERT_FIRING, SEVERITY_RED, NEWS_WORSE, false, NULL } } },
    { "a first crossing in the data is watched, and its ageing makes it no warning",
      2,
      1,
      false,
      { { "CR", 'R', 9, 0, NULL, ALERT_PENDING, SEVERITY_RED, NEWS_WATCHING, false, NULL },
        { "CRC", '-', 0, 0, NULL, ALERT_INACTIVE, SEVERITY_RED, NEWS_NONE, false, NULL } } },
    { "nor towards `clear_for`",
      1,
      2,
      false,
      { { "R", '-', 0, 0, NULL, ALERT_FIRING, SEVERITY_RED, NEWS_NEW, false, NULL },
        { "RC", 'F', 0, 0, NULL, ALERT_RECOVERING, SEVERITY_RED, NEWS_NONE, false, NULL },
        { "RC", 'A', 9, 0, NULL, ALERT_RECOVERING, SEVERITY_RED, NEWS_NONE, false, NULL },
        { "RCC", '-', 0, 0, NULL, ALERT_RESOLVED, SEVERITY_RED, NEWS_CLEARED, false, NULL } } },
    { "a plan that acts on projections has its breach at once",
      1,
      1,
      true,
      { { "C", 'A', 9, 0, NULL, ALERT_FIRING, SEVERITY_AMBER, NEWS_NEW, true, "ageing alone" },
        { "C", 'R', 9, 0, NULL, ALERT_FIRING, SEVERITY_RED, NEWS_WORSE, true, NULL },
        { "C", 'A', 9, 0, NULL, ALERT_FIRING, SEVERITY_RED, NEWS_NONE, true, NULL },
        { "CR", '-', 0, 0, NULL, ALERT_FIRING, SEVERITY_RED, NEWS_NONE, false, "the data bear" },
        { "CRC", '-', 0, 0, NULL, ALERT_RESOLVED, SEVERITY_RED, NEWS_CLEARED, false, NULL } } },
    { "and data end it all the same, as silence does",
      1,
      1,
      true,
      { { "C", 'R', 9, 0, NULL, ALERT_FIRING, SEVERITY_RED, NEWS_NEW, true, NULL },
        { "CC", '-', 0, 0, NULL, ALERT_RESOLVED, SEVERITY_RED, NEWS_CLEARED, true,
          "the data do not bear" },
        { "CCC", 'R', 3, 0, NULL, ALERT_FIRING, SEVERITY_RED, NEWS_NEW, true, NULL },
        { "CCC", 'O', 0, LATE, NULL, ALERT_WITHDRAWN, SEVERITY_RED, NEWS_WITHDRAWN, true,
          NULL } } },
    { "it acts at once on a first crossing that waits to be confirmed",
      2,
      1,
      true,
      { { "CR", '-', 0, 0, NULL, ALERT_PENDING, SEVERITY_RED, NEWS_WATCHING, false, NULL },
        { "CR", 'R', 9, 0, NULL, ALERT_FIRING, SEVERITY_RED, NEWS_NEW, true, NULL },
        { "CRC", '-', 0, 0, NULL, ALERT_RESOLVED, SEVERITY_RED, NEWS_CLEARED, true, NULL } } },
    { "an amber breach becomes red by ageing, and only newer data make it amber again",
      1,
      1,
      true,
      { { "A", '-', 0, 0, NULL, ALERT_FIRING, SEVERITY_AMBER, NEWS_NEW, false, NULL },
        { "A", 'R', 9, 0, NULL, ALERT_FIRING, SEVERITY_RED, NEWS_WORSE, false, NULL },
        { "A", 'A', 9, 0, NULL, ALERT_FIRING, SEVERITY_RED, NEWS_NONE, false, NULL },
        { "AA", '-', 0, 0, NULL, ALERT_FIRING, SEVERITY_AMBER, NEWS_BETTER, false, NULL } } },
    { "a plan that acts on data does not take ageing for red",
      1,
      1,
      false,
      { { "A", '-', 0, 0, NULL, ALERT_FIRING, SEVERITY_AMBER, NEWS_NEW, false, NULL },
        { "A", 'R', 9, 0, NULL, ALERT_FIRING, SEVERITY_AMBER, NEWS_NONE, false, NULL } } },
    { "a changed rule by which it is not behind withdraws the warning",
      1,
      1,
      false,
      { { "C", 'A', 9, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NEW, true, NULL },
        { "C", 'F', 0, 0, "d2", ALERT_WITHDRAWN, SEVERITY_AMBER, NEWS_WITHDRAWN, true,
          "by the changed rule" } } },
    { "soon after its end it is the same alert that ageing opens again",
      1,
      1,
      false,
      { { "R", '-', 0, 0, NULL, ALERT_FIRING, SEVERITY_RED, NEWS_NEW, false, NULL },
        { "RC", '-', 0, 0, NULL, ALERT_RESOLVED, SEVERITY_RED, NEWS_CLEARED, false, NULL },
        { "RC", 'A', 9, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NEW, true, NULL },
        { "RCR", '-', 0, 0, NULL, ALERT_FIRING, SEVERITY_RED, NEWS_WORSE, false, NULL },
        { "RCRC", '-', 0, 0, NULL, ALERT_RESOLVED, SEVERITY_RED, NEWS_CLEARED, false, NULL } } },
    { "before any data period nothing but the newest data is known",
      1,
      1,
      false,
      { { "", 'A', 9, 0, NULL, ALERT_EARLY, SEVERITY_AMBER, NEWS_NEW, true, NULL },
        { "C", '-', 0, 0, NULL, ALERT_RESOLVED, SEVERITY_AMBER, NEWS_CLEARED, true, NULL } } },
};

static void check_turn(const char *name, size_t n, const struct turn *t, const struct alert *a,
                       const struct alert_change *c)
{
    const struct episode *e = alert_current(a);

    if (t->state == NO_ALERT) {
        ck_assert_msg(e == NULL && c->news == NEWS_NONE, "%s, turn %zu", name, n);
        return;
    }
    ck_assert_msg(e != NULL && e->state == t->state, "%s, turn %zu: %s (%s)", name, n,
                  e ? alert_state_name(e->state) : "none", c->why);
    ck_assert_msg(c->news == t->news, "%s, turn %zu: news %s", name, n, alert_news_name(c->news));
    ck_assert_msg(e->severity == t->severity, "%s, turn %zu: severity %d", name, n, e->severity);
    ck_assert_msg(e->early == t->early, "%s, turn %zu: early %d", name, n, e->early);
    if (t->why)
        ck_assert_msg(strncmp(c->why, t->why, strlen(t->why)) == 0, "%s, turn %zu: %s", name, n,
                      c->why);
}

static void set_turn(struct periods *p, const struct turn *t)
{
    p->finding.holds_now = t->holds_now;
    periods_set(p, t->periods);
    periods_age(p, t->aged, (int)p->finding.history_count - 1, t->days);
    if (t->digest != NULL)
        strcpy(p->measure.digest, t->digest);
}

START_TEST(an_early_warning_lives_as_its_story_says)
{
    AUTO(auto_free) struct periods *p = malloc(sizeof *p);
    struct alert stored = ALERT_INIT;
    bool any = false;

    periods_init(p, lives[_i].for_periods, lives[_i].clear_for, "");
    p->measure.reopen_within = 1;
    p->measure.steady_for = 3;
    p->counted.act_on_projected = lives[_i].acts;
    for (size_t n = 0; n < TURNS && lives[_i].turns[n].periods != NULL; n++) {
        struct alert_change c;

        set_turn(p, &lives[_i].turns[n]);
        ck_assert_int_eq(step(any ? &stored : NULL, &p->finding, (int)n, &c), 0);
        check_turn(lives[_i].name, n, &lives[_i].turns[n], c.changed ? &c.next : &stored, &c);
        any |= c.changed;
        adopt(&stored, &c);
        /* Evaluating twice is evaluating once. */
        ck_assert_int_eq(step(any ? &stored : NULL, &p->finding, (int)n + 1, &c), 0);
        ck_assert_msg(!c.changed && c.news == NEWS_NONE, "%s, turn %zu: again: %s", lives[_i].name,
                      n, c.why);
        alert_change_release(&c);
    }
    alert_release(&stored);
}
END_TEST

/* The third warning within 12 data periods flaps; what ends it is as many periods in a row as the plan asks. */
static const struct {
    const char *periods;
    char aged;
    long steady_for; /* 0: never damped */
    enum alert_state state;
    enum alert_news news;
    bool flapping;
} warnings[][TURNS + 6] = {
    { { "C", 'A', 3, ALERT_EARLY, NEWS_NEW, false },
      { "CC", 'F', 3, ALERT_RESOLVED, NEWS_CLEARED, false },
      { "CC", 'A', 3, ALERT_EARLY, NEWS_NEW, false },
      { "CCC", 'F', 3, ALERT_RESOLVED, NEWS_CLEARED, false },
      { "CCC", 'A', 3, ALERT_EARLY, NEWS_NEW, true },
      { "CCCC", 'F', 3, ALERT_EARLY, NEWS_NONE, true },
      { "CCCC", 'A', 3, ALERT_EARLY, NEWS_NONE, true },
      { "CCCCC", 'F', 3, ALERT_EARLY, NEWS_NONE, true },
      { "CCCCCC", 'F', 3, ALERT_EARLY, NEWS_NONE, true },
      { "CCCCCCC", 'F', 3, ALERT_RESOLVED, NEWS_CLEARED, false },
      { "CCCCCCC", 'A', 3, ALERT_EARLY, NEWS_NEW, false } }, /* counted anew */
    { { "C", 'A', 0, ALERT_EARLY, NEWS_NEW, false },
      { "CC", 'F', 0, ALERT_RESOLVED, NEWS_CLEARED, false },
      { "CC", 'A', 0, ALERT_EARLY, NEWS_NEW, false },
      { "CCC", 'F', 0, ALERT_RESOLVED, NEWS_CLEARED, false },
      { "CCC", 'A', 0, ALERT_EARLY, NEWS_NEW, false },
      { "CCCC", 'F', 0, ALERT_RESOLVED, NEWS_CLEARED, false } },
    { { "C", 'A', 3, ALERT_EARLY, NEWS_NEW, false }, /* too long ago to count */
      { "CC", 'F', 3, ALERT_RESOLVED, NEWS_CLEARED, false },
      { "CCCCCCCCCCCC", 'A', 3, ALERT_EARLY, NEWS_NEW, false },
      { "CCCCCCCCCCCCC", 'F', 3, ALERT_RESOLVED, NEWS_CLEARED, false },
      { "CCCCCCCCCCCCC", 'A', 3, ALERT_EARLY, NEWS_NEW, false } },
    { { "C", 'A', 3, ALERT_EARLY, NEWS_NEW, false },
      { "CC", 'F', 3, ALERT_RESOLVED, NEWS_CLEARED, false },
      { "CC", 'A', 3, ALERT_EARLY, NEWS_NEW, false },
      { "CCC", 'F', 3, ALERT_RESOLVED, NEWS_CLEARED, false },
      { "CCC", 'A', 3, ALERT_EARLY, NEWS_NEW, true },
      { "CCCR", '-', 3, ALERT_FIRING, NEWS_WORSE, false }, /* no red is hidden */
      { "CCCRC", '-', 3, ALERT_RESOLVED, NEWS_CLEARED, false } },
    { { "C", 'A', 3, ALERT_EARLY, NEWS_NEW, false },
      { "CC", 'F', 3, ALERT_RESOLVED, NEWS_CLEARED, false },
      { "CC", 'A', 3, ALERT_EARLY, NEWS_NEW, false },
      { "CCC", 'F', 3, ALERT_RESOLVED, NEWS_CLEARED, false },
      { "CCC", 'A', 3, ALERT_EARLY, NEWS_NEW, true },
      { "CCCA", '-', 3, ALERT_FIRING, NEWS_WORSE, false } }, /* borne out, and not steady */
};

START_TEST(a_third_early_warning_within_12_data_periods_flaps_and_ends_once_it_is_steady)
{
    AUTO(auto_free) struct periods *p = malloc(sizeof *p);
    struct alert a = ALERT_INIT;

    periods_init(p, 1, 1, "");
    p->measure.reopen_within = 1;
    for (size_t n = 0; n < sizeof warnings[0] / sizeof warnings[0][0] && warnings[_i][n].periods;
         n++) {
        struct alert_change c;

        p->measure.steady_for = warnings[_i][n].steady_for;
        set_turn(p, &(struct turn){ .periods = warnings[_i][n].periods,
                                    .aged = warnings[_i][n].aged,
                                    .days = 9 });
        for (int again = 0; again < 2; again++) {
            ck_assert_int_eq(step(n || again ? &a : NULL, &p->finding, (int)n, &c), 0);
            ck_assert_msg(c.news == (again ? NEWS_NONE : warnings[_i][n].news),
                          "row %d, turn %zu: %s", _i, n, alert_news_name(c.news));
            adopt(&a, &c);
        }
        ck_assert_msg(alert_current(&a)->state == warnings[_i][n].state, "row %d, turn %zu: %s", _i,
                      n, alert_state_name(alert_current(&a)->state));
        ck_assert_msg(alert_current(&a)->flapping == warnings[_i][n].flapping,
                      "row %d, turn %zu: flapping", _i, n);
    }
    alert_release(&a);
}
END_TEST

/* The date of an episode is a period's, or the day that ageing brought, as it was opened first. */
static const struct {
    const char *first, *ended, *again;
    char aged_first, aged_again;
    bool by_time;
} openers[] = {
    { "R", "RC", "RC", '-', 'A', false },
    { "C", "CC", "CC", 'A', 'A', true },
};

START_TEST(who_opened_an_episode_first_is_known_whoever_opened_it_again)
{
    AUTO(auto_free) struct periods *p = malloc(sizeof *p);
    struct alert a = ALERT_INIT;
    struct alert_change c;

    periods_init(p, 1, 1, "");
    p->measure.reopen_within = 2;
    const struct turn turns[] = {
        { .periods = openers[_i].first, .aged = openers[_i].aged_first, .days = 9 },
        { .periods = openers[_i].ended, .aged = '-' },
        { .periods = openers[_i].again, .aged = openers[_i].aged_again, .days = 9 },
    };

    for (int n = 0; n < 3; n++) {
        set_turn(p, &turns[n]);
        ck_assert_int_eq(step(n ? &a : NULL, &p->finding, n, &c), 0);
        adopt(&a, &c);
    }
    const struct episode *e = alert_current(&a);

    ck_assert(a.episode_count == 1 && episode_is_active(e) && e->by_time == openers[_i].by_time);
    alert_release(&a);
}
END_TEST

START_TEST(an_opening_by_time_carries_the_date_it_fell_due_however_late_it_is_looked_at)
{
    AUTO(auto_free) struct periods *p = malloc(sizeof *p);
    struct alert daily = ALERT_INIT, once = ALERT_INIT;
    struct alert_change c;

    periods_init(p, 1, 1, "");
    for (int day = 9; day < 12; day++) {
        set_turn(p, &(struct turn){ .periods = "C", .aged = 'A', .days = 9 });
        ck_assert_int_eq(step(daily.episode_count ? &daily : NULL, &p->finding, day, &c), 0);
        adopt(&daily, &c);
    }
    ck_assert_int_eq(step(NULL, &p->finding, 30, &c), 0);
    adopt(&once, &c);
    ck_assert_int_eq(once.episodes[0].opened.day, month_end(0).day + 9);
    ck_assert_str_eq(once.episodes[0].id, daily.episodes[0].id);
    ck_assert_uint_eq(once.episodes[0].ordinal, daily.episodes[0].ordinal);
    alert_release(&daily);
    alert_release(&once);
}
END_TEST

UNIT_MAIN("alert_early", UNIT_ROWS(an_early_warning_lives_as_its_story_says, lives),
          UNIT_ROWS(a_third_early_warning_within_12_data_periods_flaps_and_ends_once_it_is_steady,
                    warnings),
          UNIT_ROWS(who_opened_an_episode_first_is_known_whoever_opened_it_again, openers),
          UNIT_TEST(an_opening_by_time_carries_the_date_it_fell_due_however_late_it_is_looked_at))
