#include "outbox/composer.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

#define WORDS(s) ((char *)(uintptr_t)(s)) /* plans own char *; a literal is only read here */
#define TODAY    20000
#define OPENS_MS 5000
#define SHUT_MS  3000

/* Three alerts, of two priorities of a plan and of another plan, and one recipient, who is told of all. */
static struct plan_priority priorities[2];
static struct plan one = { .id = WORDS("one"), .priorities = priorities, .priority_count = 2 },
                   two = { .id = WORDS("two"), .priorities = priorities, .priority_count = 2 };
static struct episode episodes[3];
static struct alert alerts[3];
static struct composer_recipient who;
static struct told told[3];
static bool is_told[3];
static struct civil_date spent; /* DATE_NONE: no mail went yet */
static size_t ops_alert;        /* of which he is told by way of ops as well */

static void setup(void)
{
    static const struct {
        const char *plan;
        size_t priority;
    } of[] = { { "one", 0 }, { "one", 1 }, { "two", 0 } };

    one.mode = two.mode = PLAN_LIVE;
    for (size_t i = 0; i < 3; i++) {
        episodes[i] = (struct episode){
            .state = ALERT_FIRING, .severity = SEVERITY_AMBER, .ordinal = 1, .closed_on = DATE_NONE
        };
        (void)snprintf(episodes[i].id, sizeof episodes[i].id, "e%zu", i);
        alerts[i] = (struct alert){ .rule = RULE_BEHIND_PLAN,
                                    .plan = WORDS(of[i].plan),
                                    .priority = of[i].priority,
                                    .episodes = &episodes[i],
                                    .episode_count = 1 };
        (void)snprintf(alerts[i].id, sizeof alerts[i].id, "a%zu", i);
        is_told[i] = false;
    }
    who = (struct composer_recipient){ .receiver = "mail", .recipient = "lead", .is_lead = true };
    spent = DATE_NONE;
    ops_alert = 3;
}

static size_t recipients(void *arg, const struct alert *a, struct composer_recipient *out,
                         size_t max)
{
    (void)arg;
    (void)max;
    out[0] = who;
    if (ops_alert < 3 && a == &alerts[ops_alert])
        out[0].opens_at.ms = 0;
    return 1;
}

static int people(void *arg, const char *receiver)
{
    (void)arg;
    (void)receiver;
    return 0;
}

static int is_new(void *arg, const struct composer_baseline *b, const struct alert *a,
                  bool is_untold)
{
    (void)arg;
    (void)b;
    (void)a;
    (void)is_untold;
    return 0;
}

static struct composition_list run_with(const struct composer_baseline *baseline)
{
    const struct plan *plans[] = { &one, &two };
    const struct alert *all[] = { &alerts[0], &alerts[1], &alerts[2] };
    const struct finding_set none = { 0 };
    struct table told_table = TABLE_INIT, days = TABLE_INIT;
    struct composition_list l = { 0 };
    char key[64];

    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(key, sizeof key, "mail|lead|e%zu", i);
        if (is_told[i])
            ck_assert_int_eq(table_set(&told_table, key, &told[i], NULL), 0);
    }
    if (date_is_set(spent))
        ck_assert_int_eq(table_set(&days, "mail|lead|day|" COMPOSER_LEAD, &spent, NULL), 0);
    const struct composer_input in = { .alerts = all,
                                       .alert_count = 3,
                                       .findings = &none,
                                       .plans = plans,
                                       .plan_count = 2,
                                       .told = &told_table,
                                       .days = &days,
                                       .today = { TODAY },
                                       .recipients = recipients,
                                       .receiver_kind = people,
                                       .baselines = baseline,
                                       .baseline_count = baseline != NULL,
                                       .is_new = is_new };

    ck_assert_int_eq(composer_run(&in, &l), 0);
    table_release(&told_table, NULL);
    table_release(&days, NULL);
    return l;
}

static struct composition_list run(void)
{
    return run_with(NULL);
}

static void tell(size_t i, enum alert_severity severity)
{
    told[i] = (struct told){ episodes[i].ordinal, severity, true };
    is_told[i] = true;
}

START_TEST(all_plans_and_priorities_of_a_lead_are_one_mail)
{
    setup();
    struct composition_list l = run();

    ck_assert_uint_eq(l.count, 1);
    ck_assert_uint_eq(l.list[0].item_count, 3);
    ck_assert_str_eq(l.list[0].group, COMPOSER_LEAD);
    ck_assert_ptr_null(l.list[0].plan);
    composition_list_release(&l);
}
END_TEST

START_TEST(a_leads_mail_names_the_plan_and_the_priority_that_all_of_it_is_of)
{
    setup();
    tell(2, SEVERITY_AMBER);
    struct composition_list l = run();

    ck_assert_ptr_eq(l.list[0].plan, &one);
    ck_assert_uint_eq(l.list[0].priority, 2); /* of both */
    ck_assert_uint_eq(l.list[0].unchanged, 1);
    composition_list_release(&l);
    tell(0, SEVERITY_AMBER);
    l = run();
    ck_assert_ptr_eq(l.list[0].plan, &one);
    ck_assert_uint_eq(l.list[0].priority, 1);
    composition_list_release(&l);
}
END_TEST

START_TEST(what_is_amber_waits_once_the_mail_of_the_day_went_whatever_plan_that_was_of)
{
    setup();
    spent.day = TODAY;
    struct composition_list l = run();

    ck_assert_uint_eq(l.count, 0);
    ck_assert_uint_eq(l.waiting, 1);
    composition_list_release(&l);
    spent.day = TODAY - 1;
    l = run();
    ck_assert_uint_eq(l.count, 1);
    composition_list_release(&l);
}
END_TEST

/* What is told when the day's mail has gone out. */
static const struct {
    const char *why;
    enum alert_state state;
    enum alert_severity severity;
    bool was_told;
    enum alert_severity before;
    bool leaves;
} later[] = {
    { "new, red", ALERT_FIRING, SEVERITY_RED, false, SEVERITY_NONE, true },
    { "amber, then red", ALERT_FIRING, SEVERITY_RED, true, SEVERITY_AMBER, true },
    { "new, amber", ALERT_FIRING, SEVERITY_AMBER, false, SEVERITY_NONE, false },
    { "red, then amber", ALERT_RECOVERING, SEVERITY_AMBER, true, SEVERITY_RED, false },
    { "red as it was told, corrected", ALERT_FIRING, SEVERITY_RED, true, SEVERITY_RED, false },
    { "red, then over", ALERT_RESOLVED, SEVERITY_RED, true, SEVERITY_RED, false },
};

START_TEST(of_a_feed_that_stays_late_a_lead_hears_again_after_a_week_and_others_each_day)
{
    struct composition_list l;

    setup();
    alerts[0].rule = RULE_FEED_LATE;
    for (size_t i = 1; i < 3; i++)
        episodes[i].state = ALERT_INACTIVE;
    episodes[0].news = NEWS_REMINDER;
    is_told[0] = true;
    told[0] = (struct told){ .ordinal = 1, .severity = SEVERITY_AMBER, .open = true };
    for (unsigned day = 1; day <= 7; day++) {
        episodes[0].ordinal = 1 + day;
        who.is_lead = true;
        l = run();
        ck_assert_uint_eq(l.count, day == 7);
        composition_list_release(&l);
        who.is_lead = false;
        l = run();
        ck_assert_uint_eq(l.count, 1);
        composition_list_release(&l);
    }
    /* What is worse is said at once. */
    who.is_lead = true;
    episodes[0].ordinal = 3;
    episodes[0].news = NEWS_WORSE;
    l = run();
    ck_assert_uint_eq(l.count, 1);
    composition_list_release(&l);
}
END_TEST

START_TEST(what_turned_red_goes_at_once_and_takes_along_what_waited)
{
    setup();
    spent.day = TODAY;
    episodes[1].state = later[_i].state;
    episodes[1].severity = later[_i].severity;
    if (later[_i].was_told)
        tell(1, later[_i].before);
    episodes[1].ordinal = 2;
    episodes[1].news = NEWS_CORRECTED;
    struct composition_list l = run();

    ck_assert_msg(l.count == later[_i].leaves, "%s", later[_i].why);
    if (later[_i].leaves)
        ck_assert_uint_eq(l.list[0].item_count, 3);
    composition_list_release(&l);
}
END_TEST

START_TEST(outside_their_hours_nothing_goes_to_a_lead_and_it_is_said_when_they_begin)
{
    setup();
    episodes[1].severity = SEVERITY_RED;
    who.opens_at.ms = OPENS_MS;
    struct composition_list l = run();

    ck_assert_uint_eq(l.count, 0);
    ck_assert_uint_eq(l.shut, 1);
    ck_assert_int_eq(l.opens_at.ms, OPENS_MS);
    composition_list_release(&l);
    ops_alert = 2; /* who has no hours: all goes */
    l = run();
    ck_assert_uint_eq(l.count, 1);
    ck_assert_uint_eq(l.list[0].item_count, 3);
    composition_list_release(&l);
    tell(2, SEVERITY_AMBER); /* nothing is due to ops: of that which is due all has hours */
    l = run();
    ck_assert_uint_eq(l.count, 0);
    composition_list_release(&l);
}
END_TEST

/* How what turned red was over before their hours began. */
static const struct {
    enum alert_state state;
    enum alert_news news;
} overnight[] = { { ALERT_RESOLVED, NEWS_CLEARED }, { ALERT_RETRACTED, NEWS_CORRECTED } };

START_TEST(what_turned_red_and_was_over_before_their_hours_began_is_told_with_both_dates_once)
{
    setup();
    tell(0, SEVERITY_AMBER);
    tell(2, SEVERITY_AMBER);
    episodes[1].state = overnight[_i].state;
    episodes[1].severity = SEVERITY_RED;
    episodes[1].ordinal = 2;
    episodes[1].closed_on.day = TODAY;
    episodes[1].changed_at.ms = SHUT_MS + 1;
    who.shut_since.ms = SHUT_MS;
    struct composition_list l = run();

    ck_assert_uint_eq(l.count, 1);
    ck_assert_uint_eq(l.list[0].item_count, 1);
    ck_assert(l.list[0].items[0].came_and_went);
    ck_assert_int_eq(l.list[0].items[0].news, overnight[_i].news);
    composition_list_release(&l);

    tell(1, SEVERITY_RED);
    told[1].open = false; /* as it is told */
    l = run();
    ck_assert_uint_eq(l.count, 0);
    composition_list_release(&l);
}
END_TEST

static const struct {
    const char *why;
    enum alert_state state;
    enum alert_severity severity;
    bool early;
    int64_t changed, shut;
    int closed; /* day */
} passed_over[] = {
    { "it was over before they were last shut", ALERT_RESOLVED, SEVERITY_RED, false, SHUT_MS - 1,
      SHUT_MS, TODAY },
    { "it had ended before it was shown that it never was", ALERT_RETRACTED, SEVERITY_RED, false,
      SHUT_MS, SHUT_MS, -1 },
    { "amber waits for the day anyhow", ALERT_RESOLVED, SEVERITY_AMBER, false, SHUT_MS, SHUT_MS,
      TODAY },
    { "they have no hours", ALERT_RESOLVED, SEVERITY_RED, false, SHUT_MS, 0, TODAY },
    { "no data bore it out", ALERT_RESOLVED, SEVERITY_RED, true, SHUT_MS, SHUT_MS, TODAY },
};

START_TEST(what_else_came_and_went_untold_stays_untold)
{
    setup();
    tell(0, SEVERITY_AMBER);
    tell(2, SEVERITY_AMBER);
    episodes[1].state = passed_over[_i].state;
    episodes[1].severity = passed_over[_i].severity;
    episodes[1].early = passed_over[_i].early;
    episodes[1].ordinal = 2;
    episodes[1].closed_on.day = passed_over[_i].closed;
    episodes[1].changed_at.ms = passed_over[_i].changed;
    who.shut_since.ms = passed_over[_i].shut;
    struct composition_list l = run();

    ck_assert_msg(l.count == 0, "%s", passed_over[_i].why);
    composition_list_release(&l);
}
END_TEST

START_TEST(with_a_baseline_the_day_of_a_lead_is_spent)
{
    struct composer_baseline b = { .plan = &one, .id = "b", .ordinal = 1, .is_first = true };

    setup();
    b.who = who;
    struct composition_list l = run_with(&b);

    ck_assert_uint_eq(l.count, 1);
    ck_assert_ptr_eq(l.list[0].baseline, &b);
    ck_assert_str_eq(l.list[0].group, COMPOSER_LEAD);
    ck_assert_uint_eq(l.waiting, 1);
    composition_list_release(&l);
    episodes[2].severity = SEVERITY_RED;
    l = run_with(&b);
    ck_assert_uint_eq(l.count, 2);
    composition_list_release(&l);
}
END_TEST

START_TEST(what_is_of_a_rehearsal_is_a_mail_of_its_own)
{
    setup();
    two.mode = PLAN_REHEARSAL;
    struct composition_list l = run();

    ck_assert_uint_eq(l.count, 2);
    ck_assert_str_eq(l.list[0].group, COMPOSER_LEAD);
    ck_assert(!l.list[0].backlog.is_rehearsal);
    ck_assert_str_eq(l.list[1].group, COMPOSER_LEAD_REHEARSAL);
    ck_assert(l.list[1].backlog.is_rehearsal);
    composition_list_release(&l);
}
END_TEST

UNIT_MAIN(
    "composer_leads", UNIT_TEST(all_plans_and_priorities_of_a_lead_are_one_mail),
    UNIT_TEST(a_leads_mail_names_the_plan_and_the_priority_that_all_of_it_is_of),
    UNIT_TEST(what_is_amber_waits_once_the_mail_of_the_day_went_whatever_plan_that_was_of),
    UNIT_TEST(of_a_feed_that_stays_late_a_lead_hears_again_after_a_week_and_others_each_day),
    UNIT_ROWS(what_turned_red_goes_at_once_and_takes_along_what_waited, later),
    UNIT_TEST(outside_their_hours_nothing_goes_to_a_lead_and_it_is_said_when_they_begin),
    UNIT_ROWS(what_turned_red_and_was_over_before_their_hours_began_is_told_with_both_dates_once,
              overnight),
    UNIT_ROWS(what_else_came_and_went_untold_stays_untold, passed_over),
    UNIT_TEST(with_a_baseline_the_day_of_a_lead_is_spent),
    UNIT_TEST(what_is_of_a_rehearsal_is_a_mail_of_its_own))
