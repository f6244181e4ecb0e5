/*
 * list_person - whose pathways are, by rows of snapshots and by events
 *
 * A row that names the person of a pathway says it for good: one that leaves it out says nothing of it. What a
 * census said goes with it when the same census is given again (rule 4). Of a pathway that a row and an event
 * both name a person for, the row's stands, as it does for all that a snapshot says of who waits.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_internal.h"
#include "pathway/list_staged.h"

static int by_first_key(const void *a, const void *b)
{
    return memcmp(a, b, PSEUDONYM_BYTES);
}

const struct listed_person *people_find(const struct listed_person *people, size_t count,
                                        const uint8_t *key)
{
    return count ? bsearch(key, people, count, sizeof *people, by_first_key) : NULL;
}

/* ---- asking ---- */

static const uint8_t *listing_person(const struct listing *v, const uint8_t *key)
{
    const struct listed_person *p = people_find(v->people, v->people_count, key);

    return p ? p->person : NULL;
}

const uint8_t *person_of_pathway(const struct pathway_list *l, const struct listing *v,
                                 const uint8_t *key)
{
    const uint8_t *person = listing_person(v, key);
    uint32_t at = person || !l->person_count ? NONE : evented_find(l, key);

    return at == NONE || l->evented[at].person == NONE ? person
                                                       : l->persons[l->evented[at].person].key;
}

/* The position in by_person of the first that is not below the person; after: that is above. */
static size_t person_bound(const struct listing *v, const uint8_t *person, bool after)
{
    size_t low = 0, high = v->people_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = memcmp(v->people[v->by_person[middle]].person, person, PSEUDONYM_BYTES);

        if (c < 0 || (after && c == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t person_find(const struct pathway_list *l, const uint8_t *person)
{
    return key_index_find(&l->person_index, l->persons, sizeof *l->persons, person);
}

size_t person_reports(const struct pathway_list *l, const struct listing *v, const uint8_t *person)
{
    uint32_t at = person_find(l, person);

    return person_bound(v, person, true) - person_bound(v, person, false) +
           (at == NONE ? 0 : l->persons[at].count);
}

bool person_is_known(const struct pathway_list *l, const uint8_t *person)
{
    const struct listing *v = &l->listing;

    return person_find(l, person) != NONE ||
           person_bound(v, person, true) > person_bound(v, person, false);
}

const uint8_t *person_next(const struct pathway_list *l, struct person_walk *w)
{
    if (!w->begun) {
        uint32_t at = person_find(l, w->person);

        w->at = person_bound(w->v, w->person, false);
        w->end = person_bound(w->v, w->person, true);
        w->next = at == NONE ? NONE : l->persons[at].first;
        w->begun = true;
    }
    if (w->at < w->end)
        return w->v->people[w->v->by_person[w->at++]].key;
    while (w->next != NONE) {
        const struct evented *e = &l->evented[w->next];

        w->next = e->next;
        if (!listing_person(w->v, e->key))
            return e->key;
    }
    return NULL;
}

/* The persons of v, but for those of `but` (may be NULL). */
static int each_listed_person(struct pathway_list *l, const struct listing *v,
                              const struct listing *but, person_fn *fn, void *arg)
{
    const uint8_t *last = NULL;
    int r = 0;

    for (size_t i = 0; r >= 0 && i < v->people_count; i++) {
        const uint8_t *person = v->people[v->by_person[i]].person;

        if (last && memcmp(last, person, PSEUDONYM_BYTES) == 0)
            continue;
        last = person;
        if (!but || person_bound(but, person, true) == person_bound(but, person, false))
            r = fn(l, person, arg);
    }
    return r;
}

int each_person(struct pathway_list *l, const struct listing *a, const struct listing *b,
                person_fn *fn, void *arg)
{
    int r = each_listed_person(l, a, NULL, fn, arg);

    if (r >= 0 && a != b)
        r = each_listed_person(l, b, a, fn, arg);
    for (size_t i = 0; r >= 0 && i < l->person_count; i++) {
        const uint8_t *person = l->persons[i].key;

        if (person_bound(a, person, true) == person_bound(a, person, false) &&
            person_bound(b, person, true) == person_bound(b, person, false))
            r = fn(l, person, arg);
    }
    return r;
}

/* ---- making ---- */

static int by_person_and_key(const void *a, const void *b, void *arg)
{
    const struct listed_person *people = arg;
    const struct listed_person *x = &people[*(const uint32_t *)a],
                               *y = &people[*(const uint32_t *)b];
    int c = memcmp(x->person, y->person, PSEUDONYM_BYTES);

    return c ? c : by_first_key(x, y);
}

int listing_index_people(struct listing *v)
{
    uint32_t *order = NULL;

    if (v->people_count) {
        order = reallocarray(NULL, v->people_count, sizeof *order);
        if (!order)
            return -ENOMEM;
        for (size_t i = 0; i < v->people_count; i++)
            order[i] = (uint32_t)i;
        qsort_r(order, v->people_count, sizeof *order, by_person_and_key, v->people);
    }
    free(v->by_person);
    v->by_person = order;
    return 0;
}

static size_t drop_without_entry(const struct listing *v, struct listed_person *people,
                                 size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (listing_find(v, people[i].key))
            people[kept++] = people[i];
    return kept;
}

int listing_drop_people(struct listing *v)
{
    v->people_count = drop_without_entry(v, v->people, v->people_count);
    v->people_before_count = drop_without_entry(v, v->people_before, v->people_before_count);
    return listing_index_people(v);
}

static const uint8_t nobody[PSEUDONYM_BYTES];

/* Whose the pathway was before this census; nobody. */
static const uint8_t *person_before(const struct listing *old, const uint8_t *key, bool again)
{
    const struct listed_person *before =
        again ? people_find(old->people_before, old->people_before_count, key) : NULL;

    if (before)
        return before->person;
    const uint8_t *person = listing_person(old, key);

    if (again && person) {
        const struct listed *e = listing_find(old, key);

        if (!e->stop && (e->state & LISTED_MASK) == LISTED_NEW)
            return nobody;
    }
    return person ? person : nobody;
}

static int add_person(struct listed_person **people, size_t *cap, size_t *count, const uint8_t *key,
                      const uint8_t *person)
{
    int r = list_grow(people, cap, *count, sizeof **people);

    if (r < 0)
        return r;
    struct listed_person *p = &(*people)[(*count)++];

    memcpy(p->key, key, PSEUDONYM_BYTES);
    memcpy(p->person, person, PSEUDONYM_BYTES);
    return 0;
}

static bool same_person(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, PSEUDONYM_BYTES) == 0;
}

int listing_take_people(const struct pathway_list *l, struct listing *fresh)
{
    const struct listing *old = &l->listing;
    const struct staged *s = l->staged;
    bool again = s->census == listing_census(old);
    size_t cap = 0, before_cap = 0, k = 0;
    int r = 0;

    if (!s->people_count && !old->people_count)
        return 0;
    for (size_t i = 0; r == 0 && i < fresh->count; i++) {
        const struct listed *e = &fresh->entries[i];

        while (k < s->count && by_first_key(&s->rows[k].e, e) < 0)
            k++;
        bool has_row = k < s->count && by_first_key(&s->rows[k].e, e) == 0;
        const uint8_t *said = has_row ? staged_person(s, &s->rows[k]) : NULL;
        const uint8_t *was = person_before(old, e->key, again), *is = said ? said : was;

        if (!same_person(is, nobody))
            r = add_person(&fresh->people, &cap, &fresh->people_count, e->key, is);
        if (r == 0 && !same_person(is, was) && (e->state & LISTED_MASK) != LISTED_NEW)
            r = add_person(&fresh->people_before, &before_cap, &fresh->people_before_count, e->key,
                           was);
    }
    return r == 0 ? listing_index_people(fresh) : r;
}
