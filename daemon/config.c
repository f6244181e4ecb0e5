#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/table.h"
#include "base/text.h"

static void free_list(const char ***list)
{
    free(*list);
}

int config_load_formats(const struct settings *s, const char *datadir, struct diags *diags,
                        struct format_set **out_formats)
{
    AUTO(text_release) struct text shipped = TEXT_INIT;
    const struct text_list *more = &s->formats;
    AUTO(free_list) const char **folders = calloc(more->count + 1, sizeof *folders);

    (void)text_printf(&shipped, "%s/formats", datadir);
    if (!folders || !text_ok(&shipped))
        return -ENOMEM;
    folders[0] = text_str(&shipped);
    for (size_t i = 0; i < more->count; i++)
        folders[i + 1] = more->items[i];
    int r = format_set_load(folders, more->count + 1, diags, out_formats);

    if (r == 0)
        r = settings_check_formats(s, format_set_ids(*out_formats), diags);
    return r;
}

/* By some feed into the list, or one that goes on as the provider; *out_any: files of its feeds name all who
 * wait, so that one who is missing from them can be missed. */
static bool is_awaited(const struct settings *s, const struct list_setting *list,
                       const char *provider, bool *out_any)
{
    const struct civil_date ever = { INT32_MAX };
    const char *last = settings_org_on(s, provider, ever);

    *out_any = false;
    for (size_t i = 0; i < s->feed_count; i++) {
        const struct feed_setting *f = &s->feeds[i];

        if (!f->into || strcmp(f->into, list->id) != 0)
            continue;
        *out_any |= f->kind != FEED_EVENTS;
        for (size_t k = 0; k < f->providers.count; k++)
            if (strcmp(settings_org_on(s, settings_org_code(s, f->providers.items[k]), ever),
                       last) == 0)
                return true;
    }
    return false;
}

/* A provider that no feed must cover is missed late. */
static void warn_of_unawaited(const struct settings *s, const struct list_setting *list,
                              struct diags *diags)
{
    const struct diag_place place = { .file = s->path };
    AUTO(text_release) struct text names = TEXT_INIT;
    bool any = false;

    for (size_t i = 0; i < list->providers.count; i++)
        if (!is_awaited(s, list, list->providers.items[i], &any) && any)
            (void)text_printf(&names, "%s%s", names.len ? ", " : "", list->providers.items[i]);
    if (names.len)
        diag_add(diags, DIAG_WARNING, &place,
                 "name them under providers: of the feed that brings them",
                 "list %s: no feed must cover %s: that nothing comes of them is said only two "
                 "cadences later",
                 list->id, text_str(&names));
}

/* A service that is not declared, such as a bare treatment function code, has one clock and no stages
 * (services.yaml(5)): said, as it may be meant otherwise. One that is nearly a declared one is a slip.
 * Returns 0, -EINVAL or -ENOMEM. */
static int check_service(const struct config *c, const struct list_setting *list,
                         struct diags *diags)
{
    const struct diag_place place = { .file = c->settings->path };

    if (service_is_declared(service_of(c->services, list->service)))
        return 0;
    AUTO(free_list) const char **ids = calloc(services_count(c->services) + 1, sizeof *ids);
    AUTO(text_release) struct text hint = TEXT_INIT;

    if (!ids)
        return -ENOMEM;
    for (size_t i = 0; i < services_count(c->services); i++)
        ids[i] = services_at(c->services, i)->id;
    const char *near = diag_nearest(list->service, ids, services_count(c->services));

    if (near)
        (void)text_printf(&hint, "did you mean \"%s\"?", near);
    else
        (void)text_printf(&hint,
                          "declare it in services.yaml for stages, other stops and exceptions");
    diag_add(
        diags, near ? DIAG_ERROR : DIAG_WARNING, &place, text_str(&hint),
        near ? "list %s: there is no service \"%s\""
             : "list %s: services.yaml declares no service \"%s\": its clock runs from referral to "
               "clock-stop",
        list->id, list->service);
    return near ? -EINVAL : 0;
}

/* The service of each list is known, and each feed's rows are what its kind says. */
static int check_lists(const struct config *c, struct diags *diags)
{
    const struct settings *s = c->settings;
    const struct diag_place place = { .file = s->path };
    int r = 0;

    for (size_t i = 0; i < s->list_count; i++) {
        warn_of_unawaited(s, &s->lists[i], diags);
        int checked = check_service(c, &s->lists[i], diags);

        if (checked == -ENOMEM)
            return checked;
        r = checked < 0 ? checked : r;
    }
    for (size_t i = 0; i < s->feed_count; i++) {
        static const enum record_kind records[] = { [FEED_AGGREGATE] = RECORDS_AGGREGATE,
                                                    [FEED_SNAPSHOT] = RECORDS_PATHWAY_SNAPSHOT,
                                                    [FEED_EVENTS] = RECORDS_PATHWAY_EVENTS,
                                                    [FEED_SET] = RECORDS_PATHWAY_EVENTS };
        const struct format *format = format_set_find(c->formats, s->feeds[i].format);

        if (!format)
            continue;
        const char *const *tables;

        if (s->feeds[i].kind == FEED_SET && format_set_tables(format, &tables) == 0) {
            diag_add(diags, DIAG_ERROR, &place, "its mapping file names them under set: tables:",
                     "feed %s: its kind is set, and its format %s has no tables that make a set",
                     s->feeds[i].id, s->feeds[i].format);
            r = -EINVAL;
            continue;
        }
        if (s->feeds[i].kind == FEED_SET && s->identity.previous_key_file) {
            diag_add(diags, DIAG_ERROR, &place, "tables kept under the old key would not be found",
                     "feed %s: its kind is set: a change of the pathways' key is not built for it",
                     s->feeds[i].id);
            r = -EINVAL;
            continue;
        }
        if (format_records(format) == records[s->feeds[i].kind])
            continue;
        diag_add(diags, DIAG_ERROR, &place, "its mapping file says so under records:",
                 "feed %s: its kind and its format %s do not go together: one is of published "
                 "figures, of snapshots or of events, the other is not",
                 s->feeds[i].id, s->feeds[i].format);
        r = -EINVAL;
    }
    return r;
}

/* Two plans of one instance: own ids, and own measure ids, since now:<measure> is one hash each. */
static int check_apart(const struct plan *a, const struct plan *b, struct diags *diags)
{
    const struct diag_place place = { .file = b->path };
    int r = 0;

    if (strcmp(a->id, b->id) == 0) {
        diag_add(diags, DIAG_ERROR, &place, "give each plan an id of its own",
                 "plan id \"%s\" is used by %s already", b->id, a->path);
        r = -EINVAL;
    }
    for (size_t i = 0; i < b->measure_count; i++) {
        if (!plan_measure_find(a, b->measures[i].id))
            continue;
        diag_add(diags, DIAG_ERROR, &place, "for example with the place in front",
                 "measure id \"%s\" is used by %s already", b->measures[i].id, a->path);
        r = -EINVAL;
    }
    return r;
}

static bool has_snapshots(const struct settings *s, const char *list)
{
    for (size_t i = 0; i < s->feed_count; i++)
        if (s->feeds[i].into && strcmp(s->feeds[i].into, list) == 0 &&
            s->feeds[i].kind == FEED_SNAPSHOT)
            return true;
    return false;
}

/* ---- whose figures are whose ---- */

static struct footprint_of footprint_of_place(void *arg, const char *printed)
{
    const struct place *p = settings_place(arg, printed, NULL, NULL);

    return p ? (struct footprint_of){ FOOTPRINT_PLACE, p->id, p->title }
             : (struct footprint_of){ FOOTPRINT_UNKNOWN, NULL, NULL };
}

static bool is_all_england(const char *code)
{
    return strcmp(code, "England") == 0 || strcmp(code, "E92000001") == 0;
}

static struct footprint_of footprint_of_organisation(void *arg, const char *printed)
{
    const struct settings *s = arg;
    const char *code = settings_org_code(s, printed);
    struct footprint_of f = { FOOTPRINT_UNKNOWN, code, settings_org_title(s, code) };

    for (size_t i = 0; i < s->place_count; i++)
        if (text_list_has(&s->places[i].organisations, code))
            return (struct footprint_of){ FOOTPRINT_PLACE, s->places[i].id, s->places[i].title };
    if (is_all_england(code))
        f.kind = FOOTPRINT_ENGLAND;
    for (size_t i = 0; f.kind == FOOTPRINT_UNKNOWN && i < s->organisation_count; i++) {
        const struct organisation *o = &s->organisations[i];

        if (o->parent && strcmp(o->parent, code) == 0)
            f.kind = FOOTPRINT_ICB;
        else if (o->parent && strcmp(o->code, code) == 0)
            f.kind = FOOTPRINT_PROVIDER;
    }
    return f;
}

static enum role_holding role_gap(const void *arg, const char *role, struct civil_date from,
                                  struct civil_date to, struct civil_date *out_from,
                                  struct civil_date *out_to)
{
    static const enum role_holding of[] = {
        [HELD_ALWAYS] = ROLE_HELD, [HELD_NEVER] = ROLE_NOT_HELD, [HELD_WITH_GAP] = ROLE_GAP
    };

    return of[settings_role_held(arg, role, from, to, out_from, out_to)];
}

int plan_names_make(const struct settings *s, const struct services *services,
                    struct plan_names *out_names)
{
    struct plan_names n = { calloc(s->feed_count + 1, sizeof *n.feeds),
                            calloc(s->receiver_count + 1, sizeof *n.receivers),
                            calloc(s->list_count + 1, sizeof *n.lists),
                            { footprint_of_place, footprint_of_organisation, (void *)(uintptr_t)s,
                              s->place_count > 0 },
                            NULL,
                            { s->holding_count || s->person_count ? role_gap : NULL, s },
                            s,
                            NULL };

    if (!n.feeds || !n.receivers || !n.lists) {
        plan_names_release(&n);
        return -ENOMEM;
    }
    for (size_t i = 0; i < s->feed_count; i++)
        n.feeds[i] = s->feeds[i].id;
    for (size_t i = 0; i < s->receiver_count; i++)
        n.receivers[i] = s->receivers[i].id;
    for (size_t i = 0; i < s->list_count; i++)
        n.lists[i] = (struct plan_list){ s->lists[i].id, service_of(services, s->lists[i].service),
                                         &s->lists[i].providers, has_snapshots(s, s->lists[i].id) };
    *out_names = n;
    return 0;
}

/* NULL: no such feed, or format. */
static const struct format *format_of_feed(const struct plan_names *n, const char *feed)
{
    for (size_t i = 0; i < n->settings->feed_count; i++)
        if (strcmp(n->settings->feeds[i].id, feed) == 0)
            return format_set_find(n->formats, n->settings->feeds[i].format);
    return NULL;
}

static bool is_rolling(const void *arg, const char *feed, const char *measure)
{
    const struct format *format = format_of_feed(arg, feed);

    return format && format_is_rolling(format, measure);
}

/* Of a feed that is not there it is not asked. */
static bool is_published(const void *arg, const char *feed)
{
    const struct format *format = format_of_feed(arg, feed);

    return !format || format_is_published(format);
}

/* The series of a list bear its id, which a feed may have too. */
static const char *list_behind(const void *arg, const char *feed, const char *measure)
{
    const struct plan_names *n = arg;

    for (size_t i = 0; i < n->settings->feed_count; i++)
        if (strcmp(n->settings->feeds[i].id, feed) == 0 && n->settings->feeds[i].into)
            return n->settings->feeds[i].into;
    for (size_t i = 0; i < n->settings->list_count; i++)
        if (strcmp(n->settings->lists[i].id, feed) == 0 && list_measure_is_text(measure))
            return n->settings->lists[i].id;
    return NULL;
}

struct plan_context plan_names_context(const struct plan_names *n)
{
    return (struct plan_context){ .feeds = n->feeds,
                                  .receivers = n->receivers,
                                  .lists = n->lists,
                                  .footprints = &n->footprints,
                                  .standards = n->standards,
                                  .holders = n->holders.gap ? &n->holders : NULL,
                                  .is_rolling = n->formats ? is_rolling : NULL,
                                  .is_rolling_arg = n,
                                  .is_published = n->formats ? is_published : NULL,
                                  .is_published_arg = n,
                                  .list_behind = list_behind,
                                  .list_behind_arg = n };
}

void plan_names_release(struct plan_names *n)
{
    free(n->feeds);
    free(n->receivers);
    free(n->lists);
}

int config_load_services(const char *datadir, struct diags *diags, struct services **out_services)
{
    AUTO(text_release) struct text path = TEXT_INIT;

    if (text_printf(&path, "%s/services.yaml", datadir) < 0)
        return -ENOMEM;
    return services_load(text_str(&path), diags, out_services);
}

int config_load_standards(const char *datadir, struct diags *diags,
                          struct standards **out_standards)
{
    AUTO(text_release) struct text path = TEXT_INIT;

    if (text_printf(&path, "%s/standards.yaml", datadir) < 0)
        return -ENOMEM;
    return standards_load(text_str(&path), diags, out_standards);
}

static int load_services(struct config *c, const char *datadir, struct diags *diags)
{
    AUTO(text_release) struct text path = TEXT_INIT;
    AUTO(text_release) struct text bytes = TEXT_INIT;
    int r = config_load_services(datadir, diags, &c->services);

    if (r == 0)
        r = text_printf(&path, "%s/services.yaml", datadir);
    if (r == 0)
        r = file_read(text_str(&path), TEXT_MAX_BYTES, &bytes);
    return r == 0 ? sha256_hex(text_str(&bytes), bytes.len, c->services_digest) : r;
}

static int load_plans(struct config *c, struct diags *diags)
{
    const struct settings *s = c->settings;
    AUTO(plan_names_release) struct plan_names names = { 0 };
    int r = plan_names_make(s, c->services, &names);

    names.standards = c->standards;
    names.formats = c->formats;
    c->plans = calloc(s->plans.count + 1, sizeof(struct plan *));
    c->unapplied = calloc(s->plans.count + 1, sizeof(struct plan *));
    if (r < 0 || !c->plans || !c->unapplied)
        return -ENOMEM;
    for (size_t i = 0; i < s->plans.count; i++) {
        const struct plan_context context = plan_names_context(&names);
        struct plan *p = NULL;
        int one = plan_load(s->plans.items[i], &context, diags, &p);

        if (one < 0) {
            r = one;
            continue;
        }
        for (size_t j = 0; j < c->plan_count; j++)
            if (check_apart(c->plans[j], p, diags) < 0)
                r = -EINVAL;
        c->plans[c->plan_count++] = p;
    }
    return r;
}

int config_parse_plan(const struct config *c, const char *path, const char *text, size_t len,
                      struct diags *diags, struct plan **out_plan)
{
    AUTO(plan_names_release) struct plan_names names = { 0 };
    struct plan *p = NULL;
    int r = plan_names_make(c->settings, c->services, &names);

    names.standards = c->standards;
    names.formats = c->formats;
    const struct plan_context context = plan_names_context(&names);

    if (r == 0)
        r = plan_parse(path, text, len, &context, diags, &p);
    for (size_t j = 0; r == 0 && j < c->plan_count; j++)
        if (strcmp(c->plans[j]->id, p->id) != 0)
            r = check_apart(c->plans[j], p, diags);
    if (r == 0)
        *out_plan = p;
    else
        plan_free(p);
    return r;
}

void config_put_plan(struct config *c, size_t i, struct plan *plan)
{
    struct plan *file = c->unapplied[i] ? c->unapplied[i] : c->plans[i];

    if (c->plans[i] != file)
        plan_free(c->plans[i]);
    c->plans[i] = plan;
    c->unapplied[i] = file;
    if (strcmp(file->source_digest, plan->source_digest) == 0) {
        plan_free(file);
        c->unapplied[i] = NULL;
    }
}

static int add_unique(struct text_list *l, const char *id)
{
    if (text_list_has(l, id))
        return 0;
    char **items = realloc(l->items, (l->count + 1) * sizeof *items);

    if (!items)
        return -ENOMEM;
    l->items = items;
    items[l->count] = strdup(id);
    return items[l->count] ? (l->count++, 0) : -ENOMEM;
}

static bool is_role_of_a_plan(const struct config *c, const char *role)
{
    for (size_t i = 0; i < c->plan_count; i++)
        if (plan_role_find(c->plans[i], role))
            return true;
    return false;
}

/* A role that no plan has is likely a slip, and its holder would never be written to. */
static void check_held_roles(const struct config *c, struct diags *diags)
{
    const struct settings *s = c->settings;
    const struct diag_place place = { .file = s->people_path };

    for (size_t i = 0; i < s->holding_count; i++) {
        char hint[160] = "roles are declared in the plan, under roles";

        if (is_role_of_a_plan(c, s->holdings[i].role))
            continue;
        for (size_t p = 0; p < c->plan_count; p++)
            for (size_t k = 0; k < c->plans[p]->role_count; k++) {
                const char *id = c->plans[p]->roles[k].id;

                if (diag_nearest(s->holdings[i].role, &id, 1))
                    (void)snprintf(hint, sizeof hint, "did you mean \"%.64s\"?", id);
            }
        diag_add(diags, DIAG_WARNING, &place, hint, "holders: no plan has a role \"%.64s\"",
                 s->holdings[i].role);
    }
}

/* A route left out goes to every receiver that a role uses, with a warning (DESIGN section 4). */
static int fill_routes(struct config *c, struct diags *diags)
{
    struct settings *s = c->settings;
    struct {
        const char *name;
        struct text_list *list;
    } routes[] = { { "ops", &s->routes.ops },
                   { "governance", &s->routes.governance },
                   { "fallback", &s->routes.fallback } };
    int r = 0;

    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (routes[i].list->count)
            continue;
        for (size_t p = 0; r == 0 && p < c->plan_count; p++)
            for (size_t k = 0; r == 0 && k < c->plans[p]->role_count; k++)
                for (size_t n = 0; r == 0 && n < c->plans[p]->roles[k].receivers.count; n++)
                    r = add_unique(routes[i].list, c->plans[p]->roles[k].receivers.items[n]);
        bool none = routes[i].list->count == 0; /* no role names a receiver: all of them */

        for (size_t n = 0; r == 0 && none && n < s->receiver_count; n++)
            r = add_unique(routes[i].list, s->receivers[n].id);
        const struct diag_place place = { .file = s->path };

        diag_add(diags, DIAG_WARNING, &place, NULL,
                 "routes.%s is left out: its messages go to every receiver that a role uses",
                 routes[i].name);
    }
    return r;
}

int config_load(const char *path, const char *datadir, struct diags *diags, struct config **out)
{
    static const struct simulation_options none = { .folder = NULL };

    return config_load_simulated(path, datadir, &none, diags, out);
}

static void make_live(struct config *c)
{
    for (size_t i = 0; i < c->plan_count; i++)
        c->plans[i]->mode = c->plans[i]->written_mode = PLAN_LIVE;
}

int config_load_simulated(const char *path, const char *datadir,
                          const struct simulation_options *simulation, struct diags *diags,
                          struct config **out)
{
    struct config *c = calloc(1, sizeof *c);

    if (!c)
        return -ENOMEM;
    int r = settings_load(path, datadir, diags, &c->settings);

    if (r == 0 && simulation->folder)
        r = simulation_of_settings(c->settings, simulation, &c->live_state);
    if (r == 0) {
        int formats = config_load_formats(c->settings, datadir, diags, &c->formats);
        int services = load_services(c, datadir, diags);
        int standards = config_load_standards(datadir, diags, &c->standards);
        int plans = load_plans(c, diags);

        r = formats < 0 ? formats : services < 0 ? services : standards < 0 ? standards : plans;
        if (services == 0 && formats == 0 && check_lists(c, diags) < 0)
            r = r < 0 ? r : -EINVAL;
    }
    if (r == 0 && simulation->is_live)
        make_live(c);
    if (r == 0)
        check_held_roles(c, diags);
    if (r == 0)
        r = fill_routes(c, diags);
    if (r == 0 && diags->errors)
        r = -EINVAL;
    if (r < 0) {
        config_free(c);
        return r;
    }
    *out = c;
    return 0;
}

void config_free(struct config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->plan_count; i++) {
        plan_free(c->plans[i]);
        plan_free(c->unapplied[i]);
    }
    free(c->plans);
    free(c->live_state);
    free(c->unapplied);
    format_set_free(c->formats);
    services_free(c->services);
    standards_free(c->standards);
    settings_free(c->settings);
    free(c);
}

char *config_summary(const struct config *c)
{
    struct text t = TEXT_INIT;
    size_t measures = 0, actions = 0;

    for (size_t i = 0; i < c->plan_count; i++) {
        measures += c->plans[i]->measure_count;
        actions += c->plans[i]->action_count;
    }
    (void)text_printf(
        &t, "instance %s: %zu feeds, %zu plans with %zu measures and %zu actions, %zu receivers",
        c->settings->instance, c->settings->feed_count, c->plan_count, measures, actions,
        c->settings->receiver_count);
    return text_take(&t);
}

const char *config_recipient(const struct config *c, const struct receiver_setting *r,
                             struct civil_date on)
{
    const struct person *people[1];

    if (r->kind != RECEIVER_EMAIL)
        return r->id;
    for (size_t i = 0; !r->to && i < c->plan_count; i++) {
        const struct plan *plan = c->plans[i];

        for (size_t k = 0; k < plan->role_count; k++)
            for (size_t n = 0; n < plan->roles[k].receivers.count; n++)
                if (strcmp(plan->roles[k].receivers.items[n], r->id) == 0 &&
                    settings_holders(c->settings, plan->roles[k].id, on, people, 1))
                    return people[0]->mail;
    }
    return r->to;
}
