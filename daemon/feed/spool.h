/*
 * spool - a file without a name, written while its bytes come in
 *
 * What is pushed or pulled lies here until its end is proven and it is taken like a file of an inbox.
 * It has no name, so a crash leaves nothing behind; one known to be small lies in memory. Counts and hashes what it is given. The bytes may
 * be a patient's: the folder is of mode 0700 and the file of 0600.
 */
#ifndef FEED_SPOOL_H
#define FEED_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct spool;

#define SPOOL_SMALL (16u << 10) /* bytes that memory is asked for */
/** In this folder (made when missing), or in memory when it will hold at most bytes, and those are few; 0:
 * not known. Returns 0 or -errno. */
int spool_new(const char *folder, uint64_t bytes, struct spool **out_spool);
/** Returns 0; -EMSGSIZE past max_bytes in all; -errno. */
int spool_add(struct spool *s, const void *bytes, size_t len, uint64_t max_bytes);
uint64_t spool_bytes(const struct spool *s);
/** The first bytes of it, for a look at what it is; borrowed. */
const char *spool_head(const struct spool *s, size_t *out_len);
/** No more comes: its hash, and a descriptor at its start (borrowed). Returns it or -errno. */
int spool_end(struct spool *s, char out_sha256[SHA256_TEXT_MAX]);
void spool_free(struct spool *s); /* accepts NULL */

#endif
