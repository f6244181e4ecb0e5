#include "pipeline_internal.h"

#include <jansson.h>

#include "ctl/report.h"
#include "ctl/report_about.h"

/* Figures that a daemon before this one took have receipts of its journal, which is not here. */
static struct provenance provenance_of(const struct pipeline *p, const struct finding *f)
{
    const struct series_point *point = finding_newest_point(f);
    uint64_t number = point ? series_current(point)->receipt : 0;
    const struct receipt *r =
        number > p->receipt_base ? receipt_find(p, number - p->receipt_base) : NULL;
    const struct feed_setting *feed = r ? settings_feed(p->config->settings, r->feed) : NULL;

    if (!r)
        return (struct provenance){ NULL, NULL, NULL, NULL, 0 };
    return (struct provenance){ feed ? feed->title : NULL, r->name, r->sha256,
                                r->archived ? r->archived : r->sha256, r->sequence };
}

json_t *about_report(const struct pipeline *p, const char *id)
{
    const struct finding *f = finding_of_measure(&p->findings, id);
    json_t *o = report_measure(&p->findings, id);

    if (!f || !o)
        return o;
    const struct about a = { .finding = f,
                             .chart = finding_beside(&p->findings, f, RULE_SPECIAL_CAUSE),
                             .standard =
                                 f->measure->standard.id
                                     ? standard_find(p->config->standards, f->measure->standard.id)
                                     : NULL,
                             .from = provenance_of(p, f),
                             .judged = series_judged(p, f->measure) };

    if (report_about(o, &a) == 0)
        return o;
    json_decref(o);
    return NULL;
}
