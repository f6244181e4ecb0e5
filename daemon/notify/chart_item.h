/*
 * chart_item - what is drawn of one alert
 *
 * Pure. The figures are those of its history, as the release ledger allows them (history.h); a special cause is
 * drawn as an XmR chart, a measure that is behind its plan beside the plan's milestones.
 */
#ifndef NOTIFY_CHART_ITEM_H
#define NOTIFY_CHART_ITEM_H

#include "notify/chart.h"
#include "notify/wording.h"

/** With nothing in it where the item is about no figures. */
void chart_of_item(const struct item_view *v, struct chart_drawing *out_drawing);

#endif
