#include "ctl/compute_spc.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "ctl/compute.h"

#define FIX_AFTER_MIN 12

static const struct {
    const char *name;
    enum spc_improvement improvement;
} improvements[] = {
    { "increase", SPC_INCREASE },
    { "decrease", SPC_DECREASE },
    { "neutral", SPC_NEUTRAL },
};

#define IMPROVEMENTS (sizeof improvements / sizeof improvements[0])

/* ---- input ---- */

static void input_release(struct spc_input *in)
{
    free(in->dates);
    free(in->values);
    free(in->starts);
}

bool spc_read_values(const json_t *list, double *out)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *value = json_array_get(list, i);

        if (!json_is_number(value) && !json_is_null(value))
            return false;
        out[i] = json_is_null(value) ? (double)NAN : json_number_value(value);
    }
    return true;
}

static bool read_date(const json_t *text, struct civil_date *out)
{
    return json_is_string(text) &&
           date_parse_iso(json_string_value(text), json_string_length(text), out) == 0;
}

static bool read_dates(const json_t *list, struct civil_date *out)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!read_date(json_array_get(list, i), &out[i]))
            return false;
    return true;
}

/* By date; equal dates are refused later. */
static void sort_by_date(struct spc_input *in)
{
    for (size_t i = 1; i < in->n; i++)
        for (size_t k = i; k > 0 && date_compare(in->dates[k - 1], in->dates[k]) > 0; k--) {
            struct civil_date date = in->dates[k];
            double value = in->values[k];

            in->dates[k] = in->dates[k - 1];
            in->values[k] = in->values[k - 1];
            in->dates[k - 1] = date;
            in->values[k - 1] = value;
        }
}

/* Returns 0; -EINVAL for a line that is no series, with why; -ENOMEM, without. */
static int read_series(const json_t *line, struct spc_input *in, char why[128])
{
    const json_t *x = json_object_get(line, "x"), *y = json_object_get(line, "y");

    in->n = json_array_size(y);
    in->dates = calloc(in->n + 1, sizeof *in->dates);
    in->values = calloc(in->n + 1, sizeof *in->values);
    in->starts = calloc(in->n + 1, sizeof *in->starts);
    if (!in->dates || !in->values || !in->starts)
        return -ENOMEM;
    if (!json_is_array(x) || !json_is_array(y) || json_array_size(x) != in->n ||
        !read_dates(x, in->dates) || !spc_read_values(y, in->values)) {
        (void)snprintf(why, 128, "x wants dates, y as many numbers or nulls");
        return -EINVAL;
    }
    sort_by_date(in);
    return 0;
}

/* A date that no value has starts nothing, as in the package. */
static bool read_rebase(const json_t *list, struct spc_input *in)
{
    struct civil_date date;

    if (list && !json_is_null(list) && !json_is_array(list))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!read_date(json_array_get(list, i), &date))
            return false;
        for (size_t k = 0; k < in->n; k++)
            in->starts[k] |= date_compare(in->dates[k], date) == 0;
    }
    return true;
}

static bool read_improvement(const json_t *name, enum spc_improvement *out)
{
    *out = SPC_INCREASE;
    if (!name || json_is_null(name))
        return true;
    for (size_t i = 0; json_is_string(name) && i < IMPROVEMENTS; i++)
        if (strcmp(json_string_value(name), improvements[i].name) == 0) {
            *out = improvements[i].improvement;
            return true;
        }
    return false;
}

/* A number, or what is absent. */
static bool read_number(const json_t *number, double absent, double *out)
{
    *out = json_is_number(number) ? json_number_value(number) : absent;
    return !number || json_is_null(number) || json_is_number(number);
}

/* False for options that the package refuses. */
static bool read_options(const json_t *given, struct spc_input *in)
{
    const json_t *screen = json_object_get(given, "screen_outliers");
    double fix_after;

    if (!read_improvement(json_object_get(given, "improvement_direction"),
                          &in->options.improvement) ||
        !read_number(json_object_get(given, "target"), (double)NAN, &in->options.target) ||
        !read_number(json_object_get(given, "fix_after_n_points"), 0, &fix_after) ||
        !read_rebase(json_object_get(given, "rebase"), in))
        return false;
    if (json_is_number(json_object_get(given, "fix_after_n_points")) && fix_after < FIX_AFTER_MIN)
        return false;
    in->options.fix_after = fix_after < (double)in->n ? (size_t)fix_after : 0;
    in->options.screen_outliers = !json_is_false(screen);
    return !screen || json_is_null(screen) || json_is_boolean(screen);
}

static bool dates_differ(const struct spc_input *in)
{
    for (size_t i = 1; i < in->n; i++)
        if (date_compare(in->dates[i - 1], in->dates[i]) == 0)
            return false;
    return true;
}

bool spc_trend_is_undecided(const double *values, size_t n)
{
    for (size_t first = 0; first + SPC_RUN_POINTS <= n; first++) {
        size_t up = 0, down = 0, unknown = 0;

        for (size_t i = first + 1; i < first + SPC_RUN_POINTS; i++) {
            up += values[i] > values[i - 1];
            down += values[i] < values[i - 1];
            unknown += isnan(values[i]) || isnan(values[i - 1]);
        }
        if (unknown > 0 &&
            (up + unknown == SPC_RUN_POINTS - 1 || down + unknown == SPC_RUN_POINTS - 1))
            return true;
    }
    return false;
}

static bool chart_is_undecided(const struct spc_chart *c, const double *values)
{
    for (size_t k = 0; k < c->segment_count; k++)
        if (spc_trend_is_undecided(values + c->segments[k].first, c->segments[k].n))
            return true;
    return false;
}

json_t *spc_answer(const json_t *line, json_t *result)
{
    json_t *id = json_object_get(line, "id");

    return result ? json_pack("{s:O, s:o}", "id", id ? id : json_null(), "result", result) : NULL;
}

json_t *spc_refused(void)
{
    return json_pack("{s:b}", "error", true);
}

json_t *compute_spc(const json_t *line, char why[128])
{
    AUTO(input_release) struct spc_input in = { NULL, NULL, NULL, 0, { 0 } };
    AUTO(spc_chart_release) struct spc_chart chart = SPC_CHART_INIT;

    if (read_series(line, &in, why) < 0)
        return NULL;
    if (!read_options(json_object_get(line, "options"), &in) || !dates_differ(&in))
        return spc_answer(line, spc_refused());
    int r = spc_chart(in.values, in.starts, in.n, &in.options, &chart);

    if (r == -ENODATA || (r == 0 && chart_is_undecided(&chart, in.values)))
        return spc_answer(line, spc_refused());
    return r == 0 ? spc_answer(line, spc_chart_json(&chart, &in)) : NULL;
}
