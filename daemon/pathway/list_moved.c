/*
 * list_moved - a pathway that goes from one provider of a list to another
 *
 * The one's census has it no more and the other's of the same day has it for the first time, or again: it
 * waits on, elsewhere. At the one it stopped; of the list as a whole it did not, and the other's clock, which
 * started when it did, stands for all of its wait. Source: DESIGN section 6, "State kept": by provider.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_internal.h"

/* What it was before the last census, where that made something else of it. */
static const struct listed *find_before(const struct listing *v, const uint8_t *key)
{
    return v->before_count
               ? bsearch(key, v->before, v->before_count, sizeof *v->before, listed_by_key)
               : NULL;
}

/* Whether its census of that day brought the pathway, or a later one has it since. */
static bool has_taken(const struct pathway_list *other, const struct listed *e, uint16_t census)
{
    const struct listed *there = listing_find(&other->listing, e->key);

    if (!there || listing_census(&other->listing) < census)
        return false;
    if (listing_census(&other->listing) > census) /* how it came is known no more */
        return listed_is_moved(e);
    if (there->stop)
        return false;
    if ((there->state & LISTED_MASK) == LISTED_NEW)
        return true;
    const struct listed *before = find_before(&other->listing, e->key);

    return before && before->stop;
}

/* The cells of the pathway, and of its person's others. */
static int cells_of(struct pathway_list *l, const struct listed *e, struct cells *out_cells)
{
    const uint8_t *person = person_of_pathway(l, &l->listing, e->key);

    return person ? person_cells(l, &l->listing, person, out_cells)
                  : alone_cells(l, &l->listing, e->key, out_cells);
}

static int mark(struct pathway_list *l, struct listed *e, bool moved, struct list_change *change)
{
    int r = cells_of(l, e, &l->was);

    e->state = (uint8_t)((e->state & ~LISTED_MASK) | (moved ? LISTED_MOVED : LISTED_GONE));
    if (r == 0)
        r = cells_of(l, e, &l->is);
    return r == 0 ? list_settle(l, listing_census(&l->listing), change) : r;
}

int list_mark_moved(struct pathway_list *l, const struct pathway_list *const *others, size_t count,
                    struct civil_date census, struct list_change *change)
{
    assert(l && !l->staged && others && date_is_set(census) && change);
    bool any = false;
    int r = 0;

    for (size_t i = 0; r == 0 && i < l->listing.count; i++) {
        struct listed *e = &l->listing.entries[i];
        bool moved = false;

        if (e->stop != census.day)
            continue;
        for (size_t k = 0; k < count && !moved; k++)
            moved = has_taken(others[k], e, e->stop);
        if (moved == listed_is_moved(e))
            continue;
        any = true;
        r = mark(l, e, moved, change);
    }
    change->rewrite |= any;
    return r < 0 ? r : any;
}
