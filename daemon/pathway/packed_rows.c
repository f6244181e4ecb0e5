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
#define WORDS         (sizeof words / sizeof words[0])
#define DAYS          (sizeof days / sizeof days[0])

enum {
    HAS_PERSON = 1 << 0,
    HAS_VERSION = 1 << 1,
    IS_RETRACTED = 1 << 2,
    FIRST_WORD = 1 << 3,
    FIRST_DAY = FIRST_WORD << WORDS,
};

struct head {
    uint8_t pathway[PSEUDONYM_BYTES];
    uint32_t group; /* its service, commissioner, place, stage and cohort */
    uint32_t line;
    uint16_t flags;
};

#define ROW_MOST                                                                                   \
    (sizeof(struct head) + PSEUDONYM_BYTES + sizeof(uint64_t) + WORDS * sizeof(uint32_t) +         \
     DAYS * sizeof(struct civil_date))

struct chunk {
    struct chunk *next;
    size_t used;
    uint8_t bytes[CHUNK_BYTES];
};

struct packed_rows {
    struct chunk *first, *last;
    size_t at; /* in the first: rows before it were taken */
    size_t chunk_count, most;
    struct group_set groups;
};

struct packed_rows *packed_rows_new(size_t most)
{
    struct packed_rows *p = calloc(1, sizeof *p);

    if (p)
        p->most = most;
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

int packed_rows_add(struct packed_rows *p, const struct pathway_record *r)
{
    struct head h = { .line = (uint32_t)r->line };
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

    memcpy(h.pathway, r->pathway, PSEUDONYM_BYTES);
    h.flags |= (uint16_t)((r->has_person ? HAS_PERSON : 0) | (r->has_version ? HAS_VERSION : 0) |
                          (r->retracted ? IS_RETRACTED : 0));
    c->used += sizeof h;
    if (r->has_person)
        put(c, r->person, PSEUDONYM_BYTES);
    if (r->has_version)
        put(c, &r->version, sizeof r->version);
    for (size_t i = 0; i < WORDS; i++)
        if (numbers[i])
            put(c, &numbers[i], sizeof numbers[i]);
    for (size_t i = 0; i < DAYS; i++) {
        const struct civil_date *day = (const struct civil_date *)((const char *)r + days[i]);

        if (!date_is_set(*day))
            continue;
        h.flags |= (uint16_t)(FIRST_DAY << i);
        put(c, day, sizeof *day);
    }
    memcpy(c->bytes + head_at, &h, sizeof h);
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

static void take_one(struct packed_rows *p, struct pathway_record *r)
{
    struct head h;

    take_raw(p, &h, sizeof h);
    memcpy(r->pathway, h.pathway, PSEUDONYM_BYTES);
    r->line = h.line;
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
    for (size_t i = 0; i < DAYS; i++) {
        struct civil_date *day = (struct civil_date *)((char *)r + days[i]);

        *day = DATE_NONE;
        if (h.flags & FIRST_DAY << i)
            take_raw(p, day, sizeof *day);
    }
    take_group(p, h.group, r);
    r->event = r->event ? pathway_event_find(r->event) : NULL;
}

#define AHEAD 16 /* rows */

int packed_rows_take(struct packed_rows *p, size_t count,
                     void (*ahead)(void *arg, const struct pathway_record *record),
                     int (*record)(void *arg, const struct pathway_record *record), void *arg,
                     bool *out_is_done)
{
    struct pathway_record rows[AHEAD];
    int e = 0;

    for (size_t i = 0, n; e == 0 && i < count && p->first; i += n) {
        for (n = 0; n < AHEAD && i + n < count && p->first; n++) {
            rows[n] = (struct pathway_record){ .has_person = false };
            take_one(p, &rows[n]);
            ahead(arg, &rows[n]);
            if (p->at == p->first->used) /* a row borrows from the words alone */
                drop_first(p);
        }
        for (size_t k = 0; e == 0 && k < n; k++)
            e = record(arg, &rows[k]);
    }
    *out_is_done = e == 0 && !p->first;
    return e;
}
