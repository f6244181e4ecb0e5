#include "pathway/tally.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/group_set.h"

/* One slot of the open-addressed table. A cell whose count has gone to 0 keeps its place until the
 * table grows. */
struct slot {
    struct tally_cell cell; /* start 0: empty */
    uint32_t count;
};

struct tally {
    struct slot *slots;
    uint64_t *counting;            /* a bit for each slot: its count is not 0 */
    size_t slot_count, used, live; /* slot_count: 0, or one of next_size() */
    struct group_set groups;
};

#define BITS              64
#define TALLY_SLOTS_LEAST BITS

struct tally *tally_new(void)
{
    return calloc(1, sizeof(struct tally));
}

void tally_free(struct tally *t)
{
    if (!t)
        return;
    group_set_release(&t->groups);
    free(t->slots);
    free(t->counting);
    free(t);
}

/* ---- groups ---- */

int tally_group(struct tally *t, const struct group *group, uint32_t *out_id)
{
    assert(t);
    return group_set_number(&t->groups, group, out_id);
}

struct group tally_group_at(const struct tally *t, uint32_t id)
{
    return group_set_at(&t->groups, id);
}

const struct group_set *tally_groups(const struct tally *t)
{
    return &t->groups;
}

size_t tally_group_count(const struct tally *t)
{
    return t->groups.count;
}

/* ---- cells ---- */

static bool same_cell(const struct tally_cell *a, const struct tally_cell *b)
{
    return a->group == b->group && a->start == b->start && a->stop == b->stop &&
           a->clock == b->clock && a->outcome == b->outcome && a->exception == b->exception;
}

/* Nothing of a cell comes from a sender but dates within range, so no key is needed. */
static size_t hash_cell(const struct tally_cell *c)
{
    uint64_t h = (uint64_t)c->group << 32 | (uint64_t)c->start << 16 | c->stop;

    h ^= ((uint64_t)c->clock << 16 | (uint64_t)c->outcome << 8 | c->exception) *
         UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ (h >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    h = (h ^ (h >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    return (size_t)(h ^ (h >> 32));
}

/* The cell's slot, or the empty one where it would stand. */
static struct slot *find_slot(const struct tally *t, const struct tally_cell *cell)
{
    size_t i = (size_t)(((uint64_t)hash_cell(cell) >> 32) * t->slot_count >> 32);

    while (t->slots[i].cell.start && !same_cell(&t->slots[i].cell, cell))
        i = i + 1 == t->slot_count ? 0 : i + 1;
    return &t->slots[i];
}

/* Whether a slot counts something: whoever goes through a tally meets as many that do as that do not, in no
 * order, which a test of each would tell too late. */
static void mark_slot(struct tally *t, const struct slot *s)
{
    size_t at = (size_t)(s - t->slots);
    uint64_t bit = UINT64_C(1) << at % BITS;

    t->counting[at / BITS] =
        s->count ? t->counting[at / BITS] | bit : t->counting[at / BITS] & ~bit;
}

/* Powers of two and what lies half way between them: a list has a tally for each provider, and twice the room it
 * needs of each were much. */
static size_t next_size(size_t size)
{
    bool is_power = (size & (size - 1)) == 0;

    return size < 2 * TALLY_SLOTS_LEAST ? 2 * size : is_power ? size + size / 2 : size / 3 * 4;
}

/* Makes room for one more; drops cells that are 0. */
static int make_room(struct tally *t)
{
    if (t->slot_count && (t->used + 1) * 3 <= t->slot_count * 2)
        return 0;
    size_t count = TALLY_SLOTS_LEAST;

    while (count < (t->live + 1) * 2)
        count = next_size(count);
    assert(count <= UINT32_MAX);
    struct slot *old = t->slots;
    size_t old_count = t->slot_count;
    struct slot *slots = calloc(count, sizeof *slots);
    uint64_t *counting = slots ? calloc(count / BITS, sizeof *counting) : NULL;

    if (!counting) {
        free(slots);
        return -ENOMEM;
    }
    free(t->counting);
    t->counting = counting;
    t->slots = slots;
    t->slot_count = count;
    t->used = t->live;
    for (size_t i = 0; i < old_count; i++) {
        if (!old[i].count)
            continue;
        struct slot *s = find_slot(t, &old[i].cell);

        *s = old[i];
        mark_slot(t, s);
    }
    free(old);
    return 0;
}

int tally_move(struct tally *t, const struct tally_cell *cell, int64_t by)
{
    assert(t && cell && cell->group < GROUPS_MAX && cell->start);
    struct slot *s = t->slot_count ? find_slot(t, cell) : NULL;

    if (!s || !s->cell.start) {
        int r = make_room(t);

        if (r < 0)
            return r;
        s = find_slot(t, cell);
        *s = (struct slot){ .cell = *cell };
        t->used++;
    }
    assert((int64_t)s->count + by >= 0 && (int64_t)s->count + by <= UINT32_MAX);
    t->live -= s->count != 0;
    s->count = (uint32_t)((int64_t)s->count + by);
    t->live += s->count != 0;
    mark_slot(t, s);
    return 0;
}

uint64_t tally_get(const struct tally *t, const struct tally_cell *cell)
{
    return t->slot_count ? find_slot(t, cell)->count : 0;
}

size_t tally_count(const struct tally *t)
{
    return t->live;
}

bool tally_next(const struct tally *t, size_t *at, struct tally_cell *out_cell, uint64_t *out_count)
{
    while (*at < t->slot_count) {
        uint64_t left = t->counting[*at / BITS] >> *at % BITS;

        if (!left) {
            *at += BITS - *at % BITS;
            continue;
        }
        *at += (size_t)__builtin_ctzll(left);
        const struct slot *s = &t->slots[(*at)++];

        *out_cell = s->cell;
        *out_count = s->count;
        return true;
    }
    return false;
}

void tally_clear(struct tally *t)
{
    free(t->slots);
    free(t->counting);
    t->slots = NULL;
    t->counting = NULL;
    t->slot_count = t->used = t->live = 0;
}
