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

/* Whether a group is selected, by what its rows tell. */
enum fit {
    FIT_NO,
    FIT_UNTOLD, /* it would be but for what is blank */
    FIT_YES,
};

static enum fit worse_fit(enum fit a, enum fit b)
{
    return a < b ? a : b;
}

static enum fit told_fit(const char *wanted, const char *has)
{
    return fits(wanted, has) ? FIT_YES : has == NULL ? FIT_UNTOLD : FIT_NO;
}

static enum fit cohort_fit(const struct cohort_value *wanted, const struct group *g)
{
    for (size_t i = 0; i < g->cohort_count; i++)
        if (text_same(wanted->name, g->cohort[i].name))
            return told_fit(wanted->value, g->cohort[i].value);
    return FIT_UNTOLD;
}

static enum fit group_fit(const struct pathway_selection *s, int clock, const struct group *g)
{
    enum fit f = fits(s->place, g->place) ? FIT_YES : FIT_NO;

    f = worse_fit(f, told_fit(s->commissioner, g->commissioner));
    if (clock == TALLY_STAGE)
        f = worse_fit(f, told_fit(s->stage, g->stage));
    for (size_t i = 0; i < s->cohort_count; i++)
        f = worse_fit(f, cohort_fit(&s->cohort[i], g));
    return f;
}

static bool narrows(const struct pathway_selection *s, int clock)
{
    return s->place != NULL || s->commissioner != NULL || s->cohort_count > 0 ||
           clock == TALLY_STAGE;
}

/* How each group fits, by number; *groups grows by those that do. NULL without memory. */
static unsigned char *fits_of_groups(const struct pathway_selection *s, int clock,
                                     const struct tally *t, size_t *groups)
{
    size_t count = tally_group_count(t);
    unsigned char *fit = calloc(count + 1, sizeof *fit);

    for (size_t i = 0; fit != NULL && i < count; i++) {
        const struct group g = tally_group_at(t, (uint32_t)i);

        fit[i] = (unsigned char)group_fit(s, clock, &g);
        *groups += fit[i] == FIT_YES;
    }
    return fit;
}

static bool is_open(const struct tally_cell *c, struct civil_date day)
{
    return c->start <= day.day && (c->stop == TALLY_OPEN || c->stop > day.day);
}

/* Who waits for a stage that no row names waits on the pathway's own clock. */
static bool is_doubtful(const struct tally_cell *c, int clock, enum fit fit)
{
    return fit == FIT_UNTOLD && c->clock == (clock == TALLY_STAGE ? 0 : clock);
}

uint64_t selection_completed(int clock, const struct tally *t)
{
    struct tally_cell cell;
    uint64_t count, sum = 0;

    for (size_t at = 0; tally_next(t, &at, &cell, &count);)
        sum += cell.clock == clock && cell.outcome == OUTCOME_COMPLETED ? count : 0;
    return sum;
}

int selection_gather(const struct pathway_selection *s, int clock, const struct tally *t,
                     struct civil_date day, const uint64_t *stage_untold, struct waits *w,
                     struct selection_found *found)
{
    /* Of all groups none is looked at: there may be hundreds of thousands. */
    bool narrowed = narrows(s, clock);
    unsigned char *fit = narrowed ? fits_of_groups(s, clock, t, &found->groups) : NULL;
    bool by_day = tally_holds_day(day);
    struct tally_cell cell;
    uint64_t count;
    int r = 0;

    if (narrowed && fit == NULL)
        return -ENOMEM;
    found->groups += !narrowed;
    for (size_t i = 0; stage_untold != NULL && i < tally_group_count(t); i++)
        found->stage_untold += !narrowed || fit[i] != FIT_NO ? stage_untold[i] : 0;
    for (size_t at = 0; r == 0 && tally_next(t, &at, &cell, &count);) {
        struct wait_cell wait = { tally_date(cell.start), tally_date(cell.stop), ends[cell.outcome],
                                  count };
        enum fit f = narrowed ? fit[cell.group] : FIT_YES;
        bool open = by_day && is_open(&cell, day);

        if ((s->without_exceptions && cell.exception != EXCEPTION_NONE) ||
            (cell.outcome == OUTCOME_MOVED && !s->one_provider))
            continue;
        if (open && is_doubtful(&cell, clock, f))
            found->untold += count;
        if (cell.clock != clock || (f != FIT_YES && (f == FIT_NO || clock != TALLY_UNREFERRED)))
            continue;
        found->told += open ? count : 0;
        r = waits_add(w, &wait);
    }
    free(fit);
    return r;
}
