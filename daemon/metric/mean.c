#include "metric/mean.h"

#include <math.h>

double mean_below(const double *values, size_t n, double limit, size_t *out_used)
{
    long double sum = 0, left_over = 0;
    size_t used = 0;

    for (size_t i = 0; i < n; i++)
        if (values[i] < limit) {
            sum += values[i];
            used++;
        }
    if (out_used)
        *out_used = used;
    if (used == 0)
        return NAN;
    long double mean = sum / (long double)used;

    for (size_t i = 0; i < n; i++)
        if (values[i] < limit)
            left_over += values[i] - mean;
    return (double)(mean + left_over / (long double)used);
}

double mean_of(const double *values, size_t n, size_t *out_used)
{
    return mean_below(values, n, INFINITY, out_used); /* NAN is below nothing */
}
