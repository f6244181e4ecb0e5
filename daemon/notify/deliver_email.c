#include "notify/deliver_private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "notify/mime.h"

/*
 * One mail. Where its login wants an access token that we have not, that is fetched first; one that the
 * relay refuses though it was good a minute ago (withdrawn, or of another key) is fetched again, once.
 * What it needs is copied: settings may be read again meanwhile.
 */
struct email {
    char *url, *sender, *recipient, *user, *password, *ca_file;
    char *token_url, *client_id, *client_secret_file, *scope, *token_ca_file;
    char *message;
    size_t message_len;
    bool require_tls, allow_private;
    int auth;
    bool was_kept; /* the token was not fetched for this attempt */
    struct token_fetch *fetching;
};

void email_release(struct attempt *a)
{
    struct email *e = a->email;

    if (!e)
        return;
    free(e->url);
    free(e->sender);
    free(e->recipient);
    free(e->user);
    secret_wipe(e->password);
    free(e->ca_file);
    free(e->token_url);
    free(e->client_id);
    free(e->client_secret_file);
    free(e->scope);
    free(e->token_ca_file);
    free(e->message);
    free(e);
    a->email = NULL;
}

/* ---- the transfer ---- */

static int submit(struct attempt *a);

static struct token_request request_of(const struct email *e)
{
    return (struct token_request){ .url = e->token_url,
                                   .client_id = e->client_id,
                                   .client_secret_file = e->client_secret_file,
                                   .scope = e->scope,
                                   .ca_file = e->token_ca_file,
                                   .allow_private = e->allow_private };
}

static void fail_now(struct attempt *a, int error)
{
    struct delivery_result failed = { .outcome = DELIVERY_CONNECTION_FAILED };

    (void)snprintf(failed.text, sizeof failed.text, "%s", strerror(-error));
    attempt_finish(a, &failed);
}

static void on_token(void *arg, const char *token, const struct delivery_result *result)
{
    struct attempt *a = arg;
    int r;

    a->email->fetching = NULL;
    if (!token) {
        attempt_finish(a, result);
        return;
    }
    a->email->password = strdup(token);
    r = a->email->password ? submit(a) : -ENOMEM;
    if (r < 0)
        fail_now(a, r);
}

static int fetch_token(struct attempt *a)
{
    const struct token_request q = request_of(a->email);

    return token_fetch(a->deliverer, &q, on_token, a, &a->email->fetching);
}

static void on_email(void *arg, const struct http_result *r)
{
    struct attempt *a = arg;
    struct email *e = a->email;
    struct delivery_result result = email_judge(r);

    if (result.outcome == DELIVERY_LOGIN_REFUSED && e->auth == MAIL_LOGIN_XOAUTH2) {
        const struct token_request q = request_of(e);

        token_forget(a->deliverer, &q);
        secret_wipe(e->password);
        e->password = NULL;
        if (e->was_kept) {
            e->was_kept = false;
            int error = fetch_token(a);

            if (error < 0)
                fail_now(a, error);
            return;
        }
    }
    attempt_finish(a, &result);
}

static int submit(struct attempt *a)
{
    const struct email *e = a->email;
    const struct smtp_send mail = {
        .url = e->url,
        .from = e->sender,
        .to = e->recipient,
        .message = e->message,
        .message_len = e->message_len,
        .require_tls = e->require_tls,
        .auth = (enum smtp_auth)e->auth,
        .user = e->user,
        .password = e->password,
        .ca_file = e->ca_file,
    };

    return smtp_send(a->deliverer->http, &mail, on_email, a);
}

void email_cancel(struct attempt *a)
{
    http_cancel(a->deliverer->http, on_email, a);
    if (a->email)
        token_cancel(a->email->fetching);
}

/* ---- what it needs ---- */

/* The sender when the settings name none: the one that stands in the frozen mail. */
static char *sender_of(const struct delivery *delivery)
{
    static const char start[] = "From: ";
    const char *open, *close;

    if (delivery->eml_len < sizeof start || memcmp(delivery->eml, start, sizeof start - 1) != 0)
        return strdup("");
    open = memchr(delivery->eml, '<', delivery->eml_len);
    close = open ? memchr(open, '>', delivery->eml_len - (size_t)(open - delivery->eml)) : NULL;
    return close ? strndup(open + 1, (size_t)(close - open - 1)) : strdup("");
}

/* "tls: implicit" over an smtp:// address means smtps://. */
static char *relay_url(const struct receiver_setting *receiver)
{
    AUTO(text_release) struct text url = TEXT_INIT;

    if (receiver->tls == SMTP_TLS_IMPLICIT && strncmp(receiver->smtp, "smtp://", 7) == 0)
        (void)text_printf(&url, "smtps://%s", receiver->smtp + 7);
    else
        (void)text_puts(&url, receiver->smtp);
    return text_take(&url);
}

/* False without memory. */
static bool copy_text(const char *from, char **to)
{
    *to = from ? strdup(from) : NULL;
    return !from || *to;
}

static int copy_all(struct email *e, const struct receiver_setting *r,
                    const struct delivery *delivery)
{
    e->url = relay_url(r);
    e->sender = r->from ? strdup(r->from) : sender_of(delivery);
    e->message = malloc(delivery->eml_len + 1);
    bool ok = e->url && e->sender && e->message && copy_text(delivery->recipient, &e->recipient) &&
              copy_text(r->user, &e->user) && copy_text(r->ca_file, &e->ca_file) &&
              copy_text(r->token_url, &e->token_url) && copy_text(r->client_id, &e->client_id) &&
              copy_text(r->client_secret_file, &e->client_secret_file) &&
              copy_text(r->scope, &e->scope) && copy_text(r->token_ca_file, &e->token_ca_file);

    if (!ok)
        return -ENOMEM;
    memcpy(e->message, delivery->eml, delivery->eml_len);
    e->message_len = delivery->eml_len;
    e->require_tls = r->tls != SMTP_TLS_OFF;
    e->allow_private = r->allow_private;
    e->auth = r->auth;
    return 0;
}

static int read_password(const char *path, char **out)
{
    int r = secret_file_read(path, out);

    if (r == 0)
        (*out)[strcspn(*out, "\r\n")] = '\0';
    return r;
}

int email_try(struct attempt *a, const struct receiver_setting *receiver,
              const struct delivery *delivery)
{
    int r = 0;

    if (!delivery->eml || !receiver->smtp || !delivery->recipient)
        return -EINVAL;
    a->email = calloc(1, sizeof *a->email);
    r = a->email ? copy_all(a->email, receiver, delivery) : -ENOMEM;
    if (r < 0)
        return r;
    struct email *e = a->email;

    if (!mime_address_ok(e->recipient) || !mime_address_ok(e->sender))
        return attempt_finish_later(a, DELIVERY_REFUSED_FOR_GOOD,
                                    "the address is not a plain mail address");
    if (!receiver_may_write_to(receiver, e->recipient))
        return attempt_finish_later(a, DELIVERY_REFUSED_FOR_GOOD,
                                    "the address is outside the domains that it may write to");
    if (e->auth == MAIL_LOGIN_XOAUTH2) {
        const struct token_request q = request_of(e);
        const char *token = token_kept(a->deliverer, &q);

        e->was_kept = token != NULL;
        if (!token) {
            r = fetch_token(a);
            return r == 0 || r == -ENOMEM
                       ? r
                       : attempt_fail_later(a, "no access token can be asked for", r);
        }
        e->password = strdup(token);
        return e->password ? submit(a) : -ENOMEM;
    }
    if (receiver->password_file) {
        r = read_password(receiver->password_file, &e->password);
        if (r < 0)
            return attempt_fail_later(a, "the password file cannot be read", r);
    }
    return submit(a);
}
