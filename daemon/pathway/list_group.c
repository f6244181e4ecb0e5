/*
 * list_group - who waits for what, by events: each dimension of a pathway is a register (rule 1)
 *
 * Service, commissioner, place and each cohort value by its name: the highest version that says it stands,
 * ties by its bytes. A record that does not say one says nothing of it, so a contact without a place
 * leaves the place that the referral told. Only what is told by an older version than the latest of the
 * pathway has that kept beside it: one version for all dimensions that it was the last to say.
 *
 * Names past COHORT_MAX, which two feeds of one list may bring together: the first in their order are kept.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_internal.h"

/* ---- older versions ---- */

static void olders_free(struct pathway_list *l, struct evented *e)
{
    while (e->older != NONE) {
        uint32_t next = l->olders[e->older].next;

        l->olders[e->older].next = l->older_free;
        l->older_free = e->older;
        e->older = next;
    }
}

static int older_place(struct pathway_list *l, uint32_t *out_at)
{
    if (l->older_free) {
        *out_at = l->older_free;
        l->older_free = l->olders[*out_at].next;
        return 0;
    }
    if (!l->older_count)
        l->older_count = 1; /* 0 ends the free ones */
    int r = list_grow(&l->olders, &l->older_cap, l->older_count, sizeof *l->olders);

    if (r == 0)
        *out_at = (uint32_t)l->older_count++;
    return r;
}

int olders_set(struct pathway_list *l, uint32_t pathway, const struct older *olders, size_t count)
{
    struct evented *e = &l->evented[pathway];

    olders_free(l, e);
    while (count-- > 0) {
        uint32_t at = 0;
        int r = older_place(l, &at);

        if (r < 0)
            return r;
        l->olders[at] = olders[count];
        l->olders[at].next = e->older;
        e->older = at;
    }
    return 0;
}

size_t olders_of(const struct pathway_list *l, const struct evented *e,
                 struct older out_olders[DIMENSIONS_MAX])
{
    size_t count = 0;

    for (uint32_t n = e->older; n != NONE; n = l->olders[n].next)
        out_olders[count++] = l->olders[n];
    return count;
}

/* ---- dimensions ---- */

uint32_t dimensions_said(const struct dimensions *d)
{
    uint32_t said = 0;

    for (size_t i = 0; i < d->count; i++)
        said |= d->list[i].value ? 1u << i : 0;
    return said;
}

void dimensions_of(const struct pathway_list *l, uint32_t pathway,
                   struct dimensions *out_dimensions)
{
    struct dimensions *d = out_dimensions;

    *d = (struct dimensions){ .count = DIMENSION_COHORT };
    if (pathway == NONE || l->evented[pathway].group == NO_GROUP)
        return;
    const struct evented *e = &l->evented[pathway];
    const struct group g = tally_group_at(l->tally, e->group);

    d->list[DIMENSION_SERVICE].value = e->flags & EVENTED_UNSAID ? NULL : g.service;
    d->list[DIMENSION_COMMISSIONER].value = g.commissioner;
    d->list[DIMENSION_PLACE].value = g.place;
    for (size_t i = 0; i < g.cohort_count; i++)
        d->list[d->count++] =
            (struct dimension){ .name = g.cohort[i].name, .value = g.cohort[i].value };
    for (size_t i = 0; i < d->count; i++)
        d->list[i].version = e->group_version;
    for (uint32_t n = e->older; n != NONE; n = l->olders[n].next) {
        for (size_t i = 0; i < d->count; i++) {
            if (l->olders[n].dimensions & 1u << i)
                d->list[i].version = l->olders[n].version;
        }
    }
}

static bool dimension_take(struct dimension *d, const char *value, uint64_t version)
{
    if (!value)
        return false;
    if (d->value &&
        (version < d->version || (version == d->version && strcmp(value, d->value) <= 0)))
        return false;
    d->value = value;
    d->version = version;
    return true;
}

static bool cohort_take(struct dimensions *d, const struct cohort_value *c, uint64_t version)
{
    size_t at = DIMENSION_COHORT;

    while (at < d->count && strcmp(d->list[at].name, c->name) < 0)
        at++;
    if (at < d->count && strcmp(d->list[at].name, c->name) == 0)
        return dimension_take(&d->list[at], c->value, version);
    if (at == DIMENSIONS_MAX)
        return false;
    d->count -= d->count == DIMENSIONS_MAX;
    memmove(&d->list[at + 1], &d->list[at], (d->count - at) * sizeof d->list[at]);
    d->list[at] = (struct dimension){ c->name, c->value, version };
    d->count++;
    return true;
}

bool dimensions_take(struct dimensions *d, const struct pathway_record *r, uint64_t version)
{
    bool taken = dimension_take(&d->list[DIMENSION_SERVICE], r->service, version);

    taken |= dimension_take(&d->list[DIMENSION_COMMISSIONER], r->commissioner, version);
    taken |= dimension_take(&d->list[DIMENSION_PLACE], r->place, version);
    for (size_t i = 0; i < r->cohort_count; i++)
        taken |= cohort_take(d, &r->cohort[i], version);
    return taken;
}

/* ---- taken back ---- */

static bool dimension_stands(const struct dimension *d, const char *value, uint64_t version)
{
    return value && d->value && d->version == version && strcmp(value, d->value) == 0;
}

static bool dimension_drop(struct dimension *d, const char *value, uint64_t version)
{
    if (!dimension_stands(d, value, version))
        return false;
    d->value = NULL;
    d->version = 0;
    return true;
}

static bool cohort_drop(struct dimensions *d, const struct cohort_value *c, uint64_t version)
{
    for (size_t at = DIMENSION_COHORT; at < d->count; at++) {
        if (strcmp(d->list[at].name, c->name) != 0 ||
            !dimension_stands(&d->list[at], c->value, version))
            continue;
        d->count--;
        memmove(&d->list[at], &d->list[at + 1], (d->count - at) * sizeof d->list[at]);
        return true;
    }
    return false;
}

bool dimensions_drop(struct dimensions *d, const struct pathway_record *r, uint64_t version)
{
    bool dropped = dimension_drop(&d->list[DIMENSION_SERVICE], r->service, version);

    dropped |= dimension_drop(&d->list[DIMENSION_COMMISSIONER], r->commissioner, version);
    dropped |= dimension_drop(&d->list[DIMENSION_PLACE], r->place, version);
    for (size_t i = 0; i < r->cohort_count; i++)
        dropped |= cohort_drop(d, &r->cohort[i], version);
    return dropped;
}

/* ---- into the pathway ---- */

int dimensions_group(struct pathway_list *l, const struct dimensions *d, uint32_t *out_group)
{
    const char *service = d->list[DIMENSION_SERVICE].value;
    struct group g = { .service = service ? service : l->service,
                       .commissioner = d->list[DIMENSION_COMMISSIONER].value,
                       .place = d->list[DIMENSION_PLACE].value };

    for (size_t i = DIMENSION_COHORT; i < d->count; i++)
        g.cohort[g.cohort_count++] = (struct cohort_value){ d->list[i].name, d->list[i].value };
    int r = tally_group(l->tally, &g, out_group);

    return r < 0 ? r : list_senses(l);
}

/* The highest version below `below` of what is said; *dimensions 0: there is none. */
static struct older next_older(const struct dimensions *d, uint64_t below, bool any)
{
    struct older o = { .next = NONE };

    for (size_t i = 0; i < d->count; i++) {
        const struct dimension *x = &d->list[i];

        if (!x->value || (!any && x->version >= below) || (o.dimensions && x->version < o.version))
            continue;
        if (x->version > o.version || !o.dimensions)
            o = (struct older){ .version = x->version, .next = NONE };
        o.dimensions |= 1u << i;
    }
    return o;
}

int dimensions_put(struct pathway_list *l, uint32_t pathway, const struct dimensions *d,
                   uint32_t group)
{
    struct older olders[DIMENSIONS_MAX];
    struct evented *e = &l->evented[pathway];
    struct older o = next_older(d, 0, true);
    size_t count = 0;

    e->group = group & GROUPS_MAX;
    e->group_version = o.version;
    e->flags &= (uint8_t)~EVENTED_UNSAID;
    e->flags |= d->list[DIMENSION_SERVICE].value ? 0 : EVENTED_UNSAID;
    while (o.dimensions) {
        o = next_older(d, o.version, false);
        if (o.dimensions)
            olders[count++] = o;
    }
    return olders_set(l, pathway, olders, count);
}
