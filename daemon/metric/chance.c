#include "metric/chance.h"

#include <math.h>

#define TWO_PI 6.283185307179586

uint64_t chance_draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u; /* splitmix64 */

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

double chance_share(uint64_t *state)
{
    return (double)(chance_draw(state) >> 11) / 9007199254740992.0;
}

double chance_normal(uint64_t *state)
{
    double a = 1 - chance_share(state), b = chance_share(state);

    return sqrt(-2 * log(a)) * cos(TWO_PI * b);
}

uint64_t chance_about(uint64_t *state, double n)
{
    double whole = floor(n);

    return (uint64_t)whole + (chance_share(state) < n - whole);
}
