/*
 * http - libcurl on the libevent loop: HTTP(S) POST and GET, and SMTP submission
 *
 * HTTP runs on one multi handle. SMTP runs in a thread a mail (four at once, the others wait their
 * turn), because libcurl waits for the answer to the final dot, and to QUIT, without giving the
 * loop back; its result comes home to the loop like any other.
 *
 * Every transfer has a connect deadline and a whole deadline, follows no redirect, speaks only
 * https/http (as allowed) or smtp/smtps, reads at most 64 KiB of reply (of a GET: beside the body that
 * its caller counts), and ends in exactly one callback that is never run from inside the call that started it. Rules of RELIABILITY section 7,
 * "libcurl".
 */
#ifndef LOOP_HTTP_H
#define LOOP_HTTP_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct http;

#define HTTP_REPLY_MAX_BYTES (64u << 10)

/** How far an SMTP dialogue came: who is at fault for a reply depends on it. */
enum smtp_stage {
    SMTP_STAGE_SESSION,  /* connect, greeting, TLS, login: nothing of the message was offered */
    SMTP_STAGE_ENVELOPE, /* MAIL or RCPT was sent */
    SMTP_STAGE_CONTENT,  /* DATA was sent */
};

/** What came beside the body of a GET. Texts are "" when absent, or too long to mean something. */
struct http_reply {
    char etag[256], modified[64];
    bool
        is_whole; /* status 200, and the end of the body is proven: by its length, or the last chunk */
    bool is_coded; /* in a coding that we did not ask for: nothing of it was given */
};

struct http_result {
    int curl_code; /* CURLcode */
    long code;     /* HTTP or SMTP status; 0: none came */
    bool sent_all; /* the whole body left: without an answer the outcome is unknown */
    bool connected;
    long retry_after_s;             /* as the server said, clamped to 1..3600; 0: none */
    enum smtp_stage smtp_stage;     /* smtp_send() only */
    const struct http_reply *reply; /* http_get() only */
    const char
        *error; /* curl's text for the code, or why the address was refused; holds no secret */
};
typedef void http_done(void *arg, const struct http_result *result);

struct http *http_new(struct event_base *base);
/** Unfinished transfers end without a callback. May wait for a name resolution that is under way.
 */
void http_free(struct http *h);
/**
 * From now on what is posted and fetched goes through a proxy (http://host:port; NULL: none), in a tunnel, so
 * that it sees names and no contents; but for the hosts named, those below them and this host. What the proxy
 * resolves a name to is not known here, and not refused. Mail goes without it. Returns 0, or
 * -ENOMEM: none then.
 */
int http_use_proxy(struct http *h, const char *url, char *const *except, size_t except_count);
/** Whether a URL is fetched through a proxy, which there is: its host is not excepted, and is not this one. */
bool http_passes_proxy(const char *url, char *const *except, size_t except_count);
/** The loop that it runs on. */
struct event_base *http_base(const struct http *h);
/** Ends every transfer that was started with this callback and argument, without calling it. */
void http_cancel(struct http *h, http_done *done, const void *arg);
/** Transfers in flight. */
size_t http_busy(const struct http *h);

struct http_post {
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated */
    const void *body;
    size_t body_len;
    bool allow_private;  /* loopback, link-local and private addresses, and plain http */
    const char *ca_file; /* or NULL */
    long connect_timeout_ms, timeout_ms; /* 0: 5 s and 30 s */
    /** Each part of the reply's body, given the argument of done; non-zero ends the transfer. NULL: it is
     * counted only. */
    int (*write)(void *arg, const void *bytes, size_t len);
};
/**
 * Copies what it needs. Each post has a connection of its own; that of one inside was opened ahead, when the post
 * before to that address had ended, and where it ended without a word the post goes once more on another.
 * Returns 0 or -errno (no callback).
 */
int http_post(struct http *h, const struct http_post *post, http_done *done, void *arg);

struct http_get {
    const char *url;
    const char *const *headers;          /* "Name: value", NULL-terminated */
    bool allow_private;                  /* as for a post */
    const char *ca_file;                 /* or NULL */
    long connect_timeout_ms, timeout_ms; /* 0: 5 s and 10 min */
    /** Each part of the body of a 200, given the argument of done: undecoded, for no coding is asked
     * for, so that what is counted here is what came. Non-zero ends the transfer. */
    int (*write)(void *arg, const void *bytes, size_t len);
};
/** Copies what it needs. Returns 0 or -errno (no callback). */
int http_get(struct http *h, const struct http_get *get, http_done *done, void *arg);

/** What the relay must offer; others are not tried. */
enum smtp_auth {
    SMTP_AUTH_PASSWORD, /* PLAIN or LOGIN */
    SMTP_AUTH_PLAIN,
    SMTP_AUTH_LOGIN,
    SMTP_AUTH_XOAUTH2,
};
/** As curl's CURLOPT_LOGIN_OPTIONS takes it: no other mechanism is tried. */
const char *smtp_login_options(enum smtp_auth auth);

struct smtp_send {
    const char *url;       /* smtp://host:port or smtps:// */
    const char *from, *to; /* checked by the caller: no CR, LF, NUL, blank, angle bracket */
    const void *message;   /* whole mail, CRLF */
    size_t message_len;
    bool require_tls;
    enum smtp_auth auth;                 /* how to log in where user is given */
    const char *user, *ca_file;          /* or NULL */
    const char *password;                /* or NULL; of SMTP_AUTH_XOAUTH2 the access token */
    long connect_timeout_ms, timeout_ms; /* 0: 30 s and 10 min */
};
int smtp_send(struct http *h, const struct smtp_send *mail, http_done *done, void *arg);

#endif
