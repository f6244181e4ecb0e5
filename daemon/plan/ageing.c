#include "plan/ageing.h"

#include <assert.h>
#include <errno.h>

static bool is_behind(enum period_event event)
{
    return event == PERIOD_AMBER || event == PERIOD_RED;
}

/* The figure of a day, judged by the line of that day. */
static int project(const struct evaluation_input *in, const struct finding *f,
                   struct civil_date day, struct series_version *out_version,
                   struct period_judgement *out_judged)
{
    int r = in->ageing->figure(in->ageing->arg, f->measure, day, out_version);

    if (r < 0)
        return r;
    measure_judge(f->measure, &f->line_from, out_version, day, day, out_judged);
    out_judged->version = NULL;
    return 0;
}

/* The day on which it fell behind, to stay so until today. */
static int find_since(const struct evaluation_input *in, const struct finding *f, struct ageing *a)
{
    struct series_version version;
    struct period_judgement judged;
    int r = 0;

    a->since = in->today;
    for (;;) {
        struct civil_date before = date_add_days(a->since, -1);

        if (date_compare(before, a->data_date) <= 0)
            return 0;
        r = project(in, f, before, &version, &judged);
        if (r < 0 || !is_behind(judged.event))
            return r;
        a->since = before;
    }
}

int evaluate_ageing(const struct evaluation_input *in, struct finding *f)
{
    const struct plan_measure *m = f->measure;
    struct ageing a = { .state = AGEING_NONE, .since = DATE_NONE };
    int silent = 0, r;

    assert(m != NULL);
    f->ageing = a;
    if (in->ageing == NULL || !measure_is_stock(m))
        return 0;
    r = in->ageing->data(in->ageing->arg, m, &a.data_date, &silent);
    if (r < 0 || date_compare(a.data_date, in->today) >= 0)
        return r == -ENOMEM ? r : 0;
    if (silent >= PROJECTED_CADENCES) {
        a.state = AGEING_OVER;
        f->ageing = a;
        return 0;
    }
    r = project(in, f, in->today, &a.version, &a.judged);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    a.state = is_behind(a.judged.event) ? AGEING_BEHIND : AGEING_FINE;
    if (a.state == AGEING_BEHIND)
        r = find_since(in, f, &a);
    f->ageing = a;
    return r == -ENOMEM ? r : 0;
}
