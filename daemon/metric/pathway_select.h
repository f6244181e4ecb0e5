/*
 * pathway_select - which of a list's waits a measure counts
 *
 * Pure. A selection is what plan.yaml's `select:` says: one clock of the service (the pathway's own, or a
 * stage's), and the groups whose place, commissioner and cohort fit. Texts are compared folded; what
 * is left out selects all. Borrows its texts.
 */
#ifndef METRIC_PATHWAY_SELECT_H
#define METRIC_PATHWAY_SELECT_H

#include <stdbool.h>

#include "metric/pathway_count.h"
#include "metric/pathway_metric.h"
#include "pathway/service.h"
#include "pathway/tally.h"

struct pathway_selection {
    const char *place, *commissioner; /* NULL: all */
    const char
        *stage; /* a stage of the service, "A..B" from event A to event B, or, where the service
                          is not declared, as its snapshots print it; NULL: the pathway's own clock */
    const struct cohort_value *cohort;
    size_t cohort_count;
    bool without_exceptions; /* excused waits are left out, of the whole as well */
    bool one_provider;       /* who moved to another provider left it; of all they wait on there */
};

/** The clock that a metric counts in a selection; -ENOENT where the service has no such stage, or no
 * clock that ends with a first contact for `first-contacts`. */
int selection_clock(const struct service *service, const struct pathway_selection *s,
                    enum pathway_metric_id metric);
/** What a selection found. */
struct selection_found {
    /* Groups that fit. Where it stays 0, no row was ever of such a place or cohort (a slip of the plan, a
     * column that went), and to say that nobody waits would be wrong (struct waits_unknown .part). A
     * selection that narrows nothing always fits. */
    size_t groups;
    /* Open at the day: those selected, and those of whom the rows do not tell whether they are: their
     * commissioner or cohort is blank. A place has its own rule (DESIGN section 5). */
    uint64_t told, untold;
    uint64_t stage_untold; /* likewise of the stage; none of untold */
};

/** Adds what is selected of one provider's tally; call it for each provider that is counted. clock: as
 * selection_clock() says, or TALLY_UNREFERRED: then also those of whom nothing tells that they do not fit. day: to which the list is known; DATE_NONE: nobody is counted as told or not.
 * stage_untold: by group, list_stage_untold(), for a stage of a declared service; else NULL. Returns 0 or
 * -ENOMEM. */
int selection_gather(const struct pathway_selection *s, int clock, const struct tally *t,
                     struct civil_date day, const uint64_t *stage_untold, struct waits *w,
                     struct selection_found *found);

/** For how many anything told that this clock was completed. A snapshot names the stage that somebody is at,
 * and nothing of one that is over: where no event speaks of a stage, how many began or ended it in a period
 * is not known, and 0 would be wrong. */
uint64_t selection_completed(int clock, const struct tally *t);

#endif
