/*
 * standing - which of a file's rows of one pathway stands
 *
 * Pure; for one file on the desk. A pathway counts once however often a snapshot has it: the row of the
 * highest version, and of one version the first, or the last, as the format says (DESIGN section 5; a list
 * settles its rows so in pathway/list_staged.h). About ten bytes a pathway beside its key, and 16 more
 * where a later row may take the place of an earlier one.
 */
#ifndef METRIC_STANDING_H
#define METRIC_STANDING_H

#include <stdbool.h>
#include <stddef.h>

#include "parse/format.h"
#include "parse/pathway_record.h"

/** What a format says of its rows. */
struct standing_rule {
    bool last;     /* of one version the last stands; else the first */
    bool versions; /* rows may tell one; else none is looked at */
};
struct standing_rule standing_rule_of(const struct format *f);

struct standing;

/** NULL without memory. */
struct standing *standing_new(struct standing_rule rule);
void standing_free(struct standing *s); /* accepts NULL */

enum standing_verdict {
    STANDING_ALONE, /* the first row of its pathway */
    STANDING_OVER,  /* it takes the place of *out_other */
    STANDING_OUT,   /* another row stands, and it is left out */
};
struct standing_row {
    uint32_t number; /* from 0 on, as whoever asks counts the rows */
    uint32_t line;
};
/**
 * The next row: key is what tells its pathway from others in this file, row what it is called. *out_other: set
 * by STANDING_OVER alone. Returns an enum standing_verdict, -ENOMEM, or -EFBIG (a key of more than
 * KEY_SET_KEY_MAX bytes, or more than 4 GB of them).
 */
int standing_add(struct standing *s, const void *key, size_t len, uint64_t version,
                 struct standing_row row, struct standing_row *out_other);

#endif
