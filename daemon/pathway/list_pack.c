#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_internal.h"

/* ---- buckets ---- */

unsigned list_bucket_bits(const struct pathway_list *l)
{
    size_t pathways = l->listing.count > l->evented_count ? l->listing.count : l->evented_count;
    unsigned bits = 0;

    while (bits < 24 && (pathways >> bits) > LIST_BUCKET_PATHWAYS)
        bits++;
    return bits;
}

uint32_t list_bucket(const uint8_t key[PSEUDONYM_BYTES], unsigned bits)
{
    uint32_t head =
        (uint32_t)key[0] << 24 | (uint32_t)key[1] << 16 | (uint32_t)key[2] << 8 | key[3];

    assert(bits <= 24);
    return bits ? head >> (32 - bits) : 0;
}

size_t listed_lower(const struct listed *entries, size_t count, uint32_t bucket, unsigned bits)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (list_bucket(entries[middle].key, bits) < bucket)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t evented_lower(const struct pathway_list *l, uint32_t bucket, unsigned bits)
{
    size_t low = 0, high = l->order_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (list_bucket(l->evented[l->order[middle]].key, bits) < bucket)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void pack_listed(struct text *t, const struct listed *e)
{
    (void)text_add(t, e->key, sizeof e->key);
    bytes_u16(t, e->start);
    bytes_u16(t, e->stage_start);
    bytes_u16(t, e->stop);
    (void)text_add(t, e->group, sizeof e->group);
    (void)text_putc(t, (char)e->state);
}

/* ---- facts ---- */

/* Versions of one pathway lie close together: only what differs from the first is written. */
static uint64_t from_version(uint64_t version, uint64_t base)
{
    uint64_t d = version - base; /* as a signed number: the sign goes to the lowest bit */

    return d << 1 ^ (d >> 63 ? UINT64_MAX : 0);
}

static void pack_fact(struct text *t, const struct fact *f, uint64_t base)
{
    bool codes = f->reason || f->exception;

    (void)text_putc(t, (char)(f->event | (codes ? PACKED_HAS_CODES : 0) |
                              (f->occurrence ? PACKED_HAS_OCCURRENCE : 0)));
    bytes_u16(t, f->date);
    bytes_varint(t, from_version(f->version, base));
    for (int i = 0; f->occurrence && i < 6; i++)
        (void)text_putc(t, (char)((uint64_t)f->occurrence >> (8 * i) & 0xff));
    if (codes) {
        bytes_varint(t, f->reason);
        (void)text_putc(t, (char)f->exception);
    }
}

static void pack_olders(const struct pathway_list *l, const struct evented *e, struct text *t)
{
    struct older olders[DIMENSIONS_MAX];
    size_t count = olders_of(l, e, olders);

    bytes_varint(t, count);
    for (size_t i = 0; i < count; i++) {
        bytes_varint(t, olders[i].dimensions);
        bytes_varint(t, from_version(olders[i].version, e->group_version));
    }
}

static void pack_evented(const struct pathway_list *l, const struct evented *e, struct text *t)
{
    uint64_t count = 0, base = l->facts[e->facts].version;

    for (uint32_t f = e->facts; f != NONE; f = l->facts[f].next)
        count++;
    (void)text_add(t, e->key, sizeof e->key);
    bytes_varint(t, count << PACKED_COUNT_SHIFT | (e->person != NONE ? PACKED_HAS_PERSON : 0) |
                        (e->flags & EVENTED_UNSAID ? PACKED_UNSAID : 0) |
                        (e->older != NONE ? PACKED_HAS_OLDER : 0));
    bytes_varint(t, base);
    bytes_varint(t, e->group);
    bytes_varint(t, from_version(e->group_version, base));
    if (e->older != NONE)
        pack_olders(l, e, t);
    if (e->person != NONE) {
        (void)text_add(t, l->persons[e->person].key, PSEUDONYM_BYTES);
        bytes_varint(t, from_version(e->person_version, base));
    }
    for (uint32_t f = e->facts; f != NONE; f = l->facts[f].next)
        pack_fact(t, &l->facts[f], base);
}

/* The first of these that is not below the key. */
static size_t people_lower(const struct listed_person *people, size_t count, const uint8_t *key)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(people[middle].key, key, PSEUDONYM_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whose the entries of a bucket are: each that somebody is said of, by its distance from the one before. */
static void pack_people(struct text *t, const struct listed_person *people, size_t count,
                        const struct listed *entries, size_t entry_count)
{
    size_t at = 0, end = 0, last = 0;

    if (count && entry_count) {
        at = people_lower(people, count, entries[0].key);
        end = people_lower(people, count, entries[entry_count - 1].key);
        end += end < count &&
               memcmp(people[end].key, entries[entry_count - 1].key, PSEUDONYM_BYTES) == 0;
    }
    bytes_varint(t, end - at);
    for (size_t e = 0; at < end; e++) {
        if (memcmp(people[at].key, entries[e].key, PSEUDONYM_BYTES) != 0)
            continue;
        bytes_varint(t, e - last);
        (void)text_add(t, people[at++].person, PSEUDONYM_BYTES);
        last = e;
    }
}

/* As pack_people(); several may be of one entry. */
static void pack_pasts(struct text *t, const struct listing *v, const struct listed *entries,
                       size_t entry_count)
{
    size_t at = entry_count ? listing_past_lower(v, entries[0].key) : 0, end = at, last = 0;

    while (entry_count && end < v->past_count &&
           memcmp(v->pasts[end].key, entries[entry_count - 1].key, PSEUDONYM_BYTES) <= 0)
        end++;
    bytes_varint(t, end - at);
    for (size_t e = 0; at < end; at++) {
        const struct listed_past *p = &v->pasts[at];

        while (memcmp(p->key, entries[e].key, PSEUDONYM_BYTES) != 0)
            e++;
        bytes_varint(t, e - last);
        bytes_u16(t, p->start);
        bytes_u16(t, p->stop);
        bytes_u16(t, p->census);
        last = e;
    }
}

static void begin(struct text *t, char tag)
{
    (void)text_putc(t, tag);
    (void)text_putc(t, PACKED_VERSION);
}

int list_pack_pathway(const struct pathway_list *l, const uint8_t key[PSEUDONYM_BYTES],
                      struct text *out_packed)
{
    uint32_t e = evented_find(l, key);
    size_t from = out_packed->len;

    if (e == NONE)
        return -ENOENT;
    begin(out_packed, PACKED_PATHWAY);
    pack_evented(l, &l->evented[e], out_packed);
    return bytes_seal(out_packed, from, PACKED_SEAL_PATHWAY);
}

int list_pack(struct pathway_list *l, uint32_t bucket, unsigned bits, struct text *out_packed,
              size_t *out_pathways)
{
    const struct listing *v = &l->listing;
    size_t from = out_packed->len;
    int r = evented_order(l);

    if (r < 0)
        return r;
    size_t a = listed_lower(v->entries, v->count, bucket, bits);
    size_t b = listed_lower(v->entries, v->count, bucket + 1, bits);
    size_t c = listed_lower(v->before, v->before_count, bucket, bits);
    size_t d = listed_lower(v->before, v->before_count, bucket + 1, bits);
    size_t e = evented_lower(l, bucket, bits), f = evented_lower(l, bucket + 1, bits);

    *out_pathways = b - a + f - e;
    if (*out_pathways == 0)
        return 0;
    begin(out_packed, PACKED_BUCKET);
    bytes_varint(out_packed, b - a);
    bytes_varint(out_packed, d - c);
    bytes_varint(out_packed, f - e);
    for (size_t i = a; i < b; i++)
        pack_listed(out_packed, &v->entries[i]);
    for (; c < d; c++)
        pack_listed(out_packed, &v->before[c]);
    pack_people(out_packed, v->people, v->people_count, v->entries + a, b - a);
    pack_people(out_packed, v->people_before, v->people_before_count, v->entries + a, b - a);
    pack_pasts(out_packed, v, v->entries + a, b - a);
    for (; e < f; e++)
        pack_evented(l, &l->evented[l->order[e]], out_packed);
    return bytes_seal(out_packed, from, PACKED_SEAL);
}

/* ---- the rest ---- */

/* A word is a number: 0 none, else in the order in which the groups name them; a new one is followed by
 * its text. */
static void pack_word(struct text *t, const struct group_set *s, uint32_t word, uint32_t *order,
                      uint32_t *named)
{
    bool is_new = word && !order[word];

    if (is_new)
        order[word] = ++*named;
    bytes_varint(t, word ? order[word] : 0);
    if (is_new)
        bytes_text(t, group_set_word(s, word));
}

static int pack_groups(struct text *t, const struct group_set *s)
{
    uint32_t *order = calloc(s->word_count + 1, sizeof *order), named = 0;

    if (!order)
        return -ENOMEM;
    bytes_varint(t, s->count);
    for (size_t i = 0; i < s->count; i++) {
        size_t cohorts;
        const uint32_t *words = group_set_words(s, (uint32_t)i, &cohorts);

        bytes_varint(t, cohorts);
        for (size_t k = 0; k < GROUP_PLAIN + 2 * cohorts; k++)
            pack_word(t, s, words[k], order, &named);
    }
    free(order);
    return 0;
}

static void pack_codes(struct text *t, const struct codes *c)
{
    bytes_varint(t, c->count);
    for (size_t i = 0; i < c->count; i++)
        bytes_text(t, c->texts[i]);
}

int list_pack_book(const struct pathway_list *l, struct text *out_packed)
{
    size_t from = out_packed->len;

    begin(out_packed, PACKED_BOOK);
    bytes_varint(out_packed, l->listing.census_count);
    for (size_t i = 0; i < l->listing.census_count; i++)
        bytes_u16(out_packed, l->listing.censuses[i]);
    bytes_u16(out_packed, l->watermark);
    bytes_u16(out_packed, l->purged_month);
    bytes_varint(out_packed, l->too_old);
    bytes_varint(out_packed, l->listing.count);
    bytes_varint(out_packed, l->listing.before_count);
    bytes_varint(out_packed, l->listing.people_count);
    bytes_varint(out_packed, l->listing.people_before_count);
    bytes_varint(out_packed, l->listing.past_count);
    bytes_varint(out_packed, l->evented_count);
    bytes_varint(out_packed, l->fact_count);
    if (pack_groups(out_packed, tally_groups(l->tally)) < 0)
        return -ENOMEM;
    pack_codes(out_packed, &l->reasons);
    pack_codes(out_packed, &l->exceptions);
    return bytes_seal(out_packed, from, PACKED_SEAL);
}

struct counted_cell {
    struct tally_cell cell;
    uint64_t count;
};

static int counted_compare(const void *a, const void *b)
{
    const struct tally_cell *x = a, *y = b;

    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->clock != y->clock)
        return x->clock - y->clock;
    if (x->start != y->start)
        return x->start - y->start;
    if (x->stop != y->stop)
        return x->stop - y->stop;
    return (x->outcome << 4 | x->exception) - (y->outcome << 4 | y->exception);
}

int list_pack_counted(const struct pathway_list *l, struct text *out_packed)
{
    size_t from = out_packed->len, count = tally_count(l->counted), n = 0;
    struct counted_cell *cells = calloc(count ? count : 1, sizeof *cells);

    if (!cells)
        return -ENOMEM;
    for (size_t at = 0; tally_next(l->counted, &at, &cells[n].cell, &cells[n].count);)
        n++;
    qsort(cells, n, sizeof *cells, counted_compare);
    begin(out_packed, PACKED_COUNTED);
    bytes_varint(out_packed, n);
    for (size_t i = 0; i < n; i++) {
        const struct tally_cell *c = &cells[i].cell;

        bytes_varint(out_packed, c->group);
        (void)text_putc(out_packed, (char)c->clock);
        bytes_u16(out_packed, c->start);
        bytes_u16(out_packed, c->stop);
        (void)text_putc(out_packed, (char)(c->outcome << 4 | c->exception));
        bytes_varint(out_packed, cells[i].count);
    }
    free(cells);
    bytes_varint(out_packed, l->forgotten_count);
    for (size_t i = 0; i < l->forgotten_count; i++)
        bytes_u64(out_packed, l->forgotten[i]);
    return bytes_seal(out_packed, from, PACKED_SEAL);
}
