/*
 * evaluation - how long the whole judgement of a plan takes: findings, charts, guards and alerts, from nothing
 *
 *     evaluation MEASURES DAYS ROUNDS SCRATCH   (a file that it writes the plan to, and removes)
 *
 * Every measure has a figure a day, a milestone each quarter, tolerance, a control chart; each fourth is
 * guarded by the next. Figures are a walk about the line from a fixed seed, so that alerts open, end and open
 * again. A first evaluation makes the alerts; then one more day comes, and each round judges it all anew
 * against them, as the daemon does at each change. Series lie in memory as loading them leaves them. Prints one JSON object: milliseconds of each round by the
 * processor's time of this thread, and what was judged.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alert/alert.h"
#include "base/text.h"
#include "plan/evaluate.h"
#include "support/date_of.h"

#define FIRST_DAY "2024-01-01"
#define INSTANCE  "bench"
#define FEED      "daily"
#define QUARTER   91

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "evaluation: %s\n", what);
    exit(1);
}

static struct civil_date day(size_t n)
{
    return date_add_days(date_of(FIRST_DAY), (int)n);
}

/* ---- plan and figures ---- */

static void write_measure(FILE *f, size_t i, size_t measures, size_t days)
{
    char date[DATE_TEXT_MAX];

    fprintf(f,
            "  - id: m%zu\n    title: Measure %zu\n    metric: \"published:m%zu\"\n"
            "    select: {feed: " FEED ", org: TAJ}\n    polarity: %s\n    tolerance: 5\n"
            "    for: 2\n    clear_for: 2\n    action: \"1.1\"\n    spc: on\n    expect:\n",
            i, i, i, i % 2 ? "higher" : "lower");
    for (size_t at = 0; at < days; at += QUARTER)
        fprintf(f, "      %s: 50\n", date_format(day(at), date));
    if (i % 4 == 0 && i + 1 < measures)
        fprintf(f, "    guard: [m%zu]\n", i + 1);
}

static struct plan *make_plan(const char *path, size_t measures, size_t days)
{
    static const char *const feeds[] = { FEED, NULL }, *const receivers[] = { "spool", NULL };
    const struct plan_context context = { .feeds = feeds, .receivers = receivers };
    struct diags diags = DIAGS_INIT;
    struct plan *plan = NULL;
    FILE *f = fopen(path, "w");

    must(f != NULL, path);
    fprintf(f,
            "plan: {id: bench, version: 1, place: dudley, mode: live, valid: {from: " FIRST_DAY
            ", to: 2034-12-31}}\nroles: {lead: {receivers: [spool]}}\npriorities:\n  - id: \"1\"\n"
            "    title: All\n    actions:\n      - {id: \"1.1\", title: Act, lead: lead, due: "
            "2034-09}\n"
            "measures:\n");
    for (size_t i = 0; i < measures; i++)
        write_measure(f, i, measures, days);
    must(fclose(f) == 0, path);
    if (plan_load(path, &context, &diags, &plan) < 0) {
        diags_print(&diags, stderr);
        exit(1);
    }
    diags_release(&diags);
    must(remove(path) == 0, path);
    return plan;
}

struct walk {
    uint64_t state;
    double value;
};

/* A figure about 50 that keeps something of the one before it. */
static double step(struct walk *w)
{
    w->state = w->state * 6364136223846793005u + 1442695040888963407u;
    w->value = 0.9 * w->value + (double)(w->state >> 40) / (1 << 24) * 6 - 3;
    return round((50 + w->value) * 10) / 10;
}

/* A figure for each day from `from` to before `to`. */
static void add_days(struct series_set *set, struct walk *walk, size_t i, size_t from, size_t to)
{
    char name[32];

    (void)snprintf(name, sizeof name, "m%zu", i);
    const struct record r = { .measure = name, .org = "TAJ" };
    struct series *s = series_open(set, FEED, &r, "TAJ");

    for (size_t n = from; n < to; n++) {
        double value = step(walk);
        struct series_version v = { .value = value,
                                    .low = value,
                                    .high = value,
                                    .numerator = NAN,
                                    .denominator = NAN,
                                    .receipt = n + 1,
                                    .as_of = { (day(n).day * INT64_C(24) + 12) * 3600000 } };

        must(s && series_offer(s, day(n), day(n), &v) >= 0, "no memory");
    }
}

/* ---- one evaluation ---- */

struct world {
    struct evaluation_input in;
    struct table alerts; /* id -> struct alert * */
    struct wall_time now;
    size_t findings, periods, changes;
};

static const char *same_code(void *arg, const char *printed)
{
    (void)arg;
    return printed;
}

static void free_alert(void *arg)
{
    alert_release(arg);
    free(arg);
}

/* Puts a change beside the alerts, or drops it. */
static void keep(struct world *w, struct alert_change *c, bool adopts)
{
    struct alert *kept = adopts && c->changed ? malloc(sizeof *kept) : NULL;

    w->changes += c->changed;
    if (kept) {
        *kept = c->next;
        c->next = (struct alert)ALERT_INIT;
        must(table_set(&w->alerts, kept->id, kept, NULL) == 0, "no memory");
    }
    alert_change_release(c);
}

static void evaluate_all(struct world *w, bool adopts)
{
    struct finding_set found = { 0 };

    w->now = wall_of_date(w->in.today);
    w->findings = w->periods = w->changes = 0;
    must(evaluate(&w->in, &found) == 0, "cannot evaluate");
    for (size_t i = 0; i < found.count; i++) {
        const struct finding *f = &found.list[i];
        struct alert_change c = ALERT_CHANGE_INIT;
        char id[ALERT_ID_MAX];

        must(alert_id_of(INSTANCE, f, id) == 0 && alert_step(INSTANCE, table_get(&w->alerts, id), f,
                                                             NULL, w->in.today, w->now, &c) == 0,
             "cannot step");
        keep(w, &c, adopts);
        w->periods += f->history_count;
    }
    w->findings = found.count;
    finding_set_release(&found);
}

static double milliseconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
    must(argc == 5, "usage: evaluation MEASURES DAYS ROUNDS SCRATCH");
    size_t measures = strtoul(argv[1], NULL, 10), days = strtoul(argv[2], NULL, 10),
           rounds = strtoul(argv[3], NULL, 10);
    struct plan *plan = make_plan(argv[4], measures, days);
    const struct plan *plans[] = { plan };
    struct series_set series = SERIES_SET_INIT;
    struct walk *walks = calloc(measures, sizeof *walks);
    struct world w = { .alerts = TABLE_INIT };

    must(walks && days > 1, "too few days");
    for (size_t i = 0; i < measures; i++) {
        walks[i].state = i + 1;
        add_days(&series, &walks[i], i, 0, days - 1);
    }
    w.in = (struct evaluation_input){ .plans = plans,
                                      .plan_count = 1,
                                      .series = &series,
                                      .today = day(days - 2),
                                      .org_code = same_code };
    evaluate_all(&w, true);
    for (size_t i = 0; i < measures; i++)
        add_days(&series, &walks[i], i, days - 1, days);
    w.in.today = day(days - 1);
    printf("{\"ms\": [");
    for (size_t i = 0; i < rounds; i++) {
        double began = milliseconds();

        evaluate_all(&w, false);
        printf("%s%.3f", i ? ", " : "", milliseconds() - began);
    }
    printf("], \"measures\": %zu, \"days\": %zu, \"findings\": %zu, \"periods_judged\": %zu, "
           "\"alerts\": %zu, \"changes\": %zu}\n",
           measures, days, w.findings, w.periods, table_count(&w.alerts), w.changes);
    table_release(&w.alerts, free_alert);
    series_set_release(&series);
    plan_free(plan);
    free(walks);
    return 0;
}
