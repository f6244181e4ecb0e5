#include "outbox/composer.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

#define WORDS(s) ((char *)(uintptr_t)(s)) /* plans own char *; a literal is only read here */

/* One alert with one episode; one recipient; what was told and when is set by each row. */
static struct episode episode;
static struct alert alert;
static struct composer_recipient who;

static size_t one_recipient(void *arg, const struct alert *a, struct composer_recipient *out,
                            size_t max)
{
    (void)arg;
    (void)a;
    ck_assert_uint_ge(max, 1);
    out[0] = who;
    return 1;
}

static int kind_of(void *arg, const char *receiver)
{
    (void)arg;
    return strcmp(receiver, "gone") == 0 ? -1 : 0;
}

static void setup(enum alert_state state, enum alert_severity severity, unsigned ordinal)
{
    episode = (struct episode){ .state = state, .severity = severity, .ordinal = ordinal };
    (void)snprintf(episode.id, sizeof episode.id, "e1");
    alert = (struct alert){ .rule = RULE_BEHIND_PLAN, .episodes = &episode, .episode_count = 1 };
    (void)snprintf(alert.id, sizeof alert.id, "a1");
    who = (struct composer_recipient){ .receiver = "spool", .recipient = "spool" };
}

static const struct workflow *workflow; /* what people asked to be spared */

/* day_spent: 0 the day's message has not gone out ever; 1 today; 2 yesterday. */
static struct composition_list run(struct told *told, int day_spent)
{
    static const struct civil_date today = { 20000 };
    struct civil_date spent = { today.day + 1 - day_spent };
    struct table told_table = TABLE_INIT, days = TABLE_INIT;
    const struct alert *alerts[] = { &alert };
    struct finding_set none = { 0 };
    struct composition_list out = { 0 };

    if (told)
        ck_assert_int_eq(table_set(&told_table, "spool|spool|e1", told, NULL), 0);
    if (day_spent)
        ck_assert_int_eq(table_set(&days, "spool|spool|day|feeds", &spent, NULL), 0);
    const struct composer_input in = { .alerts = alerts,
                                       .alert_count = 1,
                                       .findings = &none,
                                       .told = &told_table,
                                       .days = &days,
                                       .today = today,
                                       .recipients = one_recipient,
                                       .receiver_kind = kind_of,
                                       .workflow = workflow };

    ck_assert_int_eq(composer_run(&in, &out), 0);
    table_release(&told_table, NULL);
    table_release(&days, NULL);
    return out;
}

static const struct {
    const char *why;
    enum alert_state state;
    enum alert_severity severity;
    unsigned ordinal;
    int was_told;
    struct told told;
    enum alert_news news; /* NEWS_NONE: no message */
} rows[] = {
    { "an alert that fires is told", ALERT_FIRING, SEVERITY_RED, 1, 0, { 0 }, NEWS_NEW },
    { "pending is watched, not told", ALERT_PENDING, SEVERITY_RED, 0, 0, { 0 }, NEWS_NONE },
    { "what was told is not told again",
      ALERT_FIRING,
      SEVERITY_RED,
      1,
      1,
      { 1, SEVERITY_RED, true },
      NEWS_NONE },
    { "amber to red is worse",
      ALERT_FIRING,
      SEVERITY_RED,
      2,
      1,
      { 1, SEVERITY_AMBER, true },
      NEWS_WORSE },
    { "red to amber is better",
      ALERT_FIRING,
      SEVERITY_AMBER,
      2,
      1,
      { 1, SEVERITY_RED, true },
      NEWS_BETTER },
    { "whoever was told that it began is told that it ended",
      ALERT_RESOLVED,
      SEVERITY_RED,
      2,
      1,
      { 1, SEVERITY_RED, true },
      NEWS_CLEARED },
    { "what began and ended untold stays untold",
      ALERT_RESOLVED,
      SEVERITY_RED,
      2,
      0,
      { 0 },
      NEWS_NONE },
    { "its end is told once",
      ALERT_RESOLVED,
      SEVERITY_RED,
      2,
      1,
      { 2, SEVERITY_RED, false },
      NEWS_NONE },
    { "a correction is told to whoever was told",
      ALERT_RETRACTED,
      SEVERITY_RED,
      2,
      1,
      { 1, SEVERITY_RED, true },
      NEWS_CORRECTED },
    { "an ended rule is told",
      ALERT_WITHDRAWN,
      SEVERITY_AMBER,
      2,
      1,
      { 1, SEVERITY_AMBER, true },
      NEWS_WITHDRAWN },
    { "recovering is still the told alert",
      ALERT_RECOVERING,
      SEVERITY_RED,
      1,
      1,
      { 1, SEVERITY_RED, true },
      NEWS_NONE },
    { "an episode that reopens is new again",
      ALERT_FIRING,
      SEVERITY_RED,
      3,
      1,
      { 2, SEVERITY_RED, false },
      NEWS_NEW },
    { "one that was told as ended and is open again without a notice says nothing yet",
      ALERT_FIRING,
      SEVERITY_RED,
      2,
      1,
      { 2, SEVERITY_RED, false },
      NEWS_NONE },
    { "pending again has no end to tell",
      ALERT_PENDING,
      SEVERITY_RED,
      2,
      1,
      { 1, SEVERITY_RED, true },
      NEWS_NONE },
};

START_TEST(desired_minus_told_is_the_news)
{
    struct told told = rows[_i].told;

    setup(rows[_i].state, rows[_i].severity, rows[_i].ordinal);
    struct composition_list l = run(rows[_i].was_told ? &told : NULL, 0);

    ck_assert_msg(l.count == (rows[_i].news != NEWS_NONE), "%s: %zu messages", rows[_i].why,
                  l.count);
    if (l.count)
        ck_assert_msg(l.list[0].items[0].news == rows[_i].news, "%s", rows[_i].why);
    composition_list_release(&l);
}
END_TEST

START_TEST(less_bad_by_a_restated_figure_is_corrected_and_no_better_news)
{
    struct told told = { 1, SEVERITY_RED, true };

    setup(ALERT_FIRING, SEVERITY_AMBER, 2);
    episode.news = NEWS_CORRECTED;
    struct composition_list l = run(&told, 0);

    ck_assert_uint_eq(l.count, 1);
    ck_assert_int_eq(l.list[0].items[0].news, NEWS_CORRECTED);
    composition_list_release(&l);
}
END_TEST

/* State and severity do not show these: the newest notice does. */
static const struct {
    const char *why;
    enum alert_state state;
    enum alert_news says; /* the newest notice, number 2 */
    int closed_days_ago;
    int was_told;
    struct told told;
    enum alert_news news;
} notices[] = {
    { "a corrected figure of an open alert",
      ALERT_FIRING,
      NEWS_CORRECTED,
      0,
      1,
      { 1, SEVERITY_RED, true },
      NEWS_CORRECTED },
    { "flapping", ALERT_FIRING, NEWS_FLAPPING, 0, 1, { 1, SEVERITY_RED, true }, NEWS_FLAPPING },
    { "steady", ALERT_RECOVERING, NEWS_STEADY, 0, 1, { 1, SEVERITY_RED, true }, NEWS_STEADY },
    { "still so", ALERT_FIRING, NEWS_REMINDER, 0, 1, { 1, SEVERITY_RED, true }, NEWS_REMINDER },
    { "told once", ALERT_FIRING, NEWS_CORRECTED, 0, 1, { 2, SEVERITY_RED, true }, NEWS_NONE },
    { "whoever knows nothing is told of the whole",
      ALERT_FIRING,
      NEWS_CORRECTED,
      0,
      0,
      { 0 },
      NEWS_NEW },
    { "it never was: told also after it was told as ended",
      ALERT_RETRACTED,
      NEWS_CORRECTED,
      9,
      1,
      { 1, SEVERITY_RED, false },
      NEWS_CORRECTED },
    { "it never was: told once",
      ALERT_RETRACTED,
      NEWS_CORRECTED,
      9,
      1,
      { 2, SEVERITY_RED, false },
      NEWS_NONE },
    { "discovered late", ALERT_RESOLVED, NEWS_DISCOVERED, 0, 0, { 0 }, NEWS_DISCOVERED },
    { "discovered late, after it was told as corrected",
      ALERT_RESOLVED,
      NEWS_DISCOVERED,
      0,
      1,
      { 1, SEVERITY_RED, false },
      NEWS_DISCOVERED },
    { "discovered late: told once",
      ALERT_RESOLVED,
      NEWS_DISCOVERED,
      0,
      1,
      { 2, SEVERITY_RED, false },
      NEWS_NONE },
    { "discovered long ago: one who came later is not told",
      ALERT_RESOLVED,
      NEWS_DISCOVERED,
      32,
      0,
      { 0 },
      NEWS_NONE },
};

START_TEST(what_state_and_severity_do_not_show_is_told_once)
{
    struct told told = notices[_i].told;

    setup(notices[_i].state, SEVERITY_RED, 2);
    episode.news = notices[_i].says;
    episode.closed_on = (struct civil_date){ 20000 - notices[_i].closed_days_ago };
    struct composition_list l = run(notices[_i].was_told ? &told : NULL, 0);

    ck_assert_msg(l.count == (notices[_i].news != NEWS_NONE), "%s: %zu messages", notices[_i].why,
                  l.count);
    if (l.count)
        ck_assert_msg(l.list[0].items[0].news == notices[_i].news, "%s", notices[_i].why);
    composition_list_release(&l);
}
END_TEST

START_TEST(an_early_warning_that_data_bear_out_is_told_at_the_same_severity)
{
    struct told told = { 1, SEVERITY_AMBER, true };

    setup(ALERT_FIRING, SEVERITY_AMBER, 2);
    episode.news = NEWS_WORSE;
    episode.warned = true;
    struct composition_list l = run(&told, 0);

    ck_assert_uint_eq(l.count, 1);
    ck_assert_int_eq(l.list[0].items[0].news, NEWS_WORSE);
    composition_list_release(&l);
    episode.early = true; /* no data yet */
    l = run(&told, 0);
    ck_assert_uint_eq(l.count, 0);
    composition_list_release(&l);
    episode.state = ALERT_EARLY;
    l = run(NULL, 0);
    ck_assert_uint_eq(l.count, 1);
    ck_assert_int_eq(l.list[0].items[0].news, NEWS_NEW);
    composition_list_release(&l);
}
END_TEST

START_TEST(a_gap_that_spread_is_worse_and_a_figure_at_the_same_red_is_not)
{
    struct told told = { 1, SEVERITY_RED, true };

    setup(ALERT_FIRING, SEVERITY_RED, 2);
    episode.news = NEWS_WORSE;
    struct composition_list l = run(&told, 0);

    ck_assert_uint_eq(l.count, 0); /* better and worse again, in one untold step */
    composition_list_release(&l);
    alert.rule = RULE_COVERAGE_GAP;
    l = run(&told, 0);
    ck_assert_uint_eq(l.count, 1);
    ck_assert_int_eq(l.list[0].items[0].news, NEWS_WORSE);
    composition_list_release(&l);
    told.ordinal = 2; /* told already */
    l = run(&told, 0);
    ck_assert_uint_eq(l.count, 0);
    composition_list_release(&l);
    episode.ordinal = 3;
    episode.news = NEWS_STEADY;
    l = run(&told, 0);
    ck_assert_uint_eq(l.count, 1);
    ck_assert_int_eq(l.list[0].items[0].news, NEWS_STEADY);
    composition_list_release(&l);
}
END_TEST

START_TEST(amber_waits_when_the_days_message_has_gone_and_red_does_not)
{
    setup(ALERT_FIRING, SEVERITY_AMBER, 1);
    struct composition_list l = run(NULL, 1);

    ck_assert_uint_eq(l.count, 0);
    ck_assert_uint_eq(l.waiting, 1);
    composition_list_release(&l);
    l = run(NULL, 2);
    ck_assert_uint_eq(l.count, 1);
    composition_list_release(&l);
    setup(ALERT_FIRING, SEVERITY_RED, 1);
    l = run(NULL, 1);
    ck_assert_uint_eq(l.count, 1);
    composition_list_release(&l);
}
END_TEST

START_TEST(the_end_of_what_was_told_red_is_told_at_once)
{
    struct told told = { 1, SEVERITY_RED, true };

    setup(ALERT_RESOLVED, SEVERITY_AMBER, 3);
    struct composition_list l = run(&told, 1);

    ck_assert_uint_eq(l.count, 1);
    composition_list_release(&l);
}
END_TEST

START_TEST(whoever_was_told_is_told_the_end_after_the_role_has_passed_on)
{
    struct told told = { 1, SEVERITY_RED, true };

    setup(ALERT_RESOLVED, SEVERITY_RED, 2);
    who.recipient = "the next holder";
    struct composition_list l = run(&told, 0);

    ck_assert_uint_eq(l.count, 1);
    ck_assert_str_eq(l.list[0].recipient, "spool");
    composition_list_release(&l);
}
END_TEST

START_TEST(a_machine_is_told_amber_at_once)
{
    setup(ALERT_FIRING, SEVERITY_AMBER, 1);
    who.at_once = true;
    struct composition_list l = run(NULL, 1);

    ck_assert_uint_eq(l.count, 1);
    composition_list_release(&l);
}
END_TEST

START_TEST(a_reminder_turns_nothing_red_and_waits_for_the_next_days_message)
{
    struct told told = { 1, SEVERITY_RED, true };

    setup(ALERT_FIRING, SEVERITY_RED, 2);
    episode.news = NEWS_REMINDER;
    struct composition_list l = run(&told, 1);

    ck_assert_uint_eq(l.count, 0);
    ck_assert_uint_eq(l.waiting, 1);
    composition_list_release(&l);
}
END_TEST

START_TEST(an_end_is_told_to_everybody_who_was_told_among_thousands_of_others)
{
    static struct told was_told = { 1, SEVERITY_RED, true }, ended = { 2, SEVERITY_RED, false };
    static const char *const ids[] = { "e", "e0", "e1", "e10", "e11", "f", "" };
    const struct alert *alerts[] = { &alert };
    const struct finding_set none = { 0 };
    struct table told = TABLE_INIT, days = TABLE_INIT;
    struct composition_list l = { 0 };
    char key[64];

    setup(ALERT_RESOLVED, SEVERITY_RED, 2);
    for (int i = 0; i < 3000; i++)
        for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++) {
            bool is_ours = strcmp(ids[k], "e1") == 0;

            (void)snprintf(key, sizeof key, "spool|person %d|%s", i, ids[k]);
            ck_assert_int_eq(
                table_set(&told, key, is_ours && i % 1000 != 7 ? &ended : &was_told, NULL), 0);
        }
    ck_assert_int_eq(table_set(&told, "without an episode", &was_told, NULL), 0);
    ck_assert_int_eq(table_set(&told, "without a recipient|e1", &was_told, NULL), 0);
    ck_assert_int_eq(table_set(&told, "gone|person 5|e1", &was_told, NULL), 0); /* no way to it */
    const struct composer_input in = { .alerts = alerts,
                                       .alert_count = 1,
                                       .findings = &none,
                                       .told = &told,
                                       .days = &days,
                                       .today = { 20000 },
                                       .recipients = one_recipient,
                                       .receiver_kind = kind_of };

    ck_assert_int_eq(composer_run(&in, &l), 0);
    ck_assert_uint_eq(l.count, 3);
    ck_assert_str_eq(l.list[0].recipient, "person 7");
    ck_assert_str_eq(l.list[1].recipient, "person 1007");
    ck_assert_str_eq(l.list[2].recipient, "person 2007");
    composition_list_release(&l);
    table_release(&told, NULL);
}
END_TEST

START_TEST(a_discovered_episode_without_an_end_is_told_to_nobody_who_came_later)
{
    setup(ALERT_RESOLVED, SEVERITY_RED, 2);
    episode.news = NEWS_DISCOVERED;
    episode.closed_on = DATE_NONE;
    struct composition_list l = run(NULL, 0);

    ck_assert_uint_eq(l.count, 0);
    composition_list_release(&l);
}
END_TEST

static const struct {
    enum rule rule;
    const char *plan, *group;
} groups[] = {
    { RULE_DEAD_LETTER, NULL, "delivery" },
    { RULE_SELF_CHECK, NULL, "monitor" },
    { RULE_COVERAGE_GAP, NULL, "feeds" },
    { RULE_BEHIND_PLAN, "of no plan that is left", "feeds" },
    { RULE_BEHIND_PLAN, "p", "p/0" },
};

START_TEST(a_message_belongs_to_its_plan_or_to_what_watches)
{
    static char id[] = "p", other[] = "q";
    static const struct plan p = { .id = id }, q = { .id = other };
    static const struct plan *const plans[] = { &q, &p };
    struct table empty = TABLE_INIT;
    const struct alert *alerts[] = { &alert };
    const struct finding_set none = { 0 };
    struct composition_list l = { 0 };

    setup(ALERT_FIRING, SEVERITY_RED, 1);
    alert.rule = groups[_i].rule;
    alert.plan = (char *)(uintptr_t)groups[_i].plan;
    const struct composer_input in = { .alerts = alerts,
                                       .alert_count = 1,
                                       .findings = &none,
                                       .plans = plans,
                                       .plan_count = 2,
                                       .told = &empty,
                                       .days = &empty,
                                       .today = { 20000 },
                                       .recipients = one_recipient,
                                       .receiver_kind = kind_of };

    ck_assert_int_eq(composer_run(&in, &l), 0);
    ck_assert_uint_eq(l.count, 1);
    ck_assert_str_eq(l.list[0].group, groups[_i].group);
    ck_assert(l.list[0].plan == (strchr(groups[_i].group, '/') ? &p : NULL));
    composition_list_release(&l);
}
END_TEST

static size_t two_receivers(void *arg, const struct alert *a, struct composer_recipient *out,
                            size_t max)
{
    (void)arg;
    (void)a;
    ck_assert_uint_ge(max, 2);
    out[0] = (struct composer_recipient){ .receiver = "mail", .recipient = "lead" };
    out[1] =
        (struct composer_recipient){ .receiver = "hook", .recipient = "lead", .at_once = true };
    return 2;
}

START_TEST(one_recipient_of_two_receivers_is_told_by_each)
{
    struct table empty = TABLE_INIT;
    const struct alert *alerts[] = { &alert };
    const struct finding_set none = { 0 };
    struct composition_list l = { 0 };

    setup(ALERT_FIRING, SEVERITY_RED, 1);
    const struct composer_input in = { .alerts = alerts,
                                       .alert_count = 1,
                                       .findings = &none,
                                       .told = &empty,
                                       .days = &empty,
                                       .today = { 20000 },
                                       .recipients = two_receivers,
                                       .receiver_kind = kind_of };

    ck_assert_int_eq(composer_run(&in, &l), 0);
    ck_assert_uint_eq(l.count, 2);
    ck_assert_str_eq(l.list[0].receiver, "mail");
    ck_assert_str_eq(l.list[1].receiver, "hook");
    composition_list_release(&l);
}
END_TEST

/* ---- baselines ---- */

static int is_new(void *arg, const struct composer_baseline *b, const struct alert *a,
                  bool is_untold)
{
    (void)b;
    (void)a;
    (void)is_untold;
    return *(const int *)arg;
}

static int spool_alone(void *arg, const char *receiver)
{
    (void)arg;
    (void)receiver;
    return 0;
}

/* How it stands and what he was told of it; what goes into the baseline, what else is told. */
static const struct {
    const char *why;
    enum alert_state state;
    bool was_told, is_new;
    size_t listed, settled, news;
} baselines[] = {
    { "behind already: listed", ALERT_FIRING, false, true, 1, 0, 0 },
    { "told by a rehearsal: listed all the same", ALERT_FIRING, true, true, 1, 0, 0 },
    { "only watched: not listed", ALERT_PENDING, false, true, 0, 0, 0 },
    { "ended, as a rehearsal told: no other message", ALERT_RESOLVED, true, true, 0, 1, 0 },
    { "of what he knows: news as ever", ALERT_FIRING, false, false, 0, 0, 1 },
    { "the end of what he knows: news as ever", ALERT_RESOLVED, true, false, 0, 0, 1 },
};

START_TEST(a_baseline_lists_what_is_behind_and_leaves_nothing_to_tell_of_what_was)
{
    static const struct civil_date today = { 20000 };
    struct plan plan = { .id = WORDS("p") };
    const struct plan *plans[] = { &plan };
    struct told was = { 1, SEVERITY_RED, true };
    struct table told = TABLE_INIT, none = TABLE_INIT;
    const struct alert *alerts[] = { &alert };
    const struct finding_set nothing = { 0 };
    const int new = baselines[_i].is_new;
    struct composition_list l = { 0 };
    size_t news = 0;

    setup(baselines[_i].state, SEVERITY_RED, 2);
    alert.plan = plan.id;
    if (baselines[_i].was_told)
        ck_assert_int_eq(table_set(&told, "spool|spool|e1", &was, NULL), 0);
    const struct composer_baseline owed = { .plan = &plan, .who = who, .id = "b", .ordinal = 1 };
    const struct composer_input in = { .alerts = alerts,
                                       .alert_count = 1,
                                       .findings = &nothing,
                                       .plans = plans,
                                       .plan_count = 1,
                                       .told = &told,
                                       .days = &none,
                                       .today = today,
                                       .recipients = one_recipient,
                                       .receiver_kind = spool_alone,
                                       .baselines = &owed,
                                       .baseline_count = 1,
                                       .is_new = is_new,
                                       .recipients_arg = (void *)(uintptr_t) & new };

    ck_assert_int_eq(composer_run(&in, &l), 0);
    for (size_t i = 0; i < l.count; i++) {
        const struct composition *c = &l.list[i];

        if (!c->baseline) {
            news += c->item_count;
            continue;
        }
        ck_assert_str_eq(c->group, "p/baseline");
        ck_assert_uint_eq(c->item_count, baselines[_i].listed);
        ck_assert_uint_eq(c->settled_count, baselines[_i].settled);
    }
    ck_assert_uint_eq(news, baselines[_i].news);
    ck_assert_uint_eq(l.count, 1 + news); /* it is told also where nothing is behind */
    composition_list_release(&l);
    table_release(&told, NULL);
}
END_TEST

START_TEST(of_a_plan_put_back_into_rehearsal_an_end_is_told_to_its_readers_alone)
{
    struct told was = { 1, SEVERITY_RED, true };
    struct table told = TABLE_INIT, none = TABLE_INIT;
    const struct alert *alerts[] = { &alert };
    const struct finding_set nothing = { 0 };

    for (int mode = PLAN_LIVE; mode <= PLAN_REHEARSAL; mode++) {
        struct plan plan = { .id = WORDS("p"), .mode = mode };
        const struct plan *plans[] = { &plan };
        struct composition_list l = { 0 };

        setup(ALERT_RESOLVED, SEVERITY_RED, 2);
        alert.plan = plan.id;
        ck_assert_int_eq(table_set(&told, "spool|spool|e1", &was, NULL), 0);
        ck_assert_int_eq(table_set(&told, "mail|spool|e1", &was, NULL), 0);
        const struct composer_input in = { .alerts = alerts,
                                           .alert_count = 1,
                                           .findings = &nothing,
                                           .plans = plans,
                                           .plan_count = 1,
                                           .told = &told,
                                           .days = &none,
                                           .today = { 20000 },
                                           .recipients = one_recipient,
                                           .receiver_kind = spool_alone };

        ck_assert_int_eq(composer_run(&in, &l), 0);
        ck_assert_uint_eq(l.count, mode == PLAN_LIVE ? 2 : 1);
        if (mode == PLAN_REHEARSAL)
            ck_assert_str_eq(l.list[0].receiver, "spool");
        composition_list_release(&l);
    }
    table_release(&told, NULL);
}
END_TEST

/* A silence that is about it, and what he was told: open or ended; 0: nothing. */
static const struct {
    const char *why;
    enum alert_state state;
    enum alert_severity severity;
    int was_told;
    struct told told;
    enum alert_news news; /* NEWS_NONE: no message */
} silenced[] = {
    { "new: held back", ALERT_FIRING, SEVERITY_RED, 0, { 0 }, NEWS_NONE },
    { "opened again: held back",
      ALERT_FIRING,
      SEVERITY_RED,
      1,
      { 1, SEVERITY_RED, false },
      NEWS_NONE },
    { "told amber and now red",
      ALERT_FIRING,
      SEVERITY_RED,
      1,
      { 1, SEVERITY_AMBER, true },
      NEWS_WORSE },
    { "told and ended", ALERT_RESOLVED, SEVERITY_RED, 1, { 1, SEVERITY_RED, true }, NEWS_CLEARED },
    { "told and corrected",
      ALERT_RETRACTED,
      SEVERITY_RED,
      1,
      { 1, SEVERITY_RED, true },
      NEWS_CORRECTED },
    { "told and closed",
      ALERT_WITHDRAWN,
      SEVERITY_RED,
      1,
      { 1, SEVERITY_RED, true },
      NEWS_WITHDRAWN },
};

START_TEST(a_silence_holds_back_what_is_new_and_is_over_without_a_trace)
{
    struct silence silence = { .until = { 20000 }, .match.of[MATCH_FEED] = WORDS("f") };
    const struct workflow w = { .silences = &silence, .silence_count = 1 };
    struct told told = silenced[_i].told;

    workflow = &w;
    setup(silenced[_i].state, silenced[_i].severity, 2);
    alert.feed = WORDS("f");
    struct composition_list l = run(silenced[_i].was_told ? &told : NULL, 0);

    ck_assert_msg(l.count == (silenced[_i].news != NEWS_NONE), "%s", silenced[_i].why);
    if (l.count)
        ck_assert_msg(l.list[0].items[0].news == silenced[_i].news, "%s", silenced[_i].why);
    composition_list_release(&l);
    if (silenced[_i].news == NEWS_NONE) { /* the day after its last */
        silence.until.day--;
        l = run(silenced[_i].was_told ? &told : NULL, 0);
        ck_assert_uint_eq(l.count, 1);
        ck_assert_int_eq(l.list[0].items[0].news, NEWS_NEW);
        composition_list_release(&l);
    }
    workflow = NULL;
}
END_TEST

UNIT_MAIN("composer", UNIT_TEST(less_bad_by_a_restated_figure_is_corrected_and_no_better_news),
          UNIT_ROWS(a_silence_holds_back_what_is_new_and_is_over_without_a_trace, silenced),
          UNIT_ROWS(desired_minus_told_is_the_news, rows),
          UNIT_ROWS(a_baseline_lists_what_is_behind_and_leaves_nothing_to_tell_of_what_was,
                    baselines),
          UNIT_TEST(of_a_plan_put_back_into_rehearsal_an_end_is_told_to_its_readers_alone),
          UNIT_ROWS(what_state_and_severity_do_not_show_is_told_once, notices),
          UNIT_TEST(an_early_warning_that_data_bear_out_is_told_at_the_same_severity),
          UNIT_TEST(a_gap_that_spread_is_worse_and_a_figure_at_the_same_red_is_not),
          UNIT_TEST(a_discovered_episode_without_an_end_is_told_to_nobody_who_came_later),
          UNIT_ROWS(a_message_belongs_to_its_plan_or_to_what_watches, groups),
          UNIT_TEST(one_recipient_of_two_receivers_is_told_by_each),
          UNIT_TEST(amber_waits_when_the_days_message_has_gone_and_red_does_not),
          UNIT_TEST(the_end_of_what_was_told_red_is_told_at_once),
          UNIT_TEST(a_machine_is_told_amber_at_once),
          UNIT_TEST(a_reminder_turns_nothing_red_and_waits_for_the_next_days_message),
          UNIT_TEST(an_end_is_told_to_everybody_who_was_told_among_thousands_of_others),
          UNIT_TEST(whoever_was_told_is_told_the_end_after_the_role_has_passed_on))
