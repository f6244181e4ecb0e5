/*
 * How wide the fan is was settled on the lists of test_forecast.c. These are others, with which nothing was
 * settled: clinics with a number of places on some days of the week, people who do not attend, urgent ones who
 * are seen first, some who are taken off unseen, referrals that come in bunches. In them demand steps up or
 * down, clinics are lost, and schools have holidays.
 */
#include "metric/forecast.h"

#include <math.h>
#include <stdlib.h>

#include "support/dice.h"
#include "support/fan_cover.h"
#include "support/unit.h"

#define PAST_DAYS  (156 * 7)
#define AHEAD_DAYS (COVER_AHEAD + 1)
#define ALL_DAYS   (PAST_DAYS + AHEAD_DAYS)
#define PEOPLE_MAX 60000
#define YEAR       365

enum world { DEMAND_STEPS, CLINICS_LOST, HOLIDAYS, WORLDS };

static const struct civil_date day_zero = { 18000 };

/* ---- a list ---- */

struct list {
    struct cover_person *people; /* .stop ALL_DAYS: still waits */
    size_t count, oldest, waiting;
};

/* What holds for the whole life of a list. */
struct nature {
    double demand, places; /* a working day; a week */
    int clinic_days;       /* of the week, from Monday on */
    double bunching, not_attending, urgent, taken_off;
    double change; /* of the world */
    int from, upto;
};

static struct nature nature_of(enum world world)
{
    struct nature n = { .demand = between(1, 8),
                        .clinic_days = 2 + (int)(dice() * 4),
                        .bunching = between(0.05, 0.3),
                        .not_attending = between(0.03, 0.15),
                        .urgent = between(0.05, 0.3),
                        .taken_off = between(0, 0.001) };

    n.places = n.demand * 5 * between(0.93, 1.1) / (1 - n.not_attending);
    n.from = (int)between(0, ALL_DAYS);
    n.upto = ALL_DAYS;
    if (world == DEMAND_STEPS) {
        n.change = between(0.75, 1.35);
    } else if (world == CLINICS_LOST) {
        n.change = between(0.6, 0.95);
        n.upto = n.from + (int)between(42, 365);
    } else {
        n.change = between(0.35, 0.9);
    }
    return n;
}

static int year_begins; /* a day of the list */

/* Six weeks of summer, two each about Christmas and Easter. */
static bool is_holiday(int day)
{
    int at = (day + year_begins) % YEAR;

    return (at >= 203 && at < 245) || at >= 355 || at < 3 || (at >= 95 && at < 109);
}

static bool is_changed(const struct nature *n, enum world world, int day)
{
    return world == HOLIDAYS ? is_holiday(day) : day >= n->from && day < n->upto;
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

static void see_one(struct list *l, const struct nature *n, int day)
{
    size_t who = l->oldest;

    if (l->waiting == 0 || dice() < n->not_attending)
        return;
    if (dice() < n->urgent) { /* of the newest forty */
        size_t recent = l->count > 40 ? l->count - 40 : 0, urgent;

        urgent = recent + (size_t)(dice() * (double)(l->count - recent));
        if (urgent > who && l->people[urgent].stop == ALL_DAYS)
            who = urgent;
    }
    leave(l, who, day);
}

static void take_off(struct list *l, const struct nature *n, int day)
{
    for (int k = how_many(n->taken_off * (double)l->waiting); k > 0 && l->waiting > 0; k--) {
        size_t who = l->oldest + (size_t)(dice() * (double)(l->count - l->oldest));

        if (l->people[who].stop == ALL_DAYS)
            leave(l, who, day);
    }
}

static void live(struct list *l, enum world world)
{
    struct nature n = nature_of(world);
    double bunch = 1;
    int waiting = (int)(n.demand * between(20, 130));

    l->count = l->oldest = l->waiting = 0;
    for (int i = 0; i < waiting; i++)
        join(l, -(waiting - i) * 150 / waiting);
    for (int day = 0; day < ALL_DAYS; day++) {
        bool changed = is_changed(&n, world, day);
        double in = n.demand * bunch * (changed && world != CLINICS_LOST ? n.change : 1);
        double out = n.places / n.clinic_days;

        if (changed && world == CLINICS_LOST)
            out *= n.change;
        if (changed && world == HOLIDAYS)
            out *= (1 + n.change) / 2;
        if (day % 7 == 0)
            bunch = exp(n.bunching * normal() - n.bunching * n.bunching / 2);
        for (int k = day % 7 < 5 ? how_many(in) : 0; k > 0; k--)
            join(l, day);
        for (double k = day % 7 < n.clinic_days ? floor(out + dice()) : 0; k > 0; k--)
            see_one(l, &n, day);
        take_off(l, &n, day);
    }
}

/* ---- coverage ---- */

static const char *const world_names[COVER_WORLDS] = { "demand steps", "clinics lost", "holidays" };

/* A third of them has told of less than a year. */
START_TEST(the_80_per_cent_fan_covers_75_to_85_per_cent_of_lists_with_which_nothing_was_settled)
{
    size_t lists = cover_runs_all() ? COVER_LISTS : COVER_LISTS / 10;
    struct list l = { .people = calloc(PEOPLE_MAX, sizeof *l.people) };
    struct cover cover = { 0 };

    ck_assert_ptr_nonnull(l.people);
    for (size_t n = 0; n < lists; n++) {
        dice_begin((n + 1) * 0x9e3779b97f4a7c15u);
        year_begins = (int)between(0, YEAR);
        live(&l, (enum world)(n % WORLDS));
        cover_add(&cover, n % WORLDS,
                  &(struct cover_list){ .people = l.people,
                                        .count = l.count,
                                        .day_zero = day_zero,
                                        .today = PAST_DAYS - 1,
                                        .known_days = n / WORLDS % 3 == 0 ? 40 * 7 : 78 * 7,
                                        .by_snapshots = n / WORLDS % 2 == 0,
                                        .seed = n });
    }
    free(l.people);
    cover_check(&cover, "lists with which nothing was settled", world_names, 0.85);
}
END_TEST

UNIT_MAIN(
    "forecast of other lists",
    UNIT_TEST(the_80_per_cent_fan_covers_75_to_85_per_cent_of_lists_with_which_nothing_was_settled))
