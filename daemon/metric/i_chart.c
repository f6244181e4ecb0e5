#include "metric/i_chart.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/auto.h"
#include "metric/mean.h"

#define D2            1.128 /* the expected range of two points, in standard deviations */
#define SCREEN_FACTOR 3.267 /* D4 for ranges of two: Nelson 1982 */
#define CROSSINGS_P   0.05

static int set_limits(struct i_chart *c, const double *values, size_t n, bool screened)
{
    AUTO(auto_free) double *ranges = calloc(n + 1, sizeof *ranges);

    if (!ranges)
        return -ENOMEM;
    c->centre = mean_of(values, n, NULL);
    for (size_t i = 1; i < n; i++)
        ranges[i - 1] = fabs(values[i] - values[i - 1]);
    size_t count = n > 0 ? n - 1 : 0;
    double limit = SCREEN_FACTOR * mean_of(ranges, count, NULL);

    for (size_t i = 0; screened && i < count; i++)
        if (ranges[i] >= limit)
            ranges[i] = NAN;
    double deviation = mean_of(ranges, count, NULL) / D2;

    c->lower = c->centre - 3 * deviation;
    c->upper = c->centre + 3 * deviation;
    return 0;
}

/* The smallest k to which at least p of a binomial distribution of n trials at one half reaches;
 * p below one half. Walks down from the middle, where symmetry gives the sum. */
static size_t binomial_quantile(size_t n, double p)
{
    size_t k = n / 2;
    double at_k = exp(lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1) -
                      (double)n * log(2));
    double up_to_k = n % 2 == 1 ? 0.5 : 0.5 + at_k / 2;

    while (k > 0 && up_to_k - at_k >= p) {
        up_to_k -= at_k;
        at_k *= (double)k / (double)(n - k + 1);
        k--;
    }
    return k;
}

static void set_runs(struct i_chart *c, const double *values, size_t n)
{
    size_t run = 0;
    int last = 0;

    for (size_t i = 0; i < n; i++) {
        int side = (values[i] > c->centre) - (values[i] < c->centre);

        if (side == 0)
            continue;
        c->useful++;
        c->crossings += last != 0 && side != last;
        run = side == last ? run + 1 : 1;
        if (run > c->longest_run)
            c->longest_run = run;
        last = side;
    }
    if (c->useful == 0)
        return;
    c->longest_run_max = (size_t)lround(log2((double)c->useful)) + 3;
    c->crossings_min = binomial_quantile(c->useful - 1, CROSSINGS_P);
    c->runs_signal = c->longest_run > c->longest_run_max || c->crossings < c->crossings_min;
}

int i_chart(const double *values, size_t n, size_t freeze, bool screened, struct i_chart *out_chart)
{
    struct i_chart c = { .observed = n };
    int r;

    assert((values || n == 0) && out_chart);
    r = set_limits(&c, values, freeze > 0 && freeze < n ? freeze : n, screened);
    if (r < 0)
        return r;
    set_runs(&c, values, n);
    *out_chart = c;
    return 0;
}

bool i_chart_signal(const struct i_chart *chart, double value)
{
    return value > chart->upper || value < chart->lower;
}
