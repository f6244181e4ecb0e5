/*
 * digest - SHA-256, HMAC, base64 and random bytes, from libcrypto
 *
 * The one place that knows OpenSSL. Streaming SHA-256 for files; one-call forms for the rest.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define SHA256_BYTES    32
#define SHA256_TEXT_MAX 65 /* lower-case hex and NUL */

struct digest; /* a running SHA-256 */

/** NULL without memory. */
struct digest *digest_new(void);
void digest_add(struct digest *d, const void *bytes, size_t len);
/** Ends the run and frees it. */
void digest_end(struct digest *d, char out_hex[SHA256_TEXT_MAX]);
void digest_free(struct digest *d);

/** Returns 0 or -ENOMEM. */
int sha256_hex(const void *bytes, size_t len, char out_hex[SHA256_TEXT_MAX]);
int hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                unsigned char out_mac[SHA256_BYTES]);

/** HMAC-SHA-256 of many texts under one key. The key is copied. NULL without memory, or without key. */
struct keyed_digest;
struct keyed_digest *keyed_digest_new(const void *key, size_t key_len);
/** Returns 0 or -ENOMEM. */
int keyed_digest_of(struct keyed_digest *k, const void *bytes, size_t len,
                    unsigned char out_mac[SHA256_BYTES]);
/** The same of a text in parts. */
int keyed_digest_begin(struct keyed_digest *k);
int keyed_digest_add(struct keyed_digest *k, const void *bytes, size_t len);
int keyed_digest_end(struct keyed_digest *k, unsigned char out_mac[SHA256_BYTES]);
void keyed_digest_free(struct keyed_digest *k);
/** Bytes as lower-case hex and a NUL. */
void digest_hex(const void *bytes, size_t len, char *out);

/** Whether both are the same, in a time that does not tell where they differ. */
bool bytes_same(const void *a, const void *b, size_t len);

/** malloc'ed, NUL-terminated; NULL without memory. */
char *base64_encode(const void *bytes, size_t len);
/** malloc'ed bytes and their length; NULL when the text is not base64. */
unsigned char *base64_decode(const char *text, size_t len, size_t *out_len);

/** Returns 0 or -EIO. */
int random_bytes(void *out, size_t len);

#endif
