/*
 * table - a hash table keyed by strings
 *
 * Copies its keys, borrows its values (void *). Open addressing; the hash is keyed per process, so
 * a hostile feed cannot aim for collisions. Iteration is in insertion order (removals leave holes
 * that iteration skips).
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_entry {
    char *key; /* NULL: removed */
    void *value;
    uint64_t hash;
};

struct table {
    struct table_entry *entries; /* in insertion order */
    size_t used, live, entries_cap;
    uint32_t *slots; /* index + 1, 0 = empty */
    size_t slot_count;
};

#define TABLE_INIT                                                                                 \
    {                                                                                              \
        NULL, 0, 0, 0, NULL, 0                                                                     \
    }

/** Sets or replaces. Returns 0 or -ENOMEM; *out_old (may be NULL) is the value replaced, or NULL.
 */
int table_set(struct table *t, const char *key, void *value, void **out_old);
void *table_get(const struct table *t, const char *key);
bool table_has(const struct table *t, const char *key);
/** Returns the value removed, or NULL. */
void *table_remove(struct table *t, const char *key);
size_t table_count(const struct table *t);
/** The hash of the keys, for tables of other things; of this process only. */
uint64_t table_hash(const void *bytes, size_t len);
/** for (size_t i = 0; table_next(t, &i, &key, &value); ) ... */
bool table_next(const struct table *t, size_t *position, const char **out_key, void **out_value);
/** release_value may be NULL. */
void table_release(struct table *t, void (*release_value)(void *));

#endif
