#include "notify/chart.h"

#include <math.h>
#include <stdio.h>

#include "notify/wording.h"

/* The same as the picture, in words. */

static void say_figures(const struct chart_drawing *d, struct text *out)
{
    char date[WORDING_DATE_MAX];

    (void)text_puts(out, "Chart. Figures: ");
    for (size_t i = 0; i < d->count; i++) {
        const struct chart_figure *f = &d->figures[i];

        (void)text_printf(out, "%s%s %s", i ? "; " : "", wording_date(f->end, date), f->words);
        if (f->mark != CHART_UNMARKED)
            (void)text_printf(out, " (a change%s that chance does not explain)",
                              f->mark == CHART_WORSE    ? " for the worse"
                              : f->mark == CHART_BETTER ? " for the better"
                                                        : "");
    }
    (void)text_puts(out, ".");
}

/* As precise as a picture: whole, or to one decimal where the figures are small. */
static const char *roughly(double value, enum unit unit, char out[FIGURE_MAX])
{
    return figure_amount(fabs(value) < 20 ? round(value * 10) / 10 : round(value), unit, out);
}

static void say_limits(const struct chart_drawing *d, struct text *out)
{
    char mean[FIGURE_MAX], lower[FIGURE_MAX], upper[FIGURE_MAX], date[WORDING_DATE_MAX];

    for (size_t i = 0; i < d->limit_count; i++) {
        const struct chart_limits *l = &d->limits[i];

        if (!isfinite(l->mean))
            continue;
        (void)text_puts(out, " ");
        if (d->limit_count > 1)
            (void)text_printf(out, "From %s: mean ", wording_date(d->figures[l->first].end, date));
        else
            (void)text_puts(out, "Mean ");
        (void)text_puts(out, roughly(l->mean, d->unit, mean));
        if (isfinite(l->lower) && isfinite(l->upper))
            (void)text_printf(out, ", process limits %s to %s", roughly(l->lower, d->unit, lower),
                              roughly(l->upper, d->unit, upper));
        (void)text_puts(out, ".");
    }
}

static void say_plan(const struct chart_drawing *d, struct text *out)
{
    char value[FIGURE_MAX], date[WORDING_DATE_MAX];

    if (d->milestone_count)
        (void)text_puts(out, " Plan: ");
    for (size_t i = 0; i < d->milestone_count; i++)
        (void)text_printf(out, "%s%s %s %s", i ? "; " : "",
                          figure_amount(d->milestones[i].value, d->unit, value),
                          d->milestones[i].is_milestone ? "by" : "from",
                          wording_date(d->milestones[i].date, date));
    if (d->milestone_count)
        (void)text_puts(out, ".");
}

void chart_alt(const struct chart_drawing *d, struct text *out)
{
    say_figures(d, out);
    say_limits(d, out);
    say_plan(d, out);
}
