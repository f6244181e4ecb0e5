#include "ctl/compute.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metric/queueing.h"

#define ARGUMENTS_MAX 6

static double load(const double *a)
{
    return queue_load(a[0], a[1]);
}
static double target_mean_wait(const double *a)
{
    return queue_target_mean_wait(a[0], a[1]);
}
static double target_size(const double *a)
{
    return queue_target_size(a[0], a[1], a[2]);
}
static double target_capacity(const double *a)
{
    return queue_target_capacity(a[0], a[1], a[2], a[3], a[4]);
}
static double relief_capacity(const double *a)
{
    return queue_relief_capacity(a[0], a[1], a[2], a[3], a[4], a[5]);
}
static double pressure(const double *a)
{
    return queue_pressure(a[0], a[1]);
}

/* Without a column the argument has its default; NAN: it has none, the column is wanted. */
static const struct queue_function {
    const char *name;
    double (*of)(const double *arguments);
    struct {
        const char *column;
        double otherwise;
    } arguments[ARGUMENTS_MAX];
} functions[] = {
    { "calc_queue_load", load, { { "demand", (double)NAN }, { "capacity", (double)NAN } } },
    { "calc_target_mean_wait",
      target_mean_wait,
      { { "target_wait", (double)NAN }, { "factor", QUEUE_FACTOR } } },
    { "calc_target_queue_size",
      target_size,
      { { "demand", (double)NAN }, { "target_wait", (double)NAN }, { "factor", QUEUE_FACTOR } } },
    { "calc_target_capacity",
      target_capacity,
      { { "demand", (double)NAN },
        { "target_wait", (double)NAN },
        { "factor", QUEUE_FACTOR },
        { "cv_demand", 1 },
        { "cv_capacity", 1 } } },
    { "calc_relief_capacity",
      relief_capacity,
      { { "demand", (double)NAN },
        { "queue_size", (double)NAN },
        { "target_queue_size", (double)NAN },
        { "time_to_target", QUEUE_WEEKS_TO_TARGET },
        { "num_referrals", 0 },
        { "cv_demand", 0 } } },
    { "calc_waiting_list_pressure",
      pressure,
      { { "mean_wait", (double)NAN }, { "target_wait", (double)NAN } } },
};

static const struct queue_function *find(const char *name)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (strcmp(functions[i].name, name) == 0)
            return &functions[i];
    return NULL;
}

/* A number, NaN, Inf, -Inf, or NA, which is NaN here. */
static bool read_cell(const char *cell, double *out)
{
    char *end;

    if (strcmp(cell, "NA") == 0) {
        *out = (double)NAN;
        return true;
    }
    *out = strtod(cell, &end);
    return end != cell && *end == '\0';
}

static int read_arguments(const struct queue_function *f, const char *const *header,
                          const char *const *cells, size_t count, double *out, char why[128])
{
    for (size_t i = 0; i < ARGUMENTS_MAX && f->arguments[i].column; i++) {
        size_t at = compute_column(header, count, f->arguments[i].column);

        out[i] = f->arguments[i].otherwise;
        if (at == count ? isnan(out[i]) : cells != header && !read_cell(cells[at], &out[i])) {
            (void)snprintf(why, 128, "column %s is missing or no number", f->arguments[i].column);
            return -EINVAL;
        }
    }
    return 0;
}

static int put_number(struct text *out, double value)
{
    char number[32];

    return text_puts(out, isnan(value)   ? "NaN"
                          : isinf(value) ? value > 0 ? "Inf" : "-Inf"
                                         : text_number(value, number));
}

int compute_queue(const char *function, const char *const *header, const char *const *cells,
                  size_t count, struct text *out, char why[128])
{
    const struct queue_function *f = find(function);
    double arguments[ARGUMENTS_MAX];

    if (!f) {
        (void)snprintf(why, 128, "no such function");
        return -EINVAL;
    }
    int r = read_arguments(f, header, cells, count, arguments, why);

    if (r < 0)
        return r;
    for (size_t i = 0; i < count; i++) {
        (void)compute_put_cell(out, cells[i]);
        (void)text_putc(out, ',');
    }
    r = cells == header ? text_puts(out, "result") : put_number(out, f->of(arguments));
    return r < 0 ? r : text_putc(out, '\n');
}
