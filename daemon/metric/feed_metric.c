#include "metric/feed_metric.h"

#include <assert.h>
#include <string.h>

static const struct feed_metric catalogue[FEED_METRICS] = {
    [FEED_METRIC_AGE] = { "feed-age", METRIC_STOCK, UNIT_DAYS, BETTER_LOWER,
                          "days since the last file that brought something new" },
    [FEED_METRIC_COVERAGE] = { "coverage", METRIC_FLOW, UNIT_PERCENT, BETTER_HIGHER,
                               "providers with figures for the period, of those that the feed must "
                               "cover" },
    [FEED_METRIC_SET_ASIDE] = { "set-aside-rate", METRIC_FLOW, UNIT_PERCENT, BETTER_LOWER,
                                "rows set aside, of those of the day's files that took effect" },
};

const struct feed_metric *feed_metric_of(enum feed_metric_id id)
{
    assert((size_t)id < FEED_METRICS);
    return &catalogue[id];
}

const struct feed_metric *feed_metric_find(const char *name)
{
    for (size_t i = 0; i < FEED_METRICS; i++)
        if (strcmp(catalogue[i].name, name) == 0)
            return &catalogue[i];
    return NULL;
}
