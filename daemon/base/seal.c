#include "base/seal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/digest.h"
#include "base/text.h"

#define NONCE_BYTES 12
#define TAG_BYTES   16
#define SEAL_MAX    ((size_t)1 << 30)

/* One key to encrypt with, one to make nonces with. */
struct derived {
    unsigned char key[SHA256_BYTES], nonce_key[SHA256_BYTES];
};

static int derive(const void *key, const char *label, struct derived *out)
{
    struct text words = TEXT_INIT;
    int r;

    (void)text_printf(&words, "seal|%s", label);
    r = text_ok(&words) ? hmac_sha256(key, SEAL_KEY_BYTES, text_str(&words), words.len, out->key)
                        : -ENOMEM;
    (void)text_puts(&words, "|nonce");
    if (r == 0)
        r = text_ok(&words)
                ? hmac_sha256(key, SEAL_KEY_BYTES, text_str(&words), words.len, out->nonce_key)
                : -ENOMEM;
    text_release(&words);
    return r;
}

/* sealed: nonce, text, tag. */
static int encrypt(const struct derived *d, const void *bytes, size_t len, unsigned char *sealed)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n = 0;
    bool ok =
        c && EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, d->key, sealed) == 1 &&
        EVP_EncryptUpdate(c, sealed + NONCE_BYTES, &n, bytes, (int)len) == 1 &&
        EVP_EncryptFinal_ex(c, sealed + NONCE_BYTES + len, &n) == 1 &&
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, sealed + NONCE_BYTES + len) == 1;

    EVP_CIPHER_CTX_free(c);
    return ok ? 0 : -ENOMEM;
}

static int decrypt(const struct derived *d, const unsigned char *sealed, size_t len,
                   unsigned char *bytes)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    unsigned char tag[TAG_BYTES];
    int n = 0;

    memcpy(tag, sealed + NONCE_BYTES + len, sizeof tag);
    bool ready = c && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, d->key, sealed) == 1 &&
                 EVP_DecryptUpdate(c, bytes, &n, sealed + NONCE_BYTES, (int)len) == 1 &&
                 EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1;
    bool ok = ready && EVP_DecryptFinal_ex(c, bytes + len, &n) == 1;

    EVP_CIPHER_CTX_free(c);
    return !ready ? -ENOMEM : ok ? 0 : -EBADMSG;
}

int seal_bytes(const void *key, const char *label, const void *bytes, size_t len,
               unsigned char **out, size_t *out_len)
{
    struct derived d;
    unsigned char mac[SHA256_BYTES];
    unsigned char *sealed = len <= SEAL_MAX ? malloc(NONCE_BYTES + len + TAG_BYTES) : NULL;
    int r = len > SEAL_MAX ? -EFBIG : sealed ? derive(key, label, &d) : -ENOMEM;

    if (r == 0)
        r = hmac_sha256(d.nonce_key, sizeof d.nonce_key, bytes, len, mac);
    if (r == 0) {
        memcpy(sealed, mac, NONCE_BYTES);
        r = encrypt(&d, bytes, len, sealed);
    }
    OPENSSL_cleanse(&d, sizeof d);
    if (r < 0) {
        free(sealed);
        return r;
    }
    *out = sealed;
    *out_len = NONCE_BYTES + len + TAG_BYTES;
    return 0;
}

int seal_open(const void *key, const char *label, const void *sealed, size_t len,
              unsigned char **out, size_t *out_len)
{
    struct derived d;

    if (len < NONCE_BYTES + TAG_BYTES || len > NONCE_BYTES + SEAL_MAX + TAG_BYTES)
        return -EBADMSG;
    len -= NONCE_BYTES + TAG_BYTES;
    unsigned char *bytes = malloc(len + 1);
    int r = bytes ? derive(key, label, &d) : -ENOMEM;

    if (r == 0)
        r = decrypt(&d, sealed, len, bytes);
    OPENSSL_cleanse(&d, sizeof d);
    if (r < 0) {
        free(bytes);
        return r;
    }
    *out = bytes;
    *out_len = len;
    return 0;
}
