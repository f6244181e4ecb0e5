/*
 * http - what a webhook's server answers, through our own HTTP client: exactly one callback, an
 * outcome that the answer's own status line supports, a wait of at most an hour, and in other
 * portions the same where it has a whole head
 *
 * Input: a byte for the size of the portions, then what the server answers once it has the request.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz/support/exchange.h"
#include "fuzz/support/fuzz.h"
#include "notify/deliver_private.h"

#define BODY "{\"type\":\"uk.waitlistd.alerts.v1\"}"

static struct text answer;

static void on_heard(struct tcp_server *s)
{
    if (s->is_closing || !strstr(text_str(&s->heard), BODY))
        return;
    tcp_say(s, text_str(&answer), answer.len);
    tcp_close(s);
}

static struct http_result post(size_t portion)
{
    static const char *const headers[] = { "Content-Type: application/json", NULL };
    struct http *http = exchange_begin(portion, NULL, on_heard);
    char url[64];
    const struct http_post what = { .url = url,
                                    .headers = headers,
                                    .body = BODY,
                                    .body_len = strlen(BODY),
                                    .allow_private = true };

    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/x", exchange_server.port);
    return exchange_end(http_post(http, &what, exchange_done, NULL));
}

/* Whether a final status line of this code stands in the answer, "HTTP/1.1 204": curl reads blanks
 * and versions freely, so only the digits are looked for. */
static bool answer_holds(long code)
{
    char digits[24];

    (void)snprintf(digits, sizeof digits, "%ld", code);
    for (size_t i = 0; i + strlen(digits) <= answer.len; i++)
        if (memcmp(answer.buf + i, digits, strlen(digits)) == 0)
            return true;
    return false;
}

static void check(const struct http_result *r)
{
    struct delivery_result d = webhook_judge(r);

    FUZZ_CHECK(r->connected, "no connection: %s", r->error);
    FUZZ_CHECK(r->code == 0 || (r->code >= 200 && answer_holds(r->code)), "a status of %ld",
               r->code);
    FUZZ_CHECK(r->retry_after_s >= 0 && r->retry_after_s <= 3600, "a wait of %ld s",
               r->retry_after_s);
    FUZZ_CHECK(d.text[0], "an outcome without words");
    FUZZ_CHECK((d.outcome == DELIVERED) == (r->code >= 200 && r->code < 300), "status %ld is %s",
               r->code, delivery_outcome_name(d.outcome));
    /* The server had the whole request: without an answer it may have taken it. */
    FUZZ_CHECK(r->code != 0 || d.outcome == DELIVERY_UNKNOWN, "no answer is %s",
               delivery_outcome_name(d.outcome));
    FUZZ_CHECK(d.retry_after_s == 0 || d.outcome == DELIVERY_CONNECTION_FAILED,
               "%s asks for a wait", delivery_outcome_name(d.outcome));
}

static bool is_whole_head(void)
{
    return !memchr(text_str(&answer), '\0', answer.len) &&
           (strstr(text_str(&answer), "\n\r\n") || strstr(text_str(&answer), "\n\n"));
}

void fuzz_one(const char *bytes, size_t len)
{
    size_t portion = fuzz_byte(&bytes, &len) + 1u;

    answer = (struct text)TEXT_INIT;
    FUZZ_CHECK(text_add(&answer, bytes, len) == 0, "no memory");
    struct http_result whole = post(len ? len : 1);

    check(&whole);
    struct http_result parts = post(portion);

    check(&parts);
    /* How far curl gets in a head with a NUL, or without an end, depends on its reads. */
    FUZZ_CHECK(!is_whole_head() ||
                   (whole.code == parts.code && whole.retry_after_s == parts.retry_after_s),
               "status %ld and a wait of %ld s; in portions of %zu %ld and %ld s", whole.code,
               whole.retry_after_s, portion, parts.code, parts.retry_after_s);
    text_release(&answer);
}
