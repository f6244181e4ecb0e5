/*
 * http_private - what the files of the http module share; nobody else includes it
 *
 * A transfer lives in one list of struct http: `posts` or `mails` while it runs, then `ended` until
 * its callback has run. Threads touch only the fields marked so.
 */
#ifndef LOOP_HTTP_PRIVATE_H
#define LOOP_HTTP_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include <curl/curl.h>
#include <event2/event.h>

#include "loop/http.h"

#define MAIL_SOCKETS_MAX 8 /* open at once in one transfer: connects race over a few addresses */

struct http_transfer {
    struct http_transfer *next;
    struct http *http;
    CURL *easy;
    struct curl_slist *list; /* headers, or the recipient */
    char *body;
    size_t body_len, body_sent;
    bool body_read_whole; /* curl asked past the end, or took the last byte of a known length */
    size_t reply_bytes;
    bool allow_private, address_refused, is_proxied;
    bool takes_ahead; /* a post inside: over a connection that was opened ahead, and one is again */
    curl_socket_t ahead; /* the one that it was given; CURL_SOCKET_BAD: it opened its own */
    struct sockaddr_storage address; /* of the socket that it opened last */
    socklen_t address_len;
    bool is_left_open; /* the server would take another request on this connection */
    char retry_after[64];
    long status; /* of the newest status line, as read by us; 0: none, or malformed */
    bool is_get;
    struct http_reply reply;
    int (*write)(void *arg, const void *bytes, size_t len);
    unsigned lengths; /* Content-Length fields of the answer */
    bool is_chunked, has_coding;
    http_done *done;
    void *arg;
    struct http_result result;

    /* mail only */
    bool is_mail, started;
    pthread_t thread;
    atomic_bool cancelled, thread_ended;
    pthread_mutex_t sockets_lock; /* guards sockets: the loop shuts them down to cancel */
    curl_socket_t sockets[MAIL_SOCKETS_MAX];
    enum smtp_stage stage;
};

struct http_socket {
    struct http_socket *next;
    struct http *http;
    curl_socket_t fd;
    struct event *event;
};

struct http_ahead; /* a connection that was opened ahead */

struct http {
    struct event_base *base;
    CURLM *multi;
    struct event *timer, *collect, *mail_ended;
    int mail_ended_fd; /* eventfd that a mail's thread writes to */
    struct http_socket *sockets;
    struct http_ahead *ahead;
    struct http_transfer *posts, *mails, *ended; /* posts: and what is fetched */
    size_t mails_running;
    char *proxy, **except; /* NULL: none; hosts that are reached without it */
    size_t except_count;
};

/* http.c */
/** Makes the parts that both kinds share; copies the body. NULL without memory. */
struct http_transfer *transfer_new(struct http *h, const void *body, size_t body_len,
                                   http_done *done, void *arg);
/** Everything it holds; its easy handle must be in no multi handle and no thread. */
void transfer_free(struct http_transfer *t);
void transfer_append(struct http_transfer **list, struct http_transfer *t);
/** Takes it out of the list; nothing if it is not there. */
void transfer_remove(struct http_transfer **list, const struct http_transfer *t);
/** Fills the result from the easy handle. */
void transfer_judge(struct http_transfer *t, CURLcode code);
/** Queues its callback for the loop. It is in no other list. */
void transfer_ended(struct http_transfer *t);
/** Options of every transfer. Returns CURLE_OK or the first failure. */
CURLcode transfer_common(struct http_transfer *t, const char *url, const char *protocols,
                         const char *ca_file, long connect_timeout_ms, long timeout_ms);

/* Sets an option unless one before failed; a macro keeps curl's type check of each. */
#define TRANSFER_SET(t, r, option, value)                                                          \
    do {                                                                                           \
        if ((r) == CURLE_OK)                                                                       \
            (r) = curl_easy_setopt((t)->easy, option, value);                                      \
    } while (0)

/* http_request.c */
/** What a POST and a GET have in common; as in http.h. */
struct http_request {
    const char *url;
    const char *const *headers;
    bool allow_private;
    const char *ca_file;
    long connect_timeout_ms, timeout_ms;
};
/** Headers, address, deadlines; timeout_ms: of a request that names none. Returns 0 or -errno. */
int http_prepare(struct http_transfer *t, const struct http_request *q, long timeout_ms);
bool http_is_status_line(const char *line, size_t len);
/** curl's callback: the status decides; the reply is only counted, and the transfer ends at the ceiling. */
size_t http_count_reply(char *bytes, size_t size, size_t count, void *transfer);
/** The same, which notes status and Retry-After of the answer's head. */
size_t http_read_header(char *bytes, size_t size, size_t count, void *transfer);
int http_add_header(struct http_transfer *t, const char *header);
int http_errno_of(CURLcode code);
/** Gives it to the multi handle. Takes it. Returns 0 or -ENOMEM. */
int http_start(struct http_transfer *t);

/* http_proxy.c */
/** Whether a request of this URL goes through the proxy. */
bool http_is_proxied(const struct http *h, const char *url);
void http_proxy_release(struct http *h);

/* http_ahead.c */
/** A connection to this address that stands and on which nothing came, now the caller's, or CURL_SOCKET_BAD. */
curl_socket_t http_ahead_take(struct http *h, const struct sockaddr *address, socklen_t len);
/** Opens one unless one waits, or many do. */
void http_ahead_open(struct http *h, const struct sockaddr_storage *address, socklen_t len);
void http_ahead_release(struct http *h);

/* http_post.c */
/** A post has ended. Whether it goes once more, on a connection of its own: the one that was opened ahead took
 * nothing of it, or brought no answer. */
bool http_post_again(struct http_transfer *t, CURLcode code);

/* http_get.c */
/** After transfer_judge(): whether the end of the body is proven. */
void http_judge_get(struct http_transfer *t);

/* http_smtp.c */
/** Starts waiting mails while there are free places. */
void mails_start(struct http *h);
/** Loop callback: threads have ended. */
void mails_collect(evutil_socket_t fd, short what, void *arg);
/** Makes its thread end soon and waits for it; then the transfer is the caller's. */
void mail_stop(struct http_transfer *t);

#endif
