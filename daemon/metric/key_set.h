/*
 * key_set - which keys a file has had, by their bytes
 *
 * For counting in memory a list in which a pathway may stand twice. Exact: keys are compared whole, not
 * by a hash alone. About its own length and fifteen bytes a key, since what all keys begin with is kept
 * once. Owns its copies.
 */
#ifndef METRIC_KEY_SET_H
#define METRIC_KEY_SET_H

#include <stddef.h>
#include <stdint.h>

#define KEY_SET_NONE    SIZE_MAX
#define KEY_SET_KEY_MAX 4096 /* bytes of a key */

struct key_set;

/** payload: bytes kept with each key, 0 to 16. NULL without memory. */
struct key_set *key_set_new(size_t payload);
void key_set_free(struct key_set *s);
/**
 * Adds a key unless it is there. *out_payload: of the key, to be read and written until the next call; of
 * a new one all 0. Returns 1 when it is new, 0 when it was there, -ENOMEM, or -EFBIG (a longer key, or
 * more than 4 GB of them).
 */
int key_set_add(struct key_set *s, const void *key, size_t len, unsigned char **out_payload);
size_t key_set_count(const struct key_set *s);

#endif
