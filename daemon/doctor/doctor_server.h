/*
 * doctor_server - one server that the daemon speaks to: how far one gets with it, and what is said of that
 */
#ifndef DOCTOR_DOCTOR_SERVER_H
#define DOCTOR_DOCTOR_SERVER_H

#include <curl/curl.h>

#include "doctor/doctor_internal.h"

#define SERVER_WORDS_MAX 420
#define REPLY_SAID_MAX   301 /* of a relay's reply, as it is said */
#define ADDRESSES_MAX    50  /* of one relay: the rest is not asked about */

/** Rows of the table in doctor_server_say.c. */
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
    CAUSE_NO_AUTH,
    CAUSE_BUSY,
    CAUSE_TURNED_AWAY,
    CAUSE_PROXY_NAME,
    CAUSE_PROXY_GONE,
    CAUSE_PROXY,
    CAUSE_TOKEN,
    CAUSE_NO_TOKEN,
    CAUSE_CA_FILE,
    CAUSE_SENDER,
    CAUSE_RECIPIENT,
    CAUSE_PUT_OFF,
    CAUSE_ENDS_SOON,
    CAUSE_OTHER
};

/** Whom a relay is to take mail for. */
struct address {
    char *mail, *who; /* who: "the holder p1 of lead"; NULL: to: of the receiver */
    enum cause cause; /* of its RCPT */
    char reply[REPLY_SAID_MAX];
};

/** Owns its texts: server_release(). */
struct server {
    char *subject, *url, *ca_file, *user, *password, *password_file, *from;
    char *people_path;
    struct address *addresses; /* ADDRESSES_MAX; NULL: none */
    size_t address_count, addresses_left_out;
    char *proxy; /* NULL: straight out */
    char *token_url, *client_id, *client_secret_file, *scope, *token_ca_file; /* of XOAUTH2 */
    char *token_proxy;
    int auth; /* enum smtp_auth, where .user is given */
    bool is_mail, allow_private, require_tls;
    /* of its thread until .is_done */
    bool address_refused, is_done;
    bool offers_login;          /* a relay, since it last greeted or began TLS */
    char reply[REPLY_SAID_MAX]; /* its last line while it was connected to */
    size_t asked;               /* how many of .addresses */
    bool is_proxied;            /* the connection under way */
    bool is_guarded;            /* of the connection under way: no loopback or private address */
    bool is_about_token;        /* it got no further than the token's endpoint */
    enum cause cause;
    char words[SERVER_WORDS_MAX];
};

/** Name, connection, certificates; of a relay the dialogue up to RCPT for each address, taken back. Blocks
 * for some seconds, in any thread. Sets .cause and .words. */
void server_reach(struct server *v);
/** What every connection has, deliveries' too: the way through proxy (NULL: straight out). */
CURLcode server_options(CURL *easy, struct server *v, const char *url, const char *proxy,
                        const char *ca_file);
/** What curl's failure means. */
enum cause server_cause(CURL *easy, const struct server *v, CURLcode code);
/** An access token into .password. Returns false with .cause and .words set. Blocks likewise. */
bool server_fetch_token(struct server *v);
/** One line. */
void server_say(struct doctor *d, const struct server *v);
void server_release(struct server *v);

#endif
