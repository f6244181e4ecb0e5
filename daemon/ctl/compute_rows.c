#include "ctl/compute.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metric/published_wait.h"
#include "pathway/wait.h"
#include "parse/nhs_number.h"

size_t compute_column(const char *const *header, size_t count, const char *name)
{
    size_t i = 0;

    while (i < count && strcmp(header[i], name) != 0)
        i++;
    return i;
}

int compute_nhs_number(const char *unused, const char *const *header, const char *const *cells,
                       size_t count, struct text *out, char why[128])
{
    size_t at = compute_column(header, count, "input");

    (void)unused;
    if (at == count) {
        (void)snprintf(why, 128, "a column \"input\" is wanted");
        return -EINVAL;
    }
    if (cells == header)
        return 0;
    return text_puts(out,
                     nhs_number_is_valid(cells[at], strlen(cells[at])) ? "valid\n" : "invalid\n");
}

/* ---- rtt-published ---- */

int compute_put_cell(struct text *out, const char *cell)
{
    if (!strpbrk(cell, ",\"\r\n"))
        return text_puts(out, cell);
    (void)text_putc(out, '"');
    for (; *cell; cell++) {
        if (*cell == '"')
            (void)text_putc(out, '"');
        (void)text_putc(out, *cell);
    }
    return text_putc(out, '"');
}

/* The weekly bands w0, w1, … and the open one, wNplus, in columns of any order. */
struct bands {
    uint64_t counts[WAIT_BANDS];
    size_t count;
};

static bool read_count(const char *cell, uint64_t *out)
{
    char *end;

    if (*cell < '0' || *cell > '9')
        return false;
    errno = 0;
    *out = strtoull(cell, &end, 10);
    return errno == 0 && *end == '\0';
}

static int read_bands(const char *const *header, const char *const *cells, size_t count,
                      struct bands *out, char why[128])
{
    char name[16];

    for (out->count = 0; out->count < WAIT_BANDS; out->count++) {
        (void)snprintf(name, sizeof name, "w%zu", out->count);
        size_t at = compute_column(header, count, name);
        bool is_open = at == count;

        if (is_open) {
            (void)snprintf(name, sizeof name, "w%zuplus", out->count);
            at = compute_column(header, count, name);
        }
        if (at == count || !read_count(cells[at], &out->counts[out->count])) {
            (void)snprintf(why, 128, "column %s is missing or no whole number", name);
            return -EINVAL;
        }
        if (is_open) {
            out->count++;
            return 0;
        }
    }
    (void)snprintf(why, 128, "an open band, such as w104plus, is wanted");
    return -EINVAL;
}

static void put_weeks(struct text *out, double weeks)
{
    char number[32];

    (void)text_putc(out, ',');
    if (!isnan(weeks))
        (void)text_puts(out, text_number(weeks, number));
}

int compute_published(const char *unused, const char *const *header, const char *const *cells,
                      size_t count, struct text *out, char why[128])
{
    struct bands bands;
    char median[PUBLISHED_TEXT_MAX], p95[PUBLISHED_TEXT_MAX];

    (void)unused;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            (void)text_putc(out, ',');
        (void)compute_put_cell(out, cells[i]);
    }
    if (cells == header)
        return text_puts(out, ",median_weeks,p95_weeks,median_text,p95_text\n");
    int r = read_bands(header, cells, count, &bands, why);

    if (r < 0)
        return r;
    /* Published in bands to 52 weeks: the method of those years. */
    enum published_method method = bands.count == WAIT_BANDS ? PUBLISHED_NOW : PUBLISHED_2014;

    put_weeks(out, published_wait(bands.counts, bands.count, 50, method, median));
    put_weeks(out, published_wait(bands.counts, bands.count, 95, method, p95));
    return text_printf(out, ",%s,%s\n", median, p95);
}
