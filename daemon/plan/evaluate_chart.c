#include "plan/evaluate_chart.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plan/evaluate_feed.h"

static int say(const struct control_chart *c, struct finding *f)
{
    const struct chart_point *last = &c->points[c->n - 1];
    struct text detail = TEXT_INIT;
    char date[32];

    text_printf(&detail, "%s, in the period to %s: %s",
                chart_cause_words(c->spc.points[c->n - 1].cause), finding_date(last->end, date),
                chart_words(c));
    f->detail = text_take(&detail);
    return f->detail != NULL ? 0 : -ENOMEM;
}

/* True now. */
static int signal_now(const struct control_chart *c, struct finding *f)
{
    const struct chart_point *last = &c->points[c->n - 1];
    int r = finding_now(f, PERIOD_AMBER, c->opened);

    if (r < 0)
        return r;
    f->history[0].start = last->start;
    f->history[0].version = last->version;
    return say(c, f);
}

int evaluate_chart(const struct chart_input *in, const struct finding *behind, struct finding *f)
{
    struct control_chart *c = calloc(1, sizeof *c);

    assert(behind->measure != NULL && in->measure == behind->measure);
    f->rule = RULE_SPECIAL_CAUSE;
    f->plan = behind->plan;
    f->measure = behind->measure;
    f->action = behind->action;
    f->owner = behind->owner;
    f->series = in->series;
    f->line = NAN;
    f->instant = true;
    f->plan_expired = behind->plan_expired;
    f->joined_until = DATE_NONE;
    f->chart = c;
    f->title = strdup(behind->title);
    if (c == NULL || f->title == NULL)
        return -ENOMEM;
    int r = control_chart_make(in, c);

    if (r < 0)
        return r;
    /* Without a figure since, or with too few since it began anew, nobody knows that it is over. */
    f->holds_now = behind->holds_now;
    if (c->state != CHART_GOOD || c->missing_after > 0)
        f->holds_now |= HOLD_NO_VALUE;
    f->holds = f->holds_now;
    f->rag = c->state == CHART_GOOD && !c->is_trial ? RAG_GREEN : RAG_GREY;
    return c->state == CHART_GOOD && date_is_set(c->opened) ? signal_now(c, f) : 0;
}
