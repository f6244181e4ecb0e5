/*
 * feed_metric - the metrics that tell how a feed comes, and not what it says
 *
 * Pure. The catalogue is one table, which plan.yaml and plan.yaml(5) follow. How they are counted says
 * pipeline_feed_figures.c. Source: DESIGN section 7; their figures are of files, never of people.
 */
#ifndef METRIC_FEED_METRIC_H
#define METRIC_FEED_METRIC_H

#include "metric/pathway_metric.h"

enum feed_metric_id { FEED_METRIC_AGE, FEED_METRIC_COVERAGE, FEED_METRIC_SET_ASIDE };
#define FEED_METRICS 3

struct feed_metric {
    const char *name;
    enum metric_kind kind; /* a stock ages by itself */
    enum unit unit;
    enum metric_better better;
    const char *definition;
};

/** The catalogue, in the order of enum feed_metric_id. */
const struct feed_metric *feed_metric_of(enum feed_metric_id id);
/** By its name; NULL: none. */
const struct feed_metric *feed_metric_find(const char *name);

#endif
