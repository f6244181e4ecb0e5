#include "ctl/report_gap.h"

#include <math.h>

#include "base/auto.h"
#include "base/text.h"
#include "ctl/report_json.h"

/* Enough for people; what is needed is rounded up, so that it is enough. */
static double tenths(double x)
{
    return round(x * 10) / 10;
}

static double tenths_up(double x)
{
    return ceil(x * 10 - 1e-9) / 10 + 0.0; /* of nothing 0, not -0 */
}

static double micro(double x)
{
    return round(x * 1e6) / 1e6;
}

static void say_list(const struct gap_flow *f, struct text *t)
{
    char day[32];

    if (f->why_not) {
        text_puts(t, f->why_not);
    } else if (isnan(f->needed)) {
        text_puts(t, "its metric does not say how many must leave");
    } else if (f->extra > 0) {
        text_printf(t, "%g a week until %s, %g more than of late", tenths_up(f->needed),
                    finding_date(f->by, day), tenths_up(f->extra));
    } else if (isnan(f->extra)) {
        text_printf(t, "%g a week until %s; how many of late is not known", tenths_up(f->needed),
                    finding_date(f->by, day));
    } else {
        text_printf(t, "no more a week than of late (%g are enough)", tenths_up(f->needed));
    }
}

static void say_pace(const struct gap *g, struct text *t)
{
    char day[32];

    if (isnan(g->pace_needed)) {
        text_puts(t, date_is_set(g->next_date) ? "the figure of the next step is not known yet"
                                               : "no step of the plan is to come");
        return;
    }
    if (g->to_next <= 0)
        text_puts(t, "at or better than the next step");
    else
        text_printf(t, "%+g a month until %s", tenths(g->pace_needed),
                    finding_date(g->next_date, day));
    if (!isnan(g->pace_lately))
        text_printf(t, "; %+g of late", tenths(g->pace_lately));
}

/* A list that grows is never empty: that is known, and no number. */
static bool is_never(const struct gap *g)
{
    const struct series_version *v = g->point ? series_current(g->point) : NULL;

    return v && !v->gap && v->marker == MARKER_NONE && isinf(v->value);
}

/* Why there is no figure; NULL: there is one. */
static const char *why_not(const struct gap *g)
{
    if (!isnan(g->value))
        return NULL;
    if (g->finding->missing_why)
        return g->finding->missing_why;
    if (g->finding->holds & HOLD_WAVE_OVER)
        return "its newest wave is over";
    if (!g->point)
        return "no figure yet";
    if (is_never(g))
        return "never: more join than leave";
    return marker_name(series_current(g->point)->marker);
}

static json_t *takes_of(const struct gap *g)
{
    AUTO(text_release) struct text t = TEXT_INIT;

    if (isnan(g->value) && !is_never(g))
        text_puts(&t, "not measurable");
    else if (g->is_of_list)
        say_list(&g->flow, &t);
    else
        say_pace(g, &t);
    return text_ok(&t) ? report_text(text_str(&t)) : NULL;
}

static int put_flow(json_t *o, const struct gap_flow *f)
{
    int r = report_put(o, "data_date", report_date(f->data_date));

    r |= report_put(o, "by", report_date(f->by));
    r |= report_put(o, "demand_a_week", report_number(tenths(f->demand)));
    r |= report_put(o, "stops_a_week", report_number(tenths(f->stops)));
    r |= report_put(o, "seen_a_week", report_number(tenths(f->seen)));
    r |= report_put(o, "needed_a_week", report_number(tenths_up(f->needed)));
    r |= report_put(o, "extra_a_week", report_number(tenths_up(f->extra)));
    r |= report_put(o, "load", report_number(micro(f->load)));
    r |= report_put(o, "may_wait", report_number(tenths(f->may_wait)));
    r |= report_put(o, "keeps_a_week", report_number(tenths_up(f->keeps)));
    return r;
}

json_t *report_gap(const struct gap *g)
{
    const struct finding *f = g->finding;
    char holds[HOLD_WORDS_MAX];
    json_t *o = json_object();
    int r = 0;

    r |= report_put(o, "plan", report_text(f->plan->id));
    r |= report_put(o, "id", report_text(f->measure->id));
    r |= report_put(o, "title", report_text(f->title));
    r |= report_put(o, "unit", report_text(unit_name(finding_unit(f))));
    r |= report_put(o, "value", report_number(g->value));
    r |= report_put(o, "period_end", g->point ? report_date(g->point->period_end) : json_null());
    r |= report_put(o, "rag", report_text(rag_name(f->rag)));
    r |= report_put(o, "held", json_boolean(f->holds != 0));
    r |= report_put(o, "holds", report_text(f->holds ? hold_words(f->holds, holds) : NULL));
    r |= report_put(o, "measurable", json_boolean(!isnan(g->value)));
    r |= report_put(o, "why_not", report_text(why_not(g)));
    r |= report_put(o, "expected", report_number(f->line));
    r |= report_put(o, "behind_by", report_number(micro(g->behind_by)));
    r |= report_put(o, "next_date", report_date(g->next_date));
    r |= report_put(o, "next", report_number(g->next_line));
    r |= report_put(o, "to_next", report_number(micro(g->to_next)));
    r |= report_put(o, "target", report_number(f->target));
    r |= report_put(o, "target_by", report_date(measure_target_day(f->measure)));
    r |= report_put(o, "pace_needed", report_number(micro(g->pace_needed)));
    r |= report_put(o, "pace_lately", report_number(micro(g->pace_lately)));
    r |= put_flow(o, &g->flow);
    r |= report_put(o, "takes", takes_of(g));
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}
