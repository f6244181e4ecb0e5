/*
 * chart_private - what the parts of a chart share
 *
 * chart_pen.c: letters and forms; chart_frame.c: axes and legend; chart.c: the figures, and the PNG.
 */
#ifndef NOTIFY_CHART_PRIVATE_H
#define NOTIFY_CHART_PRIVATE_H

#include <math.h>

#include <cairo.h>

#include "notify/chart.h"

/* CSS pixels. */
#define MARGIN_LEFT   54.0
#define MARGIN_RIGHT  18.0
#define MARGIN_BOTTOM 34.0
#define INSET         8.0 /* of the first and the last day */
#define LETTER_SIZE   14.0

/* What is drawn as a line, or as a form of its own. */
enum chart_form { FORM_DOT, FORM_RANGE, FORM_STAR, FORM_PLAN, FORM_MEAN, FORM_LIMIT, FORM_MARK };

/* The field of the drawing: days and values to places on it. */
struct field {
    cairo_t *to;
    const struct chart_drawing *d;
    double left, right, top, bottom;
    int first_day, last_day;
    double low, high, step; /* of the value axis */
};

/* Whether it has a height of its own; what is hidden has none, whatever it is. */
static inline bool has_height(const struct chart_figure *f)
{
    return isfinite(f->value) && !f->is_hidden;
}

static inline bool has_range(const struct chart_figure *f)
{
    return isfinite(f->low) && !f->is_hidden;
}

static inline double x_of(const struct field *f, struct civil_date date)
{
    return f->left + INSET +
           (f->right - f->left - 2 * INSET) * (date.day - f->first_day) /
               (double)(f->last_day - f->first_day);
}

static inline double y_of(const struct field *f, double value)
{
    return f->bottom - (f->bottom - f->top) * (value - f->low) / (f->high - f->low);
}

/* ---- chart_pen.c ---- */

void chart_ground(const struct field *f);
double chart_words_width(const char *words);
/* align: 0 begins at x, 0.5 is centred on it, 1 ends there; y is the line that letters stand on. */
void chart_write(const struct field *f, const char *words, double x, double y, double align);
/* The same on a ground of its own, over what is there already. */
void chart_write_over(const struct field *f, const char *words, double x, double y);
void chart_dot(const struct field *f, double x, double y);
void chart_square(const struct field *f, double x, double y);
void chart_diamond(const struct field *f, double x, double y, enum chart_mark mark);
void chart_range(const struct field *f, double x, double y_low, double y_high);
/* Begins a line of a form; cairo_move_to, cairo_line_to; ends it. */
void chart_pen(const struct field *f, enum chart_form form);
void chart_stroke(const struct field *f);
void chart_line(const struct field *f, enum chart_form form, double x0, double y0, double x1,
                double y1);
/* Lines of the grid and of the axis; what stands behind a hidden figure. */
void chart_grid_line(const struct field *f, double x0, double y0, double x1, double y1);
void chart_axis_line(const struct field *f, double x0, double y0, double x1, double y1);
void chart_veil(const struct field *f, double x, double width);

/* ---- chart_frame.c ---- */

/* Sets the days and values that the axes have: .to, .d, .left, .right, .top and .bottom are set. */
void chart_set_axes(struct field *f);
void chart_draw_axes(const struct field *f);
/* Draws it at the top. Returns how high it is. */
double chart_draw_legend(const struct field *f);

#endif
