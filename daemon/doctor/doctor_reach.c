#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "doctor/doctor_internal.h"
#include "loop/http_address.h"

/*
 * Servers: the name, the connection, the chain of certificates, and of a relay the dialogue up to RCPT, which
 * is taken back (RSET). To a web server nothing is said but TLS. (1) Each server is asked in a thread of its own,
 * which owns its copies, so that one that hangs, also in the resolver, delays no other. (2) Who has not ended
 * in DOCTOR_REACH_S is left behind: its result is not read any more.
 */

#define CONNECT_MS  6000
#define TALK_MS     8000
#define SERVERS_MAX 64
#define ENDS_SOON_S (14L * 86400)
#define REPLY_MAX   600
#define WORDS_MAX   420

enum cause {
    CAUSE_NONE,
    CAUSE_NAME,
    CAUSE_REFUSED,
    CAUSE_SILENT,
    CAUSE_INSIDE,
    CAUSE_CHAIN,
    CAUSE_HOST_NAME,
    CAUSE_ENDED,
    CAUSE_NO_TLS,
    CAUSE_NO_STARTTLS,
    CAUSE_LOGIN,
    CAUSE_CA_FILE,
    CAUSE_SENDER,
    CAUSE_RECIPIENT,
    CAUSE_PUT_OFF,
    CAUSE_ENDS_SOON,
    CAUSE_OTHER
};

enum remedy {
    NOTHING,
    CHANGE_SETTINGS,
    ALLOW_ADDRESS,
    ASK_RESOLVER,
    SEE_CHAIN,
    WRITE_PASSWORD,
    TRY_AGAIN
};

/* What each cause is called, and what mends it. */
static const struct {
    enum doctor_level level;
    const char *check, *words;
    enum remedy remedy;
} causes[] = {
    [CAUSE_NONE] = { DOCTOR_OK, NULL, "", NOTHING },
    [CAUSE_NAME] = { DOCTOR_FAIL, "dns", "its name is not found", ASK_RESOLVER },
    [CAUSE_REFUSED] = { DOCTOR_FAIL, "connect", "nothing listens there", CHANGE_SETTINGS },
    [CAUSE_SILENT] = { DOCTOR_FAIL, "connect",
                       "no answer in time: a firewall, or IPAddressDeny= of our own unit",
                       ALLOW_ADDRESS },
    [CAUSE_INSIDE] = { DOCTOR_FAIL, "connect",
                       "its name leads to a loopback or private address, and allow_private is not "
                       "set",
                       CHANGE_SETTINGS },
    [CAUSE_CHAIN] = { DOCTOR_FAIL, "tls",
                      "its certificate comes from nobody trusted here: name the authority's by "
                      "ca_file",
                      CHANGE_SETTINGS },
    [CAUSE_HOST_NAME] = { DOCTOR_FAIL, "tls", "its certificate is for another name",
                          CHANGE_SETTINGS },
    [CAUSE_ENDED] = { DOCTOR_FAIL, "tls", "its certificate has ended, or is not valid yet",
                      SEE_CHAIN },
    [CAUSE_NO_TLS] = { DOCTOR_FAIL, "tls", "it does not speak TLS 1.2 or newer on that port",
                       CHANGE_SETTINGS },
    [CAUSE_NO_STARTTLS] = { DOCTOR_FAIL, "tls",
                            "it offers no STARTTLS: use smtps://, or tls: off for an internal "
                            "relay",
                            CHANGE_SETTINGS },
    [CAUSE_LOGIN] = { DOCTOR_FAIL, "login", "it refuses user and password", WRITE_PASSWORD },
    [CAUSE_CA_FILE] = { DOCTOR_FAIL, "credential", "the ca_file holds no certificate",
                        CHANGE_SETTINGS },
    [CAUSE_SENDER] = { DOCTOR_FAIL, "smtp", "it refuses the sender", CHANGE_SETTINGS },
    [CAUSE_RECIPIENT] = { DOCTOR_FAIL, "smtp", "it refuses the recipient", CHANGE_SETTINGS },
    [CAUSE_PUT_OFF] = { DOCTOR_WARN, "smtp", "it puts off, as greylisting does", TRY_AGAIN },
    [CAUSE_ENDS_SOON] = { DOCTOR_WARN, "tls", "its certificate ends soon", SEE_CHAIN },
    [CAUSE_OTHER] = { DOCTOR_FAIL, "connect", "it cannot be spoken to", CHANGE_SETTINGS },
};

struct server {
    char *subject, *url, *ca_file, *user, *password, *password_file, *from, *to;
    bool is_mail, allow_private, require_tls;
    /* of the thread until .is_done, under the lock */
    bool address_refused, is_done;
    enum cause cause;
    char words[WORDS_MAX];
};

struct servers {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    struct server list[SERVERS_MAX];
    size_t count, done, left_out;
};

struct job {
    struct servers *all;
    struct server *server;
};

/* ---- the connection ---- */

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct server *v = arg;

    (void)purpose;
    if (!v->is_mail && !v->allow_private &&
        !http_address_is_public(&address->addr, address->addrlen)) {
        v->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

#define SET(easy, r, option, value)                                                                \
    do {                                                                                           \
        if ((r) == CURLE_OK)                                                                       \
            (r) = curl_easy_setopt(easy, option, value);                                           \
    } while (0)

/* As deliveries connect (loop/http.c), but nothing is asked for once it stands. */
static CURLcode prepare(CURL *easy, struct server *v)
{
    CURLcode r = CURLE_OK;

    SET(easy, r, CURLOPT_URL, v->url);
    SET(easy, r, CURLOPT_CONNECT_ONLY, 1L);
    SET(easy, r, CURLOPT_NOSIGNAL, 1L);
    SET(easy, r, CURLOPT_PROXY, "");
    SET(easy, r, CURLOPT_NOPROXY, "*");
    SET(easy, r, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(easy, r, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(easy, r, CURLOPT_CERTINFO, 1L);
    SET(easy, r, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    SET(easy, r, CURLOPT_TIMEOUT_MS, (long)TALK_MS);
    SET(easy, r, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(easy, r, CURLOPT_OPENSOCKETDATA, v);
    if (v->ca_file)
        SET(easy, r, CURLOPT_CAINFO, v->ca_file);
    if (v->is_mail)
        SET(easy, r, CURLOPT_USE_SSL,
            v->require_tls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
    if (v->user)
        SET(easy, r, CURLOPT_USERNAME, v->user);
    if (v->password)
        SET(easy, r, CURLOPT_PASSWORD, v->password);
    return r;
}

/* Why a chain was refused; curl leaves its start value, 1, where the name is what does not fit. */
static enum cause cause_of_chain(CURL *easy)
{
    long why = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &why);
    switch (why) {
    case 0:
    case 1:  /* X509_V_ERR_UNSPECIFIED */
    case 62: /* X509_V_ERR_HOSTNAME_MISMATCH */
    case 64: /* X509_V_ERR_IP_ADDRESS_MISMATCH */
        return CAUSE_HOST_NAME;
    case 9:  /* X509_V_ERR_CERT_NOT_YET_VALID */
    case 10: /* X509_V_ERR_CERT_HAS_EXPIRED */
        return CAUSE_ENDED;
    default:
        return CAUSE_CHAIN;
    }
}

static enum cause cause_of(CURL *easy, const struct server *v, CURLcode code)
{
    long error = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
    if (v->address_refused)
        return CAUSE_INSIDE;
    switch (code) {
    case CURLE_OK:
        return CAUSE_NONE;
    case CURLE_COULDNT_RESOLVE_HOST:
        return CAUSE_NAME;
    case CURLE_COULDNT_CONNECT:
        return error == ECONNREFUSED ? CAUSE_REFUSED : CAUSE_SILENT;
    case CURLE_OPERATION_TIMEDOUT:
        return CAUSE_SILENT;
    case CURLE_PEER_FAILED_VERIFICATION:
        return cause_of_chain(easy);
    case CURLE_SSL_CONNECT_ERROR:
        return CAUSE_NO_TLS;
    case CURLE_USE_SSL_FAILED:
        return CAUSE_NO_STARTTLS;
    case CURLE_LOGIN_DENIED:
        return CAUSE_LOGIN;
    case CURLE_SSL_CACERT_BADFILE:
        return CAUSE_CA_FILE;
    default:
        return CAUSE_OTHER;
    }
}

/* When the server's own certificate ends; 0: no TLS, or not known. */
static time_t end_of_certificate(CURL *easy)
{
    static const char name[] = "Expire date:";
    struct curl_certinfo *chain = NULL;

    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain ||
        chain->num_of_certs < 1)
        return 0;
    for (const struct curl_slist *l = chain->certinfo[0]; l; l = l->next)
        if (strncmp(l->data, name, sizeof name - 1) == 0) {
            time_t end = curl_getdate(l->data + sizeof name - 1, NULL);

            return end < 0 ? 0 : end;
        }
    return 0;
}

/* ---- the dialogue with a relay ---- */

static int64_t now_ms(void)
{
    const struct clock machine = CLOCK_REAL;

    return clock_mono(&machine).ms;
}

static bool wait_for_socket(CURL *easy, short what, int64_t until)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    int64_t left = until - now_ms();

    if (left <= 0 || curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK)
        return false;
    struct pollfd p = { .fd = fd, .events = what };

    return poll(&p, 1, (int)left) > 0;
}

static bool send_line(CURL *easy, const char *line, int64_t until)
{
    size_t len = strlen(line), sent = 0;

    while (sent < len) {
        size_t n = 0;
        CURLcode r = curl_easy_send(easy, line + sent, len - sent, &n);

        if (r == CURLE_AGAIN ? !wait_for_socket(easy, POLLOUT, until) : r != CURLE_OK)
            return false;
        sent += n;
    }
    return true;
}

/* Whether the last line of a reply is there: "250 words", not "250-words". */
static bool reply_is_whole(const char *reply)
{
    const char *line = reply;

    for (const char *end; (end = strchr(line, '\n')); line = end + 1)
        if (end - line >= 4 && line[3] != '-')
            return true;
    return false;
}

/* Its code; 0 where none came. out_reply: its first line, tamed. */
static int read_reply(CURL *easy, char out_reply[REPLY_MAX], int64_t until)
{
    char reply[REPLY_MAX];
    size_t len = 0;

    out_reply[0] = '\0';
    reply[0] = '\0';
    while (!reply_is_whole(reply) && len + 1 < sizeof reply) {
        size_t n = 0;
        CURLcode r = curl_easy_recv(easy, reply + len, sizeof reply - 1 - len, &n);

        if (r == CURLE_AGAIN ? !wait_for_socket(easy, POLLIN, until) : r != CURLE_OK || n == 0)
            return 0;
        len += n;
        reply[len] = '\0';
    }
    size_t first = strcspn(reply, "\r\n");

    for (size_t i = 0; i < first; i++)
        out_reply[i] = reply[i] >= ' ' && reply[i] < 0x7f ? reply[i] : '?';
    out_reply[first] = '\0';
    return (int)strtol(reply, NULL, 10);
}

static int talk(CURL *easy, const char *line, char out_reply[REPLY_MAX], int64_t until)
{
    return send_line(easy, line, until) ? read_reply(easy, out_reply, until) : 0;
}

/* Up to RCPT, and back: no mail is sent. */
static void talk_to_relay(CURL *easy, struct server *v)
{
    char line[600], reply[REPLY_MAX];
    int64_t until = now_ms() + TALK_MS;

    (void)snprintf(line, sizeof line, "MAIL FROM:<%s>\r\n", v->from);
    int code = talk(easy, line, reply, until);

    v->cause = code / 100 == 2 ? CAUSE_NONE : code / 100 == 4 ? CAUSE_PUT_OFF : CAUSE_SENDER;
    if (v->cause == CAUSE_NONE && v->to) {
        (void)snprintf(line, sizeof line, "RCPT TO:<%s>\r\n", v->to);
        code = talk(easy, line, reply, until);
        v->cause = code / 100 == 2 ? CAUSE_NONE : code / 100 == 4 ? CAUSE_PUT_OFF : CAUSE_RECIPIENT;
    }
    if (code == 0)
        v->cause = CAUSE_SILENT;
    if (v->cause != CAUSE_NONE)
        (void)snprintf(v->words, sizeof v->words, ": %.300s", reply);
    (void)talk(easy, "RSET\r\n", reply, until);
    (void)send_line(easy, "QUIT\r\n", until);
}

/* ---- one server, in its thread ---- */

static void reach(struct server *v)
{
    CURL *easy = curl_easy_init();
    char date[32];
    struct tm t;

    v->cause = CAUSE_OTHER;
    if (!easy)
        return;
    CURLcode code = prepare(easy, v);

    if (code == CURLE_OK)
        code = curl_easy_perform(easy);
    v->cause = cause_of(easy, v, code);
    if (v->cause == CAUSE_OTHER)
        (void)snprintf(v->words, sizeof v->words, ": %s", curl_easy_strerror(code));
    time_t end = code == CURLE_OK ? end_of_certificate(easy) : 0;

    if (code == CURLE_OK && v->is_mail)
        talk_to_relay(easy, v);
    if (v->cause == CAUSE_NONE && end && gmtime_r(&end, &t) &&
        strftime(date, sizeof date, "%Y-%m-%d", &t) > 0) {
        if (end < time(NULL) + ENDS_SOON_S)
            v->cause = CAUSE_ENDS_SOON;
        (void)snprintf(v->words, sizeof v->words, ": %s%s",
                       v->cause == CAUSE_NONE ? "certificate until " : "on ", date);
    }
    curl_easy_cleanup(easy);
}

static void *run(void *arg)
{
    struct job *job = arg;
    struct servers *all = job->all;
    struct server own = *job->server; /* its texts stay: nobody frees those of one that hangs */

    reach(&own);
    (void)pthread_mutex_lock(&all->lock);
    own.is_done = true;
    *job->server = own;
    all->done++;
    (void)pthread_cond_signal(&all->ended);
    (void)pthread_mutex_unlock(&all->lock);
    free(job);
    return NULL;
}

/* ---- which servers ---- */

static char *copy(struct doctor *d, const char *text)
{
    char *own = text ? strdup(text) : NULL;

    if (text && !own)
        d->has_failed = true;
    return own;
}

static struct server *add(struct doctor *d, struct servers *all, const char *what, const char *id,
                          const char *url)
{
    char subject[200];

    if (all->count == SERVERS_MAX) {
        all->left_out++;
        return NULL;
    }
    struct server *v = &all->list[all->count++];

    (void)snprintf(subject, sizeof subject, "%s%s%s", what, *id ? " " : "", id);
    *v = (struct server){ .subject = copy(d, subject), .url = copy(d, url) };
    return v;
}

static void add_relay(struct doctor *d, struct servers *all, const struct receiver_setting *r,
                      const char *to)
{
    AUTO(text_release) struct text url = TEXT_INIT;
    bool is_implicit = r->tls == SMTP_TLS_IMPLICIT && strncmp(r->smtp, "smtp://", 7) == 0;
    struct server *v;

    (void)text_printf(&url, "%s%s", is_implicit ? "smtps://" : "", r->smtp + (is_implicit ? 7 : 0));
    v = add(d, all, "receiver", r->id, text_str(&url));
    if (!v)
        return;
    v->is_mail = true;
    v->require_tls = r->tls != SMTP_TLS_OFF;
    v->from = copy(d, r->from);
    v->to = copy(d, to);
    v->ca_file = copy(d, r->ca_file);
    v->user = copy(d, r->user);
    v->password_file = copy(d, r->password_file);
    if (r->password_file && secret_file_read(r->password_file, &v->password) == 0)
        v->password[strcspn(v->password, "\r\n")] = '\0';
}

static void add_web(struct doctor *d, struct servers *all, const char *what, const char *id,
                    const char *url, bool allow_private, const char *ca_file)
{
    struct server *v = add(d, all, what, id, url);

    if (!v)
        return;
    v->allow_private = allow_private;
    v->ca_file = copy(d, ca_file);
}

static void add_all(struct doctor *d, struct servers *all, const struct settings *s,
                    const struct config *c)
{
    for (size_t i = 0; i < s->receiver_count; i++) {
        const struct receiver_setting *r = &s->receivers[i];
        const char *to = c ? config_recipient(c, r, d->today) : r->to;
        char mend[MEND_MAX];

        if (r->kind == RECEIVER_WEBHOOK)
            add_web(d, all, "receiver", r->id, r->url, r->allow_private, r->ca_file);
        if (r->kind == RECEIVER_EMAIL)
            add_relay(d, all, r, to);
        if (r->kind == RECEIVER_EMAIL && !to)
            say(d, DOCTOR_FAIL, "people", r->id, mend_settings(d, 0, mend),
                "this receiver has no to:, and nobody holds a role that uses it");
    }
    if (s->heartbeat.url)
        add_web(d, all, "heartbeat", "", s->heartbeat.url, s->heartbeat.allow_private,
                s->heartbeat.ca_file);
    for (size_t i = 0; i < s->feed_count; i++)
        if (s->feeds[i].transport == TRANSPORT_PULL && s->feeds[i].url)
            add_web(d, all, "feed", s->feeds[i].id, s->feeds[i].url, s->feeds[i].allow_private,
                    s->feeds[i].ca_file);
}

/* ---- what is said of them ---- */

/* "scheme://host:port": a path may be a key. */
static const char *origin_of(const char *url, char out[300])
{
    const char *host = strstr(url, "://");
    size_t len = host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : strlen(url);

    (void)snprintf(out, 300, "%.*s", (int)(len < 299 ? len : 299), url);
    return out;
}

/* "host port", as getent and openssl want them. */
static void host_of(const char *url, char out_host[260], char out_port[8])
{
    static const struct {
        const char *scheme, *port;
    } ports[] = { { "https", "443" }, { "http", "80" }, { "smtps", "465" }, { "smtp", "25" } };
    CURLU *u = curl_url();
    char *host = NULL, *port = NULL;

    out_host[0] = '\0';
    (void)snprintf(out_port, 8, "25");
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        size_t len = strlen(ports[i].scheme);

        if (strncmp(url, ports[i].scheme, len) == 0 && url[len] == ':')
            (void)snprintf(out_port, 8, "%s", ports[i].port);
    }
    if (u && curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
        if (curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
            (void)snprintf(out_host, 260, "%s", host);
        if (curl_url_get(u, CURLUPART_PORT, &port, 0) == CURLUE_OK)
            (void)snprintf(out_port, 8, "%s", port);
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(u);
}

static const char *mend_server(const struct doctor *d, const struct server *v, enum remedy remedy,
                               char out[MEND_MAX])
{
    char host[260], port[8];
    bool is_starttls = v->is_mail && strncmp(v->url, "smtp:", 5) == 0;

    host_of(v->url, host, port);
    switch (remedy) {
    case NOTHING:
        return NULL;
    case ASK_RESOLVER:
        (void)snprintf(out, MEND_MAX, "getent ahosts %s || editor %s /etc/resolv.conf", host,
                       d->path);
        return out;
    case ALLOW_ADDRESS:
        (void)snprintf(
            out, MEND_MAX,
            "printf '[Service]\\nIPAddressAllow=%%s\\n' \"$(getent ahosts %s | cut -d' ' "
            "-f1 | sort -u | xargs)\" >/etc/systemd/system/waitlistd.service.d/%s.conf && "
            "systemctl daemon-reload && systemctl restart waitlistd",
            host, host);
        return out;
    case SEE_CHAIN:
        (void)snprintf(out, MEND_MAX,
                       "openssl s_client -connect %s:%s%s </dev/null | openssl x509 -noout -dates "
                       "-issuer",
                       host, port, is_starttls ? " -starttls smtp" : "");
        return out;
    case WRITE_PASSWORD:
        if (v->password_file)
            return mend_path("install -m 600 /dev/stdin %s", v->password_file, out);
        break;
    case TRY_AGAIN:
        (void)snprintf(out, MEND_MAX, "waitlistctl notify test %s",
                       v->subject + strcspn(v->subject, " ") + 1);
        return out;
    case CHANGE_SETTINGS:
        break;
    }
    return mend_settings(d, 0, out);
}

static void say_server(struct doctor *d, const struct server *v)
{
    char mend[MEND_MAX], where[300];
    const char *check = causes[v->cause].check;

    if (!v->url || !v->subject)
        return;
    (void)origin_of(v->url, where);
    if (v->cause == CAUSE_NONE)
        say(d, DOCTOR_OK, v->is_mail ? "smtp" : "webhook", v->subject, NULL, "%s: %s%s%s%s", where,
            v->is_mail ? "it would take mail" : "can be connected to",
            v->is_mail && v->to ? " for " : "", v->is_mail && v->to ? v->to : "", v->words);
    else
        say(d, causes[v->cause].level, check, v->subject,
            mend_server(d, v, causes[v->cause].remedy, mend), "%s: %s%s", where,
            causes[v->cause].words, v->words);
}

/* Proxies of the environment are not followed: where one is meant, nothing gets out. */
static void look_at_proxies(struct doctor *d)
{
    static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy",
                                         "ALL_PROXY" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        char mend[80];

        (void)snprintf(mend, sizeof mend, "systemctl unset-environment %s", names[i]);
        if (value && *value) {
            say(d, DOCTOR_WARN, "proxy", names[i], mend,
                "is set in the environment, and is not followed: connections go straight out");
            return;
        }
    }
    say(d, DOCTOR_OK, "proxy", "environment", NULL,
        "none is set there: connections go straight out");
}

/* ---- all of them ---- */

static void server_release(struct server *v)
{
    char *const texts[] = { v->subject,       v->url,  v->ca_file, v->user,
                            v->password_file, v->from, v->to };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    secret_wipe(v->password);
}

static void start(struct servers *all, struct server *v)
{
    struct job *job = malloc(sizeof *job);
    pthread_attr_t detached;
    pthread_t thread;

    (void)pthread_attr_init(&detached);
    (void)pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    if (job)
        *job = (struct job){ all, v };
    if (!job || pthread_create(&thread, &detached, run, job) != 0) {
        v->cause = CAUSE_OTHER; /* no thread to be had */
        v->is_done = true;
        all->done++;
        free(job);
    }
    (void)pthread_attr_destroy(&detached);
}

static void wait_for_all(struct servers *all)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += DOCTOR_REACH_S;
    while (all->done < all->count &&
           pthread_cond_timedwait(&all->ended, &all->lock, &until) != ETIMEDOUT)
        ;
}

static struct servers *servers_new(void)
{
    struct servers *all = calloc(1, sizeof *all);
    pthread_condattr_t monotonic;

    if (!all)
        return NULL;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&all->ended, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_mutex_init(&all->lock, NULL);
    return all;
}

bool look_at_servers(struct doctor *d, const struct settings *s, const struct config *c)
{
    struct servers *all = servers_new();

    look_at_proxies(d);
    if (!all) {
        d->has_failed = true;
        return false;
    }
    add_all(d, all, s, c);
    (void)pthread_mutex_lock(&all->lock);
    for (size_t i = 0; i < all->count && !d->has_failed; i++)
        start(all, &all->list[i]);
    if (!d->has_failed)
        wait_for_all(all);
    for (size_t i = 0; i < all->count; i++) {
        struct server *v = &all->list[i];

        if (!v->is_done)
            v->cause = CAUSE_SILENT;
        say_server(d, v);
    }
    if (all->left_out)
        say(d, DOCTOR_WARN, "connect", "servers", NULL, "%zu more were not asked", all->left_out);
    bool is_hanging = all->done < all->count;

    if (!is_hanging)
        for (size_t i = 0; i < all->count; i++)
            server_release(&all->list[i]);
    (void)pthread_mutex_unlock(&all->lock);
    if (!is_hanging)
        free(all);
    return is_hanging;
}
