#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "ctl/compute.h"
#include "ctl/compute_spc.h"
#include "metric/i_chart.h"

static json_t *count_or_null(bool is_known, size_t count)
{
    return is_known ? json_integer((json_int_t)count) : json_null();
}

static json_t *chart_json(const struct i_chart *c, const double *values, size_t n, bool screened)
{
    json_t *signals = json_array();
    bool has_runs = c->useful > 0;
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++)
        r = json_array_append_new(signals, json_boolean(i_chart_signal(c, values[i])));
    return json_pack("{s:b, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:b}", "screened",
                     screened, "cl", compute_number(c->centre), "lcl", compute_number(c->lower),
                     "ucl", compute_number(c->upper), "sigma_signal", spc_whole(signals, r),
                     "n_obs", (json_int_t)c->observed, "n_useful", (json_int_t)c->useful,
                     "longest_run", count_or_null(has_runs, c->longest_run), "longest_run_max",
                     count_or_null(has_runs, c->longest_run_max), "n_crossings",
                     count_or_null(has_runs, c->crossings), "n_crossings_min",
                     count_or_null(has_runs, c->crossings_min), "runs_signal", c->runs_signal);
}

json_t *compute_i_chart(const json_t *line, char why[128])
{
    const json_t *y = json_object_get(line, "y"), *freeze = json_object_get(line, "freeze");
    size_t n = json_array_size(y);
    AUTO(auto_free) double *values = calloc(n + 1, sizeof *values);
    int r = 0;

    if (!values)
        return NULL;
    if (n == 0 || !spc_read_values(y, values) ||
        (json_is_number(freeze) && json_number_value(freeze) < 1) ||
        (freeze && !json_is_null(freeze) && !json_is_number(freeze))) {
        (void)snprintf(why, 128, "y wants numbers or nulls, freeze how many of them or null");
        return NULL;
    }
    double frozen = json_number_value(freeze);
    json_t *both = json_array();

    for (int screened = 0; screened < 2; screened++) {
        struct i_chart c;

        r |= i_chart(values, n, frozen < (double)n ? (size_t)frozen : 0, screened, &c);
        r |= r == 0 ? json_array_append_new(both, chart_json(&c, values, n, screened)) : 0;
    }
    return spc_answer(line, spc_whole(both, r));
}
