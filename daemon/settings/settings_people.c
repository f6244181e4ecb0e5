/*
 * settings_people - people.yaml: who holds a role, from when to when
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "settings/settings_internal.h"

struct people_raw {
    yaml_node *people, *holders;
};

/* The setting first, so that bind_release may be given the setting alone. */
struct holding_raw {
    struct holding h;
    yaml_node *away;
};

static const struct bind_key people_file_keys[] = {
    { "people", BIND_NODE, BIND_FIELD(struct people_raw, people), NULL, 0, 0, NULL, 0,
      "each person under an id of your choice" },
    { "holders", BIND_NODE, BIND_FIELD(struct people_raw, holders), NULL, 0, 0, NULL, 0,
      "for each role of the plans, who holds it" },
    BIND_END,
};

const struct bind_key person_keys[] = {
    { "name", BIND_TEXT, BIND_FIELD(struct person, name), NULL, 0, 0, NULL, 1,
      "as it is to be printed" },
    { "mail", BIND_TEXT, BIND_FIELD(struct person, mail), NULL, 0, 0, NULL, 1,
      "the address that alerts are written to" },
    { "hours", BIND_TEXT, BIND_FIELD(struct person, hours_said), NULL, 0, 0, NULL, 0,
      "hh:mm-hh:mm: when they are written to, on working days; all: always. Left out: as their "
      "receiver has it" },
    BIND_END,
};

#define FIELD(name) BIND_FIELD(struct holding_raw, h.name)

const struct bind_key holding_keys[] = {
    { "person", BIND_ID, FIELD(person), NULL, 0, 0, NULL, 1, "an id under people" },
    { "from", BIND_DATE, FIELD(from), NULL, 0, 0, NULL, 0, "the first day; always when left out" },
    { "to", BIND_DATE, FIELD(to), NULL, 0, 0, NULL, 0, "the last day; open when left out" },
    { "deputy", BIND_ID, FIELD(deputy), NULL, 0, 0, NULL, 0,
      "who is written to while the holder is away; null for nobody" },
    { "away", BIND_NODE, BIND_FIELD(struct holding_raw, away), NULL, 0, 0, NULL, 0,
      "absences, a list of {from, to}; both days included" },
    BIND_END,
};

const struct bind_key absence_keys[] = {
    { "from", BIND_DATE, BIND_FIELD(struct absence, from), NULL, 0, 0, NULL, 1, "the first day" },
    { "to", BIND_DATE, BIND_FIELD(struct absence, to), NULL, 0, 0, NULL, 0,
      "the last day; open when left out" },
    BIND_END,
};

void holding_release(struct holding *h)
{
    bind_release(holding_keys, h);
    free(h->role);
    free(h->away);
    *h = (struct holding){ .from = DATE_NONE, .to = DATE_NONE };
}

static int read_person(const struct reading *rd, yaml_node *key, yaml_node *value)
{
    struct person *p = settings_grow(&rd->s->people, &rd->s->person_count, sizeof *p);

    if (!p)
        return -ENOMEM;
    p->id = strdup(yaml_text(key));
    if (!p->id)
        return -ENOMEM;
    int r = bind_mapping(rd->y, value, "person", person_keys, p, rd->diags);

    if (p->mail && !settings_mail_ok(p->mail))
        r = COMPLAIN(rd, yaml_get(value, "mail"),
                     "one address and nothing else: name.surname@example.nhs.uk",
                     "person: mail is not a mail address");
    if (p->name && strpbrk(p->name, "\r\n\t"))
        r = COMPLAIN(rd, yaml_get(value, "name"), NULL, "person: a name is one line");
    r = settings_worse(r, settings_read_hours(rd, value, "person", p->hours_said, &p->hours));
    return r;
}

static int check_person(const struct reading *rd, yaml_node *at, const char *what, const char *id)
{
    const struct settings *s = rd->s;
    char hint[160] = "persons are declared under people:";
    int r = 0;

    if (!id)
        return 0;
    for (size_t i = 0; i < s->person_count; i++) {
        if (strcmp(s->people[i].id, id) == 0)
            return 0;
    }
    const char **ids = calloc(s->person_count + 1, sizeof *ids);

    if (!ids)
        return -ENOMEM;
    for (size_t i = 0; i < s->person_count; i++)
        ids[i] = s->people[i].id;
    const char *near = diag_nearest(id, ids, s->person_count);

    if (near)
        (void)snprintf(hint, sizeof hint, "did you mean \"%.64s\"?", near);
    r = COMPLAIN(rd, at, hint, "holder: %s \"%s\" is nobody under people", what, id);
    free(ids);
    return r;
}

static int check_order(const struct reading *rd, yaml_node *at, const char *what,
                       struct civil_date from, struct civil_date to)
{
    if (!date_is_set(from) || !date_is_set(to) || date_compare(from, to) <= 0)
        return 0;
    return COMPLAIN(rd, at, NULL, "%s: to is before from", what);
}

static int read_absences(const struct reading *rd, yaml_node *list, struct holding *h)
{
    int r = 0;

    if (!list)
        return 0;
    if (yaml_kind(list) != YAML_SEQUENCE)
        return COMPLAIN(rd, list, "away: [{from: 2025-08-01, to: 2025-08-15}]",
                        "holder: away is a list of absences");
    for (size_t i = 0; i < yaml_count(list); i++) {
        struct absence *a = settings_grow(&h->away, &h->away_count, sizeof *a);

        if (!a)
            return -ENOMEM;
        r = settings_worse(
            r, bind_mapping(rd->y, yaml_item(list, i), "absence", absence_keys, a, rd->diags));
        r = settings_worse(r, check_order(rd, yaml_item(list, i), "absence", a->from, a->to));
    }
    return r;
}

static int read_holding(const struct reading *rd, const char *role, yaml_node *mapping)
{
    struct holding_raw raw = { .h = { .from = DATE_NONE, .to = DATE_NONE } };
    struct holding *slot = settings_grow(&rd->s->holdings, &rd->s->holding_count, sizeof *slot);

    if (!slot)
        return -ENOMEM;
    int r = bind_mapping(rd->y, mapping, "holder", holding_keys, &raw, rd->diags);

    raw.h.role = strdup(role);
    if (!raw.h.role)
        r = -ENOMEM;
    r = settings_worse(r, check_person(rd, yaml_get(mapping, "person"), "person", raw.h.person));
    r = settings_worse(r, check_person(rd, yaml_get(mapping, "deputy"), "deputy", raw.h.deputy));
    r = settings_worse(r, check_order(rd, mapping, "holder", raw.h.from, raw.h.to));
    r = settings_worse(r, read_absences(rd, raw.away, &raw.h));
    *slot = raw.h;
    return r;
}

static int read_role(const struct reading *rd, yaml_node *role, yaml_node *list)
{
    int r = 0;

    if (yaml_is_nothing(list))
        return 0;
    if (yaml_kind(list) == YAML_MAPPING)
        return read_holding(rd, yaml_text(role), list);
    if (yaml_kind(list) != YAML_SEQUENCE)
        return COMPLAIN(rd, list, "camhs-lead: [{person: p1, from: 2024-04-01}]",
                        "the holders of a role are a list");
    for (size_t i = 0; i < yaml_count(list) && r != -ENOMEM; i++)
        r = settings_worse(r, read_holding(rd, yaml_text(role), yaml_item(list, i)));
    return r;
}

/* Calls read(rd, key, value) for each pair of a mapping whose keys are the writer's own. */
static int each_pair(const struct reading *rd, yaml_node *mapping, const char *what,
                     int (*read)(const struct reading *, yaml_node *, yaml_node *))
{
    int r = 0;

    if (!mapping)
        return 0;
    if (yaml_kind(mapping) != YAML_MAPPING)
        return COMPLAIN(rd, mapping, NULL, "%s is a mapping: an id, then what it stands for", what);
    for (size_t i = 0; i < yaml_count(mapping) && r != -ENOMEM; i++) {
        yaml_node *key = NULL, *value = yaml_pair(mapping, i, &key);

        r = settings_worse(r, read(rd, key, value));
    }
    return r;
}

int settings_read_people(const char *path, struct diags *diags, struct settings *s)
{
    struct yaml *y = NULL;
    struct people_raw raw = { NULL, NULL };
    int r = yaml_load(path, diags, &y);

    if (r < 0)
        return r == -ENOMEM ? r : -EINVAL;
    const struct reading rd = { y, s->folder, diags, s };

    r = bind_mapping(y, yaml_root(y), "people.yaml", people_file_keys, &raw, diags);
    r = settings_worse(r, each_pair(&rd, raw.people, "people", read_person));
    r = settings_worse(r, each_pair(&rd, raw.holders, "holders", read_role));
    yaml_free(y);
    return r;
}

/* ---- who holds a role ---- */

static bool covers(struct civil_date from, struct civil_date to, struct civil_date on)
{
    return (!date_is_set(from) || date_compare(from, on) <= 0) &&
           (!date_is_set(to) || date_compare(on, to) <= 0);
}

static const struct person *person_of(const struct settings *s, const char *id)
{
    for (size_t i = 0; id && i < s->person_count; i++) {
        if (strcmp(s->people[i].id, id) == 0)
            return &s->people[i];
    }
    return NULL;
}

size_t settings_holders(const struct settings *s, const char *role, struct civil_date on,
                        const struct person **out_people, size_t max)
{
    size_t count = 0;

    assert(s && role && (out_people || max == 0));
    for (size_t i = 0; i < s->holding_count && count < max; i++) {
        const struct holding *h = &s->holdings[i];
        bool away = false, known = false;

        if (strcmp(h->role, role) != 0 || !covers(h->from, h->to, on))
            continue;
        for (size_t a = 0; a < h->away_count; a++)
            away = away || covers(h->away[a].from, h->away[a].to, on);
        /* Away without a deputy: better an unread mail than nobody told. */
        const struct person *p = person_of(s, away && h->deputy ? h->deputy : h->person);

        for (size_t k = 0; k < count; k++)
            known = known || out_people[k] == p;
        if (p && !known)
            out_people[count++] = p;
    }
    return count;
}

const struct person *settings_deputy(const struct settings *s, const char *role,
                                     const struct person *holder, struct civil_date on)
{
    for (size_t i = 0; i < s->holding_count; i++) {
        const struct holding *h = &s->holdings[i];

        if (strcmp(h->role, role) == 0 && covers(h->from, h->to, on) && h->deputy &&
            person_of(s, h->person) == holder && strcmp(h->deputy, h->person) != 0)
            return person_of(s, h->deputy);
    }
    return NULL;
}

/* The newest day of a run of holdings that goes on from a day; DATE_NONE: it does not end. */
static struct civil_date held_until(const struct settings *s, const char *role,
                                    struct civil_date day)
{
    for (size_t i = 0; i < s->holding_count; i++) {
        const struct holding *h = &s->holdings[i];

        if (strcmp(h->role, role) != 0 || !covers(h->from, h->to, day))
            continue;
        if (!date_is_set(h->to))
            return DATE_NONE;
        /* Look again from the day after it: a holding ends later than it began, so this ends. */
        return held_until(s, role, date_add_days(h->to, 1));
    }
    return date_add_days(day, -1);
}

/* The first day of a holding that begins after a day; DATE_NONE: none does. */
static struct civil_date next_start(const struct settings *s, const char *role,
                                    struct civil_date after)
{
    struct civil_date first = DATE_NONE;

    for (size_t i = 0; i < s->holding_count; i++) {
        const struct holding *h = &s->holdings[i];

        if (strcmp(h->role, role) == 0 && date_is_set(h->from) &&
            date_compare(h->from, after) > 0 &&
            (!date_is_set(first) || date_compare(h->from, first) < 0))
            first = h->from;
    }
    return first;
}

static bool is_held_at_all(const struct settings *s, const char *role)
{
    for (size_t i = 0; i < s->holding_count; i++)
        if (strcmp(s->holdings[i].role, role) == 0)
            return true;
    return false;
}

enum role_held settings_role_held(const struct settings *s, const char *role,
                                  struct civil_date from, struct civil_date to,
                                  struct civil_date *out_from, struct civil_date *out_to)
{
    struct civil_date day = from, until, next;

    assert(s && role && out_from && out_to);
    if (!is_held_at_all(s, role))
        return HELD_NEVER;
    /* Without a first day, from where the first holding begins. */
    if (!date_is_set(day))
        day = next_start(s, role, (struct civil_date){ INT32_MIN + 1 });
    if (!date_is_set(day))
        return HELD_ALWAYS;
    until = held_until(s, role, day);
    if (!date_is_set(until) || (date_is_set(to) && date_compare(until, to) >= 0))
        return HELD_ALWAYS;
    *out_from = date_add_days(until, 1);
    next = next_start(s, role, until);
    *out_to = date_is_set(next) ? date_add_days(next, -1) : to;
    if (date_is_set(to) && date_is_set(*out_to) && date_compare(*out_to, to) > 0)
        *out_to = to;
    return HELD_WITH_GAP;
}
