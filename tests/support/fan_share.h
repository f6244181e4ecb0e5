/*
 * fan_share - how much of a figure lies between two quantiles of a forecast's fan
 *
 * Figures are whole numbers, and many fans of a short list say 0 on each path: there the two ends are one
 * figure, which covers more than it promises. So the paths that have just the figure are shared out, as if
 * each stood somewhere about it: over many lists the sum is the share that the fan promises, no more.
 * Header only.
 */
#ifndef SUPPORT_FAN_SHARE_H
#define SUPPORT_FAN_SHARE_H

#include "metric/forecast.h"

static inline double fan_share(const struct forecast_fan *fan, double value, double low,
                               double high)
{
    double below = 0, same = 0, all = (double)fan->count + 1;

    for (size_t i = 0; i < fan->count; i++) {
        below += fan->values[i] < value;
        same += fan->values[i] == value;
    }
    double from = below / all, upto = (below + same + 1) / all;
    double inside = (upto < high ? upto : high) - (from > low ? from : low);

    return inside > 0 ? inside / (upto - from) : 0;
}

#endif
