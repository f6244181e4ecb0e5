#include "settings/settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "base/file.h"
#include "base/text.h"
#include "support/date_of.h"
#include "support/unit.h"

#define DESIGN "tests/data/settings/design/waitlistd.yaml"

static struct settings *load(const char *path)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;
    int r = settings_load(path, "config", &diags, &s);

    if (r != 0)
        diags_print(&diags, stderr);
    ck_assert_msg(r == 0 && s != NULL, "%s: %d", path, r);
    diags_release(&diags);
    return s;
}

static bool ends_with(const char *s, const char *end)
{
    size_t ls = strlen(s), le = strlen(end);

    return ls >= le && strcmp(s + ls - le, end) == 0;
}

/* ---- a folder of a test's own ---- */

static char folder[] = "/tmp/test_settings.XXXXXX";
static const char *const written[] = { "t.yaml",      "people.yaml", "own.yaml",
                                       "plan.yaml",   "ok.secret",   "short.secret",
                                       "bare.secret", "pw",          "workflow.url" };

static void put(const char *name, const char *text)
{
    char path[PATH_MAX];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
    ck_assert_int_eq(fclose(f), 0);
}

static void folder_open(void)
{
    (void)strcpy(folder, "/tmp/test_settings.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    put("plan.yaml", "plan: {id: x}\n");
    put("pw", "password\n");
    put("workflow.url", "https://flow.example/1?sig=x\n");
    put("ok.secret", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\n");    /* 24 bytes */
    put("short.secret", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\n"); /* 23 bytes */
    put("bare.secret", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\n");
}

static void folder_close(void)
{
    char path[PATH_MAX];

    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, written[i]);
        (void)unlink(path);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

static int load_text(const char *text, struct diags *diags, struct settings **out_settings)
{
    char path[PATH_MAX];

    put("t.yaml", text);
    (void)snprintf(path, sizeof path, "%s/t.yaml", folder);
    return settings_load(path, "config", diags, out_settings);
}

/* ---- what is accepted ---- */

START_TEST(the_settings_printed_in_the_design_load_as_printed)
{
    struct settings *s = load(DESIGN);
    const struct feed_setting *f = settings_feed(s, "cyp4ww");
    const struct receiver_setting *hook = settings_receiver(s, "hook");
    const struct receiver_setting *mail = settings_receiver(s, "mail");

    ck_assert_str_eq(s->instance, "black-country");
    ck_assert(s->state[0] == '/' && ends_with(s->state, "/tests/data/settings/design/state"));
    ck_assert(ends_with(s->control, "/design/state/control.sock"));
    ck_assert_str_eq(s->timezone, "Europe/London");
    ck_assert_str_eq(s->log_level, "info");
    ck_assert_int_eq(s->redis.mode, REDIS_EMBEDDED);
    ck_assert_str_eq(s->redis.server_binary, "redis-server");
    ck_assert_uint_eq(s->plans.count, 1);
    ck_assert(s->plans.items[0][0] == '/' && ends_with(s->plans.items[0], "/design/plan.yaml"));
    ck_assert_uint_eq(s->routes.ops.count, 1);
    ck_assert_str_eq(s->routes.fallback.items[0], "spool");

    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(f->kind, FEED_AGGREGATE);
    ck_assert_str_eq(f->format, "mhsds");
    ck_assert_str_eq(f->title, "cyp4ww");
    ck_assert(ends_with(f->inbox, "/design/inbox/cyp4ww"));
    ck_assert_int_eq(f->cadence, CADENCE_MONTHLY);
    ck_assert_int_eq(f->grace.count, 45);
    ck_assert_int_eq(f->grace.unit, SPAN_DAYS);
    ck_assert(!date_is_set(f->from));
    ck_assert_uint_eq(f->providers.count, 1);
    ck_assert_uint_eq(f->keep.count, 3);
    ck_assert_str_eq(f->keep.items[2], "England");

    ck_assert_uint_eq(s->receiver_count, 3);
    ck_assert(ends_with(settings_receiver(s, "spool")->dir, "/design/spool"));
    ck_assert(hook && hook->kind == RECEIVER_WEBHOOK && hook->allow_private);
    ck_assert(ends_with(hook->secret_file, "/design/hook.secret"));
    ck_assert(mail && mail->kind == RECEIVER_EMAIL && mail->tls == SMTP_TLS_OFF);
    ck_assert_str_eq(mail->smtp, "smtp://127.0.0.1:2525");
    ck_assert_ptr_null(settings_receiver(s, "none"));
    ck_assert_ptr_null(settings_feed(s, "none"));

    ck_assert_uint_eq(s->person_count, 1);
    ck_assert_uint_eq(s->holding_count, 1);
    ck_assert_ptr_null(s->holdings[0].deputy);
    settings_free(s);
}
END_TEST

START_TEST(the_smallest_settings_take_every_default)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;

    folder_open();
    ck_assert_int_eq(load_text("instance: x\nstate: s\n", &diags, &s), 0);
    ck_assert_uint_eq(diags.count, 0);
    ck_assert_uint_eq(s->feed_count + s->receiver_count + s->plans.count, 0);
    ck_assert_int_eq(s->redis.mode, REDIS_EMBEDDED);
    ck_assert_uint_eq(s->routes.ops.count, 0);
    ck_assert(ends_with(s->identity.key_file, "/s/pathway.key"));
    ck_assert_int_eq(s->retention.incidents.count, 86400);
    ck_assert_int_eq(s->retention.pathways.count, 15);
    settings_free(s);
    diags_release(&diags);
    folder_close();
}
END_TEST

#define TOP  "instance: x\nstate: s\n"
#define LIST TOP "lists:\n  - {id: l, service: mental-health, providers: [TAJ]}\n"
#define FEED TOP "feeds:\n  - {id: f, kind: aggregate, format: m, inbox: i, cadence: "
#define RCV  TOP "receivers:\n  - {id: r, "
#define TOKEN                                                                                      \
    "auth: xoauth2, token_url: 'https://login.example/t', client_id: c, client_secret_file: pw"
#define PUSHED TOP "feeds:\n  - {id: f, kind: aggregate, format: m, cadence: daily, transport: push"
#define PULLED TOP "feeds:\n  - {id: f, kind: aggregate, format: m, cadence: daily, transport: pull"

static const char *const accepted_rows[] = {
    FEED "[2025-06-30, 2025-03-31], grace: 10wd}\n",
    FEED "yearly, from: 2024-03-31, transport: inbox, contact: 'the desk'}\n",
    LIST
    "  - {id: m, service: mental-health, providers: [RXT]}\nfeeds:\n"
    "  - {id: f, kind: snapshot, into: l, format: m, inbox: i, cadence: weekly, providers: TAJ}\n"
    "  - {id: g, kind: events, into: l, format: m, inbox: j, cadence: daily}\n",
    TOP "retention: {incidents: 1h, pathways: 3m}\nidentity: {key_file: pw}\n",
    TOP "redis: {mode: server, socket: r.sock}\n",
    TOP "redis: {mode: server, host: 127.0.0.1, port: 6380, user: u, password_file: pw}\n",
    TOP "redis: {mode: server, host: localhost}\n",
    TOP "redis: {mode: server, host: '2001:db8::1'}\n",
    RCV "kind: webhook, url: 'https://alerts.example.nhs.uk/x?y=1', secret_file: ok.secret}\n",
    RCV "kind: webhook, url: 'https://[2001:db8::1]:8443/', secret_file: ok.secret}\n",
    RCV "kind: webhook, url: 'http://localhost:1/x', secret_file: ok.secret, allow_private: yes}\n",
    RCV "kind: webhook, url: 'http://10.1.2.3/x', secret_file: ok.secret, allow_private: yes}\n",
    RCV "kind: email, smtp: 'smtps://relay.example.nhs.uk', from: a@b.uk, to: c@d.uk}\n",
    RCV "kind: email, smtp: 'smtps://relay.example.nhs.uk:465/', from: a@b.uk, to: c@d.uk, "
        "tls: implicit, user: u, password_file: pw, ca_file: pw}\n",
    RCV "kind: email, smtp: 'smtp://relay', from: a@b.uk, to: \"o'neil+x@sub.d-e.uk\", tls: off}\n",
    RCV "kind: email, smtp: 'smtp://h', from: a@b.uk, to: c@sub.d.uk, domains: [d.uk, nhs.net]}\n",
    RCV "kind: email, smtp: 'smtp://h', from: a@b.uk, to: c@d.uk, user: u, password_file: pw, "
        "auth: login}\n",
    RCV "kind: email, smtp: 'smtp://h', from: a@b.uk, to: c@d.uk, user: u, " TOKEN "}\n",
    RCV "kind: email, smtp: 'smtp://h', from: a@b.uk, to: c@d.uk, user: u, " TOKEN ", scope: s, "
        "token_ca_file: pw}\n",
    TOP "proxy: 'http://10.1.2.3:3128'\nno_proxy: [nhs.uk, 10.1.2.4, '2001:db8::1']\n",
    RCV "kind: teams, url_file: workflow.url}\n",
    RCV "kind: alertmanager, url: 'https://am.example/prefix/', resend: 1min, ca_file: pw}\n",
    RCV "kind: spool, dir: d, profile: public}\n",
    RCV "kind: spool, dir: d, profile: internal, approved_by: 'A Person', basis: 'agreement 7', "
        "review_by: 2027-01-31}\n",
    TOP "timezone: UTC\nlog_level: debug\nformats: [.]\nplans: plan.yaml\n",
};

START_TEST(what_is_allowed_loads_without_a_message)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;

    folder_open();
    int r = load_text(accepted_rows[_i], &diags, &s);

    if (diags.count)
        diags_print(&diags, stderr);
    ck_assert_msg(r == 0 && diags.count == 0, "%s: %d, %zu", accepted_rows[_i], r, diags.count);
    settings_free(s);
    diags_release(&diags);
    folder_close();
}
END_TEST

START_TEST(publication_dates_are_put_in_order)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;

    folder_open();
    ck_assert_int_eq(load_text(FEED "[2025-06-30, 2025-03-31, 2025-04-30]}\n", &diags, &s), 0);
    ck_assert_int_eq(s->feeds[0].cadence, CADENCE_DATES);
    ck_assert_uint_eq(s->feeds[0].publication_date_count, 3);
    ck_assert_int_eq(s->feeds[0].publication_dates[0].day, date_of("2025-03-31").day);
    ck_assert_int_eq(s->feeds[0].publication_dates[2].day, date_of("2025-06-30").day);
    settings_free(s);
    diags_release(&diags);
    folder_close();
}
END_TEST

START_TEST(smtps_means_tls_from_the_first_byte)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;

    folder_open();
    ck_assert_int_eq(
        load_text(RCV "kind: email, smtp: 'smtps://h', from: a@b.uk, to: c@d.uk}\n", &diags, &s),
        0);
    ck_assert_int_eq(s->receivers[0].tls, SMTP_TLS_IMPLICIT);
    settings_free(s);
    diags_release(&diags);
    folder_close();
}
END_TEST

START_TEST(what_was_allowed_until_a_day_is_shown_as_to_partners_after_it)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;

    folder_open();
    ck_assert_int_eq(load_text(RCV "kind: spool, dir: d, profile: internal, approved_by: a, "
                                   "basis: b, review_by: 2027-01-31}\n",
                               &diags, &s),
                     0);
    ck_assert_int_eq(receiver_profile(&s->receivers[0], date_of("2027-01-31")), PROFILE_INTERNAL);
    ck_assert_int_eq(receiver_profile(&s->receivers[0], date_of("2027-02-01")), PROFILE_PARTNER);
    settings_free(s);
    diags_release(&diags);
    folder_close();
}
END_TEST

/* ---- what is refused: the place and words of the message ---- */

#define HOOK RCV "kind: webhook, secret_file: ok.secret, url: "
#define MAIL RCV "kind: email, smtp: 'smtp://h', from: a@b.uk, to: "

static const struct {
    const char *text;
    unsigned line;
    const char *says;
} refused_rows[] = {
    { "state: s\n", 1, "\"instance\" is missing" },
    { "instance: x\n", 1, "\"state\" is missing" },
    { "", 1, "\"instance\" is missing" },
    { "- a\n", 1, "not a mapping" },
    { "instance: Black\nstate: s\n", 1, "instance: small letters" },
    { "instance: a.b\nstate: s\n", 1, "instance: small letters" },
    { TOP "feedz: []\n", 3, "unknown key \"feedz\"" },
    { TOP "timezone: Europe/Dudley\n", 3, "no zone \"Europe/Dudley\"" },
    { TOP "timezone: ../passwd\n", 3, "no zone" },
    { TOP "log_level: loud\n", 3, "log_level is none of" },
    { TOP "plans: [plan.yaml, missing.yaml]\n", 3, "missing.yaml cannot be read: No such file" },
    { TOP "people: missing.yaml\n", 3, "missing.yaml cannot be read" },
    { TOP "organisations: missing.yaml\n", 3, "missing.yaml cannot be read" },
    { TOP "formats: [missing]\n", 3, "missing cannot be read" },
    { TOP "redis: {mode: sentinel}\n", 3, "mode sentinel is not built yet" },
    { TOP "redis: {mode: cluster}\n", 3, "mode cluster is not built yet" },
    { TOP "redis: {mode: server}\n", 3, "needs either socket or host" },
    { TOP "redis: {mode: server, socket: a, host: b}\n", 3, "needs either socket or host" },
    { TOP "redis: {mode: server, host: redis.example.nhs.uk}\n", 3,
      "redis.example.nhs.uk is not a numeric address" },
    { TOP "redis: {mode: server, host: 127.1}\n", 3, "not a numeric address" },
    { TOP "redis: {mode: embedded, host: b}\n", 3, "host is not for mode embedded" },
    { TOP "redis: {mode: server, host: b, port: 70000}\n", 3, "between 1 and 65535" },
    { TOP "redis: {mode: server, host: b, password_file: none}\n", 3, "none cannot be read" },
    { TOP "redis: {mode: server, host: b, user: u}\n", 3, "user needs password_file" },
    { TOP "routes: {ops: [spol]}\nreceivers: [{id: spool, kind: spool, dir: d}]\n", 3,
      "ops names \"spol\", which is no receiver" },
    { TOP "routes: {opps: [spool]}\n", 3, "unknown key \"opps\"" },
    { TOP "feeds: {id: f}\n", 3, "a list of feeds" },
    { TOP "feeds:\n  - {id: f, kind: aggregate, format: m, cadence: monthly}\n", 4,
      "transport inbox needs \"inbox\"" },
    { FEED "fortnightly}\n", 4, "cadence is none of" },
    { FEED "monthly, kind: set}\n", 4, "given twice" },
    { FEED "[2025-02-30]}\n", 4, "not a date" },
    { FEED "[2025-02-01, 2025-02-01]}\n", 4, "2025-02-01 twice" },
    { FEED "[]}\n", 4, "lists no date" },
    { FEED "monthly, grace: 12h}\n", 4, "counted in days" },
    { PUSHED "}\n", 4, "anybody could push" },
    { PUSHED ", secret_file: none}\n", 4, "none cannot be read" },
    { PUSHED ", secret_file: ok.secret, inbox: i}\n", 4, "inbox is not for transport push" },
    { PULLED "}\n", 4, "transport pull needs \"url\"" },
    { PULLED ", url: 'file:///etc/passwd'}\n", 4, "scheme file:// is not spoken here" },
    { PULLED ", url: 'http://files.example.nhs.uk/x'}\n", 4, "http:// would be in clear" },
    { PULLED ", url: 'https://x.uk/x', every: 2d}\n", 4, "from 1s to 24h" },
    { RCV "kind: spool, dir: d, profile: exact}\n", 4, "for the control socket alone" },
    { MAIL "c@d.uk, profile: exact}\n", 4, "for the control socket alone" },
    { RCV "kind: spool, dir: d, profile: everyone}\n", 4, "profile \"everyone\" is none of" },
    { RCV "kind: spool, dir: d, profile: internal, basis: b, review_by: 2027-01-31}\n", 4,
      "profile internal needs \"approved_by\"" },
    { RCV "kind: spool, dir: d, profile: internal, approved_by: a, review_by: 2027-01-31}\n", 4,
      "profile internal needs \"basis\"" },
    { RCV "kind: spool, dir: d, profile: internal, approved_by: a, basis: b}\n", 4,
      "profile internal needs \"review_by\"" },
    { RCV "kind: spool, dir: d, basis: b}\n", 4, "basis is for profile internal alone" },
    { TOP "http: {listen: here}\n", 3, "no numeric address and port" },
    { TOP "http: {deadline: 2h}\n", 3, "from 1s to 60min" },
    { TOP "http: {proxies: [h]}\n", 3, "no numeric address" },
    { FEED "monthly, transport: pull}\n", 4, "inbox is not for transport pull" },
    { FEED "monthly, into: l}\n", 4, "into is not for kind aggregate" },
    { TOP "feeds:\n  - {id: f, kind: set, format: m, inbox: i, cadence: weekly}\n", 4,
      "this kind needs \"into\"" },
    { TOP "feeds:\n  - {id: f, kind: snapshot, format: m, inbox: i, cadence: weekly}\n", 4,
      "this kind needs \"into\"" },
    { LIST "feeds:\n  - {id: f, kind: events, into: m, format: m, inbox: i, cadence: weekly}\n", 6,
      "there is no list \"m\"" },
    { LIST "feeds:\n  - {id: f, kind: events, into: l, format: m, inbox: i, cadence: weekly, "
           "keep: [TAJ]}\n",
      6, "keep is for kind aggregate" },
    { LIST "feeds:\n  - {id: f, kind: events, into: l, format: m, inbox: i, cadence: weekly, "
           "providers: [RXT]}\n",
      6, "RXT is no provider of the list \"l\"" },
    { LIST "  - {id: l, service: x, providers: [RXT]}\n", 5, "\"l\" is taken" },
    { LIST "  - {id: m, service: mental-health, providers: [RXT, TAJ]}\n", 5,
      "TAJ of service mental-health is in the list \"l\" already" },
    { LIST "  - {id: m, service: x, providers: [\"a:b\"]}\n", 5, "cannot be a provider" },
    { LIST "  - {id: m, service: x}\n", 5, "providers" },
    { TOP "retention: {incidents: 2d}\n", 3, "24 hours at most" },
    { TOP "retention: {pathways: 400d}\n", 3, "kept for months" },
    { TOP "retention: {pathways: 0m}\n", 3, "kept for months" },
    { TOP "retention: {pathways: 121m}\n", 3, "kept for months, 1 to 120" },
    { TOP "identity: {key_file: none}\n", 3, "none cannot be read" },
    { FEED "monthly}\n  - {id: f, kind: aggregate, format: m, inbox: j, cadence: daily}\n", 5,
      "\"f\" is taken; first at line 4" },
    { FEED "monthly}\n  - {id: g, kind: aggregate, format: m, inbox: ./i, cadence: daily}\n", 5,
      "taken by the feed \"f\" at line 4" },
    { TOP "proxy: proxy.example\n", 3, "proxy: the url does not begin with a scheme" },
    { TOP "proxy: 'https://proxy.example:3128'\n", 3, "scheme https:// is not spoken to a proxy" },
    { TOP "proxy: 'http://proxy.example'\n", 3, "a host and a port and nothing else" },
    { TOP "proxy: 'http://proxy.example:1/x'\n", 3, "a host and a port and nothing else" },
    { TOP "proxy: 'http://u:p@proxy.example:1'\n", 3, "user name or password" },
    { TOP "no_proxy: ['*']\n", 3, "\"*\" is no host, domain or address" },
    { RCV "kind: teams}\n", 4, "kind teams needs \"url_file\"" },
    { RCV "kind: teams, url: 'https://x.uk/'}\n", 4, "url is not for kind teams" },
    { RCV "kind: teams, url_file: none}\n", 4, "none cannot be read" },
    { RCV "kind: teams, url_file: pw}\n", 4, "the url does not begin with a scheme" },
    { RCV "kind: alertmanager}\n", 4, "kind alertmanager needs \"url\"" },
    { RCV "kind: alertmanager, url: 'http://am.example/'}\n", 4, "http:// would be in clear" },
    { RCV "kind: alertmanager, url: 'https://am.example/', resend: 2d}\n", 4, "from 1s to 24h" },
    { RCV "kind: webhook, url: 'https://x.uk/', secret_file: ok.secret, resend: 5min}\n", 4,
      "resend is not for kind webhook" },
    { RCV "kind: spol, dir: d}\n", 4, "none of: spool, webhook" },
    { RCV "kind: spool}\n", 4, "kind spool needs \"dir\"" },
    { RCV "kind: spool, dir: d, url: 'https://x'}\n", 4, "url is not for kind spool" },
    { RCV "kind: webhook, url: 'https://x.uk'}\n", 4, "kind webhook needs \"secret_file\"" },
    { RCV "kind: webhook, secret_file: ok.secret}\n", 4, "kind webhook needs \"url\"" },
    { RCV "kind: spool, dir: d}\n  - {id: r, kind: spool, dir: e}\n", 5, "\"r\" is taken" },
    { RCV "kind: webhook, url: 'https://x.uk', secret_file: none}\n", 4, "none cannot be read" },
    { RCV "kind: webhook, url: 'https://x.uk', secret_file: short.secret}\n", 4, "at least 24" },
    { RCV "kind: webhook, url: 'https://x.uk', secret_file: bare.secret}\n", 4, "whsec_" },
    { HOOK "'file:///etc/passwd'}\n", 4, "scheme file:// is not spoken here" },
    { HOOK "'https:///x'}\n", 4, "has no host" },
    { RCV "kind: email, smtp: 'file:///x', from: a@b.uk, to: c@d.uk}\n", 4, "is not for mail" },
    { HOOK "'file://h/etc/passwd'}\n", 4, "scheme file:// is not spoken here" },
    { HOOK "'gopher://h/x', allow_private: true}\n", 4, "scheme gopher:// is not" },
    { HOOK "'smtp://h/x'}\n", 4, "scheme smtp:// is not" },
    { HOOK "'http://alerts.example.nhs.uk/'}\n", 4, "http:// would be in clear" },
    { HOOK "'http://8.8.8.8/', allow_private: true}\n", 4, "to a public address" },
    { HOOK "'http://127.0.0.1/'}\n", 4, "loopback or private" },
    { HOOK "'https://localhost/'}\n", 4, "loopback or private" },
    { HOOK "'https://192.168.1.1/'}\n", 4, "loopback or private" },
    { HOOK "'https://169.254.169.254/'}\n", 4, "loopback or private" },
    { HOOK "'https://[::1]/'}\n", 4, "loopback or private" },
    { HOOK "'https://[::ffff:10.0.0.1]/'}\n", 4, "loopback or private" },
    { HOOK "'https://[fd00::1]/'}\n", 4, "loopback or private" },
    { HOOK "'https://2130706433/'}\n", 4, "no valid host name" },
    { HOOK "'https://0x7f.1/'}\n", 4, "no valid host name" },
    { HOOK "'https://user:pw@x.uk/'}\n", 4, "user name or password" },
    { HOOK "'https://x.uk:0/'}\n", 4, "no valid port" },
    { HOOK "'https://x.uk:99999/'}\n", 4, "no valid port" },
    { HOOK "'https://x.uk/a b'}\n", 4, "holds a blank" },
    { HOOK "\"https://x.uk/a\\nb\"}\n", 4, "holds a blank" },
    { HOOK "'alerts.example'}\n", 4, "does not begin with a scheme" },
    { RCV "kind: email, smtp: 'smtp://h', from: a@b.uk}\n", 4, "nobody to write to" },
    { RCV "kind: email, from: a@b.uk, to: c@d.uk}\n", 4, "needs \"smtp\"" },
    { RCV "kind: email, smtp: 'http://h', from: a@b.uk, to: c@d.uk}\n", 4, "is not for mail" },
    { RCV "kind: email, smtp: 'smtp://h/x', from: a@b.uk, to: c@d.uk}\n", 4, "more than a host" },
    { RCV "kind: email, smtp: 'smtp://h', from: a, to: c@d.uk}\n", 4,
      "from is not a mail address" },
    { MAIL "\"a@b.uk\\nBcc: c@d.uk\"}\n", 4, "to is not a mail address" },
    { MAIL "\"a@b.uk\\r\\nX: y\"}\n", 4, "control character" },
    { MAIL "'Name <a@b.uk>'}\n", 4, "to is not a mail address" },
    { MAIL "'a@b@c.uk'}\n", 4, "to is not a mail address" },
    { MAIL "'a b@c.uk'}\n", 4, "to is not a mail address" },
    { MAIL "'a@b.uk, c@d.uk'}\n", 4, "to is not a mail address" },
    { MAIL "'caf\xc3\xa9@b.uk'}\n", 4, "to is not a mail address" },
    { MAIL "'@b.uk'}\n", 4, "to is not a mail address" },
    { MAIL "'a@'}\n", 4, "to is not a mail address" },
    { MAIL "'a@-b.uk'}\n", 4, "to is not a mail address" },
    { MAIL "c@d.uk, tls: implicit}\n", 4, "tls: implicit needs smtps://" },
    { MAIL "c@d.uk, tls: none}\n", 4, "none of: required, implicit, off" },
    { MAIL "c@d.uk, user: u}\n", 4, "go together" },
    { MAIL "c@d.uk, user: u, password_file: none}\n", 4, "none cannot be read" },
    { MAIL "c@d.uk, ca_file: none}\n", 4, "none cannot be read" },
    { MAIL "c@d.uk, domains: [nhs.net]}\n", 4, "to is outside the domains" },
    { MAIL "c@d.uk, domains: ['*.uk', d.uk]}\n", 4, "\"*.uk\" is no domain" },
    { MAIL "c@d.uk, auth: cram}\n", 4, "none of: password, plain, login, xoauth2" },
    { MAIL "c@d.uk, " TOKEN "}\n", 4, "goes with a user and no password_file" },
    { MAIL "c@d.uk, user: u, password_file: pw, " TOKEN "}\n", 4, "and no password_file" },
    { MAIL "c@d.uk, user: u, auth: xoauth2, client_id: c, client_secret_file: pw}\n", 4,
      "auth xoauth2 needs \"token_url\"" },
    { MAIL "c@d.uk, user: u, password_file: pw, scope: s}\n", 4,
      "scope is for auth: xoauth2 alone" },
    { MAIL "c@d.uk, user: u, auth: xoauth2, client_id: c, client_secret_file: none, "
           "token_url: 'https://login.example/t'}\n",
      4, "none cannot be read" },
    { MAIL "c@d.uk, user: u, auth: xoauth2, client_id: c, client_secret_file: pw, "
           "token_url: 'http://login.example/t'}\n",
      4, "http:// would be in clear" },
    { RCV "kind: email, smtp: 'smtps://h', from: a@b.uk, to: c@d.uk, tls: off}\n", 4,
      "contradicts" },
};

START_TEST(what_is_refused_is_located_and_explained)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;
    bool found = false;

    folder_open();
    int r = load_text(refused_rows[_i].text, &diags, &s);

    ck_assert_msg(r == -EINVAL && s == NULL, "%s: %d", refused_rows[_i].text, r);
    for (size_t i = 0; i < diags.count; i++)
        found = found || (diags.list[i].line == refused_rows[_i].line &&
                          strstr(diags.list[i].text, refused_rows[_i].says));
    if (!found)
        diags_print(&diags, stderr);
    ck_assert_msg(found, "%s: not said: %s", refused_rows[_i].text, refused_rows[_i].says);
    diags_release(&diags);
    folder_close();
}
END_TEST

START_TEST(a_secret_is_never_printed)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;
    char *all = NULL;
    size_t len = 0;

    folder_open();
    put("short.secret", "whsec_U0VDUkVU\n");
    ck_assert_int_eq(load_text(RCV "kind: webhook, url: 'https://x.uk', "
                                   "secret_file: short.secret}\n",
                               &diags, &s),
                     -EINVAL);
    FILE *f = open_memstream(&all, &len);

    diags_print(&diags, f);
    fclose(f);
    ck_assert_ptr_nonnull(strstr(all, "at least 24"));
    ck_assert_ptr_null(strstr(all, "U0VDUkVU"));
    ck_assert_ptr_null(strstr(all, "SECRET"));
    free(all);
    diags_release(&diags);
    folder_close();
}
END_TEST

START_TEST(every_error_of_every_section_and_file_is_reported_in_one_pass)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;

    folder_open();
    put("people.yaml", "people:\n  p1: {name: A B}\nholders:\n  lead: [{person: p2}]\n");
    put("own.yaml", "organisations:\n  - {code: X1}\n");
    ck_assert_int_eq(
        load_text("instance: X\nstate: s\npeople: people.yaml\norganisations: own.yaml\n"
                  "redis: {mode: sentinel}\nroutes: {ops: [nobody]}\n"
                  "feeds:\n  - {id: f, kind: sets, format: m, inbox: i, cadence: x}\n"
                  "receivers:\n  - {id: r, kind: spool}\n",
                  &diags, &s),
        -EINVAL);
    /* instance, redis, route, kind, cadence, dir, organisation title, mail, person. */
    ck_assert_uint_eq(diags.errors, 9);
    diags_release(&diags);
    folder_close();
}
END_TEST

START_TEST(a_format_that_nobody_knows_is_shown_at_its_feed)
{
    static const char *const ids[] = { "measures", "mhsds", NULL }, *const others[] = { "sen2",
                                                                                        "mhsd",
                                                                                        NULL };
    struct settings *s = load(DESIGN);
    struct diags diags = DIAGS_INIT;

    ck_assert_int_eq(settings_check_formats(s, ids, &diags), 0);
    ck_assert_uint_eq(diags.count, 0);
    ck_assert_int_eq(settings_check_formats(s, others, &diags), -EINVAL);
    ck_assert_uint_eq(diags.errors, 1);
    ck_assert_uint_eq(diags.list[0].line, 9);
    ck_assert_str_eq(diags.list[0].hint, "did you mean \"mhsd\"?");
    diags_release(&diags);
    settings_free(s);
}
END_TEST

/* ---- organisations ---- */

static const struct {
    const char *printed, *code;
} org_rows[] = {
    { "QUA", "QUA" },
    { "qua", "QUA" },
    { " Black  Country ", "QUA" },
    { "BLACK COUNTRY", "QUA" },
    { "NHS BLACK COUNTRY INTEGRATED CARE BOARD", "QUA" },
    { "BLACK COUNTRY HEALTHCARE NHS FOUNDATION TRUST", "TAJ" },
    { "The Dudley Group NHS Foundation Trust", "RNA" },
    { "DUDLEY INTEGRATED HEALTH AND CARE NHS TRUST", "RYK" },
    { "Walsall Healthcare NHS Trust", "RBK" },
    { "The Royal Wolverhampton NHS Trust", "RL4" },
    { "Sandwell and West Birmingham Hospitals NHS Trust", "RXK" },
    { "ENGLAND", "England" },
    { "E92000001", "E92000001" },
    { "MIDLANDS", "Midlands" },
    { "e08000027", "E08000027" },
    { "Somewhere Else NHS Trust", "Somewhere Else NHS Trust" },
    { "", "" },
};

START_TEST(a_printed_name_finds_its_code)
{
    struct settings *s = load(DESIGN);

    ck_assert_str_eq(settings_org_code(s, org_rows[_i].printed), org_rows[_i].code);
    settings_free(s);
}
END_TEST

START_TEST(nobody_is_missed_before_its_first_day)
{
    struct settings *s = NULL;
    struct diags diags = DIAGS_INIT;

    folder_open();
    put("own.yaml", "organisations:\n  - {code: X1, title: New Trust, from: 2024-04-01}\n");
    ck_assert_int_eq(load_text(TOP "organisations: own.yaml\n", &diags, &s), 0);
    ck_assert(!settings_org_has_begun(s, "X1", date_of("2024-03-31")));
    ck_assert(settings_org_has_begun(s, "X1", date_of("2024-04-01")));
    ck_assert(settings_org_has_begun(s, "TAJ", date_of("1990-01-01")));
    ck_assert(settings_org_has_begun(s, "nobody", date_of("1990-01-01")));
    settings_free(s);
    diags_release(&diags);
    folder_close();
}
END_TEST

START_TEST(a_code_finds_its_title_or_stands_for_itself)
{
    struct settings *s = load(DESIGN);

    ck_assert_str_eq(settings_org_title(s, "TAJ"), "Black Country Healthcare");
    ck_assert_str_eq(settings_org_title(s, "E08000027"), "Dudley council");
    ck_assert_str_eq(settings_org_title(s, "ZZZ"), "ZZZ");
    settings_free(s);
}
END_TEST

START_TEST(an_organisation_does_its_work_until_another_took_over)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;
    struct civil_date last;

    folder_open();
    put("own.yaml", "organisations:\n  - {code: X1, title: One, to: 2026-03-31, succeeded_by: X2}\n"
                    "  - {code: X2, title: Two, succeeded_by: X3}\n"
                    "  - {code: X3, title: Three, from: 2026-06-01}\n"
                    "  - {code: X4, title: Four, succeeded_by: X5}\n"
                    "  - {code: X5, title: Five, succeeded_by: X4, to: 2026-01-01}\n");
    ck_assert_int_eq(load_text(TOP "organisations: own.yaml\n", &diags, &s), 0);
    ck_assert_str_eq(settings_org_on(s, "X1", date_of("2026-03-31")), "X1");
    ck_assert_str_eq(settings_org_on(s, "X1", date_of("2026-04-01")), "X2");
    ck_assert_str_eq(settings_org_on(s, "X1", date_of("2026-05-31")), "X2");
    ck_assert_str_eq(settings_org_on(s, "X1", date_of("2026-06-01")), "X3");
    ck_assert_str_eq(settings_org_on(s, "X4", date_of("2026-06-01")),
                     "X4"); /* nobody says since when */
    ck_assert_str_eq(settings_org_on(s, "X5", date_of("2026-06-01")), "X4");
    ck_assert_str_eq(settings_org_on(s, "TAJ", date_of("2026-06-01")), "TAJ");
    ck_assert_str_eq(settings_org_before(s, "X3", 0, &last), "X2");
    ck_assert_int_eq(last.day, date_of("2026-05-31").day);
    ck_assert_ptr_null(settings_org_before(s, "X3", 1, &last));
    ck_assert_ptr_null(settings_org_before(s, "X1", 0, &last));
    settings_free(s);
    diags_release(&diags);
    folder_close();
}
END_TEST

START_TEST(own_organisations_add_to_the_shipped_ones_and_replace_by_code)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;

    folder_open();
    put("own.yaml", "organisations:\n  - {code: X1, title: New Trust, also: [NT], parent: QUA}\n"
                    "  - {code: TAJ, title: Renamed, succeeded_by: X1}\n");
    ck_assert_int_eq(load_text(TOP "organisations: own.yaml\nfeeds:\n  - {id: f, kind: aggregate, "
                                   "format: m, inbox: i, cadence: daily, keep: [nt, black country, "
                                   "Elsewhere]}\n",
                               &diags, &s),
                     0);
    ck_assert_str_eq(settings_org_code(s, "nt"), "X1");
    ck_assert_str_eq(settings_org_title(s, "TAJ"), "Renamed");
    ck_assert_str_eq(settings_org_code(s, "Black Country Healthcare"), "Black Country Healthcare");
    ck_assert_str_eq(settings_org_title(s, "QUA"), "NHS Black Country ICB");
    ck_assert_str_eq(s->feeds[0].keep.items[0], "X1");
    ck_assert_str_eq(s->feeds[0].keep.items[1], "QUA");
    ck_assert_str_eq(s->feeds[0].keep.items[2], "Elsewhere");
    settings_free(s);
    diags_release(&diags);
    folder_close();
}
END_TEST

/* ---- places ---- */
START_TEST(a_place_comes_from_its_column_then_the_practice_then_the_area)
{
    struct settings *s = NULL;
    struct diags diags = DIAGS_INIT;

    folder_open();
    put("own.yaml",
        "places:\n"
        "  - {id: north, title: North Borough, also: [E1], practices: [M1, M2], lsoas: [A1]}\n"
        "  - {id: south, title: South, practices: [M3], lsoas: [A2]}\n");
    ck_assert_int_eq(load_text(TOP "places: own.yaml\n", &diags, &s), 0);
    ck_assert_str_eq(settings_place(s, "north  BOROUGH", "M3", "A2")->id, "north");
    ck_assert_str_eq(settings_place(s, "e1", NULL, NULL)->id, "north");
    ck_assert_str_eq(settings_place(s, "Elsewhere", "m3", "A1")->id, "south");
    ck_assert_str_eq(settings_place(s, NULL, "M9", "a1")->id, "north");
    ck_assert_ptr_null(settings_place(s, "Elsewhere", "M9", "A9"));
    ck_assert_ptr_null(settings_place(s, NULL, NULL, NULL));
    ck_assert_ptr_null(settings_place(s, "M1", NULL, NULL)); /* a practice is no place's name */
    settings_free(s);
    diags_release(&diags);
    folder_close();
}
END_TEST

static const struct {
    const char *key, *text, *says;
} contradictions[] = {
    { "organisations", "organisations:\n  - {code: X1, title: A}\n  - {code: x1, title: B}\n",
      "given twice" },
    { "organisations", "organisations:\n  - {code: X1, title: A, also: [Black Country]}\n",
      "would mean both" },
    { "organisations", "organisations:\n  - {code: X1, title: A, parent: X9}\n",
      "no parent \"X9\"" },
    { "organisations", "organisations:\n  - {code: X1, title: A, succeeded_by: X9}\n",
      "no successor \"X9\"" },
    { "organisations",
      "organisations:\n  - {code: X1, title: A, from: 2025-01-02, to: 2025-01-01}\n",
      "before from" },
    { "organisations", "organisations: {code: X1}\n", "a list of organisations" },
    { "organisations", "orgs: []\n", "unknown key \"orgs\"" },
    { "places", "places:\n  - {id: a, title: A}\n  - {id: b, title: a}\n",
      "\"a\" is of a already" },
    { "places", "places:\n  - {id: a, title: A, lsoas: [X]}\n  - {id: b, title: B, lsoas: [x]}\n",
      "\"x\" is of a already" },
    { "places",
      "places:\n  - {id: a, title: A, practices: [M]}\n  - {id: b, title: B, practices: [M]}\n",
      "each belongs to one place" },
    { "places", "places:\n  - {title: A}\n", "id" },
    { "places", "places: {id: a}\n", "a list of places" },
    { "places", "areas: []\n", "unknown key \"areas\"" },
    { "bank_holidays", "until: 2026-12-31\ndays: [2026-12-25]\n", "mapping of dates to names" },
    { "bank_holidays", "until: 2026-12-31\ndays: {25 December: Christmas}\n", "not a date" },
    { "bank_holidays", "until: 2026-12-31\ndays: {2027-01-01: New Year}\n", "after until" },
    { "bank_holidays", "days: {2027-01-01: New Year}\n", "until" },
};

START_TEST(a_file_of_names_that_contradicts_itself_is_refused)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;
    char top[128];

    folder_open();
    put("own.yaml", contradictions[_i].text);
    (void)snprintf(top, sizeof top, TOP "%s: own.yaml\n", contradictions[_i].key);
    ck_assert_int_eq(load_text(top, &diags, &s), -EINVAL);
    ck_assert_uint_eq(diags.count, 1);
    ck_assert_msg(strstr(diags.list[0].text, contradictions[_i].says) ||
                      (diags.list[0].hint && strstr(diags.list[0].hint, contradictions[_i].says)),
                  "%s", diags.list[0].text);
    diags_release(&diags);
    folder_close();
}
END_TEST

START_TEST(working_days_are_counted_by_the_shipped_list_or_the_one_that_is_named)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;

    folder_open();
    ck_assert_int_eq(load_text(TOP, &diags, &s), 0);
    /* Good Friday, and the Monday that stands for Boxing Day on a Saturday. */
    ck_assert(!workdays_is_working(&s->workdays, date_of("2026-04-03")));
    ck_assert(!workdays_is_working(&s->workdays, date_of("2026-12-28")));
    ck_assert(workdays_is_working(&s->workdays, date_of("2026-12-29")));
    ck_assert_int_eq(s->workdays.until.day, date_of("2027-12-31").day);
    settings_free(s);
    put("own.yaml", "until: 2026-12-31\ndays: {2026-12-29: the council is closed}\n");
    ck_assert_int_eq(load_text(TOP "bank_holidays: own.yaml\n", &diags, &s), 0);
    ck_assert(!workdays_is_working(&s->workdays, date_of("2026-12-29")));
    ck_assert(workdays_is_working(&s->workdays, date_of("2026-12-28")));
    ck_assert_int_eq(s->workdays.until.day, date_of("2026-12-31").day);
    settings_free(s);
    ck_assert_int_eq(load_text(TOP "bank_holidays: none.yaml\n", &diags, &s), -EINVAL);
    diags_release(&diags);
    folder_close();
}
END_TEST

/* Eight a year in England and Wales, and those proclaimed beside: no year is listed in part. */
START_TEST(the_shipped_list_has_each_of_its_years_whole)
{
    static const int expected[] = {
        10, 9, 8, 8, 8, 8
    }; /* 2022: Jubilee, funeral; 2023: coronation */
    struct settings *s = load("config/waitlistd.yaml");
    int counts[6] = { 0 }, y, m, d;

    for (size_t i = 0; i < s->workdays.count; i++) {
        date_to_ymd(s->workdays.holidays[i], &y, &m, &d);
        ck_assert(y >= 2022 && y <= 2027);
        ck_assert_int_lt(date_weekday(s->workdays.holidays[i]), 5);
        counts[y - 2022]++;
    }
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(counts[i], expected[i]);
    settings_free(s);
}
END_TEST

/* ---- people ---- */

static const char people_text[] =
    "people:\n"
    "  p1: {name: One, mail: one@example.nhs.uk}\n"
    "  p2: {name: Two, mail: two@example.nhs.uk}\n"
    "holders:\n"
    "  lead:\n"
    "    - {person: p1, from: 2024-04-01, to: 2024-12-31, deputy: p2,\n"
    "       away: [{from: 2024-08-01, to: 2024-08-15}]}\n"
    "    - {person: p2, from: 2025-01-01, deputy: ~, away: [{from: 2025-08-01}]}\n"
    "  both: [{person: p1, deputy: p2, away: [{from: 2025-01-01, to: 2025-01-01}]}, {person: p2}]\n"
    "  nobody: []\n";

static const struct {
    const char *role, *on, *ids;
} holder_rows[] = {
    { "lead", "2024-03-31", "" },    { "lead", "2024-04-01", "p1 " },
    { "lead", "2024-07-31", "p1 " }, { "lead", "2024-08-01", "p2 " },
    { "lead", "2024-08-15", "p2 " }, { "lead", "2024-08-16", "p1 " },
    { "lead", "2024-12-31", "p1 " }, { "lead", "2025-01-01", "p2 " },
    { "lead", "2030-01-01", "p2 " }, { "both", "2024-12-31", "p1 p2 " },
    { "both", "2025-01-01", "p2 " }, { "nobody", "2025-01-01", "" },
    { "unknown", "2025-01-01", "" },
};

static const struct {
    const char *role, *from, *to;
    enum role_held held;
    const char *gap_from, *gap_to; /* NULL: without end */
} held_rows[] = {
    { "one", "2024-04-01", "2025-03-31", HELD_ALWAYS, NULL, NULL },
    { "nobody", "2024-04-01", "2025-03-31", HELD_NEVER, NULL, NULL },
    { "late", "2024-04-01", "2025-03-31", HELD_WITH_GAP, "2024-04-01", "2024-05-31" },
    { "left", "2024-04-01", "2025-03-31", HELD_WITH_GAP, "2025-01-01", "2025-03-31" },
    { "left", "2024-04-01", NULL, HELD_WITH_GAP, "2025-01-01", NULL },
    { "left", "2024-04-01", "2024-12-31", HELD_ALWAYS, NULL, NULL },
    { "between", NULL, NULL, HELD_WITH_GAP, "2024-07-01", "2024-07-14" },
    { "overlap", "2024-04-01", "2025-03-31", HELD_ALWAYS, NULL, NULL },
    { "ever", NULL, NULL, HELD_ALWAYS, NULL, NULL },
};

START_TEST(a_role_that_nobody_holds_for_some_days_is_found_with_the_days)
{
    struct holding holdings[] = {
        { .role = (char[]){ "one" }, .from = { 0 }, .to = DATE_NONE },
        { .role = (char[]){ "late" }, .from = DATE_NONE, .to = DATE_NONE },
        { .role = (char[]){ "left" }, .from = DATE_NONE, .to = DATE_NONE },
        { .role = (char[]){ "between" }, .from = DATE_NONE, .to = DATE_NONE },
        { .role = (char[]){ "between" }, .from = DATE_NONE, .to = DATE_NONE },
        { .role = (char[]){ "overlap" }, .from = DATE_NONE, .to = DATE_NONE },
        { .role = (char[]){ "overlap" }, .from = DATE_NONE, .to = DATE_NONE },
        { .role = (char[]){ "ever" }, .from = DATE_NONE, .to = DATE_NONE },
    };
    struct settings s = { .holdings = holdings, .holding_count = 8 };
    struct civil_date from = DATE_NONE, to = DATE_NONE, gap_from = DATE_NONE, gap_to = DATE_NONE;

    ck_assert_int_eq(date_parse_iso("2024-06-01", 10, &holdings[1].from), 0);
    ck_assert_int_eq(date_parse_iso("2024-12-31", 10, &holdings[2].to), 0);
    ck_assert_int_eq(date_parse_iso("2024-01-01", 10, &holdings[3].from), 0);
    ck_assert_int_eq(date_parse_iso("2024-06-30", 10, &holdings[3].to), 0);
    ck_assert_int_eq(date_parse_iso("2024-07-15", 10, &holdings[4].from), 0);
    ck_assert_int_eq(date_parse_iso("2024-06-30", 10, &holdings[5].to), 0);
    ck_assert_int_eq(date_parse_iso("2024-05-01", 10, &holdings[6].from), 0);
    if (held_rows[_i].from)
        ck_assert_int_eq(date_parse_iso(held_rows[_i].from, 10, &from), 0);
    if (held_rows[_i].to)
        ck_assert_int_eq(date_parse_iso(held_rows[_i].to, 10, &to), 0);
    ck_assert_int_eq(settings_role_held(&s, held_rows[_i].role, from, to, &gap_from, &gap_to),
                     held_rows[_i].held);
    if (held_rows[_i].held == HELD_WITH_GAP) {
        char text[DATE_TEXT_MAX];

        ck_assert_str_eq(date_format(gap_from, text), held_rows[_i].gap_from);
        ck_assert_str_eq(date_format(gap_to, text),
                         held_rows[_i].gap_to ? held_rows[_i].gap_to : "");
    }
}
END_TEST

START_TEST(the_holder_on_a_date_is_told_or_the_deputy_while_away)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;
    const struct person *people[4];
    char ids[64] = "";

    folder_open();
    put("people.yaml", people_text);
    ck_assert_int_eq(load_text(TOP "people: people.yaml\n", &diags, &s), 0);
    size_t n = settings_holders(s, holder_rows[_i].role, date_of(holder_rows[_i].on), people, 4);

    for (size_t i = 0; i < n; i++) {
        (void)strcat(ids, people[i]->id);
        (void)strcat(ids, " ");
    }
    ck_assert_msg(strcmp(ids, holder_rows[_i].ids) == 0, "%s on %s: %s", holder_rows[_i].role,
                  holder_rows[_i].on, ids);
    ck_assert_uint_le(
        settings_holders(s, holder_rows[_i].role, date_of(holder_rows[_i].on), people, 1), 1);
    settings_free(s);
    diags_release(&diags);
    folder_close();
}
END_TEST

static const struct {
    const char *text;
    unsigned line;
    const char *says;
} bad_people_rows[] = {
    { "people:\n  p1: {name: A, mail: 'a b@c.uk'}\n", 2, "mail is not a mail address" },
    { "people:\n  p1: {name: A}\n", 2, "\"mail\" is missing" },
    { "people:\n  p1: {name: Surname, Name, mail: a@b.uk}\n", 2, "unknown key \"Name\"" },
    { "people:\n  p1: {name: \"A\\nBcc: x\", mail: a@b.uk}\n", 2, "a name is one line" },
    { "people:\n  lead1: {name: A, mail: a@b.uk}\nholders:\n  r: [{person: led1}]\n", 4,
      "\"led1\" is nobody under people" },
    { "people:\n  p1: {name: A, mail: a@b.uk}\nholders:\n  r: [{person: p1, deputy: p9}]\n", 4,
      "deputy \"p9\" is nobody" },
    { "people:\n  p1: {name: A, mail: a@b.uk}\nholders:\n"
      "  r: [{person: p1, from: 2025-01-02, to: 2025-01-01}]\n",
      4, "to is before from" },
    { "people:\n  p1: {name: A, mail: a@b.uk}\nholders:\n  r: p1\n", 4, "are a list" },
    { "people:\n  p1: {name: A, mail: a@b.uk}\nholders:\n  r: [{person: p1, away: soon}]\n", 4,
      "list of absences" },
    { "people: [a]\n", 1, "people is a mapping" },
    { "people:\n  p1: {name: A, mail: a@b.uk}\n  p1: {name: B, mail: b@b.uk}\n", 3, "given twice" },
};

START_TEST(contradictory_people_are_refused)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;
    bool found = false;

    folder_open();
    put("people.yaml", bad_people_rows[_i].text);
    ck_assert_int_eq(load_text(TOP "people: people.yaml\n", &diags, &s), -EINVAL);
    for (size_t i = 0; i < diags.count; i++)
        found = found || (diags.list[i].line == bad_people_rows[_i].line &&
                          ends_with(diags.list[i].file, "/people.yaml") &&
                          strstr(diags.list[i].text, bad_people_rows[_i].says));
    if (!found)
        diags_print(&diags, stderr);
    ck_assert_msg(found, "%s", bad_people_rows[_i].text);
    diags_release(&diags);
    folder_close();
}
END_TEST

/* ---- the sample ---- */

START_TEST(the_shipped_sample_loads)
{
    struct settings *s = load("config/waitlistd.yaml");

    ck_assert_str_eq(s->instance, "black-country");
    settings_free(s);
}
END_TEST

/* Whether "key:" stands in the text as a word of its own. */
static bool names_key(const char *text, size_t len, const char *key)
{
    size_t n = strlen(key);

    for (size_t i = 0; i + n < len; i++) {
        bool begins = i == 0 || strchr(" \n{#(", text[i - 1]);

        if (begins && memcmp(text + i, key, n) == 0 && text[i + n] == ':')
            return true;
    }
    return false;
}

/* The sample's sections are headed "# ---- name ----"; holders and absences stand under people. */
static bool sample_has(const char *sample, const char *section, const char *key)
{
    char heading[64];
    const char *name = section;

    if (strcmp(section, "person") == 0 || strcmp(section, "holder") == 0 ||
        strcmp(section, "absence") == 0)
        name = "people";
    (void)snprintf(heading, sizeof heading, "# ---- %s ----\n", name);
    const char *start = strstr(sample, heading);

    ck_assert_msg(start != NULL, "the sample has no section %s", name);
    const char *end = strstr(start + 1, "# ---- ");

    /* The sections' own keys stand at the top level, anywhere. */
    if (strcmp(section, "settings") == 0)
        return names_key(sample, strlen(sample), key);
    return names_key(start, end ? (size_t)(end - start) : strlen(start), key);
}

START_TEST(the_shipped_samples_name_every_key)
{
    struct text sample = TEXT_INIT, organisations = TEXT_INIT, places = TEXT_INIT,
                holidays = TEXT_INIT;
    char *table = NULL, *line, *rest;
    size_t len = 0, keys = 0;
    FILE *f = open_memstream(&table, &len);

    ck_assert_int_eq(file_read("config/waitlistd.yaml", 1 << 20, &sample), 0);
    ck_assert_int_eq(file_read("config/organisations.yaml", 1 << 20, &organisations), 0);
    ck_assert_int_eq(file_read("config/places.yaml", 1 << 20, &places), 0);
    ck_assert_int_eq(file_read("config/bank-holidays.yaml", 1 << 20, &holidays), 0);
    settings_print_defaults(f);
    fclose(f);
    for (line = strtok_r(table, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *dot = strchr(line, '.'), *tab = strchr(line, '\t');

        ck_assert(dot && tab && dot < tab);
        *dot = *tab = '\0';
        ck_assert_msg(strchr(tab + 1, '\t') && strchr(tab + 1, '\t')[1] != '\0',
                      "%s.%s has no meaning", line, dot + 1);
        if (strcmp(line, "organisation") == 0)
            ck_assert_msg(strstr(text_str(&organisations), dot + 1), "organisations.yaml: %s",
                          dot + 1);
        else if (strcmp(line, "bank_holidays") == 0)
            ck_assert_msg(strstr(text_str(&holidays), dot + 1), "bank-holidays.yaml: %s", dot + 1);
        else if (strcmp(line, "place") == 0)
            ck_assert_msg(strstr(text_str(&places), dot + 1), "places.yaml: %s", dot + 1);
        else
            ck_assert_msg(sample_has(text_str(&sample), line, dot + 1), "the sample lacks %s.%s",
                          line, dot + 1);
        keys++;
    }
    ck_assert_uint_gt(keys, 50);
    free(table);
    text_release(&sample);
    text_release(&organisations);
    text_release(&places);
    text_release(&holidays);
}
END_TEST

UNIT_MAIN("settings", UNIT_TEST(the_settings_printed_in_the_design_load_as_printed),
          UNIT_TEST(the_smallest_settings_take_every_default),
          UNIT_ROWS(what_is_allowed_loads_without_a_message, accepted_rows),
          UNIT_TEST(publication_dates_are_put_in_order),
          UNIT_TEST(smtps_means_tls_from_the_first_byte),
          UNIT_TEST(what_was_allowed_until_a_day_is_shown_as_to_partners_after_it),
          UNIT_ROWS(what_is_refused_is_located_and_explained, refused_rows),
          UNIT_TEST(a_secret_is_never_printed),
          UNIT_TEST(every_error_of_every_section_and_file_is_reported_in_one_pass),
          UNIT_TEST(a_format_that_nobody_knows_is_shown_at_its_feed),
          UNIT_ROWS(a_printed_name_finds_its_code, org_rows),
          UNIT_TEST(a_code_finds_its_title_or_stands_for_itself),
          UNIT_TEST(nobody_is_missed_before_its_first_day),
          UNIT_TEST(an_organisation_does_its_work_until_another_took_over),
          UNIT_TEST(own_organisations_add_to_the_shipped_ones_and_replace_by_code),
          UNIT_TEST(a_place_comes_from_its_column_then_the_practice_then_the_area),
          UNIT_ROWS(a_file_of_names_that_contradicts_itself_is_refused, contradictions),
          UNIT_TEST(working_days_are_counted_by_the_shipped_list_or_the_one_that_is_named),
          UNIT_TEST(the_shipped_list_has_each_of_its_years_whole),
          UNIT_ROWS(a_role_that_nobody_holds_for_some_days_is_found_with_the_days, held_rows),
          UNIT_ROWS(the_holder_on_a_date_is_told_or_the_deputy_while_away, holder_rows),
          UNIT_ROWS(contradictory_people_are_refused, bad_people_rows),
          UNIT_TEST(the_shipped_sample_loads), UNIT_TEST(the_shipped_samples_name_every_key))
