#include "notify/deliver_private.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/digest.h"

/* ---- secrets ----------------------------------------------------------------------------- */

void secret_wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

static void wiped(char **secret)
{
    secret_wipe(*secret);
}

int secret_file_read(const char *path, char **out_text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char *text = calloc(1, SECRET_FILE_MAX_BYTES + 2);
    size_t len = 0;
    int r = 0;

    if (fd < 0 || !text)
        r = fd < 0 ? -errno : -ENOMEM;
    while (r == 0 && len <= SECRET_FILE_MAX_BYTES) {
        ssize_t n = read(fd, text + len, SECRET_FILE_MAX_BYTES + 1 - len);

        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            r = -errno;
        else if (n > 0)
            len += (size_t)n;
    }
    if (r == 0 && len > SECRET_FILE_MAX_BYTES)
        r = -EFBIG;
    if (r == 0 && strlen(text) != len)
        r = -EINVAL; /* a NUL inside */
    if (fd >= 0)
        (void)close(fd);
    if (r < 0) {
        if (text)
            explicit_bzero(text, SECRET_FILE_MAX_BYTES + 2);
        free(text);
        return r;
    }
    *out_text = text;
    return 0;
}

/* Signs with one line of the file. */
static int sign_with(const char *line, size_t len, const struct text *signed_bytes,
                     struct text *out)
{
    static const char prefix[] = "whsec_";
    unsigned char mac[SHA256_BYTES];
    AUTO(wiped) char *encoded = NULL;
    unsigned char *key;
    size_t key_len = 0, digits;
    int r;

    if (len <= sizeof prefix - 1 || memcmp(line, prefix, sizeof prefix - 1) != 0)
        return -EINVAL;
    /* Some tools leave the padding out. */
    digits = len - (sizeof prefix - 1);
    encoded = calloc(1, digits + 4);
    if (!encoded)
        return -ENOMEM;
    memcpy(encoded, line + sizeof prefix - 1, digits);
    while (digits % 4 != 0 && digits % 4 != 1)
        encoded[digits++] = '=';
    key = base64_decode(encoded, digits, &key_len);
    if (!key)
        return -EINVAL;
    r = key_len < SECRET_KEY_BYTES_MIN
            ? -EINVAL
            : hmac_sha256(key, key_len, signed_bytes->buf, signed_bytes->len, mac);
    explicit_bzero(key, key_len);
    free(key);
    if (r < 0)
        return r;

    AUTO(auto_free) char *printed = base64_encode(mac, sizeof mac);

    if (!printed)
        return -ENOMEM;
    return text_printf(out, "%sv1,%s", out->len > 0 ? " " : "", printed);
}

int webhook_sign(const char *secrets, const char *id, const char *timestamp, const void *body,
                 size_t body_len, struct text *out_signature)
{
    AUTO(text_release) struct text bytes = TEXT_INIT;
    size_t count = 0;
    int r = text_printf(&bytes, "%s.%s.", id, timestamp);

    if (r == 0)
        r = text_add(&bytes, body, body_len);
    for (const char *line = secrets; r == 0 && *line && count < SECRETS_MAX;) {
        size_t len = strcspn(line, " \t\r\n");

        if (len > 0) {
            r = sign_with(line, len, &bytes, out_signature);
            count++;
        }
        line += len + (line[len] != '\0');
    }
    if (r == 0 && count == 0)
        r = -EINVAL;
    return r;
}

/* ---- outcomes ---------------------------------------------------------------------------- */

const char *delivery_outcome_name(enum delivery_outcome o)
{
    static const char *const names[] = {
        [DELIVERED] = "delivered",
        [DELIVERY_CONNECTION_FAILED] = "connection-failed",
        [DELIVERY_LOGIN_REFUSED] = "login-refused",
        [DELIVERY_REFUSED] = "refused",
        [DELIVERY_REFUSED_FOR_GOOD] = "refused-for-good",
        [DELIVERY_UNKNOWN] = "unknown",
    };

    assert((size_t)o < sizeof names / sizeof names[0]);
    return names[o];
}

/* No answer came. */
static void judge_silence(const struct http_result *r, struct delivery_result *out)
{
    out->outcome = r->sent_all ? DELIVERY_UNKNOWN : DELIVERY_CONNECTION_FAILED;
    (void)snprintf(out->text, sizeof out->text, "%s: %s",
                   r->sent_all ? "sent, and no answer came" : "no connection", r->error);
}

struct delivery_result webhook_judge(const struct http_result *r)
{
    struct delivery_result out = { .code = r->code };

    if (r->code == 0) {
        judge_silence(r, &out);
        return out;
    }
    /* The status decides, whatever became of the rest of the reply. */
    (void)snprintf(out.text, sizeof out.text, "HTTP %ld", r->code);
    switch (r->code) {
    case 410:
        out.outcome = DELIVERY_REFUSED_FOR_GOOD;
        break;
    case 429:
    case 502:
    case 503:
    case 504: /* the receiver throttles or its gateway is down: no fault of the message */
        out.outcome = DELIVERY_CONNECTION_FAILED;
        out.retry_after_s = r->retry_after_s;
        break;
    default:
        out.outcome = r->code >= 200 && r->code < 300 ? DELIVERED : DELIVERY_REFUSED;
    }
    return out;
}

static bool relay_at_fault(const struct http_result *r)
{
    return r->smtp_stage == SMTP_STAGE_SESSION || r->code == 421 || r->code == 454;
}

static bool login_refused(const struct http_result *r)
{
    return r->code == 530 || r->code == 534 || r->code == 535 || r->code == 538;
}

struct delivery_result email_judge(const struct http_result *r)
{
    struct delivery_result out = { .code = r->code };

    /* DATA was answered by 354, so a 2xx after the whole body is the answer to the final dot. */
    if (r->sent_all && r->code >= 200 && r->code < 300) {
        out.outcome = DELIVERED;
        (void)snprintf(out.text, sizeof out.text, "SMTP %ld", r->code);
    } else if (r->code >= 400 && r->code < 600) {
        out.outcome = login_refused(r)    ? DELIVERY_LOGIN_REFUSED
                      : relay_at_fault(r) ? DELIVERY_CONNECTION_FAILED
                      : r->code < 500     ? DELIVERY_REFUSED
                                          : DELIVERY_REFUSED_FOR_GOOD;
        (void)snprintf(out.text, sizeof out.text, "SMTP %ld%s", r->code,
                       r->smtp_stage == SMTP_STAGE_SESSION ? " before the message" : "");
    } else {
        out.code = 0; /* the last code belongs to an earlier command */
        judge_silence(r, &out);
    }
    return out;
}
