#include "plan/evaluate_forecast.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "plan/evaluate_feed.h"

/* The days of a span that begins with tomorrow. */
static struct civil_date end_of(struct civil_date today, struct span within)
{
    return date_add_days(today, (int)(within.unit == SPAN_WEEKS ? within.count * 7 : within.count));
}

static const char *wait_words(struct span s, char out[32])
{
    (void)snprintf(out, 32, "%ld %s", s.count,
                   s.unit == SPAN_WEEKS    ? "weeks"
                   : s.unit == SPAN_MONTHS ? "months"
                                           : "days");
    return out;
}

/* Whether the next milestone is likely to be missed; says so. */
static bool add_milestone(const struct outlook *o, struct finding *f, struct text *say)
{
    const struct plan_forecast *rule = f->measure->forecast;
    const struct outlook_milestone *next = &o->milestones[0];
    char date[32];

    if (o->milestone_count == 0)
        return false; /* none is to come: the judgement of today speaks */
    if (isnan(next->chance)) {
        f->holds_now |= HOLD_NO_VALUE;
        return false;
    }
    if (next->chance >= rule->chance) {
        if (next->chance < rule->chance + FORECAST_CHANCE_MARGIN)
            f->holds_now |= HOLD_INDETERMINATE;
        return false;
    }
    text_printf(say,
                "as the recent weeks went, the milestone of %s will be missed: a chance of about "
                "%.0f per cent to meet it",
                finding_date(next->date, date), round(next->chance / 5) * 5);
    return true;
}

/* Whether more pass the line than the plan allows; says so. */
static bool add_crossing(const struct outlook *o, struct civil_date today, struct finding *f,
                         struct text *say)
{
    const struct plan_forecast *rule = f->measure->forecast;
    uint64_t n = outlook_crossing(o, today, end_of(today, rule->within));
    char line[32], within[32];

    if (!rule->has_at_most)
        return false;
    if (n <= (uint64_t)rule->at_most) {
        if (n + o->set_aside > (uint64_t)rule->at_most)
            f->holds_now |= HOLD_INDETERMINATE;
        return false;
    }
    text_printf(say, "%smore than %ld will pass %s within %s, if nobody is seen",
                say->len > 0 ? "; " : "", rule->at_most, wait_words(o->line, line),
                wait_words(rule->within, within));
    return true;
}

int evaluate_forecast(const struct outlook_source *source, const struct finding *behind,
                      struct civil_date today, struct finding *f)
{
    const struct plan_measure *m = behind->measure;
    AUTO(outlook_release) struct outlook o = { .is_known = false };
    struct text say = TEXT_INIT;
    bool signal;
    int r;

    assert(m->forecast != NULL && m->list != NULL);
    f->rule = RULE_FORECAST;
    f->plan = behind->plan;
    f->measure = m;
    f->action = behind->action;
    f->owner = behind->owner;
    f->series = behind->series;
    f->line = NAN;
    f->instant = true;
    f->rag = RAG_GREEN;
    f->plan_expired = behind->plan_expired;
    f->joined_until = DATE_NONE;
    f->holds_now = behind->holds_now;
    f->title = strdup(behind->title);
    if (f->title == NULL)
        return -ENOMEM;
    r = outlook_make(source, m, &behind->line_from, end_of(today, m->forecast->within), &o);
    if (r < 0)
        return r;
    if (!o.is_known || behind->ageing.state == AGEING_OVER)
        f->holds_now |= HOLD_NO_VALUE;
    signal = o.is_known && behind->ageing.state != AGEING_OVER && add_milestone(&o, f, &say);
    if (o.is_known && behind->ageing.state != AGEING_OVER)
        signal |= add_crossing(&o, today, f, &say);
    f->holds = f->holds_now;
    if (!o.is_known)
        f->rag = RAG_GREY;
    f->detail = signal ? text_take(&say) : NULL;
    text_release(&say);
    if (signal)
        r = f->detail != NULL ? finding_now(f, PERIOD_AMBER, today) : -ENOMEM;
    return r;
}
