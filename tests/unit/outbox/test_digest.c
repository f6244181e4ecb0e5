#include "outbox/digest.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

#define EPISODES 3

/* Alerts of one episode each: e0, e1, e2, of plans p, p, q. */
static struct episode episodes[EPISODES];
static struct alert alerts[EPISODES];
static struct plan plans[2];
static const struct plan *const plan_list[] = { &plans[0], &plans[1] };
static struct table got;
static struct finding found = { .rule = RULE_BEHIND_PLAN };
static const struct finding_set findings = { &found, 1 };
static const char *const finding_ids[] = { "a1" };

static void setup(void)
{
    static char p[] = "p", q[] = "q";

    got = (struct table)TABLE_INIT;
    plans[0] = (struct plan){ .id = p, .illustrative = true };
    plans[1] = (struct plan){ .id = q, .mode = PLAN_REHEARSAL };
    for (int i = 0; i < EPISODES; i++) {
        episodes[i] = (struct episode){ .state = ALERT_FIRING,
                                        .severity = i == 0 ? SEVERITY_AMBER : SEVERITY_RED,
                                        .ordinal = 1 };
        (void)snprintf(episodes[i].id, sizeof episodes[i].id, "e%d", i);
        alerts[i] = (struct alert){ .rule = RULE_BEHIND_PLAN,
                                    .plan = i < 2 ? p : q,
                                    .episodes = &episodes[i],
                                    .episode_count = 1 };
        (void)snprintf(alerts[i].id, sizeof alerts[i].id, "a%d", i);
    }
}

static void teardown(void)
{
    table_release(&got, NULL);
}

static struct composition digest(const struct waiting_notice *notices, size_t count)
{
    struct composition c = { 0 };
    const struct digest_input in = {
        .receiver = "mail",
        .recipient = "lead@example.nhs.uk",
        .recipient_name = "Lead",
        .messages = 2,
        .notices = notices,
        .notice_count = count,
        .got = &got,
        .plans = plan_list,
        .plan_count = 2,
        .findings = &findings,
        .finding_ids = finding_ids,
    };

    ck_assert_int_eq(digest_compose(&in, &c), 0);
    return c;
}

static struct waiting_notice notice(int i, unsigned ordinal)
{
    return (struct waiting_notice){ &alerts[i], &episodes[i], ordinal };
}

START_TEST(each_episode_is_told_once_the_worst_first)
{
    setup();
    const struct waiting_notice n[] = { notice(0, 1), notice(1, 1), notice(0, 1) };
    struct composition c = digest(n, 3);

    ck_assert_uint_eq(c.item_count, 2);
    ck_assert_str_eq(c.items[0].episode->id, "e1"); /* red before amber */
    ck_assert_ptr_eq(c.items[0].finding, &found);
    ck_assert_ptr_null(c.items[1].finding);
    ck_assert_uint_eq(c.backlog.messages, 2);
    ck_assert_str_eq(c.recipient_name, "Lead");
    composition_release(&c);
    teardown();
}
END_TEST

static const struct {
    const char *why;
    enum alert_state state;
    unsigned ordinal;
    bool was_told;
    struct told told;
    enum alert_news news;
    bool came_and_went;
} rows[] = {
    { "never told, and open", ALERT_FIRING, 1, false, { 0 }, NEWS_NEW, false },
    { "never told, and resolved", ALERT_RESOLVED, 2, false, { 0 }, NEWS_CLEARED, true },
    { "never told, and corrected", ALERT_RETRACTED, 2, false, { 0 }, NEWS_CORRECTED, true },
    { "never told, and withdrawn", ALERT_WITHDRAWN, 2, false, { 0 }, NEWS_WITHDRAWN, true },
    { "told as open, and resolved",
      ALERT_RESOLVED,
      2,
      true,
      { 1, SEVERITY_RED, true },
      NEWS_CLEARED,
      false },
    { "told as red, and red after all",
      ALERT_FIRING,
      3,
      true,
      { 1, SEVERITY_RED, true },
      NEWS_NONE,
      false },
    { "told as amber, and red",
      ALERT_FIRING,
      3,
      true,
      { 1, SEVERITY_AMBER, true },
      NEWS_WORSE,
      false },
    { "told as ended, opened and ended again",
      ALERT_RESOLVED,
      4,
      true,
      { 2, SEVERITY_RED, false },
      NEWS_CLEARED,
      true },
};

START_TEST(nothing_that_was_due_vanishes)
{
    struct told told = rows[_i].told;

    setup();
    episodes[1].state = rows[_i].state;
    episodes[1].ordinal = rows[_i].ordinal;
    if (rows[_i].was_told)
        ck_assert_int_eq(table_set(&got, "mail|lead@example.nhs.uk|e1", &told, NULL), 0);
    const struct waiting_notice n[] = { notice(1, 1), notice(1, rows[_i].ordinal) };
    struct composition c = digest(n, 2);

    ck_assert_msg(c.item_count == 1, "%s: %zu items", rows[_i].why, c.item_count);
    ck_assert_msg(c.items[0].news == rows[_i].news, "%s: news %d", rows[_i].why, c.items[0].news);
    ck_assert_msg(c.items[0].came_and_went == rows[_i].came_and_went, "%s", rows[_i].why);
    composition_release(&c);
    teardown();
}
END_TEST

START_TEST(its_notices_are_all_that_waited_and_what_stands_now_each_once)
{
    char first[ALERT_ID_MAX], second[ALERT_ID_MAX];

    setup();
    episodes[1].ordinal = 2;
    const struct waiting_notice n[] = { notice(1, 1), notice(1, 1), notice(1, 2) };
    struct composition c = digest(n, 3);

    ck_assert_int_eq(notice_id_of("e1", 1, first), 0);
    ck_assert_int_eq(notice_id_of("e1", 2, second), 0);
    ck_assert_uint_eq(c.backlog.notice_count, 2);
    ck_assert_str_eq(c.backlog.notices[0], first);
    ck_assert_str_eq(c.backlog.notices[1], second);
    composition_release(&c);
    teardown();
}
END_TEST

START_TEST(it_belongs_to_a_priority_only_when_all_of_it_does)
{
    static char gone[] = "of no plan that is left";

    setup();
    const struct waiting_notice one[] = { notice(0, 1), notice(1, 1) };
    struct composition c = digest(one, 2);

    ck_assert_str_eq(c.group, "p/0");
    ck_assert(c.plan == &plans[0] && c.backlog.is_illustrative && !c.backlog.is_rehearsal);
    composition_release(&c);

    const struct waiting_notice two[] = { notice(0, 1), notice(2, 1) };

    c = digest(two, 2);
    ck_assert_str_eq(c.group, "backlog");
    ck_assert(!c.plan && c.backlog.is_illustrative && c.backlog.is_rehearsal);
    composition_release(&c);

    alerts[1].priority = 1;
    c = digest(one, 2);
    ck_assert_str_eq(c.group, "backlog");
    composition_release(&c);

    alerts[0].plan = alerts[1].plan = gone; /* with its file */
    c = digest(one, 2);
    ck_assert_str_eq(c.group, "backlog");
    ck_assert(!c.plan && !c.backlog.is_illustrative);
    composition_release(&c);

    alerts[0].plan = alerts[1].plan = NULL; /* feeds */
    alerts[1].priority = 0;
    c = digest(one, 2);
    ck_assert_str_eq(c.group, "backlog");
    ck_assert(!c.backlog.is_illustrative);
    composition_release(&c);
    teardown();
}
END_TEST

START_TEST(what_is_as_it_was_told_stands_last_also_when_it_is_red)
{
    struct told told = { 1, SEVERITY_RED, true };

    setup();
    ck_assert_int_eq(table_set(&got, "mail|lead@example.nhs.uk|e1", &told, NULL), 0);
    const struct waiting_notice n[] = { notice(1, 1), notice(0, 1) };
    struct composition c = digest(n, 2);

    ck_assert_uint_eq(c.item_count, 2);
    ck_assert_str_eq(c.items[0].episode->id, "e0");
    ck_assert_int_eq(c.items[0].news, NEWS_NEW);
    ck_assert_int_eq(c.items[1].news, NEWS_NONE);
    composition_release(&c);
    teardown();
}
END_TEST

UNIT_MAIN("digest", UNIT_TEST(each_episode_is_told_once_the_worst_first),
          UNIT_ROWS(nothing_that_was_due_vanishes, rows),
          UNIT_TEST(what_is_as_it_was_told_stands_last_also_when_it_is_red),
          UNIT_TEST(its_notices_are_all_that_waited_and_what_stands_now_each_once),
          UNIT_TEST(it_belongs_to_a_priority_only_when_all_of_it_does))
