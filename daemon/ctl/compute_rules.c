#include "ctl/compute_spc.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "ctl/compute.h"

/* What is given of the points, beside their values. */
static bool read_points(const json_t *line, size_t n, struct spc_point *out)
{
    const json_t *sides = json_object_get(line, "relative_to_mean");
    const json_t *near = json_object_get(line, "close_to_limits");
    const json_t *outside = json_object_get(line, "outside_limits");

    if (json_array_size(sides) != n || json_array_size(near) != n || json_array_size(outside) != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *side = json_array_get(sides, i);

        if (!json_is_integer(side) || !json_is_boolean(json_array_get(near, i)) ||
            !json_is_boolean(json_array_get(outside, i)))
            return false;
        out[i].side = (json_integer_value(side) > 0) - (json_integer_value(side) < 0);
        out[i].near = json_is_true(json_array_get(near, i));
        out[i].outside = json_is_true(json_array_get(outside, i));
    }
    return true;
}

static json_t *types_json(const struct spc_point *points, size_t n,
                          enum spc_improvement improvement)
{
    json_t *list = json_array();
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++)
        r = json_array_append_new(
            list, json_string(spc_variation_names[spc_variation_of(points[i].cause, improvement)]));
    return spc_whole(list, r);
}

static json_t *rules_json(const struct spc_point *points, size_t n)
{
    json_t *causes = json_array();
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++)
        r = json_array_append_new(causes, json_string(spc_cause_names[points[i].cause]));
    return json_pack("{s:o, s:{s:o, s:o, s:o}}", "special_cause_type", spc_whole(causes, r),
                     "point_type", "increase", types_json(points, n, SPC_INCREASE), "decrease",
                     types_json(points, n, SPC_DECREASE), "neutral",
                     types_json(points, n, SPC_NEUTRAL));
}

json_t *compute_rules(const json_t *line, char why[128])
{
    const json_t *y = json_object_get(line, "y");
    size_t n = json_array_size(y);
    AUTO(auto_free) double *values = calloc(n + 1, sizeof *values);
    AUTO(auto_free) struct spc_point *points = calloc(n + 1, sizeof *points);

    if (!values || !points)
        return NULL;
    if (!json_is_array(y) || !spc_read_values(y, values) || !read_points(line, n, points)) {
        (void)snprintf(
            why, 128,
            "y wants numbers or nulls, relative_to_mean as many of -1, 0 and 1, the limits "
            "as many flags");
        return NULL;
    }
    if (spc_trend_is_undecided(values, n))
        return spc_answer(line, spc_refused());
    spc_rules(values, n, points);
    return spc_answer(line, rules_json(points, n));
}
