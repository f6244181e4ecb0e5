/*
 * queueing - what a waiting list needs: load, queue sizes, capacities, pressure
 *
 * Pure arithmetic in weeks throughout: demand and capacity are people a week, waits are weeks. An
 * indicator, not a promise: it supposes that people are seen in turn, and does not mix priorities.
 * Removals other than being seen (validation, withdrawals) inflate a capacity that counts them.
 * Division by nothing is as IEEE 754 has it (NAN, infinity); who prints must not.
 * Source: Fong et al. 2022 (medRxiv 2022.08.23.22279117) as NHSRwaitinglist 0.1.2 computes it
 * (tests/data/oracles/queueing), but for the mixed units of its summary; DOMAIN section 4.
 */
#ifndef METRIC_QUEUEING_H
#define METRIC_QUEUEING_H

#include <stdbool.h>

#define QUEUE_FACTOR          4.0  /* exp(-4): 1.8 % wait longer than the target */
#define QUEUE_WEEKS_TO_TARGET 26.0 /* in which relief brings the queue to its target size */
#define QUEUE_TOO_BIG         2.0  /* times the target size */

/** Demand over capacity; 1 or more: the list grows without bound. */
double queue_load(double demand, double capacity);
/** Weeks. */
double queue_target_mean_wait(double target_wait, double factor);
/** People (Little's law); means something only where capacity exceeds demand. */
double queue_target_size(double demand, double target_wait, double factor);
/** People a week that keep the target once the queue has its target size. cv_…: coefficients of
 * variation of the times between arrivals and between removals. */
double queue_target_capacity(double demand, double target_wait, double factor, double cv_demand,
                             double cv_capacity);
/** People a week that bring the queue to its target size in so many weeks. Where demand is estimated
 * from referrals (more than 0) it is raised by two standard errors. */
double queue_relief_capacity(double demand, double size, double target_size, double weeks_to_target,
                             double referrals, double cv_demand);
/** Twice the mean wait over the target wait, in one unit; above 1 the target is likely to be missed. */
double queue_pressure(double mean_wait, double target_wait);

/** Then relief capacity is what is needed, and target capacity otherwise. */
bool queue_is_too_big(double size, double target_size);
/** The factor at which a share (0 to below 1) is seen within the target: 0.92 gives 2.526. */
double queue_factor_of(double share_in_time);
/** Weeks until nobody waits, if nothing changes. Returns 0; -ERANGE where the list never clears. */
int queue_clearance_weeks(double size, double demand, double capacity, double *out_weeks);

#endif
