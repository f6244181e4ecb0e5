/*
 * chance - numbers drawn by chance that are the same for the same seed
 *
 * Pure: the state is the caller's, any number to begin with.
 */
#ifndef METRIC_CHANCE_H
#define METRIC_CHANCE_H

#include <stdint.h>

uint64_t chance_draw(uint64_t *state);
/** From 0 up to below 1. */
double chance_share(uint64_t *state);
/** Of the normal distribution about 0 with the standard deviation 1. */
double chance_normal(uint64_t *state);
/** A whole number that is n on average: the one below it or the one above. n >= 0. */
uint64_t chance_about(uint64_t *state, double n);

#endif
