#include "metric/pathway_select.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"

static const enum wait_end ends[OUTCOME_COUNT] = {
    [OUTCOME_OPEN] = WAIT_LEFT, /* never asked of an open clock */
    [OUTCOME_COMPLETED] = WAIT_COMPLETED,
    [OUTCOME_UNKNOWN] = WAIT_UNKNOWN,
    [OUTCOME_STOPPED] = WAIT_LEFT,
    [OUTCOME_REMOVED] = WAIT_LEFT,
    [OUTCOME_REMOVED_UNSEEN] = WAIT_UNSEEN,
    [OUTCOME_TRANSFERRED] = WAIT_LEFT,
    [OUTCOME_EXCLUDED] = WAIT_LEFT,
    [OUTCOME_SUPERSEDED] = WAIT_LEFT,
    [OUTCOME_MOVED] = WAIT_LEFT,
};

static int first_contact_clock(const struct service *service)
{
    for (size_t i = 0; i < service->clock_count; i++)
        if (service->clocks[i].to == EVENT_BIT(EVENT_FIRST_CONTACT))
            return (int)i;
    return -ENOENT;
}

int selection_clock(const struct service *service, const struct pathway_selection *s,
                    enum pathway_metric_id metric)
{
    assert(service != NULL && s != NULL);
    if (metric == METRIC_FIRST_CONTACTS)
        return first_contact_clock(service);
    if (s->stage == NULL)
        return 0;
    return service_is_declared(service) ? service_clock(service, s->stage) : TALLY_STAGE;
}

static bool fits(const char *wanted, const char *has)
{
    return wanted == NULL || (has != NULL && text_same(wanted, has));
}

static bool cohort_fits(const struct cohort_value *wanted, const struct group *g)
{
    for (size_t i = 0; i < g->cohort_count; i++)
        if (text_same(wanted->name, g->cohort[i].name))
            return text_same(wanted->value, g->cohort[i].value);
    return false;
}

static bool is_selected(const struct pathway_selection *s, int clock, const struct group *g)
{
    if (!fits(s->place, g->place) || !fits(s->commissioner, g->commissioner))
        return false;
    if (clock == TALLY_STAGE && !fits(s->stage, g->stage))
        return false;
    for (size_t i = 0; i < s->cohort_count; i++)
        if (!cohort_fits(&s->cohort[i], g))
            return false;
    return true;
}

static bool narrows(const struct pathway_selection *s, int clock)
{
    return s->place != NULL || s->commissioner != NULL || s->cohort_count > 0 ||
           clock == TALLY_STAGE;
}

/* Which groups fit, by number; *out_fit: how many. NULL without memory. */
static bool *fitting_groups(const struct pathway_selection *s, int clock, const struct tally *t,
                            size_t *out_fit)
{
    size_t groups = tally_group_count(t);
    bool *fitting = calloc(groups + 1, sizeof *fitting);

    *out_fit = 0;
    for (size_t i = 0; fitting != NULL && i < groups; i++) {
        const struct group g = tally_group_at(t, (uint32_t)i);

        fitting[i] = is_selected(s, clock, &g);
        *out_fit += fitting[i];
    }
    return fitting;
}

bool selection_clock_is_told(int clock, const struct tally *t)
{
    struct tally_cell cell;
    uint64_t count;

    for (size_t at = 0; tally_next(t, &at, &cell, &count);) {
        if (cell.clock == clock && cell.outcome == OUTCOME_COMPLETED)
            return true;
    }
    return false;
}

int selection_gather(const struct pathway_selection *s, int clock, const struct tally *t,
                     struct waits *w, size_t *groups)
{
    bool narrowed = narrows(s, clock);
    size_t at = 0, fit = 1;
    /* Of all groups none is looked at: there may be hundreds of thousands. */
    bool *selected = narrowed ? fitting_groups(s, clock, t, &fit) : NULL;
    struct tally_cell cell;
    uint64_t count;
    int r = 0;

    if (narrowed && selected == NULL)
        return -ENOMEM;
    *groups += fit;
    while (r == 0 && tally_next(t, &at, &cell, &count)) {
        struct wait_cell wait = { tally_date(cell.start), tally_date(cell.stop), ends[cell.outcome],
                                  count };

        if (cell.clock != clock || (narrowed && !selected[cell.group]) ||
            (s->without_exceptions && cell.exception != EXCEPTION_NONE) ||
            (cell.outcome == OUTCOME_MOVED && !s->one_provider))
            continue;
        r = waits_add(w, &wait);
    }
    free(selected);
    return r;
}
