/*
 * list_unpack - packed pathways back into a list; whatever does not fit together is refused
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_internal.h"

static bool is_census(const struct listing *v, uint16_t day)
{
    size_t low = 0, high = v->census_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (v->censuses[middle] == day)
            return true;
        if (v->censuses[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static void take_listed(const struct pathway_list *l, struct bytes *b, struct listed *out_listed)
{
    struct listed *e = out_listed;

    bytes_take_raw(b, e->key, sizeof e->key);
    e->start = bytes_take_u16(b);
    e->stage_start = bytes_take_u16(b);
    e->stop = bytes_take_u16(b);
    bytes_take_raw(b, e->group, sizeof e->group);
    e->state = bytes_take(b);
    uint8_t state = e->state & LISTED_MASK;

    b->bad |= !packed_is_day(e->start) || (e->stage_start && !packed_is_day(e->stage_start)) ||
              listed_group(e) >= tally_group_count(l->tally) || state > LISTED_MOVED ||
              (state == LISTED_GONE || state == LISTED_MOVED) != (e->stop != 0) ||
              (e->stop && !is_census(&l->listing, e->stop));
}

/* Adds `count` of them to an array of `*had`, in the order of their keys. */
static int take_entries(const struct pathway_list *l, struct bytes *b, size_t count,
                        struct listed **entries, size_t *had)
{
    if (b->bad || count > (size_t)(b->end - b->at) / sizeof(struct listed)) {
        b->bad = true;
        return 0;
    }
    struct listed *more = reallocarray(*entries, *had + count ? *had + count : 1, sizeof **entries);

    if (!more)
        return -ENOMEM;
    *entries = more;
    for (size_t i = 0; i < count; i++) {
        struct listed *e = &more[*had + i];

        take_listed(l, b, e);
        b->bad |= i && memcmp(e[-1].key, e->key, PSEUDONYM_BYTES) >= 0;
    }
    *had += count;
    return 0;
}

/* Whose they are: of the entries of the same bucket. */
static int take_people(struct bytes *b, const struct listed *entries, size_t entry_count,
                       struct listed_person **people, size_t *had)
{
    size_t count = bytes_take_count(b), at = 0;

    b->bad |= count > entry_count;
    if (b->bad || count == 0)
        return 0;
    struct listed_person *more = reallocarray(*people, *had + count, sizeof **people);

    if (!more)
        return -ENOMEM;
    *people = more;
    for (size_t i = 0; i < count && !b->bad; i++) {
        uint64_t step = bytes_take_varint(b);

        b->bad |= (i && step == 0) || step >= entry_count - at;
        at += b->bad ? 0 : (size_t)step;
        memcpy(more[*had].key, entries[at].key, PSEUDONYM_BYTES);
        bytes_take_raw(b, more[(*had)++].person, PSEUDONYM_BYTES);
    }
    return 0;
}

static uint64_t to_version(uint64_t packed, uint64_t base)
{
    return base + ((packed >> 1) ^ (~(packed & 1) + 1));
}

static void take_fact(const struct pathway_list *l, struct bytes *b, uint64_t base,
                      struct fact *out_fact)
{
    uint8_t head = bytes_take(b);
    uint64_t occurrence = 0, reason = 0;

    *out_fact = (struct fact){ .event = head & (FACT_RETRACTED | FACT_EVENT_MASK), .next = NONE };
    out_fact->date = bytes_take_u16(b);
    out_fact->version = to_version(bytes_take_varint(b), base);
    if (head & PACKED_HAS_OCCURRENCE) {
        for (int i = 0; i < 6; i++)
            occurrence |= (uint64_t)bytes_take(b) << (8 * i);
        b->bad |= occurrence == 0;
    }
    if (head & PACKED_HAS_CODES) {
        reason = bytes_take_varint(b);
        out_fact->exception = bytes_take(b);
        b->bad |= reason > l->reasons.count || out_fact->exception > l->exceptions.count ||
                  (!reason && !out_fact->exception);
    }
    out_fact->occurrence = occurrence;
    out_fact->reason = reason & 0xffff;
    b->bad |= (head & FACT_EVENT_MASK) >= EVENT_COUNT || !packed_is_day(out_fact->date);
}

/* Registers come in the order of their keys, so each is added behind the last. */
static int take_facts(struct pathway_list *l, struct bytes *b, uint32_t pathway, uint64_t base,
                      size_t count)
{
    uint32_t last = NONE;
    int r = 0;

    for (size_t i = 0; r == 0 && !b->bad && i < count; i++) {
        struct fact f;

        take_fact(l, b, base, &f);
        b->bad |= i == 0 && f.version != base;
        if (b->bad)
            break;
        if (last != NONE) {
            const struct fact *p = &l->facts[last];
            uint8_t event = p->event & FACT_EVENT_MASK, own = f.event & FACT_EVENT_MASK;

            b->bad |= event > own || (event == own && p->occurrence >= f.occurrence);
        }
        r = list_grow(&l->facts, &l->fact_cap, l->fact_count, sizeof *l->facts);
        if (r < 0 || b->bad)
            break;
        l->facts[l->fact_count] = f;
        *(last == NONE ? &l->evented[pathway].facts : &l->facts[last].next) =
            (uint32_t)l->fact_count;
        last = (uint32_t)l->fact_count++;
    }
    return r;
}

/* Versions descend, below that of the group; each says something of it that no other does. */
static int take_olders(struct pathway_list *l, struct bytes *b, uint32_t pathway)
{
    struct older olders[DIMENSIONS_MAX];
    struct dimensions d;
    size_t count = bytes_take_count(b);
    uint64_t group_version = l->evented[pathway].group_version, below = group_version;

    dimensions_of(l, pathway, &d);
    uint32_t said = dimensions_said(&d);

    b->bad |= count == 0 || count >= DIMENSIONS_MAX;
    for (size_t i = 0; !b->bad && i < count; i++) {
        olders[i] = (struct older){ .dimensions = (uint32_t)bytes_take_varint(b), .next = NONE };
        olders[i].version = to_version(bytes_take_varint(b), group_version);
        b->bad |= !olders[i].dimensions || (olders[i].dimensions & ~said) != 0 ||
                  olders[i].version >= below;
        said &= ~olders[i].dimensions;
        below = olders[i].version;
    }
    b->bad |= said == 0; /* nothing is left for the latest */
    return b->bad ? 0 : olders_set(l, pathway, olders, count);
}

static int take_person(struct pathway_list *l, struct bytes *b, uint32_t pathway, uint64_t base)
{
    uint8_t person[PSEUDONYM_BYTES];
    uint32_t n = NONE;

    bytes_take_raw(b, person, sizeof person);
    l->evented[pathway].person_version = to_version(bytes_take_varint(b), base);
    int r = b->bad ? 0 : person_place(l, person, &n);

    if (r == 0 && n != NONE)
        evented_set_person(l, pathway, n);
    return r;
}

/* Nobody says anything of the group: it has no version. */
static bool group_fits(const struct pathway_list *l, uint32_t pathway)
{
    struct dimensions d;

    dimensions_of(l, pathway, &d);
    return dimensions_said(&d) || l->evented[pathway].group_version == 0;
}

/* Over whatever is there of that pathway. */
static int take_over(struct pathway_list *l, struct bytes *b, uint32_t pathway)
{
    struct evented *e = &l->evented[pathway];
    uint64_t head = bytes_take_varint(b), base = bytes_take_varint(b);
    uint64_t group = bytes_take_varint(b), count = head >> PACKED_COUNT_SHIFT;

    b->bad |=
        group >= tally_group_count(l->tally) || count == 0 || count > (size_t)(b->end - b->at);
    evented_leave_person(l, pathway);
    e->facts = NONE;
    e->group = b->bad ? NO_GROUP : (uint32_t)group & GROUPS_MAX;
    e->group_version = to_version(bytes_take_varint(b), base);
    e->flags &= (uint8_t)~EVENTED_UNSAID;
    e->flags |= head & PACKED_UNSAID ? EVENTED_UNSAID : 0;
    b->bad |= !group_fits(l, pathway);
    int r = olders_set(l, pathway, NULL, 0);

    if (r == 0 && !b->bad && head & PACKED_HAS_OLDER)
        r = take_olders(l, b, pathway);
    if (r == 0 && !b->bad && head & PACKED_HAS_PERSON)
        r = take_person(l, b, pathway, base);
    return r < 0 || b->bad ? r : take_facts(l, b, pathway, base, (size_t)count);
}

static int take_evented(struct pathway_list *l, struct bytes *b, bool replace)
{
    uint8_t key[PSEUDONYM_BYTES];
    uint32_t at;
    int r = 0;

    bytes_take_raw(b, key, sizeof key);
    at = evented_find(l, key);
    b->bad |= at != NONE && !replace;
    if (b->bad)
        return 0;
    if (at == NONE)
        r = evented_add(l, key, &at);
    return r < 0 ? r : take_over(l, b, at);
}

static int take_pasts(struct bytes *b, struct listing *v, size_t first)
{
    size_t count = bytes_take_count(b), at = 0, entries = v->count - first;

    b->bad |= count > 0 && entries == 0;
    if (b->bad || count == 0)
        return 0;
    struct listed_past *more = reallocarray(v->pasts, v->past_count + count, sizeof *v->pasts);

    if (!more)
        return -ENOMEM;
    v->pasts = more;
    for (size_t i = 0; i < count && !b->bad; i++) {
        struct listed_past *p = &more[v->past_count++];
        uint64_t step = bytes_take_varint(b);

        b->bad |= step >= entries - at;
        at += b->bad ? 0 : (size_t)step;
        memcpy(p->key, v->entries[first + at].key, PSEUDONYM_BYTES);
        p->start = bytes_take_u16(b);
        p->stop = bytes_take_u16(b);
        p->census = bytes_take_u16(b);
        b->bad |= !packed_is_day(p->start) || p->stop <= p->start || p->census < p->stop ||
                  (i && step == 0 && p[-1].stop >= p->stop);
    }
    return 0;
}

/* Of the entries of a bucket, which begin at `first`. */
static int take_all_people(struct pathway_list *l, struct bytes *b, size_t first)
{
    struct listing *v = &l->listing;
    const struct listed *entries = v->entries + first;
    size_t count = v->count - first;
    int r = take_people(b, entries, count, &v->people, &v->people_count);

    return r == 0 ? take_people(b, entries, count, &v->people_before, &v->people_before_count) : r;
}

int list_unpack(struct pathway_list *l, const void *bytes, size_t len)
{
    struct bytes b;

    if (!packed_open(&b, bytes, len, PACKED_SEAL, PACKED_BUCKET))
        return -EBADMSG;
    uint64_t listed = bytes_take_varint(&b), before = bytes_take_varint(&b);
    size_t evented = bytes_take_count(&b);
    size_t first = l->listing.count;
    int r = take_entries(l, &b, (size_t)listed, &l->listing.entries, &l->listing.count);

    if (r == 0)
        r = take_entries(l, &b, (size_t)before, &l->listing.before, &l->listing.before_count);
    if (r == 0 && !b.bad)
        r = take_all_people(l, &b, first);
    if (r == 0 && !b.bad)
        r = take_pasts(&b, &l->listing, first);
    for (size_t i = 0; r == 0 && !b.bad && i < evented; i++) {
        size_t at = l->evented_count;

        r = take_evented(l, &b, false);
        b.bad |= i && l->evented_count > at &&
                 memcmp(l->evented[at - 1].key, l->evented[at].key, PSEUDONYM_BYTES) >= 0;
    }
    b.bad |= listed == 0 && evented == 0;
    return packed_closed(&b, r);
}

int list_unpack_pathway(struct pathway_list *l, const void *bytes, size_t len)
{
    struct bytes b;

    if (!packed_open(&b, bytes, len, PACKED_SEAL_PATHWAY, PACKED_PATHWAY))
        return -EBADMSG;
    return packed_closed(&b, take_evented(l, &b, true));
}
