/*
 * list_unpack_book - what a list knows beside its pathways, packed, back into it: its book, and what it only
 * counts
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pathway/list_internal.h"

/* ---- the book ---- */

static int take_censuses(struct bytes *b, struct listing *v)
{
    size_t count = bytes_take_count(b);

    v->censuses = calloc(count ? count : 1, sizeof *v->censuses);
    if (!v->censuses)
        return -ENOMEM;
    v->census_count = count;
    for (size_t i = 0; i < count; i++) {
        v->censuses[i] = bytes_take_u16(b);
        b->bad |= !packed_is_day(v->censuses[i]) || (i && v->censuses[i] <= v->censuses[i - 1]);
    }
    return 0;
}

/* The words of one group; those that no group before it has are read into .fresh. */
struct group_words {
    const struct group_set *known;
    size_t fresh_count;
    char fresh[GROUP_WORDS][PATHWAY_TEXT_MAX + 1];
};

static const char *take_word(struct bytes *b, struct group_words *w)
{
    uint64_t number = bytes_take_varint(b), known = w->known->word_count;

    if (b->bad || number == 0)
        return NULL;
    if (number <= known)
        return group_set_word(w->known, (uint32_t)number);
    if (number <= known + w->fresh_count)
        return w->fresh[number - known - 1];
    b->bad |= number > known + w->fresh_count + 1;
    const char *text = b->bad ? NULL : bytes_take_text(b, w->fresh[w->fresh_count++]);

    b->bad |= !text;
    return text;
}

static int take_group(struct bytes *b, struct tally *t, uint32_t number)
{
    struct group_words w; /* not cleared: there are many groups, and few fresh words */
    struct group g = { .cohort_count = 0 };
    uint32_t id = number;

    w.known = tally_groups(t);
    w.fresh_count = 0;
    size_t count = bytes_take_count(b), known = w.known->word_count;

    g.service = take_word(b, &w);
    g.commissioner = take_word(b, &w);
    g.place = take_word(b, &w);
    g.stage = take_word(b, &w);
    b->bad |= count > COHORT_MAX;
    for (; !b->bad && g.cohort_count < count; g.cohort_count++) {
        struct cohort_value *c = &g.cohort[g.cohort_count];

        c->name = take_word(b, &w);
        c->value = take_word(b, &w);
        b->bad |= !c->name || !c->value;
    }
    int r = b->bad ? 0 : tally_group(t, &g, &id);

    /* A group twice, or a word. */
    b->bad |= id != number || (!b->bad && r == 0 && w.known->word_count != known + w.fresh_count);
    return r;
}

static int take_codes(struct bytes *b, struct codes *c, size_t max)
{
    size_t count = bytes_take_count(b);
    char text[PATHWAY_TEXT_MAX + 1];
    int r = 0;

    for (size_t i = 0; r == 0 && !b->bad && i < count; i++) {
        uint32_t number = 0;

        r = codes_number(c, bytes_take_text(b, text), max, &number);
        b->bad |= number != i + 1;
    }
    return r == -EFBIG ? -EBADMSG : r;
}

int list_unpack_book(struct pathway_list *l, const void *bytes, size_t len)
{
    struct bytes b;
    int r;

    assert(l->listing.count == 0 && l->evented_count == 0 && tally_group_count(l->tally) == 0);
    if (!packed_open(&b, bytes, len, PACKED_SEAL, PACKED_BOOK))
        return -EBADMSG;
    free(l->listing.censuses);
    r = take_censuses(&b, &l->listing);
    if (r < 0)
        return r;
    l->watermark = bytes_take_u16(&b);
    l->purged_month = bytes_take_u16(&b);
    l->too_old = bytes_take_varint(&b);
    l->expected.listed = bytes_take_varint(&b);
    l->expected.before = bytes_take_varint(&b);
    l->expected.people = bytes_take_varint(&b);
    l->expected.people_before = bytes_take_varint(&b);
    l->expected.pasts = bytes_take_varint(&b);
    l->expected.evented = bytes_take_varint(&b);
    l->expected.facts = bytes_take_varint(&b);
    size_t groups = bytes_take_count(&b);

    b.bad |= groups > GROUPS_MAX;
    for (size_t i = 0; r == 0 && !b.bad && i < groups; i++)
        r = take_group(&b, l->tally, (uint32_t)i);
    if (r == 0)
        r = take_codes(&b, &l->reasons, REASONS_MAX);
    if (r == 0)
        r = take_codes(&b, &l->exceptions, EXCEPTION_CODES_MAX);
    if (r == 0)
        r = list_senses(l);
    return packed_closed(&b, r);
}

/* ---- what is only counted ---- */

static int take_cell(const struct pathway_list *l, struct bytes *b)
{
    struct tally_cell c = { .group = (uint32_t)bytes_take_varint(b) };

    c.clock = bytes_take(b);
    c.start = bytes_take_u16(b);
    c.stop = bytes_take_u16(b);
    uint8_t end = bytes_take(b);
    uint64_t count = bytes_take_varint(b);

    c.outcome = end >> 4;
    c.exception = end & 15;
    b->bad |= c.group >= tally_group_count(l->tally) || !packed_is_day(c.start) ||
              !packed_is_day(c.stop) || c.outcome == OUTCOME_OPEN || c.outcome >= OUTCOME_COUNT ||
              count == 0 || count > INT32_MAX;
    if (!b->bad)
        b->bad = tally_get(l->counted, &c) != 0;
    return b->bad ? 0 : tally_move(l->counted, &c, (int64_t)count);
}

int list_unpack_counted(struct pathway_list *l, const void *bytes, size_t len)
{
    struct bytes b;
    int r = 0;

    if (!packed_open(&b, bytes, len, PACKED_SEAL, PACKED_COUNTED) || l->forgotten_count ||
        tally_count(l->counted))
        return -EBADMSG;
    size_t cells = bytes_take_count(&b);

    for (size_t i = 0; r == 0 && !b.bad && i < cells; i++)
        r = take_cell(l, &b);
    size_t marks = bytes_take_count(&b);

    if (r < 0 || b.bad)
        return packed_closed(&b, r);
    free(l->forgotten);
    l->forgotten = calloc(marks ? marks : 1, sizeof *l->forgotten);
    if (!l->forgotten)
        return -ENOMEM;
    for (size_t i = 0; i < marks; i++) {
        l->forgotten[i] = bytes_take_u64(&b);
        b.bad |= i && l->forgotten[i] <= l->forgotten[i - 1];
    }
    l->forgotten_count = marks;
    return packed_closed(&b, 0);
}
