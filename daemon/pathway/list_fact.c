#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_internal.h"

/* ---- an index by key ---- */

static uint64_t key_hash(const uint8_t *key)
{
    uint64_t h;

    memcpy(&h, key, sizeof h);
    return h;
}

uint32_t key_index_find(const struct key_index *x, const void *array, size_t size,
                        const uint8_t *key)
{
    if (!x->slot_count)
        return NONE;
    size_t mask = x->slot_count - 1;

    for (size_t i = key_hash(key) & mask; x->slots[i]; i = (i + 1) & mask) {
        uint32_t position = x->slots[i] - 1;

        if (memcmp((const char *)array + position * size, key, PSEUDONYM_BYTES) == 0)
            return position;
    }
    return NONE;
}

void key_index_put(struct key_index *x, const uint8_t *key, uint32_t position)
{
    size_t mask = x->slot_count - 1, i = key_hash(key) & mask;

    while (x->slots[i])
        i = (i + 1) & mask;
    x->slots[i] = position + 1;
}

int key_index_reserve(struct key_index *x, const void *array, size_t size, size_t count,
                      size_t room)
{
    size_t slots = x->slot_count ? x->slot_count : 64;

    while (slots * 2 < room * 3)
        slots *= 2;
    if (slots == x->slot_count)
        return 0;
    uint32_t *fresh = calloc(slots, sizeof *fresh);

    if (!fresh)
        return -ENOMEM;
    free(x->slots);
    x->slots = fresh;
    x->slot_count = slots;
    for (size_t i = 0; i < count; i++)
        key_index_put(x, (const uint8_t *)array + i * size, (uint32_t)i);
    return 0;
}

/* ---- pathways with facts ---- */

uint32_t evented_find(const struct pathway_list *l, const uint8_t *key)
{
    return key_index_find(&l->evented_index, l->evented, sizeof *l->evented, key);
}

int evented_add(struct pathway_list *l, const uint8_t *key, uint32_t *out_position)
{
    int r = list_grow(&l->evented, &l->evented_cap, l->evented_count, sizeof *l->evented);

    if (r == 0)
        r = key_index_reserve(&l->evented_index, l->evented, sizeof *l->evented, l->evented_count,
                              l->evented_count + 1);
    if (r < 0)
        return r;
    *out_position = (uint32_t)l->evented_count++;
    struct evented *e = &l->evented[*out_position];

    *e = (struct evented){
        .group = NO_GROUP, .facts = NONE, .person = NONE, .next = NONE, .older = NONE
    };
    memcpy(e->key, key, PSEUDONYM_BYTES);
    key_index_put(&l->evented_index, key, *out_position);
    return 0;
}

int evented_touch(struct pathway_list *l, uint32_t pathway)
{
    if (l->evented[pathway].flags & EVENTED_TOUCHED)
        return 0;
    int r = list_grow(&l->touched, &l->touched_cap, l->touched_count, sizeof *l->touched);

    if (r < 0)
        return r;
    l->touched[l->touched_count++] = pathway;
    l->evented[pathway].flags |= EVENTED_TOUCHED;
    return 0;
}

bool list_touched_next(const struct pathway_list *l, size_t *at, const uint8_t **out_key)
{
    if (*at >= l->touched_count)
        return false;
    *out_key = l->evented[l->touched[(*at)++]].key;
    return true;
}

void list_touched_clear(struct pathway_list *l)
{
    for (size_t i = 0; i < l->touched_count; i++)
        l->evented[l->touched[i]].flags &= (uint8_t)~EVENTED_TOUCHED;
    l->touched_count = 0;
}

static int by_key(const void *a, const void *b, void *arg)
{
    const struct evented *evented = arg;
    const uint32_t *x = a, *y = b;

    return memcmp(evented[*x].key, evented[*y].key, PSEUDONYM_BYTES);
}

int evented_order(struct pathway_list *l)
{
    if (l->order && l->order_count == l->evented_count)
        return 0;
    uint32_t *order =
        reallocarray(l->order, l->evented_count ? l->evented_count : 1, sizeof *order);

    if (!order)
        return -ENOMEM;
    l->order = order;
    l->order_count = l->evented_count;
    for (uint32_t i = 0; i < l->order_count; i++)
        order[i] = i;
    qsort_r(order, l->order_count, sizeof *order, by_key, l->evented);
    return 0;
}

/* ---- registers ---- */

static int fact_key_compare(const struct fact *f, uint8_t event, uint64_t occurrence)
{
    int e = (f->event & FACT_EVENT_MASK) - event;

    if (e != 0)
        return e;
    return f->occurrence < occurrence ? -1 : f->occurrence > occurrence;
}

uint32_t *fact_place(struct pathway_list *l, uint32_t pathway, uint8_t event, uint64_t occurrence)
{
    uint32_t *at = &l->evented[pathway].facts;

    while (*at != NONE && fact_key_compare(&l->facts[*at], event, occurrence) < 0)
        at = &l->facts[*at].next;
    return at;
}

static int text_compare(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

int fact_compare(const struct pathway_list *l, const struct fact *a, const struct fact *b)
{
    if (a->version != b->version)
        return a->version < b->version ? -1 : 1;
    int r = (a->event & FACT_RETRACTED) - (b->event & FACT_RETRACTED);

    if (r == 0)
        r = a->date - b->date;
    if (r == 0)
        r = text_compare(codes_text(&l->reasons, a->reason), codes_text(&l->reasons, b->reason));
    if (r == 0)
        r = text_compare(codes_text(&l->exceptions, a->exception),
                         codes_text(&l->exceptions, b->exception));
    return r;
}

int fact_add(struct pathway_list *l, uint32_t pathway, const struct fact *fact)
{
    int r = list_grow(&l->facts, &l->fact_cap, l->fact_count, sizeof *l->facts);

    if (r < 0)
        return r;
    uint32_t *at = fact_place(l, pathway, fact->event & FACT_EVENT_MASK, fact->occurrence);

    l->facts[l->fact_count] = *fact;
    l->facts[l->fact_count].next = *at;
    *at = (uint32_t)l->fact_count++;
    return 0;
}

/* NULL below any text. */
static int field_compare(const char *a, const char *b)
{
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

int group_compare(const struct tally *t, uint32_t a, uint32_t b)
{
    if (a == b)
        return 0;
    const struct group x = tally_group_at(t, a), y = tally_group_at(t, b);
    int r = field_compare(x.service, y.service);

    if (r == 0)
        r = field_compare(x.commissioner, y.commissioner);
    if (r == 0)
        r = field_compare(x.place, y.place);
    if (r == 0)
        r = field_compare(x.stage, y.stage);
    if (r == 0)
        r = (x.cohort_count > y.cohort_count) - (x.cohort_count < y.cohort_count);
    for (size_t i = 0; r == 0 && i < x.cohort_count; i++) {
        r = strcmp(x.cohort[i].name, y.cohort[i].name);
        if (r == 0)
            r = strcmp(x.cohort[i].value, y.cohort[i].value);
    }
    return r;
}

/* ---- persons ---- */

void evented_leave_person(struct pathway_list *l, uint32_t pathway)
{
    struct evented *e = &l->evented[pathway];

    if (e->person == NONE)
        return;
    struct person_of *p = &l->persons[e->person];
    uint32_t *at = &p->first;

    while (*at != pathway)
        at = &l->evented[*at].next;
    *at = e->next;
    p->count--;
    e->person = e->next = NONE;
}

int person_place(struct pathway_list *l, const uint8_t *key, uint32_t *out_person)
{
    uint32_t n = key_index_find(&l->person_index, l->persons, sizeof *l->persons, key);

    if (n == NONE) {
        int r = list_grow(&l->persons, &l->person_cap, l->person_count, sizeof *l->persons);

        if (r == 0)
            r = key_index_reserve(&l->person_index, l->persons, sizeof *l->persons, l->person_count,
                                  l->person_count + 1);
        if (r < 0)
            return r;
        n = (uint32_t)l->person_count++;
        l->persons[n] = (struct person_of){ .first = NONE };
        memcpy(l->persons[n].key, key, PSEUDONYM_BYTES);
        key_index_put(&l->person_index, key, n);
    }
    *out_person = n;
    return 0;
}

void evented_set_person(struct pathway_list *l, uint32_t pathway, uint32_t person)
{
    evented_leave_person(l, pathway);
    l->evented[pathway].person = person;
    l->evented[pathway].next = l->persons[person].first;
    l->persons[person].first = pathway;
    l->persons[person].count++;
}

/* ---- all of them ---- */

int evented_compact(struct pathway_list *l)
{
    struct pathway_list fresh = { .senses = l->senses };
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < l->evented_count; i++) {
        const struct evented *e = &l->evented[i];
        struct older olders[DIMENSIONS_MAX];
        uint32_t at = 0, person = NONE;

        if (e->flags & EVENTED_LEAVES)
            continue;
        r = evented_add(&fresh, e->key, &at);
        if (r == 0 && e->person != NONE)
            r = person_place(&fresh, l->persons[e->person].key, &person);
        if (r < 0)
            break;
        struct evented *to = &fresh.evented[at];

        *to = *e;
        to->facts = to->person = to->next = to->older = NONE;
        to->flags &= (uint8_t)~EVENTED_TOUCHED;
        if (person != NONE)
            evented_set_person(&fresh, at, person);
        r = olders_set(&fresh, at, olders, olders_of(l, e, olders));
        for (uint32_t f = e->facts; r == 0 && f != NONE; f = l->facts[f].next)
            r = fact_add(&fresh, at, &l->facts[f]);
    }
    list_swap_evented(l, &fresh);
    list_release_evented(&fresh);
    return r;
}
