/*
 * settings_receiver_mail - what `receivers:` asks of an email receiver: its relay, its login, whom it may
 * write to
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "settings/settings_internal.h"

/* ---- addresses and the relay ---- */

static int check_mail(const struct reading *rd, yaml_node *at, const char *key, const char *address)
{
    if (!address || settings_mail_ok(address))
        return 0;
    return COMPLAIN(rd, at, "one address and nothing else: name.surname@example.nhs.uk",
                    "receiver: %s is not a mail address", key);
}

static int check_relay(const struct reading *rd, yaml_node *mapping, struct receiver_setting *v)
{
    yaml_node *at = yaml_get(mapping, "smtp"), *tls = yaml_get(mapping, "tls");
    struct settings_url u = { .port = 0 };
    const char *why = NULL;

    if (!v->smtp)
        return 0;
    int parsed = settings_url_parse(v->smtp, &u, &why);
    bool smtps = strcmp(u.scheme, "smtps") == 0;

    if (u.scheme[0] && !smtps && strcmp(u.scheme, "smtp") != 0)
        return COMPLAIN(rd, at, "smtp://host:port or smtps://host:port",
                        "receiver: scheme %s:// is not for mail", u.scheme);
    if (parsed < 0)
        return COMPLAIN(rd, at, "smtp://host:port", "receiver: smtp %s", why);
    if (u.has_rest)
        return COMPLAIN(rd, at, "smtp://host:port",
                        "receiver: smtp has more than a host and a port");
    if (smtps && v->tls == SMTP_TLS_OFF)
        return COMPLAIN(rd, tls, NULL, "receiver: smtps:// is TLS; tls: off contradicts it");
    if (!smtps && v->tls == SMTP_TLS_IMPLICIT)
        return COMPLAIN(rd, tls, "write smtps://host:port",
                        "receiver: tls: implicit needs smtps://");
    if (smtps)
        v->tls = SMTP_TLS_IMPLICIT;
    return 0;
}

/* ---- the login ---- */

/* Each way to log in has its keys, which go together. */
static int check_login(const struct reading *rd, yaml_node *mapping,
                       const struct receiver_setting *v)
{
    bool by_token = v->auth == MAIL_LOGIN_XOAUTH2;
    const struct {
        const char *key, *value;
        bool is_needed;
    } keys[] = {
        { "token_url", v->token_url, true },
        { "client_id", v->client_id, true },
        { "client_secret_file", v->client_secret_file, true },
        { "scope", v->scope, false },
        { "token_ca_file", v->token_ca_file, false },
    };
    int r = 0;

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i].value && !by_token)
            r = COMPLAIN(rd, yaml_get(mapping, keys[i].key), NULL,
                         "receiver: %s is for auth: xoauth2 alone", keys[i].key);
        if (!keys[i].value && by_token && keys[i].is_needed)
            r = COMPLAIN(rd, mapping, NULL, "receiver: auth xoauth2 needs \"%s\"", keys[i].key);
    }
    if (by_token && (!v->user || v->password_file))
        r = COMPLAIN(rd, mapping, "user: the mailbox's address",
                     "receiver: auth xoauth2 goes with a user and no password_file");
    if (!by_token && !v->user != !v->password_file)
        r = COMPLAIN(rd, mapping, NULL, "receiver: user and password_file go together");
    r = settings_worse(r, settings_require_file(rd, yaml_get(mapping, "password_file"),
                                                "receiver: password_file", v->password_file));
    r = settings_worse(r, settings_require_file(rd, yaml_get(mapping, "client_secret_file"),
                                                "receiver: client_secret_file",
                                                v->client_secret_file));
    r = settings_worse(r, settings_require_file(rd, yaml_get(mapping, "token_ca_file"),
                                                "receiver: token_ca_file", v->token_ca_file));
    return settings_worse(r, settings_check_url(rd, yaml_get(mapping, "token_url"), "receiver",
                                                v->token_url, v->allow_private));
}

/* ---- whom it may write to ---- */

bool receiver_may_write_to(const struct receiver_setting *r, const char *address)
{
    const char *at = strrchr(address, '@');
    size_t len = at ? strlen(at + 1) : 0;

    for (size_t i = 0; i < r->domains.count; i++) {
        size_t n = strlen(r->domains.items[i]);

        if (len >= n && n > 0 && strcasecmp(at + 1 + len - n, r->domains.items[i]) == 0 &&
            (len == n || at[len - n] == '.'))
            return true;
    }
    return r->domains.count == 0;
}

static int check_domains(const struct reading *rd, yaml_node *mapping,
                         const struct receiver_setting *v)
{
    yaml_node *at = yaml_get(mapping, "domains");
    int r = 0;

    for (size_t i = 0; i < v->domains.count; i++)
        if (!settings_host_ok(v->domains.items[i]))
            r = COMPLAIN(rd, at, "for example example.nhs.uk", "receiver: \"%s\" is no domain",
                         v->domains.items[i]);
    if (v->to && !receiver_may_write_to(v, v->to))
        r = COMPLAIN(rd, yaml_get(mapping, "to"), "a domain of domains:",
                     "receiver: to is outside the domains that it may write to");
    return r;
}

void settings_warn_of_domains(const struct reading *rd, yaml_node *receivers)
{
    const struct settings *s = rd->s;

    for (size_t i = 0; i < s->receiver_count; i++)
        for (size_t k = 0; k < s->person_count; k++) {
            const struct receiver_setting *r = &s->receivers[i];

            if (s->people[k].mail && !receiver_may_write_to(r, s->people[k].mail))
                yaml_complain(
                    rd->y, yaml_get(yaml_item(receivers, i), "domains"), rd->diags, DIAG_WARNING,
                    "or let the person's role use another receiver",
                    "receiver: %s may not write to %s of people: their domain is not listed", r->id,
                    s->people[k].id);
        }
}

int settings_check_email(const struct reading *rd, yaml_node *mapping, struct receiver_setting *v)
{
    int r = check_mail(rd, yaml_get(mapping, "to"), "to", v->to);

    r = settings_worse(r, check_mail(rd, yaml_get(mapping, "from"), "from", v->from));
    r = settings_worse(r, check_relay(rd, mapping, v));
    if (!v->to && !rd->s->people_path)
        r = settings_worse(r, COMPLAIN(rd, mapping,
                                       "give to:, or people: with the holders of the roles",
                                       "receiver: this email has nobody to write to"));
    r = settings_worse(r, check_login(rd, mapping, v));
    r = settings_worse(r, check_domains(rd, mapping, v));
    if (r == 0 && v->user && v->tls == SMTP_TLS_OFF)
        yaml_complain(rd->y, yaml_get(mapping, "user"), rd->diags, DIAG_WARNING, "tls: required",
                      "receiver: with tls: off the password goes in clear");
    return r;
}
