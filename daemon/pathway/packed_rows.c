#include "pathway/packed_rows.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/group_set.h"

/*
 * A row: struct head, then the fields that its flags tell, in the order of the tables below. Words are
 * numbers of the group set's words, so a row has no pointer and no text. Taking changes what is of its lane, and
 * nothing else.
 */

#define CHUNK_BYTES ((size_t)128 << 10) /* beyond what the allocator keeps when it is freed */
#define PAGE_BYTES  ((size_t)4096)      /* of a chunk those are in memory that were written to */
#define CACHE_LINE  ((size_t)64)
#define WORD_BYTES  ((size_t)128) /* of a word, about: its text, its entry and its slot */

static const size_t words[] = {
    offsetof(struct pathway_record, provider), offsetof(struct pathway_record, exception),
    offsetof(struct pathway_record, reason),   offsetof(struct pathway_record, event),
    offsetof(struct pathway_record, event_id),
}, days[] = {
    offsetof(struct pathway_record, clock_start),
    offsetof(struct pathway_record, stage_start),
    offsetof(struct pathway_record, census),
    offsetof(struct pathway_record, event_date),
};

#define WORD_PROVIDER 0 /* of the words */
#define DAY_CENSUS    2 /* of the days */
#define WORDS         (sizeof words / sizeof words[0])
#define DAYS          (sizeof days / sizeof days[0])

enum {
    HAS_PERSON = 1 << 0,
    HAS_VERSION = 1 << 1,
    IS_RETRACTED = 1 << 2,
    IS_NEAR = 1 << 3,       /* so many lines below the row before, as 16 bits */
    SAME_CENSUS = 1 << 4,   /* as the row before */
    SAME_PROVIDER = 1 << 5, /* the same */
    FIRST_WORD = 1 << 6,
    FIRST_DAY = FIRST_WORD << WORDS,
};
_Static_assert((FIRST_DAY << DAYS) - 1 <= UINT16_MAX, "a flag for each");

struct head {
    uint8_t pathway[PSEUDONYM_BYTES];
    uint32_t group; /* its service, commissioner, place, stage and cohort */
    uint16_t flags;
};
#define HEAD_BYTES (offsetof(struct head, flags) + sizeof(uint16_t))

#define ROW_MOST                                                                                   \
    (HEAD_BYTES + sizeof(uint32_t) + PSEUDONYM_BYTES + sizeof(uint64_t) +                          \
     WORDS * sizeof(uint32_t) + DAYS * sizeof(struct civil_date))

struct chunk {
    struct chunk *next;
    size_t
        used; /* once it is not the last of its lane: what many lanes write to lies close together */
    uint8_t bytes[CHUNK_BYTES];
};

/* What most rows say anew: their line is not far, and there is one census and one provider. */
struct before {
    uint32_t line, provider;
    struct civil_date census;
};

struct lane {
    struct chunk *first, *last;
    size_t used;                /* of the last */
    struct before added, taken; /* the last row */
    size_t at;                  /* in the first: rows before it were taken */
    struct packed_first start;
};

struct packed_rows {
    struct lane *lanes;
    size_t lane_count, begun; /* begun: that have a chunk */
    size_t bytes, most;       /* bytes: of rows */
    struct group_set groups;
};

struct packed_rows *packed_rows_new(size_t lanes, size_t most)
{
    struct packed_rows *p = calloc(1, sizeof *p);

    assert(lanes > 0);
    if (!p)
        return NULL;
    p->most = most;
    p->lane_count = lanes;
    p->lanes = calloc(lanes, sizeof *p->lanes);
    if (!p->lanes) {
        free(p);
        return NULL;
    }
    for (size_t i = 0; i < lanes; i++)
        p->lanes[i].added.census = p->lanes[i].taken.census = DATE_NONE;
    return p;
}

static void drop_first(struct lane *l)
{
    struct chunk *c = l->first;

    l->first = c->next;
    l->at = 0;
    free(c);
}

void packed_rows_free(struct packed_rows *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->lane_count; i++)
        while (p->lanes[i].first)
            drop_first(&p->lanes[i]);
    free(p->lanes);
    group_set_release(&p->groups);
    free(p);
}

size_t packed_rows_lanes(const struct packed_rows *p)
{
    return p->lane_count;
}

struct packed_first packed_rows_first(const struct packed_rows *p, size_t lane)
{
    return p->lanes[lane].start;
}

/* ---- adding ---- */

static size_t size_of(const struct packed_rows *p)
{
    const struct group_set *s = &p->groups;

    return p->lane_count * sizeof(struct lane) + p->begun * PAGE_BYTES + p->bytes +
           s->word_count * WORD_BYTES + s->number_cap * sizeof *s->numbers +
           s->cap * sizeof *s->at + s->slot_count * sizeof *s->slots;
}

/* The last chunk has room for any row then. */
static int make_room(struct packed_rows *p, struct lane *l)
{
    if (size_of(p) + ROW_MOST > p->most)
        return -EFBIG;
    if (l->last && CHUNK_BYTES - l->used >= ROW_MOST)
        return 0;
    struct chunk *c = malloc(sizeof *c);

    if (!c)
        return -ENOMEM;
    c->next = NULL;
    p->begun += !l->last;
    if (l->last)
        l->last->used = l->used;
    l->used = 0;
    *(l->last ? &l->last->next : &l->first) = c;
    l->last = c;
    return 0;
}

static void put(struct lane *l, const void *bytes, size_t len)
{
    memcpy(l->last->bytes + l->used, bytes, len);
    l->used += len;
}

/* A text without a letter says nothing, as in the archive. */
static const char *said(const char *text)
{
    return text && *text ? text : NULL;
}

static int number_group(struct packed_rows *p, const struct pathway_record *r, uint32_t *out_group)
{
    struct group g = { .service = said(r->service),
                       .commissioner = said(r->commissioner),
                       .place = said(r->place),
                       .stage = said(r->stage),
                       .cohort_count = r->cohort_count };

    memcpy(g.cohort, r->cohort, r->cohort_count * sizeof *g.cohort);
    return group_set_number(&p->groups, &g, out_group);
}

static int number_words(struct packed_rows *p, const struct pathway_record *r,
                        uint32_t numbers[WORDS])
{
    int e = 0;

    for (size_t i = 0; e == 0 && i < WORDS; i++) {
        const char *text = said(*(const char *const *)((const char *)r + words[i]));

        e = group_set_word_number(&p->groups, text, &numbers[i]);
    }
    return e;
}

/* Its words, but for a provider as that of the row before. */
static void put_words(struct lane *l, const uint32_t numbers[WORDS], uint16_t *flags)
{
    for (size_t i = 0; i < WORDS; i++) {
        if (!numbers[i] || (i == WORD_PROVIDER && *flags & SAME_PROVIDER))
            continue;
        *flags |= (uint16_t)(FIRST_WORD << i);
        put(l, &numbers[i], sizeof numbers[i]);
    }
}

/* The same of its days and its census. */
static void put_days(struct lane *l, const struct pathway_record *r, uint16_t *flags)
{
    for (size_t i = 0; i < DAYS; i++) {
        const struct civil_date *day = (const struct civil_date *)((const char *)r + days[i]);

        if (!date_is_set(*day) || (i == DAY_CENSUS && *flags & SAME_CENSUS))
            continue;
        *flags |= (uint16_t)(FIRST_DAY << i);
        put(l, day, sizeof *day);
    }
}

static void put_line(struct lane *l, uint32_t line, uint16_t flags)
{
    uint16_t below = (uint16_t)(line - l->added.line);

    if (flags & IS_NEAR)
        put(l, &below, sizeof below);
    else
        put(l, &line, sizeof line);
}

static uint16_t flags_of(const struct before *b, const struct pathway_record *r, uint32_t provider)
{
    bool same_census = date_compare(r->census, b->census) == 0;

    return (uint16_t)((r->has_person ? HAS_PERSON : 0) | (r->has_version ? HAS_VERSION : 0) |
                      (r->retracted ? IS_RETRACTED : 0) | (same_census ? SAME_CENSUS : 0) |
                      (provider == b->provider ? SAME_PROVIDER : 0) |
                      (r->line >= b->line && r->line - b->line <= UINT16_MAX ? IS_NEAR : 0));
}

static void note_first(struct lane *l, const struct pathway_record *r)
{
    if (!l->start.line && !r->event)
        l->start = (struct packed_first){ r->line + 1, r->census };
}

int packed_rows_add(struct packed_rows *p, size_t lane, const struct pathway_record *r)
{
    struct lane *l = &p->lanes[lane];
    struct head h = { .group = 0 };
    uint32_t numbers[WORDS];

    assert(!r->key && !r->person_parts && lane < p->lane_count);
    int e = r->line > UINT32_MAX ? -EFBIG : make_room(p, l);

    if (e == 0)
        e = number_group(p, r, &h.group);
    if (e == 0)
        e = number_words(p, r, numbers);
    if (e < 0)
        return e;
    size_t head_at = l->used;

    note_first(l, r);
    h.flags = flags_of(&l->added, r, numbers[WORD_PROVIDER]);
    memcpy(h.pathway, r->pathway, PSEUDONYM_BYTES);
    l->used += HEAD_BYTES;
    put_line(l, (uint32_t)r->line, h.flags);
    l->added = (struct before){ (uint32_t)r->line, numbers[WORD_PROVIDER], r->census };
    if (r->has_person)
        put(l, r->person, PSEUDONYM_BYTES);
    if (r->has_version)
        put(l, &r->version, sizeof r->version);
    put_words(l, numbers, &h.flags);
    put_days(l, r, &h.flags);
    memcpy(l->last->bytes + head_at, &h, HEAD_BYTES);
    p->bytes += l->used - head_at;
    if (l->used + CACHE_LINE < CHUNK_BYTES) { /* where the lane goes on many rows of others later */
        __builtin_prefetch(l->last->bytes + l->used, 1);
        __builtin_prefetch(l->last->bytes + l->used + CACHE_LINE, 1);
    }
    return 0;
}

/* ---- taking ---- */

static void take_raw(struct lane *l, void *out, size_t len)
{
    memcpy(out, l->first->bytes + l->at, len);
    l->at += len;
}

static void take_words(const struct packed_rows *p, struct lane *l, uint16_t flags,
                       struct pathway_record *r)
{
    for (size_t i = 0; i < WORDS; i++) {
        uint32_t number = 0;

        if (i == WORD_PROVIDER && flags & SAME_PROVIDER)
            number = l->taken.provider;
        if (flags & FIRST_WORD << i)
            take_raw(l, &number, sizeof number);
        if (i == WORD_PROVIDER)
            l->taken.provider = number;
        *(const char **)((char *)r + words[i]) = group_set_word(&p->groups, number);
    }
}

static void take_days(struct lane *l, uint16_t flags, struct pathway_record *r)
{
    for (size_t i = 0; i < DAYS; i++) {
        struct civil_date *day = (struct civil_date *)((char *)r + days[i]);

        *day = i == DAY_CENSUS && flags & SAME_CENSUS ? l->taken.census : DATE_NONE;
        if (flags & FIRST_DAY << i)
            take_raw(l, day, sizeof *day);
    }
    l->taken.census = r->census;
}

static void take_line(struct lane *l, uint16_t flags, struct pathway_record *r)
{
    uint16_t below;

    if (flags & IS_NEAR) {
        take_raw(l, &below, sizeof below);
        l->taken.line += below;
    } else {
        take_raw(l, &l->taken.line, sizeof l->taken.line);
    }
    r->line = l->taken.line;
}

static void take_one(const struct packed_rows *p, struct lane *l, struct pathway_record *r)
{
    struct head h;

    take_raw(l, &h, HEAD_BYTES);
    memcpy(r->pathway, h.pathway, PSEUDONYM_BYTES);
    take_line(l, h.flags, r);
    r->has_person = h.flags & HAS_PERSON;
    r->has_version = h.flags & HAS_VERSION;
    r->retracted = h.flags & IS_RETRACTED;
    if (r->has_person)
        take_raw(l, r->person, PSEUDONYM_BYTES);
    if (r->has_version)
        take_raw(l, &r->version, sizeof r->version);
    take_words(p, l, h.flags, r);
    take_days(l, h.flags, r);
    r->group = h.group + 1;
    r->event = r->event ? pathway_event_find(r->event) : NULL;
}

size_t packed_rows_take(struct packed_rows *p, size_t lane, size_t most,
                        struct pathway_record *out_rows)
{
    struct lane *l = &p->lanes[lane];
    size_t n = 0;

    for (; n < most && l->first; n++) {
        memset(&out_rows[n], 0, offsetof(struct pathway_record, cohort));
        take_one(p, l, &out_rows[n]);
        if (l->at ==
            (l->first == l->last ? l->used : l->first->used)) /* it borrows from the words alone */
            drop_first(l);
    }
    return n;
}

void packed_rows_group(const struct packed_rows *p, struct pathway_record *row)
{
    const struct group g = group_set_at(&p->groups, row->group - 1);

    row->service = g.service;
    row->commissioner = g.commissioner;
    row->place = g.place;
    row->stage = g.stage;
    row->cohort_count = g.cohort_count;
    memcpy(row->cohort, g.cohort, g.cohort_count * sizeof *g.cohort);
}
