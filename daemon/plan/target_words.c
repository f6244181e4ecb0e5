#include "plan/target_words.h"

#include <math.h>
#include <stdio.h>

#include "plan/finding.h"

const char *target_wait(struct span wait, char out[32])
{
    const char *unit = wait.unit == SPAN_WEEKS    ? "week"
                       : wait.unit == SPAN_MONTHS ? "month"
                                                  : "day";

    (void)snprintf(out, 32, "%ld %s%s", wait.count, unit, wait.count == 1 ? "" : "s");
    return out;
}

static void add_amount(struct text *t, double value, enum unit unit)
{
    char number[32];

    text_printf(t, "%s%s%s%s", text_number(value, number), unit == UNIT_PERCENT ? " %" : "",
                unit == UNIT_DAYS || unit == UNIT_WEEKS ? " " : "",
                unit == UNIT_DAYS || unit == UNIT_WEEKS ? unit_name(unit) : "");
}

static void add_baseline(struct text *t, const struct plan_baseline *b)
{
    char date[32];

    text_puts(t, "the baseline");
    if (date_is_set(b->date))
        text_printf(t, " of %s", finding_date(b->date, date));
}

static void add_change(struct text *t, const struct plan_measure *m, enum unit unit)
{
    double by = fabs(m->rule.change);

    if (m->rule.change_is_share)
        add_amount(t, by, UNIT_PERCENT);
    else if (unit == UNIT_PERCENT) {
        char number[32];

        text_printf(t, "%s percentage points", text_number(by, number));
    } else
        add_amount(t, by, unit);
    text_puts(t, m->rule.change < 0 ? " less than " : " more than ");
    add_baseline(t, &m->baseline);
}

static void add_comparator(struct text *t, const struct target_rule *rule)
{
    const struct figure_ref *ref = rule->comparator;
    char date[32];

    text_printf(t, "no worse than %s",
                ref && ref->title                ? ref->title
                : rule->comparator_title != NULL ? rule->comparator_title
                : ref && ref->select.org         ? ref->select.org
                                                 : "the comparator");
    if (ref && date_is_set(ref->frozen))
        text_printf(t, " in the period to %s", finding_date(ref->frozen, date));
    else if (ref)
        text_puts(t, ", as last published");
}

int target_words(const struct plan_measure *m, enum unit unit, struct text *out)
{
    static const char *const sides[] = { "at least ", "at most ", "" };
    const struct target_rule *rule = &m->rule;
    char wait[32], date[32], number[32];

    switch ((enum target_kind)rule->kind) {
    case TARGET_NONE:
        return out->error;
    case TARGET_THRESHOLD:
        text_puts(out, sides[m->polarity]);
        add_amount(out, m->target, unit);
        break;
    case TARGET_NONE_OVER:
        text_printf(out, "nobody waits longer than %s", target_wait(rule->wait, wait));
        break;
    case TARGET_PERCENTILE:
        text_printf(out, "%s %% wait no longer than %s", text_number(rule->percentile, number),
                    target_wait(rule->wait, wait));
        break;
    case TARGET_CLOSE_TO:
        text_puts(out, "at most ");
        add_amount(out, rule->within, unit);
        text_puts(out, " away from ");
        add_amount(out, m->target, unit);
        break;
    case TARGET_CHANGE:
        add_change(out, m, unit);
        break;
    case TARGET_COMPARATOR:
        add_comparator(out, rule);
        break;
    case TARGET_STABILISE:
        text_puts(out, "no worse than ");
        add_baseline(out, &m->baseline);
        break;
    case TARGET_LEVEL:
        text_printf(out, "level or better over %ld data periods", rule->periods);
        break;
    }
    if (date_is_set(m->target_by))
        text_printf(out, " by %s", finding_date(m->target_by, date));
    if (rule->law)
        text_printf(out, " (the law: %s)", rule->law);
    return out->error;
}
