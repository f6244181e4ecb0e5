/*
 * series - a measure of an organisation over periods, every version kept
 *
 * Pure values in memory. A series is named by (feed, measure, breakdown, organisation, secondary),
 * folded; a period by its first and last day. Each file that says something about a period adds a
 * version; the current one is chosen by rank: status Final over Provisional or none, then the
 * edition (vN), then what came as it was published over history that was given later, then the order of
 * receipt. Nothing is ever overwritten.
 */
#ifndef METRIC_SERIES_H
#define METRIC_SERIES_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/table.h"
#include "parse/record.h"

/** Whether a file of the past brought a figure (feed backfill). */
enum history_kind {
    HISTORY_NONE,
    HISTORY_FIGURE, /* as published then: yields to what came as it was published */
    HISTORY_COUNT,  /* counted of a list, of all that is known */
};

struct series_version {
    /* What each judgement reads stands first (series_fetch). */
    double value, low, high; /* as struct record */
    enum marker marker;
    bool gap; /* the publisher's figure is contradicted (a total of 0 over blank parts): held,
                 marker not-submitted */
    struct wall_time as_of; /* when the file was received */
    uint64_t untold, stops; /* stops of its period whose outcome nobody told, of how many; else 0 */
    double numerator, denominator; /* NAN: none */
    enum publication_status status;
    int edition;      /* vN of the file, 0: none */
    uint64_t receipt; /* order of receipt: sequence number of the file in the received journal */
    enum history_kind history;
    char source[17]; /* first 16 hex digits of the file's SHA-256 */
};

struct series_point {
    struct civil_date period_start, period_end;
    struct series_version *versions; /* in order of receipt */
    size_t version_count;
    size_t current; /* index of the version in force */
};

struct series {
    char *key; /* feed|measure|breakdown|org|secondary, folded, '|' and '%' percent-encoded */
    char *feed, *measure, *breakdown, *org,
        *secondary; /* as last printed; breakdown, secondary may be NULL; org is the code */
    enum unit unit;
    struct series_point *points; /* ascending by period_end, then period_start */
    size_t point_count;
};

struct series_set {
    struct table by_key; /* key -> struct series * */
};

enum series_outcome {
    /* First version of this period. */
    SERIES_NEW_PERIOD,
    /* Says what the current version says (figure, interval, marker, status, parts, gap): nothing
       added. Also a version already taken: same receipt, same content. */
    SERIES_SAME,
    /* A new version, and current, with another value, marker or status. */
    SERIES_RESTATED,
    /* A version of lower rank: recorded, not current. */
    SERIES_SUPERSEDED,
    /* A later edition says the same: recorded and current (else an edition between the two,
       arriving late, would outrank both), no restatement. */
    SERIES_CONFIRMED,
};

#define SERIES_SET_INIT                                                                            \
    {                                                                                              \
        TABLE_INIT                                                                                 \
    }

/** Writes the key; malloc'ed or NULL without memory. Any part may be NULL. */
char *series_key(const char *feed, const char *measure, const char *breakdown, const char *org,
                 const char *secondary);
struct series *series_find(const struct series_set *s, const char *key);
/** Finds or makes. NULL without memory. org: the code to use. */
struct series *series_open(struct series_set *s, const char *feed, const struct record *r,
                           const char *org);
/** What offering this version would do, changing nothing. */
enum series_outcome series_judge(const struct series *s, struct civil_date start,
                                 struct civil_date end, const struct series_version *v);
/** What it did when it was taken, or does now: judged against what was received before it alone, so
 * that the answer stays the same when the file is applied again. */
enum series_outcome series_effect(const struct series *s, struct civil_date start,
                                  struct civil_date end, const struct series_version *v);
/** Adds it as judged (SERIES_SAME adds nothing). Returns the outcome, or -ENOMEM. */
int series_offer(struct series *s, struct civil_date start, struct civil_date end,
                 const struct series_version *v);
/** The version in force of a point. */
static inline const struct series_version *series_current(const struct series_point *p)
{
    assert(p && p->current < p->version_count);
    return &p->versions[p->current];
}
/** Has what a judgement reads of a version brought near, some turns before it is read: versions lie apart,
 * and of a long series each would be awaited. */
static inline void series_fetch(const struct series_version *v)
{
    __builtin_prefetch(&v->value);
    __builtin_prefetch(&v->untold);
}
/** Whether a later version replaced another value of this period. */
bool series_point_restated(const struct series_point *p);
void series_set_release(struct series_set *s);

/** One version as JSON text for the store (one line, stable keys), and back. Returns malloc'ed text
 * or NULL. */
char *series_version_encode(const struct series_version *v);
int series_version_decode(const char *json, size_t len, struct series_version *out_version);

#endif
