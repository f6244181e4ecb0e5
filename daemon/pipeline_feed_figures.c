#include "pipeline_apply_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * What plans count of how a feed comes (metric/feed_metric.h) becomes ordinary series of that feed, whose
 * organisation is the feed itself: after a file was read, from it and from the receipts up to it, so that
 * what is done again after a loss says the same.
 */

static int add(struct apply *a, const struct plan_measure *m, struct period period, double value,
               double numerator, double denominator)
{
    struct pipeline *p = a->pipeline;
    const struct record named = { .measure = m->published,
                                  .org = m->select.org,
                                  .unit = m->of_feed->unit };
    const struct series_version figure = { .value = value,
                                           .low = value,
                                           .high = value,
                                           .numerator = numerator,
                                           .denominator = denominator };
    struct series *series = series_open(&p->books.series, a->feed->id, &named,
                                        settings_org_code(p->config->settings, m->select.org));

    return series ? apply_add_cell(a, series, period.start, period.end, &figure, NULL) : -ENOMEM;
}

static int add_share(struct apply *a, const struct plan_measure *m, struct period period,
                     unsigned long part, unsigned long whole)
{
    return whole ? add(a, m, period, 100.0 * (double)part / (double)whole, (double)part,
                       (double)whole)
                 : 0;
}

static struct period day_of(struct civil_date day)
{
    return (struct period){ day, day };
}

/* ---- coverage ---- */

static int add_coverage(struct apply *a, const struct plan_measure *m, struct period period)
{
    unsigned long there = 0, asked = 0;
    const char *code;

    for (size_t i = 0; i < a->feed->providers.count; i++) {
        int r = a->into ? apply_list_covers(a, i, &code) : apply_covers(a, i, period.end, &code);

        if (r == -ENOMEM)
            return r;
        there += r > 0;
        asked += r >= 0;
    }
    return add_share(a, m, period, there, asked);
}

/* The shortest period of the file that ends on that day; none where a later file spoke of it. */
static bool find_period(const struct apply *a, struct civil_date end, struct period *out)
{
    bool found = false;

    for (size_t i = 0; i < a->said_count; i++) {
        const struct cell *c = &a->cells[i];

        if (date_compare(c->end, end) != 0 || (found && date_compare(c->start, out->start) <= 0))
            continue;
        *out = (struct period){ c->start, c->end };
        found = true;
    }
    return found && !apply_is_followed(a, end);
}

static int find_coverage(struct apply *a, const struct plan_measure *m)
{
    const char *end;
    struct period period;
    int r = 0;

    if (a->into)
        return a->feed->kind == FEED_SNAPSHOT && date_is_set(a->newest)
                   ? add_coverage(a, m, day_of(a->newest))
                   : 0;
    for (size_t at = 0; a->covers && r == 0 && table_next(&a->ends, &at, &end, NULL);)
        if (find_period(a, (struct civil_date){ (int32_t)strtol(end, NULL, 10) }, &period))
            r = add_coverage(a, m, period);
    return r;
}

/* ---- rows set aside ---- */

static bool took_effect(const struct receipt *r, uint64_t upto)
{
    const struct receipt *decided = r->decided && r->decided->sequence <= upto ? r->decided : r;

    return !r->decides && decided->outcome == RECEIPT_ACCEPTED;
}

/* Of all files that came on the day of this one. */
static int find_set_aside(struct apply *a, const struct plan_measure *m)
{
    uint64_t upto = a->receipt->sequence;
    unsigned long rows = 0, set_aside = 0;

    for (uint64_t n = upto; n > 0; n--) {
        const struct receipt *r = receipt_find(a->pipeline, n);

        if (r && date_compare(wall_date(r->at), a->received) < 0)
            break;
        if (!r || strcmp(r->feed, a->feed->id) != 0 || !r->shape || !took_effect(r, upto) ||
            date_compare(wall_date(r->at), a->received) != 0)
            continue;
        rows += r->shape->rows;
        set_aside += r->set_aside;
    }
    return add_share(a, m, day_of(a->received), set_aside, rows);
}

/* ---- all of them ---- */

int feed_figures_find(struct apply *a)
{
    const struct config *config = a->pipeline->config;
    int r = 0;

    a->said_count = a->cell_count;
    if (a->is_again || (a->into && apply_list_is_idle(a))) /* it brings nothing new */
        return 0;
    for (size_t i = 0; i < config->plan_count; i++)
        for (size_t k = 0; r == 0 && k < config->plans[i]->measure_count; k++) {
            const struct plan_measure *m = &config->plans[i]->measures[k];

            if (!m->of_feed || strcmp(m->select.feed, a->feed->id) != 0)
                continue;
            if (m->of_feed == feed_metric_of(FEED_METRIC_AGE))
                r = add(a, m, day_of(a->received), 0, NAN, NAN);
            else if (m->of_feed == feed_metric_of(FEED_METRIC_COVERAGE))
                r = find_coverage(a, m);
            else
                r = find_set_aside(a, m);
        }
    return r;
}

/* ---- how old a feed is ---- */

int feed_age_since(const struct pipeline *p, const struct plan_measure *m,
                   struct civil_date *out_since)
{
    const struct feed_book *b = table_get(&p->books.feeds, m->select.feed);

    if (!b || !b->last_received.ms)
        return -ENODATA;
    *out_since = wall_date(b->last_received);
    return 0;
}

int feed_age_figure(const struct pipeline *p, const struct plan_measure *m, struct civil_date day,
                    struct series_version *out)
{
    struct civil_date since;
    int r = feed_age_since(p, m, &since);

    if (r < 0)
        return r;
    double age = day.day - since.day;

    *out = (struct series_version){
        .value = age, .low = age, .high = age, .numerator = NAN, .denominator = NAN
    };
    return 0;
}
