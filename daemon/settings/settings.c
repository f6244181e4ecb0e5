#include "settings/settings.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/text.h"
#include "settings/settings_internal.h"

#define INSTANCE_MAX 40 /* it stands in every Redis key */
#define ZONE_FOLDER  "/usr/share/zoneinfo"

/* The settings first, so that bind_release may be given the settings alone. */
struct top_raw {
    struct settings s;
    yaml_node *control, *redis, *http, *routes, *retention, *identity, *lists, *feeds, *receivers,
        *heartbeat, *daily_test, *digest, *reminders;
};

#define FIELD(name) BIND_FIELD(struct top_raw, s.name)
#define NODE(name)  BIND_FIELD(struct top_raw, name)

static const char *const approvals[] = { "one", "second", NULL };

static const struct bind_key top_keys[] = {
    { "instance", BIND_TEXT, FIELD(instance), NULL, 0, 0, NULL, 1,
      "names this daemon in Redis keys, alert ids and messages; never change it: every alert would "
      "be new" },
    { "state", BIND_TEXT, FIELD(state), NULL, 0, 0, NULL, 1,
      "the folder of archive, journals and embedded Redis; made when missing; back it up" },
    { "control", BIND_NODE, NODE(control), NULL, 0, 0, NULL, 0,
      "the control socket, <state>/control.sock when left out; or socket, and who may use it" },
    { "timezone", BIND_TEXT, FIELD(timezone), "Europe/London", 0, 0, NULL, 0,
      "whose midnight ends a day" },
    { "log_level", BIND_TEXT, FIELD(log_level), "info", 0, 0, NULL, 0,
      "error, warning, info or debug; debug while looking for a fault" },
    { "redis", BIND_NODE, NODE(redis), NULL, 0, 0, NULL, 0,
      "where the rolling metrics are kept; an embedded server when left out" },
    { "http", BIND_NODE, NODE(http), NULL, 0, 0, NULL, 0,
      "where files are pushed to, and whether it is well is asked; no server when left out and no "
      "feed "
      "is pushed" },
    { "plans", BIND_TEXTS, FIELD(plans), NULL, 0, 0, NULL, 0,
      "the action plans, one file a place" },
    { "approval", BIND_CHOICE, FIELD(approval), "one", 0, 0, approvals, 0,
      "who brings a change of a plan into force: one person, or a second one after the first" },
    { "people", BIND_TEXT, FIELD(people_path), NULL, 0, 0, NULL, 0,
      "the file that says who holds the plans' roles" },
    { "organisations", BIND_TEXT, FIELD(organisations_path), NULL, 0, 0, NULL, 0,
      "a file of organisations that adds to the shipped one" },
    { "places", BIND_TEXT, FIELD(places_path), NULL, 0, 0, NULL, 0,
      "a file that says which names, practices and areas belong to which place" },
    { "bank_holidays", BIND_TEXT, FIELD(holidays_path), NULL, 0, 0, NULL, 0,
      "a list of bank holidays in place of the shipped one, which is of England and Wales" },
    { "formats", BIND_TEXTS, FIELD(formats), NULL, 0, 0, NULL, 0,
      "folders of feed formats that add to the shipped ones" },
    { "routes", BIND_NODE, NODE(routes), NULL, 0, 0, NULL, 0,
      "who hears what is not a plan's business" },
    { "retention", BIND_NODE, NODE(retention), NULL, 0, 0, NULL, 0,
      "how long what is kept only for a time is kept" },
    { "identity", BIND_NODE, NODE(identity), NULL, 0, 0, NULL, 0,
      "with what patients' identifiers are made pseudonyms" },
    { "lists", BIND_NODE, NODE(lists), NULL, 0, 0, NULL, 0,
      "the waiting lists that pathway feeds write into" },
    { "feeds", BIND_NODE, NODE(feeds), NULL, 0, 0, NULL, 0,
      "what is to arrive, how often and from whom" },
    { "receivers", BIND_NODE, NODE(receivers), NULL, 0, 0, NULL, 0, "where messages go" },
    { "heartbeat", BIND_NODE, NODE(heartbeat), NULL, 0, 0, NULL, 0,
      "a sign of life for a monitor outside, which speaks up when it stops; none when left out" },
    { "proxy", BIND_TEXT, FIELD(proxy), NULL, 0, 0, NULL, 0,
      "a proxy for what is posted and fetched, http://host:port; mail goes without it; no "
      "environment "
      "variable sets one" },
    { "no_proxy", BIND_TEXTS, FIELD(no_proxy), NULL, 0, 0, NULL, 0,
      "hosts, addresses and domains with those below them that are reached without the proxy; this "
      "host "
      "always is" },
    { "daily_test", BIND_NODE, NODE(daily_test), NULL, 0, 0, NULL, 0,
      "a message a day that proves the way to a receiver; none when left out" },
    { "digest", BIND_NODE, NODE(digest), NULL, 0, 0, NULL, 0,
      "once a week each lead gets the whole plan and the age of every feed; off: nobody does" },
    { "reminders", BIND_NODE, NODE(reminders), NULL, 0, 0, NULL, 0,
      "what stays red is told again after so long without news, then after so long again; the last "
      "goes on; [14d, 28d, 56d] when left out" },
    { "demo_banner", BIND_TEXT, FIELD(demo_banner), NULL, 0, 0, NULL, 0,
      "a text printed at the start, to say that this is a demonstration" },
    BIND_END,
};

static const struct bind_key route_keys[] = {
    { "ops", BIND_TEXTS, BIND_FIELD(struct settings, routes.ops), NULL, 0, 0, NULL, 0,
      "late and incomplete feeds, files held or refused; every receiver that a role uses when "
      "left out" },
    { "governance", BIND_TEXTS, BIND_FIELD(struct settings, routes.governance), NULL, 0, 0, NULL, 0,
      "what information governance must see; every receiver that a role uses when left out" },
    { "fallback", BIND_TEXTS, BIND_FIELD(struct settings, routes.fallback), NULL, 0, 0, NULL, 0,
      "what neither an owner nor ops has a receiver for; every receiver that a role uses when left "
      "out" },
    BIND_END,
};

#define PATHWAYS_MOST_MONTHS 120 /* ten years */

static const struct bind_key retention_keys[] = {
    { "quarantine", BIND_DURATION, BIND_FIELD(struct settings, retention.quarantine), "7d", 0, 0,
      NULL, 0, "raw bytes of refused files, from the day they came" },
    { "incidents", BIND_DURATION, BIND_FIELD(struct settings, retention.incidents), "24h", 0, 0,
      NULL, 0,
      "raw bytes of files refused because they hold identifiers, from the time they came; at most "
      "24h" },
    { "pathways", BIND_DURATION, BIND_FIELD(struct settings, retention.pathways), "15m", 0, 0, NULL,
      0, "pathways of a list after they stopped; from then on they are only counted" },
    BIND_END,
};

/* ---- sections that are only a few lines ---- */

static int check_instance(const struct reading *rd, yaml_node *root)
{
    const char *id = rd->s->instance;

    if (!id)
        return 0;
    for (const char *c = id; *c; c++) {
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '-')
            return COMPLAIN(rd, yaml_get(root, "instance"), "for example black-country",
                            "instance: small letters, digits and \"-\" only");
    }
    if (strlen(id) > INSTANCE_MAX || id[0] == '-')
        return COMPLAIN(rd, yaml_get(root, "instance"), "for example black-country",
                        "instance: at most %d characters, the first not \"-\"", INSTANCE_MAX);
    return 0;
}

static int check_timezone(const struct reading *rd, yaml_node *root)
{
    AUTO(text_release) struct text path = TEXT_INIT;
    const char *zone = rd->s->timezone;

    if (!zone)
        return 0;
    (void)text_printf(&path, "%s/%s", ZONE_FOLDER, zone);
    /* Without a zone database only UTC can be checked, and is what the C library would use. */
    bool known = strcmp(zone, "UTC") == 0 || access(ZONE_FOLDER, F_OK) != 0 ||
                 access(text_str(&path), R_OK) == 0;

    if (known && !strstr(zone, "..") && zone[0] != '/' && zone[0] != ':' && zone[0] != '\0')
        return 0;
    return COMPLAIN(rd, yaml_get(root, "timezone"), "for example Europe/London",
                    "timezone: this machine knows no zone \"%s\"", zone);
}

static int check_log_level(const struct reading *rd, yaml_node *root)
{
    static const char *const levels[] = { "error", "warning", "info", "debug" };

    for (size_t i = 0; rd->s->log_level && i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(rd->s->log_level, levels[i]) == 0)
            return 0;
    }
    return COMPLAIN(rd, yaml_get(root, "log_level"), NULL,
                    "log_level is none of: error, warning, info, debug");
}

static int resolve_all(const char *folder, struct text_list *l)
{
    int r = 0;

    for (size_t i = 0; i < l->count; i++)
        r = settings_worse(r, settings_resolve(folder, &l->items[i]));
    return r;
}

/* Where the i-th text of a list stands that may also be one scalar. */
static yaml_node *item_of(yaml_node *list, size_t i)
{
    return yaml_kind(list) == YAML_SEQUENCE ? yaml_item(list, i) : list;
}

static int check_paths(const struct reading *rd, yaml_node *root)
{
    struct settings *s = rd->s;
    int r = resolve_all(rd->folder, &s->plans);

    r = settings_worse(r, resolve_all(rd->folder, &s->formats));
    r = settings_worse(r, settings_resolve(rd->folder, &s->state));
    r = settings_worse(r, settings_resolve(rd->folder, &s->people_path));
    r = settings_worse(r, settings_resolve(rd->folder, &s->organisations_path));
    r = settings_worse(r, settings_resolve(rd->folder, &s->places_path));
    r = settings_worse(r, settings_resolve(rd->folder, &s->holidays_path));
    if (!s->control && s->state) {
        AUTO(text_release) struct text t = TEXT_INIT;

        (void)text_printf(&t, "%s/control.sock", s->state);
        s->control = text_take(&t);
        r = settings_worse(r, s->control ? 0 : -ENOMEM);
    }
    r = settings_worse(r, settings_resolve(rd->folder, &s->control));
    for (size_t i = 0; i < s->plans.count && r != -ENOMEM; i++)
        r = settings_worse(r, settings_require_file(rd, item_of(yaml_get(root, "plans"), i),
                                                    "plans", s->plans.items[i]));
    for (size_t i = 0; i < s->formats.count && r != -ENOMEM; i++)
        r = settings_worse(r, settings_require_file(rd, item_of(yaml_get(root, "formats"), i),
                                                    "formats", s->formats.items[i]));
    return r;
}

static int check_route(const struct reading *rd, yaml_node *routes, const char *name,
                       const struct text_list *l)
{
    const struct settings *s = rd->s;
    AUTO(auto_free) const char **ids = calloc(s->receiver_count + 1, sizeof *ids);
    size_t known = 0;
    int r = 0;

    if (!ids)
        return -ENOMEM;
    for (size_t i = 0; i < s->receiver_count; i++) {
        if (s->receivers[i].id)
            ids[known++] = s->receivers[i].id;
    }
    for (size_t i = 0; i < l->count; i++) {
        char hint[120] = "receivers are declared under receivers:";
        const char *near = diag_nearest(l->items[i], ids, known);

        if (settings_receiver(s, l->items[i]))
            continue;
        if (near)
            (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", near);
        r = COMPLAIN(rd, item_of(yaml_get(routes, name), i), hint,
                     "routes: %s names \"%s\", which is no receiver", name, l->items[i]);
    }
    return r;
}

static int read_routes(const struct reading *rd, yaml_node *routes)
{
    struct settings *s = rd->s;
    int r = bind_mapping(rd->y, routes, "routes", route_keys, s, rd->diags);

    r = settings_worse(r, check_route(rd, routes, "ops", &s->routes.ops));
    r = settings_worse(r, check_route(rd, routes, "governance", &s->routes.governance));
    return settings_worse(r, check_route(rd, routes, "fallback", &s->routes.fallback));
}

/* A feed and a list name organisations as people do; from here on they are codes, as in the records. */
static int code_all(const struct settings *s, struct text_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        char *code = strdup(settings_org_code(s, l->items[i]));

        if (!code)
            return -ENOMEM;
        free(l->items[i]);
        l->items[i] = code;
    }
    return 0;
}

static int code_providers(struct settings *s)
{
    int r = 0;

    for (size_t i = 0; i < s->feed_count && r == 0; i++) {
        r = code_all(s, &s->feeds[i].providers);
        r = settings_worse(r, code_all(s, &s->feeds[i].keep));
    }
    for (size_t i = 0; i < s->list_count && r == 0; i++)
        r = code_all(s, &s->lists[i].providers);
    return r;
}

#define INCIDENT_MOST_S 86400 /* DESIGN section 13: identifier incidents 24 h */

static int read_retention(const struct reading *rd, yaml_node *mapping)
{
    struct settings *s = rd->s;
    int r = bind_mapping(rd->y, mapping, "retention", retention_keys, s, rd->diags);
    const struct span *kept = &s->retention.incidents;

    if (r == 0 && !(kept->unit == SPAN_SECONDS ? kept->count <= INCIDENT_MOST_S
                                               : kept->unit == SPAN_DAYS && kept->count <= 1))
        r = COMPLAIN(rd, yaml_get(mapping, "incidents"), "for example 24h or 1h",
                     "retention: incidents are kept for 24 hours at most");
    if (r == 0 && (s->retention.pathways.unit != SPAN_MONTHS || s->retention.pathways.count < 1 ||
                   s->retention.pathways.count > PATHWAYS_MOST_MONTHS))
        r = COMPLAIN(rd, yaml_get(mapping, "pathways"), "for example 15m",
                     "retention: pathways are kept for months, 1 to %d", PATHWAYS_MOST_MONTHS);
    return r;
}

static int read_identity(const struct reading *rd, yaml_node *root, yaml_node *mapping)
{
    struct settings *s = rd->s;
    int r = bind_mapping(rd->y, mapping, "identity", identity_keys, s, rd->diags);

    if (r == 0)
        r = settings_resolve(rd->folder, &s->identity.previous_key_file);
    if (r == 0 && s->identity.previous_key_file)
        r = settings_require_file(rd, yaml_get(yaml_get(root, "identity"), "previous_key_file"),
                                  "identity: previous_key_file", s->identity.previous_key_file);
    if (r < 0 || !s->identity.key_file) {
        AUTO(text_release) struct text t = TEXT_INIT;

        if (r < 0 || !s->state)
            return r;
        (void)text_printf(&t, "%s/pathway.key", s->state);
        s->identity.key_file = text_take(&t);
        return s->identity.key_file ? 0 : -ENOMEM;
    }
    r = settings_resolve(rd->folder, &s->identity.key_file);
    return settings_worse(r, settings_require_file(rd,
                                                   yaml_get(yaml_get(root, "identity"), "key_file"),
                                                   "identity: key_file", s->identity.key_file));
}

/* ---- the whole ---- */

static int read_organisations(const struct reading *rd, yaml_node *root, const char *datadir)
{
    AUTO(text_release) struct text shipped = TEXT_INIT;
    struct settings *s = rd->s;
    int r = settings_require_file(rd, yaml_get(root, "organisations"), "organisations",
                                  s->organisations_path);

    if (r < 0)
        return r;
    if (datadir)
        (void)text_printf(&shipped, "%s/organisations.yaml", datadir);
    return settings_read_organisations(datadir ? text_str(&shipped) : NULL, s->organisations_path,
                                       rd->diags, s);
}

static int read_places(const struct reading *rd, yaml_node *root)
{
    struct settings *s = rd->s;
    int r = settings_require_file(rd, yaml_get(root, "places"), "places", s->places_path);

    if (r < 0 || !s->places_path)
        return r;
    return settings_read_places(s->places_path, rd->diags, s);
}

static int read_calendar(const struct reading *rd, yaml_node *root, const char *datadir)
{
    AUTO(text_release) struct text shipped = TEXT_INIT;
    struct settings *s = rd->s;
    int r = settings_require_file(rd, yaml_get(root, "bank_holidays"), "bank_holidays",
                                  s->holidays_path);

    s->workdays.until = DATE_NONE;
    if (r < 0 || (!s->holidays_path && !datadir))
        return r;
    if (!s->holidays_path && text_printf(&shipped, "%s/bank-holidays.yaml", datadir) < 0)
        return -ENOMEM;
    return settings_read_calendar(s->holidays_path ? s->holidays_path : text_str(&shipped),
                                  rd->diags, s);
}

static int read_people(const struct reading *rd, yaml_node *root)
{
    struct settings *s = rd->s;
    int r = settings_require_file(rd, yaml_get(root, "people"), "people", s->people_path);

    if (r < 0 || !s->people_path)
        return r;
    return settings_read_people(s->people_path, rd->diags, s);
}

static int read_all(const struct yaml *y, const char *datadir, struct diags *diags,
                    struct settings *s)
{
    struct top_raw raw = { .s = *s };
    yaml_node *root = yaml_root(y);
    const struct reading rd = { y, s->folder, diags, s };
    int r = bind_mapping(y, root, "settings", top_keys, &raw, diags);

    *s = raw.s;
    if (r == -ENOMEM || (root && yaml_kind(root) != YAML_MAPPING))
        return r;
    r = settings_worse(r, check_instance(&rd, root));
    r = settings_worse(r, check_timezone(&rd, root));
    r = settings_worse(r, check_log_level(&rd, root));
    r = settings_worse(r, settings_read_control(&rd, raw.control));
    r = settings_worse(r, check_paths(&rd, root));
    r = settings_worse(r, settings_check_proxy(&rd, root));
    r = settings_worse(r, settings_read_redis(&rd, raw.redis));
    r = settings_worse(r, settings_read_lists(&rd, raw.lists));
    r = settings_worse(r, settings_read_feeds(&rd, raw.feeds));
    r = settings_worse(r, settings_read_http(&rd, raw.http));
    r = settings_worse(r, settings_read_receivers(&rd, raw.receivers));
    r = settings_worse(r, settings_read_heartbeat(&rd, raw.heartbeat));
    r = settings_worse(r, settings_read_daily_test(&rd, raw.daily_test));
    r = settings_worse(r, settings_read_digest(&rd, raw.digest));
    r = settings_worse(r, settings_read_reminders(&rd, raw.reminders));
    r = settings_worse(r, read_routes(&rd, raw.routes));
    r = settings_worse(r, read_retention(&rd, raw.retention));
    r = settings_worse(r, read_identity(&rd, root, raw.identity));
    r = settings_worse(r, read_organisations(&rd, root, datadir));
    r = settings_worse(r, read_places(&rd, root));
    r = settings_worse(r, read_calendar(&rd, root, datadir));
    r = settings_worse(r, read_people(&rd, root));
    if (r == 0)
        settings_warn_of_domains(&rd, raw.receivers);
    if (r == 0)
        r = code_providers(s);
    return r == 0 ? settings_check_lists(&rd) : r;
}

/* The folder as an absolute path, so that nothing depends on where the daemon was started. */
static int set_paths(struct settings *s, const char *path)
{
    AUTO(auto_free) char *folder = strdup(path);
    char *slash = folder ? strrchr(folder, '/') : NULL;

    if (!folder)
        return -ENOMEM;
    if (slash)
        slash[slash == folder] = '\0';
    s->path = strdup(path);
    s->folder = realpath(slash ? folder : ".", NULL);
    if (s->path && !s->folder && errno != ENOMEM)
        return -errno;
    return s->path && s->folder ? 0 : -ENOMEM;
}

int settings_load(const char *path, const char *datadir, struct diags *diags,
                  struct settings **out_settings)
{
    struct settings *s;
    struct yaml *y = NULL;
    int r;

    assert(path && diags && out_settings);
    r = yaml_load(path, diags, &y);
    if (r < 0)
        return r == -ENOMEM ? r : -EINVAL;
    s = calloc(1, sizeof *s);
    if (s)
        s->index = calloc(1, sizeof *s->index);
    if (!s || !s->index) {
        yaml_free(y);
        free(s);
        return -ENOMEM;
    }
    s->index->y = y;
    r = set_paths(s, path);
    if (r == 0)
        r = read_all(y, datadir, diags, s);
    else if (r != -ENOMEM)
        yaml_complain(y, NULL, diags, DIAG_ERROR, NULL, "the folder of this file: %s",
                      strerror(-r));
    if (r < 0) {
        settings_free(s);
        return r == -ENOMEM ? r : -EINVAL;
    }
    *out_settings = s;
    return 0;
}

void settings_free(struct settings *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->feed_count; i++)
        feed_setting_release(&s->feeds[i]);
    for (size_t i = 0; i < s->receiver_count; i++)
        bind_release(receiver_keys, &s->receivers[i]);
    for (size_t i = 0; i < s->person_count; i++) {
        free(s->people[i].id);
        bind_release(person_keys, &s->people[i]);
    }
    for (size_t i = 0; i < s->holding_count; i++)
        holding_release(&s->holdings[i]);
    for (size_t i = 0; i < s->organisation_count; i++)
        bind_release(organisation_keys, &s->organisations[i]);
    for (size_t i = 0; i < s->list_count; i++)
        bind_release(list_keys, &s->lists[i]);
    free(s->lists);
    free(s->feeds);
    free(s->receivers);
    free(s->people);
    free(s->holdings);
    free(s->organisations);
    for (size_t i = 0; i < s->place_count; i++)
        bind_release(place_keys, &s->places[i]);
    free(s->places);
    workdays_release(&s->workdays);
    free(s->remind_days);
    bind_release(redis_keys, &s->redis);
    bind_release(http_keys, &s->http);
    bind_release(heartbeat_keys, &s->heartbeat);
    bind_release(control_keys, s);
    bind_release(daily_test_keys, &s->daily_test);
    bind_release(digest_keys, &s->digest);
    bind_release(route_keys, s);
    bind_release(identity_keys, s);
    bind_release(top_keys, s);
    if (s->index) {
        table_release(&s->index->by_name, NULL);
        table_release(&s->index->by_code, NULL);
        table_release(&s->index->places, NULL);
        table_release(&s->index->practices, NULL);
        table_release(&s->index->lsoas, NULL);
        free(s->index->folded);
        free(s->index->format_nodes);
        free(s->index->feed_nodes);
        yaml_free(s->index->y);
        free(s->index);
    }
    free(s->path);
    free(s->folder);
    free(s);
}

/* ---- looking ---- */

const struct feed_setting *settings_feed(const struct settings *s, const char *id)
{
    for (size_t i = 0; i < s->feed_count; i++) {
        if (s->feeds[i].id && strcmp(s->feeds[i].id, id) == 0)
            return &s->feeds[i];
    }
    return NULL;
}

const struct receiver_setting *settings_receiver(const struct settings *s, const char *id)
{
    for (size_t i = 0; i < s->receiver_count; i++) {
        if (s->receivers[i].id && strcmp(s->receivers[i].id, id) == 0)
            return &s->receivers[i];
    }
    return NULL;
}

int settings_check_formats(const struct settings *s, const char *const *ids, struct diags *diags)
{
    size_t count = 0;
    int r = 0;

    assert(s && ids && diags);
    while (ids[count])
        count++;
    for (size_t i = 0; i < s->feed_count; i++) {
        const char *format = s->feeds[i].format, *near;
        char hint[120] = "a format is a file in formats/";
        size_t k = 0;

        while (k < count && strcmp(ids[k], format) != 0)
            k++;
        if (k < count)
            continue;
        near = diag_nearest(format, ids, count);
        if (near)
            (void)snprintf(hint, sizeof hint, "did you mean \"%.64s\"?", near);
        yaml_complain(s->index->y, s->index->format_nodes[i], diags, DIAG_ERROR, hint,
                      "feed: there is no format \"%s\"", format);
        r = -EINVAL;
    }
    return r;
}

void settings_print_defaults(FILE *to)
{
    static const struct {
        const char *name;
        const struct bind_key *keys;
    } sections[] = {
        { "settings", top_keys },
        { "redis", redis_keys },
        { "control", control_keys },
        { "http", http_keys },
        { "heartbeat", heartbeat_keys },
        { "daily_test", daily_test_keys },
        { "digest", digest_keys },
        { "routes", route_keys },
        { "retention", retention_keys },
        { "identity", identity_keys },
        { "list", list_keys },
        { "feed", feed_keys },
        { "receiver", receiver_keys },
        { "person", person_keys },
        { "holder", holding_keys },
        { "absence", absence_keys },
        { "organisation", organisation_keys },
        { "place", place_keys },
        { "bank_holidays", calendar_keys },
    };

    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        for (const struct bind_key *k = sections[i].keys; k->key; k++)
            fprintf(to, "%s.%s\t%s\t%s\n", sections[i].name, k->key,
                    k->fallback   ? k->fallback
                    : k->required ? "required"
                                  : "none",
                    k->meaning);
    }
}
