#include "notify/chart.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/auto.h"
#include "notify/chart_private.h"

/* ---- figures, and what they are held against ---- */

static void draw_hidden(const struct field *f)
{
    for (size_t i = 0; i < f->d->count; i++) {
        if (!f->d->figures[i].is_hidden)
            continue;
        double x = x_of(f, f->d->figures[i].end);

        chart_veil(f, x, 12);
        chart_write(f, "*", x, f->bottom - 2, 0.5);
    }
}

static void draw_limits(const struct field *f)
{
    for (size_t i = 0; i < f->d->limit_count; i++) {
        const struct chart_limits *l = &f->d->limits[i];
        double x0 = x_of(f, f->d->figures[l->first].end),
               x1 = x_of(f, f->d->figures[l->first + l->n - 1].end);
        const struct {
            enum chart_form form;
            double value;
        } lines[] = { { FORM_MEAN, l->mean }, { FORM_LIMIT, l->lower }, { FORM_LIMIT, l->upper } };

        for (size_t k = 0; k < sizeof lines / sizeof lines[0]; k++)
            if (isfinite(lines[k].value) && lines[k].value >= f->low)
                chart_line(f, lines[k].form, x0, y_of(f, lines[k].value), x1,
                           y_of(f, lines[k].value));
    }
}

static void draw_plan(const struct field *f)
{
    const struct chart_milestone *m = f->d->milestones;
    size_t n = f->d->milestone_count;

    if (!n)
        return;
    chart_pen(f, FORM_PLAN);
    for (size_t i = 0; i < n; i++) {
        double x = x_of(f, m[i].date), y = y_of(f, m[i].value);

        if (i == 0)
            cairo_move_to(f->to, x, y);
        else if (!f->d->is_linear)
            cairo_line_to(f->to, x, y_of(f, m[i - 1].value));
        cairo_line_to(f->to, x, y);
    }
    if (x_of(f, m[n - 1].date) < f->right)
        cairo_line_to(f->to, f->right, y_of(f, m[n - 1].value));
    chart_stroke(f);
    for (size_t i = 0; i < n; i++)
        if (m[i].is_milestone)
            chart_square(f, x_of(f, m[i].date), y_of(f, m[i].value));
}

static void draw_figures(const struct field *f)
{
    const struct chart_figure *at = f->d->figures;
    bool is_on = false;

    chart_pen(f, FORM_DOT);
    for (size_t i = 0; i < f->d->count; i++) {
        bool is_drawn = has_height(&at[i]);

        if (is_drawn && is_on && !at[i].begins)
            cairo_line_to(f->to, x_of(f, at[i].end), y_of(f, at[i].value));
        else if (is_drawn)
            cairo_move_to(f->to, x_of(f, at[i].end), y_of(f, at[i].value));
        is_on = is_drawn;
    }
    chart_stroke(f);
    for (size_t i = 0; i < f->d->count; i++) {
        double x = x_of(f, at[i].end);

        if (has_range(&at[i]))
            chart_range(f, x, y_of(f, at[i].low),
                        isfinite(at[i].high) ? y_of(f, at[i].high) : f->top);
        if (!has_height(&at[i]))
            continue;
        if (at[i].mark == CHART_UNMARKED)
            chart_dot(f, x, y_of(f, at[i].value));
        else
            chart_diamond(f, x, y_of(f, at[i].value), at[i].mark);
    }
}

/* The newest figure, in words beside its point. */
static void draw_newest(const struct field *f)
{
    size_t i = f->d->count;

    while (i > 0 && !has_height(&f->d->figures[i - 1]))
        i--;
    if (!i)
        return;
    const struct chart_figure *newest = &f->d->figures[i - 1];
    double x = x_of(f, newest->end), y = y_of(f, newest->value),
           width = chart_words_width(newest->words);
    bool is_rising = i > 1 && newest->value > newest[-1].value;

    if (x + width / 2 > f->right + MARGIN_RIGHT - 2)
        x = f->right + MARGIN_RIGHT - 2 - width / 2;
    y += (is_rising && y - 24 > f->top) || y + 24 > f->bottom ? -12 : 22;
    chart_write_over(f, newest->words, x, y);
}

static void draw(const struct chart_drawing *d, cairo_t *to)
{
    struct field f = { .to = to,
                       .d = d,
                       .left = MARGIN_LEFT,
                       .right = CHART_WIDTH - MARGIN_RIGHT,
                       .bottom = CHART_HEIGHT - MARGIN_BOTTOM };

    cairo_scale(to, CHART_SCALE, CHART_SCALE);
    chart_ground(&f);
    f.top = chart_draw_legend(&f) + 10;
    chart_set_axes(&f);
    draw_hidden(&f);
    chart_draw_axes(&f);
    draw_limits(&f);
    draw_plan(&f);
    draw_figures(&f);
    draw_newest(&f);
}

/* ---- as PNG ---- */

bool chart_says_something(const struct chart_drawing *d)
{
    size_t with_height = 0;

    for (size_t i = 0; i < d->count; i++)
        with_height += has_height(&d->figures[i]) || has_range(&d->figures[i]);
    return with_height >= CHART_FIGURES_MIN;
}

#define PIXELS_WIDE (CHART_SCALE * CHART_WIDTH)
#define PIXELS_HIGH (CHART_SCALE * CHART_HEIGHT)
#define SHADES      16 /* of a channel: white, and what is between it and a colour, in even steps */
#define COLOURS_MAX 256

/* The picture by a table of its colours: a third of its size, and no different to the eye. */
struct palette {
    unsigned char rgb[3 * COLOURS_MAX];
    size_t count;
    short index_of[SHADES * SHADES * SHADES]; /* -1: not in it yet */
};

static unsigned shade(uint32_t pixel, int shift)
{
    return (((pixel >> shift) & 0xff) * (SHADES - 1) + 127) / 255;
}

/* The few of a full table's rest look like its last. */
static unsigned char index_in(struct palette *p, uint32_t pixel)
{
    unsigned red = shade(pixel, 16), green = shade(pixel, 8), blue_part = shade(pixel, 0);
    short *at = &p->index_of[(red * SHADES + green) * SHADES + blue_part];

    if (*at < 0 && p->count < COLOURS_MAX) {
        unsigned char *rgb = &p->rgb[3 * p->count];

        rgb[0] = (unsigned char)(red * 255 / (SHADES - 1));
        rgb[1] = (unsigned char)(green * 255 / (SHADES - 1));
        rgb[2] = (unsigned char)(blue_part * 255 / (SHADES - 1));
        *at = (short)p->count++;
    }
    return (unsigned char)(*at < 0 ? COLOURS_MAX - 1 : *at);
}

/* Rows of indices, each after a byte that says it is not filtered. */
#define ROW_BYTES (1 + PIXELS_WIDE)

static void index_all(cairo_surface_t *surface, struct palette *p, unsigned char *out)
{
    const unsigned char *bytes = cairo_image_surface_get_data(surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);

    uint32_t last = 0;
    unsigned char index;

    memset(p->index_of, -1, sizeof p->index_of);
    index = index_in(p, last);
    for (size_t y = 0; y < PIXELS_HIGH; y++) {
        *out++ = 0;
        for (size_t x = 0; x < PIXELS_WIDE; x++) {
            uint32_t pixel;

            memcpy(&pixel, bytes + y * stride + x * sizeof pixel, sizeof pixel);
            if (pixel != last) /* most are like the one before */
                index = index_in(p, pixel);
            last = pixel;
            *out++ = index;
        }
    }
}

static void put_number(unsigned char out[4], unsigned long n)
{
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(n >> (24 - 8 * i));
}

/* Length, type, bytes, checksum of type and bytes. Source: PNG specification, section 5.3. */
static void put_chunk(struct text *out, const char *type, const unsigned char *bytes, size_t len)
{
    unsigned char number[4];
    uLong sum = crc32(crc32(0, NULL, 0), (const Bytef *)type, 4);

    put_number(number, len);
    (void)text_add(out, number, sizeof number);
    (void)text_add(out, type, 4);
    (void)text_add(out, bytes, len);
    put_number(number, len ? crc32(sum, bytes, (uInt)len) : sum);
    (void)text_add(out, number, sizeof number);
}

static int write_png(const struct palette *p, const unsigned char *rows, struct text *out)
{
    unsigned char head[13] = { [8] = 8 /* bits of an index */, [9] = 3 /* with a palette */ };
    uLongf size = compressBound((uLong)ROW_BYTES * PIXELS_HIGH);
    AUTO(auto_free) unsigned char *packed = malloc(size);
    AUTO(text_release) struct text png = TEXT_INIT;

    if (!packed || compress2(packed, &size, rows, (uLong)ROW_BYTES * PIXELS_HIGH, 6) != Z_OK)
        return -ENOMEM;
    put_number(head, PIXELS_WIDE);
    put_number(head + 4, PIXELS_HIGH);
    (void)text_add(&png, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(&png, "IHDR", head, sizeof head);
    put_chunk(&png, "PLTE", p->rgb, 3 * p->count);
    put_chunk(&png, "IDAT", packed, size);
    put_chunk(&png, "IEND", NULL, 0);
    return text_ok(&png) ? text_add(out, png.buf, png.len) : png.error;
}

/* All that a picture takes, asked for at once: cairo does not outlive each failed allocation of its
 * rasteriser (1.16 jumps to where it has not been), so where there is little memory it is not begun. */
#define RESERVE_BYTES (8u << 20)

static bool has_memory(void)
{
    void *volatile reserve = malloc(RESERVE_BYTES); /* volatile: or the compiler answers itself */

    free(reserve);
    return reserve != NULL;
}

int chart_png(const struct chart_drawing *d, struct text *out)
{
    assert(d->count <= CHART_FIGURES_MAX && d->milestone_count <= CHART_MILESTONES_MAX);
    if (!chart_says_something(d))
        return -ENODATA;
    if (!has_memory())
        return -ENOMEM;

    AUTO(auto_free) struct palette *palette = calloc(1, sizeof *palette);
    AUTO(auto_free) unsigned char *rows = malloc((size_t)ROW_BYTES * PIXELS_HIGH);
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, PIXELS_WIDE, PIXELS_HIGH);
    cairo_t *to = cairo_create(surface);
    int r = -ENOMEM;

    if (palette && rows && cairo_status(to) == CAIRO_STATUS_SUCCESS)
        draw(d, to);
    cairo_surface_flush(surface);
    if (palette && rows && cairo_status(to) == CAIRO_STATUS_SUCCESS) {
        index_all(surface, palette, rows);
        r = write_png(palette, rows, out);
    }
    cairo_destroy(to);
    cairo_surface_destroy(surface);
    return r;
}
