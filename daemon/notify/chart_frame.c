#include "notify/chart_private.h"

#include <math.h>
#include <stdio.h>

#define LEGEND_LINE  21.0
#define TICKS_WANTED 5
#define DATES_WANTED 5

/* ---- the axes ---- */

static void reach(struct field *f, double value)
{
    if (!isfinite(value))
        return;
    f->low = fmin(f->low, value);
    f->high = fmax(f->high, value);
}

/* 1, 2, 2.5 or 5 times a power of ten. */
static double nice_step(double rough)
{
    static const double steps[] = { 1, 2, 2.5, 5, 10 };
    double power = pow(10, floor(log10(rough)));

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (rough <= steps[i] * power)
            return steps[i] * power;
    return 10 * power;
}

static void set_values(struct field *f)
{
    const struct chart_drawing *d = f->d;
    bool can_be_negative;

    f->low = INFINITY;
    f->high = -INFINITY;
    for (size_t i = 0; i < d->count; i++) {
        if (d->figures[i].is_hidden)
            continue;
        reach(f, d->figures[i].value);
        reach(f, d->figures[i].low);
        reach(f, d->figures[i].high);
    }
    can_be_negative = f->low < 0;
    for (size_t i = 0; i < d->limit_count; i++) {
        reach(f, d->limits[i].mean);
        reach(f, d->limits[i].lower);
        reach(f, d->limits[i].upper);
    }
    for (size_t i = 0; i < d->milestone_count; i++)
        reach(f, d->milestones[i].value);
    if (!can_be_negative && f->low < f->high / 2)
        f->low = 0;
    if (f->high - f->low < 1) /* figures that never vary */
        f->high = f->low + 1;
    f->step = nice_step((f->high - f->low) / TICKS_WANTED);
    f->low = floor(f->low / f->step) * f->step;
    f->high = ceil(f->high / f->step) * f->step;
}

static void draw_values(const struct field *f)
{
    for (int i = 0; f->low + i * f->step <= f->high + f->step / 2; i++) {
        double value = f->low + i * f->step, y = round(y_of(f, value)) + 0.5;
        char words[FIGURE_MAX];

        chart_grid_line(f, f->left, y, f->right, y);
        (void)figure_amount(value, f->d->unit == UNIT_PERCENT ? UNIT_PERCENT : UNIT_COUNT, words);
        chart_write(f, words, f->left - 8, y + 5, 1);
    }
}

static void set_days(struct field *f)
{
    const struct chart_drawing *d = f->d;

    f->first_day = d->figures[0].end.day;
    f->last_day = d->figures[d->count - 1].end.day;
    if (d->milestone_count && d->milestones[d->milestone_count - 1].date.day > f->last_day)
        f->last_day = d->milestones[d->milestone_count - 1].date.day;
}

/* Months as people write them; days too where the whole is short. */
static void date_words(const struct field *f, struct civil_date date, char out[32])
{
    int year, month, day;

    date_to_ymd(date, &year, &month, &day);
    if (f->last_day - f->first_day < 120)
        (void)snprintf(out, 32, "%d %s", day, date_month_name(month, true));
    else
        (void)snprintf(out, 32, "%s %d", date_month_name(month, true), year);
}

static void draw_dates(const struct field *f)
{
    double written = 0;
    int step = (f->last_day - f->first_day) / DATES_WANTED;

    chart_axis_line(f, f->left, f->bottom + 0.5, f->right, f->bottom + 0.5);
    for (int day = f->first_day; day <= f->last_day; day += step > 0 ? step : 1) {
        struct civil_date date = { day };
        double x = x_of(f, date), half;
        char words[32];

        date_words(f, date, words);
        half = chart_words_width(words) / 2;
        if (x - half < written || x + half > f->right + MARGIN_RIGHT)
            continue;
        chart_axis_line(f, round(x) + 0.5, f->bottom, round(x) + 0.5, f->bottom + 5);
        chart_write(f, words, x, f->bottom + 21, 0.5);
        written = x + half + 10;
    }
}

void chart_set_axes(struct field *f)
{
    set_values(f);
    set_days(f);
}

void chart_draw_axes(const struct field *f)
{
    draw_values(f);
    draw_dates(f);
}

/* ---- the legend ---- */

struct legend_row {
    bool is_there;
    enum chart_form form;
    enum chart_mark mark;
    const char *words;
};

static void swatch(const struct field *f, const struct legend_row *row, double x, double y)
{
    switch (row->form) {
    case FORM_DOT:
        chart_line(f, FORM_DOT, x, y, x + 2 * LETTER_SIZE, y);
        chart_dot(f, x + LETTER_SIZE, y);
        break;
    case FORM_RANGE:
        chart_range(f, x + LETTER_SIZE, y + 6, y - 6);
        break;
    case FORM_STAR:
        chart_write(f, "*", x + LETTER_SIZE, y + 7, 0.5);
        break;
    case FORM_PLAN:
        chart_line(f, FORM_PLAN, x, y, x + 2 * LETTER_SIZE, y);
        chart_square(f, x + LETTER_SIZE, y);
        break;
    case FORM_MEAN:
    case FORM_LIMIT:
        chart_line(f, row->form, x, y, x + 2 * LETTER_SIZE, y);
        break;
    case FORM_MARK:
        chart_diamond(f, x + LETTER_SIZE, y, row->mark);
        break;
    }
}

static bool has_mark(const struct chart_drawing *d, enum chart_mark mark)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->figures[i].mark == mark)
            return true;
    return false;
}

double chart_draw_legend(const struct field *f)
{
    const struct chart_drawing *d = f->d;
    bool has_dots = false, has_ranges = false, has_stars = false;

    for (size_t i = 0; i < d->count; i++) {
        has_dots |= has_height(&d->figures[i]);
        has_ranges |= has_range(&d->figures[i]);
        has_stars |= d->figures[i].is_hidden;
    }
    const struct legend_row rows[] = {
        { has_dots, FORM_DOT, CHART_UNMARKED,
          d->unit == UNIT_DAYS    ? "figure, days"
          : d->unit == UNIT_WEEKS ? "figure, weeks"
                                  : "figure" },
        { has_ranges, FORM_RANGE, CHART_UNMARKED, d->unit == UNIT_DAYS ? "range, days" : "range" },
        { d->milestone_count > 0, FORM_PLAN, CHART_UNMARKED, "plan" },
        { d->limit_count > 0, FORM_MEAN, CHART_UNMARKED, "mean" },
        { d->limit_count > 0, FORM_LIMIT, CHART_UNMARKED, "process limits" },
        { has_mark(d, CHART_WORSE), FORM_MARK, CHART_WORSE, "change for the worse" },
        { has_mark(d, CHART_BETTER), FORM_MARK, CHART_BETTER, "change for the better" },
        { has_mark(d, CHART_CHANGED), FORM_MARK, CHART_CHANGED, "change" },
        { has_stars, FORM_STAR, CHART_UNMARKED, "not shown" },
    };
    double x = f->left, y = LEGEND_LINE / 2 + 4;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double width = 2.4 * LETTER_SIZE + chart_words_width(rows[i].words);

        if (!rows[i].is_there)
            continue;
        if (x > f->left && x + width > f->right) {
            x = f->left;
            y += LEGEND_LINE;
        }
        swatch(f, &rows[i], x, y);
        chart_write(f, rows[i].words, x + 2.4 * LETTER_SIZE, y + 5, 0);
        x += width + 1.2 * LETTER_SIZE;
    }
    return y + LEGEND_LINE / 2;
}
