#include "alert/alert.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "plan/plan_escalate.h"
#include "support/date_of.h"
#include "support/unit.h"
#include "unit/alert/periods.h"

/*
 * A measure of a plan that is told as red on a Thursday, and what time and further data periods make of it. Good Friday
 * and Easter Monday of 2026 are the bank holidays.
 */

static struct plan_step step_list[3];
static char chief[] = "chief", board[] = "board", accountable[] = ESCALATE_ACCOUNTABLE;
static char lead[] = "lead", action_id[] = "1.1", priority_id[] = "1";

struct scene {
    struct periods p;
    struct plan plan;
    struct plan_action action;
    struct workdays workdays;
    struct insistence how;
    struct alert stored;
    bool any;
    int evaluations;
};

static const int remind_days[] = { 14, 28 };

static struct scene *scene_new(size_t steps)
{
    struct scene *s = calloc(1, sizeof *s);

    ck_assert_ptr_nonnull(s);
    periods_init(&s->p, 1, 1, "");
    s->p.measure.steady_for = 3;
    s->p.measure.escalate = (struct plan_ladder){ true, step_list, steps };
    s->p.measure.action = action_id;
    s->action = (struct plan_action){ .id = action_id, .lead = lead, .accountable = chief };
    s->plan.actions = &s->action;
    s->plan.action_count = 1;
    s->p.finding.plan = &s->plan;
    s->p.finding.action = &s->action;
    s->workdays.until = date_of("2026-12-31");
    ck_assert_int_eq(workdays_add(&s->workdays, date_of("2026-04-03")), 0);
    ck_assert_int_eq(workdays_add(&s->workdays, date_of("2026-04-06")), 0);
    s->how = (struct insistence){ &s->workdays, remind_days, 2 };
    return s;
}

static void scene_free(struct scene *s)
{
    alert_release(&s->stored);
    workdays_release(&s->workdays);
    free(s);
}

/* One evaluation, twice: the second changes nothing. Returns the news. */
static enum alert_news on(struct scene *s, const char *day, const char *periods)
{
    struct alert_change c = ALERT_CHANGE_INIT;
    struct wall_time now = { 1700000000000 + s->evaluations++ };
    enum alert_news news;

    periods_set(&s->p, periods);
    ck_assert_int_eq(
        alert_step("bc", s->any ? &s->stored : NULL, &s->p.finding, &s->how, date_of(day), now, &c),
        0);
    news = c.news;
    if (c.changed) {
        alert_release(&s->stored);
        s->stored = c.next;
        c.next = (struct alert)ALERT_INIT;
        s->any = true;
    }
    alert_change_release(&c);
    ck_assert_int_eq(alert_step("bc", &s->stored, &s->p.finding, &s->how, date_of(day), now, &c),
                     0);
    ck_assert_msg(!c.changed, "%s, again: %s", day, c.why);
    alert_change_release(&c);
    return news;
}

static const struct episode *now_open(const struct scene *s)
{
    return alert_current(&s->stored);
}

START_TEST(the_second_data_period_in_red_takes_the_first_step_once)
{
    step_list[0] = (struct plan_step){ 2, 0, accountable };
    step_list[1] = (struct plan_step){ 3, 0, board };
    struct scene *s = scene_new(2);

    ck_assert_int_eq(on(s, "2026-04-02", "CR"), NEWS_NEW);
    ck_assert_int_eq(now_open(s)->steps, 0);
    ck_assert_int_eq(on(s, "2026-04-30", "CR"), NEWS_REMINDER); /* time alone is no period */
    ck_assert_int_eq(on(s, "2026-05-01", "CRR"), NEWS_ESCALATED);
    ck_assert_int_eq(now_open(s)->steps, 1);
    ck_assert_int_eq(now_open(s)->ordinal, 3);
    ck_assert_int_eq(on(s, "2026-05-02", "CRR"), NEWS_NONE);
    ck_assert_int_eq(on(s, "2026-06-01", "CRRR"), NEWS_ESCALATED);
    ck_assert_int_eq(now_open(s)->steps, 2);
    ck_assert_int_eq(on(s, "2026-06-02", "CRRRR"), NEWS_NONE);
    scene_free(s);
}
END_TEST

START_TEST(what_was_red_before_it_was_told_does_not_escalate_on_that_day)
{
    step_list[0] = (struct plan_step){ 2, 0, accountable };
    struct scene *s = scene_new(1);

    ck_assert_int_eq(on(s, "2026-04-02", "RRRR"), NEWS_NEW);
    ck_assert_int_eq(now_open(s)->steps, 0);
    ck_assert_int_eq(on(s, "2026-05-02", "RRRRR"), NEWS_ESCALATED);
    scene_free(s);
}
END_TEST

static const struct {
    const char *why, *day;
    enum alert_news news;
} workday_rows[] = {
    { "of the two days after Maundy Thursday none is a working day", "2026-04-06", NEWS_NONE },
    { "the first after Easter", "2026-04-07", NEWS_NONE },
    { "the second", "2026-04-08", NEWS_ESCALATED },
};

START_TEST(a_step_by_working_days_counts_no_weekend_and_no_bank_holiday)
{
    step_list[0] = (struct plan_step){ 9, 2, chief };
    struct scene *s = scene_new(1);

    ck_assert_int_eq(on(s, "2026-04-02", "R"), NEWS_NEW);
    ck_assert_msg(on(s, workday_rows[_i].day, "R") == workday_rows[_i].news, "%s",
                  workday_rows[_i].why);
    scene_free(s);
}
END_TEST

START_TEST(a_feed_takes_its_step_on_the_tenth_working_day_without_a_word_to_who_hears_of_it)
{
    struct scene *s = scene_new(0);

    s->p.finding.rule = RULE_FEED_LATE;
    s->p.finding.measure = NULL;
    s->p.finding.instant = true;
    s->how.remind_count = 0;
    ck_assert_int_eq(on(s, "2026-04-02", "R"), NEWS_NEW);
    (void)on(s, "2026-04-17", "R");
    ck_assert_int_eq(now_open(s)->steps, 0);
    ck_assert_int_ne(on(s, "2026-04-20", "R"), NEWS_ESCALATED);
    ck_assert_int_eq(now_open(s)->steps, 1);
    scene_free(s);
}
END_TEST

START_TEST(a_step_on_which_nobody_stands_is_told_to_nobody)
{
    step_list[0] = (struct plan_step){ 2, 0, accountable };
    struct scene *s = scene_new(1);

    s->action.accountable = NULL;
    ck_assert_int_eq(on(s, "2026-04-02", "R"), NEWS_NEW);
    ck_assert_int_eq(on(s, "2026-04-10", "RR"), NEWS_NONE);
    scene_free(s);
}
END_TEST

START_TEST(amber_does_not_escalate_and_ends_what_counts)
{
    step_list[0] = (struct plan_step){ 2, 3, accountable };
    struct scene *s = scene_new(1);

    ck_assert_int_eq(on(s, "2026-04-02", "A"), NEWS_NEW);
    ck_assert_int_eq(on(s, "2026-06-02", "AA"), NEWS_NONE);
    ck_assert_int_eq(on(s, "2026-06-03", "AAR"), NEWS_WORSE);
    ck_assert_int_eq(on(s, "2026-06-04", "AARA"), NEWS_BETTER);
    ck_assert(!date_is_set(now_open(s)->red_on));
    ck_assert_int_eq(on(s, "2026-06-05", "AARAR"), NEWS_WORSE);
    ck_assert_int_eq(now_open(s)->steps, 0);
    ck_assert_int_eq(on(s, "2026-06-10", "AARAR"), NEWS_ESCALATED);
    scene_free(s);
}
END_TEST

START_TEST(a_step_stays_taken_when_it_is_red_again_in_the_same_episode)
{
    step_list[0] = (struct plan_step){ 2, 0, accountable };
    struct scene *s = scene_new(1);

    ck_assert_int_eq(on(s, "2026-04-02", "R"), NEWS_NEW);
    ck_assert_int_eq(on(s, "2026-05-02", "RR"), NEWS_ESCALATED);
    ck_assert_int_eq(on(s, "2026-06-02", "RRA"), NEWS_BETTER);
    ck_assert_int_eq(on(s, "2026-07-02", "RRAR"), NEWS_WORSE);
    ck_assert_int_eq(on(s, "2026-07-03", "RRARR"), NEWS_NONE);
    ck_assert_int_eq(now_open(s)->steps, 1);
    scene_free(s);
}
END_TEST

START_TEST(a_period_that_was_clear_meanwhile_counts_for_no_step)
{
    step_list[0] = (struct plan_step){ 3, 0, accountable };
    struct scene *s = scene_new(1);

    s->p.measure.clear_for = 2;
    ck_assert_int_eq(on(s, "2026-04-02", "R"), NEWS_NEW);
    ck_assert_int_eq(on(s, "2026-04-03", "RC"), NEWS_NONE);
    ck_assert_int_eq(on(s, "2026-04-04", "RCR"), NEWS_NONE);
    ck_assert_int_eq(on(s, "2026-04-05", "RCRR"), NEWS_ESCALATED);
    scene_free(s);
}
END_TEST

START_TEST(a_step_that_comes_with_other_news_is_told_by_it)
{
    step_list[0] = (struct plan_step){ 1, 0, accountable };
    struct scene *s = scene_new(1);

    ck_assert_int_eq(on(s, "2026-04-02", "R"), NEWS_NEW);
    ck_assert_int_eq(now_open(s)->steps, 1);
    ck_assert_int_eq(now_open(s)->ordinal, 1);
    scene_free(s);
}
END_TEST

START_TEST(in_rehearsal_nothing_goes_further_nor_counts)
{
    step_list[0] = (struct plan_step){ 2, 2, accountable };
    struct scene *s = scene_new(1);

    s->plan.mode = PLAN_REHEARSAL;
    ck_assert_int_eq(on(s, "2026-04-02", "R"), NEWS_NEW);
    ck_assert_int_eq(on(s, "2026-05-30", "RRR"), NEWS_NONE);
    s->plan.mode = PLAN_LIVE;
    ck_assert_int_eq(on(s, "2026-06-01", "RRR"), NEWS_REMINDER); /* after 60 days without a word */
    ck_assert_int_eq(now_open(s)->steps, 0);
    ck_assert_int_eq(on(s, "2026-06-02", "RRRR"), NEWS_ESCALATED);
    scene_free(s);
}
END_TEST

START_TEST(reminders_come_ever_more_seldom_and_begin_anew_with_other_news)
{
    struct scene *s = scene_new(0);

    ck_assert_int_eq(on(s, "2026-01-01", "R"), NEWS_NEW);
    ck_assert_int_eq(on(s, "2026-01-14", "R"), NEWS_NONE);
    ck_assert_int_eq(on(s, "2026-01-15", "R"), NEWS_REMINDER); /* 14 days */
    ck_assert_int_eq(on(s, "2026-02-11", "R"), NEWS_NONE);
    ck_assert_int_eq(on(s, "2026-02-12", "R"), NEWS_REMINDER); /* and 28 */
    ck_assert_int_eq(on(s, "2026-03-12", "R"), NEWS_REMINDER); /* and 28 again */
    ck_assert_int_eq(now_open(s)->ordinal, 4);
    ck_assert_int_eq(on(s, "2026-03-13", "RA"), NEWS_BETTER);
    ck_assert_int_eq(on(s, "2026-06-13", "RA"), NEWS_NONE); /* amber waits for the digest */
    ck_assert_int_eq(on(s, "2026-06-14", "RAR"), NEWS_WORSE);
    ck_assert_int_eq(on(s, "2026-06-28", "RAR"), NEWS_REMINDER);
    ck_assert_int_eq(on(s, "2026-06-29", "RARC"), NEWS_CLEARED);
    scene_free(s);
}
END_TEST

START_TEST(without_reminders_in_the_settings_nothing_is_said_again)
{
    struct scene *s = scene_new(0);

    s->how.remind_count = 0;
    ck_assert_int_eq(on(s, "2026-01-01", "R"), NEWS_NEW);
    ck_assert_int_eq(on(s, "2027-01-01", "R"), NEWS_NONE);
    scene_free(s);
}
END_TEST

START_TEST(what_was_taken_survives_the_store)
{
    step_list[0] = (struct plan_step){ 2, 0, accountable };
    struct scene *s = scene_new(1);
    struct alert back = ALERT_INIT;

    ck_assert_int_eq(on(s, "2026-04-02", "R"), NEWS_NEW);
    ck_assert_int_eq(on(s, "2026-04-16", "R"), NEWS_REMINDER);
    ck_assert_int_eq(on(s, "2026-05-02", "RR"), NEWS_ESCALATED);
    AUTO(auto_free) char *text = alert_encode(&s->stored);

    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(alert_decode(text, strlen(text), &back), 0);
    ck_assert_int_eq(back.episodes[0].steps, 1);
    ck_assert_int_eq(back.episodes[0].news, NEWS_ESCALATED);
    ck_assert_int_eq(back.episodes[0].red_on.day, date_of("2026-04-02").day);
    ck_assert_int_eq(back.episodes[0].red_from.day, now_open(s)->red_from.day);
    ck_assert_int_eq(back.episodes[0].reminders, 0);
    alert_release(&back);
    scene_free(s);
}
END_TEST

START_TEST(the_nearest_ladder_counts_and_the_default_is_the_accountable_officer_after_two_periods)
{
    struct plan_priority priority = { .id = priority_id };
    struct plan_measure m = { .action = action_id };
    struct plan_action action = { .id = action_id, .accountable = chief };
    struct plan p = {
        .priorities = &priority, .priority_count = 1, .actions = &action, .action_count = 1
    };
    const struct plan_ladder *l = plan_ladder_of(&p, &m);

    ck_assert_uint_eq(l->count, 1);
    ck_assert(!plan_step_is_due(&l->steps[0], 1, 1000) && plan_step_is_due(&l->steps[0], 2, 0));
    ck_assert_str_eq(plan_step_role(&p, &m, &l->steps[0]), "chief");
    p.escalate.is_said = true;
    ck_assert_ptr_eq(plan_ladder_of(&p, &m), &p.escalate);
    priority.escalate.is_said = true;
    ck_assert_ptr_eq(plan_ladder_of(&p, &m), &priority.escalate);
    m.escalate.is_said = true;
    ck_assert_ptr_eq(plan_ladder_of(&p, &m), &m.escalate);
}
END_TEST

UNIT_MAIN(
    "insist", UNIT_TEST(the_second_data_period_in_red_takes_the_first_step_once),
    UNIT_TEST(what_was_red_before_it_was_told_does_not_escalate_on_that_day),
    UNIT_ROWS(a_step_by_working_days_counts_no_weekend_and_no_bank_holiday, workday_rows),
    UNIT_TEST(a_feed_takes_its_step_on_the_tenth_working_day_without_a_word_to_who_hears_of_it),
    UNIT_TEST(a_step_on_which_nobody_stands_is_told_to_nobody),
    UNIT_TEST(amber_does_not_escalate_and_ends_what_counts),
    UNIT_TEST(a_step_stays_taken_when_it_is_red_again_in_the_same_episode),
    UNIT_TEST(a_period_that_was_clear_meanwhile_counts_for_no_step),
    UNIT_TEST(a_step_that_comes_with_other_news_is_told_by_it),
    UNIT_TEST(in_rehearsal_nothing_goes_further_nor_counts),
    UNIT_TEST(reminders_come_ever_more_seldom_and_begin_anew_with_other_news),
    UNIT_TEST(without_reminders_in_the_settings_nothing_is_said_again),
    UNIT_TEST(what_was_taken_survives_the_store),
    UNIT_TEST(
        the_nearest_ladder_counts_and_the_default_is_the_accountable_officer_after_two_periods))
