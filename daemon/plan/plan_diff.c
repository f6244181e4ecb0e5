#include "plan/plan_diff.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plan/line.h"
#include "plan/target_words.h"

/* What is being compared; the first failure of memory stays. */
struct diffing {
    struct plan_changes *out;
    const char *subject, *id;
    int result;
};

static char *copy_of(struct diffing *d, const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    if (text && !copy)
        d->result = -ENOMEM;
    return copy;
}

static void add(struct diffing *d, enum change_effect effect, enum change_kind kind,
                const char *what, const char *before, const char *after)
{
    struct plan_changes *c = d->out;

    if (c->count == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 16;
        struct plan_change *list = reallocarray(c->list, cap, sizeof *list);

        if (!list) {
            d->result = -ENOMEM;
            return;
        }
        c->list = list;
        c->cap = cap;
    }
    c->list[c->count++] = (struct plan_change){ effect,           kind,
                                                d->subject,       copy_of(d, d->id),
                                                copy_of(d, what), copy_of(d, before),
                                                copy_of(d, after) };
}

/* ---- values ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void diff_text(struct diffing *d, enum change_kind kind, const char *what,
                      const char *before, const char *after)
{
    if (!same_text(before, after))
        add(d, EFFECT_NONE, kind, what, before, after);
}

/* A number that is softer when it grows, or when it shrinks. */
static void diff_number(struct diffing *d, const char *what, double before, double after,
                        bool grows_softer)
{
    char a[32], b[32];
    bool same = before == after || (isnan(before) && isnan(after));
    enum change_effect effect = (after > before) == grows_softer ? EFFECT_SOFTER : EFFECT_HARDER;

    /* A line left out is softer, one that is new is harder. */
    if (isnan(before) != isnan(after))
        effect = isnan(after) ? EFFECT_SOFTER : EFFECT_HARDER;
    if (!same)
        add(d, effect, CHANGE_LINE, what, isnan(before) ? NULL : text_number(before, a),
            isnan(after) ? NULL : text_number(after, b));
}

/* A day that is softer when it comes later, or earlier. unset: that no day is earlier than any (-1), or later. */
static void diff_date(struct diffing *d, const char *what, struct civil_date before,
                      struct civil_date after, int unset, bool later_is_softer)
{
    char a[DATE_TEXT_MAX], b[DATE_TEXT_MAX];
    bool had = date_is_set(before), has = date_is_set(after);
    bool is_later = had && has ? date_compare(after, before) > 0 : had == (unset > 0);

    if (had == has && date_compare(before, after) == 0)
        return;
    add(d, is_later == later_is_softer ? EFFECT_SOFTER : EFFECT_HARDER, CHANGE_DATE, what,
        had ? date_format(before, a) : NULL, has ? date_format(after, b) : NULL);
}

/* ---- measures ---- */

static double line_on(const struct plan_measure *m, struct civil_date day)
{
    return measure_line(m, NULL, day).value;
}

static void diff_line_on(struct diffing *d, const struct plan_measure *before,
                         const struct plan_measure *after, struct civil_date day)
{
    char date[DATE_TEXT_MAX], what[48];

    (void)snprintf(what, sizeof what, "line on %s", date_format(day, date));
    diff_number(d, what, line_on(before, day), line_on(after, day),
                after->polarity == POLARITY_LOWER);
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
                      bool grows_softer)
{
    char a[32], b[32];

    if (before.count == after.count && (before.count == 0 || before.unit == after.unit))
        return;
    enum change_effect effect =
        (days_of(after) > days_of(before)) == grows_softer ? EFFECT_SOFTER : EFFECT_HARDER;

    /* The one that is left out allows any wait, or looks nowhere. */
    if (!before.count != !after.count)
        effect = after.count ? EFFECT_HARDER : EFFECT_SOFTER;
    add(d, effect, CHANGE_LINE, what, before.count ? target_wait(before, a) : NULL,
        after.count ? target_wait(after, b) : NULL);
}

/* ---- the rules that watch it ---- */

/* A rule that is left out tells nothing any more. Whether both have it. */
static bool diff_presence(struct diffing *d, const char *what, bool before, bool after)
{
    if (before != after)
        add(d, after ? EFFECT_HARDER : EFFECT_SOFTER, CHANGE_LINE, what, before ? "yes" : NULL,
            after ? "yes" : NULL);
    return before && after;
}

static void diff_guards(struct diffing *d, const struct plan_measure *before,
                        const struct plan_measure *after)
{
    char a[32], b[32];

    if (before->guards.count && after->guards.count)
        diff_text(d, CHANGE_OTHER, "guard_over", text_number((double)before->guard_over, a),
                  text_number((double)after->guard_over, b));
    for (size_t i = 0; i < before->guards.count; i++)
        if (!text_list_has(&after->guards, before->guards.items[i]))
            add(d, EFFECT_SOFTER, CHANGE_LINE, "guard", before->guards.items[i], NULL);
    for (size_t i = 0; i < after->guards.count; i++)
        if (!text_list_has(&before->guards, after->guards.items[i]))
            add(d, EFFECT_HARDER, CHANGE_LINE, "guard", NULL, after->guards.items[i]);
}

static void diff_forecast(struct diffing *d, const struct plan_forecast *before,
                          const struct plan_forecast *after)
{
    if (!diff_presence(d, "forecast", before, after))
        return;
    diff_number(d, "forecast chance", before->chance, after->chance, false);
    diff_number(d, "forecast at_most", before->has_at_most ? (double)before->at_most : NAN,
                after->has_at_most ? (double)after->at_most : NAN, true);
    diff_span(d, "forecast within", before->within, after->within, false);
}

static void diff_spc(struct diffing *d, const struct plan_spc *before, const struct plan_spc *after)
{
    static const char *const limits[] = { "unscreened", "screened" };
    char a[32], b[32];

    if (!diff_presence(d, "spc", before, after))
        return;
    diff_number(d, "spc points", (double)before->points, (double)after->points, true);
    diff_text(d, CHANGE_OTHER, "spc limits", limits[before->screens], limits[after->screens]);
    diff_text(d, CHANGE_OTHER, "spc baseline", text_number((double)before->baseline, a),
              text_number((double)after->baseline, b));
    diff_text(d, CHANGE_OTHER, "spc rebases", text_number((double)before->rebase_count, a),
              text_number((double)after->rebase_count, b));
}

/* A longer wait lets more people meet it, or fewer be over it. */
static void diff_metric(struct diffing *d, const struct list_measure *before,
                        const struct list_measure *after)
{
    if (!before || !after || before->metric.id != after->metric.id)
        return;
    if (before->metric.id != METRIC_BREACHING_WITHIN)
        diff_span(d, "wait", before->metric.wait, after->metric.wait, true);
    diff_span(d, "wait allowed", before->metric.standard, after->metric.standard, true);
    diff_number(d, "share", before->metric.share, after->metric.share, false);
    diff_presence(d, "act_on projected", before->act_on_projected, after->act_on_projected);
}

/* The target's own rule: what cannot be put into an order is said in words. */
static void diff_promise(struct diffing *d, const struct plan_measure *before,
                         const struct plan_measure *after)
{
    const struct target_rule *was = &before->rule, *is = &after->rule;
    struct text a = TEXT_INIT, b = TEXT_INIT;
    size_t count = d->out->count;

    if (was->kind == is->kind) {
        diff_number(d, "within", was->within, is->within, true);
        diff_number(d, "percentile", was->percentile, is->percentile, false);
        if (before->target == after->target) { /* else its figure says it */
            diff_number(d, "change", was->change, is->change, after->polarity == POLARITY_LOWER);
            diff_span(d, "longest wait", was->wait, is->wait, true);
        }
        diff_number(d, "periods of the trend", (double)was->periods, (double)is->periods, true);
    }
    diff_span(d, "a survey every", before->survey.every, after->survey.every, true);
    if (before->polarity != after->polarity)
        add(d, EFFECT_SOFTER, CHANGE_LINE, "polarity",
            polarity_name((enum polarity)before->polarity),
            polarity_name((enum polarity)after->polarity));
    if (target_words(before, before->unit, &a) < 0 || target_words(after, after->unit, &b) < 0)
        d->result = -ENOMEM;
    else if (d->out->count == count && before->target == after->target &&
             date_compare(before->target_by, after->target_by) == 0 &&
             !same_text(text_str(&a), text_str(&b)))
        add(d, EFFECT_NONE, CHANGE_LINE, "promise", a.len ? text_str(&a) : NULL,
            b.len ? text_str(&b) : NULL);
    text_release(&a);
    text_release(&b);
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

    add(d, was == is ? EFFECT_NONE : effect, CHANGE_LINE, "clear",
        before->has_clear ? text_number(before->clear, a) : NULL,
        after->has_clear ? text_number(after->clear, b) : NULL);
}

static void diff_rule(struct diffing *d, const struct plan_measure *before,
                      const struct plan_measure *after)
{
    bool lower = after->polarity == POLARITY_LOWER;

    diff_number(d, "target", before->has_target ? before->target : NAN,
                after->has_target ? after->target : NAN, lower);
    diff_date(d, "target date", before->target_by, after->target_by, 1, true);
    diff_lines(d, before, after);
    diff_number(d, "tolerance", before->tolerance, after->tolerance, true);
    diff_clear(d, before, after);
    diff_number(d, "for", (double)before->for_periods, (double)after->for_periods, true);
    diff_number(d, "clear_for", (double)before->clear_for, (double)after->clear_for, false);
    diff_number(d, "min_n", before->min_n, after->min_n, false);
    diff_number(d, "steady_for", (double)before->steady_for, (double)after->steady_for, true);
    diff_promise(d, before, after);
    diff_metric(d, before->list, after->list);
    diff_guards(d, before, after);
    diff_spc(d, before->spc, after->spc);
    diff_forecast(d, before->forecast, after->forecast);
}

static const char *compared(const struct plan_measure *m)
{
    return m->compare ? m->compare->title : NULL;
}

static void diff_measure(struct diffing *d, const struct plan_measure *before,
                         const struct plan_measure *after)
{
    size_t count = d->out->count;
    char a[32], b[32];

    diff_rule(d, before, after);
    diff_text(d, CHANGE_OTHER, "figure", measure_figure(before), measure_figure(after));
    diff_text(d, CHANGE_OTHER, "source", measure_source(before), measure_source(after));
    diff_text(d, CHANGE_OTHER, "organisation", measure_org(before), measure_org(after));
    diff_text(d, CHANGE_OTHER, "unit",
              before->unit == UNIT_UNKNOWN ? NULL : unit_name(before->unit),
              after->unit == UNIT_UNKNOWN ? NULL : unit_name(after->unit));
    diff_text(d, CHANGE_OTHER, "compared with", compared(before), compared(after));
    diff_text(d, CHANGE_OTHER, "reopen_within", text_number((double)before->reopen_within, a),
              text_number((double)after->reopen_within, b));
    /* Whatever else changes a judgement, such as another kind of target. */
    if (d->out->count == count && strcmp(before->digest, after->digest) != 0)
        add(d, EFFECT_NONE, CHANGE_OTHER, "how it is judged", NULL, NULL);
    diff_text(d, CHANGE_OWNER, "owner", before->owner, after->owner);
    diff_text(d, CHANGE_OTHER, "action", before->action, after->action);
    diff_text(d, CHANGE_OTHER, "standard", before->standard.id, after->standard.id);
    diff_text(d, CHANGE_OTHER, "id", before->id, after->id);
    diff_text(d, CHANGE_OTHER, "title", before->title, after->title);
}

static const struct plan_measure *same_measure(const struct plan *p, const struct plan_measure *m)
{
    for (size_t i = 0; i < p->measure_count; i++)
        if (same_text(p->measures[i].first_id, m->first_id))
            return &p->measures[i];
    return plan_measure_find(p, m->id);
}

static void diff_measures(struct diffing *d, const struct plan *before, const struct plan *after)
{
    d->subject = "measure";
    for (size_t i = 0; i < before->measure_count; i++) {
        const struct plan_measure *m = &before->measures[i], *now = same_measure(after, m);

        d->id = now ? now->id : m->id;
        if (now)
            diff_measure(d, m, now);
        else
            add(d, EFFECT_SOFTER, CHANGE_REMOVED, "measure", m->title, NULL);
    }
    for (size_t i = 0; i < after->measure_count; i++) {
        d->id = after->measures[i].id;
        if (!same_measure(before, &after->measures[i]))
            add(d, EFFECT_NONE, CHANGE_ADDED, "measure", NULL, after->measures[i].title);
    }
}

/* ---- actions, roles, the plan ---- */

static void diff_action(struct diffing *d, const struct plan_action *before,
                        const struct plan_action *after)
{
    static const char *const statuses[] = { "not-started", "in-progress", "complete" };

    diff_date(d, "due", before->due, after->due, 1, true);
    diff_text(d, CHANGE_OWNER, "lead", before->lead, after->lead);
    diff_text(d, CHANGE_OWNER, "accountable", before->accountable, after->accountable);
    diff_text(d, CHANGE_OTHER, "status", statuses[before->status], statuses[after->status]);
    diff_text(d, CHANGE_OTHER, "forum", before->forum, after->forum);
    diff_text(d, CHANGE_OTHER, "weakness", before->weakness.id, after->weakness.id);
    diff_text(d, CHANGE_OTHER, "title", before->title, after->title);
}

static void diff_actions(struct diffing *d, const struct plan *before, const struct plan *after)
{
    d->subject = "action";
    for (size_t i = 0; i < before->action_count; i++) {
        const struct plan_action *a = &before->actions[i], *now = plan_action_find(after, a->id);

        d->id = a->id;
        if (now)
            diff_action(d, a, now);
        else
            add(d, EFFECT_SOFTER, CHANGE_REMOVED, "action", a->title, NULL);
    }
    for (size_t i = 0; i < after->action_count; i++) {
        d->id = after->actions[i].id;
        if (!plan_action_find(before, d->id))
            add(d, EFFECT_NONE, CHANGE_ADDED, "action", NULL, after->actions[i].title);
    }
}

static void diff_roles(struct diffing *d, const struct plan *before, const struct plan *after)
{
    d->subject = "role";
    for (size_t i = 0; i < before->role_count; i++) {
        const struct plan_role *role = &before->roles[i], *now = plan_role_find(after, role->id);
        struct text a = TEXT_INIT, b = TEXT_INIT;

        d->id = role->id;
        for (size_t k = 0; k < role->receivers.count; k++)
            (void)text_printf(&a, "%s%s", k ? ", " : "", role->receivers.items[k]);
        for (size_t k = 0; now && k < now->receivers.count; k++)
            (void)text_printf(&b, "%s%s", k ? ", " : "", now->receivers.items[k]);
        if (!text_ok(&a) || !text_ok(&b))
            d->result = -ENOMEM;
        else if (!now)
            add(d, EFFECT_NONE, CHANGE_REMOVED, "role", text_str(&a), NULL);
        else
            diff_text(d, CHANGE_OTHER, "receivers", text_str(&a), text_str(&b));
        text_release(&a);
        text_release(&b);
    }
    for (size_t i = 0; i < after->role_count; i++) {
        d->id = after->roles[i].id;
        if (!plan_role_find(before, d->id))
            add(d, EFFECT_NONE, CHANGE_ADDED, "role", NULL, NULL);
    }
}

static void diff_head(struct diffing *d, const struct plan *before, const struct plan *after)
{
    static const char *const modes[] = { "live", "rehearsal" };
    char a[32], b[32];

    d->subject = "plan";
    d->id = after->id;
    diff_text(d, CHANGE_OTHER, "id", before->id, after->id);
    diff_text(d, CHANGE_OTHER, "version", text_number((double)before->version, a),
              text_number((double)after->version, b));
    diff_text(d, CHANGE_OTHER, "place", before->place, after->place);
    if (before->mode != after->mode) /* of a rehearsal nobody is told */
        add(d, after->mode == PLAN_LIVE ? EFFECT_HARDER : EFFECT_SOFTER, CHANGE_OTHER, "mode",
            modes[before->mode], modes[after->mode]);
    diff_text(d, CHANGE_OTHER, "author", before->author, after->author);
    /* A plan that holds for a shorter time asks for less. */
    diff_date(d, "valid from", before->valid_from, after->valid_from, -1, true);
    diff_date(d, "valid to", before->valid_to, after->valid_to, 1, false);
    diff_text(d, CHANGE_OTHER, "approval", before->approval.reference, after->approval.reference);
}

/* Softer first; a stable order within, since the place in the list is the last to decide. */
static void sort(struct plan_changes *c)
{
    for (size_t i = 1; i < c->count; i++) {
        struct plan_change moved = c->list[i];
        size_t at = i;

        for (; at > 0 && c->list[at - 1].effect > moved.effect; at--)
            c->list[at] = c->list[at - 1];
        c->list[at] = moved;
    }
}

int plan_diff(const struct plan *before, const struct plan *after, struct plan_changes *out)
{
    struct diffing d = { .out = out };

    assert(before && after && out);
    diff_measures(&d, before, after);
    diff_actions(&d, before, after);
    diff_roles(&d, before, after);
    diff_head(&d, before, after);
    sort(out);
    return d.result;
}

void plan_changes_release(struct plan_changes *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->list[i].id);
        free(c->list[i].what);
        free(c->list[i].before);
        free(c->list[i].after);
    }
    free(c->list);
    *c = (struct plan_changes){ 0 };
}

const char *change_effect_name(enum change_effect e)
{
    static const char *const names[] = { "softer", "harder", NULL };

    return names[e];
}

const char *change_kind_name(enum change_kind k)
{
    static const char *const names[] = { "removed", "added", "line", "date", "owner", "other" };

    return names[k];
}
