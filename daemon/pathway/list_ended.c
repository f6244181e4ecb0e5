#include "pathway/list_ended.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_staged.h"

void ended_release(struct ended *e)
{
    free(e->rows);
    *e = (struct ended){ NULL, 0, 0 };
}

int ended_note(struct ended *e, const struct pathway_record *row)
{
    int r = list_grow(&e->rows, &e->cap, e->count, sizeof *e->rows);

    if (r < 0)
        return r;
    memcpy(e->rows[e->count].key, row->pathway, PSEUDONYM_BYTES);
    e->rows[e->count++].version = row->version;
    return 0;
}

static int by_key(const void *a, const void *b)
{
    return memcmp(a, b, PSEUDONYM_BYTES);
}

/* By key, the highest version of each. */
static void leave_highest(struct ended *e)
{
    size_t kept = 0;

    qsort(e->rows, e->count, sizeof *e->rows, by_key);
    for (size_t i = 0; i < e->count; i++) {
        struct ended_row *last = kept ? &e->rows[kept - 1] : NULL;

        if (!last || by_key(last, &e->rows[i]) != 0)
            e->rows[kept++] = e->rows[i];
        else if (e->rows[i].version > last->version)
            last->version = e->rows[i].version;
    }
    e->count = kept;
}

uint64_t ended_apply(struct ended *e, struct pathway_list *l)
{
    assert(l->staged);
    struct staged *s = l->staged;
    size_t kept = 0;

    if (e->count == 0)
        return 0;
    leave_highest(e);
    for (size_t i = 0; i < s->count; i++) {
        const struct ended_row *ended =
            bsearch(s->rows[i].e.key, e->rows, e->count, sizeof *e->rows, by_key);

        if (!ended || ended->version <= s->rows[i].version)
            s->rows[kept++] = s->rows[i];
    }
    uint64_t dropped = s->count - kept;

    s->count = kept;
    return dropped;
}
