/*
 * told - a figure beside an item's own, as its audience may see it
 *
 * Pure. Every figure that a message has passes here: it is asked for of the release ledger (release.h), and
 * shown as figure.h has it. Nothing else reads a value of a version to tell it.
 */
#ifndef NOTIFY_TOLD_H
#define NOTIFY_TOLD_H

#include "metric/period.h"
#include "notify/wording.h"

struct told_figure {
    char figure[FIGURE_MAX]; /* "5%", "*", "no figure" */
    bool has_value;
    double value;     /* as shown, where it has one */
    double low, high; /* a range stands for it; NAN: none; .high may be infinite */
};

/** What may be shown of a figure of a period beside all that the audience was shown: it, as it was frozen, or
 * nothing (.is_withheld of *out_kind). m: NULL is nobody's: it is shown as its kind has it. line: of which the
 * news says on which side it lies; NAN. aged: see release.h. Returns version or room. */
const struct series_version *
told_released(const struct message_context *c, const struct plan_measure *m, struct period period,
              int aged, double line, const struct series_version *version,
              struct series_version *room, struct figure_kind *out_kind);
/** A figure of which the news says nothing. version NULL: there is none. yields: it gives way to the figures of
 * measures, being of none. */
void told_figure(const struct message_context *c, const struct plan_measure *m,
                 struct figure_kind kind, struct period period,
                 const struct series_version *version, bool yields, struct told_figure *out_figure);

#endif
