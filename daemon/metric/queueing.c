#include "metric/queueing.h"

#include <errno.h>
#include <math.h>

double queue_load(double demand, double capacity)
{
    return demand / capacity;
}

double queue_target_mean_wait(double target_wait, double factor)
{
    return target_wait / factor;
}

double queue_target_size(double demand, double target_wait, double factor)
{
    return demand * queue_target_mean_wait(target_wait, factor);
}

double queue_target_capacity(double demand, double target_wait, double factor, double cv_demand,
                             double cv_capacity)
{
    double variation = (cv_demand * cv_demand + cv_capacity * cv_capacity) / 2;

    return demand + variation * (factor / target_wait);
}

double queue_relief_capacity(double demand, double size, double target_size, double weeks_to_target,
                             double referrals, double cv_demand)
{
    double errors = referrals > 0 ? 2 * demand * cv_demand / sqrt(referrals) : 0;

    if (errors < 1)
        demand = demand / (1 - errors);
    return demand + (size - target_size) / weeks_to_target;
}

double queue_pressure(double mean_wait, double target_wait)
{
    return 2 * mean_wait / target_wait;
}

bool queue_is_too_big(double size, double target_size)
{
    return size > QUEUE_TOO_BIG * target_size;
}

double queue_factor_of(double share_in_time)
{
    return -log1p(-share_in_time);
}

int queue_clearance_weeks(double size, double demand, double capacity, double *out_weeks)
{
    if (!(capacity > demand))
        return -ERANGE;
    *out_weeks = size / (capacity - demand);
    return 0;
}
