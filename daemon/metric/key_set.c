#include "metric/key_set.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENT_BITS  8 /* tables that grow on their own, so that never all is copied at once */
#define SEGMENTS      (1u << SEGMENT_BITS)
#define SEGMENT_SLOTS 64 /* at first */
#define FULL(slots)   ((slots) / 4 * 3)
#define CHUNK_BYTES   (1u << 20)
#define CHUNK_BITS    20
#define CHUNKS_MAX    4096 /* a reference is 32 bits */
#define PREFIX_MAX    255  /* counted in one byte */
#define ENTRY_HEAD                                                                                 \
    3 /* bytes of a kept key: length of what it shares with the first, then of the rest */

struct slot {
    uint32_t ref; /* where the key is kept, + 1; 0: empty */
    uint32_t
        hash; /* its upper half: a key is read where it is likely the same, and never to move it */
};

struct segment {
    struct slot *slots;
    uint32_t slot_count, used;
};

struct key_set {
    struct segment segments[SEGMENTS];
    unsigned char *chunks[CHUNKS_MAX];
    size_t chunk_count, chunk_used;
    size_t payload, count;
    unsigned char first[PREFIX_MAX]; /* of the first key, what others may share */
    size_t first_len;
    bool any;
};

struct key_set *key_set_new(size_t payload)
{
    struct key_set *s = calloc(1, sizeof *s);

    assert(payload <= 16);
    if (s != NULL)
        s->payload = payload;
    return s;
}

void key_set_free(struct key_set *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < SEGMENTS; i++)
        free(s->segments[i].slots);
    for (size_t i = 0; i < s->chunk_count; i++)
        free(s->chunks[i]);
    free(s);
}

size_t key_set_count(const struct key_set *s)
{
    return s->count;
}

/* No secret: what it spreads badly only takes longer. Of murmur's family, eight bytes at a time. */
static uint64_t hash_of(const unsigned char *key, size_t len)
{
    uint64_t h = len * 0x9e3779b97f4a7c15u;

    while (len > 0) {
        size_t n = len < 8 ? len : 8;
        uint64_t word = 0;

        memcpy(&word, key, n);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
        key += n;
        len -= n;
    }
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ (h >> 29);
}

/* A key as it is kept: how much of the first key it begins with, and the rest. */
struct split {
    const unsigned char *rest;
    size_t shared, rest_len;
};

static struct split split_key(const struct key_set *s, const unsigned char *key, size_t len)
{
    struct split k;
    size_t n = 0, most = len < s->first_len ? len : s->first_len;

    while (n < most && key[n] == s->first[n])
        n++;
    k.shared = n;
    k.rest = key + n;
    k.rest_len = len - n;
    return k;
}

static unsigned char *entry_at(const struct key_set *s, uint32_t ref)
{
    uint32_t at = ref - 1;

    return s->chunks[at >> CHUNK_BITS] + (at & (CHUNK_BYTES - 1));
}

static size_t rest_len_of(const unsigned char *entry)
{
    return (size_t)entry[1] | (size_t)entry[2] << 8;
}

static unsigned char *payload_of(unsigned char *entry)
{
    return entry + ENTRY_HEAD + rest_len_of(entry);
}

static bool is_key(const unsigned char *entry, const struct split *k)
{
    return entry[0] == k->shared && rest_len_of(entry) == k->rest_len &&
           memcmp(entry + ENTRY_HEAD, k->rest, k->rest_len) == 0;
}

static int keep(struct key_set *s, const struct split *k, uint32_t *out_ref)
{
    size_t size = ENTRY_HEAD + k->rest_len + s->payload;
    unsigned char *entry;

    if (s->chunk_count == 0 || s->chunk_used + size > CHUNK_BYTES) {
        if (s->chunk_count == CHUNKS_MAX)
            return -EFBIG;
        s->chunks[s->chunk_count] = malloc(CHUNK_BYTES);
        if (s->chunks[s->chunk_count] == NULL)
            return -ENOMEM;
        s->chunk_count++;
        s->chunk_used = 0;
    }
    entry = s->chunks[s->chunk_count - 1] + s->chunk_used;
    entry[0] = (unsigned char)k->shared;
    entry[1] = (unsigned char)(k->rest_len & 0xff);
    entry[2] = (unsigned char)(k->rest_len >> 8);
    memcpy(entry + ENTRY_HEAD, k->rest, k->rest_len);
    memset(entry + ENTRY_HEAD + k->rest_len, 0, s->payload);
    *out_ref = (uint32_t)((s->chunk_count - 1) << CHUNK_BITS | s->chunk_used) + 1;
    s->chunk_used += size;
    return 0;
}

static int segment_grow(struct segment *g)
{
    uint32_t count = g->slot_count > 0 ? g->slot_count * 2 : SEGMENT_SLOTS;
    struct slot *slots = calloc(count, sizeof *slots);

    if (slots == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < g->slot_count; i++) {
        uint32_t at = g->slots[i].hash & (count - 1);

        if (g->slots[i].ref == 0)
            continue;
        while (slots[at].ref != 0)
            at = (at + 1) & (count - 1);
        slots[at] = g->slots[i];
    }
    free(g->slots);
    g->slots = slots;
    g->slot_count = count;
    return 0;
}

/* The slot of a key, or the empty one where it would stand. */
static struct slot *slot_of(const struct key_set *s, const struct segment *g, uint32_t hash,
                            const struct split *k)
{
    uint32_t at = hash & (g->slot_count - 1);

    while (g->slots[at].ref != 0 &&
           !(g->slots[at].hash == hash && is_key(entry_at(s, g->slots[at].ref), k)))
        at = (at + 1) & (g->slot_count - 1);
    return &g->slots[at];
}

int key_set_add(struct key_set *s, const void *key, size_t len, unsigned char **out_payload)
{
    uint32_t ref = 0;
    int r = 0;

    assert(s != NULL && key != NULL && out_payload != NULL);
    if (len > KEY_SET_KEY_MAX)
        return -EFBIG;
    if (!s->any) {
        s->any = true;
        s->first_len = len < PREFIX_MAX ? len : PREFIX_MAX;
        memcpy(s->first, key, s->first_len);
    }
    uint64_t hash = hash_of(key, len);
    struct split k = split_key(s, key, len);
    struct segment *g = &s->segments[hash & (SEGMENTS - 1)];

    if (g->used >= FULL(g->slot_count))
        r = segment_grow(g);
    if (r < 0)
        return r;
    struct slot *slot = slot_of(s, g, (uint32_t)(hash >> 32), &k);

    if (slot->ref != 0) {
        *out_payload = payload_of(entry_at(s, slot->ref));
        return 0;
    }
    r = keep(s, &k, &ref);
    if (r < 0)
        return r;
    *slot = (struct slot){ ref, (uint32_t)(hash >> 32) };
    g->used++;
    s->count++;
    *out_payload = payload_of(entry_at(s, ref));
    return 1;
}
