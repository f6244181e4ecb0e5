/*
 * fan_cover - how often what comes lies in the fan that was forecast: at each horizon, of each measure, in each world
 *
 * A list is lived person by person, and told either by events or by weekly snapshots, of which who is gone from one
 * left on a day that nobody told. The figures that come are counted of those who then wait, day by day.
 * Header only.
 */
#ifndef SUPPORT_FAN_COVER_H
#define SUPPORT_FAN_COVER_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "metric/forecast.h"
#include "support/fan_share.h"
#include "support/unit.h"

#define COVER_HORIZONS 4
#define COVER_METRICS  4
#define COVER_WORLDS   3
#define COVER_LISTS    1000
#define COVER_WEEK     7
#define COVER_AHEAD    (26 * COVER_WEEK) /* days that a list is lived on */

/* About a month, a quarter and half a year; 32: a Thursday where the others are Sundays as the data's last day
 * is, so between two snapshots. */
static const int cover_ahead[COVER_HORIZONS] = { 28, 32, 91, COVER_AHEAD };
static const char *const cover_metrics[COVER_METRICS] = { "open", "open-over:18w",
                                                          "open-within:18w", "median-wait" };

struct cover_person {
    int start, stop; /* days; the day after the last lived: still waits */
};

struct cover_list {
    const struct cover_person *people;
    size_t count;
    struct civil_date day_zero;
    int today;      /* to which it is known */
    int known_days; /* upto it */
    bool by_snapshots;
    uint64_t seed;
};

struct cover_share {
    double covered, told;
};

struct cover {
    struct cover_share of[COVER_WORLDS][COVER_METRICS][COVER_HORIZONS];
};

static inline bool cover_runs_all(void)
{
    const char *all = getenv("WAITLIST_FULL");

    return all != NULL && *all != '\0';
}

/* The first snapshot on or after a day. */
static inline int cover_census(const struct cover_list *l, int day)
{
    int before = (l->today - day) / COVER_WEEK;

    return l->today - before * COVER_WEEK;
}

/* What the feed told of one by today. False: nothing. */
static inline bool cover_told(const struct cover_list *l, const struct cover_person *p,
                              struct wait_cell *out)
{
    int first = cover_census(l, l->today - l->known_days + 1), stop = p->stop;
    enum wait_end end = WAIT_COMPLETED;

    if (p->start > l->today)
        return false;
    if (stop <= l->today && l->by_snapshots) {
        stop = cover_census(l, stop);
        end = WAIT_UNKNOWN;
        if (stop <= first || p->start > stop - COVER_WEEK)
            return false; /* in none of them */
    }
    *out = (struct wait_cell){ date_add_days(l->day_zero, p->start),
                               stop > l->today ? DATE_NONE : date_add_days(l->day_zero, stop), end,
                               1 };
    return true;
}

/* Who waits at the end of a day. */
static inline void cover_comes(const struct cover_list *l, int day, struct waits *w)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct cover_person *p = &l->people[i];
        struct wait_cell c = { date_add_days(l->day_zero, p->start), DATE_NONE, WAIT_COMPLETED, 1 };

        if (p->start <= day && p->stop > day)
            ck_assert_int_eq(waits_add(w, &c), 0);
    }
}

static inline void cover_metric(const struct forecast_input *in, const struct waits *comes,
                                struct cover_share share[COVER_HORIZONS])
{
    struct forecast_fan *fans;
    struct metric_figure f;

    ck_assert_int_eq(forecast_likely(in, &fans), 0);
    for (size_t i = 0; i < COVER_HORIZONS; i++) {
        ck_assert_int_eq(pathway_count(in->metric, &comes[i], in->windows[i], NULL, &f), 0);
        if (isnan(f.value) || fans[i].count == 0)
            continue; /* nobody waits */
        share[i].covered += fan_share(&fans[i], f.value, 0.1, 0.9);
        share[i].told++;
    }
    forecast_fans_free(fans, COVER_HORIZONS);
}

static inline void cover_add(struct cover *c, size_t world, const struct cover_list *l)
{
    struct civil_date today = date_add_days(l->day_zero, l->today), censuses[128];
    struct period windows[COVER_HORIZONS];
    struct waits w = WAITS_INIT, comes[COVER_HORIZONS];
    struct pathway_metric m;
    struct forecast_input in = { .waits = &w,
                                 .metric = &m,
                                 .known = { date_add_days(today, 1 - l->known_days), today },
                                 .windows = windows,
                                 .window_count = COVER_HORIZONS,
                                 .censuses = censuses,
                                 .paths = 100,
                                 .seed = l->seed };
    struct wait_cell cell;

    for (size_t i = 0; i < COVER_HORIZONS; i++) {
        windows[i].start = windows[i].end = date_add_days(today, cover_ahead[i]);
        comes[i] = (struct waits)WAITS_INIT;
        cover_comes(l, l->today + cover_ahead[i], &comes[i]);
    }
    for (int day = cover_census(l, l->today - l->known_days + 1);
         l->by_snapshots && day <= l->today; day += COVER_WEEK)
        censuses[in.census_count++] = date_add_days(l->day_zero, day);
    if (l->by_snapshots)
        in.known.start = date_add_days(censuses[0], 1);
    for (size_t i = 0; i < l->count; i++)
        if (cover_told(l, &l->people[i], &cell))
            ck_assert_int_eq(waits_add(&w, &cell), 0);
    for (size_t k = 0; k < COVER_METRICS; k++) {
        ck_assert_int_eq(pathway_metric_parse(cover_metrics[k], &m), METRIC_FINE);
        cover_metric(&in, comes, c->of[world][k]);
    }
    for (size_t i = 0; i < COVER_HORIZONS; i++)
        waits_release(&comes[i]);
    waits_release(&w);
}

/* Over a range of worlds and metrics at one horizon. */
static inline double cover_over(const struct cover *c, size_t horizon, size_t world, size_t worlds,
                                size_t metric, size_t metrics)
{
    double covered = 0, told = 0;

    for (size_t w = world; w < world + worlds; w++)
        for (size_t k = metric; k < metric + metrics; k++) {
            covered += c->of[w][k][horizon].covered;
            told += c->of[w][k][horizon].told;
        }
    return covered / told;
}

/* Whether or not it is as it should be. */
static inline void cover_print(const struct cover *c, const char *name,
                               const char *const worlds[COVER_WORLDS])
{
    for (size_t w = 0; w <= COVER_WORLDS; w++)
        for (size_t k = 0; k <= COVER_METRICS; k++) {
            bool all_worlds = w == COVER_WORLDS, all_metrics = k == COVER_METRICS;

            printf("%s, %s, %s:", name, all_worlds ? "all" : worlds[w],
                   all_metrics ? "all" : cover_metrics[k]);
            for (size_t i = 0; i < COVER_HORIZONS; i++)
                printf(" %.1f %% at %d days%s",
                       100 * cover_over(c, i, all_worlds ? 0 : w, all_worlds ? COVER_WORLDS : 1,
                                        all_metrics ? 0 : k, all_metrics ? COVER_METRICS : 1),
                       cover_ahead[i], i + 1 < COVER_HORIZONS ? "," : "\n");
        }
    (void)fflush(stdout);
}

static inline void cover_between(double share, double low, double high, const char *what, int ahead)
{
    ck_assert_msg(share >= low && share <= high, "%s at %d days: %.3f", what, ahead, share);
}

/* Over all lists the 80 % fan covers from 75 % to `most` at each horizon; single measures and worlds, of which there
 * are fewer, somewhat less or more. A tenth of the lists can say no more than that it is near. */
static inline void cover_check(const struct cover *c, const char *name,
                               const char *const worlds[COVER_WORLDS], double most)
{
    double more = cover_runs_all() ? 0 : 0.03;

    cover_print(c, name, worlds);
    for (size_t i = 0; i < COVER_HORIZONS; i++) {
        cover_between(cover_over(c, i, 0, COVER_WORLDS, 0, COVER_METRICS), 0.75 - more, most + more,
                      name, cover_ahead[i]);
        for (size_t k = 0; k < COVER_METRICS; k++)
            cover_between(cover_over(c, i, 0, COVER_WORLDS, k, 1), 0.72 - more, most + more + 0.03,
                          cover_metrics[k], cover_ahead[i]);
        for (size_t w = 0; w < COVER_WORLDS; w++)
            cover_between(cover_over(c, i, w, 1, 0, COVER_METRICS), 0.68 - more, 0.9 + more,
                          worlds[w], cover_ahead[i]);
    }
}

#endif
