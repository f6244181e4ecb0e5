/*
 * spc - XmR charts by Making Data Count: limits, special causes, variation and assurance
 *
 * Pure: takes values, returns values, never an opinion on what to do about them. Values are of
 * consecutive periods of one length, in order; a missing one (NAN) has no moving range to either
 * neighbour, is in no run and is never bridged. A segment starts where the caller says so, and no
 * run or moving range crosses into it; nothing here rebases by itself.
 * Source: NHSRplotthedots 0.2.2, whose figures it reproduces (tests/data/oracles/spc); DOMAIN 3.2.
 */
#ifndef METRIC_SPC_H
#define METRIC_SPC_H

#include <stdbool.h>
#include <stddef.h>

#define SPC_LIMIT_FACTOR 2.66 /* 3 / 1.128, the d2 constant for ranges of two points */
#define SPC_NEAR_FACTOR  (2 * (SPC_LIMIT_FACTOR / 3)) /* two of the three sigma */
#define SPC_SCREEN_FACTOR                                                                          \
    3.267                  /* D4 for ranges of two: a moving range from here on is an outlier */
#define SPC_RUN_POINTS  7  /* of a trend, and of a shift to one side of the mean */
#define SPC_FULL_POINTS 13 /* a segment of fewer points has trial limits */

/** Which way of the value is better. */
enum spc_improvement { SPC_DECREASE = -1, SPC_NEUTRAL = 0, SPC_INCREASE = 1 };

struct spc_options {
    enum spc_improvement improvement;
    double target;    /* in the values' unit; NAN for none */
    size_t fix_after; /* mean and limits rest on so many first points of a segment; 0: on all */
    bool
        screen_outliers; /* false: as NHS England's spreadsheet, which leaves no moving range out */
};

/** Why a point is marked. Where several hold, the first of this order is named. */
enum spc_cause {
    SPC_COMMON_CAUSE,
    SPC_ABOVE_LIMIT,
    SPC_BELOW_LIMIT,
    SPC_TREND_UP, /* seven or more points, each strictly above the one before */
    SPC_TREND_DOWN,
    SPC_NEAR_ABOVE, /* two of three points on one side of the mean lie beyond the near limit */
    SPC_NEAR_BELOW,
    SPC_SHIFT_ABOVE, /* seven or more points strictly on one side of the mean */
    SPC_SHIFT_BELOW,
};

/** What a special cause means, by the way that is better. */
enum spc_variation {
    SPC_COMMON,
    SPC_IMPROVEMENT,
    SPC_CONCERN,
    SPC_NEUTRAL_HIGH,
    SPC_NEUTRAL_LOW,
};

/** The target against the last segment's limits. */
enum spc_assurance {
    SPC_NO_ASSURANCE, /* no target, or neither way is better */
    SPC_HIT_OR_MISS,  /* between the limits or on one; also where there are none */
    SPC_PASS,
    SPC_FAIL,
};

/** For a missing value side is 0 and outside and near are false, as they are without limits. */
struct spc_point {
    unsigned segment; /* its index */
    enum spc_cause cause;
    signed char side; /* of the mean: -1 below, 0 on it, 1 above */
    bool in_baseline; /* mean and limits rest on it */
    bool outside;     /* strictly beyond a limit */
    bool near;        /* strictly beyond a near limit, not outside */
};

/** NAN: not to be had, as limits are without two consecutive values, or where screening leaves no
 * moving range (values that never vary). */
struct spc_segment {
    size_t first, n; /* points, missing ones among them */
    double mean;
    double moving_range_all; /* mean of all */
    double screen_limit;     /* moving ranges from here on are left out, once */
    size_t moving_ranges;    /* left in */
    double moving_range;     /* mean of those */
    double lower, upper;
    double near_lower, near_upper;
};

struct spc_chart {
    struct spc_point *points; /* one a value */
    size_t n;
    struct spc_segment *segments;
    size_t segment_count;
    enum spc_variation variation; /* of the last point; where that is missing it says nothing */
    enum spc_assurance assurance;
};

#define SPC_CHART_INIT                                                                             \
    {                                                                                              \
        NULL, 0, NULL, 0, SPC_COMMON, SPC_NO_ASSURANCE                                             \
    }

/**
 * starts: per value, whether a segment starts with it (the first value starts one anyway); NULL for
 * one segment. The chart is the caller's to release. Returns 0, -ENODATA for no value, -ENOMEM.
 */
int spc_chart(const double *values, const bool *starts, size_t n, const struct spc_options *options,
              struct spc_chart *out_chart);
/** Fills out_ranges: to each of n values from the one before it; NAN for the first. */
void spc_ranges(const double *values, size_t n, double *out_ranges);
/** What the newest of a segment's n values says (n > 0), as spc_chart() of these would. ranges: as
 * spc_ranges() has them; the first is not read. */
enum spc_variation spc_newest(const double *values, const double *ranges, size_t n,
                              const struct spc_options *options);
void spc_chart_release(struct spc_chart *chart);

/** The rules alone, within one segment: sets each point's cause by the values and the points' side,
 * outside and near. */
void spc_rules(const double *values, size_t n, struct spc_point *points);

/** 1 for a cause that is high or rising, -1 for low or falling, 0 for common cause. */
int spc_cause_direction(enum spc_cause cause);
enum spc_variation spc_variation_of(enum spc_cause cause, enum spc_improvement improvement);

#endif
