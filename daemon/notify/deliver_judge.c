#include "notify/deliver_private.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/auto.h"
#include "base/digest.h"

/* ---- signing ----------------------------------------------------------------------------- */

/* Signs with one line of the file. */
static int sign_with(const char *line, size_t len, const struct text *signed_bytes,
                     struct text *out)
{
    unsigned char mac[SHA256_BYTES], *key = NULL;
    size_t key_len = 0;
    int r = secret_key(line, len, &key, &key_len);

    if (r < 0)
        return r;
    r = hmac_sha256(key, key_len, signed_bytes->buf, signed_bytes->len, mac);
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
    const char *at = secrets, *line;
    size_t count = 0, len;
    int r = text_printf(&bytes, "%s.%s.", id, timestamp);

    if (r == 0)
        r = text_add(&bytes, body, body_len);
    for (; r == 0 && count < SECRETS_MAX && secret_next(&at, &line, &len); count++)
        r = sign_with(line, len, &bytes, out_signature);
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
        out.outcome = r->code < 200 || r->code >= 300 ? DELIVERY_REFUSED
                      : r->sent_all                   ? DELIVERED
                                                      : DELIVERY_UNKNOWN;
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
    } else if (r->curl_code == CURLE_LOGIN_DENIED) {
        out.code = 0;
        out.outcome = DELIVERY_LOGIN_REFUSED;
        /* An access token is refused by one question more (334), which curl does not answer. */
        (void)snprintf(out.text, sizeof out.text, "%s",
                       r->code / 100 == 3 ? "the relay refused the login"
                                          : "the relay offers no login of this kind");
    } else {
        out.code = 0; /* the last code belongs to an earlier command */
        judge_silence(r, &out);
    }
    return out;
}
