#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "plan/line.h"
#include "plan/plan_diff_internal.h"
#include "plan/target_words.h"

/* ---- lines ---- */

/* By which way its figures are better. */
static enum order line_order(const struct plan_measure *m)
{
    static const enum order orders[] = { [POLARITY_HIGHER] = GROWS_HARDER,
                                         [POLARITY_LOWER] = GROWS_SOFTER,
                                         [POLARITY_CLOSE] = NO_ORDER };

    return orders[m->polarity];
}

static double line_on(const struct plan_measure *m, struct civil_date day)
{
    return measure_line(m, NULL, day).value;
}

static void diff_line_on(struct diffing *d, const struct plan_measure *before,
                         const struct plan_measure *after, struct civil_date day)
{
    char date[DATE_TEXT_MAX], what[48];

    (void)snprintf(what, sizeof what, "line on %s", date_format(day, date));
    diff_number(d, what, line_on(before, day), line_on(after, day), line_order(after));
}

static void diff_notes(struct diffing *d, const struct plan_measure *before,
                       const struct plan_measure *after)
{
    char date[DATE_TEXT_MAX], what[48];

    for (size_t i = 0; i < after->expect_count; i++)
        for (size_t k = 0; k < before->expect_count; k++) {
            const struct milestone *was = &before->expect[k], *is = &after->expect[i];

            if (date_compare(was->date, is->date) != 0)
                continue;
            (void)snprintf(what, sizeof what, "note on %s", date_format(is->date, date));
            diff_text(d, CHANGE_OTHER, what, was->note, is->note);
        }
}

static bool has_milestone(const struct plan_measure *m, struct civil_date day)
{
    for (size_t i = 0; i < m->expect_count; i++)
        if (date_compare(m->expect[i].date, day) == 0)
            return true;
    return false;
}

/* Between two milestones of one plan, where the other one's line takes another way. */
static void diff_between(struct diffing *d, const struct plan_measure *before,
                         const struct plan_measure *after, const struct plan_measure *of)
{
    for (size_t i = 1; i < of->expect_count; i++) {
        struct civil_date from = of->expect[i - 1].date;

        diff_line_on(d, before, after,
                     date_add_days(from, (of->expect[i].date.day - from.day) / 2));
    }
}

/* On each day on which a milestone of either begins; where only one has milestones, before its first as well:
 * nothing is due there. */
static void diff_lines(struct diffing *d, const struct plan_measure *before,
                       const struct plan_measure *after)
{
    const struct plan_measure *more = after->expect_count ? after : before;

    if (!before->expect_count != !after->expect_count)
        diff_line_on(d, before, after, date_add_days(more->expect[0].date, -1));
    for (size_t i = 0; i < before->expect_count; i++)
        diff_line_on(d, before, after, before->expect[i].date);
    for (size_t i = 0; i < after->expect_count; i++)
        if (!has_milestone(before, after->expect[i].date))
            diff_line_on(d, before, after, after->expect[i].date);
    if (before->linear != after->linear)
        diff_between(d, before, after, more);
}

/* A length of time, likewise; months for the order alone. */
static double days_of(struct span s)
{
    static const double days[] = { [SPAN_DAYS] = 1,
                                   [SPAN_WORKING_DAYS] = 7.0 / 5,
                                   [SPAN_WEEKS] = 7,
                                   [SPAN_MONTHS] = 365.25 / 12,
                                   [SPAN_SECONDS] = 1.0 / 86400 };

    return (double)s.count * days[s.unit];
}

static void diff_span(struct diffing *d, const char *what, struct span before, struct span after,
                      enum order order)
{
    char a[32], b[32];

    if (before.count == after.count && (before.count == 0 || before.unit == after.unit))
        return;
    enum change_effect effect = (days_of(after) > days_of(before)) == (order == GROWS_SOFTER)
                                    ? EFFECT_SOFTER
                                    : EFFECT_HARDER;

    /* The one that is left out allows any wait, or looks nowhere. */
    if (!before.count != !after.count)
        effect = after.count ? EFFECT_HARDER : EFFECT_SOFTER;
    diff_add(d, effect, CHANGE_LINE, what, before.count ? target_wait(before, a) : NULL,
             after.count ? target_wait(after, b) : NULL);
}

/* ---- the rules that watch it ---- */

static void diff_guards(struct diffing *d, const struct plan_measure *before,
                        const struct plan_measure *after)
{
    if (before->guards.count && after->guards.count)
        diff_count(d, "guard_over", before->guard_over, after->guard_over);
    for (size_t i = 0; i < before->guards.count; i++)
        if (!text_list_has(&after->guards, before->guards.items[i]))
            diff_add(d, EFFECT_SOFTER, CHANGE_LINE, "guard", before->guards.items[i], NULL);
    for (size_t i = 0; i < after->guards.count; i++)
        if (!text_list_has(&before->guards, after->guards.items[i]))
            diff_add(d, EFFECT_HARDER, CHANGE_LINE, "guard", NULL, after->guards.items[i]);
}

static void diff_forecast(struct diffing *d, const struct plan_forecast *before,
                          const struct plan_forecast *after)
{
    if (!diff_presence(d, "forecast", before, after))
        return;
    diff_number(d, "forecast chance", before->chance, after->chance, GROWS_HARDER);
    diff_number(d, "forecast at_most", before->has_at_most ? (double)before->at_most : NAN,
                after->has_at_most ? (double)after->at_most : NAN, GROWS_SOFTER);
    diff_span(d, "forecast within", before->within, after->within, GROWS_HARDER);
}

/* "2024-01-31: new definition, ..." */
static void list_rebases(const struct plan_spc *s, struct text *out)
{
    char date[DATE_TEXT_MAX];

    for (size_t i = 0; i < s->rebase_count; i++)
        (void)text_printf(out, "%s%s: %s", i ? ", " : "", date_format(s->rebases[i].date, date),
                          s->rebases[i].why ? s->rebases[i].why : "");
}

/* Limits without a screen are the wider ones. */
static void diff_spc(struct diffing *d, const struct plan_spc *before, const struct plan_spc *after)
{
    static const char *const limits[] = { "unscreened", "screened" };
    AUTO(text_release) struct text a = TEXT_INIT, b = TEXT_INIT;

    if (!diff_presence(d, "spc", before, after))
        return;
    diff_number(d, "spc points", (double)before->points, (double)after->points, GROWS_SOFTER);
    if (before->screens != after->screens)
        diff_add(d, after->screens ? EFFECT_HARDER : EFFECT_SOFTER, CHANGE_LINE, "spc limits",
                 limits[before->screens], limits[after->screens]);
    diff_count(d, "spc baseline", before->baseline, after->baseline);
    list_rebases(before, &a);
    list_rebases(after, &b);
    if (!text_ok(&a) || !text_ok(&b))
        d->result = -ENOMEM;
    diff_text(d, CHANGE_OTHER, "spc rebase", a.len ? text_str(&a) : NULL,
              b.len ? text_str(&b) : NULL);
}

/* A longer wait lets more people meet it, or fewer be over it; who has an exception has often waited long. */
static void diff_metric(struct diffing *d, const struct list_measure *before,
                        const struct list_measure *after)
{
    if (!before || !after || before->metric.id != after->metric.id)
        return;
    if (before->metric.id != METRIC_BREACHING_WITHIN)
        diff_span(d, "wait", before->metric.wait, after->metric.wait, GROWS_SOFTER);
    diff_span(d, "wait allowed", before->metric.standard, after->metric.standard, GROWS_SOFTER);
    diff_number(d, "share", before->metric.share, after->metric.share, GROWS_HARDER);
    diff_presence(d, "act_on projected", before->act_on_projected, after->act_on_projected);
    diff_presence(d, "waits with an exception", !before->without_exceptions,
                  !after->without_exceptions);
}

/* ---- the target ---- */

/* "England: published:MRS08b of feed cyp4ww, org E, breakdown B, secondary S, frozen at 2024-03-31" */
static void say_ref(const struct figure_ref *ref, struct text *out)
{
    char date[DATE_TEXT_MAX];

    (void)text_printf(out, "%s: %s of feed %s", ref->title ? ref->title : "",
                      ref->published ? ref->published : "",
                      ref->select.feed ? ref->select.feed : "");
    if (ref->select.org)
        (void)text_printf(out, ", org %s", ref->select.org);
    if (ref->select.breakdown)
        (void)text_printf(out, ", breakdown %s", ref->select.breakdown);
    if (ref->select.secondary)
        (void)text_printf(out, ", secondary %s", ref->select.secondary);
    if (date_is_set(ref->frozen))
        (void)text_printf(out, ", frozen at %s", date_format(ref->frozen, date));
}

static void diff_ref(struct diffing *d, const char *what, const struct figure_ref *before,
                     const struct figure_ref *after)
{
    AUTO(text_release) struct text a = TEXT_INIT, b = TEXT_INIT;

    if (before)
        say_ref(before, &a);
    if (after)
        say_ref(after, &b);
    if (!text_ok(&a) || !text_ok(&b))
        d->result = -ENOMEM;
    diff_text(d, CHANGE_OTHER, what, before ? text_str(&a) : NULL, after ? text_str(&b) : NULL);
}

/* "100 of 2023-03-31" */
static void diff_baseline(struct diffing *d, const struct plan_baseline *before,
                          const struct plan_baseline *after)
{
    const struct plan_baseline *const of[] = { before, after };
    char date[DATE_TEXT_MAX], number[32], words[2][80];

    for (size_t i = 0; i < 2; i++)
        if (date_is_set(of[i]->date))
            (void)snprintf(words[i], sizeof words[i], "%s of %s",
                           of[i]->has_value ? text_number(of[i]->value, number) : "the figure",
                           date_format(of[i]->date, date));
    diff_text(d, CHANGE_OTHER, "baseline", date_is_set(before->date) ? words[0] : NULL,
              date_is_set(after->date) ? words[1] : NULL);
    diff_text(d, CHANGE_OTHER, "baseline note", before->note, after->note);
}

/* The target's own rule: what cannot be put into an order is said in words. */
static void diff_promise(struct diffing *d, const struct plan_measure *before,
                         const struct plan_measure *after)
{
    const struct target_rule *was = &before->rule, *is = &after->rule;
    AUTO(text_release) struct text a = TEXT_INIT, b = TEXT_INIT;
    size_t count = d->out->count;

    if (was->kind == is->kind) {
        diff_number(d, "within", was->within, is->within, GROWS_SOFTER);
        diff_number(d, "percentile", was->percentile, is->percentile, GROWS_HARDER);
        if (before->target == after->target) { /* else its figure says it */
            diff_number(d, "change", was->change, is->change, line_order(after));
            diff_span(d, "longest wait", was->wait, is->wait, GROWS_SOFTER);
        }
        diff_number(d, "periods of the trend", (double)was->periods, (double)is->periods,
                    GROWS_SOFTER);
    }
    if (before->polarity != after->polarity)
        diff_add(d, EFFECT_SOFTER, CHANGE_LINE, "polarity",
                 polarity_name((enum polarity)before->polarity),
                 polarity_name((enum polarity)after->polarity));
    if (diff_presence(d, "a line of the law", was->law, is->law))
        diff_text(d, CHANGE_OTHER, "law", was->law, is->law);
    if (target_words(before, before->unit, &a) < 0 || target_words(after, after->unit, &b) < 0)
        d->result = -ENOMEM;
    else if (d->out->count == count && before->target == after->target &&
             date_compare(before->target_by, after->target_by) == 0 &&
             before->unit == after->unit && !diff_same_text(text_str(&a), text_str(&b)))
        diff_add(d, EFFECT_NONE, CHANGE_LINE, "promise", a.len ? text_str(&a) : NULL,
                 b.len ? text_str(&b) : NULL);
}

/* By which an alert ends: the line itself, where no other is given. */
static double clear_of(const struct plan_measure *m)
{
    return m->has_clear ? m->clear : m->has_target && !m->expect_count ? m->target : NAN;
}

static void diff_clear(struct diffing *d, const struct plan_measure *before,
                       const struct plan_measure *after)
{
    double was = clear_of(before), is = clear_of(after);
    char a[32], b[32];
    bool is_lower = after->polarity == POLARITY_LOWER;

    if (before->has_clear == after->has_clear && (!after->has_clear || was == is))
        return;
    enum change_effect effect = isnan(was) || isnan(is)  ? EFFECT_NONE
                                : (is > was) == is_lower ? EFFECT_SOFTER
                                                         : EFFECT_HARDER;

    diff_add(d, was == is ? EFFECT_NONE : effect, CHANGE_LINE, "clear",
             before->has_clear ? text_number(before->clear, a) : NULL,
             after->has_clear ? text_number(after->clear, b) : NULL);
}

static void diff_rule(struct diffing *d, const struct plan_measure *before,
                      const struct plan_measure *after)
{
    diff_number(d, "target", before->has_target ? before->target : NAN,
                after->has_target ? after->target : NAN, line_order(after));
    diff_date(d, "target date", before->target_by, after->target_by, 1, true);
    diff_lines(d, before, after);
    diff_number(d, "tolerance", before->tolerance, after->tolerance, GROWS_SOFTER);
    diff_clear(d, before, after);
    diff_number(d, "for", (double)before->for_periods, (double)after->for_periods, GROWS_SOFTER);
    /* The later it ends the harder it is, also while it flaps. */
    diff_number(d, "clear_for", (double)before->clear_for, (double)after->clear_for, GROWS_HARDER);
    diff_number(d, "steady_for", (double)before->steady_for, (double)after->steady_for,
                GROWS_HARDER);
    diff_number(d, "min_n", before->min_n, after->min_n, GROWS_HARDER);
    diff_promise(d, before, after);
    diff_span(d, "a survey every", before->survey.every, after->survey.every, GROWS_SOFTER);
    diff_metric(d, before->list, after->list);
    diff_guards(d, before, after);
    diff_spc(d, before->spc, after->spc);
    diff_forecast(d, before->forecast, after->forecast);
}

/* Whether a step comes later than another; 0 is never. */
static bool is_later(const struct plan_step *step, const struct plan_step *than)
{
    return (than->periods && (!step->periods || step->periods > than->periods)) ||
           (than->working_days && (!step->working_days || step->working_days > than->working_days));
}

static bool is_softer_ladder(const struct plan_ladder *l, const struct plan_ladder *than)
{
    for (size_t i = 0; i < l->count && i < than->count; i++)
        if (is_later(&l->steps[i], &than->steps[i]))
            return true;
    return l->count < than->count;
}

/* Fewer are told, or later: softer. Of who is told the words say it. */
static void diff_ladder(struct diffing *d, const struct plan_ladder *before,
                        const struct plan_ladder *after)
{
    AUTO(text_release) struct text a = TEXT_INIT, b = TEXT_INIT;

    plan_ladder_words(before, &a);
    plan_ladder_words(after, &b);
    if (!text_ok(&a) || !text_ok(&b)) {
        d->result = -ENOMEM;
        return;
    }
    if (strcmp(text_str(&a), text_str(&b)) == 0)
        return;
    diff_add(d,
             is_softer_ladder(after, before)   ? EFFECT_SOFTER
             : is_softer_ladder(before, after) ? EFFECT_HARDER
                                               : EFFECT_NONE,
             CHANGE_OWNER, "escalate", text_str(&a), text_str(&b));
}

/* A miss of a line that is left out is no more one of the standard, or of the law. */
static void diff_standard(struct diffing *d, const char *before, const char *after)
{
    if (before && !after)
        diff_add(d, EFFECT_SOFTER, CHANGE_LINE, "standard", before, NULL);
    else if (!before && after)
        diff_add(d, EFFECT_HARDER, CHANGE_LINE, "standard", NULL, after);
    else
        diff_text(d, CHANGE_OTHER, "standard", before, after);
}

/* ---- what is counted ---- */

static void diff_source(struct diffing *d, const struct plan_measure *before,
                        const struct plan_measure *after)
{
    static const struct text_key keys[] = {
        { "breakdown", CHANGE_OTHER, offsetof(struct plan_measure, select.breakdown) },
        { "secondary", CHANGE_OTHER, offsetof(struct plan_measure, select.secondary) },
    };

    diff_text(d, CHANGE_OTHER, "figure", measure_figure(before), measure_figure(after));
    diff_text(d, CHANGE_OTHER, "method", measure_method(before), measure_method(after));
    diff_text(d, CHANGE_OTHER, "source", measure_source(before), measure_source(after));
    diff_text(d, CHANGE_OTHER, "organisation", measure_org(before), measure_org(after));
    diff_texts(d, keys, sizeof keys / sizeof keys[0], before, after);
    diff_text(d, CHANGE_OTHER, "unit",
              before->unit == UNIT_UNKNOWN ? NULL : unit_name(before->unit),
              after->unit == UNIT_UNKNOWN ? NULL : unit_name(after->unit));
    diff_ref(d, "comparator", before->rule.comparator, after->rule.comparator);
    diff_ref(d, "compared with", before->compare, after->compare);
    diff_baseline(d, &before->baseline, &after->baseline);
}

static const char *priority_of(const struct plan *p, const struct plan_measure *m)
{
    return m->priority < p->priority_count ? p->priorities[m->priority].id : NULL;
}

void diff_measure(struct diffing *d, const struct plan_measure *before,
                  const struct plan_measure *after)
{
    static const struct text_key keys[] = {
        { "comparator's name", CHANGE_OTHER, offsetof(struct plan_measure, rule.comparator_title) },
        { "survey wording", CHANGE_OTHER, offsetof(struct plan_measure, survey.wording) },
        { "owner", CHANGE_OWNER, offsetof(struct plan_measure, owner) },
        { "action", CHANGE_OTHER, offsetof(struct plan_measure, action) },
        { "id", CHANGE_OTHER, offsetof(struct plan_measure, id) },
        { "was", CHANGE_OTHER, offsetof(struct plan_measure, first_id) },
        { "title", CHANGE_OTHER, offsetof(struct plan_measure, title) },
    };
    size_t count = d->out->count;

    diff_rule(d, before, after);
    diff_standard(d, before->standard.id, after->standard.id);
    diff_source(d, before, after);
    diff_count(d, "reopen_within", before->reopen_within, after->reopen_within);
    diff_texts(d, keys, sizeof keys / sizeof keys[0], before, after);
    diff_text(d, CHANGE_OTHER, "priority", priority_of(d->before, before),
              priority_of(d->after, after));
    diff_text(d, CHANGE_OTHER, "tell_none", before->tells_none ? "true" : NULL,
              after->tells_none ? "true" : NULL);
    diff_ladder(d, plan_ladder_of(d->before, before), plan_ladder_of(d->after, after));
    diff_notes(d, before, after);
    /* Whatever else changes a judgement. */
    if (d->out->count == count && strcmp(before->digest, after->digest) != 0)
        diff_add(d, EFFECT_NONE, CHANGE_OTHER, "how it is judged", NULL, NULL);
}
