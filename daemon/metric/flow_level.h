/*
 * flow_level - what a weekly flow stands at now, how well that is known, and how fast it drifts
 *
 * Pure. The flow of a week is its level and a noise about it; the level drifts by chance from week to week
 * (a local level model). Neither noise nor drift is known: some sizes of each, all as likely beforehand, are
 * weighed by how well they explain the weeks known (Kalman filter). So a flow that stood still has a level
 * that is well known and stays, and one that stepped or was cut has one that only its last weeks tell, and
 * that may change again. Where more than a year is known, the same weeks of both years tell how it grew.
 * Source: Harvey, Forecasting, Structural Time Series Models and the Kalman Filter (1989), chapter 4.
 */
#ifndef METRIC_FLOW_LEVEL_H
#define METRIC_FLOW_LEVEL_H

#include <stddef.h>
#include <stdint.h>

#define FLOW_YEAR      52
#define FLOW_BESIDE    8  /* weeks to be known of both years, at least */
#define FLOW_WEEKS_MAX 65 /* a year and a quarter */
#define FLOW_NOISES    7
#define FLOW_DRIFTS    7
#define FLOW_GUESSES   (FLOW_NOISES * FLOW_DRIFTS)

/** One size of noise with one of drift. */
struct flow_guess {
    double weight; /* all together 1 */
    double level;  /* at the end of the last week */
    double spread; /* standard deviation of that */
    double drift;  /* standard deviation of a week's drift */
};

struct flow_level {
    size_t weeks;
    double then[FLOW_WEEKS_MAX]; /* the level in each week, by all that is known today */
    /* The newest weeks against the same ones a year before, as a logarithm, and its standard deviation; NAN
     * where fewer than FLOW_BESIDE are known of both years. */
    double growth, growth_spread;
    struct flow_guess guesses[FLOW_GUESSES];
};

/** counts: of each week, oldest first; weeks: 2 to FLOW_WEEKS_MAX. */
void flow_level_fit(struct flow_level *f, const double *counts, size_t weeks);
/** What the level may be now, and a week's drift that goes with it. Never below 0. */
double flow_level_draw(const struct flow_level *f, uint64_t *state, double *out_drift);

#endif
