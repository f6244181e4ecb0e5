/*
 * list_stats - a waiting list counted by service, provider, commissioner and age band
 *
 * Pure; for one file on the desk. Rows come in file order; of rows with one pathway one stands
 * (metric/standing.h). A row whose clock starts after the census is none. Time and memory are linear: a row takes six bytes beside its key. The figures are those of
 * metric/wait_summary.h, as the daemon's.
 */
#ifndef METRIC_LIST_STATS_H
#define METRIC_LIST_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/date.h"
#include "metric/standing.h"
#include "metric/wait_summary.h"
#include "parse/pathway_record.h"

/** One line of the table; texts are "" where the rows give none. Waits are in days. */
struct list_stats_line {
    const char *service, *provider, *commissioner, *age_band;
    uint64_t open, over_13_weeks, over_18_weeks, over_52_weeks;
    double p50, p92;
    int longest;
};

struct list_stats;

/** NULL without memory. */
struct list_stats *list_stats_new(struct civil_date census, struct standing_rule rule,
                                  enum percentile_method method);
void list_stats_free(struct list_stats *s);
/** A record of a snapshot parsed without a key, so that it carries the parts of its key.
 * *out_left_out: the line of the row, this one or an earlier one, that does not count as its pathway has
 * another; 0: none. Returns 0, -ENOMEM, or -EFBIG where there are more keys, rows or groups than can be counted. */
int list_stats_add(struct list_stats *s, const struct pathway_record *row,
                   unsigned long *out_left_out);
/** Rows left out: the pathway has another; the clock starts after the census, or 179 years before. */
uint64_t list_stats_duplicates(const struct list_stats *s);
uint64_t list_stats_out_of_range(const struct list_stats *s);
/** Each line, sorted by its four texts; a non-zero return of `line` stops and is returned. Else 0 or
 * -ENOMEM. The texts are borrowed for the call. */
int list_stats_lines(struct list_stats *s,
                     int (*line)(void *arg, const struct list_stats_line *line), void *arg);

#endif
