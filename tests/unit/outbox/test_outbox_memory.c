/*
 * Each allocation of the outbox failing once: refused with -ENOMEM, and with room again the same
 * answer. Many alerts, plans and recipients at once, so that every table grows.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "outbox/composer.h"
#include "outbox/digest.h"
#include "outbox/pace.h"
#include "support/failing.h"
#include "support/unit.h"

#define ALERTS 24

static struct episode episodes[ALERTS];
static struct alert alerts[ALERTS];
static const struct alert *alert_list[ALERTS];
static struct plan plans[2];
static const struct plan *const plan_list[] = { &plans[0], &plans[1] };
static struct finding found[ALERTS];
static const struct finding_set findings = { found, ALERTS / 2 };
static const char *finding_ids[ALERTS];
static struct told told = { 1, SEVERITY_AMBER, true };
static struct civil_date today = { 20000 };
static struct table told_table, days;

/* Half of it in plans, half of it feeds and receivers; every third has ended. */
static void setup(void)
{
    static char p[] = "p", q[] = "q", receiver[] = "hook";
    char key[96];

    plans[0] = (struct plan){ .id = p };
    plans[1] = (struct plan){ .id = q };
    for (int i = 0; i < ALERTS; i++) {
        episodes[i] = (struct episode){ .state = i % 3 == 0 ? ALERT_RESOLVED : ALERT_FIRING,
                                        .severity = i % 2 ? SEVERITY_RED : SEVERITY_AMBER,
                                        .closed_on = today,
                                        .ordinal = 2 };
        (void)snprintf(episodes[i].id, sizeof episodes[i].id, "e%d", i);
        alerts[i] = (struct alert){ .rule = i % 5 == 4 ? RULE_DEAD_LETTER : RULE_BEHIND_PLAN,
                                    .plan = i % 4 == 0   ? p
                                            : i % 4 == 1 ? q
                                                         : NULL,
                                    .priority = (size_t)i % 3,
                                    .receiver = receiver,
                                    .episodes = &episodes[i],
                                    .episode_count = 1 };
        (void)snprintf(alerts[i].id, sizeof alerts[i].id, "a%d", i);
        alert_list[i] = &alerts[i];
        finding_ids[i] = alerts[i].id;
        /* Several to an episode, and enough that qsort() asks for memory. */
        for (int k = 0; k < 6 && i % 2; k++) {
            (void)snprintf(key, sizeof key, "mail|%s%d|e%d", k ? "other " : "them", k, i);
            ck_assert_int_eq(table_set(&told_table, key, &told, NULL), 0);
        }
    }
    ck_assert_int_eq(table_set(&told_table, "no key of ours", &told, NULL), 0);
    ck_assert_int_eq(table_set(&days, "mail|0|day|p/0", &today, NULL), 0);
}

static size_t many(void *arg, const struct alert *a, struct composer_recipient *out, size_t max)
{
    static const char *const recipients[] = { "0", "1", "2", "3" };

    (void)arg;
    (void)a;
    (void)max; /* COMPOSER_RECIPIENTS_MAX */
    for (size_t i = 0; i < 4; i++)
        out[i] = (struct composer_recipient){ .receiver = "mail",
                                              .recipient = recipients[i],
                                              .recipient_name = i % 2 ? "Name" : NULL,
                                              .at_once = i == 3 };
    return 4;
}

static int kind_of(void *arg, const char *receiver)
{
    (void)arg;
    (void)receiver;
    return 1;
}

static int do_compose(void)
{
    const struct composer_input in = { .alerts = alert_list,
                                       .alert_count = ALERTS,
                                       .findings = &findings,
                                       .finding_ids = finding_ids,
                                       .plans = plan_list,
                                       .plan_count = 2,
                                       .told = &told_table,
                                       .days = &days,
                                       .today = today,
                                       .recipients = many,
                                       .receiver_kind = kind_of };
    struct composition_list l = { 0 };
    int r = composer_run(&in, &l);

    (void)failing_end(); /* what follows is the test's own */
    if (r == 0)
        ck_assert_uint_gt(l.count, 8);
    composition_list_release(&l);
    return r;
}

static int digest_with(const char *name)
{
    struct waiting_notice notices[ALERTS];
    struct composition c = { 0 };

    for (int i = 0; i < ALERTS; i++)
        notices[i] = (struct waiting_notice){ &alerts[i], &episodes[i], 1 };
    const struct digest_input in = { .receiver = "mail",
                                     .recipient = "them0",
                                     .recipient_name = name,
                                     .messages = 2,
                                     .notices = notices,
                                     .notice_count = ALERTS,
                                     .got = &told_table,
                                     .plans = plan_list,
                                     .plan_count = 2,
                                     .findings = &findings,
                                     .finding_ids = finding_ids };
    int r = digest_compose(&in, &c);

    (void)failing_end();
    if (r == 0)
        ck_assert_uint_eq(c.item_count, ALERTS);
    composition_release(&c);
    return r;
}

static int do_digest(void)
{
    return digest_with(NULL);
}

static int do_named_digest(void)
{
    return digest_with("Name");
}

static int do_pace(void)
{
    struct table paces = TABLE_INIT;
    int r = pace_note(&paces, "mail", (struct mono_time){ 1 });

    table_release(&paces, pace_free);
    return r;
}

static const struct {
    const char *why;
    int (*call)(void);
} calls[] = {
    { "composer_run", do_compose },
    { "digest_compose", do_digest },
    { "digest_compose for a named person", do_named_digest },
    { "pace_note", do_pace },
};

START_TEST(an_allocation_that_fails_is_refused_and_the_next_call_answers_as_ever)
{
    long n = 0;
    char id[ALERT_ID_MAX];

    setup();
    ck_assert_int_eq(notice_id_of("e", 1, id), 0); /* libcrypto's own beginnings may not fail */
    for (bool failed = true; failed; n++) {
        failing_begin(FAILING_ALLOCATIONS, n + 1, 1, ENOMEM);
        int r = calls[_i].call();

        failed = failing_end() > 0;
        /* qsort() sorts in place when it gets no memory: then the answer is as ever. */
        ck_assert_msg(r == 0 || (failed && r == -ENOMEM), "%s: allocation %ld: %d", calls[_i].why,
                      n + 1, r);
    }
    ck_assert_int_eq(calls[_i].call(), 0);
    table_release(&told_table, NULL);
    table_release(&days, NULL);
}
END_TEST

UNIT_MAIN("outbox_memory",
          UNIT_ROWS(an_allocation_that_fails_is_refused_and_the_next_call_answers_as_ever, calls))
