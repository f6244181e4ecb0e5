/*
 * doctor_server - one server that the daemon speaks to: how far one gets with it, and what is said of that
 */
#ifndef DOCTOR_DOCTOR_SERVER_H
#define DOCTOR_DOCTOR_SERVER_H

#include "doctor/doctor_internal.h"

#define SERVER_WORDS_MAX 420

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
    CAUSE_CA_FILE,
    CAUSE_SENDER,
    CAUSE_RECIPIENT,
    CAUSE_PUT_OFF,
    CAUSE_ENDS_SOON,
    CAUSE_OTHER
};

/** Owns its texts: server_release(). */
struct server {
    char *subject, *url, *ca_file, *user, *password, *password_file, *from, *to;
    bool is_mail, allow_private, require_tls;
    /* of its thread until .is_done */
    bool address_refused, is_done;
    enum cause cause;
    char words[SERVER_WORDS_MAX];
};

/** Name, connection, certificates; of a relay the dialogue up to RCPT, taken back. Blocks for some
 * seconds, in any thread. Sets .cause and .words. */
void server_reach(struct server *v);
/** One line. */
void server_say(struct doctor *d, const struct server *v);
void server_release(struct server *v);

#endif
