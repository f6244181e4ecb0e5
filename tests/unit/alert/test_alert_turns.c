/* Opening again, flapping, corrections, late discovery: what turns after it was told. */
#include "unit/alert/story.h"

static const struct story reopenings[] = {
    { .why = "behind again in the next period: the same episode, told again",
      .for_periods = 1,
      .clear_for = 1,
      .reopen_within = 1,
      .stages = { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
                  { "RC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
                  { "RCA", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 3, 0 },
                  { "RCAC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 4, 0 } } },
    { .why = "behind again after the window: a new episode",
      .for_periods = 1,
      .clear_for = 1,
      .reopen_within = 1,
      .stages = { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
                  { "RC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
                  { "RCCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 3 } } },
    { .why = "a period without a figure does not count towards the window",
      .for_periods = 1,
      .clear_for = 1,
      .reopen_within = 1,
      .stages = { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
                  { "RC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
                  { "RC??R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 3, 0 } } },
    { .why = "reopen_within 0: each opening is a new episode",
      .for_periods = 1,
      .clear_for = 1,
      .reopen_within = 0,
      .stages = { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
                  { "RC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
                  { "RCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 2 } } },
    { .why = "a crossing that is not confirmed leaves it ended, and nobody hears of it",
      .for_periods = 2,
      .clear_for = 1,
      .reopen_within = 2,
      .stages = { { "RR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
                  { "RRC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
                  { "RRCR", 0, NULL, ALERT_PENDING, NEWS_WATCHING, NEWS_NONE, 2, 0 },
                  { "RRCRC", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 2, 0 },
                  { "RRCRCR", 0, NULL, ALERT_PENDING, NEWS_WATCHING, NEWS_NONE, 0, 5 } } },
    { .why = "a crossing that is confirmed opens the same episode",
      .for_periods = 2,
      .clear_for = 1,
      .reopen_within = 1,
      .stages = { { "RR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
                  { "RRC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
                  { "RRCR", 0, NULL, ALERT_PENDING, NEWS_WATCHING, NEWS_NONE, 2, 0 },
                  { "RRCRR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 3, 0 } } },
    { .why = "ended and opened again between two evaluations: nothing to tell",
      .for_periods = 1,
      .clear_for = 1,
      .reopen_within = 1,
      .stages = { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
                  { "RCR", 0, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 1, 0 } } },
};

START_TEST(what_ended_opens_again_as_the_same_within_its_window)
{
    story_run(&reopenings[_i]);
}
END_TEST

#define FLAPPING(reopen) .for_periods = 1, .clear_for = 1, .reopen_within = reopen, .steady_for = 3

static const struct story flaps[] = {
    { .why = "the third opening flaps; its end waits for three steady periods",
      FLAPPING(1),
      .stages = { { "RCRC", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 0, 0 },
                  { "RCRCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, FLAPS + 0 },
                  { "RCRCRC", 0, NULL, ALERT_RECOVERING, NEWS_NONE, NEWS_NONE, 1, FLAPS + 0 },
                  { "RCRCRCR", 0, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 1, FLAPS + 0 },
                  { "RCRCRCRC", 0, NULL, ALERT_RECOVERING, NEWS_NONE, NEWS_NONE, 1, FLAPS + 0 },
                  { "RCRCRCRCC", 0, NULL, ALERT_RECOVERING, NEWS_NONE, NEWS_NONE, 1, FLAPS + 0 },
                  { "RCRCRCRCCC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
                  { "RCRCRCRCCCCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 11 } } },
    { .why = "openings of several episodes count alike",
      FLAPPING(0),
      .stages = { { "RCRC", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 0, 2 },
                  { "RCRCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, FLAPS + 4 } } },
    { .why = "red after amber is told while it flaps, and stays until amber is steady",
      FLAPPING(1),
      .stages = { { "ACACA", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, FLAPS + 0 },
                  { "ACACAR", 0, NULL, ALERT_FIRING, NEWS_WORSE, NEWS_NONE, 2, FLAPS + 0 },
                  { "ACACARA", 0, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 2, FLAPS + 0 },
                  { "ACACARAA", 0, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 2, FLAPS + 0 },
                  { "ACACARAAA", 0, NULL, ALERT_FIRING, NEWS_BETTER, NEWS_NONE, 3, 0 } } },
    { .why = "steady where it was: told that it is steady",
      FLAPPING(1),
      .stages = { { "RCRCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, FLAPS + 0 },
                  { "RCRCRR", 0, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 1, FLAPS + 0 },
                  { "RCRCRRR", 0, NULL, ALERT_FIRING, NEWS_STEADY, NEWS_NONE, 2, 0 },
                  { "RCRCRRRC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 3, 0 } } },
    { .why = "a hold does not count as steady",
      FLAPPING(1),
      .stages = { { "RCRCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, FLAPS + 0 },
                  { "RCRCRrr", 0, NULL, ALERT_FIRING, NEWS_NONE, NEWS_NONE, 1, FLAPS + 0 },
                  { "RCRCRcc?CC", 0, NULL, ALERT_RECOVERING, NEWS_NONE, NEWS_NONE, 1, FLAPS + 0 },
                  { "RCRCRcc?CCC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 } } },
    { .why = "openings far apart do not flap",
      FLAPPING(1),
      .stages = { { "RCCCCCRCCCCCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 12 } } },
    { .why = "openings within twelve periods flap",
      FLAPPING(1),
      .stages = { { "RCCCCRCCCCCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, FLAPS + 11 } } },
    { .why = "the fourth opening counts with those of the last twelve periods",
      FLAPPING(0),
      .stages = { { "RCCCCCCCRCCCCCCCRCCCCCCCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1,
                    24 },
                  { "RCCCCCCCRCCCCCCCRCCCCCCCRCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_CLEARED, 1,
                    FLAPS + 26 } } },
    { .why = "where the plan asks for more clear periods than steady ones, it waits for those",
      .for_periods = 1,
      .clear_for = 2,
      .reopen_within = 1,
      .steady_for = 1,
      .stages = { { "RCCRCCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, FLAPS + 0 },
                  { "RCCRCCRC", 0, NULL, ALERT_RECOVERING, NEWS_STEADY, NEWS_NONE, 2, 0 },
                  { "RCCRCCRCC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 3, 0 } } },
    { .why = "restated figures make it flap: told, for nothing else says it",
      FLAPPING(1),
      .stages = { { "RRRRR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
                  { "RC*RC*R", 0, NULL, ALERT_FIRING, NEWS_FLAPPING, NEWS_NONE, 2, FLAPS + 0 } } },
    { .why = "a rule that ends while it flaps is told",
      FLAPPING(1),
      .stages = { { "RCRCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, FLAPS + 0 },
                  { "CCCCC", 0, "d2", ALERT_WITHDRAWN, NEWS_WITHDRAWN, NEWS_NONE, 2, 0 } } },
    { .why = "steady_for 0: never damped",
      .for_periods = 1,
      .clear_for = 1,
      .reopen_within = 1,
      .stages = { { "RCRCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
                  { "RCRCRC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 } } },
};

START_TEST(what_opens_too_often_is_damped_until_it_is_steady)
{
    story_run(&flaps[_i]);
}
END_TEST

/* ---- corrections: the figure of one letter is set ---- */

struct figure_stage {
    const char *periods;
    int month; /* whose figure is set to .value; -1: none */
    double value;
    double tolerance;
    unsigned holds_now;
    enum alert_news news;
};

static const struct {
    const char *why;
    struct figure_stage stages[4];
    size_t count;
} corrections[] = {
    { "by more than the tolerance: told once",
      { { "R", -1, 0, 10, 0, NEWS_NEW },
        { "R*", 0, 16, 10, 0, NEWS_CORRECTED },
        { "R*R", 0, 16, 10, 0, NEWS_NONE } },
      3 },
    { "by as much as the tolerance: not told",
      { { "R", -1, 0, 10, 0, NEWS_NEW }, { "R*", 0, 15, 10, 0, NEWS_NONE } },
      2 },
    { "little by little: told when it is far from what was told",
      { { "R", -1, 0, 10, 0, NEWS_NEW },
        { "R*", 0, 14, 10, 0, NEWS_NONE },
        { "R*", 0, 18, 10, 0, NEWS_CORRECTED },
        { "R*", 0, 5, 10, 0, NEWS_CORRECTED } },
      4 },
    { "without a tolerance: by more than the step",
      { { "R", -1, 0, 0, 0, NEWS_NEW },
        { "R*", 0, 10, 0, 0, NEWS_NONE },
        { "R*", 0, 10.5, 0, 0, NEWS_CORRECTED } },
      3 },
    { "the told period comes to another severity while a newer one keeps the state",
      { { "R", -1, 0, 10, 0, NEWS_NEW },
        { "RR", -1, 0, 10, 0, NEWS_NONE },
        { "A*R", -1, 0, 10, 0, NEWS_CORRECTED } },
      3 },
    { "the told period comes to the other side of the line while a newer one keeps the state",
      { { "RR", -1, 0, 10, 0, NEWS_NEW },
        { "RRR", -1, 0, 10, 0, NEWS_NONE },
        { "RB*R", -1, 0, 10, 0, NEWS_CORRECTED } },
      3 },
    { "what sounds better waits for a hold; what is worse does not",
      { { "R", -1, 0, 10, 0, NEWS_NEW },
        { "R*", 0, -20, 10, HOLD_FEED_LATE, NEWS_NONE },
        { "R*", 0, 40, 10, HOLD_FEED_LATE, NEWS_CORRECTED },
        { "R*", 0, 5, 10, 0, NEWS_CORRECTED } },
      4 },
    { "a figure that is withheld since is no correction",
      { { "R", -1, 0, 10, 0, NEWS_NEW }, { "?*", -1, 0, 10, 0, NEWS_NONE } },
      2 },
    { "a state that changes says it all",
      { { "A", -1, 0, 10, 0, NEWS_NEW }, { "R*", 0, 90, 10, 0, NEWS_WORSE } },
      2 },
};

START_TEST(a_told_figure_that_is_restated_is_corrected_once)
{
    AUTO(auto_free) struct periods *p = malloc(sizeof *p);
    struct alert stored = ALERT_INIT;

    periods_init(p, 1, 1, "");
    for (size_t n = 0; n < corrections[_i].count; n++) {
        const struct figure_stage *x = &corrections[_i].stages[n];
        struct alert_change c;

        p->finding.holds_now = x->holds_now;
        periods_set(p, x->periods);
        p->measure.tolerance = x->tolerance;
        if (x->month >= 0)
            p->versions[x->month].value = x->value;
        for (int again = 0; again < 2; again++) {
            ck_assert_int_eq(step(n > 0 || again ? &stored : NULL, &p->finding, (int)n, &c), 0);
            ck_assert_msg(c.news == (again ? NEWS_NONE : x->news), "%s, stage %zu: %s",
                          corrections[_i].why, n, alert_news_name(c.news));
            adopt(&stored, &c);
            ck_assert(alert_current(&stored)->told_open);
        }
    }
    alert_release(&stored);
}
END_TEST

START_TEST(a_figure_that_was_withheld_or_not_kept_is_not_compared)
{
    struct periods p;
    struct alert stored = ALERT_INIT;
    struct alert_change c;

    /* Withheld, and red whatever it is; then published. */
    periods_init(&p, 1, 1, "R");
    p.versions[0].marker = MARKER_SUPPRESSED;
    ck_assert_int_eq(step(NULL, &p.finding, 0, &c), 0);
    ck_assert(isnan(c.next.episodes[0].told_value));
    adopt(&stored, &c);
    periods_set(&p, "R*");
    p.versions[0].value = 90;
    ck_assert_int_eq(step(&stored, &p.finding, 1, &c), 0);
    ck_assert_int_eq(c.news, NEWS_NONE);
    adopt(&stored, &c);
    /* Told with its figure, then withheld, and red all the same. */
    stored.episodes[0].told_value = 5;
    p.versions[0].marker = MARKER_SUPPRESSED;
    ck_assert_int_eq(step(&stored, &p.finding, 2, &c), 0);
    ck_assert_int_eq(c.news, NEWS_NONE);
    adopt(&stored, &c);
    /* Of an alert stored before it was kept. */
    stored.episodes[0].told_period = DATE_NONE;
    p.versions[0].marker = MARKER_NONE;
    ck_assert_int_eq(step(&stored, &p.finding, 3, &c), 0);
    ck_assert_int_eq(c.news, NEWS_NONE);
    adopt(&stored, &c);
    alert_release(&stored);
}
END_TEST

START_TEST(a_restatement_of_before_its_end_does_not_correct_what_ended)
{
    struct periods p;
    struct alert stored = ALERT_INIT;
    struct alert_change c;

    periods_init(&p, 1, 1, "R");
    ck_assert_int_eq(step(NULL, &p.finding, 0, &c), 0);
    adopt(&stored, &c);
    periods_set(&p, "RC");
    ck_assert_int_eq(step(&stored, &p.finding, 1, &c), 0);
    adopt(&stored, &c);
    periods_set(&p, "CC"); /* such as by a softer rule, later on */
    p.list[0].restated = true;
    ck_assert_int_eq(step(&stored, &p.finding, 2, &c), 0);
    ck_assert_int_eq(c.news, NEWS_NONE);
    adopt(&stored, &c);
    /* Nor does a plan that begins after it. */
    periods_set(&p, "CCC");
    p.finding.history++;
    p.finding.history_count--;
    ck_assert_int_eq(step(&stored, &p.finding, 3, &c), 0);
    ck_assert_int_eq(c.news, NEWS_NONE);
    adopt(&stored, &c);
    ck_assert_int_eq(alert_current(&stored)->state, ALERT_RESOLVED);
    alert_release(&stored);
}
END_TEST

START_TEST(a_changed_rule_is_no_correction)
{
    struct periods p;
    struct alert stored = ALERT_INIT;
    struct alert_change c;

    periods_init(&p, 1, 1, "RR");
    ck_assert_int_eq(step(NULL, &p.finding, 0, &c), 0);
    adopt(&stored, &c);
    for (int n = 1; n < 3; n++) {
        periods_set(&p, "RRR");
        p.list[1].event = PERIOD_AMBER; /* by the new rule */
        strcpy(p.measure.digest, "d2");
        ck_assert_int_eq(step(&stored, &p.finding, n, &c), 0);
        ck_assert_int_eq(c.news, NEWS_NONE);
        adopt(&stored, &c);
    }
    alert_release(&stored);
}
END_TEST

/* ---- what ended, and never was; what was, and nobody knew ---- */

static const struct story histories[] = {
    { .why = "ended, and restated: it never was",
      .for_periods = 1,
      .clear_for = 1,
      .stages = { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
                  { "RC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
                  { "C*C", LATE, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 2, 0 },
                  { "c*C", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 2, 0 },
                  { "C*C", 0, NULL, ALERT_RETRACTED, NEWS_CORRECTED, NEWS_NONE, 3, 0 },
                  { "R*C", 0, NULL, ALERT_RESOLVED, NEWS_DISCOVERED, NEWS_NONE, 4, 0 } } },
    { .why = "ended, and a softer rule: it was, by the rule of its time",
      .for_periods = 1,
      .clear_for = 1,
      .stages = { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
                  { "RC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
                  { "CC", 0, "d2", ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 2, 0 },
                  { "CCC", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 2, 0 } } },
    { .why = "an older period restated to behind: told as discovered late",
      .for_periods = 1,
      .clear_for = 1,
      .stages = { { "CR*C", 0, NULL, ALERT_RESOLVED, NEWS_DISCOVERED, NEWS_NONE, 1, 1 },
                  { "CRCC", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 1, 1 },
                  { "CC*CC", 0, NULL, ALERT_RETRACTED, NEWS_CORRECTED, NEWS_NONE, 2, 1 } } },
    { .why = "an older period that comes after a newer one: told as discovered late",
      .for_periods = 1,
      .clear_for = 1,
      .stages = { { "CR!C", 0, NULL, ALERT_RESOLVED, NEWS_DISCOVERED, NEWS_NONE, 1, 1 } } },
    { .why = "periods that came in one delivery are history",
      .for_periods = 1,
      .clear_for = 1,
      .stages = { { "C!R!C!", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 0, 1 } } },
    { .why = "discovered late, and behind now: both are told",
      .for_periods = 1,
      .clear_for = 1,
      .stages = { { "R*CR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_DISCOVERED, 1, 2 } } },
    { .why = "an older breach that is the same alert by its window: it began earlier",
      .for_periods = 1,
      .clear_for = 1,
      .reopen_within = 1,
      .stages = { { "CCR", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 2 },
                  { "R*CR", 0, NULL, ALERT_FIRING, NEWS_CORRECTED, NEWS_NONE, 2, 2 } } },
    { .why = "a breach after its end that is discovered late is told under the same alert",
      .for_periods = 1,
      .clear_for = 1,
      .reopen_within = 1,
      .stages = { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
                  { "RCCC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
                  { "RCR*C", 0, NULL, ALERT_RESOLVED, NEWS_DISCOVERED, NEWS_NONE, 3, 0 } } },
    { .why = "it began before what one delivery brought: told as discovered late, once",
      .for_periods = 1,
      .clear_for = 1,
      .stages = { { "?R!C!", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 0, 1 },
                  { "R*RC", 0, NULL, ALERT_RESOLVED, NEWS_DISCOVERED, NEWS_NONE, 1, 1 },
                  { "R*RC", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 1, 1 } } },
    { .why = "the period that ended it is restated to behind: told as discovered late, once",
      .for_periods = 1,
      .clear_for = 1,
      .stages = { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
                  { "RCC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
                  { "RR*C", 0, NULL, ALERT_RESOLVED, NEWS_DISCOVERED, NEWS_NONE, 3, 0 },
                  { "RR*C", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 3, 0 } } },
    { .why = "what was behind and known to be so is no news when it is restated",
      .for_periods = 1,
      .clear_for = 1,
      .stages = { { "C!R!C!", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 0, 1 },
                  { "CR*C", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 0, 1 } } },
    { .why = "opened again and ended between two evaluations: told to nobody",
      .for_periods = 1,
      .clear_for = 1,
      .reopen_within = 1,
      .stages = { { "R", 0, NULL, ALERT_FIRING, NEWS_NEW, NEWS_NONE, 1, 0 },
                  { "RC", 0, NULL, ALERT_RESOLVED, NEWS_CLEARED, NEWS_NONE, 2, 0 },
                  { "RCRC", 0, NULL, ALERT_RESOLVED, NEWS_NONE, NEWS_NONE, 2, 0 } } },
    { .why = "one crossing of an older period that nothing confirms is not told",
      .for_periods = 2,
      .clear_for = 1,
      .stages = { { "R", 0, NULL, ALERT_PENDING, NEWS_WATCHING, NEWS_NONE, 0, 0 },
                  { "RC", 0, NULL, ALERT_INACTIVE, NEWS_NONE, NEWS_NONE, 0, 0 },
                  { "RR!C", 0, NULL, ALERT_RESOLVED, NEWS_DISCOVERED, NEWS_NONE, 1, 0 } } },
};

START_TEST(the_past_is_set_right_once)
{
    story_run(&histories[_i]);
}
END_TEST

START_TEST(a_breach_that_feed_backfill_brings_late_is_no_discovery)
{
    struct periods p;
    struct alert stored = ALERT_INIT;
    struct alert_change c;

    for (int is_history = 0; is_history < 2; is_history++) {
        periods_init(&p, 1, 1, "CR!C");
        struct series_version given = *p.list[1].version;

        given.history = is_history ? HISTORY_FIGURE : HISTORY_NONE;
        p.list[1].version = &given;
        ck_assert_int_eq(step(NULL, &p.finding, 0, &c), 0);
        ck_assert_int_eq(c.news, is_history ? NEWS_NONE : NEWS_DISCOVERED);
        adopt(&stored, &c);
        ck_assert_int_eq(alert_current(&stored)->state, ALERT_RESOLVED);
        ck_assert_int_eq(alert_current(&stored)->opened.day, p.list[1].end.day);
        alert_release(&stored);
    }
}
END_TEST

START_TEST(a_discovery_is_news_for_a_week)
{
    struct periods p;
    struct alert_change c;

    for (int days = ALERT_DISCOVERY_DAYS; days <= ALERT_DISCOVERY_DAYS + 1; days++) {
        periods_init(&p, 1, 1, "CR*C");
        struct civil_date today = date_add_days(wall_date(PERIODS_NOW), days);

        c = (struct alert_change)ALERT_CHANGE_INIT;
        ck_assert_int_eq(alert_step("bc", NULL, &p.finding, NULL, today, NOW(0), &c), 0);
        ck_assert_int_eq(c.news, days > ALERT_DISCOVERY_DAYS ? NEWS_NONE : NEWS_DISCOVERED);
        alert_change_release(&c);
    }
}
END_TEST

UNIT_MAIN("alert_turns",
          UNIT_ROWS(what_ended_opens_again_as_the_same_within_its_window, reopenings),
          UNIT_ROWS(what_opens_too_often_is_damped_until_it_is_steady, flaps),
          UNIT_ROWS(a_told_figure_that_is_restated_is_corrected_once, corrections),
          UNIT_TEST(a_changed_rule_is_no_correction),
          UNIT_TEST(a_figure_that_was_withheld_or_not_kept_is_not_compared),
          UNIT_TEST(a_restatement_of_before_its_end_does_not_correct_what_ended),
          UNIT_ROWS(the_past_is_set_right_once, histories),
          UNIT_TEST(a_breach_that_feed_backfill_brings_late_is_no_discovery),
          UNIT_TEST(a_discovery_is_news_for_a_week))
