#include "loop/http_private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "loop/http_address.h"

/*
 * How the multi handle and the loop meet:
 *   curl says "watch this socket" or "wake me then" -> socket_changed(), timer_changed(): events only
 *   the event fires                                 -> advance(): curl_multi_socket_action()
 *   after each action                               -> reap(): finished transfers go to `ended`
 *   the collect event fires                         -> call_back(): one callback, then the next
 * No libcurl call is made in the first line, and no callback of ours runs in the first three.
 */

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void curl_start(void)
{
    curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* ---- lists and transfers ----------------------------------------------------------------- */

void transfer_append(struct http_transfer **list, struct http_transfer *t)
{
    while (*list)
        list = &(*list)->next;
    t->next = NULL;
    *list = t;
}

void transfer_remove(struct http_transfer **list, const struct http_transfer *t)
{
    while (*list && *list != t)
        list = &(*list)->next;
    if (*list)
        *list = t->next;
}

struct http_transfer *transfer_new(struct http *h, const void *body, size_t body_len,
                                   http_done *done, void *arg)
{
    struct http_transfer *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    (void)pthread_mutex_init(&t->sockets_lock, NULL);
    for (size_t i = 0; i < MAIL_SOCKETS_MAX; i++)
        t->sockets[i] = CURL_SOCKET_BAD;
    t->http = h;
    t->done = done;
    t->arg = arg;
    t->ahead = CURL_SOCKET_BAD;
    t->easy = curl_easy_init();
    t->body = malloc(body_len + 1);
    if (!t->easy || !t->body) {
        transfer_free(t);
        return NULL;
    }
    memcpy(t->body, body, body_len);
    t->body_len = body_len;
    return t;
}

void transfer_free(struct http_transfer *t)
{
    if (!t)
        return;
    if (t->easy)
        curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->list);
    free(t->body);
    (void)pthread_mutex_destroy(&t->sockets_lock);
    free(t);
}

CURLcode transfer_common(struct http_transfer *t, const char *url, const char *protocols,
                         const char *ca_file, long connect_timeout_ms, long timeout_ms)
{
    CURLcode r = CURLE_OK;

    TRANSFER_SET(t, r, CURLOPT_URL, url);
    TRANSFER_SET(t, r, CURLOPT_PRIVATE, t);
    TRANSFER_SET(t, r, CURLOPT_NOSIGNAL, 1L);
    TRANSFER_SET(t, r, CURLOPT_PROTOCOLS_STR, protocols);
    TRANSFER_SET(t, r, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
    TRANSFER_SET(t, r, CURLOPT_FOLLOWLOCATION, 0L);
    /* None from the environment; http_prepare() sets the one of the settings. */
    TRANSFER_SET(t, r, CURLOPT_PROXY, "");
    TRANSFER_SET(t, r, CURLOPT_NOPROXY, "*");
    TRANSFER_SET(t, r, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    /* A kept connection would carry one receiver's address check and credentials to another, and the answer to
     * one message to the next. */
    TRANSFER_SET(t, r, CURLOPT_FRESH_CONNECT, 1L);
    TRANSFER_SET(t, r, CURLOPT_FORBID_REUSE, 1L);
    TRANSFER_SET(t, r, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    TRANSFER_SET(t, r, CURLOPT_SSL_VERIFYPEER, 1L);
    TRANSFER_SET(t, r, CURLOPT_SSL_VERIFYHOST, 2L);
    TRANSFER_SET(t, r, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    TRANSFER_SET(t, r, CURLOPT_TIMEOUT_MS, timeout_ms);
    if (ca_file)
        TRANSFER_SET(t, r, CURLOPT_CAINFO, ca_file);
    return r;
}

void transfer_judge(struct http_transfer *t, CURLcode code)
{
    curl_off_t connected_us = 0;
    long status = 0;

    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(t->easy, CURLINFO_CONNECT_TIME_T, &connected_us);
    if (!t->is_mail && status != t->status)
        status = 0; /* a line that says no status is no answer */
    t->result = (struct http_result){
        .curl_code = (int)code,
        .code = status >= 200 ? status : 0, /* 1xx answers nothing */
        .sent_all = t->body_read_whole,
        .connected = connected_us > 0,
        .retry_after_s = http_retry_after(t->retry_after, time(NULL)),
        .smtp_stage = t->stage,
        .error = t->address_refused && connected_us <= 0
                     ? "address is loopback, link-local or private, and allow_private is not set"
                     : curl_easy_strerror(code),
    };
}

void transfer_ended(struct http_transfer *t)
{
    struct http *h = t->http;

    transfer_append(&h->ended, t);
    event_active(h->collect, EV_TIMEOUT, 0);
}

/* ---- the multi handle on the loop -------------------------------------------------------- */

static void reap(struct http *h)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(h->multi, &left))) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        char *private = NULL;
        struct http_transfer *t;

        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
        t = (struct http_transfer *)(void *)private;
        assert(t);
        transfer_judge(t, code);
        if (t->is_get)
            http_judge_get(t);
        (void)curl_multi_remove_handle(h->multi, easy);
        if (http_post_again(t, code) && curl_multi_add_handle(h->multi, easy) == CURLM_OK)
            continue;
        transfer_remove(&h->posts, t);
        transfer_ended(t);
        if (t->takes_ahead && t->is_left_open && code == CURLE_OK)
            http_ahead_open(h, &t->address, t->address_len);
    }
}

static void advance(struct http *h, curl_socket_t fd, int what)
{
    int running;

    (void)curl_multi_socket_action(h->multi, fd, what, &running);
    reap(h);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    struct http_socket *s = arg;

    advance(s->http, fd,
            ((what & EV_READ) ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0));
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    advance(arg, CURL_SOCKET_TIMEOUT, 0);
}

static struct http_socket *socket_of(struct http *h, curl_socket_t fd)
{
    struct http_socket *s = h->sockets;

    while (s && s->fd != fd)
        s = s->next;
    return s;
}

static void socket_drop(struct http *h, struct http_socket *s)
{
    struct http_socket **at = &h->sockets;

    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    if (s->event)
        event_free(s->event);
    free(s);
}

static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct http *h = arg;
    struct http_socket *s = socket_of(h, fd);
    short wanted = EV_PERSIST;

    (void)easy;
    (void)socket_arg;
    if (what == CURL_POLL_REMOVE) {
        if (s)
            socket_drop(h, s);
        return 0;
    }
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        wanted |= EV_READ;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        wanted |= EV_WRITE;
    if (!s) {
        s = calloc(1, sizeof *s);
        if (!s)
            return -1;
        *s = (struct http_socket){ .next = h->sockets, .http = h, .fd = fd };
        h->sockets = s;
    }
    if (s->event)
        event_free(s->event);
    s->event = event_new(h->base, fd, wanted, on_socket, s);
    if (!s->event || event_add(s->event, NULL) < 0)
        return -1; /* curl then ends its transfers with an error, which is told as any other */
    return 0;
}

static int timer_changed(CURLM *multi, long timeout_ms, void *arg)
{
    struct http *h = arg;
    struct timeval after = { timeout_ms / 1000, (timeout_ms % 1000) * 1000 };

    (void)multi;
    if (timeout_ms < 0)
        return event_del(h->timer);
    return event_add(h->timer, &after);
}

/* ---- callbacks to our caller ------------------------------------------------------------- */

static void call_back(evutil_socket_t fd, short what, void *arg)
{
    struct http *h = arg;
    struct http_transfer *t = h->ended;

    (void)fd;
    (void)what;
    if (!t)
        return;
    h->ended = t->next;
    if (h->ended)
        event_active(h->collect, EV_TIMEOUT, 0);
    t->done(t->arg, &t->result); /* may start or cancel transfers, or free h: touch it no more */
    transfer_free(t);
}

static void list_cancel(struct http *h, struct http_transfer **list, http_done *done,
                        const void *arg)
{
    while (*list) {
        struct http_transfer *t = *list;

        if (done && (t->done != done || t->arg != arg)) {
            list = &t->next;
            continue;
        }
        *list = t->next;
        if (list == &h->posts || !t->is_mail)
            (void)curl_multi_remove_handle(h->multi, t->easy); /* no harm if it has left already */
        else if (t->started)
            mail_stop(t);
        transfer_free(t);
    }
}

void http_cancel(struct http *h, http_done *done, const void *arg)
{
    assert(h && done);
    list_cancel(h, &h->posts, done, arg);
    list_cancel(h, &h->mails, done, arg);
    list_cancel(h, &h->ended, done, arg);
    mails_start(h);
}

/* ---- life -------------------------------------------------------------------------------- */

struct http *http_new(struct event_base *base)
{
    struct http *h = calloc(1, sizeof *h);

    assert(base);
    (void)pthread_once(&curl_once, curl_start);
    if (!h)
        return NULL;
    h->base = base;
    h->mail_ended_fd = -1;
    if (curl_ready != CURLE_OK)
        goto fail;
    h->multi = curl_multi_init();
    h->mail_ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    h->timer = evtimer_new(base, on_timer, h);
    h->collect = event_new(base, -1, 0, call_back, h);
    if (!h->multi || h->mail_ended_fd < 0 || !h->timer || !h->collect)
        goto fail;
    h->mail_ended = event_new(base, h->mail_ended_fd, EV_READ | EV_PERSIST, mails_collect, h);
    if (!h->mail_ended)
        goto fail;
    if (curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, socket_changed) != CURLM_OK ||
        curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h) != CURLM_OK ||
        curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, timer_changed) != CURLM_OK ||
        curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h) != CURLM_OK)
        goto fail;
    return h;
fail:
    http_free(h);
    return NULL;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    list_cancel(h, &h->posts, NULL, NULL);
    list_cancel(h, &h->mails, NULL, NULL);
    list_cancel(h, &h->ended, NULL, NULL);
    if (h->multi)
        (void)curl_multi_cleanup(h->multi);
    while (h->sockets)
        socket_drop(h, h->sockets);
    http_ahead_release(h);
    if (h->timer)
        event_free(h->timer);
    if (h->collect)
        event_free(h->collect);
    if (h->mail_ended)
        event_free(h->mail_ended);
    if (h->mail_ended_fd >= 0)
        (void)close(h->mail_ended_fd);
    http_proxy_release(h);
    free(h);
}

struct event_base *http_base(const struct http *h)
{
    return h->base;
}

size_t http_busy(const struct http *h)
{
    const struct http_transfer *const lists[] = { h->posts, h->mails, h->ended };
    size_t busy = 0;

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        for (const struct http_transfer *t = lists[i]; t; t = t->next)
            busy++;
    return busy;
}
