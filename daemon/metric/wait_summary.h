/*
 * wait_summary - what is counted of a list of waits
 *
 * Pure. A list is a histogram: days waited, ascending, each once, and how many waited so long. Every
 * figure is exact, so it does not matter in which order or from how many groups the waits came.
 * Source: DESIGN sections 6 and 7; percentile methods as in DOMAIN section 2.1.
 */
#ifndef METRIC_WAIT_SUMMARY_H
#define METRIC_WAIT_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

struct wait_count {
    int days;       /* 0 or more */
    uint64_t count; /* 1 or more */
};

/** The method belongs to the number: it is printed wherever the figure is. */
enum percentile_method {
    PERCENTILE_LINEAR, /* between order statistics at p(n - 1): R type 7, Spark PERCENTILE */
    PERCENTILE_NEAREST, /* nearest rank: the smallest wait that at least p of the list do not exceed */
};

/** Sorts the days and makes equal ones one; list has room for n. Returns the new length. */
size_t wait_histogram(const int *days, size_t n, struct wait_count *list);
uint64_t wait_total(const struct wait_count *list, size_t n);
/** How many waited longer than so many days. */
uint64_t wait_over(const struct wait_count *list, size_t n, int days);
/** How many of those over the standard must go so that per_cent (above 0, to 100) of the list is
 * within it: (over - (1 - t) total) / t, in whole people. 0 where the standard is met. */
uint64_t wait_shortfall(uint64_t total, uint64_t over, double per_cent);
/** Days; NAN for an empty list. */
double wait_mean(const struct wait_count *list, size_t n);
/** Days; per_cent 1 to 99. NAN for an empty list. */
double wait_percentile(const struct wait_count *list, size_t n, int per_cent,
                       enum percentile_method method);

#endif
