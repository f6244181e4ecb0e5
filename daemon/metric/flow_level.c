#include "metric/flow_level.h"

#include <assert.h>
#include <math.h>

#include "metric/chance.h"

/* Of the variance of the weeks; a week's drift as a share of their mean. How far they reach was settled on
 * lists of three kinds, and tried on others (tests/unit/metric/test_forecast*.c). */
static const double noises[FLOW_NOISES] = { 0.1, 0.2, 0.4, 0.7, 1, 1.4, 2 };
static const double drifts[FLOW_DRIFTS] = { 0, 0.002, 0.004, 0.008, 0.016, 0.032, 0.25 };

#define GROWTH      0.1  /* standard deviation of the logarithm, of lists in general */
#define NOISE_LEAST 0.01 /* of the mean: weeks that are all alike may have been so by chance */

/* Forward: the level of each week and its variance, by what was known then. Returns the logarithm of how
 * likely the weeks were. */
static double filter(const double *counts, size_t weeks, double noise, double drift, double mean,
                     double *levels, double *variances)
{
    double level = mean, variance = mean * mean + noise, likely = 0;

    for (size_t i = 0; i < weeks; i++) {
        double before = variance + (i > 0 ? drift : 0), all = before + noise;
        double miss = counts[i] - level;

        likely -= (log(all) + miss * miss / all) / 2;
        level += before / all * miss;
        variance = before * noise / all;
        levels[i] = level;
        variances[i] = variance;
    }
    return likely;
}

/* Back again: the level of each week by what came after as well. */
static void smooth(double *levels, const double *variances, size_t weeks, double drift)
{
    for (size_t i = weeks - 1; i-- > 0;)
        levels[i] += variances[i] / (variances[i] + drift) * (levels[i + 1] - levels[i]);
}

static double mean_of(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

static double variance_of(const double *x, size_t n, double mean)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sum / (double)(n - 1);
}

/* Against a year ago: what was counted, drawn to no change as far as it may be noise. */
static void compare_year(struct flow_level *f, const double *counts, size_t weeks, double noise)
{
    size_t n = weeks > FLOW_YEAR ? weeks - FLOW_YEAR : 0;
    double now = 0, then = 0;

    f->growth = f->growth_spread = NAN;
    if (n < FLOW_BESIDE)
        return;
    for (size_t i = 0; i < n; i++) {
        then += counts[i];
        now += counts[i + FLOW_YEAR];
    }

    double chance =
        now > 0 && then > 0 ? noise * (double)n * (1 / (now * now) + 1 / (then * then)) : INFINITY;
    double share = GROWTH * GROWTH / (GROWTH * GROWTH + chance);

    f->growth = share > 0 ? share * log(now / then) : 0;
    f->growth_spread = GROWTH * sqrt(1 - share);
}

/* The likelihoods of the guesses become weights. Returns the noise that they expect. */
static double weigh(struct flow_level *f, const double *likely, double spread)
{
    double best = -INFINITY, sum = 0, noise = 0;

    for (size_t i = 0; i < FLOW_GUESSES; i++)
        best = fmax(best, likely[i]);
    for (size_t i = 0; i < FLOW_GUESSES; i++)
        sum += f->guesses[i].weight = exp(likely[i] - best);
    for (size_t i = 0; i < FLOW_GUESSES; i++) {
        f->guesses[i].weight /= sum;
        noise += f->guesses[i].weight * noises[i / FLOW_DRIFTS] * spread;
    }
    return noise;
}

void flow_level_fit(struct flow_level *f, const double *counts, size_t weeks)
{
    double levels[FLOW_GUESSES][FLOW_WEEKS_MAX], variances[FLOW_WEEKS_MAX], likely[FLOW_GUESSES];
    double mean = mean_of(counts, weeks), spread = variance_of(counts, weeks, mean);

    assert(weeks >= 2 && weeks <= FLOW_WEEKS_MAX);
    *f = (struct flow_level){ .weeks = weeks };
    if (!(mean > 0)) {
        compare_year(f, counts, weeks, 0);
        return;
    }
    spread = fmax(spread, NOISE_LEAST * mean);
    for (size_t i = 0; i < FLOW_GUESSES; i++) {
        double drift = drifts[i % FLOW_DRIFTS] * mean, noise = noises[i / FLOW_DRIFTS] * spread;

        likely[i] = filter(counts, weeks, noise, drift * drift, mean, levels[i], variances);
        f->guesses[i] =
            (struct flow_guess){ 0, levels[i][weeks - 1], sqrt(variances[weeks - 1]), drift };
        smooth(levels[i], variances, weeks, drift * drift);
    }
    compare_year(f, counts, weeks, weigh(f, likely, spread));
    for (size_t i = 0; i < FLOW_GUESSES; i++)
        for (size_t k = 0; k < weeks; k++)
            f->then[k] += f->guesses[i].weight * levels[i][k];
}

double flow_level_draw(const struct flow_level *f, uint64_t *state, double *out_drift)
{
    double share = chance_share(state);
    size_t i = 0;

    while (i + 1 < FLOW_GUESSES && share >= f->guesses[i].weight)
        share -= f->guesses[i++].weight;

    const struct flow_guess *g = &f->guesses[i];

    *out_drift = g->drift;
    return fmax(0, g->level + g->spread * chance_normal(state));
}
