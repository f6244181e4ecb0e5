#include "alert/alert.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/auto.h"
#include "unit/alert/periods.h"

#define ID "5d6f093877229399f6e003b2ef9a6012"

/* How good a state is for the reader: a hold must never raise it. */
static const int goodness[ALERT_STATES] = {
    [ALERT_INACTIVE] = 3, [ALERT_PENDING] = 2,   [ALERT_FIRING] = 0,    [ALERT_RECOVERING] = 1,
    [ALERT_RESOLVED] = 3, [ALERT_RETRACTED] = 3, [ALERT_WITHDRAWN] = 3, [ALERT_EARLY] = 1,
};

START_TEST(every_state_and_event_has_exactly_one_row_with_its_reason)
{
    size_t count = 0, rows[ALERT_STATES][PERIOD_EVENTS][2] = { 0 };
    const struct transition *t = alert_transitions(&count);

    ck_assert_uint_eq(count, ALERT_STATES * PERIOD_EVENTS * 2);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(rows[t[i].from][t[i].event][t[i].held]++, 0);
        ck_assert(t[i].why != NULL && strlen(t[i].why) > 10);
    }
}
END_TEST

START_TEST(a_hold_never_moves_to_better_and_missing_data_never_moves)
{
    size_t count = 0;
    const struct transition *t = alert_transitions(&count);

    for (size_t i = 0; i < count; i++) {
        bool behind = t[i].event == PERIOD_AMBER || t[i].event == PERIOD_RED ||
                      t[i].event == PERIOD_PROJECTED;

        /* The end of a projection withdraws what rested on it: no news of the figure. */
        if (t[i].held && t[i].to != ALERT_WITHDRAWN)
            ck_assert_msg(goodness[t[i].to] <= goodness[t[i].from], "row %zu: %s", i, t[i].why);
        if (t[i].event == PERIOD_UNKNOWN)
            ck_assert_int_eq(t[i].from, t[i].to);
        if (!behind)
            ck_assert_msg(goodness[t[i].to] >= goodness[t[i].from], "row %zu worsens", i);
        if (t[i].event == PERIOD_PROJECTED)
            ck_assert_msg(goodness[t[i].to] <= goodness[t[i].from], "row %zu: %s", i, t[i].why);
        if (t[i].event == PERIOD_PROJECTION_OVER)
            ck_assert_int_eq(t[i].to, t[i].from == ALERT_EARLY ? ALERT_WITHDRAWN : t[i].from);
        if (t[i].from == t[i].to)
            ck_assert_msg(strstr(t[i].why, "stays") == t[i].why, "row %zu: %s", i, t[i].why);
    }
}
END_TEST

/* The last episode of the fold: its state, severity and the month it opened; or none. */
static const struct {
    const char *why, *periods;
    long for_periods, clear_for;
    size_t episodes;
    enum alert_state state;
    enum alert_severity severity;
    int opened;
} fold_rows[] = {
    { "no period at all", "", 1, 1, 0, 0, 0, 0 },
    { "never behind", "CCB?N", 1, 1, 0, 0, 0, 0 },
    { "for 1 fires in the same step", "CR", 1, 1, 1, ALERT_FIRING, SEVERITY_RED, 1 },
    { "for 2 only watches the first", "CR", 2, 1, 1, ALERT_PENDING, SEVERITY_RED, 1 },
    { "for 2 opens with the first of the streak", "CRA", 2, 1, 1, ALERT_FIRING, SEVERITY_AMBER, 1 },
    { "went back before it was confirmed", "RC", 2, 1, 0, 0, 0, 0 },
    { "between ends a mere crossing", "RBR", 2, 1, 1, ALERT_PENDING, SEVERITY_RED, 2 },
    { "a held clear does not end a crossing", "Rc", 2, 1, 1, ALERT_PENDING, SEVERITY_RED, 0 },
    { "unknown neither counts nor resets `for`", "R??R", 2, 1, 1, ALERT_FIRING, SEVERITY_RED, 0 },
    { "not due before the first milestone", "NNNA", 1, 1, 1, ALERT_FIRING, SEVERITY_AMBER, 3 },
    { "clear_for 1 resolves at once", "RC", 1, 1, 1, ALERT_RESOLVED, SEVERITY_RED, 0 },
    { "clear_for 2 recovers first", "RC", 1, 2, 1, ALERT_RECOVERING, SEVERITY_RED, 0 },
    { "clear_for 2 resolves second", "RCC", 1, 2, 1, ALERT_RESOLVED, SEVERITY_RED, 0 },
    { "unknown neither counts nor resets `clear_for`", "RC?C", 1, 2, 1, ALERT_RESOLVED,
      SEVERITY_RED, 0 },
    { "between does not recover", "RBBB", 1, 1, 1, ALERT_FIRING, SEVERITY_RED, 0 },
    { "between restarts the clear count", "RCBC", 1, 2, 1, ALERT_RECOVERING, SEVERITY_RED, 0 },
    { "behind again while recovering is the same episode", "RCA", 1, 2, 1, ALERT_FIRING,
      SEVERITY_AMBER, 0 },
    { "behind again restarts the clear count", "RCRC", 1, 2, 1, ALERT_RECOVERING, SEVERITY_RED, 0 },
    { "a held clear does not recover", "Rccc", 1, 1, 1, ALERT_FIRING, SEVERITY_RED, 0 },
    { "a held clear does not count", "RCcC", 1, 3, 1, ALERT_RECOVERING, SEVERITY_RED, 0 },
    { "a hold keeps red from becoming amber", "Ra", 1, 1, 1, ALERT_FIRING, SEVERITY_RED, 0 },
    { "without a hold red becomes amber", "RA", 1, 1, 1, ALERT_FIRING, SEVERITY_AMBER, 0 },
    { "a hold never blocks the worse", "ar", 1, 1, 1, ALERT_FIRING, SEVERITY_RED, 0 },
    { "a held first crossing fires", "r", 1, 1, 1, ALERT_FIRING, SEVERITY_RED, 0 },
    { "unknown for ever never resolves", "R??????????????????????????????", 1, 1, 1, ALERT_FIRING,
      SEVERITY_RED, 0 },
    { "behind after resolved is a new episode", "RCR", 1, 1, 2, ALERT_FIRING, SEVERITY_RED, 2 },
};

START_TEST(periods_fold_to_episodes)
{
    AUTO(auto_free) struct periods *p = malloc(sizeof *p);
    AUTO(auto_free) struct episode *list = NULL;
    const char *why = fold_rows[_i].why;
    size_t count = 0;

    periods_init(p, fold_rows[_i].for_periods, fold_rows[_i].clear_for, fold_rows[_i].periods);
    ck_assert_int_eq(alert_fold(ID, NULL, &p->finding, &list, &count, NULL, NULL), 0);
    ck_assert_msg(count == fold_rows[_i].episodes, "%s: %zu episodes", why, count);
    if (count == 0)
        return;
    const struct episode *e = &list[count - 1];

    ck_assert_msg(e->state == fold_rows[_i].state, "%s: %s", why, alert_state_name(e->state));
    ck_assert_msg(e->severity == fold_rows[_i].severity, "%s: severity %d", why, (int)e->severity);
    ck_assert_msg(e->opened.day == month_end(fold_rows[_i].opened).day, "%s: opening", why);

    char id[ALERT_ID_MAX];

    ck_assert_int_eq(episode_id_of(ID, e->opened, id), 0);
    ck_assert_str_eq(e->id, id);
}
END_TEST

START_TEST(an_episode_shows_its_last_judged_period)
{
    struct periods p;
    AUTO(auto_free) struct episode *list = NULL;
    size_t count = 0;

    periods_init(&p, 1, 1, "RA*?");
    ck_assert_int_eq(alert_fold(ID, NULL, &p.finding, &list, &count, NULL, NULL), 0);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(list[0].period_end.day, month_end(1).day);
    ck_assert_double_eq(list[0].value, PERIOD_AMBER);
    ck_assert_double_eq(list[0].line, 60);
    ck_assert(list[0].held); /* the newest has no value */
    ck_assert(list[0].restated);
    ck_assert(!date_is_set(list[0].closed_on));
}
END_TEST

struct traced {
    size_t count;
    struct alert_step steps[PERIODS_MAX];
};

static void note_step(void *arg, const struct alert_step *step)
{
    struct traced *t = arg;

    t->steps[t->count++] = *step;
}

START_TEST(the_trace_says_each_period_and_why)
{
    struct periods p;
    struct traced t = { 0 };
    AUTO(auto_free) struct episode *list = NULL;
    size_t count = 0;

    periods_init(&p, 2, 1, "CRR?cC");
    ck_assert_int_eq(alert_fold(ID, NULL, &p.finding, &list, &count, note_step, &t), 0);
    ck_assert_uint_eq(t.count, 6);
    for (size_t i = 1; i < t.count; i++)
        ck_assert_int_eq(t.steps[i].from, t.steps[i - 1].to);
    ck_assert_int_eq(t.steps[1].to, ALERT_PENDING);
    ck_assert_int_eq(t.steps[2].to, ALERT_FIRING);
    ck_assert(strstr(t.steps[3].why, "missing data is not better") != NULL);
    ck_assert(t.steps[4].held && t.steps[4].to == ALERT_FIRING);
    ck_assert(strstr(t.steps[4].why, "a hold blocks") != NULL);
    ck_assert_int_eq(t.steps[5].to, ALERT_RESOLVED);
}
END_TEST

/* ---- against a reference that knows no table ---- */

struct expected {
    int opened, closed_episodes; /* opened: -1 none */
    bool fired, recovering;
    int severity;
};

static struct expected reference(const char *s, int for_periods, int clear_for)
{
    struct expected x = { -1, 0, false, false, 0 };
    int runs = 0, clears = 0;

    for (int i = 0; s[i] != '\0'; i++) {
        bool held = s[i] >= 'a' && s[i] <= 'z';
        int grade = strchr("Rr", s[i]) ? 2 : strchr("Aa", s[i]) ? 1 : 0;

        if (s[i] == '?')
            continue;
        if (grade > 0) {
            if (x.opened < 0) {
                x.opened = i;
                x.fired = false;
                x.severity = runs = 0;
            }
            x.fired = ++runs >= for_periods || x.fired;
            x.severity = held && x.severity > grade ? x.severity : grade;
            x.recovering = false;
            clears = 0;
        } else if (x.opened >= 0 && !x.fired) {
            if (!held)
                x.opened = -1;
        } else if (x.opened >= 0 && strchr("Bb", s[i])) {
            clears = 0;
        } else if (x.opened >= 0 && !held) {
            x.recovering = true;
            if (++clears == clear_for) {
                x.opened = -1;
                x.closed_episodes++;
            }
        }
    }
    return x;
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

START_TEST(random_histories_fold_as_the_reference_says)
{
    static const char letters[] = "RRACCBrac?b";
    AUTO(auto_free) struct periods *p = malloc(sizeof *p);
    uint32_t seed = 20240401;

    for (int run = 0; run < 20000; run++) {
        char s[25];
        size_t len = next_random(&seed) % 24, count = 0;
        int for_periods = 1 + (int)(next_random(&seed) % 3);
        int clear_for = 1 + (int)(next_random(&seed) % 3);
        struct episode *list = NULL;

        for (size_t i = 0; i < len; i++)
            s[i] = letters[next_random(&seed) % (sizeof letters - 1)];
        s[len] = '\0';
        struct expected x = reference(s, for_periods, clear_for);

        periods_init(p, for_periods, clear_for, s);
        ck_assert_int_eq(alert_fold(ID, NULL, &p->finding, &list, &count, NULL, NULL), 0);
        ck_assert_msg((int)count == x.closed_episodes + (x.opened >= 0), "%s: %zu episodes", s,
                      count);
        if (x.opened >= 0) {
            const struct episode *e = &list[count - 1];
            enum alert_state state = !x.fired       ? ALERT_PENDING
                                     : x.recovering ? ALERT_RECOVERING
                                                    : ALERT_FIRING;

            ck_assert_msg(e->opened.day == month_end(x.opened).day, "%s: opening", s);
            ck_assert_msg(e->state == state, "%s: %s", s, alert_state_name(e->state));
            ck_assert_msg((int)e->severity == x.severity, "%s: severity", s);
        }
        free(list);
    }
}
END_TEST

START_TEST(an_instant_finding_is_one_episode_while_it_is_true)
{
    struct period_judgement now = { .end = month_end(3), .event = PERIOD_RED, .line = NAN };
    struct finding f = {
        .rule = RULE_FEED_LATE, .feed = "cyp4ww", .provider = "", .instant = true
    };
    struct episode *list = NULL;
    size_t count = 9;

    ck_assert_int_eq(alert_fold(ID, NULL, &f, &list, &count, NULL, NULL), 0);
    ck_assert_uint_eq(count, 0);
    free(list);
    f.history = &now;
    f.history_count = 1;
    ck_assert_int_eq(alert_fold(ID, NULL, &f, &list, &count, NULL, NULL), 0);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(list[0].state, ALERT_FIRING);
    ck_assert_int_eq(list[0].severity, SEVERITY_RED);
    free(list);
}
END_TEST

UNIT_MAIN("alert", UNIT_TEST(every_state_and_event_has_exactly_one_row_with_its_reason),
          UNIT_TEST(a_hold_never_moves_to_better_and_missing_data_never_moves),
          UNIT_ROWS(periods_fold_to_episodes, fold_rows),
          UNIT_TEST(an_episode_shows_its_last_judged_period),
          UNIT_TEST(the_trace_says_each_period_and_why),
          UNIT_TEST(random_histories_fold_as_the_reference_says),
          UNIT_TEST(an_instant_finding_is_one_episode_while_it_is_true))
