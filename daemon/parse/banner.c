/* What stands above the header (declared in columns.h). */
#include "parse/columns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BANNER_TEXTS_PER_ROW 4

/* The row above is kept whole: the next may be a header whose columns it groups. */
static int keep_above(struct banner *b, const struct csv_row *row)
{
    names_release(&b->above);
    b->above.items = calloc(row->count + 1, sizeof *b->above.items);
    for (size_t i = 0; b->above.items && i < row->count; i++) {
        char text[PATTERN_TEXT_MAX];

        b->above.items[i] = strdup(value_single_space(row->cells[i], text, sizeof text));
        if (!b->above.items[i])
            return -ENOMEM;
        b->above.count++;
    }
    return b->above.items ? 0 : -ENOMEM;
}

int banner_add(struct banner *b, const struct csv_row *row)
{
    size_t taken = 0;

    if (keep_above(b, row) < 0)
        return -ENOMEM;

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
    names_release(&b->above);
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
