/*
 * list_past - clocks that began anew from one census to another (a page was reviewed)
 *
 *     census before    starts 1 March      } one clock from 1 March to 10 August, completed,
 *     this census      starts 10 August    } and one from 10 August on
 *
 * Of a service whose clock each start begins anew, a pathway that waited at the census before and whose clock
 * now starts after that census ended the clock that ran. A later start that was over by then is a correction,
 * and so is an earlier one: it takes back what began after it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_internal.h"
#include "pathway/list_staged.h"

static const struct clock_rule *own_clock(const struct pathway_list *l, const struct listed *e)
{
    return &l->senses[listed_group(e)].service->clocks[0];
}

size_t listing_past_lower(const struct listing *v, const uint8_t *key)
{
    size_t low = 0, high = v->past_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(v->pasts[middle].key, key, PSEUDONYM_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_of(const struct listing *v, size_t at, const uint8_t *key)
{
    return at < v->past_count && memcmp(v->pasts[at].key, key, PSEUDONYM_BYTES) == 0;
}

/* The cell of one, which ends no later than the next began. False: by what the snapshot says since, the next
 * began no later than it. */
static bool past_cell(const struct pathway_list *l, const struct listing *v, const struct listed *e,
                      size_t at, struct tally_cell *out_cell)
{
    const struct clock_rule *own = own_clock(l, e);
    const struct listed_past *p = &v->pasts[at];
    uint16_t next = e->start;
    size_t last = at;

    while (is_of(v, last + 1, e->key))
        last++;
    for (; last > at; last--)
        if (v->pasts[last].start < next)
            next = v->pasts[last].start;
    *out_cell = (struct tally_cell){ .group = listed_group(e),
                                     .start = p->start,
                                     .stop = p->stop < next ? p->stop : next,
                                     .outcome = own->from & own->to ? OUTCOME_COMPLETED
                                                                    : OUTCOME_SUPERSEDED };
    return p->start < next;
}

int past_cells(const struct pathway_list *l, const struct listing *v, const struct listed *e,
               struct cells *out_cells)
{
    struct tally_cell c;
    int r = 0;

    if (v->past_count == 0)
        return 0;
    for (size_t i = listing_past_lower(v, e->key); r == 0 && is_of(v, i, e->key); i++)
        if (past_cell(l, v, e, i, &c))
            r = cells_add(out_cells, &c);
    return r;
}

static int add_past(struct listing *v, size_t *cap, const struct listed_past *p)
{
    int r = list_grow(&v->pasts, cap, v->past_count, sizeof *v->pasts);

    if (r == 0)
        v->pasts[v->past_count++] = *p;
    return r;
}

/* What the pathway was before this census; NULL: nothing. */
static const struct listed *entry_before(const struct listing *old, const struct listed *e,
                                         bool again)
{
    const struct listed *was = listing_find(old, e->key);

    if (!again || !was)
        return was;
    const struct listed *before =
        old->before_count
            ? bsearch(e->key, old->before, old->before_count, sizeof *before, listed_by_key)
            : NULL;

    if (before)
        return before;
    return !was->stop && (was->state & LISTED_MASK) == LISTED_NEW ? NULL : was;
}

static bool any_begins_anew(const struct pathway_list *l)
{
    bool any = false;

    for (size_t i = 0; i < l->sense_count && !any; i++)
        any = l->senses[i].service->clocks[0].kind == CLOCK_EACH;
    return any;
}

int listing_take_pasts(const struct pathway_list *l, struct listing *fresh)
{
    const struct listing *old = &l->listing;
    bool again = l->staged->census == listing_census(old);
    uint16_t since = fresh->census_count > 1 ? fresh->censuses[fresh->census_count - 2] : 0;
    size_t cap = 0;
    int r = 0;

    if (!any_begins_anew(l))
        return 0;
    for (size_t i = 0; r == 0 && i < fresh->count; i++) {
        const struct listed *e = &fresh->entries[i], *was;

        for (size_t k = old->past_count ? listing_past_lower(old, e->key) : 0;
             r == 0 && is_of(old, k, e->key); k++)
            if (!again || old->pasts[k].census != l->staged->census)
                r = add_past(fresh, &cap, &old->pasts[k]);
        if (r < 0 || e->stop || own_clock(l, e)->kind != CLOCK_EACH)
            continue;
        was = entry_before(old, e, again);
        if (!was || (was->stop && was->stop != l->staged->census) || e->start <= was->start ||
            e->start <= since)
            continue;
        struct listed_past p = { .start = was->start,
                                 .stop = e->start,
                                 .census = l->staged->census };

        memcpy(p.key, e->key, PSEUDONYM_BYTES);
        r = add_past(fresh, &cap, &p);
    }
    return r;
}

int listing_purge_pasts(struct pathway_list *l, uint16_t horizon, bool *out_any)
{
    struct listing *v = &l->listing;
    size_t kept = 0;
    int r = 0;

    for (size_t i = 0; r == 0 && i < v->past_count; i++) {
        const struct listed *e = listing_find(v, v->pasts[i].key);
        struct tally_cell c;

        if (e && v->pasts[i].stop >= horizon)
            v->pasts[kept++] = v->pasts[i];
        else if (e && past_cell(l, v, e, i, &c))
            r = tally_move(l->counted, &c, 1);
    }
    *out_any = kept < v->past_count;
    v->past_count = kept;
    return r;
}
