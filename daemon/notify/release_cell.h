/*
 * release_cell - what a figure of a waiting list counts, as the release ledger names it
 *
 * Pure. A cell is a figure of one period: a list, its series, its days. Its key says all of that, so that
 * an entry of the ledger is understood when its plan is gone: "list|organisation|start|end|figure", the
 * figure as list_measure_name() writes it. A family is what can be added up: one list, one clock, with or
 * without excused waits.
 */
#ifndef NOTIFY_RELEASE_CELL_H
#define NOTIFY_RELEASE_CELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/date.h"
#include "base/text.h"
#include "metric/pathway_metric.h"
#include "plan/plan.h"

#define CELL_SIDES_MAX 10      /* provider, place, commissioner, cohorts */
#define CELL_ENDLESS   1000000 /* days: a wait of any length */

/** One way in which those counted are told apart from others: "place" is "dudley". */
struct cell_side {
    char *name, *value;
};

struct release_cell {
    char *family;
    struct pathway_metric metric;
    bool is_stock;
    struct civil_date start, end; /* of a stock both are its day */
    struct cell_side sides[CELL_SIDES_MAX];
    size_t side_count;
};

/** The key of a measure's figure of a period; of what is not of a list it begins with "=", and is no cell. aged: by so many days its waits are shorter than the
 * measure says, since it is a projection from data of .end. Returns malloc'ed text or NULL. */
char *release_key(const struct plan_measure *m, struct civil_date start, struct civil_date end,
                  int aged);
/** Returns 0, -EBADMSG or -ENOMEM. */
int release_cell_parse(const char *key, struct release_cell *out_cell);
/** Whether two cells count the same people: of one family and the same sides. */
bool release_is_of_same(const struct release_cell *a, const struct release_cell *b);
/** Whether they are one figure of one period. */
bool release_is_same_figure(const struct release_cell *a, const struct release_cell *b);
void release_cell_free(struct release_cell *c);
/** The days that a wait allows. */
int release_days(struct span wait);

#endif
