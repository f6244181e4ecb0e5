#include "plan/evaluate_beside.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "plan/evaluate_feed.h"
#include "plan/select.h"

/* ---- the figures of others ---- */

int evaluate_ref(const struct evaluation_input *in, const struct figure_ref *ref,
                 const struct series **out_series)
{
    struct plan_measure asked = { .published = NULL };
    char *why = NULL;
    int r;

    *out_series = NULL;
    if (ref == NULL)
        return 0;
    asked.published = ref->published;
    asked.select = ref->select;
    r = series_select(in->series, &asked, in->org_code(in->org_code_arg, ref->select.org),
                      out_series, &why);
    free(why);
    return r;
}

/* ---- surveys ---- */

static struct civil_date later_by(struct civil_date d, const struct span *s)
{
    if (s->unit == SPAN_MONTHS)
        return date_add_months(d, (int)s->count);
    return date_add_days(d, (int)s->count * (s->unit == SPAN_WEEKS ? 7 : 1));
}

int evaluate_survey(const struct evaluation_input *in, struct finding *f)
{
    const struct plan_survey *survey = &f->measure->survey;
    struct text why = TEXT_INIT;
    struct civil_date wave;
    char date[32];

    if (survey->every.count == 0 || f->history_count == 0)
        return 0;
    wave = f->history[f->history_count - 1].end;
    if (date_compare(in->today, later_by(wave, &survey->every)) <= 0)
        return 0;
    text_printf(&why, "no wave of the survey since %s, and none is carried over",
                finding_date(wave, date));
    f->missing_text = text_take(&why);
    f->missing_why = f->missing_text;
    f->rag = RAG_GREY;
    f->holds_now |= HOLD_WAVE_OVER;
    f->holds |= HOLD_WAVE_OVER;
    return f->missing_text != NULL ? 0 : -ENOMEM;
}

/* ---- actions ---- */

/* From here an overdue action is red: the project's own default, no rule of the field. */
#define ACTION_RED_AFTER_DAYS 30

/* The canonical format of delivery updates (feed-formats(5)): the plan is the organisation, the
   action the second breakdown, and words are numbers in this order. */
#define SERIES_STATUS "action-status"
#define SERIES_RAG    "action-rag"

static const enum rag reported_rags[] = { RAG_GREY, RAG_BLUE, RAG_GREEN, RAG_AMBER, RAG_RED };

/* The newest report of one kind of one feed that is dated today or before, or NULL. */
static int find_report(const struct evaluation_input *in, const char *feed, const char *kind,
                       const struct plan *p, const struct plan_action *a,
                       const struct series_point **out)
{
    AUTO(auto_free)
    char *key = series_key(feed, kind, NULL, in->org_code(in->org_code_arg, p->id), a->id);
    const struct series *s = key != NULL ? series_find(in->series, key) : NULL;

    *out = NULL;
    for (size_t i = s != NULL ? s->point_count : 0; i > 0 && *out == NULL; i--)
        if (date_compare(s->points[i - 1].period_end, in->today) <= 0)
            *out = &s->points[i - 1];
    return key != NULL ? 0 : -ENOMEM;
}

/* Of all feeds the newest one; of two of one day, what was received last. */
static int newest_report(const struct evaluation_input *in, const char *kind, const struct plan *p,
                         const struct plan_action *a, const struct series_point **out)
{
    int r = 0;

    *out = NULL;
    for (size_t i = 0; i < in->feed_count && r == 0; i++) {
        const struct series_point *found;
        int order = 0;

        r = find_report(in, in->feeds[i].id, kind, p, a, &found);
        if (r < 0 || found == NULL)
            continue;
        if (*out != NULL)
            order = date_compare(found->period_end, (*out)->period_end);
        if (*out == NULL || order > 0 ||
            (order == 0 && series_current(found)->receipt > series_current(*out)->receipt))
            *out = found;
    }
    return r;
}

/* The place of a reported word in its list of so many; -1: none was reported. */
static int reported_word(const struct series_point *p, int count)
{
    const struct series_version *v = p != NULL ? series_current(p) : NULL;

    if (v == NULL || v->marker != MARKER_NONE || !(v->value >= 0 && v->value < count))
        return -1;
    return (int)v->value;
}

/* A report stands over the colour that the plan has, unless that was said later. A report of no
   colour is no colour: the plan's older one does not outlive it. */
static void take_rag(const struct series_point *report, struct action_delivery *d)
{
    int word = reported_word(report, (int)(sizeof reported_rags / sizeof reported_rags[0]));

    if (report == NULL || (date_is_set(d->said) && date_compare(report->period_end, d->said) < 0))
        return;
    d->rag = word >= 0 ? reported_rags[word] : RAG_GREY;
    d->said = report->period_end;
    d->note = NULL;
}

static int find_delivery(const struct evaluation_input *in, const struct plan *p,
                         const struct plan_action *a, struct action_delivery *out)
{
    const struct series_point *status, *rag;
    int r = newest_report(in, SERIES_STATUS, p, a, &status), word;

    if (r == 0)
        r = newest_report(in, SERIES_RAG, p, a, &rag);
    if (r < 0)
        return r;
    *out = (struct action_delivery){ .status = a->status, .said = DATE_NONE };
    if (a->delivery.is_said) {
        out->rag = a->delivery.rag;
        out->said = a->delivery.date;
        out->note = a->delivery.note;
    }
    word = reported_word(status, ACTION_COMPLETE + 1);
    if (word >= 0)
        out->status = word;
    out->is_given_up = status != NULL && series_current(status)->marker == MARKER_NOT_APPLICABLE;
    take_rag(rag, out);
    return 0;
}

/* True only from the day after the last day in time, and while it is not complete. */
int evaluate_action(const struct evaluation_input *in, const struct plan *p,
                    const struct plan_action *a, struct finding *f)
{
    struct text title = TEXT_INIT, detail = TEXT_INIT;
    int overdue_days = date_is_set(a->due) ? in->today.day - a->due.day : 0;
    bool red = overdue_days > ACTION_RED_AFTER_DAYS, overdue;
    char due[32];
    int r = find_delivery(in, p, a, &f->delivery);

    f->rule = RULE_ACTION_OVERDUE;
    f->plan = p;
    f->action = a;
    f->owner = a->lead;
    f->line = f->target = NAN;
    f->instant = true;
    overdue = r == 0 && overdue_days > 0 && f->delivery.status != ACTION_COMPLETE &&
              !f->delivery.is_given_up;
    f->rag = !overdue ? RAG_GREEN : red ? RAG_RED : RAG_AMBER;
    /* Where nobody reported a colour: what the plan itself shows. */
    if (f->delivery.rag == RAG_GREY && f->delivery.status == ACTION_COMPLETE)
        f->delivery.rag = RAG_BLUE;
    else if (f->delivery.rag == RAG_GREY && overdue)
        f->delivery.rag = f->rag;
    f->plan_expired = date_is_set(p->valid_to) && date_compare(in->today, p->valid_to) > 0;
    text_printf(&title, "Action %s: %s", a->id, a->title);
    f->title = text_take(&title);
    if (f->title == NULL || r < 0)
        return -ENOMEM;
    if (!overdue)
        return 0;
    text_printf(&detail, "due by %s, %d %s ago, and not reported complete",
                finding_date(a->due, due), overdue_days, overdue_days == 1 ? "day" : "days");
    f->detail = text_take(&detail);
    r = finding_now(f, red ? PERIOD_RED : PERIOD_AMBER, a->due);
    return f->detail == NULL ? -ENOMEM : r;
}
