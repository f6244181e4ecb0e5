/*
 * settings_list - `lists:`, the waiting lists that snapshot, events and set feeds write into
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "settings/settings_internal.h"

const struct bind_key list_keys[] = {
    { "id", BIND_ID, BIND_FIELD(struct list_setting, id), NULL, 0, 0, NULL, 1,
      "the list's name in plans, feeds and Redis; keep it once a feed has written into it" },
    { "title", BIND_TEXT, BIND_FIELD(struct list_setting, title), NULL, 0, 0, NULL, 0,
      "what people call it; the id when left out" },
    { "service", BIND_ID, BIND_FIELD(struct list_setting, service), NULL, 0, 0, NULL, 1,
      "whose clock rules hold: a service of services.yaml" },
    { "providers", BIND_TEXTS, BIND_FIELD(struct list_setting, providers), NULL, 0, 0, NULL, 1,
      "the organisations whose patients wait on it; rows of others are left out" },
    BIND_END,
};

const struct bind_key identity_keys[] = {
    { "key_file", BIND_TEXT, BIND_FIELD(struct settings, identity.key_file), NULL, 0, 0, NULL, 0,
      "32 random bytes with which pathways and people are pseudonymised; <state>/pathway.key, made "
      "at the first start, when left out" },
    { "previous_key_file", BIND_TEXT, BIND_FIELD(struct settings, identity.previous_key_file), NULL,
      0, 0, NULL, 0,
      "the key before key_file, while files are read with both so that nobody seems seen or new" },
    BIND_END,
};

static int check_unique(const struct reading *rd, yaml_node *sequence, size_t index)
{
    const struct list_setting *l = &rd->s->lists[index];
    int r = 0;

    for (size_t i = 0; l->id && i < index; i++)
        if (rd->s->lists[i].id && strcmp(rd->s->lists[i].id, l->id) == 0)
            r = COMPLAIN(rd, yaml_get(yaml_item(sequence, index), "id"), NULL,
                         "list: the id \"%s\" is taken; first at line %u", l->id,
                         yaml_line(yaml_get(yaml_item(sequence, i), "id")));
    return r;
}

static int read_list(const struct reading *rd, yaml_node *sequence, size_t index)
{
    struct list_setting *l = &rd->s->lists[index];
    int r = bind_mapping(rd->y, yaml_item(sequence, index), "list", list_keys, l, rd->diags);

    if (!l->title && l->id && !(l->title = strdup(l->id)))
        return -ENOMEM;
    return settings_worse(r, check_unique(rd, sequence, index));
}

int settings_read_lists(const struct reading *rd, yaml_node *sequence)
{
    size_t count = yaml_count(sequence);
    int r = 0;

    rd->s->index->lists_node = sequence;
    if (yaml_is_nothing(sequence))
        return 0;
    if (yaml_kind(sequence) != YAML_SEQUENCE)
        return COMPLAIN(rd, sequence, "each begins with \"- id:\"", "lists is a list of lists");
    rd->s->lists = calloc(count + 1, sizeof *rd->s->lists);
    if (!rd->s->lists)
        return -ENOMEM;
    for (size_t i = 0; i < count && r != -ENOMEM; i++) {
        rd->s->list_count = i + 1;
        r = settings_worse(r, read_list(rd, sequence, i));
    }
    return r;
}

/* ---- lists and feeds together, once every organisation is a code ---- */

static int check_provider(const struct reading *rd, yaml_node *sequence, size_t index,
                          const char *provider)
{
    const struct list_setting *l = &rd->s->lists[index];

    /* Keys in Redis are taken apart at ':'. */
    if (strpbrk(provider, ":{} "))
        return COMPLAIN(rd, yaml_get(yaml_item(sequence, index), "providers"),
                        "an organisation code, for example TAJ",
                        "list: \"%s\" cannot be a provider: it would not be one word of a key",
                        provider);
    for (size_t i = 0; i < index; i++) {
        const struct list_setting *other = &rd->s->lists[i];

        if (l->service && other->service && strcmp(l->service, other->service) == 0 &&
            text_list_has(&other->providers, provider))
            return COMPLAIN(rd, yaml_get(yaml_item(sequence, index), "providers"),
                            "everybody waiting would be counted twice",
                            "list: %s of service %s is in the list \"%s\" already", provider,
                            l->service, other->id ? other->id : "?");
    }
    return 0;
}

/* A provider of whom both may bring a snapshot into one list, or NULL. */
static const char *shared_provider(const struct list_setting *l, const struct feed_setting *a,
                                   const struct feed_setting *b)
{
    for (size_t i = 0; i < l->providers.count; i++) {
        const char *p = l->providers.items[i];

        if ((!a->providers.count || text_list_has(&a->providers, p)) &&
            (!b->providers.count || text_list_has(&b->providers, p)))
            return p;
    }
    return NULL;
}

/* Each snapshot replaces its provider's part of the list: that of two teams is one file. */
static void warn_of_two_snapshots(const struct reading *rd, const struct list_setting *l,
                                  size_t index)
{
    const struct feed_setting *f = &rd->s->feeds[index];

    for (size_t i = 0; f->kind == FEED_SNAPSHOT && i < index; i++) {
        const struct feed_setting *other = &rd->s->feeds[i];
        const char *provider =
            other->kind == FEED_SNAPSHOT && other->into && strcmp(other->into, f->into) == 0
                ? shared_provider(l, f, other)
                : NULL;

        if (provider)
            yaml_complain(rd->y, yaml_get(rd->s->index->feed_nodes[index], "into"), rd->diags,
                          DIAG_WARNING,
                          "one file with everybody who waits there, or a list for each",
                          "feed: a snapshot of %s replaces that of the feed \"%s\" in the list "
                          "\"%s\"",
                          provider, other->id ? other->id : "?", f->into);
    }
}

static int check_feed(const struct reading *rd, size_t index)
{
    const struct feed_setting *f = &rd->s->feeds[index];
    yaml_node *node = rd->s->index->feed_nodes[index], *into = yaml_get(node, "into");
    const struct list_setting *l = f->into ? settings_list(rd->s, f->into) : NULL;
    int r = 0;

    if (f->kind == FEED_AGGREGATE && f->local_id.count)
        return COMPLAIN(rd, yaml_get(node, "local_id"), "it has no numbers of patients",
                        "feed: local_id is not for kind aggregate");
    if (f->kind == FEED_AGGREGATE)
        return !f->into ? 0
                        : COMPLAIN(rd, into, "kind: snapshot, events or set writes into a list",
                                   "feed: into is not for kind aggregate");
    if (f->keep.count)
        r = COMPLAIN(rd, yaml_get(node, "keep"), "the list's providers say whose rows count",
                     "feed: keep is for kind aggregate");
    if (!f->into)
        return COMPLAIN(rd, node, "the id of a list under lists:",
                        "feed: this kind needs \"into\": the list that it writes");
    if (!l)
        return COMPLAIN(
            rd, into, "lists are declared under lists:", "feed: there is no list \"%s\"", f->into);
    for (size_t i = 0; i < f->providers.count; i++)
        if (!text_list_has(&l->providers, f->providers.items[i]))
            r = COMPLAIN(rd, yaml_get(node, "providers"), "its rows would be left out",
                         "feed: %s is no provider of the list \"%s\"", f->providers.items[i],
                         f->into);
    warn_of_two_snapshots(rd, l, index);
    return r;
}

int settings_check_lists(const struct reading *rd)
{
    const struct settings *s = rd->s;
    int r = 0;

    for (size_t i = 0; i < s->list_count; i++)
        for (size_t k = 0; k < s->lists[i].providers.count; k++)
            r = settings_worse(
                r, check_provider(rd, s->index->lists_node, i, s->lists[i].providers.items[k]));
    for (size_t i = 0; i < s->feed_count; i++)
        r = settings_worse(r, check_feed(rd, i));
    return r;
}

const struct list_setting *settings_list(const struct settings *s, const char *id)
{
    for (size_t i = 0; i < s->list_count; i++)
        if (s->lists[i].id && strcmp(s->lists[i].id, id) == 0)
            return &s->lists[i];
    return NULL;
}
