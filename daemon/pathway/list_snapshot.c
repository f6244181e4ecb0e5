/*
 * list_snapshot - a census takes the place of the one before: two sorted arrays are merged
 *
 *     before   row     becomes
 *     open     yes     the row
 *     open     no      gone from this census (rule 3)
 *     gone     yes     the row: it came back
 *     gone     no      as it was
 *     none     yes     the row, new
 *
 * "Before" is what a pathway was before this census. Where the census made something else of it, that is
 * kept beside it until the next one, so that the same census can be given again (rule 4).
 *
 * A row that is set aside here still says that its pathway is open: it stays as it was, so that a bad
 * date never looks like a person seen.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_internal.h"
#include "pathway/list_staged.h"

int list_snapshot_begin(struct pathway_list *l, struct civil_date census,
                        struct civil_date received, enum list_duplicates duplicates)
{
    assert(l && !l->staged);
    if (!list_day_ok(census, received))
        return -ERANGE;
    if (census.day < listing_census(&l->listing))
        return -ESTALE;
    l->staged = calloc(1, sizeof *l->staged);
    if (!l->staged ||
        list_grow(&l->staged->rows, &l->staged->cap, 0, sizeof *l->staged->rows) < 0) {
        list_snapshot_abandon(l);
        return -ENOMEM;
    }
    l->staged->census = (uint16_t)census.day;
    l->staged->received = received;
    l->staged->duplicates = duplicates;
    return 0;
}

void list_snapshot_abandon(struct pathway_list *l)
{
    if (l->staged) {
        free(l->staged->rows);
        free(l->staged->people);
        free(l->staged->groups);
    }
    free(l->staged);
    l->staged = NULL;
}

#define GROUPS_NUMBERED 16384 /* that a file's own numbers are kept for, in each part of a list */

/* Room for the groups of the file up to one. Returns 0 or -ENOMEM. */
static int reserve_groups(struct staged *s, uint32_t group)
{
    size_t cap = s->group_cap ? s->group_cap : 256;

    if (group <= s->group_cap)
        return 0;
    while (cap < group)
        cap *= 2;
    uint32_t *groups = reallocarray(s->groups, cap, sizeof *groups);

    if (!groups)
        return -ENOMEM;
    memset(groups + s->group_cap, 0, (cap - s->group_cap) * sizeof *groups);
    s->groups = groups;
    s->group_cap = cap;
    return 0;
}

/* A group of the list and whether its service forms spells, as a number above 0. */
#define FORMS_SPELLS (1u << 31)
_Static_assert(GROUPS_MAX < FORMS_SPELLS - 1, "a group and a bit");

static uint32_t number_of(const struct pathway_list *l, uint32_t group)
{
    return (group + 1) | (l->senses[group].service->spell_gap_days < 0 ? 0 : FORMS_SPELLS);
}

/* The number of its group in the list. Rows of a file repeat few of them: one that the file numbers is looked up
 * once. */
static int group_of(struct pathway_list *l, const struct pathway_record *r, uint32_t *out_number)
{
    struct staged *s = l->staged;
    uint32_t group;
    int e = r->group > GROUPS_NUMBERED ? 0 : reserve_groups(s, r->group);
    uint32_t *known =
        r->group && r->group <= GROUPS_NUMBERED && e == 0 ? &s->groups[r->group - 1] : NULL;

    *out_number = known ? *known : 0;
    if (e < 0 || *out_number)
        return e;
    e = list_group(l, r, &group);
    if (e < 0)
        return e;
    *out_number = number_of(l, group);
    if (known)
        *known = *out_number;
    return 0;
}

/* Returns an enum list_verdict, or -ENOMEM; the row's start is 0 unless it is taken. */
static int understand(struct pathway_list *l, const struct pathway_record *r, struct listed *e,
                      bool *out_forms_spells)
{
    struct civil_date received = l->staged->received;
    uint32_t number = 0, group;

    if (!date_is_set(r->clock_start))
        return LIST_NO_START;
    if (!list_day_ok(r->clock_start, received) ||
        (date_is_set(r->stage_start) && !list_day_ok(r->stage_start, received)))
        return LIST_OUT_OF_RANGE;
    int v = group_of(l, r, &number);

    if (v < 0)
        return v == -EFBIG ? LIST_TOO_MANY_CODES : v;
    *out_forms_spells = number & FORMS_SPELLS;
    group = (number & ~FORMS_SPELLS) - 1;
    e->start = (uint16_t)r->clock_start.day;
    e->stage_start = date_is_set(r->stage_start) ? (uint16_t)r->stage_start.day : 0;
    e->group[0] = (uint8_t)group;
    e->group[1] = (uint8_t)(group >> 8);
    e->group[2] = (uint8_t)(group >> 16);
    if (r->exception)
        e->state = (uint8_t)(service_exception(l->senses[group].service, r->exception) << 4);
    return LIST_TAKEN;
}

/* Takes a row that is understood. Returns the verdict, or -ENOMEM. */
static int stage(struct staged *s, struct staged_row *row, int verdict)
{
    int r = list_grow(&s->rows, &s->cap, s->count, sizeof *s->rows);

    if (r < 0)
        return r;
    row->number = (uint32_t)s->count;
    s->rows[s->count++] = *row;
    s->verdicts[verdict]++;
    return verdict;
}

/* Keeps whose the pathway of the next row is. Returns 0 or -ENOMEM. */
static int stage_person(struct staged *s, const struct pathway_record *row)
{
    int r = list_grow(&s->people, &s->people_cap, s->people_count, sizeof *s->people);

    if (r < 0)
        return r;
    s->people[s->people_count].number = (uint32_t)s->count;
    memcpy(s->people[s->people_count++].person, row->person, PSEUDONYM_BYTES);
    return 0;
}

int list_snapshot_row(struct pathway_list *l, const struct pathway_record *row)
{
    assert(l && l->staged && row);
    struct staged_row staged = { .version = row->has_version ? row->version : 0 };

    memcpy(staged.e.key, row->pathway, PSEUDONYM_BYTES);
    bool forms_spells = false;
    int verdict = understand(l, row, &staged.e, &forms_spells);

    if (verdict == LIST_TAKEN && row->has_person && forms_spells &&
        stage_person(l->staged, row) < 0)
        return -ENOMEM;
    return verdict < 0 ? verdict : stage(l->staged, &staged, verdict);
}

void list_snapshot_soon(const struct pathway_list *l, const struct pathway_record *row)
{
    const struct staged *s = l->staged;

    if (s && row->group && row->group <= s->group_cap)
        __builtin_prefetch(&s->groups[row->group - 1]);
}

bool list_snapshot_knows(const struct pathway_list *l, const struct pathway_record *row)
{
    const struct staged *s = l->staged;

    return s && row->group && row->group <= s->group_cap && s->groups[row->group - 1];
}

int list_snapshot_still_open(struct pathway_list *l, const uint8_t key[PSEUDONYM_BYTES])
{
    assert(l && l->staged);
    struct staged_row staged = { .version = 0 };

    memcpy(staged.e.key, key, PSEUDONYM_BYTES);
    int r = stage(l->staged, &staged, LIST_ELSEWHERE);

    return r < 0 ? r : 0;
}

bool list_staged_next(const struct pathway_list *l, size_t *at, const uint8_t **out_key,
                      struct civil_date *out_start)
{
    if (!l->staged || *at >= l->staged->count)
        return false;
    const struct staged_row *r = &l->staged->rows[(*at)++];

    *out_key = r->e.key;
    *out_start = tally_date(r->e.start);
    return true;
}

/* ---- the merge ---- */

struct merge {
    const struct listing *old;
    struct listing *fresh;
    uint16_t census;
    bool again; /* the census that the list has already */
    size_t before_at, before_cap;
    struct list_change *change;
};

static void put(struct merge *m, const struct listed *e, uint16_t stop, uint8_t state)
{
    struct listed *to = &m->fresh->entries[m->fresh->count++];

    *to = *e;
    to->stop = stop;
    to->state = (uint8_t)((e->state & ~LISTED_MASK) | state);
}

/* The entry of this key that the census, given before, has changed; NULL: it has not. */
static const struct listed *changed_one(struct merge *m, const struct listed *e)
{
    const struct listing *v = m->old;

    while (m->before_at < v->before_count) {
        int c = memcmp(v->before[m->before_at].key, e->key, PSEUDONYM_BYTES);

        if (c == 0)
            return &v->before[m->before_at];
        if (c > 0)
            break;
        m->before_at++;
    }
    return NULL;
}

/* What the pathway was before this census. False: there was none. */
static bool was_before(struct merge *m, const struct listed *old, struct listed *out_before)
{
    const struct listed *changed = m->again ? changed_one(m, old) : NULL;

    if (m->again && !old->stop && (old->state & LISTED_MASK) == LISTED_NEW)
        return false;
    *out_before = changed ? *changed : *old;
    if (m->again && out_before->stop == m->census)
        out_before->stop = 0;
    out_before->state = (uint8_t)((out_before->state & ~LISTED_MASK) |
                                  (!out_before->stop             ? LISTED_OPEN
                                   : listed_is_moved(out_before) ? LISTED_MOVED
                                                                 : LISTED_GONE));
    return true;
}

static bool same_listed(const struct listed *a, const struct listed *b)
{
    return a->start == b->start && a->stage_start == b->stage_start && a->stop == b->stop &&
           memcmp(a->group, b->group, sizeof a->group) == 0 && a->state >> 4 == b->state >> 4 &&
           listed_is_moved(a) == listed_is_moved(b);
}

static int keep_before(struct merge *m, const struct listed *before)
{
    const struct listed *now = &m->fresh->entries[m->fresh->count - 1];
    int r = same_listed(before, now) ? 0
                                     : list_grow(&m->fresh->before, &m->before_cap,
                                                 m->fresh->before_count, sizeof *before);

    if (r == 0 && !same_listed(before, now))
        m->fresh->before[m->fresh->before_count++] = *before;
    return r;
}

static void missing(struct merge *m, const struct listed *old)
{
    struct listed before;

    m->change->stopped += old->stop == 0;
    if (was_before(m, old, &before))
        put(m, &before, before.stop ? before.stop : m->census,
            listed_is_moved(old) ? LISTED_MOVED : LISTED_GONE);
}

static void present_first(struct merge *m, const struct listed *row)
{
    if (row->start)
        put(m, row, 0, LISTED_NEW);
}

static int present(struct merge *m, const struct listed *old, const struct listed *row)
{
    struct listed before;

    m->change->returned += old->stop != 0;
    if (!was_before(m, old, &before)) {
        present_first(m, row);
        return 0;
    }
    put(m, row->start ? row : &before, 0, LISTED_OPEN);
    return keep_before(m, &before);
}

/* Below 0 where the entry comes first, above where the other does, of which `left` are left. */
static int compare_at(const struct listed *entries, size_t count, size_t at,
                      const struct listed *other, size_t left)
{
    if (at == count)
        return 1;
    return left == 0 ? -1 : memcmp(entries[at].key, other->key, PSEUDONYM_BYTES);
}

static int merge_rows(struct merge *m, const struct staged *s)
{
    size_t i = 0, k = 0;
    int r = 0;

    while (r == 0 && (i < m->old->count || k < s->count)) {
        int c = compare_at(m->old->entries, m->old->count, i, &s->rows[k].e, s->count - k);

        if (c < 0) {
            missing(m, &m->old->entries[i]);
        } else if (c == 0) {
            r = present(m, &m->old->entries[i], &s->rows[k].e);
        } else {
            present_first(m, &s->rows[k].e);
            m->change->started += s->rows[k].e.start != 0;
        }
        i += c <= 0;
        k += c >= 0;
    }
    return r;
}

/* *out_listing is to be released either way. */
static int make_listing(const struct pathway_list *l, struct listing *out_listing,
                        struct list_change *change)
{
    const struct listing *old = &l->listing;
    const struct staged *s = l->staged;
    struct merge m = { .old = old,
                       .fresh = out_listing,
                       .census = s->census,
                       .again = s->census == listing_census(old),
                       .change = change };
    size_t room = old->count + s->count;

    *out_listing = (struct listing){ .census_count = old->census_count + !m.again };
    out_listing->entries = reallocarray(NULL, room ? room : 1, sizeof *out_listing->entries);
    out_listing->censuses = calloc(out_listing->census_count, sizeof *out_listing->censuses);
    if (!out_listing->entries || !out_listing->censuses)
        return -ENOMEM;
    if (old->census_count)
        memcpy(out_listing->censuses, old->censuses, old->census_count * sizeof *old->censuses);
    out_listing->censuses[out_listing->census_count - 1] = s->census;
    int r = merge_rows(&m, s);

    if (r == 0)
        r = listing_take_people(l, out_listing);
    return r == 0 ? listing_take_pasts(l, out_listing) : r;
}

/* ---- counting what changed ---- */

/* Whether the pathway is counted by itself, under what snapshots alone say. */
static bool stands_alone(const struct listing *v, const struct listed *e)
{
    return !people_find(v->people, v->people_count, e->key);
}

/* Of pathways that only snapshots know. */
static int settle_listed(struct pathway_list *l, const struct listing *fresh,
                         struct list_change *change)
{
    const struct listing *old = &l->listing;
    size_t i = 0, k = 0;
    int r = 0;

    while (r == 0 && (i < old->count || k < fresh->count)) {
        const struct listed *a = &old->entries[i], *b = &fresh->entries[k];
        int c = compare_at(old->entries, old->count, i, b, fresh->count - k);

        i += c <= 0;
        k += c >= 0;
        if (l->evented_count && evented_find(l, (c <= 0 ? a : b)->key) != NONE)
            continue;
        bool counts_a = c <= 0 && stands_alone(old, a), counts_b = c >= 0 && stands_alone(fresh, b);

        if (counts_a && counts_b && same_listed(a, b))
            continue;
        if (counts_a)
            r = listed_cells(l, old, a, &l->was);
        if (r == 0 && counts_b)
            r = listed_cells(l, fresh, b, &l->is);
        if (r == 0)
            r = list_settle(l, listing_census(fresh), change);
    }
    return r;
}

struct settling {
    const struct listing *fresh;
    struct list_change *change;
};

/* The spells of one person under the old listing and the new. */
static int settle_person(struct pathway_list *l, const uint8_t *person, void *arg)
{
    const struct settling *s = arg;

    l->looks_back = true;
    int r = person_cells(l, &l->listing, person, &l->was);

    l->looks_back = false;
    if (r == 0)
        r = person_cells(l, s->fresh, person, &l->is);
    return r == 0 ? list_settle(l, listing_census(s->fresh), s->change) : r;
}

static int settle_one(struct pathway_list *l, const struct settling *s, uint32_t pathway)
{
    const uint8_t *key = l->evented[pathway].key;
    int r = 0;

    l->looks_back = true;
    if (!person_of_pathway(l, &l->listing, key))
        r = evented_cells(l, &l->listing, pathway, &l->was);
    l->looks_back = false;
    if (r == 0 && !person_of_pathway(l, s->fresh, key))
        r = evented_cells(l, s->fresh, pathway, &l->is);
    return r == 0 ? list_settle(l, listing_census(s->fresh), s->change) : r;
}

/* Of those with facts or of a person, which are seen under the new census now. */
static int settle_others(struct pathway_list *l, const struct listing *fresh,
                         struct list_change *change)
{
    struct settling s = { fresh, change };
    int r = each_person(l, &l->listing, fresh, settle_person, &s);

    for (uint32_t e = 0; r == 0 && e < l->evented_count; e++)
        r = settle_one(l, &s, e);
    return r;
}

int list_snapshot_end(struct pathway_list *l, struct list_change *change)
{
    assert(l && l->staged && change);
    struct listing fresh;
    uint16_t census = l->staged->census;

    change->duplicates += staged_settle(l->staged);
    for (size_t i = 0; i < LIST_VERDICTS; i++)
        change->verdicts[i] += l->staged->verdicts[i];
    int r = make_listing(l, &fresh, change);

    list_snapshot_abandon(l);
    if (r == 0)
        r = settle_listed(l, &fresh, change);
    if (r == 0)
        r = settle_others(l, &fresh, change);
    if (r < 0) {
        listing_release(&fresh);
        return r;
    }
    listing_release(&l->listing);
    l->listing = fresh;
    void *shrunk =
        reallocarray(fresh.entries, fresh.count ? fresh.count : 1, sizeof *fresh.entries);

    if (shrunk)
        l->listing.entries = shrunk;
    list_saw_day(l, census);
    change->rewrite = true;
    return list_purge_if_due(l, change);
}
