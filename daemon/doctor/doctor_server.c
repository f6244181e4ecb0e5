#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "doctor/doctor_server.h"
#include "loop/http.h"
#include "loop/http_address.h"

/* Connects as deliveries do. To a web server nothing is said but TLS; what a relay is told is taken back (RSET). */

#define CONNECT_MS  6000
#define TALK_MS     8000
#define ENDS_SOON_S (14L * 86400)
#define REPLY_MAX   600

/* ---- the connection ---- */

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct server *v = arg;

    (void)purpose;
    if (v->is_guarded && !http_address_is_public(&address->addr, address->addrlen)) {
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

CURLcode server_options(CURL *easy, struct server *v, const char *url, const char *proxy,
                        const char *ca_file)
{
    CURLcode r = CURLE_OK;

    SET(easy, r, CURLOPT_URL, url);
    SET(easy, r, CURLOPT_NOSIGNAL, 1L);
    SET(easy, r, CURLOPT_PROXY, proxy ? proxy : "");
    SET(easy, r, CURLOPT_NOPROXY, proxy ? "" : "*");
    v->is_proxied = proxy != NULL;
    if (proxy)
        SET(easy, r, CURLOPT_HTTPPROXYTUNNEL, 1L);
    SET(easy, r, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(easy, r, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(easy, r, CURLOPT_CERTINFO, 1L);
    SET(easy, r, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    SET(easy, r, CURLOPT_TIMEOUT_MS, (long)TALK_MS);
    SET(easy, r, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(easy, r, CURLOPT_OPENSOCKETDATA, v);
    if (ca_file)
        SET(easy, r, CURLOPT_CAINFO, ca_file);
    return r;
}

/* What a relay answers before one speaks to it here: whether it offers AUTH, and its last words. */
static size_t on_reply(char *line, size_t size, size_t count, void *arg)
{
    static const char offer[] = "AUTH ";
    struct server *v = arg;
    size_t len = size * count, said = 0;

    if (len >= 3 && memcmp(line, "220", 3) == 0)
        v->offers_login = false;
    if (len >= 3 + sizeof offer && memcmp(line, "250", 3) == 0 &&
        strncasecmp(line + 4, offer, sizeof offer - 1) == 0)
        v->offers_login = true;
    for (; said < len && said + 1 < sizeof v->reply && line[said] != '\r' && line[said] != '\n';
         said++)
        v->reply[said] = line[said] >= ' ' && line[said] < 0x7f ? line[said] : '?';
    v->reply[said] = '\0';
    return len;
}

/* As deliveries connect (loop/http.c), but nothing is asked for once it stands. */
static CURLcode prepare(CURL *easy, struct server *v)
{
    CURLcode r = server_options(easy, v, v->url, v->proxy, v->ca_file);

    v->is_guarded = !v->is_mail && !v->allow_private && !v->proxy;
    SET(easy, r, CURLOPT_CONNECT_ONLY, 1L);
    if (v->is_mail) {
        SET(easy, r, CURLOPT_USE_SSL,
            v->require_tls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
        SET(easy, r, CURLOPT_HEADERFUNCTION, on_reply);
        SET(easy, r, CURLOPT_HEADERDATA, v);
    }
    if (v->user) {
        SET(easy, r, CURLOPT_USERNAME, v->user);
        SET(easy, r, CURLOPT_LOGIN_OPTIONS, smtp_login_options((enum smtp_auth)v->auth));
    }
    if (v->password && v->auth == SMTP_AUTH_XOAUTH2)
        SET(easy, r, CURLOPT_XOAUTH2_BEARER, v->password);
    else if (v->password)
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

enum cause server_cause(CURL *easy, const struct server *v, CURLcode code)
{
    long error = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
    long tunnel = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
    if (v->address_refused)
        return CAUSE_INSIDE;
    if (tunnel && tunnel / 100 != 2)
        return CAUSE_PROXY;
    switch (code) {
    case CURLE_OK:
        return CAUSE_NONE;
    case CURLE_COULDNT_RESOLVE_PROXY:
        return CAUSE_PROXY_NAME;
    case CURLE_COULDNT_RESOLVE_HOST:
        return CAUSE_NAME;
    case CURLE_COULDNT_CONNECT:
        return v->is_proxied           ? CAUSE_PROXY_GONE
               : error == ECONNREFUSED ? CAUSE_REFUSED
                                       : CAUSE_SILENT;
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

/* One address, up to RCPT. Returns the code that its session goes on or ends with; 0: none came. */
static int ask_for(CURL *easy, struct server *v, struct address *a, int64_t until)
{
    char line[600], reply[REPLY_MAX];

    (void)snprintf(line, sizeof line, "RCPT TO:<%s>\r\n", a->mail);
    int code = talk(easy, line, reply, until);

    a->cause = code / 100 == 2 ? CAUSE_NONE : code / 100 == 4 ? CAUSE_PUT_OFF : CAUSE_RECIPIENT;
    (void)snprintf(a->reply, sizeof a->reply, "%.300s", reply);
    if (code)
        v->asked++;
    return code;
}

/* Up to RCPT for each address, and back each time: no mail is sent. One that is refused hides no other. */
static void talk_to_relay(CURL *easy, struct server *v)
{
    char line[600], reply[REPLY_MAX] = "";
    int64_t until = now_ms() + TALK_MS;
    int code;

    (void)snprintf(line, sizeof line, "MAIL FROM:<%s>\r\n", v->from);
    do {
        code = talk(easy, line, reply, until);
        if (code / 100 == 2 && v->asked < v->address_count)
            code = ask_for(easy, v, &v->addresses[v->asked], until) / 100 == 0
                       ? 0
                       : talk(easy, "RSET\r\n", reply, until);
    } while (code / 100 == 2 && v->asked < v->address_count);
    if (v->asked == 0 && code / 100 != 2) {
        v->cause = code == 0 ? CAUSE_SILENT : code / 100 == 4 ? CAUSE_PUT_OFF : CAUSE_SENDER;
        (void)snprintf(v->words, sizeof v->words, ": %.300s", reply);
    }
    (void)talk(easy, "RSET\r\n", reply, until);
    (void)send_line(easy, "QUIT\r\n", until);
}

/* A relay that answers, and does not let one in: what its last reply says, or what it did not offer. */
static enum cause cause_of_reply(CURL *easy, const struct server *v, CURLcode code,
                                 enum cause cause)
{
    long reply = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply);
    if (v->user &&
        (code == CURLE_OK ? !v->offers_login : code == CURLE_LOGIN_DENIED && reply / 100 == 2))
        return CAUSE_NO_AUTH;
    if (code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_REMOTE_ACCESS_DENIED ||
        code == CURLE_LOGIN_DENIED)
        return reply / 100 == 4                           ? CAUSE_BUSY
               : reply / 100 == 5 && cause != CAUSE_LOGIN ? CAUSE_TURNED_AWAY
                                                          : cause;
    return cause;
}

/* ---- all of it ---- */

void server_reach(struct server *v)
{
    char date[32];
    struct tm t;

    v->cause = CAUSE_OTHER;
    if (v->token_url && !server_fetch_token(v))
        return;
    CURL *easy = curl_easy_init();

    if (!easy)
        return;
    CURLcode code = prepare(easy, v);

    if (code == CURLE_OK)
        code = curl_easy_perform(easy);
    v->cause = server_cause(easy, v, code);
    if (v->is_mail)
        v->cause = cause_of_reply(easy, v, code, v->cause);
    if (v->cause == CAUSE_BUSY || v->cause == CAUSE_TURNED_AWAY)
        (void)snprintf(v->words, sizeof v->words, ": %s", v->reply);
    if (v->cause == CAUSE_OTHER)
        (void)snprintf(v->words, sizeof v->words, ": %s", curl_easy_strerror(code));
    time_t end = code == CURLE_OK ? end_of_certificate(easy) : 0;

    if (v->cause == CAUSE_NONE && v->is_mail)
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
