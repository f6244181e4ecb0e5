#include "ctl/report_forecast.h"

#include <math.h>
#include <stdio.h>

#include "ctl/report_json.h"

static json_t *checked(json_t *o, int r)
{
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *line_of(struct span s)
{
    char text[32];

    if (s.count == 0)
        return json_null();
    (void)snprintf(text, sizeof text, "%ld%s", s.count,
                   s.unit == SPAN_WEEKS    ? "w"
                   : s.unit == SPAN_MONTHS ? "m"
                                           : "d");
    return report_text(text);
}

static json_t *days_of(const struct outlook *o)
{
    json_t *list = json_array();
    int r = list ? 0 : -1;

    for (size_t i = 0; r == 0 && i < o->day_count; i++) {
        json_t *day = json_object();

        r |= report_put(day, "day", report_date(o->days[i].day));
        r |= report_put(day, "crossing", json_integer((json_int_t)o->days[i].crossing));
        r |= report_put(day, "over", json_integer((json_int_t)o->days[i].over));
        r |= json_array_append_new(list, day);
    }
    return checked(list, r);
}

static json_t *quantile_of(const struct outlook_milestone *m, double share)
{
    double value = m->fan.count > 0 ? forecast_quantile(&m->fan, share) : NAN;

    return report_number(isfinite(value) ? round(value * 1e6) / 1e6 : value);
}

static json_t *milestones_of(const struct outlook *o)
{
    static const struct {
        const char *key;
        double share;
    } fan[] = {
        { "p10", 0.10 }, { "p25", 0.25 }, { "p50", 0.50 }, { "p75", 0.75 }, { "p90", 0.90 }
    };
    json_t *list = json_array();
    int r = list ? 0 : -1;

    for (size_t i = 0; r == 0 && i < o->milestone_count; i++) {
        const struct outlook_milestone *m = &o->milestones[i];
        json_t *row = json_object();

        r |= report_put(row, "date", report_date(m->date));
        r |= report_put(row, "window_start", report_date(m->window.start));
        r |= report_put(row, "window_end", report_date(m->window.end));
        r |= report_put(row, "expected", report_number(m->line));
        for (size_t k = 0; k < sizeof fan / sizeof fan[0]; k++)
            r |= report_put(row, fan[k].key, quantile_of(m, fan[k].share));
        r |= report_put(row, "chance", report_number(round(m->chance * 10) / 10));
        r |= json_array_append_new(list, row);
    }
    return checked(list, r);
}

static const char *words_of(const struct plan_measure *m, const struct outlook *o)
{
    if (m->of_feed)
        return "it has no forecast: it watches a feed, and no list of people who wait";
    if (!m->list)
        return "it has no forecast: of a figure that comes from others nobody's wait is known, as "
               "it is of a list";
    if (!o->is_known)
        return "nothing is known of its list";
    if (o->milestone_count == 0)
        return "no milestone of the plan is to come within a year";
    if (o->milestones[0].fan.count == 0)
        return "starts and stops are known of too few weeks to say what is likely";
    return "days: if nobody is seen; milestones: as the recent weeks went";
}

json_t *report_forecast(const struct finding *f, const struct outlook *o)
{
    json_t *all = json_object();
    int r = 0;

    r |= report_put(all, "id", report_text(f->measure->id));
    r |= report_put(all, "title", report_text(f->title));
    r |= report_put(all, "plan", report_text(f->plan->id));
    r |= report_put(all, "unit", report_text(unit_name(finding_unit(f))));
    r |= report_put(all, "words", report_text(words_of(f->measure, o)));
    r |= report_put(all, "data_date", report_date(o->data_date));
    r |= report_put(all, "line", line_of(o->line));
    r |= report_put(all, "set_aside", json_integer((json_int_t)o->set_aside));
    r |= report_put(all, "days", days_of(o));
    r |= report_put(all, "milestones", milestones_of(o));
    return checked(all, r);
}
