/*
 * seal - bytes that only who holds a key can read, or write
 *
 * AES-256-GCM under a key that is derived from the given one and a label (HMAC-SHA-256), so that what is
 * sealed tells nothing of the key itself and one key serves several purposes. The nonce is made of the bytes:
 * the same bytes are sealed the same way, and no nonce ever serves two texts.
 */
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include <stddef.h>

#define SEAL_KEY_BYTES 32

/** *out: malloc'ed. Returns 0, -ENOMEM, or -EFBIG past 1 GiB. */
int seal_bytes(const void *key, const char *label, const void *bytes, size_t len,
               unsigned char **out, size_t *out_len);
/** *out: malloc'ed. Returns 0; -EBADMSG: another key, another label, or changed since; -ENOMEM. */
int seal_open(const void *key, const char *label, const void *sealed, size_t len,
              unsigned char **out, size_t *out_len);

#endif
