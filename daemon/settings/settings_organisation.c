/*
 * settings_organisation - organisations.yaml: one code for each organisation, whatever is printed
 *
 * The shipped file is read first; the settings' own may add organisations or replace one by its
 * code. A printed name that would mean two organisations is an error.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "settings/settings_internal.h"

#define FIELD(name) BIND_FIELD(struct organisation, name)

struct file_raw {
    yaml_node *organisations;
};

static const struct bind_key file_keys[] = {
    { "organisations", BIND_NODE, BIND_FIELD(struct file_raw, organisations), NULL, 0, 0, NULL, 0,
      "the list" },
    BIND_END,
};

const struct bind_key organisation_keys[] = {
    { "code", BIND_TEXT, FIELD(code), NULL, 0, 0, NULL, 1,
      "the publisher's code: ODS for the NHS, ONS for councils and regions" },
    { "title", BIND_TEXT, FIELD(title), NULL, 0, 0, NULL, 1,
      "the name in mails; a feed may print it too" },
    { "also", BIND_TEXTS, FIELD(also), NULL, 0, 0, NULL, 0,
      "other names that feeds print for it; case and blanks do not matter" },
    { "parent", BIND_TEXT, FIELD(parent), NULL, 0, 0, NULL, 0,
      "the code of the system in whose totals it is counted" },
    { "from", BIND_DATE, FIELD(from), NULL, 0, 0, NULL, 0, "its first day" },
    { "to", BIND_DATE, FIELD(to), NULL, 0, 0, NULL, 0, "its last day" },
    { "succeeded_by", BIND_TEXT, FIELD(succeeded_by), NULL, 0, 0, NULL, 0,
      "the code of the organisation that went on with its work" },
    BIND_END,
};

/* Indices are kept in the tables as index + 1, since the array moves while it grows. */
static void *of_index(size_t index)
{
    return (void *)(uintptr_t)(index + 1);
}

static struct organisation *found(const struct settings *s, const struct table *t, const char *key)
{
    struct settings_index *x = s->index;
    uintptr_t n = text_fold_into(key, x->folded, x->folded_size)
                      ? (uintptr_t)table_get(t, x->folded)
                      : 0; /* longer than any key */

    return n ? &s->organisations[n - 1] : NULL;
}

/* Takes a key into one of the tables. Returns 0 or -ENOMEM. */
static int keep_key(struct settings_index *x, struct table *t, const char *key, size_t index)
{
    size_t size = strlen(key) + 1;

    if (size > x->folded_size) {
        char *folded = realloc(x->folded, size);

        if (!folded)
            return -ENOMEM;
        x->folded = folded;
        x->folded_size = size;
    }
    (void)text_fold_into(key, x->folded, x->folded_size);
    return *x->folded ? table_set(t, x->folded, of_index(index), NULL) : 0;
}

/* Reads one entry into a new place, or over the one it replaces. */
static int read_organisation(const struct reading *rd, yaml_node *mapping, size_t own_from)
{
    struct settings *s = rd->s;
    struct organisation o = { .from = DATE_NONE, .to = DATE_NONE };
    int r = bind_mapping(rd->y, mapping, "organisation", organisation_keys, &o, rd->diags);
    struct organisation *there = o.code ? found(s, &s->index->by_code, o.code) : NULL;

    if (r == 0 && there && (size_t)(there - s->organisations) >= own_from)
        r = COMPLAIN(rd, yaml_get(mapping, "code"), NULL,
                     "organisation: the code \"%s\" is given twice in this file", o.code);
    if (r == 0 && date_is_set(o.from) && date_is_set(o.to) && date_compare(o.from, o.to) > 0)
        r = COMPLAIN(rd, mapping, NULL, "organisation: to is before from");
    if (r < 0) {
        bind_release(organisation_keys, &o);
        return r;
    }
    if (there) {
        bind_release(organisation_keys, there);
        *there = o;
        return 0;
    }
    struct organisation *slot =
        settings_grow(&s->organisations, &s->organisation_count, sizeof *slot);

    if (!slot) {
        bind_release(organisation_keys, &o);
        return -ENOMEM;
    }
    *slot = o;
    return keep_key(s->index, &s->index->by_code, o.code, s->organisation_count - 1);
}

static int read_file(const char *path, struct diags *diags, struct settings *s)
{
    struct yaml *y = NULL;
    struct file_raw raw = { NULL };
    size_t own_from = s->organisation_count;
    int r = yaml_load(path, diags, &y);

    if (r < 0)
        return r == -ENOMEM ? r : -EINVAL;
    const struct reading rd = { y, s->folder, diags, s };

    r = bind_mapping(y, yaml_root(y), "organisations.yaml", file_keys, &raw, diags);
    if (raw.organisations && yaml_kind(raw.organisations) != YAML_SEQUENCE)
        r = COMPLAIN(&rd, raw.organisations, "each begins with \"- code:\"",
                     "organisations is a list of organisations");
    else
        for (size_t i = 0; i < yaml_count(raw.organisations) && r != -ENOMEM; i++)
            r = settings_worse(r,
                               read_organisation(&rd, yaml_item(raw.organisations, i), own_from));
    yaml_free(y);
    return r;
}

/* About the files as a whole: an entry's place is gone once its document is closed. */
__attribute__((format(printf, 4, 5))) static int complain(struct diags *diags, const char *path,
                                                          const char *hint, const char *format, ...)
{
    struct diag_place place = { .file = path };
    va_list ap;

    va_start(ap, format);
    diag_vadd(diags, DIAG_ERROR, NULL, &place, hint, format, ap);
    va_end(ap);
    return -EINVAL;
}

static int add_name(struct settings *s, size_t index, const char *name, const char *path,
                    struct diags *diags)
{
    const struct organisation *other = found(s, &s->index->by_name, name);

    if (other && other != &s->organisations[index])
        return complain(diags, path, "a printed name may mean one organisation only",
                        "organisations: \"%s\" would mean both %s and %s", name, other->code,
                        s->organisations[index].code);
    return keep_key(s->index, &s->index->by_name, name, index);
}

static int index_names(struct settings *s, const char *path, struct diags *diags)
{
    int r = 0;

    /* Codes first: a code always means its own organisation. */
    for (size_t i = 0; i < s->organisation_count; i++)
        r = settings_worse(r, add_name(s, i, s->organisations[i].code, path, diags));
    for (size_t i = 0; i < s->organisation_count && r != -ENOMEM; i++) {
        const struct organisation *o = &s->organisations[i];

        r = settings_worse(r, add_name(s, i, o->title, path, diags));
        for (size_t k = 0; k < o->also.count; k++)
            r = settings_worse(r, add_name(s, i, o->also.items[k], path, diags));
        if (o->parent && !found(s, &s->index->by_code, o->parent))
            r = settings_worse(r, complain(diags, path, NULL, "organisations: %s: no parent \"%s\"",
                                           o->code, o->parent));
        if (o->succeeded_by && !found(s, &s->index->by_code, o->succeeded_by))
            r = settings_worse(r,
                               complain(diags, path, NULL, "organisations: %s: no successor \"%s\"",
                                        o->code, o->succeeded_by));
    }
    return r;
}

int settings_read_organisations(const char *shipped, const char *own, struct diags *diags,
                                struct settings *s)
{
    int r = shipped ? read_file(shipped, diags, s) : 0;

    if (own && r != -ENOMEM)
        r = settings_worse(r, read_file(own, diags, s));
    if (r == 0)
        r = index_names(s, own ? own : shipped, diags);
    return r;
}

const char *settings_org_code(const struct settings *s, const char *printed)
{
    assert(s && printed);
    const struct organisation *o = found(s, &s->index->by_name, printed);

    return o ? o->code : printed;
}

/* The last day on which it did its own work; DATE_NONE: nobody says, or it still does. */
static struct civil_date last_day(const struct settings *s, const struct organisation *o)
{
    const struct organisation *next =
        o->succeeded_by ? found(s, &s->index->by_code, o->succeeded_by) : NULL;

    if (!next || date_is_set(o->to))
        return next ? o->to : DATE_NONE;
    return date_is_set(next->from) ? date_add_days(next->from, -1) : DATE_NONE;
}

const char *settings_org_on(const struct settings *s, const char *code, struct civil_date on)
{
    assert(s && code);
    /* As many steps as there are organisations: a circle ends too. */
    for (size_t i = 0; i < s->organisation_count; i++) {
        const struct organisation *o = found(s, &s->index->by_code, code);
        struct civil_date last = o ? last_day(s, o) : DATE_NONE;

        if (!date_is_set(last) || date_compare(on, last) <= 0)
            break;
        code = o->succeeded_by;
    }
    return code;
}

bool settings_org_has_begun(const struct settings *s, const char *code, struct civil_date on)
{
    assert(s && code);
    const struct organisation *o = found(s, &s->index->by_code, code);

    return !o || !date_is_set(o->from) || date_compare(o->from, on) <= 0;
}

const char *settings_org_before(const struct settings *s, const char *code, size_t n,
                                struct civil_date *out_last)
{
    assert(s && code && out_last);
    for (size_t i = 0; i < s->organisation_count; i++) {
        const struct organisation *o = &s->organisations[i];

        if (!o->succeeded_by || !text_same(o->succeeded_by, code) || n-- > 0)
            continue;
        *out_last = last_day(s, o);
        return o->code;
    }
    return NULL;
}

const char *settings_org_title(const struct settings *s, const char *code)
{
    assert(s && code);
    const struct organisation *o = found(s, &s->index->by_code, code);

    return o ? o->title : code;
}
