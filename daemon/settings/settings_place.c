/*
 * settings_place - places.yaml: to which place a child belongs
 *
 * A place is a borough within the instance. A record's place comes from its place column, the practice
 * or the LSOA, in that order (DESIGN section 5); what is not listed here is of no known place.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "settings/settings_internal.h"

#define FIELD(name) BIND_FIELD(struct place, name)

struct places_raw {
    yaml_node *places;
};

static const struct bind_key file_keys[] = {
    { "places", BIND_NODE, BIND_FIELD(struct places_raw, places), NULL, 0, 0, NULL, 0, "the list" },
    BIND_END,
};

const struct bind_key place_keys[] = {
    { "id", BIND_ID, FIELD(id), NULL, 0, 0, NULL, 1, "the place as plans name it" },
    { "title", BIND_TEXT, FIELD(title), NULL, 0, 0, NULL, 1, "the name in mails" },
    { "also", BIND_TEXTS, FIELD(also), NULL, 0, 0, NULL, 0,
      "what feeds print for it: other names, its council's code; case and blanks do not matter" },
    { "practices", BIND_TEXTS, FIELD(practices), NULL, 0, 0, NULL, 0,
      "codes of the general practices in it" },
    { "lsoas", BIND_TEXTS, FIELD(lsoas), NULL, 0, 0, NULL, 0,
      "codes of the lower layer super output areas in it" },
    { "organisations", BIND_TEXTS, FIELD(organisations), NULL, 0, 0, NULL, 0,
      "codes of the organisations that serve this place alone, for example its council" },
    BIND_END,
};

/* Indices are kept in the tables as index + 1, since the array moves while it grows. */
static struct place *found(const struct settings *s, const struct table *t, const char *text)
{
    char folded[PLACE_TEXT_MAX];
    uintptr_t n = text && text_fold_into(text, folded, sizeof folded)
                      ? (uintptr_t)table_get(t, folded)
                      : 0; /* longer than any */

    return n ? &s->places[n - 1] : NULL;
}

static int keep(const struct reading *rd, yaml_node *node, struct table *t, const char *text,
                size_t index)
{
    char folded[PLACE_TEXT_MAX];
    const struct place *other = found(rd->s, t, text);

    if (other && other != &rd->s->places[index])
        return COMPLAIN(rd, node, "each belongs to one place", "places: \"%s\" is of %s already",
                        text, other->id);
    if (!text_fold_into(text, folded, sizeof folded))
        return COMPLAIN(rd, node, NULL, "places: a name or code of %d characters or more",
                        PLACE_TEXT_MAX);
    return *folded ? table_set(t, folded, (void *)(uintptr_t)(index + 1), NULL) : 0;
}

static int keep_all(const struct reading *rd, yaml_node *node, struct table *t,
                    const struct text_list *l, size_t index)
{
    int r = 0;

    for (size_t i = 0; i < l->count && r != -ENOMEM; i++)
        r = settings_worse(r, keep(rd, node, t, l->items[i], index));
    return r;
}

static int read_place(const struct reading *rd, yaml_node *mapping)
{
    struct settings *s = rd->s;
    struct settings_index *x = s->index;
    struct place *p = settings_grow(&s->places, &s->place_count, sizeof *p);
    size_t index = s->place_count - 1;
    int r = p ? bind_mapping(rd->y, mapping, "place", place_keys, p, rd->diags) : -ENOMEM;

    if (r < 0)
        return r;
    r = keep(rd, yaml_get(mapping, "id"), &x->places, p->id, index);
    r = settings_worse(r, keep(rd, yaml_get(mapping, "title"), &x->places, p->title, index));
    r = settings_worse(r, keep_all(rd, yaml_get(mapping, "also"), &x->places, &p->also, index));
    r = settings_worse(
        r, keep_all(rd, yaml_get(mapping, "practices"), &x->practices, &p->practices, index));
    return settings_worse(r, keep_all(rd, yaml_get(mapping, "lsoas"), &x->lsoas, &p->lsoas, index));
}

int settings_read_places(const char *path, struct diags *diags, struct settings *s)
{
    struct yaml *y = NULL;
    struct places_raw raw = { NULL };
    int r = yaml_load(path, diags, &y);

    if (r < 0)
        return r == -ENOMEM ? r : -EINVAL;
    const struct reading rd = { y, s->folder, diags, s };

    r = bind_mapping(y, yaml_root(y), "places.yaml", file_keys, &raw, diags);
    if (raw.places && yaml_kind(raw.places) != YAML_SEQUENCE)
        r = COMPLAIN(&rd, raw.places, "each begins with \"- id:\"", "places is a list of places");
    else
        for (size_t i = 0; i < yaml_count(raw.places) && r != -ENOMEM; i++)
            r = settings_worse(r, read_place(&rd, yaml_item(raw.places, i)));
    yaml_free(y);
    return r;
}

const struct place *settings_place(const struct settings *s, const char *printed,
                                   const char *practice, const char *lsoa)
{
    assert(s);
    const struct place *p = found(s, &s->index->places, printed);

    if (!p)
        p = found(s, &s->index->practices, practice);
    return p ? p : found(s, &s->index->lsoas, lsoa);
}
