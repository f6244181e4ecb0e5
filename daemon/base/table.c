#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint64_t process_key[2];

static uint64_t rotl(uint64_t x, int b)
{
    return (x << b) | (x >> (64 - b));
}

#define SIPROUND                                                                                   \
    do {                                                                                           \
        v0 += v1;                                                                                  \
        v1 = rotl(v1, 13) ^ v0;                                                                    \
        v0 = rotl(v0, 32);                                                                         \
        v2 += v3;                                                                                  \
        v3 = rotl(v3, 16) ^ v2;                                                                    \
        v0 += v3;                                                                                  \
        v3 = rotl(v3, 21) ^ v0;                                                                    \
        v2 += v1;                                                                                  \
        v1 = rotl(v1, 17) ^ v2;                                                                    \
        v2 = rotl(v2, 32);                                                                         \
    } while (0)

/* SipHash-1-3 (Aumasson, Bernstein) with a key drawn once per process. */
uint64_t table_hash(const void *bytes, size_t len)
{
    const char *s = bytes;

    if (!process_key[0] && getrandom(process_key, sizeof process_key, 0) < 0)
        process_key[0] = 1;
    uint64_t v0 = process_key[0] ^ 0x736f6d6570736575ULL,
             v1 = process_key[1] ^ 0x646f72616e646f6dULL;
    uint64_t v2 = process_key[0] ^ 0x6c7967656e657261ULL,
             v3 = process_key[1] ^ 0x7465646279746573ULL;
    uint64_t last = (uint64_t)len << 56;

    for (; len >= 8; len -= 8, s += 8) {
        uint64_t m;

        memcpy(&m, s, 8);
        v3 ^= m;
        SIPROUND;
        v0 ^= m;
    }
    for (size_t i = 0; i < len; i++)
        last |= (uint64_t)(unsigned char)s[i] << (8 * i);
    v3 ^= last;
    SIPROUND;
    v0 ^= last;
    v2 ^= 0xff;
    SIPROUND;
    SIPROUND;
    SIPROUND;
    return v0 ^ v1 ^ v2 ^ v3;
}

static size_t find_slot(const struct table *t, const char *key, uint64_t hash, bool *found)
{
    size_t mask = t->slot_count - 1;
    size_t i = hash & mask;

    for (;; i = (i + 1) & mask) {
        if (t->slots[i] == 0) {
            *found = false;
            return i;
        }
        const struct table_entry *e = &t->entries[t->slots[i] - 1];

        if (e->key && e->hash == hash && strcmp(e->key, key) == 0) {
            *found = true;
            return i;
        }
    }
}

/* Doubles the slots and drops holes. */
static int grow(struct table *t)
{
    size_t slot_count = t->slot_count ? t->slot_count : 16;

    while (slot_count < (t->live + 1) * 2)
        slot_count *= 2;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    size_t entries_cap = slot_count / 2 + 1;
    struct table_entry *entries = calloc(entries_cap, sizeof *entries);

    if (!slots || !entries) {
        free(slots);
        free(entries);
        return -ENOMEM;
    }
    size_t n = 0;

    for (size_t i = 0; i < t->used; i++) {
        if (!t->entries[i].key)
            continue;
        entries[n] = t->entries[i];
        size_t s = entries[n].hash & (slot_count - 1);

        while (slots[s])
            s = (s + 1) & (slot_count - 1);
        slots[s] = (uint32_t)++n;
    }
    free(t->slots);
    free(t->entries);
    t->slots = slots;
    t->slot_count = slot_count;
    t->entries = entries;
    t->entries_cap = entries_cap;
    t->used = n;
    return 0;
}

int table_set(struct table *t, const char *key, void *value, void **out_old)
{
    size_t len = strlen(key);
    uint64_t hash = table_hash(key, len);
    bool found;

    if (t->slot_count == 0 || t->used + 1 > t->slot_count / 2) {
        int r = grow(t);

        if (r < 0)
            return r;
    }
    size_t s = find_slot(t, key, hash, &found);

    if (found) {
        struct table_entry *e = &t->entries[t->slots[s] - 1];

        if (out_old)
            *out_old = e->value;
        e->value = value;
        return 0;
    }
    char *copy = strdup(key);

    if (!copy)
        return -ENOMEM;
    t->entries[t->used] = (struct table_entry){ copy, value, hash };
    t->slots[s] = (uint32_t)++t->used;
    t->live++;
    if (out_old)
        *out_old = NULL;
    return 0;
}

static struct table_entry *find(const struct table *t, const char *key)
{
    bool found;

    if (t->slot_count == 0)
        return NULL;
    size_t s = find_slot(t, key, table_hash(key, strlen(key)), &found);

    return found ? &t->entries[t->slots[s] - 1] : NULL;
}

void *table_get(const struct table *t, const char *key)
{
    const struct table_entry *e = find(t, key);

    return e ? e->value : NULL;
}

bool table_has(const struct table *t, const char *key)
{
    return find(t, key) != NULL;
}

void *table_remove(struct table *t, const char *key)
{
    struct table_entry *e = find(t, key);
    void *value = e ? e->value : NULL;

    if (e) {
        free(e->key);
        e->key = NULL; /* its slot stays taken until the next growth */
        e->value = NULL;
        t->live--;
    }
    return value;
}

size_t table_count(const struct table *t)
{
    return t->live;
}

bool table_next(const struct table *t, size_t *position, const char **out_key, void **out_value)
{
    while (*position < t->used) {
        const struct table_entry *e = &t->entries[(*position)++];

        if (!e->key)
            continue;
        if (out_key)
            *out_key = e->key;
        if (out_value)
            *out_value = e->value;
        return true;
    }
    return false;
}

void table_release(struct table *t, void (*release_value)(void *))
{
    for (size_t i = 0; i < t->used; i++) {
        if (t->entries[i].key && release_value)
            release_value(t->entries[i].value);
        free(t->entries[i].key);
    }
    free(t->entries);
    free(t->slots);
    *t = (struct table)TABLE_INIT;
}
