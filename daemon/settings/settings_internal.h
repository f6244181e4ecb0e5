/*
 * settings_internal - what the modules of settings/ share
 *
 * settings.c reads the whole; each section has its module, which reads one mapping through one
 * table of keys and complains at the node. A section reader returns 0, -EINVAL (said) or -ENOMEM
 * and leaves what it has read in the settings, to be released with them.
 */
#ifndef SETTINGS_SETTINGS_INTERNAL_H
#define SETTINGS_SETTINGS_INTERNAL_H

#include "base/table.h"
#include "settings/settings.h"
#include "yaml/yaml.h"

/** What a section reader needs: the document, its folder for relative paths, and the messages. */
struct reading {
    const struct yaml *y;
    const char *folder;
    struct diags *diags;
    struct settings *s;
};

struct settings_index {
    struct yaml *y;
    yaml_node **format_nodes, **feed_nodes; /* of each feed, in order */
    yaml_node *lists_node;
    struct table by_name;          /* folded code, title or printed name → struct organisation */
    struct table by_code;          /* folded code → struct organisation */
    struct table places;           /* folded id, title or printed name → struct place */
    struct table practices, lsoas; /* folded code → struct place */
    char *
        folded; /* room for the longest key of both: asking needs no memory, so that an organisation
                     that is known is never taken for one that is not */
    size_t folded_size;
};

#define COMPLAIN(rd, node, hint, ...)                                                              \
    (yaml_complain((rd)->y, node, (rd)->diags, DIAG_ERROR, hint, __VA_ARGS__), -EINVAL)

/* ---- the tables of keys, one a section ---- */
extern const struct bind_key feed_keys[], receiver_keys[], redis_keys[], http_keys[], list_keys[],
    identity_keys[], heartbeat_keys[], control_keys[], daily_test_keys[], digest_keys[];
extern const struct bind_key person_keys[], holding_keys[], absence_keys[], organisation_keys[],
    place_keys[], calendar_keys[];

/* ---- section readers ---- */
/** node: a path, or a mapping. Call before the paths are resolved. */
int settings_read_control(const struct reading *rd, yaml_node *node);
int settings_read_redis(const struct reading *rd, yaml_node *mapping);
/** Call when the feeds are read: one that is pushed needs the server. */
int settings_read_http(const struct reading *rd, yaml_node *mapping);
int settings_read_feeds(const struct reading *rd, yaml_node *sequence);
int settings_read_lists(const struct reading *rd, yaml_node *sequence);
/** Lists against each other and against the feeds, once providers are codes. */
int settings_check_lists(const struct reading *rd);
int settings_read_receivers(const struct reading *rd, yaml_node *sequence);
/** What an email receiver is asked beside its keys. */
int settings_check_email(const struct reading *rd, yaml_node *mapping, struct receiver_setting *v);
/** Call when the people are read: whom a receiver's domains leave out is a warning. */
void settings_warn_of_domains(const struct reading *rd, yaml_node *receivers);
/** Call when the receivers are read: it may name one. */
int settings_read_heartbeat(const struct reading *rd, yaml_node *mapping);
/** A list of lengths of time in days or weeks. */
int settings_read_reminders(const struct reading *rd, yaml_node *sequence);
int settings_read_daily_test(const struct reading *rd, yaml_node *mapping);
/** node: a mapping, or off. */
int settings_read_digest(const struct reading *rd, yaml_node *node);
int settings_read_people(const char *path, struct diags *diags, struct settings *s);
/** Shipped file first, then the settings' own (path NULL: none); fills the index. */
int settings_read_organisations(const char *shipped, const char *own, struct diags *diags,
                                struct settings *s);
/** A list of bank holidays, which becomes the settings' workdays. */
int settings_read_calendar(const char *path, struct diags *diags, struct settings *s);
int settings_read_places(const char *path, struct diags *diags, struct settings *s);

void feed_setting_release(struct feed_setting *f);
void holding_release(struct holding *h);

/* ---- helpers ---- */
/** The first error met wins; -ENOMEM over -EINVAL. For "go on and report all". */
int settings_worse(int a, int b);
/** The hours of a mapping's `hours:`, said NULL: none. Returns 0 or -EINVAL with a message. */
int settings_read_hours(const struct reading *rd, yaml_node *mapping, const char *what,
                        const char *said, struct hours *out_hours);
/** A relative path under a folder, in place of *path; an absolute one stays. *path NULL: nothing.
 */
int settings_resolve(const char *folder, char **path);
/** Whether a named file can be read; complains at the node when not. path NULL: 0. */
int settings_require_file(const struct reading *rd, yaml_node *at, const char *what,
                          const char *path);
/** A file of one or two webhook secrets (base/secret.h). Complains without a byte of them; section
 * ("receiver") begins the message. path NULL: 0. */
int settings_check_secret(const struct reading *rd, yaml_node *at, const char *section,
                          const char *path);
/** One of one or two bearer tokens: at least 24 characters each that may stand in a header. */
int settings_check_token(const struct reading *rd, yaml_node *at, const char *section,
                         const char *path);
/** A URL that we ask: https, or http to an address of our own. url NULL: 0. */
int settings_check_url(const struct reading *rd, yaml_node *at, const char *section,
                       const char *url, bool allow_private);
/** Grows an array by one zeroed element and returns it; NULL without memory. */
void *settings_grow(void *array_pointer, size_t *count, size_t size);

/** One plain address: ASCII, one "@", nothing that could end a header or a command (RELIABILITY
 * M9). */
bool settings_mail_ok(const char *address);

/** `proxy:` and `no_proxy:`. */
int settings_check_proxy(const struct reading *rd, yaml_node *root);

/** A host or domain name: letters, digits and "-" in labels joined by single dots. */
bool settings_host_ok(const char *host);

/** Takes apart "scheme://host[:port][/rest]"; strict: what it does not know it refuses. */
struct settings_url {
    char scheme[12], host[256];
    long port;       /* 0: none given */
    bool has_rest;   /* more than "/" after the authority */
    bool is_address; /* host is an IP address */
    bool is_private; /* loopback, link-local or private address, or "localhost" */
};
/** Returns 0 or -EINVAL; *out_why is then a constant text, and the scheme is set if there was one:
 * what is not spoken here is to be refused as such, whatever follows it. */
int settings_url_parse(const char *url, struct settings_url *out_url, const char **out_why);

#endif
