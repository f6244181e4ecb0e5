#include "pipeline_apply_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "metric/pathway_count.h"
#include "metric/pathway_select.h"

/*
 * What plans count of a waiting list becomes ordinary series: after a file was taken into the list, each
 * period that it concerns is counted anew, and offered as a version. A period is complete once every
 * provider that is counted is known to its end; where one never sent anything, nothing can be said.
 */

static bool is_of(const struct plan_measure *m, const struct list_setting *list)
{
    return m->list && strcmp(m->list->list, list->id) == 0;
}

/* ---- by which rules a list is counted ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One text for all measures of a list, whatever their order in the plans. */
static int add_measures(const struct pipeline *p, const struct list_setting *list, struct text *out)
{
    size_t count = 0, most = 0;

    for (size_t i = 0; i < p->config->plan_count; i++)
        most += p->config->plans[i]->measure_count;
    AUTO(auto_free) char **texts = calloc(2 * most + 1, sizeof *texts);
    int r = texts ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < p->config->plan_count; i++)
        for (size_t k = 0; r == 0 && k < p->config->plans[i]->measure_count; k++) {
            const struct plan_measure *m = &p->config->plans[i]->measures[k];

            if (is_of(m, list) &&
                asprintf(&texts[count++], "%s|%s", measure_figure(m), measure_org(m)) < 0)
                r = -ENOMEM;
            if (r == 0 && is_of(m, list) && m->single &&
                asprintf(&texts[count++], "%s|%s", measure_figure(m->single),
                         measure_org(m->single)) < 0)
                r = -ENOMEM;
        }
    if (r == 0 && count)
        qsort(texts, count, sizeof *texts, by_text);
    for (size_t i = 0; i < count; i++) {
        if (r == 0 && (i == 0 || strcmp(texts[i - 1], texts[i]) != 0))
            r = text_printf(out, "%s\n", texts[i]);
    }
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    return r;
}

/* Which tables make a set whole, of the feeds that write the list. */
static void add_sets(const struct pipeline *p, const struct list_setting *list, struct text *out)
{
    const struct settings *s = p->config->settings;

    for (size_t i = 0; i < s->feed_count; i++) {
        const struct feed_setting *f = &s->feeds[i];
        const struct format *format = format_set_find(p->config->formats, f->format);
        const char *const *tables;

        if (f->kind != FEED_SET || !f->into || strcmp(f->into, list->id) != 0 || !format)
            continue;
        (void)text_printf(out, "set %s by period and number:", f->id);
        for (size_t k = 0, n = format_set_tables(format, &tables); k < n; k++)
            (void)text_printf(out, " %s", tables[k]);
        (void)text_putc(out, '\n');
    }
}

char *lists_rules(const struct pipeline *p, const struct list_setting *list)
{
    AUTO(text_release) struct text rules = TEXT_INIT;
    long months = p->config->settings->retention.pathways.count;
    char digest[SHA256_TEXT_MAX];

    (void)text_printf(&rules, "%s\n%s\n", list->service, p->config->services_digest);
    if (months != LIST_KEPT_MONTHS)
        (void)text_printf(&rules, "kept %ld\n", months);
    add_sets(p, list, &rules);
    if (add_measures(p, list, &rules) < 0 || !text_ok(&rules) ||
        sha256_hex(text_str(&rules), rules.len, digest) < 0)
        return NULL;
    return strdup(digest);
}

/* ---- counting ---- */

struct civil_date list_known_upto(const struct pathway_list *state)
{
    struct civil_date census = list_census(state);

    return date_is_set(census) ? census : list_watermark(state);
}

/* One measure, being counted. */
struct counting {
    const struct pipeline *pipeline;
    const struct plan_measure *measure;
    struct waits waits;
    struct waits unreferred; /* of pathways whose events tell of no referral */
    struct list_coverage coverage;
    struct civil_date *censuses;
    struct waits_unknown unknown;
    struct selection_found found;
    bool flows_untold; /* of a part nobody told who began or ended the stage */
};

static int by_date(const void *a, const void *b)
{
    return date_compare(*(const struct civil_date *)a, *(const struct civil_date *)b);
}

static int cover(struct counting *c, const struct stored_list *part)
{
    struct list_coverage *all = &c->coverage;
    struct civil_date upto = list_known_upto(part->state);
    struct civil_date from = part->census_count ? part->censuses[0] : part->first_event;

    c->unknown.rows += part->set_aside;
    if (!date_is_set(upto)) {
        c->unknown.part = true;
        return 0;
    }
    if (!date_is_set(all->upto) || date_compare(upto, all->upto) < 0)
        all->upto = upto;
    if (!date_is_set(all->from) || date_compare(from, all->from) > 0)
        all->from = from;
    if (part->census_count == 0)
        return 0;
    struct civil_date *grown =
        realloc(c->censuses, (all->census_count + part->census_count) * sizeof *grown);

    if (!grown)
        return -ENOMEM;
    memcpy(grown + all->census_count, part->censuses, part->census_count * sizeof *grown);
    c->censuses = grown;
    all->census_count += part->census_count;
    return 0;
}

/* The censuses of all parts, each once, none after what is known of every part. */
static void settle_censuses(struct counting *c)
{
    struct list_coverage *all = &c->coverage;
    size_t kept = 0;

    if (all->census_count)
        qsort(c->censuses, all->census_count, sizeof *c->censuses, by_date);
    for (size_t i = 0; i < all->census_count; i++)
        if ((kept == 0 || date_compare(c->censuses[kept - 1], c->censuses[i]) != 0) &&
            date_compare(c->censuses[i], all->upto) <= 0)
            c->censuses[kept++] = c->censuses[i];
    all->census_count = kept;
    all->censuses = c->censuses;
}

/* The providers whose parts a measure counts: all of the list's, or one. */
struct counted_parts {
    const struct pipeline *pipeline;
    const struct list_setting *list;
    const char *only; /* its code; NULL: all */
    size_t next;
};

static struct counted_parts parts_counted(const struct pipeline *p, const struct plan_measure *m,
                                          const struct list_setting *list)
{
    const char *provider = m->list->provider;

    return (struct counted_parts){
        p, list, provider ? settings_org_code(p->config->settings, provider) : NULL, 0
    };
}

/* The next part that counts, in the order of the settings; NULL: there is none. */
static const struct stored_list *next_part(struct counted_parts *c)
{
    const struct text_list *providers = &c->list->providers;

    while (c->next < providers->count) {
        const char *provider = providers->items[c->next++];

        if (c->only && strcmp(c->only, provider) != 0)
            continue;
        const struct stored_list *part = books_list(&c->pipeline->books, c->list->id, provider);

        if (!succession_stands_in(c->pipeline, c->list, part))
            return part;
    }
    return NULL;
}

/* Who began or ended a stage is in no snapshot. Events tell it where they told of more than may have ended it
 * without one: an event of one makes no zeros of all the others. */
static bool is_untold(int clock, const struct stored_list *part)
{
    if (clock == 0 || part->census_count == 0)
        return false;
    uint64_t told = selection_completed(clock, list_tally(part->state));

    return told == 0 || list_ended_untold(part->state, clock) >= told;
}

static int gather_part(struct counting *c, const struct pathway_selection *selection, int clock,
                       const struct stored_list *part, struct selection_found *found)
{
    const struct tally *t = list_tally(part->state);
    bool is_stage = clock > 0 && clock != TALLY_STAGE;
    AUTO(auto_free)
    uint64_t *untold = is_stage ? calloc(tally_group_count(t) + 1, sizeof *untold) : NULL;

    if (is_stage && !untold)
        return -ENOMEM;
    if (is_stage)
        list_stage_untold(part->state, untold);
    int r = selection_gather(selection, clock, t, list_known_upto(part->state), untold, &c->waits,
                             found);
    struct list_counts counts;
    struct selection_found unreferred = { 0 };

    list_counts(part->state, &counts);
    if (r == 0 && counts.without_start)
        r = selection_gather(selection, TALLY_UNREFERRED, t, DATE_NONE, NULL, &c->unreferred,
                             &unreferred);
    return r;
}

static int gather(struct counting *c, const struct list_setting *list)
{
    const struct pipeline *p = c->pipeline;
    const struct list_measure *l = c->measure->list;
    struct cohort_value cohort[COHORT_MAX];
    struct pathway_selection selection;

    list_measure_selection(l, cohort, &selection);
    int clock =
        selection_clock(service_of(p->config->services, list->service), &selection, l->metric.id);
    int r = clock < 0 ? clock : 0;
    struct selection_found found = { 0 };

    struct counted_parts parts = parts_counted(p, c->measure, list);

    for (const struct stored_list *part; r == 0 && (part = next_part(&parts));) {
        r = cover(c, part);
        c->flows_untold |= r == 0 && is_untold(clock, part);
        if (r == 0)
            r = gather_part(c, &selection, clock, part, &found);
    }
    c->unknown.part |= found.groups == 0;
    c->found = found;
    settle_censuses(c);
    return r;
}

static void counting_release(struct counting *c)
{
    waits_release(&c->waits);
    waits_release(&c->unreferred);
    free(c->censuses);
}

static void counting_init(struct counting *c, const struct pipeline *p,
                          const struct plan_measure *m)
{
    *c = (struct counting){ .pipeline = p,
                            .measure = m,
                            .waits = WAITS_INIT,
                            .unreferred = WAITS_INIT,
                            .coverage = { .from = DATE_NONE, .upto = DATE_NONE } };
}

/* Who began or ended a stage in a period has events: those of whose stage nothing is known did not. A pathway
 * without a referral may wait at the end of the window, or have begun or ended in it. */
static struct waits_unknown unknown_of(const struct counting *c, bool is_stock,
                                       struct period window)
{
    struct waits_unknown unknown = c->unknown;
    struct civil_date from = is_stock ? date_add_days(window.end, 1) : window.start;

    unknown.rows += waits_within(&c->unreferred, from, window.end);
    unknown.untold = c->found.untold + (is_stock ? c->found.stage_untold : 0);
    unknown.mostly = unknown.untold > 0 && unknown.untold >= c->found.told;
    return unknown;
}

/* The figure for the days of a window, without whose it is. */
static int figure_of(const struct counting *c, struct period window, struct series_version *out)
{
    const struct pathway_metric *m = &c->measure->list->metric;
    const struct waits_unknown unknown =
        unknown_of(c, metric_def_of(m->id)->kind == METRIC_STOCK, window);
    struct metric_figure figure;
    int r = pathway_count(m, &c->waits, window, &unknown, &figure);

    if (r < 0)
        return r;
    *out = (struct series_version){ .value = figure.value,
                                    .low = figure.low,
                                    .high = figure.high,
                                    .numerator = figure.numerator,
                                    .denominator = figure.denominator,
                                    .marker = figure.marker,
                                    .untold = figure.untold,
                                    .stops = figure.stops };
    return 0;
}

/* Whether a part skipped a census that the figure stands on: who was there on that day nobody knows, and who
 * went before it and who after. */
static bool is_skipped(const struct counting *c, const struct list_setting *list,
                       struct period window, bool is_stock)
{
    struct counted_parts parts = parts_counted(c->pipeline, c->measure, list);

    for (const struct stored_list *part; (part = next_part(&parts));)
        if (silent_skipped(c->pipeline, list, part, window.end) ||
            (!is_stock && silent_skipped(c->pipeline, list, part, date_add_days(window.start, -1))))
            return true;
    return false;
}

/* The figure of one of the list's periods, without whose it is. */
static int figure_of_period(struct counting *c, const struct list_setting *list,
                            struct period period, bool is_stock, struct series_version *out)
{
    struct period window = period_window(period, c->measure->list->window);
    struct waits_unknown known = c->unknown;

    c->unknown.part |= (!is_stock && c->flows_untold) || is_skipped(c, list, window, is_stock);
    int r = figure_of(c, window, out);

    c->unknown = known;
    return r;
}

/* One after the other. */
struct measures_ageing {
    struct counting
        last; /* of the measure asked for last: it is asked for several days, and the next may count the
                             same waits */
};

static const struct list_setting *list_of(const struct pipeline *p, const struct plan_measure *m)
{
    return m->list ? settings_list(p->config->settings, m->list->list) : NULL;
}

static bool same_word(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether two measures count the same waits, by whatever metric. */
static bool same_waits(const struct list_measure *a, const struct list_measure *b)
{
    bool same = same_word(a->list, b->list) && same_word(a->provider, b->provider) &&
                same_word(a->place, b->place) && same_word(a->commissioner, b->commissioner) &&
                same_word(a->stage, b->stage) && a->cohort_count == b->cohort_count &&
                a->without_exceptions == b->without_exceptions &&
                (a->metric.id == METRIC_FIRST_CONTACTS) == (b->metric.id == METRIC_FIRST_CONTACTS);

    for (size_t i = 0; same && i < a->cohort_count; i++)
        same = same_word(a->cohort[i].name, b->cohort[i].name) &&
               same_word(a->cohort[i].value, b->cohort[i].value);
    return same;
}

/* Gathers once for a measure, and for those that follow and count the same waits. */
static int look_at(struct measures_ageing *a, const struct plan_measure *m)
{
    const struct pipeline *p = a->last.pipeline;
    const struct list_setting *list = list_of(p, m);

    if (!list || !books_list(&p->books, list->id, list->providers.items[0]))
        return -ENODATA;
    if (a->last.measure && same_waits(a->last.measure->list, m->list)) {
        a->last.measure = m;
        return 0;
    }
    counting_release(&a->last);
    counting_init(&a->last, p, m);
    int r = gather(&a->last, list);

    if (r < 0)
        a->last.measure = NULL;
    return r;
}

static int count(struct apply *a, struct counting *c, const struct list_setting *list)
{
    const struct list_measure *l = c->measure->list;
    bool is_stock = metric_def_of(l->metric.id)->kind == METRIC_STOCK;
    AUTO(auto_free) struct period *periods = NULL;
    const struct record named = { .measure = measure_figure(c->measure),
                                  .org = measure_org(c->measure),
                                  .unit = l->metric.unit };
    size_t n = 0;
    int r =
        periods_complete(&c->coverage, l->period, l->window, is_stock,
                         is_stock ? apply_list_stocks_from(a) : apply_list_from(a), &periods, &n);
    struct series *series =
        r == 0 && n ? series_open(&a->pipeline->books.series, list->id, &named, named.org) : NULL;

    if (r == 0 && n && !series)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < n; i++) {
        struct series_version figure;

        r = figure_of_period(c, list, periods[i], is_stock, &figure);
        if (r == 0)
            r = apply_add_cell(a, series, periods[i].start, periods[i].end, &figure, NULL);
    }
    return r;
}

static int find_one(struct apply *a, struct measures_ageing *counts, const struct plan_measure *m,
                    const struct list_setting *list)
{
    int r = look_at(counts, m);

    return r == 0 ? count(a, &counts->last, list) : r;
}

static int find_each(struct apply *a, struct measures_ageing *counts)
{
    const struct config *config = a->pipeline->config;
    const struct list_setting *list = settings_list(config->settings, a->feed->into);
    int r = 0;

    for (size_t i = 0; i < config->plan_count; i++)
        for (size_t k = 0; r == 0 && k < config->plans[i]->measure_count; k++) {
            const struct plan_measure *m = &config->plans[i]->measures[k];

            if (!is_of(m, list))
                continue;
            r = find_one(a, counts, m, list);
            if (r == 0 && m->single) /* what its chart stands on */
                r = find_one(a, counts, m->single, list);
        }
    return r;
}

int measures_find(struct apply *a)
{
    struct measures_ageing counts;

    counting_init(&counts.last, a->pipeline, NULL);
    int r = find_each(a, &counts);

    counting_release(&counts.last);
    return r;
}

/* ---- ageing: the same counts at a later day ---- */

struct measures_ageing *measures_ageing_new(const struct pipeline *p)
{
    struct measures_ageing *a = calloc(1, sizeof *a);

    if (a)
        counting_init(&a->last, p, NULL);
    return a;
}

void measures_ageing_free(struct measures_ageing *a)
{
    if (a)
        counting_release(&a->last);
    free(a);
}

int measures_ageing_data(void *arg, const struct plan_measure *m, struct civil_date *out_data_date,
                         int *out_silent)
{
    struct measures_ageing *a = arg;
    const struct pipeline *p = a->last.pipeline;
    const struct list_setting *list = list_of(p, m);

    *out_silent = 0;
    if (m->of_feed)
        return feed_age_since(p, m, out_data_date);
    int r = look_at(a, m);

    if (r < 0)
        return r;
    if (a->last.unknown.part || !date_is_set(a->last.coverage.upto))
        return -ENODATA;
    *out_data_date = a->last.coverage.upto;
    struct counted_parts parts = parts_counted(p, m, list);

    for (const struct stored_list *part; (part = next_part(&parts));) {
        int silent = silent_cadences(p, list, part, p->evaluating);

        *out_silent = silent > *out_silent ? silent : *out_silent;
    }
    return 0;
}

int measures_ageing_figure(void *arg, const struct plan_measure *m, struct civil_date day,
                           struct series_version *out)
{
    struct measures_ageing *a = arg;

    if (m->of_feed)
        return feed_age_figure(a->last.pipeline, m, day, out);
    int r = look_at(a, m);

    return r < 0 ? r : figure_of(&a->last, (struct period){ day, day }, out);
}

int measures_look(void *arg, const struct plan_measure *m, struct outlook_look *out)
{
    struct measures_ageing *a = arg;
    const struct list_coverage *known = &a->last.coverage;
    int r = look_at(a, m);

    if (r < 0)
        return r;
    if (!date_is_set(known->upto))
        return -ENODATA;
    *out =
        (struct outlook_look){ .waits = &a->last.waits,
                               .known = { known->from, known->upto },
                               .censuses = known->censuses,
                               .census_count = known->census_count,
                               .unknown = unknown_of(&a->last, true,
                                                     (struct period){ known->upto, known->upto }) };
    if (a->last.flows_untold)
        out->known.start = DATE_NONE;
    else if (known->census_count > 0) /* who came and went before the first is in no snapshot */
        out->known.start = date_add_days(known->from, 1);
    return 0;
}

int measures_recent(struct measures_ageing *a, const struct plan_measure *m,
                    struct measures_recent *out)
{
    const struct list_measure *l = m->list;
    bool is_stock = metric_def_of(l->metric.id)->kind == METRIC_STOCK;
    AUTO(auto_free) struct period *periods = NULL;
    size_t n = 0;
    int r = look_at(a, m);

    out->count = 0;
    if (r == 0)
        r = periods_complete(&a->last.coverage, l->period, l->window, is_stock, DATE_NONE, &periods,
                             &n);
    for (size_t i = n > PERIODS_LOOKED_AT ? n - PERIODS_LOOKED_AT : 0; r == 0 && i < n; i++) {
        struct series_version *v = &out->versions[out->count];

        out->points[out->count++] = (struct series_point){ .period_start = periods[i].start,
                                                           .period_end = periods[i].end,
                                                           .versions = v,
                                                           .version_count = 1 };
        r = figure_of_period(&a->last, list_of(a->last.pipeline, m), periods[i], is_stock, v);
    }
    return r;
}

/* Snapshots tell who came and went only from the first of them on, events of all their days. */
static bool is_known(const struct counting *c, struct period days, bool is_stock)
{
    const struct list_coverage *known = &c->coverage;
    struct civil_date from = known->from;

    if (!date_is_set(known->upto) || date_compare(days.end, known->upto) > 0)
        return false;
    if (!is_stock && known->census_count > 0)
        from = date_add_days(from, 1);
    return date_is_set(from) && date_compare(is_stock ? days.end : days.start, from) >= 0;
}

int measures_beside(void *arg, const struct plan_measure *of, const struct plan_measure *m,
                    struct period days, struct series_version *out)
{
    struct measures_ageing *a = arg;
    bool is_stock = metric_def_of(m->list->metric.id)->kind == METRIC_STOCK;
    int r = look_at(a, of);

    if (r < 0)
        return r;
    if (!is_known(&a->last, days, is_stock))
        return -ENODATA;
    a->last.measure = m;
    r = figure_of_period(&a->last, list_of(a->last.pipeline, of), days, is_stock, out);
    a->last.measure = of; /* which lasts */
    return r;
}
