#include "alert/alert.h"

#include <errno.h>
#include <jansson.h>
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
                         .episode_count = 2,
                         .warnings = { month_end(1), month_end(2) },
                         .warning_count = 2 };
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
        .told_on = { 19844 },
        .reopened = month_end(2),
        .told_open = true,
        .told_period = month_end(3),
        .told_event = PERIOD_AMBER,
        .told_value = 1.0 / 3,
        .early = true,
        .warned = true,
        .by_time = true,
        .projected_from = month_end(2),
        .red_on = { 19850 },
        .red_from = month_end(3),
        .steps = 2,
        .reminders = 1,
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
        .projected_from = DATE_NONE,
        .red_on = DATE_NONE,
        .red_from = DATE_NONE,
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
    ck_assert_uint_eq(back.warning_count, 2);
    ck_assert_int_eq(back.warnings[1].day, month_end(2).day);
    ck_assert_uint_eq(back.episode_count, 2);
    ck_assert(back.episodes[0].value == 0.1 + 0.2 && back.episodes[0].line == -1e-300);
    ck_assert_int_eq(back.episodes[0].folded.day, month_end(1).day);
    ck_assert_uint_eq(back.episodes[0].ordinal, 12);
    ck_assert_int_eq(back.episodes[0].changed_at.ms, 1700000000123);
    ck_assert_int_eq(back.episodes[0].told_on.day, 19844);
    ck_assert(back.episodes[0].restated && !back.episodes[0].held);
    ck_assert(back.episodes[0].early && back.episodes[0].warned && back.episodes[0].by_time);
    ck_assert_int_eq(back.episodes[0].projected_from.day, month_end(2).day);
    ck_assert(!back.episodes[1].early && !date_is_set(back.episodes[1].projected_from));
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

/* Every key of an object once away and once of another kind; whether each was refused. */
static void spoil_each_key(const json_t *root, json_t *object)
{
    json_t *copy = json_deep_copy(object), *wrong = json_object(), *was;
    const char *key;

    json_object_foreach(copy, key, was)
    {
        for (int other_kind = 0; other_kind < 2; other_kind++) {
            struct alert back = ALERT_INIT;

            if (other_kind)
                json_object_set(object, key, wrong);
            else
                json_object_del(object, key);
            AUTO(auto_free) char *bad = json_dumps(root, JSON_COMPACT);
            /* What was not kept in earlier versions. */
            bool earlier =
                !other_kind && (strcmp(key, "told_open") == 0 || strcmp(key, "receiver") == 0 ||
                                strcmp(key, "early") == 0 || strcmp(key, "by_time") == 0 ||
                                strcmp(key, "by_plan") == 0 || strcmp(key, "red") == 0 ||
                                strcmp(key, "warnings") == 0);

            ck_assert_msg(alert_decode(bad, strlen(bad), &back) == (earlier ? 0 : -EINVAL), "%s %s",
                          key, other_kind ? "of another kind" : "away");
            alert_release(&back);
            json_object_set(object, key, was);
        }
    }
    json_decref(copy);
    json_decref(wrong);
}

START_TEST(a_key_that_is_away_or_of_another_kind_is_refused)
{
    struct episode list[2];
    struct alert a, back = ALERT_INIT;
    AUTO(auto_free) char *text = NULL;
    AUTO(auto_free) char *whole = NULL;

    fill(&a, list);
    text = alert_encode(&a);
    json_t *root = json_loads(text, 0, NULL);

    spoil_each_key(root, root);
    for (size_t i = 0; i < 2; i++)
        spoil_each_key(root, json_array_get(json_object_get(root, "episodes"), i));
    /* What was not spoilt is read; a whole number too. */
    json_object_set_new(json_array_get(json_object_get(root, "episodes"), 0), "value",
                        json_integer(7));
    whole = json_dumps(root, JSON_COMPACT);
    ck_assert_int_eq(alert_decode(whole, strlen(whole), &back), 0);
    ck_assert_double_eq(back.episodes[0].value, 7);
    alert_release(&back);
    json_decref(root);
}
END_TEST

START_TEST(an_alert_of_before_it_was_kept_was_told_as_its_state_says)
{
    static const struct {
        enum alert_state state;
        unsigned ordinal;
        bool told_open;
    } rows[] = {
        { ALERT_FIRING, 1, true },  { ALERT_RECOVERING, 3, true }, { ALERT_PENDING, 2, false },
        { ALERT_FIRING, 0, false }, { ALERT_RESOLVED, 2, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct episode list[2];
        struct alert a, back = ALERT_INIT;
        AUTO(auto_free) char *text = NULL;
        AUTO(auto_free) char *earlier = NULL;

        fill(&a, list);
        list[0].state = rows[i].state;
        list[0].ordinal = rows[i].ordinal;
        text = alert_encode(&a);
        json_t *root = json_loads(text, 0, NULL);

        json_object_del(json_array_get(json_object_get(root, "episodes"), 0), "told_open");
        earlier = json_dumps(root, JSON_COMPACT);
        ck_assert_int_eq(alert_decode(earlier, strlen(earlier), &back), 0);
        ck_assert_int_eq(back.episodes[0].told_open, rows[i].told_open);
        ck_assert(!date_is_set(back.episodes[0].told_period));
        alert_release(&back);
        json_decref(root);
    }
}
END_TEST

START_TEST(every_cut_of_the_text_is_refused)
{
    struct episode list[2];
    struct alert a, back = ALERT_INIT;
    AUTO(auto_free) char *text = NULL;

    ck_assert_int_eq(alert_decode("[]", 2, &back), -EINVAL);
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
    { RULE_BEHIND_PLAN, ALERT_INACTIVE, "not confirmed" },
    { RULE_BEHIND_PLAN, ALERT_EARLY, "early warning" },
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
          UNIT_TEST(a_key_that_is_away_or_of_another_kind_is_refused),
          UNIT_TEST(an_alert_of_before_it_was_kept_was_told_as_its_state_says),
          UNIT_TEST(every_cut_of_the_text_is_refused),
          UNIT_ROWS(states_have_words_for_people, word_rows))
