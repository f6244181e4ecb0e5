#include "outbox/told_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_episode(const void *a, const void *b)
{
    const struct told_row *x = a, *y = b;
    int r = strcmp(x->episode, y->episode);

    return r ? r : x->position < y->position ? -1 : x->position > y->position;
}

int told_index_make(const struct table *told, struct told_index *out)
{
    const char *key;
    void *value;

    out->rows = calloc(table_count(told) + 1, sizeof *out->rows);
    if (!out->rows)
        return -ENOMEM;
    for (size_t at = 0; table_next(told, &at, &key, &value);) {
        const char *end = strrchr(key, '|');

        if (end && strchr(key, '|') != end)
            out->rows[out->count++] = (struct told_row){ end + 1, key, value, at };
    }
    if (out->count)
        qsort(out->rows, out->count, sizeof *out->rows, by_episode);
    return 0;
}

size_t told_index_find(const struct told_index *index, const char *episode)
{
    size_t low = 0, high = index->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(index->rows[middle].episode, episode) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
