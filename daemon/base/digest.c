/* SHA256_CTX, which can be copied by assignment, is marked as of older releases. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/digest.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

struct digest {
    EVP_MD_CTX *ctx;
    bool failed;
};

/* The eight hex digits of four bytes, first to last as they lie in memory of a little-endian word: each byte is
 * spread over two, its upper half first; digits above 9 move up to the letters. */
static uint64_t hex_of_four(uint32_t bytes)
{
    uint64_t x = bytes;

    x = (x | x << 16) & 0x0000ffff0000ffffu;
    x = (x | x << 8) & 0x00ff00ff00ff00ffu;
    x = (x >> 4 | x << 8) & 0x0f0f0f0f0f0f0f0fu;
    uint64_t is_letter = (x + 0x0606060606060606u) >> 4 & 0x0101010101010101u;

    return x + 0x3030303030303030u + is_letter * ('a' - '0' - 10);
}

void digest_hex(const void *from, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = from;
    size_t i = 0;

    for (; i + 4 <= len; i += 4) {
        uint32_t four;

        memcpy(&four, bytes + i, sizeof four);
        uint64_t text = htole64(hex_of_four(le32toh(four)));

        memcpy(out + 2 * i, &text, sizeof text);
    }
    for (; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

struct digest *digest_new(void)
{
    struct digest *d = calloc(1, sizeof *d);

    if (!d)
        return NULL;
    d->ctx = EVP_MD_CTX_new();
    if (!d->ctx || EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) != 1) {
        digest_free(d);
        return NULL;
    }
    return d;
}

void digest_add(struct digest *d, const void *bytes, size_t len)
{
    d->failed |= EVP_DigestUpdate(d->ctx, bytes, len) != 1;
}

void digest_end(struct digest *d, char out_hex[SHA256_TEXT_MAX])
{
    unsigned char raw[SHA256_BYTES] = { 0 };

    d->failed |= EVP_DigestFinal_ex(d->ctx, raw, NULL) != 1;
    assert(!d->failed); /* SHA-256 in memory cannot fail; a wrong hash would name a wrong file */
    digest_hex(raw, sizeof raw, out_hex);
    digest_free(d);
}

void digest_free(struct digest *d)
{
    if (d)
        EVP_MD_CTX_free(d->ctx);
    free(d);
}

int sha256_hex(const void *bytes, size_t len, char out_hex[SHA256_TEXT_MAX])
{
    unsigned char raw[SHA256_BYTES];
    SHA256_CTX c; /* no memory of its own, and nothing to look up: many are of a few words */

    if (SHA256_Init(&c) != 1 || SHA256_Update(&c, bytes, len) != 1 || SHA256_Final(raw, &c) != 1)
        return -ENOMEM;
    digest_hex(raw, sizeof raw, out_hex);
    return 0;
}

/* RFC 2104 on SHA-256 itself: the library's own HMAC takes twice as long for a text of a few words, and
 * there are two for each row of a list; and it looks up what it is made of each time, which takes longer than a
 * message. */
struct keyed_digest {
    SHA256_CTX inner, outer; /* both after the key */
    SHA256_CTX text;         /* the one at hand */
};

static bool begin_under(SHA256_CTX *c, const unsigned char block[SHA256_CBLOCK], unsigned char pad)
{
    unsigned char padded[SHA256_CBLOCK];

    for (size_t i = 0; i < sizeof padded; i++)
        padded[i] = block[i] ^ pad;
    bool good = SHA256_Init(c) == 1 && SHA256_Update(c, padded, sizeof padded) == 1;

    OPENSSL_cleanse(padded, sizeof padded);
    return good;
}

static bool take_key(struct keyed_digest *k, const void *key, size_t key_len)
{
    unsigned char block[SHA256_CBLOCK] = { 0 };

    if (key_len > sizeof block)
        (void)SHA256(key, key_len, block);
    else if (key_len > 0)
        memcpy(block, key, key_len);
    bool good = begin_under(&k->inner, block, 0x36) && begin_under(&k->outer, block, 0x5c);

    OPENSSL_cleanse(block, sizeof block);
    return good;
}

struct keyed_digest *keyed_digest_new(const void *key, size_t key_len)
{
    struct keyed_digest *k = key_len ? calloc(1, sizeof *k) : NULL;

    if (k && !take_key(k, key, key_len)) {
        keyed_digest_free(k);
        k = NULL;
    }
    return k;
}

int keyed_digest_begin(struct keyed_digest *k)
{
    k->text = k->inner;
    return 0;
}

int keyed_digest_add(struct keyed_digest *k, const void *bytes, size_t len)
{
    return SHA256_Update(&k->text, bytes, len) == 1 ? 0 : -ENOMEM;
}

int keyed_digest_end(struct keyed_digest *k, unsigned char out_mac[SHA256_BYTES])
{
    SHA256_CTX outer = k->outer;

    return SHA256_Final(out_mac, &k->text) == 1 &&
                   SHA256_Update(&outer, out_mac, SHA256_BYTES) == 1 &&
                   SHA256_Final(out_mac, &outer) == 1
               ? 0
               : -ENOMEM;
}

#define LAST_BLOCK_MAX (SHA256_CBLOCK - 9) /* bytes that leave room for a mark and the length */

/* The hash of one block of key and a text that ends in the next. */
static void end_in_block(const SHA256_CTX *after_key, const void *bytes, size_t len,
                         unsigned char out[SHA256_BYTES])
{
    unsigned char block[SHA256_CBLOCK] = { 0 };
    const uint64_t bits = htobe64((uint64_t)(SHA256_CBLOCK + len) * 8);
    SHA256_CTX c = *after_key;

    memcpy(block, bytes, len);
    block[len] = 0x80;
    memcpy(block + sizeof block - sizeof bits, &bits, sizeof bits);
    SHA256_Transform(&c, block);
    for (size_t i = 0; i < SHA256_BYTES / sizeof c.h[0]; i++) {
        const uint32_t word = htobe32(c.h[i]);

        memcpy(out + i * sizeof word, &word, sizeof word);
    }
}

int keyed_digest_of(struct keyed_digest *k, const void *bytes, size_t len,
                    unsigned char out_mac[SHA256_BYTES])
{
    if (len > 0 && len <= LAST_BLOCK_MAX) { /* a few words: nearly every text there is */
        end_in_block(&k->inner, bytes, len, out_mac);
        end_in_block(&k->outer, out_mac, SHA256_BYTES, out_mac);
        return 0;
    }
    int r = keyed_digest_begin(k);

    if (r == 0)
        r = keyed_digest_add(k, bytes, len);
    return r == 0 ? keyed_digest_end(k, out_mac) : r;
}

int hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                unsigned char out_mac[SHA256_BYTES])
{
    struct keyed_digest k;
    int r = take_key(&k, key, key_len) ? keyed_digest_of(&k, bytes, len, out_mac) : -ENOMEM;

    OPENSSL_cleanse(&k, sizeof k);
    return r;
}

void keyed_digest_free(struct keyed_digest *k)
{
    if (k)
        OPENSSL_cleanse(k, sizeof *k);
    free(k);
}

bool bytes_same(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

char *base64_encode(const void *bytes, size_t len)
{
    char *out = malloc(4 * ((len + 2) / 3) + 1);

    if (out)
        EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
    return out;
}

unsigned char *base64_decode(const char *text, size_t len, size_t *out_len)
{
    if (len % 4 != 0)
        return NULL;
    unsigned char *out = malloc(len / 4 * 3 + 1);
    int n = out ? EVP_DecodeBlock(out, (const unsigned char *)text, (int)len) : -1;

    if (n < 0) {
        free(out);
        return NULL;
    }
    if (len && text[len - 1] == '=')
        n--;
    if (len > 1 && text[len - 2] == '=')
        n--;
    *out_len = (size_t)n;
    return out;
}

int random_bytes(void *out, size_t len)
{
    return RAND_bytes(out, (int)len) == 1 ? 0 : -EIO;
}
