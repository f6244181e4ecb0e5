/*
 * deliver_once - one delivery by hand, for the live tests
 *
 *     deliver_once kind=webhook url=... secret=FILE json=FILE [private=1]
 *     deliver_once kind=email smtp=... to=... eml=FILE [from=...] [tls=off|required|implicit]
 * [ca=FILE] [user= password=FILE] [domain=] [auth=3 token_url= client_id= client_secret=FILE scope= token_ca=] deliver_once kind=spool dir=... json=FILE eml=FILE deliver_once
 * kind=post url=... json=FILE timeout_ms=N     the HTTP client alone, with a short deadline
 *     deliver_once kind=mail smtp=... to=... eml=FILE timeout_ms=N
 *
 * Prints "outcome=... code=... retry_after=... stall_ms=... text=..." for each of repeat= attempts.
 * stall_ms is the longest time that the loop did not come round. free_after_ms= frees everything
 * while the attempts are under way; then nothing is printed for them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "notify/deliver_private.h"

#define TICK_MS 10

struct run {
    struct event_base *base;
    struct clock clock;
    struct mono_time last_tick;
    long long stall_ms, left;
    bool inside_try; /* a callback now would break the promise */
};

static int argument_count;
static char **arguments;

static char *option(const char *name)
{
    size_t n = strlen(name);

    for (int i = 1; i < argument_count; i++)
        if (strncmp(arguments[i], name, n) == 0 && arguments[i][n] == '=')
            return arguments[i] + n + 1;
    return NULL;
}

static long number(const char *name, long otherwise)
{
    return option(name) ? strtol(option(name), NULL, 10) : otherwise;
}

static char *file(const char *name, size_t *out_len)
{
    FILE *f = option(name) ? fopen(option(name), "rb") : NULL;
    char *bytes = calloc(1, 16u << 20);

    *out_len = 0;
    if (!f || !bytes) {
        free(bytes);
        if (f)
            (void)fclose(f);
        return NULL;
    }
    *out_len = fread(bytes, 1, (16u << 20) - 1, f);
    (void)fclose(f);
    return bytes;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct run *run = arg;
    struct mono_time now = clock_mono(&run->clock);

    (void)fd;
    (void)what;
    if (now.ms - run->last_tick.ms - TICK_MS > run->stall_ms)
        run->stall_ms = now.ms - run->last_tick.ms - TICK_MS;
    run->last_tick = now;
}

static void told(void *arg, const struct delivery_result *r)
{
    struct run *run = arg;

    if (run->inside_try)
        abort();
    on_tick(-1, 0, run);
    printf("outcome=%s code=%ld retry_after=%ld stall_ms=%lld text=%s\n",
           delivery_outcome_name(r->outcome), r->code, r->retry_after_s, run->stall_ms, r->text);
    (void)fflush(stdout);
    if (--run->left == 0)
        (void)event_base_loopbreak(run->base);
}

static void posted(void *arg, const struct http_result *r)
{
    struct delivery_result result = webhook_judge(r);

    told(arg, &result);
}

static void mailed(void *arg, const struct http_result *r)
{
    struct delivery_result result = email_judge(r);

    told(arg, &result);
}

static void on_free(evutil_socket_t fd, short what, void *arg)
{
    struct run *run = arg;

    (void)fd;
    (void)what;
    (void)event_base_loopbreak(run->base);
}

int main(int argc, char **argv)
{
    struct run run = { .base = event_base_new(), .clock = CLOCK_REAL };
    struct event *tick, *freeing;
    const struct timeval every = { 0, TICK_MS * 1000 };
    struct receiver_setting receiver = { .id = (char *)(uintptr_t) "it" };
    struct delivery delivery = { 0 };
    struct deliverer *deliverer;
    struct http *http;
    char *eml, *json;
    const char *kind, *tls;
    char *domain[1], *except[1];
    long rounds;
    int r = 0;

    argument_count = argc;
    arguments = argv;
    kind = option("kind") ? option("kind") : "";
    tls = option("tls") ? option("tls") : "required";
    eml = file("eml", &delivery.eml_len);
    json = file("json", &delivery.json_len);
    receiver.dir = option("dir");
    receiver.url = option("url");
    receiver.secret_file = option("secret");
    receiver.allow_private = number("private", 0) != 0;
    receiver.smtp = option("smtp");
    receiver.from = option("from");
    receiver.user = option("user");
    receiver.password_file = option("password");
    receiver.ca_file = option("ca");
    receiver.token_url = option("token_url");
    receiver.client_id = option("client_id");
    receiver.client_secret_file = option("client_secret");
    receiver.scope = option("scope");
    receiver.token_ca_file = option("token_ca");
    receiver.auth = (int)number("auth", MAIL_LOGIN_PASSWORD); /* enum mail_login */
    if (option("domain")) {
        domain[0] = option("domain");
        receiver.domains = (struct text_list){ domain, 1 };
    }
    receiver.tls = strcmp(tls, "off") == 0        ? SMTP_TLS_OFF
                   : strcmp(tls, "implicit") == 0 ? SMTP_TLS_IMPLICIT
                                                  : SMTP_TLS_REQUIRED;
    receiver.kind = strcmp(kind, "spool") == 0   ? RECEIVER_SPOOL
                    : strcmp(kind, "email") == 0 ? RECEIVER_EMAIL
                                                 : RECEIVER_WEBHOOK;
    delivery.delivery_id = option("id") ? option("id") : "00112233445566778899aabbccddeeff";
    delivery.recipient = option("to") ? option("to") : "";
    delivery.eml = eml;
    delivery.json = json;

    http = http_new(run.base);
    deliverer = deliverer_new(http, &run.clock);
    if (option("proxy")) {
        except[0] = option("no_proxy");
        if (http_use_proxy(http, option("proxy"), except, except[0] ? 1 : 0) < 0)
            abort();
    }
    tick = event_new(run.base, -1, EV_PERSIST, on_tick, &run);
    freeing = evtimer_new(run.base, on_free, &run);
    (void)event_add(tick, &every);
    /* turns=1: each attempt after the end of the one before. */
    rounds = number("turns", 0) ? number("repeat", 1) : 1;
    run.last_tick = clock_mono(&run.clock);
next_round:
    run.left = number("turns", 0) ? 1 : number("repeat", 1);
    for (long i = run.left; i > 0 && r == 0; i--) {
        const struct http_post post = { .url = receiver.url,
                                        .body = json,
                                        .body_len = delivery.json_len,
                                        .allow_private = receiver.allow_private,
                                        .ca_file = receiver.ca_file,
                                        .timeout_ms = number("timeout_ms", 0),
                                        .connect_timeout_ms = number("connect_timeout_ms", 0) };
        const struct smtp_send mail = { .url = receiver.smtp,
                                        .from = receiver.from,
                                        .to = delivery.recipient,
                                        .message = eml,
                                        .message_len = delivery.eml_len,
                                        .require_tls = receiver.tls != SMTP_TLS_OFF,
                                        .timeout_ms = number("timeout_ms", 0) };

        run.inside_try = true;
        if (strcmp(kind, "post") == 0)
            r = http_post(http, &post, posted, &run);
        else if (strcmp(kind, "mail") == 0)
            r = smtp_send(http, &mail, mailed, &run);
        else
            r = deliver_try(deliverer, &receiver, &delivery, told, &run);
        run.inside_try = false;
    }
    if (r < 0)
        printf("refused=%s\n", strerror(-r));
    if (number("free_after_ms", -1) >= 0) {
        const struct timeval after = { number("free_after_ms", 0) / 1000,
                                       number("free_after_ms", 0) % 1000 * 1000 };

        (void)event_add(freeing, &after);
    }
    if (r == 0)
        (void)event_base_dispatch(run.base);
    if (r == 0 && --rounds > 0)
        goto next_round;
    printf("busy=%zu\n", http_busy(http));
    deliverer_free(deliverer);
    http_free(http);
    event_free(tick);
    event_free(freeing);
    event_base_free(run.base);
    libevent_global_shutdown();
    free(eml);
    free(json);
    return 0;
}
