#include "ctl/report_spc.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "ctl/report_explain.h"
#include "ctl/report_json.h"

static const char *state_name(enum chart_state s)
{
    return s == CHART_GOOD ? "good" : s == CHART_ROLLING ? "rolling" : "empty";
}

static const struct spc_segment *last_segment(const struct control_chart *c)
{
    return c->spc.segment_count > 0 ? &c->spc.segments[c->spc.segment_count - 1] : NULL;
}

/* ---- points ---- */

static int put_limits(json_t *o, const struct spc_segment *s)
{
    int r = 0;

    r |= report_put(o, "mean", s ? report_number(s->mean) : json_null());
    r |= report_put(o, "lower", s ? report_number(s->lower) : json_null());
    r |= report_put(o, "upper", s ? report_number(s->upper) : json_null());
    return r;
}

/* Points after the last figure are in no segment: nothing is known of them yet. */
static json_t *point_object(const struct control_chart *c, size_t i)
{
    const struct chart_point *p = &c->points[i];
    const struct spc_point *at = i < c->n ? &c->spc.points[i] : NULL;
    const struct spc_segment *s = at ? &c->spc.segments[at->segment] : NULL;
    json_t *o = json_object();
    int r = 0;

    r |= report_put(o, "period_start", report_date(p->start));
    r |= report_put(o, "period_end", report_date(p->end));
    r |= report_put(o, "value", report_number(p->value));
    r |= report_put(o, "marker",
                    report_text(p->version == NULL ? "no-data"
                                : isnan(p->value) && p->version->marker == MARKER_NONE
                                    ? "incomplete"
                                    : marker_name(p->version->marker)));
    r |= report_put(o, "segment", at ? json_integer((json_int_t)at->segment + 1) : json_null());
    r |= put_limits(o, s);
    r |= report_put(o, "near_lower", s ? report_number(s->near_lower) : json_null());
    r |= report_put(o, "near_upper", s ? report_number(s->near_upper) : json_null());
    r |= report_put(o, "mark", report_text(at ? chart_cause_name(at->cause) : NULL));
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *points_of(const struct control_chart *c)
{
    json_t *list = json_array();
    int r = list ? 0 : -1;

    for (size_t i = 0; r == 0 && i < c->n + c->missing_after; i++)
        r = json_array_append_new(list, point_object(c, i));
    if (r == 0)
        return list;
    json_decref(list);
    return NULL;
}

/* ---- breaks ---- */

static int add_break(json_t *list, struct civil_date at, const char *who, const char *why)
{
    json_t *o = json_object();
    int r = 0;

    r |= report_put(o, "at", report_date(at));
    r |= report_put(o, "who", report_text(who));
    r |= report_put(o, "why", report_text(why));
    return r | json_array_append_new(list, o);
}

static json_t *breaks_of(const struct plan_spc *spc, const struct chart_break *breaks, size_t count)
{
    json_t *list = json_array();
    int r = list ? 0 : -1;

    for (size_t i = 0; r == 0 && i < spc->rebase_count; i++)
        r = add_break(list, spc->rebases[i].date, NULL, spc->rebases[i].why);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = add_break(list, breaks[i].at, breaks[i].who, breaks[i].why);
    if (r == 0)
        return list;
    json_decref(list);
    return NULL;
}

/* ---- the whole ---- */

static json_t *chart_object(const struct finding *f, const struct chart_break *breaks, size_t count)
{
    const struct control_chart *c = f->chart;
    const struct plan_spc *spc = f->measure->spc;
    const struct spc_segment *s = last_segment(c);
    bool good = c->state == CHART_GOOD;
    char holds[HOLD_WORDS_MAX];
    json_t *o = json_object();
    int r = 0;

    r |= report_put(o, "id", report_text(f->measure->id));
    r |= report_put(o, "title", report_text(f->title));
    r |= report_put(o, "plan", report_text(f->plan->id));
    r |= report_put(o, "unit", report_text(unit_name(finding_unit(f))));
    r |= report_put(o, "chart", report_text(state_name(c->state)));
    r |= report_put(o, "words", report_text(chart_words(c)));
    r |= report_put(o, "variation",
                    report_text(good ? chart_variation_name(c->spc.variation) : NULL));
    r |= report_put(o, "assurance",
                    report_text(good ? chart_assurance_name(c->spc.assurance) : NULL));
    r |= report_put(o, "mark",
                    report_text(good ? chart_cause_name(c->spc.points[c->n - 1].cause) : NULL));
    r |= report_put(o, "since", report_date(c->opened));
    r |= report_put(o, "held", json_boolean(f->holds != 0));
    r |= report_put(o, "holds", report_text(hold_words(f->holds, holds)));
    r |= report_put(o, "target", good ? report_number(c->options.target) : json_null());
    r |= report_put(o, "values", json_integer((json_int_t)c->segment_values));
    r |= report_put(o, "points_wanted", json_integer(spc->points));
    r |= report_put(o, "trial", json_boolean(c->is_trial));
    r |= report_put(o, "limits", report_text(spc->screens ? "screened" : "unscreened"));
    r |= report_put(o, "baseline", spc->baseline ? json_integer(spc->baseline) : json_null());
    r |= put_limits(o, s);
    r |= report_put(o, "breaks", breaks_of(spc, breaks, count));
    r |= report_put(o, "points", points_of(c));
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

json_t *report_spc(const struct finding_set *findings, const char *measure,
                   const struct chart_break *breaks, size_t break_count)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->list[i];

        if (f->rule == RULE_SPECIAL_CAUSE && strcmp(f->measure->id, measure) == 0)
            return chart_object(f, breaks, break_count);
    }
    return json_null();
}

/* ---- sentences ---- */

static const char *assurance_words(enum spc_assurance a)
{
    switch (a) {
    case SPC_PASS:
        return "as the process is, the target will be met each time";
    case SPC_FAIL:
        return "as the process is, the target will be missed each time: it must change";
    case SPC_HIT_OR_MISS:
        return "as the process is, chance decides whether the target is met";
    case SPC_NO_ASSURANCE:
        break;
    }
    return NULL;
}

int explain_chart(json_t *lines, const struct finding *f)
{
    const struct control_chart *c = f->chart;
    const struct spc_segment *s = last_segment(c);
    char mean[32], lower[32], upper[32], date[DATE_TEXT_MAX];
    int r = explain_say(lines, "Control chart: %s.", chart_words(c));

    if (r != 0 || c->state != CHART_GOOD)
        return r;
    const char *cause = chart_cause_words(c->spc.points[c->n - 1].cause);

    if (*cause)
        r |= explain_say(lines, "Newest figure, of the period to %s: %s.",
                         date_format(c->points[c->n - 1].end, date), cause);
    if (isfinite(s->lower))
        r |= explain_say(lines, "Mean %s, process limits %s to %s, %s, on %zu figures%s.",
                         text_number(s->mean, mean), text_number(s->lower, lower),
                         text_number(s->upper, upper),
                         c->options.screen_outliers ? "screened" : "unscreened", c->segment_values,
                         c->is_trial ? ": trial limits" : "");
    if (assurance_words(c->spc.assurance) && isfinite(s->lower))
        r |= explain_say(lines, "Assurance: %s.", assurance_words(c->spc.assurance));
    if (c->missing_after > 0)
        r |= explain_say(lines, "No usable figure since.");
    return r;
}
