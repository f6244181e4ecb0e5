/*
 * settings - waitlistd.yaml: what runs here
 *
 * Reads the settings file and what it names (people, organisations), checks everything in one
 * pass, and hands out one read-only value. Relative paths are relative to the settings file. A
 * named file that is missing is an error; missing folders are made by the daemon, not here.
 * DESIGN section 4 prints the keys that every check can rely on; waitlistd.yaml(5) lists all.
 */
#ifndef SETTINGS_SETTINGS_H
#define SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/date.h"
#include "base/diag.h"
#include "base/hours.h"
#include "base/workdays.h"
#include "yaml/bind.h"

enum feed_kind { FEED_AGGREGATE, FEED_SNAPSHOT, FEED_EVENTS, FEED_SET };
enum feed_transport { TRANSPORT_INBOX, TRANSPORT_PULL, TRANSPORT_PUSH };
enum feed_cadence {
    CADENCE_DATES,
    CADENCE_DAILY,
    CADENCE_WEEKLY,
    CADENCE_MONTHLY,
    CADENCE_QUARTERLY,
    CADENCE_YEARLY
};
enum receiver_kind {
    RECEIVER_SPOOL,
    RECEIVER_WEBHOOK,
    RECEIVER_EMAIL,
    RECEIVER_TEAMS,
    RECEIVER_ALERTMANAGER
};
/** How figures are shown to whom a receiver's messages go (DESIGN section 10; notify/figure.h). */
enum profile { PROFILE_PARTNER, PROFILE_PUBLIC, PROFILE_INTERNAL, PROFILE_EXACT };
enum smtp_tls { SMTP_TLS_REQUIRED, SMTP_TLS_IMPLICIT, SMTP_TLS_OFF };
/** As enum smtp_auth of loop/http.h, in its order. */
enum mail_login { MAIL_LOGIN_PASSWORD, MAIL_LOGIN_PLAIN, MAIL_LOGIN_LOGIN, MAIL_LOGIN_XOAUTH2 };
enum redis_mode { REDIS_EMBEDDED, REDIS_SERVER };

struct list_setting {
    char *id, *title, *service;
    struct text_list providers; /* codes */
};

struct feed_setting {
    char *id, *title, *format, *inbox, *contact;
    char *into; /* the list that a snapshot, events or set feed writes; NULL: aggregate */
    struct text_list local_id; /* columns of local numbers, beside the format's */
    int kind;                  /* enum feed_kind */
    int transport; /* enum feed_transport; each has its keys, the others' are NULL or unused */
    char *url, *ca_file; /* pull */
    bool allow_private;
    struct span every;              /* seconds */
    char *token_file, *secret_file; /* push; read at use */
    long max_mb;                    /* MiB of one body */
    enum feed_cadence cadence;
    struct civil_date *publication_dates; /* CADENCE_DATES, ascending */
    size_t publication_date_count;
    struct span grace;
    struct civil_date from; /* DATE_NONE: the day it was first configured */
    struct text_list providers, keep;
};

struct receiver_setting {
    char *id;
    int kind;             /* enum receiver_kind */
    char *dir;            /* spool */
    char *url, *url_file; /* url_file: of teams, whose address is a credential */
    char *secret_file;
    struct span resend; /* alertmanager: how often what fires is sent again; seconds */
    bool allow_private; /* webhook; the secret is read at use, never kept in a message */
    char *to, *smtp, *from, *user, *password_file, *ca_file;
    struct text_list domains; /* email: of those it may write to; none: any */
    int tls;                  /* email; enum smtp_tls */
    int auth;                 /* email with a user; enum mail_login */
    char *token_url, *client_id, *client_secret_file, *scope, *token_ca_file; /* of XOAUTH2 */
    long rate;          /* email: mails a minute at most */
    char *hours_said;   /* as given, or NULL */
    struct hours hours; /* likewise; not .is_set: of a lead's mail HOURS_OF_LEADS, else all */
    int profile;        /* enum profile; never PROFILE_EXACT */
    char *approved_by, *basis;   /* of PROFILE_INTERNAL: who allows it, on which basis */
    struct civil_date review_by; /* likewise: its last day */
};

struct redis_setting {
    int mode;            /* enum redis_mode */
    char *server_binary; /* embedded: "redis-server" */
    char *socket, *host;
    long port;         /* server */
    struct span lease; /* server: how long one daemon leads without saying so again; seconds */
    char *user, *password_file;
    struct span notice_after; /* seconds */
};

struct http_setting {
    bool is_on;   /* asked for, or needed by a feed */
    char *listen; /* "address:port" */
    long connections, per_address;
    struct span deadline;     /* seconds */
    struct text_list proxies; /* numeric addresses */
};

/** The sign of life for a monitor outside; neither url nor receiver: none. */
struct heartbeat_setting {
    char *url, *receiver, *ca_file;
    bool allow_private;
    struct span every; /* seconds */
};

/** A message a day that proves the way to a receiver; no receivers: none. */
struct daily_test_setting {
    struct text_list receivers; /* ids */
    char *at;                   /* "hh:mm", local time: from then on */
};

/** The digest of each week. */
struct digest_setting {
    bool is_off;
    int on;   /* 0: Monday */
    char *at; /* "hh:mm", local time: from then on */
};

struct person {
    char *id, *name, *mail;
    char *hours_said;   /* as given, or NULL */
    struct hours hours; /* likewise; not .is_set: those of the receiver */
};
struct absence {
    struct civil_date from, to; /* both days included; DATE_NONE: open */
};
struct holding {
    char *role, *person, *deputy;
    struct civil_date from, to; /* both days included; DATE_NONE: open */
    struct absence *away;
    size_t away_count;
};

struct organisation {
    char *code, *title;
    struct text_list also; /* other printed names */
    char *parent;          /* code of the system it belongs to, or NULL */
    struct civil_date from, to;
    char *succeeded_by;
};

/** A borough within the instance: what plans, places.yaml and records mean by "place". */
#define PLACE_TEXT_MAX 96 /* bytes of a name or code of it */
struct place {
    char *id, *title;
    struct text_list also; /* other printed names and codes */
    struct text_list practices, lsoas, organisations;
};

/** Who brings a change of a plan into force. */
enum plan_approval_by { APPROVAL_ONE, APPROVAL_SECOND };

struct settings {
    char *path, *folder; /* of the settings file */
    char *instance, *state, *control, *timezone, *log_level;
    char *control_operators, *control_readers; /* groups of the system, or NULL */
    struct redis_setting redis;
    struct http_setting http;
    struct heartbeat_setting heartbeat;
    char *proxy;               /* for what is posted and fetched by http(s); NULL: none */
    struct text_list no_proxy; /* hosts and domains that are reached without it */
    struct daily_test_setting daily_test;
    struct digest_setting digest;
    struct text_list plans, formats; /* absolute paths */
    int approval;                    /* enum plan_approval_by: of a change of a plan */
    char *people_path,
        *organisations_path; /* or NULL; organisations_path adds to the shipped file */
    char *places_path;       /* or NULL */
    char *holidays_path;     /* or NULL: the shipped list */
    struct workdays workdays;
    int *remind_days; /* what stays red is said again after so many days, then after so many more */
    size_t remind_count;
    struct {
        struct text_list ops, governance, fallback;
    } routes; /* receiver ids; filled per DESIGN when left out */
    struct {
        struct span quarantine, incidents;
        struct span pathways; /* after they stopped */
    } retention;              /* how long what is kept for a time is kept */
    struct {
        char *key_file;          /* of the pseudonyms; <state>/pathway.key when left out */
        char *previous_key_file; /* the one before it, while files are read with both; or NULL */
    } identity;
    struct list_setting *lists;
    size_t list_count;
    struct feed_setting *feeds;
    size_t feed_count;
    struct receiver_setting *receivers;
    size_t receiver_count;
    struct person *people;
    size_t person_count;
    struct holding *holdings;
    size_t holding_count;
    struct organisation *organisations;
    size_t organisation_count;
    struct place *places;
    size_t place_count;
    char *demo_banner; /* printed at the start when given: says that this is a demonstration */
    struct settings_index
        *index; /* of settings.c: the document, and tables by code and printed name */
};

/** datadir: where formats/, organisations.yaml ship. Returns 0; -EINVAL with messages; never half a
 * value. */
int settings_load(const char *path, const char *datadir, struct diags *diags,
                  struct settings **out_settings);
void settings_free(struct settings *s);
/** Whether each feed's format is one of ids (NULL-terminated). Returns 0, or -EINVAL with a message
 * at the feed's `format:`. */
int settings_check_formats(const struct settings *s, const char *const *ids, struct diags *diags);
/** The number of a group of the system. Returns 0, -ENOENT (also for NULL) or -ENOMEM. */
int settings_group(const char *name, gid_t *out_gid);
/** One line a key, "section.key<TAB>default<TAB>meaning": the table that the sample and the man
 * page follow. */
void settings_print_defaults(FILE *to);

const struct feed_setting *settings_feed(const struct settings *s, const char *id);
const struct list_setting *settings_list(const struct settings *s, const char *id);
/** How figures are shown to it on a day: what was allowed until a day is partner after it. */
enum profile receiver_profile(const struct receiver_setting *r, struct civil_date on);
/** Whether its messages are mails; data (JSON); and are read by a program, which waits for no day's message. */
bool receiver_takes_mail(const struct receiver_setting *r);
bool receiver_takes_data(const struct receiver_setting *r);
bool receiver_is_machine(const struct receiver_setting *r);
/** Whether the domain of a mail address is one of the receiver's `domains:`, or below one; without any
 * every one is. */
bool receiver_may_write_to(const struct receiver_setting *r, const char *address);
const struct receiver_setting *settings_receiver(const struct settings *s, const char *id);
/** When mail, or another message, may go to a recipient of a receiver. person: who it is, or NULL; is_lead:
 * it is for one who holds a role, not by a route. Never NULL. */
const struct hours *receiver_hours(const struct receiver_setting *r, const struct person *person,
                                   bool is_lead);
/** The code of a printed name or code (folded), or the text itself when no organisation matches.
 * Borrowed. */
const char *settings_org_code(const struct settings *s, const char *printed);
/** The place that a record's own words mean: its place column, else the practice, else the LSOA (each
 * may be NULL). NULL: no place that is known. */
const struct place *settings_place(const struct settings *s, const char *printed,
                                   const char *practice, const char *lsoa);
/** The organisation that does a code's work on a date: itself, or the one it was succeeded by since. */
const char *settings_org_on(const struct settings *s, const char *code, struct civil_date on);
/** Whether the organisation was there by that date: nobody is missed before the first day. */
bool settings_org_has_begun(const struct settings *s, const char *code, struct civil_date on);
/** The n-th organisation, from 0 on, that this one took over from; *out_last: its last day, DATE_NONE: not
 * said. NULL: no more. */
const char *settings_org_before(const struct settings *s, const char *code, size_t n,
                                struct civil_date *out_last);
/** The title of a code, or the code itself. */
const char *settings_org_title(const struct settings *s, const char *code);
/** Each person who holds a role on a date, or the deputy while the holder is away; none twice. 0
 * when nobody holds it. */
size_t settings_holders(const struct settings *s, const char *role, struct civil_date on,
                        const struct person **out_people, size_t max);

/** Who stands in for a holder of a role on a date; NULL: nobody. */
const struct person *settings_deputy(const struct settings *s, const char *role,
                                     const struct person *holder, struct civil_date on);

enum role_held { HELD_ALWAYS, HELD_NEVER, HELD_WITH_GAP };
/** Whether somebody holds a role on each day between two (DATE_NONE: open; then only gaps between holders
 * and after the last are looked for), else the first gap; *out_to is DATE_NONE where it does not end. */
enum role_held settings_role_held(const struct settings *s, const char *role,
                                  struct civil_date from, struct civil_date to,
                                  struct civil_date *out_from, struct civil_date *out_to);

#endif
