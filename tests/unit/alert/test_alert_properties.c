/*
 * Properties of whole lives: random files, restatements, late feeds and softer rules, evaluated day
 * by day and told by the composer. Seeded; each failure names its life.
 */
#include "alert/alert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outbox/composer.h"
#include "plan/evaluate.h"
#include "support/unit.h"

#define LIVES     400
#define EVENINGS  12 /* evaluations of one life */
#define FILES_MAX 4  /* that arrive before one evaluation */
#define MONTHS    14
#define DAY_MS    (24 * 60 * 60 * INT64_C(1000))
#define FIRST_DAY INT64_C(1717243200000) /* 1 June 2024, midday */
#define TOLD_MAX  64

/* One file: one figure of one month. */
struct delivery {
    int month;
    double value;
    enum marker marker;
    enum publication_status status;
};

struct evening {
    struct delivery files[FILES_MAX];
    int count;
    bool late, softer; /* the feed is late; the plan has a softer line from today */
};

struct life {
    struct plan_measure measure;
    struct evening evenings[EVENINGS];
};

/* What one run of a life has: the figures, the alert, and what one recipient was told. */
struct world {
    struct series_set set;
    struct series *series;
    struct plan plan;
    struct plan_measure measure;
    uint64_t receipt;
    struct alert alert;
    bool any;
    struct table told;
};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static int below(uint32_t *seed, int n)
{
    return (int)(next_random(seed) % (uint32_t)n);
}

static char text[][16] = { "dudley", "cyp-4w", "MRS08b", "cyp4ww", "TAJ", "lead", "Helped" };

static void life_draw(struct life *life, uint32_t *seed)
{
    static const double figures[] = { 70, 66, 62, 60, 57, 55, 50, 30 };
    int newest = 0;

    memset(life, 0, sizeof *life);
    life->measure = (struct plan_measure){
        .id = text[1],
        .first_id = text[1],
        .title = text[6],
        .published = text[2],
        .select = { .feed = text[3], .org = text[4] },
        .polarity = POLARITY_HIGHER,
        .has_target = true,
        .target = 60,
        .target_by = DATE_NONE,
        .tolerance = 5,
        .has_clear = below(seed, 2) == 0,
        .clear = 65,
        .for_periods = 1 + below(seed, 2),
        .clear_for = 1 + below(seed, 2),
        .reopen_within = below(seed, 3),
        .steady_for = below(seed, 2) * 3,
        .owner = text[5],
        .digest = "d1",
    };
    for (int i = 0; i < EVENINGS; i++) {
        struct evening *e = &life->evenings[i];
        bool taken[MONTHS] = { false };

        e->late = below(seed, 5) == 0;
        e->softer = below(seed, 25) == 0;
        for (int k = below(seed, FILES_MAX); k > 0; k--) {
            int month = below(seed, 3) > 0 || newest == 0 ? newest : below(seed, newest);
            struct delivery *file = &e->files[e->count];

            if (month >= MONTHS || taken[month])
                continue; /* files of one evening say different things */
            taken[month] = true;
            newest += month == newest;
            e->count++;
            *file = (struct delivery){
                .month = month,
                .value = figures[below(seed, (int)(sizeof figures / sizeof figures[0]))],
                .marker = below(seed, 8) == 0 ? MARKER_SUPPRESSED : MARKER_NONE,
                .status = below(seed, 3) == 0 ? PUBLICATION_FINAL : PUBLICATION_PROVISIONAL,
            };
        }
    }
}

/* ---- a world ---- */

static void world_init(struct world *w, const struct life *life)
{
    const struct record r = { .measure = text[2], .org = text[4], .unit = UNIT_PERCENT };

    *w = (struct world){
        .set = SERIES_SET_INIT, .alert = ALERT_INIT, .told = TABLE_INIT, .measure = life->measure
    };
    w->plan = (struct plan){ .id = text[0],
                             .place = text[0],
                             .valid_from = DATE_NONE,
                             .valid_to = DATE_NONE,
                             .measures = &w->measure,
                             .measure_count = 1 };
    w->series = series_open(&w->set, text[3], &r, text[4]);
    ck_assert_ptr_nonnull(w->series);
}

static void world_release(struct world *w)
{
    series_set_release(&w->set);
    alert_release(&w->alert);
    table_release(&w->told, free);
}

static void world_take(struct world *w, const struct delivery *file, struct wall_time at)
{
    struct civil_date start;
    struct series_version v = {
        .value = file->value,
        .low = file->value,
        .high = file->value,
        .numerator = NAN,
        .denominator = NAN,
        .marker = file->marker,
        .status = file->status,
        .receipt = ++w->receipt,
        .as_of = at,
    };

    if (v.marker != MARKER_NONE)
        v.value = v.low = v.high = NAN;
    ck_assert_int_eq(date_from_ymd(2023, 1, 1, &start), 0);
    start = date_add_months(start, file->month);
    ck_assert_int_ge(series_offer(w->series, start, date_month_end(start), &v), 0);
}

static const char *same_code(void *arg, const char *printed)
{
    (void)arg;
    return printed;
}

static size_t one_recipient(void *arg, const struct alert *a, struct composer_recipient *out,
                            size_t max)
{
    (void)arg;
    (void)a;
    ck_assert_uint_ge(max, 1);
    out[0] = (struct composer_recipient){ .receiver = "spool", .recipient = "spool" };
    return 1;
}

static int people(void *arg, const char *receiver)
{
    (void)arg;
    (void)receiver;
    return 0;
}

/* Tells what is due; a notice is told once, and under a number that only grows. */
static void world_tell(struct world *w, const struct finding_set *findings, struct civil_date today,
                       int life)
{
    struct table days = TABLE_INIT;
    const struct alert *alerts[] = { &w->alert };
    const char *ids[] = { w->alert.id };
    const struct plan *plans[] = { &w->plan };
    struct composition_list list = { 0 };
    const struct composer_input in = { .alerts = alerts,
                                       .alert_count = w->any,
                                       .findings = findings,
                                       .finding_ids = ids,
                                       .plans = plans,
                                       .plan_count = 1,
                                       .told = &w->told,
                                       .days = &days,
                                       .today = today,
                                       .recipients = one_recipient,
                                       .receiver_kind = people };

    ck_assert_int_eq(composer_run(&in, &list), 0);
    for (size_t i = 0; i < list.count; i++)
        for (size_t k = 0; k < list.list[i].item_count; k++) {
            const struct episode *e = list.list[i].items[k].episode;
            char key[80];
            struct told *told = malloc(sizeof *told), *before;
            void *old = NULL;

            snprintf(key, sizeof key, "spool|spool|%s", e->id);
            before = table_get(&w->told, key);
            ck_assert_msg(!before || e->ordinal > before->ordinal, "life %d: told twice", life);
            *told = (struct told){ e->ordinal, e->severity, episode_is_open(e) };
            ck_assert_int_eq(table_set(&w->told, key, told, &old), 0);
            free(old);
        }
    composition_list_release(&list);
    table_release(&days, NULL);
}

/* What the reader believes is what is so, at the end of every evening. */
static void check_told(struct world *w, int life)
{
    for (size_t i = 0; w->any && i < w->alert.episode_count; i++) {
        const struct episode *e = &w->alert.episodes[i];
        char key[80];
        const struct told *told;
        bool open = e->state == ALERT_FIRING || e->state == ALERT_RECOVERING;

        snprintf(key, sizeof key, "spool|spool|%s", e->id);
        told = table_get(&w->told, key);
        ck_assert_msg(open == (told && told->open), "life %d: %s, told as %s", life,
                      alert_state_name(e->state), told && told->open ? "open" : "not open");
        ck_assert_msg(open == e->told_open, "life %d: told_open of %s", life,
                      alert_state_name(e->state));
        if (open)
            ck_assert_msg(told->severity == e->severity, "life %d: told severity", life);
        if (!open && e->ordinal > 0)
            ck_assert_msg(told && told->ordinal == e->ordinal, "life %d: its end is untold", life);
    }
}

static int badness(const struct world *w)
{
    const struct episode *e = w->any ? alert_current(&w->alert) : NULL;

    if (!e || !e->told_open)
        return 0;
    return e->state == ALERT_RECOVERING ? 1 : 1 + (int)e->severity;
}

static void world_evaluate(struct world *w, const struct evening *e, int evening, int life)
{
    struct wall_time now = { FIRST_DAY + evening * DAY_MS + DAY_MS / 4 };
    const struct plan *plans[] = { &w->plan };
    const struct feed_state feed = {
        .id = text[3], .title = text[3], .late = e->late, .newest_period_end = DATE_NONE
    };
    const struct evaluation_input in = { .plans = plans,
                                         .plan_count = 1,
                                         .series = &w->set,
                                         .feeds = &feed,
                                         .feed_count = 1,
                                         .today = wall_date(now),
                                         .org_code = same_code };
    struct finding_set findings = { 0 };
    struct alert_change c = ALERT_CHANGE_INIT;
    int before = badness(w);

    ck_assert_int_eq(evaluate(&in, &findings), 0);
    size_t all = findings.count;

    findings.count = 1; /* the measure alone, not the feed */
    ck_assert_int_eq(
        alert_step("bc", w->any ? &w->alert : NULL, &findings.list[0], NULL, in.today, now, &c), 0);
    if (c.changed) {
        alert_release(&w->alert);
        w->alert = c.next;
        c.next = (struct alert)ALERT_INIT;
        w->any = true;
    }
    alert_change_release(&c);
    if (e->late && !e->softer)
        ck_assert_msg(badness(w) >= before, "life %d, evening %d: better under a hold", life,
                      evening);
    world_tell(w, &findings, in.today, life);
    check_told(w, life);
    findings.count = all;
    finding_set_release(&findings);
}

/* As the daemon does after a restart: the alert comes back from what was stored. */
static void world_restart(struct world *w)
{
    char *stored = w->any ? alert_encode(&w->alert) : NULL;

    if (!stored)
        return;
    alert_release(&w->alert);
    ck_assert_int_eq(alert_decode(stored, strlen(stored), &w->alert), 0);
    free(stored);
}

static void world_live(struct world *w, const struct life *life, int number, bool backwards,
                       bool restarts)
{
    world_init(w, life);
    for (int i = 0; i < EVENINGS; i++) {
        const struct evening *e = &life->evenings[i];

        for (int k = 0; k < e->count; k++)
            world_take(w, &e->files[backwards ? e->count - 1 - k : k],
                       (struct wall_time){ FIRST_DAY + i * DAY_MS + k });
        if (e->softer) {
            w->measure.target -= 8;
            w->measure.clear -= 8;
            w->measure.digest[1]++;
        }
        if (restarts)
            world_restart(w);
        world_evaluate(w, e, i, number);
    }
}

static char *remembered(const struct world *w)
{
    char *s = w->any ? alert_encode(&w->alert) : strdup("nothing");

    ck_assert_ptr_nonnull(s);
    return s;
}

START_TEST(the_order_of_files_within_an_evaluation_and_restarts_change_nothing)
{
    uint32_t seed = 311;
    int opened = 0, corrected = 0, flapped = 0, discovered = 0, reopened = 0;

    for (int n = 0; n < LIVES; n++) {
        struct life life;
        struct world plain, other;

        life_draw(&life, &seed);
        world_live(&plain, &life, n, false, false);
        world_live(&other, &life, n, true, true);
        char *a = remembered(&plain), *b = remembered(&other);

        ck_assert_msg(strcmp(a, b) == 0, "life %d:\n%s\n%s", n, a, b);
        opened += strstr(a, "\"FIRING\"") != NULL;
        corrected += strstr(a, "\"news\":\"corrected\"") != NULL;
        flapped += strstr(a, "\"flapping\":true") != NULL;
        discovered += strstr(a, "\"discovered-late\"") != NULL;
        reopened += strstr(a, "\"reopened\":\"20") != NULL;
        free(a);
        free(b);
        world_release(&plain);
        world_release(&other);
    }
    /* The lives are about what they are meant to be about. */
    ck_assert_msg(opened > 40 && corrected > 5 && flapped > 0 && discovered > 5 && reopened > 10,
                  "%d open, %d corrected, %d flapping, %d discovered, %d reopened", opened,
                  corrected, flapped, discovered, reopened);
}
END_TEST

START_TEST(whoever_is_told_open_is_told_closed_once_the_figures_are_good_and_complete)
{
    uint32_t seed = 77;

    for (int n = 0; n < LIVES; n++) {
        struct evening end = { .count = 0 };
        struct life life;
        struct world w;

        life_draw(&life, &seed);
        world_live(&w, &life, n, false, false);
        /* Clear for as long as any plan of these asks, and then evaluated once. */
        for (int k = 0; k < 3; k++)
            world_take(&w, &(struct delivery){ .month = MONTHS + k, .value = 90 },
                       (struct wall_time){ FIRST_DAY + EVENINGS * DAY_MS + k });
        world_evaluate(&w, &end, EVENINGS, n);
        ck_assert_msg(badness(&w) == 0, "life %d: clear, yet open", n);
        for (size_t i = 0; w.any && i < w.alert.episode_count; i++)
            ck_assert(!w.alert.episodes[i].told_open);
        world_release(&w);
    }
}
END_TEST

UNIT_MAIN("alert_properties",
          UNIT_TEST(the_order_of_files_within_an_evaluation_and_restarts_change_nothing),
          UNIT_TEST(whoever_is_told_open_is_told_closed_once_the_figures_are_good_and_complete))
