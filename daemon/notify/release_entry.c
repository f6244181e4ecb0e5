#include "notify/release_entry.h"

#include <math.h>

#define SHOWN_MIN 5 /* as notify/figure.c has it */
#define ROUNDED   2 /* a whole number to the nearest 5 is at most so far from it */
#define WEEK      7

bool release_is_count(struct figure_kind kind)
{
    return kind.unit == UNIT_COUNT || kind.unit == UNIT_UNKNOWN;
}

double release_aged(int days, struct figure_kind kind)
{
    return kind.unit == UNIT_WEEKS ? (double)days / WEEK : kind.unit == UNIT_DAYS ? days : 0;
}

double release_scale(const struct plan_measure *m, const struct series_version *v)
{
    return m->list && m->list->metric.id == METRIC_TARGET_QUEUE && v->numerator > 0
               ? v->value / v->numerator
               : 1;
}

static void within(struct release_entry *e, double low, double high)
{
    e->low = fmax(e->low, low);
    e->high = fmin(e->high, high);
}

/* "About 9": it is at the line and would round to another number. */
static bool is_at_line(const struct release_figure *f, double shown)
{
    return f->version->value == f->line && shown != f->line;
}

static void within_shown(struct release_entry *e, const struct release_figure *f,
                         struct figure_kind kind, double shown)
{
    double aged = release_aged(f->aged, kind);

    if (isinf(shown))
        within(e, shown, shown);
    else if (f->aged == 0 && is_at_line(f, shown))
        within(e, f->line, f->line);
    else if (release_is_count(kind) && shown > 0)
        within(e, fmax(SHOWN_MIN, shown - ROUNDED), shown + ROUNDED);
    else if (release_is_count(kind))
        within(e, 0, 0);
    else
        within(e, shown - 0.5 - aged, shown + 0.5 - aged);
}

void release_entry_side(struct release_entry *e, const struct release_figure *f,
                        struct figure_kind kind)
{
    double aged = release_aged(f->aged, kind), scale = release_scale(f->measure, f->version);
    const struct side_range side =
        side_of_line(f->measure, e->value, f->line, release_is_count(kind) && scale == 1);

    within(e, (side.low - aged) / scale, (side.high - aged) / scale);
}

static void within_few(struct release_entry *e, struct figure_kind kind)
{
    within(e, kind.tells_none ? 1 : 0, SHOWN_MIN - 1);
}

void release_entry_none(struct release_entry *e, struct figure_kind kind)
{
    const struct series_version v = { .value = e->value, .numerator = e->numerator };
    double shown;

    if (!e->is_shown || !kind.tells_none)
        return;
    if (figure_is_few_to_tell(&v, kind))
        within_few(e, kind);
    else if (release_is_count(kind) && figure_shown(&v, kind, &shown) && shown == 0)
        within(e, 0, 0);
}

struct release_entry release_entry_of(const struct release_figure *f, struct figure_kind kind)
{
    const struct series_version *v = f->version;
    struct release_entry e = { v->value, v->numerator, v->denominator, -INFINITY, INFINITY, true };
    double shown, low, high, scale = release_scale(f->measure, v);

    if (figure_shown(v, kind, &shown))
        within_shown(&e, f, kind, shown);
    else if (figure_band(v, kind, &low, &high))
        within(&e, low - f->aged, high - f->aged);
    else if (figure_bounds(v, kind, &low, &high))
        within(&e, low, high);
    else if (figure_is_few_to_tell(v, kind))
        within_few(&e, kind);
    else
        e.is_shown = false;
    e.low /= scale;
    e.high /= scale;
    if (!kind.is_longest)
        release_entry_side(&e, f, kind);
    return e;
}

bool release_can_age(const struct plan_measure *m)
{
    switch (m->list ? m->list->metric.id : METRIC_SHORTFALL) {
    case METRIC_OPEN:
    case METRIC_OPEN_OVER:
    case METRIC_OPEN_WITHIN:
    case METRIC_MEDIAN_WAIT:
    case METRIC_P90_WAIT:
    case METRIC_P92_WAIT:
    case METRIC_MEAN_WAIT:
    case METRIC_LONGEST_WAIT:
        return true;
    default:
        return false;
    }
}
