#include "plan/outlook.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "plan/evaluate.h"

struct span outlook_line(const struct plan_measure *m)
{
    const struct span none = { 0, SPAN_DAYS };
    const struct metric_def *def;

    if (m->list == NULL)
        return none;
    def = metric_def_of(m->list->metric.id);
    if (def->takes & TAKES_STANDARD)
        return m->list->metric.standard;
    return def->parameter == PARAMETER_WAIT ? m->list->metric.wait : none;
}

uint64_t outlook_crossing(const struct outlook *o, struct civil_date after, struct civil_date upto)
{
    uint64_t n = 0;

    for (size_t i = 0; i < o->day_count; i++)
        if (date_compare(o->days[i].day, after) > 0 && date_compare(o->days[i].day, upto) <= 0)
            n += o->days[i].crossing;
    return n;
}

/* ---- what is certain ---- */

static int add_days(struct outlook *o, const struct outlook_look *look, struct civil_date upto)
{
    int count = upto.day - o->data_date.day;

    if (o->line.count == 0 || count <= 0)
        return 0;
    o->day_count = count < FORECAST_DAYS_MAX ? (size_t)count : FORECAST_DAYS_MAX;
    o->days = calloc(o->day_count, sizeof *o->days);
    return o->days == NULL
               ? -ENOMEM
               : forecast_exact(look->waits, o->data_date, o->line, o->day_count, o->days);
}

/* ---- what is likely ---- */

static struct period window_of(const struct plan_measure *m, struct civil_date date)
{
    const struct list_measure *l = m->list;

    if (metric_def_of(l->metric.id)->kind == METRIC_STOCK)
        return (struct period){ date, date };
    return period_window(period_of(l->period, date), l->window);
}

static void add_milestone(struct outlook *o, const struct plan_measure *m, struct civil_date date)
{
    struct outlook_milestone *at = &o->milestones[o->milestone_count];
    struct period window = window_of(m, date);

    if (date_compare(date, o->data_date) <= 0 || o->milestone_count == OUTLOOK_MILESTONES ||
        window.end.day - o->data_date.day > FORECAST_DAYS_MAX)
        return;
    for (size_t i = 0; i < o->milestone_count; i++)
        if (date_compare(o->milestones[i].date, date) >= 0)
            return; /* the target's day is the last milestone's */
    *at = (struct outlook_milestone){ .date = date, .window = window, .line = NAN, .chance = NAN };
    o->milestone_count++;
}

static double chance_of(const struct outlook_milestone *at, const struct plan_measure *m,
                        const struct line_source *from)
{
    size_t met = 0;

    for (size_t i = 0; i < at->fan.count; i++) {
        double value = at->fan.values[i];
        const struct series_version v = {
            .value = value, .low = value, .high = value, .numerator = NAN, .denominator = NAN
        };
        struct period_judgement j;

        measure_judge(m, from, &v, at->window.start, at->window.end, &j);

        met += j.event == PERIOD_CLEAR || j.event == PERIOD_BETWEEN;
    }
    return at->fan.count > 0 ? 100 * (double)met / (double)at->fan.count : NAN;
}

/* The same list, day and measure give the same figures. */
static uint64_t seed_of(const struct plan_measure *m, struct civil_date day)
{
    uint64_t seed = 14695981039346656037u; /* FNV-1a */

    for (const char *c = measure_figure(m); *c != '\0'; c++)
        seed = (seed ^ (unsigned char)*c) * 1099511628211u;
    return seed ^ (uint64_t)(unsigned)day.day;
}

static int add_fans(struct outlook *o, const struct outlook_look *look, struct forecast_kept *kept,
                    const struct plan_measure *m, const struct line_source *from)
{
    struct period windows[OUTLOOK_MILESTONES];
    const struct forecast_input in = { .waits = look->waits,
                                       .metric = &m->list->metric,
                                       .known = look->known,
                                       .censuses = look->censuses,
                                       .census_count = look->census_count,
                                       .windows = windows,
                                       .window_count = o->milestone_count,
                                       .seed = seed_of(m, o->data_date) };
    struct forecast_fan *fans = NULL;

    for (size_t i = 0; i < o->milestone_count; i++)
        windows[i] = o->milestones[i].window;
    int r = o->milestone_count > 0 ? forecast_likely_kept(kept, &in, &fans) : -ENODATA;

    for (size_t i = 0; i < o->milestone_count; i++) {
        struct outlook_milestone *at = &o->milestones[i];

        at->line = measure_line(m, from, at->window.end).value;
        if (r < 0)
            continue;
        at->fan = fans[i];
        at->chance = isnan(at->line) ? NAN : chance_of(at, m, from);
    }
    free(fans);
    return r == -ENOMEM ? r : 0;
}

/* ---- both ---- */

int outlook_make(const struct outlook_source *source, const struct plan_measure *m,
                 const struct line_source *from, struct civil_date upto, struct outlook *out)
{
    struct outlook o = { .is_known = false, .data_date = DATE_NONE };
    struct outlook_look look;
    int r;

    assert(source != NULL && m->list != NULL && out != NULL);
    *out = o;
    r = source->look(source->arg, m, &look);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    if (look.unknown.part)
        return 0;
    o.is_known = true;
    o.data_date = look.known.end;
    o.line = outlook_line(m);
    o.set_aside = look.unknown.rows + look.unknown.untold;
    r = add_days(&o, &look, upto);
    for (size_t i = 0; i < m->expect_count; i++)
        add_milestone(&o, m, m->expect[i].date);
    if (date_is_set(m->target_by))
        add_milestone(&o, m, m->target_by);
    if (r == 0)
        r = add_fans(&o, &look, source->kept, m, from);
    if (r < 0)
        outlook_release(&o);
    else
        *out = o;
    return r;
}

void outlook_release(struct outlook *o)
{
    free(o->days);
    for (size_t i = 0; i < o->milestone_count; i++)
        free(o->milestones[i].fan.values);
    *o = (struct outlook){ .is_known = false, .data_date = DATE_NONE };
}
