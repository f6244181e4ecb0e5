/*
 * pipeline_apply_set - which archived files a receipt brings into force, and which of their rows
 *
 * Of most feeds the one file, all of it. Of a set (feed/submissions.h) nothing until every table of a
 * submission came, then all its tables at once; what an earlier submission of the provider and period said
 * is taken back first, and what others said of the same is told again.
 */
#ifndef PIPELINE_APPLY_SET_H
#define PIPELINE_APPLY_SET_H

#include "feed/submissions.h"
#include "pipeline_internal.h"

/* One reading of one archived file. */
struct reading {
    const struct receipt *file;
    const struct table *only; /* submissions whose rows count; NULL: every row */
    bool takes_back;
    bool is_again; /* told again: it counted before */
};

struct readings {
    struct reading *list;
    size_t count;
    struct table replaced, begun, added, restated; /* keys of submissions */
    struct civil_date newest;                      /* end of the newest period begun; DATE_NONE */
    struct text words;                             /* what is not in force, and why */
};

/** step: the receipt being applied; file: the file it is about. Returns 0 or -errno. */
int readings_find(const struct pipeline *p, const struct feed_setting *feed,
                  const struct receipt *step, const struct receipt *file, struct readings *out);
/** Whether the row is one of those that count, and the version that its facts then have (submission_has).
 * Returns 1, 0 or -ENOMEM. */
int reading_has(const struct reading *r, const struct pathway_record *row, uint64_t *out_version);
void readings_release(struct readings *r);

/** What came of a feed's sets by the receipts up to one; settled. Returns 0 or -errno. */
int submissions_of(const struct pipeline *p, const struct feed_setting *feed, uint64_t upto,
                   struct submissions *out);
/** "set incomplete: clock is missing (TAJ, period to 2025-02-28)". Returns 0 or -ENOMEM. */
int submission_words(const struct pipeline *p, const struct submissions *s,
                     const struct submission *of, struct text *out);
/** Whether a submission waits for its other tables: a later one of the period is not in force. */
bool submission_waits(const struct submissions *s, const struct submission *of);
#endif
