/*
 * settings_receiver - `receivers:`, where messages go
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "settings/settings_internal.h"

static const char *const kinds[] = { "spool", "webhook", "email", "teams", "alertmanager", NULL };
static const char *const profiles[] = { "partner", "public", "internal", "exact", NULL };
static const char *const logins[] = { "password", "plain", "login", "xoauth2", NULL };
static const char *const tls_modes[] = { "required", "implicit", "off", NULL };

#define FIELD(name) BIND_FIELD(struct receiver_setting, name)

const struct bind_key receiver_keys[] = {
    { "id", BIND_ID, FIELD(id), NULL, 0, 0, NULL, 1,
      "the receiver's name in plans (roles) and routes" },
    { "kind", BIND_CHOICE, FIELD(kind), NULL, 0, 0, kinds, 1,
      "spool: files in a folder; webhook: signed CloudEvents; email: to the holders of the role; "
      "teams: "
      "cards in a channel; alertmanager: alerts of Prometheus" },
    { "dir", BIND_TEXT, FIELD(dir), NULL, 0, 0, NULL, 0,
      "spool: the folder for .eml and .json files; made when missing" },
    { "url", BIND_TEXT, FIELD(url), NULL, 0, 0, NULL, 0,
      "webhook, alertmanager: where to post; https, or http where allow_private is true; of an "
      "Alertmanager "
      "its root, to which /api/v2/alerts is added" },
    { "url_file", BIND_TEXT, FIELD(url_file), NULL, 0, 0, NULL, 0,
      "teams: the file that holds the address of the channel's workflow: whoever has it can post "
      "there" },
    { "secret_file", BIND_TEXT, FIELD(secret_file), NULL, 0, 0, NULL, 0,
      "webhook: a file holding whsec_ and base64 of at least 24 random bytes" },
    { "allow_private", BIND_BOOL, FIELD(allow_private), "false", 0, 0, NULL, 0,
      "webhook, teams, alertmanager: true lets it reach loopback and private addresses, for a "
      "receiver of your own; "
      "email: "
      "the same of token_url" },
    { "to", BIND_TEXT, FIELD(to), NULL, 0, 0, NULL, 0,
      "email: the address used when a role has no holder" },
    { "smtp", BIND_TEXT, FIELD(smtp), NULL, 0, 0, NULL, 0,
      "email: the relay, smtp://host:port or smtps://host:port" },
    { "from", BIND_TEXT, FIELD(from), NULL, 0, 0, NULL, 0,
      "email: the sender's address; one that people can answer" },
    { "user", BIND_TEXT, FIELD(user), NULL, 0, 0, NULL, 0,
      "email: the name to log in with, where the relay asks for one" },
    { "password_file", BIND_TEXT, FIELD(password_file), NULL, 0, 0, NULL, 0,
      "email: the file that holds its password" },
    { "ca_file", BIND_TEXT, FIELD(ca_file), NULL, 0, 0, NULL, 0,
      "all but spool: certificates to trust in place of the system's, for a private authority" },
    { "tls", BIND_CHOICE, FIELD(tls), "required", 0, 0, tls_modes, 0,
      "email: required: STARTTLS must succeed; implicit: smtps; off: only for a relay on this host "
      "or network" },
    { "domains", BIND_TEXTS, FIELD(domains), NULL, 0, 0, NULL, 0,
      "email: the only domains, with those below them, that it may write to; any when left out" },
    { "auth", BIND_CHOICE, FIELD(auth), "password", 0, 0, logins, 0,
      "email with a user: password (PLAIN or LOGIN, as the relay offers), plain, login, or "
      "xoauth2: an "
      "access token fetched with client credentials" },
    { "token_url", BIND_TEXT, FIELD(token_url), NULL, 0, 0, NULL, 0,
      "auth xoauth2: where access tokens are given; https" },
    { "client_id", BIND_TEXT, FIELD(client_id), NULL, 0, 0, NULL, 0,
      "auth xoauth2: by which name this program is known there" },
    { "client_secret_file", BIND_TEXT, FIELD(client_secret_file), NULL, 0, 0, NULL, 0,
      "auth xoauth2: the file that holds its secret" },
    { "scope", BIND_TEXT, FIELD(scope), NULL, 0, 0, NULL, 0,
      "auth xoauth2: what the token is to allow, as the relay's operator says" },
    { "token_ca_file", BIND_TEXT, FIELD(token_ca_file), NULL, 0, 0, NULL, 0,
      "auth xoauth2: certificates to trust at token_url in place of the system's" },
    { "rate", BIND_INTEGER, FIELD(rate), "20", 1, 600, NULL, 0,
      "email: at most so many mails a minute" },
    { "hours", BIND_TEXT, FIELD(hours_said), NULL, 0, 0, NULL, 0,
      "hh:mm-hh:mm, local time: messages go at these hours of working days alone, and wait until "
      "then; all: always. Left out: 08:00-18:00 for email to those who hold a role, always for "
      "everything else" },
    { "resend", BIND_DURATION, FIELD(resend), "5min", 0, 0, NULL, 0,
      "alertmanager: how often what fires is sent again, since an Alertmanager forgets it when it "
      "restarts; 1s to 24h" },
    { "profile", BIND_CHOICE, FIELD(profile), "partner", 0, 0, profiles, 0,
      "how small numbers are shown: partner, public, or internal, which needs approved_by, basis "
      "and "
      "review_by; exact is for the control socket alone" },
    { "approved_by", BIND_TEXT, FIELD(approved_by), NULL, 0, 0, NULL, 0,
      "profile internal: who allowed it" },
    { "basis", BIND_TEXT, FIELD(basis), NULL, 0, 0, NULL, 0,
      "profile internal: what allows it, such as a sharing agreement and its number" },
    { "review_by", BIND_DATE, FIELD(review_by), NULL, 0, 0, NULL, 0,
      "profile internal: its last day; from the next on figures are shown as to partners" },
    BIND_END,
};

#define RESEND_MOST_S 86400

#define SPOOL   (1u << RECEIVER_SPOOL)
#define WEBHOOK (1u << RECEIVER_WEBHOOK)
#define EMAIL   (1u << RECEIVER_EMAIL)
#define TEAMS   (1u << RECEIVER_TEAMS)
#define MANAGER (1u << RECEIVER_ALERTMANAGER)

static const struct {
    const char *key;
    unsigned used_by, required_by;
} uses[] = {
    { "dir", SPOOL, SPOOL },
    { "url", WEBHOOK | MANAGER, WEBHOOK | MANAGER },
    { "url_file", TEAMS, TEAMS },
    { "resend", MANAGER, 0 },
    { "secret_file", WEBHOOK, WEBHOOK },
    { "allow_private", WEBHOOK | EMAIL | TEAMS | MANAGER, 0 },
    { "to", EMAIL, 0 },
    { "smtp", EMAIL, EMAIL },
    { "from", EMAIL, EMAIL },
    { "user", EMAIL, 0 },
    { "password_file", EMAIL, 0 },
    { "ca_file", WEBHOOK | EMAIL | TEAMS | MANAGER, 0 },
    { "tls", EMAIL, 0 },
    { "domains", EMAIL, 0 },
    { "auth", EMAIL, 0 },
    { "token_url", EMAIL, 0 },
    { "client_id", EMAIL, 0 },
    { "client_secret_file", EMAIL, 0 },
    { "scope", EMAIL, 0 },
    { "token_ca_file", EMAIL, 0 },
    { "rate", EMAIL, 0 },
    { "hours", EMAIL | SPOOL | WEBHOOK | TEAMS, 0 },
};

static const char *const internal_keys[] = { "approved_by", "basis", "review_by" };

static const char *meaning_of(const char *name)
{
    for (size_t i = 0; receiver_keys[i].key; i++) {
        if (strcmp(receiver_keys[i].key, name) == 0)
            return receiver_keys[i].meaning;
    }
    return NULL;
}

/* Each kind has its keys: one that it lacks, and one that it does not know. */
static int check_uses(const struct reading *rd, yaml_node *mapping, int kind)
{
    int r = 0;

    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        yaml_node *value = yaml_get(mapping, uses[i].key);

        if (!yaml_is_nothing(value) && !(uses[i].used_by & 1u << kind))
            r = COMPLAIN(rd, value, meaning_of(uses[i].key), "receiver: %s is not for kind %s",
                         uses[i].key, kinds[kind]);
        if (yaml_is_nothing(value) && (uses[i].required_by & 1u << kind))
            r = COMPLAIN(rd, value ? value : mapping, meaning_of(uses[i].key),
                         "receiver: kind %s needs \"%s\"", kinds[kind], uses[i].key);
    }
    return r;
}

const struct hours *receiver_hours(const struct receiver_setting *r, const struct person *person,
                                   bool is_lead)
{
    static const struct hours always = { .is_set = true, .is_always = true };
    static const struct hours of_leads = { .is_set = true, .from = 8 * 60, .to = 18 * 60 };

    if (person && person->hours.is_set)
        return &person->hours;
    if (r->hours.is_set)
        return &r->hours;
    return is_lead && r->kind == RECEIVER_EMAIL ? &of_leads : &always;
}

/* Who may see how few: a person answers for it, until a day. */
static int check_profile(const struct reading *rd, yaml_node *mapping,
                         const struct receiver_setting *v)
{
    int r = 0;

    if (v->profile == PROFILE_EXACT)
        return COMPLAIN(rd, yaml_get(mapping, "profile"), "partner, public or internal",
                        "receiver: profile exact is for the control socket alone: no message has "
                        "exact figures");
    for (size_t i = 0; i < sizeof internal_keys / sizeof internal_keys[0]; i++) {
        yaml_node *value = yaml_get(mapping, internal_keys[i]);

        if (v->profile == PROFILE_INTERNAL && yaml_is_nothing(value))
            r = COMPLAIN(rd, mapping, meaning_of(internal_keys[i]),
                         "receiver: profile internal needs \"%s\"", internal_keys[i]);
        if (v->profile != PROFILE_INTERNAL && !yaml_is_nothing(value))
            r = COMPLAIN(rd, value, NULL, "receiver: %s is for profile internal alone",
                         internal_keys[i]);
    }
    return r;
}

bool receiver_takes_mail(const struct receiver_setting *r)
{
    return r->kind == RECEIVER_SPOOL || r->kind == RECEIVER_EMAIL;
}

bool receiver_takes_data(const struct receiver_setting *r)
{
    return r->kind != RECEIVER_EMAIL;
}

bool receiver_is_machine(const struct receiver_setting *r)
{
    return r->kind == RECEIVER_WEBHOOK || r->kind == RECEIVER_ALERTMANAGER;
}

enum profile receiver_profile(const struct receiver_setting *r, struct civil_date on)
{
    if (r->profile == PROFILE_INTERNAL && date_compare(on, r->review_by) > 0)
        return PROFILE_PARTNER;
    return (enum profile)r->profile;
}

static int check_webhook(const struct reading *rd, yaml_node *mapping, struct receiver_setting *v)
{
    int r = settings_check_secret(rd, yaml_get(mapping, "secret_file"), "receiver", v->secret_file);

    return settings_worse(
        r, settings_check_url(rd, yaml_get(mapping, "url"), "receiver", v->url, v->allow_private));
}

/* Its address is read at use, too, and never told. */
static int check_teams(const struct reading *rd, yaml_node *mapping, struct receiver_setting *v)
{
    yaml_node *at = yaml_get(mapping, "url_file");
    char *url = NULL;
    int r = settings_require_file(rd, at, "receiver: url_file", v->url_file);

    if (r < 0 || !v->url_file)
        return r;
    r = secret_file_read(v->url_file, &url);
    if (r == 0) {
        url[strcspn(url, "\r\n")] = '\0';
        r = settings_check_url(rd, at, "receiver", url, v->allow_private);
    } else if (r != -ENOMEM) {
        r = COMPLAIN(rd, at, "one line: the address of the workflow",
                     "receiver: the url file cannot be used");
    }
    secret_wipe(url);
    return r;
}

static int check_alertmanager(const struct reading *rd, yaml_node *mapping,
                              struct receiver_setting *v)
{
    int r = settings_check_url(rd, yaml_get(mapping, "url"), "receiver", v->url, v->allow_private);

    if (v->resend.unit != SPAN_SECONDS || v->resend.count < 1 || v->resend.count > RESEND_MOST_S)
        r = COMPLAIN(rd, yaml_get(mapping, "resend"), "for example 5min",
                     "receiver: resend is from 1s to 24h");
    return r;
}

static int check_kind(const struct reading *rd, yaml_node *mapping, struct receiver_setting *v)
{
    const char *written = yaml_text(yaml_get(mapping, "kind"));

    /* A kind that could not be read (and was said) would make every key look wrong. */
    if (!written || strcmp(written, kinds[v->kind]) != 0)
        return 0;
    int r = check_uses(rd, mapping, v->kind);

    if (v->kind == RECEIVER_WEBHOOK)
        r = settings_worse(r, check_webhook(rd, mapping, v));
    if (v->kind == RECEIVER_TEAMS)
        r = settings_worse(r, check_teams(rd, mapping, v));
    if (v->kind == RECEIVER_ALERTMANAGER)
        r = settings_worse(r, check_alertmanager(rd, mapping, v));
    if (v->kind == RECEIVER_EMAIL)
        r = settings_worse(r, settings_check_email(rd, mapping, v));
    return settings_worse(r, settings_require_file(rd, yaml_get(mapping, "ca_file"),
                                                   "receiver: ca_file", v->ca_file));
}

static int read_receiver(const struct reading *rd, yaml_node *list, size_t index)
{
    yaml_node *mapping = yaml_item(list, index);
    struct receiver_setting *v = &rd->s->receivers[index];
    int r = bind_mapping(rd->y, mapping, "receiver", receiver_keys, v, rd->diags);

    r = settings_worse(r, settings_resolve(rd->folder, &v->dir));
    r = settings_worse(r, settings_resolve(rd->folder, &v->secret_file));
    r = settings_worse(r, settings_resolve(rd->folder, &v->password_file));
    r = settings_worse(r, settings_resolve(rd->folder, &v->ca_file));
    r = settings_worse(r, settings_resolve(rd->folder, &v->url_file));
    r = settings_worse(r, settings_resolve(rd->folder, &v->client_secret_file));
    r = settings_worse(r, settings_resolve(rd->folder, &v->token_ca_file));
    r = settings_worse(r, check_kind(rd, mapping, v));
    r = settings_worse(r, check_profile(rd, mapping, v));
    r = settings_worse(r, settings_read_hours(rd, mapping, "receiver", v->hours_said, &v->hours));
    for (size_t i = 0; i < index; i++) {
        const struct receiver_setting *other = &rd->s->receivers[i];

        if (v->id && other->id && strcmp(v->id, other->id) == 0)
            r = settings_worse(r, COMPLAIN(rd, yaml_get(mapping, "id"), NULL,
                                           "receiver: the id \"%s\" is taken; first at line %u",
                                           v->id, yaml_line(yaml_get(yaml_item(list, i), "id"))));
    }
    return r;
}

int settings_read_receivers(const struct reading *rd, yaml_node *sequence)
{
    size_t count = yaml_count(sequence);
    int r = 0;

    if (yaml_is_nothing(sequence))
        return 0;
    if (yaml_kind(sequence) != YAML_SEQUENCE)
        return COMPLAIN(rd, sequence, "each begins with \"- id:\"",
                        "receivers is a list of receivers");
    rd->s->receivers = calloc(count + 1, sizeof *rd->s->receivers);
    if (!rd->s->receivers)
        return -ENOMEM;
    rd->s->receiver_count = count;
    for (size_t i = 0; i < count && r != -ENOMEM; i++)
        r = settings_worse(r, read_receiver(rd, sequence, i));
    return r;
}
