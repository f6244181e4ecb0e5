/*
 * smtp - what a mail relay answers, through our own submission: exactly one callback; delivered only
 * by a 2xx to the whole mail, given up only by a 5xx, unknown where the mail went and no answer came;
 * and in other portions the same
 *
 * The relay says its next reply (all lines up to one like "250 text") when a client comes, after each
 * command, and after the final dot; without a reply left it closes.
 * Input: a byte for the size of the portions, then the replies.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/support/exchange.h"
#include "fuzz/support/fuzz.h"
#include "notify/deliver_private.h"

#define MAIL       "Subject: x\r\n\r\nline\r\n.dot\r\n"
#define DOT        "\r\n.\r\n"
#define TIMEOUT_MS 20000 /* never reached: the relay always says something or closes */

static struct {
    const char *replies;
    size_t left;
    size_t taken;  /* bytes of what was heard that are answered */
    bool in_data;  /* the last reply was 354 to DATA */
    bool has_mail; /* the whole mail, with its final dot, came */
    long answered; /* the code of the reply to it, 0 none */
    bool has_5xx;  /* one of the replies said so */
} relay;

/* The number that a line begins with; curl reads four digits where the line is no longer. */
static long code_of(const char *line, size_t len)
{
    long code = 0;

    for (size_t i = 0; i < len && i < (len == 5 ? 4 : 3) && isdigit((unsigned char)line[i]); i++)
        code = code * 10 + (line[i] - '0');
    return code;
}

/* "250 text\n" or any line of five bytes: what curl takes as the end of a reply. */
static bool ends_reply(const char *line, size_t len)
{
    if (len < 5 || line[len - 1] != '\n' || !isdigit((unsigned char)line[0]) ||
        !isdigit((unsigned char)line[1]) || !isdigit((unsigned char)line[2]))
        return false;
    return line[3] == ' ' || len == 5;
}

/* Says the next reply; after one that has no end, and when none is left, it closes. Returns the code
 * of its last line. */
static long say_next(struct tcp_server *s)
{
    long code = 0;
    size_t n = 0;
    bool has_end = false;

    if (relay.left == 0) {
        tcp_close(s);
        return code;
    }
    while (!has_end && n < relay.left) {
        const char *line = relay.replies + n;
        const char *end = memchr(line, '\n', relay.left - n);
        size_t len = end ? (size_t)(end - line) + 1 : relay.left - n;

        /* Of a code of 0 or 1 curl knows nothing: it goes on waiting. */
        has_end = ends_reply(line, len) && code_of(line, len) > 1;
        code = code_of(line, len); /* the last line's counts */
        relay.has_5xx |= code_of(line, len) / 100 == 5;
        n += len;
    }
    tcp_say(s, relay.replies, n);
    relay.replies += n;
    relay.left -= n;
    if (!has_end)
        tcp_close(s);
    return code;
}

static void on_client(struct tcp_server *s)
{
    (void)say_next(s);
}

static void on_heard(struct tcp_server *s)
{
    while (s->is_open && relay.taken < s->heard.len) {
        const char *rest = s->heard.buf + relay.taken;
        const char *end = strstr(rest, relay.in_data ? DOT : "\r\n");

        if (!end)
            return;
        relay.taken += (size_t)(end - rest) + (relay.in_data ? strlen(DOT) : 2);
        if (relay.in_data) {
            relay.in_data = false;
            relay.has_mail = true;
            relay.answered = say_next(s);
        } else {
            bool is_data = strncmp(rest, "DATA\r\n", 6) == 0;

            relay.in_data = say_next(s) == 354 && is_data;
        }
    }
}

static void check(const struct http_result *r)
{
    struct delivery_result d = email_judge(r);

    FUZZ_CHECK(r->connected && d.text[0], "no connection: %s", r->error);
    FUZZ_CHECK(d.outcome != DELIVERED || (relay.has_mail && relay.answered / 100 == 2),
               "delivered by %ld", relay.answered);
    FUZZ_CHECK(d.outcome != DELIVERY_REFUSED_FOR_GOOD || relay.has_5xx, "given up without a 5xx");
    FUZZ_CHECK(!relay.has_mail || relay.answered || d.outcome == DELIVERY_UNKNOWN,
               "the relay has the mail and did not answer: %s (%s)",
               delivery_outcome_name(d.outcome), d.text);
    FUZZ_CHECK(d.outcome != DELIVERY_UNKNOWN || r->smtp_stage == SMTP_STAGE_CONTENT,
               "unknown before the mail was offered");
}

static struct delivery_result submit(const char *bytes, size_t len, size_t portion)
{
    char url[64];
    const struct smtp_send mail = { .url = url,
                                    .from = "monitor@example.nhs.uk",
                                    .to = "lead@example.nhs.uk",
                                    .message = MAIL,
                                    .message_len = strlen(MAIL),
                                    .timeout_ms = TIMEOUT_MS };

    memset(&relay, 0, sizeof relay);
    relay.replies = bytes;
    relay.left = len;
    struct http *http = exchange_begin(portion, on_client, on_heard);

    (void)snprintf(url, sizeof url, "smtp://127.0.0.1:%d", exchange_server.port);
    struct http_result r = exchange_end(smtp_send(http, &mail, exchange_done, NULL));

    check(&r);
    return email_judge(&r);
}

static bool is_relays_fault(const struct delivery_result *d)
{
    return d->outcome == DELIVERY_CONNECTION_FAILED || d->outcome == DELIVERY_LOGIN_REFUSED;
}

void fuzz_one(const char *bytes, size_t len)
{
    size_t portion = fuzz_byte(&bytes, &len) + 1u;

    struct delivery_result whole = submit(bytes, len, len ? len : 1);
    struct delivery_result parts = submit(bytes, len, portion);

    /* Which code a lost connection carries, the last one or none, depends on curl's reads. */
    FUZZ_CHECK((is_relays_fault(&whole) && is_relays_fault(&parts)) ||
                   (whole.outcome == parts.outcome && whole.code == parts.code),
               "%s (%s); in portions of %zu %s (%s)", delivery_outcome_name(whole.outcome),
               whole.text, portion, delivery_outcome_name(parts.outcome), parts.text);
}
