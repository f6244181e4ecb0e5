/*
 * list_purge - pathways that are then only counted (rule 6)
 *
 * At the first file of a month, by the latest date the list knows: a rebuild from the same files purges
 * at the same places. What is left of a pathway are its cells and 64 bits of its key, which tell a late
 * event of it from a new pathway.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "pathway/list_internal.h"

static uint64_t key_mark(const uint8_t *key)
{
    uint64_t mark = 0;

    for (size_t i = 0; i < sizeof mark; i++)
        mark = mark << 8 | key[i];
    return mark;
}

static int mark_compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

bool list_forgot(const struct pathway_list *l, const uint8_t *key)
{
    uint64_t mark = key_mark(key);

    return l->forgotten_count &&
           bsearch(&mark, l->forgotten, l->forgotten_count, sizeof mark, mark_compare) != NULL;
}

struct purge {
    struct pathway_list *l;
    uint16_t horizon; /* stops before it are old */
    size_t marks_cap;
    uint64_t purged;
    bool *leaves; /* by position in the listing */
};

/* Whether every clock stopped before the horizon. */
static bool all_old(const struct cells *cells, size_t from, uint16_t horizon)
{
    for (size_t i = from; i < cells->count; i++) {
        if (cells->list[i].stop == TALLY_OPEN || cells->list[i].stop >= horizon)
            return false;
    }
    return true;
}

/* Facts newer than that are still being reported on. */
static bool facts_old(const struct pathway_list *l, uint32_t pathway, uint16_t horizon)
{
    for (uint32_t i = l->evented[pathway].facts; i != NONE; i = l->facts[i].next) {
        if (l->facts[i].date >= horizon)
            return false;
    }
    return true;
}

static int only_count(struct purge *p, const struct cells *cells, size_t from)
{
    int r = 0;

    for (size_t i = from; r == 0 && i < cells->count; i++)
        r = tally_move(p->l->counted, &cells->list[i], 1);
    return r;
}

static int forget(struct purge *p, const uint8_t *key)
{
    struct pathway_list *l = p->l;
    int r = list_grow(&l->forgotten, &p->marks_cap, l->forgotten_count, sizeof *l->forgotten);

    if (r == 0)
        l->forgotten[l->forgotten_count++] = key_mark(key);
    p->purged += r == 0;
    return r;
}

/* Whether nothing that is known of it is newer than that. */
static bool pathway_old(const struct purge *p, const uint8_t *key)
{
    const struct listed *e = listing_find(&p->l->listing, key);
    uint32_t at = evented_find(p->l, key);

    return (at == NONE || facts_old(p->l, at, p->horizon)) &&
           (!e || (e->stop && e->stop < p->horizon));
}

static int leave(struct purge *p, const uint8_t *key)
{
    struct pathway_list *l = p->l;
    const struct listed *e = listing_find(&l->listing, key);
    uint32_t at = evented_find(l, key);

    if (e)
        p->leaves[e - l->listing.entries] = true;
    if (at != NONE) {
        l->evented[at].flags |= EVENTED_LEAVES;
        evented_flag(l, at, false, false);
    }
    return forget(p, key);
}

/* Pathways that are counted together, and their cells. */
static int purge_together(void *arg, const uint8_t *const *keys, size_t count,
                          const struct cells *cells, size_t from)
{
    struct purge *p = arg;
    bool old = all_old(cells, from, p->horizon);
    int r = 0;

    for (size_t i = 0; old && i < count; i++)
        old = pathway_old(p, keys[i]);
    if (!old)
        return 0;
    for (size_t i = 0; r == 0 && i < count; i++)
        r = leave(p, keys[i]);
    return r == 0 ? only_count(p, cells, from) : r;
}

static int purge_alone(struct purge *p, const uint8_t *key)
{
    struct pathway_list *l = p->l;

    l->was.count = 0;
    int r = alone_cells(l, &l->listing, key, &l->was);

    return r == 0 ? purge_together(p, &key, 1, &l->was, 0) : r;
}

static int purge_person(struct pathway_list *l, const uint8_t *person, void *arg)
{
    struct person_walk w = { .v = &l->listing, .person = person };
    const uint8_t *key;
    int r = 0;

    l->was.count = 0;
    if (person_reports(l, &l->listing, person) <= SPELL_PATHWAYS_MAX)
        return spells_of(l, &l->listing, person, &l->was, purge_together, arg);
    while (r == 0 && (key = person_next(l, &w)))
        r = purge_alone(arg, key);
    return r;
}

/* Marks what is old: by person, what events know of nobody, and what only snapshots know. */
static int mark_old(struct purge *p)
{
    struct pathway_list *l = p->l;
    const struct listing *v = &l->listing;
    int r = each_person(l, v, v, purge_person, p);

    for (uint32_t i = 0; r == 0 && i < l->evented_count; i++)
        if (!person_of_pathway(l, v, l->evented[i].key))
            r = purge_alone(p, l->evented[i].key);
    for (size_t i = 0; r == 0 && i < v->count; i++) {
        const struct listed *e = &v->entries[i];

        if (e->stop && e->stop < p->horizon && !people_find(v->people, v->people_count, e->key) &&
            (!l->evented_count || evented_find(l, e->key) == NONE))
            r = purge_alone(p, e->key);
    }
    l->was.count = 0;
    return r;
}

static int purge_listed(struct purge *p)
{
    struct listing *v = &p->l->listing;
    size_t kept = 0;

    for (size_t i = 0; i < v->count; i++)
        if (!p->leaves[i])
            v->entries[kept++] = v->entries[i];
    v->count = kept;
    return listing_drop_people(v);
}

static void forgotten_once(struct pathway_list *l)
{
    size_t kept = 0;

    if (l->forgotten_count > 1)
        qsort(l->forgotten, l->forgotten_count, sizeof *l->forgotten, mark_compare);
    for (size_t i = 0; i < l->forgotten_count; i++) {
        if (i == 0 || l->forgotten[i] != l->forgotten[i - 1])
            l->forgotten[kept++] = l->forgotten[i];
    }
    l->forgotten_count = kept;
}

/* Censuses that no kept stop needs: the one before each of them is. */
static void purge_censuses(struct listing *v, uint16_t horizon)
{
    size_t gone = 0;

    while (gone + 1 < v->census_count && v->censuses[gone + 1] < horizon)
        gone++;
    if (gone == 0)
        return;
    memmove(v->censuses, v->censuses + gone, (v->census_count - gone) * sizeof *v->censuses);
    v->census_count -= gone;
}

static int purge(struct pathway_list *l, uint16_t horizon, struct list_change *change)
{
    AUTO(auto_free) bool *leaves = calloc(l->listing.count + 1, sizeof *leaves);
    struct purge p = {
        .l = l, .horizon = horizon, .marks_cap = l->forgotten_count, .leaves = leaves
    };
    int r = leaves ? mark_old(&p) : -ENOMEM;

    bool any = false;

    if (r == 0)
        r = purge_listed(&p);
    if (r == 0)
        r = listing_purge_pasts(l, horizon, &any);
    if (r == 0 && p.purged)
        r = evented_compact(l);
    forgotten_once(l);
    purge_censuses(&l->listing, horizon);
    change->purged += p.purged;
    change->rewrite |= any || p.purged > 0;
    return r;
}

int list_purge_if_due(struct pathway_list *l, struct list_change *change)
{
    struct civil_date month = date_month_start(tally_date(l->watermark ? l->watermark : 1));
    struct civil_date horizon = date_add_months(month, -(int)l->kept_months);
    bool due = month.day > l->purged_month && horizon.day > 0;

    if (month.day > l->purged_month)
        l->purged_month = (uint16_t)month.day;
    return due ? purge(l, (uint16_t)horizon.day, change) : 0;
}
