#include "notify/wording.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "plan/control_chart.h"
#include "plan/target_words.h"

/*
 * The sentences of one item. Each clips what it quotes, so that the longest possible item stays
 * under the 350 words of a mail, whatever a plan or a feed calls things.
 */

static void org_named(const struct item_view *v, struct text *out)
{
    wording_clean(out, v->context->org_title(v->context->org_title_arg, v->org), 100, 12);
    if (strcmp(v->context->org_title(v->context->org_title_arg, v->org), v->org) != 0) {
        (void)text_puts(out, " (");
        wording_clean(out, v->org, 40, 3);
        (void)text_puts(out, ")");
    }
}

/* Whose line it is, before and after its figure. */
static const struct {
    const char *has, *name;
} line_words[] = {
    [LINE_OF_PLAN] = { "the plan has", "plan" },
    [LINE_OF_STANDARD] = { "the national standard is", "the national standard" },
    [LINE_OF_LAW] = { "the law asks for", "what the law asks for" },
    [LINE_OF_GUIDANCE] = { "guidance asks for", "the guidance" },
};

static enum line_of line_of(const struct item_view *v)
{
    return v->measure ? measure_line_of(v->measure) : LINE_OF_PLAN;
}

/* Beside the plan's own line, what the standard asks of the same figure. */
static void say_standard(const struct item_view *v, struct text *out)
{
    const struct plan_measure *m = v->measure;
    const struct standard_line *line =
        m && date_is_set(v->end) ? measure_standard_on(m, v->end) : NULL;
    char figure[FIGURE_MAX];

    if (!line || m->standard.is_line)
        return;
    (void)text_printf(out, " That is the plan's line; %s at %s %s.",
                      line_words[m->standard.kind].has, line->is_floor ? "least" : "most",
                      figure_amount(line->value, v->kind.unit, figure));
}

/* What the plan promises, where the line does not say it: it follows from another figure. */
static void say_promise(const struct item_view *v, struct text *out)
{
    const struct plan_measure *m = v->measure;
    AUTO(text_release) struct text words = TEXT_INIT;

    if (!m || m->rule.kind == TARGET_NONE || m->rule.kind == TARGET_THRESHOLD || v->is_veiled)
        return;
    if (target_words(m, v->kind.unit, &words) < 0)
        return;
    (void)text_puts(out, " The plan promises: ");
    wording_clean(out, text_str(&words), 200, 30);
    (void)text_puts(out, ".");
}

/* Whether more is better nobody needs to know by heart. */
static const char *way_of(const struct item_view *v, double gap)
{
    if (!v->measure || v->measure->polarity == POLARITY_CLOSE)
        return gap < 0 ? "below" : "above";
    return (gap < 0) == (v->measure->polarity == POLARITY_LOWER) ? "better than" : "worse than";
}

static void gap_to_line(const struct item_view *v, struct text *out)
{
    char words[FIGURE_MAX + 32];
    double gap = round((v->value - v->line) * 1e6) / 1e6;
    const char *name = line_words[line_of(v)].name;

    if (isinf(gap) || v->is_beside_line) /* "never", "just over" say it */
        return;
    if (gap == 0 && v->kind.published)
        (void)text_printf(out, ": exactly at %s", name);
    else if (gap == 0)
        (void)text_printf(out, ": at %s, as rounded", name);
    else
        (void)text_printf(out, ": %s %s %s", figure_difference(fabs(gap), v->kind.unit, words),
                          way_of(v, gap), name);
}

bool wording_is_past_last_date(const struct plan_measure *m, struct civil_date end)
{
    struct civil_date last = measure_last_date(m);

    return m->tolerance > 0 && date_is_set(last) && date_is_set(end) &&
           date_compare(end, last) >= 0;
}

/* By the date alone, whatever the figure: from it on nothing else makes it red. */
static void say_tolerance(const struct item_view *v, bool is_red, struct text *out)
{
    const struct plan_measure *m = v->measure;
    char words[FIGURE_MAX + 32];

    if (!m || m->tolerance <= 0 || v->is_veiled)
        return;
    if (is_red && wording_is_past_last_date(m, v->end))
        (void)text_puts(out, " (past its last date: no tolerance)");
    else
        (void)text_printf(out, " (tolerance %s)",
                          figure_difference(m->tolerance, v->kind.unit, words));
}

static void what_figure(const struct item_view *v, struct text *out)
{
    const struct plan_measure *m = v->measure;
    const char *severity = wording_severity(v);
    char date[WORDING_DATE_MAX], words[FIGURE_MAX + 32];

    (void)text_puts(out, v->figure);
    if (v->org) {
        (void)text_puts(out, " for ");
        org_named(v, out);
    }
    if (*v->line_text)
        (void)text_printf(out, ", where %s %s", line_words[line_of(v)].has, v->line_text);
    if (v->has_value && !isnan(v->line) && !figure_line_hidden(v->line, v->kind))
        gap_to_line(v, out);
    if (severity)
        (void)text_printf(out, ", %s", severity);
    say_tolerance(v, severity && v->item->episode->severity == SEVERITY_RED, out);
    (void)text_puts(out, ".");
    say_standard(v, out);
    say_promise(v, out);
    if (date_is_set(v->projected_from))
        (void)text_printf(out,
                          m && m->of_feed ? " Nothing new came since %s."
                                          : " Projected from data of %s, if nobody was seen since.",
                          wording_date(v->projected_from, date));
    if (strcmp(v->figure, "*") == 0)
        (void)text_puts(out, " The figure is hidden: it rests on small numbers, or would tell of "
                             "them beside others.");
    else if (v->is_band)
        (void)text_puts(out, " The figure is a band: the longest wait is that of one person.");
    else if (v->version && figure_is_bounds(v->version, v->kind))
        (void)text_printf(out, " The outcome of %s stops was not told.",
                          figure_untold(v->version, v->kind, words));
    else if (!v->kind.published && v->has_value)
        (void)text_puts(out, " The figure is rounded.");
    if (date_is_set(v->newest_end))
        (void)text_printf(out, " The newest period, to %s: %s.", wording_date(v->newest_end, date),
                          v->newest_figure);
}

/* The finding's own sentence. */
static void detail_of(const struct finding *f, struct text *out)
{
    size_t at = out->len;

    wording_clean(out, f->detail, 300, 45);
    if (out->len > at && text_ok(out)) {
        if (out->buf[at] >= 'a' && out->buf[at] <= 'z')
            out->buf[at] = (char)(out->buf[at] - 'a' + 'A');
        if (out->buf[out->len - 1] != '.')
            (void)text_puts(out, ".");
    }
}

/* Of counts that are not published a limit may be as few as a figure may. */
static const char *limit_text(const struct item_view *v, double limit, char out[FIGURE_MAX])
{
    const struct series_version at = {
        .value = limit, .low = limit, .high = limit, .numerator = NAN, .denominator = NAN
    };

    if (v->kind.published)
        return figure_amount(round(limit * 10) / 10, v->kind.unit, out);
    if (figure_line_hidden(limit, v->kind))
        return FIGURE_LINE_HIDDEN;
    return message_figure(&at, v->kind, out);
}

/* Only beside a figure that is shown itself. */
static void chart_limits(const struct item_view *v, const struct control_chart *c, struct text *out)
{
    const struct spc_segment *s;
    char mean[FIGURE_MAX], lower[FIGURE_MAX], upper[FIGURE_MAX];

    if (!v->has_value || v->is_band || !c || c->state != CHART_GOOD || c->spc.segment_count == 0)
        return;
    s = &c->spc.segments[c->spc.segment_count - 1];
    if (isfinite(s->lower))
        (void)text_printf(out, " Its mean is %s; by chance alone it lies between %s and %s.",
                          limit_text(v, s->mean, mean),
                          limit_text(v, s->mean >= 0 ? fmax(0, s->lower) : s->lower, lower),
                          limit_text(v, s->upper, upper));
}

/* Its own sentence has no figures: what may be shown of them depends on the audience. */
static void what_chart(const struct item_view *v, struct text *out)
{
    const struct finding *f = v->item->finding;

    if (*v->figure)
        (void)text_puts(out, v->figure);
    if (*v->figure && v->org) {
        (void)text_puts(out, " for ");
        org_named(v, out);
    }
    if (*v->figure)
        (void)text_puts(out, ". ");
    if (f && f->detail && v->item->news != NEWS_CLEARED)
        detail_of(f, out);
    else if (v->item->news == NEWS_CLEARED)
        (void)text_puts(out,
                        "Its newest figure is no more than chance explains, or its chart began "
                        "anew.");
    else
        (void)text_puts(out, "Its control chart shows a change for the worse.");
    if (f)
        chart_limits(v, f->chart, out);
}

static void what_incident(const struct item_view *v, struct text *out)
{
    const struct finding *f = v->item->finding;

    if (v->item->news == NEWS_CLEARED || !f || !f->detail) {
        (void)text_puts(out, "A person closed the incident, and the raw bytes are erased.");
        return;
    }
    detail_of(f, out);
    (void)text_puts(out, " Nothing of the file was taken, and none of its content is in a message, "
                         "the log or the archive. The measures of this feed keep their last state "
                         "and none is called better.");
}

void wording_what(const struct item_view *v, struct text *out)
{
    const struct finding *f = v->item->finding;
    char date[WORDING_DATE_MAX];

    switch (v->item->alert->rule) {
    case RULE_BEHIND_PLAN:
        what_figure(v, out);
        return;
    case RULE_SPECIAL_CAUSE:
        what_chart(v, out);
        return;
    case RULE_ACTION_OVERDUE:
        if (v->item->news == NEWS_CLEARED || v->item->news == NEWS_WITHDRAWN)
            (void)text_puts(out, "It is no longer overdue in the plan.");
        else if (v->action && date_is_set(v->action->due))
            (void)text_printf(out, "It was due by %s and is not reported complete.",
                              wording_date(v->action->due, date));
        else
            (void)text_puts(out, "It is past its date and is not reported complete.");
        return;
    case RULE_DEAD_LETTER:
        if (f && f->detail && v->item->news != NEWS_CLEARED) {
            detail_of(f, out);
            (void)text_puts(out, " ");
        }
        (void)text_puts(out, v->item->news == NEWS_CLEARED
                                 ? "The receiver takes messages again, or a person decided."
                                 : "Whoever they were for was not told; what they told of alerts, "
                                   "and the digest of this week, go to fallback and ops instead.");
        return;
    case RULE_SELF_CHECK:
        if (v->item->news == NEWS_CLEARED || !f || !f->detail)
            (void)text_puts(out, "The monitor's own check finds nothing wrong any more.");
        else
            detail_of(f, out);
        return;
    case RULE_FORECAST:
        if (v->item->news == NEWS_CLEARED || !f || !f->detail)
            (void)text_puts(out, "What was forecast is no longer likely, or its day has come.");
        else
            detail_of(f, out);
        return;
    case RULE_GUARD:
        if (v->item->news == NEWS_CLEARED || !f || !f->detail)
            (void)text_puts(out, "It no longer improves while what guards it worsens.");
        else
            detail_of(f, out);
        return;
    case RULE_FEED_LATE:
    case RULE_COVERAGE_GAP:
    case RULE_IMPLAUSIBLE_CHANGE:
        break;
    }
    if (wording_is_incident(v->item)) {
        what_incident(v, out);
        return;
    }
    if (f && f->detail && v->item->news != NEWS_CLEARED) {
        detail_of(f, out);
        (void)text_puts(out, " Until then the measures of this feed keep their last state and none "
                             "is called better.");
    } else if (f && f->detail && v->item->alert->rule == RULE_FEED_LATE) {
        detail_of(f, out); /* what came, or until when a person gave it */
    } else if (v->item->news == NEWS_CLEARED && v->item->alert->rule == RULE_FEED_LATE) {
        (void)text_puts(out, "Its file has come, or a person gave it a later day to come by.");
    } else if (v->item->news == NEWS_CLEARED) {
        (void)text_puts(out, "What was missing has come, or was decided.");
    } else {
        (void)text_puts(out,
                        "Measures of this feed keep their last state and none is called better.");
    }
}

void wording_period(const struct item_view *v, struct text *out)
{
    const struct span *window = v->list ? &v->measure->list->window : NULL;
    char start[WORDING_DATE_MAX], end[WORDING_DATE_MAX];

    if (!date_is_set(v->end))
        return;
    if (window && date_is_set(v->window_start))
        (void)text_printf(out, "%s to %s (rolling, %ld %s%s).",
                          wording_date(v->window_start, start), wording_date(v->end, end),
                          window->count,
                          window->unit == SPAN_MONTHS  ? "month"
                          : window->unit == SPAN_WEEKS ? "week"
                                                       : "day",
                          window->count == 1 ? "" : "s");
    else if (date_is_set(v->start) && date_compare(v->start, v->end) != 0)
        (void)text_printf(out, "%s to %s.", wording_date(v->start, start),
                          wording_date(v->end, end));
    else
        (void)text_printf(out, "to %s.", wording_date(v->end, end));
}

void wording_span(const struct item_view *v, struct text *out)
{
    char date[WORDING_DATE_MAX];

    (void)text_puts(out, wording_date(v->item->episode->opened, date));
    if (v->item->came_and_went)
        (void)text_printf(out, ", ended %s", wording_date(v->item->episode->closed_on, date));
}

void wording_since(const struct item_view *v, struct text *out)
{
    char date[WORDING_DATE_MAX];

    if (!date_is_set(v->item->episode->opened))
        return;
    wording_span(v, out);
    if (v->item->came_and_went) {
        (void)text_puts(out, ", before you could be told of either.");
        return;
    }
    if (v->item->alert->rule != RULE_BEHIND_PLAN) {
        (void)text_puts(out, ".");
        return;
    }
    (void)text_puts(out, v->item->episode->by_time
                             ? ", the day on which ageing alone brought it behind"
                             : ", the last day of the data period that opened it");
    if (v->item->news == NEWS_DISCOVERED)
        (void)text_printf(out, "; it ended with the period to %s and became known later",
                          wording_date(v->item->episode->period_end, date));
    if (!v->item->episode->warned &&
        date_compare(v->item->episode->folded, v->item->episode->opened) < 0)
        (void)text_printf(out, "; by figures that came later it began with the period to %s",
                          wording_date(v->item->episode->folded, date));
    else if (date_is_set(v->item->episode->reopened) && episode_is_open(v->item->episode))
        (void)text_printf(out, "; it had ended, and %sis behind again from %s",
                          v->item->episode->early ? "by ageing alone " : "",
                          wording_date(v->item->episode->reopened, date));
    (void)text_puts(out, ".");
}

/* One of those who own it, by name where that is known. */
static void add_owner(const struct message_context *c, const char *role, bool is_last,
                      struct text *out)
{
    const char *holder = c->role_holder ? c->role_holder(c->names_arg, role) : NULL;

    if (holder) {
        wording_clean(out, holder, 60, 6);
        (void)text_puts(out, " (");
    }
    wording_clean(out, role, 60, 5);
    (void)text_puts(out, holder ? ")" : "");
    (void)text_puts(out, is_last ? "" : " and ");
}

void wording_who(const struct item_view *v, struct text *out)
{
    static const char *const status[] = {
        [ACTION_NOT_STARTED] = "not started",
        [ACTION_IN_PROGRESS] = "in progress",
        [ACTION_COMPLETE] = "complete",
    };
    const struct plan_action *a = v->action;
    char date[WORDING_DATE_MAX];

    char role[PLAN_ROLE_MAX];

    for (const char *at = v->owner; plan_roles_next(&at, role);)
        add_owner(v->context, role, at[0] == '\0', out);
    if (wording_is_incident(v->item))
        (void)text_puts(out, "information governance and ops are told; no lead is");
    else if (!v->owner)
        (void)text_puts(out, "nobody is named, so ops is told");
    if (a) {
        (void)text_puts(out, "; action ");
        wording_clean(out, a->id, 30, 3);
        (void)text_puts(out, ": ");
        wording_clean(out, a->title, 100, 14);
        if (date_is_set(a->due))
            (void)text_printf(out, ", due %s", wording_date(a->due, date));
        if (a->status >= 0 && (size_t)a->status < sizeof status / sizeof status[0])
            (void)text_printf(out, ", %s", status[a->status]);
    }
    (void)text_puts(out, ".");
}

void wording_footprint(const struct item_view *v, struct text *out)
{
    const struct finding *f = v->item->finding;
    const struct plan_measure *m = f ? f->measure : NULL;

    if (!m || !m->is_wider)
        return;
    wording_clean(out, m->footprint_of, 80, 10);
    (void)text_printf(out, " (%s), not ", footprint_name((enum footprint)m->footprint));
    wording_clean(out, plan_place_title(f->plan), 60, 6);
    (void)text_puts(out, " alone");
}

void wording_sure(const struct item_view *v, struct text *out)
{
    char held[HOLD_WORDS_MAX], date[WORDING_DATE_MAX];

    if (v->item->alert->rule != RULE_BEHIND_PLAN && v->item->alert->rule != RULE_SPECIAL_CAUSE)
        return;
    if (v->version) {
        const char *status = publication_name(v->version->status);

        (void)text_printf(out, "%s; received %s; ",
                          status ? status : "provisional or final: not stated",
                          wording_date(wall_date(v->version->as_of), date));
    } else if (date_is_set(v->projected_from)) {
        (void)text_puts(out, "a projection, not a figure of any file; ");
    }
    if (v->holds != 0)
        (void)text_printf(out, "not complete (%s), so nothing is called better.",
                          hold_words(v->holds, held));
    else if (v->held)
        (void)text_puts(out, "held, so nothing is called better.");
    else if (v->item->finding) /* of what nobody judges any more nobody knows it */
        (void)text_puts(out,
                        date_is_set(v->projected_from) ? "its data are complete." : "complete.");
    if (v->earlier[0])
        (void)text_printf(out, " Restated: the publisher replaced an earlier figure, %s.",
                          v->earlier);
    else if (v->restated)
        (void)text_printf(out, "%sRestated: the publisher replaced an earlier figure.",
                          out->len ? " " : "");
    else if (v->item->episode->restated) /* another than this one, or nobody judges which */
        (void)text_printf(out, "%s%s", out->len ? " " : "",
                          v->item->finding ? "An earlier figure of this alert was restated."
                                           : "Restated: a figure of this alert replaced another.");
}

void wording_plan(const struct item_view *v, struct text *out)
{
    const struct finding *f = v->item->finding;
    bool is_of_plan = v->item->episode->by_plan && episode_is_active(v->item->episode) &&
                      v->item->news != NEWS_NONE;
    char date[WORDING_DATE_MAX];

    if (f && f->plan_expired)
        (void)text_printf(out, "It has expired: its last day was %s%s.%s",
                          wording_date(f->plan->valid_to, date),
                          f->measure ? "; its last milestone is used" : "", is_of_plan ? " " : "");
    if (is_of_plan)
        (void)text_printf(out, "This is told because the plan changed%s.",
                          f && f->action && !f->measure ? "" : ", not because a figure did");
}
