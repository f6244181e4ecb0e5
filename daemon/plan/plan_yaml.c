#include "plan/plan_yaml.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"

/* ---- ids that may be referred to ---- */

static int known_ids(struct plan_ids *ids, size_t count)
{
    ids->list = calloc(count ? count : 1, sizeof *ids->list);
    ids->count = 0;
    return ids->list ? 0 : -ENOMEM;
}

static int known_from_context(struct plan_ids *ids, const char *const *list)
{
    size_t count = 0;
    int r;

    if (!list)
        return 0;
    while (list[count])
        count++;
    r = known_ids(ids, count);
    for (; r == 0 && ids->count < count; ids->count++)
        ids->list[ids->count] = list[ids->count];
    return r;
}

/* ---- plan: ---- */

struct head_reading {
    struct plan head;
    yaml_node *valid, *approval;
    int on_expiry; /* has one value so far, so the plan does not keep it */
};

static const char *const modes[] = { "live", "rehearsal", NULL };
static const char *const expiries[] = { "keep-watching", NULL };

#define HEAD(field) BIND_FIELD(struct head_reading, field)

static const struct bind_key plan_keys[] = {
    { "id", BIND_ID, HEAD(head.id), NULL, 0, 0, NULL, 1,
      "the plan's id is part of every alert's id, so it stays from version to version" },
    { "version", BIND_INTEGER, HEAD(head.version), "1", 1, 1e6, NULL, 0,
      "counts up with each change" },
    { "place", BIND_TEXT, HEAD(head.place), NULL, 0, 0, NULL, 0,
      "the place the plan is for; the plan's id when left out" },
    { "title", BIND_TEXT, HEAD(head.title), NULL, 0, 0, NULL, 0,
      "how pages and messages name the plan; its place when left out" },
    { "mode", BIND_CHOICE, HEAD(head.written_mode), "live", 0, 0, modes, 0,
      "rehearsal: everything is judged, and told to the author and the spool only, until it goes "
      "live" },
    { "author", BIND_ID, HEAD(head.author), NULL, 0, 0, NULL, 0,
      "the role that reads what a rehearsal would tell" },
    { "illustrative", BIND_BOOL, HEAD(head.illustrative), "false", 0, 0, NULL, 0,
      "true: nobody agreed this plan, which is said wherever it is named" },
    { "valid", BIND_NODE, HEAD(valid), NULL, 0, 0, NULL, 0,
      "{from: DATE, to: DATE}: the first and last day; open when left out" },
    { "approval", BIND_NODE, HEAD(approval), NULL, 0, 0, NULL, 0,
      "{reference: TEXT, by: TEXT, date: DATE}: where it was agreed" },
    { "on_expiry", BIND_CHOICE, HEAD(on_expiry), "keep-watching", 0, 0, expiries, 0,
      "after its end the plan is judged against its last milestones, marked as expired" },
    BIND_END,
};

struct validity {
    struct civil_date from, to;
};

static const struct bind_key validity_keys[] = {
    { "from", BIND_DATE, BIND_FIELD(struct validity, from), NULL, 0, 0, NULL, 0, "first day" },
    { "to", BIND_DATE, BIND_FIELD(struct validity, to), NULL, 0, 0, NULL, 0, "last day" },
    BIND_END,
};

static int copy_if_missing(char **field, const char *text)
{
    if (!*field)
        *field = strdup(text);
    return *field ? 0 : -ENOMEM;
}

static void complain_of_order(struct plan_reading *r, const struct validity *v, yaml_node *at)
{
    struct civil_date meant = date_add_months(v->to, 12);
    char date[DATE_TEXT_MAX], hint[64];

    (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", date_format(meant, date));
    plan_complain(r, at, PLAN_VALIDITY_ENDS_FIRST,
                  date_compare(meant, v->from) > 0 ? hint : "from is the first day, to the last",
                  "plan: valid: the last day is before the first");
}

/* Of a place that nobody declared no footprint is known, and no measure can be told to be of another. */
static int read_place(struct plan_reading *r, yaml_node *mapping)
{
    const struct footprint_source *source = r->footprints;
    yaml_node *at = yaml_get(mapping, "place");

    if (!source || !source->has_places || !r->plan->place)
        return 0;
    struct footprint_of is = source->place(source->arg, r->plan->place);

    if (is.kind != FOOTPRINT_UNKNOWN)
        return copy_if_missing(&r->plan->place_title, is.title);
    plan_complain(r, at ? at : mapping, PLAN_PLACE_UNKNOWN,
                  "declare it in places.yaml, or write one that is there",
                  "plan: place \"%.64s\" is not declared: whose figures are wider is not known",
                  r->plan->place);
    return 0;
}

static int read_head(struct plan_reading *r, yaml_node *mapping)
{
    struct head_reading h = { .head = { .path = r->plan->path } };
    struct validity v = { DATE_NONE, DATE_NONE };
    struct plan *p = r->plan;
    int bound = bind_mapping(r->y, mapping, "plan", plan_keys, &h, r->diags);

    *p = h.head;
    p->mode = p->written_mode;
    if (bound == 0 &&
        (copy_if_missing(&p->place, p->id) < 0 || copy_if_missing(&p->title, p->place) < 0))
        return -ENOMEM;
    if (h.valid &&
        bind_mapping(r->y, h.valid, "plan: valid", validity_keys, &v, r->diags) == -ENOMEM)
        return -ENOMEM;
    if (plan_read_approval(r, h.approval) < 0)
        return -ENOMEM;
    p->valid_from = v.from;
    p->valid_to = v.to;
    if (date_is_set(v.from) && date_is_set(v.to) && date_compare(v.to, v.from) < 0)
        complain_of_order(r, &v, yaml_get(h.valid, "to"));
    if (p->title)
        plan_check_title(r, p->title, yaml_get(mapping, "title"));
    if (p->written_mode == PLAN_REHEARSAL && !p->author)
        plan_complain(r, yaml_get(mapping, "mode"), PLAN_REHEARSAL_UNREAD,
                      "add \"author: ROLE\": the role that reads what it would tell",
                      "plan: nobody reads this rehearsal: what it would tell lies in spools alone");
    if (read_place(r, mapping) < 0)
        return -ENOMEM;
    return bound == -ENOMEM ? bound : 0;
}

/* ---- roles: ---- */

static const struct bind_key role_keys[] = {
    { "receivers", BIND_TEXTS, BIND_FIELD(struct plan_role, receivers), NULL, 0, 0, NULL, 0,
      "where messages to this role go: receivers of the settings, by id" },
    BIND_END,
};

static void check_receivers(struct plan_reading *r, const struct plan_role *role, yaml_node *key,
                            yaml_node *mapping)
{
    yaml_node *list = yaml_get(mapping, "receivers");

    if (role->receivers.count == 0)
        plan_complain(r, key, PLAN_NO_RECEIVERS, "add \"receivers: [RECEIVER]\"",
                      "role \"%s\" has no receivers: what it should hear goes to ops", role->id);
    if (yaml_kind(list) == YAML_SCALAR && yaml_text(list)[0])
        plan_check_reference(r, &r->receivers, "receiver", yaml_text(list), list);
    for (size_t i = 0; yaml_kind(list) == YAML_SEQUENCE && i < yaml_count(list); i++)
        if (yaml_kind(yaml_item(list, i)) == YAML_SCALAR)
            plan_check_reference(r, &r->receivers, "receiver", yaml_text(yaml_item(list, i)),
                                 yaml_item(list, i));
}

static int read_roles(struct plan_reading *r, yaml_node *roles)
{
    struct plan *p = r->plan;
    size_t count = yaml_count(roles);

    if (!yaml_is_nothing(roles) && yaml_kind(roles) != YAML_MAPPING) {
        plan_complain(r, roles, PLAN_NOT_A_MAPPING, "for example \"lead: {receivers: [mail]}\"",
                      "roles: this is not a mapping of roles by id");
        count = 0;
    }
    if (yaml_is_nothing(roles))
        count = 0;
    p->roles = calloc(count ? count : 1, sizeof *p->roles);
    if (!p->roles || known_ids(&r->roles, count) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        yaml_node *key = NULL, *mapping = yaml_pair(roles, i, &key);
        struct plan_role *role = &p->roles[p->role_count++];

        role->id = strdup(yaml_text(key));
        if (!role->id)
            return -ENOMEM;
        r->roles.list[r->roles.count++] = role->id;
        (void)plan_check_id(r, "role", role->id, key);
        if (bind_mapping(r->y, mapping, "role", role_keys, role, r->diags) == -ENOMEM)
            return -ENOMEM;
        check_receivers(r, role, key, mapping);
        plan_check_holders(r, role->id, key);
    }
    return 0;
}

/* ---- priorities: and their actions: ---- */

struct priority_reading {
    struct plan_priority p;
    yaml_node *actions, *escalate;
};

static const struct bind_key priority_keys[] = {
    { "id", BIND_ITEM, BIND_FIELD(struct priority_reading, p.id), NULL, 0, 0, NULL, 1,
      "text, as the plan numbers its priorities" },
    { "title", BIND_TEXT, BIND_FIELD(struct priority_reading, p.title), NULL, 0, 0, NULL, 1,
      "what is to become better: messages are grouped under it" },
    { "actions", BIND_NODE, BIND_FIELD(struct priority_reading, actions), NULL, 0, 0, NULL, 0,
      "what is being done about it" },
    { "escalate", BIND_NODE, BIND_FIELD(struct priority_reading, escalate), NULL, 0, 0, NULL, 0,
      "who is told when a measure of it stays red; the plan's when left out" },
    BIND_END,
};

struct action_reading {
    struct plan_action a;
    struct text_list leads;
    yaml_node *due, *weakness, *delivery;
};

static const char *const statuses[] = { "not-started", "in-progress", "complete", NULL };

#define ACTION(field) BIND_FIELD(struct action_reading, field)

static const struct bind_key action_keys[] = {
    { "id", BIND_ITEM, ACTION(a.id), NULL, 0, 0, NULL, 1,
      "text, unique in the plan: 1.10 is another action than 1.1" },
    { "title", BIND_TEXT, ACTION(a.title), NULL, 0, 0, NULL, 1, "what is done, in a few words" },
    { "lead", BIND_TEXTS, ACTION(leads), NULL, 0, 0, NULL, 1,
      "the role that does it, and that hears of its measures; of those who lead together a list" },
    { "accountable", BIND_ID, ACTION(a.accountable), NULL, 0, 0, NULL, 0,
      "the role that answers for it" },
    { "forum", BIND_ID, ACTION(a.forum), NULL, 0, 0, NULL, 0, "the forum that it reports to" },
    { "weakness", BIND_NODE, ACTION(weakness), NULL, 0, 0, NULL, 0,
      "{id: ID, judgement: TEXT, date: DATE}: what it is to put right, and what was judged of "
      "that" },
    { "delivery", BIND_NODE, ACTION(delivery), NULL, 0, 0, NULL, 0,
      "{rag: green, date: DATE, note: TEXT}: how its lead sees the work go" },
    { "due", BIND_NODE, ACTION(due), NULL, 0, 0, NULL, 1,
      "a date (2024-09-30), a month (2024-09: its last day) or \"ongoing\"" },
    { "status", BIND_CHOICE, ACTION(a.status), "not-started", 0, 0, statuses, 0,
      "as its lead reports it; a complete action is never overdue" },
    BIND_END,
};

static void read_due(struct plan_reading *r, struct action_reading *reading)
{
    const char *text = yaml_text(reading->due);

    reading->a.due = DATE_NONE;
    if (!reading->due || (text && text_same(text, "ongoing")))
        return;
    if (!text || plan_day_or_month(text, &reading->a.due) < 0)
        plan_not_a_date(r, reading->due, "action: due",
                        "a date (2024-09-30), a month (2024-09) or \"ongoing\"");
    else if (reading->a.status != ACTION_COMPLETE)
        plan_check_validity(r, "an action due", reading->a.due, reading->due);
}

static int read_action(struct plan_reading *r, yaml_node *mapping, size_t priority,
                       struct plan_seen *seen)
{
    struct plan *p = r->plan;
    struct action_reading reading = { .a = { .due = DATE_NONE } };
    struct plan_action *grown = reallocarray(p->actions, p->action_count + 1, sizeof *grown);
    int bound;

    if (!grown)
        return -ENOMEM;
    p->actions = grown;
    bound = bind_mapping(r->y, mapping, "action", action_keys, &reading, r->diags);
    read_due(r, &reading);
    reading.a.priority = priority;
    if (plan_join_roles(r, "lead", &reading.leads, yaml_get(mapping, "lead"), &reading.a.lead) <
            0 ||
        plan_read_weakness(r, reading.weakness, &reading.a.weakness) < 0 ||
        plan_read_delivery(r, reading.delivery, &reading.a.delivery) < 0)
        bound = -ENOMEM;
    p->actions[p->action_count++] = reading.a;
    if (reading.a.title)
        plan_check_title(r, reading.a.title, yaml_get(mapping, "title"));
    text_list_release(&reading.leads);
    if (reading.a.accountable)
        plan_check_reference(r, &r->roles, "role", reading.a.accountable,
                             yaml_get(mapping, "accountable"));
    if (reading.a.forum)
        plan_check_reference(r, &r->forums, "forum", reading.a.forum, yaml_get(mapping, "forum"));
    if (bound == -ENOMEM)
        return bound;
    return reading.a.id ? plan_id_seen(r, seen, "action", reading.a.id, yaml_get(mapping, "id"))
                        : 0;
}

static int read_priority(struct plan_reading *r, yaml_node *mapping, struct plan_seen *priorities,
                         struct plan_seen *actions)
{
    struct plan *p = r->plan;
    struct priority_reading reading = { .actions = NULL };
    size_t index = p->priority_count;
    int result = bind_mapping(r->y, mapping, "priority", priority_keys, &reading, r->diags);

    if (result != -ENOMEM && plan_read_ladder(r, reading.escalate, &reading.p.escalate) < 0)
        result = -ENOMEM;
    p->priorities[p->priority_count++] = reading.p;
    if (reading.p.title)
        plan_check_title(r, reading.p.title, yaml_get(mapping, "title"));
    if (result != -ENOMEM)
        result = reading.p.id ? plan_id_seen(r, priorities, "priority", reading.p.id,
                                             yaml_get(mapping, "id"))
                              : 0;
    if (!plan_is_list(r, "actions", reading.actions))
        return result;
    for (size_t i = 0; result == 0 && i < yaml_count(reading.actions); i++)
        result = read_action(r, yaml_item(reading.actions, i), index, actions);
    return result;
}

static int collect_ids(struct plan_reading *r)
{
    struct plan *p = r->plan;

    if (known_ids(&r->priorities, p->priority_count) < 0 ||
        known_ids(&r->actions, p->action_count) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < p->priority_count; i++)
        if (p->priorities[i].id)
            r->priorities.list[r->priorities.count++] = p->priorities[i].id;
    for (size_t i = 0; i < p->action_count; i++)
        if (p->actions[i].id)
            r->actions.list[r->actions.count++] = p->actions[i].id;
    return 0;
}

static int read_priorities(struct plan_reading *r, yaml_node *list)
{
    AUTO(plan_seen_release) struct plan_seen priorities = PLAN_SEEN_INIT;
    AUTO(plan_seen_release) struct plan_seen actions = PLAN_SEEN_INIT;
    struct plan *p = r->plan;
    size_t count = plan_is_list(r, "priorities", list) ? yaml_count(list) : 0;
    int result = 0;

    p->priorities = calloc(count ? count : 1, sizeof *p->priorities);
    if (!p->priorities)
        return -ENOMEM;
    for (size_t i = 0; result == 0 && i < count; i++)
        result = read_priority(r, yaml_item(list, i), &priorities, &actions);
    return result < 0 ? result : collect_ids(r);
}

/* ---- the whole ---- */

struct root_reading {
    yaml_node *plan, *roles, *forums, *escalate, *priorities, *measures;
};

static const struct bind_key root_keys[] = {
    { "plan", BIND_NODE, BIND_FIELD(struct root_reading, plan), NULL, 0, 0, NULL, 1,
      "which plan this is: {id: dudley, version: 1, place: dudley}" },
    { "roles", BIND_NODE, BIND_FIELD(struct root_reading, roles), NULL, 0, 0, NULL, 0,
      "the roles that the plan names; who holds one is said in people.yaml" },
    { "forums", BIND_NODE, BIND_FIELD(struct root_reading, forums), NULL, 0, 0, NULL, 0,
      "the bodies that the plan reports to, by id, with their meetings" },
    { "escalate", BIND_NODE, BIND_FIELD(struct root_reading, escalate), NULL, 0, 0, NULL, 0,
      "who is told when a measure stays red: a list of {periods: 2, working_days: 40, to: ROLE}; "
      "the "
      "accountable officer after 2 periods when left out" },
    { "priorities", BIND_NODE, BIND_FIELD(struct root_reading, priorities), NULL, 0, 0, NULL, 0,
      "the sections of the plan, each with its actions" },
    { "measures", BIND_NODE, BIND_FIELD(struct root_reading, measures), NULL, 0, 0, NULL, 0,
      "what is watched, and the line each is judged by" },
    BIND_END,
};

/* Measures come last whatever the order in the file: they refer to the rest. */
static int read_all(struct plan_reading *r)
{
    struct root_reading root = { .plan = NULL };
    int result = bind_mapping(r->y, yaml_root(r->y), "plan file", root_keys, &root, r->diags);

    if (result == -ENOMEM)
        return result;
    result = root.plan ? read_head(r, root.plan) : 0;
    if (result == 0)
        result = read_roles(r, root.roles);
    if (result == 0 && r->plan->author)
        plan_check_reference(r, &r->roles, "role", r->plan->author, yaml_get(root.plan, "author"));
    if (result == 0)
        result = plan_read_forums(r, root.forums);
    if (result == 0)
        result = plan_read_ladder(r, root.escalate, &r->plan->escalate);
    if (result == 0)
        result = read_priorities(r, root.priorities);
    if (result == 0)
        result = plan_read_measures(r, root.measures);
    return result;
}

static int keep_source(struct plan *p, const struct yaml *y)
{
    const char *bytes = yaml_source(y, &p->source_len);

    p->source = malloc(p->source_len + 1);
    if (!p->source)
        return -ENOMEM;
    memcpy(p->source, bytes, p->source_len);
    p->source[p->source_len] = '\0';
    return sha256_hex(p->source, p->source_len, p->source_digest);
}

/* Takes y. */
static int read_document(const char *path, struct yaml *y, const struct plan_context *context,
                         struct diags *diags, struct plan **out_plan)
{
    struct plan_reading r = { .diags = diags, .context = context, .y = y };
    size_t errors_before = diags->errors;
    int result = 0;

    r.plan = calloc(1, sizeof *r.plan);
    if (r.plan)
        r.plan->path = strdup(path);
    if (!r.plan || !r.plan->path)
        result = -ENOMEM;
    if (result == 0 && context)
        result = known_from_context(&r.feeds, context->feeds);
    if (result == 0 && context)
        result = known_from_context(&r.receivers, context->receivers);
    if (context)
        r.lists = context->lists;
    if (context)
        r.footprints = context->footprints;
    if (result == 0)
        result = read_all(&r);
    if (result == 0 && diags->errors > errors_before)
        result = -EINVAL;
    if (result == 0)
        result = keep_source(r.plan, y);
    if (result == 0)
        *out_plan = r.plan;
    else
        plan_free(r.plan);
    free(r.feeds.list);
    free(r.receivers.list);
    free(r.roles.list);
    free(r.priorities.list);
    free(r.actions.list);
    free(r.forums.list);
    yaml_free(y);
    return result;
}

int plan_load(const char *path, const struct plan_context *context, struct diags *diags,
              struct plan **out_plan)
{
    struct yaml *y = NULL;

    assert(path && diags && out_plan);
    int result = yaml_load(path, diags, &y);

    return result < 0 ? result : read_document(path, y, context, diags, out_plan);
}

int plan_parse(const char *path, const char *text, size_t len, const struct plan_context *context,
               struct diags *diags, struct plan **out_plan)
{
    struct yaml *y = NULL;

    assert(path && text && diags && out_plan);
    int result = yaml_parse(path, text, len, diags, &y);

    return result < 0 ? result : read_document(path, y, context, diags, out_plan);
}
