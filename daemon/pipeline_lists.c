#include "pipeline_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "base/log.h"
#include "store/store_list.h"

/*
 * Waiting lists after a load: each provider's part as Redis has it, or, where Redis does not have all of
 * it, from the archive again. (1) A list counts as whole when all its parts, and the books of all feeds
 * that write it, are of one era, and it was counted by today's rules. (2) Else it begins a new era, empty,
 * and every receipt of its feeds is applied again, in order; the first that is written puts every part
 * of the new era into Redis, those that it does not touch as empty. A crash before each feed wrote leaves
 * two eras behind, so that the next start begins anew. (3) What is staged and not in force is swept before
 * anything is staged.
 */

struct list_loading {
    size_t list, provider; /* being read, by their places in the settings */
    struct stored_list *part;
    size_t blobs;
    void (*done)(struct pipeline *p, int result);
};

/* ---- one part ---- */

static int on_field(void *arg, const char *name, struct bytes value)
{
    struct pipeline *p = arg;
    struct stored_list *part = p->list_loading->part;

    if (p->is_load_stale) /* its parts are gone, and the services that they borrow */
        return -ECANCELED;
    if (strcmp(name, "generation") == 0)
        part->generation = strtoull(value.at, NULL, 10);
    else if (strcmp(name, "era") == 0)
        part->era = part->era_stored = strtoull(value.at, NULL, 10);
    else if (strcmp(name, "overlaid") == 0)
        part->overlaid = strtoull(value.at, NULL, 10);
    else if (strcmp(name, "set_aside") == 0)
        part->set_aside = strtoull(value.at, NULL, 10);
    else if (strcmp(name, "first_event") == 0 &&
             date_parse_iso(value.at, value.len, &part->first_event) < 0)
        part->first_event = DATE_NONE;
    else if (strcmp(name, "censuses") == 0)
        return stored_list_censuses_parse(part, value.at, value.len);
    else if (strcmp(name, "book") == 0)
        return list_unpack_book(part->state, value.at, value.len);
    return 0;
}

/* The first blob is what is only counted, the others are pathways. */
static int on_blob(void *arg, struct bytes blob)
{
    struct pipeline *p = arg;
    struct list_loading *l = p->list_loading;

    if (p->is_load_stale)
        return -ECANCELED;
    return l->blobs++ == 0 ? list_unpack_counted(l->part->state, blob.at, blob.len)
                           : list_unpack(l->part->state, blob.at, blob.len);
}

static int on_overlaid(void *arg, struct bytes pathway, struct bytes facts)
{
    struct pipeline *p = arg;

    (void)pathway;
    return p->is_load_stale
               ? -ECANCELED
               : list_unpack_pathway(p->list_loading->part->state, facts.at, facts.len);
}

int lists_new_state(const struct pipeline *p, const struct list_setting *list,
                    struct stored_list *part)
{
    struct pathway_list *state = list_new(p->config->services, list->service);

    if (!state)
        return -ENOMEM;
    list_keep(state, (unsigned)p->config->settings->retention.pathways.count);
    list_free(part->state);
    part->state = state;
    stored_list_changed(part);
    part->census_count = 0;
    part->first_event = DATE_NONE;
    part->set_aside = 0;
    part->overlaid = 0;
    return 0;
}

static void load_next(struct pipeline *p);

static void end_loading(struct pipeline *p, int result)
{
    struct list_loading *l = p->list_loading;

    p->list_loading = NULL;
    l->done(p, result);
    free(l);
}

/* What Redis holds of this part is no list: it is made anew. */
static int forget_part(struct pipeline *p, const struct list_setting *list)
{
    struct stored_list *part = p->list_loading->part;

    log_error("lists", "list=%s what Redis holds cannot be read: it is made again from the archive",
              part->name);
    part->era = 0;
    return lists_new_state(p, list, part);
}

static void on_part(void *arg, int result)
{
    struct pipeline *p = arg;
    struct list_loading *l = p->list_loading;

    if (p->is_load_stale || p->stopping) {
        end_loading(p, 0);
        return;
    }
    const struct list_setting *list = &p->config->settings->lists[l->list];

    if (result == 0)
        result = list_loaded(l->part->state);
    if (result == -EBADMSG)
        result = forget_part(p, list);
    if (result < 0) {
        end_loading(p, result);
        return;
    }
    if (++l->provider == list->providers.count) {
        l->provider = 0;
        l->list++;
    }
    load_next(p);
}

static void load_next(struct pipeline *p)
{
    const struct settings *s = p->config->settings;
    struct list_loading *l = p->list_loading;
    int r;

    if (l->list == s->list_count) {
        end_loading(p, 0);
        return;
    }
    const struct list_setting *list = &s->lists[l->list];
    const struct list_reader reader = { on_field, on_blob, on_overlaid, p };

    l->blobs = 0;
    l->part = books_add_list(&p->books, list->id, list->providers.items[l->provider]);
    r = l->part ? lists_new_state(p, list, l->part) : -ENOMEM;
    if (r == 0)
        r = store_load_list(p->store, l->part->name, reader, on_part, p);
    if (r < 0)
        end_loading(p, r);
}

void lists_load(struct pipeline *p, void (*done)(struct pipeline *p, int result))
{
    if (p->config->settings->list_count == 0) {
        done(p, 0);
        return;
    }
    p->list_loading = calloc(1, sizeof *p->list_loading);
    if (!p->list_loading) {
        done(p, -ENOMEM);
        return;
    }
    p->list_loading->done = done;
    p->need_sweep = true;
    load_next(p);
}

/* ---- whether a list is whole ---- */

static bool writes(const struct feed_setting *f, const struct list_setting *list)
{
    return f->into && strcmp(f->into, list->id) == 0;
}

uint64_t lists_era(const struct pipeline *p, const struct list_setting *list)
{
    const struct stored_list *part = books_list(&p->books, list->id, list->providers.items[0]);

    return part ? part->era : 0;
}

/* The newest era that anything of the list is of, 0: nothing was ever applied; *out_is_whole. */
static int find_era(const struct pipeline *p, const struct list_setting *list, uint64_t *out_era,
                    bool *out_is_whole)
{
    const struct settings *s = p->config->settings;
    AUTO(auto_free) char *rules = lists_rules(p, list);
    uint64_t least = UINT64_MAX;
    bool same_rules = true;

    *out_era = 0;
    if (!rules)
        return -ENOMEM;
    for (size_t i = 0; i < list->providers.count; i++) {
        uint64_t era = books_list(&p->books, list->id, list->providers.items[i])->era;

        *out_era = era > *out_era ? era : *out_era;
        least = era < least ? era : least;
    }
    for (size_t i = 0; i < s->feed_count; i++) {
        const struct feed_book *b = table_get(&p->books.feeds, s->feeds[i].id);

        if (!writes(&s->feeds[i], list) || !b || b->receipt == 0)
            continue;
        *out_era = b->era > *out_era ? b->era : *out_era;
        least = b->era < least ? b->era : least;
        same_rules &= b->kept && strcmp(b->kept, rules) == 0;
    }
    *out_is_whole = least == *out_era && same_rules;
    return 0;
}

/* Its receipts are applied again, all of them. */
static int begin_anew(struct pipeline *p, const struct list_setting *list, uint64_t era)
{
    const struct settings *s = p->config->settings;
    int r = 0;

    if (era > 1)
        log_info("lists", "list=%s is made from the archive", list->id);
    for (size_t i = 0; r == 0 && i < list->providers.count; i++) {
        struct stored_list *part = books_list(&p->books, list->id, list->providers.items[i]);

        part->era = era;
        part->is_anew = part->generation > 0;
        r = lists_new_state(p, list, part);
    }
    for (size_t i = 0; r == 0 && i < s->feed_count; i++) {
        const struct feed_book *b = table_get(&p->books.feeds, s->feeds[i].id);

        if (writes(&s->feeds[i], list) && b)
            r = apply_afresh(p, &s->feeds[i]);
    }
    return r;
}

int lists_check(struct pipeline *p)
{
    const struct settings *s = p->config->settings;
    int r = 0;

    for (size_t i = 0; r == 0 && i < s->list_count; i++) {
        uint64_t era;
        bool is_whole;

        r = find_era(p, &s->lists[i], &era, &is_whole);
        if (r == 0 && (era == 0 || !is_whole || unread_takes_mended(p, s->lists[i].id)))
            r = begin_anew(p, &s->lists[i], era + 1);
    }
    return r;
}

/* ---- what people see ---- */

static json_t *date_json(struct civil_date d)
{
    char text[DATE_TEXT_MAX];

    return date_is_set(d) ? json_string(date_format(d, text)) : json_null();
}

static json_t *part_report(const struct pipeline *p, struct stored_list *part)
{
    struct list_counts counts;
    char digest[SHA256_TEXT_MAX];
    uint64_t open, unknown = places_unknown(part, &open);

    list_counts(part->state, &counts);
    if (stored_list_digest(part, p->loaded && !p->apply, digest) < 0)
        return NULL;
    return json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}",
                     "provider", part->provider, "census", date_json(list_census(part->state)),
                     "watermark", date_json(list_watermark(part->state)), "open", (json_int_t)open,
                     "pathways", (json_int_t)counts.pathways, "facts", (json_int_t)counts.facts,
                     "disagreeing", (json_int_t)counts.disagreeing, "without_referral",
                     (json_int_t)counts.without_start, "too_old", (json_int_t)counts.too_old,
                     "set_aside", (json_int_t)part->set_aside, "place_unknown", (json_int_t)unknown,
                     "generation", (json_int_t)part->generation, "digest", digest);
}

json_t *lists_report(const struct pipeline *p, const char *id)
{
    const struct list_setting *list = settings_list(p->config->settings, id);
    json_t *parts = json_array();
    int r = parts ? 0 : -1;

    for (size_t i = 0; r == 0 && i < list->providers.count; i++) {
        struct stored_list *part = books_list(&p->books, id, list->providers.items[i]);

        if (part) /* not while the books are loaded */
            r = json_array_append_new(parts, part_report(p, part));
    }
    if (r == 0)
        return json_pack("{s:s, s:o}", "id", id, "parts", parts);
    json_decref(parts);
    return NULL;
}

/* ---- sweeping ---- */

static void on_swept(void *arg, int result)
{
    struct pipeline *p = arg;

    p->sweeping = false;
    if (result < 0)
        log_warning("lists", "generations that are not in force: %s; again after the next load",
                    strerror(-result));
    pipeline_wake(p);
}

bool lists_sweep(struct pipeline *p)
{
    if (p->sweeping || !p->need_sweep)
        return p->sweeping;
    p->need_sweep = false;
    p->sweeping = store_sweep_lists(p->store, on_swept, p) == 0;
    return p->sweeping;
}
