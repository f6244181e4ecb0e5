/*
 * plan_diff_internal - what the files of plan_diff share: a change is added with its effect
 *
 * Memory that fails is kept in .result, and the first failure stays.
 */
#ifndef PLAN_PLAN_DIFF_INTERNAL_H
#define PLAN_PLAN_DIFF_INTERNAL_H

#include "plan/plan_diff.h"

struct diffing {
    struct plan_changes *out;
    const struct plan *before, *after;
    const char *subject, *id; /* of what is being compared */
    int result;
};

/** What it means that a figure grows. */
enum order { GROWS_SOFTER, GROWS_HARDER, NO_ORDER };

/** A text of a struct, at its offset. */
struct text_key {
    const char *what;
    enum change_kind kind;
    size_t offset;
};

void diff_add(struct diffing *d, enum change_effect effect, enum change_kind kind, const char *what,
              const char *before, const char *after);
/** Nothing is added where both are the same; a text has no effect. */
void diff_text(struct diffing *d, enum change_kind kind, const char *what, const char *before,
               const char *after);
void diff_texts(struct diffing *d, const struct text_key *keys, size_t count, const void *before,
                const void *after);
/** NAN: there is none. One left out is softer, one that is new is harder. */
void diff_number(struct diffing *d, const char *what, double before, double after,
                 enum order order);
/** A number whose change has no effect by itself. */
void diff_count(struct diffing *d, const char *what, long before, long after);
/** A day that is softer when it comes later, or earlier. unset: that no day is earlier than any (-1), or later. */
void diff_date(struct diffing *d, const char *what, struct civil_date before,
               struct civil_date after, int unset, bool later_is_softer);
/** A day whose change has no effect. */
void diff_day(struct diffing *d, const char *what, struct civil_date before,
              struct civil_date after);
/** What is left out is softer. Whether both have it. */
bool diff_presence(struct diffing *d, const char *what, bool before, bool after);
bool diff_same_text(const char *a, const char *b);

/** plan_diff_measure.c: a measure that both have. */
void diff_measure(struct diffing *d, const struct plan_measure *before,
                  const struct plan_measure *after);

#endif
