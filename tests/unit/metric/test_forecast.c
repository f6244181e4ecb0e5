/*
 * The lists are generated day by day, each person by himself, from three worlds that the forecast does
 * not know: demand that steps up or down, capacity that is lost, and seasons.
 */
#include "metric/forecast.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "metric/forecast_kept.h"
#include "support/fan_cover.h"
#include "support/unit.h"

static uint64_t dice_state;

static double dice(void)
{
    dice_state = dice_state * 6364136223846793005u + 1442695040888963407u;
    return (double)(dice_state >> 11) / 9007199254740992.0;
}

static unsigned poisson(double mean)
{
    double limit = exp(-mean), product = dice();
    unsigned n = 0;

    for (; product > limit; n++)
        product *= dice();
    return n;
}

static struct pathway_metric metric_of(const char *text)
{
    struct pathway_metric m;

    ck_assert_int_eq(pathway_metric_parse(text, &m), METRIC_FINE);
    return m;
}

/* ---- worlds ---- */

#define PAST_DAYS  (104 * 7) /* lived before the data end */
#define KNOWN_DAYS (78 * 7)  /* of them the feed tells of */
#define AHEAD_DAYS (COVER_AHEAD + 1)
#define ALL_DAYS   (PAST_DAYS + AHEAD_DAYS)
#define PEOPLE_MAX 40000

enum world { STEP_IN_DEMAND, LOST_CAPACITY, SEASONS, WORLDS };

struct life {
    struct cover_person *people; /* .stop ALL_DAYS: still waits */
    size_t count;
};

static const struct civil_date day_zero = { 19000 };

/* People start, and are seen mostly in turn, on working days. */
static void live(struct life *l, enum world world)
{
    double demand = 2 + 4 * dice(), capacity = demand * (0.92 + 0.2 * dice());
    double change = world == STEP_IN_DEMAND  ? 0.75 + 0.6 * dice()
                    : world == LOST_CAPACITY ? 0.7 + 0.25 * dice()
                                             : 0.1 + 0.2 * dice();
    int at = (int)(dice() * ALL_DAYS), back = at + 28 + (int)(dice() * 200);
    double phase = dice() * 6.283;
    size_t oldest = 0, waiting = 0;

    l->count = 0;
    for (size_t i = 0; i < (size_t)(demand * 100); i++, waiting++)
        l->people[l->count++] = (struct cover_person){ -(int)(dice() * 150), ALL_DAYS };
    for (int day = 0; day < ALL_DAYS; day++) {
        bool works = day % 7 < 5;
        double season = sin(phase + 6.283 * day / 365.25);
        double in = demand * (world == STEP_IN_DEMAND && day >= at ? change : 1) *
                    (world == SEASONS ? 1 + change * season : 1);
        double out = capacity * (world == LOST_CAPACITY && day >= at && day < back ? change : 1) *
                     (world == SEASONS ? 1 - change / 2 * season : 1);

        for (unsigned n = works ? poisson(in) : 0; n > 0 && l->count < PEOPLE_MAX; n--, waiting++)
            l->people[l->count++] = (struct cover_person){ day, ALL_DAYS };
        for (unsigned n = works ? poisson(out) : 0; n > 0 && waiting > 0; n--, waiting--) {
            size_t who = oldest;

            while (l->people[who].stop < ALL_DAYS)
                who++;
            oldest = who;
            if (dice() < 0.2) { /* out of turn */
                size_t other = who + (size_t)(dice() * (double)(l->count - who));

                if (l->people[other].stop == ALL_DAYS)
                    who = other;
            }
            l->people[who].stop = day;
        }
    }
}

/* What was known at the end of a day. */
static void know(const struct life *l, int today, struct waits *w)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct cover_person *p = &l->people[i];
        bool open = p->stop > today;

        if (p->start > today)
            continue;
        ck_assert_int_eq(
            waits_add(w, &(struct wait_cell){ date_add_days(day_zero, p->start),
                                              open ? DATE_NONE : date_add_days(day_zero, p->stop),
                                              WAIT_COMPLETED, 1 }),
            0);
    }
}

static struct period day_after(int ahead)
{
    struct civil_date d = date_add_days(day_zero, PAST_DAYS - 1 + ahead);

    return (struct period){ d, d };
}

static struct forecast_input input_of(const struct waits *w, const struct pathway_metric *m,
                                      const struct period *windows, size_t count, uint64_t seed)
{
    return (struct forecast_input){
        .waits = w,
        .metric = m,
        .known = { date_add_days(day_zero, PAST_DAYS - KNOWN_DAYS),
                   date_add_days(day_zero, PAST_DAYS - 1) },
        .windows = windows,
        .window_count = count,
        .seed = seed,
    };
}

/* ---- coverage ---- */

static const char *const world_names[COVER_WORLDS] = { "step in demand", "lost capacity",
                                                       "seasons" };

START_TEST(the_80_per_cent_fan_covers_75_to_85_per_cent_at_each_horizon_in_worlds_it_does_not_know)
{
    size_t lists = cover_runs_all() ? COVER_LISTS : COVER_LISTS / 10;
    struct life life = { calloc(PEOPLE_MAX, sizeof *life.people), 0 };
    struct cover cover = { 0 };

    ck_assert_ptr_nonnull(life.people);
    for (size_t n = 0; n < lists; n++) {
        dice_state = 77 + n;
        (void)dice();
        live(&life, (enum world)(n % WORLDS));
        cover_add(&cover, n % WORLDS,
                  &(struct cover_list){ .people = life.people,
                                        .count = life.count,
                                        .day_zero = day_zero,
                                        .today = PAST_DAYS - 1,
                                        .known_days = KNOWN_DAYS,
                                        .by_snapshots = n / WORLDS % 2 == 0,
                                        .seed = n });
    }
    free(life.people);
    cover_check(&cover, "lists that it was settled on", world_names, 0.85);
}
END_TEST

/* ---- the rest ---- */

START_TEST(who_crosses_a_line_on_each_day_is_what_is_counted_when_the_days_have_passed)
{
    static const char *const lines[] = { "open-over:18w", "open-over:52w", "open-over:3m" };
    struct life life = { calloc(PEOPLE_MAX, sizeof *life.people), 0 };
    struct pathway_metric m = metric_of(lines[_i]);
    struct forecast_day days[200];
    struct waits w = WAITS_INIT;
    struct civil_date today = date_add_days(day_zero, PAST_DAYS - 1);
    struct metric_figure f;
    double before;

    ck_assert_ptr_nonnull(life.people);
    dice_state = 5;
    live(&life, LOST_CAPACITY);
    know(&life, PAST_DAYS - 1, &w);
    ck_assert_int_eq(forecast_exact(&w, today, m.wait, 200, days), 0);
    ck_assert_int_eq(pathway_count(&m, &w, (struct period){ today, today }, NULL, &f), 0);
    before = f.value;
    for (int i = 0; i < 200; i++) {
        struct civil_date day = date_add_days(today, i + 1);

        ck_assert_int_eq(pathway_count(&m, &w, (struct period){ day, day }, NULL, &f), 0);
        ck_assert_int_eq(date_compare(days[i].day, day), 0);
        ck_assert_double_eq((double)days[i].over, f.value);
        ck_assert_double_eq((double)days[i].crossing, f.value - before);
        before = f.value;
    }
    ck_assert_double_gt(before, 0);
    waits_release(&w);
    free(life.people);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_figures_and_another_seed_others)
{
    struct life life = { calloc(PEOPLE_MAX, sizeof *life.people), 0 };
    struct pathway_metric m = metric_of("open");
    struct period window = day_after(91);
    struct waits w = WAITS_INIT;
    double figures[3];

    ck_assert_ptr_nonnull(life.people);
    dice_state = 9;
    live(&life, SEASONS);
    know(&life, PAST_DAYS - 1, &w);
    for (size_t i = 0; i < 3; i++) {
        struct forecast_input in = input_of(&w, &m, &window, 1, i < 2 ? 4 : 5);
        struct forecast_fan *fans;

        ck_assert_int_eq(forecast_likely(&in, &fans), 0);
        ck_assert_uint_eq(fans[0].count, FORECAST_PATHS);
        figures[i] = 0;
        for (size_t k = 0; k < fans[0].count; k++)
            figures[i] += fans[0].values[k];
        forecast_fans_free(fans, 1);
    }
    ck_assert_double_eq(figures[0], figures[1]);
    ck_assert_double_ne(figures[0], figures[2]);
    waits_release(&w);
    free(life.people);
}
END_TEST

START_TEST(with_too_few_weeks_nothing_is_likely_and_nothing_is_beyond_a_year)
{
    struct pathway_metric m = metric_of("open");
    struct period window = day_after(28);
    struct waits w = WAITS_INIT;
    struct forecast_input in = input_of(&w, &m, &window, 1, 1);
    struct forecast_fan *fans;

    in.known.start = date_add_days(in.known.end, 2 - 56);
    ck_assert_int_eq(forecast_likely(&in, &fans), -ENODATA);
    in.known.start = date_add_days(in.known.end, 1 - 56);
    ck_assert_int_eq(forecast_likely(&in, &fans), 0);
    ck_assert_double_eq(forecast_quantile(&fans[0], 0.9), 0); /* nobody came, and nobody will */
    forecast_fans_free(fans, 1);
    window = day_after(FORECAST_DAYS_MAX + 1);
    ck_assert_int_eq(forecast_likely(&in, &fans), -ERANGE);
    waits_release(&w);
}
END_TEST

START_TEST(a_flow_is_counted_over_its_window_also_what_it_saw_already)
{
    struct pathway_metric m = metric_of("clock-stops");
    struct civil_date today = date_add_days(day_zero, PAST_DAYS - 1);
    struct period window = { date_add_days(today, -13), date_add_days(today, 14) };
    struct waits w = WAITS_INIT;
    struct forecast_fan *fans;

    for (int day = -200; day < 0; day++) { /* each day one starts, and one is seen after 30 days */
        struct civil_date start = date_add_days(today, day + 1);

        ck_assert_int_eq(
            waits_add(&w,
                      &(struct wait_cell){ start, day < -30 ? date_add_days(start, 30) : DATE_NONE,
                                           WAIT_COMPLETED, 1 }),
            0);
    }
    struct forecast_input in = input_of(&w, &m, &window, 1, 3);

    in.known.start = date_add_days(today, -69);
    ck_assert_int_eq(forecast_likely(&in, &fans), 0);
    ck_assert_double_eq_tol(forecast_quantile(&fans[0], 0.5), 28, 2);
    forecast_fans_free(fans, 1);
    waits_release(&w);
}
END_TEST

/* Each day as many are seen as join, in turn, so that each waits 60 days. */
START_TEST(who_is_seen_in_turn_stays_in_turn_so_that_hardly_anybody_is_passed_by)
{
    struct pathway_metric m = metric_of("open-over:10w");
    struct period window = day_after(182);
    struct waits w = WAITS_INIT;
    struct forecast_input in = input_of(&w, &m, &window, 1, 3);
    struct forecast_fan *fans;

    for (int day = 0; day < PAST_DAYS; day++) {
        struct wait_cell cell = { date_add_days(day_zero, day),
                                  day + 60 < PAST_DAYS ? date_add_days(day_zero, day + 60)
                                                       : DATE_NONE,
                                  WAIT_COMPLETED, 10 };

        ck_assert_int_eq(waits_add(&w, &cell), 0);
    }
    ck_assert_int_eq(forecast_likely(&in, &fans), 0);
    ck_assert_double_le(forecast_quantile(&fans[0], 0.5), 6); /* of 600 */
    forecast_fans_free(fans, 1);
    waits_release(&w);
}
END_TEST

/* Each day 10 join; each Friday those 70 are seen who have waited longest, in a clinic or as a snapshot tells it. */
static void live_by_weeks(struct waits *w, enum wait_end end)
{
    int waited = 0;

    for (int day = 0; day < PAST_DAYS; day++)
        for (int n = 0; n < 10; n++, waited++) {
            int stop = 60 + (waited / 70 + 1) * 7 - 1;
            struct wait_cell cell = { date_add_days(day_zero, day),
                                      stop < PAST_DAYS ? date_add_days(day_zero, stop) : DATE_NONE,
                                      end, 1 };

            ck_assert_int_eq(waits_add(w, &cell), 0);
        }
}

START_TEST(who_is_seen_in_turn_in_one_clinic_a_week_stays_in_turn)
{
    struct pathway_metric m = metric_of("open-over:11w");
    struct period window = day_after(182);
    struct waits w = WAITS_INIT;
    struct forecast_input in = input_of(&w, &m, &window, 1, 3);
    struct forecast_fan *fans;

    live_by_weeks(&w, WAIT_COMPLETED);
    ck_assert_int_eq(forecast_likely(&in, &fans), 0);
    ck_assert_double_le(forecast_quantile(&fans[0], 0.5), 6); /* of 600 to 670 */
    forecast_fans_free(fans, 1);
    waits_release(&w);
}
END_TEST

/* 600 wait at the last snapshot, and 10 join a day: without those who leave in between there would be 640. */
START_TEST(who_is_gone_from_a_snapshot_left_on_any_day_since_the_one_before)
{
    struct pathway_metric m = metric_of("open");
    struct civil_date censuses[PAST_DAYS / 7];
    struct waits w = WAITS_INIT;
    struct forecast_fan *fans;
    size_t count = 0;
    int last = 60 + (PAST_DAYS - 60) / 7 * 7 - 1;

    for (int day = 60 + 6; day <= last; day += 7)
        censuses[count++] = date_add_days(day_zero, day);
    live_by_weeks(&w, WAIT_UNKNOWN);

    struct civil_date upto = date_add_days(day_zero, last + 32);
    struct period window = { upto, upto };
    struct forecast_input in = input_of(&w, &m, &window, 1, 3);

    in.known.end = censuses[count - 1];
    in.censuses = censuses;
    in.census_count = count;
    ck_assert_int_eq(forecast_likely(&in, &fans), 0);

    double between = forecast_quantile(&fans[0], 0.5);

    forecast_fans_free(fans, 1);
    in.census_count = 0; /* each day is told: a clinic */
    ck_assert_int_eq(forecast_likely(&in, &fans), 0);
    ck_assert_double_eq_tol(forecast_quantile(&fans[0], 0.5) - between, 40, 8);
    forecast_fans_free(fans, 1);
    waits_release(&w);
}
END_TEST

/* As a list that was loaded gives them: from the last to the first, and of many alike one by one. */
START_TEST(the_order_in_which_waits_are_given_changes_no_forecast)
{
    struct pathway_metric m = metric_of("open");
    struct civil_date censuses[PAST_DAYS / 7];
    struct period window = day_after(32);
    struct waits w = WAITS_INIT, other = WAITS_INIT;
    struct forecast_fan *fans[2];
    size_t count = 0;

    for (int day = 60 + 6; day < PAST_DAYS; day += 7)
        censuses[count++] = date_add_days(day_zero, day);
    live_by_weeks(&w, WAIT_UNKNOWN);
    for (size_t i = w.closed_count; i-- > 0;) {
        struct wait_cell one = w.closed[i];

        one.count = 1;
        for (uint64_t k = 0; k < w.closed[i].count; k++)
            ck_assert_int_eq(waits_add(&other, &one), 0);
    }
    for (size_t i = 0; i < w.open_days; i++) {
        const struct wait_cell open = { .start = date_add_days(w.first, (int)i),
                                        .stop = DATE_NONE,
                                        .count = w.open[i] };

        ck_assert_int_eq(waits_add(&other, &open), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        struct forecast_input in = input_of(i == 0 ? &w : &other, &m, &window, 1, 3);

        in.known.end = censuses[count - 1];
        in.censuses = censuses;
        in.census_count = count;
        ck_assert_int_eq(forecast_likely(&in, &fans[i]), 0);
    }
    ck_assert_uint_eq(fans[0][0].count, fans[1][0].count);
    for (size_t k = 0; k < fans[0][0].count; k++)
        ck_assert_double_eq(fans[0][0].values[k], fans[1][0].values[k]);
    forecast_fans_free(fans[0], 1);
    forecast_fans_free(fans[1], 1);
    waits_release(&w);
    waits_release(&other);
}
END_TEST

/* On each of five days 10 join; on the Sunday a snapshot tells that 50 are gone: by Friday they are. */
START_TEST(who_is_gone_from_a_snapshot_left_on_days_on_which_others_join)
{
    struct pathway_metric m = metric_of("open");
    struct civil_date censuses[PAST_DAYS / 7];
    struct period friday = day_after(33);
    struct waits w = WAITS_INIT;
    struct forecast_input in = input_of(&w, &m, &friday, 1, 3);
    struct forecast_fan *fans;
    int last = PAST_DAYS - 1;

    for (int day = 0; day < PAST_DAYS; day++) {
        int stop = day - day % 7 + 6 + 12 * 7;
        struct wait_cell cell = { date_add_days(day_zero, day),
                                  stop <= last ? date_add_days(day_zero, stop) : DATE_NONE,
                                  WAIT_UNKNOWN, day % 7 < 5 ? 10 : 0 };

        ck_assert_int_eq(waits_add(&w, &cell), 0);
        if (day % 7 == 6)
            censuses[in.census_count++] = date_add_days(day_zero, day);
    }
    in.censuses = censuses;
    ck_assert_int_eq(forecast_likely(&in, &fans), 0);
    ck_assert_double_eq_tol(forecast_quantile(&fans[0], 0.5), 600, 6);
    forecast_fans_free(fans, 1);
    waits_release(&w);
}
END_TEST

/* Four weeks each of more and of fewer who join, without any noise: what comes after is less and less known. */
START_TEST(a_list_that_drifts_is_the_less_known_the_further_it_is)
{
    struct pathway_metric m = metric_of("open");
    struct period windows[2] = { day_after(28), day_after(182) };
    struct waits w = WAITS_INIT;
    struct forecast_input in = input_of(&w, &m, windows, 2, 3);
    struct forecast_fan *fans;
    double width[2];

    in.known.start = date_add_days(in.known.end, 1 - 52 * 7); /* no season is known */
    for (int day = 0; day < PAST_DAYS; day++) {
        static const uint64_t joined[] = { 40, 46, 43, 50, 52, 47, 41 };
        struct wait_cell cell = { date_add_days(day_zero, day), DATE_NONE, WAIT_COMPLETED,
                                  joined[day / 28 % 7] };

        ck_assert_int_eq(waits_add(&w, &cell), 0);
    }
    ck_assert_int_eq(forecast_likely(&in, &fans), 0);
    for (size_t i = 0; i < 2; i++)
        width[i] = forecast_quantile(&fans[i], 0.9) - forecast_quantile(&fans[i], 0.1);
    ck_assert_double_gt(width[1], 1.3 * width[0] * 182 / 28);
    forecast_fans_free(fans, 2);
    waits_release(&w);
}
END_TEST

/* 20 a day join, and 60 a day in one week, ten weeks ahead of today's a year ago. */
START_TEST(what_a_week_of_last_year_brought_may_come_two_weeks_earlier)
{
    struct pathway_metric m = metric_of("open");
    struct period window = day_after(8 * 7);
    struct waits w = WAITS_INIT;
    struct forecast_input in = input_of(&w, &m, &window, 1, 3);
    struct forecast_fan *fans;
    double waiting = 0;
    size_t came = 0;

    for (int day = 0; day < PAST_DAYS; day++) {
        uint64_t joined = (PAST_DAYS - 1 - day) / 7 == 52 - 10 ? 60 : 20;
        struct wait_cell cell = { date_add_days(day_zero, day), DATE_NONE, WAIT_COMPLETED, joined };

        ck_assert_int_eq(waits_add(&w, &cell), 0);
        waiting += (double)joined;
    }
    ck_assert_int_eq(forecast_likely(&in, &fans), 0);
    for (size_t i = 0; i < fans[0].count; i++)
        came += fans[0].values[i] > waiting + 8 * 7 * 20 + 3 * 7 * 20 / 2.0;
    ck_assert_uint_ge(came, 33); /* of 400; where it comes in its own week alone, 23 */
    forecast_fans_free(fans, 1);
    waits_release(&w);
}
END_TEST

/* Two every other week join for most of the year, and then six a day: nobody is seen. */
START_TEST(a_list_that_was_much_smaller_goes_on_as_large_as_it_is)
{
    struct pathway_metric m = metric_of("open");
    struct period window = day_after(91);
    struct waits w = WAITS_INIT;
    struct forecast_input in = input_of(&w, &m, &window, 1, 3);
    struct forecast_fan *fans;
    double waiting = 0;

    in.known.start = date_add_days(in.known.end, 1 - 52 * 7); /* no season is known */
    for (int day = 0; day < PAST_DAYS; day++) {
        uint64_t joined = day >= PAST_DAYS - 12 * 7 ? 6 : day % 14 == 0 ? 2 : 0;
        struct wait_cell cell = { date_add_days(day_zero, day), DATE_NONE, WAIT_COMPLETED, joined };

        ck_assert_int_eq(waits_add(&w, &cell), 0);
        waiting += (double)joined;
    }
    ck_assert_int_eq(forecast_likely(&in, &fans), 0);
    ck_assert_double_eq_tol(forecast_quantile(&fans[0], 0.5), waiting + 91 * 6, 91 * 6 * 0.2);
    /* Weeks of the small list, as many times as it grew, would make it wider by a third. */
    ck_assert_double_le(forecast_quantile(&fans[0], 0.9) - forecast_quantile(&fans[0], 0.1), 330);
    forecast_fans_free(fans, 1);
    waits_release(&w);
}
END_TEST

/* Half of each year 20 a day join, in the other half 2, and nobody is seen: today the first half begins. */
START_TEST(the_season_of_last_year_is_among_what_is_likely)
{
    struct pathway_metric m = metric_of("open");
    struct period window = day_after(182);
    struct waits w = WAITS_INIT;
    struct forecast_input in = input_of(&w, &m, &window, 1, 3);
    struct forecast_fan *fans;
    uint64_t waiting = 0;

    for (int day = 0; day < PAST_DAYS; day++) {
        uint64_t joined = (PAST_DAYS - 1 - day) / 182 % 2 == 1 ? 20 : 2;
        struct wait_cell cell = { date_add_days(day_zero, day), DATE_NONE, WAIT_COMPLETED, joined };

        ck_assert_int_eq(waits_add(&w, &cell), 0);
        waiting += joined;
    }
    ck_assert_int_eq(forecast_likely(&in, &fans), 0);
    ck_assert_double_ge(forecast_quantile(&fans[0], 0.85), (double)waiting + 182 * 20 * 0.97);
    forecast_fans_free(fans, 1);
    waits_release(&w);
}
END_TEST

/* Asks for a forecast, and that it is what is computed anew. Returns how many were computed by then. */
static size_t ask(struct forecast_kept *k, const struct forecast_input *in)
{
    struct forecast_fan *fans = NULL, *anew = NULL;

    ck_assert_int_eq(forecast_likely_kept(k, in, &fans), 0);
    ck_assert_int_eq(forecast_likely(in, &anew), 0);
    for (size_t i = 0; i < in->window_count; i++) {
        ck_assert_uint_eq(fans[i].count, anew[i].count);
        ck_assert_mem_eq(fans[i].values, anew[i].values, fans[i].count * sizeof *fans[i].values);
    }
    forecast_fans_free(fans, in->window_count);
    forecast_fans_free(anew, in->window_count);
    return forecast_kept_computed(k);
}

START_TEST(a_forecast_is_computed_again_only_when_something_that_it_rests_on_changed)
{
    struct life l = { calloc(PEOPLE_MAX, sizeof *l.people), 0 };
    struct pathway_metric m = metric_of("open-over:18w"), other = metric_of("open-over:17w");
    struct period windows[2] = { day_after(28), day_after(56) };
    struct waits w = WAITS_INIT;
    struct forecast_kept *k = forecast_kept_new();
    struct forecast_input in = input_of(&w, &m, windows, 2, 7);
    struct civil_date census = date_add_days(day_zero, 700);
    struct wait_cell one = { date_add_days(day_zero, 700), DATE_NONE, WAIT_COMPLETED, 1 };

    ck_assert(l.people && k);
    in.paths = 20;
    dice_state = 5;
    live(&l, SEASONS);
    know(&l, PAST_DAYS - 1, &w);
    ck_assert_uint_eq(ask(k, &in), 1);
    ck_assert_uint_eq(ask(k, &in), 1);
    ck_assert_int_eq(waits_add(&w, &one), 0); /* one more waits */
    ck_assert_uint_eq(ask(k, &in), 2);
    one.stop = date_add_days(day_zero, 720); /* one more was seen */
    ck_assert_int_eq(waits_add(&w, &one), 0);
    ck_assert_uint_eq(ask(k, &in), 3);
    w.closed[w.closed_count - 1].end = WAIT_LEFT;
    ck_assert_uint_eq(ask(k, &in), 4);
    windows[1] = day_after(57);
    ck_assert_uint_eq(ask(k, &in), 5);
    in.metric = &other;
    ck_assert_uint_eq(ask(k, &in), 6);
    in.known.start = date_add_days(in.known.start, 1);
    ck_assert_uint_eq(ask(k, &in), 7);
    in.seed++;
    ck_assert_uint_eq(ask(k, &in), 8);
    in.window_count = 1;
    ck_assert_uint_eq(ask(k, &in), 9);
    in.censuses = &census;
    in.census_count = 1;
    ck_assert_uint_eq(ask(k, &in), 10);
    census = date_add_days(census, 1);
    ck_assert_uint_eq(ask(k, &in), 11);
    ck_assert_uint_eq(ask(k, &in), 11);
    forecast_kept_free(k);
    waits_release(&w);
    free(l.people);
}
END_TEST

START_TEST(a_forecast_that_a_turn_did_not_ask_for_is_forgotten)
{
    struct pathway_metric m = metric_of("open");
    struct period window = day_after(28);
    struct waits w = WAITS_INIT;
    struct forecast_kept *k = forecast_kept_new();
    struct forecast_input first = input_of(&w, &m, &window, 1, 1), second = first;
    struct wait_cell cell = { day_zero, DATE_NONE, WAIT_COMPLETED, 9 };

    ck_assert_ptr_nonnull(k);
    first.paths = second.paths = 20;
    second.seed = 2;
    ck_assert_int_eq(waits_add(&w, &cell), 0);
    (void)ask(k, &first);
    (void)ask(k, &second);
    forecast_kept_turn(k);
    ck_assert_uint_eq(forecast_kept_count(k), 2);
    ck_assert_uint_eq(ask(k, &first), 2);
    forecast_kept_turn(k);
    ck_assert_uint_eq(forecast_kept_count(k), 1);
    ck_assert_uint_eq(ask(k, &first), 2);
    ck_assert_uint_eq(ask(k, &second), 3);
    forecast_kept_free(k);
    waits_release(&w);
}
END_TEST

static const int lines_tried[3];

UNIT_MAIN(
    "forecast",
    UNIT_TEST(
        the_80_per_cent_fan_covers_75_to_85_per_cent_at_each_horizon_in_worlds_it_does_not_know),
    UNIT_ROWS(who_crosses_a_line_on_each_day_is_what_is_counted_when_the_days_have_passed,
              lines_tried),
    UNIT_TEST(the_same_seed_gives_the_same_figures_and_another_seed_others),
    UNIT_TEST(a_forecast_is_computed_again_only_when_something_that_it_rests_on_changed),
    UNIT_TEST(a_forecast_that_a_turn_did_not_ask_for_is_forgotten),
    UNIT_TEST(who_is_seen_in_turn_stays_in_turn_so_that_hardly_anybody_is_passed_by),
    UNIT_TEST(who_is_seen_in_turn_in_one_clinic_a_week_stays_in_turn),
    UNIT_TEST(who_is_gone_from_a_snapshot_left_on_any_day_since_the_one_before),
    UNIT_TEST(the_order_in_which_waits_are_given_changes_no_forecast),
    UNIT_TEST(who_is_gone_from_a_snapshot_left_on_days_on_which_others_join),
    UNIT_TEST(a_list_that_drifts_is_the_less_known_the_further_it_is),
    UNIT_TEST(what_a_week_of_last_year_brought_may_come_two_weeks_earlier),
    UNIT_TEST(a_list_that_was_much_smaller_goes_on_as_large_as_it_is),
    UNIT_TEST(the_season_of_last_year_is_among_what_is_likely),
    UNIT_TEST(with_too_few_weeks_nothing_is_likely_and_nothing_is_beyond_a_year),
    UNIT_TEST(a_flow_is_counted_over_its_window_also_what_it_saw_already))
