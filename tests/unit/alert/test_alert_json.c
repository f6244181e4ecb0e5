#include "alert/alert.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/auto.h"
#include "unit/alert/periods.h"

/* Every field set, so that a field that is forgotten shows. */
static void fill(struct alert *a, struct episode *list)
{
    static char plan[] = "dudley", measure[] = "cyp-4w", title[] = "\"Quoted\" \xc3\xa9\n",
                empty[] = "";

    *a = (struct alert){ .id = "5d6f093877229399f6e003b2ef9a6012",
                         .rule = RULE_ACTION_OVERDUE,
                         .plan = plan,
                         .measure = measure,
                         .provider = empty,
                         .title = title,
                         .priority = 3,
                         .rule_digest = "d1",
                         .episodes = list,
                         .episode_count = 2 };
    list[0] = (struct episode){
        .id = "f3cda38faea69bf95156743624ed4e70",
        .opened = month_end(0),
        .folded = month_end(1),
        .state = ALERT_RETRACTED,
        .severity = SEVERITY_RED,
        .ordinal = 12,
        .news = NEWS_CORRECTED,
        .closed_on = month_end(4),
        .restated = true,
        .value = 0.1 + 0.2,
        .line = -1e-300,
        .period_end = month_end(3),
        .changed_at = { 1700000000123 },
        .reopened = month_end(2),
        .told_open = true,
        .told_period = month_end(3),
        .told_event = PERIOD_AMBER,
        .told_value = 1.0 / 3,
    };
    list[1] = (struct episode){
        .id = "aa8694bb045cd5193f11809090176799",
        .opened = month_end(5),
        .folded = month_end(5),
        .state = ALERT_PENDING,
        .severity = SEVERITY_NONE,
        .news = NEWS_WATCHING,
        .closed_on = DATE_NONE,
        .held = true,
        .value = NAN,
        .line = 60,
        .period_end = month_end(5),
        .changed_at = { -5 },
        .reopened = DATE_NONE,
        .flapping = true,
        .told_period = DATE_NONE,
        .told_value = NAN,
    };
}

START_TEST(an_alert_reads_back_exactly_and_writes_the_same_again)
{
    struct episode list[2];
    struct alert a, back = ALERT_INIT;
    AUTO(auto_free) char *text = NULL;
    AUTO(auto_free) char *again = NULL;

    fill(&a, list);
    text = alert_encode(&a);
    ck_assert_ptr_nonnull(text);
    ck_assert_ptr_null(strchr(text, '\n'));
    ck_assert_int_eq(alert_decode(text, strlen(text), &back), 0);
    again = alert_encode(&back);
    ck_assert_str_eq(again, text);
    ck_assert_int_eq(back.rule, RULE_ACTION_OVERDUE);
    ck_assert_str_eq(back.title, a.title);
    ck_assert_str_eq(back.provider, "");
    ck_assert_ptr_null(back.owner);
    ck_assert_ptr_null(back.feed);
    ck_assert_uint_eq(back.priority, 3);
    ck_assert_uint_eq(back.episode_count, 2);
    ck_assert(back.episodes[0].value == 0.1 + 0.2 && back.episodes[0].line == -1e-300);
    ck_assert_int_eq(back.episodes[0].folded.day, month_end(1).day);
    ck_assert_uint_eq(back.episodes[0].ordinal, 12);
    ck_assert_int_eq(back.episodes[0].changed_at.ms, 1700000000123);
    ck_assert(back.episodes[0].restated && !back.episodes[0].held);
    ck_assert(isnan(back.episodes[1].value) && back.episodes[1].held);
    ck_assert(!date_is_set(back.episodes[1].closed_on));
    ck_assert_int_eq(back.episodes[1].severity, SEVERITY_NONE);
    alert_release(&back);
}
END_TEST

START_TEST(a_copy_shares_nothing)
{
    struct episode list[2];
    struct alert a, copy = ALERT_INIT;

    fill(&a, list);
    ck_assert_int_eq(alert_copy(&a, &copy), 0);
    ck_assert_ptr_ne(copy.title, a.title);
    ck_assert_ptr_ne(copy.episodes, a.episodes);
    ck_assert_str_eq(copy.episodes[1].id, a.episodes[1].id);
    alert_release(&copy);
    alert_release(&copy);
}
END_TEST

/* Each replaces the first text of a good alert by another. */
static const struct {
    const char *from, *to;
} bad_rows[] = {
    { "\"action-overdue\"", "\"unheard-of\"" },
    { "\"RETRACTED\"", "\"retracted\"" },
    { "\"corrected\"", "\"fixed\"" },
    { "\"red\"", "\"blue\"" },
    { "\"2020-01-31\"", "\"2020-02-31\"" },
    { "\"2020-01-31\"", "20200131" },
    { "\"ordinal\":12", "\"ordinal\":-1" },
    { "\"ordinal\":12", "\"ordinal\":4294967296" },
    { "\"priority\":3", "\"priority\":\"3\"" },
    { "\"dudley\"", "7" },
    { "\"f3cda38faea69bf95156743624ed4e70\"",
      "\"f3cda38faea69bf95156743624ed4e70f3cda38faea69bf95\"" },
    { "\"held\":false", "\"held\":0" },
    { "\"value\":0.3", "\"value\":\"0.3\",\"x\":0.3" },
    { "\"episodes\":[", "\"episodes\":[7," },
    { "\"episodes\"", "\"other\"" },
    { "\"priority\"", "\"id\"" }, /* a key twice */
};

START_TEST(what_is_no_alert_is_refused)
{
    struct episode list[2];
    struct alert a, back = ALERT_INIT;
    AUTO(auto_free) char *text = NULL;
    AUTO(auto_free) char *bad = NULL;

    fill(&a, list);
    text = alert_encode(&a);
    char *at = strstr(text, bad_rows[_i].from);

    ck_assert_msg(at != NULL, "%s", bad_rows[_i].from);
    ck_assert(asprintf(&bad, "%.*s%s%s", (int)(at - text), text, bad_rows[_i].to,
                       at + strlen(bad_rows[_i].from)) > 0);
    ck_assert_msg(alert_decode(bad, strlen(bad), &back) == -EINVAL, "%s", bad_rows[_i].to);
    ck_assert_ptr_null(back.title);
}
END_TEST

START_TEST(every_cut_of_the_text_is_refused)
{
    struct episode list[2];
    struct alert a, back = ALERT_INIT;
    AUTO(auto_free) char *text = NULL;

    fill(&a, list);
    text = alert_encode(&a);
    for (size_t len = 0; len < strlen(text); len++)
        ck_assert_int_eq(alert_decode(text, len, &back), -EINVAL);
}
END_TEST

static const struct {
    enum rule rule;
    enum alert_state state;
    const char *words;
} word_rows[] = {
    { RULE_BEHIND_PLAN, ALERT_PENDING, "watching" },
    { RULE_BEHIND_PLAN, ALERT_FIRING, "behind plan" },
    { RULE_BEHIND_PLAN, ALERT_RECOVERING, "recovering" },
    { RULE_BEHIND_PLAN, ALERT_RESOLVED, "back on plan" },
    { RULE_BEHIND_PLAN, ALERT_RETRACTED, "corrected" },
    { RULE_BEHIND_PLAN, ALERT_WITHDRAWN, "withdrawn" },
    { RULE_FEED_LATE, ALERT_FIRING, "late" },
    { RULE_COVERAGE_GAP, ALERT_FIRING, "incomplete" },
    { RULE_IMPLAUSIBLE_CHANGE, ALERT_FIRING, "held" },
    { RULE_ACTION_OVERDUE, ALERT_FIRING, "overdue" },
};

START_TEST(states_have_words_for_people)
{
    struct alert a = { .rule = word_rows[_i].rule };
    struct episode e = { .state = word_rows[_i].state };

    ck_assert_str_eq(alert_state_words(&a, &e), word_rows[_i].words);
}
END_TEST

UNIT_MAIN("alert_json", UNIT_TEST(an_alert_reads_back_exactly_and_writes_the_same_again),
          UNIT_TEST(a_copy_shares_nothing), UNIT_ROWS(what_is_no_alert_is_refused, bad_rows),
          UNIT_TEST(every_cut_of_the_text_is_refused),
          UNIT_ROWS(states_have_words_for_people, word_rows))
