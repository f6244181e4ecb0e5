/* What a gap says is needed is tried: the list lives on with so many stops a week, and is counted. */
#include "plan/gap.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "ctl/report_gap.h"
#include "support/date_of.h"
#include "support/unit.h"

#define DEMAND     30 /* a week */
#define STOPS      27
#define PAST_WEEKS 20
#define START_SIZE 300

static char id[] = "m", plan_id[] = "dudley", title[] = "A measure", list_id[] = "cyp",
            figure[] = "figure";
static const struct civil_date day_zero = { 20000 }, no_day = { INT32_MIN };

struct world {
    struct plan plan;
    struct plan_measure measure;
    struct list_measure list;
    struct milestone step;
    struct finding finding;
    struct series series;
    struct series_point points[8];
    struct series_version versions[8];
    struct waits waits;
    struct outlook_look look;
    struct civil_date today;
};

static int look_of(void *arg, const struct plan_measure *m, struct outlook_look *out)
{
    struct world *w = arg;

    ck_assert_ptr_eq(m, &w->measure);
    if (!w->look.waits)
        return -ENODATA;
    *out = w->look;
    return 0;
}

/* People who start on each day of the week in turn, and leave in turn. */
struct queue {
    int starts[4000];
    size_t joined, left;
};

static void live_weeks(struct queue *q, int from, int weeks, double stops, struct waits *w)
{
    double due = 0;

    for (int day = from; day < from + weeks * 7; day++) {
        for (int n = day * DEMAND / 7; n < (day + 1) * DEMAND / 7; n++)
            q->starts[q->joined++] = day;
        for (due += stops / 7; due >= 1 - 1e-9 && q->left < q->joined; due--, q->left++)
            ck_assert_int_eq(
                waits_add(w,
                          &(struct wait_cell){ date_add_days(day_zero, q->starts[q->left]),
                                               date_add_days(day_zero, day), WAIT_COMPLETED, 1 }),
                0);
    }
}

static void add_waiting(const struct queue *q, struct waits *w)
{
    for (size_t i = q->left; i < q->joined; i++)
        ck_assert_int_eq(waits_add(w, &(struct wait_cell){ date_add_days(day_zero, q->starts[i]),
                                                           DATE_NONE, WAIT_COMPLETED, 1 }),
                         0);
}

static void begin(struct queue *q, struct waits *w)
{
    *q = (struct queue){ .joined = 0 };
    *w = (struct waits)WAITS_INIT;
    for (int i = 0; i < START_SIZE; i++)
        q->starts[q->joined++] = -(START_SIZE - i) * 7 / DEMAND;
    live_weeks(q, 0, PAST_WEEKS, STOPS, w);
}

static void world_init(struct world *w, const char *metric, enum polarity polarity, double line)
{
    struct civil_date data = date_add_days(day_zero, PAST_WEEKS * 7 - 1);

    *w = (struct world){ .today = date_add_days(data, 1) };
    ck_assert_int_eq(pathway_metric_parse(metric, &w->list.metric), METRIC_FINE);
    if (metric_def_of(w->list.metric.id)->takes & TAKES_STANDARD)
        ck_assert_int_eq(metric_wait_parse("8w", &w->list.metric.standard), 0);
    w->list.list = list_id;
    w->list.text = figure;
    w->step = (struct milestone){ date_add_days(data, 26 * 7), line, NULL };
    w->measure = (struct plan_measure){ .id = id,
                                        .first_id = id,
                                        .title = title,
                                        .list = &w->list,
                                        .polarity = polarity,
                                        .expect = &w->step,
                                        .expect_count = 1,
                                        .target_by = DATE_NONE,
                                        .unit = w->list.metric.unit };
    w->plan = (struct plan){ .id = plan_id, .measures = &w->measure, .measure_count = 1 };
    w->finding = (struct finding){ .rule = RULE_BEHIND_PLAN,
                                   .plan = &w->plan,
                                   .measure = &w->measure,
                                   .title = title,
                                   .line = NAN,
                                   .target = line };
    w->look = (struct outlook_look){ .waits = &w->waits, .known = { day_zero, data } };
}

/* Monthly figures that end with this one. */
static void give_figures(struct world *w, const double *values, size_t count)
{
    struct civil_date end = date_of("2024-09-30");

    for (size_t i = count; i-- > 0;) {
        struct period month = period_of(PERIOD_MONTH, end);

        w->versions[i] = (struct series_version){
            .value = values[i], .low = values[i], .high = values[i], .denominator = NAN
        };
        w->points[i] = (struct series_point){ month.start, month.end, &w->versions[i], 1, 0 };
        end = date_add_days(month.start, -1);
    }
    w->series = (struct series){ .points = w->points, .point_count = count };
    w->finding.series = &w->series;
}

static struct gap gap_of(struct world *w)
{
    const struct outlook_source source = { look_of, w, NULL };
    struct gap g;

    ck_assert_int_eq(gap_make(&w->finding, &source, w->today, &g), 0);
    return g;
}

/* ---- lists ---- */

static const struct {
    const char *metric;
    enum polarity polarity;
    double line;
} asked[] = {
    { "open", POLARITY_LOWER, 200 },           { "open-over:8w", POLARITY_LOWER, 40 },
    { "open-within:8w", POLARITY_HIGHER, 92 }, { "p92-wait", POLARITY_LOWER, 70 },
    { "median-wait", POLARITY_LOWER, 35 },     { "longest-wait", POLARITY_LOWER, 60 },
    { "shortfall", POLARITY_LOWER, 10 },       { "open-over:30w", POLARITY_LOWER, 0 },
};

/* By how much the list is beyond the line if so many a week left it. */
static double behind_after(const struct world *w, double stops, int weeks)
{
    struct civil_date end = w->step.date;
    struct metric_figure f;
    struct queue q;
    struct waits then;

    begin(&q, &then);
    live_weeks(&q, PAST_WEEKS * 7, weeks, stops, &then);
    add_waiting(&q, &then);
    ck_assert_int_eq(pathway_count(&w->list.metric, &then, (struct period){ end, end }, NULL, &f),
                     0);
    waits_release(&then);
    return measure_behind_by(&w->measure, f.value, w->step.value);
}

START_TEST(what_a_gap_says_is_needed_meets_the_step_and_a_twentieth_less_does_not)
{
    struct world w;
    struct queue q;

    world_init(&w, asked[_i].metric, asked[_i].polarity, asked[_i].line);
    begin(&q, &w.waits);
    add_waiting(&q, &w.waits);
    struct gap g = gap_of(&w);

    ck_assert_ptr_null(g.flow.why_not);
    ck_assert_double_eq_tol(g.flow.demand, DEMAND, 0.2);
    ck_assert_double_eq_tol(g.flow.stops, STOPS, 0.2);
    ck_assert_double_eq_tol(g.flow.seen, STOPS, 0.2);
    ck_assert_double_eq_tol(g.flow.load, 30.0 / 27, 0.02);
    ck_assert_double_eq(g.flow.weeks, 26);
    if (g.flow.needed <= 0) { /* the line is too far away to need any */
        ck_assert_double_eq(g.flow.extra, 0);
        ck_assert_double_le(behind_after(&w, 0.01, 26), 0);
    } else {
        ck_assert_double_eq_tol(g.flow.extra, fmax(0, g.flow.needed - g.flow.stops), 1e-9);
        ck_assert_double_le(behind_after(&w, g.flow.needed + 0.3, 26), 0);
        ck_assert_double_gt(behind_after(&w, g.flow.needed * 0.95, 26), 0);
    }
    waits_release(&w.waits);
}
END_TEST

START_TEST(a_share_within_a_wait_has_the_size_and_the_capacity_that_keep_it)
{
    struct world w;
    struct queue q;

    world_init(&w, "open-within:18w", POLARITY_HIGHER, 92);
    begin(&q, &w.waits);
    add_waiting(&q, &w.waits);
    struct gap g = gap_of(&w);

    /* DOMAIN section 4: 20 a week, 18 weeks, 92 per cent: mean 7.13 weeks, 143 may wait. */
    ck_assert_double_eq_tol(g.flow.may_wait, g.flow.demand * 18 / 2.526, 0.1);
    ck_assert_double_eq_tol(g.flow.keeps, g.flow.demand + 2.526 / 18, 1e-3);
    waits_release(&w.waits);
}
END_TEST

START_TEST(without_a_step_to_come_it_is_reckoned_in_26_weeks_to_the_target)
{
    struct world w;
    struct queue q;

    world_init(&w, "open", POLARITY_LOWER, 200);
    begin(&q, &w.waits);
    add_waiting(&q, &w.waits);
    double before = gap_of(&w).flow.needed;

    w.measure.expect_count = 0;
    struct gap g = gap_of(&w);

    ck_assert(!date_is_set(g.next_date));
    ck_assert_double_eq(g.flow.weeks, 26);
    ck_assert_double_eq(g.flow.needed, before);
    waits_release(&w.waits);
}
END_TEST

START_TEST(of_a_list_whose_flows_nobody_tells_nothing_is_said_but_why)
{
    struct world w;
    struct queue q;

    world_init(&w, "open", POLARITY_LOWER, 200);
    begin(&q, &w.waits);
    add_waiting(&q, &w.waits);
    w.look.known.start = no_day;
    struct gap g = gap_of(&w);

    ck_assert_ptr_nonnull(g.flow.why_not);
    ck_assert(isnan(g.flow.needed) && isnan(g.flow.demand));
    w.look.known.start = date_add_days(w.look.known.end, 2 - 56);
    ck_assert_ptr_nonnull(gap_of(&w).flow.why_not);
    w.look.known.start = date_add_days(w.look.known.end, 1 - 56);
    ck_assert_ptr_null(gap_of(&w).flow.why_not);
    w.look.unknown.part = true;
    ck_assert_ptr_nonnull(gap_of(&w).flow.why_not);
    w.look.waits = NULL;
    ck_assert_ptr_nonnull(gap_of(&w).flow.why_not);
    waits_release(&w.waits);
}
END_TEST

/* ---- any measure ---- */

START_TEST(a_published_figure_has_the_pace_that_the_next_step_asks_beside_that_of_late)
{
    static const double values[] = { 99, 40, 42, 44, 46, 48, 50 };
    struct world w;

    world_init(&w, "open", POLARITY_HIGHER, 62);
    w.measure.list = NULL;
    w.step.date = date_of("2025-03-31");
    w.today = date_of("2024-11-10");
    w.finding.line = 55;
    give_figures(&w, values, 7);
    struct gap g = gap_of(&w);

    ck_assert_double_eq(g.value, 50);
    ck_assert_double_eq(g.behind_by, 5);
    ck_assert_double_eq(g.to_next, 12);
    ck_assert_double_eq_tol(g.pace_needed, 2, 0.02); /* six months to come */
    ck_assert_double_eq_tol(g.pace_lately, 2, 0.05); /* the oldest of seven does not count */
    w.step.value = 50;
    ck_assert_double_eq(gap_of(&w).pace_needed, 0);
    w.today = w.step.date; /* the step of today is no step to come */
    ck_assert(!date_is_set(gap_of(&w).next_date));
}
END_TEST

static void says(struct world *w, const char *key, const char *text)
{
    struct gap g = gap_of(w);
    json_t *o = report_gap(&g);

    ck_assert_ptr_nonnull(o);
    ck_assert_str_eq(json_string_value(json_object_get(o, key)), text);
    ck_assert(json_is_false(json_object_get(o, "measurable")));
    ck_assert(json_is_null(json_object_get(o, "value")));
    ck_assert(json_is_null(json_object_get(o, "behind_by")));
    json_decref(o);
}

START_TEST(a_measure_without_a_figure_is_named_not_measurable_with_why)
{
    static const double values[] = { 40, 42 };
    struct world w;

    world_init(&w, "open", POLARITY_HIGHER, 62);
    w.measure.list = NULL;
    w.finding.line = 55;
    w.finding.missing_why = "no file of feed x yet";
    says(&w, "why_not", "no file of feed x yet");
    says(&w, "takes", "not measurable");
    w.finding.missing_why = NULL;
    says(&w, "why_not", "no figure yet");
    give_figures(&w, values, 2);
    w.versions[1].marker =
        MARKER_SUPPRESSED; /* the newest period: the one before is no figure of now */
    says(&w, "why_not", "suppressed");
    w.versions[1].marker = MARKER_NONE;
    w.finding.holds = HOLD_WAVE_OVER;
    says(&w, "why_not", "its newest wave is over");
}
END_TEST

START_TEST(a_list_that_is_never_empty_is_said_so_and_what_it_takes_all_the_same)
{
    static const double never[] = { INFINITY };
    struct queue q;
    struct world w;

    world_init(&w, "clearance-weeks", POLARITY_LOWER, 10);
    begin(&q, &w.waits);
    add_waiting(&q, &w.waits);
    give_figures(&w, never, 1);
    says(&w, "why_not", "never: more join than leave");
    struct gap g = gap_of(&w);
    json_t *o = report_gap(&g);
    const char *takes = json_string_value(json_object_get(o, "takes"));

    ck_assert_msg(takes && strstr(takes, " a week until "), "%s", takes ? takes : "nothing");
    json_decref(o);
    waits_release(&w.waits);
}
END_TEST

START_TEST(where_nobody_need_leave_none_are_enough)
{
    static const double now[] = { 300 };
    struct queue q;
    struct world w;

    world_init(&w, "open", POLARITY_LOWER, 100000);
    begin(&q, &w.waits);
    add_waiting(&q, &w.waits);
    give_figures(&w, now, 1);
    struct gap g = gap_of(&w);
    json_t *o = report_gap(&g);

    ck_assert_str_eq(json_string_value(json_object_get(o, "takes")),
                     "no more a week than of late (0 are enough)");
    json_decref(o);
    waits_release(&w.waits);
}
END_TEST

UNIT_MAIN("gap",
          UNIT_ROWS(what_a_gap_says_is_needed_meets_the_step_and_a_twentieth_less_does_not, asked),
          UNIT_TEST(a_share_within_a_wait_has_the_size_and_the_capacity_that_keep_it),
          UNIT_TEST(without_a_step_to_come_it_is_reckoned_in_26_weeks_to_the_target),
          UNIT_TEST(of_a_list_whose_flows_nobody_tells_nothing_is_said_but_why),
          UNIT_TEST(a_published_figure_has_the_pace_that_the_next_step_asks_beside_that_of_late),
          UNIT_TEST(a_measure_without_a_figure_is_named_not_measurable_with_why),
          UNIT_TEST(a_list_that_is_never_empty_is_said_so_and_what_it_takes_all_the_same),
          UNIT_TEST(where_nobody_need_leave_none_are_enough))
