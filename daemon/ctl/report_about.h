/*
 * report_about - what a measure is and where its figure comes from, as JSON
 *
 * Pure. Beside the figures of report_measure(): the definition in words, what the plan promises, the standard it
 * names with its source and how sure that is, the file of its figure, its control chart.
 */
#ifndef CTL_REPORT_ABOUT_H
#define CTL_REPORT_ABOUT_H

#include <jansson.h>

#include "plan/finding.h"
#include "plan/standard.h"

/** The file that the figure in force came with; texts borrowed, NULL: not known. */
struct provenance {
    const char *feed_title, *file, *sha256,
        *archived;    /* archived: digest of what the archive has of it */
    uint64_t receipt; /* of the received journal; 0: none, or of a daemon before this one */
};

struct about {
    const struct finding *finding, *chart; /* chart: of RULE_SPECIAL_CAUSE, or NULL */
    const struct standard *standard;       /* that the measure names, or NULL */
    struct provenance from;
    int judged; /* of the last PERIODS_LOOKED_AT periods; below 0: not known */
};

/** Sets definition, counted, out_of, promise, standard, provenance, judged, periods and chart. Returns 0, or
 * below 0 without memory. */
int report_about(json_t *o, const struct about *a);

#endif
