#include "pipeline_internal.h"

#include <string.h>

#include <jansson.h>

#include "ctl/report_gap.h"

static int add(const struct pipeline *p, const struct finding *f,
               const struct outlook_source *waits, json_t *list)
{
    struct gap g;
    int r = gap_make(f, waits, pipeline_today(p), &g);

    return r < 0 ? r : json_array_append_new(list, report_gap(&g));
}

json_t *gap_report(const struct pipeline *p, const char *plan)
{
    struct measures_ageing *waits = measures_ageing_new(p);
    const struct outlook_source source = { measures_look, waits, p->forecasts };
    json_t *list = waits ? json_array() : NULL;
    int r = list ? 0 : -1;

    for (size_t i = 0; r == 0 && i < p->findings.count; i++) {
        const struct finding *f = &p->findings.list[i];

        if (f->rule == RULE_BEHIND_PLAN && (!*plan || strcmp(f->plan->id, plan) == 0))
            r = add(p, f, &source, list);
    }
    measures_ageing_free(waits);
    if (r == 0)
        return list;
    json_decref(list);
    return NULL;
}
