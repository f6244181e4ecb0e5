#include "plan/evaluate.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "plan/ageing.h"
#include "plan/evaluate_beside.h"
#include "plan/evaluate_chart.h"
#include "plan/evaluate_feed.h"
#include "plan/evaluate_forecast.h"
#include "plan/select.h"

/* Whether a feed covers a provider; no list of providers, or a gap that names another: it may. */
static bool covers(const struct feed_state *feed, const char *provider)
{
    if (provider == NULL || feed->provider_count == 0)
        return true;
    for (size_t i = 0; i < feed->provider_count; i++)
        if (text_same(feed->providers[i], provider))
            return true;
    for (size_t i = 0; i < feed->gap_count; i++)
        if (text_same(feed->gaps[i].provider, provider))
            return true;
    return false;
}

/* Whether the measure's figures come from this feed. */
static bool feeds_measure(const struct feed_state *feed, const struct plan_measure *m)
{
    if (m->list == NULL)
        return strcmp(feed->id, m->select.feed) == 0;
    return feed->list != NULL && strcmp(feed->list, m->list->list) == 0 &&
           covers(feed, m->list->provider);
}

/* What a gap means to a measure of its feed. */
static unsigned holds_of_gap(const struct coverage_gap *gap, const struct plan_measure *m)
{
    if (gap->measure != NULL)
        return 0; /* that figure alone holds (series_version.gap) */
    if (m->list != NULL && m->list->provider != NULL &&
        !text_same(gap->provider, m->list->provider))
        return 0; /* another's part of the list */
    if (gap->flaw == FLAW_PLACES)
        return m->list != NULL && m->list->place != NULL ? HOLD_PLACES : 0;
    return gap->flaw == FLAW_TWICE ? HOLD_TWICE : HOLD_COVERAGE;
}

/* Whether any feed of the measure lacks anything in any period: mostly none does. */
static bool has_gaps(const struct evaluation_input *in, const struct plan_measure *m)
{
    for (size_t k = 0; k < in->feed_count; k++)
        if (in->feeds[k].gap_count > 0 && feeds_measure(&in->feeds[k], m))
            return true;
    return false;
}

/* What feeds of the measure lack in this period; newer: in any period after it, or now. */
static unsigned gaps_at(const struct evaluation_input *in, const struct plan_measure *m,
                        struct civil_date end, bool newer)
{
    unsigned holds = 0;

    for (size_t k = 0; k < in->feed_count; k++) {
        const struct feed_state *feed = &in->feeds[k];

        for (size_t i = 0; feeds_measure(feed, m) && i < feed->gap_count; i++) {
            const struct coverage_gap *gap = &feed->gaps[i];
            int order = date_compare(gap->period_end, end);

            bool is_true_now = gap->flaw != FLAW_NONE && !gap->superseded;

            /* A part with a flaw also changed what was counted before. */
            if (newer ? order > 0 || is_true_now : order == 0)
                holds |= holds_of_gap(gap, m);
        }
    }
    return holds;
}

/* When a file first said what is in force, for want of any other order of the figures. */
static struct wall_time received_at(const struct series_point *point)
{
    const struct series_version *now = series_current(point);

    for (size_t i = 0; i < point->version_count; i++) {
        const struct series_version *v = &point->versions[i];

        if (v->marker == now->marker && (v->value == now->value || v->marker != MARKER_NONE))
            return v->as_of;
    }
    return now->as_of;
}

#define FETCH_AHEAD 8 /* points */

/* Days after the one, up to the other; DATE_NONE: no bound. */
struct days {
    struct civil_date after, until;
};

static bool lies_in(const struct days *d, struct civil_date day)
{
    return (!date_is_set(d->after) || date_compare(day, d->after) > 0) &&
           (!date_is_set(d->until) || date_compare(day, d->until) <= 0);
}

/*
 * Judges every period that the plan is valid for, and the last one before it: the newest figure
 * known on the plan's first day is a figure, whatever its age. Where two periods end on one day (a
 * month and a quarter), the shorter one stands: points ascend by start within an end, and an
 * alert's `for` counts distinct ends.
 */
static void judge_series(const struct evaluation_input *in, const struct plan *p,
                         const struct plan_measure *m, const struct series *s,
                         const struct days *days, struct finding *f)
{
    bool lacks = has_gaps(in, m);

    for (size_t i = 0; i < s->point_count; i++) {
        const struct series_point *point = &s->points[i];
        struct period_judgement *j;

        if (i + FETCH_AHEAD < s->point_count)
            series_fetch(series_current(&s->points[i + FETCH_AHEAD]));
        if (date_is_set(p->valid_from) && i + 1 < s->point_count &&
            date_compare(s->points[i + 1].period_end, p->valid_from) < 0)
            continue;
        if (!lies_in(days, point->period_end))
            continue;
        if (f->history_count > 0 &&
            date_compare(f->history[f->history_count - 1].end, point->period_end) == 0)
            f->history_count--;
        j = &f->history[f->history_count++];
        measure_judge(m, &f->line_from, series_current(point), point->period_start,
                      point->period_end, j);
        j->restated = series_point_restated(point);
        j->received = received_at(point);
        j->first_received = point->versions[0].as_of;
        if (lacks)
            j->holds |= gaps_at(in, m, point->period_end, false);
    }
}

/* The figures of the organisation that this one took over from, where there is just one; NULL: none. */
static int find_before(const struct evaluation_input *in, const struct plan_measure *m,
                       const char *org, const struct series **out, struct finding *f)
{
    struct civil_date last, other;
    char *why = NULL;
    const char *before = in->org_before != NULL && m->published != NULL
                             ? in->org_before(in->org_code_arg, org, 0, &last)
                             : NULL;
    int r;

    *out = NULL;
    if (before == NULL || !date_is_set(last) ||
        in->org_before(in->org_code_arg, org, 1, &other) != NULL)
        return 0;
    r = series_select(in->series, m, before, out, &why);
    free(why);
    if (r == 0 && *out != NULL) {
        f->joined_org = before;
        f->joined_until = last;
    }
    return r;
}

/* The series of the measure, before it that of the organisation that had its work. */
static int judge_all(const struct evaluation_input *in, const struct plan *p,
                     const struct plan_measure *m, const struct series *before, struct finding *f)
{
    struct days until = { DATE_NONE, f->joined_until }, after = { f->joined_until, DATE_NONE };
    size_t points = (before != NULL ? before->point_count : 0) +
                    (f->series != NULL ? f->series->point_count : 0);

    f->history = malloc((points + 1) * sizeof *f->history);
    if (f->history == NULL)
        return -ENOMEM;
    f->line_from.own = f->series != NULL ? f->series : before;
    if (before != NULL)
        judge_series(in, p, m, before, &until, f);
    if (before == NULL)
        after.after = DATE_NONE;
    if (f->series != NULL)
        judge_series(in, p, m, f->series, &after, f);
    else
        f->series = before;
    return 0;
}

static int missing_because(struct finding *f, char *why)
{
    if (why == NULL)
        return -ENOMEM;
    f->missing_text = why;
    f->missing_why = why;
    return 0;
}

static char *sentence(const char *before, struct civil_date d)
{
    struct text t = TEXT_INIT;
    char date[32];

    text_printf(&t, "%s %s", before, finding_date(d, date));
    return text_take(&t);
}

/* What is true of a feed of the measure now. */
static unsigned holds_of_feed(const struct feed_state *feed, const struct plan_measure *m,
                              const char *org, struct civil_date newest)
{
    unsigned holds = 0;

    if (feed->late)
        holds |= HOLD_FEED_LATE;
    if (feed->file_is_held)
        holds |= HOLD_FILE_HELD;
    for (size_t i = 0; i < feed->gap_count && m->published != NULL; i++) {
        const struct coverage_gap *gap = &feed->gaps[i];

        /* Its table came without it: the newest figure is not the newest there should be. */
        if (gap->absent && date_compare(gap->period_end, newest) > 0 &&
            text_same(gap->provider, org) && text_same(gap->measure, m->published))
            holds |= HOLD_COVERAGE;
    }
    return holds;
}

/* What the newest period says, as displayed. */
static void summarise(const struct evaluation_input *in, const char *org, struct finding *f)
{
    const struct plan_measure *m = f->measure;
    struct civil_date newest = { INT32_MIN };

    f->target =
        measure_target(m, &f->line_from,
                       f->history_count > 0 ? f->history[f->history_count - 1].end : in->today)
            .value;
    if (f->history_count > 0) {
        const struct period_judgement *last = &f->history[f->history_count - 1];

        f->rag = last->rag;
        f->line = last->line;
        f->holds = last->holds;
        newest = last->end;
    } else {
        f->holds = HOLD_NO_VALUE;
    }
    for (size_t i = 0; i < in->feed_count; i++)
        if (feeds_measure(&in->feeds[i], m))
            f->holds_now |= holds_of_feed(&in->feeds[i], m, org, newest);
    /* The missing provider's own series has no point for the period that it is missing from. */
    f->holds_now |= gaps_at(in, m, newest, true);
    f->holds |= f->holds_now;
    f->compared_point =
        series_newest_figure(f->compared, f->history_count > 0 ? newest : in->today);
}

static int evaluate_measure(const struct evaluation_input *in, const struct plan *p,
                            const struct plan_measure *m, struct finding *f)
{
    const struct series *before = NULL;
    const char *org;
    char *why = NULL;
    int r;

    f->rule = RULE_BEHIND_PLAN;
    f->plan = p;
    f->measure = m;
    f->action = m->action != NULL ? plan_action_find(p, m->action) : NULL;
    f->feed = m->select.feed;
    f->owner = m->owner;
    f->line = NAN;
    f->target = m->has_target ? m->target : NAN;
    f->plan_expired = date_is_set(p->valid_to) && date_compare(in->today, p->valid_to) > 0;
    f->title = strdup(m->title);
    if (f->title == NULL)
        return -ENOMEM;
    if (date_is_set(p->valid_from) && date_compare(in->today, p->valid_from) < 0) {
        f->holds = HOLD_NO_VALUE;
        return missing_because(f, sentence("the plan is not in force before", p->valid_from));
    }
    org = in->org_code(in->org_code_arg, measure_org(m));
    assert(org != NULL);
    r = series_select(in->series, m, org, &f->series, &why);
    if (r < 0)
        return r;
    f->joined_until = DATE_NONE;
    r = find_before(in, m, org, &before, f);
    if (r == 0)
        r = evaluate_ref(in, m->rule.comparator, &f->line_from.comparator);
    if (r == 0)
        r = evaluate_ref(in, m->compare, &f->compared);
    if (r < 0 || (f->series == NULL && before == NULL))
        r = r < 0 ? (free(why), r) : missing_because(f, why);
    else
        r = (free(why), judge_all(in, p, m, before, f));
    if (r == 0 && f->series != NULL && f->history_count == 0)
        r = missing_because(
            f, sentence("no figure yet for a period that ends on or after", p->valid_from));
    if (r == 0) {
        summarise(in, org, f);
        r = evaluate_survey(in, f);
    }
    return r == 0 ? evaluate_ageing(in, f) : r;
}

struct completeness {
    const struct evaluation_input *in;
    const struct plan_measure *measure;
};

static bool is_incomplete(void *arg, struct civil_date end)
{
    const struct completeness *c = arg;

    return gaps_at(c->in, c->measure, end, false) != 0;
}

/* What the measure's chart says, where it has one. behind: the measure as judged. */
static int evaluate_charted(const struct evaluation_input *in, const struct finding *behind,
                            struct finding *f)
{
    const struct plan_measure *m = behind->measure, *charted = measure_charted(m);
    const char *org = in->org_code(in->org_code_arg, measure_org(charted));
    struct completeness complete = { in, m };
    struct chart_input chart = { .measure = m,
                                 .joined_until = DATE_NONE,
                                 .target = isnan(behind->target) ? behind->line : behind->target,
                                 .is_incomplete = has_gaps(in, m) ? is_incomplete : NULL,
                                 .arg = &complete };
    struct finding joined = { .joined_until = DATE_NONE };
    char *why = NULL;
    int r = series_select(in->series, charted, org, &chart.series, &why);

    free(why);
    if (r == 0)
        r = find_before(in, charted, org, &chart.before, &joined);
    if (r < 0)
        return r;
    chart.joined_until = joined.joined_until;
    if (in->chart_breaks != NULL)
        chart.break_count = in->chart_breaks(in->chart_breaks_arg, behind->plan, m, &chart.breaks);
    return evaluate_chart(&chart, behind, f);
}

static size_t findings_at_most(const struct evaluation_input *in)
{
    size_t n = 1;

    for (size_t i = 0; i < in->plan_count; i++)
        n += 4 * in->plans[i]->measure_count + in->plans[i]->action_count; /* see evaluate_plan() */
    for (size_t i = 0; i < in->feed_count; i++)
        n += feed_findings_at_most(&in->feeds[i]);
    return n + in->receiver_count + in->check_count;
}

static int evaluate_check(const struct self_check *check, struct civil_date today,
                          struct finding *f)
{
    int r;

    f->rule = RULE_SELF_CHECK;
    f->provider = check->id;
    f->instant = true;
    f->line = NAN;
    f->title = strdup(check->title);
    f->detail = strdup(check->detail);
    r = finding_now(f, PERIOD_RED, today);
    return f->title == NULL || f->detail == NULL ? -ENOMEM : r;
}

static int evaluate_receiver(const struct receiver_state *receiver, struct finding *f)
{
    struct text title = TEXT_INIT, detail = TEXT_INIT;
    unsigned long count = receiver->count > 0 ? receiver->count : 1;
    int r;

    f->rule = RULE_DEAD_LETTER;
    f->receiver = receiver->id;
    f->instant = true;
    f->line = NAN;
    text_printf(&title, "Messages to receiver %s were given up", receiver->id);
    text_printf(&detail, "%lu given up, the newest: \"%s\": %s", count,
                receiver->subject != NULL ? receiver->subject : "", receiver->why);
    f->title = text_take(&title);
    f->detail = text_take(&detail);
    r = finding_now(f, PERIOD_RED, receiver->since);
    if (r == 0)
        f->history[0].count = count;
    return f->title == NULL || f->detail == NULL ? -ENOMEM : r;
}

static int evaluate_plan(const struct evaluation_input *in, const struct plan *p,
                         struct finding_set *s)
{
    bool in_force = !date_is_set(p->valid_from) || date_compare(in->today, p->valid_from) >= 0;
    const struct finding *measures = &s->list[s->count];
    AUTO(auto_free) struct finding *charts = calloc(p->measure_count + 1, sizeof *charts);
    int r = charts != NULL ? 0 : -ENOMEM;

    /* A chart reads the figures that were just judged: it is drawn while they are at hand. */
    for (size_t i = 0; i < p->measure_count && r == 0; i++) {
        r = evaluate_measure(in, p, &p->measures[i], &s->list[s->count++]);
        if (r == 0 && in_force && p->measures[i].spc != NULL)
            r = evaluate_charted(in, &measures[i], &charts[i]);
    }
    for (size_t i = 0; i < p->measure_count && charts != NULL; i++) {
        if (r == 0 && p->measures[i].guards.count > 0)
            r = evaluate_guard(measures, &measures[i], &s->list[s->count++]);
        if (r == 0 && in_force && p->measures[i].forecast != NULL && in->outlook != NULL)
            r = evaluate_forecast(in->outlook, &measures[i], in->today, &s->list[s->count++]);
        if (charts[i].plan != NULL) /* also after an error: it is the set's to release */
            s->list[s->count++] = charts[i];
    }
    for (size_t i = 0; i < p->action_count && r == 0 && in_force; i++)
        r = evaluate_action(in, p, &p->actions[i], &s->list[s->count++]);
    return r;
}

int evaluate(const struct evaluation_input *in, struct finding_set *out_findings)
{
    struct finding_set s = { NULL, 0 };
    int r = 0;

    assert(in != NULL && in->series != NULL && in->org_code != NULL && date_is_set(in->today));
    s.list = calloc(findings_at_most(in), sizeof *s.list);
    if (s.list == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < in->plan_count && r == 0; i++)
        r = evaluate_plan(in, in->plans[i], &s);
    for (size_t i = 0; i < in->feed_count && r == 0; i++)
        r = evaluate_feed(&in->feeds[i], in->today, &s);
    for (size_t i = 0; i < in->receiver_count && r == 0; i++)
        r = evaluate_receiver(&in->receivers[i], &s.list[s.count++]);
    for (size_t i = 0; i < in->check_count && r == 0; i++)
        r = evaluate_check(&in->checks[i], in->today, &s.list[s.count++]);
    if (r < 0)
        finding_set_release(&s);
    else
        *out_findings = s;
    return r;
}
