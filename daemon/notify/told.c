#include "notify/told.h"

#include <math.h>

static const struct series_version *ask(const struct message_context *c,
                                        const struct release_figure *f, struct series_version *room,
                                        struct figure_kind *out_kind)
{
    out_kind->is_withheld = false; /* another figure of it may be, which is nothing to this one */
    if (!f->version || !f->measure || !c->release)
        return f->version;
    out_kind->is_withheld = !release_ask(c->release, f, *out_kind, room);
    return room;
}

const struct series_version *
told_released(const struct message_context *c, const struct plan_measure *m, struct period period,
              int aged, double line, const struct series_version *version,
              struct series_version *room, struct figure_kind *out_kind)
{
    const struct release_figure f = { m, period.start, period.end, aged, version, line, false };

    return ask(c, &f, room, out_kind);
}

void told_figure(const struct message_context *c, const struct plan_measure *m,
                 struct figure_kind kind, struct period period,
                 const struct series_version *version, bool yields, struct told_figure *out)
{
    const struct release_figure f = { m, period.start, period.end, 0, version, NAN, yields };
    struct series_version room;
    const struct series_version *told = ask(c, &f, &room, &kind);

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
