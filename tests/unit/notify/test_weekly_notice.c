#include "notify/weekly_notice.h"

#include "support/unit.h"

static struct plan_measure measure;

#define NO_FIGURE (-1)

static const struct {
    int event; /* enum period_event; NO_FIGURE: it was never judged */
    unsigned holds;
    enum ageing_state ageing;
    bool is_firing, is_warned;
    enum weekly_state state;
} rows[] = {
    { PERIOD_CLEAR, 0, AGEING_NONE, false, false, WEEKLY_ON_PLAN },
    { PERIOD_CLEAR, 0, AGEING_FINE, false, false, WEEKLY_ON_PLAN },
    { PERIOD_CLEAR, HOLD_FEED_LATE, AGEING_NONE, false, false, WEEKLY_HELD },
    { PERIOD_CLEAR, 0, AGEING_NONE, true, false, WEEKLY_BEHIND }, /* its alert did not end yet */
    { PERIOD_CLEAR, 0, AGEING_NONE, false, true, WEEKLY_WARNED },
    { PERIOD_CLEAR, 0, AGEING_BEHIND, false, false, WEEKLY_WARNED },
    { PERIOD_BETWEEN, 0, AGEING_NONE, false, false, WEEKLY_ON_PLAN },
    { PERIOD_NOT_DUE, 0, AGEING_NONE, false, false, WEEKLY_WATCHING },
    { PERIOD_AMBER, 0, AGEING_NONE, false, false, WEEKLY_BEHIND },
    { PERIOD_RED, HOLD_FEED_LATE, AGEING_NONE, true, false, WEEKLY_BEHIND },
    { PERIOD_UNKNOWN, HOLD_NO_VALUE, AGEING_NONE, true, false, WEEKLY_UNKNOWN },
    { NO_FIGURE, 0, AGEING_NONE, false, false, WEEKLY_UNKNOWN },
};

START_TEST(a_measure_is_on_plan_only_by_a_figure_that_is_complete_and_without_an_alert)
{
    struct period_judgement judged = { .event = (enum period_event)rows[_i].event };
    const struct finding f = { .rule = RULE_BEHIND_PLAN,
                               .measure = &measure,
                               .history = &judged,
                               .history_count = rows[_i].event != NO_FIGURE,
                               .holds = rows[_i].holds,
                               .ageing = { .state = rows[_i].ageing } };
    const struct weekly_measure m = { .finding = &f,
                                      .is_firing = rows[_i].is_firing,
                                      .is_warned = rows[_i].is_warned };
    const struct weekly_measure never = { .measure = &measure };

    ck_assert_int_eq(weekly_state_of(&m), rows[_i].state);
    ck_assert_int_eq(weekly_state_of(&never), WEEKLY_UNKNOWN);
}
END_TEST

#define CLEAR .measures = 2, .of = { 2 }, .feeds = 1

static const struct {
    struct weekly_counts counts;
    bool is_clear;
} clears[] = {
    { { CLEAR }, true },
    { { CLEAR, .mended = 1 }, true },
    { { .measures = 3, .of = { [WEEKLY_ON_PLAN] = 2, [WEEKLY_WATCHING] = 1 }, .feeds = 1 }, true },
    { { .measures = 1, .of = { [WEEKLY_WATCHING] = 1 }, .feeds = 1 }, false },
    { { .measures = 2, .of = { [WEEKLY_ON_PLAN] = 1, [WEEKLY_HELD] = 1 }, .feeds = 1 }, false },
    { { .measures = 2, .of = { [WEEKLY_ON_PLAN] = 1, [WEEKLY_WARNED] = 1 }, .feeds = 1 }, false },
    { { .measures = 0, .feeds = 1 }, false },
    { { .measures = 2, .of = { 1, 1 }, .feeds = 1 }, false },
    { { .measures = 2, .of = { [WEEKLY_ON_PLAN] = 1, [WEEKLY_UNKNOWN] = 1 }, .feeds = 1 }, false },
    { { CLEAR, .held = 1 }, false },
    { { CLEAR, .late = 1 }, false },
    { { CLEAR, .waiting = 1 }, false },
    { { CLEAR, .without_data = 1 }, false },
    { { CLEAR, .expired = 1 }, false },
    { { CLEAR, .unawaited = 1 }, false },
    { { CLEAR, .overrun = 1 }, false },
    { { CLEAR, .open = 1 }, false },
    { { CLEAR, .silenced = 1 }, false },
};

START_TEST(all_clear_is_said_only_where_nothing_is_behind_held_late_silenced_or_not_known)
{
    ck_assert(weekly_is_clear(&clears[_i].counts) == clears[_i].is_clear);
}
END_TEST

static const struct {
    struct weekly_feed feed;
    size_t late, waiting, without_data, mended;
} feeds[] = {
    { { .newest = { 10 }, .until = { 12 } }, 0, 0, 0, 1 },
    { { .newest = { 10 }, .until = { INT32_MIN } }, 0, 0, 0, 0 },
    { { .newest = { 10 }, .until = { 12 }, .is_late = true }, 1, 0, 0, 0 },
    { { .newest = { 10 }, .until = { 12 }, .has_gap = true }, 0, 1, 0, 0 },
    { { .newest = { 10 }, .until = { 12 }, .waits = true }, 0, 1, 0, 0 },
    { { .newest = { INT32_MIN }, .until = { INT32_MIN } }, 0, 0, 1, 0 },
};

START_TEST(a_feed_that_was_late_in_the_week_is_counted_as_such_once_it_came)
{
    const struct weekly_facts facts = { .feeds = &feeds[_i].feed, .feed_count = 1 };
    struct weekly_counts c;

    weekly_count(&facts, &c);
    ck_assert_uint_eq(c.late, feeds[_i].late);
    ck_assert_uint_eq(c.waiting, feeds[_i].waiting);
    ck_assert_uint_eq(c.without_data, feeds[_i].without_data);
    ck_assert_uint_eq(c.mended, feeds[_i].mended);
}
END_TEST

#define TODAY 100

static const struct {
    struct weekly_feed feed;
    size_t unawaited, overrun, late;
} calendars[] = {
    { { .due = { TODAY } }, 0, 0, 0 },
    { { .due = { INT32_MIN } }, 1, 0, 0 },
    { { .due = { TODAY + 90 }, .is_moved = true, .due_unmoved = { TODAY } }, 0, 0, 0 },
    { { .due = { TODAY + 90 }, .is_moved = true, .due_unmoved = { TODAY - 1 } }, 0, 1, 0 },
    { { .due = { TODAY - 1 }, .is_late = true, .is_moved = true, .due_unmoved = { TODAY - 9 } },
      0,
      0,
      1 },
};

START_TEST(a_feed_without_a_further_date_or_past_its_own_by_a_persons_word_is_counted)
{
    const struct weekly_facts facts = { .feeds = &calendars[_i].feed,
                                        .feed_count = 1,
                                        .today = { TODAY } };
    struct weekly_counts c;

    weekly_count(&facts, &c);
    ck_assert_uint_eq(c.unawaited, calendars[_i].unawaited);
    ck_assert_uint_eq(c.overrun, calendars[_i].overrun);
    ck_assert_uint_eq(c.late, calendars[_i].late);
}
END_TEST

START_TEST(plans_that_ended_actions_overdue_and_alerts_of_the_monitor_are_counted)
{
    const struct plan over = { .valid_to = { TODAY - 1 }, .mode = PLAN_REHEARSAL },
                      last = { .valid_to = { TODAY } }, open = { .valid_to = { INT32_MIN } };
    const struct weekly_measure m[] = {
        { .plan = &over }, { .plan = &over }, { .plan = &last }, { .plan = &open }
    };
    const struct weekly_alert a[] = { { .plan = &open }, { .plan = &over }, { .plan = NULL } };
    const struct weekly_facts facts = {
        .measures = m, .measure_count = 4, .alerts = a, .alert_count = 3, .today = { TODAY }
    };
    struct weekly_counts c;

    weekly_count(&facts, &c);
    ck_assert_uint_eq(c.expired, 1);
    ck_assert_uint_eq(c.rehearsed, 2);
    ck_assert_uint_eq(c.overdue, 2);
    ck_assert_uint_eq(c.of_monitor, 1);
}
END_TEST

UNIT_MAIN("weekly_notice",
          UNIT_ROWS(a_feed_without_a_further_date_or_past_its_own_by_a_persons_word_is_counted,
                    calendars),
          UNIT_TEST(plans_that_ended_actions_overdue_and_alerts_of_the_monitor_are_counted),
          UNIT_ROWS(a_feed_that_was_late_in_the_week_is_counted_as_such_once_it_came, feeds),
          UNIT_ROWS(a_measure_is_on_plan_only_by_a_figure_that_is_complete_and_without_an_alert,
                    rows),
          UNIT_ROWS(all_clear_is_said_only_where_nothing_is_behind_held_late_silenced_or_not_known,
                    clears))
