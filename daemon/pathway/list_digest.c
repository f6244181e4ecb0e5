/*
 * list_digest - the state in one canonical form: sorted by key, texts in place of numbers
 *
 * Numbers of groups and codes depend on the order files came in; the state does not.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_internal.h"

struct telling {
    struct pathway_list *l;
    struct digest *d;
};

static void tell_number(struct telling *t, uint64_t value)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    digest_add(t->d, bytes, sizeof bytes);
}

static void tell_text(struct telling *t, const char *text)
{
    tell_number(t, text ? strlen(text) + 1 : 0);
    if (text)
        digest_add(t->d, text, strlen(text));
}

static void tell_group(struct telling *t, uint32_t group)
{
    const struct group g = tally_group_at(t->l->tally, group);

    tell_text(t, g.service);
    tell_text(t, g.commissioner);
    tell_text(t, g.place);
    tell_text(t, g.stage);
    tell_number(t, g.cohort_count);
    for (size_t i = 0; i < g.cohort_count; i++) {
        tell_text(t, g.cohort[i].name);
        tell_text(t, g.cohort[i].value);
    }
}

static void tell_listed(struct telling *t, const struct listed *entries, size_t count)
{
    tell_number(t, count);
    for (size_t i = 0; i < count; i++) {
        digest_add(t->d, entries[i].key, PSEUDONYM_BYTES);
        tell_number(t, (uint64_t)entries[i].start << 32 | (uint64_t)entries[i].stage_start << 16 |
                           entries[i].stop);
        tell_number(t, entries[i].state);
        tell_group(t, listed_group(&entries[i]));
    }
}

static void tell_people(struct telling *t, const struct listed_person *people, size_t count)
{
    tell_number(t, count);
    digest_add(t->d, people, count * sizeof *people);
}

static void tell_pasts(struct telling *t, const struct listing *v)
{
    tell_number(t, v->past_count);
    for (size_t i = 0; i < v->past_count; i++) {
        const struct listed_past *p = &v->pasts[i];

        digest_add(t->d, p->key, PSEUDONYM_BYTES);
        tell_number(t, (uint64_t)p->start << 32 | (uint64_t)p->stop << 16 | p->census);
    }
}

static void tell_evented(struct telling *t, const struct evented *e)
{
    const struct pathway_list *l = t->l;

    digest_add(t->d, e->key, PSEUDONYM_BYTES);
    tell_group(t, e->group);
    tell_number(t, (e->flags & EVENTED_UNSAID) != 0);
    tell_number(t, e->group_version);
    for (uint32_t n = e->older; n != NONE; n = l->olders[n].next) {
        tell_number(t, l->olders[n].dimensions);
        tell_number(t, l->olders[n].version);
    }
    tell_number(t, 0); /* no dimensions: none is told without any */
    tell_number(t, e->person != NONE);
    if (e->person != NONE) {
        digest_add(t->d, l->persons[e->person].key, PSEUDONYM_BYTES);
        tell_number(t, e->person_version);
    }
    for (uint32_t i = e->facts; i != NONE; i = l->facts[i].next) {
        const struct fact *f = &l->facts[i];

        tell_number(t, (uint64_t)f->event << 16 | f->date);
        tell_number(t, f->occurrence);
        tell_number(t, f->version);
        tell_text(t, codes_text(&l->reasons, f->reason));
        tell_text(t, codes_text(&l->exceptions, f->exception));
    }
    tell_number(t, 0); /* no fact: an event has a date */
}

/* ---- what is only counted ---- */

struct counted_cell {
    struct tally_cell cell;
    uint64_t count;
};

static int counted_compare(const void *a, const void *b, void *arg)
{
    const struct counted_cell *x = a, *y = b;
    int r = group_compare(arg, x->cell.group, y->cell.group);
    uint64_t p = (uint64_t)x->cell.clock << 32 | (uint64_t)x->cell.start << 16 | x->cell.stop;
    uint64_t q = (uint64_t)y->cell.clock << 32 | (uint64_t)y->cell.start << 16 | y->cell.stop;

    if (r == 0)
        r = (p > q) - (p < q);
    if (r == 0)
        r = (x->cell.outcome << 4 | x->cell.exception) - (y->cell.outcome << 4 | y->cell.exception);
    return r;
}

static int tell_counted(struct telling *t)
{
    const struct tally *counted = t->l->counted;
    size_t count = tally_count(counted), n = 0;
    struct counted_cell *cells = calloc(count ? count : 1, sizeof *cells);

    if (!cells)
        return -ENOMEM;
    for (size_t at = 0; tally_next(counted, &at, &cells[n].cell, &cells[n].count);)
        n++;
    qsort_r(cells, n, sizeof *cells, counted_compare, t->l->tally);
    tell_number(t, n);
    for (size_t i = 0; i < n; i++) {
        const struct tally_cell *c = &cells[i].cell;

        tell_group(t, c->group);
        tell_number(t, (uint64_t)c->clock << 32 | (uint64_t)c->start << 16 | c->stop);
        tell_number(t, (uint64_t)c->outcome << 8 | c->exception);
        tell_number(t, cells[i].count);
    }
    free(cells);
    tell_number(t, t->l->forgotten_count);
    for (size_t i = 0; i < t->l->forgotten_count; i++)
        tell_number(t, t->l->forgotten[i]);
    return 0;
}

int list_digest(struct pathway_list *l, char out_hex[SHA256_TEXT_MAX])
{
    struct telling t = { l, NULL };
    int r = evented_order(l);

    if (r == 0 && !(t.d = digest_new()))
        r = -ENOMEM;
    if (r == 0)
        r = tell_counted(&t);
    if (r < 0) {
        digest_free(t.d);
        return r;
    }
    tell_number(&t, l->listing.census_count);
    for (size_t i = 0; i < l->listing.census_count; i++)
        tell_number(&t, l->listing.censuses[i]);
    tell_number(&t, (uint64_t)l->watermark << 16 | l->purged_month);
    tell_number(&t, l->too_old);
    tell_listed(&t, l->listing.entries, l->listing.count);
    tell_listed(&t, l->listing.before, l->listing.before_count);
    tell_people(&t, l->listing.people, l->listing.people_count);
    tell_people(&t, l->listing.people_before, l->listing.people_before_count);
    tell_pasts(&t, &l->listing);
    for (size_t i = 0; i < l->order_count; i++)
        tell_evented(&t, &l->evented[l->order[i]]);
    digest_end(t.d, out_hex);
    return 0;
}
