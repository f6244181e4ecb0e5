#include "ctl/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl_protocol.h"
#include "support/date_of.h"
#include "support/unit.h"

/* ---- a small world, built by hand: one measure, its feed, what is remembered
 * --------------------- */

static char text_of_measure[][32] = {
    "cyp-4w", "Children within 4 weeks", "MRS08b", "cyp4ww", "TAJ", "1.1", "camhs-lead"
};
static struct milestone milestones[2];
static struct plan_action action;
static struct plan_measure measure;
static struct plan plan;
static char feed_name[] = "cyp4ww", place[] = "dudley", action_title[] = "Second team";

static void world_init(void)
{
    milestones[0] = (struct milestone){ date_of("2024-04-30"), 20, NULL };
    milestones[1] = (struct milestone){ date_of("2025-03-31"), 60, NULL };
    action = (struct plan_action){ .id = text_of_measure[5],
                                   .title = action_title,
                                   .lead = text_of_measure[6],
                                   .due = date_of("2024-09-30") };
    measure = (struct plan_measure){
        .id = text_of_measure[0],
        .first_id = text_of_measure[0],
        .title = text_of_measure[1],
        .published = text_of_measure[2],
        .polarity = POLARITY_HIGHER,
        .has_target = true,
        .target = 60,
        .tolerance = 5,
        .for_periods = 1,
        .clear_for = 1,
        .expect = milestones,
        .expect_count = 2,
        .action = text_of_measure[5],
        .owner = text_of_measure[6],
        .target_by = DATE_NONE,
    };
    measure.select.feed = text_of_measure[3];
    measure.select.org = text_of_measure[4];
    plan = (struct plan){ .id = place,
                          .place = place,
                          .version = 3,
                          .valid_from = DATE_NONE,
                          .valid_to = DATE_NONE,
                          .illustrative = true,
                          .measures = &measure,
                          .measure_count = 1,
                          .actions = &action,
                          .action_count = 1 };
}

struct figure {
    const char *start, *end;
    double value;
    enum marker marker;
    enum publication_status status;
};

#define POINTS_MAX 8
static struct series_version versions[POINTS_MAX][2];
static struct series_point points[POINTS_MAX];
static struct series series;
static struct period_judgement history[POINTS_MAX];
static struct finding finding;
static struct finding_set findings;

/* Two figures of one period in a row: the second replaces the first. */
static void world_figures(const struct figure *list, size_t count)
{
    size_t n = 0;

    world_init();
    memset(versions, 0, sizeof versions);
    memset(points, 0, sizeof points);
    for (size_t i = 0; i < count; i++) {
        struct series_version v = {
            .value = list[i].value,
            .low = list[i].value,
            .high = list[i].value,
            .numerator = 5,
            .denominator = NAN,
            .marker = list[i].marker,
            .status = list[i].status,
            .as_of = { 1719830000000 },
            .source = "0123456789abcdef",
        };

        if (n > 0 && strcmp(list[i].end, list[i - 1].end) == 0)
            n--;
        else
            points[n] = (struct series_point){ .versions = versions[n] };
        points[n].period_start = date_of(list[i].start);
        points[n].period_end = date_of(list[i].end);
        versions[n][points[n].version_count] = v;
        points[n].current = points[n].version_count++;
        n++;
    }
    series = (struct series){ .feed = text_of_measure[3],
                              .measure = text_of_measure[2],
                              .org = text_of_measure[4],
                              .unit = UNIT_PERCENT,
                              .points = points,
                              .point_count = n };
    for (size_t i = 0; i < n; i++) {
        measure_judge(&measure, NULL, series_current(&points[i]), points[i].period_start,
                      points[i].period_end, &history[i]);
        history[i].restated = series_point_restated(&points[i]);
    }
    finding = (struct finding){
        .rule = RULE_BEHIND_PLAN,
        .plan = &plan,
        .measure = &measure,
        .target = 60,
        .action = &action,
        .feed = feed_name,
        .title = text_of_measure[1],
        .owner = measure.owner,
        .series = &series,
        .history = history,
        .history_count = n,
        .rag = n ? history[n - 1].rag : RAG_GREY,
        .holds = n ? history[n - 1].holds : HOLD_NO_VALUE,
        .line = n ? history[n - 1].line : NAN,
    };
    findings = (struct finding_set){ &finding, 1 };
}

static const struct figure behind[] = {
    { "2024-04-01", "2024-04-30", 25, MARKER_NONE, PUBLICATION_FINAL },
    { "2024-05-01", "2024-05-31", 5.5, MARKER_NONE, PUBLICATION_PROVISIONAL },
};

#define FIGURES(array) world_figures(array, sizeof(array) / sizeof((array)[0]))

static void keys_are(const json_t *object, const char *expected)
{
    char keys[1024] = "";
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        strcat(keys, *keys ? " " : "");
        strcat(keys, key);
    }
    ck_assert_str_eq(keys, expected);
}

static const char *word(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s ? s : "(no text)";
}

#define MEASURE_KEYS                                                                               \
    "id title value marker unit numerator denominator period_start period_end status method rag "  \
    "target expected as_of restated held"

START_TEST(a_measure_has_the_keys_of_the_contract_in_their_order)
{
    FIGURES(behind);
    json_t *list = report_measures(&findings, NULL);
    const json_t *m = json_array_get(list, 0);

    ck_assert_uint_eq(json_array_size(list), 1);
    keys_are(m, MEASURE_KEYS);
    ck_assert_str_eq(word(m, "id"), "cyp-4w");
    ck_assert_double_eq(json_number_value(json_object_get(m, "value")), 5.5);
    ck_assert(json_is_null(json_object_get(m, "marker")));
    ck_assert_str_eq(word(m, "unit"), "percent");
    ck_assert_int_eq(json_integer_value(json_object_get(m, "numerator")), 5);
    ck_assert(json_is_null(json_object_get(m, "denominator")));
    ck_assert_str_eq(word(m, "period_start"), "2024-05-01");
    ck_assert_str_eq(word(m, "period_end"), "2024-05-31");
    ck_assert_str_eq(word(m, "status"), "provisional");
    ck_assert_str_eq(word(m, "method"), "published");
    ck_assert_str_eq(word(m, "rag"), "red");
    ck_assert(json_is_integer(json_object_get(m, "target")));
    ck_assert_int_eq(json_integer_value(json_object_get(m, "expected")), 20);
    ck_assert_int_eq(strncmp(word(m, "as_of"), "2024-07-01T", 11), 0);
    ck_assert(json_is_false(json_object_get(m, "restated")));
    ck_assert(json_is_false(json_object_get(m, "held")));
    json_decref(list);
}
END_TEST

START_TEST(a_list_that_never_empties_says_never_where_its_weeks_would_stand)
{
    static const struct figure grows[] = {
        { "2024-05-01", "2024-05-31", INFINITY, MARKER_NONE, PUBLICATION_FINAL },
    };

    FIGURES(grows);
    json_t *list = report_measures(&findings, NULL), *one = report_measure(&findings, "cyp-4w");
    const json_t *m = json_array_get(list, 0);
    const json_t *period = json_array_get(json_object_get(one, "history"), 0);

    ck_assert(json_is_null(json_object_get(m, "value")));
    ck_assert_str_eq(word(m, "marker"), "never");
    ck_assert_str_eq(word(period, "marker"), "never");
    ck_assert_str_eq(word(json_array_get(json_object_get(period, "versions"), 0), "marker"),
                     "never");
    json_decref(list);
    json_decref(one);
}
END_TEST

static const struct {
    const char *why;
    struct figure figures[2];
    size_t count;
    const char *status;
    bool is_restated, is_held, has_value;
} status_rows[] = {
    { "final",
      { { "2024-05-01", "2024-05-31", 5, MARKER_NONE, PUBLICATION_FINAL } },
      1,
      "final",
      false,
      false,
      true },
    { "no status is one that nobody says will change",
      { { "2024-05-01", "2024-05-31", 5, MARKER_NONE, PUBLICATION_NONE } },
      1,
      "final",
      false,
      false,
      true },
    { "a replaced provisional figure is restated",
      { { "2024-05-01", "2024-05-31", 5, MARKER_NONE, PUBLICATION_PROVISIONAL },
        { "2024-05-01", "2024-05-31", 6, MARKER_NONE, PUBLICATION_PROVISIONAL } },
      2,
      "restated",
      true,
      false,
      true },
    { "a final figure that replaced another stays final",
      { { "2024-05-01", "2024-05-31", 5, MARKER_NONE, PUBLICATION_PROVISIONAL },
        { "2024-05-01", "2024-05-31", 6, MARKER_NONE, PUBLICATION_FINAL } },
      2,
      "final",
      true,
      false,
      true },
    { "a marker is no value and holds",
      { { "2024-05-01", "2024-05-31", NAN, MARKER_SUPPRESSED, PUBLICATION_FINAL } },
      1,
      "final",
      false,
      true,
      false },
    { "no figure yet",
      { { NULL, NULL, 0, MARKER_NONE, PUBLICATION_NONE } },
      0,
      "provisional",
      false,
      true,
      false },
};

START_TEST(status_value_and_marks_follow_the_version_in_force)
{
    world_figures(status_rows[_i].figures, status_rows[_i].count);
    json_t *list = report_measures(&findings, "cyp-4w");
    const json_t *m = json_array_get(list, 0);
    const char *why = status_rows[_i].why;

    keys_are(m, MEASURE_KEYS);
    ck_assert_msg(strcmp(word(m, "status"), status_rows[_i].status) == 0, "%s: %s", why,
                  word(m, "status"));
    ck_assert_msg(json_is_true(json_object_get(m, "restated")) == status_rows[_i].is_restated, "%s",
                  why);
    ck_assert_msg(json_is_true(json_object_get(m, "held")) == status_rows[_i].is_held, "%s", why);
    ck_assert_msg(json_is_number(json_object_get(m, "value")) == status_rows[_i].has_value, "%s",
                  why);
    json_decref(list);
}
END_TEST

START_TEST(an_unknown_measure_is_null_and_no_entry)
{
    FIGURES(behind);
    json_t *none = report_measure(&findings, "cyp"), *list = report_measures(&findings, "cyp");

    ck_assert(json_is_null(none));
    ck_assert_uint_eq(json_array_size(list), 0);
    json_decref(list);
    json_decref(none);
}
END_TEST

START_TEST(one_measure_shows_every_version_of_every_period)
{
    static const struct figure restated[] = {
        { "2024-04-01", "2024-04-30", 25, MARKER_NONE, PUBLICATION_FINAL },
        { "2024-05-01", "2024-05-31", 5, MARKER_NONE, PUBLICATION_PROVISIONAL },
        { "2024-05-01", "2024-05-31", 6, MARKER_NONE, PUBLICATION_PROVISIONAL },
    };

    FIGURES(restated);
    json_t *m = report_measure(&findings, "cyp-4w");
    const json_t *list = json_object_get(m, "history"), *may = json_array_get(list, 1);
    const json_t *kept = json_object_get(may, "versions");

    keys_are(m, MEASURE_KEYS " plan feed org holds missing footprint footprint_of joined_org "
                             "joined_until plan_expired history");
    ck_assert_uint_eq(json_array_size(list), 2);
    ck_assert_str_eq(word(json_array_get(list, 0), "rag"), "green");
    ck_assert_str_eq(word(may, "rag"), "red");
    ck_assert_uint_eq(json_array_size(kept), 2);
    ck_assert(json_is_false(json_object_get(json_array_get(kept, 0), "current")));
    ck_assert(json_is_true(json_object_get(json_array_get(kept, 1), "current")));
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(kept, 0), "value")), 5);
    json_decref(m);
}
END_TEST

/* ---- alerts -----------------------------------------------------------------------------------
 */

static char titles[][8] = { "b", "a", "d", "c", "e", "f", "g", "h", "i" };

static const struct {
    const char *closed_on;
    enum alert_state state;
    enum alert_severity severity;
    unsigned ordinal; /* 0: nobody was told */
    int listed_at;    /* place in the list; -1: not listed */
} alert_rows[] = {
    { NULL, ALERT_FIRING, SEVERITY_AMBER, 1, 2 },
    { NULL, ALERT_FIRING, SEVERITY_RED, 1, 0 },
    { NULL, ALERT_PENDING, SEVERITY_NONE, 0, 3 },
    { NULL, ALERT_RECOVERING, SEVERITY_RED, 1, 1 },
    { "2024-08-01", ALERT_RESOLVED, SEVERITY_RED, 2, 4 },
    { "2024-07-31", ALERT_RESOLVED, SEVERITY_RED, 2, -1 },
    { "2024-08-31", ALERT_RETRACTED, SEVERITY_AMBER, 2, 5 },
    { NULL, ALERT_INACTIVE, SEVERITY_NONE, 0, -1 },
    { "2024-08-31", ALERT_RESOLVED, SEVERITY_RED, 0,
      -1 }, /* began and ended before anybody was told */
};
#define ALERT_ROWS (sizeof alert_rows / sizeof alert_rows[0])

START_TEST(alerts_are_listed_open_red_first_and_thirty_days_after_their_end)
{
    struct alert alerts[ALERT_ROWS];
    struct episode episodes[ALERT_ROWS];
    struct table table = TABLE_INIT;

    FIGURES(behind);
    memset(alerts, 0, sizeof alerts);
    memset(episodes, 0, sizeof episodes);
    for (size_t i = 0; i < ALERT_ROWS; i++) {
        memset(alerts[i].id, 'a' + (int)i, 32);
        memset(episodes[i].id, '0' + (int)i, 32);
        alerts[i].title = titles[i];
        alerts[i].episodes = &episodes[i];
        alerts[i].episode_count = 1;
        alerts[i].rule = i == 2 ? RULE_FEED_LATE : RULE_BEHIND_PLAN;
        alerts[i].measure = i == 2 ? NULL : measure.id;
        episodes[i].opened = date_of("2024-05-31");
        episodes[i].state = alert_rows[i].state;
        episodes[i].severity = alert_rows[i].severity;
        episodes[i].ordinal = alert_rows[i].ordinal;
        episodes[i].closed_on =
            alert_rows[i].closed_on ? date_of(alert_rows[i].closed_on) : DATE_NONE;
        episodes[i].value = i == 1 ? 5.5 : NAN;
        episodes[i].line = i == 1 ? 20 : NAN;
        ck_assert_int_eq(table_set(&table, alerts[i].id, &alerts[i], NULL), 0);
    }
    json_t *list = report_alerts(&table, &findings, date_of("2024-08-31"));

    ck_assert_uint_eq(json_array_size(list), 6);
    for (size_t i = 0; i < ALERT_ROWS; i++)
        if (alert_rows[i].listed_at >= 0)
            ck_assert_str_eq(word(json_array_get(list, (size_t)alert_rows[i].listed_at), "title"),
                             titles[i]);
    const json_t *red = json_array_get(list, 0), *pending = json_array_get(list, 3);

    keys_are(red, "alert_id episode_id rule measure severity state held restated since value "
                  "threshold action owner title");
    ck_assert_str_eq(word(red, "state"), "FIRING");
    ck_assert_str_eq(word(red, "severity"), "red");
    ck_assert_str_eq(word(red, "rule"), "behind-plan");
    ck_assert_str_eq(word(red, "measure"), "cyp-4w");
    ck_assert_str_eq(word(red, "since"), "2024-05-31");
    ck_assert_double_eq(json_number_value(json_object_get(red, "value")), 5.5);
    ck_assert_int_eq(json_integer_value(json_object_get(red, "threshold")), 20);
    ck_assert(json_is_null(json_object_get(red, "action")) &&
              json_is_null(json_object_get(red, "owner")));
    ck_assert(json_is_null(json_object_get(pending, "severity")));
    ck_assert(json_is_null(json_object_get(pending, "measure")));
    ck_assert(json_is_null(json_object_get(pending, "value")));
    json_decref(list);
    table_release(&table, NULL);
}
END_TEST

START_TEST(no_alerts_are_an_empty_array)
{
    struct table table = TABLE_INIT;
    json_t *list = report_alerts(&table, &findings, date_of("2024-08-31"));

    ck_assert(json_is_array(list));
    ck_assert_uint_eq(json_array_size(list), 0);
    json_decref(list);
}
END_TEST

START_TEST(feeds_and_plans_keep_null_for_what_is_absent)
{
    const struct feed_state state = { .id = feed_name,
                                      .title = feed_name,
                                      .newest_period_end = DATE_NONE,
                                      .due = { DATE_NONE, DATE_NONE } };
    const struct feed_report feed = { .state = &state, .kind = "aggregate", .format = "mhsds" };
    const struct plan *plans[] = { &plan };

    FIGURES(behind);
    json_t *list = report_feeds(&feed, 1);
    const json_t *f = json_array_get(list, 0);

    keys_are(f,
             "id title kind format newest_period_end awaited due late last_received last_outcome "
             "last_outcome_at files gaps incomplete held_file waits left_out list");
    ck_assert(json_is_null(json_object_get(f, "last_received")));
    ck_assert(json_is_null(json_object_get(f, "due")));
    json_decref(list);

    list = report_plans(plans, 1, &findings);
    const json_t *p = json_array_get(list, 0);
    const json_t *m = json_array_get(json_object_get(p, "measures"), 0);

    ck_assert(json_is_true(json_object_get(p, "illustrative")));
    ck_assert(json_is_null(json_object_get(p, "valid_to")));
    ck_assert_str_eq(word(m, "rag"), "red");
    ck_assert_uint_eq(json_array_size(json_object_get(m, "expect")), 2);
    json_decref(list);
}
END_TEST

START_TEST(how_an_action_is_delivered_stands_beside_how_its_measures_do)
{
    static const struct {
        enum rag rags[2];
        const char *performance;
    } rows[] = {
        { { RAG_GREEN, RAG_BLUE }, "green" },
        { { RAG_GREEN, RAG_GREY }, "grey" }, /* what is not known is not well */
        { { RAG_GREY, RAG_AMBER }, "amber" },
        { { RAG_AMBER, RAG_RED }, "red" },
    };
    struct plan_priority priority = { .id = text_of_measure[5], .title = action_title };
    const struct plan *plans[] = { &plan };

    world_init();
    plan.priorities = &priority;
    plan.priority_count = 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct finding three[3] = {
            { .rule = RULE_BEHIND_PLAN, .plan = &plan, .action = &action },
            { .rule = RULE_ACTION_OVERDUE, .plan = &plan, .action = &action },
            { .rule = RULE_BEHIND_PLAN, .plan = &plan, .action = &action },
        };
        const struct finding_set set = { three, 3 };
        json_t *o;

        three[0].rag = rows[i].rags[0];
        three[2].rag = rows[i].rags[1];
        three[1].delivery = (struct action_delivery){ ACTION_IN_PROGRESS, RAG_GREEN,
                                                      date_of("2024-09-01"), "recruited", false };
        json_t *list = report_plans(plans, 1, &set);
        const json_t *a = json_array_get(
            json_object_get(
                json_array_get(json_object_get(json_array_get(list, 0), "priorities"), 0),
                "actions"),
            0);

        ck_assert_str_eq(word(a, "performance"), rows[i].performance);
        ck_assert_str_eq(word(a, "status"), "in-progress");
        o = json_object_get(a, "delivery");
        ck_assert_str_eq(word(o, "rag"), "green");
        ck_assert_str_eq(word(o, "date"), "2024-09-01");
        ck_assert_str_eq(word(o, "note"), "recruited");
        json_decref(list);
    }
}
END_TEST

/* ---- explain ----------------------------------------------------------------------------------
 */

static char *lines_of(const json_t *result)
{
    const json_t *lines = json_object_get(result, "lines");
    char *all = calloc(1, 32768);

    ck_assert_ptr_nonnull(all);
    for (size_t i = 0; i < json_array_size(lines); i++) {
        strncat(all, json_string_value(json_array_get(lines, i)), 4000);
        strcat(all, "\n");
    }
    return all;
}

static const struct {
    const char *why;
    struct figure figures[3];
    size_t count;
    const char *has[6];
} explain_rows[] = {
    { "red: by how much, each step, and why nothing else",
      { { "2024-04-01", "2024-04-30", 25, MARKER_NONE, PUBLICATION_FINAL },
        { "2024-05-01", "2024-05-31", 5.5, MARKER_NONE, PUBLICATION_PROVISIONAL } },
      2,
      { "version 3, illustrative", "5.5%, provisional; the plan's line for it is 20%",
        "Judged red: worse than the line by 14.5 percentage points, more than the tolerance of 5 "
        "percentage points",
        "2024-05-31  INACTIVE -> FIRING on \"red\"",
        "Not \"clear\" (INACTIVE -> INACTIVE): 5.5% is worse than the line 20%",
        "Not \"amber\"" } },
    { "amber",
      { { "2024-05-01", "2024-05-31", 15, MARKER_NONE, PUBLICATION_FINAL } },
      1,
      { "Judged amber: worse than the line by 5 percentage points, within the tolerance of 5 "
        "percentage points",
        "Not \"red\"",
        "Rule: higher is better; target at least 60%; tolerance 5 percentage points" } },
    { "no alert: why not",
      { { "2024-05-01", "2024-05-31", 25, MARKER_NONE, PUBLICATION_FINAL } },
      1,
      { "No alert is open",
        "The row that applied on 2024-05-31: INACTIVE, \"clear\", no hold -> INACTIVE: stays, "
        "because "
        "it is not behind the line.",
        "Judged green: at or better than the line", "25% is not behind the line 20%" } },
    { "blue",
      { { "2024-05-01", "2024-05-31", 61, MARKER_NONE, PUBLICATION_FINAL } },
      1,
      { "Judged blue: the target itself is met" } },
    { "not due",
      { { "2024-03-01", "2024-03-31", 1, MARKER_NONE, PUBLICATION_FINAL } },
      1,
      { "line for it is not set yet", "the first milestone is still to come" } },
    { "a marker is said in words",
      { { "2024-05-01", "2024-05-31", 15, MARKER_NONE, PUBLICATION_FINAL },
        { "2024-06-01", "2024-06-30", NAN, MARKER_NOT_SUBMITTED, PUBLICATION_FINAL } },
      2,
      { "not-submitted", "Judged grey: there is no usable figure to judge",
        "Held: ", "2024-06-30  FIRING -> FIRING" } },
    { "recovered",
      { { "2024-05-01", "2024-05-31", 5, MARKER_NONE, PUBLICATION_FINAL },
        { "2024-06-01", "2024-06-30", 25, MARKER_NONE, PUBLICATION_FINAL } },
      2,
      { "FIRING -> RESOLVED on \"clear\"",
        "No hold stood; with one: ", "25% is not behind the line 20%" } },
};

START_TEST(a_measure_is_explained_in_sentences)
{
    struct table none = TABLE_INIT;

    world_figures(explain_rows[_i].figures, explain_rows[_i].count);
    json_t *result = report_explain("bc", &none, &findings, "cyp-4w", date_of("2024-07-01"));

    ck_assert_ptr_nonnull(result);
    char *all = lines_of(result);

    for (int i = 0; i < 6 && explain_rows[_i].has[i]; i++)
        ck_assert_msg(strstr(all, explain_rows[_i].has[i]) != NULL, "%s: no \"%s\" in\n%s",
                      explain_rows[_i].why, explain_rows[_i].has[i], all);
    ck_assert_uint_eq(json_array_size(json_object_get(result, "steps")), explain_rows[_i].count);
    keys_are(json_object_get(result, "row"), "period_end from event hold to why counted needed");
    ck_assert_uint_eq(json_array_size(json_object_get(result, "others")), 2 * PERIOD_RED + 1);
    for (size_t i = 0; i < 2 * PERIOD_RED + 1; i++) {
        const json_t *other = json_array_get(json_object_get(result, "others"), i);

        keys_are(other, "from event hold to why why_not");
        ck_assert(strlen(word(other, "why_not")) > 10);
    }
    free(all);
    json_decref(result);
}
END_TEST

START_TEST(a_figure_wanted_close_to_a_line_is_explained_on_either_side_of_it)
{
    static const double values[] = { 48, 72 };
    struct table none = TABLE_INIT;

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const struct figure one[] = { { "2024-05-01", "2024-05-31", values[i], MARKER_NONE,
                                        PUBLICATION_FINAL } };

        world_figures(one, 1);
        measure.polarity = POLARITY_CLOSE;
        measure.expect_count = 0;
        measure_judge(&measure, NULL, series_current(&points[0]), points[0].period_start,
                      points[0].period_end, &history[0]);
        json_t *result = report_explain("bc", &none, &findings, "cyp-4w", date_of("2024-07-01"));
        char *all = lines_of(result);

        ck_assert_msg(strstr(all, "Rule: close is better; target close to 60%;") != NULL, "%s",
                      all);
        ck_assert_msg(strstr(all, "worse than the line by 12 percentage points") != NULL, "%s",
                      all);
        free(all);
        json_decref(result);
    }
}
END_TEST

START_TEST(a_comparison_stands_beside_a_measure_under_its_own_name)
{
    static char org[] = "England", title[] = "England, all providers";
    struct series_version compared = {
        .value = 41, .low = 41, .high = 41, .numerator = NAN, .denominator = NAN
    };
    struct series_point point = { .versions = &compared, .version_count = 1 };
    struct figure_ref ref = { .title = title, .footprint = FOOTPRINT_ENGLAND };

    ref.select.org = org;
    point.period_end = date_of("2024-05-31");
    for (int has_figure = 0; has_figure < 2; has_figure++) {
        FIGURES(behind);
        measure.compare = &ref;
        finding.compared_point = has_figure ? &point : NULL;
        json_t *m = report_measure(&findings, "cyp-4w"), *c = json_object_get(m, "compare");

        keys_are(c, "title org footprint value period_end");
        ck_assert_str_eq(word(c, "title"), title);
        ck_assert_str_eq(word(c, "footprint"), footprint_name(FOOTPRINT_ENGLAND));
        if (has_figure) {
            ck_assert_double_eq(json_number_value(json_object_get(c, "value")), 41);
            ck_assert_str_eq(word(c, "period_end"), "2024-05-31");
        } else {
            ck_assert(json_is_null(json_object_get(c, "value")));
        }
        json_decref(m);
    }
    FIGURES(behind);
    json_t *m = report_measure(&findings, "cyp-4w");

    ck_assert_ptr_null(json_object_get(m, "compare"));
    json_decref(m);
}
END_TEST

START_TEST(an_alert_is_found_by_its_id_a_prefix_or_its_episode)
{
    struct alert_change change = ALERT_CHANGE_INIT;
    struct table table = TABLE_INIT;
    char prefix[8] = "", upper[8] = "";

    FIGURES(behind);
    ck_assert_int_eq(alert_step("bc", NULL, &finding, NULL, date_of("2024-07-01"),
                                (struct wall_time){ 1719830000000 }, &change),
                     0);
    ck_assert(change.changed);
    struct alert *a = &change.next;

    ck_assert_int_eq(table_set(&table, a->id, a, NULL), 0);
    memcpy(prefix, a->id, 6);
    for (int i = 0; i < 6; i++)
        upper[i] = prefix[i] >= 'a' ? (char)(prefix[i] - 32) : prefix[i];
    const char *names[] = { a->id, prefix, upper, a->episodes[0].id, "cyp-4w" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        json_t *result = report_explain("bc", &table, &findings, names[i], date_of("2024-07-01"));
        char *all = lines_of(result);

        ck_assert_msg(strcmp(word(result, "alert_id"), a->id) == 0, "%s", names[i]);
        ck_assert_str_eq(word(result, "state"), "FIRING");
        ck_assert_msg(strstr(all, "FIRING, red (behind plan), since 2024-05-31") != NULL, "%s",
                      all);
        free(all);
        json_decref(result);
    }
    static const char *const unknown[] = { "zzzzzz", "", "cyp", "12345",
                                           "00000000000000000000000000000000" };

    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        json_t *result = report_explain("bc", &table, &findings, unknown[i], date_of("2024-07-01"));

        ck_assert_msg(json_is_null(result), "%s", unknown[i]);
        json_decref(result);
    }
    /* The rule has gone from the plan: what is remembered still speaks. */
    struct finding_set empty = { NULL, 0 };
    json_t *result = report_explain("bc", &table, &empty, prefix, date_of("2024-07-01"));
    char *all = lines_of(result);

    ck_assert_msg(strstr(all, "no longer have this rule") != NULL, "%s", all);
    free(all);
    json_decref(result);
    table_release(&table, NULL);
    alert_change_release(&change);
}
END_TEST

START_TEST(a_late_feed_is_explained_too)
{
    struct period_judgement late = { .start = date_of("2024-06-01"),
                                     .end = date_of("2024-06-30"),
                                     .event = PERIOD_RED,
                                     .rag = RAG_RED,
                                     .line = NAN };
    char title[] = "Feed cyp4ww is late", detail[] = "nothing received for June; due by 14 August";
    struct finding f = { .rule = RULE_FEED_LATE,
                         .feed = feed_name,
                         .title = title,
                         .detail = detail,
                         .history = &late,
                         .history_count = 1,
                         .instant = true,
                         .rag = RAG_RED,
                         .line = NAN };
    struct finding_set set = { &f, 1 };
    struct table none = TABLE_INIT;
    char id[ALERT_ID_MAX];

    ck_assert_int_eq(alert_id_of("bc", &f, id), 0);
    json_t *result = report_explain("bc", &none, &set, id, date_of("2024-07-01"));
    char *all = lines_of(result);

    ck_assert_msg(strstr(all, "feed-late") &&
                      strstr(all, "\nNothing received for June; due by 14 August.\n") &&
                      strstr(all, "True now"),
                  "%s", all);
    free(all);
    json_decref(result);
    f.history_count = 0;
    result = report_explain("bc", &none, &set, id, date_of("2024-07-01"));
    all = lines_of(result);
    ck_assert_msg(strstr(all, "Not true now") != NULL, "%s", all);
    free(all);
    json_decref(result);
}
END_TEST

/* The answer of a whole report must survive the socket. */
START_TEST(a_report_survives_the_socket)
{
    FIGURES(behind);
    json_t *given = report_measure(&findings, "cyp-4w"), *back = NULL;
    char *error = NULL, *line = ctl_answer_ok(json_incref(given));
    int code;

    ck_assert_ptr_nonnull(line);
    ck_assert_int_eq(ctl_answer_parse(line, strlen(line), &back, &code, &error), 0);
    ck_assert(json_equal(given, back));
    json_decref(given);
    json_decref(back);
    free(line);
}
END_TEST

UNIT_MAIN("report", UNIT_TEST(a_measure_has_the_keys_of_the_contract_in_their_order),
          UNIT_TEST(a_list_that_never_empties_says_never_where_its_weeks_would_stand),
          UNIT_ROWS(status_value_and_marks_follow_the_version_in_force, status_rows),
          UNIT_TEST(an_unknown_measure_is_null_and_no_entry),
          UNIT_TEST(one_measure_shows_every_version_of_every_period),
          UNIT_TEST(alerts_are_listed_open_red_first_and_thirty_days_after_their_end),
          UNIT_TEST(no_alerts_are_an_empty_array),
          UNIT_TEST(feeds_and_plans_keep_null_for_what_is_absent),
          UNIT_TEST(a_figure_wanted_close_to_a_line_is_explained_on_either_side_of_it),
          UNIT_TEST(a_comparison_stands_beside_a_measure_under_its_own_name),
          UNIT_TEST(how_an_action_is_delivered_stands_beside_how_its_measures_do),
          UNIT_ROWS(a_measure_is_explained_in_sentences, explain_rows),
          UNIT_TEST(an_alert_is_found_by_its_id_a_prefix_or_its_episode),
          UNIT_TEST(a_late_feed_is_explained_too), UNIT_TEST(a_report_survives_the_socket))
