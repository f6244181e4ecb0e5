/*
 * published_wait - the medians and percentiles that NHS England publishes from weekly bands
 *
 * Pure. Method `band-linear`: rank r = p × N; in the first band that is not empty at which the
 * cumulative count reaches r, linear inside the week. In the open band there is no knowledge: the
 * figure is capped. The rank is compared in whole numbers. The variant of 2014/15 took the median at
 * (N + 1) / 2, had its open band above 52 weeks and went on into it as if it were one week wide.
 * Source: NHS England's consultant-led referral to treatment statistics, whose rows it reproduces
 * (tests/data/oracles/rtt_published); DOMAIN section 2.1.
 */
#ifndef METRIC_PUBLISHED_WAIT_H
#define METRIC_PUBLISHED_WAIT_H

#include <stddef.h>
#include <stdint.h>

enum published_method {
    PUBLISHED_NOW,  /* shown from 20 pathways; the last band is open and capped at its start */
    PUBLISHED_2014, /* none below 50 pathways; all bands from 52 weeks on are one */
};

#define PUBLISHED_TEXT_MAX 48

/**
 * A percentile in weeks. counts: by week, the last band open. NAN where there is none (no pathway, or
 * by the method of 2014 fewer than 50). out_text (may be NULL): as published, one decimal, halves
 * up; "104+" in the open band, "-" where it is not shown.
 */
double published_wait(const uint64_t *counts, size_t bands, int per_cent,
                      enum published_method method, char out_text[PUBLISHED_TEXT_MAX]);
/** How many pathways by these bands. */
uint64_t published_total(const uint64_t *counts, size_t bands);

#endif
