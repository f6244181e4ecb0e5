#include "pathway/list_identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "parse/limits.h"
#include "pathway/list_staged.h"

static int by_key(const void *a, const void *b)
{
    return memcmp(a, b, PSEUDONYM_BYTES); /* the key comes first */
}

static int by_start(const void *a, const void *b)
{
    const struct keyed_start *x = a, *y = b;

    return date_compare(x->start, y->start);
}

static void sort(struct keyed_start *list, size_t count,
                 int (*compare)(const void *a, const void *b))
{
    if (count)
        qsort(list, count, sizeof *list, compare);
}

/* Leaves one of each key. Returns how many. */
static size_t once_each(struct keyed_start *list, size_t count)
{
    size_t kept = 0;

    sort(list, count, by_key);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || by_key(&list[kept - 1], &list[i]) != 0)
            list[kept++] = list[i];
    return kept;
}

/* Pairs those gone with those that came, by clock start: each with one of the other side at most. */
static void pair(struct keyed_start *gone, size_t gone_count, struct keyed_start *came,
                 size_t came_count, struct civil_date census, struct rekeying *counts)
{
    sort(gone, gone_count, by_start);
    sort(came, came_count, by_start);
    for (size_t i = 0, k = 0; i < gone_count && k < came_count;) {
        int c = by_start(&gone[i], &came[k]);

        if (c == 0 && date_is_set(gone[i].start)) {
            counts->alike++;
            counts->aged += gone[i].start.day + REKEYED_AGED_DAYS <= census.day;
        }
        i += c <= 0;
        k += c >= 0;
    }
}

static bool is_share(uint64_t part, uint64_t whole)
{
    return part >= REKEYED_LEAST && (double)part >= HOLD_REKEYED * (double)whole;
}

bool keys_are_others(struct keyed_start *gone, size_t gone_count, struct keyed_start *came,
                     size_t came_count, struct rekeying *counts)
{
    bool most, some;

    counts->gone = gone_count;
    counts->came = once_each(came, came_count);
    for (size_t i = 0; i < counts->came; i++)
        counts->ran += !date_is_set(came[i].start) || came[i].start.day <= counts->census.day;
    pair(gone, gone_count, came, counts->came, counts->census, counts);
    most = counts->open >= REKEYED_LEAST && counts->gone * 2 > counts->open &&
           counts->alike * 2 > counts->gone;
    some = is_share(counts->alike, counts->open) || is_share(counts->aged, counts->gone);
    return most || some;
}

static void put(struct keyed_start *to, const struct listed *e)
{
    memcpy(to->key, e->key, PSEUDONYM_BYTES);
    to->start = tally_date(e->start);
}

/* Marks which entries of the list have a row. Puts the rows that have no entry into came; returns how many. */
static size_t mark_rows(const struct pathway_list *l, bool *has_row, struct keyed_start *came)
{
    size_t count = 0;

    for (size_t i = 0; i < l->staged->count; i++) {
        const struct listed *row = &l->staged->rows[i].e;
        const struct listed *known = listing_find(&l->listing, row->key);

        if (known)
            has_row[known - l->listing.entries] = true;
        else
            put(&came[count++], row);
    }
    return count;
}

int list_is_rekeyed(const struct pathway_list *l, struct rekeying *out_counts)
{
    size_t open = (size_t)list_count_open(l), gone_count = 0;

    *out_counts = (struct rekeying){ .open = open, .census = list_census(l) };
    if (open < REKEYED_LEAST)
        return 0;
    out_counts->is_again = l->staged->census == listing_census(&l->listing);
    AUTO(auto_free) bool *has_row = calloc(l->listing.count, sizeof *has_row);
    AUTO(auto_free) struct keyed_start *gone = calloc(open, sizeof *gone);
    AUTO(auto_free) struct keyed_start *came = calloc(l->staged->count + 1, sizeof *came);

    if (!has_row || !gone || !came)
        return -ENOMEM;
    size_t came_count = mark_rows(l, has_row, came);

    for (size_t i = 0; i < l->listing.count; i++)
        if (l->listing.entries[i].stop == 0 && !has_row[i])
            put(&gone[gone_count++], &l->listing.entries[i]);
    return keys_are_others(gone, gone_count, came, came_count, out_counts);
}
