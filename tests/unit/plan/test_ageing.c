#include "plan/ageing.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "alert/alert.h"
#include "metric/pathway_count.h"
#include "support/date_of.h"
#include "support/unit.h"

/* A list with its newest data, evaluated day by day without a file. */
struct world {
    struct plan plan;
    const struct plan *plans[1];
    struct plan_measure measure;
    struct list_measure list;
    struct series_set series;
    struct feed_state feed;
    struct waits waits;
    struct civil_date data_date;
    struct feed_schedule schedule;
    struct ageing_source ageing;
    struct evaluation_input in;
    struct finding_set found;
    int figures; /* asked for */
};

static char id[] = "over-18w", list_id[] = "cyp-mh", figure[] = "open-over:126d period=census",
            provider[] = "TAJ", title[] = "Waiting over 18 weeks", plan_id[] = "dudley";

static const char *code_of(void *arg, const char *printed)
{
    (void)arg;
    return printed;
}

static int data_of(void *arg, const struct plan_measure *m, struct civil_date *out_date,
                   int *out_silent)
{
    struct world *w = arg;

    ck_assert_ptr_eq(m, &w->measure);
    if (!date_is_set(w->data_date))
        return -ENODATA;
    *out_date = w->data_date;
    *out_silent = feed_silent_cadences(&w->schedule, w->data_date, DATE_NONE, w->in.today);
    return 0;
}

static int figure_of(void *arg, const struct plan_measure *m, struct civil_date day,
                     struct series_version *out)
{
    struct world *w = arg;
    struct metric_figure f;
    int r = pathway_count(&m->list->metric, &w->waits, (struct period){ day, day }, NULL, &f);

    w->figures++;
    *out = (struct series_version){ .value = f.value,
                                    .low = f.low,
                                    .high = f.high,
                                    .numerator = f.numerator,
                                    .denominator = f.denominator,
                                    .marker = f.marker };
    return r;
}

/* The data of a census: a version of its period, as a file brings it. */
static void take_census(struct world *w, const char *day)
{
    static uint64_t receipt;
    struct record r = { .measure = figure };
    struct series_version v;
    struct series *s = series_open(&w->series, list_id, &r, provider);

    ck_assert_ptr_nonnull(s);
    w->data_date = date_of(day);
    ck_assert_int_eq(figure_of(w, &w->measure, w->data_date, &v), 0);
    v.receipt = ++receipt;
    ck_assert_int_ge(series_offer(s, w->data_date, w->data_date, &v), 0);
}

static void add_open(struct world *w, const char *start, uint64_t count)
{
    const struct wait_cell cell = { date_of(start), DATE_NONE, WAIT_COMPLETED, count };

    ck_assert_int_eq(waits_add(&w->waits, &cell), 0);
}

static void world_init(struct world *w, const char *metric)
{
    memset(w, 0, sizeof *w);
    w->waits = (struct waits)WAITS_INIT;
    w->data_date = DATE_NONE;
    w->schedule.cadence = DUE_WEEKLY;
    ck_assert_int_eq(pathway_metric_parse(metric, &w->list.metric), METRIC_FINE);
    w->list.list = list_id;
    w->list.provider = provider;
    w->list.text = figure;
    w->measure = (struct plan_measure){ .id = id,
                                        .first_id = id,
                                        .title = title,
                                        .list = &w->list,
                                        .polarity = POLARITY_LOWER,
                                        .has_target = true,
                                        .target = 0,
                                        .target_by = DATE_NONE,
                                        .unit = UNIT_COUNT,
                                        .for_periods = 1,
                                        .clear_for = 1 };
    w->plan = (struct plan){ .id = plan_id,
                             .valid_from = DATE_NONE,
                             .valid_to = DATE_NONE,
                             .measures = &w->measure,
                             .measure_count = 1 };
    w->plans[0] = &w->plan;
    w->feed = (struct feed_state){ .id = "cyp-snapshot", .list = list_id };
    w->ageing = (struct ageing_source){ data_of, figure_of, w };
    w->in = (struct evaluation_input){ .plans = w->plans,
                                       .plan_count = 1,
                                       .series = &w->series,
                                       .feeds = &w->feed,
                                       .feed_count = 1,
                                       .ageing = &w->ageing,
                                       .org_code = code_of };
}

static const struct finding *run(struct world *w, const char *today)
{
    w->in.today = date_of(today);
    finding_set_release(&w->found);
    ck_assert_int_eq(evaluate(&w->in, &w->found), 0);
    return &w->found.list[0];
}

static void world_release(struct world *w)
{
    finding_set_release(&w->found);
    series_set_release(&w->series);
    waits_release(&w->waits);
}

START_TEST(a_stock_ages_from_its_newest_data_and_is_judged_by_the_line_of_the_day)
{
    struct milestone lines[] = { { date_of("2025-01-01"), 5, NULL },
                                 { date_of("2025-04-01"), 1, NULL } };
    struct world w;
    const struct finding *f;

    world_init(&w, "open-over:18w");
    w.measure.expect = lines;
    w.measure.expect_count = 2;
    add_open(&w, "2024-11-26", 2); /* over from 2 April on */
    take_census(&w, "2025-03-30");
    f = run(&w, "2025-03-30");
    ck_assert_int_eq(f->ageing.state, AGEING_NONE); /* the data are of today */
    f = run(&w, "2025-04-01");
    ck_assert_int_eq(f->ageing.state, AGEING_FINE);
    ck_assert_double_eq(f->ageing.judged.line, 1);
    f = run(&w, "2025-04-04");
    ck_assert_int_eq(f->ageing.state, AGEING_BEHIND);
    ck_assert_double_eq(f->ageing.version.value, 2);
    ck_assert_int_eq(f->ageing.since.day, date_of("2025-04-02").day);
    ck_assert_int_eq(f->ageing.data_date.day, date_of("2025-03-30").day);
    ck_assert_uint_eq(f->history_count, 1); /* it is no data period */
    world_release(&w);
}
END_TEST

START_TEST(a_milestone_that_comes_brings_a_list_behind_on_its_own_day)
{
    struct milestone lines[] = { { date_of("2025-01-01"), 5, NULL },
                                 { date_of("2025-04-01"), 1, NULL } };
    struct world w;
    const struct finding *f;

    world_init(&w, "open");
    w.measure.expect = lines;
    w.measure.expect_count = 2;
    add_open(&w, "2025-03-01", 3);
    take_census(&w, "2025-03-30");
    f = run(&w, "2025-04-03");
    ck_assert_int_eq(f->ageing.state, AGEING_BEHIND);
    ck_assert_int_eq(f->ageing.since.day, date_of("2025-04-01").day);
    world_release(&w);
}
END_TEST

START_TEST(nothing_ages_without_data_nor_a_flow_nor_a_published_figure)
{
    struct world w;

    world_init(&w, "open-over:18w");
    add_open(&w, "2024-01-01", 1);
    ck_assert_int_eq(run(&w, "2025-04-04")->ageing.state, AGEING_NONE); /* no data */
    take_census(&w, "2025-03-30");
    w.in.ageing = NULL;
    ck_assert_int_eq(run(&w, "2025-04-04")->ageing.state, AGEING_NONE);
    w.in.ageing = &w.ageing;
    ck_assert_int_eq(pathway_metric_parse("referrals", &w.list.metric), METRIC_FINE);
    w.figures = 0;
    ck_assert_int_eq(run(&w, "2025-04-04")->ageing.state, AGEING_NONE);
    ck_assert_int_eq(w.figures, 0);
    world_release(&w);
}
END_TEST

START_TEST(the_feeds_of_the_list_hold_its_measures)
{
    const char *const others[] = { "RXK" };
    struct coverage_gap gap = { .provider = "TAJ", .period_end = date_of("2025-03-30") };
    struct world w;

    world_init(&w, "open-over:18w");
    add_open(&w, "2025-01-01", 1);
    take_census(&w, "2025-03-30");
    w.feed.late = true;
    ck_assert_uint_eq(run(&w, "2025-04-04")->holds, HOLD_FEED_LATE);
    w.feed.providers = others; /* it brings another provider's part of the list */
    w.feed.provider_count = 1;
    ck_assert_uint_eq(run(&w, "2025-04-04")->holds, 0);
    w.feed.provider_count = 0;
    w.feed.list = "other";
    ck_assert_uint_eq(run(&w, "2025-04-04")->holds, 0);
    w.feed.list = list_id;
    w.feed.late = false;
    w.feed.gaps = &gap;
    w.feed.gap_count = 1;
    ck_assert_uint_eq(run(&w, "2025-04-04")->holds, HOLD_COVERAGE);
    gap.provider = "RXK";
    ck_assert_uint_eq(run(&w, "2025-04-04")->holds, 0);
    world_release(&w);
}
END_TEST

START_TEST(what_is_wrong_with_a_part_of_the_list_holds_what_it_concerns)
{
    static char dudley[] = "dudley";
    struct coverage_gap gap = { .provider = "TAJ",
                                .period_end = date_of("2025-03-30"),
                                .flaw = FLAW_PLACES,
                                .words = "the place of 3 of 50 is not known" };
    struct world w;
    char words[HOLD_WORDS_MAX];

    world_init(&w, "open-over:18w");
    add_open(&w, "2025-01-01", 1);
    take_census(&w, "2025-03-30");
    w.feed.gaps = &gap;
    w.feed.gap_count = 1;
    ck_assert_uint_eq(run(&w, "2025-04-04")->holds, 0); /* of no place: all are counted */
    w.list.place = dudley;
    ck_assert_uint_eq(run(&w, "2025-04-04")->history[0].holds, HOLD_PLACES);
    gap.period_end = date_of("2025-03-31"); /* newer than any figure */
    ck_assert_uint_eq(run(&w, "2025-04-04")->holds_now, HOLD_PLACES);
    const struct finding *told = &w.found.list[w.found.count - 3]; /* before held, identifiers */

    ck_assert_str_eq(told->detail, gap.words);
    ck_assert_int_eq(told->rule, RULE_COVERAGE_GAP);
    w.list.place = NULL;
    gap.flaw = FLAW_TWICE;
    ck_assert_uint_eq(run(&w, "2025-04-04")->holds, HOLD_TWICE);
    ck_assert_str_eq(hold_words(HOLD_TWICE | HOLD_PLACES, words),
                     "places not known, counted twice");
    ck_assert_uint_lt(strlen(hold_words(~0u, words)), sizeof words);
    world_release(&w);
}
END_TEST

/* A list counted on the Sunday of a clock change and never again: four midnights, and the end. */
static const struct {
    int day; /* after the census */
    double over;
    enum ageing_state ageing;
    enum alert_news news;
    enum alert_state state;
} nights[] = {
    { 0, 0, AGEING_NONE, NEWS_NONE, ALERT_INACTIVE },
    { 1, 0, AGEING_FINE, NEWS_NONE, ALERT_INACTIVE },
    { 2, 3, AGEING_BEHIND, NEWS_NEW, ALERT_EARLY },
    { 3, 3, AGEING_BEHIND, NEWS_NONE, ALERT_EARLY },
    { 4, 5, AGEING_BEHIND, NEWS_NONE, ALERT_EARLY },
    { 8, 5, AGEING_BEHIND, NEWS_NONE, ALERT_EARLY },
    { 14, 5, AGEING_BEHIND, NEWS_NONE, ALERT_EARLY },
    { 15, 0, AGEING_OVER, NEWS_WITHDRAWN, ALERT_WITHDRAWN },
    { 16, 0, AGEING_OVER, NEWS_NONE, ALERT_WITHDRAWN },
};

START_TEST(through_midnights_and_clock_changes_ageing_warns_early_resolves_nothing_and_ends)
{
    static const char *const censuses[] = { "2025-03-30", "2025-10-26" };
    struct civil_date census = date_of(censuses[_i]);
    struct alert stored = ALERT_INIT;
    struct world w;
    char text[DATE_TEXT_MAX];

    world_init(&w, "open-over:18w");
    add_open(&w, date_format(date_add_days(census, -125), text), 3);
    add_open(&w, date_format(date_add_days(census, -123), text), 2);
    take_census(&w, censuses[_i]);
    for (size_t n = 0; n < sizeof nights / sizeof nights[0]; n++) {
        struct alert_change c = ALERT_CHANGE_INIT;
        const struct finding *f = run(&w, date_format(date_add_days(census, nights[n].day), text));

        ck_assert_int_eq(f->ageing.state, nights[n].ageing);
        if (f->ageing.state == AGEING_FINE || f->ageing.state == AGEING_BEHIND)
            ck_assert_double_eq(f->ageing.version.value, nights[n].over);
        ck_assert_int_eq(alert_step("bc", stored.episode_count ? &stored : NULL, f, NULL,
                                    w.in.today, (struct wall_time){ 0 }, &c),
                         0);
        ck_assert_int_eq(c.news, nights[n].news);
        if (c.changed) {
            alert_release(&stored);
            stored = c.next;
            c.next = (struct alert)ALERT_INIT;
        }
        alert_change_release(&c);
        if (nights[n].state != ALERT_INACTIVE) {
            const struct episode *e = alert_current(&stored);

            ck_assert_int_eq(e->state, nights[n].state);
            ck_assert_int_eq(e->opened.day, census.day + 2);
            ck_assert_int_eq(e->projected_from.day, census.day);
        }
    }
    alert_release(&stored);
    world_release(&w);
}
END_TEST

UNIT_MAIN("ageing",
          UNIT_TEST(a_stock_ages_from_its_newest_data_and_is_judged_by_the_line_of_the_day),
          UNIT_TEST(a_milestone_that_comes_brings_a_list_behind_on_its_own_day),
          UNIT_TEST(nothing_ages_without_data_nor_a_flow_nor_a_published_figure),
          UNIT_TEST(the_feeds_of_the_list_hold_its_measures),
          UNIT_TEST(what_is_wrong_with_a_part_of_the_list_holds_what_it_concerns),
          { through_midnights_and_clock_changes_ageing_warns_early_resolves_nothing_and_ends, 2 })
