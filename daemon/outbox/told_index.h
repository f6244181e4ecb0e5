/*
 * told_index - who was told of an episode
 *
 * Pure. The table of what was told, by episode: years of it are asked once, not once for each episode that
 * ended. It borrows from the table, which must not change meanwhile.
 */
#ifndef OUTBOX_TOLD_INDEX_H
#define OUTBOX_TOLD_INDEX_H

#include <stddef.h>

#include "outbox/composer.h"

struct told_row {
    const char *episode, *key; /* borrowed from the table: "receiver|recipient|episode" */
    const struct told *told;
    size_t position;
};

struct told_index {
    struct told_row *rows; /* ascending by episode */
    size_t count;
};

/** Returns 0 or -ENOMEM; then free out_index->rows. */
int told_index_make(const struct table *told, struct told_index *out_index);
/** The first row of an episode, or where it would stand. */
size_t told_index_find(const struct told_index *index, const char *episode);

#endif
