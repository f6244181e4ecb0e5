#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/secret.h"
#include "base/text.h"
#include "doctor/doctor_server.h"
#include "loop/http.h"

/*
 * Which servers there are, all asked at once. (1) Each server is asked in a thread of its own,
 * which owns its copies, so that one that hangs, also in the resolver, delays no other. (2) Who has not ended
 * in DOCTOR_REACH_S is left behind: its result is not read any more.
 */

#define SERVERS_MAX 64

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

static void *run(void *arg)
{
    struct job *job = arg;
    struct servers *all = job->all;
    struct server own = *job->server; /* its texts stay: nobody frees those of one that hangs */

    server_reach(&own);
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

/* The proxy that the URL is fetched through; NULL: straight out. */
static char *proxy_to(struct doctor *d, const struct settings *s, const char *url)
{
    return s->proxy && http_passes_proxy(url, s->no_proxy.items, s->no_proxy.count)
               ? copy(d, s->proxy)
               : NULL;
}

/* Each once, by the first role that has it. */
static void add_address(struct doctor *d, struct server *v, const char *mail, const char *what,
                        const char *person, const char *role)
{
    char who[300];

    for (size_t i = 0; i < v->address_count; i++)
        if (v->addresses[i].mail && strcasecmp(v->addresses[i].mail, mail) == 0)
            return;
    if (v->address_count == ADDRESSES_MAX) {
        v->addresses_left_out++;
        return;
    }
    if (!v->addresses)
        v->addresses = calloc(ADDRESSES_MAX, sizeof *v->addresses);
    if (!v->addresses) {
        d->has_failed = true;
        return;
    }
    struct address *a = &v->addresses[v->address_count++];

    (void)snprintf(who, sizeof who, "%s %s of %s", what, person, role);
    *a = (struct address){ .mail = copy(d, mail), .who = copy(d, *what ? who : NULL) };
}

/* Who holds a role today, and who is told too once a holder's mail is refused for good. */
static void add_holders(struct doctor *d, struct server *v, const struct settings *s,
                        const char *role)
{
    const struct person *people[16];
    size_t n = settings_holders(s, role, d->today, people, 16);

    for (size_t i = 0; i < n; i++) {
        const struct person *deputy = settings_deputy(s, role, people[i], d->today);

        add_address(d, v, people[i]->mail, "the holder", people[i]->id, role);
        if (deputy)
            add_address(d, v, deputy->mail, "the deputy", deputy->id, role);
    }
}

/* Everybody whom alerts through this receiver would reach. c NULL: no more is known than its to:. */
static void add_addresses(struct doctor *d, struct server *v, const struct settings *s,
                          const struct config *c, const struct receiver_setting *r)
{
    if (r->to)
        add_address(d, v, r->to, "", "", "");
    for (size_t i = 0; c && i < c->plan_count; i++)
        for (size_t k = 0; k < c->plans[i]->role_count; k++) {
            const struct plan_role *role = &c->plans[i]->roles[k];

            for (size_t n = 0; n < role->receivers.count; n++)
                if (strcmp(role->receivers.items[n], r->id) == 0)
                    add_holders(d, v, s, role->id);
        }
}

static void add_relay(struct doctor *d, struct servers *all, const struct settings *s,
                      const struct config *c, const struct receiver_setting *r)
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
    v->people_path = copy(d, s->people_path);
    add_addresses(d, v, s, c, r);
    v->ca_file = copy(d, r->ca_file);
    v->user = copy(d, r->user);
    v->auth = r->auth;
    v->password_file = copy(d, r->password_file);
    if (r->password_file && secret_file_read(r->password_file, &v->password) == 0)
        v->password[strcspn(v->password, "\r\n")] = '\0';
    if (r->auth != MAIL_LOGIN_XOAUTH2)
        return;
    v->allow_private = r->allow_private;
    v->token_url = copy(d, r->token_url);
    v->token_proxy = proxy_to(d, s, r->token_url);
    v->token_ca_file = copy(d, r->token_ca_file);
    v->client_id = copy(d, r->client_id);
    v->client_secret_file = copy(d, r->client_secret_file);
    v->scope = copy(d, r->scope);
}

static void add_web(struct doctor *d, struct servers *all, const struct settings *s,
                    const char *what, const char *id, const char *url, bool allow_private,
                    const char *ca_file)
{
    struct server *v = add(d, all, what, id, url);

    if (!v)
        return;
    v->allow_private = allow_private;
    v->proxy = proxy_to(d, s, url);
    v->ca_file = copy(d, ca_file);
}

/* Its address is a credential: only its origin is told (server_say()). */
static void add_channel(struct doctor *d, struct servers *all, const struct settings *s,
                        const struct receiver_setting *r)
{
    AUTO(secret_release) char *url = NULL;

    if (secret_file_read(r->url_file, &url) < 0)
        return; /* look_at_credentials() has said so */
    url[strcspn(url, "\r\n")] = '\0';
    add_web(d, all, s, "receiver", r->id, url, r->allow_private, r->ca_file);
}

static void add_all(struct doctor *d, struct servers *all, const struct settings *s,
                    const struct config *c)
{
    for (size_t i = 0; i < s->receiver_count; i++) {
        const struct receiver_setting *r = &s->receivers[i];
        const char *to = c ? config_recipient(c, r, d->today) : r->to;
        char mend[MEND_MAX];

        if (r->kind == RECEIVER_WEBHOOK || r->kind == RECEIVER_ALERTMANAGER)
            add_web(d, all, s, "receiver", r->id, r->url, r->allow_private, r->ca_file);
        if (r->kind == RECEIVER_TEAMS)
            add_channel(d, all, s, r);
        if (r->kind == RECEIVER_EMAIL)
            add_relay(d, all, s, c, r);
        if (r->kind == RECEIVER_EMAIL && !to)
            say(d, DOCTOR_FAIL, "people", r->id, mend_settings(d, 0, mend),
                "this receiver has no to:, and nobody holds a role that uses it");
    }
    if (s->heartbeat.url)
        add_web(d, all, s, "heartbeat", "", s->heartbeat.url, s->heartbeat.allow_private,
                s->heartbeat.ca_file);
    for (size_t i = 0; i < s->feed_count; i++)
        if (s->feeds[i].transport == TRANSPORT_PULL && s->feeds[i].url)
            add_web(d, all, s, "feed", s->feeds[i].id, s->feeds[i].url, s->feeds[i].allow_private,
                    s->feeds[i].ca_file);
}

/* Proxies of the environment are not followed: where one is meant, nothing gets out. */
static void look_at_proxies(struct doctor *d, const struct settings *s)
{
    static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy",
                                         "ALL_PROXY" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        char mend[80];

        (void)snprintf(mend, sizeof mend, "systemctl unset-environment %s", names[i]);
        if (value && *value) {
            say(d, DOCTOR_WARN, "proxy", names[i], mend,
                "is set in the environment, and is not followed: %s",
                s->proxy ? "proxy: of the settings is" : "connections go straight out");
            return;
        }
    }
    if (s->proxy) {
        say(d, DOCTOR_OK, "proxy", "settings", NULL,
            "what is posted and fetched goes through it, mail and %zu excepted hosts do not",
            s->no_proxy.count);
        return;
    }
    say(d, DOCTOR_OK, "proxy", "environment", NULL,
        "none is set there: connections go straight out");
}

/* ---- all of them ---- */

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

    look_at_proxies(d, s);
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
        server_say(d, v);
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
