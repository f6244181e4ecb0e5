/*
 * deliver_private - what the files of the deliver module share; nobody else includes it
 */
#ifndef NOTIFY_DELIVER_PRIVATE_H
#define NOTIFY_DELIVER_PRIVATE_H

#include "base/secret.h"
#include "base/text.h"
#include "notify/deliver.h"

struct email;
struct token;

struct deliverer {
    struct http *http;
    struct attempt *attempts;
    struct token *tokens; /* access tokens that are still good */
    bool is_mute;
};

/* One attempt. Ends through attempt_finish(), which is never called from inside deliver_try(). */
struct attempt {
    struct attempt *next;
    struct deliverer *deliverer;
    struct event *later; /* when the outcome is known at once */
    struct email *email; /* of a mail */
    struct delivery_result result;
    delivery_done *done;
    void *arg;
};

/** Tells the outcome, and frees the attempt. */
void attempt_finish(struct attempt *a, const struct delivery_result *result);
/** The outcome is known now; it is told from the loop. Returns 0 or -ENOMEM. */
int attempt_finish_later(struct attempt *a, enum delivery_outcome outcome, const char *text);
/** A connection failure, because of what could not be done (error: -errno). Returns likewise. */
int attempt_fail_later(struct attempt *a, const char *what, int error);

/* ---- deliver_post.c ---- */
int webhook_try(struct attempt *a, const struct receiver_setting *receiver,
                const struct delivery *delivery);
int teams_try(struct attempt *a, const struct receiver_setting *receiver,
              const struct delivery *delivery);
int alertmanager_try(struct attempt *a, const struct receiver_setting *receiver,
                     const struct delivery *delivery);
/** What is under way for it ends without a callback. */
void post_cancel(struct attempt *a);

/* ---- deliver_email.c ---- */
int email_try(struct attempt *a, const struct receiver_setting *receiver,
              const struct delivery *delivery);
/** What is under way for it ends without a callback. */
void email_cancel(struct attempt *a);
void email_release(struct attempt *a);

/* ---- deliver_token.c: access tokens of OAuth 2.0, client credentials (RFC 6749 section 4.4) ---- */
/** What a token is asked with. Strings are the caller's. */
struct token_request {
    const char *url, *client_id, *client_secret_file, *scope,
        *ca_file; /* scope, ca_file: or NULL */
    bool allow_private;
};
/** One that was fetched before and is good for a minute more, or NULL. Borrowed until the next call. */
const char *token_kept(struct deliverer *d, const struct token_request *q);
/** It was refused: not to be used again. */
void token_forget(struct deliverer *d, const struct token_request *q);
void tokens_release(struct deliverer *d);

/** A token, or why there is none (result; the token is then NULL). */
typedef void token_done(void *arg, const char *token, const struct delivery_result *result);
struct token_fetch;
/** Asks for one, and keeps it for as long as it is good. Returns 0 (the callback will come) or -errno;
 * *out_fetch is to be cancelled unless the callback came. */
int token_fetch(struct deliverer *d, const struct token_request *q, token_done *done, void *arg,
                struct token_fetch **out_fetch);
void token_cancel(struct token_fetch *f);

/** Writes <folder>/<id>.json, then .eml, each whole and durable. Returns 0 or -errno. */
int spool_write(const char *folder, const struct delivery *delivery);

/**
 * The value of webhook-signature: one "v1,..." a secret, separated by a blank. secrets: the file's
 * text, a whsec_ secret a line. Returns 0; -EINVAL for a file that holds no proper secret.
 */
int webhook_sign(const char *secrets, const char *id, const char *timestamp, const void *body,
                 size_t body_len, struct text *out_signature);
/** The outcome of a POST. */
struct delivery_result webhook_judge(const struct http_result *r);
/** The outcome of an SMTP submission. */
struct delivery_result email_judge(const struct http_result *r);

#endif
