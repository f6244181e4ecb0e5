/*
 * list_spell - the referrals of one person that are one spell with one clock (rule 5)
 *
 *     referral A  |-------|             ends
 *     referral B            |-----      opens within the gap after A: the same spell
 *     referral C                 |--|   lies in B
 *
 * A spell starts with its first referral and ends when all of them have and the gap has passed without
 * another: until then it counts as waiting. Source: DOMAIN section 2.6, steps 2 and 5.
 *
 * A referral of a snapshot starts as that says, and ends with an event since the census before the one that it
 * is gone from, else at that census. A spell with such a referral ends with its last one, since the snapshot
 * decides who is open at its census (rule 2): one that follows within the gap takes that end back. Of a person
 * whom the snapshot names, a referral that it does not name, and that would run at its census by what events
 * say of it, moves no count.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_internal.h"

struct member {
    const uint8_t *key;
    const struct service *service;
    const struct listed *e; /* NULL: no snapshot knows it */
    uint32_t pathway;       /* NONE: no event does */
    uint32_t group;
    uint16_t start;
    uint16_t said, gone; /* struct under */
    struct ending ending;
    size_t lives_at, lives_count; /* in l->members */
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

/* ---- members ---- */

static struct member member_of(const struct pathway_list *l, const struct listing *v,
                               const uint8_t *key)
{
    uint32_t at = l->evented_count ? evented_find(l, key) : NONE;
    struct member m = { .key = key, .e = listing_find(v, key), .pathway = at };

    if (at != NONE && l->evented[at].facts == NONE)
        m.pathway = NONE;
    m.group = m.e ? listed_group(m.e) : m.pathway == NONE ? NO_GROUP : l->evented[at].group;
    m.service = m.group == NO_GROUP ? NULL : l->senses[m.group].service;
    return m;
}

static int keep_lives(struct pathway_list *l, struct member *m)
{
    int r = 0;

    m->lives_at = l->members.count;
    m->lives_count = l->lives.count;
    for (size_t i = 0; r == 0 && i < l->lives.count; i++)
        r = lives_put(&l->members, &l->lives.list[i]);
    return r;
}

static int read_listed(struct pathway_list *l, const struct listing *v, struct member *m,
                       struct cells *scratch)
{
    struct under u;
    bool disagrees;
    int r = under_read(l, v, m->e, m->pathway, scratch, &u, &disagrees);

    if (r < 0)
        return r;
    if (m->pathway != NONE)
        evented_flag(l, m->pathway, disagrees, false);
    m->start = m->e->start;
    m->said = u.said;
    m->gone = u.gone;
    m->ending = lives_ending(&l->lives, &u.frame, m->start);
    if (u.gone && (!m->ending.date || m->ending.date > u.gone))
        m->ending = (struct ending){ u.gone, listed_gone_as(m->e), EXCEPTION_NONE };
    return keep_lives(l, m);
}

/* One without a start, or that the census contradicts (named: it names the person), has no start here. */
static int read_unlisted(struct pathway_list *l, const struct listing *v, struct member *m,
                         bool named, struct cells *scratch)
{
    const struct clock_frame frame = { .service = m->service, .reasons = &l->reasons };
    size_t from = scratch->count;
    bool contradicted;
    int r = unlisted_cells(l, v, m->pathway, scratch, &contradicted);

    scratch->count = from;
    m->start = named && contradicted ? 0 : lives_start(&l->lives, m->service);
    if (m->start)
        m->ending = lives_ending(&l->lives, &frame, m->start);
    return r == 0 ? keep_lives(l, m) : r;
}

/* A correction may have moved the pathway to a service that forms no spells. */
static int read_member(struct pathway_list *l, const struct listing *v, bool named,
                       struct cells *scratch, struct member *m)
{
    if (!m->service || m->service->spell_gap_days < 0)
        return 0;
    return m->e ? read_listed(l, v, m, scratch) : read_unlisted(l, v, m, named, scratch);
}

/* Members with a start, sorted; the others are given away at once. */
static int read_members(struct pathway_list *l, const struct listing *v, const uint8_t *person,
                        struct cells *out_cells, spell_fn *on_spell, void *arg,
                        struct member out_members[SPELL_PATHWAYS_MAX], size_t *out_count)
{
    struct person_walk w = { .v = v, .person = person }, ahead = w;
    const uint8_t *key;
    bool named = false;
    int r = 0;

    while (!named && (key = person_next(l, &ahead)))
        named = listing_find(v, key) != NULL;
    l->members.count = 0;
    while (r == 0 && (key = person_next(l, &w))) {
        struct member *m = &out_members[*out_count];
        size_t from = out_cells->count;

        *m = member_of(l, v, key);
        r = read_member(l, v, named, out_cells, m);
        if (r == 0 && m->start) {
            ++*out_count;
            continue;
        }
        if (r == 0)
            r = alone_cells(l, v, key, out_cells);
        if (r == 0 && on_spell)
            r = on_spell(arg, &key, 1, out_cells, from);
    }
    if (*out_count > 1)
        qsort(out_members, *out_count, sizeof *out_members, member_compare);
    return r;
}

/* ---- spells ---- */

/* How far the spell that begins with the first of these reaches; *out_ending: its end, if it has one, without
 * the gap. */
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
    *out_ending = open ? (struct ending){ 0, OUTCOME_OPEN, EXCEPTION_NONE } : last;
    return n;
}

/* gap: what is waited for. A contact under any of its referrals: it was seen. */
static struct ending end_of_spell(const struct lives *v, const struct ending *last, long gap)
{
    struct ending ending = *last;
    long day = last->date + gap;

    if (last->date)
        ending.date = day < UINT16_MAX ? (uint16_t)day : UINT16_MAX;
    for (size_t i = 0; ending.outcome == OUTCOME_REMOVED_UNSEEN && i < v->count; i++) {
        if (v->list[i].event == EVENT_FIRST_CONTACT && v->list[i].date <= ending.date)
            ending.outcome = OUTCOME_REMOVED;
    }
    return ending;
}

/* What the snapshot says of who waits for what is of the first referral that is open, else of the first that
 * it knows. NULL: it knows none. */
static const struct member *speaker(const struct member *members, size_t count)
{
    const struct member *known = NULL;

    for (size_t i = 0; i < count; i++) {
        if (members[i].e && !members[i].e->stop)
            return &members[i];
        if (members[i].e && !known)
            known = &members[i];
    }
    return known;
}

/* All facts of these, into l->lives. */
static int gather(struct pathway_list *l, const struct member *members, size_t count)
{
    int r = 0;

    l->lives.count = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; r == 0 && k < members[i].lives_count; k++)
            r = lives_put(&l->lives, &l->members.list[members[i].lives_at + k]);
    }
    lives_sort(&l->lives);
    return r;
}

/* Whether the census contradicts a spell that no snapshot knows. One whose referrals have ended is on no list
 * while its gap passes. */
static bool is_contradicted(const struct pathway_list *l, const struct listing *v,
                            const struct service *s, const struct ending *last, struct cells *cells,
                            size_t from)
{
    if (last->date && last->date <= listing_census(v))
        return false;
    return cells_under_census(s, listing_census(v), lives_reopened(&l->lives), cells, from);
}

static int one_spell(struct pathway_list *l, const struct listing *v, const struct member *members,
                     size_t count, const struct ending *last, struct cells *out_cells)
{
    const struct service *s = members[0].service;
    const struct member *told = speaker(members, count);
    struct clock_frame frame = { .service = s,
                                 .reasons = &l->reasons,
                                 .group = told ? told->group : members[0].group };
    size_t from = out_cells->count;
    bool disagrees = false;
    int r = gather(l, members, count);

    if (r < 0)
        return r;
    const struct ending ending = end_of_spell(&l->lives, last, told ? 0 : s->spell_gap_days);

    frame.ending = &ending;
    for (size_t i = 0; i < count; i++)
        if (members[i].e && members[i].said > frame.open_at)
            frame.open_at = members[i].said;
    r = clocks_of(&l->lives, &frame, out_cells);
    if (r == 0 && told) {
        const struct under u = { v, told->e, frame, told->said, told->gone };

        r = under_stages(l, &u, out_cells, from);
    } else if (r == 0) {
        disagrees = is_contradicted(l, v, s, last, out_cells, from);
    }
    for (size_t i = 0; i < count; i++)
        if (!members[i].e)
            evented_flag(l, members[i].pathway, disagrees, false);
    return r;
}

int spells_of(struct pathway_list *l, const struct listing *v, const uint8_t *person,
              struct cells *out_cells, spell_fn *on_spell, void *arg)
{
    struct member members[SPELL_PATHWAYS_MAX];
    const uint8_t *keys[SPELL_PATHWAYS_MAX];
    size_t count = 0, n;
    int r;

    assert(person_reports(l, v, person) <= SPELL_PATHWAYS_MAX);
    r = read_members(l, v, person, out_cells, on_spell, arg, members, &count);
    for (size_t at = 0; r == 0 && at < count; at += n) {
        struct ending last;
        size_t from = out_cells->count;

        n = spell_length(&members[at], count - at, &last);
        r = one_spell(l, v, &members[at], n, &last, out_cells);
        for (size_t i = 0; i < n; i++)
            keys[i] = members[at + i].key;
        if (r == 0 && on_spell)
            r = on_spell(arg, keys, n, out_cells, from);
    }
    return r;
}

bool listed_stands(const struct pathway_list *l, const struct listed *e)
{
    const struct listing *v = &l->listing;
    const struct service *s = l->senses[listed_group(e)].service;
    const uint8_t *person = s->spell_gap_days < 0 ? NULL : person_of_pathway(l, v, e->key), *key;

    if (!person || person_reports(l, v, person) > SPELL_PATHWAYS_MAX)
        return true;
    for (struct person_walk w = { .v = v, .person = person }; (key = person_next(l, &w));) {
        const struct listed *other = listing_find(v, key);

        if (other && !other->stop && l->senses[listed_group(other)].service == s &&
            (other->start < e->start ||
             (other->start == e->start && memcmp(key, e->key, PSEUDONYM_BYTES) < 0)))
            return false;
    }
    return true;
}
