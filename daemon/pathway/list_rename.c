#include "pathway/list_rename.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "pathway/list_internal.h"

static int by_first_key(const void *a, const void *b)
{
    return memcmp(a, b, PSEUDONYM_BYTES);
}

size_t renamed_settle(struct renamed *list, size_t count)
{
    size_t kept = 0;

    if (count)
        qsort(list, count, sizeof *list, by_first_key);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || by_first_key(&list[kept - 1], &list[i]) != 0)
            list[kept++] = list[i];
    return kept;
}

/* ---- what an event's own id becomes ---- */

struct occurrence {
    uint64_t before, now;
};

struct renaming {
    struct pathway_list *l;
    const struct renamed *list;
    size_t count, done;
    struct occurrence *occurrences; /* by .before; of the whole list */
};

static int by_occurrence(const void *a, const void *b)
{
    const struct occurrence *x = a, *y = b;

    return (x->before > y->before) - (x->before < y->before);
}

static uint64_t occurrence(const uint8_t key[PSEUDONYM_BYTES])
{
    char hex[2 * PSEUDONYM_BYTES + 1];

    digest_hex(key, PSEUDONYM_BYTES, hex);
    return fact_occurrence(hex);
}

static int find_occurrences(struct renaming *n)
{
    bool any = false;

    for (size_t i = 0; i < n->l->fact_count && !any; i++)
        any = n->l->facts[i].occurrence;
    if (!any)
        return 0;
    n->occurrences = calloc(n->count + 1, sizeof *n->occurrences);
    if (!n->occurrences)
        return -ENOMEM;
    for (size_t i = 0; i < n->count; i++)
        n->occurrences[i] =
            (struct occurrence){ occurrence(n->list[i].before), occurrence(n->list[i].now) };
    qsort(n->occurrences, n->count, sizeof *n->occurrences, by_occurrence);
    return 0;
}

static uint64_t occurrence_now(const struct renaming *n, uint64_t before)
{
    const struct occurrence wanted = { before, 0 };
    const struct occurrence *found =
        n->occurrences && before
            ? bsearch(&wanted, n->occurrences, n->count, sizeof wanted, by_occurrence)
            : NULL;

    return found ? found->now : before;
}

/* ---- keys ---- */

/* The new key, or the key itself. */
static const uint8_t *key_now(const struct renaming *n, const uint8_t *key)
{
    const struct renamed *found = bsearch(key, n->list, n->count, sizeof *n->list, by_first_key);

    return found ? found->now : key;
}

static const uint8_t *pathway_now(const struct renaming *n, const uint8_t *key)
{
    const uint8_t *now = key_now(n, key);

    return list_has(n->l, now) ? key : now;
}

static const uint8_t *person_now(const struct renaming *n, const uint8_t *key)
{
    const uint8_t *now = key_now(n, key);

    return person_is_known(n->l, now) ? key : now;
}

/* Whether the list knows anything by an old name: most files name nobody anew. */
static bool concerns(const struct renaming *n)
{
    const struct pathway_list *l = n->l;
    bool any = false;

    for (size_t i = 0; i < n->count && !any; i++)
        any = list_has(l, n->list[i].before) || person_is_known(l, n->list[i].before);
    for (size_t i = 0; n->occurrences && i < l->fact_count && !any; i++)
        any = occurrence_now(n, l->facts[i].occurrence) != l->facts[i].occurrence;
    return any;
}

/* ---- what snapshots say ---- */

/* The entries under their new keys. */
static struct listed *rename_listed(struct renaming *n, const struct listed *entries, size_t count,
                                    size_t *done)
{
    struct listed *fresh = calloc(count + 1, sizeof *fresh);

    for (size_t i = 0; fresh && i < count; i++) {
        const uint8_t *now = pathway_now(n, entries[i].key);

        fresh[i] = entries[i];
        memcpy(fresh[i].key, now, PSEUDONYM_BYTES);
        *done += now != entries[i].key;
    }
    if (fresh && count)
        qsort(fresh, count, sizeof *fresh, by_first_key);
    return fresh;
}

/* Whose they are, under the new keys of both. */
static struct listed_person *rename_people(struct renaming *n, const struct listed_person *people,
                                           size_t count, size_t *done)
{
    struct listed_person *fresh = calloc(count + 1, sizeof *fresh);

    for (size_t i = 0; fresh && i < count; i++) {
        const uint8_t *now = person_now(n, people[i].person);

        memcpy(fresh[i].key, pathway_now(n, people[i].key), PSEUDONYM_BYTES);
        memcpy(fresh[i].person, now, PSEUDONYM_BYTES);
        *done += now != people[i].person;
    }
    if (fresh && count)
        qsort(fresh, count, sizeof *fresh, by_first_key);
    return fresh;
}

static int by_key_and_stop(const void *a, const void *b)
{
    const struct listed_past *x = a, *y = b;
    int c = by_first_key(a, b);

    return c ? c : x->stop - y->stop;
}

static struct listed_past *rename_pasts(struct renaming *n, const struct listing *v)
{
    struct listed_past *fresh = calloc(v->past_count + 1, sizeof *fresh);

    for (size_t i = 0; fresh && i < v->past_count; i++) {
        fresh[i] = v->pasts[i];
        memcpy(fresh[i].key, pathway_now(n, v->pasts[i].key), PSEUDONYM_BYTES);
    }
    if (fresh && v->past_count)
        qsort(fresh, v->past_count, sizeof *fresh, by_key_and_stop);
    return fresh;
}

/* All that snapshots say, in a listing of its own. Returns 0 or -ENOMEM; *out is to be released either way. */
static int rename_listing(struct renaming *n, struct listing *out)
{
    const struct listing *v = &n->l->listing;
    size_t before_done = 0;

    *out = (struct listing){ .entries = rename_listed(n, v->entries, v->count, &n->done),
                             .count = v->count,
                             .before = rename_listed(n, v->before, v->before_count, &before_done),
                             .before_count = v->before_count,
                             .people = rename_people(n, v->people, v->people_count, &n->done),
                             .people_count = v->people_count,
                             .people_before = rename_people(n, v->people_before,
                                                            v->people_before_count, &before_done),
                             .people_before_count = v->people_before_count,
                             .pasts = rename_pasts(n, v),
                             .past_count = v->past_count };
    return out->entries && out->before && out->people && out->people_before && out->pasts
               ? listing_index_people(out)
               : -ENOMEM;
}

/* ---- what events say ---- */

static int move_facts(struct renaming *n, struct pathway_list *fresh, uint32_t at, uint32_t first)
{
    const struct pathway_list *l = n->l;
    int r = 0;

    for (uint32_t f = first; r == 0 && f != NONE; f = l->facts[f].next) {
        struct fact fact = l->facts[f];
        uint8_t event = fact.event & FACT_EVENT_MASK;

        fact.occurrence = occurrence_now(n, fact.occurrence) & UINT64_C(0xffffffffffff);
        uint32_t there = *fact_place(fresh, at, event, fact.occurrence);

        if (there != NONE && (fresh->facts[there].event & FACT_EVENT_MASK) == event &&
            fresh->facts[there].occurrence == fact.occurrence)
            fact.occurrence = l->facts[f].occurrence; /* known under both already */
        n->done += fact.occurrence != l->facts[f].occurrence;
        r = fact_add(fresh, at, &fact);
    }
    return r;
}

static int move_evented(struct renaming *n, struct pathway_list *fresh, const struct evented *e)
{
    const struct pathway_list *l = n->l;
    const uint8_t *key = pathway_now(n, e->key);
    uint32_t at = 0, person = NONE;
    int r = evented_add(fresh, key, &at);

    if (r == 0 && e->person != NONE) {
        const uint8_t *old = l->persons[e->person].key, *now = person_now(n, old);

        n->done += old != now;
        r = person_place(fresh, now, &person);
    }
    if (r < 0)
        return r;
    struct evented *to = &fresh->evented[at];
    uint8_t kept[PSEUDONYM_BYTES];

    memcpy(kept, to->key, sizeof kept);
    *to = *e;
    memcpy(to->key, kept, sizeof kept);
    to->facts = to->person = to->next = NONE;
    to->flags &= (uint8_t)~EVENTED_TOUCHED;
    if (person != NONE)
        evented_set_person(fresh, at, person);
    n->done += key != e->key && !listing_find(&l->listing, e->key);
    return move_facts(n, fresh, at, e->facts);
}

static int rename_all(struct renaming *n)
{
    struct pathway_list *l = n->l;
    struct pathway_list fresh = { .senses = l->senses };
    struct listing listing;
    int r = rename_listing(n, &listing);

    for (uint32_t i = 0; r == 0 && i < l->evented_count; i++)
        r = move_evented(n, &fresh, &l->evented[i]);
    if (r < 0) {
        listing_release(&listing);
        list_release_evented(&fresh);
        return r;
    }
    listing.censuses = l->listing.censuses;
    listing.census_count = l->listing.census_count;
    l->listing.censuses = NULL;
    listing_release(&l->listing);
    l->listing = listing;
    list_swap_evented(l, &fresh);
    list_release_evented(&fresh);
    l->order_count = 0;
    return 0;
}

int list_rename(struct pathway_list *l, const struct renamed *list, size_t count, size_t *out_count)
{
    assert(l && !l->staged && out_count);
    struct renaming n = { .l = l, .list = list, .count = count };
    int r = find_occurrences(&n);

    if (r == 0 && concerns(&n))
        r = rename_all(&n);
    free(n.occurrences);
    if (r == 0)
        *out_count = n.done;
    return r;
}
