#include "notify/chart_private.h"

#include <stdlib.h>

#include "notify/chart_glyph.h"

/* Colours that differ in lightness as much as in hue. */
struct colour {
    double red, green, blue;
};

static const struct colour ground = { 1, 1, 1 };
static const struct colour ink = { 0.13, 0.17, 0.20 };    /* words */
static const struct colour faint = { 0.86, 0.88, 0.89 };  /* grid */
static const struct colour veil = { 0.93, 0.94, 0.95 };   /* behind what is hidden */
static const struct colour blue = { 0.00, 0.28, 0.62 };   /* figures */
static const struct colour brown = { 0.62, 0.29, 0.00 };  /* the plan */
static const struct colour grey = { 0.35, 0.39, 0.42 };   /* mean and limits */
static const struct colour orange = { 0.96, 0.52, 0.05 }; /* worse */
static const struct colour sky = { 0.45, 0.74, 0.95 };    /* better */

static void use(const struct field *f, struct colour c, double width)
{
    cairo_set_source_rgb(f->to, c.red, c.green, c.blue);
    cairo_set_line_width(f->to, width);
}

void chart_ground(const struct field *f)
{
    use(f, ground, 1);
    cairo_paint(f->to);
}

/* ---- letters ---- */

double chart_words_width(const char *words)
{
    double width = 0;

    for (; *words; words++)
        width += chart_glyph(*words)->advance;
    return width * LETTER_SIZE / GLYPH_EM;
}

static void outline(cairo_t *to, const char *path)
{
    double x = 0, y = 0;

    while (*path) {
        char *end = NULL;
        char how = *path;
        double at[4] = { 0 };
        int count = how == 'Q' ? 4 : 2;

        for (int i = 0; i < count; i++)
            at[i] = (double)strtol(i ? end : path + 1, &end, 10);
        path = end;
        if (how == 'M')
            cairo_move_to(to, at[0], at[1]);
        else if (how == 'L')
            cairo_line_to(to, at[0], at[1]);
        else /* a curve of one control point as one of two */
            cairo_curve_to(to, x + (at[0] - x) * 2 / 3, y + (at[1] - y) * 2 / 3,
                           at[2] + (at[0] - at[2]) * 2 / 3, at[3] + (at[1] - at[3]) * 2 / 3, at[2],
                           at[3]);
        x = at[count - 2];
        y = at[count - 1];
    }
}

void chart_write(const struct field *f, const char *words, double x, double y, double align)
{
    use(f, ink, 1);
    cairo_save(f->to);
    cairo_translate(f->to, x - align * chart_words_width(words), y);
    cairo_scale(f->to, LETTER_SIZE / GLYPH_EM, -LETTER_SIZE / GLYPH_EM);
    for (; *words; words++) {
        const struct chart_glyph *g = chart_glyph(*words);

        outline(f->to, g->path);
        cairo_fill(f->to);
        cairo_translate(f->to, g->advance, 0);
    }
    cairo_restore(f->to);
}

void chart_write_over(const struct field *f, const char *words, double x, double y)
{
    double width = chart_words_width(words);

    use(f, ground, 1);
    cairo_rectangle(f->to, x - width / 2 - 2, y - LETTER_SIZE + 1, width + 4, LETTER_SIZE + 3);
    cairo_fill(f->to);
    chart_write(f, words, x, y, 0.5);
}

/* ---- forms ---- */

void chart_dot(const struct field *f, double x, double y)
{
    use(f, blue, 1);
    cairo_arc(f->to, x, y, 3.6, 0, 2 * 3.14159265358979323846);
    cairo_fill(f->to);
}

void chart_square(const struct field *f, double x, double y)
{
    cairo_rectangle(f->to, x - 3.5, y - 3.5, 7, 7);
    use(f, ground, 2);
    cairo_fill_preserve(f->to);
    use(f, brown, 2);
    cairo_stroke(f->to);
}

static struct colour colour_of(enum chart_mark mark)
{
    return mark == CHART_WORSE ? orange : mark == CHART_BETTER ? sky : ground;
}

void chart_diamond(const struct field *f, double x, double y, enum chart_mark mark)
{
    cairo_move_to(f->to, x, y - 7);
    cairo_line_to(f->to, x + 7, y);
    cairo_line_to(f->to, x, y + 7);
    cairo_line_to(f->to, x - 7, y);
    cairo_close_path(f->to);
    use(f, colour_of(mark), 1.5);
    cairo_fill_preserve(f->to);
    use(f, ink, 1.5);
    cairo_stroke(f->to);
}

static void dashes(const struct field *f, double on, double off)
{
    const double lengths[] = { on, off };

    cairo_set_dash(f->to, lengths, on > 0 ? 2 : 0, 0);
}

void chart_pen(const struct field *f, enum chart_form form)
{
    switch (form) {
    case FORM_PLAN:
        use(f, brown, 2.2);
        dashes(f, 8, 4);
        break;
    case FORM_MEAN:
        use(f, grey, 1.8);
        dashes(f, 0, 0);
        break;
    case FORM_LIMIT:
        use(f, grey, 1.8);
        dashes(f, 2, 4);
        break;
    default:
        use(f, blue, 2);
        dashes(f, 0, 0);
    }
}

void chart_stroke(const struct field *f)
{
    cairo_stroke(f->to);
    dashes(f, 0, 0);
}

void chart_line(const struct field *f, enum chart_form form, double x0, double y0, double x1,
                double y1)
{
    chart_pen(f, form);
    cairo_move_to(f->to, x0, y0);
    cairo_line_to(f->to, x1, y1);
    chart_stroke(f);
}

static void thin(const struct field *f, struct colour c, double x0, double y0, double x1, double y1)
{
    use(f, c, 1);
    cairo_move_to(f->to, x0, y0);
    cairo_line_to(f->to, x1, y1);
    cairo_stroke(f->to);
}

void chart_grid_line(const struct field *f, double x0, double y0, double x1, double y1)
{
    thin(f, faint, x0, y0, x1, y1);
}

void chart_axis_line(const struct field *f, double x0, double y0, double x1, double y1)
{
    thin(f, grey, x0, y0, x1, y1);
}

void chart_veil(const struct field *f, double x, double width)
{
    use(f, veil, 1);
    cairo_rectangle(f->to, x - width / 2, f->top, width, f->bottom - f->top);
    cairo_fill(f->to);
}

void chart_range(const struct field *f, double x, double y_low, double y_high)
{
    use(f, blue, 6);
    cairo_move_to(f->to, x, y_low);
    cairo_line_to(f->to, x, y_high);
    cairo_stroke(f->to);
}
