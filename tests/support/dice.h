/*
 * dice - chance for generators of lists: the same for the same seed, and none of the daemon's own
 *
 * One state for each test program.
 */
#ifndef SUPPORT_DICE_H
#define SUPPORT_DICE_H

#include <math.h>
#include <stdint.h>

static uint64_t dice_state;

/** From 0 up to below 1 (xorshift64*). */
static inline double dice(void)
{
    dice_state ^= dice_state >> 12;
    dice_state ^= dice_state << 25;
    dice_state ^= dice_state >> 27;
    return (double)((dice_state * 2685821657736338717u) >> 11) / 9007199254740992.0;
}

/** state: any number but 0; the same gives the same. */
static inline void dice_begin(uint64_t state)
{
    dice_state = state;
    for (int i = 0; i < 10; i++)
        (void)dice();
}

static inline double between(double low, double high)
{
    return low + (high - low) * dice();
}

/** About 0, with a standard deviation of 1. */
static inline double normal(void)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += dice();
    return sum;
}

/** How often what happens mean times on average happens (Poisson). */
static inline int how_many(double mean)
{
    double limit = exp(-mean), product = dice();
    int n = 0;

    for (; product > limit; n++)
        product *= dice();
    return n;
}

#endif
