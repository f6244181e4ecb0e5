#include "pipeline_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "ctl/diag_json.h"
#include "ctl/report_json.h"
#include "plan/select.h"
#include "plan/watch_words.h"

/*
 * What can be watched: each series that feeds have brought, and each metric of each list. All are offered as a
 * measure to paste into a plan, which is read as a plan would be: so it is sure to pass, and how often it could
 * be judged is known of the very figures that the plan would judge.
 */

#define SLUG_MAX 64
#define LINE     "18w" /* where the service has no line of its own */

/* ---- how often a measure could be judged ---- */

static bool is_judged(const struct series_point *p)
{
    return !isnan(line_of_version(series_current(p)).value);
}

/* The usual period, in days, that is nearest to these: no month is as long as each other. */
static double usual_period(int days)
{
    static const double usual[] = { 1, 7, 365.25 / 12, 365.25 / 4, 365.25 };
    double nearest = usual[0];

    for (size_t i = 1; i < sizeof usual / sizeof usual[0]; i++)
        if (fabs(usual[i] - days) < fabs(nearest - days))
            nearest = usual[i];
    return nearest;
}

static int by_size(const void *a, const void *b)
{
    const int *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* From one to the next, in days: the middle one of the newest distances, or the least one; 0: there is none. */
static int days_apart(const struct series *s, bool least)
{
    int apart[PERIODS_LOOKED_AT];
    size_t n = 0;

    for (size_t i = s->point_count; i-- > 1 && n < PERIODS_LOOKED_AT;) {
        apart[n] = s->points[i].period_end.day - s->points[i - 1].period_end.day;
        n += apart[n] > 0;
    }
    if (n == 0)
        return 0;
    qsort(apart, n, sizeof *apart, by_size);
    return apart[least ? 0 : n / 2];
}

/* Rolling periods overlap, and are told apart by their ends; a census is of one day, and comes as often as it
 * usually came. */
static int days_a_period(const struct series *s)
{
    const struct series_point *newest = &s->points[s->point_count - 1];
    int days = newest->period_end.day - newest->period_start.day + 1;
    int apart = days_apart(s, days > 1);

    return apart > 0 && (days == 1 || apart < days) ? apart : days;
}

/* Of the periods that there should be: a month without a file counts as one that could not be judged. */
static int judged_of_series(const struct series *s)
{
    const struct series_point *newest = &s->points[s->point_count - 1];
    double reach = usual_period(days_a_period(s)) * (PERIODS_LOOKED_AT - 0.5);
    struct civil_date last = { INT32_MAX };
    int judged = 0;

    for (size_t i = s->point_count; i-- > 0;) {
        const struct series_point *p = &s->points[i];
        int ago = newest->period_end.day - p->period_end.day;

        if (ago > reach)
            break;
        if (date_compare(p->period_end, last) != 0)
            judged += is_judged(p);
        last = p->period_end;
    }
    return judged < PERIODS_LOOKED_AT ? judged : PERIODS_LOOKED_AT;
}

static int series_of(const struct pipeline *p, const struct plan_measure *m,
                     const struct series **out)
{
    const char *org = settings_org_code(p->config->settings, measure_org(m));
    char *why = NULL;
    int r = series_select(&p->books.series, m, org, out, &why);

    free(why);
    return r == 0 && (!*out || (*out)->point_count == 0) ? -ENODATA : r;
}

/* Of a list as of a series: what is counted for its newest periods. */
static int series_of_list(const struct pipeline *p, const struct plan_measure *m,
                          struct measures_recent *recent, struct series *out)
{
    struct measures_ageing *waits = measures_ageing_new(p);
    int r = waits ? measures_recent(waits, m, recent) : -ENOMEM;

    measures_ageing_free(waits);
    if (r == 0)
        *out = (struct series){ .points = recent->points, .point_count = recent->count };
    return r == 0 && recent->count == 0 ? -ENODATA : r;
}

int series_judged(const struct pipeline *p, const struct plan_measure *m)
{
    const struct series *s = NULL;
    struct measures_recent recent;
    struct series counted;
    int r;

    if (m->of_feed)
        return -ENODATA;
    if (m->list) {
        s = &counted;
        r = series_of_list(p, m, &recent, &counted);
    } else {
        r = series_of(p, m, &s);
    }
    return r < 0 ? r : judged_of_series(s);
}

static int judged(void *arg, const struct plan_measure *m)
{
    return series_judged(arg, m);
}

/* ---- a measure to paste ---- */

/* One that can be watched, before it is known to be what is asked for. */
struct watchable {
    const struct series *series;     /* of a feed */
    const struct list_setting *list; /* else a metric of a list */
    const struct metric_def *metric;
    const struct clock_rule *stage; /* NULL: the pathway's own clock */
    const char *wait;
};

struct finding_series {
    struct pipeline *p;
    const char *asked;
    struct plan_names names;
    json_t *list;
    int error;
};

static void add_slug(struct text *t, const char *word)
{
    for (; word && *word && t->len < SLUG_MAX - 1; word++) {
        char c = *word >= 'A' && *word <= 'Z' ? (char)(*word - 'A' + 'a') : *word;
        bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (good)
            text_putc(t, c);
        else if (t->len > 0 && t->buf[t->len - 1] != '-')
            text_putc(t, '-');
    }
}

/* In double quotes, as YAML reads them back. */
static void add_quoted(struct text *t, const char *s)
{
    text_putc(t, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            text_putc(t, '\\');
        text_putc(t, *s >= 0 && *s < ' ' ? ' ' : *s);
    }
    text_putc(t, '"');
}

static void add_pair(struct text *t, const char *key, const char *value)
{
    if (!value)
        return;
    text_printf(t, ", %s: ", key);
    add_quoted(t, value);
}

static const struct feed_setting *feed_of(const struct finding_series *f, const struct watchable *w)
{
    return settings_feed(f->p->config->settings, w->series->feed);
}

/* As people would call it; at most what a title may be long. */
static void name_it(const struct finding_series *f, const struct watchable *w, struct text *t)
{
    const struct settings *s = f->p->config->settings;

    if (w->series) {
        text_printf(t, "%s, %s", w->series->measure, settings_org_title(s, w->series->org));
        if (w->series->secondary)
            text_printf(t, ", %s", w->series->secondary);
        return;
    }
    text_printf(t, "%s: %s%s%s", w->list->title ? w->list->title : w->list->id, w->metric->id,
                w->wait ? " " : "", w->wait ? w->wait : "");
    if (w->stage)
        text_printf(t, ", %s", w->stage->title ? w->stage->title : w->stage->id);
}

/* Everything that somebody may call it. */
static void describe(const struct finding_series *f, const struct watchable *w, struct text *t)
{
    const struct config *c = f->p->config;

    if (w->series) {
        const struct feed_setting *feed = feed_of(f, w);
        const struct format *format = format_set_find(c->formats, feed->format);

        text_printf(t, "%s %s %s %s %s %s %s %s %s", feed->id, feed->title ? feed->title : "",
                    feed->format, format ? format_title(format) : "", w->series->measure,
                    w->series->org, settings_org_title(c->settings, w->series->org),
                    w->series->breakdown ? w->series->breakdown : "",
                    w->series->secondary ? w->series->secondary : "");
        return;
    }
    const struct service *service = service_of(c->services, w->list->service);

    text_printf(t, "%s %s %s %s %s %s", w->list->id, w->list->title ? w->list->title : "",
                w->list->service, service->title ? service->title : "", w->metric->id,
                w->metric->definition);
    if (w->stage)
        text_printf(t, " %s %s", w->stage->id, w->stage->title ? w->stage->title : "");
    for (size_t i = 0; i < w->list->providers.count; i++)
        text_printf(t, " %s %s", w->list->providers.items[i],
                    settings_org_title(c->settings, w->list->providers.items[i]));
}

static void add_id(const struct watchable *w, struct text *t)
{
    AUTO(text_release) struct text slug = TEXT_INIT;

    if (w->series) {
        const char *const words[] = { w->series->feed, "-", w->series->measure,  "-",
                                      w->series->org,  "-", w->series->secondary };

        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            add_slug(&slug, words[i]);
    } else {
        const char *const words[] = {
            w->list->id, "-", w->metric->id, "-", w->wait, "-", w->stage ? w->stage->id : NULL
        };

        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            add_slug(&slug, words[i]);
    }
    while (slug.len > 0 && slug.buf[slug.len - 1] == '-')
        slug.buf[--slug.len] = '\0';
    text_puts(t, text_str(&slug));
}

static void add_source(const struct watchable *w, struct text *t)
{
    if (w->series) {
        text_puts(t, "    metric: ");
        AUTO(text_release) struct text metric = TEXT_INIT;

        text_printf(&metric, "published:%s", w->series->measure);
        add_quoted(t, text_str(&metric));
        text_printf(t, "\n    select: {feed: %s", w->series->feed);
        add_pair(t, "breakdown", w->series->breakdown);
        add_pair(t, "org", w->series->org);
        add_pair(t, "secondary", w->series->secondary);
        text_puts(t, "}\n");
        return;
    }
    text_printf(t, "    metric: \"%s%s%s\"\n    select: {list: %s", w->metric->id,
                w->metric->parameter != PARAMETER_NONE ? ":" : "",
                w->metric->parameter == PARAMETER_WAIT   ? w->wait
                : w->metric->parameter == PARAMETER_DAYS ? "28d"
                                                         : "",
                w->list->id);
    if (w->stage)
        text_printf(t, ", stage: %s", w->stage->id);
    text_puts(t, "}\n");
    if (w->metric->takes & TAKES_STANDARD)
        text_printf(t, "    standard: %s\n", w->wait);
}

/* Which way is better nobody knows of a published figure: by its unit, and said so. */
static bool is_better_higher(const struct watchable *w)
{
    return w->series ? w->series->unit == UNIT_PERCENT : w->metric->better == BETTER_HIGHER;
}

/* newest: the newest figure, or NULL. */
static void write_snippet(const struct watchable *w, const char *title,
                          const struct series_point *newest, struct text *t)
{
    const char *way = is_better_higher(w) ? "higher" : "lower";
    double value = newest ? series_current(newest)->value : 0;
    char number[32], day[DATE_TEXT_MAX];

    text_puts(t, "  - id: ");
    add_id(w, t);
    text_puts(t, "\n    title: ");
    add_quoted(t, title);
    text_putc(t, '\n');
    add_source(w, t);
    text_printf(t, "    polarity: %s%s\n", way,
                w->series ? "   # which way is better: please look" : "");
    text_printf(t, "    target: {%s: %s}   # ", is_better_higher(w) ? "at_least" : "at_most",
                text_number(value > 0 ? value : 0, number));
    if (newest)
        text_printf(t, "the newest figure, of %s: put the plan's own\n",
                    date_format(newest->period_end, day));
    else
        text_puts(t, "no figure is known yet: put the plan's own\n");
}

/* Reads it as a plan of this place would be. NULL: it would not pass, or no memory. */
static struct plan *read_snippet(const struct finding_series *f, const char *snippet)
{
    const struct plan_context context = plan_names_context(&f->names);
    const struct config *c = f->p->config;
    AUTO(diags_release) struct diags found = DIAGS_INIT;
    AUTO(text_release) struct text t = TEXT_INIT;
    struct plan *plan = NULL;

    text_printf(&t, "plan: {id: snippet, version: 1, place: %s}\nmeasures:\n%s",
                c->plan_count ? c->plans[0]->place : "place", snippet);
    if (!text_ok(&t) || plan_parse("snippet", text_str(&t), t.len, &context, &found, &plan) < 0)
        return NULL;
    return plan;
}

static void plan_release(struct plan **p)
{
    plan_free(*p);
}

/* ---- one row of the answer ---- */

/* As it is written to be pasted, and as a plan reads it. */
struct offer {
    struct text title, snippet;
    struct plan *plan; /* NULL: it would not pass */
};

static void offer_release(struct offer *o)
{
    text_release(&o->title);
    text_release(&o->snippet);
    plan_free(o->plan);
}

static void write_offer(const struct finding_series *f, const struct watchable *w,
                        const struct series_point *newest, struct offer *o)
{
    text_clear(&o->snippet);
    write_snippet(w, text_str(&o->title), newest, &o->snippet);
    plan_free(o->plan);
    o->plan = read_snippet(f, text_str(&o->snippet));
}

static void warn_of_few(int judged, struct text *out)
{
    if (judged <= 0)
        (void)text_puts(out, "nothing is known of it yet");
    else if (judged < PERIODS_ENOUGH)
        (void)text_printf(out, "only %d of the last %d periods could be judged", judged,
                          PERIODS_LOOKED_AT);
}

/* s: its series, or NULL where nothing is known. */
static json_t *row_of(const struct watchable *w, const struct offer *offered,
                      const struct series *s)
{
    const struct series_point *newest = s ? &s->points[s->point_count - 1] : NULL;
    const struct series_version *v = newest ? series_current(newest) : NULL;
    int judged = s ? judged_of_series(s) : 0;
    AUTO(text_release) struct text warning = TEXT_INIT;
    json_t *o = json_object();
    int r = 0;

    warn_of_few(judged, &warning);
    r |= report_put(o, "source", report_text(w->series ? w->series->feed : w->list->id));
    r |= report_put(o, "kind", report_text(w->series ? "published" : "list"));
    r |= report_put(o, "title", report_text(text_str(&offered->title)));
    r |= report_put(o, "metric", report_text(w->series ? w->series->measure : w->metric->id));
    r |= report_put(o, "org", report_text(w->series ? w->series->org : NULL));
    r |= report_put(o, "breakdown", report_text(w->series ? w->series->breakdown : NULL));
    r |= report_put(o, "secondary", report_text(w->series ? w->series->secondary : NULL));
    r |= report_put(o, "stage", report_text(w->stage ? w->stage->id : NULL));
    r |= report_put(o, "value", report_value(v));
    r |= report_put(o, "marker", report_marker(v));
    r |= report_put(o, "period_end", newest ? report_date(newest->period_end) : json_null());
    r |= report_put(o, "judged", json_integer(judged));
    r |= report_put(o, "periods", json_integer(PERIODS_LOOKED_AT));
    r |= report_put(o, "warning", warning.len ? report_text(text_str(&warning)) : json_null());
    r |= report_put(o, "snippet", report_text(text_str(&offered->snippet)));
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

static void add_row(struct finding_series *f, const struct watchable *w, const struct offer *o,
                    const struct series *s)
{
    f->error |= !text_ok(&o->snippet) || !text_ok(&o->title) ||
                json_array_append_new(f->list, row_of(w, o, s)) < 0;
}

static void offer_published(struct finding_series *f, const struct watchable *w, struct offer *o)
{
    const struct series_point *newest =
        series_newest_figure(w->series, (struct civil_date){ INT32_MAX });

    write_offer(f, w, newest, o);
    if (!o->plan) { /* a name of the place on figures of a wider footprint */
        text_clear(&o->title);
        text_printf(&o->title, "%s, %s", w->series->measure, w->series->org);
        write_offer(f, w, newest, o);
    }
    if (o->plan)
        add_row(f, w, o, w->series);
}

/* Its plan says what to count, and what was counted is its target. */
static void offer_of_list(struct finding_series *f, const struct watchable *w, struct offer *o)
{
    struct measures_recent recent;
    struct series s;

    write_offer(f, w, NULL, o);
    if (!o->plan) /* this service, or list, does not know such a figure */
        return;
    int r = series_of_list(f->p, &o->plan->measures[0], &recent, &s);

    f->error |= r == -ENOMEM;
    if (r == 0)
        write_offer(f, w, series_newest_figure(&s, (struct civil_date){ INT32_MAX }), o);
    add_row(f, w, o, r == 0 ? &s : NULL);
}

static void offer(struct finding_series *f, const struct watchable *w)
{
    AUTO(offer_release) struct offer o = { TEXT_INIT, TEXT_INIT, NULL };
    AUTO(text_release) struct text words = TEXT_INIT;

    describe(f, w, &words);
    if (f->error || !text_ok(&words) || !watch_words_match(text_str(&words), f->asked))
        return;
    name_it(f, w, &o.title);
    if (w->series)
        offer_published(f, w, &o);
    else
        offer_of_list(f, w, &o);
}

/* ---- all that there is ---- */

static int by_key(const void *a, const void *b)
{
    const struct series *const *x = a, *const *y = b;

    return strcmp((*x)->key, (*y)->key);
}

/* In the order of their keys: a table has none. */
static void offer_series(struct finding_series *f)
{
    const struct table *all = &f->p->books.series.by_key;
    AUTO(auto_free) const struct series **list = calloc(table_count(all) + 1, sizeof *list);
    const char *key;
    size_t n = 0;
    void *value;

    f->error |= list == NULL;
    for (size_t at = 0; list && table_next(all, &at, &key, &value);) {
        const struct series *s = value;

        if (s->point_count && settings_feed(f->p->config->settings, s->feed))
            list[n++] = s;
    }
    if (n)
        qsort(list, n, sizeof *list, by_key);
    for (size_t i = 0; i < n; i++)
        offer(f, &(struct watchable){ .series = list[i] });
}

static void offer_list(struct finding_series *f, const struct list_setting *list)
{
    const struct service *service = service_of(f->p->config->services, list->service);

    for (size_t c = 0; c < (service->clock_count ? service->clock_count : 1); c++) {
        const struct clock_rule *clock = service->clock_count ? &service->clocks[c] : NULL;
        const char *line = clock && clock->line ? clock->line : LINE;

        for (int id = 0; id < PATHWAY_METRICS; id++) {
            const struct metric_def *def = metric_def_of((enum pathway_metric_id)id);
            bool waits = def->parameter == PARAMETER_WAIT || def->takes & TAKES_STANDARD;

            offer(f, &(struct watchable){ .list = list,
                                          .metric = def,
                                          .stage = c > 0 ? clock : NULL,
                                          .wait = waits ? line : NULL });
        }
    }
}

json_t *series_find_report(struct pipeline *p, const char *asked)
{
    const struct config *c = p->config;
    struct finding_series f = { .p = p, .asked = asked, .list = json_array() };

    if (plan_names_make(c->settings, c->services, &f.names) < 0 || !f.list) {
        json_decref(f.list);
        return NULL;
    }
    f.names.standards = c->standards;
    f.names.formats = c->formats;
    offer_series(&f);
    for (size_t i = 0; i < c->settings->list_count; i++)
        offer_list(&f, &c->settings->lists[i]);
    plan_names_release(&f.names);
    if (!f.error)
        return f.list;
    json_decref(f.list);
    return NULL;
}

/* ---- a plan checked where its data are ---- */

json_t *plan_check_report(struct pipeline *p, const char *name, const char *text)
{
    const struct config *c = p->config;
    AUTO(diags_release) struct diags found = DIAGS_INIT;
    AUTO(plan_names_release) struct plan_names names = { 0 };
    AUTO(plan_release) struct plan *plan = NULL;

    if (plan_names_make(c->settings, c->services, &names) < 0)
        return NULL;
    names.standards = c->standards;
    names.formats = c->formats;
    struct plan_context context = plan_names_context(&names);

    context.judged = judged;
    context.judged_arg = p;
    return plan_parse(name, text, strlen(text), &context, &found, &plan) == -ENOMEM
               ? NULL
               : diag_json(&found);
}
