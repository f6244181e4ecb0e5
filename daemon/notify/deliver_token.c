#include "notify/deliver_private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "notify/token_form.h"

/*
 * Tokens live in this process alone, and are wiped. Neither a token, the secret nor a byte of what the
 * endpoint said goes into a message: of a refusal its status is told.
 */

#define REPLY_MAX_BYTES HTTP_REPLY_MAX_BYTES
#define SPARE_S         60 /* a token that ends sooner is not begun with */
#define LASTS_MOST_S    86400

struct token {
    struct token *next;
    char *of; /* what it was asked with, without the secret */
    char *text;
    struct mono_time good_until;
};

struct token_fetch {
    struct deliverer *deliverer;
    char *of;
    struct text reply;
    token_done *done;
    void *arg;
};

/* ---- tokens that are kept ---- */

/* A change of the settings asks anew; the secret's file may change under its name, and is read each time. */
static char *key_of(const struct token_request *q)
{
    AUTO(text_release) struct text key = TEXT_INIT;

    (void)text_printf(&key, "%s\n%s\n%s\n%s", q->url, q->client_id, q->scope ? q->scope : "",
                      q->client_secret_file);
    return text_take(&key);
}

static void token_free(struct token *t)
{
    free(t->of);
    secret_wipe(t->text);
    free(t);
}

/* Takes those out that are over, and, where it is named, one more. */
static void drop(struct deliverer *d, const char *of)
{
    const struct clock real = CLOCK_REAL;
    int64_t now = clock_mono(&real).ms;

    for (struct token **at = &d->tokens; *at;) {
        struct token *t = *at;

        if (t->good_until.ms > now && !(of && strcmp(t->of, of) == 0)) {
            at = &t->next;
            continue;
        }
        *at = t->next;
        token_free(t);
    }
}

const char *token_kept(struct deliverer *d, const struct token_request *q)
{
    AUTO(auto_free) char *of = key_of(q);

    drop(d, NULL);
    for (const struct token *t = d->tokens; of && t; t = t->next)
        if (strcmp(t->of, of) == 0)
            return t->text;
    return NULL;
}

void token_forget(struct deliverer *d, const struct token_request *q)
{
    AUTO(auto_free) char *of = key_of(q);

    if (of)
        drop(d, of);
}

void tokens_release(struct deliverer *d)
{
    while (d->tokens) {
        struct token *t = d->tokens;

        d->tokens = t->next;
        token_free(t);
    }
}

/* Without memory it is only fetched again. */
static void keep(struct deliverer *d, const char *of, const char *text, long long lasts_s)
{
    const struct clock real = CLOCK_REAL;
    struct token *t = calloc(1, sizeof *t);

    drop(d, of);
    if (!t)
        return;
    lasts_s = lasts_s > LASTS_MOST_S ? LASTS_MOST_S : lasts_s;
    t->of = strdup(of);
    t->text = strdup(text);
    t->good_until.ms = clock_mono(&real).ms + (lasts_s - SPARE_S) * 1000LL;
    if (!t->of || !t->text || lasts_s <= SPARE_S) {
        token_free(t);
        return;
    }
    t->next = d->tokens;
    d->tokens = t;
}

/* ---- the answer ---- */

/* Where there is no token in it: false. */
static bool read_reply(struct token_fetch *f, char **out_token)
{
    long long lasts = 0;

    *out_token = token_form_read(text_str(&f->reply), f->reply.len, &lasts);
    if (*out_token)
        keep(f->deliverer, f->of, *out_token, lasts);
    return *out_token != NULL;
}

static void fetch_free(struct token_fetch *f)
{
    free(f->of);
    if (f->reply.buf)
        explicit_bzero(f->reply.buf, f->reply.len);
    text_release(&f->reply);
    free(f);
}

/* What a status other than 200 is: our name or secret is wrong, or the endpoint is not there now. */
static void judge_refusal(const struct http_result *r, struct delivery_result *out)
{
    bool is_ours = r->code == 400 || r->code == 401 || r->code == 403;

    out->outcome = is_ours ? DELIVERY_LOGIN_REFUSED : DELIVERY_CONNECTION_FAILED;
    out->retry_after_s = is_ours ? 0 : r->retry_after_s;
    if (r->code)
        (void)snprintf(out->text, sizeof out->text, "the token endpoint answered HTTP %ld",
                       r->code);
    else
        (void)snprintf(out->text, sizeof out->text, "the token endpoint: %s", r->error);
}

static void on_answer(void *arg, const struct http_result *r)
{
    struct token_fetch *f = arg;
    struct delivery_result result = { .outcome = DELIVERY_CONNECTION_FAILED };
    AUTO(secret_release) char *token = NULL;
    token_done *done = f->done;
    void *whom = f->arg;

    if (r->code != 200)
        judge_refusal(r, &result);
    else if (r->curl_code != 0 || !read_reply(f, &token))
        (void)snprintf(result.text, sizeof result.text, "the token endpoint gave no token");
    fetch_free(f);
    done(whom, token, &result);
}

static int read_part(void *arg, const void *bytes, size_t len)
{
    struct token_fetch *f = arg;

    return text_add(&f->reply, bytes, len);
}

/* ---- the question ---- */

static int ask(struct token_fetch *f, const struct token_request *q)
{
    static const char *const headers[] = { "Content-Type: application/x-www-form-urlencoded",
                                           "Accept: application/json", NULL };
    AUTO(secret_release) char *secret = NULL;
    struct text form = TEXT_INIT;
    int r = secret_file_read(q->client_secret_file, &secret);

    if (r < 0)
        return r;
    secret[strcspn(secret, "\r\n")] = '\0';
    token_form_write(&form, q->client_id, q->scope, secret);
    const struct http_post post = { .url = q->url,
                                    .headers = headers,
                                    .body = text_str(&form),
                                    .body_len = form.len,
                                    .allow_private = q->allow_private,
                                    .ca_file = q->ca_file,
                                    .write = read_part };

    r = text_ok(&form) ? http_post(f->deliverer->http, &post, on_answer, f) : -ENOMEM;
    if (form.buf)
        explicit_bzero(form.buf, form.len);
    text_release(&form);
    return r;
}

int token_fetch(struct deliverer *d, const struct token_request *q, token_done *done, void *arg,
                struct token_fetch **out_fetch)
{
    struct token_fetch *f = calloc(1, sizeof *f);
    int r;

    if (!f)
        return -ENOMEM;
    *f = (struct token_fetch){
        .deliverer = d, .of = key_of(q), .reply = TEXT_INIT, .done = done, .arg = arg
    };
    f->reply.max = REPLY_MAX_BYTES;
    r = f->of ? ask(f, q) : -ENOMEM;
    if (r < 0) {
        fetch_free(f);
        return r;
    }
    *out_fetch = f;
    return 0;
}

void token_cancel(struct token_fetch *f)
{
    if (!f)
        return;
    http_cancel(f->deliverer->http, on_answer, f);
    fetch_free(f);
}
