#include "ctl/compute_spc.h"

#include <math.h>

#include "ctl/compute.h"

const char *const spc_cause_names[] = {
    [SPC_COMMON_CAUSE] = "Common Cause",
    [SPC_ABOVE_LIMIT] = "Above UCL",
    [SPC_BELOW_LIMIT] = "Below LCL",
    [SPC_TREND_UP] = "7 Point Trend (Increasing)",
    [SPC_TREND_DOWN] = "7 Point Trend (Decreasing)",
    [SPC_NEAR_ABOVE] = "2 in 3 Above CL",
    [SPC_NEAR_BELOW] = "2 in 3 Below CL",
    [SPC_SHIFT_ABOVE] = "7 Points Above CL",
    [SPC_SHIFT_BELOW] = "7 Points Below CL",
};

const char *const spc_variation_names[] = {
    [SPC_COMMON] = "common_cause",
    [SPC_IMPROVEMENT] = "special_cause_improvement",
    [SPC_CONCERN] = "special_cause_concern",
    [SPC_NEUTRAL_HIGH] = "special_cause_neutral_high",
    [SPC_NEUTRAL_LOW] = "special_cause_neutral_low",
};

static const struct {
    const char *type, *icon; /* NULL: none */
} assurances[] = {
    [SPC_NO_ASSURANCE] = { NULL, NULL },
    [SPC_HIT_OR_MISS] = { "inconsistent", "inconsistent" },
    [SPC_PASS] = { "consistent_pass", "pass" },
    [SPC_FAIL] = { "consistent_fail", "fail" },
};

static const char *variation_icon(enum spc_variation variation, enum spc_improvement improvement)
{
    bool more_is_better = improvement == SPC_INCREASE;

    switch (variation) {
    case SPC_IMPROVEMENT:
        return more_is_better ? "improvement_high" : "improvement_low";
    case SPC_CONCERN:
        return more_is_better ? "concern_low" : "concern_high";
    case SPC_NEUTRAL_HIGH:
        return "neutral_high";
    case SPC_NEUTRAL_LOW:
        return "neutral_low";
    case SPC_COMMON:
        break;
    }
    return "common_cause";
}

static json_t *word_or_null(const char *word)
{
    return word ? json_string(word) : json_null();
}

static json_t *flag_or_null(bool is_known, bool flag)
{
    return is_known ? json_boolean(flag) : json_null();
}

json_t *spc_whole(json_t *list, int r)
{
    if (r == 0)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *segment_json(const struct spc_segment *s, size_t group)
{
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "rebase_group",
                     (json_int_t)group, "n", (json_int_t)s->n, "mean", compute_number(s->mean),
                     "amr_all", compute_number(s->moving_range_all), "mr_screen_limit",
                     compute_number(s->screen_limit), "n_mr_used", (json_int_t)s->moving_ranges,
                     "amr", compute_number(s->moving_range), "lpl", compute_number(s->lower), "upl",
                     compute_number(s->upper), "near_lpl", compute_number(s->near_lower),
                     "near_upl", compute_number(s->near_upper));
}

static json_t *segments_json(const struct spc_chart *c, size_t first_group)
{
    json_t *list = json_array();
    int r = 0;

    for (size_t k = 0; k < c->segment_count; k++)
        r |= json_array_append_new(list, segment_json(&c->segments[k], first_group + k));
    return spc_whole(list, r);
}

/* The columns of a chart, one entry a point. */
enum column {
    COLUMN_MEAN,
    COLUMN_LOWER,
    COLUMN_UPPER,
    COLUMN_GROUP,
    COLUMN_SHORT,
    COLUMN_BASELINE,
    COLUMN_OUTSIDE,
    COLUMN_SIDE,
    COLUMN_NEAR,
    COLUMN_CAUSE,
    COLUMN_FLAG,
    COLUMN_TYPE,
};

static const char *const columns[] = {
    [COLUMN_MEAN] = "mean",
    [COLUMN_LOWER] = "lpl",
    [COLUMN_UPPER] = "upl",
    [COLUMN_GROUP] = "rebase_group",
    [COLUMN_SHORT] = "short_group_warning",
    [COLUMN_BASELINE] = "in_baseline",
    [COLUMN_OUTSIDE] = "outside_limits",
    [COLUMN_SIDE] = "relative_to_mean",
    [COLUMN_NEAR] = "close_to_limits",
    [COLUMN_CAUSE] = "special_cause_type",
    [COLUMN_FLAG] = "special_cause_flag",
    [COLUMN_TYPE] = "point_type",
};

static json_t *point_json(const struct spc_chart *c, const struct spc_input *in, size_t i,
                          enum column column)
{
    const struct spc_point *p = &c->points[i];
    const struct spc_segment *s = &c->segments[p->segment];
    bool has_value = !isnan(in->values[i]), has_limits = has_value && !isnan(s->upper);

    switch (column) {
    case COLUMN_MEAN:
        return compute_number(s->mean);
    case COLUMN_LOWER:
        return compute_number(s->lower);
    case COLUMN_UPPER:
        return compute_number(s->upper);
    case COLUMN_GROUP:
        return json_integer((json_int_t)(p->segment + in->starts[0]));
    case COLUMN_SHORT:
        return json_boolean(s->n < SPC_FULL_POINTS);
    case COLUMN_BASELINE:
        return json_boolean(p->in_baseline);
    case COLUMN_OUTSIDE:
        return flag_or_null(has_limits, p->outside);
    case COLUMN_SIDE:
        return has_value && !isnan(s->mean) ? json_integer(p->side) : json_null();
    case COLUMN_NEAR:
        return flag_or_null(has_limits, p->near);
    case COLUMN_CAUSE:
        return json_string(spc_cause_names[p->cause]);
    case COLUMN_FLAG:
        return json_boolean(p->cause != SPC_COMMON_CAUSE);
    case COLUMN_TYPE:
        return json_string(
            spc_variation_names[spc_variation_of(p->cause, in->options.improvement)]);
    }
    return NULL;
}

static int add_columns(json_t *o, const struct spc_chart *c, const struct spc_input *in)
{
    int r = 0;

    for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++) {
        json_t *list = json_array();

        for (size_t i = 0; i < c->n; i++)
            r |= json_array_append_new(list, point_json(c, in, i, (enum column)k));
        r |= json_object_set_new(o, columns[k], list);
    }
    return r;
}

/* ---- how near the chart is to another one ---- */

static void narrow(double *margin, double distance)
{
    if (fabs(distance) < *margin)
        *margin = fabs(distance);
}

static double segment_margin(const struct spc_chart *c, const struct spc_segment *s,
                             const struct spc_input *in)
{
    const double lines[] = { s->mean, s->lower, s->upper, s->near_lower, s->near_upper };
    const double *values = in->values + s->first;
    const struct spc_point *points = c->points + s->first;
    double scale = 0, margin = INFINITY;

    for (size_t i = 0; i < s->n; i++) {
        scale = fmax(scale, fabs(values[i]));
        for (size_t k = 0; k < sizeof lines / sizeof lines[0]; k++)
            narrow(&margin, values[i] - lines[k]);
        if (in->options.screen_outliers && i > 0 && points[i].in_baseline)
            narrow(&margin, fabs(values[i] - values[i - 1]) - s->screen_limit);
    }
    return margin > 0 ? margin / scale : 0;
}

/* The least distance of a value from a line it is compared with (of a moving range from the one
 * beyond which it is left out), relative to its segment's largest value: 0 is a tie. */
static double chart_margin(const struct spc_chart *c, const struct spc_input *in)
{
    double margin = INFINITY;

    for (size_t k = 0; k < c->segment_count; k++)
        narrow(&margin, segment_margin(c, &c->segments[k], in));
    return isinf(margin) ? (double)NAN : margin;
}

json_t *spc_chart_json(const struct spc_chart *c, const struct spc_input *in)
{
    json_t *o = json_object();
    int r = add_columns(o, c, in);

    r |= json_object_set_new(o, "segments", segments_json(c, in->starts[0]));
    r |= json_object_set_new(o, "variation_type", json_string(spc_variation_names[c->variation]));
    r |= json_object_set_new(o, "assurance_type", word_or_null(assurances[c->assurance].type));
    r |= json_object_set_new(o, "variation_icon",
                             json_string(variation_icon(c->variation, in->options.improvement)));
    r |= json_object_set_new(o, "assurance_icon", word_or_null(assurances[c->assurance].icon));
    r |= json_object_set_new(o, "min_margin", compute_number(chart_margin(c, in)));
    return spc_whole(o, r);
}
