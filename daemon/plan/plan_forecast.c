/*
 * plan_forecast - `forecast:` of a measure in plan.yaml
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan/outlook.h"
#include "plan/plan_yaml.h"

#define WITHIN_DEFAULT 28

struct forecast_reading {
    double chance;
    yaml_node *within;
    long at_most;
};

#define FORECAST(field) BIND_FIELD(struct forecast_reading, field)

static const struct bind_key forecast_keys[] = {
    { "chance", BIND_NUMBER, FORECAST(chance), "50", 1, 99, NULL, 0,
      "told when the chance to meet the next milestone is below so many per cent" },
    { "within", BIND_NODE, FORECAST(within), NULL, 0, 0, NULL, 0,
      "how far ahead at_most looks, in days or weeks; 28d when left out" },
    { "at_most", BIND_INTEGER, FORECAST(at_most), NULL, 0, 1000000, NULL, 0,
      "told when more than so many will pass the measure's wait within that time, if nobody is "
      "seen" },
    BIND_END,
};

static void check_sense(struct plan_reading *r, const struct measure_reading *reading)
{
    const struct plan_measure *m = &reading->m;

    if (m->list == NULL) {
        plan_complain(r, reading->forecast, PLAN_KEY_OF_NO_USE,
                      "leave it out, or watch a metric of a waiting list",
                      "forecast: it rests on who waits, and a published figure does not say");
        return;
    }
    if (!m->forecast->has_at_most && m->expect_count == 0 && !date_is_set(m->target_by))
        plan_complain(r, reading->forecast, PLAN_NO_MILESTONE,
                      "add milestones, \"by:\" to the target, or at_most",
                      "forecast: there is no milestone that could be missed");
    if (m->forecast->has_at_most && reading->metric_is_good && outlook_line(m).count == 0)
        plan_complain(r, yaml_get(reading->forecast, "at_most"), PLAN_KEY_OF_NO_USE,
                      "for example metric: \"open-over:18w\"",
                      "forecast: at_most: the measure names no wait that could be passed");
}

static void read_within(struct plan_reading *r, yaml_node *within, struct span *out)
{
    const char *text = within ? yaml_text(within) : NULL;
    struct span s;

    if (yaml_is_nothing(within))
        return;
    if (text && metric_wait_parse(text, &s) == 0 && s.unit != SPAN_MONTHS &&
        s.count * (s.unit == SPAN_WEEKS ? 7 : 1) <= FORECAST_DAYS_MAX)
        *out = s;
    else
        plan_complain(r, within, PLAN_BAD_WAIT, "for example 28d or 4w",
                      "forecast: within \"%.40s\" is no time of at most a year in days or weeks",
                      text ? text : "");
}

int plan_forecast_read(struct plan_reading *r, struct measure_reading *reading)
{
    const char *text = reading->forecast && yaml_kind(reading->forecast) == YAML_SCALAR
                           ? yaml_text(reading->forecast)
                           : NULL;
    struct forecast_reading f = { .chance = 50 };
    struct plan_measure *m = &reading->m;
    int result = 0;

    if (yaml_is_nothing(reading->forecast) || (text && plan_switch(text) == 0))
        return 0;
    if (yaml_kind(reading->forecast) == YAML_MAPPING) {
        result = bind_mapping(r->y, reading->forecast, "forecast", forecast_keys, &f, r->diags);
    } else if (!text || plan_switch(text) < 0) {
        plan_complain(r, reading->forecast, PLAN_BAD_VALUE,
                      "write \"forecast: on\" or {chance: 50, within: 28d, at_most: 5}",
                      "measure: forecast says neither that one is made nor how");
        return 0;
    }
    if (result == -ENOMEM)
        return result;
    m->forecast = calloc(1, sizeof *m->forecast);
    if (!m->forecast)
        return -ENOMEM;
    *m->forecast = (struct plan_forecast){
        .chance = f.chance,
        .within = { WITHIN_DEFAULT, SPAN_DAYS },
        .has_at_most = !yaml_is_nothing(yaml_get(reading->forecast, "at_most")),
        .at_most = f.at_most,
    };
    read_within(r, f.within, &m->forecast->within);
    check_sense(r, reading);
    if (!m->list) { /* said */
        free(m->forecast);
        m->forecast = NULL;
    }
    return 0;
}
