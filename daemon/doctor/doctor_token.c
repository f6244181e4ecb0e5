#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/secret.h"
#include "doctor/doctor_server.h"
#include "notify/token_form.h"

/* The access token that a relay is logged in to with, asked for as deliveries ask. Of what the endpoint says
 * only its status is told. */

#define REPLY_MAX_BYTES 65536

static size_t read_part(char *bytes, size_t size, size_t count, void *reply)
{
    return text_add(reply, bytes, size * count) == 0 ? size * count : 0;
}

/* A status is the endpoint's own word; without one it is the connection's. */
static void judge(CURL *easy, struct server *v, CURLcode code, const struct text *reply)
{
    long status = 0;
    long long lasts;

    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    v->cause = server_cause(easy, v, code);
    if (v->cause == CAUSE_OTHER)
        (void)snprintf(v->words, sizeof v->words, ": %s", curl_easy_strerror(code));
    if (v->cause != CAUSE_NONE)
        return;
    if (status == 200)
        v->password = token_form_read(text_str(reply), reply->len, &lasts);
    if (v->password)
        return;
    v->cause = status == 400 || status == 401 || status == 403 ? CAUSE_TOKEN : CAUSE_NO_TOKEN;
    (void)snprintf(v->words, sizeof v->words, ": HTTP %ld", status);
}

static CURLcode ask(CURL *easy, struct server *v, const struct text *form, struct text *reply)
{
    CURLcode r = server_options(easy, v, v->token_url, v->token_proxy, v->token_ca_file);

    v->is_guarded = !v->allow_private && !v->token_proxy;
    if (r == CURLE_OK)
        r = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, text_str(form));
    if (r == CURLE_OK)
        r = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, read_part);
    if (r == CURLE_OK)
        r = curl_easy_setopt(easy, CURLOPT_WRITEDATA, reply);
    return r == CURLE_OK ? curl_easy_perform(easy) : r;
}

static void wipe(struct text *t)
{
    if (t->buf)
        explicit_bzero(t->buf, t->len);
    text_release(t);
}

bool server_fetch_token(struct server *v)
{
    AUTO(secret_release) char *secret = NULL;
    struct text form = TEXT_INIT, reply = TEXT_INIT;
    CURL *easy = NULL;

    v->is_about_token = true;
    v->cause = CAUSE_OTHER;
    reply.max = REPLY_MAX_BYTES;
    if (secret_file_read(v->client_secret_file, &secret) < 0) {
        (void)snprintf(v->words, sizeof v->words, ": the client's secret cannot be read");
        return false;
    }
    secret[strcspn(secret, "\r\n")] = '\0';
    token_form_write(&form, v->client_id, v->scope, secret);
    easy = text_ok(&form) ? curl_easy_init() : NULL;
    if (easy)
        judge(easy, v, ask(easy, v, &form, &reply), &reply);
    curl_easy_cleanup(easy);
    wipe(&form);
    wipe(&reply);
    v->is_about_token = !v->password;
    return v->password != NULL;
}
