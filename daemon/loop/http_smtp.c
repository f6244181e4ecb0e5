#include "loop/http_private.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * One mail, one thread, one connection. The thread owns the easy handle from pthread_create() to
 * pthread_join(); the loop meanwhile touches only `cancelled`, `thread_ended` and, under the lock,
 * the sockets. Signals stay with the loop's thread.
 */

#define MAIL_CONNECT_TIMEOUT_MS 30000
#define MAIL_TIMEOUT_MS         600000 /* RFC 5321 4.5.3.2.6: ten minutes for the answer to the dot */
#define MAILS_AT_ONCE           4

static size_t give_mail(char *into, size_t size, size_t count, void *arg)
{
    struct http_transfer *t = arg;
    size_t room = size * count, left = t->body_len - t->body_sent;
    size_t n = left < room ? left : room;

    /* The length is not told to curl, so it asks once more after everything was written out. */
    if (n == 0)
        t->body_read_whole = true;
    memcpy(into, t->body + t->body_sent, n);
    t->body_sent += n;
    return n;
}

static void sockets_shut(struct http_transfer *t, int how)
{
    (void)pthread_mutex_lock(&t->sockets_lock);
    for (size_t i = 0; i < MAIL_SOCKETS_MAX; i++)
        if (t->sockets[i] != CURL_SOCKET_BAD)
            (void)shutdown(t->sockets[i], how);
    (void)pthread_mutex_unlock(&t->sockets_lock);
}

static void socket_swap(struct http_transfer *t, curl_socket_t from, curl_socket_t to)
{
    (void)pthread_mutex_lock(&t->sockets_lock);
    for (size_t i = 0; i < MAIL_SOCKETS_MAX; i++) {
        if (t->sockets[i] == from) {
            t->sockets[i] = to;
            break;
        }
    }
    (void)pthread_mutex_unlock(&t->sockets_lock);
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    curl_socket_t fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

    (void)purpose;
    if (fd != CURL_SOCKET_BAD)
        socket_swap(arg, CURL_SOCKET_BAD, fd);
    return fd;
}

static int close_socket(void *arg, curl_socket_t fd)
{
    socket_swap(arg, fd,
                CURL_SOCKET_BAD); /* before close: the number may be another's right after */
    return close(fd);
}

/*
 * Sees what is sent, and keeps none of it. After QUIT the receiving side is shut: the mail has its
 * answer by then, and curl would wait for a farewell that may never come.
 */
static int watch_dialogue(CURL *easy, curl_infotype type, char *bytes, size_t len, void *arg)
{
    struct http_transfer *t = arg;

    (void)easy;
    if (type != CURLINFO_HEADER_OUT)
        return 0;
    if (len >= 10 && memcmp(bytes, "MAIL FROM:", 10) == 0)
        t->stage = SMTP_STAGE_ENVELOPE;
    else if (len >= 6 && memcmp(bytes, "DATA\r\n", 6) == 0)
        t->stage = SMTP_STAGE_CONTENT;
    else if (len >= 6 && memcmp(bytes, "QUIT\r\n", 6) == 0)
        sockets_shut(t, SHUT_RD);
    return 0;
}

static int watch_cancel(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct http_transfer *t = arg;

    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return atomic_load(&t->cancelled) ? 1 : 0;
}

static void *mail_thread(void *arg)
{
    struct http_transfer *t = arg;
    const uint64_t one = 1;
    int fd = t->http->mail_ended_fd;

    transfer_judge(t, curl_easy_perform(t->easy));
    atomic_store(&t->thread_ended, true);
    /* A full counter cannot be: the loop reads it each time; a lost wake-up is made good by the
     * next. */
    while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
    return NULL;
}

static int thread_start(struct http_transfer *t)
{
    sigset_t all, before;
    int r;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    r = pthread_create(&t->thread, NULL, mail_thread, t);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -r;
}

void mails_start(struct http *h)
{
    struct http_transfer *next;

    for (struct http_transfer *t = h->mails; t && h->mails_running < MAILS_AT_ONCE; t = next) {
        next = t->next;
        if (t->started)
            continue;
        if (event_add(h->mail_ended, NULL) == 0 && thread_start(t) == 0) {
            t->started = true;
            h->mails_running++;
            continue;
        }
        /* No thread to be had: nothing was sent. */
        transfer_remove(&h->mails, t);
        t->result = (struct http_result){ .curl_code = CURLE_OUT_OF_MEMORY,
                                          .error = curl_easy_strerror(CURLE_OUT_OF_MEMORY) };
        transfer_ended(t);
    }
    if (h->mails_running == 0)
        (void)event_del(h->mail_ended); /* an idle client does not keep the loop running */
}

void mails_collect(evutil_socket_t fd, short what, void *arg)
{
    struct http *h = arg;
    struct http_transfer *next;
    uint64_t count;

    (void)what;
    (void)!read(fd, &count, sizeof count);
    for (struct http_transfer *t = h->mails; t; t = next) {
        next = t->next;
        if (!t->started || !atomic_load(&t->thread_ended))
            continue;
        (void)pthread_join(t->thread, NULL);
        t->started = false;
        h->mails_running--;
        transfer_remove(&h->mails, t);
        transfer_ended(t);
    }
    mails_start(h);
}

void mail_stop(struct http_transfer *t)
{
    assert(t->started);
    atomic_store(&t->cancelled, true);
    sockets_shut(t, SHUT_RDWR);
    (void)pthread_join(t->thread, NULL);
    t->started = false;
    t->http->mails_running--;
}

const char *smtp_login_options(enum smtp_auth auth)
{
    static const char *const options[] = {
        [SMTP_AUTH_PASSWORD] = "AUTH=PLAIN;AUTH=LOGIN",
        [SMTP_AUTH_PLAIN] = "AUTH=PLAIN",
        [SMTP_AUTH_LOGIN] = "AUTH=LOGIN",
        [SMTP_AUTH_XOAUTH2] = "AUTH=XOAUTH2",
    };

    return options[auth];
}

static CURLcode login_options(struct http_transfer *t, const struct smtp_send *mail, CURLcode r)
{
    TRANSFER_SET(t, r, CURLOPT_USERNAME, mail->user);
    TRANSFER_SET(t, r, CURLOPT_LOGIN_OPTIONS, smtp_login_options(mail->auth));
    if (mail->auth == SMTP_AUTH_XOAUTH2)
        TRANSFER_SET(t, r, CURLOPT_XOAUTH2_BEARER, mail->password);
    else
        TRANSFER_SET(t, r, CURLOPT_PASSWORD, mail->password);
    return r;
}

static CURLcode mail_options(struct http_transfer *t, const struct smtp_send *mail)
{
    long timeout_ms = mail->timeout_ms > 0 ? mail->timeout_ms : MAIL_TIMEOUT_MS;
    CURLcode r = transfer_common(t, mail->url, "smtp,smtps", mail->ca_file,
                                 mail->connect_timeout_ms > 0 ? mail->connect_timeout_ms
                                                              : MAIL_CONNECT_TIMEOUT_MS,
                                 timeout_ms);

    TRANSFER_SET(t, r, CURLOPT_USE_SSL,
                 mail->require_tls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
    TRANSFER_SET(t, r, CURLOPT_SERVER_RESPONSE_TIMEOUT, timeout_ms / 1000 + 1);
    if (mail->user)
        r = login_options(t, mail, r);
    TRANSFER_SET(t, r, CURLOPT_MAIL_FROM, mail->from);
    TRANSFER_SET(t, r, CURLOPT_MAIL_RCPT, t->list);
    TRANSFER_SET(t, r, CURLOPT_UPLOAD, 1L);
    TRANSFER_SET(t, r, CURLOPT_READFUNCTION, give_mail);
    TRANSFER_SET(t, r, CURLOPT_READDATA, t);
    TRANSFER_SET(t, r, CURLOPT_WRITEFUNCTION, http_count_reply);
    TRANSFER_SET(t, r, CURLOPT_WRITEDATA, t);
    TRANSFER_SET(t, r, CURLOPT_HEADERFUNCTION, http_count_reply);
    TRANSFER_SET(t, r, CURLOPT_HEADERDATA, t);
    TRANSFER_SET(t, r, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    TRANSFER_SET(t, r, CURLOPT_OPENSOCKETDATA, t);
    TRANSFER_SET(t, r, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    TRANSFER_SET(t, r, CURLOPT_CLOSESOCKETDATA, t);
    TRANSFER_SET(t, r, CURLOPT_DEBUGFUNCTION, watch_dialogue);
    TRANSFER_SET(t, r, CURLOPT_DEBUGDATA, t);
    TRANSFER_SET(t, r, CURLOPT_VERBOSE,
                 1L); /* so that watch_dialogue() is called; it prints nothing */
    TRANSFER_SET(t, r, CURLOPT_XFERINFOFUNCTION, watch_cancel);
    TRANSFER_SET(t, r, CURLOPT_XFERINFODATA, t);
    TRANSFER_SET(t, r, CURLOPT_NOPROGRESS, 0L);
    return r;
}

int smtp_send(struct http *h, const struct smtp_send *mail, http_done *done, void *arg)
{
    struct http_transfer *t;
    CURLcode code;

    assert(h && mail && mail->url && mail->from && mail->to && mail->message && done);
    assert(!strpbrk(mail->from, "\r\n <>") && !strpbrk(mail->to, "\r\n <>"));
    t = transfer_new(h, mail->message, mail->message_len, done, arg);
    if (!t)
        return -ENOMEM;
    t->is_mail = true;
    t->list = curl_slist_append(NULL, mail->to);
    code = t->list ? mail_options(t, mail) : CURLE_OUT_OF_MEMORY;
    if (code != CURLE_OK) {
        transfer_free(t);
        return code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
    }
    transfer_append(&h->mails, t);
    mails_start(h);
    return 0;
}
