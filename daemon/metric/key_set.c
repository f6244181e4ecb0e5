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

struct segment {
    uint32_t *refs;      /* where the key is kept, + 1; 0: empty */
    unsigned char *tags; /* 8 bits of its hash */
    uint32_t slots, used;
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
    for (size_t i = 0; i < SEGMENTS; i++) {
        free(s->segments[i].refs);
        free(s->segments[i].tags);
    }
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

static uint64_t hash_of_entry(const struct key_set *s, const unsigned char *entry)
{
    unsigned char key[PREFIX_MAX + KEY_SET_KEY_MAX];
    size_t rest = rest_len_of(entry);

    memcpy(key, s->first, entry[0]);
    memcpy(key + entry[0], entry + ENTRY_HEAD, rest);
    return hash_of(key, entry[0] + rest);
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

static uint32_t slot_of(const struct segment *g, uint64_t hash)
{
    return (uint32_t)(hash >> 16) & (g->slots - 1);
}

static int segment_grow(const struct key_set *s, struct segment *g)
{
    struct segment grown = { .slots = g->slots > 0 ? g->slots * 2 : SEGMENT_SLOTS,
                             .used = g->used };

    grown.refs = calloc(grown.slots, sizeof *grown.refs);
    grown.tags = malloc(grown.slots);
    if (grown.refs == NULL || grown.tags == NULL) {
        free(grown.refs);
        free(grown.tags);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < g->slots; i++) {
        if (g->refs[i] == 0)
            continue;
        uint32_t at = slot_of(&grown, hash_of_entry(s, entry_at(s, g->refs[i])));

        while (grown.refs[at] != 0)
            at = (at + 1) & (grown.slots - 1);
        grown.refs[at] = g->refs[i];
        grown.tags[at] = g->tags[i];
    }
    free(g->refs);
    free(g->tags);
    *g = grown;
    return 0;
}

int key_set_add(struct key_set *s, const void *key, size_t len, unsigned char **out_payload)
{
    uint64_t hash;
    struct segment *g;
    struct split k;
    unsigned char tag;
    uint32_t at;
    int r = 0;

    assert(s != NULL && key != NULL && out_payload != NULL);
    if (len > KEY_SET_KEY_MAX)
        return -EFBIG;
    if (!s->any) {
        s->any = true;
        s->first_len = len < PREFIX_MAX ? len : PREFIX_MAX;
        memcpy(s->first, key, s->first_len);
    }
    hash = hash_of(key, len);
    tag = (unsigned char)(hash >> 8);
    k = split_key(s, key, len);
    g = &s->segments[hash & (SEGMENTS - 1)];
    if (g->used >= FULL(g->slots))
        r = segment_grow(s, g);
    if (r < 0)
        return r;
    for (at = slot_of(g, hash); g->refs[at] != 0; at = (at + 1) & (g->slots - 1)) {
        if (g->tags[at] == tag && is_key(entry_at(s, g->refs[at]), &k)) {
            *out_payload = payload_of(entry_at(s, g->refs[at]));
            return 0;
        }
    }
    r = keep(s, &k, &g->refs[at]);
    if (r < 0) {
        g->refs[at] = 0;
        return r;
    }
    g->tags[at] = tag;
    g->used++;
    s->count++;
    *out_payload = payload_of(entry_at(s, g->refs[at]));
    return 1;
}
