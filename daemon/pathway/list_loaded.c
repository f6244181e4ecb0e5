/*
 * list_loaded - a list whose parts were unpacked: whether it is whole, and its counts
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_internal.h"

static int listed_compare(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;

    return memcmp(x->key, y->key, PSEUDONYM_BYTES);
}

/* Buckets come in any order; no key twice. */
static bool sort_listed(struct listed *entries, size_t count)
{
    bool sorted = true;

    for (size_t i = 1; sorted && i < count; i++)
        sorted = listed_compare(&entries[i - 1], &entries[i]) < 0;
    if (sorted)
        return true;
    qsort(entries, count, sizeof *entries, listed_compare);
    for (size_t i = 1; i < count; i++) {
        if (listed_compare(&entries[i - 1], &entries[i]) == 0)
            return false;
    }
    return true;
}

/* What the last census has changed is open now, and was not gone from that census. */
static bool before_fits(const struct listing *v)
{
    for (size_t i = 0; i < v->before_count; i++) {
        const struct listed *e = listing_find(v, v->before[i].key);

        if (!e || e->stop || v->before[i].stop == listing_census(v))
            return false;
    }
    return true;
}

static int person_compare(const void *a, const void *b)
{
    return memcmp(a, b, PSEUDONYM_BYTES);
}

static int past_compare(const void *a, const void *b)
{
    const struct listed_past *x = a, *y = b;
    int c = memcmp(x->key, y->key, PSEUDONYM_BYTES);

    return c ? c : x->stop != y->stop ? x->stop - y->stop : x->census - y->census;
}

/* Whose pathways are is known of entries, each once, so it is in order when they are. */
static int sort_people(struct listing *v)
{
    if (v->past_count)
        qsort(v->pasts, v->past_count, sizeof *v->pasts, past_compare);
    if (v->people_count)
        qsort(v->people, v->people_count, sizeof *v->people, person_compare);
    if (v->people_before_count)
        qsort(v->people_before, v->people_before_count, sizeof *v->people_before, person_compare);
    return listing_index_people(v);
}

/* No bucket and no touched pathway is missing: the book knows how many there are. */
static bool is_whole(const struct pathway_list *l)
{
    return l->listing.count == l->expected.listed &&
           l->listing.before_count == l->expected.before &&
           l->listing.people_count == l->expected.people &&
           l->listing.people_before_count == l->expected.people_before &&
           l->listing.past_count == l->expected.pasts && l->evented_count == l->expected.evented &&
           l->fact_count == l->expected.facts;
}

static int count_cells(struct pathway_list *l)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < l->is.count; i++)
        r = tally_move(l->tally, &l->is.list[i], 1);
    l->is.count = 0;
    return r;
}

static int count_listed(struct pathway_list *l)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < l->listing.count; i++) {
        const struct listed *e = &l->listing.entries[i];

        if ((l->evented_count && evented_find(l, e->key) != NONE) ||
            person_of_pathway(l, &l->listing, e->key))
            continue;
        r = listed_cells(l, &l->listing, e, &l->is);
        if (r == 0)
            r = count_cells(l);
    }
    return r;
}

static int count_person(struct pathway_list *l, const uint8_t *person, void *arg)
{
    (void)arg;
    int r = person_cells(l, &l->listing, person, &l->is);

    return r == 0 ? count_cells(l) : r;
}

static int count_others(struct pathway_list *l)
{
    const struct listing *v = &l->listing;
    int r = each_person(l, v, v, count_person, NULL);

    for (uint32_t e = 0; r == 0 && e < l->evented_count; e++) {
        if (!person_of_pathway(l, v, l->evented[e].key))
            r = evented_cells(l, v, e, &l->is);
        if (r == 0)
            r = count_cells(l);
    }
    return r;
}

int list_loaded(struct pathway_list *l)
{
    struct tally_cell cell;
    uint64_t count;
    int r;

    if (!sort_listed(l->listing.entries, l->listing.count) ||
        !sort_listed(l->listing.before, l->listing.before_count) || !before_fits(&l->listing) ||
        (l->listing.count && !l->listing.census_count))
        return -EBADMSG;
    r = evented_compact(l); /* facts that others took the place of */
    if (r == 0 && !is_whole(l))
        r = -EBADMSG;
    if (r == 0)
        r = sort_people(&l->listing);
    if (r == 0)
        r = count_listed(l);
    if (r == 0)
        r = count_others(l);
    for (size_t at = 0; r == 0 && tally_next(l->counted, &at, &cell, &count);)
        r = tally_move(l->tally, &cell, (int64_t)count);
    return r;
}
