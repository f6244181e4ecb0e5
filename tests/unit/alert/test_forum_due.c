#include "alert/forum_due.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "notify/forum_notice.h"
#include "notify/wording.h"
#include "support/date_of.h"
#include "support/unit.h"

/*
 * A board that meets on Wednesday 8 April 2026; papers are due five working days before, so on Monday 30 March:
 * Good Friday and Easter Monday are no working days. Commentaries are asked for from three working days before that day.
 */

static char plan_id[] = "dudley", forum_id[] = "board", forum_title[] = "SEND improvement board",
            lead[] = "lead", chief[] = "chief", action_id[] = "1.1", measure_id[] = "cyp-4w",
            measure_title[] = "Children helped within 4 weeks";

struct scene {
    struct plan plan;
    struct plan_forum forum;
    struct plan_meeting meetings[2];
    struct plan_action action;
    struct plan_measure measure;
    struct alert alert;
    struct episode episode;
    struct workflow workflow;
    struct table asked;
    struct workdays workdays;
};

static void scene_init(struct scene *s)
{
    memset(s, 0, sizeof *s);
    s->meetings[0] = (struct plan_meeting){ date_of("2026-01-15"), date_of("2026-01-08"), false };
    s->meetings[1] = (struct plan_meeting){ date_of("2026-04-08"), date_of("2026-04-02"), false };
    s->forum = (struct plan_forum){ forum_id, forum_title, s->meetings, 2, 5, 3 };
    s->action = (struct plan_action){
        .id = action_id, .lead = lead, .accountable = chief, .forum = forum_id
    };
    s->measure = (struct plan_measure){
        .id = measure_id, .title = measure_title, .action = action_id, .owner = lead
    };
    s->plan = (struct plan){ .id = plan_id,
                             .forums = &s->forum,
                             .forum_count = 1,
                             .actions = &s->action,
                             .action_count = 1,
                             .measures = &s->measure,
                             .measure_count = 1 };
    s->episode = (struct episode){
        .id = "e1", .opened = date_of("2025-12-31"), .state = ALERT_FIRING, .severity = SEVERITY_RED
    };
    s->alert = (struct alert){ .id = "a1",
                               .rule = RULE_BEHIND_PLAN,
                               .plan = plan_id,
                               .measure = measure_id,
                               .episodes = &s->episode,
                               .episode_count = 1 };
    s->workflow = (struct workflow)WORKFLOW_INIT;
    s->asked = (struct table)TABLE_INIT;
    s->workdays.until = date_of("2026-12-31");
    ck_assert_int_eq(workdays_add(&s->workdays, date_of("2026-04-03")), 0);
    ck_assert_int_eq(workdays_add(&s->workdays, date_of("2026-04-06")), 0);
}

static void scene_release(struct scene *s)
{
    workflow_release(&s->workflow);
    table_release(&s->asked, free);
    workdays_release(&s->workdays);
}

/* What is due on a day: 'A' a commentary is asked for, 'M' it is missing, '-' nothing; then it was told. */
static char due_on(struct scene *s, const char *day, const char **out_roles)
{
    const struct alert *alerts[] = { &s->alert };
    const struct forum_input in = { &s->plan,     alerts,       1,    &s->workflow, &s->asked,
                                    &s->workdays, date_of(day), false };
    struct forum_due due;
    char key[FORUM_KEY_MAX];

    ck_assert_int_eq(forum_due_next(&in, &due), 0);
    if (due.count == 0)
        return '-';
    struct civil_date *on = malloc(sizeof *on);

    ck_assert_ptr_nonnull(on);
    *on = in.today;
    if (out_roles)
        *out_roles = due.items[0].roles;
    ck_assert_int_eq(forum_key(plan_id, forum_id, due.meeting->on, due.news, "e1", key), 0);
    ck_assert_int_eq(table_set(&s->asked, key, on, NULL), 0);
    forum_due_release(&due);
    return due.news == FORUM_ASKS ? 'A' : 'M';
}

static void commentary(struct scene *s, const char *day)
{
    json_t *act = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "act", "commentary", "episode", "e1",
                            "alert", "a1", "who", "ann", "text", "We expect 60% in August", "at_ms",
                            (json_int_t)date_of(day).day * 86400000 + 43200000);

    ck_assert_int_eq(workflow_take(&s->workflow, act), 0);
    json_decref(act);
}

START_TEST(a_red_measure_is_asked_of_once_and_told_of_on_the_day_of_the_papers)
{
    struct scene s;
    const char *roles = NULL;

    scene_init(&s);
    ck_assert_int_eq(due_on(&s, "2026-03-24", NULL), '-');
    ck_assert_int_eq(due_on(&s, "2026-03-25", &roles), 'A'); /* three working days before Monday */
    ck_assert_str_eq(roles, lead);
    ck_assert_int_eq(due_on(&s, "2026-03-26", NULL), '-');
    ck_assert_int_eq(due_on(&s, "2026-03-29", NULL), '-');
    ck_assert_int_eq(due_on(&s, "2026-03-30", &roles), 'M');
    ck_assert_str_eq(roles, chief);
    ck_assert_int_eq(due_on(&s, "2026-03-31", NULL), '-');
    scene_release(&s);
}
END_TEST

START_TEST(a_request_may_wait_on_its_first_day_alone)
{
    static const struct {
        const char *day;
        bool is_pressing;
        size_t due;
    } days[] = { { "2026-03-25", true, 0 }, { "2026-03-25", false, 1 }, { "2026-03-26", true, 1 } };
    struct scene s;
    struct forum_due due;

    scene_init(&s);
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        const struct alert *alerts[] = { &s.alert };
        const struct forum_input in = { &s.plan,
                                        alerts,
                                        1,
                                        &s.workflow,
                                        &s.asked,
                                        &s.workdays,
                                        date_of(days[i].day),
                                        days[i].is_pressing };

        ck_assert_int_eq(forum_due_next(&in, &due), 0);
        ck_assert_uint_eq(due.count, days[i].due);
        forum_due_release(&due);
    }
    scene_release(&s);
}
END_TEST

START_TEST(when_nobody_looked_on_the_day_it_is_told_until_the_meeting)
{
    struct scene s;

    scene_init(&s);
    ck_assert_int_eq(due_on(&s, "2026-03-27", NULL), 'A');
    ck_assert_int_eq(due_on(&s, "2026-04-09", NULL), '-');
    ck_assert_int_eq(due_on(&s, "2026-04-08", NULL), 'M');
    scene_release(&s);
}
END_TEST

START_TEST(what_turns_red_on_the_day_is_asked_of_and_is_not_missing_yet)
{
    struct scene s;

    scene_init(&s);
    s.episode.severity = SEVERITY_AMBER;
    ck_assert_int_eq(due_on(&s, "2026-03-25", NULL), '-');
    s.episode.severity = SEVERITY_RED;
    ck_assert_int_eq(due_on(&s, "2026-03-30", NULL), 'A');
    ck_assert_int_eq(due_on(&s, "2026-03-30", NULL), '-');
    ck_assert_int_eq(due_on(&s, "2026-03-31", NULL), 'M');
    scene_release(&s);
}
END_TEST

START_TEST(what_turns_red_after_the_papers_is_asked_of_before_the_next_meeting_alone)
{
    struct scene s;

    scene_init(&s);
    ck_assert_int_eq(due_on(&s, "2026-03-31", NULL), '-');
    scene_release(&s);
}
END_TEST

static const struct {
    const char *why, *given, *expected; /* on 25 and 30 March */
} commentary_rows[] = {
    { "on the day of the meeting before: that was of its papers", "2026-01-15", "AM" },
    { "since then, before it was asked for", "2026-01-16", "--" },
    { "after it was asked for", "2026-03-26", "A-" },
    { "on the day itself", "2026-03-30", "A-" },
};

START_TEST(a_commentary_since_the_meeting_before_is_enough)
{
    struct scene s;

    scene_init(&s);
    bool is_early = date_compare(date_of(commentary_rows[_i].given), date_of("2026-03-25")) < 0;

    if (is_early)
        commentary(&s, commentary_rows[_i].given);
    ck_assert_msg(due_on(&s, "2026-03-25", NULL) == commentary_rows[_i].expected[0], "%s",
                  commentary_rows[_i].why);
    if (!is_early)
        commentary(&s, commentary_rows[_i].given);
    ck_assert_msg(due_on(&s, "2026-03-30", NULL) == commentary_rows[_i].expected[1], "%s",
                  commentary_rows[_i].why);
    scene_release(&s);
}
END_TEST

START_TEST(who_was_asked_before_the_meeting_before_may_answer_before_it)
{
    struct scene s;

    scene_init(&s);
    s.meetings[0] = (struct plan_meeting){ date_of("2026-03-27"), date_of("2026-03-20"), false };
    s.meetings[1] = (struct plan_meeting){ date_of("2026-03-31"), date_of("2026-03-27"), false };
    ck_assert_int_eq(due_on(&s, "2026-03-20", NULL), 'A');
    commentary(&s, "2026-03-20");
    ck_assert_int_eq(due_on(&s, "2026-03-24", NULL), 'A');
    commentary(&s, "2026-03-25");
    ck_assert_int_eq(due_on(&s, "2026-03-27", NULL), '-');
    scene_release(&s);
}
END_TEST

START_TEST(a_note_is_no_commentary)
{
    struct scene s;
    json_t *act = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "act", "note", "episode", "e1",
                            "alert", "a1", "who", "ann", "text", "Two posts are vacant", "at_ms",
                            (json_int_t)date_of("2026-03-20").day * 86400000);

    scene_init(&s);
    ck_assert_int_eq(workflow_take(&s.workflow, act), 0);
    json_decref(act);
    ck_assert_int_eq(due_on(&s, "2026-03-25", NULL), 'A');
    scene_release(&s);
}
END_TEST

static char other[] = "other";

START_TEST(what_is_not_red_or_reports_elsewhere_is_not_asked_of)
{
    struct scene s;

    scene_init(&s);
    s.episode.state = ALERT_RECOVERING;
    ck_assert_int_eq(due_on(&s, "2026-03-25", NULL), '-');
    s.episode.state = ALERT_FIRING;
    s.alert.rule = RULE_FORECAST;
    ck_assert_int_eq(due_on(&s, "2026-03-25", NULL), '-');
    s.alert.rule = RULE_BEHIND_PLAN;
    s.action.forum = other;
    ck_assert_int_eq(due_on(&s, "2026-03-25", NULL), '-');
    s.action.forum = forum_id;
    s.forum.ask_working_days = 0;
    ck_assert_int_eq(due_on(&s, "2026-03-30", NULL), '-');
    scene_release(&s);
}
END_TEST

START_TEST(without_an_accountable_officer_the_lead_is_told_again)
{
    struct scene s;
    const char *roles = NULL;

    scene_init(&s);
    s.action.accountable = NULL;
    ck_assert_int_eq(due_on(&s, "2026-03-25", NULL), 'A');
    ck_assert_int_eq(due_on(&s, "2026-03-30", &roles), 'M');
    ck_assert_str_eq(roles, lead);
    scene_release(&s);
}
END_TEST

START_TEST(a_meeting_that_says_its_own_day_for_papers_keeps_it)
{
    struct scene s;

    scene_init(&s);
    ck_assert_int_eq(plan_meeting_papers(&s.forum, &s.meetings[1], &s.workdays).day,
                     date_of("2026-03-30").day);
    s.meetings[1].papers_are_said = true;
    ck_assert_int_eq(plan_meeting_papers(&s.forum, &s.meetings[1], &s.workdays).day,
                     date_of("2026-04-02").day);
    s.meetings[1].papers_are_said = false;
    s.forum.papers_working_days = 0;
    ck_assert_int_eq(plan_meeting_papers(&s.forum, &s.meetings[1], &s.workdays).day,
                     date_of("2026-04-02").day);
    scene_release(&s);
}
END_TEST

START_TEST(the_words_name_the_day_the_command_and_what_is_red)
{
    struct scene s;
    struct text subject = TEXT_INIT, body = TEXT_INIT;
    const bool concerns[] = { true };

    scene_init(&s);
    struct forum_item item = { &s.alert, &s.episode, &s.measure, lead };
    struct forum_due due = { &s.plan, &s.forum, &s.meetings[1], date_of("2026-03-30"), FORUM_ASKS,
                             &item,   1 };

    ck_assert_int_eq(forum_words(&due, concerns, &subject, &body), 0);
    ck_assert_str_eq(text_str(&subject), "Commentary by 30 March 2026: SEND improvement board");
    ck_assert_ptr_nonnull(strstr(text_str(&body), "waitlistctl commentary cyp-4w --text"));
    ck_assert_ptr_nonnull(strstr(text_str(&body), "behind plan since 31 December 2025"));
    ck_assert_ptr_nonnull(strstr(text_str(&body), "meets on 8 April 2026"));
    ck_assert_uint_lt(wording_words(text_str(&body)), 350);
    text_clear(&subject);
    text_clear(&body);
    due.news = FORUM_MISSES;
    ck_assert_int_eq(forum_words(&due, concerns, &subject, &body), 0);
    ck_assert_uint_le(wording_characters(text_str(&subject)), 60);
    ck_assert_ptr_nonnull(strstr(text_str(&subject), "No commentary"));
    ck_assert_ptr_nonnull(strstr(text_str(&body), "asked of: lead"));
    text_release(&subject);
    text_release(&body);
    scene_release(&s);
}
END_TEST

UNIT_MAIN("forum_due",
          UNIT_TEST(a_red_measure_is_asked_of_once_and_told_of_on_the_day_of_the_papers),
          UNIT_TEST(a_request_may_wait_on_its_first_day_alone),
          UNIT_TEST(when_nobody_looked_on_the_day_it_is_told_until_the_meeting),
          UNIT_TEST(what_turns_red_on_the_day_is_asked_of_and_is_not_missing_yet),
          UNIT_TEST(what_turns_red_after_the_papers_is_asked_of_before_the_next_meeting_alone),
          UNIT_ROWS(a_commentary_since_the_meeting_before_is_enough, commentary_rows),
          UNIT_TEST(who_was_asked_before_the_meeting_before_may_answer_before_it),
          UNIT_TEST(a_note_is_no_commentary),
          UNIT_TEST(what_is_not_red_or_reports_elsewhere_is_not_asked_of),
          UNIT_TEST(without_an_accountable_officer_the_lead_is_told_again),
          UNIT_TEST(a_meeting_that_says_its_own_day_for_papers_keeps_it),
          UNIT_TEST(the_words_name_the_day_the_command_and_what_is_red))
