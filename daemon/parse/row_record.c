/* From an accepted row to its records (declared in rows.h). */
#include "parse/rows.h"

#include <math.h>
#include <string.h>

static const char *text_of(const struct row_reader *r, size_t role, size_t value)
{
    const char *from_header = r->columns->values[value].texts[role];

    if (from_header)
        return from_header;
    return r->has[role] ? text_str(&r->texts[role]) : NULL;
}

static bool rule_is_for(const struct rounding_rule *rule, const char *breakdown)
{
    for (size_t i = 0; i < rule->breakdown.count; i++) {
        if (text_like(rule->breakdown.items[i], breakdown ? breakdown : ""))
            return true;
    }
    return rule->breakdown.count == 0;
}

/* The interval in which the true figure lies. */
static void set_bounds(const struct format *f, struct record *rec)
{
    rec->low = -INFINITY;
    rec->high = INFINITY;
    if (rec->marker == MARKER_SUPPRESSED && f->suppressed[rec->unit].is_set) {
        rec->low = f->suppressed[rec->unit].low;
        rec->high = f->suppressed[rec->unit].high;
    }
    if (rec->marker != MARKER_NONE)
        return;
    rec->low = rec->high = rec->value;
    for (size_t i = 0; i < f->rounding_count; i++) {
        if (!rule_is_for(&f->rounding[i], rec->breakdown))
            continue;
        double half = f->rounding[i].half_width[rec->unit];

        if (!isnan(half)) {
            rec->low = rec->value >= 0 ? fmax(0, rec->value - half) : rec->value - half;
            rec->high = rec->value + half;
            if (rec->unit == UNIT_PERCENT && rec->value <= 100)
                rec->high = fmin(100, rec->high);
        }
        return;
    }
}

void row_record(const struct row_reader *r, size_t value, struct record *out_record)
{
    const struct value_column *v = &r->columns->values[value];
    const struct cell_value *cell = &r->values[value];
    const struct date_span *period =
        period_is_over(r->columns->layout->period.rule) ? &v->period : &r->period;

    *out_record = (struct record){
        .measure = text_of(r, ROLE_MEASURE, value),
        .measure_name = text_of(r, ROLE_MEASURE_NAME, value),
        .breakdown = text_of(r, ROLE_BREAKDOWN, value),
        .org = text_of(r, ROLE_ORG, value),
        .org_name = text_of(r, ROLE_ORG_NAME, value),
        .secondary = text_of(r, ROLE_SECONDARY, value),
        .note = text_of(r, ROLE_NOTE, value),
        .rank = text_of(r, ROLE_RANK, value),
        .period_start = period->start,
        .period_end = period->end,
        .value = cell->number,
        .numerator = r->numerator,
        .denominator = r->denominator,
        .marker = cell->marker,
        .status = r->status,
        .unit = r->unit,
        .line = r->line,
    };
    if (out_record->org_name && strcmp(out_record->org_name, out_record->org) == 0)
        out_record->org_name = NULL;
    if (out_record->unit == UNIT_UNKNOWN)
        out_record->unit = v->unit;
    if (out_record->unit == UNIT_UNKNOWN)
        out_record->unit = cell->percent ? UNIT_PERCENT : r->format->unit;
    set_bounds(r->format, out_record);
}
