#include "pathway/packed_rows.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/group_set.h"

/*
 * A row: struct head, then the fields that its flags tell, in the order of the tables below. Words are
 * numbers of the group set's words, so a row has no pointer and no text.
 */

#define CHUNK_BYTES ((size_t)64 << 10)
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
    IS_NEXT_LINE = 1 << 3, /* one below the row before */
    SAME_CENSUS = 1 << 4,  /* as the row before */
    FIRST_WORD = 1 << 5,
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
    size_t used;
    uint8_t bytes[CHUNK_BYTES];
};

/* What most rows say anew: their line follows, and there is one census. */
struct before {
    uint32_t line;
    struct civil_date census;
};

struct packed_rows {
    struct chunk *first, *last;
    struct before added, taken; /* the last row */
    size_t at;                  /* in the first: rows before it were taken */
    size_t chunk_count, most;
    struct group_set groups;
};

struct packed_rows *packed_rows_new(size_t most)
{
    struct packed_rows *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    p->most = most;
    p->added.census = p->taken.census = DATE_NONE;
    return p;
}

static void drop_first(struct packed_rows *p)
{
    struct chunk *c = p->first;

    p->first = c->next;
    p->at = 0;
    free(c);
}

void packed_rows_free(struct packed_rows *p)
{
    if (!p)
        return;
    while (p->first)
        drop_first(p);
    group_set_release(&p->groups);
    free(p);
}

/* ---- adding ---- */

static size_t size_of(const struct packed_rows *p)
{
    const struct group_set *s = &p->groups;

    return p->chunk_count * sizeof(struct chunk) + s->word_count * WORD_BYTES +
           s->number_cap * sizeof *s->numbers + s->cap * sizeof *s->at +
           s->slot_count * sizeof *s->slots;
}

/* The last chunk has room for any row then. */
static int make_room(struct packed_rows *p)
{
    if (p->last && CHUNK_BYTES - p->last->used >= ROW_MOST)
        return 0;
    if (size_of(p) + sizeof(struct chunk) > p->most)
        return -EFBIG;
    struct chunk *c = malloc(sizeof *c);

    if (!c)
        return -ENOMEM;
    c->next = NULL;
    c->used = 0;
    *(p->last ? &p->last->next : &p->first) = c;
    p->last = c;
    p->chunk_count++;
    return 0;
}

static void put(struct chunk *c, const void *bytes, size_t len)
{
    memcpy(c->bytes + c->used, bytes, len);
    c->used += len;
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

static int number_words(struct packed_rows *p, const struct pathway_record *r, uint16_t *flags,
                        uint32_t numbers[WORDS])
{
    int e = 0;

    for (size_t i = 0; e == 0 && i < WORDS; i++) {
        const char *text = said(*(const char *const *)((const char *)r + words[i]));

        e = group_set_word_number(&p->groups, text, &numbers[i]);
        *flags |= (uint16_t)(numbers[i] ? FIRST_WORD << i : 0);
    }
    return e;
}

/* Its days, but for a census as that of the row before. */
static void put_days(struct chunk *c, const struct pathway_record *r, uint16_t *flags)
{
    for (size_t i = 0; i < DAYS; i++) {
        const struct civil_date *day = (const struct civil_date *)((const char *)r + days[i]);

        if (!date_is_set(*day) || (i == DAY_CENSUS && *flags & SAME_CENSUS))
            continue;
        *flags |= (uint16_t)(FIRST_DAY << i);
        put(c, day, sizeof *day);
    }
}

static uint16_t flags_of(const struct packed_rows *p, const struct pathway_record *r)
{
    bool is_same = date_compare(r->census, p->added.census) == 0;

    return (uint16_t)((r->has_person ? HAS_PERSON : 0) | (r->has_version ? HAS_VERSION : 0) |
                      (r->retracted ? IS_RETRACTED : 0) | (is_same ? SAME_CENSUS : 0) |
                      (r->line == p->added.line + 1UL ? IS_NEXT_LINE : 0));
}

int packed_rows_add(struct packed_rows *p, const struct pathway_record *r)
{
    struct head h = { .flags = flags_of(p, r) };
    uint32_t numbers[WORDS];

    assert(!r->key);
    int e = r->line > UINT32_MAX ? -EFBIG : make_room(p);

    if (e == 0)
        e = number_group(p, r, &h.group);
    if (e == 0)
        e = number_words(p, r, &h.flags, numbers);
    if (e < 0)
        return e;
    struct chunk *c = p->last;
    size_t head_at = c->used;

    p->added = (struct before){ (uint32_t)r->line, r->census };
    memcpy(h.pathway, r->pathway, PSEUDONYM_BYTES);
    c->used += HEAD_BYTES;
    if (!(h.flags & IS_NEXT_LINE))
        put(c, &p->added.line, sizeof p->added.line);
    if (r->has_person)
        put(c, r->person, PSEUDONYM_BYTES);
    if (r->has_version)
        put(c, &r->version, sizeof r->version);
    for (size_t i = 0; i < WORDS; i++)
        if (numbers[i])
            put(c, &numbers[i], sizeof numbers[i]);
    put_days(c, r, &h.flags);
    memcpy(c->bytes + head_at, &h, HEAD_BYTES);
    return 0;
}

/* ---- taking ---- */

static void take_raw(struct packed_rows *p, void *out, size_t len)
{
    memcpy(out, p->first->bytes + p->at, len);
    p->at += len;
}

static void take_group(const struct packed_rows *p, uint32_t group, struct pathway_record *r)
{
    const struct group g = group_set_at(&p->groups, group);

    r->group = group + 1;
    r->service = g.service;
    r->commissioner = g.commissioner;
    r->place = g.place;
    r->stage = g.stage;
    r->cohort_count = g.cohort_count;
    memcpy(r->cohort, g.cohort, g.cohort_count * sizeof *g.cohort);
}

static void take_days(struct packed_rows *p, uint16_t flags, struct pathway_record *r)
{
    for (size_t i = 0; i < DAYS; i++) {
        struct civil_date *day = (struct civil_date *)((char *)r + days[i]);

        *day = i == DAY_CENSUS && flags & SAME_CENSUS ? p->taken.census : DATE_NONE;
        if (flags & FIRST_DAY << i)
            take_raw(p, day, sizeof *day);
    }
}

static void take_one(struct packed_rows *p, struct pathway_record *r)
{
    struct head h;

    take_raw(p, &h, HEAD_BYTES);
    memcpy(r->pathway, h.pathway, PSEUDONYM_BYTES);
    p->taken.line++;
    if (!(h.flags & IS_NEXT_LINE))
        take_raw(p, &p->taken.line, sizeof p->taken.line);
    r->line = p->taken.line;
    r->has_person = h.flags & HAS_PERSON;
    r->has_version = h.flags & HAS_VERSION;
    r->retracted = h.flags & IS_RETRACTED;
    if (r->has_person)
        take_raw(p, r->person, PSEUDONYM_BYTES);
    if (r->has_version)
        take_raw(p, &r->version, sizeof r->version);
    for (size_t i = 0; i < WORDS; i++) {
        uint32_t number = 0;

        if (h.flags & FIRST_WORD << i)
            take_raw(p, &number, sizeof number);
        *(const char **)((char *)r + words[i]) = group_set_word(&p->groups, number);
        if (i == WORD_PROVIDER)
            r->provider_number = number;
    }
    take_days(p, h.flags, r);
    p->taken.census = r->census;
    take_group(p, h.group, r);
    r->event = r->event ? pathway_event_find(r->event) : NULL;
}

size_t packed_rows_take(struct packed_rows *p, size_t most, struct pathway_record *out_rows)
{
    size_t n = 0;

    for (; n < most && p->first; n++) {
        out_rows[n] = (struct pathway_record){ .has_person = false };
        take_one(p, &out_rows[n]);
        if (p->at == p->first->used) /* a row borrows from the words alone */
            drop_first(p);
    }
    return n;
}
