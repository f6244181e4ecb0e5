/*
 * list_spell - the referrals of one person that are one spell with one clock (rule 5)
 *
 *     referral A  |-------|             ends
 *     referral B            |-----      opens within the gap after A: the same spell
 *     referral C                 |--|   lies in B
 *
 * A spell starts with its first referral and ends when all of them have and the gap has passed without
 * another: until then it counts as waiting. Source: DOMAIN section 2.6, steps 2 and 5.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_internal.h"

struct member {
    uint32_t pathway;
    const uint8_t *key;
    const struct service *service;
    uint16_t start;
    struct ending ending;
};

static int member_compare(const void *a, const void *b)
{
    const struct member *x = a, *y = b;

    if (x->service != y->service)
        return x->service < y->service ? -1 : 1;
    if (x->start != y->start)
        return x->start - y->start;
    return memcmp(x->key, y->key, PSEUDONYM_BYTES);
}

/* A correction may have moved the pathway to a service that forms none. */
static bool in_spells(const struct pathway_list *l, uint32_t pathway)
{
    return l->senses[l->evented[pathway].group].service->spell_gap_days >= 0;
}

/* Returns 0 or -ENOMEM. */
static int read_member(struct pathway_list *l, uint32_t pathway, struct member *out_member)
{
    const struct evented *e = &l->evented[pathway];
    const struct service *s = l->senses[e->group].service;
    const struct clock_frame frame = { .service = s, .reasons = &l->reasons };

    l->lives.count = 0;
    int r = lives_add(l, pathway, s, &l->lives);

    lives_sort(&l->lives);
    *out_member = (struct member){
        .pathway = pathway, .key = e->key, .service = s, .start = lives_start(&l->lives, s)
    };
    if (out_member->start)
        out_member->ending = lives_ending(&l->lives, &frame, out_member->start);
    return r;
}

/* How far the spell that begins with the first of these reaches; *out_ending: its end, if it has one. */
static size_t spell_length(const struct member *members, size_t count, struct ending *out_ending)
{
    long gap = members[0].service->spell_gap_days;
    struct ending last = members[0].ending;
    bool open = !last.date;
    size_t n = 1;

    for (; n < count; n++) {
        const struct member *m = &members[n];

        if (m->service != members[0].service || (!open && m->start > last.date + gap))
            break;
        open = open || !m->ending.date;
        if (m->ending.date > last.date ||
            (m->ending.date == last.date && m->ending.outcome < last.outcome))
            last = m->ending;
    }
    *out_ending = (struct ending){ 0, OUTCOME_OPEN, EXCEPTION_NONE };
    if (!open) {
        *out_ending = last;
        out_ending->date = last.date + gap < UINT16_MAX ? (uint16_t)(last.date + gap) : UINT16_MAX;
    }
    return n;
}

/* A contact under any of its referrals: it was seen. */
static void end_of_spell(const struct lives *v, struct ending *ending)
{
    if (ending->outcome != OUTCOME_REMOVED_UNSEEN)
        return;
    for (size_t i = 0; i < v->count; i++) {
        if (v->list[i].event == EVENT_FIRST_CONTACT && v->list[i].date <= ending->date)
            ending->outcome = OUTCOME_REMOVED;
    }
}

static int one_spell(struct pathway_list *l, const struct listing *v, const struct member *members,
                     size_t count, struct ending *ending, struct cells *out_cells)
{
    const struct service *s = members[0].service;
    const struct clock_frame frame = { .service = s,
                                       .reasons = &l->reasons,
                                       .group = l->evented[members[0].pathway].group,
                                       .ending = ending };
    size_t from = out_cells->count;
    int r = 0;

    l->lives.count = 0;
    for (size_t i = 0; i < count && r == 0; i++)
        r = lives_add(l, members[i].pathway, s, &l->lives);
    if (r < 0)
        return r;
    lives_sort(&l->lives);
    end_of_spell(&l->lives, ending);
    r = clocks_of(&l->lives, &frame, out_cells);

    bool disagrees = r == 0 && cells_under_census(s, listing_census(v), lives_reopened(&l->lives),
                                                  out_cells, from);

    for (size_t i = 0; i < count; i++)
        evented_flag(l, members[i].pathway, disagrees, false);
    return r;
}

/* Members with a start, sorted; the others are given away at once. */
static int read_members(struct pathway_list *l, const struct listing *v, uint32_t person,
                        struct cells *out_cells, spell_fn *on_spell, void *arg,
                        struct member out_members[SPELL_PATHWAYS_MAX], size_t *out_count)
{
    int r = 0;

    for (uint32_t p = l->persons[person].first; r == 0 && p != NONE; p = l->evented[p].next) {
        struct member *m = &out_members[*out_count];
        size_t from = out_cells->count;
        bool alone = !in_spells(l, p) || listing_find(v, l->evented[p].key);

        if (!alone) {
            r = read_member(l, p, m);
            alone = r == 0 && !m->start;
        }
        if (r == 0 && alone)
            r = evented_cells(l, v, p, out_cells);
        if (r == 0 && alone && on_spell)
            r = on_spell(arg, &p, 1, out_cells, from);
        if (r == 0 && !alone)
            ++*out_count;
    }
    if (*out_count > 1)
        qsort(out_members, *out_count, sizeof *out_members, member_compare);
    return r;
}

int spells_of(struct pathway_list *l, const struct listing *v, uint32_t person,
              struct cells *out_cells, spell_fn *on_spell, void *arg)
{
    struct member members[SPELL_PATHWAYS_MAX];
    uint32_t pathways[SPELL_PATHWAYS_MAX];
    size_t count = 0, n;
    int r;

    assert(l->persons[person].count <= SPELL_PATHWAYS_MAX);
    r = read_members(l, v, person, out_cells, on_spell, arg, members, &count);
    for (size_t at = 0; r == 0 && at < count; at += n) {
        struct ending ending;
        size_t from = out_cells->count;

        n = spell_length(&members[at], count - at, &ending);
        r = one_spell(l, v, &members[at], n, &ending, out_cells);
        for (size_t i = 0; i < n; i++)
            pathways[i] = members[at + i].pathway;
        if (r == 0 && on_spell)
            r = on_spell(arg, pathways, n, out_cells, from);
    }
    return r;
}
