/*
 * pathway_key - the instance's key of pseudonyms, in a file of its own
 *
 * 32 random bytes. Whoever has the key and a pseudonym can try out identifiers, so it lies apart
 * from the archive, readable by its owner (and group, as systemd's credentials are) alone; in memory
 * it is locked, left out of core files, and wiped at the end. It is made once: a key made anew gives
 * every pathway another name, so that a list would seem to have been seen and replaced overnight.
 * Source: RELIABILITY section 6, "Pseudonym key".
 */
#ifndef STORE_PATHWAY_KEY_H
#define STORE_PATHWAY_KEY_H

#include <stdbool.h>

#define PATHWAY_KEY_BYTES 32

struct pathway_key;

/**
 * Reads the key; with may_make a file that is missing is made, synced, mode 0600. Returns 0; -ENOENT
 * missing; -EINVAL not 32 bytes; -EACCES others may read it; -errno.
 */
int pathway_key_open(const char *path, bool may_make, struct pathway_key **out_key);
/** The bytes, until pathway_key_close(). */
const void *pathway_key_bytes(const struct pathway_key *k);
void pathway_key_close(struct pathway_key *k); /* accepts NULL */

#endif
