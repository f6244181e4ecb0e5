#include "notify/wording.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "notify/told.h"
#include "plan/control_chart.h"
#include "plan/evaluate.h"

/* What an item is about, and the figure that is told of it: of which period, and as its audience may see it. */

static const struct period_judgement *newest(const struct finding *f)
{
    return f && f->history_count > 0 ? &f->history[f->history_count - 1] : NULL;
}

/* The newest period that has a number, or bounds: an alert that is held still says what it stands on. */
static const struct period_judgement *newest_with_number(const struct finding *f)
{
    static const struct figure_kind any = { .unit = UNIT_UNKNOWN, .published = true };

    for (size_t i = f ? f->history_count : 0; i-- > 0;) {
        double value;

        if (figure_shown(f->history[i].version, any, &value) ||
            figure_is_bounds(f->history[i].version, any))
            return &f->history[i];
    }
    return newest(f);
}

/* What was published of this period before, where it reads otherwise: the newest such. */
static void view_of_earlier(struct item_view *v, const struct series *s)
{
    for (size_t i = 0; s && i < s->point_count; i++) {
        const struct series_point *point = &s->points[i];

        if (date_compare(point->period_end, v->end) != 0 ||
            date_compare(point->period_start, v->start) != 0)
            continue;
        for (size_t j = point->version_count; j-- > 0;) {
            const struct series_version *was = &point->versions[j];
            char words[sizeof v->earlier];

            if (was == v->version || was->receipt > v->version->receipt)
                continue;
            (void)message_figure(was, v->kind, words);
            if (strcmp(words, v->figure) != 0) {
                memcpy(v->earlier, words, sizeof words);
                return;
            }
        }
    }
}

/* The period that the news is about; DATE_NONE: the newest. */
static struct civil_date told_period(const struct message_item *item)
{
    const struct episode *e = item->episode;

    switch (item->news) {
    case NEWS_DISCOVERED:
        return date_is_set(e->told_period) ? e->told_period : e->opened;
    case NEWS_CORRECTED:
        return episode_is_open(e) ? e->told_period : e->folded;
    case NEWS_CLEARED: /* behind again since: what cleared it is not the newest */
        return strcmp(e->id, alert_current(item->alert)->id) != 0 ? e->period_end : DATE_NONE;
    default:
        return DATE_NONE;
    }
}

/* What was corrected, discovered or cleared before a newer episode, else the newest. */
static const struct period_judgement *told_of(const struct message_item *item)
{
    const struct finding *f = item->finding;
    struct civil_date about = told_period(item);

    for (size_t i = 0; i < f->history_count && date_is_set(about); i++)
        if (date_compare(f->history[i].end, about) == 0)
            return &f->history[i];
    return newest_with_number(f);
}

/* The line that news of it speaks of. */
static double line_told(const struct item_view *v)
{
    return v->item->alert->rule == RULE_BEHIND_PLAN && !figure_line_hidden(v->line, v->kind)
               ? v->line
               : NAN;
}

/* The figure as its audience may see it. Where its rounding hides on which side of the line it lies,
 * which the news says anyhow, the line is named instead: "30, where the plan has 30" is no news. */
static void view_figure(struct item_view *v, const struct plan_measure *m, struct period period,
                        int aged, const struct series_version *version)
{
    char line[FIGURE_MAX];
    double shown, real;
    struct series_version room;
    const struct series_version *told =
        told_released(v->context, m, period, aged, line_told(v), version, &room, &v->kind);

    v->has_value = figure_shown(told, v->kind, &v->value);
    v->is_band = figure_is_band(told, v->kind);
    (void)message_figure(told, v->kind, v->figure);
    if (!v->has_value || isnan(v->line) || v->kind.published || isinf(version->value))
        return;
    shown = v->value - v->line;
    real = version->value - v->line;
    v->is_beside_line = (shown == 0) != (real == 0) || shown * real < 0;
    if (v->is_beside_line)
        (void)snprintf(v->figure, sizeof v->figure, "%s %s",
                       real > 0   ? "just over"
                       : real < 0 ? "just under"
                                  : "about",
                       figure_amount(v->line, v->kind.unit, line));
}

static void view_of_finding(struct item_view *v, const struct finding *f)
{
    const struct period_judgement *judged = told_of(v->item), *last = newest(f);

    v->holds = f->holds;
    v->line = f->line;
    if (!judged) {
        (void)snprintf(v->figure, sizeof v->figure, "no figure");
        return;
    }
    v->version = judged->version;
    v->start = judged->start;
    v->end = judged->end;
    v->line = judged->line;
    v->restated = judged->restated;
    if (v->list && v->measure->list->window.count > 0)
        v->window_start =
            period_window((struct period){ v->start, v->end }, v->measure->list->window).start;
    view_figure(v, v->measure, (struct period){ v->start, v->end }, 0, v->version);
    if (v->restated && v->version && (v->kind.published || !v->context->release))
        view_of_earlier(v, f->series);
    if (last != judged) {
        struct series_version room;
        struct figure_kind kind = v->kind;
        const struct series_version *told =
            told_released(v->context, v->measure, (struct period){ last->start, last->end }, 0, NAN,
                          last->version, &room, &kind);

        v->newest_end = last->end;
        (void)message_figure(told, kind, v->newest_figure);
    }
}

/* The figure that its chart marks; of one that is over, the newest that the chart has. */
static void view_of_chart(struct item_view *v, const struct finding *f)
{
    const struct control_chart *c = f->chart;

    if (c == NULL || c->state != CHART_GOOD)
        return;
    v->version = c->points[c->n - 1].version;
    v->start = c->points[c->n - 1].start;
    v->end = c->points[c->n - 1].end;
    view_figure(v, measure_charted(v->measure), (struct period){ v->start, v->end }, 0, v->version);
}

/* What rests on ageing alone shows what is projected, which no period has. */
static void view_of_projection(struct item_view *v, const struct ageing *a)
{
    v->version = NULL;
    v->start = v->end = v->newest_end = DATE_NONE;
    v->restated = false;
    v->line = a->judged.line;
    v->projected_from = a->data_date;
    view_figure(v, v->measure, (struct period){ a->data_date, a->data_date },
                a->judged.end.day - a->data_date.day, &a->version);
}

/* The rule has ended: what the episode remembers, which is not how many the figure rests on, nor, where its
 * measure left the plan, what it is a number of. */
static void view_of_episode(struct item_view *v, const struct episode *e)
{
    struct series_version told = {
        .value = e->value, .low = e->value, .high = e->value, .numerator = NAN, .denominator = NAN
    };
    bool is_known = v->kind.unit != UNIT_UNKNOWN;

    v->line = is_known ? e->line : NAN;
    v->end = e->period_end;
    if (is_known && (v->kind.published ||
                     (v->kind.unit == UNIT_COUNT && (!v->measure || measure_is_stock(v->measure)))))
        view_figure(v, v->measure, (struct period){ v->end, v->end }, 0, &told);
    else
        (void)snprintf(v->figure, sizeof v->figure, "not shown");
}

static const char *given(const char *a, const char *b)
{
    return a && *a ? a : b && *b ? b : NULL;
}

void item_view(const struct message_context *context, const struct message_item *item,
               struct item_view *out_view)
{
    const struct finding *f = item->finding;
    const struct alert *a = item->alert;
    const struct plan *plan = item->plan ? item->plan : context->plan;
    struct item_view v = { .context = context,
                           .item = item,
                           .line = NAN,
                           .start = DATE_NONE,
                           .end = DATE_NONE,
                           .window_start = DATE_NONE,
                           .newest_end = DATE_NONE,
                           .projected_from = DATE_NONE };

    assert(a && item->episode);
    v.measure = f ? f->measure : NULL;
    if (!v.measure && plan && a->measure)
        v.measure = plan_measure_find(plan, a->measure);
    v.action = f ? f->action : NULL;
    if (!v.action && plan && a->action)
        v.action = plan_action_find(plan, a->action);
    v.title = given(f ? f->title : NULL, a->title);
    if (!v.title)
        v.title = given(a->measure, a->feed) ? given(a->measure, a->feed) : rule_name(a->rule);
    v.owner = given(f ? f->owner : NULL, a->owner);
    v.feed = given(f ? f->feed : NULL, a->feed);
    if (!v.feed && v.measure)
        v.feed = v.measure->select.feed;
    v.list = v.measure && v.measure->list ? v.measure->list->list : NULL;
    v.held = item->episode->held || (f && f->holds != 0);
    if (a->rule == RULE_BEHIND_PLAN || a->rule == RULE_SPECIAL_CAUSE) {
        v.org = given(f && f->series ? f->series->org : NULL,
                      v.measure ? measure_org(v.measure) : NULL);
        if (v.list && !v.measure->list->provider)
            v.org = NULL; /* everybody on the list */
        v.kind.unit = f ? finding_unit(f) : v.measure ? v.measure->unit : UNIT_UNKNOWN;
        /* Figures of files are nobody's: as little to hide as what is published. */
        v.kind.published = (v.measure && v.measure->of_feed) ||
                           (v.feed && context->feed_is_published &&
                            context->feed_is_published(context->feed_is_published_arg, v.feed));
        v.kind.is_longest = v.measure && measure_is_longest(v.measure);
        v.kind.profile = context->profile;
        v.kind.tells_none = v.measure && v.measure->tells_none;
        if (f && a->rule == RULE_SPECIAL_CAUSE)
            view_of_chart(&v, f);
        else if (f)
            view_of_finding(&v, f);
        else
            view_of_episode(&v, item->episode);
        if (f && item->episode->early && episode_is_active(item->episode) &&
            f->ageing.state == AGEING_BEHIND)
            view_of_projection(&v, &f->ageing);
        v.is_veiled = figure_veiled(v.measure, v.line, v.kind);
        if (figure_line_hidden(v.line, v.kind))
            (void)snprintf(v.line_text, sizeof v.line_text, FIGURE_LINE_HIDDEN);
        else if (!isnan(v.line))
            (void)figure_amount(v.line, v.kind.unit, v.line_text);
    } else if (a->rule == RULE_COVERAGE_GAP) {
        v.org = given(f ? f->provider : NULL, a->provider);
    }
    *out_view = v;
}
