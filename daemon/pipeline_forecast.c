#include "pipeline_internal.h"

#include <jansson.h>

#include "ctl/report_forecast.h"

#define DAYS_SHOWN 56 /* after today */

json_t *forecast_report(const struct pipeline *p, const char *id)
{
    const struct finding *f = finding_of_measure(&p->findings, id);
    struct outlook o = { .is_known = false, .data_date = DATE_NONE };
    json_t *report = NULL;

    if (!f)
        return json_null();
    if (!f->measure->list) /* it is known, and why it has none is said */
        return report_forecast(f, &o);
    struct measures_ageing *waits = measures_ageing_new(p);
    const struct outlook_source source = { measures_look, waits, p->forecasts };

    if (waits && outlook_make(&source, f->measure, &f->line_from,
                              date_add_days(pipeline_today(p), DAYS_SHOWN), &o) == 0)
        report = report_forecast(f, &o);
    outlook_release(&o);
    measures_ageing_free(waits);
    return report;
}
