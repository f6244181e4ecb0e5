#include "pathway/tally.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"

/* One slot of the open-addressed table. A cell whose count has gone to 0 keeps its place until the
 * table grows. */
struct slot {
    struct tally_cell cell; /* start 0: empty */
    uint32_t count;
};

struct named_group {
    struct group group;
    char texts[]; /* what the group's pointers point to */
};

struct tally {
    struct slot *slots;
    size_t slot_count, used, live; /* slot_count: 0 or a power of two */
    struct table by_text;          /* group_text() → number + 1 */
    struct named_group **groups;
    size_t group_count, group_cap;
};

#define GROUP_FIELDS      (4 + 2 * COHORT_MAX)
#define GROUP_TEXT_MAX    (GROUP_FIELDS * (PATHWAY_TEXT_MAX + 2) + 1)
#define TALLY_SLOTS_LEAST 64

struct tally *tally_new(void)
{
    return calloc(1, sizeof(struct tally));
}

void tally_free(struct tally *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->group_count; i++)
        free(t->groups[i]);
    free(t->groups);
    free(t->slots);
    table_release(&t->by_text, NULL);
    free(t);
}

/* ---- groups ---- */

/* The texts of a group in one order. */
static void group_fields(const struct group *g, const char *out_fields[GROUP_FIELDS])
{
    size_t n = 0;

    out_fields[n++] = g->service;
    out_fields[n++] = g->commissioner;
    out_fields[n++] = g->place;
    out_fields[n++] = g->stage;
    for (size_t i = 0; i < COHORT_MAX; i++) {
        out_fields[n++] = i < g->cohort_count ? g->cohort[i].name : NULL;
        out_fields[n++] = i < g->cohort_count ? g->cohort[i].value : NULL;
    }
}

/* A group as one string: each field after a byte of its length + 1, 255 for none, so that no two groups
 * are alike. Returns its length. */
static size_t group_text(const char *const fields[GROUP_FIELDS], char out[GROUP_TEXT_MAX])
{
    char *at = out;

    for (size_t i = 0; i < GROUP_FIELDS; i++) {
        size_t len = fields[i] ? strlen(fields[i]) : 0;

        assert(len <= PATHWAY_TEXT_MAX);
        *at++ = fields[i] ? (char)(len + 1) : (char)UCHAR_MAX;
        memcpy(at, fields[i] ? fields[i] : "", len);
        at += len;
    }
    *at = '\0';
    return (size_t)(at - out);
}

static const char *keep_text(char **at, const char *text)
{
    size_t size = text ? strlen(text) + 1 : 0;
    char *kept = *at;

    if (!text)
        return NULL;
    memcpy(kept, text, size);
    *at += size;
    return kept;
}

static struct named_group *copy_group(const struct group *g, size_t text_len)
{
    struct named_group *n = calloc(1, sizeof *n + text_len + GROUP_FIELDS);
    char *at = n ? n->texts : NULL;

    if (!n)
        return NULL;
    n->group = (struct group){
        .service = keep_text(&at, g->service),
        .commissioner = keep_text(&at, g->commissioner),
        .place = keep_text(&at, g->place),
        .stage = keep_text(&at, g->stage),
        .cohort_count = g->cohort_count,
    };
    for (size_t i = 0; i < g->cohort_count; i++) {
        n->group.cohort[i].name = keep_text(&at, g->cohort[i].name);
        n->group.cohort[i].value = keep_text(&at, g->cohort[i].value);
    }
    return n;
}

static int add_group(struct tally *t, const struct group *g, const char *text, size_t text_len)
{
    if (t->group_count == GROUPS_MAX)
        return -EFBIG;
    if (t->group_count == t->group_cap) {
        size_t cap = t->group_cap ? 2 * t->group_cap : 64;
        void *groups = reallocarray(t->groups, cap, sizeof *t->groups);

        if (!groups)
            return -ENOMEM;
        t->groups = groups;
        t->group_cap = cap;
    }
    struct named_group *n = copy_group(g, text_len);

    if (!n)
        return -ENOMEM;
    if (table_set(&t->by_text, text, (void *)(uintptr_t)(t->group_count + 1), NULL) < 0) {
        free(n);
        return -ENOMEM;
    }
    t->groups[t->group_count++] = n;
    return 0;
}

int tally_group(struct tally *t, const struct group *group, uint32_t *out_id)
{
    assert(t && group && group->cohort_count <= COHORT_MAX);
    const char *fields[GROUP_FIELDS];
    char text[GROUP_TEXT_MAX];

    group_fields(group, fields);
    size_t len = group_text(fields, text);
    uintptr_t known = (uintptr_t)table_get(&t->by_text, text);

    if (!known) {
        int r = add_group(t, group, text, len);

        if (r < 0)
            return r;
        known = t->group_count;
    }
    *out_id = (uint32_t)(known - 1);
    return 0;
}

const struct group *tally_group_at(const struct tally *t, uint32_t id)
{
    assert(id < t->group_count);
    return &t->groups[id]->group;
}

size_t tally_group_count(const struct tally *t)
{
    return t->group_count;
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
    size_t mask = t->slot_count - 1;

    for (size_t i = hash_cell(cell) & mask;; i = (i + 1) & mask) {
        if (!t->slots[i].cell.start || same_cell(&t->slots[i].cell, cell))
            return &t->slots[i];
    }
}

/* Makes room for one more; drops cells that are 0. */
static int make_room(struct tally *t)
{
    if (t->slot_count && (t->used + 1) * 3 <= t->slot_count * 2)
        return 0;
    size_t count = TALLY_SLOTS_LEAST;

    while (count < (t->live + 1) * 2)
        count *= 2;
    struct slot *old = t->slots;
    size_t old_count = t->slot_count;
    struct slot *slots = calloc(count, sizeof *slots);

    if (!slots)
        return -ENOMEM;
    t->slots = slots;
    t->slot_count = count;
    t->used = t->live;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].count)
            *find_slot(t, &old[i].cell) = old[i];
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
        const struct slot *s = &t->slots[(*at)++];

        if (!s->count)
            continue;
        *out_cell = s->cell;
        *out_count = s->count;
        return true;
    }
    return false;
}

void tally_clear(struct tally *t)
{
    free(t->slots);
    t->slots = NULL;
    t->slot_count = t->used = t->live = 0;
}
