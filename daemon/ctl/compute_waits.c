#include "ctl/compute.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/date.h"
#include "metric/published_wait.h"
#include "metric/wait_summary.h"
#include "pathway/wait.h"

#define WEEKS(n) ((n)*WAIT_DAYS_A_WEEK)

/* ---- bands ---- */

static json_t *published_json(const uint64_t *counts)
{
    static const struct {
        const char *weeks, *text;
        int per_cent;
    } figures[] = { { "median_weeks", "median_text", 50 },
                    { "p92_weeks", "p92_text", 92 },
                    { "p95_weeks", "p95_text", 95 } };
    uint64_t n = published_total(counts, WAIT_BANDS);
    json_t *o = json_pack("{s:I, s:b}", "n", (json_int_t)n, "shown", n >= 20);
    char text[PUBLISHED_TEXT_MAX];
    int r = 0;

    for (size_t i = 0; i < 3; i++)
        r |=
            json_object_set_new(o, figures[i].weeks,
                                compute_number(published_wait(
                                    counts, WAIT_BANDS, figures[i].per_cent, PUBLISHED_NOW, NULL)));
    for (size_t i = 0; i < 3; i++) {
        (void)published_wait(counts, WAIT_BANDS, figures[i].per_cent, PUBLISHED_NOW, text);
        r |= json_object_set_new(o, figures[i].text, json_string(text));
    }
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *published_2014_json(const uint64_t *counts)
{
    return json_pack(
        "{s:o, s:o, s:o}", "median_weeks",
        compute_number(published_wait(counts, WAIT_BANDS, 50, PUBLISHED_2014, NULL)), "p92_weeks",
        compute_number(published_wait(counts, WAIT_BANDS, 92, PUBLISHED_2014, NULL)), "p95_weeks",
        compute_number(published_wait(counts, WAIT_BANDS, 95, PUBLISHED_2014, NULL)));
}

static json_int_t from_band(const uint64_t *counts, size_t first)
{
    return (json_int_t)published_total(counts + first, WAIT_BANDS - first);
}

static json_t *bands_result(const json_t *list, char why[128])
{
    uint64_t counts[WAIT_BANDS];

    if (json_array_size(list) != WAIT_BANDS) {
        (void)snprintf(why, 128, "%d weekly counts are wanted", WAIT_BANDS);
        return NULL;
    }
    for (size_t i = 0; i < WAIT_BANDS; i++) {
        const json_t *count = json_array_get(list, i);

        if (!json_is_integer(count) || json_integer_value(count) < 0) {
            (void)snprintf(why, 128, "count %zu is no whole number of 0 or more", i + 1);
            return NULL;
        }
        counts[i] = (uint64_t)json_integer_value(count);
    }
    return json_pack("{s:I, s:I, s:I, s:I, s:o, s:o}", "within_18",
                     (json_int_t)published_total(counts, 18), "over_52", from_band(counts, 52),
                     "over_65", from_band(counts, 65), "over_78", from_band(counts, 78),
                     "published_method", published_json(counts), "published_method_2014",
                     published_2014_json(counts));
}

/* ---- lists ---- */

struct stay {
    struct civil_date start, stop; /* stop DATE_NONE: the clock runs */
};

/* Returns false where a cell is neither a date nor, for a stop, null. */
static bool read_stays(const json_t *starts, const json_t *stops, struct stay *out)
{
    for (size_t i = 0; i < json_array_size(starts); i++) {
        const json_t *start = json_array_get(starts, i), *stop = json_array_get(stops, i);

        out[i].stop = DATE_NONE;
        if (!json_is_string(start) ||
            date_parse_iso(json_string_value(start), json_string_length(start), &out[i].start) < 0)
            return false;
        if (json_is_string(stop) &&
            date_parse_iso(json_string_value(stop), json_string_length(stop), &out[i].stop) < 0)
            return false;
        if (!json_is_string(stop) && stop && !json_is_null(stop))
            return false;
    }
    return true;
}

/* Which waits are open, in days; counts those that are not for two of the reasons. */
static size_t open_days(const struct stay *stays, size_t n, struct civil_date census, int *days,
                        size_t *out_not_yet, size_t *out_stopped)
{
    size_t open = 0;

    *out_not_yet = *out_stopped = 0;
    for (size_t i = 0; i < n; i++) {
        *out_not_yet += date_compare(stays[i].start, census) > 0;
        *out_stopped += date_is_set(stays[i].stop) && date_compare(stays[i].stop, census) == 0 &&
                        date_compare(stays[i].start, census) <= 0;
        if (wait_is_open(stays[i].start, stays[i].stop, census))
            days[open++] = wait_days(stays[i].start, census);
    }
    return open;
}

/* The bands with anyone in them, and how many. */
static int add_bands(json_t *o, const struct wait_count *list, size_t n)
{
    json_t *bands = json_array(), *counts = json_array();
    uint64_t by_band[WAIT_BANDS] = { 0 };
    int r = 0;

    for (size_t i = 0; i < n; i++)
        by_band[wait_published_band(list[i].days)] += list[i].count;
    for (int i = 0; i < WAIT_BANDS; i++)
        if (by_band[i])
            r |= json_array_append_new(bands, json_integer(i)) |
                 json_array_append_new(counts, json_integer((json_int_t)by_band[i]));
    return r | json_object_set_new(o, "bands", bands) |
           json_object_set_new(o, "band_counts", counts) |
           json_object_set_new(o, "published_method", published_json(by_band)) |
           json_object_set_new(o, "published_method_2014", published_2014_json(by_band));
}

static int add_counts(json_t *o, const struct wait_count *list, size_t n)
{
    static const struct {
        const char *key;
        int weeks;
    } overs[] = { { "over_18", 18 }, { "over_26", 26 }, { "over_52", 52 },
                  { "over_65", 65 }, { "over_78", 78 }, { "over_104", 104 } };
    static const struct {
        const char *key;
        int per_cent;
    } percentiles[] = { { "p50_days", 50 }, { "p92_days", 92 }, { "p95_days", 95 } };
    uint64_t total = wait_total(list, n), within = total - wait_over(list, n, WEEKS(18));
    int r = json_object_set_new(o, "within_18", json_integer((json_int_t)within));

    for (size_t i = 0; i < sizeof overs / sizeof overs[0]; i++)
        r |= json_object_set_new(
            o, overs[i].key, json_integer((json_int_t)wait_over(list, n, WEEKS(overs[i].weeks))));
    r |= json_object_set_new(
        o, "pct_within_18",
        compute_number(total ? 100.0 * (double)within / (double)total : (double)NAN));
    r |= json_object_set_new(o, "mean_days", compute_number(wait_mean(list, n)));
    r |= json_object_set_new(o, "min_days", n ? json_integer(list[0].days) : json_null());
    r |= json_object_set_new(o, "max_days", n ? json_integer(list[n - 1].days) : json_null());
    for (size_t i = 0; i < sizeof percentiles / sizeof percentiles[0]; i++)
        r |= json_object_set_new(
            o, percentiles[i].key,
            compute_number(wait_percentile(list, n, percentiles[i].per_cent, PERCENTILE_LINEAR)));
    return r;
}

static json_t *list_result(const struct stay *stays, size_t n, const char *census_text,
                           struct civil_date census)
{
    AUTO(auto_free) int *days = calloc(n + 1, sizeof *days);
    AUTO(auto_free) struct wait_count *list = calloc(n + 1, sizeof *list);
    size_t not_yet, stopped;

    if (!days || !list)
        return NULL;
    size_t open = open_days(stays, n, census, days, &not_yet, &stopped);
    size_t distinct = wait_histogram(days, open, list);
    json_t *o =
        json_pack("{s:s, s:I, s:I, s:I}", "census", census_text, "open", (json_int_t)open,
                  "not_yet_started", (json_int_t)not_yet, "stopped_on_census", (json_int_t)stopped);

    if (o && (add_counts(o, list, distinct) | add_bands(o, list, distinct)) == 0)
        return o;
    json_decref(o);
    return NULL;
}

/* A census date as it stands, or as the key "census" of an object. */
static const char *census_of(const json_t *entry)
{
    return json_string_value(json_is_object(entry) ? json_object_get(entry, "census") : entry);
}

static json_t *lists_result(const json_t *line, char why[128])
{
    const json_t *starts = json_object_get(line, "start"), *stops = json_object_get(line, "stop");
    const json_t *entries = json_object_get(line, "results");
    size_t n = json_array_size(starts);
    AUTO(auto_free) struct stay *stays = calloc(n + 1, sizeof *stays);
    json_t *results = json_array();

    if (!json_is_array(starts) || (stops && json_array_size(stops) != n) ||
        !json_is_array(entries) || !stays || !read_stays(starts, stops, stays)) {
        (void)snprintf(
            why, 128, "start and stop want lists of dates of one length, results the census dates");
        json_decref(results);
        return NULL;
    }
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const char *text = census_of(json_array_get(entries, i));
        struct civil_date census;

        if (!text || date_parse_iso(text, strlen(text), &census) < 0 ||
            json_array_append_new(results, list_result(stays, n, text, census)) < 0) {
            (void)snprintf(why, 128, "census date %zu is no date", i + 1);
            json_decref(results);
            return NULL;
        }
    }
    return results;
}

json_t *compute_waits(const json_t *line, char why[128])
{
    const json_t *counts = json_object_get(line, "counts_by_week_0_to_104plus");
    json_t *id = json_object_get(line, "id");
    json_t *answer = counts ? bands_result(counts, why) : lists_result(line, why);

    return answer ? json_pack("{s:O, s:o}", "id", id ? id : json_null(),
                              counts ? "result" : "results", answer)
                  : NULL;
}
