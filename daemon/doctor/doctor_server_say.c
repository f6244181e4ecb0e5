#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/secret.h"
#include "doctor/doctor_server.h"

/* What each cause is called, and the command that mends it. */

enum remedy {
    NOTHING,
    CHANGE_SETTINGS,
    ALLOW_ADDRESS,
    ASK_RESOLVER,
    SEE_CHAIN,
    WRITE_PASSWORD,
    TRY_AGAIN,
    SEE_GREETING
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
    [CAUSE_NO_AUTH] = { DOCTOR_FAIL, "login",
                        "it offers no AUTH that can be used, while user: is set: mail would go "
                        "without a login, or not at all",
                        CHANGE_SETTINGS },
    [CAUSE_BUSY] = { DOCTOR_FAIL, "smtp",
                     "it answers, and takes nothing for now: what waits is tried again by itself",
                     TRY_AGAIN },
    [CAUSE_TURNED_AWAY] = { DOCTOR_FAIL, "smtp",
                            "it turns this machine away: who runs the relay must let it in",
                            SEE_GREETING },
    [CAUSE_PROXY_NAME] = { DOCTOR_FAIL, "proxy", "the proxy's name is not found", CHANGE_SETTINGS },
    [CAUSE_PROXY_GONE] = { DOCTOR_FAIL, "proxy", "the proxy cannot be connected to",
                           CHANGE_SETTINGS },
    [CAUSE_PROXY] = { DOCTOR_FAIL, "proxy",
                      "the proxy lets nobody through to it: name it under no_proxy, or have it "
                      "allowed",
                      CHANGE_SETTINGS },
    [CAUSE_TOKEN] = { DOCTOR_FAIL, "token", "it refuses client_id or the client's secret",
                      WRITE_PASSWORD },
    [CAUSE_NO_TOKEN] = { DOCTOR_FAIL, "token", "it gives no access token", CHANGE_SETTINGS },
    [CAUSE_CA_FILE] = { DOCTOR_FAIL, "credential", "the ca_file holds no certificate",
                        CHANGE_SETTINGS },
    [CAUSE_SENDER] = { DOCTOR_FAIL, "smtp", "it refuses the sender", CHANGE_SETTINGS },
    [CAUSE_RECIPIENT] = { DOCTOR_FAIL, "smtp", "it refuses the recipient", CHANGE_SETTINGS },
    [CAUSE_PUT_OFF] = { DOCTOR_WARN, "smtp", "it puts off, as greylisting does", TRY_AGAIN },
    [CAUSE_ENDS_SOON] = { DOCTOR_WARN, "tls", "its certificate ends soon", SEE_CHAIN },
    [CAUSE_OTHER] = { DOCTOR_FAIL, "connect", "it cannot be spoken to", CHANGE_SETTINGS },
};

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
    bool is_starttls = v->is_mail && !v->is_about_token && strncmp(v->url, "smtp:", 5) == 0;

    host_of(v->is_about_token ? v->token_url : v->url, host, port);
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
        if (v->password_file || v->client_secret_file)
            return mend_path("install -m 600 /dev/stdin %s",
                             v->password_file ? v->password_file : v->client_secret_file, out);
        break;
    case TRY_AGAIN:
        (void)snprintf(out, MEND_MAX, "waitlistctl notify test %s",
                       v->subject + strcspn(v->subject, " ") + 1);
        return out;
    case SEE_GREETING:
        return mend_path("curl --verbose --max-time 10 %s", v->url, out);
    case CHANGE_SETTINGS:
        break;
    }
    return mend_settings(d, 0, out);
}

/* ---- whom a relay takes mail for ---- */

static const char *mend_address(const struct doctor *d, const struct server *v,
                                const struct address *a, char out[MEND_MAX])
{
    if (!a->who)
        return mend_server(d, v, causes[a->cause].remedy, out);
    if (a->cause == CAUSE_PUT_OFF)
        return "sleep 600; waitlistctl doctor";
    return mend_path("editor %s && systemctl reload-or-restart waitlistd", v->people_path, out);
}

/* Each that it does not take, by role: the address itself is in people.yaml. */
static void say_refused(struct doctor *d, const struct server *v, const char *where)
{
    char mend[MEND_MAX];
    size_t unasked = v->address_count - v->asked + v->addresses_left_out;

    for (size_t i = 0; i < v->asked; i++) {
        const struct address *a = &v->addresses[i];

        if (a->cause != CAUSE_NONE)
            say(d, causes[a->cause].level, causes[a->cause].check, v->subject,
                mend_address(d, v, a, mend), "%s: %s%s%s: %s", where, causes[a->cause].words,
                a->who ? ", " : "", a->who ? a->who : "", a->reply);
    }
    if (unasked)
        say(d, DOCTOR_WARN, "smtp", v->subject, "sleep 600; waitlistctl doctor",
            "%s: not asked about %zu more addresses: %s", where, unasked,
            v->asked < v->address_count ? "it ended the session, or answers slowly"
                                        : "they are too many");
}

static void say_taken(struct doctor *d, const struct server *v, const char *where)
{
    const char *first = NULL;
    char more[40] = "";
    size_t taken = 0;

    for (size_t i = 0; i < v->asked; i++)
        if (v->addresses[i].cause == CAUSE_NONE && taken++ == 0)
            first = v->addresses[i].mail;
    if (taken > 1)
        (void)snprintf(more, sizeof more, " and %zu more", taken - 1);
    if (taken || v->address_count == 0)
        say(d, DOCTOR_OK, "smtp", v->subject, NULL, "%s: it would take mail%s%s%s%s", where,
            first ? " for " : "", first ? first : "", more, v->words);
}

void server_say(struct doctor *d, const struct server *v)
{
    char mend[MEND_MAX], where[300];
    const char *check = causes[v->cause].check;

    if (!v->url || !v->subject)
        return;
    (void)origin_of(v->is_about_token ? v->token_url : v->url, where);
    if (v->cause != CAUSE_NONE)
        say(d, causes[v->cause].level, check, v->subject,
            mend_server(d, v, causes[v->cause].remedy, mend), "%s: %s%s", where,
            causes[v->cause].words, v->words);
    else if (v->is_mail)
        say_taken(d, v, where);
    else
        say(d, DOCTOR_OK, "webhook", v->subject, NULL, "%s: can be connected to%s", where,
            v->words);
    if (v->is_mail && (v->cause == CAUSE_NONE || v->cause == CAUSE_ENDS_SOON))
        say_refused(d, v, where);
}

void server_release(struct server *v)
{
    char *const texts[] = { v->subject,
                            v->url,
                            v->ca_file,
                            v->user,
                            v->password_file,
                            v->from,
                            v->people_path,
                            v->proxy,
                            v->token_url,
                            v->client_id,
                            v->client_secret_file,
                            v->scope,
                            v->token_ca_file,
                            v->token_proxy };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    for (size_t i = 0; i < v->address_count; i++) {
        free(v->addresses[i].mail);
        free(v->addresses[i].who);
    }
    free(v->addresses);
    secret_wipe(v->password);
}
