#include "pipeline_compose_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/json_text.h"

/*
 * The release ledger as it is kept. What a message shows is frozen with it: it is in the sent journal, synced,
 * before Redis hears of the message, and so before anybody is shown anything; in Redis it is the hash
 * `released`, written in the same call as the message. What Redis lost of it is put back from the journal
 * before anything is told; what another daemon showed, and Redis alone has, is journalled when its books are
 * taken over.
 */

#define FIELD_OF_RELEASED "released|"

static int keep(struct table *to, const char *receiver, const char *cell, const json_t *entry)
{
    struct release_entry e;
    int r = release_entry_of_json(entry, &e);

    return r == 0 ? release_keep(to, receiver, cell, &e) : r;
}

int released_note(struct pipeline *p, const char *receiver, const json_t *released)
{
    const char *cell;
    json_t *entry;
    int r = !released ? 0 : receiver && json_is_object(released) ? 0 : -EBADMSG;

    if (r == 0 && released)
        json_object_foreach((json_t *)(uintptr_t)released, cell, entry) r =
            r == 0 ? keep(&p->released, receiver, cell, entry) : r;
    return r;
}

void released_release(struct pipeline *p)
{
    table_release(&p->released, free);
}

static char *entry_text(const struct release_entry *e)
{
    json_t *j = release_entry_json(e);
    char *text = j ? json_text(j, JSON_COMPACT) : NULL;

    json_decref(j);
    return text;
}

/* ---- with a message ---- */

static int add_update(struct composed *c, const char *cell, const json_t *entry)
{
    struct told_update *u = &c->updates[c->update_count];
    struct text field = TEXT_INIT;
    int r = release_entry_of_json(entry, &u->entry);

    if (r < 0)
        return r;
    (void)text_printf(&field, FIELD_OF_RELEASED "%s", cell);
    u->field = text_take(&field);
    u->value = entry_text(&u->entry);
    u->day = DATE_NONE;
    u->is_release = true;
    c->update_count++;
    return u->field && u->value ? 0 : -ENOMEM;
}

static int add_updates(struct composed *c, const json_t *released)
{
    size_t count = c->update_count + json_object_size(released);
    struct told_update *more = realloc(c->updates, (count + 1) * sizeof *more);
    const char *cell;
    json_t *entry;
    int r = more ? 0 : -ENOMEM;

    if (!more)
        return r;
    c->updates = more;
    memset(more + c->update_count, 0, (count + 1 - c->update_count) * sizeof *more);
    json_object_foreach((json_t *)(uintptr_t)released, cell, entry) r =
        r == 0 ? add_update(c, cell, entry) : r;
    return r;
}

int composed_shows(struct composed *c, const json_t *released)
{
    c->item->released = json_text(released, JSON_COMPACT);
    return c->item->released ? add_updates(c, released) : -ENOMEM;
}

int composed_shows_frozen(struct composed *c)
{
    const char *text = c->item->released;
    json_t *released = text ? json_parse(text, strlen(text), 0, NULL) : NULL;
    int r = !text ? 0 : released ? add_updates(c, released) : -ENOMEM;

    json_decref(released);
    return r;
}

int composed_shown(struct pipeline *p, const struct composed *c)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < c->update_count; i++)
        if (c->updates[i].is_release)
            r = release_keep(&p->books.released, c->item->receiver,
                             c->updates[i].field + strlen(FIELD_OF_RELEASED), &c->updates[i].entry);
    return r;
}

/* ---- what Redis lacks, and what the journal lacks ---- */

static bool is_same(const struct release_entry *a, const struct release_entry *b)
{
    AUTO(auto_free) char *one = entry_text(a);
    AUTO(auto_free) char *other = entry_text(b);

    return one && other && strcmp(one, other) == 0;
}

int released_lacking(struct pipeline *p, char **out_key, char **out_value)
{
    const char *key;
    void *value;

    for (size_t at = 0; table_next(&p->released, &at, &key, &value);) {
        const struct release_entry *ours = value, *kept = table_get(&p->books.released, key);
        const char *cell = strchr(key, '|') + 1;
        AUTO(auto_free) char *receiver = NULL;
        struct text field = TEXT_INIT;

        if (kept && is_same(kept, ours))
            continue;
        receiver = strndup(key, (size_t)(cell - 1 - key));
        (void)text_printf(&field, "%s|" FIELD_OF_RELEASED "%s", receiver ? receiver : "", cell);
        *out_key = text_take(&field);
        *out_value = entry_text(ours);
        if (receiver && *out_key && *out_value &&
            release_keep(&p->books.released, receiver, cell, ours) == 0)
            return 1;
        free(*out_value);
        *out_value = NULL;
        return -ENOMEM;
    }
    return 0;
}

int released_adopt(struct pipeline *p)
{
    const char *key;
    void *value;
    int r = 0;

    for (size_t at = 0; r == 0 && table_next(&p->books.released, &at, &key, &value);) {
        const char *cell = strchr(key, '|') + 1;

        if (table_has(&p->released, key))
            continue;
        AUTO(auto_free) char *receiver = strndup(key, (size_t)(cell - 1 - key));

        r = receiver ? sent_append(p, json_pack("{s:s, s:{s:o}}", "receiver", receiver, "released",
                                                cell, release_entry_json(value)))
                     : -ENOMEM;
    }
    return r;
}
