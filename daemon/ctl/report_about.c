#include "ctl/report_about.h"

#include <math.h>
#include <string.h>

#include "base/auto.h"
#include "ctl/report_json.h"
#include "plan/control_chart.h"
#include "plan/target_words.h"

/* ---- what is counted ---- */

#define OPEN "pathways whose clock runs at the end of the day"

/* Numerator and denominator of a list metric, where it has them. */
static const struct {
    const char *counted, *out_of;
} parts[PATHWAY_METRICS] = {
    [METRIC_OPEN] = { OPEN, NULL },
    [METRIC_OPEN_OVER] = { "open pathways that have waited longer", OPEN },
    [METRIC_OPEN_WITHIN] = { "open pathways that have waited no longer", OPEN },
    [METRIC_MEDIAN_WAIT] = { NULL, OPEN },
    [METRIC_P90_WAIT] = { NULL, OPEN },
    [METRIC_P92_WAIT] = { NULL, OPEN },
    [METRIC_MEAN_WAIT] = { NULL, OPEN },
    [METRIC_LONGEST_WAIT] = { "open pathways that have waited as long", OPEN },
    [METRIC_COMPLETED_WITHIN] = { "pathways completed in the period after no longer a wait",
                                  "all completed in it" },
    [METRIC_COMPLETED] = { "pathways completed in the period", NULL },
    [METRIC_REFERRALS] = { "clocks that started in the period", NULL },
    [METRIC_FIRST_CONTACTS] = { "first contacts in the period", NULL },
    [METRIC_CLOCK_STOPS] = { "clocks that stopped in the period", NULL },
    [METRIC_REMOVALS_UNSEEN] = { "pathways that left unseen in the period", NULL },
    [METRIC_NET_CHANGE] = { "clocks started less clocks stopped", NULL },
    [METRIC_BREACHING_WITHIN] = { "open pathways that will pass the standard", OPEN },
    [METRIC_CLEARANCE_WEEKS] = { "clocks that started in the period", OPEN },
    [METRIC_LOAD] = { "clocks that started in the period", OPEN },
    [METRIC_TARGET_QUEUE] = { "clocks that started in the period", OPEN },
    [METRIC_RELIEF_CAPACITY] = { "clocks that started in the period", OPEN },
    [METRIC_PRESSURE] = { NULL, OPEN },
    [METRIC_SHORTFALL] = { "open pathways over the standard", OPEN },
};

static json_t *definition_of(const struct plan_measure *m)
{
    AUTO(text_release) struct text t = TEXT_INIT;

    if (m->list)
        text_printf(&t, "%s: %s; of list %s, provider %s", m->list->text,
                    metric_def_of(m->list->metric.id)->definition, m->list->list, measure_org(m));
    else if (m->of_feed)
        text_printf(&t, "%s of feed %s: %s", m->published, m->select.feed, m->of_feed->definition);
    else
        text_printf(&t, "%s, as %s %s %s%s%s%s%s", m->published,
                    m->manual ? "people report it through feed" : "published in feed",
                    m->select.feed, m->select.org, m->select.breakdown ? ", breakdown " : "",
                    m->select.breakdown ? m->select.breakdown : "", m->select.secondary ? ", " : "",
                    m->select.secondary ? m->select.secondary : "");
    if (m->survey.wording)
        text_printf(&t, "; the question as worded in %s", m->survey.wording);
    return text_ok(&t) ? report_text(text_str(&t)) : NULL;
}

static json_t *promise_of(const struct finding *f)
{
    AUTO(text_release) struct text t = TEXT_INIT;

    if (target_words(f->measure, finding_unit(f), &t) < 0)
        return NULL;
    return t.len ? report_text(text_str(&t)) : json_null();
}

/* ---- the standard, the file, the chart ---- */

static json_t *standard_of(const struct standard *s)
{
    json_t *o = s ? json_object() : json_null();
    int r = 0;

    if (!s)
        return o;
    r |= report_put(o, "id", report_text(s->id));
    r |= report_put(o, "title", report_text(s->title));
    r |= report_put(o, "kind", report_text(line_of_name((enum line_of)s->kind)));
    r |= report_put(o, "definition", report_text(s->definition));
    r |= report_put(o, "source", report_text(s->source));
    r |= report_put(o, "confidence",
                    report_text(confidence_name((enum standard_confidence)s->confidence)));
    r |= report_put(o, "note", report_text(s->note));
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *provenance_of(const struct about *a)
{
    const struct finding *f = a->finding;
    const struct series_point *point = finding_newest_point(f);
    const struct series_version *v = point ? series_current(point) : NULL;
    json_t *o = json_object();
    int r = 0;

    r |= report_put(o, "feed", report_text(measure_source(f->measure)));
    r |= report_put(o, "feed_title", report_text(a->from.feed_title));
    r |= report_put(o, "file", report_text(a->from.file));
    r |= report_put(o, "sha256", report_text(a->from.sha256));
    r |= report_put(o, "archived", report_text(a->from.archived));
    r |= report_put(o, "receipt",
                    a->from.receipt ? json_integer((json_int_t)a->from.receipt) : json_null());
    r |= report_put(o, "received", v ? report_time(v->as_of) : json_null());
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *chart_of(const struct finding *f)
{
    const struct control_chart *c = f ? f->chart : NULL;
    bool good = c && c->state == CHART_GOOD;
    const struct spc_segment *s =
        good && c->spc.segment_count ? &c->spc.segments[c->spc.segment_count - 1] : NULL;
    const char *rule = good ? chart_cause_words(c->spc.points[c->n - 1].cause) : "";
    json_t *o = c ? json_object() : json_null();
    int r = 0;

    if (!c)
        return o;
    r |= report_put(o, "words", report_text(chart_words(c)));
    r |= report_put(o, "rule", report_text(*rule ? rule : NULL));
    r |= report_put(o, "mean", s ? report_number(s->mean) : json_null());
    r |= report_put(o, "lower", s ? report_number(s->lower) : json_null());
    r |= report_put(o, "upper", s ? report_number(s->upper) : json_null());
    r |= report_put(o, "limits", report_text(f->measure->spc->screens ? "screened" : "unscreened"));
    r |= report_put(o, "trial", json_boolean(c->is_trial));
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

int report_about(json_t *o, const struct about *a)
{
    const struct plan_measure *m = a->finding->measure;
    bool is_list = m->list != NULL;
    int r = 0;

    r |= report_put(o, "definition", definition_of(m));
    r |= report_put(o, "counted", report_text(is_list ? parts[m->list->metric.id].counted : NULL));
    r |= report_put(o, "out_of", report_text(is_list ? parts[m->list->metric.id].out_of : NULL));
    r |= report_put(o, "promise", promise_of(a->finding));
    r |= report_put(o, "standard", standard_of(a->standard));
    r |= report_put(o, "provenance", provenance_of(a));
    r |= report_put(o, "judged", a->judged >= 0 ? json_integer(a->judged) : json_null());
    r |= report_put(o, "periods", json_integer(PERIODS_LOOKED_AT));
    return r | report_put(o, "chart", chart_of(a->chart));
}
