#include "feed/push_auth.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/digest.h"
#include "base/secret.h"
#include "base/text.h"

#define SIGNATURES_MAX 8   /* presented in one request */
#define ID_MAX         256 /* characters of webhook-id */
#define SIGNATURE_MAX  1024

struct push_auth {
    bool is_signed; /* else a token, and that was right */
    struct keyed_digest *macs[SECRETS_MAX];
    size_t mac_count;
    int error; /* of an addition */
    unsigned char presented[SIGNATURES_MAX][SHA256_BYTES];
    size_t presented_count;
};

static void wiped(char **secret)
{
    secret_wipe(*secret);
}

static int refuse(const char **out_why, const char *why)
{
    *out_why = why;
    return -EACCES;
}

/* ---- a token ---- */

/* Digests are compared, so that neither the length nor the first difference shows. */
static int check_token(const char *file, const char *authorization, const char **out_why)
{
    static const char scheme[] = "Bearer ";
    AUTO(wiped) char *tokens = NULL;
    char given[SHA256_TEXT_MAX], known[SHA256_TEXT_MAX];
    const char *at, *word;
    size_t len;
    bool is_right = false;

    if (strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
        return refuse(out_why, "the authorization is no bearer token");
    authorization += sizeof scheme - 1;
    int r = secret_file_read(file, &tokens);

    if (r == 0)
        r = sha256_hex(authorization, strlen(authorization), given);
    for (at = tokens; r == 0 && secret_next(&at, &word, &len);) {
        r = sha256_hex(word, len, known);
        is_right |= r == 0 && bytes_same(given, known, SHA256_TEXT_MAX);
    }
    if (r < 0)
        return r;
    return is_right ? 0 : refuse(out_why, "the token is none of this feed");
}

/* ---- a signature ---- */

static int check_timestamp(const char *timestamp, struct wall_time now, const char **out_why)
{
    size_t digits = strspn(timestamp, "0123456789");

    if (digits == 0 || digits > 12 || timestamp[digits])
        return refuse(out_why, "webhook-timestamp is not in seconds");
    int64_t apart = strtoll(timestamp, NULL, 10) - now.ms / 1000;

    if (apart > PUSH_TOLERANCE_S)
        return refuse(out_why, "webhook-timestamp lies ahead");
    if (apart < -PUSH_TOLERANCE_S)
        return refuse(out_why, "webhook-timestamp is too old");
    return 0;
}

/* "v1,base64 v1,base64"; other versions are passed over. */
static void read_signatures(struct push_auth *a, const char *header)
{
    const char *at = header, *word;
    size_t len;

    while (a->presented_count < SIGNATURES_MAX && secret_next(&at, &word, &len)) {
        size_t raw_len = 0;

        if (len < 3 || memcmp(word, "v1,", 3) != 0)
            continue;
        unsigned char *raw = base64_decode(word + 3, len - 3, &raw_len);

        if (raw && raw_len == SHA256_BYTES)
            memcpy(a->presented[a->presented_count++], raw, SHA256_BYTES);
        free(raw);
    }
}

static int begin_macs(struct push_auth *a, const char *file, const char *id, const char *timestamp)
{
    AUTO(wiped) char *secrets = NULL;
    const char *at, *word;
    size_t len;
    int r = secret_file_read(file, &secrets);

    for (at = secrets; r == 0 && a->mac_count < SECRETS_MAX && secret_next(&at, &word, &len);) {
        unsigned char *key = NULL;
        size_t key_len = 0;

        r = secret_key(word, len, &key, &key_len);
        struct keyed_digest *m = r == 0 ? keyed_digest_new(key, key_len) : NULL;

        if (key)
            explicit_bzero(key, key_len);
        free(key);
        if (r == 0 && !m)
            r = -ENOMEM;
        if (r < 0)
            return r;
        a->macs[a->mac_count++] = m;
        r = keyed_digest_begin(m);
    }
    push_auth_add(a, id, strlen(id));
    push_auth_add(a, ".", 1);
    push_auth_add(a, timestamp, strlen(timestamp));
    push_auth_add(a, ".", 1);
    return r;
}

static int begin_signature(struct push_auth *a, const char *file, const struct http_head *head,
                           struct wall_time now, const char **out_why)
{
    const char *id = http_head_field(head, "webhook-id");
    const char *timestamp = http_head_field(head, "webhook-timestamp");
    const char *signature = http_head_field(head, "webhook-signature");

    if (http_head_count(head, "webhook-id") != 1 ||
        http_head_count(head, "webhook-timestamp") != 1 ||
        http_head_count(head, "webhook-signature") != 1)
        return refuse(out_why,
                      "one webhook-id, webhook-timestamp and webhook-signature are needed");
    if (!id[0] || strlen(id) > ID_MAX || strlen(signature) > SIGNATURE_MAX)
        return refuse(out_why, "webhook-id or webhook-signature is empty or too long");
    int r = check_timestamp(timestamp, now, out_why);

    if (r < 0)
        return r;
    a->is_signed = true;
    read_signatures(a, signature);
    return begin_macs(a, file, id, timestamp);
}

/* ---- the whole ---- */

static int begin(struct push_auth *a, const char *token_file, const char *secret_file,
                 const struct http_head *head, struct wall_time now, const char **out_why)
{
    const char *authorization = http_head_field(head, "Authorization");

    if (token_file && authorization) {
        if (http_head_count(head, "Authorization") > 1)
            return refuse(out_why, "several authorizations");
        return check_token(token_file, authorization, out_why);
    }
    if (secret_file && http_head_field(head, "webhook-signature"))
        return begin_signature(a, secret_file, head, now, out_why);
    return refuse(out_why, "neither a token nor a signature that this feed knows");
}

int push_auth_new(const char *token_file, const char *secret_file, const struct http_head *head,
                  struct wall_time now, struct push_auth **out_auth, const char **out_why)
{
    struct push_auth *a = calloc(1, sizeof *a);
    int r = a ? begin(a, token_file, secret_file, head, now, out_why) : -ENOMEM;

    if (r < 0) {
        push_auth_free(a);
        return r;
    }
    *out_auth = a;
    return 0;
}

void push_auth_add(struct push_auth *a, const void *bytes, size_t len)
{
    for (size_t i = 0; i < a->mac_count; i++)
        if (a->error == 0)
            a->error = keyed_digest_add(a->macs[i], bytes, len);
}

int push_auth_end(struct push_auth *a, const char **out_why)
{
    bool is_right = false;

    if (!a->is_signed)
        return 0;
    for (size_t i = 0; i < a->mac_count; i++) {
        unsigned char mac[SHA256_BYTES];
        int r = a->error ? a->error : keyed_digest_end(a->macs[i], mac);

        if (r < 0)
            return r;
        for (size_t k = 0; k < a->presented_count; k++)
            is_right |= bytes_same(mac, a->presented[k], SHA256_BYTES);
    }
    return is_right ? 0 : refuse(out_why, "the signature is none of this feed");
}

void push_auth_free(struct push_auth *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->mac_count; i++)
        keyed_digest_free(a->macs[i]);
    free(a);
}
