/* What stands above the header (declared in columns.h). */
#include "parse/columns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BANNER_TEXTS_PER_ROW 4

int banner_add(struct banner *b, const struct csv_row *row)
{
    size_t taken = 0;

    for (size_t i = 0; i < row->count && taken < BANNER_TEXTS_PER_ROW; i++) {
        char text[PATTERN_TEXT_MAX];

        if (value_is_blank(row->cells[i]))
            continue;
        char **items = realloc(b->texts.items, (b->texts.count + 1) * sizeof *items);

        if (!items)
            return -ENOMEM;
        b->texts.items = items;
        items[b->texts.count] = strdup(value_single_space(row->cells[i], text, sizeof text));
        if (!items[b->texts.count])
            return -ENOMEM;
        b->texts.count++;
        taken++;
    }
    return 0;
}

void banner_release(struct banner *b)
{
    names_release(&b->texts);
}

bool names_like(const struct names *globs, const char *text)
{
    char unused[PATTERN_TEXT_MAX];

    for (size_t i = 0; i < globs->count; i++) {
        if (pattern_find(globs->items[i], text, false, unused))
            return true;
    }
    return false;
}

bool banner_like(const struct banner *b, const struct names *globs)
{
    for (size_t i = 0; i < b->texts.count; i++) {
        if (names_like(globs, b->texts.items[i]))
            return true;
    }
    return globs->count == 0;
}
