/*
 * Lists of a third kind, written when the forecast was done: demand that rises or falls over weeks, in waves of its
 * own; capacity that is lost bit by bit and comes back; seasons. Clinics are on one day of the week, or every
 * other week; some who are less urgent are passed by for long; now and then the list is validated, and many are taken off
 * in a day.
 */
#include "metric/forecast.h"

#include <math.h>
#include <stdlib.h>

#include "support/dice.h"
#include "support/fan_cover.h"

#define PAST_DAYS  (156 * 7)
#define ALL_DAYS   (PAST_DAYS + COVER_AHEAD + 1)
#define PEOPLE_MAX 60000
#define TURN       6.283
#define YEAR       365.25

enum world { DEMAND_RAMPS, CAPACITY_FADES, SEASONS, WORLDS };

static const struct civil_date day_zero = { 17000 };

/* ---- a list ---- */

struct list {
    struct cover_person *people; /* .stop ALL_DAYS: still waits */
    size_t count, oldest, waiting;
};

/* What holds for the whole life of a list. */
struct nature {
    double demand, places; /* a week */
    double wave,
        kept; /* how high the demand's own waves are; how much of one the next week keeps */
    double change, phase;     /* of the world */
    int from, ramp, back;     /* it begins, takes so many days to come, and ends */
    int clinic_every;         /* days */
    double passed, not_there; /* shares of those who are called */
};

static struct nature nature_of(enum world world)
{
    struct nature n = { .demand = exp(between(log(4), log(60))),
                        .wave = between(0.02, 0.12),
                        .kept = between(0.5, 0.9),
                        .phase = between(0, TURN),
                        .from = (int)between(ALL_DAYS / 4.0, ALL_DAYS),
                        .ramp = (int)between(1, 120),
                        .back = ALL_DAYS,
                        .clinic_every = dice() < 0.3 ? 14 : 7,
                        .passed = between(0.05, 0.6),
                        .not_there = 0.08 };

    n.places = n.demand * between(0.94, 1.08) / (1 - n.not_there);
    if (world == DEMAND_RAMPS)
        n.change = dice() < 0.7 ? between(0.05, 0.4) : between(-0.3, -0.05);
    else if (world == CAPACITY_FADES)
        n.change = between(-0.5, -0.05);
    else
        n.change = between(0.1, 0.4);
    if (world == CAPACITY_FADES)
        n.back = n.from + (int)between(28, 300);
    return n;
}

/* How much of the change is there, from 0 to 1; of a season, from -1 to 1. */
static double change_at(const struct nature *n, enum world world, int day)
{
    if (world == SEASONS)
        return n->change * sin(n->phase + TURN * day / YEAR);
    if (day < n->from || day >= n->back)
        return 0;
    return n->change * (day < n->from + n->ramp ? (double)(day - n->from) / n->ramp : 1);
}

static void join(struct list *l, int day)
{
    if (l->count == PEOPLE_MAX)
        return;
    l->people[l->count++] = (struct cover_person){ day, ALL_DAYS };
    l->waiting++;
}

static void leave(struct list *l, size_t who, int day)
{
    l->people[who].stop = day;
    l->waiting--;
    while (l->oldest < l->count && l->people[l->oldest].stop < ALL_DAYS)
        l->oldest++;
}

static void hold_clinic(struct list *l, const struct nature *n, int places, int day)
{
    for (; places > 0 && l->waiting > 0; places--) {
        size_t who = l->oldest, third = (l->count - l->oldest) / 3 + 1;

        if (dice() < n->not_there)
            continue;
        if (dice() < n->passed) {
            size_t other = who + (size_t)(dice() * (double)third);

            if (other < l->count && l->people[other].stop == ALL_DAYS)
                who = other;
        }
        leave(l, who, day);
    }
}

static void validate(struct list *l, int day)
{
    for (int k = how_many(0.02 * (double)l->waiting); k > 0 && l->waiting > 0; k--) {
        size_t who = l->oldest + (size_t)(dice() * (double)(l->count - l->oldest));

        if (l->people[who].stop == ALL_DAYS)
            leave(l, who, day);
    }
}

static void live(struct list *l, enum world world)
{
    struct nature n = nature_of(world);
    double level = 0, places = 0;
    int waiting = (int)(n.demand * between(6, 50));

    l->count = l->oldest = l->waiting = 0;
    for (int i = 0; i < waiting; i++)
        join(l, -(waiting - i) * 200 / waiting);
    for (int day = 0; day < ALL_DAYS; day++) {
        double change = change_at(&n, world, day);

        if (day % 7 == 0)
            level = n.kept * level + sqrt(1 - n.kept * n.kept) * normal();
        double in = n.demand * exp(n.wave * level) * (world == CAPACITY_FADES ? 1 : 1 + change);

        places += n.places / 7 *
                  (world == CAPACITY_FADES ? 1 + change
                   : world == SEASONS      ? 1 - change / 3
                                           : 1);
        for (int k = day % 7 < 5 ? how_many(in / 5) : 0; k > 0; k--)
            join(l, day);
        if (day % n.clinic_every == 2) {
            hold_clinic(l, &n, (int)places, day);
            places -= floor(places);
        }
        if (dice() < 1 / 91.0)
            validate(l, day);
    }
}

/* ---- coverage ---- */

static const char *const world_names[COVER_WORLDS] = { "demand ramps", "capacity fades",
                                                       "seasons" };

/* A clinic every other week is as regular as can be, and is taken for noise: the fan is rather too wide. */
START_TEST(the_80_per_cent_fan_covers_75_to_85_per_cent_of_lists_written_when_the_forecast_was_done)
{
    size_t lists = cover_runs_all() ? COVER_LISTS : COVER_LISTS / 10;
    struct list l = { .people = calloc(PEOPLE_MAX, sizeof *l.people) };
    struct cover cover = { 0 };

    ck_assert_ptr_nonnull(l.people);
    for (size_t n = 0; n < lists; n++) {
        dice_begin((n + 3) * 0xbf58476d1ce4e5b9u);
        live(&l, (enum world)(n % WORLDS));
        cover_add(&cover, n % WORLDS,
                  &(struct cover_list){ .people = l.people,
                                        .count = l.count,
                                        .day_zero = day_zero,
                                        .today = PAST_DAYS - 1,
                                        .known_days = 65 * 7,
                                        .by_snapshots = n / WORLDS % 2 == 0,
                                        .seed = n });
    }
    free(l.people);
    cover_check(&cover, "lists written when the forecast was done", world_names, 0.87);
}
END_TEST

UNIT_MAIN(
    "forecast of lists that ramp",
    UNIT_TEST(
        the_80_per_cent_fan_covers_75_to_85_per_cent_of_lists_written_when_the_forecast_was_done))
