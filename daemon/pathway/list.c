#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_internal.h"
#include "pathway/list_staged.h"

static const char *const verdict_names[] = {
    [LIST_TAKEN] = "taken",
    [LIST_SAME] = "same",
    [LIST_OLDER] = "older-version",
    [LIST_NO_START] = "no-clock-start",
    [LIST_OUT_OF_RANGE] = "out-of-range",
    [LIST_UNKNOWN_EVENT] = "unknown-event",
    [LIST_TOO_OLD] = "too-old",
    [LIST_TOO_MANY_CODES] = "too-many-codes",
    [LIST_ELSEWHERE] = "under-another-code",
};

const char *list_verdict_name(enum list_verdict verdict)
{
    assert(verdict < LIST_VERDICTS);
    return verdict_names[verdict];
}

struct pathway_list *list_new(const struct services *services, const char *service)
{
    struct pathway_list *l = calloc(1, sizeof *l);

    if (!l)
        return NULL;
    l->services = services;
    l->kept_months = LIST_KEPT_MONTHS;
    l->service = service ? strdup(service) : NULL;
    l->tally = tally_new();
    l->counted = tally_new();
    l->listing.entries = malloc(sizeof *l->listing.entries);
    if ((service && !l->service) || !l->tally || !l->counted || !l->listing.entries ||
        list_grow(&l->was.list, &l->was.cap, 0, sizeof *l->was.list) < 0 ||
        list_grow(&l->is.list, &l->is.cap, 0, sizeof *l->is.list) < 0) {
        list_free(l);
        return NULL;
    }
    return l;
}

void list_keep(struct pathway_list *l, unsigned months)
{
    assert(months > 0);
    l->kept_months = months;
}

static void codes_release(struct codes *c)
{
    table_release(&c->by_text, NULL);
    free(c->texts);
}

void listing_release(struct listing *v)
{
    free(v->entries);
    free(v->before);
    free(v->censuses);
    free(v->people);
    free(v->by_person);
    free(v->people_before);
    free(v->pasts);
    *v = (struct listing){ .entries = NULL };
}

void list_release_evented(struct pathway_list *l)
{
    free(l->evented);
    free(l->evented_index.slots);
    free(l->facts);
    free(l->persons);
    free(l->person_index.slots);
    free(l->olders);
    free(l->order);
    free(l->touched);
}

#define SWAP(field)                                                                                \
    do {                                                                                           \
        __typeof__(a->field) swapped = a->field;                                                   \
                                                                                                   \
        a->field = b->field;                                                                       \
        b->field = swapped;                                                                        \
    } while (0)

void list_swap_evented(struct pathway_list *a, struct pathway_list *b)
{
    SWAP(evented);
    SWAP(evented_count);
    SWAP(evented_cap);
    SWAP(evented_index);
    SWAP(facts);
    SWAP(fact_count);
    SWAP(fact_cap);
    SWAP(persons);
    SWAP(person_count);
    SWAP(person_cap);
    SWAP(person_index);
    SWAP(olders);
    SWAP(older_count);
    SWAP(older_cap);
    SWAP(older_free);
    SWAP(order);
    SWAP(order_count);
    SWAP(touched);
    SWAP(touched_count);
    SWAP(touched_cap);
}

void list_free(struct pathway_list *l)
{
    if (!l)
        return;
    list_snapshot_abandon(l);
    tally_free(l->tally);
    tally_free(l->counted);
    listing_release(&l->listing);
    codes_release(&l->reasons);
    codes_release(&l->exceptions);
    free(l->service);
    free(l->senses);
    list_release_evented(l);
    free(l->forgotten);
    free(l->was.list);
    free(l->is.list);
    free(l->lives.list);
    free(l->members.list);
    free(l);
}

int list_grow(void *array_pointer, size_t *cap, size_t count, size_t size)
{
    void *array;

    if (count < *cap)
        return 0;
    size_t more = *cap ? *cap * 2 : 16;

    memcpy(&array, array_pointer, sizeof array);
    array = reallocarray(array, more, size);
    if (!array)
        return -ENOMEM;
    memcpy(array_pointer, &array, sizeof array);
    *cap = more;
    return 0;
}

/* ---- names ---- */

int codes_number(struct codes *c, const char *text, size_t max, uint32_t *out_number)
{
    if (!text || !text[strspn(text, " ")]) {
        *out_number = 0;
        return 0;
    }
    uintptr_t known = (uintptr_t)table_get(&c->by_text, text);

    if (!known) {
        if (c->count == max)
            return -EFBIG;
        int r = list_grow(&c->texts, &c->cap, c->count, sizeof *c->texts);

        if (r == 0)
            r = table_set(&c->by_text, text, (void *)(uintptr_t)(c->count + 1), NULL);
        if (r < 0)
            return r;
        /* Nothing is ever removed, so the last entry is the new one; its key stays where it is. */
        c->texts[c->count++] = c->by_text.entries[c->by_text.used - 1].key;
        known = c->count;
    }
    *out_number = (uint32_t)known;
    return 0;
}

const char *codes_text(const struct codes *c, uint32_t number)
{
    return number ? c->texts[number - 1] : NULL;
}

static struct group_sense sense_of(const struct pathway_list *l, uint32_t group)
{
    const struct group g = tally_group_at(l->tally, group);
    const struct service *s = service_of(l->services, g.service);
    int clock = g.stage ? service_clock(s, g.stage) : -ENOENT;

    return (struct group_sense){ s, clock > 0 ? (uint8_t)clock : TALLY_STAGE };
}

int list_senses(struct pathway_list *l)
{
    while (l->sense_count < tally_group_count(l->tally)) {
        uint32_t at = (uint32_t)l->sense_count;
        int r = list_grow(&l->senses, &l->sense_cap, l->sense_count, sizeof *l->senses);

        if (r < 0)
            return r;
        /* Most groups have the sense of the one before. */
        l->senses[l->sense_count++] =
            at > 0 && group_set_same_sense(tally_groups(l->tally), at - 1, at) ? l->senses[at - 1]
                                                                               : sense_of(l, at);
    }
    return 0;
}

int list_group(struct pathway_list *l, const struct pathway_record *r, uint32_t *out_group)
{
    struct group g = {
        .service = r->service ? r->service : l->service,
        .commissioner = r->commissioner,
        .place = r->place,
        .stage = r->stage,
        .cohort_count = r->cohort_count,
    };

    memcpy(g.cohort, r->cohort, r->cohort_count * sizeof *g.cohort);
    int e = tally_group(l->tally, &g, out_group);

    return e < 0 ? e : list_senses(l);
}

bool list_day_ok(struct civil_date day, struct civil_date received)
{
    return date_is_set(day) && tally_holds_day(day) && date_compare(day, received) <= 0;
}

void list_saw_day(struct pathway_list *l, uint16_t day)
{
    if (day > l->watermark)
        l->watermark = day;
}

/* ---- asking ---- */

const struct tally *list_tally(const struct pathway_list *l)
{
    return l->tally;
}

struct civil_date list_census(const struct pathway_list *l)
{
    return tally_date(listing_census(&l->listing));
}

struct civil_date list_watermark(const struct pathway_list *l)
{
    return tally_date(l->watermark);
}

int listed_by_key(const void *key, const void *listed)
{
    return memcmp(key, ((const struct listed *)listed)->key, PSEUDONYM_BYTES);
}

const struct listed *listing_find(const struct listing *v, const uint8_t *key)
{
    size_t low = 0, high = v->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = memcmp(v->entries[middle].key, key, PSEUDONYM_BYTES);

        if (c == 0)
            return &v->entries[middle];
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool list_has(const struct pathway_list *l, const uint8_t key[PSEUDONYM_BYTES])
{
    return listing_find(&l->listing, key) || evented_find(l, key) != NONE;
}

uint64_t list_count_open(const struct pathway_list *l)
{
    uint64_t open = 0;

    for (size_t i = 0; i < l->listing.count; i++)
        open += l->listing.entries[i].stop == 0;
    return open;
}

bool list_has_open(const struct pathway_list *l, const uint8_t key[PSEUDONYM_BYTES],
                   struct civil_date *out_start)
{
    const struct listed *e = listing_find(&l->listing, key);

    if (!e || e->stop)
        return false;
    if (out_start)
        *out_start = tally_date(e->start);
    return true;
}

bool list_begins_anew(const struct pathway_list *l, const uint8_t key[PSEUDONYM_BYTES])
{
    const struct listed *e = listing_find(&l->listing, key);

    return e && l->senses[listed_group(e)].service->clocks[0].kind == CLOCK_EACH;
}

bool list_next(const struct pathway_list *l, size_t *at, const uint8_t **out_key,
               struct civil_date *out_start, struct civil_date *out_stop)
{
    if (*at >= l->listing.count)
        return false;
    const struct listed *e = &l->listing.entries[(*at)++];

    *out_key = e->key;
    *out_start = tally_date(e->start);
    *out_stop = tally_date(e->stop);
    return true;
}

void list_counts(const struct pathway_list *l, struct list_counts *out_counts)
{
    size_t both = 0;

    for (size_t i = 0; l->listing.count && i < l->evented_count; i++)
        both += listing_find(&l->listing, l->evented[i].key) != NULL;
    *out_counts = (struct list_counts){
        .pathways = l->listing.count + l->evented_count - both,
        .by_snapshot = l->listing.count,
        .by_events = l->evented_count,
        .facts = l->fact_count,
        .disagreeing = l->disagreeing,
        .without_start = l->without_start,
        .too_old = l->too_old,
        .forgotten = l->forgotten_count,
    };
}
