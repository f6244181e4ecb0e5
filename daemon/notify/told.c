#include "notify/told.h"

#include <math.h>

const struct series_version *
told_released(const struct message_context *c, const struct plan_measure *m, struct period period,
              int aged, double line, const struct series_version *version,
              struct series_version *room, struct figure_kind *out_kind)
{
    const struct release_figure f = { m, period.start, period.end, aged, version, line };

    out_kind->is_withheld = false; /* another figure of it may be, which is nothing to this one */
    if (!version || !m || !c->release)
        return version;
    out_kind->is_withheld = !release_ask(c->release, &f, *out_kind, room);
    return room;
}

void told_figure(const struct message_context *c, const struct plan_measure *m,
                 struct figure_kind kind, struct period period,
                 const struct series_version *version, struct told_figure *out)
{
    struct series_version room;
    const struct series_version *told = told_released(c, m, period, 0, NAN, version, &room, &kind);

    out->low = out->high = NAN;
    if (figure_band(told, kind, &out->low, &out->high)) {
        out->low /= kind.unit == UNIT_WEEKS ? 7 : 1;
        out->high /= kind.unit == UNIT_WEEKS ? 7 : 1;
    } else {
        (void)figure_bounds(told, kind, &out->low, &out->high);
    }
    out->has_value = figure_shown(told, kind, &out->value);
    (void)message_figure(told, kind, out->figure);
}
